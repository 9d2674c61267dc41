"""What holds of every claim: absence never contradicts, nothing is green on nothing, and all is told with it."""

from __future__ import annotations

import json
import time
from random import Random

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from case_changes import edited, swapped
from claim_worlds import AS_OF, CASES, Row, claim, concluded, judged, made, of_case, only, verdicts
from flagstate import engine, model
from flagstate.assess import claims
from flagstate.assess.claim_tests import JUDGES, SILENT
from flagstate.model.codes import CLAIM_VERDICTS
from flagstate.pipeline import cases
from flagstate.pipeline.cases import Case
from flagstate.pipeline.explain import explain, lines

TIES = frozenset({"owns"})
"""Interests that tie two firms: without the tie a daughter is another firm, so these take a contradiction away."""
SEEN = tuple(case for case in CASES if case.id.startswith("claim_"))
some = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PLACED: Row = {"subject_id": "est:wms", "country": "DE", "source_kind": "configured_region"}
WMS = made("asset", {"asset_id": "est:wms", "kind": "system"}, stance="configured")
SENT: Row = {"orig_h": "10.0.0.1", "resp_h": "192.0.2.1", "orig_bytes": 5, "conns": 1, "from_asset": "est:wms"}
STORED = claim("c", {"of": "est:wms", "place_in": ["DE"]})


@some
@given(st.sampled_from(SEEN), st.integers(0, 2**16))
def test_evidence_less_never_contradicts(case: Case, seed: int) -> None:
    facts = cases.facts(case)
    listed = [
        (noun, at)
        for noun, table in facts.items()
        for at, row in enumerate(table.to_pylist())
        if noun not in ("claim", "source") and not (noun == "interest" and row["kind"] in TIES)
    ]
    if not listed:
        return
    rng = Random(seed)
    gone = set(rng.sample(listed, min(len(listed), rng.choice((1, 1, 2)))))
    less = {
        noun: table.take(pa.array([at for at in range(table.num_rows) if (noun, at) not in gone], pa.int64()))
        for noun, table in facts.items()
    }
    before, after = verdicts(of_case(case.id)), concluded(less, case.as_of)["claim_verdict"].to_pylist()
    worse = [row for row in after if row["claim_verdict"] == "contradicted" != before[row["claim_id"], row["verb"]]]
    # Without what was seen, the declaring party's own word may stand alone against the claim: that is no absence.
    assert [row for row in worse if (row["rests_on"], row["confidence"]) != ("declared", "low")] == []


@some
@given(st.sampled_from(SEEN), st.sampled_from(["deny", "no_comment", "unverifiable", "confirm"]))
def test_what_others_say_changes_no_verdict_and_is_shown(case: Case, stance: str) -> None:
    facts = cases.facts(case)
    said = edited({"claim": facts["claim"]}, lambda _, row: row | {"stances": json.dumps({"the ministry": stance})})
    before, after = of_case(case.id), concluded(facts | said, case.as_of)
    assert verdicts(after) == verdicts(before)
    column = {"deny": "denied_by", "no_comment": "no_comment_by", "unverifiable": "unverified_by"}.get(
        stance, "confirmed_by"
    )
    assert all("the ministry" in row[column] for row in after["provenance"].to_pylist())
    tested = [row for row in after["finding"].to_pylist() if row["rule_id"].startswith("claim-")]
    assert tested
    assert all("the ministry" in row["message"] for row in tested)


@some
@given(st.sampled_from(SEEN), st.sampled_from([("DE", "CN"), ("BE", "SG"), ("DE", "SG"), ("CN", "BE")]))
def test_two_countries_exchanged_exchange_nothing_else(case: Case, pair: tuple[str, str]) -> None:
    facts = cases.facts(case)
    if any(group in str(text) for text in facts["claim"]["test"].to_pylist() for group in ('"EU"', '"EEA"')):
        return  # membership of a group is a fact that an exchange does not carry over
    swap = dict([pair, pair[::-1]])

    def change(text: str) -> str:
        head, colon, code = text.rpartition(":")
        return f"{head}{colon}{swap.get(code, code)}" if head in ("", "country") else text

    after = concluded(swapped(facts, change, case.as_of), case.as_of)
    assert verdicts(after) == verdicts(of_case(case.id))


@some
@given(st.sampled_from(SEEN))
def test_attempts_never_contradict(case: Case) -> None:
    def tried(noun: str, row: Row) -> Row:
        if noun == "flow" and row["stance"] == "observed":
            return row | {"orig_bytes": 0, "resp_bytes": 0}
        return row | {"failed": row["count"]} if noun == "activity" else row

    after = concluded(edited(cases.facts(case), tried), case.as_of)
    moving = {key: verdict for key, verdict in verdicts(after).items() if key[1] in ("no_flow_to", "access_only_from")}
    assert "contradicted" not in moving.values()


