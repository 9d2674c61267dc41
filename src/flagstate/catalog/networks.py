"""What is recorded about an address: four countries that stay four facts, the network, the provider, anycast.

Look-up only, in tables that ship with the package (`data/networks`, built by `tools/build_networks.py`) and in
databases that the user added (`network_mmdb`). No network connection is ever opened.

| column | what it says | how it can be wrong |
|---|---|---|
| host_country | DB-IP: where the host stands | moved hosts, mobile and VPN exits, small service prefixes |
| host_country_second | geo-whois: a second opinion on it | often repeats the registrant: says nothing of the host |
| registrant_country | where the registry delegated the prefix to | the place of a cloud host in 25-41 % of cases |
| as_country | where the network (AS) is registered | a head office, not a place |
| as_name | the name of the AS holder | a name, never a jurisdiction: "Alibaba (US)" is not the US |
| provider_country | country of the region that the provider publishes for the prefix | the feed may be old |

Confidence is about `host_country` alone, and independent of the feeds: both sources equal, `sure`; different, and the
second equal to the prefix registrant, so that it says nothing of the host, or no second answer, `likely`; otherwise
`disputed`. An anycast address has no place: its confidence is `none` whatever the sources say. A special-purpose
address has no facts. What each word is worth was measured: docs/calibration.md.
"""

from __future__ import annotations

import json
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flagstate.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from flagstate.catalog.network_addresses import Addresses

DATA = Path(__file__).parent / "data" / "networks"
COLUMNS = (
    "addr",
    "ip_version",
    "host_country",
    "host_country_second",
    "registrant_country",
    "as_country",
    "asn",
    "as_name",
    "provider",
    "provider_service",
    "provider_region",
    "provider_country",
    "anycast",
    "confidence",
    "special",
)
# Table of ranges -> the columns that it gives. The order does not matter: no table overrides another.
_TABLES: dict[str, dict[str, str]] = {
    "special": {"special": "special"},
    "host_country": {"country": "host_country"},
    "host_country_second": {"country": "host_country_second"},
    "registrant_country": {"country": "registrant_country"},
    "as_country": {"country": "as_country"},
    "asn": {"asn": "asn"},
    "provider": {
        "provider": "provider",
        "service": "provider_service",
        "region": "provider_region",
        "country": "provider_country",
    },
    "anycast": {"operator": "anycast"},
}
_FEEDS = ("provider",)
_BATCH = 500_000  # addresses; about 200 MB of working memory


def lookup(
    addresses: pa.Array | pa.ChunkedArray | Sequence[str | None],
    *,
    without_feeds: bool = False,
    user_dir: Path | None = None,
    data_dir: Path = DATA,
) -> pa.Table:
    """Say what is recorded about each address.

    Give distinct addresses, once: each call reads the tables anew. About a million addresses a second and core.

    Args:
        addresses: Text of addresses; what is not an address gives a row of nulls.
        without_feeds: Leave the provider feeds out, for calibration.
        user_dir: Folder with databases added by the user; where one answers, it outranks the embedded tables.
        data_dir: Folder of the tables; only a build measures others than the embedded ones.

    Returns:
        One row per given address, in the same order, with `COLUMNS`; `addr` is the canonical text.

    Raises:
        CatalogError: A table is missing or damaged.
    """
    import pyarrow as pa

    texts = _plain_text(addresses)
    batches = [texts.slice(start, _BATCH) for start in range(0, max(len(texts), 1), _BATCH)]
    return pa.concat_tables(
        [_look_up(batch, without_feeds=without_feeds, user_dir=user_dir, data_dir=data_dir) for batch in batches]
    )


