"""Rows of the summary of DNS: their columns, and how they merge. See `lookups`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flagstate.enrich.behave.lookup_names import BUCKETS

KEPT = 64
"""Hashes of names per client and domain."""
DAYS = 400
"""Days per client and domain, the latest."""
RESOLVERS = 8
"""Servers per client and domain, the first in order of text."""
TYPES = ("a", "aaaa", "txt", "null", "cname", "mx", "srv", "ptr", "https", "other")
SUMS = (
    "queries", "answered", "nxdomain", "label_bytes", "label_bytes_sq", "upper", "high",
    *(f"type_{kind}" for kind in TYPES), "answer_count", "answer_bytes",
)  # fmt: skip
"""Columns that add up."""
MOST, LEAST = ("max_label", "max_name", "last_us"), ("first_us",)
LARGEST = 2**62
"""Sums stop here."""

SCHEMA = pa.schema(
    [("orig_h", pa.string()), ("domain", pa.string()), ("domain_key", pa.uint64()), ("names", pa.int64())]
    + [(name, pa.int64()) for name in (*SUMS, *MOST, *LEAST)]
    + [("chars", pa.list_(pa.int64(), BUCKETS)), ("resolvers", pa.list_(pa.string()))]
    + [("sketch", pa.list_(pa.uint64())), ("sketch_label", pa.list_(pa.int64()))]
    + [("sketch_answer", pa.list_(pa.int64()))]
    + [(name, pa.list_(pa.int64())) for name in ("days", "day_bytes", "day_hours")]
)
"""One row per client (`orig_h`) and registrable domain.

