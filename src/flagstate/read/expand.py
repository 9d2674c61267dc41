"""Expands compressed files and archives within bounds; what is damaged costs its tail and nothing else."""

from __future__ import annotations

import bz2
import io
import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from flagstate.errors import EvidenceError, LimitError
from flagstate.read.source import BLOCK, spool, write

MAX_RATIO = 200
"""Expanded to compressed size; more is refused unless `--max-expand` allows the absolute size."""
MIN_BOUND = 8 << 20
"""Expansions up to this size in bytes are always allowed."""
MAX_MEMBERS = 20_000
MAX_NESTING = 3
SLICE = 8 << 10
"""Zstandard has no bound on its output: it is fed in slices this small."""

MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
)


@dataclass(frozen=True)
class Bound:
    """How far an artefact may be expanded."""

    bytes: int
    """Absolute bound in bytes."""

    @staticmethod
    def of(size: int, max_expand: int | None) -> Bound:
        """Return the bound for an artefact of that compressed size in bytes."""
        return Bound(max_expand if max_expand else max(MIN_BOUND, size * MAX_RATIO))


@dataclass(frozen=True)
class Expanded:
    """A plain file that came out of a compressed one."""

    descriptor: int
    """A nameless file; the caller closes it."""
    size: int
    """Bytes in it."""
    damage: str
    """Why the end is missing; empty: whole."""


def compression(head: bytes) -> str:
    """Return gzip, zstd, bzip2 or xz by content, or an empty string."""
    return next((name for magic, name in MAGIC if head.startswith(magic)), "")


