"""The README's first command as a newcomer runs it: an empty folder, an empty package cache."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Clone, run `make demo`, and print seconds and megabytes."""
    with tempfile.TemporaryDirectory() as home:
        clone = Path(home) / "flagstate"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        env = os.environ | {"HOME": home, "PIP_NO_CACHE_DIR": "1", "XDG_CACHE_HOME": f"{home}/cache"}
        for name in ("VIRTUAL_ENV", "FLAGSTATE_KEYS", "XDG_DATA_HOME"):
            env.pop(name, None)
        began = time.monotonic()
        subprocess.run(["make", "demo"], cwd=clone, env=env, check=True, stdout=subprocess.DEVNULL)
        whole = time.monotonic() - began
        began = time.monotonic()
        subprocess.run([".venv/bin/flagstate", "demo", "--keep", f"{home}/case"], cwd=clone, env=env, check=False,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        audit = time.monotonic() - began
        used = subprocess.run(
            ["du", "-sm", ".venv"], cwd=clone, check=True, capture_output=True, text=True
        ).stdout.split()[0]
        source = subprocess.run(["du", "-sm", "--exclude=.git", "--exclude=.venv", "."], cwd=clone, check=True,
                                capture_output=True, text=True).stdout.split()[0]  # fmt: skip
    print("## Set-up\n")
    print("| what | measured | bound |\n|---|---|---|")
    print(f"| `make demo` from an empty folder and an empty package cache | {whole:.0f} s | 120 s |")
    print(f"| the demonstration in it: built and audited | {audit:.1f} s | 60 s |")
    print(f"| installed (`.venv`, with pip) | {used} MB | 650 MB |")
    print(f"| the checkout itself | {source} MB | |")


if __name__ == "__main__":
    main()
