"""Lists of countries: who is on them on which day, with citation, and that damage is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from flagstate.catalog import lists
from flagstate.catalog.country_names import members
from flagstate.errors import CatalogError

NOW = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("name", "countries"),
    [
        ("us_28cfr202_countries_of_concern", "CN HK MO CU IR KP RU VE"),
        ("us_15cfr791_foreign_adversaries", "CN HK MO CU IR KP RU"),
        ("us_padfa", "CN RU IR KP"),
    ],
)
def test_members_today(name: str, countries: str) -> None:
    assert lists.on_list(name, NOW).countries == frozenset(countries.split())


def test_dates_decide() -> None:
    adversaries = "us_15cfr791_foreign_adversaries"
    assert "MO" not in lists.on_list(adversaries, date(2024, 7, 17)).countries
    assert "MO" in lists.on_list(adversaries, date(2024, 7, 18)).countries
    assert not lists.on_list("us_28cfr202_countries_of_concern", date(2025, 4, 7)).countries
    assert lists.on_list("eu", NOW).countries == members("EU", on=NOW)
    assert "GB" in lists.on_list("eea", date(2019, 1, 1)).countries


def test_a_regime_is_not_its_country() -> None:
    one = lists.on_list("us_15cfr791_foreign_adversaries", NOW)
    assert "VE" not in one.countries
    assert one.entity_ids == {"ent:maduro-regime"}


def test_every_list_is_cited() -> None:
    for name, one in lists.country_lists().items():
        assert one.citation, name
        assert one.threshold_cite, name
        assert one.source, name
        assert 0 < one.threshold <= 100, name


WHOLE = (
    "last_checked: x\nlists: {a: {title: t, citation: c, status: sourced, source: s, threshold: 50, "
    "threshold_cite: c, persons: either"
)


@pytest.mark.parametrize(
    "text",
    ["lists: [", "last_checked: x\nlists: {a: {title: t}}", WHOLE + ", members: [UK]}}", WHOLE + "}}"],
)
def test_damage_is_refused(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lists.yaml"
    path.write_text(text)
    monkeypatch.setattr(lists, "SOURCE", path)
    lists.country_lists.cache_clear()
    with pytest.raises(CatalogError):
        lists.country_lists()
    lists.country_lists.cache_clear()
