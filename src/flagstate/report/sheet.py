"""The sheet of claims for a terminal: who said it first, what others say, what the evidence says, what changed."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from flagstate.report.asserted import STANCES, found, tally
from flagstate.report.sheet_words import SAY

Row = dict[str, Any]
Line = tuple[int, str]
"""Indent, and a text that is wrapped below it."""

FEW = 3
"""Texts of one list that the sheet of all claims shows."""


@dataclass(frozen=True)
class Sheet:
    """One claim with everything that is known of it."""

    claim: Row
    """Its row of `claim`."""
    found: str
    """What the evidence says of its whole test."""
    behind: Row
    """Its row of `provenance`."""
    carriers: tuple[Row, ...]
    """Sources in which it stands."""
    primaries: tuple[Row, ...]
    """Sources or claims behind it that repeat nothing."""
    changes: tuple[Row, ...]
    """How it changed on the way."""
    parts: tuple[Row, ...]
    """What the evidence says of each part of its test."""
    french: Mapping[str, Row]
    """French lists of a part, by its verb."""
    texts: Mapping[str, str]
    """French of what is to be collected, by its English."""
    names: Mapping[str, str]
    """Names of parties, by their keys without `est:`."""

    def as_dict(self) -> Row:
        """Return it as plain data, for JSON."""
        hidden = {"fact_id", "stance", "evidence_id", "valid_from", "valid_to"}
        claim = {key: value for key, value in self.claim.items() if key not in hidden}
        for key in ("test", "claim_figures", "stances"):
            claim[key] = parsed(claim[key])
        return {
            **claim,
            "claim_verdict": self.found,
            "provenance": self.behind,
            "mutations": list(self.changes),
            "verdicts": list(self.parts),
        }


def parsed(text: str | None) -> object:
    """Return what a column of JSON says, or its text where it is none."""
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return text


def short(key: str) -> str:
    """Return an id as its dossier writes it."""
    return key.removeprefix("est:")


def sheets(tables: Mapping[str, pa.Table]) -> list[Sheet]:
    """Return every claim with what is known of it, in the order of their names.

    Args:
        tables: `claim`, `source`, `provenance`, `mutation`, `claim_verdict` and `finding`; and `legal_entity`, for
            the names of who denies, where there are some.
    """
    rows = {name: tables[name].to_pylist() for name in ("claim", "source", "provenance", "mutation", "claim_verdict")}
    nodes = {row["source_id"]: row for row in rows["source"]} | {row["claim_id"]: row for row in rows["claim"]}
    behind = {row["claim_id"]: row for row in rows["provenance"]}
    french, texts, names = *_french(tables["finding"]), _names(tables.get("legal_entity"))
    claims = {row["claim_id"]: row for row in rows["claim"]}
    made = []
    for key in sorted(claims, key=_natural):
        claim = claims[key]
        parts = tuple(row for row in rows["claim_verdict"] if row["claim_id"] == key)
        who = behind.get(key) or {}
        made.append(
            Sheet(
                claim,
                found(parts, tested=bool(claim["test"])),
                who,
                tuple(nodes[one] for one in claim["source_ids"] or () if one in nodes),
                tuple(nodes[one] for one in who.get("primaries") or () if one in nodes),
                tuple(row for row in rows["mutation"] if row["claim_id"] == key),
                parts,
                french.get(key, {}),
                texts,
                names,
            )
        )
    return made


def _natural(key: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]{1,9})", key)]


def _names(parties: pa.Table | None) -> dict[str, str]:
    """Return the names of parties by the keys under which a declaration writes them."""
    if parties is None:
        return {}
    rows = parties.select(["entity_id", "name"]).to_pylist()
    named = {row["entity_id"]: row["name"] for row in rows if row["name"]}
    return {short(key): named[key] for key in sorted(named, reverse=True)}


def _french(findings: pa.Table) -> tuple[dict[str, dict[str, Row]], dict[str, str]]:
    """Return the French lists of findings, by claim and verb; and what is to be collected, by its English."""
    told: dict[str, dict[str, Row]] = {}
    texts: dict[str, str] = {}
    for row in findings.select(["question", "rule_id", "subject", "missing", "french"]).to_pylist():
        said = parsed(row["french"]) if row["question"] == "claims" else None
        if isinstance(said, dict):
            told.setdefault(row["subject"], {})[row["rule_id"].removeprefix("claim-")] = said
            pair = row["missing"] or (), said.get("missing")
            if isinstance(pair[1], list) and len(pair[0]) == len(pair[1]):
                texts.update(zip(pair[0], map(str, pair[1]), strict=True))
    return told, texts


def every(made: Sequence[Sheet], lang: str) -> Iterator[Line]:
    """Yield all claims, each in a few lines.

    Args:
        made: The sheets.
        lang: en or fr.
    """
    say = SAY[lang]
    counted = tally([{"found": one.found} for one in made])
    counts = ", ".join(f"{n} {say[word]}{say['many'] if n > 1 else ''}" for word, n in counted)
    many = say["head"].format(n=len(made), s="" if len(made) == 1 else "s")
    yield 0, f"{many}{say['is']}{counts}" if made else many
    for one in made:
        yield 0, ""
        yield from _head(one, say)
        yield from _who(one, say)
        for part in one.parts if one.claim["test"] else ():
            yield from _part(one, part, say, lang, FEW)
        for change in one.changes:
            yield 4, f"{say['changed']}{say['is']}{_said(change, lang)}"
        if one.claim["remark"]:
            yield 4, f"{say['remark']}{say['is']}{one.claim['remark']}"


def whole(one: Sheet, lang: str) -> Iterator[Line]:
    """Yield one claim with all that is known of it, and the query that was asked of the tables.

    Args:
        one: The sheet.
        lang: en or fr.
    """
    say = SAY[lang]
    yield from _head(one, say)
    yield from _who(one, say)
    for label, listed in (("primaries", one.primaries), ("carriers", one.carriers)):
        for row in listed:
            yield 4, f"{say[label]}{say['is']}{_source(row, say)}"
    for change in one.changes:
        parent = f" ({short(change['parent_id'])})" if change["parent_id"] else ""
        yield 4, f"{say['changed']}{parent}{say['is']}{_said(change, lang)}"
    silent = [text for part in one.parts for text in _listed(one, part, "does_not_say", lang)]
    for text in dict.fromkeys([*silent, *(one.claim["does_not_say"] or ())]):
        yield 4, f"{say['silent']}{say['is']}{text}"
    for part in one.parts:
        yield from _part(one, part, say, lang, None)
        yield 6, say["rows"].format(against=part["rows_against"] or 0, rows_for=part["rows_for"] or 0)
        if part["rests_on"]:
            rests, sure = (say.get(str(part[name]), part[name] or "–") for name in ("rests_on", "confidence"))
            yield 6, f"{say['rests']}{say['is']}{rests}{say['then']}{say['confidence']} {sure}"
        if part["query"]:
            yield 6, f"{say['query']}{say['is']}"
            yield from ((8, line) for line in str(part["query"]).splitlines())
    if one.claim["remark"]:
        yield 4, f"{say['remark']}{say['is']}{one.claim['remark']}"


def sources(
    tables: Mapping[str, pa.Table], resting: Mapping[str, tuple[Sequence[str], Sequence[str]]], lang: str
) -> Iterator[Line]:
    """Yield the sources, each with what rests on it.

    Args:
        tables: `source` and `claim`.
        resting: Claims and sources that rest on each source, by its id.
        lang: en or fr.
    """
    say = SAY[lang]
    listed = {row["source_id"]: row for row in tables["source"].to_pylist()}
    if not listed:
        return
    yield 0, ""
    yield 0, say["sources"].upper()
    standing = Counter(
        key for row in tables["claim"].select(["source_ids"]).to_pylist() for key in row["source_ids"] or ()
    )
    for key in sorted(listed, key=lambda key: (-len(resting[key][0]), -standing[key], key)):
        claims, copies = resting[key]
        more = f"{say['then']}{say['repeated']} {_some(map(short, copies), FEW)}" if copies else ""
        yield (
            2,
            f"{_source(listed[key], say)}{say['is']}{say['carries'].format(n=len(claims), stand=standing[key])}{more}",
        )


def _head(one: Sheet, say: Mapping[str, str]) -> Iterator[Line]:
    claim = one.claim
    parts = [
        say[one.found].upper() if one.found == "contradicted" else say[one.found],
        say[f"kind_{claim['claim_kind']}"],
    ]
    yield 0, f"{short(claim['claim_id'])}  {' · '.join(parts)}"
    yield 2, str(claim["sentence"] or "–")
    day = f", {claim['on_date']}" if claim["on_date"] else ""
    speaker, outlet = (claim[name] for name in ("speaker", "outlet"))
    where = f", {say['in']} {outlet}" if outlet and outlet != speaker else ""
    hedge = f"{say['then']}{say['hedged']}{say['is']}{claim['hedging']}" if claim["hedging"] else ""
    yield 4, f"{say['by']} {speaker or say['nobody']}{where}{day}{hedge}"


def _who(one: Sheet, say: Mapping[str, str]) -> Iterator[Line]:
    """Yield how many primaries stand behind a claim, and what others say of it."""
    who = one.behind
    if who:
        named = ", ".join(dict.fromkeys(_name(row) for row in one.primaries[:FEW]))
        primaries = say["independent"].format(n=who["independent"], s="" if who["independent"] == 1 else "s")
        told = say["assertions"].format(n=who["assertions"], s="" if who["assertions"] == 1 else "s")
        notes = [say["unnamed"].format(n=who["unnamed"])] if who["unnamed"] else []
        notes += [say["circular"]] if who["circular"] else []
        notes += [f"{say['absent']} {_some(map(short, who['absent']), FEW)}"] if who["absent"] else []
        yield 4, say["then"].join([f"{told}, {primaries}" + (f" ({named})" if named else ""), *notes])
    said = [
        f"{say[stance]} {_some((_party(key, one.names) for key in who[name]), 6)}"
        for name, stance in STANCES.items()
        if who.get(name)
    ]
    if said:
        yield 4, say["then"].join(said)


def _party(key: str, names: Mapping[str, str]) -> str:
    """Return who says something of a claim: by name where the case has one, else the key without its underscores."""
    bare = short(key)
    return names.get(bare) or (bare.replace("_", " ") if bare.isidentifier() else bare)


def _name(row: Row) -> str:
    """Return a source by its outlet, and a claim that stands for itself by who says it."""
    return str(row.get("speaker") or row.get("outlet") or short(row.get("source_id") or row.get("claim_id") or ""))


def _source(row: Row, say: Mapping[str, str]) -> str:
    if "source_id" not in row:
        return f"{short(row['claim_id'])} ({_name(row)})"
    marks = [say[f"form_{row['source_form']}"], str(row["on_date"] or "")]
    marks += [say["anonymous"]] if row["anonymous"] else []
    marks += [say["unverified"]] if row["verified"] == "no" else []
    return f"{short(row['source_id'])}, {_name(row)} ({', '.join(filter(None, marks))})"


def _part(one: Sheet, part: Row, say: Mapping[str, str], lang: str, most: int | None) -> Iterator[Line]:
    """Yield what the evidence says of one part of a test, with its window and what it did not cover."""
    verb = say.get(str(part["verb"]), str(part["verb"] or say["no_test"]).replace("_", " "))
    yield 4, f"{verb}{say['is']}{say[part['claim_verdict']]}. {_said(part, lang)}"
    window = [str(_day(part[name])) for name in ("from_ts", "to_ts") if part[name]]
    seen = [say["window_to" if len(window) > 1 else "window"].format(*window)] if window else []
    share = part["share_seen"]
    seen += [f"{say['seen']} {say['share'].format(f'{100 * share:.0f}')}"] if share is not None else []
    if seen:
        yield 6, say["then"].join(seen)
    for column, label in (("remainder", "remainder"), ("missing", "collect"), ("does_not_say", "silent")):
        listed = _listed(one, part, column, lang)
        if listed and not (most is None and column == "does_not_say"):
            yield 6, f"{say[label]}{say['is']}{_some(listed, most, say['then'])}"


def _day(at: object) -> date | None:
    return at.date() if isinstance(at, datetime) else None


def _said(row: Row, lang: str) -> str:
    text = (row["french"] if lang == "fr" else None) or row["message"] or ""
    return text if text.endswith((".", "?", "!")) else f"{text}." if text else ""


def _listed(one: Sheet, part: Row, column: str, lang: str) -> list[str]:
    said = one.french.get(str(part["verb"]), {}).get(column) if lang == "fr" else None
    if isinstance(said, list) and said:
        return [str(text) for text in said]
    return [one.texts.get(text, text) if lang == "fr" else text for text in part[column] or ()]


def _some(listed: Iterable[str], most: int | None, between: str = ", ") -> str:
    texts = list(listed)
    left = len(texts) - most if most else 0
    return between.join(texts[:most]) + (f" (+{left})" if left > 0 else "")
