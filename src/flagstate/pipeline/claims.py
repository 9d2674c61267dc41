"""Claims of a case, of a dossier, or of both: read, held against the evidence, and told as sheets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model
from flagstate.assess import claims as assess
from flagstate.assess import sources
from flagstate.catalog import form, strict
from flagstate.catalog.mask import mask, mask_host
from flagstate.engine import connect
from flagstate.enrich import identity
from flagstate.enrich.assertions import content
from flagstate.errors import DeclarationError, UsageError
from flagstate.pipeline import again
from flagstate.pipeline.explain import Fact, explain
from flagstate.read import estate
from flagstate.read.source import opened
from flagstate.report.sheet import Sheet

Tables = dict[str, pa.Table]


def shipped() -> dict[str, str]:
    """Return the dossiers that come with the program: name and text."""
    folder = resources.files("flagstate.catalog").joinpath("data/dossier")
    found = {one.name.removesuffix(".yaml"): one for one in folder.iterdir() if one.name.endswith(".yaml")}
    return {name: found[name].read_text("utf-8") for name in sorted(found)}


def dossier(name: str) -> tuple[Tables, date | None]:
    """Return the claims and sources of a dossier, and the day for which it is said.

    Args:
        name: That of a dossier that comes with the program, or a path.

    Raises:
        DeclarationError: With file, line and key, and what to write instead.
        EvidenceError: The file cannot be opened.
        UsageError: There is no such dossier.
    """
    ours = shipped()
    if name in ours:
        data, shown = ours[name].encode(), f"{name}.yaml"
    else:
        data, shown = _bytes(Path(name), ours), mask(Path(name).name)
    root = strict.load(data, name=shown, show=lambda text: strict.printable(mask(text)))
    missing = estate.unconfirmed(root)
    if missing:
        raise DeclarationError(
            "A proposal that nobody confirmed: nothing in it counts", where=shown, todo=f"Set {missing}."
        )
    form.check(root, estate.schema())
    estate.check_dossier(root)
    facts, _ = estate.collect_facts(root, mask, mask_host)
    said = root.text("as_of")
    tables = {
        noun: model.stamp(
            model.rows(model.NOUNS[noun], facts.get(noun, ())), model.NOUNS[noun], stance="declared", evidence_id=shown
        )
        for noun in ("claim", "source")
    }
    return tables, date.fromisoformat(said) if said else None


def _bytes(path: Path, ours: Mapping[str, str]) -> bytes:
    if not path.exists():
        todo = f"Name a file, or one of: {', '.join(ours)}."
        raise UsageError("There is no such dossier", where=mask(path.name), todo=todo)
    with opened(str(path)) as descriptor, open(descriptor, "rb", closefd=False) as file:
        return file.read(strict.MAX_BYTES + 1)


@dataclass(frozen=True)
class Held:
    """Claims that were held against what a case knows."""

    tables: Tables
    """All stored nouns."""
    example: bool
    """The case is invented: what its evidence says is nothing about real parties."""


def hold(case: Path | None, named: str | None) -> Held:
    """Return all stored nouns, with what the evidence says of every claim.

    Args:
        case: Folder of a case; null: a dossier alone, without evidence.
        named: A dossier, whose claims are held against the case; null: those of the case.

    Raises:
        UsageError: Case and dossier each have another claim under the same name.
    """
    whole = {noun: model.empty(model.NOUNS[noun]) for noun in model.STORED}
    on, example = datetime.now(tz=UTC).date(), False
    if case is not None:
        found, meta = again.load(case)
        whole, on, example = dict(found), meta.as_of, meta.example
    if named is None and (whole["provenance"].num_rows or not whole["claim"].num_rows):
        return Held(whole, example)
    if named is not None:
        given, day = dossier(named)
        _distinct(whole["claim"], given["claim"])
        for noun, key in (("claim", "claim_id"), ("source", "source_id")):
            kept = whole[noun].filter(pc.invert(pc.is_in(whole[noun][key], value_set=given[noun][key])))
            whole[noun] = pa.concat_tables([kept, given[noun]])
        on = on if case is not None else day or on
    con = connect()
    try:
        made = assess.claims(identity.unify(whole, whole["identity"]), con, on)
    finally:
        con.close()
    others = whole["finding"].filter(pc.not_equal(whole["finding"]["question"], "claims"))
    return Held(whole | made | {"finding": pa.concat_tables([others, made["finding"]])}, example)


def _distinct(ours: pa.Table, given: pa.Table) -> None:
    known = {row["claim_id"]: content(row) for row in ours.to_pylist()}
    for row in given.to_pylist():
        if known.get(row["claim_id"], content(row)) != content(row):
            name = row["claim_id"].removeprefix("est:")
            raise UsageError(
                f"The case has another claim under the name {name!a}", todo="Give it another key in the dossier."
            )


def resting(held: Mapping[str, pa.Table]) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return, by source, the claims and the sources that rest on it."""
    found = sources.resting(held["claim"], held["source"])
    return {key: (one.claims, one.sources) for key, one in found.items()}


def rows(held: Mapping[str, pa.Table], one: Sheet) -> list[Fact]:
    """Return the rows of evidence that a claim was held against, those against it first."""
    wanted = list(dict.fromkeys(fact for part in one.parts for fact in part["facts"] or ()))
    key = one.claim["claim_id"]
    mine = held["finding"].filter(
        pc.and_(pc.equal(held["finding"]["subject"], key), pc.equal(held["finding"]["question"], "claims"))
    )
    found = {fact.fact_id: fact for name in mine["finding_id"].to_pylist() for fact in explain(held, name).facts}
    return [found[fact] for fact in wanted if fact in found]


def line(fact: Fact) -> str:
    """Return a row of evidence as one line, with where it stands."""
    said = ", ".join(f"{key} {value}" for key, value in fact.says.items())
    return f"{fact.noun} {fact.fact_id[:8]}: {said} ({fact.stance}; {fact.source or fact.artefact or 'no source'})"
