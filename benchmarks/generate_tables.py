"""Write large tables fast: a dense one of parcels with 41 columns of text, and sparse JSON log lines.

Vectorised, so that gigabytes take seconds; check digits are computed here, apart from the product and from the corpus.
"""

# ruff: noqa: E501
from __future__ import annotations

import argparse
import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from corpus import freight, funds, people, wires, words

CHUNK = 50_000
"""Rows of a batch."""
ZERO = ord("0")
Make = Callable[[int, int], pa.RecordBatch]
"""Rows and seed to a batch."""
Digits = np.ndarray
"""Rows of decimal digits as numbers 0 to 9."""


def text(*parts: np.ndarray | str, rows: int) -> pa.Array:
    """Return strings of one width: parts are matrices of characters, or the same text in every row."""
    blocks = []
    for part in parts:
        if isinstance(part, str):
            plain = np.frombuffer(part.encode(), np.uint8)
            blocks.append(np.broadcast_to(plain, (rows, len(plain))))
        else:
            blocks.append(part if part.dtype == np.uint8 else (part + ZERO).astype(np.uint8))
    matrix = np.ascontiguousarray(np.concatenate(blocks, axis=1))
    offsets = np.arange(0, matrix.size + 1, matrix.shape[1], dtype=np.int32)
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(matrix))


def digits(rng: np.random.Generator, rows: int, size: int) -> Digits:
    """Return random digits."""
    return rng.integers(0, 10, (rows, size), dtype=np.int16)


def letters(rng: np.random.Generator, rows: int, size: int, alphabet: bytes) -> np.ndarray:
    """Return random characters of an alphabet."""
    return np.frombuffer(alphabet, np.uint8)[rng.integers(0, len(alphabet), (rows, size))]


def of_pool(rng: np.random.Generator, rows: int, pool: pa.Array) -> pa.Array:
    """Return entries of a pool, common ones more often."""
    places = (rng.random(rows) ** 2 * len(pool)).astype(np.int32)
    return pool.take(pa.array(places))


def luhn(body: Digits) -> Digits:
    """Return the Luhn digit of every row."""
    twice = body[:, ::-1].copy()
    twice[:, ::2] *= 2
    return (-(twice - 9 * (twice > 9)).sum(axis=1, keepdims=True)) % 10


def gs1(body: Digits) -> Digits:
    """Return the GS1 digit of every row."""
    weights = np.where(np.arange(body.shape[1])[::-1] % 2 == 0, 3, 1)
    return (-(body * weights).sum(axis=1, keepdims=True)) % 10


def s10(body: Digits) -> Digits:
    """Return the S10 digit of every row."""
    rest = 11 - (body * np.array([8, 6, 4, 2, 3, 5, 9, 7])).sum(axis=1, keepdims=True) % 11
    return np.where(rest == 10, 0, np.where(rest == 11, 5, rest))


def iso6346(characters: np.ndarray) -> Digits:
    """Return the digit of ISO 6346 of every row of characters, of any number."""
    worth = np.zeros(128, np.int64)
    worth[ZERO : ZERO + 10] = range(10)
    worth[65:91] = [n for n in range(10, 39) if n % 11]
    values = worth[characters] << np.arange(characters.shape[1])
    return values.sum(axis=1, keepdims=True) % 11 % 10


