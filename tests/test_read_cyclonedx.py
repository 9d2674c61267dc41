"""CycloneDX: services, providers, data and needs, and what is refused."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate import model
from flagstate.errors import EvidenceError
from flagstate.read import cyclonedx
from flagstate.read.part import Context, Facts, Head, Kind, Note, Opened, Part, Tally

BOMS = Path(__file__).parent / "data" / "cyclonedx-spec-services"


def head_of(data: bytes) -> Head:
    return Head(data[:65536], len(data), ".json")


def read(data: bytes | dict[str, Any], folder: Path, mask: Any = str, evidence: str = "ev:1") -> list[Part]:
    data = json.dumps(data).encode() if isinstance(data, dict) else data
    path = folder / "given"
    path.write_bytes(data)
    kind = cyclonedx.recognise(head_of(data)) or Kind("cyclonedx 1.6")
    assert not kind.refused
    with duckdb.connect() as con:
        return list(cyclonedx.read(Opened(str(path), head_of(data), "bom.json", evidence), kind, Context(con, mask)))


def rows(parts: list[Part], noun: str) -> list[dict[str, Any]]:
    found = [p for p in parts if isinstance(p, Facts) and p.noun == noun]
    assert all(p.stance == "configured" and p.table.schema.equals(model.NOUNS[noun].schema) for p in found)
    return [{k: v for k, v in row.items() if v is not None} for p in found for row in p.table.to_pylist()]


def notes(parts: list[Part]) -> list[str]:
    return [p.reason for p in parts if isinstance(p, Note)]


def sample(name: str) -> bytes:
    return (BOMS / f"valid-{name}-1.6.json").read_bytes()


def test_the_saas_example(tmp_path: Path) -> None:
    parts = read(sample("saasbom"), tmp_path)
    assets = {a["asset_id"]: a for a in rows(parts, "asset")}
    services = "stock-ticker-service ms-1.example.com ms-2.example.com ms-3.example.com ms-1-pgsql.example.com"
    assert set(assets) == {f"cdx:{s}" for s in services.split()} | {
        "cdx:s3-example.amazon.com",
        "cdx:acme-stock-application",
    }
    assert assets["cdx:acme-stock-application"]["kind"] == "system"
    assert assets["cdx:ms-1-pgsql.example.com"]["server_name"] == "ms-1-pgsql.example.com"
    assert assets["cdx:stock-ticker-service"]["provider"] == "Acme Inc"
    assert [e["entity_id"] for e in rows(parts, "legal_entity")] == ["cdx:org:acme-inc"]
    assert {i["subject_id"] for i in rows(parts, "interest")} == {
        f"cdx:{s}" for s in ("stock-ticker-service", "ms-1.example.com", "ms-2.example.com", "ms-3.example.com")
    }
    assert {(n["asset_id"], n["needs_id"]) for n in rows(parts, "need")} == {
        ("cdx:acme-stock-application", "cdx:stock-ticker-service"),
        ("cdx:stock-ticker-service", "cdx:ms-1.example.com"),
        ("cdx:stock-ticker-service", "cdx:ms-2.example.com"),
        ("cdx:stock-ticker-service", "cdx:ms-3.example.com"),
        ("cdx:ms-1.example.com", "cdx:ms-1-pgsql.example.com"),
        ("cdx:ms-3.example.com", "cdx:s3-example.amazon.com"),
    }
    flows = {(f["from_asset"], f["to_pattern"]) for f in rows(parts, "flow")}
    assert ("cdx:ms-3.example.com", "asset:cdx:s3-example.amazon.com") in flows
    assert ("cdx:ms-1-pgsql.example.com", "asset:cdx:ms-1.example.com") in flows
    assert len(flows) == 9  # four pairs both ways, and one way to the bucket
    holdings = {(h["asset_id"], h["container"], h["data_class"]) for h in rows(parts, "holding")}
    assert ("cdx:ms-1.example.com", "MS-1 to Database", "pii") in holdings
    assert {h["state"] for h in rows(parts, "holding")} == {"moved"}
    assert [p.rows_read for p in parts if isinstance(p, Tally)] == [6]
    # The example sends to https://0.0.0.0, which is nowhere.
    assert notes(parts) == ["1 end of a flow that is neither a service of the file nor an address"]


def test_the_service_example(tmp_path: Path) -> None:
    parts = read(sample("service"), tmp_path)
    asset = rows(parts, "asset")[0]
    assert (asset["server_name"], asset["provider"]) == ("partner.org", "Partner Org")
    assert {(c["control"], c["state"]) for c in rows(parts, "control")} == {
        ("authentication", "yes"),
        ("crosses_trust_boundary", "yes"),
    }
    assert {h["data_class"] for h in rows(parts, "holding")} == {"pii", "pifi", "public", "partner-data"}
    assert notes(parts) == ["3 flows of data whose destination is not named"]
    assert "support@partner.org" not in str(parts)


def test_empty_objects(tmp_path: Path) -> None:
    parts = read(sample("service-empty-objects"), tmp_path)
    assert len(rows(parts, "asset")) == 1
    assert not rows(parts, "legal_entity")


@pytest.mark.parametrize("name", ["bom", "minimal-viable"])
def test_without_services(name: str, tmp_path: Path) -> None:
    parts = read(sample(name), tmp_path)
    assert notes(parts) == ["the bill of materials names no services"]
    assert not [p for p in parts if isinstance(p, Facts)]


def service(ref: str, **more: Any) -> dict[str, Any]:
    return {"bom-ref": ref, "name": ref, **more}


def bom(*services: dict[str, Any]) -> dict[str, Any]:
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "services": list(services)}


def test_ends_of_flows(tmp_path: Path) -> None:
    out = [
        {"flow": "outbound", "classification": "x", "destination": [end]}
        for end in (
            "https://api.example.com:8443/x",
            "203.0.113.7",
            "https://[2001:db8::1]/",
            "b",
            "urn:cdx:other/1#zz",
            "?",
        )
    ]
    ins = [{"flow": "inbound", "classification": "y", "source": ["a", "https://away.example"]}]
    parts = read(bom(service("a", data=out), service("b", data=ins)), tmp_path)  # fmt: skip
    assert {(f["from_asset"], f["to_pattern"]) for f in rows(parts, "flow")} == {
        ("cdx:a", "domain:api.example.com"),
        ("cdx:a", "cidr:203.0.113.7/32"),
        ("cdx:a", "cidr:2001:db8::1/128"),
        ("cdx:a", "asset:cdx:b"),
    }
    assert notes(parts) == ["2 ends of flows that are neither a service of the file nor an address"]


def test_more_endpoints_are_edges(tmp_path: Path) -> None:
    ends = ["https://a.example/x", "https://a.example/y", "http://b.example", "http://203.0.113.7/"]
    assets = rows(read(bom(service("s", endpoints=ends)), tmp_path), "asset")
    found = {a["asset_id"]: (a["kind"], a.get("server_name"), a.get("addr"), a.get("runs_on")) for a in assets}
    assert found == {
        "cdx:s": ("service", "a.example", None, None),
        "cdx:s#2": ("edge", "b.example", None, "cdx:s"),
        "cdx:s#3": ("edge", None, "203.0.113.7", "cdx:s"),
    }


def test_masked_names_stay_distinct_within_and_between_files(tmp_path: Path) -> None:
    mask = lambda t: t.replace("111", "000").replace("222", "000")  # noqa: E731
    first = read(bom(service("p111"), service("p222")), tmp_path, mask)
    second = read(bom(service("p111")), tmp_path, mask, "ev:2")
    ids = [a["asset_id"] for a in rows(first, "asset") + rows(second, "asset")]
    assert len(set(ids)) == 3
    assert "111" not in str(ids)


@pytest.mark.parametrize("version", ["1.4", "1.5", "1.6", "1.7"])
def test_versions(version: str) -> None:
    kind = cyclonedx.recognise(head_of(json.dumps(bom() | {"specVersion": version}).encode()))
    assert kind == Kind(f"cyclonedx {version}")


@pytest.mark.parametrize(
    "data",
    [
        b'{"bomFormat": "CycloneDX", "specVersion": "1.2"}',
        b'{"bomFormat": "CycloneDX", "specVersion": "2.0"}',
        b'<?xml version="1.0"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1"></bom>',
    ],
)
def test_recognised_and_refused(data: bytes) -> None:
    kind = cyclonedx.recognise(head_of(data))
    assert kind is not None
    assert kind.refused
    assert "cyclonedx convert" in kind.todo


@pytest.mark.parametrize(
    "data", [b"", b"{}", b'{"x": {"bomFormat": "CycloneDX"}}', b"[]", b"<bom/>", b'{"bomFormat": "SPDX"}']
)
def test_not_recognised(data: bytes) -> None:
    assert cyclonedx.recognise(head_of(data)) is None


def test_cut_off(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="not valid JSON"):
        read(sample("saasbom")[:3000], tmp_path)


def paths(tree: Any) -> list[tuple[Any, Any]]:
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [found for key, value in inner for found in ((tree, key), *paths(value))]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damage_never_surprises(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    tree = copy.deepcopy(json.loads(sample("saasbom")))
    inside, key = data.draw(st.sampled_from(paths(tree)))
    inside[key] = data.draw(
        st.sampled_from([None, 7, "x", "", [], {}, [None], [[]], {"a": []}, True, "http://[", "//"])
    )
    kind = cyclonedx.recognise(head_of(json.dumps(tree).encode()))
    if kind is not None and kind.refused:
        assert inside is tree, "only the version in the head may refuse the whole"
        return
    parts = read(tree, tmp_path_factory.getbasetemp())
    assert isinstance(parts[-1], Tally)
