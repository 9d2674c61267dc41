"""Growing logs: only what is new is read, and the totals are those of one reading."""

from __future__ import annotations

import os
from pathlib import Path

from flagstate.pipeline.audit import Outcome
from pipeline_world import PACKED, age, conns, ledger, lines, put, run, states, totals, tsv, work


def once(path: Path, case: Path) -> list[dict[str, object]]:
    return totals(run(path, case=case).tables)


def ranges(outcome: Outcome, name: str = "conn.log") -> list[tuple[int | None, int | None, int]]:
    return [(row["range_from"], row["range_to"], row["rows_read"]) for row in ledger(outcome, name)]


def append(path: Path, data: str) -> None:
    with path.open("a") as file:
        file.write(data)
    age(path)


def test_a_log_that_grew_is_read_from_where_it_ended(tmp_path: Path) -> None:
    path = put(tmp_path / "given" / "conn.log", tsv(conns(100)))
    case = tmp_path / "case"
    run(tmp_path / "given", case=case)
    before = work(case)
    first = path.stat().st_size
    append(path, lines(conns(50, since=100)))
    second = run(tmp_path / "given", case=case)
    size = path.stat().st_size
    assert ranges(second) == [(0, first, 100), (first, size, 50)]
    assert before.items() <= work(case).items(), "what was read is not read again"
    append(path, lines(conns(7, since=150)) + "#close\t2026-01-01-00-00-00\n")
    third = run(tmp_path / "given", case=case)
    assert [rows for _, _, rows in ranges(third)] == [100, 50, 7]
    assert totals(third.tables) == once(path, tmp_path / "once")


def test_a_last_line_that_was_not_finished_counts_once_when_it_is(tmp_path: Path) -> None:
    whole = tsv(conns(40))
    cut = whole.rindex(b"\n", 0, len(whole) - 1) + 30
    path = put(tmp_path / "given" / "conn.log", whole[:cut])
    first = run(tmp_path / "given", case=tmp_path / "case")
    assert sum(row["conns"] for row in totals(first.tables)) == 39
    assert states(first) == {"conn.log": "partly_read"}
    append(path, whole[cut:].decode() + lines(conns(10, since=40)))
    second = run(tmp_path / "given", case=tmp_path / "case")
    assert totals(second.tables) == once(path, tmp_path / "once")
    assert sum(row["conns"] for row in totals(second.tables)) == 50
    assert states(second) == {"conn.log": "read"}


def test_a_log_that_was_rotated_or_truncated_is_read_as_a_whole(tmp_path: Path) -> None:
    path = put(tmp_path / "given" / "conn.log", tsv(conns(60)))
    case = tmp_path / "case"
    run(tmp_path / "given", case=case)
    for rows in (conns(80, since=500), conns(20, since=500)):
        put(path, tsv(rows))
        found = run(tmp_path / "given", case=case)
        assert sum(row["conns"] for row in totals(found.tables)) == len(rows)
    assert totals(found.tables) == once(path, tmp_path / "once")
    os.truncate(path, 0)
    age(path)
    assert totals(run(tmp_path / "given", case=case).tables) == []


def test_growth_that_repeats_what_was_read_changes_no_total(tmp_path: Path) -> None:
    path = put(tmp_path / "given" / "conn.log", tsv(conns(30)))
    case = tmp_path / "case"
    first = run(tmp_path / "given", case=case)
    append(path, lines(conns(30)))
    second = run(tmp_path / "given", case=case)
    assert totals(second.tables) == totals(first.tables)
    assert len(ranges(second)) == 2


def test_a_packed_log_that_grew_is_read_as_a_whole(tmp_path: Path) -> None:
    path = put(tmp_path / "given" / "conn.log.gz", PACKED["gz"](tsv(conns(30))))
    case = tmp_path / "case"
    run(tmp_path / "given", case=case)
    with path.open("ab") as file:
        file.write(PACKED["gz"](lines(conns(10, since=30)).encode()))
    age(path)
    found = run(tmp_path / "given", case=case)
    assert sum(row["conns"] for row in totals(found.tables)) == 40
    assert len(ledger(found, "conn.log.gz")) == 1
