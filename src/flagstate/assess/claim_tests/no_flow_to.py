"""no_flow_to: did anything go where the claim says nothing goes?"""

from __future__ import annotations

import ipaddress
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import pyarrow as pa

from flagstate.assess.claim_tests.query import ask, kept
from flagstate.assess.claim_tests.scene import Scene
from flagstate.assess.claim_tests.told import Ask, Said, Verdict, Window, day, listed, times
from flagstate.assess.destination import FAILS, MEETS, Book, Destination, Ends, Pattern, ends_of
from flagstate.assess.finding import bytes_in_words
from flagstate.catalog.country_names import country_name

Row = Mapping[str, Any]

SILENT: tuple[Said, ...] = (
    ("that nothing goes there by another route, in another time or through somebody else", "que rien n'y va par une "
     "autre voie, à une autre période ou par un tiers"),
    ("what encrypted traffic to other places holds", "ce que contient le trafic chiffré vers d'autres lieux"),
)  # fmt: skip
"""What such a claim does not say."""

MET = """
-- What of the asset of a claim met a destination that it excludes. moved: bytes were sent; tried: none were.
WITH hit AS (
  SELECT a.claim_id, d.end_id, bool_and(m.open) AS open
  FROM asked AS a JOIN departure AS d ON d.asset_id = a.asset_id
  JOIN met AS m ON m.pattern = a.pattern AND m.far_id = d.far_id
  GROUP BY a.claim_id, d.end_id
), told AS (
  SELECT h.claim_id, d.*,
    CASE WHEN h.open THEN 'open' WHEN d.moved THEN 'moved' WHEN d.tried THEN 'tried' ELSE 'unsized' END AS state
  FROM hit AS h JOIN departure AS d USING (end_id)
)
SELECT claim_id, state, count(*) AS ends, sum(flows)::BIGINT AS flows, sum(bytes)::BIGINT AS bytes,
  sum(conns)::BIGINT AS conns, min(first_ts) AS first_ts, max(last_ts) AS last_ts,
  arg_max({'far': coalesce(name, addr), 'country': country, 'inbound': inbound}, (bytes, end_id), 8) AS far,
  list_distinct(flatten(arg_max(facts, (bytes, end_id), 8))) AS facts
FROM told GROUP BY claim_id, state ORDER BY claim_id, state
"""

SEEN = """
-- All that was seen to leave the asset of a claim, whereto it may be.
SELECT claim_id, sum(flows)::BIGINT AS flows, sum(bytes)::BIGINT AS bytes, min(first_ts) AS first_ts,
  max(last_ts) AS last_ts, list_distinct(flatten(arg_max(facts, (bytes, end_id), 4))) AS facts,
  count(*) FILTER (WHERE country IS NULL AND moved) AS placeless
FROM (SELECT DISTINCT claim_id, asset_id FROM asked) AS a JOIN departure AS d ON d.asset_id = a.asset_id
GROUP BY claim_id
"""

_LOGS: Said = (
    "Network logs of the border over the whole time, with the sensor's word on what it missed (Zeek conn, dns, ssl and "
    "capture_loss)",
    "Les journaux réseau de la bordure sur toute la période, avec ce que le capteur dit avoir manqué (Zeek conn, dns, "
    "ssl et capture_loss)",
)
_ENDS: Said = (
    "From which addresses it calls: its `addr:`, or `networks:` with its key, in estate.yaml",
    "Depuis quelles adresses il appelle : son `addr:`, ou `networks:` avec sa clé, dans estate.yaml",
)
_PLACE: Said = (
    "Where, or whose, the far ends are of which the data sets differ or say nothing",
    "Où sont, ou à qui, les extrémités sur lesquelles les jeux de données diffèrent ou se taisent",
)


def judge(asks: Sequence[Ask], scene: Scene) -> Iterator[tuple[Ask, Verdict]]:
    """Yield what the evidence says of each claim of flows."""
    if not asks:
        return
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Ask]] = {}
    for one in asks:
        key = (scene.subject(str(one.asset_id)).same, tuple(sorted(set(_patterns(one)))))
        groups.setdefault(key, []).append(one)
    # Claims that ask the same are asked once: a thousand of them over a hundred thousand flows must not multiply.
    rows = {listed[0].claim_id: list(_asked(listed[0].claim_id, *key)) for key, listed in groups.items()}
    asked = pa.Table.from_pylist([row for made in rows.values() for row in made], schema=_FORM)
    _meet(scene, sorted({pattern for _, patterns in groups for pattern in patterns}))
    met, seen = ask(scene.con, MET, asked), ask(scene.con, SEEN, asked)
    for key, same in groups.items():
        first = same[0].claim_id
        for one in same:
            query = kept(MET, asked, list(_asked(one.claim_id, *key)))
            yield one, _verdict(one, scene, met.get(first, []), next(iter(seen.get(first, [])), None), query)


