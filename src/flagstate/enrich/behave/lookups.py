"""What was asked of DNS, per client and registrable domain: a small summary, mergeable in any order.

No name is kept. Distinct names are told apart by keyed hashes, of which the 64 smallest are kept with the bytes that
each name carried: that is exact up to 64 names and an estimate within about 13 % beyond (K minimum values; Bar-Yossef
and others, Counting distinct elements in a data stream, 2002), and a name that is asked twice, or stands in two logs,
carries nothing new.

Questions that can carry nothing, for the address of a domain or its `www`, are counted per client without the domain:
a crawl of a million domains makes one row.

What it cannot see: names beyond their last 253 bytes; record types that the sensor did not decode; which of two
clients behind one address asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flagstate.enrich.behave import lookup_names
from flagstate.enrich.behave.lookup_names import BUCKETS, LONGEST
from flagstate.enrich.flow_scrub import scrub

KEPT = 64
"""Hashes of names per client and domain."""
DAYS = 400
"""Days per client and domain, the latest."""
RESOLVERS = 8
"""Servers per client and domain, the first in order of text."""
TYPES = ("a", "aaaa", "txt", "null", "cname", "mx", "srv", "ptr", "https", "other")
SUMS = (
    "queries", "answered", "nxdomain", "label_bytes", "label_bytes_sq", "upper", "high",
    *(f"type_{kind}" for kind in TYPES), "answer_count", "answer_bytes",
)  # fmt: skip
"""Columns that add up."""
MOST, LEAST = ("max_label", "max_name", "last_us"), ("first_us",)
DAY_US, HOUR_US = 86_400_000_000, 3_600_000_000
_LARGEST = 2**62

SCHEMA = pa.schema(
    [("orig_h", pa.string()), ("domain", pa.string()), ("domain_key", pa.uint64()), ("names", pa.int64())]
    + [(name, pa.int64()) for name in (*SUMS, *MOST, *LEAST)]
    + [("chars", pa.list_(pa.int64(), BUCKETS)), ("resolvers", pa.list_(pa.string()))]
    + [("sketch", pa.list_(pa.uint64())), ("sketch_label", pa.list_(pa.int64()))]
    + [("sketch_answer", pa.list_(pa.int64()))]
    + [(name, pa.list_(pa.int64())) for name in ("days", "day_bytes", "day_hours")]
)
"""One row per client (`orig_h`) and registrable domain.

`domain` is masked, and null where the questions carried nothing; `domain_key` is its keyed hash (0: null).
`names` distinct names, exact up to 64. `queries`, `answered`, `nxdomain` and `type_…` count questions.
`label_bytes` bytes below the domain over all questions, without dots; `label_bytes_sq` their squares; `upper`, `high`
capitals and bytes beyond ASCII in them; `chars` their characters by class (`lookup_names.SIZES`). `max_label` and
`max_name` in bytes. `answer_count`, `answer_bytes` what came back: 4 or 16 bytes for an address, else the
length of the text. `sketch`, `sketch_label`, `sketch_answer`: hash, bytes below it and most bytes that came back
of the names that are kept. `days` (since 1970), `day_bytes` label bytes of each, `day_hours` 24-bit mask of its hours.
"""

Ints = npt.NDArray[np.int64]


def summarise(con: duckdb.DuckDBPyConnection, salt: int, mask_host: Callable[[str], str]) -> pa.Table:
    """Return the summary of the questions that stand in the table `stream`.

    Args:
        con: The database; `stream` holds rows of the noun `query`.
        salt: The secret number of the case: the same for all artefacts.
        mask_host: Masks a host name; called once per distinct domain.

    Returns:
        Rows of `SCHEMA`.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE lookup_name AS SELECT (row_number() OVER () - 1)::BIGINT AS n, asked, "
        f"right(rtrim(asked, '.'), {LONGEST}) AS name FROM "
        "(SELECT DISTINCT query AS asked FROM stream WHERE query IS NOT NULL AND ts IS NOT NULL)"
    )
    try:
        _describe(con, salt)
        con.execute(_JOINED)
        con.execute(_KEYS)
        made = _assembled(con, mask_host)
    finally:
        for name in ("lookup_name", "lookup_domain", "lookup_known", "lookup_row", "lookup_key"):
            con.execute(f"DROP TABLE IF EXISTS {name}")
    return merge([scrub(made)])


