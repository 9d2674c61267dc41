"""Databases that the user adds outrank the embedded tables, and say where they come from."""

from __future__ import annotations

import hashlib
import ipaddress
import struct
from datetime import date
from pathlib import Path
from typing import Any

import maxminddb
import pytest

from flagstate.catalog.network_mmdb import add_mmdb, user_tables
from flagstate.catalog.networks import lookup, lookup_one, tables
from flagstate.errors import CatalogError, UsageError

BUILT = 1_780_000_000  # 2026-05-28


def uint(kind: int, value: int) -> bytes:
    """Encode an unsigned integer: kind 5 is uint16, 6 uint32, 9 uint64."""
    raw = value.to_bytes(8, "big").lstrip(b"\0")
    return (bytes([kind << 5 | len(raw)]) if kind < 8 else bytes([len(raw), kind - 7])) + raw


def encode(value: Any) -> bytes:
    """Encode one value in the MaxMind DB data format (only what the tests need)."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return bytes([int(value), 7])
    if isinstance(value, str):
        raw = value.encode()
        return (bytes([0x40 | len(raw)]) if len(raw) < 29 else bytes([0x5D, len(raw) - 29])) + raw
    if isinstance(value, int):
        return uint(6, value)
    if isinstance(value, list):
        return bytes([len(value), 4]) + b"".join(encode(item) for item in value)
    return bytes([0xE0 | len(value)]) + b"".join(encode(key) + encode(item) for key, item in value.items())


def write_mmdb(path: Path, records: dict[str, dict[str, Any]], name: str) -> Path:
    """Write a small IPv6-tree MMDB file; IPv4 prefixes go below ::/96, as the vendors do."""
    tree: list[list[int | bytes | None]] = [[None, None]]
    for prefix, record in records.items():
        network = ipaddress.ip_network(prefix)
        bits = f"{int(network.network_address):0128b}"
        depth = network.prefixlen + (96 if network.version == 4 else 0)
        node = 0
        for bit in bits[: depth - 1]:
            child = tree[node][int(bit)]
            if not isinstance(child, int):
                tree.append([None, None])
                child = tree[node][int(bit)] = len(tree) - 1
            node = child
        tree[node][int(bits[depth - 1])] = encode(record)
    data, nodes = b"", b""
    for pair in tree:
        for child in pair:
            number = len(tree) if child is None else child
            if isinstance(child, bytes):
                number = len(tree) + 16 + len(data)
                data += child
            nodes += struct.pack(">I", number)
    meta = {
        "node_count": uint(6, len(tree)),
        "record_size": uint(5, 32),
        "ip_version": uint(5, 6),
        "database_type": name,
        "languages": ["en"],
        "description": {"en": "made by a test"},
        "binary_format_major_version": uint(5, 2),
        "binary_format_minor_version": uint(5, 0),
        "build_epoch": uint(9, BUILT),
    }
    path.write_bytes(nodes + b"\0" * 16 + data + b"\xab\xcd\xefMaxMind.com" + encode(meta))
    return path


MAXMIND = {
    "8.209.64.0/18": {"country": {"iso_code": "NL"}, "registered_country": {"iso_code": "CN"}},
    "9.9.0.0/24": {"registered_country": {"iso_code": "US"}, "traits": {"is_anycast": True}},
    "2a01:4f8::/32": {"country": {"iso_code": "AT"}},
    "5.5.5.0/24": {"country": {"iso_code": "EU"}},
}
IPINFO = {
    "8.209.64.0/18": {"country": "Austria", "country_code": "AT", "asn": "AS174", "as_name": "Cogent Communications"},
    "2a01:4f8::/32": {"country_code": "FI", "asn": "AS64500", "as_name": ""},
}
MAXMIND_ASN = {"8.209.64.0/18": {"autonomous_system_number": 24940, "autonomous_system_organization": "Somebody else"}}


def test_the_writer_of_these_tests_writes_real_mmdb(tmp_path: Path) -> None:
    with maxminddb.open_database(write_mmdb(tmp_path / "c.mmdb", MAXMIND, "GeoLite2-Country")) as reader:
        assert reader.get("8.209.64.10") == MAXMIND["8.209.64.0/18"]
        assert reader.get("2a01:4f8::1") == MAXMIND["2a01:4f8::/32"]
        assert reader.get("8.8.8.8") is None


def test_maxmind_country_outranks_and_the_rest_stays(tmp_path: Path) -> None:
    source = write_mmdb(tmp_path / "c.mmdb", MAXMIND, "GeoLite2-Country")
    add_mmdb(source, "country", tmp_path / "user", licence="GeoLite2 EULA")
    before, after = lookup_one("8.209.64.10"), lookup_one("8.209.64.10", user_dir=tmp_path / "user")
    changed = {name: after[name] for name in before if before[name] != after[name]}
    assert changed == {"host_country": "NL", "registrant_country": "CN", "confidence": "disputed"}
    rows = lookup(["9.9.0.1", "9.9.1.1", "2a01:4f8::1", "8.8.8.8", "5.5.5.5"], user_dir=tmp_path / "user").to_pylist()
    plain = lookup(["9.9.0.1", "9.9.1.1", "2a01:4f8::1", "8.8.8.8", "5.5.5.5"]).to_pylist()
    assert (rows[0]["anycast"], plain[0]["anycast"]) == (True, False)
    assert (rows[2]["host_country"], plain[2]["host_country"]) == ("AT", "DE")
    assert rows[1] == plain[1]
    assert rows[3:] == plain[3:]


def test_ipinfo_flat_fields(tmp_path: Path) -> None:
    source = write_mmdb(tmp_path / "lite.mmdb", IPINFO, "ipinfo bundle_location_lite.mmdb")
    add_mmdb(source, "country", tmp_path / "user")
    add_mmdb(source, "asn", tmp_path / "user")
    rows = lookup(["8.209.64.10", "2a01:4f8::1"], user_dir=tmp_path / "user").to_pylist()
    assert [(r["host_country"], r["asn"], r["as_name"]) for r in rows] == [
        ("AT", 174, "Cogent Communications"),
        ("FI", 64500, None),
    ]
    assert {entry["table"] for entry in user_tables(tmp_path / "user")} == {"user_place", "user_network"}


def test_a_number_without_a_name_gets_the_name_of_that_number(tmp_path: Path) -> None:
    source = write_mmdb(tmp_path / "a.mmdb", {"8.209.64.0/18": {"asn": 24940}}, "asn")
    add_mmdb(source, "asn", tmp_path / "user")
    row = lookup_one("8.209.64.10", user_dir=tmp_path / "user")
    assert (row["asn"], row["as_name"]) == (24940, "Hetzner Online GmbH")


def test_provenance_is_kept_and_a_second_file_replaces_the_first(tmp_path: Path) -> None:
    first = write_mmdb(tmp_path / "a.mmdb", MAXMIND_ASN, "GeoLite2-ASN")
    entry = add_mmdb(first, "asn", tmp_path / "user", licence="as I was told")
    assert entry["sha256"] == hashlib.sha256(first.read_bytes()).hexdigest()
    assert (entry["date"], entry["licence"], entry["rows"]) == ("2026-05-28", "as I was told", 1)
    second = write_mmdb(tmp_path / "b.mmdb", IPINFO, "ipinfo")
    add_mmdb(second, "asn", tmp_path / "user")
    listed = tables(user_dir=tmp_path / "user", as_of=date(2026, 11, 21))
    assert listed[0]["source"] == "ipinfo (added by the user)"
    assert listed[0]["licence"] == "not stated"
    assert listed[0]["age_days"] == 177
    assert [entry["table"] for entry in listed].count("user_network") == 1
    assert lookup_one("8.209.64.10", user_dir=tmp_path / "user")["as_name"] == "Cogent Communications"


def test_neighbours_are_joined_and_gaps_are_not(tmp_path: Path) -> None:
    record = {"country": {"iso_code": "NO"}}
    prefixes = ["9.1.0.0/24", "9.1.1.0/24", "9.1.3.0/24"]
    source = write_mmdb(tmp_path / "c.mmdb", dict.fromkeys(prefixes, record), "own")
    assert add_mmdb(source, "country", tmp_path / "user")["rows"] == 2
    found = lookup([f"9.1.{part}.9" for part in range(4)], user_dir=tmp_path / "user")
    assert found["host_country"].to_pylist() == ["NO", "NO", lookup_one("9.1.2.9")["host_country"], "NO"]


def test_private_addresses_stay_special(tmp_path: Path) -> None:
    source = write_mmdb(tmp_path / "c.mmdb", {"10.0.0.0/8": {"country": {"iso_code": "BE"}}}, "own")
    add_mmdb(source, "country", tmp_path / "user")
    row = lookup_one("10.1.1.1", user_dir=tmp_path / "user")
    assert (row["special"], row["host_country"]) == ("private", None)


def test_an_empty_folder_changes_nothing(tmp_path: Path) -> None:
    assert user_tables(tmp_path / "none") == []
    assert lookup_one("8.8.8.8", user_dir=tmp_path / "none") == lookup_one("8.8.8.8")


@pytest.mark.parametrize("damage", ["text", "cut", "empty", "missing"])
def test_a_file_that_is_no_database_is_said(tmp_path: Path, damage: str) -> None:
    source = write_mmdb(tmp_path / "c.mmdb", MAXMIND, "x")
    if damage == "missing":
        source.unlink()
    else:
        blob = source.read_bytes()
        source.write_bytes({"text": b"network,country\n", "cut": blob[:200], "empty": b""}[damage])
    with pytest.raises(CatalogError, match=r"c\.mmdb"):
        add_mmdb(source, "country", tmp_path / "user")
    assert user_tables(tmp_path / "user") == []


def test_the_wrong_kind_is_said(tmp_path: Path) -> None:
    source = write_mmdb(tmp_path / "c.mmdb", MAXMIND, "x")
    with pytest.raises(CatalogError, match="no answer of this kind"):
        add_mmdb(source, "asn", tmp_path / "user")
    with pytest.raises(UsageError, match="not a kind"):
        add_mmdb(source, "isp", tmp_path / "user")


def test_a_damaged_list_is_said(tmp_path: Path) -> None:
    (tmp_path / "user_sources.json").write_text("[{", encoding="utf-8")
    with pytest.raises(CatalogError, match="added databases is damaged"):
        lookup(["8.8.8.8"], user_dir=tmp_path)
