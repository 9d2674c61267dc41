"""A case opens, or says why not; it is for its owner's eyes; what is published is what is read."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from case_world import again, lines, made, tables
from flagstate import model
from flagstate.case import Case
from flagstate.errors import CaseError, LockedError


def modes(folder: Path) -> set[tuple[str, int]]:
    found = set()
    for path in [folder, *folder.rglob("*")]:
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode):
            found.add(("folder" if stat.S_ISDIR(mode) else "file", stat.S_IMODE(mode)))
    return found


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_only_the_owner_may_look_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        case = Case.open(tmp_path / "case", create=True, keys=tmp_path / "keys")
        case.publish(tables(3))
        case.remember(case.fingerprint(tmp_path / "x"), {"size": 1})
        case.save("report.html", b"<html>")
    finally:
        os.umask(before)
    assert modes(tmp_path / "case") == {("folder", 0o700), ("file", 0o600)}
    assert modes(tmp_path / "keys") == {("folder", 0o700), ("file", 0o600)}


def test_a_case_that_was_opened_to_others_is_closed_again(tmp_path: Path) -> None:
    case = made(tmp_path)
    case.path.chmod(0o755)
    again(case).append("audit", {})
    assert stat.S_IMODE(case.path.stat().st_mode) == 0o700


def test_publish_then_read(tmp_path: Path) -> None:
    case = made(tmp_path)
    assert case.version() is None
    assert case.publish(tables(3)) == 1
    with again(case).tables() as found:
        assert found.version == 1
        assert set(found) == set(model.STORED)
        assert found["flow"].num_rows == found["evidence"].num_rows == 3
        assert found["place"].schema.equals(model.PLACE.schema)
        assert found["place"].num_rows == 0
    assert os.readlink(case.path / "tables") == "versions/1"
    assert (case.path / "tables" / "flow.parquet").is_file()
    assert case.check() == []


def test_the_same_tables_are_not_written_twice_unless_they_were_damaged(tmp_path: Path) -> None:
    case = made(tmp_path)
    case.publish(tables(3))
    head = case.head()
    assert case.publish(tables(3)) == 1
    assert case.head() == head
    (case.path / "tables" / "flow.parquet").write_bytes(b"PAR1 broken PAR1")
    with pytest.raises(CaseError, match="its file is damaged"):
        case.tables()["flow"]
    assert case.publish(tables(3)) == 2
    assert case.tables()["flow"].num_rows == 3


def test_only_stored_nouns_are_published(tmp_path: Path) -> None:
    case = made(tmp_path)
    with pytest.raises(ValueError, match="connection"):
        case.publish({"connection": model.empty(model.CONNECTION)})
    with pytest.raises(CaseError, match="no audit was finished"):
        case.tables()


def test_what_is_not_a_case_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="does not exist"):
        Case.open(tmp_path / "nothing", keys=tmp_path / "keys")
    (tmp_path / "empty").mkdir()
    with pytest.raises(CaseError, match="not a case"):
        Case.open(tmp_path / "empty", keys=tmp_path / "keys")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(CaseError, match="not empty and not a case"):
        Case.open(tmp_path / "photos", create=True, keys=tmp_path / "keys")
    assert [p.name for p in (tmp_path / "photos").iterdir()] == ["holiday.jpg"]
    (tmp_path / "file").write_text("")
    with pytest.raises(CaseError, match="is a folder"):
        Case.open(tmp_path / "file", create=True, keys=tmp_path / "keys")


def test_a_declaration_may_wait_in_the_folder_before_the_case(tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "estate.yaml").write_text("entities: {}\n")
    assert made(tmp_path).version() is None


def test_links_are_refused(tmp_path: Path) -> None:
    case = made(tmp_path)
    case.publish(tables(1))
    (tmp_path / "link").symlink_to(case.path)
    for name in ("link", "link/"):
        with pytest.raises(CaseError, match="symbolic link"):
            Case.open(Path(f"{tmp_path}/{name}"), keys=tmp_path / "keys")
    outside = tmp_path / "outside"
    (outside / "versions" / "1").mkdir(parents=True)
    for target in (outside / "versions" / "1", "../outside", "versions/../../outside/versions/1", "versions/1/."):
        (case.path / "tables").unlink()
        (case.path / "tables").symlink_to(target)
        with pytest.raises(CaseError, match="cannot be trusted"):
            again(case).tables()
        with pytest.raises(CaseError, match="cannot be trusted"):
            again(case).publish(tables(2))
    assert list((outside / "versions" / "1").iterdir()) == []


@pytest.mark.parametrize("name", ["case.json", "ledger.jsonl", "lock", "versions", "work", "work/index.jsonl"])
def test_a_link_in_the_place_of_an_own_file_is_not_followed(tmp_path: Path, name: str) -> None:
    case = made(tmp_path)
    case.publish(tables(2))
    outside = tmp_path / "outside"
    if (case.path / name).is_dir():
        (case.path / name).rename(outside)
    else:
        outside.write_bytes((case.path / name).read_bytes() if (case.path / name).exists() else b"")
        (case.path / name).unlink(missing_ok=True)
    (case.path / name).parent.mkdir(exist_ok=True)
    (case.path / name).symlink_to(outside)
    before = outside.read_bytes() if outside.is_file() else sorted(os.listdir(outside)) if outside.exists() else None
    with pytest.raises(CaseError):  # noqa: PT012 - which of the steps refuses differs by file
        broken = again(case)
        broken.remember("f", {"size": 1})
        broken.publish(tables(1))
    after = outside.read_bytes() if outside.is_file() else sorted(os.listdir(outside)) if outside.exists() else None
    assert after == before


def test_a_newer_format_is_refused_politely(tmp_path: Path) -> None:
    case = made(tmp_path)
    document = json.loads((case.path / "case.json").read_text())
    (case.path / "case.json").write_text(json.dumps({**document, "case_format": 2}))
    with pytest.raises(CaseError, match="newer flagstate") as caught:
        again(case)
    assert "its format is 2 and this version knows formats up to 1" in caught.value.why
    assert "nothing was changed" in caught.value.todo


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"case_format":1}', "{" * 100_000, "\0\0"])
def test_a_damaged_case_json_is_said(tmp_path: Path, text: str) -> None:
    case = made(tmp_path)
    (case.path / "case.json").write_text(text)
    with pytest.raises(CaseError, match=r"case\.json is damaged"):
        again(case)


def test_an_id_that_would_lead_out_of_the_keys_is_refused(tmp_path: Path) -> None:
    case = made(tmp_path)
    document = json.loads((case.path / "case.json").read_text())
    (case.path / "case.json").write_text(json.dumps({**document, "id": "../../../etc/passwd"}))
    with pytest.raises(CaseError, match="id of the case"):
        again(case)


def test_a_folder_that_may_not_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    code = (
        "import os, sys; from pathlib import Path; from flagstate.case import Case\n"
        "os.chmod(sys.argv[1], 0o555); os.chmod(sys.argv[2], 0o755)\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
        "try: Case.open(Path(sys.argv[1]) / 'case', create=True, keys=Path('/nonexistent/keys'))\n"
        "except Exception as e: print(type(e).__name__, e)\n"
    )
    for folder in [tmp_path, *tmp_path.parents][:3]:
        folder.chmod(folder.stat().st_mode | 0o555)
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "locked", tmp_path], capture_output=True, text=True)
    assert done.stdout.startswith("CaseError"), done
    assert "no permission" in done.stdout


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    case = made(tmp_path)
    other = again(case)
    with case.writing(), pytest.raises(LockedError) as caught:
        other.publish(tables(1))
    assert f"process {os.getpid()} on " in caught.value.why
    assert other.publish(tables(1)) == 1


def test_readers_need_no_lock(tmp_path: Path) -> None:
    case = made(tmp_path)
    case.publish(tables(2))
    with case.writing():
        reader = again(case)
        assert reader.tables()["flow"].num_rows == 2
        assert reader.check() == []
        assert reader.judgements().num_rows == 0


def test_a_forked_child_does_not_write_for_its_parent(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from flagstate.case import Case; from flagstate.errors import *\n"
        "case = Case.open(Path(sys.argv[1]), keys=Path(sys.argv[2]))\n"
        "with case.writing():\n"
        "    if (pid := os.fork()) == 0:\n"
        "        try: case.append('from_child', {})\n"
        "        except LockedError: os._exit(7)\n"
        "        os._exit(0)\n"
        "    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
        "    case.append('from_parent', {})\n"
    )
    case = made(tmp_path)
    done = subprocess.run([sys.executable, "-c", code, case.path, tmp_path / "keys"], capture_output=True, text=True)
    assert done.stdout == "7\n", done
    assert [row["kind"] for row in lines(case)] == ["case", "key", "from_parent"]


def test_only_known_pages_are_saved(tmp_path: Path) -> None:
    case = made(tmp_path)
    assert case.save("report.html", b"<html>").read_bytes() == b"<html>"
    with pytest.raises(ValueError, match="page"):
        case.save("../report.html", b"")