def _look_up(texts: pa.Array, *, without_feeds: bool, user_dir: Path | None, data_dir: Path) -> pa.Table:
    """Answer one batch; batches keep the working memory the same for any number of addresses."""
    import pyarrow as pa

    from flagstate.catalog.network_addresses import parse_addresses

    found = parse_addresses(texts)
    facts: dict[str, pa.Array] = {}
    for name, columns in _TABLES.items():
        if without_feeds and name in _FEEDS:
            facts |= {column: pa.nulls(len(found.version), pa.utf8()) for column in columns.values()}
        else:
            facts |= _answers(data_dir, name, columns, found)
    facts["as_name"] = _as_names(facts["asn"], data_dir)
    facts["anycast"] = facts["anycast"].is_valid()
    if user_dir is not None:
        _outrank(facts, user_dir, found)
    return _finish(facts, found)


def lookup_one(address: str, *, without_feeds: bool = False, user_dir: Path | None = None) -> dict[str, object]:
    """Say what is recorded about one address; reads only the parts of the tables that can hold it.

    Args:
        address: IPv4 or IPv6, brackets and zone allowed.
        without_feeds: Leave the provider feeds out.
        user_dir: Folder with databases added by the user.

    Returns:
        The row of `lookup`, column to value.

    Raises:
        UsageError: The text is not an address.
        CatalogError: A table is missing or damaged.
    """
    from flagstate.catalog.network_addresses import require_address

    text = str(require_address(address))
    row: dict[str, object] = lookup([text], without_feeds=without_feeds, user_dir=user_dir).to_pylist()[0]
    return row


def tables(*, user_dir: Path | None = None, as_of: date | None = None) -> list[dict[str, object]]:
    """Return where each table comes from: source, version, date, licence, attribution, rows, age.

    Args:
        user_dir: Folder with databases added by the user; they come first, because they outrank.
        as_of: The day on which to count the age; today unless given.

    Returns:
        One entry per table; `age_days` says how old its data is. Age changes no verdict.
    """
    day = as_of or date.today()
    entries = [dict(entry) for entry in _manifest()["tables"]]
    if user_dir is not None:
        from flagstate.catalog.network_mmdb import user_tables

        entries = user_tables(user_dir) + entries
    for entry in entries:
        entry["age_days"] = (day - date.fromisoformat(str(entry["date"]))).days
    return entries


@lru_cache(maxsize=1)
def _manifest() -> dict[str, Any]:
    path = DATA / "sources.json"
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CatalogError(
            "the list of network tables cannot be read",
            where=path.name,
            why=str(error),
            todo="Install the package again",
        ) from error
    return manifest


def _plain_text(addresses: pa.Array | pa.ChunkedArray | Sequence[str | None]) -> pa.Array:
    """Return addresses as one plain string array, whatever form they came in."""
    import pyarrow as pa

    if isinstance(addresses, pa.ChunkedArray):
        addresses = addresses.combine_chunks()
    if not isinstance(addresses, pa.Array):
        return pa.array(addresses, pa.utf8())
    return addresses if addresses.type == pa.utf8() else addresses.cast(pa.utf8())


def _answers(folder: Path, name: str, columns: dict[str, str], found: Addresses) -> dict[str, pa.Array]:
    """Look all addresses up in the table `name` of both families; an address in no range gets nulls."""
    import numpy as np
    import pyarrow.compute as pc

    from flagstate.catalog.network_ranges import take_values

    answers: dict[str, pa.Array] = {}
    for version, rows in found.order.items():
        if not rows.size and (answers or version == 4):
            continue
        table, at = _find(folder / f"{name}_v{version}.parquet", found.hi[rows], found.lo[rows])
        everywhere = np.full(len(found.version), -1, dtype=np.int64)
        everywhere[rows] = at
        for source, column in columns.items():
            values = take_values(table[source], everywhere)
            answers[column] = pc.coalesce(answers[column], values) if column in answers else values
    return answers


