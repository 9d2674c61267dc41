"""The connections of a window as a table: Zeek's states, and what the protocols said of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flagstate import model
from flagstate.model.noun import TIME
from flagstate.read.capture import table
from flagstate.read.capture.table import CLOSED, ESTABLISHED, INACTIVE, PARTIAL, RESET, SYN_ACK_SENT, SYN_SENT
from flagstate.read.capture.talks import ORIG, PROTOS, RESP, Ends
from flagstate.read.capture.tunnels import NAMES

Numbers = npt.NDArray[np.int64]
OTHER = "unknown_transport"
"""Zeek's word for what is neither TCP, UDP nor ICMP; the service says what it is."""
TOLD = ("service", "server_name", "name_source", "connect_to", "claimed_orig_h")
"""Columns that protocols tell."""


def state(ours: int, theirs: int, empty: bool) -> str:
    """Return Zeek's code for the states of both ends of a TCP connection.

    Args:
        ours: State of the originator.
        theirs: State of the responder.
        empty: Whether neither sent anything.
    """
    silent, unheard = ours in (INACTIVE, PARTIAL), theirs in (INACTIVE, PARTIAL)
    if theirs == RESET:
        if ours in (SYN_SENT, SYN_ACK_SENT) or (ours == RESET and empty):
            return "REJ"
        return "RSTRH" if silent else "RSTR"
    if ours == RESET:
        return "RSTOS0" if unheard else "RSTO"
    if ours == CLOSED:
        return "SF" if theirs == CLOSED else "SH" if unheard else "S2"
    if theirs == CLOSED:
        return "SHR" if silent else "S3"
    if ours == SYN_SENT and theirs == INACTIVE:
        return "S0"
    return "S1" if ours == theirs == ESTABLISHED else "OTH"


STATES = np.array([state(at // 14, at // 2 % 7, bool(at % 2)) for at in range(98)], dtype=object)
DATAGRAMS = np.array(["OTH", "S0", "SHR", "SF"], dtype=object)


def states(rows: Numbers) -> npt.NDArray[np.object_]:
    """Return Zeek's codes of connections."""
    proto = rows[:, table.PROTO] & 255
    ours, theirs = rows[:, ORIG + table.STATE], rows[:, RESP + table.STATE]
    empty = (rows[:, ORIG + table.TOP] + rows[:, RESP + table.TOP]) == 0
    made = STATES[ours * 14 + theirs * 2 + empty]
    heard = (rows[:, ORIG + table.PACKETS] > 0) + 2 * (rows[:, RESP + table.PACKETS] > 0)
    made = np.where(proto == table.UDP, DATAGRAMS[heard], made)
    return np.where((proto == table.TCP) | (proto == table.UDP), made, "OTH")


def services(rows: Numbers) -> list[str | None]:
    """Return what the headers alone say of the services of connections: the tunnels."""
    return [NAMES[code] for code in rows[:, table.SERVICE].tolist()]


def connections(rows: Numbers, named: Ends, told: dict[str, list[str | None]]) -> pa.Table:
    """Return connections as a table.

    Args:
        rows: As a window has them.
        named: Their ends.
        told: Per column, what protocols said of each connection.
    """
    proto = rows[:, table.PROTO] & 255
    ported = np.isin(proto, list(PROTOS))
    alone = (rows[:, ORIG + table.PACKETS] + rows[:, RESP + table.PACKETS]) <= 1
    columns = {
        "ts": pa.array(rows[:, table.FIRST], pa.int64()).cast(TIME),
        "uid": pa.array(named.uid, pa.string()),
        "orig_h": pa.array(named.orig_h, pa.string()),
        "orig_p": pa.array(named.orig_p.astype(np.int32), mask=~ported),
        "resp_h": pa.array(named.resp_h, pa.string()),
        "resp_p": pa.array(named.resp_p.astype(np.int32), mask=~ported),
        "proto": pa.array([PROTOS.get(code, OTHER) for code in proto.tolist()], pa.string()),
        "duration_us": pa.array(rows[:, table.LAST] - rows[:, table.FIRST], mask=alone),
        "orig_bytes": pa.array(rows[:, ORIG + table.TOP].copy()),
        "resp_bytes": pa.array(rows[:, RESP + table.TOP].copy()),
        "missed_bytes": pa.array(rows[:, ORIG + table.MISSED] + rows[:, RESP + table.MISSED]),
        "conn_state": pa.array(states(rows), pa.string()),
        **{name: pa.array(told[name], pa.string()) for name in TOLD},
    }
    schema = model.CONNECTION.schema
    return pa.table([columns[name] for name in schema.names], schema=schema)


def turn(rows: Numbers, named: Ends, places: list[int]) -> None:
    """Exchange originator and responder of connections whose opening was not captured.

    Args:
        rows: As a window has them; changed.
        named: Their ends; changed, but for the ids.
        places: Which ones.
    """
    for place in places:
        row = rows[place]
        ours, theirs = row[ORIG : ORIG + table.WIDTH].copy(), row[RESP : RESP + table.WIDTH].copy()
        row[ORIG : ORIG + table.WIDTH], row[RESP : RESP + table.WIDTH] = theirs, ours
        named.orig_h[place], named.resp_h[place] = named.resp_h[place], named.orig_h[place]
        named.orig_p[place], named.resp_p[place] = int(named.resp_p[place]), int(named.orig_p[place])
