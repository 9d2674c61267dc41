"""The demonstration for tests: built small, with some odd files beside, and compared with what was hidden in it."""

from __future__ import annotations

import csv
import gzip
import json
import re
import shutil
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from flagstate.demo.build import EVIDENCE, build
from flagstate.demo.hub import AS_OF, CARRIER, CLOUD, CUSTOMS, NAMES, PORTAL, UPDATES, Hub

Row = dict[str, Any]
Rows = Callable[[str], list[Row]]
"""Gives the rows of a table of a case."""
SCALE, SEED = 1_000, 1
COUNTS = ("conns", "failed_conns", "orig_bytes", "resp_bytes")
ODD = {
    "infrastructure/main.tf": "refused",
    "sorter/firmware.bin": "not_recognised",
    "stores/hub.sqlite": "duplicate",
    "traffic/http.log.gz": "partly_read",
}
"""What becomes of the odd files; of two equal ones the first in order of names is read."""
SECOND = "traffic/second-sensor.conn.json"
"""What a second sensor saw of the first plain day."""
FIRST_PLAIN = "traffic/conn.2026-11-09.log"

__all__ = ["AS_OF", "COUNTS", "EVIDENCE", "ODD", "SCALE", "SECOND", "SEED", "Hub", "build", "odd"]


