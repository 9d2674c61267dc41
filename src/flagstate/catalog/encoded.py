"""What a part of a name says when it is decoded: URL, hex, base64, base32 and punycode."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote

CANDIDATE = re.compile(r"[A-Za-z0-9+/_\-]{8,}={0,6}")
PUNYCODE = re.compile(r"xn--[a-z0-9-]+", re.IGNORECASE)
HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){4,}")
BASE32 = re.compile(r"(?:[A-Z2-7]{8,}|[a-z2-7]{8,})={0,6}")
ROUNDS = 6
"""Layers of URL encoding that are undone."""


def unquoted(text: str) -> str:
    """Return the text without URL encoding, however often it was applied, up to ROUNDS times."""
    for _ in range(ROUNDS):
        if "%" not in text:
            break
        further = unquote(text, errors="replace")
        if further == text:
            break
        text = further
    return text


def decoded(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the parts of a name that decode to printable text, with that text.

    It cannot see a value whose encoding is broken up by dots or mixed into a longer random token.
    """
    for run in PUNYCODE.finditer(text):
        for said in _punycode(run.group()):
            yield run.start(), run.end(), said
    for run in CANDIDATE.finditer(text):
        yield from ((run.start(), run.end(), said) for said in _texts(run.group()))
        for piece in re.finditer(r"[A-Za-z0-9+]{8,}={0,6}", run.group()):
            if piece.group() != run.group():
                at = run.start()
                yield from ((at + piece.start(), at + piece.end(), said) for said in _texts(piece.group()))


def _punycode(label: str) -> Iterator[str]:
    try:
        yield label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError, OverflowError):
        return


@lru_cache(maxsize=16384)
def _texts(token: str) -> tuple[str, ...]:
    return tuple(_decodings(token))


def _decodings(token: str) -> Iterator[str]:
    bare = token.rstrip("=")
    raw: list[bytes] = []
    if HEX.fullmatch(bare):
        raw.append(bytes.fromhex(bare))
    if BASE32.fullmatch(token):
        upper = bare.upper()
        raw.extend(_tried(lambda: base64.b32decode(upper + "=" * (-len(upper) % 8))))
    if len(bare) % 4 != 1:
        raw.extend(
            _tried(lambda: base64.urlsafe_b64decode(bare.replace("+", "-").replace("/", "_") + "=" * (-len(bare) % 4)))
        )
    for data in raw:
        if len(data) < 4:
            continue
        for charset in ("utf-8", "utf-16-le"):
            try:
                said = data.decode(charset)
            except UnicodeDecodeError:
                continue
            if said.isprintable() and (charset == "utf-8" or said.isascii()):
                yield said


def _tried(decode: object) -> list[bytes]:
    try:
        return [decode()]  # type: ignore[operator]
    except (binascii.Error, ValueError):
        return []
