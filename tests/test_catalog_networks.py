"""The network tables answer as an independent oracle does, and keep the four countries apart."""

from __future__ import annotations

import ipaddress
import json
import subprocess
import sys

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.catalog.networks import COLUMNS, lookup, lookup_one, tables
from flagstate.errors import CatalogError, UsageError
from network_oracle import DATA, answer, ranges

FACTS = {
    "host_country": "host_country",
    "host_country_second": "host_country_second",
    "registrant_country": "registrant_country",
    "as_country": "as_country",
    "asn": "asn",
    "provider": "provider",
}
FAMILY = {4: ipaddress.IPv4Address, 6: ipaddress.IPv6Address}


def expect(address: str) -> dict[str, object]:
    special = answer("special", address)
    facts = {column: None if special else answer(table, address) for table, column in FACTS.items()}
    cast = answer("anycast", address) is not None
    host, second = facts["host_country"], facts["host_country_second"]
    if host is None or cast:
        confidence = "none"
    elif host == second:
        confidence = "sure"
    else:
        confidence = "likely" if second is None or second == facts["registrant_country"] else "disputed"
    return {**facts, "anycast": cast, "special": special, "confidence": confidence}


def check(addresses: list[str]) -> None:
    found = lookup(addresses).to_pylist()
    assert len(found) == len(addresses)
    for address, row in zip(addresses, found, strict=True):
        wanted = expect(address)
        assert {name: row[name] for name in wanted} == wanted, address
        assert row["addr"] == address


def carries_ipv4(number: int) -> bool:
    return number >> 32 in (0xFFFF, 0x0064FF9B << 64)


@st.composite
def edge(draw: st.DrawFn) -> str:
    """An address at, just inside or just outside the end of a range: where an off-by-one or a gap shows."""
    version = draw(st.sampled_from([4, 6]))
    table = draw(st.sampled_from([*FACTS, "anycast", "special"]))
    starts, stops, _ = ranges(table, version)
    row = draw(st.integers(0, len(starts) - 1))
    number = draw(st.sampled_from([starts[row], stops[row]])) + draw(st.sampled_from([-1, 0, 1]))
    number = min(max(number, 0), 2 ** (32 if version == 4 else 128) - 1)
    return "::2" if version == 6 and carries_ipv4(number) else str(FAMILY[version](number))


@st.composite
def anywhere(draw: st.DrawFn) -> str:
    if draw(st.booleans()):
        return str(ipaddress.IPv4Address(draw(st.integers(0, 2**32 - 1))))
    return str(ipaddress.IPv6Address(draw(st.integers(0x2001 << 112, (0x2C10 << 112) - 1))))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(edge(), anywhere()), min_size=1, max_size=60))
def test_every_table_answers_as_the_oracle(addresses: list[str]) -> None:
    check(addresses)


@settings(max_examples=15, deadline=None)
@given(edge())
def test_one_address_is_answered_as_in_bulk(address: str) -> None:
    assert lookup_one(address) == lookup([address, "8.8.8.8", "2001:db8::1", "223.255.255.1"]).to_pylist()[0]


def test_gaps_between_ranges_are_not_filled() -> None:
    gaps: dict[int, list[str]] = {4: [], 6: []}
    for version, found in gaps.items():
        starts, stops, _ = ranges("asn", version)
        for row in range(0, len(starts) - 1, 997):
            if stops[row] + 1 < starts[row + 1] and answer("special", str(FAMILY[version](stops[row] + 1))) is None:
                found.append(str(FAMILY[version](stops[row] + 1)))
    assert min(len(found) for found in gaps.values()) > 20
    assert lookup(gaps[4] + gaps[6])["asn"].null_count == len(gaps[4] + gaps[6])


def test_ranges_finer_than_64_bits_are_told_apart() -> None:
    starts, stops, values = ranges("host_country", 6)
    rows = [r for r in range(1, len(starts)) if starts[r] >> 64 == stops[r - 1] >> 64 and values[r] != values[r - 1]]
    assert len(rows) > 50
    check([str(ipaddress.IPv6Address(n)) for r in rows[:60] for n in (starts[r], stops[r - 1])])


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("table", [*FACTS, "anycast", "special"])
def test_ranges_are_sorted_and_disjoint(table: str, version: int) -> None:
    starts, stops, values = ranges(table, version)
    assert all(start <= stop for start, stop in zip(starts, stops, strict=True))
    assert all(stop < start for stop, start in zip(stops, starts[1:], strict=False))
    assert None not in values


