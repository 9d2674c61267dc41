"""The DORA register of one case in the making: who takes and gives ICT services, and what identifies each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from flagstate.report.answers import Row
from flagstate.report.filings.dealings import Dealing, dealings
from flagstate.report.filings.document import Cell, cell
from flagstate.report.filings.dora_form import form
from flagstate.report.filings.ground import Ground, Party

Cells = dict[str, Cell]
"""Cells of one row, by column; what is not in it is not known."""

KINDS = ("ict", "vendor", "processor")
"""Kinds of agreement that may be a contract on ICT services."""

_LEI = re.compile(r"[0-9A-Z]{18}[0-9]{2}\Z")
_EUID = re.compile(r"[A-Z]{2}[A-Z0-9]{1,20}\.[A-Za-z0-9._-]{1,40}\Z")
_COUNTRY = re.compile(r"[A-Z]{2}\Z")


def lei_ok(text: str) -> bool:
    """Whether a text is an LEI whose check digits are right (ISO 17442)."""
    return bool(_LEI.match(text)) and int("".join(str(int(one, 36)) for one in text)) % 97 == 1


@dataclass
class Register:
    """The register of one case."""

    ground: Ground
    """The case."""
    rows: dict[str, list[Cells]] = field(default_factory=dict)
    """Rows by template."""
    remarks: list[Cell] = field(default_factory=list)
    """What stands in the way of a value, as sentences."""
    known: set[tuple[object, ...]] = field(default_factory=set, repr=False)
    """Rows that stand already."""

    @cached_property
    def contracts(self) -> list[Dealing]:
        """Agreements on ICT services."""
        found = [one for one in dealings(self.ground) if not one.implied and one.kind in KINDS]
        return [one for one in found if one.kind == "ict" or one.assets]

    @cached_property
    def users(self) -> list[str]:
        """Entities that take ICT services and give none to another user."""
        givers = {one.to_id for one in self.contracts}
        takers = dict.fromkeys(one.from_id for one in self.contracts if one.from_id)
        return sorted(one for one in takers if one not in givers) or sorted(takers)

    @cached_property
    def direct(self) -> list[Dealing]:
        """Contracts that a user has itself; the others are links of a supply chain."""
        return [one for one in self.contracts if one.from_id in self.users]

    @cached_property
    def taken(self) -> dict[str, list[Dealing]]:
        """Contracts by who takes the service."""
        found: dict[str, list[Dealing]] = {}
        for one in self.contracts:
            found.setdefault(one.from_id, []).append(one)
        return found

    @cached_property
    def functions(self) -> dict[str, str]:
        """Assets that contracts cover, each with the identifier of its function."""
        covered = sorted({asset for one in self.direct for asset, _ in one.assets})
        return {asset: f"F{at}" for at, asset in enumerate(covered, 1)}

    @cached_property
    def controls(self) -> dict[tuple[str, str], list[Row]]:
        """Controls, by subject and code."""
        found: dict[tuple[str, str], list[Row]] = {}
        for one in self.ground.rows("control"):
            found.setdefault((one["subject_id"], one["control"]), []).append(one)
        return found

    def party(self, ident: str) -> Party:
        """Return an entity, also one that nothing is known of."""
        return self.ground.parties.get(ident, Party(ident))

    def identity(self, ident: str) -> tuple[Cell, Cell] | None:
        """Return code and type of code of an entity; null: it has no LEI and no EUID that are known and right."""
        known, codes = self.party(ident), form().codes
        if known.lei and lei_ok(known.lei):
            return cell(known.lei, facts=known.facts), cell(codes["lei"], facts=known.facts)
        if known.lei:
            self.remark("dora.bad_lei", ident, known.facts)
        for number in known.registration:
            if _EUID.match(number):
                return cell(number, facts=known.facts), cell(codes["euid"], facts=known.facts)
        return None

    def remark(self, word: str, ident: str, facts: tuple[str, ...], **said: object) -> None:
        """Note what stands in the way of a value."""
        made = cell(self.ground.w(word, who=self.ground.call(ident), **said), facts=facts)
        if (word, made.text) not in self.known:
            self.known.add((word, made.text))
            self.remarks.append(made)

    def add(self, template: str, **cells: Cell | None) -> None:
        """Add a row; cells that are null are not known."""
        rows = self.rows.setdefault(template, [])
        made = {code: one for code, one in cells.items() if one is not None and one.text}
        key = (template, *((code, one.text) for code, one in made.items()))
        if made and key not in self.known:
            self.known.add(key)
            rows.append(made)


def country(code: str | None, facts: tuple[str, ...] = ()) -> Cell | None:
    """Return a country as the EBA codes it."""
    return cell(form().codes["country"] + code, facts=facts) if code and _COUNTRY.match(code) else None
