"""The three-way ledger: what was declared, what is configured and what was observed, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from flagstate import model
from flagstate.assess.destination import Destination, Pattern, patterns

Tables = Mapping[str, pa.Table]

TOP_FACTS = 8
"""How many of the largest flows an aggregate names; all of them are in `flow`."""

_SUBJECTS = f"""
WITH ends AS (
  SELECT f.*,
    coalesce(o.ours, false) AS orig_ours, coalesce(r.ours, false) AS resp_ours
  FROM observed f LEFT JOIN ours o ON f.orig_h = o.addr LEFT JOIN ours r ON f.resp_h = r.addr
), turned AS (
  SELECT *,
    CASE WHEN orig_ours AND resp_ours THEN 'both' WHEN orig_ours THEN 'orig' WHEN resp_ours THEN 'resp' ELSE 'none' END
      AS own_end
  FROM ends
)
SELECT own_end,
  CASE WHEN own_end = 'resp' THEN orig_h ELSE resp_h END AS addr,
  CASE WHEN own_end = 'resp' THEN NULL ELSE server_name END AS name,
  CASE WHEN own_end = 'resp' THEN resp_h END AS own_addr,
  resp_p, proto,
  sum(conns)::BIGINT AS conns, sum(failed_conns)::BIGINT AS failed_conns,
  sum(orig_bytes)::BIGINT AS orig_bytes, sum(resp_bytes)::BIGINT AS resp_bytes,
  sum(unsized_conns)::BIGINT AS unsized_conns,
  min(first_ts) AS first_ts, max(last_ts) AS last_ts,
  arg_max(fact_id, coalesce(orig_bytes, 0) + coalesce(resp_bytes, 0), {TOP_FACTS}) AS facts
FROM turned GROUP BY ALL
"""
# With a caller outside, one row per caller would be a row per scanner of the Internet: see _inbound.


@dataclass(frozen=True)
class Known:
    """What is known of the far end of a flow."""

    country: str | None
    """Host-grade country: the provider's region, else the geolocation; null for anycast."""
    operator: str | None
    """Entity that operates it."""
    controllers: tuple[str, ...]
    """Operator and everything above it."""


def reconcile(tables: Tables, con: duckdb.DuckDBPyConnection) -> pa.Table:
    """Compare what was declared and configured with what was observed.

    Args:
        tables: flow (of all stances), network, endpoint, interest, asset and place.
        con: A database to work in.

    Returns:
        Rows of `reconciliation`: one per observed destination and port, and one per declared pattern that was not
        seen. Where neither end is known to be ours, egress and result are unknown.
    """
    declared = patterns(tables)
    subjects = _subjects(tables, con)
    known = _known(tables)
    seen: set[str] = set()
    rows: list[dict[str, object]] = []
    for subject in subjects:
        row, matched = _judge(subject, declared, known)
        seen.update(pattern.fact_id for pattern in matched)
        rows.append(row)
    rows += [_absent(pattern) for pattern in declared if pattern.fact_id not in seen]
    rows += list(_contradictions(tables))
    rows.sort(key=lambda row: (str(row["result"]), str(row["subject"]), str(row.get("resp_p")), str(row["own_end"])))
    return model.rows(model.RECONCILIATION, rows)


def _subjects(tables: Tables, con: duckdb.DuckDBPyConnection) -> list[dict[str, object]]:
    flow = tables["flow"]
    con.register("flow_in", flow)
    con.register("ours", _ours(flow, tables["network"]))
    con.execute("CREATE OR REPLACE TEMP VIEW observed AS SELECT * FROM flow_in WHERE stance = 'observed'")
    found: list[dict[str, object]] = con.sql(_SUBJECTS).to_arrow_table().to_pylist()
    con.execute("DROP VIEW observed")
    for name in ("flow_in", "ours"):
        con.unregister(name)
    return _inbound(found)


