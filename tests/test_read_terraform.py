"""Terraform: states, plans, what is refused, and that nothing but the listed attributes is kept."""

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
from flagstate.catalog import terraform_types
from flagstate.errors import EvidenceError
from flagstate.read import terraform
from flagstate.read.json_head import top_keys
from flagstate.read.part import Context, Facts, Head, Kind, Note, Opened, Part, Tally

STATES = Path(__file__).parent / "data" / "iac-inframap-states"


def head_of(data: bytes) -> Head:
    return Head(data[:65536], len(data), ".json")


def read(data: bytes | dict[str, Any], folder: Path, mask: Any = str) -> list[Part]:
    data = json.dumps(data).encode() if isinstance(data, dict) else data
    path = folder / "given"
    path.write_bytes(data)
    kind = terraform.recognise(head_of(data))
    assert kind is not None
    assert not kind.refused
    with duckdb.connect() as con:
        return list(terraform.read(Opened(str(path), head_of(data), "state.json", "ev:1"), kind, Context(con, mask)))


def rows(parts: list[Part], noun: str) -> list[dict[str, Any]]:
    found = [p for p in parts if isinstance(p, Facts) and p.noun == noun]
    assert all(p.stance == "configured" and p.table.schema.equals(model.NOUNS[noun].schema) for p in found)
    return [{k: v for k, v in row.items() if v is not None} for p in found for row in p.table.to_pylist()]


def notes(parts: list[Part]) -> list[str]:
    return [p.reason for p in parts if isinstance(p, Note)]


EXPECTED = {  # file: managed instances read, kinds of the assets
    "aws_state_cyclic.json": (19, ["host", "host"]),
    "aws_state_multiple_hanging_edges.json": (16, ["edge", "service", "system"]),
    "aws_state_sg.json": (7, ["edge", "store"]),
    "aws_state_sgr.json": (9, ["edge", "host", "store", "store"]),
    "aws_state_with_count.json": (3, ["host", "store", "store"]),
    "azure.tfstate": (5, ["host", "host", "zone", "zone"]),
    "error_missing_id.json": (1, ["store"]),
    "flexibleengine_state.json": (9, ["host", "host", "store", "store"]),
    "flexibleengine_state_attach.json": (9, ["host", "host"]),
    "flexibleengine_state_tf_011.json": (7, ["host", "host"]),
    "google_state.json": (4, ["host", "host"]),
    "multi_module_state.json": (3, ["system", "system"]),
    "openstack_state_lb.json": (12, ["edge", "host", "host"]),
    "openstack_state_sg.json": (7, ["host", "host"]),
    "repeated_modules.json": (16, ["edge", "edge", "edge", "host", "host", "host", "host", "host", "host", "host"]),
}
REFUSED = {"empty.json": "3", "version_3_state.json": "3", "invalid_version_state.json": "2"}


def test_every_sample_is_expected() -> None:
    assert {p.name for p in STATES.iterdir()} == {*EXPECTED, *REFUSED, "LICENSE"}


@pytest.mark.parametrize("name", EXPECTED)
def test_states(name: str, tmp_path: Path) -> None:
    parts = read((STATES / name).read_bytes(), tmp_path)
    count, kinds = EXPECTED[name]
    assets = rows(parts, "asset")
    assert sorted(a["kind"] for a in assets) == kinds
    assert len({a["asset_id"] for a in assets}) == len(assets)
    assert [p.rows_read for p in parts if isinstance(p, Tally)] == [count]
    assert ("1 instance without an id: planned, or damaged" in notes(parts)) is (name == "error_missing_id.json")
    assert not rows(parts, "place")  # these samples name no region


@pytest.mark.parametrize("name", REFUSED)
def test_older_states_are_recognised_and_refused(name: str) -> None:
    kind = terraform.recognise(head_of((STATES / name).read_bytes()))
    assert kind is not None
    assert kind.name == f"terraform state {REFUSED[name]}"
    assert "older than Terraform 0.12" in kind.refused
    assert "terraform show -json" in kind.todo


