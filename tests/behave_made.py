"""Makes traffic by hand for tests of behaviours: channels with their times and sizes, as flows and timing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flagstate import engine, model
from flagstate.enrich.behave import lookups
from flagstate.enrich.behave.seen import Seen
from flagstate.enrich.behave.timing import summarise

S = 1_000_000
HOUR = 3_600 * S
DAY = 24 * HOUR
MONDAY = 1_790_553_600 * S
"""2026-09-28 00:00 UTC."""
Ints = npt.NDArray[np.int64]


@dataclass
class Talk:
    """One channel: times in microseconds, and bytes per connection."""

    us: Ints
    orig: Ints | int = 300
    resp: Ints | int = 200
    orig_h: str = "10.1.0.5"
    resp_h: str = "93.184.216.34"
    resp_p: int = 443
    proto: str = "tcp"
    service: str | None = "ssl"
    server_name: str | None = None
    failed: bool = False
    longest_us: int | None = None
    number: int = field(default=0)


def shifted(talks: Iterable[Talk], by: int) -> list[Talk]:
    """Return the same traffic at another time."""
    return [Talk(**{**vars(talk), "us": talk.us + by}) for talk in talks]


@contextmanager
def seen(talks: Iterable[Talk], *, operators: dict[str, str] | None = None) -> Iterator[Seen]:
    """Yield traffic as detectors get it."""
    listed = list(talks)
    rows, ids, us, orig, resp = [], [], [], [], []
    for talk in listed:
        times = np.sort(np.asarray(talk.us, np.int64))
        sent, back = (np.broadcast_to(np.asarray(x, np.int64), times.shape) for x in (talk.orig, talk.resp))
        ends = [talk.orig_h, talk.resp_h, talk.resp_p, talk.proto, talk.server_name]
        channel = int(model.digest(*ends)[:15], 16)
        ids.append(np.full(len(times), channel, np.uint64))
        us.append(times)
        orig.append(sent)
        resp.append(back)
        days = times // DAY
        for day in np.unique(days):
            mine = days == day
            hours = np.bitwise_or.reduce(1 << (times[mine] // HOUR % 24))
            rows.append({
                "orig_h": talk.orig_h, "resp_h": talk.resp_h, "resp_p": talk.resp_p, "proto": talk.proto,
                "service": talk.service, "server_name": talk.server_name,
                "name_source": "sni" if talk.server_name else None, "day": int(day), "hours": int(hours),
                "conns": int(mine.sum()), "failed_conns": int(mine.sum()) if talk.failed else 0,
                "orig_bytes": int(sent[mine].sum()), "resp_bytes": int(back[mine].sum()), "missed_bytes": 0,
                "unsized_conns": 0, "max_duration_us": talk.longest_us, "first_ts": int(times[mine][0]),
                "last_ts": int(times[mine][-1]), "fact_id": model.digest(*ends, day), "stance": "observed",
                "channel": channel,
            })  # fmt: skip
    fields = [*model.FLOW.schema, pa.field("channel", pa.uint64())]
    flow = pa.table([pa.array([r.get(f.name) for r in rows], f.type) for f in fields], schema=pa.schema(fields))
    timing = summarise(*(np.concatenate(x) for x in (ids, us, orig, resp))) if listed else summarise(
        np.empty(0, np.uint64), *(np.empty(0, np.int64) for _ in range(3))
    )  # fmt: skip
    con = engine.connect()
    con.register("flow", flow)
    asked = lookups.SCHEMA.empty_table()
    con.register("lookups", asked)
    try:
        yield Seen(flow, timing, asked, con, operators or {})
    finally:
        con.close()


def rhythm(rng: np.random.Generator, period_s: float, days: float, *, jitter: float = 0.0, missed: float = 0.0) -> Ints:
    """Return times of a rhythm from Monday on."""
    count = int(days * 86_400 / period_s) + 1
    times = np.cumsum(period_s * (1 + rng.uniform(-jitter, jitter, count)))
    return MONDAY + (times[rng.random(count) >= missed] * S).astype(np.int64)


def chance(rng: np.random.Generator, count: int, days: float) -> Ints:
    """Return times without a rhythm from Monday on."""
    return np.sort(MONDAY + (rng.uniform(0, days, count) * DAY).astype(np.int64))
