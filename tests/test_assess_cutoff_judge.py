"""The question cutoff: what the policy must survive, what was tested, and what is left unknown with what to collect."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from cutoff_world import DAY, asset, chain, entity, holds, must, need, stands, world
from flagstate import model
from flagstate.assess.cutoff import assess_cutoff, cut
from flagstate.assess.cutoff_judge import FINDINGS

Rows = dict[str, list[dict[str, object]]]


def tables(
    stance: str = "configured", *, covered: bool = False, **more: list[dict[str, object]]
) -> dict[str, pa.Table]:
    """A critical service in Belgium on a region there, with a name server in the US."""
    rows: Rows = {
        "asset": [
            asset("est:wms", critical=True, runs_on="est:bru"),
            asset("est:bru", kind="region"),
            asset("est:dns"),
        ],
        "legal_entity": [entity("est:hub", organised_in=["BE"], name="Hub"), entity("est:inc", organised_in=["US"])],
        "interest": [holds("est:hub", "est:wms"), holds("est:inc", "est:dns", "resolves")],
        "place": [stands("est:bru", "BE"), stands("est:dns", "US")],
        "need": need("est:wms", 1, "est:dns", buffer_h=48),
    }
    if covered:
        rows["coverage"] = [{"noun": "need", "scope": "all", "complete": "yes"}]
    return world(stance, **{name: [*rows.get(name, []), *more.get(name, [])] for name in rows | more})


def found(given: dict[str, pa.Table]) -> list[dict[str, Any]]:
    return list(assess_cutoff(given, DAY)["finding"].to_pylist())


def test_what_must_be_survived_and_is_not() -> None:
    (row,) = found(tables(policy=must("US", "CN")))
    assert (row["verdict"], row["outcome"], row["level"], row["confidence"]) == ("yes", "conflict", "high", "high")
    assert (row["subject"], row["counterparty"], row["question"]) == ("est:wms", "government:US", "cutoff")
    assert row["message"] == (
        "wms stops after 48 h if United States switches its part off: it needs dns and lasts 48 h without; "
        "dns stands in US."
    )
    assert row["innocent"]
    assert len(row["facts"]) == 4


@pytest.mark.parametrize(
    ("value", "cuts"),
    [
        ("US", {"government:US"}),
        ("EU", {"government:BE", "government:EU"}),
        ("entity:est:inc", {"entity:est:inc"}),
        ("any_government", {"government:US", "government:BE"}),
        ("any_party", {"entity:est:hub", "entity:est:inc"}),
        ("CN", set()),
    ],
)
def test_each_way_to_name_what_must_be_survived(value: str, cuts: set[str]) -> None:
    assert {r["counterparty"] for r in found(tables(policy=must(value))) if r["verdict"] == "yes"} == cuts


def test_a_group_acts_at_once_and_takes_alternatives_in_two_of_its_members() -> None:
    rows = {
        "asset": [asset("est:shop", critical=True), asset("est:far"), asset("est:near")],
        "legal_entity": [entity("est:f", organised_in=["FR"]), entity("est:d", organised_in=["DE"])],
        "interest": [holds("est:f", "est:far"), holds("est:d", "est:near")],
        "need": [*need("est:shop", 1, "est:far", "est:near")],
        "control": [
            {"subject_id": one, "control": "failover", "state": "yes", "tested_on": DAY}
            for one in ("est:shop", "est:far", "est:near")
        ],
        "policy": must("EU"),
    }
    given = world(**rows)
    assert {r["counterparty"] for r in found(given) if r["verdict"] == "yes"} == {"government:EU"}
    assert {r["asset_id"] for r in cut(given, "government:EU", DAY)} == {"est:shop", "est:far", "est:near"}
    assert {r["asset_id"] for r in cut(given, "government:FR", DAY)} == {"est:far"}


def test_any_party_is_any_other_than_who_runs_it_for_itself() -> None:
    own = [holds("est:hub", "est:wms", "controller")]
    assert {r["counterparty"] for r in found(tables(policy=must("any_party"), interest=own))} == {"entity:est:inc"}
    named = found(tables(policy=must("any_party", "entity:est:hub"), interest=own))
    assert {r["counterparty"] for r in named} == {"entity:est:inc", "entity:est:hub"}


def test_owners_are_parties() -> None:
    top = [{"entity_id": "est:inc", "parent_id": "ent:group", "kind": "organisation", "verdict": "yes"}]
    given = tables(policy=must("any_party"), ultimate_parent=top, control_chain=[chain("ent:group", "est:inc")])
    assert "entity:ent:group" in {r["counterparty"] for r in found(given)}


def test_every_member_of_a_circle_of_control_is_a_party() -> None:
    """Control over the circle's first member makes another a member; a veto does not."""
    top = [{"entity_id": "est:inc", "parent_id": "ent:ca", "kind": "circle", "verdict": "yes"}]
    links = [
        chain("ent:ca", "est:inc"),
        chain("ent:cb", "est:inc", steps=2, path=["ent:cb", "ent:ca", "est:inc"]),
        chain("ent:cb", "ent:ca"),
        chain("ent:ca", "ent:cb"),
        chain("ent:cc", "est:inc"),
        chain("ent:cc", "ent:ca", path=["ent:cc", "ent:cb", "ent:ca"]),
        chain("ent:bank", "est:inc"),
        chain("ent:bank", "ent:ca", kind="veto"),
    ]
    given = tables(policy=must("any_party"), ultimate_parent=top, control_chain=links)
    parties = {"entity:ent:ca", "entity:ent:cb", "entity:ent:cc", "entity:est:inc", "entity:est:hub"}
    assert {row["counterparty"] for row in found(given)} == parties
    cuts = set(assess_cutoff(given, DAY)["cutoff"]["cut"].to_pylist())
    assert {one for one in cuts if one.startswith("entity:")} == parties


