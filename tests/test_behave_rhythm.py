"""Rhythms: chance stays below its bound, and compiled loops give what plain ones give."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.enrich.behave import rhythm, rhythm_loops
from flagstate.enrich.behave.compiled import _compiled
from flagstate.enrich.behave.timing import Events


def series(rows: list[np.ndarray]) -> Events:
    us = np.concatenate(rows).astype(np.int64)
    offset = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    ones = np.ones(len(us), np.int64)
    return Events(offset, us, ones, 300 * ones, 200 * ones, np.zeros(len(rows), np.int8))


def test_chance_surprises_no_more_than_its_bound() -> None:
    rng, count = np.random.default_rng(1), 3000
    made = series([np.cumsum(rng.exponential(1e8, 20)) for _ in range(count)])
    out = np.zeros((count, rhythm_loops.WINDOW))
    # All windows are tried here, so that the bound is tested at its worst.
    _compiled(rhythm_loops.windows)(made.offset, made.us, rhythm.RATIOS, rhythm.CHANCES, rhythm.LEAST, out)
    surprise = np.sort(out[:, 0])[::-1] - rhythm.TRIALS
    for chance in (0.01, 0.003):
        assert surprise[int(chance * count)] < -math.log(chance)


def test_the_largest_share_of_exponential_intervals() -> None:
    start = np.linspace(0.01, 5, 20_000)
    for ratio, chance in zip(rhythm.RATIOS, rhythm.CHANCES, strict=True):
        assert (np.exp(-start) - np.exp(-ratio * start)).max() == pytest.approx(chance, rel=1e-4)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 60))
def test_compiled_and_plain_loops_agree(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    made = series([np.cumsum(rng.integers(0, 10 ** rng.integers(1, 9), size)) for _ in range(4)])
    results = []
    for loop in (rhythm_loops.windows, _compiled(rhythm_loops.windows)):
        out = np.zeros((4, rhythm_loops.WINDOW))
        loop(made.offset, made.us, rhythm.RATIOS, rhythm.CHANCES, rhythm.LEAST, out)
        results.append(out)
    np.testing.assert_allclose(results[0], results[1], rtol=1e-12)
    assert (results[0][:, 3] <= results[0][:, 4]).all()


def test_series_are_taken_in_the_order_asked_for() -> None:
    made = series([np.arange(3), np.arange(5), np.empty(0), np.arange(2)])
    taken = rhythm.take(made, np.array([3, 1, 2]))
    assert taken.offset.tolist() == [0, 2, 7, 7]
    assert taken.us.tolist() == [0, 1, 0, 1, 2, 3, 4]


def test_extreme_times_and_one_moment_do_not_break() -> None:
    made = series([np.zeros(300), np.sort([-(2**61), 0, 2**61] * 100), np.arange(300) * 10**12])
    found = rhythm.find(made)
    assert np.isfinite(found.surprise).all()
    assert 2 in found.owner.tolist()
