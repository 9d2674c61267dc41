"""A short capture of the invented hub: packets of connections that its sensor logged too, which so are the same."""

from __future__ import annotations

import ipaddress
import struct
from pathlib import Path

import dpkt
import numpy as np

from flagstate.demo.hub import CRAWLER, NAMES, WMS
from flagstate.demo.ordinary import ANSWER, REQUEST
from flagstate.demo.sessions import ADDRESSES, SERVICES, STATES, WMS_NAME, WORDS, Sessions

MOST, LARGEST = 40, 24_000
"""Connections that are taken, and bytes of one: an extract is short."""
_SYN, _BOTH, _ACK, _FIN, _REFUSED = 2, 18, 16, 17, 20
_ROOM = 1_200
"""Bytes of a packet."""
_MAGIC = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1)
_ADDRESS = {name: address for address, name in NAMES.items()} | {WMS_NAME: WMS}
_RECORD = b"\x17\x03\x03"
"""How a record of TLS with data begins."""

Packet = tuple[bool, int, bytes]
"""From the originator, flags of TCP, payload."""


def write(path: Path, given: Sessions) -> int:
    """Write packets whose times, ends and bytes are those of the log, so that both are known as one.

    Args:
        path: Of the file.
        given: Connections; those with many bytes, and those with several questions, are left out.

    Returns:
        How many connections were taken.
    """
    small = given.take((given.orig_bytes + given.resp_bytes <= LARGEST) & (given.tunnel < 0))
    first = small.take(np.arange(max(len(small) - MOST, 0), len(small)))
    frames: list[tuple[int, bytes]] = []
    for at in range(len(first)):
        frames += _session(first, at)
    with path.open("wb") as file:
        file.write(_MAGIC)
        for us, frame in sorted(frames, key=lambda one: one[0]):
            file.write(struct.pack("<IIII", us // 1_000_000, us % 1_000_000, len(frame), len(frame)) + frame)
    return len(first)


def _session(given: Sessions, at: int) -> list[tuple[int, bytes]]:
    """Return the packets of a connection with their times, spread over its length."""
    packets, udp = _packets(given, at), SERVICES[given.service[at]] in ("dns", "ntp")
    start, lasts = int(given.us[at]), int(given.duration_us[at])
    ends = (
        (ADDRESSES[given.orig_h[at]], int(given.orig_p[at])),
        (ADDRESSES[given.resp_h[at]], int(given.resp_p[at])),
    )
    seq = {True: 1_000 + start % 1_000_000, False: 9_000 + start % 999_983}
    made = []
    for number, (mine, flags, data) in enumerate(packets):
        us = start + lasts * number // max(len(packets) - 1, 1)
        made.append(
            (us, _frame(ends if mine else ends[::-1], data, None if udp else (seq[mine], seq[not mine], flags)))
        )
        seq[mine] += len(data) + (1 if flags & 3 else 0)
    return made


def _packets(given: Sessions, at: int) -> list[Packet]:
    service, state = SERVICES[given.service[at]], STATES[given.state[at]]
    if state != "SF":
        answered = [(False, _REFUSED, b"")] if state == "REJ" else []
        return [(True, _SYN, b""), *answered]
    sent, back = int(given.orig_bytes[at]), int(given.resp_bytes[at])
    if service == "dns":
        return _look_up(WORDS[given.name[at]], at + 1)
    if service == "ntp":
        return [(True, 0, _clock(3)), (False, 0, _clock(4))]
    if service == "http":
        walks = ADDRESSES[given.orig_h[at]] == CRAWLER
        heads = (REQUEST["crawler" if walks else "visitor"], ANSWER)
    elif service == "ssl":
        heads = (_hello(WORDS[given.name[at]]), _answered())
    elif service == "ssh":
        heads = (b"SSH-2.0-OpenSSH_9.9\r\n", b"SSH-2.0-OpenSSH_9.6\r\n")
    else:
        heads = (struct.pack("!II", 8, 80_877_103), b"N")
    tls = service == "ssl"
    return [
        (True, _SYN, b""), (False, _BOTH, b""), (True, _ACK, b""), (True, _ACK, heads[0]), (False, _ACK, heads[1]),
        *((True, _ACK, data) for data in _filled(sent - len(heads[0]), tls)),
        *((False, _ACK, data) for data in _filled(back - len(heads[1]), tls)),
        (True, _FIN, b""), (False, _FIN, b""), (True, _ACK, b""),
    ]  # fmt: skip


def _filled(size: int, tls: bool) -> list[bytes]:
    """Return payloads of a size in all: records that nobody can read, all of zeros."""
    found = []
    while size > 0:
        now = min(size, _ROOM)
        # What is too short for a record is the end of the one before.
        lead = _RECORD + struct.pack("!H", now - 5) if tls and now > 5 else b""
        found.append(lead + bytes(now - len(lead)))
        size -= now
    return found


def _hello(name: str) -> bytes:
    """Return the first message of TLS, which asks for a name."""
    host = name.encode()
    entry = struct.pack("!BH", 0, len(host)) + host
    server = struct.pack("!HHH", 0, len(entry) + 2, len(entry)) + entry
    offer = struct.pack("!H", 0x0303) + bytes(32) + b"\x00" + struct.pack("!HH", 2, 0x1302) + b"\x01\x00"
    offer += struct.pack("!H", len(server)) + server
    body = b"\x01" + len(offer).to_bytes(3, "big") + offer
    return b"\x16\x03\x01" + struct.pack("!H", len(body)) + body


def _answered() -> bytes:
    """Return the server's first message of TLS."""
    offer = struct.pack("!H", 0x0303) + bytes(32) + b"\x00" + struct.pack("!HB", 0x1302, 0)
    versions = struct.pack("!HHH", 43, 2, 0x0304)
    offer += struct.pack("!H", len(versions)) + versions
    body = b"\x02" + len(offer).to_bytes(3, "big") + offer
    return b"\x16\x03\x03" + struct.pack("!H", len(body)) + body


def _look_up(name: str, number: int) -> list[Packet]:
    asked = dpkt.dns.DNS(id=number, qd=[dpkt.dns.DNS.Q(name=name, type=1)])
    # An answer points back to the name of the question.
    answer = struct.pack("!HHHIH", 0xC00C, 1, 1, 300, 4) + ipaddress.ip_address(_ADDRESS[name]).packed
    head = struct.pack("!HHHHHH", number, 0x8180, 1, 1, 0, 0)
    return [(True, 0, bytes(asked)), (False, 0, head + bytes(asked)[12:] + answer)]


def _clock(mode: int) -> bytes:
    return bytes([0x20 | mode]) + bytes(47)


def _frame(ends: tuple[tuple[str, int], ...], data: bytes, tcp: tuple[int, int, int] | None) -> bytes:
    (src, sport), (dst, dport) = ends
    if tcp is None:
        layer = dpkt.udp.UDP(sport=sport, dport=dport, data=data, ulen=8 + len(data))
        number = dpkt.ip.IP_PROTO_UDP
    else:
        seq, ack, flags = tcp
        layer = dpkt.tcp.TCP(sport=sport, dport=dport, seq=seq, ack=ack if flags & 16 else 0, flags=flags, data=data)
        number = dpkt.ip.IP_PROTO_TCP
    ip = dpkt.ip.IP(src=ipaddress.ip_address(src).packed, dst=ipaddress.ip_address(dst).packed, p=number, data=layer)
    ip.len = len(ip)
    return bytes(dpkt.ethernet.Ethernet(src=b"\x02" * 6, dst=b"\x04" * 6, data=ip))
