"""The command line: every command explains itself, speaks JSON, fails in words, and starts light."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from conftest import Audited, Run
from flagstate.cli.app import app

HEAVY = ("highspy", "numba", "datasketches", "jinja2", "python_calamine", "ijson", "charset_normalizer")
"""What `--help` and `who` have no use for."""


def _commands() -> dict[str, Any]:
    """Return every command by its words, groups resolved."""
    found: dict[str, Any] = {}
    queue: list[tuple[tuple[str, ...], Any]] = [((), typer.main.get_command(app))]
    while queue:
        words, command = queue.pop()
        inner = getattr(command, "commands", None)
        if inner is None:
            found[" ".join(words)] = command
        else:
            queue += [((*words, name), one) for name, one in inner.items()]
    return found


COMMANDS = _commands()


def test_the_commands_are_those_of_the_design() -> None:
    wanted = {"audit", "demo", "who", "init", "report", "doctor", "data list", "data add", "verify", "purge", "judge"}
    wanted |= {"judgements", "watch"}
    assert wanted <= COMMANDS.keys()


@pytest.mark.parametrize("words", sorted(COMMANDS))
def test_every_command_explains_itself(words: str) -> None:
    """A sentence for the command and for each of its options, and `--json`."""
    command = COMMANDS[words]
    assert command.help, words
    assert command.help.strip().splitlines()[0].endswith("."), words
    names = {name for option in command.params for name in option.opts}
    assert "--json" in names, words
    for option in command.params:
        if option.param_type_name == "option":
            assert option.help, f"{words} {option.opts}"


@pytest.mark.parametrize("told", [("--help",), ("who", "1.1.1.1"), ("who", "--help"), ("audit", "--help")])
def test_light_commands_import_nothing_heavy(told: tuple[str, ...], tmp_path: Path) -> None:
    """Not what is slow to import, and never anything that opens a connection."""
    code = (
        "import sys, atexit\n"
        "loaded = lambda: ' '.join(name for name in sys.modules if '.' not in name)\n"
        "atexit.register(lambda: sys.stderr.write('LOADED ' + loaded()))\n"
        f"sys.argv = ['flagstate', *{list(told)!r}]\n"
        "from flagstate.cli import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, check=True, cwd=tmp_path)
    loaded = set(done.stderr.decode().split("LOADED ")[1].split())
    assert loaded.isdisjoint(HEAVY), loaded & set(HEAVY)
    if "--help" in told:
        assert loaded.isdisjoint({"pyarrow", "duckdb", "numpy"}), loaded & {"pyarrow", "duckdb", "numpy"}


def test_who_speaks_json_and_words(flagstate: Run, tmp_path: Path) -> None:
    said = json.loads(flagstate("who", "8.209.64.10", "--json", cwd=tmp_path).stdout)
    text = json.dumps(said)
    for part in ("Alibaba (US) Technology Co., Ltd.", '"DE"', '"SG"', '"CN"'):
        assert part in text
    anycast = flagstate("who", "1.1.1.1", cwd=tmp_path).stdout.decode()
    assert "anycast" in anycast
    china = flagstate("who", "52.81.0.1", cwd=tmp_path).stdout.decode()
    assert "Sinnet" in china.split("operator:")[1].splitlines()[0]


def test_a_wrong_address_is_a_clear_error(flagstate: Run, tmp_path: Path) -> None:
    done = flagstate("who", "300.1.1.1", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == b""
    said = done.stderr.decode()
    assert "300.1.1.1" in said
    assert "Do:" in said
    assert "Traceback" not in said


def test_commands_on_no_case_say_what_to_do(flagstate: Run, tmp_path: Path) -> None:
    for told in (("report",), ("verify", "--json"), ("init",), ("purge", "--yes")):
        done = flagstate(*told, cwd=tmp_path)
        assert done.returncode in (1, 2), told
        said = done.stderr.decode()
        assert "Traceback" not in said
        assert "Do:" in said, said
    assert not (tmp_path / "flagstate-case").exists(), "asking about a case makes none"


def test_what_is_piped_is_the_answer_alone(example: Audited) -> None:
    """Without a terminal progress is said beside, and `--json` prints one document and nothing else."""
    assert {"exit", "questions", "findings", "coverage"} <= example.document.keys()
    for name, said in example.document["questions"].items():
        assert said["verdict"] in ("yes", "no", "unknown"), name
        assert said["why"], name
    assert example.document["exit"]["reason"]


def test_every_command_on_a_case_speaks_json(example: Audited, flagstate: Run, tmp_path: Path) -> None:
    keys = {"FLAGSTATE_KEYS": str(example.folder / "keys")}
    for told in (
        ("verify", "--case", example.case, "--json"),
        ("init", "--case", example.case, "--out", "e.yaml", "--json"),
        ("report", "--case", example.case, "--format", "csv", "--out", "sheets", "--json"),
        ("data", "list", "--json"),
    ):
        done = flagstate(*told, cwd=tmp_path, **keys)
        assert done.returncode == 0, (told, done.stderr.decode())
        assert json.loads(done.stdout), told
    wrong = flagstate(
        "judge", "no-such-id", "comment", "--reason", "r", "--author", "a", "--case", example.case, cwd=tmp_path, **keys
    )
    assert wrong.returncode == 2


def test_doctor_says_what_this_machine_can_do(flagstate: Run, tmp_path: Path) -> None:
    done = flagstate("doctor", "--json", cwd=tmp_path)
    checks = {c["check"]: c["state"] for c in json.loads(done.stdout)}
    assert checks["bounded readers"] == "ok"
    assert checks["database"] == "ok"
    assert done.returncode == 0


def test_tables_of_ones_own(flagstate: Run, tmp_path: Path) -> None:
    (tmp_path / "not.mmdb").write_bytes(b"\0" * 100)
    done = flagstate("data", "add", "--mmdb", "not.mmdb", cwd=tmp_path, FLAGSTATE_DATA=str(tmp_path / "data"))
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr.decode()
    assert "A fault in flagstate" not in done.stderr.decode()
