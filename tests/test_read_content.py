"""What is sensitive as a whole: each form by tiny samples made here, and what only looks like it."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from flagstate import model
from flagstate.catalog.mask import mask
from flagstate.engine import connect
from flagstate.read import code, content
from flagstate.read.part import Context, Facts, Head, Opened, Records
from flagstate.read.registry import identify
from flagstate.read.unfold import unfold


def safetensors() -> bytes:
    header = {f"layer.{n}": {"dtype": "F32", "shape": [1], "data_offsets": [4 * n, 4 * n + 4]} for n in range(3)}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(12)


def zipped(names: list[str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as box:
        for name in names:
            box.writestr(name, b"\x80\x02}q\x00.")
    return out.getvalue()


def npz() -> bytes:
    out = io.BytesIO()
    np.savez(out, weight=np.zeros(3), bias=np.zeros(2))
    return out.getvalue()


FASTA = b">seq1 human\nACGTACGTTAGCATCGATCGNACGATCGATCA\n>seq2\nACGTACGATCAGCTACGACTACGATCAG\n"
FASTQ = b"@r1\nACGTACGTAC\n+\nIIIIIIIIII\n@r2\nACGTTTGTAC\n+\nIIII#IIIII\n"
VCF = b"##fileformat=VCFv4.2\n##x\n#CHROM\tPOS\tID\n1\t10\trs1\n1\t12\trs2\n2\t5\trs3\n"
SAMPLES: dict[str, tuple[bytes, str, int]] = {
    "safetensors": (safetensors(), "model_weights", 3),
    "gguf": (b"GGUF" + struct.pack("<IQQ", 3, 7, 2) + bytes(60), "model_weights", 7),
    "torch": (zipped(["m/data.pkl", "m/version", "m/data/0", "m/data/1"]), "model_weights", 2),
    "npz": (npz(), "model_weights", 2),
    "onnx": (b"\x08\x07\x12\x07pytorch\x1a\x031.0" + bytes(40), "model_weights", 1),
    "keras": (b"\x89HDF\r\n\x1a\n" + bytes(90) + b"model_weights", "model_weights", 1),
    "legacy torch": (content.TORCH + bytes(20), "model_weights", 1),
    "dwg": (b"AC1027\x00\x00\x00\x00\x00" + bytes(200), "drawing", 1),
    "dxf": (b"  0\nSECTION\n  2\nHEADER\n  9\n$ACADVER\n", "drawing", 1),
    "step": (b"ISO-10303-21;\nHEADER;\nENDSEC;\nDATA;\n#1=A();\n#2=B();\n", "drawing", 2),
    "binary stl": (bytes(80) + struct.pack("<I", 2) + bytes(100), "drawing", 1),
    "stl": (b"solid part\n facet normal 0 0 1\n  outer loop\n", "drawing", 1),
    "gerber": (b"G04 made by hand*\n%FSLAX36Y36*%\n%MOMM*%\nD10*\n", "drawing", 1),
    "solidworks": (content.OLE + bytes(600) + "SwDocContentMgr".encode("utf-16-le"), "drawing", 1),
    "fasta": (FASTA, "genetic_data", 2),
    "fastq": (FASTQ, "genetic_data", 2),
    "vcf": (VCF, "genetic_data", 3),
    "bam": (b"BAM\x01" + bytes(60), "genetic_data", 1),
    "pem": (b"-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n" * 2, "private_key", 2),
    "openssh": (b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n", "private_key", 1),
    "jks": (b"\xfe\xed\xfe\xed" + struct.pack(">II", 2, 4) + bytes(60), "private_key", 4),
    "kdbx": (b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5" + bytes(60), "private_key", 1),
    "p12": (b"\x30\x82\x09\x00\x02\x01\x03\x30\x82\x08\x00\x06\x09" + content.PKCS7 + bytes(60), "private_key", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
def test_each_form_is_one_holding(tmp_path: Path, name: str) -> None:
    data, data_class, items = SAMPLES[name]
    path = tmp_path / "sample"
    path.write_bytes(data)
    with path.open("rb") as file:
        (leaf,) = unfold(file.fileno(), "sample", str(tmp_path), None)
        assert leaf.descriptor is not None
    head = Head(data[:65536], len(data), "")
    reader, kind = identify(head)
    assert reader is content.READER
    con = connect(files=[str(path)], threads=1)
    (facts,) = (p for p in reader.read(Opened(str(path), head, "sample", "e"), kind, Context(con, mask)) if
                isinstance(p, Facts))  # fmt: skip
    (row,) = model.conform(facts.table, model.HOLDING).to_pylist()
    assert (row["data_class"], row["records"]) == (data_class, items)
    assert row["reasons"]


@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        (b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", ".pem"),
        (b"solid ground is what we need\nand nothing else\n", ".txt"),
        (b">quoted line of a mail\nand the answer to it, which is long enough\n", ".txt"),
        (b"CRAM school timetable\nmonday\n", ".txt"),
        (b"AC1027 is a part number\n", ".txt"),
        (b"@home\nwe talked\n+ one\nmore\n", ".txt"),
        (bytes(300), ".bin"),
        (b"\x89HDF\r\n\x1a\n" + bytes(300), ".h5"),
    ],
)
def test_what_only_looks_like_it_is_left(data: bytes, suffix: str) -> None:
    assert content.recognise(Head(data, len(data), suffix)) is None


PYTHON = '''"""A module."""
import os
from pathlib import Path

API_KEY = "x"


class Sorter:
    def __init__(self, path):
        self.path = Path(path)

    def run(self):
        for name in os.listdir(self.path):
            if name.endswith(".csv"):
                return name
'''
JAVASCRIPT = """import { a } from './a';
const url = process.env.URL;
export function load(id) {
  return fetch(`${url}/parcel/${id}`).then((r) => r.json());
}
if (url) {
  load(1);
}
"""
GO = """package main

