"""Who operates an address or a name, who owns the operator, and how well each of these is known.

The source is `data/providers.yaml`, which people edit; `tools/build_operators.py` compiles it into `providers.json`,
which is read here, because it loads in milliseconds. An operator is found by published feed, AS number, domain or LEI,
never by name: "Alibaba (US) Technology Co., Ltd." is the name of an AS holder and says nothing of a jurisdiction.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec

from flagstate.catalog.operators import Book, Entity, Link
from flagstate.errors import CatalogError

DATA = Path(__file__).parent / "data"
COMPILED = DATA / "providers.json"
THIRD_PARTIES = DATA / "third_party_web.json"


@dataclass(frozen=True)
class Identified:
    """Which operator, by which evidence, and what else the evidence names."""

    operator: str | None
    """Slug of the operator; None: not known."""
    by: str | None
    """asn, feed or domain."""
    others: tuple[tuple[str, str], ...] = ()
    """Other operators that the evidence names, each with asn, feed or domain."""


@dataclass(frozen=True)
class Step:
    """One link of a control chain: the holder owns the subject."""

    holder: str
    subject: str
    link: Link
    depth: int
    """1 for the operator's own owners, and so on."""


@lru_cache(maxsize=1)
def book() -> Book:
    """Return the catalog of operators.

    Raises:
        CatalogError: The compiled file is missing or damaged.
    """
    try:
        return msgspec.json.decode(COMPILED.read_bytes(), type=Book)
    except (OSError, msgspec.DecodeError) as error:
        raise CatalogError(
            "the catalog of operators cannot be read",
            where=COMPILED.name,
            why=str(error),
            todo="Install the package again",
        ) from error


def entity(slug: str) -> Entity | None:
    """Return an operator or owner by its slug."""
    known = book()
    return known.operators.get(slug) or known.entities.get(slug)


def entity_id(slug: str) -> str:
    """Return the id under which an operator or owner stands in tables."""
    return f"ent:{slug}"


@lru_cache(maxsize=1)
def _by_asn() -> dict[int, str]:
    return {n.asn: slug for slug, op in book().operators.items() for n in op.asns if not n.shared}


@lru_cache(maxsize=1)
def _by_feed() -> dict[str, str]:
    return {feed: slug for slug, op in book().operators.items() for feed in op.feeds}


@lru_cache(maxsize=1)
def _by_domain() -> tuple[dict[str, str], tuple[tuple[re.Pattern[str], str], ...]]:
    plain: dict[str, str] = {}
    patterns = []
    for slug, op in book().operators.items():
        for domain in op.domains:
            if domain.shared:
                continue
            if domain.pattern:
                patterns.append((re.compile(domain.pattern), slug))
            else:
                plain[domain.domain] = slug
    return plain, tuple(patterns)


@lru_cache(maxsize=1)
def _by_lei() -> dict[str, str]:
    known = book()
    found = {e.lei.value: slug for group in (known.entities, known.operators) for slug, e in group.items() if e.lei}
    for slug, op in known.operators.items():
        for legal in op.legal_entities:
            found.setdefault(legal.lei, slug)
    return found


def suffixes(host: str) -> Iterator[str]:
    """Yield a host name and every name above it that has a dot, the longest first."""
    labels = host.strip().rstrip(".").lower().split(".")
    for start in range(len(labels) - 1):
        yield ".".join(labels[start:])


def operator_by_asn(asn: int | None) -> str | None:
    """Return the operator that announces an AS number."""
    return None if asn is None else _by_asn().get(asn)


def operator_by_feed(provider: str | None) -> str | None:
    """Return the operator behind the name of a published feed."""
    return None if provider is None else _by_feed().get(provider)


def operator_by_domain(host: str | None) -> tuple[str, str] | None:
    """Return the operator whose domain a host name lies under, and that domain; the longest domain wins.

    Args:
        host: A host name, in any case, with or without the final dot.

    It cannot see a name that merely points at another operator (an alias), nor a domain that was sold.
    """
    if host is None:
        return None
    plain, patterns = _by_domain()
    for name in suffixes(host):
        if name in plain:
            return plain[name], name
        for pattern, slug in patterns:
            if pattern.fullmatch(name):
                return slug, name
    return None


def _runs_for(local: str | None, published: str | None, region: str | None) -> bool:
    """Say whether a local operator runs the published one's region."""
    if local is None or published is None:
        return False
    return any(
        role.operator == published and (not role.regions or region is None or region in role.regions)
        for role in book().operators[local].operates_for
    )


def _region_operator(published: str | None, region: str | None) -> str | None:
    """Return the local operator that is named for a published region, whoever announces the range."""
    if published is None or region is None:
        return None
    for slug, op in book().operators.items():
        if any(role.operator == published and region in role.regions for role in op.operates_for):
            return slug
    return None