def german_iban(bban: Digits) -> np.ndarray:
    """Return both check digits of German accounts."""
    rest = np.zeros(len(bban), np.int64)
    for column in bban.T:
        rest = (rest * 10 + column) % 97
    for digit in (1, 3, 1, 4, 0, 0):
        rest = (rest * 10 + digit) % 97
    check = 98 - rest
    return np.stack([check // 10, check % 10], axis=1)


def joined(separator: str, *parts: pa.Array) -> pa.Array:
    """Return arrays of strings joined row by row."""
    return pc.binary_join_element_wise(*parts, separator)


@functools.cache
def pools() -> dict[str, pa.Array]:
    """Return entries that repeat in real tables too: names, streets, firms, towns, goods, browsers."""
    r, place = Random(11), people.locale("nl-BE")
    many = {
        "firm": [r.choice(words.PARTNERS).format(f="BV") + f" {r.randrange(400)}" for _ in range(2000)],
        "given": place.given, "family": place.family, "street": place.streets, "city": place.cities,
        "login": [f"{r.choice(place.logins)}.{r.choice(place.logins)}" for _ in range(20_000)],
        "country": words.CODES, "hs": [f"{c}{r.choice(('0000', '9000', '1090'))}" for c in words.HS6],
        "goods": words.GOODS["en"] + words.GOODS["nl"], "port": words.UNLOCODES, "term": words.INCOTERMS,
        "currency": words.CURRENCIES[:4], "agent": [wires.user_agent(r) for _ in range(500)],
        "status": ["received", "sorted", "loaded", "out for delivery", "delivered", "held at customs"],
        "note": [f"{r.choice(words.NOTES['en'])}, {r.choice(words.NOTES['nl'])}." for _ in range(200)],
        "vat": [freight.vat_number(r) for _ in range(3000)], "eori": [freight.eori(r) for _ in range(3000)],
        "ups": [freight.parcel_ups(r) for _ in range(50_000)], "mail": ["gmail.com", "telenet.be", "skynet.be", "qq.com"],
    }  # fmt: skip
    return {name: pa.array(values) for name, values in many.items()}


def dense(rows: int, seed: int) -> pa.RecordBatch:
    """Return parcels: 41 columns, all of text, all filled."""
    rng = np.random.default_rng(seed)
    d, upper = functools.partial(digits, rng, rows), b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    put = functools.partial(text, rows=rows)
    pool = {name: of_pool(rng, rows, values) for name, values in pools().items()}
    again = {
        name: of_pool(rng, rows, pools()[name]) for name in ("street", "city", "country", "port", "given", "family")
    }
    post, card, pallet, article = d(8), d(15), d(16), d(11)
    declared = np.concatenate([letters(rng, rows, 12, b"0123456789" + upper), letters(rng, rows, 1, b"ABDJR")], axis=1)
    movement = np.concatenate([np.broadcast_to(np.frombuffer(b"26BE", np.uint8), (rows, 4)), declared], axis=1)
    box = np.concatenate([np.broadcast_to(np.frombuffer(b"MSCU", np.uint8), (rows, 4)),
                          (d(6) + ZERO).astype(np.uint8)], axis=1)  # fmt: skip
    bban, waybill = d(18), d(7)
    check7 = (waybill @ (10 ** np.arange(6, -1, -1)) % 7)[:, None]
    hexes = letters(rng, rows, 32, b"0123456789abcdef")
    hexes[:, 12] = ord("4")
    columns = {
        "parcel_uuid": put(hexes[:, :8], "-", hexes[:, 8:12], "-", hexes[:, 12:16], "-a", hexes[:, 17:20], "-", hexes[:, 20:]),
        "tracking_s10": put("L", letters(rng, rows, 1, upper), post, s10(post), "CN"), "tracking_ups": pool["ups"],
        "order_ref": put("ORD-", d(9)), "created_at": put("2026-0", 1 + d(1) % 9, "-1", d(1), " 1", d(1), ":2", d(1), ":3", d(1)),
        "shipper": pool["firm"], "shipper_street": joined(" ", pool["street"], put(1 + d(1) % 9, d(1))),
        "shipper_city": pool["city"], "shipper_country": pool["country"], "shipper_eori": pool["eori"],
        "shipper_vat": pool["vat"], "given_name": pool["given"], "family_name": pool["family"],
        "email": joined("@", joined("", pool["login"], put(d(3))), pool["mail"]), "phone": put("+324", d(8)),
        "street": joined(" ", again["street"], put(1 + d(1) % 9, d(1))), "postcode": put(1 + d(1) % 9, d(3)),
        "city": again["city"], "country": again["country"], "hs_code": pool["hs"], "goods": pool["goods"],
        "quantity": put(1 + d(1) % 9), "weight": put(d(1), ".", d(3)), "declared_value": put(1 + d(1) % 9, d(2), ".", d(2)),
        "currency": pool["currency"], "incoterm": pool["term"], "ioss": put("IM372", d(7)),
        "mrn": put(movement, iso6346(movement)), "container": put(box, iso6346(box)),
        "sscc": put("0", pallet, gs1(pallet)), "gtin": put("5", article, gs1(np.concatenate([np.full((rows, 1), 5), article], axis=1))),
        "awb": put("125-", waybill, check7), "iban": put("DE", german_iban(bban), bban), "card": put("4", card[:, :14], luhn(np.concatenate([np.full((rows, 1), 4), card[:, :14]], axis=1))),
        "client_ip": _addresses(rng, rows), "user_agent": pool["agent"], "status": pool["status"], "hub": again["port"],
        "position": put("50.", d(6), ",4.", d(6)), "customer": joined(" ", again["given"], again["family"]), "note": pool["note"],
    }  # fmt: skip
    return pa.RecordBatch.from_pydict(columns)


def _addresses(rng: np.random.Generator, rows: int) -> pa.Array:
    parts = [pa.array(np.arange(256).astype(str)).take(pa.array(rng.integers(1, 255, rows))) for _ in range(4)]
    return joined(".", *parts)


def logs(rows: int, seed: int) -> pa.RecordBatch:
    """Return lines of JSON, of which few hold an identifier: one in twelve a mailbox, an address, a card or an account."""
    rng, r = np.random.default_rng(seed), Random(seed)
    place = people.locale("en-US")
    found = (
        lambda: {"user": people.email(r, place)},
        lambda: {"client": wires.ipv4(r)},
        lambda: {"err": f"charge {funds.card(r)} declined"},
        lambda: {"payee": funds.iban(r), "phone": people.phone(r, place, 1)},
    )
    shapes = []
    for number in range(600):
        shape = {"level": r.choice(("info", "warn", "debug")), "logger": f"svc.{r.choice(('cart', 'hub', 'track'))}.{number % 17}",
                 "msg": f"{r.choice(words.NOTES['en'])}; {r.choice(words.NOTES['en']).lower()}", "took_ms": r.randrange(900),
                 "ctx": {"region": r.choice(("eu", "us")), "retry": r.randrange(3), "tags": ["a", "b"], "cache": r.random() < 0.5}}  # fmt: skip
        shapes.append(json.dumps(shape | (found[number % 4]() if number % 12 == 0 else {}))[1:])
    times = pa.array(np.char.add('{"ts": "2026-09-21T10:', np.arange(60).astype(str)))
    heads = joined("", times.take(pa.array(rng.integers(0, 60, rows))), text(':4', digits(rng, rows, 1), '", "span": "', letters(rng, rows, 16, b"0123456789abcdef"), '", ', rows=rows))  # fmt: skip
    return pa.RecordBatch.from_pydict(
        {"line": joined("", heads, pa.array(shapes).take(pa.array(rng.integers(0, 600, rows))))}
    )


def batches(make: Make, rows: int, seed: int = 1) -> Iterator[pa.RecordBatch]:
    """Yield batches until there are so many rows; the same for the same seed."""
    for start in range(0, rows, CHUNK):
        yield make(min(CHUNK, rows - start), seed * 100_003 + start)


def size(batch: pa.RecordBatch) -> int:
    """Return the bytes of the strings of a batch, without offsets."""
    return sum(pc.sum(pc.binary_length(column)).as_py() or 0 for column in batch.columns)


def write(path: Path, make: Make, rows: int, seed: int = 1) -> int:
    """Write a Parquet file and return the bytes of its strings."""
    total, writer = 0, None
    for batch in batches(make, rows, seed):
        total += size(batch)
        writer = writer or pq.ParquetWriter(path, batch.schema, compression="zstd", compression_level=1)
        writer.write_batch(batch)
    if writer:
        writer.close()
    return total


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("dense", "logs"))
    parser.add_argument("rows", type=int)
    parser.add_argument("path", type=Path)
    chosen = parser.parse_args()
    print(write(chosen.path, dense if chosen.kind == "dense" else logs, chosen.rows))
