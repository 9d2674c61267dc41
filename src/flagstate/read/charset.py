"""Which encoding a text has, and the text as UTF-8 bytes, streamed, whatever it was."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import BinaryIO

BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE = 16 * 1024
CONTROLS = re.compile(r"[\x00\x02-\x08\x0e-\x1a\x1c\x1d\x7f]")
CHUNK = 1 << 20


@lru_cache(maxsize=4)
def sniff(data: bytes) -> str | None:
    """Return the encoding of a text, or null: it is not text.

    Args:
        data: Its beginning; 64 KiB are enough.

    Byte order marks win; then UTF-16 and UTF-32 without one, by where their zeros stand; then UTF-8; then a guess by
    letter statistics among one-byte and East Asian encodings, which may be wrong for short texts.
    """
    for mark, name in BOMS:
        if data.startswith(mark):
            return name
    sample = data[:SAMPLE]
    if not sample:
        return "utf-8"
    if wide := _wide(sample):
        return wide
    if sample.count(0) > len(sample) // 200:
        return None
    try:
        text = codecs.getincrementaldecoder("utf-8")("strict").decode(data)
    except UnicodeDecodeError as error:
        if error.start > 1024 and data[: error.start].isascii():
            return _guess(data[max(0, error.start - 2000) : error.start + 6000])
        return _guess(sample)
    return "utf-8" if _is_text(text[:SAMPLE]) else None


def _wide(sample: bytes) -> str:
    for name, width, place in (("utf-32-le", 4, 0), ("utf-32-be", 4, 3), ("utf-16-le", 2, 0), ("utf-16-be", 2, 1)):
        cells = len(sample) // width
        if cells < 4:
            continue
        zeros = [sample[at : cells * width : width].count(0) for at in range(width)]
        if zeros[place] < cells // 10 and all(z > cells * 0.7 for at, z in enumerate(zeros) if at != place):
            return name
    return ""


def _guess(sample: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(sample, steps=4, chunk_size=512, threshold=0.35).best()
    name = best.encoding if best else "cp1252"
    if name in ("ascii", "utf_8"):
        name = "cp1252"
    text = sample.decode(name, "replace")
    return name if _is_text(text) else None


def _is_text(text: str) -> bool:
    return len(CONTROLS.findall(text)) <= len(text) // 100


class Utf8(io.RawIOBase):
    """A text file of any encoding as a stream of valid UTF-8 bytes.

    What cannot be decoded becomes the replacement character and is counted; a byte order mark is left out; zero
    characters are left out and counted.
    """

    def __init__(self, path: str, encoding: str) -> None:
        """Open the file.

        Args:
            path: Neutral path.
            encoding: As `sniff` says.
        """
        self._file: BinaryIO = open(path, "rb")  # noqa: SIM115  closed with this object
        bare = encoding in ("utf-8", "utf-8-sig", "ascii")
        self._decoder = codecs.getincrementaldecoder("utf-8" if bare else encoding)("replace")
        self._plain: bytes | None = b"" if bare else None
        self._left = b""
        self._begun = False
        self._ended = False
        self.carriage = False
        """Set it before reading: bare carriage returns become line feeds."""
        self.replaced = 0
        """Characters that could not be decoded."""
        self.zeros = 0
        """Zero characters that were left out."""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer with UTF-8."""
        while not self._left and not self._ended:
            self._left = self._next()
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def blocks(self) -> Iterator[bytes]:
        """Yield what is left, in blocks of about one MiB that end anywhere but within a character."""
        while not self._ended:
            if block := self._left or self._next():
                self._left = b""
                yield block

    def _next(self) -> bytes:
        raw = self._file.read(CHUNK)
        self._ended = not raw
        if self._plain is not None and (block := self._as_is(raw)) is not None:
            return block
        text = self._decoder.decode(raw, not raw)
        if not self._begun and text:
            self._begun = True
            text = text.removeprefix("\ufeff")
        if "\ufffd" in text:
            self.replaced += text.count("\ufffd")
        if "\0" in text:
            self.zeros += text.count("\0")
            text = text.replace("\0", "")
        if self.carriage:
            text = text.replace("\r", "\n")
        return text.encode("utf-8", "replace")

    def _as_is(self, raw: bytes) -> bytes | None:
        """The bytes themselves, where they are valid UTF-8 and nothing is to be changed; null: decode them."""
        assert self._plain is not None  # noqa: S101
        block = self._plain + raw if self._plain else raw
        # A character may stand on the border of two blocks.
        cut = 0 if block.isascii() or not raw else _open_character(block)
        whole = block[: len(block) - cut] if cut else block
        valid = b"\0" not in whole and not (self.carriage and b"\r" in whole) and b"\xef\xbf\xbd" not in whole
        if valid and not whole.isascii():
            try:
                codecs.utf_8_decode(whole, "strict", True)
            except UnicodeDecodeError:
                valid = False
        if valid:
            self._plain = block[len(whole) :]
            if not self._begun and whole:
                self._begun = True
                whole = whole.removeprefix(codecs.BOM_UTF8)
            return whole
        # From here on character by character; what the last block left open goes first.
        self._decoder.setstate((self._plain, 0))
        self._plain = None
        return None

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def _open_character(block: bytes) -> int:
    """Return how many bytes at the end belong to a character that goes on in the next block."""
    for back in range(1, min(4, len(block)) + 1):
        byte = block[-back]
        if byte >= 0xC0:
            return back if back < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4) else 0
        if byte < 0x80:
            return 0
    return 0


def opened(path: str, encoding: str) -> io.BufferedReader:
    """Return the file as a buffered stream of UTF-8 bytes; `.raw` is its `Utf8`.

    Args:
        path: Neutral path.
        encoding: As `sniff` says.
    """
    return io.BufferedReader(Utf8(path, encoding), CHUNK)


def text_head(data: bytes) -> str | None:
    """Return the beginning of a text, or null: it is not text."""
    encoding = sniff(data)
    if encoding is None:
        return None
    return codecs.getincrementaldecoder(encoding)("replace").decode(data).removeprefix("\ufeff")
