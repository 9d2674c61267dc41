"""Unfolding: every leaf of an artefact, with its place, its name, and what became of it."""

from __future__ import annotations

import gzip
import io
import os
import random
import tarfile
import zipfile
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.read import expand
from flagstate.read.source import spool
from flagstate.read.unfold import unfold
from open_files import open_files

FOLDER = os.environ.get("TMPDIR", "/tmp")
Row = tuple[str, str, bytes | None, str, str, str]


@pytest.fixture(autouse=True)
def _no_leaks() -> Iterator[None]:
    before = open_files()
    yield
    assert open_files() == before


def gz(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def boxed(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as box:
        for name, data in members.items():
            box.writestr(name, data)
    return out.getvalue()


def tarred(**members: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as box:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            box.addfile(info, io.BytesIO(data))
    return out.getvalue()


def leaves(data: bytes, name: str = "x", max_expand: int | None = None) -> list[Row]:
    """Return ordinal, name, bytes, suffix, refusal and damage of each leaf."""
    descriptor = spool(FOLDER)
    os.write(descriptor, data)
    found: list[Row] = []
    try:
        for leaf in unfold(descriptor, name, FOLDER, max_expand):
            content = None if leaf.descriptor is None else os.pread(leaf.descriptor, leaf.size + 1, 0)
            found.append((leaf.ordinal, leaf.name, content, leaf.suffix, leaf.refused, leaf.damage))
    finally:
        os.close(descriptor)
    assert len({row[0] for row in found}) == len(found), "each leaf has a place of its own"
    return found


def test_a_plain_file_is_its_own_leaf() -> None:
    assert leaves(b"a,b\n", "x.csv") == [("0", "x.csv", b"a,b\n", ".csv", "", "")]
    assert leaves(b"", "empty") == [("0", "empty", b"", "", "", "")]


def test_recognition_sees_the_inner_suffix_and_people_the_name_as_it_is() -> None:
    assert leaves(gz(b"a,b\n"), "x.csv.gz") == [("0", "x.csv.gz", b"a,b\n", ".csv", "", "")]
    assert leaves(gz(gz(b"a,b\n")), "x.csv.gz.gz") == [("0", "x.csv.gz.gz", b"a,b\n", ".csv", "", "")]
    assert leaves(gz(b"a,b\n"), "x.csv") == [("0", "x.csv", b"a,b\n", ".csv", "", "")]


def test_archives_are_read_member_by_member_also_packed_ones() -> None:
    data = tarred(**{"a.csv": b"1\n", "dir/b.log.gz": gz(b"2\n"), "c.zip": boxed(d=b"3\n")})
    assert leaves(gz(data), "all.tgz") == [
        ("0.1", "all.tgz!a.csv", b"1\n", ".csv", "", ""),
        ("0.2", "all.tgz!dir/b.log.gz", b"2\n", ".log", "", ""),
        ("0.3.1", "all.tgz!c.zip!d", b"3\n", "", "", ""),
    ]


@pytest.mark.parametrize("wrap", [gz, lambda d: boxed(x=d), lambda d: tarred(x=d)])
def test_nesting_has_a_bound(wrap: Callable[[bytes], bytes]) -> None:
    data = b"core\n"
    for depth in range(1, expand.MAX_NESTING + 2):
        data = wrap(data)
        (row,) = leaves(data)
        if depth <= expand.MAX_NESTING:
            assert row[2] == b"core\n"
        else:
            assert row[2] is None
            assert row[4] == f"archives are nested more than {expand.MAX_NESTING} deep"


@pytest.mark.parametrize("inner", ["xl/workbook.xml", "word/document.xml", "ppt/presentation.xml"])
def test_an_office_document_stays_one_leaf(inner: str) -> None:
    data = boxed(**{"[Content_Types].xml": b"<Types/>", inner: b"<x/>"})
    assert leaves(data, "x.bin") == [("0", "x.bin", data, ".bin", "", "")]


def test_damage_reaches_the_leaf_and_also_the_archive_around_it() -> None:
    whole = random.Random(1).randbytes(40_000)
    ((_, _, data, _, refused, damage),) = leaves(gz(whole)[:-20_000], "x.csv.gz")
    assert data
    assert whole.startswith(data)
    assert not refused
    assert "cut off" in damage
    for packed in (gz(tarred(a=b"1\n", b=whole))[:-20_000], gz(tarred(a=b"1\n"))[:-4]):
        found = leaves(packed, "x.tgz")
        assert found[0][1:3] == ("x.tgz!a", b"1\n")
        assert any("cut off" in row[4] or "damaged" in row[5] for row in found[1:])


def test_a_damaged_member_that_is_packed_says_so() -> None:
    found = leaves(tarred(**{"x.csv.gz": gz(os.urandom(9_000))[:5_000], "y": b"2\n"}), "all.tar")
    assert [row[1] for row in found] == ["all.tar!x.csv.gz", "all.tar!y"]
    assert "cut off" in found[0][5]
    assert not found[1][5]


def test_a_bomb_in_an_archive_costs_itself_and_what_follows_is_said() -> None:
    bomb = gz(bytes(64 << 20))
    found = leaves(tarred(**{"a": b"1\n", "bomb.gz": bomb, "z": b"2\n"}), "all.tar")
    assert [row[1] for row in found] == ["all.tar!a", "all.tar!bomb.gz", "all.tar!z"]
    assert found[1][2] is None
    assert "expands to more than" in found[1][4]


def test_many_bombs_draw_on_one_bound() -> None:
    one = gz(bytes(6 << 20))
    found = leaves(tarred(**{f"{n}.gz": one for n in range(6)}), "all.tar", max_expand=20 << 20)
    out = sum(len(row[2]) for row in found if row[2] is not None)
    assert out <= 20 << 20
    assert sum(row[2] is None for row in found) == 3


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_nothing_that_is_damaged_raises(more: st.DataObject) -> None:
    data = bytearray(more.draw(st.sampled_from([SAMPLE, gz(SAMPLE), boxed(**{"x.tar": SAMPLE, "y": b"1\n"})])))
    for _ in range(more.draw(st.integers(0, 3))):
        data[more.draw(st.integers(0, len(data) - 1))] = more.draw(st.integers(0, 255))
    found = leaves(bytes(data[: more.draw(st.integers(0, len(data)))]))
    assert found
    for row in found:
        assert row[2] is not None or row[4]


SAMPLE = tarred(**{"a.csv": b"1\n", "b.gz": gz(b"2\n"), "c.zip": boxed(d=b"3\n")})
