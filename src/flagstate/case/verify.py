"""Whether everything is still what it was: the chain, the tables and every artefact, by hashing all of it again."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flagstate import model
from flagstate.case import versions
from flagstate.case.disk import open_plain
from flagstate.case.ranges import Range, broken, digest, trusted
from flagstate.case.store import Case
from flagstate.case.writer import ARTEFACT, VERSION
from flagstate.errors import CaseError, EvidenceError
from flagstate.model.counted import counted


@dataclass(frozen=True)
class Check:
    """One thing that was compared with its record."""

    kind: str
    """chain, table or artefact."""
    name: str
    """Of an artefact its masked name, of a table its version and noun."""
    state: str
    """ok, changed, missing or new."""
    remark: str = ""
    """What is to be known about it, as a sentence without a full stop; no names, no values."""


@dataclass
class _Artefact:
    name: str
    ranges: tuple[Range, ...]
    grows: bool
    checked: bool = field(default=False)


def verify(case: Case, roots: Sequence[Path] | None = None, *, mask: Callable[[str], str] | None = None) -> list[Check]:
    """Check the chain, the recorded hashes of every version, and the artefacts of the current version.

    A file is found under the path it had; if that is empty, by its content, so evidence may have been moved. Members
    of an archive are covered by the archive. It cannot see an artefact that was never remembered, such as a file that
    could not be opened, and it does not say whether the ledger was true when it was written.

    Args:
        case: The case.
        roots: Where the evidence is now; null: where it was.
        mask: Masks the name of a file that the case does not know; null: such a file gets no name.

    Returns:
        The checks: chain first, then tables, then artefacts by name.

    Raises:
        CaseError: The ledger cannot be read.
    """
    problems = case.check()
    chain = [Check("chain", "ledger", "changed", problem) for problem in problems]
    if not chain:
        chain = [Check("chain", "ledger", "ok", f"its head is {case.head()}")]
    where = case.roots() if roots is None else list(roots)
    return [*chain, *_tables(case), *_artefacts(case, where, mask)]


def _tables(case: Case) -> Iterator[Check]:
    recorded: dict[int, str] = {}
    for row in case.ledger():
        body = row["body"]
        if row["kind"] == VERSION and isinstance(number := body.get("version"), int):
            recorded[number] = str(body.get("manifest"))
    there = versions.numbers(case.path)
    now = case.version()
    if now is not None and now not in there:
        yield Check("table", f"version {now}", "missing", "it is the current one")
    for number in there:
        name = f"version {number}"
        try:
            found, files = versions.manifest(case.path, number)
        except CaseError as error:
            yield Check("table", name, "changed", error.what)
            continue
        if number not in recorded:
            yield Check("table", name, "new", "the ledger does not know it")
        elif found != recorded[number]:
            yield Check("table", name, "changed", "its manifest is not the one in the ledger")
        else:
            yield from _files(versions.home(case.path) / str(number), name, files)


def _files(folder: Path, version: str, files: dict[str, str]) -> Iterator[Check]:
    for noun, sha256 in sorted(files.items()):
        name = f"{version}: {noun}"
        try:
            with os.fdopen(open_plain(folder / f"{noun}.parquet"), "rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            yield Check("table", name, "missing")
            continue
        except OSError as error:
            yield Check("table", name, "changed", f"it cannot be read: {os.strerror(error.errno or 0)}")
            continue
        yield Check("table", name, "ok" if found == sha256 else "changed")
    extra = set(os.listdir(folder)) - {f"{noun}.parquet" for noun in files} - {versions.MANIFEST}
    if extra:
        yield Check("table", version, "new", counted(len(extra), "file[ in it is|s in it are] not in its manifest"))


def _artefacts(case: Case, roots: Sequence[Path], mask: Callable[[str], str] | None) -> list[Check]:
    wanted = _wanted(case)
    checks: list[Check] = []
    strangers: list[tuple[str, Path]] = []
    for name, path in _walk(roots, case.path):
        artefact = wanted.get(case.fingerprint(path)) if case.has_key else None
        if artefact is None:
            strangers.append((name, path))
        elif not artefact.checked:
            artefact.checked = True
            checks.append(_compare(artefact, path))
    for name, path in strangers:
        artefact = _by_content(path, [a for a in wanted.values() if not a.checked])
        if artefact is not None:
            artefact.checked = True
            checks.append(Check("artefact", artefact.name, "ok", "it was found by its content, under another path"))
        else:
            shown = mask(name) if mask is not None else "a file"
            checks.append(Check("artefact", shown, "new", "the case has not read it, or it was changed and moved"))
    todo = "" if roots else "the case does not know where the evidence lies: name the folder"
    checks += [Check("artefact", a.name, "missing", todo) for a in wanted.values() if not a.checked]
    return sorted(checks, key=lambda check: (check.name, check.state))


def _wanted(case: Case) -> dict[str, _Artefact]:
    """Return the artefacts that the current version rests on, by fingerprint."""
    bodies: dict[str, dict[str, object]] = {}
    for row in case.ledger():
        body = row["body"]
        if row["kind"] == ARTEFACT:
            bodies[str(body.get("fingerprint"))] = body
    if case.has_key and any(body.get("key_id") == case.key_id for body in bodies.values()):
        # Rows made with a lost key are about files that were read again since.
        bodies = {name: body for name, body in bodies.items() if body.get("key_id") == case.key_id}
    current = _current(case)
    found = {}
    for fingerprint, body in bodies.items():
        parts = trusted(_listed(body.get("ranges")))
        size = body.get("size", body.get("size_bytes"))
        if not parts and isinstance(size, int) and body.get("sha256"):
            parts = (Range(0, size, str(body["sha256"])),)
        marks = {str(body.get("sha256")), str(body.get("evidence_id")), *(part.sha256 for part in parts)}
        if parts and (not current or marks & current):
            grows = bool(body.get("grows")) or len(parts) > 1
            found[fingerprint] = _Artefact(str(body.get("artefact", "an artefact")), parts, grows)
    return found


def _listed(value: object) -> list[list[object]]:
    return [item for item in value if isinstance(item, list)] if isinstance(value, list) else []


def _current(case: Case) -> set[str]:
    if case.version() is None:
        return set()
    try:
        with case.tables() as tables:
            evidence = tables[model.EVIDENCE.name]
    except CaseError:
        # Damaged tables are told by their own check; then every artefact of the ledger is looked for.
        return set()
    return {v for name in ("evidence_id", "sha256") for v in evidence.column(name).to_pylist() if v}


def _walk(roots: Sequence[Path], case: Path) -> Iterator[tuple[str, Path]]:
    """Yield the regular files under the roots with their names relative to them; the case itself is left out."""
    for root in roots:
        if root.is_file() and not root.is_symlink():
            yield root.name, root
            continue
        for folder, inner, names in os.walk(root):
            inner[:] = sorted(name for name in inner if not _same(Path(folder, name), case))
            for name in sorted(names):
                path = Path(folder, name)
                if stat.S_ISREG(os.lstat(path).st_mode):
                    yield str(path.relative_to(root)), path


def _same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def _compare(artefact: _Artefact, path: Path) -> Check:
    try:
        with os.fdopen(open_plain(path), "rb", buffering=0) as file:
            size, end = os.fstat(file.fileno()).st_size, artefact.ranges[-1].end
            if size < end:
                return Check("artefact", artefact.name, "changed", f"it is {counted(end - size, 'byte[|s]')} shorter")
            if broken(file.fileno(), artefact.ranges):
                return Check("artefact", artefact.name, "changed", "its bytes are not those that were read")
    except OSError as error:
        return Check("artefact", artefact.name, "changed", f"it cannot be read: {os.strerror(error.errno or 0)}")
    except EvidenceError as error:
        return Check("artefact", artefact.name, "changed", error.why)
    if size == end:
        return Check("artefact", artefact.name, "ok")
    added = counted(size - end, "byte[ was|s were] added since and [is|are] not audited yet")
    remark = f"what was read is unchanged; {added}"
    return Check("artefact", artefact.name, "ok" if artefact.grows else "changed", remark)


def _by_content(path: Path, wanted: Sequence[_Artefact]) -> _Artefact | None:
    try:
        with os.fdopen(open_plain(path), "rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            fitting = [a for a in wanted if a.ranges[-1].end == size]
            # Most candidates are ruled out by the hash of their first range alone, computed once per length.
            sums = {end: digest(file.fileno(), 0, end) for end in {a.ranges[0].end for a in fitting}}
            for artefact in fitting:
                first = artefact.ranges[0]
                if sums[first.end] == first.sha256 and not broken(file.fileno(), artefact.ranges[1:]):
                    return artefact
    except (OSError, EvidenceError):
        return None
    return None
