"""Rows of the DORA register from the facts of a case: what is known stands in a row, all else stays empty."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Any

from flagstate.report.answers import Row
from flagstate.report.filings.dealings import Dealing, dealings
from flagstate.report.filings.document import Cell, cell
from flagstate.report.filings.dora_form import form
from flagstate.report.filings.ground import Ground, Party, short, weakest

Cells = dict[str, Cell]
"""Cells of one row, by column; what is not in it is not known."""

KINDS = ("ict", "vendor", "processor")
"""Kinds of agreement that may be a contract on ICT services."""

HOST_GRADE = ("host", "declared", "provider_region")
"""Sources of a place that speak of the machine itself, never of who registered an address."""

DEEPEST = 5
"""Ranks of a supply chain that are followed."""

_LEI = re.compile(r"[0-9A-Z]{18}[0-9]{2}\Z")
_EUID = re.compile(r"[A-Z]{2}[A-Z0-9]{1,20}\.[A-Za-z0-9._-]{1,40}\Z")
_COUNTRY = re.compile(r"[A-Z]{2}\Z")
_CURRENCY = re.compile(r"[A-Z]{3}\Z")


def lei_ok(text: str) -> bool:
    """Whether a text is an LEI whose check digits are right (ISO 17442)."""
    return bool(_LEI.match(text)) and int("".join(str(int(one, 36)) for one in text)) % 97 == 1


@dataclass
class Register:
    """The register of one case."""

    ground: Ground
    """The case."""
    rows: dict[str, list[Cells]] = field(default_factory=dict)
    """Rows by template."""
    remarks: list[Cell] = field(default_factory=list)
    """What stands in the way of a value, as sentences."""

    @cached_property
    def contracts(self) -> list[Dealing]:
        """Agreements on ICT services."""
        found = [one for one in dealings(self.ground) if not one.implied and one.kind in KINDS]
        return [one for one in found if one.kind == "ict" or one.assets]

    @cached_property
    def users(self) -> list[str]:
        """Entities that take ICT services and give none to another user."""
        givers = {one.to_id for one in self.contracts}
        takers = dict.fromkeys(one.from_id for one in self.contracts if one.from_id)
        return sorted(one for one in takers if one not in givers) or sorted(takers)

    @cached_property
    def direct(self) -> list[Dealing]:
        """Contracts that a user has itself; the others are links of a supply chain."""
        return [one for one in self.contracts if one.from_id in self.users]

    @cached_property
    def functions(self) -> dict[str, str]:
        """Assets that contracts cover, each with the identifier of its function."""
        covered = sorted({asset for one in self.direct for asset, _ in one.assets})
        return {asset: f"F{at}" for at, asset in enumerate(covered, 1)}

    @cached_property
    def controls(self) -> dict[tuple[str, str], list[Row]]:
        """Controls, by subject and code."""
        found: dict[tuple[str, str], list[Row]] = {}
        for one in self.ground.rows("control"):
            found.setdefault((one["subject_id"], one["control"]), []).append(one)
        return found

    def party(self, ident: str) -> Party:
        """Return an entity, also one that nothing is known of."""
        return self.ground.parties.get(ident, Party(ident))

    def identity(self, ident: str) -> tuple[Cell, Cell] | None:
        """Return code and type of code of an entity; null: it has no LEI and no EUID that are known and right."""
        known, codes = self.party(ident), form().codes
        if known.lei and lei_ok(known.lei):
            return cell(known.lei, facts=known.facts), cell(codes["lei"], facts=known.facts)
        if known.lei:
            self.remark("dora.bad_lei", ident, known.facts)
        for number in known.registration:
            if _EUID.match(number):
                return cell(number, facts=known.facts), cell(codes["euid"], facts=known.facts)
        return None

    def remark(self, word: str, ident: str, facts: tuple[str, ...], **said: object) -> None:
        """Note what stands in the way of a value."""
        made = cell(self.ground.w(word, who=self.ground.call(ident), **said), facts=facts)
        if made not in self.remarks:
            self.remarks.append(made)

    def add(self, template: str, **cells: Cell | None) -> None:
        """Add a row; cells that are null are not known."""
        rows = self.rows.setdefault(template, [])
        made = {code: one for code, one in cells.items() if one is not None and one.text}
        if made and made not in rows:
            rows.append(made)


def country(code: str | None, facts: tuple[str, ...] = ()) -> Cell | None:
    """Return a country as the EBA codes it."""
    return cell(form().codes["country"] + code, facts=facts) if code and _COUNTRY.match(code) else None


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
        parents = [one for one in made.ground.rows("owned_share") if one["subject_id"] == ident]
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
    held = (one for one in made.ground.rows("holding") if one["asset_id"] == asset)
    return tuple(one["fact_id"] for one in held if one["state"] in ("stored", "used"))


def _below(made: Register, asset: str) -> list[str]:
    under = {one["asset_id"]: one["runs_on"] for one in made.ground.rows("asset") if one["runs_on"]}
    found = [asset]
    while found[-1] in under and under[found[-1]] not in found:
        found.append(str(under[found[-1]]))
    return found


def _places(made: Register, asset: str) -> list[Cell]:
    """Return the one country in which an asset stands; where sources differ none, with a remark."""
    if not asset:
        return []
    subjects = set(_below(made, asset))
    subjects |= {one["addr"] for one in made.ground.rows("asset") if one["asset_id"] in subjects and one["addr"]}
    said = [
        one
        for one in made.ground.rows("place")
        if one["subject_id"] in subjects
        and one["country"]
        and one["source_kind"] in HOST_GRADE
        and one["confidence"] not in ("none", "disputed")
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
    held = [one for one in made.ground.rows("holding") if one["asset_id"] == asset]
    found = _places(made, asset) if any(one["state"] == "used" for one in held) else []
    for one in made.ground.rows("custody"):
        if one["asset_id"] == asset and one["kind"] == "administers":
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
    return [one for one in made.ground.rows("ultimate_parent") if one["entity_id"] == ident and one["verdict"] == "yes"]


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
            following += [(one.to_id, who) for one in made.contracts if one.from_id == who and one.to_id]
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
    for ident in sorted(chain):
        known, identity = made.party(ident), made.identity(ident)
        costs = [one for one in made.direct if one.to_id == ident]
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
    held = {key: [one for one in made.ground.rows("asset") if one["asset_id"] == key] for key in made.functions}
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
