"""Answers `flagstate who`: the four countries of an address, its operator, who controls that, and who can compel.

It looks up shipped tables only: no name is resolved and no connection is opened. What is not known is part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple, cast

import pyarrow as pa

from flagstate import model
from flagstate.assess.answer import Government, Owner, Party, Place, Who
from flagstate.assess.compelled import compelled, covert
from flagstate.assess.custody import Custody, Subject, subjects
from flagstate.assess.reach import reach
from flagstate.catalog import networks, providers
from flagstate.catalog.network_addresses import require_address
from flagstate.catalog.operator_facts import entity_rows, operation_row, ownership_rows, supply_rows, told
from flagstate.catalog.operators import Entity, Fact
from flagstate.errors import UsageError
from flagstate.model.codes import CONFIDENCE_OF_PLACE, REACH_LEVELS

_ADDRESS = re.compile(r"[0-9.]+(?:/.*)?|\[.*|[0-9a-fA-F.]*:.*")
_LEI = re.compile(r"[0-9A-Za-z]{18}[0-9]{2}")
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


def who(query: str, *, as_of: date, without_feeds: bool = False, user_dir: Path | None = None) -> Who:
    """Say where an address stands, who operates it, who controls the operator and which governments can compel it.

    Args:
        query: An IP address, a host name, or an operator by name, slug or LEI.
        as_of: The day on which laws must hold.
        without_feeds: Leave out the ranges that providers publish.
        user_dir: Folder with databases that the user added.

    Returns:
        The answer; what is not known is named in it.

    Raises:
        UsageError: It is none of these.
    """
    text = query.strip()
    if _ADDRESS.fullmatch(text):
        return _address(text, as_of, without_feeds, user_dir)
    slug = providers.find(text)
    if slug is not None:
        return _entity(text, slug, as_of)
    host = text.rstrip(".").lower()
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            raise _unknown(text) from None
    if len(host) <= 253 and _HOST.fullmatch(host):
        return _host(text, host, as_of)
    raise _unknown(text)


def _unknown(text: str) -> UsageError:
    shown = ascii(text[:100])
    if _LEI.fullmatch(text):
        return UsageError(
            f"no operator with LEI {shown} is in the catalog", todo="Ask for its name or an address of it"
        )
    close = providers.candidates(text)
    todo = (
        f"Did you mean {', '.join(close)}? Write the whole name"
        if close
        else "Give an IP address, a host name or an operator"
    )
    return UsageError(f"{shown} is not an address, a host name or the whole name of a known operator", todo=todo)


def _address(text: str, as_of: date, without_feeds: bool, user_dir: Path | None) -> Who:
    require_address(text)
    facts = networks.lookup_one(text, without_feeds=without_feeds, user_dir=user_dir)
    asn, region = cast("int | None", facts["asn"]), cast("str | None", facts["provider_region"])
    provider = cast("str | None", facts["provider"])
    found = providers.Identified(None, None)
    if facts["special"] is None:
        found = providers.identify(asn=asn, provider=provider, region=region)
    row = {name: facts.get(name) for name in model.ENDPOINT.names}
    row |= {"operator_id": found.operator and providers.entity_id(found.operator), "operator_by": found.by}
    reasons = []
    if found.operator and found.by:
        reasons = [operation_row(found.operator, by=found.by, asn=asn, provider=provider, host=None)]
    governments, parties = _governments(found.operator, reasons, [row], as_of), _parties(found.operator)
    return Who(
        query=text,
        kind="address",
        as_of=as_of.isoformat(),
        shown=str(facts["addr"]),
        special=cast("str | None", facts["special"]),
        anycast=bool(facts["anycast"]),
        places=_places(facts),
        asn=asn,
        as_name=cast("str | None", facts["as_name"]),
        governments=governments,
        unknown=tuple(_gaps(found.operator, facts, as_of)),
        sources=_sources(user_dir),
        others=tuple(_others(found)),
        operator=parties.operator,
        operator_by=found.by,
        owners=parties.owners,
        controllers=parties.controllers,
    )


def _host(text: str, host: str, as_of: date) -> Who:
    found = providers.operator_by_domain(host)
    slug = found[0] if found else None
    registrable = _registrable(host)
    listed = providers.third_party(host)
    others = []
    if registrable:
        others.append(f"registrable domain {registrable}")
    if listed:
        company = f", company {listed[1]}" if listed[1] else ""
        others.append(f"third-party-web lists it as “{listed[0]}” ({listed[2]}{company}): a name, not an owner")
    reasons = [operation_row(slug, by="domain", asn=None, provider=None, host=host)] if slug else []
    gaps = [
        "Names are never resolved: where the host stands is not known. Ask for an address of it.",
        *_gaps(slug, None, as_of),
    ]
    parties = _parties(slug)
    subject = Subject(providers.entity_id(slug), host) if slug else Subject("host", host)
    if slug and found:
        subject.custody.append(
            Custody(providers.entity_id(slug), f"answers for {found[1]}", str(reasons[0]["status"]), "recorded", ())
        )
    return Who(
        query=text,
        kind="host",
        as_of=as_of.isoformat(),
        shown=host,
        special=None,
        anycast=False,
        places=(),
        asn=None,
        as_name=None,
        governments=_reach_of(subject, slug, as_of),
        unknown=tuple(gaps),
        sources=("third-party-web (MIT)",) if listed else (),
        others=tuple(others),
        operator=parties.operator,
        operator_by="domain" if slug else None,
        owners=parties.owners,
        controllers=parties.controllers,
    )


def _entity(text: str, slug: str, as_of: date) -> Who:
    known, parties = cast("Entity", providers.entity(slug)), _parties(slug)
    subject = Subject(providers.entity_id(slug), f"what {known.name} holds or runs")
    subject.custody.append(Custody(providers.entity_id(slug), "runs it", "sourced", "recorded", ()))
    return Who(
        query=text,
        kind="entity",
        as_of=as_of.isoformat(),
        shown=known.name,
        special=None,
        anycast=False,
        places=(),
        asn=None,
        as_name=None,
        governments=_reach_of(subject, slug, as_of),
        unknown=tuple(_gaps(slug, None, as_of)),
        sources=(),
        others=tuple(_holdings(known)),
        operator=parties.operator,
        operator_by=None,
        owners=parties.owners,
        controllers=parties.controllers,
    )


def _holdings(known: Entity) -> Iterable[str]:
    for number in known.asns:
        shared = ", shared with others" if number.shared else ""
        yield f"network AS{number.asn}, AS name “{number.as_name}” ({number.status}{shared})"
    if known.domains:
        yield "domains " + ", ".join(f"{d.domain} ({d.status})" for d in known.domains)
    for legal in known.legal_entities:
        where = f"legal address in {legal.legal_country} ({legal.status})"
        yield f"company of that name: {legal.name}, LEI {legal.lei}, {where}"


def _others(found: providers.Identified) -> Iterable[str]:
    by = {"feed": "publishes the range in its feed", "asn": "announces the network", "domain": "answers for the name"}
    for slug, how in found.others:
        known = providers.entity(slug)
        yield f"{known.name if known else slug} {by[how]}"


def _registrable(host: str) -> str | None:
    """Return the registrable domain, by the Public Suffix List."""
    from publicsuffixlist import PublicSuffixList

    found: str | None = PublicSuffixList().privatesuffix(host)
    return found


def _places(facts: Mapping[str, object]) -> tuple[Place, ...]:
    if facts["special"] is not None:
        return ()
    confidence = str(facts["confidence"])
    host = "anycast: announced from many places, not a place" if facts["anycast"] else CONFIDENCE_OF_PLACE[confidence]
    code = None if facts["anycast"] else cast("str | None", facts["host_country"])
    places = [Place("host stands in", code, f"{confidence}: {host}" if not facts["anycast"] else host)]
    if facts["provider_country"]:
        words = f"region {facts['provider_region']} of {facts['provider']}, as it publishes itself"
        places.append(Place("provider's region", cast("str", facts["provider_country"]), words))
    if not facts["anycast"]:
        second = cast("str | None", facts["host_country_second"])
        places.append(Place("second opinion on the host", second, "another data set"))
    registrant, network = facts["registrant_country"], facts["as_country"]
    places.append(Place("prefix registered in", cast("str | None", registrant), "says nothing of the host"))
    places.append(Place("network registered in", cast("str | None", network), "says nothing of the host"))
    return tuple(places)


def _party(slug: str) -> Party:
    known = providers.entity(slug)
    if known is None:
        return Party(providers.entity_id(slug), slug, (), (), ())
    facts = (*known.organised_in, *known.principal_place)
    sources = tuple(dict.fromkeys(told(f.source, f.remark, contested=f.contested) for f in facts))
    return Party(
        providers.entity_id(slug),
        known.name,
        _countries(known.organised_in),
        _countries(known.principal_place),
        sources,
    )


def _countries(facts: Iterable[Fact]) -> tuple[str, ...]:
    return tuple(f"{f.value} ({f.status}{', contested' if f.contested else ''})" for f in facts)


class _Parties(NamedTuple):
    """The operator and those above it."""

    operator: Party | None = None
    owners: tuple[Owner, ...] = ()
    controllers: tuple[Party, ...] = ()


def _parties(slug: str | None) -> _Parties:
    """Return operator, owners and controllers."""
    if slug is None:
        return _Parties()
    owners = []
    for step in providers.control_chain(slug):
        link = step.link
        low, high = link.share_lo_pct, link.share_hi_pct
        share = None if low is None else f"{low:g} %" if low == high else f"{low:g} to {high or 100:g} %"
        subject = providers.entity(step.subject)
        source = told(link.source, link.remark, contested=link.contested)
        name = subject.name if subject else step.subject
        owners.append(Owner(_party(step.holder), name, share, link.status, link.contested, source))
    tops = tuple(_party(top) for top in providers.controllers(slug))
    return _Parties(_party(slug), tuple(owners), tops)


def _tables(slug: str | None, reasons: list[dict[str, object]]) -> dict[str, pa.Table]:
    """Return the catalog's facts about an operator as tables."""
    slugs = {slug, *(step.holder for step in providers.control_chain(slug))} if slug else set()
    known = {str(one) for one in slugs}
    interests = [*reasons, *ownership_rows(known), *supply_rows(known)]
    return {
        "legal_entity": model.stamp(model.rows(model.LEGAL_ENTITY, entity_rows(known)), model.LEGAL_ENTITY),
        "interest": model.stamp(model.rows(model.INTEREST, interests), model.INTEREST),
    }


