"""Build the tables of the forms of all data classes: python tools/build_shapes.py [--check].

Run it when a form in `catalog/data_classes` changed: until then every process makes the tables anew in memory, which
costs seconds. Which forms walk together is planned anew only with --plan (minutes); else as in the shipped file.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from flagstate.catalog import data_class
from flagstate.enrich.classify import machine

FILE = Path(machine.__file__).with_name(machine.FILE)


def main() -> int:
    """Write the file, or say with --check whether it is stale."""
    classes = data_class.load()
    if "--check" in sys.argv:
        stale = machine.shipped(classes) is None
        print("stale: run python tools/build_shapes.py" if stale else "fresh")
        return int(stale)
    begun = time.time()
    made = machine.build(classes, None if "--plan" in sys.argv else machine.planned())
    FILE.write_bytes(machine.packed(made, classes))
    states = len(made.whole.next) // (int(made.whole.last) + 1)
    print(f"{len(classes)} classes, {states} states, {FILE.stat().st_size:,} bytes, {time.time() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
