"""Which Zeek logs we know, how one is told from another, and how its fields become the columns of a stream."""

from __future__ import annotations

import string
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

FAILED = "('S0', 'REJ', 'RSTOS0', 'SH')"
"""Zeek's states of a TCP connection that never carried payload from its originator."""

TIMED = "DECIMAL(18,6)"
_ENDS = (
    ("uid", "uid", "VARCHAR"),
    ("orig_h", "id.orig_h", "VARCHAR"),
    ("orig_p", "id.orig_p", "INTEGER"),
    ("resp_h", "id.resp_h", "VARCHAR"),
    ("resp_p", "id.resp_p", "INTEGER"),
)
TS_US = "make_timestamptz(round(ts::DOUBLE * 1000000)::BIGINT)"
"""How seconds become a time; formats that have times leave it out."""
_TS = f"{TS_US} AS ts, uid, orig_h, orig_p, resp_h, resp_p, "
_TARGET = r"(\[[0-9a-fA-F:.]{2,45}\]|[^\s:/@\[\]]{1,253}):[0-9]{1,5}"
"""What CONNECT may ask for."""
_ADDRESS = r"((?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})\.){3}[0-9]{1,3}|(?:[0-9a-f]{0,4}:){2,7}[0-9a-f.]{0,15})"


def _claims(header: str) -> str:
    """Return what finds the first address in a header of the field `proxied`, whose entries are `NAME -> value`."""
    word = r"(?:[^|]*[;,\s])?for\s*=" if header == "FORWARDED" else ""
    pattern = rf'(?i)(?:^|\|){header} -> {word}[\s"\[]*{_ADDRESS}(?:$|[^0-9a-z.])'
    return f"nullif(lower(regexp_extract(array_to_string(proxied, '|'), '{pattern}', 1)), '')"


@dataclass(frozen=True)
class Shape:
    """How one kind of log becomes a stream."""

    noun: str
    """The stream."""
    fields: tuple[tuple[str, str, str], ...]
    """(name here, field of the log, type); a field that the log lacks is null."""
    sql: str
    """From the names here to the columns of the noun."""


SHAPES = {
    "conn": Shape(
        "connection",
        (
            *_ENDS,
            ("proto", "proto", "VARCHAR"),
            ("service", "service", "VARCHAR"),
            ("duration", "duration", "DOUBLE"),
            ("orig_bytes", "orig_bytes", "BIGINT"),
            ("resp_bytes", "resp_bytes", "BIGINT"),
            ("missed_bytes", "missed_bytes", "BIGINT"),
            ("conn_state", "conn_state", "VARCHAR"),
        ),
        # Zeek leaves the bytes of a one-packet connection unset; a TCP attempt of one packet carried none.
        _TS + "proto, service, TRY_CAST(round(duration * 1000000) AS BIGINT) AS duration_us, "
        f"coalesce(orig_bytes, CASE WHEN proto = 'tcp' AND conn_state IN {FAILED} THEN 0 END) AS orig_bytes, "
        "resp_bytes, "
        "missed_bytes, conn_state",
    ),
    "dns": Shape(
        "query",
        (
            *_ENDS,
            ("proto", "proto", "VARCHAR"),
            ("query", "query", "VARCHAR"),
            ("qtype_name", "qtype_name", "VARCHAR"),
            ("rcode_name", "rcode_name", "VARCHAR"),
            ("answers", "answers", "VARCHAR[]"),
        ),
        _TS + "proto, query, qtype_name, rcode_name, answers",
    ),
    "ssl": Shape(
        "handshake",
        (
            *_ENDS,
            ("server_name", "server_name", "VARCHAR"),
            ("version", "version", "VARCHAR"),
            ("next_protocol", "next_protocol", "VARCHAR"),
            ("ja3", "ja3", "VARCHAR"),
            ("ja4", "ja4", "VARCHAR"),
            ("established", "established", "BOOLEAN"),
            ("issuer", "issuer", "VARCHAR"),
            ("issuer_before", "issuer_subject", "VARCHAR"),
        ),
        _TS + "CASE WHEN version LIKE 'DTLS%' THEN 'udp' ELSE 'tcp' END AS proto, server_name, version, next_protocol, "
        "ja3, ja4, established, "
        "coalesce(issuer, issuer_before) AS issuer",
    ),
    "http": Shape(
        "exchange",
        (
            *_ENDS,
            ("host", "host", "VARCHAR"),
            ("method", "method", "VARCHAR"),
            ("status_code", "status_code", "INTEGER"),
            ("request_bytes", "request_body_len", "BIGINT"),
            ("response_bytes", "response_body_len", "BIGINT"),
            ("uri", "uri", "VARCHAR"),
            ("proxied", "proxied", "VARCHAR[]"),
        ),
        _TS + "'tcp' AS proto, host, "
        f"CASE WHEN method = 'CONNECT' AND regexp_full_match(uri, '{_TARGET}') THEN lower(uri) END AS connect_to, "
        f"CASE WHEN proxied IS NOT NULL THEN coalesce({_claims('FORWARDED')}, {_claims('X-FORWARDED-FOR')}, "
        f"{_claims('CLIENT-IP')}, {_claims('X-FORWARDED-FROM')}) END AS claimed_orig_h, "
        "method, status_code, request_bytes, response_bytes",
    ),
    "x509": Shape(
        "reliance",
        (
            ("issuer", "certificate.issuer", "VARCHAR"),
            ("until", "certificate.not_valid_after", "VARCHAR"),
            ("names", "san.dns", "VARCHAR[]"),
        ),
        "round(ts::DOUBLE * 1000000)::BIGINT AS us, issuer, names, "
        "coalesce(round(TRY_CAST(until AS DOUBLE) * 1000000)::BIGINT, epoch_us(TRY_CAST(until AS TIMESTAMPTZ))) "
        "AS until_us",
    ),
}
"""The logs that become streams, and certificates, which the reader itself sums up. `open_conn`, `open_http` and
`open_ssl` (connections still open) and `conn_long` have the fields of their finished logs; `flow` counts a connection
once, and its longest record wins."""

