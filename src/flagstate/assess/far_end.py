"""What is known of the ends of flows: which addresses are ours, where the others stand, and who runs them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flagstate.assess import destination
from flagstate.assess.compelled import edges
from flagstate.assess.custody import custody_kinds, own_ranges
from flagstate.model.stance import in_force

Tables = Mapping[str, pa.Table]


@dataclass(frozen=True)
class Place:
    """Where an address stands, as far as host-grade sources say."""

    country: str | None = None
    """The provider's region, else the geolocation; None: anycast, not known, or the data sets differ."""
    disputed: frozenset[str] = frozenset()
    """The countries between which the data sets differ."""


NOWHERE = Place()


@dataclass(frozen=True)
class Ends:
    """What is known of the far ends."""

    places: Mapping[str, Place]
    """By address."""
    by_addr: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Who runs an address."""
    by_name: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Who runs what answers under a name or a domain."""
    above: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Who controls an entity."""

    def operators(self, addr: object, name: object) -> tuple[str, ...]:
        """Return who runs an address or name, and everything that controls them; who runs the address comes first."""
        found = sorted(self.by_addr.get(str(addr), ()))
        labels = str(name or "").rstrip(".").lower().split(".")
        tails = (".".join(labels[at:]) for at in range(len(labels)))
        found += sorted(next((self.by_name[tail] for tail in tails if tail in self.by_name), ()))
        for one in found:
            found += [holder for holder in self.above.get(one, ()) if holder not in found]
        return tuple(dict.fromkeys(found))


def known(tables: Tables, as_of: date) -> Ends:
    """Return where the far ends stand and who runs them.

    Args:
        tables: endpoint, interest and asset.
        as_of: The day on which facts must hold.

    An owner counts only where it controls: a stake below one half does not make a destination its own.
    """
    interest = tables["interest"].to_pylist()
    control = edges(tables["interest"], as_of)
    places: dict[str, Place] = {}
    by_addr: dict[str, set[str]] = {}
    by_name: dict[str, set[str]] = {}
    for row in tables["endpoint"].to_pylist():
        addr = str(row["addr"])
        places[addr] = _place(row)
        if row["operator_id"]:
            by_addr.setdefault(addr, set()).add(str(row["operator_id"]))
    assets = {str(row["asset_id"]): row for row in tables["asset"].to_pylist()}
    for row in interest:
        if row["kind"] not in custody_kinds() or not in_force(row, as_of):
            continue
        subject, holder = str(row["subject_id"]), str(row["holder_id"])
        if subject.startswith("domain:"):
            by_name.setdefault(subject.removeprefix("domain:"), set()).add(holder)
        asset = assets.get(subject)
        if asset is not None and asset["addr"]:
            by_addr.setdefault(str(asset["addr"]), set()).add(holder)
        if asset is not None and asset["server_name"]:
            by_name.setdefault(str(asset["server_name"]), set()).add(holder)
    return Ends(
        places,
        {addr: frozenset(found) for addr, found in by_addr.items()},
        {name: frozenset(found) for name, found in by_name.items()},
        {subject: tuple(edge.holder for edge in listed) for subject, listed in control.items()},
    )


def _place(row: Mapping[str, object]) -> Place:
    if row["anycast"]:
        return NOWHERE
    if row["provider_country"]:
        return Place(str(row["provider_country"]))
    if row["confidence"] == "disputed":
        return Place(None, frozenset(str(c) for c in (row["host_country"], row["host_country_second"]) if c))
    return Place(str(row["host_country"]) if row["host_country"] else None)


def ours(flow: pa.Table, networks: pa.Table, senders: Iterable[destination.Ends]) -> pa.Table:
    """Return for each address of the flows whether it lies in a declared network, and which sender it stands for.

    Args:
        flow: Flows.
        networks: Ranges that somebody declared.
        senders: Ends of the assets that patterns name as senders.

    Returns:
        addr, ours, and near: one address for all that are of the same senders; null where no pattern asks.
    """
    from flagstate.catalog.network_addresses import parse_addresses

    both = pa.chunked_array([*flow.column("orig_h").chunks, *flow.column("resp_h").chunks], pa.string())
    addresses = both.drop_null().unique()
    addresses = addresses.combine_chunks() if isinstance(addresses, pa.ChunkedArray) else addresses
    parsed = parse_addresses(addresses)

    def within(ranges: Iterable[str]) -> npt.NDArray[np.bool_]:
        inside = np.zeros(len(addresses), dtype=bool)
        for cidr in ranges:
            inside |= _within(parsed.version, parsed.hi, parsed.lo, str(cidr))
        return inside

    near: list[str | None] = [None] * len(addresses)
    if listed := list(dict.fromkeys(senders)):
        texts = addresses.to_pylist()
        member = np.stack(
            [within(s.networks) | np.fromiter((t in s.names for t in texts), bool, len(texts)) for s in listed], axis=1
        )
        first: dict[bytes, str] = {}
        near = [first.setdefault(row.tobytes(), text) for row, text in zip(member, texts, strict=True)]
    mine = within(own_ranges(networks))
    return pa.table({"addr": addresses, "ours": pa.array(mine), "near": pa.array(near, pa.string())})


def _within(version: object, hi: object, lo: object, cidr: str) -> npt.NDArray[np.bool_]:
    import ipaddress

    net = ipaddress.ip_network(cidr, strict=False)
    first, last = int(net.network_address), int(net.broadcast_address)
    v, h, low = np.asarray(version), np.asarray(hi), np.asarray(lo)
    if net.version == 4:
        return np.asarray((v == 4) & (low >= np.uint64(first)) & (low <= np.uint64(last)))
    mask = np.uint64((1 << 64) - 1)
    first_hi, last_hi = np.uint64(first >> 64), np.uint64(last >> 64)
    first_lo, last_lo = np.uint64(first & int(mask)), np.uint64(last & int(mask))
    above = (h > first_hi) | ((h == first_hi) & (low >= first_lo))
    below = (h < last_hi) | ((h == last_hi) & (low <= last_lo))
    return np.asarray((v == 6) & above & below)
