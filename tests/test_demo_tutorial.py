"""The tutorial: each of its commands runs, one after the other, on a small hub, and the label stays."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from conftest import Run

TUTORIAL = Path(__file__).parents[1] / "docs/tutorial.md"
ADVERSE = range(10, 15)
SAID = {
    "demo": "invented",
    "claims": "Only staff in the European Union can log in",
    "explain": "Hong Kong can reach system Warehouse system",
    "plan": "The cheapest set that works",
    "audit": "version 2",
    "diff": "",
    "whatif": "China switches its part off",
    "verify": "checks are well",
    "purge": "its key",
}
"""What each command says, in this order."""


def told() -> list[list[str]]:
    """Return the commands of the tutorial, in its order."""
    blocks = re.findall(r"```sh\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL)
    return [shlex.split(line)[1:] for block in blocks for line in block.splitlines() if line.strip()]


def test_every_command_of_the_tutorial_runs(tmp_path: Path, flagstate: Run) -> None:
    commands = told()
    assert [words[0] for words in commands] == list(SAID)
    keys = {"FLAGSTATE_KEYS": str(tmp_path / "keys")}
    for words in commands:
        held = [path for path in (tmp_path / "keys").rglob("*") if path.is_file()]
        small = ["--scale", "1k", "--keep", "flagstate-demo"] if words[0] == "demo" else []
        done = flagstate(*words, *small, cwd=tmp_path, **keys)
        fits = done.returncode in ADVERSE if words[0] in ("demo", "audit") else done.returncode == 0
        assert fits, (words, done.returncode, done.stderr.decode())
        assert SAID[words[0]] in done.stdout.decode(), words
        if words[0] == "audit":
            report = json.loads((tmp_path / "flagstate-demo/case/report.json").read_text())
            assert report["case"]["example"] is True, "the label stays, whoever audits"
    left = {path.name for path in (tmp_path / "flagstate-demo").iterdir()}
    assert left == {"demo.json", "evidence", "truth.json"}
    assert held, "there was a key before the last command"
    assert not [path for path in held if path.exists()], "its key is gone with the case"
