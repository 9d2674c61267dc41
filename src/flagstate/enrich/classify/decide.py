"""Which classes the columns of a table hold: decided per column on its values, helped by its name and its neighbours.

Forms with a check digit are weighed against luck; a name that speaks for a class needs values that fit; where names say
nothing, dictionaries, features and neighbours speak. Rivals for the same values are settled, and the loser is named.

What it cannot see: values in a language or form that no class describes; a class that fewer than one in twenty values
has, unless it stands inside longer text; which of two classes of one form it is where neither name nor neighbour tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from flagstate.catalog.data_class import DataClass
from flagstate.enrich.classify import guess, inner, rows, words
from flagstate.enrich.classify.evidence import WEAK, Evidence, chance, formal, weigh
from flagstate.enrich.classify.features import LOOKED, Mask, Sight
from flagstate.enrich.classify.rivals import MOST, Claim, settle
from flagstate.enrich.classify.summary import Column
from flagstate.enrich.classify.verdict import Verdict
from flagstate.enrich.classify.veto import vetoed

SURE, MIXED = 0.9, 0.05
"""Share of the distinct values: of a column that is of the class; and that is at least partly."""
HALF = 0.6
"""Of a form without a digit to check, what must have it where no name speaks for it."""
UNNAMED, NAMED = 6.0, 1.0
"""Orders of magnitude by which luck must be ruled out, without and with a name that speaks for the class."""
FITS, EXACT = 0.75, 0.5
"""Share of values that fit a class that the name speaks for, or that is just its name."""
OPEN = frozenset({"nationality", "ethnic_origin", "religion", "health_term", "sex", "marital_status", "sexual_life"})
"""Classes whose lists are never complete, and whose values are words."""
STRONG = frozenset({"phone", "postal_address", "coarse_position"})
"""Guesses that stand although the name of the column says something that we do not know."""
GS1 = frozenset({"gtin", "gln", "gsin", "sscc"})
UNION = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "EL",
        "ES",
        "FI",
        "FR",
        "GB",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
        "XI",
        "GR",
    ]
)
LISTED = 0.15
"""Share of values in a list from which a name that is just this class is believed: no list is complete."""
WIDE = 400
"""Columns from which fewer values of each are looked at."""


@lru_cache(maxsize=8)
def _phrases(classes: tuple[DataClass, ...]) -> words.Phrases:
    return words.phrases(classes)


def table(
    columns: Sequence[Column], ids: Sequence[str], classes: Sequence[DataClass], *, prose: bool = False
) -> list[Verdict]:
    """Return what the columns of a table hold, and what its rows are as a whole.

    Args:
        columns: Summaries of its columns.
        ids: Classes in the order of the bits of the samples.
        classes: Data classes to look for.
        prose: Whether it is running text.
    """
    known, bits = _phrases(tuple(classes)), {name: at for at, name in enumerate(ids)}
    looked = LOOKED if len(columns) < WIDE else 60
    sights = [Sight(c, words.read(c.name, known), looked) for c in columns if c.filled and c.sample]
    claims = {sight.column.name: _claims(sight, classes, bits) for sight in sights}
    _neighbours(sights, claims, classes, bits)
    verdicts: list[Verdict] = []
    for sight in sights:
        made = settle(sight, claims[sight.column.name])
        made += inner.found(sight, classes, bits, made, prose=prose)
        verdicts += made
    return verdicts + rows.whole(verdicts, classes)


def _claims(sight: Sight, classes: Sequence[DataClass], bits: Mapping[str, int]) -> list[Claim]:
    """What the column alone says."""
    out: list[Claim] = []
    named: list[tuple[DataClass, int]] = []
    for made in classes:
        if made.decide in ("together", "content"):
            continue
        voice = sight.named.speaks(made.id)
        if made.decide == "header" and (not made.check or chance(made.check) > WEAK):
            if voice >= 2:
                named.append((made, voice))
        elif claim := _by_value(made, sight, voice, weigh(made, sight, bits.get(made.id))):
            out.append(claim)
    solid = [claim.places for claim in out if claim.solid and claim.share < MOST]
    out += [claim for made, voice in named if (claim := _by_name(made, sight, voice, bits.get(made.id), solid))]
    if sight.named.empty or not (sight.named.exact or sight.named.tail):
        suggested = guess.alone(sight)
        if suggested and not sight.named.empty and suggested[0] not in STRONG:
            suggested = None
        names = {made.id for made in classes}
        if suggested and suggested[0] in names and suggested[0] not in {claim.made for claim in out}:
            out.append(_suggested(sight, suggested))
    return out


def _by_value(made: DataClass, sight: Sight, voice: int, evidence: Evidence) -> Claim | None:
    """The values have the form, and where it has a check digit, pass it far more often than luck would have it."""
    if vetoed(made.id, sight):
        return None
    if voice >= 2 and made.check and formal(made.check) and _formed(made, sight) >= SURE:
        # The check is of a form more than of a sum, and the name says so: the form is enough.
        return Claim(
            made.id,
            1.0,
            "filled",
            "medium",
            voice,
            "have the form",
            np.ones(len(sight.seen), np.bool_),
            30 * voice + 5.0,
        )
    if not evidence.hits:
        return None
    least = NAMED if voice >= 2 else 4.0 if voice == 1 else UNNAMED
    strong = made.decide == "shape" and not made.dictionary
    few = 1 if voice >= 2 or strong else 3
    if made.dictionary:
        share = 0.85 if voice < 2 else LISTED if made.id in OPEN and sight.lettered >= 0.8 else 0.6
        least = 0.0 if voice >= 2 else least
    else:
        share = HALF if voice < 2 and made.check and formal(made.check) else MIXED
        least = min(least, 2.0) if strong else least
    if evidence.hits < few or evidence.share < share or evidence.passing < 0.5 or evidence.surprise < least:
        return None
    if voice < 2 and not _plausible(made, sight, evidence):
        return None
    filled = made.dictionary != "" or (made.decide == "header" and not made.check)
    confidence = _confidence(evidence, voice)
    what = "are in the list" if made.dictionary else "have the form" + (" and pass the check" if made.check else "")
    return Claim(
        made.id, evidence.share, "filled" if filled else "whole", confidence, voice, what, evidence.places,
        30 * voice + min(25.0, evidence.surprise) + 5 * evidence.share, bool(made.check) and not formal(made.check),
    )  # fmt: skip


def _formed(made: DataClass, sight: Sight) -> float:
    return sight.column.formed.get(made.id, 0) / max(1, sight.column.filled)


def _plausible(made: DataClass, sight: Sight, evidence: Evidence) -> bool:
    """Forms that ordinary words and numbers have too need more where no name speaks for them."""
    texts = [sight.seen[at].text for at in np.flatnonzero(evidence.places)[:100].tolist()]
    if made.id in ("bic", "currency", "incoterm", "unlocode", "scac") or (
        made.dictionary == "countries" and sight.size <= 3
    ):
        return bool(texts) and sum(map(str.isupper, texts)) >= 0.95 * len(texts)
    if made.id == "eori":
        union = sum(text[:2].upper() in UNION and text[2:4].isdigit() for text in texts)
        return bool(union >= 0.95 * len(texts))
    # Of numbers that one name says are pallets, some also are numbers of shipments by their digit.
    return made.id not in GS1 or not (sight.named.exact | sight.named.tail) & GS1


def _confidence(evidence: Evidence, voice: int) -> str:
    if evidence.share >= SURE and (evidence.hits >= 10 or (voice >= 2 and evidence.hits >= 3)):
        return "high"
    return "low" if evidence.hits < 3 and not (voice >= 2 and evidence.share >= SURE) else "medium"


def _by_name(made: DataClass, sight: Sight, voice: int, bit: int | None, solid: Sequence[Mask]) -> Claim | None:
    """The column's name says so, and its values do not speak against it.

    In a mixed column, values that prove another class, such as IBANs among account numbers, speak neither way.
    """
    if vetoed(made.id, sight):
        return None
    fits = sight.places(bit) if made.shape and bit is not None else np.ones(len(sight.seen), np.bool_)
    if made.dictionary:
        fits = weigh(made, sight, bit).places
    rest = np.ones(len(sight.seen), np.bool_)
    for proven in solid:
        rest = rest & ~proven
    if not fits.any() or np.count_nonzero(rest) < LISTED * len(rest):
        rest = np.ones(len(sight.seen), np.bool_)
    share = int(np.count_nonzero(fits & rest)) / max(1, int(np.count_nonzero(rest))) if len(fits) else 0.0
    if share < (EXACT if voice == 3 else FITS):
        return None
    confidence = "medium" if len(sight.texts) >= 3 else "low"
    part = bool(solid) and not rest.all()
    places = fits & rest if part else np.ones(len(sight.seen), np.bool_)
    whole = int(np.count_nonzero(places)) / max(1, len(rest)) if part else share
    return Claim(
        made.id, 1.0 if whole >= SURE else whole, "whole" if part and made.shape else "filled", confidence, voice,
        "fit it", places, 30 * voice + 5 * share + (0.1 if made.shape else 0.0),
    )  # fmt: skip


def _suggested(sight: Sight, suggested: guess.Guess) -> Claim:
    made, score, why = suggested
    confidence = "medium" if len(sight.texts) >= 10 else "low"
    return Claim(made, 1.0, "filled", confidence, 0, why, np.ones(len(sight.seen), np.bool_), score)


def _neighbours(
    sights: Sequence[Sight], claims: dict[str, list[Claim]], classes: Sequence[DataClass], bits: Mapping[str, int]
) -> None:
    """What columns say next to others: only for those that say nothing by themselves."""
    names = {made.id for made in classes}
    for _ in range(2):
        found: dict[str, set[str]] = {}
        for sight in sights:
            for verdict in settle(sight, claims[sight.column.name]):
                found.setdefault(verdict.made, set()).add(f"{sight.column.name}\0{sight.column.place}")
        free = [s for s in sights if s.named.empty and not claims[s.column.name]]
        for sight in free:
            claims[sight.column.name] += _beside(sight, found, classes, bits)
        free = [s for s in free if not claims[s.column.name]]
        _towns(sights, claims, found)
        frozen = {made: frozenset(columns) for made, columns in found.items()}
        for sight, suggested in guess.beside(free, frozen):
            if suggested[0] in names:
                claims[sight.column.name].append(_suggested(sight, suggested))


def _towns(sights: Sequence[Sight], claims: dict[str, list[Claim]], found: Mapping[str, set[str]]) -> None:
    """Towns have names of persons: beside a post code, and without the other half of a name, they are towns."""
    if (
        "city" in found
        or not {"postcode", "postal_address"} & set(found)
        or {"given_name", "family_name"} <= set(found)
    ):
        return
    for sight in sights:
        listed = claims[sight.column.name]
        for at, claim in enumerate(listed):
            if claim.voice == 0 and claim.made in ("given_name", "family_name"):
                listed[at] = replace(
                    claim, made="city", what="are names, beside a post code or address", confidence="low"
                )
                return


def _beside(
    sight: Sight, found: Mapping[str, set[str]], classes: Sequence[DataClass], bits: Mapping[str, int]
) -> list[Claim]:
    """A class whose list or check the values pass, and beside which its neighbours stand, needs less."""
    out = []
    for made in classes:
        if not (set(made.beside) & set(found)) or not (made.dictionary or made.check):
            continue
        evidence = weigh(made, sight, bits.get(made.id))
        enough = evidence.share >= 0.95 and evidence.surprise >= 1.0 and evidence.hits >= 2
        if enough and _plausible(made, sight, evidence) and not vetoed(made.id, sight):
            what = "are in the list" if made.dictionary else "have the form and pass the check"
            basis = "filled" if made.dictionary else "whole"
            out.append(
                Claim(made.id, evidence.share, basis, "low", 0, f"{what}, beside a related column", evidence.places,
                      min(5.0, evidence.surprise))
            )  # fmt: skip
    return out
