"""Findings say no more than they know, and a law of one's own harms no other: tried on laws of one rule."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from flagstate.errors import LawError
from flagstate.laws import judge, pack
from flagstate.laws.pack import Law
from flagstate.laws.row import fold
from flagstate.pipeline import law_cases

PACKS = pack.packs()
LAWS: Mapping[str, Law] = {law.id: law for law in PACKS.laws}
DAY = date(2026, 11, 21)
Row = dict[str, object]
LAW = """law: own
title: {en: Own law, fr: Loi propre}
jurisdiction: PRODUCT
citation: None
last_checked: 2026-11-21
sources: {own: Our own}
missing: {more: {en: More., fr: Plus.}}
steps: [OWN-01]
rules:
  OWN-01:
    title: {en: Own rule, fr: Règle propre}
    citation: None
    status: interpretive
    source: own
    last_checked: 2026-11-21
    outcomes: [breach, ok]
    FROM
    messages: {said: {en: "{subject} {n}", fr: "{subject} {n}"}}
"""
RULE = """-- rule: OWN-01
SELECT VALUES_HERE AS subject, NULL::VARCHAR AS counterparty, 'VERDICT' AS verdict, OUTCOME AS outcome,
    'said' AS message,
    {'n': NUMBER} AS "values", FACTS AS facts, []::VARCHAR[] AS missing, NULL::VARCHAR AS exemption, NULL AS bounds