def test_contested_is_yes_with_low_confidence() -> None:
    owner = [entity("est:grey", principal_place="CN")]
    given = tables(policy=must("CN"), legal_entity=owner, control_chain=[chain("est:grey", "est:inc")])
    (row,) = found(given)
    assert (row["verdict"], row["confidence"], row["level"]) == ("yes", "low", "low")
    assert "may stop" in row["message"]


def test_what_is_only_declared_convicts_with_less_confidence() -> None:
    rows = [entity("est:inc", organised_in=["US"], status="to verify")]
    (row,) = found(tables("declared", policy=must("US"), legal_entity=rows))
    assert (row["verdict"], row["rests_on"]) == ("yes", "declared")
    weak = tables(policy=must("US"))
    weak["legal_entity"] = model.stamp(
        model.rows(model.LEGAL_ENTITY, rows), model.LEGAL_ENTITY, stance="recorded", evidence_id="e"
    )
    weak["place"] = weak["place"].slice(0, 1)
    (row,) = found(weak)
    assert row["confidence"] == "medium"


def test_without_policy_nothing_is_unwanted() -> None:
    """Unknown, with what would stop and the line to write."""
    (row,) = found(tables())
    assert (row["verdict"], row["rule_id"]) == ("unknown", "cutoff-policy")
    assert "wms (by Hub at once, BE at once, inc after 48 h, US after 48 h)" in row["message"]
    assert "must_survive" in row["missing"][0]
    values = json.loads(row["values"])
    assert values["would_stop"]["est:wms"]["government:US"] == 48
    assert values["single_points"] == ["est:bru", "est:dns"]


def test_without_critical_assets_nothing_can_be_said() -> None:
    given = tables(policy=must("US"))
    given["asset"] = model.rows(model.ASSET, [{**r, "critical": None} for r in given["asset"].to_pylist()])
    (row,) = found(given)
    assert (row["verdict"], row["rule_id"]) == ("unknown", "cutoff-critical")
    assert "critical: true" in row["missing"][0]


MIRROR: Rows = {"asset": [asset("est:dns2")], "need": need("est:wms", 1, "est:dns2", buffer_h=48)}
SECOND: Rows = {
    "legal_entity": [entity("est:zwei", organised_in=["DE"])],
    "interest": [holds("est:zwei", "est:dns2", "resolves")],
    "place": [stands("est:dns2", "DE")],
}


def trial(subject: str, on: date | None, control: str = "failover", state: str = "yes") -> list[dict[str, object]]:
    return [{"subject_id": subject, "control": control, "state": state, "tested_on": on}]


@pytest.mark.parametrize(
    ("controls", "rule"),
    [
        ([], "cutoff-untested"),
        (trial("est:dns2", date(2026, 1, 1)), "cutoff-rest"),
        (trial("est:wms", date(2026, 1, 1), "exit_plan"), "cutoff-rest"),
        (trial("est:dns", date(2026, 1, 1)), "cutoff-untested"),
        (trial("est:dns2", date(2024, 11, 1)), "cutoff-untested"),
        (trial("est:dns2", date(2027, 1, 1)), "cutoff-untested"),
        (trial("est:dns2", None), "cutoff-untested"),
        (trial("est:dns2", date(2026, 1, 1), state="no"), "cutoff-untested"),
        (trial("est:dns2", date(2026, 1, 1), "mfa"), "cutoff-untested"),
    ],
)
def test_an_alternative_counts_once_it_was_tested(controls: list[dict[str, object]], rule: str) -> None:
    """Within 24 months before the day, on the alternative or on the service."""
    given = tables(policy=must("US"), control=controls, covered=True, **MIRROR, **SECOND)
    rows = {r["rule_id"]: r for r in found(given)}
    if rule == "cutoff-rest":
        assert [(r["rule_id"], r["verdict"]) for r in rows.values()] == [("cutoff-rest", "no")]
    else:
        assert {r["verdict"] for r in rows.values()} == {"unknown"}
        assert "works with dns2 alone" in rows[rule]["missing"][0]
        assert "dns2 was never tested in its place" in rows[rule]["message"]


