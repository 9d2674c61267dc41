"""Times of the commands that a person waits for: medians of fresh processes, caches warm."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 15
BOUNDS = {"--help": 0.3, "who 8.209.64.10": 0.7, "demo": 60.0}
"""Seconds that each may take."""


def measure(told: str, rounds: int = ROUNDS) -> list[float]:
    """Return the seconds of so many runs, after one that is not counted."""
    command = [sys.executable, "-P", "-m", "flagstate", *told.split()]
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds + 1):
            since = time.perf_counter()
            done = subprocess.run(command, check=False, capture_output=True, cwd=folder)
            seconds.append(time.perf_counter() - since)
            if done.returncode not in (0, *range(10, 15)):
                sys.exit(f"flagstate {told} failed: {done.stderr.decode()}")
            shutil.rmtree(f"{folder}/flagstate-demo", ignore_errors=True)
    return seconds[1:]


def main() -> None:
    """Print the medians and whether they keep their bounds."""
    for told, bound in BOUNDS.items():
        seconds = measure(told, ROUNDS if bound < 1 else 3)
        median = statistics.median(seconds)
        spread = f"{min(seconds):.2f} to {max(seconds):.2f} s"
        print(
            f"flagstate {told}: {median:.2f} s ({spread}; bound {bound} s: {'kept' if median <= bound else 'BROKEN'})"
        )


if __name__ == "__main__":
    main()
