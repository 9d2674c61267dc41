"""Flows: a map of where data went, and each destination with its four countries side by side."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flagstate.report import figures
from flagstate.report.accesses import accesses
from flagstate.report.countries import points
from flagstate.report.destinations import SHOWN
from flagstate.report.grid import Field, Grid, grid
from flagstate.report.shapes import shapes
from flagstate.report.view import View

NAME = "flows"


def build(view: View) -> dict[str, Any]:
    """Return the map's data, what is not drawn, and the table of destinations."""
    found = view.destinations
    at = points()
    drawn = [
        {key: row[key] for key in ("country", "sent", "conns", "destinations", "state", "disputed")}
        | {"at": at[row["country"]]}
        for row in found.countries
        if row["country"] in at
    ]
    home = view.meta.home
    return {
        "answer": view.answer(NAME),
        "found": found,
        "drawn": {"countries": drawn, "home": [*at[home]] if home in at else None},
        "shapes": shapes(view),
        "accesses": accesses(view),
        "unseen": _unseen(view),
        "clients": _clients(view),
        "table": grid("flow", _fields(view), found.rows, total=found.total, more="flow", most=SHOWN),
    }


def _fields(view: View) -> tuple[Field, ...]:
    t, where = view.t, view.t("col.countries")
    return (
        Field(t("col.destination"), "two", lambda r: (r["resp_h"], ", ".join(r["names"]))),
        Field(t("col.operator"), "two", _operator, title=t("tip.operator")),
        Field(t("col.controller"), "text", lambda r: r["controller"] or "–", title=t("tip.controller")),
        Field(t("col.host"), "country", _host, where, t("tip.host")),
        Field(t("col.second"), "country", lambda r: r["host_country_second"] or "", where, t("tip.second")),
        Field(t("col.registrant"), "country", lambda r: r["registrant_country"] or "", where, t("tip.registrant")),
        Field(t("col.as"), "country", lambda r: r["as_country"] or "", where, t("tip.as")),
        Field(t("col.control"), "country", lambda r: r["controller_country"] or "", where, t("tip.control")),
        Field(t("col.place_confidence"), "chip", lambda r: _confidence(view, r), title=t("tip.confidence")),
        Field(t("col.sent"), "bytes", lambda r: r["sent"], title=t("tip.sent")),
        Field(t("col.received"), "bytes", lambda r: r["received"]),
        Field(t("col.pcr"), "text", _ratio, title=t("tip.pcr")),
        Field(t("col.conns"), "count", lambda r: r["conns"]),
        Field(t("col.failed"), "count", lambda r: r["failed"], title=t("tip.failed")),
        Field(t("col.state"), "chip", lambda r: view.chip("flow", r["state"]), title=t("tip.attempted")),
        Field(t("col.seen"), "span", lambda r: figures.days(r["first_ts_min"], r["last_ts_max"])),
    )


def _clients(view: View) -> Grid | None:
    """Return which client software spoke TLS, the rarest fingerprints of a host first: a new one is a new program."""
    rows = view.records("tls_client", most=CLIENTS, order=[("handshakes", "ascending"), ("fact_id", "ascending")])
    if not rows:
        return None
    t = view.t
    fields = (
        Field(t("col.from"), "mono", lambda r: r["orig_h"] or "–"),
        Field("JA4", "mono", lambda r: r["ja4"] or "–", title=t("tip.ja4")),
        Field("JA3", "mono", lambda r: r["ja3"] or "–", title=t("tip.ja4")),
        Field("ALPN", "mono", lambda r: r["next_protocol"] or "–"),
        Field(t("col.handshakes"), "count", lambda r: r["handshakes"]),
        Field(t("col.names"), "count", lambda r: r["name_count"]),
        Field(t("col.seen"), "span", lambda r: figures.window(r["first_ts"], r["last_ts"])),
    )
    return grid("tls_client", fields, rows, total=view.table("tls_client").num_rows, more="tls_client", most=CLIENTS)


CLIENTS = 300
"""Fingerprints that the page holds; the rest is in tables/tls_client.parquet."""

UNSEEN = 40
"""Rows of coverage that the page lists; all of them are on the page of the evidence."""


def _unseen(view: View) -> list[dict[str, Any]]:
    """Return what coverage says of traffic and accesses: what was missed, the gravest first."""
    rows = view.records("coverage")
    mine = [row for row in rows if row["noun"] in ("flow", "activity") and row["remark"]]
    rank = {"no": 0, "unknown": 1, "yes": 2}
    # Many captures say the same of themselves: once is enough here, which of them stands on the page of the evidence.
    alike = Counter((row["complete"], row["remark"], row["todo"]) for row in mine)
    first = {(row["complete"], row["remark"], row["todo"]): row for row in reversed(mine)}
    said = [
        row if alike[key] == 1 else row | {"remark": f"{row['remark']} (× {alike[key]})", "share_seen": None}
        for key, row in first.items()
    ]
    said.sort(key=lambda row: (rank.get(row["complete"], 1), row["share_seen"] or 0.0, row["remark"]))
    return said[:UNSEEN]


def _host(row: dict[str, Any]) -> str:
    """Return the country of the host; an anycast address has none."""
    return "" if row["anycast"] else row["provider_country"] or row["host_country"] or ""


def _operator(row: dict[str, Any]) -> tuple[str, str]:
    network = f"AS{row['asn']}" if row["asn"] else ""
    name = row["as_name"] or ""
    # The name of a network's holder is no operator: a line stands for what is not known.
    return (row["operator"] or "–", " ".join(part for part in (network, name) if part))


def _ratio(row: dict[str, Any]) -> str:
    both = (row["sent"] or 0) + (row["received"] or 0)
    return (
        f"{(row['sent'] - row['received']) / both:+.2f}" if both and None not in (row["sent"], row["received"]) else "–"
    )


def _confidence(view: View, row: dict[str, Any]) -> tuple[str, str]:
    if row["anycast"]:
        return view.chip("place", "anycast")
    if row["provider_country"]:
        return view.chip("place", "provider")
    return view.chip("place", row["confidence"] or "none")