def _describe(con: duckdb.DuckDBPyConnection, salt: int) -> None:
    """Make `lookup_known`: what each distinct name is made of."""
    con.execute("CREATE OR REPLACE TEMP VIEW lookup_lower AS SELECT DISTINCT lower(name) AS name FROM lookup_name")
    lookup_names.domains(con, "lookup_lower")
    con.execute("DROP VIEW lookup_lower")
    listed = con.sql(
        "SELECT n, l.name, domain, greatest(strlen(l.name) - strlen(domain), 0)::BIGINT AS ends, "
        f"{_hashed('lower(l.name)', salt)} AS name_key, {_hashed('domain', salt)} AS domain_key "
        "FROM lookup_name l JOIN lookup_domain d ON d.name = lower(l.name)"
    ).to_arrow_table()
    parts = lookup_names.anatomy(listed["name"].combine_chunks(), listed["ends"].to_numpy())
    figures = {name: getattr(parts, name) for name in ("below", "longest", "size", "upper", "high")}
    chars = {f"c{place}": parts.chars[:, place] for place in range(BUCKETS)}
    bare = pc.is_in(pc.utf8_lower(pc.utf8_slice_codeunits(listed["name"], 0, 4)), pa.array(["www."]))
    known = listed.drop_columns(["name", "ends"]).append_column(
        "bare", pa.array((parts.below == 0) | ((parts.below == 3) & bare.to_numpy()))
    )
    for name, column in (figures | chars).items():
        known = known.append_column(name, pa.array(column))
    con.register("lookup_arrow", known)
    con.execute("CREATE OR REPLACE TEMP TABLE lookup_known AS SELECT * FROM lookup_arrow")
    con.unregister("lookup_arrow")


def _hashed(text: str, salt: int) -> str:
    """Return the expression of a keyed hash of 64 bits; never 0."""
    return f"greatest((md5_number('{salt:x}:' || {text}) % 18446744073709551615)::UBIGINT, 1::UBIGINT)"


_JOINED = f"""
CREATE OR REPLACE TEMP TABLE lookup_row AS
SELECT * REPLACE (CASE WHEN plain THEN 0 ELSE domain_key END::UBIGINT AS domain_key) FROM (
SELECT r.*, k.domain_key, k.name_key, bare AND kind NOT IN ('txt', 'null', 'cname', 'mx', 'srv', 'ptr') AS plain
FROM (
    SELECT orig_h, n, day, min(resp_h) AS resp_h, max(resp_h) AS resp_h2, kind,
        count(*) AS queries, count(rcode) AS answered, count(CASE WHEN rcode = 'NXDOMAIN' THEN 1 END) AS nxdomain,
        sum(got) AS answer_count, sum(back) AS answer_bytes, max(back) AS most_back,
        bit_or(1::INTEGER << hour) AS hours, min(us) AS first_us, max(us) AS last_us
    FROM (
        SELECT orig_h, resp_h, n, us, us // {DAY_US} AS day, ((us // {HOUR_US}) % 24)::INTEGER AS hour,
            upper(rcode_name) AS rcode, coalesce(len(answers), 0) AS got,
            CASE WHEN kind = 'NULL' THEN 'null'
                WHEN kind IN ('A', 'AAAA', 'TXT', 'CNAME', 'MX', 'SRV', 'PTR', 'HTTPS') THEN lower(kind)
                ELSE 'other' END AS kind,
            CASE WHEN answers IS NULL THEN 0
                WHEN kind = 'A' AND text <= 16 * len(answers) THEN 4 * len(answers)
                WHEN kind = 'AAAA' AND text <= 40 * len(answers) THEN 16 * len(answers)
                ELSE text END AS back
        FROM (
            SELECT orig_h, resp_h, query, greatest(epoch_us(ts), 0) AS us, rcode_name, answers,
                upper(qtype_name) AS kind, strlen(array_to_string(answers, '')) AS text
            FROM stream WHERE query IS NOT NULL AND ts IS NOT NULL)
        JOIN lookup_name ON query = asked)
    GROUP BY orig_h, n, day, kind) r
JOIN lookup_known k USING (n))
"""
"""Questions together by client, name, day and record type. An address that comes back carries 4 or 16 bytes."""

