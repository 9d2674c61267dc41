"""The record of processing (GDPR art. 30) with two columns: what is declared, and what evidence shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from flagstate.catalog.data_class import by_id
from flagstate.report.answers import Row as Record
from flagstate.report.filings import parts
from flagstate.report.filings.dealings import Dealing, dealings, responsible
from flagstate.report.filings.document import Cell, Document, Grid, Row, Section, cell, joined, row
from flagstate.report.filings.ground import Ground
from flagstate.report.filings.head import document, unseen
from flagstate.report.filings.render import sheets

SYSTEMS = 200
"""Systems with a table of their own; all are in the CSV."""
TOOLS = (
    "scc_2021",
    "scc_old",
    "bcr",
    "art46_other",
    "transfer_tool",
    "dpf_listed",
    "adequacy_scope",
    "derogation_49",
    "tia",
)
"""Controls that speak of a safeguard for transfers."""
HOST_GRADE = ("host", "declared", "provider_region")
SURE = ("sure", "likely")


@dataclass
class Two:
    """One line of the record: texts that are declared, and texts that evidence shows, each with its facts."""

    declared: dict[str, list[str]] = field(default_factory=dict)
    """Text to fact_ids."""
    seen: dict[str, list[str]] = field(default_factory=dict)
    """Text to fact_ids."""

    def add(self, text: str, stance: str | None, facts: Iterable[str | None]) -> None:
        """Put a text into the column of its stance; a stance that is not known counts as declared."""
        side = self.declared if (stance or "declared") == "declared" else self.seen
        if text:
            side.setdefault(text, []).extend(one for one in facts if one)


def build(ground: Ground) -> Document:
    """Return the record of processing of a case, system by system, for controllers and for processors.

    What it cannot see: purposes (evidence never shows one), and how long data are kept.
    """
    w = ground.w
    record = Record30(ground)
    said = [one for one in ground.findings("EU-GDPR-") if one["rule_id"] in _RULES]
    systems = record.systems
    chapters = [_chapter(record, asset) for asset in systems[:SYSTEMS]]
    everything = tuple((cell(ground.call(a)), *line) for a in systems for line in _lines(record, a))
    says = [w("ropa.says")]
    if not systems:
        says.append(w("ropa.none"))
    if len(systems) > SYSTEMS:
        says.append(w("ropa.more", n=len(systems) - SYSTEMS))
    heads = parts.columns(ground, "item", "declared", "seen", "compared")
    sections = (
        Section(
            w("ropa.controllers"), tuple(says), Grid(parts.columns(ground, "party", "role", "systems"), _roles(record))
        ),
        *chapters,
        Section(
            w("ropa.processors"),
            (w("ropa.processors_says"),),
            Grid(
                parts.columns(ground, "processor", "controller", "use", "systems", "country"),
                _processors(record),
                "processors",
            ),
        ),
        parts.findings(ground, said, ", ".join(_RULES)),
        parts.missing(ground, said, Cell(w("ropa.by_hand"))),
        unseen(ground, "holding", "flow", "agreement", "control", "place"),
    )
    made = document(ground, "processing-record", notes=(w("ropa.note"),), sections=sections)
    return _with_sheet(made, Grid((w("col.asset"), *heads), everything, "record"), ground)


_RULES = ("EU-GDPR-01", "EU-GDPR-10", "EU-GDPR-11", "EU-GDPR-12")


def _with_sheet(made: Document, grid: Grid, ground: Ground) -> Document:
    """Return the document with its record as one CSV, which a page shows in chapters instead."""
    alone = replace(made, sections=(Section("", (), grid),))
    return replace(made, files={**made.files, **sheets(alone, ground.w)})


class Record30:
    """What the tables say of processing, laid out by system."""

    def __init__(self, ground: Ground) -> None:
        """Take the case."""
        self.ground = ground
        self.dealings: list[Dealing] = dealings(ground)

    @cached_property
    def about(self) -> dict[str, list[Dealing]]:
        """Dealings by the systems that they cover."""
        found: dict[str, list[Dealing]] = {}
        for one in self.dealings:
            for asset in dict.fromkeys(asset for asset, _ in one.assets):
                found.setdefault(asset, []).append(one)
        return found

    @cached_property
    def owners(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Who decides over each system."""
        return responsible(self.ground)

    @cached_property
    def personal(self) -> dict[str, list[Record]]:
        """Holdings of personal data, by system."""
        classes = by_id()
        found: dict[str, list[Record]] = {}
        for one in self.ground.rows("holding"):
            known = classes.get(one["data_class"] or "")
            # A class that the catalogue does not know may be about persons: it is kept, and said to be unknown.
            if one["asset_id"] and (known is None or "eu_gdpr/personal" in known.law):
                found.setdefault(one["asset_id"], []).append(one)
        return found

    @cached_property
    def systems(self) -> list[str]:
        """Systems with personal data, sorted by who decides over them."""
        return sorted(self.personal, key=lambda one: (self.owners.get(one, ("~", ()))[0], one))

    def layers(self, asset: str) -> list[str]:
        """Return a system with those that it runs on, and their addresses."""
        found: dict[str, None] = {asset: None}
        following = [asset]
        while following:
            rows = self.ground.of("asset", "asset_id", following)
            found |= dict.fromkeys(one["addr"] for one in rows if one["addr"])
            following = [one["runs_on"] for one in rows if one["runs_on"] and one["runs_on"] not in found]
            found |= dict.fromkeys(following)
        return list(found)

    @cached_property
    def endpoints(self) -> dict[str, Record]:
        """Public hosts by address."""
        return {one["addr"]: one for one in self.ground.rows("endpoint") if one["addr"] and not one["special"]}

    @cached_property
    def stances(self) -> Mapping[str, str]:
        """Stance of each agreement's rows."""
        return {one["agreement_id"]: one["stance"] for one in self.ground.rows("agreement")}


