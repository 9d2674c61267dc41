"""Tables in parts, through the whole pipeline: killed, resumed or grown, the same tables as one audit of everything."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipeline_world import put, run, work

COUNTRIES = ("BE", "FR", "DE")
GOODS = ("cotton shirt", "phone case", "prayer rug")
PARTS = 12


def part(number: int, rows: int = 120) -> str:
    """Return one month of orders; customers come again, and which ones is told by the number alone."""
    chance = random.Random(number)
    lines = ["order date,email,iban,country,goods description,quantity"]
    for _ in range(rows):
        who = chance.randrange(300)
        lines.append(
            f"2026-{1 + number % 12:02d}-{chance.randrange(1, 28):02d},u{who}@kanari.example,{iban(who)},"
            f"{COUNTRIES[who % 3]},{chance.choice(GOODS)},{chance.randrange(1, 9)}"
        )
    return "\n".join(lines) + "\n"


def iban(number: int) -> str:
    account = f"{number + 539007547:010d}"
    basic = account + f"{int(account) % 97 or 97:02d}"
    return f"BE{98 - int(basic + '111400') % 97:02d}{basic}"


def customers(numbers: Sequence[int]) -> int:
    return len({line.split(",")[1] for number in numbers for line in part(number).splitlines()[1:]})


def write(folder: Path, numbers: Sequence[int]) -> None:
    for number in numbers:
        put(folder / f"orders_{2020 + number // 12}-{1 + number % 12:02d}.csv", part(number))


def seen(tables: Mapping[str, pa.Table]) -> dict[str, list[str]]:
    """Return the rows that a case concluded on holdings; fingerprints of two cases have nothing in common."""
    drop = {"retrieved_at"}
    made = {}
    for noun in ("holding", "population", "evidence", "finding", "coverage"):
        rows = [{k: v for k, v in row.items() if k not in drop} for row in tables[noun].to_pylist()]
        made[noun] = sorted(repr(_counted(row)) for row in rows)
    return made


def _counted(row: dict[str, Any]) -> dict[str, Any]:
    made = row.get("sketch")
    return row | {"sketch": (made[0], len(made))} if made else row


def held(tables: Mapping[str, pa.Table]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["container"], row["data_class"]): row for row in tables["holding"].to_pylist()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    """Return the tables of one undisturbed audit of everything."""
    folder = tmp_path_factory.mktemp("whole")
    write(folder / "given", range(PARTS))
    return run(folder / "given", case=folder / "case").tables


def test_a_year_of_files_is_one_table(whole: dict[str, pa.Table]) -> None:
    found = held(whole)
    assert {container for container, _ in found} == {"orders_*.csv"}
    told = found["orders_*.csv", "email"]
    assert told["records"] == PARTS * 120
    assert told["subjects_lo"] == told["subjects_hi"] == customers(range(PARTS))
    assert f"parts:{PARTS}" in told["marks"]
    assert {"from:2026-01", "to:2026-12"} <= set(found["orders_*.csv", "trade_flow"]["marks"])
    (group,) = [row for row in whole["evidence"].to_pylist() if row["state"] == "set"]
    assert told["evidence_id"] == group["evidence_id"]
    files = {row["evidence_id"]: row["artefact"] for row in whole["evidence"].to_pylist()}
    assert {files[member] for member in group["members"]} == {f"orders_2020-{m:02d}.csv" for m in range(1, 13)}
    (said,) = [row for row in whole["finding"].to_pylist() if row["rule_id"] == "holding-undeclared"]
    assert "in 1 container " in said["message"]
    facts = {row["fact_id"] for noun in ("holding", "population") for row in whole[noun].to_pylist()}
    assert set(said["facts"]) <= facts
    assert len(facts) == whole["holding"].num_rows + whole["population"].num_rows


def test_a_new_part_reads_only_itself(tmp_path: Path, whole: dict[str, pa.Table]) -> None:
    given, case = tmp_path / "given", tmp_path / "case"
    write(given, range(PARTS - 1))
    first = run(given, case=case)
    assert held(first.tables)["orders_*.csv", "email"]["records"] == (PARTS - 1) * 120
    before = work(case)
    write(given, [PARTS - 1])
    second = run(given, case=case)
    assert before.items() <= work(case).items(), "what was read is not read again"
    assert seen(second.tables) == seen(whole)


def test_a_part_given_twice_counts_once(tmp_path: Path) -> None:
    given = tmp_path / "given"
    write(given, [0, 1, 2])
    put(given / "copy" / "orders_2020-01.csv", part(0))
    put(given / "orders_2099-01.csv", part(1))
    found = held(run(given, case=tmp_path / "case").tables)
    assert {container for container, _ in found if _ == "email"} <= {"orders_*.csv", "copy/orders_2020-01.csv"}
    assert sum(row["records"] for (_, name), row in found.items() if name == "email") == 3 * 120


def test_killed_while_it_reads_it_goes_on(tmp_path: Path, whole: dict[str, pa.Table]) -> None:
    given, case = tmp_path / "given", tmp_path / "case"
    write(given, range(PARTS))
    done = _killed(given, case)
    assert 0 < len(done) < PARTS, f"the kill came too late or too early: {len(done)} of {PARTS} were read"
    before = {name: when for name, when in work(case).items() if name.split("/")[0] in done}
    outcome = run(given, case=case, as_of=date(2026, 11, 21))
    assert before.items() <= work(case).items(), "what was read before the kill is not read again"
    assert seen(outcome.tables) == seen(whole)


def _killed(given: Path, case: Path) -> set[str]:
    """Start an audit, kill it once it has read something, and return the items that were read by then."""
    command = [sys.executable, "-P", "-m", "flagstate", "audit", given, "--case", case, "--threads", "1"]
    started = subprocess.Popen(
        [str(word) for word in command], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 240
    while time.monotonic() < until and started.poll() is None and not _read(case):
        time.sleep(0.002)
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    return _read(case)


def _read(case: Path) -> set[str]:
    return {path.parent.name for path in (case / "work" / "items").glob("*/artefact.json")}
