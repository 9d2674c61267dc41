"""What every rule may read: the nouns, the catalogs, and the views that are made of them once per audit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

from flagstate import model
from flagstate.laws.sql import Block, split
from flagstate.model.noun import DAY, FLAG, SHARE, TEXT, TEXTS, Column

HIDDEN = frozenset({"judgement", "finding", "evidence", "reject", "plan", "measure"})
"""Stored nouns that rules do not read: conclusions, opinions and files."""

CATALOGS: Mapping[str, tuple[Column, ...]] = {
    "list_entry": (
        Column("list", TEXT, "Code of the list.", "As right as its source."),
        Column("member", TEXT, "A country (ISO 3166-1), an entity id, or a name.", "Names are candidates."),
        Column("kind", TEXT, "country, entity or area.", "As right as its source."),
        Column("name", TEXT, "Name as the list has it.", "Names are candidates."),
        Column("lei", TEXT, "Legal Entity Identifier.", "May have lapsed."),
        Column("scope", TEXT, "How far the entry goes, in words; null: wholly.", "Our summary."),
        Column("status", TEXT, "sourced, to verify or interpretive.", "As right as its source."),
        Column("part", TEXT, "Which part of a list it stands in; null: the list has none.", "Our summary."),
        Column("only_with", TEXT, "Counts only for who is on that other list too; null: for all.", "Our summary."),
        Column("not_with", TEXT, "It counts only for who is not on that other list; null: for all.", "Our summary."),
        Column("fact_id", TEXT, "Id of the entry, list:CODE:MEMBER.", "Ids are ours."),
    ),
    "list_state": (
        Column("list", TEXT, "Code of the list.", "As right as its source."),
        Column(
            "complete", TEXT, "yes or no: whether the list as we have it is known to be whole.", "On its last check."
        ),
        Column("held", FLAG, "It holds on the day.", "As right as its source."),
        Column("affiliates", TEXT, "Whom it means beside those it names, in words.", "Our summary."),
        Column("status", TEXT, "sourced, to verify or interpretive.", "As right as its source."),
    ),
    "data_class": (
        Column("data_class", TEXT, "Class of data.", "See docs/classes."),
        Column("category", TEXT, "law/category that it falls under.", "Our mapping."),
        Column("unit", TEXT, "persons, devices or null: what a distinct value counts.", "Our mapping."),
    ),
    "control_code": (Column("control", TEXT, "Code of a control that the law asks for.", "Codes are ours."),),
}
"""Catalogs as tables, and what stands in them on the day."""

LAW_TABLES: Mapping[str, tuple[Column, ...]] = {
    "law_param": (
        Column("name", TEXT, "Name of the parameter.", "As right as its source."),
        Column("key", TEXT, "Of what, where it has several values.", "As right as its source."),
        Column("value", TEXT, "Its value on the day, as text; null: none is known.", "As right as its source."),
        Column("number", SHARE, "The same as a number, where it is one.", "As right as its source."),
        Column("day", DAY, "The same as a day, where it is one.", "As right as its source."),
    ),
    "ruled": (
        Column("rule_id", TEXT, "A rule that ran before in this law.", "Ids are ours."),
        Column("subject", TEXT, "What it is about.", "Ids are ours."),
        Column("counterparty", TEXT, "The other side.", "Ids are ours."),
        Column("verdict", TEXT, "yes, no or unknown.", "Within the stated coverage."),
        Column("outcome", TEXT, "Its outcome.", "As right as its source."),
        Column("exemption", TEXT, "Exemption applied or refused.", "As right as its source."),
        Column("facts", TEXTS, "fact_ids it rests on.", "As right as its source."),
    ),
}
"""Tables of the law that runs."""

RESULT = {
    "subject": "VARCHAR",
    "counterparty": "VARCHAR",
    "verdict": "VARCHAR",
    "outcome": "VARCHAR",
    "message": "VARCHAR",
    "values": "STRUCT",
    "facts": "VARCHAR[]",
    "missing": "VARCHAR[]",
    "exemption": "VARCHAR",
    "bounds": "STRUCT",
}
"""Columns of every rule, with their type; `values` and `bounds` may be NULL, `rule_id` is added."""

_MACRO = re.compile(r"^CREATE MACRO ([a-z_]+)\(", re.MULTILINE)


@lru_cache(maxsize=1)
def macros() -> tuple[str, ...]:
    """Return the statements that make the macros."""
    text = resources.files("flagstate.laws").joinpath("macros.sql").read_text("utf-8")
    bare = re.sub(r"^--.*$", "", text, flags=re.MULTILINE)
    return tuple(one.strip() for one in bare.split(";") if one.strip())


@lru_cache(maxsize=1)
def macro_names() -> frozenset[str]:
    """Return the names of the macros."""
    return frozenset(found[1] for one in macros() if (found := _MACRO.match(one)))


@lru_cache(maxsize=1)
def views() -> Mapping[str, Block]:
    """Return the views that every law may read, in the order in which they are made."""
    data = resources.files("flagstate.laws").joinpath("views.sql").read_bytes()
    return split(data, file="views.sql")


def nouns() -> tuple[str, ...]:
    """Return the nouns that rules may read."""
    return tuple(name for name in model.STORED if name not in HIDDEN)


@lru_cache(maxsize=1)
def documented() -> frozenset[str]:
    """Return the names of all tables that rules may read, without those of their own law."""
    return frozenset((*nouns(), *CATALOGS, *views()))
