"""place_in: does it stand where the claim says, with the layers below it and its copies?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from flagstate.assess.claim_tests.query import ask, kept
from flagstate.assess.claim_tests.scene import Scene, Subject, countries
from flagstate.assess.claim_tests.told import Ask, Said, Verdict, Window, listed
from flagstate.catalog.country_names import with_parts
from flagstate.model.stance import weakest_stance

Row = Mapping[str, Any]

SILENT: tuple[Said, ...] = (
    ("that it stays there", "qu'il y reste"),
    ("that nobody elsewhere can reach it", "que personne ailleurs ne peut y accéder"),
)
"""What such a claim does not say."""

PLACES = """
-- Where the asset of a claim, a layer below it or a copy of it stands. Who registered an address or a network says
-- nothing of the host, and what is announced from many places stands in no one of them. A geolocation that is not sure
-- and from which the second data set differs is disputed; what only a word leads to (word) is no more than a word.
SELECT a.claim_id, a.asset_id, a.how, p.country, p.source_kind, p.fact_id,
  CASE WHEN a.word THEN 'declared' ELSE p.stance END AS stance, a.word,
  CASE WHEN p.source_kind = 'host' AND coalesce(p.confidence, 'sure') <> 'sure' AND EXISTS (
      FROM place AS s WHERE s.subject_id = p.subject_id AND s.source_kind = 'host_second' AND s.country <> p.country
    ) THEN 'disputed' ELSE coalesce(p.confidence, 'sure') END AS confidence,
  list_contains(a.said, p.country) AS inside
FROM asked AS a
JOIN place AS p ON p.subject_id = a.subject_id
LEFT JOIN endpoint AS e ON p.subject_id = 'host:' || e.addr
WHERE p.country IS NOT NULL AND p.source_kind IN ('host', 'provider_region', 'configured_region', 'declared')
  AND coalesce(p.confidence, 'sure') <> 'none' AND NOT coalesce(e.anycast, false)
  AND NOT (a.other AND coalesce(p.stance, 'declared') = 'declared')
  AND coalesce(p.valid_from::DATE <= a.as_of, true) AND coalesce(p.valid_to::DATE > a.as_of, true)
