"""The catalogue of measures: what each does to the tables, what it costs, what it opens and what it must keep.

The source is `data/measures.yaml`, read strictly: what is text stays text, and an unknown key is refused.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Any, Literal

import msgspec

from flagstate import model
from flagstate.catalog import strict
from flagstate.errors import CatalogError, DeclarationError

SOURCE = Path(__file__).parent / "data" / "measures.yaml"

PER: dict[str, tuple[str, tuple[str, ...]]] = {
    "data": ("an asset, and the company that decides on it", ("asset", "holder", "place")),
    "keyed": ("an asset that can hold or pass on data", ("asset", "place")),
    "opaque": ("a store or an edge: it only keeps or passes on data", ("asset", "place")),
    "held": ("an asset of which it is known what it holds", ("asset",)),
    "movable": ("an asset that stands somewhere, or on something", ("asset", "place")),
    "run_by": (
        "an asset and a party that operates, hosts, manages, administers or updates it",
        ("asset", "entity", "place"),
    ),
    "key": ("a key", ("key", "place")),
    "declared_key": ("a key that only declarations bind to an asset, or put into hands", ("key", "asset", "holders")),
    "key_user": ("a key, and staff that can use it without holding it", ("key", "entity", "approver")),
    "staff": ("a group or person with access", ("staff", "employers", "place")),
    "updater": ("an asset and a party that can push code to it", ("asset", "entity")),
    "supplier": (
        "an asset and a party that resolves, registers or certifies its name",
        ("asset", "entity", "kind", "place"),
    ),
    "licensor": ("an asset and a party that licenses it", ("asset", "entity", "place")),
    "authenticator": ("an asset and a party that authenticates its users", ("asset", "entity", "place")),
    "need_group": ("an asset and a group of alternatives that it needs", ("asset", "group", "members", "second_place")),
    "tested": ("an asset that needs something, or is supplied with it", ("asset",)),
    "column": ("a class of data in a container of an asset", ("asset", "container", "data_class", "place")),
    "destination": ("an operator to whose hosts something was sent", ("entity", "addresses")),
    "clause": ("a contract or party of which a rule asks a control", ("subject", "control")),
    "owner": ("an owner and what it owns a part of, or steers", ("entity", "to", "rest_pct", "place")),
    "expendable": ("an asset on which nothing critical runs", ("asset", "assets")),
}
"""What a measure can be bound to: a sentence, and the parameters that it offers."""

ROLES: dict[str, str] = {
    "operator": "a hypothetical operator organised in {country}",
    "second": "a hypothetical second operator organised in {country}",
    "key_holder": "a hypothetical key holder organised in {country}",
    "staff": "hypothetical staff in {country}",
    "support": "hypothetical staff of a support company in {country}",
    "owner": "a hypothetical owner organised in {country}",
}
"""The hypothetical parties that a measure can bring in, named so that nobody takes them for a party that there is."""

Where = dict[str, Any]


class Update(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which rows change, and which of their cells."""

    where: Where
    """Column to value, parameter, or list of which one must match."""
    set: dict[str, Any] = {}
    """Column to new value."""
    add: dict[str, str] = {}
    """Column of lists to the word that is added."""


class Measure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One measure of the catalogue."""

    does: str
    """What to do, as a sentence with parameters."""
    answers: str
    """What it answers, and what it does not."""
    questions: tuple[Literal["reach", "cutoff", "rules"], ...]
    """The questions whose findings it may cure."""
    per: str
    """What it is bound to: a key of `PER`."""
    cost: int
    """Cost in the user's unit, at least 1."""
    lead_days: int
    """Days until it works."""
    opens: str
    """The new reach or need that it creates."""
    keeps: str
    """What must still work afterwards."""
    excludes: tuple[str, ...] = ()
    """Measures that cannot be combined with it on the same thing."""
    requires: tuple[str, ...] = ()
    """Measures that it needs on the same thing."""
    brings: tuple[Literal["operator", "second", "key_holder", "staff", "support", "owner"], ...] = ()
    """Hypothetical parties that it brings in."""
    delete: dict[str, tuple[Where, ...]] = {}
    """By noun, conditions on rows that go."""
    update: dict[str, tuple[Update, ...]] = {}
    """By noun, rows whose cells change."""
    insert: dict[str, tuple[dict[str, Any], ...]] = {}
    """By noun, new rows."""


