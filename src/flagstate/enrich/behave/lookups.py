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

from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flagstate.enrich.behave import lookup_names, lookup_rows
from flagstate.enrich.behave.lookup_names import BUCKETS, LONGEST, Anatomy
from flagstate.enrich.behave.lookup_rows import LARGEST, SCHEMA, TYPES, added, merge
from flagstate.enrich.flow_scrub import scrub

__all__ = ["SCHEMA", "merge", "summarise"]

DAY_US, HOUR_US = 86_400_000_000, 3_600_000_000
PLAIN = ("a", "aaaa", "https", "other")
"""Record types that carry nothing to speak of where the name does not."""

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
    asked = con.sql(_ASKED).to_arrow_table()
    if not asked.num_rows:
        return SCHEMA.empty_table()
    query = asked["query"].combine_chunks().dictionary_encode()
    known = _known(con, query.dictionary, salt)
    asked = scrub(asked.select(_KEPT).cast(_KEPT_AS))
    return _assembled(asked, query.indices.to_numpy().astype(np.int64), known, mask_host)


_ASKED = f"""
SELECT orig_h, resp_h, query, day, kind,
    count(*) AS queries, count(rcode) AS answered, count(CASE WHEN rcode = 'NXDOMAIN' THEN 1 END) AS nxdomain,
    least(sum(got), {LARGEST})::BIGINT AS answer_count, least(sum(back), {LARGEST})::BIGINT AS answer_bytes,
    least(max(back), 1000000000)::BIGINT AS most_back,
    bit_or(1::INTEGER << hour) AS hours, min(us) AS first_us, max(us) AS last_us
FROM (
    SELECT orig_h, resp_h, query, us, us // {DAY_US} AS day, ((us // {HOUR_US}) % 24)::INTEGER AS hour,
        upper(rcode_name) AS rcode, coalesce(len(answers), 0) AS got,
        CASE kind WHEN 'A' THEN 0 WHEN 'AAAA' THEN 1 WHEN 'TXT' THEN 2 WHEN 'NULL' THEN 3 WHEN 'CNAME' THEN 4
            WHEN 'MX' THEN 5 WHEN 'SRV' THEN 6 WHEN 'PTR' THEN 7 WHEN 'HTTPS' THEN 8 ELSE 9 END::TINYINT AS kind,
        CASE WHEN answers IS NULL THEN 0
            WHEN kind = 'A' AND text <= 16 * len(answers) THEN 4 * len(answers)
            WHEN kind = 'AAAA' AND text <= 40 * len(answers) THEN 16 * len(answers)
            ELSE text END AS back
    FROM (
        SELECT orig_h, resp_h, query, greatest(epoch_us(ts), 0) AS us, rcode_name, answers,
            upper(qtype_name) AS kind, strlen(array_to_string(answers, '')) AS text
        FROM stream WHERE query IS NOT NULL AND ts IS NOT NULL))
GROUP BY orig_h, resp_h, query, day, kind
"""
"""Questions together by ends, name, day and record type (by place in `TYPES`). An address that comes back carries 4 or
16 bytes."""


_KEPT_AS = pa.schema(
    [("orig_h", pa.string()), ("resp_h", pa.string()), ("kind", pa.int8())]
    + [(name, pa.int64()) for name in ("day", "queries", "answered", "nxdomain", "answer_count", "answer_bytes")]
    + [(name, pa.int64()) for name in ("most_back", "hours", "first_us", "last_us")]
)
_KEPT = _KEPT_AS.names


@dataclass(frozen=True)
class _Known:
    """What distinct names are made of, by their place."""

    anatomy: Anatomy
    name_key: npt.NDArray[np.uint64]
    domain: Ints
    """Place of the domain of each in the next two."""
    domains: pa.Array
    domain_key: npt.NDArray[np.uint64]
    bare: npt.NDArray[np.bool_]
    """Whether it is a domain itself or its `www`."""


def _known(con: duckdb.DuckDBPyConnection, asked: pa.Array, salt: int) -> _Known:
    numbered = pa.table({"n": np.arange(len(asked)), "asked": asked.cast(pa.string())})
    con.register("lookup_asked", numbered)
    try:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE lookup_name AS "
            f"SELECT n, lower(right(rtrim(asked, '.'), {LONGEST})) AS name FROM lookup_asked"
        )
        lookup_names.domains(con, "lookup_name")
        listed = con.sql(
            f"SELECT n, right(rtrim(asked, '.'), {LONGEST}) AS name, domain, {_hashed('l.name', salt)} AS name_key "
            "FROM lookup_asked JOIN lookup_name l USING (n) JOIN lookup_domain USING (n) ORDER BY n"
        ).to_arrow_table()
    finally:
        con.unregister("lookup_asked")
        for name in ("lookup_name", "lookup_domain"):
            con.execute(f"DROP TABLE IF EXISTS {name}")
    domain = listed["domain"].combine_chunks().dictionary_encode()
    con.register("lookup_once", pa.table({"n": np.arange(len(domain.dictionary)), "domain": domain.dictionary}))
    keys = con.sql(f"SELECT {_hashed('domain', salt)} AS key FROM lookup_once ORDER BY n").to_arrow_table()
    con.unregister("lookup_once")
    names = listed["name"].combine_chunks()
    ends = pc.subtract(pc.binary_length(names), pc.binary_length(listed["domain"].combine_chunks()))
    anatomy = lookup_names.anatomy(names, np.maximum(ends.to_numpy().astype(np.int64), 0))
    first = pc.equal(pc.utf8_lower(pc.utf8_slice_codeunits(names, 0, 4)), "www.").to_numpy(zero_copy_only=False)
    bare = (anatomy.below == 0) | ((anatomy.below == 3) & first)
    place = domain.indices.to_numpy().astype(np.int64)
    return _Known(
        anatomy, listed["name_key"].to_numpy(), place, domain.dictionary.cast(pa.string()), keys["key"].to_numpy(), bare
    )