_KEYS = """
CREATE OR REPLACE TEMP TABLE lookup_key AS
SELECT orig_h, domain_key, (row_number() OVER () - 1)::BIGINT AS row FROM (
    SELECT DISTINCT orig_h, domain_key FROM lookup_row)
"""


def _capped(sums: Mapping[str, str]) -> str:
    return ", ".join(f"least({said}, {_LARGEST})::BIGINT AS {name}" for name, said in sums.items())


_WEIGHED = {
    "label_bytes": "below", "label_bytes_sq": "below * below", "upper": "upper", "high": "high",
    **{f"c{place}": f"c{place}" for place in range(BUCKETS)},
}  # fmt: skip
_TOTALS = {
    **{name: f"sum(r.{name})" for name in ("queries", "answered", "nxdomain", "answer_count", "answer_bytes")},
    **{name: f"sum(r.queries * ({said}))" for name, said in _WEIGHED.items()},
    **{f"type_{kind}": f"coalesce(sum(r.queries) FILTER (r.kind = '{kind}'), 0)" for kind in TYPES},
    "max_label": "max(longest)", "max_name": "max(size)", "first_us": "min(first_us)", "last_us": "max(last_us)",
}  # fmt: skip

_FIGURES = f"""
SELECT row, any_value(key.orig_h) AS orig_h, any_value(key.domain_key) AS domain_key,
    CASE WHEN any_value(key.domain_key) <> 0 THEN any_value(domain) END AS domain, {_capped(_TOTALS)}
FROM lookup_row r JOIN lookup_known k USING (n)
JOIN lookup_key key ON key.orig_h IS NOT DISTINCT FROM r.orig_h AND key.domain_key = r.domain_key
GROUP BY row ORDER BY row
"""

_ROWED = """
SELECT row, {} FROM lookup_row r
JOIN lookup_key key ON key.orig_h IS NOT DISTINCT FROM r.orig_h AND key.domain_key = r.domain_key {}
"""


def _assembled(con: duckdb.DuckDBPyConnection, mask_host: Callable[[str], str]) -> pa.Table:
    """Return the rows of SCHEMA, with names masked; the order is any."""
    figures = con.sql(_FIGURES).to_arrow_table()
    count = figures.num_rows
    asked = _numbers(
        con.sql(
            _ROWED.format(
                "r.name_key, any_value(below) AS below, least(max(most_back), 1000000000)::BIGINT AS back",
                "JOIN lookup_known k USING (n) WHERE r.domain_key <> 0 GROUP BY row, r.name_key",
            )
        )
    )
    daily = _numbers(
        con.sql(
            _ROWED.format(
                f"day, least(sum(r.queries * below), {_LARGEST})::BIGINT AS sent, bit_or(hours)::BIGINT AS hours",
                "JOIN lookup_known k USING (n) GROUP BY row, day",
            )
        )
    )
    either = "unnest([resp_h, resp_h2])"
    servers = con.sql(f"SELECT DISTINCT row, server FROM ({_ROWED.format(f'{either} AS server', '')})").to_arrow_table()
    columns: dict[str, pa.Array] = {name: figures[name].combine_chunks() for name in (*SUMS, *MOST, *LEAST)}
    columns |= {"orig_h": figures["orig_h"].combine_chunks(), "domain_key": figures["domain_key"].combine_chunks()}
    columns["domain"] = _masked(figures["domain"].combine_chunks(), mask_host)
    spread = np.stack([figures[f"c{place}"].to_numpy() for place in range(BUCKETS)], axis=1)
    columns["chars"] = _fixed(spread)
    columns |= _sketches(count, asked["row"], asked["name_key"].view(np.uint64), asked["below"], asked["back"])
    columns |= _days(count, daily["row"], daily["day"], daily["sent"], daily["hours"])
    texts = scrub(pa.table({"resp_h": servers["server"].cast(pa.string())}))["resp_h"]
    columns["resolvers"] = _servers(count, servers["row"].to_numpy(), texts.combine_chunks())
    return pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def _numbers(found: duckdb.DuckDBPyRelation) -> dict[str, npt.NDArray[np.int64]]:
    table = found.to_arrow_table()
    return {name: table[name].to_numpy() for name in table.column_names}


