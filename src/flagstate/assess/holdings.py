"""Holdings: is sensitive data held beyond what was declared?"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from flagstate import model
from flagstate.assess.finding import finding

COLLECT = "Give the stores themselves: table extracts (CSV, Parquet, SQLite, XLSX) or payloads."


def holdings(tables: Mapping[str, pa.Table]) -> pa.Table:
    """Conclude on holdings from the classes that were found and those that were declared.

    Args:
        tables: holding (of all stances) and evidence.

    Returns:
        Rows of `finding`. A class found and not declared is adverse where a declaration of holdings exists; without
        one there is nothing to compare with. `no` is not given yet: the classes that are known are too few.
    """
    rows = tables["holding"].to_pylist()
    declared = {(r["data_class"]) for r in rows if r["stance"] == "declared"}
    found = [r for r in rows if r["stance"] in ("observed", "configured")]
    if not found:
        return model.rows(
            model.FINDING,
            [
                finding(
                    "holdings",
                    "holding-seen",
                    "all stores",
                    "unknown",
                    "No stored table or payload with a known class of data was found in what was given.",
                    missing=[COLLECT],
                )
            ],
        )
    classes = sorted({r["data_class"] for r in found})
    if not declared:
        return model.rows(model.FINDING, [_undeclared(found, classes)])
    return model.rows(model.FINDING, _compare(found, classes, declared))


def _undeclared(found: list[dict[str, object]], classes: list[str]) -> dict[str, object]:
    stores = len({(r["asset_id"], r["container"]) for r in found})
    return finding(
        "holdings",
        "holding-undeclared",
        "all stores",
        "unknown",
        f"{_count(len(classes), 'class', 'classes')} of data found in {_count(stores, 'container', 'containers')} "
        f"({', '.join(classes[:12])}{', and more' if len(classes) > 12 else ''}); "
        "nothing was declared to compare them with.",
        values={"classes": classes, "containers": stores},
        facts=_largest(found),
        missing=["Declare what is held (`holdings:` in estate.yaml)."],
        rests_on="observed",
    )


def _compare(found: list[dict[str, object]], classes: list[str], declared: set[str]) -> list[dict[str, object]]:
    out = []
    for name in classes:
        if name in declared:
            continue
        rows = [r for r in found if r["data_class"] == name]
        # Not the sum: copies of a table, also in other formats, hold the same records again.
        records = max((r["records"] for r in rows if isinstance(r["records"], int)), default=0)
        most = _count(records, "record", "records")
        within = most if len(rows) == 1 else f"the largest with {most}"
        confidence = max((str(r["confidence"] or "low") for r in rows), key=("low", "medium", "high").index)
        seen = any(r["stance"] == "observed" for r in rows)
        out.append(
            finding(
                "holdings",
                "holding-undeclared",
                name,
                "yes",
                f"{name} is found in {_count(len(rows), 'container', 'containers')} ({within}) and is not declared.",
                outcome="assess",
                confidence=confidence,
                values={"records_in_largest": records, "containers": len(rows)},
                facts=_largest(rows),
                rests_on="observed" if seen else "configured",
            )
        )
    if not out:
        out.append(
            finding(
                "holdings",
                "holding-covered",
                "all stores",
                "unknown",
                "Every class that was found is declared somewhere; but whether for these containers is not compared "
                "in this version, only a part of the classes is recognised, and stores may not have been given.",
                missing=[COLLECT],
                facts=_largest(found),
                rests_on="observed",
            )
        )
    return out


def _count(number: int, one: str, more: str) -> str:
    return f"{number:,} {one if number == 1 else more}"


def _largest(rows: list[dict[str, object]]) -> list[str]:
    ordered = sorted(rows, key=lambda r: (-(r["records"] if isinstance(r["records"], int) else 0), str(r["fact_id"])))
    return [str(r["fact_id"]) for r in ordered[:8]]