def archive(head: bytes) -> str:
    """Return zip or tar by content, or an empty string."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    return "tar" if head[257:262] == b"ustar" else ""


def expand(descriptor: int, kind: str, folder: str, bound: Bound) -> Expanded:
    """Expand a compressed file into a nameless file.

    Args:
        descriptor: The open compressed file.
        kind: As `compression` says.
        folder: Where the nameless file may live.
        bound: How large it may become.

    Returns:
        What came out; for a damaged file everything before the damage.

    Raises:
        LimitError: The bound was hit: nothing is kept, a bomb is not evidence.
    """
    out = spool(folder)
    size, damage = 0, ""
    try:
        for block in _blocks(descriptor, kind):
            size += len(block)
            if size > bound.bytes:
                raise LimitError(
                    f"It expands to more than {bound.bytes:,} bytes",
                    why=f"more than {MAX_RATIO}:1 is refused",
                    todo="Raise the bound with --max-expand if you trust it.",
                )
            write(out, block)
    except (EOFError, zlib.error, OSError, lzma.LZMAError, ValueError) as problem:
        damage = f"the {kind} data is damaged or cut off after {size:,} expanded bytes ({type(problem).__name__})"
    except EvidenceError:
        os.close(out)
        raise
    return Expanded(out, size, damage)


def _compressed(descriptor: int) -> Iterator[bytes]:
    at = 0
    while block := os.pread(descriptor, BLOCK, at):
        at += len(block)
        yield block


def _blocks(descriptor: int, kind: str) -> Iterator[bytes]:
    if kind == "gzip":
        yield from _gzip(descriptor)
    elif kind == "zstd":
        yield from _zstd(descriptor)
    else:
        yield from _stream(descriptor, bz2.BZ2Decompressor if kind == "bzip2" else lzma.LZMADecompressor)


def _gzip(descriptor: int) -> Iterator[bytes]:
    # zlib by hand, not gzip.open: it hands out everything before a damage and reads concatenated members.
    decoder, begun = zlib.decompressobj(wbits=31), False
    for block in _compressed(descriptor):
        data = block
        while data:
            begun = True
            yield decoder.decompress(data, BLOCK)
            if decoder.eof:
                data = decoder.unused_data.lstrip(b"\x00")
                decoder, begun = zlib.decompressobj(wbits=31), False
            else:
                data = decoder.unconsumed_tail
    if begun:
        yield decoder.flush()
        raise EOFError


def _stream(descriptor: int, make: type[bz2.BZ2Decompressor] | type[lzma.LZMADecompressor]) -> Iterator[bytes]:
    decoder, begun = make(), False
    for block in _compressed(descriptor):
        data, more = block, True
        while more:
            begun = True
            yield decoder.decompress(data, BLOCK)
            if decoder.eof:
                data, more = decoder.unused_data, bool(decoder.unused_data)
                decoder, begun = make(), False
            else:
                data, more = b"", not decoder.needs_input
    if begun:
        raise EOFError


def _zstd(descriptor: int) -> Iterator[bytes]:
    import zstandard

    decoder, begun = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj(), False
    for block in _compressed(descriptor):
        for at in range(0, len(block), SLICE):
            data = block[at : at + SLICE]
            while data:
                begun = True
                try:
                    yield decoder.decompress(data)
                except zstandard.ZstdError as problem:
                    raise ValueError("zstd") from problem
                data = decoder.unused_data if decoder.eof else b""
                if decoder.eof:
                    decoder, begun = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj(), False
    if begun:
        raise EOFError


@dataclass(frozen=True)
class Member:
    """One file inside an archive."""

    name: str
    """Its name as the archive has it; raw."""
    descriptor: int | None
    """A nameless file with its bytes; null: refused."""
    size: int
    """Bytes."""
    refused: str = ""
    """Why it is not read."""
    damage: str = ""
    """Why its end is missing."""


def members(descriptor: int, kind: str, folder: str, bound: Bound) -> Iterator[Member]:
    """Yield the files of an archive, one after the other, each into a nameless file.

    Links, devices, absolute names and names with `..` are refused; nothing is ever written under a name that the
    archive chose. The caller closes each descriptor.

    Raises:
        EvidenceError: The archive itself is damaged.
    """
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        yield from _zip(file, folder, bound) if kind == "zip" else _tar(file, folder, bound)


def _unsafe(name: str) -> str:
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or (len(name) > 1 and name[1] == ":"):
        return "its name leads out of the archive"
    return ""


def _zip(file: io.BufferedReader, folder: str, bound: Bound) -> Iterator[Member]:
    left = bound.bytes
    try:
        opened = zipfile.ZipFile(file)
        listed = opened.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, EOFError) as problem:
        raise EvidenceError("The zip archive is damaged", why=type(problem).__name__) from problem
    for count, info in enumerate(listed):
        if info.is_dir():
            continue
        refused = _unsafe(info.filename)
        if count >= MAX_MEMBERS:
            refused = f"the archive has more than {MAX_MEMBERS:,} members"
        elif info.flag_bits & 1:
            refused = "it is encrypted"
        elif (info.external_attr >> 16) & 0o170000 == 0o120000:
            refused = "it is a link"
        if refused:
            yield Member(info.filename, None, info.file_size, refused)
            continue
        try:
            with opened.open(info) as stream:
                member = _copy(info.filename, stream, folder, left)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, zlib.error) as problem:
            yield Member(info.filename, None, info.file_size, f"it cannot be expanded ({type(problem).__name__})")
            continue
        left -= member.size
        yield member


def _tar(file: io.BufferedReader, folder: str, bound: Bound) -> Iterator[Member]:
    left = bound.bytes
    try:
        opened = tarfile.open(fileobj=file, mode="r:")
        for count, info in enumerate(opened):
            if info.isdir():
                continue
            refused = _unsafe(info.name)
            if count >= MAX_MEMBERS:
                refused = f"the archive has more than {MAX_MEMBERS:,} members"
            elif not info.isfile():
                refused = "it is a link or a device"
            stream = None if refused else opened.extractfile(info)
            if stream is None:
                yield Member(info.name, None, info.size, refused or "it has no content")
                continue
            member = _copy(info.name, stream, folder, left)
            left -= member.size
            yield member
    except (tarfile.TarError, OSError, EOFError) as problem:
        raise EvidenceError("The tar archive is damaged or cut off", why=type(problem).__name__) from problem


def _copy(name: str, stream: object, folder: str, left: int) -> Member:
    out = spool(folder)
    size = 0
    try:
        while block := stream.read(BLOCK):  # type: ignore[attr-defined]
            size += len(block)
            if size > left:
                os.close(out)
                raise LimitError(
                    "The archive expands too far",
                    why=f"more than {MAX_RATIO}:1 is refused",
                    todo="Raise the bound with --max-expand if you trust it.",
                )
            write(out, block)
    except (EOFError, zlib.error, zipfile.BadZipFile) as problem:
        return Member(name, out, size, "", f"it is damaged after {size:,} bytes ({type(problem).__name__})")
    return Member(name, out, size)
