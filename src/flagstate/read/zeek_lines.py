"""The slow and patient way through a Zeek TSV log: line by line, for headers that change, NULs and carriage returns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from flagstate.model.counted import counted
from flagstate.read.part import Context, Note, Opened, Part, Reject, Stream, Tally
from flagstate.read.zeek_fields import TIMED, Header, Shape, learn

CHUNK = 50_000
LONGEST = 2**21
_TIME = re.compile(r"\d{1,11}(?:\.\d*)?")
_SIGNED = re.compile(r"-?\d{1,11}(?:\.\d*)?(?:e[+-]\d\d)?")
_COUNT = re.compile(r"\d{1,18}")
_LAST = Decimal(253_402_300_799)


def _time(text: str) -> float:
    if not _TIME.fullmatch(text) or Decimal(text) > _LAST:
        raise ValueError
    return float(text)


def _interval(text: str) -> float:
    if not _SIGNED.fullmatch(text):
        raise ValueError
    return float(text)


def _whole(text: str) -> int:
    if not _COUNT.fullmatch(text):
        raise ValueError
    return int(text)


def _small(text: str) -> int:
    if (value := _whole(text)) >= 2**31:
        raise ValueError
    return value


_PARSERS: dict[str, tuple[Callable[[str], object], pa.DataType]] = {
    TIMED: (_time, pa.float64()),
    "DOUBLE": (_interval, pa.float64()),
    "BIGINT": (_whole, pa.int64()),
    "INTEGER": (_small, pa.int32()),
    "VARCHAR": (str, pa.string()),
    "BOOLEAN": (lambda text: text == "T", pa.bool_()),
    "VARCHAR[]": (str, pa.list_(pa.string())),
}


@dataclass
class _Pass:
    """What one pass has gathered since the last chunk, and counts over all of it."""

    wanted: tuple[tuple[str, str, str], ...]
    columns: dict[str, list[object]] = field(default_factory=dict)
    rows: int = 0
    strangers: int = 0
    first: float | None = None
    last: float | None = None

    def clear(self) -> None:
        self.columns = {name: [] for name, _, _ in self.wanted}

    def add(self, line: bytes, now: Header) -> str:
        """Take one record in; return why not, or nothing."""
        if b"\0" in line:
            return "a NUL byte in the line"
        if len(line) >= LONGEST:
            return "a line longer than 2 MB"
        try:
            texts = line.decode().split(now.separator)
        except UnicodeDecodeError:
            return "text that is not UTF-8"
        if len(texts) != len(now.fields):
            return "too few fields" if len(texts) < len(now.fields) else "too many fields"
        given = dict(zip(now.fields, texts, strict=True))
        row: list[Any] = []
        try:
            for _, name, kind in self.wanted:
                text = given.get(name, now.unset)
                if kind != TIMED and text in (now.unset, now.empty):
                    row.append(None)
                elif kind == "VARCHAR[]":
                    row.append(text.split(now.set_separator))
                else:
                    row.append(_PARSERS[kind][0](text))
        except ValueError:
            return "a time, count, port or interval is not a number"
        self.rows += 1
        ts = row[0]
        self.first, self.last = min(ts, self.first or ts), max(ts, self.last or ts)
        for (name, _, _), value in zip(self.wanted, row, strict=True):
            self.columns[name].append(value)
        return ""

    def table(self) -> pa.Table:
        return pa.table({name: pa.array(self.columns[name], _PARSERS[kind][1]) for name, _, kind in self.wanted})


def read(opened: Opened, path: str, known: Shape | None, context: Context) -> Iterator[Part]:
    """Yield what the log holds, a stream for every so many rows; only rows of its first path are read."""
    wanted = (("ts", "ts", TIMED), *(known.fields if known else ()))
    done, now, own = _Pass(wanted), Header(), ""
    done.clear()
    for number, line in _lines(opened.path):
        if line.startswith(b"#"):
            now = learn(now, line)
            own = own or now.path
            continue
        if not line:
            continue
        if now.path != own or "ts" not in now.fields:
            done.strangers += 1
            continue
        if reason := done.add(line, now):
            yield Reject(number, reason)
        if len(done.columns["ts"]) >= CHUNK:
            yield from _flush(done, known, context)
        if context.max_rows is not None and done.rows >= context.max_rows:
            break
    yield from _flush(done, known, context)
    if known is None:
        yield Tally(done.rows, done.strangers, first_ts=_moment(done.first), last_ts=_moment(done.last))
    elif done.strangers:
        yield Tally(rows_rejected=done.strangers)
    if done.strangers:
        yield Note(
            f"it holds several logs in one: {counted(done.strangers, 'row[|s] not of the first')}, {path}, not read",
            "Give each log as its own file",
        )


def _flush(done: _Pass, known: Shape | None, context: Context) -> Iterator[Part]:
    if known is not None and done.columns["ts"]:
        rows = context.con.from_arrow(done.table())
        yield Stream(known.noun, rows.project(known.sql))
    done.clear()


def _lines(path: str) -> Iterator[tuple[int, bytes]]:
    with open(path, "rb") as file:
        number = 0
        while line := file.readline(LONGEST):
            number += 1
            while not line.endswith(b"\n") and len(line) >= LONGEST and (more := file.readline(LONGEST)):
                if more.endswith(b"\n"):
                    break
            yield number, line.rstrip(b"\n").removesuffix(b"\r")


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
