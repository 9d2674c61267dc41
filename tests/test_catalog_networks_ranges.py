"""Ranges: the narrowest wins, the end is tested, all 128 bits count, and text is read as ipaddress reads it."""

from __future__ import annotations

import ipaddress
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.catalog.network_addresses import parse_address, parse_addresses
from flagstate.catalog.network_ranges import (
    Span,
    bounds_table,
    find_rows,
    flatten,
    read_ranges,
    take_values,
    write_ranges,
)

spans = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 30), st.sampled_from("ABC")).map(
        lambda item: Span(item[0], item[0] + item[1], item[2])
    ),
    max_size=12,
)


def narrowest(found: list[Span], number: int) -> object:
    """What covers a number, by trying every range: the least wide, then the first given."""
    covering = [
        (span.stop - span.start, rank, span) for rank, span in enumerate(found) if span.start <= number <= span.stop
    ]
    return min(covering, key=lambda item: item[:2])[2].value if covering else None


@given(spans)
def test_the_narrowest_range_wins(found: list[Span]) -> None:
    flat = flatten(found)
    assert all(a.stop < b.start for a, b in pairwise(flat))
    assert not any(a.stop + 1 == b.start and a.value == b.value for a, b in pairwise(flat))
    for number in range(95):
        assert narrowest(found, number) == next((s.value for s in flat if s.start <= number <= s.stop), None)


def stored(found: list[Span], version: int, path: Path) -> None:
    table = pa.table({**bounds_table(found, version), "value": pa.array([str(span.value) for span in found])})
    write_ranges(table, path)


@settings(max_examples=60, deadline=None)
@given(spans, st.lists(st.integers(0, 99), min_size=1), st.sampled_from([0, 62, 64, 100]))
def test_ipv6_halves_are_compared_as_one_number(
    tmp_path_factory: pytest.TempPathFactory, found: list[Span], asked: list[int], shift: int
) -> None:
    """Around the border of the halves (bit 64) ranges share an upper half, or cross into the next one."""
    base = 0x20010DB8 << 96 | 0xFFFFFFFFFFFFFFC0
    moved = [Span(base + (s.start << shift), base + (s.stop << shift), s.value) for s in flatten(found)]
    path = tmp_path_factory.mktemp("r") / "r.parquet"
    stored(moved, 6, path)
    numbers = [base + (number << shift) for number in asked]
    table = read_ranges(path, min(numbers), max(numbers))
    hi = np.array([number >> 64 for number in numbers], dtype=np.uint64)
    lo = np.array([number % 2**64 for number in numbers], dtype=np.uint64)
    got = take_values(table["value"], find_rows(table, hi, lo)).to_pylist()
    assert got == [narrowest(moved, number) for number in numbers]


@pytest.mark.parametrize("version", [4, 6])
def test_only_the_row_groups_that_matter_are_read(
    version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flagstate.catalog.network_ranges.ROWS_PER_GROUP", 10)
    step = 4 if version == 4 else 2**64 + 2**62  # for IPv6 some neighbours share the upper half, some do not
    found = [Span(row * step, row * step + step // 2, row) for row in range(95)]
    stored(found, version, tmp_path / "r.parquet")
    for row in (0, 9, 10, 11, 50, 94):
        for number in (found[row].start, found[row].stop, found[row].stop + 1):
            table = read_ranges(tmp_path / "r.parquet", number, number)
            assert table.num_rows <= 20
            hi, lo = (np.array([half], dtype=np.uint64) for half in (number >> 64, number % 2**64))
            got = take_values(table["value"], find_rows(table, hi, lo)).to_pylist()
            assert got == [str(row) if number <= found[row].stop else None]


def test_an_empty_table_answers_nothing(tmp_path: Path) -> None:
    for version in (4, 6):
        stored([], version, tmp_path / "r.parquet")
        table = read_ranges(tmp_path / "r.parquet", 1, 9)
        rows = find_rows(table, np.zeros(2, dtype=np.uint64), np.ones(2, dtype=np.uint64))
        assert take_values(table["value"], rows).to_pylist() == [None, None]


def slow(text: str) -> tuple[int, int, str] | None:
    """What ipaddress makes of a text, with IPv4 taken out of the IPv6 that carries it."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
        if address in ipaddress.ip_network("64:ff9b::/96"):
            address = ipaddress.IPv4Address(int(address) % 2**32)
    return address.version, int(address), str(address)


groups = st.lists(st.sampled_from([0, 0, 0, 1, 0x10, 0xFFFF, 0xABC]), min_size=8, max_size=8)
numbers = st.one_of(st.integers(0, 2**128 - 1), groups.map(lambda gs: sum(g << 16 * i for i, g in enumerate(gs))))
writings = numbers.map(ipaddress.IPv6Address).flatmap(
    lambda a: st.sampled_from(
        [str(a), str(a), a.exploded, str(a).upper(), str(a).replace("::", ":0:"), f"{a}:", f":{a}"]
    )
)
# `::` at any run of zero groups, also where RFC 5952 would not put it, or would not write it.
misplaced = st.tuples(groups, st.integers(0, 7), st.integers(1, 4)).map(
    lambda item: "::".join(
        ":".join(f"{g:x}" for g in part) for part in (item[0][: item[1]], item[0][item[1] + item[2] :])
    )
)
texts = st.one_of(
    writings,
    misplaced,
    st.integers(0, 2**32 - 1).map(lambda n: str(ipaddress.IPv4Address(n))),
    st.integers(0, 2**32 - 1).map(lambda n: f"::ffff:{ipaddress.IPv4Address(n)}"),
    st.from_regex(r"\A[0-9a-f:.]{0,12}\Z"),
    st.from_regex(r"\A[0-9]{1,3}(\.[0-9]{1,3}){3}\Z"),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(texts, max_size=40))
def test_addresses_are_read_as_ipaddress_reads_them(given_texts: list[str]) -> None:
    found = parse_addresses(pa.array(given_texts, pa.utf8()))
    for row, text in enumerate(given_texts):
        wanted = slow(text)
        number = int(found.hi[row]) << 64 | int(found.lo[row])
        got = (int(found.version[row]), number, found.canonical[row].as_py()) if found.version[row] else None
        assert got == wanted, text


@given(st.text(max_size=120))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        address = parse_address(text)
    except ValueError:
        address = None
    found = parse_addresses(pa.array([text], pa.utf8()))
    assert found.canonical.to_pylist() == [None if address is None else str(address)]
