"""Names from evidence lose what matches a data class, however it is written or encoded."""

from __future__ import annotations

import base64
import codecs
import json
import re
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.catalog import check_digits
from flagstate.catalog.data_class import DataClass, load, parse
from flagstate.catalog.mask import LONGEST, UNSAFE, mask, mask_host, mask_party, may_hold, plain
from flagstate.errors import CatalogError

PLANTED = {
    "email": "ottokar.zwengel@kanari.example",
    "card": "4556737586899855",
    "person": "Maximilian Oberhuber",
    "known person": "Lena Schmidt",
    "dotted person": "maximilian.oberhuber",
    "camel person": "MaximilianOberhuber",
    "one word": "lenaschmidt",
    "parcel": "RB123456785GB",
    "ups": "1Z5R89390357567127",
    "iban": "DE89370400440532013000",
    "phone": "+32 470 12 34 56",
    "birth date": "1968-12-08",
    "digits": "73920118465",
}

PLACES = {
    "header": "{}",
    "JSON key": "{}",
    "file": "evidence/{}.csv",
    "table": "tbl_{}_2024",
    "bucket": "s3://backup-{}/exports",
    "query": "https://shop.example/track?q={}&lang=de",
    "arn": "arn:aws:iam::role/{}",
}

ENCODINGS = {
    "plain": lambda v: v,
    "URL": lambda v: quote(v, safe=""),
    "URL of every byte": lambda v: "".join(f"%{b:02X}" for b in v.encode()),
    "URL twice": lambda v: quote("".join(f"%{b:02x}" for b in v.encode()), safe=""),
    "base64": lambda v: base64.b64encode(v.encode()).decode(),
    "base64url": lambda v: base64.urlsafe_b64encode(v.encode()).decode().rstrip("="),
    "base64 of UTF-16": lambda v: base64.b64encode(v.encode("utf-16-le")).decode(),
    "base32": lambda v: base64.b32encode(v.encode()).decode().rstrip("="),
    "hex": lambda v: v.encode().hex(),
    "HEX": lambda v: v.encode().hex().upper(),
}


def leaks(value: str, text: str) -> list[str]:
    """The forms of a value, or of the telling half of it, that a text still shows."""
    halves = [value, *(h for h in value.replace("@", " ").replace(".", " ").split() if len(h) > 5 and h != "example")]
    found = []
    for half in halves:
        for name, encode in ENCODINGS.items():
            if encode(half).lower() in text.lower():
                found.append(name)
    return found


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", PLANTED)
def test_planted_values_do_not_survive(kind: str, place: str, encoding: str) -> None:
    value = PLANTED[kind]
    name = PLACES[place].format(ENCODINGS[encoding](value))
    shown = mask(name)
    assert "‹" in shown, shown
    assert not leaks(value, shown), shown


@pytest.mark.parametrize("encoding", ["plain", "base32", "hex", "base64url"])
@pytest.mark.parametrize(
    "value", ["maximilian-oberhuber", "rb123456785gb", "4556737586899855", "lena.schmidt", "lenaschmidt"]
)
def test_sub_domains_are_masked_and_the_domain_stays(value: str, encoding: str) -> None:
    shown = mask_host(f"{ENCODINGS[encoding](value)}.cdn.kanari.com")
    assert shown.endswith(".cdn.kanari.com")
    assert not leaks(value, shown)


@pytest.mark.parametrize(
    "host",
    [
        "www.google.com",
        "googleads.g.doubleclick.net",
        "ec2-54-12-3-4.eu-central-1.compute.amazonaws.com",
        "alicdn.com",
        "gw.alicdn.com",
        "g.alicdn.com",
        "umeng.com",
        "cainiao.com",
        "8.209.64.10",
        "1.0.0.10.in-addr.arpa",
        "s3.eu-central-1.amazonaws.com",
        "2001:db8::7",
        "bbc.co.uk",
        "static.bbci.co.uk",
        "fonts.gstatic.com",
        "api-eu.pusher.com",
        "localhost",
        "b.example",
        "*.example.com",
        "analytics.tiktok.com",
        "pingma.qq.com",
        "login.microsoftonline.com",
    ],
)
def test_ordinary_hosts_stay_readable(host: str) -> None:
    assert mask_host(host) == host


