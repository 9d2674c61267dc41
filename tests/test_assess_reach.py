"""Reach: even-handed, monotone, never green on nothing, with a proof that names its law and its links."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate import model
from flagstate.assess.compelled import compelled
from flagstate.assess.reach import assess_reach
from flagstate.assess.subject import Tally
from flagstate.catalog.compulsion import Law, choose, law_book

DAY = date(2026, 11, 21)
COUNTRIES = ("CN", "US", "DE", "KY")
ENTITIES = tuple(f"ent:{name}" for name in "abcde")
ASSETS = ("store:one", "store:two")


def world(**given_rows: list[dict[str, object]]) -> dict[str, pa.Table]:
    """Make tables of a case; nouns that are left out are empty."""
    tables = {name: model.empty(noun) for name, noun in model.NOUNS.items()}
    for name, rows in given_rows.items():
        noun = model.NOUNS[name]
        table = model.rows(noun, rows)
        tables[name] = model.stamp(table, noun, stance="recorded", evidence_id="e") if noun.group == "fact" else table
    return tables


def entity(entity_id: str, **facts: object) -> dict[str, object]:
    return {"entity_id": entity_id, "kind": "organisation", "name": entity_id, "status": "sourced"} | facts


def interest(holder: str, subject: str, kind: str, **more: object) -> dict[str, object]:
    return {"holder_id": holder, "subject_id": subject, "kind": kind, "contested": False, "status": "sourced"} | more


def asset(asset_id: str, **more: object) -> dict[str, object]:
    return {"asset_id": asset_id, "kind": "store", "name": asset_id} | more


def ways(tables: dict[str, pa.Table], laws: tuple[Law, ...] | None = None) -> set[tuple[str, str, str, bool, str]]:
    found = assess_reach(tables, DAY, laws=laws)["reach"].to_pylist()
    return {
        (r["government"], r["subject_id"], r["level"], r["contested"], r["status"])
        for r in found
        if r["government"] and r["level"] != "covert_only"
    }


def firm(tables: dict[str, pa.Table], day: date = DAY) -> list[dict[str, object]]:
    """Return rows of reach without covert collection, which needs no party and reaches everything."""
    return [row for row in assess_reach(tables, day)["reach"].to_pylist() if row["level"] != "covert_only"]


ALIBABA = {
    "legal_entity": [
        entity("ent:group", name="Group Limited", organised_in=["KY"], principal_place="CN"),
        entity("ent:cloud", name="Cloud"),
    ],
    "interest": [interest("ent:group", "ent:cloud", "owns"), interest("ent:cloud", "net:AS45102", "operates")],
    "endpoint": [
        {
            "addr": "8.209.64.10",
            "host_country": "DE",
            "host_country_second": "SG",
            "confidence": "likely",
            "anycast": False,
            "asn": 45102,
            "operator_id": "ent:cloud",
            "operator_by": "asn",
        }
    ],
    "flow": [
        {
            "orig_h": "10.0.0.1",
            "resp_h": "8.209.64.10",
            "conns": 3,
            "failed_conns": 0,
            "orig_bytes": 2_300_000_000,
            "unsized_conns": 0,
            "stance": "observed",
        }
    ],
}


def test_the_proof_is_a_sentence_from_law_to_host() -> None:
    rows = {(r["government"], r["level"]): r for r in firm(world(**ALIBABA))}
    assert set(rows) == {("DE", "direct_place"), ("CN", "via_parent"), ("KY", "via_parent")}
    proof = rows["CN", "via_parent"]["proof"]
    assert proof.startswith("China can reach host 8.209.64.10: National Intelligence Law, art. 7")
    assert "(sourced, contested) → Group Limited (principal place CN, sourced) → owns → Cloud (sourced)" in proof
    assert " → operates the network AS45102 in which the host stands; " in proof
    assert proof.endswith("; no key is known, so that the data is presumed readable.")
    assert rows["CN", "via_parent"]["contested"] is True
    assert rows["CN", "via_parent"]["facts"]
    assert "host 8.209.64.10 stands in DE (likely, by geolocation)" in rows["DE", "direct_place"]["proof"]


def test_dates_decide_which_law_is_cited() -> None:
    tables = world(
        legal_entity=[entity("ent:amazon-web-services", organised_in=["US"])],
        interest=[interest("ent:amazon-web-services", "store:one", "operates")],
        asset=[asset("store:one")],
    )
    before = str(firm(tables, date(2026, 6, 1))[0]["law"])
    after = str(firm(tables, date(2026, 6, 12))[0]["law"])
    assert "FISA section 702, 50 USC 1881a" in before
    assert "FISA section 702, 50 USC 1881a" not in after
    assert "certifications that run on" in after
    assert "CLOUD Act" in before
    assert "CLOUD Act" in after


def test_an_anycast_host_stands_nowhere() -> None:
    given_rows = ALIBABA | {"endpoint": [ALIBABA["endpoint"][0] | {"anycast": True, "confidence": "none"}]}
    assert {r["level"] for r in firm(world(**given_rows))} == {"via_parent"}
    assert any(r["rule_id"] == "reach-anycast" for r in findings(world(**given_rows)))


def test_an_anycast_host_without_operator_finds_none_and_does_not_say_none() -> None:
    endpoint = {"addr": "192.0.2.1", "anycast": True, "confidence": "none"}
    row = firm(world(endpoint=[endpoint]))[0]
    assert row["level"] == "none_found"
    assert row["government"] is None
    assert "does not mean that there is none" in str(row["proof"])


def test_a_disputed_place_names_both_countries_and_decides_nothing() -> None:
    endpoint = ALIBABA["endpoint"][0] | {"confidence": "disputed", "operator_id": None, "operator_by": None}
    tables = world(endpoint=[endpoint], flow=ALIBABA["flow"], policy=[{"policy": "accept_reach", "value": "EU"}])
    places = {(r["government"], r["contested"]) for r in firm(tables)}
    assert places == {("DE", True), ("SG", True)}
    verdicts = {r["counterparty"]: r["verdict"] for r in findings(tables) if r["rule_id"] == "reach"}
    assert verdicts == {"SG": "unknown"}


def test_staff_and_layers_and_employers() -> None:
    tables = world(
        legal_entity=[
            entity("est:ops", kind="group", located_in=["CN"]),
            entity("est:firm", organised_in=["DE"]),
            entity("est:host", organised_in=["US"]),
        ],
        interest=[
            interest("est:ops", "store:one", "administers"),
            interest("est:firm", "est:ops", "employs"),
            interest("est:host", "store:rack", "hosts"),
        ],
        asset=[asset("store:one", runs_on="store:rack"), asset("store:rack", runs_on="store:one")],
    )
    found = {(g, s, level) for g, s, level, _, _ in ways(tables)}
    assert ("CN", "store:one", "via_person") in found
    assert ("DE", "store:one", "direct_law") in found  # the employer
    assert ("US", "store:one", "direct_law") in found  # the layer below


def test_an_office_somewhere_does_not_give_the_whole_firm() -> None:
    tables = world(
        legal_entity=[entity("ent:a", organised_in=["DE"], located_in=["CN"])],
        interest=[interest("ent:a", "store:one", "operates")],
        asset=[asset("store:one")],
        place=[{"subject_id": "store:one", "country": "DE", "source_kind": "configured_region"}],
    )
    assert {g for g, *_ in ways(tables)} == {"DE"}
    addressed = compelled(tables["legal_entity"], tables["interest"], as_of=DAY).to_pylist()
    assert ("CN", "located") in {(r["government"], r["basis"]) for r in addressed}


def test_a_prefix_registrant_is_no_place() -> None:
    tables = world(
        asset=[asset("store:one")],
        place=[
            {"subject_id": "store:one", "country": "SG", "source_kind": "prefix_registrant"},
            {"subject_id": "store:one", "country": "CN", "source_kind": "as_registration"},
            {"subject_id": "store:one", "country": "US", "source_kind": "host_second"},
        ],
    )
    assert ways(tables) == set()


def test_half_is_control_and_less_is_not() -> None:
    for share, reached in ((49.9, False), (50.0, True)):
        tables = world(
            legal_entity=[entity("ent:a", organised_in=["CN"]), entity("ent:b")],
            interest=[
                interest("ent:a", "ent:b", "owns", share_lo_pct=share, share_hi_pct=share),
                interest("ent:b", "store:one", "operates"),
            ],
            asset=[asset("store:one")],
        )
        assert bool(ways(tables)) is reached


def test_a_fact_that_has_ended_reaches_nobody() -> None:
    ended = datetime(2025, 1, 1, tzinfo=UTC)
    tables = world(
        legal_entity=[entity("ent:a", organised_in=["CN"])],
        interest=[interest("ent:a", "store:one", "operates", valid_to=ended)],
        asset=[asset("store:one")],
    )
    assert ways(tables) == set()


def policy(*values: str) -> list[dict[str, object]]:
    return [{"policy": "accept_reach", "value": value, "stance": "declared"} for value in values]


def findings(tables: dict[str, pa.Table]) -> list[dict[str, object]]:
    return assess_reach(tables, DAY)["finding"].to_pylist()


def test_without_a_policy_nothing_is_adverse_and_nothing_is_well() -> None:
    rows = findings(world(**ALIBABA))
    assert {r["verdict"] for r in rows} == {"unknown"}
    assert rows[0]["missing"]
    assert {r["verdict"] for r in findings(world())} == {"unknown"}


def test_a_government_outside_the_policy_is_adverse_once_per_operator() -> None:
    more = [ALIBABA["endpoint"][0] | {"addr": f"8.209.64.{n}"} for n in range(11, 30)]
    quiet = [ALIBABA["flow"][0] | {"resp_h": row["addr"], "orig_bytes": 0} for row in more]
    many = ALIBABA | {"endpoint": [*ALIBABA["endpoint"], *more], "flow": [*ALIBABA["flow"], *quiet]}
    rows = findings(world(**many, policy=policy("EU", "KY")))
    adverse = [r for r in rows if r["verdict"] == "yes"]
    assert [(r["counterparty"], r["subject"]) for r in adverse] == [("CN", "ent:cloud")]
    values = json.loads(str(adverse[0]["values"]))
    assert values["hosts"] == 20
    assert values["orig_bytes"] == 2_300_000_000
    assert values["largest_host"] == "8.209.64.10"
    assert "2.3 GB sent" in str(adverse[0]["message"])
    assert adverse[0]["confidence"] == "low"  # contested
    assert adverse[0]["level"] == "low"


def test_an_attempt_is_not_a_loss() -> None:
    tried = ALIBABA["flow"][0] | {"failed_conns": 3, "orig_bytes": 0}
    rows = findings(world(**(ALIBABA | {"flow": [tried]}), policy=policy("EU", "KY")))
    verdicts = {r["rule_id"]: r["verdict"] for r in rows}
    assert verdicts["reach-attempts"] == "unknown"
    assert "reach" not in verdicts


def test_a_country_reaches_by_place_only_the_hosts_that_stand_there() -> None:
    there = ALIBABA["endpoint"][0] | {"addr": "8.209.99.1", "host_country": "RU", "confidence": "sure"}
    tried = there | {"addr": "8.209.99.2", "host_country": "IR"}
    sent = ALIBABA["flow"][0] | {"resp_h": "8.209.99.1", "orig_bytes": 5_000}
    failed = ALIBABA["flow"][0] | {"resp_h": "8.209.99.2", "orig_bytes": 0, "failed_conns": 3}
    many = {"endpoint": [*ALIBABA["endpoint"], there, tried], "flow": [*ALIBABA["flow"], sent, failed]}
    rows = findings(world(**(ALIBABA | many), policy=policy("EU", "KY")))
    messages = {r["counterparty"]: str(r["message"]) for r in rows if r["rule_id"] == "reach"}
    assert messages["RU"] == "Russia can reach Cloud (1 host, 5.0 kB sent): it stands there."
    assert "(3 hosts, 2.3 GB sent)" in messages["CN"]
    assert "IR" not in messages
    attempts = next(r for r in rows if r["rule_id"] == "reach-attempts")
    assert "Iran" in str(attempts["message"])


def test_the_status_of_a_law_changes_no_outcome() -> None:
    levels = []
    for country in ("CN", "VE", "BR"):  # a sourced law, one to verify, and none but the general rule
        endpoint = ALIBABA["endpoint"][0] | {"host_country": country, "confidence": "sure", "operator_id": None}
        rows = findings(world(endpoint=[endpoint], flow=ALIBABA["flow"], policy=policy("EU")))
        levels += [(r["verdict"], r["level"], r["confidence"]) for r in rows if r["rule_id"] == "reach"]
    assert levels == [("yes", "high", "high")] * 3


def test_declared_convicts_and_never_acquits() -> None:
    declared = {"stance": "declared"}
    rows = {
        "legal_entity": [entity("est:a", organised_in=["CN"], status="declared", **declared)],
        "interest": [interest("est:a", "est:one", "operates", status="declared", **declared)],
        "asset": [asset("est:one", **declared)],
    }
    coverage = [{"noun": "flow", "scope": "all", "complete": "yes"}]
    convicted = findings(world(**rows, policy=policy("EU"), coverage=coverage))
    assert [(r["verdict"], r["rests_on"]) for r in convicted if r["rule_id"] == "reach"] == [("yes", "declared")]
    acquitted = findings(world(**rows, policy=policy("CN"), coverage=coverage))
    assert [(r["rule_id"], r["verdict"]) for r in acquitted] == [("reach-rest", "unknown")]


def test_no_needs_complete_coverage() -> None:
    accepted = policy("DE", "CN", "KY")
    assert findings(world(**ALIBABA, policy=accepted))[-1]["verdict"] == "unknown"
    coverage = [{"noun": "flow", "scope": "all", "complete": "yes"}]
    assert [r["verdict"] for r in findings(world(**ALIBABA, policy=accepted, coverage=coverage))] == ["no"]


def test_nobody_accepted_is_not_nothing_said() -> None:
    rows = findings(world(**ALIBABA, policy=policy("none")))
    assert {r["counterparty"] for r in rows if r["verdict"] == "yes"} == {"CN", "DE", "KY"}


def test_a_policy_per_class_counts_where_the_class_is_known() -> None:
    rows = {
        "legal_entity": [entity("ent:a", organised_in=["US"])],
        "interest": [interest("ent:a", "store:one", "operates")],
        "asset": [asset("store:one")],
        "policy": [
            {"policy": "accept_reach:name", "value": "US", "stance": "declared"},
            {"policy": "accept_reach:card", "value": "EU", "stance": "declared"},
        ],
    }
    for classes, verdict in ((["name"], None), (["name", "card"], "yes"), ([], "unknown")):
        holding = [{"asset_id": "store:one", "container": "t", "data_class": c} for c in classes]
        got = [r["verdict"] for r in findings(world(**rows, holding=holding)) if r["rule_id"] == "reach"]
        assert got == ([verdict] if verdict else []), classes


def test_our_own_network_and_private_addresses_are_no_subjects() -> None:
    inside = world(**ALIBABA, network=[{"cidr": "8.209.64.0/18"}])
    assert ways(inside) == set()
    special = ALIBABA | {"endpoint": [ALIBABA["endpoint"][0] | {"special": "private"}]}
    assert ways(world(**special)) == set()


def test_a_service_on_a_rented_host_belongs_to_both_operators() -> None:
    rows = {
        "legal_entity": [entity("ent:cloud", organised_in=["US"]), entity("ent:umeng", organised_in=["CN"])],
        "interest": [
            interest("ent:cloud", "net:AS45102", "operates"),
            interest("ent:umeng", "domain:umeng.com", "operates"),
        ],
        "endpoint": ALIBABA["endpoint"],
        "flow": [ALIBABA["flow"][0] | {"server_name": "api.umeng.com"}],
    }
    found = {(g, s, level) for g, s, level, _, _ in ways(world(**rows))}
    assert ("US", "ent:cloud", "direct_law") in found
    assert ("CN", "ent:umeng", "direct_law") in found
    assert ("DE", "ent:umeng", "direct_place") in found


def test_circles_of_owners_and_layers_end() -> None:
    tables = world(
        legal_entity=[entity("ent:a", organised_in=["CN"]), entity("ent:b"), entity("ent:c")],
        interest=[
            interest("ent:a", "ent:b", "owns"),
            interest("ent:b", "ent:a", "owns"),
            interest("ent:c", "ent:c", "owns"),
            interest("ent:b", "store:one", "operates"),
        ],
        asset=[asset("store:one", runs_on="store:one")],
    )
    assert {(g, level) for g, _, level, _, _ in ways(tables)} == {("CN", "via_parent")}


facts = st.fixed_dictionaries(
    {
        "legal_entity": st.lists(
            st.builds(
                lambda e, o, p, s: entity(e, organised_in=o, principal_place=p, status=s),
                st.sampled_from(ENTITIES),
                st.lists(st.sampled_from(COUNTRIES), max_size=2),
                st.sampled_from([*COUNTRIES, None]),
                st.sampled_from(["sourced", "to verify"]),
            ),
            max_size=6,
        ),
        "interest": st.lists(
            st.builds(
                lambda h, s, k, c: interest(h, s, k, contested=c),
                st.sampled_from(ENTITIES),
                st.sampled_from([*ENTITIES, *ASSETS]),
                st.sampled_from(["owns", "controls", "operates", "hosts", "supplies"]),
                st.booleans(),
            ),
            max_size=8,
        ),
        "place": st.lists(
            st.builds(
                lambda s, c, k: {"subject_id": s, "country": c, "source_kind": k},
                st.sampled_from(ASSETS),
                st.sampled_from(COUNTRIES),
                st.sampled_from(["host", "configured_region", "prefix_registrant"]),
            ),
            max_size=4,
        ),
    }
)
SWAP = {"CN": "US", "US": "CN"}


def swap(value: object) -> object:
    """Exchange the two countries wherever they stand as values of facts."""
    if isinstance(value, list):
        return [swap(v) for v in value]
    if isinstance(value, dict):
        return {k: swap(v) for k, v in value.items()}
    return SWAP.get(value, value) if isinstance(value, str) else value


def made(given_facts: dict[str, list[dict[str, object]]]) -> dict[str, pa.Table]:
    return world(**given_facts, asset=[asset(ASSETS[0], runs_on=ASSETS[1]), asset(ASSETS[1])])


@given(facts)
@settings(max_examples=20, deadline=None)
def test_exchanging_two_countries_in_facts_and_laws_exchanges_the_answer(
    given_facts: dict[str, list[dict[str, object]]],
) -> None:
    laws = law_book().laws
    exchanged = tuple(msgspec.structs.replace(law, gov=SWAP.get(law.gov, law.gov)) for law in laws)
    plain = ways(made(given_facts), laws)
    other = ways(made(swap(given_facts)), exchanged)  # type: ignore[arg-type]
    assert {(SWAP.get(g, g), *rest) for g, *rest in plain} == other


@given(facts, facts)
@settings(max_examples=20, deadline=None)
def test_more_facts_never_take_a_way_in_away(
    first: dict[str, list[dict[str, object]]], more: dict[str, list[dict[str, object]]]
) -> None:
    both = {noun: first[noun] + more[noun] for noun in first}
    before = {(g, s, level) for g, s, level, _, _ in ways(made(first))}
    after = {(g, s, level) for g, s, level, _, _ in ways(made(both))}
    assert before <= after


@pytest.mark.parametrize("noun", ["compelled", "reach", "finding"])
def test_results_are_rows_of_their_nouns(noun: str) -> None:
    table = assess_reach(world(**ALIBABA, policy=policy("EU")), DAY)[noun]
    assert table.schema.equals(model.NOUNS[noun].schema)
    assert table.num_rows


def test_whoever_merely_called_us_is_no_subject() -> None:
    caller = ALIBABA["endpoint"][0] | {"addr": "198.51.100.9", "host_country": "RU", "operator_id": None}
    tables = world(**(ALIBABA | {"endpoint": [*ALIBABA["endpoint"], caller]}))
    assert "RU" not in {g for g, *_ in ways(tables)}


def test_the_address_of_an_asset_says_where_it_stands() -> None:
    tables = world(asset=[asset("store:one", addr="8.209.64.10")], endpoint=ALIBABA["endpoint"], flow=[])
    assert ("DE", "store:one", "direct_place", False, "interpretive") in ways(tables)


def test_assets_in_the_same_hands_are_one_finding() -> None:
    many = [asset(f"tf:{n}") for n in range(30)]
    tables = world(
        legal_entity=[entity("ent:a", organised_in=["US"])],
        interest=[interest("ent:a", str(row["asset_id"]), "operates") for row in many],
        asset=many,
        policy=policy("EU"),
    )
    adverse = [r for r in findings(tables) if r["verdict"] == "yes"]
    assert [(r["counterparty"], r["subject"]) for r in adverse] == [("US", "assets:ent:a")]
    assert "30 assets" in str(adverse[0]["message"])
    assert len(ways(tables)) == 30  # the table still has each of them


@pytest.mark.parametrize(
    ("conns", "failed", "sent", "unsized", "nothing"),
    [(2, 0, 0, 0, True), (2, 2, 0, 2, True), (2, 1, 0, 1, False), (2, 2, 5, 0, False)],
)
def test_a_host_to_which_no_byte_went_was_sent_nothing(
    conns: int, failed: int, sent: int, unsized: int, nothing: bool
) -> None:
    tally = Tally(seen=True, conns=conns, failed=failed, orig_bytes=sent, unsized=unsized)
    assert tally.attempted is nothing


def test_no_law_counts_before_it_began() -> None:
    begun = {
        "Data Security Law": date(2021, 9, 1),
        "CLOUD Act": date(2018, 3, 23),
        "Cybersecurity Law": date(2017, 6, 1),
    }
    laws = [law for law in law_book().laws if law.law in begun]
    assert {law.law for law in laws} == set(begun)
    for law in laws:
        before, after = begun[law.law] - timedelta(days=1), begun[law.law]
        given = {"gov": law.gov, "basis": "organised", "category": None}
        assert law not in [found for found, _ in choose(law_book().laws, as_of=before, **given)]
        assert law in [found for found, _ in choose(law_book().laws, as_of=after, **given)]


def test_nothing_is_decided_while_nobody_says_who_runs_it_or_where_a_key_holder_is() -> None:
    base: dict[str, list[dict[str, object]]] = {
        "legal_entity": [{"entity_id": "est:op", "kind": "organisation", "organised_in": ["DE"]}],
        "asset": [{"asset_id": "est:box", "kind": "store"}],
        "place": [{"subject_id": "est:box", "country": "DE", "source_kind": "configured_region"}],
        "interest": [{"holder_id": "est:op", "subject_id": "est:box", "kind": "operates"}],
    }
    coverage = [{"noun": "flow", "scope": "all", "complete": "yes"}]

    def verdict(**rows: list[dict[str, object]]) -> tuple[object, object]:
        [one] = findings(world(**(base | rows), policy=policy("EU"), coverage=coverage))
        return one["verdict"], one["missing"]

    assert verdict() == ("no", [])
    assert verdict(interest=[]) == ("unknown", ["Who runs store box: operated_by."])
    assert verdict(legal_entity=[]) == ("unknown", ["Where the party op is organised or based."])
    lent = [{"asset_id": "est:box", "kind": "store"}, {"asset_id": "est:k", "kind": "key"}]
    opens = [
        *base["interest"],
        {"holder_id": "est:k", "subject_id": "est:box", "kind": "protects"},
        {"holder_id": "est:nowhere", "subject_id": "est:k", "kind": "holds_key"},
    ]
    assert verdict(asset=lent, interest=opens) == ("unknown", ["Where the party nowhere is organised or based."])


def test_a_controller_of_whom_nothing_else_is_told_leaves_reach_open() -> None:
    """By that word alone it has no custody, and yet its home may make it have the data handed out."""
    given_rows = {
        "legal_entity": [entity("est:shop", organised_in=["US"]), entity("est:host", organised_in=["DE"])],
        "interest": [interest("est:host", "est:box", "operates"), interest("est:shop", "est:box", "controller")],
        "asset": [asset("est:box")],
        "policy": [{"policy": "accept_reach", "value": "EU"}],
    }
    made = [row for row in findings(world(**given_rows)) if row["rule_id"] == "reach-controller"]
    assert [row["verdict"] for row in made] == ["unknown"]
    assert "(United States)" in str(made[0]["message"])
    given_rows["policy"].append({"policy": "accept_reach", "value": "US"})
    assert not [row for row in findings(world(**given_rows)) if row["rule_id"] == "reach-controller"]
