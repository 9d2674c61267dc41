"""Progress on anything that takes more than a second; silent when nobody watches."""

from __future__ import annotations

import sys
import time
from types import TracebackType

_WAIT_S = 1.0


class Progress:
    """A line on standard error that says what is being done; it appears after a second, and only on a terminal."""

    def __init__(self) -> None:
        """Start the clock."""
        self._since = time.monotonic()
        self._live = sys.stderr.isatty()
        self._shown = 0
        self._last = 0.0

    def __enter__(self) -> Progress:
        """Begin."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _problem: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Clear the line."""
        if self._shown:
            sys.stderr.write("\r" + " " * self._shown + "\r")
            sys.stderr.flush()

    def __call__(self, text: str) -> None:
        """Say what is being done now; names in it are already masked."""
        now = time.monotonic()
        if not self._live or now - self._since < _WAIT_S or now - self._last < 0.05:
            return
        self._last = now
        line = f"{text} ({now - self._since:.0f} s)"[:100]
        sys.stderr.write("\r" + line.ljust(self._shown))
        sys.stderr.flush()
        self._shown = len(line)
