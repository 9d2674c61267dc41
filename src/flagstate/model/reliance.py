"""A name that a page, zone, certificate or application was seen to lean on; by itself it says nothing of need."""

from __future__ import annotations

from flagstate.model.noun import COUNT, TEXT, Column, fact

RELIANCE = fact(
    "reliance",
    "A name that a page, zone, certificate or application was seen to lean on; by itself it says nothing of need.",
    ("from_name", "from_asset", "role", "to_name"),
    Column(
        "from_name",
        TEXT,
        "Host of the page, zone or server name that leans on it; masked.",
        "Parts that match a data class are masked, so two real values may look alike.",
    ),
    Column("from_asset", TEXT, "The asset that leans on it, where the source names it.", "As right as its source."),
    Column(
        "role",
        TEXT,
        "page, script, late_script, style, font, frame, fetch, beacon, login, name_server, primary, issuer, front or "
        "package.",
        "By type and priority as the browser notes them, else by media type and path.",
    ),
    Column(
        "to_name",
        TEXT,
        "Host, name server, organisation of the issuer or type of package; masked.",
        "Parts that match a data class are masked, so two real values may look alike.",
    ),
    Column("times", COUNT, "How often it was seen in this evidence.", "Bounded: what is beyond the bound is said."),
)
