"""Finds rhythms in series of times: which intervals come more often than chance allows, and how steadily.

The chance is that of a Poisson process of any rate: of exponential intervals at most a known share falls between x and
r times x, whatever x. How far the observed share exceeds it gives a surprise (large-deviation bound of the binomial, in
nats). It needs no period to be guessed, bears missed beats and silent nights, and holds for 40 % of jitter as well as
for none. Bursts count as one beat. What it cannot see: a rhythm among other traffic of the same ends and the same size,
and intervals that were made as random as a Poisson process.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flagstate.enrich.behave import rhythm_loops
from flagstate.enrich.behave.compiled import loop
from flagstate.enrich.behave.timing import Events

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LEAST = 8
"""Events of a series that is looked at: seven intervals of one length in a row are no chance, fewer may be."""
RATIOS = np.array([2.4, 1.6, 1.25, 1.1, 1.02])
"""Windows of intervals: from a clock to jitter of +-40 % (1.4 / 0.6 = 2.33)."""
CHANCES = RATIOS ** (-1 / (RATIOS - 1)) - RATIOS ** (-RATIOS / (RATIOS - 1))
"""Largest share of exponential intervals in such a window: e^-x - e^-rx is greatest at x = ln r / (r - 1)."""
TRIALS = 4.5
"""Nats that trying all windows costs: measured on 1.4 million Poisson series of 6 to 300 events, the surprise exceeds
-ln p by at most 4.4 down to p = 1e-5."""
EFFECT = 0.35
"""How far the share must exceed chance, of what it could: in long series even a slight unevenness is no chance."""
SAME_SIZE = 1.06
"""Sizes up to 6 % apart are one class: an encrypted message of one kind varies by its padding."""
LIKE_SIZE = 2.0
"""Answers up to twice as long are one class: a program's are alike, those of pages spread over powers of ten."""
COMPANY = 96
"""Events of a series in which a part is looked for: of fewer, a part is too small to tell from chance."""
WAYS = 7.0
"""Ways in which a hidden rhythm is looked for: three classes by what is sent, three by what comes back, and runs."""
RUN_WORTH = 10.0
"""Nats from which on a window is looked at in runs."""
BUSY = 0.25
"""Bursts may last this share of the time; what lasts longer is a session, not a beat."""
DENSE = 1.5
"""Events per wide bin from which on their counts show the rhythm, not their times."""
EVEN = 0.3
"""Variance by mean of counts below which they are no chance arrivals (1.0); jitter of 40 % gives 0.05 to 0.25."""
CLOSED = 0.9
"""Share of wide bins with neighbours on both sides from which on one event per bin is enough: chance leaves holes."""
RUN = 24
"""Bins in runs that an even count must show: fewer may be even by chance."""


@dataclass(frozen=True)
class Found:
    """Series with a rhythm, one after the other."""

    owner: Ints
    """Number of the series that was asked about."""
    surprise: Floats
    """Nats beyond chance, trials taken off."""
    low: Floats
    """Shortest interval of the rhythm in microseconds; 0: the counts of wide bins are even."""
    high: Floats
    """Longest interval of the rhythm."""
    hidden: npt.NDArray[np.bool_]
    """Whether it is only a part of its series: events of one size."""
    events: Events
    """The beats; of a burst the first event, with the sums of the burst."""


def find(events: Events, *, least: int = LEAST) -> Found:
    """Return the series that have a rhythm: as they are, else by the size of their events.

    Args:
        events: Series in order of time.
        least: Events that a series must have.
    """
    plain = _windows(events, least)
    whole = _measured(events, plain, least)
    even = _without(_even(events), whole.owner)
    known = np.concatenate([whole.owner, even.owner])
    rest = np.setdiff1d(np.flatnonzero(np.diff(events.offset) >= COMPANY), known)
    part = take(events, rest)
    parts = [_hidden(part, sizes, ratio, least) for sizes, ratio in ((part.orig, SAME_SIZE), (part.resp, LIKE_SIZE))]
    parts.append(_runs(part, plain[rest]))
    hidden = together(parts)
    owner = rest[hidden.owner]
    hidden = Found(owner, hidden.surprise, hidden.low, hidden.high, np.ones(len(owner), np.bool_), hidden.events)
    return together([whole, even, _best(hidden)])


