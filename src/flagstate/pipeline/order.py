"""The whole order of an audit after reading, as one tuple: each step makes tables from tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from flagstate import engine, model
from flagstate.assess import (
    activity,
    ascribed,
    behaviours,
    claims,
    compelled,
    cutoff,
    flows,
    holdings,
    payloads,
    reach,
    reconcile,
)
from flagstate.catalog.compulsion import Law
from flagstate.catalog.interest_kinds import interest_kinds
from flagstate.enrich import (
    accesses,
    assertions,
    behave,
    control,
    dependencies,
    identity,
    locate,
    needs,
    own,
    partitions,
    person_count,
    registers,
)
from flagstate.enrich.behave import clear_text
from flagstate.enrich.behave.seen import Traffic, looked
from flagstate.pipeline import catalogs
from flagstate.pipeline.rules import Hearing, hear

Tables = dict[str, pa.Table]


@dataclass(frozen=True)
class Run:
    """What every step may need beside the tables."""

    con: duckdb.DuckDBPyConnection | None
    """A database to work in; conclusions need none."""
    as_of: date
    """The day whose law, lists and ownership apply."""
    without_feeds: bool = False
    """Leave the providers' own address lists out."""
    user_dir: Path | None = None
    """Folder with databases that the user added."""
    laws: tuple[Law, ...] | None = None
    """Rows of compelled access; those of the catalog unless given."""

    traffic: Traffic | None = None
    """What the summaries of traffic say beside the flows; null: behaviour is not looked for anew."""

    rules: Hearing | None = None
    """How the laws are heard; null: they are not."""

    plan_seconds: float | None = None
    """How long to look for the cheapest plan; null: no plan is asked for."""

    @property
    def database(self) -> duckdb.DuckDBPyConnection:
        """The database, where a step needs one."""
        if self.con is None:
            raise ValueError("this step needs a database")
        return self.con


def _partitions(tables: Tables, _run: Run) -> Mapping[str, pa.Table]:
    return partitions.unite(tables)


def _needs(tables: Tables, _run: Run) -> Mapping[str, pa.Table]:
    return needs.apart(tables)


def _assertions(tables: Tables, _run: Run) -> Mapping[str, pa.Table]:
    return assertions.apart(tables)


def _accesses(tables: Tables, _run: Run) -> Mapping[str, pa.Table]:
    return accesses.accesses(tables)


def _locate(tables: Tables, run: Run) -> Mapping[str, pa.Table]:
    return locate.locate(tables, run.database, without_feeds=run.without_feeds, user_dir=run.user_dir)


def _own(tables: Tables, run: Run) -> Mapping[str, pa.Table]:
    return own.own(tables, tables["endpoint"], run.as_of)


def _behave(tables: Tables, run: Run) -> Mapping[str, pa.Table]:
    if run.traffic is None:
        return {}
    held = tables["endpoint"].select(["addr", "operator_id"]).to_pylist()
    named = dict(zip(*(tables["legal_entity"][name].to_pylist() for name in ("entity_id", "name")), strict=True))
    operators = {row["addr"]: named.get(row["operator_id"]) or row["operator_id"] for row in held if row["operator_id"]}
    with looked(tables["flow"], run.traffic, run.database, operators=operators) as seen:
        found = behave.find(seen)
    return {"behaviour": pa.concat_tables([found, model.conform(clear_text.find_moved(tables), model.BEHAVIOUR)])}


def _depend(tables: Tables, run: Run) -> Mapping[str, pa.Table]:
    return dependencies.depend(tables, run.as_of)


def _registers(tables: Tables, _run: Run) -> Mapping[str, pa.Table]:
    return registers.tied(tables)


def _reconcile(tables: Tables, run: Run) -> Mapping[str, pa.Table]:
    return {"reconciliation": reconcile.reconcile(tables, run.database, run.as_of)}


def _identify(tables: Tables, _run: Run) -> Mapping[str, pa.Table]:
    return identity.identify(tables)


def _control(tables: Tables, run: Run) -> Mapping[str, pa.Table]:
    return control.control(tables, run.as_of, of=_concerned(tables))


