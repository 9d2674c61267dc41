"""A host, system, store, service, key, region or the like."""

from __future__ import annotations

from flagstate.model.noun import FLAG, TEXT, Column, fact

ASSET = fact(
    "asset",
    "A host, system, store, service, key, region or the like.",
    ("asset_id",),
    Column("asset_id", TEXT, "Id.", "Ids are ours; two of them may name one real thing."),
    Column(
        "kind",
        TEXT,
        "host, system, store, service, function, key, edge, region, zone or certificate; of points that evidence shows "
        "(`dep:…`): registry, time, licence, identity, payment, ca, dns, script_cdn or web.",
        "By name of the resource type.",
    ),
    Column(
        "name",
        TEXT,
        "Name as the source has it; masked.",
        "Parts that match a data class are masked, so two real values may look alike.",
    ),
    Column("runs_on", TEXT, "The asset below it.", "Only one layer is known at a time."),
    Column("critical", FLAG, "Somebody said that the business stops without it.", "Declared."),
    Column("provider", TEXT, "Provider that the source names.", "By naming convention of the source."),
    Column("region", TEXT, "Region that the source names.", "Unknown codes stay unknown."),
    Column(
        "server_name",
        TEXT,
        "Domain name under which it answers.",
        "Parts that match a data class are masked, so two real values may look alike.",
    ),
    Column("addr", TEXT, "Address under which it answers.", "Addresses move."),
    Column(
        "status",
        TEXT,
        "sourced, to verify, declared or fictitious.",
        "`sourced` says that a source was read, not that it is right.",
    ),
)
