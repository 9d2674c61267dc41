"""Nested values as tables: objects become rows with columns `outer.inner`, lists of objects tables under their path."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterator

DEEPEST = 12
"""Levels of objects that become columns; what lies deeper stays JSON text."""
INNER = 2
"""Texts that are JSON themselves are opened so many times."""
ALONE = frozenset(["name", "names", "fullname", "full_name", "value", "text", "content", "id", "identifier"])
"""Names that say something only together with what they belong to."""
SHAPE = re.compile(r"‹[a-z]+›")

Row = list[tuple[str, str]]


def tables(value: object, name: Callable[[str], str], *, inner: int = INNER) -> Iterator[tuple[str, Row]]:
    """Yield path and row of every object in a value; a list of plain values repeats its column.

    Args:
        value: As JSON or YAML are loaded.
        name: Masks a key; a key that is itself a value also stands as a value in a column `… (key)`.
        inner: How often a text that is JSON is opened.
    """
    waiting: deque[tuple[str, object]] = deque([("", value)])
    while waiting:
        path, item = waiting.popleft()
        row: Row = []
        _lay_out(item, "", row, path, waiting, name, inner, 0)
        if row:
            yield path, row


def _lay_out(
    item: object, prefix: str, row: Row, path: str, waiting: deque[tuple[str, object]], name: Callable[[str], str],
    inner: int, depth: int,
) -> None:  # fmt: skip
    if isinstance(item, str):
        opened = _opened(item) if inner > 0 else None
        if opened is None:
            row.append((prefix or "value", item))
        else:
            for below, found in tables(opened, name, inner=inner - 1):
                column = ".".join(part for part in (prefix, below) if part)
                row.extend((f"{column}.{last}" if column else last, text) for last, text in found)
    elif isinstance(item, dict) and depth < DEEPEST:
        for key, value in item.items():
            raw = key if isinstance(key, str) else text_of(key)
            last = name(raw)
            column = joined(prefix, last)
            if last != raw and SHAPE.search(last):
                row.append((f"{column} (key)", raw))
            _lay_out(value, column, row, path, waiting, name, inner, depth + 1)
    elif isinstance(item, list) and depth < DEEPEST:
        below = ".".join(part for part in (path, prefix) if part) + "[]"
        for value in item:
            if isinstance(value, (dict, list)) and below.count("[]") <= DEEPEST:
                waiting.append((below, value))
            else:
                _lay_out(value, prefix, row, path, waiting, name, inner, DEEPEST)
    elif item is not None:
        row.append((prefix or "value", text_of(item)))


def _opened(text: str) -> object:
    """The value of a text that is a JSON object or list; null: it is not."""
    begin = text[:64].lstrip()[:1]
    if begin not in ("{", "[") or len(text) < 7:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, (dict, list)) and value else None


def joined(prefix: str, last: str) -> str:
    """Return the name of a column below another: `address.city`, but `consignee name`."""
    if not prefix:
        return last
    return f"{prefix} {last}" if last.lower() in ALONE else f"{prefix}.{last}"


def text_of(item: object) -> str:
    """Return a plain value as text, a nested one as JSON."""
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, (dict, list)):
        return json.dumps(item, ensure_ascii=False, default=str)
    return str(item)
