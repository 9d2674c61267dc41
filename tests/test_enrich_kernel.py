"""The kernel says of every value what `re` and the interpreted checks say, whatever array the value comes in."""

from __future__ import annotations

import random
import threading
import time

import numpy as np
import pyarrow as pa
import pytest

import kernel_oracle as oracle
from flagstate.catalog import data_class
from flagstate.enrich.classify import fingerprint, kernel, machine
from flagstate.enrich.classify.kernel import Look

KEY = bytes(range(16))
CLASSES = data_class.load()
MACHINE = machine.load()


def named(row: np.ndarray) -> set[str]:
    return {name for bit, name in enumerate(MACHINE.ids) if int(row[bit // 64]) >> (bit % 64) & 1}


def values(seed: int, size: int) -> list[str | None]:
    """Examples of all classes, as they are, changed, blank, long, and several in one text."""
    source = random.Random(seed)
    known = [text for c in CLASSES for text in (*c.examples, *c.counter_examples)]
    made: list[str | None] = [None, "", "  \t\n", "\r", "x" * 5000, "é" * 700, "\u00a0"]
    while len(made) < size:
        value = source.choice(known)
        kind = source.random()
        if kind < 0.5:
            value = oracle.mutated(value, source)
        elif kind < 0.6:
            value = f" \t{value}\n "
        elif kind < 0.8:
            glue = source.choice([" ", ", ", "; ", "=", '"', "客", "/", "x", "\n", "é"])
            value = glue.join([value, source.choice(known), oracle.mutated(source.choice(known), source)])
        made.append(value)
    return made


def same(one: Look, two: Look) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(two, name)) for name in vars(one))


@pytest.mark.parametrize("seed", [1, 2])
def test_the_answers_are_those_of_re_and_the_checks(seed: int) -> None:
    texts = values(seed, 1500)
    look = kernel.look(pa.array(texts), MACHINE, KEY, search=True)
    formed, held = dict.fromkeys(MACHINE.ids, 0), dict.fromkeys(MACHINE.ids, 0)
    for row, text in enumerate(texts):
        value = (text or "").strip(oracle.BLANKS)
        assert look.filled[row] == bool(value)
        assert look.sizes[row] == len(value.encode())
        if not value:
            assert not look.marks[row]
            assert not look.whole[row].any()
            continue
        assert look.marks[row] == fingerprint.of(value.encode(), KEY)
        forms, holds = oracle.whole(value, CLASSES)
        assert named(look.whole[row]) == holds, value
        if len(value) < 400:
            assert named(look.inside[row]) == oracle.inside(value, CLASSES) - holds, value
        for name in forms:
            formed[name] += 1
            held[name] += name in holds
    assert dict(zip(MACHINE.ids, map(int, look.formed), strict=True)) == formed
    assert dict(zip(MACHINE.ids, map(int, look.held), strict=True)) == held


def test_examples_of_every_class_are_seen() -> None:
    for c in CLASSES:
        if c.shape:
            look = kernel.look(pa.array(c.examples), MACHINE, KEY, search=False)
            wanted = [oracle.whole(text.strip(oracle.BLANKS), [c])[1] for text in c.examples]
            assert [c.id in named(row) for row in look.whole] == [bool(w) for w in wanted], c.id


def test_the_layout_of_the_array_changes_nothing() -> None:
    texts = values(3, 600)
    plain = kernel.look(pa.array(texts), MACHINE, KEY, search=True)
    for kind in (pa.large_string(), pa.string_view()):
        assert same(plain, kernel.look(pa.array(texts, pa.string()).cast(kind), MACHINE, KEY, search=True))
    halves = pa.chunked_array([pa.array(texts[:250]), pa.array(texts[250:])])
    assert same(plain, kernel.look(halves, MACHINE, KEY, search=True))
    padded = pa.array(["4111 1111 1111 1111", None, "x", *texts, "a@b.example"]).slice(3, len(texts))
    assert same(plain, kernel.look(padded, MACHINE, KEY, search=True))


def test_a_dictionary_is_looked_at_once_and_answers_for_all_rows() -> None:
    source = random.Random(4)
    texts = [source.choice(values(4, 60)) for _ in range(900)]
    plain = kernel.look(pa.array(texts, pa.string()), MACHINE, KEY, search=True)
    assert plain.held.any()
    encoded = pa.array(texts, pa.string()).dictionary_encode()
    assert same(plain, kernel.look(encoded, MACHINE, KEY, search=True))
    cut = kernel.look(encoded.slice(10, 200), MACHINE, KEY, search=True)
    assert same(cut, kernel.look(pa.array(texts[10:210], pa.string()), MACHINE, KEY, search=True))
    many = [f"{number}@b.example" for number in range(128)]
    small = pa.DictionaryArray.from_arrays(pa.array([*range(128), None], pa.int8()), pa.array(many))
    assert kernel.look(small, MACHINE, KEY, search=False).held[MACHINE.ids.index("email")] == 128
    single = pa.DictionaryArray.from_arrays(pa.array([0, None, 0, 0]), pa.array(["a@b.example"]))
    assert kernel.look(single, MACHINE, KEY, search=False).held[MACHINE.ids.index("email")] == 3


def test_empty_arrays_and_others() -> None:
    for empty in (pa.array([], pa.string()), pa.array([None, None], pa.string()), pa.nulls(2, pa.large_string())):
        look = kernel.look(empty, MACHINE, KEY, search=True)
        assert len(look.filled) == len(empty)
        assert not look.filled.any()
        assert not look.held.any()
    with pytest.raises(TypeError, match="strings"):
        kernel.look(pa.array([1, 2]), MACHINE, KEY, search=False)
    with pytest.raises(ValueError, match="16 bytes"):
        kernel.look(pa.array(["x"]), MACHINE, b"short", search=False)


def test_one_wrong_digit_is_not_the_class() -> None:
    look = kernel.look(pa.array(["DE89370400440532013000", "DE89370400440532013001"]), MACHINE, KEY, search=False)
    assert "iban" in named(look.whole[0])
    assert "iban" not in named(look.whole[1])
    assert (look.formed - look.held)[MACHINE.ids.index("iban")] == 1


def test_finds_do_not_start_or_end_inside_a_run() -> None:
    card = "4111111111111111"
    texts = [f"pay {card} now", f"pay x{card} now", f"pay {card}9x", f"客{card}客", f"{card}", f"#{card}"]
    look = kernel.look(pa.array(texts), MACHINE, KEY, search=True)
    assert ["card" in named(row) for row in look.inside] == [True, False, False, True, False, True]


def test_a_find_lies_anywhere_in_a_long_value() -> None:
    for before in (0, 1, 999, 1_000_000):
        value = "lorem " * (before // 6 + 1) + "john.doe@mail.example, paid" + " ipsum" * 2000
        look = kernel.look(pa.array([value]), MACHINE, KEY, search=True)
        assert "email" in named(look.inside[0])
        assert not kernel.look(pa.array([value]), MACHINE, KEY, search=False).inside.any()


@pytest.mark.parametrize("piece", ["a", "1-", "@", "a@", "a.", "1:", "AB12 ", "postgres://a:", "é", "0", "eyJ", "-a-@"])
def test_work_on_hostile_text_is_bounded(piece: str) -> None:
    text = pa.array([piece * (600_000 // len(piece))], pa.large_string())
    begun = time.thread_time()
    kernel.look(text, MACHINE, KEY, search=True)
    # A quadratic search would take an hour.
    assert time.thread_time() - begun < 5


def test_bytes_that_are_no_text_end_well() -> None:
    source = random.Random(5)
    pieces = [bytes(source.randrange(256) for _ in range(source.randrange(60))) for _ in range(3000)]
    wild = pa.Array.from_buffers(pa.string(), len(pieces), pa.array(pieces, pa.binary()).buffers())
    look = kernel.look(wild, MACHINE, KEY, search=True)
    stripped = [piece.strip(oracle.BLANKS.encode()) for piece in pieces]
    assert [int(mark) for mark in look.marks] == [fingerprint.of(piece, KEY) if piece else 0 for piece in stripped]


def test_threads_get_the_same_answers() -> None:
    texts = pa.array(values(6, 3000))
    alone = kernel.look(texts, MACHINE, KEY, search=True)
    found: list[Look] = []

    def work() -> None:
        found.extend(kernel.look(texts, MACHINE, KEY, search=True) for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20
    assert all(same(alone, one) for one in found)


def test_another_key_gives_other_marks() -> None:
    texts = pa.array(["a@b.example", "John"])
    one, two = (kernel.look(texts, MACHINE, key, search=False).marks for key in (KEY, bytes(16)))
    assert not set(one.tolist()) & set(two.tolist())
