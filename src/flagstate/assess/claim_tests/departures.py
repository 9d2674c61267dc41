"""What left an asset, or was fetched from it, by far end: as observed, with attempts told apart."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from contextlib import suppress

import pyarrow as pa

from flagstate.assess import far_end
from flagstate.assess.claim_tests.scene import Scene
from flagstate.assess.destination import Ends, ends_of
from flagstate.assess.reconcile import ASKED_ADDR

CROSSED = """
-- crossing: observed flows of each asset (assess/claim_tests/departures.py). What a proxy was asked for is where it
-- went. A flow that names the asset at its end is of that asset, and of what it runs on, alone.
CREATE OR REPLACE TEMP TABLE crossing AS
WITH seen AS (
  SELECT f.*, coalesce(o.plain, f.orig_h) AS near_orig, coalesce(r.plain, f.resp_h) AS near_resp,
    CASE WHEN f.connect_to IS NULL THEN coalesce(r.plain, f.resp_h) ELSE {asked} END AS far_addr,
    CASE WHEN f.connect_to IS NULL THEN f.resp_p
      ELSE TRY_CAST(regexp_extract(f.connect_to, ':([0-9]+)$', 1) AS INTEGER) END AS far_port,
    CASE WHEN f.connect_to IS NULL OR {asked} IS NOT NULL THEN f.server_name
      ELSE regexp_replace(f.connect_to, ':[0-9]+$', '') END AS far_name,
    coalesce(f.connect_to IS NULL AND f.name_source = 'dns', false) AS guessed
  FROM flow AS f LEFT JOIN mapped AS o ON o.addr = f.orig_h LEFT JOIN mapped AS r ON r.addr = f.resp_h
  WHERE f.stance = 'observed'
), ours AS (
  SELECT n.asset_id, false AS inbound, far_addr AS addr, far_name AS name, guessed, far_port AS port, s.proto,
    s.service, orig_bytes AS bytes, conns, failed_conns, unsized_conns, first_ts, last_ts, day, fact_id
  FROM seen AS s JOIN near AS n ON n.addr = s.near_orig
  WHERE s.from_asset IS NULL OR EXISTS (FROM mine AS m WHERE m.asset_id = n.asset_id AND m.part = s.from_asset)
  UNION
  SELECT n.asset_id, false, far_addr, far_name, guessed, far_port, s.proto, s.service,
    orig_bytes, conns, failed_conns, unsized_conns, first_ts, last_ts, day, fact_id
  FROM seen AS s JOIN wanted AS n ON n.asset_id = s.from_asset
  UNION
  SELECT n.asset_id, true, s.near_orig, NULL, false, NULL, s.proto, s.service,
    resp_bytes, conns, failed_conns, unsized_conns, first_ts, last_ts, day, fact_id
  FROM seen AS s JOIN near AS n ON n.addr = s.near_resp
  WHERE s.connect_to IS NULL
    AND (s.to_asset IS NULL OR EXISTS (FROM mine AS m WHERE m.asset_id = n.asset_id AND m.part = s.to_asset))
  UNION
  SELECT n.asset_id, true, s.near_orig, NULL, false, NULL, s.proto, s.service,
    resp_bytes, conns, failed_conns, unsized_conns, first_ts, last_ts, day, fact_id
  FROM seen AS s JOIN wanted AS n ON n.asset_id = s.to_asset
)
SELECT * EXCLUDE (first_ts, last_ts),
  -- What a stranger's failed call was answered is an attempt of the stranger, as a failed call of ours is one.
  coalesce(CASE WHEN inbound THEN failed_conns >= conns ELSE false END, false) AS knocked,
  coalesce(first_ts, day::TIMESTAMP AT TIME ZONE 'UTC') AS first_ts,
  coalesce(last_ts, (day + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND)::TIMESTAMP AT TIME ZONE 'UTC') AS last_ts
