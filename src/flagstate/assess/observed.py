"""The operators of the hosts that were seen, each with the hosts that it runs and why we say so."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from flagstate.assess.subject import NO_OPERATOR, Custody, Subject, Tally, host_stands
from flagstate.model.stance import status_of

_PLACE_RANK = {"sure": 0, "likely": 1, "disputed": 2, "none": 3}


def observed(
    tables: Mapping[str, pa.Table], interests: list[dict[str, object]], names: Mapping[str, str]
) -> list[Subject]:
    """Group the public hosts that are not ours by operator, and by the operator of the service behind their names.

    Where flows were read, only responders count: whoever merely called us is no holder of what we sent out.

    Args:
        tables: asset, network, flow and endpoint.
        interests: Interests in force.
        names: Name of each entity.
    """
    responders = set(tables["flow"]["resp_h"].unique().to_pylist())
    traffic = _traffic(tables["flow"])
    reasons = _reasons(interests)
    services = _services(tables["flow"], reasons)
    own = [ipaddress.ip_network(str(cidr), strict=False) for cidr in own_ranges(tables["network"])]
    told = of_assets(tables["asset"], {str(row["subject_id"]) for row in interests if row["kind"] == "operates"})
    groups: dict[str, Subject] = {}
    for row in tables["endpoint"].to_pylist():
        addr = str(row["addr"])
        if row["operator_id"] is None and addr in told:
            continue
        if row["special"] is not None or (responders and addr not in responders) or _inside(addr, own):
            continue
        operator = row["operator_id"]
        subject = _group(groups, operator or NO_OPERATOR, names)
        _count(subject, row, traffic.get(addr))
        if operator:
            _add_reason(subject, reasons, _reason_key(row))
        for domain, holder in services.get(addr, ()):
            service = _group(groups, holder, names)
            if holder != operator:
                _count(service, row, traffic.get(addr))
            _add_reason(service, reasons, f"domain:{domain}")
    return [groups[key] for key in sorted(groups)]


def of_assets(asset: pa.Table, operated: Collection[str]) -> set[str]:
    """Return the addresses of assets of which somebody says who runs them: such a host is that asset, seen again.

    Args:
        asset: Rows of `asset`.
        operated: Ids of assets with an operator.
    """
    pairs = zip(asset["asset_id"].to_pylist(), asset["addr"].to_pylist(), strict=True)
    return {addr for asset_id, addr in pairs if addr and asset_id in operated}


def own_ranges(networks: pa.Table) -> list[str]:
    """Return the ranges that somebody calls its own; one that only an asset uses may be anybody's."""
    pairs = zip(networks["cidr"].to_pylist(), networks["own"].to_pylist(), strict=True)
    return [cidr for cidr, own in pairs if cidr and own is not False]


def _group(groups: dict[str, Subject], key: str, names: Mapping[str, str]) -> Subject:
    shown = "hosts without known operator" if key == NO_OPERATOR else names.get(key, key)
    return groups.setdefault(key, Subject(key, shown))


def _reasons(interests: list[dict[str, object]]) -> dict[str, list[dict[str, object]]]:
    """Return by network, feed and domain who operates it."""
    found: dict[str, list[dict[str, object]]] = {}
    for row in interests:
        subject = str(row["subject_id"])
        if row["kind"] == "operates" and subject.startswith(("net:", "feed:", "domain:")):
            found.setdefault(subject, []).append(row)
    return found


def _reason_key(row: Mapping[str, object]) -> str:
    by = row["operator_by"]
    return f"net:AS{row['asn']}" if by == "asn" else f"feed:{row['provider']}" if by == "feed" else "domain:"


def _add_reason(subject: Subject, reasons: Mapping[str, list[dict[str, object]]], key: str) -> None:
    kind, _, value = key.partition(":")
    words = {
        "net": f"operates the network {value} in which the host stands",
        "feed": f"operates the range that {value} publishes",
        "domain": f"answers for {value}",
    }[kind]
    for row in reasons.get(key, ()):
        holder = Custody(
            str(row["holder_id"]),
            words,
            status_of(row),
            str(row["stance"]),
            (str(row["fact_id"]),),
            contested=bool(row["contested"]),
        )
        if holder.entity_id == subject.subject_id and holder not in subject.custody:
            subject.custody.append(holder)


def _traffic(flow: pa.Table) -> dict[str, dict[str, object]]:
    seen = flow.filter(pc.equal(flow["stance"], "observed"))
    sums = ["conns", "failed_conns", "orig_bytes", "unsized_conns"]
    table = seen.group_by("resp_h").aggregate([*((name, "sum") for name in sums), ("fact_id", "min")])
    return {str(row["resp_h"]): row for row in table.to_pylist() if row["resp_h"] is not None}


def _services(flow: pa.Table, reasons: Mapping[str, list[dict[str, object]]]) -> dict[str, list[tuple[str, str]]]:
    """Return for each address the known domains of its names and who operates them; the longest domain wins."""
    named = {key: rows for key, rows in reasons.items() if key.startswith("domain:")}
    domains = {key.removeprefix("domain:"): str(rows[0]["holder_id"]) for key, rows in named.items()}
    found: dict[str, list[tuple[str, str]]] = {}
    pairs = flow.select(["resp_h", "server_name"]).group_by(["resp_h", "server_name"]).aggregate([])
    for addr, name in zip(pairs["resp_h"].to_pylist(), pairs["server_name"].to_pylist(), strict=True):
        labels = (name or "").rstrip(".").lower().split(".")
        hit = next((d for i in range(len(labels)) if (d := ".".join(labels[i:])) in domains), None)
        if addr is not None and hit is not None and (hit, domains[hit]) not in found.setdefault(str(addr), []):
            found[str(addr)].append((hit, domains[hit]))
    return found


def _inside(addr: str, own: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    return any(ipaddress.ip_address(addr) in net for net in own)


def _count(subject: Subject, row: Mapping[str, object], traffic: Mapping[str, object] | None) -> None:
    """Add one host to a subject: what was sent to it, and where it stands."""
    addr = str(row["addr"])
    subject.all.add(addr, traffic)
    if row["anycast"]:
        subject.anycast += 1
        return
    for stand in host_stands(row):
        parts = subject.maybe if stand.confidence == "disputed" else subject.there
        part = parts.setdefault(stand.country, Tally())
        part.add(addr, traffic)
        known = subject.stands.get(stand.country)
        firmer = known is not None and _PLACE_RANK[stand.confidence] < _PLACE_RANK[known.confidence]
        largest = part.largest[1] == addr and known is not None and stand.confidence == known.confidence
        if known is None or firmer or largest:
            subject.stands[stand.country] = stand
