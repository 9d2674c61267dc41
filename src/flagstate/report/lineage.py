"""Where claims come from: the graph of sources, primaries left and copies right, and the chain of each claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flagstate.report import figures
from flagstate.report.asserted import anchor
from flagstate.report.graph import order
from flagstate.report.view import View

Row = dict[str, Any]

COPIES = ("translation", "rewrite", "copy")
"""Forms that repeat something, also where nobody says what."""
MOST = 34
"""Boxes that are drawn; how many more there are is said."""
WIDE, HIGH, ACROSS, DOWN, TEXT = 200, 42, 304, 53, 26
"""Size of a box, distance of columns and of boxes, and letters of a name."""
CHAIN = 24
"""Sources that the chain of one claim names."""
WORDS = 60
"""Lines of the drawing that are said in words."""


@dataclass(frozen=True)
class Node:
    """A source, or a claim that stands in none."""

    key: str
    """Its id."""
    name: str
    """Its outlet, or who speaks."""
    form: str
    """Code of `SOURCE_FORMS`, `claim`, or `absent` for an id that was not given."""
    day: str
    """When."""
    unnamed: bool = False
    """It rests on persons who are not named."""
    verified: str = ""
    """Whether its publisher could verify it: yes, no, unknown or empty."""


@dataclass
class Lineage:
    """Which source repeats which."""

    nodes: dict[str, Node] = field(default_factory=dict)
    """Sources, and claims that stand in none, by id."""
    claims: dict[str, Row] = field(default_factory=dict)
    """Claims by id."""
    above: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What each source repeats, as it says of itself; a claim that stands in none says it of itself too."""
    once: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What each source repeats besides, for single claims only."""

    def carriers(self, key: str) -> tuple[str, ...]:
        """Return the sources that stand for an id: itself, or those that carry the claim; a claim in none is itself."""
        claim = self.claims.get(key)
        return tuple(claim["source_ids"] or (key,)) if claim else (key,)

    def pairs(self, parent: str, key: str) -> list[tuple[str, str]]:
        """Return between which sources a claim passed on its way: from those of the earlier to those of the later.

        Sources that say themselves whom they repeat are believed; else it is the first source of each claim.
        """
        before, after = self.carriers(parent), self.carriers(key)
        known = [(a, b) for b in after for a in before if a in self.above.get(b, ())]
        return known or [(a, b) for b in self._first(after) for a in self._first(before) if a != b]

    def _first(self, keys: tuple[str, ...]) -> list[str]:
        """Return of several sources those that repeat none of the others."""
        return [key for key in keys if not set(self.above.get(key, ())) & set(keys) - {key}] or list(keys[:1])

    def chain(self, claim: Row) -> list[list[Node]]:
        """Return the sources behind a claim in columns, those that repeat nothing first, its own carriers last.

        Where a claim says what it repeats, other sources that its carriers repeat elsewhere are none of its own.
        """
        kept: dict[str, list[str]] = {}
        queue, seen = [str(claim["claim_id"])], set[str]()
        while queue and len(kept) < CHAIN:
            key = queue.pop(0)
            if key in seen:
                continue
            seen.add(key)
            row = self.claims.get(key)
            behind = (row["derived_from"] if row else None) or ()
            for mine in self.carriers(key):
                parents = [one for parent in behind for one in self.carriers(parent)] or list(self.above.get(mine, ()))
                kept.setdefault(mine, []).extend(one for one in parents if one != mine)
                queue += [] if behind else parents
            queue += behind
        kept.pop(str(claim["claim_id"]), None)
        among = {key: {*found, *(self.above.get(key, ()))} & kept.keys() for key, found in kept.items()}
        return [[self.node(key) for key in column] for column in _columns(among)]

    def node(self, key: str) -> Node:
        """Return what an id stands for; one that was not given is absent."""
        return self.nodes.get(key) or Node(key, key.removeprefix("est:"), "absent", "")


def lineage(view: View) -> Lineage:
    """Return which source repeats which, and which claims stand in which."""
    made = Lineage()
    for row in view.table("source").to_pylist():
        name = row["outlet"] or (row["source_id"] or "–").removeprefix("est:")
        day = figures.day(row["on_date"]) if row["on_date"] else ""
        made.nodes[row["source_id"]] = Node(
            row["source_id"], name, row["source_form"] or "", day, bool(row["anonymous"]), row["verified"] or ""
        )
        made.above[row["source_id"]] = tuple(row["derived_from"] or ())
    for row in view.table("claim").to_pylist():
        made.claims.setdefault(row["claim_id"], row)
        if not row["source_ids"]:
            name = row["outlet"] or row["speaker"] or (row["claim_id"] or "–").removeprefix("est:")
            day = figures.day(row["on_date"]) if row["on_date"] else ""
            made.nodes.setdefault(row["claim_id"], Node(row["claim_id"], name, "claim", day))
            if row["derived_from"]:
                made.above[row["claim_id"]] = tuple(row["derived_from"])
    made.above = {
        key: tuple(dict.fromkeys(one for parent in found for one in made.carriers(parent) if one != key))
        for key, found in made.above.items()
    }
    once: dict[str, list[str]] = {}
    for key, row in made.claims.items():
        for parent, mine in (pair for one in row["derived_from"] or () for pair in made.pairs(one, key)):
            if parent not in made.above.get(mine, ()):
                once.setdefault(mine, []).append(parent)
    made.once = {key: tuple(dict.fromkeys(found)) for key, found in once.items()}
    return made


def _columns(above: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Return ids in columns: one right of the last of what it repeats; a line that closes a circle counts not."""
    layer: dict[str, int] = {}

    def depth(key: str, trail: frozenset[str]) -> int:
        if key not in layer:
            inner = trail | {key}
            layer[key] = max(
                (depth(one, inner) + 1 for one in above[key] if one in above and one not in inner), default=0
            )
        return layer[key]

    columns: dict[int, list[str]] = {}
    for key in above:
        columns.setdefault(depth(key, frozenset()), []).append(key)
    return [columns[at] for at in sorted(columns)]


