"""Who a party is to a claim: the one that it names, one of its group, or another one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flagstate.assess.claim_tests.scene import Scene
from flagstate.assess.claim_tests.told import Said

Row = Mapping[str, Any]

GROUP = """
tied AS (
  SELECT holder_id AS entity_id, subject_id AS other_id FROM control_chain WHERE verdict = 'yes'
  UNION SELECT subject_id, holder_id FROM control_chain WHERE verdict = 'yes'
  UNION SELECT p.entity_id, q.entity_id FROM ultimate_parent AS p JOIN ultimate_parent AS q ON q.parent_id = p.parent_id
  WHERE p.verdict = 'yes' AND q.verdict = 'yes' AND p.kind <> 'person'
), tops AS (
  SELECT entity_id, list(parent_id) AS parents FROM ultimate_parent GROUP BY entity_id
  HAVING bool_and(verdict = 'yes' AND parent_id <> entity_id AND kind <> 'unnamed')
), linked AS (
  SELECT holder_id AS entity_id, subject_id AS other_id FROM control_chain
  UNION SELECT subject_id, holder_id FROM control_chain
  UNION SELECT holder_id, subject_id FROM interest
  UNION SELECT subject_id, holder_id FROM interest
), apart AS (
  SELECT p.entity_id, q.entity_id AS other_id FROM tops AS p JOIN tops AS q ON NOT list_has_any(p.parents, q.parents)
  WHERE q.entity_id IN (SELECT said FROM asked)
    AND NOT EXISTS (FROM linked AS l WHERE l.entity_id = p.entity_id AND l.other_id = q.entity_id)
)"""
"""Who belongs to one group (tied): one controls the other, or one firm is above both. And who does not (apart): it is
known of both who is above them, these are others, and nothing links the two. All others may be of one group."""


@dataclass(frozen=True)
class Parties:
    """Parties that were seen or declared in a role, by what they are to the claim."""

    named: tuple[Row, ...]
    """Rows of the party that the claim names, or of its staff."""
    kin: tuple[Row, ...]
    """Rows of another party of its group."""
    others: tuple[Row, ...]
    """Rows of parties that are known to be of another group."""
    open: tuple[Row, ...]
    """Rows of parties of which it is not known whether they are of its group."""


def sort(rows: Iterable[Row], said: str) -> Parties:
    """Return rows by what their party is to the one that a claim names.

    Args:
        rows: With entity_id, through (the staff that it employs), kin and apart.
        said: The party that the claim names.
    """
    listed = list(rows)
    staff = {row["through"] for row in listed if row["entity_id"] == said and row["through"]}
    named = [row for row in listed if row["entity_id"] == said or row["entity_id"] in staff]
    rest = [row for row in listed if not (row["entity_id"] == said or row["entity_id"] in staff)]
    # Of staff and its employer one is told: the employer.
    employed = {row["through"] for row in rest if row["through"]}
    rest = [row for row in rest if row["entity_id"] not in employed]
    far = [row for row in rest if not row["kin"]]
    return Parties(
        tuple(named),
        tuple(row for row in rest if row["kin"]),
        tuple(row for row in far if row["apart"]),
        tuple(row for row in far if not row["apart"]),
    )


def weighed(rows: Iterable[Row], *, witnessed: bool) -> list[Row]:
    """Return rows as what they are: what a catalog says of an address or name that was only declared is declared.

    Args:
        rows: Who does what.
        witnessed: More than declarations show the asset, or its address or name.
    """
    return [row if witnessed or row["stance"] != "recorded" else {**row, "stance": "declared"} for row in rows]


def owners(other: Said, name: str) -> Said:
    """Return what decides whether two parties are of one group."""
    return (
        f"Who owns {name} and {other[0]}: a register of owners (BODS, LEI), or whether they are one and the same",
        f"Qui détient {name} et {other[1]} : un registre des propriétaires (BODS, LEI), ou s'ils sont un seul et même",
    )


def seen(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that more than a declaration stands under."""
    return [row for row in rows if row["stance"] not in (None, "declared")]


def facts(rows: Iterable[Row]) -> tuple[str, ...]:
    """Return the facts under rows, the seen ones first."""
    ordered = sorted(rows, key=lambda row: (row["stance"] in (None, "declared"), str(row["entity_id"])))
    return tuple(dict.fromkeys(str(fact) for row in ordered for fact in row["facts"] or ()))


def names(rows: Iterable[Row], scene: Scene) -> list[Said]:
    """Return the parties of rows as a sentence names them, each once."""
    found = dict.fromkeys(scene.party(str(row["entity_id"])) for row in rows)
    return [(name, name) for name in found]


def group_words(kin: Iterable[Row], scene: Scene, said: str, role: Said) -> Iterator[Said]:
    """Yield a clause for each other party of the group.

    Args:
        kin: Their rows.
        scene: The case.
        said: The party that the claim names.
        role: What they do to it, such as `runs it`.
    """
    of = scene.party(said)
    for name, _ in names(kin, scene):
        yield (
            f"; {name}, of the same group as {of}, {role[0]}",
            f" ; {name}, du même groupe que {of}, {role[1]}",
        )
