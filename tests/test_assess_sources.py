"""Who stands behind a claim."""

from __future__ import annotations

import random
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate import model
from flagstate.assess import sources
from flagstate.assess.sources import provenance, resting

Row = dict[str, object]


def tables(claims: list[Row], given: list[Row]) -> tuple[pa.Table, pa.Table]:
    return model.rows(model.NOUNS["claim"], claims), model.rows(model.NOUNS["source"], given)


def of(claims: list[Row], given: list[Row]) -> dict[str, Row]:
    return {str(row["claim_id"]): row for row in provenance(*tables(claims, given))}


REPORT = {"source_id": "report", "source_form": "report", "outlet": "Gazette", "anonymous": True}
REWRITE = {"source_id": "rewrite", "source_form": "rewrite", "derived_from": ["report"]}
ANOTHER = {"source_id": "another", "source_form": "translation", "derived_from": ["rewrite"]}


def test_two_articles_from_one_report_are_one_source() -> None:
    row = of([{"claim_id": "c", "source_ids": ["rewrite", "another"]}], [REPORT, REWRITE, ANOTHER])["c"]
    assert (row["independent"], row["primaries"], row["assertions"], row["unnamed"]) == (1, ["report"], 3, 1)
    assert (row["circular"], row["absent"]) == (False, [])


def test_a_copy_without_a_named_origin_is_no_primary() -> None:
    row = of([{"claim_id": "c", "source_ids": ["x"]}], [{"source_id": "x", "source_form": "copy"}])["c"]
    assert (row["independent"], row["absent"], row["assertions"]) == (0, ["x"], 1)


def test_a_circle_is_said_and_proves_nothing() -> None:
    circle = [
        {"source_id": "a", "source_form": "report", "derived_from": ["b"]},
        {"source_id": "b", "source_form": "report", "derived_from": ["a"]},
    ]
    row = of([{"claim_id": "c", "source_ids": ["a"]}], circle)["c"]
    assert (row["independent"], row["circular"]) == (0, True)
    alone = of([{"claim_id": "c", "derived_from": ["c"]}], [])["c"]
    assert (alone["independent"], alone["circular"]) == (0, True)


def test_a_claim_that_repeats_a_claim_has_its_primaries_and_shows_its_denials() -> None:
    claims = [
        {"claim_id": "first", "source_ids": ["report"], "stances": '{"operator": "deny", "ministry": "no_comment"}'},
        {"claim_id": "copy", "derived_from": ["first"], "source_ids": ["late"]},
    ]
    found = of(claims, [REPORT, {"source_id": "late", "source_form": "report", "outlet": "Late", "verified": "no"}])
    assert (found["copy"]["primaries"], found["copy"]["denied_by"]) == (["report"], ["operator"])
    assert (found["copy"]["no_comment_by"], found["copy"]["unverified_by"]) == (["ministry"], ["Late"])
    assert found["first"]["unverified_by"] == []
    assert found["first"]["assertions"] == found["copy"]["assertions"] == 2


def test_what_was_not_given_is_absent() -> None:
    row = of([{"claim_id": "c", "derived_from": ["gone"], "source_ids": ["report"]}], [REPORT])["c"]
    assert (row["independent"], row["absent"], row["assertions"]) == (0, ["gone"], 1)


def test_a_claim_that_stands_nowhere_stands_for_itself() -> None:
    row = of([{"claim_id": "c"}], [])["c"]
    assert (row["independent"], row["primaries"], row["assertions"]) == (1, ["c"], 1)


def test_what_rests_on_a_source_is_told() -> None:
    told = resting(*tables([{"claim_id": "c", "source_ids": ["another"]}], [REPORT, REWRITE, ANOTHER]))
    assert told["report"] == sources.Resting(("c",), ("another", "rewrite"))
    assert told["another"] == sources.Resting(("c",), ())


