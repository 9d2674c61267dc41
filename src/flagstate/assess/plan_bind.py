"""Measures of the catalogue bound to the rows of a world: what each would delete, change and insert there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import product
from string import Formatter

import pyarrow as pa

from flagstate import model
from flagstate.assess.plan_clauses import Instance
from flagstate.assess.plan_edits import KEY_COLUMNS, Edits, Row, planned_row
from flagstate.assess.plan_rows import Rows, several, shown
from flagstate.catalog.country_names import country_name
from flagstate.catalog.measures import ROLES, Measure, measures

Params = Mapping[str, object]

IDENTITY: dict[str, tuple[str, ...]] = {
    "data": ("asset",),
    "keyed": ("asset",),
    "opaque": ("asset",),
    "held": ("asset",),
    "movable": ("asset",),
    "run_by": ("asset", "entity"),
    "key": ("key",),
    "declared_key": ("key", "asset"),
    "key_user": ("key", "entity"),
    "staff": ("staff",),
    "updater": ("asset", "entity"),
    "supplier": ("asset", "entity", "kind"),
    "licensor": ("asset", "entity"),
    "authenticator": ("asset", "entity"),
    "need_group": ("asset", "group"),
    "tested": ("asset",),
    "column": ("asset", "container", "data_class"),
    "destination": ("entity",),
    "clause": ("subject", "control"),
    "owner": ("entity", "to"),
    "expendable": ("asset",),
}
"""The parameters that tell one instance from another, by what a measure is bound to."""

_ROLE_IDS = {
    "operator": "plan:operator:{place}",
    "second": "plan:second-operator:{second_place}",
    "key_holder": "plan:key-holder:{place}",
    "staff": "plan:staff:{staff}:{place}",
    "support": "plan:support:{staff}:{place}",
    "owner": "plan:owner:{entity}:{to}:{place}",
}


def ident(code: str, params: Params) -> str:
    """Return the id of a measure applied to something."""
    names = IDENTITY[measures()[code].per]
    return ":".join([code, *(str(params.get(name)) for name in names)])


def bind(code: str, params: Params, rows: Rows, on: date) -> Instance | None:
    """Return a measure of the catalogue bound to something; None: there it changes nothing, or lacks a parameter.

    Args:
        code: Code of the catalogue.
        params: The parameters that its kind of binding offers; `place` and the like may be missing.
        rows: The world.
        on: The day of the tests that it makes.
    """
    measure = measures()[code]
    if measure.brings and not params.get("second_place" if "second" in measure.brings else "place"):
        return None
    given = dict(params) | {"today": on}
    if measure.brings or "place" in given:
        given["country"] = country_name(str(given.get("second_place" if "second" in measure.brings else "place")))
    fresh: list[dict[str, object]] = []
    for role in measure.brings:
        _bring(role, given, fresh)
    edits = _edits(measure, given, rows, fresh)
    if edits is None or not edits:
        return None
    subjects = _subjects(measure, params)
    return Instance(
        ident(code, params),
        code,
        _sentence(measure.does, given),
        # To give up much costs more than to give up little.
        measure.cost * (len(several(given["assets"])) if measure.per == "expendable" else 1),
        measure.lead_days,
        edits,
        _sentence(measure.opens, given),
        tuple(sorted((name, str(value)) for name, value in params.items() if isinstance(value, str | int))),
        frozenset(ident(other, params) for other in measure.excludes),
        tuple(frozenset({ident(other, params)}) for other in measure.requires),
        subjects,
    )


def _subjects(measure: Measure, params: Params) -> frozenset[str]:
    """Return the words for what a measure takes away as a whole: whatever is said of it falls."""
    if measure.per == "expendable":
        return frozenset(f"subject:{asset}" for asset in several(params.get("assets")))
    return frozenset({f"subject:{params['entity']}"}) if measure.per == "destination" else frozenset()


def _sentence(template: str, params: Params) -> str:
    fields = {name for _, name, _, _ in Formatter().parse(template) if name}
    return template.format(**{name: params.get(name) or "what is not named" for name in fields})


def _bring(role: str, given: dict[str, object], fresh: list[dict[str, object]]) -> None:
    """Bring in a hypothetical party, unless the user named a real one."""
    group = role in ("staff", "support")
    name = f"new_{role}" if group else role
    if given.get(name):
        given.setdefault(f"{name}_name", shown(given[name]))
        return
    fields = {key: shown(value) if key != "place" else value for key, value in given.items()}
    given[name] = key = _ROLE_IDS[role].format(**fields)
    place = given["second_place" if role == "second" else "place"]
    row: dict[str, object] = {"entity_id": key, "kind": "group" if group else "organisation"}
    given[f"{name}_name"] = words = ROLES[role].format(country=country_name(str(place)))
    row |= {"name": words, "status": "fictitious", "source": "planned"}
    # Only by where it is and under which law is it out of reach: nothing else says so.
    row |= {"located_in": [place]} if group else {"organised_in": [place], "principal_place": place}
    fresh.append(row)


def _edits(measure: Measure, given: Params, rows: Rows, fresh: list[dict[str, object]]) -> Edits | None:
    deletes: set[tuple[str, str]] = set()
    updates: dict[tuple[str, str, str], object] = {}
    inserts: dict[tuple[str, str], Row] = {}
    for noun, conditions in measure.delete.items():
        key = KEY_COLUMNS.get(noun, "fact_id")
        for condition in conditions:
            where = _filled(condition, given)
            if where is None:
                return None
            deletes |= {(noun, str(row[key])) for row in rows.where(noun, where)}
    for noun, changes in measure.update.items():
        for change in changes:
            where, new = _filled(change.where, given), _filled(change.set, given)
            if where is None or new is None:
                return None
            for row in rows.where(noun, where):
                for column, value in (*new.items(), *_added(row, change.add)):
                    if _hard(row[column]) != value:
                        updates[noun, str(row["fact_id"]), column] = value
    only_new = bool(measure.insert) and not measure.delete and not measure.update
    if not (deletes or updates or only_new):
        return None
    for noun, row in (*(("legal_entity", row) for row in fresh), *_new_rows(measure, given)):
        fact, frozen = planned_row(noun, row)
        inserts[noun, fact] = frozen
    return Edits(frozenset(deletes), updates, inserts)


def _added(row: Mapping[str, object], add: Mapping[str, str]) -> Iterator[tuple[str, object]]:
    for column, word in add.items():
        known = several(row[column]) if row[column] else ()
        yield column, known if word in known else (*known, word)


def _hard(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _new_rows(measure: Measure, given: Params) -> Iterator[tuple[str, dict[str, object]]]:
    for noun, listed in measure.insert.items():
        many = {column.name: pa.types.is_list(column.type) for column in model.NOUNS[noun].columns}
        for template in listed:
            row = _filled(template, given)
            if row is None:
                continue
            names = [name for name, value in row.items() if isinstance(value, tuple) and not many[name]]
            for values in product(*(several(row[name]) for name in names)):
                yield (
                    noun,
                    {k: list(v) if isinstance(v, tuple) else v for k, v in row.items()}
                    | dict(zip(names, values, strict=True)),
                )


def _filled(template: Mapping[str, object], given: Params) -> dict[str, object] | None:
    """Return a condition or row with its parameters filled in; None: one of them is not there."""
    made: dict[str, object] = {}
    for column, value in template.items():
        if isinstance(value, str) and value.startswith("$"):
            if value[1:] not in given:
                return None
            made[column] = _hard(given[value[1:]])
        elif isinstance(value, str) and "{" in value:
            made[column] = value.format(**given)
        else:
            made[column] = _hard(value)
    return made
