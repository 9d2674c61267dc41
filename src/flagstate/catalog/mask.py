"""Masking: names from evidence keep their form and lose what matches a data class.

A name is a host, path, column, key, bucket, table, file or principal: never a cell or payload value, which is not
stored at all. `mask` replaces an e-mail address by `‹email›`, a person's name by `‹name›`, a long run of digits by
`‹number›`, a random token by `‹id›`, and so on; `mask_host` knows that a registrable domain must stay readable;
`plain` makes hostile text inert. All three are idempotent.

What it cannot see: names that are in no dictionary and stand beside no forename that is; a value that was encrypted,
or encoded other than by URL, hex, base32, base64 or punycode; a person's name written in lower case without a break
unless both halves are known. What it hides without need: words that are also names.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from flagstate.catalog.data_class import DataClass, load
from flagstate.catalog.encoded import decoded, unquoted
from flagstate.catalog.number_shapes import kept_spans, number_spans, token_spans
from flagstate.catalog.person_shapes import person_spans

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

Span = tuple[int, int, str]

LONGEST = 200
"""Characters of a name that are kept; a longer one is cut, with letters that tell two cut names apart."""

SEARCHED = 8192
"""Characters of a name that are searched; a longer one is cut there first."""

DEPTH = 3
"""Encodings within encodings that are undone."""

UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Controls, escapes, bidirectional marks, invisible and unpaired characters."""

ANSI = re.compile("\x1b(?:\\[[0-9;?]*[A-Za-z]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?)")
SAID = re.compile(r"[A-Za-z0-9 ._@+/:,\-]{8,}")
HOST = re.compile(r"(?:\*\.)?[^\s/@:?#\\]+\.[^\s/@:?#\\.]+\.?")


