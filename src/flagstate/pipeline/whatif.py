"""What would change: a party switched off, an asset taken away, a measure taken, another day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model
from flagstate.catalog.compulsion import GROUPS
from flagstate.catalog.country_names import country_name, expand
from flagstate.errors import UsageError
from flagstate.pipeline.compare import Changes, compare
from flagstate.pipeline.derive import derive
from flagstate.pipeline.naming import find
from flagstate.pipeline.rules import Hearing

Tables = dict[str, pa.Table]

_OF_ASSET = {
    "asset": ("asset_id",),
    "interest": ("subject_id", "holder_id"),
    "place": ("subject_id",),
    "holding": ("asset_id",),
    "population": ("asset_id",),
    "need": ("asset_id", "needs_id"),
    "control": ("subject_id",),
    "agreement": ("asset_id",),
    "activity": ("asset_id",),
    "flow": ("from_asset", "to_asset"),
}
"""The columns that name an asset: with it, these rows go."""


@dataclass(frozen=True)
class Question:
    """What is asked."""

    cut: tuple[str, ...] = ()
    """Governments or groups such as CN or EU, `entity:NAME` or `asset:NAME`: they switch their part off."""
    without: tuple[str, ...] = ()
    """`asset:NAME`: it is not there."""
    add: tuple[str, ...] = ()
    """`measure:CODE:asset=NAME,…`: it is taken."""
    as_of: date | None = None
    """The day on which facts and laws must hold."""


@dataclass(frozen=True)
class Answer:
    """What would change."""

    words: tuple[str, ...]
    """What was asked, as sentences."""
    changes: Changes
    stops: pa.Table
    """Rows of `cutoff` of the cuts that were asked for, the first to stop first."""
    before: Tables
    after: Tables


def whatif(tables: Mapping[str, pa.Table], asked: Question, as_of: date) -> Answer:
    """Derive the case as it is and as it would be, and compare.

    Args:
        tables: All stored nouns of the case.
        asked: What is asked.
        as_of: The day of the case.

    Raises:
        UsageError: Something that is named is not in the case, or nothing is asked.
    """
    if asked == Question():
        raise UsageError("Nothing is asked", todo="Add --cut, --without, --add or --as-of.")
    words: list[str] = []
    day = asked.as_of or as_of
    cuts = [cut for text in asked.cut for cut in cuts_of(tables, text, day)]
    edited: Tables = dict(tables)
    for text in asked.without:
        asset = find(tables, text.removeprefix("asset:"), "asset")
        edited = remove(edited, asset)
        words.append(f"without asset {asset.removeprefix('est:')}")
    if asked.add:
        from flagstate.assess.plan import apply, instance_named

        chosen = [instance_named(text, tables, day) for text in asked.add]
        edited = apply(edited, chosen)
        words += [f"with: {one.words}" for one in chosen]
    if asked.as_of:
        words.append(f"on {day.isoformat()}")
    before = derive(tables, as_of, rules=Hearing())
    after = derive(_survive(edited, cuts), day, rules=Hearing())
    return Answer(
        (*[f"cut: {cut}" for cut in cuts], *words), compare(before, after), _stopped(after, cuts, day), before, after
    )


def cuts_of(tables: Mapping[str, pa.Table], text: str, on: date) -> list[str]:
    """Return the cuts that a person names: `CN`, `EU`, `entity:NAME`, `asset:NAME` or `government:CN`.

    Raises:
        UsageError: It names none.
    """
    kind, colon, rest = text.partition(":")
    if colon and kind in ("entity", "asset"):
        return [f"{kind}:{find(tables, rest, kind)}"]
    code = (rest if colon and kind == "government" else text).upper()
    if code in GROUPS:  # one order of all: what hangs on either of two members stops too
        return [f"government:{code}"]
    members, strange = expand([code], on=on)
    if strange or not members:
        raise UsageError(
            f"{text!a} is no government, entity or asset",
            todo="Write a country such as CN, a group such as EU, entity:NAME or asset:NAME.",
        )
    return [f"government:{one}" for one in sorted(members)]


def remove(tables: Tables, asset: str) -> Tables:
    """Return the tables without an asset and without what is said of it; what stood on it stands on nothing.

    Args:
        tables: All stored nouns.
        asset: Its id.
    """
    made = dict(tables)
    for noun, columns in _OF_ASSET.items():
        table = made[noun]
        for column in columns:
            table = table.filter(pc.fill_null(pc.not_equal(table[column], asset), True))
        made[noun] = table
    below = made["asset"]["runs_on"]
    at = made["asset"].column_names.index("runs_on")
    gone = pc.fill_null(pc.equal(below, asset), False)
    made["asset"] = made["asset"].set_column(at, "runs_on", pc.if_else(gone, pa.scalar(None, pa.string()), below))
    return made


def _survive(tables: Tables, cuts: Iterable[str]) -> Tables:
    """Ask the policy to survive the cuts, so that the findings say what each critical service would do."""
    rows = [
        {"policy": "must_survive", "value": cut.removeprefix("government:"), "stance": "declared"}
        for cut in cuts
        if not cut.startswith("asset:")
    ]
    if not rows:
        return tables
    asked = model.stamp(model.rows(model.POLICY, rows), model.POLICY, evidence_id="whatif")
    return tables | {"policy": pa.concat_tables([tables["policy"], asked])}


def _stopped(tables: Tables, cuts: Sequence[str], day: date) -> pa.Table:
    from flagstate.assess.cutoff import cut

    rows = [row for what in cuts for row in cut(tables, what, day)]
    rows.sort(key=lambda row: (str(row["cut"]), float(str(row["at_h"] or 0)), str(row["asset_id"])))
    return model.rows(model.CUTOFF, rows)


def words_of(cut: str, names: Mapping[str, str]) -> str:
    """Return a cut as a person reads it."""
    kind, _, rest = cut.partition(":")
    return country_name(rest) if kind == "government" else names.get(rest, rest)
