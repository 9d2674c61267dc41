"""The tables on disk: numbered folders that are never changed once they have their name."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Set
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flagstate import model
from flagstate.case.disk import canonical, create, make_folder, open_plain, read_small, settle, worded
from flagstate.errors import CaseError

FOLDER = "versions"
LINK = "tables"
MANIFEST = "manifest.json"
KEEP = 5
"""How many finished versions stay; older ones go as soon as no reader holds them."""

_TARGET = re.compile(rf"{FOLDER}/([1-9][0-9]{{0,17}})")
_ROWS_PER_GROUP = 1 << 17
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Tables(Mapping[str, pa.Table]):
    """The stored nouns of one version, read when asked for; the version stays as long as this is open.

    A noun that the version does not know yet is an empty table, so an old case opens in a new flagstate. What is on
    disk is taken as it is: only `verify` compares it with its recorded hashes.
    """

    def __init__(self, case: Path, number: int) -> None:
        """Hold a version.

        Raises:
            CaseError: It is not there.
        """
        self._case, self.version = case, number
        self._fd = -1
        with worded(f"version {number} of the tables cannot be opened", str(case)):
            self._fd = _hold(home(case) / str(number))

    def __getitem__(self, noun: str) -> pa.Table:
        """Read a noun whole.

        Raises:
            KeyError: It is not a stored noun.
            CaseError: Its file is damaged or cannot be read.
        """
        if noun not in model.STORED:
            raise KeyError(noun)
        what, where = f"table {noun} of version {self.version} cannot be read", str(self._case)
        try:
            with worded(what, where), os.fdopen(open_plain(f"{noun}.parquet", dir_fd=self._fd), "rb") as file:
                # By descriptor: reading threads that still hold a Python file when Python ends abort the process.
                table = pq.ParquetFile(pa.OSFile(f"/proc/self/fd/{file.fileno()}")).read()
            known = [name for name in model.NOUNS[noun].names if name in table.column_names]
            return model.conform(table.select(known), model.NOUNS[noun])
        except CaseError as error:
            # A file that went missing must not read as an empty table: that would be an answer.
            if isinstance(error.__cause__, FileNotFoundError) and noun not in manifest(self._case, self.version)[1]:
                return model.empty(model.NOUNS[noun])
            raise
        except (pa.ArrowException, ValueError):
            todo = "Run `flagstate verify` to see what was damaged, and audit again."
            raise CaseError(what, where=where, why="its file is damaged", todo=todo) from None

    def __iter__(self) -> Iterator[str]:
        """Name the stored nouns."""
        return iter(model.STORED)

    def __len__(self) -> int:
        """Count the stored nouns."""
        return len(model.STORED)

    def close(self) -> None:
        """Let the version go."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Tables:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


def _hold(folder: Path) -> int:
    # A shared lock on the folder itself keeps `prune` away; it needs no right to write.
    fd = os.open(folder, _FOLDER_FLAGS)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH)
        if not os.path.samestat(os.fstat(fd), os.lstat(folder)):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    except OSError:
        os.close(fd)
        raise
    return fd


def home(case: Path) -> Path:
    """Return the folder of the versions; a link in its place is refused, wherever it leads.

    Raises:
        CaseError: It is not a folder of the case.
    """
    with worded("the versions of the tables cannot be opened", str(case)), contextlib.suppress(FileNotFoundError):
        os.close(os.open(case / FOLDER, _FOLDER_FLAGS))
    return case / FOLDER


def current(case: Path) -> int | None:
    """Return the number of the version that `tables` points to; null: none was finished yet.

    Raises:
        CaseError: `tables` is something else than a link to a version of this case.
    """
    try:
        target = os.readlink(case / LINK)
    except FileNotFoundError:
        return None
    except OSError:
        target = ""
    match = _TARGET.fullmatch(target)
    if match is None:
        raise CaseError(
            "the tables of the case cannot be trusted",
            where=str(case),
            why=f"`{LINK}` is not a link to one of its own versions",
            todo=f"Somebody changed the folder. Remove `{LINK}` and audit again, or restore the case.",
        )
    return int(match[1])


