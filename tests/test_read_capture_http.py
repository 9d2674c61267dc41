"""HTTP of captures: every request with its answer, however it was sent; tunnels, proxies, junk."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_talks import DATA, read
from flagstate.read.capture import http, tls, websocket
from flagstate.read.capture.service import service, turned
from flagstate.read.capture.talk import Side, Talk
from flagstate.read.forwarded import claimed, target

ZEEK = DATA / "pcaps-zeek-btest"
TALK: dict[str, Any] = {"uid": "C1", "us": 1, "orig_h": "10.0.0.1", "orig_p": 4000, "resp_h": "10.0.0.2", "resp_p": 80}


def talk(orig: bytes, resp: bytes = b"", **more: bool) -> Talk:
    return Talk(**TALK, proto="tcp", orig=Side(orig, ((0, 5),), **more), resp=Side(resp, ((0, 9),), **more))


def shown(orig: bytes, resp: bytes = b"", **more: bool) -> list[tuple[object, ...]]:
    rows = http.exchanges(talk(orig, resp, **more))
    return [
        (row["method"], row["host"], row["status_code"], row["request_bytes"], row["response_bytes"]) for row in rows
    ]


# tshark -r FILE -Y http -T fields -e http.request.method -e http.host -e http.response.code; lengths of bodies by hand
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("get-gzip", [("GET", "httpbin.org", 200)]),
        ("testmyids", [("GET", "testmyids.com", 200)]),
        ("basic-auth-with-colon", [("GET", "172.24.133.205", 200)]),
        ("concurrent-range-requests-complete", [("GET", "localhost", 206)] * 3),
        ("connect-with-smtp", [("CONNECT", "mailin03.sul.t-online.de", 200)]),
        ("connect-with-header", [("CONNECT", "secure.newegg.com", 200)]),
        ("websocket", [("GET", "sandbox.kaazing.net", 101)]),
    ],
)
def test_captures(name: str, expected: list[tuple[str, str, int]]) -> None:
    rows = [row for each in read(ZEEK / f"{name}.pcap") if service(each) == "http" for row in http.exchanges(each)]
    assert [(row["method"], row["host"], row["status_code"]) for row in rows] == expected


def test_pipelining_chunks_and_lengths() -> None:
    orig = (
        b"POST /a HTTP/1.1\r\nHost: A.example:8080\r\nContent-Length: 4\r\n\r\nabcd"
        b"PUT /b HTTP/1.1\r\nhost: b.example\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n"
        b"HEAD /c HTTP/1.1\nHost:c.example\n\n"
        b"GET http://d.example/e HTTP/1.0\r\n\r\n"
    )
    resp = (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"
        b"HTTP/1.0 200 OK\r\n\r\nall the rest"
    )
    assert shown(orig, resp) == [
        ("POST", "a.example", 200, 4, 2),
        ("PUT", "b.example", 201, 5, 10),
        ("HEAD", "c.example", 200, 0, 0),
        ("GET", "d.example", 200, 0, 12),
    ]


def test_times_are_of_the_requests() -> None:
    assert http.exchanges(talk(b"GET / HTTP/1.1\r\n\r\n"))[0]["us"] == 5
    assert http.exchanges(talk(b"", b"HTTP/1.1 200 OK\r\n\r\nx"))[0]["us"] == 9


def test_answer_without_request() -> None:
    assert shown(b"", b"HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\nabc") == [(None, None, 404, 0, 3)]


def test_cut_sides_count_as_declared() -> None:
    orig = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc"
    assert shown(orig) == [("POST", "a", None, 3, 0)]
    assert shown(orig, cut=True) == [("POST", "a", None, 1000, 0)]
    assert shown(orig, gap=True) == [("POST", "a", None, 1000, 0)]


def test_missing_ends_and_junk() -> None:
    assert shown(b"GET / HTTP/1.1\r\nHost: cut.exam") == [("GET", "cut.exam", None, 0, 0)]
    junk = b"\0\xff\r\n" * 9
    assert shown(junk + b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n" + junk + b"POST /y HTTP/1.1\r\nHost: b\r\n\r\n") == [
        ("GET", "a", None, 0, 0),
        ("POST", "b", None, 0, 0),
    ]


def test_tunnel_of_connect() -> None:
    (each,) = [each for each in read(ZEEK / "connect-with-header.pcap") if http.tunnel(each)]
    (row,) = http.exchanges(each)
    handshake = tls.handshake(each)
    assert handshake is not None
    assert (row["connect_to"], handshake["server_name"]) == ("secure.newegg.com:443", "secure.newegg.com")
    starts = http.tunnel(each)
    assert starts is not None
    assert each.orig.data[starts[0]] == 0x16
    refused = talk(b"CONNECT a:1 HTTP/1.1\r\n\r\n", b"HTTP/1.1 403 No\r\n\r\n")
    assert http.tunnel(refused) is None
    assert http.exchanges(refused)[0]["connect_to"] == "a:1"


def test_turned_connections_and_http2() -> None:
    assert turned(talk(b"HTTP/1.1 200 OK\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"))
    assert not turned(talk(b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"))
    two = talk(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", b"\0\0\0\4\0\0\0\0\0")
    assert service(two) == "http2"
    assert http.exchanges(two) == []


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ([("x-forwarded-for", "203.0.113.7, 10.0.0.1")], "203.0.113.7"),
        ([("x-forwarded-for", "203.0.113.7:4711")], "203.0.113.7"),
        ([("forwarded", 'for="[2001:db8::1]:4711";proto=https'), ("x-forwarded-for", "1.2.3.4")], "2001:db8::1"),
        ([("forwarded", "by=1.1.1.1; for=192.0.2.60")], "192.0.2.60"),
        ([("forwarded", "for=_hidden"), ("client-ip", "192.0.2.1")], "192.0.2.1"),
        ([("x-forwarded-for", "unknown")], None),
        ([("x-forwarded-for", "999.1.1.1")], None),
        ([("via", "1.2.3.4")], None),
    ],
)
def test_claimed_clients(headers: list[tuple[str, str]], address: str | None) -> None:
    assert claimed(headers) == address
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers).encode()
    assert http.exchanges(talk(b"GET / HTTP/1.1\r\n" + lines + b"\r\n"))[0]["claimed_orig_h"] == address


@pytest.mark.parametrize(
    ("text", "shown"),
    [("Host.Example.:443", "host.example:443"), ("[2001:DB8::1]:8443", "[2001:db8::1]:8443"),
     ("10.0.0.1:1", "10.0.0.1:1"),
     ("host", None), ("host:0", None), ("host:99999", None), ("/path", None), ("a b:1", None)],
)  # fmt: skip
def test_targets(text: str, shown: str | None) -> None:
    assert target(text) == shown


def test_web_socket_texts() -> None:
    key = b"\1\2\3\4"
    masked = bytes(c ^ key[at % 4] for at, c in enumerate(b"hello"))
    frames = b"\1\3abc\x80\2de\x82\1x\x81\x85" + key + masked + b"\x81\x7e\x00\x02hi\x81\x7f" + b"\xff" * 8
    assert list(websocket.texts(b"--" + frames, 2)) == ["abcde", "hello", "hi", ""]


@given(st.binary(max_size=300), st.binary(max_size=300), st.sampled_from([b"", b"POST / HTTP/1.1\r\n", b"GET /"]))
def test_any_bytes(one: bytes, two: bytes, head: bytes) -> None:
    each = talk(head + one, b"HTTP/1.1 200 OK\r\n" + two)
    http.exchanges(each)
    http.tunnel(each)
    service(each)
    turned(each)
    list(websocket.texts(one, 0))


@given(st.text(max_size=60))
def test_any_claims(text: str) -> None:
    claimed([("forwarded", text), ("x-forwarded-for", text)])
    target(text)


HOSTILE = [
    b"GET / HTTP/1.1\r\n",
    b"GET / HTTP/1.1\n\n",
    b"GET ",
    b"GET / HTTP/1.1\r\nA",
    b"\r\n",
    b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"HTTP/1.1 200 ",
    b"1\r\na\r\n",
    b"A: b\r\n",
]


@pytest.mark.parametrize("head", [b"", b"GET / HTTP/1.1\r\n", b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"])
@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_bytes_cost_little(head: bytes, piece: bytes) -> None:
    data = head + piece * ((1 << 20) // len(piece))
    started = time.process_time()
    http.exchanges(talk(data, data))
    service(talk(data, data))
    assert time.process_time() - started < 1
