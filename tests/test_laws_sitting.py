"""A law that loops, fills memory or burns its processor costs itself only, and why it was stopped is told."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from flagstate import model
from flagstate.engine import Limits, Workers
from flagstate.laws import pack, sitting
from flagstate.laws.judge import Ruled

PACKS = Path(__file__).parent / "data" / "laws"
WILD = sorted(one for one in (PACKS / "malicious").iterdir() if "-- stopped" in (one / "rules.sql").read_text())
DAY = date(2026, 11, 21)
WIDE = Limits(1200 << 20, 60, 60)
MEMORY, SECONDS = 256 << 20, 1.0


def folder_in(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    asset = model.rows(model.NOUNS["asset"], [{"asset_id": "a:1", "name": "Shop", "fact_id": "f1"}])
    sitting.put(folder, {"asset": asset})
    return folder


def order(folder: Path, laws: list[str], own: list[Path], **bounds: float) -> dict[str, object]:
    memory, seconds = int(bounds.get("memory", MEMORY)), bounds.get("seconds", SECONDS)
    return sitting.order(folder, laws, DAY, own=own, memory_bytes=memory, step_seconds=seconds)


def faults(workers: Workers, jobs: int) -> dict[str, str]:
    found: dict[str, str] = {}
    while len(found) < jobs:
        found |= {ended.job: ended.fault for ended in workers.wait()}
    return found


def verdicts(said: Ruled) -> list[object]:
    return [row["message"] for row in said.findings]


def test_wild_laws_are_stopped_in_time_and_the_others_are_heard(tmp_path: Path) -> None:
    laws = ["first", *(one.name for one in WILD), "last"]
    folder = folder_in(tmp_path, "case")
    with Workers(sitting.TARGET) as workers:
        workers.submit("laws", order(folder, laws, [PACKS / "plain", *WILD]), WIDE)
        assert faults(workers, 1) == {"laws": ""}, "their database stops them, before the bounds of the process do"
    assert sitting.left(folder, laws) == []
    said = {one.law: one for one in sitting.take(folder, laws)}
    assert list(said) == laws
    for name in ("first", "last"):
        assert said[name].error is None
        assert verdicts(said[name]) == ["Not shown: Fine"]
    assert len(WILD) >= 5
    for one in WILD:
        error = said[one.name].error
        assert error is not None, one.name
        assert error.where == f"{one.name}/rules.sql:{_line(one)}"
        assert not said[one.name].findings


def _line(folder: Path) -> int:
    lines = (folder / "rules.sql").read_text().split("\n")
    return lines.index("-- stopped") + 2


@pytest.mark.parametrize(
    ("laws", "limits", "why"),
    [
        (["first", "burns", "last"], Limits(1200 << 20, 2, 60), "it used more processor time than its bound"),
        (["loops", "last"], Limits(1200 << 20, 60, 2), "it took longer than its bound of time"),
    ],
)
def test_the_bounds_of_the_process_stop_what_its_database_does_not(
    tmp_path: Path, laws: list[str], limits: Limits, why: str
) -> None:
    (wild,) = set(laws) - {"first", "last"}
    folder, own = folder_in(tmp_path, "case"), [PACKS / "plain", PACKS / "malicious" / wild]
    heard = []
    with Workers(sitting.TARGET) as workers:
        while left := sitting.left(folder, laws):
            workers.submit("laws", order(folder, left, own, seconds=600.0), limits)
            (fault,) = faults(workers, 1).values()
            sitting.close(folder, left, fault)
            heard.append((left, fault))
    # The bounds are those of a child: only a law that had them to itself is blamed.
    again = [([wild, "last"], why), (["last"], "")]
    assert heard == ([(laws, why), *again] if laws[0] == "first" else again)
    for said in sitting.take(folder, laws):
        if said.law == wild:
            assert said.error is not None
            assert (said.error.why, said.error.where) == (why, wild)
        else:
            assert (said.error, verdicts(said)) == (None, ["Not shown: Fine"])


def test_a_process_without_memory_is_told_of_every_law_that_it_did_not_come_to(tmp_path: Path) -> None:
    laws, folder = ["first", "last"], folder_in(tmp_path, "case")
    with Workers(sitting.TARGET) as workers:
        workers.submit("1", order(folder, laws, [PACKS / "plain"]), Limits(40 << 20, 60, 60))
        (why,) = faults(workers, 1).values()
    assert "memory" in why
    sitting.close(folder, laws, why)
    assert sitting.left(folder, laws) == []
    assert [one.error.why for one in sitting.take(folder, laws) if one.error] == [why, why]


def test_memory_of_the_process_bounds_a_database_that_may_take_more(tmp_path: Path) -> None:
    laws, folder = ["fills_memory", "last"], folder_in(tmp_path, "case")
    own = [PACKS / "plain", PACKS / "malicious" / "fills_memory"]
    with Workers(sitting.TARGET) as workers:
        workers.submit("1", order(folder, laws, own, memory=64 << 30, seconds=60.0), Limits(700 << 20, 60, 60))
        (why,) = faults(workers, 1).values()
    sitting.close(folder, laws, why)
    wild = sitting.take(folder, ["fills_memory"])[0]
    assert wild.error is not None
    assert "emory" in str(wild.error)


def test_what_a_child_leaves_out_is_said_too(tmp_path: Path) -> None:
    folder = folder_in(tmp_path, "case")
    sitting.close(folder, ["first"], "")
    (said,) = sitting.take(folder, ["first"])
    assert said.error is not None
    assert said.error.why == "the process that ran it ended before it was done"


def test_a_finding_comes_back_as_it_was_said(tmp_path: Path) -> None:
    folder = folder_in(tmp_path, "case")
    sitting.work(order(folder, ["first", "last"], [PACKS / "plain"]))
    for said in sitting.take(folder, ["first", "last"]):
        (row,) = said.findings
        assert row.keys() == set(model.NOUNS["finding"].names)
        assert (row["rule_id"], row["subject"], row["facts"]) == (f"PLAIN-{said.law.upper()}", "s", [])
    sitting.close(folder, ["first", "last"], "")
    assert [one.error for one in sitting.take(folder, ["first", "last"])] == [None, None]


def test_the_packs_that_work_do() -> None:
    told = pack.packs([PACKS / "plain"])
    assert {"first", "last"} <= {law.id for law in told.laws}


def test_what_lies_between_is_for_the_owner_alone(tmp_path: Path) -> None:
    folder = folder_in(tmp_path, "case")
    for part in ("tables", "said"):
        assert (folder / part).stat().st_mode & 0o777 == 0o700
