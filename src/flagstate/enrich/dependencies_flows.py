"""Traffic to points: clocks, registries of packages, licences, sign-in and payments that our hosts spoke to."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from flagstate.catalog import points
from flagstate.enrich.dependencies_rows import Member, Rows, evidence, times
from flagstate.model.counted import counted

MOST = 20
"""Servers of time or of licences that are listed per asset, those that were spoken to most."""
MOST_POINTS = 500
"""Servers without a name in the catalog that are listed where no asset of ours is known to have spoken to them."""
_KINDS = frozenset({"registry", "time", "licence", "identity", "payment"})
"""Kinds of point that traffic shows; scripts and name servers are shown by pages and answers."""
_COLUMNS = ["orig_h", "resp_h", "resp_p", "proto", "server_name"]


@dataclass(frozen=True)
class _Use:
    """Somebody spoke to a server that is a point."""

    asset_id: str | None
    """Who; null: no asset is known there."""
    match: points.Match
    server: str
    """Its name, or its address."""
    addr: str
    conns: int
    evidence_id: str | None


def flows(rows: Rows, flow: pa.Table, network: pa.Table) -> None:
    """Add the points that hosts of ours spoke to.

    Attempts that were never answered count for nothing. Whoever is no asset of the case makes a point without a need.

    Args:
        rows: Where they go.
        flow: Rows of `flow`.
        network: Rows of `network`; without one that is ours, private addresses are.

    It cannot see a mirror of one's own that fetches for others, nor what stands behind a proxy.
    """
    found: dict[tuple[str | None, str], list[_Use]] = {}
    for use in _uses(rows, flow, network):
        # Clocks and licence servers stand in for each other; a registry or a provider does not.
        alike = use.match.point.kind if use.match.point.kind in ("time", "licence") else use.match.point.name
        found.setdefault((use.asset_id, alike), []).append(use)
    lone = 0
    for (asset, alike), uses in sorted(found.items(), key=lambda item: (item[0][0] or "", item[0][1])):
        members = list(_members(rows, asset, uses if asset else uses[: max(MOST_POINTS - lone, 0)]))
        lone += 0 if asset else len(members)
        if asset is not None:
            rows.need(asset, members)
            _interest(rows, asset, alike, members)


def _interest(rows: Rows, asset: str, alike: str, members: list[Member]) -> None:
    identity = any(p.kind == "identity" and p.name == alike for p in points.points().points)
    holder = rows.operator(members[0].asset_id) if members else None
    if identity and holder and len(members) == 1:
        rows.interest(holder, "authenticates", members[0], asset)


def _members(rows: Rows, asset: str | None, uses: list[_Use]) -> Iterable[Member]:
    uses = sorted(uses, key=lambda use: (-use.conns, use.server))
    listed: dict[str, Member] = {}
    beyond = 0
    for use in uses:
        kind = use.match.point.kind
        if kind in ("time", "licence") and use.match.point.ports and points.by_host(use.server) is None:
            if len(listed) >= (MOST if asset else MOST_POINTS):
                beyond += 1
                continue
            known, status = rows.point(kind, use.server if use.server not in rows.at else use.addr, use.evidence_id)
        else:
            known, status = rows.matched(use.match, use.evidence_id)
        buffer = points.points().kinds[kind].buffer_h
        said = f"it spoke to {use.server} ({use.match.point.name}), {times(use.conns)}; use is no proof of need"
        if buffer is not None:
            said += f"; {buffer / 24:g} days without it are assumed"
        listed.setdefault(known, Member(known, said, use.evidence_id, status, buffer))
    for number, member in enumerate(listed.values()):
        more = f"; {beyond:,} more are not listed" if beyond and not number else ""
        yield Member(member.asset_id, member.why + more, member.evidence_id, member.status, member.buffer_h)


def _uses(rows: Rows, flow: pa.Table, network: pa.Table) -> Iterable[_Use]:
    """Yield who of ours spoke to which point, with connections added up over days."""
    names = {str(name): hit for name in flow["server_name"].unique().to_pylist() if name and (hit := _named(str(name)))}
    ports = [port for point in points.points().points for port in point.ports]
    wanted = pc.or_(
        pc.is_in(flow["server_name"], value_set=pa.array(list(names), pa.string())),
        pc.is_in(flow["resp_p"], value_set=pa.array(ports, pa.int32())),
    )
    answered = pc.greater(pc.fill_null(flow["conns"], 1), pc.fill_null(flow["failed_conns"], 0))
    seen = pc.and_(pc.and_(wanted, answered), pc.equal(flow["stance"], "observed"))
    kept = flow.filter(pc.fill_null(pc.and_(seen, pc.is_valid(flow["orig_h"])), False))
    summed = kept.group_by(_COLUMNS).aggregate([("conns", "sum"), ("failed_conns", "sum"), ("evidence_id", "min")])
    own = _own(network)
    ours: dict[str, bool] = {}
    for row in summed.to_pylist():
        start, name = str(row["orig_h"]), row["server_name"]
        match = names.get(str(name)) if name else None
        match = match or points.by_port(row["resp_p"], row["proto"])
        if match is None or row["resp_h"] is None:
            continue
        if start not in ours:
            ours[start] = _inside(start, own)
        if ours[start]:
            count = (row["conns_sum"] or 0) - (row["failed_conns_sum"] or 0)
            server = str(name or row["resp_h"])
            yield _Use(rows.at.get(start), match, server, str(row["resp_h"]), count or 1, row["evidence_id_min"])


def _named(name: str) -> points.Match | None:
    match = points.by_host(name)
    return match if match is not None and match.point.kind in _KINDS else None


def _own(network: pa.Table) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    pairs = zip(network["cidr"].to_pylist(), network["own"].to_pylist(), strict=True)
    return [ipaddress.ip_network(str(cidr), strict=False) for cidr, own in pairs if cidr and own is not False]


def _inside(addr: str, own: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        found = ipaddress.ip_address(addr.partition("%")[0])
    except ValueError:
        return False
    if not own:
        return found.is_private
    return any(found in network for network in own if network.version == found.version)


def registries(rows: Rows, seen: Iterable[Mapping[str, object]]) -> None:
    """Add the registries that the packages of an application come from: needed to build it, not to run it.

    Args:
        rows: Where they go.
        seen: Rows of `reliance` with types of package or hosts of registries.
    """
    described = [row for row in seen if row["from_asset"] is not None]
    for row in sorted(described, key=lambda row: (str(row["from_asset"]), str(row["to_name"]))):
        name, shown_by = str(row["to_name"]), evidence(row)
        match = points.by_package(name) or points.by_host(name)
        if match is not None:
            asset, status = rows.matched(match, shown_by, str(row["stance"]))
        elif "." in name:
            asset, status = rows.point("registry", name, shown_by, str(row["stance"]))
        else:
            continue
        buffer = points.points().kinds["registry"].buffer_h
        count = row["times"] if isinstance(row["times"], int) else 1
        come = counted(count, "package[ of the bill of materials comes|s of the bill of materials come]")
        said = f"{come} from it ({name}); needed to build and update, not to run"
        said += f"; {buffer / 24:g} days without it are assumed" if buffer else ""
        rows.need(str(row["from_asset"]), [Member(asset, said, shown_by, status, buffer, str(row["stance"]))])
