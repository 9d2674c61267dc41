"""E-mail: messages and mailboxes, their attachments, and what no mail program should write."""

from __future__ import annotations

import os
import tempfile
import time
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.read import delimited, mail
from flagstate.read.expand import MAX_NESTING
from flagstate.read.part import Head
from flagstate.read.registry import identify
from flagstate.read.source import HEAD_BYTES
from flagstate.read.unfold import unfold
from format_runs import CANARY, bears_cuts, read, run

DATA = Path(__file__).parent / "data/mail"
TMP = os.environ.get("TMPDIR", "/tmp")


def leaves(data: bytes, name: str = "m.eml") -> list[tuple[str, str, str, str]]:
    """Return ordinal, name, reader and refusal of each leaf of a file."""
    found = []
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        for leaf in unfold(file.fileno(), name, TMP, None):
            reader = None
            if leaf.descriptor is not None:
                head = Head(os.pread(leaf.descriptor, HEAD_BYTES, 0), leaf.size, leaf.suffix)
                reader = identify(head)[0]
            found.append((leaf.ordinal, leaf.name, reader.name if reader else "", leaf.refused))
    return found


def test_a_message_its_people_and_its_text() -> None:
    said = read(mail.READER, DATA / "parcel.eml")
    (row,) = said.rows("messages")
    assert (row["from name"], row["from email"]) == ("Peeters, Joris", "joris@aar.example")
    assert row["x-originating-ip"] == "[198.51.100.77]"
    assert "203.0.113.9" in row["received"]
    assert said.rows("recipients") == [
        {"recipient name": "Anneke Vandervelde", "recipient email": "anneke.v@post.example"},
        {"recipient name": "Müller, Jürgen", "recipient email": "j.mueller@post.example"},
        {"recipient email": "li.wei@lucky.example"},
    ]
    text = said.texts["bodies"]
    assert "IBAN BE71 0961 2345 6769" in text
    assert "mailto:help@aar.example" in text
    assert "color:red" not in text
    assert not said.lost
    assert "1 attachment is a picture" in said.notes[0].reason


def test_attachments_are_files_of_their_own() -> None:
    assert leaves((DATA / "parcel.eml").read_bytes(), "parcel.eml") == [
        ("0", "parcel.eml", "mail", ""),
        ("0.1", "parcel.eml!klanten_märz.csv", "delimited", ""),
    ]


def test_a_mailbox_is_read_message_by_message() -> None:
    said = read(mail.READER, DATA / "orders.mbox")
    assert [row["subject"] for row in said.rows("messages")] == [f"Order {n}" for n in range(4)]
    assert "\nFrom us with love" in said.texts["bodies"], "a quoted line is no new message, and is read as written"
    assert len(read(mail.READER, DATA / "orders.mbox", max_rows=2).rows("messages")) == 2


def test_a_message_forwarded_whole_and_an_archive_attached() -> None:
    import io
    import zipfile

    box = io.BytesIO()
    with zipfile.ZipFile(box, "w") as packed:
        packed.writestr("a.csv", "name,email,city\nA B,a@b.example,Gent\nC D,c@d.example,Lier\n")
    inner = EmailMessage()
    inner["From"], inner["To"], inner["Date"] = (
        "in@x.example",
        "Claire Martin <cm@x.example>",
        "Mon, 02 Mar 2026 09:00:00 +0000",
    )
    inner.set_content("inner text")
    inner.add_attachment(box.getvalue(), maintype="application", subtype="zip", filename="x.zip")
    outer = EmailMessage()
    outer["From"], outer["To"], outer["Subject"] = "out@x.example", "o@x.example", "Fwd"
    outer.set_content("outer text")
    outer.add_attachment(inner)
    said = run(mail.READER, outer.as_bytes())
    assert said is not None
    assert [row["from email"] for row in said.rows("messages")] == ["out@x.example", "in@x.example"]
    assert {"recipient name": "Claire Martin", "recipient email": "cm@x.example"} in said.rows("recipients")
    assert "inner text" in said.texts["bodies"]
    assert [leaf[:3] for leaf in leaves(outer.as_bytes())] == [
        ("0", "m.eml", "mail"),
        ("0.1.1", "m.eml!x.zip!a.csv", delimited.READER.name),
    ]


