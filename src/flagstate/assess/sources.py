"""Who stands behind a claim: primaries are counted, not articles.

Two articles that repeat one report are one source; so are two of one outlet on one day, and any number of them that
give the words of one speaker. A denial lowers nothing: it is shown. What a claim repeats is what somebody wrote down or
worked out; nothing is guessed here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pyarrow as pa

MOST, DEEPEST = 300, 40
"""Claims and sources, and steps, that are followed from one claim; what lies behind is absent, and none is counted."""

SECOND_HAND = frozenset({"translation", "rewrite", "copy"})
"""Forms of sources that never stand for themselves."""

_STANCES = {
    "confirm": "confirmed_by",
    "deny": "denied_by",
    "no_comment": "no_comment_by",
    "unverifiable": "unverified_by",
}

Row = dict[str, object]


@dataclass
class Node:
    """A claim or a source, with what it repeats."""

    is_claim: bool
    """Else a source."""
    behind: set[str] = field(default_factory=set)
    """Ids that it repeats."""
    carriers: set[str] = field(default_factory=set)
    """Of a claim: sources in which it stands."""
    second_hand: bool = False
    """Its form says that it repeats something, whether it says what or not."""
    anonymous: bool = False
    """It rests on persons who are not named."""
    unverified: bool = False
    """Its publisher could not verify it."""
    name: str = ""
    """Of a source: its outlet, by which a reader knows it."""
    party: tuple[str, str] = ("", "")
    """Who speaks, as names are compared, and on which day: an outlet, or the speaker of a claim."""
    spoken: bool | None = None
    """Of a claim that several primaries give as the words of one speaker: whether all of them name nobody."""
    stances: set[tuple[str, str]] = field(default_factory=set)
    """What others say of it: stance and who."""

    @cached_property
    def origins(self) -> tuple[str, ...]:
        """Where it comes from: what it repeats, and else what it stands in; asked once the graph is whole."""
        return tuple(sorted(self.behind or self.carriers))


@dataclass(frozen=True)
class Resting:
    """What rests on one source."""

    claims: tuple[str, ...]
    """Claims that come from it, directly or through others."""
    sources: tuple[str, ...]
    """Sources that repeat it, directly or through others."""


def provenance(claim: pa.Table, source: pa.Table) -> list[Row]:
    """Return who stands behind each claim, one row of `provenance` per claim, sorted by its id.

    Args:
        claim: Rows of `claim`.
        source: Rows of `source`.

    A primary is what repeats nothing: a source, or a claim that stands in no source. A source that is a translation, a
    rewrite or a copy and names no origin is no primary: it is absent what it repeats. A claim that repeats something
    has its primaries from there; that it stands in further sources adds none.

    What it cannot see: that two primaries spoke to the same unnamed person; that one speaker stands for several persons
    ("officials"): they count as one; that two spellings are one name, apart from case, spaces and `_`; what nobody
    wrote down.
    """
    nodes = _nodes(claim, source)
    after = _after(nodes)
    for key, node in nodes.items():
        if node.is_claim and node.party[0] and not node.behind:
            node.spoken = _spoken(key, nodes)
    return [_row(key, nodes, after) for key, node in sorted(nodes.items()) if node.is_claim]


def resting(claim: pa.Table, source: pa.Table) -> dict[str, Resting]:
    """Return, by source, the claims and the sources that rest on it.

    Args:
        claim: Rows of `claim`.
        source: Rows of `source`.
    """
    nodes = _nodes(claim, source)
    found: dict[str, tuple[list[str], list[str]]] = {key: ([], []) for key, node in nodes.items() if not node.is_claim}
    for key, node in sorted(nodes.items()):
        for other in _up(key, nodes)[0] - {key}:
            if other in found:
                found[other][0 if node.is_claim else 1].append(key)
    return {key: Resting(tuple(claims), tuple(sources)) for key, (claims, sources) in sorted(found.items())}


def _nodes(claim: pa.Table, source: pa.Table) -> dict[str, Node]:
    """Return claims and sources by id; the same id given twice is one, with what either says."""
    nodes: dict[str, Node] = {}
    for row in source.to_pylist():
        node = nodes.setdefault(str(row["source_id"]), Node(is_claim=False))
        node.behind |= set(row["derived_from"] or ())
        node.second_hand |= row["source_form"] in SECOND_HAND
        node.anonymous |= row["anonymous"] is True
        node.unverified |= row["verified"] == "no"
        node.name = min(filter(None, (node.name, row["outlet"])), default="")
        node.party = min(filter(_named, (node.party, _party(row["outlet"], row))), default=("", ""))
    for row in claim.to_pylist():
        node = nodes.setdefault(str(row["claim_id"]), Node(is_claim=True))
        node.behind |= set(row["derived_from"] or ())
        node.carriers |= set(row["source_ids"] or ())
        node.stances |= stances(row["stances"])
        node.party = min(filter(_named, (node.party, _party(row["speaker"], row))), default=("", ""))
        node.is_claim = True
    return nodes


def folded(name: object) -> str:
    """Return a name as names are compared: without its case, and with one space for all between two words."""
    return " ".join(str(name or "").replace("_", " ").casefold().split())


def _party(name: object, row: Row) -> tuple[str, str]:
    return folded(name), str(row["on_date"] or "")


def _named(party: tuple[str, str]) -> bool:
    return bool(party[0])


def stances(text: str | None) -> set[tuple[str, str]]:
    """Return what others say of a claim, as pairs of stance and who; what is not of that form is left out."""
    try:
        said = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return set()
    listed = said.items() if isinstance(said, dict) else ()
    return {(stance, who) for who, stance in listed if isinstance(stance, str) and stance in _STANCES}


def _after(nodes: Mapping[str, Node]) -> dict[str, list[str]]:
    """Return, by id, what repeats it, in order."""
    found: dict[str, list[str]] = {}
    for key in sorted(nodes):
        for one in nodes[key].behind:
            found.setdefault(one, []).append(key)
    return found


def _up(start: str, nodes: Mapping[str, Node]) -> tuple[set[str], set[str]]:
    """Return all that a claim or source comes from, itself included, and the ids that lead nowhere."""
    seen, lost, waiting = {start}, set[str](), [(start, 0)]
    for key, steps in waiting:
        for other in nodes[key].origins:
            if other in seen:
                continue
            if other in nodes and len(seen) < MOST and steps < DEEPEST:
                seen.add(other)
                waiting.append((other, steps + 1))
            else:
                lost.add(other)
                if len(lost) >= MOST:
                    return seen, lost
    return seen, lost


def _down(start: str, nodes: Mapping[str, Node], after: Mapping[str, list[str]]) -> set[str]:
    """Return the claims that repeat a claim, and the sources that do; a source that repeats a source says nothing."""
    seen, waiting = {start}, [(start, 0)]
    for key, steps in waiting:
        for other in after.get(key, ()) if nodes[key].is_claim and steps < DEEPEST else ():
            if len(seen) >= MOST:
                return seen
            if other not in seen:
                seen.add(other)
                waiting.append((other, steps + 1))
    return seen


def _row(key: str, nodes: Mapping[str, Node], after: Mapping[str, list[str]]) -> Row:
    behind, lost = _up(key, nodes)
    ends = {one for one in behind if not nodes[one].origins}
    first = _primaries(key, nodes, behind)
    primaries = sorted(first)
    speakers = {nodes[one].party[0] for one in behind if nodes[one].is_claim}
    given = {other for one in behind for other in nodes[one].carriers if other in nodes}
    said: dict[str, set[str]] = {name: set() for name in _STANCES.values()}
    for one in behind:
        for stance, who in nodes[one].stances:
            # Who says it again of himself confirms nothing.
            if stance != "confirm" or folded(who) not in speakers:
                said[_STANCES[stance]].add(who)
    said["unverified_by"] |= {nodes[one].name or one for one in behind | given if nodes[one].unverified}
    return {
        "claim_id": key,
        "assertions": len(_bearers(behind | _down(key, nodes, after), nodes)),
        "primaries": primaries,
        "independent": len(primaries),
        "unnamed": sum(first.values()),
        "circular": _circular(behind, nodes),
        "absent": sorted(lost | {one for one in ends if nodes[one].second_hand}),
        **{name: sorted(who) for name, who in said.items()},
    }


def _primaries(key: str, nodes: Mapping[str, Node], behind: set[str]) -> dict[str, bool]:
    """Return what a claim comes from in the end, one for each party and day, and whether it names no person."""
    seen, waiting, found = {key}, [key], dict[str, bool]()
    for one in waiting:
        node = nodes[one]
        if node.spoken is not None:
            found[one] = node.spoken
            continue
        if not node.origins and not node.second_hand:
            found[one] = node.anonymous
        for other in node.origins:
            if other in behind and other not in seen:
                seen.add(other)
                waiting.append(other)
    return _parties(found, nodes)


def _spoken(key: str, nodes: Mapping[str, Node]) -> bool | None:
    """Return whether a speaker is known by unnamed persons only, where several primaries give his words; else None."""
    ends = [one for one in _up(key, nodes)[0] if not nodes[one].origins and not nodes[one].second_hand]
    unnamed = _parties({one: nodes[one].anonymous for one in ends}, nodes)
    return all(unnamed.values()) if len(unnamed) > 1 else None


def _parties(found: Mapping[str, bool], nodes: Mapping[str, Node]) -> dict[str, bool]:
    """Return one of each party and day, the first by id; it is unnamed where one of them is."""
    groups: dict[tuple[str, str], list[str]] = {}
    for key in sorted(found):
        party = nodes[key].party
        groups.setdefault(party if _named(party) else ("", key), []).append(key)
    return {listed[0]: any(found[key] for key in listed) for listed in groups.values()}


def _bearers(family: Iterable[str], nodes: Mapping[str, Node]) -> set[str]:
    """Return what carries the assertion: the sources, and claims that stand in none."""
    found: set[str] = set()
    for key in family:
        found |= {one for one in nodes[key].carriers if one in nodes} or {key}
    return found


def _circular(family: set[str], nodes: Mapping[str, Node]) -> bool:
    """Return whether what repeats each other closes: taking away what repeats nothing, again and again, leaves some."""
    left = {key: {one for one in nodes[key].origins if one in family} for key in family}
    after: dict[str, list[str]] = {}
    for key, origins in left.items():
        for one in origins:
            after.setdefault(one, []).append(key)
    ready = [key for key, origins in left.items() if not origins]
    for key in ready:
        for other in after.get(key, ()):
            left[other].discard(key)
            if not left[other]:
                ready.append(other)
    return len(ready) < len(family)
