"""Audits where data is, who can reach it and where it goes, from evidence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from flagstate.pipeline.audit import Outcome

__all__ = ["__version__", "audit"]


def audit(*paths: str | Path, case: str | Path = "flagstate-case") -> Outcome:
    """Audit files or folders of evidence; the outcome has `findings` and `tables` as Arrow tables.

    Args:
        paths: Files or folders.
        case: Folder of the case.

    Raises:
        FlagstateError: Nothing was concluded.
    """
    from flagstate.pipeline.audit import Order
    from flagstate.pipeline.audit import audit as run

    return run(Order(paths=tuple(Path(p) for p in paths), case=Path(case)))
