"""Behaviours: traffic whose shape may be a leak, held against what was declared."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Mapping
from datetime import date

import pyarrow as pa

from flagstate import model
from flagstate.assess import far_end
from flagstate.assess.custody import own_ranges
from flagstate.assess.destination import MEETS, Book, Destination, patterns
from flagstate.assess.finding import bytes_in_words, finding
from flagstate.assess.flows import NAME_NETWORKS
from flagstate.model.counted import counted

SAID = 0.5
"""From this score on a behaviour is said; below it is only listed."""

SURE, LIKELY = 0.85, 0.7
"""Scores from which a finding has high and medium confidence: fixed where the benchmark's false alarms end."""

MOST = 100
"""Findings of one kind beyond this are put together in one."""

BY_NAME = frozenset({"dns_tunnel"})
"""Kinds whose far end is a domain: the address that answered is only a resolver, and may well be ours."""

VOLUMES = frozenset({"bulk_upload", "slow_leak", "dns_tunnel", "clear_text"})
"""Kinds that a declared destination does not settle: what goes there, or how much, may not be what was meant."""

KINDS = {
    "beacon": "A steady rhythm",
    "dns_tunnel": "Data in DNS names",
    "encrypted_dns": "Names asked of another resolver",
    "carrier": "Data in a protocol that is not for it",
    "bulk_upload": "An upload out of all proportion",
    "slow_leak": "A slow leak",
    "long_connection": "A connection that stays open",
    "first_seen": "A destination that is new",
    "wrong_port": "A protocol on a port that is not its own",
    "clear_text": "Sensitive classes in clear text",
    "tunnel_exit": "A tunnel that ends outside",
}

ASK = "Ask who runs the program on that host, and what it is for; then declare it, stop it, or say what explains it (`flagstate judge`)."  # noqa: E501

Row = Mapping[str, object]


def behaviours(tables: Mapping[str, pa.Table], as_of: date) -> dict[str, pa.Table]:
    """Hold behaviours against the declaration.

    Args:
        tables: behaviour, flow, network, endpoint, interest, asset and place.
        as_of: The day on which places and ownership must hold.

    Returns:
        `behaviour` with `standing` filled, and rows of `finding`: adverse where one end is ours and nothing declares
        the other; unknown where it is not known whose ends they are, and where the destination is declared but the
        volume is unusual. What only tried, and sent 0 bytes, is said to be an attempt.
    """
    table = tables["behaviour"]
    if not table.num_rows:
        return {}
    book, ends = Book(patterns(tables)), far_end.known(tables, as_of)
    nets = [ipaddress.ip_network(cidr, strict=False) for cidr in own_ranges(tables["network"])]
    rows = table.to_pylist()
    for row in rows:
        row["standing"] = _declared(row, book, ends, nets)
    said = [row for row in rows if row["score"] >= SAID and row["standing"] != "inside"]
    found: list[dict[str, object]] = []
    for kind in KINDS:
        found += _findings([row for row in said if row["kind"] == kind])
    return {"behaviour": model.rows(model.BEHAVIOUR, rows), "finding": model.rows(model.FINDING, found)}


def _declared(
    row: Row, book: Book, ends: far_end.Ends, nets: list[ipaddress.IPv4Network | ipaddress.IPv6Network]
) -> str:
    near = _inside(row["orig_h"], nets)
    if row["kind"] not in BY_NAME and _inside(row["resp_h"], nets):
        # Callers from outside are no flow of ours to a destination; between our own networks nothing leaves.
        return "inside" if near or row["orig_h"] is None else "unknown"
    if not nets or (row["orig_h"] is not None and not near):
        return "unknown"
    addr = None if row["kind"] in BY_NAME else _text(row["resp_h"])
    name = None if row["far"] == addr else _text(row["far"])
    place = ends.places.get(str(addr), far_end.NOWHERE)
    far = Destination(
        name,
        addr,
        place.country,
        ends.operators(addr, name),
        port if isinstance(port := row["resp_p"], int) else None,
        _text(row["orig_h"]),
        disputed=place.disputed,
        proto=_text(row["proto"]),
        day=to.date() if hasattr(to := row["to_ts"], "date") else None,
    )
    met = (p for p in book.about(far) if p.stance == "declared" and p.fit(far, inbound=False).state == MEETS)
    return "yes" if next(met, None) is not None else "no"


def _inside(addr: object, nets: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        found = ipaddress.ip_address(str(addr))
    except ValueError:
        return False
    return any(found in net for net in nets)


def _findings(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    adverse = [row for row in rows if row["standing"] == "no"]
    found = [_adverse(row) for row in adverse[:MOST]]
    if len(adverse) > MOST:
        found.append(_rest(adverse[MOST:]))
    open_ = [row for row in rows if row["standing"] == "unknown"]
    found += [_open(row, "It is not known which end is yours.", [NAME_NETWORKS]) for row in open_[:MOST]]
    unusual = [row for row in rows if row["standing"] == "yes" and row["kind"] in VOLUMES]
    todo = "Compare it with what was agreed: the declaration names the destination, not how much goes there."
    found += [_open(row, "The destination is declared.", [todo]) for row in unusual[:MOST]]
    return found


def _subject(row: Row) -> str:
    port = "" if row["resp_p"] is None or row["kind"] in BY_NAME else f" port {row['resp_p']}"
    return f"{row['orig_h'] or 'several hosts'} to {row['far'] or 'several destinations'}{port}"


def _values(row: Row) -> dict[str, object]:
    told: dict[str, object] = json.loads(str(row["figures"] or "{}"))
    return told | {"score": row["score"], "sent_bytes": row["orig_bytes"], "conns": row["conns"]}


def _adverse(row: Row) -> dict[str, object]:
    score = float(str(row["score"]))
    confidence = "high" if score >= SURE else "medium" if score >= LIKELY else "low"
    return finding(
        "flows",
        f"behaviour-{row['kind']}",
        _subject(row),
        "yes",
        f"{_message(row)} Nothing declares it.",
        outcome="assess",
        # An attempt lost nothing: it never weighs like a loss.
        confidence="low" if row["attempted"] else confidence,
        values=_values(row),
        facts=_texts(row["facts"]),
        rests_on="observed",
        innocent=_text(row["innocent"]),
        missing=[ASK],
    )


def _open(row: Row, why: str, missing: list[str]) -> dict[str, object]:
    return finding(
        "flows",
        f"behaviour-{row['kind']}",
        _subject(row),
        "unknown",
        f"{_message(row)} {why}",
        values=_values(row),
        facts=_texts(row["facts"]),
        rests_on="observed",
        innocent=_text(row["innocent"]),
        missing=missing,
    )


def _message(row: Row) -> str:
    text = str(row["message"]).rstrip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _rest(rows: list[dict[str, object]]) -> dict[str, object]:
    """Put what is beyond the bound together."""
    sent = sum(int(str(row["orig_bytes"] or 0)) for row in rows)
    kind = str(rows[0]["kind"])
    return finding(
        "flows",
        f"behaviour-{kind}",
        "further pairs",
        "yes",
        f"{KINDS[kind]}, in {counted(len(rows), 'further pair[|s]')}, with {bytes_in_words(sent)} sent; "
        "nothing declares them.",
        outcome="assess",
        confidence="low",
        values={"pairs": len(rows), "sent_bytes": sent},
        facts=[fact for row in rows for fact in _texts(row["facts"])[:1]][:50],
        rests_on="observed",
    )


def _text(value: object) -> str | None:
    return str(value) if value is not None else None


def _texts(value: object) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else []
