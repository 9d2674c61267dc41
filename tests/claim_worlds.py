"""Small worlds with claims, for the tests of what the evidence says of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

import pyarrow as pa

from flagstate import engine, model
from flagstate.assess import claims
from flagstate.pipeline import cases, order

AS_OF = date(2026, 11, 21)
CASES = tuple(case for case in cases.load() if case.theme == "claims")

Row = dict[str, Any]
Tables = dict[str, pa.Table]


def concluded(facts: Mapping[str, pa.Table], as_of: date = AS_OF) -> Tables:
    """Return everything that follows from facts, by the whole order."""
    return order.conclude(dict(facts), order.Run(None, as_of))


@cache
def of_case(key: str) -> Tables:
    """Return everything that follows from a worked case."""
    [case] = [case for case in CASES if case.id == key]
    return concluded(cases.facts(case), case.as_of)


def verdicts(tables: Mapping[str, pa.Table]) -> dict[tuple[str, str | None], str]:
    """Return the verdict of each part of each claim."""
    return {(row["claim_id"], row["verb"]): row["claim_verdict"] for row in tables["claim_verdict"].to_pylist()}


def made(noun: str, *rows: Row, stance: str = "observed") -> pa.Table:
    """Return a table of a noun from rows."""
    table = model.rows(model.NOUNS[noun], rows)
    return model.stamp(table, model.NOUNS[noun], stance=stance, evidence_id="e") if model.NOUNS[noun].key else table


def claim(key: str, test: object, **rest: Any) -> Row:
    """Return a row of a claim; its test is JSON unless it is text already."""
    told = test if isinstance(test, str) else json.dumps(test)
    return {"claim_id": f"est:{key}", "sentence": f"claim {key}", "speaker": "somebody", "test": told, **rest}


def judged(*listed: Row, as_of: date = AS_OF, **nouns: pa.Table) -> Tables:
    """Return what is said of claims in a world of a few tables, without deriving the rest."""
    tables = {name: model.empty(model.NOUNS[name]) for name in model.STORED} | nouns
    tables["claim"] = made("claim", *listed, stance="declared")
    with engine.connect() as con:
        return claims.claims(tables, con, as_of)


def only(tables: Mapping[str, pa.Table]) -> Row:
    """Return the one verdict there is."""
    [row] = tables["claim_verdict"].to_pylist()
    found: Row = row
    return found