@pytest.mark.parametrize(
    "name",
    [
        "conn.log",
        "order_id",
        "customer_id",
        "shipCountry",
        "unit_price",
        "iris.csv",
        "2024-11-03T10:15:00Z_export.json",
        "logs/2024/11/03/dns.log",
        "http_user_agent",
        "isShippedOnBoardType",
        "arn:aws:s3:::warehouse-exports",
        "10.20.0.0/16",
        "public.employee_territories",
        "aws_s3_bucket.backup[0]",
        "orders.shipping_address",
        "sheet1",
        "v1.2.3",
        "eu-central-1",
        "id.orig_h",
    ],
)
def test_ordinary_names_stay_readable(name: str) -> None:
    assert mask(name) == name


def test_shapes_survive_json_and_html() -> None:
    shown = mask("ottokar@kanari.example")
    assert shown == "‹email›"
    assert json.loads(json.dumps(shown)) == shown


HOSTILE = {
    "terminal link": "\x1b]8;;https://evil.example\x07click\x1b]8;;\x07",
    "colour": "\x1b[31mred\x1b[0m",
    "bidirectional": "invoice\u202egpj.exe",
    "isolate": "\u2066x\u2069",
    "zero width": "pay\u200bload",
    "new line": "a\nb\r\n=cmd()",
    "NUL": "a\x00b",
    "C1": "a\x9bb",
    "surrogate": "a\ud800b",
    "separator": "a\u2028b",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_is_spelt_out(kind: str) -> None:
    shown = plain(HOSTILE[kind])
    assert not UNSAFE.search(shown)
    assert shown.encode("utf-8")
    assert "\\" in shown
    assert plain(shown) == shown


def test_invisible_characters_do_not_hide_a_value() -> None:
    for hidden in (
        "maxi\u200bmilian ober\u00adhuber",
        "4556 7375\u2060 8689 9855",
        "\x1b[1mMaximilian\x1b[0m Oberhuber",
    ):
        assert "‹" in mask(hidden)
        assert "milian" not in mask(hidden)
        assert "9855" not in mask(hidden)
    assert mask("４５５６７３７５８６８９９８５５") == "‹card›"


def test_cut_names_are_told_apart() -> None:
    one, other = plain("a" * 500), plain("a" * 501)
    assert len(one) <= LONGEST
    assert one != other


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=260) | st.text("aeiklmnorstjhn.-_@ 0123456789%/=", max_size=60))
def test_masking_twice_changes_nothing(text: str) -> None:
    for function in (mask, mask_host, plain):
        once = function(text)
        assert function(once) == once
        assert len(once) <= LONGEST
        assert not UNSAFE.search(once)


@settings(max_examples=150, deadline=None)
@given(st.text("abcxyz_-./:", max_size=12), st.sampled_from(sorted(PLANTED)), st.text("abcxyz_-./: ", max_size=12))
def test_what_stands_around_does_not_save_an_email_or_a_card(before: str, kind: str, after: str) -> None:
    value = PLANTED[kind]
    if kind in ("email", "card", "digits", "iban", "phone"):
        assert value not in mask(f"{before}{value}{after}")


def test_long_hostile_names_are_fast() -> None:
    for text in ("a." * 4000, "1-" * 4000, "ab12" * 2000, "@a" * 4000, "%25" * 3000, "é " * 4000, "x@" + "a." * 4000):
        begun = time.perf_counter()
        mask.__wrapped__(text)
        assert time.perf_counter() - begun < 5, text[:10]


@pytest.mark.parametrize("made", load(), ids=lambda made: made.id)
def test_the_examples_of_every_class_are_its_tests(made: DataClass) -> None:
    for value in made.examples:
        assert made.holds(value), value
    for value in made.counter_examples:
        assert not made.holds(value), value
    if made.token:
        assert all("‹" in mask(value) for value in made.examples)
        assert all(may_hold(value, sum(map(str.isdigit, value))) for value in made.examples)
    assert made.says.endswith(".")
    assert all(header == header.lower() for header in made.headers)
    assert all(law.count("/") == 1 for law in made.law)
    assert made.unit in ("persons", "devices", "")
    assert made.decide != "check" or made.check
    assert made.decide != "header" or made.headers


