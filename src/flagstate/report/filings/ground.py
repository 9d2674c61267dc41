"""The tables of a case as documents read them: parties, findings, controls, and the evidence under each fact."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flagstate.model import ALL
from flagstate.report.answers import Row, Tables, table
from flagstate.report.filings.document import Cell, cell
from flagstate.report.filings.words import Words, words
from flagstate.report.meta import Meta

RANK = {"yes": 0, "unknown": 1, "no": 2}
_STANCES = ("observed", "configured", "recorded", "declared")


@dataclass(frozen=True)
class Party:
    """What the sources say together of one entity."""

    id: str
    """entity_id."""
    kind: str = "organisation"
    """organisation, person, group or state."""
    name: str = ""
    """Its name, if it has one; never shown for persons."""
    lei: str = ""
    """Legal Entity Identifier; empty: not known, or several."""
    registration: tuple[str, ...] = ()
    """Registration numbers."""
    organised_in: tuple[str, ...] = ()
    """Under whose law it is organised."""
    principal: tuple[str, ...] = ()
    """Principal places of business; several contradict each other."""
    located_in: tuple[str, ...] = ()
    """Where it is or has staff."""
    nationality: tuple[str, ...] = ()
    """Nationalities of a person or group."""
    facts: tuple[str, ...] = ()
    """fact_ids."""


@dataclass(frozen=True)
class Code:
    """A control code, as a law words it."""

    law: str
    """The law that asks for it."""
    says: Mapping[str, str]
    """What it means, by language."""
    citation: str = ""
    """Where the law asks for it."""


@dataclass(frozen=True)
class Ground:
    """One case, read for a document."""

    tables: Tables
    """The tables of the case, by noun."""
    meta: Meta
    """What a report says of itself; its language is the document's."""
    codes: Mapping[str, Code] = field(default_factory=dict)
    """Control codes that laws ask for."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """Weights of the objectives of the EU Cloud Sovereignty Framework on the day, in per cent."""

    @cached_property
    def w(self) -> Words:
        """The words of the language."""
        return words(self.meta.language)

    def table(self, noun: str) -> pa.Table:
        """Return the table of a noun, empty if the case has none."""
        return table(self.tables, noun)

    @cached_property
    def _rows(self) -> dict[str, list[Row]]:
        return {}

    def rows(self, noun: str) -> list[Row]:
        """Return the rows of a noun that hold on the day; bytes are left out."""
        if noun not in self._rows:
            found = self.table(noun)
            found = found.select([f.name for f in found.schema if not pa.types.is_binary(f.type)])
            self._rows[noun] = [one for one in found.to_pylist() if self._holds(one)]
        return self._rows[noun]

    @cached_property
    def _indexes(self) -> dict[tuple[str, str], dict[Any, list[Row]]]:
        return {}

    def by(self, noun: str, column: str) -> Mapping[Any, list[Row]]:
        """Return the rows of a noun by the value of a column; null values are left out."""
        if (noun, column) not in self._indexes:
            index = self._indexes.setdefault((noun, column), {})
            for one in self.rows(noun):
                if one[column] is not None:
                    index.setdefault(one[column], []).append(one)
        return self._indexes[noun, column]

    def of(self, noun: str, column: str, values: Iterable[Any]) -> list[Row]:
        """Return the rows of a noun of which a column has one of some values, in the order of the values."""
        index = self.by(noun, column)
        return [one for value in dict.fromkeys(values) for one in index.get(value, ())]

    def _holds(self, one: Row) -> bool:
        since, until = one.get("valid_from"), one.get("valid_to")
        begun = since is None or since.date() <= self.meta.as_of
        return begun and (until is None or until.date() > self.meta.as_of)

    @cached_property
    def parties(self) -> dict[str, Party]:
        """Entities, each once."""
        grouped: dict[str, list[Row]] = {}
        for one in self.rows("legal_entity"):
            grouped.setdefault(one["entity_id"], []).append(one)
        return {key: _party(key, grouped[key]) for key in sorted(key for key in grouped if key)}

    @cached_property
    def _persons(self) -> dict[str, str]:
        found = [key for key, one in self.parties.items() if one.kind == "person"]
        return {key: self.w("person", n=at) for at, key in enumerate(found, 1)}

    @cached_property
    def _names(self) -> re.Pattern[str] | None:
        written = {text for key in self._persons for text in (self.parties[key].name, short(key)) if len(text) > 1}
        if not written:
            return None
        parts = "|".join(re.escape(text) for text in sorted(written, key=len, reverse=True))
        return re.compile(rf"(?<!\w)(?:{parts})(?!\w)")

    def said(self, text: str | None) -> str:
        """Return a sentence of a conclusion without names of natural persons."""
        found = text or ""
        return self._names.sub(self.w("person_in_text"), found) if self._names else found

    @cached_property
    def _asset_names(self) -> dict[str, str]:
        return {one["asset_id"]: one["name"] for one in self.rows("asset") if one["asset_id"] and one["name"]}

    def call(self, ident: str | None) -> str:
        """Return what a document calls an entity or asset: never the name of a natural person."""
        if not ident:
            return self.w("unknown")
        if ident in self._persons:
            return self._persons[ident]
        known = self.parties.get(ident)
        name = (known.name if known else "") or self._asset_names.get(ident, "")
        return name or self.said(short(ident))

    def named(self, ident: str | None) -> Cell:
        """Return a cell that names an entity, with the facts that it is known by."""
        known = self.parties.get(ident or "")
        return cell(self.call(ident), facts=known.facts if known else ())

    def findings(self, *prefixes: str) -> list[Row]:
        """Return findings of rules whose id begins so: yes first, then unknown, then no."""
        found = self.table("finding")
        mine = pc.starts_with(found["rule_id"], pattern=prefixes[0])
        for prefix in prefixes[1:]:
            mine = pc.or_(mine, pc.starts_with(found["rule_id"], pattern=prefix))
        rows: list[Row] = found.filter(pc.and_(mine, pc.equal(found["question"], "rules"))).to_pylist()
        return sorted(rows, key=_gravest)

    def message(self, finding: Row) -> str:
        """Return the sentence of a finding in the language of the document."""
        return self.said(self._told(finding, "message") or finding["message"])

    def missing(self, finding: Row) -> list[str]:
        """Return what a finding lacks, in the language of the document."""
        return [self.said(one) for one in self._told(finding, "missing") or finding["missing"] or ()]

    def measures(self, finding: Row) -> list[str]:
        """Return what would change a finding, in the language of the document."""
        return [self.said(one) for one in self._told(finding, "measures") or finding["measures"] or ()]

    def _told(self, finding: Row, key: str) -> Any:  # noqa: ANN401  a sentence, or a list of them
        return values(finding.get("french")).get(key) if self.meta.language == "fr" else None

    def verdict(self, finding: Row) -> Cell:
        """Return verdict and outcome of a finding; without an outcome the verdict alone."""
        outcome = finding["outcome"]
        word = self.w(f"outcome.{outcome}") if outcome in OUTCOMES else str(outcome or "")
        verdict = finding["verdict"] if finding["verdict"] in RANK else "unknown"
        said = self.w(f"verdict.{verdict}")
        if word:
            said = (
                self.w("would_be", outcome=word)
                if verdict == "unknown"
                else self.w("said_so", verdict=said, outcome=word)
            )
        return cell(said, findings=[finding["finding_id"]], facts=finding["facts"] or ())

    def places(self, codes: Iterable[str]) -> str:
        """Return countries as a list, or that they are not known."""
        return ", ".join(sorted(set(codes))) or self.w("unknown")

    def evidence(self, facts: Iterable[str]) -> dict[str, Row]:
        """Return for fact_ids: table, stance, artefact, and SHA-256 of the artefact."""
        wanted = pa.array(sorted(set(facts)), pa.string())
        found: dict[str, Row] = {}
        for noun in ALL:
            held = self.tables.get(noun.name)
            if noun.group != "fact" or held is None or not held.num_rows:
                continue
            mine = held.filter(pc.is_in(held["fact_id"], value_set=wanted))
            for one in mine.select(["fact_id", "stance", "evidence_id"]).to_pylist():
                found.setdefault(one["fact_id"], {**one, "noun": noun.name})
        known = {one["evidence_id"]: one for one in self.rows("evidence")}
        for one in found.values():
            source = known.get(one["evidence_id"]) or {}
            members = [known[m] for m in source.get("members") or () if m in known]
            one["artefact"] = source.get("artefact") or one["evidence_id"]
            one["sha256"] = source.get("sha256") or (members[0].get("sha256") if len(members) == 1 else None)
            one["members"] = len(source.get("members") or ())
        return found


OUTCOMES = ("prohibited", "breach", "restricted", "conflict", "notify", "assess", "ok", "not applicable")


def short(ident: str) -> str:
    """Return an id as a person reads it."""
    return re.sub(r"^(est|ent|lei|store|net):", "", ident)


def values(text: str | None) -> dict[str, Any]:
    """Return the object in a JSON text; anything else is an empty one."""
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def weakest(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the weakest stance of some facts; none: declared."""
    known = [one.get("stance") for one in rows]
    ranked = [_STANCES.index(one) if one in _STANCES else len(_STANCES) - 1 for one in known]
    return _STANCES[max(ranked, default=len(_STANCES) - 1)]


def _party(key: str, rows: list[Row]) -> Party:
    def united(name: str) -> tuple[str, ...]:
        return tuple(sorted({one for r in rows for one in r[name] or () if one}))

    leis = {r["lei"] for r in rows if r["lei"]}
    return Party(
        key,
        min((r["kind"] for r in rows if r["kind"]), default="organisation"),
        max((r["name"] for r in rows if r["name"]), default=""),
        leis.pop() if len(leis) == 1 else "",
        united("registration"),
        united("organised_in"),
        tuple(sorted({r["principal_place"] for r in rows if r["principal_place"]})),
        united("located_in"),
        united("nationality"),
        tuple(sorted({r["fact_id"] for r in rows if r["fact_id"]})),
    )


def _gravest(finding: Row) -> tuple[int, str, str, str, str]:
    verdict = RANK.get(finding["verdict"], 1)
    said = (finding["rule_id"], finding["subject"], finding["counterparty"], finding["finding_id"])
    rule, subject, other, ident = (one or "" for one in said)
    return verdict, rule, subject, other, ident
