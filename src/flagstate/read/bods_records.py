"""Which records a BODS file has, which statement of each counts, and who they are: entities, persons, states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NamedTuple

from flagstate.catalog.mask import mask_party
from flagstate.read.bods_statements import Statement
from flagstate.read.owners import Flaws, Ids, Json, Row, country, day, lei, listed, mapping, registration, text
from flagstate.read.part import Context

LEI_SCHEME = "XI-LEI"
HIDDEN = "‹name›"
"""Stands for the name of a person, which is in the file and is not kept."""
NAMELESS = frozenset({"unknownPerson", "anonymousPerson", "unknownEntity", "anonymousEntity"})
STATES = frozenset({"state", "stateBody"})
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


class Version(NamedTuple):
    """One statement of a record, by what orders it."""

    date: datetime
    published: datetime
    number: int
    type: str
    status: str
    content: int
    line: int


class Party(NamedTuple):
    """Somebody or something that a record describes."""

    entity_id: str
    person: bool
    reason: str | None
    """Why it has no name, in the code of the standard."""


class _Claim(NamedTuple):
    version: Version
    entity_id: str
    reason: str | None


@dataclass
class Records:
    """The records of one file: first everything is noted, then `settle` says what counts."""

    context: Context
    flaws: Flaws
    evidence_id: str
    ids: Ids = field(init=False)
    sole: dict[str, Version] = field(default_factory=dict)
    several: dict[str, list[Version]] = field(default_factory=dict)
    claims: dict[str, _Claim] = field(default_factory=dict)
    parties: dict[str, Party] = field(default_factory=dict)
    roots: dict[str, str] = field(default_factory=dict)
    """Before 0.4: the statement that began the record which a statement goes on with."""
    holders: set[str] = field(default_factory=set)
    """Records that hold something: only their names are kept, where they are persons."""

    def __post_init__(self) -> None:
        self.ids = Ids("bods", self.context.mask, self.evidence_id)

    def root(self, record: str) -> str:
        """Return the record that a statement goes on with; itself, where it replaces none."""
        seen = {record}
        while (before := self.roots.get(record)) is not None and before not in seen:
            seen.add(before)
            record = before
        return record

    def rooted(self, said: Statement) -> Statement:
        """Return a statement with the record that it goes on with."""
        root = self.root(said.record) if self.roots else said.record
        return said if root == said.record else replace(said, record=root)

    def note(self, said: Statement) -> None:
        """Note a statement."""
        for before in said.replaces:
            if before != said.record:
                self.roots.setdefault(said.record, before)
        said = self.rooted(said)
        content = hash(repr(said.details))
        date, published = said.date or _NEVER, said.published or _NEVER
        version = Version(date, published, said.number, said.type, said.status, content, said.line)
        if said.record in self.several:
            self.several[said.record].append(version)
        elif said.record in self.sole:
            self.several[said.record] = [self.sole.pop(said.record), version]
        else:
            self.sole[said.record] = version
        if said.type == "relationship":
            holder = said.details.get("interestedParty")
            if isinstance(holder, str):
                self.holders.add(self.root(holder))
            return
        known = self.claims.get(said.record)
        if known is None or known.version[:3] < version[:3]:
            found = _identity(said.details) if said.type == "entity" else ""
            details = said.details.get("unspecifiedPersonDetails") or said.details.get("unspecifiedEntityDetails")
            reason = text(mapping(details).get("reason"))
            self.claims[said.record] = _Claim(version, found, reason and self.context.mask(reason))

    def settle(self) -> None:
        """Decide which statements count, and who is who."""
        for record, versions in self.several.items():
            versions.sort()
            self.several[record] = self._ordered(versions)
        taken: dict[str, int] = {}
        for record, claim in self.claims.items():
            found = claim.entity_id
            if found and taken.setdefault(found, claim.version.content) != claim.version.content:
                self.flaws.note(
                    claim.version.line,
                    "[record says|records say] different things of an entity that another record describes: kept apart",
                    lost=False,
                )
                found = ""
            entity_id = found or self.ids.of(record)
            self.parties[record] = Party(entity_id, claim.version.type == "person", claim.reason)

    def _ordered(self, versions: list[Version]) -> list[Version]:
        """Leave out what is said again, and what contradicts a statement of the same day."""
        kept: list[Version] = []
        for version in versions:
            last = kept[-1] if kept else None
            if last is None:
                kept.append(version)
            elif version.type != last.type:
                self.flaws.reject(version.line, "The record is of another type in an earlier statement")
            elif version.content == last.content and version.status == last.status:
                continue
            elif version.status == "new" and version[:2] == last[:2]:
                why = f"Another statement of the same day says something else of this record (line {last.line:,})"
                self.flaws.reject(version.line, why)
            else:
                kept.append(version)
        return kept

    def chain(self, record: str) -> list[Version]:
        """Return the statements of a record that count, the earliest first."""
        sole = self.sole.get(record)
        return [sole] if sole is not None else self.several.get(record, [])

    def party(self, record: str, line: int) -> Party:
        """Return who a record is; one that the file does not hold is noted, and keeps its own id."""
        record = self.root(record)
        found = self.parties.get(record)
        if found is None:
            self.flaws.note(
                line,
                "[reference leads|references lead] to records that are not in the file",
                "Give the file that holds them too",
            )
            found = self.parties[record] = Party(self.ids.of(record), False, None)
        return found


def _identity(details: Json) -> str:
    """The id of an entity by its LEI, or else by its first registration; empty: neither."""
    first = ""
    for each in map(mapping, listed(details.get("identifiers"))):
        if each.get("scheme") == LEI_SCHEME:
            known = lei(each.get("id"))
            if known:
                return f"lei:{known}"
        elif not first:
            first = registration(each.get("scheme"), each.get("id")) or ""
    return f"reg:{first}" if first else ""


def entity(said: Statement, party: Party, records: Records, source: str) -> Row:
    """Return the row of an entity: a company, an arrangement, a state or one of its bodies."""
    details, mask = said.details, records.context.mask
    kind = text(mapping(details.get("entityType")).get("type"))
    row: Row = {
        "entity_id": party.entity_id,
        "kind": "state" if kind in STATES else "organisation",
        "entity_type": kind and mask(kind),
        "status": "sourced",
        "source": source,
    }
    name = text(details.get("name"))
    if name and kind not in NAMELESS:
        row["name"] = mask_party(name)
    row |= _identifiers(details, said.line, records.flaws)
    place = details.get("jurisdiction")
    found = list(_places([place] if place is not None else [], said.line, records.flaws))
    if found:
        row["organised_in"] = found
    offices = [
        address for address in map(mapping, listed(details.get("addresses"))) if address.get("type") == "business"
    ]
    seat = next(_places([office.get("country") for office in offices], said.line, records.flaws), None)
    if seat:
        row["principal_place"] = seat
    return row | _life(details, said.line, records.flaws)


def _identifiers(details: Json, line: int, flaws: Flaws) -> Row:
    row: Row = {}
    numbers: list[str] = []
    for each in map(mapping, listed(details.get("identifiers"))):
        if each.get("scheme") == LEI_SCHEME:
            known = lei(each.get("id"))
            if known is None:
                flaws.note(line, "[LEI has|LEIs have] wrong check digits: left out")
            row.setdefault("lei", known)
        elif each.get("scheme") is not None:
            found = registration(each.get("scheme"), each.get("id"))
            if found is None:
                flaws.note(line, "[identifier is|identifiers are] not written as a register writes [it|them]: left out")
            elif found not in numbers:
                numbers.append(found)
    if numbers:
        row["registration"] = numbers
    return row


def _places(values: list[object], line: int, flaws: Flaws) -> Iterator[str]:
    """The countries of objects with a code, or of codes as older versions write them."""
    for value in values:
        if value is None:
            continue
        coded = mapping(value).get("code") if isinstance(value, dict) else value
        if isinstance(value, dict) and coded is None:
            flaws.note(line, "[country has|countries have] a name and no code: left out", "Add codes of ISO 3166-1")
            continue
        found = country(coded)
        if found is None:
            flaws.note(line, "[country code is|country codes are] none of ISO 3166-1: left out", "Correct the codes")
        else:
            yield found


def _life(details: Json, line: int, flaws: Flaws) -> Row:
    begun, ended = day(details.get("foundingDate")), day(details.get("dissolutionDate"))
    if begun and ended and ended < begun:
        flaws.note(
            line, "[entity|entities] with an end before the beginning: both days were left out", "Correct the days"
        )
        return {}
    return {name: at for name, at in (("valid_from", begun), ("valid_to", ended)) if at}


def person(said: Statement, party: Party, records: Records, source: str) -> Row:
    """Return the row of a person: nationality and country of residence, and whether a holder has a name.

    The name itself, days of birth, addresses, tax numbers and other identifiers are not kept.
    """
    details, mask, flaws = said.details, records.context.mask, records.flaws
    kind = text(details.get("personType"))
    row: Row = {
        "entity_id": party.entity_id,
        "kind": "person",
        "entity_type": kind and mask(kind),
        "status": "sourced",
        "source": source,
    }
    names = (text(mapping(each).get("fullName")) for each in listed(details.get("names")))
    name = next((each for each in names if each), None)
    if name and kind not in NAMELESS and said.record in records.holders:
        row["name"] = HIDDEN
    nations = list(dict.fromkeys(_places(listed(details.get("nationalities")), said.line, flaws)))
    if nations:
        row["nationality"] = nations
    homes = [each for each in map(mapping, listed(details.get("addresses"))) if each.get("type") == "residence"]
    living = list(dict.fromkeys(_places([home.get("country") for home in homes], said.line, flaws)))
    if living:
        row["located_in"] = living
    return row
