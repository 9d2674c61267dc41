"""What every page gets: the tables, what was already derived from them, and the words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flagstate.report import figures
from flagstate.report.answers import Answer, Row, Tables, answers, table, tally
from flagstate.report.countries import names as country_names
from flagstate.report.destinations import Destinations, destinations, entity_names
from flagstate.report.inert import plain, prose
from flagstate.report.meta import Meta
from flagstate.report.words import Words, code, words

_CLASS = re.compile(r"[^a-z0-9_-]")
"""What may not stand in the name of a style class."""


@dataclass(frozen=True)
class View:
    """One report in the making."""

    tables: Tables
    """The tables of the case, by noun."""
    meta: Meta
    """What the report says of itself."""

    @cached_property
    def t(self) -> Words:
        """The words of the language."""
        return words(self.meta.language)

    @cached_property
    def answers(self) -> list[Answer]:
        """The six answers."""
        return answers(self.tables, self.meta)

    @cached_property
    def tally(self) -> dict[str, int]:
        """Asked questions by verdict."""
        return tally(self.answers)

    @cached_property
    def destinations(self) -> Destinations:
        """Where observed flows went."""
        return destinations(self.tables)

    @cached_property
    def entities(self) -> dict[str, str]:
        """Names of legal entities and of assets, as far as they have one."""
        asset = self.table("asset")
        pairs = zip(asset["asset_id"].to_pylist(), asset["name"].to_pylist(), strict=True)
        return {str(key): str(name) for key, name in pairs if key and name} | entity_names(self.tables)

    @cached_property
    def countries(self) -> dict[str, str]:
        """Names of countries."""
        return country_names(self.meta.language)

    @cached_property
    def artefacts(self) -> pa.Table:
        """The rows of `evidence` that the user gave: without tables of the catalog and without sets."""
        evidence = self.table("evidence")
        return evidence.filter(pc.invert(pc.is_in(evidence["state"], pa.array(["recorded", "set"], pa.string()))))

    @cached_property
    def read(self) -> Mapping[str, int]:
        """Artefacts by state."""
        return {str(v["values"].as_py()): v["counts"].as_py() for v in pc.value_counts(self.artefacts["state"])}

    @cached_property
    def rows(self) -> tuple[int, int]:
        """Records read and rejected in what the user gave."""
        read, rejected = (pc.sum(self.artefacts[name]).as_py() or 0 for name in ("rows_read", "rows_rejected"))
        return read, rejected

    def answer(self, question: str) -> Answer:
        """Return the answer to the question."""
        return next(a for a in self.answers if a.question == question)

    def table(self, name: str) -> pa.Table:
        """Return the table of the noun, empty if the case has none."""
        return table(self.tables, name)

    def records(self, name: str, *, most: int = 2000, order: Sequence[tuple[str, str]] = ()) -> list[Row]:
        """Return the first rows of a noun as dictionaries."""
        found = self.table(name)
        if order:
            found = found.sort_by(list(order))
        rows: list[Row] = found.slice(0, most).to_pylist()
        return rows

    def counts(self, name: str, column: str) -> dict[str, int]:
        """Return how often each value of a text column occurs."""
        return {str(v["values"].as_py() or ""): v["counts"].as_py() for v in pc.value_counts(self.table(name)[column])}

    def code(self, group: str, value: str | None) -> str:
        """Return the word for a code."""
        return code(self.t, group, value)

    @property
    def exit_reason(self) -> str:
        """The reason of the exit code, as the caller gave it or as the code itself says."""
        if self.meta.exit_reason:
            return self.meta.exit_reason
        exit_code = self.meta.exit_code
        kind = "adverse" if exit_code >= 10 else {0: "clean", 3: "unknown"}.get(exit_code, "failed")
        if exit_code == 0 and self.meta.settled:
            kind = "settled"
        return self.t(f"exit_reason.{kind}")

    def chip(self, group: str, value: str | None) -> tuple[str, str]:
        """Return a code with its word, for a chip."""
        return (_CLASS.sub("", value or "none"), self.code(group, value))

    def country(self, alpha: str | None) -> str:
        """Return the name of a country, or its code if we know none."""
        return self.countries.get(alpha or "", alpha or "–")

    def entity(self, key: str | None) -> str:
        """Return the name of an entity or asset, or its id."""
        return self.entities.get(key or "", (key or "–").removeprefix("est:"))

    @property
    def filters(self) -> dict[str, Callable[..., Any]]:
        """Filters of the templates."""
        language = self.meta.language
        return {
            "plain": plain,
            "prose": prose,
            "count": lambda n: figures.count(n, language),
            "size": lambda n: figures.size(n, language),
            "share": lambda n: figures.share(n, language),
            "moment": figures.moment,
            "day": figures.day,
            "country": self.country,
            "entity": self.entity,
        }
