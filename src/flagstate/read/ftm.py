"""FollowTheMoney entities as JSON lines: companies, public bodies, persons, and who owns or directs what.

Read are Company, Organization, LegalEntity, PublicBody and Person with the links Ownership, Directorship, Control and
UnknownLink. Lines with the same id are pieces of one entity and are put together, as the format means it; entities
that stand inside others are read too. Of persons only owners, directors and those in control are kept, by id,
nationality and country. Everything is held in memory in short form (about 600 bytes an entity).

Source: followthemoney, the schemata of OpenSanctions and OCCRP.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from flagstate.errors import EvidenceError
from flagstate.model.counted import counted
from flagstate.read.charset import opened as utf8
from flagstate.read.charset import sniff, text_head
from flagstate.read.ftm_entities import Entities
from flagstate.read.ftm_links import interests, parents
from flagstate.read.json_head import top_keys
from flagstate.read.json_values import values
from flagstate.read.owners import TWICE, Flaws, Rows, join_entities, join_interests
from flagstate.read.part import Context, Head, Kind, Note, Opened, Part, Reader

# fmt: off
SCHEMATA = frozenset({
    *("Address", "Airplane", "Article", "Assessment", "Asset", "Associate", "Audio", "BankAccount", "Call"),
    *("CallForTenders", "Company", "Concession", "Contract", "ContractAward", "Control", "CourtCase"),
    *("CourtCaseParty", "CryptoWallet", "Debt", "Directorship", "Document", "Documentation"),
    *("EconomicActivity", "Email", "Employment", "Event", "Family", "Folder", "HyperText", "Identification"),
    *("Image", "LegalEntity", "License", "Membership", "Mention", "Message", "Note", "Occupancy"),
    *("Organization", "Ownership", "Package", "Page", "Pages", "Passport", "Payment", "Person", "PlainText"),
    *("Position", "Post", "Project", "ProjectParticipant", "PublicBody", "RealEstate", "Representation"),
    *("Risk", "Sanction", "Security", "Similar", "Succession", "Table", "TaxRoll", "Territory", "Trip"),
    *("UnknownLink", "UserAccount", "Vehicle", "Vessel", "Video", "Workbook"),
})
# fmt: on
"""Schemata that a file may begin with."""


def recognise(head: Head) -> Kind | None:
    """Return the kind by the keys of the first entity: `id`, `schema` and `properties`."""
    text = text_head(head.data)
    if text is None:
        return None
    keys = top_keys(text.lstrip().removeprefix("[").encode("utf-8", "replace"))
    known = keys is not None and "id" in keys and keys.get("properties") == "{" and keys.get("schema") in SCHEMATA
    return Kind("ftm") if known else None


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield entities and the interests between them, of stance recorded.

    Raises:
        EvidenceError: Not one entity can be read.
    """
    flaws = Flaws()
    found = Entities(context, flaws, opened)
    read = 0
    with utf8(opened.path, sniff(opened.head.data) or "utf-8") as stream:
        for count, value in enumerate(values(stream)):
            if context.max_rows and count >= context.max_rows:
                break
            problem = value.fault or found.note(value.value, value.line)
            if problem:
                flaws.reject(value.line, problem)
            else:
                read += 1
    if not read and flaws.rejects:
        raise EvidenceError("Not one entity can be read", where=opened.name, todo="Fetch the file again")
    held = Rows("interest", join_interests)
    holders = held_by(found, held, flaws)
    entities = Rows("legal_entity", join_entities)
    entities.add(found.rows(holders))
    yield from entities.parts()
    yield from held.parts()
    if held.joined:
        yield Note(counted(held.joined, TWICE), lost=False)
    for schema, count in sorted(found.others.items()):
        yield Note(
            counted(count, f"[entity|entities] of the schema {schema}, not about ownership: left out"), lost=False
        )
    yield from flaws.parts(read)


def held_by(found: Entities, into: Rows, flaws: Flaws) -> set[str]:
    """Add the interests of all links; return who holds something."""
    holders: set[str] = set()
    said = (row for link in found.links.values() for row in interests(link, found, flaws))
    for row in chain(said, parents(found, flaws)):
        into.add([row])
        holders.add(str(row["holder_id"]))
    return holders


READER = Reader(
    "ftm",
    "FollowTheMoney entities as JSON lines: companies, public bodies, persons, and who owns or directs them.",
    recognise,
    read,
)
