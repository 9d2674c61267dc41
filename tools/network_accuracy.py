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


def sample(feeds: pa.Table, bar: Bar) -> list[tuple[str, str]]:
    """Return one random address of each IPv4 prefix of a provider (or of a sample of them), with the published country."""
    rows = feeds.filter((pc.field("provider") == bar.provider) & pc.field("country").is_valid())
    if bar.service:
        rows = rows.filter(pc.field("service") == bar.service)
    pairs = sorted({(row["prefix"], row["country"]) for row in rows.to_pylist() if ":" not in row["prefix"]})
    draw = random.Random(SEED)  # noqa: S311 - a repeatable sample, not a secret
    if len(pairs) > bar.prefixes:
        pairs = draw.sample(pairs, bar.prefixes)
    return [(one_address(prefix, draw), land) for prefix, land in pairs]


def one_address(prefix: str, draw: random.Random) -> str:
    """Return a random address of a prefix."""
    network = ipaddress.ip_network(prefix)
    return str(network[draw.randrange(network.num_addresses)])


def right(answers: pa.Array | pa.ChunkedArray, truth: Sequence[str]) -> float:
    """Return the percentage of answers that equal the truth; no answer is not right."""
    hits = pc.fill_null(pc.equal(answers, pa.array(truth)), False)
    return 100.0 * float(pc.mean(hits.cast(pa.int8())).as_py())


def measure(folder: Path) -> Figures:
    """Measure the tables of a folder; the feeds among them are the truth."""
    feeds = pq.read_table(folder / "provider_feeds.parquet")
    accuracy: list[dict[str, object]] = []
    for bar in BARS:
        pairs = sample(feeds, bar)
        truth = [land for _, land in pairs]
        plain = lookup([text for text, _ in pairs], without_feeds=True, data_dir=folder)
        fed = lookup([text for text, _ in pairs], data_dir=folder)
        best = pc.coalesce(fed["provider_country"], fed["host_country"])
        row: dict[str, object] = {"provider": bar.provider, "prefixes": len(pairs)}
        row |= {column: right(plain[column], truth) for column in COUNTRIES}
        accuracy.append(row | {"with_feeds": right(best, truth)})
    return Figures(accuracy, agreement(feeds, folder))


def agreement(feeds: pa.Table, folder: Path) -> list[dict[str, object]]:
    """Return, for each confidence, how many prefixes have it and how often the host country is right there."""
    pairs = sorted({(r["prefix"], r["country"]) for r in feeds.to_pylist() if r["country"]})
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
    lines = [
        "# How far the place of an address can be relied on",
        "",
        f"Measured on {date.today().isoformat()} with `python tools/build_networks.py --measure-only`. One random address "
        f"per prefix (seed {SEED})",
        "that a cloud provider publishes with its region; percent of prefixes whose country is the region's country.",
        "A build below the published figures fails.",
        "",
        "| provider (IPv4 prefixes) | host (DB-IP) | second (geo-whois) | registrant | AS registration | with provider feeds |",
        "|---|---|---|---|---|---|",
    ]
    for row in figures.accuracy:
        cells = " | ".join(f"{float(str(row[column])):.1f}" for column in (*COUNTRIES, "with_feeds"))
        lines.append(f"| {row['provider']} ({row['prefixes']}) | {cells} |")
    lines += [
        "",
        "The second source takes in feeds of Google, Azure and Oracle itself, so its figures there say little. The registrant "
        "and the AS",
        "registration answer other questions; the table shows why they are never used as a place.",
        "",
        "## What the confidence is worth",
        "",
        "All published prefixes of both families, without the feeds.",
        "",
        "| confidence | prefixes | share | host right | second right | one of both right |",
        "|---|---|---|---|---|---|",
    ]
    for row in figures.agreement:
        cells = " | ".join(
            "–" if row[name] is None else f"{float(str(row[name])):.1f}"
            for name in ("share", "host_right", "second_right", "either_right")
        )
        lines.append(f"| {row['confidence']} | {row['prefixes']} | {cells} |")
    lines += [
        "",
        "`sure`: both sources agree. `likely`: they differ, but the second only repeats the registrant of the prefix, or is "
        "silent.",
        "`disputed`: they differ and both are shown. `none`: no host country, or anycast, which is not a place.",
        "Measured on clouds only: residential and mobile networks were not measured, because nobody publishes their places.",
        "",
    ]
    return "\n".join(lines)