FROM ours
"""

MADE = """
-- departure: the same by far end. moved: bytes were sent; tried: none were; else their number is not known.
CREATE OR REPLACE TEMP TABLE departure AS
SELECT row_number() OVER (ORDER BY asset_id, inbound, addr, name, guessed, port, proto, service) AS end_id,
  dense_rank() OVER (ORDER BY addr, name, guessed) AS far_id, * FROM (
  SELECT asset_id, inbound, o.addr, name, guessed, port, proto, service, p.country, p.disputed,
    coalesce(p.likely, false) AS likely, coalesce(sum(bytes), 0)::BIGINT AS bytes, sum(conns)::BIGINT AS conns,
    count(*) AS flows, coalesce(sum(bytes) FILTER (WHERE NOT knocked), 0) > 0 AS moved,
    bool_and(knocked OR coalesce(bytes = 0 AND (coalesce(unsized_conns, 0) = 0 OR failed_conns >= conns), false))
      AS tried,
    min(first_ts) AS first_ts, max(last_ts) AS last_ts,
    arg_max(fact_id, (coalesce(bytes, 0), fact_id), 8) AS facts
  FROM crossing AS o LEFT JOIN stands AS p ON p.addr = o.addr
  GROUP BY ALL
)
"""


def depart(scene: Scene, assets: Iterable[str]) -> far_end.Ends:
    """Make the table `departure` in the database of a scene.

    Args:
        scene: The case.
        assets: Ids of the assets that claims are about.

    Returns:
        Where far ends stand, and who runs them.
    """
    wanted = sorted(set(assets))
    known = far_end.known(scene.tables, scene.as_of)
    ends = ends_of(scene.tables)
    seen = _addresses(scene)
    near = _near(seen, {one: ends[one] for one in wanted if one in ends})
    mapped = [(text, plain) for text in sorted(seen) if (plain := unmapped(text)) != text]
    mine = [(one, part) for one in wanted for part in sorted(scene.on(one))]
    scene.con.register("near", near)
    scene.con.register("mapped", _pairs(mapped, "addr", "plain"))
    scene.con.register("mine", _pairs(mine, "asset_id", "part"))
    scene.con.register("wanted", pa.table({"asset_id": pa.array(wanted, pa.string())}))
    scene.con.register("stands", stands(scene.tables["endpoint"]))
    scene.con.execute(CROSSED.format(asked=ASKED_ADDR))
    scene.con.execute(MADE)
    return known


def stands(endpoint: pa.Table) -> pa.Table:
    """Return where addresses stand, as far as a claim may be held against it.

    Args:
        endpoint: What is known of addresses.

    Returns:
        addr, country (null: anycast, nowhere known, or the data sets differ), disputed (between which countries) and
        likely: a geolocation that is not sure. A region that the provider publishes goes before geolocation.
    """
    found: dict[str, tuple[str | None, list[str], bool]] = {}
    for row in endpoint.to_pylist():
        first, second, grade = row["host_country"], row["host_country_second"], row["confidence"]
        named = sorted({str(one) for one in (first, second) if one})
        if row["anycast"]:
            place: tuple[str | None, list[str], bool] = (None, [], False)
        elif row["provider_country"]:
            place = (str(row["provider_country"]), [], False)
        elif grade == "none" or not named:
            place = (None, [], False)
        elif grade == "disputed" or (grade != "sure" and len(named) > 1):
            place = (None, named, False)
        else:
            place = (str(first) if first else None, [], grade != "sure")
        found[str(row["addr"])] = place
    for addr in list(found):
        found.setdefault(unmapped(addr), found[addr])
    return pa.table(
        {
            "addr": pa.array(list(found), pa.string()),
            "country": pa.array([country for country, _, _ in found.values()], pa.string()),
            "disputed": pa.array([between for _, between, _ in found.values()], pa.list_(pa.string())),
            "likely": pa.array([likely for _, _, likely in found.values()], pa.bool_()),
        }
    )


def unmapped(text: str) -> str:
    """Return an IPv4 address that is written as IPv6 (`::ffff:192.0.2.1`) as IPv4; any other text as it is."""
    if not text.lower().startswith(("::ffff:", "0:0:0:0:0:ffff:", "0000:0000:0000:0000:0000:ffff:")):
        return text
    with suppress(ValueError):
        addr = ipaddress.ip_address(text)
        if isinstance(addr, ipaddress.IPv6Address) and addr.ipv4_mapped is not None:
            return str(addr.ipv4_mapped)
    return text


def _pairs(pairs: list[tuple[str, str]], first: str, second: str) -> pa.Table:
    return pa.table(
        {first: pa.array([a for a, _ in pairs], pa.string()), second: pa.array([b for _, b in pairs], pa.string())}
    )


def _addresses(scene: Scene) -> set[str]:
    seen = scene.con.sql(
        "SELECT orig_h FROM flow WHERE stance = 'observed' UNION SELECT resp_h FROM flow WHERE stance = 'observed'"
    ).fetchall()
    return {addr for (addr,) in seen if addr}


def _near(seen: set[str], ends: dict[str, Ends]) -> pa.Table:
    """Return the addresses of flows that are an asset's."""
    addresses = {unmapped(text) for text in seen}
    pairs = [(name, one) for one, end in ends.items() for name in map(unmapped, end.names) if name in addresses]
    spans = [(one, network) for one, end in ends.items() for network in map(_network, end.networks) if network]
    if spans:
        for text in addresses:
            with suppress(ValueError):
                addr = ipaddress.ip_address(text)
                pairs += [(text, one) for one, network in spans if addr in network]
    return _pairs(sorted(set(pairs)), "addr", "asset_id")


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    with suppress(ValueError):
        return ipaddress.ip_network(text, strict=False)
    return None