def _hidden(events: Events, sizes: Ints, ratio: float, least: int) -> Found:
    """Return rhythms of events of like size."""
    apart, owner = _classes(events, sizes, ratio, least)
    found = _measured(apart, _windows(apart, least), least)
    surprise = found.surprise - math.log(WAYS)
    return Found(owner[found.owner], surprise, found.low, found.high, found.hidden, found.events)


def _runs(events: Events, out: Floats) -> Found:
    """Return rhythms that show alone at times: runs of intervals of one length, as at night, when no one works."""
    index = np.flatnonzero((out[:, 0] > RUN_WORTH) & (events.level == 0))
    part, low, high = take(events, index), out[index, 1], out[index, 2]
    share = out[index, 3] / np.maximum(out[index, 4], 1)
    starts, kept = np.zeros(len(index) + 1, np.int64), np.empty(len(part.us), np.int64)
    surprise = np.zeros(len(index))
    size = int(loop(rhythm_loops.runs, len(kept))(part.offset, part.us, low, high, share, starts, kept, surprise))
    kept = kept[:size]
    columns = (part.us[kept], part.count[kept], part.orig[kept], part.resp[kept])
    found = Found(
        index, surprise - TRIALS - math.log(WAYS), low, high, np.ones(len(index), np.bool_),
        Events(starts, columns[0], columns[1], columns[2], columns[3], part.level),
    )  # fmt: skip
    return chosen(found, (found.surprise > 0) & (np.diff(starts) >= LEAST))


def take(events: Events, chosen: Ints) -> Events:
    """Return some of the series, in the order asked for."""
    lengths = np.diff(events.offset)[chosen]
    offset = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    rows = np.repeat(events.offset[:-1][chosen] - offset[:-1], lengths) + np.arange(offset[-1])
    return Events(
        offset, events.us[rows], events.count[rows], events.orig[rows], events.resp[rows], events.level[chosen]
    )


def together(found: Iterable[Found]) -> Found:
    """Return findings one after the other."""
    listed = list(found)
    begins = np.cumsum([0, *(int(one.events.offset[-1]) for one in listed)])
    offset = [one.events.offset[:-1] + begin for one, begin in zip(listed, begins[:-1], strict=True)]
    bins = [np.concatenate([getattr(one.events, name) for one in listed]) for name in ("us", "count", "orig", "resp")]
    level = np.concatenate([one.events.level for one in listed])
    events = Events(np.concatenate([*offset, begins[-1:]]).astype(np.int64), bins[0], bins[1], bins[2], bins[3], level)
    owner, surprise, low, high, hidden = (
        np.concatenate([getattr(one, name) for one in listed])
        for name in ("owner", "surprise", "low", "high", "hidden")
    )
    return Found(owner, surprise, low, high, hidden, events)


def chosen(found: Found, mask: npt.NDArray[np.bool_]) -> Found:
    """Return some of the findings."""
    index = np.flatnonzero(mask)
    owner, surprise, hidden = found.owner[index], found.surprise[index], found.hidden[index]
    return Found(owner, surprise, found.low[index], found.high[index], hidden, take(found.events, index))


def fold(found: Found) -> Floats:
    """Return the columns of `rhythm_loops.fold` for each finding."""
    out = np.zeros((len(found.owner), rhythm_loops.FOLD))
    loop(rhythm_loops.fold, len(found.events.us))(found.events.offset, found.events.us, found.low, found.high, out)
    return out


def sizes(found: Found) -> Floats:
    """Return the columns of `rhythm_loops.sizes` for each finding."""
    out, events = np.zeros((len(found.owner), rhythm_loops.SIZES)), found.events
    loop(rhythm_loops.sizes, len(events.us))(events.offset, events.count, events.orig, SAME_SIZE, out)
    return out


def _windows(events: Events, least: int) -> Floats:
    out = np.zeros((len(events.level), rhythm_loops.WINDOW))
    loop(rhythm_loops.windows, len(events.us))(events.offset, events.us, RATIOS, CHANCES, least, out)
    # Where the window is wider than its bins can tell, the interval is one of the bins, not of the traffic.
    out[:, 0] *= out[:, 2] >= np.exp2(events.level.astype(float) + 1) * (events.level > 0)
    return out


