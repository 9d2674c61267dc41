"""Who and what a declaration names: entities, their interests, assets and networks."""

from __future__ import annotations

from flagstate.catalog.interest_kinds import interest_kinds
from flagstate.catalog.mask import mask_party
from flagstate.catalog.strict import Node, fail
from flagstate.read.estate_names import Names, cidr, domain_name, refer, refer_key
from flagstate.read.estate_rows import Collected, Row, bounds, texts, validity, value

INTERESTS = {kind.by: code for code, kind in interest_kinds().items() if kind.by}
"""The keys that name a holder, and the kind of interest that each stands for."""

_CONTROL = frozenset(c for c, k in interest_kinds().items() if k.control != "none" or k.charge) - {"manages"}

ACTIVE = {"administers": "administers", "operates": "operates"}
"""The keys with which an entity names what it has an interest in."""


def entities(into: Collected) -> None:
    """Add the entities with their interests."""
    for key, node in into.section("entities").items():
        kind = node.text("kind") or "organisation"
        owned = next((k for k, code in INTERESTS.items() if code in _CONTROL and node.get(k)), None)
        if owned and kind != "organisation":
            raise fail(
                node.pairs[owned], f"A {kind} cannot be owned or controlled", "Write kind: organisation, or delete this"
            )
        for name, allowed in (
            ("head_count", ("group",)),
            ("nationality", ("group", "person")),
            ("employed_by", ("group", "person")),
        ):
            if node.get(name) and kind not in allowed:
                raise fail(
                    node.pairs[name], f"Of a {kind} this cannot be said", f"Write kind: {allowed[0]}, or delete this"
                )
        into.add(
            "legal_entity",
            node,
            {
                "entity_id": into.names.ids[key],
                "kind": kind,
                "name": _name(into, node, kind),
                "lei": node.text("lei"),
                "registration": texts(node.get("registration")),
                "organised_in": texts(node.get("organised_in")),
                "principal_place": node.text("principal_place"),
                "located_in": texts(node.get("located_in")),
                "nationality": texts(node.get("nationality")),
                "head_count": value(node, "head_count"),
                "serves": texts(node.get("serves")),
                "status": "declared",
                "source": into.source(node),
            },
        )
        _interests(into, node, into.names.ids[key])
        for name, interest in ACTIVE.items():
            held = node.get(name)
            for item in (held.items or (held,)) if held else ():
                subject = refer(item, into.names, "assets")
                into.add(
                    "interest", item, _interest(into, item, into.names.ids[key], subject, interest) | validity(node)
                )


def _name(into: Collected, node: Node, kind: str) -> str | None:
    """Return the name of a party; that of an organisation or state may hold a person's name."""
    if kind not in ("organisation", "state"):
        return into.shown(node, "name")
    text = node.text("name")
    return None if text is None else mask_party(text)


def _interest(into: Collected, node: Node, holder: str, subject: str, kind: str) -> Row:
    return {
        "holder_id": holder,
        "subject_id": subject,
        "kind": kind,
        "status": "declared",
        "source": into.source(node),
    }


def _interests(into: Collected, node: Node, subject: str) -> None:
    """Add who holds what in an entity or asset, from its keys `…_by`."""
    for name, kind in INTERESTS.items():
        said = node.get(name)
        if said is None:
            continue
        total = 0.0
        where = "assets" if kind == "protects" else "entities"
        for holder, detail in _holders(said, into.names, where):
            if holder == subject:
                raise fail(detail, "It cannot hold itself", "Write another key")
            share = detail if detail.kind in ("number", "array") else detail.get("share")
            low, high = bounds(share)
            total += low or 0.0
            row = _interest(into, detail, holder, subject, kind) | validity(node) | validity(detail)
            if share is not None:
                row |= {"share_lo_pct": low, "share_hi_pct": high}
            if detail.get("contested"):
                row["contested"] = value(detail, "contested")
            into.add("interest", detail, row)
        # Shares that follow each other in time may add up to more.
        dated = any("since" in d.pairs or "until" in d.pairs for d in said.pairs.values())
        if total > 100.000001 and not dated:
            raise fail(
                said, f"The shares add up to at least {total:g} per cent", "Write shares of together 100 or less"
            )


