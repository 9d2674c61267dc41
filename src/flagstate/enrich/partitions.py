"""Puts the parts of one table together: a year of daily files is one table, not 365.

Parts are files whose names differ only in a date, a number or a random id (`catalog.containers.pattern`), of the same
kind of format, with the same classes of data. Two parts hold the same classes if those that are not rare (`RARE`) in
one are found in the other, but for a fifth of them (`DIFFER`): so a new column in the middle of a year parts nothing,
and a table with other columns, which only looks alike by its name, stays alone. Running text has no columns: its parts
go by their name.

The rows of the parts are replaced by those of the table, not kept beside them: nothing counts twice, a finding names
one container, and the page stays readable. How many parts there are, the first and the last, stand in `marks`, where
the name of a declared part is still found; every part is a member of the set that the row rests on, and what was read
of each one stays in the working folder of the case.

What it cannot see: that a part is a copy or a later version of another one, unless its bytes are the same. Then records
count twice; persons do not, where something names them. Bounds of persons come from united samples: a legal bar that
lies between them is not settled by another reading, as it is within one file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model
from flagstate.catalog import sketch
from flagstate.catalog.containers import pattern
from flagstate.enrich.classify.holdings import FEW
from flagstate.enrich.trade import CLASS, trade_flows

RARE = 20
"""A class is rare in a part where its most frequent class has more than so many times its records."""

DIFFER = 5
"""Of so many classes, one may be missing in a part, or be more than in the others."""

TABLES = 16
"""Tables of the same name that are told apart; what fits none of them stays alone."""

SHOWN = 2
"""Reasons that are kept of the largest part."""

TEXT = "text"
INFERRED = "inferred_"
CONFIDENCES = ("low", "medium", "high")

Row = dict[str, object]
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Part:
    """One container of one file."""

    evidence_id: str
    """Its row of the ledger."""
    artefact: str
    """Its file, masked."""
    container: str
    """Its name."""
    rows: tuple[Row, ...]
    """Its rows of `holding`."""

    @property
    def key(self) -> Key:
        """What tells it from others."""
        return self.evidence_id, f"store:{self.artefact}", self.container

    @property
    def inner(self) -> str:
        """Name within the file."""
        return self.container.removeprefix(self.artefact)

    @property
    def whole(self) -> frozenset[str]:
        """All its classes."""
        return frozenset(str(row["data_class"]) for row in self.rows)

    @property
    def core(self) -> frozenset[str]:
        """Its classes that are neither rare nor derived from others."""
        most = max(_number(row["records"]) for row in self.rows)
        return frozenset(
            name for row in self.rows
            if not (name := str(row["data_class"])).startswith(INFERRED)
            and name != CLASS and _number(row["records"]) * RARE >= most
        )  # fmt: skip


@dataclass(frozen=True)
class Table:
    """Parts that are one table."""

    asset_id: str
    """Where it is held."""
    container: str
    """Its name."""
    artefact: str
    """Name that its files share."""
    parts: tuple[Part, ...]
    """Its parts, by name."""

    @property
    def members(self) -> list[str]:
        """Rows of the ledger that it rests on."""
        return sorted({part.evidence_id for part in self.parts})

    @property
    def evidence_id(self) -> str:
        """Row of the ledger that stands for its members."""
        return model.digest("set", *self.members)

    @property
    def marks(self) -> list[str]:
        """How many parts, the first and the last."""
        return [f"parts:{len(self.parts)}", f"first:{self.parts[0].artefact}", f"last:{self.parts[-1].artefact}"]


def unite(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Return holdings and populations with the parts of each table put together.

    Args:
        tables: holding, population and evidence.

    Returns:
        `holding` and `population`, whole; of `evidence` one row per united table that stands for its parts, to be
        added. Records are sums. Subjects are those of the united samples, where the same class of key tells them apart
        in all parts; else at least those of the largest, at most the sum. A trade flow, and what goods tell, are judged
        on the whole table.
    """
    holding, population = tables["holding"], tables["population"]
    made = _find(holding, tables["evidence"])
    if not made:
        return {"holding": holding, "population": population}
    counted = _Counts(population)
    found, counts, sets = [], [], {}
    for table in made:
        together = counted.unite(table)
        rows = _holdings(table, together)
        stamped = model.stamp(model.rows(model.HOLDING, rows), model.HOLDING, **_stance(table))
        found.append(stamped)
        counts.append(model.stamp(model.rows(model.POPULATION, together), model.POPULATION, **_stance(table)))
        sets[table.evidence_id] = _set(table)
    gone = {part.key for table in made for part in table.parts}
    return {
        "holding": pa.concat_tables([_without(holding, gone), *found]),
        "population": pa.concat_tables([_without(population, gone), *counts]),
        "evidence": model.rows(model.EVIDENCE, [sets[name] for name in sorted(sets)]),
    }


