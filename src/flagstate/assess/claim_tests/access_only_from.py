"""access_only_from: was it reached from elsewhere than the claim says?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from flagstate.assess.claim_tests.query import ask, kept
from flagstate.assess.claim_tests.scene import Scene, countries
from flagstate.assess.claim_tests.told import Ask, Said, Verdict, Window, day, listed, spaced, times
from flagstate.catalog.country_names import expand

Row = Mapping[str, Any]

SILENT: tuple[Said, ...] = (
    (
        "where people sit: they may connect through a proxy, a VPN or somebody else",
        "où se trouvent les personnes : elles peuvent passer par un proxy, un VPN ou un tiers",
    ),
    ("who could reach it and did not", "qui pourrait y accéder et ne l'a pas fait"),
)
"""What such a claim does not say."""

ACCESSES = """
-- Who touched the asset of a claim from which country. From within is nowhere else; what was refused is an attempt.
SELECT a.claim_id, o.country, o.inside, list_contains(a.said, o.country) AS here,
  sum(coalesce(t.count, 1))::BIGINT AS times, sum(coalesce(t.failed, 0))::BIGINT AS refused,
  coalesce(sum(t.bytes), 0)::BIGINT AS bytes, min(t.day) AS first_day, max(t.day) AS last_day,
  list_sort(list_distinct(list(t.principal))) AS who, list_sort(list_distinct(list(t.action))) AS actions,
  count(*) FILTER (WHERE coalesce(t.failed, 0) < coalesce(t.count, 1)) AS done,
  count(*) AS rows,
  list_sort(list(t.fact_id) FILTER (WHERE coalesce(t.failed, 0) < coalesce(t.count, 1)))[:50] AS facts