def _governments(
    slug: str | None, reasons: list[dict[str, object]], endpoints: list[dict[str, object]], as_of: date
) -> tuple[Government, ...]:
    tables = _tables(slug, reasons)
    for noun in ("asset", "place", "holding", "network", "flow"):
        tables[noun] = model.empty(model.NOUNS[noun])
    tables["endpoint"] = model.rows(model.ENDPOINT, endpoints)
    return _reached(subjects(tables, as_of), tables, as_of)


def _reach_of(subject: Subject, slug: str | None, as_of: date) -> tuple[Government, ...]:
    return _reached([subject], _tables(slug, []), as_of)


def _reached(listed: list[Subject], tables: Mapping[str, pa.Table], as_of: date) -> tuple[Government, ...]:
    addressed = compelled(tables["legal_entity"], tables["interest"], as_of=as_of)
    found = reach(listed, addressed, as_of=as_of, entities=tables["legal_entity"]).to_pylist()
    # Covert collection would be the same for every address there is: it is told once, among what is not known.
    found = [row for row in found if row["government"] is not None and row["level"] != "covert_only"]
    found.sort(key=lambda row: (row["contested"], REACH_LEVELS.index(row["level"]), row["government"]))
    firmest = {(row["government"], row["level"]): row for row in reversed(found)}
    return tuple(
        Government(row["government"], row["level"], row["contested"], row["status"], row["law"], row["proof"])
        for row in found
        if firmest[row["government"], row["level"]] is row
    )