@some
@given(st.sampled_from(CASES), st.integers(0, 2**16))
def test_the_order_of_rows_changes_nothing(case: Case, seed: int) -> None:
    facts, rng = cases.facts(case), Random(seed)
    mixed = {noun: table.take(rng.sample(range(table.num_rows), table.num_rows)) for noun, table in facts.items()}
    before, after = of_case(case.id), concluded(mixed, case.as_of)
    for noun in ("claim_verdict", "provenance", "mutation"):
        assert after[noun].to_pylist() == before[noun].to_pylist()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_every_verdict_is_told_whole(case: Case) -> None:
    tables = of_case(case.id)
    model.conform(tables["claim_verdict"], model.CLAIM_VERDICT)
    known = {fact for noun in model.FACTS for fact in tables[noun]["fact_id"].to_pylist()}
    for row in tables["claim_verdict"].to_pylist():
        assert row["claim_verdict"] in CLAIM_VERDICTS
        assert row["message"] != row["french"]
        assert set(row["facts"]) <= known
        if row["claim_verdict"] == "supported":
            # Never green on nothing: something was seen, and it was not merely declared.
            assert row["rows_for"] > 0
            assert row["facts"]
            assert row["rests_on"] in ("observed", "configured", "recorded")
        elif row["claim_verdict"] == "contradicted":
            assert row["rows_against"] > 0
            assert row["facts"]
        else:
            assert row["missing"]
        if row["verb"]:
            assert len(row["does_not_say"]) >= len(SILENT[row["verb"]])
    found = [row for row in tables["finding"].to_pylist() if row["question"] == "claims"]
    assert found
    for row in found:
        french = json.loads(row["french"])
        assert french["message"] != row["message"]
        assert len(french["missing"]) == len(row["missing"])
        assert row["verdict"] in ("yes", "no") or row["missing"]


def test_every_word_of_a_test_has_a_case_of_each_kind() -> None:
    told: dict[str, set[str]] = {}
    for case in CASES:
        for (_, verb), verdict in verdicts(of_case(case.id)).items():
            told.setdefault(str(verb), set()).add(verdict)
    assert told.keys() - {"None"} == JUDGES.keys()
    for verb in JUDGES:
        assert told[verb] >= {"contradicted", "supported", "not_observed"}, verb


def test_no_claim_is_said_to_be_none() -> None:
    tables = {name: model.empty(model.NOUNS[name]) for name in model.STORED}
    start = time.perf_counter()
    found = claims.claims(tables, None, AS_OF)
    assert time.perf_counter() - start < 0.5
    [row] = found["finding"].to_pylist()
    assert (row["rule_id"], row["verdict"]) == ("claims-none", "unknown")
    assert not found["claim_verdict"].num_rows


def test_many_claims_without_a_test_are_one_finding() -> None:
    listed = [claim(f"c{number}", "", claim_kind="opinion") | {"test": None} for number in range(45)]
    tables = judged(*listed)
    [row] = tables["finding"].to_pylist()
    assert "45 claims have no test" in row["message"]
    assert row["verdict"] == "unknown"
    assert tables["claim_verdict"].num_rows == 45
    assert any("opinion" in text for text in row["missing"])


def test_two_ids_of_one_party_are_one() -> None:
    test = claim("c", {"of": "est:wms", "operator_is": "lei:X"})
    custody = made("custody", {"asset_id": "est:wms", "entity_id": "est:hub", "kind": "operates", "layer_id": "est:wms",
                               "stance": "configured", "facts": ["f"]})  # fmt: skip
    one = made("identity", {"entity_id": "lei:X", "same_as": "est:hub", "by": "lei", "verdict": "yes"})
    maybe = made("identity", {"entity_id": "lei:X", "same_as": "est:hub", "by": "name", "verdict": "unknown"})
    assert only(judged(test, asset=WMS, custody=custody, identity=one))["claim_verdict"] == "supported"
    assert only(judged(test, asset=WMS, custody=custody, identity=maybe))["claim_verdict"] == "not_observed"


HOSTILE = "'; DROP TABLE place; -- \x00\u202e{0}%s\n\"\\ ‹script›" + "x" * 3000


