"""What the sensor at the border of the invented hub writes: Zeek's logs of connections, names, handshakes and pages."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa

from flagstate.demo.hub import CRAWLER, NAMES, NETWORK, WMS, Hub
from flagstate.demo.leaks import Asked
from flagstate.demo.ordinary import ANSWER, REQUEST, connections
from flagstate.demo.sessions import (
    ADDRESSES,
    DNS,
    HOUR,
    HTTP,
    NTP_CLOCK,
    SERVICES,
    SSL,
    STATES,
    WMS_NAME,
    WORDS,
    Ints,
    S,
    Sessions,
    place,
)
from flagstate.demo.zeek import Log, numbers, picked, seconds, uids

WEEK = 7
"""Days that a log of connections holds while there are few; logs of the first week are packed."""
FEW = 50_000
"""Connections in all from which on there is a log for each day."""
_OURS = ipaddress.ip_network(NETWORK)
_LOCAL = ["T" if ipaddress.ip_address(one) in _OURS else "F" for one in ADDRESSES]
_ANSWERS = {name: address for address, name in NAMES.items()} | {WMS_NAME: WMS}
_HISTORY = {"SF": "ShADadFf", "S0": "S", "REJ": "Sr"}
_MTU = 1_400


class Sensor:
    """Writes the logs of one day after the other, so that no more than a day is in memory."""

    def __init__(self, hub: Hub, folder: Path) -> None:
        """Open the logs that are not cut by day.

        Args:
            hub: How large, and by which seed.
            folder: Where logs are written; it exists.
        """
        self.hub, self.folder = hub, folder
        self.files: dict[str, int] = {}
        self._whole = {
            kind: Log(folder / f"{kind}.log", kind, _stamp(hub.sensor_from))
            for kind in ("dns", "ssl", "http", "capture_loss")
        }
        self._conn: tuple[str, Log] | None = None
        self._begin = self._end = hub.sensor_from

    def __enter__(self) -> Sensor:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all logs."""
        self._rotate()
        for name, log in self._whole.items():
            log.close(_stamp(self._end))
            self.files[f"traffic/{name}.log"] = log.rows

    def _rotate(self) -> None:
        """End the log of connections."""
        if self._conn is not None:
            name, log = self._conn
            log.close(_stamp(self._end))
            self.files[f"traffic/{name}"] = log.rows
            self._conn = None

    def _connections(self, begin: datetime) -> Log:
        """Return the log of connections of a day."""
        number = (begin - self._begin).days
        if self._conn is None or connections(self.hub) >= FEW or number % WEEK == 0:
            self._rotate()
            name = f"conn.{begin.date()}.log" + (".gz" if number < WEEK else "")
            self._conn = name, Log(self.folder / name, "conn", _stamp(begin))
        return self._conn[1]

    def day(self, day: date, given: Sessions, asked: Mapping[int, Sequence[Asked]]) -> None:
        """Write what began on a day.

        Args:
            day: Which.
            given: Its connections, in order of time.
            asked: Questions by the number of their session, where a connection holds several.
        """
        begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
        names = uids(self.hub.rng("traffic", "uids", day.toordinal()), len(given))
        self._connections(begin).add(_conn(given, names), len(given))
        self._end = begin + timedelta(days=1)
        for kind, service, columns in (("ssl", SSL, _ssl), ("http", HTTP, _http)):
            mine = given.service == service
            some = given.take(mine)
            self._whole[kind].add(columns(some, names.filter(pa.array(mine))), len(some))
        self._names(day, given, names, asked)
        self._whole["capture_loss"].add(*_losses(begin, given))

    def _names(self, day: date, given: Sessions, names: pa.Array, asked: Mapping[int, Sequence[Asked]]) -> None:
        """Write what was asked of the resolver."""
        rng = self.hub.rng("traffic", "questions", day.toordinal())
        plain = (given.service == DNS) & (given.tunnel < 0)
        some = given.take(plain)
        query = picked(WORDS, some.name)
        answer = picked([_ANSWERS[one] for one in WORDS], some.name)
        ends = _ends(some, names.filter(pa.array(plain)))
        self._whole["dns"].add(_dns(ends, rng, (some.duration_us, query, answer, "A", 1, 300)), len(some))
        through = np.flatnonzero(given.tunnel >= 0)
        rows = [(int(at), one) for at in through for one in asked[int(given.tunnel[at])]]
        if rows:
            at = np.array([row[0] for row in rows])
            ends = [
                seconds(np.array([row[1].us for row in rows])),
                *_ends(given.take(at), names.take(pa.array(at)))[1:],
            ]
            query = pa.array([row[1].query for row in rows])
            # As Zeek writes an answer of text: its length first.
            answer = pa.array([f"TXT {len(row[1].answer)} {row[1].answer}" for row in rows])
            waited = rng.integers(8_000, 60_000, len(rows))
            self._whole["dns"].add(_dns(ends, rng, (waited, query, answer, "TXT", 16, 0)), len(rows))