import (
    "fmt"
)

func main() {
    rows, err := load()
    if err != nil {
        return
    }
    fmt.Println(rows)
}
"""
C = """#include <stdio.h>
/* sorter */
static int weigh(struct parcel *p, int n) {
    int total = 0;
    for (int i = 0; i < n; i++) {
        total += p[i].grams;
    }
    return total;
}
"""


@pytest.mark.parametrize(
    ("text", "language"), [(PYTHON, "Python"), (JAVASCRIPT, "JavaScript or TypeScript"), (GO, "Go"), (C, "C or C++")]
)
@pytest.mark.parametrize("named", [True, False])
def test_code_is_known_by_its_statements(tmp_path: Path, text: str, language: str, named: bool) -> None:
    suffix = {"Python": ".py", "Go": ".go", "C or C++": ".c"}.get(language, ".js") if named else ""
    head = Head(text.encode(), len(text), suffix)
    reader, kind = identify(head)
    assert reader is code.READER
    assert kind.name == f"code {language}"
    path = tmp_path / "f"
    path.write_text(text)
    con = connect(files=[str(path)], threads=1)
    lines, rows = [], []
    for part in reader.read(Opened(str(path), head, f"src/f{suffix}", "e"), kind, Context(con, mask)):
        if isinstance(part, Records):
            lines = part.reader.read_all().column("text").to_pylist()
        elif isinstance(part, Facts):
            rows = part.table.to_pylist()
    assert lines == text.rstrip("\n").split("\n")
    assert [(row["data_class"], row["asset_id"], row["records"]) for row in rows] == [("source_code", "store:src", 1)]


@pytest.mark.parametrize(
    "text",
    [
        "[server]\nhost = example.org\nport = 80\nuser = app\npath = /srv\n",
        "Dear all,\n\nplease find the list (as of Monday), and return it to us.\nIf there is any, call.\nBest,\nA\n",
        "2026-11-16T09:00:00 INFO loaded (12)\n2026-11-16T09:00:01 WARN slow (3)\n" * 9,
        "# Title\n\nSome text for the reader; with a list:\n\n- one\n- two (b)\n- three\n",
        "DB_HOST=localhost\nDB_USER=app\nSECRET=x\nDEBUG=false\n",
        "id,name,price\n1,a,2\n2,b,3\n3,c,4\n",
    ],
)
def test_what_is_no_code_is_left(text: str) -> None:
    assert code.recognise(Head(text.encode(), len(text), "")) is None
