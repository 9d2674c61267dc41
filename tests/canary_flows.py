"""Logs of traffic with canaries in every field: Suricata, clouds, nfdump, Argus, Zeek as Parquet."""

from __future__ import annotations

import json
import urllib.parse
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from canaries import Aviary, Canary
from canary_traffic import NEAR, START, everything


def write(folder: Path, aviary: Aviary) -> None:
    """Write one log of each format."""
    made = folder / "flow logs"
    made.mkdir()
    lines = [json.dumps(event) for event in _events(aviary)]
    bad = aviary.plant("event that is none")
    lines += [f'{{"event_type": "http", "{bad.email}": {bad.card}', json.dumps(everything(bad))]
    (made / "eve.json").write_text("\n".join(lines) + "\n")
    (made / "vpc.log").write_text(_vpc(aviary.plant("vpc field")))
    (made / "custom.log").write_text(_custom(aviary.plant("vpc custom field")))
    (made / "nsg.json").write_text(json.dumps(_azure(aviary.plant("azure field"))))
    lines = [json.dumps(row) for row in _gcp(aviary.plant("gcp field"))]
    (made / "entries.jsonl").write_text(
        "\n".join([*lines, f'{{"jsonPayload": {bad.email} {bad.card}', bad.name]) + "\n"
    )
    (made / "nfdump.csv").write_text(_nfdump(aviary.plant("nfdump field")))
    (made / "argus.binetflow").write_text(_argus(aviary.plant("argus field")))
    _zeek(made, aviary.plant("zeek parquet"), aviary.plant("zeek parquet metadata"))


def _stamp(second: int) -> str:
    return f"2026-11-16T0{second // 3600}:{second // 60 % 60:02d}:{second % 60:02d}.000000+0000"


def _event(number: int, kind: str, body: object, **more: object) -> dict[str, Any]:
    far = f"203.0.113.{number % 200}"
    ends = {"src_ip": NEAR, "src_port": 42_000 + number, "dest_ip": far, "dest_port": 443, "proto": "TCP"}
    stamp = {"timestamp": _stamp(number), "flow_id": number, "event_type": kind}
    return stamp | ends | {kind: body} | more


