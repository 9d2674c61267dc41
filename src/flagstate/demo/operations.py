"""How the hub works: flights land, are unloaded, cleared by customs, sorted and sent on by road.

More flights land at night. Each is unloaded in two hours, half an hour after it landed; its declarations (H7) were
lodged before, and are accepted within fifty minutes of unloading; the sorter takes one flight after the other, at a
capacity that a busy day fills to two thirds; lorries leave for each country every four hours. A small share of parcels
is held by customs for hours or days and is then sorted by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flagstate.demo.digits import Numbers, movement, seven, spread, text
from flagstate.demo.hub import LAST_DAY, Hub

_HOURS = np.array([9, 9, 9, 8, 7, 6, 4, 3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 5, 6, 8, 9])
"""How flights spread over the hours of a day (UTC): most land from 22 to 6."""
_ORIGINS = ("CNSZX", "CNHGH", "HKHKG", "CNCAN", "CNPVG", "TRIST", "KRICN", "USCVG")
_ORIGIN_SHARES = (26, 22, 18, 14, 10, 4, 3, 3)
CARRIER, WAYBILLS = "YY", "666"
"""What flights and waybills begin with, of no carrier: tariffs write YY for fares of no airline in particular, and no
list of airlines that could be found (OpenFlights, avcodes) has YY; IATA does not publish whom it gives the prefixes of
waybills, and 666 stood in no list that could be found."""
BUSY_HOURS = 16
"""In so many hours the sorter could do all parcels of the busiest day."""
A_FLIGHT = 36_000
"""Parcels of a flight at most, about."""
FEWEST = 6
"""Flights a day at least."""
TO_UNLOAD, UNLOADING = 1_800, 7_200
"""Seconds from landing to the first parcel, and to the last one from there."""
CLEARED = 3_600
"""Seconds from the last parcel unloaded until the flight may be sorted."""
LAST_SLOT = 21
"""Hour before which flights land on the last day."""
WAVE = 4 * 3_600
"""Seconds between two lorries to one country."""
TO_LOAD = 1_800
"""Seconds at least from the sorter to the lorry."""
HELD = 15
"""Of a thousand parcels, so many are held by customs."""


@dataclass(frozen=True)
class Flights:
    """All flights, in the order in which they land; times are seconds since 1970 (UTC)."""

    landed: Numbers
    """When it landed."""
    sorting: Numbers
    """When the sorter begins with it."""
    sorted: Numbers
    """When the sorter has done it."""
    first: Numbers
    """Number of its first parcel."""
    parcels: Numbers
    """How many parcels it carries."""
    origin: Numbers
    """Place of its airport in `origins`."""

    @property
    def origins(self) -> pa.Array:
        """Airports, as UN/LOCODE."""
        return pa.array(_ORIGINS)

    def of(self, parcels: Numbers) -> Numbers:
        """Return the flight of each parcel."""
        found: Numbers = np.searchsorted(self.first, parcels, "right") - 1
        return found


@dataclass(frozen=True)
class Times:
    """What happened to each parcel, in seconds since 1970 (UTC); each time is later than the one before."""

    landed: Numbers
    """Its flight landed."""
    lodged: Numbers
    """Its declaration was lodged, before the flight landed."""
    unloaded: Numbers
    """It left its container."""
    accepted: Numbers
    """Customs accepted its declaration."""
    sorted: Numbers
    """It left the sorter."""
    dispatched: Numbers
    """Its lorry left."""
    held: npt.NDArray[np.bool_]
    """Whether customs held it."""


@dataclass(frozen=True)
class Operations:
    """The work of a hub over all its days."""

    hub: Hub
    """How large it is."""

    @cached_property
    def capacity(self) -> int:
        """Parcels that the sorter takes in an hour."""
        return max(1, -(-int(self.hub.parcels_by_day.max()) // BUSY_HOURS))

    @cached_property
    def until(self) -> int:
        """The end of all that is recorded, in seconds since 1970 (UTC)."""
        last = LAST_DAY + timedelta(days=1)
        return int(datetime(last.year, last.month, last.day, tzinfo=UTC).timestamp())

    @cached_property
    def flights(self) -> Flights:
        """All flights; their parcels sum up to those of the day."""
        rng = self.hub.rng("flights")
        begin = self.until - self.hub.days * 86_400
        landed, parcels = [], []
        for day, count in enumerate(self.hub.parcels_by_day):
            flights = max(FEWEST, -(-int(count) // A_FLIGHT))
            # What lands on the last day is unloaded on it, so that each parcel is seen at least once.
            slots = _HOURS if day + 1 < self.hub.days else _HOURS[:LAST_SLOT]
            hours = rng.choice(len(slots), flights, p=slots / slots.sum())
            landed.append(begin + day * 86_400 + np.sort(hours * 3_600 + rng.integers(0, 3_600, flights)))
            share = rng.uniform(0.7, 1.3, flights)
            parcels.append(rng.multinomial(count, share / share.sum()))
        times, counts = np.concatenate(landed), np.concatenate(parcels)
        starts, ends = self._sort(times, counts)
        origin = rng.choice(len(_ORIGINS), len(times), p=np.array(_ORIGIN_SHARES) / sum(_ORIGIN_SHARES))
        return Flights(times, starts, ends, np.concatenate([[0], np.cumsum(counts)[:-1]]), counts, origin)

    def _sort(self, landed: Numbers, parcels: Numbers) -> tuple[Numbers, Numbers]:
        """When the sorter begins and ends each flight: one after the other, none before it is cleared."""
        starts, ends, free = np.empty_like(landed), np.empty_like(landed), 0
        ready = landed + TO_UNLOAD + UNLOADING + CLEARED
        took = -(-parcels * 3_600 // self.capacity)
        for at in range(len(landed)):
            starts[at] = max(int(ready[at]), free)
            free = ends[at] = int(starts[at]) + int(took[at])
        return starts, ends

    def times(self, parcels: Numbers, country: Numbers, rng: np.random.Generator) -> Times:
        """Return what happens to parcels, also beyond the end of what is recorded.

        Args:
            parcels: Their numbers, from 0.
            country: Where they go: lorries of different countries leave at different hours.
            rng: Chance of its own.
        """
        flights, count = self.flights, len(parcels)
        flight = flights.of(parcels)
        landed, place = flights.landed[flight], parcels - flights.first[flight]
        share = (place + 0.5) / flights.parcels[flight]
        unloaded = landed + TO_UNLOAD + (share * UNLOADING).astype(np.int64)
        held = rng.integers(0, 1000, count) < HELD
        wait = np.where(held, rng.integers(6 * 3_600, 60 * 3_600, count), rng.integers(240, 3_000, count))
        accepted = unloaded + wait
        duration = flights.sorted[flight] - flights.sorting[flight]
        sorted_ = flights.sorting[flight] + (share * duration).astype(np.int64)
        sorted_ = np.where(held, accepted + rng.integers(1_200, 5_400, count), sorted_)
        offset = country * 1_380 % WAVE
        dispatched = -(-(sorted_ + TO_LOAD - offset) // WAVE) * WAVE + offset
        lodged = landed - rng.integers(2 * 3_600, 11 * 3_600, count)
        return Times(landed, lodged, unloaded, accepted, sorted_, dispatched, held)

    def table(self, grams: Numbers) -> pa.Table:
        """Return the flights as the warehouse's software lists them.

        Args:
            grams: Weight of the parcels of each flight.
        """
        flights, count = self.flights, len(self.flights.landed)
        number = np.arange(count)
        serial = self.hub.rng("waybills").integers(0, 10**7, count)
        unloaded = flights.landed + TO_UNLOAD + UNLOADING
        lodged = flights.landed - 4 * 3_600 - serial % 3_600
        night = (flights.landed // 3_600 % 24 >= 22) | (flights.landed // 3_600 % 24 < 6)
        return pa.table({
            "flight_id": pa.array(number + 1, pa.int32()),
            "flight_number": text(count, CARRIER, spread(100 + number * 37 % 900, 3)),
            "mawb_number": text(count, f"{WAYBILLS}-", spread(serial, 7), seven(serial)),
            "origin": flights.origins.take(pa.array(flights.origin)),
            "ens_mrn": movement(lodged, number * 104_729 + 13_007, "F"),
            "ens_lodged_at": pa.array(lodged, pa.timestamp("s", "UTC")),
            "landed_at": pa.array(flights.landed, pa.timestamp("s", "UTC")),
            "unloaded_at": pa.array(np.where(unloaded < self.until, unloaded, 0), pa.timestamp("s", "UTC"),
                                    mask=unloaded >= self.until),
            "slot": pa.array(["day", "night"]).take(pa.array(night.astype(np.int8))),
            "uld_count": pa.array(np.maximum(1, -(-grams // 1_500_000)), pa.int32()),
            "piece_count": pa.array(flights.parcels, pa.int32()),
            "gross_weight_t": pa.array(grams / 1e6),
        })  # fmt: skip
