"""The due diligence record for restricted transactions: 28 CFR 202.1001 (log), .1002 (audit), .1101 (records)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flagstate.report.answers import Row as Record
from flagstate.report.figures import count
from flagstate.report.filings import parts
from flagstate.report.filings.dealings import Dealing, dealings
from flagstate.report.filings.document import Cell, Document, Grid, Row, Section, cell, joined, row
from flagstate.report.filings.ground import Ground
from flagstate.report.filings.head import document, unseen

LAW = "us_28cfr202"
LIST = "us_28cfr202_countries_of_concern"
"""List whose members and whom they hold are covered persons, as far as they are foreign."""
DUTIES = ("programme", "audit", "records", "annual", "offers", "on_demand")


Pairs = Mapping[tuple[str, str], list[Record]]


def build(ground: Ground) -> Document:
    """Return the due diligence record of a case.

    It lists every dealing whose other side is, or may be, covered, or of which a rule of Part 202 speaks; whoever is
    known not to be covered and of whom no rule speaks is left out and counted.
    """
    w = ground.w
    said = ground.findings("US-DSP-", "US-PADFA-")
    status = {one["entity_id"]: one for one in ground.rows("covered") if one["list"] == LIST}
    every = dealings(ground)
    pairs = parts.paired(said)
    chosen = [one for one in every if _concerns(one, status) or (one.from_id, one.to_id) in pairs]
    assets = sorted({asset for one in chosen for asset, _ in one.assets})
    sides = sorted({side for one in chosen for side in (one.from_id, one.to_id) if side})
    named = _with_owners(ground, {ident for ident in _named(said) if ident in ground.parties} | set(sides))
    subjects = {*named, *assets, *(one.id for one in chosen)}
    left = len(every) - len(chosen)
    log = tuple(_line(ground, one, status, pairs) for one in chosen)
    sections = (
        parts.findings(ground, said, "US-DSP-01 … US-DSP-27, US-PADFA-01"),
        Section(
            w("dd.log"),
            (w("dd.log_says"), *((w("dd.left", n=left),) if left else ()), *(() if log else (w("dd.no_log"),))),
            Grid(parts.columns(ground, *_LOG), log, "transactions"),
        ),
        Section(
            w("dd.data"),
            (w("dd.data_says"),),
            parts.data(ground, assets, f"{LAW}/", "data"),
        ),
        Section(
            w("dd.parties"),
            (w("dd.parties_says"),),
            Grid(
                parts.columns(ground, *parts.IDENTITY, "covered", "why"),
                tuple((*parts.identity(ground, ident), *_covered(ground, status.get(ident))) for ident in named),
                "parties",
            ),
        ),
        Section(w("dd.controls"), (w("dd.controls_says"),), parts.controls(ground, subjects, LAW, "controls")),
        parts.missing(ground, said, *_gaps(ground, chosen)),
        Section(w("dd.duties"), (w("dd.retention"),), points=tuple(Cell(w(f"dd.duty.{one}")) for one in DUTIES)),
        unseen(ground, "agreement", "control", "interest", "legal_entity", "holding", "population", "flow"),
    )
    return document(ground, "due-diligence", notes=(w("dd.note"),), sections=sections)


_LOG = ("dealing", "class", "from", "to", "covered", "assets", "use", "method", "since", "until", "verdict")


def _concerns(one: Dealing, status: dict[str, Record]) -> bool:
    """Whether the other side of a dealing is, or may be, held by a country of concern."""
    known = status.get(one.to_id)
    return known is None or known["verdict"] != "no"


def _named(said: Sequence[Record]) -> set[str]:
    return {side for one in said for side in (one["subject"], one["counterparty"]) if side}


def _with_owners(ground: Ground, parties: set[str]) -> list[str]:
    """Return parties with everybody who is known above them, so that each line of ownership ends at its top."""
    above: dict[str, set[str]] = {}
    for one in ground.rows("interest"):
        if one["kind"] in parts.OWNING and one["subject_id"] in ground.parties and one["holder_id"] in ground.parties:
            above.setdefault(one["subject_id"], set()).add(one["holder_id"])
    found, following = set(parties), set(parties)
    while following:
        following = {holder for ident in following for holder in above.get(ident, ())} - found
        found |= following
    return sorted(found)


def _line(ground: Ground, one: Dealing, status: dict[str, Record], pairs: Pairs) -> Row:
    w = ground.w
    verdicts = [
        cell(f"{found['rule_id']}: {ground.verdict(found).text}", findings=[found["finding_id"]])
        for found in pairs.get((one.from_id, one.to_id), ())
    ]
    kind = w(f"dealing.{one.kind}") if one.kind in _KINDS else w("unknown")
    assets = [
        f"{ground.call(asset)} / {container}" if container else ground.call(asset) for asset, container in one.assets
    ]
    return row(
        cell(w("dd.implied") if one.implied else ground.said(one.id.removeprefix("est:")), facts=one.facts),
        kind,
        ground.named(one.from_id),
        ground.named(one.to_id),
        _covered(ground, status.get(one.to_id))[0],
        parts.listed(assets, w("unknown")),
        ground.said(one.purpose) or w("unknown"),
        _method(ground, one),
        one.since.isoformat() if one.since else w("unknown"),
        one.until.isoformat() if one.until else w("unknown"),
        joined(verdicts) if verdicts else cell(w("dd.no_rule")),
    )


_KINDS = ("vendor", "brokerage", "employment", "investment", "processor", "ict", "export")


def _method(ground: Ground, one: Dealing) -> Cell:
    """Return how the other side gets at the data: by custody, and by flows to hosts that it operates."""
    hosts = {each["addr"] for each in ground.of("endpoint", "operator_id", [one.to_id])}
    leaving = ground.of("flow", "from_asset", [asset for asset, _ in one.assets])
    flows = [each for each in leaving if each["resp_h"] in hosts and each["orig_bytes"] != 0]
    told = [each for each in leaving if each["to_pattern"] == f"entity:{one.to_id}"]
    found = [cell(ground.w("dd.by_custody", kinds=", ".join(one.how)), facts=one.facts)] if one.how else []
    if flows:
        sent = count(sum(each["orig_bytes"] or 0 for each in flows), ground.meta.language)
        found.append(cell(ground.w("dd.by_flow", bytes=sent), facts=[each["fact_id"] for each in flows]))
    if told:
        found.append(cell(ground.w("dd.by_declared_flow"), facts=[each["fact_id"] for each in told]))
    return joined(found) if found else cell(ground.w("unknown"))


def _covered(ground: Ground, known: Record | None) -> tuple[Cell, Cell]:
    """Return whether an entity counts as held by countries of concern, and why."""
    w = ground.w
    if known is None:
        return cell(w("unknown")), cell(w("dd.not_derived"))
    verdict = w(f"verdict.{known['verdict']}") if known["verdict"] in ("yes", "no") else w("unknown")
    basis = known["basis"] if known["basis"] not in (None, "none") else known["why"] or ""
    return cell(f"{verdict} ({basis})" if basis else verdict, facts=known["facts"] or ()), cell(
        ground.said(known["proof"]), facts=known["facts"] or ()
    )


def _gaps(ground: Ground, chosen: Sequence[Dealing]) -> list[Cell]:
    """Return what the log itself lacks, line by line."""
    w, found = ground.w, []
    for one in chosen:
        lacks = [
            w(f"dd.lacks_{name}")
            for name, there in (
                ("agreement", not one.implied),
                ("use", bool(one.purpose)),
                ("since", one.since is not None),
                ("assets", bool(one.assets)),
            )
            if not there
        ]
        if lacks:
            who = w("dd.between", a=ground.call(one.from_id), b=ground.call(one.to_id))
            found.append(cell(f"{who}: {', '.join(lacks)}", facts=one.facts))
    return found