def _find(path: Path, hi: npt.NDArray[np.uint64], lo: npt.NDArray[np.uint64]) -> tuple[pa.Table, npt.NDArray[np.int64]]:
    """Read what is needed of one table and find the addresses in it."""
    from flagstate.catalog.network_ranges import find_rows

    first, last = (1, 0)
    if len(lo):
        first, last = int(lo.min()), int(lo.max())
        if hi.any():
            first, last = int(hi.min()) << 64, int(hi.max()) << 64 | 0xFFFFFFFFFFFFFFFF
    table = _read(path, first, last)
    return table, find_rows(table, hi, lo)


def _read(path: Path, first: int, last: int) -> pa.Table:
    """Read the part of a table that can hold keys from `first` to `last`."""
    import pyarrow as pa

    from flagstate.catalog.network_ranges import read_ranges

    try:
        return read_ranges(path, first, last)
    except (OSError, pa.ArrowException) as error:
        raise CatalogError(
            "a network table cannot be read", where=path.name, why=str(error), todo="Install the package again"
        ) from error


def _as_names(asn: pa.Array, folder: Path) -> pa.Array:
    """Return the name of the holder of each AS number."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from flagstate.catalog.network_ranges import take_values

    wanted = pc.min_max(asn).as_py()
    if wanted["min"] is None:
        return pa.nulls(len(asn), pa.utf8())
    table = _read(folder / "as_name.parquet", wanted["min"], wanted["max"])
    known = table["asn"].to_numpy()
    asked = pc.fill_null(asn, 0).to_numpy(zero_copy_only=False)
    row = np.searchsorted(known, asked).clip(max=len(known) - 1)
    hit = (known[row] == asked) & asn.is_valid().to_numpy(zero_copy_only=False)
    return take_values(table["name"], np.where(hit, row, -1))


def _outrank(facts: dict[str, pa.Array], user_dir: Path, found: Addresses) -> None:
    """Put the answers of the user's databases over the embedded ones, column by column, where they have one."""
    import pyarrow.compute as pc

    from flagstate.catalog.network_mmdb import COLUMNS_OF_KIND, user_tables

    for entry in user_tables(user_dir):
        kind = str(entry["table"])
        answers = _answers(user_dir, kind, {column: column for column in COLUMNS_OF_KIND[kind]}, found)
        for column, values in answers.items():
            facts[column] = pc.coalesce(values, facts[column])
        if "asn" in answers:  # a number without a name must not keep the name of the embedded number
            facts["as_name"] = pc.coalesce(answers["as_name"], _as_names(facts["asn"], DATA))


def _finish(facts: dict[str, pa.Array], found: Addresses) -> pa.Table:
    """Blank the facts of special addresses, judge the host country, and put the columns in order."""
    import pyarrow as pa
    import pyarrow.compute as pc

    valid = pa.array(found.version > 0)
    blank = pc.or_(facts["special"].is_valid(), pc.invert(valid))
    for column, values in facts.items():
        if column == "anycast":
            facts[column] = pc.if_else(valid, values, pa.scalar(None, pa.bool_()))
        elif column != "special":
            facts[column] = pc.if_else(blank, pa.scalar(None, values.type), values)
    facts["addr"] = found.canonical
    facts["ip_version"] = pc.if_else(valid, pa.array(found.version), pa.scalar(None, pa.uint8()))
    facts["confidence"] = pc.if_else(valid, _confidence(facts), pa.scalar(None, pa.utf8()))
    return pa.table({column: facts[column] for column in COLUMNS})


def _confidence(facts: dict[str, pa.Array]) -> pa.Array:
    """Say how far `host_country` can be relied on: sure, likely, disputed or none."""
    import pyarrow.compute as pc

    host, second, registrant = (facts[name] for name in ("host_country", "host_country_second", "registrant_country"))
    silent = pc.or_(second.is_null(), pc.fill_null(pc.equal(second, registrant), False))
    cases = pc.make_struct(
        pc.or_(host.is_null(), pc.fill_null(facts["anycast"], False)),
        pc.fill_null(pc.equal(host, second), False),
        silent,
    )
    return pc.case_when(cases, "none", "sure", "likely", "disputed")
