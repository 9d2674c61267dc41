"""Which classes of data records hold: decided per column on all its values, helped by names and neighbours."""

from __future__ import annotations

from flagstate.enrich.classify.decide import Summary, holdings, merge, scan, summarise

__all__ = ["Summary", "holdings", "merge", "scan", "summarise"]
