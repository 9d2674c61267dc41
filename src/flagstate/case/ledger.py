"""The ledger: rows that are only ever added, each with the hash of the one before it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict, cast

from flagstate.case.disk import FILE_MODE, canonical, open_plain, settle, worded, write_all

NAME = "ledger.jsonl"
GENESIS = "0" * 64
LONGEST_LINE = 64 << 20

CHAIN_PROVES = (
    "Each row of the ledger holds the hash (SHA-256) of the row before it, so the head, which is the hash of the last "
    "row, stands for all of them in their order. Whoever kept the head of an earlier report can show that no row up to "
    "it was changed, removed or put in since. It does not prove that a row was true when it was written, when it was "
    "written, or who wrote it; and to somebody who kept no head it proves nothing, because a whole chain can be made "
    "anew. Keep the head outside the case, with somebody who gains nothing from a change."
)
"""What the hash chain proves and what not; the report prints it beside the head."""


class Row(TypedDict):
    """One row of the ledger, as it stands in the file."""

    n: int
    """From 1, without a gap."""
    at: str
    """When it was written (UTC), by the clock of the machine."""
    kind: str
    """What it is about."""
    body: dict[str, object]
    """What it says."""
    prev: str
    """The hash of the row before it."""
    hash: str
    """See `link`."""


@dataclass(frozen=True)
class Line:
    """One line of the file, as found."""

    number: int
    """From 1."""
    row: Row | None
    """The row; null: the line is none."""
    problem: str
    """What is wrong with it, in words; empty: nothing."""
    torn: bool
    """It is the last one and has no end: its writer was killed."""
    end: int
    """One past its last byte."""


def link(prev: str, n: int, at: str, kind: str, body: Mapping[str, object]) -> str:
    """Return the hash of a row: SHA-256 over the hash before it and the row's canonical JSON."""
    text = canonical({"n": n, "at": at, "kind": kind, "body": body})
    return hashlib.sha256(prev.encode("ascii") + text).hexdigest()


def scan(path: Path) -> Iterator[Line]:
    """Read the file line by line and check each link.

    Raises:
        OSError: It cannot be opened.
    """
    last: tuple[int, str] | None = (0, GENESIS)
    with os.fdopen(open_plain(path), "rb") as file:
        number = end = 0
        while data := file.readline(LONGEST_LINE):
            number, end = number + 1, end + len(data)
            if not data.endswith(b"\n"):
                problem = f"line {number} is unfinished: its writer was killed; the next writer removes it and says so"
                yield Line(number, None, problem, True, end)
                return
            row = _row(data)
            if row is None:
                yield Line(number, None, f"line {number} is not a row of the ledger: it was damaged", False, end)
                last = None
                continue
            yield Line(number, row, _fault(number, data, row, last), False, end)
            last = (row["n"], row["hash"])


def _row(data: bytes) -> Row | None:
    try:
        row = json.loads(data)
    except (ValueError, RecursionError):
        return None
    types = {"n": int, "at": str, "kind": str, "body": dict, "prev": str, "hash": str}
    if not isinstance(row, dict) or row.keys() != types.keys():
        return None
    if not all(type(row[name]) is kind for name, kind in types.items()):
        return None
    return cast("Row", row)


def _fault(number: int, data: bytes, row: Row, last: tuple[int, str] | None) -> str:
    try:
        # The line must also be written as we write it: what reads the same need not be the same bytes.
        fits = data == canonical(row) + b"\n"
        fits = fits and row["hash"] == link(row["prev"], row["n"], row["at"], row["kind"], row["body"])
    except ValueError:
        fits = False
    if not fits:
        return f"line {number} was changed after it was written: its hash does not fit"
    if last is not None and (row["n"], row["prev"]) != (last[0] + 1, last[1]):
        return f"line {number} does not follow the line before it: a row was changed, removed or put in"
    return ""


def rows(path: Path) -> Iterator[Row]:
    """Yield the rows in order; damaged lines are left to `check`.

    Raises:
        OSError: The file cannot be opened.
    """
    for line in scan(path):
        if line.row is not None:
            yield line.row


def check(path: Path, *, kept_n: int = 0, kept: str = "") -> list[str]:
    """Say what is wrong with the chain; empty: nothing that can be seen.

    Args:
        path: The file.
        kept_n: Number of a row whose hash was kept elsewhere; 0: none.
        kept: That hash.
    """
    found: list[str] = []
    seen = ""
    any_row = False
    try:
        for line in scan(path):
            if line.problem:
                found.append(line.problem)
            if line.row is not None:
                any_row = True
                if line.row["n"] == kept_n:
                    seen = line.row["hash"]
    except FileNotFoundError:
        return ["the ledger is missing"]
    except OSError as error:
        return [f"the ledger cannot be read: {os.strerror(error.errno or 0)}"]
    if not any_row:
        found.append("the ledger has no row")
    if kept_n and seen != kept:
        found.append(f"row {kept_n} is not the one that was written: rows were rewritten or cut off since")
    return found


class Log:
    """The ledger, open for adding; made under the lock of the case only."""

    def __init__(self, path: Path, visit: Callable[[Row], None]) -> None:
        """Find the end of the chain; a torn last line is replaced by a row that says so.

        Args:
            path: The file; made if it is not there.
            visit: Called with every row that is there.

        Raises:
            CaseError: It cannot be opened or written.
        """
        self._path = path
        self.n, self.head, self._end = 0, GENESIS, 0
        self.problems: list[str] = []
        with worded("the ledger cannot be written", str(path.parent)):
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
            self._fd = os.open(path, flags, FILE_MODE)
            os.fchmod(self._fd, FILE_MODE)
            settle(path.parent)
            torn = False
            for line in scan(path):
                torn = line.torn
                if line.row is not None:
                    self.n, self.head = line.row["n"], line.row["hash"]
                    visit(line.row)
                if not torn:
                    self._end = line.end
                    if line.problem:
                        self.problems.append(line.problem)
        if torn:
            self._mend()

    def _mend(self) -> None:
        tail = os.pread(self._fd, LONGEST_LINE, self._end)
        body = {"bytes": len(tail), "sha256": hashlib.sha256(tail).hexdigest(), "why": "its writer was killed"}
        # Written over the torn bytes, then cut: at no moment are they gone without the row that says so.
        self.add("torn_line_removed", [body])
        with worded("the ledger cannot be written", str(self._path.parent)):
            os.ftruncate(self._fd, self._end)
            os.fsync(self._fd)

    def add(self, kind: str, bodies: Iterable[Mapping[str, object]]) -> str:
        """Append rows and bring them to the disk; on any failure none of them is there.

        Args:
            kind: What the rows are.
            bodies: One per row; JSON values only.

        Returns:
            The head.

        Raises:
            CaseError: They cannot be written.
        """
        n, head = self.n, self.head
        at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        lines = []
        for body in bodies:
            n += 1
            prev, head = head, link(head, n, at, kind, body)
            lines.append(canonical({"n": n, "at": at, "kind": kind, "body": body, "prev": prev, "hash": head}) + b"\n")
        data = b"".join(lines)
        with worded("the ledger cannot be written", str(self._path.parent)):
            try:
                os.lseek(self._fd, self._end, os.SEEK_SET)
                write_all(self._fd, data)
                os.fsync(self._fd)
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(self._fd, self._end)
                raise
        self.n, self.head, self._end = n, head, self._end + len(data)
        return head

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)
