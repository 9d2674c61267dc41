"""A plan as lines that a person reads."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from flagstate.model.counted import counted


def lines(plan: pa.Table, messages: Mapping[str, str] | None = None) -> list[str]:
    """Return a plan as plain lines: the cheapest set, the next best, what each measure cures and opens.

    Args:
        plan: Rows of `plan`.
        messages: The sentence of each finding by finding_id; ids of others are counted.

    Returns:
        Lines without markup; names in them are as the tables have them.
    """
    rows = plan.to_pylist()
    by_rank: dict[int, list[dict[str, object]]] = {}
    for row in rows:
        by_rank.setdefault(row["rank"], []).append(row)
    made: list[str] = []
    for rank, listed in sorted(by_rank.items()):
        state = str(listed[0]["state"])
        if state in ("optimal", "next"):
            made += _set(rank, listed, messages or {})
        elif state == "ban":
            made.append(str(listed[0]["words"]))
            made += [f"  - {row['proof']}" for row in listed if row["proof"]]
        else:
            made.append(str(listed[0]["words"]))
            made += [f"  Still open: {row['proof']}" for row in listed if row["proof"]]
    return made


def _set(rank: int, listed: list[dict[str, object]], messages: Mapping[str, str]) -> list[str]:
    count = counted(len(listed), "measure[|s]")
    days = max(int(str(row["lead_days"] or 0)) for row in listed)
    head = "The cheapest set that works" if rank == 1 else f"The next best, number {rank}"
    made = [f"{head}: {count}, cost {listed[0]['total']} together, {counted(days, 'day[|s]')} if all begin at once."]
    for row in listed:
        lead = counted(int(str(row["lead_days"] or 0)), "day[|s]")
        made.append(f"  - {row['words']} (cost {row['cost']}, {lead}; {row['measure_id']})")
        made += [f"      cures: {text}" for text in _cured(row["cures"], messages)]
        made += [f"      opens: {text}" for text in _texts(row["opens"])]
    return made


def _cured(ids: object, messages: Mapping[str, str]) -> list[str]:
    listed = _texts(ids)
    said = [messages[one] for one in listed if one in messages]
    shown, rest = said[:3], len(listed) - min(len(said), 3)
    return [
        *shown,
        *([f"{rest} {'more findings' if shown else 'findings'}" if rest > 1 else "1 finding"] if rest else []),
    ]


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
