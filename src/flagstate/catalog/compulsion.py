"""Which law of which government can make whom hand data over: dated, cited rows, and one general rule for all alike.

The source is `data/compulsion/`, one file per government, which a lawyer can read and extend;
`tools/build_compulsion.py` compiles the folder into `compulsion.json`. Dates decide what holds on a day; a status is
shown beside an answer and never changes it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec

from flagstate.catalog.country_names import members
from flagstate.catalog.operators import WEAKNESS, Source
from flagstate.errors import CatalogError

COMPILED = Path(__file__).parent / "data" / "compulsion.json"
EVERY = "*"
"""The government of the general rule: every country, no group."""
GROUPS = ("EU", "EEA")
"""Governments that consist of countries: whoever is within reach of a member is within theirs."""

BASES = ("organised", "principal_place", "located", "place", "via_parent", "nationality", "market", "covert")

BasisName = Literal["organised", "principal_place", "located", "place", "via_parent", "nationality", "market", "covert"]
Demand = Literal[
    "content",
    "metadata",
    "identity",
    "credentials",
    "keys",
    "decryption",
    "access",
    "assistance",
    "retention",
    "preservation",
]
Status = Literal["sourced", "to verify", "interpretive"]

DEMANDS = {
    "content": "the data itself",
    "metadata": "who communicated when, with whom, from where",
    "identity": "who a subscriber is",
    "credentials": "passwords and access codes",
    "keys": "keys",
    "decryption": "to decrypt, or to be able to",
    "access": "access to devices, systems or interfaces",
    "assistance": "support in general terms",
    "retention": "to store for some time",
    "preservation": "to keep what is there",
}
"""What a law can demand, each in words."""


class Basis(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A ground on which a law addresses somebody."""

    basis: BasisName
    contested: bool = False
    remark: str | None = None


