"""What the holdings page derives: the heat map, legal categories against their bars, what stands together."""

from __future__ import annotations

from typing import Any

import pytest

from flagstate.catalog import inference, sketch
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


def category(rows: list[Row], populations: list[Row]) -> tuple[int, int, int]:
    found = held.categories(rows, {}, populations)
    (made,) = (c for c in found if c["law"] == "us_28cfr202/personal_financial")
    return made["low"], made["high"], made["containers"]


def test_without_populations_the_largest_and_the_sum() -> None:
    """Two classes of one container may be of different persons."""
    rows = [row("iban", c, subjects_lo=5, subjects_hi=9) for c in "ab"]
    assert category(rows, []) == (5, 18, 2)
    assert category([*rows, row("card", "a", subjects_lo=7, subjects_hi=8)], []) == (7, 26, 2)


def counted(persons: range, container: str = "t", *, month: str | None = "2026-01", **more: Any) -> Row:
    """Rows of as many persons, each known by a key; `nameless` more by none."""
    nameless = more.pop("nameless", 0)
    marks = b"".join(number.to_bytes(8, "little") for number in persons)
    low, high = sketch.bounds(len(persons), 0, nameless, 10**6)
    base = {"asset_id": "store:a", "container": container, "data_classes": ["iban"], "about": None, "month": month}
    base |= {"records": len(persons) + nameless, "unit": "persons", "subject_class": "email", "marks": []}
    return base | {"subjects_lo": low, "subjects_hi": high, "sketch": b"\0" + marks} | more


def test_who_is_in_two_containers_counts_once() -> None:
    def of(container: str, records: int) -> Row:
        return row("iban", container, unit="persons", records=records, subjects_lo=1, subjects_hi=records)

    rows = [of("a", 40), of("b", 40)]
    assert category(rows, [counted(range(1, 41), "a"), counted(range(21, 61), "b")]) == (60, 60, 2)
    assert category(rows, [counted(range(1, 41), "a"), counted(range(21, 61), "b", subject_class="card")]) == (
        40,
        80,
        2,
    )
    assert category(rows, [counted(range(1, 41), "a"), counted(range(21, 61), "c")]) == (40, 80, 2)
    assert category([of("a", 45), of("b", 40)], [counted(range(1, 41), "a"), counted(range(21, 61), "b")]) == (
        60,
        65,
        2,
    )
    other = [counted(range(1, 41), "a"), counted(range(21, 61), "b", data_classes=["email"])]
    assert category(rows, other) == (40, 80, 2), "rows without the class say nothing of it"


def test_persons_and_devices_are_not_added() -> None:
    rows = [row("iban", "a", unit=u, records=30, subjects_lo=1, subjects_hi=30) for u in ("persons", "devices")]
    found = [counted(range(1, 31), "a"), counted(range(1, 26), "a", unit="devices", nameless=5)]
    assert category(rows, found) == (30, 30, 1)


def test_months_are_put_together() -> None:
    rows = [
        {"asset_id": "s", "container": "t", "data_classes": ["email"], "about": None, "month": month, "records": 4,
         "subjects_lo": low, "subjects_hi": 4}
        for month, low in (("2026-02", 2), ("2026-01", 3), (None, 1))
    ]  # fmt: skip
    (made,) = held.populations(rows)
    assert (made["records"], made["subjects_lo"], made["subjects_hi"]) == (12, 3, 12)
    assert (made["from"], made["to"]) == ("2026-01", "2026-02")


def test_who_is_in_two_months_counts_once_and_the_nameless_each() -> None:
    rows = [counted(range(1, 31)), counted(range(11, 41), month="2026-02", nameless=7)]
    (made,) = held.populations(rows)
    assert (made["records"], made["subjects_lo"], made["subjects_hi"]) == (67, 40, 47)
    assert len(held.populations([*rows, counted(range(1, 9), unit="devices")])) == 2
    (goods,) = held.populations([counted(range(1, 9), unit=None, subjects_lo=None, subjects_hi=None, sketch=None)])
    assert (goods["subjects_lo"], goods["subjects_hi"]) == (None, None)


def test_marks_are_read_by_their_prefix() -> None:
    assert held.marked(row("trade_flow", marks=["grain:a × b", "per:parcel"]), "per:") == "parcel"
    assert held.marked(row("trade_flow", marks=None), "per:") == ""
