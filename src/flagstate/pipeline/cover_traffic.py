"""Says what was missed of traffic: hours without a record, one-sided captures, missing names, wrong clocks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flagstate.enrich.behave.timing import Timing
from flagstate.model.counted import counted

HOUR_US = 3_600_000_000
BUSY = 20
"""Connections in the median hour from which an hour without any is no chance: one in 480 million, were it random."""
MOST_GAPS = 20
"""Gaps that are listed one by one, the longest first."""
CHANNELS = 50_000
"""Channels that are unpacked at a time."""
LONGEST_H = 400 * 24
"""Hours of a window over which gaps are looked for."""
ONE_SIDED = 0.01
"""Share of TCP connections of which one side was never seen, from which it is said."""
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Times before this are those of a clock that was never set."""
AHEAD = timedelta(days=1)
"""A record that is further ahead of its reading than this comes from a clock that is wrong."""

Row = dict[str, object]


def cover_traffic(tables: Mapping[str, pa.Table], evidence: pa.Table, timing: Timing) -> list[Row]:
    """Return coverage rows of what was missed of traffic.

    Args:
        tables: flow.
        evidence: The ledger.
        timing: The rhythm of all channels.

    What it cannot see: a gap in a log of few records, and what the sensor never saw at all.
    """
    rows = list(_clocks(evidence))
    flow = tables.get("flow")
    if flow is None:
        return rows
    seen = flow.filter(pc.equal(flow["stance"], "observed"))
    if not seen.num_rows:
        return rows
    return [*rows, *_gaps(timing), *_one_sided(seen), *_nameless(seen), *_unsized(seen), *_missed(seen)]


def _row(remark: str, todo: str, *, complete: str = "no", **rest: object) -> Row:
    said = {
        "noun": "flow",
        "scope": "all",
        "complete": complete,
        "said_by": "flagstate",
        "remark": remark,
        "todo": todo,
    }
    return said | rest


def _clocks(evidence: pa.Table) -> list[Row]:
    rows = []
    for row in evidence.select(["evidence_id", "artefact", "first_ts", "last_ts", "retrieved_at", "kind"]).to_pylist():
        first, last, read = row["first_ts"], row["last_ts"], row["retrieved_at"]
        if first is None or last is None or row["kind"] in (None, "set"):
            continue
        told = ""
        if first < EARLIEST:
            told = f"has records of {first:%Y-%m-%d}: the clock of its sensor was not set"
        elif read is not None and last > read + AHEAD:
            told = f"has records of {last:%Y-%m-%d %H:%M}, after it was read: the clock of its sensor is ahead"
        if told:
            todo = "Find out how far the clock was off; until then days and hours of its records are not sure."
            made = _row(f"Clock: {row['artefact']} {told}.", todo, complete="unknown")
            rows.append(made | {"scope": row["artefact"], "evidence_id": row["evidence_id"]})
    return rows


def _gaps(timing: Timing) -> list[Row]:
    hours = hourly(timing)
    if hours is None:
        return []
    first, counts = hours
    busy = counts[counts > 0]
    if len(busy) < 3 or np.median(busy) < BUSY:
        return []
    # Nights of an office may be empty: a stretch is a gap only where much goes on around it.
    quiet = np.concatenate([[False], counts == 0, [False]])
    edges = np.flatnonzero(quiet[1:] != quiet[:-1])
    usual = np.array([np.median(counts[hour::24]) for hour in range(min(24, len(counts)))])
    found = []
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        beside = min(counts[start - 1], counts[stop]) if start > 0 and stop < len(counts) else 0
        # Either it broke off within an hour and came back so, or on most days there is much at these hours.
        if beside >= BUSY or usual[np.arange(start, stop) % 24].max() >= BUSY:
            found.append((int(start), int(stop)))
    found.sort(key=lambda gap: (gap[0] - gap[1], gap[0]))
    lost = sum(stop - start for start, stop in found)
    share = 1 - lost / len(counts)
    rows = []
    for start, stop in found[:MOST_GAPS]:
        begin, end = _hour(first + start), _hour(first + stop)
        told = f"Gap: not one connection between {begin:%Y-%m-%d %H:%M} and {end:%Y-%m-%d %H:%M} UTC, where it is busy."
        todo = "Ask whether the sensor or its logging was off, and give the logs of these hours."
        rows.append(_row(told, todo, from_ts=begin, to_ts=end, share_seen=share))
    if len(found) > MOST_GAPS:
        rest = len(found) - MOST_GAPS
        told = f"Gaps: {counted(rest, 'further stretch[|es]')} without a connection."
        rows.append(_row(told, "Give the logs of these hours."))
    return rows


