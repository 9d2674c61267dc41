"""Logs as Zeek writes them: tab-separated, with their real headers, day by day."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from flagstate.demo.sessions import Ints

_ENDS = (
    ("ts", "time"), ("uid", "string"), ("id.orig_h", "addr"), ("id.orig_p", "port"), ("id.resp_h", "addr"),
    ("id.resp_p", "port"),
)  # fmt: skip
FIELDS = {
    "conn": (*_ENDS, ("proto", "enum"), ("service", "string"), ("duration", "interval"), ("orig_bytes", "count"),
        ("resp_bytes", "count"), ("conn_state", "string"), ("local_orig", "bool"), ("local_resp", "bool"),
        ("missed_bytes", "count"), ("history", "string"), ("orig_pkts", "count"), ("orig_ip_bytes", "count"),
        ("resp_pkts", "count"), ("resp_ip_bytes", "count"), ("tunnel_parents", "set[string]")),
    "dns": (*_ENDS, ("proto", "enum"), ("trans_id", "count"), ("rtt", "interval"), ("query", "string"),
        ("qclass", "count"), ("qclass_name", "string"), ("qtype", "count"), ("qtype_name", "string"),
        ("rcode", "count"), ("rcode_name", "string"), ("AA", "bool"), ("TC", "bool"), ("RD", "bool"), ("RA", "bool"),
        ("Z", "count"), ("answers", "vector[string]"), ("TTLs", "vector[interval]"), ("rejected", "bool")),
    "ssl": (*_ENDS, ("version", "string"), ("cipher", "string"), ("curve", "string"), ("server_name", "string"),
        ("resumed", "bool"), ("last_alert", "string"), ("next_protocol", "string"), ("established", "bool"),
        ("ssl_history", "string")),
    "http": (*_ENDS, ("trans_depth", "count"), ("method", "string"), ("host", "string"), ("uri", "string"),
        ("referrer", "string"), ("version", "string"), ("user_agent", "string"), ("request_body_len", "count"),
        ("response_body_len", "count"), ("status_code", "count"), ("status_msg", "string")),
    "capture_loss": (("ts", "time"), ("ts_delta", "interval"), ("peer", "string"), ("gaps", "count"),
        ("acks", "count"), ("percent_lost", "double")),
}  # fmt: skip
"""Fields and types of each log, in Zeek's order."""
_OPTIONS = csv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")
_LETTERS = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", np.uint8)
_UID = 18


class Log:
    """A log that is written part by part."""

    def __init__(self, path: Path, kind: str, opened: str) -> None:
        """Begin a log; a name that ends with gz is packed.

        Args:
            path: Of the file.
            kind: One of `FIELDS`.
            opened: When it was opened, as Zeek writes it.
        """
        self.kind = kind
        self.rows = 0
        self._raw = path.open("wb")
        # Nothing of the machine and of today goes in: the same seed gives the same bytes.
        packed = gzip.GzipFile("", "wb", 1, self._raw, mtime=0) if path.suffix == ".gz" else None
        self._file: IO[bytes] | gzip.GzipFile = packed or self._raw
        fields = FIELDS[kind]
        lead = ("#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", f"#path\t{kind}",
                f"#open\t{opened}", "\t".join(["#fields", *(name for name, _ in fields)]),
                "\t".join(["#types", *(kind for _, kind in fields)]))  # fmt: skip
        self._file.write("".join(f"{line}\n" for line in lead).encode())

    def add(self, columns: Sequence[pa.Array | str | int], count: int) -> None:
        """Write rows.

        Args:
            columns: Values of each field in the order of `FIELDS`; one value for all rows may stand alone.
            count: How many rows.
        """
        if not count:
            return
        arrays = [_text(one, count) for one in columns]
        names = [name for name, _ in FIELDS[self.kind]]
        self._file.write(memoryview(_lines(pa.table(arrays, names))))
        self.rows += count

    def close(self, closed: str) -> None:
        """End the log.

        Args:
            closed: When, as Zeek writes it.
        """
        self._file.write(f"#close\t{closed}\n".encode())
        self._file.close()
        self._raw.close()


def _lines(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    csv.write_csv(table, sink, _OPTIONS)
    return sink.getvalue()


def _text(given: pa.Array | str | int, count: int) -> pa.Array:
    """Return a column of text, in which what is not there is `-`."""
    if isinstance(given, str | int):
        return pa.repeat(pa.scalar(str(given)), count)
    made: pa.Array = pc.fill_null(given.cast(pa.string()), "-") if given.null_count else given
    return made


def seconds(us: Ints, there: np.ndarray | None = None) -> pa.Array:
    """Return microseconds as seconds with six decimals.

    Args:
        us: Microseconds, 0 or more.
        there: False where there is none.
    """
    room = np.zeros((len(us), 2), np.int64)
    room[:, 0] = us
    made = pa.Array.from_buffers(pa.decimal128(18, 6), len(us), [None, pa.py_buffer(room)])
    return made if there is None else pc.if_else(pa.array(there), made, None)


def numbers(values: Ints, there: np.ndarray | None = None) -> pa.Array:
    """Return numbers as a column; null where there is none."""
    return pa.array(values, mask=None if there is None else ~there)


def picked(words: Sequence[str | None], at: Ints) -> pa.Array:
    """Return texts by their places."""
    found: pa.Array = pc.take(pa.array(list(words), pa.string()), pa.array(at))
    return found


def uids(rng: np.random.Generator, count: int) -> pa.Array:
    """Return ids of connections as Zeek makes them: a C and letters of chance."""
    data = _LETTERS[rng.integers(0, len(_LETTERS), (count, _UID), dtype=np.uint8)]
    data[:, 0] = ord("C")
    offsets = np.arange(0, (count + 1) * _UID, _UID, dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), count, [None, pa.py_buffer(offsets), pa.py_buffer(data.copy())])
