"""Three days of invented traffic of an invented parcel hub: its connections, and what Zeek would log of them."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

START = 1_794_787_200
"""2026-11-16 00:00 UTC, a Monday."""
DAY, HOUR, MINUTE = 86_400, 3_600, 60

WMS, STORE, PORTAL, RESOLVER = "10.20.1.10", "10.20.1.20", "10.20.1.30", "10.20.0.53"
SORTER, DESK = "10.20.7.31", "10.20.3.40"
CARRIER, CUSTOMS, MERCHANT = "198.51.100.20", "198.51.100.40", "198.51.100.77"
SORTER_CLOUD, BEAT, TALLY = "203.0.113.77", "203.0.113.90", "203.0.113.60"
UPLOAD = "8.209.64.10"
"""An address of a public range: what the tables say of it is public record, that it was used is invented."""
SUPPORT = "36.110.1.10"
"""As above: a public range that stands in China."""
ANYCAST = "1.1.1.1"
NAME_SERVERS = "ns1.wire-names.example,ns2.wire-names.example"

NAMES = {
    CARRIER: "tracking.carrier-north.example",
    CUSTOMS: "declarations.customs-desk.example",
    SUPPORT: "remote.sortgrid-wms.example",
    BEAT: "beat.pulse-metrics.example",
    PORTAL: "portal.ourthe-hub.example",
}


@dataclass(frozen=True)
class Conn:
    """One connection."""

    ts: float
    uid: str
    orig_h: str
    orig_p: int
    resp_h: str
    resp_p: int
    proto: str
    service: str
    duration: float
    orig_bytes: int
    resp_bytes: int
    state: str

    @property
    def ends(self) -> tuple[object, ...]:
        """The columns that every log of Zeek begins with."""
        return (f"{self.ts:.6f}", self.uid, self.orig_h, self.orig_p, self.resp_h, self.resp_p)


class Traffic:
    """Makes connections from a seed."""

    def __init__(self, rng: random.Random) -> None:
        """Begin with none."""
        self.rng = rng
        self.conns: list[Conn] = []

    def add(
        self, at: float, orig: str, resp: str, port: int, *, sent: int, got: int, service: str = "ssl",
        proto: str = "tcp", state: str = "SF",
    ) -> None:  # fmt: skip
        """Add a connection at so many seconds after the start, a few seconds later at random."""
        rng = self.rng
        alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
        uid = "C" + "".join(rng.choice(alphabet) for _ in range(17))
        ts = START + at + rng.randrange(0, 9_000_000) / 1e6
        duration = 0.0 if state in ("S0", "REJ") else round(0.05 + rng.random() * 4 + sent / 2e7, 6)
        self.conns.append(
            Conn(ts, uid, orig, rng.randrange(20_000, 60_000), resp, port, proto, service, duration, sent, got, state)
        )


def traffic(rng: random.Random) -> list[Conn]:
    """Return all connections of the three days, in order of time."""
    made = Traffic(rng)
    for day in range(3):
        at = day * DAY
        for hour in range(24):
            _hourly(made, at + hour * HOUR, working=6 <= hour < 20)
        # Nobody declared this one: a bulk upload every night, to a bare address.
        made.add(at + 2 * HOUR, WMS, UPLOAD, 443, sent=rng.randrange(1_300_000_000, 1_500_000_000), got=91_000)
        made.add(at + 3 * HOUR, WMS, CUSTOMS, 443, sent=rng.randrange(60_000, 90_000), got=rng.randrange(9_000, 12_000))
    return sorted(made.conns, key=lambda conn: conn.ts)


def _hourly(made: Traffic, at: float, *, working: bool) -> None:
    rng = made.rng
    made.add(at + 60, WMS, CARRIER, 443, sent=rng.randrange(4_000, 40_000), got=rng.randrange(2_000, 9_000))
    made.add(at + 300, WMS, RESOLVER, 53, sent=48, got=112, service="dns", proto="udp")
    made.add(at + 600, RESOLVER, ANYCAST, 853, sent=rng.randrange(700, 1_500), got=rng.randrange(2_000, 5_000))
    for part in range(2):
        step = at + part * 30 * MINUTE
        sent, got = rng.randrange(500, 9_000), rng.randrange(9_000, 90_000)
        made.add(step + 30, WMS, STORE, 5432, sent=sent, got=got, service="-")
        made.add(step + 90, SORTER, SORTER_CLOUD, 8883, sent=0, got=0, service="-", state=rng.choice(["S0", "REJ"]))
    for part in range(3):
        made.add(at + part * 20 * MINUTE, DESK, BEAT, 443, sent=rng.randrange(310, 330), got=190)
    if working:
        made.add(at + 900, DESK, SUPPORT, 443, sent=rng.randrange(200_000, 900_000), got=rng.randrange(20_000, 60_000))
        made.add(at + 1_200, MERCHANT, PORTAL, 443, sent=rng.randrange(900, 3_000), got=rng.randrange(9_000, 70_000))


_ENDS = (("ts", "time"), ("uid", "string"), ("id.orig_h", "addr"), ("id.orig_p", "port"), ("id.resp_h", "addr"),
         ("id.resp_p", "port"))  # fmt: skip
CONN = (*_ENDS, ("proto", "enum"), ("service", "string"), ("duration", "interval"), ("orig_bytes", "count"),
        ("resp_bytes", "count"), ("conn_state", "string"), ("local_orig", "bool"), ("missed_bytes", "count"),
        ("history", "string"))  # fmt: skip
DNS = (*_ENDS, ("proto", "enum"), ("trans_id", "count"), ("query", "string"), ("qtype_name", "string"),
       ("rcode_name", "string"), ("answers", "vector[string]"))  # fmt: skip
SSL = (*_ENDS, ("version", "string"), ("cipher", "string"), ("server_name", "string"), ("established", "bool"))
HTTP = (*_ENDS, ("trans_depth", "count"), ("method", "string"), ("host", "string"), ("uri", "string"),
        ("user_agent", "string"), ("request_body_len", "count"), ("response_body_len", "count"),
        ("status_code", "count"))  # fmt: skip


def tsv(path: str, fields: Sequence[tuple[str, str]], rows: Iterable[Sequence[object]]) -> str:
    """Return a log as Zeek writes it."""
    head = (
        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n"
        f"#path\t{path}\n#open\t2026-11-16-00-00-00\n"
    )
    head += "#fields\t" + "\t".join(name for name, _ in fields) + "\n"
    head += "#types\t" + "\t".join(kind for _, kind in fields) + "\n"
    body = "".join("\t".join(map(str, row)) + "\n" for row in rows)
    return head + body + "#close\t2026-11-19-00-00-00\n"


def conn_row(conn: Conn) -> tuple[object, ...]:
    """Return a connection as a row of conn.log."""
    duration = "-" if conn.state in ("S0", "REJ") else f"{conn.duration:.6f}"
    history = {"S0": "S", "REJ": "Sr"}.get(conn.state, "ShADadFf")
    local = "T" if conn.orig_h.startswith("10.") else "F"
    sizes = (duration, conn.orig_bytes, conn.resp_bytes)
    return (*conn.ends, conn.proto, conn.service, *sizes, conn.state, local, 0, history)


def _dns(conns: Iterable[Conn], rng: random.Random) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    known = [addr for addr in NAMES if addr != PORTAL]
    for conn in conns:
        if conn.service == "dns":
            if len(rows) % 24 == 23:
                # Who answers for the hub's own domain: nobody declared that both name servers are one provider's.
                asked = (rng.randrange(65_536), "ourthe-hub.example", "NS", "NOERROR", NAME_SERVERS)
                rows.append((*conn.ends, "udp", *asked))
                continue
            addr = known[len(rows) % len(known)]
            rows.append((*conn.ends, "udp", rng.randrange(65_536), NAMES[addr], "A", "NOERROR", addr))
    return rows


def _ssl(conns: Iterable[Conn]) -> list[tuple[object, ...]]:
    suite = ("TLSv13", "TLS_AES_256_GCM_SHA384")
    return [(*conn.ends, *suite, NAMES.get(conn.resp_h, "-"), "T") for conn in conns if conn.service == "ssl"]


def _http(rng: random.Random) -> list[tuple[object, ...]]:
    rows = []
    for number in range(120):
        scanner = (f"10.20.5.{number % 9 + 10}", 40_000 + number)
        ends = (f"{START + 2 * DAY + number * 600:.6f}", f"Ch{number:05d}scan", *scanner, PORTAL, 80)
        rows.append((*ends, 1, "GET", "scan.ourthe-hub.example", "/scan", "handheld", 0, rng.randrange(90, 400), 200))
    return rows


def pack(text: str) -> bytes:
    """Return text as gzip without a time, so that the same text gives the same bytes."""
    return gzip.compress(text.encode(), mtime=0)


def as_json(conns: Iterable[Conn]) -> str:
    """Return connections as the lines of a conn.log in JSON."""
    lines = []
    for conn in conns:
        row = {name: value for (name, _), value in zip(CONN, conn_row(conn), strict=True) if value != "-"}
        row |= {"ts": round(conn.ts, 6), "local_orig": row["local_orig"] == "T"}
        if "duration" in row:
            row["duration"] = conn.duration
        lines.append(json.dumps(row) + "\n")
    return "".join(lines)


def write(folder: Path, rng: random.Random) -> list[Conn]:
    """Write the logs into a folder, and return the connections that are in them."""
    conns = traffic(rng)
    folder.mkdir(parents=True)
    days = [[conn for conn in conns if day <= (conn.ts - START) // DAY < day + 1] for day in range(3)]
    for number, day in enumerate(days):
        text = tsv("conn", CONN, map(conn_row, day))
        name = f"conn.2026-11-{16 + number}.log"
        if number == 1:
            (folder / f"{name}.gz").write_bytes(pack(text))
        else:
            (folder / name).write_text(text)
    # The same connections once more, as a second sensor wrote them: they count once.
    (folder / "second-sensor.conn.json").write_text(as_json(days[0][:60]))
    (folder / "dns.log").write_text(tsv("dns", DNS, _dns(conns, rng)))
    (folder / "ssl.log").write_text(tsv("ssl", SSL, _ssl(conns)))
    cut = pack(tsv("http", HTTP, _http(rng)))
    (folder / "http.2026-11-18.log.gz").write_bytes(cut[: len(cut) * 3 // 5])
    return conns
