"""The declaration, estate.yaml: what the audited party says of itself, checked and turned into facts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib import resources
from typing import Any

from flagstate import model
from flagstate.catalog import form, strict
from flagstate.catalog.wider import words
from flagstate.errors import DeclarationError, EvidenceError
from flagstate.read import estate_acts, estate_claims, estate_parties
from flagstate.read.estate_names import collect, loose, unmatched
from flagstate.read.estate_rows import Collected, Row
from flagstate.read.part import Context, Facts, Head, Kind, Note, Opened, Part, Reader, Tally

_HEADER = frozenset({"title", "as_of", "invented", "dossier", "proposed", "confirmed_by", "confirmed_on"})
_KEY_LINE = re.compile(r"^(?:([A-Za-z_][\w-]*)|'([\w-]+)'|\"([\w-]+)\")\s*:(?:\s|$)")
_DOSSIER = re.compile(rb"^dossier[ \t]*:[ \t]*true[ \t]*(?:#.*)?\r?$", re.MULTILINE)
_QUIET = ("#", " ", "\t", "---", "...", "%", "- ", "}", "]", "-\n")
_STEPS = (
    estate_parties.entities,
    estate_parties.assets,
    estate_parties.networks,
    estate_acts.holdings,
    estate_acts.agreements,
    estate_acts.flows,
    estate_acts.accesses,
    estate_acts.controls,
    estate_acts.needs,
    estate_acts.events,
    estate_claims.sources,
    estate_claims.claims,
    estate_acts.policy,
    estate_acts.measures,
    estate_parties.check_persons,
    estate_parties.check_layers,
)


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """Return the published form of the declaration."""
    text = resources.files("flagstate.catalog").joinpath("data/estate.schema.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def recognise(head: Head) -> Kind | None:
    """Return the kind if the keys at the left margin are those of a declaration, also when one is mistyped."""
    encoding = "utf-16" if head.data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    lines = head.data.decode(encoding, "replace").splitlines()
    if not head.whole:
        lines = lines[:-1]
    sections = form_sections()
    typed = sections - {"sources"}  # a common word: `services` and `resources` are near it
    seen: list[str] = []
    noise = 0
    for line in lines:
        found = _KEY_LINE.match(line)
        if found:
            seen.append(found[1] or found[2] or found[3])
        elif line and not line.startswith(_QUIET):
            noise += 1
    exact = {k for k in seen if k in sections}
    close = {k for k in seen if k not in sections and k not in _HEADER and form.near(k, typed) and len(k) > 3}
    known = len(exact) + len(close)
    if "proposed" in seen and ("confirmed_by" in seen or known):
        return Kind("estate")
    strange = len(set(seen) - exact - close - _HEADER)
    if not exact - {"sources"} or noise > known or strange >= max(known, 1) or (strange and known < 2):
        return None
    return Kind("estate")


@lru_cache(maxsize=1)
def form_sections() -> frozenset[str]:
    """Return the sections of the form: its keys at the top without those that only speak of the file."""
    return frozenset(schema()["properties"]) - _HEADER


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield the facts that a declaration states, all of stance declared; a proposal that nobody confirmed states none.

    Raises:
        DeclarationError: With file, line, key and what to write instead; nothing was yielded then.
        EvidenceError: The same of a dossier, which others may have written: it is rejected, and the run goes on.
    """
    with open(opened.path, "rb") as file:
        data = file.read(strict.MAX_BYTES + 1)
    try:
        yield from _read(data, opened.name, context)
    except DeclarationError as problem:
        if not of_others(data, opened.name):
            raise
        what = f"a dossier that is not valid, of which nothing counts: {problem.where}: {problem.what}"
        raise EvidenceError(what, where=problem.where, why=problem.why, todo=problem.todo) from None


def of_others(data: bytes, name: str) -> bool:
    """Return whether a file says that it is a dossier, and declares nothing of its own besides; estate.yaml never is.

    Args:
        data: The file, which may be broken.
        name: Its name.
    """
    keys = {
        found[1] or found[2] or found[3]
        for found in map(_KEY_LINE.match, data.decode("utf-8", "replace").splitlines())
        if found
    }
    bare = name.rsplit("/", 1)[-1].rsplit("!", 1)[-1].lower()
    own = keys & (form_sections() - {"sources", "claims"})
    return bool(_DOSSIER.search(data)) and not own and bare not in ("estate.yaml", "estate.yml")


