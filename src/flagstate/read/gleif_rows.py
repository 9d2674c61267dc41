"""What the records of GLEIF say, as facts: entities, who consolidates whom, and why a parent is not told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model
from flagstate.catalog.countries import CODES
from flagstate.catalog.mask import mask_party
from flagstate.read.gleif_given import LINE, schema
from flagstate.read.gleif_sql import SELECTS, SHARED
from flagstate.read.owners import Flaws, registration
from flagstate.read.part import Facts, Part

HEIGHT = 65_536
HIDDEN = "‹name›"
"""Stands for the name of a sole proprietor: the business is called as the person is."""

RELATIONS = {
    "IS_DIRECTLY_CONSOLIDATED_BY": ("controls", "direct", False),
    "IS_ULTIMATELY_CONSOLIDATED_BY": ("controls", "indirect", False),
    "IS_INTERNATIONAL_BRANCH_OF": ("controls", "direct", False),
    "IS_SUBFUND_OF": ("controls", "direct", False),
    "IS_FUND-MANAGED_BY": ("manages", "direct", False),
    "IS_FEEDER_TO": ("owns", "direct", True),
}
"""Kind and directness of each type of relationship, and whether its start is the holder.

A branch and a sub-fund are parts of the entity that they belong to; a feeder holds shares of its master fund.
"""

EXCEPTIONS = {
    "DIRECT_ACCOUNTING_CONSOLIDATION_PARENT": "direct",
    "ULTIMATE_ACCOUNTING_CONSOLIDATION_PARENT": "indirect",
}
"""Which parent a reporting exception is about."""

NO_AUTHORITY = (None, "RA888888", "RA999999")
"""What stands where an authority has no code, or there is none."""

VOID = ("ANNULLED", "DUPLICATE", "CANCELLED")
"""States of a registration under which a record never held."""


def valid(column: pa.Array) -> pa.Array:
    """Return which texts are LEIs with the right check digits (ISO 17442: MOD 97-10), all at once."""
    texts = pc.utf8_upper(pc.utf8_trim_whitespace(pc.fill_null(column, "")))
    shaped = pc.match_substring_regex(texts, "^[0-9A-Z]{18}[0-9]{2}$")
    held = np.asarray(shaped, dtype=bool)
    result = np.zeros(len(texts), dtype=bool)
    if held.any():
        joined = "".join(texts.filter(shaped).to_pylist()).encode("ascii")
        letters = np.frombuffer(joined, np.uint8).reshape(-1, 20).astype(np.int64)
        left = np.zeros(len(letters), np.int64)
        for at in range(20):
            code = letters[:, at]
            left = np.where(code < 65, left * 10 + code - 48, left * 100 + code - 55) % 97
        result[held] = left == 1
    return pa.array(result)


def stage(con: duckdb.DuckDBPyConnection, level: str, batches: Iterable[pa.RecordBatch]) -> None:
    """Put what the records say into the table `gleif_rows`, batch by batch.

    Args:
        con: A database; what does not fit into its memory it spills.
        level: Which file.
        batches: Its records, with the columns of `schema`.
    """
    select = SELECTS[level]
    codes = {"codes": sorted(CODES)} if "$codes" in select else None
    made = False
    for batch in batches:
        con.register("given", pa.Table.from_batches([batch]))
        into = "INSERT INTO gleif_rows" if made else "CREATE OR REPLACE TEMP TABLE gleif_rows AS"
        con.execute(f"{into} {select}", codes)
        made = True
    if not made:
        con.register("given", schema(level).empty_table())
        con.execute(f"CREATE OR REPLACE TEMP TABLE gleif_rows AS {select}", codes)


def clear(con: duckdb.DuckDBPyConnection) -> None:
    """Leave the database as it was."""
    con.unregister("given")
    con.execute("DROP TABLE IF EXISTS gleif_rows")


def entities(con: duckdb.DuckDBPyConnection, mask: Callable[[str], str], name: str, flaws: Flaws) -> Iterator[Part]:
    """Yield the entities of level 1; of several records of one LEI, the one updated last."""
    _void(con, flaws)
    _again(con, "lei", flaws)
    _note(con, flaws, "nowhere", "[country code is|country codes are] none of ISO 3166: left out")
    _note(con, flaws, "undated", "[day is no date|days are no dates]: left out")
    _note(con, flaws, "ended < begun", "[entity|entities] with an end before the beginning: both days were left out")
    untold = "[entity|entities] ended on a day that is not told: taken as if [it|they] went on"
    _note(con, flaws, "gone AND ended IS NULL", untold, lost=False)
    for batch in _batches(con, SHARED):
        yield Facts("legal_entity", _entities(batch, mask, name), "recorded")


def _entities(batch: pa.Table, mask: Callable[[str], str], name: str) -> pa.Table:
    held = batch.to_pydict()
    person = [category == "SOLE_PROPRIETOR" for category in held["category"]]
    state = [category == "RESIDENT_GOVERNMENT_ENTITY" for category in held["category"]]
    names = [
        None if given is None else HIDDEN if private else mask_party(given)
        for given, private in zip(held["name"], person, strict=True)
    ]
    numbers = [
        # A fund has the number of its manager, a branch that of its head office: such a number identifies nobody.
        None if shared or private or scheme in NO_AUTHORITY else registration(scheme, number)
        for scheme, number, shared, private in zip(
            held["authority"], held["number"], held["shared"], person, strict=True
        )
    ]
    sound = pc.invert(pc.fill_null(batch["reversed"], False))
    table = pa.table(
        {
            "entity_id": pc.binary_join_element_wise("lei", batch["lei"], ":"),
            "kind": ["state" if governs else "organisation" for governs in state],
            "name": pa.array(names, pa.string()),
            "lei": batch["lei"],
            "registration": pa.array([None if n is None else [n] for n in numbers], pa.list_(pa.string())),
            "entity_type": ["stateBody" if governs else "registeredEntity" for governs in state],
            "organised_in": pa.array(
                [None if code is None else [code] for code in held["organised_in"]], pa.list_(pa.string())
            ),
            "principal_place": batch["principal_place"],
            "valid_from": _time(batch["begun"], sound),
            "valid_to": _time(batch["ended"], sound),
            "status": pa.array(["sourced"] * batch.num_rows, pa.string()),
            "source": pc.binary_join_element_wise(name, batch[LINE].cast(pa.string()), ":"),
        }
    )
    return model.conform(table, model.LEGAL_ENTITY)


def interests(con: duckdb.DuckDBPyConnection, mask: Callable[[str], str], name: str, flaws: Flaws) -> Iterator[Part]:
    """Yield who consolidates, manages or feeds whom, of level 2."""
    _void(con, flaws)
    types = list(RELATIONS)
    for row in con.execute(
        f"SELECT {LINE}, type IS NULL OR NOT list_contains($types, type), low = high FROM gleif_rows "
        "WHERE type IS NULL OR NOT list_contains($types, type) OR low = high ORDER BY 1",
        {"types": types},
    ).fetchall():
        flaws.reject(row[0], "The type of the relationship is not known" if row[1] else "An entity is its own parent")
    con.execute(
        "DELETE FROM gleif_rows WHERE type IS NULL OR NOT list_contains($types, type) OR low = high", {"types": types}
    )
    con.execute("UPDATE gleif_rows SET ended = updated WHERE gone AND ended IS NULL")
    untold = "[relationship|relationships] ended on a day that is not told: left out"
    _note(con, flaws, "gone AND ended IS NULL", untold, lost=False)
    con.execute("DELETE FROM gleif_rows WHERE gone AND ended IS NULL")
    _note(con, flaws, "undated", "[day is no date|days are no dates]: left out, the relationship is contested")
    reversed_ = "[relationship|relationships] with an end before the beginning: both days were left out, contested"
    _note(con, flaws, "ended < begun", reversed_)
    _again(con, "low, high, type, begun", flaws)
    for batch in _batches(con, "SELECT *, ended < begun AS reversed FROM gleif_rows"):
        made = [RELATIONS[word] for word in batch["type"].to_pylist()]
        forward = pa.array([start for _, _, start in made])
        ends = [pc.binary_join_element_wise("lei", batch[end], ":") for end in ("low", "high")]
        sound = pc.invert(pc.fill_null(batch["reversed"], False))
        table = pa.table(
            {
                "holder_id": pc.if_else(forward, ends[0], ends[1]),
                "subject_id": pc.if_else(forward, ends[1], ends[0]),
                "kind": [kind for kind, _, _ in made],
                "interest_type": batch["type"],
                "directness": [directness for _, directness, _ in made],
                "contested": pc.if_else(
                    pc.and_not(sound, batch["undated"]), pa.scalar(None, pa.bool_()), pa.scalar(True)
                ),
                "valid_from": _time(batch["begun"], sound),
                "valid_to": _time(batch["ended"], sound),
                "status": pa.array(["sourced"] * batch.num_rows, pa.string()),
                "source": pc.binary_join_element_wise(name, batch[LINE].cast(pa.string()), ":"),
            }
        )
        yield Facts("interest", model.conform(table, model.INTEREST), "recorded")


def exceptions(con: duckdb.DuckDBPyConnection, mask: Callable[[str], str], name: str, flaws: Flaws) -> Iterator[Part]:
    """Yield why a direct or ultimate parent is not told: interests without a holder."""
    known = list(EXCEPTIONS)
    for row in con.execute(
        f"SELECT {LINE} FROM gleif_rows WHERE NOT coalesce(list_contains($known, category), false) OR reason = '' "
        "ORDER BY 1",
        {"known": known},
    ).fetchall():
        flaws.reject(row[0], "The exception does not say which parent is meant, or why it is not told")
    con.execute(
        "DELETE FROM gleif_rows WHERE NOT coalesce(list_contains($known, category), false) OR reason = ''",
        {"known": known},
    )
    _again(con, "lei, category, reason", flaws)
    for batch in _batches(con, "SELECT * FROM gleif_rows"):
        table = pa.table(
            {
                "subject_id": pc.binary_join_element_wise("lei", batch["lei"], ":"),
                "kind": pa.array(["controls"] * batch.num_rows, pa.string()),
                "interest_type": batch["category"],
                "directness": [EXCEPTIONS[word] for word in batch["category"].to_pylist()],
                "unknown_reason": [mask(reason) for reason in batch["reason"].to_pylist()],
                "status": pa.array(["sourced"] * batch.num_rows, pa.string()),
                "source": pc.binary_join_element_wise(name, batch[LINE].cast(pa.string()), ":"),
            }
        )
        yield Facts("interest", model.conform(table, model.INTEREST), "recorded")


def _note(con: duckdb.DuckDBPyConnection, flaws: Flaws, where: str, reason: str, *, lost: bool = True) -> None:
    """Note the lines for which a condition holds."""
    for row in con.execute(f"SELECT {LINE} FROM gleif_rows WHERE {where} ORDER BY 1").fetchall():
        flaws.note(row[0], reason, lost=lost)


def _void(con: duckdb.DuckDBPyConnection, flaws: Flaws) -> None:
    """Leave out records that were registered in error."""
    listed = {"void": list(VOID)}
    for row in con.execute(
        f"SELECT {LINE} FROM gleif_rows WHERE list_contains($void, registered) ORDER BY 1", listed
    ).fetchall():
        flaws.note(
            row[0],
            "[record was annulled or is a duplicate|records were annulled or are duplicates]: left out",
            lost=False,
        )
    con.execute("DELETE FROM gleif_rows WHERE list_contains($void, registered)", listed)


def _again(con: duckdb.DuckDBPyConnection, keys: str, flaws: Flaws) -> None:
    """Of records with the same key leave the one that was updated last."""
    ranked = f"row_number() OVER (PARTITION BY {keys} ORDER BY updated DESC NULLS LAST, {LINE} DESC)"
    con.execute(f"CREATE TEMP TABLE gleif_older AS SELECT {LINE} FROM gleif_rows QUALIFY {ranked} > 1")
    for row in con.execute(f"SELECT {LINE} FROM gleif_older ORDER BY 1 LIMIT 1000").fetchall():
        flaws.note(
            row[0],
            "[record stands|records stand] several times: only the one that was updated last was taken",
            lost=False,
        )
    con.execute(f"DELETE FROM gleif_rows WHERE {LINE} IN (SELECT {LINE} FROM gleif_older)")
    con.execute("DROP TABLE gleif_older")


def _batches(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[pa.Table]:
    for batch in con.sql(f"{query} ORDER BY {LINE}").to_arrow_reader(HEIGHT):
        if batch.num_rows:
            yield pa.Table.from_batches([batch])


def _time(days: pa.ChunkedArray, sound: pa.ChunkedArray) -> pa.ChunkedArray:
    whole = pc.if_else(sound, days, pa.scalar(None, pa.date32()))
    return pc.assume_timezone(whole.cast(pa.timestamp("us")), "UTC")
