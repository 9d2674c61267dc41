"""Compile the catalogs of operators and of compelled access, and write docs/operators.md.

    python tools/build_operators.py          writes src/flagstate/catalog/data/{providers,compulsion}.json and the table
    python tools/build_operators.py --check  says whether they are in step with the YAML, and exits 1 if not
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import yaml

from flagstate.catalog.operators import Book

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "src" / "flagstate" / "catalog" / "data"


def compile_providers() -> bytes:
    """Return providers.yaml, checked against its form, as JSON."""
    loaded = yaml.safe_load((DATA / "providers.yaml").read_text(encoding="utf-8"))
    return msgspec.json.encode(msgspec.convert(loaded, Book)) + b"\n"