def instance(kind: str, name: str, index: Any = None, module: str = "", **values: Any) -> dict[str, Any]:
    hidden = values.pop("hidden", [])
    made: dict[str, Any] = {"mode": "managed", "type": kind, "name": name, "provider": f"provider.{kind.split('_')[0]}"}
    made["instances"] = [{"index_key": index, "attributes": {"id": name, **values}, "sensitive_attributes": hidden}]
    return {**made, "module": module} if module else made


RESOURCES = [
    instance("aws_kms_key", "main", arn="arn:aws:kms:eu-central-1:111122223333:key/1"),
    instance("aws_s3_bucket", "orders", 0, "module.data", bucket="orders", region="eu-central-1",
             bucket_regional_domain_name="orders.s3.eu-central-1.amazonaws.com",
             server_side_encryption_configuration=[{"rule": []}],
             kms_key_id="arn:aws:kms:eu-central-1:111122223333:key/1"),
    instance("aws_db_instance", "wms", "blue", availability_zone="eu-west-1a", storage_encrypted=False,
             publicly_accessible=True, endpoint="wms.abc.eu-west-1.rds.amazonaws.com:5432", password="hunter2-canary",
             username="root-canary", vpc_security_group_ids=["sg-1"], subnet_id="sub",
             hidden=[[{"type": "get_attr", "value": "password"}]]),
    instance("aws_subnet", "sub", vpc_id="net", availability_zone="eu-west-1a"),
    instance("aws_vpc", "net", tags={"Name": "tag-canary"}),
    instance("aws_security_group", "sg-1", egress=[
        {"cidr_blocks": ["0.0.0.0/0"], "ipv6_cidr_blocks": ["::/0"], "from_port": 0, "to_port": 0, "protocol": "-1"},
        {"cidr_blocks": ["203.0.113.0/24"], "from_port": 443, "to_port": 443, "protocol": "tcp"}]),
    instance("aws_security_group_rule", "r", type="egress", cidr_blocks=["198.51.100.7/32"], security_group_id="sg-9",
             from_port=1, to_port=9, protocol="udp"),
    instance("aws_security_group_rule", "i", type="ingress", cidr_blocks=["192.0.2.0/24"], security_group_id="sg-1"),
    instance("azurerm_storage_account", "az", location="West Europe", public_network_access_enabled=False,
             primary_blob_host="az.blob.core.windows.net"),
    instance("google_compute_instance", "vm", zone="europe-west3-a"),
    instance("google_compute_firewall", "fw", direction="EGRESS", destination_ranges=["203.0.113.9/32"], deny=[],
             allow=[{"protocol": "tcp"}]),
    instance("google_compute_firewall", "no", direction="EGRESS", destination_ranges=["203.0.113.10/32"],
             deny=[{"protocol": "all"}]),
    instance("azurerm_network_security_rule", "out", direction="Outbound", access="Allow", protocol="Tcp",
             destination_address_prefix="Internet", destination_port_range="*"),
    instance("aws_instance", "var", availability_zone="${var.zone}"),
    instance("aws_s3_bucket", "moon", region="moon-west-1"),
    instance("acme_teapot", "pot"),
]  # fmt: skip
STATE = {"version": 4, "terraform_version": "1.9.0", "lineage": "x", "resources": RESOURCES}


def as_show(planned: bool) -> dict[str, Any]:
    """The same resources as `terraform show -json` writes them."""
    root: list[dict[str, Any]] = []
    module: list[dict[str, Any]] = []
    for made in RESOURCES:
        one = made["instances"][0]
        index = one["index_key"]
        tail = "" if index is None else f"[{json.dumps(index)}]"
        address = ".".join(filter(None, (made.get("module"), made["type"], made["name"]))) + tail
        hidden = {path[0]["value"]: True for path in one["sensitive_attributes"]}
        found = {"address": address, "mode": "managed", "type": made["type"], "name": made["name"]}
        (module if "module" in made else root).append(
            {**found, "values": one["attributes"], "sensitive_values": hidden}
        )
    values = {"root_module": {"resources": root, "child_modules": [{"address": "module.data", "resources": module}]}}
    made = {"format_version": "1.0", "terraform_version": "1.9.0"}
    if not planned:
        return {**made, "values": values}
    change = {"actions": ["create"], "after_unknown": {"id": True, "arn": True, "tags": False}}
    return {
        **made,
        "planned_values": values,
        "resource_changes": [{"change": change}, {"change": {"actions": ["no-op"]}}],
    }


