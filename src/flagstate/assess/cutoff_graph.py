"""What fails when something else has failed: assets, parties, layers and needs as one graph, without a word of keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import inf

from flagstate.assess.cutoff_facts import DISPUTED, FIRM, Facts, Ground, shown
from flagstate.catalog.interest_kinds import interest_kinds, kinds_with

WAY_OUT = "exit_plan"
"""The control that shows that a service which stops comes back elsewhere, once it was tested."""

TESTS = ("failover", WAY_OUT)
"""Controls that show that an alternative works, once they were tested."""

TESTED_WITHIN_DAYS = 731
"""A test counts for 24 months; of an older one nobody knows whether it still holds."""


@dataclass(frozen=True)
class Edge:
    """The target fails, after a buffer, when every source has failed."""

    target: int
    sources: tuple[int, ...]
    kind: str
    """`layer`, `need`, `employs`, or the code of an interest that stops what it holds."""
    ground: Ground
    buffer_h: float = 0.0
    group: int | None = None
    """The need group."""
    strict: bool = False
    """Counts only where alternatives that nobody tested are not trusted."""
    spare: tuple[int, ...] = ()
    """Members that nobody tested, and that this edge does not trust."""


@dataclass
class Asset:
    """What is known of an asset, over all its rows."""

    name: str
    kind: str | None
    critical: bool = False
    ground: Ground = field(default_factory=Ground)
    """The rows that say that it is critical, or else all."""
    addrs: dict[str, Ground] = field(default_factory=dict)


@dataclass
class Graph:
    """Who and what can fail, and why."""

    facts: Facts
    ids: list[str] = field(default_factory=list)
    at: dict[str, int] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    out: list[list[int]] = field(default_factory=list)
    """By source: its edges."""
    into: list[list[int]] = field(default_factory=list)
    """By target: its edges."""
    ranks: list[str] = field(default_factory=list)
    """By edge: what decides between reasons that are equal otherwise; no order of rows does."""
    assets: dict[int, Asset] = field(default_factory=dict)
    tested: set[int] = field(default_factory=set)
    """Assets and parties of which some control of TESTS was tested in time."""
    ways_out: dict[int, Ground] = field(default_factory=dict)
    """By asset: its way out that was tested in time."""

    def node(self, key: str) -> int:
        """Return the number of an id, which it gets if it has none."""
        found = self.at.get(key)
        if found is None:
            found = self.at[key] = len(self.ids)
            self.ids.append(key)
            self.names.append(shown(None, key))
            self.out.append([])
            self.into.append([])
        return found

    def add(self, edge: Edge) -> None:
        """Add an edge."""
        number = len(self.edges)
        self.edges.append(edge)
        self.ranks.append("\x1f".join((edge.kind, *(self.ids[source] for source in edge.sources))))
        self.into[edge.target].append(number)
        for source in edge.sources:
            self.out[source].append(number)

    @property
    def critical(self) -> list[int]:
        """The assets that somebody called critical, by id."""
        return sorted((n for n, a in self.assets.items() if a.critical), key=self.ids.__getitem__)

    @property
    def parties(self) -> list[int]:
        """Everybody who stops something, or whom something needs, by id."""
        found = {s for edge in self.edges for s in edge.sources if s not in self.assets}
        return sorted(found, key=self.ids.__getitem__)

    def closure(self, start: Iterable[int]) -> set[int]:
        """Return everything that some nodes may hang on, themselves included."""
        found = set(start)
        queue = list(found)
        for node in queue:
            for number in self.into[node]:
                for source in self.edges[number].sources:
                    if source not in found:
                        found.add(source)
                        queue.append(source)
        return found


def build(facts: Facts) -> Graph:
    """Return the graph of a case.

    Args:
        facts: asset, interest, need, control and the names of legal_entity count; keys and holdings do not.
    """
    graph = Graph(facts)
    below = _assets(graph)
    _tests(graph)
    _interests(graph)
    for asset, layer, ground in below:
        graph.add(Edge(graph.node(asset), (graph.node(layer),), "layer", ground))
    _needs(graph)
    known = [graph.ids[n] for n in range(len(graph.ids)) if n not in graph.assets]
    back = {old for old, new in facts.same.items() if new in graph.at}
    for row in facts.rows("legal_entity", entity_id={*known, *back}):
        node = graph.at.get(facts.one(row["entity_id"]))
        if node is not None and row["name"] and graph.names[node] == shown(None, graph.ids[node]):
            graph.names[node] = shown(str(row["name"]), graph.ids[node])
    return graph


def _assets(graph: Graph) -> list[tuple[str, str, Ground]]:
    below: list[tuple[str, str, Ground]] = []
    rows = sorted(graph.facts.rows("asset"), key=lambda row: str(row["fact_id"]))
    for row in rows:
        if row["asset_id"] is None:
            continue
        key = str(row["asset_id"])
        node = graph.node(key)
        asset = graph.assets.get(node)
        ground = graph.facts.ground(row, "critical")
        if asset is None:
            asset = graph.assets[node] = Asset(graph.names[node], _text(row["kind"]), ground=ground)
        if row["name"] and graph.names[node] == shown(None, key):
            asset.name = graph.names[node] = shown(str(row["name"]), key)
        if row["critical"]:
            asset.ground = asset.ground + ground if asset.critical else ground
            asset.critical = True
        if row["addr"]:
            asset.addrs.setdefault(str(row["addr"]), graph.facts.ground(row, "addr"))
        if row["runs_on"] and row["runs_on"] != key:
            below.append((key, str(row["runs_on"]), graph.facts.ground(row, "runs_on")))
    return below


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _tests(graph: Graph) -> None:
    """Note which assets and parties have an alternative or a way out that was tested in time."""
    facts = graph.facts
    since = facts.as_of - timedelta(days=TESTED_WITHIN_DAYS)
    for row in sorted(facts.rows("control", control=TESTS), key=lambda row: str(row["fact_id"])):
        tested = row["tested_on"]
        if row["state"] == "yes" and isinstance(tested, date) and since <= tested <= facts.as_of:
            ground = facts.ground(row)
            if ground.doubt < DISPUTED:
                node = graph.node(facts.one(row["subject_id"]))
                graph.tested.add(node)
                if row["control"] == WAY_OUT:
                    graph.ways_out[node] = ground


def _interests(graph: Graph) -> None:
    facts = graph.facts
    stops = kinds_with("stops")
    found = [
        (facts.one(row["holder_id"]), facts.one(row["subject_id"]), str(row["kind"]), row)
        for row in facts.rows("interest", kind=stops | {"employs"})
        if row["holder_id"] is not None and row["subject_id"] is not None
    ]
    for holder, subject, kind, row in sorted(found, key=lambda f: (*f[:3], str(f[3]["fact_id"]))):
        staff = kind != "employs" or graph.at.get(subject) not in graph.assets
        if holder != subject and staff:
            graph.add(Edge(graph.node(subject), (graph.node(holder),), kind, facts.ground(row)))


def _needs(graph: Graph) -> None:
    facts = graph.facts
    groups: dict[tuple[str, int], list[dict[str, object]]] = {}
    for row in facts.rows("need"):
        if row["asset_id"] is not None and row["needs_id"] is not None:
            groups.setdefault((str(row["asset_id"]), _whole(row["need_group"])), []).append(row)
    for (asset, number), rows in sorted(groups.items()):
        _group(graph, graph.node(asset), number, sorted(rows, key=lambda r: (str(r["needs_id"]), str(r["fact_id"]))))


def _group(graph: Graph, target: int, number: int, rows: list[dict[str, object]]) -> None:
    """Add the edges of one need group.

    Firmly it fails only when all members have failed that anybody names, after the longest buffer that is said; where
    facts contradict each other, it may fail without the doubted members and after the shortest. A group of which every
    member is doubted may be any one of them, or no group at all.
    """
    facts = graph.facts
    grounds = [(graph.node(facts.one(row["needs_id"])), facts.ground(row)) for row in rows]
    buffers = [float(str(row["buffer_h"])) for row in rows if row["buffer_h"] is not None]
    usable = [value for value in buffers if 0 <= value < inf] or [0.0]
    every = tuple(dict.fromkeys(node for node, _ in grounds))
    sure = tuple(dict.fromkeys(node for node, ground in grounds if ground.doubt < DISPUTED))
    whole = Ground()
    for _, ground in grounds:
        whole = whole + ground
    firm = Ground(FIRM if sure else DISPUTED, whole.facts, whole.stance, whole.status)
    wide = Ground(DISPUTED, whole.facts, whole.stance, whole.status)
    graph.add(Edge(target, every, "need", firm, max(usable), number))
    if not sure or sure != every or min(usable) < max(usable):
        for sources in (sure,) if sure else tuple((node,) for node in every):
            graph.add(Edge(target, sources, "need", wide, min(usable), number))
    members = sure or every
    spare = tuple(node for node in members if node not in graph.tested)
    if len(members) > 1 and spare and target not in graph.tested:
        trusted = tuple(node for node in members if node in graph.tested)
        # Which member is in use nobody says: without a tested one, the loss of any may be the loss of the one in use.
        for sources in (trusted,) if trusted else tuple((node,) for node in members):
            rest = tuple(node for node in spare if node not in sources)
            graph.add(Edge(target, sources, "need", firm, min(usable), number, strict=True, spare=rest))


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def stops_words(kind: str) -> str:
    """Return what a holder does to what it holds, as a sentence says it."""
    known: Mapping[str, object] = interest_kinds()
    return interest_kinds()[kind].says if kind in known else kind
