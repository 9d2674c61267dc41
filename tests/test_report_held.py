"""What the holdings page derives: the heat map, legal categories against their bars, what stands together."""

from __future__ import annotations

from typing import Any

import pytest

from flagstate.catalog import inference
from flagstate.catalog.data_class import LAWS, load
from flagstate.report import held
from flagstate.report.words import catalogue

Row = dict[str, Any]


def row(name: str, container: str = "t", **more: object) -> Row:
    base = {"asset_id": "store:a", "container": container, "data_class": name, "records": 10, "marks": []}
    return base | {"subjects_lo": None, "subjects_hi": None} | more


def test_every_group_of_the_catalogue_has_a_column_and_a_word() -> None:
    for made in load():
        assert held.group(made.id) != held.OTHER, made.id
    for name in (*held.GROUPS, held.OTHER):
        assert f"group.{name}" in catalogue()
    for topic in inference.load():
        assert held.group(topic.id) == "inferred"
        assert held.special(topic.id)
        assert held.says(topic.id) == topic.says


def test_the_heat_map_puts_the_most_telling_container_first() -> None:
    made = held.heat(
        [row("email"), row("iban", "pay", records=10**6), row("email", "pay"), row("inferred_health", "pay")]
    )
    assert made["groups"] == ["contact", "financial", "inferred"]
    assert [r["name"] for r in made["rows"]] == ["pay", "t"]
    assert made["rows"][1]["cells"][1:] == [None, None]
    assert [cell["level"] for cell in made["rows"][0]["cells"]] == [0, 4, 0]
    assert [cell["special"] for cell in made["rows"][0]["cells"]] == [False, False, True]
    assert held.heat([row("email", f"t{n}") for n in range(held.CONTAINERS + 3)])["left_out"] == 3


@pytest.mark.parametrize(
    ("low", "high", "state"), [(0, 10_000, "below"), (0, 10_001, "open"), (10_001, 10_001, "above"), (0, 0, "none")]
)
def test_a_bar_is_more_than_its_number(low: int, high: int, state: str) -> None:
    bars = {"us_28cfr202/personal_financial": 10_000}
    found = held.categories([row("iban", subjects_lo=low, subjects_hi=high)], bars)
    (made,) = (c for c in found if c["law"] == "us_28cfr202/personal_financial")
    assert made["state"] == state
    assert made["name"] == LAWS["us_28cfr202/personal_financial"]


def test_containers_add_up_for_the_most_and_not_for_the_least() -> None:
    rows = [row("iban", c, subjects_lo=5, subjects_hi=9) for c in "ab"] + [
        row("card", "a", subjects_lo=7, subjects_hi=8)
    ]
    (made,) = (c for c in held.categories(rows, {}) if c["law"] == "us_28cfr202/personal_financial")
    assert (made["low"], made["high"], made["containers"]) == (7, 18, 2)


def test_months_are_put_together() -> None:
    rows = [
        {"asset_id": "s", "container": "t", "data_classes": ["email"], "about": None, "month": month, "records": 4,
         "subjects_lo": low, "subjects_hi": 4}
        for month, low in (("2026-02", 2), ("2026-01", 3), (None, 1))
    ]  # fmt: skip
    (made,) = held.populations(rows)
    assert (made["records"], made["subjects_lo"], made["subjects_hi"]) == (12, 3, 12)
    assert (made["from"], made["to"]) == ("2026-01", "2026-02")


def test_marks_are_read_by_their_prefix() -> None:
    assert held.marked(row("trade_flow", marks=["grain:a × b", "per:parcel"]), "per:") == "parcel"
    assert held.marked(row("trade_flow", marks=None), "per:") == ""