def test_a_realistic_state(tmp_path: Path) -> None:
    parts = read(STATE, tmp_path)
    assets = {a["asset_id"]: a for a in rows(parts, "asset")}
    bucket = assets["tf:module.data.aws_s3_bucket.orders[0]"]
    assert (bucket["provider"], bucket["region"], bucket["name"]) == ("Amazon Web Services", "eu-central-1", "orders")
    assert bucket["server_name"] == "orders.s3.eu-central-1.amazonaws.com"
    database = assets['tf:aws_db_instance.wms["blue"]']
    assert (database["region"], database["runs_on"]) == ("eu-west-1", "tf:aws_subnet.sub")
    assert database["server_name"] == "wms.abc.eu-west-1.rds.amazonaws.com"
    assert assets["tf:aws_subnet.sub"]["runs_on"] == "tf:aws_vpc.net"
    places = {p["subject_id"]: p for p in rows(parts, "place")}
    assert {p["source_kind"] for p in places.values()} == {"configured_region"}
    assert {k.rsplit(".", 1)[1]: p.get("country") for k, p in places.items()} == {
        "main": "DE", "orders[0]": "DE", 'wms["blue"]': "IE", "sub": "IE", "az": "NL", "vm": "DE", "moon": None,
    }  # fmt: skip
    assert places["tf:aws_s3_bucket.moon"]["confidence"] == "none"
    controls = {(c["subject_id"], c["control"]): c["state"] for c in rows(parts, "control")}
    assert controls[bucket["asset_id"], "encryption_at_rest"] == "yes"
    assert controls[bucket["asset_id"], "public_access_blocked"] == "unknown"
    assert controls[database["asset_id"], "encryption_at_rest"] == "no"
    assert controls[database["asset_id"], "public_access_blocked"] == "no"
    assert controls["tf:azurerm_storage_account.az", "public_access_blocked"] == "yes"
    assert controls[database["asset_id"], "egress_restricted"] == "no"
    assert [(n["asset_id"], n["needs_id"]) for n in rows(parts, "need")] == [
        (bucket["asset_id"], "tf:aws_kms_key.main")
    ]


def test_permitted_destinations_are_patterns_but_everywhere_is_none(tmp_path: Path) -> None:
    parts = read(STATE, tmp_path)
    flows = {f["to_pattern"]: (f.get("from_asset"), f.get("resp_p"), f.get("proto")) for f in rows(parts, "flow")}
    assert flows == {
        "cidr:203.0.113.0/24": ('tf:aws_db_instance.wms["blue"]', 443, "tcp"),
        "cidr:198.51.100.7/32": (None, None, "udp"),
        "cidr:203.0.113.9/32": (None, None, None),
    }
    said = notes(parts)
    assert "3 rules that let traffic out to any address" in said
    assert "1 resource of a type that the catalog does not know, taken as a system" in said
    assert "1 value that is still a variable" in said
    assert "1 value marked sensitive, which is never looked at" in said


def test_the_same_as_another_format(tmp_path: Path) -> None:
    state = read(STATE, tmp_path)
    show = read(as_show(planned=False), tmp_path)
    plan = read(as_show(planned=True), tmp_path)
    for noun in ("asset", "place", "control", "need", "flow"):
        key = lambda row: json.dumps(row, sort_keys=True, default=str)  # noqa: E731
        expected = sorted(rows(state, noun), key=key)
        assert sorted(rows(show, noun), key=key) == expected
        assert sorted(rows(plan, noun), key=key) == expected
    assert "a plan says what would be, not what is: 1 to create" in notes(plan)
    assert "2 values are known only after the plan is applied" in notes(plan)


def test_values_never_leave(tmp_path: Path) -> None:
    parts = read(STATE, tmp_path)
    shown = str([p.table.to_pylist() if isinstance(p, Facts) else p for p in parts])
    assert "canary" not in shown


