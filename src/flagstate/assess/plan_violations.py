"""What a plan has to cure: reach that the policy does not want and critical services that stop, with their proofs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model
from flagstate.assess.accept import Accepted, read_policy, unwanted
from flagstate.assess.coalitions import World
from flagstate.assess.compelled import names_of
from flagstate.assess.cutoff import stops
from flagstate.assess.cutoff_graph import TESTS
from flagstate.assess.plan_clauses import Violation
from flagstate.assess.plan_edits import PLANNED
from flagstate.assess.plan_rows import shown
from flagstate.assess.proofs import Proof
from flagstate.assess.reach_findings import group_of
from flagstate.assess.search import find, see
from flagstate.assess.sentences import proof_words
from flagstate.catalog.compulsion import Law

Tables = Mapping[str, pa.Table]


def violations(tables: Tables, as_of: date, *, laws: tuple[Law, ...] | None = None) -> list[Violation]:
    """Return everything unwanted that a plan has to cure, with its proofs.

    Args:
        tables: All facts, with `compelled` and control derived from them.
        as_of: The day on which facts and laws must hold.
        laws: Rows of compelled access; those of the catalog unless given.

    Returns:
        Reach that the policy does not want and that stands in the evidenced answer, one row per proof and thing held;
        and stops of critical services that the policy says must survive. Without a policy, none. What is unknown is
        no violation: a plan cures what is known, and evidence what is not.
    """
    return [*reached(tables, as_of, laws=laws), *stopped(tables, as_of)]


def reached(tables: Tables, as_of: date, *, laws: tuple[Law, ...] | None = None) -> list[Violation]:
    """Return reach that the policy does not want, one row per proof and thing held.

    Args:
        tables: As for `violations`.
        as_of: The day on which facts and laws must hold.
        laws: Rows of compelled access; those of the catalog unless given.
    """
    accepted = read_policy(tables["policy"], as_of)
    if not accepted.said:
        return []
    addressed = tables["compelled"].to_pylist()
    known = see(tables, addressed, as_of, laws=laws)
    if not accepted.strict:  # collection without a party is tolerated then, and there is much of it
        known = replace(known, grounds=replace(known.grounds, covert={}))
    found = find(known, governments=_governments(known, addressed) - accepted.everywhere)
    found = [proof for proof in found if not _attempted(known, proof)]
    pairs = {(proof.government, proof.subject_id) for proof in found}
    sizes = Counter((government, group_of(known, subject)) for government, subject in pairs)
    names = names_of(tables["legal_entity"])
    made: list[Violation] = []
    silent: dict[tuple[str, str, int], Proof] = {}
    spoken: set[tuple[str, str, int]] = set()
    for proof in found:
        part = (proof.government, proof.subject_id, id(proof.part))
        if proof.more:
            silent.setdefault(part, proof)
        group = group_of(known, proof.subject_id)
        about = group if sizes[proof.government, group] > 1 else proof.subject_id
        finding = model.digest("finding", "reach", "reach", about, proof.government)
        say = partial(_say, known, names, proof)
        for one in _of(proof, accepted, finding, say):
            spoken.add(part)
            made.append(one)
    # Where the bound was hit and what is kept is tolerated, something unwanted may have been left out.
    made += [
        Violation(
            "reach",
            p.subject_id,
            p.government,
            frozenset(),
            words="more proofs exist than were looked at",
            searched=False,
        )
        for part, p in silent.items()
        if part not in spoken
    ]
    return made


def _of(proof: Proof, accepted: Accepted, finding: str, say: partial[str]) -> Iterator[Violation]:
    once: set[frozenset[str]] = set()
    for held, facts in proof.by_class():
        classes = [held.data_class] if held is not None and held.data_class is not None else []
        if facts not in once and unwanted(proof, accepted, classes):
            once.add(facts)
            yield Violation("reach", proof.subject_id, proof.government, facts, proof.guards, say, finding)


def _say(known: World, names: Mapping[str, str], proof: Proof) -> str:
    subjects = known.subjects
    return proof_words(proof, subjects[proof.subject_id], None, names=names, keys=known.keys, shown=subjects)


def _governments(known: World, addressed: Iterable[Mapping[str, object]]) -> set[str]:
    found = {str(row["government"]) for row in addressed} | set(known.grounds.covert)
    for places in (known.places, known.key_places, known.key_places_below):
        for grounds in places.values():
            found.update(grounds)
    return found


def _attempted(known: World, proof: Proof) -> bool:
    """Say whether nothing was sent to the hosts that a proof speaks of: an attempt is no loss."""
    subject = known.subjects[proof.subject_id]
    if not subject.hosts:
        return False
    return subject.tally(proof.government if proof.level == "direct_place" else None).attempted


def stopped(tables: Tables, as_of: date) -> list[Violation]:
    """Return the critical services that stop with a cut that they must survive.

    Tests that a measure would make are left out here: a test shows that a way out works, and makes none.

    Args:
        tables: As for `violations`.
        as_of: The day on which the facts must hold.
    """
    control = tables["control"]
    made = pc.and_(pc.equal(control["evidence_id"], PLANNED), pc.is_in(control["control"], value_set=pa.array(TESTS)))
    before = {**tables, "control": control.filter(pc.invert(pc.fill_null(made, False)))}
    return [
        Violation(
            "cutoff",
            stop.asset_id,
            stop.cut,
            stop.facts,
            stop.guards,
            f"{shown(stop.asset_id)} stops {_when(stop.at_h)} when {_cut(stop.cut)} is switched off",
            model.digest("finding", "cutoff", "cutoff", stop.asset_id, stop.cut),
        )
        for stop in stops(before, None, as_of)
        if stop.verdict == "yes"
    ]


def _when(at_h: float) -> str:
    return "at once" if at_h <= 0 else f"after {at_h:,.10g} h"


def _cut(cut: str) -> str:
    kind, _, rest = cut.partition(":")
    return f"what {rest} can switch off" if kind == "government" else shown(rest)
