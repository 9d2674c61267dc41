"""count_at_most: are there more than the claim says there are at most?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flagstate.assess.claim_tests.counts import Count, count
from flagstate.assess.claim_tests.scene import Scene
from flagstate.assess.claim_tests.told import Ask, Said, Verdict, spaced

SILENT: tuple[Said, ...] = (
    ("how many there are elsewhere", "combien il y en a ailleurs"),
    ("how many there were before, or will be", "combien il y en a eu avant, ou combien il y en aura"),
    ("what is known of each", "ce qui est su de chacun"),
)
"""What such a claim does not say."""

UNITS: Mapping[str, Said] = {
    "persons": ("persons", "personnes"),
    "devices": ("devices", "appareils"),
    "records": ("records", "enregistrements"),
}
STORES: Said = (
    "Its stores themselves, or extracts of every table (CSV, Parquet, SQLite), with a word on whether they are all",
    "Ses entrepôts mêmes, ou des extraits de chaque table (CSV, Parquet, SQLite), avec mention de leur complétude",
)


def judge(asks: Sequence[Ask], scene: Scene) -> Iterator[tuple[Ask, Verdict]]:
    """Yield what the evidence says of each claim of a largest count."""
    for one, found in count(asks, scene):
        yield one, _verdict(one, found, scene)


def _verdict(one: Ask, found: Count, scene: Scene) -> Verdict:
    most = one.said if isinstance(one.said, int) and not isinstance(one.said, bool) else 0
    shown = shown_of(one, scene)
    en, fr = UNITS.get(one.unit, UNITS["persons"])
    rest = rest_of(one, found, {"claimed": most})
    if found.lo is not None and found.lo > most:
        return Verdict(
            "contradicted",
            (
                f"At least {found.lo:,} {en} were seen in {shown}, more than {most:,}",
                f"Au moins {spaced(found.lo)} {fr} vus dans {shown}, plus que {spaced(most)}",
            ),
            against=found.facts,
            rests_on="observed",
            confidence="high",
            **rest,
        )
    if found.said_lo is not None and found.said_lo > most:
        return Verdict(
            "contradicted",
            (
                f"At least {found.said_lo:,} {en} are declared in {shown}, more than {most:,}",
                f"Au moins {spaced(found.said_lo)} {fr} déclarés dans {shown}, plus que {spaced(most)}",
            ),
            against=found.said_facts,
            rests_on="declared",
            confidence="low",
            **rest,
        )
    seen = seen_words(found, shown, (en, fr))
    rest |= {"rows_for": found.facts, "rests_on": "observed" if found.facts else None}
    if found.lo is not None and found.hi is not None and found.hi <= most and found.window.whole:
        whole = (
            f"{seen[0]}, not more than {most:,}, and all of it is said to have been given",
            f"{seen[1]}, pas plus que {spaced(most)}, et tout est dit avoir été fourni",
        )
        return Verdict("supported", whole, confidence="medium", **rest)
    return Verdict("not_observed", seen, missing=(STORES,), **rest)


def shown_of(one: Ask, scene: Scene) -> str:
    """Return what is counted in, as a sentence names it."""
    where = scene.shown(str(one.asset_id)) + (f" ({one.container})" if one.container else "")
    return where + (f", {scene.party(one.about)}" if one.about else "")


def rest_of(one: Ask, found: Count, values: Mapping[str, object]) -> dict[str, Any]:
    """Return what every verdict on a count says beside its sentence."""
    open_: list[Said] = []
    if not found.window.whole:
        open_.append(("stores and tables that were not given", "les entrepôts et tables qui n'ont pas été fournis"))
    if found.hi is None:
        open_.append(
            ("how many there are at most in what was given", "combien il y en a au plus dans ce qui fut fourni")
        )
    counted: dict[str, object] = {"unit": one.unit, "at_least": found.lo, "at_most": found.hi}
    return {
        "remainder": tuple(open_),
        "window": found.window,
        "query": found.query,
        "values": counted | {"declared_at_least": found.said_lo} | dict(values),
    }


def seen_words(found: Count, shown: str, unit: Said) -> Said:
    """Return how many were seen, in words."""
    en, fr = unit
    if found.lo is None:
        return f"No {en} of {shown} were counted", f"Aucun décompte ({fr}) pour {shown}"
    if found.hi is None or found.hi < found.lo:
        return (
            f"At least {found.lo:,} {en} were seen in {shown}",
            f"Au moins {spaced(found.lo)} {fr} vus dans {shown}",
        )
    if found.lo == found.hi:
        return f"{found.lo:,} {en} were seen in {shown}", f"{spaced(found.lo)} {fr} vus dans {shown}"
    return (
        f"{found.lo:,} to {found.hi:,} {en} were seen in {shown}",
        f"De {spaced(found.lo)} à {spaced(found.hi)} {fr} vus dans {shown}",
    )
