"""Protocols on ports that are not their own, and ports whose own protocol is not what passes there.

Told by what the sensor recognised in the bytes against the ports of the catalog of services. What it cannot see: a
protocol that the sensor does not know or that is encrypted as a whole, and sources that name services by port only.
"""

from __future__ import annotations

import pyarrow as pa

from flagstate.catalog import services
from flagstate.enrich.behave import row
from flagstate.enrich.behave.seen import Seen
from flagstate.enrich.behave.totals import Total, gathered, hosts, moved, quoted, ramp, record
from flagstate.model.counted import counted

RECOGNISED = 0.9
"""Share of the connections on a port in which its protocol was recognised, from which on the others stand out."""
ENOUGH = 20
"""Connections on a port that this share needs."""
UNKNOWN_BYTES = 2_000
"""Bytes each way from which an unknown protocol on a port is more than a probe."""
SAID = 0.3
"""Scores below are not kept."""

_SHARES = """
SELECT proto || '/' || resp_p::VARCHAR AS port,
    sum(conns - coalesce(failed_conns, 0)) FILTER (service IS NOT NULL)
        / greatest(sum(conns - coalesce(failed_conns, 0)), 1) AS share,
    sum(conns - coalesce(failed_conns, 0)) AS conns
FROM flow WHERE (proto || '/' || resp_p::VARCHAR) IN {} GROUP BY 1 ORDER BY 1
"""


def find(seen: Seen) -> pa.Table:
    """Return protocols on wrong ports."""
    kinds = seen.con.execute(
        "SELECT DISTINCT service, proto, resp_p FROM flow WHERE service IS NOT NULL AND proto IN ('tcp', 'udp') "
        "AND resp_p IS NOT NULL"
    ).fetchall()
    odd = sorted({(str(s), str(p), int(port)) for s, p, port in kinds if foreign(s, p, port)})
    totals: list[Total] = []
    if odd:
        seen.con.register(
            "odd_port",
            pa.table({"odd": pa.array([f"{service}\x1f{proto}/{port}" for service, proto, port in odd], pa.string())}),
        )
        try:
            where = (
                "orig_h IS NOT NULL AND service IS NOT NULL AND conns > coalesce(failed_conns, 0) "
                "AND (service || chr(31) || proto || '/' || resp_p::VARCHAR) IN (SELECT odd FROM odd_port)"
            )
            totals = gathered(seen, where)
        finally:
            seen.con.unregister("odd_port")
    totals += _unrecognised(seen)
    shared = hosts(seen, (total.far for total in totals))
    records = (_judged(total, shared.get(total.far or "", 1)) for total in totals)
    return row.table(record for record in records if record is not None)


def foreign(service: str, proto: str, port: int) -> str | None:
    """Return the protocol that has no place on a port; null: all that the sensor names have one, or are not known.

    Args:
        service: As sensors write it, several with commas.
        proto: tcp or udp.
        port: Of the responder.
    """
    words = [word.strip().lower() for word in service.split(",") if word.strip()]
    fits = {word: services.place(word, proto, port) for word in words}
    if any(fit in ("own", "starts") for fit in fits.values()):
        # One of them is at home: the other is inside it, or follows it.
        return None
    return next((word for word in words if fits[word] in ("foreign", "often")), None)


def _unrecognised(seen: Seen) -> list[Total]:
    """Return flows without a recognised protocol on ports where nearly all others have one."""
    ports = [port for port, held in services.reserved().items() if held.unknown]
    shares = seen.con.execute(_SHARES.format(quoted(ports))).fetchall()
    sure = [port for port, share, conns in shares if share and share >= RECOGNISED and conns >= ENOUGH]
    if not sure:
        return []
    where = (
        "orig_h IS NOT NULL AND service IS NULL AND conns > coalesce(failed_conns, 0) "
        f"AND (proto || '/' || resp_p::VARCHAR) IN {quoted(sure)}"
    )
    totals = gathered(seen, where)
    return [each for each in totals if min(each.orig_bytes, each.resp_bytes) > 0]


def _judged(total: Total, clients: int) -> dict[str, object] | None:
    held = services.reserved().get(f"{total.proto}/{total.resp_p}")
    spoken = foreign(total.service, str(total.proto), int(total.resp_p or 0)) if total.service else None
    if total.service and spoken is None:
        return None
    known = services.protocol(spoken) if spoken else None
    fit = services.place(spoken, str(total.proto), int(total.resp_p or 0)) if spoken else "foreign"
    moved = total.orig_bytes + total.resp_bytes
    parts = {
        "foreign_port": 1.0 if fit == "foreign" else 0.4,
        "port_of_another": 1.0 if held is not None else 0.3,
        "recognised": 1.0 if spoken else 0.5,
        "carries_anything": 1.0 if known is None or known.carries else 0.3,
        "volume": ramp(moved, 500, 20_000),
        "leaves": 0.2 if total.inside else 1.0,
    }
    score = (
        0.3 * parts["foreign_port"] + 0.2 * parts["port_of_another"] + 0.15 * parts["recognised"]
        + 0.1 * parts["carries_anything"] + 0.15 * parts["volume"] + 0.1 * parts["leaves"]
    )  # fmt: skip
    if not spoken:
        score *= 0.4 + 0.6 * ramp(min(total.orig_bytes, total.resp_bytes), 0, UNKNOWN_BYTES)
    innocent, benign = _innocent(total, spoken, fit, clients)
    score *= 1 - benign
    return None if score < SAID else _row(total, spoken, parts, (innocent, benign, score), clients)


def _innocent(total: Total, spoken: str | None, fit: str | None, clients: int) -> tuple[str, float]:
    if total.inside:
        return "A service inside that was put on another port on purpose", 0.4
    if spoken == "ssh" and fit == "often":
        return "An SSH server on a port that many use to avoid noise", 0.5
    if fit == "often":
        return "A port that custom gives to this protocol beside its own", 0.5
    if clients >= 5:
        return f"A service that {clients} hosts use: probably a product that does so by design", 0.4
    if spoken is None:
        return "A program whose protocol the sensor does not know, on a port that firewalls let through", 0.15
    return "A service that was put on this port on purpose, to pass firewalls or to share an address", 0.1


def _row(total: Total, spoken: str | None, parts: dict[str, float], said: row.Said, clients: int) -> dict[str, object]:
    owner = services.owner(str(total.proto), int(total.resp_p or 0)) or "no listed protocol"
    figures: dict[str, float | int | str] = {
        "service": spoken or "not recognised",
        "port_belongs_to": owner,
        "conns": total.conns,
        "bytes_up": total.orig_bytes,
        "bytes_down": total.resp_bytes,
        "longest_s": round(total.longest_us / 1_000_000),
        "days": total.days,
        "hosts": clients,
    }
    what = spoken or "A protocol that the sensor does not know"
    message = (
        f"{what} ran from {total.orig_h} to {total.far} on {total.proto} port {total.resp_p}, which belongs to "
        f"{owner}: {moved(total)} in {counted(total.conns, 'connection[|s]')}"
    )
    return record("wrong_port", total, parts=parts, figures=figures, message=message, said=said)
