"""Flow logs as delimited text: the engine parses them into typed columns; lines that do not fit are rejected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from flagstate.errors import EvidenceError
from flagstate.read.one_way import connections
from flagstate.read.packet_bytes import NOTE
from flagstate.read.part import Note, Opened, Part, Reject, Stream, Tally
from flagstate.read.rejected import LISTED, REASONS, rejects, stored
from flagstate.read.zeek_fields import moment

LAST_US = 253_402_300_799_000_000
"""The last moment of the year 9999."""
ADDRESS = "[0-9A-Fa-f:.]{2,45}"
"""What an address is written with, as a pattern."""
GOOD = (
    f"coalesce(regexp_full_match(src_h, '{ADDRESS}') AND regexp_full_match(dst_h, '{ADDRESS}'), false) "
    "AND proto IS NOT NULL "
    f"AND first_us BETWEEN 0 AND {LAST_US} AND last_us BETWEEN first_us AND {LAST_US}"
)
"""What a record of one direction must have."""


@dataclass(frozen=True)
class Table:
    """A text table of flows."""

    path: str
    """Neutral path."""
    columns: tuple[tuple[str, str], ...]
    """(field, type of the engine), in the order of the file; of two with one name the first counts."""
    delimiter: str = ","
    """Between fields."""
    skip: int = 0
    """Lines before the first record."""
    nulls: tuple[str, ...] = ("",)
    """Texts that stand for nothing."""
    ends: str = "\n"
    """Between lines."""
    ignored: tuple[bytes, ...] = ()
    """How lines begin that are no records, such as the header of another part."""
    footer: bytes = b"\0"
    """How the line begins with which the records end."""
    tag: str = "flows"
    """Names the tables of rejects."""
    torn: bool = False
    """Whether a carriage return stands where no line ends, at which the engine would give up the whole file."""

    @staticmethod
    def tagged(opened: Opened) -> str:
        """Return a name of tables for an artefact."""
        return f"flows_{abs(hash(opened.evidence_id)) % 10**9}"

    @property
    def fields(self) -> dict[str, str]:
        """The expression of each field."""
        found: dict[str, str] = {}
        for place, (name, _) in enumerate(self.columns):
            found.setdefault(name, f"c{place}")
        return found

    @property
    def source(self) -> str:
        """The call, or query, that reads it."""
        if self.torn:
            fields = ", ".join(f"{_cast(at, kind, self.nulls)} AS c{at}" for at, (_, kind) in enumerate(self.columns))
            return f"(SELECT {fields} FROM {self.split} WHERE {self.fits})"
        columns = ", ".join(f"'c{place}': '{kind}'" for place, (_, kind) in enumerate(self.columns))
        nulls = ", ".join(_quoted(each) for each in self.nulls)
        more = f"delim={_quoted(self.delimiter)}, columns={{{columns}}}, nullstr=[{nulls}], skip={self.skip}"
        return self._read(more, "'\\r\\n'" if self.ends == "\r\n" else "'\\n'")

    def _read(self, more: str, ends: str) -> str:
        return (
            f"read_csv({_quoted(self.path)}, auto_detect=false, header=false, quote='', escape='', {more}, "
            f"new_line={ends}, compression='none', {stored(self.tag)})"
        )

    @property
    def split(self) -> str:
        """The query for the fields of each line, as texts, where carriage returns end lines too."""
        lines = self._read("delim='\x01', columns={'line': 'VARCHAR'}, strict_mode=false", "'\\n'")
        fields = f"string_split(line, {_quoted(self.delimiter)}) AS f"
        return f"(SELECT *, {fields} FROM (SELECT *, row_number() OVER () AS n FROM {lines}) WHERE n > {self.skip})"

    @property
    def fits(self) -> str:
        """Whether the fields are as many as the columns, and of their types."""
        good = " AND ".join(
            f"({text} IS NULL OR {_cast(at, kind, self.nulls)} IS NOT NULL)"
            for at, (_, kind) in enumerate(self.columns)
            if (text := _text(at, self.nulls)) and kind != "VARCHAR"
        )
        return f"coalesce(len(f) = {len(self.columns)}{' AND ' + good if good else ''}, false)"


def _text(at: int, nulls: tuple[str, ...]) -> str:
    return f"CASE WHEN f[{at + 1}] NOT IN ({', '.join(_quoted(each) for each in nulls)}) THEN f[{at + 1}] END"


def _cast(at: int, kind: str, nulls: tuple[str, ...]) -> str:
    return f"TRY_CAST({_text(at, nulls)} AS {kind})"


def torn(path: str, ends: str) -> bool:
    """Tell whether carriage returns stand in a file elsewhere than where its lines end.

    Args:
        path: The file.
        ends: What stands between its lines.
    """
    returns = feeds = pairs = 0
    last = b""
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            returns += block.count(b"\r")
            if ends == "\n":
                if returns:
                    return True
                continue
            feeds += block.count(b"\n")
            pairs += block.count(b"\r\n") + (last == b"\r" and block.startswith(b"\n"))
            last = block[-1:]
    return not returns == feeds == pairs


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def ends(data: bytes) -> str:
    """Return what stands between the lines of a text that begins with these bytes."""
    return "\r\n" if data.partition(b"\n")[0].endswith(b"\r") else "\n"


def lines(data: bytes) -> list[str]:
    """Return the lines of the beginning of a file as text, without a mark of its encoding."""
    return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").split("\n")


def load(con: duckdb.DuckDBPyConnection, name: str, select: str) -> None:
    """Make a temporary table of a SELECT.

    Raises:
        EvidenceError: The file cannot be read to its end; what the engine says of it may hold a line, and is dropped.
    """
    try:
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {select}")
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        raise EvidenceError("The records cannot be read to their end", todo="Copy or export it again.") from None


def stream(
    con: duckdb.DuckDBPyConnection,
    records: str,
    *,
    tag: str,
    flags: bool = False,
    quiet_us: int = 0,
    link: int = 0,
    sampled: bool = False,
    most: int | None = None,
) -> Iterator[Part]:
    """Yield the connections that records of one direction are, counts, and what must be known of their bytes.

    Args:
        con: The database.
        records: A SELECT of the columns of `one_way`; the file is read once.
        tag: Names the table in which records are kept meanwhile.
        flags: As in `one_way.connections`.
        quiet_us: As there.
        link: As there.
        sampled: As there.
        most: Stop after so many records.

    Records that lack an address or a time, or end before they begin, are counted as rejected.
    """
    limit = "" if most is None else f" LIMIT {int(most)}"
    load(con, tag, records + limit)
    try:
        made = connections(
            f"SELECT * FROM {tag} WHERE {GOOD}", flags=flags, quiet_us=quiet_us, link=link, sampled=sampled
        )
        count, bad, first, last, sized = con.execute(
            f"SELECT count(*) FILTER ({GOOD}), count(*), min(first_us) FILTER ({GOOD}), max(last_us) FILTER ({GOOD}), "
            f"count(octets) FROM {tag}"
        ).fetchall()[0]
        if count:
            yield Stream("connection", con.sql(made))
            yield Tally(first_ts=moment(first), last_ts=moment(last))
        if bad > count:
            yield Tally(rows_rejected=bad - count)
            yield Note(f"Records that lack an address or a time, or end before they begin: {bad - count:,}")
        if sized:
            yield Note(NOTE, lost=False)
    finally:
        con.execute(f"DROP TABLE IF EXISTS {tag}")


def rejected(con: duckdb.DuckDBPyConnection, table: Table) -> Iterator[Part]:
    """Yield the lines that the engine rejected, and forget them; lines that are no records are left out."""
    yield from rejects(
        con, table.tag, table.path, ignored=table.ignored, footer=table.footer, after=table.skip if table.torn else 0,
        first=_torn_rejects(con, table) if table.torn else (),
    )  # fmt: skip


def _torn_rejects(con: duckdb.DuckDBPyConnection, table: Table) -> Iterator[Part]:
    """Yield the lines of a torn file that do not fit, and their count."""
    footer, *ignored = (_quoted(each.decode("utf-8", "replace")) for each in (table.footer, *table.ignored))
    left = "".join(f" AND NOT starts_with(line, {each})" for each in ignored)
    rows = con.execute(
        f"SELECT n, len(f) - {len(table.columns)}, count(*) OVER () FROM ("
        f"SELECT *, bool_or(starts_with(line, {footer})) OVER (ORDER BY n ROWS UNBOUNDED PRECEDING) AS over "
        f"FROM {table.split}) WHERE NOT {table.fits} AND NOT over AND line <> ''{left} ORDER BY n LIMIT {LISTED}"
    ).fetchall()
    for number, more, _ in rows:
        kind = "TOO MANY COLUMNS" if more > 0 else "MISSING COLUMNS" if more < 0 else "CAST"
        yield Reject(int(number), REASONS[kind])
    if rows and rows[0][2] > len(rows):
        yield Tally(rows_rejected=int(rows[0][2]) - len(rows))
