"""Where long numbers and random tokens stand inside a name, and which technical forms stay readable.

Addresses, dates of this century and reverse-lookup names stay. A date of the last century is taken for a birth date.
"""

from __future__ import annotations

import ipaddress
import re

Span = tuple[int, int, str]

QUAD = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d]|\.\d)")
DASHED = re.compile(r"(?<![\d-])(?:0|[1-9]\d{0,2})(?:-(?:0|[1-9]\d{0,2})){3}(?![\d]|-\d)")
COLONS = re.compile(
    r"(?<![\w:.\-])(?<!\w )[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}(?:(?:\.\d{1,3}){3})?(?:/\d{1,3})?"
    r"(?![\w:]|[ .\-+()/]{1,2}\w)"
)
"""An IPv6 address that stands by itself: `crm::ada.beck` begins with what looks like one, and names somebody."""
REVERSE = re.compile(r"(?:[0-9A-Fa-f]\.){4,32}ip6\.arpa", re.IGNORECASE)
_CLOCK = r"(?:[01]\d|2[0-3])[:_.\-]?[0-5]\d(?:[:_.\-]?[0-5]\d(?:[.,]\d{1,6})?)?"
_TIME = rf"(?:[T_\-. ]{{0,2}}{_CLOCK}(?:Z|[+\-](?:0\d|1[0-4]):?00)?)?"
YMD = re.compile(r"(?<!\d)(19|20)\d\d([-_./]?)(?:0[1-9]|1[0-2])\2(?:0[1-9]|[12]\d|3[01])" + _TIME + r"(?!\d)")
DMY = re.compile(r"(?<!\d)(?:0?[1-9]|[12]\d|3[01])([-_./])(?:0?[1-9]|[12]\d|3[01])\1(19|20)\d\d" + _TIME + r"(?!\d)")
RUN = re.compile(r"\d(?:[ .\-_/+()]{0,2}\d){6,}")
TOKEN = re.compile(r"[A-Za-z0-9_\-=~%]{8,}")
HEX = re.compile(r"[0-9A-Fa-f]+")
TURN = re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])|(?<=[a-z])(?=[A-Z])")
HARSH = re.compile(r"[^aeiouyAEIOUY\d]{7,}")


def kept_spans(text: str) -> list[Span]:
    """Return where addresses and dates stand; a date of the last century is a span to mask."""
    quads = [m for form in (QUAD, DASHED) for m in form.finditer(text)]
    kept = [m for m in quads if all(int(part) < 256 for part in re.split("[.-]", m.group()))]
    kept.extend(m for m in COLONS.finditer(text) if _is_ipv6(m.group()))
    kept.extend(REVERSE.finditer(text))
    spans = [(m.start(), m.end(), "") for m in kept]
    spans.extend((m.start(), m.end(), "date" if m.group(1) == "19" else "") for m in YMD.finditer(text))
    spans.extend((m.start(), m.end(), "date" if m.group(2) == "19" else "") for m in DMY.finditer(text))
    return spans


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text.partition("/")[0])
    except ValueError:
        return False
    return True


def number_spans(text: str, least: int = 7) -> list[Span]:
    """Return runs of digits that are long enough to name somebody or something.

    Args:
        text: A name in which addresses and dates are already blanked.
        least: Digits that a run without separators must have.
    """
    spans: list[Span] = []
    for match in RUN.finditer(text):
        groups = re.findall(r"\d+", match.group())
        if len(groups) == 1 or max(map(len, groups)) >= 3 or sum(map(len, groups)) >= 9:
            spans.append((match.start(), match.end(), "number"))
    if least < 7:
        spans.extend((m.start(), m.end(), "number") for m in re.finditer(rf"\d{{{least},}}", text))
    return spans


def token_spans(text: str, *, strict: bool = False) -> list[Span]:
    """Return random tokens: identifiers, keys, hashes, session numbers.

    Args:
        text: A name.
        strict: Judge as inside a sub-domain, where short tokens name customers and sessions too.
    """
    spans: list[Span] = []
    for run in TOKEN.finditer(text):
        pieces = list(re.finditer(r"[A-Za-z0-9]+", run.group()))
        if len(run.group()) >= 20 and any(_mixed(p.group()) for p in pieces):
            spans.append((run.start(), run.end(), "id"))
            continue
        at = run.start()
        spans.extend((at + p.start(), at + p.end(), "id") for p in pieces if _random(p.group(), strict=strict))
    return spans


def _mixed(piece: str) -> bool:
    return (
        len(piece) >= 8
        and any(c.isdigit() for c in piece)
        and any(c.islower() for c in piece)
        and any(c.isupper() for c in piece)
        and len(TURN.findall(piece)) >= 3
    )


def _random(piece: str, *, strict: bool) -> bool:
    size = len(piece)
    digits = sum(c.isdigit() for c in piece)
    turns = len(TURN.findall(piece))
    if digits == size:
        return False
    if HEX.fullmatch(piece) and digits >= 2 and size >= (8 if strict else 16):
        return True
    if size >= 20 and (turns >= size / (6 if digits > 1 else 3) or (digits >= 3 and turns >= 3) or HARSH.search(piece)):
        return True
    return strict and size >= 11 and (turns >= 4 or (digits >= 4 and turns >= 2) or bool(HARSH.search(piece)))
