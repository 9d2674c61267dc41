"""The questions that this version cannot answer yet: it says so instead of inventing an answer."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from flagstate import model
from flagstate.assess.finding import finding

_LATER = "A later version decides this; the facts that were read stay usable."


def unbuilt(tables: Mapping[str, pa.Table]) -> pa.Table:
    """Say of claims that they are not tested yet, and what was given that bears on them."""
    claims = tables["claim"].num_rows
    return model.rows(
        model.FINDING,
        [
            finding(
                "claims",
                "claims-unbuilt",
                "all claims",
                "unknown",
                f"Claims are not tested in this version (claims read: {claims:,})."
                if claims
                else "No claim was given, so none was tested.",
                missing=[_LATER] if claims else ["Write the claims to test into estate.yaml (`claims:`)."],
            ),
        ],
    )
