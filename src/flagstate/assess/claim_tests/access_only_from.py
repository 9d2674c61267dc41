"""access_only_from: was it reached from elsewhere than the claim says?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from flagstate.assess.claim_tests.query import ask, kept
from flagstate.assess.claim_tests.scene import Scene, countries
from flagstate.assess.claim_tests.told import Ask, Said, Verdict, Window, beyond, day, listed, spaced, times
from flagstate.catalog.country_names import with_parts

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
WITH touched AS (
  SELECT a.claim_id, o.country, o.inside, o.likely, o.service, list_contains(a.said, o.country) AS here,
    coalesce(t.count, 1) AS times, least(coalesce(t.failed, 0), coalesce(t.count, 1)) AS refused,
    coalesce(t.day BETWEEN a.since AND a.until, a.since IS NULL OR a.until IS NULL) AS within,
    coalesce(t.failed, 0) < coalesce(t.count, 1) AS done, t.*
    EXCLUDE (count, failed)
  FROM asked AS a JOIN activity AS t ON t.asset_id = a.asset_id
  LEFT JOIN origin AS o ON o.from_place IS NOT DISTINCT FROM t.from_place
  WHERE t.stance = 'observed'
)
SELECT claim_id, country, inside, service, here, bool_and(likely) AS likely,
  sum(times - refused)::BIGINT AS times, coalesce(sum(times - refused) FILTER (WHERE within), 0)::BIGINT AS within,
  sum(refused)::BIGINT AS refused, coalesce(sum(bytes), 0)::BIGINT AS bytes,
  min(day) AS first_day, max(day) AS last_day,
  coalesce(list_sort(list_distinct(list(principal) FILTER (WHERE done))), []) AS who,
  coalesce(list_sort(list_distinct(list(action) FILTER (WHERE done))), []) AS actions,
  count(*) FILTER (WHERE done) AS done, count(*) FILTER (WHERE done AND to_party IS NOT NULL) AS given,
  coalesce(list_sort(list(fact_id) FILTER (WHERE done)), [])[:50] AS facts
FROM touched GROUP BY claim_id, country, inside, service, here ORDER BY claim_id, done DESC, country
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
        said = sorted(with_parts(_codes(one), on=scene.as_of))
        same = scene.subject(str(one.asset_id)).same
        window = scene.window("activity", same)
        made = {"claim_id": one.claim_id, "said": said, "since": _date(window.begin), "until": _date(window.end)}
        rows += [made | {"asset_id": asset} for asset in same]
    asked = pa.Table.from_pylist(rows, schema=_FORM)
    found = ask(scene.con, ACCESSES, asked)
    mine: dict[str, list[Row]] = {}
    for row in rows:
        mine.setdefault(row["claim_id"], []).append(row)
    for one in asks:
        query = kept(ACCESSES, asked, mine.get(one.claim_id, []))
        yield one, _verdict(one, scene, found.get(one.claim_id, []), query)


_FORM = pa.schema(
    [
        ("claim_id", pa.string()),
        ("asset_id", pa.string()),
        ("said", pa.list_(pa.string())),
        ("since", pa.date32()),
        ("until", pa.date32()),
    ]
)


def _date(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _codes(one: Ask) -> list[str]:
    return [str(code) for code in one.said] if isinstance(one.said, list) else []


def _verdict(one: Ask, scene: Scene, rows: list[Any], query: str) -> Verdict:
    subject = scene.subject(str(one.asset_id))
    shown, said = scene.shown(subject.asset_id), countries(_codes(one))
    done = [row for row in rows if row["done"]]
    elsewhere = [row for row in rows if row["country"] and not row["here"] and not row["inside"]]
    outside = [row for row in elsewhere if row["done"]]
    tried = [row for row in elsewhere if row["refused"]]
    inside = [row for row in done if row["inside"] or row["here"]]
    dark = [row for row in done if not row["inside"] and row["country"] is None]
    window = _window(scene.window("activity", subject.same), rows)
    values = {
        "claimed": _codes(one),
        "from": {row["country"]: row["times"] for row in outside},
        "attempts": {row["country"]: row["refused"] for row in tried},
        "inside": _done(inside),
        "unknown": _done(dark),
    }
    rest: dict[str, Any] = {
        "remainder": tuple(_remainder(done, dark, window)),
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
            confidence="low" if all(row["likely"] for row in outside) else "high",
            **rest,
        )
    rest["counts"] = (0, sum(row["done"] for row in inside))
    if not done:
        none: Said = (
            f"No access to {shown} was seen in what was given{attempts[0]}",
            f"Aucun accès à {shown} n'a été observé dans ce qui a été fourni{attempts[1]}",
        )
        return Verdict("not_observed", none, missing=(_LOGS,), **rest)
    # A service of the provider acts in somebody's name, and what was done at other times is not of this one.
    own = sum(row["within"] for row in inside if not row["service"])
    if not own:
        rest["missing"] = (_OWN, _LOGS) if dark else (_LOGS,)
        return Verdict("not_observed", _none_own(inside, dark, window, shown, said, attempts), **rest)
    sure = window.whole and not dark
    words = _all(inside, window, shown, said) if sure else _some(inside, dark, shown, said)
    told = words[0] + attempts[0], words[1] + attempts[1]
    if sure:
        return Verdict("supported", told, confidence="medium", **rest)
    missing = ([_OWN] if dark else []) + ([] if window.whole else [_WHOLE])
    return Verdict("not_observed", told, missing=tuple(missing), **rest)


def _none_own(
    inside: Sequence[Row], dark: Sequence[Row], window: Window, shown: str, said: Said, attempts: Said
) -> Said:
    """Return that nobody was seen to come from where the claim says in that time."""
    span = f"{day(window.begin)} – {day(window.end)}"
    en, fr = _some(inside, dark, shown, said)
    return (
        f"In the time that was watched ({span}) nobody was seen to reach {shown} from {said[0]}; at all times {en}"
        f"{attempts[0]}",
        f"Pendant la période observée ({span}), personne n'a été vu atteindre {shown} depuis : {said[1]} ; en tout, "
        f"{fr}{attempts[1]}",
    )


def _all(inside: Sequence[Row], window: Window, shown: str, said: Said) -> Said:
    number = sum(row["within"] for row in inside)
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
    return sum(row["times"] for row in rows)


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
    number = row["times"]
    sure = (" (likely)", " (probablement)") if row["likely"] else ("", "")
    en, fr = en + sure[0], fr + sure[1]
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


def _remainder(done: Sequence[Row], dark: Sequence[Row], window: Window) -> Iterator[Said]:
    if number := _done([row for row in done if row["service"]]):
        yield (
            f"in whose name services of the provider did so ({times(number, 'time')})",
            f"au nom de qui des services du prestataire l'ont fait ({number} fois)",
        )
    if number := sum(row["given"] for row in done):
        yield (
            f"from where those reach it to whom access was given ({times(number, 'time')})",
            f"depuis où l'atteignent ceux à qui l'accès a été donné ({number} fois)",
        )
    if number := _done(done) - sum(row["within"] for row in done):
        yield (
            f"{times(number, 'access', 'accesses')} at times that were not watched as a whole",
            f"{number} accès à des moments qui n'ont pas été observés en entier",
        )
    if number := _done(dark):
        yield (
            f"{times(number, 'access', 'accesses')} from countries that are not known",
            f"{number} accès depuis des pays inconnus",
        )
    if not window.whole:
        yield "what the access logs did not record", "ce que les journaux d'accès n'ont pas consigné"
    yield from beyond(window)
