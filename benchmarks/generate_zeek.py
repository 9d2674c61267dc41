"""Write a Zeek connection log with a realistic number of distinct pairs: Zipf over clients and servers."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

FIELDS = [
    "ts",
    "uid",
    "id.orig_h",
    "id.orig_p",
    "id.resp_h",
    "id.resp_p",
    "proto",
    "service",
    "duration",
    "orig_bytes",
    "resp_bytes",
    "conn_state",
    "local_orig",
    "local_resp",
    "missed_bytes",
    "history",
    "orig_pkts",
    "orig_ip_bytes",
    "resp_pkts",
    "resp_ip_bytes",
    "tunnel_parents",
]
TYPES = [
    "time",
    "string",
    "addr",
    "port",
    "addr",
    "port",
    "enum",
    "string",
    "interval",
    "count",
    "count",
    "string",
    "bool",
    "bool",
    "count",
    "string",
    "count",
    "count",
    "count",
    "count",
    "set[string]",
]
START = 1_790_000_000
SERVICES = np.array(
    [(443, "tcp", "ssl"), (80, "tcp", "http"), (53, "udp", "dns"), (443, "udp", "-"), (8883, "tcp", "-")]
)
STATES = np.array(["SF", "S0", "REJ", "RSTO", "RSTR", "S1"])
HISTORIES = np.array(["ShADadFf", "S", "Sr", "ShADadR", "ShADadr", "ShADad"])
ALPHABET = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", dtype=np.uint8)


def header(path: str, fields: list[str], types: list[str]) -> str:
    """Return the eight header lines that Zeek writes."""
    return (
        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n"
        f"#path\t{path}\n#open\t2026-09-21-00-00-00\n#fields\t"
        + "\t".join(fields)
        + "\n#types\t"
        + "\t".join(types)
        + "\n"
    )


def _addresses(count: int, rng: np.random.Generator, private: bool) -> np.ndarray:
    parts = rng.integers(1, 255, size=(count, 4))
    if private:
        parts[:, 0], parts[:, 1] = 10, parts[:, 1] % 16
    else:
        parts[:, 0] = rng.choice([3, 8, 13, 18, 34, 35, 47, 52, 54, 91, 104, 142, 151, 172, 185], size=count)
    return np.array([".".join(map(str, row)) for row in parts])


def _uids(count: int, rng: np.random.Generator) -> pa.Array:
    letters = ALPHABET[rng.integers(0, 62, size=(count, 18), dtype=np.uint8)]
    letters[:, 0] = ord("C")
    offsets = np.arange(0, 18 * count + 1, 18, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(letters.tobytes()))


def pairs(count: int, seed: int) -> dict[str, np.ndarray]:
    """Return so many distinct (client, server, service) and their shares of the traffic."""
    rng = np.random.default_rng(seed)
    clients, servers = _addresses(4_000, rng, True), _addresses(max(1_000, count // 4), rng, False)
    weights = 1.0 / np.arange(1, count + 1) ** 1.05
    return {
        "client": clients[rng.integers(0, len(clients), count)],
        "server": servers[np.minimum(rng.zipf(1.3, count) - 1, len(servers) - 1)],
        "service": rng.choice(len(SERVICES), count, p=[0.55, 0.1, 0.2, 0.1, 0.05]),
        "cdf": np.cumsum(weights / weights.sum()),
    }


def chunk(rows: int, first_us: int, span_us: int, known: dict[str, np.ndarray], rng: np.random.Generator) -> bytes:
    """Return so many log lines, in order of time."""
    pair = np.minimum(np.searchsorted(known["cdf"], rng.random(rows)), len(known["cdf"]) - 1)
    service, state = SERVICES[known["service"][pair]], rng.choice(6, rows, p=[0.8, 0.06, 0.03, 0.05, 0.04, 0.02])
    short = rng.random(rows) < 0.08
    size_out = np.where(state == 1, 0, rng.lognormal(6.5, 1.6, rows).astype(np.int64))
    size_in = np.where(state == 1, 0, rng.lognormal(8.0, 2.0, rows).astype(np.int64))
    start = first_us + np.sort(rng.integers(0, span_us, rows))
    text = {
        "ts": _decimal(start),
        "uid": _uids(rows, rng),
        "id.orig_h": pa.array(known["client"][pair]),
        "id.orig_p": _number(rng.integers(1024, 65535, rows)),
        "id.resp_h": pa.array(known["server"][pair]),
        "id.resp_p": pa.array(service[:, 0]),
        "proto": pa.array(service[:, 1]),
        "service": pa.array(service[:, 2]),
        "duration": _unset(_decimal(rng.exponential(4e6, rows).astype(np.int64)), short),
        "orig_bytes": _unset(_number(size_out), short),
        "resp_bytes": _unset(_number(size_in), short),
        "conn_state": pa.array(STATES[state]),
        "local_orig": pa.repeat("T", rows),
        "local_resp": pa.repeat("F", rows),
        "missed_bytes": _number(np.where(rng.random(rows) < 0.01, 1460, 0)),
        "history": pa.array(HISTORIES[state]),
        "orig_pkts": _number(size_out // 1000 + 3),
        "orig_ip_bytes": _number(size_out + 52 * (size_out // 1000 + 3)),
        "resp_pkts": _number(size_in // 1400 + 2),
        "resp_ip_bytes": _number(size_in + 52 * (size_in // 1400 + 2)),
        "tunnel_parents": pa.repeat("-", rows),
    }
    lines = pc.binary_join_element_wise(*[text[name].cast(pa.string()) for name in FIELDS], "\t")
    return b"\n".join([line.encode() for line in lines.to_pylist()]) + b"\n"


def _number(values: np.ndarray) -> pa.Array:
    return pa.array(values).cast(pa.string())


def _decimal(us: np.ndarray) -> pa.Array:
    tail = pc.utf8_lpad(_number(us % 1_000_000), 6, "0")
    return pc.binary_join_element_wise(_number(us // 1_000_000), tail, ".")


def _unset(values: pa.Array, where: np.ndarray) -> pa.Array:
    return pc.if_else(pa.array(where), "-", values)


def write(path: Path, rows: int, *, distinct: int = 120_000, days: int = 3, seed: int = 7) -> None:
    """Write the log.

    Args:
        path: Where to.
        rows: Connections.
        distinct: Distinct pairs of client and service.
        days: Days over which they spread.
        seed: Same seed, same log.
    """
    known, rng, size = pairs(distinct, seed), np.random.default_rng(seed + 1), 500_000
    span = days * 86_400_000_000 * min(size, rows) // rows
    with path.open("wb") as out:
        out.write(header("conn", FIELDS, TYPES).encode())
        for index, done in enumerate(range(0, rows, size)):
            out.write(chunk(min(size, rows - done), START * 1_000_000 + index * span, span, known, rng))
        out.write(b"#close\t2026-09-24-00-00-00\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--distinct", type=int, default=120_000)
    given = parser.parse_args()
    write(given.path, given.rows, distinct=given.distinct)
