"""Classes that stand inside longer values: texts, log lines, bodies of messages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from flagstate.catalog.checks import CHECKS
from flagstate.catalog.data_class import DataClass
from flagstate.enrich.classify.evidence import WEAK, chance, luck
from flagstate.enrich.classify.features import Sight
from flagstate.enrich.classify.verdict import Verdict

LOOKED = 300
"""Distinct values in which forms are counted, to weigh those that pass a check against those that do not."""
PASSING = 0.6
FEW = 3
SETTLED = 0.9
SHORT = 40
"""Mean characters below which a column of one class has no numbers of another inside."""
PARTS: Mapping[str, tuple[str, ...]] = {
    "connection_string": ("email", "ipv4", "ipv6"),
    "user_agent": ("ipv4", "phone"),
    "jwt": ("email",),
    "parcel_s10": ("phone", "card"),
}
"""What forms of other classes look like inside these."""


def found(
    sight: Sight, classes: Sequence[DataClass], bits: Mapping[str, int], whole: Sequence[Verdict], *, prose: bool
) -> list[Verdict]:
    """Return the classes that stand inside the values of a column.

    Args:
        sight: The column.
        classes: Data classes to look for.
        bits: Place of each class in the bits of the sample.
        whole: What the whole values are: not again, nor what only looks like a part of it.
        prose: Whether it is running text: then one find is enough where the form is strong.
    """
    out = []
    settled = {verdict.made for verdict in whole if verdict.share >= SETTLED}
    covered = {name for verdict in whole for name in PARTS.get(verdict.made, ())}
    if settled and sight.size < SHORT:
        covered |= {made.id for made in classes if made.check}
    for made in classes:
        rows = sight.column.inside.get(made.id, 0)
        if made.id == "phone" and sight.spaced < 0.3:
            continue
        if not rows or not made.search or made.id in settled or made.id in covered:
            continue
        one = 1 << bits[made.id]
        hits = [seen.text for seen in sight.seen if seen.inside & one]
        share = rows / sight.column.filled
        if len(hits) < (1 if prose else FEW) and rows < FEW:
            continue
        if made.check and not _passes(made, hits):
            continue
        plain = sight.column.held.get(made.id, 0) if made.shape else 0
        reason = f"column {sight.column.name}: {rows:,} of {sight.column.filled:,} values hold one in a longer text"
        confidence = "medium" if len(hits) >= 10 else "low"
        out.append(
            Verdict(
                made.id, sight.column.name, (rows + plain) / sight.column.filled, "inside", confidence, reason, share
            )
        )
    return out


def _passes(made: DataClass, texts: Sequence[str]) -> bool:
    """Whether what has the form inside these texts passes the check more often than by luck."""
    form, check = _form(made.find or made.shape), CHECKS[made.check]
    formed = {match.group() for text in texts[:LOOKED] for match in form.finditer(text)}
    passed = sum(map(check, formed))
    rate = chance(made.check)
    if not formed:
        return True
    if rate > WEAK:
        return passed >= PASSING * len(formed)
    return passed >= PASSING * len(formed) and luck(passed, len(formed), rate) >= min(3.0, 0.9 * len(formed))


@lru_cache(maxsize=256)
def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
