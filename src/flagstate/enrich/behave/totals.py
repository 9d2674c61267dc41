"""Flows of one client and one far end together, as the detectors of names and protocols need them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import pyarrow as pa

from flagstate.catalog import services
from flagstate.enrich.behave import row
from flagstate.enrich.behave.row import MANY_FACTS
from flagstate.enrich.behave.seen import Seen

INSIDE = (
    "regexp_matches(coalesce({0}, ''), '^(10[.]|127[.]|169[.]254[.]|192[.]168[.]|172[.](1[6-9]|2[0-9]|3[01])[.]"
    "|100[.](6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])[.]|0[.]0[.]|22[4-9][.]|23[0-9][.]|255[.]|[fF][cCdDfF]|[fF][eE]8|::1?$)')"
)
"""Whether an address lies in a private, local or multicast range: what goes there does not leave by itself."""

Made = TypeVar("Made")

_GATHERED = f"""
SELECT orig_h, coalesce(server_name, resp_h) AS far, resp_p, proto, {{services}} AS service,
    CASE WHEN count(DISTINCT resp_h) = 1 THEN min(resp_h) END AS resp_h, min(resp_h) AS one_resp_h,
    min(server_name) AS server_name, min(name_source) AS name_source, bool_and({INSIDE.format("resp_h")}) AS inside,
    sum(conns)::BIGINT AS conns, sum(coalesce(failed_conns, 0))::BIGINT AS failed,
    least(sum(greatest(orig_bytes, 0)::HUGEINT), {2**62})::BIGINT AS orig_bytes,
    least(sum(greatest(resp_bytes, 0)::HUGEINT), {2**62})::BIGINT AS resp_bytes,
    sum(coalesce(unsized_conns, 0))::BIGINT AS unsized, max(coalesce(max_duration_us, 0)) AS longest_us,
    min(epoch_us(first_ts)) AS from_us, max(epoch_us(last_ts)) AS to_us,
    count(DISTINCT day) AS days, sum(bit_count(hours))::BIGINT AS hours,
    (list(fact_id ORDER BY orig_bytes DESC, fact_id))[1:{MANY_FACTS}] AS facts,
    list(DISTINCT channel ORDER BY channel)[1:1000] AS channels
FROM flow WHERE {{where}}
GROUP BY ALL
ORDER BY orig_h, far, resp_p, proto, service
"""


@dataclass(frozen=True)
class Total:
    """All flows of one client and one far end at one port."""

    orig_h: str | None
    """Address that opened."""
    far: str | None
    """Name of the far end, else its address."""
    resp_p: int | None
    """Its port."""
    proto: str | None
    """Transport."""
    service: str | None
    """What the sensor recognised."""
    resp_h: str | None
    """Its address; null: several."""
    one_resp_h: str | None
    """One of its addresses."""
    server_name: str | None
    """Its name."""
    name_source: str | None
    """Where the name is from."""
    inside: bool
    """Whether it lies in a private range."""
    conns: int
    """Connections."""
    failed: int
    """Of them, refused or never answered."""
    orig_bytes: int
    """Payload bytes sent."""
    resp_bytes: int
    """Payload bytes received."""
    unsized: int
    """Connections of unknown size."""
    longest_us: int
    """Longest connection in microseconds."""
    from_us: int | None
    """First of it."""
    to_us: int | None
    """Last of it."""
    days: int
    """Days with a connection."""
    hours: int
    """Hours with a connection."""
    facts: list[str]
    """Flows, the largest first."""
    channels: list[int]
    """Ids of its channels."""

    @property
    def answered(self) -> int:
        """Connections that were not refused."""
        return max(self.conns - self.failed, 0)


def moved(total: Total) -> str:
    """Return what went both ways, in words."""
    if total.unsized >= total.conns:
        return "the source gives no sizes"
    return f"{row.size(total.orig_bytes)} sent and {row.size(total.resp_bytes)} received"


def record(
    kind: str, total: Total, *, parts: Mapping[str, float], figures: Mapping[str, float | int | str], message: str,
    said: row.Said,
) -> dict[str, object]:  # fmt: skip
    """Return a behaviour of one client and one far end.

    Args:
        kind: A code of `BEHAVIOURS`.
        total: Their flows.
        parts: As `row.row` takes them.
        figures: As there.
        message: As there.
        said: Innocent explanation, how well it fits, and score.
    """
    innocent, benign, score = said
    return row.row(
        kind, orig_h=total.orig_h, far=total.far, resp_h=total.resp_h, resp_p=total.resp_p, proto=total.proto,
        parts=parts, figures=figures, message=message, innocent=innocent, benign=benign, score=score,
        conns=total.conns, orig_bytes=total.orig_bytes, resp_bytes=total.resp_bytes, from_us=total.from_us,
        to_us=total.to_us, facts=total.facts, unsized=total.unsized > 0,
    )  # fmt: skip


def gathered(seen: Seen, where: str, *, services: str = "service") -> list[Total]:
    """Return the flows that a condition picks, one row per client, far end, port, protocol and service.

    Args:
        seen: All flows.
        where: SQL over the columns of `flow`.
        services: SQL for the column of services; `max(service)` puts several together.
    """
    found = seen.con.sql(_GATHERED.format(where=where, services=services)).to_arrow_table().to_pylist()
    return [Total(**record) for record in found]


def hosts(seen: Seen, fars: Iterable[str | None]) -> dict[str, int]:
    """Return by far end how many clients called it."""
    listed = sorted({far for far in fars if far})
    if not listed:
        return {}
    seen.con.register("asked_far", pa.table({"far": pa.array(listed, pa.string())}))
    try:
        counted = seen.con.execute(
            "SELECT far, count(DISTINCT orig_h) FROM asked_far JOIN flow ON coalesce(server_name, resp_h) = far "
            "GROUP BY far"
        ).fetchall()
    finally:
        seen.con.unregister("asked_far")
    return dict(counted)


def named(seen: Seen, table: dict[str, Made]) -> dict[str, Made]:
    """Return by name what a table of the catalog says of the names that occur in flows.

    Args:
        seen: All flows.
        table: One of those by name of the catalog of services.
    """
    ends = sorted({".".join(name.rsplit(".", 2)[-2:]) for name in table})
    seen.con.register("known_end", pa.table({"known": pa.array(ends, pa.string())}))
    try:
        found = seen.con.execute(
            "SELECT DISTINCT server_name FROM flow JOIN known_end ON "
            "split_part(server_name, '.', -2) || '.' || split_part(server_name, '.', -1) = known"
        ).fetchall()
    finally:
        seen.con.unregister("known_end")
    told = {name: services.under(table, name) for (name,) in found}
    return {name: one for name, one in told.items() if one is not None}


def quoted(texts: Iterable[str]) -> str:
    """Return texts as an SQL list; of ours or masked, and quoted in any case."""
    listed = ", ".join("'" + text.replace("'", "''") + "'" for text in sorted(texts))
    return f"({listed or 'NULL'})"


def ramp(value: float, low: float, high: float) -> float:
    """Return 0 at `low` and below, 1 at `high` and above, straight between."""
    return min(max((value - low) / (high - low), 0.0), 1.0)
