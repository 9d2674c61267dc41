"""Databases that the user adds: MaxMind, IPinfo and DB-IP files in MMDB form, converted once to range tables.

An added database outranks the embedded tables wherever it has an answer. Its provenance (SHA-256, date of its build,
type, licence as the user states it) is kept beside it, because it decides answers in every report.

| kind | columns that it gives |
|---|---|
| country, city | host_country, registrant_country (MaxMind: registered_country), anycast (MaxMind: is_anycast) |
| asn | asn, as_name |
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flagstate.catalog.network_ranges import Span, bounds_table, flatten, write_ranges
from flagstate.errors import CatalogError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

COLUMNS_OF_KIND: dict[str, tuple[str, ...]] = {
    "user_place": ("host_country", "registrant_country", "anycast"),
    "user_network": ("asn", "as_name"),
}
_TABLE_OF_KIND = {"country": "user_place", "city": "user_place", "asn": "user_network"}
_MANIFEST = "user_sources.json"
_BLOCK = 1 << 20
_NO_COUNTRY = frozenset({"EU", "AP", "XX", "ZZ"})


def add_mmdb(path: Path, kind: str, dest_dir: Path, *, licence: str = "") -> dict[str, object]:
    """Convert an MMDB file to range tables in a folder; one that was added before for the same use is replaced.

    Args:
        path: The file; it is not kept.
        kind: country, city or asn: which answers to take from it.
        dest_dir: Folder of the user's tables; created when missing.
        licence: What the user says of the licence; kept as said, not judged.

    Returns:
        Its provenance, as `user_tables` gives it.

    Raises:
        UsageError: The kind is not known.
        CatalogError: The file is not a readable MMDB, or has none of the fields of that kind.
    """
    if kind not in _TABLE_OF_KIND:
        raise UsageError(f"{kind!a} is not a kind of database", todo=f"Write one of {', '.join(_TABLE_OF_KIND)}")
    table = _TABLE_OF_KIND[kind]
    spans, meta = _read_spans(path, table)
    dest_dir.mkdir(parents=True, exist_ok=True)
    for version, found in spans.items():
        write_ranges(_range_table(found, version, table), dest_dir / f"{table}_v{version}.parquet")
    built = datetime.fromtimestamp(int(meta.build_epoch), tz=UTC).date()
    entry: dict[str, object] = {
        "table": table,
        "gives": ", ".join(COLUMNS_OF_KIND[table]),
        "source": f"{meta.database_type} (added by the user)",
        "url": "",
        "version": built.isoformat(),
        "sha256": _sha256(path),
        "date": built.isoformat(),
        "licence": licence or "not stated",
        "attribution": "",
        "rows": sum(len(found) for found in spans.values()),
        "added_at": datetime.now(tz=UTC).date().isoformat(),
    }
    kept = [other for other in user_tables(dest_dir) if other["table"] != table]
    (dest_dir / _MANIFEST).write_text(json.dumps([*kept, entry], indent=1) + "\n", encoding="utf-8")
    return entry


def user_tables(dest_dir: Path) -> list[dict[str, object]]:
    """Return the provenance of the databases in a folder; empty when none was added.

    Raises:
        CatalogError: The folder's list is damaged.
    """
    manifest = dest_dir / _MANIFEST
    if not manifest.exists():
        return []
    try:
        entries: list[dict[str, object]] = json.loads(manifest.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CatalogError(
            "the list of added databases is damaged",
            where=manifest.name,
            why=str(error),
            todo="Add the databases again",
        ) from error
    return entries


def _read_spans(path: Path, table: str) -> tuple[dict[int, list[Span]], Any]:
    """Return the ranges of both families with our fields, and the metadata of the file."""
    import maxminddb

    read = _place if table == "user_place" else _network
    spans: dict[int, list[Span]] = {4: [], 6: []}
    seen = 0
    try:
        with maxminddb.open_database(path) as reader:
            meta = reader.metadata()
            for network, record in reader:
                seen += 1
                value = read(record) if isinstance(record, dict) else None
                if value is not None:
                    _append(spans[network.version], Span(int(network[0]), int(network[-1]), value))
    except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
        raise CatalogError(
            "the file cannot be read as an MMDB database",
            where=path.name,
            why=str(error),
            todo="Download it again, unpacked (.mmdb, not .gz or .tar.gz)",
        ) from error
    if not spans[4] and not spans[6]:
        raise CatalogError(
            "the database has no answer of this kind",
            where=path.name,
            why=f"none of its {seen:,} records has a field that we know",
            todo="Give the kind that fits: country, city or asn",
        )
    return {version: flatten(found) for version, found in spans.items()}, meta


def _append(spans: list[Span], span: Span) -> None:
    """Append a range, or lengthen the one before: a city database has ten times as many rows as its countries need."""
    if spans and spans[-1].value == span.value and spans[-1].stop + 1 == span.start:
        span = Span(spans.pop().start, span.stop, span.value)
    spans.append(span)


def _place(record: dict[str, Any]) -> tuple[str | None, str | None, bool | None] | None:
    """Take host country, registrant country and anycast from a record of MaxMind, DB-IP or IPinfo."""
    nested = record.get("country")
    host = _code(nested.get("iso_code")) if isinstance(nested, dict) else None
    host = host or _code(record.get("country_code")) or _code(nested)
    registered = record.get("registered_country")
    registrant = _code(registered.get("iso_code")) if isinstance(registered, dict) else None
    traits = record.get("traits")
    anycast = True if isinstance(traits, dict) and traits.get("is_anycast") is True else None
    return (host, registrant, anycast) if host or registrant or anycast else None


def _network(record: dict[str, Any]) -> tuple[int, str | None] | None:
    """Take AS number and holder's name from a record of MaxMind, DB-IP or IPinfo."""
    number = record.get("autonomous_system_number", record.get("asn"))
    if isinstance(number, str):
        digits = number.strip().upper().removeprefix("AS")
        number = int(digits) if digits.isascii() and digits.isdigit() else None
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 1 << 32:
        return None
    name = record.get("autonomous_system_organization", record.get("as_name"))
    return number, name.strip() or None if isinstance(name, str) else None


def _code(value: object) -> str | None:
    """Return an ISO 3166-1 alpha-2 code; anything else (a name, EU, a number) is not taken."""
    if not isinstance(value, str):
        return None
    code = value.strip().upper()
    return code if len(code) == 2 and code.isascii() and code.isalpha() and code not in _NO_COUNTRY else None


def _range_table(spans: list[Span], version: int, table: str) -> pa.Table:
    """Return ranges with their values as an Arrow table in the stored form."""
    import pyarrow as pa

    columns = dict(zip(COLUMNS_OF_KIND[table], zip(*_values(spans), strict=True), strict=True)) if spans else {}
    types = {"anycast": pa.bool_(), "asn": pa.uint32()}
    arrays = bounds_table(spans, version)
    for name in COLUMNS_OF_KIND[table]:
        array = pa.array(columns.get(name, ()), types.get(name, pa.utf8()))
        arrays[name] = array.dictionary_encode() if array.type == pa.utf8() else array
    return pa.table(arrays)


def _values(spans: list[Span]) -> Iterator[tuple[object, ...]]:
    """Yield the values of ranges, which here are always tuples."""
    for span in spans:
        if isinstance(span.value, tuple):
            yield span.value


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
