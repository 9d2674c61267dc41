"""The cheapest set of measures that satisfies all clauses: a mixed-integer program, solved by HiGHS."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

from flagstate.assess.plan_clauses import Chosen, Clause, Instance

if TYPE_CHECKING:
    import highspy


@dataclass(frozen=True)
class Row:
    """A linear condition: the measures chosen of `plus`, less the sets of `minus` touched, are at least `least`."""

    plus: Chosen
    """Measures that count for it."""
    minus: frozenset[Chosen]
    """Sets of measures that each count once against it, as soon as one of them is chosen."""
    least: int
    """What must be reached."""

    @property
    def names(self) -> Chosen:
        """Return all measures in it."""
        return self.plus.union(*self.minus)

    @property
    def order(self) -> tuple[object, ...]:
        """Return what to sort by."""
        return sorted(self.plus), sorted(sorted(group) for group in self.minus), self.least

    def holds(self, chosen: Chosen) -> bool:
        """Return whether a choice satisfies it."""
        return len(self.plus & chosen) - sum(1 for group in self.minus if group & chosen) >= self.least


def each(names: Iterable[str]) -> frozenset[Chosen]:
    """Return every measure as a set of its own."""
    return frozenset(frozenset({name}) for name in names)


def not_all(names: Chosen) -> Row:
    """Return the condition that not all of some measures are chosen."""
    return Row(frozenset(), each(names), 1 - len(names))


@dataclass(frozen=True)
class Rules:
    """What may be combined with what, whatever the proofs say."""

    rows: tuple[Row, ...]
    """The conditions."""
    by: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    """The conditions by each measure in them."""

    def around(self, names: Iterable[str]) -> tuple[set[str], list[Row]]:
        """Return the conditions that bear on some measures, and all measures that these name in turn."""
        reached, todo = set(names), list(names)
        found: dict[Row, None] = {}
        while todo:
            for row in self.by.get(todo.pop(), ()):
                if row not in found:
                    found[row] = None
                    fresh = row.names - reached
                    # What excludes a measure matters only once it is wanted itself; what it requires always does.
                    if row.least == 0:
                        reached |= fresh
                        todo += sorted(fresh)
        kept = [row for row in found if row.names <= reached]
        return reached, kept


def rules(instances: Sequence[Instance]) -> Rules:
    """Return which measures exclude and require each other.

    Two measures that write different values to one cell or one new row exclude each other by themselves.

    Args:
        instances: The measures.
    """
    pairs = {frozenset((one.measure_id, other)) for one in instances for other in one.excludes}
    known = {one.measure_id for one in instances}
    pairs |= _clashing(instances)
    rows = [not_all(pair) for pair in sorted(pairs, key=sorted) if pair <= known and len(pair) == 2]
    for one in instances:
        me = each([one.measure_id])
        rows += [Row(wanted & known, me, 0) for wanted in one.requires if one.measure_id not in wanted]
    by: dict[str, list[Row]] = {}
    for row in rows:
        for name in sorted(row.names):
            by.setdefault(name, []).append(row)
    return Rules(tuple(rows), {name: tuple(listed) for name, listed in by.items()})


def _clashing(instances: Sequence[Instance]) -> set[Chosen]:
    writers: dict[object, dict[object, list[str]]] = {}
    for one in instances:
        for cell, value in one.edits.updates.items():
            writers.setdefault(cell, {}).setdefault(value, []).append(one.measure_id)
        for key, row in one.edits.inserts.items():
            writers.setdefault(key, {}).setdefault(row, []).append(one.measure_id)
    return {
        frozenset((one, other))
        for by_value in writers.values()
        for first, second in combinations(by_value.values(), 2)
        for one in first
        for other in second
        if one != other
    }


def row_of(clause: Clause) -> Row:
    """Return a clause as a condition: one breaker, or one of the given measures less."""
    return Row(clause.breakers, clause.given, 1 - len(clause.given))


def choose(costs: Mapping[str, int], rows: Sequence[Row], book: Rules, *, seconds: float) -> Chosen | None:
    """Return the cheapest set of measures under conditions; None: there is none.

    Args:
        costs: Cost of each measure, at least 1.
        rows: The conditions: clauses, and sets that are ruled out.
        book: What may be combined with what.
        seconds: Time for it.

    Raises:
        TimeoutError: The time was not enough.

    Returns:
        The set; the same for the same conditions, whatever their order.
    """
    wanted = {name for row in rows for name in row.names}
    if any(not row.plus and row.least > 0 for row in rows):
        return None
    reached, fixed = book.around(sorted(wanted))
    names = sorted(reached)
    if not names:
        return frozenset()
    listed = sorted({*rows, *fixed}, key=lambda r: r.order)
    found = _solve(names, [costs[name] for name in names], listed, seconds)
    if found is not None and not all(row.holds(found) for row in listed):
        raise ArithmeticError("the solver returned a set that does not satisfy its conditions")
    return found


def _solve(names: Sequence[str], costs: Sequence[int], rows: Sequence[Row], seconds: float) -> Chosen | None:
    import highspy
    import numpy as np

    build: Any = highspy.Highs  # its constructor has no types
    solver = build()
    # Proofs of optimality, not nearly: gaps of zero, one thread and one seed so that a run can be repeated.
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("random_seed", 0),
        ("mip_rel_gap", 0.0),
        ("mip_abs_gap", 0.0),
        ("mip_feasibility_tolerance", 1e-9),
        ("time_limit", max(seconds, 0.01)),
    ):
        solver.setOptionValue(option, value)
    count = len(names)
    at = {name: number for number, name in enumerate(names)}
    unit = math.gcd(*costs)
    every = np.arange(count, dtype=np.int32)
    solver.addVars(count, np.zeros(count), np.ones(count))
    solver.changeColsCost(count, every, np.array([cost // unit for cost in costs], dtype=np.float64))
    solver.changeColsIntegrality(count, every, np.ones(count, dtype=np.uint8))
    groups: dict[Chosen, int] = {}
    for row in rows:
        terms = dict.fromkeys((at[name] for name in sorted(row.plus)), 1.0)
        for group in sorted(row.minus, key=sorted):
            where_is = at[next(iter(group))] if len(group) == 1 else _group(solver, group, groups, at)
            terms[where_is] = terms.get(where_is, 0.0) - 1.0
        where = np.array(list(terms), dtype=np.int32)
        solver.addRow(row.least, solver.inf, len(terms), where, np.array(list(terms.values()), dtype=np.float64))
    solver.run()
    status = solver.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return None
    if status != highspy.HighsModelStatus.kOptimal:
        raise TimeoutError("the cheapest set was not found in time")
    values = solver.getSolution().col_value
    return frozenset(name for name in names if values[at[name]] > 0.5)


def _group(solver: highspy.Highs, group: Chosen, groups: dict[Chosen, int], at: Mapping[str, int]) -> int:
    """Return the number of a column that is 1 as soon as one of some measures is chosen."""
    import numpy as np

    if group not in groups:
        groups[group] = column = len(at) + len(groups)
        solver.addVar(0.0, 1.0)
        for name in sorted(group):
            pair = np.array([column, at[name]], dtype=np.int32)
            solver.addRow(0.0, solver.inf, 2, pair, np.array([1.0, -1.0]))
    return groups[group]


def irreducible(costs: Mapping[str, int], rows: Sequence[Row], book: Rules, *, until: float) -> list[Row]:
    """Return conditions that no set of measures satisfies together, of which none can be left out.

    Args:
        costs: Cost of each measure.
        rows: Conditions that no set satisfies.
        book: What may be combined with what.
        until: Monotonic time after which no more are left out.
    """
    alone = [row for row in rows if not row.plus and row.least > 0]
    if alone:
        return [min(alone, key=lambda r: r.order)]
    kept = list(rows)
    size = max(1, len(kept) // 2)
    while size and time.monotonic() < until:
        start = 0
        while start < len(kept) and time.monotonic() < until:
            rest = kept[:start] + kept[start + size :]
            if choose(costs, rest, book, seconds=max(0.1, until - time.monotonic())) is None:
                kept = rest
            else:
                start += size
        size //= 2
    return kept
