"""`flagstate classes`: every class is listed, one is shown whole, and no value is asked for."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from flagstate.catalog.data_class import LAWS, load
from flagstate.cli.app import app
from flagstate.errors import UsageError

RUN = CliRunner()


def test_every_class_is_listed_with_its_sentence() -> None:
    done = RUN.invoke(app, ["classes"], env={"COLUMNS": "240"})
    assert done.exit_code == 0
    for made in load():
        assert f"\n{made.id} " in f"\n{done.stdout}"
        assert made.says in done.stdout
    assert f"{len(load())} classes." in done.stdout


def test_the_list_as_json_has_one_entry_per_class() -> None:
    listed = json.loads(RUN.invoke(app, ["classes", "--json"]).stdout)
    assert [entry["id"] for entry in listed] == [made.id for made in load()]
    assert all(set(entry["law"]) <= set(LAWS) for entry in listed)


@pytest.mark.parametrize("name", [made.id for made in load()])
def test_one_class_is_shown_with_its_law_words_and_examples(name: str) -> None:
    made = next(m for m in load() if m.id == name)
    shown = RUN.invoke(app, ["classes", name])
    assert shown.exit_code == 0
    assert shown.stdout.startswith(f"{name}: {made.says}\n")
    assert all(f"{law}: {LAWS[law]}" in shown.stdout for law in made.law)
    assert shown.stdout.count(f"\n  {'is':9} ") == len(made.examples)
    assert all(line == line.strip("\r") and "\x00" not in line for line in shown.stdout.split("\n"))
    whole = json.loads(RUN.invoke(app, ["classes", name, "--json"]).stdout)
    assert whole["examples"] == list(made.examples)
    assert whole["headers"] == {language: list(words) for language, words in made.words}


def test_an_unknown_class_is_told_the_nearest() -> None:
    done = RUN.invoke(app, ["classes", "ibann"])
    assert isinstance(done.exception, UsageError)
    assert "iban" in done.exception.todo


def test_help_offers_no_way_to_pass_a_value() -> None:
    done = RUN.invoke(app, ["classes", "--help"], env={"COLUMNS": "100"})
    assert done.exit_code == 0
    assert "--value" not in done.stdout
    assert "history of the shell" in " ".join(done.stdout.split())
