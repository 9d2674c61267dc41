"""Connections to flows: one pass per artefact makes a small summary, and summaries merge in any order.

How the order goes, for whoever calls:

1. every artefact with handshakes, exchanges or queries: `extract` each stream, `combine` the streams of one artefact;
2. `names(summaries)` once, then every artefact with connections: `extract(…, names=…)`;
3. `suspects({id: summary.keys})`; each artefact that `touches` is read again: `extract(…, names=…, suspects=…)`, and
   this summary replaces the first (it keeps the suspected records apart, and has the same keys);
4. `merge({id: summary})`: flows, and which artefacts overlap.

The same connection counts once over all artefacts: by id and addresses, or by addresses, ports and a start within 1 ms;
its longest record wins. Protocol records (HTTP, TLS, DNS) without a connection record become flows themselves, with
bytes as a lower bound. Without id and ports, records that are alike in everything count once.

What it cannot see: a connection that two sensors saw on both sides of an address translation counts twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flagstate.enrich import flow_keys, flow_overlap, flow_sql
from flagstate.enrich.behave import lookups, timing
from flagstate.enrich.behave.timing import Timing
from flagstate.enrich.flow_connections import NAMED, connections, own_names
from flagstate.enrich.flow_keys import Keys, Suspects, suspects
from flagstate.enrich.flow_scrub import scrub
from flagstate.enrich.flow_summary import (
    ANSWERS,
    NAMES,
    PARTIAL,
    ROWS,
    SIGHTINGS,
    Summary,
    register_names,
    register_proxies,
    span,
    table,
)
from flagstate.model import FLOW, conform

__all__ = ["Keys", "Merged", "Summary", "Suspects", "combine", "extract", "merge", "names", "suspects"]


@dataclass(frozen=True)
class Merged:
    """What all artefacts say together."""

    flow: pa.Table
    """Flows, as the noun has them, without stance and evidence."""
    overlaps: dict[str, set[str]]
    """For each artefact the others that hold some of the same records."""
    timing: Timing = field(default_factory=Timing)
    """The rhythm of all channels."""
    lookups: pa.Table = field(default_factory=lookups.SCHEMA.empty_table)
    """What was asked of DNS, by host and registrable domain; artefacts that overlap in part count in full, each."""


def extract(
    noun: str,
    relation: duckdb.DuckDBPyRelation,
    con: duckdb.DuckDBPyConnection,
    *,
    mask: Callable[[str], str],
    salt: int,
    names: pa.Table | None = None,
    suspects: Suspects | None = None,
    also: Callable[[], None] | None = None,
) -> Summary:
    """Summarise one stream in a single pass (two when some of it is suspected).

    Args:
        noun: connection, handshake, exchange or query.
        relation: Its records.
        con: The database of the relation.
        mask: Replaces the parts of a name that match a data class; called once per distinct name, in lower case.
        salt: The same number for all artefacts of a case, below 2**63; unknown to whoever wrote the evidence.
        names: What `names` returned; only used for connections.
        suspects: Keys of records to keep apart; only used for connections.
        also: Looks at the records, which are the table `stream` meanwhile; not used for connections.
    """
    if noun != "connection":
        # Several passes follow, and some readers can be read only once.
        relation.create_view("arriving", replace=True)
        con.execute("CREATE OR REPLACE TEMP TABLE stream AS SELECT * FROM arriving")
        try:
            if also is not None:
                also()
            return _protocol(noun, con, mask, salt, relation.columns)
        finally:
            con.execute("DROP VIEW arriving")
            con.execute("DROP TABLE stream")
    own = [name for name in NAMED if name in relation.columns]
    if own:
        # Its names are looked at before its connections are, and some readers can be read only once.
        relation.create_view("arriving", replace=True)
        con.execute("CREATE OR REPLACE TEMP TABLE stream AS SELECT * FROM arriving")
    else:
        relation.create_view("stream", replace=True)
    try:
        source = own_names(con, mask) if own else "stream"
        return connections(con, source, salt, names, suspects, own=bool(own))
    finally:
        con.execute("DROP TABLE stream; DROP VIEW arriving" if own else "DROP VIEW stream")


def _protocol(
    noun: str, con: duckdb.DuckDBPyConnection, mask: Callable[[str], str], salt: int, columns: list[str]
) -> Summary:
    con.execute(f"CREATE OR REPLACE TEMP TABLE sighted AS {flow_sql.sightings(noun, salt, columns)}")
    register_proxies(con, "SELECT DISTINCT raw_to FROM sighted WHERE raw_to IS NOT NULL", mask)
    register_names(con, "SELECT DISTINCT raw FROM sighted WHERE raw IS NOT NULL", mask)
    named = flow_sql.SIGHTING_COLUMNS.replace("name_rank", "CASE WHEN name IS NOT NULL THEN rank END AS name_rank")
    named = named.replace("connect_to", "p.shown AS connect_to")
    joined = "sighted LEFT JOIN cleaned USING (raw) LEFT JOIN proxies p ON p.raw = raw_to"
    seen = table(con, f"SELECT DISTINCT {named} FROM {joined}", SIGHTINGS)
    con.execute("DROP TABLE sighted")
    con.unregister("proxies")
    answers, looked_up = ANSWERS.empty_table(), lookups.SCHEMA.empty_table()
    if noun == "query":
        con.execute(f"CREATE OR REPLACE TEMP TABLE answered AS {flow_sql.ANSWERED}")
        register_names(con, "SELECT DISTINCT raw FROM answered", mask)
        answers = table(
            con, f"{flow_sql.LAST_ANSWER.format('(SELECT * FROM answered JOIN cleaned USING (raw))')}", ANSWERS
        )
        con.execute("DROP TABLE answered")
        looked_up = lookups.summarise(con, salt, mask)
    con.unregister("cleaned")
    total = con.execute("SELECT count(*), epoch_us(min(ts)), epoch_us(max(ts)) FROM stream").fetchone()
    count, first, last = total if total else (0, None, None)
    seen = scrub(seen)
    return Summary(sightings=seen, answers=answers, lookups=looked_up, count=count, first_us=first, last_us=last)


def combine(summaries: Iterable[Summary]) -> Summary:
    """Return the summary of several streams of one artefact, or of any of them together; none gives an empty one."""
    listed = list(summaries)
    if len(listed) == 1:
        return listed[0]
    first, last = span(*((each.first_us, each.last_us) for each in listed))
    tables = {
        name: pa.concat_tables([schema.empty_table(), *(getattr(each, name) for each in listed)])
        for name, schema in (("flow", PARTIAL), ("rows", ROWS), ("sightings", SIGHTINGS), ("answers", ANSWERS))
    }
    return Summary(
        **tables,
        timings=tuple(part for each in listed for part in each.timings),
        lookups=lookups.merge([each.lookups for each in listed]),
        keys=flow_keys.combine(each.keys for each in listed),
        count=sum(each.count for each in listed),
        first_us=first,
        last_us=last,
    )


def names(summaries: Iterable[Summary], con: duckdb.DuckDBPyConnection) -> pa.Table:
    """Return the best name of every connection that protocol records name; give it to `extract` for connections."""
    con.register("sightings", pa.concat_tables([SIGHTINGS.empty_table(), *(each.sightings for each in summaries)]))
    found = table(con, flow_sql.BEST_NAME, NAMES)
    con.unregister("sightings")
    return found


def merge(summaries: Mapping[str, Summary], con: duckdb.DuckDBPyConnection, *, salt: int) -> Merged:
    """Merge the summaries of all artefacts; their order changes nothing.

    Args:
        summaries: By evidence id.
        con: A database of the caller's.
        salt: That of `extract`.

    Returns:
        Flows sorted by their key, and the artefacts that overlap.
    """
    tagged = [
        each.rows.append_column("artefact", pa.array([key] * each.rows.num_rows, pa.string()))
        for key, each in summaries.items()
    ]
    partials = [PARTIAL.empty_table(), *(each.flow for each in summaries.values())]
    overlaps: dict[str, set[str]] = {}
    rhythms = [part for each in summaries.values() for part in each.timings]
    if any(rows.num_rows for rows in tagged):
        winners, overlaps = flow_overlap.resolve(pa.concat_tables(tagged), con)
        con.register("winners", winners)
        partials.append(table(con, flow_sql.partial("winners", tap="*", named=True), PARTIAL))
        rhythms.append(_rhythm(con, "winners", "name", "us", salt))
        con.unregister("winners")
    alone, repeated = _alone(summaries, con)
    for one, others in repeated.items():
        overlaps.setdefault(one, set()).update(others)
    con.register("apart", alone)
    rhythms.append(_rhythm(con, "apart", "server_name", "first_us", salt))
    con.unregister("apart")
    return Merged(
        _finish([*partials, alone], summaries.values(), con),
        overlaps,
        timing.merge(rhythms),
        lookups.merge(_asked_once(summaries)),
    )


REPEATED = 0.9
"""Share of an artefact's questions that others hold too, from which it adds nothing to what was asked of DNS."""