_FORM = pa.schema([("claim_id", pa.string()), ("asset_id", pa.string()), ("pattern", pa.string())])


def _patterns(one: Ask) -> list[str]:
    return [str(pattern) for pattern in one.said] if isinstance(one.said, list) else []


def _asked(claim_id: str, same: tuple[str, ...], patterns: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for asset in same:
        for pattern in patterns:
            yield {"claim_id": claim_id, "asset_id": asset, "pattern": pattern}


def _meet(scene: Scene, patterns: list[str]) -> None:
    """Make the table `met`: which far end meets which pattern."""
    ends = ends_of(scene.tables) if any(pattern.startswith("asset:") for pattern in patterns) else {}
    made = [_pattern(pattern, ends) for pattern in patterns]
    book = Book([one for one in made if one.kind != "cidr"])
    rows = scene.con.sql(
        "SELECT far_id, any_value(addr), any_value(name), any_value(country), any_value(disputed) FROM departure "
        "GROUP BY far_id ORDER BY far_id"
    ).fetchall()
    far = {
        far_id: Destination(
            name,
            addr,
            country,
            scene.far.operators(addr, name) if scene.far else (),
            None,
            disputed=frozenset(disputed or ()),
        )
        for far_id, addr, name, country, disputed in rows
    }
    pairs = [(pattern, far_id) for far_id, end in far.items() for pattern in book.about(end)]
    pairs += _within([one for one in made if one.kind == "cidr"], far)
    found = [
        (pattern.fact_id, far_id, state != MEETS)
        for pattern, far_id in pairs
        if (state := pattern.fit(far[far_id], inbound=False).state) != FAILS
    ]
    scene.con.register(
        "met",
        pa.table(
            {
                "pattern": pa.array([row[0] for row in found], pa.string()),
                "far_id": pa.array([row[1] for row in found], pa.int64()),
                "open": pa.array([row[2] for row in found], pa.bool_()),
            }
        ),
    )


def _within(ranges: list[Pattern], far: Mapping[int, Destination]) -> Iterator[tuple[Pattern, int]]:
    """Yield each range with the far ends in it: many ranges over many addresses must not multiply."""
    if not ranges:
        return
    at: list[tuple[int, int, int]] = []
    for far_id, end in far.items():
        with suppress(ValueError):
            addr = ipaddress.ip_address(end.addr or "")
            at.append((addr.version, int(addr), far_id))
    at.sort()
    for one in ranges:
        with suppress(ValueError):
            network = ipaddress.ip_network(one.value, strict=False)
            first, last = int(network.network_address), int(network.broadcast_address)
            start = bisect_left(at, (network.version, first, 0))
            stop = bisect_left(at, (network.version, last + 1, 0))
            yield from ((one, far_id) for _, _, far_id in at[start:stop])


def _pattern(text: str, ends: Mapping[str, Ends]) -> Pattern:
    kind, _, value = text.partition(":")
    if kind == "provider" and not value.startswith("ent:"):
        value = f"ent:{value}"
    return Pattern(text, "declared", kind, value, "both", ends=ends.get(value, Ends()))


def _verdict(one: Ask, scene: Scene, rows: list[Any], seen: Any, query: str) -> Verdict:  # noqa: ANN401  a row
    subject = scene.subject(str(one.asset_id))
    shown, said = scene.shown(subject.asset_id), listed([_excluded(pattern, scene) for pattern in _patterns(one)])
    by = {row["state"]: row for row in rows}
    moved = by.get("moved")
    window = _window(scene.window("flow", subject.same), seen)
    attempts = _attempts(by.get("tried"))
    flows = seen["flows"] if seen else 0
    against = moved["flows"] if moved else 0
    rest: dict[str, Any] = {
        "remainder": tuple(_remainder(by, seen, window)),
        "window": window,
        "query": query,
        "counts": (against, flows - sum(row["flows"] for row in rows)),
        "rows_for": tuple(seen["facts"]) if seen and not moved else (),
        "rests_on": "observed" if seen else None,
        "values": {
            "sent_bytes": moved["bytes"] if moved else 0,
            "destinations": moved["ends"] if moved else 0,
            "attempts": by["tried"]["conns"] if "tried" in by else 0,
            "seen_flows": flows,
        },
    }
    if moved:
        size, fr_size = bytes_in_words(moved["bytes"]), bytes_in_words(moved["bytes"]).replace(".", ",")
        far = listed([_far(row) for row in moved["far"]])
        more = moved["ends"] - len(moved["far"])
        also = (f" and {more:,} more", f" et {more} autres") if more > 0 else ("", "")
        return Verdict(
            "contradicted",
            (
                f"{size} went from {shown} to {far[0]}{also[0]}, which the claim excludes ({said[0]}){attempts[0]}",
                f"{fr_size} sont allés de {shown} vers {far[1]}{also[1]}, que l'affirmation exclut ({said[1]})"
                f"{attempts[1]}",
            ),
            against=tuple(moved["facts"]),
            confidence="high",
            **rest,
        )
    if not seen:
        none: Said = (
            f"No traffic of {shown} was seen in what was given",
            f"Aucun trafic de {shown} n'a été observé dans ce qui a été fourni",
        )
        return Verdict("not_observed", none, missing=(_LOGS, _ENDS), **rest)
    unsure = "open" in by or "unsized" in by or _placeless(one, seen)
    none = (
        f"Nothing was seen to go from {shown} to {said[0]}, in {times(flows, 'flow')} of it{attempts[0]}",
        f"Rien n'a été vu aller de {shown} vers {said[1]}, en {flows} flux de sa part{attempts[1]}",
    )
    if window.whole and not unsure and rest["counts"][1] > 0:
        whole = (
            f"{none[0]}, and the capture of {day(window.begin)} to {day(window.end)} is said to be complete",
            f"{none[1]}, et la capture du {day(window.begin)} au {day(window.end)} est dite complète",
        )
        return Verdict("supported", whole, confidence="medium", **rest)
    missing = ([] if window.whole else [_LOGS]) + ([_PLACE] if unsure else [])
    return Verdict("not_observed", none, missing=tuple(missing), **rest)


def _placeless(one: Ask, seen: Row) -> bool:
    """Say whether a far end without a known country may be one that the claim excludes."""
    return bool(seen["placeless"]) and any(pattern.startswith("country:") for pattern in _patterns(one))


def _window(window: Window, seen: Row | None) -> Window:
    if seen is None or (window.begin and window.end):
        return window
    begin, end = window.begin or seen["first_ts"], window.end or seen["last_ts"]
    return Window(begin, end, window.share, window.whole, window.todo)


def _excluded(pattern: str, scene: Scene) -> Said:
    kind, _, value = pattern.partition(":")
    if kind == "country":
        return country_name(value), country_name(value, language="fr")
    if kind == "asset":
        return scene.shown(value), scene.shown(value)
    if kind in ("entity", "provider"):
        name = scene.party(value if kind == "entity" else f"ent:{value.removeprefix('ent:')}").removeprefix("ent:")
        return name, name
    return value, value


def _far(row: Row) -> Said:
    way = (" (fetched from there)", " (relevé depuis là)") if row["inbound"] else ("", "")
    if not row["country"]:
        return f"{row['far']}{way[0]}", f"{row['far']}{way[1]}"
    country = row["country"]
    return (
        f"{row['far']} in {country_name(country)}{way[0]}",
        f"{row['far']} ({country_name(country, language='fr')}){way[1]}",
    )


def _attempts(tried: Row | None) -> Said:
    if tried is None:
        return "", ""
    number = tried["conns"] or tried["flows"]
    return (
        f"; {times(number, 'connection')} only tried and sent 0 bytes, which contradicts nothing",
        f" ; {number} connexions n'ont fait qu'essayer et ont envoyé 0 octet, ce qui ne contredit rien",
    )


def _remainder(by: Mapping[str, Row], seen: Row | None, window: Window) -> Iterator[Said]:
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
    if seen and seen["placeless"]:
        yield (
            f"{times(seen['placeless'], 'destination')} whose country is not known",
            f"{seen['placeless']} destinations de pays inconnu",
        )
    if not window.whole:
        yield "traffic that the sensor did not see", "le trafic que le capteur n'a pas vu"
    if window.begin or window.end:
        yield (
            f"times before {day(window.begin)} and after {day(window.end)}",
            f"les périodes avant le {day(window.begin)} et après le {day(window.end)}",
        )