def _holders(said: Node, names: Names, where: str) -> list[tuple[str, Node]]:
    if said.kind == "object":
        return [(refer_key(key, node, names, where), node) for key, node in said.pairs.items()]
    return [(refer(item, names, where), item) for item in said.items or (said,)]


def assets(into: Collected) -> None:
    """Add the assets with their places, ranges and holders."""
    for key, node in into.section("assets").items():
        asset = into.names.ids[key]
        below, place, host = node.get("runs_on"), node.text("place"), node.get("server_name")
        name = domain_name(str(host.value)) if host else None
        if host and not name:
            raise fail(host, "This is not a domain name", "Write a name such as api.example.com")
        row: Row = {
            "asset_id": asset,
            "kind": node.text("kind"),
            "name": into.shown(node, "name"),
            "runs_on": refer(below, into.names, "assets") if below else None,
            "critical": value(node, "critical"),
            "provider": into.shown(node, "provider"),
            "region": into.shown(node, "region"),
            "server_name": into.host(name) if name else None,
            "addr": _address(node.get("addr")),
            "status": "declared",
        }
        into.add("asset", node, row)
        if place:
            said: Row = {"subject_id": asset, "country": place, "source_kind": "declared", "source": into.source(node)}
            into.add("place", node, said)
        ranges = node.get("networks")
        for item in ranges.items if ranges else ():
            found = cidr(item)
            # An asset may be somebody else's: only `networks:` says that a range is yours.
            into.add("network", item, {"cidr": found, "asset_id": asset, "own": found in _own(into)})
        _interests(into, node, asset)


def _address(node: Node | None) -> str | None:
    if node is None:
        return None
    found = cidr(node)
    if not found.endswith(("/32", "/128")):
        raise fail(node, "This is a range, and one address is needed", "Write it under networks:")
    return found.rpartition("/")[0]


def _own(into: Collected) -> set[str]:
    listed = into.root.get("networks")
    return {cidr(node.pairs.get("cidr", node)) for node in (listed.items if listed else ())}


def networks(into: Collected) -> None:
    """Add the ranges that the declaring party calls its own."""
    listed = into.root.get("networks")
    for node in listed.items if listed else ():
        inner = node.pairs.get("cidr", node)
        owner = node.get("asset")
        asset = refer(owner, into.names, "assets") if owner else None
        found = cidr(inner)
        if found.endswith(("/0",)):
            raise fail(inner, "This says that every address is yours", "Write only the ranges that are yours")
        earlier = into.first.get(("network", found))
        if asset is None and earlier is not None:
            continue
        into.add("network", node, {"cidr": found, "asset_id": asset, "own": True})


def check_persons(into: Collected) -> None:
    """Raise where a private person is named: only who owns or holds something may be.

    Raises:
        DeclarationError: At the name.
    """
    holders = {row["holder_id"] for row in into.rows.get("interest", ())}
    for key, node in into.section("entities").items():
        if node.text("kind") == "person" and node.get("name") and into.names.ids[key] not in holders:
            raise fail(
                node.pairs["name"],
                "Names of private persons are not kept",
                "Delete the name: the key is enough; only a person who owns or holds something may be named",
            )


def check_layers(into: Collected) -> None:
    """Raise where an asset runs, over some others, on itself.

    Raises:
        DeclarationError: At its `runs_on`.
    """
    below = {row["asset_id"]: row["runs_on"] for row in into.rows.get("asset", ())}
    for key, node in into.section("assets").items():
        start = into.names.ids[key]
        at, seen = below.get(start), {start}
        while at is not None and at not in seen:
            seen.add(str(at))
            at = below.get(at)
        if at == start:
            raise fail(
                node.pairs["runs_on"], "It runs, over some others, on itself", "Write the asset that is really below it"
            )
