"""Concentration: how much of the services and of the bytes hangs on one ultimate parent or one country."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model
from flagstate.assess.cutoff_world import World

SERVICES = frozenset({"system", "service", "function", "edge", "store"})
"""Kinds of asset that count as services; hosts, regions, zones, keys and certificates are what these stand on."""


@dataclass(frozen=True)
class Shares:
    """What hangs on each member, and on members that are not known."""

    total: int
    by_member: Mapping[str, float]
    """Parts of the total; a thing that hangs on several members counts in equal parts."""
    unknown: tuple[float, ...] = ()
    """Parts whose member is not known, each a member of its own."""

    @property
    def hhi(self) -> float | None:
        """The Herfindahl-Hirschman index, 0 to 10,000; None where there is nothing to share."""
        if not self.total:
            return None
        parts = [part / self.total for part in (*self.by_member.values(), *self.unknown)]
        return round(10_000 * sum(part * part for part in parts), 6)


def concentrate(world: World, tables: Mapping[str, pa.Table]) -> pa.Table:
    """Return the share of services and of bytes per ultimate parent and per country, with both indices.

    Args:
        world: The case, indexed; a service hangs on a member if its cut stops it firmly.
        tables: flow, endpoint, network and ultimate_parent.

    Returns:
        Rows of `concentration`: by parent and by country, the largest first, the unknown last.

    It cannot see bytes that no log has, nor services that nobody declared or described.
    """
    services = [n for n, asset in world.graph.assets.items() if asset.kind in SERVICES]
    sent = _sent(tables)
    rows: list[dict[str, object]] = []
    for by, on in (("parent", _tops(world, services)), ("country", _countries(world, services))):
        rows += _rows(by, services, on, _bytes(tables, sent, by, world))
    return model.rows(model.CONCENTRATION, rows)


def _rows(by: str, services: list[int], on: Mapping[int, set[str]], sent: Shares) -> list[dict[str, object]]:
    counts: Counter[str] = Counter(member for node in services for member in on.get(node, ()))
    parts: dict[str, float] = {}
    for node in services:
        for member in on.get(node, ()):
            parts[member] = parts.get(member, 0.0) + 1 / len(on[node])
    loose = sum(1 for node in services if not on.get(node))
    shares = Shares(len(services), parts, (1.0,) * loose)
    base: dict[str, object] = {
        "by": by,
        "services_total": len(services),
        "total_bytes": sent.total,
        "hhi_services": shares.hhi,
        "hhi_bytes": sent.hhi,
    }
    members = sorted(counts.keys() | sent.by_member.keys(), key=lambda m: (-counts[m], -sent.by_member.get(m, 0.0), m))
    rows = [
        base | {"member": m, "services": counts[m], "orig_bytes": round(sent.by_member.get(m, 0.0))} for m in members
    ]
    if loose or sent.unknown:
        rows.append(base | {"member": None, "services": loose, "orig_bytes": round(sum(sent.unknown))})
    return rows


def _tops(world: World, services: list[int]) -> dict[int, set[str]]:
    """Return by service the ultimate parents whose cut stops it; a party above which nobody is known is its own."""
    parties = {world.graph.ids[node] for node in world.graph.parties}
    tops = parents(world, parties)
    members = {top for one in parties for top in tops.get(one, {one})}
    return _hang(world, services, {member: f"entity:{member}" for member in members})


def parents(world: World, entities: Iterable[str]) -> dict[str, set[str]]:
    """Return the known ultimate parents of entities."""
    facts = world.graph.facts
    ids = set(entities)
    back = {old for old, new in facts.same.items() if new in ids}
    found: dict[str, set[str]] = {}
    for row in facts.rows("ultimate_parent", entity_id=ids | back):
        if row["parent_id"] is not None and row["verdict"] == "yes":
            found.setdefault(facts.one(row["entity_id"]), set()).add(facts.one(row["parent_id"]))
    return found


def _countries(world: World, services: list[int]) -> dict[int, set[str]]:
    return _hang(world, services, {code: f"government:{code}" for code in world.seeds.governments})


def _hang(world: World, services: list[int], cuts: Mapping[str, str]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for member, cut in sorted(cuts.items()):
        firm = world.stopped(cut).firm
        for node in services:
            if node in firm:
                found.setdefault(node, set()).add(member)
    return found


def _sent(tables: Mapping[str, pa.Table]) -> dict[str, int]:
    """Return the payload bytes sent to each public address that is not ours, as far as they were observed."""
    flow = tables.get("flow")
    if flow is None or not flow.num_rows:
        return {}
    seen = flow.filter(pc.and_(pc.equal(flow["stance"], "observed"), pc.is_valid(flow["resp_h"])))
    sums = seen.group_by("resp_h").aggregate([("orig_bytes", "sum")])
    network = tables.get("network")
    ranges = network.select(["cidr", "own"]).to_pylist() if network is not None else []
    own = [ipaddress.ip_network(str(r["cidr"]), strict=False) for r in ranges if r["cidr"] and r["own"] is not False]
    found: dict[str, int] = {}
    for addr, size in zip(sums["resp_h"].to_pylist(), sums["orig_bytes_sum"].to_pylist(), strict=True):
        if size and not any(ipaddress.ip_address(addr) in net for net in own):
            found[str(addr)] = int(size)
    return found


def _bytes(tables: Mapping[str, pa.Table], sent: Mapping[str, int], by: str, world: World) -> Shares:
    """Share bytes by the controller of who operates the address, or by the controller's country."""
    endpoint = tables.get("endpoint")
    member: dict[str, object] = {}
    if endpoint is not None and sent:
        wanted = endpoint.filter(pc.is_in(endpoint["addr"], pa.array(sorted(sent), pa.string())))
        for row in wanted.to_pylist():
            if row["special"] is not None:
                member[str(row["addr"])] = False
            elif by == "country":
                member[str(row["addr"])] = row["controller_country"]
            else:
                held = row["controller_id"] or row["operator_id"]
                member[str(row["addr"])] = held and world.graph.facts.one(held)
    total = 0
    known: dict[str, float] = {}
    unknown: list[float] = []
    for addr, size in sorted(sent.items()):
        who = member.get(addr)
        if who is False:
            continue
        total += size
        if who is None:
            unknown.append(float(size))
        else:
            known[str(who)] = known.get(str(who), 0.0) + size
    return Shares(total, known, tuple(unknown))