def _events(aviary: Aviary) -> list[dict[str, Any]]:
    """Return events in which every text is a canary."""
    flow, web, tls, name, other = (aviary.plant(f"eve {what}") for what in ("flow", "http", "tls", "dns", "other"))
    size = {"pkts_toserver": 9, "pkts_toclient": 9, "bytes_toserver": 4_000, "bytes_toclient": 900,
            "start": _stamp(1), "end": _stamp(2), "state": flow.name, "reason": flow.email}  # fmt: skip
    made = []
    for n, secret in enumerate([*flow.secrets.values(), flow.slug]):
        made.append(_event(n, "flow", size, app_proto=secret, community_id=secret, metadata={secret: secret}))
        made.append(_event(20 + n, "flow", size, src_ip=secret, dest_ip=secret, proto=secret, host=secret))
        made.append(_event(30 + n, "flow", size | {"start": secret}, flow_id=secret, in_iface=secret))
    for n, (kind, secret) in enumerate(web.secrets.items()):
        quoted = urllib.parse.quote(secret)
        http = {"hostname": f"{secret if n else web.slug}.shop.example", "url": f"/{quoted}?{kind}={quoted}",
                "http_method": "POST", "http_user_agent": secret, "http_refer": f"http://{web.email}/{quoted}",
                "xff": secret, "http_content_type": secret, "status": 200, "length": 9,
                "request_headers": [{"name": "X-Forwarded-For", "value": secret}, {"name": secret, "value": secret}],
                "http_request_body_printable": secret}  # fmt: skip
        proxied = {
            "hostname": f"{web.email}:{web.card}@{web.slug}.shop.example",
            "http_method": "CONNECT",
            "xff": secret,
        }
        targets = {"url": f"{web.slug}.shop.example:443" if n else f"{web.email}:{web.card}@x.example:443"}
        made += [_event(50 + n, "http", http), _event(60 + n, "http", proxied | targets)]
        made += [_event(50 + n, "flow", size, app_proto="http"), _event(60 + n, "flow", size, app_proto="http")]
    for n, secret in enumerate(tls.secrets.values()):
        hello = {"sni": f"{secret}.leak.example" if n else f"{tls.slug}.leak.example", "version": secret,
                 "subject": f"CN={tls.name}, emailAddress={tls.email}", "issuerdn": f"O={secret}, CN={tls.name}",
                 "ja3": {"hash": tls.card.encode().hex() if n else secret, "string": secret}, "ja4": secret,
                 "client_alpns": [secret], "server_alpns": [secret], "serial": secret}  # fmt: skip
        made += [_event(70 + n, "tls", hello), _event(70 + n, "flow", size, app_proto="tls")]
        made.append(_event(80 + n, "quic", {"sni": f"{tls.slug}.leak.example", "version": secret, "ja4": secret}))
    for n, secret in enumerate(name.secrets.values()):
        asked = {"type": "query", "id": n, "rrname": f"{secret}.leak.example", "rrtype": secret, "rcode": secret}
        told = {"type": "answer", "id": n, "rrname": f"{name.slug}.leak.example", "rrtype": "TXT", "rcode": "NOERROR",
                "answers": [{"rrname": secret, "rrtype": secret, "rdata": secret}],
                "grouped": {"TXT": [secret]}}  # fmt: skip
        made += [_event(90 + n, "dns", asked, dest_port=53), _event(90 + n, "dns", told, dest_port=53)]
    for n, secret in enumerate(other.secrets.values()):
        made += [
            _event(100 + n, "smtp", {"helo": secret, "mail_from": secret, "rcpt_to": [secret]}, email={"from": secret}),
            _event(100 + n, "fileinfo", {"filename": secret}), _event(100 + n, "alert", {"signature": secret}),
            _event(100 + n, "ftp", {"command": "USER", "command_data": secret}), _event(100 + n, secret, {"x": secret}),
            _event(100 + n, "http", secret), _event(100 + n, "dns", secret), _event(100 + n, "tls", secret),
            _event(100 + n, "flow", {"start": secret}), _event(100 + n, "stats", {"uptime": secret}, timestamp=secret),
        ]  # fmt: skip
    return made


def _vpc(one: Canary) -> str:
    line = "2 {account} {card} {src} 198.51.100.{n} 443 {port} 6 9 900 {start} {end} {action} OK\n"
    made = ""
    for n, secret in enumerate([*one.secrets.values(), one.slug]):
        word = secret.replace(" ", "_")
        told = {"account": word, "card": one.card, "n": n, "start": START, "end": START + 60}
        made += line.format(src=NEAR, port=40_000 + n, action="ACCEPT", **told)
        made += line.format(src=word, port=40_000, action="ACCEPT", **told)
        made += line.format(src=NEAR, port=word, action=word, **told) + secret + "\n"
    head = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
    return head + "log-status\n" + made


def _custom(one: Canary) -> str:
    head = f"start end srcaddr dstaddr srcport dstport protocol packets bytes {one.slug} instance-id flow-direction\n"
    rows = [f"{START} {START + 9} {NEAR} 198.51.100.9 4{n} 443 6 9 900 {s.replace(' ', '_')} {one.email} {one.card}\n"
            for n, s in enumerate(one.secrets.values())]  # fmt: skip
    return head + "".join(rows)


def _azure(one: Canary) -> dict[str, Any]:
    good = f"{START},{NEAR},198.51.100.1,4{{}},443,T,O,A,E,10,2000,8,9000"
    flows = [
        {"rule": secret, secret: secret,
         "flows": [{"mac": secret, "flowTuples": [good.format(n), secret, f"{START},{secret},x,1,2,T,O,A",
                                                 good.format(secret.replace(",", ""))]}]}
        for n, secret in enumerate(one.secrets.values())
    ]  # fmt: skip
    record = {"time": one.name, "systemId": one.email, "macAddress": one.parcel, one.email: one.card,
              "category": "NetworkSecurityGroupFlowEvent", "resourceId": f"/SUBSCRIPTIONS/{one.slug}/{one.card}",
              "properties": {"Version": 2, "flows": flows}}  # fmt: skip
    return {"records": [record]}


