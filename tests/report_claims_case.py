# ruff: noqa: E501 (rows of an invented case read best as rows)
"""Claims of an invented case for the report: one of every verdict, with sources, changes and findings."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pyarrow as pa

from flagstate import model
from report_case import T0, T1, case

SOURCES: list[dict[str, Any]] = [
    {"source_id": "est:agency", "source_form": "report", "outlet": "A news agency", "on_date": dt.date(2025, 1, 18), "anonymous": True},
    {"source_id": "est:daily", "source_form": "report", "outlet": "A financial daily", "on_date": dt.date(2026, 2, 5)},
    {"source_id": "est:service", "source_form": "statement", "outlet": "A security service", "on_date": dt.date(2026, 2, 5)},
    {"source_id": "est:memo", "source_form": "document", "outlet": "A memo that a daily saw", "on_date": dt.date(2026, 5, 14), "anonymous": True, "verified": "no"},
    {"source_id": "est:customs", "source_form": "dataset", "outlet": "Customs figures", "on_date": dt.date(2026, 1, 31)},
    {"source_id": "est:blog", "source_form": "rewrite", "outlet": "A trade blog", "on_date": dt.date(2026, 2, 9), "derived_from": ["est:daily"]},
    {"source_id": "est:portal", "source_form": "translation", "outlet": "A portal in another language", "on_date": dt.date(2026, 2, 7), "derived_from": ["est:daily", "est:customs"]},
    {"source_id": "est:lost", "source_form": "copy", "outlet": "A copy of an unnamed text"},
]  # fmt: skip

CLAIMS: list[dict[str, Any]] = [
    {
        "claim_id": "est:c-keys", "sentence": "Nobody outside Belgium reaches the warehouse system.", "claim_kind": "promise", "speaker": "the hub’s operator",
        "outlet": "A financial daily", "on_date": dt.date(2026, 2, 5), "source_ids": ["est:daily"], "stances": json.dumps({"the union": "deny"}),
        "test": json.dumps({"of": "est:wms", "access_only_from": ["BE"]}),
    },
    {
        "claim_id": "est:c-stored", "sentence": "The hub’s data are stored in Germany.", "claim_kind": "promise", "speaker": "a spokesperson of the logistics group",
        "outlet": "A financial daily", "on_date": dt.date(2026, 2, 5), "source_ids": ["est:daily", "est:portal"],
        "test": json.dumps({"of": "est:store", "place_in": ["DE"], "operator_is": "ent:alibaba-cloud"}), "does_not_say": ["That a copy does not stand elsewhere."],
    },
    {
        "claim_id": "est:c-beijing", "sentence": "Parcel data are sent to another continent.", "claim_kind": "allegation", "speaker": "a trade blog",
        "outlet": "A trade blog", "on_date": dt.date(2026, 2, 9), "hedging": "would be", "source_ids": ["est:blog"], "derived_from": ["est:c-possible"],
        "stances": json.dumps({"the logistics group": "deny", "the ministry": "no_comment"}), "test": json.dumps({"of": "est:wms", "no_flow_to": ["country:CN"]}),
    },
    {
        "claim_id": "est:c-possible", "sentence": "The service works to detect possible espionage at the hub.", "claim_kind": "fact", "speaker": "a security service",
        "outlet": "A financial daily", "on_date": dt.date(2026, 2, 5), "source_ids": ["est:daily", "est:service"],
    },
    {
        "claim_id": "est:c-parcels", "sentence": "326 million parcels, 1.1 million tonnes, passed last year.", "claim_kind": "number", "speaker": "a financial daily",
        "on_date": dt.date(2026, 2, 5), "source_ids": ["est:daily"], "derived_from": ["est:customs"],
        "claim_figures": json.dumps({"mass": {"lo": 1_100_000, "hi": 1_100_000, "unit": "t"}, "parcels": {"lo": 326_000_000, "hi": 326_000_000, "unit": "parcel"}}),
        "test": json.dumps({"figure_consistent_with": {"figure": "mass", "per": "parcels", "between": [0.1, 2.5], "unit": "kg", "because": "e-commerce parcels weigh less"}}),
    },
    {
        "claim_id": "est:c-hall", "sentence": "The hall measures 30,000 square feet.", "claim_kind": "number", "speaker": "a portal", "outlet": "A portal in another language",
        "on_date": dt.date(2026, 2, 7), "source_ids": ["est:portal"], "derived_from": ["est:c-hall-first"], "claim_figures": json.dumps({"area": {"lo": 30000, "hi": 30000, "unit": "ft**2"}}),
    },
    {
        "claim_id": "est:c-hall-first", "sentence": "The hall measures 30,000 square metres.", "claim_kind": "number", "speaker": "a financial daily",
        "on_date": dt.date(2026, 2, 5), "source_ids": ["est:daily"], "claim_figures": json.dumps({"area": {"lo": 30000, "hi": 30000, "unit": "m**2"}}),
    },
    {
        "claim_id": "est:c-army", "sentence": "The group gave an army access to payment records.", "claim_kind": "allegation", "speaker": "a memo", "outlet": "A financial daily",
        "on_date": dt.date(2026, 5, 14), "source_ids": ["est:memo"], "stances": json.dumps({"the group": "deny", "an embassy": "deny", "a ministry": "no_comment"}),
        "remark": "The daily says that it could not verify the memo.",
    },
    {
        "claim_id": "est:c-later", "sentence": "At most 1,000 persons are in the support tool.", "claim_kind": "promise", "speaker": "the hub’s operator",
        "test": json.dumps({"of": "est:tool", "count_at_most": 1000}),
    },
]  # fmt: skip

QUERY = "SELECT country, count(*) AS n\nFROM activity\nWHERE asset_id = ? AND from_country NOT IN (?)\nGROUP BY country\n-- parameters: ['est:wms', 'BE']"

VERDICTS: list[dict[str, Any]] = [
    {
        "claim_id": "est:c-keys", "verb": "access_only_from", "asset_id": "est:wms", "claim_verdict": "contradicted", "rows_for": 41, "rows_against": 7,
        "message": "7 of 48 kinds of access to the warehouse system came from China, on 5 days.", "french": "7 des 48 genres d’accès au système d’entrepôt venaient de Chine, sur 5 jours.",
        "facts": [f"fact-{n}" for n in range(9)], "from_ts": T0, "to_ts": T1, "remainder": ["Access from within is not in these logs."],
        "does_not_say": ["That nobody connects through a proxy in Belgium."], "query": QUERY, "rests_on": "observed", "confidence": "high",
    },
    {
        "claim_id": "est:c-stored", "verb": "place_in", "asset_id": "est:store", "claim_verdict": "supported", "rows_for": 2, "rows_against": 0,
        "message": "The bucket and the database stand in Germany: configured.", "french": "Le compartiment et la base se trouvent en Allemagne : configuré.", "facts": ["fact-a"],
        "remainder": ["Copies that nobody configured here."], "does_not_say": ["That it stays there.", "That nobody elsewhere can reach it."], "query": QUERY, "rests_on": "configured", "confidence": "medium",
    },
    {
        "claim_id": "est:c-stored", "verb": "operator_is", "asset_id": "est:store", "claim_verdict": "supported", "rows_for": 1, "rows_against": 0,
        "message": "Alibaba Cloud runs it.", "does_not_say": ["That its owner cannot be compelled."], "rests_on": "configured", "confidence": "medium",
    },
    {
        "claim_id": "est:c-beijing", "verb": "no_flow_to", "asset_id": "est:wms", "claim_verdict": "not_observed", "rows_for": 0, "rows_against": 0, "from_ts": T0, "to_ts": T1, "share_seen": 0.9994,
        "message": "Not observed from 1 to 7 June: the sensor saw 99.9 % of the bytes at one border.", "remainder": ["Traffic before 1 June and after 7 June.", "Other ways out than this border."],
        "missing": ["A log of at least 30 days from every way out."], "does_not_say": ["Other routes, other times, encrypted contents."], "query": QUERY, "rests_on": "observed",
    },
    {
        "claim_id": "est:c-parcels", "verb": "figure_consistent_with", "claim_verdict": "questionable", "message": "1,100,000 t for 326,000,000 parcels are 3.37 kg each, outside 0.1 to 2.5 kg: two populations?",
        "missing": ["Mass and number of the same population."],
    },
    *({"claim_id": key, "claim_verdict": "not_testable", "message": "It has no test.", "missing": []} for key in ("est:c-possible", "est:c-hall", "est:c-hall-first", "est:c-army")),
]  # fmt: skip

PROVENANCE: list[dict[str, Any]] = [
    {"claim_id": "est:c-keys", "assertions": 1, "primaries": ["est:daily"], "independent": 1, "unnamed": 0, "circular": False, "denied_by": ["the union"]},
    {"claim_id": "est:c-stored", "assertions": 2, "primaries": ["est:daily"], "independent": 1, "unnamed": 0, "circular": False},
    {"claim_id": "est:c-beijing", "assertions": 4, "primaries": ["est:daily", "est:service"], "independent": 2, "unnamed": 0, "circular": False, "denied_by": ["the logistics group"], "no_comment_by": ["the ministry"]},
    {"claim_id": "est:c-hall", "assertions": 2, "primaries": ["est:daily"], "independent": 1, "unnamed": 0, "circular": False},
    {"claim_id": "est:c-parcels", "assertions": 2, "primaries": ["est:customs"], "independent": 1, "unnamed": 0, "circular": False},
    {"claim_id": "est:c-army", "assertions": 1, "primaries": ["est:memo"], "independent": 1, "unnamed": 1, "circular": False, "denied_by": ["the group", "an embassy"], "no_comment_by": ["a ministry"], "unverified_by": ["est:memo"]},
]  # fmt: skip

MUTATIONS: list[dict[str, Any]] = [
    {"claim_id": "est:c-hall", "parent_id": "est:c-hall-first", "mutation_kind": "unit", "figure": "area", "before": "30000 m**2", "after": "30000 ft**2", "message": "The unit changed from m**2 to ft**2 and the number did not.", "french": "L’unité est passée de m**2 à ft**2, le nombre est resté."},
    {"claim_id": "est:c-beijing", "parent_id": "est:c-possible", "mutation_kind": "scope", "before": "works to detect possible espionage", "after": "data are sent", "message": "It speaks of something else than what it repeats."},
    {"claim_id": "est:c-beijing", "parent_id": "est:c-possible", "mutation_kind": "kind", "before": "fact", "after": "allegation", "message": "A fact became an allegation of something else."},
    {"claim_id": "est:c-parcels", "mutation_kind": "plausibility", "figure": "mass", "before": "0.1–2.5 kg", "after": "3.37 kg", "message": "3.37 kg a parcel is hardly plausible."},
]  # fmt: skip

FINDINGS: list[dict[str, Any]] = [
    {
        "finding_id": "claim1", "question": "claims", "rule_id": "claim-access_only_from", "verdict": "yes", "subject": "est:c-keys", "counterparty": "est:wms", "outcome": "assess", "level": "high",
        "confidence": "high", "rests_on": "observed", "message": "The hub’s operator says that nobody outside Belgium reaches the warehouse system (denied by the union): 7 of 48 kinds of access came from China.", "values": "{}", "facts": ["fact-0"],
    },
    {"finding_id": "claim2", "question": "claims", "rule_id": "claim-place_in", "verdict": "no", "subject": "est:c-stored", "rests_on": "configured", "confidence": "medium", "message": "Stored in Germany: supported.", "values": "{}"},
    {"finding_id": "claim3", "question": "claims", "rule_id": "claim-no_flow_to", "verdict": "unknown", "subject": "est:c-beijing", "message": "Sent to another continent: not observed.", "missing": ["A log of at least 30 days from every way out."], "values": "{}"},
    {"finding_id": "claim4", "question": "claims", "rule_id": "claim-figure_consistent_with", "verdict": "unknown", "subject": "est:c-parcels", "message": "Its figures hardly agree.", "missing": ["Mass and number of the same population."], "values": json.dumps({"lo": 3.374233, "hi": 3.374233, "unit": "kg", "between": [0.1, 2.5]})},
    {"finding_id": "claim5", "question": "claims", "rule_id": "claim-untested", "verdict": "unknown", "subject": "4 claims", "message": "4 claims have no test.", "missing": ["A test."], "values": "{}"},
]  # fmt: skip


def claimed() -> dict[str, pa.Table]:
    """Return the invented case with its claims."""
    tables = case()
    others = [row for row in tables["finding"].to_pylist() if row["question"] != "claims"]
    return tables | {
        "claim": model.stamp(model.rows(model.CLAIM, CLAIMS), model.CLAIM, stance="declared", evidence_id="ev:4"),
        "source": model.stamp(model.rows(model.SOURCE, SOURCES), model.SOURCE, stance="declared", evidence_id="ev:4"),
        "claim_verdict": model.rows(model.CLAIM_VERDICT, VERDICTS),
        "provenance": model.rows(model.PROVENANCE, PROVENANCE),
        "mutation": model.rows(model.MUTATION, MUTATIONS),
        "finding": model.rows(model.FINDING, [*others, *FINDINGS]),
        "asset": model.rows(model.ASSET, [
            {"asset_id": "est:wms", "name": "Warehouse system", "kind": "system"},
            {"asset_id": "est:store", "name": "Parcel store", "kind": "store"},
        ]),
    }  # fmt: skip
