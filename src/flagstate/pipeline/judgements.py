"""Makes judgements, with the figures of what is judged, and lists them with what became of them."""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model
from flagstate.assess import explained
from flagstate.assess.explained import Cover
from flagstate.assess.explained_flows import About, Went
from flagstate.case import Basis, Case
from flagstate.catalog import providers
from flagstate.catalog.mask import mask_host
from flagstate.errors import UsageError
from flagstate.model.codes import BEHAVIOURS
from flagstate.pipeline.judging import SETTLING, Judged, lay, measure, measure_cover

FLOWS = "flows"
"""The word that stands for flows that are named by where they go."""

_HOST = re.compile(r"(?:\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)+\.?")


@dataclass(frozen=True)
class Said:
    """What a person says in a judgement."""

    kind: str
    """explained, muted, assigned or comment."""
    author: str
    """Who says so."""
    reason: str = ""
    """Why; may be empty if something explains it."""
    until: date | None = None
    """Last day on which it holds."""
    assignee: str = ""
    """To whom it is assigned."""
    explained_by: str = ""
    """`contract:ID`, `ticket:ID`, `person:NAME` or `declaration:ID`."""
    up_to_bytes: int | None = None
    """Most bytes sent in one UTC day that it settles."""


@dataclass(frozen=True)
class Made:
    """A judgement as it was made."""

    id: str
    """Its id."""
    on: str
    """What it is on."""
    figures: Mapping[str, object]
    """What was judged, in figures."""
    covers: Mapping[str, object]
    """Flows that it covers on every day; empty: only what it is on."""


def make(folder: Path, on: str, said: Said, cover: Cover | None = None) -> Made:
    """Add a judgement to the ledger of a case.

    Args:
        folder: The case.
        on: finding_id, or fact_id of an observed flow, which stands for all flows that go the same way; `flows`: what
            `cover` names.
        said: What is judged.
        cover: Flows, if `on` is `flows`.

    Raises:
        UsageError: Nothing in the case is meant, or something is missing.
    """
    case = Case.open(folder)
    with case.tables() as opened:
        tables: dict[str, pa.Table] = {noun: opened[noun] for noun in model.STORED}
    went = Went(tables, date.today())
    if cover is None:
        cover = _flow(on, tables, went)
    figures = _measured(on, cover, tables, went)
    if said.explained_by.startswith("contract:"):
        _contract(said.explained_by.partition(":")[2], tables)
    if said.up_to_bytes is not None and cover is None and "day_bytes" not in figures:
        raise UsageError(f"{on!a} sent nothing, so there is no --up-to for it", todo="Leave --up-to out.")
    settles = said.kind in SETTLING
    basis = Basis(said.explained_by, cover.document() if cover else {}, figures if settles else {}, said.up_to_bytes)
    key = cover.key if cover else on
    made = case.judge(
        said.kind, key, reason=said.reason, author=said.author, until=said.until, assignee=said.assignee, basis=basis
    )
    return Made(made, key, basis.figures, basis.covers)


def _flow(on: str, tables: Mapping[str, pa.Table], went: Went) -> Cover | None:
    """Return the way of an observed flow; null: `on` is a finding, or another fact.

    Raises:
        UsageError: The case has nothing with this id.
    """
    if _has(tables["finding"], "finding_id", on):
        return None
    row = went.flow(on)
    if row is None and not _has(tables["flow"], "fact_id", on):
        raise UsageError(f"{on[:80]!a} is no finding and no flow of this case", todo="Take the id from the report.")
    if row is None:
        return None
    name, addr, port = row["server_name"], row["resp_h"], row["resp_p"]
    to = f"domain:{name}" if name else f"cidr:{addr}"
    return Cover(to, port if isinstance(port, int) else None, str(row["orig_h"] or ""))


def _has(table: pa.Table, column: str, value: str) -> bool:
    found: bool = pc.any(pc.equal(table[column], value)).as_py() or False
    return found


def _measured(on: str, cover: Cover | None, tables: Mapping[str, pa.Table], went: Went) -> dict[str, object]:
    if cover is not None:
        return measure_cover(cover, tables, went)
    finding = tables["finding"].filter(pc.equal(tables["finding"]["finding_id"], on))
    return measure(finding.to_pylist()[0], went) if finding.num_rows else went.figures(About())


