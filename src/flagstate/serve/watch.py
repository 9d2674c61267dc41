"""Follows a folder of logs: audits again when something changed, and tells what is new."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from flagstate.case import Case
from flagstate.errors import CaseError, FlagstateError, UsageError
from flagstate.pipeline import again
from flagstate.pipeline.audit import Order, audit
from flagstate.read.source import walk
from flagstate.report.exports.ocsf import Source, line
from flagstate.serve import fresh
from flagstate.serve.alerts import Message, Target
from flagstate.serve.outbox import CONNECTION, DEAD, DELIVERY, Outbox, Patience, settled

TICK_S = 1.0
"""Seconds between two looks at what became of alerts."""
LAST_S = 30.0
"""Seconds that a single round waits for its alerts."""
END_S = 5.0
"""Seconds that alerts under way have when watching ends."""

TRIES = (CONNECTION, DELIVERY, DEAD)
"""Rows of the ledger that say what became of alerts."""

Looks = dict[str, tuple[int, int, int, int]]


@dataclass(frozen=True)
class Round:
    """What one round came to."""

    number: int
    """From 1."""
    at: datetime
    """When it began (UTC)."""
    state: str
    """audited, judged (no file changed, but judgements or the day did), unchanged or failed."""
    version: int | None = None
    """Version of the case."""
    exit_code: int = 1
    """Exit code of the audit."""
    files: dict[str, int] = field(default_factory=dict)
    """Files that are new, changed or gone since the round before."""
    new: int = 0
    """Alerts that it made."""
    sent: int = 0
    """Alerts that arrived since the round before, counted per target."""
    waiting: int = 0
    """Alerts that wait."""
    dead: int = 0
    """Alerts that nobody took, and that are given up."""
    seconds: float = 0.0
    """How long it took."""
    problem: str = ""
    """Why it failed."""

    def document(self) -> dict[str, object]:
        """Return it as one JSON document."""
        alerts = {"new": self.new, "sent": self.sent, "waiting": self.waiting, "dead": self.dead}
        made: dict[str, object] = {
            "round": self.number,
            "at": self.at.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "state": self.state,
            "version": self.version,
            "exit": self.exit_code,
            "files": self.files,
            "alerts": alerts,
            "seconds": round(self.seconds, 1),
        }
        return made | ({"problem": self.problem} if self.problem else {})


@dataclass(frozen=True)
class Watching:
    """What to watch, and how."""

    order: Order
    """The audit that is repeated."""
    every_s: float = 60.0
    """Seconds from the beginning of one round to that of the next; a longer audit delays it."""
    targets: tuple[Target, ...] = ()
    """Where alerts go."""
    once: bool = False
    """End after one round."""
    patience: Patience = field(default_factory=Patience)
    """How often an alert is tried again."""


class Ended(BaseException):
    """A signal came in the middle of an audit; what was read is kept."""


class Switch:
    """Ends watching, from a signal or another thread."""

    def __init__(self) -> None:
        """Be on."""
        self._event = threading.Event()
        self._inside = False

    @property
    def off(self) -> bool:
        """Whether it was ended."""
        return self._event.is_set()

    def end(self) -> None:
        """End watching: at once in an audit, else after the step that is being written."""
        self._event.set()
        if self._inside:
            self._inside = False
            raise Ended

    def wait(self, seconds: float) -> None:
        """Wait, unless it was ended."""
        self._event.wait(seconds)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Allow that an audit is broken off."""
        self._inside = True
        try:
            if self.off:
                raise Ended
            yield
        finally:
            self._inside = False


def watch(what: Watching, said: Callable[[Round], None], switch: Switch | None = None) -> int:
    """Audit a folder again and again, and tell what is new.

    Args:
        what: What to watch, and how.
        said: Is told what each round came to.
        switch: Ends it.

    Returns:
        Of one round: the exit code of its audit, 1 if it failed. Else 0 when it was ended.

    Raises:
        UsageError: The folder is not there, or an alert would go into it.
        CaseError: The case cannot be used.
    """
    _sane(what)
    switch = switch or Switch()
    case = Case.open(what.order.case, create=True)
    outbox = Outbox(case, what.targets, what.patience)
    _begin(case, outbox)
    outbox.start()
    watcher = _Watcher(what, case, outbox)
    code = 1
    try:
        while not switch.off:
            began = time.monotonic()
            done = watcher.round(switch)
            if what.once and done is not None:
                outbox.settle(LAST_S)
                done = watcher.kept(done)
            if done is not None:
                said(done)
                code = done.exit_code if done.state != "failed" else 1
            if what.once:
                break
            while not switch.off and (left := began + what.every_s - time.monotonic()) > 0:
                switch.wait(min(left, TICK_S))
                watcher.keep()
    except Ended:
        pass
    finally:
        outbox.stop(END_S)
        watcher.keep()
    return code if what.once and not switch.off else 0


def _sane(what: Watching) -> None:
    for root in what.order.paths:
        if not root.is_dir():
            raise UsageError("This is not a folder", where=root.name, todo="Name the folder in which the logs lie.")
        for one in what.targets:
            if one.kind == "file" and Path(os.path.realpath(one.rest)).is_relative_to(os.path.realpath(root)):
                todo = "Name a file elsewhere: what lies in the folder is read as evidence."
                raise UsageError("Alerts would be written into the folder that is watched", where=one.shown, todo=todo)