def test_a_long_chain_ends_at_its_bound_and_counts_nothing_behind_it() -> None:
    many = 3 * sources.DEEPEST
    chain = [{"source_id": f"s{n}", "source_form": "report", "derived_from": [f"s{n + 1}"]} for n in range(many)]
    row = of([{"claim_id": "c", "source_ids": ["s0"]}], [*chain, {"source_id": f"s{many}", "source_form": "report"}])[
        "c"
    ]
    assert (row["independent"], row["circular"]) == (0, False)
    assert row["absent"] == [f"s{sources.DEEPEST}"]


def test_a_claim_in_very_many_sources_ends_too() -> None:
    listed = [{"source_id": f"s{n:05}", "source_form": "report"} for n in range(2 * sources.MOST)]
    row = of([{"claim_id": "c", "source_ids": [one["source_id"] for one in listed]}], listed)["c"]
    assert row["independent"] == sources.MOST - 1
    assert len(row["absent"]) == sources.MOST


FIRM = {"source_form": "report", "outlet": "Firm X", "on_date": date(2026, 3, 1)}


@pytest.mark.parametrize(
    ("other", "independent"),
    [
        ({}, 1),
        ({"outlet": " firm  X"}, 1),
        ({"outlet": "FIRM x", "anonymous": True}, 1),
        ({"outlet": "Firm Y"}, 2),
        ({"on_date": date(2026, 3, 2)}, 2),
        ({"outlet": None}, 2),
    ],
)
def test_one_outlet_is_one_primary_a_day(other: Row, independent: int) -> None:
    listed = [FIRM | {"source_id": "a"}, FIRM | {"source_id": "b"} | other]
    row = of([{"claim_id": "c", "source_ids": ["a", "b"]}], listed)["c"]
    assert (row["independent"], row["assertions"]) == (independent, 2)
    assert row["primaries"] == ["a", "b"][:independent]
    assert row["unnamed"] == bool(other.get("anonymous"))


def test_several_reports_of_one_speaker_are_his_one_statement() -> None:
    listed = [REPORT | {"anonymous": False}, {"source_id": "late", "source_form": "report", "outlet": "Late"}]
    both: Row = {"claim_id": "c", "source_ids": ["report", "late"]}
    assert of([both], listed)["c"]["primaries"] == ["late", "report"]
    spoken = of([both | {"speaker": "The operator"}, {"claim_id": "copy", "derived_from": ["c"]}], listed)
    for row in spoken.values():
        assert (row["primaries"], row["independent"], row["unnamed"]) == (["c"], 1, 0)
    assert spoken["c"]["assertions"] == 3
    alone = of([both | {"speaker": "The operator", "source_ids": ["report"]}], listed)["c"]
    assert alone["primaries"] == ["report"]
    unnamed = of([both | {"speaker": "officials"}], [one | {"anonymous": True} for one in listed])["c"]
    assert (unnamed["independent"], unnamed["unnamed"]) == (1, 1)
    twice = [{"claim_id": name, "speaker": said} for name, said in (("a", "The operator"), ("b", "the  OPERATOR"))]
    assert of([*twice, {"claim_id": "c", "derived_from": ["a", "b"]}], [])["c"]["primaries"] == ["a"]


def test_who_says_it_again_confirms_nothing() -> None:
    said = '{"grey_heron": "confirm", "authority": "confirm"}'
    claims: list[Row] = [
        {"claim_id": "c", "speaker": "Grey Heron", "stances": said},
        {"claim_id": "copy", "speaker": "Gazette", "derived_from": ["c"], "stances": '{"grey_heron": "confirm"}'},
        {"claim_id": "denied", "speaker": "Grey Heron", "stances": '{"grey_heron": "deny"}'},
    ]
    found = of(claims, [])
    assert found["c"]["confirmed_by"] == found["copy"]["confirmed_by"] == ["authority"]
    assert found["denied"]["denied_by"] == ["grey_heron"]


