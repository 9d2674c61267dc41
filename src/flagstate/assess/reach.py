"""Which governments could make somebody hand over what a subject shows, at which level, with its proof.

`direct_law`: whoever has custody is organised or based there. `direct_place`: it stands there. `via_parent`: an owner
is organised or based there. `via_person`: staff with custody are there. A government may compel several entities; a
level is never lost because a firmer one exists. Keys are not weighed in this version: clear is presumed, and said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

import pyarrow as pa

from flagstate import model
from flagstate.assess.accept import judge
from flagstate.assess.compelled import categories_of, compelled, law_words, laws_words
from flagstate.assess.custody import Custody, Stand, Subject, subjects, weakest_stance
from flagstate.catalog.compulsion import Law, choose, law_book
from flagstate.catalog.country_names import country_name
from flagstate.catalog.operators import WEAKNESS, weakest
from flagstate.model.codes import REACH_LEVELS

CLEAR = "no key is known, so that the data is presumed readable"
KEYED = "keys are known but not weighed in this version: the data is presumed readable"
_LEVEL_OF = {"organised": "direct_law", "principal_place": "direct_law", "via_parent": "via_parent"}


def assess_reach(
    tables: Mapping[str, pa.Table], as_of: date, *, laws: tuple[Law, ...] | None = None
) -> dict[str, pa.Table]:
    """Derive compelled access and reach, and judge them against the policy.

    Args:
        tables: legal_entity, interest, asset, place, holding, network, flow, endpoint, policy and coverage.
        as_of: The day on which facts, laws and group membership must hold.
        laws: Rows of compelled access; those of the catalog unless given.

    Returns:
        `compelled`, `reach` and `finding`.
    """
    listed = subjects(tables, as_of)
    addressed = compelled(tables["legal_entity"], tables["interest"], as_of=as_of, laws=laws)
    kinds, stances = _kinds(tables["legal_entity"]), _stances(tables["legal_entity"], tables["interest"])
    found = reach(listed, addressed, as_of=as_of, kinds=kinds, stances=stances, laws=laws)
    return {
        "compelled": addressed,
        "reach": found,
        "finding": judge(listed, found, tables["policy"], tables["coverage"], as_of=as_of),
    }


def _kinds(entities: pa.Table) -> dict[str, str]:
    pairs = zip(entities["entity_id"].to_pylist(), entities["kind"].to_pylist(), strict=True)
    return {str(entity): str(kind) for entity, kind in pairs if kind is not None}


def _stances(*facts: pa.Table) -> dict[str, str]:
    return {
        str(fact): str(stance)
        for table in facts
        for fact, stance in zip(table["fact_id"].to_pylist(), table["stance"].to_pylist(), strict=True)
    }


def reach(
    listed: Iterable[Subject],
    addressed: pa.Table,
    *,
    as_of: date,
    kinds: Mapping[str, str] | None = None,
    stances: Mapping[str, str] | None = None,
    laws: tuple[Law, ...] | None = None,
) -> pa.Table:
    """Say for each subject which government reaches it, at every level for which there is a proof.

    Args:
        listed: Subjects with their custody and places.
        addressed: Rows of `compelled`.
        as_of: The day on which the laws must hold.
        kinds: Kind of each entity; a group or person is reached as staff.
        stances: Stance of each fact of entities and interests, by fact_id; a fact that is left out counts as recorded.
        laws: Rows of compelled access; those of the catalog unless given.

    Returns:
        Rows of `reach`, the firmest proof per government, subject and level; `none_found` where there is no proof at
        all, which never means none. An anycast host stands in no one place, so that no place reaches it here.
    """
    book = law_book().laws if laws is None else laws
    by_entity: dict[str, list[dict[str, object]]] = {}
    for row in addressed.to_pylist():
        by_entity.setdefault(str(row["entity_id"]), []).append(row)
    rows: list[dict[str, object]] = []
    for subject in listed:
        proofs = [
            *_by_place(subject, book, as_of),
            *_by_law(subject, by_entity, kinds or {}, stances or {}),
        ]
        best: dict[tuple[str, str], dict[str, object]] = {}
        for row in sorted(proofs, key=_firmness):
            best.setdefault((str(row["government"]), str(row["level"])), row)
        rows.extend(best.values())
        if not best:
            rows.append(_none_found(subject))
    order = {level: at for at, level in enumerate(REACH_LEVELS)}
    rows.sort(key=lambda r: (str(r["government"] or "~"), str(r["subject_id"]), order[str(r["level"])]))
    return model.rows(model.REACH, rows)


def _firmness(row: Mapping[str, object]) -> tuple[object, ...]:
    return (bool(row["contested"]), WEAKNESS.get(str(row["status"]), 3), str(row["proof"]))


def _by_place(subject: Subject, book: tuple[Law, ...], as_of: date) -> Iterator[dict[str, object]]:
    known = categories_of(custody.entity_id for custody in subject.custody)
    category = next((known[c.entity_id] for c in subject.custody if c.entity_id in known), None)
    for stand in subject.stands.values():
        found = choose(book, gov=stand.country, basis="place", as_of=as_of, category=category)
        if found:
            law, basis = found[0]
            yield {
                "government": stand.country,
                "subject_id": subject.subject_id,
                "level": "direct_place",
                "contested": basis.contested or stand.confidence == "disputed",
                "law": laws_words(found, category),
                "status": weakest(law.status, "to verify" if stand.confidence == "disputed" else "sourced"),
                "stance": weakest_stance([stand.stance]),
                "proof": _sentence(
                    stand.country,
                    subject.words(stand.country),
                    [law_words(law, basis, category), _stand_words(stand)],
                    keyed=subject.keyed,
                ),
                "facts": [*stand.facts, *subject.tally(stand.country).facts],
            }


def _stand_words(stand: Stand) -> str:
    return stand.words if stand.confidence != "disputed" else f"{stand.words}: another source names another country"


def _by_law(
    subject: Subject,
    by_entity: Mapping[str, list[dict[str, object]]],
    kinds: Mapping[str, str],
    stances: Mapping[str, str],
) -> Iterator[dict[str, object]]:
    for custody in subject.custody:
        staff = kinds.get(custody.entity_id) in ("group", "person")
        for row in by_entity.get(custody.entity_id, ()):
            level = "via_person" if staff and row["basis"] == "located" else _LEVEL_OF.get(str(row["basis"]))
            if level is not None:
                stance = weakest_stance([custody.stance, *(stances.get(f, "recorded") for f in _texts(row["facts"]))])
                yield _reached(subject, custody, row, level) | {"stance": stance}


def _reached(subject: Subject, custody: Custody, row: Mapping[str, object], level: str) -> dict[str, object]:
    government = str(row["government"])
    return {
        "government": government,
        "subject_id": subject.subject_id,
        "level": level,
        "contested": row["contested"],
        "law": row["law"],
        "status": weakest(str(row["status"]), custody.status),
        "proof": _sentence(government, subject.words(), [str(row["proof"]), custody.words], keyed=subject.keyed),
        "facts": [*_texts(row["facts"]), *custody.facts, *subject.all.facts],
    }


def _sentence(government: str, what: str, steps: list[str], *, keyed: bool) -> str:
    return f"{country_name(government)} can reach {what}: {' → '.join(steps)}; {KEYED if keyed else CLEAR}."


def _none_found(subject: Subject) -> dict[str, object]:
    why = "no fact says where its operator is organised or based" if subject.custody else "its operator is not known"
    if subject.anycast:
        why += ", and an anycast address stands in no one place"
    return {
        "government": None,
        "subject_id": subject.subject_id,
        "level": "none_found",
        "contested": False,
        "law": None,
        "status": "to verify",
        "stance": "observed" if subject.all.seen else weakest_stance([c.stance for c in subject.custody]),
        "proof": f"No way to {subject.words()} was found, which does not mean that there is none: {why}.",
        "facts": list(subject.all.facts),
    }


def _texts(value: object) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else []
