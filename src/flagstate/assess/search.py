"""Finds every minimal proof of reach: for each government, subject and form of data, in both answers.

The evidenced answer leaves out keys that are only declared; the declared one counts them. Facts that contradict each
other are weighed twice, without them and with them: what needs them is disputed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice, product

import pyarrow as pa

from flagstate.assess.coalitions import Coalitions, World
from flagstate.assess.custody import Estate, estate, subjects
from flagstate.assess.forms import Form, Part, parts
from flagstate.assess.grounds import RANK, Ground, Row, Territory, grounds
from flagstate.assess.keys import Key, Regime, keys
from flagstate.assess.proofs import MOST, Atom, Proof, Step
from flagstate.assess.subject import Custody, Stand, Subject
from flagstate.assess.ways import NEVER, singles
from flagstate.catalog.compulsion import Law

ANSWERS = ("evidenced", "declared")


def see(
    tables: Mapping[str, pa.Table],
    addressed: Iterable[Row],
    as_of: date,
    *,
    laws: tuple[Law, ...] | None = None,
) -> World:
    """Index a case for the search.

    Args:
        tables: legal_entity, interest, asset, place, holding, control, contradiction, network, flow and endpoint.
        addressed: Rows of `compelled`.
        as_of: The day on which facts and laws must hold.
        laws: Rows of compelled access; those of the catalog unless given.
    """
    known = estate(tables, as_of)
    listed = subjects(tables, as_of, known)
    held = parts(tables, listed, known, as_of)
    kinds = dict(
        zip(tables["legal_entity"]["entity_id"].to_pylist(), tables["legal_entity"]["kind"].to_pylist(), strict=True)
    )
    return world(listed, held, known, addressed=addressed, kinds=kinds, as_of=as_of, laws=laws)


def world(
    listed: Sequence[Subject],
    held: Mapping[str, list[Part]],
    known: Estate,
    *,
    addressed: Iterable[Row],
    kinds: Mapping[str, str],
    as_of: date,
    laws: tuple[Law, ...] | None = None,
) -> World:
    """Index subjects and what they hold for the search.

    Args:
        listed: The subjects.
        held: What each holds.
        known: The estate, for keys.
        addressed: Rows of `compelled`.
        kinds: Kind of each entity.
        as_of: The day on which laws must hold.
        laws: Rows of compelled access; those of the catalog unless given.
    """
    rows = list(addressed)
    named = {one.key_id for group in held.values() for part in group for one in part.form.keys}
    found = keys(known, named)
    land = Territory(laws, as_of, known.disputed)
    shares: dict[str, list[Part]] = {}
    for part in (part for group in held.values() for part in group if part.form.split):
        shares.setdefault(str(part.form.split), []).append(part)

    def over(stood: Mapping[str, Stand], holders: Iterable[Custody]) -> dict[str, Ground]:
        return {one.government: one for one in land.grounds(stood.values(), holders)}

    places = {subject.subject_id: over(subject.stands, subject.custody) for subject in listed}
    doubted = any(ground.disputed for by_government in places.values() for ground in by_government.values())
    return World(
        {subject.subject_id: subject for subject in listed},
        held,
        found,
        grounds(rows, kinds, laws, as_of),
        places,
        {key.key_id: over(key.own_stands or {}, key.keepers) for key in found.values()},
        {key.key_id: over(key.stands or {}, key.keepers) for key in found.values()},
        known.disputed,
        shares,
        doubted or bool(known.disputed) or any(row["disputed"] for row in rows) or _denied(held),
        known,
    )


def _denied(held: Mapping[str, list[Part]]) -> bool:
    return any(one.disputed for group in held.values() for part in group for one in part.form.keys)


def find(known: World, *, governments: Collection[str] | None = None, most: int = MOST) -> list[Proof]:
    """Return the minimal proofs that governments can reach what subjects hold, the most direct first.

    Args:
        known: The case, as `see` indexes it.
        governments: Only these; all unless given.
        most: Proofs that are kept per government, subject, form of data and answer; `more` says that there are more.

    Returns:
        Proofs of clear data and, where there is none, of metadata; collection without a party once per subject. A
        proof of an answer `both` holds with and without keys that are only declared.
    """
    search = _Search(known, most)
    found: list[Proof] = []
    for subject in known.subjects.values():
        for government in sorted(_concerned(known, subject)):
            if governments is None or government in governments:
                found.extend(search.subject(subject, government))
    return found


def _concerned(known: World, subject: Subject) -> set[str]:
    found = set(known.grounds.covert) | set(known.places.get(subject.subject_id, ()))
    for one in subject.custody:
        found.update(known.grounds.whole.get(one.entity_id, ()))
        found.update(known.grounds.there.get(one.entity_id, ()))
    return found


@dataclass(frozen=True)
class _Shape:
    """How a set of parties gets at a part, before their grounds are chosen."""

    part: Part
    steps: list[tuple[int, Step]]
    data: str = "clear"
    level: str | None = None
    stopped: tuple[str, ...] = ()
    presumed: tuple[str, ...] = ()
    more: bool = False


class _Search:
    def __init__(self, known: World, most: int) -> None:
        self._known = known
        self._most = most
        self._governments: dict[tuple[str, bool], Coalitions] = {}
        self._open: dict[Form, bool] = {}

    def _of(self, government: str, *, firm: bool = False) -> Coalitions:
        key = (government, firm)
        if key not in self._governments:
            self._governments[key] = Coalitions(self._known, government, firm=firm)
        return self._governments[key]

    def subject(self, subject: Subject, government: str) -> Iterator[Proof]:
        listed = self._known.parts[subject.subject_id]
        clear: dict[str, list[Part]] = {}
        firm: set[str] = set()
        for part in listed:
            for one in self._part(subject, part, government):
                for answer in ANSWERS if one.answer == "both" else (one.answer,):
                    firm.add(answer)
                    if one.data == "clear":
                        clear.setdefault(answer, []).append(part)
                yield one
        if government in self._known.grounds.covert:
            yield from self._covert(subject, listed, government, clear=clear, firm=firm)

    def _part(self, subject: Subject, part: Part, government: str) -> Iterator[Proof]:
        kept: dict[str, list[Proof]] = {}
        for answer in _answers(part) if self._depends(part) else ANSWERS[:1]:
            every = sorted(self._answer(subject, part, government, answer == "declared"), key=lambda proof: proof.order)
            most = every[: self._most]
            more = len(every) > len(most) or any(one.more for one in most)
            kept[answer] = [_ranked(one, at, more) for at, one in enumerate(most, 1)]
        if part.form.answer is not None:
            kept = {answer: kept.get(answer, []) for answer in ANSWERS}
        return _joined(kept)

    def _depends(self, part: Part) -> bool:
        """Say whether the answers may differ: something that protects is only declared."""
        if part.form not in self._open:
            shares = self._known.shares.get(part.form.split, []) if part.form.split else []
            listed = [one for share in (part, *shares) for one in share.form.keys]
            queue = [one.key_id for one in listed]
            for key_id in queue:
                key = self._known.keys[key_id]
                listed += [*key.wraps, *key.module]
                queue += [one.key_id for one in key.wraps if one.key_id not in queue]
            self._open[part.form] = part.form.answer is not None or not all(one.evidenced for one in listed)
        return self._open[part.form]

    def _answer(self, subject: Subject, part: Part, government: str, declared: bool) -> list[Proof]:
        if not self._known.unsure:
            return list(self._proofs(subject, part, self._of(government), Regime(declared)))
        firm = list(self._proofs(subject, part, self._of(government, firm=True), Regime(declared)))
        seen = {(one.data, frozenset(one.atoms)) for one in firm}
        loose = self._proofs(subject, part, self._of(government), Regime(declared, disputed=False))
        clear = any(one.data == "clear" for one in firm)
        return [
            *firm,
            *(
                replace(one, disputed=True)
                for one in loose
                if (one.data, frozenset(one.atoms)) not in seen and (one.data == "clear" or not clear)
            ),
        ]

    def _proofs(self, subject: Subject, part: Part, parties: Coalitions, regime: Regime) -> Iterator[Proof]:
        ways = parties.ways(part, regime)
        if ways.sets:
            presumed = _presumed(part, regime)
            for mask in ways.sets:
                steps = parties.steps(part, regime, mask)
                yield from self._grounded(subject, parties, _Shape(part, steps, presumed=presumed, more=ways.more))
            return
        stopped = _stopped(part, parties, regime)
        for bit in singles(parties.access(subject.subject_id).every).sets:
            shape = _Shape(part, [parties.custody(part, bit)], "metadata", "ciphertext_only", stopped)
            yield from self._grounded(subject, parties, shape)

    def _grounded(self, subject: Subject, parties: Coalitions, shape: _Shape) -> Iterator[Proof]:
        """Yield a proof for every choice of grounds: a party can be within reach on several."""
        bits = list(dict.fromkeys(bit for bit, _ in shape.steps))
        place = {bit: at for at, bit in enumerate(bits)}
        steps = tuple((place[bit], step) for bit, step in shape.steps)
        used = tuple(sorted({step.key_id for _, step in steps if step.key_id is not None}))
        bound = self._most * 4
        chosen = list(islice(product(*(parties.grounds(bit) for bit in bits)), bound + 1))
        base, more = tuple(subject.all.facts), shape.more or len(chosen) > bound
        for listed in chosen[:bound]:
            atoms = tuple(parties.atom(bit, ground) for bit, ground in zip(bits, listed, strict=True))
            yield Proof(
                parties.government,
                subject.subject_id,
                shape.part,
                shape.data,
                shape.level or max((ground.level for ground in listed), key=RANK.__getitem__),
                atoms,
                steps,
                used,
                shape.stopped,
                shape.presumed,
                more=more,
                base=base,
                guards=_guards(subject, shape.part, atoms, steps)
                if shape.data == "clear"
                else _held_guards(shape.part),
            )

    def _covert(
        self,
        subject: Subject,
        listed: list[Part],
        government: str,
        *,
        clear: Mapping[str, list[Part]],
        firm: Collection[str],
    ) -> Iterator[Proof]:
        """Yield what a government's own collection gives, once per subject, where nothing firmer gives as much."""
        kept: dict[str, list[Proof]] = {}
        for answer in ANSWERS:
            regime, parties = Regime(answer == "declared"), self._of(government, firm=self._known.unsure)
            bit = parties.covert()
            here = [part for part in listed if answer in _answers(part)]
            best = self._secret(subject, here, parties, regime, clear.get(answer, ())) if bit else None
            if best is None and bit and here and answer not in firm:
                steps = [parties.custody(here[0], bit, covert=bit)]
                stopped = _stopped(here[0], parties, regime)
                best = next(self._grounded(subject, parties, _Shape(here[0], steps, "metadata", None, stopped)))
            kept[answer] = [best] if best is not None else []
        yield from _joined(kept)

    def _secret(
        self, subject: Subject, listed: list[Part], parties: Coalitions, regime: Regime, clear: Collection[Part]
    ) -> Proof | None:
        """Return a proof that a government's own collection gives clear data that nothing firmer gives."""
        bit = parties.covert()
        for part in listed:
            ways = NEVER if any(part is one for one in clear) else parties.ways(part, regime, covert=bit)
            for mask in sorted(ways.sets, key=parties.rank)[:1]:
                steps = parties.steps(part, regime, mask, covert=bit)
                shape = _Shape(part, steps, presumed=_presumed(part, regime), more=ways.more)
                return next(self._grounded(subject, parties, shape))
        return None


