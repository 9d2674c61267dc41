"""Behaviour: shapes of traffic that may be a leak, each with its figures and the best innocent explanation."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import pyarrow as pa

from flagstate import model
from flagstate.enrich.behave.seen import Seen

DETECTORS: tuple[str, ...] = (
    "beacon",
    "bulk_upload",
    "slow_leak",
    "long_connection",
    "first_seen",
    "dns_tunnel",
    "encrypted_dns",
    "carrier",
    "wrong_port",
    "tunnel_exit",
)
"""Modules of this folder, each with a `find`; to add one, write its file and name it here."""


def find(seen: Seen) -> pa.Table:
    """Return what every detector finds, as rows of `behaviour`, the surest first.

    Args:
        seen: Flows, their rhythm, and what was asked of DNS.
    """
    found = [_finder(name)(seen) for name in DETECTORS]
    table = pa.concat_tables([model.empty(model.BEHAVIOUR), *(model.conform(each, model.BEHAVIOUR) for each in found)])
    return table.sort_by([("score", "descending"), ("kind", "ascending"), ("behaviour_id", "ascending")])


def _finder(name: str) -> Callable[[Seen], pa.Table]:
    made: Callable[[Seen], pa.Table] = import_module(f"flagstate.enrich.behave.{name}").find
    return made
