"""Who operates each address that was seen, and who owns the operator: recorded facts, each with status and source.

The order of evidence is that of `catalog.providers.identify`: published feed, then network, then domain, except that a
local operator of a published region comes first (AWS China is Sinnet's and NWCD's). An address that no evidence names
keeps its AS name as a name and has no operator.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from flagstate import model
from flagstate.catalog.operator_facts import (
    asset_row,
    catalog_evidence,
    entity_rows,
    operation_row,
    ownership_rows,
    supply_rows,
)
from flagstate.catalog.operators import Entity
from flagstate.catalog.providers import (
    Identified,
    control_chain,
    controllers,
    entity,
    entity_id,
    find,
    identify,
    operator_by_domain,
)


@dataclass(frozen=True)
class _Seen:
    """One reason to take an operator for the operator of something that was seen."""

    operator: str
    by: str
    asn: int | None = None
    provider: str | None = None
    domain: str | None = None


def own(tables: Mapping[str, pa.Table], endpoints: pa.Table, as_of: date) -> dict[str, pa.Table]:
    """Name the operator and the ultimate controller of every address, and say who owns whom.

    Args:
        tables: Tables of the case by noun; `flow` gives the names under which addresses answered.
        endpoints: Rows of `endpoint`, located, one per address.
        as_of: Day of the audit; links that end before it are left out.

    Returns:
        `endpoint` with operator and controller filled, `legal_entity`, `interest` and the `evidence` that they rest on.

    It cannot see who rents a machine, nor an owner that the catalog does not record.
    """
    names = _names(tables.get("flow"))
    filled, seen = _operators(endpoints, names)
    seen |= _services(names)
    runs = _assets(tables.get("asset"), filled)
    slugs = {reason.operator for reason in seen} | {slug for slug, _ in runs}
    slugs |= {step.holder for slug in slugs for step in control_chain(slug)}
    entities = model.rows(model.LEGAL_ENTITY, entity_rows(slugs))
    reasons = [
        operation_row(r.operator, by=r.by, asn=r.asn, provider=r.provider, host=r.domain)
        for r in sorted(seen, key=lambda r: (r.operator, r.by, r.asn or 0, r.provider or "", r.domain or ""))
    ]
    reasons += [row for _, row in runs]
    interests = model.rows(model.INTEREST, _open(reasons + ownership_rows(slugs) + supply_rows(slugs), as_of))
    result = {
        "endpoint": model.conform(filled, model.ENDPOINT),
        "legal_entity": model.stamp(entities, model.LEGAL_ENTITY),
        "interest": model.stamp(interests, model.INTEREST),
    }
    used = {
        str(value)
        for noun in ("legal_entity", "interest")
        for value in result[noun].column("evidence_id").unique().to_pylist()
    }
    return result | {"evidence": model.rows(model.EVIDENCE, catalog_evidence(used))}


def _open(rows: Iterable[dict[str, object]], as_of: date) -> list[dict[str, object]]:
    """Return the rows that have not ended by a day."""
    return [row for row in rows if not isinstance(end := row.get("valid_to"), date) or end > as_of]


def _names(flow: pa.Table | None) -> dict[str, list[str]]:
    """Return the server names of each responder, the ones that were seen."""
    if flow is None or flow.num_rows == 0:
        return {}
    pairs = flow.select(["resp_h", "server_name"]).group_by(["resp_h", "server_name"]).aggregate([])
    names: dict[str, list[str]] = {}
    for addr, name in zip(pairs["resp_h"].to_pylist(), pairs["server_name"].to_pylist(), strict=True):
        if addr is not None and name is not None:
            names.setdefault(addr, []).append(name)
    return {addr: sorted(listed) for addr, listed in names.items()}


def _operators(endpoints: pa.Table, names: Mapping[str, list[str]]) -> tuple[pa.Table, set[_Seen]]:
    """Fill the four columns of `endpoint`, and return why."""
    known = set(endpoints.column_names)
    columns = {
        name: endpoints.column(name).to_pylist() if name in known else [None] * endpoints.num_rows
        for name in ("addr", "asn", "provider", "provider_region", "special")
    }
    memory: dict[tuple[object, ...], Identified] = {}
    seen: set[_Seen] = set()
    filled: dict[str, list[str | None]] = {
        name: [] for name in ("operator_id", "operator_by", "controller_id", "controller_country")
    }
    for addr, asn, provider, region, special in zip(*columns.values(), strict=True):
        key = (asn, provider, region) if special is None else (None, None, None)
        if key not in memory:
            memory[key] = identify(asn=key[0], provider=key[1], region=key[2])
        found, domain = memory[key], None
        if found.operator is None and special is None:
            found, domain = _by_names(names.get(addr, []))
        if found.operator is not None and found.by is not None:
            seen.add(
                _Seen(
                    found.operator,
                    found.by,
                    asn if found.by == "asn" else None,
                    provider if found.by == "feed" else None,
                    domain,
                )
            )
        top, country = _controller(found.operator)
        values = (found.operator and entity_id(found.operator), found.by, top, country)
        for name, value in zip(filled, values, strict=True):
            filled[name].append(value)
    table = endpoints
    for name, column in filled.items():
        array = pa.array(column, pa.string())
        place = table.column_names.index(name) if name in table.column_names else -1
        table = table.set_column(place, name, array) if place >= 0 else table.append_column(name, array)
    return table, seen


def _by_names(names: list[str]) -> tuple[Identified, str | None]:
    """Return the operator that all known names of an address agree on, and one domain; none if they differ."""
    found = {hit for name in names if (hit := operator_by_domain(name)) is not None}
    if len({slug for slug, _ in found}) != 1:
        return Identified(None, None), None
    slug, domain = min(found)
    return Identified(slug, "domain"), domain


def _services(names: Mapping[str, list[str]]) -> set[_Seen]:
    """Return the operators of the services behind the names, whoever runs the machines under them."""
    hits = {operator_by_domain(name) for listed in names.values() for name in listed} - {None}
    return {_Seen(hit[0], "domain", domain=hit[1]) for hit in hits if hit is not None}


def _assets(asset: pa.Table | None, endpoints: pa.Table) -> list[tuple[str, dict[str, object]]]:
    """Return who operates each asset, by its provider and region, its address or its domain.

    The provider of an asset counts where an infrastructure description or a declaration names one of the catalog whole;
    the free text of a bill of materials does not, because a name is not an identifier.
    """
    if asset is None or asset.num_rows == 0:
        return []
    by_addr = dict(zip(endpoints["addr"].to_pylist(), endpoints["operator_id"].to_pylist(), strict=True))
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for row in asset.to_pylist():
        provider, subject = row["provider"], str(row["asset_id"])
        slug = None if provider is None or subject.startswith("cdx:") else find(provider)
        if slug is not None:
            known = entity(slug)
            local = identify(provider=known.feeds[0], region=row["region"]).operator if known and known.feeds else None
            slug = local or slug
            status = "declared" if row["stance"] == "declared" else "sourced"
            said = {"status": status, "stance": row["stance"], "evidence_id": row["evidence_id"]}
            rows[slug, subject] = asset_row(slug, subject, "by the provider and region of the resource") | said
        by_name = operator_by_domain(row["server_name"])
        by_number = (by_addr.get(row["addr"]) or "").removeprefix("ent:")
        for other, why in ((by_name and by_name[0], "by its domain"), (by_number, "by its address")):
            if other:
                rows.setdefault((other, subject), asset_row(other, subject, why))
    return [(slug, row) for (slug, _), row in sorted(rows.items())]


_CONTROLLERS: dict[str, tuple[str | None, str | None]] = {}


def _controller(slug: str | None) -> tuple[str | None, str | None]:
    """Return the one ultimate controller and its principal place; two controllers are two, so neither is named."""
    if slug is None:
        return None, None
    if slug not in _CONTROLLERS:
        tops = controllers(slug)
        places = {principal_place(known) for top in tops if (known := entity(top))}
        _CONTROLLERS[slug] = (
            entity_id(tops[0]) if len(tops) == 1 else None,
            places.pop() if len(places) == 1 else None,
        )
    return _CONTROLLERS[slug]


def principal_place(known: Entity) -> str | None:
    """Return the principal place of an entity, the uncontested one if there are two; a state's is itself."""
    facts = sorted(known.principal_place or known.organised_in * (known.kind == "state"), key=lambda f: f.contested)
    return facts[0].value if facts else None
