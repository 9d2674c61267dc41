"""What was read before is found again, and never more than that: a torn or damaged line only costs a reading."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from case_world import again, made, read, tables
from flagstate.case.index import Index, same, signature


def settled(path: Path, text: str) -> Path:
    """Write a file long enough ago that its times can be trusted."""
    path.write_text(text)
    time.sleep(0.07)
    return path


def test_an_unchanged_file_is_known_and_a_changed_one_is_not(tmp_path: Path) -> None:
    case = made(tmp_path)
    path = settled(tmp_path / "conn.log", "one\n")
    assert case.unchanged(path) is None
    read(case, path, kind="zeek.conn tsv")
    row = again(case).unchanged(path)
    assert row is not None
    assert row["kind"] == "zeek.conn tsv"
    for change in ("size", "content under the same size and time", "another file in its place", "gone"):
        times = path.stat().st_atime_ns, path.stat().st_mtime_ns
        if change == "size":
            path.write_text("one\ntwo\n")
        elif change.startswith("content"):
            path.write_text("ONE\nTWO\n")
            os.utime(path, ns=times)
        elif change.startswith("another"):
            other = tmp_path / "other"
            other.write_text(path.read_text())
            os.utime(other, ns=times)
            other.replace(path)
        else:
            path.unlink()
        assert case.unchanged(path) is None, change
        if path.exists():
            time.sleep(0.07)
            read(case, path)
            assert case.unchanged(path) is not None


def test_a_file_read_right_after_it_was_written_is_in_doubt(tmp_path: Path) -> None:
    path = tmp_path / "conn.log"
    path.write_text("x")
    now = signature(path)
    touched = max(now["mtime_ns"], now["ctime_ns"])
    assert not same({**now, "seen_ns": touched + 1_000_000}, now)
    assert same({**now, "seen_ns": touched + 60_000_000}, now)
    coarse = {**now, "mtime_ns": 5_000_000_000, "ctime_ns": 5_000_000_000}
    assert not same({**coarse, "seen_ns": 6_000_000_000}, coarse)
    assert same({**coarse, "seen_ns": 7_500_000_000}, coarse)
    assert not same({**now, "seen_ns": None}, now)


def test_no_place_and_no_name_gets_into_the_case(tmp_path: Path) -> None:
    secret = tmp_path / "Marta_Kowalska_4111111111111111"
    secret.mkdir()
    path = secret / "patients_jane.doe@example.org.log"
    path.write_text("x\n")
    case = made(tmp_path)
    case.set_roots([secret])
    read(case, path, artefact="patients_█.log")
    case.publish(tables(1))
    with pytest.raises(ValueError, match="absolute path"):
        case.remember("f", {"artefact": str(path)})
    for file in case.path.rglob("*"):
        if file.is_file():
            text = file.read_bytes()
            for word in (b"Marta", b"41111111", b"jane", bytes(tmp_path)):
                assert word not in text, file
    assert case.roots() == [secret]


def test_another_case_has_other_fingerprints(tmp_path: Path) -> None:
    one, two = made(tmp_path, "one"), made(tmp_path, "two")
    assert one.key != two.key
    assert len(one.key) == 32
    assert one.fingerprint(tmp_path / "x") != two.fingerprint(tmp_path / "x")
    assert one.fingerprint(tmp_path / "x") == again(one).fingerprint(tmp_path / "y" / ".." / "x")


ROWS = st.lists(st.tuples(st.sampled_from("abc"), st.dictionaries(st.text(max_size=4), st.integers())), max_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, st.data())
def test_cut_anywhere_it_loses_the_last_line_only(tmp_path: Path, rows: list[Any], data: st.DataObject) -> None:
    path = tmp_path / "index.jsonl"
    path.unlink(missing_ok=True)
    index = Index(path)
    ends = [0]
    for name, row in rows:
        index.put(name, row)
        ends.append(path.stat().st_size)
    whole = path.read_bytes() if rows else b""
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    kept = dict(rows[: sum(end - 1 <= cut for end in ends[1:])])
    torn = Index(path)
    assert torn.all() == kept
    torn.put("new", {"n": 1})
    assert Index(path).all() == {**kept, "new": {"n": 1}}


def test_a_damaged_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "index.jsonl"
    index = Index(path)
    for name in "abc":
        index.put(name, {"size": 7})
    path.write_bytes(path.read_bytes().replace(b'"b","row":{"size":7}', b'"b","row":{"size":8}'))
    assert set(Index(path).all()) == {"a", "c"}


def test_it_does_not_grow_without_end(tmp_path: Path) -> None:
    path = tmp_path / "index.jsonl"
    index = Index(path)
    for i in range(1500):
        index.put("a", {"size": i})
    index.tidy()
    assert len(path.read_bytes().splitlines()) == 1
    index.put("b", {"size": 0})
    assert Index(path).all() == {"a": {"size": 1499}, "b": {"size": 0}}
