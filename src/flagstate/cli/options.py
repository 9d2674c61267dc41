"""Options that `audit` and `watch` have alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from flagstate.errors import UsageError
from flagstate.model.codes import LEVELS, QUESTIONS

SOURCES = ("provider-feeds", "laws")
"""Sources that can be switched off."""

Case = Annotated[Path, typer.Option(metavar="DIR", help="Folder of the case.")]
Memory = Annotated[str | None, typer.Option(metavar="SIZE", help="Memory to use, such as 1GB.")]
Threads = Annotated[int | None, typer.Option(metavar="N", min=1, help="Threads to use.")]
Ask = Annotated[list[str] | None, typer.Option(metavar="QUESTION", help=f"Ask only this: {', '.join(QUESTIONS)}.")]
Without = Annotated[
    list[str] | None, typer.Option(metavar="SOURCE", help=f"Switch a source off: {', '.join(SOURCES)}.")
]
Laws = Annotated[
    list[Path] | None, typer.Option(metavar="DIR", help="Folder of laws of your own, beside the shipped ones.")
]


def check(fail_on: str, without: Sequence[str]) -> None:
    """Check what the two commands ask alike.

    Raises:
        UsageError: There is no such level, or a source cannot be switched off.
    """
    if fail_on not in LEVELS:
        raise UsageError(f"{fail_on!a} is not a level", todo=f"Write one of: {', '.join(LEVELS)}.")
    if unknown := set(without) - set(SOURCES):
        todo = f"Write: {' or '.join(f'--without {name}' for name in SOURCES)}."
        raise UsageError(f"{sorted(unknown)[0]!a} cannot be switched off", todo=todo)
