"""What a declaration says is done: holdings, agreements, flows, controls, needs, events and policy."""

from __future__ import annotations

import ipaddress
import json
import math
from collections.abc import Sequence
from itertools import product

from flagstate.catalog.countries import CODES, meant
from flagstate.catalog.strict import Node, fail
from flagstate.read.estate_names import destination, refer, refer_key
from flagstate.read.estate_rows import Collected, Row, bounds, day, plain, texts, value
from flagstate.read.touched import shown

_ANY = ("entities", "assets", "agreements", "flows", "events")
_PARAMS: dict[str, tuple[str, ...]] = {
    "asset": ("assets",),
    "entity": ("entities",),
    "to": ("entities", "assets"),
    "key": ("assets",),
    "place": (),
    "container": (),
    "data_class": (),
}
_STATES: dict[object, str] = {True: "yes", False: "no", "unknown": "unknown"}


def holdings(into: Collected) -> None:
    """Add one row per class of data in a container."""
    listed = into.root.get("holdings")
    for node in listed.items if listed else ():
        low, high = bounds(node.get("subjects"))
        about, keys, split = node.get("about"), node.get("keys"), node.get("split")
        for item in node.pairs["classes"].items:
            into.add(
                "holding",
                node,
                {
                    "asset_id": refer(node.pairs["at"], into.names, "assets"),
                    "container": into.shown(node, "container"),
                    "data_class": str(item.value),
                    "about": refer(about, into.names, "entities") if about else None,
                    "records": value(node, "records"),
                    "unit": node.text("unit"),
                    "subjects_lo": low,
                    "subjects_hi": high,
                    "state": node.text("state"),
                    "key_ids": [refer(k, into.names, "assets") for k in keys.items] if keys else None,
                    "split": into.mask(split.text("of") or "") if split else None,
                    "split_needs": value(split, "needs") if split else None,
                    "marks": texts(node.get("marks")),
                },
            )


def agreements(into: Collected) -> None:
    """Add one row per thing that a contract covers."""
    for key, node in into.section("agreements").items():
        covers, terms = node.get("covers"), node.get("terms")
        base: Row = {
            "agreement_id": into.names.ids[key],
            "kind": node.text("kind"),
            "from_id": refer(node.pairs["from"], into.names, "entities"),
            "to_id": refer(node.pairs["to"], into.names, "entities"),
            "purpose": into.shown(node, "purpose"),
            "terms": json.dumps(plain(terms, into.mask), sort_keys=True) if terms else None,
        }
        if base["from_id"] == base["to_id"]:
            raise fail(node, "Both parties are the same", "Write two different keys")
        for item in covers.items if covers else (None,):
            part: Row = {}
            if item is not None:
                part["asset_id"] = refer(item.pairs.get("at", item), into.names, "assets")
                part["container"] = into.shown(item, "container")
            into.add("agreement", node, base | part)


def flows(into: Collected) -> None:
    """Add the declared destinations, as patterns."""
    for node in into.section("flows").values():
        start, port = node.get("from"), node.get("port")
        target = destination(node.pairs["to"], into.names)
        kind, _, rest = target.partition(":")
        base: Row = {
            "from_asset": refer(start, into.names, "assets") if start else None,
            "to_pattern": f"{kind}:{into.host(rest.lower())}" if kind == "domain" else target,
            "to_asset": rest if kind == "asset" else None,
            "action": node.text("action") or "send",
            "resp_p": port.value if port else None,
            "proto": node.text("proto"),
            "service": into.shown(node, "service"),
        }
        for container in texts(node.get("container")) or (None,):
            into.add("flow", node, base | {"container": into.mask(container) if container else None})


def accesses(into: Collected) -> None:
    """Add who may touch what from where: one row per combination, masked as logs of accesses are.

    Raises:
        DeclarationError: A place is neither a country nor a range, or an entry has too many combinations.
    """
    listed = into.root.get("accesses")
    for node in listed.items if listed else ():
        said: dict[str, Sequence[str | None]] = {
            n: texts(node.get(n)) or (None,) for n in ("who", "at", "from", "do", "to")
        }
        if math.prod(map(len, said.values())) > 1000:
            raise fail(node, "One access lists more than 1,000 combinations", "Write several, or use * for names")
        for who, at, start, do, to in product(*said.values()):
            into.add(
                "activity",
                node,
                {
                    "principal": who and into.names.ids.get(who, shown(who, into.mask)),
                    "asset_id": at and into.names.ids.get(at, shown(at, into.mask)),
                    "action": do,
                    "from_place": start and _origin(start, node),
                    "to_party": to and shown(to, into.mask),
                },
            )


