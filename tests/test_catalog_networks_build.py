"""What ships is what the build made: sizes, checksums, accuracy, and lists that follow from their sources."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

ROOT = Path(__file__).parents[1]
DATA = ROOT / "src" / "flagstate" / "catalog" / "data" / "networks"
sys.path.insert(0, str(ROOT / "tools"))

import build_networks  # noqa: E402
import network_accuracy  # noqa: E402
from flagstate.catalog.networks import lookup  # noqa: E402
from flagstate.catalog.regions import PROVIDERS, region_country  # noqa: E402


def test_all_tables_together_are_small() -> None:
    assert sum(path.stat().st_size for path in DATA.iterdir()) <= 12_000_000


def test_the_files_are_those_of_the_manifest() -> None:
    manifest = json.loads((DATA / "sources.json").read_text(encoding="utf-8"))
    shipped = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in DATA.glob("*.parquet")}
    assert shipped == manifest["files"]
    pinned = {package.table: (package.version, package.sha256) for package in build_networks.PACKAGES}
    listed = {entry["table"]: (entry["version"], entry["sha256"]) for entry in manifest["tables"]}
    assert {table: listed[table] for table in pinned} == pinned
    for name, file in (("anycast", "anycast.yaml"), ("special", "special.csv"), ("provider", "provider_feeds.parquet")):
        assert listed[name][1] == hashlib.sha256((DATA / file).read_bytes()).hexdigest(), f"{file} changed: build again"


def test_the_lists_follow_from_their_sources_and_the_build_repeats_itself(tmp_path: Path) -> None:
    feeds = build_networks.read_feeds(DATA / "provider_feeds.parquet")
    for turn in ("a", "b"):
        (tmp_path / turn).mkdir()
        build_networks.build_lists(feeds, tmp_path / turn)
    made = sorted((tmp_path / "a").iterdir())
    assert len(made) == 7
    for path in made:
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
        assert pq.read_table(path).equals(pq.read_table(DATA / path.name))


def test_accuracy_on_the_published_regions() -> None:
    feeds = pq.read_table(DATA / "provider_feeds.parquet")
    for bar in network_accuracy.BARS:
        picked = network_accuracy.sample(feeds, bar)[:400]
        truth = [land for _, land, _ in picked]
        found = lookup([text for text, _, _ in picked], without_feeds=True)
        assert network_accuracy.right(found["host_country"], truth) > 80
        assert network_accuracy.right(found["host_country_second"], truth) > 80
        assert network_accuracy.right(found["registrant_country"], truth) < 70
        fed = lookup([text for text, _, _ in picked])
        assert network_accuracy.right(fed["provider_country"], truth) == 100


def test_a_build_that_got_worse_fails() -> None:
    def figures(host: float) -> network_accuracy.Figures:
        rows = [
            {"provider": bar.provider, "prefixes": bar.prefixes, "host_country": host, "host_country_second": 100.0}
            for bar in network_accuracy.BARS
        ]
        return network_accuracy.Figures(list(rows), [])

    assert network_accuracy.check(figures(99.5)) == []
    assert len(network_accuracy.check(figures(88.0))) == 4


def test_an_unknown_region_stays_unknown(tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_text(
        "prefix,operator,service_or_scope,region,country,published\n"
        "9.0.0.0/16,Amazon Web Services,EC2,eu-central-1,DE,2026-08-22\n"
        "9.0.1.0/24,Amazon Web Services,EC2,us-south-1,US,2026-08-22\n"
        "9.0.0.0/16,Amazon Web Services,S3,eu-central-1,DE,2026-08-22\n"
        "2001:db8::/32,Amazon Web Services,EC2,eu-central-1,DE,2026-08-22\n",
        encoding="utf-8",
    )
    feeds = build_networks.read_feeds(feed)
    assert feeds["country"].to_pylist() == ["DE", "DE", None, "DE"]
    rows = list(build_networks.feed_rows(feeds))
    made = {span.start: span for span in build_networks.prefix_spans(rows, 4)}
    whole, inner = made[9 << 24], made[(9 << 24) + 256]
    assert whole.value == ("Amazon Web Services", "EC2, S3", "eu-central-1", "DE")
    assert inner.value == ("Amazon Web Services", "EC2", "us-south-1", None), "the narrower prefix, country unknown"
    assert len(made) == 3


@pytest.mark.parametrize(
    ("provider", "region", "land"),
    [
        ("aws", "eu-central-1", "DE"),
        ("Amazon Web Services", "EU-Central-1 ", "DE"),
        ("aws", "us-south-1", None),
        ("aws", "eu-central-1a", None),
        ("gcp", "me-west1", "IL"),
        ("azure", "northeurope", "IE"),
        ("azure", "northeurope2", None),
        ("azure", "southeastus", None),
        ("oci", "us-ashburn-1", "US"),
        ("oci", "ap-singapore-2", "SG"),
        ("oci", "sa-west-1", None),
        ("alibaba", "eu-central-1", None),
        ("aws", "", None),
    ],
)
def test_regions(provider: str, region: str, land: str | None) -> None:
    assert region_country(provider, region) == land


def test_every_feed_has_its_rules() -> None:
    feeds = pq.read_table(DATA / "provider_feeds.parquet")
    assert set(feeds["provider"].to_pylist()) == set(PROVIDERS)
    assert feeds["country"].null_count == 0


def test_each_anycast_row_has_a_reason_and_a_source() -> None:
    groups = yaml.safe_load((DATA / "anycast.yaml").read_text(encoding="utf-8"))
    for group in groups:
        assert {"operator", "kind", "reason", "source", "prefixes"} == set(group)
        assert all(group.values())
    prefixes = [prefix for group in groups for prefix in group["prefixes"]]
    assert len(prefixes) == len(set(prefixes))
    assert lookup([prefix.split("/")[0] for prefix in prefixes])["special"].null_count == len(prefixes)
