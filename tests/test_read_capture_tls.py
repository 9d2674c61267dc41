"""TLS and DTLS of captures: what tshark and FoxIO's published example show is what we show."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from capture_talks import DATA, read
from flagstate.read.capture import certificates, hello, ja, tls
from flagstate.read.capture.hello import Hello
from flagstate.read.capture.service import service
from flagstate.read.capture.talk import Datagram, Side, Talk
from flagstate.read.part import Context, Facts

ZEEK, SURICATA = DATA / "pcaps-zeek-btest", DATA / "pcaps-suricata-verify"
TALK: dict[str, Any] = {"uid": "C1", "us": 1, "orig_h": "10.0.0.1", "orig_p": 4000, "resp_h": "10.0.0.2", "resp_p": 443}

# tshark -r FILE -Y tls.handshake.type==1 -T fields -e tls.handshake.ja3 -e tls.handshake.extensions_server_name
# (dtls.handshake.ja3 for DTLS); versions from the server hello; the JA4 of ja4-tls from the text of its test.
SHOWN = [
    (SURICATA / "ja4-tls.pcap", None, "TLSv12", "308b0bd904abbef5e0034a1ff7a78920", True),
    (SURICATA / "smtp-startssl.pcap", None, "TLSv13", "8708213741ab46424b1fbfcc9517ba07", True),
    (SURICATA / "tls-duplicate-hello.pcap", "localhost", "TLSv13", "43202faa1c8c1760d6f7f4bd9adde4ab", False),
    (ZEEK / "connect-with-header.pcap", "secure.newegg.com", "TLSv12", "07b4162d4db57554961824a21c4a0fde", True),
    (ZEEK / "dtls1_2.pcap", None, "DTLSv12", "3c3d129780d0066cd8936a6291a8d44f", True),
    (ZEEK / "ecdsa-cert.pcap", None, "TLSv12", "99faefb55d94da8c713fd5c89f8dc5a1", True),
    (ZEEK / "hrr.pcap", None, "TLSv13", "0f14b679807628ec7f9c02cada3ee941", True),
    (ZEEK / "pop3-starttls.pcap", None, "TLSv12", "13020a4ccb11b2d3c9c0e6c285c3c415", True),
    (ZEEK / "tls-1.2-handshake-failure.pcap", None, None, "62bd27c43a9a4d7fcbc45d8c9e7e04dd", False),
    (ZEEK / "tls13_psk_succesfull.pcap", None, "TLSv13", "b564664050e32957639f6833f37e86df", True),
    (ZEEK / "tls13_wolfssl.pcap", None, "TLSv13", "39cef737bf0cabc32c28f95d09b97702", True),
    (ZEEK / "ssl-v2.pcap", None, "SSLv2", None, False),
]


@pytest.mark.parametrize(
    ("path", "name", "version", "ja3", "established"), SHOWN, ids=lambda each: getattr(each, "stem", "")
)
def test_captures(path: Path, name: str | None, version: str | None, ja3: str | None, established: bool) -> None:
    (row,) = [row for talk in read(path) if (row := tls.handshake(talk))]
    assert (row["server_name"], row["version"], row["ja3"], row["established"]) == (name, version, ja3, established)


def test_documented_ja4() -> None:
    (row,) = [row for talk in read(SURICATA / "ja4-tls.pcap") if (row := tls.handshake(talk))]
    assert row["ja4"] == "t12i1810s1_27d4652c4487_06a4338d0495"


def test_published_ja4() -> None:
    # FoxIO, technical details of JA4: t13d1516h2_8daaf6152771_e5627efa2ab1, with the lists that it is made of.
    ciphers = "002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,cca8,cca9"
    kinds = "0000,0005,000a,000b,000d,0010,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01"
    signatures = "0403,0804,0401,0503,0805,0501,0806,0601"
    offer = Hello(
        0x0303, (0x1A1A, *numbers(ciphers)), (0x2A2A, *numbers(kinds)), "example.com", (b"h2", b"http/1.1"),
        signatures=numbers(signatures), versions=(0x3A3A, 0x0304, 0x0303),
    )  # fmt: skip
    assert ja.ja4(offer, quic=False) == "t13d1516h2_8daaf6152771_e5627efa2ab1"
    assert ja.ja4(offer, quic=True).startswith("q13d1516h2_")


def numbers(text: str) -> tuple[int, ...]:
    return tuple(int(each, 16) for each in text.split(","))


def test_published_ja3() -> None:
    # github.com/salesforce/ja3: 769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0
    ciphers = (47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4)
    offer = Hello(769, ciphers, (0, 10, 11), groups=(23, 24, 25), formats=(0,))
    assert ja.ja3(offer) == "ada70206e40642a3e4461f35503241d5"
    greased = Hello(769, (0x0A0A, *ciphers), (0, 0xFAFA, 10, 11), groups=(0x1A1A, 23, 24, 25), formats=(0,))
    assert ja.ja3(greased) == ja.ja3(offer)
    assert ja.ja3(Hello(769, (4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99))) == "de350869b8c85de67a350c8d186f11e6"


@pytest.mark.parametrize(
    ("first", "shown"),
    [(b"h2", "h2"), (b"http/1.1", "h1"), (b"\xab", "ab"), (b"\xab\xcd", "ad"), (b"0\xab", "3b"), (b"x", "xx")],
)
def test_ends_of_protocols(first: bytes, shown: str) -> None:
    assert ja.ja4(Hello(0x303, (1,), (16,), protocols=(first,)), quic=False)[8:10] == shown


def hello_bytes() -> bytes:
    (talk,) = [talk for talk in read(SURICATA / "ja4-tls.pcap") if talk.orig.data]
    return talk.orig.data


@pytest.mark.parametrize("piece", [1, 7, 60])
def test_hello_over_many_records(piece: int) -> None:
    whole = hello_bytes()
    size = int.from_bytes(whole[3:5])
    body, rest = whole[5 : 5 + size], whole[5 + size :]
    # One record of one byte cannot be told from other bytes: what opens a stream has its type and version.
    parts = [body[:8], *[body[at : at + piece] for at in range(8, len(body), piece)]]
    split = b"".join(b"\x16\3\1" + len(part).to_bytes(2) + part for part in parts) + rest
    row = tls.handshake(Talk(**TALK, proto="tcp", orig=Side(split)))
    one = tls.handshake(Talk(**TALK, proto="tcp", orig=Side(whole)))
    assert row == one
    assert one is not None
    assert one["ja3"] == "308b0bd904abbef5e0034a1ff7a78920"


def test_client_may_be_the_responder() -> None:
    (one,) = [talk for talk in read(ZEEK / "dtls1_2.pcap") if talk.datagrams]
    other = replace(one, datagrams=[replace(each, from_orig=not each.from_orig) for each in one.datagrams])
    assert tls.handshake(other) == tls.handshake(one)


def test_lost_bytes_are_unknown() -> None:
    row = tls.handshake(Talk(**TALK, proto="tcp", orig=Side(hello_bytes()[:120], gap=True)))
    assert row is not None
    assert (row["established"], row["ja3"], row["ja4"]) == (None, None, None)


def test_certificates_as_cryptography_reads_them() -> None:
    for path in (
        ZEEK / "ecdsa-cert.pcap",
        ZEEK / "pop3-starttls.pcap",
        SURICATA / "ja4-tls.pcap",
        ZEEK / "dtls1_2.pcap",
    ):
        for talk in read(path):
            body = tls.both(talk)[1].first(tls.CERTIFICATE)
            if body is None:
                continue
            der = body[6 : 6 + int.from_bytes(body[3:6])]
            mine, theirs = certificates.parse(der), x509.load_der_x509_certificate(der)
            assert mine is not None
            assert mine.not_valid_after == theirs.not_valid_after_utc
            assert (mine.issuer or "").split(",")[-1] == theirs.issuer.rfc4514_string().split(",")[-1]
            try:
                names = theirs.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            except x509.ExtensionNotFound:
                continue
            assert mine.names == tuple(names.get_values_for_type(x509.DNSName))


def test_certificate_dates() -> None:
    assert certificates._moment(b"491231235959Z") == datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert certificates._moment(b"500101000000Z") == datetime(1950, 1, 1, tzinfo=UTC)
    assert certificates._moment(b"99999999999999Z") is None


def test_services() -> None:
    names = {path: {service(talk) for talk in read(path)} for path, *_ in SHOWN}
    assert names[ZEEK / "ecdsa-cert.pcap"] == {"ssl"}
    assert names[ZEEK / "dtls1_2.pcap"] == {"dtls"}
    assert names[ZEEK / "pop3-starttls.pcap"] == {"pop3"}
    assert names[ZEEK / "connect-with-header.pcap"] == {"http"}
    assert names[SURICATA / "smtp-startssl.pcap"] == {"smtp"}


@given(
    st.binary(max_size=400),
    st.binary(max_size=400),
    st.sampled_from([b"", b"\x16\3\1", b"\x16\3\3\0\x40\2\0\0\x3c\3\3", b"\x80\x2e\1\3\1"]),
)
def test_any_bytes(one: bytes, two: bytes, head: bytes) -> None:
    talk = Talk(**TALK, proto="tcp", orig=Side(head + one), resp=Side(head + two))
    tls.handshake(talk)
    tls.certificate(talk)
    grams = tuple(Datagram(1, way, b"\x16\xfe\xfd" + data) for way, data in ((True, one), (False, two)))
    tls.handshake(Talk(**TALK, proto="udp", datagrams=grams))
    certificates.parse(b"\x30\x82\1\0" + one)
    hello.server(b"\3\3" + one)


@given(st.data())
def test_damaged_captures(data: st.DataObject) -> None:
    whole = hello_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    broken = whole[:at] + bytes([data.draw(st.integers(0, 255))]) + whole[at + 1 :]
    tls.handshake(Talk(**TALK, proto="tcp", orig=Side(broken), resp=Side(broken[::-1])))


def test_hostile_bytes_cost_little() -> None:
    for data in (
        b"\x16\3\1\0\4\1\0\0\0" * 116_000,
        b"\x16\3\1\0\0" * 200_000,
        b"\x16\3\1\x40\0" + b"\1\0\0\0" * 260_000,
        b"\x16\3\1" * 350_000,
    ):
        started = time.process_time()
        tls.handshake(Talk(**TALK, proto="tcp", orig=Side(data), resp=Side(data)))
        tls.certificate(Talk(**TALK, proto="tcp", resp=Side(data)))
        certificates.parse(b"\x30\x84\0\x10\0\0" * 170_000)
        assert time.process_time() - started < 1


def test_issuers_of_names() -> None:
    found = certificates.Issued()
    for path, *_ in SHOWN:
        for talk in read(path):
            if one := tls.certificate(talk):
                found.add(one)
    parts = list(certificates.reliances(found, Context(duckdb.connect(":memory:"), str)))
    rows = [row for part in parts if isinstance(part, Facts) for row in part.table.to_pylist()]
    shown = {(row["from_name"], row["role"], row["to_name"], row["times"]) for row in rows}
    assert ("www.pantz.org", "issuer", "COMODO CA Limited", 1) in shown
    assert ("chimaera.lilawelt.de", "issuer", "Lilawelt", 1) in shown
