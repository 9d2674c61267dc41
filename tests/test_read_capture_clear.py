"""What passed in clear text: it reaches the search for data classes, with its server and its way, and is not kept."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from typing import Any

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from capture_talks import DATA, read
from flagstate.read.capture import ftp, smtp
from flagstate.read.capture.clear import Clear
from flagstate.read.capture.service import service
from flagstate.read.capture.talk import Side, Talk
from flagstate.read.part import Context, Records
from flagstate.read.payload import Payloads
from flagstate.read.sheets import Sheets

ZEEK, SURICATA = DATA / "pcaps-zeek-btest", DATA / "pcaps-suricata-verify"
TALK: dict[str, Any] = {"uid": "C1", "us": 1, "orig_h": "10.0.0.1", "orig_p": 4000, "resp_h": "10.0.0.2", "resp_p": 25}

CON = duckdb.connect(":memory:")


def searched(talks: list[Talk]) -> dict[tuple[str, str], list[dict[str, str]]]:
    """Return rows by container and server; all must be `moved`."""
    sheets = Sheets(lambda name: name)
    context = Context(CON, lambda name: name)

    def feed(into: Sheets) -> Iterator[None]:
        clear = Clear(Payloads(into), context)
        for talk in talks:
            clear.hear(talk)
            yield

    found: dict[tuple[str, str], list[dict[str, str]]] = {}
    for part in sheets.tell(feed):
        assert isinstance(part, Records)
        assert part.state == "moved"
        rows = [{k: v for k, v in row.items() if v is not None} for row in part.reader.read_all().to_pylist()]
        found.setdefault((part.container, part.asset_id), []).extend(rows)
    return found


def mail(orig: bytes, resp: bytes = b"") -> Talk:
    return Talk(**TALK, proto="tcp", orig=Side(orig), resp=Side(resp))


def test_requests_and_answers() -> None:
    found = searched(read(ZEEK / "basic-auth-with-colon.pcap"))
    (row,) = found["sent to 172.24.133.205", "host:172.24.133.205"]
    assert (row["authorization user name"], row["authorization password"]) == ("test", "1:34")
    found = searched(read(ZEEK / "get-gzip.pcap"))
    (row,) = found["received from httpbin.org", "host:httpbin.org"]
    assert row["origin"] == "10.224.189.238"


def test_bodies_of_requests() -> None:
    body = b'{"email": "a@b.example"}'
    orig = b"POST /x?card=4111 HTTP/1.1\r\nHost: Shop.example:80\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    found = searched([Talk(**{**TALK, "resp_p": 80}, proto="tcp", orig=Side(orig))])
    rows = found["sent to shop.example", "host:shop.example"]
    assert {"email": "a@b.example"} in rows
    assert any(row.get("card") == "4111" for row in rows)


def test_web_sockets() -> None:
    found = searched(read(ZEEK / "websocket.pcap"))
    texts = [row["text"] for row in found["received from sandbox.kaazing.net › text", "host:sandbox.kaazing.net"]]
    assert "Hello, WebSocket!" in texts


def test_what_proxies_pass_on() -> None:
    (talk,) = [each for each in read(ZEEK / "connect-with-smtp.pcap") if service(each) == "http"]
    assert ("sent to 254.228.86.79 › messages", "host:254.228.86.79") in searched([talk])
    found = searched(read(ZEEK / "socks.pcap"))
    assert found["sent to www.icir.org", "host:www.icir.org"]


def test_mail_with_attachment() -> None:
    found = searched(read(SURICATA / "smtp-attachment-md5.pcap"))
    (row,) = found["sent to 172.16.92.2 › messages", "host:172.16.92.2"]
    assert row["envelope from"] == row["from email"] == "gavin.shrubbery@gmail.com"
    assert row["from name"] == "Gavin Shrubbery"
    (row,) = found["sent to 172.16.92.2 › attachments", "host:172.16.92.2"]
    assert row["file name"] == "EICAR-Test-File"


def test_chunks_of_mail() -> None:
    (talk,) = [each for each in read(SURICATA / "smtp-bdat-multichunk-next-mail.pcap") if service(each) == "smtp"]
    mails, words = smtp.hear(talk)
    assert [each.sender for each in mails] == ["alice@example.com", "bob@example.com"]
    assert b"split across two BDAT chunks" in mails[0].raw
    assert words == []


def test_refused_mail_does_not_count() -> None:
    orig = b"EHLO a\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"
    orig += b"MAIL FROM:<c@x>\r\nRCPT TO:<d@y>\r\nDATA\r\nSubject: s\r\n\r\n..x\r\n.\r\nQUIT\r\n"
    resp = (
        b"220 hi\r\n250-a\r\n250 b\r\n250 ok\r\n250 ok\r\n554 no\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n221 bye\r\n"
    )
    mails, _ = smtp.hear(mail(orig, resp))
    assert [(each.sender, each.raw) for each in mails] == [("c@x", b"Subject: s\r\n\r\n.x\r\n")]
    assert smtp.hear(mail(orig, resp.replace(b"354 go\r\n250 ok", b"354 go\r\n550 no")))[0] == []


def test_logins_of_mail() -> None:
    plain = base64.b64encode(b"\0ann\0wonder")
    for orig, resp in (
        (b"EHLO a\r\nAUTH PLAIN " + plain + b"\r\nQUIT\r\n", b"220 hi\r\n250 a\r\n235 ok\r\n221\r\n"),
        (b"EHLO a\r\nAUTH PLAIN\r\n" + plain + b"\r\nQUIT\r\n", b"220 hi\r\n250 a\r\n334 \r\n235 ok\r\n221\r\n"),
        (
            b"EHLO a\r\nAUTH LOGIN\r\nYW5u\r\nd29uZGVy\r\nQUIT\r\n",
            b"220 hi\r\n250 a\r\n334 U\r\n334 P\r\n235 ok\r\n221\r\n",
        ),
    ):
        assert smtp.hear(mail(orig, resp))[1] == [("user name", "ann"), ("password", "wonder")]
        found = searched([mail(orig, resp)])
        assert found["sent to 10.0.0.2", "host:10.0.0.2"] == [{"user name": "ann", "password": "wonder"}]


def test_nothing_behind_starttls() -> None:
    (talk,) = [each for each in read(SURICATA / "smtp-startssl.pcap") if service(each) == "smtp"]
    assert smtp.hear(talk) == ([], [])


def test_files_of_both_ways() -> None:
    found = searched(read(SURICATA / "ftp-upload-passive.pcap"))
    asset = "host:172.23.0.2"
    assert found["sent to 172.23.0.2", asset] == [{"user name": "alice", "password": "password"}]
    assert found["sent to 172.23.0.2 › files › text", asset] == [{"text": "uid=0(root) gid=0(root) groups=0(root)\n"}]
    assert found["received from 172.23.0.2 › files › text", asset][0] == {"text": "index.html\r\nwelcome.txt\r\n"}
    # The order in which connections are met must not matter.
    assert searched(read(SURICATA / "ftp-upload-passive.pcap")[::-1]).keys() == found.keys()
    active = searched(read(SURICATA / "ftp-download-active.pcap"))
    assert {"text": "uid=0(root) gid=0(root) groups=0(root)\n"} in active[
        "received from 172.23.0.2 › files › text", asset
    ]


def test_announced_connections() -> None:
    (talk,) = [each for each in read(SURICATA / "ftp-epsv.pcap") if service(each) == "ftp"]
    shown = [(each.resp_p, each.sent, each.file) for each in ftp.transfers(talk)]
    assert shown == [(58612, False, ""), (37100, False, "resume.doc"), (36986, True, "README"), (35656, False, "")]
    assert ftp.words(talk) == [], "nobody in particular logged in"
    orig = b"EPRT |2|2001:db8::7|6275|\r\nSTOR a\r\nPORT 192,0,2,9,4,1\r\nRETR b\r\nPASV\r\nRETR c\r\n"
    resp = b"220 FTP\r\n200\r\n150\r\n200\r\n150\r\n227 x (10,0,0,2,1,0).\r\n150\r\n"
    made = ftp.transfers(Talk(**{**TALK, "resp_p": 21}, proto="tcp", orig=Side(orig), resp=Side(resp)))
    assert [(each.resp_h, each.resp_p) for each in made] == [
        ("2001:db8::7", 6275),
        ("192.0.2.9", 1025),
        ("10.0.0.2", 256),
    ]


@given(
    st.binary(max_size=300),
    st.binary(max_size=300),
    st.sampled_from([b"EHLO a\r\n", b"USER a\r\n", b"GET / HTTP/1.1\r\n", b""]),
)
def test_any_bytes(one: bytes, two: bytes, head: bytes) -> None:
    searched([mail(head + one, b"220 FTP\r\n" + two), mail(one, two)])
    smtp.hear(mail(head + b"DATA\r\n" + one, two))
    smtp.hear(mail(b"AUTH LOGIN\r\n" + one, b"334\r\n" * 4 + two))
    ftp.transfers(mail(b"PASV\r\nRETR x\r\n" + one, b"227 (1,2,3,4,5,6)\r\n229 " + two))


def test_hostile_dialogues_cost_little() -> None:
    pieces = (
        b"DATA\r\n",
        b"\r\n.\r\n",
        b"BDAT 1\r\n",
        b"AUTH PLAIN\r\n",
        b"EPSV\r\nRETR x\r\n",
        b"a" * 999,
        b"RCPT TO:<" + b"<" * 99,
    )
    for piece in pieces:
        data = piece * ((1 << 20) // len(piece))
        talk = mail(data, b"229 (|||1|)\r\n" * 20_000)
        started = time.process_time()
        smtp.hear(talk)
        ftp.transfers(talk)
        assert time.process_time() - started < 2
