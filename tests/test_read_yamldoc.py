"""YAML documents: settings as tables, aliases within measure, and texts that only look like YAML."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.read import yamldoc
from flagstate.read.part import Head
from flagstate.read.registry import identify
from format_runs import CANARY, bears_cuts, read, run

DATA = Path(__file__).parent / "data"


def test_keys_are_columns_and_lists_are_tables() -> None:
    said = read(yamldoc.READER, DATA / "yaml/values.yaml")
    (row,) = said.rows("sample")
    assert row["database.password"] == "correct horse"
    assert row["image.tag"] == "1.4"
    assert row["workers.image.repository"] == "registry.lucky.example/shop", "an alias stands for what it names"
    assert said.rows("contacts[]")[1] == {
        "name": "Jörg Öztürk",
        "email": "j.o@kunde.example",
        "phone": "+49 221 555010",
    }
    second = said.rows("workers.env[]")[1]
    assert second["value.owner.email"] == "o@lucky.example", "JSON inside a value is opened"


def test_several_documents() -> None:
    said = run(yamldoc.READER, b"---\nkind: A\nspec:\n  x: 1\n---\nkind: B\nspec:\n  y: 2\n")
    assert said is not None
    assert said.rows("sample") == [{"kind": "A", "spec.x": "1"}, {"kind": "B", "spec.y": "2"}]


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize("text", [BOMB + "end:\n  z: *j\n", "a: &a\n  b: 1\n  c: *a\n", "a: &a\n  - b: 1\n  - *a\n"])
def test_alias_bombs_are_refused_with_the_reason_before_they_grow(text: str) -> None:
    began = time.monotonic()
    said = run(yamldoc.READER, text.encode())
    assert said is not None
    assert "expand" in said.refused or "holds itself" in said.refused
    late = "first:\n" + "".join(f"  k{n}: v\n" for n in range(9000)) + text
    said = run(yamldoc.READER, late.encode())
    assert said is not None
    assert "expand" in said.error or "holds itself" in said.error
    assert not said.tables
    assert time.monotonic() - began < 5


def test_tags_are_not_obeyed() -> None:
    said = run(yamldoc.READER, b"x:\n  y: !!python/object/apply:os.system ['true']\n  z: !custom 1\n")
    assert said is not None
    assert said.rows("sample") == [{"x.y": "true", "x.z": "1"}]


def test_what_follows_a_damage_is_searched_as_text() -> None:
    text = "---\nkind: A\nspec:\n  x: 1\n---\nkind: B\nspec:\n  y: [1, 2\nz: q\n  bad: indent\n"
    padded = text.replace("x: 1", "x: 1\n  long: " + "v" * 70_000)
    said = run(yamldoc.READER, padded.encode())
    assert said is not None
    assert said.rows("sample")[0]["kind"] == "A"
    assert "bad: indent" in said.texts["sample › text"]
    assert said.lost


@pytest.mark.parametrize(
    "text",
    [
        "", "a: 1", "Dear all:\n  please note: this\nis a letter\nof many lines\nwithout keys\n", "{}", "[1, 2]",
        "Host: x\nAccept: y\nUser-Agent: z\n", "12:00:01 INFO: started\n12:00:02 INFO: done\n", "x = 1\ny: int = 2\n",
        "a,b\n1,2\n", "def f(x):\n    if x:\n        return\n    else:\n        pass\n",
        "key: [unclosed\nother: {\n  x: 1\n",
        "<a>\n  b: c\n</a>\n",
    ],
)  # fmt: skip
def test_look_alikes_are_not_ours(text: str) -> None:
    assert yamldoc.READER.recognise(Head(text.encode(), len(text), ".yaml")) is None


def test_a_declaration_goes_to_its_own_reader() -> None:
    data = (DATA / "estate/estate.yaml").read_bytes()
    reader, _ = identify(Head(data[:65536], len(data), ".yaml"))
    assert reader is not None
    assert reader.name == "estate"


def test_cut_anywhere_and_names_are_masked() -> None:
    bears_cuts(yamldoc.READER, DATA / "yaml/values.yaml")
    said = run(yamldoc.READER, f"users:\n  {CANARY}: 1\n  other: 2\n".encode())
    assert said is not None
    assert CANARY not in said.words()
    assert CANARY in str(said.rows("sample"))


@pytest.mark.parametrize(
    "text",
    [
        "a:\n" + "".join(" " * n + "b:\n" for n in range(1, 400)), "a:\n  b: " + "[" * 20_000,
        "a:\n  b: '" + "x" * (3 << 20) + "'\nc: 1\n",
        "a:\n" + "  - k: v\n" * 20_000,
        "".join(f"k{n}:\n  v: 1\n" for n in range(4000)),
        "a: &a b\nc:\n  - *a\n" + "  - *a\n" * 50_000,
    ],
    ids=range(6),
)  # fmt: skip
def test_hostile_documents_take_no_time(text: str) -> None:
    began = time.monotonic()
    run(yamldoc.READER, text.encode())
    assert time.monotonic() - began < 10


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("ab:-[]{}&*!|>'\"# \n\t?,%@1é"), max_size=120), st.integers(0, 900))
def test_no_damage_makes_it_crash(noise: str, at: int) -> None:
    data = (DATA / "yaml/values.yaml").read_bytes()
    at %= len(data)
    run(yamldoc.READER, data[:at] + noise.encode() + data[at:])
    run(yamldoc.READER, b"a:\n  b: 1\nc: 2\n" + noise.encode())
