"""Claims: what the evidence says of what vendors, officials and the press assert, and who stands behind it.

Absence of evidence never contradicts: what was not seen is not observed, with the window, what was not covered, and
what to collect. A denial, no comment, or that a publisher could not verify it changes no verdict and is always shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from flagstate import model
from flagstate.assess import claim_words as words
from flagstate.assess import mutations, sources
from flagstate.assess.activity import Book
from flagstate.assess.claim_tests import JUDGES, SILENT
from flagstate.assess.claim_tests.departures import depart
from flagstate.assess.claim_tests.scene import Scene
from flagstate.assess.claim_tests.told import KEPT, Ask, Verdict, formed
from flagstate.assess.figures import figures
from flagstate.assess.finding import finding

Row = dict[str, Any]
Tables = Mapping[str, pa.Table]

NOUNS = (
    *("place", "endpoint", "activity", "flow", "interest", "holding", "population", "person_count", "custody"),
    *("key_use", "control_chain", "ultimate_parent"),
)
"""What queries of claims may ask."""
_MOVING = frozenset({"place_in", "no_flow_to"})
"""Words that ask what left an asset."""
_PARTIES = frozenset({"operator_is", "keys_held_by"})
"""Words that name a party."""
_NO_ASSET = frozenset({"figure_consistent_with"})
"""Words that may speak of no asset."""


def claims(tables: Tables, con: duckdb.DuckDBPyConnection | None, as_of: date) -> dict[str, pa.Table]:
    """Say of every claim what the evidence says, who stands behind it, and how it changed on the way.

    Args:
        tables: All stored nouns, with one id per entity.
        con: A database to work in; null only where there is no claim.
        as_of: The day on which facts must hold.

    Returns:
        `provenance`, `mutation`, `claim_verdict` and rows of `finding`: a claim that is contradicted is adverse, one
        that is supported is not, and all others are unknown.

    It cannot see whether a test asks what the sentence says: it asks no more than the test.
    """
    listed = _once(tables["claim"])
    behind = sources.provenance(tables["claim"], tables["source"])
    changed = mutations.mutations(tables["claim"], tables["source"])
    if not listed:
        return _made(behind, changed, [], [_none()])
    if con is None:
        raise ValueError("claims need a database")
    one = {str(row["entity_id"]): str(row["same_as"]) for row in _sure(tables.get("identity"))}
    asks = [ask for row in listed for ask in _asks(row, one)]
    verdicts = dict(_judged(asks, tables, con, as_of))
    who = {str(row["claim_id"]): row for row in behind}
    carried = {str(row["source_id"]): str(row["fact_id"]) for row in tables["source"].to_pylist()}
    by_claim: dict[str, list[Ask]] = {}
    for ask in asks:
        by_claim.setdefault(ask.claim_id, []).append(ask)
    told: list[Row] = []
    findings: list[Row] = []
    untested: list[Row] = []
    for row in listed:
        mine = by_claim.get(str(row["claim_id"]), [])
        said = words.context(row, who.get(str(row["claim_id"]), {}))
        carriers = [carried[one] for one in row["source_ids"] or () if one in carried]
        for ask in mine:
            told.append(_row(row, ask, verdicts[ask.claim_id, ask.verb]))
            findings.append(_finding(row, ask, verdicts[ask.claim_id, ask.verb], said, carriers))
        if not mine:
            told.append(_untested(row))
            untested.append(row)
    if untested:
        findings.append(_untested_finding(untested, who))
    return _made(behind, changed, told, findings)


def _made(behind: list[Row], changed: list[Row], told: list[Row], findings: list[Row]) -> dict[str, pa.Table]:
    return {
        "provenance": model.rows(model.PROVENANCE, behind),
        "mutation": model.rows(model.MUTATION, changed),
        "claim_verdict": model.rows(model.CLAIM_VERDICT, told),
        "finding": model.rows(model.FINDING, findings),
    }


def _once(table: pa.Table) -> list[Row]:
    """Return the claims, each once and in the order of their ids."""
    rows = sorted(table.to_pylist(), key=lambda row: (str(row["claim_id"]), str(row["fact_id"])))
    found: dict[str, Row] = {}
    for row in rows:
        found.setdefault(str(row["claim_id"]), row)
    return list(found.values())


def _sure(identity: pa.Table | None) -> list[Row]:
    return [row for row in identity.to_pylist() if row["verdict"] == "yes"] if identity is not None else []


def _asks(row: Row, one: Mapping[str, str]) -> Iterator[Ask]:
    """Yield the parts of a claim's test; what is not of its form is left out."""
    try:
        test = json.loads(row["test"]) if row["test"] else {}
    except (ValueError, RecursionError):
        return
    if not isinstance(test, dict):
        return
    for verb in JUDGES:
        said = test.get(verb)
        if said is None:
            continue
        if verb in _PARTIES:
            said = one.get(said, said) if isinstance(said, str) else None
        elif verb == "no_flow_to" and isinstance(said, list):
            said = [_entity(str(pattern), one) for pattern in said]
        about = _text(test.get("about"))
        yield Ask(
            str(row["claim_id"]),
            verb,
            said,
            asset_id=_text(test.get("of")),
            about=one.get(about, about) if about else None,
            container=_text(test.get("container")),
            unit=_text(test.get("unit")) or "persons",
            figures=figures(row["claim_figures"]),
        )


