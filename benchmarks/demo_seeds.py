"""The demonstration at larger scales: twenty hubs each, whether all that is hidden is found and every figure agrees."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from demonstrations import AS_OF, EVIDENCE, Hub, agree, build  # noqa: E402
from flagstate.pipeline import audit as audits  # noqa: E402

SCALES = (20_000, 100_000)
"""Parcels: as one database, and as files that each hold a part of a table."""
SEEDS = range(20)


def one(scale: int, seed: int) -> tuple[float, float, str]:
    """Return the seconds of building and auditing one hub, and what does not agree; empty: nothing."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        since = time.monotonic()
        truth = build(folder, Hub(scale, seed))
        built = time.monotonic()
        order = audits.Order(paths=(folder / EVIDENCE,), case=folder / "case", as_of=AS_OF, without=("laws",))
        made = audits.audit(order)
        done = time.monotonic()
        try:
            agree(lambda noun: made.tables[noun].to_pylist(), truth)  # type: ignore[arg-type]
        except AssertionError as problem:
            return built - since, done - built, str(problem).splitlines()[0] if str(problem) else "a figure"
    return built - since, done - built, ""


def main() -> None:
    """Print a line per scale."""
    audits.PLAN_SECONDS = None  # type: ignore[assignment]
    print("## Twenty hubs: what was hidden, and what was found\n")
    print(
        "Seven things hidden, five decoys; without the laws and the plan. Every record, byte and person is compared.\n"
    )
    print("| parcels | hubs | all found, no decoy told, all figures equal | build, median | audit, median |")
    print("|---|---|---|---|---|")
    wrong = []
    for scale in SCALES:
        told = [one(scale, seed) for seed in SEEDS]
        wrong += [
            f"{scale:,} parcels, seed {seed}: {why}" for seed, (_, _, why) in zip(SEEDS, told, strict=True) if why
        ]
        built, audited = (statistics.median(times) for times in list(zip(*told, strict=True))[:2])
        well = sum(not why for *_, why in told)
        print(f"| {scale:,} | {len(told)} | {well} | {built:.1f} s | {audited:.1f} s |")
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
