"""Cut-off: what stops, when and why, for governments, parties and assets; with every kind of reason by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cutoff_world import DAY, asset, chain, entity, holds, must, need, rows_of, stands, times, world
from flagstate import model
from flagstate.assess.cutoff import ROWS, assess_cutoff, stops
from flagstate.catalog.interest_kinds import interest_kinds

ONCE = (0.0, "yes", False)
DISPUTED = (0.0, "yes", True)
UNKNOWN = (0.0, "unknown", True)


def shop(**more: list[dict[str, object]]) -> dict[str, Any]:
    """A shop on a warehouse system on a region that a German company operates."""
    rows: dict[str, list[dict[str, object]]] = {
        "asset": [
            asset("est:fra", kind="region"),
            asset("est:wms", runs_on="est:fra", critical=True),
            asset("est:shop", critical=True),
        ],
        "legal_entity": [entity("est:gmbh", organised_in=["DE"])],
        "interest": [holds("est:gmbh", "est:fra")],
        "need": need("est:shop", 1, "est:wms", buffer_h=24),
    }
    return world(**{name: [*rows.get(name, []), *more.get(name, [])] for name in rows | more})


def test_a_government_stops_what_a_firm_at_home_operates() -> None:
    listed = rows_of(shop(), "government:DE")
    assert [(r["asset_id"], r["at_h"]) for r in listed] == [("est:fra", 0), ("est:wms", 0), ("est:shop", 24)]
    said = {str(r["asset_id"]): r["proof"] for r in listed}
    assert said["est:wms"] == "wms stops at once: it runs on fra, which gmbh operates; gmbh is organised in DE."
    assert said["est:shop"] == (
        "shop stops after 24 h: it needs wms and lasts 24 h without; wms runs on fra, which gmbh operates; "
        "gmbh is organised in DE."
    )
    assert times(shop(), "government:CN") == {}


@pytest.mark.parametrize("kind", sorted(interest_kinds()))
def test_only_kinds_that_stop_stop(kind: str) -> None:
    """An administrator, an owner or a holder of keys stops nothing by being switched off; an operator does."""
    tables = world(
        asset=[asset("a")], legal_entity=[entity("p", organised_in=["US"])], interest=[holds("p", "a", kind)]
    )
    stopped = {"a": ONCE} if interest_kinds()[kind].stops else {}
    assert times(tables, "government:US") == stopped
    assert times(tables, "entity:p") == stopped


def test_what_stands_in_a_country_stops_with_it() -> None:
    tables = shop(
        place=[stands("est:fra", "FR"), stands("est:wms", "AT", source_kind="prefix_registrant"),
               stands("est:wms", "ES", confidence="disputed", source_kind="host")]
    )  # fmt: skip
    assert times(tables, "government:FR")["est:shop"] == (24.0, "yes", False)
    assert times(tables, "government:AT") == {}, "the registrant of a prefix says nothing of the host"
    assert times(tables, "government:ES") == {"est:wms": DISPUTED, "est:shop": (24.0, "yes", True)}


ADDRESS = {"addr": "192.0.2.9", "host_country": "US", "confidence": "likely", "registrant_country": "BR"}


@pytest.mark.parametrize(
    ("endpoint", "stopping"),
    [
        (ADDRESS, {"US": False}),
        (ADDRESS | {"provider_country": "SE"}, {"SE": False}),
        (ADDRESS | {"confidence": "disputed", "host_country_second": "IN"}, {"US": True, "IN": True}),
        (ADDRESS | {"anycast": True}, {}),
        (ADDRESS | {"special": "private"}, {}),
        (ADDRESS | {"confidence": "none"}, {}),
    ],
)
def test_an_asset_stands_where_its_address_stands(endpoint: dict[str, object], stopping: dict[str, bool]) -> None:
    tables = world(asset=[asset("a", addr="192.0.2.9")], endpoint=[endpoint])
    found = {code: times(tables, f"government:{code}").get("a") for code in ("US", "SE", "IN", "BR")}
    assert {code: hit[2] for code, hit in found.items() if hit} == stopping


def test_staff_in_a_country_stop_with_it_only_where_they_operate() -> None:
    staff = entity("staff", kind="group", located_in=["IN"])
    rows = {"asset": [asset("a"), asset("b")], "legal_entity": [staff, entity("firm", organised_in=["DE"])]}
    jobs = [holds("staff", "a"), holds("staff", "b", "administers"), holds("firm", "staff", "employs")]
    tables = world(**rows, interest=jobs)
    assert times(tables, "government:IN") == {"a": ONCE}
    assert times(tables, "government:DE") == {"a": ONCE}, "the employer's staff stop with it"
    rows["legal_entity"][0] = staff | {"located_in": ["DE", "IN"]}
    mixed = world(**rows, interest=[holds("staff", "a")])
    assert times(mixed, "government:IN") == {"a": DISPUTED}, "a part of them works elsewhere"


def test_an_office_abroad_is_not_the_firm() -> None:
    """A government reaches what stands at an office, not the whole firm."""
    tables = shop(legal_entity=[entity("est:gmbh", located_in=["CN"])])
    assert times(tables, "government:CN") == {}


def test_control_from_a_country_is_contested() -> None:
    owner = entity("est:grey", organised_in=["KY"], principal_place="CN", name="Grey Heron")
    tables = shop(legal_entity=[owner], control_chain=[chain("est:grey", "est:gmbh")])
    assert times(tables, "government:CN") == {"est:fra": DISPUTED, "est:wms": DISPUTED, "est:shop": (24.0, "yes", True)}
    assert times(tables, "entity:est:grey")["est:wms"] == ONCE
    proof = rows_of(tables, "entity:est:grey")[1]["proof"]
    assert proof == (
        "wms stops at once: it runs on fra, which gmbh operates; "
        "Grey Heron owns 60 % → est:gmbh; Grey Heron is switched off."
    )
    for how, wanted in (
        ({"contested": True}, DISPUTED),
        ({"kind": "veto"}, DISPUTED),
        ({"verdict": "unknown"}, UNKNOWN),
    ):
        tables = shop(legal_entity=[owner], control_chain=[chain("est:grey", "est:gmbh", **how)])
        assert times(tables, "entity:est:grey")["est:wms"] == wanted
        assert times(tables, "government:CN")["est:wms"] == (UNKNOWN if wanted == UNKNOWN else DISPUTED)


def test_a_cut_at_home_is_firm_even_if_the_owner_is_there_too() -> None:
    owner = entity("est:grey", organised_in=["DE"])
    tables = shop(legal_entity=[owner], control_chain=[chain("est:grey", "est:gmbh")])
    assert times(tables, "government:DE")["est:wms"] == ONCE


def test_all_groups_and_any_member() -> None:
    rows = {"asset": [asset(name) for name in ("s", "a", "b", "c")]}
    needs = [*need("s", 1, "a", "b"), *need("s", 2, "c")]
    tables = world(**rows, need=needs)
    assert "s" not in times(tables, "asset:a")
    assert times(tables, "asset:c")["s"] == ONCE
    both = world(
        **rows, need=needs, legal_entity=[entity("p", organised_in=["US"])], interest=[holds("p", "a"), holds("p", "b")]
    )
    assert times(both, "entity:p")["s"] == ONCE
    (row,) = [r for r in rows_of(both, "government:US") if r["asset_id"] == "s"]
    assert row["proof"] == (
        "s stops at once: it needs a or b, and both stop; p operates a; p is organised in US; p operates b."
    )
    assert row["cause"] == "a+b"


def test_an_entity_may_be_what_is_needed() -> None:
    tables = world(
        asset=[asset("a")], legal_entity=[entity("p", organised_in=["US"])], need=need("a", 1, "p", buffer_h=8)
    )
    assert times(tables, "government:US") == {"a": (8.0, "yes", False)}


def test_buffers_add_along_the_chain_and_the_first_failure_counts() -> None:
    tables = world(
        asset=[asset(name) for name in "abcd"],
        need=[*need("b", 1, "a", buffer_h=24), *need("c", 1, "b", buffer_h=72), *need("c", 2, "a", buffer_h=100),
              *need("d", 1, "a", "b", buffer_h=1)],
    )  # fmt: skip
    assert {k: v[0] for k, v in times(tables, "asset:a").items()} == {"a": 0, "b": 24, "c": 96, "d": 25}


def test_of_two_buffers_the_longer_one_is_firm() -> None:
    tables = world(
        asset=[asset("a"), asset("b")], need=[*need("b", 1, "a", buffer_h=4), *need("b", 1, "a", buffer_h=24)]
    )
    assert times(tables, "asset:a")["b"] == (24.0, "yes", False)


def test_circles_end() -> None:
    """Two that need each other go on while nothing outside fails, and both stop when one does."""
    tables = world(
        asset=[asset(name) for name in "abc"], need=[*need("a", 1, "b"), *need("b", 1, "a"), *need("b", 2, "c")]
    )
    assert times(tables, "asset:c") == {"a": ONCE, "b": ONCE, "c": ONCE}
    assert times(tables, "government:DE") == {}
    alone = world(asset=[asset("a", runs_on="b"), asset("b", runs_on="a")], need=need("a", 1, "a"))
    assert times(alone, "entity:nobody") == {}


def test_the_day_counts() -> None:
    ended = {"valid_to": datetime(2026, 11, 22, tzinfo=UTC)}
    begun = {"valid_from": datetime(2026, 11, 22, tzinfo=UTC)}
    rows = {"asset": [asset("a"), asset("b")], "legal_entity": [entity("p", organised_in=["US"])]}
    tables = world(**rows, interest=[holds("p", "a", **ended), holds("p", "b", **begun)])
    assert times(tables, "government:US") == {"b": ONCE}


def test_ids_of_one_entity_count_as_one() -> None:
    same = [{"entity_id": "reg:1", "same_as": "est:gmbh", "by": "lei", "verdict": "yes"},
            {"entity_id": "reg:2", "same_as": "est:gmbh", "by": "name", "verdict": "unknown"}]  # fmt: skip
    rows = {"legal_entity": [entity("reg:1", principal_place="FR"), entity("reg:2", principal_place="IT")]}
    tables = shop(**rows, identity=same)
    assert times(tables, "entity:reg:1") == times(tables, "entity:est:gmbh")
    assert times(tables, "government:FR")["est:wms"] == ONCE
    assert times(tables, "government:IT") == {}, "a name merges nothing"


def test_contradicted_facts_convict_nobody() -> None:
    """One source says DE, another FR: neither government's cut is more than unknown; other columns are not touched."""
    tables = shop(legal_entity=[entity("est:gmbh", principal_place="FR", lei="x")])
    facts = [str(r["fact_id"]) for r in tables["legal_entity"].to_pylist()]
    for column, wanted in (("organised_in", UNKNOWN), ("lei", ONCE), (None, UNKNOWN)):
        said = [{"about_id": "est:gmbh", "noun": "legal_entity", "column": column, "facts": facts}]
        tables["contradiction"] = model.rows(model.CONTRADICTION, said)
        assert times(tables, "government:DE")["est:wms"] == wanted
    policy = shop(policy=must("DE"))
    policy["contradiction"] = tables["contradiction"]
    verdicts = {r["verdict"] for r in assess_cutoff(policy, DAY)["finding"].to_pylist()}
    assert verdicts == {"unknown"}


