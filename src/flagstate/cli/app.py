"""The commands, and the edge where errors become sentences and exit codes."""

from __future__ import annotations

import os
import signal
import sys
import traceback

import typer

from flagstate.cli import (
    audit,
    case,
    claims,
    classes,
    data,
    demo,
    doctor,
    explain,
    file,
    init,
    judge,
    laws,
    plan,
    scan,
    watch,
    whatif,
    who,
)
from flagstate.errors import FlagstateError

app = typer.Typer(
    name="flagstate",
    help="Audit where data is, who can reach it and where it goes, from evidence. Nothing leaves this machine.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Exit codes: 0 answered and nothing adverse · 1 failed · 2 usage · 3 something asked is unknown · "
    "10-14 adverse, by severity info … critical.",
)
for module in (
    audit,
    demo,
    watch,
    scan,
    who,
    whatif,
    plan,
    explain,
    init,
    case,
    claims,
    judge,
    file,
    data,
    classes,
    laws,
    doctor,
):
    module.add(app)


class _StoppedError(BaseException):
    """The user interrupted; not KeyboardInterrupt, which the parser of the command line swallows without a word."""


def _stop(_number: int, _frame: object) -> None:
    raise _StoppedError


def main() -> None:
    """Run a command; every error that we know becomes a sentence, any other names its place and no value."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stop)
    try:
        app(standalone_mode=True)
    except FlagstateError as problem:
        _say(problem)
        sys.exit(problem.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(1)
    except _StoppedError:
        sys.stderr.write("Stopped. What was read is kept: the same command goes on from there.\n")
        sys.exit(130)
    except Exception as problem:
        if os.environ.get("FLAGSTATE_DEBUG"):
            raise
        at = traceback.extract_tb(problem.__traceback__)[-1]
        place = f"{os.path.basename(at.filename)}:{at.lineno}"
        sys.stderr.write(f"A fault in flagstate itself: {type(problem).__name__} at {place}.\n")
        sys.stderr.write("Nothing was concluded. Set FLAGSTATE_DEBUG=1 to see the whole trace (it may show values).\n")
        sys.exit(1)


def _say(problem: FlagstateError) -> None:
    from flagstate.catalog.mask import plain

    where = f"{plain(problem.where)}: " if problem.where else ""
    lines = [f"{where}{plain(problem.what)}."]
    if problem.why:
        lines.append(f"  Why: {plain(problem.why)}.")
    if problem.todo:
        lines.append(f"  Do:  {plain(problem.todo)}")
    sys.stderr.write("\n".join(lines) + "\n")