def hourly(timing: Timing) -> tuple[int, npt.NDArray[np.int64]] | None:
    """Return the first hour since 1970 and how many connections began in it and in each hour after it.

    Null: there is nothing, or it spans more than 400 days. Coarse bins count in the hour in which they begin.
    """
    parts = [timing.events(low, min(low + CHANNELS, len(timing))) for low in range(0, len(timing), CHANNELS)]
    spans = [(int(part.us.min()) // HOUR_US, int(part.us.max()) // HOUR_US) for part in parts if len(part.us)]
    if not spans:
        return None
    first, last = min(low for low, _ in spans), max(high for _, high in spans)
    if last - first >= LONGEST_H:
        return None
    counts = np.zeros(last - first + 1, np.int64)
    for part in parts:
        counts += np.bincount(part.us // HOUR_US - first, part.count, len(counts)).astype(np.int64)
    return first, counts


def _hour(number: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=number)


def _sum(table: pa.Table, name: str) -> int:
    return int(pc.sum(table[name]).as_py() or 0)


def _one_sided(seen: pa.Table) -> list[Row]:
    tcp = seen.filter(pc.fill_null(pc.equal(seen["proto"], "tcp"), False))
    half, conns = _sum(tcp, "half_conns"), _sum(tcp, "conns")
    if not conns or half / conns < ONE_SIDED:
        return []
    return [
        _row(
            f"One-sided: of {half:,} of {conns:,} TCP connections only one end was ever heard; what the other sent is "
            "missing from the sums, and failures may be none.",
            "Mirror both directions of the line, or give the log of the other sensor.",
            share_seen=1 - half / conns,
        )
    ]


def _nameless(seen: pa.Table) -> list[Row]:
    """What cannot be told by name: traffic between addresses of which nobody said a name."""
    conns = _sum(seen, "conns")
    asked = seen.filter(pc.is_in(pc.fill_null(seen["proto"], ""), pa.array(["tcp", "udp"])))
    asked = asked.filter(pc.not_equal(pc.fill_null(asked["service"], ""), "dns"))
    total = _sum(asked, "conns")
    bare = asked.filter(pc.is_null(asked["server_name"]))
    without = _sum(bare, "conns")
    guessed = _sum(asked.filter(pc.fill_null(pc.equal(asked["name_source"], "dns"), False)), "conns")
    if not total or not conns or not without:
        return []
    sent = _sum(bare, "orig_bytes")
    return [
        _row(
            f"Names: {without:,} of {counted(total, 'connection[|s]')} (without DNS) have no name of the far end, "
            f"{counted(sent, 'byte[ was|s were]')} sent in them; {guessed:,} have one only by the last DNS answer.",
            "Give the dns, ssl and http logs of the same time, or a capture.",
            complete="unknown",
            scope="names of destinations",
            share_seen=1 - without / total,
        )
    ]


def _unsized(seen: pa.Table) -> list[Row]:
    bare, conns = _sum(seen, "unsized_conns"), _sum(seen, "conns")
    if not bare:
        return []
    told = f"Sizes: of {bare:,} of {counted(conns, 'connection[|s]')} the source does not say how much was sent."
    return [_row(told, "Give a log that counts bytes.", complete="unknown", share_seen=1 - bare / conns)]


def _missed(seen: pa.Table) -> list[Row]:
    missed = _sum(seen, "missed_bytes")
    if not missed:
        return []
    known = _sum(seen, "orig_bytes") + _sum(seen, "resp_bytes")
    lost = counted(missed, "byte[|s]")
    told = f"Loss: sensors noticed {lost} that they did not see, beside {known:,} that were counted."
    return [_row(told, "Give the sensor more capacity, or mirror less.", share_seen=known / (known + missed))]
