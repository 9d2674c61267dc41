"""The work of the demonstration's hub: in order, within what the sorter takes, and as many as arrive."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.catalog.checks import CHECKS
from flagstate.demo.hub import YEAR, Hub
from flagstate.demo.operations import Operations
from flagstate.demo.parcels import Parcels

HUBS = st.builds(Hub, st.integers(1_000, 30_000), st.integers(0, 10**6))


@settings(max_examples=15, deadline=None)
@given(HUBS)
def test_what_happens_to_a_parcel_happens_in_order(hub: Hub) -> None:
    work = Operations(hub)
    numbers = np.arange(hub.scale)
    times = work.times(numbers, numbers % 10, np.random.default_rng(1))
    order = (times.lodged, times.landed, times.unloaded, times.accepted, times.sorted, times.dispatched)
    for earlier, later in pairwise(order):
        assert (earlier < later).all()
    assert (times.unloaded < work.until).all()
    assert 3 < (times.dispatched - times.landed).mean() / 3600 < 15
    assert 0 < times.held.mean() < 0.04


@settings(max_examples=15, deadline=None)
@given(HUBS)
def test_the_sorter_never_takes_more_than_it_can(hub: Hub) -> None:
    work = Operations(hub)
    numbers = np.arange(hub.scale)
    times = work.times(numbers, numbers % 10, np.random.default_rng(1))
    by_machine = np.sort(times.sorted[~times.held])
    hours = np.bincount((by_machine - by_machine[0]) // 3600)
    # A flight of few parcels begins at its own second: one more may fall into an hour per flight that begins in it.
    assert hours.max() <= work.capacity + work.flights.parcels.size / hub.days


@pytest.mark.parametrize("scale", [1_000, 123_456, YEAR])
def test_flights_carry_the_parcels_of_their_day(scale: int) -> None:
    work = Operations(Hub(scale, 5))
    flights = work.flights
    day = (flights.landed - (work.until - work.hub.days * 86_400)) // 86_400
    assert (np.bincount(day, flights.parcels) == work.hub.parcels_by_day).all()
    assert (np.diff(flights.landed) >= 0).all()
    assert (flights.sorting[1:] >= flights.sorted[:-1]).all()
    night = (flights.landed // 3600 % 24 >= 22) | (flights.landed // 3600 % 24 < 6)
    assert night.mean() > 0.35
    assert flights.parcels.max() < 60_000


def test_flights_are_listed_with_their_papers() -> None:
    work = Operations(Hub(5_000, 1))
    table = work.table(np.full(len(work.flights.landed), 1_600_000))
    assert all(map(CHECKS["awb"], table.column("mawb_number").to_pylist()))
    assert all(number.startswith("666-") for number in table.column("mawb_number").to_pylist()), "of no carrier"
    assert all(number.startswith("YY") for number in table.column("flight_number").to_pylist()), "of no carrier"
    assert all(map(CHECKS["mrn"], table.column("ens_mrn").to_pylist()))
    assert set(table.column("slot").to_pylist()) == {"day", "night"}
    assert set(table.column("uld_count").to_pylist()) == {2}
    assert sum(table.column("piece_count").to_pylist()) == 5_000
    lodged, landed = (table.column(name).to_numpy() for name in ("ens_lodged_at", "landed_at"))
    assert (lodged < landed).all()


@pytest.mark.parametrize("scale", [1_000, 40_000])
def test_parcels_arrive_on_the_days_that_are_told(scale: int) -> None:
    hub = Hub(scale, 2)
    made = Parcels(hub, 7_000)
    arrived = np.concatenate([
        made.make(number).tables["parcels"].column("arrived_at").to_numpy() for number in range(made.chunks)
    ])  # fmt: skip
    day = (arrived.astype("datetime64[D]") - np.datetime64(hub.first_day)).astype(int)
    assert (np.bincount(day, minlength=hub.days) == hub.parcels_by_day).all()
