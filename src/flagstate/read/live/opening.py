"""Opens the live store that the user named, and yields what it holds."""

from __future__ import annotations

import os
from collections.abc import Iterator

from flagstate.read.live import objects
from flagstate.read.live.credentials import Credentials, isolate
from flagstate.read.live.sampling import Bounds
from flagstate.read.live.target import Target
from flagstate.read.part import Part


def open_target(
    target: Target, credentials: Credentials, bounds: Bounds, *, spool: str = ""
) -> Iterator[Part | objects.Fetched]:
    """Connect to a store and yield its tables as `Records`, its objects as `Fetched`, and what could not be seen.

    It must run in a process of its own: variables of the environment that would lead a driver elsewhere are removed.

    Args:
        target: The store.
        credentials: Who we are.
        bounds: How much is read.
        spool: Folder in which nameless files may live.

    Raises:
        EvidenceError: The store cannot be reached or listed; some parts may have been yielded before.
    """
    isolate(os.environ)
    if target.scheme == "postgresql":
        from flagstate.read.live import postgresql

        yield from postgresql.read(target, credentials, bounds)
    elif target.scheme == "mysql":
        from flagstate.read.live import mysql

        yield from mysql.read(target, credentials, bounds)
    else:
        yield from objects.read(target, credentials, bounds, spool)