def numbers(case: Path) -> list[int]:
    """Return the finished versions that are on disk, in order."""
    try:
        with os.scandir(home(case)) as entries:
            names = [e.name for e in entries if e.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []
    return sorted(int(name) for name in names if name.isdecimal())


def write(case: Path, number: int, tables: Mapping[str, pa.Table]) -> str:
    """Write a version under a draft name, bring it to the disk, and give it its name.

    Args:
        case: The case folder.
        number: The new version.
        tables: By noun; a stored noun that is missing is written empty.

    Returns:
        The SHA-256 of its manifest, which holds those of its files.

    Raises:
        CaseError: It cannot be written; nothing of it stays.
    """
    parent = home(case)
    draft = parent / f"{number}.tmp"
    with worded("the tables cannot be written", str(case)):
        make_folder(parent)
        try:
            make_folder(draft)
            entries = {}
            for noun in model.STORED:
                data = encode(tables.get(noun), noun)
                create(draft / f"{noun}.parquet", data)
                entries[noun] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            manifest = canonical({"version": number, "tables": entries}) + b"\n"
            create(draft / MANIFEST, manifest)
            settle(draft)
            draft.rename(parent / str(number))
            settle(parent)
        except BaseException:
            with contextlib.suppress(OSError):
                shutil.rmtree(draft)
            raise
    return hashlib.sha256(manifest).hexdigest()


def encode(table: pa.Table | None, noun: str) -> bytes:
    """Return a noun as Parquet; the same rows in any order give the same bytes."""
    ordered = sort(model.conform(table, model.NOUNS[noun])) if table is not None else model.empty(model.NOUNS[noun])
    sink = pa.BufferOutputStream()
    # No Arrow schema inside: `conform` restores it, and no metadata of another library gets into the file.
    pq.write_table(
        ordered.replace_schema_metadata(None),
        sink,
        compression="zstd",
        store_schema=False,
        row_group_size=_ROWS_PER_GROUP,
    )
    data: bytes = sink.getvalue().to_pybytes()
    return data


def sort(table: pa.Table) -> pa.Table:
    """Return the rows in the one order that only their values decide."""
    table = table.combine_chunks()
    if table.num_rows < 2:
        return table
    keys = [_joined(column) if pa.types.is_list(column.type) else column for column in table.columns]
    names = [str(i) for i in range(len(keys))]
    order = pc.sort_indices(pa.table(keys, names=names), sort_keys=[(name, "ascending") for name in names])
    return table.take(order).combine_chunks()


def _joined(lists: pa.ChunkedArray) -> pa.ChunkedArray:
    # Arrow does not order lists; ours hold text, whose join does not contain the separator.
    chunks = []
    for part in lists.chunks:
        values = pc.fill_null(part.values, "\x00")
        mask = part.is_null()
        chunks.append(pc.binary_join(pa.ListArray.from_arrays(part.offsets, values, mask=mask), "\x1f"))
    return pa.chunked_array(chunks, type=pa.string())


def matches(case: Path, number: int, tables: Mapping[str, pa.Table]) -> bool:
    """Say whether a version on disk holds exactly these tables, byte for byte."""
    folder = home(case) / str(number)
    try:
        for noun in model.STORED:
            with os.fdopen(open_plain(folder / f"{noun}.parquet"), "rb") as file:
                if file.read() != encode(tables.get(noun), noun):
                    return False
    except OSError:
        return False
    return True


def point(case: Path, number: int) -> None:
    """Make a version the current one, in one step.

    Raises:
        CaseError: The link cannot be swapped; the old one stays.
    """
    draft = case / f"{LINK}.tmp"
    with worded("the new tables cannot be put in place", str(case)):
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
        draft.symlink_to(f"{FOLDER}/{number}")
        draft.replace(case / LINK)
        settle(case)


def prune(case: Path, *, keep: int = KEEP) -> None:
    """Remove versions beyond the newest `keep`, but never the current one, nor one that a reader holds."""
    now = current(case)
    for number in numbers(case)[:-keep]:
        if number == now:
            continue
        folder = home(case) / str(number)
        with worded("an old version cannot be removed", str(case)):
            fd = os.open(folder, _FOLDER_FLAGS)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                draft = folder.with_name(f"{number}.tmp")
                folder.rename(draft)
                shutil.rmtree(draft)
            except BlockingIOError:
                continue
            finally:
                os.close(fd)


def recover(case: Path, ledgered: Set[int]) -> None:
    """Put right what a killed writer left: drafts go, a version that has its ledger row becomes the current one.

    Args:
        case: The case folder.
        ledgered: Versions that the ledger knows.

    Raises:
        CaseError: The folder cannot be changed.
    """
    parent = home(case)
    now = current(case)
    with worded("the remains of a killed run cannot be removed", str(case)):
        (case / f"{LINK}.tmp").unlink(missing_ok=True)
        for name in os.listdir(parent) if parent.is_dir() else ():
            orphan = name.isdecimal() and int(name) > (now or 0) and int(name) not in ledgered
            if name.endswith(".tmp") or orphan:
                shutil.rmtree(parent / name)
    last = max((n for n in numbers(case) if n in ledgered), default=None)
    if last is not None and last != now:
        point(case, last)


def manifest(case: Path, number: int) -> tuple[str, dict[str, str]]:
    """Return the SHA-256 of a version's manifest and, by noun, those of its files.

    Raises:
        CaseError: It is missing or damaged.
    """
    what = f"the manifest of version {number} cannot be read"
    with worded(what, str(case)):
        data = read_small(home(case) / str(number) / MANIFEST)
    try:
        files = {str(noun): str(entry["sha256"]) for noun, entry in json.loads(data)["tables"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CaseError(what, where=str(case), why="it is damaged", todo="Audit again.") from None
    return hashlib.sha256(data).hexdigest(), files
