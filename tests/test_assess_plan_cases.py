"""The plan of every worked case that has a policy: in force, no adverse finding of reach or cut-off is left."""

from __future__ import annotations

import pyarrow as pa
import pytest

from flagstate import model
from flagstate.assess.plan import apply, instance_named
from flagstate.pipeline import cases
from flagstate.pipeline.derive import derive
from flagstate.pipeline.plan import plan

WORLDS = [case for case in cases.load() if case.world.get("policy")]


def adverse(tables: dict[str, pa.Table]) -> set[str]:
    rows = tables["finding"].to_pylist()
    return {row["finding_id"] for row in rows if row["question"] in ("reach", "cutoff") and row["verdict"] == "yes"}


@pytest.mark.parametrize("case", WORLDS, ids=lambda case: case.id)
def test_the_plan_in_force_leaves_no_adverse_finding_and_each_measure_is_needed(case: cases.Case) -> None:
    facts = {name: model.empty(noun) for name, noun in model.NOUNS.items()} | cases.facts(case)
    tables = derive(facts, case.as_of)
    rows = [row for row in plan(tables, case.as_of).to_pylist() if row["rank"] == 1]
    if not adverse(tables):
        assert [row["state"] for row in rows] == ["nothing"]
        return
    if rows[0]["state"] == "ban":
        assert all(row["proof"] for row in rows)
        return
    assert {row["state"] for row in rows} == {"optimal"}
    chosen = [instance_named(row["measure_id"], tables, case.as_of) for row in rows]
    assert adverse(derive(apply(facts, chosen), case.as_of)) == set()
    for row, left_out in zip(rows, chosen, strict=True):
        if any(left_out.measure_id in wanted for one in chosen for wanted in one.requires):
            assert "requires" in row["words"]  # without it another measure would not be what it is
            continue
        back = adverse(derive(apply(facts, [one for one in chosen if one is not left_out]), case.as_of))
        assert back
        assert set(row["cures"]) & back
