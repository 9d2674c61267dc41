"""The form of the catalog of operators: what `providers.yaml` may say, each fact with its status and source."""

from __future__ import annotations

from typing import Literal

import msgspec

Status = Literal["sourced", "to verify"]

WEAKNESS = {"sourced": 0, "declared": 1, "interpretive": 2, "to verify": 3, "fictitious": 4}
"""How weak a status is; a chain is as weak as its weakest link."""


def weakest(*statuses: str | None) -> str:
    """Return the weakest of some statuses; one that is not given counts as to verify, none at all as sourced."""
    listed = [status or "to verify" for status in statuses]
    return max(listed, key=lambda status: WEAKNESS.get(status, 3), default="sourced")


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A page, filing or data set that was read, or the admission that none was."""

    title: str
    url: str | None = None
    read_on: str | None = None


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing said of an entity."""

    value: str
    status: Status
    source: str
    subdivision: str | None = None
    contested: bool = False
    remark: str | None = None


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Somebody owns the entity under which this stands."""

    entity: str
    status: Status
    source: str
    share_lo_pct: float | None = None
    share_hi_pct: float | None = None
    contested: bool = False
    remark: str | None = None

    @property
    def controls(self) -> bool:
        """Whether control may follow: not where the stake is known to be below one half."""
        return self.share_hi_pct is None or self.share_hi_pct >= 50


class Number(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An AS number that the operator announces, and the name of its holder: a name, never a jurisdiction."""

    asn: int
    as_name: str
    status: Status
    source: str
    shared: bool = False
    remark: str | None = None


class Domain(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A domain under which the operator answers, with everything below it."""

    domain: str
    status: Status
    source: str
    listed_as: str | None = None
    pattern: str | None = None
    shared: bool = False


class LegalEntity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A company of the same name in the LEI register; which of them operates a service is not known from it."""

    lei: str
    name: str
    legal_country: str
    status: Status
    source: str


class OperatesFor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """This operator runs regions that another one's feed publishes."""

    operator: str
    status: Status
    source: str
    regions: tuple[str, ...] = ()


class Entity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An operator, or somebody who owns one."""

    name: str
    kind: Literal["organisation", "state"] = "organisation"
    category: str | None = None
    legal_name: Fact | None = None
    lei: Fact | None = None
    remark: str | None = None
    organised_in: tuple[Fact, ...] = ()
    principal_place: tuple[Fact, ...] = ()
    located_in: tuple[Fact, ...] = ()
    owned_by: tuple[Link, ...] = ()
    operates_for: tuple[OperatesFor, ...] = ()
    feeds: tuple[str, ...] = ()
    asns: tuple[Number, ...] = ()
    domains: tuple[Domain, ...] = ()
    legal_entities: tuple[LegalEntity, ...] = ()


class Book(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole catalog of operators and owners."""

    checked_on: str
    sources: dict[str, Source]
    entities: dict[str, Entity]
    operators: dict[str, Entity]
