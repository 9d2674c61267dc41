"""Hidden single points: what our services lean on without a declaration saying so, as evidence shows it.

Pages of HTTP archives show scripts, sign-in and payments; answers of DNS show who serves our zones; certificates show
who issued them; traffic shows clocks, registries and licence servers; bills of materials show where packages come from.
What is found is an asset of its own (`dep:…`), with a need of the asset that leans on it, and, where the catalog knows
who runs it, an operator. That something was used is no proof that it is needed: every row says what was seen. Where
nothing is found, nothing is claimed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import pyarrow as pa

from flagstate import model
from flagstate.catalog import points
from flagstate.catalog.operator_facts import catalog_evidence, entity_rows, ownership_rows, supply_rows
from flagstate.catalog.providers import control_chain
from flagstate.enrich import dependencies_flows, dependencies_names, dependencies_pages
from flagstate.enrich.dependencies_own import PAGE_ROLES, ours, own
from flagstate.enrich.dependencies_rows import Row, Rows, fresh

_NAME_ROLES = ("name_server", "primary")


def depend(tables: Mapping[str, pa.Table], as_of: date) -> dict[str, pa.Table]:
    """Find what our services lean on.

    Args:
        tables: asset, need, interest, legal_entity, network, flow, evidence and reliance, as read and located.
        as_of: Day of the audit; certificates and owners that ended before it are left out.

    Returns:
        Further rows of `asset`, `need`, `interest` and `legal_entity`, and of the `evidence` that they rest on.
    """
    rows = Rows(tables)
    reliance = tables.get("reliance")
    seen = [] if reliance is None else ours(reliance, tables["asset"]).to_pylist()
    dependencies_pages.pages(rows, [row for row in seen if row["role"] in PAGE_ROLES])
    names = _names(rows, tables["asset"])
    dependencies_names.zones(rows, [row for row in seen if row["role"] in _NAME_ROLES], names)
    dependencies_names.issuers(rows, [row for row in seen if row["role"] == "issuer"], names, as_of)
    dependencies_names.fronts(rows, [row for row in seen if row["role"] == "front"], names)
    dependencies_flows.registries(rows, [row for row in seen if row["role"] == "package"])
    dependencies_flows.flows(rows, tables["flow"], tables["network"])
    return _told(rows, tables, as_of)


def _names(rows: Rows, asset: pa.Table) -> dict[str, list[str]]:
    """Return the assets of ours by the name under which they answer, pages that nobody declared among them."""
    known = own(asset)
    found: dict[str, set[str]] = {}
    for row in asset.to_pylist():
        name = str(row["server_name"] or "").lower().rstrip(".")
        if name and row["stance"] in ("declared", "configured") and known.within(name):
            found.setdefault(name, set()).add(str(row["asset_id"]))
    for asset_id, _ in rows.assets:
        host = asset_id.removeprefix("page:")
        if host != asset_id and known.within(host):
            found.setdefault(host, set()).add(asset_id)
    return {name: sorted(listed) for name, listed in found.items()}


def _told(rows: Rows, tables: Mapping[str, pa.Table], as_of: date) -> dict[str, pa.Table]:
    slugs = set(rows.operators)
    slugs |= {step.holder for slug in rows.operators for step in control_chain(slug)}
    owners = [*ownership_rows(slugs), *supply_rows(slugs)]
    interests: list[Row] = [*rows.interests.values(), *(row for row in owners if _open(row, as_of))]
    told = {
        "asset": model.rows(model.ASSET, rows.assets.values()),
        "need": model.rows(model.NEED, rows.needs.values()),
        "interest": model.rows(model.INTEREST, interests),
        "legal_entity": model.rows(model.LEGAL_ENTITY, entity_rows(slugs)),
    }
    made = {name: fresh(table, model.NOUNS[name], tables[name]) for name, table in told.items()}
    used = {str(value) for table in made.values() for value in table["evidence_id"].unique().to_pylist() if value}
    there = set(tables["evidence"]["evidence_id"].to_pylist())
    listed = [row for row in (*catalog_evidence(used), _evidence()) if row["evidence_id"] in used - there]
    return made | {"evidence": model.rows(model.EVIDENCE, listed)}


def _open(row: Mapping[str, object], as_of: date) -> bool:
    end = row.get("valid_to")
    return not isinstance(end, date) or end > as_of


@lru_cache(maxsize=1)
def _file() -> tuple[str, int]:
    data = points.SOURCE.read_bytes()
    return hashlib.sha256(data).hexdigest(), len(data)


def _evidence() -> Row:
    sha256, size = _file()
    return {
        "evidence_id": points.EVIDENCE,
        "artefact": f"catalog/{points.SOURCE.name}",
        "sha256": sha256,
        "size_bytes": size,
        "kind": "catalog",
        "state": "recorded",
        "asserted_by": "Catalog of points",
        "licence": "Apache-2.0",
    }