NAMES = [f"n{number}" for number in range(9)]
LINKS = st.lists(st.sampled_from([*NAMES, "gone"]), max_size=3)
WHO = st.sampled_from([None, None, "a", "A ", "b"])
GRAPHS = st.tuples(
    st.lists(
        st.tuples(LINKS, LINKS, st.sampled_from([None, '{"a": "deny"}', '{"a": "confirm"}', "[", "{"]), WHO),
        min_size=1,
        max_size=5,
    ),
    st.lists(st.tuples(LINKS, st.sampled_from(["report", "copy", "statement"]), st.booleans(), WHO), max_size=4),
)


def graph(
    drawn: tuple[
        list[tuple[list[str], list[str], str | None, str | None]], list[tuple[list[str], str, bool, str | None]]
    ],
) -> tuple[list[Row], list[Row]]:
    claims: list[Row] = [
        {
            "claim_id": NAMES[at],
            "derived_from": behind,
            "source_ids": [one for one in carriers if one > NAMES[4]],
            "stances": said,
            "speaker": who,
        }
        for at, (behind, carriers, said, who) in enumerate(drawn[0])
    ]
    listed: list[Row] = [
        {"source_id": NAMES[5 + at], "derived_from": behind, "source_form": form, "anonymous": unnamed, "outlet": who}
        for at, (behind, form, unnamed, who) in enumerate(drawn[1])
    ]
    return claims, listed


@settings(max_examples=200, deadline=None)
@given(drawn=GRAPHS, seed=st.integers(0, 5))
def test_independent_never_exceeds_what_carries_it_and_order_does_not_matter(drawn: tuple, seed: int) -> None:
    claims, listed = graph(drawn)
    before = provenance(*tables(claims, listed))
    assert len(before) == len(claims)
    for row in before:
        assert row["independent"] == len(set(row["primaries"])) <= row["assertions"]
        assert row["unnamed"] <= row["independent"]
        assert not set(row["primaries"]) & set(row["absent"])
        assert row["independent"] or row["absent"] or row["circular"]
    random.Random(seed).shuffle(claims)
    random.Random(seed).shuffle(listed)
    assert provenance(*tables(claims, listed)) == before


@settings(max_examples=100, deadline=None)
@given(drawn=GRAPHS, at=st.integers(0, 3))
def test_a_copy_never_makes_a_claim_more_independent(drawn: tuple, at: int) -> None:
    claims, listed = graph(drawn)
    before = of(claims, listed)
    for claim in claims:
        carriers = [one for one in claim["source_ids"] if one in {row["source_id"] for row in listed}]
        if carriers:
            copied = carriers[at % len(carriers)]
            more = [{"source_id": "copy", "source_form": "rewrite", "derived_from": [copied]}, *listed]
            changed = [row | ({"source_ids": [*row["source_ids"], "copy"]} if row is claim else {}) for row in claims]
            after = of(changed, more)
            assert all(after[key]["independent"] <= row["independent"] for key, row in before.items())
    repeated = of([*claims, {"claim_id": "copy", "derived_from": [claims[0]["claim_id"]]}], listed)
    assert repeated["copy"]["primaries"] == before[NAMES[0]]["primaries"]
    assert all(repeated[key]["primaries"] == row["primaries"] for key, row in before.items())


@settings(max_examples=100, deadline=None)
@given(drawn=GRAPHS, at=st.integers(0, 4))
def test_a_denial_changes_nothing_but_who_denies(drawn: tuple, at: int) -> None:
    claims, listed = graph(drawn)
    claims = [claim | {"stances": None} for claim in claims]
    before = of(claims, listed)
    denied = claims[at % len(claims)]
    after = of([row | ({"stances": '{"operator": "deny"}'} if row is denied else {}) for row in claims], listed)
    assert after[str(denied["claim_id"])]["denied_by"] == ["operator"]
    for key, row in before.items():
        assert after[key] | {"denied_by": []} == row
