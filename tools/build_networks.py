"""Build the network tables of the catalog from pinned, checksummed packages; fail when they got worse.

    python tools/build_networks.py --feeds provider_ranges.csv --cache ~/.cache/flagstate-build

It downloads five npm packages (pinned by version and SHA-256: their own READMEs warn that current data may contain
errors, so a newer version is never taken silently), writes sorted, disjoint ranges as Parquet into the package,
measures their accuracy on the provider feeds and writes docs/calibration.md. Without --feeds it uses the copy of the
feeds in the package. The same inputs give the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import ipaddress
import json
import shutil
import sys
import tarfile
import tempfile
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import maxminddb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from flagstate.catalog.network_ranges import Span, bounds_table, flatten, write_ranges
from flagstate.catalog.regions import region_country
from network_accuracy import check, measure, page

ROOT = Path(__file__).parents[1]
DATA = ROOT / "src" / "flagstate" / "catalog" / "data" / "networks"
MOST_BYTES = 12_000_000
LISTS_CHECKED = "2026-11-21"  # when anycast.yaml and special.csv were last gone through
# Codes that a registry or a database uses for "no one country"; they become null, because they are no place.
NO_COUNTRY = frozenset({"", "ZZ", "EU", "AP", "XX", "AN"})
NRO = "Registry statistics by the Number Resource Organization, https://www.nro.net, CC BY 4.0"
DB_IP = "IP Geolocation by DB-IP, https://db-ip.com, CC BY 4.0"


@dataclass(frozen=True)
class Package:
    """One npm package and what we take from it."""

    table: str
    name: str
    version: str
    sha256: str
    date: str
    licence: str
    attribution: str
    gives: str

    @property
    def url(self) -> str:
        """Return where the registry keeps the tarball."""
        return f"https://registry.npmjs.org/@ip-location-db/{self.name}/-/{self.name}-{self.version}.tgz"


PACKAGES = (
    Package(
        "host_country",
        "dbip-country",
        "2.3.2026060120",
        "78a6009a9c18434e6b690d703431241900d6127ddcd7c26ed48852549ee0df4f",
        "2026-06-01",
        "CC-BY-4.0",
        DB_IP,
        "country of the host (DB-IP Country Lite)",
    ),
    Package(
        "host_country_second",
        "geo-whois-asn-country",
        "2.3.2026061719",
        "2a3e609015884c93c2d398e777ce1d2d34cab026054c43559bff32b25669f606",
        "2026-06-17",
        "CC-BY-4.0",
        NRO,
        "second opinion on the country of the host (geofeed, else whois, else registry)",
    ),
    Package(
        "registrant_country",
        "asn-country",
        "2.3.2026061719",
        "f1ba738e7a4c3f5b5fd1ccef47576ad797625a9d8efd5f2fb06a3abef3db3b91",
        "2026-06-17",
        "CC-BY-4.0",
        NRO,
        "country to which the registry delegated the prefix",
    ),
    Package(
        "asn",
        "asn",
        "2.3.2026061719",
        "b9425daf2f011c28f8586685d4f89166e77627e2c15fd93c6262c3e2dead6153",
        "2026-06-17",
        "CC-BY-4.0",
        f"RouteViews, https://www.routeviews.org, CC BY 4.0; {DB_IP}; {NRO}",
        "AS number that announces the prefix, and the name of its holder",
    ),
    Package(
        "as_country",
        "iptoasn-country-mmdb",
        "2.3.2026061719",
        "58129284b6beca9f3ad68cae72f941488bb03060d9a51590824890899bf9f773",
        "2026-06-17",
        "PDDL-1.0",
        "IPtoASN, https://iptoasn.com, PDDL 1.0",
        "country in which the AS is registered",
    ),
)


def fetch(package: Package, cache: Path) -> bytes:
    """Return the tarball, from the cache or the registry; refuse one whose checksum differs from the pinned one."""
    kept = cache / f"{package.name}-{package.version}.tgz"
    if not kept.exists():
        with urllib.request.urlopen(package.url, timeout=120) as answer:
            kept.write_bytes(answer.read())
    blob = kept.read_bytes()
    digest = hashlib.sha256(blob).hexdigest()
    if digest != package.sha256:
        sys.exit(
            f"{kept.name}: SHA-256 is {digest}, pinned is {package.sha256}. Delete it, or review and pin the new data."
        )
    return blob


def members(blob: bytes) -> dict[str, bytes]:
    """Return the files of a tarball, by base name."""
    with tarfile.open(fileobj=io.BytesIO(blob), mode="r:gz") as tar:
        found = {Path(item.name).name: tar.extractfile(item) for item in tar if item.isfile()}
        return {name: file.read() for name, file in found.items() if file is not None}


def csv_rows(files: dict[str, bytes], stem: str, version: int) -> list[list[str]]:
    """Return the rows of the numeric CSV of one address family."""
    text = files[f"{stem}-ipv{version}-num.csv"].decode("utf-8")
    return list(csv.reader(io.StringIO(text, newline="")))


def country(code: str) -> str | None:
    """Return an ISO 3166-1 alpha-2 code, or None where the source names no one country."""
    code = code.strip().upper()
    return None if code in NO_COUNTRY else code


def country_spans(rows: Iterable[list[str]]) -> list[Span]:
    """Turn start, stop, country rows into disjoint ranges; ranges without a country are left out."""
    found = (Span(int(row[0]), int(row[1]), country(row[2])) for row in rows)
    return flatten([span for span in found if span.value])


def mmdb_spans(blob: bytes) -> dict[int, list[Span]]:
    """Return the country ranges of both families of an MMDB file."""
    spans: dict[int, list[Span]] = {4: [], 6: []}
    with tempfile.NamedTemporaryFile(suffix=".mmdb") as file:
        file.write(blob)
        file.flush()
        with maxminddb.open_database(file.name) as reader:
            for network, record in reader:
                span = Span(int(network[0]), int(network[-1]), country(record["country_code"]))
                if span.value:
                    spans[network.version].append(span)
    return {version: flatten(found) for version, found in spans.items()}


def prefix_spans(rows: Iterable[tuple[str, tuple[str | None, ...]]], version: int) -> list[Span]:
    """Turn prefixes of one family and their values into disjoint ranges; the narrowest wins, then the first."""
    networks = ((ipaddress.ip_network(prefix), values) for prefix, values in rows)
    return flatten([Span(int(net[0]), int(net[-1]), values) for net, values in networks if net.version == version])


def write_pair(table: str, columns: dict[str, pa.DataType], spans: dict[int, list[Span]], out: Path) -> int:
    """Write both families of a table; values are tuples when there are several columns. Returns the rows."""
    for version, found in spans.items():
        arrays = bounds_table(found, version)
        for place, (name, kind) in enumerate(columns.items()):
            values = [span.value[place] if isinstance(span.value, tuple) else span.value for span in found]
            array = pa.array(values, kind)
            arrays[name] = array.dictionary_encode() if kind == pa.utf8() else array
        write_ranges(pa.table(arrays), out / f"{table}_v{version}.parquet")
    return sum(len(found) for found in spans.values())


def read_feeds(path: Path) -> pa.Table:
    """Read the provider feeds (CSV, or the copy in the package) into one normalised, sorted table.

    The country is always computed from the region by the list of regions; a region that is not on it stays null.
    """
    if path.suffix == ".parquet":
        return pq.read_table(path)
    with path.open(encoding="utf-8", newline="") as lines:
        rows = {
            (r["prefix"], r["operator"], r["service_or_scope"], r["region"], r["published"])
            for r in csv.DictReader(lines)
        }
    names = ("prefix", "provider", "service", "region", "published")
    ordered = sorted(rows, key=lambda row: (":" in row[0], ipaddress.ip_network(row[0]), row[1:]))
    table = pa.table({name: pa.array([row[i] for row in ordered]) for i, name in enumerate(names)})
    countries = [region_country(row[1], row[3]) for row in ordered]
    return table.add_column(4, "country", pa.array(countries, pa.utf8()))


def feed_rows(feeds: pa.Table) -> Iterator[tuple[str, tuple[str | None, ...]]]:
    """Yield prefixes and what the provider says of them; newest first, services of one region together."""
    said: dict[tuple[str, str, str, str | None, str], list[str]] = {}
    for row in feeds.to_pylist():
        key = (row["prefix"], row["provider"], row["region"], row["country"], row["published"])
        said.setdefault(key, []).append(row["service"])
    newest_first = sorted(said.items(), key=lambda item: item[0][4], reverse=True)
    for (prefix, provider, region, land, _), services in newest_first:
        yield prefix, (provider, ", ".join(sorted(services)), region, land)


def build_packages(cache: Path, out: Path) -> list[dict[str, object]]:
    """Write the tables that come from packages; returns their lines of the manifest."""
    entries: list[dict[str, object]] = []
    for package in PACKAGES:
        files = members(fetch(package, cache))
        columns = {"country": pa.utf8()}
        if package.table == "as_country":
            spans = mmdb_spans(files["iptoasn-country.mmdb"])
        elif package.table == "asn":
            columns = {"asn": pa.uint32()}
            rows = {version: csv_rows(files, package.name, version) for version in (4, 6)}
            spans = {v: flatten([Span(int(r[0]), int(r[1]), int(r[2])) for r in found]) for v, found in rows.items()}
            write_names(rows[4] + rows[6], out)
        else:
            spans = {version: country_spans(csv_rows(files, package.name, version)) for version in (4, 6)}
        count = write_pair(package.table, columns, spans, out)
        entries.append(
            {
                "table": package.table,
                "gives": package.gives,
                "source": f"npm @ip-location-db/{package.name}",
                "url": package.url,
                "version": package.version,
                "sha256": package.sha256,
                "date": package.date,
                "licence": package.licence,
                "attribution": package.attribution,
                "rows": count,
            }
        )
        print(f"{package.table}: {count:,} ranges")
    return entries


def write_names(rows: list[list[str]], out: Path) -> None:
    """Write the holder's name of each AS number."""
    names = sorted({int(row[2]): row[3].strip() for row in rows if row[3].strip()}.items())
    table = pa.table(
        {"asn": pa.array([n for n, _ in names], pa.uint32()), "name": pa.array([name for _, name in names])}
    )
    pq.write_table(
        table,
        out / "as_name.parquet",
        compression="zstd",
        compression_level=19,
        row_group_size=8_192,
        use_dictionary=False,
    )


