"""One audit, from what was given to the report."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from flagstate import __version__, model
from flagstate.case import Case
from flagstate.engine import Workers, connect, cores, memory
from flagstate.enrich.behave.seen import Traffic
from flagstate.errors import FULL, CaseError
from flagstate.model.codes import QUESTIONS
from flagstate.model.verdict import exit_code, left_open, standing
from flagstate.pipeline import collect, cover, cover_traffic, gather, merge, order
from flagstate.pipeline.judging import counts, judged
from flagstate.pipeline.rules import Hearing, own_laws, shipped_laws
from flagstate.report.meta import Meta

if TYPE_CHECKING:
    from rich.console import RenderableType


_CAUSES = FULL | {errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE}
"""What a machine may do to an audit that is no fault of ours."""


PLAN_SECONDS = 10.0
"""How long an audit looks for the cheapest plan; `flagstate plan --seconds` looks longer."""


@dataclass(frozen=True)
class Order:
    """What to audit, and how."""

    paths: tuple[Path, ...]
    """Files and folders of evidence."""
    case: Path
    """Folder of the case."""
    as_of: date | None = None
    """Day whose law and lists apply; null: today."""
    memory_bytes: int | None = None
    """Memory to use; null: half of the machine's."""
    threads: int | None = None
    """Threads to use; null: all cores."""
    asked: tuple[str, ...] = field(default=tuple(QUESTIONS))
    """Questions that decide the exit code."""
    fail_on: str = "info"
    """Adverse findings below this level do not count."""
    without: tuple[str, ...] = ()
    """Sources that are switched off."""
    max_expand: int | None = None
    """Absolute bound of expansion in bytes."""
    language: str = "en"
    """Language of the report."""
    laws: tuple[Path, ...] = ()
    """The user's own folders of laws, beside those that are shipped."""
    example: bool = False
    """The evidence is invented, and the report says so."""


@dataclass(frozen=True)
class Outcome:
    """What an audit concluded."""

    case: Case
    """The case."""
    tables: dict[str, pa.Table]
    """All stored nouns."""
    meta: Meta
    """What the report says of itself."""

    @property
    def exit_code(self) -> int:
        """Exit code of the audit."""
        return self.meta.exit_code

    @property
    def report(self) -> Path:
        """The HTML report."""
        return self.case.path / "report.html"

    @cached_property
    def findings(self) -> pa.Table:
        """The findings."""
        return self.tables["finding"]

    def document(self) -> dict[str, object]:
        """Return the audit as one JSON document."""
        from flagstate.report.exports.json import document

        return document(self.tables, self.meta) | {"folder": str(self.case.path), "report": str(self.report)}

    def summary(self) -> RenderableType:
        """Return the audit on one screen."""
        from rich.console import Group
        from rich.text import Text

        from flagstate.catalog.mask import plain
        from flagstate.report.terminal import summary

        return Group(summary(self.tables, self.meta), Text(f"Report: {plain(str(self.report))}", overflow="fold"))


def audit(what: Order, said: Callable[[str], None] = lambda _: None) -> Outcome:
    """Audit evidence and write the case and its report.

    Args:
        what: What to audit, and how.
        said: Is told what is being done.

    Raises:
        FlagstateError: Nothing was concluded; what was read is kept, and the same call goes on from there.
    """
    try:
        return _audit(what, said)
    except (MemoryError, duckdb.OutOfMemoryException):
        raise CaseError(
            "The audit stopped",
            why="it needed more memory than its bound",
            todo="Allow more with --memory, and start it again: it goes on where it was.",
        ) from None
    except OSError as problem:
        if problem.errno not in _CAUSES:
            raise
        # The message of the system may hold a path of the evidence; its cause is enough.
        todo = gather.ROOM if problem.errno in FULL else "Put that right, and start the audit again."
        raise CaseError("The audit stopped", why=problem.strerror or "", todo=todo) from None


