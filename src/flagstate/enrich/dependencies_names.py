"""Name servers and issuers of certificates to points: who answers for our zones, who certifies our names."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from flagstate.catalog import points
from flagstate.enrich.dependencies_rows import Member, Rows, evidence, times

Seen = dict[str, object]


def zones(rows: Rows, seen: Iterable[Seen], names: dict[str, list[str]]) -> None:
    """Add who answers DNS for the names of our assets.

    A zone that is served by name servers of its own, or by several hosts, has no single point there: several are
    alternatives, and for its own nothing is added. The primary server of a zone (SOA) counts where no other is seen.

    Args:
        rows: Where they go.
        seen: Rows of `reliance` with name servers of our zones.
        names: Assets by server name.

    It cannot see the registrar, nor who runs a name server under a name of one's own.
    """
    served: dict[str, dict[str, list[Seen]]] = {}
    for row in seen:
        served.setdefault(str(row["from_name"]), {}).setdefault(str(row["role"]), []).append(row)
    for name in sorted(names):
        zone = max((z for z in served if name == z or name.endswith(f".{z}")), key=len, default=None)
        if zone is None:
            continue
        listed = served[zone].get("name_server") or served[zone]["primary"]
        if any(points.zone(str(row["to_name"])) == points.zone(zone) for row in listed):
            continue
        members = _servers(rows, zone, listed)
        for asset in sorted(names[name]):
            rows.need(asset, members)
            holder = rows.operator(members[0].asset_id)
            if len(members) == 1 and holder:
                rows.interest(holder, "resolves", members[0], asset)


def _servers(rows: Rows, zone: str, listed: list[Seen]) -> list[Member]:
    found: dict[str, Member] = {}
    for row in sorted(listed, key=lambda row: str(row["to_name"])):
        server, shown_by = str(row["to_name"]), evidence(row)
        asset, status = rows.point(
            "dns", server if points.by_host(server) else points.zone(server), shown_by, str(row["stance"])
        )
        said = f"{server} is a name server of {zone}, as its answers say"
        found.setdefault(
            asset, Member(asset, said, shown_by, status, points.points().kinds["dns"].buffer_h, str(row["stance"]))
        )
    return list(found.values())


def issuers(rows: Rows, seen: Iterable[Seen], names: dict[str, list[str]], as_of: date) -> None:
    """Add who issued the certificates that our assets showed.

    Issuers seen side by side are alternatives. What was issued holds until it ends: the buffer is the time to the last
    end that was seen, else what the catalog assumes.

    Args:
        rows: Where they go.
        seen: Rows of `reliance` with issuers of our names.
        names: Assets by server name.
        as_of: Day from which buffers count.

    It cannot see certificates under TLS 1.3, and takes the issuer of a proxy that opens TLS for that of the server.
    """
    issued: dict[str, list[Seen]] = {}
    for row in seen:
        issued.setdefault(str(row["from_name"]), []).append(row)
    for name in sorted(names):
        wild = f"*.{name.partition('.')[2]}"
        found: dict[str, Member] = {}
        for row in sorted((*issued.get(name, ()), *issued.get(wild, ())), key=lambda row: str(row["to_name"])):
            member = _issuer(rows, name, row, as_of)
            if member is not None:
                before = found.setdefault(member.asset_id, member)
                if (before.buffer_h or 0) < (member.buffer_h or 0):
                    found[member.asset_id] = member
        for asset in sorted(names[name]):
            rows.need(asset, found.values())


def _issuer(rows: Rows, name: str, row: Seen, as_of: date) -> Member | None:
    organisation, shown_by = str(row["to_name"]), evidence(row)
    until = row["valid_to"]
    buffer = points.points().kinds["ca"].buffer_h
    said = f"{organisation} issued the certificate of {name}, seen {times(_whole(row['times']))}"
    if isinstance(until, datetime):
        if until.date() <= as_of:
            return None
        buffer = float((until.date() - as_of).days * 24)
        said += f"; it ends on {until.date()}"
    elif buffer is not None:
        said += f"; when it ends was not seen, {buffer / 24:g} days are assumed"
    match, stance = points.by_issuer(organisation), str(row["stance"])
    asset, status = (
        rows.matched(match, shown_by, stance) if match else rows.unlisted("ca", organisation, shown_by, stance)
    )
    return Member(asset, said, shown_by, status, buffer, stance)


def fronts(rows: Rows, seen: Iterable[Seen], names: dict[str, list[str]]) -> None:
    """Add what stands in front of our assets under their names, as it is configured.

    Args:
        rows: Where they go.
        seen: Rows of `reliance` with names under which something else answers.
        names: Assets by server name.
    """
    described = [row for row in seen if row["from_asset"] is not None]
    for row in sorted(described, key=lambda row: (str(row["from_name"]), str(row["from_asset"]))):
        name, front = str(row["from_name"]), str(row["from_asset"])
        said = f"{name} is answered by it, as it is configured"
        for asset in names.get(name, []):
            rows.need(asset, [Member(front, said, evidence(row), "sourced", stance=str(row["stance"]))])


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 1
