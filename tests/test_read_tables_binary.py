"""SQLite, Parquet and spreadsheets: masked, damaged, encrypted."""

from __future__ import annotations

import sqlite3
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from flagstate.errors import EvidenceError
from table_runs import CANARIES, read, run, written


def database(tmp_path: Path, mode: str = "delete") -> Path:
    path = tmp_path / "d.db"
    con = sqlite3.connect(path)
    con.execute(f"PRAGMA journal_mode={mode}")
    con.execute('CREATE TABLE "ottokar.zwengel@kanari.example" (id INTEGER, "Maximilian Oberhuber" TEXT, photo BLOB)')
    con.executemany(
        "INSERT INTO \"ottokar.zwengel@kanari.example\" VALUES (?, 'x', x'00')", [(n,) for n in range(20_000)]
    )
    con.execute("CREATE TABLE empty (a)")
    con.execute("CREATE VIEW v AS SELECT 1")
    con.commit()
    con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    con.close()
    return path


def test_sqlite_tables_are_read_and_masked(tmp_path: Path) -> None:
    outcome = read(database(tmp_path))
    assert {name: table.shape for name, table in outcome.tables.items()} == {"‹email›": (20_000, 3), "empty": (0, 1)}
    assert not any(canary in outcome.said() for canary in CANARIES)
    assert outcome.tables["‹email›"].column_names == ["id", "‹name›", "photo"]
    assert not outcome.notes


def test_sqlite_says_what_a_write_ahead_log_may_hide(tmp_path: Path) -> None:
    outcome = read(database(tmp_path, "wal"))
    assert outcome.rows == 20_000
    assert any("write-ahead log" in note.reason for note in outcome.notes)


def test_a_damaged_database_costs_what_is_damaged(tmp_path: Path) -> None:
    path = database(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(
        whole[: len(whole) // 2 // 4096 * 4096] + b"\xff" * 8192 + whole[len(whole) // 2 // 4096 * 4096 + 8192 :]
    )
    outcome = read(path)
    assert 0 < outcome.rows < 20_000
    assert any("damaged" in note.reason for note in outcome.notes)
    with pytest.raises(EvidenceError):
        run(written(tmp_path, whole[:100] + b"\xff" * 4000, "x.db"))


def test_parquet_damage(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    parquet.write_table(pa.table({"a": range(50_000), "Lena Schmidt": ["x"] * 50_000}), path, row_group_size=10_000)
    whole = path.read_bytes()
    assert read(path).table.column_names == ["a", "‹name›"]
    middle = len(whole) // 2
    outcome = read(written(tmp_path, whole[:middle] + b"\xff" * 3000 + whole[middle + 3000 :]))
    assert 0 < outcome.rows < 50_000
    assert outcome.rows + outcome.rejected == 50_000
    with pytest.raises(EvidenceError):
        run(written(tmp_path, whole[:-20]))
    encrypted = run(written(tmp_path, b"PARE" + whole[4:]))
    assert encrypted is not None
    assert encrypted.refused


def workbook(path: Path, sheets: dict[str, str]) -> Path:
    """A minimal XLSX, written by hand."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        parts = "".join(
            f'<Override PartName="/xl/worksheets/s{n}.xml" ContentType="{kind}.worksheet+xml"/>'
            for n in range(len(sheets))
        )
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>{parts}</Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r" Type="{office}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        listed = "".join(f'<sheet name="{name}" sheetId="{n + 1}" r:id="s{n}"/>' for n, name in enumerate(sheets))
        archive.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{listed}</sheets></workbook>'
        )
        links = "".join(
            f'<Relationship Id="s{n}" Type="{office}/worksheet" Target="worksheets/s{n}.xml"/>'
            for n in range(len(sheets))
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}/relationships">{links}</Relationships>'
        )
        for n, text in enumerate(sheets.values()):
            rows = "".join(
                "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in line.split(",")) + "</row>"
                for line in text.split("\n")
            )
            archive.writestr(
                f"xl/worksheets/s{n}.xml", f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>'
            )
    return path


def test_every_sheet_is_a_table(tmp_path: Path) -> None:
    sheets = {
        "orders": "id,name\n1,a\n2,b",
        "Maximilian Oberhuber": "ottokar.zwengel@kanari.example,4556737586899855\na@b.example,4111111111111111",
        "blank": "",
    }
    outcome = read(workbook(tmp_path / "book.dat", sheets))
    assert {name: table.shape for name, table in outcome.tables.items()} == {"orders": (2, 2), "‹name›": (2, 2)}
    assert not any(canary in outcome.said() for canary in CANARIES)


def test_encrypted_and_damaged_workbooks(tmp_path: Path) -> None:
    compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")
    encrypted = run(written(tmp_path, compound, "x.xlsx"))
    assert encrypted is not None
    assert encrypted.refused
    whole = workbook(tmp_path / "book.xlsx", {"a": "id,name\n1,2"}).read_bytes()
    with pytest.raises(EvidenceError):
        run(written(tmp_path, whole[: len(whole) // 2], "y.xlsx"))
