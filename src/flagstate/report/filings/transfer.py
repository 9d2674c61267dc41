"""A draft of the transfer impact assessment: GDPR art. 46, clause 14, EDPB Recommendations 01/2020."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flagstate.report.answers import Row as Record
from flagstate.report.filings import parts
from flagstate.report.filings.dealings import Dealing, dealings
from flagstate.report.filings.document import Cell, Document, Grid, Row, Section, cell, row
from flagstate.report.filings.ground import Ground, values
from flagstate.report.filings.head import document, unseen

RULES = tuple(f"EU-GDPR-0{n}" for n in range(1, 9))
"""Rules of chapter V: what a transfer is, and the gates that it passes."""
GATES = {"adequacy": ("EU-GDPR-02", "EU-GDPR-03"), "safeguard": ("EU-GDPR-04",), "effect": ("EU-GDPR-05", "EU-GDPR-06")}
DETAILED = 60
"""Transfers that have a chapter of their own, the gravest first."""
USE_CASES = range(1, 8)


@dataclass(frozen=True)
class Transfer:
    """A transfer, or what may be one."""

    exporter: str
    """Who lets the data go."""
    importer: str
    """Who gets them."""
    country: str
    """Where the importer gets them; empty: not known."""
    findings: tuple[Record, ...]
    """What the rules say of the two."""

    def of(self, *rules: str) -> list[Record]:
        """Return the findings of some rules."""
        return [one for one in self.findings if one["rule_id"] in rules]


def build(ground: Ground) -> Document:
    """Return the draft assessment of a case, one chapter per exporter and importer.

    What it cannot see: whether the reasoning is sound, and the practice of the authorities of the destination; both are
    for the person who signs.
    """
    w = ground.w
    found = _transfers(ground)
    open_ones = [one for one in found if _may_be(one)]
    said = [finding for one in open_ones for finding in one.findings]
    every = dealings(ground)
    chapters = [part for one in open_ones[:DETAILED] for part in _chapter(ground, one, every)]
    says = [w("tia.says")] if found else [w("no_findings", rules="EU-GDPR-01 … EU-GDPR-08")]
    if len(open_ones) > DETAILED:
        says.append(w("tia.more", n=len(open_ones) - DETAILED))
    heads = parts.columns(ground, "exporter", "importer", "country", "transfer", "adequacy", "safeguard", "effect")
    sections = (
        Section(w("tia.all"), tuple(says), Grid(heads, tuple(_summary(ground, one) for one in found), "transfers")),
        *chapters,
        parts.missing(ground, said, Cell(w("tia.by_hand"))),
        unseen(ground, "flow", "agreement", "control", "holding", "activity", "place"),
    )
    return document(ground, "transfer-assessment", notes=(w("tia.note"),), sections=sections)


def _transfers(ground: Ground) -> list[Transfer]:
    grouped: dict[tuple[str, str], list[Record]] = {}
    for one in ground.findings(*RULES):
        grouped.setdefault((one["subject"] or "", one["counterparty"] or ""), []).append(one)
    made = []
    for (exporter, importer), rows in grouped.items():
        if any(one["rule_id"] == "EU-GDPR-01" for one in rows):
            told = {str(values(one["values"]).get("country") or "") for one in rows} - {""}
            made.append(Transfer(exporter, importer, ", ".join(sorted(told)), tuple(rows)))
    return made


def _may_be(one: Transfer) -> bool:
    """Whether there is a transfer, or nobody knows."""
    return any(found["verdict"] != "no" for found in one.of("EU-GDPR-01"))


def _summary(ground: Ground, one: Transfer) -> Row:
    return row(
        ground.named(one.exporter),
        ground.named(one.importer),
        one.country or ground.w("unknown"),
        _said(ground, one, "EU-GDPR-01"),
        *(_said(ground, one, *rules) for rules in GATES.values()),
    )


def _said(ground: Ground, one: Transfer, *rules: str) -> Cell:
    rows = one.of(*rules)
    if not rows:
        return cell(ground.w("unknown"))
    texts = [f"{found['rule_id']}: {ground.verdict(found).text}" for found in rows]
    facts = [fact for found in rows for fact in found["facts"] or ()]
    return cell("; ".join(texts), facts=facts, findings=[found["finding_id"] for found in rows])


def _chapter(ground: Ground, one: Transfer, every: Sequence[Dealing]) -> Iterator[Section]:
    w = ground.w
    title = w("tia.pair", a=ground.call(one.exporter), b=ground.call(one.importer), c=one.country or w("unknown"))
    between = [each for each in every if (each.from_id, each.to_id) == (one.exporter, one.importer)]
    told = [asset for found in one.of("EU-GDPR-01") for asset in values(found["values"]).get("assets") or ()]
    assets = list(dict.fromkeys([*told, *(asset for each in between for asset, _ in each.assets)]))
    purposes = parts.listed((ground.said(each.purpose) for each in between), w("unknown"))
    yield Section(
        title,
        (
            w("tia.purpose", purpose=purposes),
            w("tia.systems", names=parts.listed(map(ground.call, assets), w("unknown"))),
        ),
        points=tuple(
            cell(
                f"{found['rule_id']}: {ground.message(found)}",
                findings=[found["finding_id"]],
                facts=found["facts"] or (),
            )
            for found in one.of("EU-GDPR-01")
        ),
    )
    grid = parts.data(ground, assets, "eu_gdpr/", "")
    yield Section(w("tia.data"), () if grid.rows else (w("tia.no_data"),), grid, under=True)
    yield Section(w("tia.cases"), (w("tia.cases_says"),), _cases(ground, one), under=True)
    laws = _laws(ground, one)
    yield Section(w("tia.law"), (w("tia.law_says"),) if laws.rows else (w("tia.no_law"),), laws, under=True)
    yield Section(w("tia.measures"), (w("tia.measures_says"),), _measures(ground, one, between, assets), under=True)
    yield _conclusion(ground, one)


def _cases(ground: Ground, one: Transfer) -> Grid:
    """Return the seven use cases with what the findings say of each."""
    w = ground.w
    rows = one.of(*GATES["effect"])
    fitting = {values(found["values"]).get("use_case") for found in rows} - {None}
    made = []
    for number in USE_CASES:
        mine = [found for found in rows if values(found["values"]).get("use_case") == number]
        if mine:
            text, why = w("tia.fits"), "; ".join(dict.fromkeys(ground.message(found) for found in mine))
        elif fitting:
            text, why = w("tia.fits_not"), w("tia.other", n=", ".join(str(each) for each in sorted(fitting, key=str)))
        else:
            text, why = w("unknown"), w("tia.no_case")
        facts = [fact for found in mine for fact in found["facts"] or ()]
        fits = cell(text, facts=facts, findings=[found["finding_id"] for found in mine])
        effective = w("verdict.no") if number > 5 else w("verdict.yes")
        made.append(row(str(number), w(f"tia.case.{number}"), effective, fits, why))
    return Grid(parts.columns(ground, "number_of", "case", "effective", "fits", "why"), tuple(made))


def _laws(ground: Ground, one: Transfer) -> Grid:
    """Return by which laws which government can address the importer, its owners and its staff, with their status."""
    w = ground.w
    held = ground.of("interest", "holder_id", [one.importer])
    staff = [each["subject_id"] for each in held if each["kind"] == "employs"]
    who = [one.importer, *(ident for ident in staff if ident in ground.parties and _natural(ground, ident))]
    rows = ground.of("compelled", "entity_id", who)
    home = set(one.country.split(", "))
    rows.sort(
        key=lambda r: (r["government"] not in home, r["government"] or "", r["entity_id"] or "", r["basis"] or "")
    )
    heads = parts.columns(ground, "government", "party", "basis", "law", "secrecy", "remedy", "status")
    return Grid(
        heads,
        tuple(
            row(
                each["government"] or w("unknown"),
                ground.named(each["entity_id"]),
                f"{each['basis'] or ''} ({each['level'] or ''})",
                cell(ground.said(each["law"]) or w("unknown"), facts=each["facts"] or ()),
                ground.said(each["gag"]) or w("unknown"),
                ground.said(each["remedy"]) or w("unknown"),
                _standing(ground, each),
            )
            for each in rows
        ),
    )


def _natural(ground: Ground, ident: str) -> bool:
    return ground.parties[ident].kind in ("group", "person")


def _standing(ground: Ground, each: Record) -> str:
    doubts = [ground.w(f"tia.{name}") for name in ("contested", "disputed") if each[name]]
    return ", ".join([each["status"] or ground.w("unknown"), *doubts])


def _measures(ground: Ground, one: Transfer, between: Sequence[Dealing], assets: Sequence[str]) -> Grid:
    """Return measures by kind: of agreements they are contractual, of systems technical, of parties organisational."""
    w = ground.w
    kinds = {each.id: "contractual" for each in between} | dict.fromkeys(assets, "technical")
    kinds |= {one.importer: "organisational", one.exporter: "organisational"}
    rows = ground.of("control", "subject_id", kinds)
    made = [_control(ground, each, kinds[each["subject_id"]]) for each in rows]
    held = [each for each in ground.of("holding", "asset_id", assets) if each["key_ids"]]
    made += [_key(ground, one, each) for each in held]
    seen = {line[0].text for line in made}
    for kind in ("technical", "contractual", "organisational"):
        if w(f"tia.{kind}") not in seen:
            made.append(row(w(f"tia.{kind}"), w("none_known"), "", "", w("unknown"), ""))
    grouped: dict[tuple[str, ...], list[Row]] = {}
    for line in made:
        grouped.setdefault(tuple(each.text for each in line), []).append(line)
    lines = [tuple(_united(cells) for cells in zip(*grouped[text], strict=True)) for text in sorted(grouped)]
    return Grid(parts.columns(ground, "kind", "control", "means", "of", "state", "stance"), tuple(lines))


def _united(cells: Sequence[Cell]) -> Cell:
    """Return cells of the same text as one, with the facts of all."""
    facts = [fact for each in cells for fact in each.facts]
    return cell(cells[0].text, facts=facts, findings=[found for each in cells for found in each.findings])


def _control(ground: Ground, each: Record, kind: str) -> Row:
    w, known = ground.w, ground.codes.get(each["control"])
    means = known.says.get(ground.meta.language, "") if known else ""
    state = w(f"verdict.{each['state']}") if each["state"] in ("yes", "no") else w("unknown")
    found = cell(state, facts=[each["fact_id"]])
    return row(
        w(f"tia.{kind}"), each["control"] or "", means, ground.call(each["subject_id"]), found, each["stance"] or ""
    )


def _key(ground: Ground, one: Transfer, held: Record) -> Row:
    """Return a key as a technical measure, with whether the importer can use it."""
    w = ground.w
    uses = ground.of("key_use", "key_id", held["key_ids"])
    mine = [each for each in uses if each["entity_id"] == one.importer]
    text = w("tia.key_importer") if mine else w("tia.key_others") if uses else w("tia.key_unknown")
    facts = [held["fact_id"], *(fact for each in (mine or uses) for fact in each["facts"] or ())]
    keys = ", ".join(ground.call(key) for key in held["key_ids"])
    where = f"{ground.call(held['asset_id'])} / {held['container'] or w('whole_asset')}"
    return row(w("tia.technical"), w("tia.key", keys=keys), text, where, cell("", facts=facts), held["stance"] or "")


def _conclusion(ground: Ground, one: Transfer) -> Section:
    w = ground.w
    rows = one.of(*(rule for rules in GATES.values() for rule in rules), "EU-GDPR-07", "EU-GDPR-08")
    points = [
        cell(
            f"{found['rule_id']} ({found['citation'] or ''}): {ground.verdict(found).text}. {ground.message(found)}",
            findings=[found["finding_id"]],
            facts=found["facts"] or (),
        )
        for found in rows
    ]
    measures = dict.fromkeys(text for found in rows if found["verdict"] != "no" for text in ground.measures(found))
    says = [w("tia.concludes") if rows else w("tia.no_conclusion")]
    if measures:
        says.append(w("tia.would_change", measures="; ".join(measures)))
    return Section(w("tia.conclusion"), tuple(says), points=tuple(points), under=True)
