"""Run every benchmark, one after the other, and keep the figures in docs/benchmarks.md.

Each benchmark is a script of its own that prints a section in Markdown; speed claims are ratios of medians against a
named peer in the same run, because the machine is shared and noisy.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "benchmarks.md"

ORDER = (
    "setup",
    "startup",
    "zeek_flows",
    "conn_audit",
    "pcap",
    "behaviours",
    "networks",
    "check_digits",
    "accuracy",
    "holdings",
    "holdings_memory",
    "control",
    "compelled",
    "reach",
    "cutoff",
    "plan",
    "demo_seeds",
    "claims",
    "demo_scale",
    "rules",
)
"""The scripts, in the order of the page; `make bench` runs all, arguments choose some."""


def main(chosen: list[str]) -> int:
    """Run the chosen benchmarks, or all, and replace their sections of the page."""
    sections = read()
    failed = []
    for name in chosen or ORDER:
        print(f"— {name}", flush=True)
        done = subprocess.run(
            [sys.executable, str(HERE / f"{name}.py")], stdout=subprocess.PIPE, text=True, check=False
        )
        print(done.stdout)
        if done.returncode:
            failed.append(name)
        else:
            sections[name] = done.stdout.strip()
    write(sections)
    for name in failed:
        print(f"{name} failed: its section is the last good one")
    return 1 if failed else 0


def read() -> dict[str, str]:
    """Return the sections that the page has."""
    sections: dict[str, str] = {}
    name = ""
    for line in PAGE.read_text().splitlines() if PAGE.exists() else []:
        if line.startswith("<!-- ") and line.endswith(" -->"):
            name = line[5:-4]
            sections[name] = ""
        elif name:
            sections[name] += line + "\n"
    return {name: text.strip() for name, text in sections.items()}


def write(sections: dict[str, str]) -> None:
    """Write the page."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    out = [
        "# Benchmarks",
        "",
        f"Last run {dt.datetime.now(dt.UTC):%Y-%m-%d} by `make bench` on {cores} cores and {memory:.0f} GB of memory, "
        f"{platform.system()}, Python {platform.python_version()}; a shared, noisy machine: medians, and ratios "
        "against a peer in the same run.",
        "",
    ]
    for name in ORDER:
        if name in sections:
            out += [f"<!-- {name} -->", "", sections[name], ""]
    PAGE.write_text("\n".join(out))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
