"""Measure the network tables against the regions that the cloud providers publish themselves.

One random address per published prefix, fixed seed. The published figures are the bar: a build below them fails. They
were one draw; the next draw differs by up to 0.2 points where the tables split a prefix, which is what `SLACK` allows.
"""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flagstate.catalog.networks import lookup

SEED = 20261121
SLACK = 0.2
COUNTRIES = ("host_country", "host_country_second", "registrant_country", "as_country")


@dataclass(frozen=True)
class Bar:
    """What a provider's prefixes were measured at: IPv4 only, percent of prefixes with the right country."""

    provider: str
    service: str | None
    prefixes: int
    host_country: float
    host_country_second: float


BARS = (
    Bar("Amazon Web Services", "EC2", 1_881, 88.6, 91.2),
    Bar("Google Cloud", None, 702, 98.9, 100.0),
    Bar("Microsoft Azure", None, 3_000, 90.5, 99.6),
    Bar("Oracle Cloud", None, 896, 99.1, 100.0),
)


@dataclass(frozen=True)
class Figures:
    """What was measured: accuracy per provider (IPv4 sample), and agreement over all prefixes of both families."""

    accuracy: list[dict[str, object]]
    agreement: list[dict[str, object]]


def sample(feeds: pa.Table, bar: Bar) -> list[tuple[str, str, int]]:
    """Return one random address of each IPv4 prefix of a provider (or of a sample), its country, the prefix's size."""
    rows = feeds.filter((pc.field("provider") == bar.provider) & pc.field("country").is_valid())
    if bar.service:
        rows = rows.filter(pc.field("service") == bar.service)
    pairs = sorted({(row["prefix"], row["country"]) for row in rows.to_pylist() if ":" not in row["prefix"]})
    draw = random.Random(SEED)  # noqa: S311 - a repeatable sample, not a secret
    if len(pairs) > bar.prefixes:
        pairs = draw.sample(pairs, bar.prefixes)
    return [(one_address(prefix, draw), land, ipaddress.ip_network(prefix).num_addresses) for prefix, land in pairs]


def one_address(prefix: str, draw: random.Random) -> str:
    """Return a random address of a prefix."""
    network = ipaddress.ip_network(prefix)
    return str(network[draw.randrange(network.num_addresses)])


def right(answers: pa.Array | pa.ChunkedArray, truth: Sequence[str]) -> float:
    """Return the percentage of answers that equal the truth; no answer is not right."""
    hits = pc.fill_null(pc.equal(answers, pa.array(truth)), False)
    return 100.0 * float(pc.mean(hits.cast(pa.int8())).as_py())


def weighted(answers: pa.ChunkedArray, truth: Sequence[str], sizes: Sequence[int]) -> float:
    """Return the percentage of addresses, rather than of prefixes, whose answer is right."""
    hits = pc.fill_null(pc.equal(answers, pa.array(truth)), False).to_pylist()
    return 100.0 * sum(size for hit, size in zip(hits, sizes, strict=True) if hit) / sum(sizes)


def measure(folder: Path) -> Figures:
    """Measure the tables of a folder; the feeds among them are the truth."""
    feeds = pq.read_table(folder / "provider_feeds.parquet")
    accuracy: list[dict[str, object]] = []
    for bar in BARS:
        picked = sample(feeds, bar)
        texts, truth, sizes = [item[0] for item in picked], [item[1] for item in picked], [item[2] for item in picked]
        plain, fed = lookup(texts, without_feeds=True, data_dir=folder), lookup(texts, data_dir=folder)
        best = pc.coalesce(fed["provider_country"], fed["host_country"])
        row: dict[str, object] = {"provider": bar.provider, "prefixes": len(picked)}
        row |= {column: right(plain[column], truth) for column in COUNTRIES}
        row |= {"with_feeds": right(best, truth), "host_by_addresses": weighted(plain["host_country"], truth, sizes)}
        accuracy.append(row)
    return Figures(accuracy, agreement(feeds, folder, 4) + agreement(feeds, folder, 6))


