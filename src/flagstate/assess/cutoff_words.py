"""A cut-off as a sentence: what stops, when, and through what, one reason after the other."""

from __future__ import annotations

from collections.abc import Mapping

from flagstate.assess.cutoff_graph import Edge, Graph, stops_words
from flagstate.assess.cutoff_sweep import Falls, Seed
from flagstate.catalog.country_names import country_name

_STEPS = 12
"""Reasons that a sentence names; the facts are complete."""
_MEMBERS = 6
"""Members of a group that a sentence names."""


def when(at_h: float) -> str:
    """Return a time after a cut as a sentence says it."""
    return "at once" if at_h == 0 else f"after {at_h:,.10g} h"


def cut_words(cut: str, names: Mapping[str, str]) -> str:
    """Return a cut as a condition: `if China switches its part off`."""
    kind, _, rest = cut.partition(":")
    if kind == "government":
        return f"if {country_name(rest)} switches its part off"
    return f"if {names.get(rest, rest.removeprefix('est:'))} is switched off"


def sentence(graph: Graph, falls: Falls, node: int) -> str:
    """Return the whole chain under the failure of a node."""
    return f"{graph.names[node]} stops {when(falls[node].at_h)}: {reasons(graph, falls, node)}."


def reasons(graph: Graph, falls: Falls, node: int) -> str:
    """Return why a node fails, as clauses; a long chain is cut, and says so."""
    clauses: list[str] = []
    last = ""
    told: set[int] = {node}
    queue: list[tuple[int, str]] = [(node, "it")]
    while queue:
        one, it = queue.pop(0)
        if len(clauses) >= _STEPS:
            clauses.append("and so on")
            break
        cause = falls[one].cause
        if isinstance(cause, Seed):
            clauses.append(cause.words)
            last = ""
            continue
        words, nexts = _clause(graph, cause, it)
        verb = stops_words(cause.kind)
        if it != "it" and last == it and _relative(cause, verb):
            clauses[-1] += f", which {graph.names[cause.sources[0]]} {verb}"
        else:
            clauses.append(words)
        last = graph.names[nexts[0]] if len(nexts) == 1 and words.endswith(graph.names[nexts[0]]) else ""
        fresh = [n for n in nexts if n not in told]
        told.update(fresh)
        queue[:0] = [(n, graph.names[n]) for n in fresh]
    return "; ".join(clauses)


def _relative(cause: Edge, verb: str) -> bool:
    return cause.kind not in ("layer", "need") and " " not in verb


def _clause(graph: Graph, edge: Edge, it: str) -> tuple[str, list[int]]:
    names = [graph.names[n] for n in edge.sources]
    lasts = f" and lasts {edge.buffer_h:,.10g} h without" if edge.buffer_h else ""
    if edge.kind == "layer":
        return f"{it} runs on {names[0]}", list(edge.sources)
    if edge.kind != "need":
        return f"{names[0]} {stops_words(edge.kind)} {it}", list(edge.sources)
    if edge.strict and edge.spare:
        listed = ", ".join(graph.names[n] for n in edge.spare[:_MEMBERS])
        return f"{it} needs {' or '.join(names)}{lasts}, and {listed} was never tested in its place", list(edge.sources)
    if len(names) == 1:
        return f"{it} needs {names[0]}{lasts}", list(edge.sources)
    more = f" and {len(names) - _MEMBERS} more" if len(names) > _MEMBERS else ""
    if len(names) == 2:
        return f"{it} needs {names[0]} or {names[1]}{lasts}, and both stop", list(edge.sources)
    return f"{it} needs one of {', '.join(names[:_MEMBERS])}{more}{lasts}, and all stop", list(edge.sources)
