"""Canaries in messages, documents, dumps and running text: as values, and where such formats have names."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet as pq

from canaries import Aviary


def write(folder: Path, aviary: Aviary) -> None:
    """Write one file of each format."""
    made = folder / "messages"
    made.mkdir()
    for one in (_mail, _edifact, _xml, _dump, _text, _documents, _repeated):
        one(made, aviary)


def _of(aviary: Aviary, place: str) -> list[str]:
    return list(aviary.plant(place).secrets.values())


def _mail(folder: Path, aviary: Aviary) -> None:
    head, body, file = aviary.plant("mail header"), aviary.plant("mail body"), aviary.plant("mail attachment")
    (folder / "letter.eml").write_text(
        f"From: {head.name} <{head.email}>\r\nTo: hub@hub.example\r\nSubject: {head.card} {head.parcel}\r\n"
        "Date: Mon, 16 Nov 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b1\r\n\r\n--b1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        f"Dear hub, {' and '.join(body.secrets.values())}.\r\n--b1\r\nContent-Type: text/csv\r\n"
        f'Content-Disposition: attachment; filename="{file.name} {file.parcel}.csv"\r\n\r\n'
        f"a,b\r\n{file.email},{file.card}\r\n{file.email},{file.card}\r\n--b1--\r\n"
    )
    box = "".join(
        f"From {m.email} Mon Nov 16 09:00:00 2026\nFrom: {m.email}\nSubject: {m.name}\n\n{m.card} {m.parcel}\n\n"
        for m in (aviary.plant("mbox"), aviary.plant("mbox"))
    )
    (folder / "box.mbox").write_text(box)


def _edifact(folder: Path, aviary: Aviary) -> None:
    one, unit = aviary.plant("edifact value"), aviary.plant("edifact free text")
    (folder / "order.edi").write_text(
        "UNA:+.? 'UNB+UNOC:3+1234567890128:14+9876543210982:14+261116:0900+1'UNH+1+IFTMIN:D:96A:UN'BGM+610+A1+9'"
        f"NAD+CN+++{one.name}+Street 1+Liege++4000+BE'COM+{one.email.replace('@', '@')}:EM'RFF+CU:{one.parcel}'"
        f"FTX+AAA+++{unit.name} {unit.email} {unit.card} {unit.parcel}'RFF+AGK:{one.card}'UNT+8+1'UNZ+1+1'"
    )


def _xml(folder: Path, aviary: Aviary) -> None:
    cell, name, comment = aviary.plant("xml text"), aviary.plant("xml element name"), aviary.plant("xml comment")
    rows = "".join(
        f"<item id='{cell.parcel}'><name>{escape(cell.name)}</name><mail>{cell.email}</mail><pan>{cell.card}</pan>"
        f"<{name.slug}>1</{name.slug}><p{name.card} of='{name.email}'>{name.parcel}</p{name.card}></item>"
        for _ in range(3)
    )
    said = " ".join(comment.secrets.values())
    (folder / "declaration.xml").write_text(f"<?xml version='1.0'?><!-- {said} --><list>{rows}</list>")
    (folder / "broken.xml").write_text(f"<?xml version='1.0'?><list>{rows}<item>{said}</list>")
    entity = f"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY e '{said}'>]><a><b>&e;</b><b>{cell.email}</b></a>"
    (folder / "entities.xml").write_text(entity)


def _dump(folder: Path, aviary: Aviary) -> None:
    cell, table, bad = aviary.plant("sql value"), aviary.plant("sql table name"), aviary.plant("sql damaged row")
    named = f'"{table.name} {table.card}"'
    (folder / "shop.sql").write_text(
        "-- PostgreSQL database dump\nCREATE TABLE public.people (name text, mail text, pan text, parcel text);\n"
        "COPY public.people (name, mail, pan, parcel) FROM stdin;\n"
        + "".join("\t".join((cell.name, cell.email, cell.card, cell.parcel)) + "\n" for _ in range(3))
        + f"{bad.name}\t{bad.email}\n\\.\n"
        f"CREATE TABLE {named} (a text, b{table.parcel} text);\nINSERT INTO {named} VALUES ('{table.email}', 'b');\n"
        f"INSERT INTO people VALUES ('{bad.card}', '{bad.parcel}\n"
    )


def _text(folder: Path, aviary: Aviary) -> None:
    log = "\n".join(f"2026-11-16 09:00:00 INFO sent {v} to the carrier" for v in _of(aviary, "log line"))
    (folder / "app.log").write_text(log + "\n")
    code = "\n".join(f'    know("{v}")' for v in _of(aviary, "source code"))
    (folder / "main.py").write_text(f"import os\n\n\ndef know(who: str) -> None:\n{code}\n    return None\n")
    settings = "\n".join(f"key{n}: {v!r}" for n, v in enumerate(_of(aviary, "yaml value")))
    (folder / "settings.yaml").write_text(f"service:\n  port: 80\n{settings}\n")
    long = " ".join(_of(aviary, "one long line"))
    (folder / "long.txt").write_text(f"{'word ' * 20_000}{long}{' word' * 20_000}")


def _documents(folder: Path, aviary: Aviary) -> None:
    cell, key = aviary.plant("json in a column"), aviary.plant("key of json in a column")
    inner = {key.name: cell.parcel, key.card: key.parcel}
    document = {"who": {"name": cell.name, "mail": cell.email}, "pay": [cell.card], key.email: inner}
    rows = pa.table({"id": list(range(40)), "payload": [json.dumps(document)] * 40})
    pq.write_table(rows, folder / "documents.parquet")
    nested = {"person": [{"name": cell.name, "mail": [cell.email]}] * 5, "tags": [[("a", cell.card)]] * 5}
    types = {"tags": pa.map_(pa.string(), pa.string())}
    arrays = [pa.array(values, types.get(name)) for name, values in nested.items()]
    pq.write_table(pa.table(arrays, names=list(nested)), folder / "nested.parquet")


def _repeated(folder: Path, aviary: Aviary) -> None:
    """Enough rows, months and countries for populations, with goods that tell something."""
    people = [aviary.plant("row of a population") for _ in range(4)]
    chance = random.Random(5)
    goods: Sequence[str] = ("cotton shirt", "prayer rug", "insulin pen", "phone case")
    rows = [
        {"order date": f"2026-{1 + n % 9:02d}-11", "consignee": who.name, "email": who.email, "card number": who.card,
         "tracking number": who.parcel, "country": chance.choice(["BE", "FR", "DE"]),
         "goods description": chance.choice(goods), "weight kg": f"{chance.random():.2f}", "quantity": str(n % 7)}
        for n in range(400)
        for who in [people[n % 4]]
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), folder / "orders.parquet")
