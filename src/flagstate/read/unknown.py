"""Says what an artefact is that no reader knows, and what would make it readable."""

from __future__ import annotations

from flagstate.read.part import Head, Kind

_MAGIC: tuple[tuple[bytes, int, str, str], ...] = (
    (b"%PDF-", 0, "a PDF document", "Give the data that it shows as a table."),
    (b"\x89PNG", 0, "a PNG image", ""),
    (b"\xff\xd8\xff", 0, "a JPEG image", ""),
    (b"GIF8", 0, "a GIF image", ""),
    (b"\x7fELF", 0, "a Linux program", ""),
    (b"MZ", 0, "a Windows program", ""),
    (b"\xd4\xc3\xb2\xa1", 0, "a packet capture without its header", "Give the capture from its beginning."),
    (b"\xa1\xb2\xc3\xd4", 0, "a packet capture without its header", "Give the capture from its beginning."),
    (b"\x4d\x3c\xb2\xa1", 0, "a packet capture without its header", "Give the capture from its beginning."),
    (b"\x0a\x0d\x0d\x0a", 0, "a packet capture without its header", "Give the capture from its beginning."),
    (b"\xd0\xcf\x11\xe0", 0, "an old office document or an encrypted one", "Save it as XLSX without a password, or as CSV."),
    (b"7z\xbc\xaf\x27\x1c", 0, "a 7-Zip archive", "Unpack it, or give a ZIP or TAR archive."),
    (b"Rar!", 0, "a RAR archive", "Unpack it, or give a ZIP or TAR archive."),
    (b"PGDMP", 0, "a PostgreSQL dump in custom format", "Restore it and give table extracts."),
    (b"ARROW1", 0, "an Arrow file", "Save it as Parquet."),
    (b"Obj\x01", 0, "an Avro file", "Save it as Parquet."),
    (b"ORC", 0, "an ORC file", "Save it as Parquet."),
)  # fmt: skip

_WORDS: tuple[tuple[bytes, str, str], ...] = (
    (b"INSERT INTO ", "an SQL dump", "Load it into a database and give table extracts (CSV, Parquet or SQLite)."),
    (b"CREATE TABLE", "an SQL dump", "Load it into a database and give table extracts (CSV, Parquet or SQLite)."),
)

_STARTS: tuple[tuple[bytes, str, str], ...] = (
    (b"<?xml", "an XML document", ""),
    (b"<html", "an HTML page", ""),
    (b"<!DOCTYPE", "an HTML page", ""),
    (b"openapi:", "an OpenAPI description", ""),
    (b"UNA:+", "an EDIFACT message", "Ask for the whole interchange: its beginning is damaged."),
    (b"UNB+", "an EDIFACT message", "Ask for the whole interchange: its beginning is damaged."),
    (b"#!/", "a script", ""),
    (b"-----BEGIN", "a key or certificate in PEM form", ""),
)

_CONVERT = (
    "Give one of: captures of packets, Zeek logs, HAR, CSV, JSON, XML, YAML, EDIFACT, e-mail, SQL dumps, Parquet, SQLite, "
    "XLSX, text, Terraform state or plan, CycloneDX, estate.yaml."
)


def binary(data: bytes) -> bool:
    """Whether an artefact begins as a binary kind that is known by its first bytes, even if they look like text."""
    # Two or three letters may begin a text as well, which holds no zeros.
    zeros = b"\x00" in data[:4096]
    return any(data[at : at + len(magic)] == magic and (zeros or len(magic) > 3) for magic, at, _, _ in _MAGIC)


def describe(head: Head) -> Kind:
    """Return why an artefact is not recognised; looks at its beginning only."""
    data = head.data
    if not data:
        return Kind("empty", "it is empty", "Give the file again if it should not be.")
    for magic, at, what, todo in _MAGIC:
        if data[at : at + len(magic)] == magic:
            return Kind("unknown", f"it is {what}", todo or _CONVERT)
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    for word, what, todo in _STARTS:
        if start[: len(word)].lower() == word.lower():
            return Kind("unknown", f"it looks like {what}", todo or _CONVERT)
    for word, what, todo in _WORDS:
        if word in data:
            return Kind("unknown", f"it looks like {what}", todo or _CONVERT)
    if b"\x00" in data[:4096]:
        return Kind("unknown", "it is binary data of no known kind", _CONVERT)
    if not data.strip():
        return Kind("empty", "it holds nothing but blanks", "Give the file again if it should not be.")
    return Kind("unknown", "it is text of no known kind", _CONVERT)
