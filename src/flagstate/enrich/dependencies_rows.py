"""Gathers the rows of points that something leans on: assets, needs and interests, each once, with its evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from flagstate import model
from flagstate.catalog import points
from flagstate.catalog.operator_facts import operation_row
from flagstate.catalog.providers import entity, entity_id, operator_by_domain

POINT = "dep:"
"""Ids of points that evidence shows begin so."""
PAGE = "page:"
"""Ids of pages of ours that nobody declared begin so."""
OBSERVED = "observed"
"""Stance of what logs and archives show."""
_FIRST = {"declared": 0, "configured": 1, "observed": 2}
Row = dict[str, object]


@dataclass(frozen=True)
class Member:
    """A point that something needs, and why."""

    asset_id: str
    """The point."""
    why: str
    """What was seen, as part of a sentence."""
    evidence_id: str | None
    """What showed it."""
    status: str
    """Status of what makes it a point: that of the catalog, or to verify."""
    buffer_h: float | None = None
    """Hours without it."""
    stance: str = "observed"
    """observed, or configured where a description says it."""


@dataclass
class Rows:
    """Rows of points, on their way to tables."""

    tables: Mapping[str, pa.Table]
    assets: dict[tuple[str, str | None], Row] = field(default_factory=dict)
    needs: dict[tuple[str, str], Row] = field(default_factory=dict)
    interests: dict[tuple[str, str, str], Row] = field(default_factory=dict)
    operators: set[str] = field(default_factory=set)
    groups: dict[str, int] = field(default_factory=dict)
    known: set[tuple[str, str]] = field(default_factory=set)
    named: dict[str, str] = field(default_factory=dict)
    at: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Learn which assets and needs there are."""
        for row in self.tables["need"].to_pylist():
            self.known.add((str(row["asset_id"]), str(row["needs_id"])))
            number = row["need_group"] if isinstance(row["need_group"], int) else 0
            self.groups[str(row["asset_id"])] = max(number, self.groups.get(str(row["asset_id"]), 0))
        listed = self.tables["asset"].to_pylist()
        # Of several assets under one name the declared one counts: others describe it again.
        for row in sorted(listed, key=lambda row: (_FIRST.get(str(row["stance"]), 9), str(row["asset_id"]))):
            for column, places in (("server_name", self.named), ("addr", self.at)):
                if row[column]:
                    places.setdefault(str(row[column]).lower(), str(row["asset_id"]))

    def point(self, kind: str, name: str, evidence_id: str | None, stance: str = OBSERVED) -> tuple[str, str]:
        """Return the asset of a host that something leans on, and its status: one of the case, a point, or the host.

        Args:
            kind: Kind of the point where the catalog has none.
            name: Masked host name, or an address.
            evidence_id: What showed it.
            stance: observed, or configured where a description says it.
        """
        own = self.named.get(name) or self.at.get(name)
        if own is not None:
            return own, "declared"
        match = points.by_host(name)
        if match is not None and match.point.kind == kind:
            return self.matched(match, evidence_id, stance)
        asset_id = f"{POINT}{kind}:{name}"
        domain = operator_by_domain(name)
        addressed = ":" in name or name.rpartition(".")[2].isdigit()
        row: Row = {"name": name, "addr" if addressed else "server_name": name}
        self._asset(asset_id, kind, row, (evidence_id, stance))
        if domain is not None:
            self._operates(
                domain[0], asset_id, operation_row(domain[0], by="domain", asn=None, provider=None, host=name)
            )
        return asset_id, "to verify"

    def matched(self, match: points.Match, evidence_id: str | None, stance: str = OBSERVED) -> tuple[str, str]:
        """Return the asset of a point of the catalog, and its status."""
        point = match.point
        asset_id = f"{POINT}{point.kind}:{slug(point.name)}"
        row: Row = {"name": point.name, "status": point.status}
        if match.by in point.domains or point.pattern:
            row["server_name"] = match.by
        self._asset(asset_id, point.kind, row, (evidence_id, stance))
        if point.operator and entity(point.operator) is not None:
            said = {"status": point.status, "source": f"{points.told(point.source)} ({point.name})"}
            self._operates(point.operator, asset_id, _recorded(point.operator) | said)
        return asset_id, point.status

    def unlisted(self, kind: str, name: str, evidence_id: str | None, stance: str = OBSERVED) -> tuple[str, str]:
        """Return the asset of a name that no catalog has, and its status."""
        asset_id = f"{POINT}{kind}:{slug(name)}"
        self._asset(asset_id, kind, {"name": name}, (evidence_id, stance))
        return asset_id, "to verify"

    def page(self, host: str, evidence_id: str | None, stance: str = OBSERVED) -> str:
        """Return the asset that answers under a name, or one for a page that nobody declared."""
        own = self.named.get(host) or self.at.get(host)
        if own is None:
            own = f"{PAGE}{host}"
            self._asset(own, "service", {"name": host, "server_name": host}, (evidence_id, stance))
        return own

    def need(self, asset_id: str, members: Iterable[Member]) -> None:
        """Add a group of needs, one member of which is enough; what is declared already is not said again."""
        listed = [member for member in members if member.asset_id != asset_id]
        if not listed or any((asset_id, member.asset_id) in self.known for member in listed):
            return
        self.groups[asset_id] = number = self.groups.get(asset_id, 0) + 1
        for member in listed:
            self.known.add((asset_id, member.asset_id))
            self.needs[asset_id, member.asset_id] = {
                "asset_id": asset_id,
                "need_group": number,
                "needs_id": member.asset_id,
                "buffer_h": member.buffer_h,
                "status": member.status,
                "source": member.why,
                "stance": member.stance,
                "evidence_id": member.evidence_id,
            }

    def interest(self, holder_id: str, kind: str, member: Member, subject_id: str) -> None:
        """Add what somebody was seen to be to an asset."""
        self.interests[holder_id, subject_id, kind] = {
            "holder_id": holder_id,
            "subject_id": subject_id,
            "kind": kind,
            "contested": False,
            "status": member.status,
            "source": member.why,
            "stance": member.stance,
            "evidence_id": member.evidence_id,
        }

    def operator(self, asset_id: str) -> str | None:
        """Return the one operator that a point has."""
        found = {holder for holder, subject, kind in self.interests if subject == asset_id and kind == "operates"}
        return found.pop() if len(found) == 1 else None

    def _asset(self, asset_id: str, kind: str, row: Row, shown: tuple[str | None, str]) -> None:
        evidence_id, stance = shown
        said = {"asset_id": asset_id, "kind": kind, "stance": stance, "evidence_id": evidence_id}
        self.assets.setdefault((asset_id, evidence_id), {"status": "to verify"} | row | said)

    def _operates(self, operator: str, asset_id: str, row: Row) -> None:
        self.operators.add(operator)
        self.interests.setdefault(
            (entity_id(operator), asset_id, "operates"), row | {"subject_id": asset_id, "kind": "operates"}
        )


def _recorded(operator: str) -> Row:
    return {
        "holder_id": entity_id(operator),
        "contested": False,
        "stance": "recorded",
        "evidence_id": points.EVIDENCE,
    }


def evidence(row: Mapping[str, object]) -> str | None:
    """Return what a row rests on."""
    found = row["evidence_id"]
    return None if found is None else str(found)


def slug(name: str) -> str:
    """Return a name as part of an id."""
    return re.sub(r"[^\w‹›]+", "-", name.casefold()).strip("-")


def times(count: int) -> str:
    """Return how often, in words."""
    return "once" if count == 1 else f"{count:,} times"


def fresh(table: pa.Table, noun: model.Noun, before: pa.Table) -> pa.Table:
    """Return stamped rows that are not there yet."""
    stamped = model.stamp(table, noun)
    there = set(before.column("fact_id").to_pylist())
    return stamped.filter(pa.array([fact not in there for fact in stamped.column("fact_id").to_pylist()], pa.bool_()))
