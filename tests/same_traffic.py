"""The same made traffic as a capture, as Zeek's logs in text and JSON, and as Suricata's events."""

from __future__ import annotations

import json
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

import dpkt

from zeek_logs import CONN, as_json, conn_log

START = 1_772_438_400_000_000
STEP = 10_000
"""Microseconds between two packets of a session."""


@dataclass(frozen=True)
class Session:
    """What two ends said."""

    number: int
    kind: str
    """http, ssl, dns, plain, silent (no answer), refused."""
    far: str
    port: int
    name: str = ""
    sent: int = 400
    """Payload bytes after the first message."""
    back: int = 900

    @property
    def near(self) -> tuple[str, int]:
        return "10.0.0.5", 40_000 + self.number

    @property
    def us(self) -> int:
        return START + self.number * 1_000_000

    @property
    def proto(self) -> str:
        return "udp" if self.kind in ("dns", "plain") else "tcp"

    @property
    def first(self) -> bytes:
        """The first message of the originator."""
        if self.kind == "http":
            return f"POST /in HTTP/1.1\r\nHost: {self.name}\r\nContent-Length: {self.sent}\r\n\r\n".encode()
        if self.kind == "ssl":
            return hello(self.name)
        return b"\x17" * 12 if self.kind == "plain" else b""

    @property
    def packets(self) -> list[tuple[bool, int, bytes]]:
        """(from the originator, TCP flags, payload) of each packet."""
        syn, both, ack, fin, rst = 2, 18, 16, 17, 20
        if self.kind == "silent":
            return [(True, syn, b"")]
        if self.kind == "refused":
            return [(True, syn, b""), (False, rst, b"")]
        if self.kind == "dns":
            asked = dpkt.dns.DNS(id=self.number, qd=[dpkt.dns.DNS.Q(name=self.name, type=1)])
            answer = dpkt.dns.DNS(id=self.number, qr=1, qd=asked.qd)
            answer.an = [dpkt.dns.DNS.RR(name=self.name, type=1, ttl=60, ip=socket.inet_aton("198.51.100.7"))]
            return [(True, 0, bytes(asked)), (False, 0, bytes(answer))]
        if self.kind == "plain":
            return [(True, 0, self.first + b"a" * self.sent), (False, 0, b"b" * self.back)]
        reply = b"\x17\x03\x03\x00\x10" + bytes(16)
        if self.kind == "http":
            reply = f"HTTP/1.1 200 OK\r\nContent-Length: {self.back}\r\n\r\n".encode()
        body = [(True, ack, b"a" * min(1000, self.sent - at)) for at in range(0, self.sent, 1000)]
        rest = [(False, ack, b"b" * min(1000, self.back - at)) for at in range(0, self.back, 1000)]
        return [
            (True, syn, b""), (False, both, b""), (True, ack, b""), (True, ack, self.first), *body,
            (False, ack, reply), *rest, (True, fin, b""), (False, fin, b""), (True, ack, b""),
        ]  # fmt: skip

    def size(self, orig: bool) -> int:
        return sum(len(data) for mine, _, data in self.packets if mine == orig)

    def count(self, orig: bool) -> int:
        return sum(1 for mine, _, _ in self.packets if mine == orig)

    @property
    def duration_us(self) -> int:
        return STEP * (len(self.packets) - 1)

    @property
    def state(self) -> str:
        return {"silent": "S0", "refused": "REJ"}.get(self.kind, "SF")


SESSIONS = (
    Session(1, "http", "198.51.100.7", 80, "in.example", 2_500, 1_200),
    Session(2, "ssl", "198.51.100.9", 443, "shop.example", 3_000, 9_000),
    Session(3, "dns", "10.0.0.53", 53, "in.example"),
    Session(4, "plain", "198.51.100.20", 9_999),
    Session(5, "silent", "198.51.100.30", 443),
    Session(6, "refused", "198.51.100.31", 8_080),
    Session(7, "ssl", "198.51.100.9", 443, "shop.example", 100, 200),
    Session(8, "http", "198.51.100.7", 8_000, "in.example", 10, 20),
)


