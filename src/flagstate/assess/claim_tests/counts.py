"""How many persons, devices or records an asset tells about: at least and at most, of those that were seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from flagstate.assess.claim_tests.query import ask, kept
from flagstate.assess.claim_tests.scene import Scene
from flagstate.assess.claim_tests.told import Ask, Window

Row = Mapping[str, Any]

COUNTED = """
-- What is known of how many persons, devices or records the asset of a claim tells about. A lower bound is that of any
-- part of it; bounds of parts are never added for it, as one person may be in several. A holding counts the records in
-- which its class was found: a table may have more of them, and what moved was counted on every day that it moved.
-- Whom data of nobody known are about may be anybody.
SELECT a.claim_id, 'count' AS part, p.container, p.category AS data_class, p.about, p.subjects_lo AS lo,
  CASE WHEN p.category = 'eu_gdpr/personal' AND p.series IS NULL AND p.container IS NOT DISTINCT FROM a.container
    THEN p.subjects_hi END AS hi, p.stance, p.facts, coalesce(list_contains(p.marks, 'lower_declared'), false) AS word
FROM asked AS a JOIN person_count AS p ON p.asset_id = a.asset_id
WHERE a.unit <> 'records' AND p.unit = a.unit AND (a.container IS NULL OR p.container = a.container)
  AND (a.about IS NULL OR p.about = a.about)
UNION ALL
SELECT a.claim_id, 'part', h.container, h.data_class, h.about,
  CASE WHEN a.unit = 'records' THEN CASE WHEN h.state IS DISTINCT FROM 'moved' THEN h.records END
    WHEN h.unit = a.unit THEN h.subjects_lo END,
  CASE WHEN a.unit = 'records' THEN NULL WHEN h.unit IS NULL OR h.unit = a.unit THEN h.subjects_hi ELSE 0 END,
  h.stance, [h.fact_id], false
FROM asked AS a JOIN holding AS h ON h.asset_id = a.asset_id
WHERE (a.container IS NULL OR h.container = a.container) AND (a.about IS NULL OR h.about = a.about)
UNION ALL
SELECT a.claim_id, 'anybody', h.container, h.data_class, h.about, NULL, NULL, h.stance, [h.fact_id], false
FROM asked AS a JOIN holding AS h ON h.asset_id = a.asset_id
WHERE a.about IS NOT NULL AND h.about IS NULL AND (a.container IS NULL OR h.container = a.container)
ORDER BY claim_id, part, lo DESC NULLS LAST, container, data_class
"""

FORM = pa.schema(
    [
        ("claim_id", pa.string()),
        ("asset_id", pa.string()),
        ("container", pa.string()),
        ("about", pa.string()),
        ("unit", pa.string()),
    ]
)


@dataclass(frozen=True)
class Count:
    """How many there are, as far as it was seen."""

    lo: int | None
    """At least so many were seen; null: none were counted."""
    hi: int | None
    """At most so many are in what was seen; null: not known."""
    said_lo: int | None
    """At least so many are declared; null: nobody declares."""
    facts: tuple[str, ...]
    """What was seen, the largest first."""
    said_facts: tuple[str, ...]
    """What is declared, the largest first."""
    window: Window
    """Whether all of it was given."""
    query: str
    """The query that was asked."""


def count(asks: Sequence[Ask], scene: Scene) -> Iterator[tuple[Ask, Count]]:
    """Yield how many there are of what each claim counts."""
    mine = {one.claim_id: list(_asked(one, scene)) for one in asks}
    asked = pa.Table.from_pylist([row for made in mine.values() for row in made], schema=FORM)
    found = ask(scene.con, COUNTED, asked)
    for one in asks:
        rows = found.get(one.claim_id, [])
        seen = [row for row in rows if row["stance"] not in (None, "declared")]
        # A lower bound may be a declaration's although the upper one was seen.
        told = [row for row in seen if row["word"]]
        said = [row for row in rows if row["stance"] in (None, "declared")] + told
        lower = [row for row in seen if not row["word"]]
        yield (
            one,
            Count(
                _most(lower),
                _top(seen),
                _most(said),
                _facts([row for row in lower if row["part"] != "anybody"]),
                _facts(said),
                scene.window("holding", scene.subject(str(one.asset_id)).same),
                kept(COUNTED, asked, mine[one.claim_id]),
            ),
        )


def _asked(one: Ask, scene: Scene) -> Iterator[dict[str, Any]]:
    made = {"claim_id": one.claim_id, "container": one.container, "about": one.about, "unit": one.unit}
    for asset in scene.subject(str(one.asset_id)).same:
        yield made | {"asset_id": asset}


def _most(rows: Sequence[Row]) -> int | None:
    # None of them is no count: what was not found is not shown to be absent.
    return max((row["lo"] for row in rows if row["lo"]), default=None)


def _top(rows: Sequence[Row]) -> int | None:
    """Return an upper bound of all parts together, or None where a part has none."""
    if any(row["part"] == "anybody" for row in rows):
        return None
    whole = [row["hi"] for row in rows if row["part"] == "count" and row["hi"] is not None]
    parts = [row["hi"] for row in rows if row["part"] == "part"]
    added = sum(parts) if parts and all(one is not None for one in parts) else None
    bounds = [one for one in (sum(whole) if whole else None, added) if one is not None]
    return min(bounds, default=None)


def _facts(rows: Sequence[Row]) -> tuple[str, ...]:
    ordered = sorted(rows, key=lambda row: (-(row["lo"] or 0), str(row["facts"])))
    return tuple(dict.fromkeys(str(fact) for row in ordered for fact in row["facts"] or ()))
