"""What a proof asks of a plan: one of the measures that break it, or not the measures without which it would not be.

A proof that was seen with some measures in force stands with every set that makes the same facts, takes away the same
guarded things, and neither touches one of its facts nor adds what its guards forbid. So every set that works holds a
breaker, or lacks what made the proof possible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from flagstate import model
from flagstate.assess.plan_edits import Edits, Tables, guards_of, ids_of, version
from flagstate.assess.plan_rows import Book, shown

Chosen = frozenset[str]
"""measure_ids."""


@dataclass(frozen=True)
class Violation:
    """Something unwanted, with one proof of it."""

    kind: str
    """reach, cutoff, rule, or kept: something that must still work and would not."""
    subject: str
    """What it is about."""
    counterparty: str | None
    """The government or party."""
    facts: frozenset[str]
    """fact_ids on which the proof stands: without any of them it falls."""
    guards: frozenset[str] = frozenset()
    """What must stay absent for the proof to stand, such as `key:ASSET` or `alternative:ASSET:GROUP`."""
    words: str | Callable[[], str] = field(default="", compare=False)
    """The proof as a sentence, or what writes it: most are never read."""
    finding_id: str = ""
    """The finding that it belongs to."""
    searched: bool = True
    """False: the search for proofs hit a bound before it found any, so that nothing is known."""

    @property
    def sentence(self) -> str:
        """Return the proof as a sentence."""
        return self.words if isinstance(self.words, str) else self.words()

    @cached_property
    def proof_id(self) -> str:
        """Return what makes it one proof: what it is about and the facts it stands on."""
        return model.digest(self.kind, self.subject, self.counterparty, *sorted(self.facts))


@dataclass(frozen=True)
class Instance:
    """A measure bound to something in the world."""

    measure_id: str
    """Id: the code and what it is applied to."""
    measure: str
    """Code of the catalogue."""
    words: str
    """What to do, as a sentence."""
    cost: int
    """Its cost, in the user's unit; at least 1."""
    lead_days: int
    """Days until it works."""
    edits: Edits
    """What it changes."""
    opens: str = ""
    """What it opens, as a sentence."""
    params: tuple[tuple[str, str], ...] = ()
    """What it is applied to."""
    excludes: frozenset[str] = frozenset()
    """measure_ids that cannot be combined with it."""
    requires: tuple[frozenset[str], ...] = ()
    """Sets of measure_ids: one of each set must be chosen with it."""
    takes: frozenset[str] = frozenset()
    """`subject:ID` of what it takes away as a whole: whatever is said of it falls."""


Given = frozenset[Chosen]
"""What must be in force for a proof to be there: one measure of each set."""


def met(given: Given, chosen: Chosen) -> bool:
    """Return whether a choice holds one measure of each set."""
    return all(group & chosen for group in given)


@dataclass(frozen=True)
class Clause:
    """What every working set of measures satisfies: one of `breakers`, or nothing of one set of `given`."""

    given: Given
    """What made the proof possible; empty: it is there without any measure."""
    breakers: Chosen
    """The measures that may break it."""
    violation: Violation
    """The proof that asks for it."""

    def holds(self, chosen: Chosen) -> bool:
        """Return whether a set of measures satisfies it."""
        return bool(self.breakers & chosen) or not met(self.given, chosen)


