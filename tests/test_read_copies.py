"""Near-copies among texts, by what they share."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.read import copies
from flagstate.read.copies import Seen
from made_texts import article, edited, vocabulary

RNG = random.Random(7)
WORDS = vocabulary(RNG)


def compared(*texts: list[str], days: tuple[str | None, ...] = ()) -> list[copies.Pair]:
    seen = [Seen(str(at), len(text), days[at] if days else None) for at, text in enumerate(texts)]
    return copies.pairs(seen, [copies.sketch(text) for text in texts])


def exact(one: list[str], other: list[str]) -> float:
    first, second = copies.runs(one), copies.runs(other)
    return len(first & second) / len(first | second)


@pytest.mark.parametrize("part", [0.0, 0.1, 0.2, 0.3, 0.4])
def test_a_copy_is_proposed_and_its_bounds_hold_what_is_counted(part: float) -> None:
    first = article(RNG, WORDS, 900)
    second = edited(RNG, first, part, WORDS)
    (pair,) = compared(first, second, article(RNG, WORDS, 900), article(RNG, WORDS, 700))
    assert {pair.first, pair.second} == {0, 1}
    assert pair.alike[0] - 1e-9 <= exact(first, second) <= pair.alike[2] + 1e-9


def test_a_quoted_notice_is_inside_a_long_text() -> None:
    notice = article(RNG, WORDS, 120)
    long = [*article(RNG, WORDS, 4000), *notice, *article(RNG, WORDS, 4000)]
    (pair,) = compared(long, notice, article(RNG, WORDS, 5000))
    assert (pair.first, pair.second) == (0, 1)
    assert pair.alike[0] < copies.ALIKE
    assert pair.second_in_first > 0.6 > 0.1 > pair.first_in_second


def test_the_older_is_first_only_where_both_say_so() -> None:
    first = article(RNG, WORDS, 300)
    second = [*first, *article(RNG, WORDS, 50)]
    told = [compared(first, second, days=days)[0] for days in (
        ("2023-10-05", "2023-10-09"), ("2023-10-09", "2023-10-05"), ("2023-10-09", None), ("2023-10-09", "2023-10-09"),
    )]  # fmt: skip
    assert [(pair.first, pair.older) for pair in told] == [(0, True), (1, True), (0, False), (1, False)]


def test_words_have_no_case_and_signs_stand_alone() -> None:
    assert copies.words("Ａ Stored—in Germany!") == ["a", "stored", "in", "germany"]
    assert copies.words("数据在德国 ok") == ["数", "据", "在", "德", "国", "ok"]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), part=st.floats(0, 0.6), length=st.integers(60, 1200))
def test_the_sketch_of_a_short_text_is_exact(seed: int, part: float, length: int) -> None:
    rng = random.Random(seed)
    first = article(rng, WORDS, length)
    second = edited(rng, first, part, WORDS)
    for pair in compared(first, second):
        assert pair.alike[1] == pytest.approx(exact(first, second), abs=0.02)
        assert 0 <= pair.first_in_second <= 1
        assert 0 <= pair.second_in_first <= 1


def test_of_many_texts_the_pairs_are_found_without_comparing_all() -> None:
    texts = [article(RNG, WORDS, 250) for _ in range(120)]
    texts += [edited(RNG, text, 0.2, WORDS) for text in texts[:20]]
    sketches = [copies.sketch(text) for text in texts]
    candidates = list(copies._candidates(sketches))
    assert len(candidates) < len(texts) * (len(texts) - 1) / 2 / 10
    found = {(min(p.first, p.second), max(p.first, p.second)) for p in compared(*texts)}
    assert found == {(at, 120 + at) for at in range(20)}