def build_lists(feeds: pa.Table, out: Path) -> list[dict[str, object]]:
    """Write the provider feeds, the anycast list and the special-purpose registry; returns their manifest lines."""
    utf8 = pa.utf8()
    feed = list(feed_rows(feeds))
    shape = {"provider": utf8, "service": utf8, "region": utf8, "country": utf8}
    providers = write_pair("provider", shape, {v: prefix_spans(feed, v) for v in (4, 6)}, out)
    pq.write_table(feeds, out / "provider_feeds.parquet", compression="zstd", compression_level=19)
    groups = yaml.safe_load((DATA / "anycast.yaml").read_text(encoding="utf-8"))
    cast = [(prefix, (group["operator"],)) for group in groups for prefix in group["prefixes"]]
    anycast = write_pair("anycast", {"operator": utf8}, {v: prefix_spans(cast, v) for v in (4, 6)}, out)
    with (DATA / "special.csv").open(encoding="utf-8", newline="") as lines:
        uses = [(row["prefix"], (row["special"],)) for row in csv.DictReader(lines)]
    special = write_pair("special", {"special": utf8}, {v: prefix_spans(uses, v) for v in (4, 6)}, out)
    return [
        list_entry(
            "provider",
            "operator, service and region by prefix",
            providers,
            pc.min(feeds["published"]).as_py(),
            sha256(out / "provider_feeds.parquet"),
            "address lists published by Amazon Web Services, Google Cloud, Microsoft Azure and Oracle Cloud",
            "facts published by the operators",
        ),
        list_entry(
            "anycast",
            "anycast, not a place",
            anycast,
            LISTS_CHECKED,
            sha256(DATA / "anycast.yaml"),
            "anycast.yaml, compiled by this project, a source per group",
            "Apache-2.0",
        ),
        list_entry(
            "special",
            "private, reserved and other special-purpose ranges",
            special,
            LISTS_CHECKED,
            sha256(DATA / "special.csv"),
            "special.csv, after the IANA special-purpose address registries",
            "Apache-2.0",
        ),
    ]


