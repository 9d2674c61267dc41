"""What the names in a declaration stand for: its own keys, entities of the catalog, patterns of destinations."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flagstate.catalog import providers
from flagstate.catalog.countries import CODES, meant
from flagstate.catalog.form import near
from flagstate.catalog.strict import Node, fail

SECTIONS = ("entities", "assets", "agreements", "flows", "events", "sources", "claims")
"""The sections whose entries have keys; a key may stand in one of them only."""

_SINGULAR = {
    "entities": "an entity",
    "assets": "an asset",
    "agreements": "an agreement",
    "flows": "a flow",
    "events": "an event",
    "sources": "a source",
    "claims": "a claim",
}
_SLUG = re.compile(r"ent:[a-z0-9][a-z0-9-]{0,120}", re.ASCII)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)


@dataclass(frozen=True)
class Names:
    """The keys of one declaration."""

    ids: Mapping[str, str]
    """Key to id."""
    section: Mapping[str, str]
    """Key to the section that it stands in."""
    nodes: Mapping[str, Node]
    """Key to its entry."""
    other: Callable[[str], str] | None = None
    """The id of an entity or asset of another declaration; null: all keys are of this one."""


def collect(root: Node, mask: Callable[[str], str]) -> Names:
    """Return the keys of a declaration with their ids; ids are masked like every name, and stay distinct.

    Raises:
        DeclarationError: A key stands in two sections.
    """
    ids: dict[str, str] = {}
    section: dict[str, str] = {}
    nodes: dict[str, Node] = {}
    taken: set[str] = set()
    for name in SECTIONS:
        for key, node in (root.get(name) or root).pairs.items() if root.get(name) else ():
            if key in ids:
                first = f"line {nodes[key].line}, in {section[key]}"
                raise fail(
                    node, f"The key {node.show(key)} stands twice: first on {first}", "Give one of them another key"
                )
            made = base = f"est:{mask(key)}"
            number = 2
            while made in taken:
                made, number = f"{base}~{number}", number + 1
            taken.add(made)
            ids[key], section[key], nodes[key] = made, name, node
    return Names(ids, section, nodes, (lambda key: f"est:{mask(key)}") if loose(root) else None)


def loose(root: Node) -> bool:
    """Return whether a file is a dossier, whose tests name entities and assets of another declaration."""
    said = root.get("dossier")
    return said is not None and said.value is True


def refer(node: Node, names: Names, *wanted: str) -> str:
    """Return the id that a reference stands for.

    Args:
        node: The text of the reference.
        names: The keys of the file.
        wanted: The sections in which it may stand.

    Raises:
        DeclarationError: No such key, or a key of another section; with the nearest key.
    """
    return refer_key(str(node.value), node, names, *wanted)


def refer_key(key: str, node: Node, names: Names, *wanted: str) -> str:
    """Return the id that a key stands for, as `refer`; for keys that are not values, such as those of `controls`."""
    if names.section.get(key) in wanted:
        return names.ids[key]
    if "entities" in wanted and _SLUG.fullmatch(key):
        return key
    kinds = " or ".join(_SINGULAR[w] for w in wanted)
    if names.other and key not in names.section and {"entities", "assets"} & set(wanted):
        return names.other(key)
    if key in names.section:
        raise fail(node, f"{node.show(key)} is {_SINGULAR[names.section[key]]}, and {kinds} is needed here")
    known = [k for k, s in names.section.items() if s in wanted]
    raise fail(node, f"{node.show(key)} is not the key of {kinds} of this file", _hint(key, known, node, wanted))


def _hint(key: str, known: list[str], node: Node, wanted: tuple[str, ...]) -> str:
    close = near(key, known)
    if close:
        return f"Did you mean {node.show(close)}?"
    return f"Add it under {' or '.join(w + ':' for w in wanted)}"


def destination(node: Node, names: Names) -> str:
    """Return the pattern of a destination as `kind:value`: asset, entity, provider, country, cidr or domain.

    A domain covers itself and what is below it, with or without `*.` in front. A provider or entity that the catalog
    does not know keeps its name, which nothing observed can match: `unmatched` counts these.

    Raises:
        DeclarationError: It is none of these, or covers a whole top-level domain.
    """
    text = str(node.value).strip()
    kind, colon, rest = text.partition(":")
    rest = " ".join(rest.split())
    if names.section.get(text) == "assets":
        return f"asset:{names.ids[text]}"
    if names.section.get(text) == "entities" or _SLUG.fullmatch(text):
        return f"entity:{names.ids.get(text, text)}"
    if colon and kind == "entity" and names.section.get(rest) == "entities":
        return f"entity:{names.ids[rest]}"
    if colon and kind == "asset" and names.other:
        return f"asset:{names.other(rest)}"
    if colon and kind == "entity" and names.other and not providers.find(rest):
        return f"entity:{names.other(rest)}"
    if colon and kind in ("entity", "provider") and rest:
        slug = providers.find(rest)
        return f"{kind}:{providers.entity_id(slug) if slug else rest}"
    if colon and kind == "country":
        if rest not in CODES:
            hint = f"Write country:{meant(rest)}" if meant(rest) else "Write a country as two capital letters"
            raise fail(node, "This is not a country", f"{hint}, such as country:DE")
        return f"country:{rest}"
    network = as_cidr(text)
    return f"cidr:{network}" if network else f"domain:{_domain(text, node, names)}"


def unmatched(pattern: str) -> bool:
    """Return whether a pattern names a provider or entity that neither the file nor the catalog knows."""
    kind, _, rest = pattern.partition(":")
    if kind not in ("entity", "provider"):
        return False
    return not rest.startswith("est:") and providers.find(rest) is None


def as_cidr(text: str) -> str | None:
    """Return an address or range in CIDR notation, or None if it is neither."""
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return None


def cidr(node: Node) -> str:
    """Return a range exactly as its owner means it.

    Raises:
        DeclarationError: Not a range, or bits are set behind the prefix.
    """
    text = str(node.value)
    try:
        return str(ipaddress.ip_network(text, strict=True))
    except ValueError:
        loose = as_cidr(text)
    if loose:
        raise fail(
            node, "Bits are set behind the prefix of this range", f"Write {loose}, or the address with /32 or /128"
        )
    raise fail(node, "This is not an address range", "Write a range in CIDR notation, such as 10.20.0.0/16")


def domain_name(text: str) -> str | None:
    """Return a domain name in lower case and ASCII, or None if it is not one of at least two labels."""
    name = text.strip().rstrip(".").lower()
    try:
        name = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    labels = name.split(".")
    fine = len(labels) > 1 and len(name) <= 253 and all(_LABEL.fullmatch(x) for x in labels)
    return name if fine and not labels[-1].isdigit() else None


def _domain(text: str, node: Node, names: Names) -> str:
    name = domain_name(text.removeprefix("*."))
    if name:
        return name
    if "." not in text.removeprefix("*.") and ("*" in text):
        raise fail(node, "This covers everything, or a whole top-level domain", "Name domains, ranges or providers")
    close = near(text, [k for k, s in names.section.items() if s in ("assets", "entities")])
    hint = f"Did you mean {node.show(close)}? Otherwise write" if close else "Write"
    raise fail(
        node,
        "This is no destination that can be compared",
        f"{hint} a key, a domain such as example.com, a CIDR range, provider:NAME, entity:KEY or country:DE",
    )
