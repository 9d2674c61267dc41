"""The cheapest set of measures under which nothing unwanted remains, or the proof that no set of them works.

An implicit hitting set: choose the cheapest set that breaks every proof seen so far, apply it, derive again; what is
still unwanted gives new proofs. What was chosen is a lower bound of every working set, so the first set under which
nothing is unwanted is the cheapest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa

from flagstate import model
from flagstate.assess import plan_declared as declared
from flagstate.assess.plan_clauses import Chosen, Clause, Instance, Proofs, Violation, World, index, kept, met
from flagstate.assess.plan_edits import Tables
from flagstate.assess.plan_edits import apply as apply_edits
from flagstate.assess.plan_instances import Binder, controls_asked
from flagstate.assess.plan_solve import Row, Rules, choose, irreducible, not_all, row_of, rules
from flagstate.errors import UsageError

Derive = Callable[[dict[str, pa.Table]], list[Violation]]
Further = Callable[[Sequence[Violation]], Sequence[Instance]]

NEXT = 2
"""How many sets are shown beside the cheapest."""
EXACT = 8
EXACT_ASSETS = 200
"""Up to so many measures and assets, what each cures is derived anew; above, it is read off the proofs seen."""
EXPLORED = 6
"""Derivations that look for alternatives to many measures at once."""
MOST_ROUNDS = 200
MOST_SECONDS = 60.0


class _BoundHitError(Exception):
    """Rounds or time ran out."""


@dataclass
class Search:
    """One search: the measures, the proofs seen so far, and what is left of its bounds."""

    tables: Tables
    derive: Derive
    further: Further | None
    most_rounds: int
    until: float
    world: World
    proofs: Proofs
    book: Rules
    ruled_out: list[Row] = field(default_factory=list)
    rounds: int = 0
    least: int = 0
    """What every set that works costs at least, as far as is known."""
    known: dict[Chosen, list[Violation]] = field(default_factory=dict)

    def found(self, chosen: Chosen) -> list[Violation]:
        """Return what is unwanted with a set of measures in force."""
        if chosen not in self.known:
            after = apply_edits(self.tables, (self.world.instances[key].edits for key in sorted(chosen)))
            self.known[chosen] = [*self.derive(after), *kept(self.tables, after)]
        return self.known[chosen]

    def costs(self) -> dict[str, int]:
        """Return the cost of every measure."""
        return {key: one.cost for key, one in self.world.instances.items()}

    def conditions(self) -> list[Row]:
        """Return what every set that works satisfies, as far as is known."""
        return [*map(row_of, self.proofs.clauses()), *self.ruled_out]

    def look(self, chosen: Chosen) -> list[Violation]:
        """Derive with a set of measures, remember the proofs, and bring in the measures that bear on them."""
        found = self.found(chosen)
        self.world.put(chosen)
        self.world.book.load(self.world.base(fact) for violation in found for fact in violation.facts)
        for violation in found:
            if violation.searched:
                self.proofs.see(violation, chosen)
        if self.further is not None and found:
            fresh = {one.measure_id: one for one in self.further(found) if one.measure_id not in self.world.instances}
            self.world.book.load(fact for one in fresh.values() for fact in one.edits.rows)
            for _, one in sorted(fresh.items()):
                self.world.add(one)
            if fresh:
                self.book = rules([one for _, one in sorted(self.world.instances.items())])
        return found

    def cheapest(self) -> Chosen | None:
        """Return the cheapest set under which nothing is unwanted; None: there is none.

        Raises:
            _BoundHitError: Rounds or time ran out, or a search for proofs did.
        """
        while True:
            left = self.until - time.monotonic()
            if self.rounds >= self.most_rounds or left <= 0:
                raise _BoundHitError
            self.rounds += 1
            try:
                chosen = choose(self.costs(), self.conditions(), self.book, seconds=left)
            except TimeoutError:
                raise _BoundHitError from None
            if chosen is None:
                return None
            self.least = sum(self.world.instances[key].cost for key in chosen)
            found = self.look(chosen)
            if not found:
                return chosen
            if not any(violation.searched for violation in found):
                raise _BoundHitError

    def explore(self, avoid: Chosen) -> None:
        """See many alternatives to a set at once, so that the next best need not try them one by one.

        Args:
            avoid: The set; its measures count as dear here, which only decides where is looked.
        """
        dear = 1 + sum(self.costs().values())
        for _ in range(EXPLORED):
            left = self.until - time.monotonic()
            if self.rounds >= self.most_rounds // 2 or left <= 0:
                return
            self.rounds += 1
            costs = {key: dear if key in avoid else cost for key, cost in self.costs().items()}
            try:
                chosen = choose(costs, self.conditions(), self.book, seconds=left)
            except TimeoutError:
                return
            if chosen is None or not self.look(chosen):
                return

    def rule_out(self, chosen: Chosen) -> None:
        """Forbid a set and all that holds it, so that the next one is another way."""
        self.ruled_out.append(not_all(chosen))


def cheapest(
    tables: Tables,
    derive: Derive,
    instances: Iterable[Instance],
    *,
    further: Further | None = None,
    most_rounds: int = MOST_ROUNDS,
    most_seconds: float = MOST_SECONDS,
) -> pa.Table:
    """Find the cheapest set of measures under which nothing unwanted remains, and the next best two.

    Args:
        tables: Facts by noun; ids of entities unified.
        derive: What is unwanted in tables, with at least one proof of each thing unwanted.
        instances: The measures, bound to the tables.
        further: Returns measures that bear on proofs; asked whenever new proofs were seen.
        most_rounds: Bound on derivations.
        most_seconds: Bound on time.

    Returns:
        Rows of `plan`: `optimal` is proved within these measures and costs; `next` is the cheapest set that does not
        hold an earlier one; `ban` says that no set works, with the proofs that no measure breaks; `not_proved` says
        that a bound was hit; `nothing` that nothing unwanted was found.

    Cannot see: measures that are not in the catalogue; what a measure would change beyond its edits.
    """
    world = index(tables, instances)
    book = rules([one for _, one in sorted(world.instances.items())])
    until = time.monotonic() + most_seconds
    search = Search(tables, derive, further, most_rounds, until, world, Proofs(world), book)
    rows: list[dict[str, object]] = []
    for rank in range(1, NEXT + 2):
        try:
            chosen = search.cheapest()
        except _BoundHitError:
            rows.append(_not_proved(search, rank))
            break
        if chosen is None:
            rows += _ban(search) if rank == 1 else []
            break
        if not chosen:
            rows.append({"rank": 1, "state": "nothing", "words": NOTHING})
            break
        rows += _set(search, chosen, rank)
        search.rule_out(chosen)
        if rank == 1 and len(chosen) > EXACT:
            search.explore(chosen)
    return model.rows(model.PLAN, rows)


def plan(
    tables: Tables,
    derive: Derive,
    as_of: date,
    *,
    most_rounds: int = MOST_ROUNDS,
    most_seconds: float = MOST_SECONDS,
) -> pa.Table:
    """Find the cheapest measures of the catalogue, and of the user's own, under which nothing unwanted remains.

    Args:
        tables: Facts by noun.
        derive: What is unwanted in tables: see `cheapest`.
        as_of: The day on which facts and tests must hold.
        most_rounds: Bound on derivations.
        most_seconds: Bound on time.

    Returns:
        Rows of `plan`: see `cheapest`. Where `measures:` names a measure that there is not, or a cost below 1,
        `not_proved` says so: the plan would be another one.
    """
    binder = Binder(tables, as_of)
    try:
        said = declared.read(tables["measure"])
    except UsageError as error:
        return model.rows(model.PLAN, [{"rank": 1, "state": "not_proved", "words": f"No plan was sought. {error}"}])
    mine = list(declared.own(said, binder))
    asked: set[str] = set()

    def further(violations: Sequence[Violation]) -> list[Instance]:
        fresh = binder.near(violations) - asked
        asked.update(fresh)
        made = binder.bind(fresh, controls_asked(violations), among=asked)
        return declared.adjust(made, said)

    return cheapest(tables, derive, mine, further=further, most_rounds=most_rounds, most_seconds=most_seconds)


def instance_named(text: str, tables: Tables, as_of: date) -> Instance:
    """Return the measure that a person names, such as `move:wms` or a key of `measures:` in estate.yaml.

    Args:
        text: Its code and what it is applied to; `measure:` may stand in front.
        tables: Facts by noun.
        as_of: The day of the tests that it makes.

    Raises:
        UsageError: It names none that can be applied here, or more than one.
    """
    return declared.instance_named(text, tables, Binder(tables, as_of))


def apply(tables: Tables, chosen: Iterable[Instance]) -> dict[str, pa.Table]:
    """Return the tables as they would be with measures in force.

    Args:
        tables: Facts by noun.
        chosen: The measures, in any order.

    Raises:
        UsageError: Two of them write different values to one thing.
    """
    listed = sorted(chosen, key=lambda one: one.measure_id)
    try:
        return apply_edits(tables, [one.edits for one in listed])
    except ValueError as error:
        raise UsageError("These measures cannot be combined", why=str(error), todo="Leave one of them out") from error


NOTHING = "Nothing unwanted was found, so no measure is called for."
BAN = "Only a ban is left: no set of these measures breaks these proofs together."


def _set(search: Search, chosen: Chosen, rank: int) -> list[dict[str, object]]:
    instances = search.world.instances
    total = sum(instances[key].cost for key in chosen)
    clauses = search.proofs.clauses()
    made: list[dict[str, object]] = []
    for key in sorted(chosen, key=lambda k: (-instances[k].cost, k)):
        one = instances[key]
        made.append(
            {
                "rank": rank,
                "state": "optimal" if rank == 1 else "next",
                "measure_id": key,
                "measure": one.measure,
                "words": one.words + _required(search, chosen, key),
                "cost": one.cost,
                "total": total,
                "lead_days": one.lead_days,
                "cures": _cures(search, chosen, key, clauses),
                "opens": _opens(one, chosen, clauses),
            }
        )
    return made


def _required(search: Search, chosen: Chosen, key: str) -> str:
    """Return which of the other measures require one, as the end of a sentence."""
    by = [other for other in sorted(chosen) if any(key in one for one in search.world.instances[other].requires)]
    return f", which {' and '.join(search.world.instances[other].measure for other in by)} requires" if by else ""


def _cures(search: Search, chosen: Chosen, key: str, clauses: Sequence[Clause]) -> list[str]:
    """Return what comes back when one measure alone is left out."""
    rest = chosen - {key}
    back = {clause.violation.finding_id for clause in clauses if not clause.holds(rest)}
    small = len(chosen) <= EXACT and search.tables["asset"].num_rows <= EXACT_ASSETS
    if small and time.monotonic() < search.until:
        back = {violation.finding_id for violation in search.found(rest)}
    return sorted(back - {""})


def _opens(one: Instance, chosen: Chosen, clauses: Sequence[Clause]) -> list[str]:
    """Return what a measure opens: by the catalogue, and every proof that was seen only with it."""
    seen = {
        clause.violation.sentence
        for clause in clauses
        if any(one.measure_id in group for group in clause.given) and met(clause.given, chosen)
    } - {""}
    return [
        *([one.opens] if one.opens else []),
        *(f"Answered by the other measures: {words}" for words in sorted(seen)),
    ]


def _ban(search: Search) -> list[dict[str, object]]:
    clauses = {row_of(clause): clause for clause in reversed(search.proofs.clauses())}
    kept_rows = irreducible(search.costs(), list(clauses), search.book, until=search.until)
    said: dict[str, set[str]] = {}
    for row in kept_rows:  # proofs that differ in their facts alone may read alike: each sentence is told once
        violation = clauses[row].violation
        said.setdefault(violation.sentence, set()).update({violation.finding_id} - {""})
    return [
        {"rank": 1, "state": "ban", "words": BAN, "cures": sorted(cures), "proof": sentence}
        for sentence, cures in said.items()
    ]


def _not_proved(search: Search, rank: int) -> dict[str, object]:
    """Return the row that says that a bound was hit, with what every working set costs at least."""
    which = "The cheapest set" if rank == 1 else "The next best set"
    bound = f" Every set that works costs at least {search.least}." if search.least else ""
    words = f"{which} of measures was not proved: the bound of rounds or time was hit.{bound}"
    last = next(reversed(search.known.values()), [])
    proof = min((violation.sentence for violation in last), default=None)
    return {"rank": rank, "state": "not_proved", "words": words, "proof": proof}


__all__ = ["Instance", "Violation", "apply", "cheapest", "instance_named", "plan"]
