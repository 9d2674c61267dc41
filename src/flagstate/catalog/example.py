"""The example case that ships with flagstate: all of it is invented, and its README says so."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

EVIDENCE = Path(str(resources.files("flagstate.catalog").joinpath("data/example")))
"""Folder with the evidence of an invented parcel hub; written by `tools/build_example.py`."""
