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

MADE = """
-- departure: observed flows of each asset by far end (assess/claim_tests/departures.py). What a proxy was asked for is
-- where it went. moved: bytes were sent; tried: none were; else their number is not known.
CREATE OR REPLACE TEMP TABLE departure AS
WITH seen AS (
  SELECT f.*,
    CASE WHEN f.connect_to IS NULL THEN f.resp_h ELSE {asked} END AS far_addr,
    CASE WHEN f.connect_to IS NULL THEN f.resp_p
      ELSE TRY_CAST(regexp_extract(f.connect_to, ':([0-9]+)$', 1) AS INTEGER) END AS far_port,
    CASE WHEN f.connect_to IS NULL OR {asked} IS NOT NULL THEN f.server_name
      ELSE regexp_replace(f.connect_to, ':[0-9]+$', '') END AS far_name
  FROM flow AS f WHERE f.stance = 'observed'
), ours AS (
  SELECT n.asset_id, false AS inbound, far_addr AS addr, far_name AS name, far_port AS port, s.proto, s.service,
    orig_bytes AS bytes, conns, failed_conns, unsized_conns, first_ts, last_ts, day, fact_id
  FROM seen AS s JOIN near AS n ON n.addr = s.orig_h
  UNION
  SELECT n.asset_id, false, far_addr, far_name, far_port, s.proto, s.service,
    orig_bytes, conns, failed_conns, unsized_conns, first_ts, last_ts, day, fact_id
  FROM seen AS s JOIN wanted AS n ON n.asset_id = s.from_asset
  UNION
  SELECT n.asset_id, true, s.orig_h, NULL, NULL, s.proto, s.service,
    resp_bytes, conns, failed_conns, 0, first_ts, last_ts, day, fact_id
  FROM seen AS s JOIN near AS n ON n.addr = s.resp_h WHERE s.connect_to IS NULL
  UNION
  SELECT n.asset_id, true, s.orig_h, NULL, NULL, s.proto, s.service,
    resp_bytes, conns, failed_conns, 0, first_ts, last_ts, day, fact_id
  FROM seen AS s JOIN wanted AS n ON n.asset_id = s.to_asset
)
SELECT row_number() OVER (ORDER BY asset_id, inbound, addr, name, port, proto, service) AS end_id,
  dense_rank() OVER (ORDER BY addr, name) AS far_id, * FROM (
  SELECT asset_id, inbound, o.addr, name, port, proto, service, p.country, p.disputed,
    coalesce(sum(bytes), 0)::BIGINT AS bytes, sum(conns)::BIGINT AS conns, count(*) AS flows,
    coalesce(sum(bytes), 0) > 0 AS moved,
    coalesce(bool_and(bytes = 0 AND (coalesce(unsized_conns, 0) = 0 OR failed_conns >= conns)), false) AS tried,
    coalesce(min(first_ts), min(day)::TIMESTAMP AT TIME ZONE 'UTC') AS first_ts,
    coalesce(max(last_ts), max(day)::TIMESTAMP AT TIME ZONE 'UTC') AS last_ts,
    arg_max(fact_id, (coalesce(bytes, 0), fact_id), 8) AS facts
  FROM ours AS o LEFT JOIN stands AS p ON p.addr = o.addr
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
    near = _near(scene, {one: ends[one] for one in wanted if one in ends})
    scene.con.register("near", near)
    scene.con.register("wanted", pa.table({"asset_id": pa.array(wanted, pa.string())}))
    places = list(known.places.items())
    scene.con.register(
        "stands",
        pa.table(
            {
                "addr": pa.array([addr for addr, _ in places], pa.string()),
                "country": pa.array([place.country for _, place in places], pa.string()),
                "disputed": pa.array([sorted(place.disputed) for _, place in places], pa.list_(pa.string())),
            }
        ),
    )
    scene.con.execute(MADE.format(asked=ASKED_ADDR))
    return known


def _near(scene: Scene, ends: dict[str, Ends]) -> pa.Table:
    """Return the addresses of flows that are an asset's."""
    if not any(ends.values()):
        return pa.table({"addr": pa.array([], pa.string()), "asset_id": pa.array([], pa.string())})
    seen = scene.con.sql(
        "SELECT orig_h FROM flow WHERE stance = 'observed' UNION SELECT resp_h FROM flow WHERE stance = 'observed'"
    ).fetchall()
    addresses = {addr for (addr,) in seen if addr}
    pairs = [(name, one) for one, end in ends.items() for name in end.names if name in addresses]
    spans = [(one, network) for one, end in ends.items() for network in map(_network, end.networks) if network]
    if spans:
        for text in addresses:
            with suppress(ValueError):
                addr = ipaddress.ip_address(text)
                pairs += [(text, one) for one, network in spans if addr in network]
    pairs = sorted(set(pairs))
    return pa.table(
        {
            "addr": pa.array([addr for addr, _ in pairs], pa.string()),
            "asset_id": pa.array([one for _, one in pairs], pa.string()),
        }
    )


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    with suppress(ValueError):
        return ipaddress.ip_network(text, strict=False)
    return None
