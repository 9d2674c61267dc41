"""`flagstate demo`."""

from __future__ import annotations

import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from flagstate.errors import UsageError

SCALE, SEED = "20k", 1
_LEAST, _MOST = 1_000, 326_000_000
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000}


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def scale(text: str) -> int:
    """Return a number of parcels written as 1000, 20k or 326M.

    Raises:
        UsageError: It is not a number of parcels between 1,000 and 326 million.
    """
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)([km]?)", text.strip().lower(), re.ASCII)
    parcels = Decimal(found[1]) * _UNITS[found[2]] if found else Decimal(0)
    if parcels != int(parcels) or not _LEAST <= parcels <= _MOST:
        todo = "Write a whole number of parcels from 1000 to 326M, such as 20k."
        raise UsageError(f"{text!a} is not a scale", todo=todo)
    return int(parcels)


def demo(
    size: Annotated[str, typer.Option("--scale", metavar="N", help="Parcels, such as 1000, 20k or 1M.")] = SCALE,
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="The same seed and scale give the same hub.")] = SEED,
    keep: Annotated[Path | None, typer.Option(metavar="DIR", help="Keep evidence, truth and case here.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a summary.")] = False,
) -> None:
    """Invent a parcel hub with things hidden in it, and audit it; the truth is kept beside the evidence."""
    parcels = scale(size)
    _begin(f"The hub at Liège with {parcels:,} parcels, seed {seed}: all of it is invented.")
    from flagstate.cli.audit import show
    from flagstate.cli.progress import Progress
    from flagstate.demo.build import CASE, EVIDENCE, TRUTH, build, free
    from flagstate.demo.hub import AS_OF, Hub
    from flagstate.pipeline.audit import Order, audit

    hub = Hub(parcels, seed)
    usual = "flagstate-demo" if (parcels, seed) == (scale(SCALE), SEED) else f"flagstate-demo-{parcels}-{seed}"
    folder = keep or free(usual, hub)
    with Progress() as progress:
        build(folder, hub, progress)
        order = Order(paths=(folder / EVIDENCE,), case=folder / CASE, as_of=AS_OF, example=True)
        outcome = audit(order, progress)
    show(outcome, as_json=json, hidden=folder / TRUTH)


def _begin(text: str) -> None:
    """Say at once what is being made, beside the answer, which may be piped."""
    from flagstate.catalog.mask import plain

    if sys.stderr:
        sys.stderr.write(f"{plain(text)}\n")
        sys.stderr.flush()
