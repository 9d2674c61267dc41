"""Progress on what takes more than a second: a line that changes on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import os
import sys
import threading
import time
from types import TracebackType

_WAIT_S = 1.0
_PLAIN_S = 5.0
"""Between two lines where nobody looks at a terminal: in a pipe, a journal, a build."""


class Progress:
    """What is being done, on standard error, so that an answer that is piped stays whole.

    On a terminal one line appears after a second and changes. Elsewhere a plain line is written every five seconds of
    work, also while a long step says nothing: then what it said last, with the time.
    """

    def __init__(self) -> None:
        """Start the clock."""
        self._since = time.monotonic()
        # Python has no standard error where it was closed before.
        self._heard = bool(sys.stderr)
        self._live = self._heard and sys.stderr.isatty()
        self._shown = 0
        self._last = 0.0
        self._text = "Working"
        self._done = threading.Event()
        self._lines: threading.Thread | None = None

    def __enter__(self) -> Progress:
        """Begin."""
        if self._heard and not self._live:
            self._lines = threading.Thread(target=self._write_lines, name="progress", daemon=True)
            self._lines.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _problem: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Clear the line."""
        self._done.set()
        if self._lines:
            self._lines.join()
        if self._shown:
            sys.stderr.write("\r" + " " * self._shown + "\r")
            sys.stderr.flush()

    def __call__(self, text: str) -> None:
        """Say what is being done now; names in it are already masked."""
        self._text = text
        now = time.monotonic()
        if not self._live or now - self._since < _WAIT_S or now - self._last < 0.05:
            return
        self._last = now
        line = self._line()
        sys.stderr.write("\r" + line.ljust(self._shown))
        sys.stderr.flush()
        self._shown = len(line)

    def _line(self) -> str:
        return f"{self._text} ({time.monotonic() - self._since:.0f} s)"[:100]

    def _write_lines(self) -> None:
        """Write a line every few seconds until the work is done or nobody reads any more."""
        while not self._done.wait(_PLAIN_S):
            try:
                # Past the buffer of `sys.stderr`: a process that is forked meanwhile would inherit its lock.
                os.write(sys.stderr.fileno(), f"{self._line()}\n".encode(errors="backslashreplace"))
            except (OSError, ValueError):
                return
