"""Which sets of parties, within one government, are together enough to read what a subject holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from flagstate.assess.access import Access, Edge, edge_of
from flagstate.assess.custody import Estate
from flagstate.assess.forms import Form, Part
from flagstate.assess.grounds import RANK, Ground, Grounds
from flagstate.assess.keys import Key, Regime
from flagstate.assess.proofs import Atom, Step
from flagstate.assess.subject import Custody, Subject
from flagstate.assess.ways import ALWAYS, NEVER, Ways, at_least, both, either, shrink, singles
from flagstate.model.codes import REACH_LEVELS

COVERT = ("covert", "")
SEPARATOR = "\x1f"


@dataclass(frozen=True)
class World:
    """Everything that the search for proofs reads, indexed."""

    subjects: Mapping[str, Subject]
    parts: Mapping[str, list[Part]]
    keys: Mapping[str, Key]
    grounds: Grounds
    places: Mapping[str, Mapping[str, Ground]]
    """By subject and government: power over where it stands."""
    key_places: Mapping[str, Mapping[str, Ground]]
    """By key and government, its own place."""
    key_places_below: Mapping[str, Mapping[str, Ground]]
    """By key and government, with the layers below it."""
    disputed: frozenset[str] = frozenset()
    shares: Mapping[str, list[Part]] = field(default_factory=dict)
    """By name, the parts of data that is split."""
    unsure: bool = False
    """Whether any fact is in dispute."""
    estate: Estate = field(default_factory=Estate)
    """The facts of the assets."""


class Coalitions:
    """The parties of one government, and what they can do together."""

    def __init__(self, world: World, government: str, *, firm: bool = False) -> None:
        """Prepare a government.

        Args:
            world: Everything that is known.
            government: Whose.
            firm: Leave out facts that contradict each other.
        """
        self.world = world
        self.government = government
        self.firm = firm
        self._bits: dict[tuple[str, str], int] = {}
        self._grounds: dict[int, list[Ground]] = {}
        self._names: dict[int, tuple[str, str]] = {}
        self._access: dict[str, Access] = {}
        self._uses: dict[tuple[str, bool], tuple[Access, Access]] = {}
        self._keys: dict[tuple[str, Regime], Ways] = {}
        self._ranks: dict[int, tuple[object, ...]] = {}

    def _bit(self, kind: str, about: str, listed: Iterable[Ground]) -> int:
        """Return the bit of a party; 0 where it has no ground that counts."""
        key = (kind, about)
        if key not in self._bits:
            kept = [ground for ground in listed if not (self.firm and ground.disputed)]
            bit = 1 << len(self._names) if kept else 0
            self._bits[key] = bit
            if bit:
                self._grounds[bit], self._names[bit] = kept, key
        return self._bits[key]

    def grounds(self, bit: int) -> list[Ground]:
        """Return the grounds of a party, the firmest first."""
        return self._grounds[bit]

    def atom(self, bit: int, ground: Ground) -> Atom:
        """Return a party with one of its grounds."""
        kind, about = self._names[bit]
        return Atom("entity" if kind == "there" else kind, about.split(SEPARATOR)[0], ground)

    def rank(self, mask: int) -> tuple[object, ...]:
        """Say how direct a set is, the most direct first."""
        if mask not in self._ranks:
            best = [self._grounds[bit][0] for bit in singles(mask).sets]
            level = max((RANK[ground.level] for ground in best), default=0)
            ranks = sorted(ground.rank for ground in best)
            self._ranks[mask] = (level, any(ground.contested for ground in best), len(best), ranks)
        return self._ranks[mask]

    def access(self, subject_id: str) -> Access:
        """Return who of this government has custody of a subject."""
        if subject_id not in self._access:
            subject = self.world.subjects[subject_id]
            found = self._holders(subject.custody)
            place = self.world.places.get(subject_id, {}).get(self.government)
            if place is not None:
                self._place(found, subject_id, place)
            else:
                self._established(found, subject)
            self._access[subject_id] = found
        return self._access[subject_id]

    def _holders(self, listed: Iterable[Custody]) -> Access:
        found = Access()
        for one in listed:
            known = self.world.grounds.whole.get(one.entity_id, {}).get(self.government)
            if known is not None and not self._left_out(one.facts):
                found.add(self._bit("entity", one.entity_id, known), edge_of(one))
        return found

    def _left_out(self, facts: Iterable[str]) -> bool:
        return self.firm and not self.world.disputed.isdisjoint(facts)

    def _place(self, found: Access, about: str, ground: Ground) -> None:
        """Add power over territory; whoever has the machine has it below what runs on it."""
        edge = Edge("", ground.status, ground.stance, (), beneath=True, depth=ground.depth)
        found.add(self._bit("place", about, [ground]), edge)

    def _established(self, found: Access, subject: Subject) -> None:
        """Add who is established there, for what stands there; only laws without power over territory need it."""
        stand = subject.stands.get(self.government)
        for one in subject.custody if stand is not None else ():
            known = self.world.grounds.there.get(one.entity_id, {}).get(self.government)
            if known is None or stand is None or self._left_out((*one.facts, *stand.facts)):
                continue
            facts, depth = (*one.facts, *stand.facts), max(one.depth, stand.depth)
            edge = Edge(f"{one.words}; {stand.words}", one.status, one.stance, facts, depth=depth)
            about = f"{one.entity_id}{SEPARATOR}{subject.subject_id}"
            found.add(self._bit("there", about, known), edge)

    def uses(self, key_id: str, *, sealed: bool) -> tuple[Access, Access]:
        """Return who can use a key as it is, and who gets at the key as it is kept.

        Args:
            key_id: The key.
            sealed: Whether it is in a hardware module, which shuts the layers below it out.
        """
        if (key_id, sealed) not in self._uses:
            key = self.world.keys[key_id]
            users = self._holders(key.users)
            keepers = self._holders(one for one in key.keepers if not (sealed and one.beneath))
            places = self.world.key_places if sealed else self.world.key_places_below
            place = places.get(key_id, {}).get(self.government)
            if place is not None:
                self._place(keepers, key_id, place)
            self._uses[key_id, sealed] = (users, keepers)
        return self._uses[key_id, sealed]

    def key_ways(self, key_id: str, regime: Regime) -> Ways:
        """Return the sets that can use a key; who has every key of a circle has them, for somebody set it up.

        That is the greatest fixpoint: as many rounds as there are keys are enough to reach it from above.
        """
        if (key_id, regime) not in self._keys:
            reached, queue = {key_id}, [key_id]
            for one in queue:
                queue += [k for k in self._wraps(one, regime) if k not in reached]
                reached.update(queue)
            table = dict.fromkeys(queue, ALWAYS)
            for _ in queue:
                before = dict(table)
                for one in reversed(queue):  # what a key needs comes after it, so that chains take one round
                    table[one] = self._opened(one, regime, table)
                if table == before:
                    break
            for one, ways in table.items():
                self._keys[one, regime] = ways
        return self._keys[key_id, regime]

    def _wraps(self, key_id: str, regime: Regime) -> tuple[str, ...]:
        return regime.active(self.world.keys[key_id].wraps)

    def _opened(self, key_id: str, regime: Regime, table: Mapping[str, Ways]) -> Ways:
        users, keepers = self.uses(key_id, sealed=self.world.keys[key_id].sealed(regime))
        kept = singles(keepers.every)
        for one in self._wraps(key_id, regime):
            kept = both(kept, table[one], self.rank)
        return either(singles(users.every), kept, self.rank)

    def _all_keys(self, ways: Ways, listed: Iterable[str], regime: Regime) -> Ways:
        for key_id in listed:
            ways = both(ways, self.key_ways(key_id, regime), self.rank)
        return ways

    def _one(self, part: Part, regime: Regime, *, covert: int = 0) -> Ways:
        """Return the sets that can read one part, or get one share of what is split."""
        access = self._ways_in(part, covert)
        form = part.form
        if form.state == "used" and not form.sealed:
            return singles(access.every)
        if form.sealed:
            listed = regime.active(form.keys)
            below = self._all_keys(singles(access.beneath), listed, regime) if listed else NEVER
            return either(singles(access.own), below, self.rank)
        found = NEVER
        for depth, mask in access.by_depth().items():
            got = self._all_keys(singles(mask), regime.active(form.keys, depth), regime)
            found = either(found, got, self.rank) if found.sets else got
        return found

    def _ways_in(self, part: Part, covert: int) -> Access:
        if not covert:
            return self.access(part.subject_id)
        found = Access()
        found.add(covert, Edge("", "sourced", "recorded", (), beneath=True))
        return found

    def ways(self, part: Part, regime: Regime, *, covert: int = 0) -> Ways:
        """Return the minimal sets that can read a part, those of its other shares with them.

        Args:
            part: What is held.
            regime: Which protections count.
            covert: The bit of collection that needs no party, to use it and no other custody.
        """
        found = self._one(part, regime, covert=covert)
        wanted = part.form.needs - part.shares
        if part.form.split and wanted > 0:
            others = [self._one(one, regime, covert=covert) for one in self._others(part)]
            found = both(found, at_least(wanted, others, self.rank), self.rank)
        return self._firmest(part, regime, found, covert) if found.more else found

    def _others(self, part: Part) -> list[Part]:
        listed = self.world.shares.get(part.form.split or "", [])
        return [one for one in listed if one is not part for _ in range(one.shares)]

    def _firmest(self, part: Part, regime: Regime, found: Ways, covert: int) -> Ways:
        """Where sets were left out: make those that are kept minimal, and add one of the most direct level."""

        def enough(mask: int) -> bool:
            return self.sees(part, regime, mask, covert=covert)

        kept = {shrink(one, enough, self.rank) for one in found.sets}
        every = 0
        for level in REACH_LEVELS:
            every |= sum(bit for bit, listed in self._grounds.items() if listed[0].level == level)
            if enough(every):
                kept.add(shrink(every, enough, self.rank))
                break
        return Ways(tuple(sorted(kept)), True)

    def sees(self, part: Part, regime: Regime, mask: int, *, covert: int = 0) -> bool:
        """Say whether a set is enough to read a part."""
        if not self._gets(part, regime, mask, covert):
            return False
        wanted = part.form.needs - part.shares
        if part.form.split is None or wanted <= 0:
            return True
        return sum(self._gets(one, regime, mask, covert) for one in self._others(part)) >= wanted

    def _gets(self, part: Part, regime: Regime, mask: int, covert: int) -> bool:
        access, form = self._ways_in(part, covert), part.form
        if form.sealed and access.own & mask:
            return True
        if form.sealed and not (form.keys and access.beneath & mask):
            return False
        for depth, bits in access.by_depth().items():
            listed = self._keys_at(form, depth, regime)
            if bits & mask and (listed or not form.sealed) and all(self._usable(k, regime, mask) for k in listed):
                return True
        return False

    def covert(self) -> int:
        """Return the bit of the government's own collection; 0 where no law provides for it."""
        ground = self.world.grounds.covert.get(self.government)
        return self._bit(*COVERT, [ground]) if ground is not None else 0

    def steps(self, part: Part, regime: Regime, mask: int, *, covert: int = 0) -> list[tuple[int, Step]]:
        """Return how a set reads a part: for each step the party that takes it.

        Args:
            part: What is held.
            regime: Which protections count.
            mask: A set that is enough.
            covert: The bit of collection that needs no party, where that is the custody.
        """
        found = list(self._read(part, regime, mask, covert))
        wanted = part.form.needs - part.shares
        if part.form.split and wanted > 0:
            for one in self._others(part):
                if wanted > 0 and self._gets(one, regime, mask, covert):
                    found += self._read(one, regime, mask, covert)
                    wanted -= 1
        return list(dict.fromkeys(found))

    def _read(self, part: Part, regime: Regime, mask: int, covert: int) -> Iterator[tuple[int, Step]]:
        access, form = self._ways_in(part, covert), part.form
        if form.sealed and access.own & mask:
            yield self.custody(part, self._best(access.own & mask))
            return
        can = {depth: self._keys_at(form, depth, regime) for depth in access.by_depth()}
        bits = [
            bit
            for bit in singles(access.every & mask).sets
            if all(self._usable(key_id, regime, mask) for key_id in can[access.depth(bit)])
        ]
        bit = min(bits, key=self.rank)
        listed = can[access.depth(bit)]
        edge = next(one for one in access.edges[bit] if self._keys_at(form, one.depth, regime) == listed)
        yield self._step(part, bit, edge)
        done: set[str] = set()
        for key_id in listed:
            yield from self._opens(key_id, regime, mask, done)

    @staticmethod
    def _keys_at(form: Form, depth: int, regime: Regime) -> tuple[str, ...]:
        if form.state == "used" and not form.sealed:
            return ()
        return regime.active(form.keys, None if form.sealed else depth)

    def _usable(self, key_id: str, regime: Regime, mask: int) -> bool:
        return any(one & mask == one for one in self.key_ways(key_id, regime).sets)

    def custody(self, part: Part, bit: int, covert: int = 0) -> tuple[int, Step]:
        """Return the step by which a party gets at what a subject shows, at whichever layer."""
        edges = self._ways_in(part, covert).edges[bit]
        own = [edge for edge in edges if not edge.beneath] if part.form.sealed else []
        return self._step(part, bit, (own or edges)[0])

    @staticmethod
    def _step(part: Part, bit: int, edge: Edge) -> tuple[int, Step]:
        guards = set()
        if edge.beneath and part.form.state == "used" and not part.form.sealed:
            guards.add(f"confidential:{part.subject_id}")
        about, doubt = part.subject_id, edge.contested
        return bit, Step(
            edge.words, edge.status, edge.stance, edge.facts, None, doubt, frozenset(guards), about, edge.depth
        )

    def _best(self, mask: int) -> int:
        return min(singles(mask).sets, key=self.rank)

    def _opens(self, key_id: str, regime: Regime, mask: int, done: set[str]) -> Iterator[tuple[int, Step]]:
        """Yield how a set uses a key: as it is, or as it is kept, with the keys that protect it."""
        if key_id in done:
            return
        done.add(key_id)
        key = self.world.keys[key_id]
        users, keepers = self.uses(key_id, sealed=key.sealed(regime))
        guards = frozenset[str]()
        direct = bool(users.every & mask)
        bit = self._best((users if direct else keepers).every & mask)
        edge = (users if direct else keepers).edges[bit][0]
        if not direct:
            guards = frozenset({f"key:{key_id}", *((f"hsm:{key_id}",) if edge.beneath else ())})
        facts = edge.facts if direct else (*edge.facts, *key.facts)
        yield bit, Step(edge.words, edge.status, edge.stance, facts, key_id, edge.contested, guards)
        for one in () if direct else self._wraps(key_id, regime):
            yield from self._opens(one, regime, mask, done)
