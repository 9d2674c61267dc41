"""DNS of captures: names, types, codes and answers as tshark shows them; hostile names end, and cost little."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_talks import DATA, read
from flagstate.read.capture import dns
from flagstate.read.capture.service import service, turned
from flagstate.read.capture.talk import Datagram, Side, Talk

ZEEK, SURICATA = DATA / "pcaps-zeek-btest", DATA / "pcaps-suricata-verify"
TALK: dict[str, Any] = {"uid": "C1", "us": 1, "orig_h": "10.0.0.1", "orig_p": 4000, "resp_h": "10.0.0.2", "resp_p": 53}


def udp(*payloads: bytes, port: int = 53) -> Talk:
    grams = tuple(Datagram(at, not data[2:3] >= b"\x80", data) for at, data in enumerate(payloads, 1))
    return Talk(**{**TALK, "resp_p": port}, proto="udp", datagrams=grams)


def query(
    name: bytes, *, ident: int = 1, kind: int = 1, flags: int = 0x0100, rest: bytes = b"", answers: int = 0
) -> bytes:
    head = ident.to_bytes(2) + flags.to_bytes(2) + b"\0\1" + answers.to_bytes(2) + bytes(4)
    return head + name + kind.to_bytes(2) + b"\0\1" + rest


# tshark -r FILE -Y dns -T fields -e dns.qry.name -e dns.qry.type -e dns.flags.rcode -e dns.a -e dns.txt
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (SURICATA / "dns-rcode.pcap", ("dne.oisf.net", "A", "NXDOMAIN", [])),
        (SURICATA / "dns-udp-eve-txt.pcap", ("google.com", "TXT", "NOERROR", None)),
        (ZEEK / "naptr.pcap", ("fp-de-carrier-vodafone.rcs.telephony.goog", "NAPTR", "NOERROR", None)),
    ],
)
def test_captures(path: Path, expected: tuple[str, str, str, list[str] | None]) -> None:
    rows = [row for talk in read(path) for row in dns.queries(talk)]
    row = rows[0]
    assert (row["query"], row["qtype_name"], row["rcode_name"]) == expected[:3]
    assert expected[3] is None or row["answers"] == expected[3]
    assert service(read(path)[0]) == "dns"


def test_tcp_and_long_answers() -> None:
    (talk,) = read(SURICATA / "dns-tcp-www-google-com.pcap")
    (row,) = dns.queries(talk)
    assert row["query"] == "www.google.com"
    assert len(row["answers"]) == 12
    assert row["answers"][0] == "216.197.242.244"


def test_answer_before_question_is_turned() -> None:
    (talk,) = read(SURICATA / "dns-reversed-tcp-1.pcap")
    assert turned(talk)
    assert [row["query"] for row in dns.queries(talk)] == ["www.google.com"]


def test_texts_keep_their_length() -> None:
    rows = [row for talk in read(SURICATA / "dns-udp-eve-txt.pcap") for row in dns.queries(talk)]
    (text,) = next(row["answers"] for row in rows if row["qtype_name"] == "TXT")
    word, size, rest = text.split(" ", 2)
    assert (word, len(rest)) == ("TXT", int(size))


def test_questions_meet_their_answers() -> None:
    a, b = b"\1a\2ex\0", b"\1B\2ex\0"
    answer = query(b, ident=2, flags=0x8180, answers=1, rest=b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4\1\2\3\4")
    rows = dns.queries(udp(query(a), query(b, ident=2), answer, query(a, ident=9, flags=0x8183)))
    shown = [(row["us"], row["query"], row["rcode_name"], row["answers"]) for row in rows]
    assert shown == [(1, "a.ex", None, None), (2, "b.ex", "NOERROR", ["1.2.3.4"]), (4, "a.ex", "NXDOMAIN", [])]


def test_netbios_names_are_read() -> None:
    raw = b"WORKSTATION    \0"
    coded = b"\x20" + bytes(n for c in raw for n in (65 + (c >> 4), 65 + (c & 15))) + b"\0"
    (row,) = dns.queries(udp(query(coded, kind=32), port=137))
    assert row["query"] == "workstation"


def test_forward_and_looping_pointers() -> None:
    (forward,) = read(SURICATA / "dns-forward-pointer.pcap")
    assert [row["query"] for row in dns.queries(forward)] == ["codemonkey.net"] * 2
    assert dns.queries(udp(query(b"\xc0\x0c"))) == []
    assert dns.queries(udp(query(b"\1a\xc0\x0c"))) == []


def test_labels_hide_no_dots_or_controls() -> None:
    (row,) = dns.queries(udp(query(b"\4a.b\n\2ex\0")))
    assert row["query"] == "a\\.b\ufffd.ex"


def test_hostile_names_cost_little() -> None:
    chain = b"".join(b"\1a" for _ in range(120)) + b"\0"
    records = b"".join(
        bytes([0xC0, 12 + n % 100 * 2]) + bytes([0, 5, 0, 1, 0, 0, 0, 1, 0, 2, 0xC0, 12]) for n in range(60)
    )
    one = query(chain, flags=0x8180, rest=records, answers=60)
    data = b"".join(len(one).to_bytes(2) + one for _ in range((1 << 20) // len(one)))
    short = query(b"\0")
    for each in (data, (len(short).to_bytes(2) + short) * 50_000):
        started = time.process_time()
        dns.queries(Talk(**TALK, proto="tcp", resp=Side(each)))
        assert time.process_time() - started < 1


@given(st.lists(st.binary(max_size=300), max_size=4), st.sampled_from([53, 137, 5353]))
def test_any_bytes(payloads: list[bytes], port: int) -> None:
    dns.queries(udp(*payloads, port=port))
    dns.queries(Talk(**TALK, proto="tcp", orig=Side(b"".join(payloads)), resp=Side(b"".join(payloads[::-1]))))


@given(st.binary(max_size=200))
def test_any_bytes_behind_a_head(rest: bytes) -> None:
    for row in dns.queries(udp(bytes.fromhex("000181800001000300000000") + rest)):
        assert isinstance(row["query"], str)
        assert row["query"].isprintable()
