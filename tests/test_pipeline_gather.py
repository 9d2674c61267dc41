"""Reading in children: who dies costs only itself, and what is interrupted goes on."""

from __future__ import annotations

import io
import os
import resource
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from conftest import Run
from flagstate.errors import CaseError
from flagstate.pipeline import gather
from pipeline_world import DATA, ESTATE, PACKED, as_json, conns, ledger, plain, put, run, states, totals, tsv, work


def tarred(**members: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as box:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            box.addfile(info, io.BytesIO(data))
    return out.getvalue()


KILLER = "flagstate_test_killer"
HOOK = """
import importlib.abc, os, signal, sys
from dataclasses import replace
def arm():
{body}
class Hook(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "flagstate.pipeline.extract":
            sys.meta_path.remove(self)
            arm()
sys.meta_path.insert(0, Hook())
"""
"""A site hook: it arms the reading processes before they begin, as a parser with a fault would be."""

OVER = """
    import flagstate.read.{module} as m
    real = m.READER.read
    def read(opened, kind, context):
        if {when}: os.kill(os.getpid(), signal.SIGSEGV)
        yield from real(opened, kind, context)
    m.READER = replace(m.READER, read=read)
"""
BETWEEN = """
    import flagstate.read.expand as m
    real = m._copy
    def copy(name, *rest):
        if name == "b.csv": os.kill(os.getpid(), signal.SIGSEGV)
        return real(name, *rest)
    m._copy = copy
"""

Arm = Callable[[str], None]


@pytest.fixture
def arm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Arm:
    def write(body: str) -> None:
        site = tmp_path / "site"
        site.mkdir()
        (site / "sitecustomize.py").write_text(HOOK.format(body=body))
        monkeypatch.setenv("PYTHONPATH", str(site))

    return write


@pytest.fixture
def killer(arm: Arm) -> bytes:
    """Return the content of an artefact over which every reading process dies."""
    arm(OVER.format(module="delimited", when=f"b'{KILLER}' in opened.head.data"))
    return f"id,{KILLER}\n1,2\n3,4\n".encode()


def test_who_kills_its_reader_costs_only_itself(tmp_path: Path, killer: bytes) -> None:
    folder = tmp_path / "given"
    for number in range(6):
        put(folder / f"{number}.csv", f"id,email\n1,a{number}@example.com\n2,b@example.com\n")
        put(folder / f"conn{number}.log", tsv(conns(10, since=number * 10)))
    put(folder / "2-bad.csv", killer)
    put(folder / "2-more.csv", killer + b"5,6\n")
    put(
        folder / "all.tar",
        tarred(**{"a.csv": b"id,name\n1,x\n2,y\n", "bad.csv": killer + b"7,8\n", "c.log": tsv(conns(5, since=900))}),
    )
    found = run(folder, case=tmp_path / "case")
    said = states(found)
    failed = {name for name, state in said.items() if state == "failed"}
    assert failed == {"2-bad.csv", "2-more.csv", "all.tar!bad.csv"}
    assert {state for name, state in said.items() if name not in failed} == {"read"}
    assert said["all.tar!c.log"] == "read"
    for name in failed:
        (row,) = ledger(found, name)
        assert row["reason"].startswith("the reading process was ended by SIGSEGV")
        assert row["todo"]
    assert sum(row["conns"] for row in totals(found.tables)) == 65
    assert any("2-bad.csv" in str(row["remark"]) for row in found.tables["coverage"].to_pylist())


def test_what_failed_is_tried_again_and_the_rest_is_not(
    tmp_path: Path, killer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "given" / "bad.csv", killer)
    put(tmp_path / "given" / "conn.log", tsv(conns(10)))
    first = run(tmp_path / "given", case=tmp_path / "case")
    before = work(tmp_path / "case")
    monkeypatch.delenv("PYTHONPATH")
    second = run(tmp_path / "given", case=tmp_path / "case")
    assert states(first)["bad.csv"] == "failed"
    assert states(second) == {"bad.csv": "read", "conn.log": "read"}
    after = work(tmp_path / "case")
    kept = {name for name, at in before.items() if after.get(name) == at}
    assert any(name.endswith("sum_flow.parquet") for name in kept)


def test_a_connection_log_that_kills_its_reader_in_the_second_round_costs_only_itself(tmp_path: Path, arm: Arm) -> None:
    arm(OVER.format(module="zeek", when="opened.name == 'conn3.log'"))
    for number in range(6):
        put(tmp_path / "given" / f"conn{number}.log", tsv(conns(10, since=number * 10)))
    found = run(tmp_path / "given", case=tmp_path / "case")
    assert {name for name, state in states(found).items() if state != "read"} == {"conn3.log"}
    assert sum(row["conns"] for row in totals(found.tables)) == 50


def test_more_memory_than_the_bound_costs_that_artefact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arm: Arm
) -> None:
    monkeypatch.setattr(gather, "SLACK", 400 << 20)
    greedy = OVER.replace("os.kill(os.getpid(), signal.SIGSEGV)", "bytearray(1 << 30)")
    arm(greedy.format(module="delimited", when=f"b'{KILLER}' in opened.head.data"))
    put(tmp_path / "given" / "greedy.csv", f"id,{KILLER}\n1,2\n3,4\n".encode())
    put(tmp_path / "given" / "conn.log", tsv(conns(10)))
    found = run(tmp_path / "given", case=tmp_path / "case", memory_bytes=200 << 20)
    assert states(found) == {"greedy.csv": "failed", "conn.log": "read"}
    assert ledger(found, "greedy.csv")[0]["reason"].endswith(("memory than its bound", "want of memory"))
    assert sum(row["conns"] for row in totals(found.tables)) == 10


