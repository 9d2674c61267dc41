"""Which classes of data the columns of a table hold: decided per column on its values, helped by its name.

One pass over the records makes a summary per column: how many values there are, and a uniform sample of at most SAMPLE
distinct ones (those with the smallest hashes), from which the number of distinct values follows too. Summaries merge in
any order. No value leaves this module: a holding says classes, counts, shares and masked column names.

What it cannot see: values in a language or form that no class describes; a class that fewer than one in twenty values
has; columns after the first MOST_COLUMNS. Counts of a mixed column are estimates from the sample, and say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import sqrt

import duckdb
import numpy as np
import pyarrow as pa

from flagstate import model
from flagstate.catalog.data_class import DataClass, load
from flagstate.catalog.mask import mask
from flagstate.catalog.names import fold
from flagstate.catalog.person_shapes import person_spans

SAMPLE = 2000
"""Distinct values that are looked at per column."""

FIRST = 60
"""Of these, how many must show one hit before all are tested."""

BATCH = 20_000
MOST_COLUMNS = 2000
LONGEST = 1000
"""Characters of a value that are looked at."""

SURE, MIXED, CHANCE = 0.9, 0.05, 0.95
SPACE = float(2**64)
SPLIT = re.compile(r"(?<=[a-zß-ÿ0-9])(?=[A-ZÀ-Þ])|[^\w]+|_+")


@dataclass(frozen=True)
class Column:
    """What one pass keeps of a column, in memory only."""

    name: str
    """Masked."""
    filled: int
    """Values that are neither null nor blank."""
    sample: dict[int, str] = field(default_factory=dict, repr=False)
    """Distinct values by hash: all of them, or the SAMPLE smallest hashes."""

    @property
    def whole(self) -> bool:
        """Whether the sample is every distinct value."""
        return len(self.sample) < SAMPLE

    def distinct(self) -> tuple[int, int]:
        """Bounds of the number of distinct values: exact when the sample is whole, else three standard errors."""
        size = len(self.sample)
        if self.whole:
            return size, size
        guess = (size - 1) / ((max(self.sample) + 1) / SPACE)
        error = 3 / sqrt(size - 2)
        return max(size, int(guess * (1 - error))), min(self.filled, int(guess * (1 + error)) + 1)


@dataclass(frozen=True)
class Summary:
    """What one pass keeps of a table."""

    rows: int = 0
    """Records."""
    columns: tuple[Column, ...] = ()
    """In the order of the table."""


@dataclass(frozen=True)
class Decision:
    """One class in one column."""

    made: DataClass
    column: Column
    share: float
    confidence: str
    reason: str


def summarise(
    relation: duckdb.DuckDBPyRelation, container: str, classes: Sequence[DataClass] | None = None, *, asset_id: str = ""
) -> pa.Table:
    """Return the holdings of one table.

    Args:
        relation: Its records; read once, to the end.
        container: Its name, masked.
        classes: Data classes to look for; null: those that are shipped.
        asset_id: Where it is stored.

    Returns:
        Rows of `holding`, one per class; `subjects_lo` counts distinct values where one value stands for one person or
        device, else it is 1; `subjects_hi` is the number of records.
    """
    return holdings(scan(relation), container, classes, asset_id=asset_id)


def scan(relation: duckdb.DuckDBPyRelation) -> Summary:
    """Read the records once and keep a summary.

    Args:
        relation: Records with any columns; binary ones are passed over.
    """
    names = list(zip(relation.columns, map(str, relation.types), strict=True))[:MOST_COLUMNS]
    texts = [(name, _text(name)) for name, type_ in names if type_ not in ("BLOB", "BIT", "GEOMETRY")]
    if not texts:
        return Summary()
    # In two steps: planning time grows with the square of the expressions that are alike.
    cleaned = ", ".join(f"{text} AS v{at}" for at, (_, text) in enumerate(texts))
    chosen = ", ".join(f"v{at}, hash(v{at}) AS h{at}" for at in range(len(texts)))
    total = Summary(0, tuple(Column(mask(name), 0) for name, _ in texts))
    for batch in relation.project(cleaned).project(chosen).to_arrow_reader(BATCH):
        total = merge(total, _batch(batch, [name for name, _ in texts]))
    return total


def _text(name: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    return f"nullif(trim(left(CAST({quoted} AS VARCHAR), {LONGEST}), E' \\t\\r\\n'), '')"


def _batch(batch: pa.RecordBatch, names: list[str]) -> Summary:
    columns = []
    for at, name in enumerate(names):
        values, hashes = batch.column(2 * at), batch.column(2 * at + 1).to_numpy(zero_copy_only=False)
        valid = np.flatnonzero(values.is_valid().to_numpy(zero_copy_only=False))
        kept, first = np.unique(hashes[valid].astype(np.uint64), return_index=True)
        texts = values.take(pa.array(valid[first[:SAMPLE]])).to_pylist()
        columns.append(Column(mask(name), len(valid), dict(zip(kept[:SAMPLE].tolist(), texts, strict=True))))
    return Summary(batch.num_rows, tuple(columns))


def merge(one: Summary, other: Summary) -> Summary:
    """Return the summary of both parts of one table; the order does not matter, and an empty one changes nothing."""
    if not one.columns or not other.columns:
        return one if one.columns else other
    pairs = zip(one.columns, other.columns, strict=True)
    return Summary(one.rows + other.rows, tuple(_joined(a, b) for a, b in pairs))


def _joined(one: Column, other: Column) -> Column:
    sample = one.sample | other.sample
    if len(sample) > SAMPLE:
        sample = {key: sample[key] for key in sorted(sample)[:SAMPLE]}
    return Column(one.name, one.filled + other.filled, sample)


def holdings(
    summary: Summary, container: str, classes: Sequence[DataClass] | None = None, *, asset_id: str = ""
) -> pa.Table:
    """Return rows of `holding` from a summary.

    Args:
        summary: As `scan` or `merge` made it.
        container: Name of the table, masked.
        classes: Data classes to look for; null: those that are shipped.
        asset_id: Where it is stored.
    """
    found: dict[str, list[Decision]] = {}
    for column in summary.columns:
        for decision in decide(column, load() if classes is None else classes):
            found.setdefault(decision.made.id, []).append(decision)
    rows = [_holding(decisions, mask(container), asset_id) for _, decisions in sorted(found.items())]
    return model.rows(model.HOLDING, rows)


def _holding(decisions: list[Decision], container: str, asset_id: str) -> dict[str, object]:
    made = decisions[0].made
    records = max(_records(d) for d in decisions)
    best = max(decisions, key=lambda d: _rank(d.confidence))
    lowest = max(round(d.column.distinct()[0] * d.share) for d in decisions) if made.identifies else 1
    return {
        "asset_id": asset_id or None,
        "container": container,
        "data_class": made.id,
        "records": records,
        "unit": made.unit or None,
        "subjects_lo": min(max(1, lowest), records) if made.unit else None,
        "subjects_hi": records if made.unit else None,
        "state": "stored",
        "confidence": best.confidence,
        "reasons": [d.reason for d in decisions],
    }


def _rank(confidence: str) -> int:
    """Return the place of a confidence in rising order."""
    return ("low", "medium", "high").index(confidence)


def _records(decision: Decision) -> int:
    return decision.column.filled if decision.share >= SURE else max(1, round(decision.column.filled * decision.share))


def decide(column: Column, classes: Iterable[DataClass]) -> list[Decision]:
    """Return the classes that a column holds.

    Args:
        column: Its summary.
        classes: Data classes to look for.
    """
    values = [column.sample[key] for key in sorted(column.sample)]
    if not values:
        return []
    named = _words(column.name)
    strong: list[Decision] = []
    weak: list[Decision] = []
    for made in classes:
        hinted = _hints(named, made.headers)
        if made.decide == "header":
            weak.extend(_by_header(made, column, values) if hinted else ())
        else:
            strong.extend(_by_value(made, column, values, hinted=hinted) or _inside(made, column, values))
    if not any(d.made.id == "person_name" for d in weak):
        weak.extend(_by_dictionary(column, values, classes))
    settled = {d.made.group for d in strong if d.share >= SURE}
    return strong + [d for d in weak if d.made.group not in settled]


def _by_value(made: DataClass, column: Column, values: list[str], *, hinted: bool) -> list[Decision]:
    """The values have the form, and where it has a check digit, pass it far more often than chance would."""
    form = re.compile(made.shape)
    if not hinted and not any(form.fullmatch(value) for value in values[:FIRST]):
        return []
    shaped = [value for value in values if form.fullmatch(value)]
    verify = made.verify
    passed = sum(verify(value) for value in shaped) if verify else len(shaped)
    share = passed / len(values)
    least = 1 if hinted or not verify else 3
    if passed < least or share < MIXED or passed < (0.8 if hinted else CHANCE) * len(shaped):
        return []
    confidence = "high" if share >= SURE and (passed >= 10 or (hinted and passed >= 3)) else "medium"
    if passed < 3 and not (hinted and share >= SURE):
        confidence = "low"
    why = " and pass the check" if verify else ""
    return [
        Decision(made, column, share, confidence, _reason(column, share, len(values), f"have the form{why}", hinted))
    ]


def _by_header(made: DataClass, column: Column, values: list[str]) -> list[Decision]:
    """The column's name says so, and its values do not speak against it."""
    share = sum(made.holds(value) for value in values) / len(values)
    if share < (0.95 if made.check else 0.8):
        return []
    confidence = "high" if made.check and len(values) >= 10 else "medium" if len(values) >= 3 else "low"
    return [Decision(made, column, share, confidence, _reason(column, share, len(values), "fit it", True))]