KNOWN = [  # address, host, confidence, registrant, AS registration, AS number, part of the AS name
    ("8.209.64.10", "DE", "likely", "SG", "CN", 45102, "Alibaba (US) Technology Co., Ltd."),
    ("47.91.64.10", "DE", "likely", "US", "CN", 45102, "Alibaba (US) Technology"),
    ("47.254.128.10", "DE", "likely", "US", "CN", 45102, "Alibaba (US) Technology"),
    ("8.211.0.10", "DE", "likely", "SG", "CN", 45102, "Alibaba (US) Technology"),
    ("8.208.0.10", "GB", "likely", "SG", "CN", 45102, "Alibaba (US) Technology"),
    ("39.96.0.10", "CN", "sure", "CN", "CN", 37963, "Hangzhou Alibaba Advertising"),
    ("49.51.128.10", "DE", None, "CN", "CN", 132203, "Tencent"),
    ("119.8.0.10", "MX", "sure", "SG", "HK", 136907, "HUAWEI INTERNATIONAL"),
    ("95.216.0.10", "FI", "sure", "DE", "DE", 24940, "Hetzner"),
    ("5.161.0.10", "US", "sure", "DE", "DE", 213230, "Hetzner"),
    ("51.79.128.10", "SG", None, "CA", "FR", 16276, "OVH"),
    ("3.120.0.10", "DE", "sure", "US", "US", 16509, "Amazon"),
    ("52.81.0.1", "CN", "sure", "CN", "CN", 55960, "Guanghuan"),
    ("114.114.114.114", "CN", "sure", "CN", "US", 21859, "Zenlayer"),
]


@pytest.mark.parametrize(("addr", "host", "confidence", "registrant", "registered", "asn", "name"), KNOWN)
def test_known_facts(
    addr: str, host: str, confidence: str | None, registrant: str, registered: str, asn: int, name: str
) -> None:
    row = lookup_one(addr)
    assert (row["host_country"], row["registrant_country"], row["as_country"]) == (host, registrant, registered)
    assert row["asn"] == asn
    assert name in str(row["as_name"])
    assert confidence in (None, row["confidence"])


def test_four_countries_stay_four_facts() -> None:
    row = lookup_one("8.209.64.10")
    said = [row[name] for name in ("host_country", "host_country_second", "registrant_country", "as_country")]
    assert said == ["DE", "SG", "SG", "CN"]
    assert row["as_name"] == "Alibaba (US) Technology Co., Ltd."


@pytest.mark.parametrize("addr", ["1.1.1.1", "8.8.8.8", "9.9.9.9", "151.101.1.1", "198.41.0.4", "2606:4700:4700::1111"])
def test_anycast_is_no_place(addr: str) -> None:
    row = lookup_one(addr)
    assert row["anycast"] is True
    assert row["confidence"] == "none"


@pytest.mark.parametrize(
    ("addr", "special"),
    [
        ("10.1.2.3", "private"),
        ("100.64.0.1", "private"),
        ("127.0.0.1", "loopback"),
        ("169.254.169.254", "link_local"),
        ("192.0.2.1", "documentation"),
        ("224.0.0.251", "multicast"),
        ("192.88.99.1", "reserved"),  # announced, and still no fact: 6to4 relays were anybody's
        ("255.255.255.255", "reserved"),
        ("0.0.0.1", "reserved"),
        ("::1", "loopback"),
        ("::", "reserved"),
        ("fe80::1%eth0", "link_local"),
        ("fd00::1", "private"),
        ("ff02::fb", "multicast"),
        ("2001:db8::1", "documentation"),
        ("2001:4860:4860::8888", None),
        ("8.8.8.8", None),
    ],
)
def test_special_addresses_have_no_facts(addr: str, special: str | None) -> None:
    row = lookup_one(addr)
    assert row["special"] == special
    facts = [row[name] for name in COLUMNS[2:12]]
    assert any(facts) is (special is None)
    if special != "multicast" and addr != "192.88.99.1":  # which Python 3.11 calls global
        assert ipaddress.ip_address(addr).is_global is (special is None)


