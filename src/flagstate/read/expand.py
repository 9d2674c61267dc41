"""Expands compressed files and archives within bounds; what is damaged costs its tail and nothing else."""

from __future__ import annotations

import bz2
import io
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO

from flagstate.errors import EvidenceError, FlagstateError, LimitError
from flagstate.read.source import BLOCK, spool, write

MAX_RATIO = 200
"""Expanded to compressed size; more is refused unless `--max-expand` allows the absolute size."""
MIN_BOUND = 8 << 20
"""Expansions up to this size in bytes are always allowed."""
MAX_MEMBERS = 20_000
MAX_NESTING = 3
SLICE = 8 << 10
"""Zstandard has no bound on its output: it is fed in slices this small."""
FEED = 64 << 10
"""What follows a stream is copied for each stream: small slices keep many tiny streams cheap."""
XZ_MEMORY = 128 << 20
"""Memory in bytes that an xz dictionary may take; a hostile one asks for 4 GB."""

MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
)


DAMAGE = (
    EOFError,
    OSError,
    ValueError,
    IndexError,
    OverflowError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    tarfile.TarError,
)
"""What the libraries raise over bytes that are not what they should be."""


@dataclass
class Bound:
    """How far an artefact may be expanded; all that lies at one depth in it draws on the same amount."""

    bytes: int
    """Absolute bound in bytes."""
    given: bool = False
    """The user named it."""
    spent: dict[int, int] = field(default_factory=dict)
    """Bytes that came out so far, by depth."""

    @staticmethod
    def of(size: int, max_expand: int | None) -> Bound:
        """Return the bound for an artefact of that compressed size in bytes."""
        return Bound(max_expand, given=True) if max_expand else Bound(max(MIN_BOUND, size * MAX_RATIO))

    def spend(self, depth: int, size: int) -> None:
        """Note that bytes came out.

        Raises:
            LimitError: They are more than the bound.
        """
        self.spent[depth] = self.spent.get(depth, 0) + size
        if self.spent[depth] > self.bytes:
            raise LimitError(
                f"It expands to more than {self.bytes:,} bytes",
                why="that is the bound of --max-expand" if self.given else f"more than {MAX_RATIO}:1 is refused",
                todo="Raise the bound with --max-expand if you trust it.",
            )


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


def expand(descriptor: int, kind: str, folder: str, bound: Bound, depth: int = 0) -> Expanded:
    """Expand a compressed file into a nameless file.

    Args:
        descriptor: The open compressed file.
        kind: As `compression` says.
        folder: Where the nameless file may live.
        bound: How large it may become.
        depth: How deep in the artefact it lies.

    Returns:
        What came out; for a damaged file everything before the damage.

    Raises:
        LimitError: The bound was hit: nothing is kept, a bomb is not evidence.
    """
    out = spool(folder)
    size, damage = 0, ""
    try:
        for block in _blocks(descriptor, kind):
            bound.spend(depth, len(block))
            write(out, block)
            size += len(block)
    except DAMAGE as problem:
        damage = f"the {kind} data is damaged or cut off after {size:,} expanded bytes ({type(problem).__name__})"
    except FlagstateError:
        os.close(out)
        raise
    return Expanded(out, size, damage)


def _compressed(descriptor: int) -> Iterator[bytes]:
    at = 0
    while block := os.pread(descriptor, BLOCK, at):
        at += len(block)
        yield from (block[i : i + FEED] for i in range(0, len(block), FEED))


def _blocks(descriptor: int, kind: str) -> Iterator[bytes]:
    if kind == "gzip":
        yield from _gzip(descriptor)
    elif kind == "zstd":
        yield from _zstd(descriptor)
    elif kind == "bzip2":
        yield from _stream(descriptor, bz2.BZ2Decompressor, b"")
    else:
        # Streams of xz may be followed by zeros.
        yield from _stream(descriptor, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY), b"\x00")


def _gzip(descriptor: int) -> Iterator[bytes]:
    # zlib by hand, not gzip.open: it hands out everything before a damage and reads concatenated members.
    decoder, begun = zlib.decompressobj(wbits=31), False
    for block in _compressed(descriptor):
        # Tapes and block devices leave zeros behind a member.
        data = block if begun else block.lstrip(b"\x00")
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


