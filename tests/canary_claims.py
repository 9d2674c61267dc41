"""Claims and sources of a declaration with canaries in every text; persons may be named where speakers are."""

from __future__ import annotations

import json
from typing import Any

from canaries import Aviary, Canary

SPEAKERS = ("by", "outlet")
"""Where a person may be named: speakers of claims are a stated exception, and their other data are not."""


def claims(aviary: Aviary, asset: str) -> str:
    """Return the lines of a declaration with `sources:` and `claims:`.

    Args:
        aviary: Where the canaries come from.
        asset: Key of an asset that the claims are about.
    """
    of = aviary.plant
    first, second, said = of("claim's key"), of("source's key"), of("speaker of a claim")
    copy = of("outlet of a copy")
    sources: dict[str, Any] = {
        second.slug: {
            "form": "report", "outlet": _party(said), "remark": _all(of("source's remark")), "verified": False,
        },
        f"s{second.card}": {"form": "copy", "derived_from": second.slug, "outlet": _party(copy), "remark": copy.name},
        "plain": {"form": "quote", "remark": f"{first.email} {second.email} {second.parcel}"},
    }  # fmt: skip
    figures = of("figure's name and unit")
    test = of("claim's test")
    listed: dict[str, Any] = {
        first.slug: _texts(aviary, said)
        | {
            "kind": "allegation",
            "sources": [second.slug],
            "figures": {
                f"f{figures.card}": {"value": 1_100_000, "unit": figures.name},
                figures.slug: {"value": 326_000_000, "unit": figures.email},
            },
            "stances": {f"who-{said.card}": "deny", said.parcel: "unverifiable"},
            "test": {
                "of": asset,
                "container": _all(test),
                "place_in": ["FR"],
                "access_only_from": ["BE"],
                "no_flow_to": [f"{test.slug}.leak.example", f"c{test.card}.leak.example"],
                "class_absent": ["card"],
                "count_at_most": 5,
            },
        },
        f"c{first.card}": _texts(aviary, of("speaker of a second claim"))
        | {
            "kind": "fact",
            "derived_from": [first.slug, f"s{second.card}"],
            "figures": {
                f"f{figures.card}": {"value": 7, "unit": figures.parcel},
                "parcels": {"value": 3, "unit": figures.card},
            },
            "test": {
                "figure_consistent_with": {
                    "figure": f"f{figures.card}",
                    "per": "parcels",
                    "between": [5, 9],
                    "unit": figures.parcel,
                    "because": _all(of("why two figures should agree")),
                }
            },
        },
        f"p{first.parcel}": {"says": _all(of("claim without a test")), "sources": [f"s{second.card}"]},
    }
    return f"sources: {json.dumps(sources)}\nclaims: {json.dumps(listed)}\n"


def _texts(aviary: Aviary, speaker: Canary) -> dict[str, Any]:
    """Return every text of a claim, each with a canary of its own."""
    texts = {name: _all(aviary.plant(f"claim's {name}")) for name in ("says", "hedging", "scope", "remark")}
    listed = {"does_not_say": [_all(aviary.plant("what a claim does not say"))]}
    texts["remark"] += f" of {speaker.name}"  # it may stand where a speaker is named, and nowhere else
    return texts | listed | dict.fromkeys(SPEAKERS, _party(speaker))


def _all(one: Canary) -> str:
    return f"{one.name} wrote {one.email}, paid {one.card}, sent {one.parcel}"


def _party(one: Canary) -> str:
    return f"Daily {one.email} {one.card} {one.parcel}"
