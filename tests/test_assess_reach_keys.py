"""Reach with keys, forms of data, both answers and facts that contradict each other, as a reader sees it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flagstate.assess.reach import assess_reach, proofs
from flagstate.catalog.compulsion import Basis, Law, law_book
from reach_worlds import DAY, GENERAL, Row, asset, firm, has, held, sets, staff, stands, ways, world

CLOUD = firm("cloud", "CN", name="Cloud")
SHOP = firm("shop", "DE", name="Shop")
DECLARED = {"stance": "declared"}
EU = [{"policy": "accept_reach", "value": "EU", "stance": "declared"}]


def one(rows: list[Row], government: str, **wanted: object) -> Row:
    found = [row for row in rows if row["government"] == government and wanted.items() <= row.items()]
    assert len(found) == 1, [(row["government"], row["level"], row["data"], row["answer"]) for row in rows]
    return found[0]


def findings(**given: list[Row]) -> list[Row]:
    return assess_reach(world(**given), DAY, laws=GENERAL)["finding"].to_pylist()


def bucket(**more: list[Row]) -> dict[str, list[Row]]:
    """Return a bucket in Germany that Cloud runs and whose key Shop holds."""
    return {
        "legal_entity": [CLOUD, SHOP],
        "interest": [has("cloud", "operates", "bucket"), has("shop", "holds_key", "k1")],
        "asset": [asset("bucket"), asset("k1", "key")],
        "place": [stands("bucket", "DE")],
        "holding": [held("bucket", keys=["k1"])],
        "policy": EU,
    } | more


def test_a_key_of_somebody_else_leaves_metadata() -> None:
    row = one(ways(world(**bucket())), "CN")
    assert (row["level"], row["data"], row["answer"], row["key_ids"]) == ("ciphertext_only", "metadata", "both", [])
    assert "can reach metadata: sizes, times, names and who connects, of orders of store bucket" in row["proof"]
    assert row["proof"].endswith("; the key k1 is not within its reach.")
    clear = one(ways(world(**bucket())), "DE", data="clear")
    assert clear["proof"].endswith(
        "; and key k1: General rule, 1 (sourced) → Shop (organised in DE, declared) → holds it."
    )
    assert (clear["level"], clear["key_ids"], clear["entities"]) == ("direct_place", ["k1"], ["shop"])


def test_data_in_use_is_clear_whatever_protects_it_at_rest() -> None:
    row = one(ways(world(**bucket(holding=[held("bucket", "used", ["k1"])]))), "CN")
    assert (row["level"], row["data"]) == ("direct_law", "clear")
    assert row["proof"].endswith("; it is in use there, and no key protects data in use.")
    system = bucket(holding=[held("bucket", None, ["k1"])], asset=[asset("bucket", "system"), asset("k1", "key")])
    proof = one(ways(world(**system)), "CN")["proof"]
    assert proof.endswith("; whether it is used in clear there is not known; it is presumed.")


def test_a_key_that_is_only_declared_changes_the_declared_answer_alone() -> None:
    given = bucket(holding=[held("bucket", keys=["k1"]) | DECLARED])
    rows = ways(world(**given))
    clear = one(rows, "CN", answer="evidenced")
    assert (clear["data"], clear["level"]) == ("clear", "direct_law")
    assert "the key k1 is only declared, so that the data is presumed readable" in clear["proof"]
    assert one(rows, "CN", answer="declared")["level"] == "ciphertext_only"
    found = next(row for row in findings(**given) if row["counterparty"] == "CN")
    assert (found["verdict"], found["confidence"]) == ("yes", "low")
    assert found["missing"][0].startswith("Evidence that the key k1 protects store bucket: ")
    assert json.loads(found["values"])["answers"] == {"evidenced": "yes", "declared": "no"}
    assert "only keys for which there is no evidence would stop it" in found["message"]


@pytest.mark.parametrize("kind", ["holds_key", "uses_key", "operates", "hosts"])
def test_a_holder_who_is_only_declared_acquits_nobody(kind: str) -> None:
    runs = has("cloud", "operates", "bucket")
    given = bucket(interest=[runs, has("shop", kind, "k1") | DECLARED])
    rows = ways(world(**given))
    clear = one(rows, "CN", answer="evidenced")
    assert (clear["data"], clear["level"]) == ("clear", "direct_law")
    assert "who holds the key k1 is only declared, so that the data is presumed readable" in clear["proof"]
    assert one(rows, "CN", answer="declared")["level"] == "ciphertext_only"
    found = next(row for row in findings(**given) if row["counterparty"] == "CN")
    assert (found["verdict"], found["confidence"]) == ("yes", "low")
    assert found["missing"][0].startswith("Evidence of who holds the key k1: the key policy")
    # One holder for whom there is evidence is enough to know in whose hands it is.
    shown = given | {"interest": [*given["interest"], has("shop", "administers", "k1")]}
    assert one(ways(world(**shown)), "CN")["level"] == "ciphertext_only"


def test_a_split_that_is_only_declared_says_what_would_prove_it() -> None:
    given = {
        "legal_entity": [CLOUD, SHOP],
        "interest": [has("cloud", "operates", "s1"), has("shop", "operates", "s2")],
        "asset": [asset("s1"), asset("s2")],
        "holding": [held(at, split="orders", split_needs=2) | DECLARED for at in ("s1", "s2")],
        "policy": EU,
    }
    proof = one(ways(world(**given)), "CN", answer="evidenced")["proof"]
    assert proof.endswith("; that it is one share of several is only declared, so that the data is presumed readable.")
    found = next(row for row in findings(**given) if row["counterparty"] == "CN")
    assert (found["verdict"], found["confidence"]) == ("yes", "low")
    assert found["missing"][0].startswith("Evidence that what store s1 holds is one share of several: the storage conf")
    assert "only what is merely declared would stop it" in found["message"]


@pytest.mark.parametrize("named", [True, False])
def test_a_state_that_is_only_declared_says_what_would_prove_it(named: bool) -> None:
    kept = held("bucket", keys=["k1"] if named else []) | DECLARED
    around = [] if named else [has("k1", "protects", "bucket")]
    given = bucket(holding=[kept], asset=[asset("bucket", "system"), asset("k1", "key")])
    given["interest"] = [*given["interest"], *around]
    assert (
        "that it is only stored there is only declared" in one(ways(world(**given)), "CN", answer="evidenced")["proof"]
    )
    found = next(row for row in findings(**given) if row["counterparty"] == "CN")
    assert (found["verdict"], found["confidence"]) == ("yes", "low")
    keys = ["Evidence that the key k1 protects system bucket"] if named else []
    wanted = [*keys, "Evidence that data is only stored at system bucket"]
    assert [text.partition(":")[0] for text in found["missing"]] == wanted


@pytest.mark.parametrize("what", ["wrap", "module"])
def test_what_protects_a_key_and_is_only_declared_is_asked_for(what: str) -> None:
    given = bucket(
        interest=[
            has("cloud", "operates", "bucket"),
            has("cloud", "operates", "rack"),
            has("shop", "holds_key", "k2"),
            *([has("k2", "protects", "k1") | DECLARED] if what == "wrap" else [has("shop", "holds_key", "k1")]),
        ],
        asset=[asset("bucket"), asset("k1", "key", "rack"), asset("k2", "key"), asset("rack", "host")],
        control=[{"subject_id": "k1", "control": "hsm", "state": "yes"} | DECLARED] if what == "module" else [],
    )
    found = next(row for row in findings(**given) if row["counterparty"] == "CN")
    assert (found["verdict"], found["confidence"]) == ("yes", "low")
    asked = {
        "wrap": "Evidence that the key k2 protects the key k1",
        "module": "Evidence that the key k1 is in a key module",
    }
    assert found["missing"][0].startswith(asked[what])


def test_a_place_that_is_only_declared_acquits_nobody_either() -> None:
    given = bucket(interest=[has("cloud", "operates", "bucket")], place=[stands("k1", "DE") | DECLARED])
    assert one(ways(world(**given)), "CN", answer="evidenced")["data"] == "clear"
    shown = given | {"place": [stands("k1", "DE")]}
    assert one(ways(world(**shown)), "CN")["level"] == "ciphertext_only"


def test_who_is_shut_out_of_the_module_does_not_tell_who_holds_its_key() -> None:
    module = {"subject_id": "k1", "control": "hsm", "state": "yes"}
    given = bucket(
        interest=[
            has("cloud", "operates", "bucket"),
            has("cloud", "operates", "rack"),
            has("shop", "holds_key", "k1") | DECLARED,
        ],
        asset=[asset("bucket"), asset("k1", "key", "rack"), asset("rack", "host")],
        control=[module],
    )
    rows = ways(world(**given))
    assert one(rows, "CN", answer="evidenced")["data"] == "clear"
    assert one(rows, "CN", answer="declared")["level"] == "ciphertext_only"


def test_a_holder_in_dispute_leaves_it_open() -> None:
    given = bucket(interest=[has("cloud", "operates", "bucket"), has("shop", "holds_key", "k1")])
    fact = world(**given)["interest"]["fact_id"].to_pylist()[1]
    doubt = [{"about_id": "k1", "noun": "interest", "words": "they differ", "facts": [fact]}]
    rows = [row for row in ways(world(**given, contradiction=doubt)) if row["government"] == "CN"]
    assert {(row["data"], row["disputed"]) for row in rows} == {("clear", True), ("metadata", False)}


def test_evidence_for_a_key_takes_the_finding_away_and_nothing_is_said_to_be_well() -> None:
    rows = findings(**bucket())
    assert [row for row in rows if row["counterparty"] == "CN"] == []
    assert {row["verdict"] for row in rows} == {"unknown"}


def test_two_companies_of_one_government_with_half_a_secret_each() -> None:
    half = firm("half", "CN")
    two = [has("cloud", "holds_key", "k1"), has("half", "holds_key", "k2")]
    given = bucket(
        legal_entity=[CLOUD, SHOP, half],
        interest=[has("cloud", "operates", "bucket"), *two],
        asset=[asset("bucket"), asset("k1", "key"), asset("k2", "key")],
        holding=[held("bucket", keys=["k1", "k2"])],
    )
    row = one(ways(world(**given)), "CN")
    assert (row["data"], row["entities"], row["key_ids"]) == ("clear", ["cloud", "half"], ["k1", "k2"])
    assert "Cloud holds it" in row["proof"]
    abroad = given | {"legal_entity": [CLOUD, SHOP, firm("half", "US")]}
    assert one(ways(world(**abroad)), "CN")["level"] == "ciphertext_only"
    assert not any(row["data"] == "clear" for row in ways(world(**abroad)) if row["government"] == "US")


def test_shares_in_several_places() -> None:
    stores = ("s1", "s2", "s3")
    operators = [firm("one", "CN"), firm("two", "CN"), firm("three", "US")]
    given = {
        "legal_entity": operators,
        "interest": [has(who["entity_id"], "operates", at) for who, at in zip(operators, stores, strict=True)],
        "asset": [asset(at) for at in stores],
        "holding": [held(at, split="orders", split_needs=2) for at in stores],
    }
    rows = ways(world(**given))
    assert sets(rows, "CN", "s1") == sets(rows, "CN", "s2") == {frozenset({"one", "two"})}
    assert sets(rows, "US", "s3") == set()
    proof = one(rows, "CN", subject_id="s1")["proof"]
    assert "store s2: " in proof
    assert "one share of orders, of which 2 are needed" in one(rows, "US", subject_id="s3")["proof"]


@pytest.mark.parametrize(
    ("kind", "key", "reached"),
    [("edge", "certificate", True), ("edge", "key", False), ("host", "certificate", False)],
)
def test_an_edge_ends_tls_and_a_key_from_end_to_end_does_not_care(kind: str, key: str, reached: bool) -> None:
    given = bucket(asset=[asset("bucket", kind), asset("k1", key)], holding=[held("bucket", "moved", ["k1"])])
    assert bool(sets(ways(world(**given)), "CN", "bucket")) is reached


@pytest.mark.parametrize(
    ("stance", "kind", "reached"),
    [
        (None, "operates", True),
        ("declared", "operates", True),
        ("configured", "operates", False),
        ("configured", "updates", True),
    ],
)
def test_confidential_computing_needs_evidence_of_attestation(stance: str | None, kind: str, reached: bool) -> None:
    at = "enclave" if kind == "updates" else "host"
    controls = [{"subject_id": "enclave", "control": "attestation", "state": "yes", "stance": stance}] if stance else []
    given = {
        "legal_entity": [CLOUD, SHOP],
        "interest": [has("cloud", kind, at), has("shop", "operates", "enclave")],
        "asset": [asset("enclave", "system", "host"), asset("host", "host")],
        "place": [stands("host", "US")],
        "holding": [held("enclave", "used", marks=["confidential"])],
        "control": controls,
    }
    rows = ways(world(**given))
    assert bool(sets(rows, "CN", "enclave")) is reached
    assert bool(sets(rows, "US", "enclave")) is (stance != "configured")  # the machine on its territory is below, too
    assert sets(rows, "DE", "enclave") == {frozenset({"shop"})}
    if stance != "configured":
        assert "not shown to be attested" in one(rows, "CN")["proof"]


def test_keys_of_keys_and_circles() -> None:
    wrapped = bucket(
        interest=[
            has("cloud", "operates", "bucket"),
            has("cloud", "operates", "k1"),
            has("k2", "protects", "k1"),
            has("shop", "holds_key", "k2"),
        ],
        asset=[asset("bucket"), asset("k1", "key"), asset("k2", "key")],
    )
    assert sets(ways(world(**wrapped)), "CN", "bucket") == set()
    circle = wrapped | {
        "interest": [*wrapped["interest"][:3], has("k1", "protects", "k2"), has("cloud", "operates", "k2")]
    }
    # Whoever has every key of a circle set it up, or can have it opened; how, nobody says.
    assert sets(ways(world(**circle)), "CN", "bucket") == {frozenset({"cloud"})}
    told = [row for row in findings(**circle) if row["rule_id"] == "reach-keys"]
    assert ["the keys k1, k2" in row["message"] for row in told] == [True]
    assert {row["verdict"] for row in told} == {"unknown"}
    apart = circle | {"interest": [*circle["interest"][:-1], has("shop", "operates", "k2")]}
    assert sets(ways(world(**apart)), "CN", "bucket") == set()
    holder = circle | {"interest": [*circle["interest"], has("cloud", "holds_key", "k2")]}
    assert sets(ways(world(**holder)), "CN", "bucket") == {frozenset({"cloud"})}


@pytest.mark.parametrize(("stance", "reached"), [("configured", False), ("declared", True), (None, True)])
def test_a_hardware_module_shuts_out_who_runs_what_it_stands_on(stance: str | None, reached: bool) -> None:
    controls = [{"subject_id": "k1", "control": "hsm", "state": "yes", "stance": stance}] if stance else []
    given = bucket(
        interest=[has("cloud", "operates", "bucket"), has("cloud", "operates", "vault")],
        asset=[asset("bucket"), asset("k1", "key", "vault"), asset("vault", "host")],
        control=controls,
    )
    assert bool(sets(ways(world(**given)), "CN", "bucket")) is reached
    tables = assess_reach(world(**given), DAY, laws=GENERAL)
    assert {row["entity_id"] for row in tables["key_use"].to_pylist()} == ({"cloud"} if reached else set())


def test_a_key_on_a_territory_can_be_used_there() -> None:
    given = bucket(place=[stands("bucket", "DE"), stands("k1", "DE")], interest=[has("cloud", "operates", "bucket")])
    row = one(ways(world(**given)), "DE")
    assert (row["data"], row["level"], row["entities"], row["key_ids"]) == ("clear", "direct_place", [], ["k1"])


def test_staff_reach_for_the_state_where_they_are_and_their_employer_for_its_own() -> None:
    given = bucket(
        legal_entity=[SHOP, staff("ops", "IN"), firm("agency", "US")],
        interest=[has("ops", "administers", "bucket"), has("agency", "employs", "ops"), has("ops", "uses_key", "k1")],
    )
    rows = ways(world(**given))
    assert one(rows, "IN")["level"] == "via_person"
    assert (one(rows, "US")["level"], one(rows, "US")["entities"]) == ("direct_law", ["agency"])


def test_facts_that_contradict_each_other_leave_it_open() -> None:
    fact = world(**bucket(holding=[held("bucket")]))["interest"]["fact_id"].to_pylist()[0]
    doubt = [{"about_id": "bucket", "noun": "interest", "words": "they differ", "facts": [fact]}]
    given = bucket(holding=[held("bucket")], contradiction=doubt)
    assert one(ways(world(**given)), "CN")["disputed"] is True
    found = next(row for row in findings(**given) if row["counterparty"] == "CN")
    assert found["verdict"] == "unknown"
    assert any("contradict each other" in text for text in found["missing"])
    assert found["message"].count("whoever runs it is organised or based there (contradicted)") == 1
    second = given | {"interest": [*given["interest"], has("cloud", "administers", "bucket")]}
    rows = [row for row in ways(world(**second)) if row["government"] == "CN"]
    assert [row["disputed"] for row in rows] == [False]  # another way stands without it


def test_a_key_that_another_source_denies_is_in_dispute() -> None:
    denied = held("bucket", keys=["k1"]) | {"key_ids": []}
    given = bucket(holding=[held("bucket", keys=["k1"]), denied])
    rows = [row for row in ways(world(**given)) if row["government"] == "CN"]
    assert {(row["data"], row["disputed"]) for row in rows} == {("clear", True), ("metadata", False)}
    assert any("the key k1 is in dispute, so that the data is presumed readable" in row["proof"] for row in rows)
    assert next(row for row in findings(**given) if row["counterparty"] == "CN")["verdict"] == "unknown"


def test_who_holds_a_key_must_be_known_before_all_is_well() -> None:
    given = bucket(interest=[has("cloud", "operates", "bucket")], coverage=[{"noun": "flow", "complete": "yes"}])
    rows = findings(**given)
    assert {row["rule_id"]: row["verdict"] for row in rows} == {"reach-keys": "unknown", "reach-rest": "unknown"}
    assert one(ways(world(**given)), "CN")["proof"].endswith("is held by somebody that is not known.")


SECRET: dict[str, Any] = {"law": "Secret law", "citation": "2", "status": "sourced", "subjects": ("none",)}
COVERT = Law(id="secret", gov="FR", bases=(Basis("covert"),), **SECRET)


@pytest.mark.parametrize(("state", "data"), [("used", "clear"), ("stored", "metadata")])
def test_covert_collection_needs_no_party_and_still_needs_the_keys(state: str, data: str) -> None:
    given = bucket(holding=[held("bucket", state, ["k1"])])
    laws = (*GENERAL, COVERT)
    rows = [r for r in assess_reach(world(**given), DAY, laws=laws)["reach"].to_pylist() if r["government"] == "FR"]
    assert [(row["level"], row["data"], row["entities"]) for row in rows] == [("covert_only", data, [])]
    at_home = bucket(legal_entity=[firm("cloud", "FR"), SHOP], holding=[held("bucket")])
    rows = [r for r in assess_reach(world(**at_home), DAY, laws=laws)["reach"].to_pylist() if r["government"] == "FR"]
    assert [row["level"] for row in rows] == ["direct_law"]  # nothing that is firmer is hidden by it


def tolerate(**said: str) -> list[Row]:
    return [
        *EU,
        *({"policy": f"tolerate:{name}", "value": value, "stance": "declared"} for name, value in said.items()),
    ]


@pytest.mark.parametrize(
    ("policy", "adverse"),
    [
        (EU, set()),
        (tolerate(metadata="false"), {"CN"}),
        (tolerate(metadata="false", levels="ciphertext_only"), set()),
    ],
)
def test_metadata_alone_is_unwanted_only_if_the_policy_says_so(policy: list[Row], adverse: set[str]) -> None:
    rows = [row for row in findings(**bucket(policy=policy)) if row["verdict"] == "yes"]
    assert {row["counterparty"] for row in rows} == adverse
    assert all("can reach metadata of store bucket" in row["message"] for row in rows)


@pytest.mark.parametrize(("policy", "verdicts"), [(EU, ["yes"]), (tolerate(contested="true"), [])])
def test_what_is_contested_may_be_tolerated(policy: list[Row], verdicts: list[str]) -> None:
    owned = bucket(
        legal_entity=[SHOP, CLOUD, firm("sub", "DE")],
        interest=[has("cloud", "owns", "sub"), has("sub", "operates", "bucket")],
        holding=[held("bucket")],
        policy=policy,
    )
    rows = assess_reach(world(**owned), DAY, laws=law_book().laws)["finding"].to_pylist()
    assert [row["verdict"] for row in rows if row["counterparty"] == "CN"] == verdicts


def test_a_blocking_statute_is_named_and_removes_nothing() -> None:
    row = one(ways(world(**bucket(holding=[held("bucket")])), law_book().laws), "CN")
    assert any(text.startswith("GDPR, art. 48") for text in row["conflicts"])
    home = one(ways(world(**bucket(holding=[held("bucket")])), law_book().laws), "DE")
    assert home["conflicts"] == []


def test_an_accepted_union_is_accepted_as_a_government_of_its_own() -> None:
    union = Law(
        id="u", gov="EU", law="Union law", citation="3", status="sourced", bases=(Basis("place"),), subjects=("all",)
    )
    tables = assess_reach(world(**bucket(holding=[held("bucket")])), DAY, laws=(*GENERAL, union))
    assert "EU" in tables["reach"]["government"].to_pylist()
    assert "EU" not in tables["finding"]["counterparty"].to_pylist()


def test_proofs_tell_what_must_stay_absent() -> None:
    plain = bucket(holding=[held("bucket")])
    guards = {guard for proof in proofs(world(**plain), DAY, laws=GENERAL) for guard in proof.guards}
    assert guards == {"key:bucket"}
    unknown = bucket(asset=[asset("bucket", "system")], holding=[])
    guards = {guard for proof in proofs(world(**unknown), DAY, laws=GENERAL) for guard in proof.guards}
    assert guards == {"holding:bucket", "confidential:bucket"}


@pytest.mark.parametrize("code", ["ZZ", "", "China"])
def test_a_code_that_is_no_country_gives_nobody_power(code: str) -> None:
    given = bucket(place=[stands("bucket", code)], holding=[held("bucket")], policy=EU)
    rows = ways(world(**given))
    assert {row["government"] for row in rows} == {"CN"}
    named = [row for row in findings(**given) if row["rule_id"] == "reach-country"]
    assert [row["verdict"] for row in named] == (["unknown"] if code else [])


def test_hostile_names_stay_text() -> None:
    name = '<script>alert("x")</script>; DROP TABLE reach; → ; and key k1: \u202e'
    given: dict[str, Any] = bucket(
        legal_entity=[CLOUD | {"name": name}, SHOP], holding=[held("bucket", container=name)]
    )
    row = one(ways(world(**given)), "CN")
    assert name in row["proof"]
    assert row["container"] == name


def test_layers_in_a_circle_end() -> None:
    given = bucket(asset=[asset("bucket", on="low"), asset("low", on="bucket"), asset("k1", "key", "k1")])
    assert one(ways(world(**given)), "CN", subject_id="bucket")["level"] == "ciphertext_only"
