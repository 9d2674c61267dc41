"""Which governments could make somebody hand over what a subject shows, at which level, with every minimal proof.

`direct_law`: whoever has custody is organised or based there. `direct_place`: it stands there. `via_parent`: an owner
is organised or based there. `via_person`: staff with custody, or a person in charge. `via_market`: it serves the
market. `covert_only`: the state's own collection, which needs no party. `ciphertext_only`: custody without the keys.
A government may compel several parties and combine what they hold; the level is that of the least direct of them. A
level is never lost because a firmer one exists, and what is not found is never called none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from flagstate import model
from flagstate.assess.coalitions import World
from flagstate.assess.compelled import compelled, names_of
from flagstate.assess.custody import Estate, custody
from flagstate.assess.forms import Part
from flagstate.assess.keys import key_use
from flagstate.assess.proofs import MOST, Proof
from flagstate.assess.reach_findings import judge
from flagstate.assess.search import find, see, world
from flagstate.assess.sentences import CLEAR, proof_words
from flagstate.assess.subject import Subject
from flagstate.catalog.compulsion import Law, conflicts
from flagstate.model.codes import REACH_LEVELS
from flagstate.model.stance import weakest_stance

__all__ = ["CLEAR", "assess_reach", "proofs", "reach"]

CONTAINERS = 8
"""Containers that have rows of their own, per subject and form of data; more are one row."""


def assess_reach(
    tables: Mapping[str, pa.Table], as_of: date, *, laws: tuple[Law, ...] | None = None
) -> dict[str, pa.Table]:
    """Derive custody, the use of keys and reach, and judge reach against the policy.

    Args:
        tables: legal_entity, interest, asset, place, holding, control, contradiction, compelled, network, flow,
            endpoint, policy and coverage. Where `compelled` has no rows it is derived from entities and interests.
        as_of: The day on which facts, laws and group membership must hold.
        laws: Rows of compelled access; those of the catalog unless given.

    Returns:
        `custody`, `key_use`, `reach` and `finding`, and `compelled` where it was derived here.
    """
    addressed, made = _addressed(tables, as_of, laws)
    known = see(tables, addressed.to_pylist(), as_of, laws=laws)
    found = find(known)
    listed = list(known.subjects.values())
    writer = _Writer(known, tables["legal_entity"], as_of)
    rows = _rows(writer, found)
    judged = judge(
        known, found, rows, policy=tables["policy"], coverage=tables["coverage"], as_of=as_of, say=writer.words
    )
    return made | {
        "custody": custody(known.estate, listed),
        "key_use": key_use(known.estate),
        "reach": rows,
        "finding": judged,
    }


def proofs(
    tables: Mapping[str, pa.Table],
    as_of: date,
    *,
    laws: tuple[Law, ...] | None = None,
    governments: Iterable[str] | None = None,
    most: int = MOST,
) -> list[Proof]:
    """Return the minimal proofs of reach without their sentences: what a plan has to break.

    Args:
        tables: As for `assess_reach`.
        as_of: The day on which facts and laws must hold.
        laws: Rows of compelled access; those of the catalog unless given.
        governments: Only these; all unless given.
        most: Proofs that are kept per government, subject and form of data.
    """
    addressed, _ = _addressed(tables, as_of, laws)
    known = see(tables, addressed.to_pylist(), as_of, laws=laws)
    return find(known, governments=None if governments is None else frozenset(governments), most=most)


def _addressed(
    tables: Mapping[str, pa.Table], as_of: date, laws: tuple[Law, ...] | None
) -> tuple[pa.Table, dict[str, pa.Table]]:
    given = tables.get("compelled")
    if given is not None and given.num_rows:
        return given, {}
    made = compelled(tables["legal_entity"], tables["interest"], as_of=as_of, laws=laws)
    return made, {"compelled": made}


def reach(
    listed: Sequence[Subject],
    addressed: pa.Table,
    *,
    as_of: date,
    entities: pa.Table | None = None,
    laws: tuple[Law, ...] | None = None,
) -> pa.Table:
    """Say for subjects of which nothing but custody and place is known which government reaches them.

    Args:
        listed: Subjects with their custody and places.
        addressed: Rows of `compelled`.
        as_of: The day on which the laws must hold.
        entities: Rows of `legal_entity`, for kinds and names.
        laws: Rows of compelled access; those of the catalog unless given.

    Returns:
        Rows of `reach`; `none_found` where there is no proof at all, which never means none.
    """
    from flagstate.assess.forms import Form

    known_entities = model.empty(model.LEGAL_ENTITY) if entities is None else entities
    kinds = dict(zip(*(known_entities[name].to_pylist() for name in ("entity_id", "kind")), strict=True))
    held = {one.subject_id: [Part(one.subject_id, Form("stored"), seen=True)] for one in listed}
    known = world(listed, held, Estate(), addressed=addressed.to_pylist(), kinds=kinds, as_of=as_of, laws=laws)
    return _rows(_Writer(known, known_entities, as_of), find(known))


def _rows(writer: _Writer, found: Iterable[Proof]) -> pa.Table:
    """Return one row per proof and container, and one per subject to which no way was found."""
    rows: list[dict[str, Any]] = []
    reached: set[str] = set()
    for proof in found:
        if proof.level != "covert_only":
            reached.add(proof.subject_id)
        rows.extend(writer.rows(proof))
    rows += [_none_found(subject) for one, subject in writer.known.subjects.items() if one not in reached]
    order = {level: at for at, level in enumerate(REACH_LEVELS)}
    rows.sort(
        key=lambda r: (
            r["government"] or "~",
            r["subject_id"],
            r["container"] or "",
            r["answer"] == "declared",
            r["rank"],
            order[r["level"]],
        )
    )
    return model.rows(model.REACH, rows)


class _Writer:
    def __init__(self, known: World, entities: pa.Table, as_of: date) -> None:
        self.known = known
        self._as_of = as_of
        self._names = names_of(entities)
        self._homes: dict[str, set[str]] = {}
        self._conflicts: dict[tuple[str, frozenset[str], frozenset[str]], list[str]] = {}
        for row in entities.to_pylist():
            places = {*(row["organised_in"] or ()), *(row["located_in"] or ()), row["principal_place"]} - {None}
            self._homes.setdefault(str(row["entity_id"]), set()).update(str(code) for code in places)

    def rows(self, proof: Proof) -> Iterator[dict[str, Any]]:
        subject = self.known.subjects[proof.subject_id]
        by_container: dict[str | None, list[str]] = {}
        for one in proof.part.held:
            by_container.setdefault(one.container, []).append(str(one.data_class))
        if len(by_container) > CONTAINERS or not by_container:
            by_container = {None: sorted(proof.classes)}
        common = self._common(proof, subject)
        for container, classes in by_container.items():
            words = self.words(proof, container)
            yield common | {"container": container, "data_classes": sorted(set(classes)), "proof": words}

    def words(self, proof: Proof, container: str | None = None) -> str:
        subjects, keys = self.known.subjects, self.known.keys
        subject = subjects[proof.subject_id]
        return proof_words(proof, subject, container, names=self._names, keys=keys, shown=subjects)

    def _common(self, proof: Proof, subject: Subject) -> dict[str, Any]:
        grounds = [atom.ground for atom in proof.atoms]
        return {
            "government": proof.government,
            "subject_id": proof.subject_id,
            "state": None if proof.part.seen else proof.part.form.state,
            "data": proof.data,
            "answer": proof.answer,
            "rank": proof.rank,
            "level": proof.level,
            "contested": proof.contested,
            "disputed": proof.disputed,
            "entities": list(proof.entities),
            "key_ids": list(proof.key_ids),
            "law": _texts(ground.law for ground in grounds),
            "gag": _texts(ground.gag for ground in grounds),
            "remedy": _texts(ground.remedy for ground in grounds),
            "conflicts": self._forbidden(proof, subject),
            "status": proof.status,
            "stance": proof.stance,
            "more": proof.more,
            "facts": sorted(proof.facts),
        }

    def _forbidden(self, proof: Proof, subject: Subject) -> list[str]:
        bound = frozenset(code for one in proof.entities for code in self._homes.get(one, ()))
        key = (proof.government, frozenset(subject.stands), bound)
        if key not in self._conflicts:
            found = conflicts(proof.government, self._as_of, stands=key[1], bound=bound)
            self._conflicts[key] = list(found)
        return self._conflicts[key]


def _texts(listed: Iterable[str | None]) -> str | None:
    found = list(dict.fromkeys(one for one in listed if one))
    return " + ".join(found) or None


def _none_found(subject: Subject) -> dict[str, Any]:
    why = "no fact says where its operator is organised or based" if subject.custody else "its operator is not known"
    if subject.anycast:
        why += ", and an anycast address stands in no one place"
    return {
        "government": None,
        "subject_id": subject.subject_id,
        "container": None,
        "data_classes": sorted(subject.classes),
        "answer": "both",
        "rank": 1,
        "level": "none_found",
        "contested": False,
        "disputed": False,
        "law": None,
        "status": "to verify",
        "stance": "observed" if subject.all.seen else weakest_stance([c.stance for c in subject.custody]),
        "proof": f"No way to {subject.words()} was found, which does not mean that there is none: {why}.",
        "facts": list(subject.all.facts),
    }
