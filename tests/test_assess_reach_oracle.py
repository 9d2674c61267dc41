"""Reach against an oracle that tries every set of parties, and what must hold in every small world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.assess.compelled import compelled
from flagstate.assess.proofs import Proof
from flagstate.assess.search import find, see
from flagstate.catalog.compulsion import Law, law_book
from reach_worlds import (
    COUNTRIES,
    DAY,
    FIRMS,
    GENERAL,
    KEYS,
    STAFF,
    STORES,
    Facts,
    Oracle,
    asset,
    clear,
    facts,
    firm,
    has,
    interests,
    parties,
    places,
    protections,
    renamed,
    staff,
    stands,
    ways,
    world,
)

some = settings(max_examples=15, deadline=None)
many = settings(max_examples=25, deadline=None)
SWAP = {"CN": "US", "US": "CN"}


def proofs(given_facts: Facts) -> list[Proof]:
    tables = world(**given_facts)
    addressed = compelled(tables["legal_entity"], tables["interest"], as_of=DAY, laws=GENERAL)
    return find(see(tables, addressed.to_pylist(), DAY, laws=GENERAL), most=1000)


@given(facts())
@many
def test_the_proofs_are_exactly_the_minimal_sets(given_facts: Facts) -> None:
    found: dict[tuple[str, str, str], set[frozenset[str]]] = {}
    for proof in proofs(given_facts):
        assert not proof.more
        for one in proof.part.held if proof.data == "clear" else ():
            found.setdefault((proof.government, proof.subject_id, str(one.container)), set()).add(parties(proof))
    for government in COUNTRIES:
        oracle = Oracle(given_facts, government)
        for row in given_facts["holding"]:
            expected = oracle.minimal(row)
            assert found.get((government, row["asset_id"], row["container"]), set()) == expected


@given(facts())
@some
def test_every_fact_of_a_proof_and_no_guard_makes_it_stand(given_facts: Facts) -> None:
    # What a proof does not name can go: with its own facts alone (and all that protects) it is found again.
    for proof in proofs(given_facts)[:6]:
        kept = {
            noun: [
                row
                for row, fact in zip(rows, world(**given_facts)[noun]["fact_id"].to_pylist(), strict=True)
                if fact in proof.facts or row.get("kind") == "protects" or noun in ("asset", "holding")
            ]
            for noun, rows in given_facts.items()
        }
        again = {(one.government, one.subject_id, one.data, parties(one)) for one in proofs(kept)}
        assert (proof.government, proof.subject_id, proof.data, parties(proof)) in again


@given(facts(), st.lists(interests, min_size=1, max_size=4), st.lists(places, max_size=2))
@some
def test_more_custody_posts_key_holders_and_places_never_shrink_reach(
    given_facts: Facts, more: list[dict[str, Any]], where: list[dict[str, Any]]
) -> None:
    before = clear(ways(world(**given_facts)))
    wider = given_facts | {"interest": given_facts["interest"] + more, "place": given_facts["place"] + where}
    after = clear(ways(world(**wider)))
    assert {key for key, level in before.items() if after.get(key, 99) > level} == set()


@given(facts(), st.sampled_from(law_book().laws), st.sampled_from(COUNTRIES))
@some
def test_more_law_never_shrinks_reach(given_facts: Facts, law: Law, country: str) -> None:
    new = msgspec.structs.replace(law, id="new", gov=country, since=None, until=None, exempt=())
    before = clear(ways(world(**given_facts), law_book().laws))
    after = clear(ways(world(**given_facts), (*law_book().laws, new)))
    assert {key for key, level in before.items() if after.get(key, 99) > level} == set()


@given(facts(), st.lists(protections, min_size=1, max_size=3))
@some
def test_more_keys_never_widen_reach(given_facts: Facts, more: list[dict[str, Any]]) -> None:
    before = clear(ways(world(**given_facts)))
    after = clear(ways(world(**given_facts | {"interest": given_facts["interest"] + more})))
    assert {key for key, level in after.items() if before.get(key, 99) > level} == set()


@given(facts(), st.sampled_from(["key_ids", "protects"]))
@some
def test_a_key_outside_the_coalition_always_stops_clear_reach_at_rest(given_facts: Facts, how: str) -> None:
    rows = [row | {"state": "stored"} for row in given_facts["holding"]]
    named = [row | {"key_ids": [*(row["key_ids"] or ()), "outside"]} for row in rows] if how == "key_ids" else rows
    around = [has("outside", "protects", one) for one in STORES] if how == "protects" else []
    tables = world(
        **given_facts
        | {
            "holding": named,
            "legal_entity": [*given_facts["legal_entity"], firm("keeper", "CH")],
            "asset": [*given_facts["asset"], asset("outside", "key")],
            "interest": [*given_facts["interest"], *around, has("keeper", "holds_key", "outside")],
            "place": [*given_facts["place"], stands("outside", "CH")],
        }
    )
    from flagstate.assess.reach import assess_reach

    everyone = assess_reach(tables, DAY)["reach"].to_pylist()  # with the laws of the book, covert ones too
    asked = {row["asset_id"] for row in named}
    assert [row for row in everyone if row["data"] == "clear" and row["subject_id"] in asked] == []


@given(facts())
@some
def test_two_countries_exchanged_give_the_exchanged_answer(given_facts: Facts) -> None:
    laws = law_book().laws
    exchanged = tuple(msgspec.structs.replace(law, gov=SWAP.get(law.gov, law.gov)) for law in laws)

    def told(given_facts: Facts, laws: tuple[Law, ...], change: Callable[[str], str]) -> set[tuple[object, ...]]:
        return {
            (change(r["government"]), r["subject_id"], r["container"], r["level"], r["data"], tuple(r["entities"]))
            for r in ways(world(**given_facts), laws)
        }

    plain = told(given_facts, laws, lambda code: SWAP.get(code, code))
    assert plain == told(renamed(given_facts, SWAP), exchanged, str)


@given(facts(), st.randoms(use_true_random=False))
@some
def test_other_names_change_nothing(given_facts: Facts, rng: Any) -> None:
    old = [*FIRMS, *STAFF, *STORES, *KEYS]
    new = [f"n{n:02}" for n in range(len(old))]
    rng.shuffle(new)
    change, back = dict(zip(old, new, strict=True)), dict(zip(new, old, strict=True))

    def told(given_facts: Facts, names: dict[str, str]) -> set[tuple[object, ...]]:
        return {
            (
                r["government"],
                names.get(r["subject_id"], r["subject_id"]),
                r["container"],
                r["level"],
                r["data"],
                frozenset(names.get(one, one) for one in r["entities"]),
                frozenset(names.get(one, one) for one in r["key_ids"]),
                r["status"],
                r["more"],
            )
            for r in ways(world(**given_facts))
        }

    assert told(renamed(given_facts, change), back) == told(given_facts, {})


@pytest.mark.parametrize("size", [40, 300])
def test_a_bound_is_told_and_what_is_kept_is_minimal_and_most_direct(size: int) -> None:
    # Any of many administrators, and any of many holders of each of three keys: more sets than are kept.
    entities = [firm(f"c{n}", "CN") for n in range(size)] + [staff("direct", "CN")]
    interests_of = [has(f"c{n}", "administers", "a") for n in range(0, size, 4)]
    interests_of += [has(f"c{n}", "holds_key", f"k{n % 4 - 1}") for n in range(size) if n % 4]
    tables = world(
        legal_entity=entities,
        interest=interests_of,
        asset=[asset("a"), *(asset(key, "key") for key in KEYS)],
        holding=[{"asset_id": "a", "container": "t", "data_class": "card", "state": "stored", "key_ids": list(KEYS)}],
    )
    rows = [row for row in ways(tables) if row["data"] == "clear"]
    assert len(rows) == 16
    assert all(row["more"] for row in rows)
    assert all(len(row["entities"]) == 4 for row in rows)
    assert {row["rank"] for row in rows} == set(range(1, 17))
