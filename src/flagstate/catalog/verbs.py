"""What the verbs of audit logs do, on what, and to whom they give access.

The table is data (`data/verbs.yaml`). A verb that it does not name is a read where the log itself calls it read-only,
a write where the log says that it is not, and unknown where the log says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

from flagstate.catalog.strict import Node, load

_TABLE = Path(__file__).parent / "data" / "verbs.yaml"
_DATED = re.compile(r"_?20\d{6}(v\d+)?$|_?20\d\d_\d\d_\d\d$|20\d\d\d\d\d\d$")

MOST_MET = 10_000
"""Verbs whose action is remembered: a hostile log may name any number."""

LOOKS = frozenset({"inspect", "read", "decrypt", "login"})
"""Actions that change nothing."""


@dataclass(frozen=True)
class Thing:
    """Where the parameters of an event name what it is about."""

    path: tuple[str, ...]
    """Keys that lead to the name; lists on the way are gone through."""
    lead: str
    """What stands before the name in the id."""
    kind: str
    """Kind of asset."""


@dataclass(frozen=True)
class Share:
    """Where the parameters of an event say who is given access."""

    policy: tuple[tuple[str, ...], ...]
    """Paths of policies, as JSON text or objects."""
    give: tuple[tuple[str, ...], ...]
    """Paths of parties that are given access."""
    take: tuple[tuple[str, ...], ...]
    """Paths of parties from whom it is taken back."""
    own: tuple[tuple[str, ...], ...]
    """Paths of the owner itself, to whom nothing is given."""


@dataclass(frozen=True)
class Verbs:
    """The verbs of one source."""

    provider: str | None
    """The provider as the catalog names it."""
    regions: str | None
    """Its short name in the list of regions; null: its regions are not listed."""
    everywhere: frozenset[str]
    """Services that stand in no one region."""
    exact: Mapping[tuple[str, str], str]
    """Action by service (empty: any) and verb."""
    patterns: tuple[tuple[str, str, str], ...]
    """Service, pattern and action, the one that wins first."""
    things: Mapping[str, tuple[Thing, ...]]
    """By service."""
    shares: Mapping[str, Share]
    """By `service:Verb`."""
    met: dict[tuple[str, str], str | None] = field(default_factory=dict, compare=False)
    """What was looked up before; a log repeats its verbs."""

    def action(self, service: str, verb: str, *, read_only: bool | None = None) -> str:
        """Return what a verb does: login, decrypt, read, inspect, write, admin, stop_logging, start_logging or unknown.

        Args:
            service: The service, such as s3; empty where the source has only one.
            verb: The verb as the log has it.
            read_only: What the log itself says; null: nothing.
        """
        key = (service, verb)
        if key not in self.met:
            if len(self.met) >= MOST_MET:
                self.met.clear()
            self.met[key] = self._known(service, verb)
        if found := self.met[key]:
            return found
        return "unknown" if read_only is None else "read" if read_only else "write"

    def _known(self, service: str, verb: str) -> str | None:
        if found := self.exact.get((service, verb)):
            return found
        for owner, pattern, action in self.patterns:
            if (not owner or owner == service or fnmatchcase(service, owner)) and fnmatchcase(verb, pattern):
                return action
        return None

    def share(self, service: str, verb: str) -> Share | None:
        """Return where an event says who is given access, or null: it gives none."""
        return self.shares.get(f"{service}:{verb}")


def bare(verb: str) -> str:
    """Return a verb without the date of its version, such as AddPermission for AddPermission20150331v2."""
    return _DATED.sub("", verb)


@lru_cache(maxsize=8)
def verbs(source: str) -> Verbs:
    """Return the verbs of a source.

    Args:
        source: aws, aliyun or objects.

    Raises:
        KeyError: No such source.
    """
    table = _tables().pairs[source]
    exact: dict[tuple[str, str], str] = {}
    patterns: list[tuple[str, str, str]] = []
    for action, names in table.pairs["actions"].pairs.items():
        for name in _words(names):
            service, _, verb = name.rpartition(":")
            if "*" in verb or "*" in service:
                patterns.append((service, verb, action))
            else:
                exact[service, verb] = action
    patterns.sort(key=lambda p: (not p[0], "*" in p[1], -len(p[1]), p))
    return Verbs(
        _text(table.get("provider")),
        _text(table.get("regions")),
        frozenset(_words(table.get("global"))),
        exact,
        tuple(patterns),
        {service: tuple(map(_thing, node.items)) for service, node in _pairs(table.get("things"))},
        {name: _share(node) for name, node in _pairs(table.get("shares"))},
    )


@lru_cache(maxsize=1)
def _tables() -> Node:
    return load(_TABLE.read_bytes(), name=_TABLE.name)


def _pairs(node: Node | None) -> list[tuple[str, Node]]:
    return list(node.pairs.items()) if node else []


def _words(node: Node | None) -> tuple[str, ...]:
    return tuple(str(item.value) for item in node.items) if node else ()


def _text(node: Node | None) -> str | None:
    return str(node.value) if node and node.value is not None else None


def _thing(node: Node) -> Thing:
    path, lead, kind = (str(item.value or "") for item in node.items)
    return Thing(tuple(path.split(".")), lead, kind)


def _share(node: Node) -> Share:
    found = {name: tuple(_way(word) for word in _words(node.get(name))) for name in ("policy", "give", "take", "own")}
    return Share(**found)


def _way(path: str) -> tuple[str, ...]:
    # A key of Alibaba's own form may end in a number: `AddAccount.1` is one key.
    return (path,) if path.rpartition(".")[2].isdigit() else tuple(path.split("."))
