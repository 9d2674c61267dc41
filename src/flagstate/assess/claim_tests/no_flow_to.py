"""no_flow_to: did anything go where the claim says nothing goes?"""

from __future__ import annotations

import ipaddress
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import pyarrow as pa

from flagstate.assess.claim_tests import no_flow_words as words
from flagstate.assess.claim_tests.departures import unmapped
from flagstate.assess.claim_tests.query import ask, kept
from flagstate.assess.claim_tests.scene import Scene
from flagstate.assess.claim_tests.told import Ask, Said, Verdict, Window, day, listed, times
from flagstate.assess.destination import FAILS, MEETS, Book, Destination, Ends, Pattern, ends_of
from flagstate.assess.finding import bytes_in_words

Row = Mapping[str, Any]

SILENT: tuple[Said, ...] = (
    ("that nothing goes there by another route, in another time or through somebody else", "que rien n'y va par une "
     "autre voie, à une autre période ou par un tiers"),
    ("what encrypted traffic to other places holds", "ce que contient le trafic chiffré vers d'autres lieux"),
)  # fmt: skip
"""What such a claim does not say."""

MET = """
-- What of the asset of a claim met a destination that it excludes. moved: bytes were sent; tried: none were; maybe:
-- they were, and that it is there is likely and not sure.
WITH hit AS (
  SELECT a.claim_id, d.end_id, bool_and(m.open) AS open, bool_and(m.weak) AS weak
  FROM asked AS a JOIN departure AS d ON d.asset_id = a.asset_id
  JOIN met AS m ON m.pattern = a.pattern AND m.far_id = d.far_id
  GROUP BY a.claim_id, d.end_id
), told AS (
  SELECT h.claim_id, d.*,
    CASE WHEN h.open THEN 'open' WHEN d.moved AND h.weak THEN 'maybe' WHEN d.moved THEN 'moved'
      WHEN d.tried THEN 'tried' ELSE 'unsized' END AS state
  FROM hit AS h JOIN departure AS d USING (end_id)
)
SELECT claim_id, state, count(*) AS ends, sum(flows)::BIGINT AS flows, sum(bytes)::BIGINT AS bytes,
  sum(conns)::BIGINT AS conns, min(first_ts) AS first_ts, max(last_ts) AS last_ts,
  arg_max({'far': coalesce(name, addr), 'country': country, 'inbound': inbound, 'guessed': guessed, 'likely': likely},
    (bytes, end_id), 8) AS far,
  list_distinct(flatten(arg_max(facts, (bytes, end_id), 8))) AS facts
FROM told GROUP BY claim_id, state ORDER BY claim_id, state
"""

SEEN = """
-- All that was seen to leave the asset of a claim, whereto it may be, and of how many far ends what is not known.
SELECT claim_id, sum(flows)::BIGINT AS flows, sum(bytes)::BIGINT AS bytes, min(first_ts) AS first_ts,
  max(last_ts) AS last_ts, list_distinct(flatten(arg_max(facts, (bytes, end_id), 4))) AS facts,
  count(*) FILTER (WHERE country IS NULL AND NOT tried) AS placeless,
  coalesce(sum(bytes) FILTER (WHERE country IS NULL AND NOT tried), 0)::BIGINT AS placeless_bytes,
  count(*) FILTER (WHERE (name IS NULL OR guessed OR name LIKE '%‹%') AND NOT tried) AS nameless,
  coalesce(sum(bytes) FILTER (WHERE (name IS NULL OR guessed OR name LIKE '%‹%') AND NOT tried), 0)::BIGINT
    AS nameless_bytes,
  count(*) FILTER (WHERE addr IS NULL AND NOT tried) AS addressless,
  coalesce(sum(bytes) FILTER (WHERE addr IS NULL AND NOT tried), 0)::BIGINT AS addressless_bytes,
  count(*) FILTER (WHERE r.far_id IS NULL AND NOT tried) AS ownerless,
  coalesce(sum(bytes) FILTER (WHERE r.far_id IS NULL AND NOT tried), 0)::BIGINT AS ownerless_bytes
FROM asked AS a JOIN departure AS d ON d.asset_id = a.asset_id LEFT JOIN run AS r ON r.far_id = d.far_id
GROUP BY claim_id
"""

