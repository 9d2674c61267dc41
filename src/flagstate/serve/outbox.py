"""Alerts on their way: each target has a sender of its own, and what became of each attempt is kept at once."""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flagstate.case import Case
from flagstate.serve.alerts import Delivered, Message, Target, deliver

CONNECTION, DELIVERY, DEAD = "connection", "delivery", "dead_letter"
"""Rows of the ledger: a connection that was opened, alerts written to a file, alerts that nobody took."""

JOURNAL = "alerts.jsonl"
"""Under `work/`: attempts that are not in the ledger yet, because an audit holds it."""

BATCH = 50
"""Alerts that one connection takes."""


@dataclass(frozen=True)
class Patience:
    """How often it is tried again."""

    first_s: float = 5.0
    """Seconds before the second attempt; doubled after each."""
    longest_s: float = 900.0
    """Seconds between two attempts at most."""
    give_up_s: float = 86_400.0
    """Seconds after which an alert becomes a dead letter."""

    def wait(self, failures: int) -> float:
        """Return the seconds to wait after so many failures in a row."""
        return min(self.first_s * 2.0 ** min(failures - 1, 30), self.longest_s) if failures else 0.0


Row = dict[str, object]


@dataclass
class _Line:
    """The sender of one target."""

    to: Target
    mark: str
    waiting: dict[str, Message] = field(default_factory=dict)
    failures: int = 0
    due: float = 0.0
    busy: bool = False
    thread: threading.Thread | None = None


class Outbox:
    """Sends alerts beside the audit; the audit never waits for it."""

    def __init__(self, case: Case, targets: Iterable[Target], patience: Patience | None = None) -> None:
        """Prepare; nothing is sent before `start`.

        Args:
            case: The case in which attempts are kept.
            targets: Where alerts go.
            patience: How often it is tried again.
        """
        self._case, self._patience = case, patience or Patience()
        self._guard = threading.Condition()
        self._rows: list[tuple[str, Row]] = []
        self._stopping = False
        self.lines = {one.mark(case.key): _Line(one, one.mark(case.key)) for one in targets}

    @property
    def marks(self) -> list[str]:
        """The names of the targets under the key of the case."""
        return list(self.lines)

    def start(self) -> None:
        """Begin to send what waits."""
        for line in self.lines.values():
            line.thread = threading.Thread(target=self._run, args=(line,), name="alerts", daemon=True)
            line.thread.start()

    def give(self, mark: str, message: Message) -> None:
        """Put an alert on its way to a target; one that waits already is not put there twice."""
        with self._guard:
            self.lines[mark].waiting.setdefault(message.uid, message)
            self._guard.notify_all()

    def waiting(self) -> int:
        """Return how many alerts wait, counted per target."""
        with self._guard:
            return sum(len(line.waiting) for line in self.lines.values())

    def settle(self, seconds: float) -> None:
        """Wait until every alert arrived, was tried and failed, or the time is over."""
        end = time.monotonic() + seconds
        with self._guard:
            while any(line.busy or (line.waiting and not line.failures) for line in self.lines.values()):
                if (left := end - time.monotonic()) <= 0:
                    return
                self._guard.wait(left)

    def stop(self, seconds: float) -> None:
        """Let attempts that are under way end, for so long; what waits goes on at the next start."""
        end = time.monotonic() + seconds
        with self._guard:
            self._stopping = True
            self._guard.notify_all()
        for line in self.lines.values():
            if line.thread is not None:
                line.thread.join(max(0.0, end - time.monotonic()))

    # -- what is kept -------------------------------------------------------------------------------------------

    def keep(self) -> dict[str, int]:
        """Bring what became of attempts into the ledger, and return how many alerts arrived and how many died.

        Raises:
            CaseError: The ledger cannot be written now; nothing is forgotten.
        """
        with self._guard:
            rows = list(self._rows)
        counts = {"sent": 0, "dead": 0}
        if not rows:
            return counts
        with self._case.writing():
            for kind in (CONNECTION, DELIVERY, DEAD):
                bodies = [body for one, body in rows if one == kind]
                if bodies:
                    self._case.append_all(kind, bodies)
                counts["dead" if kind == DEAD else "sent"] += sum(len(_texts(body.get("alerts"))) for body in bodies)
        with self._guard:
            del self._rows[: len(rows)]
            if not self._rows:
                (self._case.work / JOURNAL).unlink(missing_ok=True)
        return counts

    def recover(self, known: set[str]) -> None:
        """Take up what an earlier run did and could not bring into the ledger.

        Args:
            known: Ids of the attempts that are in the ledger.
        """
        try:
            lines = (self._case.work / JOURNAL).read_bytes().splitlines()
        except FileNotFoundError:
            return
        for text in lines:
            try:
                kind, body = json.loads(text)
            except (ValueError, TypeError):
                continue
            if kind in (CONNECTION, DELIVERY, DEAD) and isinstance(body, dict) and body.get("id") not in known:
                self._rows.append((kind, body))

    def _note(self, kind: str, body: Row) -> None:
        data = json.dumps([kind, body]).encode("ascii") + b"\n"
        with self._guard:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            try:
                descriptor = os.open(self._case.work / JOURNAL, flags, 0o600)
                try:
                    os.write(descriptor, data)
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
            except OSError:
                # It is still in memory, and comes into the ledger with the next `keep`.
                pass
            self._rows.append((kind, body))

    # -- sending ------------------------------------------------------------------------------------------------

    def _run(self, line: _Line) -> None:
        while True:
            with self._guard:
                while not self._stopping and not self._ready(line):
                    self._guard.wait(self._pause(line))
                if self._stopping:
                    return
                batch = list(line.waiting.values())[:BATCH]
                line.busy = True
            try:
                self._attempt(line, batch)
            finally:
                with self._guard:
                    line.busy = False
                    self._guard.notify_all()

    def _ready(self, line: _Line) -> bool:
        return bool(line.waiting) and time.monotonic() >= line.due

    def _pause(self, line: _Line) -> float | None:
        return max(0.01, line.due - time.monotonic()) if line.waiting else None

    def _attempt(self, line: _Line, batch: list[Message]) -> None:
        done = deliver(line.to, batch)
        now = datetime.now(UTC)
        self._note(CONNECTION if line.to.connects else DELIVERY, _row(line, done, now, len(batch)))
        dead: list[str] = []
        if done.problem:
            old = (now.timestamp() - self._patience.give_up_s) if self._patience.give_up_s else 0.0
            dead = [one.uid for one in batch if one.uid not in done.sent and one.at.timestamp() < old]
            if dead:
                body = _row(line, Delivered(tuple(dead)), now, len(dead))
                self._note(DEAD, body | {"outcome": f"given up: {done.problem}"})
        with self._guard:
            for uid in (*done.sent, *dead):
                line.waiting.pop(uid, None)
            line.failures = line.failures + 1 if done.problem else 0
            line.due = time.monotonic() + self._patience.wait(line.failures)


def _row(line: _Line, done: Delivered, at: datetime, tried: int) -> Row:
    return {
        "id": uuid.uuid4().hex,
        "to": line.to.shown,
        "target": line.mark,
        "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "outcome": f"failed: {done.problem}" if done.problem else "sent",
        "tried": tried,
        "alerts": list(done.sent),
    }


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def settled(rows: Iterable[Mapping[str, object]]) -> set[tuple[str, str]]:
    """Return which alerts need not be sent any more, as (target, id), by the rows of attempts."""
    return {(str(row.get("target")), uid) for row in rows for uid in _texts(row.get("alerts"))}
