"""Sensitive classes that passed unencrypted: payloads in which they were found, over flows that nothing encrypts.

A payload that was seen is a holding with the state `moved`, at the server that it went to or came from. It is clear
where the flows with this server, in the same evidence, speak HTTP, SMTP, FTP or the like and no TLS. What it cannot
see: payloads that were not captured, or that are encoded in a form of their own; whether a later hop encrypts. A
browser's archive shows encrypted payloads too: with port 443 they do not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flagstate.catalog import data_class
from flagstate.enrich.behave import row
from flagstate.enrich.behave.row import MANY_FACTS
from flagstate.model.counted import counted

CLEAR = ("http", "smtp", "ftp", "ftp-data", "imap", "pop3", "telnet", "irc", "sip", "mqtt", "ldap", "ldap_tcp", "tftp",
         "mysql", "postgresql", "redis", "syslog", "snmp", "xmpp", "tds", "smb")  # fmt: skip
"""Protocols without encryption of their own."""
SECURE = ("ssl", "tls", "quic", "dtls", "https", "ssh")
"""What encrypts; also where it is named beside another."""
SECURE_PORTS = (443, 465, 636, 853, 989, 990, 993, 995, 5061, 8443, 8883)
"""Ports on which TLS is spoken, where a source names only what is inside."""
WORST = ("art9", "art10")
GRAVE = ("secrets", "financial", "identity")
"""Groups of classes that open something, or stand for a person."""
SAID = 0.3
"""Scores below are not kept."""
WAYS = {"sent": "went to", "received": "came from"}
MOST = 5_000
"""Servers that are looked at, those with the most records first."""
MOST_FLOWS = 500_000
"""Flows with them that are looked at, the largest first."""
COLUMNS = ["orig_h", "resp_h", "resp_p", "proto", "service", "server_name", "conns", "orig_bytes", "resp_bytes",
           "unsized_conns", "first_ts", "last_ts", "fact_id"]  # fmt: skip


def find_moved(tables: Mapping[str, pa.Table]) -> pa.Table:
    """Return payloads with sensitive classes that passed in clear.

    Args:
        tables: `holding` and `flow`; others are not looked at.

    Returns:
        Rows of `behaviour` of the kind `clear_text`, one per server.
    """
    listed = [
        one
        for one in tables["holding"].to_pylist()
        if one["state"] == "moved" and one["stance"] == "observed" and str(one["asset_id"]).startswith("host:")
    ]
    together: dict[str, list[Mapping[str, Any]]] = {}
    for one in listed:
        together.setdefault(str(one["asset_id"])[5:], []).append(one)
    most = sorted(together, key=lambda key: (-sum(_records(one) for one in together[key]), key))[:MOST]
    flows = _flows(tables["flow"], set(most))
    made = (_judged(server, together[server], flows.get(server, [])) for server in most)
    return row.table(one for one in made if one is not None)


def _way(container: str | None) -> str:
    return "received" if str(container or "").startswith("received from ") else "sent"


def _records(one: Mapping[str, Any]) -> int:
    return int(one["records"] or 0)


def _flows(table: pa.Table, servers: set[str]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the observed flows of each server, by its name or address."""
    known = pa.array(sorted(servers), pa.string())
    at = pc.or_(pc.is_in(table["server_name"], known), pc.is_in(table["resp_h"], known))
    kept = table.select(COLUMNS).filter(pc.and_(at, pc.equal(table["stance"], "observed")))
    found: dict[str, list[Mapping[str, Any]]] = {}
    for one in kept.sort_by([("orig_bytes", "descending"), ("fact_id", "ascending")]).slice(0, MOST_FLOWS).to_pylist():
        found.setdefault(one["server_name"] if one["server_name"] in servers else one["resp_h"], []).append(one)
    return found


def clear(flow: Mapping[str, Any]) -> bool:
    """Whether nothing encrypts a flow, as far as its service and port say."""
    words = [word.strip() for word in str(flow["service"] or "").lower().split(",")]
    if any(word in SECURE for word in words) or flow["resp_p"] in SECURE_PORTS:
        return False
    return any(word in CLEAR for word in words)


