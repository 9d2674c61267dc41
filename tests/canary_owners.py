"""Ownership data with canaries in every place that is not the name of an owner or role-holder."""

from __future__ import annotations

import json
from pathlib import Path

from canaries import Aviary, Canary


def write(folder: Path, aviary: Aviary) -> None:
    """Write a register extract in BODS and in FollowTheMoney.

    Names of owners and role-holders and numbers of companies are stored by design; whatever else a register says of
    a person is not.
    """
    firm, home, number, note = (aviary.plant(f"ownership {what}") for what in ("name", "address", "number", "note"))
    (folder / "owners.json").write_text(json.dumps(_bods(firm, home, number, note)))
    entity, link = aviary.plant("ftm entity"), aviary.plant("ftm interest")
    (folder / "owners.ftm.json").write_text("".join(json.dumps(row) + "\n" for row in _ftm(entity, link)))


def _all(one: Canary) -> str:
    return f"{one.name}, {one.email}, {one.card}, {one.parcel}"


def _bods(firm: Canary, home: Canary, number: Canary, note: Canary) -> list[dict[str, object]]:
    head = {
        "declarationSubject": "rec-firm",
        "publicationDetails": {
            "bodsVersion": "0.4",
            "publicationDate": "2026-01-01",
            "publisher": {"name": _all(note)},
        },
        "source": {"description": _all(note), "url": f"https://register.example/{note.slug}"},
    }
    person = {
        "isComponent": False,
        "personType": "knownPerson",
        "names": [{"type": "legal", "fullName": "Role Holder"}],
        "birthDate": "1971-03-04",
        "placeOfBirth": {"address": _all(home), "country": {"code": "BE"}},
        "identifiers": [{"scheme": "BEL-NRN", "id": _all(number)}],
        "addresses": [{"type": "residence", "address": _all(home), "country": {"code": "BE"}}],
        "taxResidencies": [{"code": "BE"}],
    }
    entity = {
        "isComponent": False,
        "entityType": {"type": "registeredEntity", "details": _all(note)},
        "name": f"{firm.email} {firm.card} {firm.parcel}",
        "alternateNames": [_all(firm)],
        "jurisdiction": {"code": "BE", "name": "Belgium"},
        "identifiers": [{"scheme": "BE-BCE_KBO", "id": "0400000001", "schemeName": _all(note)}],
        "addresses": [{"type": "registered", "address": _all(home), "country": {"code": "BE"}}],
    }
    interest = {
        "type": "shareholding",
        "directOrIndirect": "direct",
        "beneficialOwnershipOrControl": True,
        "details": _all(note),
        "share": {"exact": 100},
        "startDate": "2020-01-01",
    }
    link = {"isComponent": False, "subject": "rec-firm", "interestedParty": "rec-person", "interests": [interest]}
    parts = (("firm", "entity", entity), ("person", "person", person), ("link", "relationship", link))
    return [
        {
            "statementId": f"11111111-1111-4111-8111-{at:012d}",
            "statementDate": "2026-01-01",
            "recordId": f"rec-{name}",
            "recordType": kind,
            "recordStatus": "new",
            "recordDetails": details,
            "annotations": [{"description": _all(note), "motivation": "commenting"}],
            **head,
        }
        for at, (name, kind, details) in enumerate(parts)
    ]


def _ftm(entity: Canary, link: Canary) -> list[dict[str, object]]:
    return [
        {
            "id": "ftm-firm",
            "schema": "Company",
            "properties": {
                "name": [f"{entity.email} {entity.card} {entity.parcel}"],
                "jurisdiction": ["be"],
                "address": [_all(entity)],
                "email": [entity.email],
                "notes": [_all(entity), entity.name],
                "registrationNumber": ["0400000001"],
            },
        },
        {
            "id": "ftm-owner",
            "schema": "Person",
            "properties": {
                "name": ["Role Holder"],
                "birthDate": ["1971-03-04"],
                "email": [link.email],
                "passportNumber": [link.card],
                "address": [_all(link)],
                "country": ["be"],
            },
        },
        {
            "id": "ftm-link",
            "schema": "Ownership",
            "properties": {
                "owner": ["ftm-owner"],
                "asset": ["ftm-firm"],
                "percentage": ["100"],
                "summary": [_all(link)],
                "description": [_all(link)],
            },
        },
    ]
