"""The entries of a PostgreSQL log: stderr with any usual prefix, csvlog and jsonlog, brought to one."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from flagstate.read.part import Reject
from flagstate.read.touched import place

LONGEST = 256 << 10
"""Characters of one entry that are kept; what a longer one says further on is not looked at."""

MOST_REJECTS = 1000
SEVERITIES = "LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|DEBUG[1-5]?|STATEMENT|DETAIL|HINT|CONTEXT|QUERY|LOCATION"
_ENTRY = re.compile(rf"(?P<prefix>.{{0,400}}?)\b(?P<severity>{SEVERITIES}):  (?P<text>.*)", re.DOTALL)
_TIME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[ T](?P<time>\d\d:\d\d:\d\d(?:\.\d{1,6})?) ?(?P<zone>[A-Z]{2,5}|[+-]\d\d(?::?\d\d)?)?"
)
_EPOCH = re.compile(r"(?<![\w.])(\d{10})\.(\d{3})(?![\w.])")
_PID = re.compile(r"\[(\d{1,8})(?:-\d{1,8})?\]|\bpid=(\d{1,8})|(?<=[ :])(\d{2,8})(?=[ :\]])")
_PAIR = re.compile(r"(?:user|usr|u)=(?P<user>[^,\s@]*)[,@\s]+(?:db|database|d)=(?P<db>[^,\s]*)", re.IGNORECASE)
_AT = re.compile(r"(?<![\w.@-])(?P<user>[\w.$-]{1,63}|\[unknown\])@(?P<db>[\w.$-]{1,63}|\[unknown\])(?![\w.@-])")
_HOST = re.compile(
    r"(?:client|host|h)=(?P<host>[0-9a-fA-F:.]{3,45})|(?<![\w.])(?P<bare>[0-9a-fA-F:.]{7,45})\(\d{1,5}\)"
)
_ADDRESS = re.compile(r"(?<![\w.:])(\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}:[0-9a-fA-F:]{2,40})(?![\w.:])")
_UNKNOWN = ("", "[unknown]")


@dataclass(frozen=True)
class Entry:
    """One entry of the log."""

    at: datetime
    """When."""
    severity: str
    """LOG, ERROR, FATAL, STATEMENT…"""
    text: str
    """What it says; never kept."""
    session: str
    """What tells sessions apart: the process, or the id of the session."""
    user: str = ""
    """Role, if the entry says."""
    database: str = ""
    """Database, if the entry says."""
    host: str = ""
    """Address of the client, if the entry says."""
    statement: str = ""
    """The statement that an error is about; never kept."""


@dataclass
class Progress:
    """What was met on the way."""

    entries: int = 0
    rejects: list[Reject] = field(default_factory=list)
    unlisted: int = 0
    zones: set[str] = field(default_factory=set)
    cut: bool = False

    def reject(self, line: int, reason: str) -> None:
        """Count a line that is none."""
        if len(self.rejects) < MOST_REJECTS:
            self.rejects.append(Reject(line, reason))
        else:
            self.unlisted += 1


def plain(lines: Iterable[str], progress: Progress) -> Iterator[Entry]:
    """Yield the entries of stderr; lines that begin with a tab belong to the entry before them.

    Args:
        lines: The lines, without their ends.
        progress: Is told what was met.
    """
    kept: list[str] = []
    size = first = 0
    for number, line in enumerate(lines, 1):
        if kept and (
            line.startswith("\t") or (line and not _TIME.search(line[:200]) and not _EPOCH.search(line[:200]))
        ):
            if size < LONGEST:
                kept.append(line[: LONGEST - size])
                size += len(line)
            continue
        if kept:
            yield from _plain("\n".join(kept), first, progress)
        kept, size, first = ([line[:LONGEST]], len(line), number) if line.strip() else ([], 0, 0)
    if kept:
        yield from _plain("\n".join(kept), first, progress)


def _plain(text: str, line: int, progress: Progress) -> Iterator[Entry]:
    match = _ENTRY.match(text)
    at = _moment(match["prefix"], progress) if match else None
    if match is None or at is None:
        progress.reject(line, "It has no time, or no severity")
        return
    progress.entries += 1
    prefix = match["prefix"]
    # The time stands in front: what looks like a number in it is no process.
    rest = _EPOCH.sub(" ", _TIME.sub(" ", prefix))
    pid = _PID.search(rest)
    pair = _PAIR.search(rest) or _AT.search(rest)
    host = _HOST.search(rest)
    bare = _ADDRESS.search(rest) if host is None else None
    yield Entry(
        at,
        match["severity"],
        match["text"],
        next((g for g in pid.groups() if g), "") if pid else "",
        _known(pair["user"]) if pair else "",
        _known(pair["db"]) if pair else "",
        place(host["host"] or host["bare"]) if host else place(bare[1]) if bare else "",
    )


def _known(text: str) -> str:
    return "" if text in _UNKNOWN else text


def _moment(text: str, progress: Progress) -> datetime | None:
    if match := _TIME.search(text):
        zone = match["zone"] or ""
        if zone and zone[0] not in "+-" and zone not in ("UTC", "GMT", "Z"):
            progress.zones.add(zone)
        return _in_utc(match["day"], match["time"], zone)
    if match := _EPOCH.search(text):
        return datetime.fromtimestamp(int(match[1]), UTC) + timedelta(milliseconds=int(match[2]))
    return None


@lru_cache(maxsize=4096)
def _in_utc(day: str, time: str, zone: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(f"{day}T{time}")
        if zone[:1] in ("+", "-"):
            digits = zone[1:].replace(":", "").ljust(4, "0")
            shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
            return found.replace(tzinfo=timezone(shift if zone[0] == "+" else -shift)).astimezone(UTC)
        return found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def table(lines: Iterable[str], progress: Progress) -> Iterator[Entry]:
    """Yield the entries of csvlog (23 to 26 columns).

    Args:
        lines: The lines, with their ends.
        progress: Is told what was met.
    """
    csv.field_size_limit(1 << 24)
    rows = csv.reader(_bounded(lines), strict=False)
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            progress.reject(rows.line_num, "The row cannot be divided into values")
            continue
        if not row:
            continue
        at = _moment(row[0], progress) if len(row) >= 20 else None
        if at is None:
            progress.reject(rows.line_num, "It is no row of a csvlog")
            continue
        progress.entries += 1
        host = place(row[4].rsplit(":", 1)[0])
        yield Entry(
            at, row[11], row[13][:LONGEST], row[5] or row[3], _known(row[1]), _known(row[2]), host, row[19][:LONGEST]
        )


def _bounded(lines: Iterable[str]) -> Iterator[str]:
    # A quote that stays open would swallow the rest of the file: the reader of rows gives up at its bound.
    for line in lines:
        yield line.replace("\0", "")


def objects(found: Iterable[dict[str, object]], progress: Progress) -> Iterator[Entry]:
    """Yield the entries of jsonlog.

    Args:
        found: One object per entry.
        progress: Is told what was met.
    """
    for number, row in enumerate(found, 1):
        said = {name: str(value)[:LONGEST] for name, value in row.items() if isinstance(value, str | int)}
        at = _moment(said.get("timestamp", ""), progress)
        if at is None:
            progress.reject(number, "It has no time")
            continue
        progress.entries += 1
        yield Entry(
            at,
            said.get("error_severity", ""),
            said.get("message", ""),
            said.get("session_id") or said.get("pid", ""),
            _known(said.get("user", "")),
            _known(said.get("dbname", "")),
            place(said.get("remote_host", "")),
            said.get("statement", ""),
        )
