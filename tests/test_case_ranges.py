"""Ranges: what was read stays proven, what was added is new, what was replaced is read whole."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flagstate.case import Range, ranges
from flagstate.errors import EvidenceError

SLOW = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SLOW
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=5))
def test_a_growing_file(tmp_path: Path, parts: list[bytes]) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"")
    known: tuple[Range, ...] = ()
    text = b""
    for part in parts:
        with path.open("ab") as file:
            file.write(part)
        growth = ranges(path, json.loads(json.dumps(known)))
        assert not growth.whole
        assert (growth.fresh is None) == (not part)
        if growth.fresh is not None:
            assert growth.fresh == (len(text), len(text + part), hashlib.sha256(part).hexdigest())
            assert growth.at_line == (text == b"" or text.endswith(b"\n"))
        text += part
        known = growth.ranges
        assert known[0].start == 0
        assert known[-1].end == len(text)
        assert all(one.end == two.start for one, two in itertools.pairwise(known))
        assert all(hashlib.sha256(text[r.start : r.end]).hexdigest() == r.sha256 for r in known)


@SLOW
@given(st.binary(min_size=1, max_size=60), st.binary(max_size=20), st.data())
def test_a_change_in_what_was_read_is_seen(tmp_path: Path, text: bytes, more: bytes, data: st.DataObject) -> None:
    path = tmp_path / "log"
    path.write_bytes(text)
    known = ranges(path).ranges
    changed = bytearray(text + more)
    changed[data.draw(st.integers(0, len(text) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(changed)
    growth = ranges(path, known)
    assert growth.whole
    assert growth.fresh == growth.ranges[0] == (0, len(changed), hashlib.sha256(changed).hexdigest())
    assert len(growth.ranges) == 1


def test_a_truncated_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one\ntwo\n")
    known = ranges(path).ranges
    path.write_bytes(b"one\n")
    assert ranges(path, known).whole
    path.write_bytes(b"")
    assert ranges(path, known).whole
    assert ranges(path, known).fresh is None


@pytest.mark.parametrize("bad", [[[1, 4, "x"]], [[0, 4]], [[0, -1, "x"]], [[0, "4", "x"]], [[0, 2, "x"], [3, 4, "x"]]])
def test_ranges_that_make_no_sense_are_not_trusted(tmp_path: Path, bad: list[list[object]]) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one\n")
    assert ranges(path, bad).fresh == (0, 4, hashlib.sha256(b"one\n").hexdigest())


def test_only_regular_files_are_opened_and_no_name_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "jane.doe@example.org")
    (tmp_path / "real").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for name in ("jane.doe@example.org", "link", "nothing"):
        with pytest.raises(EvidenceError) as caught:
            ranges(tmp_path / name)
        assert "jane" not in str(caught.value)
