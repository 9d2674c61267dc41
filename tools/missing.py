"""Names what this machine lacks to run every test, and how to get it."""

from __future__ import annotations

import shutil

WANTED = {
    "chromium": ("the report in a real browser", "apt-get install chromium"),
    "mariadbd": ("live MariaDB", "apt-get install mariadb-server-core mariadb-client-core"),
    "strace": ("the trace of system calls in .ci/run", "apt-get install strace"),
}


def main() -> None:
    """Print one line per missing program."""
    for program, (what, how) in WANTED.items():
        if shutil.which(program) is None and shutil.which(program, path="/usr/sbin") is None:
            print(f"Not run on this machine: {what} (needs {program}: {how})")


if __name__ == "__main__":
    main()
