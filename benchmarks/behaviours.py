"""How well hidden behaviour is found in made traffic: recall by kind and strength, false alarms, and the ROC.

Even seeds are for setting thresholds (`--tune` shows every miss and every false alarm), odd ones for judging.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from traffic.match import SAID, Matched, alarmed, match, recall
from traffic.watch import found
from traffic.world import STRENGTHS, world

BOUNDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
WORLDS = 4


def looked(seed: int, scale: float, days: int, only: list[str]) -> tuple[Matched, dict[str, float]]:
    """Make a world and look at it; also return seconds and rows."""
    began = time.perf_counter()
    made = world(seed, scale=scale, days=days)
    done = time.perf_counter()
    rows = found(made, only)
    spent = {"make_s": done - began, "find_s": time.perf_counter() - done}
    return match(made, rows), spent | {"conns": made.connection.num_rows, "queries": made.query.num_rows}


def table(matched: list[Matched], by: str) -> list[str]:
    """Return recall by kind or variant, and strength."""
    names = sorted({(row["kind"], row[by]) for one in matched for row in one.hidden})
    lines = [f"| {by} | " + " | ".join(STRENGTHS) + " | all |", "|---" * (len(STRENGTHS) + 2) + "|"]
    for kind, name in names:
        of = {"kind": kind, by: name}
        cells = [recall(matched, strength=strength, **of) for strength in STRENGTHS] + [recall(matched, **of)]
        lines.append(f"| {name} | " + " | ".join(f"{hit}/{all_}" if all_ else "–" for hit, all_ in cells) + " |")
    return lines


def roc(matched: list[Matched]) -> list[str]:
    """Return recall and false alarms for every bound of the score."""
    lines = ["| score from | recall | false alarms per 10,000 pairs a day |", "|---|---|---|"]
    for bound in BOUNDS:
        hit, all_ = recall(matched, bound)
        mark = " (said)" if bound == SAID else ""
        lines.append(f"| {bound}{mark} | {hit / max(all_, 1):.3f} | {alarmed(matched, bound):.3f} |")
    return lines


def details(matched: list[Matched]) -> list[str]:
    """Return every miss and every false alarm with its figures."""
    lines = []
    for one in matched:
        for row in one.hidden:
            if row["found"] < SAID:
                ends = f"{row['orig_h']} → {row['far']}:{row['resp_p']}"
                told = f"{row['kind']} {row['variant']} {row['strength']} score {row['found']:.2f}"
                lines.append(f"MISS seed {one.seed} {told} {ends} {row['parameters']}")
        for kind, rows in (("FALSE", one.alarms), ("OTHER", one.other)):
            for row in sorted(rows, key=lambda each: -each["score"]):
                if row["score"] >= SAID:
                    ends = f"{row['orig_h']} → {row['far']} {row['resp_h']}:{row['resp_p']} conns {row['conns']}"
                    parts = " ".join(f"{k}={v:.2f}" for k, v in json.loads(row["parts"]).items())
                    told = f"{row['kind']} {row['score']:.2f} (benign {row['benign']}: {row['innocent']})"
                    lines.append(f"{kind} seed {one.seed} {told} {ends} parts {parts} figures {row['figures']}")
    return lines


def section(matched: list[Matched], spent: list[dict[str, float]], scale: float, days: int) -> str:
    """Return the section of the page."""
    hit, all_ = recall(matched)
    slow = [recall(matched, kind="beacon", variant=name) for name in ("jitter_40", "daily")]
    conns, queries = (statistics.median(each[name] for each in spent) for name in ("conns", "queries"))
    find = statistics.median(each["find_s"] for each in spent)
    lines = [
        "## Behaviours",
        "",
        f"{len(matched)} made worlds (seeds {', '.join(str(one.seed) for one in matched)}; thresholds were set on even "
        f"seeds only), each of {days} days, {conns:,.0f} connections and {queries:,.0f} queries (medians), with "
        f"{all_ // len(matched)} hidden behaviours. Summaries, merge and detectors: {find:.1f} s (median).",
        "",
        f"Recall {hit / all_:.3f} ({hit} of {all_}) at {alarmed(matched):.2f} false alarms per 10,000 host pairs a day "
        f"(aim: at least 0.95 at no more than 1; a crawler's pairs are not counted as pairs). Beacons that jitter by "
        f"±40 %: {slow[0][0]} of {slow[0][1]}; of 24 hours: {slow[1][0]} of {slow[1][1]}.",
        "",
        *table(matched, "kind"),
        "",
        *table([_beacons(one) for one in matched], "variant"),
        "",
        *roc(matched),
        "",
        *_kinds(matched),
    ]
    return "\n".join(lines)


def _beacons(one: Matched) -> Matched:
    rows = [row for row in one.hidden if row["kind"] == "beacon"]
    return Matched(one.seed, rows, one.alarms, one.pair_days, one.crawled)


def _kinds(matched: list[Matched]) -> list[str]:
    """Return false alarms by kind."""
    rows = [row for one in matched for row in one.alarms if row["score"] >= SAID]
    kinds = sorted({row["kind"] for row in rows})
    told = ", ".join(f"{kind} {sum(row['kind'] == kind for row in rows)}" for kind in kinds) or "none"
    return [f"False alarms by kind: {told}; over {sum(one.pair_days for one in matched):,} pairs of hosts and days."]


def main(arguments: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tune", action="store_true", help="even seeds, with every miss and every false alarm")
    parser.add_argument("--judge", action="store_true", help="odd seeds, totals only (the default)")
    parser.add_argument("--worlds", type=int, default=WORLDS)
    parser.add_argument("--seed", type=int, action="append", help="these seeds; odd ones show no details")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--detectors", default="", help="only these modules, with commas")
    given = parser.parse_args(arguments)
    seeds = given.seed or [2 * n + (not given.tune) for n in range(1, given.worlds + 1)]
    only = [name for name in given.detectors.split(",") if name]
    matched, spent = [], []
    for seed in seeds:
        one, figures = looked(seed, given.scale, given.days, only)
        matched.append(one)
        spent.append(figures)
        print(f"seed {seed}: {figures}", file=sys.stderr)
    if given.tune:
        print("\n".join(details([one for one in matched if one.seed % 2 == 0])))
    print(section(matched, spent, given.scale, given.days))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
