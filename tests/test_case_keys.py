"""The key lies outside; a lost one is replaced, said, and costs a reading; a damaged one is not replaced unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

from case_world import again, lines, made, read, tables
from flagstate.case import Case, keys
from flagstate.errors import CaseError


def test_a_lost_key_is_noted_and_everything_is_read_again(tmp_path: Path) -> None:
    case = made(tmp_path)
    (tmp_path / "conn.log").write_text("x\n")
    with case.writing():
        read(case, tmp_path / "conn.log")
        (case.work / "abc.parquet").write_bytes(b"keyed sketches")
        (case.work / "sub").mkdir()
    case.publish(tables(1))
    old, name = case.key, case.fingerprint(tmp_path / "conn.log")
    (tmp_path / "keys" / f"{case.id}.key").unlink()
    reader = again(case)
    assert not reader.has_key
    with pytest.raises(CaseError, match="not on this account"):
        _ = reader.key
    assert reader.tables()["flow"].num_rows == 1
    assert reader.unchanged(tmp_path / "conn.log") is None
    writer = again(case)
    writer.append("audit", {})
    assert writer.key != old
    assert writer.known(name) is None
    assert sorted(p.name for p in writer.work.iterdir()) == [".case"]
    rows = [row for row in lines(case) if row["kind"] == "key"]
    assert ["why" in row["body"] for row in rows] == [False, True]
    assert again(case).check() == []


@pytest.mark.parametrize("text", [b"", b"\0" * 32, b"{}", b'{"key":"00","places":{}}', b'{"key":"zz","places":[]}'])
def test_a_damaged_key_is_not_replaced_unasked(tmp_path: Path, text: bytes) -> None:
    case = made(tmp_path)
    path = tmp_path / "keys" / f"{case.id}.key"
    path.write_bytes(text)
    with pytest.raises(CaseError, match="key of the case is damaged"):
        again(case)
    assert path.read_bytes() == text


def test_a_key_inside_the_case_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="cannot lie in the case"):
        Case.open(tmp_path / "case", create=True, keys=tmp_path / "case" / "keys")
    assert not (tmp_path / "case").exists()


def test_where_keys_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLAGSTATE_KEYS", str(tmp_path / "named"))
    assert keys.folder() == tmp_path / "named"
    monkeypatch.delenv("FLAGSTATE_KEYS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert keys.folder() == tmp_path / "data" / "flagstate" / "keys"
    monkeypatch.setenv("XDG_DATA_HOME", "relative/is/not/valid")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert keys.folder() == tmp_path / "home" / ".local" / "share" / "flagstate" / "keys"
    assert Case.open(tmp_path / "case", create=True).key
    assert list((tmp_path / "home").rglob("*.key"))


def test_places_with_odd_names_come_back(tmp_path: Path) -> None:
    case = made(tmp_path)
    odd = [Path("/évidence/a b\n"), Path("/raw/\udcff\udcfe")]
    case.set_roots(odd)
    assert again(case).roots() == odd