def list_entry(
    table: str, gives: str, rows: int, day: str, digest: str, source: str, licence: str
) -> dict[str, object]:
    """Return the line of the manifest for a list that does not come from a package."""
    return {
        "table": table,
        "gives": gives,
        "source": source,
        "url": "",
        "version": day,
        "sha256": digest,
        "date": day if len(day) == 10 else f"{day}-01",
        "licence": licence,
        "attribution": source,
        "rows": rows,
    }


def sha256(path: Path) -> str:
    """Return the checksum of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def build(cache: Path, feeds: pa.Table, out: Path) -> None:
    """Write every table and the manifest into a folder."""
    entries = build_packages(cache, out) + build_lists(feeds, out)
    files = {path.name: sha256(path) for path in sorted(out.glob("*.parquet"))}
    manifest = {"tables": entries, "files": files}
    (out / "sources.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    size = sum(path.stat().st_size for path in out.iterdir())
    print(f"together {size:,} bytes")
    if size > MOST_BYTES:
        sys.exit(f"the tables take {size:,} bytes, more than {MOST_BYTES:,}")


def main() -> None:
    """Build, measure, and only then replace the tables in the package."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument(
        "--feeds", type=Path, default=DATA / "provider_feeds.parquet", help="provider feeds (CSV or Parquet)"
    )
    options.add_argument("--cache", type=Path, default=ROOT / ".cache" / "networks", help="where downloads are kept")
    options.add_argument("--measure-only", action="store_true", help="measure the tables in the package, build nothing")
    given = options.parse_args()
    if not given.measure_only:
        given.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            build(given.cache, read_feeds(given.feeds), Path(folder))
            failures = check(measure(Path(folder)))
            if failures:
                sys.exit("the new tables are worse than the published figures:\n" + "\n".join(failures))
            for path in Path(folder).iterdir():
                shutil.copyfile(path, DATA / path.name)
    figures = measure(DATA)
    (ROOT / "docs" / "calibration.md").write_text(page(figures), encoding="utf-8")
    failures = check(figures)
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