def grave(classes: Iterable[str]) -> tuple[float, list[str]]:
    """Return how sensitive classes are, 0 to 1, and those that make it so."""
    known = {one.id: one for one in data_class.load()}
    weighed: dict[str, float] = {}
    for name in set(classes):
        one = known.get(name)
        sense, group = (one.sense, one.group) if one is not None else ("", "")
        special = sense in WORST or name.startswith("inferred_")
        weighed[name] = 1.0 if special or group in GRAVE else 0.7 if sense == "ordinary" else 0.35
        if group == "technical":
            weighed[name] = 0.3
    most = max(weighed.values(), default=0.0)
    return most, sorted(name for name, value in weighed.items() if value >= min(most, 0.7))


def _judged(server: str, held: list[Mapping[str, Any]], flows: list[Mapping[str, Any]]) -> dict[str, object] | None:
    plain = [flow for flow in flows if clear(flow)]
    if not plain:
        return None
    sure = [one for one in held if one["confidence"] != "low"]
    severity, classes = grave(str(one["data_class"]) for one in sure)
    if not classes:
        return None
    ways = {
        way: sorted({str(one["data_class"]) for one in sure if _way(one["container"]) == way} & set(classes))
        for way in ("sent", "received")
    }
    conns = sum(int(flow["conns"] or 0) for flow in plain)
    share = conns / max(sum(int(flow["conns"] or 0) for flow in flows), 1)
    records = max(_records(one) for one in held if str(one["data_class"]) in classes)
    parts = {"sensitivity": severity, "share_in_clear": share, "sent": 1.0 if ways["sent"] else 0.6}
    benign = 0.1
    score = 0.95 * severity * (0.5 + 0.5 * share) * (0.8 + 0.2 * parts["sent"]) * (1 - benign)
    if score < SAID:
        return None
    clients = {flow["orig_h"] for flow in plain}
    services = sorted({str(flow["service"]) for flow in plain})
    figures: dict[str, float | int | str] = {
        "classes_sent": ", ".join(ways["sent"][:20]),
        "classes_received": ", ".join(ways["received"][:20]),
        "records": records,
        "service": ", ".join(services[:5]),
        "conns_in_clear": conns,
        "share_in_clear": round(share, 3),
        "hosts": len(clients),
    }
    told = [f"{', '.join(listed[:5])} {WAYS[way]} {server}" for way, listed in ways.items() if listed]
    message = (
        f"In clear text ({', '.join(services[:3])}): {' and '.join(told)}, {counted(records, 'record[|s]')} at least"
    )
    largest = sorted(plain, key=lambda flow: (-int(flow["orig_bytes"] or 0), str(flow["fact_id"])))
    addrs, ports = ({flow[name] for flow in plain} for name in ("resp_h", "resp_p"))
    times = [(flow["first_ts"], flow["last_ts"]) for flow in plain if flow["first_ts"] and flow["last_ts"]]
    return row.row(
        "clear_text", orig_h=clients.pop() if len(clients) == 1 else None, far=server,
        resp_h=addrs.pop() if len(addrs) == 1 else None, resp_p=ports.pop() if len(ports) == 1 else None,
        proto=plain[0]["proto"], parts=parts, figures=figures, message=message,
        innocent="A test system, or a network that is trusted as a whole; encryption costs nothing there either",
        benign=benign, score=score, conns=conns,
        orig_bytes=sum(int(flow["orig_bytes"] or 0) for flow in plain),
        resp_bytes=sum(int(flow["resp_bytes"] or 0) for flow in plain),
        from_us=_us(min(first for first, _ in times)) if times else None,
        to_us=_us(max(last for _, last in times)) if times else None,
        facts=[str(flow["fact_id"]) for flow in largest[:MANY_FACTS]],
        unsized=any(flow["unsized_conns"] for flow in plain),
    )  # fmt: skip


def _us(moment: Any) -> int:  # noqa: ANN401
    return int(moment.timestamp() * 1_000_000)
