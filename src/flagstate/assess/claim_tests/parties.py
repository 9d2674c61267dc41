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
)"""
"""Who belongs to one group: one controls the other, or one firm is above both."""


@dataclass(frozen=True)
class Parties:
    """Parties that were seen or declared in a role, by what they are to the claim."""

    named: tuple[Row, ...]
    """Rows of the party that the claim names, or of its staff."""
    kin: tuple[Row, ...]
    """Rows of another party of its group."""
    others: tuple[Row, ...]
    """Rows of parties of which no tie to it is known."""


def sort(rows: Iterable[Row], said: str) -> Parties:
    """Return rows by what their party is to the one that a claim names.

    Args:
        rows: With entity_id, through (the staff that it employs) and kin.
        said: The party that the claim names.
    """
    listed = list(rows)
    staff = {row["through"] for row in listed if row["entity_id"] == said and row["through"]}
    named = [row for row in listed if row["entity_id"] == said or row["entity_id"] in staff]
    rest = [row for row in listed if not (row["entity_id"] == said or row["entity_id"] in staff)]
    # Of staff and its employer one is told: the employer.
    employed = {row["through"] for row in rest if row["through"]}
    rest = [row for row in rest if row["entity_id"] not in employed]
    return Parties(tuple(named), tuple(row for row in rest if row["kin"]), tuple(row for row in rest if not row["kin"]))


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
