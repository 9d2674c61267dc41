"""What laws share must not acquit by accident: each shared view is tried on a small world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from flagstate.laws import judge, pack
from flagstate.laws.pack import Law
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


@pytest.mark.parametrize("name", ["home", "start", "votes", "turnover", "sector"])
def test_that_a_stake_is_open_without_a_value_and_not_silent(name: str) -> None:
    law = LAWS["be_fdi"]
    other = replace(law, values=tuple(one for one in law.values if one.name != name))
    folder = next(one for one in pack.folders() if one.name == law.id)
    worlds = {one.id: one for one in law_cases.load(folder)}
    found: set[tuple[str, str]] = set()
    for case in ("hub_new_stake", "biotech_at_the_bar", "biotech_above_the_bar", "grid"):
        tables = law_cases.conclude(worlds[case])
        before, after = (
            {(row["rule_id"], row["subject"]): str(row["verdict"]) for row in said.findings}
            for pick in (law, other)
            for said in judge.judge_here(tables, [pick], worlds[case].case.as_of, threads=1)
        )
        assert before.keys() == after.keys()
        found |= {(before[key], after[key]) for key in before}
    assert found <= {("yes", "yes"), ("yes", "unknown"), ("no", "no"), ("no", "unknown"), ("unknown", "unknown")}
    assert ("yes", "unknown") in found
