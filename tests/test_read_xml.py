"""XML documents: declarations and invoices, records among lists, and documents that were made to do harm."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.read import xml
from flagstate.read.part import Head
from format_runs import CANARY, bears_cuts, read, run

DATA = Path(__file__).parent / "data/xml"


def test_an_item_of_a_declaration_stands_beside_importer_and_exporter() -> None:
    said = read(xml.READER, DATA / "h7.xml")
    assert set(said.tables) == {"Declarations.Declaration.GoodsShipment.GoodsItem"}
    rows = said.rows("Declarations.Declaration.GoodsShipment.GoodsItem")
    assert [row["GoodsShipment.Importer name"] for row in rows] == [
        "Anneke Vandervelde", "Anneke Vandervelde", "Joris Peeters", "Claire Martin",
    ]  # fmt: skip
    wanted = {
        "LRN": "26BE000000",
        "AdditionalFiscalReference.role": "FR5",
        "AdditionalFiscalReference.vatIdentificationNumber": "IM5280000017",
        "GoodsShipment.Exporter.Address.country": "CN",
        "Commodity.descriptionOfGoods": "Cotton T-shirt",
        "Commodity.CommodityCode.harmonizedSystemSubHeadingCode": "61091000",
        "Commodity.GoodsMeasure.grossMass": "0.200",
        "IntrinsicValue.intrinsicValue": "15.00",
    }
    assert {name: rows[1][name] for name in wanted} == wanted, "what follows the items stands beside them too"
    assert not said.notes


def test_a_document_with_one_record_is_one_row() -> None:
    said = read(xml.READER, DATA / "ens.xml")
    (row,) = said.rows("IE3F32")
    house = "ConsignmentHouseLevel"
    assert row[f"{house}.Consignee name"] == "Anneke Vandervelde"
    assert row[f"{house}.GoodsItem.Commodity.CommodityCode.harmonisedSystemSubHeadingCode"] == "392690"
    assert row[f"{house}.GoodsItem.TransportEquipment.containerIdentificationNumber"] == "MSCU6639870"


def test_attributes_prefixes_and_an_encoding_that_is_declared() -> None:
    said = read(xml.READER, DATA / "invoice.xml")
    rows = said.rows("Invoice.InvoiceLine")
    assert [row["LineExtensionAmount.currencyID"] for row in rows] == ["EUR", "EUR"]
    assert {row["AccountingCustomerParty.Party Name"] for row in rows} == {"Jörg Öztürk"}
    assert [(row["ID"], row["above.ID"]) for row in rows] == [("1", "F-2026-17"), ("2", "F-2026-17")]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "windows-1252", "gb18030", "iso8859-15"])
def test_encodings(codec: str) -> None:
    text = '<?xml version="1.0" encoding="{}"?><a><b>Jörg</b></a>'.format(codec.removesuffix("-sig"))
    said = run(xml.READER, text.encode(codec))
    assert said is not None
    assert said.rows("a") == [{"b": "Jörg"}]


@pytest.mark.parametrize("name", ["undefined", "punycode", "idna", "unicode_escape", "base64", "rot13", "utf-16"])
def test_an_encoding_that_is_none_changes_nothing(name: str) -> None:
    said = run(xml.READER, f'<?xml version="1.0" encoding="{name}"?><a><b>Jörg \\x41</b></a>'.encode())
    assert said is not None
    assert said.rows("a") == [{"b": "Jörg \\x41"}]


def test_records_are_told_from_side_lists_and_large_documents_are_streamed() -> None:
    lines = "".join(
        f"<order><id>{n}</id><note>a{n}</note><note>b{n}</note>"
        f"<line><sku>{n}x</sku><qty>1</qty><to>{'w' * 60}</to></line>"
        f"<line><sku>{n}y</sku><qty>2</qty><to>z</to></line></order>"
        for n in range(6_000)
    )
    text = f"<shop><owner>Claire</owner><tag>p</tag><tag>q</tag>{lines}<closed>yes</closed></shop>"
    said = run(xml.READER, text.encode())
    assert said is not None
    rows = said.rows("shop.order.line")
    assert len(rows) == 12_000
    assert rows[11_999] == {"owner": "Claire", "id": "5999", "sku": "5999y", "qty": "2", "to": "z"}
    assert len(said.rows("shop.order.note")) == 12_000
    assert said.rows("shop.tag") == [{"tag": "p"}, {"tag": "q"}]
    assert said.rows("shop") == [{"closed": "yes"}], "what follows the records is not lost"
    some = run(xml.READER, text.encode(), max_rows=100)
    assert some is not None
    assert 100 <= len(some.rows("shop.order.line")) < 12_000


BOMB = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><lolz>&c;</lolz>"""
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r><a>&x;</a></r>'
PARAMETER = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY % x SYSTEM "http://h.example/x.dtd"> %x;]><r><a>1</a></r>'