def _stream(
    descriptor: int, make: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor], padding: bytes
) -> Iterator[bytes]:
    decoder, begun = make(), False
    for block in _compressed(descriptor):
        data = block if begun or not padding else block.lstrip(padding)
        more = bool(data)
        while more:
            begun = True
            yield decoder.decompress(data, BLOCK)
            if decoder.eof:
                data = decoder.unused_data.lstrip(padding) if padding else decoder.unused_data
                more = bool(data)
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


def members(descriptor: int, kind: str, folder: str, bound: Bound, depth: int = 0) -> Iterator[Member]:
    """Yield the files of an archive, one after the other, each into a nameless file.

    Links, devices, absolute names and names with `..` are refused; nothing is ever written under a name that the
    archive chose. The caller closes each descriptor.

    Raises:
        EvidenceError: The archive itself is damaged; the members before the damage were yielded.
        LimitError: The bound was hit.
    """
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        listed = _zip(file, folder, bound, depth) if kind == "zip" else _tar(file, folder, bound, depth)
        for count, member in enumerate(listed):
            if count >= MAX_MEMBERS:
                if member.descriptor is not None:
                    os.close(member.descriptor)
                # One row says it: a row for each would be a bomb of its own.
                raise LimitError(
                    f"The archive has more than {MAX_MEMBERS:,} members",
                    why="the others were not opened",
                    todo="Unpack it, and give smaller archives.",
                )
            yield member


def _unsafe(name: str) -> str:
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or (len(name) > 1 and name[1] == ":"):
        return "its name leads out of the archive"
    return ""


def _zip(file: io.BufferedReader, folder: str, bound: Bound, depth: int) -> Iterator[Member]:
    try:
        opened = zipfile.ZipFile(file)
        listed = opened.infolist()
    except (*DAMAGE, NotImplementedError) as problem:
        raise EvidenceError("The zip archive is damaged", why=type(problem).__name__) from problem
    for info in listed:
        if info.is_dir():
            continue
        refused = _unsafe(info.filename)
        if info.flag_bits & 1:
            refused = "it is encrypted"
        elif (info.external_attr >> 16) & 0o170000 == 0o120000:
            refused = "it is a link"
        if refused:
            yield Member(info.filename, None, info.file_size, refused)
            continue
        try:
            with opened.open(info) as stream:
                member = _copy(info.filename, stream, folder, bound, depth)
        except (*DAMAGE, NotImplementedError, RuntimeError) as problem:
            yield Member(info.filename, None, info.file_size, f"it cannot be expanded ({type(problem).__name__})")
            continue
        yield member


def _tar(file: io.BufferedReader, folder: str, bound: Bound, depth: int) -> Iterator[Member]:
    try:
        with tarfile.open(fileobj=file, mode="r:") as opened:
            for info in opened:
                if info.isdir():
                    continue
                refused = _unsafe(info.name)
                if not info.isfile():
                    refused = "it is a link or a device"
                stream = None if refused else opened.extractfile(info)
                if stream is None:
                    yield Member(info.name, None, info.size, refused or "it has no content")
                else:
                    yield _copy(info.name, stream, folder, bound, depth)
            # The library takes a damaged or missing header for the end: the end is a block of zeros.
            file.seek(opened.offset)
            ending = file.read(tarfile.BLOCKSIZE)
    except DAMAGE as problem:
        raise EvidenceError("The tar archive is damaged or cut off", why=type(problem).__name__) from problem
    if ending != bytes(tarfile.BLOCKSIZE):
        raise EvidenceError("The tar archive is damaged or cut off", why="its end is missing")


def _copy(name: str, stream: IO[bytes], folder: str, bound: Bound, depth: int) -> Member:
    out = spool(folder)
    size = 0
    try:
        while block := stream.read(BLOCK):
            bound.spend(depth, len(block))
            write(out, block)
            size += len(block)
    except FlagstateError:
        os.close(out)
        raise
    except DAMAGE as problem:
        return Member(name, out, size, "", f"it is damaged after {size:,} bytes ({type(problem).__name__})")
    return Member(name, out, size)
