"""QUIC of captures: keys and packets of the standards' own examples, and the captures of others' tests."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from capture_talks import DATA, read
from flagstate.read.capture import quic
from flagstate.read.capture.service import service
from flagstate.read.capture.talk import Datagram, Talk

ZEEK, SURICATA = DATA / "pcaps-zeek-btest", DATA / "pcaps-suricata-verify"
TALK: dict[str, Any] = {
    "uid": "C1",
    "us": 1,
    "orig_h": "10.0.0.1",
    "orig_p": 4000,
    "resp_h": "10.0.0.2",
    "resp_p": 443,
    "proto": "udp",
}
IDENT = bytes.fromhex("8394c8f03e515708")
# RFC 9001, A.2: the client's hello, in its frame.
FRAME = bytes.fromhex(
    "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c000000010"
    "000e00000b6578616d706c652e636f6dff01000100000a0008000600"
    "1d0017001800100007000504616c706e000500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f"
    "1ce15d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806002d00020101001c00024001003900320408ffff"
    "ffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff"
)


def sealed(
    payload: bytes, *, version: int = 1, ident: bytes = IDENT, number: int = 2, to: bytes = IDENT, token: bytes = b""
) -> bytes:
    """Return an Initial packet of the client."""
    key, start, mask_key = quic.keys(version, ident, client=True)
    first = 0xC3 if version != quic._V2 else 0xD3
    head = bytes([first]) + version.to_bytes(4) + bytes([len(to)]) + to + b"\0" + bytes([len(token)]) + token
    head += (0x4000 | 4 + len(payload) + 16).to_bytes(2)
    at, head = len(head), head + number.to_bytes(4)
    nonce = (int.from_bytes(start) ^ number).to_bytes(12)
    data = bytearray(head + AESGCM(key).encrypt(nonce, payload, head))
    mask = Cipher(algorithms.AES(mask_key), modes.ECB()).encryptor().update(bytes(data[at + 4 : at + 20]))  # noqa: S305
    data[0] ^= mask[0] & 15
    for place in range(4):
        data[at + place] ^= mask[1 + place]
    return bytes(data)


def talk(*grams: bytes) -> Talk:
    return Talk(**TALK, datagrams=tuple(Datagram(at, True, data) for at, data in enumerate(grams)))


def test_keys_of_the_standards() -> None:
    shown = tuple(each.hex() for each in quic.keys(1, IDENT, client=True))
    assert shown == ("1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c", "9f50449e04a0e810283a1e9933adedd2")
    shown = tuple(each.hex() for each in quic.keys(1, IDENT, client=False))
    assert shown == ("cf3a5331653c364c88f0f379b6067e37", "0ac1493ca1905853b0bba03e", "c206b8d9b9f0f37644430b490eeaa314")
    shown = tuple(each.hex() for each in quic.keys(quic._V2, IDENT, client=True))
    assert shown == ("8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f", "45b95e15235d6f45a6b19cbcb0294ba9")


def test_packet_of_the_standard() -> None:
    packet = sealed(FRAME + bytes(1162 - len(FRAME)))
    assert packet[:22].hex() == "c000000001088394c8f03e5157080000449e7b9aec34"
    assert packet[-16:].hex() == "e221af44860018ab0856972e194cd934"
    row = quic.handshake(talk(packet))
    assert row is not None
    assert (row["server_name"], row["version"], row["next_protocol"], row["established"]) == (
        "example.com", "QUICv1", "alpn", False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("version", "name"),
    [
        (1, "QUICv1"),
        (quic._V2, "QUICv2"),
        (0xFF00001D, "QUIC-draft29"),
        (0xFF000017, "QUIC-draft23"),
        (0xFACEB002, "QUIC-faceb002"),
    ],
)
def test_versions(version: int, name: str) -> None:
    row = quic.handshake(talk(sealed(FRAME + bytes(300), version=version)))
    assert row is not None
    assert (row["server_name"], row["version"]) == ("example.com", name)


def test_hello_in_pieces_out_of_order() -> None:
    body = FRAME[4:]
    pieces = [
        b"\6" + (0x4000 | at).to_bytes(2) + (0x4000 | len(body[at : at + 50])).to_bytes(2) + body[at : at + 50]
        for at in range(0, len(body), 50)
    ]
    grams = [sealed(b"\1" + piece + bytes(30), number=at) for at, piece in enumerate(pieces)]
    row = quic.handshake(talk(grams[3], grams[0] + grams[2], grams[4], grams[1], grams[0]))
    assert row is not None
    assert row["server_name"] == "example.com"
    part = quic.handshake(talk(*grams[:1], *grams[2:]))
    assert part is not None
    assert (part["server_name"], part["ja3"], part["ja4"]) == (None, None, None)


def test_retry_gives_new_keys() -> None:
    other = b"other-id"
    retry = b"\xf0\0\0\0\1\0\x08" + other + b"token" + bytes(16)
    again = sealed(FRAME + bytes(300), ident=other, to=other, token=b"token")
    first = sealed(b"\1" + bytes(300))
    both = Talk(**TALK, datagrams=(Datagram(1, True, first), Datagram(2, False, retry), Datagram(3, True, again)))
    row = quic.handshake(both)
    assert row is not None
    assert row["server_name"] == "example.com"


# tshark -r FILE -Y tls.handshake.type==1 -T fields -e tls.handshake.ja3 -e tls.handshake.extensions_server_name
@pytest.mark.parametrize(
    ("path", "name", "version", "ja3", "ja4"),
    [
        (SURICATA / "quic-frag-unordered.pcap", "mastodon.social", "QUICv1", "272f82e5021102e1a2dda48dca35e0a1",
         "q13d0311h3_55b375c5d22e_5a1f323ef56d"),
        (SURICATA / "quic-retry.pcap", "www.gravatar.com", "QUICv1", "0b0b4e88770444edb82150180c407471", None),
        (SURICATA / "quic-v2.pcap", None, "QUICv2", "ea0aece5703cb982b232a0684fc35b16", None),
        (ZEEK / "chromium-115.0.5790.110-api-cirrus-com.pcap", "api.cirrus-ci.com", "QUICv1",
         "526bdfecc3fb6cf46540d7ff70e88cec", None),
        (ZEEK / "quic-multiple-initial-fragmented-crypto-only-initial.pcap", "googleads.g.doubleclick.net", "QUICv1",
         "a737e2cfe3b7e8f28cf5a2afd1427700", "q13d0313h3_55b375c5d22e_226f3f127bbe"),
        (ZEEK / "quicv2-http3-443.pcap", None, "QUICv2", "b399a25badfd034849f164d8acfda10e", None),
    ],
    ids=lambda each: getattr(each, "stem", ""),
)  # fmt: skip
def test_captures(path: Path, name: str | None, version: str, ja3: str, ja4: str | None) -> None:
    row = next(row for each in read(path) if (row := quic.handshake(each)))
    assert (row["server_name"], row["version"], row["ja3"], row["next_protocol"]) == (name, version, ja3, "h3")
    assert ja4 in (None, row["ja4"])
    assert {service(each) for each in read(path)} == {"quic"}


@given(
    st.lists(st.binary(max_size=200), max_size=5),
    st.sampled_from([b"", b"\xc3\0\0\0\1\x08", b"\xd3\x6b\x33\x43\xcf\0\0\0"]),
)
def test_any_bytes(payloads: list[bytes], head: bytes) -> None:
    made = talk(*[head + each for each in payloads])
    quic.handshake(made)
    quic.offer(made)
    service(made)


@settings(max_examples=60)
@given(st.binary(max_size=200))
def test_any_frames(data: bytes) -> None:
    quic.handshake(talk(sealed(data + bytes(40))))


def test_hostile_datagrams_cost_little() -> None:
    started = time.process_time()
    quic.handshake(talk(*[sealed(b"\2\0\0\xbf\xff\xff\xff" * 180, number=at) * 40 for at in range(20)]))
    for _ in quic.frames(b"\2\0\0\xff" + b"\xff" * 7 + b"\1" * (1 << 16)):
        pass
    assert time.process_time() - started < 1
