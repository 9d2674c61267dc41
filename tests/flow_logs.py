"""Flow logs for tests: read one as the pipeline does, and flows of several."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from flagstate import model
from flagstate.catalog.mask import mask
from flagstate.engine import connect
from flagstate.enrich import flows
from flagstate.read.part import Context, Facts, Head, Note, Opened, Reader, Records, Reject, Stream, Tally

DATA = Path(__file__).parent / "data"
HOSTILE = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""How often a reader is given what it does not expect."""


@dataclass
class Found:
    """What a reader made of a file."""

    kind: str
    streams: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)
    coverage: list[dict[str, object]] = field(default_factory=list)
    records: list[str] = field(default_factory=list)
    """Containers of what is searched for data classes."""
    searched: int = 0
    """Rows in them; the reader takes them off its counts again."""

    @property
    def connections(self) -> list[dict[str, object]]:
        """Its connections in order of time."""
        return self.streams.get("connection", [])

    @property
    def rejected(self) -> int:
        """Lines that could not be read."""
        return len(self.rejects) + sum(each.rows_rejected for each in self.tallies)


def head(path: Path) -> Head:
    """Return the beginning of a file."""
    data = path.read_bytes()
    return Head(data[: 2**16], len(data), path.suffix)


def write(folder: Path, data: bytes | str, name: str = "some.log") -> Path:
    """Write a file."""
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def spoilt(data: st.DataObject, header: str, line: str, *, first: int = 0) -> bytes:
    """Return a log of four records, of which any text stands in one field of one.

    Args:
        data: What draws.
        header: First line.
        line: A record with commas between its fields, and `{sp}` for a port.
        first: The first record that may be spoilt.
    """
    rows = [line.format(sp=40000 + n).strip().split(",") for n in range(4)]
    row = rows[data.draw(st.integers(first, 3))]
    row[data.draw(st.integers(0, len(row) - 1))] = data.draw(
        st.text(max_size=30).filter(lambda t: not set(t) & set("\n\r"))
    )
    return (header + "".join(",".join(row) + "\n" for row in rows)).encode("utf-8", "replace")


def parts(reader: Reader, path: Path, take: Callable[[Stream, duckdb.DuckDBPyConnection], object]) -> list[object]:
    """Return the parts of a file, with what `take` makes of streams."""
    kind = reader.recognise(head(path))
    assert kind is not None
    con = connect(threads=1, files=[str(path)])
    made: list[object] = []
    for part in reader.read(Opened(str(path), head(path), path.name, f"ev {path.name}"), kind, Context(con, mask)):
        if isinstance(part, Records):
            made.append((part.container, part.reader.read_all().num_rows))
        else:
            made.append(take(part, con) if isinstance(part, Stream) else part)
    assert con.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)], "nothing is left behind"
    con.close()
    return made


def _checked(part: Stream, reader: Reader) -> tuple[str, pa.Table]:
    table = part.relation.to_arrow_table()
    known = model.NOUNS[part.noun]
    assert part.noun in reader.streams
    assert table.column_names == known.names
    for column in known.columns:
        assert str(table.schema.field(column.name).type).replace("<l:", "<item:") == str(column.type), column.name
    return part.noun, table


def read(reader: Reader, path: Path) -> Found:
    """Read a file; every stream must have the columns of its noun."""
    kind = reader.recognise(head(path))
    assert kind is not None
    found = Found(kind.name)
    for part in parts(reader, path, lambda part, _: _checked(part, reader)):
        match part:
            case (str() as noun, pa.Table() as table):
                rows = found.streams.setdefault(noun, [])
                rows.extend(table.to_pylist())
                rows.sort(key=lambda row: (row["ts"], str(row["orig_h"]), str(row["orig_p"])))
            case Reject():
                found.rejects.append(part)
            case Note():
                found.notes.append(part)
            case Tally():
                found.tallies.append(part)
            case Facts():
                assert (part.noun, part.stance) == ("coverage", "observed")
                found.coverage += part.table.to_pylist()
            case (str() as container, int() as count):
                found.records.append(container)
                found.searched += count
            case _:
                raise AssertionError(part)
    return found


def flow_rows(reader: Reader, path: Path) -> list[dict[str, object]]:
    """Return the flows that a file becomes."""
    named = parts(reader, path, lambda part, con: _summary(part, con) if part.noun != "connection" else None)
    names = flows.names([part for part in named if isinstance(part, flows.Summary)], connect(threads=1))
    made = parts(reader, path, lambda part, con: _summary(part, con, names))
    summary = flows.combine(part for part in made if isinstance(part, flows.Summary))
    return flows.merge({"one": summary}, connect(threads=1), salt=11).flow.to_pylist()


def _summary(part: Stream, con: duckdb.DuckDBPyConnection, names: pa.Table | None = None) -> flows.Summary:
    known = names if part.noun == "connection" else None
    return flows.extract(part.noun, part.relation, con, mask=str, salt=11, names=known)


def no_leak(parts_of: Found, *values: str) -> None:
    """Check that nothing that is shown holds one of the values."""
    shown = repr(
        (parts_of.kind, parts_of.rejects, parts_of.notes, parts_of.coverage, parts_of.records, parts_of.tallies)
    )
    for value in values:
        assert value not in shown
