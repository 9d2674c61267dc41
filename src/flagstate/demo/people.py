"""The persons to whom parcels go: nobody real, the same at every call, and as many as the size of the hub says.

A person is a number from 0 below `Population.count`, and all that is known of a person is a function of that number.
Two persons never share an e-mail address: its parts are a forename, a family name and a counter that together give the
number back, and its domain tells the country. So distinct persons can be counted without keeping any.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flagstate.demo import places
from flagstate.demo.digits import Numbers, coded, mix, part
from flagstate.demo.hub import Hub
from flagstate.demo.places import FAMILY, GIVEN, HOUSES, POSTCODES, STREETS, TOWNS

NAMES = GIVEN * FAMILY
DOMAINS = 4
"""Providers of mail in a country."""
SATURATION = 300_000_000
"""How the persons grow with the parcels: seven for ten parcels in a small hub, a third of them in the largest."""
SILENT = 80
"""Of a thousand persons, so many gave no telephone number."""
_LETTERS = str.maketrans({"ł": "l", "Ł": "l", "ß": "ss", "ø": "o"})


def fold(name: str) -> str:
    """Return a name as it stands in an e-mail address: `De Smet` → `desmet`."""
    plain = unicodedata.normalize("NFKD", name.translate(_LETTERS)).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain.lower() if letter.isalnum())


@dataclass(frozen=True)
class _Pools:
    """What persons are put together from, country by country."""

    names: pa.Array
    logins: pa.Array
    streets: pa.Array
    towns: pa.Array
    postcodes: pa.Array
    countries: pa.Array
    domains: pa.Array
    phones: pa.Array
    middles: pa.Array
    """Three digits, or none."""
    tails: pa.Array
    """Four digits, two, or none."""
    open: Numbers
    """Digits that follow the beginning of a telephone number, by country."""
    home: Numbers
    """Country of each of a thousand persons."""


@cache
def _pools() -> _Pools:
    listed = places.ALL
    pairs = [(given, family) for place in listed for given in place.given for family in place.family]
    homes = np.repeat(np.arange(len(listed)), [place.permille for place in listed])
    np.random.default_rng(7).shuffle(homes)
    words = ("mailbox", "letters", "post", "inbox")
    return _Pools(
        names=pa.array([f"{given} {family}" for given, family in pairs]),
        logins=pa.array([f"{fold(given)}.{fold(family)}" for given, family in pairs]),
        streets=pa.array(
            [s.replace("#", str(n)) for place in listed for s in place.streets for n in range(1, HOUSES + 1)]
        ),
        towns=pa.array([name for place in listed for name, _ in place.towns]),
        postcodes=pa.array([code for place in listed for code in _postcodes(place)]),
        countries=pa.array([place.code for place in listed]),
        domains=pa.array([f"@{word}-{place.code.lower()}.example" for place in listed for word in words]),
        phones=pa.array([place.phone for place in listed]),
        middles=pa.array([f"{n:03d}" for n in range(1000)] + [""]),
        tails=pa.array([f"{n:04d}" for n in range(10_000)] + [f"{n:02d}" for n in range(100)] + [""]),
        open=np.array([place.open for place in listed]),
        home=homes,
    )


def _postcodes(place: places.Place) -> list[str]:
    letters = "ABCEGHKLNPRSTVWX"
    return [
        place.postcode.format(
            n=first + step, x=(first + step) // 1000, y=(first + step) % 1000, k="DTVHXARF"[at],
            a=letters[(first + step) % 16], b=letters[(first * 7 + step * 3) % 16],
        )
        for at, (_, first) in enumerate(place.towns) for step in range(POSTCODES)
    ]  # fmt: skip


@dataclass(frozen=True)
class Population:
    """All consignees of a hub."""

    count: int
    """How many persons there are; each gets at least one parcel."""
    seed: int
    """As that of the hub."""

    @staticmethod
    def of(hub: Hub) -> Population:
        """Return the persons of a hub of that size."""
        return Population(max(1, round(0.7 * hub.scale / (1 + hub.scale / SATURATION))), hub.seed)

    @cached_property
    def by_country(self) -> dict[str, int]:
        """Persons by country of residence, exactly."""
        pools = _pools()
        rounds, rest = divmod(self.count, len(pools.home))
        counts = np.bincount(pools.home, minlength=len(pools.countries)) * rounds
        counts += np.bincount(pools.home[:rest], minlength=len(pools.countries))
        return {str(code): int(count) for code, count in zip(pools.countries.to_pylist(), counts, strict=True)}

    @cached_property
    def _step(self) -> tuple[int, int]:
        """Multiplier and shift of a permutation of the persons, so that neighbours have different names."""
        return permutation(self.count, self.seed)

    def home(self, persons: Numbers) -> Numbers:
        """Return the place of each person's country in `places.ALL`."""
        pools = _pools()
        return pools.home[persons % len(pools.home)]

    def columns(self, persons: Numbers) -> dict[str, pa.Array]:
        """Return name, e-mail, phone, street, postcode, city and country of persons.

        Args:
            persons: Numbers from 0 below `count`.

        Returns:
            Arrays of text; those of few different values as dictionaries. A phone may be null, nothing else.
        """
        pools, home = _pools(), self.home(persons)
        times, shift = self._step
        other = (persons * times + shift) % self.count
        name = home * NAMES + other % NAMES
        chance, more = mix(persons, self.seed), mix(persons, self.seed + 1)
        town = home * TOWNS + part(chance, 0, TOWNS)
        return {
            "name": coded(name, pools.names),
            "email": _joined(
                _taken(name, pools.logins), _taken(other // NAMES, _counters(self.count // NAMES + 1)),
                _taken(home * DOMAINS + part(chance, 16, DOMAINS), pools.domains),
            ),
            "phone": _phones(home, more),
            "street": coded(
                (home * STREETS + part(chance, 32, STREETS)) * HOUSES + part(chance, 48, HOUSES), pools.streets
            ),
            "postcode": coded(town * POSTCODES + part(more, 48, POSTCODES), pools.postcodes),
            "city": coded(town, pools.towns),
            "country": coded(home, pools.countries),
        }  # fmt: skip


def permutation(count: int, seed: int) -> tuple[int, int]:
    """Return multiplier and shift of a map of the numbers below a bound onto themselves.

    Args:
        count: The bound, up to 2^31, so that products fit into 63 bits.
        seed: Chooses among them.
    """
    times = max(1, int(count * 0.6180339887) + seed % 97)
    while math.gcd(times, count) != 1:
        times += 1
    return times % count or 1, (seed * 7_919) % count


def _phones(home: Numbers, chance: np.ndarray) -> pa.Array:
    """Seven digits, or as many as the range that is kept for stories has open."""
    pools = _pools()
    open_ = pools.open[home]
    middle = np.where(open_ == 4, len(pools.middles) - 1, part(chance, 0, 1000))
    tail = part(chance, 16, 10_000)
    tail = np.where(open_ == 3, len(pools.tails) - 1, np.where(open_ == 5, 10_000 + tail % 100, tail))
    numbers = _joined(_taken(home, pools.phones), _taken(middle, pools.middles), _taken(tail, pools.tails))
    silent = part(chance, 32, 1000) < SILENT
    return pc.if_else(pa.array(silent), pa.scalar(None, pa.string()), numbers)


@cache
def _counters(count: int) -> pa.Array:
    """What tells persons of one name apart: nothing for the first, then 2, 3 and so on."""
    return pa.array(["", *(str(number) for number in range(2, count + 1))])


def _taken(places_: Numbers, pool: pa.Array) -> pa.Array:
    return pool.take(pa.array(places_.astype(np.int32)))


def _joined(*parts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")
