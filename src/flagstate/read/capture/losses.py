"""What a capture did not see: dropped packets, gaps, one direction only, a clock that jumps; as coverage and notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from flagstate import model
from flagstate.model.counted import counted
from flagstate.read.capture import records, table
from flagstate.read.capture.talks import ORIG, RESP
from flagstate.read.capture.windows import Capture
from flagstate.read.part import Facts, Note, Part, Tally

Numbers = npt.NDArray[np.int64]
SCOPE = "what this capture saw"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Losses:
    """Counts over the connections of a capture."""

    streams: int = 0
    """TCP connections that carried something."""
    halves: int = 0
    """Of these, those of which one direction was never seen."""
    bytes: int = 0
    """Payload of TCP."""
    missed: int = 0
    """Of it, what is missing."""

    def add(self, rows: Numbers) -> None:
        """Count the connections of a window."""
        rows = rows[rows[:, table.PROTO] & 255 == table.TCP]
        sent, received = rows[:, ORIG + table.PACKETS], rows[:, RESP + table.PACKETS]
        # An attempt, or the last words of a connection from before, says nothing about the other direction.
        carried = rows[:, ORIG + table.TOP] + rows[:, RESP + table.TOP] > 0
        self.streams += int(carried.sum())
        self.halves += int((carried & ((sent == 0) | (received == 0))).sum())
        self.bytes += int((rows[:, ORIG + table.TOP] + rows[:, RESP + table.TOP]).sum())
        self.missed += int((rows[:, ORIG + table.MISSED] + rows[:, RESP + table.MISSED]).sum())


def moment(us: int) -> datetime:
    """Return a time; beyond the year 9999 the last one."""
    return EPOCH + timedelta(microseconds=min(max(us, 0), 253_402_300_799_000_000))


def coverage(capture: Capture, losses: Losses) -> Iterator[Part]:
    """Yield how far the traffic was seen, and the times of the capture."""
    counts = capture.counts
    packets = int(counts[table.PLAIN])
    if not packets:
        return
    first, last = moment(int(counts[table.FIRST_US])), moment(int(counts[table.LAST_US]))
    yield Tally(first_ts=first, last_ts=last)
    rows = [
        {"noun": "flow", "scope": SCOPE, "from_ts": first, "to_ts": last, "said_by": "the capture itself"}
        | {"complete": complete, "share_seen": share, "remark": remark, "todo": todo}
        for complete, share, remark, todo in _told(capture, losses, packets)
    ]
    yield Facts("coverage", model.rows(model.COVERAGE, rows), "observed")


def _told(capture: Capture, losses: Losses, packets: int) -> Iterator[tuple[str, float | None, str, str | None]]:
    counts, state = capture.counts, capture.state
    dropped = int(state[records.DROPPED] + capture.faces.dropped.sum())
    some = False
    if dropped:
        some = True
        yield (
            "no", packets / (packets + dropped), f"the capture itself counts {dropped:,} dropped packets",
            "Capture on a faster machine, or less at once",
        )  # fmt: skip
    if losses.missed:
        some = True
        share = max(0.0, 1 - losses.missed / max(losses.bytes, 1))
        yield (
            "no", share, f"{losses.missed:,} of {losses.bytes:,} bytes of TCP were sent, but not captured",
            "Find out where the tap loses packets, and capture again",
        )  # fmt: skip
    if losses.halves:
        some = True
        share = 1 - losses.halves / (2 * losses.streams)
        yield (
            "no", share, f"of {losses.halves:,} of {losses.streams:,} TCP connections one direction was never seen",
            "Capture where both directions pass",
        )  # fmt: skip
    jumps = int(counts[table.FORWARD]), int(counts[table.BACKWARD])
    if any(jumps):
        some = True
        yield (
            "unknown", None,
            f"times go forward by more than an hour {counted(jumps[0], 'time[|s]')} and back "
            f"{counted(jumps[1], 'time[|s]')}: a pause, joined files, or a clock that was set",
            "Give one capture per period, in order",
        )  # fmt: skip
    if not some:
        yield "unknown", None, "no gaps were noticed; what passed elsewhere is not in a capture", None


def notes(capture: Capture) -> Iterator[Part]:
    """Yield what of the file was not read, and why."""
    counts, state = capture.counts, capture.state
    if state[records.DAMAGED]:
        yield Tally(rows_rejected=int(state[records.DAMAGED]))
        yield Note(
            f"it is damaged in {counted(int(state[records.DAMAGED]), 'place[|s]')}, the first at byte "
            f"{int(state[records.FIRST_DAMAGE]):,}; "
            f"{counted(int(state[records.LOST]), 'byte[ was|s were] stepped over')}",
            "Give a whole copy, if there is one.",
        )
    if state[records.TORN]:
        yield Note("its last record is cut off", "Give a whole copy, if there is one.")
    for count, reason in (
        (
            table.UNREAD_LINK,
            f"packet[ is|s are] of a link type that is not read (the last: {int(counts[table.LINK_SEEN])})",
        ),
        (table.BAD, "packet[ has|s have] headers that are damaged or cut off"),
        (table.INCOMPLETE, "datagram[|s] stayed incomplete: some of [its|their] fragments are missing"),
        (table.NESTED, "packet[ holds|s hold] more tunnels in each other than are followed"),
    ):
        if counts[count]:
            yield Note(counted(int(counts[count]), reason), lost=count in (table.UNREAD_LINK, table.NESTED))
    for count, reason in (
        (table.NO_IP, "packet[ carries|s carry] no IP, such as ARP"),
        (table.ENCRYPTED, "frame[ is|s are] encrypted on the air"),
        (table.UNTIMED, "packet[ has|s have] no time that could be: [it takes|they take] that of the packet before"),
        (
            table.TRUNCATED,
            "packet[ was|s were] captured in part only: bytes count by their headers, contents may be missing",
        ),
    ):
        if counts[count]:
            yield Note(counted(int(counts[count]), reason), lost=False)
    if not counts[table.PLAIN]:
        yield Note("it holds no packets", lost=False)
    if capture.crowded:
        yield Note(
            counted(
                capture.crowded,
                "connection[ was|s were] taken as over, because more than a million were open at once",
            ),
            "Give the capture in parts.", lost=False,
        )  # fmt: skip
