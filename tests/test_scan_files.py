"""Scanning files and folders: what they hold, what could not be read, and nothing left behind."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from conftest import Run
from flagstate.pipeline.scan import ScanOrder, ScanOutcome, scan


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "given"
    made.mkdir()
    rows = "".join(f"u{n}@kanari.example,{n}\n" for n in range(60))
    (made / "people.csv").write_text(f"email,n\n{rows}")
    (made / "copy.csv").write_text(f"email,n\n{rows}")
    (made / "broken.parquet").write_bytes(b"PAR1" + b"\0" * 40)
    (made / "conn.log").write_text(
        "#separator \\x09\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\n#path\tconn\n"
        "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\n1794787200.0\tC1\t10.0.0.1\t1\t198.51.100.1\t443\ttcp\n"
    )
    return made


def scanned(*paths: Path) -> ScanOutcome:
    return scan(ScanOrder(paths=paths, memory_bytes=1 << 30, threads=2))


def test_files_are_scanned_once_and_what_was_not_read_is_said(folder: Path) -> None:
    made = scanned(folder)
    held = [(row["container"], row["data_class"], row["records"]) for row in made.tables["holding"].to_pylist()]
    assert held == [("copy.csv", "email", 60)], "the same bytes count once"
    states = {
        row["artefact"]: (row["state"], row["evidence_id"] in made.lost) for row in made.tables["evidence"].to_pylist()
    }
    assert states["people.csv"] == ("duplicate", False)
    assert states["broken.parquet"][1]
    assert not states["conn.log"][1]
    assert made.exit_code == 3


def test_a_scan_that_reads_everything_ends_well_and_leaves_nothing(
    folder: Path, tmp_path: Path, flagstate: Run
) -> None:
    (folder / "broken.parquet").unlink()
    before = set(tmp_path.rglob("*"))
    done = flagstate("scan", "given", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert [row["data_class"] for row in document["holding"]] == ["email"]
    assert b"kanari" not in done.stdout + done.stderr
    assert set(tmp_path.rglob("*")) == before
    assert flagstate("scan", "given", "--fail-on", "contact", cwd=tmp_path).returncode == 10
    assert flagstate("scan", "nowhere", cwd=tmp_path).returncode == 2


def test_what_is_no_file_is_named_and_the_rest_goes_on(folder: Path) -> None:
    os.mkfifo(folder / "pipe.csv")
    (folder / "link.csv").symlink_to("people.csv")
    made = scanned(folder)
    states = {row["artefact"]: row["state"] for row in made.tables["evidence"].to_pylist()}
    assert states["pipe.csv"] == states["link.csv"] == "refused"
    assert made.exit_code == 3
    assert made.tables["holding"].num_rows == 1


def test_files_that_are_parts_of_one_table_are_one(tmp_path: Path) -> None:
    for day in (1, 2, 3):
        rows = "".join(f"u{n}@kanari.example,{n}\n" for n in range(day * 10, day * 10 + 40))
        (tmp_path / f"people_2026-01-0{day}.csv").write_text(f"email,n\n{rows}")
    made = scanned(tmp_path)
    (row,) = made.tables["holding"].to_pylist()
    assert (row["container"], row["records"], row["subjects_lo"], row["subjects_hi"]) == ("people_*.csv", 120, 60, 60)
    (together,) = (each for each in made.tables["evidence"].to_pylist() if each["state"] == "set")
    assert row["evidence_id"] == together["evidence_id"]
    assert len(together["members"]) == 3
    assert made.exit_code == 0