def test_a_contradicted_alternative_saves_nobody_for_sure() -> None:
    rows = {"asset": [asset("s", critical=True), asset("a"), asset("b")], "place": [stands("a", "US")]}
    tables = world(**rows, need=need("s", 1, "a", "b"))
    fact = next(str(r["fact_id"]) for r in tables["need"].to_pylist() if r["needs_id"] == "b")
    tables["contradiction"] = model.rows(model.CONTRADICTION, [{"about_id": "s", "noun": "need", "facts": [fact]}])
    assert times(tables, "government:US")["s"] == UNKNOWN


def test_facts_are_complete() -> None:
    """Without any one fact of a proof that is not an alternative, the asset no longer stops so early."""
    tables = shop()
    (row,) = [r for r in rows_of(tables, "government:DE") if r["asset_id"] == "est:shop"]
    listed = row["facts"]
    assert isinstance(listed, list)
    wanted = {"legal_entity": 1, "interest": 1, "need": 1, "asset": 2}
    assert {noun: len(set(tables[noun]["fact_id"].to_pylist()) & set(listed)) for noun in wanted} == wanted
    for noun in ("legal_entity", "interest", "need"):
        left = tables | {noun: tables[noun].slice(0, 0)}
        assert "est:shop" not in times(left, "government:DE")