def plain(text: str) -> str:
    """Return hostile text as inert text: what a terminal, a log or a bidirectional layout would obey is spelt out.

    Args:
        text: Anything. Markup and spreadsheet formulas are the business of the page that shows it.

    Returns:
        At most LONGEST characters; what was cut is said by `…` and eight letters.
    """
    shown = UNSAFE.sub(lambda m: _escape(ord(m.group())), text)
    if len(shown) <= LONGEST:
        return shown
    mark = hashlib.sha256(shown.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    start = shown[: LONGEST - 9]
    if start.rfind("‹") > start.rfind("›"):
        start = start[: start.rfind("‹")]
    return f"{start}…{mark.translate(str.maketrans('0123456789abcdef', 'bcdfghjklmnpqrst'))}"


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


@lru_cache(maxsize=65536)
def mask(text: str) -> str:
    """Return a name with every part that matches a data class replaced by its shape, and made inert.

    Args:
        text: A host, path, column, key, table, bucket, file or principal. Never a value of a cell.

    Returns:
        At most LONGEST characters. Addresses (IPv4, IPv6) and dates of this century stay.
    """
    return _settle(text, "name")


@lru_cache(maxsize=65536)
def mask_party(name: str) -> str:
    """Return the name of an organisation or state, masked as any name save that it may hold a person's name.

    Args:
        name: The name of an organisation as a register or declaration has it: Robert Bosch GmbH names a firm.
    """
    return _settle(name, "party")


@lru_cache(maxsize=65536)
def mask_host(name: str) -> str:
    """Return a host name whose registrable domain stays readable and whose sub-domains are masked strictly.

    Args:
        name: A host name, with or without a final dot or a leading `*.`; an address is returned as it is.
            Other text, such as `host:port`, is masked as any name.
    """
    return _settle(name, "host" if HOST.fullmatch(name) else "label" if re.fullmatch(r"[\w\-]+", name) else "name")


def _settle(text: str, level: str) -> str:
    """Mask until nothing changes, so that masking a masked name changes nothing."""
    for _ in range(8):
        further = plain(_masked(text[:SEARCHED], level))
        if further == text:
            return text
        text = further
    return "‹id›"


def _masked(text: str, level: str, depth: int = 0) -> str:
    seen = unicodedata.normalize("NFKC", re.sub(r"[\t\n\r]", " ", ANSI.sub("", text)))
    seen = UNSAFE.sub("", seen)
    for form in dict.fromkeys((unquoted(seen), seen, text, seen.replace("+", " "))):
        found = _pieces(form, level, depth)
        if found != form:
            return found
    return text if unquoted(unquoted(text)) == unquoted(text) else "‹id›"


def _pieces(text: str, level: str, depth: int) -> str:
    parts = _tokens().split(text)
    return "".join(part if place % 2 else _piece(part, level, depth) for place, part in enumerate(parts))


def _piece(text: str, level: str, depth: int) -> str:
    if len(text) < 2:
        return text
    if level != "host":
        return _apply(text, _spans(text, level, depth))
    sub = len(text) - len(_registrable(text))
    spans = [*_spans(text, "domain", depth), *_spans(text[:sub], "label", depth)]
    return _apply(text, spans)


def _spans(text: str, level: str, depth: int) -> list[Span]:
    """All parts to mask, most telling kind first; the first of two that overlap wins."""
    digits = sum(map(str.isdigit, text))
    spans = _class_spans(text) if may_hold(text, digits) else []
    kept = kept_spans(text) if digits > 3 or ":" in text else []
    spans.extend(kept)
    if level != "party":
        spans.extend(person_spans(text, level))
    if depth < DEPTH:
        spans.extend(_decoded_spans(text, level, depth))
    blank = _blank(text, kept) if kept else text
    if digits > 4:
        spans.extend(number_spans(blank, {"label": 5, "name": 7, "party": 7, "domain": 9}[level]))
    if level != "domain":
        spans.extend(token_spans(blank, strict=level == "label"))
    return spans


def may_hold(text: str, digits: int) -> bool:
    """Whether a name is long enough in the right characters to be searched for data classes at all.

    Args:
        text: A name.
        digits: How many digits it has.
    """
    return digits >= 6 or "@" in text or text.count("-") >= 4 or text.count(":") >= 5 or "1z" in text.lower()


def _class_spans(text: str) -> list[Span]:
    spans: list[Span] = []
    for made, find in _found_in_names():
        for match in find.finditer(text):
            start, end = match.span()
            passed = _passes(made, text, start, end)
            if passed:
                spans.append((start, passed, made.token))
    return sorted(spans, key=lambda s: (s[0] - s[1], s[2]))


def _passes(made: DataClass, text: str, start: int, end: int) -> int:
    """Where a find ends once it passes the check; a find that ran on, as into a suffix, is tried shorter."""
    if _cuts(text, start):
        return 0
    verify = made.verify
    for last in range(end, max(start + 7, end - 12), -1) if verify else (end,):
        if text[last - 1].isalnum() and not _cuts(text, last) and (not verify or verify(text[start:last])):
            return last
    return 0


def _cuts(text: str, at: int) -> bool:
    """Whether a border at this place would cut a word or a number in two."""
    if not 0 < at < len(text):
        return False
    left, right = text[at - 1], text[at]
    return (left.isdigit() and right.isdigit()) or (left.isalpha() and right.isalpha())


def _decoded_spans(text: str, level: str, depth: int) -> Iterable[Span]:
    for start, end, said in decoded(text):
        inner = _masked(said, "name", depth + 1)
        shapes = _tokens().findall(inner)
        if shapes and inner != said:
            yield start, end, shapes[0].strip("‹›")
        elif SAID.fullmatch(said) and level != "domain" and not text[start:end].isalpha():
            yield start, end, "id"


def _blank(text: str, spans: Iterable[Span]) -> str:
    chars = list(text)
    for start, end, _ in spans:
        chars[start:end] = "\0" * (end - start)
    return "".join(chars)


def _apply(text: str, spans: Iterable[Span]) -> str:
    taken: list[Span] = []
    for span in spans:
        if all(span[1] <= other[0] or span[0] >= other[1] for other in taken):
            taken.append(span)
    for start, end, token in sorted(taken, reverse=True):
        if token:
            text = f"{text[:start]}‹{token}›{text[end:]}"
    return text


@cache
def _found_in_names() -> tuple[tuple[DataClass, re.Pattern[str]], ...]:
    return tuple((made, re.compile(made.find or made.shape)) for made in load() if made.token)


@cache
def _tokens() -> re.Pattern[str]:
    shapes = sorted({made.token for made in load() if made.token} | {"name", "number", "id", "date"})
    return re.compile(f"(‹(?:{'|'.join(shapes)})›)")


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(only_icann=True)


def _registrable(name: str) -> str:
    """The part of a host name that somebody registered; empty where there is none, as in a single label."""
    bare = name.rstrip(".")
    domain = _suffixes().privatesuffix(bare.lower(), accept_unknown=False)
    return name[len(bare) - len(domain) :] if domain else ""
