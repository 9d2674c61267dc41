"""Who has custody of what, at which layer, and where it stands."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flagstate.assess.custody import custodians, custody, custody_kinds, estate, layers, stands, subjects
from flagstate.catalog.interest_kinds import kinds_with
from reach_worlds import DAY, Row, asset, firm, has, held, world
from reach_worlds import stands as place


def made(**given: list[Row]) -> dict[str, object]:
    base = {
        "legal_entity": [firm("a", "DE"), firm("b", "CN")],
        "asset": [asset("wms", "system", "vm"), asset("vm", "host", "fra"), asset("fra", "region")],
    }
    return world(**base | given)  # type: ignore[return-value]


def test_every_kind_with_custody_gives_it_and_no_other_kind_does() -> None:
    assert set(custody_kinds()) == kinds_with("custody") == {"operates", "hosts", "administers", "manages", "updates"}
    kinds = ["operates", "hosts", "administers", "manages", "updates", "owns", "holds_key", "resolves", "supplies"]
    tables = made(interest=[has("a", kind, "wms") for kind in kinds])
    known = estate(tables, DAY)
    assert {one.kind for one in custodians(known, layers(known, "wms"))} == kinds_with("custody")


def test_who_runs_a_layer_below_has_custody_and_the_facts_name_every_link() -> None:
    tables = made(interest=[has("b", "operates", "fra")])
    known = estate(tables, DAY)
    (one,) = custodians(known, layers(known, "wms"))
    assert (one.layer_id, one.beneath, one.depth) == ("fra", True, 2)
    assert one.words == "operates fra, on which it stands"
    links = dict(zip(tables["asset"]["asset_id"].to_pylist(), tables["asset"]["fact_id"].to_pylist(), strict=True))
    assert set(one.facts) == {tables["interest"]["fact_id"][0].as_py(), links["wms"], links["vm"]}


def test_who_hosts_a_thing_is_below_it() -> None:
    known = estate(made(interest=[has("a", "hosts", "wms"), has("b", "operates", "wms")]), DAY)
    assert {one.entity_id: one.beneath for one in custodians(known, layers(known, "wms"))} == {"a": True, "b": False}


def test_an_employer_has_the_custody_of_its_staff() -> None:
    tables = made(interest=[has("ops", "administers", "wms"), has("a", "employs", "ops")])
    known = estate(tables, DAY)
    found = {one.entity_id: one for one in custodians(known, layers(known, "wms"))}
    assert set(found) == {"ops", "a"}
    assert found["a"].through == "ops"
    assert found["a"].words == "employs the staff that administers it"
    assert set(found["a"].facts) == set(tables["interest"]["fact_id"].to_pylist())


@pytest.mark.parametrize(
    ("since", "until", "holds"),
    [(2020, 2030, True), (2027, None, False), (None, 2026, False), (2030, 2020, False)],
)
def test_dates_decide_and_reversed_ones_hold_never(since: int | None, until: int | None, holds: bool) -> None:
    when = {
        "valid_from": since and datetime(since, 1, 1, tzinfo=UTC),
        "valid_to": until and datetime(until, 1, 1, tzinfo=UTC),
    }
    known = estate(made(interest=[has("a", "operates", "wms", **when)]), DAY)
    assert bool(custodians(known, layers(known, "wms"))) is holds


def test_sources_that_differ_on_what_is_below_both_count() -> None:
    two = [asset("wms", "system", "vm"), asset("wms", "system", "other"), asset("vm"), asset("other")]
    known = estate(made(asset=two), DAY)
    assert set(layers(known, "wms")) == {"wms", "vm", "other"}


def test_circles_of_layers_end() -> None:
    known = estate(made(asset=[asset("x", on="y"), asset("y", on="x"), asset("z", on="z")]), DAY)
    assert set(layers(known, "x")) == {"x", "y"}
    assert set(layers(known, "z")) == {"z"}
    assert {one.subject_id for one in subjects(made(asset=[asset("x", on="y"), asset("y", on="x")]), DAY)} == {"x", "y"}


def test_what_only_carries_others_and_keys_are_no_subjects() -> None:
    tables = made(
        asset=[asset("wms", "system", "fra"), asset("fra", "region"), asset("k", "key", "hsm"), asset("hsm", "host")]
    )
    assert [one.subject_id for one in subjects(tables, DAY)] == ["hsm", "wms"]
    told = made(holding=[held("fra")])
    assert [one.subject_id for one in subjects(told, DAY)] == ["fra", "wms"]


def test_a_firmer_source_for_a_layer_below_does_not_move_the_thing_itself() -> None:
    tables = made(place=[place("wms", "DE") | {"stance": "declared"}, place("fra", "DE")])
    known = estate(tables, DAY)
    stand = stands(known, layers(known, "wms"))[0]["DE"]
    assert (stand.stance, stand.depth) == ("configured", 0)
    assert set(tables["place"]["fact_id"].to_pylist()) <= set(stand.facts)


def test_the_table_has_rows_for_every_asset_and_operator() -> None:
    tables = made(interest=[has("a", "operates", "fra")])
    rows = custody(estate(tables, DAY), subjects(tables, DAY)).to_pylist()
    assert {(row["asset_id"], row["entity_id"], row["layer_id"]) for row in rows} == {
        ("fra", "a", "fra"),
        ("vm", "a", "fra"),
        ("wms", "a", "fra"),
    }
