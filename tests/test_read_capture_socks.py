"""SOCKS of captures: where a proxy was asked to go, and what was said inside."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_talks import DATA, read
from flagstate.engine import connect
from flagstate.read.capture import http, socks
from flagstate.read.capture.service import service
from flagstate.read.capture.talk import Side, Talk
from flagstate.read.part import Context, Head, Kind, Opened, Records, Stream
from flagstate.read.pcap import READER

TALK: dict[str, Any] = {
    "uid": "C1",
    "us": 1,
    "orig_h": "10.0.0.1",
    "orig_p": 4000,
    "resp_h": "10.0.0.2",
    "resp_p": 1080,
}
GET = b"GET / HTTP/1.1\r\nHost: inner.example\r\n\r\n"


def talk(orig: bytes, resp: bytes) -> Talk:
    return Talk(**TALK, proto="tcp", orig=Side(orig, ((0, 5), (len(orig) - len(GET), 7))), resp=Side(resp, ((0, 6),)))


def test_capture() -> None:
    (each,) = [each for each in read(DATA / "pcaps-zeek-btest" / "socks.pcap") if service(each) == "socks"]
    found = socks.asked(each)
    assert found is not None
    assert found.connect_to == "192.150.187.12:80", "as tshark shows it: -e socks.dst -e socks.port"
    (row,) = http.exchanges(socks.inside(each, found.orig_at, found.resp_at))
    assert (row["method"], row["host"]) == ("GET", "www.icir.org")


@pytest.mark.parametrize(
    ("orig", "resp", "shown"),
    [
        (b"\5\1\0\5\1\0\3\x05a.com\1\xbb", b"\5\0\5\0\0\1\1\2\3\4\0\5", "a.com:443"),
        (b"\5\1\0\5\1\0\1\1\2\3\4\0\x50", b"\5\0\5\0\0\1\1\2\3\4\0\5", "1.2.3.4:80"),
        (b"\5\1\0\5\1\0\4" + bytes(15) + b"\1\0\x50", b"\5\0\5\0\0\1\1\2\3\4\0\5", "[::1]:80"),
        (b"\5\2\0\2\1\1u\1p\5\1\0\3\x05a.com\0\x50", b"\5\2\1\0\5\0\0\1\1\2\3\4\0\5", "a.com:80"),
        (b"\4\1\0\x50\1\2\3\4me\0", b"\0\x5a" + bytes(6), "1.2.3.4:80"),
        (b"\4\1\0\x50\0\0\0\1me\0a.com\0", b"\0\x5a" + bytes(6), "a.com:80"),
    ],
)
def test_versions(orig: bytes, resp: bytes, shown: str) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    each = talk(orig + GET, resp + answer)
    found = socks.asked(each)
    assert found is not None
    assert found.connect_to == shown
    (row,) = http.exchanges(socks.inside(each, found.orig_at, found.resp_at))
    assert (row["host"], row["status_code"], row["us"]) == ("inner.example", 200, 7)


@given(st.binary(max_size=80), st.binary(max_size=40), st.sampled_from([b"", b"\5\1\0\5\1\0", b"\4\1", b"\5\1\2\1\5"]))
def test_any_bytes(orig: bytes, resp: bytes, head: bytes) -> None:
    each = talk(head + orig, b"\5\2" + resp)
    found = socks.asked(each)
    if found:
        http.exchanges(socks.inside(each, found.orig_at, found.resp_at))


def test_a_reader_names_where_a_proxy_went() -> None:
    path = DATA / "pcaps-zeek-btest" / "socks.pcap"
    found: dict[str, list[dict[str, Any]]] = {}
    containers = set()
    head = Head(path.read_bytes(), path.stat().st_size, ".pcap")
    context = Context(connect(threads=1, files=[str(path)]), lambda name: name)
    for part in READER.read(Opened(str(path), head, path.name, "e"), Kind("pcap"), context):
        if isinstance(part, Stream):
            found.setdefault(part.noun, []).extend(part.relation.to_arrow_table().to_pylist())
        elif isinstance(part, Records):
            containers.add(part.container)
    (row,) = [row for row in found["connection"] if row["service"] == "socks"]
    assert (row["connect_to"], row["server_name"], row["name_source"]) == ("192.150.187.12:80", "www.icir.org", "host")
    (inner,) = found["exchange"]
    assert (inner["uid"], inner["host"]) == (row["uid"], "www.icir.org")
    assert "sent to www.icir.org" in containers
