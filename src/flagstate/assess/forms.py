"""In what form data is held: in use, at rest or in transit; with which keys; sealed; or as one share of several.

Nobody's silence protects: without a holding the asset shows whatever is there, without a state data is presumed to be
in use (at rest in a store), and without a key it is presumed readable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa

from flagstate.assess.custody import Estate, Subject
from flagstate.assess.keys import Protection, evidence, protects
from flagstate.model.stance import in_force

Row = Mapping[str, Any]

STATES = ("stored", "moved", "used")
ENDS_TLS = frozenset({"edge", "service"})
"""Kinds of assets at which a connection ends: who runs them sees what a certificate protects on its way."""


@dataclass(frozen=True)
class Form:
    """How something is held; two holdings of one form are reached alike."""

    state: str
    presumed: bool = False
    """Whether the state is presumed."""
    keys: tuple[Protection, ...] = ()
    keyed: bool = False
    """Whether keys are known that do not help, because they do not protect data in use."""
    sealed: bool = False
    """Confidential computing, with evidence that it was attested."""
    unproved: bool = False
    """Confidential computing is said, and nothing but a declaration says that it is attested."""
    split: str | None = None
    needs: int = 1
    """Shares that are needed."""
    answer: str | None = None
    """The answer in which it is held so, where a declaration alone makes the difference: evidenced or declared."""
    unshown: tuple[str, ...] = ()
    """What is only declared and does not count here: `stored` or `moved`, `split`."""


@dataclass(frozen=True)
class Held:
    """A class of data in a container."""

    container: str | None
    data_class: str | None
    facts: tuple[str, ...] = ()


@dataclass
class Part:
    """What a subject holds in one form."""

    subject_id: str
    form: Form
    held: list[Held] = field(default_factory=list)
    seen: bool = False
    """Hosts that were seen, of which nothing says what they hold."""

    @property
    def pseudo(self) -> bool:
        """Whether nothing says what is there."""
        return not self.held

    @property
    def shares(self) -> int:
        """How many shares of split data these are."""
        return len({one.container for one in self.held}) or 1


def parts(
    tables: Mapping[str, pa.Table], listed: Iterable[Subject], known: Estate, as_of: date
) -> dict[str, list[Part]]:
    """Return by subject what it holds, one part per form.

    Args:
        tables: holding.
        listed: The subjects.
        known: The estate.
        as_of: The day on which the facts must hold.
    """
    rows: dict[str, list[Row]] = {}
    for row in tables["holding"].to_pylist():
        if in_force(row, as_of):
            rows.setdefault(str(row["asset_id"]), []).append(row)
    least: dict[str, int] = {}
    for row in (row for group in rows.values() for row in group):
        if row["split"]:
            # Sources that differ on how many shares are needed do not protect by the larger number.
            least[row["split"]] = min(least.get(row["split"], 1_000_000), max(row["split_needs"] or 1, 1))
    return {subject.subject_id: _parts(subject, rows.get(subject.subject_id, []), known, least) for subject in listed}


def _parts(subject: Subject, rows: list[Row], known: Estate, least: Mapping[str, int]) -> list[Part]:
    one = subject.subject_id
    if not rows:
        seen = not subject.layers
        state, presumed = _state(None, known.says(one, "kind")) if subject.layers else ("stored", False)
        return [Part(one, Form(state, presumed, *_keys(known, subject, (), state)), seen=seen)]
    found: dict[Form, Part] = {}
    for container, data_class, own, whole in _units(rows):
        for form, facts in _forms(subject, own, whole, known, least):
            found.setdefault(form, Part(one, form)).held.append(Held(container, data_class, facts))
    return list(found.values())


def _units(rows: list[Row]) -> Iterator[tuple[str | None, str, list[Row], list[Row]]]:
    """Yield each class in each container, with what is said of it, and of the class in the whole asset."""
    own: dict[tuple[str | None, str], list[Row]] = {}
    for row in rows:
        own.setdefault((row["container"], str(row["data_class"])), []).append(row)
    for (container, data_class), said in sorted(own.items(), key=lambda pair: (pair[0][0] or "", pair[0][1])):
        whole = own.get((None, data_class), []) if container is not None else []
        yield container, data_class, said, whole


def _forms(
    subject: Subject, own: list[Row], whole: list[Row], known: Estate, least: Mapping[str, int]
) -> Iterator[tuple[Form, tuple[str, ...]]]:
    kind = known.says(subject.subject_id, "kind")
    said = {str(row["state"]) for row in own if row["state"]} or {str(row["state"]) for row in whole if row["state"]}
    both = [*own, *whole]
    split = next((str(row["split"]) for row in both if row["split"]), None)
    confidential = any("confidential" in (row["marks"] or ()) for row in both)
    attested = any(
        row["stance"] != "declared" and row["fact_id"] not in known.disputed
        for row in known.controls.get((subject.subject_id, "attestation"), ())
    )
    facts = tuple(dict.fromkeys(str(row["fact_id"]) for row in both))
    for given in sorted(said) or (None,):
        for state, presumed, kept, answer, unshown in _believed(both, given, kind, split):
            used = state == "used"
            yield (
                Form(
                    state,
                    presumed,
                    *_keys(known, subject, both, state, sealed=used and confidential),
                    sealed=used and confidential and attested,
                    unproved=used and confidential and not attested,
                    split=kept,
                    needs=least.get(kept or "", 1),
                    answer=answer,
                    unshown=unshown,
                ),
                facts,
            )


def _believed(
    rows: Iterable[Row], given: str | None, kind: str | None, split: str | None
) -> Iterator[tuple[str, bool, str | None, str | None, tuple[str, ...]]]:
    """Yield state, whether it is presumed, split, the answer in which it is so, and what does not count in it.

    That data merely rests or passes, or is one share of several, counts for the evidenced answer only where more than
    a declaration says it; that it is in use, whoever says it.
    """
    shown = [row for row in rows if row["stance"] != "declared"]
    told = given if given == "used" or any(row["state"] == given for row in shown) else None
    kept = split if any(row["split"] == split for row in shown) else None
    evidenced, declared = (*_state(told, kind), kept), (*_state(given, kind), split)
    if (evidenced[0], kept) == (declared[0], split):
        yield (*declared, None, ())
    else:
        state = (declared[0],) if declared[0] != evidenced[0] else ()
        yield (*evidenced, "evidenced", state if kept == split else (*state, "split"))
        yield (*declared, "declared", ())


def _state(said: str | None, kind: str | None) -> tuple[str, bool]:
    if said in STATES:
        return str(said), False
    return ("stored", True) if kind == "store" else ("used", True)


def _keys(
    known: Estate, subject: Subject, rows: Iterable[Row], state: str, *, sealed: bool = False
) -> tuple[tuple[Protection, ...], bool]:
    """Return the keys of a holding: those that it names, those of its asset, and at rest those of the layers below.

    With them: whether there are keys that do not help. Data in use is clear to who runs the machine, and a layer that
    is encrypted as a whole (a disk) is readable to who gets in above it.
    """
    own, by_key = subject.subject_id, dict[tuple[str, int], list[Row]]()
    denied = any(row["key_ids"] is not None and not row["key_ids"] for row in rows)  # [] says that there is none
    for row in rows:
        for key_id in row["key_ids"] or ():
            by_key.setdefault((str(key_id), -1), []).append(row)
    for layer, depth in subject.layers.items() if state == "stored" else ((own, 0),):
        for row in known.holds.get(layer, ()):
            if row["kind"] == "protects":
                by_key.setdefault((str(row["holder_id"]), depth), []).append(row)
    ends = state == "moved" and known.says(own, "kind") in ENDS_TLS
    found = {
        one
        for (key_id, depth), said in by_key.items()
        for one in evidence(key_id, said, known, depth=max(depth, 0), denied=denied and depth < 0)
        if not (ends and known.says(key_id, "kind") == "certificate")
    }
    if state == "used" and not sealed:
        return (), bool(found)
    return tuple(sorted(found)), False


__all__ = ["ENDS_TLS", "Form", "Held", "Part", "parts", "protects"]
