"""FollowTheMoney: entities from their pieces, links as interests, and what cannot be is named by its line."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canaries import Aviary
from flagstate import model
from flagstate.catalog.mask import mask
from flagstate.errors import EvidenceError, FlagstateError
from flagstate.read import ftm, registry
from flagstate.read.ftm_links import share
from flagstate.read.part import Context, Facts, Head, Note, Opened, Part, Reject, Tally

DATA = Path(__file__).parent / "data" / "ftm"
SAMPLES = ("owners.jsonl", "nested.jsonl")
TOP = "lei:TESTTOP0000000000052"


def head_of(data: bytes) -> Head:
    return Head(data[:65536], len(data), ".json")


def lines(tree: list[Any]) -> bytes:
    return b"\n".join(json.dumps(each).encode() for each in tree)


def read(data: bytes | list[Any], folder: Path, max_rows: int | None = None) -> list[Part]:
    data = lines(data) if isinstance(data, list) else data
    path = folder / "given"
    path.write_bytes(data)
    kind = ftm.recognise(head_of(data))
    assert kind is not None
    with duckdb.connect() as con:
        return list(ftm.read(Opened(str(path), head_of(data), "ftm", "ev"), kind, Context(con, mask, max_rows)))


def rows(parts: list[Part], noun: str) -> list[dict[str, Any]]:
    found = [p for p in parts if isinstance(p, Facts) and p.noun == noun]
    assert all(p.stance == "recorded" and p.table.schema.equals(model.NOUNS[noun].schema) for p in found)
    ids = [i for p in found for i in model.stamp(p.table, model.NOUNS[noun], stance=p.stance)["fact_id"].to_pylist()]
    assert len(set(ids)) == len(ids), "every row has an id of its own"
    return [{k: v for k, v in row.items() if v is not None} for p in found for row in p.table.to_pylist()]


def entities(parts: list[Part]) -> dict[str, dict[str, Any]]:
    return {row["entity_id"]: row for row in rows(parts, "legal_entity")}


def held(parts: list[Part]) -> set[tuple[Any, ...]]:
    keys = ("holder_id", "subject_id", "kind", "share_lo_pct", "share_hi_pct")
    return {tuple(row.get(key) for key in keys) for row in rows(parts, "interest")}


def told(parts: list[Part]) -> list[str]:
    return [p.reason for p in parts if isinstance(p, Reject | Note)]


def sample(name: str) -> list[Any]:
    return [json.loads(line) for line in (DATA / name).read_bytes().splitlines()]


def day(year: int, month: int, of_month: int) -> datetime:
    return datetime(year, month, of_month, tzinfo=UTC)


def test_entities(tmp_path: Path) -> None:
    parts = read(sample("owners.jsonl"), tmp_path)
    known = entities(parts)
    assert set(known) == {TOP, *(f"ftm:{x}" for x in ("mid", "low", "twin", "gov", "ru", "p-owner", "p-director"))}
    assert (known[TOP]["organised_in"], known[TOP]["registration"]) == (["US"], ["US:1234567"])
    assert known[TOP]["valid_from"] == day(2001, 2, 3)
    mid = known["ftm:mid"]
    assert (mid["organised_in"], mid["principal_place"], mid["located_in"]) == (["LU"], "LU", ["DE"])
    assert known["ftm:low"]["entity_type"] == "registeredEntity", "two pieces, and the more particular schema"
    assert "registration" not in known["ftm:low"], "a number that two firms of one country have identifies neither"
    assert known["ftm:gov"]["kind"] == "state"
    assert known["ftm:ru"]["registration"] == ["RU-OGRN:1027700000001"]
    owner = known["ftm:p-owner"]
    assert (owner["kind"], owner["name"], owner["nationality"], owner["located_in"]) == (
        "person",
        "‹name›",
        ["DE"],
        ["CH"],
    )
    shown = str(known) + str(parts)
    for private in ("Mustermann", "1970", "C01X00T47", "Private", "p-nobody"):
        assert private not in shown
    assert [p.rows_read for p in parts if isinstance(p, Tally)] == [20]


def test_links(tmp_path: Path) -> None:
    parts = read(sample("owners.jsonl"), tmp_path)
    assert held(parts) == {
        ("ftm:p-owner", TOP, "owns", 60, 60),
        (TOP, "ftm:mid", "owns", 25, 50),
        ("ftm:gov", "ftm:mid", "owns", 50.000001, 100),
        ("ftm:mid", "ftm:low", "owns", 100, 100),
        ("ftm:p-director", "ftm:low", "directs", None, None),
        ("ftm:ru", "ftm:low", "controls", None, None),
        ("ftm:p-owner", "ftm:low", "unnamed", None, None),
    }
    found = {(r["holder_id"], r["kind"]): r for r in rows(parts, "interest")}
    assert found["ftm:p-owner", "owns"]["directness"] == "direct"
    assert found["ftm:p-owner", "owns"]["valid_from"] == day(2010, 1, 1)
    assert found[TOP, "owns"]["valid_to"] == day(2020, 1, 31)
    assert found["ftm:ru", "controls"]["interest_type"] == "contractual"
    assert not [p for p in parts if isinstance(p, Reject)]
    assert len(told(parts)) == 3


def test_nested_entities(tmp_path: Path) -> None:
    parts = read(sample("nested.jsonl"), tmp_path)
    assert set(entities(parts)) == {"ftm:parent", "ftm:child", "ftm:else"}
    assert held(parts) == {
        ("ftm:parent", "ftm:child", "owns", 75.5, 75.5),
        ("ftm:parent", "ftm:child", "controls", None, None),
    }


@pytest.mark.parametrize("name", SAMPLES)
def test_the_order_of_lines_does_not_matter(name: str, tmp_path: Path) -> None:
    tree = sample(name)
    wanted = held(read(tree, tmp_path))
    assert held(read(tree[::-1], tmp_path)) == wanted
    assert held(read(json.dumps(tree, indent=2).encode("utf-16"), tmp_path)) == wanted


def thing(id_: str, schema: str, /, **properties: Any) -> dict[str, Any]:
    return {"id": id_, "schema": schema, "properties": properties}


def owns(holder: str, subject: str, **more: Any) -> dict[str, Any]:
    return thing("x", "Ownership", owner=[holder], asset=[subject], **more)


BAD: list[tuple[str, Any, str, bool | None]] = [
    ("over 100", owns("q", "a", percentage=["130"]), "share is no percentage", True),
    ("negative", owns("q", "a", percentage=["-5"]), "share is no percentage", True),
    ("words", owns("q", "a", percentage=["most"]), "share is no percentage", True),
    ("reversed", owns("q", "a", percentage=["60-40%"]), "share is no percentage", True),
    ("nan", owns("q", "a", percentage=[float("nan")]), "share is no percentage", True),
    ("person owned", owns("a", "q"), "A person is said to be owned", None),
    ("itself", owns("a", "a"), "own or control itself", None),
    ("own parent", thing("a", "Company", parent=["a"]), "own or control itself", None),
    ("days", owns("q", "a", startDate=["2024-02-02"], endDate=["2024-01-01"]), "an end before the beginning", True),
    ("no day", owns("q", "a", startDate=["soon"]), "day is no date", True),
    ("missing", owns("nobody", "a"), "not in the file", False),
    ("no ends", thing("x", "Ownership", owner=["q"]), "does not say between whom", None),
    ("country", thing("x", "Company", jurisdiction=["moon"]), "none of ISO 3166", None),
    ("LEI", thing("x", "Company", leiCode=["TESTTOP0000000000053"]), "wrong check digits", None),
    (
        "life",
        thing("x", "Company", incorporationDate=["2020"], dissolutionDate=["2019"]),
        "with an end before the beginning",
        None,
    ),
    ("two kinds", thing("a", "Person", name=["Y"]), "things of two kinds", None),
    ("values", thing("x", "Company", name=[None, True]), "no texts", None),
    ("no entity", [1], "no JSON object", None),
    ("no schema", {"id": "x", "properties": {}}, "no id, schema or properties", None),
    ("no properties", {"id": "x", "schema": "Company", "properties": []}, "no id, schema or properties", None),
]


@pytest.mark.parametrize(("name", "bad", "words", "contested"), BAD, ids=[case[0] for case in BAD])
def test_what_cannot_be_is_named_by_its_line(
    name: str, bad: Any, words: str, contested: bool | None, tmp_path: Path
) -> None:
    sound = [
        thing("a", "Company", name=["A"]),
        thing("q", "Person", name=["Q"]),
        thing("sound", "Ownership", owner=["q"], asset=["z"], percentage=["30"]),
    ]
    parts = read([*sound, bad, thing("z", "Company", name=["Z"])], tmp_path)
    at = 1 if name == "own parent" else 4
    found: list[Part] = [p for p in parts if isinstance(p, Reject) and p.line == at and words in p.reason]
    found += [p for p in parts if isinstance(p, Note) and words in p.reason and f"line {at}" in p.reason]
    assert found, told(parts)
    assert {"ftm:a", "ftm:q", "ftm:z"} <= set(entities(parts)), "nothing else is lost"
    assert ("ftm:q", "ftm:z", "owns", 30, 30) in held(parts)
    others = [r for r in rows(parts, "interest") if r["subject_id"] != "ftm:z"]
    if contested is not None:
        assert [bool(row.get("contested")) for row in others] == [contested]


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("60", (60, 60)),
        ("60 %", (60, 60)),
        ("33,33%", (33.33, 33.33)),
        ("25-50%", (25, 50)),
        ("25% to 50%", (25, 50)),
        ("> 50", (50.000001, 100)),
        ("75 or more", (75, 100)),
        ("at least 75%", (75, 100)),
        ("100.1", None),
        ("1e1", None),
        ("", None),
        ("50-25", None),
        ("٦٠", None),
    ],
)
def test_percentages(text: str, bounds: tuple[float, float] | None) -> None:
    assert share(text) == bounds


def test_a_broken_line_costs_itself(tmp_path: Path) -> None:
    data = lines(sample("owners.jsonl")).split(b"\n")
    parts = read(b"\n".join([*data[:13], data[13][:40], *data[14:]]), tmp_path)
    assert Reject(14, "The line is no JSON") in parts
    assert len(held(parts)) == 6


def test_hostile_names_are_masked(tmp_path: Path) -> None:
    evil = "eve@evil.example \u202e\x1b[31m \ud800"
    tree = [
        thing("a", "Company", name=[evil], jurisdiction=[evil], registrationNumber=[evil], leiCode=[evil]),
        thing(evil, "Company", name=[evil]),
        thing("x", "Ownership", owner=[evil], asset=["a"], role=[evil], percentage=[evil], startDate=[evil]),
        thing("v", evil),
        thing("y", "Control", controller=["missing " + evil], controlled=["a"], controlType=[evil]),
    ]
    parts = read(tree, tmp_path)
    shown = str(parts) + str(entities(parts)) + str(rows(parts, "interest"))
    for piece in ("eve@evil", "\u202e", "\x1b[31m", "\ud800"):
        assert piece not in shown


def test_what_is_planted_does_not_come_up(tmp_path: Path) -> None:
    secrets = list(Aviary().plant("ftm").secrets.values())
    for name in SAMPLES:
        tree = sample(name)
        # A firm may be called as a person is.
        names = [id(inside[key]) for inside, key in paths(tree) if key == "name"]
        texts = [
            (inside, key) for inside, key in paths(tree) if isinstance(inside[key], str) and id(inside) not in names
        ]
        for number, (inside, key) in list(enumerate(texts))[::3]:
            before, inside[key] = inside[key], secrets[number % len(secrets)]
            if ftm.recognise(head_of(lines(tree))) is not None:
                parts = read(tree, tmp_path)
                shown = str(parts) + str(rows(parts, "legal_entity") + rows(parts, "interest"))
                assert secrets[number % len(secrets)] not in shown, key
            inside[key] = before


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b'{"id": "a", "schema": "Company"}',
        b'{"id": "a", "schema": "Table1", "properties": {}}',
        b'{"id": "a", "schema": "Company", "properties": []}',
        b'{"$id": "a", "properties": {}, "type": "object"}',
    ],
)
def test_not_recognised(data: bytes) -> None:
    assert ftm.recognise(head_of(data)) is None


@pytest.mark.parametrize("name", SAMPLES)
def test_the_reader_of_json_does_not_win(name: str) -> None:
    reader, _ = registry.identify(head_of((DATA / name).read_bytes()))
    assert reader is not None
    assert reader.name == "ftm"


def test_nothing_readable_and_no_more_than_asked(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="Not one entity"):
        read(b'{"id": "a", "schema": "Company", "properties": {', tmp_path)
    assert len(entities(read(sample("owners.jsonl"), tmp_path, max_rows=2))) == 2


def paths(tree: Any) -> list[tuple[Any, Any]]:
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [found for key, value in inner for found in ((tree, key), *paths(value))]


WRONG: list[Any] = [None, 7, -1, 1e300, "", "x", "\x00", "low", "p-owner", [], {}, [None], [[]], {"id": "low"}, True]
ODD = st.sampled_from(WRONG)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_mutation_surprises(tmp_path_factory: pytest.TempPathFactory, more: st.DataObject) -> None:
    tree = copy.deepcopy(sample(more.draw(st.sampled_from(SAMPLES))))
    before = len(tree)
    for _ in range(more.draw(st.integers(1, 3))):
        inside, key = more.draw(st.sampled_from(paths(tree)))
        inside[key] = copy.deepcopy(more.draw(ODD))
    if ftm.recognise(head_of(lines(tree))) is None:
        return
    parts = read(tree, tmp_path_factory.getbasetemp())
    counted = sum(p.rows_read for p in parts if isinstance(p, Tally))
    assert counted + sum("entity" in p.reason for p in parts if isinstance(p, Reject)) >= before, "none is lost unsaid"
    rows(parts, "interest")
    rows(parts, "legal_entity")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_damage_surprises(tmp_path_factory: pytest.TempPathFactory, more: st.DataObject) -> None:
    data = bytearray((DATA / more.draw(st.sampled_from(SAMPLES))).read_bytes())
    data = data[: more.draw(st.integers(len(data) // 2, len(data)))]
    for _ in range(more.draw(st.integers(0, 4))):
        data[more.draw(st.integers(0, len(data) - 1))] = more.draw(st.sampled_from(b'\x00\xff"{}[]\n\t,:\\'))
    if ftm.recognise(head_of(bytes(data))) is None:
        return
    try:
        parts = read(bytes(data), tmp_path_factory.getbasetemp())
    except FlagstateError:
        return
    assert [p for p in parts if isinstance(p, Tally)]
    rows(parts, "interest")
