"""The case on disk: tables in versions, a chained ledger, judgements, a lock, and upgrades.

A kill at any moment leaves the last good version; readers keep the version they opened; what must not lie in the
folder (its key, the places of its evidence) lies outside it.
"""

from __future__ import annotations

from flagstate.case.index import signature
from flagstate.case.judgements import Basis, Told
from flagstate.case.ledger import CHAIN_PROVES
from flagstate.case.ranges import Growth, Range, ranges
from flagstate.case.store import Case
from flagstate.case.upgrades import CASE_FORMAT, UPGRADES, Upgrade
from flagstate.case.verify import Check, verify
from flagstate.case.versions import Tables

__all__ = [
    "CASE_FORMAT",
    "CHAIN_PROVES",
    "UPGRADES",
    "Basis",
    "Case",
    "Check",
    "Growth",
    "Range",
    "Tables",
    "Told",
    "Upgrade",
    "ranges",
    "signature",
    "verify",
]
