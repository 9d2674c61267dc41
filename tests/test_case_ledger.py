"""The ledger: every edit shows, a torn line is mended and said, and nothing is half written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from case_world import again, lines, made, tables
from flagstate.case import CHAIN_PROVES, ledger

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.lists(st.dictionaries(st.text(), JSON, max_size=3), min_size=1, max_size=4)
SLOW = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def written(path: Path, bodies: list[dict[str, object]]) -> ledger.Log:
    path.unlink(missing_ok=True)
    log = ledger.Log(path, lambda row: None)
    log.add("row", bodies)
    log.close()
    return log


@SLOW
@given(BODIES)
def test_what_was_added_is_read_and_sound(tmp_path: Path, bodies: list[dict[str, object]]) -> None:
    path = tmp_path / "ledger.jsonl"
    log = written(path, bodies)
    assert [row["body"] for row in ledger.rows(path)] == json.loads(json.dumps(bodies))
    assert ledger.check(path) == []
    assert ledger.check(path, kept_n=log.n, kept=log.head) == []


@SLOW
@given(BODIES, st.data())
def test_any_changed_byte_shows(tmp_path: Path, bodies: list[dict[str, object]], data: st.DataObject) -> None:
    path = tmp_path / "ledger.jsonl"
    written(path, bodies)
    text = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(text) - 1))
    text[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(text)
    assert ledger.check(path)


def test_removed_swapped_and_repeated_rows_show(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    written(path, [{"i": i} for i in range(5)])
    rows = path.read_bytes().splitlines(keepends=True)
    for changed in (rows[1:], rows[:2] + rows[3:], [rows[1], rows[0], *rows[2:]], [*rows, rows[-1]], []):
        path.write_bytes(b"".join(changed))
        assert ledger.check(path)


def test_a_chain_made_anew_shows_only_to_who_kept_the_head(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    kept = written(path, [{"bytes": 1}, {"bytes": 2}])
    written(path, [{"bytes": 0}, {"bytes": 2}])
    assert ledger.check(path) == []
    assert ledger.check(path, kept_n=kept.n, kept=kept.head) == [
        "row 2 is not the one that was written: rows were rewritten or cut off since"
    ]
    assert "to somebody who kept no head it proves nothing" in CHAIN_PROVES


def test_the_case_keeps_its_head_outside(tmp_path: Path) -> None:
    case = made(tmp_path)
    case.append("audit", {"i": 1})
    whole = (case.path / "ledger.jsonl").read_bytes()
    (case.path / "ledger.jsonl").write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]))
    assert "cut off" in "".join(again(case).check())
    again(case).append("audit", {"i": 2})
    assert [row["kind"] for row in lines(case)] == ["case", "key", "damage", "audit"]
    again(case).append("audit", {"i": 3})
    assert [row["kind"] for row in lines(case)][-2:] == ["audit", "audit"]


def test_a_moved_case_keeps_its_head_and_a_copy_has_its_own(tmp_path: Path) -> None:
    case = made(tmp_path)
    case.set_roots([tmp_path / "evidence"])
    case.append("audit", {"i": 1})
    case.path.rename(tmp_path / "moved")
    moved = made(tmp_path, "moved")
    assert moved.roots() == [tmp_path / "evidence"]
    moved.append("audit", {"i": 2})
    shutil.copytree(moved.path, tmp_path / "copy", symlinks=True)
    made(tmp_path, "copy").append("audit", {"i": 3})
    moved.append("audit", {"i": 4})
    for name in ("moved", "copy"):
        assert made(tmp_path, name).check() == []
        assert "damage" not in {row["kind"] for row in made(tmp_path, name).ledger()}
    lost = (moved.path / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    (moved.path / "ledger.jsonl").write_bytes(b"".join(lost[:-1]))
    moved.path.rename(tmp_path / "again")
    assert made(tmp_path, "again").check() != []


@pytest.mark.parametrize("cut", [1, 2, 40, -2, -1])
def test_a_torn_last_line_is_replaced_by_a_row_that_says_so(tmp_path: Path, cut: int) -> None:
    case = made(tmp_path)
    case.publish(tables(1))
    whole = (case.path / "ledger.jsonl").read_bytes()
    line = whole.splitlines(keepends=True)[-1]
    torn = line[:cut]
    (case.path / "ledger.jsonl").write_bytes(whole + torn)
    assert ["unfinished" in problem for problem in case.check()] == [True]
    assert again(case).tables()["flow"].num_rows == 1
    case.append("audit", {"after": True})
    assert case.check() == []
    assert (case.path / "ledger.jsonl").read_bytes().startswith(whole)
    noted, last = lines(case)[-2:]
    assert noted["kind"] == "torn_line_removed"
    assert noted["body"]["bytes"] == len(torn)
    assert last["body"] == {"after": True}


def test_a_torn_line_longer_than_its_note_leaves_nothing_behind(tmp_path: Path) -> None:
    case = made(tmp_path)
    with (case.path / "ledger.jsonl").open("ab") as file:
        file.write(b"\0" * 100_000)
    case.append("audit", {})
    assert case.check() == []
    assert [row["kind"] for row in lines(case)] == ["case", "key", "torn_line_removed", "audit"]


def test_a_damaged_line_in_the_middle_is_kept_said_and_noted_once(tmp_path: Path) -> None:
    case = made(tmp_path)
    case.append("audit", {"i": 1})
    case.append("audit", {"i": 2})
    rows = (case.path / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    rows[2] = b"garbage\n"
    (case.path / "ledger.jsonl").write_bytes(b"".join(rows))
    assert case.check() == ["line 3 is not a row of the ledger: it was damaged"]
    case.append("audit", {"i": 3})
    case.append("audit", {"i": 4})
    assert [row["kind"] for row in case.ledger()] == ["case", "key", "audit", "damage", "audit", "audit"]
    assert case.check() == ["line 3 is not a row of the ledger: it was damaged"]


def test_many_rows_at_once_are_one_chain(tmp_path: Path) -> None:
    case = made(tmp_path)
    head = case.append_all("reject", [{"line": i} for i in range(2000)])
    assert case.head() == head
    assert case.check() == []
    assert sum(row["kind"] == "reject" for row in case.ledger()) == 2000