FROM asked AS a JOIN activity AS t ON t.asset_id = a.asset_id
LEFT JOIN origin AS o ON o.from_place IS NOT DISTINCT FROM t.from_place
WHERE t.stance = 'observed'
GROUP BY ALL ORDER BY a.claim_id, done DESC, o.country
"""

_LOGS: Said = (
    "Access logs of it over the whole time, with a word on whether they are complete (CloudTrail, ActionTrail, the "
    "server's or the database's own log)",
    "Ses journaux d'accès sur toute la période, avec mention de leur complétude (CloudTrail, ActionTrail, journal du "
    "serveur ou de la base)",
)
_WHOLE: Said = (
    "Whether the access logs are complete over this time, as the sensor or who keeps them says",
    "Si les journaux d'accès sont complets sur cette période, selon le capteur ou qui les tient",
)
_OWN: Said = (
    "Where the addresses of unknown country stand; name your own networks in estate.yaml (`networks:`)",
    "Où se trouvent les adresses de pays inconnu ; nommez vos propres réseaux dans estate.yaml (`networks:`)",
)


def judge(asks: Sequence[Ask], scene: Scene) -> Iterator[tuple[Ask, Verdict]]:
    """Yield what the evidence says of each claim of access."""
    rows: list[dict[str, Any]] = []
    for one in asks:
        said = sorted(expand(_codes(one), on=scene.as_of)[0])
        same = scene.subject(str(one.asset_id)).same
        rows += [{"claim_id": one.claim_id, "asset_id": asset, "said": said} for asset in same]
    asked = pa.Table.from_pylist(rows, schema=_FORM)
    found = ask(scene.con, ACCESSES, asked)
    mine: dict[str, list[Row]] = {}
    for row in rows:
        mine.setdefault(row["claim_id"], []).append(row)
    for one in asks:
        query = kept(ACCESSES, asked, mine.get(one.claim_id, []))
        yield one, _verdict(one, scene, found.get(one.claim_id, []), query)


_FORM = pa.schema([("claim_id", pa.string()), ("asset_id", pa.string()), ("said", pa.list_(pa.string()))])


def _codes(one: Ask) -> list[str]:
    return [str(code) for code in one.said] if isinstance(one.said, list) else []


def _verdict(one: Ask, scene: Scene, rows: list[Any], query: str) -> Verdict:
    subject = scene.subject(str(one.asset_id))
    shown, said = scene.shown(subject.asset_id), countries(_codes(one))
    done = [row for row in rows if row["done"]]
    elsewhere = [row for row in rows if row["country"] and not row["here"] and not row["inside"]]
    outside = [row for row in elsewhere if row["done"]]
    tried = [row for row in elsewhere if not row["done"]]
    inside = [row for row in done if row["inside"] or row["here"]]
    dark = [row for row in done if not row["inside"] and row["country"] is None]
    window = _window(scene.window("activity", subject.same), rows)
    values = {
        "claimed": _codes(one),
        "from": {row["country"]: row["times"] - row["refused"] for row in outside},
        "attempts": {row["country"]: row["refused"] for row in tried},
        "inside": _done(inside),
        "unknown": _done(dark),
    }
    remainder = list(_remainder(dark, window))
    rest: dict[str, Any] = {
        "remainder": tuple(remainder),
        "window": window,
        "query": query,
        "values": values,
        "rows_for": tuple(fact for row in inside for fact in row["facts"]),
        "rests_on": "observed" if done else None,
    }
    attempts = _attempts(tried)
    if outside:
        facts = tuple(fact for row in outside for fact in row["facts"])
        counts = (sum(row["done"] for row in outside), sum(row["done"] for row in inside))
        where = listed([_from(row) for row in outside])
        return Verdict(
            "contradicted",
            (
                f"{shown} was reached from {where[0]}, outside of {said[0]}{attempts[0]}",
                f"{shown} a été atteint depuis {where[1]}, hors de : {said[1]}{attempts[1]}",
            ),
            against=facts,
            counts=counts,
            confidence="high",
            **rest,
        )
    rest["counts"] = (0, sum(row["done"] for row in inside))
    if not done:
        none: Said = (
            f"No access to {shown} was seen in what was given{attempts[0]}",
            f"Aucun accès à {shown} n'a été observé dans ce qui a été fourni{attempts[1]}",
        )
        return Verdict("not_observed", none, missing=(_LOGS,), **rest)
    sure = window.whole and not dark
    words = _all(inside, window, shown, said) if sure else _some(inside, dark, shown, said)
    told = words[0] + attempts[0], words[1] + attempts[1]
    if sure:
        return Verdict("supported", told, confidence="medium", **rest)
    missing = ([_OWN] if dark else []) + ([] if window.whole else [_WHOLE])
    return Verdict("not_observed", told, missing=tuple(missing), **rest)


def _all(inside: Sequence[Row], window: Window, shown: str, said: Said) -> Said:
    number = _done(inside)
    span = f"{day(window.begin)} – {day(window.end)}"
    return (
        f"All {times(number, 'access', 'accesses')} to {shown} that were logged ({span}) came from within or from "
        f"{said[0]}, and the log is said to be complete",
        f"Les {spaced(number)} accès à {shown} journalisés ({span}) venaient tous de l'intérieur ou de : {said[1]}, et "
        "le journal est dit complet",
    )


def _some(inside: Sequence[Row], dark: Sequence[Row], shown: str, said: Said) -> Said:
    number, unknown = _done(inside), _done(dark)
    return (
        f"{times(number, 'access', 'accesses')} to {shown} were seen from within or from {said[0]}"
        + (f", {unknown:,} from countries that are not known" if unknown else "")
        + ", and none from elsewhere",
        f"{spaced(number)} accès à {shown} observés depuis l'intérieur ou : {said[1]}"
        + (f", {spaced(unknown)} depuis des pays inconnus" if unknown else "")
        + ", et aucun d'ailleurs",
    )


def _done(rows: Sequence[Row]) -> int:
    return sum(row["times"] - row["refused"] for row in rows)


def _window(window: Window, rows: Sequence[Row]) -> Window:
    """Return the window of the ledger; where it has no times, those of the rows."""
    if (window.begin and window.end) or not rows:
        return window
    days = [row[name] for row in rows for name in ("first_day", "last_day") if row[name]]
    return Window(
        window.begin or _moment(min(days, default=None)),
        window.end or _moment(max(days, default=None)),
        window.share,
        window.whole,
        window.todo,
    )


def _moment(found: Any) -> Any:  # noqa: ANN401  a day or nothing
    from datetime import UTC, datetime

    return datetime(found.year, found.month, found.day, tzinfo=UTC) if found else None


def _from(row: Row) -> Said:
    en, fr = countries([row["country"]])
    number = row["times"] - row["refused"]
    done = ", ".join(map(str, row["actions"][:4]))
    who = ", ".join(map(str, row["who"][:3]))
    return f"{en} ({times(number, 'time')}: {done}; {who})", f"{fr} ({number} fois : {done} ; {who})"


def _attempts(tried: Sequence[Row]) -> Said:
    if not tried:
        return "", ""
    en, fr = countries(row["country"] for row in tried)
    number = sum(row["refused"] for row in tried)
    return (
        f"; {times(number, 'attempt')} from {en} failed, which contradicts nothing",
        f" ; {number} tentatives depuis {fr} ont échoué, ce qui ne contredit rien",
    )


def _remainder(dark: Sequence[Row], window: Window) -> Iterator[Said]:
    if number := _done(dark):
        yield (
            f"{times(number, 'access', 'accesses')} from countries that are not known",
            f"{number} accès depuis des pays inconnus",
        )
    if not window.whole:
        yield "what the access logs did not record", "ce que les journaux d'accès n'ont pas consigné"
    if window.begin or window.end:
        yield (
            f"times before {day(window.begin)} and after {day(window.end)}",
            f"les périodes avant le {day(window.begin)} et après le {day(window.end)}",
        )
