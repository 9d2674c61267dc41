"""The order of derivations: what a register's size must not change."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from flagstate import model
from flagstate.enrich import control
from flagstate.pipeline import order

DAY = date(2026, 11, 22)


def case(strangers: int, *, operated: bool = True) -> dict[str, pa.Table]:
    """A register with a chain of two steps above who runs the one asset, and with many strangers."""
    tables = {noun.name: model.empty(noun) for noun in model.ALL}
    names = ["top", "mid", "low", *(f"reg:{number}" for number in range(strangers))]
    entities = [{"entity_id": name, "kind": "organisation", "organised_in": ["DE"]} for name in names]
    owns = {"kind": "owns", "share_lo_pct": 100.0, "share_hi_pct": 100.0}
    stakes = [{"holder_id": above, "subject_id": below} | owns for above, below in (("top", "mid"), ("mid", "low"))]
    runs = [{"holder_id": "low", "subject_id": "est:a", "kind": "operates"}] if operated else []
    for noun, recorded, declared in ((model.LEGAL_ENTITY, entities, []), (model.INTEREST, stakes, runs)):
        parts = [
            model.stamp(model.rows(noun, rows), noun, stance=stance, evidence_id=stance)
            for rows, stance in ((recorded, "recorded"), (declared, "declared"))
        ]
        tables[noun.name] = pa.concat_tables(parts)
    return tables


def chains(tables: dict[str, pa.Table]) -> set[tuple[str, str, int]]:
    made = dict(order.CONCLUSIONS)["control"](tables, order.Run(None, DAY))["control_chain"]
    return set(zip(*(made[name].to_pylist() for name in ("holder_id", "subject_id", "steps")), strict=True))


@pytest.mark.parametrize("strangers", [10, control.MANY + 1, order.MANY + 1])
def test_a_chain_of_two_steps_is_told_whatever_the_size_of_the_register(strangers: int) -> None:
    assert chains(case(strangers)) == {("mid", "low", 1), ("top", "mid", 1), ("top", "low", 2)}


def test_a_register_given_alone_is_told_by_single_links() -> None:
    assert chains(case(control.MANY + 1, operated=False)) == {("mid", "low", 1), ("top", "mid", 1)}
