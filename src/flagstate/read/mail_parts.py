"""Messages of e-mail in parts: one file is one message (.eml) or many (mbox); bodies apart from attachments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message
from typing import BinaryIO

LONGEST = 32 << 20
"""Bytes of a message that are read; attachments beyond are lost, and that is said."""
MOST_BOUNDARIES = 50
"""Nested or hostile multiparts beyond are read as text: the parser compares each line with each boundary."""
MOST_PARTS = 1000
LINE = 64 << 10
NO_CHARSET = re.compile(r"puny|idna|escape|undefined", re.IGNORECASE)
"""Codecs that are no charsets; some take a time that grows with the square of the text."""
PICTURES = re.compile(r"(?:image|audio|video|font)/|.*signature|message/|text/rfc822-headers|application/.*pkcs7-mime")
"""Kinds of parts that are not opened as files."""
_HEADER = re.compile(rb"([!-9;-~]{1,80}):[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*\r?\n")
_MBOX = re.compile(rb"From [^\r\n]{0,200}\d{4}[^\r\n]{0,60}\r?\n")
_STRONG = frozenset([b"from", b"to", b"date", b"subject", b"message-id", b"received", b"mime-version", b"return-path",
                     b"delivered-to", b"cc", b"content-type", b"dkim-signature", b"reply-to", b"x-mailer",
                     b"sender"])  # fmt: skip
_NEEDED = (frozenset([b"from", b"received", b"return-path", b"sender"]),
           frozenset([b"date", b"message-id", b"subject", b"mime-version", b"received"]))  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """One part of a message that is no multipart."""

    kind: str
    """Its media type."""
    name: str
    """Its file name, or empty."""
    data: bytes
    """Its content, decoded."""
    charset: str
    """As it says, or empty."""

    @property
    def is_body(self) -> bool:
        """Whether it is running text of the message itself."""
        return not self.name and self.kind.startswith(("text/plain", "text/html", "text/enriched", "text/calendar"))

    @property
    def is_file(self) -> bool:
        """Whether it is an attachment that a reader might know."""
        return not self.is_body and not PICTURES.match(self.kind)


def begins(data: bytes) -> str:
    """Return `eml` or `mbox` where a file begins as e-mail does, else an empty string."""
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    found = _MBOX.match(start)
    at = found.end() if found else 0
    names: list[bytes] = []
    while header := _HEADER.match(start, at):
        names.append(header[1].lower())
        at = header.end()
        if len(names) >= 200:
            break
    known = _STRONG.intersection(names)
    if len(known) < 3 or len(known) * 8 < len(set(names)) or not all(known & needed for needed in _NEEDED):
        return ""
    # Headers end at an empty line, or the head ends within them.
    if at < len(start) and not start[at:].startswith((b"\n", b"\r\n")) and len(start) - at > LINE:
        return ""
    return "mbox" if found else "eml"


def messages(file: BinaryIO, form: str) -> Iterator[tuple[bytes, bool]]:
    """Yield each message, and whether its end was left out.

    Args:
        file: The open file.
        form: As `begins` says.
    """
    if form == "eml":
        raw = file.read(LONGEST + 1)
        yield raw[:LONGEST].removeprefix(b"\xef\xbb\xbf"), len(raw) > LONGEST
        return
    lines: list[bytes] = []
    size, blank, fresh = 0, True, True
    while line := file.readline(LINE):
        if fresh and blank and line.startswith(b"From ") and _MBOX.match(line):
            if lines:
                yield b"".join(lines), size > LONGEST
            lines, size = [], 0
        else:
            size += len(line)
            if size <= LONGEST:
                lines.append(line[1:] if fresh and line.startswith(b">From ") else line)
        if fresh:
            blank = line in (b"\n", b"\r\n")
        fresh = line.endswith(b"\n")
    if lines:
        yield b"".join(lines), size > LONGEST


def parse(raw: bytes) -> Message | None:
    """Return a message, or null: it nests without measure."""
    if raw.lower().count(b"boundary=") > MOST_BOUNDARIES:
        return None
    try:
        return message_from_bytes(raw)
    except (MessageError, RecursionError, ValueError, TypeError, LookupError, AttributeError):
        return None


def pieces(message: Message) -> Iterator[Piece]:
    """Yield the parts that are no multiparts; those of a message inside the message too."""
    for count, part in enumerate(message.walk()):
        if count >= MOST_PARTS:
            return
        if part.is_multipart():
            continue
        try:
            name = str(part.get_filename() or "")
            charset = str(part.get_content_charset() or "")
            data = part.get_payload(decode=True)
            kind = part.get_content_type()
        except (MessageError, ValueError, TypeError, LookupError, AttributeError, IndexError):
            continue
        if isinstance(data, bytes) and data:
            yield Piece(kind, name, data, charset)


def files(raw: bytes) -> Iterator[Piece]:
    """Yield the attachments of a message that a reader might know; damage ends them."""
    message = parse(raw)
    if message is None:
        return
    try:
        found = [piece for piece in pieces(message) if piece.is_file]
    except RecursionError:
        return
    yield from found


def text_of(piece: Piece) -> str:
    """Return the text of a body; of HTML what a reader sees, and the addresses of its links."""
    charset = "" if NO_CHARSET.search(piece.charset) else piece.charset
    try:
        text = piece.data.decode(charset or "utf-8", "replace" if charset else "strict")
    except UnicodeDecodeError:
        text = piece.data.decode("cp1252", "replace")
    except (LookupError, ValueError):
        text = piece.data.decode("utf-8", "replace")
    if piece.kind != "text/html":
        return text
    from html import unescape

    links = re.findall(r'href\s*=\s*["\']([^"\'<>]{1,2000})', text)
    text = re.sub(r"<(style|script)\b[^>]{0,2000}>[^<]*", " ", text, flags=re.IGNORECASE)
    text = re.sub(r"<(?:br|/p|/tr|/div|/li|/h\d)\b[^<>]{0,2000}>", "\n", text, flags=re.IGNORECASE)
    return unescape(re.sub(r"<[^<>]{0,20000}>", " ", text)) + "\n" + "\n".join(links)
