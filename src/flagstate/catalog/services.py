"""What services of the network are known: public resolvers, tunnels, the ports of protocols, names that carry data.

The source is `data/services/*.yaml`, which people edit: public facts, each with its status and source. An entry says
what something is, never that it is bad; countries are not in it.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from flagstate.catalog.operators import Source, Status
from flagstate.errors import CatalogError

FOLDER = Path(__file__).parent / "data" / "services"
LONGEST = 253
"""Characters of a name that is looked up."""
PORTS = 65_536

Made = TypeVar("Made")


class Resolver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A public resolver of names."""

    name: str
    """Who operates it."""
    names: tuple[str, ...] = ()
    """Names under which it answers encrypted questions, with everything below them."""
    addrs: tuple[str, ...] = ()
    """Addresses under which it answers."""
    status: Status = "to verify"
    """Whether a source was read."""
    source: str = "recall"
    """Which."""


class Tunnel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tunnel, VPN, proxy, relay or remote access."""

    name: str
    """Product or protocol."""
    form: Literal["tunnel", "proxy", "relay", "exposes", "remote"]
    """What it does: see the head of the file."""
    services: tuple[str, ...] = ()
    """Protocols as sensors name them."""
    ports: tuple[str, ...] = ()
    """Ports of the responder as `proto/port`."""
    names: tuple[str, ...] = ()
    """Names, with everything below them."""
    alone: bool = False
    """Whether its port alone tells it where the sensor recognised no protocol."""
    status: Status = "to verify"
    """Whether a source was read."""
    source: str = "recall"
    """Which."""


class Protocol(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A protocol and the ports on which it is expected."""

    service: str
    """As sensors name it."""
    ports: tuple[str, ...]
    """Its own, as `proto/port`, `proto/n-m` or `proto/*`."""
    often: tuple[str, ...] = ()
    """Where it is put by custom."""
    starts: tuple[str, ...] = ()
    """Of other protocols that turn into it."""
    anywhere: bool = False
    """Whether it is served on many ports."""
    carries: bool = False
    """Whether it can carry any data."""
    status: Status = "to verify"
    """Whether a source was read."""
    source: str = "recall"
    """Which."""


class Reserved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A port that belongs to one protocol by common use."""

    port: str
    """As `proto/port`."""
    services: tuple[str, ...]
    """What is expected there."""
    unknown: bool = False
    """Whether sensors recognise its protocol nearly always, so that what they do not recognise tells something."""


class Use(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A use of DNS whose names carry data by design."""

    name: str
    """What it is."""
    carries: str
    """What stands in its names."""
    domains: tuple[str, ...]
    """Domains, with everything below them."""
    status: Status = "to verify"
    """Whether a source was read."""
    source: str = "recall"
    """Which."""


