"""An asset cannot work without one member of a group."""

from __future__ import annotations

from flagstate.model.noun import SHARE, SMALL, TEXT, Column, fact

NEED = fact(
    "need",
    "An asset cannot work without one member of a group.",
    ("asset_id", "need_group", "needs_id"),
    Column("asset_id", TEXT, "Where.", "Ids are ours; two of them may name one real thing."),
    Column("need_group", SMALL, "Group number: one member of each group is enough.", "As right as its source."),
    Column("needs_id", TEXT, "A member.", "Ids are ours; two of them may name one real thing."),
    Column("buffer_h", SHARE, "Hours it can go without.", "Declared, or assumed by the catalog, unless tested."),
    Column(
        "status",
        TEXT,
        "sourced, to verify, declared or fictitious.",
        "`sourced` says that a source was read, not that it is right.",
    ),
    Column("source", TEXT, "Where it is said, or what was seen.", "Seen once is not proof of need."),
)