ORDER BY a.claim_id, p.country, p.source_kind, p.fact_id
"""

LEFT = """
-- Countries outside the claim to which data of the asset went, from which it was fetched or touched.
WITH moved AS (
  SELECT a.claim_id, d.country, a.said, d.facts, 'went' AS way
  FROM asked AS a JOIN departure AS d ON d.asset_id = a.asset_id
  WHERE d.moved AND a.how = 'self'
  UNION ALL
  SELECT a.claim_id, o.country, a.said, [t.fact_id], 'reached' FROM asked AS a
  JOIN activity AS t ON t.asset_id = a.asset_id JOIN origin AS o ON o.from_place = t.from_place
  WHERE a.how = 'self' AND t.stance = 'observed' AND NOT o.inside AND coalesce(t.failed, 0) < coalesce(t.count, 1)
)
SELECT claim_id, way, country, list_sort(list_distinct(flatten(list(facts))))[:20] AS facts
FROM moved WHERE country IS NOT NULL AND NOT list_contains(said, country)
GROUP BY claim_id, way, country ORDER BY claim_id, way DESC, country
"""

_HOW: Mapping[str, Said] = {
    "configured_region": ("by its configured region", "d'après sa région configurée"),
    "provider_region": ("in a region that its provider publishes", "dans une région que publie son prestataire"),
    "host": ("by geolocation", "par géolocalisation"),
    "word": ("by a declared address", "d'après une adresse déclarée"),
    "configured": ("as configured", "d'après la configuration"),
    "declared": ("as declared", "selon la déclaration"),
}
_PLACE: Said = (
    "Where it stands, as seen: an infrastructure description (`terraform show -json`), the region that the provider "
    "publishes, or an address with its place",
    "Où il se trouve, tel qu'observé : une description de l'infrastructure (`terraform show -json`), la région que "
    "publie le prestataire, ou une adresse et son lieu",
)
_SETTLE: Said = (
    "Which of the sources that differ about the place is right",
    "Laquelle des sources qui diffèrent sur le lieu a raison",
)


def judge(asks: Sequence[Ask], scene: Scene) -> Iterator[tuple[Ask, Verdict]]:
    """Yield what the evidence says of each claim of place."""
    rows = [row for one in asks for row in _asked(one, scene)]
    asked = pa.Table.from_pylist(rows, schema=_FORM)
    places, left = ask(scene.con, PLACES, asked), ask(scene.con, LEFT, asked)
    mine: dict[str, list[Row]] = {}
    for row in rows:
        mine.setdefault(row["claim_id"], []).append(row)
    for one in asks:
        query = kept(PLACES, asked, mine.get(one.claim_id, []))
        yield one, _verdict(one, scene, places.get(one.claim_id, []), left.get(one.claim_id, []), query)


_FORM = pa.schema(
    [
        ("claim_id", pa.string()),
        ("asset_id", pa.string()),
        ("subject_id", pa.string()),
        ("how", pa.string()),
        ("said", pa.list_(pa.string())),
        ("as_of", pa.date32()),
        ("word", pa.bool_()),
        ("other", pa.bool_()),
    ]
)


def _asked(one: Ask, scene: Scene) -> Iterator[dict[str, Any]]:
    subject = scene.subject(str(one.asset_id))
    said = sorted(with_parts(_codes(one), on=scene.as_of))
    made = {"claim_id": one.claim_id, "said": said, "as_of": scene.as_of}
    for spot in subject.spots:
        where = {"asset_id": spot.asset_id, "subject_id": spot.subject_id, "how": spot.how}
        yield made | where | {"word": spot.word, "other": spot.other}


def _codes(one: Ask) -> list[str]:
    return [str(code) for code in one.said] if isinstance(one.said, list) else []


def _firm(places: Sequence[Row]) -> tuple[list[Row], list[Row], list[Row]]:
    """Return the places that count, those that are open, and geolocations that a configured region goes before.

    Where the provider publishes the region of an address, geolocation adds nothing but its errors. A configured region
    goes before a geolocation that is not sure; where a sure one differs from it, the place is open.
    """
    published = {_thing(row) for row in places if row["source_kind"] == "provider_region"}
    configured: dict[object, set[object]] = {}
    for row in places:
        if row["stance"] == "configured" or (row["source_kind"] == "configured_region" and not row["word"]):
            configured.setdefault(_thing(row), set()).add(row["country"])
    firm: list[Row] = []
    open_: list[Row] = []
    behind: list[Row] = []
    for row in places:
        # A geolocation that is likely only is a guess: it neither convicts nor acquits.
        of, disputed = _thing(row), row["confidence"] in ("disputed", "likely")
        if row["source_kind"] != "host":
            (open_ if disputed else firm).append(row)
        elif of in published:
            continue
        elif of not in configured or row["country"] in configured[of]:
            (open_ if disputed else firm).append(row)
        else:
            (open_ if row["confidence"] == "sure" and not row["word"] else behind).append(row)
    return firm, open_, behind


def _thing(row: Row) -> object:
    """Return of what a place is told: of the asset under all its ids, or of a layer or copy."""
    return "self" if row["how"] == "self" else row["asset_id"]


def _verdict(one: Ask, scene: Scene, places: list[Any], left: list[Any], query: str) -> Verdict:
    subject = scene.subject(str(one.asset_id))
    firm, open_, behind = _firm(places)
    outside = [row for row in firm if not row["inside"]]
    inside = [row for row in firm if row["inside"]]
    seen = [row for row in inside if row["stance"] != "declared"]
    # Somebody's word does not contradict what was seen, or another word: it is told beside.
    words = [row for row in outside if row["stance"] == "declared"] if inside else []
    outside = [row for row in outside if row not in words]
    # A sure geolocation elsewhere leaves open what a configuration says.
    clash = [row for row in open_ if row["confidence"] == "sure" and not row["inside"]]
    shown, said = scene.shown(subject.asset_id), countries(_codes(one))
    values = {
        "claimed": _codes(one),
        "seen": sorted({row["country"] for row in firm if row["stance"] != "declared"}),
        "declared": sorted({row["country"] for row in firm if row["stance"] == "declared"}),
        "leaves": sorted({row["country"] for row in left if row["way"] == "went"}),
        "reached_from": sorted({row["country"] for row in left if row["way"] == "reached"}),
    }
    rest: dict[str, Any] = {
        "query": query,
        "values": values,
        "remainder": tuple(_remainder(subject, firm, [*open_, *behind], scene)),
    }
    if outside:
        return Verdict(
            "contradicted",
            _against(shown, said, outside, inside, scene),
            against=tuple(row["fact_id"] for row in sorted(outside, key=_firmest)),
            rows_for=tuple(row["fact_id"] for row in inside),
            rests_on=_stance(min(outside, key=_firmest)),
            confidence=_confidence(outside),
            **rest,
        )
    if not seen or clash:
        why = _differ(shown, inside, words) if words and not seen else _nothing(shown, said, inside, open_)
        missing = (_SETTLE,) if open_ or words else (_PLACE,)
        # Of what no place is known, it is told what was looked at; a place has no window of the traffic.
        window = Window() if places else scene.window("flow", subject.same)
        return Verdict("not_observed", why, missing=missing, window=window, **rest)
    return _seen_inside(shown, seen, words, left, rest)


def _differ(shown: str, inside: Iterable[Row], words: Iterable[Row]) -> Said:
    here, there = (countries(row["country"] for row in rows) for rows in (inside, words))
    return (
        f"Declarations differ: {shown} is declared in {here[0]} and in {there[0]}, and nothing that was seen shows "
        "where it is",
        f"Les déclarations diffèrent : {shown} est déclaré en ces lieux : {here[1]} ; {there[1]}, et rien d'observé ne "
        "montre où il est",
    )


def _seen_inside(shown: str, seen: list[Row], words: list[Row], left: list[Row], rest: dict[str, Any]) -> Verdict:
    found = countries(row["country"] for row in seen)
    en = f"{shown} was seen in {found[0]} ({_ways(seen)[0]})"
    fr = f"{shown} a été observé : {found[1]} ({_ways(seen)[1]})"
    if words:
        told = countries(row["country"] for row in words)
        en += f", although it is declared in {told[0]}"
        fr += f", bien qu'il soit déclaré : {told[1]}"
    if left:
        gone = _gone(left)
        en, fr = f"{en}; {gone[0]}", f"{fr} ; {gone[1]}"
    return Verdict(
        "supported",
        (en, fr),
        rows_for=tuple(
            dict.fromkeys([row["fact_id"] for row in seen] + [fact for row in left for fact in row["facts"]])
        ),
        counts=(0, len(seen)),
        rests_on=weakest_stance([row["stance"] for row in seen]),
        confidence=_confidence(seen),
        **rest,
    )


def _against(shown: str, said: Said, outside: list[Row], inside: list[Row], scene: Scene) -> Said:
    seen = [row for row in outside if row["stance"] != "declared"]
    told = seen or outside
    names: list[Said] = []
    for row in sorted(told, key=lambda r: (r["how"], r["country"])):
        where = countries([row["country"]])
        what = scene.shown(row["asset_id"])
        of = {
            "self": ("", ""),
            "layer": (f" through {what}, on which it stands", f" par {what}, sur quoi il repose"),
            "copy": (f" through its copy {what}", f" par sa copie {what}"),
        }[row["how"]]
        names.append((where[0] + of[0], where[1] + of[1]))
    places = listed(list(dict.fromkeys(names)))
    verb = ("was seen", "a été observé") if seen else ("is declared", "est déclaré")
    ways = _ways(told)
    also = [row for row in inside if row["stance"] != "declared"]
    back = countries(row["country"] for row in also)
    return (
        f"{shown} {verb[0]} in {places[0]} ({ways[0]}), outside of {said[0]}"
        + (f"; it was also seen in {back[0]}" if also else ""),
        f"{shown} {verb[1]} : {places[1]} ({ways[1]}), hors de : {said[1]}"
        + (f" ; aussi observé : {back[1]}" if also else ""),
    )


def _gone(left: list[Row]) -> Said:
    """Return where data went, and from where it was reached: what a claim of place does not say."""
    went, reached = (countries(r["country"] for r in left if r["way"] == way) for way in ("went", "reached"))
    en = [f"data went to {went[0]}"] * bool(went[0]) + [f"it was reached from {reached[0]}"] * bool(reached[0])
    fr = [f"des données sont allées vers : {went[1]}"] * bool(went[1])
    fr += [f"il a été atteint depuis : {reached[1]}"] * bool(reached[1])
    return (
        f"that it stays there the claim does not say: {', and '.join(en)}",
        f"qu'il y reste, l'affirmation ne le dit pas : {', et '.join(fr)}",
    )


def _nothing(shown: str, said: Said, inside: list[Row], open_: list[Row]) -> Said:
    if open_:
        where = countries(row["country"] for row in open_)
        if all(row["confidence"] == "likely" for row in open_):
            return (
                f"Where {shown} stands is only likely ({where[0]}, by geolocation)",
                f"Le lieu de {shown} n'est que probable ({where[1]}, par géolocalisation)",
            )
        return (
            f"Sources differ about where {shown} stands ({where[0]})",
            f"Les sources diffèrent sur le lieu de {shown} ({where[1]})",
        )
    if inside:
        return (
            f"That {shown} stands in {said[0]} is only declared, and nothing that was seen shows where it is",
            f"Que {shown} se trouve dans {said[1]} est seulement déclaré, et rien d'observé ne montre où il est",
        )
    return (
        f"Nothing that was given shows where {shown} stands",
        f"Rien de ce qui a été fourni ne montre où se trouve {shown}",
    )


def _remainder(subject: Subject, firm: Iterable[Row], open_: Iterable[Row], scene: Scene) -> Iterator[Said]:
    placed = {row["asset_id"] for row in firm if row["stance"] != "declared"}
    for how, words in (
        ("layer", ("where {0} stands, on which it stands", "où se trouve {0}, sur quoi il repose")),
        ("copy", ("where its copy {0} stands", "où se trouve sa copie {0}")),
    ):
        for one in dict.fromkeys(spot.asset_id for spot in subject.spots if spot.how == how):
            if one not in placed:
                name = scene.shown(one)
                yield words[0].format(name), words[1].format(name)
    if where := sorted({row["country"] for row in open_}):
        names = countries(where)
        yield f"by some sources perhaps {names[0]}", f"selon certaines sources peut-être {names[1]}"
    yield "copies that nobody described", "des copies que personne n'a décrites"


def _ways(rows: Iterable[Row]) -> Said:
    kinds = sorted({_kind(row) for row in rows})
    known = [_HOW[kind] for kind in kinds]
    return ", ".join(one for one, _ in known), ", ".join(one for _, one in known)


def _kind(row: Row) -> str:
    said = row["source_kind"] == "declared"
    if row["word"]:
        return "word"
    return str(row["source_kind"]) if not said else "declared" if row["stance"] == "declared" else "configured"


def _firmest(row: Row) -> tuple[int, str]:
    return {"high": 0, "medium": 1, "low": 2}[_grade(row)], str(row["fact_id"])


def _grade(row: Row) -> str:
    if row["stance"] == "declared":
        return "low"
    if row["source_kind"] == "host":
        return "medium" if row["confidence"] == "sure" else "low"
    return "high"


def _confidence(rows: Iterable[Row]) -> str:
    grades = {_grade(row) for row in rows}
    return next(one for one in ("high", "medium", "low") if one in grades)


def _stance(row: Row) -> str:
    return str(row["stance"])
