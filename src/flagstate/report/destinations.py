"""Observed flows by destination address, with the four countries of each, and by country for the map."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from flagstate.report.answers import Row, Tables, table

SHOWN = 2000
"""Destinations that the page holds; the rest is in tables/flow.parquet."""

NAMES = 3
"""Names that are listed for one address."""

DOCUMENTED = "documentation"
"""Range of addresses that belong to nobody: invented evidence has them in the place of public ones."""
_SUMS = ("conns", "failed_conns", "orig_bytes", "resp_bytes", "missed_bytes", "unsized_conns")


@dataclass(frozen=True)
class Destinations:
    """Where observed flows went."""

    rows: tuple[Row, ...]
    """One per public address, the one that got most bytes first; bounded."""
    total: int
    """Public addresses in all."""
    inside: int
    """Addresses of private and other special ranges, and of declared own networks: nothing goes away to them."""
    countries: tuple[Row, ...]
    """Per country of the host: sent, received, conns, failed, destinations, disputed, state."""
    anycast: Row
    """The same sums for addresses that have no one place."""
    unplaced: Row
    """The same sums for addresses whose place no source knows."""
    sums: Row
    """The same sums over all public addresses."""


def destinations(tables: Tables) -> Destinations:
    """Return the destinations of all observed flows.

    An address in a network that is declared as the audited party's is no destination: what callers sent there came in.
    Where no network is declared, every responder counts, and which end is whose is not known.
    """
    flow = table(tables, "flow")
    flow = flow.filter(pc.equal(flow.column("stance"), "observed"))
    flow = flow.filter(pc.is_valid(flow.column("resp_h")))
    spans: list[tuple[str, str]] = [("first_ts", "min"), ("last_ts", "max"), *((name, "sum") for name in _SUMS)]
    grouped = flow.group_by("resp_h", use_threads=False).aggregate(spans)
    joined = _beside(grouped, table(tables, "endpoint"))
    inside = pc.or_(_special(joined.column("special")), _own(joined.column("resp_h"), table(tables, "network")))
    public = joined.filter(pc.invert(inside)).sort_by(
        [("orig_bytes_sum", "descending"), ("conns_sum", "descending"), ("resp_h", "ascending")]
    )
    places = _placed(public)
    countries = [
        _sums(public, pc.fill_null(pc.equal(places, code), False)) | {"country": code}
        for code in sorted({code for code in places.to_pylist() if code not in ("", "*")})
    ]
    countries.sort(key=lambda row: (-row["sent"], -row["conns"], row["country"]))
    shown = _shown(public.slice(0, SHOWN), places, flow, tables)
    return Destinations(
        rows=tuple(shown),
        total=public.num_rows,
        inside=joined.num_rows - public.num_rows,
        countries=tuple(countries),
        anycast=_sums(public, pc.equal(places, "*")),
        unplaced=_sums(public, pc.equal(places, "")),
        sums=_sums(public, pa.array([True] * public.num_rows, pa.bool_())),
    )


def _special(ranges: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return which addresses are in no public range; those for documentation stand for some that are."""
    return pc.fill_null(pc.not_equal(ranges, DOCUMENTED), False)


_KNOWN = (
    "special",
    "host_country",
    "host_country_second",
    "registrant_country",
    "as_country",
    "provider_country",
    "anycast",
    "confidence",
    "asn",
    "as_name",
    "operator_id",
    "controller_id",
    "controller_country",
)
"""What is taken from `endpoint`."""


def _beside(grouped: pa.Table, endpoint: pa.Table) -> pa.Table:
    """Put what is known of each address beside its sums; an address without a row keeps nulls."""
    at = pc.index_in(grouped["resp_h"], value_set=endpoint["addr"].combine_chunks())
    for name in _KNOWN:
        grouped = grouped.append_column(name, endpoint[name].take(at))
    return grouped


def _own(addresses: pa.ChunkedArray, networks: pa.Table) -> pa.Array:
    """Return which addresses lie in a declared network."""
    mine = pc.fill_null(networks["own"], True)
    nets = [ipaddress.ip_network(cidr, strict=False) for cidr in networks.filter(mine)["cidr"].to_pylist() if cidr]

    def within(text: str) -> bool:
        try:
            return any(ipaddress.ip_address(text) in net for net in nets)
        except ValueError:
            return False

    return pa.array([bool(nets) and within(text) for text in addresses.to_pylist()], pa.bool_())


def _placed(public: pa.Table) -> pa.Array:
    """Return the country of each host for the map: the provider's own region first; `*` anycast, empty unknown."""
    country = pc.coalesce(public.column("provider_country"), public.column("host_country"), pa.scalar(""))
    anycast = pc.fill_null(public.column("anycast"), False)
    found = pc.if_else(anycast, "*", country)
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _sums(public: pa.Table, which: pa.Array) -> Row:
    part = public.filter(which)
    total = {name: pc.sum(part.column(f"{name}_sum")).as_py() or 0 for name in _SUMS}
    return {
        "sent": total["orig_bytes"],
        "received": total["resp_bytes"],
        "conns": total["conns"],
        "failed": total["failed_conns"],
        "destinations": part.num_rows,
        "disputed": pc.sum(pc.equal(part.column("confidence"), "disputed")).as_py() or 0,
        "state": state(total["orig_bytes"], total["unsized_conns"]),
    }


def state(sent: int | None, unsized: int | None) -> str:
    """Return sent, attempted (0 bytes left) or unsized (the source does not give sizes)."""
    if sent:
        return "sent"
    return "unsized" if unsized or sent is None else "attempted"


def _shown(public: pa.Table, places: pa.Array, flow: pa.Table, tables: Tables) -> list[Row]:
    names = _names(flow, public.column("resp_h").to_pylist())
    entities = entity_names(tables)
    rows = []
    for row, place in zip(public.to_pylist(), places.to_pylist(), strict=False):
        sent = row["orig_bytes_sum"]
        rows.append(
            row
            | {
                "names": names.get(row["resp_h"], []),
                "place": place,
                "operator": entities.get(row["operator_id"] or "", row["operator_id"]),
                "controller": entities.get(row["controller_id"] or "", row["controller_id"]),
                "sent": sent,
                "received": row["resp_bytes_sum"],
                "conns": row["conns_sum"],
                "failed": row["failed_conns_sum"],
                "state": state(sent, row["unsized_conns_sum"]),
            }
        )
    return rows


def _names(flow: pa.Table, addresses: Sequence[str]) -> dict[str, list[str]]:
    """Return the server names of the addresses, the ones with most connections first."""
    named = flow.filter(
        pc.and_(pc.is_valid(flow["server_name"]), pc.is_in(flow["resp_h"], pa.array(addresses, pa.string())))
    )
    counted = named.group_by(["resp_h", "server_name"], use_threads=False).aggregate([("conns", "sum")])
    ordered = counted.sort_by([("conns_sum", "descending"), ("server_name", "ascending")])
    found: dict[str, list[str]] = {}
    for address, name in zip(ordered["resp_h"].to_pylist(), ordered["server_name"].to_pylist(), strict=True):
        found.setdefault(address, []).append(name)
    return {a: ([*n[:NAMES], f"+{len(n) - NAMES}"] if len(n) > NAMES else n) for a, n in found.items()}


def entity_names(tables: Tables) -> dict[str, str]:
    """Return the name of each legal entity by its id."""
    entity = table(tables, "legal_entity")
    pairs = zip(entity.column("entity_id").to_pylist(), entity.column("name").to_pylist(), strict=True)
    return {key: name for key, name in pairs if key and name}
