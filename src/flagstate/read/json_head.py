"""The outermost keys of a JSON object, from its beginning alone: how JSON formats are told apart."""

from __future__ import annotations

import re

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


def top_keys(data: bytes) -> dict[str, str] | None:
    """Return the keys of the outermost object and how their values begin, or None where it is no object.

    Args:
        data: The beginning of an artefact; a key that stands behind it is not seen.

    Returns:
        Each key with `{`, `[`, the text of a string, or the word of a number, true, false or null.
    """
    text = data.decode("utf-8-sig", "replace").lstrip()
    if not text.startswith("{"):
        return None
    found: dict[str, str] = {}
    depth, key, ready = 0, None, False
    for token in _TOKEN.finditer(text):
        word = token.group()
        if depth == 1 and key is not None and ready:
            found.setdefault(key, word[1:-1] if word.startswith('"') else word)
            key, ready = None, False
        elif depth == 1 and key is not None and word == ":":
            ready = True
            continue
        elif depth == 1 and word.startswith('"'):
            key = word[1:-1]
        if word in "{[":
            depth += 1
        elif word in "}]":
            depth -= 1
            if depth == 0:
                break
    return found
