"""Which registries the packages of a bill of materials come from, by their package URLs; no package is named."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl, urlsplit

_PURL = re.compile(r"pkg:(?://)?([A-Za-z][A-Za-z0-9.+-]{0,31})/[^?#]*(?:\?([^#]*))?")
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+", re.ASCII)
_DEEPEST = 64
MOST = 200
"""Registries of one bill of materials that are told apart, the most used ones."""


def registries(components: object, mask: Callable[[str], str]) -> Counter[str]:
    """Return how many packages come from each type of registry, or from a host that a package URL names.

    Args:
        components: The list of components, with those inside them.
        mask: Replaces the parts of a host name that match a data class.
    """
    found: Counter[str] = Counter()
    for purl in _purls(components):
        match = _PURL.match(purl)
        if match is not None:
            host = _host(match[2] or "")
            found[mask(host) if host else match[1].lower()] += 1
    return Counter(dict(found.most_common(MOST)))


def _purls(components: object) -> Iterator[str]:
    waiting = deque([(components, 0)])
    while waiting:
        listed, depth = waiting.popleft()
        for component in listed if isinstance(listed, list) else ():
            if isinstance(component, dict):
                purl = component.get("purl")
                if isinstance(purl, str):
                    yield purl[:4096]
                if depth < _DEEPEST and component.get("components"):
                    waiting.append((component["components"], depth + 1))


def _host(qualifiers: str) -> str | None:
    """Return the host of the qualifier `repository_url`, if there is one."""
    for name, value in parse_qsl(qualifiers, max_num_fields=100) if qualifiers.count("&") < 100 else ():
        if name.lower() == "repository_url":
            try:
                host = (urlsplit(value if "//" in value else f"//{value}").hostname or "").rstrip(".")
            except ValueError:
                return None
            return host if _HOST.fullmatch(host) and len(host) <= 253 else None
    return None
