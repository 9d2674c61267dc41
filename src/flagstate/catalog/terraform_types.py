"""What a Terraform resource type is: the kind of asset, its provider, and which of its attributes say what.

The table is data (`data/terraform_types.yaml`). A type that it does not name is a system, and is counted as unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

from flagstate.catalog.strict import Node, load

_TABLE = Path(__file__).parent / "data" / "terraform_types.yaml"


@dataclass(frozen=True)
class Provider:
    """Who stands behind the first word of a resource type."""

    name: str
    """The provider as the catalog names it."""
    regions: str | None
    """Its short name in the list of regions; null: its regions are not listed."""


@dataclass(frozen=True)
class Egress:
    """Where a resource type says to which addresses traffic may leave."""

    types: tuple[str, ...]
    """Names or patterns of types."""
    nested: str | None
    """Attribute that lists the rules; null: the resource is one rule."""
    when: Mapping[str, str]
    """Attributes and the values, in lower case, that make it a rule that lets traffic out."""
    unless: str | None
    """Attribute that, when filled, makes it a rule that forbids."""
    cidrs: tuple[str, ...]
    """Attributes that hold ranges, as text or lists."""
    ports: tuple[str, ...]
    """One or two attributes with the first and last port."""
    proto: str | None
    """Attribute with the protocol."""
    group: str | None
    """Attribute with the id of the group that the rule belongs to."""


@lru_cache(maxsize=1)
def _table() -> Node:
    return load(_TABLE.read_bytes(), name=_TABLE.name)


def _words(node: Node | None) -> tuple[str, ...]:
    return tuple(str(item.value) for item in node.items) if node else ()


@lru_cache(maxsize=1)
def _kinds() -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """Return exact names, and patterns with the longest first."""
    exact: dict[str, str] = {}
    patterns: list[tuple[str, str]] = []
    for kind, names in _table().pairs["kinds"].pairs.items():
        for name in _words(names):
            if "*" in name:
                patterns.append((name, kind))
            else:
                exact[name] = kind
    return exact, tuple(sorted(patterns, key=lambda p: (-len(p[0]), p[0])))


def kind(resource_type: str) -> str | None:
    """Return the kind of asset that a type is, `nothing` if it is none, or None if the table does not name it."""
    exact, patterns = _kinds()
    if resource_type in exact:
        return exact[resource_type]
    return next((found for pattern, found in patterns if fnmatchcase(resource_type, pattern)), None)


@lru_cache(maxsize=512)
def provider(resource_type: str) -> Provider:
    """Return the provider behind a type; one that the table does not know keeps its short name."""
    short = resource_type.split("_", 1)[0]
    node = _table().pairs["providers"].get(short)
    return Provider(node.text("name") or short, node.text("regions")) if node else Provider(short, None)


@lru_cache(maxsize=1)
def attributes() -> Mapping[str, tuple[str, ...]]:
    """Return, by what they say, the attributes that are ever looked at, in order of preference."""
    return {name: _words(node) for name, node in _table().pairs["attributes"].pairs.items()}


@lru_cache(maxsize=512)
def protected_by(resource_type: str) -> tuple[str, ...]:
    """Return the attributes that name what a setting of encryption is for; none: the type is no such setting."""
    for node in _table().pairs["protecting"].items:
        if any(fnmatchcase(resource_type, pattern) for pattern in _words(node.get("types"))):
            return _words(node.get("of"))
    return ()


@lru_cache(maxsize=512)
def egress(resource_type: str) -> Egress | None:
    """Return where a type says to which addresses traffic may leave, or None if it says nothing of that."""
    for node in _table().pairs["egress"].items:
        types = _words(node.get("types"))
        if any(fnmatchcase(resource_type, pattern) for pattern in types):
            when = node.get("when")
            return Egress(
                types=types,
                nested=node.text("list"),
                when={k: str(v.value) for k, v in when.pairs.items()} if when else {},
                unless=node.text("unless"),
                cidrs=_words(node.get("cidrs")),
                ports=_words(node.get("ports")),
                proto=node.text("proto"),
                group=node.text("group"),
            )
    return None
