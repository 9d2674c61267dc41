"""The command line."""

from flagstate.cli.app import main

__all__ = ["main"]