def _contract(name: str, tables: Mapping[str, pa.Table]) -> None:
    """Refuse a contract that the case does not know.

    Raises:
        UsageError: No agreement has this id.
    """
    known = {str(one).removeprefix("est:") for one in tables["agreement"]["agreement_id"].to_pylist() if one}
    if name.removeprefix("est:") in known:
        return
    near = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.5)
    if near:
        todo = f"Did you mean {' or '.join(f'contract:{one}' for one in near)}?"
    elif known:
        todo = f"Name one of: {', '.join(sorted(known)[:8])}."
    else:
        todo = "Declare it under `agreements:` in estate.yaml and audit again, or write ticket:… or person:…."
    raise UsageError(f"contract {name[:60]!a} is not among the agreements of this case", todo=todo)


def cover_of(to: str, near: str = "", behaviour: str = "") -> Cover:
    """Return the flows that a person names.

    Args:
        to: Domain (with what is below it), address, range, `entity:NAME` or `provider:NAME`; with `:PORT` only that
            port.
        near: Own address or range; empty: any.
        behaviour: One of the codes of `BEHAVIOURS`; empty: any.

    Raises:
        UsageError: One of them is not written so.
    """
    if behaviour and behaviour not in BEHAVIOURS:
        near_to = difflib.get_close_matches(behaviour, BEHAVIOURS, n=1, cutoff=0.5)
        todo = f"Did you mean {near_to[0]}?" if near_to else f"Write one of: {', '.join(BEHAVIOURS)}."
        raise UsageError(f"{behaviour[:60]!a} is not a behaviour", todo=todo)
    if near and _range(near) is None:
        raise UsageError(f"{near[:60]!a} is not an address or range", todo="Write --from 10.0.0.5 or 10.0.0.0/24.")
    pattern, port = _destination(to.strip())
    return Cover(pattern, port, _range(near) or "", behaviour)


def _destination(text: str) -> tuple[str, int | None]:
    """Return the pattern of a destination as a declaration would have it, and its port."""
    port: int | None = None
    if (
        _range(text) is None
        and (found := re.fullmatch(r"(.*[^:]|\[.*\]):([0-9]{1,5})", text))
        and int(found[2]) < 65536
    ):
        text, port = found[1].removeprefix("[").removesuffix("]"), int(found[2])
    kind, colon, rest = text.partition(":")
    if colon and kind in ("entity", "provider") and rest:
        if (slug := providers.find(rest)) is None and not rest.startswith(("ent:", "est:", "net:")):
            todo = "Write it as in the catalog, or as an id of this case (est:…, ent:…)."
            raise UsageError(f"{rest[:80]!a} is no operator that the catalog knows", todo=todo)
        return f"{kind}:{providers.entity_id(slug) if slug else rest}", port
    if (network := _range(text)) is not None:
        return f"cidr:{network}", port
    name = text.lower()
    if not _HOST.fullmatch(name):
        todo = "Write a domain, address, range, entity:NAME or provider:NAME, each with or without :PORT."
        raise UsageError(f"{text[:80]!a} is not a destination", todo=todo)
    bare = name.removeprefix("*.").rstrip(".")
    if _public(bare):
        raise UsageError(f"{text[:80]!a} covers what many people register", todo="Name the domain below it.")
    return f"domain:{mask_host(bare)}", port


def _public(name: str) -> bool:
    """Say whether nobody can register this name, because whole countries and branches lie below it."""
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(only_icann=True).privatesuffix(name, accept_unknown=True) is None


def _range(text: str) -> str | None:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    if network.prefixlen < (8 if network.version == 4 else 19):
        return None
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def listed(folder: Path) -> Judged:
    """Return the judgements of a case that stand, expired or were reopened, with the findings that they decide.

    Raises:
        CaseError: No audit was finished.
    """
    case, today = Case.open(folder), date.today()
    with case.tables() as opened:
        tables = {noun: opened[noun] for noun in model.STORED}
    return lay(tables, case.told(today), today)


def document(found: Judged) -> dict[str, object]:
    """Return the judgements as one JSON document."""
    rows = []
    for one in found.standing:
        cover = explained.cover(str(one.row["covers"]) if one.row["covers"] else None)
        rows.append(
            {
                **{name: one.row[name] for name in ("judgement_id", "kind", "explained_by", "reason", "author")},
                "on": one.row["on_id"],
                "until": one.row["until"],
                "made_at": one.row["made_at"],
                "state": one.state,
                "grown": one.grown,
                "covers": cover.document() if cover else None,
                "findings": [row["finding_id"] for row in one.on],
                "graver": [row["finding_id"] for row in one.over],
            }
        )
    return {"counts": found.counts(), "judgements": rows, **found.others}
