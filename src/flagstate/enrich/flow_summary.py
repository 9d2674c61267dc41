"""What one artefact says about traffic: the tables of a summary, their schemas, and how they are filled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa

from flagstate.enrich.behave import lookups
from flagstate.enrich.behave.timing import Timing
from flagstate.enrich.flow_keys import Keys
from flagstate.enrich.flow_names import masked, proxied

PROXIES = [("connect_to", pa.string()), ("claimed_orig_h", pa.string())]
NAMES = pa.schema([("uid_key", pa.uint64()), ("name", pa.string()), ("name_rank", pa.int8()), *PROXIES])
ANSWERS = pa.schema([("addr", pa.string()), ("us", pa.int64()), ("name", pa.string())])
PARTIAL = pa.schema(
    [(name, pa.string()) for name in ("orig_h", "resp_h")]
    + [("resp_p", pa.int32())]
    + [(name, pa.string()) for name in ("proto", "service", "server_name")]
    + [*PROXIES, ("name_rank", pa.int8()), ("day", pa.int32()), ("hours", pa.int32())]
    + [
        (name, pa.int64())
        for name in (
            "conns failed_conns orig_bytes resp_bytes missed_bytes sized_conns half_conns max_duration_us "  # noqa: SIM905
            "first_us last_us".split()
        )
    ]
)
SIGHTINGS = pa.schema(
    [(name, pa.uint64()) for name in ("uid_key", "pair_key", "record_key")]
    + [("us", pa.int64()), ("orig_h", pa.string()), ("resp_h", pa.string()), ("resp_p", pa.int32())]
    + [(name, pa.string()) for name in ("proto", "service", "name")]
    + [
        ("name_rank", pa.int8()),
        *PROXIES,
        ("answered", pa.bool_()),
        ("orig_bytes", pa.int64()),
        ("resp_bytes", pa.int64()),
    ]
)
ROWS = pa.schema(
    [("uid", pa.string()), ("orig_h", pa.string()), ("orig_p", pa.int32()), ("resp_h", pa.string())]
    + [("resp_p", pa.int32()), ("proto", pa.string()), ("service", pa.string()), ("name", pa.string())]
    + [("name_rank", pa.int8()), *PROXIES, ("conn_state", pa.string())]
    + [(name, pa.int64()) for name in ("duration_us", "orig_bytes", "resp_bytes", "missed_bytes", "us")]
    + [(name, pa.uint64()) for name in ("uid_key", "pair_key")]
)


@dataclass(frozen=True)
class Summary:
    """What one artefact says about connections; small, and mergeable in any order."""

    flow: pa.Table = field(default_factory=PARTIAL.empty_table)
    """Partial flows of its connection records."""
    keys: Keys = field(default_factory=Keys)
    """Keys of its connection records, to find those that another record repeats."""
    rows: pa.Table = field(default_factory=ROWS.empty_table)
    """Connection records under suspicion, kept apart; empty after the first pass."""
    sightings: pa.Table = field(default_factory=SIGHTINGS.empty_table)
    """Its protocol records, once each, with masked names only."""
    answers: pa.Table = field(default_factory=ANSWERS.empty_table)
    """Addresses, and the last name that resolved to each."""
    timings: tuple[Timing, ...] = ()
    """The rhythm of its channels, in parts."""
    lookups: pa.Table = field(default_factory=lookups.SCHEMA.empty_table)
    """What was asked of DNS, by host and registrable domain."""
    count: int = 0
    """Records that its streams held."""
    first_us: int | None = None
    """Earliest time in microseconds since 1970."""
    last_us: int | None = None
    """Latest time in microseconds since 1970."""

    @property
    def first_ts(self) -> datetime | None:
        """Earliest time (UTC)."""
        return moment(self.first_us)

    @property
    def last_ts(self) -> datetime | None:
        """Latest time (UTC)."""
        return moment(self.last_us)

    @property
    def misses(self) -> int:
        """Bytes that the sensor says it missed, over the records that were summarised."""
        return int(sum(value or 0 for column in (self.flow, self.rows) for value in column["missed_bytes"].to_pylist()))


def register_names(con: duckdb.DuckDBPyConnection, query: str, mask: Callable[[str], str]) -> None:
    """Register `cleaned`: (raw, name) of every name that the query gives."""
    con.register("cleaned", masked((row[0] for row in con.execute(query).fetchall()), mask))


def register_proxies(con: duckdb.DuckDBPyConnection, query: str, mask: Callable[[str], str]) -> None:
    """Register `proxies`: (raw, shown) of every `host:port` that the query gives."""
    con.register("proxies", proxied((row[0] for row in con.execute(query).fetchall()), mask))


def table(con: duckdb.DuckDBPyConnection, query: str, schema: pa.Schema) -> pa.Table:
    """Return the rows of a query with the columns and types of a schema."""
    return con.sql(query).to_arrow_table().select(schema.names).cast(schema)


def span(*ranges: tuple[int | None, int | None]) -> tuple[int | None, int | None]:
    """Return the earliest and the latest of several spans of time."""
    lows, highs = [low for low, _ in ranges if low is not None], [high for _, high in ranges if high is not None]
    return (min(lows) if lows else None), (max(highs) if highs else None)


def moment(us: int | None) -> datetime | None:
    """Return the time of so many microseconds since 1970; null where no calendar holds it."""
    try:
        return None if us is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
    except OverflowError:
        return None
