"""Strict YAML: what was written stays what was written, and every refusal names its line."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.catalog import strict
from flagstate.errors import DeclarationError


def value(text: str) -> object:
    return strict.load(f"k: {text}".encode(), name="f.yaml").pairs["k"].value


@pytest.mark.parametrize(
    "text",
    [
        *[
            "NO",
            "no",
            "on",
            "off",
            "yes",
            "True",
            "NULL",
            "~",
            "010203",
            "12:30:00",
            "1_000",
            "0x10",
            ".inf",
            "1e5",
            "+1",
        ],
        *["2026-10-01", "1.", ".5", "00", "٣", "9" * 19, "1.2.3", "0o7"],
    ],
)
def test_everything_else_is_text(text: str) -> None:
    assert value(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("true", True), ("false", False), ("null", None), ("", None), ("0", 0), ("-3", -3), ("33.30", 33.3), ("0.5", 0.5)],
)
def test_words_and_decimals(text: str, expected: object) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("text", ["'true'", '"1"', "'null'", "|\n  5"])
def test_quoted_is_text(text: str) -> None:
    assert isinstance(value(text), str)


def test_lines_and_paths() -> None:
    tree = strict.load(b"a:\n  - x\n  - b: [1,\n       2]\n", name="f.yaml")
    inner = tree.pairs["a"].items[1].pairs["b"].items[1]
    assert (inner.line, inner.column, inner.path) == (4, 8, "a[1].b[1]")
    assert inner.where == "f.yaml:4 a[1].b[1]"
    assert tree.pairs["a"].line == 1


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3 a", "stands twice"),
        ("a: &x 1\nb: *x\n", "f.yaml:1 a", "Anchors"),
        ("a: 1\nb: *x\n", "f.yaml:2 b", "Anchors"),
        ("a:\n  <<: {b: 1}\n", "f.yaml:2 a", "Merge"),
        ("a: !!python/object:os.system x\n", "f.yaml:1 a", "Tags"),
        ("a: ! x\n", "f.yaml:1 a", "Tags"),
        ("? [a, b]\n: 1\n", "f.yaml:1", "key must be plain"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2", "second document"),
        ("a: [1\nb: 2\n", "f.yaml:2", "not valid YAML"),
        ("a: 1\n\tb: 2\n", "f.yaml:2", "not valid YAML"),
        ("a: 1\nb: \x07\n", "f.yaml:2", "control character"),
        ("a: " + "[" * 40 + "]" * 40, "f.yaml:1 a[0]", "nested"),
    ],
)
def test_refused(text: str, where: str, what: str) -> None:
    with pytest.raises(DeclarationError, match=what) as caught:
        strict.load(text.encode(), name="f.yaml")
    assert caught.value.where.startswith(where)
    assert caught.value.todo


def test_refused_bytes() -> None:
    with pytest.raises(DeclarationError, match="UTF-8") as caught:
        strict.load(b"a: 1\nb: \xff\n", name="f.yaml")
    assert caught.value.where == "f.yaml:2"
    with pytest.raises(DeclarationError, match="5 MB"):
        strict.load(b"a" * (strict.MAX_BYTES + 1), name="f.yaml")


def test_many_aliases_never_expand() -> None:
    bomb = "a: &a [x,x]\n" + "".join(f"{c}: &{c} [*{p},*{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True))
    with pytest.raises(DeclarationError, match="Anchors"):
        strict.load(bomb.encode(), name="f.yaml")


def test_errors_show_no_control_marks() -> None:
    with pytest.raises(DeclarationError) as caught:
        strict.load(b'"\\u202e\\u001b]8;;x": 1\n"\\u202e\\u001b]8;;x": 2\n', name="f.yaml")
    assert str(caught.value).isprintable()


TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.text(st.characters(categories=["L", "N", "P", "S"], include_characters=" \n\t"), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), inner),
    max_leaves=20,
)


def plain(node: strict.Node) -> object:
    if node.kind == "object":
        return {k: plain(v) for k, v in node.pairs.items()}
    return [plain(i) for i in node.items] if node.kind == "array" else node.value


@settings(max_examples=100, deadline=None)
@given(TREES)
def test_json_reads_as_itself(tree: object) -> None:
    assert plain(strict.load(json.dumps(tree, ensure_ascii=False).encode(), name="f.yaml")) == tree


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.text("ab:-[]{}#&*!'\"\n \t?|>,", max_size=40).map(str.encode))
def test_any_bytes_read_or_are_refused(data: bytes) -> None:
    with contextlib.suppress(DeclarationError):
        assert strict.load(data, name="f.yaml").file == "f.yaml"