@pytest.mark.parametrize(
    ("given", "addr", "version"),
    [
        ("::ffff:8.209.64.10", "8.209.64.10", 4),
        ("::ffff:8d1:400a", "8.209.64.10", 4),
        ("64:ff9b::8.209.64.10", "8.209.64.10", 4),
        ("64:ff9b::8d1:400a", "8.209.64.10", 4),
        ("[2A01:4F8::1]", "2a01:4f8::1", 6),
        (" 2a01:04f8:0:0:0:0:0:1 ", "2a01:4f8::1", 6),
        ("fe80::1%25en0", "fe80::1", 6),
    ],
)
def test_other_writings_of_an_address(given: str, addr: str, version: int) -> None:
    for row in (lookup_one(given), lookup([given]).to_pylist()[0]):
        assert (row["addr"], row["ip_version"]) == (addr, version)
    assert lookup_one(given)["host_country"] == (answer("host_country", addr) if given[0] != "f" else None)


@pytest.mark.parametrize("text", ["300.1.1.1", "", "1.2.3", "01.2.3.4", "example.org", "1.2.3.4:443", ":1", "1::2::3"])
def test_no_address_is_an_error_alone_and_an_empty_row_in_bulk(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        lookup_one(text)
    assert caught.value.exit_code == 2
    assert caught.value.why
    assert caught.value.todo
    rows = lookup([text, "9.9.9.9", None]).to_pylist()
    assert rows[0] == rows[2] == dict.fromkeys(COLUMNS)
    assert rows[1]["asn"] == 19281


def test_the_error_does_not_carry_control_characters() -> None:
    with pytest.raises(UsageError) as caught:
        lookup_one("1.1.1.1\x1b]8;;http://x\x07\u202e")
    assert str(caught.value).isprintable()
    assert caught.value.what.isascii()


def test_any_form_of_column_is_taken() -> None:
    texts = ["8.8.8.8", None, "2a01:4f8::1", "8.8.8.8"]
    plain = lookup(texts)
    for form in (
        pa.array(texts),
        pa.chunked_array([texts[:1], texts[1:]]),
        pa.array(texts).dictionary_encode(),
        pa.array(texts, pa.large_utf8()),
    ):
        assert lookup(form).equals(plain)
    assert plain.schema.names == list(COLUMNS)
    assert lookup([]).schema.equals(plain.schema)
    assert lookup([None]).schema.equals(plain.schema)


def test_batches_make_one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["8.8.8.8", "nothing", "2a01:4f8::1", "10.0.0.1", None, "3.120.0.1", "1.1.1.1"]
    whole = lookup(texts)
    monkeypatch.setattr("flagstate.catalog.networks._BATCH", 2)
    assert lookup(texts).equals(whole)
    assert lookup([]).equals(whole.slice(0, 0))


def test_provider_feeds_can_be_switched_off() -> None:
    fed, plain = lookup(["3.120.0.1"]).to_pylist()[0], lookup(["3.120.0.1"], without_feeds=True).to_pylist()[0]
    assert (fed["provider"], fed["provider_region"], fed["provider_country"]) == (
        "Amazon Web Services",
        "eu-central-1",
        "DE",
    )
    gone = {name for name in COLUMNS if fed[name] != plain[name]}
    assert gone == {"provider", "provider_service", "provider_region", "provider_country"}
    assert lookup_one("3.120.0.1", without_feeds=True) == plain


def test_tables_say_where_they_come_from() -> None:
    from datetime import date

    entries = tables(as_of=date(2026, 11, 21))
    assert {entry["table"] for entry in entries} >= {*FACTS, "anycast", "special"}
    for entry in entries:
        assert all(entry[key] for key in ("source", "version", "sha256", "date", "licence", "attribution", "rows"))
    licences = " ".join(str(entry["licence"]) for entry in entries)
    assert not any(word in licences for word in ("NC", "SA", "GeoLite", "ODbL"))
    host = next(entry for entry in entries if entry["table"] == "host_country")
    assert "https://db-ip.com" in str(host["attribution"])
    assert host["age_days"] == 173


def test_a_missing_table_is_an_error_that_names_it() -> None:
    with pytest.raises(CatalogError, match=r"special_v4\.parquet"):
        lookup(["8.8.8.8"], data_dir=DATA / "nowhere")


def test_the_module_is_light_to_import() -> None:
    code = (
        "import sys, json; import flagstate.catalog.networks as n; early = set(sys.modules); n.lookup_one('8.8.8.8');"
        "print(json.dumps([sorted(early & {'numpy', 'pyarrow', 'duckdb', 'numba'}),"
        " sorted(set(sys.modules) & {'duckdb', 'numba', 'pandas', 'pyarrow.dataset'})]))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(out.stdout) == [[], []]
