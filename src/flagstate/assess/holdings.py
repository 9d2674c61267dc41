"""Holdings: is sensitive data held beyond what was declared?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from flagstate import model
from flagstate.assess.finding import finding
from flagstate.catalog.containers import same
from flagstate.catalog.wider import covers
from flagstate.model.counted import counted

COLLECT = "Give the stores themselves: table extracts (CSV, Parquet, SQLite, XLSX), live stores or payloads."
NAMES = 6
"""Containers that a sentence names."""

Row = dict[str, object]


@dataclass(frozen=True)
class Declared:
    """What a declaration of holdings says."""

    everywhere: frozenset[str]
    """Classes that it names for some container or asset."""
    placed: tuple[tuple[str, frozenset[str]], ...]
    """Named containers with their classes."""
    whole: frozenset[str]
    """Classes that it names for an asset as a whole, without a container."""

    @staticmethod
    def of(rows: list[Row]) -> Declared:
        """Read declared rows of `holding`."""
        placed: dict[str, set[str]] = {}
        whole: set[str] = set()
        for row in rows:
            classes = covers(str(row["data_class"]))
            if row["container"]:
                placed.setdefault(str(row["container"]), set()).update(classes)
            else:
                whole |= classes
        everywhere = whole.union(*placed.values()) if placed else whole
        return Declared(frozenset(everywhere), tuple((n, frozenset(c)) for n, c in placed.items()), frozenset(whole))

    def named(self, row: Row) -> frozenset[str] | None:
        """Return the classes that are declared for the container of a row; null: no declaration names it."""
        names = [str(row["container"] or ""), str(row["asset_id"] or "").removeprefix("store:"), *_parts(row)]
        found = [classes for name, classes in self.placed if any(same(name, other) for other in names if other)]
        return frozenset().union(*found, self.whole) if found else None


def holdings(tables: Mapping[str, pa.Table]) -> pa.Table:
    """Conclude on holdings from the classes that were found and those that were declared.

    Args:
        tables: holding (of all stances).

    Returns:
        Rows of `finding`, one per class. A class is adverse where it is found and declared nowhere, or not for a
        container that the declaration names; without a declaration of holdings there is nothing to compare with.
        `no` is not given: classes that nobody described cannot be recognised, and stores may not have been given.
    """
    rows = tables["holding"].to_pylist()
    found = [r for r in rows if r["stance"] in ("observed", "configured")]
    declared = [r for r in rows if r["stance"] == "declared"]
    if not found:
        sentence = "No stored table or payload with a known class of data was found in what was given."
        empty = finding("holdings", "holding-seen", "all stores", "unknown", sentence, missing=[COLLECT])
        return model.rows(model.FINDING, [empty])
    if not declared:
        return model.rows(model.FINDING, [_undeclared(found)])
    return model.rows(model.FINDING, _compare(found, Declared.of(declared)))


def _undeclared(found: list[Row]) -> Row:
    classes = sorted({str(r["data_class"]) for r in found})
    stores = len({(r["asset_id"], r["container"]) for r in found})
    return finding(
        "holdings",
        "holding-undeclared",
        "all stores",
        "unknown",
        f"{counted(len(classes), 'class[|es]')} of data found in {counted(stores, 'container[|s]')} "
        f"({', '.join(classes[:12])}{', and more' if len(classes) > 12 else ''}); "
        "nothing was declared to compare them with.",
        values={"classes": classes, "containers": stores},
        facts=_largest(found),
        missing=["Declare what is held (`holdings:` in estate.yaml)."],
        rests_on="observed",
    )


def _compare(found: list[Row], declared: Declared) -> list[Row]:
    by_class: dict[str, list[Row]] = {}
    for row in found:
        by_class.setdefault(str(row["data_class"]), []).append(row)
    out: list[Row] = []
    unplaced: list[Row] = []
    covered: list[Row] = []
    for name, rows in sorted(by_class.items()):
        if name not in declared.everywhere:
            out.append(_beyond(name, rows, "and is not declared", "holding-undeclared"))
            continue
        places = [(row, declared.named(row)) for row in rows]
        beyond = [row for row, classes in places if classes is not None and name not in classes]
        if beyond:
            out.append(_beyond(name, beyond, "for which it is not declared; elsewhere it is", "holding-beyond"))
        unplaced += [row for row, classes in places if classes is None and name not in declared.whole]
        covered += [row for row, classes in places if classes is None or name in classes]
    if unplaced:
        out.append(_unplaced(unplaced))
    if not out:
        out.append(_covered(covered))
    return out


def _beyond(name: str, rows: list[Row], why: str, rule: str) -> Row:
    # Not the sum: copies of a table, also in other formats, hold the same records again.
    records = max((r["records"] for r in rows if isinstance(r["records"], int)), default=0)
    most = counted(records, "record[|s]")
    within = most if len(rows) == 1 else f"the largest with {most}"
    confidence = max((str(r["confidence"] or "low") for r in rows), key=("low", "medium", "high").index)
    seen = any(r["stance"] == "observed" for r in rows)
    return finding(
        "holdings",
        rule,
        name,
        "yes",
        f"{name} is found in {counted(len(rows), 'container[|s]')} ({within}: {_names(rows)}) {why}.",
        outcome="assess",
        confidence=confidence,
        values={"records_in_largest": records, "containers": len(rows)},
        facts=_largest(rows),
        rests_on="observed" if seen else "configured",
        innocent="It is part of what was declared under another word or for another container."
        if rule == "holding-beyond"
        else None,
    )


def _unplaced(rows: list[Row]) -> Row:
    places = {(r["asset_id"], r["container"]) for r in rows}
    return finding(
        "holdings",
        "holding-unplaced",
        "all stores",
        "unknown",
        f"{counted(len(places), 'container[|s]')} with declared classes of data ({_names(rows)}) "
        f"{'is' if len(places) == 1 else 'are'} not named in the declaration, so whether they belong there is open.",
        values={"containers": len(places), "classes": sorted({str(r["data_class"]) for r in rows})},
        facts=_largest(rows),
        missing=["Name these containers in the declaration (`holdings: - {at: …, container: …}`; `*` is allowed)."],
        rests_on="observed",
    )


def _covered(rows: list[Row]) -> Row:
    return finding(
        "holdings",
        "holding-covered",
        "all stores",
        "unknown",
        "Every class that was found is declared for its container; but classes that nobody described are not "
        "recognised, and stores may not have been given.",
        missing=[COLLECT],
        facts=_largest(rows),
        rests_on="observed",
    )


def _parts(row: Row) -> list[str]:
    """Return the first and the last file of a table in parts: a declaration may name these."""
    marks = row["marks"]
    listed = marks if isinstance(marks, list) else []
    return [mark.partition(":")[2] for mark in listed if mark.startswith(("first:", "last:"))]


def _names(rows: list[Row]) -> str:
    names = sorted({str(r["container"] or r["asset_id"]) for r in rows})
    return ", ".join(names[:NAMES]) + (", and more" if len(names) > NAMES else "")


def _largest(rows: list[Row]) -> list[str]:
    ordered = sorted(rows, key=lambda r: (-(r["records"] if isinstance(r["records"], int) else 0), str(r["fact_id"])))
    return [str(r["fact_id"]) for r in ordered[:8]]