@lru_cache(maxsize=1)
def measures() -> dict[str, Measure]:
    """Return every measure by its code, in the order of the file.

    Raises:
        CatalogError: The file is missing or damaged, or names a table, column or measure that there is not.
    """
    try:
        found = parse(SOURCE.read_bytes(), SOURCE.name)
    except OSError as error:
        raise CatalogError(
            "the catalogue of measures cannot be read",
            where=SOURCE.name,
            why=str(error),
            todo="Install the package again",
        ) from error
    return found


def parse(data: bytes, name: str) -> dict[str, Measure]:
    """Return the measures of a file.

    Args:
        data: Its bytes, strict YAML.
        name: Its name, for errors.

    Raises:
        CatalogError: With the measure and what is wrong.
    """
    try:
        root = strict.load(data, name=name)
    except DeclarationError as error:
        raise CatalogError(error.what, where=error.where, why=error.why, todo=error.todo) from error
    found: dict[str, Measure] = {}
    for code, node in root.pairs.items():
        try:
            one = msgspec.convert(_plain(node), Measure)
        except msgspec.ValidationError as error:
            raise CatalogError("This is not a measure", where=node.where, why=str(error)) from error
        found[code] = one
    for code, one in found.items():
        wrong = _wrong(one, found)
        if wrong:
            raise CatalogError(wrong, where=root.pairs[code].where, todo="See the head of the file")
    return found


def _plain(node: strict.Node) -> object:
    if node.kind == "object":
        return {key: _plain(value) for key, value in node.pairs.items()}
    return [_plain(item) for item in node.items] if node.kind == "array" else node.value


def _wrong(one: Measure, known: dict[str, Measure]) -> str:
    """Return what is wrong with a measure; empty: nothing was found."""
    if one.cost < 1 or one.lead_days < 0:
        return "cost is at least 1 and lead_days at least 0"
    if one.per not in PER:
        return f"per is one of {', '.join(PER)}"
    strange = [code for code in (*one.excludes, *one.requires) if code not in known]
    if strange:
        return f"there is no measure {strange[0]}"
    for text in (one.does, one.opens, one.answers, one.keeps):
        if not text.strip() or any(field == "" for _, field, _, _ in Formatter().parse(text)):
            return "every sentence says something, and every {} has a name"
    return _wrong_columns(one)


def _wrong_columns(one: Measure) -> str:
    named: list[tuple[str, set[str]]] = []
    named += [(noun, set(where)) for noun, listed in one.delete.items() for where in listed]
    named += [(noun, set(row)) for noun, listed in one.insert.items() for row in listed]
    for noun, updates in one.update.items():
        named += [(noun, {*update.where, *update.set, *update.add}) for update in updates]
    for noun, columns in named:
        if noun not in model.FACTS and noun != "endpoint":
            return f"{noun} is no table of facts"
        strange = columns - set(model.NOUNS[noun].names)
        if strange:
            return f"{noun} has no column {sorted(strange)[0]}"
        if not columns:
            return f"an edit of {noun} names no column: it would change every row"
    return ""


def listed() -> list[dict[str, object]]:
    """Return the catalogue as a person reads it: id, what it answers, cost, lead time, what it opens and keeps."""
    return [
        {
            "id": code,
            "does": plain_words(one.does),
            "answers": plain_words(one.answers),
            "questions": list(one.questions),
            "per": PER[one.per][0],
            "params": list(PER[one.per][1]),
            "cost": one.cost,
            "lead_days": one.lead_days,
            "opens": plain_words(one.opens),
            "keeps": plain_words(one.keeps),
            "excludes": list(one.excludes),
            "requires": list(one.requires),
        }
        for code, one in measures().items()
    ]


def plain_words(text: str) -> str:
    """Return a sentence of the catalogue with its parameters as words: `{asset_name}` reads `the asset`."""
    words = {field: _WORDS.get(field, f"the {field}") for _, field, _, _ in Formatter().parse(text) if field}
    made = text.format(**words).strip()
    return made[:1].upper() + made[1:]


_WORDS = {
    "asset_name": "the asset",
    "entity_name": "the party",
    "holder_name": "the own company",
    "key_name": "the key",
    "staff_name": "the staff",
    "to_name": "the company",
    "approver_name": "another key holder",
    "subject_name": "the contract",
    "container_name": "the container",
    "country": "an accepted country",
    "data_class": "a class of data",
    "operator_name": "an operator in an accepted country",
    "second_name": "a second operator",
    "key_holder_name": "a key holder there",
    "new_staff_name": "staff in an accepted country",
    "new_support_name": "a support company in an accepted country",
    "owner_name": "another owner",
    "kind_says": "supplies",
    "members": "what there is",
}