def test_stops_are_what_a_plan_must_cure() -> None:
    tables = shop(policy=must("DE"))
    found = {one.asset_id: one for one in stops(tables, None, DAY)}
    assert found.keys() == {"est:wms", "est:shop"}
    assert found["est:shop"].guards == {"alternative:est:shop:1", "control:est:shop:exit_plan"}
    proofs: dict[str, Any] = {str(r["asset_id"]): r["facts"] for r in rows_of(tables, "government:DE")}
    for one, stop in found.items():
        assert stop.facts == set(proofs[one]), one
        assert (stop.verdict, stop.contested) == ("yes", False)
    assert stops(shop(), None, DAY) == []
    assert [one.cut for one in stops(shop(), ["entity:est:gmbh"], DAY)] == ["entity:est:gmbh"] * 2


def test_single_points_are_cut_by_themselves() -> None:
    """The DNS host that both mirrors share is found; a mirror by itself is none."""
    mirrors = [asset("site", critical=True), asset("m1"), asset("m2"), asset("dns"), asset("other")]
    tables = world(asset=mirrors, need=[*need("site", 1, "m1", "m2"), *need("m1", 1, "dns"), *need("m2", 1, "dns")])
    cuts = set(assess_cutoff(tables, DAY)["cutoff"]["cut"].to_pylist())
    assert cuts == {"asset:dns"}


