"""What laws share must not acquit by accident: shared views, findings and packs, each tried on a small world."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from flagstate.errors import LawError
from flagstate.laws import judge, pack
from flagstate.laws.pack import Law
from flagstate.laws.row import fold
from flagstate.laws.steps import Step
from flagstate.pipeline import law_cases

PACKS = pack.packs()
LAWS: Mapping[str, Law] = {law.id: law for law in PACKS.laws}
DAY = date(2026, 11, 21)
PARTIES = """
      shop: {organised_in: [DE], principal_place: DE}
      far: {organised_in: [CN], principal_place: CN}
      trust: {organised_in: [DE], principal_place: DE}
      buyers: {kind: group, located_in: DE}
"""
BUCKET = """
      hsm: {kind: key, place: DE, key_held_by: shop}
      bucket: {kind: store, place: CN, operated_by: far, controller_by: shop}
"""
Row = dict[str, object]


def rows(folder: Path, view: str, text: str) -> list[Row]:
    """Return a shared view over the world of a case."""
    (folder / "t").mkdir(exist_ok=True)
    (folder / "t" / "cases.yaml").write_text(
        f"one:\n  title: t\n  as_of: {DAY}\n{text}\n  expect: [{{rule: T}}]\n", "utf-8"
    )
    one = law_cases.load(folder / "t")[0]
    step = Step("view", "asked", "", "asked.sql", 1, frozenset(), frozenset({view}))
    law = replace(next(iter(LAWS.values())), steps=(step,))
    with judge.open_world(law_cases.conclude(one), [law], DAY, threads=1) as con:
        found: list[Row] = con.sql(f'SELECT * FROM "{view}"').to_arrow_table().to_pylist()
    return found


def world(entities: str = "", assets: str = "", rest: str = "", more: str = "") -> str:
    """Return the text of a world."""
    return f"  world:\n    entities:{PARTIES}{entities}\n    assets:{assets or BUCKET}\n{rest}\n{more}"


def clear(folder: Path, text: str, who: str = "est:far") -> dict[str | None, bool | None]:
    """Return by container whether somebody gets the data in clear."""
    return {row["container"]: row["clear"] for row in rows(folder, "clear", text) if row["entity_id"] == who}  # type: ignore[misc]


SECOND = """  also:
    entities: {buyers: {kind: group, located_in: DE}}
    assets: {bucket: {kind: store}}
"""
KEYED = "{at: bucket, container: orders, about: buyers, classes: [card], state: stored, keys: [hsm]}"


@pytest.mark.parametrize(
    ("other", "wanted"),
    [
        ("{at: bucket, container: orders, about: buyers, classes: [email], state: stored, keys: [hsm]}", False),
        ("{at: bucket, container: orders, about: buyers, classes: [email], state: stored, keys: []}", True),
        ("{at: bucket, container: orders, about: buyers, classes: [email], state: stored}", True),
    ],
)
def test_that_a_key_of_one_class_does_not_shut_another(tmp_path: Path, other: str, wanted: bool) -> None:
    text = world(rest=f"    holdings: [{KEYED}, {other}]")
    assert clear(tmp_path, text) == {"orders": wanted}


def test_that_a_key_said_of_no_container_shuts_its_own_class_only(tmp_path: Path) -> None:
    whole = "{at: bucket, about: buyers, classes: [card], state: stored, keys: [hsm]}"
    other = "{at: bucket, container: orders, about: buyers, classes: [email], state: stored, keys: []}"
    assert clear(tmp_path, world(rest=f"    holdings: [{whole}, {other}]")) == {None: False, "orders": True}


def test_that_data_of_which_no_state_is_known_may_be_in_use(tmp_path: Path) -> None:
    for kind, wanted in (("store", False), ("system", None)):
        assets = BUCKET.replace("store", kind)
        held = KEYED.replace(", state: stored", "")
        assert clear(tmp_path, world(assets=assets, rest=f"    holdings: [{held}]")) == {"orders": wanted}, kind


def test_that_a_key_which_another_source_denies_shuts_nobody_out(tmp_path: Path) -> None:
    also = SECOND + "    holdings: [{at: bucket, container: orders, about: buyers, classes: [card], keys: []}]"
    assert clear(tmp_path, world(rest=f"    holdings: [{KEYED}]", more=also)) == {"orders": None}


def test_that_a_declared_key_does_not_become_evidence_by_what_a_scan_saw(tmp_path: Path) -> None:
    also = SECOND + "    holdings: [{at: bucket, container: orders, about: buyers, classes: [card]}]"
    text = world(rest=f"    holdings: [{KEYED}]", more=f"{also}\n  declared: [holdings]")
    assert clear(tmp_path, text) == {"orders": None}


def test_that_a_key_of_a_firm_that_one_controls_does_not_shut_one_out(tmp_path: Path) -> None:
    for owner, wanted in (("trust", False), ("far", None)):
        own = f"      keeper: {{organised_in: [DE], owned_by: {{{owner}: 100}}}}"
        assets = BUCKET.replace("key_held_by: shop", "key_held_by: keeper")
        assert clear(tmp_path, world(own, assets, f"    holdings: [{KEYED}]")) == {"orders": wanted}, owner


def test_that_no_layer_is_lost_where_sources_name_two(tmp_path: Path) -> None:
    assets = """
      fra: {kind: region, place: DE, operated_by: shop}
      far_region: {kind: region, place: CN, operated_by: far}
      app: {kind: system, runs_on: fra}
