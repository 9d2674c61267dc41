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
from datetime import UTC, datetime, timedelta
from threading import Lock

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from duckdb.func import FunctionNullHandling, PythonUDFType

from flagstate.enrich import flow_keys, flow_overlap, flow_sql
from flagstate.enrich.flow_keys import Hashes, Keys, Suspects, suspects
from flagstate.enrich.flow_names import masked
from flagstate.enrich.flow_scrub import scrub
from flagstate.model import FLOW, conform

__all__ = ["Keys", "Merged", "Summary", "Suspects", "combine", "extract", "merge", "names", "suspects"]

_ROOM = 2**20
_NAMES = pa.schema([("uid_key", pa.uint64()), ("name", pa.string()), ("name_rank", pa.int8())])
_ANSWERS = pa.schema([("addr", pa.string()), ("us", pa.int64()), ("name", pa.string())])
_PARTIAL = pa.schema(
    [(name, pa.string()) for name in ("orig_h", "resp_h")]
    + [("resp_p", pa.int32())]
    + [(name, pa.string()) for name in ("proto", "service", "server_name")]
    + [("name_rank", pa.int8()), ("day", pa.int32()), ("hours", pa.int32())]
    + [
        (name, pa.int64())
        for name in (
            "conns failed_conns orig_bytes resp_bytes missed_bytes sized_conns first_us last_us".split()  # noqa: SIM905
        )
    ]
)
_SIGHTINGS = pa.schema(
    [(name, pa.uint64()) for name in ("uid_key", "pair_key", "record_key")]
    + [("us", pa.int64()), ("orig_h", pa.string()), ("resp_h", pa.string()), ("resp_p", pa.int32())]
    + [(name, pa.string()) for name in ("proto", "service", "name")]
    + [("name_rank", pa.int8()), ("answered", pa.bool_()), ("orig_bytes", pa.int64()), ("resp_bytes", pa.int64())]
)
_ROWS = pa.schema(
    [("uid", pa.string()), ("orig_h", pa.string()), ("orig_p", pa.int32()), ("resp_h", pa.string())]
    + [("resp_p", pa.int32()), ("proto", pa.string()), ("service", pa.string()), ("name", pa.string())]
    + [("name_rank", pa.int8()), ("conn_state", pa.string())]
    + [(name, pa.int64()) for name in ("duration_us", "orig_bytes", "resp_bytes", "missed_bytes", "us")]
    + [(name, pa.uint64()) for name in ("uid_key", "pair_key")]
)


@dataclass(frozen=True)
class Summary:
    """What one artefact says about connections; small, and mergeable in any order."""

    flow: pa.Table = field(default_factory=_PARTIAL.empty_table)
    """Partial flows of its connection records."""
    keys: Keys = field(default_factory=Keys)
    """Keys of its connection records, to find those that another record repeats."""
    rows: pa.Table = field(default_factory=_ROWS.empty_table)
    """Connection records under suspicion, kept apart; empty after the first pass."""
    sightings: pa.Table = field(default_factory=_SIGHTINGS.empty_table)
    """Its protocol records, once each, with masked names only."""
    answers: pa.Table = field(default_factory=_ANSWERS.empty_table)
    """Addresses, and the last name that resolved to each."""
    count: int = 0
    """Records that its streams held."""
    first_us: int | None = None
    """Earliest time in microseconds since 1970."""
    last_us: int | None = None
    """Latest time in microseconds since 1970."""

    @property
    def first_ts(self) -> datetime | None:
        """Earliest time (UTC)."""
        return _moment(self.first_us)

    @property
    def last_ts(self) -> datetime | None:
        """Latest time (UTC)."""
        return _moment(self.last_us)

    @property
    def misses(self) -> int:
        """Bytes that the sensor says it missed, over the records that were summarised."""
        return int(sum(value or 0 for column in (self.flow, self.rows) for value in column["missed_bytes"].to_pylist()))


