"""How a value is made ready for a check: separators taken out, capital letters."""

from __future__ import annotations

from collections.abc import Callable

SEPARATORS = str.maketrans("", "", " -./_\u00a0\u202f")
"""What people put between the digits of one number."""

BLANKS = str.maketrans("\u00a0\u202f", "  ")

LONGEST = 64
"""Characters that a check looks at; a longer value passes none."""

Check = Callable[[bytes, int], bool]


def compact(value: str) -> str:
    """Return the value in upper case without separators."""
    return value.translate(SEPARATORS).upper()


def on_text(check: Check, *, raw: bool) -> Callable[[str], bool]:
    """Return a check of codes as a check of text.

    Args:
        check: Takes codes and their number.
        raw: Leave the text as it is but for blanks around it.
    """

    def passes(value: str) -> bool:
        text = value.strip().translate(BLANKS) if raw else value.translate(SEPARATORS)
        # Only then upper case: some letters beyond ASCII have capitals within it.
        if not text.isascii() or len(text) > LONGEST:
            return False
        return bool(check((text if raw else text.upper()).encode("ascii"), len(text)))

    passes.__name__ = check.__name__
    passes.__doc__ = check.__doc__
    return passes