def test_names_are_masked_and_stay_distinct(tmp_path: Path) -> None:
    made = {**STATE, "resources": [instance("aws_s3_bucket", name) for name in ("p111", "p222")]}
    parts = read(made, tmp_path, lambda t: t.replace("111", "000").replace("222", "000"))
    ids = [a["asset_id"] for a in rows(parts, "asset")]
    assert len(set(ids)) == 2
    assert "111" not in str(ids)


def test_a_circle_is_broken(tmp_path: Path) -> None:
    made = {**STATE, "resources": [instance("aws_vpc", "a", vpc_id="b"), instance("aws_vpc", "b", vpc_id="a")]}
    assets = rows(read(made, tmp_path), "asset")
    assert sorted("runs_on" in a for a in assets) == [False, True]


def test_nothing_in_it_is_said(tmp_path: Path) -> None:
    parts = read({"version": 4, "terraform_version": "1.9.0", "resources": []}, tmp_path)
    assert notes(parts) == ["there are no resources in it"]


def test_cut_off(tmp_path: Path) -> None:
    data = (STATES / "repeated_modules.json").read_bytes()[:5000]
    with pytest.raises(EvidenceError, match="not valid JSON") as caught:
        read(data, tmp_path)
    assert caught.value.todo


@pytest.mark.parametrize(
    "data",
    [
        b'{"ts": 1, "version": 4, "resources": "x"}',
        b'{"log": {"version": "1.2", "entries": []}}',
        b'{"bomFormat": "CycloneDX", "version": 4}',
        b'[{"terraform_version": "1.0"}]',
        b"terraform,locals\n1,2\n",
        b'{"x": {"terraform_version": "1.0"}}',
        b"",
    ],
)
def test_not_recognised(data: bytes) -> None:
    assert terraform.recognise(head_of(data)) is None


def test_source_text_is_recognised_and_refused() -> None:
    kind = terraform.recognise(head_of(b'# ours\nresource "aws_s3_bucket" "b" {\n  bucket = "b"\n}\n'))
    assert kind is not None
    assert "source text" in kind.refused
    assert "terraform show -json" in kind.todo


def test_the_table_of_types() -> None:
    assert terraform_types.kind("aws_s3_bucket") == "store"
    assert terraform_types.kind("aws_s3_bucket_policy") == "nothing"
    assert terraform_types.kind("aws_security_group_rule") == "nothing"
    assert terraform_types.kind("acme_teapot") is None
    words = next(c.doc for c in model.ASSET.columns if c.name == "kind")
    assert all(kind in words for kind in terraform_types._table().pairs["kinds"].pairs if kind != "nothing")


def test_top_keys() -> None:
    assert top_keys(b'\xef\xbb\xbf {"a": {"b": 1}, "c": [1, {"d": 2}], "e": "f", "g": nu') == {
        "a": "{", "c": "[", "e": "f", "g": "nu",
    }  # fmt: skip
    assert top_keys(b"[1]") is None


def damage(tree: Any, data: st.DataObject) -> None:
    """Replace one value somewhere in a tree."""
    while True:
        keys = list(tree) if isinstance(tree, dict) else range(len(tree))
        key = data.draw(st.sampled_from(list(keys)))
        if isinstance(tree[key], dict | list) and tree[key] and data.draw(st.integers(0, 3)):
            tree = tree[key]
            continue
        tree[key] = data.draw(st.sampled_from([None, 7, "x", "", [], {}, [None], [[]], {"a": []}, True, "${x}"]))
        return


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damage_never_surprises(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    tree = copy.deepcopy(data.draw(st.sampled_from([STATE, as_show(planned=True)])))
    damage(tree, data)
    folder = tmp_path_factory.getbasetemp()
    path = folder / "damaged.json"
    path.write_bytes(json.dumps(tree).encode())
    kind = Kind("terraform state 4" if "version" in tree else "terraform show")
    with duckdb.connect() as con:
        opened = Opened(str(path), head_of(b""), "state.json", "ev:1")
        parts = list(terraform.read(opened, kind, Context(con, str)))
    assert parts
    assert isinstance(parts[-1], Tally)
