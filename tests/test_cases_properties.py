"""What must hold in every worked case, whatever is exchanged, renamed, added or taken away."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from case_changes import (
    added,
    answers,
    clear,
    edited,
    ids_of,
    renamed,
    swapped,
    swapped_laws,
    without_keys,
    written_out,
)
from flagstate.catalog.compulsion import Law, law_book
from flagstate.model import digest
from flagstate.pipeline import cases
from flagstate.pipeline.cases import Case
from flagstate.pipeline.derive import derive

ALL = cases.load()
HOLDS = ("operates", "hosts", "administers", "manages", "updates")
PAIRS = (("US", "RU"), ("US", "CN"), ("DE", "CN"), ("CN", "IN"), ("DE", "FR"), ("GB", "HK"), ("CH", "KP"), ("IT", "SG"))
HOME = ("CN", "DE", "US", "IN", "CH", "BR")
"""Countries that exchanged sides are drawn from; Brazil has no law of its own in the book."""

# No deadline: the first example compiles what every later one uses.
slow = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _exchange(one: str, other: str) -> Callable[[str], str]:
    """Return the function that exchanges two countries, also behind `government:`."""

    def change(text: str) -> str:
        head, colon, code = text.rpartition(":")
        swapped_code = {one: other, other: one}.get(code, code)
        return text if head not in ("", "government") else f"{head}{colon}{swapped_code}"

    return change


def _laws() -> tuple[Law, ...]:
    """Return the laws of countries; membership of a group is a fact that an exchange does not carry over."""
    return tuple(law for law in law_book().laws if len(law.gov) != 2 or law.gov != "EU")


@slow
@given(st.sampled_from(ALL), st.sampled_from(PAIRS))
def test_two_countries_exchanged_with_their_laws_give_the_exchanged_answer(case: Case, pair: tuple[str, str]) -> None:
    change, laws = _exchange(*pair), _laws()
    facts = written_out(cases.facts(case), case.as_of)
    before = derive(facts, case.as_of, laws=laws)
    after = derive(swapped(facts, change, case.as_of), case.as_of, laws=swapped_laws(laws, change))
    assert answers(after) == answers(before, change)


@slow
@given(st.sampled_from(ALL), st.integers(0, 3))
def test_other_names_change_nothing(case: Case, seed: int) -> None:
    facts = cases.facts(case)
    # Other names sort otherwise: whatever depends on their order would show.
    other = {name: f"est:{digest(seed, name)}" for name in ids_of(facts)}

    def change(text: str) -> str:
        head, colon, rest = text.partition(":est:")
        if colon and head in ("entity", "asset"):
            return f"{head}:{other.get(f'est:{rest}', f'est:{rest}')}"
        return ">".join(other.get(part, part) for part in text.split(">"))

    before, after = derive(facts, case.as_of), derive(renamed(facts, change), case.as_of)
    assert answers(after) == answers(before, change)


@slow
@given(st.sampled_from([case for case in ALL if "holding" in cases.facts(case)]), st.data())
def test_a_key_less_never_shrinks_reach(case: Case, data: st.DataObject) -> None:
    facts = cases.facts(case)
    keys = sorted(
        {key for keys in facts["holding"]["key_ids"].to_pylist() for key in keys or ()}
        | {row["holder_id"] for row in facts["interest"].to_pylist() if row["kind"] == "protects"}
    )
    gone = data.draw(st.sets(st.sampled_from(keys), min_size=1)) if keys else set()

    def edit(noun: str, row: dict[str, object]) -> dict[str, object] | None:
        if noun == "interest" and row["kind"] == "protects" and row["holder_id"] in gone:
            return None
        if noun == "holding" and isinstance(row["key_ids"], list):
            return row | {"key_ids": [key for key in row["key_ids"] if key not in gone]}
        return row

    _grows(derive(facts, case.as_of), derive(edited(facts, edit), case.as_of))


@slow
@given(st.sampled_from([case for case in ALL if "holding" in cases.facts(case)]), st.booleans(), st.data())
def test_a_key_more_never_widens_reach(case: Case, whole: bool, data: st.DataObject) -> None:
    facts = cases.facts(case)
    asset = data.draw(st.sampled_from(sorted(facts["holding"]["asset_id"].to_pylist())))
    more = added(facts, "asset", {"asset_id": "est:new-key", "kind": "key", "status": "sourced"})
    if whole:
        more = added(more, "interest", {"holder_id": "est:new-key", "subject_id": asset, "kind": "protects"})
    else:

        def edit(noun: str, row: dict[str, object]) -> dict[str, object]:
            before = row.get("key_ids")
            hit = noun == "holding" and row["asset_id"] == asset
            return row | {"key_ids": [*(before if isinstance(before, list) else ()), "est:new-key"]} if hit else row

        more = edited(more, edit)
    before, after = clear(derive(facts, case.as_of)), clear(derive(more, case.as_of))
    after = {key: level for key, level in after.items() if key[1] != "est:new-key"}
    for key, level in after.items():
        assert before[key] <= level


@slow
@given(st.sampled_from([case for case in ALL if "asset" in cases.facts(case)]), st.data())
def test_more_custody_staff_or_key_holders_never_shrink_reach(case: Case, data: st.DataObject) -> None:
    facts = cases.facts(case)
    asset = data.draw(st.sampled_from(sorted(facts["asset"]["asset_id"].to_pylist())))
    holder = data.draw(st.sampled_from(sorted(facts["legal_entity"]["entity_id"].to_pylist())))
    country = data.draw(st.sampled_from(HOME))
    what = data.draw(st.sampled_from(["custody", "staff", "key", "company"]))
    kind = data.draw(st.sampled_from(HOLDS))
    interest = {"subject_id": asset, "kind": kind, "status": "sourced"}
    if what == "custody":
        more = added(facts, "interest", interest | {"holder_id": holder})
    elif what == "key":
        more = added(facts, "interest", interest | {"holder_id": holder, "kind": "uses_key"})
    else:
        who = {"kind": "group", "located_in": [country]} if what == "staff" else {"organised_in": [country]}
        more = added(facts, "legal_entity", {"entity_id": "est:new", "kind": "organisation", "status": "sourced"} | who)
        more = added(more, "interest", interest | {"holder_id": "est:new"})
    _grows(derive(facts, case.as_of), derive(more, case.as_of))


@slow
@given(st.sampled_from(ALL), st.sampled_from(law_book().laws), st.sampled_from(HOME))
def test_more_law_never_shrinks_reach(case: Case, law: Law, country: str) -> None:
    import msgspec

    facts = cases.facts(case)
    more = (*law_book().laws, msgspec.structs.replace(law, id="new", gov=country, since=None, until=None, exempt=()))
    _grows(derive(facts, case.as_of), derive(facts, case.as_of, laws=more))


def _grows(before: dict[str, object], after: dict[str, object]) -> None:
    """Assert that whoever reached clear data still does, at least as directly."""
    found = clear(after)  # type: ignore[arg-type]
    for key, level in clear(before).items():  # type: ignore[arg-type]
        assert key in found, key
        assert found[key] <= level, key


@pytest.mark.parametrize("case", [case for case in ALL if "cutoff" in case.expect.pairs], ids=lambda case: case.id)
def test_no_key_helps_against_being_cut_off(case: Case) -> None:
    facts = cases.facts(case)
    before, after = derive(facts, case.as_of), derive(edited(facts, without_keys), case.as_of)
    assert answers(after)["cutoff"] == answers(before)["cutoff"]