def test_every_shape_is_understood_by_the_database_too() -> None:
    duckdb = pytest.importorskip("duckdb")
    for made in load():
        if made.shape:
            for value in (*made.examples, *made.counter_examples):
                sql = duckdb.execute("SELECT regexp_full_match(?, ?, 's')", [value, made.shape]).fetchone()
                assert sql == (bool(re.fullmatch(made.shape, value, re.DOTALL)),), (made.id, value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- {id: a, say: b}", "no key say"),
        ("- {id: a}", "lacks says"),
        ("nothing", "not a list"),
        ("- {id: a, says: b., group: x, decide: shape, examples: [a], counter_examples: [b]}", "says x"),
        (
            "- {id: a, says: b., group: trade, decide: shape, shape: '(', examples: [a], counter_examples: [b]}",
            "compile",
        ),
        ("- [", "YAML"),
    ],
)
def test_a_wrong_entry_is_refused(text: str, says: str) -> None:
    with pytest.raises(CatalogError, match=says):
        parse(text, "mine.yaml")


@pytest.mark.parametrize(
    ("check", "body"),
    [
        ("luhn", "455673758689985"),
        ("s10", "47312482"),
        ("gs1", "00345678901234567"),
        ("awb", "0201234567"),
        ("imo", "907472"),
    ],
)
def test_exactly_one_check_digit_passes(check: str, body: str) -> None:
    forms = {"s10": "RA{}{}GB"}
    passing = [d for d in "0123456789" if check_digits.CHECKS[check](forms.get(check, "{}{}").format(body, d))]
    assert len(passing) == 1


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_no_check_raises(text: str) -> None:
    for check in check_digits.CHECKS.values():
        assert check(text) in (True, False)


def test_rot13_is_beyond_us_and_said_so() -> None:
    """What masking cannot see stays visible: the module says which encodings it knows."""
    assert mask(codecs.encode("zwengel-ottokar", "rot13")) == "mjratry-bggbxne"


def test_hosts_of_real_archives_stay_readable() -> None:
    hosts = set()
    for path in (Path(__file__).parent / "data").glob("har-*/*.har"):
        hosts.update(re.findall(r"https?://([A-Za-z0-9.-]+\.[a-z]{2,})[/\"]", path.read_text("utf-8", "replace")))
    changed = {host for host in hosts if mask_host(host) != host}
    assert len(hosts) > 15
    assert len(changed) * 50 <= len(hosts), changed


@pytest.mark.parametrize(
    "name",
    [
        "Anna-Lena Müller",
        "jean.dupont",
        "van-der-berg_pieter",
        "GARCIA, Maria",
        "Wang Xiaoming",
        "王伟",
        "Ольга Иванова",
        "Mehmet Yılmaz",
        "o'connor.sean",
        "Nguyen Van Minh",
        "Peter Fertig",
        "lena.q.schmidt",
    ],
)
def test_names_of_many_countries(name: str) -> None:
    assert "‹name›" in mask(name)
    assert "‹name›" in mask(f"exports/{name}/2024.csv")


@pytest.mark.parametrize("before", ["crm", "db", "dead", "d2", "app/cafe", "tbl_ab", "acs:oss", "2001:db8", "fe80"])
@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("ada.beck", "‹name›"),
        ("Abe Lincoln", "‹name›"),
        ("anna_becker", "‹name›"),
        ("0470 12 34 56", "‹number›"),
        ("1968-12-08", "‹date›"),
    ],
)
def test_what_looks_like_the_end_of_an_address_hides_nothing(before: str, value: str, shape: str) -> None:
    assert mask(f"{before}::{value}") == f"{before}::{shape}"


@pytest.mark.parametrize(
    "form", ["{}", "{}/48", "[{}]:8443", "https://[{}]/x", "{}%eth0", "{}, {}", "logs/{}/conn.log"]
)
@pytest.mark.parametrize(
    "address", ["2001:db8:4711:815::1234:5678", "fe80::ada:beca", "2001:0db8:0000:0000:0000:1234:5678:9012"]
)
def test_addresses_stay_readable(address: str, form: str) -> None:
    shown = form.replace("{}", address)
    assert mask(shown) == shown


@pytest.mark.parametrize("name", ["Robert Bosch GmbH", "Banco Santander", "Morgan Stanley", "Grande Groupe SA"])
def test_a_firm_may_be_called_after_a_person(name: str) -> None:
    assert mask_party(name) == name


def test_the_name_of_a_firm_hides_all_else() -> None:
    assert "@" not in mask_party("shop anna.muster@mail.example")
    assert "4111" not in mask_party("Till 4111 1111 1111 1111")
    assert mask_party("a\x1b[31mb") == "a\\x1b[31mb"
