"""Coverage: what was not seen is said for each noun, and a declaration is not a sight."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from flagstate import model
from flagstate.pipeline.cover import cover

AS_OF = date(2026, 11, 21)
WORDS = {
    "flow": "Traffic:",
    "holding": "Stores:",
    "asset": "Infrastructure:",
    "network": "Networks:",
    "policy": "Policy:",
    "place": "Places:",
}
SEEN: dict[str, dict[str, Any]] = {
    "flow": {"stance": "observed"},
    "holding": {"stance": "observed"},
    "asset": {"stance": "configured"},
    "network": {"stance": "declared", "cidr": "10.0.0.0/8"},
    "policy": {"stance": "declared"},
}


def covered(evidence: list[dict[str, Any]] | None = None, **rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    tables = {noun: model.rows(model.NOUNS[noun], listed) for noun, listed in rows.items()}
    listed: list[dict[str, Any]] = cover(tables, model.rows(model.EVIDENCE, evidence or []), as_of=AS_OF).to_pylist()
    return listed


def test_each_remark_says_which_noun_it_is_about() -> None:
    rows = covered() + covered(**{noun: [row] for noun, row in SEEN.items()})
    for row in rows:
        assert row["remark"].startswith(WORDS[row["noun"]]), row["remark"]
        assert row["remark"].endswith(".")
        assert row["complete"] in ("no", "unknown"), "nothing here may say that all was seen"
        assert row["todo"]
    assert {row["noun"] for row in covered()} == set(WORDS)


@pytest.mark.parametrize("noun", ["flow", "holding", "asset"])
def test_what_was_only_declared_was_not_seen(noun: str) -> None:
    (row,) = [row for row in covered(**{noun: [{"stance": "declared"}]}) if row["noun"] == noun]
    assert row["complete"] == "no"
    seen = [row for row in covered(**{noun: [SEEN[noun]]}) if row["noun"] == noun]
    assert all(row["complete"] == "unknown" for row in seen)


def test_the_window_is_that_of_the_traffic() -> None:
    first, last = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 7, 3, tzinfo=UTC)
    flow = [{"stance": "observed", "first_ts": first, "last_ts": last}, {"stance": "declared"}]
    old = [{"evidence_id": "x", "state": "read", "first_ts": datetime(2001, 1, 1, tzinfo=UTC)}]
    (row,) = [row for row in covered(old, flow=flow) if row["noun"] == "flow"]
    assert (row["from_ts"], row["to_ts"]) == (first, last)


def test_what_could_not_be_read_is_a_row_that_says_why() -> None:
    states = ["read", "partly_read", "not_recognised", "refused", "failed", "duplicate", "recorded", "set"]
    evidence = [{"evidence_id": s, "artefact": f"{s}.x", "state": s, "reason": "so", "todo": "do"} for s in states]
    evidence.append({"evidence_id": "e", "artefact": "e.x", "state": "not_recognised", "kind": "empty"})
    rows = {row["evidence_id"]: row for row in covered(evidence) if row["noun"] == "evidence"}
    assert set(rows) == {"partly_read", "not_recognised", "refused", "failed"}
    assert rows["partly_read"]["remark"] == "partly_read.x: partly read; so."
    assert all(row["complete"] == "no" for row in rows.values())


@pytest.mark.parametrize(("day", "words"), [(date(2026, 11, 21), "days old"), (date(2036, 1, 1), "days old")])
def test_the_age_of_the_network_tables_is_one_line(day: date, words: str) -> None:
    rows = cover({}, model.empty(model.EVIDENCE), as_of=day).to_pylist()
    (row,) = [row for row in rows if row["noun"] == "place"]
    assert words in row["remark"]
    assert row["complete"] == "unknown"