def _stance(table: Table) -> dict[str, str]:
    return {"stance": "observed", "evidence_id": table.evidence_id}


def _set(table: Table) -> Row:
    return {
        "evidence_id": table.evidence_id,
        "artefact": f"{table.artefact} ({len(table.members)} files)",
        "kind": "set",
        "state": "set",
        "members": table.members,
        "overlaps": [],
    }


def _without(table: pa.Table, gone: set[Key]) -> pa.Table:
    names = ("evidence_id", "asset_id", "container", "stance")
    kept = [
        stance != "observed" or (evidence_id, asset_id, container or "") not in gone
        for evidence_id, asset_id, container, stance in zip(*(table.column(n).to_pylist() for n in names), strict=True)
    ]
    return table.filter(pa.array(kept, pa.bool_()))


def _find(holding: pa.Table, evidence: pa.Table) -> list[Table]:
    """Return the tables that have several parts, by name."""
    ledger = evidence.select(["evidence_id", "artefact", "kind"]).to_pylist()
    files = {row["evidence_id"]: row for row in ledger if pattern(row["artefact"] or "") != row["artefact"]}
    seen = holding.filter(pc.equal(holding.column("stance"), "observed"))
    by: dict[tuple[str, str], list[Row]] = {}
    for row in seen.filter(pc.is_in(seen.column("evidence_id"), pa.array(list(files), pa.string()))).to_pylist():
        # A store that its own reader names, such as a server in recorded traffic, is no part of a file's table.
        if row["asset_id"] == f"store:{files[row['evidence_id']]['artefact']}":
            by.setdefault((row["evidence_id"], str(row["container"] or "")), []).append(row)
    groups: dict[tuple[str, ...], list[Part]] = {}
    for (evidence_id, container), rows in by.items():
        file = files[evidence_id]
        part = Part(evidence_id, file["artefact"], container, tuple(rows))
        family = str(file["kind"] or "").split(" ")[0]
        states = ",".join(sorted({str(row["state"]) for row in rows}))
        groups.setdefault((pattern(part.artefact), part.inner, family, states), []).append(part)
    made = [table for key, parts in sorted(groups.items()) for table in _tables(key, parts)]
    # In two formats, the same name may stand for two tables.
    names = Counter((table.asset_id, table.container) for table in made)
    return [table if names[table.asset_id, table.container] == 1 else _named(table) for table in made]


def _named(table: Table) -> Table:
    first = table.parts[0].artefact.replace("\\", "/").rsplit("/", 1)[-1]
    return Table(f"{table.asset_id} ({first} …)", f"{table.container} ({first} …)", table.artefact, table.parts)


