"""Who takes what from whom: agreements, and dealings that follow from who runs, administers or receives without one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flagstate.report.answers import Row
from flagstate.report.filings.ground import Ground, values

VENDOR = ("operates", "hosts", "manages", "updates", "processor")
"""Kinds of custody that only a service gives."""


@dataclass(frozen=True)
class Dealing:
    """A dealing between two parties."""

    id: str
    """agreement_id, or one that names both sides where there is no agreement."""
    kind: str
    """Kind of agreement; empty: not known."""
    from_id: str
    """Who takes."""
    to_id: str
    """Who gives, or gets at the data."""
    assets: tuple[tuple[str, str | None], ...]
    """Assets with their container; null: all of it."""
    how: tuple[str, ...]
    """Kinds of custody by which the other side gets at the assets."""
    purpose: str
    """End use, as the agreement says; empty: nobody says."""
    since: date | None
    """First day."""
    until: date | None
    """Day of the end."""
    implied: bool
    """There is no agreement: it follows from custody."""
    terms: tuple[tuple[str, Any], ...]
    """Terms of the agreement."""
    facts: tuple[str, ...]
    """fact_ids."""

    def term(self, name: str) -> Any:  # noqa: ANN401  terms are numbers, texts, lists
        """Return a term; null: the agreement does not say."""
        return dict(self.terms).get(name)


def responsible(ground: Ground) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return who decides over each asset, with facts: its controller, else its owner, else who takes the service."""
    said: dict[str, dict[tuple[int, str], list[str]]] = {}
    for one in ground.rows("interest"):
        if one["kind"] in ("controller", "owns") and one["subject_id"] not in ground.parties:
            rank = 1 if one["kind"] == "controller" else 2
            said.setdefault(one["subject_id"], {}).setdefault((rank, one["holder_id"] or ""), []).append(one["fact_id"])
    for one in ground.rows("agreement"):
        if one["asset_id"] and one["kind"] in ("vendor", "processor", "ict"):
            said.setdefault(one["asset_id"], {}).setdefault((3, one["from_id"] or ""), []).append(one["fact_id"])
    found = {}
    for asset, ranked in said.items():
        known = sorted(key for key in ranked if key[1])
        if known:
            found[asset] = (known[0][1], tuple(sorted(ranked[known[0]])))
    return found


def dealings(ground: Ground) -> list[Dealing]:
    """Return all dealings of a case, in the order of their ids.

    What it cannot see: who was let in without an agreement and without custody, such as by an open link.
    """
    owners = responsible(ground)
    custody: dict[tuple[str, str], list[Row]] = {}
    for one in ground.rows("custody"):
        if one["asset_id"] and one["entity_id"] and one["asset_id"] not in ground.parties:
            custody.setdefault((one["asset_id"], one["entity_id"]), []).append(one)
    grouped: dict[str, list[Row]] = {}
    for one in ground.rows("agreement"):
        grouped.setdefault(one["agreement_id"] or one["fact_id"], []).append(one)
    made = [_said(key, rows, custody, owners) for key, rows in grouped.items()]
    pairs = {(one.from_id, one.to_id): one for one in made}
    made += _implied(custody, owners, pairs)
    return sorted(made, key=lambda one: (one.implied, one.id))


def _said(
    key: str,
    rows: list[Row],
    custody: dict[tuple[str, str], list[Row]],
    owners: dict[str, tuple[str, tuple[str, ...]]],
) -> Dealing:
    first = rows[0]
    assets = sorted({(r["asset_id"], r["container"]) for r in rows if r["asset_id"]}, key=_placed)
    if not assets:
        # An agreement that names no asset covers what the taker decides over and the giver has in hand.
        mine = (asset for asset, who in custody if who == first["to_id"])
        assets = sorted({(a, None) for a in mine if owners.get(a, ("", ()))[0] == first["from_id"]}, key=_placed)
    held = [row for asset, _ in assets for row in custody.get((asset, first["to_id"] or ""), ())]
    return Dealing(
        key,
        first["kind"] or "",
        first["from_id"] or "",
        first["to_id"] or "",
        tuple(assets),
        tuple(sorted({row["kind"] for row in held if row["kind"]})),
        first["purpose"] or "",
        _day(first["valid_from"]),
        _day(first["valid_to"]),
        False,
        tuple(sorted(values(first["terms"]).items())),
        _facts(rows, held),
    )


def _implied(
    custody: dict[tuple[str, str], list[Row]],
    owners: dict[str, tuple[str, tuple[str, ...]]],
    pairs: dict[tuple[str, str], Dealing],
) -> list[Dealing]:
    found: dict[tuple[str, str], list[tuple[str, Row]]] = {}
    for (asset, who), rows in custody.items():
        owner = owners.get(asset)
        if owner is None or owner[0] == who:
            continue
        known = pairs.get((owner[0], who))
        if known is None or all(asset != covered for covered, _ in known.assets):
            found.setdefault((owner[0], who), []).extend((asset, row) for row in rows)
    made = []
    for (owner_id, who), held in found.items():
        kinds = {row["kind"] for _, row in held}
        facts = {fact for asset, _ in held for fact in owners[asset][1]}
        made.append(
            Dealing(
                f"implied:{owner_id}>{who}",
                "vendor" if kinds & set(VENDOR) else "",
                owner_id,
                who,
                tuple((asset, None) for asset in sorted({asset for asset, _ in held})),
                tuple(sorted(kind for kind in kinds if kind)),
                "",
                None,
                None,
                True,
                (),
                tuple(dict.fromkeys((*_facts([], [row for _, row in held]), *sorted(facts)))),
            )
        )
    return made


def _facts(rows: Iterable[Row], held: Iterable[Row]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*(r["fact_id"] for r in rows), *(f for r in held for f in r["facts"] or ()))))


def _placed(asset: tuple[str, str | None]) -> tuple[str, str]:
    return asset[0], asset[1] or ""


def _day(when: Any) -> date | None:  # noqa: ANN401  a time of Arrow
    return when.date() if when is not None else None
