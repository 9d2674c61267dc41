"""What the policy says of cut-off: whose switching off the critical services must survive, and what it tolerates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from flagstate.assess.cutoff_facts import Facts
from flagstate.assess.cutoff_graph import Graph
from flagstate.catalog.compulsion import GROUPS
from flagstate.catalog.country_names import expand


@dataclass(frozen=True)
class Policy:
    """What must be survived, and what is tolerated."""

    said: bool
    """Whether `must_survive` says anything."""
    cuts: tuple[str, ...] = ()
    """The cuts that are not wanted, in order."""
    named: frozenset[str] = frozenset()
    """Of them, those that the policy names itself; the others come from `any_party` or `any_government`."""
    outage_h: float | None = None
    """Hours that a critical service may stand still; None: not said."""
    strange: tuple[str, ...] = ()
    """Values that are neither a country nor a group nor an entity."""
    controllers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By asset: who decides why it is run; `any_party` means others than these."""

    def spares(self, cut: str, asset_id: str) -> bool:
        """Say whether a cut is no matter of this policy for an asset: its controller switches itself off."""
        party = cut.removeprefix("entity:")
        return cut not in self.named and party != cut and party in self.controllers.get(asset_id, ())

    def way_out(self, graph: Graph, node: int) -> bool:
        """Say whether a tested way out leaves open for how long an asset stands still.

        How long a test took is in no table, so it never makes a `no`; if no standstill is tolerated, it helps nothing.
        """
        return node in graph.ways_out and self.outage_h != 0


def read_policy(facts: Facts, derived: Sequence[str]) -> Policy:
    """Read `must_survive` and `tolerate:outage_h`.

    Args:
        facts: policy and interest.
        derived: The cuts that stop anything, for `any_party` and `any_government`.
    """
    values = {str(r["value"]) for r in facts.rows("policy", policy={"must_survive"}) if r["value"] is not None}
    hours = [_hours(r["value"]) for r in facts.rows("policy", policy={"tolerate:outage_h"})]
    known = [value for value in hours if value is not None]
    parties = {v for v in values if v.startswith("entity:")}
    wide = values & {"any_party", "any_government"}
    codes = {v.removeprefix("government:") for v in values - parties - wide - {"none"}}
    countries, strange = expand(codes, on=facts.as_of)
    # A group that must be survived is survived when all its members act at once, not only one after the other.
    named = {f"government:{code}" for code in (*countries, *({code.upper() for code in codes} & set(GROUPS)))}
    named |= {f"entity:{facts.one(v.removeprefix('entity:'))}" for v in parties}
    cuts = set(named)
    for word, start in (("any_party", "entity:"), ("any_government", "government:")):
        cuts |= {cut for cut in derived if word in wide and cut.startswith(start)}
    controllers: dict[str, set[str]] = {}
    for row in facts.rows("interest", kind={"controller"}) if "any_party" in wide else ():
        controllers.setdefault(str(row["subject_id"]), set()).add(facts.one(row["holder_id"]))
    return Policy(
        bool(values),
        listed(cuts),
        frozenset(named),
        min(known) if known else None,
        strange,
        {asset: frozenset(found) for asset, found in controllers.items()},
    )


def listed(cuts: Iterable[str]) -> tuple[str, ...]:
    """Return cuts in order: governments, parties, assets, each by id."""
    order = ("government", "entity", "asset")
    ranked = {cut: cut.partition(":")[0] for cut in cuts}
    return tuple(sorted(ranked, key=lambda cut: (order.index(ranked[cut]) if ranked[cut] in order else 3, cut)))


def _hours(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None