def _ours(flow: pa.Table, networks: pa.Table) -> pa.Table:
    """Return which addresses of the flows lie in a network that somebody declared."""
    import numpy as np

    from flagstate.catalog.network_addresses import parse_addresses

    both = pa.chunked_array([*flow.column("orig_h").chunks, *flow.column("resp_h").chunks], pa.string())
    addresses = both.drop_null().unique()
    addresses = addresses.combine_chunks() if isinstance(addresses, pa.ChunkedArray) else addresses
    parsed = parse_addresses(addresses)
    inside = np.zeros(len(addresses), dtype=bool)
    for cidr in networks.column("cidr").to_pylist():
        inside |= _within(parsed.version, parsed.hi, parsed.lo, str(cidr))
    return pa.table({"addr": addresses, "ours": pa.array(inside)})


def _within(version: object, hi: object, lo: object, cidr: str) -> object:
    import ipaddress

    import numpy as np

    net = ipaddress.ip_network(cidr, strict=False)
    first, last = int(net.network_address), int(net.broadcast_address)
    v, h, low = np.asarray(version), np.asarray(hi), np.asarray(lo)
    if net.version == 4:
        return (v == 4) & (low >= np.uint64(first)) & (low <= np.uint64(last))
    mask = np.uint64((1 << 64) - 1)
    first_hi, last_hi = np.uint64(first >> 64), np.uint64(last >> 64)
    first_lo, last_lo = np.uint64(first & int(mask)), np.uint64(last & int(mask))
    above = (h > first_hi) | ((h == first_hi) & (low >= first_lo))
    below = (h < last_hi) | ((h == last_hi) & (low <= last_lo))
    return (v == 6) & above & below


def _inbound(found: list[dict[str, object]]) -> list[dict[str, object]]:
    """Put callers from outside together per own address and port: the Internet knocks on every door."""
    kept: list[dict[str, object]] = []
    doors: dict[tuple[object, ...], dict[str, object]] = {}
    for row in found:
        if row["own_end"] != "resp":
            kept.append(row)
            continue
        key = (row["own_addr"], row["resp_p"], row["proto"])
        door = doors.setdefault(key, dict(row, callers=0, addr=None))
        if door["callers"]:
            _add(door, row)
        door["callers"] = _whole(door["callers"]) + 1
    return kept + list(doors.values())


def _add(into: dict[str, object], row: Mapping[str, object]) -> None:
    for name in ("conns", "failed_conns", "orig_bytes", "resp_bytes", "unsized_conns"):
        into[name] = _whole(into[name]) + _whole(row[name])
    firsts = [t for t in (into["first_ts"], row["first_ts"]) if t is not None]
    lasts = [t for t in (into["last_ts"], row["last_ts"]) if t is not None]
    into["first_ts"] = min(firsts, default=None)  # type: ignore[type-var]
    into["last_ts"] = max(lasts, default=None)  # type: ignore[type-var]
    into["facts"] = [*_texts(into["facts"]), *_texts(row["facts"])][:TOP_FACTS]


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _texts(value: object) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else []


def _known(tables: Tables) -> dict[str, Known]:
    parents: dict[str, set[str]] = {}
    for row in tables["interest"].select(["holder_id", "subject_id", "kind"]).to_pylist():
        if row["kind"] in ("owns", "controls"):
            parents.setdefault(row["subject_id"], set()).add(row["holder_id"])
    known = {}
    for row in tables["endpoint"].to_pylist():
        country = None if row["anycast"] else row["provider_country"] or row["host_country"]
        operator = row["operator_id"]
        known[row["addr"]] = Known(country, operator, _above(operator, parents))
    return known


def _above(entity: str | None, parents: Mapping[str, set[str]]) -> tuple[str, ...]:
    found: list[str] = []
    queue = [entity] if entity else []
    while queue:
        one = queue.pop()
        if one not in found:
            found.append(one)
            queue += sorted(parents.get(one, ()))
    return tuple(found)


