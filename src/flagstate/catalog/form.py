"""Checks a strict tree against a published form, and says on which line what should stand.

A form is a JSON Schema (2020-12), so that editors complete it; this reads the part of it that our forms use, and
`x-write`, which says in words what to write there. One file is both what is published and what is enforced.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from flagstate.catalog.countries import meant
from flagstate.catalog.strict import Node, fail

Schema = Mapping[str, Any]

# fmt: off
KEYWORDS = frozenset({
    "$schema", "$id", "$ref", "$defs", "title", "description", "examples", "type",
    "properties", "additionalProperties", "propertyNames", "required", "items", "minItems", "maxItems", "enum",
    "pattern", "format", "minimum", "maximum", "minLength", "maxLength", "minProperties", "anyOf",
    "x-write",
})
# fmt: on
"""The keywords that are enforced or only describe; a form with any other is not ours."""

_KINDS = {
    "object": "a mapping (key: value)",
    "array": "a list ([a, b])",
    "string": "text",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}
_LETTERS = (" character", " characters")
_ENTRIES = (" entry", " entries")


def near(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is closest to a mistyped one, or None if none is close."""
    found = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def as_date(text: str) -> date | None:
    """Return the date that YYYY-MM-DD names, or None."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def check(node: Node, schema: Schema, root: Schema | None = None) -> None:
    """Raise for the first value, in the order of the file, that the form does not allow.

    Args:
        node: The value.
        schema: What may stand there.
        root: The whole form, in which references are looked up; null: `schema` itself.

    Raises:
        DeclarationError: With file, line and key, and what to write instead.
    """
    root = schema if root is None else root
    schema = _choose(node, resolve(schema, root), root)
    kind = node.kind
    if "type" in schema and kind not in _types(schema) and not (kind == "number" and _whole(node, schema)):
        raise _misfit(node, schema)
    if kind == "object":
        _check_object(node, schema, root)
    elif kind == "array":
        _check_array(node, schema, root)
    elif kind == "string":
        _check_text(node, schema)
    elif kind == "number":
        _check_number(node, schema)


def resolve(schema: Schema, root: Schema) -> Schema:
    """Return the schema that a `$ref` stands for, with what is written beside the reference laid over it."""
    while "$ref" in schema:
        rest = {k: v for k, v in schema.items() if k != "$ref"}
        schema = {**root["$defs"][schema["$ref"].rsplit("/", 1)[1]], **rest}
    return schema


def _types(schema: Schema) -> tuple[str, ...]:
    named = schema.get("type", ())
    return (named,) if isinstance(named, str) else tuple(named)


def _whole(node: Node, schema: Schema) -> bool:
    return "integer" in _types(schema) and float(node.value).is_integer()


def _choose(node: Node, schema: Schema, root: Schema) -> Schema:
    """Return the alternative whose type fits; the alternatives of our forms differ in type."""
    if "anyOf" not in schema:
        return schema
    for option in schema["anyOf"]:
        option = _choose(node, resolve(option, root), root)
        if node.kind in _types(option) or (node.kind == "number" and _whole(node, option)):
            return option
    raise _misfit(node, schema)


def _wanted(schema: Schema) -> str:
    """Return what to write, in words."""
    if "x-write" in schema:
        return f"Write {schema['x-write']}"
    if "enum" in schema and len(schema["enum"]) <= 16:
        return f"Write one of: {', '.join(map(str, schema['enum']))}"
    kinds = [_KINDS.get(k, "a whole number") for k in _types(schema)]
    return f"Write {' or '.join(kinds)}" if kinds else "See the form of the declaration"


def _within(schema: Schema, what: str, unit: tuple[str, str] = ("", "")) -> str:
    """Return what to write, in words, with how much of it is allowed: `what` is Length, Items or imum."""
    told = (("at least", schema.get(f"min{what}")), ("at most", schema.get(f"max{what}")))
    bounds = [(f"{word} {bound:,.0f}", bound) for word, bound in told if bound is not None]
    return f"{_wanted(schema)}, {' and '.join(words for words, _ in bounds)}{unit[bounds[-1][1] != 1]}"


def _misfit(node: Node, schema: Schema) -> Exception:
    types = _types(schema)
    if node.kind == "null":
        return fail(node, "There is no value here", f"{_wanted(schema)}, or delete the line")
    if "string" in types and node.kind in ("number", "boolean"):
        return fail(node, f"This is read as {_KINDS[node.kind]}, and text is needed", "Put it between quotes")
    if node.kind == "number" and "integer" in types:
        return fail(node, "A whole number is needed here", _wanted(schema))
    return fail(node, f"{_KINDS[node.kind][0].upper()}{_KINDS[node.kind][1:]} cannot stand here", _wanted(schema))


def _check_object(node: Node, schema: Schema, root: Schema) -> None:
    known: Mapping[str, Schema] = schema.get("properties", {})
    other = schema.get("additionalProperties", True)
    names = schema.get("propertyNames")
    for key, value in node.pairs.items():
        if key in known:
            check(value, known[key], root)
            continue
        if other is False:
            close = near(key, known)
            hint = f"Did you mean {close}?" if close else f"Known here: {', '.join(sorted(known))}"
            raise fail(value, f"The key {node.show(key)} is not known", hint)
        if names is not None:
            _check_name(key, value, resolve(names, root))
        if isinstance(other, Mapping):
            check(value, other, root)
    for key in schema.get("required", ()):
        if node.get(key) is None:
            raise fail(
                node, f"The key {key} is missing", _wanted(resolve(known[key], root)).replace("Write", f"Add {key}:")
            )
    if len(node.pairs) < schema.get("minProperties", 0):
        raise fail(node, "There is nothing in it", _wanted(schema))


def _check_name(key: str, value: Node, schema: Schema) -> None:
    allowed = schema.get("enum")
    if allowed is not None and key not in allowed:
        close = near(key, allowed)
        hint = f"Did you mean {close}?" if close else _wanted(schema)
        raise fail(value, f"The key {value.show(key)} cannot stand here", hint)
    pattern = schema.get("pattern")
    if pattern is not None and not _has_form(key, pattern):
        raise fail(value, f"The key {value.show(key)} cannot be used", _wanted(schema))


def _has_form(text: str, pattern: str) -> bool:
    # Python's $ also matches before a last line feed; no text with a pattern may hold one.
    return "\n" not in text and re.search(pattern, text, re.ASCII) is not None


def _check_array(node: Node, schema: Schema, root: Schema) -> None:
    count = len(node.items)
    if count < schema.get("minItems", 0) or count > schema.get("maxItems", count):
        raise fail(node, f"The list has {count:,}{_ENTRIES[count != 1]}", _within(schema, "Items", _ENTRIES))
    inner = schema.get("items")
    if isinstance(inner, Mapping):
        for item in node.items:
            check(item, inner, root)


def _check_text(node: Node, schema: Schema) -> None:
    text: str = node.value
    allowed = schema.get("enum")
    if allowed is not None and text not in allowed:
        country = meant(text) if "DE" in allowed else None
        close = country if country in allowed else near(text, allowed)
        hint = f"Write {close}" if country else f"Did you mean {close}?" if close else _wanted(schema)
        raise fail(node, f"{node.show(text)} is not one of the words that can stand here", hint)
    if "pattern" in schema and not _has_form(text, schema["pattern"]):
        raise fail(node, "The text does not have the form that is needed here", _wanted(schema))
    if schema.get("format") == "date" and as_date(text) is None:
        raise fail(node, "This is not a date of the calendar", _wanted(schema))
    if len(text) < schema.get("minLength", 0) or len(text) > schema.get("maxLength", len(text)):
        raise fail(node, f"The text has {len(text):,}{_LETTERS[len(text) != 1]}", _within(schema, "Length", _LETTERS))


def _check_number(node: Node, schema: Schema) -> None:
    low, high = schema.get("minimum"), schema.get("maximum")
    if (low is not None and node.value < low) or (high is not None and node.value > high):
        raise fail(node, "The number is out of range", _within(schema, "imum"))


def outline(schema: Schema, root: Schema | None = None, prefix: str = "") -> list[tuple[str, str]]:
    """Return every key of a form with its sentence, in order, as its page shows them.

    Args:
        schema: A form, or a part of one.
        root: The whole form; null: `schema` itself.
        prefix: The keys that lead to it; `<key>` stands for a name of the writer's own, `[]` for each entry of a list.
    """
    root = schema if root is None else root
    schema = resolve(schema, root)
    found: list[tuple[str, str]] = []
    for name, part in schema.get("properties", {}).items():
        path = f"{prefix}.{name}" if prefix else name
        found.append((path, resolve(part, root).get("description", "")))
        # The details of every holder are the same: they are shown once, as <kind>_by.
        found += outline(part, root, path.replace(name, "<kind>_by") if name.endswith("_by") else path)
    if isinstance(schema.get("additionalProperties"), Mapping):
        found += outline(schema["additionalProperties"], root, f"{prefix}.<key>")
    if isinstance(schema.get("items"), Mapping):
        found += outline(schema["items"], root, f"{prefix}[]")
    for option in schema.get("anyOf", ()):
        found += outline(option, root, prefix)
    return list(dict.fromkeys(found))
