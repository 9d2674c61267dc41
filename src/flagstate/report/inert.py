"""Make text from evidence harmless wherever it is shown: it may show itself, and do nothing.

Evidence chooses names. A name may hold terminal commands, marks that turn the reading direction, markup of whatever
shows it, or a spreadsheet formula. `plain` is the first step everywhere; each sink then adds its own escaping.
"""

from __future__ import annotations

import re
import unicodedata

from markupsafe import Markup, escape

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Unicode categories that act without being seen: controls, format and bidi marks, surrogates, separators."""

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What makes a spreadsheet take a cell for a formula, full-width forms included."""

LONGEST = 2000
"""Characters that are shown of one text; how many more there were is said."""

_PRINTABLE = re.compile(r"[ -~]*\Z")
_TICKED = re.compile(r"`([^`<>]+)`")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$:@.=-])")


def plain(text: object) -> str:
    """Return the text with everything that acts but is not seen spelt out, as names from evidence already are.

    Args:
        text: Anything; None becomes the empty string.

    What it cannot see: look-alike letters stay as they are.
    """
    found = "" if text is None else str(text)
    if len(found) > LONGEST:
        found = f"{found[:LONGEST]}… (+{len(found) - LONGEST})"
    if _PRINTABLE.match(found):
        return found
    return "".join(_shown(char) for char in found)


def _shown(char: str) -> str:
    if unicodedata.category(char) in HIDDEN or 0xFE00 <= ord(char) <= 0xFE0F or 0xE0100 <= ord(char) <= 0xE01EF:
        code = ord(char)
        return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    return char


def prose(text: object) -> Markup:
    """Return a sentence as HTML in which what stands between backticks is shown as code."""
    return Markup(_TICKED.sub(r"<code>\1</code>", str(escape(plain(text)))))  # noqa: S704 (escaped just before)


def sheet(text: object) -> str:
    """Return the text so that no spreadsheet takes it for a formula: an apostrophe stands before it."""
    raw = "" if text is None else str(text)
    found = plain(raw)
    risky = raw.startswith(FORMULA) or found.lstrip(" '\"\u00a0\u3000").startswith(FORMULA)
    return f"'{found}" if risky else found


def markdown(text: object) -> str:
    """Return the text so that Markdown shows it literally: no link, image, heading, table cell or tag starts in it."""
    return _MARKDOWN.sub(r"\\\1", plain(text))
