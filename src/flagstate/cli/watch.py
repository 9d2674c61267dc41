"""`flagstate watch`."""

from __future__ import annotations

import re
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flagstate.cli.audit import questions, size
from flagstate.cli.options import Ask, Case, Laws, Memory, Threads, Without, check
from flagstate.errors import UsageError
from flagstate.model.codes import LEVELS

if TYPE_CHECKING:
    from flagstate.serve.watch import Round

_SPAN = re.compile(r"([0-9]{1,6})(s|m|h|d)?")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(watch)


def span(text: str) -> float:
    """Return seconds written as 60s, 5m, 2h or 1d.

    Raises:
        UsageError: It is not a length of time.
    """
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None or not int(found[1]):
        raise UsageError(f"{text[:40]!a} is not a length of time", todo="Write it as 60s, 5m, 2h or 1d.")
    return int(found[1]) * _SECONDS[found[2] or "s"]


def watch(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder in which logs grow and rotate.")],
    case: Case = Path("flagstate-case"),
    every: Annotated[str, typer.Option(metavar="TIME", help="How often to look: 60s, 5m, 1h.")] = "60s",
    alert: Annotated[
        list[str] | None,
        typer.Option(metavar="WHERE", help="Tell it: webhook:URL, syslog:HOST:PORT/tcp (or /udp), or file:PATH."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="End after one round, with the exit code of its audit.")] = False,
    retry_for: Annotated[
        str, typer.Option(metavar="TIME", help="How long an alert is tried before it is a dead letter.")
    ] = "1d",
    memory: Memory = None,
    threads: Threads = None,
    ask: Ask = None,
    fail_on: Annotated[
        str, typer.Option(metavar="LEVEL", help=f"Adverse findings below are not told: {', '.join(LEVELS)}.")
    ] = "info",
    without: Without = None,
    laws: Laws = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document per round, on one line.")] = False,
) -> None:
    """Follow a folder of rotating logs, audit what is new, and tell new adverse findings (OCSF) where you say.

    Only what --alert names is connected to, and each connection is a row of the ledger. Ended by a signal: exit code 0.
    """
    from flagstate.pipeline.audit import Order
    from flagstate.serve.alerts import target
    from flagstate.serve.outbox import Patience
    from flagstate.serve.watch import Switch, Watching
    from flagstate.serve.watch import watch as follow

    check(fail_on, without or [])
    order = Order(
        paths=(folder,),
        case=case,
        memory_bytes=size(memory),
        threads=threads,
        asked=questions(ask),
        fail_on=fail_on,
        without=tuple(without or ()),
        laws=tuple(laws or ()),
    )
    targets = tuple(dict.fromkeys(target(one) for one in alert or ()))
    what = Watching(order, span(every), targets, once, Patience(give_up_s=span(retry_for)))
    switch = Switch()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: switch.end())
    for one in targets:
        if one.plain and not json:
            sys.stderr.write(f"{one.shown}: what is told there travels unencrypted.\n")
    raise typer.Exit(follow(what, _json if json else _say, switch))


def _json(done: Round) -> None:
    import json

    sys.stdout.write(json.dumps(done.document()) + "\n")
    sys.stdout.flush()


def _say(done: Round) -> None:
    from flagstate.catalog.mask import plain

    if done.state == "unchanged" and not (done.sent or done.dead):
        return
    words = [f"{done.at:%H:%M:%S} {done.state}"]
    if done.problem:
        words.append(plain(done.problem))
    else:
        words.append(f"version {done.version}, exit code {done.exit_code}, {done.new:,} to tell")
    counts = {"arrived": done.sent, "waiting": done.waiting, "given up": done.dead}
    words += [f"{number:,} {name}" for name, number in counts.items() if number]
    sys.stdout.write("; ".join(words) + "\n")
    sys.stdout.flush()
