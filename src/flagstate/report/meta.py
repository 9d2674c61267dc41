"""What the report says of itself: which case, when, by which version, and what its ledger proves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DB_IP = ("IP geolocation by DB-IP", "https://db-ip.com")
"""The link that the licence of the place data demands on a page that shows its results."""


@dataclass(frozen=True, kw_only=True)
class Meta:
    """Everything in a report that is not a row of a table."""

    case_id: str
    """Name of the case, as the user gave it; masked."""
    version: int
    """Version of the case that is shown."""
    as_of: dt.date
    """The day whose law and lists apply."""
    made_at: dt.datetime
    """When the report was made (UTC)."""
    flagstate: str
    """Version of the program."""
    ledger_head: str
    """Hash of the last row of the ledger."""
    chain_proves: str = ""
    """What that hash proves, and what not, as sentences; empty: the report's own words."""
    asked: tuple[str, ...] = ("holdings", "reach", "flows", "cutoff", "rules", "claims")
    """The questions that were asked; only these decide the exit code."""
    exit_code: int = 3
    """Exit code of the audit."""
    settled: bool = False
    """Nothing adverse counts any more: judgements or --fail-on settled what there was."""
    exit_reason: str = ""
    """Why it is so, as a sentence; empty: made from the answers."""
    language: str = "en"
    """en or fr; sentences of findings stay in English unless they have French ones, as those of rules have."""
    attributions: tuple[tuple[str, str], ...] = field(default=(DB_IP,))
    """Texts and links that the sources of the data demand; the place data's own is always shown."""
    title: str = ""
    """What the declaration calls the case, masked; empty: it has no title."""
    example: bool = False
    """The case is invented; the report says so at the top of every page."""
    home: str | None = None
    """Country (ISO 3166-1 alpha-2) of the audited networks, if declared; arcs on the map start there."""
    without: tuple[str, ...] = ()
    """Sources that were switched off, such as provider-feeds."""
    laws: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Laws that were judged, by id: title and the titles of their rules by language, citation, jurisdiction."""
    judged: Mapping[str, int] = field(default_factory=dict)
    """Adverse findings that judgements explain (explained, by how many: judgements), that expired, that reopened."""

    def credits(self) -> list[tuple[str, str]]:
        """Return the attributions, the demanded one first, each text once: several files may have one source."""
        listed: dict[str, str] = {}
        for text, link in (DB_IP, *self.attributions):
            listed.setdefault(text, link)
        return list(listed.items())
