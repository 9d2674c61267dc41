"""How a proof cites the laws of a government: which hold on a day, in which order, and in which words.

One index per set of laws and day, so that thousands of entities can be asked about at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from flagstate.catalog.compulsion import EVERY, GROUPS, Basis, Law, addresses, firmest_first, governments_of, law_book
from flagstate.catalog.operators import WEAKNESS
from flagstate.catalog.providers import entity

HOME = ("organised", "principal_place")
"""Bases that reach an entity as a whole."""

Found = list[tuple[Law, Basis]]


@dataclass(frozen=True)
class Cited:
    """The laws with which a government can rely on one basis, in words."""

    government: str
    law: str
    """All of them, the firmest first."""
    first: str
    """The firmest."""
    status: str
    """Status of the firmest."""
    contested: bool
    """The sources dispute the basis, even for the firmest."""
    gag: str | None
    remedy: str | None

    @property
    def rank(self) -> tuple[bool, int]:
        """Sort key: the uncontested first, then by status."""
        return self.contested, WEAKNESS.get(self.status, 3)


@dataclass(frozen=True)
class LawIndex:
    """The laws in force on a day, by government and basis."""

    as_of: date
    by: dict[tuple[str, str], Found]
    known: dict[tuple[str, str, str | None, str | None], tuple[Cited, ...]] = field(default_factory=dict)

    def cited(
        self, country: str, basis: str, category: str | None = None, *, ground: str | None = None
    ) -> tuple[Cited, ...]:
        """Return the laws of a country, and of the groups of which it is a member, that have a basis.

        Args:
            country: ISO 3166-1 alpha-2.
            basis: One of `catalog.compulsion.BASES`.
            category: Category of the operator that is to hand over, such as cloud; None: not known.
            ground: For via_parent: how the owner is within reach; a law must reach owners on that ground.

        Returns:
            One citation per government, the country first; empty where no law has the basis.
        """
        key = (country, basis, category, ground)
        if key not in self.known:
            listed = (
                _cite(gov, found, category)
                for gov in governments_of(country, self.as_of)
                if (found := self._found(gov, country, basis, ground))
            )
            self.known[key] = tuple(listed)
        return self.known[key]

    def _found(self, gov: str, country: str, basis: str, ground: str | None) -> Found:
        own, general = self.by.get((gov, basis), []), self.by.get((EVERY, basis), [])
        # Its head office is a presence: who has its principal place there is established there as well.
        more = self.by.get((gov, "located"), []) if basis == "principal_place" else []
        listed = [*own, *([] if gov in GROUPS else general)]
        listed += [pair for pair in more if pair[0].on(basis) is None]
        return [
            pair
            for pair in listed
            if pair[0].holds_in(country, self.as_of)
            and (ground is None or pair[0].on(ground) is not None or pair[0].on("located") is not None)
        ]


@lru_cache(maxsize=32)
def law_index(laws: tuple[Law, ...] | None, as_of: date) -> LawIndex:
    """Return the laws that hold on a day, ready to be asked.

    Args:
        laws: Rows of compelled access; None: those of the catalog.
        as_of: The day.
    """
    by: dict[tuple[str, str], Found] = {}
    for law in law_book().laws if laws is None else laws:
        if law.state(as_of) == "in force":
            for basis in law.bases:
                by.setdefault((law.gov, basis.basis), []).append((law, basis))
    return LawIndex(as_of, by)


def _cite(government: str, found: Found, category: str | None) -> Cited:
    ordered = firmest_first(found, category)
    law, basis = ordered[0]
    return Cited(
        government,
        laws_words(ordered, category),
        law_words(law, basis, category),
        law.status,
        basis.contested,
        _told([(one.law, one.gag) for one, _ in ordered]),
        _told([(one.law, one.remedy) for one, _ in ordered]),
    )


def _told(listed: list[tuple[str, str | None]]) -> str | None:
    """Return what several laws say, each by its name; one alone needs none."""
    said = list(dict.fromkeys((law, text) for law, text in listed if text))
    if not said:
        return None
    return said[0][1] if len(listed) == 1 else "; ".join(f"{law}: {text}" for law, text in said)


def law_words(law: Law, ground: Basis, category: str | None = None) -> str:
    """Return a law as a proof cites it, with its status, a missing date, and whom it addresses if that is open."""
    contested = ", contested" if ground.contested else ""
    undated = "" if law.since is not None or law.general else "; commencement not known"
    # Covert collection addresses nobody, so that whom it addresses is not open.
    open_ = ground.basis != "covert" and not addresses(law, category)
    doubt = "" if not open_ else f"; if it counts as one of: {', '.join(law.subjects)}"
    return f"{law.title()} ({law.status}{contested}{undated}{doubt})"


def laws_words(found: Iterable[tuple[Law, Basis]], category: str | None) -> str:
    """Return several laws, the firmest first."""
    return "; ".join(law_words(*pair, category) for pair in found)


def categories_of(entities: Iterable[str]) -> dict[str, str]:
    """Return the category of each entity that the catalog of operators knows."""
    found = {one: entity(one.removeprefix("ent:")) for one in set(entities) if one.startswith("ent:")}
    return {one: known.category for one, known in found.items() if known is not None and known.category}


def covert(laws: tuple[Law, ...] | None, as_of: date) -> dict[str, Cited]:
    """Return the governments that collect without an order to a company, each with its laws.

    Args:
        laws: Rows of compelled access; None: those of the catalog.
        as_of: The day.

    Nobody is addressed: the state itself is the one who takes, and gets at most what custody gives.
    """
    by = law_index(laws, as_of).by
    return {gov: _cite(gov, found, None) for (gov, basis), found in sorted(by.items()) if basis == "covert"}
