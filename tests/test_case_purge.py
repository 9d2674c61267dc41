"""Purge removes a case's own files and nothing else, whatever the folder was made to hold."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from case_world import again, made, read, tables
from flagstate.case import Case
from flagstate.errors import CaseError, LockedError


@pytest.fixture
def world(tmp_path: Path) -> Case:
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "a.log").write_text("x\n")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "1.parquet").write_text("precious")
    (tmp_path / "outside" / "flow.parquet").write_text("precious")
    case = made(tmp_path)
    with case.writing():
        case.set_roots([tmp_path / "evidence"])
        read(case, tmp_path / "evidence" / "a.log")
        (case.work / "ab").mkdir()
        (case.work / "ab" / "summary.parquet").write_bytes(b"x")
        case.publish(tables(1))
        case.publish(tables(2))
        case.save("report.html", b"x")
    return case


def everything(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.name != "lock")


def test_everything_of_the_case_goes_and_nothing_else(world: Case, tmp_path: Path) -> None:
    said = again(world).purge()
    assert everything(tmp_path) == [
        "evidence", "evidence/a.log", "keys", "outside", "outside/1.parquet", "outside/flow.parquet",
    ]  # fmt: skip
    assert "files with" in said[0]
    assert said[1] == "its key and the places of its evidence were removed"
    with pytest.raises(CaseError, match="does not exist"):
        again(world)


def test_what_is_the_users_stays(world: Case) -> None:
    (world.path / "estate.yaml").write_text("entities: {}\n")
    (world.path / "evidence").mkdir()
    (world.path / "evidence" / "b.log").write_text("x")
    said = world.purge()
    assert everything(world.path) == ["estate.yaml", "evidence", "evidence/b.log"]
    assert "what is yours stays: estate.yaml and evidence" in said


def plant(case: Case, outside: Path, what: str) -> None:
    if what == "a file":
        (case.path / "thesis.docx").write_text("x")
    elif what == "a folder":
        (case.path / "photos").mkdir()
    elif what == "a file among the versions":
        (case.path / "versions" / "notes.txt").write_text("x")
    elif what == "a file in a version":
        (case.path / "versions" / "1" / "notes.txt").write_text("x")
    elif what == "a linked version":
        shutil.rmtree(case.path / "versions" / "1")
        (case.path / "versions" / "1").symlink_to(outside)
    elif what == "linked versions":
        (case.path / "versions").rename(outside.parent / "versions")
        (case.path / "versions").symlink_to(outside.parent / "versions")
    elif what == "a link in the work":
        (case.work / "more").symlink_to(outside)
    elif what == "linked work":
        shutil.rmtree(case.work)
        case.work.symlink_to(outside)
    elif what == "somebody else's work":
        (case.work / ".case").unlink()
    elif what == "a linked file":
        (case.path / "report.html").unlink()
        (case.path / "report.html").symlink_to(outside / "1.parquet")
    elif what == "a pipe":
        (case.path / "report.html").unlink()
        os.mkfifo(case.path / "report.html")
    elif what == "an odd name in the work":
        (case.work / "my letters").mkdir()


@pytest.mark.parametrize(
    "what",
    [
        "a file", "a folder", "a file among the versions", "a file in a version", "a linked version",
        "linked versions", "a link in the work", "linked work", "somebody else's work", "a linked file", "a pipe",
        "an odd name in the work",
    ],
)  # fmt: skip
def test_a_folder_with_anything_foreign_is_left_alone(world: Case, tmp_path: Path, what: str) -> None:
    plant(world, tmp_path / "outside", what)
    before = everything(tmp_path)
    with pytest.raises(CaseError, match="was not removed"):
        again(world).purge()
    assert everything(tmp_path) == before
    assert (tmp_path / "outside" / "1.parquet").read_text() == "precious"
    assert again(world).has_key


def test_a_link_is_removed_and_not_followed(world: Case, tmp_path: Path) -> None:
    (world.path / "tables").unlink()
    (world.path / "tables").symlink_to(tmp_path / "outside")
    world.purge()
    assert not world.path.exists()
    assert (tmp_path / "outside" / "1.parquet").read_text() == "precious"


def test_a_strangers_folder_with_my_id_does_not_cost_me_my_key(world: Case, tmp_path: Path) -> None:
    (tmp_path / "stranger").mkdir()
    shutil.copy(world.path / "case.json", tmp_path / "stranger" / "case.json")
    stranger = Case.open(tmp_path / "stranger", keys=tmp_path / "keys")
    assert "still needs its key" in stranger.purge()[-1]
    mine = again(world)
    assert mine.has_key
    assert mine.roots() == [tmp_path / "evidence"]
    assert "its key" in mine.purge()[-1]
    assert list((tmp_path / "keys").iterdir()) == []


def test_a_purge_that_was_killed_can_be_run_again(world: Case, tmp_path: Path) -> None:
    (tmp_path / "keys" / f"{world.id}.key").unlink()
    shutil.rmtree(world.path / "versions" / "1")
    (world.path / "work" / ".case").unlink()
    (world.path / "work" / "index.jsonl").unlink()
    shutil.rmtree(world.path / "work" / "ab")
    (world.path / "ledger.jsonl").unlink()
    again(world).purge()
    assert not world.path.exists()


def test_nothing_goes_while_somebody_writes(world: Case) -> None:
    with world.writing(), pytest.raises(LockedError):
        again(world).purge()
    assert again(world).tables()["flow"].num_rows == 2


def test_the_report_of_a_refusal_names_nothing(world: Case) -> None:
    (world.path / "jane.doe@example.org.txt").write_text("x")
    with pytest.raises(CaseError) as caught:
        world.purge()
    assert "jane" not in str(caught.value)
    assert "1 file or folder" in caught.value.why
    assert json.loads((world.path / "case.json").read_text())["id"] == world.id
