"""The form of the DORA register: its 15 templates, what each column takes, who knows it, and the codes of the EBA."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml


@dataclass(frozen=True)
class Field:
    """A column of a template."""

    code: str
    """c0010 and so on."""
    takes: str
    """What it takes: lei, text, country, date…"""
    key: bool
    """It identifies the row."""
    where: str
    """Who knows it."""
    says: tuple[str, str]
    """What it is, in English and French, in our words."""


@dataclass(frozen=True)
class Template:
    """A template of the register."""

    code: str
    """B_01.01 and so on."""
    says: tuple[str, str]
    """What it lists, in English and French."""
    fields: tuple[Field, ...]
    """Its columns in their order."""

    @property
    def file(self) -> str:
        """The name of its CSV file."""
        return f"{self.code.lower()}.csv"


@dataclass(frozen=True)
class Form:
    """The register as a form."""

    templates: Mapping[str, Template]
    """By code, in their order."""
    where: Mapping[str, tuple[str, str]]
    """Where to get a value, in English and French."""
    codes: Mapping[str, str]
    """Codes of the EBA's lists, and prefixes of those that end in an ISO code."""
    entry_point: str
    """Entry point of the reporting taxonomy that the files are laid out for."""


@cache
def form() -> Form:
    """Return the form. Columns and codes are the EBA's; the words beside them are ours."""
    text = resources.files("flagstate.report.filings").joinpath("dora.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    templates = {
        code: Template(code, (one["says"][0], one["says"][1]), tuple(_field(c, f) for c, f in one["columns"].items()))
        for code, one in loaded["templates"].items()
    }
    where = {key: (pair[0], pair[1]) for key, pair in loaded["where"].items()}
    return Form(templates, where, loaded["codes"], loaded["entry_point"])


def _field(code: str, told: list[str]) -> Field:
    takes, where, english, french = told
    return Field(code, takes.removeprefix("key "), takes.startswith("key "), where, (english, french))