def _gaps(slug: str | None, facts: Mapping[str, object] | None, as_of: date) -> Iterable[str]:
    """Yield what is not known."""
    if facts is not None and facts["special"] is not None:
        yield f"The address is {facts['special']}: it belongs to no network that the tables know."
        return
    if facts is not None and facts["anycast"]:
        yield "An anycast address is announced from many places: where a request was answered is not known."
    if slug is None:
        yield "The operator is not known, so neither are its owners nor who could compel them."
    else:
        known = cast("Entity", providers.entity(slug))
        if known.remark:
            yield f"{known.remark}."
        if not known.organised_in:
            yield f"Which company runs {known.name}, and under whose law, is not recorded; its owners' countries are."
        if known.owned_by and all(link.share_hi_pct is None for link in known.owned_by):
            yield "The size of the stake is not recorded."
    yield "Who rents the machine, who holds the keys and who has staff access is not visible from outside."
    yield "Persons in charge and markets served are not in the catalog: access through them is not seen."
    laws = "; ".join(f"{government}: {cited.law}" for government, cited in covert(None, as_of).items())
    yield "Any state may collect without an order to anybody; laws for that which the catalog has: " + laws + "."


def _sources(user_dir: Path | None) -> tuple[str, ...]:
    listed = networks.tables(user_dir=user_dir)
    return tuple(dict.fromkeys(f"{e.get('attribution') or e['source']}, {e['date']}" for e in listed))