"""
    also = "  also:\n    assets: {app: {kind: system, runs_on: far_region}, far_region: {kind: region}}"
    found = rows(tmp_path, "resource_place", world(assets=assets, more=also))
    assert {row["country"] for row in found if row["asset_id"] == "est:app"} == {"DE", "CN"}


def test_that_where_an_address_stands_is_where_its_asset_stands(tmp_path: Path) -> None:
    assets = "\n      app: {kind: system, place: DE, addr: 198.51.100.7}"
    more = "  rows: {place: [{subject_id: 'host:198.51.100.7', country: US, source_kind: host, confidence: sure}]}"
    found = rows(tmp_path, "resource_place", world(assets=assets, more=more))
    assert {row["country"] for row in found} == {"DE", "US"}


def dealings(folder: Path, agreements: str, more: str = "") -> set[tuple[object, ...]]:
    """Return kind, container and whether it is implied of each dealing of the shop with the far firm."""
    held = "    holdings: [{at: bucket, container: orders, about: buyers, classes: [card]}, "
    held += "{at: bucket, container: health, about: buyers, classes: [icd_code]}]"
    text = world(rest=f"{held}\n    agreements: {agreements}", more=more)
    return {
        (row["kind"], row["container"], row["implied"])
        for row in rows(folder, "dealing", text)
        if (row["from_id"], row["to_id"]) == ("est:shop", "est:far")
    }


def test_that_an_agreement_explains_access_to_what_it_covers_only(tmp_path: Path) -> None:
    one = (
        "{a: {kind: vendor, from: shop, to: far, covers: [{at: bucket, container: orders}], purpose: order_fulfilment}}"
    )
    assert dealings(tmp_path, one) == {("vendor", "orders", False), ("vendor", "health", True)}
    whole = "{a: {kind: vendor, from: shop, to: far, covers: [bucket], purpose: order_fulfilment}}"
    assert dealings(tmp_path, whole) == {("vendor", None, False)}


@pytest.mark.parametrize("kind", ["investment", "export"])
def test_that_an_investment_or_export_does_not_explain_who_runs_the_machines(tmp_path: Path, kind: str) -> None:
    found = dealings(tmp_path, f"{{a: {{kind: {kind}, from: shop, to: far}}}}")
    assert found == {(kind, None, False), ("vendor", None, True)}


def test_that_an_agreement_of_all_covers_each_part_once(tmp_path: Path) -> None:
    flow = "    flows: {f: {from: bucket, to: 'entity:far', container: orders}}"
    text = world(rest=f"{flow}\n    agreements: {{a: {{kind: vendor, from: shop, to: far}}}}")
    found = [row for row in rows(tmp_path, "dealing", text) if row["dealing_id"] == "est:a"]
    assert [(row["asset_id"], row["container"]) for row in found] == [("est:bucket", None)]


def test_that_a_declared_controller_does_not_hide_the_owner_that_is_shown(tmp_path: Path) -> None:
    assets = "\n      bucket: {kind: store, place: DE, controller_by: trust}"
    more = "  rows: {interest: [{holder_id: shop, subject_id: bucket, kind: owns, stance: recorded}]}\n"
    assert {r["entity_id"] for r in rows(tmp_path, "responsible", world(assets=assets, more=more))} == {"est:trust"}
    more += "  declared: [bucket]"
    found = rows(tmp_path, "responsible", world(assets=assets, more=more))
    assert {row["entity_id"] for row in found} == {"est:trust", "est:shop"}


def test_that_bytes_which_nobody_counted_are_no_mere_attempt(tmp_path: Path) -> None:
    for counts, wanted in (("0", True), ("null", False), ("5", False)):
        seen = "from_asset: bucket, orig_h: 10.0.0.1, proto: tcp"
        more = f"  rows: {{flow: [{{{seen}, resp_h: 203.0.113.9, day: '2026-11-01', orig_bytes: 0}}, "
        more += f"{{{seen}, resp_h: 203.0.113.9, day: '2026-11-02', orig_bytes: {counts}}}]}}"
        found = [row for row in rows(tmp_path, "sent", world(more=more)) if row["asset_id"] == "est:bucket"]
        assert [row["attempted"] for row in found] == [wanted], counts


def test_that_a_disputed_address_is_no_country_of_a_login(tmp_path: Path) -> None:
    for confidence, wanted in (("sure", "DE"), ("disputed", None), ("none", None)):
        more = "  rows:\n    endpoint: [{addr: 203.0.113.9, host_country: DE, confidence: " + confidence + "}]\n"
        more += "    activity: [{asset_id: bucket, principal: far, action: login, from_place: 203.0.113.9, "
        more += "day: '2026-11-01', count: 1}]"
        assert [row["country"] for row in rows(tmp_path, "activity_place", world(more=more))] == [wanted]


def ledger(*told: tuple[str, str | None, str | None]) -> str:
    """Return rows of coverage of logins: complete, first and last day."""
    listed = [
        f"{{noun: activity, scope: bucket, complete: '{complete}'"
        + (f", from_ts: '{first}T00:00:00', to_ts: '{last}T00:00:00'}}" if first else "}")
        for complete, first, last in told
    ]
    return f"  rows: {{coverage: [{', '.join(listed)}]}}"


@pytest.mark.parametrize(
    ("told", "lacks", "window"),
    [
        ((("yes", "2026-01-01", "2026-02-01"),), True, ("2026-01-01", "2026-02-01")),
        (
            (("yes", "2026-01-01", "2026-02-01"), ("yes", "2026-02-01", "2026-03-01")),
            True,
            ("2026-01-01", "2026-03-01"),
        ),
        (
            (("yes", "2026-01-01", "2026-02-01"), ("yes", "2026-10-01", "2026-11-01")),
            True,
            ("2026-10-01", "2026-11-01"),
        ),
        ((("yes", "2026-01-01", "2026-01-02"), ("no", "2026-02-01", "2026-11-01")), True, ("2026-01-01", "2026-01-02")),
        ((("yes", "2026-01-01", "2026-11-01"), ("no", "2026-02-01", "2026-03-01")), None, None),
        ((("yes", None, None), ("no", None, None)), None, None),
        ((("no", None, None),), None, None),
    ],
)
def test_that_only_time_that_was_covered_without_a_gap_counts(
    tmp_path: Path, told: tuple[tuple[str, str, str], ...], lacks: bool | None, window: tuple[str, str] | None
) -> None:
    (found,) = [r for r in rows(tmp_path, "lacks_activity", world(more=ledger(*told))) if r["asset_id"] == "est:bucket"]
    assert found["lacks"] is lacks
    if window:
        assert (str(found["from_ts"])[:10], str(found["to_ts"])[:10]) == window


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
    law = pack.load(write_law(folder / "laws", sql, since=since), own=True)
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
