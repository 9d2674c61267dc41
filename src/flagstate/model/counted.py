"""Numbers with what they count: one of a thing is said as one, in messages of every room."""

from __future__ import annotations

import re

_FORMS = re.compile(r"\[([^|\]]*)\|([^|\]]*)\]")


def counted(number: int, reason: str) -> str:
    """Return a number and what it counts, as a sentence.

    Args:
        number: How many there are.
        reason: What goes on after the number; of each `[one|many]` the part that fits is told, as in `host[|s]`.
            Written by us: no name from evidence stands in it.
    """
    return f"{number:,} {_FORMS.sub(lambda part: part[1 if number == 1 else 2], reason)}"
