"""What persons decided about findings and flows: rows of the ledger, added and never changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import pyarrow as pa

from flagstate import model
from flagstate.case.ledger import Row
from flagstate.errors import UsageError

KIND = "judgement"
KINDS = ("explained", "muted", "assigned", "comment")
LONGEST = 4000

SETTLES = ("explained", "muted")
"""Kinds after which an adverse finding no longer counts for the exit code."""

_TEXTS = ("on_id", "kind", "reason", "author", "assignee")


def body(
    kind: str, on_id: str, *, reason: str, author: str, until: date | None = None, assignee: str = ""
) -> dict[str, object]:
    """Return what the ledger keeps of a judgement.

    Args:
        kind: explained, muted, assigned or comment.
        on_id: The finding_id or fact_id that it is about.
        reason: Why; must not be empty.
        author: Who says so; must not be empty.
        until: Last day (UTC) on which it holds; null: until it is withdrawn.
        assignee: To whom, for `assigned`.

    Raises:
        UsageError: Something is missing or too long.
    """
    if kind not in KINDS:
        raise UsageError("this kind of judgement is not known", todo=f"Use one of {', '.join(KINDS)}.")
    _told("what the judgement is about", on_id, "Give the id of a finding or a fact.")
    _told("the reason", reason, "Say why in a sentence: whoever reads the report will ask.")
    _told("the author", author, "Say who decided it.")
    if (kind == "assigned") != bool(assignee):
        raise UsageError("an assignment, and nothing else, needs a person", todo="Say to whom it is assigned.")
    row: dict[str, object] = {"on_id": on_id, "kind": kind, "reason": reason, "author": author}
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


def standing(rows: Iterable[Row], as_of: date | None) -> pa.Table:
    """Return the judgements that hold: neither withdrawn, nor expired, nor replaced.

    A later explanation or mute of the same finding replaces the earlier one, and stays its
    replacement when it expires; one that had expired when it was made replaces none.

    Args:
        rows: Rows of the ledger.
        as_of: The day that is asked about; null: expired ones too.

    Returns:
        Rows of the noun `judgement`, in the order in which they were made. One that somebody damaged in the ledger is
        left out.
    """
    held: dict[str, dict[str, object]] = {}
    for row in rows:
        said = row["body"]
        if row["kind"] != KIND:
            continue
        if "withdraws" in said:
            held.pop(str(said["withdraws"]), None)
            continue
        try:
            until = date.fromisoformat(str(said["until"])) if "until" in said else None
            made = datetime.fromisoformat(row["at"])
        except ValueError:
            continue
        stillborn = until is not None and until < made.date()
        if as_of is not None and said.get("kind") in SETTLES and not stillborn:
            same = [n for n, h in held.items() if h.get("on_id") == said.get("on_id") and h.get("kind") in SETTLES]
            for name in same:
                del held[name]
        if as_of is not None and until is not None and until < as_of:
            continue
        texts: dict[str, object] = {key: str(said[key]) for key in _TEXTS if key in said}
        name = identify(row["hash"])
        held[name] = {"judgement_id": name, **texts, "until": until, "made_at": made}
    return model.rows(model.JUDGEMENT, held.values())
