"""One key in two files of an audit is two claims if they say different things, and one if they say the same."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from flagstate import model
from flagstate.enrich.assertions import apart


def rows(**files: list[dict[str, Any]]) -> dict[str, Any]:
    claims = [row | {"evidence_id": file} for file, listed in files.items() for row in listed if "claim_id" in row]
    sources = [row | {"evidence_id": file} for file, listed in files.items() for row in listed if "source_id" in row]
    made = {"claim": model.rows(model.CLAIM, claims), "source": model.rows(model.SOURCE, sources)}
    return {noun: model.stamp(table, model.NOUNS[noun], stance="declared") for noun, table in made.items()}


def claim(says: str, **more: Any) -> dict[str, Any]:
    return {"claim_id": "est:k", "sentence": says} | more


def test_what_differs_is_kept_apart_with_what_refers_to_it() -> None:
    own = {"source_id": "est:s", "source_form": "report"}
    other = {"source_id": "est:s", "source_form": "copy", "derived_from": ["est:k"]}
    made = apart(
        rows(a=[claim("Germany", source_ids=["est:s"]), own], b=[claim("Singapore", source_ids=["est:s"]), other])
    )
    found = {(r["evidence_id"], r["claim_id"]): r for r in made["claim"].to_pylist()}
    assert set(found) == {("a", "est:k"), ("b", "est:k~2")}
    assert found["b", "est:k~2"]["source_ids"] == ["est:s~2"]
    (changed,) = [r for r in made["source"].to_pylist() if r["evidence_id"] == "b"]
    assert (changed["source_id"], changed["derived_from"]) == ("est:s~2", ["est:k~2"])
    (first,) = [r for r in made["source"].to_pylist() if r["evidence_id"] == "a"]
    assert first["source_id"] == "est:s"


def test_the_same_said_twice_stays_one_and_single_files_stay_as_they_are() -> None:
    assert apart(rows(a=[claim("Germany")], b=[claim("Germany")])) == {}
    assert apart(rows(a=[claim("Germany")])) == {}
    assert apart(rows()) == {}


def test_the_order_of_rows_changes_nothing() -> None:
    given = rows(a=[claim("x")], b=[claim("y")], c=[claim("z", test="{}")])
    turned = {noun: table.take(pa.array(range(table.num_rows), pa.int64())[::-1]) for noun, table in given.items()}
    first, second = (
        sorted((r["evidence_id"], r["claim_id"]) for r in apart(t)["claim"].to_pylist()) for t in (given, turned)
    )
    assert first == second == [("a", "est:k"), ("b", "est:k~2"), ("c", "est:k~3")]
