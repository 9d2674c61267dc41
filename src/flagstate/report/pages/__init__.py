"""The pages, in the order in which people read them; none knows another."""

from __future__ import annotations

from typing import Any, Protocol, cast

from flagstate.report.pages import (
    claims,
    cutoff,
    evidence,
    flows,
    holdings,
    ledger,
    overview,
    plan,
    reach,
    rules,
)
from flagstate.report.view import View


class Page(Protocol):
    """What a page module offers."""

    NAME: str
    """Its id, also the name of its template."""

    def build(self, view: View) -> dict[str, Any]:
        """Return what its template shows."""


ORDER = cast(tuple[Page, ...], (overview, holdings, reach, flows, cutoff, rules, claims, plan, ledger, evidence))