@pytest.mark.parametrize(
    "test",
    [
        "{", "[]", "null", '"x"', "[" * 100_000, "{}",
        {"of": HOSTILE, "place_in": ["DE"]},
        {"of": "est:wms", "place_in": [HOSTILE, "XX", ""]},
        {"of": "est:wms", "place_in": "DE"},
        {"of": "est:wms", "place_in": []},
        {"of": ["est:wms"], "place_in": ["DE"]},
        {"of": "est:wms", "no_flow_to": [HOSTILE, "cidr:x/99", "country:", ":", "domain:*", "asset:" + HOSTILE]},
        {"of": "est:wms", "no_flow_to": HOSTILE},
        {"of": "est:wms", "operator_is": HOSTILE, "keys_held_by": {"a": 1}},
        {"of": "est:wms", "class_absent": [HOSTILE], "container": HOSTILE, "about": HOSTILE},
        {"of": "est:wms", "count_at_most": HOSTILE, "unit": HOSTILE},
        {"of": "est:wms", "count_at_most": 10**40},
        {"of": "est:wms", "figure_consistent_with": [HOSTILE, None]},
        {"of": "est:wms", "figure_consistent_with": {"figure": HOSTILE, "per": 3, "between": [1], "unit": HOSTILE}},
        {"figure_consistent_with": {"figure": "a", "per": "b", "between": [0, 1], "unit": "__import__('os')"}},
        {"place_in": ["DE"]},
        {"access_only_from": [None, 3], "of": "est:wms"},
    ],
)  # fmt: skip
def test_hostile_tests_are_data(test: object) -> None:
    flows = made("flow", SENT | {"server_name": HOSTILE})
    activity = made("activity", {"principal": HOSTILE, "asset_id": "est:wms", "action": "login", "from_place": HOSTILE})
    figures = json.dumps(
        {"a": {"lo": 1, "hi": 10**30, "unit": HOSTILE}, "b": {"lo": 0, "hi": 0, "unit": "kg**99999999"}}
    )
    stances = json.dumps({f"{number}{HOSTILE[:60]}": "deny" for number in range(500)})
    listed = claim("c", test, claim_figures=figures, speaker=HOSTILE, sentence=HOSTILE, stances=stances)
    tables = judged(listed, asset=WMS, flow=flows, activity=activity, place=made("place", PLACED, stance="configured"))
    for row in tables["claim_verdict"].to_pylist():
        assert row["claim_verdict"] in ("not_testable", "not_observed")
        assert row["query"] is None or len(row["query"]) <= 20_100
    assert all(len(row["message"]) < 12_000 for row in tables["finding"].to_pylist())


def test_a_claim_explains_itself() -> None:
    tables = of_case("claim_denied")
    [row] = [row for row in tables["finding"].to_pylist() if row["question"] == "claims"]
    told = "\n".join(lines(explain(tables, row["finding_id"])))
    for words in ("A paper alleges", "reportedly", "Denied by hub.", '"hub": "deny"', "claim_verdict: supported"):
        assert words in told
    assert "FROM asked AS a" in told
    assert "place " in told
    assert explain(tables, row["finding_id"]).lost == ()


def test_a_thousand_claims_over_many_flows_do_not_multiply() -> None:
    count = 20_000
    flows: list[Row] = [
        {"orig_h": f"10.0.0.{at % 20}", "resp_h": f"{11 + at % 150}.{at // 150 % 250}.{at % 97}.9", "resp_p": 443,
         "day": AS_OF, "conns": 1, "orig_bytes": at % 900}
        for at in range(count)
    ]  # fmt: skip
    ends = [{"addr": addr, "host_country": ("CN", "DE", "US")[at % 3], "confidence": "sure"}
            for at, addr in enumerate(sorted({str(row["resp_h"]) for row in flows}))]  # fmt: skip
    assets = [{"asset_id": f"est:a{at}", "kind": "system", "addr": f"10.0.0.{at}"} for at in range(20)]
    tests = [
        {"of": f"est:a{at % 20}", "no_flow_to": [("country:CN", "country:FR", f"cidr:{11 + at % 150}.0.0.0/8")[at % 3]]}
        for at in range(1000)
    ]
    start = time.perf_counter()
    tables = judged(
        *(claim(f"c{at:04d}", test) for at, test in enumerate(tests)),
        asset=made("asset", *assets, stance="configured"),
        flow=made("flow", *flows),
        endpoint=made("endpoint", *ends),
    )
    assert time.perf_counter() - start < 20
    found = tables["claim_verdict"]["claim_verdict"].to_pylist()
    assert found[0::3].count("contradicted") == len(found[0::3])
    assert found[1::3].count("not_observed") == len(found[1::3])


def test_ten_thousand_patterns_are_one_question() -> None:
    patterns = [f"domain:d{number}.example" for number in range(10_000)]
    flows = made("flow", SENT | {"server_name": "x.d7.example"})
    row = only(judged(claim("c", {"of": "est:wms", "no_flow_to": patterns}), asset=WMS, flow=flows))
    assert row["claim_verdict"] == "contradicted"
    assert "x.d7.example" in row["message"]
    assert len(row["message"]) < 2_000
    assert "cut:" in row["query"]


def test_the_same_claim_from_two_files_is_told_once() -> None:
    place = made("place", PLACED, stance="configured")
    twice = pa.concat_tables([made("claim", STORED), made("claim", STORED, stance="declared")])
    tables = {name: model.empty(model.NOUNS[name]) for name in model.STORED}
    tables |= {"claim": twice, "asset": WMS, "place": place}
    with engine.connect() as con:
        assert only(claims.claims(tables, con, AS_OF))["claim_verdict"] == "supported"
