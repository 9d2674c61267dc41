"""Evidence of every format with canaries in every place where evidence may hold a value or a name."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import sqlite3
import tarfile
import urllib.parse
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from canaries import Aviary, Canary
from canary_claims import claims
from canary_flows import write as flows
from canary_logs import write as logs
from canary_messages import write as messages
from canary_owners import write as owners
from canary_traffic import write as traffic

START = 1_794_787_200
_ENDS = ["ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p"]
_ENDS_TYPES = ["time", "string", "addr", "port", "addr", "port"]


def plant(folder: Path) -> Aviary:
    """Write the evidence into a new folder, and return what was planted where."""
    folder.mkdir(parents=True)
    aviary = Aviary()
    tables = (_tables, _json, _databases, _sheets, _names, _zeek, _har, _infrastructure, _broken, _archives)
    for write in (*tables, messages, owners, logs, traffic, flows):
        write(folder, aviary)
    (folder / "estate.yaml").write_text(_estate(aviary))
    return aviary


def _estate(aviary: Aviary) -> str:
    """Return a valid declaration that has a role-holder's company, and canaries where names may stand."""
    of = aviary.plant
    label, asset, source = of("estate title"), of("estate asset"), of("estate source")
    flow = of("estate destination")
    return (
        f"title: case of {label.name} {label.email} {label.card} {label.parcel}\n"
        "networks: [10.20.0.0/16]\n"
        "entities: {hub: {organised_in: [BE], source: '"
        + f"{source.email} {source.card} {source.name} {source.parcel}"
        + "'}}\n"
        "assets:\n"
        f"  {asset.slug}: {{kind: store, place: DE, name: '{asset.email} {asset.card}', operated_by: hub}}\n"
        f"  box-{asset.parcel.lower()}: {{kind: store}}\n"
        f"flows: {{{flow.slug}: {{to: {flow.slug}.leak.example}}, f2: {{to: c{flow.card}.leak.example}},"
        f" f3: {{to: {flow.parcel.lower()}.leak.example}}}}\n"
        "policy: {accept_reach: [EU]}\n" + claims(aviary, asset.slug)
    )


def bad_estates(aviary: Aviary) -> dict[str, str]:
    """Return declarations with an error at a canary, each of which ends the run; the first four differ most."""
    start = "networks: [10.0.0.0/8]\npolicy: {accept_reach: [EU]}\n"
    forms = {
        "estate with an unknown key": "assets: {{}}\n{}: 1\n",
        "estate with a bad value": "assets: {{a: {{kind: {}}}}}\n",
        "estate with a bad reference": "assets: {{a: {{kind: store, runs_on: {}}}}}\n",
        "estate that is no YAML": "assets: {{a: {{kind: store}}\n  {}: [\n",
    }
    planted = {label: list(aviary.plant(label).secrets.items()) for label in forms}
    made = {}
    for at in range(4):
        for number, (label, form) in enumerate(forms.items()):
            kind, secret = planted[label][(at + number) % 4]
            made[f"{label}, {kind}"] = start + form.format(json.dumps(secret))
    return made


def _cells(one: Canary) -> list[str]:
    return [one.name, one.email, one.card, one.parcel]


