"""EDIFACT and X12: real messages, our own customs and transport messages, and what no sender should send."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.read import edifact
from flagstate.read.part import Head
from flagstate.read.segments import LONGEST
from format_runs import CANARY, bears_cuts, read, run

DATA = Path(__file__).parent / "data"
FILES = sorted([*DATA.glob("edi-pydifact/*.edi"), *DATA.glob("edi/*.edi"), *DATA.glob("edi/*.x12")])

GOLDEN = {
    "aperak_v4.edi": ({"APERAK": 1}, 0),
    "invoice1.edi": ({"INVOIC": 2}, 0),
    "invoice_with_colon_at_end.edi": ({"INVOIC": 2}, 0),
    "order.edi": ({"ORDERS": 4}, 0),
    "order2.edi": ({"ORDERS": 2}, 0),
    "patient1.edi": ({"MEDRPT": 1}, 0),
    "patient2.edi": ({"MEDRPT": 1}, 0),
    "patient3.edi": ({"MEDRPT": 1}, 1),
    "wikipedia_de.edi": ({"ORDERS": 2}, 0),
    "wikipedia_en.edi": ({"PAORES": 2}, 0),
    "cusdec.edi": ({"CUSDEC": 3}, 0),
    "iftmin_paxlst.edi": ({"IFTMIN": 3, "PAXLST": 2}, 0),
    "shipment.x12": ({"204": 2}, 0),
}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_messages_and_rows(path: Path) -> None:
    said = read(edifact.READER, path)
    rows = {name: len(said.rows(name)) for name in said.tables if name != "interchanges"}
    assert (rows, len(said.rejects)) == GOLDEN[path.name]
    assert "interchanges" in said.tables
    assert bool(said.lost) == (path.name == "patient3.edi")


def test_an_item_of_a_declaration_stands_beside_its_consignee() -> None:
    said = read(edifact.READER, DATA / "edi/cusdec.edi")
    first, second, summary = said.rows("CUSDEC")
    wanted = {
        "NAD+CN consignee name": "Anneke Vandervelde",
        "NAD+CN consignee street": "Kerkstraat 12 bus 3",
        "NAD+CN consignee postcode": "9000",
        "COM consignee phone": "+32 478 12 34 56",
        "COM consignee email": "anneke.v@post.example",
        "NAD+CZ consignor name": "Shenzhen Lucky Star Trading Co., Ltd",
        "RFF+ABT customs declaration number mrn": "26BEH1000000A1B2C3",
        "TOD+6 incoterm": "DDP",
        "CUX+2 currency": "EUR",
        "MOA+43 declared value": "64.90",
        "CST hs code": "85171300",
        "FTX+AAA goods description": "Smartphone, 128 GB",
        "MEA+WT weight": "0.420",
    }
    assert {name: first[name] for name in wanted} == wanted
    assert second["CST hs code"] == "61091000"
    assert second["FTX+AAA goods description"] == "T-shirt, cotton blue"
    assert second["NAD+CN consignee name"] == "Anneke Vandervelde"
    assert summary["CNT+7 total gross weight"] == "0.620"
    assert first["DTM+137 document date"] == "2026-03-01"
    assert not said.notes


def test_transport_and_passengers() -> None:
    said = read(edifact.READER, DATA / "edi/iftmin_paxlst.edi")
    goods = said.rows("IFTMIN")
    assert [row.get("FTX+AAA goods description") for row in goods] == ["OVEN PARTS", "BREAD SLICER", None]
    assert goods[2]["EQD+CN container number"] == "MSCU6639870"
    assert goods[2]["SEL seal number"] == "CN4471023"
    assert {row["TDT+20 vessel imo"] for row in goods} == {"9839272"}
    assert {row["NAD+N1 notify party name"] for row in goods} == {"Expediteur Schelde NV"}
    assert {row["RFF+BM bill of lading number"] for row in goods} == {"MEDUAB123456"}
    joris, claire = said.rows("PAXLST")
    assert joris["NAD+FL passenger name"] == "PEETERS JORIS"
    assert claire["DOC+P passenger passport number"] == "19AB12345"
    assert (joris["DTM+329 birth date"], claire["ATT+2 passenger sex"]) == ("1970-04-12", "F")


def test_x12_parties_and_goods() -> None:
    said = read(edifact.READER, DATA / "edi/shipment.x12")
    first, second = said.rows("204")
    assert first["N1+CN consignee name"] == "Jane Example"
    assert (first["N4 consignee postcode"], first["N4 consignor country"]) == ("62704", "CN")
    assert first["PER+IC consignee phone"] == "2175550123"
    assert (second["L5 goods description"], second["L5 hs code"]) == ("Bread slicer", "84386000")


def test_long_texts_are_searched_as_text() -> None:
    said = read(edifact.READER, DATA / "edi-pydifact/patient1.edi")
    text = said.texts["MEDRPT › FTX+BFD findings"]
    assert "Otto Normalverbraucher" in text
    assert "Beispielstraße. 13" in text, "letters beyond ASCII are decoded, released signs are plain"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_cut_anywhere(path: Path) -> None:
    bears_cuts(edifact.READER, path)


def test_a_cut_interchange_is_read_up_to_the_cut_and_says_so() -> None:
    data = (DATA / "edi/cusdec.edi").read_bytes()
    said = run(edifact.READER, data[: data.index(b"+4000C07'\nFTX+AAA+++T-")])
    assert said is not None
    assert len(said.rows("CUSDEC")) == 1
    assert any("cut off in message 1" in reason for reason in said.lost)


@pytest.mark.parametrize(
    "text",
    [
        "", "UNA", "UNB+", "UNA:+.? '", "UNA:+.? 'Dear all", "UNB+some text+more", "UNH+1+x", "UNBREAKABLE 1",
        "ISA*00*text", "ISA is a name~", "UNAABCDEFGUNB+UNOA:1'", "a,b\nUNB+UNOA:1,2\n", "UNHappy+day'",
    ],
)  # fmt: skip
def test_look_alikes_are_not_ours(text: str) -> None:
    assert edifact.READER.recognise(Head(text.encode(), len(text), ".edi")) is None


def test_separators_of_any_kind() -> None:
    plain = (DATA / "edi-pydifact/order2.edi").read_text()
    swapped = "UNA|^.\\ ~\n" + plain.translate(str.maketrans(":+?'", "|^\\~"))
    said, other = run(edifact.READER, plain.encode()), run(edifact.READER, swapped.encode())
    assert said is not None
    assert other is not None
    assert said.rows("ORDERS") == other.rows("ORDERS")
    wide = run(edifact.READER, plain.encode("utf-16"))
    assert wide is not None
    assert wide.rows("ORDERS") == said.rows("ORDERS")


@pytest.mark.parametrize(
    ("level", "codec"), [("UNOC", "latin-1"), ("UNOD", "iso8859-2"), ("UNOC", "utf-8"), ("UNOY", "utf-8")]
)
def test_character_sets(level: str, codec: str) -> None:
    text = f"UNB+{level}:3+A+B+260101:1200+1'UNH+1+IFTMIN:D:01B:UN'NAD+CN+++Jörg Öztürk'UNT+3+1'UNZ+1+1'"
    said = run(edifact.READER, text.encode(codec))
    assert said is not None
    assert said.rows("IFTMIN") == [{"NAD+CN consignee name": "Jörg Öztürk"}]


def test_names_from_the_message_are_masked_and_bounded() -> None:
    text = f"UNB+UNOC:3+A+B+260101:1200+1'UNH+1+ORDERS:D:96A:UN'{CANARY}+x+{CANARY}'NAD+{CANARY}+1'LIN+1'UNT+4+1'"
    said = run(edifact.READER, text.encode())
    assert said is not None
    assert CANARY not in said.words()
    assert any(CANARY in value for row in said.rows("ORDERS") for value in row.values())
    wide = "UNB+UNOC:3+A+B+260101:1200+1'UNH+1+ORDERS:D:96A:UN'" + "".join(
        f"A{n:02}+{'+'.join('v' * 200)}'" for n in range(99)
    )
    said = run(edifact.READER, wide.encode())
    assert said is not None
    assert said.tables["ORDERS"][0].num_columns <= 2001


def test_one_line_without_end_takes_neither_memory_nor_time() -> None:
    began = time.monotonic()
    head = b"UNB+UNOC:3+A+B+260101:1200+1'UNH+1+ORDERS:D:96A:UN'FTX+AAA+++"
    said = run(edifact.READER, head + b"x" * (8 * LONGEST) + b"'NAD+CN+++After'UNT+3+1'UNZ+1+1'")
    assert said is not None
    assert [reject.line for reject in said.rejects] == [3]
    assert said.rows("ORDERS") == [{"NAD+CN consignee name": "After"}]
    said = run(edifact.READER, head + b"?'" * (2 * LONGEST))
    assert said is not None
    assert len(said.rejects) == 1
    said = run(edifact.READER, head + b"y'" + b"NAD+CN+++x+y'" * 60_000)
    assert said is not None
    assert sum(row["NAD+CN consignee name"].count("x") for row in said.rows("ORDERS")) == 60_000
    assert time.monotonic() - began < 15


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.sampled_from("UNHBTZSLINADFTXGCOM+:'?*1A \né"), max_size=200),
    st.sampled_from(FILES),
    st.integers(0, 2000),
)
def test_no_damage_makes_it_crash(noise: str, path: Path, at: int) -> None:
    data = path.read_bytes()
    at %= len(data)
    run(edifact.READER, data[:at] + noise.encode() + data[at:])
    run(edifact.READER, b"UNB+UNOC:3+A+B+260101:1200+1'UNH+1+ORDERS:D:96A:UN'" + noise.encode())
