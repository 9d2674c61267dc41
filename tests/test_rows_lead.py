"""Every figure leads to its rows: ids in every table of a small audit exist, and sums agree everywhere."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import flagstate
from flagstate import model
from flagstate.report.destinations import destinations
from zeek_logs import CONN

ESTATE = """\
confirmed_by: test
confirmed_on: 2026-11-20
networks: [10.0.0.0/8]
assets: {web: {kind: service, addr: 10.0.0.9, place: DE}, far: {kind: store, addr: 52.81.0.1, place: US}}
flows: {carrier: {to: 9.9.9.9/32, from: web}, visitors: {to: web, action: receive}}
policy: {accept_reach: [EU]}
"""
LOSS = "\n".join(
    [
        "#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", "#path\tcapture_loss",
        "#fields\tts\tts_delta\tpeer\tgaps\tacks\tpercent_lost",
        "#types\ttime\tinterval\tstring\tcount\tcount\tdouble", "1763300000.0\t900.0\tzeek\t1\t100\t1.0", "",
    ]
)  # fmt: skip


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the tables, and the document, of one audit."""
    folder = tmp_path_factory.mktemp("lead")
    evidence = folder / "evidence"
    evidence.mkdir()
    rows = [
        ("10.0.0.9", "52.81.0.1", 443, 100), ("10.0.0.9", "9.9.9.9", 443, 5), ("10.0.0.7", "9.9.9.9", 443, 700),
        ("52.81.0.1", "10.0.0.9", 443, 1), ("8.8.8.8", "10.0.0.9", 443, 2), ("10.0.0.7", "10.0.0.9", 80, 3),
        ("8.209.64.10", "1.1.1.1", 53, 11), ("10.0.0.9", "8.209.64.10", 443, 0),
    ]  # fmt: skip
    lines = [
        json.dumps(
            dict(
                zip(
                    CONN,
                    (1763300000 + n, f"C{n}", o, 40000 + n, r, p, "tcp", "ssl", 1.0, sent, 50, "SF", 0),
                    strict=True,
                )
            )
        )
        for n, (o, r, p, sent) in enumerate(rows)
    ]
    (evidence / "conn.log").write_text("\n".join(lines) + "\n")
    (evidence / "loss.log").write_text(LOSS)
    (evidence / "estate.yaml").write_text(ESTATE)
    outcome = flagstate.audit(evidence, case=folder / "case")
    return outcome.tables | {"document": outcome.document(), "report": Path(outcome.report)}


def _ids(tables: dict[str, Any], column: str) -> Counter[str]:
    return Counter(
        value
        for noun in model.STORED
        if column in tables[noun].column_names
        for value in tables[noun][column].to_pylist()
    )


def test_every_fact_that_a_conclusion_names_is_there_once(tables: dict[str, Any]) -> None:
    facts = _ids(tables, "fact_id")
    assert facts
    assert max(facts.values()) == 1
    named = [("finding", "facts"), ("reach", "facts"), ("compelled", "facts")]
    named += [("reconciliation", side) for side in ("declared", "configured", "observed", "recorded")]
    for noun, column in named:
        for listed in tables[noun][column].to_pylist():
            assert set(listed or ()) <= set(facts), (noun, column)
    adverse = [row for row in tables["finding"].to_pylist() if row["verdict"] == "yes"]
    assert adverse
    assert all(row["facts"] for row in adverse)


def test_every_row_names_evidence_that_is_there(tables: dict[str, Any]) -> None:
    known = set(tables["evidence"]["evidence_id"].to_pylist())
    for noun in model.STORED:
        if "evidence_id" in tables[noun].column_names and noun != "coverage":
            assert set(tables[noun]["evidence_id"].to_pylist()) <= known, noun
    assert set(tables["coverage"]["evidence_id"].to_pylist()) - {None} <= known
    said = [row for row in tables["coverage"].to_pylist() if row["share_seen"] is not None]
    # What a sensor says leads to its log; what follows from all traffic together is about the whole case.
    assert [row["share_seen"] for row in said if row["evidence_id"] in known] == [0.99]
    assert [row["scope"] for row in said if row["evidence_id"] is None] == ["names of destinations"]


def test_an_unknown_says_what_to_collect_and_claims_no_confidence(tables: dict[str, Any]) -> None:
    rows = tables["finding"].to_pylist()
    assert len({row["finding_id"] for row in rows}) == len(rows)
    unknown = [row for row in rows if row["verdict"] == "unknown"]
    assert {row["question"] for row in unknown} >= {"flows", "holdings", "cutoff", "rules", "claims"}
    assert all(row["missing"] and row["confidence"] is None for row in unknown)


def test_sums_agree_from_flows_to_ledger_to_page(tables: dict[str, Any]) -> None:
    flows = [row for row in tables["flow"].to_pylist() if row["stance"] == "observed"]
    for name, total in (("orig_bytes", 822), ("resp_bytes", 400), ("conns", 8), ("failed_conns", 0)):
        assert sum(row[name] for row in flows) == total
        assert sum(row[name] or 0 for row in tables["reconciliation"].to_pylist()) == total
    away = destinations({noun: tables[noun] for noun in model.STORED})
    assert away.sums["sent"] == 100 + 5 + 700 + 11, "not what callers sent in, not what stays inside"
    saved = json.loads((tables["report"].parent / "report.json").read_text())
    given = json.loads(json.dumps(tables["document"], default=str))
    assert saved["findings"] == given["findings"]
    assert saved["exit"] == given["exit"]