def _by_dictionary(column: Column, values: list[str], classes: Iterable[DataClass]) -> list[Decision]:
    """Most values are a forename and a surname of the dictionary."""
    made = next((c for c in classes if c.id == "person_name"), None)
    if made is None or len(values) < 5:
        return []
    few = values[: 5 * FIRST]
    hits = sum(
        len(value) <= 60 and any(end - start >= 0.6 * len(value) for start, end, _ in person_spans(value, "domain"))
        for value in few
    )
    share = hits / len(few)
    if share < 0.4:
        return []
    confidence = "medium" if len(few) >= 10 else "low"
    # Names that the dictionary lacks stand beside those that it knows: the whole column counts.
    return [Decision(made, column, 1.0, confidence, _reason(column, share, len(few), "are known names", False))]


def _inside(made: DataClass, column: Column, values: list[str]) -> list[Decision]:
    """Values of the class stand inside longer texts."""
    if not made.token or made.token in ("id", "device") or sum(map(len, values[:FIRST])) < 15 * len(values[:FIRST]):
        return []
    form = re.compile(made.find or made.shape)
    few = values[: 10 * FIRST]
    verify = made.verify
    finds = [[m.group() for m in form.finditer(value) if m.group() != value] for value in few]
    passed = [[text for text in texts if not verify or verify(text)] for texts in finds]
    hits = sum(map(bool, passed))
    share = hits / len(few)
    if hits < 3 or share < 0.01 or sum(map(len, passed)) < 0.8 * sum(map(len, finds)):
        return []
    return [
        Decision(made, column, share, "low", _reason(column, share, len(few), "contain it in a longer text", False))
    ]


def _reason(column: Column, share: float, size: int, what: str, hinted: bool) -> str:
    by_name = "; the column's name says so" if hinted else ""
    estimate = "; the count is an estimate" if share < SURE else ""
    percent = "under 1" if share < 0.01 else f"{share * 100:.0f}"
    return f"column {column.name}: {percent} % of {size:,} distinct values {what}{by_name}{estimate}"


def _words(name: str) -> list[str]:
    return [word for word in fold(SPLIT.sub(" ", name)).replace("(key)", "").split(" ") if word]


def _hints(words: list[str], headers: Iterable[str]) -> bool:
    """Whether a column's name ends in a phrase that speaks for a class; numbers after it do not matter."""
    while words and words[-1].isdigit():
        words = words[:-1]
    joined = " ".join(words)
    for header in headers:
        if f" {joined}".endswith(f" {header}") or (
            " " in header and header.replace(" ", "") == joined.replace(" ", "")
        ):
            return True
        if not header.isascii() and header in joined:
            return True
    return False
