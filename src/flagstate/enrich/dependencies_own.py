"""Which names are ours: those that somebody declared or configured, and the zones that they lie in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from flagstate.catalog import points
from flagstate.catalog.providers import book, operator_by_domain

PAGE_ROLES = frozenset({"page", "script", "late_script", "style", "font", "frame", "fetch", "beacon", "login"})
"""Roles of what a page leans on."""
_RENTED = frozenset({"cloud", "cdn", "dns", "hosting", "paas", "saas", "platform", "network", "colocation", "sdk"})
"""Categories of operators under whose domains customers have names: such a zone is the operator's."""


@dataclass(frozen=True)
class Own:
    """Names of ours."""

    names: frozenset[str]
    """Server names of assets."""
    zones: frozenset[str]
    """Domains that are ours as far as assets show."""

    def within(self, name: str) -> bool:
        """Whether a name is ours or lies in a zone of ours."""
        return name in self.names or points.zone(name) in self.zones


def own(asset: pa.Table) -> Own:
    """Return our names.

    Args:
        asset: Rows of `asset`; those that were observed say nothing of whose they are.
    """
    pairs = zip(asset["server_name"].to_pylist(), asset["stance"].to_pylist(), strict=True)
    names = {str(name).lower().rstrip(".") for name, stance in pairs if name and stance in ("declared", "configured")}
    return Own(frozenset(names), frozenset(points.zone(name) for name in names if not _rented(name)))


def _rented(name: str) -> bool:
    """Whether a name lies under a domain whose owner gives names to customers."""
    if points.by_host(name) is not None:
        return True
    found = operator_by_domain(name)
    if found is None:
        return "." not in name
    operator = book().operators.get(found[0])
    return operator is None or operator.category in _RENTED


def ours(reliance: pa.Table, asset: pa.Table) -> pa.Table:
    """Return the rows of `reliance` that are of names of ours.

    Of an archive of pages of which none is ours by name, the page that was asked for first counts.

    Args:
        reliance: What was seen.
        asset: Rows of `asset`.
    """
    known = own(asset)
    columns = [reliance[name].to_pylist() for name in ("from_name", "from_asset", "role", "evidence_id")]
    rows = list(zip(*columns, strict=True))
    asked = _asked(rows, known)
    kept = [
        from_asset is not None
        or (name is not None and (name in asked.get(evidence, ()) if role in PAGE_ROLES else _certain(name, known)))
        for name, from_asset, role, evidence in rows
    ]
    return reliance.filter(pa.array(kept, pa.bool_()))


def _asked(rows: Iterable[tuple[str | None, str | None, str, str]], known: Own) -> dict[str, set[str]]:
    pages: dict[str, list[str]] = {}
    for name, _, role, evidence in rows:
        if role in PAGE_ROLES and name is not None:
            pages.setdefault(evidence, []).append(name)
    return {evidence: {name for name in names if known.within(name)} or {names[0]} for evidence, names in pages.items()}


def _certain(name: str, known: Own) -> bool:
    return known.within(name.removeprefix("*."))
