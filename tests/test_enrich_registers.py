"""A whole register beside a small case: what is tied to the case stays, with all above it, and the rest is counted."""

from __future__ import annotations

import pyarrow as pa
import pytest

from flagstate import model
from flagstate.enrich import registers


def case(*, strangers: int = 50, declared: bool = True) -> dict[str, pa.Table]:
    tables = {name: model.empty(model.NOUNS[name]) for name in model.STORED}
    entities = [
        {"entity_id": "lei:A", "lei": "A", "stance": "recorded", "evidence_id": "gleif"},
        {"entity_id": "reg:B", "registration": ["GB-COH:1"], "stance": "recorded", "evidence_id": "bods"},
        {"entity_id": "lei:TOP", "lei": "TOP", "stance": "recorded", "evidence_id": "gleif"},
        *(
            {"entity_id": f"lei:{n}", "lei": f"{n}", "stance": "recorded", "evidence_id": "gleif"}
            for n in range(strangers)
        ),
    ]
    if declared:
        entities += [
            {"entity_id": "est:a", "lei": "a", "stance": "declared", "evidence_id": "estate"},
            {"entity_id": "est:b", "registration": ["gb-coh: 1"], "stance": "declared", "evidence_id": "estate"},
        ]

    def held(holder: str, subject: str) -> dict[str, object]:
        return {
            "holder_id": holder,
            "subject_id": subject,
            "kind": "owns",
            "stance": "recorded",
            "evidence_id": "gleif",
        }

    interests = [held("lei:MID", "lei:A"), held("lei:TOP", "lei:MID"), held("lei:OTHER", "reg:B")]
    interests += [held("lei:A", f"lei:{n}") for n in range(strangers)] + [held("lei:1", "lei:2")]
    interests.append(held("lei:MID", "lei:TOP"))  # a circle ends
    tables["legal_entity"] = model.stamp(model.rows(model.LEGAL_ENTITY, entities), model.LEGAL_ENTITY)
    tables["interest"] = model.stamp(model.rows(model.INTEREST, interests), model.INTEREST)
    return tables


def test_what_is_tied_to_the_case_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registers, "MANY", 10)
    made = registers.tied(case())
    assert set(made["legal_entity"]["entity_id"].to_pylist()) == {"lei:A", "reg:B", "lei:TOP", "est:a", "est:b"}
    links = {(r["holder_id"], r["subject_id"]) for r in made["interest"].to_pylist()}
    assert links == {("lei:MID", "lei:A"), ("lei:TOP", "lei:MID"), ("lei:OTHER", "reg:B"), ("lei:MID", "lei:TOP")}
    assert {row["noun"] for row in made["coverage"].to_pylist()} == {"legal_entity", "interest"}
    assert "50 entities and 51 interests" in made["coverage"]["remark"][0].as_py()


def test_few_rows_and_registers_alone_are_kept_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    assert registers.tied(case()) == {}
    monkeypatch.setattr(registers, "MANY", 10)
    assert registers.tied(case(declared=False)) == {}