def test_two_mirrors_with_one_party_behind_both() -> None:
    """A second name server of the same company is no alternative."""
    same = {"interest": [holds("est:inc", "est:dns2", "resolves")]}
    given = tables(policy=must("US"), control=trial("est:dns2", DAY), **MIRROR, **same)
    (row,) = [r for r in found(given) if r["verdict"] == "yes"]
    assert "it needs dns or dns2 and lasts 48 h without, and both stop" in row["message"]


@pytest.mark.parametrize(
    ("outage_h", "verdict", "asks"),
    [(None, "unknown", "may stand still"), (4.0, "unknown", "within 4 h"), (0.0, "yes", None)],
)
def test_a_tested_way_out_leaves_open_how_long(outage_h: float | None, verdict: str, asks: str | None) -> None:
    """The service stops and comes back: whether in time is in no table, unless no standstill is tolerated at all."""
    given = tables(policy=must("US", outage_h=outage_h), control=trial("est:wms", date(2026, 6, 1), "exit_plan"))
    row = found(given)[0]
    assert row["verdict"] == verdict
    assert asks is None or asks in row["missing"][0]


def test_a_tested_failover_is_no_way_out() -> None:
    """It says that an alternative works; where none is left, the service stops for good."""
    given = tables(policy=must("US", outage_h=4.0), control=trial("est:wms", date(2026, 6, 1)))
    assert found(given)[0]["verdict"] == "yes"


def test_a_tolerated_outage_without_a_way_out_helps_nothing() -> None:
    assert found(tables(policy=must("US", outage_h=10_000)))[0]["verdict"] == "yes"


def test_no_needs_coverage_evidence_places_and_homes() -> None:
    """Each of them missing makes it unknown, and is named."""
    good = tables(policy=must("CN"), covered=True)
    (row,) = found(good)
    assert (row["verdict"], row["missing"], row["rests_on"]) == ("no", [], "configured")
    declared = tables("declared", policy=must("CN"), covered=True)
    for given, asks in (
        (tables(policy=must("CN")), "coverage"),
        (declared, "beside the declaration"),
        (good | {"place": good["place"].slice(1)}, "Where bru stands"),
        (good | {"legal_entity": good["legal_entity"].slice(1)}, "Where hub is organised"),
        (good | {"need": good["need"].slice(1), "interest": good["interest"].slice(2),
                 "asset": model.stamp(model.rows(model.ASSET, [asset("est:bare", critical=True)]), model.ASSET,
                                      stance="observed", evidence_id="e")}, "What bare needs"),
    ):  # fmt: skip
        (row,) = found(given)
        assert row["verdict"] == "unknown", asks
        assert any(asks in said for said in row["missing"]), (asks, row["missing"])


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ([("all", "yes")], "no"),
        ([("est:wms", "yes")], "no"),
        ([("est:dns", "yes")], "unknown"),
        ([("all", "unknown")], "unknown"),
        ([("all", "no"), ("est:wms", "yes")], "unknown"),
    ],
)
def test_coverage_is_of_all_or_of_each_critical_service(rows: list[tuple[str, str]], verdict: str) -> None:
    given = tables(policy=must("CN"))
    listed = [{"noun": "need", "scope": scope, "complete": complete} for scope, complete in rows]
    given["coverage"] = model.rows(model.COVERAGE, listed)
    assert [r["verdict"] for r in found(given)] == [verdict]


def test_many_findings_are_bounded_and_counted() -> None:
    names = [f"a{n:03}" for n in range(FINDINGS + 7)]
    given = world(
        asset=[asset(name, critical=True) for name in names],
        legal_entity=[entity("p", organised_in=["US"])],
        interest=[holds("p", name) for name in names],
        policy=must("US"),
    )
    rows = found(given)
    assert len(rows) == FINDINGS + 1
    assert (rows[-1]["rule_id"], rows[-1]["verdict"]) == ("cutoff-more", "yes")
    assert rows[-1]["message"].startswith("There are 7 more pairs")
