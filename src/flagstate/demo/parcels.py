"""The rows about parcels: what the warehouse's software keeps of them, their declarations, their scans, their returns.

Parcel `i` of a hub with `N` parcels and `P` persons is turned by a permutation of 0 to N - 1 into `j`. If `j` is below
`P`, it goes to person `j`: so each person gets at least one parcel, and there are exactly `P`. The others go to
anybody, some much more often than others. Only parcels of the first sort come back, and only in them are goods that
tell something of the person: so the persons of returns, and those of whom something is told, are as many as the
parcels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flagstate.demo.digits import Numbers, coded, iban, mix, movement, part, s10, spread, text
from flagstate.demo.goods import Shop, kinds, open_shop
from flagstate.demo.hub import SCANNERS, SORTERS, Hub
from flagstate.demo.operations import Operations, Times
from flagstate.demo.people import Population, permutation

CHUNK = 125_000
"""Parcels that are made at a time."""
RETURNED = 29
"""One in so many parcels that come first to a person is sent back."""
DEAREST = 15_000
"""Cents of a consignment at most: dearer ones need another declaration than H7."""
TELLING = 2
"""Kinds of goods that tell something of a person."""
_SERVICES = ("LX", "LY", "LZ", "LV", "LR", "LS")
"""Services of a post: the letters in front of a parcel's number."""
_BLOCK = 10**8
BANKS = {
    "FR": ("FR", "99999", 18), "DE": ("DE", "99999999", 10), "ES": ("ES", "9999", 16), "IT": ("IT", "X99999", 17),
    "PL": ("PL", "99999999", 16), "NL": ("NL", "ZZZZ", 10), "BE": ("BE", "999", 9), "AT": ("AT", "99999", 11),
    "IE": ("IE", "ZZZZ", 14), "LU": ("LU", "999", 13),
}  # fmt: skip
"""Countries, banks that no register knows, and digits of an account."""
STATES = pa.array(["unloaded", "held at customs", "sorted", "dispatched", "returned"])
EVENTS = pa.array(["unloaded", "customs accepted", "sorted", "dispatched"])
_DOCKS = 12
REASONS = pa.array(["does not fit", "damaged", "wrong item", "arrived too late", "changed mind"])


@dataclass(frozen=True)
class Chunk:
    """Some parcels in a row, in all their tables."""

    tables: Mapping[str, pa.Table]
    """parcels, customs_h7, scans and returns."""
    grams: npt.NDArray[np.float64]
    """Weight of the parcels of each flight."""
    dwell: tuple[int, int]
    """Seconds from landing to the lorry, added up, and parcels that were dispatched."""
    abroad: Mapping[str, int]
    """Returned parcels by the country they go back to."""
    told: Mapping[str, int]
    """Parcels whose goods tell something of the person, by what they tell."""
    phones: int
    """Persons with a telephone number, each counted at the first of its parcels."""