def hello(name: str) -> bytes:
    """Return a TLS client hello that asks for a name."""
    host = name.encode()
    entry = struct.pack("!BH", 0, len(host)) + host
    server = struct.pack("!HHH", 0, len(entry) + 2, len(entry)) + entry
    offer = struct.pack("!H", 0x0303) + bytes(32) + b"\x00" + struct.pack("!HH", 2, 0x1301) + b"\x01\x00"
    offer += struct.pack("!H", len(server)) + server
    body = b"\x01" + len(offer).to_bytes(3, "big") + offer
    return b"\x16\x03\x01" + struct.pack("!H", len(body)) + body


def capture(path: Path) -> Path:
    """Write the sessions as packets."""
    listed = []
    for one in SESSIONS:
        seq = {True: 1_000, False: 9_000}
        for at, (mine, flags, data) in enumerate(one.packets):
            listed.append((one.us + at * STEP, _frame(one, mine, flags, data, seq)))
            seq[mine] += len(data) + (1 if flags & 3 else 0)
    with path.open("wb") as file:
        writer = dpkt.pcap.Writer(file, nano=False)
        for us, frame in sorted(listed):
            file.write(struct.pack("<IIII", us // 1_000_000, us % 1_000_000, len(frame), len(frame)) + frame)
        del writer
    return path


def _frame(one: Session, mine: bool, flags: int, data: bytes, seq: dict[bool, int]) -> bytes:
    ends = (one.near, (one.far, one.port))
    (src, sport), (dst, dport) = ends if mine else ends[::-1]
    if one.proto == "tcp":
        layer: dpkt.Packet = dpkt.tcp.TCP(
            sport=sport, dport=dport, seq=seq[mine], ack=seq[not mine] if flags & 16 else 0, flags=flags, data=data
        )
        number = dpkt.ip.IP_PROTO_TCP
    else:
        layer, number = dpkt.udp.UDP(sport=sport, dport=dport, data=data, ulen=8 + len(data)), dpkt.ip.IP_PROTO_UDP
    ip = dpkt.ip.IP(src=socket.inet_aton(src), dst=socket.inet_aton(dst), p=number, data=layer)
    ip.len = len(ip)
    return bytes(dpkt.ethernet.Ethernet(src=b"\x02" * 6, dst=b"\x04" * 6, data=ip))


def zeek(folder: Path, *, form: str) -> list[Path]:
    """Write the sessions as Zeek's logs, as tsv or json."""
    kinds = {"ts": "time", "duration": "interval", "query": "string", "status_code": "count"}
    counts = ("orig_bytes", "resp_bytes", "missed_bytes", "request_body_len", "response_body_len", "trans_id", "qclass")
    written = []
    for path, fields, rows in _logs():
        data = conn_log(rows, path=path, fields=fields)
        types = ["port" if f.endswith("_p") else "count" if f in counts else kinds.get(f, "string") for f in fields]
        line = ("#types\t" + "\t".join(types) + "\n").encode()
        head, _, rest = data.partition(b"#fields")
        named, _, body = rest.partition(b"\n")
        data = head + b"#fields" + named + b"\n" + line + body
        target = folder / f"{path}.{'log' if form == 'tsv' else 'json'}"
        target.write_bytes(data if form == "tsv" else as_json(data))
        written.append(target)
    return written


def _logs() -> list[tuple[str, list[str], list[dict[str, object]]]]:
    ends = ["ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p"]

    def base(one: Session, after: int = 0) -> dict[str, object]:
        return dict(zip(ends, [(one.us + after) / 1e6, f"C{one.number}", *one.near, one.far, one.port], strict=True))

    conns = [
        base(one)
        | {
            "proto": one.proto,
            "service": one.kind if one.kind in ("http", "ssl", "dns") else None,
            "duration": one.duration_us / 1e6 if one.kind != "silent" else None,
            "orig_bytes": one.size(True) if one.kind != "silent" else None,
            "resp_bytes": one.size(False) if one.kind != "silent" else None,
            "conn_state": one.state,
            "missed_bytes": 0,
        }
        for one in SESSIONS
    ]
    https = [
        base(one, 3 * STEP)
        | {"trans_depth": 1, "method": "POST", "host": one.name, "uri": "/in", "request_body_len": one.sent,
           "response_body_len": one.back, "status_code": 200}
        for one in SESSIONS if one.kind == "http"
    ]  # fmt: skip
    tls = [
        base(one, 3 * STEP) | {"version": "TLSv12", "cipher": "x", "server_name": one.name}
        for one in SESSIONS
        if one.kind == "ssl"
    ]
    dns = [
        base(one) | {"proto": "udp", "trans_id": one.number, "query": one.name, "qclass": 1, "qtype_name": "A",
                     "rcode_name": "NOERROR", "answers": "198.51.100.7"}
        for one in SESSIONS if one.kind == "dns"
    ]  # fmt: skip
    return [
        ("conn", CONN, conns),
        ("http", [*ends, *list(https[0])[6:]], https),
        ("ssl", [*ends, *list(tls[0])[6:]], tls),
        ("dns", [*ends, *list(dns[0])[6:]], dns),
    ]


def eve(path: Path) -> Path:
    """Write the sessions as Suricata's events."""
    listed: list[dict[str, object]] = []
    for one in SESSIONS:
        ends = {"flow_id": one.number, "src_ip": one.near[0], "src_port": one.near[1], "dest_ip": one.far,
                "dest_port": one.port, "proto": one.proto.upper()}  # fmt: skip
        header = 54 if one.proto == "tcp" else 42
        flow = {
            "pkts_toserver": one.count(True), "pkts_toclient": one.count(False),
            "bytes_toserver": one.size(True) + header * one.count(True),
            "bytes_toclient": one.size(False) + header * one.count(False),
            "start": _stamp(one.us), "end": _stamp(one.us + one.duration_us),
        }  # fmt: skip
        flags = {"silent": ("02", "00"), "refused": ("02", "14")}.get(one.kind, ("1b", "1b"))
        tcp = {"tcp": {"tcp_flags_ts": flags[0], "tcp_flags_tc": flags[1]}} if one.proto == "tcp" else {}
        app = {"http": "http", "ssl": "tls", "dns": "dns"}.get(one.kind)
        listed.append(
            {"timestamp": _stamp(one.us + 9_000_000), "event_type": "flow", **ends, "flow": flow, **tcp}
            | ({"app_proto": app} if app else {})
        )
        at = {"timestamp": _stamp(one.us + 3 * STEP), **ends}
        if one.kind == "http":
            told = {"hostname": one.name, "url": "/in", "http_method": "POST", "status": 200, "length": one.back}
            listed.append(at | {"event_type": "http", "http": told})
        elif one.kind == "ssl":
            listed.append(at | {"event_type": "tls", "tls": {"sni": one.name, "version": "TLS 1.2"}})
        elif one.kind == "dns":
            asked = {"type": "query", "id": one.number, "rrname": one.name, "rrtype": "A"}
            answer = asked | {"type": "answer", "rcode": "NOERROR", "grouped": {"A": ["198.51.100.7"]}, "version": 2}
            listed += [at | {"event_type": "dns", "dns": asked}, at | {"event_type": "dns", "dns": answer}]
    path.write_text("".join(json.dumps(row) + "\n" for row in listed))
    return path


def _stamp(us: int) -> str:
    from datetime import UTC, datetime, timedelta

    when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
    return when.strftime("%Y-%m-%dT%H:%M:%S.%f+0000")
