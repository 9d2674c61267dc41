"""What other tools are given of a case: OCSF by the schema, SARIF by its own rules, and nothing that acts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flagstate import model
from flagstate.report.exports import ocsf, sarif
from ocsf_schema import faults
from report_case import META
from report_case import case as case_tables
from report_hostile import NAMES


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = case_tables()["finding"].to_pylist()
    return found


def test_every_finding_is_one_event_that_fits_the_schema(rows: list[dict[str, Any]]) -> None:
    events = [json.loads(line) for line in ocsf.text(case_tables(), META).splitlines()]
    assert [e["finding_info"]["uid"] for e in events] == [row["finding_id"] for row in rows]
    for event, row in zip(events, rows, strict=True):
        assert faults(event) == []
        assert (event["class_uid"] == 2004) == (row["verdict"] == "yes")
        if row["verdict"] == "yes":
            assert event["severity_id"] == ["info", "low", "medium", "high", "critical"].index(row["level"]) + 1
        else:
            assert event["compliance"]["status_id"] == {"no": 1, "unknown": 2}[row["verdict"]]
    assert {row["verdict"] for row in rows} == {"yes", "no", "unknown"}


def test_the_judge_of_events_sees_what_is_wrong(rows: list[dict[str, Any]]) -> None:
    good = dict(ocsf.event(rows[0], ocsf.Source("c", 1, "0"), META.made_at))
    assert faults(good) == []
    for wrong in ({"type_uid": 1}, {"time": 5}, {"severity_id": 7}, {"colour": "red"}, {"metadata": {"version": "1"}}):
        assert faults(good | wrong), wrong
    assert faults({k: v for k, v in good.items() if k != "finding_info"})


def test_what_is_explained_is_suppressed_and_never_left_out(rows: list[dict[str, Any]]) -> None:
    adverse = next(row for row in rows if row["verdict"] == "yes")
    for judged, status, alert in (("explained: x", 3, False), ("reopened: x", 1, True), (None, 1, True)):
        made = ocsf.event(adverse | {"judged": judged}, ocsf.Source("c", 1, "0"), META.made_at)
        assert (made["status_id"], made["is_alert"]) == (status, alert)
    table = model.rows(model.FINDING, [adverse | {"judged": "explained: contract"}])
    (result,) = sarif.document({"finding": table}, META)["runs"][0]["results"]
    assert result["suppressions"][0]["justification"] == "explained: contract"


def test_sarif_keeps_its_own_rules(rows: list[dict[str, Any]]) -> None:
    found = json.loads(sarif.text(case_tables(), META))
    assert found["version"] == "2.1.0"
    (run,) = found["runs"]
    assert len(run["results"]) == len(rows)
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert (result["kind"] == "fail") == (result["level"] != "none")


@pytest.mark.parametrize("text", NAMES)
def test_names_from_evidence_cannot_act(rows: list[dict[str, Any]], text: str) -> None:
    row = rows[0] | {"message": text, "subject": text, "counterparty": text, "rule_id": text, "innocent": text}
    table = {"finding": model.rows(model.FINDING, [row])}
    for made in (ocsf.text(table, META), sarif.text(table, META)):
        assert made.isascii()
        assert not any(ord(c) < 32 and c != "\n" for c in made)
    assert ocsf.text(table, META).count("\n") == 1