def _concerned(tables: Tables) -> set[str] | None:
    """Return the entities that the case speaks of beside a register; null: so few that all are derived."""
    entities, interests = tables["legal_entity"], tables["interest"]
    many = interests.num_rows + entities.num_rows >= MANY
    # Above its own bound `control` tells single links of what nobody asks for: a chain through them would be lost.
    if not many and entities.num_rows + 2 * interests.num_rows <= control.MANY:
        return None
    kinds = interest_kinds()
    found = {str(one) for one in tables["endpoint"]["operator_id"].unique().to_pylist() if one}
    for row in tables["interest"].select(["holder_id", "subject_id", "kind", "stance"]).to_pylist():
        known = kinds.get(row["kind"])
        if row["stance"] != "recorded" or (known is not None and known.control == "none" and not known.charge):
            found |= {str(row["holder_id"]), str(row["subject_id"])}
    for row in tables["legal_entity"].select(["entity_id", "stance"]).to_pylist():
        if row["stance"] != "recorded":
            found.add(str(row["entity_id"]))
    return found if found or many else None


def _compel(tables: Tables, run: Run) -> Mapping[str, pa.Table]:
    entities, interests = _bearing(tables)
    return {
        "compelled": compelled.compelled(
            entities,
            interests,
            tables["control_chain"],
            as_of=run.as_of,
            laws=run.laws,
            contradictions=tables["contradiction"],
        )
    }


def _bearing(tables: Tables) -> tuple[pa.Table, pa.Table]:
    """Return the entities and interests that bear on the case: its own, who stands above them, and who is in charge."""
    concerned = _concerned(tables)
    if concerned is None:
        return tables["legal_entity"], tables["interest"]
    chain, interests = tables["control_chain"], tables["interest"]
    concerned |= {str(one) for name in ("holder_id", "subject_id") for one in chain[name].unique().to_pylist()}
    interests = interests.filter(pc.is_in(interests["subject_id"], value_set=pa.array(sorted(concerned), pa.string())))
    concerned |= {str(one) for one in interests["holder_id"].unique().to_pylist() if one}
    kept = pc.is_in(tables["legal_entity"]["entity_id"], value_set=pa.array(sorted(concerned), pa.string()))
    return tables["legal_entity"].filter(kept), interests


def _reach(tables: Tables, run: Run) -> Mapping[str, pa.Table]:
    return reach.assess_reach(tables, run.as_of, laws=run.laws)


def _count(tables: Tables, run: Run) -> Mapping[str, pa.Table]:
    return {"person_count": person_count.person_count(tables, run.as_of)}


def _rules(tables: Tables, run: Run) -> Mapping[str, pa.Table]:
    if run.rules is None:
        return {}
    ledger = catalogs.recorded(tables["evidence"], run.rules.own)
    return {"finding": hear(tables, run.as_of, run.rules), "evidence": ledger}


def _holdings(tables: Tables, _run: Run) -> Mapping[str, pa.Table]:
    return {"finding": holdings.holdings(tables)}


def _flows(tables: Tables, _run: Run) -> Mapping[str, pa.Table]:
    return {"finding": flows.flows(tables)}


def _payloads(tables: Tables, _run: Run) -> Mapping[str, pa.Table]:
    return {"finding": payloads.payloads(tables)}


def _behaviours(tables: Tables, run: Run) -> Mapping[str, pa.Table]:
    return behaviours.behaviours(tables, run.as_of)


def _activity(tables: Tables, _run: Run) -> Mapping[str, pa.Table]:
    return {"finding": activity.activity(tables)}


def _cutoff(tables: Tables, run: Run) -> Mapping[str, pa.Table]:
    return cutoff.assess_cutoff(tables, run.as_of)


def _plan(tables: Tables, run: Run) -> Mapping[str, pa.Table]:
    if run.plan_seconds is None:
        return {}
    from flagstate.pipeline.plan import plan

    made = plan(tables, run.as_of, laws=run.laws, of=_concerned(tables), most_seconds=run.plan_seconds)
    return {"plan": made}


def _claims(tables: Tables, run: Run) -> Mapping[str, pa.Table]:
    if not tables["claim"].num_rows:
        return claims.claims(tables, run.con, run.as_of)
    whole = {**tables, **ascribed.ascribe(tables)}
    if run.con is not None:
        return claims.claims(whole, run.con, run.as_of)
    with engine.connect() as con:
        return claims.claims(whole, con, run.as_of)


Step = Callable[[Tables, Run], Mapping[str, pa.Table]]

