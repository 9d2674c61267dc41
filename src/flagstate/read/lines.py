"""The lines of a text of any encoding as running text, in batches of some MiB.

A line of more than 64 KiB is cut into pieces that overlap by 8 KiB, and each cut is moved back behind a character that
is no letter or digit, where one is near: an identifier of up to 7 KiB stands whole in at least one piece. One that
stands in an overlap is met twice, so the records of such lines are an upper bound.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from flagstate.model.counted import counted
from flagstate.read.charset import Utf8, text_head
from flagstate.read.part import Note, Opened, Part, Records

BLOCK = 4 << 20
"""Bytes of text in a batch, about."""

PIECE = 64 << 10
"""Bytes of a line that are searched as one."""

OVERLAP = 8 << 10
"""Bytes that two pieces of a line share."""

NEAR = 1 << 10
"""How many bytes back a cut may move to a border."""

BORDER = re.compile(rb"[\x00-/:-@\[-`{-\x7f]")
SCHEMA = pa.schema([pa.field("text", pa.string())])


@dataclass
class Progress:
    """What was met on the way."""

    read: int = 0
    replaced: int = 0
    zeros: int = 0


def prose(opened: Opened, encoding: str, most: int | None, progress: Progress) -> Iterator[Part]:
    """Yield the lines as one container of running text.

    Args:
        opened: The artefact.
        encoding: As `sniff` says.
        most: Stop after so many lines, or null.
        progress: Is told what was met.
    """
    batches = lines(opened, encoding, most, progress)
    yield Records(pa.RecordBatchReader.from_batches(SCHEMA, batches), opened.name, prose=True)
    for _ in batches:  # a consumer that stopped early must not make the counts wrong
        pass


def notes(progress: Progress, encoding: str) -> Iterator[Note]:
    """Yield what a person must know about the lines that were read."""
    if progress.replaced:
        yield Note(
            counted(progress.replaced, f"character[ is|s are] not valid {encoding} and [was|were] replaced"),
            "Export it as UTF-8.",
        )
    if progress.zeros:
        yield Note(f"{counted(progress.zeros, 'zero character[ was|s were]')} left out", "Export it again.")


def lines(opened: Opened, encoding: str, most: int | None, progress: Progress) -> Iterator[pa.RecordBatch]:
    """Yield the lines in batches of some MiB.

    Args:
        opened: The artefact.
        encoding: As `sniff` says.
        most: Stop after so many lines, or null.
        progress: Is told what was met.
    """
    text = text_head(opened.head.data) or ""
    with Utf8(opened.path, encoding) as stream:
        stream.carriage = "\r" in text and "\n" not in text
        for array in _arrays(stream.blocks()):
            progress.read += len(array)
            yield pa.RecordBatch.from_arrays([array], schema=SCHEMA)
            if most and progress.read >= most:
                break
        progress.replaced, progress.zeros = stream.replaced, stream.zeros


def _arrays(blocks: Iterator[bytes]) -> Iterator[pa.Array]:
    """Cut the stream behind line ends; a line without end is given out in pieces as it comes."""
    waiting: list[bytes] = []
    size = 0
    for block in blocks:
        waiting.append(block)
        size += len(block)
        if size < BLOCK:
            continue
        data = b"".join(waiting)
        end = data.rfind(b"\n") + 1
        if end:
            yield _split(data[: end - 1])
        rest = data[end:]
        if len(rest) > BLOCK:
            *whole, rest = list(pieces(rest))
            yield pa.array(whole, pa.binary()).cast(pa.string())
        waiting, size = [rest], len(rest)
    if size:
        yield _split(b"".join(waiting).removesuffix(b"\n"))


def _split(data: bytes) -> pa.Array:
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").removesuffix(b"\r")
    one = pa.StringArray.from_buffers(1, pa.array([0, len(data)], pa.int32()).buffers()[1], pa.py_buffer(data))
    array = pc.split_pattern(one, "\n").flatten()
    long = pc.greater(pc.binary_length(array), PIECE)
    if not pc.any(long).as_py():
        return array
    parts, done = [], 0
    for at in pc.indices_nonzero(long).to_pylist():
        parts.append(array.slice(done, at - done))
        parts.append(pa.array(list(pieces(array[at].as_buffer().to_pybytes())), pa.binary()).cast(pa.string()))
        done = at + 1
    parts.append(array.slice(done))
    return pa.concat_arrays(parts)


def pieces(line: bytes) -> Iterator[bytes]:
    """Yield a long line in pieces of at most PIECE bytes that overlap by about OVERLAP bytes.

    Args:
        line: UTF-8; a piece begins and ends between two characters, and beside a border of words where one is near.
    """
    at = 0
    while len(line) - at > PIECE:
        end = _border(line, at + PIECE)
        yield line[at:end]
        at = _border(line, end - OVERLAP)
    yield line[at:]


def _border(line: bytes, at: int) -> int:
    """The place at or before `at` that follows a character which is no letter or digit, or at least a whole one."""
    near = line[max(0, at - NEAR) : at][::-1]
    found = BORDER.search(near)
    if found:
        return at - found.start()
    while at and line[at] & 0xC0 == 0x80:
        at -= 1
    return at
