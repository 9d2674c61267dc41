"""Links of FollowTheMoney as interests: ownership, directorship, control, and links of unknown kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import product

from flagstate.read.ftm_entities import LINKS, Entities, Piece
from flagstate.read.owners import OPEN, Flaws, Row, day

KINDS = {"Ownership": "owns", "Directorship": "directs", "Control": "controls", "UnknownLink": "unnamed"}
"""Our kind for each schema of a link."""

_NUMBER = r"([0-9]{1,3}(?:[.,][0-9]{1,12})?)\s*(?:%|per ?cent|percent)?"
_EXACT = re.compile(_NUMBER, re.IGNORECASE)
_RANGE = re.compile(rf"(?:from\s+)?{_NUMBER}\s*(?:-|–|to|up to)\s*{_NUMBER}", re.IGNORECASE)
_MORE = re.compile(rf"(?:>|over|more than)\s*{_NUMBER}", re.IGNORECASE)
_LEAST = re.compile(rf"(?:>=|≥|at least)\s*{_NUMBER}|{_NUMBER}\s*or more", re.IGNORECASE)
_DIRECTNESS = {"direct": "direct", "indirect": "indirect"}


def interests(link: Piece, found: Entities, flaws: Flaws) -> Iterator[Row]:
    """Yield one interest for each pair of ends that a link joins."""
    start, end = LINKS[link.schema]
    holders, subjects = link.all(start), link.all(end)
    if not holders or not subjects:
        flaws.reject(link.line, "The link does not say between whom it is")
        return
    base = _base(link, found, flaws)
    for holder, subject in product(holders, subjects):
        if holder in found.things or subject in found.things:
            flaws.note(
                link.line,
                "[link concerns|links concern] things, such as ships or land, and no entities: left out",
                lost=False,
            )
            continue
        above, below = found.party(holder, link.line), found.party(subject, link.line)
        if link.schema == "UnknownLink" and _person(below):
            # It says only that there is something between the two: a person is never the subject.
            holder, subject, above, below = subject, holder, below, above
        if _person(below):
            if link.schema == "UnknownLink":
                flaws.note(link.line, "[link joins|links join] two persons: left out", lost=False)
            else:
                flaws.reject(link.line, "A person is said to be owned or controlled: the link was not taken")
            continue
        ends: Row = {"holder_id": found.id(holder), "subject_id": found.id(subject)}
        if ends["holder_id"] == ends["subject_id"]:
            flaws.reject(link.line, "An entity is said to own or control itself: the link was not taken")
            continue
        yield base | ends


def parents(found: Entities, flaws: Flaws) -> Iterator[Row]:
    """Yield the parents that entities name themselves: control of a kind that is not told."""
    for name, piece in found.parties.items():
        for parent in piece.all("parent"):
            if parent == name or _person(piece):
                flaws.reject(piece.line, "An entity is said to own or control itself: the parent was not taken")
                continue
            found.party(parent, piece.line)
            yield {
                "holder_id": found.id(parent),
                "subject_id": found.id(name),
                "kind": "controls",
                "interest_type": "parent",
                "directness": "unknown",
                "status": "sourced",
                "source": f"{found.opened.name}:{piece.line}",
            }


def _person(piece: Piece | None) -> bool:
    return piece is not None and piece.schema == "Person"


def _base(link: Piece, found: Entities, flaws: Flaws) -> Row:
    said = link.all("ownershipType", "controlType", "role")
    row: Row = {
        "kind": KINDS[link.schema],
        "interest_type": found.context.mask(said[0] if said else link.schema),
        "directness": next((_DIRECTNESS[w.lower()] for w in said if w.lower() in _DIRECTNESS), "unknown"),
        "status": "sourced",
        "source": f"{found.opened.name}:{link.line}",
    }
    if link.schema == "Ownership" and link.all("percentage"):
        bounds = [share(value) for value in link.all("percentage")]
        lows, highs = [b[0] for b in bounds if b], [b[1] for b in bounds if b]
        if not all(bounds):
            flaws.note(
                link.line,
                "[share is no percentage|shares are no percentages] from 0 to 100: left out, the interest is contested",
            )
            row["contested"] = True
        if lows:
            row |= {"share_lo_pct": min(lows), "share_hi_pct": max(highs)}
            if len(set(zip(lows, highs, strict=True))) > 1:
                row["contested"] = True
    return row | _validity(link, flaws)


def _validity(link: Piece, flaws: Flaws) -> Row:
    days: dict[str, list[datetime]] = {}
    row: Row = {}
    for name in ("startDate", "endDate"):
        days[name] = [at for at in map(day, link.all(name)) if at]
        if len(days[name]) < len(link.all(name)):
            flaws.note(link.line, "[day is no date|days are no dates]: left out, the interest is contested")
            row["contested"] = True
    begun, ended = min(days["startDate"], default=None), max(days["endDate"], default=None)
    if begun and ended and ended < begun:
        flaws.note(
            link.line,
            "[interest|interests] with an end before the beginning: both days were left out, the interest is contested",
        )
        return {"contested": True}
    return row | {"valid_from": begun, "valid_to": ended}


def share(value: str) -> tuple[float, float] | None:
    """Return the bounds of a percentage as people write it (`60`, `60 %`, `25-50%`, `more than 25%`), or None."""
    text = value.strip()
    if found := _EXACT.fullmatch(text):
        low = high = _number(found[1])
    elif found := _RANGE.fullmatch(text):
        low, high = _number(found[1]), _number(found[2])
    elif found := _MORE.fullmatch(text):
        low, high = _number(found[1]) + OPEN, 100.0
    elif found := _LEAST.fullmatch(text):
        low, high = _number(found[1] or found[2]), 100.0
    else:
        return None
    return (low, high) if 0 <= low <= high <= 100 else None


def _number(text: str) -> float:
    return float(text.replace(",", "."))
