"""Statements of BODS, of every version, in the shape of 0.4: who says what about which record, and since when.

Versions 0.1 to 0.3 have no records: a statement is its own record, and one that replaces it goes on with that record.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from flagstate.read.owners import Json, day, listed, mapping, text

TYPES = {
    "entity": "entity",
    "person": "person",
    "relationship": "relationship",
    "entityStatement": "entity",
    "personStatement": "person",
    "ownershipOrControlStatement": "relationship",
}
"""Types of records of 0.4, and of statements before."""

STATUSES = ("new", "updated", "closed")

_HYPHEN = re.compile(r"-([a-z])")
_ALIASES = {
    "influenceOrControl": "otherInfluenceOrControl",
    "rightsToSurplusAssets": "rightsToSurplusAssetsOnDissolution",
    "beneficiary": "beneficiaryOfLegalArrangement",
    "noNotifiableOwners": "noBeneficialOwners",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement."""

    number: int
    """Which of the file, from 1."""
    line: int
    """Line on which it begins."""
    record: str
    """Id of the record that it is about."""
    type: str
    """entity, person or relationship."""
    status: str
    """new, updated or closed."""
    date: datetime | None
    """When it was declared."""
    published: datetime | None
    """When it was published."""
    details: Json
    """The record."""
    replaces: tuple[str, ...] = ()
    """Statements that it replaces (before 0.4)."""


def statement(value: object, number: int, line: int) -> Statement | str:
    """Return a statement in the shape of 0.4, or why it is none."""
    if not isinstance(value, dict):
        return "This is no statement: it is no JSON object"
    old = "statementType" in value and "recordType" not in value
    kind = value.get("statementType" if old else "recordType")
    record = text(value.get("statementID") or value.get("statementId")) if old else text(value.get("recordId"))
    if not isinstance(kind, str) or kind not in TYPES:
        return "The type of the statement is none that the standard knows"
    if record is None:
        return "The statement has no id of its record"
    details = value if old else value.get("recordDetails")
    if not isinstance(details, dict):
        return "The statement has no details of its record"
    published = day(mapping(value.get("publicationDetails")).get("publicationDate"))
    replaces = tuple(each for each in listed(value.get("replacesStatements")) if isinstance(each, str)) if old else ()
    status = "updated" if replaces else value.get("recordStatus")
    return Statement(
        number,
        line,
        record,
        TYPES[kind],
        status if isinstance(status, str) and status in STATUSES else "new",
        day(value.get("statementDate")),
        published,
        _modern(details, TYPES[kind]) if old else details,
        replaces,
    )


def code(word: str) -> str:
    """Return the code of 0.4 for one of any version: `voting-rights` is `votingRights`."""
    made = _HYPHEN.sub(lambda found: found[1].upper(), word).removesuffix("OfTrust")
    return _ALIASES.get(made, made)


def _modern(details: Json, kind: str) -> Json:
    """The record of a statement of 0.1 to 0.3 as 0.4 would have it."""
    made = dict(details)
    if kind == "entity":
        made["entityType"] = {"type": details.get("entityType")}
        made["jurisdiction"] = details.get("jurisdiction") or details.get("incorporatedInJurisdiction")
    elif kind == "person":
        home = mapping(details.get("placeOfResidence"))
        if home:
            made["addresses"] = [*listed(details.get("addresses")), {**home, "type": "residence"}]
    else:
        made["subject"] = _reference(details.get("subject"))
        made["interestedParty"] = _reference(details.get("interestedParty"))
        made["componentRecords"] = details.get("componentStatementIDs")
    return made


def _reference(value: object) -> object:
    said = mapping(value)
    for key in ("describedByEntityStatement", "describedByPersonStatement"):
        if key in said:
            return said[key]
    return said.get("unspecified", value)
