"""A destination, and the patterns that a declaration or a configuration puts over it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

MEETS, FAILS, OPEN = "meets", "fails", "open"
"""How a destination stands to a pattern or to one condition of it; `open` where the evidence does not say."""


@dataclass(frozen=True)
class Destination:
    """The far end of a flow, and what is known of the flow."""

    name: str | None
    """Server name, masked."""
    addr: str | None
    """Address."""
    country: str | None
    """Host-grade country."""
    operators: tuple[str, ...]
    """The operating entity and everything above it."""
    port: int | None
    """Port of the responder."""
    own_addr: str | None = None
    """Our address: the one that called, or was called."""
    disputed: frozenset[str] = frozenset()
    """Countries that one place data set names and another disputes."""
    proto: str | None = None
    """Transport; None: the source does not say."""
    service: str | None = None
    """Application protocol; None: the sensor did not recognise one."""
    day: date | None = None
    """UTC day; None: no pattern asks for it."""

    @property
    def shown(self) -> str:
        """Name if there is one, else the address."""
        return self.name or self.addr or "unknown destination"


@dataclass(frozen=True)
class Fit:
    """How a destination stands to a pattern."""

    state: str
    """meets, fails or open."""
    why: str = ""
    """Which condition failed or is open, in words; empty where the destination is another one."""


@dataclass(frozen=True)
class Ends:
    """Where an asset answers or calls from."""

    names: frozenset[str] = frozenset()
    """Domain names and addresses."""
    networks: tuple[str, ...] = ()
    """Address ranges."""

    def __bool__(self) -> bool:
        """Whether anything is known."""
        return bool(self.names or self.networks)

    def has(self, addr: str | None) -> bool:
        """Say whether an address is one of them."""
        return addr is not None and (addr in self.names or any(_inside(addr, cidr) for cidr in self.networks))


@dataclass(frozen=True)
class Pattern:
    """What somebody declared, or an infrastructure description allows, as a destination."""

    fact_id: str
    """The flow row that says it."""
    stance: str
    """declared or configured."""
    kind: str
    """domain, cidr, provider, entity, country or asset."""
    value: str
    """The pattern itself."""
    action: str
    """send, receive or both."""
    port: int | None = None
    """Port, or null for any."""
    proto: str | None = None
    """Transport, or null for any."""
    service: str | None = None
    """Application protocol, or null for any."""
    from_asset: str | None = None
    """The asset of ours at the near end, or null for any."""
    since: date | None = None
    """First day on which it holds."""
    until: date | None = None
    """First day on which it holds no longer."""
    ends: Ends = field(default_factory=Ends)
    """For an asset: its names and addresses."""
    own: Ends = field(default_factory=Ends)
    """Names and addresses of `from_asset`."""

    @property
    def shown(self) -> str:
        """As a person would write it."""
        return self.value if self.kind in ("domain", "cidr", "asset") else f"{self.kind} {self.value}"

    def fit(self, far: Destination, *, inbound: bool) -> Fit:
        """Say how a destination stands to the pattern.

        A pattern that says `receive` covers callers from outside only, one that says `send` only what we call. For
        callers, an asset of ours as destination is the door that they knock at; everything else names the caller.
        """
        if self.action not in (("receive", "both") if inbound else ("send", "both")):
            return Fit(FAILS)
        door = inbound and self.kind == "asset" and self.ends.has(far.own_addr)
        state = MEETS if door else self._matches(far)
        if state == FAILS:
            return Fit(FAILS)
        gaps = list(self._conditions(far, inbound=inbound))
        if failed := [why for found, why in gaps if found == FAILS]:
            return Fit(FAILS, f"only {', '.join(failed)}")
        unsure = [why for found, why in gaps if found == OPEN]
        if state == OPEN:
            unsure.insert(0, f"for {self.shown}, and the place data sets differ")
        return Fit(OPEN, ", ".join(unsure)) if unsure else Fit(MEETS)

    def _conditions(self, far: Destination, *, inbound: bool) -> Iterable[tuple[str, str]]:
        if self.port is not None and self.port != far.port:
            yield (FAILS if far.port is not None else OPEN), f"for port {self.port}"
        for said, seen, what in ((self.proto, far.proto, ""), (self.service, far.service, "service ")):
            if said is not None and said.lower() != (seen or "").lower():
                yield (
                    (FAILS if seen else OPEN),
                    f"for {what}{said}" + ("" if seen else ", which the source does not say"),
                )
        if self.from_asset is not None and not self.own.has(far.own_addr):
            near = f"{'to' if inbound else 'from'} {self.from_asset}"
            yield (FAILS, near) if self.own else (OPEN, f"{near}, whose addresses are not declared")
        if self.since is not None and (far.day is None or far.day < self.since):
            yield FAILS, f"since {self.since}"
        if self.until is not None and (far.day is None or far.day >= self.until):
            yield FAILS, f"until {self.until}"

    def _matches(self, far: Destination) -> str:
        if self.kind == "country":
            return OPEN if self.value in far.disputed else _state(far.country == self.value)
        if self.kind == "domain":
            return _state(_under(far.name, self.value))
        if self.kind == "cidr":
            return _state(_inside(far.addr, self.value))
        if self.kind in ("entity", "provider"):
            return _state(self.value in far.operators)
        return _state(self.ends.has(far.addr) or any(_under(far.name, name) for name in self.ends.names))


class Book:
    """Patterns, found by what they name: each destination meets only those that may be about it."""

    def __init__(self, listed: Iterable[Pattern]) -> None:
        """Sort the patterns by what they name."""
        self._listed = list(listed)
        self._named: dict[tuple[str, str], list[int]] = {}
        self._ranges: list[tuple[int, int, int, int]] = []
        self._always: list[int] = []
        for at, pattern in enumerate(self._listed):
            if pattern.kind == "domain":
                self._named.setdefault(("domain", _bare(pattern.value)), []).append(at)
            elif pattern.kind == "country":
                self._named.setdefault(("country", pattern.value), []).append(at)
            elif pattern.kind in ("entity", "provider"):
                self._named.setdefault(("operator", pattern.value), []).append(at)
            elif pattern.kind == "cidr":
                self._ranges += [(*span, at) for span in _span(pattern.value)]
            else:
                self._always.append(at)

    def about(self, far: Destination) -> list[Pattern]:
        """Return the patterns that may be about a destination, in their order; all others fail without a reason."""
        found = set(self._always)
        labels = _bare(far.name or "").split(".")
        keys = [("domain", ".".join(labels[at:])) for at in range(len(labels))]
        keys += [("country", country) for country in (far.country, *far.disputed) if country]
        keys += [("operator", operator) for operator in far.operators]
        for key in keys:
            found.update(self._named.get(key, ()))
        if far.addr and self._ranges:
            with suppress(ValueError):
                addr = _address(far.addr)
                version, number = addr.version, int(addr)
                found.update(at for v, first, last, at in self._ranges if v == version and first <= number <= last)
        return [self._listed[at] for at in sorted(found)]


def _span(cidr: str) -> list[tuple[int, int, int]]:
    """Return version, first and last address of a range as numbers; nothing where it is none."""
    try:
        network = _network(cidr)
    except ValueError:
        return []
    return [(network.version, int(network.network_address), int(network.broadcast_address))]


def _bare(name: str) -> str:
    return name.removeprefix("*.").rstrip(".").lower()


def _state(met: bool) -> str:
    return MEETS if met else FAILS


def _under(name: str | None, domain: str) -> bool:
    if not name:
        return False
    bare, seen = _bare(domain), _bare(name)
    return bool(bare) and (seen == bare or seen.endswith("." + bare))


def _inside(addr: str | None, cidr: str) -> bool:
    if not addr:
        return False
    try:
        return _address(addr) in _network(cidr)
    except ValueError:
        return False


@lru_cache(maxsize=4096)
def _network(cidr: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(cidr, strict=False)


@lru_cache(maxsize=4096)
def _address(addr: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    found = ipaddress.ip_address(addr)
    # An IPv4 address may be written as IPv6 (::ffff:192.0.2.1); it is the same one.
    return (isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped) or found


def patterns(tables: Mapping[str, pa.Table]) -> list[Pattern]:
    """Return the declared and configured destinations, in a stable order."""
    ends = ends_of(tables)
    found = []
    flow = tables["flow"]
    for row in flow.filter(pc.is_valid(flow.column("to_pattern"))).to_pylist():
        if row["stance"] not in ("declared", "configured"):
            continue
        kind, _, value = row["to_pattern"].partition(":")
        if kind == "provider" and not value.startswith("ent:"):
            value = f"ent:{value}"
        found.append(
            Pattern(
                row["fact_id"],
                row["stance"],
                kind,
                value,
                row["action"] or "send",
                port=row["resp_p"],
                proto=row["proto"],
                service=row["service"],
                from_asset=row["from_asset"],
                since=_day(row["valid_from"]),
                until=_day(row["valid_to"]),
                ends=ends.get(value, Ends()),
                own=ends.get(row["from_asset"] or "", Ends()),
            )
        )
    return sorted(found, key=lambda p: (p.stance, p.kind, p.value, p.fact_id))


def ends_of(tables: Mapping[str, pa.Table]) -> dict[str, Ends]:
    """Return where each asset, with all that runs on it, answers or calls from."""
    names: dict[str, set[str]] = {}
    ranges: dict[str, set[str]] = {}
    below: dict[str, str] = {}
    for row in tables["asset"].select(["asset_id", "server_name", "addr", "runs_on"]).to_pylist():
        names.setdefault(row["asset_id"], set()).update(v for v in (row["server_name"], row["addr"]) if v)
        if row["runs_on"]:
            below[row["asset_id"]] = row["runs_on"]
    for row in tables["network"].select(["asset_id", "cidr"]).to_pylist():
        if row["asset_id"] and row["cidr"]:
            ranges.setdefault(row["asset_id"], set()).add(row["cidr"])
    for asset in sorted({*names, *ranges}):
        under, seen = below.get(asset), {asset}
        while under is not None and under not in seen:
            names.setdefault(under, set()).update(names.get(asset, ()))
            ranges.setdefault(under, set()).update(ranges.get(asset, ()))
            seen.add(under)
            under = below.get(under)
    return {
        asset: Ends(frozenset(names.get(asset, ())), tuple(sorted(ranges.get(asset, ()))))
        for asset in {*names, *ranges}
    }


def _day(when: object) -> date | None:
    if isinstance(when, datetime):
        return when.date()
    return when if isinstance(when, date) else None
