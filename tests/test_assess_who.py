"""`flagstate who`: the four countries, the operator, the chain, the governments, and what is not known."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date

import pytest

from flagstate.assess.who import who
from flagstate.errors import UsageError

DAY = date(2026, 11, 21)


def text(query: str) -> str:
    return "\n".join(who(query, as_of=DAY).lines())


def test_alibaba_frankfurt_keeps_four_countries_apart() -> None:
    answer = who("8.209.64.10", as_of=DAY)
    places = {place.meaning: (place.country, place.words) for place in answer.places}
    assert places["host stands in"][0] == "DE"
    assert places["host stands in"][1].startswith("likely")
    assert places["prefix registered in"][0] == "SG"
    assert places["network registered in"][0] == "CN"
    assert answer.as_name == "Alibaba (US) Technology Co., Ltd."
    assert answer.operator is not None
    assert answer.operator_by == "asn"
    assert [top.name for top in answer.controllers] == ["Alibaba Group Holding Limited"]
    assert answer.controllers[0].principal_place == ("CN (sourced)",)
    ways = {(one.government, one.level) for one in answer.governments}
    assert ways == {("DE", "direct_place"), ("CN", "via_parent"), ("KY", "via_parent")}
    assert "US" not in {one.government for one in answer.governments}
    china = next(one for one in answer.governments if one.government == "CN")
    assert china.contested
    assert "National Intelligence Law" in china.law
    assert china.status == "sourced"


def test_anycast_is_not_a_place() -> None:
    answer = who("1.1.1.1", as_of=DAY)
    assert answer.anycast
    assert answer.places[0].country is None
    assert "anycast" in text("1.1.1.1")
    assert "AU" not in {one.government for one in answer.governments}
    assert ("US", "direct_law") in {(one.government, one.level) for one in answer.governments}


def test_aws_china_names_sinnet() -> None:
    answer = who("52.81.0.1", as_of=DAY)
    assert answer.operator is not None
    assert answer.operator.name.startswith("Sinnet")
    assert answer.others == ("Amazon Web Services publishes the range in its feed",)
    assert {one.government for one in answer.governments} == {"CN"}
    without = who("52.81.0.1", as_of=DAY, without_feeds=True)
    assert without.operator == answer.operator
    assert without.others == ()


@pytest.mark.parametrize("query", ["300.1.1.1", "1.2.3", "1.2.3.4.5", "::gg", "fe80::1::2", "[::1", "1.1.1.1/24"])
def test_what_looks_like_an_address_and_is_none_is_a_usage_error(query: str) -> None:
    with pytest.raises(UsageError) as caught:
        who(query, as_of=DAY)
    assert caught.value.exit_code == 2
    assert caught.value.todo


@pytest.mark.parametrize(
    "query", ["", "alibaba cloud", "nobody at all", "\x1b[31mred", "a" * 400, "x" * 64 + ".com", "foo..com"]
)
def test_what_is_nothing_that_we_know_is_a_usage_error_without_control_characters(query: str) -> None:
    with pytest.raises(UsageError) as caught:
        who(query, as_of=DAY)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


def test_an_address_may_be_written_in_many_ways() -> None:
    for written in ("::ffff:8.209.64.10", " 8.209.64.10 ", "64:ff9b::8.209.64.10"):
        assert who(written, as_of=DAY).shown == "8.209.64.10"


def test_a_private_address_has_no_facts() -> None:
    answer = who("10.0.0.1", as_of=DAY)
    assert answer.special == "private"
    assert answer.places == ()
    assert answer.governments == ()
    assert answer.operator is None
    assert any("private" in gap for gap in answer.unknown)


def test_a_host_is_never_resolved() -> None:
    answer = who("OSS-eu-central-1.aliyuncs.com.", as_of=DAY)
    assert answer.kind == "host"
    assert answer.operator is not None
    assert answer.operator.entity_id == "ent:alibaba-cloud-international"
    assert answer.places == ()
    assert any("never resolved" in gap for gap in answer.unknown)
    unknown = who("www.example.org", as_of=DAY)
    assert unknown.operator is None
    assert "registrable domain example.org" in unknown.others
    assert "operator: not known" in unknown.lines()
    assert who("bücher.example", as_of=DAY).shown == "xn--bcher-kva.example"


def test_a_third_party_is_a_name_and_not_an_owner() -> None:
    answer = who("static.hotjar.com", as_of=DAY)
    assert any("third-party-web lists it as" in other for other in answer.others)


def test_an_operator_by_name_slug_or_lei() -> None:
    for query in ("Hetzner", "hetzner", "ent:hetzner", "391200XMWUW8G8MXV439"):
        assert who(query, as_of=DAY).shown == "Hetzner"
    answer = who("Cainiao", as_of=DAY)
    assert answer.owners[0].share == "64 to 100 %"
    assert answer.owners[0].status == "sourced"
    owner = who("Alibaba Group Holding Limited", as_of=DAY)
    assert ("CN", "direct_law") in {(one.government, one.level) for one in owner.governments}


def test_a_status_stands_beside_every_country_link_and_government() -> None:
    for query in ("DigitalOcean", "8.209.64.10", "Umeng+", "temu"):
        answer = who(query, as_of=DAY)
        parties = [*answer.controllers, *([answer.operator] if answer.operator else [])]
        for party in parties:
            assert all(
                "sourced" in said or "to verify" in said for said in (*party.organised_in, *party.principal_place)
            )
        assert all(one.status in ("sourced", "to verify", "interpretive") for one in answer.governments)
    assert "to verify" in text("DigitalOcean")


def test_contested_headquarters_are_both_shown() -> None:
    said = who("PDD Holdings Inc.", as_of=DAY).operator
    assert said is not None
    assert said.principal_place == ("IE (sourced)", "CN (sourced, contested)")


def test_the_answer_is_plain_data() -> None:
    dumped = json.loads(json.dumps(who("8.209.64.10", as_of=DAY).as_dict()))
    assert dumped["places"][0]["country"] == "DE"


def test_it_loads_neither_numba_nor_a_database() -> None:
    code = (
        "import sys; from datetime import date; from flagstate.assess.who import who; "
        "who('8.209.64.10', as_of=date(2026, 11, 21)); who('x.aliyuncs.com', as_of=date(2026, 11, 21)); "
        "print([m for m in ('numba', 'duckdb', 'yaml') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_covert_collection_is_told_once_and_is_no_government_of_the_address() -> None:
    answer = who("8.209.64.10", as_of=DAY)
    assert "covert_only" not in {one.level for one in answer.governments}
    told = [gap for gap in answer.unknown if "without an order to anybody" in gap]
    assert len(told) == 1
    assert "Executive Order 12333" in told[0]


def test_each_government_is_named_once_per_level() -> None:
    for query in ("8.209.64.10", "1.1.1.1", "52.81.0.1", "x.aliyuncs.com"):
        named = [(one.government, one.level) for one in who(query, as_of=DAY).governments]
        assert len(named) == len(set(named)), query