def identify(
    *, asn: int | None = None, provider: str | None = None, region: str | None = None, host: str | None = None
) -> Identified:
    """Say who operates an address, from the feed that publishes it, its network and its name, in this order.

    1. A local operator that runs the published region, or that announces the range and is known to run regions for the
       publisher, is the operator; the publisher is kept beside it. So AWS China (Beijing) is Sinnet's.
    2. The publisher of the feed.
    3. The operator of the AS number.
    4. The operator of the domain.

    Args:
        asn: Number of the network that announces the address.
        provider: Name of the feed that publishes its range.
        region: Region in that feed.
        host: Name under which it answers.

    Returns:
        The operator and the other operators that the evidence names. Whoever rents the machine is not seen.
    """
    feed, network, named = operator_by_feed(provider), operator_by_asn(asn), operator_by_domain(host)
    seen = [(slug, by) for slug, by in ((feed, "feed"), (network, "asn"), (named and named[0], "domain")) if slug]
    if _runs_for(network, feed, region):
        chosen: tuple[str, str] | None = (str(network), "asn")
    elif local := _region_operator(feed, region):
        chosen = (local, "feed")
    else:
        chosen = seen[0] if seen else None
    if chosen is None:
        return Identified(None, None)
    others = tuple((slug, by) for slug, by in seen if slug != chosen[0])
    return Identified(chosen[0], chosen[1], others)


def find(text: str) -> str | None:
    """Return the slug of an operator or owner that a person names, by slug, whole name or LEI.

    A name is compared whole and without regard to case. Where the catalog gives several names, as in "Temu / PDD", or
    adds a word in brackets, each of them will do if it is nobody else's.
    """
    wanted = text.strip()
    if (slug := _by_lei().get(wanted.upper())) is not None:
        return slug
    bare = wanted.removeprefix("ent:").casefold()
    known = book()
    every = [*known.operators.items(), *known.entities.items()]
    for slug, one in every:
        if bare in (slug, one.name.casefold(), one.legal_name.value.casefold() if one.legal_name else slug):
            return slug
    named = [slug for slug, one in every if bare in _short_names(one.name)]
    return named[0] if len(named) == 1 else None


def _short_names(name: str) -> set[str]:
    """Return the names between slashes and without brackets."""
    plain = re.sub(r"\(.*?\)", "", name).casefold()
    return {part.strip() for part in plain.split(" / ")}


def candidates(text: str, *, limit: int = 8) -> list[str]:
    """Return names of operators and owners that contain a text: proposals for a person, never a match."""
    bare = text.strip().casefold()
    known = book()
    names = {e.name for group in (known.operators, known.entities) for e in group.values()}
    return sorted(name for name in names if bare and bare in name.casefold())[:limit]


def control_chain(slug: str) -> list[Step]:
    """Return every owner above an operator, nearest first; each link once, so circles end.

    Args:
        slug: Operator or owner.

    Returns:
        Links with their status and source, minorities included. Owners that nobody recorded are not seen.
    """
    steps: list[Step] = []
    reached = {slug}
    level = [slug]
    depth = 1
    while level:
        above: list[str] = []
        for subject in level:
            known = entity(subject)
            for link in known.owned_by if known else ():
                steps.append(Step(link.entity, subject, link, depth))
                if link.entity not in reached:
                    reached.add(link.entity)
                    above.append(link.entity)
        level, depth = above, depth + 1
    return steps


def controllers(slug: str) -> list[str]:
    """Return the ultimate controllers: the ends of the chain along links from which control may follow.

    An operator that nobody is known to own is its own. In a circle of owners everybody in it is named.
    """
    up: dict[str, list[str]] = {}
    for step in control_chain(slug):
        if step.link.controls:
            up.setdefault(step.subject, []).append(step.holder)
    reached = {slug}
    queue = [slug]
    for subject in queue:
        for holder in up.get(subject, []):
            if holder not in reached:
                reached.add(holder)
                queue.append(holder)
    tops = [name for name in queue if name in reached and not up.get(name)]
    return tops or sorted(reached)


@lru_cache(maxsize=1)
def _third_parties() -> tuple[list[tuple[str, str | None, str]], dict[str, int]]:
    data = json.loads(THIRD_PARTIES.read_text(encoding="utf-8"))
    return [tuple(row) for row in data["entities"]], data["domains"]


def third_party(host: str) -> tuple[str, str | None, str] | None:
    """Return name, company and category of a web third party by host name: a name only, without owner or country.

    Args:
        host: A host name.
    """
    entities, domains = _third_parties()
    for position, name in enumerate(suffixes(host)):
        place = domains.get(f"*.{name}")
        if place is None and position == 0:
            place = domains.get(name)
        if place is not None:
            return entities[place]
    return None
