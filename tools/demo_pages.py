"""The table of the tutorial: what the usual demonstration hides, from its own truth."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from flagstate.catalog.country_names import country_name as name
from flagstate.cli.demo import SCALE, SEED, scale
from flagstate.demo.build import build
from flagstate.demo.hub import Hub


def hidden() -> str:
    """Return the table of what is hidden, and where the report tells it."""
    with tempfile.TemporaryDirectory() as folder:
        truth: Any = build(Path(folder), Hub(scale(SCALE), SEED))
    told = {one["id"]: one for one in truth["traffic"]["hidden"]}
    up, beat, dns, sorter = (told[key] for key in ("bulk_upload", "beacon", "dns_tunnel", "failing_sorter"))
    support, replica = truth["access"]["undeclared"], truth["infrastructure"]["replica"]
    kit = truth["portal"]["kit"]
    rows = [
        (
            f"rows of {sum(up['parcels']):,} parcels go to `{up['name']}` on {len(up['nights'])} nights, "
            f"{up['orig_bytes']:,} bytes",
            "Flows: undeclared, and a bulk upload",
        ),
        (f"the scanner {beat['orig_h']} calls `{beat['name']}` {beat['conns']:,} times", "Flows: a beacon"),
        (f"{dns['queries']:,} questions carry data to `{dns['name']}`", "Flows: a DNS tunnel"),
        (
            f"support logs in from {name(support['country'])}, {support['accesses']:,} accesses; "
            "Belgium alone is declared",
            "Flows: accesses",
        ),
        (
            f"the copy that is declared in {name(replica['declared'])} is configured in {name(replica['country'])}",
            "Flows: contradicted",
        ),
        (
            f"a kit on the merchants' portal is sent {kit['emails']:,} e-mail addresses of {kit['persons']:,} persons",
            "Flows: sent, and not declared",
        ),
        (
            f"the sorter {sorter['orig_h']} tries `{sorter['name']}` {sorter['conns']:,} times and never gets through",
            "Flows: attempts, nothing was lost",
        ),
        (f"refunds hold `{'` and `'.join(truth['declaration']['undeclared_classes'])}`", "Holdings: not declared"),
    ]
    decoys = ", ".join(f"`{one['name'] or one['resp_h']}`" for one in truth["traffic"]["decoys"])
    table = "\n".join(["| hidden | where the report tells it |", "|---|---|", *(f"| {a} | {b} |" for a, b in rows)])
    return f"{table}\n\nInnocent, and shaped like a leak: {decoys}. The report calls none of them one.\n"
