"""Directions become connections, and what is claimed of their bytes is never more than was sent."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.engine import connect
from flagstate.read.flow_records import Way
from flagstate.read.one_way import connections
from flagstate.read.packet_bytes import proved

FORTH = Way(0, 1_000_000, ("10.0.0.1", 50000), ("192.0.2.1", 443), "tcp", 5000, 10, False, "", None)
BACK = replace(FORTH, src=FORTH.dst, dst=FORTH.src, octets=9000, packets=12)


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return connect(threads=1)


def made(
    con: duckdb.DuckDBPyConnection, *ways: Way, flags: bool = False, sampled: bool = False
) -> list[dict[str, object]]:
    rows = [
        {"first_us": w.first_us, "last_us": w.last_us, "src_h": w.src[0], "src_p": w.src[1], "dst_h": w.dst[0],
         "dst_p": w.dst[1], "proto": w.proto, "octets": w.octets, "packets": w.packets, "denied": w.denied,
         "scope": w.scope, "opened": w.opened} for w in ways
    ]  # fmt: skip
    con.register("ways", pa.Table.from_pylist(rows))
    source = "SELECT *, NULL::INTEGER AS flags, NULL::VARCHAR AS uid, NULL::BIGINT AS payload FROM ways"
    found = con.sql(connections(source, flags=flags, sampled=sampled)).to_arrow_table()
    con.unregister("ways")
    return sorted(found.to_pylist(), key=lambda row: (row["ts"], row["orig_h"], row["resp_h"]))


def test_the_word_of_the_record_decides_who_opened(con: duckdb.DuckDBPyConnection) -> None:
    for opened, who in ((None, "10.0.0.1"), (True, "10.0.0.1"), (False, "192.0.2.1")):
        (one,) = made(con, replace(FORTH, opened=opened), BACK)
        assert one["orig_h"] == who


def test_silence_in_a_sample_says_nothing(con: duckdb.DuckDBPyConnection) -> None:
    alone = replace(FORTH, octets=120, packets=2)
    assert [(c["conn_state"], c["orig_bytes"]) for c in made(con, alone)] == [("S0", 0)]
    assert [(c["conn_state"], c["orig_bytes"]) for c in made(con, alone, sampled=True)] == [(None, None)]


def test_payload_without_an_answer_is_no_attempt(con: duckdb.DuckDBPyConnection) -> None:
    """A log of one side only must not turn an upload into an attempt that lost nothing."""
    (one,) = made(con, replace(FORTH, octets=14_000, packets=10))
    assert (one["conn_state"], one["orig_bytes"]) == (None, 13_200)


def test_what_is_not_counted_stays_unknown(con: duckdb.DuckDBPyConnection) -> None:
    (one,) = made(con, replace(FORTH, octets=None, packets=None), replace(BACK, octets=None, packets=None))
    assert (one["orig_bytes"], one["resp_bytes"], one["conn_state"]) == (None, None, None)
    (one,) = made(con, replace(FORTH, proto="udp", octets=None, packets=None))
    assert (one["orig_bytes"], one["conn_state"]) == (None, None)


def test_sums_stay_within_64_bits(con: duckdb.DuckDBPyConnection) -> None:
    huge = replace(FORTH, octets=2**63 - 1)
    (one,) = made(con, huge, huge, BACK)
    assert one["orig_bytes"] == 2**63 - 1 - 20 * 80


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_how_a_log_cuts_a_connection_changes_nothing(con: duckdb.DuckDBPyConnection, data: st.DataObject) -> None:
    """Cut in time, seen by two interfaces, in any order: the same connection."""
    cuts = sorted(data.draw(st.sets(st.integers(1, 8), max_size=4)))
    edges = [0, *cuts, 9]
    pieces = [
        replace(way, first_us=low * 10**8, last_us=(high - 1) * 10**8 + 10**7, octets=1000 * (high - low),
                packets=high - low, scope=scope)
        for low, high in pairwise(edges) for way in (FORTH, BACK) for scope in ("a", "b")
    ]  # fmt: skip
    one = replace(FORTH, first_us=0, last_us=8 * 10**8 + 10**7, octets=9000, packets=9)
    whole = made(con, one, replace(one, src=one.dst, dst=one.src))
    assert made(con, *data.draw(st.permutations(pieces))) == whole
    assert len(whole) == 1


PACKET = st.tuples(st.integers(20, 60), st.integers(0, 1440))


@settings(max_examples=200, deadline=None)
@given(st.lists(PACKET, max_size=12), st.sampled_from(["tcp", "udp", "icmp"]), st.booleans())
def test_never_more_than_was_sent(
    con: duckdb.DuckDBPyConnection, packets: list[tuple[int, int]], proto: str, six: bool
) -> None:
    """Whatever the headers were: a lower bound, exact where headers have one size, and 0 only if nothing was sent."""
    ip = 40 if six else 20
    octets = sum(ip + (header if proto == "tcp" else 8) + size for header, size in packets)
    sent = sum(size for _, size in packets)
    address = "2001:db8::1" if six else "10.0.0.1"
    query = proved(octets=str(octets), packets=str(len(packets)), proto=f"'{proto}'", address=f"'{address}'")
    found = con.execute(f"SELECT {query}").fetchall()[0][0]
    assert found is None or found <= sent
    if found == 0:
        assert sent == 0
    if proto != "tcp":
        assert found == sent
