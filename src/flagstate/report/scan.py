"""A scan on one screen: what is held where, how much of it was seen, and what was not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

import pyarrow as pa
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from flagstate.model.counted import counted
from flagstate.report import figures
from flagstate.report.inert import plain

MOST = 40
"""Rows of the table of holdings; the others are counted."""

GRAVITY = {"high": 0, "medium": 1, "low": 2}


def summary(tables: Mapping[str, pa.Table], *, lost: Collection[str], refused: Collection[str]) -> RenderableType:
    """Return what a scan found.

    Args:
        tables: evidence, holding and coverage.
        lost: Evidence of which something could not be read.
        refused: Data classes that were found and must not be.

    Names from evidence stand in it as plain text, and no value does.
    """
    parts: list[RenderableType] = [_headline(tables, lost, refused)]
    if tables["holding"].num_rows:
        parts.append(_holdings(tables["holding"].to_pylist()))
    parts.append(_evidence(tables["evidence"].to_pylist(), tables["coverage"].to_pylist(), lost))
    return Group(*parts)


def _headline(tables: Mapping[str, pa.Table], lost: Collection[str], refused: Collection[str]) -> Text:
    held = set(tables["holding"].column("data_class").to_pylist())
    line = Text()
    if refused:
        line.append(f"Found what must not be: {', '.join(sorted(refused))}\n", style="bold red")
    said = counted(len(held), "class[|es] of data found") if held else "No known class of data found in what was read"
    if not any(
        state in ("read", "partly_read", "duplicate") for state in tables["evidence"].column("state").to_pylist()
    ):
        said = "Nothing was read"
    line.append(said, style="bold")
    if lost:
        sources = sum(state != "set" for state in tables["evidence"].column("state").to_pylist())
        line.append(f"; of {len(lost)} of {sources} sources something could not be read")
    return line


def _holdings(rows: list[dict[str, Any]]) -> Table:
    made = Table(box=None, padding=(0, 2, 0, 0), show_header=True, header_style="bold")
    made.add_column("class", no_wrap=True)
    made.add_column("where", overflow="fold")
    for name in ("records", "subjects"):
        made.add_column(name, justify="right", no_wrap=True)
    made.add_column("sure", no_wrap=True)
    rows.sort(key=lambda row: (GRAVITY.get(str(row["confidence"]), 3), row["data_class"], -(row["records"] or 0)))
    for row in rows[:MOST]:
        where = str(row["asset_id"]).removeprefix("store:")
        place = f"{where} · {row['container']}" if row["container"] and row["container"] != where else where
        made.add_row(
            Text(plain(str(row["data_class"]))),
            Text(plain(place)),
            Text(figures.count(row["records"] or 0, "en")),
            Text(_range(row["subjects_lo"], row["subjects_hi"])),
            Text(str(row["confidence"] or "")),
        )
    if len(rows) > MOST:
        made.add_row(Text(f"and {len(rows) - MOST:,} more: --json lists all"))
    return made


def _range(low: int | None, high: int | None) -> str:
    if low is None and high is None:
        return ""
    if low == high:
        return figures.count(low or 0, "en")
    return f"{figures.count(low or 0, 'en')} to {figures.count(high, 'en') if high is not None else '?'}"


def _evidence(rows: list[dict[str, Any]], coverage: list[dict[str, Any]], lost: Collection[str]) -> Text:
    text = Text()
    states: dict[str, int] = defaultdict(int)
    for row in rows:
        if row["state"] != "set":  # it stands for others
            states[str(row["state"])] += 1
    text.append("Sources: ", style="bold")
    text.append(", ".join(f"{count:,} {state.replace('_', ' ')}" for state, count in sorted(states.items())) or "none")
    for row in coverage:
        share = f", {100 * row['share_seen']:.3g} % seen" if row["share_seen"] is not None else ""
        text.append(f"\n{plain(str(row['scope']).removeprefix('store:'))}: {plain(str(row['remark']))}{share}")
    for row in rows:
        if row["evidence_id"] in lost:
            text.append(
                f"\n! {plain(str(row['artefact']))}: {plain(str(row['reason'] or row['state']))}", style="yellow"
            )
            if row["todo"]:
                text.append(f"\n  Do: {plain(str(row['todo']))}")
    return text
