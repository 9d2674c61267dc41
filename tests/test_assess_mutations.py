"""How claims changed on the way."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate import model
from flagstate.assess.mutations import mutations

Row = dict[str, object]


def told(*claims: Row) -> list[Row]:
    return mutations(model.rows(model.NOUNS["claim"], claims), model.rows(model.NOUNS["source"], []))


def pair(was: Row, now: Row) -> list[Row]:
    return told({"claim_id": "a", **was}, {"claim_id": "b", "derived_from": ["a"], **now})


def amount(value: float | list[float], unit: str | None = None, name: str = "area") -> Row:
    lo, hi = value if isinstance(value, list) else (value, value)
    return {"claim_figures": json.dumps({name: {"lo": lo, "hi": hi} | ({"unit": unit} if unit else {})})}


def test_the_hangar_shrank_with_its_unit() -> None:
    (row,) = pair(amount(30_000, "m**2"), amount(30_000, "ft**2"))
    assert (row["claim_id"], row["parent_id"], row["mutation_kind"], row["figure"]) == ("b", "a", "unit", "area")
    assert row["message"] == "area: 30,000 m**2 became 30,000 ft**2, which is 2,787 m**2."
    assert "2\u202f787 m**2" in str(row["french"])


def test_tons_that_changed_say_how_they_were_read() -> None:
    (row,) = pair(amount(30, "t"), amount(40, "tons"))
    assert row["message"] == "area: 30 t (30 tons) became 40 tons (tons read as metric, 1,000 kg)."
    assert "lu comme métrique" in str(row["french"])
    (plain,) = pair(amount(30, "tons"), amount(40, "tons"))
    assert "read as" not in str(plain["message"])


@pytest.mark.parametrize(
    ("was", "now", "kind"),
    [
        (amount(30_000, "m**2"), amount(322_917, "ft**2"), None),
        (amount(30_000, "m**2"), amount(323_000, "ft**2"), None),
        (amount(30_000, "m**2"), amount(30_000, "m²"), None),
        (amount(30_000, "m**2"), amount(40_000, "m**2"), "number"),
        (amount(30_000, "m**2"), amount(40_000, "ft**2"), "number"),
        (amount([0, 50_000_000], "USD"), amount(50_000_000, "USD"), "number"),
        (amount(30, "t"), amount(30, "parcel"), "unit"),
        (amount(30, "t"), amount(30), "unit"),
        (amount(2018, "calendar_year"), amount(2021, "calendar_year"), "date"),
        ({"hedging": "estimated"}, {}, "hedging"),
        ({}, {"hedging": "estimated"}, "hedging"),
        ({"hedging": "estimated"}, {"hedging": "certainly"}, "hedging"),
        ({"hedging": "Estimated"}, {"hedging": "estimated "}, None),
        (amount(30, "t"), {}, "figure"),
        ({}, amount(30, "t"), "figure"),
        ({}, amount(2018, "calendar_year"), "figure"),
        (amount(5, "kg"), amount(5, "KG"), None),
        (amount(5, "kg"), amount(6, "KG"), "number"),
        (amount(5, "Pa"), amount(5, "PA"), "unit"),
        ({"claim_scope": "credit data"}, {"claim_scope": "all data"}, "scope"),
        ({"claim_scope": "Credit  data"}, {"claim_scope": "credit data"}, None),
        ({"claim_scope": "credit data"}, {}, None),
        ({"speaker": "an official"}, {"speaker": "the operator"}, "speaker"),
        ({"on_date": date(2023, 10, 9)}, {"on_date": date(2023, 10, 5)}, "date"),
        ({"on_date": date(2023, 10, 5)}, {"on_date": date(2023, 10, 9)}, None),
        ({"claim_kind": "allegation"}, {"claim_kind": "fact"}, "kind"),
        ({"claim_kind": "fact"}, {"claim_kind": "number"}, None),
    ],
)
def test_a_change_is_told_and_nothing_else(was: Row, now: Row, kind: str | None) -> None:
    rows = pair(was, now)
    assert [row["mutation_kind"] for row in rows] == ([kind] if kind else [])
    assert all(row["message"] and row["french"] for row in rows)


def test_a_figure_under_another_name_is_left_out_and_added() -> None:
    gone, new = sorted(pair(amount(1, "t"), amount(2, "t", "mass")), key=lambda row: str(row["figure"]))
    assert (gone["figure"], gone["before"], gone["after"]) == ("area", "1 t", None)
    assert gone["message"] == "area: 1 t was said, and is left out."
    assert (new["figure"], new["before"], new["after"]) == ("mass", None, "2 t")
    assert new["french"] == "mass : 2 t est dit, et ne l’était pas avant."


def through(claims: list[Row], *sources: Row) -> list[tuple[object, ...]]:
    rows = mutations(model.rows(model.NOUNS["claim"], claims), model.rows(model.NOUNS["source"], list(sources)))
    return [(row["claim_id"], row["parent_id"], row["mutation_kind"]) for row in rows]


def test_a_change_is_found_through_sources() -> None:
    first = {"claim_id": "o", "hedging": "about"} | amount(3, "kg")
    again = {"claim_id": "c", "hedging": "about"} | amount(5, "kg")
    p, q = {"source_id": "p", "derived_from": ["o"]}, {"source_id": "q", "derived_from": ["p", "q"]}
    told = [("c", "o", "number")]
    assert through([first, again | {"derived_from": ["p"]}], p) == told
    assert through([first, again | {"source_ids": ["q"]}], p, q) == told
    assert through([first, again | {"derived_from": ["x"], "source_ids": ["q"]}], p, q) == []
    assert through([first | {"source_ids": ["q"]}, again], p, q) == []


def test_of_several_claims_behind_a_source_only_figures_are_compared() -> None:
    first = {"claim_id": "o", "speaker": "x"} | amount(3, "kg")
    other = {"claim_id": "r", "speaker": "y"} | amount(7, "kg", "mass")
    again = {"claim_id": "c", "speaker": "z", "derived_from": ["p"]} | amount(5, "kg")
    assert through([first, other, again], {"source_id": "p", "derived_from": ["o", "r"]}) == [("c", "o", "number")]
    assert ("c", "o", "speaker") in through([first, other, again], {"source_id": "p", "derived_from": ["o"]})


def weighed(between: list[float], because: str | None = None) -> list[Row]:
    figures = {"mass": {"lo": 1.1, "hi": 1.1, "unit": "Mt"}, "parcels": {"lo": 326e6, "hi": 326e6, "unit": "parcel"}}
    asked = {"figure": "mass", "per": "parcels", "between": between, "unit": "kg"} | (
        {"because": because} if because else {}
    )
    test = json.dumps({"figure_consistent_with": asked})
    return told({"claim_id": "c", "claim_figures": json.dumps(figures), "test": test})


def test_a_quotient_outside_its_bounds_is_asked_about() -> None:
    (row,) = weighed([0.1, 2.5], "parcels of shops weigh less")
    assert (row["mutation_kind"], row["parent_id"], row["before"], row["after"]) == (
        "plausibility", None, "0.1 to 2.5 kg", "3.37 kg",
    )  # fmt: skip
    assert row["message"] == (
        "1.1 Mt / 326,000,000 parcel = 3.37 kg for each of parcels, and 0.1 to 2.5 kg would be plausible: "
        "do they count two populations? parcels of shops weigh less."
    )
    assert weighed([0.1, 4]) == []
    assert weighed([3.3, 3.4]) == []


HOSTILE = st.one_of(
    st.none(), st.text(max_size=30), st.sampled_from(["{", "[]", '{"a": 1}', '{"a": {"lo": 1, "hi": 2}}'])
)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "claim_id": st.sampled_from("abc"),
                "derived_from": st.lists(st.sampled_from("abcd"), max_size=3),
                "claim_figures": HOSTILE,
                "test": HOSTILE | st.just('{"figure_consistent_with": {"figure": "a", "per": "b", "between": 3}}'),
                "hedging": HOSTILE,
                "claim_kind": HOSTILE,
            }
        ),
        max_size=5,
    )
)
def test_any_dossier_is_compared_and_order_does_not_matter_where_ids_are_distinct(rows: list[Row]) -> None:
    distinct = list({row["claim_id"]: row for row in rows}.values())
    told(*rows)
    assert told(*distinct) == told(*reversed(distinct))
    keys = [(row["claim_id"], row["parent_id"], row["mutation_kind"], row["figure"]) for row in told(*rows)]
    assert len(keys) == len(set(keys))