def _begin(case: Case, outbox: Outbox) -> None:
    """Take up what earlier runs left: what was adverse before is known, and what was not delivered waits."""
    rows = [(row["kind"], row["body"]) for row in case.ledger()]
    outbox.recover({str(body.get("id")) for kind, body in rows if kind in TRIES})
    outbox.keep()
    done = settled(row["body"] for row in case.ledger() if row["kind"] in TRIES)
    watched = [body for kind, body in rows if kind == fresh.WATCH]
    if not watched:
        known: list[dict[str, object]] = []
        if (version := case.version()) is not None:
            tables, meta = again.load(case.path)
            known = counted(tables["finding"].to_pylist(), meta.asked)
        # Written before the first audit: what that one finds is new, also after a kill.
        case.append(fresh.WATCH, fresh.base(known, version or 0))
    for body in watched:
        for mark in _listed(body.get("targets")):
            if mark in outbox.lines:
                for message in _messages(body):
                    if (mark, message.uid) not in done:
                        outbox.give(str(mark), message)


def counted(rows: list[dict[str, object]], asked: tuple[str, ...]) -> list[dict[str, object]]:
    """Return the adverse findings under the questions that are asked and that no judgement settles."""
    settling = ("explained:", "muted:")
    return [
        row
        for row in rows
        if row["question"] in asked and row["verdict"] == "yes" and not str(row["judged"] or "").startswith(settling)
    ]


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _messages(body: dict[str, object]) -> Iterator[Message]:
    for alert in _listed(body.get("alerts")):
        if isinstance(alert, dict) and isinstance(event := alert.get("event"), dict):
            at = datetime.fromtimestamp(int(event["time"]) / 1000, UTC)
            yield Message(str(alert["uid"]), int(event["severity_id"]), at, line(event))


class _Watcher:
    """One run of watching."""

    def __init__(self, what: Watching, case: Case, outbox: Outbox) -> None:
        self._what, self._case, self._outbox = what, case, outbox
        self._number = 0
        self._seen: Looks | None = None
        self._judged: tuple[date, int] | None = None
        self._sent = self._dead = 0
        self._code = 1

    def round(self, switch: Switch) -> Round | None:
        """Do one round; null: it was ended in between."""
        self._number += 1
        began, at = time.monotonic(), datetime.now(UTC)
        done = Round(self._number, at, "failed")
        try:
            now = look(self._what.order.paths, self._case.path)
            done = replace(done, files=_compare(self._seen or {}, now))
            state = "unchanged"
            if now != self._seen:
                with switch.inside():
                    audit(self._what.order)
                # Only when it went well: what failed is tried again, and what grew meanwhile is read in the next round.
                self._seen, state = now, "audited"
            done = self._tell(replace(done, state=state))
        except (FlagstateError, OSError) as problem:
            words = (
                str(problem) if isinstance(problem, FlagstateError) else (problem.strerror or type(problem).__name__)
            )
            done = replace(done, state="failed", problem=words, version=self._case.version())
        return self.kept(replace(done, seconds=time.monotonic() - began))

    def _tell(self, done: Round) -> Round:
        """Put on its way what is new."""
        ledger = [(row["at"], row["kind"], row["body"]) for row in self._case.ledger()]
        mark = (date.today(), sum(kind == "judgement" for _, kind, _ in ledger))
        if done.state == "unchanged" and mark == self._judged:
            return replace(done, version=self._case.version(), exit_code=self._code)
        again_only = done.state == "unchanged"
        tables, meta = again.load(self._case.path)
        told = fresh.known((at, body) for at, kind, body in ledger if kind == fresh.WATCH)
        findings = [row for row in tables["finding"].to_pylist() if row["question"] in meta.asked]
        source = Source(self._case.id, meta.version, meta.flagstate)
        change = fresh.change(findings, told, fail_on=self._what.order.fail_on, source=source, now=done.at)
        if change:
            body = change.body(meta.version, self._outbox.marks)
            # First the ledger, then the network: who is killed between them sends at the next start.
            self._case.append(fresh.WATCH, body)
            for message in _messages(body):
                for target in self._outbox.marks:
                    self._outbox.give(target, message)
        if again_only:
            page = again.render(self._case.path, format="html", language=meta.language)
            again.save(self._case.path, page, format="html", out=None)
        self._judged, self._code = mark, meta.exit_code
        state = "judged" if again_only else done.state
        return replace(done, state=state, version=meta.version, exit_code=meta.exit_code, new=len(change.alerts))

    def keep(self) -> None:
        """Bring what became of alerts into the ledger; while another process writes it, they wait."""
        try:
            counts = self._outbox.keep()
        except CaseError:
            return
        self._sent += counts["sent"]
        self._dead += counts["dead"]

    def kept(self, done: Round) -> Round:
        """Return a round with what became of alerts until now."""
        self.keep()
        sent, dead, self._sent, self._dead = self._sent, self._dead, 0, 0
        return replace(done, sent=done.sent + sent, dead=done.dead + dead, waiting=self._outbox.waiting())


def look(roots: tuple[Path, ...], case: Path) -> Looks:
    """Return what decides whether a file changed: size, times and inode, by path; taken before it is read.

    Raises:
        UsageError: A root is gone, or holds too many files.
    """
    found: Looks = {}
    for one in walk(list(roots), skip=case):
        try:
            seen = os.lstat(one.path)
        except OSError:
            continue
        found[one.path] = (seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino)
    return found


def _compare(before: Looks, now: Looks) -> dict[str, int]:
    both = before.keys() & now.keys()
    return {
        "new": len(now.keys() - before.keys()),
        "changed": sum(before[path] != now[path] for path in both),
        "gone": len(before.keys() - now.keys()),
    }