@dataclass
class World:
    """Which rows there are, and which measures touch or mention what."""

    instances: dict[str, Instance]
    """The measures by id."""
    book: Book
    """The facts."""
    held: dict[str, list[str]] = field(default_factory=dict)
    """Asset to the fact_ids of what it is known to hold."""
    touching: dict[str, set[str]] = field(default_factory=dict)
    """fact_id to the measures that delete it or make another fact of it."""
    deleting: dict[str, set[str]] = field(default_factory=dict)
    """fact_id to the measures that delete it."""
    adding: dict[str, set[str]] = field(default_factory=dict)
    """Guard to the measures that may add what it forbids."""
    removing: dict[str, set[str]] = field(default_factory=dict)
    """Guard to the measures that may take away what it forbids."""
    inserting: dict[str, set[str]] = field(default_factory=dict)
    """fact_id of a new row to the measures that insert it."""
    mentioning: dict[str, set[str]] = field(default_factory=dict)
    """id of an entity or asset to the measures whose rows mention it."""
    changing: dict[str, set[str]] = field(default_factory=dict)
    """fact_id of a changed row to the measures that changed it."""
    before: dict[str, str] = field(default_factory=dict)
    """fact_id of a changed row to that of the row as it was."""

    def base(self, fact: str) -> str:
        """Return the fact_id of a row as it was before any measure changed it."""
        return self.before.get(fact, fact)

    def put(self, chosen: Chosen) -> None:
        """Note which rows a set of measures changes, and into what."""
        cells: dict[tuple[str, str], dict[str, object]] = {}
        by: dict[str, set[str]] = {}
        for key in chosen:
            for (noun, fact, column), value in self.instances[key].edits.updates.items():
                cells.setdefault((noun, fact), {})[column] = value
                by.setdefault(fact, set()).add(key)
        for (noun, fact), changed in cells.items():
            made = version(noun, fact, changed)
            if made != fact:
                self.before[made] = fact
                self.changing.setdefault(made, set()).update(by[fact])

    def add(self, instance: Instance) -> None:
        """Add a measure: what it touches, adds, takes away and mentions."""
        key, edits = instance.measure_id, instance.edits
        self.instances[key] = instance
        for fact in edits.rows:
            self.touching.setdefault(fact, set()).add(key)
        for _, fact in edits.deletes:
            self.deleting.setdefault(fact, set()).add(key)
        for _, fact in edits.inserts:
            self.inserting.setdefault(fact, set()).add(key)
        for word in instance.takes:
            self.adding.setdefault(word, set()).add(key)
        for into, noun, row in self._edited(edits):
            for word in guards_of(noun, row):
                into.setdefault(word, set()).add(key)
            for name in ids_of(row):
                self.mentioning.setdefault(name, set()).add(key)

    def _edited(self, edits: Edits) -> Iterator[tuple[dict[str, set[str]], str, Mapping[str, object]]]:
        """Yield the rows of an edit: as they were, which go, and as they will be, which come."""
        for (noun, _), new in edits.inserts.items():
            yield self.adding, noun, dict(new)
        for noun, fact in edits.deletes:
            gone = self.book.get(fact)
            if gone is not None:
                yield self.removing, noun, gone[1]
        for (noun, fact, column), value in edits.updates.items():
            found = self.book.get(fact)
            if found is not None:
                yield self.removing, noun, found[1]
                yield self.adding, noun, found[1] | {column: value}


def index(tables: Tables, instances: Iterable[Instance]) -> World:
    """Return which rows there are and which measures touch what.

    Args:
        tables: Facts by noun.
        instances: The measures.
    """
    listed = list(instances)
    world = World({}, Book(tables))
    held = tables["holding"]
    for asset, fact in zip(held["asset_id"].to_pylist(), held["fact_id"].to_pylist(), strict=True):
        world.held.setdefault(asset, []).append(fact)
    world.book.load(fact for instance in listed for fact in instance.edits.rows)
    for instance in listed:
        world.add(instance)
    return world


