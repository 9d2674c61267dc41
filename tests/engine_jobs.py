"""What the children of the engine's tests do; imported by their warm parent."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

LOADED: list[int] = []
"""Processes that loaded."""


def load() -> None:
    LOADED.append(os.getpid())


def run(order: dict[str, object]) -> None:
    """Do what the order says; `note` is where the child writes."""
    note = Path(str(order.get("note", os.devnull)))
    getattr(sys.modules[__name__], str(order["do"]))(note, order)


def fine(note: Path, order: dict[str, object]) -> None:
    note.write_text(str(order["say"]))


def bounds(note: Path, _order: dict[str, object]) -> None:
    import resource

    from flagstate.engine import cores

    note.write_text(
        f"{resource.getrlimit(resource.RLIMIT_DATA)[0]} {resource.getrlimit(resource.RLIMIT_CPU)[0]} "
        f"{resource.getrlimit(resource.RLIMIT_CORE)[0]} {signal.getsignal(signal.SIGINT)!r} {cores()}"
    )


def loud(_note: Path, _order: dict[str, object]) -> None:
    print("canary on stdout", flush=True)
    sys.stderr.write("canary on stderr\n")
    sys.stderr.flush()
    os.write(1, b"canary on 1\n")
    os.write(2, b"canary on 2\n")
    raise RuntimeError("canary in an exception")


def wrong(_note: Path, _order: dict[str, object]) -> None:
    raise ValueError("canary")


def leave(_note: Path, _order: dict[str, object]) -> None:
    raise SystemExit(0)


def hoard(_note: Path, _order: dict[str, object]) -> None:
    kept = []
    while True:
        kept.append(bytearray(16 << 20))


def hoard_rows(_note: Path, _order: dict[str, object]) -> None:
    from flagstate.engine import connect

    con = connect(memory_bytes=32 << 20, threads=1)
    con.execute("SELECT list(i || 'xxxxxxxxxxxxxxxxxxxxxxxxxx') FROM range(50000000) t(i)").fetchall()


def spin(_note: Path, _order: dict[str, object]) -> None:
    while True:
        pass


def sleep(note: Path, _order: dict[str, object]) -> None:
    note.write_text(str(os.getpid()))
    time.sleep(600)


def arrow(note: Path, _order: dict[str, object]) -> None:
    from flagstate.engine import connect

    con = connect(memory_bytes=100 << 20, threads=2)
    note.write_text(str(con.sql("SELECT * FROM range(3)").to_arrow_table().num_rows))


def fill(note: Path, _order: dict[str, object]) -> None:
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    note.write_bytes(bytes(2000))


def die(_note: Path, _order: dict[str, object]) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def make(note: Path, _order: dict[str, object]) -> None:
    note.write_text("x")
    note.with_name("folder").mkdir()


def listen(_note: Path, _order: dict[str, object]) -> None:
    sys.stdin.read()


def light(note: Path, _order: dict[str, object]) -> None:
    note.write_text(str(LOADED))


def heavy(note: Path, _order: dict[str, object]) -> None:
    from flagstate.engine import need_loaded

    with note.open("a") as file:
        file.write(f"begun {os.getpid()}\n")
    try:
        need_loaded()
    except Exception:  # noqa: BLE001  as parsers do
        note.write_text("a handler of exceptions held it up")
    with note.open("a") as file:
        file.write(f"{os.getppid()} {LOADED}\n")


def stubborn(note: Path, _order: dict[str, object]) -> None:
    """Ask to begin again for ever, as only a hijacked reader would."""
    with note.open("a") as file:
        file.write("x")
    os._exit(73)
