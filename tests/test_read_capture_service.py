"""Which protocol a connection speaks: by its first bytes, and no port alone makes one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstate.read.capture.service import datagram, service, stream, turned
from flagstate.read.capture.talk import Datagram, Side, Talk

TALK: dict[str, Any] = {"uid": "C1", "us": 1, "orig_h": "10.0.0.1", "orig_p": 4000, "resp_h": "10.0.0.2"}


@pytest.mark.parametrize(
    ("orig", "resp", "port", "name"),
    [
        (b"SSH-2.0-x\r\n", b"", 22, "ssh"),
        (b"GET / HTTP/1.1\r\n\r\n", b"", 4711, "http"),
        (b"", b"220 mail.example ESMTP\r\n", 4711, "smtp"),
        (b"EHLO a\r\n", b"220 hello\r\n", 4711, "smtp"),
        (b"USER a\r\n", b"220 hello\r\n", 4711, "ftp"),
        (b"", b"220 (vsFTPd 3.0)\r\n", 4711, "ftp"),
        (b"", b"220 hello\r\n", 4711, None),
        (b"USER a\r\n", b"+OK ready\r\n", 110, "pop3"),
        (b"a1 LOGIN x y\r\n", b"* OK IMAP4rev1\r\n", 143, "imap"),
        (b"NICK bob\r\nUSER b 0 * :Bob\r\n", b":srv NOTICE AUTH :x\r\n", 6667, "irc"),
        (b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n", 6379, "redis"),
        (b"\x10\x10\0\4MQTT\4\2\0\x3c\0\4abcd", b"\x20\2\0\0", 1883, "mqtt"),
        (b"\0\0\0\x08\x04\xd2\x16\x2f", b"S", 5432, "postgresql"),
        (b"\0\0\0\x15\0\3\0\0user\0ann\0\0", b"R", 5432, "postgresql"),
        (b"", b"\x4a\0\0\0\x0a8.0.32\0\x08\0\0\0", 3306, "mysql"),
        (b"\0\0\0\x54\xfeSMB\x40\0", b"", 445, "smb"),
        (b"\3\0\0\x13\x0e\xe0\0\0\0\0\0\1\0\x08\0\3\0\0\0", b"", 3389, "rdp"),
        (b"\5\1\0", b"\5\0", 1080, "socks"),
        (b"\x30\x0c\2\1\1\x60\7\2\1\3\4\0\x80\0", b"", 389, "ldap_tcp"),
        (b"REGISTER sip:a SIP/2.0\r\n", b"", 5060, "sip"),
        (b"", b"RFB 003.008\n", 5900, "rfb"),
        (b"\x13BitTorrent protocol", b"", 6881, "bittorrent"),
        (b"hello", b"", 80, None),
        (b"hello", b"", 443, None),
        (b"\0" * 64, b"\0" * 64, 53, None),
        (b"", b"", 22, None),
    ],
)
def test_streams(orig: bytes, resp: bytes, port: int, name: str | None) -> None:
    assert stream(orig, resp, port) == name
    assert service(Talk(**TALK, resp_p=port, proto="tcp", orig=Side(orig), resp=Side(resp))) == name


@pytest.mark.parametrize(
    ("data", "port", "name"),
    [
        (b"\x1b" + bytes(47), 123, "ntp"),
        (b"\x1b" + bytes(47), 124, None),
        (bytes(236) + b"\x63\x82\x53\x63", 67, "dhcp"),
        (b"\0\1\0\0\x21\x12\xa4\x42" + bytes(12), 3478, "stun"),
        (b"\1\0\0\0" + bytes(144), 51820, "wireguard"),
        (b"\x38" + bytes(13), 1194, "openvpn"),
        (b"\x16\xfe\xfd" + bytes(20), 4433, "dtls"),
        (b"<34>Oct 11 host app", 514, "syslog"),
        (b"INVITE sip:a@b SIP/2.0\r\n", 5060, "sip"),
        (b"M-SEARCH * HTTP/1.1\r\n", 1900, "ssdp"),
        (b"junk", 53, None),
        (b"", 53, None),
    ],
)
def test_datagrams(data: bytes, port: int, name: str | None) -> None:
    assert datagram(data, 4000, port) == name


def test_greetings_of_the_originator_are_turned() -> None:
    assert turned(Talk(**TALK, resp_p=4000, proto="tcp", orig=Side(b"220 hi\r\n"), resp=Side(b"EHLO a\r\n")))
    assert not turned(Talk(**TALK, resp_p=25, proto="tcp", orig=Side(b"EHLO a\r\n"), resp=Side(b"220 hi\r\n")))


@given(
    st.binary(max_size=100),
    st.binary(max_size=100),
    st.sampled_from([21, 23, 25, 53, 88, 110, 123, 143, 389, 502, 1194, 4500]),
)
def test_any_bytes(one: bytes, two: bytes, port: int) -> None:
    stream(one, two, port)
    datagram(one, port, 4000)
    for proto in ("tcp", "udp"):
        talk = Talk(
            **TALK, resp_p=port, proto=proto, orig=Side(one), resp=Side(two), datagrams=(Datagram(1, True, one),)
        )
        service(talk)
        turned(talk)
