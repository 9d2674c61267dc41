"""What changed between two states of a case: verdicts that flipped, ways of governments, services that stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field

import pyarrow as pa

from flagstate.model.codes import QUESTIONS, REACH_LEVELS

_ORDER = {level: at for at, level in enumerate(REACH_LEVELS)}
_QUIET = frozenset({"evidence", "reject", "finding", "reach", "cutoff", "judgement"})
"""Tables whose rows are not counted as facts gained or lost: they are shown otherwise."""
_WHERE = frozenset({"fact_id", "evidence_id", "source"})
"""Where a fact is said, which is not what it says."""


@dataclass(frozen=True)
class Flip:
    """A finding that appeared, went away, or whose verdict or severity is another one now."""

    finding_id: str
    question: str
    subject: str
    before: str | None
    """Verdict with severity, such as `yes (high)`; null: there was no such finding."""
    after: str | None
    message: str


@dataclass(frozen=True)
class Way:
    """A government whose firmest way to a subject is another one now."""

    government: str
    subject_id: str
    before: str | None
    """Level with the data it shows, such as `direct_law (clear)`; null: none found."""
    after: str | None


@dataclass(frozen=True)
class Stop:
    """A service that stops at another time now, for one cut."""

    cut: str
    asset_id: str
    before_h: float | None
    """Hours after the cut; null: it does not stop."""
    after_h: float | None


@dataclass(frozen=True)
class Changes:
    """Everything that changed."""

    flips: tuple[Flip, ...] = ()
    ways: tuple[Way, ...] = ()
    stops: tuple[Stop, ...] = ()
    rows: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Facts that were added and that went away, by table."""
    verdicts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Verdict of each question, before and after."""

    @property
    def any(self) -> bool:
        """Whether anything changed at all."""
        return bool(self.flips or self.ways or self.stops or self.rows)

    def as_dict(self) -> dict[str, object]:
        """Return the changes as plain data, for JSON."""
        return asdict(self)


def compare(before: Mapping[str, pa.Table], after: Mapping[str, pa.Table]) -> Changes:
    """Say what changed from one state of a case to another.

    Args:
        before: All stored nouns.
        after: All stored nouns, of the same case or of another one.
    """
    # What is no longer there neither goes on nor is out of reach: of that, nothing is said.
    gone = set(before["asset"]["asset_id"].to_pylist()) - set(after["asset"]["asset_id"].to_pylist())
    return Changes(
        flips=tuple(_flips(before["finding"], after["finding"])),
        ways=tuple(way for way in _ways(before["reach"], after["reach"]) if way.subject_id not in gone),
        stops=tuple(stop for stop in _stops(before["cutoff"], after["cutoff"]) if stop.asset_id not in gone),
        rows=_rows(before, after),
        verdicts={
            question: (_verdict(before["finding"], question), _verdict(after["finding"], question))
            for question in QUESTIONS
        },
    )


def _verdict(findings: pa.Table, question: str) -> str:
    """Return the worst verdict of a question: one adverse finding decides, then one that is open."""
    said = {
        row["verdict"] for row in findings.select(["question", "verdict"]).to_pylist() if row["question"] == question
    }
    return "yes" if "yes" in said else "no" if said == {"no"} else "unknown"


def _shown(row: Mapping[str, object] | None) -> str | None:
    if row is None:
        return None
    return f"yes ({row['level']})" if row["verdict"] == "yes" else str(row["verdict"])


def _flips(before: pa.Table, after: pa.Table) -> Iterator[Flip]:
    old = {str(row["finding_id"]): row for row in before.to_pylist()}
    new = {str(row["finding_id"]): row for row in after.to_pylist()}
    found: list[tuple[tuple[object, ...], Flip]] = []
    for key in old.keys() | new.keys():
        was, now = _shown(old.get(key)), _shown(new.get(key))
        if was == now:
            continue
        row = new.get(key) or old[key]
        flip = Flip(key, str(row["question"]), str(row["subject"]), was, now, str(row["message"]))
        rank = ("yes" not in (now or ""), list(QUESTIONS).index(flip.question), flip.subject, key)
        found.append((rank, flip))
    yield from (flip for _, flip in sorted(found, key=lambda pair: pair[0]))


def _firmest(reach: pa.Table) -> dict[tuple[str, str], str]:
    """Return the firmest way of each government to each subject, in the evidenced answer."""
    best: dict[tuple[str, str], tuple[tuple[object, ...], str]] = {}
    columns = ["government", "subject_id", "level", "data", "answer", "contested"]
    for row in reach.select(columns).to_pylist():
        if row["government"] is None or row["answer"] == "declared" or row["level"] == "none_found":
            continue
        key = (str(row["government"]), str(row["subject_id"]))
        rank = (row["data"] == "metadata", bool(row["contested"]), _ORDER.get(str(row["level"]), 99))
        words = f"{row['level']} ({row['data'] or 'clear'}{', contested' if row['contested'] else ''})"
        if key not in best or rank < best[key][0]:
            best[key] = (rank, words)
    return {key: words for key, (_, words) in best.items()}


def _ways(before: pa.Table, after: pa.Table) -> Iterator[Way]:
    old, new = _firmest(before), _firmest(after)
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            yield Way(*key, old.get(key), new.get(key))


def _stops(before: pa.Table, after: pa.Table) -> Iterator[Stop]:
    def hours(table: pa.Table) -> dict[tuple[str, str], float]:
        rows = table.select(["cut", "asset_id", "at_h"]).to_pylist()
        return {(str(r["cut"]), str(r["asset_id"])): float(r["at_h"] or 0) for r in rows}

    old, new = hours(before), hours(after)
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            yield Stop(*key, old.get(key), new.get(key))


def _rows(before: Mapping[str, pa.Table], after: Mapping[str, pa.Table]) -> dict[str, tuple[int, int]]:
    """Return how many facts came and went, by table; the same said by another file, or further down, is the same."""
    found = {}
    for noun in sorted(after):
        if noun in _QUIET or "fact_id" not in after[noun].column_names:
            continue
        old, new = (_said(state[noun]) for state in (before, after))
        if old != new:
            found[noun] = ((new - old).total(), (old - new).total())
    return found


def _said(table: pa.Table) -> Counter[str]:
    columns = [name for name in table.column_names if name not in _WHERE]
    return Counter(map(repr, zip(*(table[name].to_pylist() for name in columns), strict=True)))


def lines(changes: Changes, names: Mapping[str, str]) -> list[str]:
    """Return the changes as sentences; headings have no indent.

    Args:
        changes: What changed.
        names: Names of entities and assets by id.
    """
    if not changes.any:
        return ["Nothing changes: no finding, no way of a government, no service."]
    out = []
    turned = [(q, was, now) for q, (was, now) in changes.verdicts.items() if was != now]
    if turned:
        out += ["Questions that are answered otherwise:", *(f"  {q}: {was} → {now}" for q, was, now in turned)]
    if changes.flips:
        out.append(f"Findings ({len(changes.flips):,}):")
        for flip in changes.flips:
            out.append(f"  {flip.before or 'absent'} → {flip.after or 'gone'}  {flip.question} {flip.finding_id}")
            out.append(f"    {flip.message}")
    if changes.ways:
        out.append(f"Governments and what they reach ({len(changes.ways):,}):")
        for way in changes.ways:
            subject = names.get(way.subject_id, way.subject_id)
            out.append(f"  {way.government} {subject}: {way.before or 'none found'} → {way.after or 'none found'}")
    if changes.stops:
        out.append(f"Services that stop ({len(changes.stops):,}):")
        for stop in changes.stops:
            was, now = _hours(stop.before_h), _hours(stop.after_h)
            out.append(f"  {stop.cut} {names.get(stop.asset_id, stop.asset_id)}: {was} → {now}")
    if changes.rows:
        out.append("Facts:")
        out += [f"  {noun}: {came:,} more, {went:,} gone" for noun, (came, went) in changes.rows.items()]
    return out


def _hours(value: float | None) -> str:
    if value is None:
        return "no stop found"  # never that it goes on: what is not known may stop it
    return "stops at once" if value == 0 else f"stops after {value:g} h"