def _tables(key: tuple[str, ...], parts: list[Part]) -> list[Table]:
    """Tell tables of the same name apart by their classes, beginning with what most parts hold."""
    name, inner, family, _ = key
    left = sorted(parts, key=lambda part: (part.artefact, part.evidence_id))
    cores = {part.key: part.core for part in left}
    made: list[Table] = []
    while len(left) > 1 and len(made) < TABLES:
        counts = Counter(cores[part.key] for part in left)
        usual = min(counts, key=lambda core: (-counts[core], sorted(core)))
        known = frozenset().union(*(part.whole for part in left if cores[part.key] == usual))
        alike = {p.key for p in left if family == TEXT or _alike(cores[p.key], p.whole, usual, known)}
        one = tuple(part for part in left if part.key in alike)
        left = [part for part in left if part.key not in alike]
        if len({part.evidence_id for part in one}) > 1:
            container = f"{name}{inner}" if one[0].container.startswith(one[0].artefact) else inner
            made.append(Table(f"store:{name}", container, name, one))
    return made


def _alike(core: frozenset[str], whole: frozenset[str], usual: frozenset[str], known: frozenset[str]) -> bool:
    return (len(usual - whole) + len(core - known)) * DIFFER <= len(usual | core)


class _Counts:
    """The rows of `population`, of which only those of one table are unpacked at a time: their samples are large."""

    def __init__(self, population: pa.Table) -> None:
        self.sketches = population.column("sketch")
        self.rows = population.drop_columns("sketch").to_pylist()
        self.by: dict[Key, list[int]] = {}
        for at, row in enumerate(self.rows):
            if row["stance"] == "observed":
                self.by.setdefault((row["evidence_id"], row["asset_id"], str(row["container"] or "")), []).append(at)

    def unite(self, table: Table) -> list[Row]:
        """Return the populations of a table, over all its parts."""
        groups: dict[tuple[object, ...], list[int]] = {}
        for part in table.parts:
            for at in self.by.get(part.key, ()):
                row = self.rows[at]
                key = (tuple(row["data_classes"]), row["about"], row["month"], row["unit"], row["subject_class"])
                groups.setdefault(key, []).append(at)
        return [
            _population(table, [self.rows[at] | {"sketch": self.sketches[at].as_py()} for at in listed])
            for _, listed in sorted(groups.items(), key=lambda item: [str(value) for value in item[0]])
        ]


def _population(table: Table, rows: Sequence[Row]) -> Row:
    kept = ("data_classes", "about", "month", "unit", "subject_class")
    low, high = sketch.union(rows)
    sketches = [made for row in rows if isinstance(made := row["sketch"], bytes)]
    marks = _texts(rows, "marks")
    estimated = "estimate" in marks or (low != high and any(made[0] for made in sketches))
    counted = rows[0]["unit"] is not None
    return {name: rows[0][name] for name in kept} | {
        "asset_id": table.asset_id,
        "container": table.container,
        "records": sum(_number(row["records"]) for row in rows),
        "subjects_lo": low if counted else None,
        "subjects_hi": high if counted else None,
        "sketch": sketch.merge(sketches) if sketches else None,
        "marks": [m for m in marks if m != "estimate"] + (["estimate"] if estimated and low != high else []),
    }


def _holdings(table: Table, populations: list[Row]) -> list[Row]:
    groups: dict[tuple[str, str], list[Row]] = {}
    for part in table.parts:
        for row in part.rows:
            groups.setdefault((str(row["data_class"]), str(row["about"] or "")), []).append(row)
    flows = groups.pop((CLASS, ""), [])
    made = [_holding(table, rows, populations) for _, rows in sorted(groups.items())]
    told = {str(row["data_class"]) for row in made}
    more = (_inferred(table, topic, populations) for topic in sorted(_topics(populations) - told))
    made += [topic for topic in more if topic is not None]
    return sorted([*made, *_flow(table, flows, made, populations)], key=lambda row: str(row["data_class"]))


