"""E-mail: single messages (.eml) and mailboxes (mbox), message by message.

Senders, subjects and dates are one table, recipients another (a row each), and bodies are searched as text.
Attachments are opened as files of their own, as the members of an archive are. Messages that are encrypted or signed
inside (S/MIME, PGP) show their headers only. Outlook's own files (.msg, .pst) are recognised and refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses

from flagstate.model.counted import counted
from flagstate.read.mail_parts import LONGEST, begins, messages, parse, pieces, text_of
from flagstate.read.part import Context, Head, Kind, Note, Opened, Part, Reader, Reject, Tally
from flagstate.read.sheets import Sheets

MOST_REJECTS = 1000
LONGEST_HEADER = 16 << 10
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SINGLE = (
    "subject", "date", "message-id", "x-originating-ip", "x-mailer", "user-agent", "x-sender", "organization",
    "x-forwarded-to", "list-id", "thread-topic", "in-reply-to", "x-originating-email",
)  # fmt: skip
SENDERS = ("from", "sender", "reply-to", "return-path")
RECIPIENTS = (
    "to",
    "cc",
    "bcc",
    "delivered-to",
    "resent-to",
    "resent-cc",
    "x-original-to",
    "disposition-notification-to",
)
SEALED = ("application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted")


@dataclass
class Progress:
    """What was met on the way."""

    read: int = 0
    cut: int = 0
    sealed: int = 0
    pictures: int = 0
    rejects: list[Reject] = field(default_factory=list)
    unlisted: int = 0


def recognise(head: Head) -> Kind | None:
    """Headers of a message begin the file, or the line that divides the messages of a mailbox."""
    if head.data.startswith(OLE) and (
        "__substg1.0_".encode("utf-16-le") in head.data
        or (head.suffix == ".msg" and "Workbook".encode("utf-16-le") not in head.data)
    ):
        return Kind(
            "mail outlook", "it is a message in Outlook's own format (.msg)",
            "Save it as .eml, or export the folder as mbox.",
        )  # fmt: skip
    if head.data.startswith(b"!BDN"):
        return Kind("mail outlook", "it is an Outlook mailbox (.pst or .ost)", "Export its folders as mbox or .eml.")
    form = begins(head.data)
    return Kind(f"mail {form}") if form else None


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield senders, recipients and bodies of every message."""
    sheets, progress = Sheets(context.mask), Progress()

    def feed(into: Sheets) -> Iterator[None]:
        seen = progress if into.first else Progress()
        with open(opened.path, "rb") as file:
            for raw, cut in messages(file, kind.name.removeprefix("mail ")):
                seen.read += 1
                seen.cut += cut
                message = parse(raw)
                if message is None:
                    _rejected(seen, "The message is nested without measure; it was searched as text")
                    into.text("bodies", raw.decode("utf-8", "replace"))
                else:
                    _search(message, into, seen)
                yield
                if context.max_rows and seen.read >= context.max_rows:
                    break

    yield from sheets.tell(feed)
    yield from progress.rejects
    # A message is one record, whatever tables it is laid out in.
    yield Tally(rows_read=progress.read - len(progress.rejects) - progress.unlisted - sheets.rows,
                rows_rejected=progress.unlisted)  # fmt: skip
    yield from _notes(progress)


def _notes(progress: Progress) -> Iterator[Note]:
    if progress.cut:
        yield Note(
            counted(progress.cut, f"message[ is|s are] longer than {LONGEST >> 20} MB; what is beyond was not read"),
            "Save their attachments, and give them as files.",
        )
    if progress.sealed:
        yield Note(
            f"{counted(progress.sealed, 'message[ is|s are]')} encrypted or sealed; only their headers were read",
            "Export them decrypted.",
        )
    if progress.pictures:
        yield Note(
            counted(
                progress.pictures,
                "attachment[ is a picture, sound or a signature|s are pictures, sound or signatures] and [was|were] "
                "not opened",
            ),
            lost=False,
        )


def _rejected(progress: Progress, reason: str) -> None:
    if len(progress.rejects) < MOST_REJECTS:
        progress.rejects.append(Reject(progress.read, reason))
    else:
        progress.unlisted += 1


def _search(message: Message, sheets: Sheets, progress: Progress) -> None:
    _headers(message, sheets)
    try:
        # A message that was forwarded whole has senders and recipients of its own.
        inner = [part for part in message.walk() if part is not message and "from" in part and "to" in part]
        found = list(pieces(message))
    except RecursionError:
        _rejected(progress, "The message is nested too deeply; only its headers were read")
        return
    for part in inner[:100]:
        _headers(part, sheets)
    for piece in found:
        if piece.is_body:
            sheets.text("bodies", text_of(piece))
        elif piece.kind in SEALED:
            progress.sealed += 1
        elif not piece.is_file:
            progress.pictures += 1
        if piece.name:
            sheets.add("attachments", [("file name", _decoded(piece.name))])


def _headers(message: Message, sheets: Sheets) -> None:
    row: list[tuple[str, str]] = []
    for name in SENDERS:
        for person, address in _addresses(message, name):
            row += [(f"{name} name", person), (f"{name} email", address)]
    for name in SINGLE:
        row += [(name, value) for value in _values(message, name)[:20]]
    row += [("received", value) for value in _values(message, "received")[:50]]
    if row:
        sheets.add("messages", row)
    for name in RECIPIENTS:
        for person, address in _addresses(message, name):
            sheets.add("recipients", [("recipient name", person), ("recipient email", address)])


def _values(message: Message, name: str) -> list[str]:
    return [_decoded(str(value)[:LONGEST_HEADER]) for value in message.get_all(name, [])]


def _decoded(value: str) -> str:
    """Return a header as people read it."""
    raw = value.encode("ascii", "surrogateescape") if not value.isascii() and _escaped(value) else None
    text = raw.decode("utf-8", "replace") if raw is not None else value
    if "=?" in text:
        try:
            text = str(make_header(decode_header(text)))
        except (MessageError, ValueError, LookupError, TypeError, AssertionError):
            return text
    return " ".join(text.split())


def _escaped(value: str) -> bool:
    return all(c < "\x80" or "\udc80" <= c <= "\udcff" for c in value)


def _addresses(message: Message, name: str) -> Iterator[tuple[str, str]]:
    for value in message.get_all(name, [])[:100]:
        text = str(value)[:LONGEST_HEADER]
        try:
            found = getaddresses([text])
        except (ValueError, IndexError, TypeError, AttributeError, RecursionError):
            found = [("", text)]
        for person, address in found[:2000]:
            if person or address:
                yield _decoded(person), _decoded(address)


READER = Reader(
    "mail",
    "E-mail: messages (.eml) and mailboxes (mbox), with their attachments; Outlook's own files are refused.",
    recognise,
    read,
)