def _roles(record: Record30) -> tuple[Row, ...]:
    w, ground = record.ground.w, record.ground
    grouped: dict[str, list[str]] = {}
    for asset in record.systems:
        grouped.setdefault(record.owners.get(asset, ("", ()))[0], []).append(asset)
    made = []
    for who, assets in grouped.items():
        facts = [fact for asset in assets for fact in record.owners.get(asset, ("", ()))[1]]
        name = cell(ground.call(who) if who else w("unknown"), facts=facts)
        made.append(row(name, w("ropa.decides") if who else w("unknown"), parts.listed(map(ground.call, assets), "")))
    return tuple(made)


def _chapter(record: Record30, asset: str) -> Section:
    ground = record.ground
    who = record.owners.get(asset, ("", ()))[0]
    title = ground.w("ropa.system", a=ground.call(asset), b=ground.call(who) if who else ground.w("unknown"))
    heads = parts.columns(ground, "item", "declared", "seen", "compared")
    return Section(title, (), Grid(heads, tuple(_lines(record, asset))), under=True)


def _lines(record: Record30, asset: str) -> Iterator[Row]:
    """Yield the lines of art. 30(1) of one system."""
    w = record.ground.w
    mine = record.about.get(asset, [])
    for name, made in (
        ("purposes", _purposes(record, mine)),
        ("subjects", _subjects(record, asset)),
        ("categories", _categories(record, asset, special=False)),
        ("special", _categories(record, asset, special=True)),
        ("recipients", _recipients(record, asset, mine)),
        ("countries", _countries(record, asset, mine)),
        ("safeguards", _controls(record, {one.id for one in mine} | {one.to_id for one in mine}, TOOLS)),
        ("security", _controls(record, {asset}, None)),
    ):
        yield row(
            w(f"ropa.{name}"), _side(record, made.declared), _side(record, made.seen), _compared(record, name, made)
        )
    yield row(w("ropa.retention"), w("unknown"), w("unknown"), w("ropa.no_retention"))


def _side(record: Record30, side: Mapping[str, list[str]]) -> Cell:
    return joined(cell(text, facts=facts) for text, facts in side.items()) if side else cell(record.ground.w("unknown"))


def _compared(record: Record30, name: str, made: Two) -> str:
    """Return how the two columns stand to each other; an empty one is unknown, never "none"."""
    w = record.ground.w
    if name == "purposes":
        return w("ropa.purpose_unseen")
    if not made.declared and not made.seen:
        return w("unknown")
    more = [text for text in made.seen if text not in made.declared]
    less = [text for text in made.declared if text not in made.seen]
    if not made.seen:
        return w("ropa.only_declared")
    told = [w("ropa.undeclared", names="; ".join(more))] if more else []
    told += [w("ropa.unseen", names="; ".join(less))] if less else []
    return " ".join(told) or w("ropa.same")


def _purposes(record: Record30, mine: Sequence[Dealing]) -> Two:
    made = Two()
    for one in mine:
        made.add(record.ground.said(one.purpose), "declared", one.facts[:1])
    return made


