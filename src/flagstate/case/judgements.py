"""What persons decided about findings and flows: rows of the ledger, added and never changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import pyarrow as pa

from flagstate import model
from flagstate.case.disk import canonical
from flagstate.case.ledger import Row
from flagstate.errors import UsageError

KIND = "judgement"
KINDS = ("explained", "muted", "assigned", "comment")
LONGEST = 4000

SETTLES = ("explained", "muted")
"""Kinds after which an adverse finding no longer counts for the exit code."""

STANDING, EXPIRED, REPLACED, WITHDRAWN = "standing", "expired", "replaced", "withdrawn"
"""What may have become of a judgement."""

EXPLAINS = ("contract", "ticket", "person", "declaration")
"""What may explain a finding."""

_EXPLAINED_BY = re.compile(rf"(?:{'|'.join(EXPLAINS)}):[^\x00-\x1f\x7f]{{1,200}}")
_TEXTS = ("on_id", "kind", "reason", "author", "assignee", "explained_by")
_DOCUMENTS = ("covers", "figures")


@dataclass(frozen=True)
class Basis:
    """What a judgement rests on, beside its author's word."""

    explained_by: str = ""
    """`contract:ID`, `ticket:ID`, `person:NAME` or `declaration:ID`; empty: nothing is named."""
    covers: Mapping[str, object] = field(default_factory=dict)
    """Flows that it covers on every day; empty: only what it is on."""
    figures: Mapping[str, object] = field(default_factory=dict)
    """What was judged, in figures; empty: it settles however much it grows."""
    up_to_bytes: int | None = None
    """Most bytes in one UTC day that it settles; null: as `figures` say."""

    def body(self) -> dict[str, object]:
        """Return what the ledger keeps of it."""
        given = {"explained_by": self.explained_by, "covers": dict(self.covers), "figures": dict(self.figures)}
        row: dict[str, object] = {key: value for key, value in given.items() if value}
        return row if self.up_to_bytes is None else row | {"up_to_bytes": self.up_to_bytes}


@dataclass(frozen=True)
class Told:
    """A judgement, and what became of it."""

    row: dict[str, object]
    """A record of the noun `judgement`."""
    state: str
    """standing, expired, replaced or withdrawn."""


def body(
    kind: str, on_id: str, *, reason: str, author: str, until: date | None = None, assignee: str = "",
    basis: Basis | None = None,
) -> dict[str, object]:  # fmt: skip
    """Return what the ledger keeps of a judgement.

    Args:
        kind: explained, muted, assigned or comment.
        on_id: The finding_id or fact_id that it is about.
        reason: Why; must not be empty, unless `basis` names what explains it.
        author: Who says so; must not be empty.
        until: Last day (UTC) on which it holds; null: until it is withdrawn.
        assignee: To whom, for `assigned`.
        basis: What it rests on beside the reason.

    Raises:
        UsageError: Something is missing or too long.
    """
    if kind not in KINDS:
        raise UsageError("this kind of judgement is not known", todo=f"Use one of {', '.join(KINDS)}.")
    _told("what the judgement is about", on_id, "Give the id of a finding or a fact.")
    basis = basis or Basis()
    if basis.explained_by:
        _explains(kind, basis.explained_by)
    if reason or not basis.explained_by:
        _told("the reason", reason, "Say why in a sentence: whoever reads the report will ask.")
    _told("the author", author, "Say who decided it.")
    if (kind == "assigned") != bool(assignee):
        raise UsageError("an assignment, and nothing else, needs a person", todo="Say to whom it is assigned.")
    row: dict[str, object] = {"on_id": on_id, "kind": kind, "reason": reason, "author": author} | basis.body()
    if until is not None:
        row["until"] = until.isoformat()
    if assignee:
        row["assignee"] = assignee
    return row


def withdrawal(judgement_id: str, *, reason: str, author: str) -> dict[str, object]:
    """Return what the ledger keeps when a judgement is taken back.

    Raises:
        UsageError: Something is missing or too long.
    """
    _told("the reason", reason, "Say why it no longer holds.")
    _told("the author", author, "Say who decided it.")
    return {"withdraws": judgement_id, "reason": reason, "author": author}


