"""The catalog of operators as rows of `legal_entity` and `interest`, and the catalog tables as rows of `evidence`.

One row of `legal_entity` per entity and source, because each fact has its own status: the country of organisation may
have been read in a filing while the principal place is from memory. Join on `entity_id` and expect several rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from flagstate.catalog import providers
from flagstate.catalog.operators import Entity, Fact, weakest
from flagstate.catalog.providers import book, control_chain, entity, entity_id

DATA = Path(__file__).parent / "data"
PREFIX = "catalog:providers"
LAWS = "catalog:compulsion"


def evidence_of(source: str) -> str:
    """Return the evidence row of a source of the catalog of operators."""
    return f"{PREFIX}:{source}"


def told(source: str, remark: str | None = None, *, contested: bool = False) -> str:
    """Return where a fact is said, in words."""
    text = book().sources[source].title
    if remark:
        text += f" ({remark})"
    return f"{text}; contested" if contested else text


def _fact_status(fact: Fact) -> str:
    # A contested fact counts as unverified: two sources say different things and neither has been preferred.
    return weakest(fact.status, "to verify") if fact.contested else fact.status


def entity_rows(slugs: Iterable[str]) -> list[dict[str, object]]:
    """Return rows of `legal_entity` for operators and owners, one per entity, source and status.

    Args:
        slugs: Operators and owners; unknown ones are left out.
    """
    rows: list[dict[str, object]] = []
    for slug in sorted(set(slugs)):
        known = entity(slug)
        if known is not None:
            rows.extend(_rows_of(slug, known))
    return rows


def _rows_of(slug: str, known: Entity) -> list[dict[str, object]]:
    groups: dict[tuple[str, str], dict[str, object]] = {}

    def row(fact: Fact) -> dict[str, object]:
        key = (fact.source, _fact_status(fact))
        return groups.setdefault(
            key,
            {
                "entity_id": entity_id(slug),
                "kind": known.kind,
                "name": known.name,
                "lei": known.lei.value if known.lei else None,
                "status": key[1],
                "source": told(fact.source, fact.remark, contested=fact.contested),
                "stance": "recorded",
                "evidence_id": evidence_of(fact.source),
            },
        )

    for fact in known.organised_in:
        row(fact)["organised_in"] = [other.value for other in known.organised_in if row(other) is row(fact)]
    for fact in known.principal_place:
        row(fact)["principal_place"] = fact.value
    for fact in known.located_in:
        row(fact)["located_in"] = [fact.value]
    if not groups:
        row(Fact(value="", status="to verify", source="recall"))
    return list(groups.values())


def ownership_rows(slugs: Iterable[str]) -> list[dict[str, object]]:
    """Return rows of `interest` for every owner above some operators, each link once."""
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for slug in sorted(set(slugs)):
        for step in control_chain(slug):
            rows[step.holder, step.subject] = {
                "holder_id": entity_id(step.holder),
                "subject_id": entity_id(step.subject),
                "kind": "owns",
                "share_lo_pct": step.link.share_lo_pct,
                "share_hi_pct": step.link.share_hi_pct,
                "contested": step.link.contested,
                "status": step.link.status,
                "source": told(step.link.source, step.link.remark, contested=step.link.contested),
                "stance": "recorded",
                "evidence_id": evidence_of(step.link.source),
            }
    return list(rows.values())


def operation_row(slug: str, *, by: str, asn: int | None, provider: str | None, host: str | None) -> dict[str, object]:
    """Return the row of `interest` that says why an operator is taken to operate an address.

    Args:
        slug: The operator.
        by: asn, feed or domain, as `providers.identify` says.
        asn: The network, if by asn.
        provider: The name of the feed, if by feed.
        host: The host name, if by domain.

    Returns:
        A row whose subject is the network, the feed or the domain, not the single address.
    """
    known = book().operators[slug]
    subject, status, source, remark = f"net:AS{asn}", "to verify", "recall", None
    if by == "asn":
        number = next((n for n in known.asns if n.asn == asn), None)
        if number:
            status, source = number.status, number.source
            remark = f"AS name “{number.as_name}”: a name, never a jurisdiction"
    elif by == "feed":
        subject = f"feed:{provider}"
        role = known.operates_for[0] if known.operates_for else None
        status, source = (role.status, role.source) if role else ("sourced", "feeds")
    else:
        found = providers.operator_by_domain(host)
        subject = f"domain:{found[1] if found else host}"
        domain = next((d for d in known.domains if found and d.domain == found[1]), None)
        if domain:
            status, source = domain.status, domain.source
    return {
        "holder_id": entity_id(slug),
        "subject_id": subject,
        "kind": "operates",
        "contested": False,
        "status": status,
        "source": told(source, remark),
        "stance": "recorded",
        "evidence_id": evidence_of(source),
    }


def asset_row(slug: str, asset_id: str, why: str) -> dict[str, object]:
    """Return a row of `interest` for an operator that runs an asset of the case.

    Args:
        slug: The operator.
        asset_id: The asset.
        why: By which evidence, in words.
    """
    return {
        "holder_id": entity_id(slug),
        "subject_id": asset_id,
        "kind": "operates",
        "contested": False,
        "status": "sourced",
        "source": f"{book().operators[slug].name if slug in book().operators else slug}, {why}",
        "stance": "recorded",
        "evidence_id": PREFIX,
    }


def supply_rows(slugs: Iterable[str]) -> list[dict[str, object]]:
    """Return rows of `interest` for who supplies the technology to a local operator of its regions."""
    operators = book().operators
    return [
        {
            "holder_id": entity_id(role.operator),
            "subject_id": entity_id(slug),
            "kind": "supplies",
            "contested": False,
            "status": role.status,
            "source": told(role.source, "supplies the technology; its access is not known"),
            "stance": "recorded",
            "evidence_id": evidence_of(role.source),
        }
        for slug in sorted(set(slugs) & set(operators))
        for role in operators[slug].operates_for
    ]


@lru_cache(maxsize=8)
def _sha256(name: str) -> tuple[str, int]:
    data = (DATA / name).read_bytes()
    return hashlib.sha256(data).hexdigest(), len(data)


def catalog_evidence(used: Iterable[str] | None = None) -> list[dict[str, object]]:
    """Return rows of `evidence` for the catalogs of operators and of compelled access.

    Args:
        used: Evidence ids that facts rest on; None: all of them. The two catalogs themselves are always there.

    Returns:
        One row per catalog, and one per source of the catalog of operators: the file is ours, the page vouches.
    """
    wanted = None if used is None else set(used)
    rows = []
    for evidence_id, name, note in (
        (PREFIX, "providers.json", "Catalog of operators and owners"),
        (LAWS, "compulsion.json", "Catalog of compelled access"),
    ):
        sha256, size = _sha256(name)
        rows.append(_evidence(evidence_id, name, sha256, size, note, None, "Apache-2.0"))
    sha256, size = _sha256("providers.json")
    for key, source in book().sources.items():
        if wanted is None or evidence_of(key) in wanted:
            rows.append(_evidence(evidence_of(key), "providers.json", sha256, size, source.title, source.url, None))
    return rows


def _evidence(
    evidence_id: str, name: str, sha256: str, size: int, by: str, url: str | None, licence: str | None
) -> dict[str, object]:
    return {
        "evidence_id": evidence_id,
        "artefact": f"catalog/{name}",
        "sha256": sha256,
        "size_bytes": size,
        "kind": "catalog",
        "state": "recorded",
        "asserted_by": by,
        "licence": licence,
        "url": url,
    }
