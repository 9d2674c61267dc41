"""Every worked case gets the answers that it must get, and a case that asserts nothing is no case."""

from __future__ import annotations

import pytest

from flagstate.errors import DeclarationError
from flagstate.pipeline import cases
from flagstate.pipeline.case_answers import differences
from flagstate.pipeline.cases import Case

MADE = """\
a_case:
  title: A case of the tests
  why: Because a case must say why it is as it is.
  as_of: 2026-11-22
  world:
    entities: {op: {organised_in: [NO]}}
    assets: {box: {kind: host, place: NO, operated_by: op}}
  expect:
    reach: [{gov: NO, of: box, level: direct_law}]
"""


@pytest.mark.parametrize("case", cases.load(), ids=lambda case: case.id)
def test_every_case_gets_its_answers(case: Case) -> None:
    assert differences(case, cases.conclude(case)) == []


def test_there_are_enough_cases() -> None:
    themes = {case.theme for case in cases.load()}
    assert len(cases.load()) >= 140
    assert themes >= {"hosting", "keys", "ownership", "people", "law", "layers", "cutoff", "plan", "even", "claims"}


def test_no_case_only_denies() -> None:
    # What only denies would hold of a world in which nothing is seen.
    denying = {"not_reached", "not_control", "no_finding"}
    assert [case.id for case in cases.load() if denying.issuperset(case.expect.pairs)] == []


def test_a_case_of_our_own_is_read_as_it_is_written() -> None:
    [case] = cases.parse(MADE.encode(), "made.yaml")
    tables = cases.facts(case)
    # NO is Norway, and nothing else.
    assert tables["legal_entity"]["organised_in"].to_pylist() == [["NO"]]
    assert set(tables["interest"]["stance"].to_pylist()) == {"configured"}
    assert differences(case, cases.conclude(case)) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    reach: [{gov: NO, of: box, level: direct_law}]\n", "    {}\n", "nothing in it"),
        ("level: direct_law", "levl: direct_law", "levl"),
        ("of: box", "of: bax", "bax is not a name of this world"),
        ("  why: Because a case must say why it is as it is.\n", "", "why"),
        ("operated_by: op", "operated_by: opp", "opp"),
        ("place: NO", "plaice: NO", "plaice"),
        ("gov: NO", "gov: Norway", "form"),
        ("2026-11-22", "2026-02-30", "calendar"),
        ("  expect:", "  declared: [nothing]\n  expect:", "nothing is neither"),
        ("level: direct_law", "level: direct", "direct"),
        ("organised_in: [NO]", "organised_in: &a [NO]", "Anchors"),
        ("  expect:", "  rows: {plaice: [{country: NO}]}\n  expect:", "no noun plaice"),
        ("  expect:", "  rows: {place: [{contry: NO}]}\n  expect:", "Did you mean country"),
    ],
)
def test_a_bad_case_is_refused_with_its_line(old: str, new: str, said: str) -> None:
    assert old in MADE
    with pytest.raises(DeclarationError) as caught:
        [cases.facts(case) for case in cases.parse(MADE.replace(old, new).encode(), "made.yaml")]
    assert said in str(caught.value)
    assert "made.yaml" in str(caught.value)


def test_rows_of_other_nouns_count_as_observed() -> None:
    text = MADE.replace(
        "  expect:", "  rows: {activity: [{principal: staff, asset_id: box, day: 2026-11-01}]}\n  expect:"
    )
    [case] = cases.parse(text.encode(), "made.yaml")
    [row] = cases.facts(case)["activity"].to_pylist()
    assert (row["asset_id"], row["principal"], row["stance"]) == ("est:box", "staff", "observed")
    assert row["evidence_id"] == "case:a_case:rows"


CLAIMED = MADE.replace(
    "    reach: [{gov: NO, of: box, level: direct_law}]\n",
    "    claims: [{claim: c, verb: place_in, verdict: supported, says: Norway, rows_for: 1, confidence: high}]\n",
).replace("  expect:", "    claims: {c: {says: It is there, by: op, test: {place_in: [NO], of: box}}}\n  expect:")


