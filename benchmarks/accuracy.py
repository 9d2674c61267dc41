"""Which classes are named right: by class, with and without headers, and what peers say of the same tables.

Thresholds may be fixed on the training half only (`--half train --faults` shows what goes wrong there); the figures of
the page are those of the test half, whose templates and seeds are others.
"""

from __future__ import annotations

import argparse
import sys
import time

from corpus import Table, tables
from corpus.meaning import NEEDS_HEADER, NOT_COLUMNS
from judge import Score

KEY = bytes(range(16))
BOUNDS = {"with headers": 0.97, "without headers": 0.92}


def ours(table: Table, *, headers: bool) -> tuple[list[set[str]], set[str]]:
    """Return what the product names: by column, and for the rows as a whole."""
    from flagstate.enrich import classify

    summary = classify.scan(table.arrow(headers=headers).to_reader(max_chunksize=2048), key=KEY)
    named: list[set[str]] = [set() for _ in table.columns]
    whole: set[str] = set()
    for place, name, _share, _confidence in classify.decisions(summary):
        if place is not None and 0 <= place < len(named):
            named[place].add(name)
        else:
            whole.add(name)
    return named, whole


def judged(kept: list[Table], *, headers: bool) -> Score:
    """Judge the product on tables."""
    score = Score(headers)
    for table in kept:
        named, whole = ours(table, headers=headers)
        score.add(table, named, whole)
    return score


def by_class(with_names: Score, without: Score) -> list[str]:
    """Return the table by class."""
    out = ["| class | columns | precision | recall | F1 | F1 without header |", "|---|---|---|---|---|---|"]
    for name in with_names.classes():
        p, r, f = with_names.f1(name)
        count = with_names.right[name] + with_names.missed[name]
        told = f"{without.f1(name, told=True)[2]:.3f}" if name in without.classes(told=True) else "needs its header"
        out.append(f"| {name} | {count} | {p:.3f} | {r:.3f} | {f:.3f} | {told} |")
    return out


def summed(half: str, count: int, with_names: Score, without: Score, seconds: float) -> list[str]:
    """Return the figures of a half."""
    told = without.macro(told=True)
    both = with_names.micro(), without.micro()
    hard = with_names.hard_columns
    return [
        f"{half}: {count} tables, {len(with_names.classes())} classes, {seconds:.0f} s for both runs.",
        "",
        "| what | with headers | without headers | bound |",
        "|---|---|---|---|",
        f"| macro F1, all classes | {with_names.macro():.3f} | {without.macro():.3f} | 0.97 with |",
        f"| macro F1, {len(without.classes(told=True))} classes that values tell | "
        f"{with_names.macro(told=True):.3f} | {told:.3f} | 0.92 without |",
        f"| precision, recall over all columns | {both[0][0]:.3f}, {both[0][1]:.3f} | {both[1][0]:.3f}, "
        f"{both[1][1]:.3f} | |",
        f"| columns of no class ({hard}) that were named | {with_names.hard_share:.2%} | {without.hard_share:.2%} "
        "| 1 % |",
        "",
    ]


def reasons() -> list[str]:
    """Return which classes need a header, and why."""
    out = ["These classes need the name of their column, and are not expected without it:", ""]
    out += ["| class | why its values do not tell |", "|---|---|"]
    out += [f"| {name} | {why} |" for name, why in NEEDS_HEADER.items()]
    return [
        *out,
        "",
        f"No columns, so not in the corpus: {', '.join(NOT_COLUMNS)} (whole files, by their content).",
        "",
    ]


def peers_said(kept: list[Table], mine: Score, without: Score) -> list[str]:
    """Return the figures of the peers on the same tables; empty: no peer could be set up."""
    import peers

    out = ["### Peers on the same tables", "", "\n\n".join(peers.NOTES), ""]
    out += ["| tool | macro F1, its own classes | ours on those (with, without headers) | macro F1, all classes | "
            "columns of no class named | s |", "|---|---|---|---|---|---|"]  # fmt: skip
    for name, told in peers.said(kept):
        if isinstance(told, str):
            out.append(f"| {name} | {told} | | | | |")
            continue
        score = Score()
        for table, named in zip(kept, told.named, strict=True):
            score.add(table, named, set())
        own = told.classes & set(score.classes())
        out.append(
            f"| {name} | {score.macro(among=own):.3f} ({len(own)} classes) | {mine.macro(among=own):.3f}, "
            f"{without.macro(among=own):.3f} | {score.macro():.3f} | {score.hard_share:.1%} | {told.seconds:.0f} |"
        )
    return [*out, ""]


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--half", choices=("train", "test"))
    parser.add_argument("--faults", action="store_true", help="of the training half only")
    parser.add_argument("--only", type=int, help="so many tables")
    parser.add_argument("--no-peers", action="store_true")
    chosen = parser.parse_args()
    out = ["## Naming classes", ""]
    ok = True
    for half in (chosen.half,) if chosen.half else ("train", "test"):
        kept = list(tables(half))[: chosen.only]
        began = time.perf_counter()
        with_names, without = judged(kept, headers=True), judged(kept, headers=False)
        out += summed(f"{half.capitalize()} half", len(kept), with_names, without, time.perf_counter() - began)
        if chosen.faults and half == "train":
            print(*with_names.faults, "— without headers", *without.faults, sep="\n", file=sys.stderr)
        if half == "test":
            ok = with_names.macro() >= BOUNDS["with headers"] and without.macro(told=True) >= BOUNDS["without headers"]
            ok = ok and max(with_names.hard_share, without.hard_share) <= 0.01
            out += ["Bounds kept." if ok else "Over its bounds.", ""]
            out += peers_said(kept, with_names, without) if not chosen.no_peers else []
            out += ["### By class (test half)", "", *by_class(with_names, without), "", *reasons()]
    print("\n".join(out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
