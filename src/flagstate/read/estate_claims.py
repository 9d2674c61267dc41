"""What a declaration or a dossier says is asserted: sources, and claims with their tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from flagstate.catalog.mask import mask_party
from flagstate.catalog.strict import Node, fail
from flagstate.read.estate_names import destination, refer
from flagstate.read.estate_rows import Collected, Row, bounds, day, plain, prose, texts

_BEHIND = ("sources", "claims")
_STATES: dict[object, str] = {True: "yes", False: "no", "unknown": "unknown"}


def sources(into: Collected) -> None:
    """Add the reports, statements and documents in which claims stand."""
    for key, node in into.section("sources").items():
        anonymous, verified = node.get("anonymous"), node.get("verified")
        into.add(
            "source",
            node,
            {
                "source_id": into.names.ids[key],
                "source_form": node.text("form"),
                "outlet": _speaker(node, "outlet"),
                "on_date": day(node, "date"),
                "derived_from": _behind(node, key, into),
                "anonymous": anonymous.value if anonymous else None,
                "verified": _STATES[verified.value] if verified else None,
                "remark": _told(node, "remark", into),
            },
        )


def claims(into: Collected) -> None:
    """Add what is asserted, with its figures and its test."""
    for key, node in into.section("claims").items():
        stances, test, figures = node.get("stances"), node.get("test"), node.get("figures")
        into.add(
            "claim",
            node,
            {
                "claim_id": into.names.ids[key],
                "sentence": _told(node, "says", into),
                "claim_kind": node.text("kind"),
                "speaker": _speaker(node, "by"),
                "outlet": _speaker(node, "outlet"),
                "on_date": day(node, "date"),
                "hedging": into.shown(node, "hedging"),
                "claim_scope": into.shown(node, "scope"),
                "derived_from": _behind(node, key, into),
                "source_ids": _carriers(node, into),
                "quote_hash": node.text("quote_hash"),
                "stances": json.dumps(_stances(stances), sort_keys=True) if stances else None,
                "claim_figures": json.dumps(_figures(figures, into), sort_keys=True) if figures else None,
                "test": json.dumps(_test(test, figures, into), sort_keys=True) if test else None,
                "does_not_say": [prose(one, into.mask) for one in texts(node.get("does_not_say")) or []] or None,
                "remark": _told(node, "remark", into),
            },
        )


def _speaker(node: Node, key: str) -> str | None:
    """Return who speaks: outlets bear names of people and places, and who said it first is what a claim is about."""
    text = node.text(key)
    return None if text is None else mask_party(text)


def _told(node: Node, key: str, into: Collected) -> str | None:
    text = node.text(key)
    return None if text is None else prose(text, into.mask)


def _behind(node: Node, key: str, into: Collected) -> list[str] | None:
    """Return what an entry repeats, each once.

    Raises:
        DeclarationError: No such claim or source, or it repeats itself.
    """
    said = node.get("derived_from")
    found: list[str] = []
    for item in (said.items if said.kind == "array" else (said,)) if said else ():
        if str(item.value) == key:
            raise fail(item, "It cannot repeat itself", "Write another key, or delete the line")
        found.append(refer(item, into.names, *_BEHIND))
    return list(dict.fromkeys(found)) or None


def _carriers(node: Node, into: Collected) -> list[str] | None:
    said = node.get("sources")
    listed = (said.items if said.kind == "array" else (said,)) if said else ()
    return list(dict.fromkeys(refer(item, into.names, "sources") for item in listed)) or None


def _distinct(keys: Iterable[str], mask: Callable[[str], str]) -> dict[str, str]:
    """Return keys with their masked names; those that mask alike are told apart by a number."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for key in keys:
        shown, number = mask(key), 1
        made = shown
        while made in taken:
            number += 1
            made = f"{shown} {number}"
        names[key] = made
        taken.add(made)
    return names


def _stances(node: Node) -> Row:
    """Return what others say, by who they are: speakers too."""
    names = _distinct(node.pairs, mask_party)
    return {names[key]: said.value for key, said in node.pairs.items()}


def _figures(node: Node, into: Collected) -> Row:
    """Return figures by name, each with its bounds and its unit."""
    made: Row = {}
    names = _distinct(node.pairs, into.mask)
    for name, said in node.pairs.items():
        low, high = bounds(said.get("value"))
        unit = said.text("unit")
        made[names[name]] = {"lo": low, "hi": high} | ({"unit": into.mask(unit)} if unit else {})
    return made


def _test(node: Node, figures: Node | None, into: Collected) -> Row:
    """Return a test with ids instead of keys and patterns instead of destinations."""
    made: Row = {}
    for name, said in node.pairs.items():
        if name == "of":
            made[name] = refer(said, into.names, "assets")
        elif name in ("about", "operator_is", "keys_held_by"):
            made[name] = refer(said, into.names, "entities")
        elif name == "no_flow_to":
            made[name] = [_pattern(item, into) for item in said.items]
        elif name == "figure_consistent_with":
            made[name] = _agreement(said, figures, into) if said.kind == "object" else list(bounds(said))
        else:
            made[name] = plain(said, into.mask)
    return made


def _pattern(node: Node, into: Collected) -> str:
    """Return a destination as a pattern, a host masked as hosts that are observed are."""
    target = destination(node, into.names)
    kind, _, rest = target.partition(":")
    return f"{kind}:{into.host(rest.lower())}" if kind == "domain" else target


def _agreement(node: Node, figures: Node | None, into: Collected) -> Row:
    """Return what two figures of the claim must give together.

    Raises:
        DeclarationError: The claim has no such figure.
    """
    known = figures.pairs if figures else {}
    for name in ("figure", "per"):
        item = node.pairs[name]
        if str(item.value) not in known:
            raise fail(
                item, f"The claim has no figure {item.show(str(item.value))}", "Write it under figures: of the claim"
            )
    made = plain(node, into.mask)
    assert isinstance(made, dict)  # noqa: S101  an object, by the form
    names = _distinct(known, into.mask)
    figure = {name: names[str(node.pairs[name].value)] for name in ("figure", "per")}
    return made | figure | {"between": list(bounds(node.pairs["between"]))}
