"""What a Zeek log of certificates says of who issued them: names of hosts, organisation of the issuer, and the end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import duckdb

from flagstate import model
from flagstate.catalog import points
from flagstate.read.part import Context, Facts, Note, Part, Tally
from flagstate.read.zeek_fields import moment

MOST = 20_000
"""Pairs of name and issuer per log that are kept; those that were seen most."""
_PAIRS = """
SELECT name, issuer, count(*) AS times, max(until_us)
FROM (SELECT lower(unnest(names)) AS name, issuer, until_us FROM certificates WHERE issuer IS NOT NULL)
GROUP BY ALL ORDER BY times DESC, 1, 2"""
_TIMES = "SELECT count(*), min(us), max(us) FROM certificates"
_HOST = re.compile(r"(?:\*\.)?[^\s\x00-\x1f\x7f/\\@]{1,250}")


def certificates(relation: duckdb.DuckDBPyRelation, context: Context) -> Iterator[Part]:
    """Yield who issued certificates for which names, and the counts of the log.

    Args:
        relation: us, issuer, names, until_us of every certificate.
        context: As readers get it.
    """
    listed = relation.to_arrow_table()
    context.con.register("certificates", listed)
    try:
        found = context.con.execute(f"{_PAIRS} LIMIT {MOST + 1}").fetchall()
        ((total, first, last),) = context.con.execute(_TIMES).fetchall()
    finally:
        context.con.unregister("certificates")
    counted: dict[tuple[str, str], tuple[int, datetime | None]] = {}
    for name, issuer, times, until in found[:MOST]:
        other = points.organisation(issuer)
        if other and _HOST.fullmatch(name):
            key = (context.host(name.rstrip(".")), context.mask(other))
            before, end = counted.get(key, (0, None))
            ends = [each for each in (end, moment(until)) if each is not None]
            counted[key] = (before + int(times), max(ends, default=None))
    rows = [
        {"from_name": name, "role": "issuer", "to_name": other, "times": times, "valid_to": end}
        for (name, other), (times, end) in counted.items()
    ]
    if rows:
        yield Facts("reliance", model.rows(model.RELIANCE, rows), "observed")
    if len(found) > MOST:
        yield Note(f"issuers of names beyond {MOST:,} are not listed", lost=False)
    yield Tally(rows_read=total, first_ts=moment(first), last_ts=moment(last))