def _subjects(record: Record30, asset: str) -> Two:
    made = Two()
    for one in record.personal[asset]:
        if one["about"]:
            made.add(record.ground.call(one["about"]), one["stance"], [one["fact_id"]])
    return made


def _categories(record: Record30, asset: str, *, special: bool) -> Two:
    made, classes = Two(), by_id()
    for one in record.personal[asset]:
        known = classes.get(one["data_class"] or "")
        laws = [law for law in known.law if law.startswith(("eu_gdpr/art9", "eu_gdpr/art10"))] if known else []
        if laws or not special:
            name = one["data_class"] or record.ground.w("unknown")
            text = name if known else record.ground.w("ropa.strange", name=record.ground.said(name))
            made.add(text, one["stance"], [one["fact_id"]])
    return made


def _recipients(record: Record30, asset: str, mine: Sequence[Dealing]) -> Two:
    ground, made = record.ground, Two()
    for one in mine:
        if not one.implied:
            made.add(ground.call(one.to_id), record.stances.get(one.id, "declared"), one.facts[:1])
    who = record.owners.get(asset, ("", ()))[0]
    for held in ground.of("custody", "asset_id", [asset]):
        if held["entity_id"] and held["entity_id"] != who:
            made.add(ground.call(held["entity_id"]), held["stance"], held["facts"] or ())
    for flow in ground.of("flow", "from_asset", [asset]):
        if flow["to_pattern"]:
            made.add(ground.said(flow["to_pattern"].removeprefix("entity:est:")), "declared", [flow["fact_id"]])
        elif flow["resp_h"] in record.endpoints and flow["orig_bytes"] != 0:
            operator = record.endpoints[flow["resp_h"]]["operator_id"]
            made.add(
                ground.call(operator) if operator else ground.w("ropa.no_operator"), flow["stance"], [flow["fact_id"]]
            )
    return made


def _countries(record: Record30, asset: str, mine: Sequence[Dealing]) -> Two:
    ground, made = record.ground, Two()
    for one in ground.of("place", "subject_id", record.layers(asset)):
        known = one["country"] and one["source_kind"] in HOST_GRADE and one["confidence"] not in ("none", "disputed")
        if known:
            made.add(one["country"], one["stance"], [one["fact_id"]])
    for dealing in mine:
        regions = dealing.term("regions")
        for code in regions if isinstance(regions, list) else ():
            made.add(str(code), record.stances.get(dealing.id, "declared"), dealing.facts[:1])
    for flow in ground.of("flow", "from_asset", [asset]):
        host = record.endpoints.get(flow["resp_h"] or "")
        if (flow["to_pattern"] or "").startswith("country:"):
            made.add(flow["to_pattern"].removeprefix("country:"), "declared", [flow["fact_id"]])
        elif host and host["host_country"] and host["confidence"] in SURE and flow["orig_bytes"] != 0:
            made.add(host["host_country"], flow["stance"], [flow["fact_id"]])
    for done in ground.of("activity", "asset_id", [asset]):
        place = done["from_place"] or ""
        code = place if len(place) == 2 else (record.endpoints.get(place) or {}).get("host_country")
        if code:
            made.add(code, done["stance"], [done["fact_id"]])
    return made


def _controls(record: Record30, subjects: set[str], codes: Sequence[str] | None) -> Two:
    w, made = record.ground.w, Two()
    for one in record.ground.of("control", "subject_id", sorted(subjects)):
        if one["control"] and (codes is None or one["control"] in codes):
            state = w(f"verdict.{one['state']}") if one["state"] in ("yes", "no") else w("unknown")
            made.add(w("ropa.state", control=one["control"], state=state), one["stance"], [one["fact_id"]])
    return made


def _processors(record: Record30) -> tuple[Row, ...]:
    """Return the record of art. 30(2): for whom each processor processes what, and where it can do so."""
    ground, w = record.ground, record.ground.w
    made = []
    for one in record.dealings:
        if one.kind == "processor" or "processor" in one.how:
            known = ground.parties.get(one.to_id)
            places = {*known.organised_in, *known.principal, *known.located_in} if known else set()
            made.append(
                row(
                    ground.named(one.to_id),
                    ground.named(one.from_id),
                    cell(ground.said(one.purpose) or w("unknown"), facts=one.facts),
                    parts.listed((ground.call(asset) for asset, _ in one.assets), w("unknown")),
                    cell(ground.places(places), facts=known.facts if known else ()),
                )
            )
    return tuple(made)
