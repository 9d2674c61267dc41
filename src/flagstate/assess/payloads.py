"""Payloads: is data of persons, or other sensitive data, sent to somebody whom nothing declares?

What a browser's archive or a log shows in a body names no sender. It is ours where a page of ours loaded it, or where
other records show that one of our addresses spoke with that server.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa

from flagstate import model
from flagstate.assess.custody import own_ranges
from flagstate.assess.finding import finding
from flagstate.catalog import data_class

Row = dict[str, Any]

SENT = "sent to "
"""How a container begins whose content went to a server."""
MOST = 200
"""Servers of which a finding is made, those with the most records first."""


def payloads(tables: Mapping[str, pa.Table]) -> pa.Table:
    """Conclude on what was seen in payloads.

    Args:
        tables: holding, reconciliation, reliance, flow, asset and network.

    Returns:
        Rows of `finding`, one per server: adverse where flows are declared at all, none of them covers the server, and
        it is known that the sender is ours. Who it is where that is not known, the findings of flows ask.
    """
    if "declared" not in tables["flow"]["stance"].unique().to_pylist():
        return model.empty(model.FINDING)
    sent: dict[str, list[Row]] = {}
    for row in tables["holding"].to_pylist():
        if row["stance"] == "observed" and row["state"] == "moved" and str(row["container"]).startswith(SENT):
            sent.setdefault(str(row["asset_id"]).removeprefix("host:"), []).append(row)
    found = list(_findings(sent, tables)) if sent else []
    found.sort(key=lambda row: (-row[0], str(row[1]["subject"])))
    return model.rows(model.FINDING, [row for _, row in found[:MOST]])


def _findings(sent: Mapping[str, list[Row]], tables: Mapping[str, pa.Table]) -> Iterator[tuple[int, Row]]:
    ledger: dict[str, list[Row]] = {}
    for row in tables["reconciliation"].to_pylist():
        ledger.setdefault(str(row["subject"]), []).append(row)
    pages = _pages(tables)
    ours = set(pages.values()) | _declared(tables)
    ranges = [ipaddress.ip_network(text, strict=False) for text in own_ranges(tables["network"])]
    for server, rows in sent.items():
        seen = ledger.get(server, [])
        if server in ours or _within(server, ranges):
            continue
        if any(row["result"] == "covered" or row["declared"] for row in seen):
            continue
        page = pages.get(server)
        if page is None and not any(row["result"] == "undeclared" for row in seen):
            continue
        grave = _grave(rows)
        if grave:
            yield max(row["records"] or 0 for row in grave), _finding(server, grave, page, seen)


def _declared(tables: Mapping[str, pa.Table]) -> set[str]:
    """Return the names and addresses under which declared assets answer."""
    rows = tables["asset"].select(["stance", "server_name", "addr"]).to_pylist()
    return {str(row[n]) for row in rows if row["stance"] == "declared" for n in ("server_name", "addr") if row[n]}


def _pages(tables: Mapping[str, pa.Table]) -> dict[str, str]:
    """Return the page of ours that loads each server, by the server's name."""
    ours = _declared(tables)
    rows = tables["reliance"].select(["from_name", "to_name"]).to_pylist()
    return {
        str(row["to_name"]): str(row["from_name"])
        for row in sorted(rows, key=lambda r: str(r["from_name"]), reverse=True)
        if row["from_name"] in ours and row["to_name"] not in ours
    }


def _within(server: str, ranges: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        found = ipaddress.ip_address(server)
    except ValueError:
        return False
    return any(found in one for one in ranges)


def _grave(rows: list[Row]) -> list[Row]:
    """Return the classes that tell of persons, or open something, and were found for sure."""
    known = {one.id: one for one in data_class.load()}
    kept = []
    for row in rows:
        one = known.get(row["data_class"])
        sensitive = one is not None and one.group != "technical" and bool(one.sense)
        if row["confidence"] != "low" and (sensitive or str(row["data_class"]).startswith("inferred_")):
            kept.append(row)
    return sorted(kept, key=lambda row: (-(row["records"] or 0), str(row["data_class"])))


def _finding(server: str, rows: list[Row], page: str | None, seen: list[Row]) -> Row:
    most = rows[0]
    classes = [str(row["data_class"]) for row in rows]
    persons = [row for row in rows if row["unit"] == "persons" and row["subjects_hi"] is not None]
    lo = max((row["subjects_lo"] or 0 for row in persons), default=None)
    hi = max((row["subjects_hi"] for row in persons), default=None)
    whom = "" if lo is None or hi is None else f", of {lo:,} person{'' if lo == 1 else 's'}"
    whom = f", of {lo:,} to {hi:,} persons" if lo is not None and hi is not None and lo != hi else whom
    named = f"{', '.join(classes[:5])}{' and more' if len(classes) > 5 else ''}"
    by = f" by a page of {page}" if page else ""
    records = most["records"] or 0
    return finding(
        "flows",
        "payload-undeclared",
        server,
        "yes",
        f"{server} was sent {named} ({records:,} record{'' if records == 1 else 's'}{whom}){by}; nothing declares it.",
        counterparty=next((str(row["operator_id"]) for row in seen if row["operator_id"]), None),
        outcome="assess",
        confidence="high",
        values={"records": records, "classes": classes[:20], "persons_lo": lo, "persons_hi": hi},
        facts=[str(row["fact_id"]) for row in rows][:20] + [str(f) for row in seen for f in row["observed"] or []][:20],
        rests_on="observed",
        innocent="A service that the operator of the page uses under a contract, and that nobody thought to declare.",
    )
