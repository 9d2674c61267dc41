"""Lines of a table that the engine rejected as it parsed it: which they are, and why, but not what stands in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import duckdb

from flagstate.read.part import Part, Reject, Tally

LISTED = 1000
"""Rejected lines that are listed one by one; the rest is counted."""
REASONS = {
    "CAST": "a time, count or port is not a number",
    "MISSING COLUMNS": "too few fields",
    "TOO MANY COLUMNS": "too many fields",
    "INVALID ENCODING": "text that is not UTF-8",
    "LINE SIZE OVER MAXIMUM": "a line longer than 2 MB",
    "UNQUOTED VALUE": "a stray quote",
}
"""What the engine says of a line, and what we do."""


def stored(tag: str) -> str:
    """Return the options of `read_csv` that keep rejected lines for `rejects`.

    Args:
        tag: Names the tables in which they are kept.
    """
    return f"store_rejects=true, rejects_limit=200000, rejects_table='{tag}_errors', rejects_scan='{tag}_scans'"


def rejects(
    con: duckdb.DuckDBPyConnection, tag: str, path: str, *, ignored: tuple[bytes, ...] = (), footer: bytes = b"\0",
    after: int = 0, first: Iterable[Part] = (), reasons: dict[str, str] = REASONS,
) -> Iterator[Part]:  # fmt: skip
    """Yield the lines that the engine rejected, and forget them.

    Args:
        con: The database.
        tag: As `stored` was told.
        path: The file.
        ignored: How lines begin that are no records.
        footer: How the line begins with which the records end.
        after: Lines up to this one are not told.
        first: What is told before them, where the engine read the file at all.
        reasons: What to say for each kind of error.
    """
    try:
        found = con.execute(
            f"SELECT line, min(line_byte_position), arg_min(error_type::VARCHAR, column_idx) FROM {tag}_errors "
            f"WHERE line > {after} GROUP BY line ORDER BY line"
        ).fetchall()
    except duckdb.CatalogException:
        return
    yield from first
    listed = 0
    with open(path, "rb") as file:
        for line, offset, kind in found:
            # Empty lines, which the engine passes over, count as the beginning of the next one.
            file.seek(max(int(offset or 0) - 1, 0))
            begin = file.read(64).lstrip(b"\n")
            if begin.startswith(footer):
                break
            if begin.startswith(ignored):
                continue
            listed += 1
            if listed <= LISTED:
                yield Reject(int(line), reasons.get(kind, "it cannot be parsed"))
    if listed > LISTED:
        yield Tally(rows_rejected=listed - LISTED)
    con.execute(f"DROP TABLE IF EXISTS {tag}_errors; DROP TABLE IF EXISTS {tag}_scans")
