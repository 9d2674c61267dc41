"""A labelled corpus of tables for judging what is found: made, not collected, and sharing nothing with the product."""

from __future__ import annotations

from corpus.build import hard_table, tables
from corpus.table import Column, Table

__all__ = ["Column", "Table", "hard_table", "tables"]
