"""Check digits by name; the checks themselves are in flagstate.catalog.checks."""

from __future__ import annotations

from flagstate.catalog.checks import CHECKS, compact

__all__ = ["CHECKS", "compact"]