STEPS: tuple[tuple[str, Step], ...] = (
    ("partitions", _partitions),  # files that are parts of one table → one container; first: all below names its rows
    ("needs", _needs),  # groups that several sources number alike → groups of their own
    ("assertions", _assertions),  # one key in two files for different claims → claims of their own
    ("accesses", _accesses),  # what logs call an asset → its id in the case; a log that was off, until when
    ("locate", _locate),  # addresses → their four countries and their network
    ("own", _own),  # networks and names → operators, owners, controllers
    ("behave", _behave),  # rhythms, volumes and names → behaviours that may be a leak
    ("depend", _depend),  # what pages, names, certificates and flows lean on → hidden points
    ("registers", _registers),  # whole registers → what is tied to the case, and above it
    ("reconcile", _reconcile),  # declared, configured, observed → the three-way ledger
)
"""From what was read to all facts; these need the evidence's addresses and a database."""

MANY = 20_000
"""Entities and interests above which control is derived for what the case speaks of only, and what is above it."""

CONCLUSIONS: tuple[tuple[str, Step], ...] = (
    ("identify", _identify),  # ids with one LEI or registration → one entity; facts that contradict each other
    ("count", _count),  # holdings and populations → distinct persons of the fullest 12 months
    ("control", _control),  # interests → who controls whom, ultimate parents, shares, lists
    ("compel", _compel),  # entities and dated law → whom each government can address
    ("reach", _reach),  # custody and control → governments, and what the policy says of them
    ("holdings", _holdings),  # classes found → beyond what was declared?
    ("flows", _flows),  # the ledger → beyond what was declared?
    ("payloads", _payloads),  # what went to whom → persons' data to somebody who is not declared?
    ("behaviours", _behaviours),  # shapes of traffic → beyond what was declared?
    ("activity", _activity),  # who touched what from where → beyond what was declared?
    ("cutoff", _cutoff),  # who needs whom → what stops with a cut, and what the policy says of it
    ("plan", _plan),  # what is unwanted → the cheapest measures that cure it
    ("rules", _rules),  # everything so far → what each law says of it
    ("claims", _claims),  # what is asserted → what the evidence says of it, and who stands behind it
)
"""From facts to findings; these are derived again for every what-if and every plan."""

UNIFIED = frozenset({"control", "compel", "reach", "cutoff", "rules", "claims"})
"""Steps that see one id per entity; the facts themselves stay as they were read."""

REPLACED = frozenset(
    noun.name for noun in model.ALL if noun.group in ("derived", "conclusion") and noun.name != "finding"
) | {"holding", "population"}
"""Derived tables are made whole by their step; everything else is added to what is there."""


REWRITTEN = frozenset(
    {("needs", "need"), ("registers", "legal_entity"), ("registers", "interest")}
    | {("accesses", "activity"), ("accesses", "coverage"), ("assertions", "claim"), ("assertions", "source")}
)
"""Facts that a step gives back whole."""


def run(tables: Tables, context: Run, *, said: Callable[[str], None] = lambda _: None) -> Tables:
    """Run every step in order.

    Args:
        tables: What was read, by noun; missing nouns count as empty.
        context: Date, options and a database.
        said: Is told the name of each step as it begins.

    Returns:
        All stored nouns.
    """
    return conclude(_steps(tables, STEPS, context, said), context, said=said)


def conclude(tables: Tables, context: Run, *, said: Callable[[str], None] = lambda _: None) -> Tables:
    """Derive everything that follows from the facts, anew.

    Args:
        tables: All facts by noun; what was derived from them before is left out.
        context: Date and options.
        said: Is told the name of each step as it begins.
    """
    facts = {name: table for name, table in tables.items() if name not in _DERIVED}
    return _steps(facts, CONCLUSIONS, context, said)


def unified(tables: Tables) -> Tables:
    """Return all tables with one id per entity, as the steps that conclude on parties see them."""
    return identity.unify(tables, tables["identity"])


_DERIVED = frozenset(noun.name for noun in model.ALL if noun.group in ("derived", "conclusion")) - {
    "endpoint",
    "reconciliation",
    "behaviour",
    "judgement",
}


def _steps(tables: Tables, steps: tuple[tuple[str, Step], ...], context: Run, said: Callable[[str], None]) -> Tables:
    whole = {name: tables.get(name, model.empty(model.NOUNS[name])) for name in model.STORED}
    one: Tables = {}
    for name, step in steps:
        said(name)
        if name in UNIFIED and not one:
            # Once: facts do not change any more, and what is derived from here on has these ids already.
            one = {noun: table for noun, table in unified(whole).items() if table is not whole[noun]}
        given = whole | one if name in UNIFIED else whole
        for noun, table in step(given, context).items():
            made = model.conform(table, model.NOUNS[noun])
            whole[noun] = (
                made if noun in REPLACED or (name, noun) in REWRITTEN else pa.concat_tables([whole[noun], made])
            )
    return whole
