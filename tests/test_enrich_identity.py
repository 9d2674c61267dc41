"""Which ids are one, what cannot all be true, and that neither is ever guessed from names."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control_world import AS_OF, chains, covered, derive, parents, tables
from flagstate import model
from flagstate.catalog.operator_facts import entity_rows, ownership_rows
from flagstate.catalog.providers import book
from flagstate.enrich.identity import IDS, identify, lei_of, number_of, unify

LEI, OTHER = "529900T8BM49AURSDO55", "5493001KJTIIGC8Y1R12"
DE: dict[str, Any] = {"organised_in": ["DE"]}


def same(facts: dict[str, pa.Table]) -> dict[str, tuple[str, str, str]]:
    return {r["entity_id"]: (r["same_as"], r["by"], r["verdict"]) for r in identify(facts)["identity"].to_pylist()}


def odd(facts: dict[str, pa.Table]) -> list[tuple[str, str]]:
    return [(r["about_id"], r["column"]) for r in identify(facts)["contradiction"].to_pylist()]


def test_the_catalog_stands_for_all_then_the_declaration_then_the_register() -> None:
    facts = tables({"lei:x": {"lei": LEI}, "est:x": {"lei": LEI.lower()}, "ent:x": {"lei": f" {LEI} "}}, [])
    assert same(facts) == {"est:x": ("ent:x", "lei", "yes"), "lei:x": ("ent:x", "lei", "yes")}


def test_registration_numbers_need_the_same_register() -> None:
    facts = tables(
        {
            "est:a": {"registration": ["GB-COH:1000 0001"]},
            "est:b": {"registration": ["gb-coh:10000001"]},
            "est:c": {"registration": ["DE-CR:10000001"]},
            "est:d": {"registration": ["10000001"]},
            "est:e": {"registration": ["GB-COH:"]},
            "est:f": {"registration": ["GB-COH: 000"]},
            "est:g": {"registration": ["GB-COH:000"]},
        },
        [],
    )
    assert same(facts) == {"est:b": ("est:a", "registration", "yes")}


def test_identity_passes_on_over_both() -> None:
    facts = tables(
        {"est:a": {"lei": LEI}, "est:b": {"lei": LEI, "registration": ["X:1"]}, "reg:c": {"registration": ["X:1"]}}, []
    )
    assert {one: top for one, (top, _, _) in same(facts).items()} == {"est:b": "est:a", "reg:c": "est:a"}
    for row in identify(facts)["identity"].to_pylist():
        assert len(row["facts"]) >= 2


def test_equal_names_merge_nothing_and_persons_are_not_compared() -> None:
    facts = tables(
        {
            "est:a": {"name": "Müller  GmbH", **DE},
            "reg:b": {"name": "MÜLLER  GMBH", "organised_in": ["AT"]},
            "est:p": {"kind": "person", "name": "Jane Doe"},
            "est:q": {"kind": "person", "name": "Jane Doe"},
        },
        [("est:p", "est:a", "owns", 100), ("est:q", "reg:b", "owns", 100)],
    )
    assert same(facts) == {"reg:b": ("est:a", "name", "unknown")}
    assert not odd(facts)
    assert unify(facts, identify(facts)["identity"])["interest"].equals(facts["interest"])


def test_names_alike_are_bounded() -> None:
    facts = tables({f"est:{n}": {"name": "Holding"} for n in range(50)}, [])
    assert len(same(facts)) == 7


def test_one_lei_with_two_numbers_of_one_register_is_a_contradiction_and_no_identity() -> None:
    facts = tables(
        {"est:a": {"lei": LEI, "registration": ["GB-COH:1"]}, "reg:b": {"lei": LEI, "registration": ["GB-COH:2"]}}, []
    )
    assert same(facts) == {"reg:b": ("est:a", "lei", "unknown")}
    (row,) = identify(facts)["contradiction"].to_pylist()
    assert (row["about_id"], row["column"], set(row["facts"])) == ("est:a", "registration", {"e1", "e2"})
    assert row["sources"] == ["world.yaml:1", "world.yaml:2"]
    assert unify(facts, identify(facts)["identity"])["legal_entity"].equals(facts["legal_entity"])


def test_one_number_with_two_leis_is_a_contradiction() -> None:
    facts = tables({"a": {"lei": LEI, "registration": ["X:1"]}, "b": {"lei": OTHER, "registration": ["X:1"]}}, [])
    assert same(facts)["b"][2] == "unknown"
    assert odd(facts) == [("a", "lei")]


@pytest.mark.parametrize("text", ["", None, "n/a", "0" * 20, "12345", "529900T8BM49AURSDOXX", "X" * 21])
def test_what_is_no_lei_joins_nobody(text: str | None) -> None:
    assert lei_of(text) is None
    assert not same(tables({"a": {"lei": text}, "b": {"lei": text}}, []))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30))
def test_numbers_never_crash_and_are_stable(text: str) -> None:
    found = number_of(text)
    assert found is None or number_of(":".join(found)) == found


def test_unify_replaces_every_id_and_keeps_facts() -> None:
    facts = tables({"ent:x": {"lei": LEI}, "est:x": {"lei": LEI}}, [("est:x", "est:y", "owns", 100)])
    policy = [{"policy": "accept_reach", "value": "entity:est:x"}, {"policy": "accept_reach", "value": "CN"}]
    facts["policy"] = model.rows(model.POLICY, policy)
    facts["agreement"] = model.rows(model.AGREEMENT, [{"agreement_id": "z", "from_id": "est:x", "to_id": "est:y"}])
    facts["endpoint"] = model.rows(
        model.ENDPOINT, [{"addr": "192.0.2.1", "operator_id": "est:x", "controller_id": None}]
    )
    facts["event"] = model.rows(model.EVENT, [{"kind": "demand", "subject_id": "est:x", "object_id": "est:w"}])
    facts["holding"] = model.rows(model.HOLDING, [{"asset_id": "est:w", "about": "est:x"}])
    identity = identify(facts)["identity"]
    done = unify(facts, identity)
    assert done["legal_entity"]["entity_id"].to_pylist() == ["ent:x", "ent:x"]
    assert done["interest"]["holder_id"].to_pylist() == ["ent:x"]
    assert done["interest"]["fact_id"].to_pylist() == facts["interest"]["fact_id"].to_pylist()
    assert done["policy"]["value"].to_pylist() == ["entity:ent:x", "CN"]
    assert done["agreement"]["from_id"].to_pylist() == ["ent:x"]
    assert done["endpoint"]["operator_id"].to_pylist() == ["ent:x"]
    assert done["event"]["subject_id"].to_pylist() == ["ent:x"]
    assert done["holding"]["about"].to_pylist() == ["ent:x"]
    again = unify(done, identity)
    assert all(again[noun].equals(done[noun]) for noun in done)


def test_every_column_that_may_hold_an_entity_is_known() -> None:
    """A noun that gets a column for an entity must be unified too."""
    telling = {"entity_id", "holder_id", "operator_id", "controller_id", "from_id", "to_id"}
    for noun in model.ALL:
        if noun.group == "fact" or noun.name == "endpoint":
            assert telling & set(noun.names) <= set(IDS.get(noun.name, ())), noun.name


def test_joined_in_one_they_are_one_owner() -> None:
    facts = tables(
        {
            "est:a": {"lei": LEI, "organised_in": ["CN"]},
            "reg:a": {"lei": LEI},
            "c": DE,
            "p": {"kind": "person", "nationality": ["US"]},
        },
        [("est:a", "c", "owns", 30), ("reg:a", "c", "owns", 30), ("p", "c", "owns", 70)],
    )
    # 30 and 30 are one statement made twice, not 60.
    assert covered(derive(facts))["c"] == "no"
    assert not [r for r in odd(facts) if r[1] == "share_lo_pct"]


def test_places_that_differ_are_kept_apart_and_leave_it_unknown() -> None:
    facts = tables({"a": {"principal_place": "CN"}, "c": DE}, [("a", "c", "owns", 100)])
    other = tables({"a": {"principal_place": "SG", "source": "GLEIF", "fact_id": "x"}}, [])["legal_entity"]
    both = facts | {"legal_entity": pa.concat_tables([facts["legal_entity"], other])}
    assert covered(derive(facts))["c"] == "yes"
    (row,) = identify(both)["contradiction"].to_pylist()
    assert (row["about_id"], row["column"]) == ("a", "principal_place")
    assert row["sources"] == ["GLEIF", "world.yaml:1"]
    assert "CN (world.yaml:1)" in row["words"]
    assert "SG (GLEIF)" in row["words"]
    assert covered(derive(both))["a"] == "unknown"
    assert covered(derive(both))["c"] == "unknown"


def test_what_stands_without_the_contradiction_stands() -> None:
    facts = tables({"a": {"principal_place": "CN", "organised_in": ["CN"]}}, [])
    other = tables({"a": {"principal_place": "SG", "source": "GLEIF", "fact_id": "x"}}, [])["legal_entity"]
    third = tables({"a": {"organised_in": ["CN"], "source": "third", "fact_id": "y"}}, [])["legal_entity"]
    both = facts | {"legal_entity": pa.concat_tables([facts["legal_entity"], other, third])}
    assert covered(derive(both))["a"] == "yes"


@pytest.mark.parametrize(
    ("one", "other", "column"),
    [
        ({"organised_in": ["KY"]}, {"organised_in": ["DE"]}, "organised_in"),
        ({"kind": "organisation"}, {"kind": "person"}, "kind"),
        ({"principal_place": "CN"}, {"principal_place": "DE"}, "principal_place"),
    ],
)
def test_two_speakers_contradict_each_other(one: dict[str, Any], other: dict[str, Any], column: str) -> None:
    first, second = (
        tables({"a": one}, [])["legal_entity"],
        tables({"a": {**other, "source": "two"}}, [])["legal_entity"],
    )
    facts = {"legal_entity": pa.concat_tables([first, second])}
    assert odd(facts) == [("a", column)]
    assert not odd({"legal_entity": pa.concat_tables([first, first])})


def test_facts_of_different_times_do_not_contradict() -> None:
    moved = datetime(2024, 1, 1, tzinfo=UTC)
    first = tables({"a": {"principal_place": "CN", "valid_to": moved}}, [])["legal_entity"]
    second = tables({"a": {"principal_place": "SG", "valid_from": moved, "source": "two"}}, [])["legal_entity"]
    assert not odd({"legal_entity": pa.concat_tables([first, second])})


def test_the_catalog_contradicts_itself_nowhere() -> None:
    """What it holds contested is marked there; the whole of it must not flood."""
    slugs = {*book().operators, *book().entities}
    facts = {
        "legal_entity": model.stamp(model.rows(model.LEGAL_ENTITY, entity_rows(slugs)), model.LEGAL_ENTITY),
        "interest": model.stamp(model.rows(model.INTEREST, ownership_rows(slugs)), model.INTEREST),
    }
    assert facts["legal_entity"].num_rows > 200
    assert not odd(facts)


def test_stakes_that_exclude_each_other() -> None:
    facts = tables({"a": {"organised_in": ["CN"]}, "c": DE}, [("a", "c", "owns", 20), ("a", "c", "owns", 60)])
    (row,) = identify(facts)["contradiction"].to_pylist()
    assert (row["about_id"], row["column"], set(row["facts"])) == ("a>c", "share_lo_pct", {"i1", "i2"})
    assert row["sources"] == ["world.yaml:101", "world.yaml:102"]
    answer = derive(facts)
    assert chains(answer)["a", "c"]["verdict"] == "unknown"
    assert covered(answer)["c"] == "unknown"
    assert not odd(tables({"a": DE, "c": DE}, [("a", "c", "owns", 20, 40), ("a", "c", "owns", 30, 60)]))


def test_shares_of_more_than_the_whole() -> None:
    facts = tables({"a": DE, "b": DE, "c": DE}, [("a", "c", "owns", 60), ("b", "c", "owns", 50)])
    assert odd(facts) == [("c", "share_lo_pct")]
    assert {v for _, _, v in parents(derive(facts))["c"]} == {"unknown"}
    rounded = tables({"a": DE, "b": DE, "d": DE, "c": DE}, [(h, "c", "owns", 33.4) for h in "abd"])
    assert not odd(rounded)
    indirect = tables({"a": DE, "b": DE, "c": DE}, [
        ("a", "c", "owns", 60), ("b", "c", "owns", 60, {"directness": "indirect"}), ("b", "c", "votes", 60),
    ])  # fmt: skip
    assert not odd(indirect)


def test_shares_that_follow_each_other_in_time_are_not_added() -> None:
    sold = datetime(2024, 1, 1, tzinfo=UTC)
    facts = tables({"a": DE, "b": DE, "c": DE}, [
        ("a", "c", "owns", 60, {"valid_to": sold}), ("b", "c", "owns", 60, {"valid_from": sold}),
    ])  # fmt: skip
    assert not odd(facts)


@pytest.mark.parametrize("share", [(130,), (60, 40), (-5,)])
def test_a_share_that_is_none(share: tuple[float, ...]) -> None:
    facts = tables({"a": {"organised_in": ["CN"]}, "c": DE}, [("a", "c", "owns", *share)])
    assert ("a>c", "share_lo_pct") in odd(facts)
    answer = derive(facts)
    assert covered(answer)["c"] == "unknown"
    assert chains(answer)["a", "c"]["verdict"] == "unknown"


def test_a_person_that_owns_a_person() -> None:
    person = {"kind": "person", "nationality": ["US"]}
    facts = tables({"a": {"kind": "person", "nationality": ["CN"]}, "b": person}, [("a", "b", "owns", 100)])
    (row,) = identify(facts)["contradiction"].to_pylist()
    assert (row["about_id"], row["column"], row["facts"]) == ("a>b", "subject_id", ["i1"])
    answer = derive(facts)
    assert chains(answer)["a", "b"]["verdict"] == "unknown"
    assert covered(answer)["b"] != "yes"


def test_dates_reversed_may_hold_and_may_not() -> None:
    back = {"valid_from": datetime(2025, 1, 1, tzinfo=UTC), "valid_to": datetime(2024, 1, 1, tzinfo=UTC)}
    facts = tables({"a": {"organised_in": ["CN"]}, "c": DE}, [("a", "c", "owns", 100, back)])
    (row,) = identify(facts)["contradiction"].to_pylist()
    assert (row["about_id"], row["column"]) == ("a>c", "valid_to")
    assert "2025-01-01" in row["words"]
    assert covered(derive(facts))["c"] == "unknown"
    assert chains(derive(facts))["a", "c"]["verdict"] == "unknown"


@pytest.mark.parametrize(
    ("said", "column"),
    [
        ({"organised_in": ["XX"]}, "organised_in"),
        ({"principal_place": "UK"}, "principal_place"),
        ({"nationality": ["ZZ"]}, "nationality"),
    ],
)
def test_a_country_that_is_none(said: dict[str, Any], column: str) -> None:
    assert odd(tables({"a": said}, [])) == [("a", column)]


def test_a_country_that_is_none_may_be_any() -> None:
    us = {"kind": "person", "nationality": ["US"]}
    for said in ({"organised_in": ["XX"]}, {"organised_in": ["DE"], "principal_place": "Chine"}):
        facts = tables({"a": said, "p": us}, [("p", "a", "owns", 100)])
        assert covered(derive(facts))["a"] == "unknown"
    plain = tables({"a": DE, "p": us}, [("p", "a", "owns", 100)])
    assert covered(derive(plain))["a"] == "no"


def test_nothing_at_all() -> None:
    assert identify({})["identity"].num_rows == 0
    assert derive(tables({}, []))["covered"].num_rows == 0


def test_hostile_names_stay_text() -> None:
    name = "</script>\x1b[31m'; DROP TABLE x --\u202e"
    facts = tables({"a": {"name": name, "organised_in": ["CN"]}, "c": {**DE, "name": name}}, [("a", "c", "owns", 100)])
    answer = derive(facts, on=date(AS_OF.year, 1, 1))
    assert covered(answer)["c"] == "yes"
    assert same(facts) == {"c": ("a", "name", "unknown")}


def test_a_hub_of_many_owners_in_many_years_is_added_up_in_one_pass() -> None:
    def on(year: int) -> datetime:
        return datetime(year, 1, 1, tzinfo=UTC)

    turns = [
        (f"h{n}", "c", "owns", 60, {"valid_from": on(1900 + n % 120), "valid_to": on(1901 + n % 120)})
        for n in range(120)
    ]
    assert not odd(tables({"c": DE}, turns))
    both = [*turns, ("x", "c", "owns", 50, {"valid_from": on(1950), "valid_to": on(1951)})]
    (row,) = identify(tables({"c": DE}, both))["contradiction"].to_pylist()
    assert set(row["facts"]) == {"i51", "i121"}
