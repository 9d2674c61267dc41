"""Text of any kind: every character of every line comes through, also of lines that are cut, in any encoding."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.catalog.mask import mask
from flagstate.engine import connect
from flagstate.read import lines as cutting
from flagstate.read import text
from flagstate.read.charset import CHUNK, Utf8
from flagstate.read.part import Context, Head, Note, Opened, Records


def read(path: Path) -> tuple[list[str], list[str]]:
    head = Head(path.read_bytes()[:65536], path.stat().st_size, path.suffix)
    kind = text.recognise(head)
    assert kind is not None
    rows: list[str] = []
    notes: list[str] = []
    con = connect(files=[str(path)], threads=1)
    for part in text.read(Opened(str(path), head, "t", "e"), kind, Context(con, mask)):
        if isinstance(part, Records):
            assert part.prose
            table = part.reader.read_all()
            table.validate(full=True)
            rows.extend(table.column("text").to_pylist())
        elif isinstance(part, Note):
            notes.append(part.reason)
    return rows, notes


def written(folder: Path, data: bytes) -> Path:
    path = folder / "t.log"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_in_any_encoding(tmp_path: Path, encoding: str, end: str) -> None:
    said = "这里是关于货物运输的说明" if encoding == "gb18030" else "Grüße aus Köln für Jörg, die Straße ist schön"
    lines = [f"{n} {said}." for n in range(300)]
    rows, notes = read(written(tmp_path, (end.join(lines) + end).encode(encoding)))
    assert rows == lines
    assert notes == []


def test_a_large_text_comes_through_whole(tmp_path: Path) -> None:
    """Blocks end within lines and within characters; two megabytes of one line stand among short ones."""
    lines = [f"{n}: " + "ä€𝄞x" * (n % 40) for n in range(90_000)]
    lines[70_000] = "y" * (2 << 20)
    rows, _ = read(written(tmp_path, "\n".join(lines).encode()))
    long = [row for row in rows if row.startswith("y")]
    assert [row for row in rows if not row.startswith("y")] == lines[:70_000] + lines[70_001:]
    assert all(len(row) <= cutting.PIECE for row in long)
    assert sum(map(len, long)) >= 2 << 20


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_identifier_is_lost_or_made_at_a_cut(more: st.DataObject) -> None:
    """Wherever in a long line it stands, it is whole in one piece; and a piece never ends within one."""
    marks = more.draw(st.lists(st.integers(0, 8_000), max_size=6, unique=True))
    line = bytearray(("word é, " * 40_000).encode())
    for at in sorted((mark * 40 for mark in marks), reverse=True):
        line[at:at] = b" DE89370400440532013000 "
    data = bytes(line).decode("utf-8", "ignore").encode()
    pieces = list(cutting.pieces(data))
    assert b"".join(pieces) != b""
    assert all(len(piece) <= cutting.PIECE for piece in pieces)
    found = set()
    at = 0
    for piece in pieces:
        piece.decode()
        start = data.find(piece, max(0, at - 2 * cutting.OVERLAP))
        assert start >= 0
        at = start + len(piece)
        here = piece.find(b"DE89")
        while here >= 0:
            assert piece[here : here + 22] == b"DE89370400440532013000", "cut in two"
            found.add(start + here)
            here = piece.find(b"DE89", here + 1)
    assert len(found) == data.count(b"DE89370400440532013000")


def test_a_line_without_a_border_is_cut_between_characters() -> None:
    pieces = list(cutting.pieces(("𝄞" * 50_000).encode()))
    assert len(pieces) > 1
    for piece in pieces:
        piece.decode()


def test_invalid_characters_are_replaced_and_counted(tmp_path: Path) -> None:
    data = b"first line\n" * 200_000 + b"bad \xff\xfe here\n" + b"last line\n" * 10
    rows, notes = read(written(tmp_path, data))
    assert len(rows) == 200_011
    assert rows[200_000] == "bad \ufffd\ufffd here"
    assert notes == ["2 characters are not valid utf-8 and were replaced"]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 8))
def test_the_fast_way_gives_the_same_bytes(tmp_path_factory: pytest.TempPathFactory, tail: bytes, shift: int) -> None:
    """Whatever stands on the border of two blocks: the same as decoding all at once."""
    path = tmp_path_factory.getbasetemp() / "border"
    data = b"a" * (CHUNK - shift) + tail
    path.write_bytes(data)
    with Utf8(str(path), "utf-8") as stream:
        assert b"".join(stream.blocks()) == data.decode("utf-8", "replace").replace("\0", "").encode()
        assert stream.replaced == data.decode("utf-8", "replace").count("\ufffd")


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7\nplain so far\n",
        zlib.compress(bytes(range(256)) * 40),
        b"text\n" * 10 + b"\x00\x01\x02\x03" * 300,
        bytes(range(1, 32)) * 50,
        b"  \n\n  ",
        b"",
    ],
)
def test_what_is_no_text_is_left(data: bytes) -> None:
    assert text.recognise(Head(data, len(data), ".txt")) is None