def _judge(
    subject: Mapping[str, object], declared: Iterable[Pattern], known: Mapping[str, Known]
) -> tuple[dict[str, object], list[Pattern]]:
    addr = subject["addr"]
    facts = known.get(str(addr), Known(None, None, ()))
    name = subject["name"]
    own_addr = subject.get("own_addr")
    far = Destination(
        str(name) if name else None,
        str(addr) if addr else None,
        facts.country,
        facts.controllers,
        subject["resp_p"] if isinstance(subject["resp_p"], int) else None,
        str(own_addr) if own_addr else None,
    )
    end = str(subject["own_end"])
    matched = [pattern for pattern in declared if pattern.covers(far, inbound=end == "resp")]
    sides = {side: [p.fact_id for p in matched if p.stance == side] for side in ("declared", "configured")}
    result, egress, remark = _result(end, bool(sides["declared"]), subject)
    row: dict[str, object] = {
        "subject": f"callers of {own_addr}" if end == "resp" else far.shown,
        "result": result,
        **sides,
        "observed": _texts(subject["facts"]),
        "own_end": end,
        "egress": egress,
        "country": facts.country,
        "operator_id": facts.operator,
        "remark": remark,
    }
    for column in ("resp_p", "conns", "failed_conns", "orig_bytes", "resp_bytes", "first_ts", "last_ts"):
        row[column] = subject[column]
    return row, matched


def _result(end: str, declared: bool, subject: Mapping[str, object]) -> tuple[str, str, str]:
    if end == "both":
        return "covered", "no", "Both ends lie in declared networks: it stays inside."
    if end == "none":
        return "unknown", "unknown", "Neither end is known to be ours: name your own `networks:` in estate.yaml."
    if end == "resp":
        callers = _whole(subject.get("callers"))
        if declared:
            return "covered", "yes", f"{callers:,} callers from outside, as declared."
        why = f"{callers:,} callers from outside: declare a flow with `action: receive`, or find out who they are."
        return "unknown", "yes", why
    sent = _whole(subject["orig_bytes"])
    if declared:
        return "covered", "yes", "A declared pattern covers it."
    if sent == 0 and not _whole(subject["unsized_conns"]):
        return "undeclared", "no", "Attempted: 0 bytes were sent."
    return "undeclared", "yes", "Nothing that was declared covers it."


def _absent(pattern: Pattern) -> dict[str, object]:
    return {
        "subject": pattern.shown,
        "result": "never_seen",
        "declared": [pattern.fact_id] if pattern.stance == "declared" else [],
        "configured": [pattern.fact_id] if pattern.stance == "configured" else [],
        "observed": [],
        "own_end": "none",
        "egress": "unknown",
        "resp_p": pattern.port,
        "remark": "Not observed in the window and with the coverage that the evidence has.",
    }


def _contradictions(tables: Tables) -> Iterable[dict[str, object]]:
    """Yield the declared places that host-grade evidence or an infrastructure description contradicts."""
    place = tables["place"].to_pylist()
    said = [row for row in place if row["source_kind"] == "declared" and row["country"]]
    seen = [row for row in place if row["source_kind"] != "declared" and row["country"]]
    for row in said:
        hosts = {row["subject_id"], *_names(tables, row["subject_id"])}
        for other in seen:
            grade = other["source_kind"] in ("configured_region", "provider_region") or (
                other["source_kind"] == "host" and other["confidence"] == "sure"
            )
            if grade and other["subject_id"] in hosts and other["country"] != row["country"]:
                side = "configured" if other["stance"] == "configured" else "observed"
                yield {
                    "subject": row["subject_id"],
                    "result": "contradicted",
                    "declared": [row["fact_id"]],
                    "configured": [other["fact_id"]] if side == "configured" else [],
                    "observed": [other["fact_id"]] if side == "observed" else [],
                    "own_end": "none",
                    "egress": "unknown",
                    "country": other["country"],
                    "remark": f"Declared in {row['country']}, {side} in {other['country']} ({other['source']}).",
                }


def _names(tables: Tables, asset_id: str) -> set[str]:
    """Return what else stands for an asset: its hosts, and the assets that answer under the same address or name."""
    rows = tables["asset"].select(["asset_id", "addr", "server_name"]).to_pylist()
    own = {row[c] for row in rows if row["asset_id"] == asset_id for c in ("addr", "server_name") if row[c]}
    same = {row["asset_id"] for row in rows if {row["addr"], row["server_name"]} & own}
    return {f"host:{name}" for name in own} | same
