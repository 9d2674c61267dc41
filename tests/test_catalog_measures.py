"""The catalogue of measures: complete, strict, and in step with what it is bound to."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from flagstate import model
from flagstate.assess.plan_bind import IDENTITY
from flagstate.catalog.interest_kinds import interest_kinds
from flagstate.catalog.measures import PER, SOURCE, listed, measures, parse
from flagstate.errors import CatalogError

WANTED = {
    "hold_own_keys",
    "keys_in_other_country",
    "prove_key",
    "move",
    "other_operator",
    "client_side_encryption",
    "tokenise_column",
    "drop_column",
    "eea_only_administration",
    "just_in_time_access",
    "second_provider",
    "test_failover",
    "escrow",
    "block_flow",
    "contract_clause",
    "divest",
    "exit",
}
ONE = """x:
  does: Do it
  answers: It
  questions: [reach]
  per: movable
  cost: 1
  lead_days: 1
  opens: o
  keeps: k
"""


def test_every_measure_of_the_design_is_there_and_says_what_it_opens_and_keeps() -> None:
    assert set(measures()) >= WANTED
    for one in listed():
        assert all(str(one[name]).strip() for name in ("id", "does", "answers", "opens", "keeps", "per"))
        assert "{" not in f"{one['does']}{one['opens']}{one['answers']}{one['keeps']}"
        assert int(str(one["cost"])) >= 1


def test_every_way_of_binding_is_used_and_has_an_identity_among_its_parameters() -> None:
    assert {one.per for one in measures().values()} == set(PER) == set(IDENTITY)
    for per, names in IDENTITY.items():
        assert set(names) <= set(PER[per][1])


def test_what_excludes_or_requires_another_is_bound_to_the_same_thing() -> None:
    for one in measures().values():
        for other in (*one.excludes, *one.requires):
            assert set(IDENTITY[measures()[other].per]) <= set(PER[one.per][1]), other


def test_an_edit_never_lacks_a_condition_and_inserts_only_what_the_tables_know() -> None:
    for one in measures().values():
        assert one.delete or one.update or one.insert
        for noun, rows in one.insert.items():
            for row in rows:
                assert set(row) <= set(model.NOUNS[noun].names)
                if noun == "interest" and not str(row["kind"]).startswith("$"):
                    assert row["kind"] in interest_kinds()


def test_a_clause_never_touches_what_reach_is_made_of() -> None:
    clause = measures()["contract_clause"]
    assert (set(clause.insert), clause.delete, clause.update) == ({"control"}, {}, {})
    assert clause.questions == ("rules",)


def test_hypothetical_parties_are_brought_in_by_where_they_are_and_by_no_word_of_acceptance() -> None:
    text = SOURCE.read_text()
    assert "accepted" not in re.sub(r"#.*", "", text)
    for one in measures().values():
        roles = set(
            re.findall(
                r"\$(operator|second|key_holder|new_staff|new_support|owner)\b", str(one.insert) + str(one.update)
            )
        )
        assert roles == {f"new_{role}" if role in ("staff", "support") else role for role in one.brings}


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("cost: 1", "cost"),
        ("per: movable", "per"),
        ("questions: [reach]", "not a measure"),
        ("does: Do it", "every sentence"),
    ],
)
def test_a_damaged_measure_is_refused_with_its_line(change: str, what: str) -> None:
    wrong = {
        "cost: 1": "cost: 0",
        "per: movable": "per: moon",
        "questions: [reach]": "questions: [weather]",
        "does: Do it": 'does: "Do {}"',
    }
    with pytest.raises(CatalogError) as error:
        parse(ONE.replace(change, wrong[change]).encode(), "m.yaml")
    assert what in str(error.value)
    assert "m.yaml:1" in str(error.value)


@pytest.mark.parametrize(
    "tail",
    [
        "  delete: {asset: [{}]}\n",
        "  delete: {weather: [{x: 1}]}\n",
        "  insert: {asset: [{colour: red}]}\n",
        "  requires: [moon]\n",
        "  strange: 1\n",
        "  does: again\n",
    ],
)
def test_an_edit_of_everything_or_of_nothing_that_there_is_is_refused(tail: str) -> None:
    with pytest.raises(CatalogError):
        parse((ONE + tail).encode(), "m.yaml")


def test_no_is_a_word_and_not_false() -> None:
    found = parse((ONE + "  insert: {control: [{subject_id: $asset, control: NO, state: no}]}\n").encode(), "m.yaml")
    assert found["x"].insert["control"][0]["state"] == "no"
    assert not [f for _, f, _, _ in Formatter().parse(found["x"].does) if f]
