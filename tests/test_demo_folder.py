"""The folder of a demonstration: on a disk that is full, without its truth, and of another generation."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from flagstate.demo import build as building
from flagstate.demo.hub import Hub
from flagstate.errors import RoomError, UsageError

BUILD = """
import resource, sys
from pathlib import Path
from flagstate.demo.build import build
from flagstate.demo.hub import Hub
from flagstate.errors import RoomError
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
try:
    build(Path(sys.argv[1]), Hub(1000, 1))
except RoomError as problem:
    print(problem)
    sys.exit(9)
"""
STORE = 860_160
"""Bytes of the store of a hub of 1,000 parcels: the largest file."""


def _limited(folder: Path, most: int) -> subprocess.CompletedProcess[str]:
    """Build where no file may become larger than that: the system itself refuses."""
    command = [sys.executable, "-P", "-c", BUILD, str(folder), str(most)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("most", [150_000, 700_001, 700_416, STORE - 4_096])
def test_a_full_disk_is_a_sentence(tmp_path: Path, most: int) -> None:
    """Wherever it is full: in a log, within a page of the store, between two of its pages, at its last one."""
    done = _limited(tmp_path / "hub", most)
    assert done.returncode == 9, done.stderr
    assert "does not fit on the disk, because the disk is full. Make room" in done.stdout
    assert [path.name for path in (tmp_path / "hub").iterdir()] == ["demo.json"], "it gives the room back"
    if most == 700_001:
        building.build(tmp_path / "hub", Hub(1_000, 1))
        assert (tmp_path / "hub/evidence/stores/hub.sqlite").stat().st_size == STORE


@pytest.mark.parametrize(("scale", "said"), [(10**15, "GB"), (None, "MB")])
def test_too_little_room_is_said_before(tmp_path: Path, scale: int | None, said: str) -> None:
    found = os.statvfs(tmp_path)
    free = found.f_bavail * found.f_frsize
    need = building.room(Hub(scale or 20_000, 1))
    assert need > free if scale else 20_000_000 < need < 30_000_000, "20k were measured to take 20 MB"
    if scale:
        with pytest.raises(RoomError, match=f"it may need .* {said}"):
            building.build(tmp_path / "hub", Hub(scale, 1))
    assert building.size(need).endswith(said)
    assert not building.size(need).startswith("0.0")


def _prints(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*")) if path.is_file()
    }  # fmt: skip


@pytest.mark.parametrize("left", [None, "", "{", "[]"])
def test_a_truth_that_is_gone_is_counted_anew(tmp_path: Path, left: str | None) -> None:
    """The evidence stays as it is, with what somebody put beside it."""
    told = building.build(tmp_path, Hub(1_000, 1))
    (tmp_path / "evidence/mine.txt").write_text("kept\n")
    before = _prints(tmp_path)
    (tmp_path / "truth.json").unlink()
    if left is not None:
        (tmp_path / "truth.json").write_text(left)
    assert building.build(tmp_path, Hub(1_000, 1)) == told
    assert _prints(tmp_path) == before


@pytest.mark.parametrize("generation", [None, building.GENERATION - 1, building.GENERATION + 1])
def test_another_generation_is_another_demonstration(
    tmp_path: Path, generation: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    building.build(tmp_path / "hub", Hub(1_000, 1))
    mark = json.loads((tmp_path / "hub/demo.json").read_text())
    assert mark.pop("generation") == building.GENERATION
    if generation is not None:
        mark["generation"] = generation
    (tmp_path / "hub/demo.json").write_text(json.dumps(mark))
    before = _prints(tmp_path)
    with pytest.raises(UsageError, match="as another version of flagstate made it"):
        building.build(tmp_path / "hub", Hub(1_000, 1))
    assert _prints(tmp_path) == before
    monkeypatch.chdir(tmp_path)
    assert building.free("hub", Hub(1_000, 1)) == Path("hub-2")


WRITTEN = (3, "66e107c8c8e4925d52bdc12272b6edd0b1d6d59cebdc7f7d00dad0cc88aa5f40")
"""The generation, and what it writes at scale 1,000 and seed 1."""


def test_what_is_written_has_a_number(tmp_path: Path) -> None:
    """A change of what is written is another generation: raise `GENERATION`, and put it and the new print here."""
    building.build(tmp_path, Hub(1_000, 1))
    made = hashlib.sha256()
    for path in sorted(path for path in (tmp_path / "evidence").rglob("*") if path.is_file()):
        made.update(path.name.encode() + b"\0" + _content(path))
    truth = json.loads((tmp_path / "truth.json").read_text())
    del truth["stores"]["bytes"]
    made.update(json.dumps(truth, sort_keys=True).encode())
    assert (building.GENERATION, made.hexdigest()) == WRITTEN


def _content(path: Path) -> bytes:
    """Return what a file says, whatever version of a library packed it."""
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix != ".sqlite":
        return path.read_bytes()
    with closing(sqlite3.connect(path)) as con:
        return "\n".join(con.iterdump()).encode()