LOSSES = Shape(
    "coverage",
    (("ts_delta", "ts_delta", "DOUBLE"), ("gaps", "gaps", "BIGINT"), ("acks", "acks", "BIGINT")),
    "round((ts::DOUBLE - coalesce(ts_delta, 0)) * 1000000)::BIGINT, round(ts::DOUBLE * 1000000)::BIGINT, "
    "coalesce(gaps, 0), coalesce(acks, 0)",
)
"""What a capture_loss log says; never leaves the reader as a stream."""

ALIASES = {"open_conn": "conn", "conn_long": "conn", "open_http": "http", "open_ssl": "ssl"}

# First match wins: (path, fields that must all be there).
_TELLTALES: tuple[tuple[str, frozenset[str]], ...] = tuple(
    (path, frozenset(fields.split()))
    for path, fields in (
        ("capture_loss", "percent_lost acks"),
        ("x509", "certificate.serial"),
        ("files", "fuid seen_bytes"),
        ("notice", "note msg"),
        ("weird", "name notice"),
        ("smtp", "helo trans_depth"),
        ("http", "trans_depth method"),
        ("http", "trans_depth status_code"),
        ("conn", "conn_state id.orig_h"),
        ("conn", "orig_bytes resp_bytes id.orig_h"),
        ("dns", "trans_id query id.orig_h"),
        ("dns", "trans_id qclass id.orig_h"),
        ("dns", "trans_id rcode id.orig_h"),
        ("dns", "query qtype_name"),
        ("ssl", "cipher version"),
        ("ssl", "server_name id.orig_h"),
        ("ssl", "established id.orig_h"),
        ("dhcp", "msg_types mac"),
        ("dhcp", "assigned_ip mac"),
        ("kerberos", "request_type id.orig_h"),
        ("ntp", "stratum id.orig_h"),
        ("dce_rpc", "endpoint operation"),
        ("smb_mapping", "share_type id.orig_h"),
        ("smb_files", "action id.orig_h path"),
        ("ftp", "reply_code command id.orig_h"),
        ("stats", "pkts_proc peer"),
    )
)
_ZEEK_ONLY = frozenset({"uid", "id.orig_h", "id.resp_h"})


def tell(fields: Collection[str]) -> str | None:
    """Return which log these fields are of; null: not Zeek's, as far as they show."""
    seen = set(fields)
    if "ts" not in seen:
        return None
    for path, wanted in _TELLTALES:
        if wanted <= seen:
            return path
    return "other" if seen >= _ZEEK_ONLY else None


def shape(path: str) -> Shape | None:
    """Return how this log becomes a stream; null: it is only counted."""
    return SHAPES.get(ALIASES.get(path, path))


@dataclass(frozen=True)
class Header:
    """What the lines that begin with `#` say."""

    path: str = ""
    fields: tuple[str, ...] = ()
    separator: str = "\t"
    set_separator: str = ","
    empty: str = "(empty)"
    unset: str = "-"
    lines: int = 0
    """Lines of the header at the beginning."""


def learn(known: Header, line: bytes) -> Header:
    """Return the header with what one more `#` line says."""
    text = line.rstrip(b"\r\n").decode("utf-8", "replace")
    if text.startswith("#separator"):
        return replace(known, separator=_unescape(text[len("#separator") :].strip()) or "\t")
    name, _, rest = text.partition(known.separator)
    match name:
        case "#fields":
            return replace(known, fields=tuple(rest.split(known.separator)))
        case "#path":
            return replace(known, path=rest)
        case "#set_separator":
            return replace(known, set_separator=rest)
        case "#empty_field":
            return replace(known, empty=rest)
        case "#unset_field":
            return replace(known, unset=rest)
    return known


def _unescape(text: str) -> str:
    code = text[2:] if len(text) == 4 and text.startswith("\\x") else ""
    return chr(int(code, 16)) if code and all(c in string.hexdigits for c in code) else text


def moment(us: int | None) -> datetime | None:
    """Return the time of so many microseconds since 1970; null where no calendar holds it."""
    try:
        return None if us is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
    except OverflowError:
        return None
