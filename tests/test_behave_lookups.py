"""What was asked of DNS: exact small figures, estimates for many names, and merging in any order."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from functools import cache

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate import engine, model
from flagstate.catalog.mask import mask_host
from flagstate.enrich.behave import lookup_names, lookups

SALT = 0x1234_5678_9ABC_DEF
START = datetime(2026, 3, 1, tzinfo=UTC)


def asked(*records: dict[str, object]) -> pa.Table:
    return model.rows(model.QUERY, records)


@cache
def database() -> duckdb.DuckDBPyConnection:
    return engine.connect(threads=1)


def summary(stream: pa.Table, salt: int = SALT) -> pa.Table:
    con = database()
    con.register("stream", stream)
    made = lookups.summarise(con, salt, mask_host)
    left = con.execute("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'lookup%'").fetchall()
    assert not left, "nothing is left behind"
    return made


def query(name: str, *, at: float = 0, client: str = "10.0.0.5", kind: str = "A", **more: object) -> dict[str, object]:
    plain = {"ts": START + timedelta(seconds=at), "orig_h": client, "resp_h": "10.0.0.1", "query": name}
    return plain | {"qtype_name": kind, "rcode_name": "NOERROR", "answers": None} | more


def test_figures_of_a_few_questions() -> None:
    made = summary(
        asked(
            query("abc.de.tunnel.example.com.", kind="TXT", answers=["TXT 5 hello"]),
            query("abc.DE.tunnel.example.com", at=90_000, kind="TXT", rcode_name="NXDOMAIN"),
            query("x9.example.com", at=3_600, answers=["192.0.2.1", "192.0.2.2"], resp_h="10.0.0.2"),
        )
    ).to_pylist()
    assert len(made) == 1
    row = made[0]
    assert (row["orig_h"], row["domain"]) == ("10.0.0.5", "example.com")
    assert (row["queries"], row["answered"], row["nxdomain"]) == (3, 3, 1)
    assert row["names"] == 2, "the same name in other letters is the same name"
    assert row["label_bytes"] == 11 + 11 + 2
    assert row["label_bytes_sq"] == 121 + 121 + 4
    assert (row["max_label"], row["max_name"]) == (6, 25)
    assert (row["type_txt"], row["type_a"], row["type_aaaa"]) == (2, 1, 0)
    assert (row["answer_count"], row["answer_bytes"]) == (3, 11 + 8)
    assert row["upper"] == 2
    assert sum(row["chars"]) == row["label_bytes"]
    assert row["chars"][0] == 1, "one digit, the 9"
    assert row["resolvers"] == ["10.0.0.1", "10.0.0.2"]
    assert sorted(zip(row["sketch_label"], row["sketch_answer"], strict=True)) == [(2, 8), (11, 11)]
    day = START.date().toordinal() - datetime(1970, 1, 1).date().toordinal()
    assert row["days"] == [day, day + 1]
    assert row["day_bytes"] == [13, 11]
    assert row["day_hours"] == [0b11, 0b10]


def test_a_crawl_of_many_domains_makes_one_row() -> None:
    stream = asked(
        *(query(f"site{n}.com", at=n) for n in range(500)),
        *(query(f"www.site{n}.co.uk", at=n, kind="AAAA") for n in range(500)),
    )
    made = summary(stream).to_pylist()
    assert [(row["domain"], row["queries"], row["names"]) for row in made] == [(None, 1000, 0)]


def test_a_text_record_of_a_bare_domain_is_kept() -> None:
    made = summary(asked(query("example.com", kind="TXT", answers=["v=spf1 -all"]))).to_pylist()
    assert [(row["domain"], row["answer_bytes"], row["label_bytes"]) for row in made] == [("example.com", 11, 0)]


@pytest.mark.parametrize("count", [1, 63, 64, 65, 3_000])
def test_names_are_counted_once(count: int) -> None:
    stream = [query(f"n{n}.d.example.org", at=n) for n in range(count)]
    made = summary(asked(*stream, *stream)).to_pylist()[0]
    assert made["queries"] == 2 * count
    assert made["names"] == count if count <= 64 else abs(made["names"] / count - 1) < 0.4


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("a.b.example.com", "example.com"),
        ("a.example.co.uk", "example.co.uk"),
        ("a.b.parliament.uk", "parliament.uk"),
        ("x.y.z.ck", "y.z.ck"),
        ("a.www.ck", "www.ck"),
        ("a.b.someone.github.io", "someone.github.io"),
        ("d1.cloudfront.net", "d1.cloudfront.net"),
        ("4.3.2.1.in-addr.arpa", "in-addr.arpa"),
        ("0.0.8.b.d.0.1.0.0.2.ip6.arpa", "ip6.arpa"),
        ("printer.lan", "printer.lan"),
        ("a.b.printer.lan", "printer.lan"),
        ("wpad", "wpad"),
        ("co.uk", "co.uk"),
        ("a..com", ".com"),
        ("bücher.example.de", "example.de"),
    ],
)
def test_registrable_domains(name: str, domain: str) -> None:
    con = engine.connect(threads=1)
    con.register("asked_names", pa.table({"n": [7], "name": [name]}))
    lookup_names.domains(con, "asked_names")
    assert con.execute("SELECT n, domain FROM lookup_domain").fetchall() == [(7, domain)]


def test_registrable_domains_agree_with_the_list() -> None:
    from publicsuffixlist import PublicSuffixList

    listed = PublicSuffixList()
    chance = random.Random(5)
    rules = sorted(rule.lstrip("!*.") for rule in listed._publicsuffix)
    names = {
        ".".join([*(chance.choice("ab") for _ in range(chance.randint(0, 4))), r]) for r in chance.sample(rules, 3000)
    }
    names -= {name for name in names if name.endswith((".in-addr.arpa", ".ip6.arpa"))}
    con = engine.connect(threads=1)
    ordered = sorted(names)
    con.register("asked_names", pa.table({"n": range(len(ordered)), "name": ordered}))
    lookup_names.domains(con, "asked_names")
    found = con.execute("SELECT n, domain FROM lookup_domain ORDER BY n").fetchall()
    assert len(found) == len(names)
    for (_, domain), name in zip(found, ordered, strict=True):
        assert domain == (listed.privatesuffix(name) or name)


NAMES = st.sampled_from(
    [
        "a.example.com",
        "B.example.com",
        "b.example.com",
        "example.com",
        "www.example.com",
        "x.y.z.co.uk",
        "wpad",
        "..",
        "",
    ]
    + [f"n{n}.many.example.net" for n in range(80)]
)
RECORD = st.builds(
    query,
    NAMES,
    at=st.integers(-200_000, 5_000_000),
    client=st.sampled_from(["10.0.0.5", "10.0.0.6", None, "not an address"]),
    kind=st.sampled_from(["A", "TXT", "NULL", None, "MX", "https"]),
    answers=st.sampled_from([None, [], ["192.0.2.1"], ["text", "more text"]]),
    rcode_name=st.sampled_from([None, "NOERROR", "NXDOMAIN"]),
    resp_h=st.sampled_from([None, *(f"10.0.1.{n}" for n in range(12))]),
)


@settings(max_examples=15, deadline=None)
@given(st.lists(RECORD, max_size=150), st.integers(1, 5), st.randoms(use_true_random=False))
def test_any_split_and_order_gives_the_same_table(
    records: list[dict[str, object]], parts: int, chance: random.Random
) -> None:
    whole = summary(asked(*records))
    split: list[list[dict[str, object]]] = [[] for _ in range(parts)]
    for record in records:
        chance.choice(split).append(record)
    made = [summary(asked(*part)) for part in split]
    chance.shuffle(made)
    while len(made) > 1:
        first, second = made.pop(), made.pop(chance.randrange(len(made)))
        made.append(lookups.merge([second, first]))
    assert made[0].equals(whole)
    assert lookups.merge([whole, lookups.SCHEMA.empty_table()]).equals(whole)


def test_names_are_nowhere_in_the_summary() -> None:
    stream = asked(
        query("secretword.example.com"), query("secretword", kind="TXT"), query("jane.doe@mail.tld", kind="TXT")
    )
    text = str(summary(stream).to_pylist())
    assert "jane" not in text
    assert "secretword.example" not in text
    assert summary(stream)["sketch"] != summary(stream, SALT + 1)["sketch"], "the hashes are keyed"


def test_a_domain_is_masked() -> None:
    made = summary(asked(query("a.4012888888881881.example")))
    assert "4012888888881881" not in str(made.to_pylist())


def test_hostile_numbers_stay_within_64_bits() -> None:
    one = summary(asked(query("a.example.com")))
    huge = one.set_column(one.column_names.index("label_bytes"), "label_bytes", pa.array([2**62 - 1]))
    made = lookups.merge([huge] * 9)
    assert made["label_bytes"].to_pylist() == [2**62]
