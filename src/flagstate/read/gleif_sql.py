"""What the records of GLEIF say, in SQL over the columns of its files."""

from __future__ import annotations

from flagstate.read.gleif_given import EVENTS, LINE, PERIODS, REASONS

_PLACE = "[A-Z]{2}(-[A-Z0-9]{1,3})?"
_EVENT = "Entity.LegalEntityEvents.LegalEntityEvent"


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _said(column: str) -> str:
    return f"nullif(trim({_quoted(column)}), '')"


def _code(column: str) -> str:
    return f"upper(trim({_quoted(column)}))"


def _day(column: str) -> str:
    return f"try_cast(left(trim({_quoted(column)}), 10) AS DATE)"


def _country(column: str) -> str:
    """SQL of the country of a code, which may be one of a part of a country; null: none."""
    word = _code(column)
    known = f"regexp_full_match({word}, '{_PLACE}') AND list_contains($codes, left({word}, 2))"
    return f"CASE WHEN {known} THEN left({word}, 2) END"


def _nowhere(column: str) -> str:
    return f"({_said(column)} IS NOT NULL AND {_country(column)} IS NULL)"


def _undated(columns: list[str]) -> str:
    """SQL of whether a day is given that is no date."""
    return " OR ".join(f"({_said(column)} IS NOT NULL AND {_day(column)} IS NULL)" for column in columns)


def _numbered(group: str, numbers: range, kind: str, wanted: str, then: str) -> str:
    """SQL of the day of the first of several numbered groups that is of the wanted kind."""
    cases = [
        f"CASE WHEN {_code(f'{group}.{n}.{kind}')} = '{wanted}' THEN {_day(f'{group}.{n}.{then}')} END" for n in numbers
    ]
    return f"coalesce({', '.join(cases)})"


def _period(word: str) -> str:
    return _numbered("Relationship.Period", PERIODS, "periodType", "RELATIONSHIP_PERIOD", word)


_DISSOLVED = _numbered(_EVENT, EVENTS, "LegalEntityEventType", "DISSOLUTION", "LegalEntityEventEffectiveDate")

_ENTITIES = f"""
SELECT {LINE},
    {_code("LEI")} AS lei,
    {_said("Entity.LegalName")} AS name,
    {_code("Entity.EntityCategory")} AS category,
    coalesce({_country("Entity.LegalJurisdiction")}, {_country("Entity.LegalAddress.Country")}) AS organised_in,
    {_country("Entity.HeadquartersAddress.Country")} AS principal_place,
    {_said("Entity.RegistrationAuthority.RegistrationAuthorityID")} AS authority,
    {_said("Entity.RegistrationAuthority.RegistrationAuthorityEntityID")} AS number,
    {_day("Entity.EntityCreationDate")} AS begun,
    {_code("Entity.EntityStatus")} = 'INACTIVE' AS gone,
    CASE WHEN {_code("Entity.EntityStatus")} = 'INACTIVE'
        THEN coalesce({_day("Entity.EntityExpirationDate")}, {_DISSOLVED}, {_day("Registration.LastUpdateDate")})
        END AS ended,
    {_code("Registration.RegistrationStatus")} AS registered,
    {_day("Registration.LastUpdateDate")} AS updated,
    {_nowhere("Entity.LegalJurisdiction")} OR {_nowhere("Entity.HeadquartersAddress.Country")} AS nowhere,
    {_undated(["Entity.EntityCreationDate", "Entity.EntityExpirationDate"])} AS undated
FROM given
"""
"""Level 1. An entity that is inactive ended when it expired or was dissolved, at the latest when that was recorded."""

_RELATIONSHIPS = f"""
SELECT {LINE},
    {_code("Relationship.StartNode.NodeID")} AS low,
    {_code("Relationship.EndNode.NodeID")} AS high,
    trim("Relationship.RelationshipType") AS type,
    {_period("startDate")} AS begun,
    {_period("endDate")} AS ended,
    {_code("Relationship.RelationshipStatus")} = 'INACTIVE'
        OR {_code("Registration.RegistrationStatus")} = 'RETIRED' AS gone,
    {_code("Registration.RegistrationStatus")} AS registered,
    {_day("Registration.LastUpdateDate")} AS updated,
    {_undated([f"Relationship.Period.{n}.{word}" for n in PERIODS for word in ("startDate", "endDate")])} AS undated
FROM given
"""
"""Level 2. Only periods of the relationship count, not those of accounts or filings."""

_REPORTED = f"""
SELECT {LINE},
    {_code("LEI")} AS lei,
    trim("Exception.Category") AS category,
    concat_ws(', ', {", ".join(_said(f"Exception.Reason.{n}") for n in REASONS)}) AS reason,
    NULL::DATE AS updated
FROM given
"""
"""Reporting exceptions: why a parent is not told."""

SELECTS = {"level 1": _ENTITIES, "level 2 relationships": _RELATIONSHIPS, "level 2 exceptions": _REPORTED}
"""What each file says, from the table `given`; `$codes` are the countries."""

SHARED = """
SELECT *, ended < begun AS reversed,
    count(*) OVER (PARTITION BY authority, number) > 1 OR coalesce(category IN ('FUND', 'BRANCH'), false) AS shared
FROM gleif_rows
"""
"""Level 1, with whether its registration number identifies nobody."""