@dataclass(frozen=True)
class Merged:
    """What all artefacts say together."""

    flow: pa.Table
    """Flows, as the noun has them, without stance and evidence."""
    overlaps: dict[str, set[str]]
    """For each artefact the others that hold some of the same records."""


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
            return _protocol(noun, con, mask, salt)
        finally:
            con.execute("DROP VIEW arriving")
            con.execute("DROP TABLE stream")
    relation.create_view("stream", replace=True)
    try:
        return _connections(con, salt, names, suspects)
    finally:
        con.execute("DROP VIEW stream")


def _connections(
    con: duckdb.DuckDBPyConnection, salt: int, names: pa.Table | None, suspects: Suspects | None
) -> Summary:
    named = names is not None and names.num_rows > 0
    keyed = (
        f"(SELECT *, {flow_sql.uid_key(salt)} AS uid_key, {flow_sql.pair_key(salt)} AS pair_key "
        "FROM (SELECT *, epoch_us(ts) AS us FROM stream))"
    )
    source = keyed
    if named:
        con.register("names", names)
        source = f"(SELECT k.*, n.name, n.name_rank FROM {keyed} k LEFT JOIN names n ON n.uid_key = k.uid_key)"
    rows, where = _ROWS.empty_table(), ""
    if suspects:
        con.register("suspect_uid", pa.table({"k": pa.array(suspects.uid)}))
        con.register("suspect_pair", pa.table({"k": pa.array(suspects.pair)}))
        where = " WHERE uid_key IN (SELECT k FROM suspect_uid) OR pair_key IN (SELECT k FROM suspect_pair)"
        extra = "" if named else ", NULL::VARCHAR AS name, NULL::TINYINT AS name_rank"
        rows = _table(con, f"SELECT {', '.join(_ROWS.names)} FROM (SELECT *{extra} FROM {source}{where})", _ROWS)
        where = where.replace(" WHERE ", " WHERE NOT (") + ")"
    tap = _Tap()
    name = f"tap_{id(tap)}"
    con.create_function(
        name,
        tap,
        ["UBIGINT", "UBIGINT"],
        "TINYINT",
        type=PythonUDFType.ARROW,
        side_effects=True,
        null_handling=FunctionNullHandling.SPECIAL,
    )
    try:
        flow = _table(
            con,
            flow_sql.partial(f"(SELECT * FROM {source}{where})", tap=f"{name}(uid_key, pair_key)", named=named),
            _PARTIAL,
        )
    finally:
        con.remove_function(name)
        for registered in ("names", "suspect_uid", "suspect_pair"):
            con.unregister(registered)
    keys = flow_keys.combine([tap.keys(), _row_keys(rows)]) if suspects else tap.keys()
    first, last = _span(
        (pc.min(flow["first_us"]).as_py(), pc.max(flow["last_us"]).as_py()),
        (pc.min(rows["us"]).as_py(), pc.max(rows["us"]).as_py()),
    )
    count = tap.count + rows.num_rows
    flow, rows = scrub(flow), scrub(rows)
    return Summary(flow=flow, keys=keys, rows=rows, count=count, first_us=first, last_us=last)


