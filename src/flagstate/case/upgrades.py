"""Numbered steps from an older case format to the present one; a case of any age opens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from flagstate.errors import CaseError

CASE_FORMAT = 1
"""The format that this version writes."""


@dataclass(frozen=True)
class Upgrade:
    """One step, from a format to the next."""

    found: int
    """The format that it starts from."""
    why: str
    """What changed, as a sentence."""
    convert: Callable[[Path], None]
    """Changes the folder; it may be run again after a kill, so it must not mind being half done."""


UPGRADES: tuple[Upgrade, ...] = ()
"""In order, without a gap from format 1; a step once released is never changed."""


def steps(found: object, *, newest: int = CASE_FORMAT, known: Sequence[Upgrade] = UPGRADES) -> list[Upgrade]:
    """Return the steps that bring a case to the newest format; none if it has it.

    Args:
        found: What `case.json` says.
        newest: The format to reach.
        known: The steps there are.

    Raises:
        CaseError: The format is newer than we know, or is none.
    """
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise CaseError("the case does not say which format it has", todo="Restore case.json from a backup.")
    if found > newest:
        raise CaseError(
            "the case was written by a newer flagstate",
            why=f"its format is {found} and this version knows formats up to {newest}",
            todo="Install the newer version; nothing was changed.",
        )
    by_start = {step.found: step for step in known}
    missing = [n for n in range(found, newest) if n not in by_start]
    if missing:
        raise CaseError(f"no step leads from case format {missing[0]} to the next", todo="Report this as a defect.")
    return [by_start[n] for n in range(found, newest)]