def _origin(text: str, node: Node) -> str:
    """Return a country or a range in its usual form."""
    if text in CODES:
        return text
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        hint = f"Write {meant(text)}" if meant(text) else "Write a country as two capital letters, such as DE"
        at = node.pairs["from"]
        raise fail(at, "This is neither a country nor a range of addresses", f"{hint}, or a range in CIDR") from None


def controls(into: Collected) -> None:
    """Add which controls are in place, as far as it is said."""
    for key, node in into.section("controls").items():
        subject = refer_key(key, node, into.names, *_ANY)
        for name, said in node.pairs.items():
            state = said.pairs.get("state", said)
            row: Row = {"subject_id": subject, "control": name, "state": _STATES[state.value]}
            into.add("control", said, row | {"tested_on": day(said, "tested_on")})


def needs(into: Collected) -> None:
    """Add without what an asset stops: one row per member of a group of alternatives."""
    for key, node in into.section("needs").items():
        asset = refer_key(key, node, into.names, "assets")
        for number, group in enumerate(node.items, 1):
            for item in group.pairs["any"].items if group.kind == "object" else group.items:
                member = refer(item, into.names, "assets", "entities")
                if member == asset:
                    raise fail(item, "It cannot need itself", "Write another key")
                row: Row = {"asset_id": asset, "need_group": number, "needs_id": member}
                into.add("need", item, row | {"buffer_h": value(group, "buffer_h")})


def events(into: Collected) -> None:
    """Add what happened."""
    for key, node in into.section("events").items():
        about = node.get("object")
        into.add(
            "event",
            node,
            {
                "event_id": into.names.ids[key],
                "kind": node.text("kind"),
                "subject_id": refer(node.pairs["subject"], into.names, *_ANY),
                "object_id": refer(about, into.names, *_ANY) if about else None,
                "on_date": day(node, "date"),
            },
        )


def policy(into: Collected) -> None:
    """Add what the declaring party accepts: `accept_reach`, `accept_reach:CLASS` and `min_seal:SOV_N`."""
    said = into.root.get("policy")
    reach, seal = (said.get("accept_reach"), said.get("min_seal")) if said else (None, None)
    lists = {"accept_reach": reach} if reach and reach.kind == "array" else {}
    lists |= {f"accept_reach:{key}": node for key, node in reach.pairs.items()} if reach else {}
    for name, node in lists.items():
        # An empty list accepts nobody, which is not the same as saying nothing.
        for item in node.items or (None,):
            into.add("policy", item or node, {"policy": name, "value": item.value if item else "none"})
    for key, node in seal.pairs.items() if seal else ():
        into.add("policy", node, {"policy": f"min_seal:{key}", "value": str(node.value)})
    survive, tolerate = (said.get("must_survive"), said.get("tolerate")) if said else (None, None)
    for item in (survive.items or (survive,)) if survive else ():
        text = str(item.value)
        party = text.removeprefix("entity:")
        told = text if party == text else f"entity:{refer_key(party, item, into.names, 'entities')}"
        into.add("policy", item, {"policy": "must_survive", "value": told})
    for key, node in tolerate.pairs.items() if tolerate else ():
        for item in node.items or (node,):
            told = str(item.value).lower() if isinstance(item.value, bool) else f"{item.value}"
            into.add("policy", item, {"policy": f"tolerate:{key}", "value": told})


def measures(into: Collected) -> None:
    """Add the measures that would be considered, with their cost."""
    for key, node in into.section("measures").items():
        params: Row = {}
        for name, sections in _PARAMS.items():
            item = node.get(name)
            if item is not None:
                params[name] = refer(item, into.names, *sections) if sections else into.mask(str(item.value))
        if node.get("possible") is not None:
            params["possible"] = value(node, "possible")
        row: Row = {
            "measure_id": f"est:measure:{key}",
            "measure": node.text("measure"),
            "params": json.dumps(params, sort_keys=True),
            "cost": value(node, "cost"),
            "lead_days": value(node, "lead_days"),
        }
        into.add("measure", node, row)