def _masked(domains: pa.Array, mask_host: Callable[[str], str]) -> pa.Array:
    encoded = domains.dictionary_encode()
    shown = lookup_names.shown(encoded.dictionary.to_pylist(), mask_host)
    return pa.array(shown, pa.string()).take(encoded.indices)


def merge(tables: Iterable[pa.Table]) -> pa.Table:
    """Return several summaries as one; any order and any grouping of them gives the same rows in the same order.

    Args:
        tables: Rows of `SCHEMA`; none gives an empty table.
    """
    whole = pa.concat_tables([SCHEMA.empty_table(), *tables]).combine_chunks()
    if not whole.num_rows:
        return whole
    whole = whole.take(pc.sort_indices(whole, [("orig_h", "ascending"), ("domain_key", "ascending")]))
    client = whole["orig_h"].combine_chunks().dictionary_encode().indices.fill_null(-1).to_numpy().astype(np.int64)
    key = whole["domain_key"].to_numpy()
    fresh = np.concatenate([[True], (client[1:] != client[:-1]) | (key[1:] != key[:-1])])
    starts, rows, count = np.flatnonzero(fresh), np.cumsum(fresh) - 1, int(fresh.sum())
    columns: dict[str, pa.Array] = {
        "orig_h": whole["orig_h"].combine_chunks().take(pa.array(starts)),
        "domain_key": pa.array(key[starts]),
        "domain": _least(whole["domain"].combine_chunks(), rows, count),
        "chars": _fixed(_added(_flat(whole, "chars").reshape(-1, BUCKETS), starts)),
    }
    columns |= {name: pa.array(_added(whole[name].to_numpy(), starts)) for name in SUMS}
    columns |= {name: pa.array(np.maximum.reduceat(whole[name].to_numpy(), starts)) for name in MOST}
    columns |= {name: pa.array(np.minimum.reduceat(whole[name].to_numpy(), starts)) for name in LEAST}
    hashes = _flat(whole, "sketch").view(np.uint64)
    at = rows[_parents(whole, "sketch")]
    columns |= _sketches(count, at, hashes, _flat(whole, "sketch_label"), _flat(whole, "sketch_answer"))
    at = rows[_parents(whole, "days")]
    columns |= _days(count, at, *(_flat(whole, name) for name in ("days", "day_bytes", "day_hours")))
    texts = pc.list_flatten(whole["resolvers"].combine_chunks())
    columns["resolvers"] = _servers(count, rows[_parents(whole, "resolvers")], texts)
    return pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def _flat(table: pa.Table, name: str) -> npt.NDArray[np.int64]:
    made: npt.NDArray[np.int64] = pc.list_flatten(table[name].combine_chunks()).to_numpy(zero_copy_only=False)
    return made


def _parents(table: pa.Table, name: str) -> Ints:
    made: Ints = pc.list_parent_indices(table[name].combine_chunks()).to_numpy()
    return made


def _added(values: Ints, starts: Ints) -> Ints:
    """Add up runs of rows; a sum stays within 64 bits whatever the logs claim, as each is capped at a quarter."""
    halves = np.add.reduceat(values >> 31, starts, axis=0), np.add.reduceat(values & (2**31 - 1), starts, axis=0)
    full = halves[0] + (halves[1] >> 31)
    made: Ints = np.where(full >= 2**31, _LARGEST, (full << 31) + (halves[1] & (2**31 - 1)))
    return np.minimum(made, _LARGEST)


