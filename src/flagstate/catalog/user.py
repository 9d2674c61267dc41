"""Where data that the user added is kept, apart from every case."""

from __future__ import annotations

import os
from pathlib import Path


def folder() -> Path:
    """Return the folder of the user's own tables: `$FLAGSTATE_DATA`, else below `$XDG_DATA_HOME`."""
    if named := os.environ.get("FLAGSTATE_DATA"):
        return Path(named)
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "flagstate" / "data"