def must_stand(judgement_id: str, made: pa.Table) -> None:
    """Refuse an id that no judgement bears.

    Raises:
        UsageError: None does.
    """
    if judgement_id not in made.column("judgement_id").to_pylist():
        raise UsageError("no judgement with this id stands", todo="Take an id from the table `judgement`.")


def _told(what: str, value: str, todo: str) -> None:
    if not value.strip():
        raise UsageError(f"{what} is missing", todo=todo)
    if len(value) > LONGEST:
        raise UsageError(f"{what} is longer than {LONGEST} characters", todo="Shorten it.")


def identify(row_hash: str) -> str:
    """Return the id of a judgement: a short form of the hash of its ledger row."""
    return "jdg:" + row_hash[:16]


def _explains(kind: str, by: str) -> None:
    if kind != "explained":
        raise UsageError("only an explanation has something that explains it", todo="Write `explained` as its kind.")
    if not _EXPLAINED_BY.fullmatch(by):
        listed = ", ".join(f"{one}:…" for one in EXPLAINS)
        raise UsageError(f"{by[:60]!a} does not say what explains it", todo=f"Write one of {listed}.")


def standing(rows: Iterable[Row], as_of: date | None) -> pa.Table:
    """Return the judgements that hold: neither withdrawn, nor expired, nor replaced.

    Args:
        rows: Rows of the ledger.
        as_of: The day that is asked about; null: expired and replaced ones too.

    Returns:
        Rows of the noun `judgement`, in the order in which they were made. One that somebody damaged in the ledger is
        left out.
    """
    listed = told(rows, as_of)
    wanted = (STANDING,) if as_of is not None else (STANDING, EXPIRED, REPLACED)
    return model.rows(model.JUDGEMENT, [one.row for one in listed if one.state in wanted])


def told(rows: Iterable[Row], as_of: date | None) -> list[Told]:
    """Return every judgement with what became of it, in the order in which they were made.

    A later explanation or mute of the same thing replaces the earlier one, and stays its replacement when it expires;
    one that had expired when it was made replaces none.

    Args:
        rows: Rows of the ledger.
        as_of: The day that is asked about; null: none has expired.
    """
    held: dict[str, dict[str, object]] = {}
    state: dict[str, str] = {}
    for row in rows:
        said = row["body"]
        if row["kind"] != KIND:
            continue
        if "withdraws" in said:
            if str(said["withdraws"]) in state:
                state[str(said["withdraws"])] = WITHDRAWN
            continue
        name = identify(row["hash"])
        try:
            made = _record(name, row)
        except (ValueError, TypeError):
            continue
        until = made["until"]
        stillborn = isinstance(until, date) and until < datetime.fromisoformat(row["at"]).date()
        if made.get("kind") in SETTLES and not stillborn:
            for earlier, other in held.items():
                same = other.get("on_id") == made.get("on_id") and other.get("kind") in SETTLES
                if same and state[earlier] == STANDING:
                    state[earlier] = REPLACED
        held[name], state[name] = made, STANDING
    for name, made in held.items():
        until = made["until"]
        if as_of is not None and state[name] == STANDING and isinstance(until, date) and until < as_of:
            state[name] = EXPIRED
    return [Told(made, state[name]) for name, made in held.items()]


def _record(name: str, row: Row) -> dict[str, object]:
    """Return a judgement as a record of its noun.

    Raises:
        ValueError: A date in it was damaged.
    """
    said = row["body"]
    made: dict[str, object] = dict.fromkeys(model.JUDGEMENT.names) | {"judgement_id": name}
    made |= {key: str(said[key]) for key in _TEXTS if key in said}
    made |= {key: canonical(said[key]).decode("ascii") for key in _DOCUMENTS if isinstance(said.get(key), dict)}
    made["until"] = date.fromisoformat(str(said["until"])) if "until" in said else None
    made["made_at"] = datetime.fromisoformat(row["at"])
    up_to = said.get("up_to_bytes")
    made["up_to_bytes"] = up_to if isinstance(up_to, int) and 0 <= up_to < 1 << 63 else None
    return made