def _protocol(noun: str, con: duckdb.DuckDBPyConnection, mask: Callable[[str], str], salt: int) -> Summary:
    con.execute(f"CREATE OR REPLACE TEMP TABLE sighted AS {flow_sql.sightings(noun, salt)}")
    _register_names(con, "SELECT DISTINCT raw FROM sighted WHERE raw IS NOT NULL", mask)
    named = flow_sql.SIGHTING_COLUMNS.replace("name_rank", "CASE WHEN name IS NOT NULL THEN rank END AS name_rank")
    seen = _table(con, f"SELECT DISTINCT {named} FROM sighted LEFT JOIN cleaned USING (raw)", _SIGHTINGS)
    con.execute("DROP TABLE sighted")
    answers = _ANSWERS.empty_table()
    if noun == "query":
        con.execute(f"CREATE OR REPLACE TEMP TABLE answered AS {flow_sql.ANSWERED}")
        _register_names(con, "SELECT DISTINCT raw FROM answered", mask)
        answers = _table(
            con, f"{flow_sql.LAST_ANSWER.format('(SELECT * FROM answered JOIN cleaned USING (raw))')}", _ANSWERS
        )
        con.execute("DROP TABLE answered")
    con.unregister("cleaned")
    total = con.execute("SELECT count(*), epoch_us(min(ts)), epoch_us(max(ts)) FROM stream").fetchone()
    count, first, last = total if total else (0, None, None)
    return Summary(sightings=scrub(seen), answers=answers, count=count, first_us=first, last_us=last)


def _register_names(con: duckdb.DuckDBPyConnection, query: str, mask: Callable[[str], str]) -> None:
    con.register("cleaned", masked((row[0] for row in con.execute(query).fetchall()), mask))


def _table(con: duckdb.DuckDBPyConnection, query: str, schema: pa.Schema) -> pa.Table:
    return con.sql(query).to_arrow_table().select(schema.names).cast(schema)


def _row_keys(rows: pa.Table) -> Keys:
    return flow_keys.sort(*(rows[name].to_numpy().copy() for name in ("uid_key", "pair_key")))


def _span(*ranges: tuple[int | None, int | None]) -> tuple[int | None, int | None]:
    lows, highs = [low for low, _ in ranges if low is not None], [high for _, high in ranges if high is not None]
    return (min(lows) if lows else None), (max(highs) if highs else None)


def _moment(us: int | None) -> datetime | None:
    try:
        return None if us is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
    except OverflowError:
        return None


def combine(summaries: Iterable[Summary]) -> Summary:
    """Return the summary of several streams of one artefact, or of any of them together; none gives an empty one."""
    listed = list(summaries)
    if len(listed) == 1:
        return listed[0]
    first, last = _span(*((each.first_us, each.last_us) for each in listed))
    tables = {
        name: pa.concat_tables([schema.empty_table(), *(getattr(each, name) for each in listed)])
        for name, schema in (("flow", _PARTIAL), ("rows", _ROWS), ("sightings", _SIGHTINGS), ("answers", _ANSWERS))
    }
    return Summary(
        **tables,
        keys=flow_keys.combine(each.keys for each in listed),
        count=sum(each.count for each in listed),
        first_us=first,
        last_us=last,
    )


def names(summaries: Iterable[Summary], con: duckdb.DuckDBPyConnection) -> pa.Table:
    """Return the best name of every connection that protocol records name; give it to `extract` for connections."""
    con.register("sightings", pa.concat_tables([_SIGHTINGS.empty_table(), *(each.sightings for each in summaries)]))
    found = _table(con, flow_sql.BEST_NAME, _NAMES)
    con.unregister("sightings")
    return found


def merge(summaries: Mapping[str, Summary], con: duckdb.DuckDBPyConnection) -> Merged:
    """Merge the summaries of all artefacts; their order changes nothing.

    Args:
        summaries: By evidence id.
        con: A database of the caller's.

    Returns:
        Flows sorted by their key, and the artefacts that overlap.
    """
    tagged = [
        each.rows.append_column("artefact", pa.array([key] * each.rows.num_rows, pa.string()))
        for key, each in summaries.items()
    ]
    partials = [_PARTIAL.empty_table(), *(each.flow for each in summaries.values())]
    overlaps: dict[str, set[str]] = {}
    if any(rows.num_rows for rows in tagged):
        winners, overlaps = flow_overlap.resolve(pa.concat_tables(tagged), con)
        con.register("winners", winners)
        partials.append(_table(con, flow_sql.partial("winners", tap="*", named=True), _PARTIAL))
        con.unregister("winners")
    alone, repeated = _alone(summaries, con)
    for one, others in repeated.items():
        overlaps.setdefault(one, set()).update(others)
    return Merged(_finish([*partials, alone], summaries.values(), con), overlaps)


