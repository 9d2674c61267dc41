"""Everything that stands under one finding: its proofs, its facts with their sources, and what would tell otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model
from flagstate.catalog import lists
from flagstate.catalog.mask import plain
from flagstate.errors import UsageError

SHOWN = 40
"""Facts that are laid out as text; JSON has them all."""
LINES, LONGEST = 60, 300
"""Lines of a query that are laid out as text, and signs of a line; JSON has them all."""

_META = frozenset({"fact_id", "stance", "evidence_id", "valid_from", "valid_to", "source", "status"})
_OTHERS = {"reach": ("government", "subject_id"), "cutoff": ("cut", "asset_id")}
"""Derived tables with proofs, and the columns that answer to counterparty and subject of a finding."""


@dataclass(frozen=True)
class Fact:
    """One fact under a finding."""

    fact_id: str
    noun: str
    says: Mapping[str, object]
    """Its columns that are not null."""
    stance: str | None
    status: str | None
    source: str | None
    artefact: str | None
    """The artefact or catalog table that it rests on."""
    sha256: str | None


@dataclass(frozen=True)
class Explanation:
    """What stands under one finding."""

    finding: Mapping[str, object]
    values: Mapping[str, object]
    proofs: tuple[str, ...]
    facts: tuple[Fact, ...]
    contradictions: tuple[str, ...]
    lost: tuple[str, ...]
    """fact_ids that no table has: the case was edited, or they are of a derived table."""
    queries: tuple[str, ...] = ()
    """What was asked of the tables, of a claim."""

    def as_dict(self) -> dict[str, object]:
        """Return the explanation as plain data, for JSON."""
        return asdict(self)


def explain(tables: Mapping[str, pa.Table], text: str) -> Explanation:
    """Return everything that stands under a finding.

    Args:
        tables: All stored nouns of the case.
        text: A finding_id, or its beginning of at least four signs.

    Raises:
        UsageError: No finding begins so, or several do.
    """
    finding = _one(tables["finding"], text)
    proofs = list(dict.fromkeys([str(finding["proof"])] if finding["proof"] else []))
    asked = [str(fact) for fact in _list(finding["facts"])]
    for noun, (other, subject) in _OTHERS.items():
        if finding["question"] == noun:
            for row in _rows(tables[noun], other, finding["counterparty"], subject, finding["subject"]):
                if row["proof"] and row["proof"] not in proofs:
                    proofs.append(str(row["proof"]))
                asked += [str(fact) for fact in _list(row["facts"])]
    asked = list(dict.fromkeys(asked))
    found = _facts(tables, asked) | {fact.fact_id: fact for fact in _entries(asked)}
    return Explanation(
        finding=finding,
        values=json.loads(str(finding["values"])) if finding["values"] else {},
        proofs=tuple(proofs),
        facts=tuple(found[key] for key in asked if key in found),
        contradictions=tuple(_contradictions(tables, set(asked))),
        lost=tuple(key for key in asked if key not in found),
        queries=tuple(_queries(tables["claim_verdict"], finding)),
    )


def _queries(verdicts: pa.Table, finding: Mapping[str, object]) -> Iterator[str]:
    """Yield the query that was asked for a claim."""
    if finding["question"] != "claims":
        return
    for row in verdicts.filter(pc.equal(verdicts["claim_id"], str(finding["subject"]))).to_pylist():
        if row["query"] and finding["rule_id"] == f"claim-{row['verb']}":
            yield str(row["query"])


def _one(findings: pa.Table, text: str) -> dict[str, object]:
    hits = [row for row in findings.to_pylist() if row["finding_id"].startswith(text)] if len(text) >= 4 else []
    if len(hits) == 1:
        found: dict[str, object] = hits[0]
        return found
    if hits:
        listed = ", ".join(row["finding_id"] for row in hits[:6])
        raise UsageError(f"{len(hits)} findings begin with {plain(text)!a}", todo=f"Write more of it: {listed}.")
    raise UsageError(
        f"the case has no finding {plain(text)[:60]!a}",
        todo="Take a finding_id from the report, or from `flagstate report --format json --out -`.",
    )


def _rows(table: pa.Table, other: str, counterparty: object, subject: str, about: object) -> list[dict[str, object]]:
    if counterparty is not None:
        table = table.filter(pc.equal(table[other], str(counterparty)))
    rows: list[dict[str, object]] = table.filter(pc.equal(table[subject], str(about))).to_pylist()
    return rows


def _entries(asked: Iterable[str]) -> Iterator[Fact]:
    """Yield the entries of lists among what a finding rests on: they are of the catalog, not of the case."""
    for key in asked:
        kind, _, rest = key.partition(":")
        code, _, member = rest.partition(":")
        if kind == "list" and member:
            listed = lists.book().get(code)
            source = listed.citation if listed else "a list that this version does not have"
            yield Fact(key, "list_entry", {"list": code, "member": member}, "recorded", None, source, None, None)


def _facts(tables: Mapping[str, pa.Table], asked: Iterable[str]) -> dict[str, Fact]:
    wanted = pa.array(list(asked), pa.string())
    evidence = {row["evidence_id"]: row for row in tables["evidence"].to_pylist()}
    found: dict[str, Fact] = {}
    for noun in model.FACTS:
        table = tables[noun]
        for row in table.filter(pc.is_in(table["fact_id"], wanted)).to_pylist():
            artefact = evidence.get(row["evidence_id"]) or {}
            found[row["fact_id"]] = Fact(
                fact_id=row["fact_id"],
                noun=noun,
                says={k: v for k, v in row.items() if k not in _META and v not in (None, [])},
                stance=row["stance"],
                status=row.get("status"),
                source=row.get("source"),
                artefact=artefact.get("artefact") or row["evidence_id"],
                sha256=artefact.get("sha256"),
            )
    return found


def _contradictions(tables: Mapping[str, pa.Table], facts: set[str]) -> list[str]:
    return [str(row["words"]) for row in tables["contradiction"].to_pylist() if facts & set(row["facts"] or ())]


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def lines(told: Explanation) -> list[str]:
    """Return the explanation as sentences; headings have no indent."""
    one = told.finding
    verdict = f"{one['verdict']}" + (f", {one['level']}" if one["verdict"] == "yes" else "")
    out = [f"{one['message']}", f"  {one['question']} · {verdict} · confidence {one['confidence'] or 'none'}"]
    out.append(f"  finding {one['finding_id']} · rule {one['rule_id']} · rests on: {one['rests_on'] or 'nothing'}")
    if one["citation"]:
        out.append(f"  {one['citation']} ({one['status']}) · outcome {one['outcome'] or 'not known'}")
    if one["exemption"]:
        out.append(f"  exemption {one['exemption']}")
    if one["interpretive"]:
        out.append("  This rests on our own reading of a law.")
    if one["judged"]:
        out.append(f"  judged – {one['judged']}")
    out += _section("proofs, the most direct first:", told.proofs)
    if told.values:
        out += _section("values that decided:", (f"{key}: {_value(value)}" for key, value in told.values.items()))
    out += _section("facts that contradict each other:", told.contradictions)
    out += _section("the query that was asked of the tables:", (line for text in told.queries for line in _text(text)))
    out += _section(f"facts ({len(told.facts):,}):", (_fact(fact) for fact in told.facts[:SHOWN]))
    if len(told.facts) > SHOWN:
        out.append(f"  … {len(told.facts) - SHOWN:,} more: use --json")
    out += _section("the best innocent explanation:", [str(one["innocent"])] if one["innocent"] else [])
    out += _section("what would change it:", [str(text) for text in _list(one["measures"])])
    out += _section("what would tell:", [str(todo) for todo in _list(one["missing"])])
    return out


def _text(query: str) -> list[str]:
    shown = [line if len(line) <= LONGEST else f"{line[:LONGEST]} …" for line in query.splitlines()]
    rest = len(shown) - LINES
    return shown if rest <= 0 else [*shown[:LINES], f"… {rest:,} more lines: use --json"]


def _section(title: str, listed: Iterable[str]) -> list[str]:
    shown = [f"  {text}" for text in listed]
    return [title, *shown] if shown else []


def _value(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, dict | list) else f"{value}"


def _fact(fact: Fact) -> str:
    said = ", ".join(f"{key} {_value(value)}" for key, value in fact.says.items())
    where = fact.source or fact.artefact or "no source"
    digest = f", sha256 {fact.sha256[:12]}…" if fact.sha256 else ""
    return f"{fact.noun} {fact.fact_id[:8]}: {said} ({fact.stance}; {where}{digest})"