def _audit(what: Order, said: Callable[[str], None]) -> Outcome:
    as_of = what.as_of or date.today()
    case = Case.open(what.case, create=True)
    with case.writing(), _spooling(case) as spool, Workers(gather.TARGET) as workers:
        said("Looking at what was given")
        means = _means(what)
        con = connect(memory_bytes=means.memory_bytes // 2, threads=means.threads, folders=[spool], spill=spool)
        try:
            tables, traffic = _read(what, case, workers, con, as_of, said)
            off = "laws" in what.without
            hearing = Hearing(what.laws, off, spool, means.memory_bytes // 2, means.threads)
            context = order.Run(
                con,
                as_of,
                "provider-feeds" in what.without,
                _user_dir(),
                traffic=traffic,
                rules=hearing,
                plan_seconds=PLAN_SECONDS,
            )
            whole = order.run(tables, context, said=lambda step: said(f"Concluding: {step}"))
        finally:
            con.close()
        # By the calendar, not by as_of: a look at an earlier day must not bring back what has expired.
        whole = judged(whole, case, date.today())
        said("Writing the case")
        case.set_roots(list(what.paths))
        number = case.publish(whole)
        kept = settings(what, as_of)
        case.append("audit", kept | {"version": number})
        meta = describe(whole, case, kept, number)
        write(whole, meta, case)
    return Outcome(case, whole, meta)


@contextmanager
def _spooling(case: Case) -> Iterator[Path]:
    """Yield a folder for what does not fit in memory; nothing of it outlives the audit."""
    spool = case.work / "spool"
    shutil.rmtree(spool, ignore_errors=True)
    spool.mkdir(mode=0o700)
    try:
        yield spool
    finally:
        shutil.rmtree(spool, ignore_errors=True)


def _means(what: Order) -> gather.Means:
    return gather.Means(what.memory_bytes or memory() // 2, what.threads or cores(), what.max_expand)


def _user_dir() -> Path | None:
    from flagstate.catalog.user import folder

    found = folder()
    return found if found.is_dir() else None


def _read(
    what: Order,
    case: Case,
    workers: Workers,
    con: duckdb.DuckDBPyConnection,
    as_of: date,
    said: Callable[[str], None],
) -> tuple[dict[str, pa.Table], Traffic]:
    (case.work / "items").mkdir(mode=0o700, exist_ok=True)
    means = _means(what)
    made = gather.plan([Path(p) for p in what.paths], case)
    gather.read(made, case, workers, means, turn=gather.Turn(), said=said)
    names = merge.names(made, case, con)
    turn = gather.Turn(2, names)
    gather.reopen(made, case, turn)
    gather.read(made, case, workers, means, turn=turn, said=said)
    doubted, touched = merge.suspects(made, case)
    if doubted:
        turn = gather.Turn(3, names, doubted)
        gather.reopen(made, case, turn, touched=touched)
        gather.read(made, case, workers, means, turn=turn, said=said)
    said("Merging")
    found = collect.collect(made, case.work / "items")
    tables = collect.facts(found)
    traffic = merge.merge(made, found, case, tables, con)
    merge.remember(made, found, case)
    evidence = model.rows(model.EVIDENCE, found.evidence)
    tables["evidence"] = evidence
    tables["reject"] = model.rows(model.REJECT, found.rejects)
    said_so = tables.get("coverage", model.empty(model.COVERAGE))
    missed = model.rows(model.COVERAGE, cover_traffic.cover_traffic(tables, evidence, traffic.timing))
    tables["coverage"] = pa.concat_tables([said_so, missed, cover.cover(tables, evidence, as_of=as_of)])
    return tables, traffic


def settings(what: Order, as_of: date) -> dict[str, object]:
    """Return the options of an audit as they are kept in the ledger."""
    return {
        "as_of": as_of.isoformat(),
        "asked": list(what.asked),
        "fail_on": what.fail_on,
        "without": list(what.without),
        "language": what.language,
        "example": what.example,
        "own_laws": own_laws(what.laws),
        "flagstate": __version__,
    }


def describe(tables: Mapping[str, pa.Table], case: Case, kept: Mapping[str, object], number: int) -> Meta:
    """Return what the report says of itself, with the exit code.

    Args:
        tables: The tables of the case, with their judgements.
        case: The case.
        kept: Options of the audit, as `settings` gives them.
        number: Version of the case.
    """
    asked = tuple(q for q in QUESTIONS if q in str(kept["asked"]))
    fail_on = str(kept["fail_on"])
    said = [
        (f["question"], f["level"], standing(f["verdict"], level=f["level"], settled=_settled(f), fail_on=fail_on))
        for f in tables["finding"].to_pylist()
        if f["question"] in asked
    ]
    verdicts = [left_open(verdict for question, _, verdict in said if question == q) for q in asked]
    code = exit_code(verdicts, [level for _, level, verdict in said if verdict == "yes"], fail_on=fail_on)
    settled = code == 0 and any(verdict == "settled" for *_, verdict in said)
    own = kept.get("own_laws")
    return Meta(
        case_id=case.id,
        version=number,
        as_of=date.fromisoformat(str(kept["as_of"])),
        made_at=datetime.now(UTC),
        flagstate=__version__,
        ledger_head=case.head(),
        asked=asked,
        exit_code=code,
        settled=settled,
        language=str(kept["language"]),
        attributions=_attributions(),
        title=_title(tables),
        example=bool(kept["example"]) or any(tables["evidence"]["invented"].to_pylist()),
        home=_home(tables),
        without=("provider-feeds",) if "provider-feeds" in str(kept["without"]) else (),
        laws=shipped_laws() | (own if isinstance(own, dict) else {}),
        judged=counts(tables, case),
    )


def _title(tables: Mapping[str, pa.Table]) -> str:
    """Return the title that a declaration gives the case; empty where none does, or several differ."""
    rows = tables["evidence"].select(["kind", "title"]).to_pylist()
    found = {str(row["title"]) for row in rows if row["kind"] == "estate" and row["title"]}
    return found.pop() if len(found) == 1 else ""


def _home(tables: Mapping[str, pa.Table]) -> str | None:
    """Return the one declared country of the declared networks; null if none is declared, or several."""
    sites = set(tables["network"].column("asset_id").to_pylist())
    declared = [row for row in tables["place"].to_pylist() if row["source_kind"] == "declared"]
    found = {row["country"] for row in declared if row["subject_id"] in sites}
    return str(found.pop()) if len(found) == 1 else None


def _settled(finding: Mapping[str, object]) -> bool:
    return str(finding["judged"] or "").startswith(("explained:", "muted:"))


def _attributions() -> tuple[tuple[str, str], ...]:
    from flagstate.catalog import networks

    return tuple((str(e["attribution"]), str(e["url"] or "")) for e in networks.tables() if e.get("attribution"))


def write(tables: dict[str, pa.Table], meta: Meta, case: Case) -> None:
    """Write the report pages of a case."""
    from flagstate.report.exports.json import dumps
    from flagstate.report.page import render

    case.save("report.html", render(tables, meta=meta).encode("utf-8"))
    case.save("report.json", dumps(tables, meta).encode("utf-8"))
