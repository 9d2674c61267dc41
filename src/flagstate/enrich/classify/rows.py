"""Classes of the row as a whole: declarations and transport documents, by what stands together in a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flagstate.catalog.data_class import DataClass
from flagstate.enrich.classify.verdict import Verdict

CUSTOMS = frozenset({"customs_mrn", "customs_lrn"})
CORES: Mapping[str, tuple[tuple[frozenset[str], ...], ...]] = {
    "h7_declaration": (
        (frozenset({"ioss"}),),
        (frozenset({"declared_value"}), CUSTOMS),
    ),
    "ens_declaration": (
        (
            CUSTOMS,
            frozenset(
                ["container_number", "air_waybill", "bill_of_lading", "seal_number", "imo_ship", "scac", "unlocode"]
            ),
        ),
    ),
    "bill_of_lading_record": (
        (frozenset({"bill_of_lading"}),),
        (frozenset({"container_number"}), frozenset({"imo_ship", "scac"}), frozenset({"notify_party"})),
    ),
}
"""Without one of these sets (each of its parts met) a row is something near it, such as a manifest or a label."""


def whole(verdicts: Sequence[Verdict], classes: Sequence[DataClass]) -> list[Verdict]:
    """Return the classes of the rows as a whole: enough of their parts, and what makes them one, stand in one table.

    Args:
        verdicts: What the columns hold.
        classes: Data classes to look for.
    """
    out = []
    held = {verdict.made for verdict in verdicts}
    for made in classes:
        if made.decide != "together" or made.together is None or not _core(made.id, held):
            continue
        parts = [name for name in made.together.of if name in held]
        if len(parts) >= made.together.least:
            sure = "high" if len(parts) > made.together.least + 1 else "medium"
            why = f"{len(parts)} of the {len(made.together.of)} classes that make it stand together: {', '.join(parts)}"
            out.append(Verdict(made.id, "", 1.0, "row", sure, why, float(len(parts))))
    return out


def _core(made: str, held: set[str]) -> bool:
    return made not in CORES or any(all(part & held for part in core) for core in CORES[made])
