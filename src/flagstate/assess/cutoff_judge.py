"""Whether a critical service stops without a tested alternative, when somebody is cut off whom it must survive.

Declared facts may convict and never acquit. An alternative that nobody tested leaves it open whether the service
survives, and so does a tested way out whose duration nobody recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pyarrow import Table

from flagstate import model
from flagstate.assess.cutoff_facts import DISPUTED, FIRM, weakest_known
from flagstate.assess.cutoff_graph import Edge, Graph
from flagstate.assess.cutoff_policy import Policy
from flagstate.assess.cutoff_sweep import Falls, proof_ground, under
from flagstate.assess.cutoff_words import cut_words, reasons, when
from flagstate.assess.cutoff_world import World, single_points
from flagstate.assess.finding import finding
from flagstate.model.counted import counted

FINDINGS = 400
"""Findings that are written out one by one; the others are counted in one."""
_LISTED = 12
_NAMED = 200
_INNOCENT = (
    "Nobody may ever switch it off, a law or contract may forbid it, or an alternative may exist that nobody declared."
)
_WRITE = (
    "Write into estate.yaml whose switching off must be survived, for example "
    "policy: {must_survive: [any_party], tolerate: {outage_h: 4}}."
)
_COVER = "Whether these are all the needs: the coverage of `need` does not say that they are complete."


@dataclass(frozen=True)
class Case:
    """What the findings are made from."""

    world: World
    policy: Policy
    cuts: Sequence[str]
    names: dict[str, str]

    @property
    def graph(self) -> Graph:
        """The graph of the case."""
        return self.world.graph


def judge(world: World, policy: Policy, cuts: Sequence[str]) -> Table:
    """Return the findings of the question cutoff, never none.

    Args:
        world: The case, indexed.
        policy: What must be survived.
        cuts: The cuts by governments and parties that stop anything.
    """
    graph = world.graph
    names = dict(zip(graph.ids, graph.names, strict=True))
    names |= world.seeds.named
    case = Case(world, policy, cuts, names)
    if not graph.critical:
        return model.rows(model.FINDING, [_nothing_critical(case)])
    if not policy.said:
        return model.rows(model.FINDING, [_no_policy(case)])
    found = sorted(_hits(case), key=lambda hit: (not hit.adverse, graph.ids[hit.node], hit.cut))
    made = [_stops(case, hit) if hit.stops else _untested(case, hit) for hit in found[:FINDINGS]]
    if len(found) > FINDINGS:
        made.append(_others(case, found[FINDINGS:]))
    if policy.strange:
        made.append(_strange(policy))
    if not any(one["verdict"] == "yes" for one in made):
        made.append(_rest(case, bool(made)))
    return model.rows(model.FINDING, made)


@dataclass(frozen=True)
class Hit:
    """A critical asset that a cut stops, or may stop."""

    cut: str
    node: int
    doubt: int
    falls: Falls
    stops: bool
    """False: it survives only if an alternative works that nobody tested."""
    way_out: bool = False
    """It has a tested way out, of which nobody says how long it takes."""

    @property
    def adverse(self) -> bool:
        """Whether the verdict is yes."""
        return self.stops and self.doubt != DISPUTED and not self.way_out


def _hits(case: Case) -> Iterator[Hit]:
    for cut in case.policy.cuts:
        stopped = case.world.stopped(cut)
        strict: Falls | None = None
        for node in case.graph.critical:
            if case.policy.spares(cut, case.graph.ids[node]):
                continue
            found = stopped.of(node)
            if found is not None:
                doubt = max(found[0], case.graph.assets[node].ground.doubt)
                yield Hit(cut, node, doubt, found[1], stops=True, way_out=case.policy.way_out(case.graph, node))
                continue
            strict = case.world.strict(cut) if strict is None else strict
            if node in strict:
                yield Hit(cut, node, FIRM, strict, stops=False)


def _stops(case: Case, hit: Hit) -> dict[str, object]:
    cut, node, doubt, falls = hit.cut, hit.node, hit.doubt, hit.falls
    graph, asset = case.graph, case.graph.assets[node]
    ground = proof_ground(falls, under(falls, node)) + asset.ground
    at_h, name = falls[node].at_h, graph.names[node]
    why = reasons(graph, falls, node)
    missing: list[str] = []
    verdict, verb = "yes" if hit.adverse else "unknown", "stops"
    if doubt == DISPUTED:
        verb = "may stop"
        missing.append("Which of the facts that contradict each other is right: see the contradictions of this case.")
    elif hit.way_out:
        allowed = case.policy.outage_h
        missing.append(
            f"Whether the tested way out brings {name} back within {allowed:,.10g} h: record how long the test took."
            if allowed is not None
            else f"How long {name} may stand still (policy: tolerate: outage_h), and how long its tested way out took."
        )
        ground = ground + graph.ways_out[node]
    elif doubt != FIRM:
        verb = "may stop"
    weak = ground.status in ("to verify", "declared", "fictitious")
    return finding(
        "cutoff",
        "cutoff",
        graph.ids[node],
        verdict,
        f"{name} {verb} {when(at_h)} {cut_words(cut, case.names)}: {why}.",
        counterparty=cut,
        outcome="conflict" if verdict == "yes" else None,
        confidence="low" if doubt != FIRM else "medium" if weak else "high",
        values={"at_h": at_h, "contested": doubt != FIRM, "outage_h": case.policy.outage_h},
        facts=ground.facts,
        missing=missing,
        rests_on=ground.stance or "declared",
        innocent=_INNOCENT,
        proof=f"{name} stops {when(at_h)}: {why}.",
    )


def _untested(case: Case, hit: Hit) -> dict[str, object]:
    graph, cut, node, falls = case.graph, hit.cut, hit.node, hit.falls
    below = under(falls, node)
    edges = [cause for one in below if isinstance(cause := falls[one].cause, Edge) and cause.spare]
    tests = [
        f"Test that {graph.names[edge.target]} works with {' or '.join(graph.names[n] for n in edge.spare)} alone, and "
        f"write it down: controls: {{{graph.names[edge.target]}: {{failover: {{state: true, tested_on: …}}}}}}."
        for edge in edges
    ]
    ground = proof_ground(falls, below) + graph.assets[node].ground
    name = graph.names[node]
    return finding(
        "cutoff",
        "cutoff-untested",
        graph.ids[node],
        "unknown",
        f"I{cut_words(cut, case.names)[1:]}, {name} goes on only with an alternative that nobody tested within "
        f"24 months: {reasons(graph, falls, node)}.",
        counterparty=cut,
        values={"at_h": falls[node].at_h},
        facts=ground.facts,
        missing=list(dict.fromkeys(tests))[:_LISTED] or ["Test the alternatives."],
        rests_on=ground.stance or "declared",
    )


def _others(case: Case, hits: Sequence[Hit]) -> dict[str, object]:
    adverse = [hit for hit in hits if hit.adverse]
    return finding(
        "cutoff",
        "cutoff-more",
        "more",
        "yes" if adverse else "unknown",
        f"There {'is' if len(hits) == 1 else 'are'} {counted(len(hits), 'more pair[|s]')} of a critical service and a "
        f"cut ({counted(len({hit.node for hit in hits}), 'service[|s]')}), of which {counted(len(adverse), 'stop[s|]')}"
        "; they are not written out one by one.",
        outcome="conflict" if adverse else None,
        confidence="low",
        values={"pairs": len(hits), "stop": len(adverse)},
        missing=[] if adverse else ["Decide the pairs that are written out first."],
        rests_on=weakest_known(case.graph.assets[hit.node].ground.stance for hit in hits),
    )


def _strange(policy: Policy) -> dict[str, object]:
    return finding(
        "cutoff",
        "cutoff-policy",
        "must_survive",
        "unknown",
        f"The policy must survive {', '.join(policy.strange)}, which is no country, group or entity.",
        missing=["Write a country such as US, a group such as EU, entity:KEY, any_party or any_government."],
        rests_on="declared",
    )


def _nothing_critical(case: Case) -> dict[str, object]:
    needs = sum(1 for edge in case.graph.edges if edge.kind == "need" and not edge.strict)
    return finding(
        "cutoff",
        "cutoff-critical",
        "all services",
        "unknown",
        f"No asset is declared as critical, so nothing says what must not stop (assets: {len(case.graph.assets):,}, "
        f"groups of needs: {needs:,}, parties and governments that can stop something: {len(case.cuts):,}).",
        values={"assets": len(case.graph.assets), "needs": needs, "cuts": list(case.cuts)[:_NAMED]},
        missing=[
            "Say in estate.yaml which assets are critical, for example assets: {wms: {kind: system, critical: true}}.",
            "Declare what each of them needs (`needs:` in estate.yaml).",
        ],
    )


def _no_policy(case: Case) -> dict[str, object]:
    graph = case.graph
    would: dict[str, dict[str, float]] = {}
    stances: set[str | None] = set()
    for cut in case.cuts:
        stopped = case.world.stopped(cut)
        for node in graph.critical:
            hit = stopped.of(node)
            if hit is not None:
                would.setdefault(graph.ids[node], {})[cut] = hit[1][node].at_h
                stances.add(graph.assets[node].ground.stance)
    listed = "; ".join(_would(case, one, found) for one, found in sorted(would.items())[:_LISTED])
    more = f"; and {counted(len(would) - _LISTED, 'more service[|s]')}" if len(would) > _LISTED else ""
    message = (
        f"Which switching off must be survived is not declared. What would stop: {listed}{more}."
        if would
        else "Which switching off must be survived is not declared, and nothing was found that would stop a critical "
        "service, which does not mean that there is nothing."
    )
    return finding(
        "cutoff",
        "cutoff-policy",
        "all services",
        "unknown",
        message,
        values={"would_stop": dict(sorted(would.items())[:_NAMED]), "single_points": _points(case)},
        missing=[_WRITE, *_unsaid(case)],
        rests_on=weakest_known(stances),
    )


def _would(case: Case, asset_id: str, found: dict[str, float]) -> str:
    ranked = sorted(found.items(), key=lambda pair: (pair[1], pair[0]))
    listed = ", ".join(f"{_who(case, cut)} {when(at_h)}" for cut, at_h in ranked[:4])
    more = f" and {len(ranked) - 4} more" if len(ranked) > 4 else ""
    return f"{case.graph.names[case.graph.at[asset_id]]} (by {listed}{more})"


def _who(case: Case, cut: str) -> str:
    kind, _, rest = cut.partition(":")
    return rest if kind == "government" else case.names.get(rest, rest.removeprefix("est:"))


def _points(case: Case) -> list[str]:
    return [cut.removeprefix("asset:") for cut in single_points(case.world)][:_NAMED]


def _unsaid(case: Case) -> list[str]:
    """Return what nobody says of critical services: their needs, and where the parties under them are at home."""
    graph, missing = case.graph, []
    bare = [graph.names[node] for node in graph.critical if not graph.into[node]]
    if bare:
        missing.append(f"What {_some(bare)} needs, runs on and is operated by (`needs:` in estate.yaml).")
    below = graph.closure(graph.critical)
    homeless = [graph.names[n] for n in sorted(below & case.world.seeds.homeless, key=graph.ids.__getitem__)]
    if homeless:
        missing.append(f"Where {_some(homeless)} is organised or based.")
    floating = [graph.names[n] for n in sorted(below & _floating(case), key=graph.ids.__getitem__)]
    if floating:
        missing.append(f"Where {_some(floating)} stands.")
    return missing


def _floating(case: Case) -> set[int]:
    """Return the assets that stand on no other and of which nobody says where they stand."""
    graph = case.graph
    held = {edge.target for edge in graph.edges if edge.kind == "layer"}
    return graph.assets.keys() - held - case.world.seeds.placed


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{', '.join(names[:_LISTED])}{more}"


def _rest(case: Case, undecided: bool) -> dict[str, object]:
    """Return the reassuring finding: unknown unless the needs are complete and more than a declaration speaks."""
    graph = case.graph
    missing = ["Decide what is named as undecided."] if undecided else []
    missing += _unsaid(case)
    stance = weakest_known(_stances(graph, graph.closure(graph.critical)))
    if stance in (None, "declared"):
        missing.append("Evidence of what the services need beside the declaration: infrastructure, logs, a HAR, DNS.")
    if not _covered(case):
        missing.append(_COVER)
    message = "No critical service was found to stop with a cut that it must survive, and the needs are complete."
    if missing:
        message = "Whether a critical service stops with a cut that it must survive is not decided."
    return finding(
        "cutoff",
        "cutoff-rest",
        "all services",
        "unknown" if missing else "no",
        message,
        values={"cuts": list(case.policy.cuts)[:_NAMED], "single_points": _points(case)},
        missing=missing,
        rests_on=stance or "declared",
    )


def _stances(graph: Graph, nodes: Iterable[int]) -> Iterator[str | None]:
    for node in nodes:
        for number in graph.into[node]:
            if not graph.edges[number].strict:
                yield graph.edges[number].ground.stance


def _covered(case: Case) -> bool:
    rows = [r for r in case.graph.facts.table("coverage").to_pylist() if r["noun"] == "need"]
    whole = {str(r["scope"]) for r in rows if r["complete"] == "yes"}
    partial = any(r["complete"] != "yes" and r["scope"] == "all" for r in rows)
    return not partial and ("all" in whole or {case.graph.ids[n] for n in case.graph.critical} <= whole)
