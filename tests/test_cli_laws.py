"""`flagstate laws`: every law is listed, each reads as a page, a refused one is named, and no text of a pack acts."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from flagstate.catalog.mask import UNSAFE
from flagstate.cli.app import app
from flagstate.cli.law_words import LABELS, PAIRS
from flagstate.errors import UsageError
from flagstate.laws import pack, told

RUN = CliRunner()
HERE = Path(__file__).parent / "data" / "law_page"
OWN = HERE / "laws"
ON = "2026-11-22"


def run(*words: str, columns: int = 100) -> Result:
    return RUN.invoke(app, ["laws", *words], env={"COLUMNS": str(columns)})


def own(*words: str, columns: int = 100) -> Result:
    return run(*words, "--laws", str(OWN), "--as-of", ON, columns=columns)


def copied(folder: Path, change: dict[str, str]) -> Path:
    """Return a folder of laws with the invented law in it, changed."""
    shutil.copytree(OWN / "tea_trade", folder / "tea_trade")
    file = folder / "tea_trade" / "law.yaml"
    text = file.read_text()
    for before, after in change.items():
        assert before in text
        text = text.replace(before, after)
    file.write_text(text)
    return folder


@pytest.mark.parametrize(
    ("golden", "words"),
    [
        ("law_en.txt", ("tea_trade",)),
        ("law_fr.txt", ("tea_trade", "--lang", "fr")),
        ("rule_en.txt", ("TEA-01",)),
        ("rule_fr.txt", ("tea-02", "--lang", "fr")),
    ],
)
def test_a_law_and_a_rule_read_as_they_did(golden: str, words: tuple[str, ...]) -> None:
    done = own(*words)
    assert done.exit_code == 0
    assert done.stdout == (HERE / golden).read_text()


def test_every_law_is_listed_with_its_figures() -> None:
    done = own(columns=160)
    assert done.exit_code == (1 if pack.packs().refused else 0)
    lines = done.stdout.split("\n")
    for law in pack.packs([OWN]).laws:
        (at,) = (n for n, one in enumerate(lines) if one.startswith(f"{law.id} "))
        assert law.title["en"] in lines[at]
        assert f" · rules: {len(law.rules)} · " in lines[at + 1]
        assert f" · last checked {law.last_checked} · " in " ".join(" ".join(lines[at + 1 : at + 4]).split())
    (at,) = (n for n, one in enumerate(lines) if one.startswith("tea_trade "))
    assert lines[at].endswith(" Tea Trade Act (yours)")
    assert "XX · rules: 2 · in force since 2020-01-01 until 2030-01-01 · sourced: 2, to verify: 1," in lines[at + 1]
    assert f"Laws on {ON}: {len(pack.packs([OWN]).laws)}." in done.stdout


@pytest.mark.parametrize("tongue", ["en", "fr"])
@pytest.mark.parametrize("law", pack.packs().laws, ids=lambda law: law.id)
def test_every_shipped_law_reads_as_a_page_in_both_languages(law: pack.Law, tongue: str) -> None:
    done = run(law.id, "--lang", tongue, "--as-of", ON)
    assert done.exit_code == 0
    flat = " ".join(done.stdout.split())
    assert " ".join(law.title[tongue].split()) in flat
    for rule in law.rules.values():
        assert f"{rule.id} {' '.join(rule.title[tongue].split())}" in flat
        assert all(" ".join(one[tongue].split()) in flat for one in rule.messages.values())
    assert all(value.citation in flat for value in law.values)
    assert max(map(len, done.stdout.split("\n"))) <= 110


def test_a_rule_is_shown_with_what_it_alone_turns_on() -> None:
    shown = json.loads(own("TEA-01", "--json").stdout)
    assert [one["id"] for one in shown["rules"]] == ["TEA-01"]
    assert [one["param"] for one in shown["params"]] == ["many", "deadline_days"]
    assert [one["missing"] for one in shown["rules"][0]["missing"]] == ["drinkers"]
    assert shown["controls"] == []
    assert shown["rules"][0]["tables"] == ["law_param", "person_count"]
    assert [one["list"] for one in shown["listed"]] == ["us_28cfr202_countries_of_concern"]
    other = json.loads(own("TEA-02", "--json").stdout)
    assert [one["control"] for one in other["controls"]] == ["tea_licence"]
    assert other["params"] == []


@pytest.mark.parametrize(
    ("on", "stands", "held"),
    [
        ("2019-12-31", "not yet", []),
        ("2020-01-01", "in force", ["500"]),
        ("2024-12-31", "in force", ["500"]),
        ("2025-01-01", "in force", ["12500"]),
        ("2029-12-31", "in force", ["12500"]),
        ("2030-01-01", "lapsed", ["12500"]),
    ],
)
def test_the_day_decides_which_value_holds(on: str, stands: str, held: list[str]) -> None:
    shown = json.loads(run("tea_trade", "--laws", str(OWN), "--as-of", on, "--json").stdout)
    assert shown["stands"] == stands
    (many,) = (one for one in shown["params"] if one["param"] == "many")
    assert [str(one["value"]) for one in many["values"] if one["holds"]] == held


def test_proposed_law_and_old_readings_are_said_to_be_so() -> None:
    law = pack.load(OWN / "tea_trade", own=True)
    forces = {r["id"]: r["stands"] for r in told.whole(law, date(2029, 1, 1), None)["rules"]}
    assert forces == {"TEA-01": "in force", "TEA-02": "proposed"}
    assert set(LABELS["en"]) == set(LABELS["fr"]) == set(PAIRS)
    assert {"in force", "not yet", "lapsed", "proposed", "stale", "product rule", *told.STATUSES} <= set(PAIRS)


def test_a_refused_law_is_named_with_file_and_line_and_the_others_are_listed(tmp_path: Path) -> None:
    folder = copied(tmp_path, {"status: to verify": "status: hearsay"})
    line = 1 + (OWN / "tea_trade" / "law.yaml").read_text().split("\n").index(
        next(one for one in (OWN / "tea_trade" / "law.yaml").read_text().split("\n") if "status: to verify" in one)
    )
    done = run("--laws", str(folder))
    assert done.exit_code == 2
    assert re.search(rf"REFUSED tea_trade: tea_trade/law.yaml:{line}\b", done.stdout)
    assert all(f"{law.id} " in done.stdout for law in pack.packs().laws)
    listed = json.loads(run("--laws", str(folder), "--json").stdout)
    assert listed["refused"][-1]["name"] == "tea_trade"
    assert listed["refused"][-1]["where"].startswith(f"tea_trade/law.yaml:{line}")
    assert run("tea_trade", "--laws", str(folder)).exit_code != 0


def test_a_folder_that_is_not_there_is_an_error() -> None:
    assert run("--laws", "/no/such/folder").exit_code != 0


def test_a_law_of_ones_own_cannot_take_the_place_of_one_of_ours(tmp_path: Path) -> None:
    ours = pack.packs().laws[0]
    theirs = tmp_path / ours.id
    shutil.copytree(OWN / "tea_trade", theirs)
    file = theirs / "law.yaml"
    file.write_text(file.read_text().replace("law: tea_trade", f"law: {ours.id}"))
    done = run("--laws", str(tmp_path))
    assert done.exit_code == 2
    assert f"REFUSED {ours.id}" in done.stdout
    assert "Tea Trade Act" not in done.stdout


def test_an_unknown_law_is_told_the_nearest() -> None:
    done = own("tea_trad")
    assert isinstance(done.exception, UsageError)
    assert "tea_trade" in done.exception.todo
    wrong = own("tea_trade", "--lang", "de")
    assert isinstance(wrong.exception, UsageError)


HOSTILE = {
    "en: Tea Trade Act,": r'en: "<script>alert(1)</script> \e[31mred\e[0m \u202Eevil\u202C\u2066",',
    "en: How many drink it,": r'en: "first\r\nREFUSED second \e]8;;http://x\a",',
    "citation: sec. 9}": r'citation: "sec\x9b2J. \u200b9"}',
}


@pytest.mark.parametrize("words", [(), ("tea_trade",), ("TEA-01",), ("TEA-01", "--json"), ("--json",)], ids=" ".join)
def test_texts_of_a_pack_cannot_act_on_a_terminal(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = run(*words, "--laws", str(copied(tmp_path, HOSTILE)), "--as-of", ON)
    shown = done.stdout
    assert done.exit_code == (1 if pack.packs().refused and "tea" not in "".join(words).lower() else 0)
    assert not UNSAFE.search(shown.replace("\n", "")), ascii(UNSAFE.findall(shown.replace("\n", "")))
    assert not re.search(r"^REFUSED second", shown, re.MULTILINE)
    assert r"\u202" in shown


def test_a_law_that_calls_its_messages_by_languages_is_shown(tmp_path: Path) -> None:
    folder = copied(tmp_path, {"  gazette: The Gazette": "  en: English\n  fr: French\n  gazette: The Gazette"})
    done = run("tea_trade", "--laws", str(folder), "--as-of", ON)
    assert done.exit_code == 0
    assert "fr: French" in done.stdout


def test_without_worked_cases_the_page_says_so(tmp_path: Path) -> None:
    folder = copied(tmp_path, {})
    (folder / "tea_trade" / "cases.yaml").write_text("few: [")
    shown = run("tea_trade", "--laws", str(folder)).stdout
    assert "Worked cases: cannot be read" in shown
