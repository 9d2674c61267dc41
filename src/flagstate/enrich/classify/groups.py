"""Groups of rows that hold the same classes, live in one country and fall in one month, with their distinct subjects.

Bounded: at most MOST groups; beyond it all groups get coarser by one ladder (months, then years, then no date; then no
residence; then the classes of least legal weight go), and only ever coarser, so that the answer does not depend on the
order of the parts. Subjects are exact until BUDGET pairs of subject and group are kept, then a uniform sample with its
level (where both bounds are hit, the level may be higher in one order of the parts than in another; bounds stay true).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from flagstate.catalog.sketch import bounds, cut, joined

Marks = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int32]

MOST = 4096
"""Groups of one table."""
BUDGET = 1 << 20
"""Fingerprints of subjects that one table keeps per kind of subject."""
NO_YEAR, NO_DATE, NO_HOME = 1, 2, 3
"""Rungs of the ladder; above NO_HOME each drops one class more."""


@dataclass(frozen=True, order=True)
class Key:
    """What the rows of a group have in common."""

    classes: tuple[str, ...]
    """Ids, sorted."""
    month: str = ""
    """YYYY-MM, YYYY, or empty."""
    home: str = ""
    """ISO 3166-1 alpha-2, or empty."""


@dataclass(frozen=True)
class Track:
    """Distinct subjects of one kind, by group."""

    level: int = 0
    """Fingerprints below 2**64 / 2**level are kept; 0: all, so counts are exact."""
    kept: Mapping[Key, bytes] = field(default_factory=dict, repr=False)
    """Sorted fingerprints, eight bytes each, lowest byte first."""
    blank: Mapping[Key, int] = field(default_factory=dict)
    """Rows without a subject."""
    exact: Mapping[Key, int] = field(default_factory=dict)
    """Distinct subjects by group, where they were counted again."""

    def bounds(self, key: Key, records: int) -> tuple[int, int]:
        """Return at least and at most how many distinct subjects a group has."""
        if key in self.exact:
            return bounds(self.exact[key], 0, self.blank.get(key, 0), records)
        return bounds(len(self.kept.get(key, b"")) // 8, self.level, self.blank.get(key, 0), records)


@dataclass(frozen=True)
class Groups:
    """The groups of one table, or of a part of it."""

    rung: int = 0
    """How coarse they are."""
    records: Mapping[Key, int] = field(default_factory=dict)
    """Rows by group."""
    tracks: Mapping[str, Track] = field(default_factory=dict)
    """By class of the subject, such as `email`."""


def coarsen(key: Key, rung: int, ladder: Sequence[str]) -> Key:
    """Return the key at a rung.

    Args:
        key: The key.
        rung: From 0, as it is.
        ladder: Classes in the order in which they go.
    """
    month = "" if rung >= NO_DATE else key.month[:4] if rung >= NO_YEAR else key.month
    home = "" if rung >= NO_HOME else key.home
    gone = frozenset(ladder[: max(0, rung - NO_HOME)])
    return Key(tuple(c for c in key.classes if c not in gone) if gone else key.classes, month, home)


def at_rung(groups: Groups, rung: int, ladder: Sequence[str]) -> Groups:
    """Return the groups at a rung that is no lower than theirs."""
    if rung <= groups.rung:
        return groups
    renamed = {key: coarsen(key, rung, ladder) for key in groups.records}
    records: dict[Key, int] = {}
    for key, count in groups.records.items():
        records[renamed[key]] = records.get(renamed[key], 0) + count
    tracks = {}
    for name, track in groups.tracks.items():
        kept: dict[Key, list[bytes]] = {}
        blank: dict[Key, int] = {}
        for key, marks in track.kept.items():
            kept.setdefault(renamed[key], []).append(marks)
        for key, count in track.blank.items():
            blank[renamed[key]] = blank.get(renamed[key], 0) + count
        tracks[name] = Track(track.level, {key: joined(parts) for key, parts in kept.items()}, blank)
    return Groups(rung, records, tracks)


def merge(one: Groups, other: Groups, ladder: Sequence[str], *, most: int = MOST, budget: int = BUDGET) -> Groups:
    """Return the groups of both parts of a table; the order does not matter.

    Args:
        one: A part.
        other: Another part.
        ladder: Classes in the order in which they go when there are too many groups.
        most: Bound of the groups.
        budget: Bound of the fingerprints of each track.
    """
    rung = max(one.rung, other.rung)
    made = _sum(at_rung(one, rung, ladder), at_rung(other, rung, ladder))
    while len(made.records) > most and rung < NO_HOME + len(ladder):
        rung += 1
        made = at_rung(made, rung, ladder)
    tracks = {}
    for name, track in made.tracks.items():
        level, kept = track.level, dict(track.kept)
        while sum(map(len, kept.values())) > 8 * budget:
            level += 1
            kept = {key: cut(marks, level) for key, marks in kept.items()}
        tracks[name] = Track(level, {key: marks for key, marks in sorted(kept.items()) if marks}, track.blank)
    return Groups(made.rung, made.records, tracks)


def _sum(one: Groups, other: Groups) -> Groups:
    records = {
        key: one.records.get(key, 0) + other.records.get(key, 0) for key in sorted({*one.records, *other.records})
    }
    tracks = {}
    for name in sorted({*one.tracks, *other.tracks}):
        a, b = (_track(part, name) for part in (one, other))
        level = max(a.level, b.level)
        kept = {
            key: joined([cut(t.kept[key], level) for t in (a, b) if key in t.kept])
            for key in sorted({*a.kept, *b.kept})
        }
        blank = {key: a.blank.get(key, 0) + b.blank.get(key, 0) for key in sorted({*a.blank, *b.blank})}
        tracks[name] = Track(level, kept, blank)
    return Groups(one.rung, records, tracks)


def _track(part: Groups, name: str) -> Track:
    """A part that had no such subjects: each of its rows may be one more, or none."""
    return part.tracks[name] if name in part.tracks else Track(0, {}, dict(part.records))


class Counter:
    """Groups in the making: compiled tables that grow to their bounds."""

    def __init__(
        self,
        bits: Sequence[str],
        tracks: Sequence[str],
        ladder: Sequence[str],
        *,
        most: int = MOST,
        budget: int = BUDGET,
        rung: int = 0,
        only: frozenset[Key] | None = None,
    ) -> None:
        """Begin with nothing.

        Args:
            bits: The class of each bit of a pattern, at most 64.
            tracks: Classes of the subjects that are counted.
            ladder: Classes in the order in which they go.
            most: Bound of the groups.
            budget: Bound of the fingerprints of each track.
            rung: How coarse to begin.
            only: Groups whose subjects are counted; null: all.
        """
        self.bits, self.ladder, self.most, self.only = tuple(bits), tuple(ladder), most, only
        self.rung = rung
        self.records = np.zeros(most, np.int64)
        self.subjects = {name: Subjects(budget, most) for name in tracks}
        self._empty()

    def _empty(self) -> None:
        self.used = 0
        self.slots = np.full(1 << (4 * self.most - 1).bit_length(), -1, np.int32)
        self.keys = np.zeros(self.most, np.uint64)
        self.months = np.zeros(self.most, np.int32)
        self.homes = np.zeros(self.most, np.int32)

    def add(self, keys: Marks, months: Numbers, homes: Numbers, marks: Mapping[str, Marks]) -> None:
        """Add one batch of rows.

        Args:
            keys: Pattern of classes of each row.
            months: Months since year 0, -1: none.
            homes: Two letters of a country as one number, -1: none.
            marks: Fingerprints of the subjects of each row, by track.
        """
        from flagstate.enrich.classify import sample

        begin = 0
        while begin < len(keys):
            rows = self._coarse(keys[begin:], months[begin:], homes[begin:])
            made = np.empty(len(rows[0]), np.int32)
            self.used, done = sample.assign(
                *rows, 0, self.slots, self.keys, self.months, self.homes, self.used, made
            )  # fmt: skip
            if done:
                made = made[:done]
                self.records += np.bincount(made, minlength=self.most)
                for name, subjects in self.subjects.items():
                    subjects.add(self._chosen(marks[name][begin : begin + done], made), made)
                begin += done
            if begin < len(keys):
                self._climb()

    def _chosen(self, marks: Marks, made: Numbers) -> Marks:
        if self.only is None:
            return marks
        chosen = np.array([self._name(at) in self.only for at in range(self.used)], np.bool_)
        return np.where(chosen[made], marks, np.uint64(0))

    def _coarse(self, keys: Marks, months: Numbers, homes: Numbers) -> tuple[Marks, Numbers, Numbers]:
        if self.rung >= NO_DATE:
            months = np.full(len(months), -1, np.int32)
        elif self.rung >= NO_YEAR:
            months = np.where(months < 0, np.int32(-1), months - months % 12).astype(np.int32)
        if self.rung >= NO_HOME:
            homes = np.full(len(homes), -1, np.int32)
        gone = frozenset(self.ladder[: max(0, self.rung - NO_HOME)])
        stays = sum(1 << at for at, name in enumerate(self.bits) if name not in gone)
        return (keys & np.uint64(stays) if gone else keys), months, homes

    def _climb(self) -> None:
        """One rung up: the groups that are the same there become one."""
        from flagstate.enrich.classify import sample

        self.rung += 1
        used, records = self.used, self.records
        keys = self._coarse(self.keys[:used], self.months[:used], self.homes[:used])
        renamed = np.empty(used, np.int32)
        self._empty()
        self.used, _ = sample.assign(*keys, 0, self.slots, self.keys, self.months, self.homes, 0, renamed)
        self.records = np.zeros(self.most, np.int64)
        np.add.at(self.records, renamed, records[:used])
        for subjects in self.subjects.values():
            subjects.rename(renamed)

    def freeze(self) -> Groups:
        """Return the groups; the counter may go on afterwards."""
        names = [self._name(at) for at in range(self.used)]
        records = {names[at]: int(self.records[at]) for at in range(self.used)}
        tracks = {name: subjects.freeze(names) for name, subjects in sorted(self.subjects.items())}
        return Groups(self.rung, dict(sorted(records.items())), tracks)

    def _name(self, at: int) -> Key:
        pattern, month, home = int(self.keys[at]), int(self.months[at]), int(self.homes[at])
        classes = tuple(sorted(name for bit, name in enumerate(self.bits) if pattern >> bit & 1))
        date = "" if month < 0 else f"{month // 12:04d}" + (f"-{month % 12 + 1:02d}" if self.rung < NO_YEAR else "")
        return Key(classes, date, "" if home < 0 else chr(home >> 8) + chr(home & 255))


class Subjects:
    """Pairs of subject and group: all of them, or those with small fingerprints."""

    def __init__(self, budget: int, groups: int) -> None:
        """Begin with nothing."""
        self.budget, self.level, self.used = budget, 0, 0
        self.blank = np.zeros(groups, np.int64)
        self._room(1 << 12)

    def _room(self, size: int) -> None:
        self.kept = np.zeros(size, np.uint64)
        self.of = np.zeros(size, np.int32)

    def _limit(self) -> np.uint64:
        return np.uint64(1 << (64 - self.level) if self.level else 0)

    def add(self, marks: Marks, groups: Numbers) -> None:
        """Add the subjects of a batch."""
        from flagstate.enrich.classify import sample

        missing = marks == 0
        if missing.any():
            self.blank += np.bincount(groups[missing], minlength=len(self.blank))
        at = 0
        while at < len(marks):
            self.used, at = sample.add(marks, groups, at, self._limit(), self.kept, self.of, self.used)
            if at < len(marks):
                self._grow()
        self._fit()

    def _fit(self) -> None:
        while self.used > self.budget:
            self.level += 1
            stay = (self.kept != 0) & (self.kept < self._limit())
            self._fill(self.kept[stay], self.of[stay], len(self.kept))

    def _grow(self) -> None:
        if self.used > self.budget:
            self._fit()
            return
        stay = self.kept != 0
        self._fill(self.kept[stay], self.of[stay], (8 if len(self.kept) < 1 << 18 else 2) * len(self.kept))

    def _fill(self, marks: Marks, groups: Numbers, size: int) -> None:
        from flagstate.enrich.classify import sample

        self._room(size)
        self.used, _ = sample.add(marks, groups, 0, np.uint64(0), self.kept, self.of, 0)

    def rename(self, renamed: Numbers) -> None:
        """Follow groups that became one."""
        blank = np.zeros(len(self.blank), np.int64)
        np.add.at(blank, renamed, self.blank[: len(renamed)])
        self.blank = blank
        stay = self.kept != 0
        self._fill(self.kept[stay], renamed[self.of[stay]], len(self.kept))

    def freeze(self, names: Sequence[Key]) -> Track:
        """Return them by name of the group."""
        stay = self.kept != 0
        marks, groups = self.kept[stay], self.of[stay]
        # Numbers of groups are small: sixteen bits are sorted by counting.
        groups = groups.astype(np.int16) if len(names) < 1 << 15 else groups
        order = np.argsort(groups, kind="stable")
        marks, groups = marks[order].astype("<u8"), groups[order]
        edges = np.searchsorted(groups, np.arange(len(names) + 1))
        kept = {name: np.sort(marks[edges[at] : edges[at + 1]]).tobytes() for at, name in enumerate(names)}
        blank = {name: int(self.blank[at]) for at, name in enumerate(names)}
        return Track(
            self.level,
            {name: held for name, held in sorted(kept.items()) if held},
            {name: count for name, count in sorted(blank.items()) if count},
        )