FROM (SELECT * FROM party) AS p
"""


def write_law(folder: Path, sql: str, *, name: str = "own", since: str = "", rule: str = "OWN-01") -> Path:
    """Write a law of one rule, and return its folder."""
    made = folder / name
    made.mkdir(parents=True)
    text = LAW.replace("law: own", f"law: {name}").replace("OWN-01", rule)
    (made / "law.yaml").write_text(text.replace("    FROM\n", f"    from: {since}\n" if since else ""), "utf-8")
    (made / "rules.sql").write_text(sql.replace("OWN-01", rule), "utf-8")
    (made / "cases.yaml").write_text("{}", "utf-8")
    return made


def ruling(
    verdict: str = "no",
    outcome: str = "'ok'",
    number: str = "1",
    facts: str = "p.facts",
    subject: str = "p.entity_id",
) -> str:
    """Return a rule that says one thing of every party."""
    sql = RULE.replace("VERDICT", verdict).replace("OUTCOME", outcome).replace("NUMBER", number)
    return sql.replace("FACTS", facts).replace("VALUES_HERE", subject)


def heard(folder: Path, sql: str, text: str = "", *, since: str = "", threads: int = 1) -> list[Row]:
    """Return what a law of one rule says of a world."""
    return hearing(folder, pack.load(write_law(folder / "laws", sql, since=since), own=True), text, threads=threads)


def hearing(folder: Path, law: Law, text: str = "", *, threads: int = 1) -> list[Row]:
    """Return what a law says of a world."""
    (folder / "t").mkdir(exist_ok=True)
    told = f"one:\n  title: t\n  as_of: {DAY}\n{text or ONE}\n  expect: [{{rule: T}}]\n"
    (folder / "t" / "cases.yaml").write_text(told, "utf-8")
    tables = law_cases.conclude(law_cases.load(folder / "t")[0])
    (said,) = judge.judge_here(tables, [law], DAY, threads=threads)
    if said.error:
        raise said.error
    return list(said.findings)


ONE = "  world: {entities: {shop: {organised_in: [DE]}}}"


def test_that_a_no_which_cannot_stand_does_not_read_as_one(tmp_path: Path) -> None:
    (row,) = heard(tmp_path, ruling(), f"{ONE}\n  declared: [entities]")
    assert (row["verdict"], row["rests_on"]) == ("unknown", "declared")
    assert str(row["message"]).startswith("Not shown: ")
    assert "Non établi : " in str(row["french"])


def test_that_an_entry_of_a_list_alone_acquits_nobody(tmp_path: Path) -> None:
    (row,) = heard(tmp_path, ruling(facts="['list:us_1260h:CN']"))
    assert row["verdict"] == "unknown"


def test_that_what_rests_on_nothing_is_not_sure(tmp_path: Path) -> None:
    (row,) = heard(tmp_path, ruling("yes", "'breach'", facts="[]::VARCHAR[]"))
    assert (row["verdict"], row["confidence"]) == ("yes", "low")


@pytest.mark.parametrize(
    ("verdict", "outcome", "start"),
    [
        ("yes", "'breach'", "Would be breach: "),
        ("unknown", "'breach'", "Would be breach or not, which is open: "),
        ("unknown", "NULL::VARCHAR", "Not law on this day: "),
        ("no", "'ok'", "Not law on this day: "),
    ],
)
def test_that_law_to_come_claims_no_more_than_it_knows(tmp_path: Path, verdict: str, outcome: str, start: str) -> None:
    (row,) = heard(tmp_path, ruling(verdict, outcome), since="2027-01-01")
    assert (row["verdict"], row["outcome"]) == ("no", "not applicable")
    assert str(row["message"]).startswith(start)


@pytest.mark.parametrize(
    ("number", "json", "shown"),
    [
        ("CAST(12345 AS HUGEINT)", '"n": 12345', "12,345"),
        ("CAST(1.5 AS DECIMAL(9, 2))", '"n": 1.5', "1.5"),
        ("CAST('nan' AS DOUBLE)", '"n": null', ""),
    ],
)
def test_that_figures_are_numbers_whatever_their_type(tmp_path: Path, number: str, json: str, shown: str) -> None:
    (row,) = heard(tmp_path, ruling(number=number))
    assert json in str(row["values"])
    assert shown in str(row["message"])


def test_that_facts_that_are_null_are_left_out(tmp_path: Path) -> None:
    (row,) = heard(tmp_path, ruling(facts="list_concat(p.facts, [NULL])"))
    assert (row["verdict"], len(row["facts"])) == ("no", 1)  # type: ignore[arg-type]


def test_that_the_order_of_rows_decides_nothing(tmp_path: Path) -> None:
    one = {"finding_id": "f", "subject": "a", "counterparty": None, "verdict": "no", "outcome": "ok"}
    two = [{**one, "message": "m", "values": value, "facts": [value], "missing": []} for value in ("1", "2")]
    other = {**two[0], "finding_id": "g", "subject": "b"}
    assert fold([*two, other]) == fold([other, *reversed(two)])
    assert [row["facts"] for row in fold(two)] == [["1", "2"]]


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"facts": "[1, 2]"}, "The column facts of the rule OWN-01 is not VARCHAR[]"),
        ({"outcome": "5"}, "The column outcome of the rule OWN-01 is not VARCHAR"),
        ({"verdict": "maybe"}, "The rule OWN-01 gives a verdict that is neither yes, no nor unknown"),
        ({"number": "CAST(p.entity_id AS INTEGER)"}, "The step OWN-01 failed"),
    ],
)
def test_that_a_rule_that_returns_something_else_is_told_where(
    tmp_path: Path, changed: dict[str, str], what: str
) -> None:
    with pytest.raises(LawError) as told:
        heard(tmp_path, ruling(**changed))
    assert told.value.what == what
    assert str(told.value.where).startswith("own/rules.sql:")
    assert "shop" not in str(told.value), "no value is told"


def test_that_values_of_a_wrong_type_are_told(tmp_path: Path) -> None:
    sql = ruling().replace("{'n': 1} AS \"values\"", '5 AS "values"')
    with pytest.raises(LawError, match="The column values of the rule OWN-01 is not STRUCT"):
        heard(tmp_path, sql)


def test_that_a_rule_of_ones_own_cannot_take_the_id_of_another(tmp_path: Path) -> None:
    shipped = sorted(rule for law in LAWS.values() for rule in law.rules)[0]
    write_law(tmp_path, ruling(), name="mine", rule=shipped)
    write_law(tmp_path, ruling(), name="good")
    found = pack.packs([tmp_path])
    assert [one.name for one in found.refused if one not in PACKS.refused] == ["mine"]
    assert "good" in {law.id for law in found.laws}
    assert shipped in str(found.refused[-1].error)


def test_that_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    made = write_law(tmp_path, ruling())
    (made / "rules.sql").unlink()
    os.mkfifo(made / "rules.sql")
    with pytest.raises(LawError, match="it is no plain file"):
        pack.load(made, own=True)


def test_that_a_rule_without_a_value_on_the_day_decides_nothing(tmp_path: Path) -> None:
    views = "-- view: near\nSELECT entity_id, facts, $bar > 1 AS big FROM party\n"
    sql = views + ruling().replace("'no'", "CASE WHEN p.big THEN 'yes' ELSE 'no' END").replace(
        "FROM party", "FROM near"
    )
    sql = sql.replace("'ok' AS outcome", "CASE WHEN p.big THEN 'breach' ELSE 'ok' END AS outcome")
    for days, wanted in (("from: 2020-01-01", "yes"), ("to: 2026-01-01", "unknown"), ("from: 2027-01-01", "unknown")):
        made = write_law(tmp_path / days.replace(": ", ""), sql)
        value = f"{{value: 2, {days}, citation: None, source: own, status: sourced, last_checked: 2026-11-21}}"
        text = (made / "law.yaml").read_text("utf-8").replace("steps: [", "steps: [near, ")
        text = text.replace(
            "missing:", f"params: {{bar: {{says: {{en: Bar, fr: Barre}}, values: [{value}]}}}}\nmissing:"
        )
        (made / "law.yaml").write_text(text, "utf-8")
        (row,) = hearing(tmp_path, pack.load(made, own=True))
        assert row["verdict"] == wanted, days
        if wanted == "unknown":
            assert row["missing"] == ["The value of `bar` on this day: none is known."]
