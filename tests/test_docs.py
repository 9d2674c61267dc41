"""The documentation tells the truth: links lead somewhere, and every command and noun stands in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flagstate import model
from flagstate.cli.app import app
from flagstate.read.registry import readers

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} points to {target}"


def test_every_command_is_documented() -> None:
    text = (ROOT / "docs" / "commands.md").read_text()
    names = [c.name or c.callback.__name__ for c in app.registered_commands if c.callback]
    names += [str(g.name) for g in app.registered_groups]
    assert len(names) >= 9
    for name in names:
        assert f"flagstate {name}" in text


def test_every_noun_is_documented() -> None:
    text = (ROOT / "docs" / "tables.md").read_text()
    for noun in model.ALL:
        assert f"### {noun.name}\n" in text
        for column in noun.columns:
            assert f"| `{column.name}` |" in text


def test_every_format_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    for reader in readers().values():
        assert reader.doc in text


def test_the_published_schema_is_the_one_in_use() -> None:
    ours = ROOT / "src" / "flagstate" / "catalog" / "data" / "estate.schema.json"
    assert (ROOT / "docs" / "estate.schema.json").read_bytes() == ours.read_bytes()


def test_the_two_commands_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for command in re.findall(r"^make (\w+)", (ROOT / "README.md").read_text(), re.MULTILINE):
        assert re.search(rf"^{command}:", makefile, re.MULTILINE)


def test_sources_of_test_data_are_named() -> None:
    listed = (ROOT / "tests" / "data" / "SOURCES.md").read_text()
    for folder in sorted(p for p in (ROOT / "tests" / "data").iterdir() if p.is_dir()):
        assert f"`{folder.name}/`" in listed, f"{folder.name} has no source"