`domain` is masked, and null where the questions carried nothing; `domain_key` is its keyed hash (0: null).
`names` distinct names, exact up to 64. `queries`, `answered`, `nxdomain` and `type_…` count questions.
`label_bytes` bytes below the domain over all questions, without dots; `label_bytes_sq` their squares; `upper`, `high`
capitals and bytes beyond ASCII in them; `chars` their characters by class (`lookup_names.SIZES`). `max_label` and
`max_name` in bytes. `answer_count`, `answer_bytes` what came back: 4 or 16 bytes for an address, else the
length of the text. `sketch`, `sketch_label`, `sketch_answer`: hash, bytes below it and most bytes that came back
of the names that are kept. `days` (since 1970), `day_bytes` label bytes of each, `day_hours` 24-bit mask of its hours.
"""

Ints = npt.NDArray[np.int64]


def merge(tables: Iterable[pa.Table]) -> pa.Table:
    """Return several summaries as one; any order and any grouping of them gives the same rows in the same order.

    Args:
        tables: Rows of `SCHEMA`; none gives an empty table.
    """
    whole = pa.concat_tables([SCHEMA.empty_table(), *tables]).combine_chunks()
    if not whole.num_rows:
        return whole
    whole = whole.take(pc.sort_indices(whole, [("orig_h", "ascending"), ("domain_key", "ascending")]))
    client = whole["orig_h"].combine_chunks().dictionary_encode().indices.fill_null(-1).to_numpy().astype(np.int64)
    key = whole["domain_key"].to_numpy()
    fresh = np.concatenate([[True], (client[1:] != client[:-1]) | (key[1:] != key[:-1])])
    starts, rows, count = np.flatnonzero(fresh), np.cumsum(fresh) - 1, int(fresh.sum())
    columns: dict[str, pa.Array] = {
        "orig_h": whole["orig_h"].combine_chunks().take(pa.array(starts)),
        "domain_key": pa.array(key[starts]),
        "domain": _least(whole["domain"].combine_chunks(), rows, count),
        "chars": fixed(added(_flat(whole, "chars").reshape(-1, BUCKETS), starts)),
    }
    columns |= {name: pa.array(added(whole[name].to_numpy(), starts)) for name in SUMS}
    columns |= {name: pa.array(np.maximum.reduceat(whole[name].to_numpy(), starts)) for name in MOST}
    columns |= {name: pa.array(np.minimum.reduceat(whole[name].to_numpy(), starts)) for name in LEAST}
    hashes = _flat(whole, "sketch").view(np.uint64)
    at = rows[_parents(whole, "sketch")]
    columns |= sketches(count, at, hashes, _flat(whole, "sketch_label"), _flat(whole, "sketch_answer"))
    at = rows[_parents(whole, "days")]
    columns |= daily(count, at, *(_flat(whole, name) for name in ("days", "day_bytes", "day_hours")))
    texts = pc.list_flatten(whole["resolvers"].combine_chunks())
    columns["resolvers"] = servers(count, rows[_parents(whole, "resolvers")], texts)
    return pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def _flat(table: pa.Table, name: str) -> npt.NDArray[np.int64]:
    made: npt.NDArray[np.int64] = pc.list_flatten(table[name].combine_chunks()).to_numpy(zero_copy_only=False)
    return made


def _parents(table: pa.Table, name: str) -> Ints:
    made: Ints = pc.list_parent_indices(table[name].combine_chunks()).to_numpy()
    return made


def added(values: Ints, starts: Ints) -> Ints:
    """Add up runs of rows; a sum stays within 64 bits whatever the logs claim, as each is capped at a quarter."""
    if not len(values) or int(values.max()) <= LARGEST // len(values):
        plain: Ints = np.add.reduceat(values, starts, axis=0)
        return plain
    halves = np.add.reduceat(values >> 31, starts, axis=0), np.add.reduceat(values & (2**31 - 1), starts, axis=0)
    full = halves[0] + (halves[1] >> 31)
    made: Ints = np.where(full >= 2**31, LARGEST, (full << 31) + (halves[1] & (2**31 - 1)))
    return np.minimum(made, LARGEST)


def _least(texts: pa.Array, rows: Ints, count: int) -> pa.Array:
    """Return per row the first of its texts in order: two keys that differ never meet, so all are alike."""
    order = pc.sort_indices(pa.table({"row": rows, "text": texts}), [("row", "ascending"), ("text", "ascending")])
    placed = np.searchsorted(rows[order.to_numpy()], np.arange(count))
    return texts.take(order).take(pa.array(placed))


def sketches(count: int, rows: Ints, hashes: npt.NDArray[np.uint64], label: Ints, answer: Ints) -> dict[str, pa.Array]:
    """Keep the smallest hashes of each row, each once with its bytes, and say how many names there are."""
    order = np.lexsort((hashes, rows))
    rows, hashes, label, answer = rows[order], hashes[order], label[order], answer[order]
    fresh = np.ones(len(rows), np.bool_)
    fresh[1:] = (rows[1:] != rows[:-1]) | (hashes[1:] != hashes[:-1])
    starts = np.flatnonzero(fresh)
    if len(starts):
        # Two names that share a hash are one; what they carried is the most that one of them did.
        label, answer = np.maximum.reduceat(label, starts), np.maximum.reduceat(answer, starts)
        rows, hashes = rows[starts], hashes[starts]
    first = np.searchsorted(rows, np.arange(count + 1))
    kept = (np.arange(len(rows)) - first[rows]) < KEPT
    rows, hashes, label, answer = rows[kept], hashes[kept], label[kept], answer[kept]
    sizes = np.bincount(rows, minlength=count)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    names = sizes.astype(np.int64)
    for full in np.flatnonzero(sizes == KEPT):
        names[full] = min(max((KEPT - 1 << 64) // int(hashes[offsets[full + 1] - 1]), KEPT), LARGEST)
    made = {"names": pa.array(names), "sketch": listed(offsets, hashes)}
    return made | {"sketch_label": listed(offsets, label), "sketch_answer": listed(offsets, answer)}


def daily(count: int, rows: Ints, days: Ints, sent: Ints, hours: Ints) -> dict[str, pa.Array]:
    """Add up each row's days, and keep the latest."""
    order = np.lexsort((-days, rows))
    rows, days, sent, hours = rows[order], days[order], sent[order], hours[order]
    fresh = np.ones(len(rows), np.bool_)
    fresh[1:] = (rows[1:] != rows[:-1]) | (days[1:] != days[:-1])
    starts = np.flatnonzero(fresh)
    if len(starts):
        sent, hours = added(sent, starts), np.bitwise_or.reduceat(hours, starts)
        rows, days = rows[starts], days[starts]
    first = np.searchsorted(rows, np.arange(count + 1))
    kept = (np.arange(len(rows)) - first[rows]) < DAYS
    back = np.lexsort((days[kept], rows[kept]))
    offsets = np.concatenate([[0], np.cumsum(np.bincount(rows[kept], minlength=count))])
    found = {"days": days, "day_bytes": sent, "day_hours": hours}
    return {name: listed(offsets, values[kept][back]) for name, values in found.items()}


def servers(count: int, rows: Ints, texts: pa.Array) -> pa.Array:
    """Keep each row's first servers in order of text."""
    once = pa.table({"row": rows, "text": texts}).filter(pc.is_valid(texts)).group_by(["row", "text"]).aggregate([])
    once = once.sort_by([("row", "ascending"), ("text", "ascending")])
    at = once["row"].to_numpy()
    first = np.searchsorted(at, np.arange(count + 1))
    kept = (np.arange(len(at)) - first[at]) < RESOLVERS
    offsets = np.concatenate([[0], np.cumsum(np.bincount(at[kept], minlength=count))])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), once["text"].combine_chunks().filter(pa.array(kept)))


def listed(offsets: Ints, values: npt.NDArray[np.int64] | npt.NDArray[np.uint64]) -> pa.Array:
    """Return lists of numbers by where each begins."""
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(values))


def fixed(values: Ints) -> pa.Array:
    """Return the rows of a matrix as lists."""
    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(values).reshape(-1)), BUCKETS)
