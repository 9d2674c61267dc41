"""Where tunnels, VPNs, proxies and remote access leave: what passes inside them is not seen.

Told by the protocol that the sensor recognised, by a name of the catalog of services, or by a port that says enough
alone. What it cannot see: a tunnel through ordinary HTTPS under a name that nobody listed.
"""

from __future__ import annotations

import re

import pyarrow as pa

from flagstate.catalog import services
from flagstate.catalog.services import Tunnel
from flagstate.enrich.behave import row
from flagstate.enrich.behave.seen import Seen
from flagstate.enrich.behave.totals import Total, gathered, hosts, moved, named, quoted, ramp, record
from flagstate.model.counted import counted

BY_SERVICE, BY_NAME, BY_PORT = 0.9, 0.85, 0.7
"""How sure each way of telling is by itself."""
BY_FORM = 0.5
"""How sure the form of a name is, on a port of Tor."""
TOR_NAME = re.compile(r"www\.[a-z2-7]{4,25}\.(?:com|net)")
"""Names that Tor's handshakes make up (tor-spec, random host names in base32)."""
FROM_DNS = 0.6
"""A name that was only the last to resolve to an address is worth so much of one that the client wrote."""
MUCH = 100_000
"""Bytes from which a session says more than that a program looked for updates or kept in touch."""
UNANSWERED = 0.6
"""What a port says where nothing passed: many things knock at any port."""
SAID = 0.3
"""Scores below are not kept."""
INNOCENT = {
    "tunnel": "The firm's own VPN, or that of a member of staff; declare its gateway",
    "proxy": "A proxy that the firm runs or allows; declare it",
    "relay": "A network between the firm's own devices; declare its operator",
    "exposes": "A developer who shows work in progress to others",
    "remote": "Support that the firm asked for; its contract says who may look on",
}
BENIGN = {"tunnel": 0.2, "proxy": 0.15, "relay": 0.2, "exposes": 0.1, "remote": 0.25}
DOES = {
    "tunnel": "carries packets",
    "proxy": "carries connections",
    "relay": "passes sessions on",
    "exposes": "makes a host inside reachable from outside",
    "remote": "lets somebody else work at the screen",
}


def find(seen: Seen) -> pa.Table:
    """Return exits of tunnels."""
    by_name = named(seen, services.tunnel_names())
    known = services.tunnel_services()
    spoken = f"list_has_any(string_split(lower(coalesce(service, '')), ','), {sorted(known)!r})"
    ports = quoted(services.tunnel_ports())
    where = (
        f"orig_h IS NOT NULL AND ({spoken} OR server_name IN {quoted(by_name)} "
        f"OR (proto || '/' || resp_p::VARCHAR) IN {ports})"
    )
    totals = [total for total in gathered(seen, where, services="max(service)") if not total.inside]
    shared = hosts(seen, (total.far for total in totals))
    records = (_judged(total, by_name, shared.get(total.far or "", 1)) for total in totals)
    return row.table(record for record in records if record is not None)


def told(total: Total, by_name: dict[str, Tunnel]) -> tuple[Tunnel, dict[str, float]] | None:
    """Return what tells a tunnel, and how sure each way is."""
    spoken = {word.strip() for word in (total.service or "").lower().split(",")} - {""}
    known = services.tunnel_services()
    service = next((known[word] for word in sorted(spoken) if word in known), None)
    name = by_name.get(total.server_name or "")
    port = services.tunnel_ports().get(f"{total.proto}/{total.resp_p}")
    if port is not None and service is None and spoken - {"ssl", "dtls", "quic"} and name is None:
        # The sensor recognised something else on that port.
        port = None
    found = name or service or port
    if found is None:
        return None
    trust = FROM_DNS if total.name_source == "dns" else 1.0
    parts = {
        "service": BY_SERVICE if service else 0.0,
        "name": BY_NAME * trust if name else 0.0,
        "port": BY_PORT if port else 0.0,
        "name_form": BY_FORM if found.name == "Tor" and TOR_NAME.fullmatch(total.server_name or "") else 0.0,
    }
    return found, parts


def _judged(total: Total, by_name: dict[str, Tunnel], clients: int) -> dict[str, object] | None:
    found = told(total, by_name)
    if found is None:
        return None
    tunnel, parts = found
    unsure = 1.0
    for value in parts.values():
        unsure *= 1 - value
    blind = total.unsized >= total.conns and total.answered
    parts["both_ways"] = 0.75 if blind else ramp(min(total.orig_bytes, total.resp_bytes), 0, 1_000)
    parts["volume"] = 0.5 if blind else ramp(total.orig_bytes, 1_000, MUCH)
    sure = (1 - unsure) * (0.6 + 0.25 * parts["both_ways"] + 0.15 * parts["volume"])
    if total.orig_bytes == 0 and not total.unsized:
        sure = (1 - unsure) * (1.0 if parts["service"] or parts["name"] else UNANSWERED)
    benign = BENIGN[tunnel.form]
    score = sure * (1 - benign)
    return None if score < SAID else _row(total, tunnel, parts, (INNOCENT[tunnel.form], benign, score), clients)


def _row(total: Total, tunnel: Tunnel, parts: dict[str, float], said: row.Said, clients: int) -> dict[str, object]:
    by = max(("service", "name", "port"), key=lambda name: parts[name])
    figures: dict[str, float | int | str] = {
        "tunnel": tunnel.name,
        "form": tunnel.form,
        "told_by": by,
        "status": tunnel.status,
        "conns": total.conns,
        "failed_conns": total.failed,
        "bytes_up": total.orig_bytes,
        "bytes_down": total.resp_bytes,
        "longest_s": round(total.longest_us / 1_000_000),
        "days": total.days,
        "hosts": clients,
    }
    spoke = {"service": "spoke", "name": "reached a name of", "port": "talked on a port of"}[by]
    message = (
        f"{total.orig_h} {spoke} {tunnel.name}, which {DOES[tunnel.form]}, with {total.far}: "
        f"{moved(total)} in {counted(total.conns, 'connection[|s]')}"
    )
    return record("tunnel_exit", total, parts=parts, figures=figures, message=message, said=said)
