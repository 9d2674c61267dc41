"""Opens an artefact down to its leaves: decompressed, and archives member by member."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace

from flagstate.errors import EvidenceError
from flagstate.read import expand, mail_parts
from flagstate.read.source import head, spool, suffix_of, write

MOST_ATTACHED = 5000
"""Attachments of one mailbox that are opened."""


@dataclass(frozen=True)
class Leaf:
    """Plain bytes that a reader may recognise."""

    ordinal: str
    """Where in the artefact: `0` for itself, `0.3` for the third member of an archive."""
    name: str
    """Its name, members after `!`; raw, to be masked before it is stored."""
    descriptor: int | None
    """Open for as long as the iteration stands at this leaf; null: refused."""
    size: int
    """Bytes."""
    refused: str = ""
    """Why it is not read."""
    damage: str = ""
    """Why its end is missing."""
    todo: str = ""
    """What to do about it."""
    suffix: str = ""
    """Last suffix of its name without those of compression, in lower case."""


def unfold(descriptor: int, name: str, folder: str, max_expand: int | None) -> Iterator[Leaf]:
    """Yield the leaves of an open artefact; each is closed when the next is asked for.

    Args:
        descriptor: The open artefact.
        name: Its raw name.
        folder: Where nameless files may live while they are read.
        max_expand: Absolute bound of expansion in bytes; null: 200 times the size.
    """
    size = os.fstat(descriptor).st_size
    bound = expand.Bound.of(size, max_expand)
    yield from _unfold(descriptor, "0", name, size, folder, bound, 0, "")


def _unfold(
    descriptor: int, ordinal: str, name: str, size: int, folder: str, bound: expand.Bound, depth: int, damage: str
) -> Iterator[Leaf]:
    begin = head(descriptor, size, suffix_of(name)).data
    packed, box = expand.compression(begin), expand.archive(begin)
    if (packed or box) and depth >= expand.MAX_NESTING:
        yield Leaf(ordinal, name, None, size, f"archives are nested more than {expand.MAX_NESTING} deep")
    elif packed:
        yield from _decompress(descriptor, ordinal, name, size, folder, bound, depth, packed)
    elif box and not _document(descriptor, box):
        yield from _members(descriptor, ordinal, name, size, folder, bound, depth, box, damage)
    else:
        yield Leaf(ordinal, name, descriptor, size, damage=damage, suffix=suffix_of(name))
        if form := mail_parts.begins(begin):
            yield from _attachments(descriptor, ordinal, name, form, folder, bound, depth)


def _attachments(
    descriptor: int, ordinal: str, name: str, form: str, folder: str, bound: expand.Bound, depth: int
) -> Iterator[Leaf]:
    """Yield what is attached to the messages of a file, as the members of an archive."""
    count = 0
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        for raw, _ in mail_parts.messages(file, form):
            for piece in mail_parts.files(raw):
                count += 1
                at, full = f"{ordinal}.{count}", f"{name}!{piece.name or 'attachment'}"
                if depth >= expand.MAX_NESTING or count > MOST_ATTACHED:
                    why = (
                        f"there are more than {MOST_ATTACHED:,}, or they are nested more than {expand.MAX_NESTING} deep"
                    )
                    yield Leaf(
                        at, f"{name}!", None, len(piece.data), why, todo="Save attachments, and give them as files."
                    )
                    return
                try:
                    bound.spend(depth + 1, len(piece.data))
                except EvidenceError as problem:
                    yield Leaf(at, full, None, len(piece.data), _clause(problem), todo=problem.todo)
                    return
                out = spool(folder)
                try:
                    write(out, piece.data)
                    yield from _unfold(out, at, full, len(piece.data), folder, bound, depth + 1, "")
                finally:
                    os.close(out)


def _decompress(
    descriptor: int, ordinal: str, name: str, size: int, folder: str, bound: expand.Bound, depth: int, packed: str
) -> Iterator[Leaf]:
    try:
        out = expand.expand(descriptor, packed, folder, bound, depth)
    except EvidenceError as problem:
        yield Leaf(ordinal, name, None, size, _clause(problem), todo=problem.todo)
        return
    try:
        inner = name[: -len(suffix)] if (suffix := suffix_of(name)) in _SUFFIXES else name
        yield from _rename(
            _unfold(out.descriptor, ordinal, inner, out.size, folder, bound, depth + 1, out.damage), inner, name
        )
    finally:
        os.close(out.descriptor)


_SUFFIXES = (".gz", ".zst", ".bz2", ".xz", ".tgz")


def _rename(leaves: Iterator[Leaf], inner: str, name: str) -> Iterator[Leaf]:
    # Recognition sees the inner suffix; people see the name of the artefact.
    for leaf in leaves:
        shown = name + leaf.name[len(inner) :] if leaf.name.startswith(inner) else leaf.name
        yield replace(leaf, name=shown)


def _members(
    descriptor: int, ordinal: str, name: str, size: int, folder: str, bound: expand.Bound, depth: int, box: str,
    damage: str,
) -> Iterator[Leaf]:  # fmt: skip
    count = 0
    try:
        for count, member in enumerate(expand.members(descriptor, box, folder, bound, depth), 1):
            at, full = f"{ordinal}.{count}", f"{name}!{member.name}"
            if member.descriptor is None:
                yield Leaf(at, full, None, member.size, member.refused)
                continue
            try:
                yield from _unfold(member.descriptor, at, full, member.size, folder, bound, depth + 1, member.damage)
            finally:
                os.close(member.descriptor)
    except EvidenceError as problem:
        yield Leaf(f"{ordinal}.{count + 1}", f"{name}!", None, size, _clause(problem), todo=problem.todo)
        return
    if damage:
        yield Leaf(f"{ordinal}.{count + 1}", f"{name}!", None, size, damage, todo="Give a whole copy, if there is one.")


def _document(descriptor: int, box: str) -> bool:
    """Say whether a zip archive is an office document or a model's weights, which a reader opens as one file."""
    if box != "zip":
        return False
    try:
        with os.fdopen(os.dup(descriptor), "rb") as file, zipfile.ZipFile(file) as opened:
            names = opened.namelist()
            return (
                "[Content_Types].xml" in names
                or any(name.endswith("/data.pkl") for name in names[:8])
                or {"config.json", "model.weights.h5"} <= set(names)
                or (bool(names) and all(name.endswith(".npy") for name in names))
            )
    except (*expand.DAMAGE, NotImplementedError):
        return False


def _clause(problem: EvidenceError) -> str:
    text = problem.what[:1].lower() + problem.what[1:]
    return f"{text} ({problem.why})" if problem.why else text
