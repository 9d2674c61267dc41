"""A case written in any released format opens; a step that was interrupted is run again."""

from __future__ import annotations

import json
import os
import shutil
from datetime import date
from pathlib import Path

import pytest

from case_world import made, tables
from flagstate.case import CASE_FORMAT, UPGRADES, Case, Upgrade, layout, verify
from flagstate.case.upgrades import steps
from flagstate.errors import CaseError

FROZEN = Path(__file__).parent / "data"


@pytest.fixture(params=range(1, CASE_FORMAT + 1))
def frozen(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    shutil.copytree(FROZEN / f"case_format_{request.param}", tmp_path / "frozen", symlinks=True)
    return Case.open(tmp_path / "frozen" / "case", keys=tmp_path / "frozen" / "keys")


def test_a_frozen_case_is_read_as_it_was_written(frozen: Case) -> None:
    found = frozen.tables()
    assert found.version == 2
    assert [row["artefact"] for row in found["evidence"].to_pylist()] == ["conn.log", "dns.log"]
    assert found["evidence"].column("overlaps").to_pylist() == [["ev:dns"], None]
    assert found["flow"].column("orig_bytes").to_pylist() == [512, 2_300_000_000]
    assert str(found["flow"].column("first_ts")[0]) == "2026-11-01 00:00:01.000002+00:00"
    assert found["finding"].column("verdict").to_pylist() == ["yes"]
    assert frozen.tables(1)["flow"].num_rows == 1
    reasons = frozen.judgements(date(2026, 11, 21)).column("reason").to_pylist()
    assert reasons == ["the backup of the shop"]
    assert len(frozen.key) == 32
    assert frozen.check() == []


def test_a_frozen_case_is_verified(frozen: Case) -> None:
    checks = verify(frozen, [frozen.path.parent / "evidence"])
    assert {check.state for check in checks} == {"ok"}
    assert [check.name for check in checks if check.kind == "artefact"] == ["conn.log", "dns.log"]


def test_a_frozen_case_is_written_on(frozen: Case) -> None:
    assert frozen.publish(tables(1)) == 3
    assert frozen.format == CASE_FORMAT
    assert frozen.check() == []
    assert frozen.judgements().num_rows == 2
    assert "damage" not in {row["kind"] for row in frozen.ledger()}


def test_there_is_a_step_from_every_released_format() -> None:
    assert [step.found for step in UPGRADES] == list(range(1, CASE_FORMAT))
    assert steps(CASE_FORMAT) == []


@pytest.mark.parametrize("found", [0, -1, None, "1", True, 1.0])
def test_a_format_that_is_none_is_refused(found: object) -> None:
    with pytest.raises(CaseError, match="does not say which format"):
        steps(found)


def test_steps_are_run_in_order_and_again_after_a_failure(tmp_path: Path) -> None:
    case = made(tmp_path)
    document = json.loads((case.path / "case.json").read_text())

    def first(path: Path) -> None:
        (path / "work" / "one").write_text("done")

    def second(path: Path) -> None:
        os.rename(path / "work" / "one", path / "work" / "two")
        os.rename(path / "work" / "needed", path / "work" / "three")

    def repaired(path: Path) -> None:
        assert (path / "work" / "two").exists()

    with pytest.raises(CaseError, match="cannot be brought to the present format"):
        layout.bring_up(case.path, document, newest=3, known=(Upgrade(2, "", second), Upgrade(1, "", first)))
    document = json.loads((case.path / "case.json").read_text())
    assert document["case_format"] == 2
    now = layout.bring_up(case.path, document, newest=3, known=(Upgrade(1, "", first), Upgrade(2, "", repaired)))
    assert now == {**document, "case_format": 3}
    assert json.loads((case.path / "case.json").read_text()) == now
    with pytest.raises(CaseError, match="no step leads from case format 2"):
        steps(1, newest=3, known=(Upgrade(1, "", first),))
