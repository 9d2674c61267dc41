"""The published form of the declaration: the reader and any validator of JSON Schema agree on every file."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.catalog import countries, form, strict
from flagstate.errors import DeclarationError
from flagstate.read import estate, estate_parties

ROOT = Path(__file__).parent.parent
EXAMPLE = Path(__file__).parent / "data" / "estate" / "estate.yaml"
SCHEMA: dict[str, Any] = estate.schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)


def plain(node: strict.Node) -> Any:
    if node.kind == "object":
        return {k: plain(v) for k, v in node.pairs.items()}
    return [plain(i) for i in node.items] if node.kind == "array" else node.value


TREE = plain(strict.load(EXAMPLE.read_bytes(), name="estate.yaml"))


def places(tree: Any) -> list[tuple[Any, Any]]:
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [found for key, value in inner for found in ((tree, key), *places(value))]


ODD = st.sampled_from(
    [None, True, 7, -1, 2.5, "x", "", "DE", "UK", "unknown", "2026-02-29", "2026-02-28", [], [1, 2], ["DE"], {},
     {"x": 1}, "person", "10.0.0.0/8", "cay", ["cay"], {"cay": 10}, 10**16, "sov_1", "a b"]
).map(copy.deepcopy)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_reader_and_schema_agree(data: st.DataObject) -> None:
    tree = copy.deepcopy(TREE)
    for _ in range(data.draw(st.integers(1, 2))):
        inside, key = data.draw(st.sampled_from(places(tree)))
        if isinstance(inside, dict) and data.draw(st.booleans()):
            known = sorted({path.rsplit(".", 1)[-1] for path, _ in form.outline(SCHEMA)})
            inside[data.draw(st.sampled_from([*known, "surprise"]))] = data.draw(ODD)
        else:
            inside[key] = data.draw(ODD)
    valid = VALIDATOR.is_valid(tree)
    try:
        form.check(strict.load(json.dumps(tree).encode(), name="f"), SCHEMA)
    except DeclarationError:
        assert not valid
    else:
        assert valid


def keywords(schema: Any) -> set[str]:
    found = set(schema) if isinstance(schema, dict) else set()
    for key, value in schema.items() if isinstance(schema, dict) else ():
        if key in ("properties", "$defs"):
            found |= set().union(*(keywords(part) for part in value.values()))
        elif key == "anyOf":
            found |= set().union(*(keywords(part) for part in value))
        elif isinstance(value, dict):
            found |= keywords(value)
    return found


def test_the_form_uses_only_what_is_enforced() -> None:
    assert keywords(SCHEMA) <= form.KEYWORDS
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert VALIDATOR.is_valid(TREE)


def test_alternatives_differ_in_type() -> None:
    def walk(part: Any) -> None:
        if isinstance(part, dict):
            kinds: list[str] = []
            for option in part.get("anyOf", ()):
                found = form.resolve(option, SCHEMA)
                inner = [form.resolve(o, SCHEMA) for o in found.get("anyOf", (found,))]
                kinds += [k for o in inner for k in ([o["type"]] if isinstance(o["type"], str) else o["type"])]
            assert len(kinds) == len(set(kinds))
            assert not {"number", "integer"} <= set(kinds)
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for value in part:
                walk(value)

    walk(SCHEMA)


def test_every_key_is_described_and_read() -> None:
    lines = form.outline(SCHEMA)
    assert [path for path, text in lines if not text.endswith(".")] == []
    keys = {p.rsplit(".", 1)[-1] for p, _ in lines if p.count(".") == 2 and p.split(".")[0] in ("entities", "assets")}
    assert {key for key in keys if key.endswith("_by")} <= set(estate_parties.INTERESTS) <= keys
    assert set(SCHEMA["$defs"]["country"]["enum"]) == countries.CODES
    assert set(SCHEMA["$defs"]["government"]["enum"]) == countries.CODES | set(countries.GROUPS)


def test_documents_are_the_form() -> None:
    shipped = (ROOT / "src/flagstate/catalog/data/estate.schema.json").read_bytes()
    assert (ROOT / "docs/estate.schema.json").read_bytes() == shipped
    page = (ROOT / "docs/declaration.md").read_text("utf-8")
    for path, text in form.outline(SCHEMA):
        assert f"| `{path}` | {text} |" in page


def test_a_line_feed_hides_from_no_pattern() -> None:
    # ECMA patterns end at the end; Python's $ also matches before a last line feed, and so do validators in Python.
    node = strict.load(b'"a\\n"', name="f")
    with pytest.raises(DeclarationError):
        form.check(node, {"type": "string", "pattern": "^a$"})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (f"title: {'x' * 10_000}", "The text has 10,000 characters. Write text or nothing, at most 500 characters"),
        ("needs: {a: [[]]}", "The list has 0 entries. Write a list ([a, b]), at least 1 entry"),
        ("holdings: [{at: a, classes: [name], split: {of: x, needs: 0}}]", "at least 1 and at most 1,000"),
        ("needs: {a: [{any: [b], buffer_h: -2}]}", "Write a number, at least 0 and at most 1,000,000"),
    ],
)
def test_what_is_too_much_or_too_little_is_told_with_what_is_allowed(text: str, fault: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        form.check(strict.load(text.encode(), name="f"), SCHEMA)
    assert str(caught.value).endswith(fault)