def test_a_case_of_a_claim_is_held_to_what_it_says() -> None:
    [case] = cases.parse(CLAIMED.encode(), "made.yaml")
    assert differences(case, cases.conclude(case)) == []
    for old, new in (
        ("verdict: supported", "verdict: contradicted"),
        ("says: Norway", "says: Sweden"),
        ("says: Norway", "not_says: Norway"),
        ("rows_for: 1", "rows_for: 2"),
        ("confidence: high", "confidence: low"),
        ("verb: place_in", "verb: operator_is"),
        ("rows_for: 1", "remainder: a copy of the moon"),
    ):
        assert old in CLAIMED
        [case] = cases.parse(CLAIMED.replace(old, new).encode(), "made.yaml")
        assert len(differences(case, cases.conclude(case))) == 1, new


def test_marks_make_facts_declared() -> None:
    text = MADE.replace("  expect:", "  declared: [box]\n  expect:")
    [case] = cases.parse(text.encode(), "made.yaml")
    tables = cases.facts(case)
    assert tables["asset"]["stance"].to_pylist() == ["declared"]
    assert tables["interest"]["stance"].to_pylist() == ["declared"]
    assert tables["legal_entity"]["stance"].to_pylist() == ["configured"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("direct_law", "direct_place"),
        ("{gov: NO", "{gov: SE"),
        ("level: direct_law", "level: direct_law, contested: true"),
        ("level: direct_law", "entities: [box]"),
        ("level: direct_law", "law: Magna Carta"),
        ("level: direct_law", "conflict: GDPR"),
        ("level: direct_law", "not_law: general rule"),
        ("level: direct_law", "classes: [person_name]"),
        ("level: direct_law", "data: metadata"),
        ("reach: [{gov: NO, of: box, level: direct_law}]", "not_reached: [{gov: NO, of: box}]"),
        ("reach: [{gov: NO, of: box, level: direct_law}]", "control: [{holder: op, of: box}]"),
        ("reach: [{gov: NO, of: box, level: direct_law}]", "covered: {eea: {op: no}}"),
        ("reach: [{gov: NO, of: box, level: direct_law}]", "parents: {op: [box]}"),
        ("reach: [{gov: NO, of: box, level: direct_law}]", "owned: [{holder: op, of: box, share: [1, 1]}]"),
        ("reach: [{gov: NO, of: box, level: direct_law}]", "cutoff: [{cut: NO, stops: {box: 1}}]"),
        ("reach: [{gov: NO, of: box, level: direct_law}]", "cutoff: [{cut: NO, survives: [box]}]"),
        ("reach: [{gov: NO, of: box, level: direct_law}]", "contradictions: [op]"),
        ("reach: [{gov: NO, of: box, level: direct_law}]", "findings: [{question: reach, verdict: yes}]"),
        ("reach: [{gov: NO, of: box, level: direct_law}]", "no_finding: [{question: reach, verdict: unknown}]"),
        ("reach: [{gov: NO, of: box, level: direct_law}]", "says: [Magna Carta]"),
        ("reach: [{gov: NO, of: box, level: direct_law}]", "plan: {total: 7}"),
        ("reach: [{gov: NO, of: box, level: direct_law}]", "claims: [{claim: c, verdict: supported}]"),
        ("reach: [{gov: NO, of: box, level: direct_law}]", "provenance: [{claim: c, independent: 1}]"),
        ("reach: [{gov: NO, of: box, level: direct_law}]", "mutations: [{claim: c, kind: unit}]"),
    ],
)
def test_a_wrong_answer_is_noticed(old: str, new: str) -> None:
    assert old in MADE
    [case] = cases.parse(MADE.replace(old, new).encode(), "made.yaml")
    assert len(differences(case, cases.conclude(case))) == 1