def test_an_archive_that_kills_its_reader_between_members_is_said(tmp_path: Path, arm: Arm) -> None:
    arm(BETWEEN)
    csv = b"id,name\n1,x\n2,y\n"
    put(tmp_path / "given" / "all.tar", tarred(**{"a.csv": csv, "b.csv": csv + b"3,z\n", "c.csv": csv + b"4,z\n"}))
    put(tmp_path / "given" / "z.csv", csv + b"5,u\n")
    found = run(tmp_path / "given", case=tmp_path / "case")
    said = states(found)
    assert said["all.tar!a.csv"] == "read"
    assert said["all.tar"] == "failed"
    assert said["z.csv"] == "read"


# Ended from outside ---------------------------------------------------------------------------------------------------


def audit_of(folder: Path, case: Path, cwd: Path) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-P",
        "-m",
        "flagstate",
        "audit",
        str(folder),
        "--case",
        str(case),
        "--as-of",
        "2026-11-21",
    ]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)


@pytest.fixture(scope="module")
def much(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[dict[str, Any]]]]:
    """Return evidence that takes a moment, and the tables of its audit."""
    base = tmp_path_factory.mktemp("much")
    for number in range(5):
        put(base / "given" / f"conn{number}.log", tsv(conns(2_000, since=number * 1_500)))
        put(base / "given" / f"{number}.json", as_json(conns(200, since=number * 150)))
    return base / "given", plain(run(base / "given", case=base / "case").tables)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_audit_that_is_ended_goes_on_and_ends_the_same(
    tmp_path: Path, how: signal.Signals, much: tuple[Path, dict[str, list[dict[str, Any]]]]
) -> None:
    folder, whole = much
    case = tmp_path / "case"
    with audit_of(folder, case, tmp_path) as process:
        for _ in range(2_000):
            if len(list(case.glob("work/items/*/*.json"))) >= 3 or process.poll() is not None:
                break
            time.sleep(0.02)
        # As a terminal does: everybody in the group hears it.
        os.killpg(process.pid, how) if how == signal.SIGINT else process.send_signal(how)
        out, err = process.communicate(timeout=60)
    assert process.returncode == {signal.SIGINT: 130}.get(how, -how)
    assert b"Traceback" not in err
    if how == signal.SIGINT:
        assert b"goes on from there" in err
    assert not (case / "tables").exists()
    assert out == b""
    assert plain(run(folder, case=case).tables) == whole


def test_what_an_ended_audit_had_begun_is_not_blamed(tmp_path: Path, killer: bytes) -> None:
    folder, case = tmp_path / "given", tmp_path / "case"
    put(folder / "a.csv", "id,name\n1,x\n2,y\n")
    put(folder / "bad.csv", killer)
    put(folder / "c.csv", "id,name\n1,x\n2,z\n")
    run(folder, case=case)
    # As after a kill in the middle: begun, and not finished.
    for item in (case / "work" / "items").iterdir():
        seen = item / "0.json"
        if "bad" not in seen.read_text():
            seen.rename(item / "0.begun")
            (item / "artefact.json").unlink()
    found = run(folder, case=case)
    assert states(found) == {"a.csv": "read", "bad.csv": "failed", "c.csv": "read"}


@pytest.mark.parametrize("room", [300, 20_000])
def test_a_full_disk_is_words_and_the_audit_goes_on_later(tmp_path: Path, room: int) -> None:
    folder, case = tmp_path / "given", tmp_path / "case"
    put(folder / "conn.log.gz", PACKED["gz"](tsv(conns(3_000))))
    put(folder / "t.csv", (DATA / "tables-dataprofiler" / "iris.csv").read_bytes())

    def small() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    command = [sys.executable, "-P", "-m", "flagstate", "audit", str(folder), "--case", str(case)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, preexec_fn=small, timeout=120, check=False)
    said = done.stderr.decode()
    assert done.returncode == 1, said
    assert "Traceback" not in said
    assert "fault in flagstate" not in said
    assert "Do:" in said
    assert not (case / "report.html").exists()
    again = run(folder, case=case)
    assert states(again) == {"conn.log.gz": "read", "t.csv": "read"}


def test_the_command_names_a_broken_declaration_by_file_and_line(tmp_path: Path, flagstate: Run) -> None:
    put(tmp_path / "given" / "estate.yaml", "networks: [10.0.0.0/8]\nasets: {}\n")
    done = flagstate("audit", "given", cwd=tmp_path)
    assert done.returncode == 2
    said = done.stderr.decode()
    assert "estate.yaml:2" in said
    assert "asets" in said
    assert done.stdout == b""


def test_evidence_without_records_needs_no_compiler(tmp_path: Path, arm: Arm, flagstate: Run) -> None:
    """What takes a second to load is loaded for records only, in the audit itself and in its reading processes."""
    arm('    sys.modules["numba"] = None')
    folder = tmp_path / "given"
    put(folder / "estate.yaml", ESTATE)
    put(folder / "conn.log", tsv(conns(9)))
    done = flagstate("audit", folder, "--case", tmp_path / "case", "--json", cwd=tmp_path)
    assert done.stdout, done.stderr
    rows = pq.read_table(tmp_path / "case/tables/evidence.parquet").to_pylist()
    read = {row["artefact"]: row["state"] for row in rows if row["state"] != "recorded"}
    assert read == {"estate.yaml": "read", "conn.log": "read"}
    put(folder / "table.csv", "id,email\n1,a@example.com\n2,b@example.com\n")
    with pytest.raises(CaseError):
        run(folder, case=tmp_path / "other")