WITHIN = """
-- How many flows of the asset of a claim there are in the time that was watched.
SELECT claim_id, count(DISTINCT fact_id) AS flows, count(DISTINCT fact_id) FILTER (
    WHERE coalesce(first_ts <= a.until, true) AND coalesce(last_ts >= a.since, true)) AS within
FROM asked AS a JOIN crossing AS c ON c.asset_id = a.asset_id
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
    met, seen = ask(scene.con, MET, asked), _seen(scene, {same for same, _ in groups})
    for key, same in groups.items():
        first = same[0].claim_id
        for one in same:
            query = kept(MET, asked, list(_asked(one.claim_id, *key)))
            yield one, _verdict(one, scene, met.get(first, []), seen[key[0]], query)


_FORM = pa.schema([("claim_id", pa.string()), ("asset_id", pa.string()), ("pattern", pa.string())])
_WATCHED = pa.schema(
    [
        ("claim_id", pa.string()),
        ("asset_id", pa.string()),
        *((n, pa.timestamp("us", "UTC")) for n in ("since", "until")),
    ]
)


def _seen(scene: Scene, subjects: set[tuple[str, ...]]) -> dict[tuple[str, ...], Row | None]:
    """Return by asset what was seen to leave it, with its flows in the time that was watched."""
    keys = {same: str(at) for at, same in enumerate(sorted(subjects))}
    rows: list[Row] = []
    for same, key in keys.items():
        window = scene.window("flow", same)
        rows += [{"claim_id": key, "asset_id": one, "since": window.begin, "until": window.end} for one in same]
    asked = pa.Table.from_pylist(rows, schema=_WATCHED)
    found, within = ask(scene.con, SEEN, asked), ask(scene.con, WITHIN, asked)
    made: dict[tuple[str, ...], Row | None] = {}
    for same, key in keys.items():
        row = next(iter(found.get(key, [])), None)
        made[same] = {**row, **within[key][0]} if row else None
    return made


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
        "SELECT far_id, any_value(addr), any_value(name), any_value(country), any_value(disputed), "
        "any_value(likely), any_value(guessed) FROM departure "
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
        for far_id, addr, name, country, disputed, _, _ in rows
    }
    graded = {row[0]: (bool(row[5]), bool(row[6])) for row in rows}
    pairs = [(pattern, far_id) for far_id, end in far.items() for pattern in book.about(end)]
    pairs += _within([one for one in made if one.kind == "cidr"], far)
    found = [
        (pattern.fact_id, far_id, state != MEETS, _weak(pattern.kind, *graded[far_id]))
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
                "weak": pa.array([row[3] for row in found], pa.bool_()),
            }
        ),
    )
    run = [far_id for far_id, end in far.items() if end.operators]
    scene.con.register("run", pa.table({"far_id": pa.array(run, pa.int64())}))


def _weak(kind: str, likely: bool, guessed: bool) -> bool:
    """Say whether a far end is only likely to be there: by a doubtful geolocation, or by a name that DNS last gave."""
    return likely if kind == "country" else guessed and kind in ("domain", "asset", "entity", "provider")


def _within(ranges: list[Pattern], far: Mapping[int, Destination]) -> Iterator[tuple[Pattern, int]]:
    """Yield each range with the far ends in it: many ranges over many addresses must not multiply."""
    if not ranges:
        return
    at: list[tuple[int, int, int]] = []
    for far_id, end in far.items():
        with suppress(ValueError):
            addr = ipaddress.ip_address(unmapped(end.addr or ""))
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
    subject, patterns = scene.subject(str(one.asset_id)), _patterns(one)
    shown, said = scene.shown(subject.asset_id), listed([words.excluded(pattern, scene) for pattern in patterns])
    by = {str(row["state"]): row for row in rows}
    window = _window(scene.window("flow", subject.same), seen)
    moved, tried = by.get("moved") or by.get("maybe"), words.attempts(by.get("tried"))
    flows, within = (seen["flows"], seen["within"]) if seen else (0, 0)
    rest: dict[str, Any] = {
        "remainder": (
            *words.remainder(patterns, by, seen, window, flows - within),
            *_asked_names(patterns, subject.same, scene),
        ),
        "window": window,
        "query": query,
        "counts": (moved["flows"], 0) if moved else (0, within - sum(row["flows"] for row in rows) if seen else 0),
        "rows_for": tuple(seen["facts"]) if within and not moved else (),
        "rests_on": "observed" if seen else None,
        "values": {
            "sent_bytes": moved["bytes"] if moved else 0,
            "destinations": moved["ends"] if moved else 0,
            "attempts": by["tried"]["conns"] if "tried" in by else 0,
            "seen_flows": within,
        },
    }
    if moved:
        return _went(shown, said, moved, tried, "high" if "moved" in by else "low", rest)
    if not within:
        rest["counts"] = (0, 0)
        span = (f" ({day(window.begin)} – {day(window.end)})",) * 2 if seen else ("", "")
        none: Said = (
            f"No traffic of {shown} was seen in what was given{span[0]}{tried[0]}",
            f"Aucun trafic de {shown} n'a été observé dans ce qui a été fourni{span[1]}{tried[1]}",
        )
        return Verdict("not_observed", none, missing=(_LOGS, _ENDS), **rest)
    unplaced = [one for one in patterns if one.startswith("asset:") and not _ends(scene).get(one[6:])]
    tunnels = bool(_tunnels(patterns, subject.same, scene))
    gaps = words.unknown(patterns, seen)
    unsure = "open" in by or "unsized" in by or bool(gaps) or bool(unplaced) or tunnels
    none = (
        f"Nothing was seen to go from {shown} to {said[0]}, in {times(within, 'flow')} of it{tried[0]}",
        f"Rien n'a été vu aller de {shown} vers {said[1]}, en {within} flux de sa part{tried[1]}",
    )
    if window.whole and not unsure and rest["counts"][1] > 0:
        whole = (
            f"{none[0]}, and the capture of {day(window.begin)} to {day(window.end)} is said to be complete",
            f"{none[1]}, et la capture du {day(window.begin)} au {day(window.end)} est dite complète",
        )
        return Verdict("supported", whole, confidence="medium", **rest)
    missing = ([] if window.whole else [_LOGS]) + ([_PLACE] if unsure else [])
    return Verdict("not_observed", none, missing=tuple(missing) or (_LOGS,), **rest)


def _went(shown: str, said: Said, moved: Row, tried: Said, grade: str, rest: dict[str, Any]) -> Verdict:
    size, fr_size = bytes_in_words(moved["bytes"]), bytes_in_words(moved["bytes"]).replace(".", ",")
    far = listed([words.far_words(row) for row in moved["far"]])
    more = moved["ends"] - len(moved["far"])
    also = (f" and {more:,} more", f" et {more} autres") if more > 0 else ("", "")
    return Verdict(
        "contradicted",
        (
            f"{size} went from {shown} to {far[0]}{also[0]}, which the claim excludes ({said[0]}){tried[0]}",
            f"{fr_size} sont allés de {shown} vers {far[1]}{also[1]}, que l'affirmation exclut ({said[1]}){tried[1]}",
        ),
        against=tuple(moved["facts"]),
        confidence=grade,
        **rest,
    )


def _ends(scene: Scene) -> Mapping[str, Ends]:
    return ends_of(scene.tables)


def _tunnels(patterns: Sequence[str], same: tuple[str, ...], scene: Scene) -> list[Row]:
    """Return behaviours in which data went in names under a domain that the claim excludes."""
    domains = [one.partition(":")[2].lower().removeprefix("*.").rstrip(".") for one in patterns if one[:7] == "domain:"]
    if not domains:
        return []
    near = {
        addr
        for (addr,) in scene.con.execute(
            "SELECT addr FROM near WHERE asset_id IN $same", {"same": list(same)}
        ).fetchall()
    }
    return [
        row
        for row in scene.tunnels
        if (row["orig_h"] is None or unmapped(str(row["orig_h"])) in near)
        and any(f".{str(row['far']).lower().rstrip('.')}".endswith(f".{domain}") for domain in domains)
    ]


def _asked_names(patterns: Sequence[str], same: tuple[str, ...], scene: Scene) -> Iterator[Said]:
    for row in _tunnels(patterns, same, scene)[:8]:
        yield (
            f"names under {row['far']} that it asked of a resolver, in the shape of a tunnel (see the flows)",
            f"des noms sous {row['far']} qu'il a demandés à un résolveur, en forme de tunnel (voir les flux)",
        )


def _window(window: Window, seen: Row | None) -> Window:
    if seen is None or (window.begin and window.end):
        return window
    begin, end = window.begin or seen["first_ts"], window.end or seen["last_ts"]
    return Window(begin, end, window.share, window.whole, window.todo)