def test_rows_of_a_large_estate_are_bounded_and_say_so() -> None:
    names = [f"a{n:04}" for n in range(ROWS + 50)]
    assets = [asset(name, critical=name in (names[-1], names[-2])) for name in names]
    tables = world(asset=assets, legal_entity=[entity("p")], interest=[holds("p", name) for name in names])
    rows = assess_cutoff(tables, DAY)["cutoff"].to_pylist()
    assert len(rows) == ROWS
    assert {r["stopping"] for r in rows} == {ROWS + 50}
    assert sum(r["critical"] for r in rows) == 2
    assert len(rows_of(tables, "entity:p")) == ROWS + 50, "one cut by itself is whole"


def test_hostile_names_are_inert() -> None:
    evil = "w\x1b[31mms\n<script>\u202egnp"
    tables = world(asset=[asset("a", name=evil)], legal_entity=[entity("p", name=evil)], interest=[holds("p", "a")])
    tables["control_chain"] = model.rows(model.CONTROL_CHAIN, [chain("q", "p", proof=f"owns 60 % → {evil}")])
    for what in ("entity:p", "entity:q"):
        proof = str(rows_of(tables, what)[0]["proof"])
        assert "ms" in proof
        assert not set("\x1b\n\u202e") & set(proof)


def test_bad_rows_stop_nobody_from_answering() -> None:
    """Nulls, a hold on itself, negative and endless buffers, unknown ids, an asset below itself."""
    nan, inf = float("nan"), float("inf")
    odd: dict[str, list[dict[str, object]]] = {
        "asset": [asset("a", runs_on="a", critical=True), {"asset_id": None}, asset("b")],
        "legal_entity": [{"entity_id": "p"}, {"entity_id": None, "organised_in": ["DE"]}],
        "interest": [
            holds("p", "p"),
            {"holder_id": None, "subject_id": "a", "kind": "operates"},
            {"holder_id": "p", "subject_id": None, "kind": "operates"},
            holds("p", "b"),
            holds("p", "b", "no kind"),
        ],
        "need": [
            *need("a", 1, "b", buffer_h=-4),
            *need("a", 2, "b", buffer_h=nan),
            *need("a", 3, "b", buffer_h=inf),
            {"asset_id": "a", "need_group": None, "needs_id": "b"},
            {"asset_id": None, "need_group": 1, "needs_id": "b"},
        ],
        "place": [
            {"subject_id": "a", "source_kind": "declared"},
            {"subject_id": None, "country": "DE", "source_kind": "host"},
        ],
        "control": [{"subject_id": "a", "control": "failover", "state": "yes"}],
        "policy": [
            {"policy": "must_survive"},
            {"policy": "tolerate:outage_h", "value": "soon"},
            *must("any_party", "nowhere"),
        ],
    }
    tables = world(**odd)
    assert times(tables, "entity:p") == {"a": ONCE, "b": ONCE}
    made = assess_cutoff(tables, DAY)["finding"].to_pylist()
    assert {r["rule_id"] for r in made} == {"cutoff", "cutoff-policy"}
    assert "nowhere" in next(r["message"] for r in made if r["rule_id"] == "cutoff-policy")
    assert assess_cutoff({}, DAY)["finding"].num_rows == 1
