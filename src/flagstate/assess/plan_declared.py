"""What the declaring party says of measures: what they cost it, which are not open to it, and others of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

from flagstate.assess.plan_bind import IDENTITY, Params, bind
from flagstate.assess.plan_clauses import Instance
from flagstate.assess.plan_instances import Binder
from flagstate.assess.plan_rows import MANY, shown
from flagstate.catalog.form import near
from flagstate.catalog.measures import PER, measures
from flagstate.errors import UsageError

_TAKES_OVER = ("operator", "second", "key_holder", "holder", "owner", "new_staff", "new_support")
_VARIES = ("place", "to")


@dataclass(frozen=True)
class Said:
    """One row of `measure`."""

    measure_id: str
    code: str
    params: Mapping[str, object]
    cost: int | None
    lead_days: int | None
    possible: bool

    @property
    def bound(self) -> dict[str, object]:
        """Return what it is applied to; empty: everywhere."""
        own = measures()[self.code].per == "owner"  # there `to` names the company that is sold
        return {k: v for k, v in self.params.items() if k not in _VARIES or (own and k == "to")}

    @property
    def varied(self) -> dict[str, object]:
        """Return where to, and to whom, if the user says so."""
        return {k: v for k, v in self.params.items() if k in _VARIES and k not in self.bound}

    def meets(self, instance: Instance) -> bool:
        """Return whether a measure is the one that it speaks of."""
        known = dict(instance.params)
        return instance.measure == self.code and all(known.get(k) == str(v) for k, v in self.bound.items())

    def priced(self, instance: Instance) -> Instance:
        """Return a measure with the cost and the time that it names."""
        cost = instance.cost if self.cost is None else self.cost
        return replace(instance, cost=cost, lead_days=instance.lead_days if self.lead_days is None else self.lead_days)


def read(table: pa.Table) -> list[Said]:
    """Return what is said of measures, in the order of their ids.

    Raises:
        UsageError: A code is not in the catalogue, or a cost is not a positive whole number.
    """
    found = []
    for row in sorted(table.to_pylist(), key=lambda r: str(r["measure_id"])):
        code, key = str(row["measure"]), str(row["measure_id"])
        if code not in measures():
            raise _unknown(code, key)
        if row["cost"] is not None and row["cost"] < 1:
            raise UsageError("A measure must cost something", where=shown(key), todo="Write a cost of 1 or more")
        params = json.loads(row["params"] or "{}")
        possible = params.pop("possible", True) is not False
        found.append(Said(key, code, params, row["cost"], row["lead_days"], possible))
    return found


def _unknown(code: str, where: str) -> UsageError:
    close = near(code, list(measures()))
    hint = f"Did you mean {close}?" if close else "`flagstate plan --measures` lists them."
    return UsageError(f"There is no measure {code!a}", where=shown(where), todo=hint)


def adjust(instances: Iterable[Instance], said: Iterable[Said]) -> list[Instance]:
    """Return measures with the user's costs, without those that are not open to the user.

    Args:
        instances: Measures of the catalogue, bound.
        said: What is said of them; a word on one thing goes before a word on all.
    """
    listed = list(said)
    made = []
    for one in instances:
        about = sorted((s for s in listed if s.meets(one)), key=lambda s: len(s.bound))
        if any(not s.possible for s in about):
            continue
        changed = one
        for word in about:
            if not word.varied:
                changed = word.priced(changed)
        made.append(changed)
    return made


def own(said: Iterable[Said], binder: Binder) -> Iterator[Instance]:
    """Yield the measures that the user names with a place or a party of its own choice."""
    for one in said:
        for params in _bound(one, binder) if one.possible and one.varied else ():
            made = bind(one.code, params, binder.rows, binder.as_of)
            if made is not None:
                key = one.measure_id if one.bound else f"{one.measure_id}:{made.measure_id.partition(':')[2]}"
                # It is the same measure elsewhere: one of the two is enough.
                yield one.priced(replace(made, measure_id=key, excludes=made.excludes | {made.measure_id}))


def _bound(one: Said, binder: Binder) -> Iterator[Params]:
    per = measures()[one.code].per
    named = {str(value) for key, value in one.bound.items() if key in ("asset", "entity", "key", "to")}
    ids = sorted(named or _ids(binder, ""))
    place, party = one.varied.get("place"), one.varied.get("to")
    for kind, params in binder.bindings(ids):
        if kind == per and all(str(params.get(k)) == str(v) for k, v in one.bound.items()):
            made = dict(params)
            if place:
                made |= {"place": place, "second_place": place}
            if party:
                home = place or next(iter(binder.countries(str(party))), None)
                made |= dict.fromkeys(_TAKES_OVER, party) | ({"place": home, "second_place": home} if home else {})
                made |= {f"{role}_name": binder.name(party) for role in _TAKES_OVER}
            yield made


def instance_named(text: str, tables: Mapping[str, pa.Table], binder: Binder) -> Instance:
    """Return the measure that a person names: its code and what it is applied to, or a key of `measures:`.

    Args:
        text: Such as `move:wms`, `other_operator:wms:cloud`, `measure:move:wms`, or `my_move` of estate.yaml.
        tables: Facts by noun.
        binder: The world.

    Raises:
        UsageError: It names none, or more than one.
    """
    words = text.removeprefix("measure:")
    said = read(tables["measure"])
    declared = {one.measure_id: one for one in said}
    known = declared.get(words) or declared.get(f"est:measure:{words}")
    if known is not None:
        listed = [*own([known], binder), *_of(known.code, _about(known), binder, said)]
        found = [one for one in listed if known.meets(one)]
        return _single(found[:1] if known.varied else found, text)
    code, _, rest = words.partition(":")
    if code not in measures():
        raise _unknown(code, text)
    wanted = [shown(part) for part in _parts(rest)]
    every = _of(code, rest, binder, said)
    exact = [one for one in every if one.measure_id == words]
    return _single(exact or [one for one in every if _named(one, wanted, rest)], text)


def _about(known: Said) -> str:
    return ":".join(shown(value) for value in known.bound.values())


def _parts(rest: str) -> list[str]:
    return [part for part in rest.replace("est:", "").replace("ent:", "").split(":") if part]


def _named(one: Instance, wanted: list[str], rest: str) -> bool:
    names = IDENTITY[measures()[one.measure].per]
    params = dict(one.params)
    mine = [shown(params.get(name, "")) for name in names]
    return mine[: len(wanted)] == wanted or ":".join(mine) == rest


def _ids(binder: Binder, about: str) -> list[str]:
    """Return the assets and entities that a text names; an empty one names all assets, and few entities or none."""
    found = []
    for noun, column in (("asset", "asset_id"), ("legal_entity", "entity_id")):
        table = binder.tables[noun]
        if about or noun == "asset" or table.num_rows <= MANY:
            found += [key for one in table[column].to_pylist() if shown(key := str(one)) in about or not about]
    return sorted(set(found))


def _of(code: str, about: str, binder: Binder, said: Iterable[Said]) -> list[Instance]:
    ids = _ids(binder, about)
    per = measures()[code].per
    priced = [word for word in said if word.possible]
    made = [bind(code, params, binder.rows, binder.as_of) for kind, params in binder.bindings(ids) if kind == per]
    once = {one.measure_id: one for one in made if one is not None}
    return adjust(once.values(), priced)


def _single(found: list[Instance], text: str) -> Instance:
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(
            f"{text!a} is no measure that can be applied here",
            todo=f"Write a code and what it is applied to, such as move:wms; it is bound to {_per(text)}.",
        )
    some = ", ".join(sorted(shown(one.measure_id) for one in found)[:6])
    raise UsageError(f"{text!a} may be {len(found)} measures", todo=f"Write one of them: {some}")


def _per(text: str) -> str:
    code = text.removeprefix("measure:").partition(":")[0]
    return PER[measures()[code].per][0] if code in measures() else "something in the case"
