"""Captures and logs whose names act: of servers, protocols, services, domains, agents, buckets, users, certificates."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import dpkt
import pyarrow as pa
import pyarrow.parquet as pq

from canary_traffic import COMMON, FIRM, NEAR, START, Said, answer, certificate, gram, hello, pcap, tcp

CALLS = 16
"""Calls of each name, all at one rhythm, so that a behaviour bears it."""


FIELDS = ["StartTime", "Dur", "Proto", "SrcAddr", "Sport", "Dir", "DstAddr", "Dport", "State", "TotPkts", "Label"]


def write(folder: Path, names: dict[str, str]) -> None:
    """Write one capture and one log of each format, with all names in every field that holds text."""
    texts = [*names.values(), "a" * 300 + ".evil.example", "x" * 9_000]
    (folder / "gateway.pcap").write_bytes(_capture(texts))
    (folder / "eve.json").write_text("".join(json.dumps(event) + "\n" for event in _events(texts)))
    (folder / "vpc.log").write_text(_vpc(texts))
    (folder / "binet.flow").write_text(_argus(texts))
    (folder / "trail.json").write_text(json.dumps({"Records": _trail(texts)}))
    (folder / "action.json").write_text(json.dumps(_actions(texts)))
    (folder / "bucket.log").write_text("".join(_s3(text) for text in ["fine"] * len(texts) + texts))
    (folder / "server.log").write_text("".join(_server(text) for text in texts))
    count = len(texts)
    rows: dict[str, list[Any]] = {
        "ts": [float(START + n) for n in range(count)], "uid": texts, "id.orig_h": [NEAR] * count,
        "id.orig_p": [4_000] * count, "id.resp_h": ["203.0.113.5"] * count, "id.resp_p": [443] * count,
    }  # fmt: skip
    tls = dict.fromkeys(("version", "cipher", "next_protocol", "server_name", "ja3", "ja4", "issuer", "subject"), texts)
    pq.write_table(pa.table(rows | tls), folder / "ssl.parquet")


def _raw(text: str, most: int = 240) -> bytes:
    return text.encode("utf-8", "surrogatepass")[:most]


def _capture(texts: list[str]) -> bytes:
    talks: list[tuple[str, int, Said]] = []
    for text in texts:
        body = _raw(text, 30_000)
        lines = b"POST /" + body + b" HTTP/1.1\r\nHost: " + body + b"\r\nUser-Agent: " + body + b"\r\n"
        asked = lines + b"X-Forwarded-For: " + body + b"\r\nContent-Length: 3\r\n\r\na=1"
        talks.append(("198.51.100.80", 80, [(True, asked), (False, b"HTTP/1.1 200 " + body + b"\r\n\r\n")]))
        proxied = b"CONNECT " + body.replace(b" ", b"_") + b":443 HTTP/1.1\r\n\r\n"
        talks.append(("198.51.100.81", 3_128, [(True, proxied), (False, b"HTTP/1.1 200 OK\r\n\r\n")]))
        said: Said = [(False, b"220 FTP " + body + b"\r\n"), (True, b"USER " + body + b"\r\n"), (False, b"331 \r\n")]
        talks.append(("198.51.100.82", 21, said))
    frames = list(tcp(talks, step=2))
    calls: list[tuple[str, int, Said]] = []
    done = b"\x14\3\3\0\1\1\x17\3\3\0\x40" + bytes(64)
    for n in range(CALLS * len(texts)):
        name, text = _raw(texts[n % len(texts)]), texts[n % len(texts)]
        printable = "".join(c for c in text if c.isprintable())[:60] or "x"
        issuer = [(COMMON, printable), (FIRM, printable)]
        told = certificate([(COMMON, printable)], issuer, ["evil.example"]) if n < len(texts) else b""
        said = [(True, hello(name, name[:200])), (False, answer(name[:200], told)), (True, done), (False, done)]
        calls.append((f"198.51.101.{n % len(texts)}", 443, said))
    frames += tcp(calls, step=20, first=10_000)
    for number, text in enumerate(texts):
        label = _raw(text.replace(".", "-"), 60) or b"x"
        wire = bytes([len(label)]) + label + b"\4evil\7example\0"
        for n in range(12):
            head = (number * 12 + n + 1).to_bytes(2) + b"\1\0\0\1\0\0\0\0\0\0" + b"\3n%02d" % n + wire + b"\0\x10\0\1"
            frames.append(gram(2_000 + number * 12 + n, ("198.51.100.53", 53), head))
    frames.append(gram(9_000, ("198.51.100.53", 53), bytes(dpkt.dns.DNS(id=1, qd=[dpkt.dns.DNS.Q(name="x.example")]))))
    return pcap(sorted(frames))


def _events(texts: list[str]) -> list[dict[str, Any]]:
    made = []
    for n, text in enumerate(texts):
        stamp = f"2026-11-16T09:{n:02d}:00.000000+0000"
        ends = {"timestamp": stamp, "flow_id": n, "src_ip": NEAR, "src_port": 4_000 + n, "dest_ip": f"203.0.113.{n}",
                "dest_port": 443, "proto": "TCP"}  # fmt: skip
        size = {"pkts_toserver": 9, "pkts_toclient": 9, "bytes_toserver": 90_000, "bytes_toclient": 900, "start": stamp}
        made.append(ends | {"event_type": "flow", "app_proto": text, "flow": size, "in_iface": text})
        tls = {"sni": text, "issuerdn": f"O={text}", "version": text, "ja4": text, "ja3": {"hash": "0" * 31 + "f"},
               "client_alpns": [text], "subject": text}  # fmt: skip
        made.append(ends | {"event_type": "tls", "tls": tls})
        url = f"/{text}?{text}={text}"
        web = {"hostname": text, "url": url, "http_method": text, "http_user_agent": text, "xff": text}
        made.append(ends | {"event_type": "http", "http": web})
        made.append(ends | {"event_type": "http", "http": web | {"http_method": "CONNECT", "url": f"{text}:443"}})
        asked = {"type": "query", "rrname": text, "rrtype": text, "rcode": text}
        made.append(ends | {"event_type": "dns", "dns": asked})
        made += [ends | {"event_type": text}, ends | {"event_type": "alert", "alert": {"signature": text}}]
    return made


def _vpc(texts: list[str]) -> str:
    made = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
    made += "log-status\n"
    for n, text in enumerate(texts):
        word = "".join(text.split())
        made += f"2 {word} {word} {NEAR} 198.51.100.9 {n + 1} 443 6 9 900 {START} {START + 9} ACCEPT OK\n"
        made += f"2 1 1 {word} {word} {word} 443 {word} 9 900 {START} {START + 9} {word} {word}\n"
    return made


def _argus(texts: list[str]) -> str:
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(FIELDS)
    for text in texts:
        start = "2026/11/16 09:00:00.047277"
        rows.writerow([start, "3.5", text, NEAR, "4000", "  ->", "198.51.100.4", text, text, "12", text])
        rows.writerow([start, "3.5", "tcp", text, "4000", text, "198.51.100.4", "443", "CON", "12", text])
    return out.getvalue()


def _trail(texts: list[str]) -> list[dict[str, Any]]:
    made = []
    for text in texts:
        base = {"eventVersion": "1.08", "eventTime": "2026-06-01T10:00:00Z", "eventSource": "s3.amazonaws.com",
                "eventName": "GetObject", "awsRegion": "eu-central-1", "sourceIPAddress": "198.51.100.1",
                "recipientAccountId": "111122223333", "userAgent": text, "requestParameters": {"bucketName": text},
                "userIdentity": {"type": "IAMUser", "userName": text,
                                 "arn": f"arn:aws:iam::111122223333:user/{text}"}}  # fmt: skip
        role = {"type": "AssumedRole", "arn": f"arn:aws:sts::111122223333:assumed-role/{text}/{text}",
                "sessionContext": {"sessionIssuer": {"userName": text}}}  # fmt: skip
        policy = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::999988887777:user/{text}"}}]}
        made += [
            base, base | {"userIdentity": role}, base | {"eventName": text, "eventSource": f"{text}.amazonaws.com"},
            base | {"awsRegion": text, "sourceIPAddress": text, "recipientAccountId": text},
            base | {"eventName": "StopLogging", "eventSource": "cloudtrail.amazonaws.com",
                    "requestParameters": {"name": text}},
            base | {"eventName": "PutBucketPolicy", "requestParameters": {"bucketName": text, "bucketPolicy": policy}},
            base | {"userIdentity": {"type": text, "accountId": text, "invokedBy": text, "principalId": text}},
        ]  # fmt: skip
    return made


def _actions(texts: list[str]) -> list[dict[str, Any]]:
    base = {"eventId": "e", "eventVersion": "1", "eventSource": "oss.aliyuncs.com", "serviceName": "Oss",
            "eventRW": "Read", "acsRegion": "cn-hangzhou", "eventName": "GetObject",
            "eventTime": "2026-06-01T10:00:00Z", "sourceIpAddress": "198.51.100.1"}  # fmt: skip
    return [base | {"userIdentity": {"type": "ram-user", "accountId": "1234567890123456", "userName": text},
                    "userAgent": text,
                    "requestParameters": {"bucketName": text, "objectName": text}}
            for text in texts]  # fmt: skip


def _s3(text: str) -> str:
    word = "".join(text.split()).replace('"', "")
    return (
        f"79a59df900b949e5 {word} [06/Feb/2026:00:01:00 +0000] 198.51.100.7 arn:aws:iam::111122223333:user/{word} 3E57 "
        f'REST.GET.OBJECT {word} "GET /{word} HTTP/1.1" 200 - 4406 4406 7 - "{word}" "{word}" - x SigV4 y AuthHeader '
        f"{word}.s3.eu-central-1.amazonaws.com TLSv1.2 - -\n"
    )


def _server(text: str) -> str:
    line = text.replace("\n", " ")
    lead = "2026-06-01 10:00:00.000 UTC [77] "
    return (
        f"{lead}LOG:  connection authorized: user={line} database={line} application_name={line}\n"
        f'{lead}LOG:  statement: SELECT * FROM "{line}" WHERE a = 1\n'
        f'{lead}FATAL:  password authentication failed for user "{line}"\n'
    )
