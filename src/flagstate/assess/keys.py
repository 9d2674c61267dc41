"""Which keys protect what, and who can decrypt with a key.

A key can be used by who holds or may use it, by who has custody of the key or (unless it is in a hardware module) of
what it stands on, by the employer of such staff, and by the government where it stands. A key that is itself
encrypted with another key needs that one too, except for who holds or may use it as it is. Keys that protect each
other in a circle are open to who has all of them: somebody set them up, and nothing outside the circle protects them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from flagstate import model
from flagstate.assess.custody import Custody, Estate, Stand, custodians, layers, stands
from flagstate.catalog.interest_kinds import interest_kinds, kinds_with
from flagstate.model.stance import status_of, weakest_stance

Row = Mapping[str, Any]

_NOBODY = frozenset({(True, False)})


@dataclass(frozen=True, order=True)
class Protection:
    """A key without which data cannot be read, and how well that is known."""

    key_id: str
    evidenced: bool = False
    """Whether more than a declaration says so, and who holds the key."""
    disputed: bool = False
    """Whether it rests on facts that contradict each other."""
    depth: int = 0
    """How many layers below the data it encrypts: who gets in above it reads the data as it is."""
    unheld: bool = False
    """Whether it is not evidenced for one reason alone: who holds the key is only declared."""


@dataclass(frozen=True)
class Regime:
    """Which protections count."""

    declared: bool = False
    """Those, too, that are only declared."""
    disputed: bool = True
    """Those, too, that rest on facts that contradict each other."""

    def counts(self, one: Protection) -> bool:
        """Say whether a protection counts."""
        return (one.evidenced or self.declared) and (one.disputed <= self.disputed)

    def active(self, listed: Iterable[Protection], depth: int | None = None) -> tuple[str, ...]:
        """Return the keys that count, once each; with a depth, for who gets in there."""
        kept = (one for one in listed if depth is None or one.depth <= depth)
        return tuple(sorted({one.key_id for one in kept if self.counts(one)}))


@dataclass(frozen=True)
class Key:
    """A key: who can use it, and what protects it."""

    key_id: str
    shown: str
    users: tuple[Custody, ...] = ()
    """Who holds it or may use it as it is."""
    keepers: tuple[Custody, ...] = ()
    """Who has custody of it, or of a layer below it."""
    own_stands: Mapping[str, Stand] | None = None
    """Where the key itself stands."""
    stands: Mapping[str, Stand] | None = None
    """Where it or a layer below it stands."""
    wraps: tuple[Protection, ...] = ()
    """The keys with which it is encrypted itself."""
    module: tuple[Protection, ...] = ()
    """What says that it is in a hardware module: who runs the layers below cannot use it."""
    known: bool = True
    """Whether anything says who can use it."""
    facts: tuple[str, ...] = ()

    def sealed(self, regime: Regime) -> bool:
        """Say whether the layers below it are shut out."""
        return any(regime.counts(one) for one in self.module)


def keys(known: Estate, named: Iterable[str]) -> dict[str, Key]:
    """Return every key that protects something, and the keys that protect those.

    Args:
        known: The estate.
        named: Keys that holdings name.
    """
    queue = sorted({*named, *(one.key_id for rows in known.holds.values() for one in _protecting(rows, known))})
    found: dict[str, Key] = {}
    for key_id in queue:
        if key_id not in found:
            found[key_id] = _key(known, key_id)
    return found


def _key(known: Estate, key_id: str) -> Key:
    below = layers(known, key_id)
    users = tuple(_users(known, key_id))
    keepers = tuple(custodians(known, below))
    here, under = stands(known, {key_id: ()})[0], stands(known, below)[0]
    return Key(
        key_id,
        known.shown(key_id),
        users,
        keepers,
        here,
        under,
        tuple(protects(known, key_id)),
        tuple(evidence("", known.controls.get((key_id, "hsm"), ()), known)),
        bool(users or keepers or under),
        tuple(str(row["fact_id"]) for row in known.assets.get(key_id, ())),
    )


def _users(known: Estate, key_id: str) -> Iterator[Custody]:
    kinds = interest_kinds()
    for row in known.holds.get(key_id, ()):
        kind = str(row["kind"])
        if kind not in kinds_with("uses_key"):
            continue
        holder, words, fact = str(row["holder_id"]), f"{kinds[kind].says} it", str(row["fact_id"])
        contested = bool(row["contested"])
        yield Custody(holder, words, status_of(row), str(row["stance"]), (fact,), kind=kind, contested=contested)
        for job in known.employers.get(holder, ()):
            stance = weakest_stance([str(row["stance"]), str(job["stance"])])
            yield Custody(
                str(job["holder_id"]),
                f"employs the staff that {words}",
                status_of(row),
                stance,
                (str(job["fact_id"]), fact),
                kind=kind,
                through=holder,
                contested=contested,
            )


def _protecting(rows: Iterable[Row], known: Estate) -> Iterator[Protection]:
    by_key: dict[str, list[Row]] = {}
    for row in rows:
        if row["kind"] == "protects":
            by_key.setdefault(str(row["holder_id"]), []).append(row)
    for key_id, said in sorted(by_key.items()):
        yield from evidence(key_id, said, known)


def protects(known: Estate, asset_id: str) -> list[Protection]:
    """Return the keys with which everything in an asset is encrypted."""
    return list(_protecting(known.holds.get(asset_id, ()), known))


def evidence(
    key_id: str, said: Iterable[Row], known: Estate, *, depth: int = 0, denied: bool = False
) -> list[Protection]:
    """Return a protection with the best evidence for it; none where nothing says it.

    Args:
        key_id: The key.
        said: Facts that say so.
        known: The estate, with the facts that contradict each other.
        depth: How many layers below the data it encrypts.
        denied: Whether another source says that there is no key.
    """
    listed = {(row["stance"] != "declared", denied or row["fact_id"] in known.disputed) for row in said}
    if not listed:
        return []
    # A key helps who knows in whose hands it is: the weaker of both counts.
    held = _held(known, key_id) if key_id else _NOBODY
    found = [
        Protection(key_id, shown and sure, doubt or doubted, depth, unheld=shown and not sure)
        for shown, doubt in listed
        for sure, doubted in held
    ]
    # The firmest fact decides: evidence before a declaration, undisputed before disputed.
    best = min(found, key=lambda one: (not one.evidenced, one.disputed, not one.unheld))
    spare = [one for one in found if not (one.evidenced or one.disputed)]
    return [best, *spare[:1]] if best.evidenced and best.disputed else [best]


def _held(known: Estate, key_id: str) -> frozenset[tuple[bool, bool]]:
    """Return for each fact that says who has a key whether it is more than declared, and whether it is in dispute.

    Where the key stands counts only if nothing else is said. Of a key of which nothing at all is said, nothing is only
    declared: that nobody is known is a finding of its own.
    """
    if key_id not in known.held:
        below = layers(known, key_id)
        sealed = any(one.evidenced for one in evidence("", known.controls.get((key_id, "hsm"), ()), known))
        under = {str(row["fact_id"]): row["stance"] for layer in below for row in known.assets.get(layer, ())}
        hands = [*_users(known, key_id), *(one for one in custodians(known, below) if not (sealed and one.beneath))]
        listed = [(one.stance, one.facts) for one in hands]
        listed = listed or [(one.stance, one.facts) for one in stands(known, below)[0].values()]
        known.held[key_id] = (
            frozenset(
                ("declared" not in (stance, *map(under.get, facts)), not known.disputed.isdisjoint(facts))
                for stance, facts in listed
            )
            or _NOBODY
        )
    return known.held[key_id]


def circles(known: Mapping[str, Key]) -> list[tuple[str, ...]]:
    """Return the keys that protect each other in a circle, if nobody holds or may use any of them as it is.

    Args:
        known: The keys, with those that protect them.
    """
    above: dict[str, set[str]] = {}
    for key_id in known:
        queue = [one.key_id for one in known[key_id].wraps]
        for one in queue:
            queue += [wrap.key_id for wrap in known[one].wraps if wrap.key_id not in queue] if one in known else []
        above[key_id] = set(queue)
    found = {
        tuple(sorted({key_id, *(one for one in over if key_id in above.get(one, ()))}))
        for key_id, over in above.items()
        if key_id in over
    }
    return sorted(one for one in found if not any(known[key_id].users for key_id in one))


def key_use(known: Estate) -> pa.Table:
    """Return rows of `key_use`: everybody who can decrypt with a key, the keys that it needs itself left out.

    Args:
        known: The estate: every key of it has rows, also one that protects nothing.
    """
    rows = []
    named = (one for one in known.assets if known.says(one, "kind") == "key")
    for key in keys(known, named).values():
        sealed = key.sealed(Regime())
        for one in (*key.users, *key.keepers):
            if sealed and one in key.keepers and one.beneath:
                continue
            rows.append(
                {
                    "key_id": key.key_id,
                    "entity_id": one.entity_id,
                    "kind": one.kind,
                    "words": one.words,
                    "status": one.status,
                    "stance": one.stance,
                    "facts": list(one.facts),
                }
            )
    return model.rows(model.KEY_USE, rows)
