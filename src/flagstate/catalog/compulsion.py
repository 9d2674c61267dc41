"""Which law of which government can make whom hand data over: dated, cited rows, and one general rule for all alike.

The source is `data/compulsion.yaml`, which a lawyer can read and extend; `tools/build_operators.py` compiles it into
`compulsion.json`. Dates decide what holds on a day; a status is shown beside an answer and never changes it.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec

from flagstate.catalog.operators import WEAKNESS, Source
from flagstate.errors import CatalogError

COMPILED = Path(__file__).parent / "data" / "compulsion.json"
EVERY = "*"
"""The government of the general rule."""

BASES = ("organised", "principal_place", "located", "place", "via_parent", "nationality", "market", "covert")

BasisName = Literal["organised", "principal_place", "located", "place", "via_parent", "nationality", "market", "covert"]


class Basis(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A ground on which a law addresses somebody."""

    basis: BasisName
    contested: bool = False
    remark: str | None = None


class Law(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One law of one government."""

    id: str
    gov: str
    law: str
    citation: str
    status: Literal["sourced", "to verify", "interpretive"]
    bases: tuple[Basis, ...] = ()
    subjects: tuple[str, ...] = ()
    gag: str | None = None
    remedy: str | None = None
    since: date | None = msgspec.field(default=None, name="from")
    until: date | None = msgspec.field(default=None, name="to")
    confidence: Literal["low", "medium", "high"] = "medium"
    sources: tuple[str, ...] = ()
    remark: str | None = None

    def state(self, as_of: date) -> str:
        """Return in force, lapsed or not yet in force on a day."""
        if self.until is not None and as_of >= self.until:
            return "lapsed"
        return "not yet in force" if self.since is not None and as_of < self.since else "in force"

    def on(self, basis: str) -> Basis | None:
        """Return the basis of that name, if the law has it."""
        return next((known for known in self.bases if known.basis == basis), None)

    @property
    def general(self) -> bool:
        """Whether it is the rule that holds for every government alike."""
        return self.gov == EVERY

    def title(self) -> str:
        """Return the name with its citation."""
        return f"{self.law}, {self.citation}"


class Blocking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule that forbids handing over on a foreign order; it raises a conflict and removes no reach."""

    id: str
    gov: str
    law: str
    citation: str
    status: Literal["sourced", "to verify", "interpretive"]


class LawBook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole catalog of compelled access."""

    last_checked: str
    sources: dict[str, Source]
    laws: tuple[Law, ...]
    blocking: tuple[Blocking, ...] = ()


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


def choose(
    laws: tuple[Law, ...], *, gov: str, basis: str, as_of: date, category: str | None = None
) -> list[tuple[Law, Basis]]:
    """Return the laws in force with which a government can rely on a basis, the firmest first.

    Args:
        laws: Rows of the catalog, or altered ones for a what-if.
        gov: ISO 3166-1 alpha-2.
        basis: One of `BASES`.
        as_of: The day.
        category: Category of the operator that is to hand over.

    Returns:
        Laws of that government and the general rule: first those that certainly address such an operator, the
        uncontested before the contested, then by status, the government's own before the general rule.
    """
    found = [
        (law, ground)
        for law in laws
        if law.gov in (gov, EVERY) and law.state(as_of) == "in force" and (ground := law.on(basis)) is not None
    ]
    return sorted(
        found,
        key=lambda pair: (
            not addresses(pair[0], category),
            pair[1].contested,
            WEAKNESS[pair[0].status],
            pair[0].general,
        ),
    )