def _answers(part: Part) -> tuple[str, ...]:
    """Return the answers in which a subject holds something so."""
    return ANSWERS if part.form.answer is None else (part.form.answer,)


def _presumed(part: Part, regime: Regime) -> tuple[str, ...]:
    return tuple(sorted({one.key_id for one in part.form.keys} - set(regime.active(part.form.keys))))


def _ranked(one: Proof, rank: int, more: bool) -> Proof:
    return one if one.rank == rank and one.more == more else replace(one, rank=rank, more=more)


def _joined(kept: Mapping[str, list[Proof]]) -> Iterator[Proof]:
    """Yield the proofs of both answers, those that stand in both once."""
    if len(kept) == 1:
        yield from next(iter(kept.values()))
        return
    declared = {one.key: one for one in kept["declared"]}
    for one in kept["evidenced"]:
        other = declared.pop(one.key, None)
        same = other is not None and other.disputed == one.disputed
        if other is not None and not same:
            declared[one.key] = other
        yield one if same else replace(one, answer="evidenced")
    for one in declared.values():
        yield replace(one, answer="declared")


def _stopped(part: Part, parties: Coalitions, regime: Regime) -> tuple[str, ...]:
    """Say what keeps the data from being clear."""
    form, known = part.form, parties.world.keys
    said = []
    for key_id in regime.active(form.keys):
        if not parties.key_ways(key_id, regime).sets:
            key: Key = known[key_id]
            who = "is not within its reach" if key.known else "is held by somebody that is not known"
            said.append(f"the key {key.shown} {who}")
    if form.sealed:
        said.append("it is processed in confidential computing, which was attested")
    if form.split:
        said.append(f"it is one share of {form.split}, of which {form.needs} are needed")
    return tuple(said)


def _held_guards(part: Part) -> frozenset[str]:
    return frozenset({f"holding:{part.subject_id}"} if part.pseudo and not part.seen else ())


def _guards(subject: Subject, part: Part, atoms: Iterable[Atom], steps: Sequence[tuple[int, Step]]) -> frozenset[str]:
    """Return what must stay absent for clear data to stay within reach."""
    found = set(_held_guards(part)).union(*(step.guards for _, step in steps))
    if part.form.state != "used":
        # A key at a layer keeps out who gets in there or below it.
        depth = max((step.depth for _, step in steps if step.about == subject.subject_id), default=0)
        depth = depth if part.form.state == "stored" else 0
        found |= {f"key:{layer}" for layer, at in subject.layers.items() if at <= depth}
    if not subject.layers:
        found.add(f"flow:{subject.subject_id}")
    for atom in atoms:
        if atom.ground.basis == "via_parent":
            found.add(f"control:{atom.about}")
    return frozenset(found)
