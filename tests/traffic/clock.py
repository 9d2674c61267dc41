"""When people and machines are at work: presence, hours of the day and of the week, rhythms."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from traffic.book import DAY, HOUR, SECOND, Ints

Spans = Sequence[tuple[int, int]]

_DAYTIME = np.array([0, 0, 0, 0, 0, 0, 1, 4, 9, 10, 10, 9, 5, 8, 10, 9, 8, 5, 2, 1, 1, 1, 0, 0], np.float64)
_EVENING = np.array([2, 1, 0, 0, 0, 0, 2, 5, 4, 3, 3, 4, 6, 5, 4, 4, 5, 7, 9, 11, 12, 11, 8, 5], np.float64)
_NIGHT_SHIFT = np.array([9, 9, 9, 8, 7, 5, 3, 2, 2, 2, 2, 2, 2, 2, 3, 4, 6, 8, 9, 9, 9, 10, 10, 9], np.float64)
_FLAT = np.ones(24)
_WEEK = {
    "office": (_DAYTIME, (1.0, 1.0, 1.0, 0.95, 0.8, 0.04, 0.02)),
    "private": (_EVENING, (1.0, 1.0, 1.0, 1.0, 1.1, 1.3, 1.2)),
    "shift": (_NIGHT_SHIFT, (1.0, 1.0, 1.0, 1.0, 1.0, 0.6, 0.1)),
    "flat": (_FLAT, (1.0,) * 7),
}


def moments(rng: np.random.Generator, start_us: int, days: int, *, habit: str, mean: float, zone_h: float) -> Ints:
    """Return moments of a process that follows the hours of day and week.

    Args:
        rng: Chance.
        start_us: Midnight (UTC) of the first day.
        days: How many days.
        habit: office, private, shift or flat.
        mean: Moments per ordinary day.
        zone_h: Hours that the local clock is ahead of UTC.
    """
    hours, week = _WEEK[habit]
    found = []
    for day in range(-1, days + 1):
        midnight = start_us + day * DAY - int(zone_h * HOUR)
        weekday = int((start_us // DAY + day + 3) % 7)
        count = int(rng.poisson(mean * week[weekday] * rng.lognormal(-0.06, 0.35)))
        hour = rng.choice(24, count, p=hours / hours.sum())
        found.append(midnight + hour * HOUR + rng.integers(0, HOUR, count))
    return np.sort(np.concatenate(found))


def present(rng: np.random.Generator, start_us: int, days: int, *, habit: str, zone_h: float) -> list[tuple[int, int]]:
    """Return from when to when a machine is switched on and connected.

    Args:
        rng: Chance.
        start_us: Midnight (UTC) of the first day.
        days: How many days.
        habit: office (working days, sometimes away), private (every day, awake hours), always.
        zone_h: Hours that the local clock is ahead of UTC.
    """
    end = start_us + days * DAY
    if habit == "always":
        boots = np.sort(rng.integers(start_us, end, rng.poisson(0.5)))
        edges = [start_us, *boots.tolist(), end]
        return [(a, b - 90 * SECOND) for a, b in pairwise(edges) if b - a > HOUR]
    come, go = (rng.normal(8.2, 0.7), rng.normal(17.3, 0.8)) if habit == "office" else (7.0, 23.2)
    spans = []
    for day in range(-1, days + 1):
        weekday = int((start_us // DAY + day + 3) % 7)
        chance = (0.92 if weekday < 5 else 0.03) if habit == "office" else 0.95
        if rng.random() > chance:
            continue
        midnight = start_us + day * DAY - int(zone_h * HOUR)
        first, last = (
            midnight + int((come + rng.normal(0, 0.35)) * HOUR),
            midnight + int((go + rng.normal(0, 0.6)) * HOUR),
        )
        middle = first + int((last - first) * rng.uniform(0.4, 0.6))
        if rng.random() < 0.3:
            spans += [(first, middle), (middle + int(rng.uniform(0.5, 1.5) * HOUR), last)]
        else:
            spans.append((first, last))
    return [(max(a, start_us), min(b, end)) for a, b in spans if min(b, end) > max(a, start_us)]


def inside(us: Ints, spans: Spans) -> npt.NDArray[np.bool_]:
    """Return which moments lie in the spans."""
    edges = np.array([edge for span in spans for edge in span], np.int64)
    return np.asarray(np.searchsorted(edges, us, side="right") % 2 == 1)


def ticks(
    rng: np.random.Generator, spans: Spans, period_s: float, *, spread: float = 0.0, shape: str = "normal"
) -> Ints:
    """Return a rhythm that starts anew in every span.

    Args:
        rng: Chance.
        spans: When the machine is on.
        period_s: Mean pause between two moments, in seconds.
        spread: Relative spread of a pause: standard deviation (normal), or greatest deviation (uniform).
        shape: normal, uniform or exponential.
    """
    found = [np.empty(0, np.int64)]
    for first, last in spans:
        room = int((last - first) / SECOND / period_s * 1.3 + 8)
        if shape == "exponential":
            pauses = rng.exponential(1.0, room)
        elif shape == "uniform":
            pauses = 1.0 + rng.uniform(-spread, spread, room)
        else:
            pauses = np.maximum(0.02, 1.0 + rng.normal(0.0, spread, room)) if spread else np.ones(room)
        at = first + int(rng.uniform(0.001, 1.0) * min(period_s, 600) * SECOND) + np.cumsum(pauses * period_s * SECOND)
        at = at - pauses[0] * period_s * SECOND
        found.append(at[at < last].astype(np.int64))
    return np.concatenate(found)


def grid(rng: np.random.Generator, spans: Spans, period_s: float, *, late_s: float, phase_s: float = 0.0) -> Ints:
    """Return moments of a fixed time table, each a little late, as far as the machine is on."""
    if not spans:
        return np.empty(0, np.int64)
    first, last = spans[0][0], spans[-1][1]
    step = int(period_s * SECOND)
    base = (first // DAY) * DAY + int(phase_s * SECOND)
    at = np.arange(base, last, step, dtype=np.int64)
    at = at + (rng.exponential(max(late_s, 1e-6), len(at)) * SECOND).astype(np.int64)
    return np.sort(at[inside(at, spans)])
