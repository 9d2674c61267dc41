"""GLEIF: level 1 and 2, from CSV and XML alike, and what cannot be is named by its line."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canaries import Aviary
from flagstate import model
from flagstate.catalog.mask import mask
from flagstate.engine import connect
from flagstate.errors import EvidenceError, FlagstateError
from flagstate.read import gleif, owners, registry
from flagstate.read.gleif_rows import valid
from flagstate.read.part import Context, Facts, Head, Note, Opened, Part, Reject, Tally

DATA = Path(__file__).parent / "data" / "gleif"
LEVELS = ("level1", "relationships", "exceptions")


def lei(stem: str) -> str:
    stem = (stem.upper() + "0" * 18)[:18]
    return stem + f"{98 - int(''.join(str(int(c, 36)) for c in stem + '00')) % 97:02d}"


def of(stem: str) -> str:
    return "lei:" + lei("TEST" + stem)


def head_of(data: bytes, suffix: str = "") -> Head:
    return Head(data[:65536], len(data), suffix)


def read(data: bytes, folder: Path, max_rows: int | None = None) -> list[Part]:
    path = folder / "given"
    path.write_bytes(data)
    kind = gleif.recognise(head_of(data))
    assert kind is not None
    con = connect(files=[str(path)], threads=1)
    try:
        return list(gleif.read(Opened(str(path), head_of(data), "lei", "ev"), kind, Context(con, mask, max_rows)))
    finally:
        con.close()


def rows(parts: list[Part], noun: str) -> list[dict[str, Any]]:
    found = [p for p in parts if isinstance(p, Facts) and p.noun == noun]
    assert all(p.stance == "recorded" and p.table.schema.equals(model.NOUNS[noun].schema) for p in found)
    ids = [i for p in found for i in model.stamp(p.table, model.NOUNS[noun], stance=p.stance)["fact_id"].to_pylist()]
    assert len(set(ids)) == len(ids), "every row has an id of its own"
    return [{k: v for k, v in row.items() if v is not None} for p in found for row in p.table.to_pylist()]


def told(parts: list[Part]) -> list[str]:
    return [p.reason for p in parts if isinstance(p, Note | Reject)]


def sample(name: str) -> bytes:
    return (DATA / name).read_bytes()


def day(year: int, month: int, of_month: int) -> datetime:
    return datetime(year, month, of_month, tzinfo=UTC)


@pytest.mark.parametrize("form", ["csv", "xml"])
def test_level_1(form: str, tmp_path: Path) -> None:
    parts = read(sample(f"level1.{form}"), tmp_path)
    known = {row["entity_id"]: row for row in rows(parts, "legal_entity")}
    assert len(known) == 12
    top = known[of("TOP")]
    assert (top["name"], top["organised_in"], top["principal_place"]) == ("Ruritania Holding, Inc.", ["US"], "US")
    assert (top["lei"], top["registration"]) == (lei("TESTTOP"), ["RA000602:1234567"])
    assert (known[of("LOW")]["organised_in"], known[of("LOW")]["principal_place"]) == (["DE"], "IE")
    assert known[of("STATE")]["kind"] == "state"
    assert (known[of("SOLE")]["kind"], known[of("SOLE")]["name"]) == ("organisation", "‹name›")
    assert "Mustermann" not in str(known)
    assert known[of("GONE")]["valid_to"] == day(2020, 5, 6)
    assert known[of("TOP")]["valid_from"] == day(2001, 2, 3)
    assert "valid_to" not in known[of("LAPSED")], "an LEI that nobody renewed says nothing about its entity"
    for stem in ("FUND", "MASTER", "BRANCH", "SOLE"):
        assert "registration" not in known[of(stem)], "a number that identifies nobody"
    assert {"organised_in", "principal_place"} & set(known[of("NOWHERE")]) == set()
    assert of("DUP") not in known
    assert [p.rows_read for p in parts if isinstance(p, Tally)] == [13]
    assert len(told(parts)) == 2


@pytest.mark.parametrize("form", ["csv", "xml"])
def test_level_2(form: str, tmp_path: Path) -> None:
    found = rows(read(sample(f"relationships.{form}"), tmp_path), "interest")
    made = {(r["holder_id"], r["subject_id"], r["kind"], r["directness"], r["interest_type"]) for r in found}
    assert made == {
        (of("MID"), of("LOW"), "controls", "direct", "IS_DIRECTLY_CONSOLIDATED_BY"),
        (of("TOP"), of("LOW"), "controls", "indirect", "IS_ULTIMATELY_CONSOLIDATED_BY"),
        (of("TOP"), of("MID"), "controls", "direct", "IS_DIRECTLY_CONSOLIDATED_BY"),
        (of("TOP"), of("MID"), "controls", "indirect", "IS_ULTIMATELY_CONSOLIDATED_BY"),
        (of("MANAGER"), of("FUND"), "manages", "direct", "IS_FUND-MANAGED_BY"),
        (of("FUND"), of("MASTER"), "owns", "direct", "IS_FEEDER_TO"),
        (of("LOW"), of("BRANCH"), "controls", "direct", "IS_INTERNATIONAL_BRANCH_OF"),
        (of("TOP"), of("GONE"), "controls", "direct", "IS_DIRECTLY_CONSOLIDATED_BY"),
        (of("TOP"), of("LAPSED"), "controls", "direct", "IS_DIRECTLY_CONSOLIDATED_BY"),
    }
    spans = {(r["subject_id"], r["directness"]): (r.get("valid_from"), r.get("valid_to")) for r in found}
    assert spans[of("MID"), "direct"] == (day(2015, 3, 4), None), "periods of accounts are none of the relationship"
    assert spans[of("GONE"), "direct"] == (day(2010, 1, 1), day(2019, 12, 31))
    assert spans[of("LAPSED"), "direct"] == (day(2015, 3, 4), day(2022, 7, 8)), "it ended when that was recorded"
    assert spans[of("BRANCH"), "direct"] == (None, None)


@pytest.mark.parametrize("form", ["csv", "xml"])
def test_exceptions(form: str, tmp_path: Path) -> None:
    found = rows(read(sample(f"exceptions.{form}"), tmp_path), "interest")
    assert all("holder_id" not in row and row["kind"] == "controls" for row in found)
    assert {(r["subject_id"], r["directness"], r["unknown_reason"]) for r in found} == {
        (of("TOP"), "direct", "NATURAL_PERSONS"),
        (of("TOP"), "indirect", "NATURAL_PERSONS"),
        (of("MANAGER"), "direct", "NO_LEI"),
        (of("STATE"), "indirect", "NON_CONSOLIDATING"),
        (of("SOLE"), "direct", "NO_KNOWN_PERSON"),
    }


@pytest.mark.parametrize("level", LEVELS)
def test_csv_and_xml_say_the_same(level: str, tmp_path: Path) -> None:
    both = [read(sample(f"{level}.{form}"), tmp_path) for form in ("csv", "xml")]
    noun = "legal_entity" if level == "level1" else "interest"
    bare = [[{k: v for k, v in r.items() if k not in ("source", "fact_id")} for r in rows(p, noun)] for p in both]
    assert bare[0] == bare[1]
    assert {p for p in both[0] if isinstance(p, Tally)} == {p for p in both[1] if isinstance(p, Tally)}


@pytest.mark.parametrize("level", LEVELS)
def test_other_encodings_and_delimiters(level: str, tmp_path: Path) -> None:
    table = list(csv.reader(io.StringIO(sample(f"{level}.csv").decode(), newline="")))
    wanted = [p for p in read(sample(f"{level}.csv"), tmp_path) if not isinstance(p, Facts)]
    for delimiter, encoding in ((";", "utf-8-sig"), ("\t", "utf-16"), (",", "utf-8")):
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=delimiter).writerows(table)
        parts = read(out.getvalue().encode(encoding), tmp_path)
        assert [p for p in parts if not isinstance(p, Facts)] == wanted


def table(level: str, *edits: tuple[int, str, str]) -> bytes:
    listed = list(csv.reader(io.StringIO(sample(f"{level}.csv").decode(), newline="")))
    for row, column, value in edits:
        listed[row][listed[0].index(column)] = value
    out = io.StringIO(newline="")
    csv.writer(out).writerows(listed)
    return out.getvalue().encode()


BAD = [
    ("level1", "LEI", "5493001KJTIIGC8Y1R13", "wrong check digits"),
    ("level1", "LEI", "", "wrong check digits"),
    ("level1", "LEI", "not@an.lei", "wrong check digits"),
    ("level1", "Entity.EntityCreationDate", "yesterday", "day is no date"),
    ("level1", "Entity.LegalJurisdiction", "Moon", "country codes are none"),
    ("relationships", "Relationship.EndNode.NodeID", "x", "wrong check digits"),
    ("relationships", "Relationship.RelationshipType", "IS_FRIEND_OF", "type of the relationship is not known"),
    ("relationships", "Relationship.EndNode.NodeID", lei("TESTLOW"), "its own parent"),
    ("relationships", "Relationship.Period.2.endDate", "2001-01-01T00:00:00Z", "with an end before the beginning"),
    ("relationships", "Relationship.Period.2.startDate", "2001-13-41", "day is no date"),
    ("exceptions", "Exception.Category", "OTHER", "does not say which parent"),
    ("exceptions", "Exception.Reason.1", "", "does not say which parent"),
]


@pytest.mark.parametrize(("level", "column", "value", "words"), BAD)
def test_what_cannot_be_is_named_by_its_line(level: str, column: str, value: str, words: str, tmp_path: Path) -> None:
    parts = read(table(level, (1, column, value)), tmp_path)
    found = [p for p in parts if isinstance(p, Reject) and p.line == 2 and words in p.reason]
    notes = [p for p in parts if isinstance(p, Note) and words in p.reason and "line" in p.reason and "2" in p.reason]
    assert found or notes, told(parts)
    assert not value or value not in "".join(told(parts))
    whole = read(sample(f"{level}.csv"), tmp_path)
    noun = "legal_entity" if level == "level1" else "interest"
    assert len(rows(parts, noun)) >= len(rows(whole, noun)) - 1, "nothing else is lost"
    if "before" in words:
        bad = next(r for r in rows(parts, noun) if r["source"] == "lei:2")
        assert bad["contested"]
        assert "valid_to" not in bad


def test_rows_of_another_width(tmp_path: Path) -> None:
    lines = sample("relationships.csv").splitlines(keepends=True)
    parts = read(b"".join([*lines[:2], b"a,b\r\n", *lines[2:4], b'"' + b"x" * 30 + b'"\r\n', *lines[4:]]), tmp_path)
    assert [p.line for p in parts if isinstance(p, Reject)] == [3, 6]
    assert len(rows(parts, "interest")) == 9
    assert [r["source"] for r in rows(parts, "interest")][:4] == ["lei:2", "lei:4", "lei:5", "lei:7"]


def test_a_quote_that_stays_open(tmp_path: Path) -> None:
    for data in (b'"LEI","Entity.LegalName', sample("exceptions.csv").rstrip() + b'\r\n"' + lei("TESTLOW").encode()):
        assert "cannot be told apart" in "".join(told(read(data, tmp_path))) or b"Exception" in data
    assert "The row has 1 value " in "".join(told(read(data, tmp_path)))


def test_of_two_records_the_later_counts(tmp_path: Path) -> None:
    more = table("level1").splitlines(keepends=True)
    twice = b"".join(more) + more[1].replace(b"2026-01-15", b"2026-03-01").replace(b"Ruritania Holding", b"Renamed")
    known = {row["entity_id"]: row for row in rows(read(twice, tmp_path), "legal_entity")}
    assert known[of("TOP")]["name"].startswith("Renamed")
    assert len(known) == 12


def test_hostile_names_are_masked(tmp_path: Path) -> None:
    evil = "eve@evil.example \u202e\x1b[31m"
    columns = (
        "Entity.LegalName",
        "Entity.RegistrationAuthority.RegistrationAuthorityEntityID",
        "Entity.EntityCategory",
    )
    parts = read(table("level1", *((1, column, evil) for column in columns)), tmp_path)
    shown = str(rows(parts, "legal_entity")) + str(parts)
    assert "eve@evil" not in shown
    assert "\u202e" not in shown
    parts = read(table("exceptions", (1, "Exception.Reason.1", evil)), tmp_path)
    assert "eve@evil" not in str(rows(parts, "interest"))


def test_what_is_planted_does_not_come_up(tmp_path: Path) -> None:
    canary = Aviary().plant("gleif")
    for level in LEVELS:
        head = next(csv.reader([sample(f"{level}.csv").decode().split("\r\n")[0]]))
        ids = [column for column in head if column == "LEI" or column.endswith("NodeID")]
        others = [column for column in head if column not in ids and "Type" not in column and "Category" not in column]
        for kind, secret in canary.secrets.items():
            # A firm may be called as a person is.
            firm = {"Entity.LegalName"} if kind == "name" else set()
            for columns in (ids, set(others) - firm, set(head) - {*ids, *others}):
                parts = read(table(level, *((1, column, secret) for column in columns)), tmp_path)
                assert secret not in str(parts)
                assert secret not in str(rows(parts, "legal_entity") + rows(parts, "interest"))


def test_damaged_xml(tmp_path: Path) -> None:
    data = sample("relationships.xml")
    cut = data[: data.index(b"IS_FUND")]
    parts = read(cut, tmp_path)
    assert len(rows(parts, "interest")) == 4
    assert "cut off" in told(parts)[0]
    with pytest.raises(EvidenceError, match="entities"):
        read(data.replace(b"<rr:RelationshipData", b'<!DOCTYPE x [<!ENTITY a "b">]><rr:RelationshipData', 1), tmp_path)


def test_many_records_come_in_batches(tmp_path: Path) -> None:
    head, record = sample("exceptions.csv").split(b"\r\n")[:2]
    record = record.replace(lei("TESTTOP").encode(), b"%s")
    count = 25_000
    lines = [head] + [record % lei(f"N{number:06d}").encode() for number in range(count)]
    parts = read(b"\r\n".join(lines), tmp_path)
    tables = [p for p in parts if isinstance(p, Facts)]
    assert sum(p.table.num_rows for p in tables) == count
    opening = b'<repex:ReportingExceptionData xmlns:repex="http://www.gleif.org/data/schema/repex/2016">'
    record = (
        b"<repex:Exception><repex:LEI>%s</repex:LEI><repex:ExceptionCategory>DIRECT_ACCOUNTING_CONSOLIDATION_PARENT"
    )
    record += b"</repex:ExceptionCategory><repex:ExceptionReason>NO_LEI</repex:ExceptionReason></repex:Exception>"
    records = b"".join(record % lei(f"N{number:06d}").encode() for number in range(count))
    parts = read(opening + records + b"</repex:ReportingExceptionData>", tmp_path)
    assert sum(p.table.num_rows for p in parts if isinstance(p, Facts)) == count
    assert [p.rows_read for p in parts if isinstance(p, Tally)] == [count]


def test_no_more_than_asked(tmp_path: Path) -> None:
    parts = read(sample("level1.csv"), tmp_path, max_rows=3)
    assert len(rows(parts, "legal_entity")) == 3


@pytest.mark.parametrize("name", [f"{level}.{form}" for level in LEVELS for form in ("csv", "xml")])
def test_readers_of_tables_and_xml_do_not_win(name: str) -> None:
    reader, kind = registry.identify(head_of(sample(name), Path(name).suffix))
    assert reader is not None
    assert reader.name == "gleif"
    assert kind.name.endswith(name[-3:])


@pytest.mark.parametrize(
    "data", [b"", b"LEI\nx\n", b"LEI,Name\nx,y\n", b"<LEIData/>", b"<x><LEIData/></x>", b"Entity.LegalName\nx\n", b"[]"]
)
def test_not_recognised(data: bytes) -> None:
    assert gleif.recognise(head_of(data)) is None


@given(st.lists(st.one_of(st.text("0123456789ABCXYZ", max_size=21), st.text(max_size=22), st.none()), max_size=8))
def test_check_digits_at_once_as_one_by_one(texts: list[str | None]) -> None:
    texts = [*texts, *(lei(text or "A") for text in texts if text is None or (text.isascii() and text.isalnum()))]
    assert valid(pa.array(texts, pa.string())).to_pylist() == [owners.lei(text) is not None for text in texts]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_damage_surprises(tmp_path_factory: pytest.TempPathFactory, more: st.DataObject) -> None:
    name = more.draw(st.sampled_from([f"{level}.{form}" for level in LEVELS for form in ("csv", "xml")]))
    data = bytearray(sample(name))
    data = data[: more.draw(st.integers(len(data) // 2, len(data)))]
    for _ in range(more.draw(st.integers(0, 4))):
        data[more.draw(st.integers(0, len(data) - 1))] = more.draw(st.sampled_from(b'\x00\xff"<>&;\n\t,:\\'))
    if gleif.recognise(head_of(bytes(data))) is None:
        return
    try:
        parts = read(bytes(data), tmp_path_factory.getbasetemp())
    except FlagstateError:
        return
    assert [p for p in parts if isinstance(p, Tally)]
    rows(parts, "interest")
    rows(parts, "legal_entity")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_value_surprises(tmp_path_factory: pytest.TempPathFactory, more: st.DataObject) -> None:
    level = more.draw(st.sampled_from(LEVELS))
    head = next(csv.reader([sample(f"{level}.csv").decode().split("\r\n")[0]]))
    odd = st.sampled_from(
        ["", " ", "x", "0", "\x00", "US", "9999-99-99", "INACTIVE", "RETIRED", "ANNULLED", '"', "é" * 70]
    )
    edits = [(more.draw(st.integers(1, 5)), more.draw(st.sampled_from(head)), more.draw(odd)) for _ in range(3)]
    parts = read(table(level, *edits), tmp_path_factory.getbasetemp())
    given_ = table(level).count(b"\r\n") - 1
    counted = sum(p.rows_read for p in parts if isinstance(p, Tally))
    assert counted + sum("LEI" in p.reason for p in parts if isinstance(p, Reject)) == given_, "no row is lost unsaid"
