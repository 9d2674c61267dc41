"""Topics are told by texts and codes of goods; their examples are their tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstate.catalog import inference
from flagstate.enrich.classify import infer
from flagstate.errors import CatalogError

TOPICS = inference.load()


def told(*texts: str | None) -> list[set[str]]:
    bits = infer.texts(pa.array(texts, pa.string()))
    return [{name for place, name in enumerate(infer.topics()) if int(b) >> place & 1} for b in bits]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.id)
def test_examples_tell_the_topic_and_counter_examples_do_not(topic: inference.Topic) -> None:
    for text, names in zip(topic.examples, told(*topic.examples), strict=True):
        assert topic.id in names, text
    for text, names in zip(topic.counter_examples, told(*topic.counter_examples), strict=True):
        assert topic.id not in names, text


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.id)
def test_every_term_finds_itself_in_a_sentence(topic: inference.Topic) -> None:
    for term in topic.terms:
        text = f"2 x {term.upper()} (new)" if term.isascii() else f"新{term}二个"
        assert topic.id in told(text)[0], term


def test_ordinary_goods_tell_nothing() -> None:
    goods = [
        "Cotton shirts", "USB-C cable 2 m", "Garden hose", "Phone case iPhone 17", "Kitchen knife set", "Bücherregal",
        "Chaussures de sport", "Fietsbel", "手机壳", "Running shoes men 42", "Toy car", "LED lamp", "Tomato seeds",
        "Christmas lights", "Pillow case", "Union jack mug", "Concrete vibrator 2 kW", "Car crossbar", None, "",
    ]  # fmt: skip
    assert told(*goods) == [set()] * len(goods)


def test_customs_codes_tell_by_their_first_digits() -> None:
    bits = infer.codes(pa.array(["9021.40.00", "3822 00", "6109100010", None, "401410", "14014100"]))
    names = [{n for place, n in enumerate(infer.topics()) if int(b) >> place & 1} for b in bits]
    assert names == [{"inferred_health"}, {"inferred_health"}, set(), set(), {"inferred_sex_life"}, set()]


@given(st.lists(st.sampled_from(["Prayer rug", "insulin", "shirt", None, "佛珠", "Chapelet bois"]), max_size=40))
def test_repeated_and_encoded_texts_tell_the_same(texts: list[str | None]) -> None:
    one = pa.array(texts, pa.string())
    whole = infer.texts(one)
    assert np.array_equal(whole, infer.texts(one.dictionary_encode()))
    assert np.array_equal(whole, np.array([infer.texts(pa.array([t], pa.string()))[0] for t in texts], np.uint64))


@pytest.mark.parametrize("change", [lambda t: t.replace("  hs:", "  hss:"), lambda t: t.replace("    nl:", "    xx:")])
def test_a_topic_with_another_key_or_without_a_language_is_refused(change: Callable[[str], str]) -> None:
    text = "- id: a\n  says: b\n  law: []\n  terms: {en: [], fr: [], de: [], nl: [], zh: []}\n  not: []\n  topics: []\n"
    text = text.replace(
        "{en: [], fr: [], de: [], nl: [], zh: []}", "\n    en: []\n    fr: []\n    de: []\n    nl: []\n    zh: []"
    )
    text += "  hs: []\n  examples: []\n  counter_examples: []\n"
    assert inference.parse(text, "t")
    with pytest.raises(CatalogError):
        inference.parse(change(text), "t")