def odd(evidence: Path) -> None:
    """Put beside the evidence what else lies about: a copy, source text, a program, a cut log, a second sensor."""
    shutil.copyfile(evidence / "stores/hub.sqlite", evidence / "stores/hub (copy).sqlite")
    (evidence / "infrastructure/main.tf").write_text(
        'resource "google_sql_database_instance" "archive" {\n  region = var.region\n}\n'
    )
    (evidence / "sorter").mkdir()
    (evidence / "sorter/firmware.bin").write_bytes(b"\x7fSRT" + bytes(range(256)) * 8)
    log = evidence / "traffic/http.log"
    packed = gzip.compress(log.read_bytes(), mtime=0)
    log.with_suffix(".log.gz").write_bytes(packed[: len(packed) * 3 // 4])
    log.unlink()
    lines = as_json((evidence / FIRST_PLAIN).read_text()).splitlines(keepends=True)
    (evidence / SECOND).write_text("".join(lines[:100]))


def sheet(evidence: Path, table: str, where: Path) -> None:
    """Write a table of the stores as CSV."""
    with closing(sqlite3.connect(f"file:{evidence / 'stores/hub.sqlite'}?mode=ro", uri=True)) as con:
        rows = con.execute(f"SELECT * FROM {table}")
        with where.open("w", newline="", encoding="utf-8") as file:
            written = csv.writer(file)
            written.writerow([column[0] for column in rows.description])
            written.writerows(rows)


def as_json(text: str) -> str:
    """Return a log of Zeek as JSON, one object a line."""
    head = {line.split("\t")[0]: line.split("\t")[1:] for line in text.splitlines() if line.startswith("#")}
    made = []
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        cells = zip(head["#fields"], head["#types"], line.split("\t"), strict=True)
        row = {name: _typed(kind, value) for name, kind, value in cells if value not in ("-", "(empty)")}
        made.append(json.dumps(row) + "\n")
    return "".join(made)


def _typed(kind: str, value: str) -> object:
    if kind in ("time", "interval", "double"):
        return float(value)
    if kind == "bool":
        return value == "T"
    if kind in ("port", "count", "int"):
        return int(value)
    if kind.startswith(("vector", "set")):
        inner = kind.partition("[")[2].rstrip("]")
        return [_typed(inner, one) for one in value.split(",")]
    return value


def destinations(rows: Rows) -> dict[str, dict[str, int]]:
    """Return what the audit counted per destination; what a browser saved has no originator."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows("flow"):
        if row["stance"] == "observed" and row["orig_h"]:
            found[f"{row['resp_h']}:{row['resp_p']}"].update({name: row[name] for name in COUNTS})
    return {end: {name: counted[name] for name in COUNTS} for end, counted in found.items()}


def table(container: object) -> str:
    """Return the table of a container: of a database, or of files of which each holds a part of a table."""
    found = re.fullmatch(r"(?:stores/)?([a-z0-9_]+?)(?:_(?:[0-9]{4}|\*))?(?:\.parquet)?", str(container))
    return found[1] if found else str(container)


def records(rows: Rows) -> dict[tuple[str, str], int]:
    """Return the records of each class in each table of the stores, as the audit counted them."""
    return {
        (table(row["container"]), row["data_class"]): row["records"]
        for row in rows("holding")
        if row["stance"] == "observed" and row["asset_id"].startswith("store:")
    }


def told_records(truth: Row) -> dict[tuple[str, str], int]:
    """Return the same as the maker knows it."""
    tables = truth["stores"]["tables"]
    return {(name, made): count for name, told in tables.items() for made, count in told["records"].items()}


def persons_by_country(rows: Rows) -> dict[str, tuple[int, int]]:
    """Return the bounds of consignees by country of residence, by their personal data in the table of parcels."""
    return {
        str(row["about"]).removeprefix("residents:"): (row["subjects_lo"], row["subjects_hi"])
        for row in rows("person_count")
        if str(row["asset_id"]).startswith("store:")
        and table(row["container"]) == "parcels"
        and row["category"] == "eu_gdpr/personal"
        and str(row["about"]).startswith("residents:")
    }


def adverse(findings: Iterable[Row]) -> list[Row]:
    """Return the adverse findings of flows."""
    return [one for one in findings if one["question"] == "flows" and one["verdict"] == "yes"]


def one(findings: Iterable[Row], rule: str, *words: str) -> Row:
    """Return the only adverse finding of a rule in whose subject or sentence all words stand."""
    said = [f for f in adverse(findings) if f["rule_id"] == rule]
    found = [f for f in said if all(word in f"{f['subject']} {f['message']}" for word in words)]
    assert len(found) == 1, (rule, words, [f["message"] for f in said])
    return found[0]


def values(finding: Row) -> Row:
    """Return the figures of a finding."""
    held = finding["values"]
    made: Row = json.loads(held) if isinstance(held, str) else held or {}
    return made


def agree(rows: Rows, truth: Row) -> None:
    """Assert that every hidden thing was found, no decoy is a leak, and the figures are those of the maker."""
    findings = rows("finding")
    for told in truth["traffic"]["hidden"]:
        HIDDEN[told["id"]](findings, told)
    _papers(findings, truth)
    _decoys(findings, truth)
    assert destinations(rows) == truth["traffic"]["destinations"]
    assert records(rows) == told_records(truth)
    by_country = persons_by_country(rows)
    assert by_country.keys() == truth["stores"]["persons"]["by_country"].keys()
    for country, count in truth["stores"]["persons"]["by_country"].items():
        low, high = by_country[country]
        assert low <= count <= high, (country, low, count, high)
    read = {row["artefact"]: row["rows_read"] for row in rows("evidence")}
    logs = {
        name: count for name, count in truth["traffic"]["files"].items() if not name.endswith((".pcap", "http.log"))
    }
    assert {name: read[name] for name in logs} == logs
    assert {name: read[name] for name in truth["access"]["events"]} == truth["access"]["events"]


def _sent(findings: list[Row], told: Row) -> None:
    for kind in told["behaviours"]:
        one(findings, f"behaviour-{kind}", told["orig_h"], told["name"])
    left = one(findings, "flow-undeclared", told["name"])
    assert values(left)["sent_bytes"] == told["orig_bytes"]
    assert values(left)["conns"] == told["conns"]


def _tunnel(findings: list[Row], told: Row) -> None:
    for kind in told["behaviours"]:
        found = one(findings, f"behaviour-{kind}", told["orig_h"], told["name"])
        assert f"{told['queries']:,} questions" in found["message"]


def _failing(findings: list[Row], told: Row) -> None:
    """Attempts are no losses."""
    left = one(findings, "flow-undeclared", told["name"])
    said = values(left)
    assert (said["sent_bytes"], said["conns"], said["failed_conns"]) == (0, told["conns"], told["conns"])
    for found in (left, *(one(findings, f"behaviour-{kind}", told["orig_h"]) for kind in told["behaviours"])):
        assert found["message"].startswith("Attempted"), found["message"]
        assert found["level"] == "info"
    assert told["orig_bytes"] == 0


def _abroad(findings: list[Row], told: Row) -> None:
    """It came by SSH too: the only door that is open to somebody undeclared, with the country of the caller."""
    (door,) = [f for f in findings if f["rule_id"] == "flow-callers"]
    assert values(door)["answered_bytes"] == told["resp_bytes"]
    assert f"{told['resp_h']} port {told['resp_p']}, from CN" in door["message"]


HIDDEN = {"bulk_upload": _sent, "beacon": _sent, "dns_tunnel": _tunnel, "failing_sorter": _failing,
          "support_abroad": _abroad}  # fmt: skip


def _papers(findings: list[Row], truth: Row) -> None:
    support = truth["access"]["undeclared"]
    found = {f["subject"]: f for f in adverse(findings) if f["rule_id"] == "access-undeclared"}
    assert sorted(found) == support["principals"]
    assert {f["counterparty"] for f in found.values()} == {support["country"]}
    assert sum(values(f)["times"] for f in found.values()) == support["accesses"]
    replica = truth["infrastructure"]["replica"]
    place = one(findings, "place-contradicted", replica["asset"])
    assert place["counterparty"] == replica["country"]
    kit = truth["portal"]["kit"]
    sent = one(findings, "payload-undeclared", kit["server"])
    said = values(sent)
    assert (said["records"], said["classes"]) == (kit["emails"], ["email"])
    assert said["persons_lo"] <= kit["persons"] <= said["persons_hi"]
    beyond = {f["subject"] for f in findings if f["rule_id"] in ("holding-undeclared", "holding-beyond")}
    assert set(truth["declaration"]["undeclared_classes"]) <= beyond


def _decoys(findings: list[Row], truth: Row) -> None:
    """Nothing innocent stands in any adverse finding of flows, whatever its kind: not as subject, nor in a sentence."""
    kit = truth["portal"]["kit"]["server"]
    said = [f"{f['subject']} {f['message']}" for f in adverse(findings) if f["subject"] != kit]
    hidden = {str(h[key]) for h in truth["traffic"]["hidden"] for key in ("name", "resp_h")}
    innocent = {decoy[key] for decoy in truth["traffic"]["decoys"] for key in ("name", "resp_h")}
    innocent |= {one for decoy in truth["traffic"]["decoys"] if decoy["id"] == "crawler" for one in decoy["orig_h"]}
    innocent |= set(truth["portal"]["ordinary"]) | {NAMES[one] for one in (CARRIER, CUSTOMS, CLOUD, PORTAL, UPDATES)}
    for word in innocent - {""} - hidden:
        assert not [text for text in said if word in text], word
