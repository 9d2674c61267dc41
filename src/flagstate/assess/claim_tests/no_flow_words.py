"""no_flow_to in words: what was excluded, where it went instead, and what nobody looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flagstate.assess.claim_tests.scene import Scene
from flagstate.assess.claim_tests.told import Said, Window, beyond, spaced, times
from flagstate.assess.finding import bytes_in_words
from flagstate.catalog.country_names import country_name

Row = Mapping[str, Any]

KNOWN: Mapping[str, tuple[Said, frozenset[str]]] = {
    "nameless": (("whose name is not known", "dont le nom n'est pas connu"), frozenset({"domain", "asset"})),
    "ownerless": (
        ("of which nobody knows who runs them", "dont on ignore qui les exploite"), frozenset({"entity", "provider"})
    ),
    "placeless": (("whose country is not known", "de pays inconnu"), frozenset({"country"})),
    "addressless": (("whose address is not known", "dont l'adresse n'est pas connue"), frozenset({"cidr"})),
}  # fmt: skip
"""What must be known of every far end, in words, and which kinds of exclusion ask for it."""


def excluded(pattern: str, scene: Scene) -> Said:
    """Return what a claim excludes, in words."""
    kind, _, value = pattern.partition(":")
    if kind == "country":
        return country_name(value), country_name(value, language="fr")
    if kind == "asset":
        return scene.shown(value), scene.shown(value)
    if kind in ("entity", "provider"):
        name = scene.party(value if kind == "entity" else f"ent:{value.removeprefix('ent:')}").removeprefix("ent:")
        return name, name
    return value, value


def far_words(row: Row) -> Said:
    """Return a far end to which bytes went, in words."""
    way = (" (fetched from there)", " (relevé depuis là)") if row["inbound"] else ("", "")
    if row["guessed"]:
        way = (" (by the last DNS answer)", " (d'après la dernière réponse DNS)")
    if not row["country"]:
        return f"{row['far']}{way[0]}", f"{row['far']}{way[1]}"
    country = row["country"]
    way = (" (likely)" + way[0], " (probablement)" + way[1]) if row["likely"] else way
    return (
        f"{row['far']} in {country_name(country)}{way[0]}",
        f"{row['far']} ({country_name(country, language='fr')}){way[1]}",
    )


def attempts(tried: Row | None) -> Said:
    """Return what was only tried, in words."""
    if tried is None:
        return "", ""
    number = tried["conns"] or tried["flows"]
    if tried["bytes"] > 0:
        size = bytes_in_words(tried["bytes"])
        return (
            f"; {times(number, 'connection')} from there only tried, and {size} answered calls that failed, which "
            "contradicts nothing",
            f" ; {number} connexions depuis là n'ont fait qu'essayer ({size.replace('.', ',')} en réponse à des appels "
            "échoués), ce qui ne contredit rien",
        )
    return (
        f"; {times(number, 'connection')} only tried and sent 0 bytes, which contradicts nothing",
        f" ; {number} connexions n'ont fait qu'essayer et ont envoyé 0 octet, ce qui ne contredit rien",
    )


def unknown(patterns: Sequence[str], seen: Row | None) -> list[str]:
    """Return what is not known of some far end although the claim asks for it, as keys of `KNOWN`."""
    kinds = {pattern.partition(":")[0] for pattern in patterns}
    return [key for key, (_, asking) in KNOWN.items() if seen and seen[key] and kinds & asking]


def remainder(
    patterns: Sequence[str], by: Mapping[str, Row], seen: Row | None, window: Window, elsewhen: int
) -> Iterator[Said]:
    """Yield what the evidence did not cover.

    Args:
        patterns: What the claim excludes.
        by: What met it, by state.
        seen: All that was seen to leave.
        window: When it was looked at.
        elsewhen: Flows outside of that time.
    """
    if "unsized" in by:
        number = by["unsized"]["conns"] or by["unsized"]["flows"]
        yield (
            f"{times(number, 'connection')} there, of a size that the source does not give",
            f"{number} connexions vers là, d'une taille que la source ne donne pas",
        )
    if "open" in by:
        number = by["open"]["ends"]
        yield (
            f"{times(number, 'destination')} of which data sets differ whether they are there",
            f"{number} destinations dont les jeux de données ne s'accordent pas à dire si elles y sont",
        )
    for key in unknown(patterns, seen):
        yield _unknown(key, seen or {})
    if any(pattern.startswith("domain:") for pattern in patterns):
        yield (
            "what went in names that were asked of resolvers (DNS), which was not looked at",
            "ce qui est passé dans des noms demandés à des résolveurs (DNS), non examiné",
        )
    if elsewhen:
        yield (f"{times(elsewhen, 'flow')} of it at other times", f"{elsewhen} de ses flux à d'autres moments")
    if not window.whole:
        yield "traffic that the sensor did not see", "le trafic que le capteur n'a pas vu"
    yield from beyond(window)


def _unknown(key: str, seen: Row) -> Said:
    (en, fr), _ = KNOWN[key]
    size = seen[f"{key}_bytes"]
    words = bytes_in_words(size)
    return (
        f"{times(seen[key], 'destination')} {en}" + (f" ({words})" if size else ""),
        f"{spaced(seen[key])} destinations {fr}" + (f" ({words.replace('.', ',')})" if size else ""),
    )
