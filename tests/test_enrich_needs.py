"""Need groups of several sources: numbered alike, and yet no alternatives of each other."""

from __future__ import annotations

import pyarrow as pa

from flagstate import model
from flagstate.enrich.needs import apart


def need(asset: str, group: int, member: str, source: str, stance: str = "configured") -> dict[str, object]:
    return {"asset_id": asset, "need_group": group, "needs_id": member, "evidence_id": source, "stance": stance}


def given(*rows: dict[str, object]) -> dict[str, pa.Table]:
    return {"need": model.stamp(model.rows(model.NEED, rows), model.NEED)}


def groups(made: dict[str, pa.Table]) -> dict[tuple[str, int], set[str]]:
    found: dict[tuple[str, int], set[str]] = {}
    for row in made["need"].to_pylist():
        found.setdefault((row["asset_id"], row["need_group"]), set()).add(row["needs_id"])
    return found


def test_groups_of_two_sources_are_apart() -> None:
    made = apart(given(need("a", 1, "x", "s1"), need("a", 1, "y", "s2"), need("a", 1, "z", "s2")))
    assert groups(made) == {("a", 1): {"x"}, ("a", 2): {"y", "z"}}
    assert len(set(made["need"]["fact_id"].to_pylist())) == 3


def test_the_declaration_keeps_its_numbers() -> None:
    made = apart(
        given(need("a", 1, "x", "aaa"), need("a", 1, "y", "zzz", "declared"), need("a", 3, "w", "zzz", "declared"))
    )
    assert groups(made) == {("a", 1): {"y"}, ("a", 3): {"w"}, ("a", 4): {"x"}}


def test_one_source_is_left_as_it_is() -> None:
    assert apart(given(need("a", 1, "x", "s"), need("a", 2, "y", "s"), need("b", 1, "x", "t"))) == {}
    assert apart({"need": model.empty(model.NEED)}) == {}
