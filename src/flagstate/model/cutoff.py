"""A service that stops when a party or a government switches its part off."""

from __future__ import annotations

from flagstate.model.noun import COUNT, FLAG, SHARE, TEXT, TEXTS, Column, Noun

CUTOFF = Noun(
    "cutoff",
    "derived",
    "A service that stops when a party or a government switches its part off.",
    (
        Column("cut", TEXT, "What is switched off: government:CN, entity:ID or asset:ID.", "As right as its source."),
        Column("asset_id", TEXT, "What stops.", "Ids are ours; two of them may name one real thing."),
        Column("at_h", SHARE, "Hours after the cut; 0: at once.", "Buffers are declared or assumed unless tested."),
        Column("critical", FLAG, "Somebody said that the business stops without it.", "Declared."),
        Column("contested", FLAG, "Whether the cut reaches it is disputed.", "As right as its source."),
        Column(
            "verdict",
            TEXT,
            "yes, or unknown where it depends on facts that contradict each other.",
            "As right as its source.",
        ),
        Column("stance", TEXT, "Weakest stance under it.", "As right as its source."),
        Column("cause", TEXT, "The need or party that fails first.", "One chain; others may exist."),
        Column("proof", TEXT, "The chain as a sentence.", "One chain; others may exist."),
        Column("facts", TEXTS, "fact_ids in the chain.", "As right as its source."),
        Column(
            "stopping",
            COUNT,
            "Assets that stop with this cut in all; of many, the critical ones and the first to stop have rows.",
            "Of the assets that are known.",
        ),
    ),
)
