"""What every document says of itself: its day, its version, that it is a draft, what was not seen, and its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from flagstate.report.figures import day, moment
from flagstate.report.filings.document import Document, Grid, Row, Section, cited, row
from flagstate.report.filings.ground import Ground
from flagstate.report.filings.render import marks

LISTED = 400
"""Lines of what was not seen that a document lists."""


def document(
    ground: Ground,
    kind: str,
    *,
    notes: Sequence[str] = (),
    sections: Sequence[Section] = (),
    files: Mapping[str, str] | None = None,
) -> Document:
    """Return a document with its head and, at the end, the evidence that its cells name.

    Args:
        ground: The case.
        kind: The kind, as the command names it.
        notes: What a reader must know first, after that it is a draft.
        sections: Its parts.
        files: Files beside it.
    """
    w, meta = ground.w, ground.meta
    head = (
        (w("head.case"), w("head.case_says", case=meta.case_id, version=meta.version)),
        (w("head.as_of"), day(meta.as_of)),
        (w("head.made"), w("head.made_says", moment=moment(meta.made_at), version=meta.flagstate)),
        (w("head.ledger"), meta.ledger_head),
    )
    first = (w("draft"), *((w("example"),) if meta.example else ()))
    made = Document(kind, w(f"title.{kind}"), head, (*first, *notes), tuple(sections), files or {})
    return replace(made, sections=(*made.sections, *_evidence(ground, made)))


def unseen(ground: Ground, *nouns: str) -> Section:
    """Return what could not be seen: lines of the coverage ledger on these nouns, and artefacts not read."""
    w = ground.w
    wanted = {*nouns, "evidence"}
    rows = []
    for one in ground.rows("coverage"):
        if one["noun"] in wanted and one["complete"] != "yes":
            complete = w(f"verdict.{one['complete']}") if one["complete"] == "no" else w("unknown")
            window = f"{day(one['from_ts'])} … {day(one['to_ts'])}" if one["from_ts"] else ""
            rows.append(
                row(
                    one["noun"],
                    ground.said(one["scope"]),
                    complete,
                    window,
                    ground.said(one["remark"]),
                    ground.said(one["todo"]),
                )
            )
    said = {one["noun"] for one in ground.rows("coverage")}
    silent = [noun for noun in nouns if noun not in said]
    says = [w("unseen_says")]
    if silent:
        says.append(w("unseen_silent", nouns=", ".join(silent)))
    if len(rows) > LISTED:
        says.append(w("left_out", n=len(rows) - LISTED))
    columns = tuple(w(f"col.{name}") for name in ("noun", "scope", "complete", "window", "what", "todo"))
    return Section(w("unseen"), tuple(says), Grid(columns, tuple(rows[:LISTED])))


def _evidence(ground: Ground, made: Document) -> Iterable[Section]:
    """Yield the list of facts, and that of findings, which cells name by their marks."""
    w = ground.w
    facts, findings = cited(made)
    if not facts and not findings:
        return
    numbers = marks(made)
    known = ground.evidence(facts)
    rows = []
    for one in facts:
        told = known.get(one, {})
        source = str(told.get("artefact") or w("unknown"))
        if told.get("members"):
            source = w("artefacts", n=told["members"], name=source)
        stance = str(told.get("stance") or w("unknown"))
        rows.append(
            row(
                numbers[one],
                one,
                str(told.get("noun") or w("unknown")),
                stance,
                ground.said(source),
                str(told.get("sha256") or w("no_hash")),
            )
        )
    names = ("mark", "fact_id", "noun", "stance", "artefact", "sha256")
    yield Section(w("evidence"), (w("evidence_says"),), Grid(tuple(w(f"col.{one}") for one in names), tuple(rows)))
    if findings:
        table = {one["finding_id"]: one for one in ground.rows("finding")}
        listed = tuple(_finding(ground, numbers[one], one, table.get(one, {})) for one in findings)
        columns = ("mark", "finding_id", "rule", "verdict", "citation", "status")
        grid = Grid(tuple(w(f"col.{one}") for one in columns), listed)
        yield Section(w("evidence_findings"), (), grid, under=True)


def _finding(ground: Ground, mark: str, ident: str, told: Mapping[str, object]) -> Row:
    return row(
        mark,
        ident,
        str(told.get("rule_id") or ""),
        ground.w(f"verdict.{told['verdict']}") if told.get("verdict") in ("yes", "no") else ground.w("unknown"),
        str(told.get("citation") or ""),
        str(told.get("status") or ""),
    )
