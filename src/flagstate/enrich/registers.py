"""Whole registers of owners: what is tied to the case is kept, with everything above it; the rest is counted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model
from flagstate.model.counted import counted

MANY = 20_000
"""Rows of registers below which all are kept."""


def tied(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Keep of big registers what is tied to the case: its own entities, their identifiers, and whoever stands above.

    Args:
        tables: legal_entity and interest with what was read and what the catalog knows; holding, agreement, event.

    Returns:
        `legal_entity` and `interest` without rows of registers that nothing in the case leads to, and `coverage` that
        counts them; nothing where there are few rows, or where no entity of the case is named beside the registers.

    What it drops can be no one's owner here: only subsidiaries and strangers. A register given alone is kept whole.
    """
    entities, interests = tables["legal_entity"], tables["interest"]
    foreign, loose = _of_register(entities), _of_register(interests)
    # The sum of nothing is null.
    if (pc.sum(foreign).as_py() or 0) + (pc.sum(loose).as_py() or 0) < MANY:
        return {}
    seeds = _seeds(tables, entities.filter(pc.invert(foreign)), interests.filter(pc.invert(loose)))
    named = _same(entities, seeds)
    if not named:
        return {}
    kept = pa.array(sorted(_above(interests, named | seeds)), pa.string())
    some = pc.or_(pc.invert(foreign), pc.is_in(entities["entity_id"], value_set=kept))
    link = pc.or_(pc.invert(loose), pc.is_in(interests["subject_id"], value_set=kept))
    return {
        "legal_entity": entities.filter(some),
        "interest": interests.filter(link),
        "coverage": _counted(entities.num_rows, some, interests.num_rows, link),
    }


def _of_register(table: pa.Table) -> pa.ChunkedArray:
    """Say which rows a register of the evidence gave: recorded, and not by the catalog."""
    recorded = pc.fill_null(pc.equal(table["stance"], "recorded"), False)
    ours = pc.fill_null(pc.starts_with(table["evidence_id"], "catalog:"), False)
    return pc.and_(recorded, pc.invert(ours))


def _seeds(tables: Mapping[str, pa.Table], entities: pa.Table, interests: pa.Table) -> set[str]:
    found = {str(one) for one in entities["entity_id"].unique().to_pylist() if one}
    columns = [(interests, "holder_id"), (interests, "subject_id")]
    columns += [(tables["holding"], "about"), (tables["agreement"], "from_id"), (tables["agreement"], "to_id")]
    columns += [(tables["endpoint"], "operator_id"), (tables["event"], "subject_id")]
    for table, column in columns:
        found |= {str(one) for one in table[column].unique().to_pylist() if one}
    return found


def _same(entities: pa.Table, seeds: set[str]) -> set[str]:
    """Return the register's ids of the case's entities: the same id, LEI or registration number."""
    of_case = entities.filter(pc.is_in(entities["entity_id"], value_set=pa.array(sorted(seeds), pa.string())))
    leis = {str(lei).upper() for lei in of_case["lei"].to_pylist() if lei}
    numbers = {n for row in of_case["registration"].to_pylist() for n in row or ()}
    foreign = entities.filter(_of_register(entities))
    by_lei = pc.is_in(pc.utf8_upper(foreign["lei"]), value_set=pa.array(sorted(leis), pa.string()))
    by_id = pc.is_in(foreign["entity_id"], value_set=pa.array(sorted(seeds), pa.string()))
    found = set(foreign.filter(pc.or_(pc.fill_null(by_lei, False), by_id))["entity_id"].to_pylist())
    if numbers:
        wanted = {_plain(n) for n in numbers}
        pairs = zip(foreign["entity_id"].to_pylist(), foreign["registration"].to_pylist(), strict=True)
        found |= {one for one, listed in pairs if any(_plain(n) in wanted for n in listed or ())}
    return {str(one) for one in found}


def _plain(number: str) -> str:
    return number.replace(" ", "").upper()


def _above(interests: pa.Table, seeds: set[str]) -> set[str]:
    """Return the seeds and all that hold something in them, over any number of steps."""
    holders = interests["holder_id"].combine_chunks().dictionary_encode()
    ids = pa.concat_arrays([interests["holder_id"].combine_chunks(), interests["subject_id"].combine_chunks()])
    coded = ids.dictionary_encode()
    names = coded.dictionary.to_pylist()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    holder, subject = codes[: len(holders)], codes[len(holders) :]
    inside = np.zeros(len(names) + 1, bool)
    number = {name: at for at, name in enumerate(names)}
    inside[[number[one] for one in seeds if one in number]] = True
    while True:
        more = holder[inside[subject] & ~inside[holder] & (holder >= 0) & (subject >= 0)]
        if not len(more):
            break
        inside[more] = True
    return seeds | {names[at] for at in np.flatnonzero(inside[:-1]) if names[at] is not None}


def _counted(entities: int, some: pa.ChunkedArray, interests: int, link: pa.ChunkedArray) -> pa.Table:
    left = (entities - pc.sum(some).as_py(), interests - pc.sum(link).as_py())
    remark = (
        f"Of the registers that were read, {counted(left[0], 'entit[y|ies]')} and {counted(left[1], 'interest[|s]')} "
        "are not tied to this case and were left out: they own and control nobody in it."
    )
    rows = [
        {"noun": noun, "scope": "registers", "complete": "unknown", "said_by": "flagstate", "remark": remark}
        for noun in ("legal_entity", "interest")
    ]
    return model.rows(model.COVERAGE, rows)
