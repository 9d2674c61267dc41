"""Rivals: classes that claim the same values of one column. One is chosen; the others are named in its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flagstate.enrich.classify.features import Mask, Sight
from flagstate.enrich.classify.verdict import Verdict

GENERIC = frozenset({"uuid", "parcel_number", "generic_secret", "invoice_number", "coarse_position"})
"""Forms of so many things that a name which speaks for one of them wins."""
ORDER = [
    "account_number",
    "user_name",
    "card",
    "iban",
    "gtin",
    "imei",
    "us_ssn",
    "be_national_number",
    "fr_nir",
    "cn_resident_id",
    "de_tax_id",
    "pl_pesel",
    "sscc",
    "air_waybill",
    "imo_ship",
    "nl_bsn",
    "gb_nhs",
    "in_aadhaar",
    "br_cpf",
    "pt_nif",
    "gln",
    "gsin",
    "parcel_number",
    "uuid",
]
"""Which of two of equal evidence is chosen: what is met more often comes first."""
BRANDS = frozenset({"parcel_cainiao", "parcel_amazon", "parcel_dhl", "parcel_fedex", "parcel_dpd", "parcel_usps"})
"""Couriers' own forms; in a column of several couriers' numbers the class of all of them is meant."""
MOST = 0.85
SAME = 0.5
"""Of the values of the lesser claim, those that the better one claims too, from which they are rivals."""


@dataclass(frozen=True)
class Claim:
    """One class that wants the values of a column."""

    made: str
    """Id of the class."""
    share: float
    """Of the distinct values."""
    basis: str
    """As in a verdict."""
    confidence: str
    """low, medium or high."""
    voice: int
    """How loud the column's name speaks for it, 0 to 3."""
    what: str
    """What the values do, for the reason."""
    places: Mask
    """Which values of the sample."""
    score: float
    """Strength."""
    solid: bool = False
    """Whether a digit was checked that could have been wrong."""


def settle(sight: Sight, claims: Sequence[Claim]) -> list[Verdict]:
    """Return the claims that stand, as verdicts."""
    ranked = sorted(claims, key=lambda c: _rank(c, claims))
    kept: list[tuple[Claim, list[str]]] = []
    for claim in ranked:
        winner = next((entry for entry in kept if _rivals(entry[0], claim)), None)
        if winner is None:
            kept.append((claim, []))
        else:
            winner[1].append(claim.made)
    return [_verdict(sight, claim, lost) for claim, lost in kept]


def _rank(claim: Claim, claims: Sequence[Claim]) -> tuple[float, int, str]:
    score = claim.score
    proven = claim.basis == "whole" and claim.share >= 0.5
    if (
        claim.made in BRANDS
        and claim.share < (0.5 if claim.solid else 0.9)
        and any(c.made == "parcel_number" and c.voice >= 2 for c in claims)
    ):
        # Beside numbers with a checked digit the column is of several known couriers.
        score -= 0 if any(c.solid and c.made.startswith("parcel_") for c in claims) else 150
    named = [c for c in claims if c.voice >= 2 and c.basis == "filled"]
    if proven and named and claim.made not in GENERIC and claim.voice < 2:
        # Values that prove one class outweigh a name that speaks for another.
        score += 100
    if claim.made in GENERIC and claim.voice < 2:
        score -= 20
    order = ORDER.index(claim.made) if claim.made in ORDER else len(ORDER) // 2
    return -score, order, claim.made


def _rivals(better: Claim, lesser: Claim) -> bool:
    if better.voice >= 2 and better.basis == "filled" and lesser.solid and lesser.share < MOST:
        # A part of what the name speaks for is more than that: of account numbers, some are IBANs.
        return lesser.made in BRANDS or better.made in BRANDS
    sizes = int(np.count_nonzero(better.places)), int(np.count_nonzero(lesser.places))
    return int(np.count_nonzero(better.places & lesser.places)) >= SAME * max(1, min(sizes))


def _verdict(sight: Sight, claim: Claim, lost: Sequence[str]) -> Verdict:
    percent = "under 1" if claim.share < 0.01 else f"{claim.share * 100:.0f}"
    said = "; the column's name says so" if claim.voice >= 2 else ""
    rest = f"; it could also be {', '.join(dict.fromkeys(lost))}" if lost else ""
    size = len(sight.seen)
    count = f"{size:,}" if sight.column.complete else f"a sample of {size:,}"
    reason = f"column {sight.column.name}: {percent} % of {count} distinct values {claim.what}{said}{rest}"
    return Verdict(claim.made, sight.column.name, claim.share, claim.basis, claim.confidence, reason, claim.score)
