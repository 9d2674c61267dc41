"""Names that are asked of a resolver through TLS, HTTPS or QUIC: who is asked, and whether it is known.

Told by the port of DNS over TLS or QUIC (RFC 7858, RFC 9250), by the name of the resolver, or by its address. Whether
a resolver was declared is not decided here. What it cannot see: DNS over HTTPS to a server that no list knows and
whose name does not say so; what is asked.
"""

from __future__ import annotations

import re

import pyarrow as pa

from flagstate.catalog import services
from flagstate.enrich.behave import row
from flagstate.enrich.behave.seen import Seen
from flagstate.enrich.behave.totals import Total, gathered, moved, named, quoted, ramp, record
from flagstate.model.counted import counted

PORT = 853
"""Of DNS over TLS (tcp) and DNS over QUIC (udp)."""
PORTS = f"(resp_p = {PORT} AND proto IN ('tcp', 'udp'))"
WEB = (443, 8443)
"""Ports on which DNS over HTTPS is served."""
LIKELY = re.compile(r"(?:^|[.-])(?:doh|dot|doq|dns-query|dns-over-https|odoh)\d{0,3}[.-]|^dns\d{0,2}\.")
"""What names of such resolvers have in common."""
SAID = 0.3
"""Scores below are not kept."""
BROWSER, LIKE = 0.35, 0.3
"""How well the innocent explanation fits: a public resolver, which people choose and programs bring along by
default, a name that only looks so."""


def find(seen: Seen) -> pa.Table:
    """Return questions through encryption."""
    by_name = named(seen, services.resolver_names())
    likely = "regexp_matches(coalesce(server_name, ''), '(^|[.-])(doh|dot|doq|dns|odoh)')"
    addrs = quoted(services.resolver_addrs())
    where = (
        f"orig_h IS NOT NULL AND ({PORTS} OR (resp_p IN {WEB} AND (server_name IN {quoted(by_name)} "
        f"OR resp_h IN {addrs} OR {likely})))"
    )
    records = (_judged(total, by_name) for total in gathered(seen, where, services="max(service)"))
    return row.table(record for record in records if record is not None)


def _judged(total: Total, by_name: dict[str, services.Resolver]) -> dict[str, object] | None:
    resolver = by_name.get(total.server_name or "") or services.resolver_addrs().get(total.one_resp_h or "")
    port = total.resp_p == PORT
    like = bool(LIKELY.search(total.server_name or ""))
    if total.inside or not (port or resolver or like):
        return None
    if resolver is not None and not port and total.server_name and total.server_name not in by_name and not like:
        # The address also serves pages, and this client asked it for another name.
        return None
    recognised = (total.service or "") in ("ssl", "quic", "dtls", "dns", "http2", "ssl,dns")
    parts = {
        "port": 1.0 if port else 0.0,
        "known_name": 1.0 if total.server_name in by_name else 0.0,
        "known_address": 1.0 if resolver is not None and total.server_name not in by_name else 0.0,
        "name_says_so": 1.0 if like else 0.0,
        "encrypted": 1.0 if recognised else 0.0 if total.service else 0.5,
        "answered": ramp(total.answered, 0, 1),
    }
    sure = 0.85 if port or total.server_name in by_name else 0.8 if resolver is not None else 0.72
    if port and total.service and not recognised:
        sure = 0.6
    sure += 0.1 if port and (recognised or resolver is not None) else 0.0
    innocent, benign = _innocent(total, resolver, port=port)
    score = sure * (1 - benign)
    if score < SAID:
        return None
    return _row(total, resolver, parts, (innocent, benign, score))


def _innocent(total: Total, resolver: services.Resolver | None, *, port: bool) -> tuple[str, float]:
    if resolver is not None and not port:
        said = f"A browser or phone that asks {resolver.name} through HTTPS by default; its policy can turn that off"
        return said, BROWSER
    if resolver is not None:
        return f"A device set to the public resolver of {resolver.name} (Android's private DNS, a router)", BROWSER
    if not port:
        return "A service whose name only looks like that of a resolver", LIKE
    return "A resolver of one's own provider or of a firm, to which devices were set", 0.15


def _row(
    total: Total, resolver: services.Resolver | None, parts: dict[str, float], said: row.Said
) -> dict[str, object]:
    way = "TLS" if total.resp_p == PORT and total.proto == "tcp" else "QUIC" if total.resp_p == PORT else "HTTPS"
    who = f"the resolver of {resolver.name}" if resolver else "a resolver that no list knows"
    figures: dict[str, float | int | str] = {
        "resolver": resolver.name if resolver else "unknown",
        "status": resolver.status if resolver else "not listed",
        "over": way,
        "conns": total.conns,
        "failed_conns": total.failed,
        "bytes_up": total.orig_bytes,
        "bytes_down": total.resp_bytes,
        "days": total.days,
        "hours": total.hours,
    }
    message = (
        f"{total.orig_h} asked {who} ({total.far}) for names through {way}: {counted(total.conns, 'connection[|s]')} "
        f"in {counted(total.hours, 'hour[|s]')}, {moved(total)}; which names is not seen"
    )
    return record("encrypted_dns", total, parts=parts, figures=figures, message=message, said=said)
