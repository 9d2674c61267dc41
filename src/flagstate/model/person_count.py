"""How many distinct persons or devices one container tells about: by law category, and by classes that stand together."""

from __future__ import annotations

from flagstate.model.noun import COUNT, DAY, FLAG, TEXT, TEXTS, Column, Noun

PERSON_COUNT = Noun(
    "person_count",
    "derived",
    "How many distinct persons or devices a container tells about, in the fullest 12 months up to a day.",
    (
        Column("asset_id", TEXT, "Where.", "Ids are ours; two of them may name one real thing."),
        Column(
            "container",
            TEXT,
            "Table, file, path or column group; masked; null: the whole asset.",
            "Parts that match a data class are masked, so two real values may look alike.",
        ),
        Column(
            "about",
            TEXT,
            "Group of persons: an entity, or residents:US; null: nobody says.",
            "Declared or by a residence column; residence is not nationality.",
        ),
        Column(
            "kind",
            TEXT,
            "category: everybody with data of one law category; linked: everybody with all of `data_classes` in one row.",
            "One person may be in several rows of this table: rows of one container are not to be added for a lower bound.",
        ),
        Column(
            "category",
            TEXT,
            "law/category; null for linked. A combination of listed identifiers counts as us_28cfr202/covered_personal_identifier.",
            "Purposes that a law exempts are not looked at here.",
        ),
        Column(
            "data_classes",
            TEXTS,
            "linked: the classes of one row; category: the classes of that category that were found or declared.",
            "Marked linkage_unknown: nobody says that they stand together; then the lower bound is what must overlap.",
        ),
        Column(
            "unit",
            TEXT,
            "persons or devices, never added to each other; null units are read from the classes.",
            "A device has several users, and a user several devices.",
        ),
        Column(
            "subjects_lo",
            COUNT,
            "Distinct subjects in the fullest window, at least; null: not known.",
            "One person may have two e-mail addresses, and two persons one.",
        ),
        Column(
            "subjects_hi",
            COUNT,
            "Distinct subjects in any window, at most; null: no upper bound is known.",
            "From a sample it is right in all but about one of a thousand.",
        ),
        Column(
            "window_from",
            DAY,
            "First day of the fullest 12 months.",
            "Whole calendar months by the dates in the data, which are not the dates of a transaction; "
            "what has no date is in every window.",
        ),
        Column(
            "window_to", DAY, "Last day of the fullest 12 months, never after the day asked for.", "As window_from."
        ),
        Column(
            "series",
            TEXT,
            "JSON: month (or year, where dates are coarser) to [at least, at most]; null: no dates.",
            "Months do not add up: one person may be in several.",
        ),
        Column(
            "exact",
            FLAG,
            "Both bounds are the same and do not contradict each other.",
            "As right as who says it: see stance.",
        ),
        Column(
            "stance",
            TEXT,
            "Weakest stance under the upper bound, or under the lower one where there is no upper one.",
            "Marked lower_declared: the lower bound is from a declaration and above what was seen.",
        ),
        Column("facts", TEXTS, "fact_ids of holding and population, 20 at most.", "The tables have all of them."),
        Column(
            "marks",
            TEXTS,
            "Marks of the holdings and populations, all together.",
            "A mark of one part stands for the whole row.",
        ),
        Column("states", TEXTS, "stored, moved or used; all that occur.", "Use is often not observable."),
        Column(
            "key_ids",
            TEXTS,
            "Keys that are needed for every part of it; empty: some part needs no key; null: not known.",
            "Declared unless configured.",
        ),
    ),
)
