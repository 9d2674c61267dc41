"""Who owns whom, as a register publishes it: statements of BODS 0.4."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from flagstate.demo.hub import LAST_DAY, Hub

ENTITIES = {
    "cloud": ("Grey Heron Cloud (Germany) GmbH (invented)", "DE", "DE", "DE-CR", "HRB900001"),
    "software": ("Sortgrid WMS GmbH (invented)", "DE", "DE", "DE-CR", "HRB900002"),
    "pte": ("Grey Heron Cloud Pte (invented)", "SG", "SG", "SG-ACRA", "209900001X"),
    "network": ("Grey Heron Network Ltd (invented)", "HK", "HK", "HK-CR", "9900001"),
    "group": ("Grey Heron Group (invented)", "KY", "CN", "KY-GR", "990001"),
}
"""Name, under whose law, principal place, register and number; the numbers are no numbers of these registers."""
CHAIN = (("pte", "cloud"), ("pte", "software"), ("network", "pte"), ("group", "network"))
"""Who holds all of whom."""
_PUBLISHED = {
    "publicationDate": LAST_DAY.isoformat(),
    "bodsVersion": "0.4",
    "publisher": {"name": "Register of the demonstration (invented)"},
}


def registration(key: str) -> str:
    """Return the number of an entity, with its register."""
    _, _, _, register, number = ENTITIES[key]
    return f"{register}:{number}"


def write(hub: Hub, folder: Path, said: Callable[[str], None]) -> dict[str, object]:
    """Write the statements.

    Args:
        hub: How large, and by which seed; the owners are the same whatever it is.
        folder: Of the evidence.
        said: Is told what is being done.

    Returns:
        Who stands at the top, and through whom.
    """
    said("Writing who owns whom")
    statements = [_entity(number, key) for number, key in enumerate(ENTITIES)]
    statements += [_holding(number, *pair) for number, pair in enumerate(CHAIN)]
    where = folder / "ownership" / "bods.json"
    where.parent.mkdir(parents=True, exist_ok=True)
    where.write_text(json.dumps(statements, indent=1) + "\n", encoding="utf-8")
    names = {key: name for key, (name, *_) in ENTITIES.items()}
    return {
        "at_the_top": {"name": names["group"], "organised_in": "KY", "principal_place": "CN"},
        "owned": [[names[holder], names[subject], 100] for holder, subject in CHAIN],
        "entities": len(ENTITIES),
    }


def _statement(number: str, record: str, kind: str, details: dict[str, object]) -> dict[str, object]:
    return {
        "statementId": f"demonstration-{number}-0000-4000-8000-000000000000",
        "declarationSubject": record,
        "statementDate": LAST_DAY.isoformat(),
        "publicationDetails": _PUBLISHED,
        "recordId": record,
        "recordStatus": "new",
        "recordType": kind,
        "recordDetails": {"isComponent": False} | details,
    }


def _entity(number: int, key: str) -> dict[str, object]:
    name, law, seat, register, registered = ENTITIES[key]
    details: dict[str, object] = {
        "entityType": {"type": "registeredEntity"},
        "name": name,
        "identifiers": [{"scheme": register, "id": registered}],
        "jurisdiction": {"code": law},
        "addresses": [{"type": "business", "address": "Street of the demonstration 1", "country": {"code": seat}}],
    }
    return _statement(f"e{number}", f"rec-{key}", "entity", details)


def _holding(number: int, holder: str, subject: str) -> dict[str, object]:
    interest = {
        "type": "shareholding",
        "directOrIndirect": "direct",
        "beneficialOwnershipOrControl": False,
        "share": {"exact": 100},
        "startDate": "2021-03-01",
    }
    details: dict[str, object] = {
        "subject": f"rec-{subject}",
        "interestedParty": f"rec-{holder}",
        "interests": [interest],
    }
    return _statement(f"r{number}", f"rec-{subject}", "relationship", details) | {"recordId": f"rec-{holder}-{subject}"}
