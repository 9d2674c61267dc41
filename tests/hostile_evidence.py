"""Evidence that wants something: names that act, files that lead out, archives that explode, formats cut anywhere."""

from __future__ import annotations

import gzip
import io
import json
import os
import sqlite3
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import hostile_traffic
from canary_evidence import xlsx, zeek

NAMES = {
    "controls": "a\x07b\x1b[31mred\x1b[0m\x00c\x9b2J",
    "hyperlink": "\x1b]8;;https://evil.example/\x1b\\click\x1b]8;;\x1b\\",
    "title": "\x1b]0;owned\x07t",
    "rich": "[red]r[/red][link=https://evil.example]x[/link]",
    "bidi": "abc\u202egpj.exe\u2066x\u2069",
    "script": "</script><script>document.title='owned'</script>",
    "attribute": "\"' onmouseover=alert(1) x='",
    "image": "<img src=https://evil.example/x onerror=alert(1)>",
    "formula": "=cmd|'/C calc'!A0",
    "plus": "+1+1",
    "at": "@SUM(1,1)",
    "markdown": "![x](https://evil.example/x.png)`|#",
    "template": "{{ 7 * 7 }}{% raw %}",
    "newline": "line one\nline two\r\tthree",
    "sql": "x'; DROP TABLE flow; --",
    "glob": "a[1]*?{b,c}",
}
"""What evidence may call a file, a column, a host, a bucket."""

OUTSIDE = "do not read me 5f1c"
"""Text of a file outside the evidence: it may not come in by any way."""


def build(folder: Path) -> Path:
    """Write hostile evidence below a folder and return where; beside it lies a file that must stay unread."""
    evidence = folder / "evidence"
    evidence.mkdir(parents=True)
    (folder / "outside.csv").write_text(f"id,who\n1,{OUTSIDE}\n2,{OUTSIDE}\n")
    for write in (_named, _special, _archives, _odd, _logs, _documents):
        write(evidence)
    (evidence / "traffic").mkdir()
    hostile_traffic.write(evidence / "traffic", NAMES)
    return evidence


def _named(folder: Path) -> None:
    for label, name in NAMES.items():
        safe = name.replace("/", "∕").replace("\0", "")
        (folder / f"{safe}.csv").write_text(f"id,kind\n1,{label}\n2,{label}\n")
    (folder / os.fsdecode(b"not utf-8 \xff\xfe.csv")).write_text("id\n1\n2\n")
    # An engine that expands names would read the second file for the first, and make a column of the folder's name.
    (folder / "a[1].csv").write_text("id,size\n" + "1,1\n" * 3)
    (folder / "a1.csv").write_text("id,size\n" + "1,1\n" * 500)
    (folder / "country=DE").mkdir()
    (folder / "country=DE" / "part.csv").write_text("id,size\n1,2\n3,4\n")
    pq.write_table(pa.table({"id": [1, 2, 3, 4]}), folder / "country=DE" / "part.parquet")


def _special(folder: Path) -> None:
    os.mkfifo(folder / "pipe.csv")
    (folder / "null.log").symlink_to("/dev/zero")
    (folder / "leads out.csv").symlink_to("../outside.csv")
    (folder / "leads up").symlink_to("..")
    (folder / "loop").symlink_to("loop")
    (folder / "hosts.csv").symlink_to("/etc/passwd")
    deep = folder
    for _ in range(45):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "deep.csv").write_text("id\n1\n")


def _archives(folder: Path) -> None:
    with zipfile.ZipFile(folder / "slip.zip", "w") as box:
        for name in (
            "../escaped.csv",
            "/tmp/absolute.csv",
            "a/../../up.csv",
            "C:\\temp\\x.csv",
            "good.csv",
            NAMES["script"],
        ):
            box.writestr(name, "id,size\n1,2\n2,3\n")
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as box:
        box.writestr("zeros.csv", b"0\n" * (24 << 20))
    (folder / "bomb.csv.gz").write_bytes(gzip.compress(b"\0" * (48 << 20), 9))
    inner = b"id\n1\n"
    for _ in range(6):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as box:
            box.writestr("inner.zip", inner)
        inner = out.getvalue()
    (folder / "nested.zip").write_bytes(inner)
    with tarfile.open(folder / "links.tar", "w") as box:
        for kind, target in (
            (tarfile.SYMTYPE, "../outside.csv"),
            (tarfile.LNKTYPE, "/etc/passwd"),
            (tarfile.FIFOTYPE, ""),
        ):
            entry = tarfile.TarInfo(f"link {kind!r}.csv")
            entry.type, entry.linkname = kind, target
            box.addfile(entry)
        for name in ("../../escaped.csv", "/abs.csv", "fine.csv"):
            entry = tarfile.TarInfo(name)
            entry.size = 10
            box.addfile(entry, io.BytesIO(b"id,n\n1,2\n3"))
    with tarfile.open(folder / "device.tar", "w") as box:
        entry = tarfile.TarInfo("zero")
        entry.type, entry.devmajor, entry.devminor = tarfile.CHRTYPE, 1, 5
        box.addfile(entry)


def _odd(folder: Path) -> None:
    (folder / "huge line.csv").write_bytes(b"a,b\n1," + b"x" * (9 << 20) + b"\n2,3\n")
    (folder / "3k columns.csv").write_text(wide(3_000))
    (folder / "deep.json").write_text("[" * 100_000 + "]" * 100_000)
    (folder / "deep2.json").write_text('{"a":' * 3_000 + "1" + "}" * 3_000)
    (folder / "numbers.json").write_text('[{"n": 1' + "0" * 5_000 + '}, {"n": 1e999}, {"n": NaN}]')
    (folder / "zero bytes.csv").write_bytes(b"")
    (folder / "nul.csv").write_bytes(b"\0" * 4_000)
    (folder / "noise.bin").write_bytes(zlib.compress(bytes(range(256)) * 40))