def _csv(rows: list[list[str]], delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _tables(folder: Path, aviary: Aviary) -> None:
    head = ["customer name", "email", "card number", "parcel number"]
    rows = [head, *[_cells(aviary.plant("csv cell")) for _ in range(4)]]
    (folder / "cells.csv").write_text(_csv(rows))
    (folder / "cells.tsv").write_bytes(("﻿" + _csv(rows, "\t")).encode("utf-16"))
    # The first row of a file without a header is a record like the others, and not names of columns.
    bare = [_cells(aviary.plant("headerless csv")) for _ in range(6)]
    (folder / "headerless.csv").write_text(_csv(bare, ";"))
    named = aviary.plant("csv column name")
    (folder / "columns.csv").write_text(_csv([_cells(named), ["1", "2", "3", "4"], ["5", "6", "7", "8"]]))
    long = aviary.plant("csv with one column")
    (folder / "one column.txt").write_text("\n".join(["note", *[f"parcel {v} was late" for v in _cells(long)]]) + "\n")


def _json(folder: Path, aviary: Aviary) -> None:
    cell, key = aviary.plant("json cell"), aviary.plant("json key")
    (folder / "records.json").write_text(json.dumps([dict(zip("abcd", _cells(cell), strict=True))] * 3))
    keyed = [{secret: 1, "id": n} for n, secret in enumerate(_cells(key))]
    (folder / "keys.json").write_text(json.dumps(keyed))
    (folder / "nested.json").write_text(json.dumps({"people": {secret: {"seen": 1} for secret in _cells(key)}}))
    lines = aviary.plant("json lines")
    (folder / "lines.jsonl").write_text(
        "".join(json.dumps({"who": v, "n": n}) + "\n" for n, v in enumerate(_cells(lines)))
    )


def _databases(folder: Path, aviary: Aviary) -> None:
    cell, table, column = (aviary.plant(f"sqlite {what}") for what in ("cell", "table name", "column name"))
    con = sqlite3.connect(folder / "shop.sqlite")
    with con:
        con.execute("CREATE TABLE buyers (who TEXT, email TEXT, card TEXT, parcel TEXT)")
        con.execute("INSERT INTO buyers VALUES (?, ?, ?, ?)", _cells(cell))
        for name in _cells(table):
            con.execute(f'CREATE TABLE "{name}" (v TEXT)')
            con.execute(f'INSERT INTO "{name}" VALUES (?)', (cell.email,))
        con.execute("CREATE TABLE wide (" + ", ".join(f'"{name}" TEXT' for name in _cells(column)) + ")")
        con.execute("INSERT INTO wide VALUES ('1', '2', '3', '4')")
    con.close()
    cell, column, meta = (aviary.plant(f"parquet {what}") for what in ("cell", "column name", "metadata"))
    data = {"who": [cell.name] * 3, "mail": [cell.email] * 3, "card": [int(cell.card)] * 3, "parcel": [cell.parcel] * 3}
    data |= {name: [1, 2, 3] for name in _cells(column)}
    table_ = pa.table(data).replace_schema_metadata({meta.email: meta.card, "who": meta.name, "parcel": meta.parcel})
    pq.write_table(table_, folder / "shop.parquet")


def _sheets(folder: Path, aviary: Aviary) -> None:
    cell, sheet, column = (aviary.plant(f"xlsx {what}") for what in ("cell", "sheet name", "column name"))
    sheets = {name: [_cells(column), _cells(cell), _cells(cell)] for name in (sheet.name, sheet.card, sheet.parcel)}
    (folder / "shop.xlsx").write_bytes(xlsx(sheets))


def xlsx(sheets: dict[str, list[list[str]]]) -> bytes:
    """Return a workbook with inline texts."""
    out = io.BytesIO()
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as box:
        types = "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="application/vnd.openxmlformats-'
            'officedocument.spreadsheetml.worksheet+xml"/>' for n in range(1, len(sheets) + 1)
        )  # fmt: skip
        box.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
            f'spreadsheetml.sheet.main+xml"/>{types}</Types>',
        )
        box.writestr("_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")]))
        named = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(sheets, 1))
        box.writestr("xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets>{named}</sheets></workbook>')
        parts = [("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)]
        box.writestr("xl/_rels/workbook.xml.rels", _relations(parts))
        for n, rows in enumerate(sheets.values(), 1):
            text = "".join(
                "<row>" + "".join(f'<c t="inlineStr"><is><t>{v}</t></is></c>' for v in row) + "</row>" for row in rows
            )
            box.writestr(
                f"xl/worksheets/sheet{n}.xml", f'<worksheet xmlns="{main}"><sheetData>{text}</sheetData></worksheet>'
            )
    return out.getvalue()


def _relations(parts: list[tuple[str, str]]) -> str:
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    listed = "".join(
        f'<Relationship Id="rId{n}" Type="{base}/{kind}" Target="{to}"/>' for n, (kind, to) in enumerate(parts, 1)
    )
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{listed}</Relationships>'
    )


def _names(folder: Path, aviary: Aviary) -> None:
    """Names of files and folders: read ones, unknown ones, links, and a pipe."""
    one, two, three = aviary.plant("file name"), aviary.plant("folder name"), aviary.plant("name of what is refused")
    for secret in (*_cells(one), one.slug, urllib.parse.quote(one.email, safe=""), one.name.replace(" ", "_")):
        (folder / f"{secret}.csv").write_text("id,size\n1,2\n2,3\n")
    for secret in _cells(two):
        (folder / secret).mkdir()
        (folder / secret / "orders.csv").write_text(f"id,size\n1,{len(secret)}\n2,3\n")
    for secret in _cells(three):
        (folder / f"{secret}.bin").write_bytes(b"\x00\x01\x02" + secret.encode())
        (folder / f"link {secret}").symlink_to(f"/nowhere/{secret}")
    (folder / "hex").mkdir()
    (folder / "hex" / f"{one.email.encode().hex()}.csv").write_text("id\n1\n2\n")
    (folder / "hex" / f"{base64.urlsafe_b64encode(one.card.encode()).decode()}.csv").write_text("id\n1\n2\n")


def zeek(path: str, fields: list[str], types: list[str], rows: list[list[object]]) -> str:
    """Return a Zeek log."""
    text = f"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t{path}\n"
    text += "#fields\t" + "\t".join([*_ENDS, *fields]) + "\n#types\t" + "\t".join([*_ENDS_TYPES, *types]) + "\n"
    return text + "".join("\t".join(map(str, row)) + "\n" for row in rows)


def _ends(n: int, resp: str, port: int = 443) -> list[object]:
    return [f"{START + n}.5", f"C{n:04d}uid", "10.20.1.1", 40_000 + n, resp, port]


def _zeek(folder: Path, aviary: Aviary) -> None:
    logs = folder / "logs"
    logs.mkdir()
    bad, label, sni, web = (aviary.plant(f"zeek {w}") for w in ("bad row", "dns label", "sni", "http"))
    conns: list[list[object]] = [
        [*_ends(n, f"198.51.100.{n}"), "tcp", "ssl", "0.5", 900, 90, "SF"] for n in range(1, 60)
    ]
    for n, secret in enumerate(_cells(bad)):
        conns.append([secret, f"Cbad{n}", "10.20.1.1", 1, "198.51.100.9", 443, "tcp", "ssl", "0.5", 900, 90, "SF"])
        conns.append([*_ends(70 + n, "198.51.100.9"), "tcp", secret, "0.5", "many", 90, "SF", "one", "too", "many"])
        conns.append([*_ends(80 + n, secret), "tcp", secret, "0.5", 1, 90, secret])
        conns.append([*_ends(90 + n, "198.51.100.9"), secret, secret, "0.5", 1, 90, secret])
    fields, types = (
        ["proto", "service", "duration", "orig_bytes", "resp_bytes", "conn_state"],
        ["enum", "string", "interval", "count", "count", "string"],
    )
    (logs / "conn.log").write_text(zeek("conn", fields, types, conns))
    with_nul = zeek("conn", fields, types, conns[:3]).encode() + f"{bad.email}\0{bad.name}\t{bad.card}\n".encode()
    (logs / "nul.conn.log").write_bytes(with_nul)
    hosts = [f"{secret}.leak.example" for secret in (label.slug, label.card, label.parcel.lower(), label.email)]
    hosts += [
        f"{label.email.encode().hex()}.leak.example",
        f"{base64.b32encode(label.email.encode()).decode().strip('=').lower()}.leak.example",
    ]
    queries = [
        [*_ends(n, "198.51.100.53", 53), "udp", host, "A", "NOERROR", f"198.51.100.{n + 1}"]
        for n, host in enumerate(hosts)
    ]
    queries += [
        [*_ends(20 + n, "198.51.100.53", 53), "udp", "x.example", "TXT", "NOERROR", v]
        for n, v in enumerate(_cells(label))
    ]
    (logs / "dns.log").write_text(
        zeek(
            "dns",
            ["proto", "query", "qtype_name", "rcode_name", "answers"],
            ["enum", "string", "string", "string", "vector[string]"],
            queries,
        )
    )
    hosts = [
        f"{secret}.leak.example"
        for secret in (sni.slug, sni.card, sni.parcel.lower(), sni.name.replace(" ", "."), sni.email)
    ]
    hellos = [[*_ends(n, f"198.51.100.{n}"), "TLSv13", "AES", host, "T"] for n, host in enumerate(hosts, 1)]
    (logs / "ssl.log").write_text(
        zeek("ssl", ["version", "cipher", "server_name", "established"], ["string", "string", "string", "bool"], hellos)
    )
    visits = []
    for n, secret in enumerate([*_cells(web), web.slug]):
        quoted = urllib.parse.quote(secret)
        host = f"{web.slug}.shop.example" if n == 0 else f"{secret}.shop.example"
        visits.append(
            [*_ends(100 + n, "203.0.113.5", 80), 1, "GET", host, f"/u/{quoted}?q={quoted}", secret, secret, 0, 9, 200]
        )
    http_fields = [
        "trans_depth",
        "method",
        "host",
        "uri",
        "user_agent",
        "username",
        "request_body_len",
        "response_body_len",
        "status_code",
    ]
    (logs / "http.log").write_text(
        zeek(
            "http",
            http_fields,
            ["count", "string", "string", "string", "string", "string", "count", "count", "count"],
            visits,
        )
    )
    line = dict(zip([*_ENDS, "proto"], [START + 1, "Cj1", "10.20.1.1", 4, "198.51.100.77", 443, "tcp"], strict=True))
    more = [json.dumps(line | {"orig_bytes": 5, "conn_state": "SF", "service": s, s: s}) for s in _cells(web)]
    (logs / "conn.json").write_text("\n".join([*more, f'{{"ts": "{bad.name}", {bad.email}', bad.card]) + "\n")


def _har(folder: Path, aviary: Aviary) -> None:
    url, body, agent = (aviary.plant(f"har {what}") for what in ("address", "body", "user agent"))
    entries = []
    for n, secret in enumerate(_cells(url)):
        quoted = urllib.parse.quote(secret)
        text = base64.b64encode(json.dumps(_cells(body)).encode()).decode()
        entries.append(
            {
                "startedDateTime": f"2026-11-16T09:00:0{n}Z" if n else url.name,
                "request": {
                    "method": "POST", "url": f"https://{url.slug if n else 'www'}.shop.example/u/{quoted}?who={quoted}",
                    "httpVersion": secret, "headers": [{"name": "User-Agent", "value": v} for v in _cells(agent)],
                    "cookies": [{"name": secret, "value": secret}], "queryString": [{"name": "who", "value": secret}],
                    "postData": {"mimeType": "text/plain", "text": "\n".join(_cells(body))},
                    "headersSize": -1, "bodySize": -1,
                },
                "response": {
                    "status": 200, "statusText": secret, "headers": [{"name": "Set-Cookie", "value": secret}],
                    "content": {"size": 9, "mimeType": "text/plain", "text": text, "encoding": "base64"},
                    "redirectURL": quoted, "headersSize": -1, "bodySize": -1,
                },
                "serverIPAddress": "203.0.113.9" if n < 2 else secret, "connection": secret, "comment": secret,
            }
        )  # fmt: skip
    creator = {"name": agent.name, "version": agent.email}
    (folder / "visit.har").write_text(json.dumps({"log": {"version": "1.2", "creator": creator, "entries": entries}}))
    whole = (folder / "visit.har").read_bytes()
    (folder / "cut.har").write_bytes(whole[: len(whole) * 2 // 3])


def _infrastructure(folder: Path, aviary: Aviary) -> None:
    bucket, key, tag, service = (aviary.plant(w) for w in ("bucket name", "resource name", "resource tag", "cyclonedx"))
    made = []
    for n, secret in enumerate((bucket.slug, bucket.card, bucket.parcel.lower(), bucket.email)):
        attributes = {
            "id": secret, "bucket": secret, "region": "eu-central-1", "arn": f"arn:aws:s3:::{secret}",
            "bucket_regional_domain_name": f"{secret}.s3.eu-central-1.amazonaws.com",
            "tags": dict(zip("abcd", _cells(tag), strict=True)),
            "password": tag.card,
        }  # fmt: skip
        resource = {"mode": "managed", "type": "aws_s3_bucket", "name": _cells(key)[n], "module": f"module.{key.slug}"}
        made.append(resource | {"instances": [{"index_key": _cells(key)[n], "attributes": attributes}]})
    state = {
        "version": 4,
        "terraform_version": "1.9.0",
        "lineage": tag.parcel,
        "resources": made,
        "outputs": {tag.email: {"value": tag.name}},
    }
    (folder / "terraform.tfstate").write_text(json.dumps(state))
    services = [
        {
            "bom-ref": secret, "name": secret, "group": secret, "description": secret, "version": secret,
            "provider": {"name": secret, "contact": [{"name": service.name, "email": service.email}]},
            "endpoints": [f"https://{service.slug}.api.example/u/{urllib.parse.quote(secret)}"],
            "data": [{"flow": "outbound", "classification": secret, "name": secret, "destination": [f"https://x.example/{secret}"]}],
        }
        for secret in _cells(service)
    ]  # fmt: skip
    (folder / "bom.json").write_text(
        json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "services": services})
    )


def _broken(folder: Path, aviary: Aviary) -> None:
    """Rows that make each parser fail: its error message may show the row."""
    bad = aviary.plant("row that breaks a parser")
    cells = _cells(bad)
    text = "id,customer name,email,card number,parcel number\n" + "".join(f"{n},{','.join(cells)}\n" for n in range(50))
    (folder / "quote.csv").write_text(text + '7,"' + ",".join(cells) + "\n")
    (folder / "wide.csv").write_text(text + ",".join(cells * 4) + "\n" + text.split("\n")[1] + "\n")
    (folder / "encoding.csv").write_bytes(text.encode() + b"\xff\xfe\x80" + bad.email.encode() + b",\x80\x81\n")
    packed = gzip.compress((text * 40).encode())
    (folder / "cut.csv.gz").write_bytes(packed[: len(packed) * 2 // 3])
    (folder / "broken.json").write_text(
        '[{"who": ' + json.dumps(cells) + f'}}, {{"who": {bad.name} {bad.email}, {bad.card}'
    )
    (folder / "broken.jsonl").write_text(
        json.dumps({"a": cells[0]}) + f"\n{{{bad.email}: {bad.card}\n" + json.dumps({"a": cells[1]}) + "\n"
    )
    (folder / "broken.tfstate").write_text(
        '{"version": 4, "terraform_version": "1", "resources": [' + bad.email + bad.card
    )
    for name in ("shop.sqlite", "shop.parquet", "shop.xlsx"):
        whole = (folder / name).read_bytes()
        (folder / f"cut {name}").write_bytes(whole[: len(whole) // 2])
    flipped = bytearray((folder / "shop.parquet").read_bytes())
    flipped[40:200] = bytes(255 - byte for byte in flipped[40:200])
    (folder / "flipped.parquet").write_bytes(flipped)
    (folder / "prose.txt").write_text(f"Dear {bad.name},\n\nyour card {bad.card} paid for {bad.parcel}.\n{bad.email}\n")


def _archives(folder: Path, aviary: Aviary) -> None:
    member, comment = aviary.plant("archive member"), aviary.plant("archive comment")
    with zipfile.ZipFile(folder / "export.zip", "w") as box:
        for secret in _cells(member):
            box.writestr(f"{secret}/{secret}.csv", f"id,mail\n1,{member.email}\n2,{member.email}\n")
            box.writestr(f"../{secret}.csv", "id\n1\n")
        box.comment = "\n".join(_cells(comment)).encode()
    with tarfile.open(folder / "export.tar.gz", "w:gz") as box:
        for secret in _cells(member):
            entry = tarfile.TarInfo(f"{secret}.bin")
            box.addfile(entry)
            link = tarfile.TarInfo(f"link {secret}")
            link.type, link.linkname = tarfile.SYMTYPE, f"/home/{secret}"
            box.addfile(link)
    with gzip.GzipFile(folder / "named.gz", "w") as file:
        file.name = ""
        file.write(b"id,size\n1,2\n2,3\n")
