"""Counts against the bars of laws: both bounds, how far they are from the bar, and how they went over the months."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flagstate.report.rulings import figures

Row = dict[str, Any]

SHOWN = 18
"""Meters that the page shows."""
MONTHS = 36
"""Months that a trend holds, the last ones."""
WIDE, HIGH = 240, 44
"""Size of the drawing of a trend."""
STATES = ("above", "open", "at", "below")
"""How a count stands to its bar, what asks for attention first; open: the bar lies between the bounds."""

_PERIOD = re.compile(r"\d{4}(-\d{2})?")
_MOST = 2**53


def meters(found: pa.Table, counts: pa.Table) -> tuple[list[Row], int]:
    """Return counts against bars, those above first and then the nearest, and how many are left out.

    Args:
        found: Findings of rules.
        counts: Rows of `person_count`, for the trend.

    Returns:
        Per subject, bar and count once: bounds (`high` null: none is known), `state`, distances, places of the
        drawing, rules, counterparties, and `trend` or null. Findings without `threshold` among their figures have none.
    """
    texts = found["values"]
    mine = found.filter(pc.fill_null(pc.match_substring(texts, '"threshold"'), False))
    merged: dict[tuple[object, ...], Row] = {}
    columns = ("rule_id", "subject", "counterparty", "values", "facts")
    for rule, subject, other, text, facts in zip(*(mine[c].to_pylist() for c in columns), strict=True):
        if (one := _meter(figures(text))) is None:
            continue
        key = (subject, one["of"], one["unit"], one["low"], one["high"], one["limit"])
        known = merged.setdefault(key, one | {"subject": subject, "rules": {}, "others": {}, "facts": facts or []})
        known["rules"][rule or "–"] = True
        known["others"] |= {other: True} if other else {}
    ordered = sorted(merged.values(), key=_order)
    shown = ordered[:SHOWN]
    for one, trend in zip(shown, _trends(shown, counts), strict=True):
        one["trend"] = trend
    return shown, len(ordered) - len(shown)


def _order(one: Row) -> tuple[object, ...]:
    ratio = (one["high"] if one["high"] is not None else one["low"]) / one["limit"]
    return (STATES.index(one["state"]), -ratio, one["subject"] or "", one["of"], one["unit"])


def _meter(values: Mapping[str, Any]) -> Row | None:
    low, high, limit = (_number(values.get(name)) for name in ("count_lo", "count_hi", "threshold"))
    if limit is None or limit <= 0 or (low is None and high is None):
        return None
    low = low or 0
    of = next((str(values[name]) for name in ("category", "of", "key") if values.get(name)), "")
    unit = values.get("unit")
    return {
        "low": low,
        "high": high,
        "limit": limit,
        "of": of,
        "unit": str(unit) if unit else "",
        "state": state(low, high, limit),
        "over": low - limit,
        "under": None if high is None else limit - high,
        **_bar(place(low, limit), 100.0 if high is None else place(high, limit)),
    }


def _bar(left: float, right: float) -> Row:
    """Return where a bar begins and how wide it is; one that is too narrow to be seen is widened about its middle."""
    wide = max(right - left, 1.2)
    return {"at": round(max(min((left + right - wide) / 2, 100 - wide), 0), 2), "wide": round(wide, 2)}


def _number(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _MOST:
        return None
    return int(value)


def state(low: int, high: int | None, limit: int) -> str:
    """Return how a count stands to its bar, one of `STATES`; whether the bar itself crosses it is up to the rule.

    Args:
        low: At least so many.
        high: At most so many; null: no upper bound is known.
        limit: The bar.
    """
    if low > limit:
        return "above"
    if high is not None and high <= limit:
        return "at" if high == limit else "below"
    return "open"


def place(number: int, limit: int) -> float:
    """Return where a number stands on the meter, 0 to 100: the bar at 50, twice the bar at 75, and so on without end.

    Args:
        number: The count.
        limit: The bar, above 0.
    """
    part = number / limit
    return round(50 * part if part <= 1 else 100 - 50 / part, 2)


def _trends(shown: Iterable[Row], counts: pa.Table) -> list[Row | None]:
    """Return the months of the counts that each meter rests on: at least those of the largest, at most the sum."""
    listed = list(shown)
    wanted = sorted({fact for one in listed for fact in one["facts"]})
    rows = _with(counts, wanted)
    return [_trend([row for row in rows if _about(row, one)]) for one in listed]


def _with(counts: pa.Table, facts: list[str]) -> list[Row]:
    """Return the rows of `person_count` with a series that rest on one of some facts."""
    if not facts or not counts.num_rows:
        return []
    kept = counts.filter(
        pc.and_(pc.is_valid(counts["series"]), pc.fill_null(pc.equal(counts["kind"], "category"), False))
    )
    hit = pc.is_in(pc.list_flatten(kept["facts"]), pa.array(facts, pa.string()))
    at = pc.unique(pc.filter(pc.list_parent_indices(kept["facts"]), hit))
    rows: list[Row] = kept.select(["category", "facts", "series"]).take(at).to_pylist()
    return rows


def _about(row: Row, one: Row) -> bool:
    """Whether a count is of the category of a meter; a meter that names none has all that it rests on."""
    category = str(row["category"] or "")
    fits = not one["of"] or category == one["of"] or category.rpartition("/")[2] == one["of"]
    return fits and not set(row["facts"] or ()).isdisjoint(one["facts"])


def _trend(rows: list[Row]) -> Row | None:
    months: dict[str, list[int]] = {}
    for row in rows:
        for period, bounds in figures(row["series"]).items():
            if _PERIOD.fullmatch(period) and isinstance(bounds, list) and len(bounds) == 2:
                low, high = (_number(bound) for bound in bounds)
                if low is not None and high is not None and 0 <= low <= high:
                    before = months.setdefault(period, [0, 0])
                    months[period] = [max(before[0], low), before[1] + high]
    # Years and months do not stand on one axis: the finer ones are drawn.
    finest = max(map(len, months), default=0)
    last = max((_at(period) for period in months if len(period) == finest), default=0)
    kept = {period: months[period] for period in sorted(months) if len(period) == finest}
    kept = {period: bounds for period, bounds in kept.items() if last - _at(period) < MONTHS}
    return _drawn(kept) if len(kept) > 1 else None


def _at(period: str) -> int:
    """Return the number of a month or year on its own axis."""
    year, _, month = period.partition("-")
    return int(year) * 12 + int(month) - 1 if month else int(year)


def _drawn(months: Mapping[str, list[int]]) -> Row:
    """Return the bars of a trend; months of which nothing is known stay empty."""
    periods = list(months)
    first = _at(periods[0])
    step = WIDE / (_at(periods[-1]) - first + 1)
    top = max(high for _, high in months.values()) or 1
    bars = [
        {
            "x": round((_at(period) - first) * step + 0.5, 1),
            "low": _height(low, top),
            "high": _height(high, top),
            "period": period,
            "bounds": (low, high),
        }
        for period, (low, high) in months.items()
    ]
    return {"bars": bars, "width": round(max(step - 1, 0.6), 1), "from": periods[0], "to": periods[-1], "top": top}


def _height(number: int, top: int) -> float:
    return round(HIGH * number / top, 1)
