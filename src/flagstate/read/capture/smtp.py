"""SMTP as a capture shows it: messages that were given, by DATA or BDAT, and who logged in, up to STARTTLS.

A message that the server refused does not count. What it cannot see: what follows STARTTLS; words of mechanisms that
never send a password (CRAM, SCRAM, GSSAPI). Sources: RFC 5321, RFC 3030, RFC 4954.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message as Mime
from email.utils import getaddresses

from flagstate.read.capture.dialogue import MOST_LINES, line, replies
from flagstate.read.capture.talk import Talk
from flagstate.read.mail_parts import Piece, parse, pieces, text_of
from flagstate.read.payload import Body, Message, Payloads

MOST_RECIPIENTS = 1000
MOST_MESSAGES = 5000
PEOPLE = ("from", "sender", "reply-to", "to", "cc", "bcc")
SINGLE = ("subject", "date", "message-id", "x-originating-ip", "user-agent", "x-mailer")
_END = re.compile(rb"\n\.\r?\n")
_PATH = re.compile(rb"(?:MAIL FROM|RCPT TO):[ \t]{0,9}<?([^<> \t\r\n]{1,320})", re.IGNORECASE)
_CHUNK = re.compile(rb"BDAT[ \t]+(\d{1,9})(?:[ \t]+(LAST))?[ \t]*", re.IGNORECASE)
_REFUSED = range(400, 600)


@dataclass
class Mail:
    """One message that was given."""

    raw: bytes
    sender: str = ""
    recipients: list[str] = field(default_factory=list)


@dataclass
class _Session:
    """Where a dialogue stands."""

    codes: Iterator[tuple[int, str]]
    sender: str = ""
    recipients: list[str] = field(default_factory=list)
    chunks: list[bytes] = field(default_factory=list)
    words: list[tuple[str, str]] = field(default_factory=list)

    def reply(self) -> int:
        """Return the next code; 0: no more was captured."""
        return next(self.codes, (0, ""))[0]

    def clear(self) -> None:
        """Forget the message that was begun."""
        self.sender, self.recipients, self.chunks = "", [], []

    def mail(self, raw: bytes) -> Mail:
        """Return a message with its envelope."""
        made = Mail(raw, self.sender, self.recipients)
        self.clear()
        return made


def hear(talk: Talk) -> tuple[list[Mail], list[tuple[str, str]]]:
    """Return the messages that were given, and names and words of who logged in.

    Args:
        talk: A connection that carries SMTP.
    """
    data, at = talk.orig.data, 0
    session = _Session(iter(list(replies(talk.resp.data))))
    session.reply()  # The greeting.
    mails: list[Mail] = []
    for _ in range(MOST_LINES):
        if at >= len(data) or len(mails) >= MOST_MESSAGES:
            break
        said, at = line(data, at)
        word = said[:10].upper()
        if word.startswith(b"BDAT"):
            at = _chunk(data, said, at, session, mails)
        elif word.rstrip() == b"DATA":
            at = _data(data, at, session, mails)
        elif word.startswith(b"AUTH"):
            at = _login(data, said, at, session)
        elif word.startswith(b"STARTTLS"):
            if session.reply() not in _REFUSED:
                break
        else:
            code = session.reply()
            path = _PATH.match(said)
            if path and code not in _REFUSED and word.startswith(b"MAIL"):
                session.sender = path[1].decode("utf-8", "replace")
            elif path and code not in _REFUSED and len(session.recipients) < MOST_RECIPIENTS:
                session.recipients.append(path[1].decode("utf-8", "replace"))
            elif word.startswith((b"RSET", b"EHLO", b"HELO")):
                session.clear()
    if session.chunks:
        mails.append(session.mail(b"".join(session.chunks)))
    return mails, session.words


def _data(data: bytes, at: int, session: _Session, mails: list[Mail]) -> int:
    if session.reply() in _REFUSED:
        return at
    found = _END.search(data, max(at - 1, 0))
    stop, after = (found.start() + 1, found.end()) if found else (len(data), len(data))
    mails.append(session.mail(data[at:stop].replace(b"\n..", b"\n.")))
    if found and session.reply() in _REFUSED:
        mails.pop()
    return after


def _chunk(data: bytes, said: bytes, at: int, session: _Session, mails: list[Mail]) -> int:
    found = _CHUNK.fullmatch(said)
    code = session.reply()
    if found is None:
        return at
    size = int(found[1])
    if code not in _REFUSED:
        session.chunks.append(data[at : at + size])
        if found[2]:
            mails.append(session.mail(b"".join(session.chunks)))
    return at + size


def _login(data: bytes, said: bytes, at: int, session: _Session) -> int:
    """Read a login, which may take several lines; what was said is only kept until it was searched."""
    parts = said.split()
    mechanism = parts[1].upper() if len(parts) > 1 else b""
    given = parts[2:3]
    code = session.reply()
    for _ in range(4):
        if code != 334:
            break
        answer, at = line(data, at)
        given.append(answer)
        code = session.reply()
    texts = [_plain(each) for each in given]
    if mechanism == b"PLAIN" and texts:
        session.words += zip(("user name", "password"), texts[0].split("\0")[-2:], strict=False)
    elif mechanism == b"LOGIN":
        session.words += zip(("user name", "password"), texts[:2], strict=False)
    elif mechanism in (b"XOAUTH2", b"OAUTHBEARER") and texts:
        session.words.append(("authorization token", texts[0]))
    return at


def _plain(raw: bytes) -> str:
    try:
        return base64.b64decode(raw[:8192] + b"==").decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def search(talk: Talk, found: Payloads, base: str, asset_id: str) -> None:
    """Hand what was given to the search for data classes.

    Args:
        talk: A connection that carries SMTP.
        found: Where it goes.
        base: Container; masked.
        asset_id: The server.
    """
    mails, words = hear(talk)
    if words:
        found.message(base, asset_id, Message(parameters=words))
    for mail in mails:
        parsed = parse(mail.raw)
        envelope = [("envelope from", mail.sender), *(("envelope to", each) for each in mail.recipients)]
        if parsed is None:
            found.sheets.text(f"{base} › text", mail.raw.decode("utf-8", "replace"), asset_id=asset_id, state="moved")
            parsed = Mime()
        found.sheets.add(f"{base} › messages", envelope + list(_headers(parsed)), asset_id=asset_id, state="moved")
        try:
            held = list(pieces(parsed))
        except RecursionError:
            continue
        for piece in held:
            _search(piece, found, base, asset_id)


def _search(piece: Piece, found: Payloads, base: str, asset_id: str) -> None:
    if piece.is_body:
        found.sheets.text(f"{base} › bodies", text_of(piece), asset_id=asset_id, state="moved")
    elif piece.is_file:
        kind = "" if piece.kind == "application/octet-stream" else piece.kind
        text = piece.data.decode("utf-8", "replace")
        named = [("file name", piece.name)] if piece.name else []
        found.message(f"{base} › attachments", asset_id, Message(parameters=named, bodies=[Body(text, kind)]))


def _headers(message: Mime) -> Iterator[tuple[str, str]]:
    for name in PEOPLE:
        for value in _values(message, name):
            try:
                listed = getaddresses([value])
            except (ValueError, IndexError, TypeError, AttributeError, RecursionError):
                listed = [("", value)]
            for person, address in listed[:MOST_RECIPIENTS]:
                yield f"{name} name", person
                yield f"{name} email", address
    for name in SINGLE:
        for value in _values(message, name):
            yield name, value


def _values(message: Mime, name: str) -> Iterator[str]:
    for raw in message.get_all(name, [])[:20]:
        text = str(raw)[:16384]
        try:
            yield str(make_header(decode_header(text))) if "=?" in text else text
        except (MessageError, ValueError, LookupError, TypeError, AssertionError):
            yield text