def draw(view: View, made: Lineage) -> Row:
    """Return the drawing of the sources: boxes, lines with the changes on them, and the same in words.

    Of more than `MOST` sources those that repeat, are repeated or carry most are drawn.
    """
    carried = Counter(one for key in made.claims for one in made.carriers(key))
    behind = {key: (*made.above.get(key, ()), *made.once.get(key, ())) for key in (*made.above, *made.once)}
    repeated = Counter(one for parents in behind.values() for one in parents)
    every = sorted({*behind, *repeated}, key=lambda k: (-(len(behind.get(k, ())) + repeated[k]), -carried[k], k))
    kept = set(every[:MOST])
    above = {key: [one for one in behind.get(key, ()) if one in kept] for key in sorted(kept)}
    layer = {key: at for at, column in enumerate(_columns(above)) for key in column}
    rows = order(sorted(kept), [(parent, key) for key, parents in above.items() for parent in parents], layer)
    for column in rows:  # what nobody repeats and repeats nothing stands below
        column.sort(key=lambda key: not (behind.get(key) or repeated[key]))
    tallest = max((len(column) for column in rows), default=0)
    place = {
        key: (at * ACROSS + 8, (2 * row + tallest - len(column)) * DOWN // 2 + 8)
        for at, column in enumerate(rows)
        for row, key in enumerate(column)
    }
    changed = _changed(view, made)
    lines = [
        _line(place, parent, key, changed.get((parent, key), []), parent in made.above.get(key, ()))
        for key in above
        for parent in above[key]
    ]
    return {
        "boxes": [_box(view, made, key, place[key], carried[key]) for key in sorted(kept)],
        "lines": _apart(lines),
        "words": [_said(view, made, line) for line in lines][:WORDS],
        "width": (len(rows) - 1) * ACROSS + WIDE + 16 if rows else 0,
        "height": tallest * DOWN + 4,
        "box": (WIDE, HIGH),
        "left_out": len(every) - len(kept),
        "total": len(every),
        "primaries": sum(1 for key in every if _primary(made, key)),
    }


def _changed(view: View, made: Lineage) -> dict[tuple[str, str], list[str]]:
    """Return the kinds of changes between two sources, by the claims that they carry."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in view.table("mutation").to_pylist():
        for pair in made.pairs(row["parent_id"], row["claim_id"]) if row["parent_id"] else ():
            found.setdefault(pair, []).append(view.code("mutation", row["mutation_kind"]))
    return found


def _primary(made: Lineage, key: str) -> bool:
    """Whether a source repeats nothing; a copy whose origin nobody names is none, and neither is what was not given."""
    return not made.above.get(key) and made.node(key).form not in (*COPIES, "absent")


def _box(view: View, made: Lineage, key: str, at: tuple[int, int], carried: int) -> Row:
    node = made.node(key)
    words = [view.code("form", node.form), node.day]
    note = " · ".join(filter(None, words))
    full = [node.name, note, view.t("claims.carries", n=carried) if carried else ""]
    full += [view.t("claims.unnamed")] if node.unnamed else []
    full += [view.t("claims.unverified")] if node.verified == "no" else []
    return {
        "x": at[0],
        "y": at[1],
        "name": node.name if len(node.name) <= TEXT else f"{node.name[: TEXT - 1]}…",
        "note": note,
        "carried": carried,
        "title": ". ".join(filter(None, full)),
        "mark": "primary" if _primary(made, key) else "origin-unknown" if not made.above.get(key) else "copy",
        "unsure": node.unnamed or node.verified == "no",
    }


def _line(place: Mapping[str, tuple[int, int]], parent: str, key: str, changes: Sequence[str], told: bool) -> Row:
    (x1, y1), (x2, y2) = place[parent], place[key]
    back = x2 <= x1
    x1, x2 = (x1, x2 + WIDE) if back else (x1 + WIDE, x2)
    y1, y2 = y1 + HIGH // 2, y2 + HIGH // 2
    middle = (x1 + x2) // 2
    return {
        "parent": parent,
        "key": key,
        "path": f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}",
        "x": middle,
        "y": (y1 + y2) // 2,
        "ends": (x1, y1, x2, y2),
        "changes": len(changes),
        "told": told,
        "kinds": [f"{kind} × {n}" if n > 1 else kind for kind, n in Counter(changes).most_common()],
    }


def _apart(lines: list[Row]) -> list[Row]:
    """Move marks of changes along their lines until none hides another."""
    taken: list[tuple[int, int]] = []
    for line in (one for one in lines if one["changes"]):
        x1, y1, x2, y2 = line["ends"]
        for share in (0.5, 0.62, 0.38, 0.72, 0.28):
            # A point of the curve whose handles stand in the middle of its width.
            near, far = (1 - share) ** 2 * (1 + 2 * share), share**2 * (3 - 2 * share)
            x = round(x1 + (x2 - x1) * (1.5 * share * (1 - share) + share**3))
            y = round(y1 * near + y2 * far)
            if all(abs(x - a) + abs(y - b) > 20 for a, b in taken):
                break
        line["x"], line["y"] = x, y
        taken.append((x, y))
    return lines


def _said(view: View, made: Lineage, line: Row) -> Row:
    """Return a line of the drawing in words."""
    parent, node = made.node(line["parent"]), made.node(line["key"])
    words = view.t(
        "claims.repeats" if line["told"] else "claims.repeats_once",
        child=_named(view, node),
        parent=_named(view, parent),
    )
    return {"words": words, "kinds": line["kinds"]}


def _named(view: View, node: Node) -> str:
    about = ", ".join(filter(None, (view.code("form", node.form), node.day)))
    return f"{node.name} ({about})" if about else node.name


def shown(view: View, made: Lineage, claim: Row) -> list[list[Row]]:
    """Return the chain of a claim as it is shown: columns of sources with their form, day and doubts."""
    return [
        [
            {
                "name": node.name,
                "about": ", ".join(filter(None, (view.code("form", node.form) if node.form else "", node.day))),
                "doubt": [
                    *([view.t("claims.unnamed")] if node.unnamed else []),
                    *([view.t("claims.unverified")] if node.verified == "no" else []),
                ],
                "anchor": anchor("claim", node.key) if node.form == "claim" else "",
            }
            for node in column
        ]
        for column in made.chain(claim)
    ]
