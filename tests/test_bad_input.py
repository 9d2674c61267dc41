"""Bad input through the real audit: each file is a row of the ledger with its reason, and the rest goes on."""

from __future__ import annotations

import json
import os
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import Run, once
from flagstate.pipeline.audit import Order, audit
from flagstate.read.part import Head
from flagstate.read.registry import identify

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ROWS = "id,email\n" + "".join(f"{n},user{n}@mail.example\n" for n in range(50))


def protected() -> bytes:
    """Return what Office writes for a workbook with a password: a compound file with one encrypted stream."""
    return OLE + bytes(1016) + "EncryptedPackage".encode("utf-16-le") + bytes(600) + os.urandom(2_000)


def lying(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield Parquet files whose footers claim what is not there."""
    path = folder / "true.parquet"
    pq.write_table(pa.table({"id": range(2_000), "email": [f"user{n}@mail.example" for n in range(2_000)]}), path)
    data = path.read_bytes()
    path.unlink()
    size = struct.unpack("<I", data[-8:-4])[0]
    start = len(data) - 8 - size
    footer = data[start:-8]
    for name, was, claimed in (("rows", 2_000, 2_000_000_000), ("bytes", None, None)):
        if was is not None:
            # Thrift writes integers as zigzag varints.
            changed = footer.replace(_varint(was), _varint(claimed))
        else:
            changed = bytes(byte ^ (0x40 if 40 < at < len(footer) - 40 and at % 97 == 0 else 0)
                            for at, byte in enumerate(footer))  # fmt: skip
        assert changed != footer
        yield f"lies about {name}.parquet", data[:start] + changed + struct.pack("<I", len(changed)) + b"PAR1"
    yield "footer too long.parquet", data[:-8] + struct.pack("<I", 0x7FFFFFFF) + b"PAR1"
    yield "cut.parquet", data[: len(data) // 2]
    pages = bytearray(data)
    pages[4:200] = os.urandom(196)
    yield "pages.parquet", bytes(pages)


def _varint(number: int) -> bytes:
    number <<= 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def bomb() -> bytes:
    """Return a ZIP whose entries overlap: a hundred names share the same compressed bytes."""
    import io

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as box:
        box.writestr("a.csv", b"0\n" * (4 << 20))
        (info,) = box.infolist()
        for number in range(100):
            twin = zipfile.ZipInfo(f"b{number}.csv")
            twin.compress_type, twin.CRC = info.compress_type, info.CRC
            twin.compress_size, twin.file_size, twin.header_offset = info.compress_size, info.file_size, 0
            box.filelist.append(twin)
    return out.getvalue()


def build(folder: Path) -> Path:
    """Write all of it, and a good file that must be read."""
    evidence = folder / "evidence"
    evidence.mkdir()
    files: dict[str, bytes] = {
        "good.csv": ROWS.encode(),
        "not utf-8.csv": ROWS.encode().replace(b"user1@", b"us\xff\xfer1@"),
        "book.xlsx": protected(),
        "overlap.zip": bomb(),
        "one string.json": b'{"a": "' + b"x" * (72 << 20) + b'"}',
        "one array.json": json.dumps([{"id": n, "email": f"u{n}@mail.example"} for n in range(50_000)]).encode(),
        "depth.json": b'[{"id": 1}, ' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"]",
        "controls.log": bytes(range(1, 32)) * 200,
        "blanks.txt": b" \n \n",
    }  # fmt: skip
    files |= dict(lying(evidence))
    for name, data in files.items():
        (evidence / name).write_bytes(data)
    (evidence / "up").symlink_to("..")
    (evidence / "itself").symlink_to("itself")
    os.mkfifo(evidence / "pipe.json")
    (evidence / "null").symlink_to("/dev/zero")
    secret = evidence / "closed.csv"
    secret.write_bytes(ROWS.encode() + b"51,x@mail.example\n")
    secret.chmod(0)
    return evidence


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory, flagstate: Run) -> dict[str, dict[str, Any]]:
    """Audit it once and return the ledger by artefact."""

    def make(folder: Path) -> dict[str, Any]:
        evidence = build(folder)
        done = flagstate(
            "audit", evidence, "--case", folder / "case", "--memory", "2GB", "--json", cwd=folder,
            FLAGSTATE_KEYS=str(folder / "keys"),
        )  # fmt: skip
        return {"code": done.returncode, "err": done.stderr.decode()}

    folder, told = once(tmp_path_factory, "bad-input", make)
    assert "Traceback" not in told["err"]
    rows = pq.read_table(folder / "case/tables/evidence.parquet").to_pylist()
    return {row["artefact"]: row for row in rows if row["state"] not in ("recorded", "set")}


def test_each_is_a_row_with_its_reason(ledger: dict[str, dict[str, Any]]) -> None:
    silent = [name for name, row in ledger.items() if row["state"] not in ("read", "duplicate") and not row["reason"]]
    assert silent == []
    assert (ledger["good.csv"]["state"], ledger["good.csv"]["rows_read"]) == ("read", 50)
    for name in ("up", "itself", "null", "pipe.json"):
        assert ledger[name]["state"] == "refused", name


@pytest.mark.parametrize(
    ("name", "states", "words"),
    [
        ("book.xlsx", {"refused"}, "password-protected"),
        ("not utf-8.csv", {"read", "partly_read"}, ""),
        ("one string.json", {"partly_read"}, "longer than 1 MiB"),
        ("depth.json", {"partly_read"}, "damaged"),
        ("controls.log", {"not_recognised"}, ""),
        ("blanks.txt", {"not_recognised"}, "nothing but blanks"),
        ("footer too long.parquet", {"partly_read", "refused"}, "cannot be read"),
        ("cut.parquet", {"partly_read", "refused"}, "cannot be read"),
        ("lies about rows.parquet", {"partly_read"}, "2,000,000,000 rows"),
        ("pages.parquet", {"partly_read", "refused"}, ""),
    ],
)
def test_the_reason_says_what_is_wrong(ledger: dict[str, Any], name: str, states: set[str], words: str) -> None:
    row = ledger[name]
    assert row["state"] in states, row["reason"]
    assert words in (row["reason"] or "")


def test_what_is_large_and_whole_is_read(ledger: dict[str, Any]) -> None:
    assert (ledger["one array.json"]["state"], ledger["one array.json"]["rows_read"]) == ("read", 50_000)


def test_a_bomb_of_entries_that_overlap_is_refused(ledger: dict[str, Any]) -> None:
    rows = [row for name, row in ledger.items() if name.startswith("overlap.zip")]
    assert any(row["state"] == "refused" for row in rows)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_said(ledger: dict[str, Any]) -> None:
    assert ledger["closed.csv"]["state"] == "refused"


@pytest.mark.parametrize("name", ["", ".xlsx", ".xls", ".docx"])
def test_a_password_is_named_whatever_the_suffix(name: str) -> None:
    data = protected()
    _, kind = identify(Head(data[:65536], len(data), name))
    assert "password-protected" in kind.refused


@pytest.mark.slow
def test_two_gigabytes_of_one_line(tmp_path: Path) -> None:
    """A string of 2 GB among two records: the reader ends within its bounds, reads both and says what it left out."""
    path = tmp_path / "line.json"
    with path.open("wb") as file:
        file.write(b'[{"id": 1, "x": "')
        for _ in range(2_048):
            file.write(b"y" * (1 << 20))
        file.write(b'"}, {"id": 2}]')
    outcome = audit(Order(paths=(path,), case=tmp_path / "case"))
    (row,) = [r for r in outcome.tables["evidence"].to_pylist() if r["artefact"] == "line.json"]
    assert (row["state"], row["rows_read"]) == ("partly_read", 2)
    assert "longer than 1 MiB" in row["reason"]


@pytest.mark.slow
def test_twenty_thousand_tiny_files(tmp_path: Path) -> None:
    """Each is a row; none costs a process of its own."""
    for number in range(20_000):
        (tmp_path / "evidence" / str(number % 100)).mkdir(parents=True, exist_ok=True)
        (tmp_path / "evidence" / str(number % 100) / f"{number}.json").write_text(f'{{"id": {number}, "n": "x"}}\n')
    outcome = audit(Order(paths=(tmp_path / "evidence",), case=tmp_path / "case"))
    rows = [r for r in outcome.tables["evidence"].to_pylist() if r["artefact"].endswith(".json")]
    assert len(rows) == 20_000
    assert {row["state"] for row in rows} == {"read"}
