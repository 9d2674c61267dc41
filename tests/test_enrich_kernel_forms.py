"""Forms become automata that say what `re` says; tables are made of the shipped classes; fingerprints are SipHash."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kernel_oracle as oracle
from flagstate.catalog import data_class
from flagstate.enrich.classify import automaton, fingerprint, kernel, machine, tables
from flagstate.errors import CatalogError

CLASSES = data_class.load()
FORMS = sorted(
    {(text, True) for c in CLASSES if (text := c.shape)} | {(c.find, False) for c in CLASSES if c.find and c.search}
)


@cache
def made(form: tuple[str, bool]) -> automaton.Automaton:
    """Return the automaton of a form; every test process imports this file, and one or two run it."""
    return automaton.automaton(form[0], beside=form[1])


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.data())
def test_every_form_says_what_re_says(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(FORMS))
    value = data.draw(st.from_regex(form[0], fullmatch=True))
    source = random.Random(data.draw(st.integers(0, 2**32)))
    for text in (value, *(oracle.mutated(value, source) for _ in range(6))):
        if not any("\ud800" <= char <= "\udfff" for char in text):
            wanted = bool(re.fullmatch(form[0], text))
            assert made(form).holds(text.encode()) == wanted, (form, text)


def test_examples_of_one_class_tried_on_all_forms() -> None:
    source = random.Random(7)
    texts = [text for c in CLASSES for text in (*c.examples, *c.counter_examples)]
    for text in source.sample(texts, 60):
        for form in FORMS:
            assert made(form).holds(text.encode()) == bool(re.fullmatch(form[0], text)), (form, text)


@pytest.mark.parametrize(
    "pattern",
    [
        "(?i:straSSe|K[i-k]s)",
        "[^\\sa]{2,40}",
        ".{2,20}",
        "[\\w-]+é?",
        "(?:a|b{2,3}|[^é]){1,4}",
        "[à-ÿ€]*x",
        "\\D{3}",
        "(?i:[^k])",
    ],
)
def test_constructs_of_the_subset(pattern: str) -> None:
    form = automaton.automaton(pattern)
    source = random.Random(pattern)
    alphabet = "aAbBkKsSſ\u212aiıİ0 \u00a0\u2003\u3000\n-_éÉÿ€客😀ßx"
    for _ in range(4000):
        text = "".join(source.choices(alphabet, k=source.randrange(9)))
        assert form.holds(text.encode()) == bool(re.fullmatch(pattern, text)), text


@pytest.mark.parametrize("pattern", ["a(?=b)", "(a)\\1", "\\bx", "^a", "a$", "a*?b", "(?<!a)b"])
def test_what_is_outside_the_subset_is_refused(pattern: str) -> None:
    with pytest.raises(CatalogError, match="outside the subset"):
        automaton.automaton(pattern)


def test_a_form_that_explodes_is_refused() -> None:
    with pytest.raises(CatalogError, match="too many states"):
        automaton.automaton("[ab]*a[ab]{20}")


def test_the_shipped_tables_are_of_the_shipped_classes() -> None:
    assert machine.shipped(CLASSES) is not None, "run python tools/build_shapes.py"


def test_a_packed_machine_is_read_back() -> None:
    classes = tuple(c for c in CLASSES if c.group == "financial")
    one, two = machine.build(classes, {}), machine.build(classes, {})
    content = machine.packed(one, classes)
    assert content == machine.packed(two, classes)


def test_a_new_class_works_at_once() -> None:
    added = oracle.Form("badge", shape="(?i:badge)-[0-9]{4}", search="yes")
    classes = (*(c for c in CLASSES if c.id in ("card", "email", "city", "person_name")), added)
    made = machine.load(classes)
    look = kernel.look(pa.array(["Badge-1234", "see badge-0001, ok", "badge-12345"]), made, bytes(16), search=True)
    bit = np.uint64(made.ids.index("badge"))
    assert (look.whole[:, 0] >> bit & np.uint64(1)).tolist() == [1, 0, 0]
    assert (look.inside[:, 0] >> bit & np.uint64(1)).tolist() == [0, 1, 0]


def test_groups_that_need_too_many_states_are_split(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "BOUND", 150)
    classes = tuple(c for c in CLASSES if c.id in ("card", "iban", "phone", "postcode", "parcel_s10", "ipv4"))
    made = machine.build(classes, {})
    assert (made.whole.starts > 0).sum() > 2
    texts = [text for c in classes for text in (*c.examples, *c.counter_examples)]
    look = kernel.look(pa.array(texts), made, bytes(16), search=False)
    for row, text in enumerate(texts):
        held = {name for bit, name in enumerate(made.ids) if int(look.whole[row, 0]) >> bit & 1}
        assert held == oracle.whole(text, classes)[1]


def test_fingerprints_are_siphash_1_3() -> None:
    # CPython hashes bytes with SipHash-1-3, and with the key 0 when the seed is 0.
    if sys.hash_info.algorithm != "siphash13":
        pytest.skip("This Python hashes otherwise")
    values = [random.Random(size).randbytes(size) for size in range(1, 70)]
    code = "import sys; print(*[hash(bytes.fromhex(v)) % 2**64 for v in sys.argv[1:]])"
    said = subprocess.run(
        [sys.executable, "-c", code, *(v.hex() for v in values)],
        env={**os.environ, "PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert [fingerprint.of(value, bytes(16)) for value in values] == list(map(int, said))
    # A vector of the Rust standard library: the empty value under the key 0, 1, … 15.
    assert fingerprint.of(b"", bytes(range(16))) == 0xABAC0158050FC4DC