def _entity(pattern: str, one: Mapping[str, str]) -> str:
    kind, colon, rest = pattern.partition(":")
    return f"{kind}{colon}{one.get(rest, rest)}" if kind == "entity" else pattern


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _judged(
    asks: list[Ask], tables: Tables, con: duckdb.DuckDBPyConnection, as_of: date
) -> Iterator[tuple[tuple[str, str], Verdict]]:
    with con.cursor() as own:
        for noun in NOUNS:
            own.register(noun, tables[noun])
        scene = Scene(tables, own, as_of)
        able: dict[str, list[Ask]] = {}
        for ask in asks:
            if not formed(ask, as_of):
                yield (ask.claim_id, ask.verb), words.NOT_FORMED
            elif ask.asset_id is None and ask.verb not in _NO_ASSET:
                yield (ask.claim_id, ask.verb), words.NO_SUBJECT
            elif ask.asset_id is not None and ask.asset_id not in scene.assets:
                yield (ask.claim_id, ask.verb), words.NO_ASSET
            else:
                able.setdefault(ask.verb, []).append(ask)
        _prepare(scene, [ask for listed in able.values() for ask in listed])
        for verb, listed in able.items():
            for ask, verdict in JUDGES[verb](listed, scene):
                yield (ask.claim_id, ask.verb), verdict


def _prepare(scene: Scene, asks: list[Ask]) -> None:
    """Make the tables that several queries ask beside the nouns, as far as a test needs them."""
    moving = [ask for ask in asks if ask.verb in _MOVING]
    if moving:
        scene.far = depart(scene, {same for ask in moving for same in scene.subject(str(ask.asset_id)).same})
    if any(ask.verb in ("place_in", "access_only_from") for ask in asks):
        book = Book([], scene.tables)
        places = scene.tables["activity"]["from_place"].unique().to_pylist()
        found = [book.origin(place) for place in places]
        columns = {
            "from_place": pa.array(places, pa.string()),
            "country": pa.array([one.country for one in found], pa.string()),
            "inside": pa.array([one.inside for one in found], pa.bool_()),
            "likely": pa.array([one.likely for one in found], pa.bool_()),
            "service": pa.array([one.service for one in found], pa.bool_()),
        }
        scene.con.register("origin", pa.table(columns))


def _row(claim: Row, ask: Ask, told: Verdict) -> Row:
    against, rows_for = told.counts or (len(told.against), len(told.rows_for))
    return {
        "claim_id": ask.claim_id,
        "verb": ask.verb,
        "asset_id": ask.asset_id,
        "claim_verdict": told.verdict,
        "message": told.message[0],
        "french": told.message[1],
        "rows_for": rows_for,
        "rows_against": against,
        "facts": told.facts,
        "remainder": [en for en, _ in told.remainder],
        "from_ts": told.window.begin,
        "to_ts": told.window.end,
        "share_seen": told.window.share,
        "missing": [en for en, _ in words.missing(told)],
        "does_not_say": [*(en for en, _ in SILENT[ask.verb]), *(claim["does_not_say"] or ())],
        "query": told.query,
        "rests_on": told.rests_on,
        "confidence": told.confidence,
    }


def _untested(claim: Row) -> Row:
    en, fr = words.UNTESTED
    return {
        "claim_id": claim["claim_id"],
        "claim_verdict": "not_testable",
        "message": en,
        "french": fr,
        "rows_for": 0,
        "rows_against": 0,
        "facts": [],
        "remainder": [],
        "missing": [words.would_decide(claim)[0]],
        "does_not_say": list(claim["does_not_say"] or ()),
    }


_VERDICTS = {"contradicted": "yes", "supported": "no"}


def _finding(claim: Row, ask: Ask, told: Verdict, said: words.Context, carriers: Iterable[str]) -> Row:
    verdict = _VERDICTS.get(told.verdict, "unknown")
    en, fr = words.sentence(said, told)
    missing = words.missing(told) if verdict == "unknown" else ()
    silent = [*SILENT[ask.verb], *((text, text) for text in claim["does_not_say"] or ())]
    values = {"claim_verdict": told.verdict, **said.values, **told.values}
    window = {name: str(at) for name, at in (("from", told.window.begin), ("to", told.window.end)) if at}
    values |= {"window": window | ({"share_seen": told.window.share} if told.window.share is not None else {})}
    values |= {"remainder": [one for one, _ in told.remainder], "does_not_say": [one for one, _ in silent]}
    row = finding(
        "claims",
        f"claim-{ask.verb}",
        ask.claim_id,
        verdict,
        en,
        counterparty=ask.asset_id,
        outcome="assess" if verdict == "yes" else None,
        confidence=told.confidence or "medium",
        values=values,
        facts=list(dict.fromkeys([str(claim["fact_id"]), *carriers, *told.facts]))[: 2 * KEPT],
        missing=[one for one, _ in missing],
        rests_on=told.rests_on,
    )
    french = {
        "message": fr,
        "missing": [one for _, one in missing],
        "remainder": [one for _, one in told.remainder],
        "does_not_say": [one for _, one in silent],
    }
    return row | {"french": json.dumps(french, ensure_ascii=False)}


def _untested_finding(listed: list[Row], who: Mapping[str, Row]) -> Row:
    en, fr = words.untested(listed, who)
    decide = list(dict.fromkeys(words.would_decide(row) for row in listed))
    row = finding(
        "claims",
        "claim-untested",
        str(listed[0]["claim_id"]) if len(listed) == 1 else "claims without a test",
        "unknown",
        en,
        values={"claims": len(listed), "ids": [row["claim_id"] for row in listed[:KEPT]]},
        facts=[str(row["fact_id"]) for row in listed[:KEPT]],
        missing=[one for one, _ in decide],
    )
    return row | {"french": json.dumps({"message": fr, "missing": [one for _, one in decide]}, ensure_ascii=False)}


def _none() -> Row:
    (en, fr), (todo, french) = words.NO_CLAIM
    row = finding("claims", "claims-none", "all claims", "unknown", en, missing=[todo])
    return row | {"french": json.dumps({"message": fr, "missing": [french]}, ensure_ascii=False)}