def _holding(table: Table, rows: Sequence[Row], populations: Iterable[Row]) -> Row:
    name, unit = str(rows[0]["data_class"]), next((row["unit"] for row in rows if row["unit"]), None)
    counted = [p for p in populations if p["unit"] == unit and name in _list(p["data_classes"])] if unit else []
    inside = sum(_number(row["records"]) for row in counted)
    records = sum(_number(row["records"]) for row in rows)
    if name.startswith(INFERRED):
        # Parts in which a handful of rows told it did not say so by themselves.
        records = max(records, inside)
    largest = max(rows, key=lambda row: (_number(row["records"]), str(row["container"])))
    best = max((str(row["confidence"] or "low") for row in rows), key=CONFIDENCES.index)
    low, high = _subjects(rows, counted, records - inside) if unit else (None, None)
    return {
        "asset_id": table.asset_id,
        "container": table.container,
        "data_class": name,
        "about": rows[0]["about"],
        "records": records,
        "unit": unit,
        "subjects_lo": low,
        "subjects_hi": high,
        "state": rows[0]["state"],
        "key_ids": _texts(rows, "key_ids") or None,
        "marks": [*_texts(rows, "marks"), *table.marks],
        "confidence": best,
        "reasons": [
            _united(table, len(rows)),
            *(f"in the one with most of it: {why}" for why in _list(largest["reasons"])[:SHOWN]),
        ],
    }


def _united(table: Table, holding: int) -> str:
    some = f", {holding:,} of them hold it" if holding < len(table.parts) else ""
    return f"{len(table.parts):,} files are one table by their names and classes{some}"


def _subjects(rows: Sequence[Row], counted: Sequence[Row], uncounted: int) -> tuple[int, int]:
    """Bounds from populations where there are any; rows that are in none may each be one more."""
    lows, highs = ([_number(row[name]) for row in rows] for name in ("subjects_lo", "subjects_hi"))
    low, high = max(lows), sum(highs)
    if counted:
        least, most = sketch.union(counted)
        low, high = max(low, least), min(high, most + max(0, uncounted))
    return low, max(low, high)


def _topics(populations: Iterable[Row]) -> set[str]:
    return {name for row in populations for name in _list(row["data_classes"]) if name.startswith(INFERRED)}


def _inferred(table: Table, topic: str, populations: Sequence[Row]) -> Row | None:
    """What goods tell in the whole table, though in no part often enough to be said."""
    told = [row for row in populations if row["unit"] == "persons" and topic in _list(row["data_classes"])]
    records = sum(_number(row["records"]) for row in told)
    if records < FEW:
        return None
    low, high = sketch.union(told)
    return {
        "asset_id": table.asset_id,
        "container": table.container,
        "data_class": topic,
        "records": records,
        "unit": "persons",
        "subjects_lo": low,
        "subjects_hi": high,
        "state": table.parts[0].rows[0]["state"],
        "marks": ["inferred", *table.marks],
        "confidence": "medium" if records >= 10 * FEW else "low",
        "reasons": [f"{_united(table, len(table.parts))}: in all of them together, texts or codes of goods tell it"],
    }


def _flow(table: Table, flows: Sequence[Row], made: list[Row], populations: list[Row]) -> list[Row]:
    """The trade flow of the whole table, over the period of all its parts."""
    whole = trade_flows(model.rows(model.HOLDING, made), model.rows(model.POPULATION, populations)).to_pylist()
    if not whole:
        return []
    flow = whole[0]
    marks = _list(flow["marks"])
    for prefix, choose in (("from:", min), ("to:", max)):
        told = [mark for mark in [*_texts(flows, "marks"), *marks] if mark.startswith(prefix)]
        marks = [mark for mark in marks if not mark.startswith(prefix)] + ([choose(told)] if told else [])
    named = {
        name: flow[name]
        for name in ("asset_id", "container", "data_class", "records", "state", "confidence", "reasons")
    }
    return [named | {"marks": [*marks, *table.marks]}]


def _texts(rows: Iterable[Row], name: str) -> list[str]:
    return list(dict.fromkeys(text for row in rows for text in sorted(_list(row[name]))))


def _list(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