def _read(data: bytes, name: str, context: Context) -> Iterator[Part]:
    root = strict.load(data, name=name, show=lambda text: strict.printable(context.mask(text)))
    if root.value is None:
        yield Note("the declaration is empty", "Write what you declare, or let `flagstate init` propose it")
        yield Tally()
        return
    missing = unconfirmed(root)
    if missing:
        yield Note("a proposal that nobody confirmed: nothing in it counts as declared", f"Set {missing}")
        yield Tally()
        return
    form.check(root, schema())
    check_dossier(root)
    facts, notes = collect_facts(root, context.mask, context.host)
    yield from notes
    for noun, rows in facts.items():
        yield Facts(noun, model.rows(model.NOUNS[noun], rows), "declared")
    made_up = root.get("invented")
    yield Tally(
        rows_read=sum(len(rows) for rows in facts.values()),
        title=context.mask(root.text("title") or ""),
        invented=made_up is not None and made_up.value is True,
    )


def check_dossier(root: strict.Node) -> None:
    """Raise where a dossier declares something: it holds what others say, and nothing of its own.

    Raises:
        DeclarationError: A section that is neither sources nor claims.
    """
    if not loose(root):
        return
    for name, node in root.pairs.items():
        if name in form_sections() - {"sources", "claims"} and node.value is not None:
            raise strict.fail(
                node, f"A dossier has no {name}", "Put it into estate.yaml, or delete `dossier: true` at the top"
            )


def unconfirmed(root: strict.Node) -> str:
    """Return the keys that a person must still set before a proposal counts; empty: it counts.

    A file without `proposed: true` was written by a person, and counts.
    """
    proposed = root.get("proposed")
    if proposed is None or proposed.value is False:
        return ""
    header = {
        "properties": {k: v for k, v in schema()["properties"].items() if k in _HEADER},
        "$defs": schema()["$defs"],
    }
    form.check(root, header)
    return " and ".join(key for key in ("confirmed_by", "confirmed_on") if not str(root.text(key) or "").strip())


def collect_facts(
    root: strict.Node, mask: Callable[[str], str], host: Callable[[str], str] | None = None
) -> tuple[dict[str, list[Row]], list[Note]]:
    """Return the rows of every noun that a declaration states, and what a person must know of it.

    Args:
        root: The declaration; its form was checked.
        mask: Applied to every name.
        host: Applied to names of hosts; null: as `mask`.

    Raises:
        DeclarationError: A reference to nothing, shares above 100 per cent, an owned person, dates out of order, …
    """
    into = Collected(root, collect(root, mask), mask, host or mask)
    for step in _STEPS:
        step(into)
    targets = [str(row["to_pattern"]) for row in into.rows.get("flow", ())]
    notes = []
    if wide := sum(target.endswith(("/0", "/1")) for target in targets):
        notes.append(Note(f"{wide} declared destinations cover half of all addresses or more", "Declare narrower ones"))
    if lost := sum(map(unmatched, targets)):
        notes.append(
            Note(
                f"{lost} declared destinations name a provider or entity that the catalog does not know",
                "They cover nothing: write a domain or a CIDR range, or the name as `flagstate who` shows it",
            )
        )
    if strange := sorted({str(row["data_class"]) for row in into.rows.get("holding", ())} - set(words())):
        notes.append(
            Note(
                f"{len(strange)} declared classes of data are not in the catalog, so that no law knows what they are: "
                f"{', '.join(map(mask, strange[:6]))}",
                "Write the ids that `flagstate classes` lists",
            )
        )
    return into.rows, notes


READER = Reader(
    name="estate",
    doc="The declaration estate.yaml: entities, networks, assets, holdings, agreements, flows, controls, needs, "
    "events, claims and policy, as the audited party states them; and dossiers of claims with their sources.",
    recognise=recognise,
    read=read,
)