@dataclass(frozen=True)
class Parcels:
    """All parcels of a hub, made a chunk at a time."""

    hub: Hub
    """How large it is."""
    chunk: int = CHUNK
    """Parcels that are made at a time."""

    @property
    def chunks(self) -> int:
        """How many chunks there are."""
        return -(-self.hub.scale // self.chunk)

    @cached_property
    def shop(self) -> Shop:
        """Who sells what."""
        return open_shop(self.hub)

    @cached_property
    def people(self) -> Population:
        """Who gets them."""
        return Population.of(self.hub)

    @cached_property
    def work(self) -> Operations:
        """How the hub handles them."""
        return Operations(self.hub)

    def persons(self, turned: Numbers) -> Numbers:
        """Return the person of parcels, by their turned numbers."""
        count = self.people.count
        again = part(mix(turned, self.hub.seed + 21), 0, 1 << 30) / (1 << 30)
        # Chance to the power of 1.25, by roots, which every machine rounds alike: some get a dozen parcels.
        often = again * np.sqrt(np.sqrt(again))
        return np.where(turned < count, turned, (count * often).astype(np.int64))

    def turned(self, parcels: Numbers) -> Numbers:
        """Return the turned numbers of parcels: a permutation."""
        times, shift = permutation(self.hub.scale, self.hub.seed)
        return (parcels * times + shift) % self.hub.scale

    def make(self, number: int) -> Chunk:
        """Return a chunk.

        Args:
            number: From 0; the last one may be shorter.
        """
        rng, shop = self.hub.rng("chunk", number), self.shop
        parcels = np.arange(number * self.chunk, min(self.hub.scale, (number + 1) * self.chunk))
        count, turned = len(parcels), self.turned(parcels)
        persons = self.persons(turned)
        times = self.work.times(parcels, self.people.home(persons), rng)
        product = (len(shop.kind) * rng.random(count) ** 2).astype(np.int64)
        # Kinds that tell something are the last ones; those before them tell nothing.
        product -= TELLING * ((shop.kind[product] >= len(kinds()) - TELLING) & (turned >= self.people.count))
        pieces = np.minimum(1 + rng.geometric(0.8, count) - 1, 4)
        cents = np.minimum(shop.cents[product] * pieces * rng.integers(85, 116, count) // 100, DEAREST)
        grams = shop.grams[product] * pieces + rng.integers(20, 120, count)
        made = _Rows(self, parcels, turned, persons, times, product, pieces, cents, grams)
        returns = made.returns()
        dispatched = times.dispatched < self.work.until
        flight = self.work.flights.of(parcels)
        low, high = int(flight[0]), int(flight[-1]) + 1
        by_flight = np.zeros(len(self.work.flights.landed))
        by_flight[low:high] = np.bincount(flight - low, grams, high - low)
        return Chunk(
            {"parcels": made.parcels(), "customs_h7": made.declarations(), "scans": made.scans(), "returns": returns},
            by_flight,
            (int((times.dispatched - times.landed)[dispatched].sum()), int(dispatched.sum())),
            _counts(returns.column("returned_to")),
            made.told(),
            int(
                (made.consignee["phone"].is_valid().to_numpy(zero_copy_only=False) & (turned < self.people.count)).sum()
            ),
        )


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    return {str(row["values"]): int(row["counts"]) for row in pc.value_counts(column.cast(pa.string())).to_pylist()}


@dataclass
class _Rows:
    """Parcels of a chunk, as numbers; tables are made of them."""

    of: Parcels
    number: Numbers
    turned: Numbers
    person: Numbers
    times: Times
    product: Numbers
    pieces: Numbers
    cents: Numbers
    grams: Numbers

    def __post_init__(self) -> None:
        shop, count = self.of.shop, len(self.number)
        self.until = self.of.work.until
        serial = self.turned % _BLOCK * 61_803_399 % _BLOCK
        digits = spread(serial, 8)
        services = np.frombuffer("".join(_SERVICES).encode(), np.uint8).reshape(-1, 2)[self.turned // _BLOCK]
        self.seller = shop.seller[self.product]
        self.parcel_number = text(count, services, digits, s10(digits), "CN")
        self.consignee = self.of.people.columns(self.person)
        self.goods = coded(shop.described[self.product], shop.descriptions)
        self.code = coded(shop.kind[self.product], shop.codes)
        self.value = pa.array(self.cents / 100)
        self.euro = coded(np.zeros(count, np.int64), pa.array(["EUR"]))
        self.weight = pa.array(self.grams / 1000)
        self.ioss = _of_few(self.seller, shop.merchants.column("ioss_number"))
        self.sent_back = self.times.dispatched + 86_400 + part(mix(self.turned, 31), 0, 12 * 86_400)
        self.comes_back = (
            (self.turned < self.of.people.count)
            & (self.turned % RETURNED == RETURNED // 2)
            & (self.sent_back < self.until)
        )

    def parcels(self) -> pa.Table:
        """The parcels, with who gets what from whom."""
        times, until, who = self.times, self.until, self.consignee
        state = np.where(times.held, 1, 0)
        state = np.where(times.sorted < until, 2, state)
        state = np.where(times.dispatched < until, 3, state)
        state = np.where(self.comes_back, 4, state)
        return pa.table({
            "parcel_number": self.parcel_number,
            "merchant_id": pa.array(self.seller + 1, pa.int32()),
            "product_id": pa.array(self.product + 1, pa.int32()),
            "flight_id": pa.array(self.of.work.flights.of(self.number) + 1, pa.int32()),
            "customer_id": pa.array(self.person + 1, pa.int32()),
            "consignee_name": who["name"],
            "consignee_email": who["email"],
            "consignee_phone": who["phone"],
            "consignee_street": who["street"],
            "consignee_postcode": who["postcode"],
            "consignee_city": who["city"],
            "consignee_country": who["country"],
            "goods_description": self.goods,
            "hs_code": self.code,
            "quantity": pa.array(self.pieces, pa.int16()),
            "declared_value": self.value,
            "currency": self.euro,
            "weight_kg": self.weight,
            "ioss_number": self.ioss,
            "status": coded(state, STATES),
            "arrived_at": _moments(times.landed, until),
            "dispatched_at": _moments(times.dispatched, until),
        })  # fmt: skip

    def declarations(self) -> pa.Table:
        """The customs declarations for consignments of low value (H7), one for each parcel."""
        times, who, count = self.times, self.consignee, len(self.number)
        accepted = times.accepted < self.until
        reference = movement(times.accepted, self.number + 1, "H")
        return pa.table({
            "lrn": text(count, "H7-", spread(self.number + 1, 10)),
            "mrn": pc.if_else(pa.array(accepted), reference, pa.scalar(None, pa.string())),
            "declarant_eori": coded(np.zeros(count, np.int64), pa.array(["BE0012345625"])),
            "ioss_number": self.ioss,
            "parcel_number": self.parcel_number,
            "consignor_name": _of_few(self.seller, self.of.shop.merchants.column("seller_name")),
            "customer_id": pa.array(self.person + 1, pa.int32()),
            "consignee_name": who["name"],
            "consignee_street": who["street"],
            "consignee_postcode": who["postcode"],
            "consignee_city": who["city"],
            "consignee_country": who["country"],
            "goods_description": self.goods,
            "hs_code": self.code,
            "intrinsic_value": self.value,
            "currency": self.euro,
            "gross_mass_kg": self.weight,
            "lodged_at": _moments(times.lodged, self.until),
            "accepted_at": _moments(times.accepted, self.until),
        })  # fmt: skip

    def scans(self) -> pa.Table:
        """What scanners and sorters saw of each parcel, one row per event until the end of what is recorded."""
        times, count = self.times, len(self.number)
        every = np.stack([times.unloaded, times.accepted, times.sorted, times.dispatched], axis=1).reshape(-1)
        seen = np.flatnonzero(every < self.until)
        parcel, event = seen // 4, seen % 4
        chance = mix(self.turned, 41)
        scanner, sorter = part(chance, 0, len(SCANNERS)), len(SCANNERS) + part(chance, 16, len(SORTERS))
        dock = len(SCANNERS) + len(SORTERS) + part(chance, 32, _DOCKS)
        customs = np.full(count, len(SCANNERS) + len(SORTERS) + _DOCKS)
        stations = [*(f"HH-{n:02d}" for n in range(1, len(SCANNERS) + 1)),
                    *(f"SORTER-{n}" for n in range(1, len(SORTERS) + 1)),
                    *(f"DOCK-{n:02d}" for n in range(1, _DOCKS + 1)), "CUSTOMS"]  # fmt: skip
        where = np.stack([scanner, customs, sorter, dock], axis=1).reshape(-1)
        return pa.table({
            "parcel_number": self.parcel_number.take(pa.array(parcel)),
            "event": coded(event, EVENTS),
            "station": coded(where[seen], pa.array(stations)),
            "scanned_at": pa.array(every[seen], pa.timestamp("s", "UTC")),
        })  # fmt: skip

    def returns(self) -> pa.Table:
        """Parcels that consignees sent back, and the accounts to which they are paid back."""
        back = np.flatnonzero(self.comes_back)
        taken = pa.array(back)
        chance = mix(self.turned[back], 51)
        return pa.table({
            "return_id": pa.array(self.turned[back] + 1, pa.int64()),
            "parcel_number": self.parcel_number.take(taken),
            "customer_id": pa.array(self.person[back] + 1, pa.int32()),
            "consignee_email": self.consignee["email"].take(taken),
            "refund_iban": _accounts(self.consignee["country"].take(taken), self.turned[back]),
            "refund_amount": self.value.take(taken),
            "currency": self.euro.take(taken),
            "reason": coded(part(chance, 0, len(REASONS)), REASONS),
            "weight_kg": self.weight.take(taken),
            "returned_to": self.of.shop.countries.take(pa.array(self.seller[back])),
            "requested_at": pa.array(self.sent_back[back], pa.timestamp("s", "UTC")),
        })  # fmt: skip

    def told(self) -> dict[str, int]:
        """Count parcels whose goods tell something of the person."""
        by_kind = np.bincount(self.of.shop.kind[self.product], minlength=len(kinds()))
        told: dict[str, int] = {}
        for kind, count in zip(kinds(), by_kind.tolist(), strict=True):
            if kind.tells:
                told[kind.tells] = told.get(kind.tells, 0) + count
        return told


def _accounts(countries: pa.DictionaryArray, serial: Numbers) -> pa.Array:
    """An account of a bank that does not exist, in the form of each country."""
    codes = countries.dictionary.to_pylist()
    at = countries.indices.to_numpy()
    made: list[pa.Array] = []
    places: list[Numbers] = []
    for number, code in enumerate(codes):
        rows = np.flatnonzero(at == number)
        country, bank, digits = BANKS[code]
        made.append(iban(country, bank, spread(mix(serial[rows], 61).astype(np.int64) & (2**62 - 1), digits)))
        places.append(rows)
    order = np.concatenate(places)
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    return pa.concat_arrays(made).take(pa.array(back))


def _moments(seconds: Numbers, until: int) -> pa.Array:
    """Times as far as they are recorded; what lies beyond is null."""
    late = seconds >= until
    return pa.array(np.where(late, 0, seconds), pa.timestamp("s", "UTC"), mask=late)


def _of_few(places: Numbers, column: pa.ChunkedArray) -> pa.Array:
    """Values of a column that may be null, by row."""
    return column.combine_chunks().take(pa.array(places))
