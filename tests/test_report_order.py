"""What the report puts first, and what it leaves out: own networks, declared classes, names of networks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from flagstate import model
from flagstate.assess.finding import finding
from flagstate.report.answers import answers
from flagstate.report.destinations import destinations
from flagstate.report.pages import flows, holdings, reach
from flagstate.report.view import View
from report_case import META, case


def facts(noun: str, rows: list[Any], stance: str = "observed") -> pa.Table:
    """Return the table of a noun."""
    made = model.rows(model.NOUNS[noun], rows)
    return model.stamp(made, model.NOUNS[noun], stance=stance) if "fact_id" in made.column_names else made


def test_what_callers_sent_to_us_is_not_sent_by_us() -> None:
    flow = facts(
        "flow",
        [
            {"orig_h": "52.81.0.1", "resp_h": "8.209.64.10", "conns": 1, "orig_bytes": 1000},
            {"orig_h": "8.209.64.10", "resp_h": "52.81.0.1", "conns": 1, "orig_bytes": 7},
        ],
    )
    found = destinations({"flow": flow, "network": facts("network", [{"cidr": "8.209.64.0/24"}], "declared")})
    assert (found.total, found.inside, found.sums["sent"]) == (1, 1, 7)
    assert destinations({"flow": flow}).sums["sent"] == 1007, (
        "without declared networks nobody knows whose end is whose"
    )


def test_the_name_of_a_network_is_not_its_operator() -> None:
    tables = case() | {
        "flow": facts("flow", [{"resp_h": "36.110.1.10", "conns": 1, "orig_bytes": 1}]),
        "endpoint": facts("endpoint", [{"addr": "36.110.1.10", "asn": 4847, "as_name": "Some Exchange (US)"}]),
    }
    (row,) = flows.build(View(tables, META))["table"].rows
    assert row[1] == ("–", "AS4847 Some Exchange (US)")


def test_what_is_declared_is_not_shown_as_found() -> None:
    listed = [{"asset_id": "a", "container": "t", "data_class": name, "records": 3} for name in ("email", "iban")]
    table = pa.concat_tables([facts("holding", listed[:1]), facts("holding", listed, "declared")])
    (row,) = holdings.build(View(case() | {"holding": table}, META))["heat"]["rows"]
    (cell,) = row["cells"]
    assert (row["name"], cell["classes"], cell["records"]) == ("t", ["email"], 3)


def test_among_equals_the_largest_comes_first_and_what_explains_the_question_leads() -> None:
    sizes = (5, 4_000_000_000, 70_000)
    rows = [
        finding("flows", "flow-undeclared", str(n), "yes", str(n), outcome="assess", values={"sent_bytes": n})
        for n in sizes
    ]
    rows += [
        finding("reach", rule, rule, "unknown", rule, values={"orig_bytes": n})
        for rule, n in (("reach-anycast", 0), ("reach-operator", 9), ("reach-policy", 1))
    ]
    by_question = {a.question: a for a in answers({"finding": model.rows(model.FINDING, rows)}, META)}
    assert [f["message"] for f in by_question["flows"].findings] == ["4000000000", "70000", "5"]
    assert by_question["reach"].why == "reach-policy"


@pytest.mark.parametrize("said", [True, False])
def test_governments_that_the_policy_does_not_accept_come_first(said: bool) -> None:
    reached = [
        {"government": code, "subject_id": f"s{code}", "level": level, "proof": f"{code} can reach it"}
        for code, level in (("DE", "direct_law"), ("SG", "direct_place"), ("CN", "via_parent"), ("KY", "via_parent"))
    ]
    found = [
        finding("reach", "reach", "sCN", "yes", "CN", counterparty="CN", outcome="conflict"),
        finding("reach", "reach-attempts", "attempts", "unknown", "KY", values={"governments": ["KY"]}),
    ]
    policy = [{"policy": "accept_reach" if said else "min_seal:sov_3", "value": "DE"}]
    tables = case() | {
        "reach": facts("reach", reached),
        "finding": model.rows(model.FINDING, found if said else []),
        "policy": facts("policy", policy, "declared"),
    }
    made = reach.build(View(tables, replace(META, language="en")))["governments"]
    if said:
        expected = [("CN", "adverse"), ("KY", "open"), ("DE", "accepted"), ("SG", "accepted")]
    else:
        expected = [("DE", "none"), ("SG", "none"), ("CN", "none"), ("KY", "none")]
    assert [(g["code"], g["stand"]) for g in made] == expected