@dataclass
class Proofs:
    """The proofs seen so far: what made them possible, and which measures they have survived."""

    world: World
    seen: dict[str, list[Given]] = field(default_factory=dict)
    """Proof to what is enough for it to be there."""
    survived: dict[str, set[str]] = field(default_factory=dict)
    """Proof to the measures in force when it was seen."""
    asked: dict[tuple[str, Given], Violation] = field(default_factory=dict)
    """Every proof with what made it possible."""

    def see(self, violation: Violation, chosen: Chosen) -> None:
        """Remember a proof that stands with some measures in force."""
        key = violation.proof_id
        known = [given for given in self.seen.get(key, ()) if met(given, chosen)]
        if not known:
            known = [self.source(violation, chosen)]
            self.seen.setdefault(key, []).extend(known)
        self.survived.setdefault(key, set()).update(chosen)
        self.asked[(key, min(known, key=_order))] = violation

    def source(self, violation: Violation, chosen: Chosen) -> Given:
        """Return what made a proof possible that was not seen without the measures in force.

        These are the measures that made one of its facts and those that took away what its guards forbid; where there
        are none, those that mention one of its parties; else all.
        """
        if not chosen:
            return frozenset()
        made: set[Chosen] = set()
        for fact in violation.facts:
            if self.world.inserting.get(fact, set()) & chosen:
                made.add(frozenset(self.world.inserting[fact]))
            made |= _each(self.world.changing.get(fact, set()) & chosen)
        for word in self._guards(violation):
            kind, _, about = word.partition(":")
            if kind == "holding":  # nothing is known to be held once every holding is gone, whoever took it away
                gone = [self.world.deleting.get(fact, set()) for fact in self.world.held.get(about, ())]
                made |= {frozenset(group) for group in gone if group & chosen}
            else:
                made |= _each(self.world.removing.get(word, set()) & chosen)
        if made:
            return frozenset(made)
        near: set[str] = set()
        for name in {violation.subject, *self._ids(violation), *ids_in(violation.guards)}:
            near |= self.world.mentioning.get(name, set())
        return frozenset(_each(chosen & near or chosen))

    def _ids(self, violation: Violation) -> Iterator[str]:
        for fact in violation.facts:
            found = self.world.book.get(fact)
            if found is not None:
                yield from ids_of(found[1])

    def _guards(self, violation: Violation) -> Iterator[str]:
        """Yield the guards of a proof; so are its stakes: a larger one of another owner may break control."""
        yield from violation.guards
        yield f"subject:{violation.subject}"
        for fact in violation.facts:
            found = self.world.book.get(self.world.base(fact))
            if found is not None and found[0] == "interest":
                yield from (word for word in guards_of(*found) if word.startswith("owner:"))

    def clauses(self) -> list[Clause]:
        """Return what all proofs seen so far ask for, in an order that depends on what they say alone."""
        made = []
        for (key, given), violation in self.asked.items():
            breakers: set[str] = set()
            for fact in violation.facts:
                breakers |= self.world.touching.get(self.world.base(fact), set())
            for word in self._guards(violation):
                breakers |= self.world.adding.get(word, set())
            made.append(Clause(given, frozenset(breakers - self.survived[key]), violation))
        return sorted(made, key=lambda c: (*_order(c.given), sorted(c.breakers), c.violation.proof_id))


def _each(names: Iterable[str]) -> set[Chosen]:
    return {frozenset({name}) for name in names}


def _order(given: Given) -> tuple[int, list[list[str]]]:
    return len(given), sorted(sorted(group) for group in given)


def ids_in(guards: Iterable[str]) -> Iterator[str]:
    """Yield what may be an id in each guard: ids hold colons themselves."""
    for guard in guards:
        _, _, rest = guard.partition(":")
        yield rest
        yield rest.rpartition(":")[0]


def kept(before: Tables, after: Tables) -> list[Violation]:
    """Return what must still work and would not: a critical asset that is gone, a need or a base that nothing fills.

    Deleting the service would otherwise be the cheapest cure of all.

    Args:
        before: The tables as they are.
        after: The tables with measures in force.
    """
    if before["asset"] is after["asset"] and before["need"] is after["need"]:
        return []
    was = {str(row["asset_id"]): row for row in before["asset"].to_pylist()}
    now = {str(row["asset_id"]) for row in after["asset"].to_pylist()}
    lost = [
        _lost(key, row, f"{shown(key)} is critical and would be gone")
        for key, row in was.items()
        if row["critical"] and key not in now
    ]
    stand = [row for row in after["asset"].to_pylist() if row["runs_on"] in was and row["runs_on"] not in now]
    lost += [_lost(str(row["asset_id"]), row, f"what {shown(row['asset_id'])} runs on would be gone") for row in stand]
    groups: dict[tuple[str, int], list[dict[str, object]]] = {}
    for row in before["need"].to_pylist():
        groups.setdefault((str(row["asset_id"]), int(row["need_group"] or 0)), []).append(row)
    filled = {
        (str(row["asset_id"]), int(row["need_group"] or 0))
        for row in after["need"].to_pylist()
        if row["needs_id"] in now or row["needs_id"] not in was
    }
    for (asset, group), rows in groups.items():
        if asset in now and (asset, group) not in filled:
            listed = sorted({shown(row["needs_id"]) for row in rows})
            wanted = f"one of {', '.join(listed)}, and none" if len(listed) > 1 else f"{listed[0]}, which"
            words = f"{shown(asset)} needs {wanted} would be {'left' if len(listed) > 1 else 'gone'}"
            guard = frozenset({f"alternative:{asset}:{group}"})
            lost.append(Violation("kept", asset, None, frozenset({str(was[asset]["fact_id"])}), guard, words))
    return lost


def _lost(asset: str, row: Mapping[str, object], words: str) -> Violation:
    return Violation("kept", asset, None, frozenset({str(row["fact_id"])}), words=words)
