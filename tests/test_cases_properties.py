"""What must hold in every worked case, whatever is exchanged, renamed, added or taken away.

All worlds of one day stand side by side in one derivation, so that each change is tried in all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from random import Random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from case_changes import (
    Row,
    Tables,
    added,
    answers,
    clear,
    edited,
    ids_of,
    renamed,
    side_by_side,
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
DAY = max(case.as_of for case in ALL)
TODAY = tuple(case for case in ALL if case.as_of == DAY and case.theme != "plan")
"""The worlds of plans are those of the other themes with a policy."""
POLICIES = tuple(case for case in ALL if "policy" in case.world.pairs)
HOLDS = ("operates", "hosts", "administers", "manages", "updates")
PAIRS = (("US", "RU"), ("DE", "CN"), ("GB", "HK"), ("US", "CN"), ("CN", "IN"), ("DE", "FR"), ("CH", "KP"), ("IT", "SG"))
DOORS = {"est:layer_confidential_key_of_provider/quoting"}
HOME = ("CN", "DE", "US", "IN", "CH", "BR")
"""Where new parties come from; Brazil has no law of its own in the book."""

NEW = {
    "staff": ("located_in", "group"),
    "company": ("organised_in", "organisation"),
    "post": ("nationality", "person"),
}
"""What a new party is: how it belongs to a country, and its kind."""

few = settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.too_slow])
some = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
seeds = st.integers(0, 2**32)


@lru_cache(maxsize=1)
def worlds() -> Tables:
    """Return all worlds of the day as one."""
    return side_by_side({case.id: cases.facts(case) for case in TODAY})


@lru_cache(maxsize=2)
def derived(*, union_laws: bool = True) -> Tables:
    """Return what follows from all worlds of the day."""
    return derive(worlds(), DAY, laws=None if union_laws else countries_laws())


def countries_laws() -> tuple[Law, ...]:
    """Return the laws of countries: membership of a group is a fact that an exchange does not carry over."""
    return tuple(law for law in law_book().laws if law.gov != "EU")


def exchange(one: str, other: str) -> Callable[[str], str]:
    """Return the function that exchanges two countries, also behind `government:`."""
    swap = {one: other, other: one}

    def change(text: str) -> str:
        head, colon, code = text.rpartition(":")
        return f"{head}{colon}{swap.get(code, code)}" if head in ("", "government") else text

    return change


def by_part(change: Callable[[str], str]) -> Callable[[str], str]:
    """Return a change of ids that also finds them behind `entity:` and `asset:` and on both sides of `>`."""

    def part(text: str) -> str:
        head, colon, rest = text.partition(":est:")
        return f"{head}:{change(f'est:{rest}')}" if colon and head in ("entity", "asset") else change(text)

    return lambda text: ">".join(map(part, text.split(">")))


def world_of(name: object) -> str:
    """Return the case that an id of the union belongs to."""
    return str(name).removeprefix("est:").partition("/")[0]


def grows(before: Tables, after: Tables) -> None:
    """Assert that whoever reached clear data still does, at least as directly."""
    found = clear(after)
    lost = {key: level for key, level in clear(before).items() if found.get(key, 99) > level}
    assert lost == {}


@pytest.mark.parametrize("pair", PAIRS[:2])
def test_two_countries_exchanged_with_their_laws_give_the_exchanged_answer(pair: tuple[str, str]) -> None:
    change, laws = exchange(*pair), countries_laws()
    after = derive(swapped(worlds(), change, DAY), DAY, laws=swapped_laws(laws, change))
    assert answers(after) == answers(derived(union_laws=False), change)


@some
@given(st.sampled_from(POLICIES), st.sampled_from(PAIRS))
def test_findings_are_exchanged_with_the_countries_too(case: Case, pair: tuple[str, str]) -> None:
    change, laws = exchange(*pair), countries_laws()
    facts = written_out(cases.facts(case), case.as_of)
    before = derive(facts, case.as_of, laws=laws)
    after = derive(swapped(facts, change, case.as_of), case.as_of, laws=swapped_laws(laws, change))
    assert answers(after) == answers(before, change)


@few
@given(seeds)
def test_other_names_change_nothing(seed: int) -> None:
    # Other names sort otherwise: whatever depends on their order would show.
    other = {name: f"est:{digest(seed, name)}" for name in ids_of(worlds())}
    back = {new: old for old, new in other.items()}
    after = derive(renamed(worlds(), by_part(lambda text: other.get(text, text))), DAY)
    # Of two ids of one entity, one stands for both; which one that is may depend on names and must not count.
    one: dict[str, str] = {}
    for row in derived()["identity"].to_pylist():
        if row["verdict"] == "yes":
            one |= dict.fromkeys((row["entity_id"], row["same_as"]), min(row["entity_id"], row["same_as"]))
    found = answers(after, by_part(lambda text: one.get(back.get(text, text), back.get(text, text))))
    assert found == answers(derived(), by_part(lambda text: one.get(text, text)))


@few
@given(seeds)
def test_a_key_less_never_shrinks_reach(seed: int) -> None:
    facts, rng = worlds(), Random(seed)
    keys = {key for listed in facts["holding"]["key_ids"].to_pylist() for key in listed or ()}
    keys |= {row["holder_id"] for row in facts["interest"].to_pylist() if row["kind"] == "protects"}
    # The key of an attestation is a way in, not a protection: without it the wall has no door.
    gone = {key for key in sorted(keys - DOORS) if rng.random() < 0.6}
    assert gone

    def edit(noun: str, row: Row) -> Row | None:
        if noun == "interest" and row["kind"] == "protects" and row["holder_id"] in gone:
            return None
        if noun == "holding" and isinstance(row["key_ids"], list):
            return row | {"key_ids": [key for key in row["key_ids"] if key not in gone]}
        return row

    grows(derived(), derive(edited(facts, edit), DAY))


@few
@given(seeds)
def test_a_key_more_never_widens_reach(seed: int) -> None:
    facts, rng = worlds(), Random(seed)
    names = sorted({world_of(one) for one in facts["holding"]["asset_id"].to_pylist()})
    whole = {name for name in names if rng.random() < 0.5}
    key = {name: f"est:{name}/new-key" for name in names}
    more = added(facts, "asset", *({"asset_id": one, "kind": "key", "status": "sourced"} for one in key.values()))
    protected = sorted({one for one in facts["holding"]["asset_id"].to_pylist() if world_of(one) in whole})
    interests = ({"holder_id": key[world_of(one)], "subject_id": one, "kind": "protects"} for one in protected)
    more = added(more, "interest", *interests)

    def edit(noun: str, row: Row) -> Row:
        if noun != "holding" or world_of(row["asset_id"]) in whole:
            return row
        known = row["key_ids"] if isinstance(row["key_ids"], list) else []
        return row | {"key_ids": [*known, key[world_of(row["asset_id"])]]}

    found = derive(edited(more, edit), DAY)
    before = clear(derived())
    wider = {k for k, level in clear(found).items() if k[1] not in key.values() and before.get(k, 99) > level}
    assert wider == set()


@few
@given(seeds, st.sampled_from(["custody", "key", "staff", "company", "post"]))
def test_more_custody_key_holders_staff_or_posts_never_shrink_reach(seed: int, what: str) -> None:
    facts, rng = worlds(), Random(seed)
    assets: dict[str, list[str]] = {}
    holders: dict[str, list[str]] = {}
    for one in sorted(facts["asset"]["asset_id"].to_pylist()):
        assets.setdefault(world_of(one), []).append(one)
    for one in sorted(facts["legal_entity"]["entity_id"].to_pylist()):
        holders.setdefault(world_of(one), []).append(one)
    parties: list[Row] = []
    interests: list[Row] = []
    # Evidence of who holds a key is a key fact: where keys or holders are only declared, it lets a key count.
    unshown = {case.id for case in TODAY if case.declared}
    for name, listed in assets.items():
        if name in unshown:
            continue
        kind = "uses_key" if what == "key" else rng.choice(HOLDS)
        made: Row = {"subject_id": rng.choice(listed), "kind": kind, "status": "sourced"}
        if what in ("custody", "key"):
            interests.append(made | {"holder_id": rng.choice(holders[name])})
            continue
        column, sort = NEW[what]
        new = f"est:{name}/new"
        if what == "post":
            made |= {"subject_id": rng.choice(holders[name]), "kind": "directs"}
        parties.append({"entity_id": new, "kind": sort, column: [rng.choice(HOME)], "status": "sourced"})
        interests.append(made | {"holder_id": new})
    more = added(added(facts, "legal_entity", *parties), "interest", *interests)
    grows(derived(), derive(more, DAY))


@few
@given(st.sampled_from(law_book().laws), st.sampled_from(HOME))
def test_more_law_never_shrinks_reach(law: Law, country: str) -> None:
    new = msgspec.structs.replace(law, id="new", gov=country, since=None, until=None, exempt=())
    grows(derived(), derive(worlds(), DAY, laws=(*law_book().laws, new)))


def test_no_key_helps_against_being_cut_off() -> None:
    after = derive(edited(worlds(), without_keys), DAY)
    assert len(answers(derived())["cutoff"]) > 100
    assert answers(after)["cutoff"] == answers(derived())["cutoff"]


@pytest.mark.parametrize("noun", ["reach", "compelled", "control_chain", "cutoff", "owned_share", "contradiction"])
def test_worlds_side_by_side_do_not_touch_each_other(noun: str) -> None:
    # A sentence about one world in the words of another would make every property above worthless.
    crossed = [row for row in answers(derived())[noun] if len({*_worlds_in(row)}) > 1]
    assert answers(derived())[noun]
    assert crossed == []


def _worlds_in(row: str) -> list[str]:
    return [part.partition("/")[0] for part in row.split("est:")[1:]]
