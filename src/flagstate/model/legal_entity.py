"""An organisation, person, group of persons or state."""

from __future__ import annotations

from flagstate.model.noun import COUNT, TEXT, TEXTS, Column, fact

LEGAL_ENTITY = fact(
    "legal_entity",
    "An organisation, person, group of persons or state.",
    ("entity_id",),
    Column("entity_id", TEXT, "Id.", "Ids are ours; two of them may name one real thing."),
    Column("kind", TEXT, "organisation, person, group or state.", "A group that is mixed must be split to be right."),
    Column("name", TEXT, "Name; never of private persons.", "Names are candidates, not identifiers."),
    Column("lei", TEXT, "Legal Entity Identifier.", "May have lapsed."),
    Column(
        "registration", TEXTS, "Registration numbers with their register, such as GB-COH:10000001.", "Typed by hand."
    ),
    Column(
        "entity_type",
        TEXT,
        "Type in the words of BODS: registeredEntity, arrangement, stateBody, unknownPerson…",
        "As right as its source.",
    ),
    Column(
        "organised_in",
        TEXTS,
        "Countries under whose law it is organised (ISO 3166-1).",
        "Redomiciliation is often recorded late.",
    ),
    Column("principal_place", TEXT, "Country of its principal place of business.", "Recall or filing, by status."),
    Column("located_in", TEXTS, "Countries where it is or has staff.", "Incomplete unless coverage says so."),
    Column("nationality", TEXTS, "Nationalities of a person or a group.", "Declared."),
    Column("head_count", COUNT, "Persons in a group.", "Declared."),
    Column("serves", TEXTS, "Countries whose market it serves.", "Declared or from the offer seen."),
    Column(
        "status",
        TEXT,
        "sourced, to verify, declared or fictitious.",
        "`sourced` says that a source was read, not that it is right.",
    ),
    Column("source", TEXT, "Where it is said.", "As right as its source."),
)
