"""The events of a JSON text, streamed, refusing nesting that no real file has and that would exhaust the memory."""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedReader
from typing import Any

DEEPEST = 256
"""Levels of nesting; a file that goes deeper is taken for damaged from there."""

Event = tuple[str, Any]


def events(stream: BufferedReader) -> Iterator[Event]:
    """Yield event and value, as ijson does; several values may follow one another.

    Args:
        stream: UTF-8 bytes.

    Raises:
        ValueError: The text nests deeper than DEEPEST.
        ijson.JSONError: The text is not JSON, or ends too early.
    """
    import ijson

    depth = 0
    for event, value in ijson.basic_parse(stream, multiple_values=True, use_float=True):
        if event in ("start_map", "start_array"):
            depth += 1
            if depth > DEEPEST:
                raise ValueError("nested too deeply")
        elif event in ("end_map", "end_array"):
            depth -= 1
        yield event, value


def prefixed(stream: BufferedReader) -> Iterator[tuple[str, str, Any]]:
    """Yield prefix, event and value, as `events` does."""
    import ijson

    yield from ijson.parse(events(stream))


def items(stream: BufferedReader, path: str) -> Iterator[object]:
    """Yield the values that stand at a path, as `events` does."""
    import ijson

    yield from ijson.items(prefixed(stream), path)