@pytest.mark.parametrize("text", [BOMB, OUTSIDE, PARAMETER], ids=["bomb", "file", "network"])
def test_entities_are_refused_with_the_reason(text: str) -> None:
    said = run(xml.READER, text.encode())
    assert said is not None
    assert "declares entities" in said.refused
    late = text.replace("<!DOCTYPE", "<!--" + "x" * 70_000 + "--><!DOCTYPE")
    said = run(xml.READER, late.encode())
    assert said is None or ("declares entities" in said.error and not said.tables), (
        "also where the head does not show them"
    )


def test_a_document_type_without_entities_is_read() -> None:
    text = '<?xml version="1.0"?><!DOCTYPE r SYSTEM "http://h.example/x.dtd" [<!ELEMENT r (a)>]><r><a>1</a></r>'
    said = run(xml.READER, text.encode())
    assert said is not None
    assert said.rows("r") == [{"a": "1"}]


@pytest.mark.parametrize(
    "text",
    [
        "", "<", "<p>", "<html><body><p>x</p></body></html>", "<!DOCTYPE html><html lang='en'><p>x</p></html>",
        "<?xml version='1.0'?><html xmlns='x'><p>x</p></html>", "<b>bold</b> text", "a < b > c", "<?php echo 1; ?>",
        "<name@x.example> wrote", "<a><b></a>", "<?xml version='1.0'?><!DOCTYPE html PUBLIC 'x'><p>1</p>",
    ],
)  # fmt: skip
def test_look_alikes_are_not_ours(text: str) -> None:
    assert xml.READER.recognise(Head(text.encode(), len(text), ".xml")) is None


@pytest.mark.parametrize("name", ["h7.xml", "ens.xml", "invoice.xml"])
def test_cut_anywhere(name: str) -> None:
    bears_cuts(xml.READER, DATA / name)


def test_a_cut_document_is_read_up_to_the_cut_and_says_so() -> None:
    data = (DATA / "h7.xml").read_bytes()
    said = run(xml.READER, data[: len(data) * 3 // 4])
    assert said is not None
    assert any("cut off at line" in reason for reason in said.lost)
    names = {
        row.get("GoodsShipment.Importer name", row.get("Importer name"))
        for name in said.tables
        for row in said.rows(name)
    }
    assert {"Anneke Vandervelde", "Joris Peeters"} <= names


def test_names_are_masked() -> None:
    said = run(
        xml.READER, f"<r><Ottokar.Zwengel-kanari.example id='1'>{CANARY}</Ottokar.Zwengel-kanari.example></r>".encode()
    )
    assert said is not None
    assert "Zwengel" not in said.words()


@pytest.mark.parametrize(
    "text",
    [
        "<r>" + "<a>" * 100_000,
        "<r>" + "<a>" * 190 + "x",
        "<r>" + "<a/>" * 100_000 + "</r>",
        "<r>" + "".join(f"<a{n}>v</a{n}>" for n in range(25_000)) + "</r>",
        "<r><a " + " ".join(f"x{n}='1'" for n in range(10_000)) + "/><b/></r>",
        "<r><a>" + "x" * (8 << 20) + "</a><a>y</a></r>",
        "<r><a>" + "<b>1</b>" * 50_000 + "</a></r>",
        "<r><!--" + "-x" * 1_000_000 + "--><a/></r>",
        "<r>" + "<a><b>1</b><b>2</b></a>" * 30_000 + "</r>",
    ],
    ids=range(9),
)  # fmt: skip
def test_hostile_documents_take_no_time(text: str) -> None:
    data = text.encode()
    began = time.monotonic()
    said = run(xml.READER, b"<?xml version='1.0'?>" + data)
    assert said is None or not said.error
    assert time.monotonic() - began < 15


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("<>/ab='\"!-[]?& x\n\u00e9"), max_size=120), st.integers(0, 3000))
def test_no_damage_makes_it_crash(noise: str, at: int) -> None:
    data = (DATA / "invoice.xml").read_bytes()
    at %= len(data)
    run(xml.READER, data[:at] + noise.encode() + data[at:])
    run(xml.READER, b"<?xml version='1.0'?><r>" + noise.encode() + b"</r>")
