"""A destination, and the patterns that a declaration or a configuration puts over it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class Destination:
    """The far end of a flow."""

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
    """For callers from outside: the address of ours that they called."""

    @property
    def shown(self) -> str:
        """Name if there is one, else the address."""
        return self.name or self.addr or "unknown destination"


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
    port: int | None
    """Port, or null for any."""
    names: tuple[str, ...] = ()
    """For an asset: its names and addresses."""

    @property
    def shown(self) -> str:
        """As a person would write it."""
        return self.value if self.kind in ("domain", "cidr", "asset") else f"{self.kind} {self.value}"

    def covers(self, far: Destination, *, inbound: bool) -> bool:
        """Say whether a destination falls under the pattern.

        A pattern that says `receive` covers callers from outside only, one that says `send` only what we call.
        """
        if self.port is not None and self.port != far.port:
            return False
        if inbound:
            # Callers are put together per door, so only the door itself can be compared.
            return self.action in ("receive", "both") and (self.kind != "asset" or far.own_addr in self.names)
        if self.action == "receive":
            return False
        return self._matches(far)

    def _matches(self, far: Destination) -> bool:
        if self.kind == "domain":
            return _under(far.name, self.value)
        if self.kind == "cidr":
            return _inside(far.addr, self.value)
        if self.kind in ("entity", "provider"):
            return self.value in far.operators
        if self.kind == "country":
            return far.country is not None and far.country == self.value
        return any(_under(far.name, name) or far.addr == name for name in self.names)


def _under(name: str | None, domain: str) -> bool:
    if not name:
        return False
    bare = domain.removeprefix("*.").rstrip(".").lower()
    return name == bare or name.endswith("." + bare)


def _inside(addr: str | None, cidr: str) -> bool:
    if not addr:
        return False
    try:
        return ipaddress.ip_address(addr) in ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return False


def patterns(tables: Mapping[str, pa.Table]) -> list[Pattern]:
    """Return the declared and configured destinations, in a stable order."""
    named: dict[str, list[str]] = {}
    for row in tables["asset"].select(["asset_id", "server_name", "addr"]).to_pylist():
        named.setdefault(row["asset_id"], []).extend(v for v in (row["server_name"], row["addr"]) if v)
    found = []
    for row in tables["flow"].select(["fact_id", "stance", "to_pattern", "action", "resp_p"]).to_pylist():
        if row["to_pattern"] is None or row["stance"] not in ("declared", "configured"):
            continue
        kind, _, value = row["to_pattern"].partition(":")
        if kind == "provider" and not value.startswith("ent:"):
            value = f"ent:{value}"
        names = tuple(named.get(value, ()))
        action = row["action"] or "send"
        found.append(Pattern(row["fact_id"], row["stance"], kind, value, action, row["resp_p"], names))
    return sorted(found, key=lambda p: (p.stance, p.kind, p.value, p.fact_id))