class Exempt(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A member of a group for which a law of the group does not hold."""

    country: str
    since: date | None = msgspec.field(default=None, name="from")
    until: date | None = msgspec.field(default=None, name="to")
    remark: str | None = None


class Dated(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What every rule has: a government, a citation, dates and a status."""

    id: str
    gov: str
    law: str
    citation: str
    status: Status
    since: date | None = msgspec.field(default=None, name="from")
    until: date | None = msgspec.field(default=None, name="to")
    dates: Status | None = None
    """Status of the dates, where it is weaker than that of the row."""
    sources: tuple[str, ...] = ()
    remark: str | None = None

    def state(self, as_of: date) -> str:
        """Return in force, lapsed or not yet in force on a day; a rule without a date holds on any day."""
        return _state(self.since, self.until, as_of)

    @property
    def general(self) -> bool:
        """Whether it is the rule that holds for every government alike."""
        return self.gov == EVERY

    def title(self) -> str:
        """Return the name with its citation."""
        return f"{self.law}, {self.citation}"


class Law(Dated, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One law of one government."""

    bases: tuple[Basis, ...] = ()
    subjects: tuple[str, ...] = ()
    demands: tuple[Demand, ...] = ()
    """What it can demand, as far as a source says; empty: not recorded."""
    gag: str | None = None
    remedy: str | None = None
    exempt: tuple[Exempt, ...] = msgspec.field(default=(), name="except")
    confidence: Literal["low", "medium", "high"] = "medium"

    def on(self, basis: str) -> Basis | None:
        """Return the basis of that name, if the law has it."""
        return next((known for known in self.bases if known.basis == basis), None)

    def holds_in(self, country: str, as_of: date) -> bool:
        """Say whether a law of a group holds for a member on a day."""
        return not any(
            one.country == country and _state(one.since, one.until, as_of) == "in force" for one in self.exempt
        )


class Blocking(Dated, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A rule that forbids handing over on a foreign order; it raises a conflict and removes no reach."""

    protects: str
    where: tuple[Literal["place", "entity"], ...]
    """Whether it holds for what stands there, for who is organised, based or established there, or for both."""
    against: tuple[str, ...] = ()
    """Governments whose orders it concerns; empty: every other one."""


class Government(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What was asked about one government, and when."""

    gov: str
    checked: date
    unknown: tuple[str, ...] = ()


class LawBook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole catalog of compelled access."""

    governments: tuple[Government, ...]
    sources: dict[str, Source]
    laws: tuple[Law, ...]
    blocking: tuple[Blocking, ...] = ()


def _state(since: date | None, until: date | None, as_of: date) -> str:
    if until is not None and as_of >= until:
        return "lapsed"
    return "not yet in force" if since is not None and as_of < since else "in force"


@lru_cache(maxsize=1)
def law_book() -> LawBook:
    """Return the catalog of compelled access.

    Raises:
        CatalogError: The compiled file is missing or damaged.
    """
    try:
        return msgspec.json.decode(COMPILED.read_bytes(), type=LawBook)
    except (OSError, msgspec.DecodeError) as error:
        raise CatalogError(
            "the catalog of compelled access cannot be read",
            where=COMPILED.name,
            why=str(error),
            todo="Install the package again",
        ) from error


_CLOUD = frozenset({"cloud", "hosting", "colocation", "cdn", "paas", "saas"})
_INTERNET = _CLOUD | {"network", "dns", "platform", "sdk", "ads", "ecommerce", "payments", "logistics", "iot", "ai"}
_SUBJECTS = {
    "all": None,
    "network operators": None,
    "data handlers": None,
    "internet providers": _INTERNET,
    "communications providers": frozenset({"network", "platform"}),
    "cloud and hosting providers": _CLOUD,
}
"""Whom a law addresses -> the categories of operators that certainly count as such; None: everybody."""


def addresses(law: Law, category: str | None) -> bool:
    """Say whether a law certainly addresses an operator of some category; where that is open, it does not.

    Args:
        law: A row of the catalog.
        category: Category of the operator, such as cloud; None: not known.
    """
    known = [_SUBJECTS.get(subject, frozenset[str]()) for subject in law.subjects]
    return any(listed is None or category in listed for listed in known)


def governments_of(country: str, as_of: date) -> tuple[str, ...]:
    """Return the governments that a country stands for: itself, and the groups of which it is a member on a day."""
    return (country, *(group for group in GROUPS if country == group or country in _members(group, as_of)))


@lru_cache(maxsize=64)
def _members(group: str, on: date) -> frozenset[str]:
    return members(group, on=on)


def choose(
    laws: tuple[Law, ...],
    *,
    gov: str,
    basis: str,
    as_of: date,
    category: str | None = None,
    country: str | None = None,
) -> list[tuple[Law, Basis]]:
    """Return the laws in force with which a government can rely on a basis, the firmest first.

    Args:
        laws: Rows of the catalog, or altered ones for a what-if.
        gov: ISO 3166-1 alpha-2, or a group that gives orders of its own.
        basis: One of `BASES`.
        as_of: The day.
        category: Category of the operator that is to hand over.
        country: For a group: the member through which it is reached; a law may except it.

    Returns:
        Laws of that government and the general rule, which no group has: first those that certainly address such an
        operator, the uncontested before the contested, then by status, the government's own before the general rule.
    """
    sought = (gov,) if gov in GROUPS else (gov, EVERY)
    found = [
        (law, ground)
        for law in laws
        if law.gov in sought
        and law.state(as_of) == "in force"
        and (ground := law.on(basis)) is not None
        and (country is None or law.holds_in(country, as_of))
    ]
    return firmest_first(found, category)


def firmest_first(found: list[tuple[Law, Basis]], category: str | None) -> list[tuple[Law, Basis]]:
    """Return laws in the order in which a proof cites them."""
    return sorted(
        found,
        key=lambda pair: (
            not addresses(pair[0], category),
            pair[1].contested,
            WEAKNESS[pair[0].status],
            pair[0].general,
        ),
    )


def conflicts(
    government: str,
    as_of: date,
    *,
    stands: Collection[str] = (),
    bound: Collection[str] = (),
    rules: tuple[Blocking, ...] | None = None,
) -> tuple[str, ...]:
    """Return the rules that forbid handing over on an order of a government; they remove nothing.

    Args:
        government: Who gives the order.
        as_of: The day.
        stands: Countries in which the data stands.
        bound: Countries in which whoever is to hand over is organised, based or established.
        rules: Blocking rules; those of the catalog unless given.

    Returns:
        One text per rule. An order of a member is not foreign to its group, nor one of the group to its member.
    """
    listed = law_book().blocking if rules is None else rules
    own = governments_of(government, as_of)
    concerned = {
        "place": {g for country in stands for g in governments_of(country, as_of)},
        "entity": {g for country in bound for g in governments_of(country, as_of)},
    }
    return tuple(
        f"{rule.title()} ({rule.gov}, {rule.status}): {rule.protects}"
        for rule in listed
        if rule.state(as_of) == "in force"
        and rule.gov not in own
        and government not in governments_of(rule.gov, as_of)
        and (not rule.against or government in rule.against)
        and any(rule.gov in concerned[kind] for kind in rule.where)
    )
