"""On what ground a government can address a party, power over a territory, or collection that needs no party."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from flagstate.assess.citation import Cited, categories_of, covert, law_index
from flagstate.assess.subject import Custody, Stand
from flagstate.catalog.compulsion import Law
from flagstate.catalog.country_names import names
from flagstate.catalog.operators import WEAKNESS, weakest
from flagstate.model.codes import REACH_LEVELS

Row = Mapping[str, Any]

RANK = {level: at for at, level in enumerate(REACH_LEVELS)}
_LEVEL_OF = {
    "organised": "direct_law",
    "principal_place": "direct_law",
    "via_parent": "via_parent",
    "nationality": "via_person",
    "market": "via_market",
}


@dataclass(frozen=True)
class Ground:
    """Why a government has power over something."""

    government: str
    level: str
    basis: str
    law: str
    proof: str
    """From the law to the party, as a sentence says it."""
    status: str
    stance: str
    contested: bool = False
    disputed: bool = False
    gag: str | None = None
    remedy: str | None = None
    via_id: str | None = None
    facts: tuple[str, ...] = ()
    depth: int = 0
    """For territory: how many layers below the subject."""

    @cached_property
    def rank(self) -> tuple[object, ...]:
        """How firm it is, the firmest first."""
        weak = WEAKNESS.get(self.status, 3)
        return (RANK[self.level], self.disputed, self.contested, weak, len(self.facts), self.basis, self.proof)


@dataclass(frozen=True)
class Grounds:
    """Every ground, by what it gives power over."""

    whole: Mapping[str, Mapping[str, list[Ground]]] = field(default_factory=dict)
    """By entity and government: it can be addressed as a whole."""
    there: Mapping[str, Mapping[str, list[Ground]]] = field(default_factory=dict)
    """By entity and government: it is established there, and addressed for what is there."""
    covert: Mapping[str, Ground] = field(default_factory=dict)
    """By government: collection that needs no order to anybody."""


def grounds(addressed: Iterable[Row], kinds: Mapping[str, str], laws: tuple[Law, ...] | None, as_of: date) -> Grounds:
    """Index the rows of `compelled`, and the laws that need no party.

    Args:
        addressed: Rows of `compelled`.
        kinds: Kind of each entity; a group or person is reached as staff.
        laws: Rows of compelled access; None: those of the catalog.
        as_of: The day on which the laws must hold.
    """
    whole: dict[str, dict[str, list[Ground]]] = {}
    there: dict[str, dict[str, list[Ground]]] = {}
    for row in addressed:
        one, government, basis = str(row["entity_id"]), str(row["government"]), str(row["basis"])
        level = _LEVEL_OF.get(basis)
        into = whole
        if basis == "located":
            staff = kinds.get(one) in ("group", "person")
            level, into = ("via_person", whole) if staff else ("direct_place", there)
        if level is not None:
            into.setdefault(one, {}).setdefault(government, []).append(_ground(row, level))
    for index in (whole, there):
        for by_government in index.values():
            for listed in by_government.values():
                listed.sort(key=lambda ground: ground.rank)
    return Grounds(whole, there, _covert(laws, as_of))


def _ground(row: Row, level: str) -> Ground:
    return Ground(
        str(row["government"]),
        level,
        str(row["basis"]),
        str(row["law"]),
        str(row["proof"]),
        str(row["status"]),
        str(row["stance"] or "recorded"),
        bool(row["contested"]),
        bool(row["disputed"]),
        row["gag"],
        row["remedy"],
        row["via_id"],
        tuple(str(fact) for fact in row["facts"] or ()),
    )


def _covert(laws: tuple[Law, ...] | None, as_of: date) -> dict[str, Ground]:
    return {
        government: Ground(
            government,
            "covert_only",
            "covert",
            cited.law,
            f"{cited.first} → its own collection, which needs no order to anybody",
            cited.status,
            "recorded",
            cited.contested,
            gag=cited.gag,
            remedy=cited.remedy,
        )
        for government, cited in covert(laws, as_of).items()
    }


class Territory:
    """Power of governments over what stands on their territory, by the laws of one day."""

    def __init__(self, laws: tuple[Law, ...] | None, as_of: date, disputed: frozenset[str]) -> None:
        """Prepare the laws."""
        self._index = law_index(laws, as_of)
        self._disputed = disputed

    def grounds(self, stands: Iterable[Stand], holders: Iterable[Custody]) -> Iterator[Ground]:
        """Yield one ground per government on whose territory something stands.

        Args:
            stands: Where it stands; a code that is no country gives nobody power.
            holders: Who has custody: some laws address only some categories of operators.
        """
        listed = list(stands)
        if not listed:
            return
        ids = [one.entity_id for one in holders]
        known = categories_of(ids)
        category = next((known[one] for one in ids if one in known), None)
        best: dict[str, Ground] = {}
        for stand in listed:
            for cited in self._index.cited(stand.country, "place", category) if is_country(stand.country) else ():
                ground = self._ground(stand, cited)
                if ground.government not in best or _near(ground) < _near(best[ground.government]):
                    best[ground.government] = ground
        yield from best.values()

    def _ground(self, stand: Stand, cited: Cited) -> Ground:
        unsure = stand.confidence == "disputed"
        words = f"{stand.words}: another source names another country" if unsure else stand.words
        return Ground(
            cited.government,
            "direct_place",
            "place",
            cited.law,
            f"{cited.first} → {words}",
            weakest(cited.status, "to verify" if unsure else "sourced"),
            stand.stance,
            cited.contested or unsure,
            unsure or not self._disputed.isdisjoint(stand.facts),
            cited.gag,
            cited.remedy,
            stand.country,
            stand.facts,
            stand.depth,
        )


def _near(ground: Ground) -> tuple[object, ...]:
    return (ground.disputed, ground.contested, ground.depth, ground.rank)


def is_country(code: str) -> bool:
    """Say whether a code is a country that we know."""
    return code in names()