def test_messages_attached_in_messages_end_somewhere() -> None:
    data = b"From: a@b.example\nTo: b@b.example\nSubject: x\n\nhello\n"
    for _ in range(MAX_NESTING + 3):
        outer = EmailMessage()
        outer["From"], outer["To"], outer["Subject"] = "a@b.example", "b@b.example", "x"
        outer.set_content("text")
        outer.add_attachment(data, maintype="application", subtype="octet-stream", filename="m.eml")
        data = outer.as_bytes()
    found = leaves(data)
    assert len(found) == MAX_NESTING + 2
    assert "nested" in found[-1][3]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"From: x", b"From here to there 2026\n", b"name: x\nage: 3\ncity: Gent\n", b"Subject: only\n\ntext",
        b"to,from,date\n1,2,3\n", b"HTTP/1.1 200 OK\r\nDate: x\r\nContent-Type: y\r\nServer: z\r\n\r\n",
        b"date: 2026\nsubject: a\nversion: 1\nservices:\n  web: x\n", b"From x Mon Mar 3 10:00:00 2026\nno headers\n",
    ],
)  # fmt: skip
def test_look_alikes_are_not_ours(data: bytes) -> None:
    assert mail.READER.recognise(Head(data, len(data), ".eml")) is None


def test_outlook_is_refused_with_what_to_do() -> None:
    ole = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
    for data, suffix in (
        (ole, ".msg"),
        (ole + "__substg1.0_0037001F".encode("utf-16-le"), ""),
        (b"!BDN" + bytes(99), ".pst"),
    ):
        kind = mail.READER.recognise(Head(data, len(data), suffix))
        assert kind is not None
        assert "Outlook" in kind.refused
        assert "mbox" in kind.todo
    assert mail.READER.recognise(Head(ole, len(ole), ".xls")) is None


@pytest.mark.parametrize("name", ["parcel.eml", "orders.mbox"])
def test_cut_anywhere(name: str) -> None:
    bears_cuts(mail.READER, DATA / name)


HEAD = b"From: a@b.example\nTo: b@b.example\nDate: Mon, 02 Mar 2026 09:00:00 +0000\n"


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Subject: " + b"=?utf-8?b?" * 100_000 + b"\n\nx",
        HEAD + b"Cc: " + b"<(\"" * 200_000 + b"\n\nx",
        HEAD + b"Cc: " + b"a@b.example, " * 200_000 + b"\n\nx",
        HEAD + b"X: y\n" * 200_000 + b"\nx",
        HEAD + b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(3000)),
        HEAD + b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * 30_000,
        HEAD + b"Content-Type: message/rfc822\n\n" * 5000,
        HEAD + b"Content-Type: text/html\n\n" + b"<" * 1_000_000,
        HEAD + b"Content-Type: text/html\n\n" + b"<script " * 200_000,
        HEAD + b"Content-Type: text/plain; charset=nonsense\nContent-Transfer-Encoding: base64\n\n" + b"@" * 100_000,
        HEAD + b"\n" + b"x" * (33 << 20),
        HEAD + b"Content-Type: text/plain; charset=punycode\n\n" + b"a-" + b"b9" * 200_000,
        b"From a Mon Mar 3 10:00:00 2026\n" * 3 + HEAD + b"\n" + b"\nFrom b Mon Mar 3 10:00:00 2026\n" * 50_000,
    ],
    ids=range(13),
)  # fmt: skip
def test_hostile_messages_take_no_time(data: bytes) -> None:
    began = time.monotonic()
    said = run(mail.READER, data)
    assert said is None or said.tables or said.texts or said.rejects
    assert time.monotonic() - began < 15


def test_a_message_that_is_too_long_says_so_and_names_are_masked() -> None:
    data = HEAD + b"Subject: " + CANARY.encode() + b"\n\n" + (b"word " * 1000 + b"\n") * 7000
    said = run(mail.READER, data)
    assert said is not None
    assert any("longer than 32 MB" in reason for reason in said.lost)
    assert CANARY not in said.words()


@settings(max_examples=120, deadline=None)
@given(
    st.binary(max_size=80), st.integers(0, 3000), st.sampled_from(["parcel.eml", "orders.mbox"]),
    st.text(st.characters(), max_size=60),
)  # fmt: skip
def test_no_damage_makes_it_crash(noise: bytes, at: int, name: str, word: str) -> None:
    data = (DATA / name).read_bytes()
    at %= len(data)
    run(mail.READER, data[:at] + noise + data[at + len(noise) :])
    said = run(
        mail.READER,
        HEAD + f"Subject: =?{word}?=\nContent-Type: {word}\nReply-To: {word}\n".encode("utf-8", "replace") + noise,
    )
    assert said is None or not said.error