def _measured(events: Events, plain: Floats, least: int) -> Found:
    """Return series with a rhythm, as they are or burst by burst, whichever is the surer."""
    bursts = np.flatnonzero(plain[:, 5] > 0)
    beats, busy = _joined(take(events, bursts), plain[bursts, 5].astype(np.int64))
    again = _windows(beats, least)
    again[busy > BUSY, 0] = 0
    better = again[:, 0] > plain[bursts, 0]
    alone = np.ones(len(plain), np.bool_)
    alone[bursts[better]] = False
    made = [
        _kept(np.arange(len(plain)), plain, events, alone),
        _kept(bursts, again, beats, better),
    ]
    return together(made)


def _kept(owner: Ints, out: Floats, events: Events, mask: npt.NDArray[np.bool_]) -> Found:
    share = out[:, 3] / np.maximum(out[:, 4], 1)
    wide = np.minimum(out[:, 2] / np.maximum(out[:, 1], 1), RATIOS[0])
    chance = CHANCES[::-1][np.searchsorted(RATIOS[::-1], wide)]
    index = np.flatnonzero(mask & (out[:, 0] > TRIALS) & ((share - chance) / (1 - chance) >= EFFECT))
    return Found(
        owner[index], out[index, 0] - TRIALS, out[index, 1], out[index, 2], np.zeros(len(index), np.bool_),
        take(events, index),
    )  # fmt: skip


def _joined(events: Events, gap: Ints) -> tuple[Events, Floats]:
    """Return one event per burst, and the share of time that bursts last."""
    series = len(events.level)
    starts, kept, busy = np.zeros(series + 1, np.int64), np.empty(len(events.us), np.int64), np.zeros(series)
    found = int(loop(rhythm_loops.joined, len(kept))(events.offset, events.us, gap, starts, kept, busy))
    kept = kept[:found]
    if not found:
        return take(events, np.arange(series)), busy
    count, orig, resp = (np.add.reduceat(values, kept) for values in (events.count, events.orig, events.resp))
    return Events(starts, events.us[kept], count, orig, resp, events.level), busy


def _classes(events: Events, sizes: Ints, ratio: float, least: int) -> tuple[Events, Ints]:
    """Return the events of each series by size, and the number of the series of each."""
    room = rhythm_loops.CLASSES * len(events.level)
    starts, owner, kept = np.zeros(room + 1, np.int64), np.zeros(room, np.int64), np.empty(len(events.us), np.int64)
    ends = (events.offset, events.count, sizes)
    made = int(loop(rhythm_loops.classes, len(kept))(*ends, ratio, least, starts, owner, kept))
    kept, owner = kept[: starts[made]], owner[:made]
    columns = (events.us[kept], events.count[kept], events.orig[kept], events.resp[kept])
    return Events(starts[: made + 1], *columns, events.level[owner]), owner


def _even(events: Events) -> Found:
    """Return series of wide bins whose counts are more even than chance."""
    out, width = np.zeros((len(events.level), 4)), np.left_shift(np.int64(1), events.level.astype(np.int64))
    wide = np.flatnonzero((events.level > 0) & (np.diff(events.offset) > RUN))
    part = take(events, wide)
    found = np.zeros((len(wide), 4))
    loop(rhythm_loops.dispersion, len(part.us))(part.offset, part.us, part.count, width[wide], found)
    out[wide] = found
    bins, mean = out[:, 0], np.maximum(out[:, 1], 1e-9)
    ratio = np.maximum(out[:, 2] / mean, 0.01)
    closed = (bins >= CLOSED * np.diff(events.offset)) & (mean > 1)
    index = np.flatnonzero((bins >= RUN) & ((mean >= DENSE) | closed) & (ratio <= EVEN))
    # Chernoff bound of the chi-square distribution of the dispersion.
    surprise = bins[index] / 2 * (ratio[index] - 1 - np.log(ratio[index]))
    period = width[index] / mean[index]
    zero = np.zeros(len(index), np.bool_)
    return Found(index, np.maximum(surprise - TRIALS, 0), period * 0, period, zero, take(events, index))


def _best(found: Found) -> Found:
    """Return the surest finding of each series."""
    order = np.lexsort((-found.surprise, found.owner))
    first = np.ones(len(order), np.bool_)
    first[1:] = found.owner[order][1:] != found.owner[order][:-1]
    mask = np.zeros(len(order), np.bool_)
    mask[order[first]] = True
    return chosen(found, mask)


def _without(found: Found, known: Ints) -> Found:
    return chosen(found, ~np.isin(found.owner, known))
