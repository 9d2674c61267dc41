"""Promises 1 and 10: never green on nothing, evidence given twice counts once, a killed audit loses nothing."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import Audited, Demonstration, Run
from demonstrations import FIRST_PLAIN, as_json, sheet
from flagstate import model
from flagstate.assess.holdings import holdings
from flagstate.errors import UsageError
from flagstate.model.codes import LEVELS, QUESTIONS
from flagstate.pipeline.audit import Order, Outcome, audit
from har_samples import HAR

AS_OF = date(2026, 11, 21)
OURS = "networks: [10.20.0.0/16]\nentities: {hub: {organised_in: [BE], principal_place: BE}}\n"
ALL_WELL = OURS + (
    "assets: {wms: {kind: system, place: BE, operated_by: hub}}\n"
    "holdings: [{at: wms, classes: [email], state: stored}]\n"
    "flows: {f: {from: wms, to: partner.example}}\n"
    "needs: {wms: [[hub]]}\n"
    "claims: {c: {says: all is well, by: the hub, test: {place_in: [BE], of: wms}}}\n"
    "policy: {accept_reach: [EU]}\n"
)
"""A declaration after which a credulous audit would say that all is well."""


def run(case: Path, *paths: Path, **told: Any) -> Outcome:
    return audit(Order(paths=paths, case=case, as_of=AS_OF, **told))


def _empty(folder: Path) -> None:
    folder.mkdir()


def _unreadable(folder: Path) -> None:
    folder.mkdir()
    (folder / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(range(256)))
    (folder / "notes.txt").write_text("all is well\n")
    (folder / "empty.csv").write_bytes(b"")
    (folder / "cut.parquet").write_bytes(b"PAR1" + b"\0" * 50)
    (folder / "away.csv").symlink_to("/nowhere")
    os.mkfifo(folder / "pipe.log")


def _declaration(folder: Path) -> None:
    folder.mkdir()
    (folder / "estate.yaml").write_text(ALL_WELL)


def _browser(folder: Path) -> None:
    folder.mkdir()
    (folder / "visit.har").write_text(json.dumps(HAR))


def _quiet_log(folder: Path) -> None:
    """A declaration and a log in which all is covered: still nobody said that the log is complete."""
    _declaration(folder)
    head = "\t".join(
        ["ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "orig_bytes", "conn_state"]
    )
    row = "\t".join(["1794787200.0", "C1", "10.20.0.1", "5", "10.20.0.2", "443", "tcp", "10", "SF"])
    (folder / "conn.log").write_text(f"#separator \\x09\n#path\tconn\n#unset_field\t-\n#fields\t{head}\n{row}\n")


@pytest.mark.parametrize("given", [_empty, _unreadable, _declaration, _browser, _quiet_log])
def test_nothing_is_never_well(tmp_path: Path, given: Any) -> None:
    """Whatever little is given, the answer is unknown with what to collect, and the exit code says so."""
    given(tmp_path / "evidence")
    outcome = run(tmp_path / "case", tmp_path / "evidence")
    document = outcome.document()
    verdicts = {name: said["verdict"] for name, said in document["questions"].items()}
    assert verdicts == dict.fromkeys(QUESTIONS, "unknown")
    assert outcome.exit_code == 3
    assert all(finding["message"] for finding in document["findings"])
    for name, said in document["questions"].items():
        assert said["why"], name
    for name in ("holdings", "flows", "reach"):
        assert document["questions"][name]["collect"], f"{name} does not say what to collect"
    html = outcome.report.read_text()
    assert "no (" not in html.split("</main>")[0][:3_000]


PLACED = ALL_WELL.replace("{at: wms, classes:", "{at: wms, container: people, classes:")
MAILS = "email\n" + "".join(f"u{n}@kanari.example\n" for n in range(60))


def _refused_stores(folder: Path) -> None:
    """Stores were given, and none could be opened: cut, locked, a link out of the folder."""
    _declaration(folder)
    (folder / "people.parquet").write_bytes(b"PAR1" + b"\0" * 50)
    (folder / "people.sqlite").write_bytes(b"SQLite format 3\0" + b"\0" * 84)
    (folder / "people.xlsx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504))
    (folder / "people.csv").symlink_to("/nowhere")


def _prose(folder: Path) -> None:
    """Running text alone, in which nothing is but what was declared."""
    _declaration(folder)
    (folder / "letter.txt").write_text("Dear hub,\n\n" + "please write to anna@kanari.example in this matter.\n" * 20)


def _unnamed(folder: Path) -> None:
    """A table that no declaration names, with a class that is declared for another one."""
    folder.mkdir()
    (folder / "estate.yaml").write_text(PLACED)
    (folder / "others.csv").write_text(MAILS)


def _as_declared(folder: Path) -> None:
    """One table, wholly read, with exactly what was declared for it, in parts."""
    folder.mkdir()
    (folder / "estate.yaml").write_text(PLACED)
    for month in (1, 2):
        (folder / f"people_2026-0{month}.csv").write_text(MAILS + f"v{month}@kanari.example\n")


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (_refused_stores, "holding-seen"),
        (_prose, "holding-covered"),
        (_unnamed, "holding-unplaced"),
        (_as_declared, "holding-covered"),
    ],
)
def test_holdings_are_never_well(tmp_path: Path, given: Any, rule: str) -> None:
    """However well what was found fits: stores may be missing, and classes that nobody described are not recognised."""
    given(tmp_path / "evidence")
    outcome = run(tmp_path / "case", tmp_path / "evidence", asked=("holdings",))
    (said,) = [row for row in outcome.findings.to_pylist() if row["question"] == "holdings"]
    assert (said["verdict"], said["rule_id"]) == ("unknown", rule), said["message"]
    assert said["missing"]
    assert said["confidence"] is None
    assert outcome.exit_code == 3


@pytest.mark.parametrize("marks", [[], ["sample"], ["sample", "parts:3"], ["inferred"]])
@pytest.mark.parametrize("declared", ["", "people", "other", "*"])
@pytest.mark.parametrize("found", ["email", "iban", ""])
def test_no_table_of_holdings_says_no(marks: list[str], declared: str, found: str) -> None:
    """A sample, an inference, nothing at all: the answer is yes or unknown, never no."""
    rows = [{"asset_id": "wms", "container": declared or None, "data_class": "email", "stance": "declared"}]
    if found:
        rows.append(
            {"asset_id": "store:people.csv", "container": "people.csv", "data_class": found, "stance": "observed",
             "records": 5, "marks": marks, "confidence": "low"}
        )  # fmt: skip
    table = model.stamp(model.rows(model.HOLDING, rows), model.HOLDING)
    verdicts = {row["verdict"] for row in holdings({"holding": table}).to_pylist()}
    assert verdicts == ({"yes"} if found == "iban" else {"unknown"})


def test_an_empty_folder_as_a_user_sees_it(tmp_path: Path, flagstate: Run) -> None:
    (tmp_path / "evidence").mkdir()
    done = flagstate("audit", "evidence", cwd=tmp_path)
    assert done.returncode == 3
    said = done.stdout.decode()
    assert "not known" in said
    assert "Collect next" in said
    assert len(said.splitlines()) <= 24, "the summary fits a screen"


def _concluded(outcome: Outcome) -> list[tuple[Any, ...]]:
    names = ("finding_id", "question", "rule_id", "subject", "verdict", "level", "message", "values", "rests_on")
    return sorted(tuple(row[name] for name in names) for row in outcome.findings.to_pylist())


def test_an_unedited_proposal_changes_no_finding(tmp_path: Path, demonstration: Demonstration, flagstate: Run) -> None:
    """Without a declaration, audit, let `init` propose, put the proposal beside the evidence, audit again."""
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    for name in (FIRST_PLAIN, "traffic/ssl.log", "stores/hub.sqlite"):
        shutil.copy(demonstration.evidence / name, evidence)
    before = run(tmp_path / "case", evidence)
    assert flagstate("init", "--case", "case", "--out", "estate.yaml", cwd=tmp_path).returncode == 0
    again = flagstate("init", "--case", "case", "--out", "estate.yaml", cwd=tmp_path)
    assert again.returncode == 2, "it overwrites nothing"
    shutil.move(tmp_path / "estate.yaml", evidence / "estate.yaml")
    after = run(tmp_path / "case", evidence)
    assert _concluded(after) == _concluded(before)
    assert "declared" not in after.tables["flow"]["stance"].to_pylist()
    (row,) = [r for r in after.tables["evidence"].to_pylist() if r["artefact"] == "estate.yaml"]
    assert "confirmed_by" in row["todo"]


@pytest.mark.parametrize("fail_on", LEVELS)
@pytest.mark.parametrize(
    "asked",
    [("claims",), ("cutoff", "rules"), ("holdings",), ("holdings", "claims"), ("reach", "flows"), tuple(QUESTIONS)],
)
def test_exit_codes_follow_what_was_asked(example: Audited, asked: tuple[str, ...], fail_on: str) -> None:
    """Adverse findings of what was asked decide by their level; then what is unknown; only then 0."""
    from flagstate.case import Case
    from flagstate.pipeline.audit import describe

    findings = [row for row in example.rows("finding") if row["question"] in asked]
    worst = max((LEVELS.index(row["level"]) for row in findings if row["verdict"] == "yes"), default=-1)
    left = any(row["verdict"] == "unknown" for row in findings)
    wanted = 10 + worst if worst >= LEVELS.index(fail_on) else 3 if left else 0
    tables = {p.stem: pq.read_table(p) for p in (example.case / "tables").glob("*.parquet")}
    kept = {
        "as_of": AS_OF.isoformat(), "asked": list(asked), "fail_on": fail_on, "without": [], "language": "en",
        "example": False,
    }  # fmt: skip
    os.environ["FLAGSTATE_KEYS"], before = str(example.folder / "keys"), os.environ["FLAGSTATE_KEYS"]
    try:
        assert describe(tables, Case.open(example.case), kept, 1).exit_code == wanted
    finally:
        os.environ["FLAGSTATE_KEYS"] = before


def test_a_wrong_question_is_a_wrong_command(tmp_path: Path, flagstate: Run) -> None:
    (tmp_path / "e").mkdir()
    for told in (("--ask", "everything"), ("--as-of", "tomorrow")):
        done = flagstate("audit", "e", *told, cwd=tmp_path)
        assert done.returncode == 2, told
        assert done.stderr.decode().count("\n") <= 4
    with pytest.raises(UsageError):
        run(tmp_path / "case", tmp_path / "not there")


def _totals(outcome: Outcome) -> list[tuple[Any, ...]]:
    drop = {"fact_id", "evidence_id", "valid_from", "valid_to"}
    table = outcome.tables["flow"]
    names = [name for name in table.column_names if name not in drop]
    return sorted(tuple(str(row[name]) for name in names) for row in table.select(names).to_pylist())


def test_evidence_given_again_changes_no_total(tmp_path: Path, demonstration: Demonstration) -> None:
    """The same log as it is, copied, packed, renamed, and as JSON; then all of that a second time."""
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    plain = Path(FIRST_PLAIN).name
    for name in (plain, "dns.log", "ssl.log"):
        shutil.copy(demonstration.evidence / "traffic" / name, evidence / name)
    once = _totals(run(tmp_path / "case", evidence))
    assert once
    text = (evidence / plain).read_text()
    (evidence / "copy.log").write_text(text)
    (evidence / "packed.log.gz").write_bytes(gzip.compress(text.encode()))
    (evidence / "tail.log").write_text(_tail(text))
    (evidence / "as.json").write_text(as_json(text))
    (evidence / "ssl.json").write_text(as_json((evidence / "ssl.log").read_text()))
    more = run(tmp_path / "case", evidence, evidence, evidence / "as.json")
    assert _totals(more) == once
    states = {row["artefact"]: row["state"] for row in more.tables["evidence"].to_pylist()}
    assert {states["copy.log"], states["packed.log.gz"], states[plain]} == {"read", "duplicate"}


def _tail(text: str) -> str:
    lines = text.splitlines(keepends=True)
    head = [line for line in lines if line.startswith("#")]
    return "".join(head[:-1] + [line for line in lines if not line.startswith("#")][-100:])


def test_verify_and_purge(tmp_path: Path, demonstration: Demonstration, flagstate: Run) -> None:
    """Nothing changed: well. A table, an artefact, the ledger changed: named. Purged: gone, and the evidence stays."""
    evidence, case = tmp_path / "evidence", tmp_path / "flagstate-case"
    evidence.mkdir()
    sheet(demonstration.evidence, "parcels", evidence / "parcels.csv")
    (evidence / "estate.yaml").write_text(ALL_WELL)
    run(case, evidence)
    done = flagstate("verify", cwd=tmp_path)
    assert done.returncode == 0, done.stdout.decode()
    with (evidence / "parcels.csv").open("a") as file:
        file.write("x\n")
    table = case / "tables" / "holding.parquet"
    whole = table.read_bytes()
    table.chmod(0o600)
    table.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    done = flagstate("verify", "--json", cwd=tmp_path)
    assert done.returncode == 1
    named = json.dumps([c for c in json.loads(done.stdout)["checks"] if c["state"] != "ok"])
    assert "parcels.csv" in named
    assert "holding" in named
    ledger = case / "ledger.jsonl"
    lines = ledger.read_text().splitlines(keepends=True)
    ledger.write_text("".join(lines[:1] + lines[2:]))
    done = flagstate("verify", cwd=tmp_path)
    assert done.returncode == 1
    assert "ledger" in done.stdout.decode() + done.stderr.decode()
    ledger.write_text("".join(lines))
    assert flagstate("purge", cwd=tmp_path).returncode == 2, "it asks first"
    assert flagstate("purge", "--yes", cwd=tmp_path).returncode == 0
    assert sorted(p.name for p in evidence.iterdir()) == ["estate.yaml", "parcels.csv"]
    assert not case.exists() or list(case.iterdir()) == []


ESTIMATED = ("score", "parts", "figures", "message", "orig_bytes", "resp_bytes", "pcr", "values")
"""What follows from an estimate of distinct names, whose hashes are keyed by case."""


def _tables(case: Path) -> dict[str, list[str]]:
    """Return all rows of a case without the time at which we read, and without what is keyed by case."""
    found = {}
    for path in sorted((case / "tables").glob("*.parquet")):
        table: pa.Table = pq.read_table(path)
        names = [name for name in table.column_names if name not in ("retrieved_at", "sketch")]
        found[path.stem] = sorted(repr(_kept(row)) for row in table.select(names).to_pylist())
    return found


def _kept(row: dict[str, Any]) -> dict[str, Any]:
    if "dns_tunnel" not in str(row.get("kind") or row.get("rule_id")):
        return row
    return {name: value for name, value in row.items() if name not in ESTIMATED}


def _kill(folder: Path, evidence: Path, after: Iterable[float]) -> int:
    """Start audits of the demonstration and kill each with SIGKILL after so many seconds; return how many it hit."""
    hit = 0
    command = [sys.executable, "-P", "-m", "flagstate", "audit", str(evidence), "--case", "case", "--as-of", str(AS_OF)]
    for seconds in after:
        started = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            started.wait(seconds)
        except subprocess.TimeoutExpired:
            started.kill()
            hit += 1
        started.wait()
        _no_orphans(started.pid)
    return hit


def _no_orphans(session: int) -> None:
    """Reading processes end by themselves when the audit that started them is gone."""
    until = time.monotonic() + 10
    while left := [pid for pid in filter(str.isdigit, os.listdir("/proc")) if _session(pid) == session]:
        assert time.monotonic() < until, f"{len(left)} reading processes outlive the audit"
        time.sleep(0.05)


def _session(pid: str) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[3]) if fields[0] not in ("Z", "X") else 0


def _as_undisturbed(folder: Path, evidence: Path, example: Audited, flagstate: Run) -> None:
    done = flagstate("audit", evidence, "--case", "case", "--as-of", AS_OF, cwd=folder, fresh=True)
    assert done.returncode == example.code, done.stderr.decode()
    found, wanted = _tables(folder / "case"), _tables(example.case)
    assert found.keys() == wanted.keys()
    for noun, rows in wanted.items():
        assert sorted(set(rows) ^ set(found[noun])) == [], noun
        assert found[noun] == rows, noun
    assert flagstate("verify", "--case", "case", cwd=folder).returncode == 0


def test_a_killed_audit_goes_on(tmp_path: Path, demonstration: Demonstration, example: Audited, flagstate: Run) -> None:
    """Killed twice at random moments, then left alone: the same tables, row for row."""
    chance = random.Random()
    moments = [example.seconds * share for share in (chance.uniform(0.2, 0.5), chance.uniform(0.4, 0.8))]
    assert _kill(tmp_path, demonstration.evidence, moments) >= 1, moments
    _as_undisturbed(tmp_path, demonstration.evidence, example, flagstate)


@pytest.mark.slow
def test_many_killed_audits_go_on(
    tmp_path: Path, demonstration: Demonstration, example: Audited, flagstate: Run
) -> None:
    """Thirty cases, each killed at one random moment."""
    chance = random.Random()
    for number in range(30):
        folder = tmp_path / str(number)
        folder.mkdir()
        _kill(folder, demonstration.evidence, [chance.uniform(0.1, 1.0) * example.seconds])
        _as_undisturbed(folder, demonstration.evidence, example, flagstate)
