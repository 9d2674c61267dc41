"""What a government may reach: an asset, or all hosts that one operator runs, with who holds it and where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_FACTS = 20  # fact_ids kept per figure: the finding names some, the tables have all
NO_OPERATOR = "net:no-known-operator"


@dataclass(frozen=True)
class Custody:
    """An entity that has custody of a subject."""

    entity_id: str
    words: str
    status: str
    stance: str
    facts: tuple[str, ...]
    kind: str = "operates"
    layer_id: str | None = None
    """The asset at which it has it; null: the subject itself."""
    through: str | None = None
    """The staff that it employs, if the custody is theirs."""
    contested: bool = False
    beneath: bool = False
    """Whether it has it only below the subject, so that it sees what the subject shows there."""
    depth: int = 0
    """How many layers below the subject."""


@dataclass(frozen=True)
class Stand:
    """A country in which a subject, or part of it, stands."""

    country: str
    words: str
    confidence: str
    stance: str
    facts: tuple[str, ...] = ()
    depth: int = 0
    """How many layers below the subject."""


@dataclass
class Tally:
    """How many hosts, and what was sent to them."""

    hosts: int = 0
    conns: int = 0
    failed: int = 0
    orig_bytes: int = 0
    unsized: int = 0
    seen: bool = False
    largest: tuple[int, str] = (-1, "")
    facts: list[str] = field(default_factory=list)

    @property
    def attempted(self) -> bool:
        """Whether nothing was sent: no byte, and no connection that stood and whose size is not known."""
        return self.seen and self.orig_bytes == 0 and (self.unsized == 0 or self.conns == self.failed)

    def words(self) -> str:
        """Return the hosts as a sentence names them: the one that was sent most, and how many more."""
        more = f" and {self.hosts - 1:,} more" if self.hosts > 1 else ""
        return f"host {self.largest[1]}{more}"

    def add(self, addr: str, traffic: Mapping[str, object] | None) -> None:
        """Add one host."""
        size = 0
        if traffic is not None:
            self.seen = True
            size = _whole(traffic["orig_bytes_sum"])
            self.conns += _whole(traffic["conns_sum"])
            self.failed += _whole(traffic["failed_conns_sum"])
            self.unsized += _whole(traffic["unsized_conns_sum"])
            self.orig_bytes += size
            if len(self.facts) < _FACTS:
                self.facts.append(str(traffic["fact_id_min"]))
        self.hosts += 1
        if (size, addr) > self.largest:
            self.largest = (size, addr)


@dataclass
class Subject:
    """Something that a government may reach: an asset, or all hosts of one operator."""

    subject_id: str
    shown: str
    custody: list[Custody] = field(default_factory=list)
    stands: dict[str, Stand] = field(default_factory=dict)
    all: Tally = field(default_factory=Tally)
    """Every host of it."""
    there: dict[str, Tally] = field(default_factory=dict)
    """Its hosts by the country in which they stand."""
    maybe: dict[str, Tally] = field(default_factory=dict)
    """Its hosts by a country that one source names and another disputes."""
    anycast: int = 0
    classes: frozenset[str] = frozenset()
    layers: Mapping[str, int] = field(default_factory=dict)
    """The asset and all that it stands on, each with its depth; none for hosts."""

    @property
    def hosts(self) -> int:
        """How many hosts were seen."""
        return self.all.hosts

    def tally(self, country: str | None) -> Tally:
        """Return the hosts that stand in a country, or all of them; disputed ones only where there is no other."""
        if country is None or not self.hosts:
            return self.all
        return self.there.get(country) or self.maybe.get(country) or Tally()

    def words(self, country: str | None = None) -> str:
        """Return the subject, or its part in a country, as a sentence names it."""
        return self.tally(country).words() if self.hosts else self.shown


def host_stands(row: Mapping[str, object]) -> Iterator[Stand]:
    """Yield where a host stands: the published region, else by geolocation; a dispute names both countries."""
    addr = row["addr"]
    if row["provider_country"]:
        region, country = row["provider_region"], str(row["provider_country"])
        words = f"host {addr} stands in {country} (the provider publishes region {region})"
        yield Stand(country, words, "sure", "recorded")
        return
    confidence = str(row["confidence"] or "none")
    listed = [row["host_country"], row["host_country_second"] if confidence == "disputed" else None]
    for country in [str(code) for code in listed if code]:
        words = f"host {addr} stands in {country} ({confidence}, by geolocation)"
        yield Stand(country, words, confidence, "recorded")


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
