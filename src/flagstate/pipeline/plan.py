"""The cheapest plan for a case: joins control, compelled access, reach and cut-off into what a plan has to cure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model
from flagstate.assess import plan as planning
from flagstate.assess import plan_words
from flagstate.assess.compelled import compelled
from flagstate.assess.plan_clauses import Violation
from flagstate.assess.plan_violations import violations
from flagstate.catalog.compulsion import Law
from flagstate.catalog.interest_kinds import interest_kinds
from flagstate.enrich import control, identity

SECONDS = 60.0
"""How long `flagstate plan` looks unless it is told otherwise."""


NO_POLICY = (
    "No policy says what is unwanted, so there is nothing to plan for: write it into estate.yaml, "
    "for example policy: {accept_reach: [EU], must_survive: [any_government]}."
)


def plan(
    tables: Mapping[str, pa.Table],
    as_of: date,
    *,
    laws: tuple[Law, ...] | None = None,
    of: set[str] | None = None,
    most_seconds: float = SECONDS,
) -> pa.Table:
    """Find the cheapest measures under which nothing that the policy does not accept remains.

    Args:
        tables: All stored nouns of the case.
        as_of: The day on which facts and laws must hold.
        laws: Rows of compelled access; those of the catalog unless given.
        of: Entities that the case speaks of, as for `control`; null: all.
        most_seconds: Bound on the search; a plan that was not proved says so.

    Returns:
        Rows of `plan`; without a policy one that says so, because then nothing is unwanted.
    """
    said = {str(name).partition(":")[0] for name in tables["policy"]["policy"].to_pylist()}
    if not said & {"accept_reach", "must_survive"}:
        return model.rows(model.PLAN, [{"rank": 1, "state": "nothing", "words": NO_POLICY}])
    unified = identity.unify(tables, tables["identity"])
    return planning.plan(unified, _derive(unified, as_of, laws, of), as_of, most_seconds=most_seconds)


def _derive(
    base: Mapping[str, pa.Table], as_of: date, laws: tuple[Law, ...] | None, of: set[str] | None
) -> Callable[[Mapping[str, pa.Table]], list[Violation]]:
    """Return the derivation of what is unwanted; control is derived again only where an owner changed."""
    owners, known = _owners(base["interest"]), _ids(base["legal_entity"])

    def derive(edited: Mapping[str, pa.Table]) -> list[Violation]:
        tables = dict(edited)
        entities = tables["legal_entity"].equals(base["legal_entity"])
        if not entities or not _owners(tables["interest"]).equals(owners):
            fresh = _ids(tables["legal_entity"]) - known
            tables |= control.control(tables, as_of, of=None if of is None else of | fresh)
        if not entities or not tables["interest"].equals(base["interest"]):
            tables["compelled"] = compelled(
                tables["legal_entity"],
                tables["interest"],
                tables["control_chain"],
                as_of=as_of,
                laws=laws,
                contradictions=tables["contradiction"],
            )
        return violations(tables, as_of, laws=laws)

    return derive


def _ids(entities: pa.Table) -> set[str]:
    return {str(one) for one in entities["entity_id"].unique().to_pylist()}


def _owners(interest: pa.Table) -> pa.Table:
    kinds = [code for code, kind in interest_kinds().items() if kind.control != "none" or kind.owner]
    return interest.filter(pc.is_in(interest["kind"], value_set=pa.array(kinds, pa.string())))


def lines(made: pa.Table, tables: Mapping[str, pa.Table]) -> list[str]:
    """Return a plan as sentences, with what each measure cures.

    Args:
        made: Rows of `plan`.
        tables: The tables of the case, for its findings.
    """
    findings = tables["finding"]
    pairs = zip(findings["finding_id"].to_pylist(), findings["message"].to_pylist(), strict=True)
    return plan_words.lines(made, {str(key): str(message) for key, message in pairs})
