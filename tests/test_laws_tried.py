"""The user's own laws are run once on empty tables before they are listed: what would fail later fails then."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flagstate.pipeline.rules import tried

PLAIN = Path(__file__).parent / "data" / "laws" / "plain"


def own(tmp_path: Path, old: str, new: str) -> Path:
    """Return a folder with a working law in which something is changed."""
    source = next(one for one in sorted(PLAIN.iterdir()) if (one / "law.yaml").exists())
    made = tmp_path / source.name
    shutil.copytree(source, made)
    sql = made / "rules.sql"
    text = sql.read_text("utf-8")
    assert old in text
    sql.write_text(text.replace(old, new, 1), "utf-8")
    return made


def test_that_a_law_that_works_is_taken_in(tmp_path: Path) -> None:
    found = tried([own(tmp_path, "SELECT", "SELECT")])
    assert not found.refused
    assert any(law.own for law in found.laws)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("AS exemption", "AS exemptions", "column"),
        ("AS facts", "AS fact", "column"),
        ("'no' AS verdict", "no_such_column AS verdict", "not a query"),
    ],
)
def test_that_a_wrong_column_is_refused_with_file_and_line(tmp_path: Path, old: str, new: str, what: str) -> None:
    found = tried([own(tmp_path, old, new)])
    (one,) = found.refused
    assert what in str(one.error)
    assert "rules.sql:" in one.error.where
    assert found.laws
    assert not any(law.own for law in found.laws)
