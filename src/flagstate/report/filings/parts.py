"""Parts that several documents have: findings, what is missing, parties, data with their counts, and controls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flagstate.report.answers import Row as Record
from flagstate.report.figures import count, day
from flagstate.report.filings.document import MOST_REFS, Cell, Grid, Row, Section, cell, row
from flagstate.report.filings.ground import Ground, Party


def columns(ground: Ground, *names: str) -> tuple[str, ...]:
    """Return headings by their ids."""
    return tuple(ground.w(f"col.{name}") for name in names)


def findings(ground: Ground, rows: Sequence[Record], rules: str) -> Section:
    """Return what rules say, one row per finding, the gravest first.

    Args:
        ground: The case.
        rows: Findings.
        rules: Which rules these are, for the case that there are none.
    """
    w = ground.w
    if not rows:
        return Section(w("findings"), (w("no_findings", rules=rules),))
    heads = columns(
        ground, "rule", "subject", "counterparty", "verdict", "sentence", "exemption", "citation", "measures"
    )
    made = tuple(
        row(
            one["rule_id"] or "",
            ground.call(one["subject"]),
            ground.call(one["counterparty"]) if one["counterparty"] else "",
            ground.verdict(one),
            ground.message(one),
            ground.said(one["exemption"]),
            f"{one['citation'] or ''} ({one['status'] or w('unknown')})",
            "; ".join(ground.measures(one)),
        )
        for one in rows
    )
    return Section(w("findings"), (w("findings_says"),), Grid(heads, made, "findings"))


def missing(ground: Ground, rows: Iterable[Record], *more: Cell) -> Section:
    """Return what findings lack, each once with the findings that lack it, and what only a person can add."""
    w = ground.w
    lacking: dict[str, list[str]] = {}
    said = list(rows)
    for one in said:
        if one["verdict"] != "no":
            for text in ground.missing(one):
                lacking.setdefault(text, []).append(one["finding_id"])
    points = [cell(text, findings=ids[:MOST_REFS]) for text, ids in lacking.items()]
    says = () if points else (w("nothing_missing" if said else "missing_unknown"),)
    return Section(w("missing"), says, points=(*points, *more))


def bounds(ground: Ground, low: int | None, high: int | None) -> str:
    """Return a count with its bounds; what is not known is said."""
    w, language = ground.w, ground.meta.language
    if low is None and high is None:
        return w("unknown")
    if low is None:
        return w("at_most", n=count(high, language))
    if high is None:
        return w("at_least", n=count(low, language))
    if low == high:
        return count(low, language)
    return w("between", low=count(low, language), high=count(high, language))


def data(ground: Ground, assets: Iterable[str], prefix: str, name: str) -> Grid:
    """Return the kinds of data of some assets, with the persons or devices that each tells about.

    Args:
        ground: The case.
        assets: asset_ids.
        prefix: Law of the categories, such as us_28cfr202/.
        name: Name of the CSV file.
    """
    w, wanted = ground.w, set(assets)
    rows = [
        one
        for one in ground.of("person_count", "asset_id", sorted(wanted))
        if one["kind"] == "category" and (one["category"] or "").startswith(prefix)
    ]
    heads = columns(ground, "asset", "container", "about", "category", "classes", "number", "window", "state", "stance")
    made = []
    for one in sorted(rows, key=lambda r: (r["asset_id"], r["container"] or "", r["about"] or "", r["category"])):
        unit = w(f"unit.{one['unit']}") if one["unit"] in ("persons", "devices") else w("unit.unknown")
        made.append(
            row(
                ground.call(one["asset_id"]),
                one["container"] or w("whole_asset"),
                ground.call(one["about"]) if one["about"] else w("unknown"),
                one["category"].removeprefix(prefix),
                ", ".join(one["data_classes"] or ()) or w("unknown"),
                cell(f"{bounds(ground, one['subjects_lo'], one['subjects_hi'])} {unit}", facts=one["facts"] or ()),
                f"{day(one['window_from'])} … {day(one['window_to'])}" if one["window_from"] else w("unknown"),
                ", ".join(one["states"] or ()) or w("unknown"),
                one["stance"] or w("unknown"),
            )
        )
    return Grid(heads, tuple(made), name)


def identity(ground: Ground, ident: str) -> Row:
    """Return a party as a row: name, identifiers, places, citizenship or residence, owners, and who is at the top."""
    w = ground.w
    known = ground.parties.get(ident, Party(ident, kind=""))
    natural = known.kind in ("person", "group")
    residence = w("nationality", codes=ground.places(known.nationality)) if natural else w("not_natural")
    return row(
        ground.named(ident),
        w(f"kind.{known.kind}") if known.kind in ("organisation", "person", "group", "state") else w("unknown"),
        ", ".join((known.lei, *known.registration)).strip(", ") or w("unknown"),
        cell("–" if natural else ground.places(known.organised_in), facts=known.facts),
        cell("–" if natural else ground.places(known.principal), facts=known.facts),
        cell(ground.places(known.located_in), facts=known.facts),
        residence,
        owners(ground, ident),
        tops(ground, ident),
    )


OWNING = ("owns", "votes", "controls", "appoints_board")
"""Kinds of interest that ownership shows."""

IDENTITY = ("party", "kind", "identifiers", "organised", "principal", "located", "citizenship", "owners", "top")
"""Headings of `identity`."""


def owners(ground: Ground, ident: str) -> Cell:
    """Return who owns an entity, with the shares; nobody is named as a natural person."""
    w = ground.w
    held = [one for one in ground.of("interest", "subject_id", [ident]) if one["kind"] in OWNING]
    if not held:
        return cell(w("unknown"))
    texts = [w("owner", who=ground.call(one["holder_id"]), kind=one["kind"], share=share(ground, one)) for one in held]
    return cell("; ".join(dict.fromkeys(texts)), facts=[one["fact_id"] for one in held])


def share(ground: Ground, one: Record) -> str:
    """Return a share with its bounds in per cent."""
    low, high = one["share_lo_pct"], one["share_hi_pct"]
    if low is None and high is None:
        return ground.w("unknown")
    if low == high:
        return f"{low:g} %"
    return f"{_percent(low, '?')} … {_percent(high, '?')} %"


def _percent(value: float | None, none: str) -> str:
    return none if value is None else f"{value:g}"


def tops(ground: Ground, ident: str) -> Cell:
    """Return who is at the top of control of an entity."""
    w = ground.w
    found = ground.of("ultimate_parent", "entity_id", [ident])
    texts = [
        w("itself_top") if one["parent_id"] == ident else ground.call(one["parent_id"])
        for one in found
        if one["verdict"] == "yes"
    ]
    facts = [fact for one in found for fact in one["facts"] or ()]
    return cell("; ".join(dict.fromkeys(texts)) or w("unknown"), facts=facts)


def controls(ground: Ground, subjects: Iterable[str], law: str, name: str) -> Grid:
    """Return every control that a law asks for, with its state on these subjects; one that nobody speaks of is unknown.

    Args:
        ground: The case.
        subjects: Entities, assets and agreements.
        law: Whose codes; other codes are listed where a subject has them.
        name: Name of the CSV file.
    """
    w, wanted = ground.w, set(subjects)
    said: dict[str, list[Record]] = {}
    for one in ground.of("control", "subject_id", sorted(wanted)):
        if one["control"]:
            said.setdefault(one["control"], []).append(one)
    codes = {code: known for code, known in ground.codes.items() if known.law == law}
    heads = columns(ground, "control", "means", "subject", "state", "tested", "stance", "citation")
    made: list[Row] = []
    for code in (*codes, *sorted(set(said) - set(codes))):
        known = ground.codes.get(code)
        means = known.says.get(ground.meta.language, "") if known else ""
        where = known.citation if known else ""
        if code not in said:
            made.append(row(code, means, w("none_known"), w("unknown"), w("unknown"), "", where))
        for one in sorted(said.get(code, ()), key=lambda r: (r["subject_id"], r["stance"] or "")):
            state = cell(
                w(f"verdict.{one['state']}") if one["state"] in ("yes", "no") else w("unknown"), facts=[one["fact_id"]]
            )
            tested = day(one["tested_on"]) if one["tested_on"] else w("unknown")
            made.append(row(code, means, ground.call(one["subject_id"]), state, tested, one["stance"] or "", where))
    return Grid(heads, tuple(made), name)


def paired(rows: Iterable[Record]) -> dict[tuple[str, str], list[Record]]:
    """Return findings about two sides, by both."""
    found: dict[tuple[str, str], list[Record]] = {}
    for one in rows:
        if one["subject"] and one["counterparty"]:
            found.setdefault((one["subject"], one["counterparty"]), []).append(one)
    return found


def listed(values: Iterable[Any], none: str) -> str:
    """Return texts as a list, each once."""
    return ", ".join(dict.fromkeys(str(one) for one in values if one)) or none
