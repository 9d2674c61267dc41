"""Builds rows of `behaviour`: ids, ratio, attempts and texts are made here, so that all detectors say them alike."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from flagstate import model
from flagstate.model.codes import BEHAVIOURS
from flagstate.model.counted import counted

ATTEMPTED = "Attempted: "
"""How the message of a behaviour begins that sent nothing."""

MANY_FACTS = 20
"""Flow facts that a row names at most; the largest come first, the rest is found by the ends of the row."""

STEPS = 240
"""Steps that a timeline has at most: as many as a page draws side by side."""

_OWN = re.compile(r"127[.][0-9.]+|::1|localhost|localhost[.]localdomain|[^.]+[.]localhost")
"""Far ends that are the machine itself."""

Said = tuple[str, float, float]
"""What a detector concludes: the best innocent explanation, how well it fits, and the score after it was taken off."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = -62_135_596_800_000_000, 253_402_300_799_999_999
"""Years 1 to 9999 in microseconds: a log may claim any time, and what lies beyond cannot be shown."""


def row(
    kind: str, *, orig_h: str | None, far: str | None, resp_h: str | None, resp_p: int | None, proto: str | None,
    parts: Mapping[str, float], figures: Mapping[str, float | int | str], message: str, innocent: str, benign: float,
    score: float, conns: int, orig_bytes: int, resp_bytes: int, from_us: int | None, to_us: int | None,
    timeline: str | None = None, facts: Iterable[str] = (), unsized: bool = False,
) -> dict[str, object]:  # fmt: skip
    """Return one behaviour as a record of the noun.

    Args:
        kind: A code of `BEHAVIOURS`.
        orig_h: Address that opened; null: several.
        far: The far end as a person reads it, masked already.
        resp_h: Address that answered; null: several.
        resp_p: Its port; null: several.
        proto: tcp, udp or icmp.
        parts: Sub-scores 0 to 1 by plain name; what is outside is clipped.
        figures: Figures by name with unit; not finite ones are left out, fractions are rounded to six digits.
        message: One sentence; `Attempted:` is put before it where nothing was sent.
        innocent: The best innocent explanation.
        benign: How well it fits, 0 to 1.
        score: How sure, 0 to 1, after `benign` was taken off.
        conns: Connections or queries.
        orig_bytes: Payload bytes sent.
        resp_bytes: Payload bytes received.
        from_us: First of it, microseconds since 1970 (UTC).
        to_us: Last of it.
        timeline: JSON as `timeline` makes it.
        facts: fact_ids of flows, the largest first.
        unsized: Whether connections are in it whose bytes the source does not give: these count as sent.

    Raises:
        ValueError: The kind is not one of `BEHAVIOURS`.
    """
    if kind not in BEHAVIOURS:
        raise ValueError(f"{kind} is not a kind of behaviour; known are {', '.join(BEHAVIOURS)}")
    attempted = orig_bytes == 0 and not unsized
    return {
        "behaviour_id": model.digest("behaviour", kind, orig_h, far, resp_h, resp_p, proto),
        "kind": kind,
        "orig_h": orig_h,
        "far": far,
        "resp_h": resp_h,
        "resp_p": resp_p,
        "proto": proto,
        "score": _share(score),
        "parts": _json({name: _share(value) for name, value in parts.items()}),
        "figures": _json({name: _figure(value) for name, value in figures.items() if _finite(value)}),
        "message": ATTEMPTED + message if attempted and not message.startswith(ATTEMPTED) else message,
        "innocent": innocent,
        "benign": _share(benign),
        "conns": int(conns),
        "orig_bytes": int(orig_bytes),
        "resp_bytes": int(resp_bytes),
        "pcr": _ratio(orig_bytes, resp_bytes),
        "attempted": attempted,
        "from_ts": moment(from_us),
        "to_ts": moment(to_us),
        "timeline": timeline,
        "facts": list(facts)[:MANY_FACTS],
    }


def table(records: Iterable[Mapping[str, object]]) -> pa.Table:
    """Return records of `row` as rows of the noun: the surest first, equals by id; one per id, the surest.

    What a machine says to itself is left out: it leaves nothing. A local proxy's client is kept, by the far end's name.
    """
    best: dict[object, Mapping[str, object]] = {}
    leaving = (record for record in records if not _OWN.fullmatch(str(record["far"])))
    for record in sorted(leaving, key=lambda made: (-float(str(made["score"])), str(made["behaviour_id"]))):
        best.setdefault(record["behaviour_id"], record)
    return model.rows(model.BEHAVIOUR, best.values())


def timeline(from_us: int, step_us: int, conns: Iterable[int], sent: Iterable[int]) -> str:
    """Return the drawing of a rhythm as JSON {from_us, step_us, conns, bytes}.

    Args:
        from_us: Start of the first step, microseconds since 1970.
        step_us: Length of a step in microseconds.
        conns: Connections per step; at most STEPS are kept.
        sent: Payload bytes sent per step.
    """
    counted, weighed = [int(n) for n in conns][:STEPS], [int(n) for n in sent][:STEPS]
    return _json({"from_us": int(from_us), "step_us": int(step_us), "conns": counted, "bytes": weighed})


def moment(us: int | None) -> datetime | None:
    """Return a time of a log as UTC; null beyond the years 1 to 9999."""
    if us is None or not _EARLIEST <= us <= _LATEST:
        return None
    return _EPOCH + timedelta(microseconds=int(us))


def size(count: float) -> str:
    """Return a number of bytes as a person reads it, in decimal units."""
    count = float(count)
    if count < 999.5:
        return counted(round(count), "byte[|s]")
    for unit in ("kB", "MB", "GB", "TB"):
        count /= 1000
        if count < 999.5:
            return f"{count:.3g} {unit}"
    return f"{count / 1000:,.3g} PB"


def times(ratio: float) -> str:
    """Return a ratio as a person reads it."""
    return f"{ratio:,.0f} times" if ratio >= 99.5 else f"{ratio:.2g} times"


def span(seconds: float) -> str:
    """Return a length of time as a person reads it."""
    for limit, unit, name in ((100, 1, "seconds"), (7_200, 60, "minutes"), (172_800, 3_600, "hours")):
        if seconds < limit:
            number = f"{seconds / unit:.3g}"
            return f"{number} {name if number != '1' else name[:-1]}"
    return f"{seconds / 86_400:.3g} days"


def _finite(value: float | int | str) -> bool:
    return isinstance(value, str) or math.isfinite(value)


def _figure(value: float | int | str) -> float | int | str:
    """Numbers of numpy become plain ones; fractions are rounded, so that the same evidence gives the same text."""
    if isinstance(value, str):
        return value
    number = float(value)
    return int(value) if number.is_integer() else round(number, 6)


def _ratio(sent: int, received: int) -> float | None:
    both = sent + received
    return round((sent - received) / both, 6) if both else None


def _share(value: float) -> float:
    return round(min(max(float(value), 0.0), 1.0), 6) if math.isfinite(value) else 0.0


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
