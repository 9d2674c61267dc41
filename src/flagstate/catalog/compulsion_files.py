"""Reads the files of compelled access, one per government, and refuses what does not fit, by file and line.

Only the build and its test read them; the program reads the compiled book. A new government is a new file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NoReturn, TypeVar

import msgspec

from flagstate.catalog.compulsion import EVERY, GROUPS, Blocking, Dated, Government, Law, LawBook
from flagstate.catalog.countries import CODES
from flagstate.catalog.operators import WEAKNESS, Source
from flagstate.catalog.strict import Node, load
from flagstate.errors import CatalogError, DeclarationError

FOLDER = Path(__file__).parent / "data" / "compulsion"
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_STEP = re.compile(r"\[(\d+)\]|\.([^.\[]+)")
_KEYS = ("gov", "checked", "sources", "laws", "blocking", "unknown")
T = TypeVar("T")


def read_laws(folder: Path = FOLDER) -> LawBook:
    """Return the book of all files of a folder.

    Args:
        folder: Files `*.yaml`, one per government.

    Raises:
        CatalogError: A file does not fit the form: file, line, what is wrong and what to write.
    """
    files = [_file(path) for path in sorted(folder.glob("*.yaml"))]
    governments: dict[str, Government] = {}
    sources: dict[str, Source] = {}
    rows: dict[str, Node] = {}
    laws: list[Law] = []
    blocking: list[Blocking] = []
    for root in files:
        own = _government(root)
        if own.gov in governments:
            _refuse(_entry(root, "gov"), f"government {own.gov} has a file already", "Add to the file that is there")
        governments[own.gov] = own
        told = {key: _as(node, Source) for key, node in _entry(root, "sources").pairs.items()}
        for key, source in told.items():
            if sources.setdefault(key, source) != source:
                _refuse(_entry(root, "sources").pairs[key], "another file gives this key to another source")
        laws += _rows(root, "laws", own.gov, Law, rows)
        blocking += _rows(root, "blocking", own.gov, Blocking, rows)
        _use(root, set(told), (row for listed in (laws, blocking) for row in listed if row.gov == own.gov), rows)
    order = sorted(governments, key=lambda gov: (gov != EVERY, gov))
    rank = {gov: at for at, gov in enumerate(order)}
    return LawBook(
        tuple(governments[gov] for gov in order),
        dict(sorted(sources.items())),
        tuple(sorted(laws, key=lambda law: rank[law.gov])),
        tuple(sorted(blocking, key=lambda rule: rank[rule.gov])),
    )


def _refuse(node: Node, what: str, todo: str = "", why: str = "") -> NoReturn:
    raise CatalogError(what, where=node.where, why=why, todo=todo)


def _file(path: Path) -> Node:
    try:
        root = load(path.read_bytes(), name=path.name)
    except DeclarationError as error:
        raise CatalogError(error.what, where=error.where, why=error.why, todo=error.todo) from error
    if root.kind != "object":
        _refuse(root, "the file is not a mapping", "Copy the form from general.yaml")
    for key, node in root.pairs.items():
        if key not in _KEYS:
            _refuse(node, f"unknown key {key}", f"Write one of {', '.join(_KEYS)}")
    return root


def _entry(root: Node, key: str) -> Node:
    found = root.pairs.get(key)
    return root if found is None else found


def _plain(node: Node) -> object:
    """Return a node as plain data; a decimal that stands where text belongs is refused by the form."""
    if isinstance(node.value, tuple):
        return [_plain(one) for one in node.value]
    if isinstance(node.value, dict):
        return {key: _plain(one) for key, one in node.value.items()}
    return node.value


def _as(node: Node, form: type[T], **more: object) -> T:
    """Return a node in a form, or refuse it at the line that does not fit."""
    plain = _plain(node)
    if not isinstance(plain, dict):
        _refuse(node, "a mapping is wanted here")
    for key in more:
        if key in plain:
            _refuse(node.pairs[key], f"{key} is said once, at the top of the file", "Leave it out here")
    return _convert(node, {**plain, **more}, form)


def _convert(node: Node, plain: object, form: type[T]) -> T:
    try:
        return msgspec.convert(plain, form)
    except msgspec.ValidationError as error:
        said, _, path = str(error).partition(" - at `$")
        at = node
        for index, key in _STEP.findall(path.rstrip("`")):
            step = at.items[int(index)] if index else at.pairs.get(key)
            at = step or at
        _refuse(at, said, "See the form in general.yaml")


def _government(root: Node) -> Government:
    own = {key: _plain(root.pairs[key]) for key in ("gov", "checked", "unknown") if key in root.pairs}
    made = _convert(root, own, Government)
    if made.gov not in CODES | {*GROUPS, EVERY}:
        _refuse(_entry(root, "gov"), f"{made.gov} is no government", "Write an ISO 3166-1 alpha-2 code, EU, EEA or *")
    return made


def _rows(root: Node, key: str, gov: str, form: type[T], known: dict[str, Node]) -> Iterator[T]:
    listed = root.pairs.get(key)
    if listed is None:
        return
    if listed.kind != "array":
        _refuse(listed, f"{key} is not a list")
    for node in listed.items:
        row = _as(node, form, gov=gov)
        if isinstance(row, Dated):
            _check(node, row, known)
        if isinstance(row, Law):
            _check_law(node, row)
        if isinstance(row, Blocking):
            _codes(_entry(node, "against"), row.against)
            if not row.where:
                _refuse(node, "it holds nowhere", "Write where: [place], [entity] or both")
        yield row


def _check(node: Node, row: Dated, known: dict[str, Node]) -> None:
    """Refuse what the types cannot: empty texts, an id given twice, dates reversed, a source that is missing."""
    if not _ID.fullmatch(row.id):
        _refuse(_entry(node, "id"), "an id is lower case words with hyphens")
    if row.id in known:
        _refuse(_entry(node, "id"), f"{row.id} stands in {known[row.id].where} already", "Give each row its own id")
    known[row.id] = node
    for key in ("law", "citation"):
        if not getattr(row, key).strip():
            _refuse(_entry(node, key), f"{key} is empty", "Name the law and its articles")
    if row.since is not None and row.until is not None and row.since >= row.until:
        _refuse(_entry(node, "to"), "it ends before it begins", "`to` is the first day on which it no longer holds")
    if row.status == "sourced" and not row.sources:
        _refuse(_entry(node, "status"), "sourced, and no source is named", "Name one, or write: to verify")
    if row.dates is not None and row.since is None and row.until is None:
        _refuse(_entry(node, "dates"), "there is no date", "Leave out the status of the dates")
    if row.dates is not None and WEAKNESS[row.dates] < WEAKNESS[row.status]:
        _refuse(_entry(node, "dates"), "the dates cannot be firmer than the row", "Leave out the status of the dates")


def _check_law(node: Node, row: Law) -> None:
    if not row.bases:
        _refuse(node, "it addresses nobody", "Write at least one of bases")
    if not row.subjects or not all(subject.strip() for subject in row.subjects):
        _refuse(_entry(node, "subjects"), "it does not say whom it addresses", 'Write subjects: ["all"] or who')
    for key, values in (("bases", [basis.basis for basis in row.bases]), ("demands", list(row.demands))):
        twice = [value for value, count in Counter(values).items() if count > 1]
        if twice:
            _refuse(_entry(node, key), f"{twice[0]} stands there twice")
    if any(basis.contested and not basis.remark for basis in row.bases):
        _refuse(_entry(node, "bases"), "contested, and no remark says how", "Say in a remark who disputes it")
    if row.exempt and row.gov not in GROUPS:
        _refuse(_entry(node, "except"), "only a law of a group can except a member")
    _codes(_entry(node, "except"), tuple(one.country for one in row.exempt))


def _codes(node: Node, listed: tuple[str, ...]) -> None:
    strange = [code for code in listed if code not in CODES]
    if strange:
        _refuse(node, f"{strange[0]} is no country code", "Write ISO 3166-1 alpha-2 codes")


def _use(root: Node, told: set[str], listed: Iterable[Dated], rows: Mapping[str, Node]) -> None:
    """Refuse sources that rows name and nobody gives, and those that nobody uses."""
    used = {key: row.id for row in listed for key in row.sources}
    missing = sorted(used.keys() - told)
    if missing:
        at = _entry(rows[used[missing[0]]], "sources")
        _refuse(at, f"source {missing[0]} is not given at the top of the file", "Add it to sources")
    if told - used.keys():
        key = min(told - used.keys())
        _refuse(_entry(root, "sources").pairs[key], f"no row uses source {key}", "Name it in a row, or leave it out")
