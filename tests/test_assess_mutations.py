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
        (amount(1, "t"), amount(1, "t", "mass"), None),
        ({"hedging": "estimated"}, {}, "hedging"),
        ({}, {"hedging": "estimated"}, "hedging"),
        ({"hedging": "estimated"}, {"hedging": "about"}, None),
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
