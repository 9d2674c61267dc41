"""Who has custody of what, and where it stands: the subjects that a government may reach.

Custody is operating, hosting, administering, managing or pushing updates, at the asset or at any layer below it: who
runs the layer below has custody of what stands on it, and an employer has the custody of its staff. A government has
power over what stands on its territory. What custody shows (clear or not) is decided by the form of the data and by
keys, not here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any

import pyarrow as pa

from flagstate import model
from flagstate.assess.compelled import names_of
from flagstate.assess.observed import observed, own_ranges
from flagstate.assess.subject import NO_OPERATOR, Custody, Stand, Subject, Tally, host_stands
from flagstate.catalog.interest_kinds import interest_kinds
from flagstate.model.stance import in_force, stance_rank, status_of, weakest_stance

__all__ = [
    "NO_OPERATOR",
    "Custody",
    "Estate",
    "Stand",
    "Subject",
    "Tally",
    "custodians",
    "custody",
    "custody_kinds",
    "estate",
    "layers",
    "own_ranges",
    "stands",
    "subjects",
]

Row = Mapping[str, Any]

BENEATH = frozenset({"hosts"})
"""Custody that is by its nature below the asset: whoever runs its machines."""

KEYS = frozenset({"key", "certificate"})
"""Kinds of assets that protect data and are no place of it."""

_PLACES = {
    "provider_region": "the provider publishes the region",
    "configured_region": "by its configured region",
    "host": "by geolocation",
    "declared": "as declared",
}


@lru_cache(maxsize=1)
def custody_kinds() -> dict[str, str]:
    """Return the kinds of interest that are custody, as a proof says them."""
    return {code: kind.says for code, kind in interest_kinds().items() if kind.custody}


@dataclass(frozen=True)
class Estate:
    """What is known of the assets on a day, indexed."""

    assets: Mapping[str, list[Row]] = field(default_factory=dict)
    holds: Mapping[str, list[Row]] = field(default_factory=dict)
    """Interests in force, by subject."""
    employers: Mapping[str, list[Row]] = field(default_factory=dict)
    """Who employs, by staff."""
    places: Mapping[str, list[Row]] = field(default_factory=dict)
    endpoints: Mapping[str, Row] = field(default_factory=dict)
    controls: Mapping[tuple[str, str], list[Row]] = field(default_factory=dict)
    """Controls that are in place, by subject and code."""
    disputed: frozenset[str] = frozenset()
    """fact_ids that contradict each other."""
    held: dict[str, frozenset[tuple[bool, bool]]] = field(default_factory=dict, compare=False)
    """By key, how well it is known who has it, as `keys` found it."""

    def says(self, asset_id: str, column: str) -> Any:  # noqa: ANN401 - a value of any column
        """Return what the firmest source says of an asset; null: none says anything."""
        return next((row[column] for row in self.assets.get(asset_id, ()) if row[column] is not None), None)

    def shown(self, asset_id: str) -> str:
        """Return an asset as a sentence names it, without its kind."""
        return str(self.says(asset_id, "name") or asset_id.removeprefix("est:"))


def estate(tables: Mapping[str, pa.Table], as_of: date) -> Estate:
    """Index assets, interests, places and controls that hold on a day.

    Args:
        tables: asset, interest, place, endpoint, control and contradiction; the last two may be left out.
        as_of: The day on which the facts must hold.
    """
    return Estate(
        _by(tables["asset"], "asset_id", as_of),
        _by(tables["interest"], "subject_id", as_of, lambda row: row["kind"] != "employs"),
        _by(tables["interest"], "subject_id", as_of, lambda row: row["kind"] == "employs"),
        _by(tables["place"], "subject_id", as_of, lambda row: row["source_kind"] in _PLACES and row["country"]),
        {str(row["addr"]): row for row in tables["endpoint"].to_pylist()},
        _controls(tables.get("control"), as_of),
        _disputed(tables.get("contradiction")),
    )


def _by(table: pa.Table, column: str, as_of: date, keep: Any = None) -> dict[str, list[Row]]:  # noqa: ANN401
    found: dict[str, list[Row]] = {}
    for row in table.to_pylist():
        if row[column] and in_force(row, as_of) and (keep is None or keep(row)):
            found.setdefault(str(row[column]), []).append(row)
    for rows in found.values():
        rows.sort(key=lambda row: (stance_rank(str(row["stance"])), str(row["fact_id"])))
    return found


def _controls(table: pa.Table | None, as_of: date) -> dict[tuple[str, str], list[Row]]:
    found: dict[tuple[str, str], list[Row]] = {}
    for row in table.to_pylist() if table is not None else ():
        if row["state"] == "yes" and in_force(row, as_of):
            found.setdefault((str(row["subject_id"]), str(row["control"])), []).append(row)
    return found


def _disputed(table: pa.Table | None) -> frozenset[str]:
    listed = table["facts"].to_pylist() if table is not None else []
    return frozenset(str(fact) for facts in listed for fact in facts or ())


def layers(known: Estate, asset_id: str) -> dict[str, tuple[str, ...]]:
    """Return an asset and all that it stands on, each with the facts that say so, the nearest first; circles end."""
    found: dict[str, tuple[str, ...]] = {asset_id: ()}
    queue = [asset_id]
    for one in queue:
        for row in known.assets.get(one, ()):
            below = row["runs_on"]
            if below in known.assets and below not in found:
                found[str(below)] = (*found[one], str(row["fact_id"]))
                queue.append(str(below))
    return found


def custodians(known: Estate, below: Mapping[str, tuple[str, ...]]) -> list[Custody]:
    """Return who has custody at an asset or at a layer below it, with the employers of staff.

    Args:
        known: The estate.
        below: The asset and its layers, as `layers` returns them.
    """
    found: list[Custody] = []
    top = next(iter(below))
    for layer, path in below.items():
        under = "" if layer == top else f" {known.shown(layer)}, on which it stands"
        for row in known.holds.get(layer, ()):
            if row["kind"] in custody_kinds():
                found.extend(_holders(known, row, layer, under, path))
    return found


def _holders(known: Estate, row: Row, layer: str, under: str, path: tuple[str, ...]) -> Iterator[Custody]:
    """Yield the holder of an interest, and whoever employs it."""
    kind, fact = str(row["kind"]), str(row["fact_id"])
    words = f"{custody_kinds()[kind]}{under or ' it'}"
    layer_facts = (fact, *path)
    rest: dict[str, Any] = {
        "kind": kind,
        "layer_id": layer,
        "contested": bool(row["contested"]),
        "beneath": bool(under) or kind in BENEATH,
        "depth": len(path),
    }
    yield Custody(str(row["holder_id"]), words, status_of(row), str(row["stance"]), layer_facts, **rest)
    for job in known.employers.get(str(row["holder_id"]), ()):
        yield Custody(
            str(job["holder_id"]),
            f"employs the staff that {words}",
            status_of(row),
            weakest_stance([str(row["stance"]), str(job["stance"])]),
            (str(job["fact_id"]), *layer_facts),
            through=str(row["holder_id"]),
            **rest,
        )


def stands(known: Estate, below: Mapping[str, tuple[str, ...]]) -> tuple[dict[str, Stand], int]:
    """Return the countries in which an asset or a layer below it stands, and how many of its addresses are anycast."""
    found: dict[str, Stand] = {}
    anycast = 0
    top = next(iter(below))
    for layer, path in below.items():
        under = "" if layer == top else f" {known.shown(layer)}, on which it stands"
        for row in known.places.get(layer, ()):
            _stand(found, row, under, path)
        endpoint = known.endpoints.get(str(known.says(layer, "addr")))
        if endpoint is None or endpoint["special"] is not None:
            continue
        if endpoint["anycast"]:  # announced from many places: it stands in no one of them
            anycast += 1
            continue
        said = tuple(str(row["fact_id"]) for row in known.assets[layer] if row["addr"] == endpoint["addr"])
        for stand in host_stands(endpoint):
            here = Stand(stand.country, stand.words, stand.confidence, stand.stance, (*said[:1], *path), len(path))
            found.setdefault(stand.country, here)
    return found, anycast


def _stand(found: dict[str, Stand], row: Row, under: str, path: tuple[str, ...]) -> None:
    country, confidence = str(row["country"]), str(row["confidence"] or "sure")
    words = f"it stands in {country} ({_PLACES[str(row['source_kind'])]}{under and ', through' + under})"
    new = Stand(country, words, confidence, str(row["stance"]), (str(row["fact_id"]), *path), len(path))
    known = found.get(country)
    if known is None:
        found[country] = new
    elif stance_rank(new.stance) < stance_rank(known.stance):
        # The firmer source speaks of a layer below: that the thing itself stands there is the nearer one's word.
        near = known.facts if known.depth < new.depth else ()
        found[country] = replace(new, depth=known.depth, facts=(*new.facts, *near))


def subjects(tables: Mapping[str, pa.Table], as_of: date, known: Estate | None = None) -> list[Subject]:
    """Return every subject of the case, assets first, then the operators of the hosts that were seen.

    Keys and certificates are no subjects, and neither is what only carries other assets: what it shows is what they
    show, and it is weighed there.

    Args:
        tables: legal_entity, interest, asset, place, holding, network, flow and endpoint.
        as_of: The day on which the facts must hold.
        known: The same facts, if they are indexed already.
    """
    names = names_of(tables["legal_entity"])
    interests = [row for row in tables["interest"].to_pylist() if in_force(row, as_of)]
    return [*_assets(tables, known or estate(tables, as_of), as_of), *observed(tables, interests, names)]


def _assets(tables: Mapping[str, pa.Table], known: Estate, as_of: date) -> Iterator[Subject]:
    classes: dict[str, set[str]] = {}
    for row in tables["holding"].to_pylist():
        if in_force(row, as_of):
            classes.setdefault(str(row["asset_id"]), set()).add(str(row["data_class"]))
    below = {one: layers(known, one) for one in known.assets}
    carriers = {
        low
        for one, under in below.items()
        if known.says(one, "kind") not in KEYS
        for low in under
        if low != one and one not in below[low]
    }
    for key in sorted(known.assets):
        kind = known.says(key, "kind")
        if key not in classes and (kind in KEYS or key in carriers):
            continue
        subject = Subject(key, f"{kind or 'asset'} {known.shown(key)}")
        subject.all = Tally(facts=[str(row["fact_id"]) for row in known.assets[key]])
        subject.layers = {layer: len(path) for layer, path in below[key].items()}
        subject.classes = frozenset(classes.get(key, ()))
        subject.custody = custodians(known, below[key])
        subject.stands, subject.anycast = stands(known, below[key])
        yield subject


def custody(known: Estate, listed: Iterable[Subject]) -> pa.Table:
    """Return rows of `custody`: everybody who can get at what a thing shows, keys and law left out of account.

    Args:
        known: The estate: every asset of it has rows, also keys and what carries others.
        listed: Subjects; those that are no assets have rows, too.
    """
    found = [(one, custodians(known, layers(known, one))) for one in sorted(known.assets)]
    found += [(subject.subject_id, subject.custody) for subject in listed if not subject.layers]
    rows = [
        {
            "asset_id": asset_id,
            "entity_id": one.entity_id,
            "kind": one.kind,
            "layer_id": one.layer_id or asset_id,
            "through": one.through,
            "words": one.words,
            "status": one.status,
            "stance": one.stance,
            "facts": list(one.facts),
        }
        for asset_id, holders in found
        for one in holders
    ]
    return model.rows(model.CUSTODY, rows)