def _asked_once(summaries: Mapping[str, Summary]) -> list[pa.Table]:
    """Return what was asked of DNS without artefacts that only repeat others, such as a log beside its capture."""
    listed = sorted((key for key, each in summaries.items() if each.lookups.num_rows), key=str)
    if len(listed) < 2:
        return [summaries[key].lookups for key in listed]
    asked = {key: _questions(summaries[key].sightings) for key in listed}
    known, kept = np.empty(0, np.uint64), []
    for key in sorted(listed, key=lambda name: (-len(asked[name]), name)):
        mine = asked[key]
        if len(mine) and flow_keys.member(mine, known).mean() >= REPEATED:
            continue
        kept.append(summaries[key].lookups)
        known = np.union1d(known, mine)
    return kept


def _questions(sightings: pa.Table) -> npt.NDArray[np.uint64]:
    """Return a key of each question to DNS: what was asked and answered, in which millisecond."""
    mine = sightings.filter(pc.fill_null(pc.equal(sightings["service"], "dns"), False))
    keys = mine["record_key"].to_numpy() ^ (mine["us"].to_numpy() // 1000).astype(np.uint64)
    return np.unique(keys)


def _rhythm(con: duckdb.DuckDBPyConnection, source: str, name: str, us: str, salt: int) -> Timing:
    """Return the timing of connections that stand one by one in a table."""
    columns = f"{flow_sql.channel(name, salt)}, {us}, coalesce(orig_bytes, 0), coalesce(resp_bytes, 0)"
    found = con.sql(f"SELECT {columns} FROM {source} WHERE {us} IS NOT NULL").to_arrow_table()
    return timing.summarise(*(column.to_numpy() for column in found.columns))


def _alone(summaries: Mapping[str, Summary], con: duckdb.DuckDBPyConnection) -> tuple[pa.Table, dict[str, set[str]]]:
    """Return the connections that only protocol records show, and the artefacts that share such records."""
    tables = [
        each.sightings.append_column("artefact", pa.array([key] * each.sightings.num_rows, pa.string()))
        for key, each in summaries.items()
        if each.sightings.num_rows
    ]
    if not tables:
        return PARTIAL.empty_table(), {}
    con.register("sighted", pa.concat_tables(tables))
    overlaps: dict[str, set[str]] = {}
    for (together,) in con.execute(flow_sql.SHARED).fetchall():
        for one in together:
            overlaps.setdefault(one, set()).update(other for other in together if other != one)
    once = table(con, f"SELECT DISTINCT {flow_sql.SIGHTING_COLUMNS} FROM sighted", SIGHTINGS)
    con.unregister("sighted")
    uid, pair = once["uid_key"].to_numpy(), once["pair_key"].to_numpy()
    logged = np.zeros(len(uid), np.bool_)
    for each in summaries.values():
        logged |= flow_keys.member(uid, each.keys.uid)
        logged |= (uid == 0) & flow_keys.member(pair, each.keys.pair, window=flow_keys.WINDOW_US)
    con.register("seen", once.filter(pa.array(~logged)))
    con.execute(f"CREATE OR REPLACE TEMP TABLE alone AS {flow_sql.CLUSTERED}")
    found = table(con, flow_sql.SEEN_ALONE, PARTIAL)
    con.unregister("seen")
    con.execute("DROP TABLE alone")
    return found, overlaps


def _finish(partials: list[pa.Table], summaries: Iterable[Summary], con: duckdb.DuckDBPyConnection) -> pa.Table:
    con.register("unnamed", pa.concat_tables(partials))
    con.register("several", pa.concat_tables([ANSWERS.empty_table(), *(each.answers for each in summaries)]))
    con.execute(f"CREATE OR REPLACE TEMP VIEW answers AS {flow_sql.LAST_ANSWER.format('several')}")
    con.execute(f"CREATE OR REPLACE TEMP VIEW parts AS {flow_sql.WITH_DNS}")
    done = con.sql(flow_sql.FINISHED).to_arrow_table()
    for view in ("parts", "answers"):
        con.execute(f"DROP VIEW {view}")
    for name in ("unnamed", "several"):
        con.unregister(name)
    day = done["day"].cast(pa.int32()).cast(pa.date32())
    done = done.set_column(done.column_names.index("day"), "day", day)
    for old, new in (("first_us", "first_ts"), ("last_us", "last_ts")):
        done = done.set_column(done.column_names.index(old), new, done[old].cast(pa.timestamp("us", tz="UTC")))
    return conform(done, FLOW)
