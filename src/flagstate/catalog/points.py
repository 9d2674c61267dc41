"""Points that many lean on and few name: who is behind a registry, a clock, a certificate, a name server, a script.

The source is `data/points.yaml`, which people edit. An operator is a row of the catalog of operators; where there is
none, only the name of the point is known, and a name is no owner.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from flagstate.catalog.operators import Source, Status
from flagstate.catalog.providers import operator_by_domain, suffixes, third_party
from flagstate.errors import CatalogError

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

SOURCE = Path(__file__).parent / "data" / "points.yaml"
EVIDENCE = "catalog:points"
"""Row of `evidence` that facts of this catalog rest on."""
LONGEST = 253
"""Characters of a host name."""


class PointKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a kind of point gives, and how long one can go without it."""

    says: str
    """What it gives, in a word."""
    doc: str
    """What it is."""
    needed: bool = True
    """Whether that it was used is taken as a sign that it is needed."""
    buffer_h: float | None = None
    """Hours, assumed; null: not known."""


class Point(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A point, and what it is told by."""

    kind: str
    """registry, time, licence, identity, payment, ca, dns, script_cdn or measuring."""
    name: str
    """Its name."""
    operator: str | None = None
    """Slug of an operator or owner; null: not recorded."""
    domains: tuple[str, ...] = ()
    """Domains, with everything below them."""
    pattern: str | None = None
    """Regular expression for a domain, where they are numbered."""
    issuers: tuple[str, ...] = ()
    """Organisations that certificates name as their issuer."""
    ports: tuple[int, ...] = ()
    """Ports of the responder."""
    proto: str = "tcp"
    """Protocol of the ports."""
    purl: tuple[str, ...] = ()
    """Types of package that come from it unless another registry is set."""
    status: Status = "to verify"
    """Whether a source was read."""
    source: str = "recall"
    """Which."""


class PointBook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole catalog."""

    checked_on: str
    sources: dict[str, Source]
    kinds: dict[str, PointKind]
    points: tuple[Point, ...]
    dispensable: frozenset[str]
    sign_in: tuple[str, ...]
    beacon: tuple[str, ...]


@dataclass(frozen=True)
class Match:
    """A point that a name leads to."""

    point: Point
    by: str
    """The domain, organisation, port or type of package that matched."""


@lru_cache(maxsize=1)
def points() -> PointBook:
    """Return the catalog of points.

    Raises:
        CatalogError: The file is missing or damaged.
    """
    try:
        return msgspec.yaml.decode(SOURCE.read_bytes(), type=PointBook)
    except (OSError, msgspec.DecodeError) as error:
        raise CatalogError(
            "the catalog of points cannot be read", where=SOURCE.name, why=str(error), todo="Install the package again"
        ) from error


@lru_cache(maxsize=1)
def _domains() -> tuple[dict[str, Point], tuple[tuple[re.Pattern[str], Point], ...]]:
    listed = points().points
    plain = {domain: point for point in listed for domain in point.domains}
    return plain, tuple((re.compile(point.pattern), point) for point in listed if point.pattern)


@lru_cache(maxsize=1)
def _ends() -> frozenset[str]:
    return frozenset(".".join(domain.rsplit(".", 2)[-2:]) for domain in _domains()[0])


@lru_cache(maxsize=1)
def _issuers() -> dict[str, Point]:
    return {name.casefold(): point for point in points().points for name in point.issuers}


def by_host(host: str | None) -> Match | None:
    """Return the point that a host name lies under; the longest domain wins.

    It cannot see a mirror or a proxy of one's own that stands before it.
    """
    if not host or len(host) > LONGEST:
        return None
    plain, patterns = _domains()
    bare = host.strip().rstrip(".").lower()
    if ".".join(bare.rsplit(".", 2)[-2:]) not in _ends() and not any(pattern.search(bare) for pattern, _ in patterns):
        return None  # nearly all of very many names
    for name in suffixes(bare):
        if name in plain:
            return Match(plain[name], name)
        for pattern, point in patterns:
            if pattern.fullmatch(name):
                return Match(point, name)
    return None


def by_issuer(organisation: str | None) -> Match | None:
    """Return the point that issues certificates under the name of an organisation, compared whole."""
    point = _issuers().get((organisation or "").strip().casefold())
    return Match(point, str(organisation).strip()) if point else None


def by_port(port: int | None, proto: str | None) -> Match | None:
    """Return the point that a port stands for: a sign only, since any service may use any port."""
    for point in points().points:
        if port in point.ports and point.proto == (proto or point.proto):
            return Match(point, f"{point.proto}/{port}")
    return None


def by_package(kind: str | None) -> Match | None:
    """Return the registry that packages of a type (purl) come from unless another one is set."""
    for point in points().points:
        if kind in point.purl:
            return Match(point, f"pkg:{kind}")
    return None


def dispensable(host: str) -> str | None:
    """Return the category of a third party without which a page works, or None."""
    found = by_host(host)
    if found is not None:
        return None if points().kinds[found.point.kind].needed else found.point.kind
    known = third_party(host)
    return known[2] if known and known[2] in points().dispensable else None


@lru_cache(maxsize=1)
def _paths() -> tuple[re.Pattern[str], re.Pattern[str]]:
    book = points()
    return re.compile("|".join(book.sign_in)), re.compile("|".join(book.beacon))


def signs_in(path: str) -> bool:
    """Whether a path of an address is one where people sign in (OAuth, OpenID Connect, SAML)."""
    return bool(_paths()[0].search(path[:2048].lower()))


def counts(path: str) -> bool:
    """Whether a path of an address is one that only counts visits."""
    return bool(_paths()[1].search(path[:2048].lower()))


def zone(host: str) -> str:
    """Return the domain that somebody registered for a host name; two labels where no list knows its suffix.

    An address is its own.

    Args:
        host: A host name in lower case, masked or not; the registrable domain stays readable in a masked one.
    """
    bare = host.strip().rstrip(".").lower()
    if ":" in bare or bare.rpartition(".")[2].isdigit():
        return bare  # an address
    known = _public().privatesuffix(bare, accept_unknown=False) if len(bare) <= LONGEST else None
    return known or ".".join(bare.split(".")[-2:])


@lru_cache(maxsize=1)
def _public() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(only_icann=True)


def operator_of(host: str) -> str | None:
    """Return the operator behind a host name: of its point if it is one, else of its domain."""
    found = by_host(host)
    if found is not None and found.point.operator:
        return found.point.operator
    named = operator_by_domain(host)
    return named[0] if named else None


_ATTRIBUTE = re.compile(r"(?:^|[,/])\s*O\s*=\s*((?:\\.|[^,\\])*)")
_ESCAPE = re.compile(r"\\([0-9A-Fa-f]{2}|.)", re.DOTALL)


def organisation(distinguished_name: str | None) -> str | None:
    """Return the organisation of a distinguished name such as `CN=R3,O=Let's Encrypt,C=US`, or None.

    Args:
        distinguished_name: As logs of certificates write it; up to 2,048 characters are looked at.
    """
    # Tab-separated logs of Zeek escape the backslash that escapes a comma.
    text = (distinguished_name or "")[:2048].replace("\\\\", "\\").replace("\\x2c", "\\,")
    found = _ATTRIBUTE.search(text)
    if found is None:
        return None
    text = _ESCAPE.sub(lambda m: m[1] if len(m[1]) == 1 else chr(int(m[1], 16)), found[1]).strip().strip('"')
    return text[:200] or None


def told(source: str) -> str:
    """Return where something is said, in words."""
    return points().sources[source].title
