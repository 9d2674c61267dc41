"""Rows of the DORA register from the facts of a case: what is known stands in a row, all else stays empty."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

from flagstate.report.answers import Row
from flagstate.report.filings.dealings import Dealing, dealings
from flagstate.report.filings.document import Cell, cell
from flagstate.report.filings.dora_form import form
from flagstate.report.filings.dora_register import Register, country
from flagstate.report.filings.ground import Ground, short, weakest

HOST_GRADE = ("host", "declared", "provider_region")
"""Sources of a place that speak of the machine itself, never of who registered an address."""

DEEPEST = 5
"""Ranks of a supply chain that are followed."""

_CURRENCY = re.compile(r"[A-Z]{3}\Z")


def fill(ground: Ground) -> Register:
    """Return the register of a case, only with what is known.

    What it cannot see: contracts that nobody declared. Providers that are seen without one are in its remarks.
    """
    made = Register(ground)
    _entities(made)
    for contract in made.direct:
        _contract(made, contract)
        _particulars(made, contract)
        _signatures(made, contract)
        _chain(made, contract)
        _assessment(made, contract)
    _providers(made)
    _functions(made)
    _undeclared(made)
    return made


def _entities(made: Register) -> None:
    codes = form().codes
    for ident in made.users:
        known = made.party(ident)
        identity = made.identity(ident)
        lei = identity[0] if identity and identity[1].text == codes["lei"] else None
        name = cell(made.ground.call(ident), facts=known.facts)
        place = country(known.organised_in[0], known.facts) if len(known.organised_in) == 1 else None
        if len(made.users) == 1:
            made.add("B_01.01", c0010=lei, c0020=name, c0030=place)
        parents = made.ground.of("owned_share", "subject_id", [ident])
        above = [one for one in parents if (one["share_lo_pct"] or 0) > 50]
        parent = made.identity(above[0]["holder_id"]) if len(above) == 1 else None
        facts = tuple(above[0]["facts"] or ()) if above else ()
        made.add(
            "B_01.02",
            c0010=lei,
            c0020=name,
            c0030=place,
            c0050=cell(codes["subsidiary"], facts=facts) if above else None,
            c0060=parent[0] if parent and parent[1].text == codes["lei"] else None,
        )


def _reference(contract: Dealing) -> Cell:
    return cell(short(contract.id), facts=contract.facts[:1])


def _contract(made: Register, contract: Dealing) -> None:
    fee, currency = contract.term("fee"), _currency(contract)
    made.add(
        "B_02.01",
        c0010=_reference(contract),
        c0040=currency if fee is not None else None,
        c0050=cell(f"{float(fee):.2f}", facts=contract.facts[:1]) if _number(fee) and currency else None,
    )


def _number(value: Any) -> bool:  # noqa: ANN401  a term of an agreement
    return isinstance(value, int | float) and not isinstance(value, bool)


def _currency(contract: Dealing) -> Cell | None:
    told = str(contract.term("currency") or "").upper()
    return cell(form().codes["currency"] + told, facts=contract.facts[:1]) if _CURRENCY.match(told) else None


def _service(contract: Dealing) -> Cell | None:
    told = str(contract.term("service_type") or "")
    known = re.match(r"S(0[1-9]|1[0-9])\Z", told)
    return cell(form().codes["service"] + told, facts=contract.facts[:1]) if known else None


def _particulars(made: Register, contract: Dealing) -> None:
    codes, facts = form().codes, contract.facts[:1]
    user, giver = made.identity(contract.from_id), made.identity(contract.to_id)
    if _number(contract.term("notice_days")):
        made.remark("dora.notice", contract.id, facts, days=contract.term("notice_days"))
    common = {
        "c0010": _reference(contract),
        "c0020": user[0] if user and user[1].text == codes["lei"] else None,
        "c0030": giver[0] if giver else None,
        "c0040": giver[1] if giver else None,
        "c0060": _service(contract),
        "c0070": cell(contract.since.isoformat(), facts=facts) if contract.since else None,
        "c0080": cell(contract.until.isoformat(), facts=facts) if contract.until else None,
        "c0120": country(contract.term("governing_law"), facts),
    }
    for asset in sorted({one for one, _ in contract.assets}) or [""]:
        stored, rest = _stored(made, asset), _places(made, asset)
        used = _processing(made, asset)
        nowhere: list[Cell | None] = [None]
        for at, by in product(rest or nowhere, used or nowhere):
            made.add(
                "B_02.02",
                **common,
                c0050=cell(made.functions[asset]) if asset else None,
                c0140=cell(codes["yes"], facts=stored) if stored else None,
                c0150=at if stored else None,
                c0160=by,
            )


def _stored(made: Register, asset: str) -> tuple[str, ...]:
    """Return the facts that data are stored there; that none are is never said."""
    held = made.ground.of("holding", "asset_id", [asset])
    return tuple(one["fact_id"] for one in held if one["state"] in ("stored", "used"))


def _below(made: Register, asset: str) -> list[Row]:
    """Return the rows of a system and of those that it runs on."""
    found: list[Row] = []
    following = {asset}
    while following:
        rows = made.ground.of("asset", "asset_id", sorted(following))
        found += rows
        following = {one["runs_on"] for one in rows if one["runs_on"]} - {one["asset_id"] for one in found}
    return found


def _places(made: Register, asset: str) -> list[Cell]:
    """Return the one country in which an asset stands; where sources differ none, with a remark."""
    if not asset:
        return []
    below = _below(made, asset)
    subjects = dict.fromkeys((asset, *(one[name] for one in below for name in ("asset_id", "addr") if one[name])))
    said = [
        one
        for one in made.ground.of("place", "subject_id", subjects)
        if one["country"] and one["source_kind"] in HOST_GRADE and one["confidence"] not in ("none", "disputed")
    ]
    codes = sorted({one["country"] for one in said})
    facts = tuple(one["fact_id"] for one in said)
    if len(codes) > 1:
        told = ", ".join(sorted({f"{one['country']} ({one['stance']})" for one in said}))
        made.remark("dora.places_differ", asset, facts, places=told)
    elif codes and weakest(said) == "declared":
        made.remark("dora.place_declared", asset, facts, places=codes[0])
    found = country(codes[0], facts) if len(codes) == 1 else None
    return [found] if found else []


def _processing(made: Register, asset: str) -> list[Cell]:
    """Return the countries from which data are processed: where it is in use, and where its administrators are."""
    if not asset:
        return []
    held = made.ground.of("holding", "asset_id", [asset])
    found = _places(made, asset) if any(one["state"] == "used" for one in held) else []
    for one in made.ground.of("custody", "asset_id", [asset]):
        if one["kind"] == "administers":
            who = made.party(one["entity_id"] or "")
            places = who.located_in if who.kind in ("person", "group") else ()
            made_of = (country(place, (*(one["facts"] or ()), *who.facts)) for place in places)
            found += [place for place in made_of if place]
    return list({one.text: one for one in found}.values())


def _signatures(made: Register, contract: Dealing) -> None:
    codes = form().codes
    user, giver = made.identity(contract.from_id), made.identity(contract.to_id)
    lei = user[0] if user and user[1].text == codes["lei"] else None
    reference, link = _reference(contract), cell("true", facts=contract.facts[:1])
    made.add("B_03.01", c0010=reference, c0020=lei, c0030=link)
    if _same_group(made, contract):
        own = giver[0] if giver and giver[1].text == codes["lei"] else None
        made.add("B_03.03", c0010=reference, c0020=own, c0031=link)
    else:
        made.add("B_03.02", c0010=reference, c0020=giver[0] if giver else None, c0030=giver[1] if giver else None)
    made.add("B_04.01", c0010=reference, c0020=lei)


def _parents(made: Register, ident: str) -> list[Row]:
    return [one for one in made.ground.of("ultimate_parent", "entity_id", [ident]) if one["verdict"] == "yes"]


def _same_group(made: Register, contract: Dealing) -> bool:
    one, other = ({row["parent_id"] for row in _parents(made, who)} for who in (contract.from_id, contract.to_id))
    return len(one) == 1 and one == other


def _chain(made: Register, contract: Dealing) -> None:
    """Add the provider at rank 1, and those that it takes services from by agreements of its own below."""
    level, seen = [(contract.to_id, "")], {contract.from_id}
    for rank in range(1, DEEPEST + 1):
        following: list[tuple[str, str]] = []
        for who, receiver in level:
            if who in seen:
                continue
            seen.add(who)
            giver, taker = made.identity(who), made.identity(receiver) if receiver else None
            made.add(
                "B_05.02",
                c0010=_reference(contract),
                c0020=_service(contract),
                c0030=giver[0] if giver else None,
                c0040=giver[1] if giver else None,
                c0050=cell(rank, facts=contract.facts[:1]),
                c0060=taker[0] if taker else None,
                c0070=taker[1] if taker else None,
            )
            following += [(one.to_id, who) for one in made.taken.get(who, ()) if one.to_id]
        level = following


def _answer(made: Register, contract: Dealing, code: str) -> Cell | None:
    """Return yes or no of a control on the contract, the provider or what it covers; contradictions are unknown."""
    subjects = (contract.id, contract.to_id, *(asset for asset, _ in contract.assets))
    found = [one for subject in subjects for one in made.controls.get((subject, code), ())]
    states = {one["state"] for one in found}
    state = states.pop() if len(states) == 1 else None
    facts = tuple(one["fact_id"] for one in found)
    if not found and isinstance(contract.term(code), bool | str):
        state = {True: "yes", False: "no"}.get(contract.term(code), str(contract.term(code)))
        facts = contract.facts[:1]
    return cell(form().codes[state], facts=facts) if state in ("yes", "no") else None


def _assessment(made: Register, contract: Dealing) -> None:
    giver = made.identity(contract.to_id)
    made.add(
        "B_07.01",
        c0010=_reference(contract),
        c0020=giver[0] if giver else None,
        c0030=giver[1] if giver else None,
        c0040=_service(contract),
        c0080=_answer(made, contract, "exit_plan"),
        c0110=_answer(made, contract, "alternative"),
    )


def _providers(made: Register) -> None:
    codes = form().codes
    chain = {one.to_id for one in made.contracts if one.to_id}
    given: dict[str, list[Dealing]] = {}
    for one in made.direct:
        given.setdefault(one.to_id, []).append(one)
    for ident in sorted(chain):
        known, identity = made.party(ident), made.identity(ident)
        costs = given.get(ident, [])
        currencies = {(_currency(one) or cell("")).text for one in costs}
        fees = [one.term("fee") for one in costs]
        whole = bool(costs) and all(_number(fee) for fee in fees) and len(currencies) == 1 and "" not in currencies
        facts = tuple(fact for one in costs for fact in one.facts[:1])
        parents = [one for one in _parents(made, ident) if one["parent_id"]]
        top = made.identity(parents[0]["parent_id"]) if len(parents) == 1 else None
        kind = codes["legal_person"] if known.kind in ("organisation", "state") and known.facts else None
        name = cell(made.ground.call(ident), facts=known.facts)
        made.add(
            "B_05.01",
            c0010=identity[0] if identity else None,
            c0020=identity[1] if identity else None,
            c0050=name,
            c0060=name if known.name.isascii() else None,
            c0070=cell(kind, facts=known.facts) if kind else None,
            c0080=country(known.principal[0], known.facts) if len(known.principal) == 1 else None,
            c0090=cell(next(iter(currencies)), facts=facts) if whole else None,
            c0100=cell(f"{sum(float(fee) for fee in fees):.2f}", facts=facts) if whole else None,
            c0110=cell(top[0].text, facts=parents[0]["facts"] or ()) if top else None,
            c0120=top[1] if top else None,
        )


def _functions(made: Register) -> None:
    held = {key: made.ground.of("asset", "asset_id", [key]) for key in made.functions}
    user = made.identity(made.users[0]) if len(made.users) == 1 else None
    for asset, number in made.functions.items():
        facts = tuple(one["fact_id"] for one in held[asset])
        critical = tuple(one["fact_id"] for one in held[asset] if one["critical"])
        made.add(
            "B_06.01",
            c0010=cell(number, facts=facts),
            c0030=cell(made.ground.call(asset), facts=facts),
            c0040=user[0] if user and user[1].text == form().codes["lei"] else None,
            c0050=cell(form().codes["yes"], facts=critical) if critical else None,
        )
        if critical:
            made.remark("dora.critical", asset, critical)


def _undeclared(made: Register) -> None:
    """Note who runs or gets at systems without a contract in the case."""
    for one in _implied(made):
        assets = ", ".join(made.ground.call(asset) for asset, _ in one.assets[:5])
        made.remark("dora.no_contract", one.to_id, one.facts, assets=assets)


def _implied(made: Register) -> Iterator[Dealing]:
    known = {one.to_id for one in made.contracts}
    for one in dealings(made.ground):
        if one.implied and one.to_id not in known and made.party(one.to_id).kind in ("organisation", "state"):
            yield one
