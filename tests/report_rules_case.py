# ruff: noqa: E501 (rows of an invented case read best as rows)
"""Findings of invented laws: every outcome, exemption, status and way of standing to a bar."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pyarrow as pa

from flagstate import model
from flagstate.report import Meta
from report_case import META, case

LAWS = {
    "us_data": {
        "title": {"en": "US Data Act", "fr": "Loi américaine sur les données"}, "citation": "28 USX 7", "jurisdiction": "US",
        "rules": {
            "US-DAT-01": {"en": "Vendor agreement", "fr": "Contrat de prestation"},
            "US-DAT-02": {"en": "Sale", "fr": "Vente"},
            "US-DAT-03": {"en": "Register", "fr": "Registre"},
        },
    },
    "eu_rule": {"title": {"en": "EU Rule", "fr": "Règle européenne"}, "citation": "Reg. 9/2030", "jurisdiction": "EU", "rules": {"EU-RUL-01": {"en": "Transfer", "fr": "Transfert"}}},
    "eu_quiet": {"title": {"en": "Quiet Act", "fr": "Loi muette"}, "citation": "Reg. 10/2030", "jurisdiction": "EU", "rules": {"EU-QUI-01": {"en": "Quiet", "fr": "Muet"}}},
}  # fmt: skip
"""Three laws, of which one finds nobody."""


def meta(**more: Any) -> Meta:
    """Return what the report says of itself, with the laws."""
    return replace(META, **({"laws": LAWS} | more))


def finding(key: str, rule: str, verdict: str, outcome: str | None, message: str, **more: Any) -> dict[str, Any]:
    """Return one finding of a rule; `values` and `french` as mappings."""
    french = {
        "message": f"FR {message}",
        "missing": [f"FR {one}" for one in more.get("missing", ())],
        "measures": [f"FR {one}" for one in more.get("measures", ())],
        "title": "FR title",
    }
    base = {
        "finding_id": key, "question": "rules", "rule_id": rule, "subject": "est:clinic", "counterparty": "est:cloud",
        "verdict": verdict, "outcome": outcome, "level": "high" if verdict == "yes" else "info", "message": message,
        "confidence": None if verdict == "unknown" else "high", "rests_on": "configured", "citation": f"sec. {rule}",
        "status": "sourced", "facts": ["h1", "h2"], "french": json.dumps(french, ensure_ascii=False),
    }  # fmt: skip
    more = {name: json.dumps(value) if name in ("values", "bounds") else value for name, value in more.items()}
    return base | more


def counted(key: str, low: int | None, high: int | None, verdict: str, **more: Any) -> dict[str, Any]:
    """Return a finding that turns on a count."""
    values = {
        "count_lo": low,
        "count_hi": high,
        "threshold": 10_000,
        "unit": "US persons",
        "category": "us_28cfr202/personal_health",
    }
    outcome = "ok" if verdict == "no" else "restricted"
    row = {"subject": f"est:clinic-{key}", "values": values} | more
    return finding(key, "US-DAT-01", verdict, outcome, f"{key}: {low} to {high} patients", **row)


ROWS = [
    counted("over", 12_345, 20_000, "yes", missing=[], measures=["Take another vendor → ok"], exemption="refused: 28 USX 9: purpose analytics", counterparty="est:cloud"),
    counted("bar", 9_000, 10_001, "unknown", missing=["How many distinct persons: from the store itself"], measures=["Take another vendor → ok"]),
    counted("even", 10_000, 10_000, "no", exemption="applied: 28 USX 9: purpose order_fulfilment"),
    counted("under", 10, 900, "no"),
    counted("endless", 300, None, "unknown", missing=["An upper bound"]),
    finding("sale", "US-DAT-02", "yes", "prohibited", "clinic sells data to broker", level="critical", rests_on="declared", confidence="medium", status="to verify", bounds={"from": "2026-01-01"}),
    finding("reg", "US-DAT-03", "no", "not applicable", "Would be breach: clinic is not on the register", status="interpretive, proposed", values={"would_be": "breach", "would_verdict": "yes", "seats": 3, "public": False}),
    finding("old", "EU-RUL-01", "unknown", "assess", "clinic sends to cloud", status="sourced, stale", missing=["A newer reading of the law"]),
    finding("none", "EU-RUL-01", "no", "not applicable", "No personal data leave", counterparty=None),
    finding("own", "MY-OWN-01", "yes", "notify", "A rule of a law that the report does not know", facts=[]),
    {"finding_id": "refused", "question": "rules", "rule_id": "rules-refused", "subject": "broken_law", "verdict": "unknown", "message": "The law broken_law did not run: broken_law/law.yaml:3: a status is wrong", "missing": ["Correct its files; the other laws ran."]},
]  # fmt: skip


def series(low: int, high: int) -> str:
    """Return a year of months that grow, with a hole in it."""
    return json.dumps({f"2026-{month:02d}": [low * month, high * month] for month in range(1, 13) if month != 7})


def ruled(rows: list[dict[str, Any]] | None = None) -> dict[str, pa.Table]:
    """Return the small case with findings of rules in place of its own."""
    tables = case()
    others = [row for row in tables["finding"].to_pylist() if row["question"] != "rules"]
    tables["finding"] = model.rows(model.FINDING, [*others, *(ROWS if rows is None else rows)])
    counts = [
        {"asset_id": "est:wms", "container": f"t{at}", "kind": "category", "category": category, "facts": ["h1"], "series": text}
        for at, (category, text) in enumerate(
            [("us_28cfr202/personal_health", series(100, 200)), ("us_28cfr202/personal_health", series(50, 60)),
             ("us_28cfr202/geolocation", series(9, 9)), ("us_28cfr202/personal_health", '{"2025": [1, 2]}')]
        )
    ]  # fmt: skip
    tables["person_count"] = model.rows(model.NOUNS["person_count"], counts)
    return tables
