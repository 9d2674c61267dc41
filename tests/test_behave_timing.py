"""The rhythm of channels: exact as long as there is room, and the same whatever the splits and their order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.enrich.behave import timing, timing_loops
from flagstate.enrich.behave.timing import Timing

START = 1_790_000_000_000_000


def events(seed: int, size: int, channels: int, span_us: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, 2**63, channels).astype(np.uint64) * np.uint64(2) + np.uint64(1)
    return (
        ids[np.minimum(rng.zipf(1.3, size) - 1, channels - 1)],
        START + rng.integers(-span_us // 50, span_us, size),
        rng.integers(0, 2**40, size),
        rng.integers(0, 100, size),
    )


def same(one: Timing, other: Timing) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in ("channel", "level", "place", "blob")
    )


def split(columns: tuple[np.ndarray, ...], parts: int, rng: np.random.Generator) -> list[Timing]:
    """Deal the events at random into parts: they overlap in time and come in no order."""
    which = rng.integers(0, parts, len(columns[0]))
    orders = [rng.permutation(np.flatnonzero(which == at)) for at in range(parts)]
    made = [timing.summarise(*(column[order] for column in columns)) for order in orders]
    return [made[at] for at in rng.permutation(parts)]


def check_splits(columns: tuple[np.ndarray, ...], rng: np.random.Generator, parts: int) -> None:
    whole = timing.summarise(*columns)
    dealt = split(columns, parts, rng)
    assert same(timing.merge(dealt), whole)
    middle = len(dealt) // 2
    assert same(timing.merge([timing.merge(dealt[:middle]), timing.merge(dealt[middle:])]), whole)


def check_kept(columns: tuple[np.ndarray, ...], whole: Timing) -> None:
    channel, us, orig, resp = columns
    made = whole.events()
    assert made.count.sum() == len(us)
    assert made.orig.sum() == orig.sum()
    assert made.resp.sum() == resp.sum()
    for at, name in enumerate(whole.channel.tolist()):
        mine = channel == np.uint64(name)
        low, high = made.offset[at], made.offset[at + 1]
        width = int(made.level[at])
        bins, counts = np.unique((us[mine] >> width) << width, return_counts=True)
        assert bins.tolist() == made.us[low:high].tolist()
        assert counts.tolist() == made.count[low:high].tolist()
        assert high - low <= timing_loops.MOST_BINS
        # The narrowest width that fits.
        assert width == 0 or len(np.unique(us[mine] >> (width - 1))) > timing_loops.MOST_BINS


@given(st.integers(0, 2**32), st.integers(0, 300), st.integers(1, 40), st.integers(50, 10**9), st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_any_split_and_order_merge_to_the_same(seed: int, size: int, channels: int, span_us: int, parts: int) -> None:
    columns = events(seed, size, channels, span_us)
    check_splits(columns, np.random.default_rng(seed + 1), parts)
    check_kept(columns, timing.summarise(*columns))


def test_busy_channels_are_coarsened_and_compiled_loops_say_the_same() -> None:
    columns = events(7, 60_000, 5, 3_000_000_000)
    whole = timing.summarise(*columns)
    assert whole.level.max() > 0
    check_kept(columns, whole)
    check_splits(columns, np.random.default_rng(1), 7)


@pytest.mark.slow
def test_500_random_splits() -> None:
    for seed in range(500):
        rng = np.random.default_rng(seed)
        columns = events(
            seed, int(rng.integers(1, 40_000)), int(rng.integers(1, 200)), int(rng.integers(1_000, 10**12))
        )
        check_splits(columns, rng, int(rng.integers(1, 12)))


def test_nothing_is_the_identity() -> None:
    whole = timing.summarise(*events(3, 100, 4, 10**6))
    assert same(timing.merge([Timing(), whole, Timing()]), whole)
    assert len(timing.merge([])) == 0
    assert len(Timing().events().us) == 0