def _hashed(text: str, salt: int) -> str:
    """Return the expression of a keyed hash of 64 bits; never 0."""
    return f"greatest((md5_number('{salt:x}:' || {text}) >> 64)::UBIGINT, 1::UBIGINT)"


def _assembled(asked: pa.Table, name: Ints, known: _Known, mask_host: Callable[[str], str]) -> pa.Table:
    """Return the rows of SCHEMA, with names masked, in the order of `merge`."""
    client = asked["orig_h"].combine_chunks().dictionary_encode()
    kind = asked["kind"].to_numpy()
    empty = known.bare[name] & np.isin(kind, [TYPES.index(each) for each in PLAIN])
    domain = np.where(empty, 0, _ranked(known.domain_key)[known.domain[name]] + 1)
    many = len(known.domains) + 1
    # A client without an address comes last, as where tables are sorted.
    ranks = np.append(_ranked(client.dictionary), len(client.dictionary))
    both = ranks[client.indices.fill_null(len(client.dictionary)).to_numpy()] * many + domain
    order = np.argsort(both, kind="stable")
    both, name, kind = both[order], name[order], kind[order]
    starts = np.flatnonzero(np.concatenate([[True], both[1:] != both[:-1]]))
    count = len(starts)
    rows = np.repeat(np.arange(count), np.diff(np.append(starts, len(both))))
    group = _Group(asked, order, starts, rows, name)
    columns = _sums(group, kind, known.anatomy)
    at = both[starts] % many
    in_order = np.argsort(known.domain_key)
    columns["domain_key"] = pa.array(np.concatenate([np.zeros(1, np.uint64), known.domain_key[in_order]])[at])
    columns["orig_h"] = asked["orig_h"].combine_chunks().take(pa.array(order[starts]))
    used = np.unique(at[at > 0])
    shown = lookup_names.shown(known.domains.take(pa.array(in_order[used - 1])).to_pylist(), mask_host)
    place = pa.array(np.searchsorted(used, at), mask=at == 0)
    columns["domain"] = pa.array(shown, pa.string()).take(place)
    below = known.anatomy.below.astype(np.int64)[name]
    named = both % many > 0
    columns |= lookup_rows.sketches(
        count, rows[named], known.name_key[name[named]], below[named], group.column("most_back")[named]
    )
    sent = _times(group.column("queries"), below)
    columns |= lookup_rows.daily(count, rows, group.column("day"), sent, group.column("hours"))
    columns["resolvers"] = lookup_rows.servers(count, rows, asked["resp_h"].combine_chunks().take(pa.array(order)))
    return pa.table([columns[each] for each in SCHEMA.names], schema=SCHEMA)


def _ranked(values: pa.Array | npt.NDArray[np.uint64]) -> Ints:
    """Return the place of each value in their order."""
    order = pc.sort_indices(values if isinstance(values, pa.Array) else pa.array(values)).to_numpy()
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    return ranks


@dataclass(frozen=True)
class _Group:
    """Questions in order of client and domain."""

    asked: pa.Table
    order: Ints
    starts: Ints
    rows: Ints
    name: Ints

    def column(self, name: str) -> Ints:
        """Return a column in this order."""
        made: Ints = self.asked[name].to_numpy().astype(np.int64)[self.order]
        return made

    def added(self, values: Ints) -> pa.Array:
        """Return sums per row."""
        return pa.array(added(values, self.starts))


def _times(queries: Ints, each: Ints) -> Ints:
    """Multiply within the bounds of a sum; the square of a name's bytes is below 2**20."""
    made: Ints = np.minimum(queries, LARGEST >> 20) * each
    return made


def _sums(group: _Group, kind: npt.NDArray[np.int8], anatomy: Anatomy) -> dict[str, pa.Array]:
    """Return the columns that add up, and the greatest and least."""
    asked = ("queries", "answered", "nxdomain", "answer_count", "answer_bytes")
    columns = {each: group.added(group.column(each)) for each in asked}
    queries, name = group.column("queries"), group.name
    for place, each in enumerate(TYPES):
        columns[f"type_{each}"] = group.added(np.where(kind == place, queries, 0))
    below = anatomy.below.astype(np.int64)[name]
    columns["label_bytes"] = group.added(_times(queries, below))
    columns["label_bytes_sq"] = group.added(_times(queries, below * below))
    for each in ("upper", "high"):
        columns[each] = group.added(_times(queries, getattr(anatomy, each).astype(np.int64)[name]))
    chars = [
        added(_times(queries, anatomy.chars[name, place].astype(np.int64)), group.starts) for place in range(BUCKETS)
    ]
    columns["chars"] = lookup_rows.fixed(np.stack(chars, axis=1))
    for each, array in (("max_label", anatomy.longest), ("max_name", anatomy.size)):
        columns[each] = pa.array(np.maximum.reduceat(array[name], group.starts).astype(np.int64))
    columns["last_us"] = pa.array(np.maximum.reduceat(group.column("last_us"), group.starts))
    columns["first_us"] = pa.array(np.minimum.reduceat(group.column("first_us"), group.starts))
    return columns
