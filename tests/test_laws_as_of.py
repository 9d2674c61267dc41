"""One world on five days: what changes between them is the law, and the list of changes is kept beside the world."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

from flagstate.laws.judge import judge_here
from flagstate.pipeline import law_cases
from law_worlds import PACKS

FOLDER = Path(__file__).parent / "data" / "laws" / "as_of"
LISTED = FOLDER / "changes.txt"
DAYS = tuple(map(date.fromisoformat, ("2024-12-31", "2025-04-08", "2025-10-06", "2026-06-30", "2026-11-21")))

Said = dict[tuple[str, str, str], str]


def judged(day: date) -> Said:
    """Return verdict and outcome by rule, subject and counterparty, on a day."""
    one = law_cases.load(FOLDER)[0]
    said: Said = {}
    for ruled in judge_here(law_cases.conclude(one, as_of=day), PACKS.laws, day):
        assert ruled.error is None, ruled.error
        for row in ruled.findings:
            key = (row["rule_id"], row["subject"], row["counterparty"] or "")
            force = "" if ", " not in row["status"] else f" ({row['status'].partition(', ')[2]})"
            said[key] = f"{row['verdict']} {row['outcome']}{force}"
    return said


def changes() -> list[str]:
    """Return what is judged on the first day, and what is another from each day to the next."""
    out: list[str] = []
    before: Said = {}
    for day in DAYS:
        now = judged(day)
        out.append(f"{day}: {len(now)} findings")
        for key in sorted(now.keys() | before.keys()):
            if now.get(key) != before.get(key):
                subject = " ".join(part for part in key if part).replace("est:", "")
                out.append(f"  {subject}: {before.get(key, 'none')} -> {now.get(key, 'none')}")
        before = now
    return out


def test_that_five_days_give_the_listed_changes() -> None:
    """Written again with FLAGSTATE_WRITE=1, to be read before it is kept."""
    found = "\n".join(changes()) + "\n"
    if os.environ.get("FLAGSTATE_WRITE"):
        LISTED.write_text(found, "utf-8")
    assert found == LISTED.read_text("utf-8")