def _gcp(one: Canary) -> list[dict[str, Any]]:
    made = []
    for n, secret in enumerate(one.secrets.values()):
        ends = {"src_ip": NEAR, "src_port": 4_000 + n, "dest_ip": "198.51.100.2", "dest_port": 443, "protocol": 6}
        payload = {"connection": ends, "bytes_sent": "900", "packets_sent": "9", "start_time": "2026-11-16T09:00:00Z",
                   "end_time": "2026-11-16T09:00:05Z", "reporter": "SRC", "src_instance": {"vm_name": secret},
                   "dest_location": {"city": secret}, secret: secret}  # fmt: skip
        entry = {"logName": f"projects/{secret}/logs/x", "insertId": secret, "labels": {secret: secret},
                 "resource": {"labels": {"project_id": secret}}}  # fmt: skip
        made.append(entry | {"jsonPayload": payload})
        made.append(entry | {"jsonPayload": payload | {"reporter": secret, "connection": ends | {"src_ip": secret}}})
        made.append(entry | {"jsonPayload": payload | {"reporter": secret}})
        made.append(entry | {"jsonPayload": payload | {"start_time": secret}})
        made.append(entry | {"jsonPayload": secret})
    return made


def _nfdump(one: Canary) -> str:
    made = f"firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flags,{one.email},{one.name}\n"
    line = "2026-11-16 09:00:00.000,1.5,{},{},{},198.51.100.3,443,10,5000,{},{},{}\n"
    for n, secret in enumerate(one.secrets.values()):
        made += line.format("TCP", NEAR, 4_000 + n, "...AP.SF", secret, secret)
        made += line.format(secret, NEAR, secret, secret, secret, secret)
        made += line.format("TCP", secret, 4_000, "...AP.SF", secret, secret) + secret + "\n"
    return made + f"Summary\n{one.email},{one.card}\n"


def _argus(one: Canary) -> str:
    made = f"StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,TotPkts,TotBytes,SrcBytes,Label,{one.slug}\n"
    line = "2026/11/16 09:00:00.047277,3.5,{},{},{},  {},198.51.100.4,443,{},12,875,413,flow={},{}\n"
    for n, secret in enumerate(one.secrets.values()):
        made += line.format("udp", NEAR, 5_000 + n, "<->", "CON", secret, secret)
        made += line.format(secret, NEAR, secret, secret, secret, secret, secret)
        made += line.format("tcp", secret, 80, "->", f"{secret}_{secret}", secret, secret) + secret + "\n"
    return made


def _zeek(folder: Path, one: Canary, meta: Canary) -> None:
    secrets = list(one.secrets.values())
    count = len(secrets)
    ends = {"ts": [float(START + n) for n in range(count)], "uid": secrets, "id.orig_h": [NEAR] * count,
            "id.orig_p": [4_000] * count, "id.resp_h": ["198.51.100.5"] * count,
            "id.resp_p": [443] * count}  # fmt: skip
    told = dict.fromkeys(("proto", "service", "conn_state"), secrets) | {"orig_bytes": [9] * count, one.email: secrets}
    ssl = {"server_name": [f"{one.slug}.leak.example"] * count, "version": secrets, "cipher": secrets,
           "ja3": [*secrets[1:], one.card.encode().hex()],
           "ja4": secrets, "next_protocol": secrets, "issuer": [f"CN={s},O={s}" for s in secrets],
           "subject": secrets, "established": [True] * count}  # fmt: skip
    notes = {meta.email: everything(meta)}
    pq.write_table(pa.table(ends | told).replace_schema_metadata(notes), folder / "conn.parquet")
    pq.write_table(pa.table(ends | ssl).replace_schema_metadata(notes), folder / "ssl.parquet")
