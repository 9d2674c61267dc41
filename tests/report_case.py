# ruff: noqa: E501 (rows of an invented case read best as rows)
"""A small invented case for the report: enough of every table that each page has something to show."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pyarrow as pa

from flagstate import model
from flagstate.report import Meta

UTC = dt.UTC
DAY = dt.date(2026, 6, 3)
T0 = dt.datetime(2026, 6, 1, 0, 4, tzinfo=UTC)
T1 = dt.datetime(2026, 6, 7, 23, 51, tzinfo=UTC)

META = Meta(
    case_id="liege-hub",
    version=3,
    as_of=dt.date(2026, 6, 30),
    made_at=dt.datetime(2026, 6, 30, 9, 12, tzinfo=UTC),
    flagstate="0.1.0",
    ledger_head="9f2c64d1b0a7e35f86c1d20e5b7a4493fd0c12ab88e6f7715a3340bb9d21c07e",
    exit_code=13,
    exit_reason="an adverse finding of level high: undeclared egress of 2.36 GB",
    attributions=(("Autonomous systems from RouteViews and NRO", "https://www.nro.net"),),
    example=True,
    home="BE",
)

DESTINATIONS: list[dict[str, Any]] = [
    {
        "addr": "8.209.64.10", "host": "DE", "second": "SG", "reg": "SG", "as": "CN", "conf": "likely", "asn": 45102,
        "as_name": "Alibaba (US) Technology Co., Ltd.", "op": "ent:alibaba-cloud", "ctl": "ent:alibaba-group", "ctl_c": "CN",
        "name": "oss-eu-central-1.aliyuncs.com", "sent": 2_360_118_442, "recv": 48_201_337, "conns": 18_422, "failed": 12,
    },
    {
        "addr": "47.91.64.7", "host": "DE", "second": "US", "reg": "US", "as": "CN", "conf": "disputed", "asn": 45102,
        "as_name": "Alibaba (US) Technology Co., Ltd.", "op": "ent:alibaba-cloud", "ctl": "ent:alibaba-group", "ctl_c": "CN",
        "name": "rds.eu-central-1.example", "sent": 611_002_113, "recv": 1_902_118_004, "conns": 90_210, "failed": 0,
    },
    {
        "addr": "39.96.1.20", "host": "CN", "second": "CN", "reg": "CN", "as": "CN", "conf": "sure", "asn": 37963,
        "as_name": "Hangzhou Alibaba Advertising Co.,Ltd.", "op": "ent:alibaba-cloud", "ctl": "ent:alibaba-group", "ctl_c": "CN",
        "name": "log.beacon.example", "sent": 1_204_331, "recv": 88_120, "conns": 2_016, "failed": 0,
    },
    {
        "addr": "114.114.114.114", "host": "CN", "second": "CN", "reg": "CN", "as": "US", "conf": "sure", "asn": 21859,
        "as_name": "Zenlayer Inc", "op": None, "ctl": None, "ctl_c": None,
        "name": None, "sent": 0, "recv": 0, "conns": 8_640, "failed": 8_640,
    },
    {
        "addr": "3.120.4.9", "host": "DE", "second": "DE", "reg": "US", "as": "US", "conf": "sure", "asn": 16509,
        "as_name": "Amazon.com, Inc.", "op": "ent:aws", "ctl": "ent:amazon", "ctl_c": "US",
        "name": "s3.eu-central-1.amazonaws.com", "sent": 88_310_221, "recv": 9_120_443, "conns": 1_204, "failed": 3, "region": "eu-central-1",
    },
    {
        "addr": "119.8.0.14", "host": "MX", "second": "MX", "reg": "SG", "as": "HK", "conf": "sure", "asn": 136907,
        "as_name": "HUAWEI INTERNATIONAL PTE. LTD.", "op": "ent:huawei-cloud", "ctl": "ent:huawei", "ctl_c": "CN",
        "name": None, "sent": 42_118, "recv": 9_004, "conns": 31, "failed": 4,
    },
    {
        "addr": "159.138.0.2", "host": "HK", "second": "CN", "reg": "SG", "as": "HK", "conf": "disputed", "asn": 136907,
        "as_name": "HUAWEI INTERNATIONAL PTE. LTD.", "op": "ent:huawei-cloud", "ctl": "ent:huawei", "ctl_c": "CN",
        "name": "cdn.example.hk", "sent": 7_410_220, "recv": 92_440_118, "conns": 812, "failed": 1,
    },
    {
        "addr": "51.79.128.5", "host": "SG", "second": "CA", "reg": "CA", "as": "FR", "conf": "likely", "asn": 16276,
        "as_name": "OVH SAS", "op": "ent:ovh", "ctl": "ent:ovh", "ctl_c": "FR",
        "name": "track.example.sg", "sent": 19_002_118, "recv": 2_118_004, "conns": 4_410, "failed": 0,
    },
    {
        "addr": "200.160.2.3", "host": "BR", "second": "BR", "reg": "BR", "as": "BR", "conf": "sure", "asn": 22548,
        "as_name": "Núcleo de Inf. e Coord. do Ponto BR", "op": None, "ctl": None, "ctl_c": None,
        "name": "ntp.example.br", "sent": 0, "recv": 0, "conns": 96, "failed": 96,
    },
    {
        "addr": "1.1.1.1", "host": "AU", "second": "AU", "reg": "AU", "as": "US", "conf": "sure", "asn": 13335,
        "as_name": "Cloudflare, Inc.", "op": "ent:cloudflare", "ctl": "ent:cloudflare", "ctl_c": "US",
        "name": "one.one.one.one", "sent": 402_118, "recv": 1_204_004, "conns": 12_010, "failed": 0, "anycast": True,
    },
    {
        "addr": "203.0.113.77", "host": None, "second": None, "reg": None, "as": None, "conf": "none", "asn": None,
        "as_name": None, "op": None, "ctl": None, "ctl_c": None,
        "name": "a7f3.tunnel.example", "sent": 3_118_204, "recv": 118_204, "conns": 40_118, "failed": 2,
    },
    {
        "addr": "95.216.10.1", "host": "FI", "second": "FI", "reg": "DE", "as": "DE", "conf": "sure", "asn": 24940,
        "as_name": "Hetzner Online GmbH", "op": "ent:hetzner", "ctl": "ent:hetzner", "ctl_c": "DE",
        "name": "mail.example.be", "sent": 51_118_004, "recv": 33_204_118, "conns": 2_204, "failed": 9,
    },
]  # fmt: skip


def flows() -> tuple[pa.Table, pa.Table]:
    """Return the flows and the endpoints of the destinations, and two private ones."""
    flow, endpoint = [], []
    for d in DESTINATIONS:
        flow.append(
            {
                "orig_h": "10.20.3.14", "resp_h": d["addr"], "resp_p": 443, "proto": "tcp", "service": "ssl",
                "server_name": d["name"], "name_source": "sni" if d["name"] else None, "day": DAY, "hours": 255,
                "conns": d["conns"], "failed_conns": d["failed"], "orig_bytes": d["sent"], "resp_bytes": d["recv"],
                "missed_bytes": 0, "unsized_conns": 0, "first_ts": T0, "last_ts": T1,
            }
        )  # fmt: skip
        endpoint.append(
            {
                "addr": d["addr"], "host_country": d["host"], "host_country_second": d["second"],
                "registrant_country": d["reg"], "as_country": d["as"], "provider_region": d.get("region"),
                "provider_country": "DE" if d.get("region") else None, "anycast": d.get("anycast", False),
                "confidence": d["conf"], "asn": d["asn"], "as_name": d["as_name"], "operator_id": d["op"],
                "operator_by": "asn" if d["op"] else None, "controller_id": d["ctl"], "controller_country": d["ctl_c"],
            }
        )  # fmt: skip
    for addr in ("10.20.3.1", "10.20.3.2"):
        flow.append({"orig_h": "10.20.3.14", "resp_h": addr, "day": DAY, "conns": 10, "failed_conns": 0,
                     "orig_bytes": 900, "resp_bytes": 100, "unsized_conns": 0, "first_ts": T0, "last_ts": T1})  # fmt: skip
        endpoint.append({"addr": addr, "special": "private", "confidence": "none"})
    made = model.stamp(model.rows(model.FLOW, flow), model.FLOW, stance="observed", evidence_id="ev:conn")
    return made, model.rows(model.ENDPOINT, endpoint)


def findings() -> pa.Table:
    """Return findings of every verdict."""
    return model.rows(
        model.FINDING,
        [
            {
                "finding_id": "f1", "question": "flows", "rule_id": "reconcile.undeclared", "verdict": "yes",
                "subject": "oss-eu-central-1.aliyuncs.com", "counterparty": "ent:alibaba-cloud", "outcome": "restricted",
                "level": "high", "confidence": "high", "interpretive": False, "rests_on": "observed",
                "message": "2.36 GB left 10.20.0.0/16 for oss-eu-central-1.aliyuncs.com (host Germany, likely); no declared flow covers it.",
                "values": json.dumps({"orig_bytes": 2360118442, "conns": 18422, "nights": 7, "share_of_egress_pct": 75.1}),
                "facts": ["a", "b"], "innocent": "A nightly backup that nobody declared.",
                "proof": "conn.log.gz shows 18,422 connections between 01:00 and 03:00 UTC on 7 of 7 days.",
            },
            {
                "finding_id": "f2", "question": "flows", "rule_id": "reconcile.undeclared", "verdict": "yes",
                "subject": "log.beacon.example", "outcome": "assess", "level": "medium", "confidence": "high", "rests_on": "observed",
                "message": "log.beacon.example (host China, sure) received 1.20 MB in 2,016 connections; no declared flow covers it.",
                "values": json.dumps({"orig_bytes": 1204331, "conns": 2016}), "facts": ["c"],
                "innocent": "A telemetry default of the sorter's firmware.",
            },
            {
                "finding_id": "f3", "question": "flows", "rule_id": "reconcile.attempted", "verdict": "yes",
                "subject": "114.114.114.114", "outcome": "assess", "level": "low", "confidence": "medium", "rests_on": "observed",
                "message": "8,640 connections to 114.114.114.114 were attempted; 0 bytes left.", "values": json.dumps({"failed": 8640}),
                "facts": ["d"], "judged": "explained by network team until 2026-09-01",
            },
            {
                "finding_id": "f4", "question": "reach", "rule_id": "reach.policy", "verdict": "unknown", "confidence": "low",
                "message": "The declaration names no policy, so no government can be outside it; four governments have a path.",
                "missing": ["State in estate.yaml which governments you accept: policy: {accept_reach: {names: [EU]}}",
                            "Collect key facts: who holds the keys of each store"],
            },
            {
                "finding_id": "f5", "question": "holdings", "rule_id": "classify", "verdict": "no", "confidence": "medium", "rests_on": "observed",
                "message": "Every class that was found in northwind.sqlite is declared.", "values": "{}",
            },
            *(
                {
                    "finding_id": f"u-{q}", "question": q, "rule_id": "not-built", "verdict": "unknown", "message": why,
                    "missing": [todo],
                }
                for q, why, todo in (
                    ("cutoff", "This version does not compute cut-off yet.", "Declare what each asset needs, so that a later version can decide"),
                    ("rules", "This version ships no law yet.", "Nothing to collect: the step is not built"),
                    ("claims", "No claim was given, so none could be tested.", "Add claims: to estate.yaml, each with a test"),
                )
            ),
        ],
    )  # fmt: skip


def ledger() -> dict[str, pa.Table]:
    """Return evidence, rejects and coverage."""
    own = [
        ("conn.log.gz", "zeek conn (TSV)", "read", None, None, 412_889_120, 2_118_420, 0),
        ("http.log", "zeek http (JSON)", "partly_read", "A NUL byte stands in 3 lines.", "Export the log again", 4_118_220, 10_118, 3),
        ("conn-copy.log.gz", "zeek conn (TSV)", "duplicate", "The same bytes as conn.log.gz.", None, 412_889_120, 0, 0),
        ("northwind.sqlite", "sqlite", "read", None, None, 24_702_976, 609_283, 0),
        ("terraform.tfstate", "terraform state v4", "read", None, None, 88_210, 41, 0),
        ("dump.bin", None, "not_recognised", "No reader knows this content.", "Say what wrote it, or convert it to CSV", 1_048_576, 0, 0),
        ("link-to-etc", None, "refused", "It is a link out of the folder.", "Copy the file into the folder", None, None, None),
    ]  # fmt: skip
    rows: list[dict[str, Any]] = [
        {
            "evidence_id": f"ev:{n}", "artefact": name, "kind": kind, "state": state, "reason": reason, "todo": todo,
            "size_bytes": size, "rows_read": read, "rows_rejected": bad, "first_ts": T0 if read else None,
            "last_ts": T1 if read else None, "sha256": None if size is None else f"{n:02x}" * 32, "misses": 0 if read else None,
            "overlaps": ["ev:0"] if name == "conn-copy.log.gz" else [],
        }
        for n, (name, kind, state, reason, todo, size, read, bad) in enumerate(own)
    ]  # fmt: skip
    rows += [
        {
            "evidence_id": f"cat:{name}", "artefact": name, "state": "recorded", "rows_read": 412_000, "licence": licence, "asserted_by": by,
            "retrieved_at": dt.datetime(2026, 6, 1, tzinfo=UTC), "url": "https://db-ip.com",
        }
        for name, licence, by in (
            ("networks/host_country", "CC-BY-4.0", "DB-IP Lite"),
            ("networks/asn", "CC-BY-4.0", "RouteViews"),
            ("providers", "facts", "our own table, 20 operators sourced"),
        )
    ]  # fmt: skip
    coverage: list[dict[str, Any]] = [
        {"noun": "flow", "scope": "10.20.0.0/16", "from_ts": T0, "to_ts": T1, "complete": "no", "share_seen": 0.9994,
         "said_by": "zeek (missed_bytes)", "remark": "Traffic before 1 June and after 7 June was not seen; the sensor missed 0.06 % of the bytes.",
         "todo": "A log of at least 30 days", "evidence_id": "ev:0"},
        {"noun": "holding", "scope": "all", "complete": "unknown", "said_by": "flagstate",
         "remark": "Object storage was named by the Terraform state, and nothing of its content was given.", "todo": "A sample or an inventory of each bucket"},
        {"noun": "interest", "scope": "all", "complete": "unknown", "said_by": "flagstate",
         "remark": "Ownership rests on the catalog; no register extract was given.", "todo": "Extracts of the company registers of the operators"},
    ]  # fmt: skip
    return {
        "evidence": model.rows(model.EVIDENCE, rows),
        "reject": model.rows(
            model.REJECT, [{"evidence_id": "ev:1", "line": n, "reason": "a NUL byte"} for n in (41, 977, 5002)]
        ),
        "coverage": model.rows(model.COVERAGE, coverage),
    }


def reach() -> pa.Table:
    """Return paths of four governments."""
    paths = [
        ("CN", "direct_law", "National Intelligence Law art. 7", "sourced", False, "China can reach oss-eu-central-1.aliyuncs.com: National Intelligence Law art. 7 → Alibaba Group (principal place Hangzhou) → 100 % → Alibaba Cloud → operates the host in Germany."),
        ("CN", "via_parent", "National Intelligence Law art. 7", "to verify", True, "China can reach cdn.example.hk: National Intelligence Law art. 7 → Huawei Investment & Holding → Huawei Cloud (Hong Kong) → operates the host."),
        ("DE", "direct_place", "Code of Criminal Procedure § 94", "to verify", False, "Germany can reach rds.eu-central-1.example: the host stands in Germany."),
        ("US", "direct_law", "18 U.S.C. § 2713 (CLOUD Act)", "sourced", False, "United States can reach s3.eu-central-1.amazonaws.com: 18 U.S.C. § 2713 → Amazon Web Services, Inc. (organised in the United States) → operates the bucket in Frankfurt."),
        ("FR", "via_parent", "Code de procédure pénale art. 60-1", "to verify", False, "France can reach track.example.sg: OVH SAS is organised in France and operates the host in Singapore."),
    ]  # fmt: skip
    return model.rows(
        model.REACH,
        [
            {"government": g, "subject_id": p[:60], "level": lv, "law": law, "status": s, "contested": c, "proof": p,
             "stance": "observed", "facts": ["x"]}
            for g, lv, law, s, c, p in paths
        ]
        + [{"level": "none_found", "subject_id": "host:203.0.113.77", "proof": "No path found to 203.0.113.77: its operator is not known."}],
    )  # fmt: skip


def reconciliation() -> pa.Table:
    """Return a row of every result."""
    rows = [
        ("oss-eu-central-1.aliyuncs.com", "undeclared", "", "", "o", "yes", "DE", "ent:alibaba-cloud", 2_360_118_442, 18_422, "No declared pattern covers it."),
        ("log.beacon.example", "undeclared", "", "", "o", "yes", "CN", "ent:alibaba-cloud", 1_204_331, 2_016, "No declared pattern covers it."),
        ("rds.eu-central-1.example", "covered", "d", "c", "o", "yes", "DE", "ent:alibaba-cloud", 611_002_113, 90_210, "Covered by domain:rds.eu-central-1.example."),
        ("country:DE", "contradicted", "d", "", "o", "yes", "HK", "ent:huawei-cloud", 7_410_220, 812, "Declared for Germany; the host stands in Hong Kong (disputed)."),
        ("entity:ovh", "never_seen", "d", "", "", "unknown", None, "ent:ovh", None, None, "Not observed from 1 to 7 June with this coverage."),
        ("203.0.113.77", "unknown", "", "", "o", "unknown", None, None, 3_118_204, 40_118, "Neither end is in a declared network."),
    ]  # fmt: skip
    return model.rows(
        model.RECONCILIATION,
        [
            {"subject": s, "result": r, "declared": list(d), "configured": list(c), "observed": list(o), "egress": e,
             "country": cc, "operator_id": op, "resp_p": 443 if conns else None, "orig_bytes": b, "conns": conns,
             "failed_conns": 0 if conns else None, "first_ts": T0 if conns else None, "last_ts": T1 if conns else None, "remark": why}
            for s, r, d, c, o, e, cc, op, b, conns, why in rows
        ],
    )  # fmt: skip


def case() -> dict[str, pa.Table]:
    """Return the tables of the invented case."""
    flow, endpoint = flows()
    names = {
        "ent:alibaba-cloud": "Alibaba Cloud", "ent:alibaba-group": "Alibaba Group Holding Limited", "ent:aws": "Amazon Web Services",
        "ent:amazon": "Amazon.com, Inc.", "ent:huawei-cloud": "Huawei Cloud", "ent:huawei": "Huawei Investment & Holding",
        "ent:ovh": "OVH SAS", "ent:cloudflare": "Cloudflare, Inc.", "ent:hetzner": "Hetzner Online GmbH",
    }  # fmt: skip
    entity = model.rows(
        model.LEGAL_ENTITY, [{"entity_id": k, "name": v, "kind": "organisation"} for k, v in names.items()]
    )
    holding = model.rows(
        model.HOLDING,
        [
            {"asset_id": "store:northwind.sqlite", "container": c, "data_class": k, "records": n, "subjects_lo": lo, "subjects_hi": hi,
             "state": "stored", "confidence": conf, "reasons": [why], "about": "customers", "key_ids": []}
            for c, k, n, lo, hi, conf, why in (
                ("Customers", "person_name", 93, 91, 93, "high", "91 of 93 values are two capitalised words; column name"),
                ("Customers", "postal_address", 93, 90, 93, "medium", "column name and shape"),
                ("Customers", "phone", 93, 93, 93, "high", "93 of 93 pass the format"),
                ("Orders", "trade_order", 16_282, 91, 93, "medium", "column names"),
                ("Employees", "birth_date", 9, 9, 9, "high", "dates 1950 to 1990"),
                ("parcels_2026", "parcel_s10", 326_000, 326_000, 326_000, "high", "form and check digit"),
                ("parcels_2026", "consignee", 326_000, 118_200, 121_900, "high", "column name; names"),
                ("parcels_2026", "iban", 12_400, 9_100, 12_400, "high", "form and check digit"),
                ("parcels_2026", "health_term", 61, 40, 61, "low", "words of the list"),
                ("parcels_2026", "inferred_health", 412, 380, 412, "low", "texts of goods beside a consignee"),
            )
        ]
        + [
            {"asset_id": "store:northwind.sqlite", "container": "parcels_2026", "data_class": "trade_flow", "records": 326_000,
             "state": "stored", "confidence": "medium", "reasons": ["one row says seller: consignor; product: hs_code; volume: weight; route: city"],
             "key_ids": [], "marks": ["grain:seller × product × volume × route", "per:parcel", "from:2026-01", "to:2026-06"]}
        ],
    )  # fmt: skip
    population = model.rows(
        model.POPULATION,
        [
            {"asset_id": "store:northwind.sqlite", "container": "parcels_2026", "data_classes": ["consignee", "parcel_s10", *more], "about": about,
             "month": f"2026-0{month}", "records": n, "subjects_lo": n // 3, "subjects_hi": n // 2}
            for month in range(1, 7)
            for about, more, n in (("residents:BE", [], 30_000), ("residents:FR", ["iban"], 2_066), (None, [], 22_000))
        ],
    )  # fmt: skip
    return {
        "flow": flow,
        "endpoint": endpoint,
        "legal_entity": model.stamp(entity, model.LEGAL_ENTITY, stance="recorded", evidence_id="cat:providers"),
        "holding": model.stamp(holding, model.HOLDING, stance="observed", evidence_id="ev:3"),
        "population": model.stamp(population, model.POPULATION, stance="observed", evidence_id="ev:3"),
        "finding": findings(),
        "reach": reach(),
        "reconciliation": reconciliation(),
        **ledger(),
    }