def _least(texts: pa.Array, rows: Ints, count: int) -> pa.Array:
    """Return per row the first of its texts in order: two keys that differ never meet, so all are alike."""
    order = pc.sort_indices(pa.table({"row": rows, "text": texts}), [("row", "ascending"), ("text", "ascending")])
    placed = np.searchsorted(rows[order.to_numpy()], np.arange(count))
    return texts.take(order).take(pa.array(placed))


def _sketches(count: int, rows: Ints, hashes: npt.NDArray[np.uint64], label: Ints, answer: Ints) -> dict[str, pa.Array]:
    """Keep the smallest hashes of each row, each once with its bytes, and say how many names there are."""
    order = np.lexsort((hashes, rows))
    rows, hashes, label, answer = rows[order], hashes[order], label[order], answer[order]
    fresh = np.ones(len(rows), np.bool_)
    fresh[1:] = (rows[1:] != rows[:-1]) | (hashes[1:] != hashes[:-1])
    starts = np.flatnonzero(fresh)
    if len(starts):
        # Two names that share a hash are one; what they carried is the most that one of them did.
        label, answer = np.maximum.reduceat(label, starts), np.maximum.reduceat(answer, starts)
        rows, hashes = rows[starts], hashes[starts]
    first = np.searchsorted(rows, np.arange(count + 1))
    kept = (np.arange(len(rows)) - first[rows]) < KEPT
    rows, hashes, label, answer = rows[kept], hashes[kept], label[kept], answer[kept]
    sizes = np.bincount(rows, minlength=count)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    names = sizes.astype(np.int64)
    for full in np.flatnonzero(sizes == KEPT):
        names[full] = min(max((KEPT - 1 << 64) // int(hashes[offsets[full + 1] - 1]), KEPT), _LARGEST)
    made = {"names": pa.array(names), "sketch": _listed(offsets, hashes)}
    return made | {"sketch_label": _listed(offsets, label), "sketch_answer": _listed(offsets, answer)}


def _days(count: int, rows: Ints, days: Ints, sent: Ints, hours: Ints) -> dict[str, pa.Array]:
    """Add up each row's days, and keep the latest."""
    order = np.lexsort((-days, rows))
    rows, days, sent, hours = rows[order], days[order], sent[order], hours[order]
    fresh = np.ones(len(rows), np.bool_)
    fresh[1:] = (rows[1:] != rows[:-1]) | (days[1:] != days[:-1])
    starts = np.flatnonzero(fresh)
    if len(starts):
        sent, hours = _added(sent, starts), np.bitwise_or.reduceat(hours, starts)
        rows, days = rows[starts], days[starts]
    first = np.searchsorted(rows, np.arange(count + 1))
    kept = (np.arange(len(rows)) - first[rows]) < DAYS
    back = np.lexsort((days[kept], rows[kept]))
    offsets = np.concatenate([[0], np.cumsum(np.bincount(rows[kept], minlength=count))])
    found = {"days": days, "day_bytes": sent, "day_hours": hours}
    return {name: _listed(offsets, values[kept][back]) for name, values in found.items()}


def _servers(count: int, rows: Ints, texts: pa.Array) -> pa.Array:
    """Keep each row's first servers in order of text."""
    once = pa.table({"row": rows, "text": texts}).filter(pc.is_valid(texts)).group_by(["row", "text"]).aggregate([])
    once = once.sort_by([("row", "ascending"), ("text", "ascending")])
    at = once["row"].to_numpy()
    first = np.searchsorted(at, np.arange(count + 1))
    kept = (np.arange(len(at)) - first[at]) < RESOLVERS
    offsets = np.concatenate([[0], np.cumsum(np.bincount(at[kept], minlength=count))])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), once["text"].combine_chunks().filter(pa.array(kept)))


def _listed(offsets: Ints, values: npt.NDArray[np.int64] | npt.NDArray[np.uint64]) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(values))


def _fixed(values: Ints) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(values).reshape(-1)), BUCKETS)
