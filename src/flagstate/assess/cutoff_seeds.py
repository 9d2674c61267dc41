"""What a cut switches off at once: whom a government can order at home, what stands there, who works there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from flagstate.assess.cutoff_facts import CONTESTED, DISPUTED, FIRM, Facts, Ground, shown
from flagstate.assess.cutoff_graph import Graph
from flagstate.assess.cutoff_sweep import Seed
from flagstate.catalog.compulsion import GROUPS
from flagstate.catalog.country_names import expand
from flagstate.catalog.mask import plain

_STANDS = ("host", "provider_region", "configured_region", "declared")
"""Kinds of source that say where something stands; a registrant's or a network's country does not."""


@dataclass(frozen=True)
class Link:
    """Somebody controls an entity."""

    holder: str
    node: int
    words: str
    """The links below the holder, without its name."""
    ground: Ground


@dataclass
class Seeds:
    """What each cut switches off at once."""

    graph: Graph
    governments: dict[str, list[Seed]] = field(default_factory=dict)
    """By country."""
    links: dict[str, list[Link]] = field(default_factory=dict)
    """By holder: whom it controls, over any number of steps."""
    named: dict[str, str] = field(default_factory=dict)
    """Names of the parties, and of those who control them."""
    placed: set[int] = field(default_factory=set)
    """Assets of which somebody says where they stand."""
    homeless: set[int] = field(default_factory=set)
    """Parties of which nobody says where they are organised or based."""

    def name(self, key: str) -> str:
        """Return how a sentence names a party."""
        return self.named.get(key) or shown(None, key)

    def of(self, cut: str) -> list[Seed]:
        """Return what a cut switches off; nothing where nothing of it is known.

        Args:
            cut: `government:CN`, `entity:ID` or `asset:ID`. A group such as the EU is all its members at once.
        """
        kind, _, rest = cut.partition(":")
        if kind == "government":
            members, _ = expand([rest], on=self.graph.facts.as_of) if rest in GROUPS else ((rest,), ())
            return [seed for country in sorted(members) for seed in self.governments.get(country, [])]
        key = self.graph.facts.one(rest) if kind == "entity" else rest
        node = self.graph.at.get(key)
        if kind == "asset":
            return [] if node is None else [Seed(node, kind, f"{self.graph.names[node]} is switched off", Ground())]
        own = [] if node is None else [Seed(node, kind, f"{self.graph.names[node]} is switched off", Ground())]
        name = self.name(key)
        return own + [
            Seed(link.node, "controlled", f"{name} {link.words}; {name} is switched off", link.ground)
            for link in self.links.get(key, ())
        ]


def seeds(graph: Graph) -> Seeds:
    """Return what each cut switches off.

    Args:
        graph: Who and what can fail; its facts give legal_entity, control_chain, place and endpoint.
    """
    made = Seeds(graph)
    relevant = {n for edge in graph.edges for n in (*edge.sources, edge.target) if n not in graph.assets}
    ids = {graph.ids[n] for n in relevant}
    _control(made, ids)
    homes = _homes(made, ids | made.links.keys())
    for (country, holder), listed in sorted(homes.items()):
        node = graph.at.get(holder)
        for kind, words, ground in listed:
            if node is not None and node in relevant:
                made.governments.setdefault(country, []).append(Seed(node, kind, words, ground))
        _, words, ground = min(listed, key=lambda home: home[2].doubt)
        # That an order to the owner stops the firm abroad is disputed everywhere.
        beyond = replace(ground, doubt=max(CONTESTED, ground.doubt))
        made.governments.setdefault(country, []).extend(
            Seed(link.node, "controlled", f"{made.name(holder)} {link.words}; {words}", beyond + link.ground)
            for link in made.links.get(holder, ())
        )
    for country, seed in _places(graph):
        made.governments.setdefault(country, []).append(seed)
        made.placed.add(seed.node)
    made.governments = {country: found for country, found in made.governments.items() if found}
    return made


def _control(made: Seeds, ids: set[str]) -> None:
    facts = made.graph.facts
    back = {old for old, new in facts.same.items() if new in ids}
    table = facts.table("control_chain")
    if not table.num_rows:
        return
    for row in facts.rows("control_chain", subject_id=ids | back):
        holder, subject = facts.one(row["holder_id"]), facts.one(row["subject_id"])
        if holder == subject:
            continue
        listed = row["facts"] if isinstance(row["facts"], list) else []
        doubt = CONTESTED if row["contested"] or row["kind"] == "veto" else FIRM
        if row["verdict"] != "yes" or any(None in facts.against.get(str(f), ()) for f in listed):
            doubt = DISPUTED
        ground = Ground(doubt, tuple(map(str, listed)), _text(row["stance"]), _text(row["status"]) or "to verify")
        words = (_text(row["proof"]) or f"controls {made.graph.names[made.graph.at[subject]]}").rstrip(". ")
        words = " → ".join(plain(part) for part in words.split(" → "))
        made.links.setdefault(holder, []).append(Link(holder, made.graph.at[subject], words, ground))
    for listed_links in made.links.values():
        listed_links.sort(key=lambda link: (made.graph.ids[link.node], link.ground.doubt, link.words))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


Home = tuple[str, str, Ground]


def _homes(made: Seeds, ids: set[str]) -> dict[tuple[str, str], list[Home]]:
    """Return by country and entity why the government can order it at home: kind, words, ground."""
    facts, graph = made.graph.facts, made.graph
    back = {old for old, new in facts.same.items() if new in ids}
    found: dict[tuple[str, str], list[Home]] = {}
    placed: set[str] = set()
    for row in sorted(facts.rows("legal_entity", entity_id=ids | back), key=lambda row: str(row["fact_id"])):
        one = facts.one(row["entity_id"])
        node = graph.at.get(one)
        name = shown(_text(row["name"]), one) if node is None else graph.names[node]
        if row["name"]:
            made.named.setdefault(one, name)
        for country, kind, words, ground in _grounds(facts, row, name):
            found.setdefault((country, one), []).append((kind, words, ground))
            placed.add(one)
    made.homeless = {n for n in graph.parties if graph.ids[n] not in placed}
    return found


def _grounds(facts: Facts, row: dict[str, object], name: str) -> Iterator[tuple[str, str, str, Ground]]:
    if row["kind"] in ("group", "person"):
        located, does = _texts(row["located_in"]), "works" if row["kind"] == "group" else "lives"
        for country in located:
            ground = facts.ground(row, "located_in")
            # Of a group in several countries only a part is there: it must be split to be right.
            partly = replace(ground, doubt=max(ground.doubt, CONTESTED)) if len(located) > 1 else ground
            yield country, "staff", f"{name} {does} in {country}", partly
        return
    for country in _texts(row["organised_in"]):
        yield country, "organised", f"{name} is organised in {country}", facts.ground(row, "organised_in")
    if row["principal_place"]:
        country = str(row["principal_place"])
        words = f"{name} has its principal place of business in {country}"
        yield country, "principal_place", words, facts.ground(row, "principal_place")


def _texts(value: object) -> list[str]:
    return sorted({str(v) for v in value}) if isinstance(value, list) else []


def _places(graph: Graph) -> Iterator[tuple[str, Seed]]:
    """Yield what stands in each country: assets by their places, and by the place of their address."""
    facts = graph.facts
    keys = {graph.ids[n] for n in graph.assets}
    by_addr: dict[str, list[int]] = {}
    for node, asset in graph.assets.items():
        for addr in asset.addrs:
            by_addr.setdefault(addr, []).append(node)
    hosts = {f"host:{addr}" for addr in by_addr}
    recorded: dict[tuple[str, str, str], Ground] = {}
    for row in sorted(facts.rows("place", subject_id=keys | hosts), key=lambda row: str(row["fact_id"])):
        subject, country, kind = str(row["subject_id"]), row["country"], str(row["source_kind"])
        if country is None:
            continue
        if subject in hosts:
            recorded[subject, kind, str(country)] = facts.ground(row, "country")
        elif kind in _STANDS and row["confidence"] != "none":
            node = graph.at[subject]
            ground = facts.ground(row, "country")
            ground = replace(ground, facts=(*ground.facts, *graph.assets[node].ground.facts))
            yield str(country), Seed(node, "place", f"{graph.names[node]} stands in {country}", ground)
    for row in facts.rows("endpoint", addr=by_addr.keys()):
        addr = str(row["addr"])
        for country, kind, doubt in _host_countries(row):
            said = recorded.get((f"host:{addr}", kind, country), Ground(FIRM, (), "recorded"))
            for node in by_addr[addr]:
                ground = graph.assets[node].addrs[addr] + replace(said, doubt=max(said.doubt, doubt))
                words = f"the address of {graph.names[node]} stands in {country}"
                yield country, Seed(node, "place", words, ground)


def _host_countries(row: dict[str, object]) -> Iterator[tuple[str, str, int]]:
    """Yield where an address stands, by which kind of source and how far that is doubted; anycast stands nowhere."""
    if row["special"] is not None or row["anycast"]:
        return
    if row["provider_country"]:
        yield str(row["provider_country"]), "provider_region", FIRM
        return
    disputed = row["confidence"] == "disputed"
    if row["host_country"] and row["confidence"] != "none":
        yield str(row["host_country"]), "host", CONTESTED if disputed else FIRM
    if disputed and row["host_country_second"]:
        yield str(row["host_country_second"]), "host_second", CONTESTED
