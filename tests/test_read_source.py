"""Opening: regular files only, each once, nothing outside what was named, no descriptor left behind."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstate.errors import EvidenceError, UsageError
from flagstate.read import source
from flagstate.read.source import Found, Hasher, cut, head, neutral, opened, sha256, spool, suffix_of, walk
from open_files import open_files


def by_name(roots: list[Path], **options: Path) -> dict[str, Found]:
    found = list(walk(roots, **options))
    names = [one.name for one in found]
    assert len(set(names)) == len(names)
    return dict(zip(names, found, strict=True))


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    """Return a folder with one of each kind of thing."""
    outside = tmp_path / "outside.csv"
    outside.write_text("a,b\n1,2\n")
    root = tmp_path / "evidence"
    (root / "country=DE").mkdir(parents=True)
    (root / "country=DE" / "a[1].csv").write_text("a,b\n1,2\n")
    (root / "a1.csv").write_text("x,y\n3,4\n")
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as unix:
        here = os.getcwd()
        os.chdir(root)
        try:
            unix.bind("socket")
        finally:
            os.chdir(here)
    (root / "inside").symlink_to(root / "a1.csv")
    (root / "outside").symlink_to(outside)
    (root / "loop").symlink_to(root / "loop")
    (root / "up").symlink_to(root)
    (root / "dangling").symlink_to(tmp_path / "nowhere")
    (root / "null").symlink_to("/dev/null")
    return root


def test_only_regular_files_are_opened_and_the_rest_is_said(zoo: Path) -> None:
    found = by_name([zoo])
    assert [name for name, one in found.items() if not one.refused] == ["a1.csv", "country=DE/a[1].csv"]
    for name in ("inside", "outside", "loop", "up", "dangling", "null"):
        assert found[name].refused == "it is a link, and links are not followed"
        assert found[name].todo
    for name in ("fifo", "socket"):
        assert "not a regular file" in found[name].refused
    assert found == by_name([zoo])
    assert list(found) == sorted(found)


@pytest.mark.parametrize("name", ["fifo", "socket", "inside", "loop", "dangling", "missing", ""])
def test_open_refuses_what_walk_refuses_and_never_waits(zoo: Path, name: str) -> None:
    before = open_files()
    with pytest.raises(EvidenceError) as told, opened(str(zoo / name) if name else "/dev/null"):
        pass
    assert told.value.what
    assert str(zoo) not in str(told.value)
    assert open_files() == before


def test_a_device_is_refused() -> None:
    found = next(iter(walk([Path("/dev/null")])))
    assert "not a regular file" in found.refused


def test_a_root_may_be_a_link_but_names_stay_within_it(zoo: Path) -> None:
    link = zoo.parent / "link"
    link.symlink_to(zoo)
    assert by_name([link]) == by_name([zoo])
    alone = list(walk([zoo / "inside"]))
    assert [(one.name, one.refused) for one in alone] == [("a1.csv", "")]


def test_roots_that_lie_in_each_other_give_each_file_once(zoo: Path) -> None:
    once = {one.path for one in walk([zoo])}
    found = list(walk([zoo / "country=DE", zoo, zoo, zoo / "a1.csv", zoo / "country=DE" / "a[1].csv"]))
    assert sorted(one.path for one in found) == sorted(once)


def test_a_missing_root_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as told:
        list(walk([tmp_path / "nothing"]))
    assert "nothing" in str(told.value)
    assert str(tmp_path) not in str(told.value)


def test_the_case_is_no_evidence_and_another_case_is_said(tmp_path: Path) -> None:
    for name in ("ours", "other", "decoy"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.csv").write_text("a,b\n1,2\n")
    (tmp_path / "other" / "case.json").write_text('{"case_format":1}')
    (tmp_path / "ours" / "case.json").write_text('{"case_format":1}')
    # A folder is not hidden by a file that happens to have this name.
    (tmp_path / "decoy" / "case.json").write_text('{"case": 7}')
    found = by_name([tmp_path], skip=tmp_path / "ours")
    assert set(found) == {"other", "decoy/x.csv", "decoy/case.json"}
    assert found["other"].refused == "it is the folder of a case"
    assert not found["decoy/x.csv"].refused


def test_deep_folders_and_too_many_files_have_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path
    for _ in range(source.MAX_DEPTH + 2):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "x.csv").write_text("a\n")
    refused = [one for one in walk([tmp_path]) if one.refused]
    assert len(refused) == 1
    assert "nested more than" in refused[0].refused
    for number in range(5):
        (tmp_path / f"{number}.csv").write_text("a\n")
    monkeypatch.setattr(source, "MAX_FILES", 4)
    with pytest.raises(UsageError, match="More than 4 files"):
        list(walk([tmp_path]))


def test_without_permission_the_file_is_a_row(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()
    (locked / "x.csv").write_text("a\n")
    bare = tmp_path / "bare.csv"
    bare.write_text("a\n")
    bare.chmod(0)
    locked.chmod(0)
    for parent in (tmp_path, *tmp_path.parents[:3]):
        if parent.owner() == Path.home().owner() and parent != Path("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o055)
    pid = os.fork()
    if not pid:
        code = 9
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            found = {one.name: one for one in walk([tmp_path])}
            told = "cannot be listed" in found["locked"].refused and not found["bare.csv"].refused
            try:
                with opened(str(bare)):
                    code = 8
            except EvidenceError as problem:
                code = 0 if told and "denied" in problem.why.lower() else 7
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    locked.chmod(0o700)


@given(st.binary(max_size=5000), st.integers(0, 6000), st.integers(0, 6000), st.binary(max_size=50))
def test_a_cut_and_its_hash_are_of_the_bytes_that_were_named(data: bytes, start: int, stop: int, lead: bytes) -> None:
    folder = os.environ.get("TMPDIR", "/tmp")
    before = open_files()
    whole = spool(folder)
    os.write(whole, data)
    part = cut(whole, folder, start, stop, lead)
    assert os.pread(part, 20_000, 0) == lead + data[start:stop]
    assert Hasher(whole, start, stop).result() == hashlib.sha256(data[start:stop] if stop > start else b"").hexdigest()
    assert Hasher(whole).result() == hashlib.sha256(data).hexdigest()
    with open(neutral(whole), "rb") as again:
        assert again.read() == data
    assert head(whole, len(data), ".csv").whole
    os.close(part)
    os.close(whole)
    assert open_files() == before


def test_sha256_and_suffix(tmp_path: Path) -> None:
    path = tmp_path / "x.Tar.GZ"
    path.write_bytes(b"abc")
    assert sha256(str(path)) == hashlib.sha256(b"abc").hexdigest()
    assert sha256(str(path), 1, 2) == hashlib.sha256(b"b").hexdigest()
    assert suffix_of(path.name) == ".gz"
    assert suffix_of("no_suffix") == ""
    assert len(suffix_of("x." + "a" * 100)) == 16


def test_no_room_for_a_spool_is_said(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="No temporary file"):
        spool(str(tmp_path / "missing"))


def test_a_nameless_file_leaves_nothing_behind(tmp_path: Path) -> None:
    descriptor = spool(str(tmp_path))
    os.write(descriptor, b"value")
    assert os.fstat(descriptor).st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == []
    os.close(descriptor)
