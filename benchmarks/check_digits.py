"""Check digits: the catalog's checks, compiled and interpreted, against python-stdnum over the same values."""

from __future__ import annotations

import importlib
import random
import statistics
import time
from collections.abc import Callable

import numba
import numpy as np

from flagstate.catalog.checks import CHECKS, FORMS, PARTS, compact

COUNT = 200_000
SMALL = 10_000
ROUNDS = 5

PEERS = {
    "iban": ("iban", "DE89 3704 0044 0532 0130 00"),
    "luhn": ("luhn", "4111 1111 1111 1111"),
    "gtin": ("ean", "4006381333931"),
    "iso6346": ("iso6346", "CSQU3054383"),
    "isin": ("isin", "US0378331005"),
    "lei": ("lei", "9845000B4FL02B89BB41"),
    "be_nn": ("be.nn", "85.07.30-033.28"),
    "cn_ric": ("cn.ric", "11010519491231002X"),
    "eu_vat": ("eu.vat", "BE0428759497"),
}
"""Our check: the peer's module, and a right value; half of the values that are timed have one other digit."""


def values(right: str) -> list[str]:
    """Return SMALL values, half of them with one digit drawn anew."""
    rng = random.Random(11)
    made = []
    places = [place for place, char in enumerate(right) if char.isdigit()]
    for number in range(SMALL):
        place = rng.choice(places)
        made.append(f"{right[:place]}{rng.randrange(10)}{right[place + 1 :]}" if number % 2 else right)
    return made


def over_rows() -> Callable[[object, object, int, object], int]:
    """Return a compiled loop that runs a check over rows of codes and counts those that pass."""

    @numba.njit
    def count(check, rows, size, times):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        passed = 0
        for turn in range(times):
            for row in range(rows.shape[0]):
                rows[row, 63] = turn & 1
                passed += check(rows[row], size)
        return passed

    return count  # type: ignore[no-any-return]


def seconds(work: Callable[[], object]) -> float:
    """Return the median seconds of ROUNDS runs."""
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def run() -> list[tuple[str, float, float, float]]:
    """Return a row per check: its name, and values per second compiled, interpreted, and by python-stdnum.

    Compiled runs see codes whose separators are gone, as in the scan; the other two take the text as written.
    """
    for part in PARTS:
        numba.extending.register_jitable(error_model="numpy")(part)
    count = over_rows()
    times = COUNT // SMALL
    found = []
    for name, (module, right) in PEERS.items():
        texts = values(right)
        rows = np.zeros((SMALL, 64), np.uint8)
        for row, text in enumerate(texts):
            codes = np.frombuffer(compact(text).encode(), np.uint8)
            rows[row, : len(codes)] = codes
        size = len(compact(right))
        compiled = numba.njit(FORMS[name], error_model="numpy")
        count(compiled, rows, size, 1)
        ours, theirs = CHECKS[name], importlib.import_module(f"stdnum.{module}").is_valid
        fast = COUNT / seconds(lambda: count(compiled, rows, size, times))  # noqa: B023  run at once
        slow = SMALL / seconds(lambda: [ours(text) for text in texts])  # noqa: B023
        peer = SMALL / seconds(lambda: [theirs(text) for text in texts])  # noqa: B023
        found.append((name, fast, slow, peer))
    return found


def main() -> None:
    """Print the rows."""
    print("## Check digits\n")
    print("| check | values/s compiled | values/s interpreted | python-stdnum 2 | compiled / python-stdnum |")
    print("|---|---|---|---|---|")
    for name, fast, slow, peer in run():
        print(f"| {name} | {fast:,.0f} | {slow:,.0f} | {peer:,.0f} | {fast / peer:,.0f} × |")


if __name__ == "__main__":
    main()
