"""Rows of the demonstration about parcels: numbers that differ, persons that all occur, tables that agree."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.catalog.checks import CHECKS
from flagstate.demo.hub import YEAR, Hub
from flagstate.demo.parcels import CHUNK, DEAREST, Parcels


@settings(max_examples=20, deadline=None)
@given(st.builds(Hub, st.integers(1_000, 50_000), st.integers(0, 10**6)))
def test_every_person_gets_a_parcel_and_nobody_else_does(hub: Hub) -> None:
    parcels = Parcels(hub)
    persons = parcels.persons(parcels.turned(np.arange(hub.scale)))
    assert (np.unique(persons) == np.arange(parcels.people.count)).all()


def test_numbers_of_parcels_differ_from_each_other_and_pass_their_check() -> None:
    made = Parcels(Hub(30_000, 1))
    numbers = made.make(0).tables["parcels"].column("parcel_number")
    assert pc.count_distinct(numbers).as_py() == 30_000
    assert all(map(CHECKS["s10"], numbers.to_pylist()))


def test_of_the_largest_hub_any_chunk_can_be_made() -> None:
    made = Parcels(Hub(YEAR, 1))
    last = made.make(made.chunks - 1)
    assert last.tables["parcels"].num_rows == YEAR - (made.chunks - 1) * CHUNK
    one = made.make(1_000).tables["parcels"].column("parcel_number")
    both = pa.chunked_array([*one.chunks, *last.tables["parcels"].column("parcel_number").chunks])
    assert pc.count_distinct(both).as_py() == len(both)
    assert all(map(CHECKS["s10"], one.slice(0, 2000).to_pylist()))


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    return dict(Parcels(Hub(20_000, 8)).make(0).tables)


def test_each_parcel_has_one_declaration_with_the_same_content(tables: dict[str, pa.Table]) -> None:
    parcels, declared = tables["parcels"], tables["customs_h7"]
    for one, other in (("parcel_number",) * 2, ("consignee_name",) * 2, ("hs_code",) * 2, ("customer_id",) * 2,
                       ("declared_value", "intrinsic_value"), ("weight_kg", "gross_mass_kg")):  # fmt: skip
        assert parcels.column(one).to_pylist() == declared.column(other).to_pylist()
    assert all(map(CHECKS["mrn"], filter(None, declared.column("mrn").to_pylist())))
    assert all(map(CHECKS["eori"], set(declared.column("declarant_eori").to_pylist())))
    assert pc.count_distinct(declared.column("mrn")).as_py() == declared.num_rows - declared.column("mrn").null_count
    assert pc.max(declared.column("intrinsic_value")).as_py() <= DEAREST / 100
    assert declared.column("mrn").is_null().to_pylist() == declared.column("accepted_at").is_null().to_pylist()


def test_scans_of_a_parcel_are_in_order_and_end_with_its_dispatch(tables: dict[str, pa.Table]) -> None:
    scans, parcels = tables["scans"], tables["parcels"]
    number, at = scans.column("parcel_number").to_pylist(), scans.column("scanned_at").to_pylist()
    for row in range(1, scans.num_rows):
        assert number[row] != number[row - 1] or at[row] > at[row - 1]
    left = pc.equal(scans.column("event").cast(pa.string()), "dispatched")
    assert pc.sum(left).as_py() == parcels.num_rows - parcels.column("dispatched_at").null_count
    assert set(number) == set(parcels.column("parcel_number").to_pylist())


def test_a_person_sends_back_one_parcel_at_most_to_an_account_of_no_bank(tables: dict[str, pa.Table]) -> None:
    returns, parcels = tables["returns"], tables["parcels"]
    assert 0.005 < returns.num_rows / parcels.num_rows < 0.05
    assert pc.count_distinct(returns.column("consignee_email")).as_py() == returns.num_rows
    sent = dict(zip(parcels.column("parcel_number").to_pylist(), parcels.to_pylist(), strict=True))
    for row in returns.to_pylist():
        parcel = sent[row["parcel_number"]]
        assert parcel["status"] == "returned"
        assert row["requested_at"] > parcel["dispatched_at"]
        assert row["refund_amount"] == parcel["declared_value"]
        assert row["refund_iban"][:2] == parcel["consignee_country"]
        assert CHECKS["iban"](row["refund_iban"])
    assert pc.sum(pc.equal(parcels.column("status").cast(pa.string()), "returned")).as_py() == returns.num_rows


def test_some_persons_get_many_parcels_and_most_get_one_or_two() -> None:
    made = Parcels(Hub(300_000, 1))
    counts = np.bincount(made.persons(made.turned(np.arange(300_000))))
    assert counts.min() == 1
    assert np.median(counts) == 1
    assert 8 < counts.max() < 200
