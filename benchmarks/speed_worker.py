"""Time one peer over the strings of a Parquet file, in an environment of its own: bytes and processor seconds.

`value` mode hands over one value after the other, as a verdict on values needs; `joined` mode hands over blocks of 64 KiB
of values with line breaks between, which spares the peer its cost of a call and loses which value it was.
"""

# ruff: noqa: E501
from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

PATTERNS = {
    "email": rb"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*\.[A-Za-z]{2,24}",
    "phone": rb"\+[1-9][0-9]{1,2}[ .-]?[0-9](?:[ .-]?[0-9]){6,11}",
    "card": rb"\b(?:4[0-9]{3}|5[1-5][0-9]{2}|2[2-7][0-9]{2}|3[47][0-9]{2}|6011)[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{3,4}\b",
    "iban": rb"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b",
    "ipv4": rb"\b(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(?:\.(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3}\b",
    "mac_address": rb"\b[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}\b",
    "us_ssn": rb"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b",
}
"""Forms alone, for the engines that check no digit."""


def presidio() -> Callable[[str], object]:
    """Return Presidio's pattern recognisers of these seven classes; no named-entity model."""
    import tldextract
    from presidio_analyzer import predefined_recognizers as kinds

    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())
    names = ("Email", "Phone", "CreditCard", "Iban", "Ip", "MacAddress", "UsSsn")
    chosen = [getattr(kinds, f"{name}Recognizer")() for name in names]
    return lambda text: [kind.analyze(text, kind.supported_entities, None) for kind in chosen]


def datafog_core() -> Callable[[str], object]:
    """Return datafog-core for those of the classes that it knows."""
    import datafog_core as core

    config = {"entities": ["EMAIL", "PHONE", "CREDIT_CARD", "IP_ADDRESS", "SSN"]}
    return lambda text: core.scan(text, config)


def datafog_core_default() -> Callable[[str], object]:
    """Return datafog-core as it comes: fourteen entities, no configuration to read at each call."""
    import datafog_core as core

    return core.scan


def hyperscan() -> Callable[[str], object]:
    """Return the Hyperscan wheel over the forms."""
    import hyperscan as hs

    base = hs.Database()
    patterns = list(PATTERNS.values())
    base.compile(expressions=patterns, ids=list(range(len(patterns))), flags=[0] * len(patterns))
    hits: list[int] = []

    def hit(number: int, _start: int, _end: int, _flags: int, _context: object) -> None:
        hits.append(number)

    return lambda text: base.scan(text, match_event_handler=hit)


def python_re() -> Callable[[str], object]:
    """Return Python's regular expressions over the forms."""
    compiled = [re.compile(pattern) for pattern in PATTERNS.values()]
    return lambda text: [one.findall(text) for one in compiled]  # type: ignore[call-overload]


PEERS = {
    "presidio": presidio,
    "datafog-core": datafog_core,
    "datafog-core-default": datafog_core_default,
    "hyperscan": hyperscan,
    "re": python_re,
}
BYTES = {"hyperscan", "re"}


def texts(path: Path, rows: int, *, joined: bool) -> list[str]:
    """Return the strings of the first rows, by column."""
    table = next(pq.ParquetFile(path).iter_batches(batch_size=rows))
    out: list[str] = []
    for column in table.columns:
        values = column.cast(pa.string()).to_pylist()
        if not joined:
            out += values
            continue
        block, held = [], 0
        for value in values:
            block.append(value)
            held += len(value) + 1
            if held > 65_536:
                out.append("\n".join(block))
                block, held = [], 0
        out.append("\n".join(block))
    return out


def main(peer: str, path: Path, rows: int, mode: str) -> None:
    """Time one run, after a short one that warms caches."""
    look = PEERS[peer]()
    kept = texts(path, rows, joined=mode == "joined")
    asked: list[Any] = [text.encode() for text in kept] if peer in BYTES else list(kept)
    total = sum(len(text.encode()) for text in kept)
    for text in asked[:20]:
        look(text)
    began = time.process_time()
    for text in asked:
        look(text)
    print(json.dumps({"bytes": total, "seconds": time.process_time() - began}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