def wide(columns: int) -> str:
    """Return a table of so many columns."""
    row = ",".join("1" * columns) + "\n"
    return ",".join(f"c{n}" for n in range(columns)) + "\n" + row + row


def _logs(folder: Path) -> None:
    rows = []
    for n, name in enumerate(NAMES.values()):
        shown = name.replace("\t", " ").replace("\n", " ").replace("\r", " ")
        rows.append(
            [
                1_794_787_200 + n,
                f"C{n}",
                "10.0.0.1",
                1,
                "198.51.100.7",
                443,
                "TLSv13",
                "x",
                f"{shown}.evil.example",
                "T",
            ]
        )
    rows.append([1_794_787_300, "Cx", "fe80::1%\x1b[31m", 1, "::1%</script>", 443, "TLSv13", "x", "y.example", "T"])
    types = ["string", "string", "string", "bool"]
    (folder / "ssl.log").write_text(zeek("ssl", ["version", "cipher", "server_name", "established"], types, rows))


def _documents(folder: Path) -> None:
    names = list(NAMES.values())
    (folder / "columns.json").write_text(json.dumps([{name: n for n, name in enumerate(names)}] * 2))
    con = sqlite3.connect(folder / "tables.sqlite")
    for name in names:
        quoted = '"' + name.replace('"', '""').replace("\0", "") + '"'
        con.execute(f"CREATE TABLE {quoted} ({quoted} TEXT)")
        con.execute(f"INSERT INTO {quoted} VALUES ('x')")
    con.execute("CREATE VIEW v AS SELECT load_extension('/tmp/evil')")
    con.commit()
    con.close()
    pq.write_table(pa.table({name: [1, 2] for name in names}), folder / "columns.parquet")
    made = [
        {
            "mode": "managed", "type": "aws_s3_bucket", "name": name, "module": name,
            "instances": [{"index_key": name, "attributes": {"id": name, "bucket": name, "region": name, "arn": name}}],
        }
        for name in names
    ]  # fmt: skip
    (folder / "state.tfstate").write_text(json.dumps({"version": 4, "terraform_version": "1", "resources": made}))
    entries = [
        {
            "startedDateTime": "2026-11-16T09:00:00Z", "serverIPAddress": name,
            "request": {"method": name, "url": f"https://h{n}.example/{name}", "httpVersion": name, "headers": []},
            "response": {"status": 200, "content": {"size": 1}},
        }
        for n, name in enumerate(names)
    ]  # fmt: skip
    (folder / "visit.har").write_text(json.dumps({"log": {"version": "1.2", "creator": {}, "entries": entries}}))
    services = [
        {"bom-ref": name, "name": name, "provider": {"name": name}, "endpoints": [f"https://{name}/"]} for name in names
    ]
    (folder / "bom.json").write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "services": services}))
    texts = {f"k{n}": {"kind": "store", "name": name} for n, name in enumerate(names)}
    said = {"title": names[0], "assets": texts, "networks": ["10.0.0.0/8"], **_claims(names)}
    (folder / "estate.yaml").write_text(json.dumps(said))


def _claims(names: list[str]) -> dict[str, object]:
    """Return sources and claims with a hostile name in every text, each repeating the one before."""
    sources = {
        f"s{n}": {"form": "rewrite", "outlet": name, "remark": name, "verified": False}
        | ({"derived_from": f"s{n - 1}"} if n else {})
        for n, name in enumerate(names)
    }
    claims = {}
    for n, name in enumerate(names):
        figures = {key: {"value": n + 1, "unit": name[:60]} for key in ("mass", "parcels")}
        agreement = {"figure": "mass", "per": "parcels", "between": [n + 2, n + 3], "unit": name[:60], "because": name}
        claims[f"c{n}"] = {
            "says": name, "by": name, "outlet": name, "hedging": name, "scope": name, "remark": name,
            "does_not_say": [name], "figures": figures, "sources": f"s{n}", "stances": {f"who{n}": "deny"},
            "test": {
                "of": f"k{n}", "container": name, "place_in": ["BE"], "access_only_from": ["BE"],
                "class_absent": ["card"], "count_at_most": 1, "figure_consistent_with": agreement,
            },
        } | ({"derived_from": f"c{n - 1}"} if n else {})  # fmt: skip
    return {"sources": sources, "claims": claims}


def cut(evidence: Path, into: Path) -> Iterator[Path]:
    """Yield one file of each format, cut at several places."""
    into.mkdir()
    (into / "book.xlsx").write_bytes(xlsx({"s": [["id", "n"], ["1", "2"]] * 40}))
    whole = {
        path.name: path.read_bytes()
        for path in (
            *(evidence / n for n in ("ssl.log", "columns.json", "tables.sqlite", "columns.parquet", "state.tfstate")),
            *(evidence / n for n in ("visit.har", "bom.json", "slip.zip", "links.tar", "estate.yaml")),
            into / "book.xlsx",
        )
    }  # fmt: skip
    whole["packed.csv.gz"] = gzip.compress(b"id,size\n" + b"1,2\n" * 5_000)
    (into / "book.xlsx").unlink()
    for name, data in whole.items():
        for number, share in enumerate((0.02, 0.31, 0.77, 0.97)):
            if name == "estate.yaml" and share > 0.02:
                continue
            path = into / f"{number} {name}"
            path.write_bytes(data[: int(len(data) * share)])
            yield path