def agreement(feeds: pa.Table, folder: Path, version: int) -> list[dict[str, object]]:
    """Return, for each confidence, how many prefixes of a family have it and how often each source is right there."""
    known = {(row["prefix"], row["country"]) for row in feeds.to_pylist() if row["country"]}
    pairs = sorted(pair for pair in known if ipaddress.ip_network(pair[0]).version == version)
    draw = random.Random(SEED)  # noqa: S311 - a repeatable sample, not a secret
    found = lookup([one_address(prefix, draw) for prefix, _ in pairs], without_feeds=True, data_dir=folder)
    judged = found.append_column("truth", pa.array([land for _, land in pairs]))
    rows: list[dict[str, object]] = []
    for confidence in ("sure", "likely", "disputed", "none"):
        some = judged.filter(pc.field("confidence") == confidence)
        truth = some["truth"].to_pylist()
        either = pc.or_(
            pc.fill_null(pc.equal(some["host_country"], some["truth"]), False),
            pc.fill_null(pc.equal(some["host_country_second"], some["truth"]), False),
        )
        rows.append(
            {
                "family": f"IPv{version}",
                "confidence": confidence,
                "prefixes": some.num_rows,
                "share": 100.0 * some.num_rows / judged.num_rows,
                "host_right": right(some["host_country"], truth) if truth else None,
                "second_right": right(some["host_country_second"], truth) if truth else None,
                "either_right": 100.0 * float(pc.mean(either.cast(pa.int8())).as_py()) if truth else None,
            }
        )
    return rows


def check(figures: Figures) -> list[str]:
    """Return a sentence for each figure that is below its bar."""
    failures: list[str] = []
    for bar, row in zip(BARS, figures.accuracy, strict=True):
        if row["prefixes"] != bar.prefixes:
            failures.append(f"{bar.provider}: {row['prefixes']} prefixes measured, {bar.prefixes} expected")
        for column in ("host_country", "host_country_second"):
            got, wanted = float(str(row[column])), float(getattr(bar, column))
            if got < wanted - SLACK:
                failures.append(f"{bar.provider}: {column} is right for {got:.2f} %, published {wanted} %")
    return failures


def page(figures: Figures) -> str:
    """Return docs/calibration.md."""
    first = [
        f"| {row['provider']} ({row['prefixes']}) | "
        + " | ".join(_shown(row[column]) for column in (*COUNTRIES, "host_by_addresses", "with_feeds"))
        + " |"
        for row in figures.accuracy
    ]
    second = [
        f"| {row['family']} | {row['confidence']} | {row['prefixes']} | "
        + " | ".join(_shown(row[name]) for name in ("share", "host_right", "second_right", "either_right"))
        + " |"
        for row in figures.agreement
    ]
    return _PAGE.format(day=date.today().isoformat(), seed=SEED, first="\n".join(first), second="\n".join(second))


def _shown(value: object) -> str:
    return "-" if value is None else f"{float(str(value)):.1f}"


_PAGE = """# How far the place of an address can be relied on

Measured on {day} with `python tools/build_networks.py --measure-only`: one random address (seed {seed}) of each
prefix that a cloud provider publishes together with its region; percent of prefixes whose country is the country of
the region. A build whose first two columns fall below the published figures fails.

## Accuracy

| provider (IPv4 prefixes) | DB-IP | geo-whois | registrant | AS registration | DB-IP, by addresses | with feeds |
|---|---|---|---|---|---|---|
{first}

- geo-whois takes in the feeds of Google, Azure and Oracle itself: its figures there are circular.
- "with feeds" is what a user gets (`provider_country`, else `host_country`). It is measured against the same feeds, so
  it shows that the join is right, not that the feeds are.
- The registrant and the AS registration answer other questions; the figures show why they are never used as a place.
- "by addresses": the misses of DB-IP are small service prefixes.

## What the confidence is worth

All published prefixes of a family, without the feeds.

| family | confidence | prefixes | share | host right | second right | one of both right |
|---|---|---|---|---|---|---|
{second}

- `sure`: both sources agree. `likely`: they differ, but the second only repeats the registrant of the prefix, or is
  silent. `disputed`: they differ otherwise; both are shown. `none`: no host country, or anycast, which is not a place.
- **`likely` is weak on these clouds**: where the operator is registered in the country in which the host really stands
  (most AWS and Azure prefixes in the US), the second source repeats the registrant and is right. With the feeds on,
  these addresses get `provider_country` and the question does not arise. `likely` is meant for operators without a feed
  that are registered elsewhere (Alibaba Cloud in Frankfurt: host DE, registrant SG); there only single known facts
  exist, no published truth to measure against. Show `likely` as "one source says", never as settled.
- Measured on clouds only: nobody publishes the places of residential and mobile networks.
"""
