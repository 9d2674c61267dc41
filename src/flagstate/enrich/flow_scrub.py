"""Keeps out of summaries what only claims to be an address, a protocol or a state.

A hostile or broken record may say anything in any field, also a person's name where an address should be.
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from flagstate.catalog.mask import mask
from flagstate.catalog.network_addresses import parse_addresses

ADDRESSES = ("orig_h", "resp_h", "claimed_orig_h")
PROTOCOLS = (
    "tcp",
    "udp",
    "icmp",
    "icmp6",
    "ipv6-icmp",
    "sctp",
    "unknown_transport",
    "gre",
    "esp",
    "ah",
    "ipip",
    "ipv6",
    "sit",
    "igmp",
    "ospf",
    "l2tp",
    "etherip",
)
STATES = ("S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR", "OTH")
_SHOWN = r"^[0-9A-Fa-f:.]{2,45}$"


def scrub(table: pa.Table) -> pa.Table:
    """Return a summary in which every text is what its column says, or null.

    Args:
        table: Partial flows, suspected records or sightings.

    Names of services and protocols are open lists, so they are masked like any name. An id of a connection is replaced
    by its key, which tells connections apart as well and says nothing.
    """
    for name in table.column_names:
        made = _column(table, name)
        if made is not None:
            table = table.set_column(table.column_names.index(name), name, made)
    return table


def _column(table: pa.Table, name: str) -> pa.ChunkedArray | None:
    column = table[name]
    if name in ADDRESSES:
        return _mapped(column, _addresses)
    if name == "proto":
        return _mapped(column, lambda texts: _known(texts, PROTOCOLS))
    if name == "conn_state":
        return _mapped(column, lambda texts: _known(texts, STATES))
    if name in ("service", "next_protocol"):
        return _mapped(column, lambda texts: pa.array([mask(t) for t in texts.to_pylist()], pa.string()))
    if name == "uid":
        return pc.if_else(pc.is_valid(column), pc.cast(table["uid_key"], pa.string()), pa.scalar(None, pa.string()))
    return None


def _mapped(column: pa.ChunkedArray, each: Callable[[pa.Array], pa.Array]) -> pa.ChunkedArray:
    """Apply a function to the distinct texts of a column; null stays null."""
    distinct = pc.unique(column).drop_null()
    made = each(distinct)
    return pa.chunked_array([made.take(pc.index_in(chunk, value_set=distinct)) for chunk in column.chunks], pa.string())


def _addresses(texts: pa.Array) -> pa.Array:
    """Return the texts that are addresses, without zones and brackets, which may hold a name; null for the others."""
    parsed = parse_addresses(texts)
    valid = pa.array(parsed.version != 0)
    kept = pc.if_else(pc.match_substring_regex(texts, _SHOWN), texts, parsed.canonical)
    return pc.if_else(valid, kept, pa.scalar(None, pa.string()))


def _known(texts: pa.Array, listed: tuple[str, ...]) -> pa.Array:
    return pc.if_else(pc.is_in(texts, value_set=pa.array(listed)), texts, pa.scalar(None, pa.string()))
