"""figure_consistent_with: does a count agree with the figure, or do two figures of the claim agree with each other?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flagstate.assess.claim_tests.count_at_most import STORES, UNITS, rest_of, seen_words, shown_of
from flagstate.assess.claim_tests.counts import Count, count
from flagstate.assess.claim_tests.scene import Scene
from flagstate.assess.claim_tests.told import Ask, Said, Verdict, spaced
from flagstate.assess.figures import bounds, quotient, span

SILENT: tuple[Said, ...] = (
    ("that either figure is right", "que l'un ou l'autre chiffre est exact"),
    ("that both count the same population", "que les deux comptent la même population"),
)
"""What such a claim does not say."""

_SOURCE: Said = (
    "The records that the figures were counted from, and over which period and population",
    "Les enregistrements d'où viennent les chiffres, avec la période et la population comptées",
)
_NO_ASSET: Said = (
    "The asset in which it is counted (`of:` in its test)",
    "L'actif où l'on compte (`of:` dans son test)",
)


def judge(asks: Sequence[Ask], scene: Scene) -> Iterator[tuple[Ask, Verdict]]:
    """Yield what the evidence, or arithmetic, says of each claim of a figure."""
    counted = []
    for one in asks:
        if isinstance(one.said, Mapping):
            yield one, _agreement(one, one.said)
        elif one.asset_id is None:
            said: Said = ("The test does not say in what to count", "Le test ne dit pas où compter")
            yield one, Verdict("not_testable", said, missing=(_NO_ASSET,))
        else:
            counted.append(one)
    for one, found in count(counted, scene):
        yield one, _count(one, found, scene)


def _agreement(one: Ask, said: Mapping[str, Any]) -> Verdict:
    """Return whether two figures of a claim agree; that they do shows neither of them."""
    wanted = said.get("unit")
    made = quotient(one.figures, str(said.get("figure")), str(said.get("per")), str(wanted) if wanted else None)
    between = said.get("between")
    ends = bounds({"lo": between[0], "hi": between[1]}) if isinstance(between, list) and len(between) == 2 else None
    because = f"; {said['because']}" if said.get("because") else ""
    values: dict[str, object] = {"lo": made.lo, "hi": made.hi, "unit": made.unit, "between": between}
    if made.lo is None or made.hi is None or ends is None:
        why: Said = (
            f"The figures cannot be held against each other: {made.words}",
            f"Les chiffres ne peuvent être confrontés : {made.french}",
        )
        return Verdict("not_observed", why, missing=(_SOURCE,), values=values)
    plausible = span(ends, made.unit), span(ends, made.unit, "fr")
    if made.hi < ends[0] or made.lo > ends[1]:
        why = (
            f"Its own figures hardly agree: {made.words}, where {plausible[0]} would be plausible{because}",
            f"Ses propres chiffres s'accordent mal : {made.french}, alors que {plausible[1]} serait plausible{because}",
        )
        return Verdict("questionable", why, missing=(_SOURCE,), values=values)
    within = ends[0] <= made.lo and made.hi <= ends[1]
    how = ("agree", "s'accordent") if within else ("may agree", "peuvent s'accorder")
    why = (
        f"Its figures {how[0]} with each other ({made.words}; plausible is {plausible[0]}), which shows neither",
        f"Ses chiffres {how[1]} entre eux ({made.french} ; plausible : {plausible[1]}), ce qui n'en établit aucun",
    )
    return Verdict("not_observed", why, missing=(_SOURCE,), values=values)


def _count(one: Ask, found: Count, scene: Scene) -> Verdict:
    ends = one.said if isinstance(one.said, list) and len(one.said) == 2 else [0, 0]
    low, high = int(ends[0]), int(ends[1])
    shown = shown_of(one, scene)
    en, fr = UNITS.get(one.unit, UNITS["persons"])
    claimed = (f"{low:,}", spaced(low)) if low == high else (f"{low:,} to {high:,}", f"{spaced(low)} à {spaced(high)}")
    rest = rest_of(one, found, {"claimed": [low, high]})
    seen = seen_words(found, shown, (en, fr))
    said_more = found.said_lo is not None and found.said_lo > high
    if (found.lo is not None and found.lo > high) or said_more:
        firm = found.lo is not None and found.lo > high
        why = (
            seen
            if firm
            else (f"{found.said_lo:,} {en} are declared in {shown}", f"{found.said_lo} {fr} déclarés : {shown}")
        )
        return Verdict(
            "contradicted",
            (f"{why[0]}, where the claim says {claimed[0]}", f"{why[1]}, l'affirmation dit {claimed[1]}"),
            against=found.facts if firm else found.said_facts,
            rests_on="observed" if firm else "declared",
            confidence="high" if firm else "low",
            **rest,
        )
    rest |= {"rows_for": found.facts, "rests_on": "observed" if found.facts else None}
    whole = found.window.whole and found.lo is not None and found.hi is not None
    if whole and low <= (found.lo or 0) and (found.hi or 0) <= high:
        why = (f"{seen[0]}, as the claim says ({claimed[0]})", f"{seen[1]}, comme le dit l'affirmation ({claimed[1]})")
        return Verdict("supported", why, confidence="medium", **rest)
    # Fewer than claimed is an absence, whoever says that all was given: it never contradicts.
    less = found.hi is not None and found.hi < low
    why = (
        f"{seen[0]}, {'fewer than claimed' if less else 'where the claim says'} ({claimed[0]})",
        f"{seen[1]}, {'moins que dit' if less else 'l’affirmation dit'} ({claimed[1]})",
    )
    return Verdict("not_observed", why, missing=(STORES,), **rest)
