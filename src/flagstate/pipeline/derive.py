"""What follows from edited facts: the one way in which what-if, plan and worked cases conclude anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pyarrow as pa

from flagstate.catalog.compulsion import Law
from flagstate.pipeline import order
from flagstate.pipeline.rules import Hearing


def derive(
    tables: Mapping[str, pa.Table],
    as_of: date,
    *,
    laws: tuple[Law, ...] | None = None,
    rules: Hearing | None = None,
) -> dict[str, pa.Table]:
    """Derive control, compelled access, reach, cut-off and findings from facts, anew.

    Args:
        tables: All facts by noun, as a case keeps them or as they were edited; nouns that are left out count as empty.
        as_of: The day on which facts and laws must hold.
        laws: Rows of compelled access; those of the catalog unless given.
        rules: How the laws are heard; null: they are not.

    Returns:
        All stored nouns. Where addresses stand, who operates them and what was reconciled is taken as it is.
    """
    return order.conclude(dict(tables), order.Run(None, as_of, laws=laws, rules=rules))