class _Book(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    checked_on: str
    sources: dict[str, Source]


class ResolverBook(_Book, frozen=True, forbid_unknown_fields=True):
    """The file of resolvers."""

    resolvers: tuple[Resolver, ...]


class TunnelBook(_Book, frozen=True, forbid_unknown_fields=True):
    """The file of tunnels."""

    tunnels: tuple[Tunnel, ...]


class PortBook(_Book, frozen=True, forbid_unknown_fields=True):
    """The file of ports."""

    protocols: tuple[Protocol, ...]
    reserved: tuple[Reserved, ...]


class UseBook(_Book, frozen=True, forbid_unknown_fields=True):
    """The file of uses of DNS."""

    uses: tuple[Use, ...]


def _read(name: str, kind: type[Made]) -> Made:
    source = FOLDER / name
    try:
        return msgspec.yaml.decode(source.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError) as error:
        raise CatalogError(
            "the catalog of services cannot be read", where=name, why=str(error), todo="Install the package again"
        ) from error


@lru_cache(maxsize=1)
def resolvers() -> ResolverBook:
    """Return the public resolvers.

    Raises:
        CatalogError: The file is missing or damaged; so do all others of this module.
    """
    return _read("resolvers.yaml", ResolverBook)


@lru_cache(maxsize=1)
def tunnels() -> TunnelBook:
    """Return the tunnels."""
    return _read("tunnels.yaml", TunnelBook)


@lru_cache(maxsize=1)
def ports() -> PortBook:
    """Return the ports of protocols."""
    return _read("ports.yaml", PortBook)


@lru_cache(maxsize=1)
def uses() -> UseBook:
    """Return the uses of DNS whose names carry data."""
    return _read("lookups.yaml", UseBook)


@lru_cache(maxsize=1)
def resolver_names() -> dict[str, Resolver]:
    """Return the resolvers by name."""
    return {name: each for each in resolvers().resolvers for name in each.names}


@lru_cache(maxsize=1)
def resolver_addrs() -> dict[str, Resolver]:
    """Return the resolvers by canonical address."""
    return {str(ip_address(addr)): each for each in resolvers().resolvers for addr in each.addrs}


@lru_cache(maxsize=1)
def tunnel_names() -> dict[str, Tunnel]:
    """Return the tunnels by name."""
    return {name: each for each in tunnels().tunnels for name in each.names}


@lru_cache(maxsize=1)
def tunnel_services() -> dict[str, Tunnel]:
    """Return the tunnels by the protocol that a sensor names."""
    return {service: each for each in tunnels().tunnels for service in each.services}


@lru_cache(maxsize=1)
def tunnel_ports() -> dict[str, Tunnel]:
    """Return the tunnels that their port alone tells, by `proto/port`."""
    return {port: each for each in tunnels().tunnels if each.alone for port in each.ports}


@lru_cache(maxsize=1)
def use_domains() -> dict[str, Use]:
    """Return the uses of DNS by domain."""
    return {domain: each for each in uses().uses for domain in each.domains}


def under(table: dict[str, Made], host: str | None) -> Made | None:
    """Return what a table by names says of a host; the longest name wins.

    Args:
        table: One of those by name above.
        host: A host name in lower case, masked or not.
    """
    if not host or len(host) > LONGEST:
        return None
    bare = host.rstrip(".")
    while bare:
        found = table.get(bare)
        if found is not None:
            return found
        bare = bare.partition(".")[2]
    return None


def spread(text: str) -> tuple[str, range]:
    """Return protocol and ports of `proto/port`, `proto/n-m` or `proto/*`.

    Raises:
        ValueError: It is none of these.
    """
    proto, _, said = text.partition("/")
    if not proto or not said:
        raise ValueError(f"{text} is no port: write proto/port")
    if said == "*":
        return proto, range(PORTS)
    first, _, last = said.partition("-")
    return proto, range(int(first), int(last or first) + 1)


@lru_cache(maxsize=256)
def protocol(service: str) -> Protocol | None:
    """Return what is known of a protocol, as sensors name it."""
    return next((each for each in ports().protocols if each.service == service), None)


@lru_cache(maxsize=65_536)
def place(service: str, proto: str, port: int) -> Literal["own", "often", "starts", "anywhere", "foreign"] | None:
    """Say how well a port fits a protocol; null: nothing is known of the protocol.

    Args:
        service: As sensors name it, one word.
        proto: tcp or udp.
        port: Of the responder.

    Returns:
        own, often (by custom), starts (another protocol turns into it), anywhere (it is served on many ports, and this
        one belongs to nobody else), foreign.
    """
    known = protocol(service)
    if known is None:
        return None
    fits: tuple[tuple[Literal["own", "often", "starts"], tuple[str, ...]], ...]
    fits = (("own", known.ports), ("often", known.often), ("starts", known.starts))
    for said, listed in fits:
        if any(proto == which and port in span for which, span in map(spread, listed)):
            return said
    held = reserved().get(f"{proto}/{port}")
    if held is not None and service in held.services:
        return "own"
    return "anywhere" if known.anywhere and held is None else "foreign"


@lru_cache(maxsize=1)
def reserved() -> dict[str, Reserved]:
    """Return the ports that belong to one protocol, by `proto/port`."""
    return {each.port: each for each in ports().reserved}


@lru_cache(maxsize=65_536)
def owner(proto: str, port: int) -> str | None:
    """Return the protocol that a port belongs to, as sensors name it; null: none that is listed.

    Args:
        proto: tcp or udp.
        port: Of the responder.
    """
    held = reserved().get(f"{proto}/{port}")
    if held is not None:
        return held.services[0]
    for each in ports().protocols:
        spans = (spread(listed) for listed in each.ports if not listed.endswith("*"))
        if any(proto == which and port in span for which, span in spans):
            return each.service
    return None