def _alone(summaries: Mapping[str, Summary], con: duckdb.DuckDBPyConnection) -> tuple[pa.Table, dict[str, set[str]]]:
    """Return the connections that only protocol records show, and the artefacts that share such records."""
    tables = [
        each.sightings.append_column("artefact", pa.array([key] * each.sightings.num_rows, pa.string()))
        for key, each in summaries.items()
        if each.sightings.num_rows
    ]
    if not tables:
        return _PARTIAL.empty_table(), {}
    con.register("sighted", pa.concat_tables(tables))
    overlaps: dict[str, set[str]] = {}
    for (together,) in con.execute(flow_sql.SHARED).fetchall():
        for one in together:
            overlaps.setdefault(one, set()).update(other for other in together if other != one)
    once = _table(con, f"SELECT DISTINCT {flow_sql.SIGHTING_COLUMNS} FROM sighted", _SIGHTINGS)
    con.unregister("sighted")
    uid, pair = once["uid_key"].to_numpy(), once["pair_key"].to_numpy()
    logged = np.zeros(len(uid), np.bool_)
    for each in summaries.values():
        logged |= flow_keys.member(uid, each.keys.uid)
        logged |= (uid == 0) & flow_keys.member(pair, each.keys.pair, window=flow_keys.WINDOW_US)
    con.register("seen", once.filter(pa.array(~logged)))
    con.execute(f"CREATE OR REPLACE TEMP TABLE alone AS {flow_sql.CLUSTERED}")
    found = _table(con, flow_sql.SEEN_ALONE, _PARTIAL)
    con.unregister("seen")
    con.execute("DROP TABLE alone")
    return found, overlaps


def _finish(partials: list[pa.Table], summaries: Iterable[Summary], con: duckdb.DuckDBPyConnection) -> pa.Table:
    con.register("unnamed", pa.concat_tables(partials))
    con.register("several", pa.concat_tables([_ANSWERS.empty_table(), *(each.answers for each in summaries)]))
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


class _Tap:
    """Takes a copy of the keys of every record that passes through a query."""

    def __init__(self) -> None:
        self.count, self.at = 0, 0
        self.rooms: list[tuple[Hashes, Hashes, int]] = []
        self.uid, self.pair = np.empty(_ROOM, np.uint64), np.empty(_ROOM, np.uint64)
        self.zeros = pa.array(np.zeros(4096, np.int8))
        self.lock = Lock()

    def __call__(self, uid: pa.ChunkedArray, pair: pa.ChunkedArray) -> pa.Array:
        """Note the keys and return as many zeros."""
        size = len(uid)
        with self.lock:
            if self.at + size > len(self.uid):
                self.rooms.append((self.uid, self.pair, self.at))
                room = max(_ROOM, size)
                self.uid, self.pair, self.at = np.empty(room, np.uint64), np.empty(room, np.uint64), 0
            start, self.at = self.at, self.at + size
            to_uid, to_pair = self.uid, self.pair
            self.count += size
        to_uid[start : start + size] = uid
        to_pair[start : start + size] = pair
        return self.zeros.slice(0, size) if size <= len(self.zeros) else pa.array(np.zeros(size, np.int8))

    def keys(self) -> Keys:
        """Return what was noted, sorted; what was noted is given up."""
        rooms = [*self.rooms, (self.uid, self.pair, self.at)]
        self.rooms, self.at = [], 0
        uids, pairs = [room[0][: room[2]] for room in rooms], [room[1][: room[2]] for room in rooms]
        rooms.clear()
        self.uid = self.pair = np.empty(0, np.uint64)
        uid = np.concatenate(uids)
        uids.clear()
        return flow_keys.sort(uid, np.concatenate(pairs))