def _ends(given: Sessions, names: pa.Array) -> list[pa.Array]:
    return [
        seconds(given.us), names, picked(ADDRESSES, given.orig_h), numbers(given.orig_p),
        picked(ADDRESSES, given.resp_h), numbers(given.resp_p),
    ]  # fmt: skip


def _conn(given: Sessions, names: pa.Array) -> list[pa.Array | str | int]:
    udp = (given.service == DNS) | (given.service == NTP_CLOCK)
    # Of a single packet that nobody answered Zeek knows neither a length nor bytes.
    known = given.state != STATES.index("S0")
    history = np.where(udp, len(STATES), given.state)
    packets = [
        np.where(udp, 1, np.where(given.state == 0, 4 + size // _MTU, least))
        for size, least in ((given.orig_bytes, 1), (given.resp_bytes, known.astype(np.int64)))
    ]
    on_wire = [
        size + count * np.where(udp, 28, 52)
        for size, count in zip((given.orig_bytes, given.resp_bytes), packets, strict=True)
    ]
    return [
        *_ends(given, names), picked(("tcp", "udp"), udp.astype(np.int64)), picked(SERVICES, given.service),
        seconds(given.duration_us, known), numbers(given.orig_bytes, known), numbers(given.resp_bytes, known),
        picked(STATES, given.state), picked(_LOCAL, given.orig_h), picked(_LOCAL, given.resp_h), 0,
        picked((*(_HISTORY[one] for one in STATES), "Dd"), history), numbers(packets[0]), numbers(on_wire[0]),
        numbers(packets[1]), numbers(on_wire[1]), "-",
    ]  # fmt: skip


def _ssl(given: Sessions, names: pa.Array) -> list[pa.Array | str | int]:
    return [
        *_ends(given, names), "TLSv13", "TLS_AES_256_GCM_SHA384", "x25519", picked((*WORDS, None), given.name), "F",
        "-", "-", "T", "CsiI",
    ]  # fmt: skip


def _http(given: Sessions, names: pa.Array) -> list[pa.Array | str | int]:
    walks = (given.orig_h == place(CRAWLER)).astype(np.int64)
    lines = [REQUEST[one].decode().splitlines() for one in ("visitor", "crawler")]
    answered = ANSWER.decode().split("\r\n")[0].split(" ", 2)
    return [
        *_ends(given, names), 1, "GET", lines[0][1].removeprefix("Host: "),
        picked([one[0].split(" ")[1] for one in lines], walks), "-", "1.1",
        picked([one[2].removeprefix("User-Agent: ") for one in lines], walks), 0, 0, answered[1], answered[2],
    ]  # fmt: skip


def _dns(
    ends: Sequence[pa.Array], rng: np.random.Generator, said: tuple[Ints, pa.Array, pa.Array, str, int, int]
) -> list[pa.Array | str | int]:
    """Return the columns of questions.

    Args:
        ends: Time, id and ends.
        rng: Chance.
        said: Microseconds to the answer, question, answer, type as a word and as a number, and seconds it holds.
    """
    waited, query, answer, kind, number, holds = said
    return [
        *ends, "udp", numbers(rng.integers(1, 65_536, len(waited))), seconds(waited), query, 1, "C_INTERNET", number,
        kind, 0, "NOERROR", "F", "F", "T", "T", 0, answer, f"{holds}.000000", "F",
    ]  # fmt: skip


def _losses(begin: datetime, given: Sessions) -> tuple[list[pa.Array | str | int], int]:
    """Return what the sensor says of its own gaps: by hour what it saw acknowledged, and that it missed nothing."""
    first = round(begin.timestamp()) * S
    hours = (given.us - first) // HOUR
    acks = np.bincount(hours, 4 + (given.orig_bytes + given.resp_bytes) // _MTU, 24).astype(np.int64)
    ends = first + HOUR * np.arange(1, 25)
    return [seconds(ends), "3600.000000", "zeek", 0, numbers(acks + 1), "0.0"], 24


def _stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%d-%H-%M-%S")
