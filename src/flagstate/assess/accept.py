"""What the policy accepts, and whether it wants a way in: the one place that knows.

`accept_reach` names governments, for everything or per class of data; `tolerate` names what is not unwanted although
it is not accepted. Metadata alone and covert collection are not unwanted unless the policy says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

import pyarrow as pa

from flagstate.catalog.compulsion import GROUPS, governments_of
from flagstate.catalog.country_names import expand


class Way(Protocol):
    """A way of a government to data, such as a proof."""

    @property
    def government(self) -> str:
        """Whose."""

    @property
    def data(self) -> str:
        """Clear or metadata."""

    @property
    def level(self) -> str:
        """One of `REACH_LEVELS`."""

    @property
    def contested(self) -> bool:
        """Whether the sources dispute a link."""

    @property
    def disputed(self) -> bool:
        """Whether it rests on facts that contradict each other."""

    @property
    def answer(self) -> str:
        """both, evidenced or declared."""

    @property
    def classes(self) -> frozenset[str]:
        """Classes of data; none: not known."""


Weight = Literal["accepted", "unwanted", "unknown"]


@dataclass(frozen=True)
class Accepted:
    """What the policy accepts and tolerates."""

    general: frozenset[str] | None
    """Governments accepted for everything; None: not said."""
    by_class: Mapping[str, frozenset[str]]
    """Governments accepted for one class of data."""
    strange: tuple[str, ...] = ()
    """Names that are neither a country nor a group."""
    levels: frozenset[str] = frozenset()
    """Levels that are tolerated."""
    contested: bool = False
    """Whether ways that the sources dispute are tolerated."""
    strict: bool = False
    """Whether metadata alone, and covert collection, are unwanted."""

    @property
    def said(self) -> bool:
        """Whether the policy says anything."""
        return self.general is not None or bool(self.by_class)

    @property
    def everywhere(self) -> frozenset[str]:
        """Return the governments that are accepted whatever is held."""
        sets = [*self.by_class.values(), *([] if self.general is None else [self.general])]
        return frozenset.intersection(*sets) if sets else frozenset()

    def of(self, classes: Collection[str]) -> frozenset[str] | None:
        """Return what is accepted for classes of data; None where it depends on classes that are not known there."""
        known = [self.by_class.get(name, self.general) for name in classes]
        if classes and all(found is not None for found in known):
            return frozenset.intersection(*(found for found in known if found is not None))
        return self.general


def read_policy(policy: pa.Table, as_of: date) -> Accepted:
    """Read `accept_reach`, `accept_reach:CLASS` and `tolerate:…`; `none` accepts nobody.

    Args:
        policy: Rows of `policy`.
        as_of: The day on which groups such as EU are read.
    """
    named: dict[str, list[str]] = {}
    tolerated: dict[str, set[str]] = {}
    for row in policy.to_pylist():
        name, _, rest = str(row["policy"]).partition(":")
        if name == "accept_reach":
            named.setdefault(rest, []).append(str(row["value"]))
        elif name == "tolerate":
            tolerated.setdefault(rest, set()).add(str(row["value"]))
    sets: dict[str, frozenset[str]] = {}
    strange: list[str] = []
    for data_class, values in named.items():
        countries, odd = expand([v for v in values if v != "none"], on=as_of)
        sets[data_class] = countries | _groups(values)
        strange.extend(odd)
    return Accepted(
        sets.pop("", None),
        sets,
        tuple(sorted(set(strange))),
        frozenset(tolerated.get("levels", ())),
        "true" in tolerated.get("contested", ()),
        "false" in tolerated.get("metadata", ()),
    )


def _groups(values: Collection[str]) -> frozenset[str]:
    """Return the groups that are governments of their own: who accepts the larger one accepts the smaller."""
    said = {value.upper() for value in values} & set(GROUPS)
    return frozenset(said | ({"EU"} if "EEA" in said else set()))


def weigh(way: Way, accepted: Accepted, classes: Collection[str] | None = None) -> Weight:
    """Say whether the policy wants a way in: accepted (or tolerated), unwanted, or unknown.

    Args:
        way: A proof.
        accepted: The policy.
        classes: Weigh it for these classes of data only; all that it shows unless given.

    Returns:
        unknown where the policy depends on classes of data that are not known there. Without a policy nothing is
        unwanted. Whether the way itself is in dispute is not weighed here.
    """
    allowed = accepted.of(way.classes if classes is None else classes)
    quiet = way.data != "clear" or way.level == "covert_only"
    tolerated = (
        not accepted.said
        or (quiet and not accepted.strict)
        or way.level in accepted.levels
        or (way.contested and accepted.contested)
    )
    if tolerated or (allowed is not None and way.government in allowed):
        return "accepted"
    return "unknown" if allowed is None else "unwanted"


def unwanted(way: Way, accepted: Accepted, classes: Collection[str] | None = None) -> bool:
    """Say whether a way in is one that the policy does not want, and that stands: what a plan has to break.

    It stands if it does not need a key to be missing that is known to be there (answer both or evidenced), and does
    not rest on facts that contradict each other.

    Args:
        way: A proof.
        accepted: The policy.
        classes: Weigh it for these classes of data only; all that it shows unless given.
    """
    return way.answer != "declared" and not way.disputed and weigh(way, accepted, classes) == "unwanted"


__all__ = ["Accepted", "Way", "Weight", "governments_of", "read_policy", "unwanted", "weigh"]
