"""The example case: an audit of it finds the truth that was counted while it was made."""

from __future__ import annotations

import gzip
import json
import sqlite3
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from conftest import Audited, Run
from flagstate.catalog.example import EVIDENCE

ROOT = Path(__file__).parent.parent
TRUTH: dict[str, Any] = json.loads((ROOT / "tests/data/example/truth.json").read_text())
COUNTS = ("conns", "failed_conns", "orig_bytes", "resp_bytes")


def test_bytes_and_connections_per_destination(example: Audited) -> None:
    """Of the logs with connections; what the browser saved has no originator, and the cut log has no truth."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in example.rows("flow"):
        if row["stance"] == "observed" and row["orig_h"] and row["resp_p"] != 80:
            found[f"{row['resp_h']}:{row['resp_p']}"].update({name: row[name] for name in COUNTS})
    wanted = {end: {name: said[name] for name in COUNTS} for end, said in TRUTH["destinations"].items()}
    assert {end: dict(counted) for end, counted in found.items()} == wanted


def test_results_of_the_ledger(example: Audited) -> None:
    rows = example.rows("reconciliation")
    by_result: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        by_result[row["result"]].add(row["subject"])
    assert by_result["undeclared"] == set(TRUTH["undeclared"])
    assert by_result["never_seen"] == set(TRUTH["never_seen"])
    assert by_result["contradicted"] == set(TRUTH["contradicted"])
    assert {"px.tally-count.example", "fonts.static-edge.example"} == by_result["unknown"]
    covered = sum(row["conns"] for row in rows if row["result"] == "covered" and row["resp_p"] in (443, 853, 53, 5432))
    ours = sum(end["conns"] for end in TRUTH["destinations"].values() if end["result"] == "covered")
    assert covered == ours + 2, "two visits of the portal are in the browser's archive only"


def test_an_attempt_is_no_loss(example: Audited) -> None:
    found = [
        f for f in example.document["findings"] if f["question"] == "flows" and f["message"].startswith("Attempted")
    ]
    attempted = [f["message"] for f in found if f["rule_id"] == "flow-undeclared"]
    # The rhythm of the attempts is told too, and weighs as little.
    assert [f["rule_id"] for f in found if f["rule_id"] != "flow-undeclared"] == ["behaviour-beacon"]
    assert {f["level"] for f in found} == {"info"}
    assert len(attempted) == len(TRUTH["attempted"])
    assert all(addr in said for addr, said in zip(TRUTH["attempted"], attempted, strict=True))


def test_states_of_the_evidence(example: Audited) -> None:
    found = {r["artefact"]: r["state"] for r in example.rows("evidence") if r["state"] not in ("recorded", "set")}
    assert found == TRUTH["states"]


def test_records_are_counted_once(example: Audited) -> None:
    """Every file's records, by a count of lines that has nothing to do with the readers."""
    found = {r["artefact"]: r["rows_read"] for r in example.rows("evidence")}
    for path in sorted((EVIDENCE / "traffic").iterdir()):
        if path.name.startswith("http"):
            continue
        raw = path.read_bytes()
        text = gzip.decompress(raw) if path.suffix == ".gz" else raw
        records = [line for line in text.splitlines() if line and not line.startswith(b"#")]
        assert found[f"traffic/{path.name}"] == len(records), path.name


def test_overlap_is_said(example: Audited) -> None:
    rows = {r["artefact"]: r for r in example.rows("evidence")}
    first, second = rows["traffic/conn.2026-11-16.log"], rows["traffic/second-sensor.conn.json"]
    assert first["overlaps"] == [second["evidence_id"]]
    assert second["overlaps"] == [first["evidence_id"]]


def test_holdings(example: Audited) -> None:
    declared = {r["data_class"] for r in example.rows("holding") if r["stance"] == "declared"}
    observed = {r["data_class"]: r["records"] for r in example.rows("holding") if r["stance"] == "observed"}
    assert set(observed) - declared == set(TRUTH["undeclared_classes"])
    assert observed["iban"] == TRUTH["refunds"]
    assert observed["consignee"] == TRUTH["parcels"]


def test_verdicts_and_exit_code(example: Audited) -> None:
    assert {name: said["verdict"] for name, said in example.document["questions"].items()} == TRUTH["verdicts"]
    assert 10 <= example.code <= 14
    assert example.document["exit"]["code"] == example.code


def test_four_countries_of_the_upload(example: Audited) -> None:
    (row,) = [r for r in example.rows("endpoint") if r["addr"] == "8.209.64.10"]
    seen = {name: row[name] for name in ("host_country", "registrant_country", "as_country", "controller_country")}
    assert seen == {"host_country": "DE", "registrant_country": "SG", "as_country": "CN", "controller_country": "CN"}


def test_report_says_that_it_is_invented(tmp_path: Path, flagstate: Run) -> None:
    """`flagstate demo` marks its report; the evidence says so too."""
    done = flagstate("demo", "--keep", "case", cwd=tmp_path)
    assert 10 <= done.returncode <= 14, done.stderr.decode()
    assert json.loads((tmp_path / "case/report.json").read_text())["case"]["example"] is True
    assert "invented" in (tmp_path / "case/report.html").read_text()
    assert "invented" in (EVIDENCE / "README.txt").read_text()


def test_the_generator_makes_what_is_shipped(tmp_path: Path) -> None:
    command = [
        sys.executable,
        ROOT / "tools/build_example.py",
        "--out",
        tmp_path / "out",
        "--truth",
        tmp_path / "truth",
    ]
    subprocess.run(command, check=True, capture_output=True)
    assert json.loads((tmp_path / "truth").read_text()) == TRUTH
    names = {str(p.relative_to(EVIDENCE)) for p in EVIDENCE.rglob("*") if p.is_file()}
    assert names == {str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*") if p.is_file()}
    for name in sorted(names):
        assert _content(tmp_path / "out" / name) == _content(EVIDENCE / name), name


def _content(path: Path) -> object:
    """Return what is in a file, whatever version of the packing library wrote it."""
    if path.suffix == ".sqlite":
        con = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        return list(con.iterdump())
    if path.suffix == ".gz":
        # One of them is cut on purpose: how far it unpacks depends on the packer.
        return path.name if "http" in path.name else gzip.decompress(path.read_bytes())
    return path.read_bytes()


def test_it_is_small() -> None:
    assert sum(p.stat().st_size for p in EVIDENCE.rglob("*") if p.is_file()) < 400_000
