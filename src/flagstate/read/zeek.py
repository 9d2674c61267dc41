"""Zeek logs, tab-separated or JSON as in its log folder, or Parquet as log stores keep them.

Connections, DNS queries, TLS handshakes and HTTP requests become streams; what addresses of HTTP requests, user agents
and referrers hold is searched for data classes; of certificates (`x509`) only the names of hosts, the organisation of
the issuer and the end are read; names of files are not read at all. `capture_loss` becomes coverage. Other logs are
counted, and the ledger says that no facts come from them yet. A log of connections that are still open (`open_conn`)
holds the same connections as the finished log: each counts once, and its longest record wins.

What it cannot see: a log that was cut at a line's end looks whole; a sensor knows only the gaps that it noticed.
"""

from __future__ import annotations

from collections.abc import Iterator

from flagstate import model
from flagstate.read import zeek_http, zeek_json, zeek_parquet, zeek_tsv, zeek_x509
from flagstate.read.part import Context, Facts, Head, Kind, Note, Opened, Part, Reader, Stream
from flagstate.read.zeek_fields import ALIASES, shape


def recognise(head: Head) -> Kind | None:
    """Tell by the header lines, or by the field names of the first objects."""
    if path := zeek_tsv.recognise(head):
        return Kind(f"zeek.{_safe(path)} tsv")
    if head.data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") and (path := zeek_json.recognise(head)):
        return Kind(f"zeek.{_safe(path)} json")
    if path := zeek_parquet.recognise(head):
        return Kind(f"zeek.{_safe(path)} parquet")
    return None


_FORMS = {"tsv": zeek_tsv, "json": zeek_json, "parquet": zeek_parquet}


def _safe(path: str) -> str:
    return path if path.isidentifier() and path.isascii() and len(path) <= 40 else "other"


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield the stream of the log, the lines that could not be read, counts and times."""
    path, form = kind.name.removeprefix("zeek.").split(" ")
    for part in _FORMS[form].read(opened, path, context):
        if path == "x509" and isinstance(part, Stream):
            yield from zeek_x509.certificates(part.relation, context)
        else:
            yield part
    if ALIASES.get(path, path) == "http" and form != "parquet":
        yield from zeek_http.payloads(opened, form, context)
    if path == "capture_loss":
        yield from _coverage(opened, form, context)
    elif shape(path) is None:
        yield Note(f"no facts are taken from {path} logs yet")


def _coverage(opened: Opened, form: str, context: Context) -> Iterator[Part]:
    """Yield what share of the traffic the sensor says it saw: acknowledged gaps over acknowledgements."""
    losses = (zeek_tsv if form == "tsv" else zeek_json).losses(opened, context)
    if losses is None or not losses[3]:
        return
    first, last, gaps, acks = losses
    row = {
        "noun": "flow",
        "scope": "what this sensor saw",
        "from_ts": first,
        "to_ts": last,
        "complete": "no" if gaps else "unknown",
        "share_seen": max(0.0, 1 - gaps / acks),
        "said_by": "the sensor's capture_loss log",
        "remark": f"{gaps} of {acks} acknowledgements were for packets that the sensor had not seen",
        "todo": "Give the sensor more capacity, or mirror less" if gaps else None,
        # evidence_id stays open: it is known, and written, where artefacts are put together.
    }
    yield Facts("coverage", model.rows(model.COVERAGE, [row]), "observed")


READER = Reader(
    "zeek",
    "Zeek logs (text, JSON, Parquet): conn, dns, ssl, http; x509 issuers; capture_loss is coverage; the rest counted.",
    recognise,
    read,
    ("connection", "query", "handshake", "exchange"),
)
