"""Verify hashes everything again and says what is no longer what it was."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from case_world import again, made, read
from flagstate import model
from flagstate.case import Case, Check, verify
from flagstate.errors import CaseError

NAMES = ("a.log", "b.csv", "c.json")


@pytest.fixture
def world(tmp_path: Path) -> Case:
    home = tmp_path / "evidence"
    home.mkdir()
    for name in NAMES:
        (home / name).write_text(f"{name}\n" * 100)
    return audit(made(tmp_path), home)


def audit(case: Case, home: Path) -> Case:
    with case.writing():
        case.set_roots([home])
        found = []
        for path in sorted(p for p in home.rglob("*") if p.is_file()):
            read(case, path, grows=path.suffix == ".log")
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            found.append({"evidence_id": f"ev:{path.name}", "artefact": path.name, "sha256": sha256})
        case.publish({"evidence": model.rows(model.EVIDENCE, found)})
    return case


def states(checks: list[Check], kind: str = "artefact") -> dict[str, str]:
    return {check.name: check.state for check in checks if check.kind == kind}


def test_nothing_changed(world: Case) -> None:
    checks = verify(again(world))
    assert states(checks) == dict.fromkeys(NAMES, "ok")
    assert {check.state for check in checks} == {"ok"}
    assert len(states(checks, "table")) == len(model.STORED)
    assert next(c for c in checks if c.kind == "chain").remark == f"its head is {world.head()}"


def test_what_changed_is_said(world: Case) -> None:
    (home,) = world.roots()
    (home / "a.log").write_text("A" * 600)
    (home / "b.csv").unlink()
    (home / "d.txt").write_text("new")
    checks = verify(world)
    assert states(checks) == {"a.log": "changed", "b.csv": "missing", "c.json": "ok", "a file": "new"}
    assert "d.txt" not in str(checks)
    assert states(verify(world, mask=str.upper))["D.TXT"] == "new"
    (home / "a.log").write_text("a.log\n" * 99)
    assert next(c for c in verify(world) if c.name == "a.log").remark == "it is 6 bytes shorter"


def test_a_log_may_grow_and_a_table_may_not(world: Case) -> None:
    (home,) = world.roots()
    for name in ("a.log", "b.csv"):
        with (home / name).open("a") as file:
            file.write("more\n")
    checks = verify(world)
    assert states(checks) == {"a.log": "ok", "b.csv": "changed", "c.json": "ok"}
    assert {c.remark for c in checks if c.name in ("a.log", "b.csv")} == {
        "what was read is unchanged; 5 bytes were added since and are not audited yet"
    }
    assert {c.state for c in verify(audit(again(world), home))} == {"ok"}
    rows = [row["body"] for row in world.ledger() if row["kind"] == "artefact" and row["body"]["artefact"] == "a.log"]
    assert [len(json.loads(json.dumps(row["ranges"]))) for row in rows] == [1, 2]
    (home / "a.log").write_text("a.log\n" * 100 + "MORE\n")
    assert states(verify(world))["a.log"] == "changed"


def test_moved_evidence_is_found_by_its_content(world: Case, tmp_path: Path) -> None:
    (home,) = world.roots()
    shutil.copytree(home, tmp_path / "moved")
    shutil.rmtree(home)
    assert states(verify(world)) == dict.fromkeys(NAMES, "missing")
    assert states(verify(world, [tmp_path / "moved"])) == dict.fromkeys(NAMES, "ok")
    assert states(verify(world, [tmp_path / "moved" / "a.log"]))["a.log"] == "ok"


def test_without_the_key_it_goes_by_content(world: Case, tmp_path: Path) -> None:
    (home,) = world.roots()
    (tmp_path / "keys" / f"{world.id}.key").unlink()
    keyless = again(world)
    assert states(verify(keyless)) == dict.fromkeys(NAMES, "missing")
    assert "does not know where" in next(c.remark for c in verify(keyless) if c.state == "missing")
    assert states(verify(keyless, [home])) == dict.fromkeys(NAMES, "ok")
    assert {c.state for c in verify(audit(keyless, home))} == {"ok"}


def test_what_is_no_longer_audited_is_not_missed(world: Case) -> None:
    (home,) = world.roots()
    (home / "b.csv").unlink()
    audit(world, home)
    assert states(verify(world)) == {"a.log": "ok", "c.json": "ok"}


def test_changed_tables_are_said(world: Case) -> None:
    folder = world.path / "versions" / "1"
    (folder / "flow.parquet").write_bytes((folder / "place.parquet").read_bytes())
    (folder / "place.parquet").unlink()
    (folder / "extra.parquet").write_bytes(b"")
    found = states(verify(world), "table")
    assert found["version 1: flow"] == "changed"
    assert found["version 1: place"] == "missing"
    assert found["version 1"] == "new"
    manifest = json.loads((folder / "manifest.json").read_text())
    data = (folder / "flow.parquet").read_bytes()
    manifest["tables"]["flow"]["sha256"] = hashlib.sha256(data).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    found = states(verify(world), "table")
    assert found == {"version 1": "changed"}


def test_a_changed_ledger_is_said(world: Case) -> None:
    path = world.path / "ledger.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"a.log"', b'"x.log"'))
    chain = [check for check in verify(again(world)) if check.kind == "chain"]
    assert [check.state for check in chain] == ["changed"]
    assert "was changed after it was written" in chain[0].remark


def test_the_case_in_its_evidence_is_not_evidence(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("x\n")
    case = Case.open(tmp_path / "flagstate-case", create=True, keys=tmp_path.parent / f"{tmp_path.name}-keys")
    with case.writing():
        case.set_roots([tmp_path])
        read(case, tmp_path / "a.log")
        case.publish({})
    assert states(verify(case)) == {"a.log": "ok"}


def test_links_in_the_evidence_are_not_followed(world: Case, tmp_path: Path) -> None:
    (home,) = world.roots()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x").write_text("x")
    (home / "out").symlink_to(tmp_path / "outside")
    (home / "file").symlink_to(tmp_path / "outside" / "x")
    (home / "a.log").unlink()
    (home / "a.log").symlink_to(tmp_path / "outside" / "x")
    assert states(verify(world)) == {"a.log": "missing", "b.csv": "ok", "c.json": "ok"}


def test_a_link_for_the_tables_is_an_error(world: Case, tmp_path: Path) -> None:
    (world.path / "tables").unlink()
    (world.path / "tables").symlink_to(tmp_path)
    with pytest.raises(CaseError, match="cannot be trusted"):
        verify(world)
