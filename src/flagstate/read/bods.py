"""BODS, the Beneficial Ownership Data Standard: who owns and controls which entity, as registers publish it.

Read are version 0.4, and 0.1 to 0.3 as far as they say the same. A record with several statements is read by its
latest (`statementDate`, then the day of publication, then the order of the file); a relationship keeps its history. A
record that is closed has left the network: its interests end, an entity goes on to exist. Two passes over the file, in
bounded blocks; the ids of records are held in memory (about 400 bytes a statement).

Source: Beneficial Ownership Data Standard 0.4, Open Ownership: schema reference and modelling requirements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flagstate.errors import EvidenceError
from flagstate.model.counted import counted
from flagstate.read.bods_interests import Interests
from flagstate.read.bods_records import Records, entity, person
from flagstate.read.bods_statements import Statement, statement
from flagstate.read.charset import opened as utf8
from flagstate.read.charset import sniff, text_head
from flagstate.read.json_head import top_keys
from flagstate.read.json_values import values
from flagstate.read.owners import TWICE, Flaws, Rows, join_entities, join_interests
from flagstate.read.part import Context, Head, Kind, Note, Opened, Part, Reader

_NEW = {"recordId", "recordType", "recordDetails", "declarationSubject"}
_OLD = {"entityStatement", "personStatement", "ownershipOrControlStatement"}
_VERSION = re.compile(r'"bodsVersion"\s*:\s*"([^"]{0,20})"')
_WRAPPED = re.compile(r'\s*\{\s*"[^"\\]{1,60}"\s*:\s*\[\s*(?=\{)')


def recognise(head: Head) -> Kind | None:
    """Return the kind by the keys of the first statement, in a list or by itself (JSON lines)."""
    text = text_head(head.data)
    if text is None:
        return None
    start = text.lstrip()
    version = _version(start.removeprefix("["))
    if version:
        return Kind(f"bods {version}")
    wrapped = _WRAPPED.match(start)
    if wrapped and _version(start[wrapped.end() :]):
        return Kind(
            "bods",
            refused="Statements of ownership (BODS) that stand inside another object are not read",
            todo="Save the list of statements by itself, or one statement a line",
        )
    return None


def _version(text: str) -> str:
    keys = top_keys(text.encode("utf-8", "replace"))
    if keys is None:
        return ""
    if keys.get("statementType") in _OLD:
        return "0.3"
    typed = keys.get("recordType") in ("entity", "person", "relationship")
    named = "statementId" in keys and (typed or "declarationSubject" in keys or "recordDetails" in keys)
    return "0.4" if named or len(_NEW & set(keys)) >= 3 else ""


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield entities, persons and interests, all of stance recorded.

    Raises:
        EvidenceError: Not one statement can be read.
    """
    flaws = Flaws()
    records = Records(context, flaws, opened.evidence_id)
    for said in _statements(opened, context, None):
        records.note(said)
    records.settle()
    entities, held = Rows("legal_entity", join_entities), Rows("interest", join_interests)
    interests = Interests(records, opened.name)
    read = 0
    for each in _statements(opened, context, flaws):
        read += 1
        said = records.rooted(each)
        chain = records.chain(said.record)
        if all(version.number != said.number for version in chain):
            continue
        if said.type == "relationship":
            held.add(interests.rows(said, chain))
        elif chain[-1].number == said.number:
            make = entity if said.type == "entity" else person
            entities.add([make(said, records.parties[said.record], records, f"{opened.name}:{said.line}")])
    if not read and flaws.rejects:
        raise EvidenceError("Not one statement can be read", where=opened.name, todo="Fetch the file again")
    yield from entities.parts()
    yield from held.parts()
    if held.joined:
        yield Note(counted(held.joined, TWICE), lost=False)
    yield from flaws.parts(read)
    if _other(opened):
        yield Note("The file names another version of BODS than 0.4: it was read as 0.4", lost=False)


def _statements(opened: Opened, context: Context, flaws: Flaws | None) -> Iterator[Statement]:
    """The statements; what is none is told to `flaws`."""
    with utf8(opened.path, sniff(opened.head.data) or "utf-8") as stream:
        for count, value in enumerate(values(stream)):
            if context.max_rows and count >= context.max_rows:
                return
            found = value.fault or statement(value.value, value.number, value.line)
            if isinstance(found, Statement):
                yield found
            elif flaws is not None:
                flaws.reject(value.line, found)


def _other(opened: Opened) -> bool:
    text = text_head(opened.head.data) or ""
    found = _VERSION.search(text)
    return bool(found and "statementType" not in text and found[1] != "0.4")


READER = Reader(
    "bods",
    "BODS 0.4 (and 0.1 to 0.3) as JSON or JSON lines: entities, persons and the interests between them.",
    recognise,
    read,
)
