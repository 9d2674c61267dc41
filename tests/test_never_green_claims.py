"""Promise 1 for claims: what nobody saw supports no claim and contradicts none, and every face says so."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flagstate.pipeline.audit import Order, Outcome, audit
from pipeline_world import conns, tsv

OURS = (
    "networks: [10.20.0.0/16]\n"
    "entities: {hub: {organised_in: [BE], principal_place: BE}}\n"
    "assets: {wms: {kind: system, place: BE, operated_by: hub}, vault: {kind: key, operated_by: hub}}\n"
    "holdings: [{at: wms, classes: [email], state: stored, subjects: 10, keys: [vault]}]\n"
    "flows: {f: {from: wms, to: partner.example}}\n"
    "policy: {accept_reach: [EU]}\n"
)
TESTS: dict[str, Any] = {
    "place_in": ["BE"],
    "operator_is": "hub",
    "keys_held_by": "hub",
    "access_only_from": ["BE"],
    "no_flow_to": ["country:CN"],
    "class_absent": ["card"],
    "count_at_most": 1000,
    "figure_consistent_with": [5, 15],
}
"""A test of every word, each true of what is only declared."""


def _run(folder: Path, claims: dict[str, Any], **more: str) -> Outcome:
    evidence = folder / "evidence"
    evidence.mkdir(parents=True)
    (evidence / "estate.yaml").write_text(OURS + "claims: " + json.dumps(claims) + "\n")
    for name, text in more.items():
        (evidence / f"{name}.log").write_text(text)
    return audit(
        Order(paths=(evidence,), case=folder / "case", as_of=date(2026, 11, 21), asked=("claims",), without=("laws",))
    )


def _verdicts(outcome: Outcome) -> dict[str, str]:
    rows = outcome.tables["claim_verdict"].to_pylist()
    return {row["claim_id"].removeprefix("est:"): row["claim_verdict"] for row in rows}


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    claims = {
        verb: {
            "says": f"{verb} is so.",
            "by": "the hub",
            "stances": {"union": "deny"},
            "test": {"of": "wms", verb: said},
        }
        for verb, said in TESTS.items()
    }
    claims["undenied"] = {"says": "It stands there.", "by": "the hub", "test": {"of": "wms", "place_in": ["BE"]}}
    return _run(tmp_path_factory.mktemp("claims"), claims | {"untested": {"says": "All is well.", "by": "the hub"}})


def test_a_declaration_supports_none_of_its_own_claims(declared: Outcome) -> None:
    found = _verdicts(declared)
    assert set(found) == {*TESTS, "untested", "undenied"}
    assert set(found.values()) <= {"not_observed", "not_testable"}, found


def test_an_open_claim_says_what_would_decide_it(declared: Outcome) -> None:
    for row in declared.tables["claim_verdict"].to_pylist():
        assert row["missing"], row["claim_id"]
        assert row["message"]
        assert row["french"]
    findings = [row for row in declared.tables["finding"].to_pylist() if row["question"] == "claims"]
    assert {row["verdict"] for row in findings} == {"unknown"}
    assert declared.exit_code == 3


def test_the_report_shows_no_claim_in_green(declared: Outcome) -> None:
    html = (declared.case.path / "report.html").read_text()
    assert "“place_in is so.”" in html
    assert "denied by union" in html
    assert "c-claim-not_observed" in html
    body = html[html.index("<body>") : html.index('<script type="application/json" id="data">')]
    assert "c-claim-supported" not in body
    assert "c-claim-contradicted" not in body


def test_attempts_contradict_no_claim(tmp_path: Path) -> None:
    """A sensor saw the asset fail to reach a far end, time and again: 0 bytes left."""
    ends = {"id.orig_h": "10.20.1.1", "id.resp_h": "36.110.1.10", "id.resp_p": 443, "proto": "tcp", "service": "-"}
    tried = ends | {"orig_bytes": 0, "resp_bytes": 0, "conn_state": "S0", "duration": "-"}
    rows = [row | tried | {"ts": 1_794_787_200 + 60 * n} for n, row in enumerate(conns(50))]
    claims = {
        "quiet": {"says": "Nothing goes there.", "by": "the hub", "test": {"of": "wms", "no_flow_to": ["country:CN"]}},
    }
    outcome = _run(tmp_path, claims, conn=tsv(rows).decode())
    assert sum(row["failed_conns"] or 0 for row in outcome.tables["flow"].to_pylist()) == 50, "they were read"
    found = _verdicts(outcome)
    assert found["quiet"] != "contradicted"
    assert found["quiet"] != "supported", "one border, for an hour, is not everything"


def test_a_denial_and_an_unverified_source_change_no_verdict(declared: Outcome) -> None:
    """Two claims that differ only in what others say of them."""
    rows = {row["claim_id"]: row for row in declared.tables["claim_verdict"].to_pylist()}
    names = ("claim_verdict", "verb", "message", "rows_for", "rows_against", "missing", "confidence")
    plain, denied = ([rows[key][name] for name in names] for key in ("est:undenied", "est:place_in"))
    assert plain == denied
    told = {row["subject"]: row["message"] for row in declared.tables["finding"].to_pylist()}
    assert "Denied by union." in told["est:place_in"]
    assert "Denied" not in told["est:undenied"]
