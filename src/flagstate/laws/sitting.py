"""Laws are heard one after the other in a bounded child process, which leaves behind what each says.

A folder that only the owner can read lies between the two: `put` fills it, `work` runs in the child, `close` says why a
child died, `take` reads what there is. A child that dies costs the law that it was hearing, no other; `left` says which
are still to be heard, by the next child.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa

from flagstate import model
from flagstate.catalog import data_class, lists
from flagstate.errors import FlagstateError, LawError
from flagstate.laws import judge, pack, tree
from flagstate.laws.judge import Ruled
from flagstate.laws.row import World

TARGET = "flagstate.laws.sitting:work"
"""What the bounded workers run."""
_TODO = "The other laws ran. Look at its rules, or give more memory or time"


def put(folder: Path, tables: Mapping[str, pa.Table]) -> None:
    """Lay out the tables of a case for children to read.

    Args:
        folder: A folder that exists, for the owner alone.
        tables: Stored nouns by name.
    """
    for part in ("tables", "said"):
        (folder / part).mkdir(mode=0o700, exist_ok=True)
    for name, table in tables.items():
        with pa.OSFile(str(folder / "tables" / f"{name}.arrow"), "wb") as file:
            _write(file, table)


def order(
    folder: Path,
    laws: Sequence[str],
    as_of: date,
    *,
    own: Sequence[Path] = (),
    memory_bytes: int,
    threads: int = 1,
    step_seconds: float = judge.STEP_SECONDS,
) -> dict[str, object]:
    """Return the order for a child that hears laws.

    Args:
        folder: As `put` filled it.
        laws: Ids of the laws, in the order in which they are heard.
        as_of: The day.
        own: The user's own folders of laws.
        memory_bytes: Bound of the database of the child; its process needs about 768 MB beside.
        threads: Threads of the database.
        step_seconds: Bound of one step in seconds.
    """
    return {
        "folder": str(folder),
        "laws": list(laws),
        "as_of": as_of.isoformat(),
        "own": [str(path) for path in own],
        "memory_bytes": memory_bytes,
        "threads": threads,
        "step_seconds": step_seconds,
    }


def prepare() -> None:
    """Read what every child needs; the warm parent does it once, before children are forked."""
    pack.packs()
    data_class.load()
    lists.states(date.today())
    # A query that had to be checked anew leaves a database with threads behind, and with threads nothing may fork.
    tree._parser.cache_clear()


def work(told: dict[str, object]) -> None:
    """Hear the laws of an order; only a bounded child may run this.

    Args:
        told: As `order` returns it.
    """
    folder = Path(str(told["folder"]))
    names, own = told["laws"], told["own"]
    if not isinstance(names, list) or not isinstance(own, list):
        raise TypeError("an order names laws")
    made = {law.id: law for law in pack.packs([Path(one) for one in own]).laws}
    laws = [made[name] for name in names]
    tables = {path.stem: _read(path) for path in sorted((folder / "tables").iterdir())}
    as_of = date.fromisoformat(str(told["as_of"]))
    memory_bytes, threads = int(str(told["memory_bytes"])), int(str(told["threads"]))
    con = judge.open_world(tables, laws, as_of, memory_bytes=memory_bytes, threads=threads)
    known, empty, seconds = World.of(tables, as_of), judge.bare(con), float(str(told["step_seconds"]))
    for law in laws:
        # What is begun and not said is what a death is blamed on.
        _said(folder, law.id, "begun").touch()
        try:
            rows = judge.run(con, law, as_of, known, step_seconds=seconds, empty=empty)
            said = Ruled(law.id, tuple(rows), None)
        except FlagstateError as error:
            said = Ruled(law.id, (), error)
        _say(folder, said)
    con.close()


def left(folder: Path, laws: Sequence[str]) -> list[str]:
    """Return the laws of which nothing is said yet, in their order."""
    return [law for law in laws if not any(_said(folder, law, kind).exists() for kind in ("arrow", "json"))]


def close(folder: Path, laws: Sequence[str], fault: str) -> None:
    """Say why a child died: of the law that it was hearing, or of all where it never came to one.

    A law that came after others in the same child is not blamed yet, since the bounds are those of the child: it stays
    among those that are `left`, and the next child hears it first, with all of the bounds to itself.

    Args:
        folder: As `put` filled it.
        laws: The laws that it was to hear, in order.
        fault: Why, as a clause; empty: it did not die, and what it left out is nobody's fault but ours.
    """
    open_ = left(folder, laws)
    hearing = [law for law in open_ if _said(folder, law, "begun").exists()]
    if hearing and hearing[0] != laws[0]:
        _said(folder, hearing[0], "begun").unlink()
        return
    for law in hearing or open_:
        why = fault or "the process that ran it ended before it was done"
        _say(folder, Ruled(law, (), LawError("The law was stopped", where=law, why=why, todo=_TODO)))


def take(folder: Path, laws: Sequence[str]) -> list[Ruled]:
    """Return what the laws said, in their order.

    Raises:
        FileNotFoundError: A law of `left` was asked for.
    """
    found = []
    for law in laws:
        told = _said(folder, law, "json")
        if told.exists():
            error = LawError(**json.loads(told.read_text("utf-8")))
            found.append(Ruled(law, (), error))
        else:
            found.append(Ruled(law, tuple(_read(_said(folder, law, "arrow")).to_pylist()), None))
    return found


def found(folder: Path, laws: Sequence[str]) -> tuple[pa.Table, list[Ruled]]:
    """Return the findings of the laws that spoke, in their order and as one table, and those that failed.

    Raises:
        FileNotFoundError: A law of `left` was asked for.
    """
    spoke = [law for law in laws if not _said(folder, law, "json").exists()]
    failed = take(folder, [law for law in laws if law not in spoke])
    tables = [_read(_said(folder, law, "arrow")) for law in spoke]
    return pa.concat_tables([model.empty(model.NOUNS["finding"]), *tables]).combine_chunks(), failed


def _said(folder: Path, law: str, kind: str) -> Path:
    return folder / "said" / f"{law}.{kind}"


def _say(folder: Path, ruled: Ruled) -> None:
    kind = "json" if ruled.error else "arrow"
    new = _said(folder, ruled.law, "new")
    if ruled.error:
        error = ruled.error
        parts = {"what": error.what, "where": error.where, "why": error.why, "todo": error.todo}
        new.write_text(json.dumps(parts), "utf-8")
    else:
        with pa.OSFile(str(new), "wb") as file:
            _write(file, model.rows(model.NOUNS["finding"], ruled.findings))
    # A child that dies while it writes has said nothing.
    new.replace(_said(folder, ruled.law, kind))


def _write(file: pa.NativeFile, table: pa.Table) -> None:
    with pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)


def _read(path: Path) -> pa.Table:
    # Mapped, not copied: what a file holds does not count as memory of the child.
    with pa.memory_map(str(path)) as file:
        return pa.ipc.open_file(file).read_all()
