"""A table says the same of itself whether its texts come as they are or as dictionaries, and however it is cut."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.enrich import classify
from flagstate.enrich.classify import sample
from flagstate.read import parquet

KEY = bytes(range(16))
VALUES = [
    None, "", "  ", "jan@post.example", " jan@post.example ", "an@post.example", "4111111111111111", "4111111111111112",
    "5500005555555559", "write to jan@post.example today", "card 4111 1111 1111 1111 of Jan", "BE", "NL", "Belgium",
    "2026-03-04", "2026-04-05 10:11:12", "BE68539007547034", "BE68539007547035", "550e8400-e29b-41d4-a716-446655440000",
    "a longer text in which nothing stands", '{"mail": "jan@post.example", "n": 1}', "LX123456785CN", "é ü 日本",
]  # fmt: skip
COLUMNS = ("email", "card_number", "country", "created_at", "a")


def same(one: classify.Summary, other: classify.Summary) -> bool:
    """Whether everything that is kept is the same, samples and counts included."""
    return (one.rows, one.columns, one.plan, one.groups) == (other.rows, other.columns, other.plan, other.groups)


def cut(table: pa.Table, rows: int) -> pa.RecordBatchReader:
    """Return the table in batches; each has its own dictionaries where texts are coded."""
    return pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=rows))


def coded(table: pa.Table, *, unused: bool) -> pa.Table:
    """Return the table with dictionaries, of which some entries may be of no row."""
    arrays = []
    for column in table.columns:
        array = column.combine_chunks().dictionary_encode()
        if unused:
            entries = pa.concat_arrays([array.dictionary, pa.array(["nobody@post.example", "4111111111111112"])])
            array = pa.DictionaryArray.from_arrays(array.indices, entries)
        arrays.append(array)
    return pa.table(arrays, names=table.column_names)


rows_of = st.lists(st.lists(st.sampled_from(VALUES), min_size=5, max_size=5), min_size=1, max_size=60)


@settings(max_examples=40, deadline=None)
@given(rows_of, st.integers(1, 70), st.booleans())
def test_a_dictionary_and_its_values_make_one_summary(rows: list[list[str | None]], size: int, unused: bool) -> None:
    """Counts, samples, groups and subjects do not depend on how the texts are held, nor on where batches end."""
    table = pa.table(
        {name: pa.array([row[at] for row in rows], pa.string()) for at, name in enumerate(COLUMNS)}
    )  # fmt: skip
    plain = classify.scan(table.to_reader(), key=KEY)
    assert same(plain, classify.scan(cut(table, size), key=KEY))
    assert same(plain, classify.scan(cut(coded(table, unused=unused), size), key=KEY))


def test_values_that_are_one_thing_are_told_from_texts_that_hold_it() -> None:
    """The second batch of a column of accounts is searched only where a value is none, and the count is the same."""
    values = ["BE68539007547034"] * 90 + ["jan@post.example or (BE68539007547034)"] * 10
    table = pa.table({"ref": values * 3})
    (column,) = classify.scan(cut(table, 100), key=KEY).columns
    assert (column.held["iban"], column.inside["iban"], column.inside["email"]) == (270, 30, 30)


def test_many_values_keep_the_smallest_fingerprints() -> None:
    """A sample of a column with many distinct values is the same in any order of the rows."""
    texts = [f"user{number}@post.example" for number in range(20_000)]
    turned = [texts[at] for at in np.random.default_rng(1).permutation(len(texts))]
    one, other = (
        classify.scan(cut(pa.table({"email": some}), size), key=KEY).columns[0]
        for some, size in ((texts, 7000), (turned, 900))
    )
    assert one == other
    assert len(one.sample) == one.most


def test_texts_that_repeat_are_read_as_dictionaries(tmp_path: Path) -> None:
    """Repeating texts are read as a dictionary and distinct ones are not; without statistics only short codes are."""
    count = 30_000
    table = pa.table({
        "city": ["Zwijndrecht", "Antwerpen", "Gent"] * (count // 3),
        "firm": [f"Transport Maatschappij {number % 3000}" for number in range(count)],
        "ref": [f"ORD-{number:09d}" for number in range(count)],
        "number": list(range(count)),
    })  # fmt: skip
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=10_000)
    assert parquet._coded(pq.ParquetFile(tmp_path / "t.parquet")) == ["city", "firm"]
    bare = tmp_path / "bare.parquet"
    pq.write_table(table, bare, write_statistics=False)
    assert parquet._coded(pq.ParquetFile(bare)) == ["city"]


MOMENT = re.compile(rb"[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[ T][0-9]{2}:[0-9]{2}[-0-9:.+Z]{0,19}")


@settings(max_examples=200, deadline=None)
@given(st.from_regex(MOMENT, fullmatch=True), st.integers(0, 40), st.sampled_from(list(b"0x-/:. TZ+@")))
def test_a_moment_is_a_date_and_a_time_and_nothing_else(text: bytes, at: int, byte: int) -> None:
    """What is taken for a moment, and so not searched inside, has that form to its end."""
    changed = text[:at] + bytes([byte]) + text[at + 1 :]
    for some in (text, changed, text + b"\0", text[:15]):
        found = sample.moment(np.frombuffer(b"ab" + some, np.uint8), 2, 2 + len(some))
        assert found == bool(MOMENT.fullmatch(some))
