"""Who has custody of what, and where it stands: the subjects that a government may reach.

A subject is an asset that somebody declared or configured, or all hosts that one operator runs, because a finding is
about an operator and not about each of its addresses. Custody is operating, hosting, administering, managing or pushing
updates; who runs the layer below has custody of what stands on it, and an employer has the custody of its staff.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from flagstate.assess.compelled import in_force, names_of, status_of

HOLDS = {
    "operates": "operates",
    "hosts": "hosts",
    "administers": "administers",
    "manages": "manages",
    "updates": "pushes updates to",
}
"""Kinds of interest that are custody, as a proof says them."""

STANCE_RANK = {"observed": 0, "configured": 1, "recorded": 2, "declared": 3}
_PLACE_RANK = {"sure": 0, "likely": 1, "disputed": 2, "none": 3}
_FACTS = 20  # fact_ids kept per figure: the finding names some, the tables have all
NO_OPERATOR = "net:no-known-operator"
_PLACES = {
    "provider_region": "the provider publishes the region",
    "configured_region": "by its configured region",
    "host": "by geolocation",
    "declared": "as declared",
}


def weakest_stance(stances: Iterable[str | None]) -> str:
    """Return the weakest stance: declared is weaker than recorded, configured and observed."""
    return max((s or "declared" for s in stances), key=lambda s: STANCE_RANK.get(s, 3), default="observed")


@dataclass(frozen=True)
class Custody:
    """An entity that has custody of a subject."""

    entity_id: str
    words: str
    status: str
    stance: str
    facts: tuple[str, ...]


@dataclass(frozen=True)
class Stand:
    """A country in which a subject, or part of it, stands."""

    country: str
    words: str
    confidence: str
    stance: str
    facts: tuple[str, ...] = ()


@dataclass
class Tally:
    """How many hosts, and what was sent to them."""

    hosts: int = 0
    conns: int = 0
    failed: int = 0
    orig_bytes: int = 0
    unsized: int = 0
    seen: bool = False
    largest: tuple[int, str] = (-1, "")
    facts: list[str] = field(default_factory=list)

    @property
    def attempted(self) -> bool:
        """Whether nothing was sent: no byte, and no connection that stood and whose size is not known."""
        return self.seen and self.orig_bytes == 0 and (self.unsized == 0 or self.conns == self.failed)

    def words(self) -> str:
        """Return the hosts as a sentence names them: the one that was sent most, and how many more."""
        more = f" and {self.hosts - 1:,} more" if self.hosts > 1 else ""
        return f"host {self.largest[1]}{more}"

    def add(self, addr: str, traffic: Mapping[str, object] | None) -> None:
        """Add one host."""
        size = 0
        if traffic is not None:
            self.seen = True
            size = _whole(traffic["orig_bytes_sum"])
            self.conns += _whole(traffic["conns_sum"])
            self.failed += _whole(traffic["failed_conns_sum"])
            self.unsized += _whole(traffic["unsized_conns_sum"])
            self.orig_bytes += size
            if len(self.facts) < _FACTS:
                self.facts.append(str(traffic["fact_id_min"]))
        self.hosts += 1
        if (size, addr) > self.largest:
            self.largest = (size, addr)


@dataclass
class Subject:
    """Something that a government may reach: an asset, or all hosts of one operator."""

    subject_id: str
    shown: str
    custody: list[Custody] = field(default_factory=list)
    stands: dict[str, Stand] = field(default_factory=dict)
    all: Tally = field(default_factory=Tally)
    """Every host of it."""
    there: dict[str, Tally] = field(default_factory=dict)
    """Its hosts by the country in which they stand."""
    maybe: dict[str, Tally] = field(default_factory=dict)
    """Its hosts by a country that one source names and another disputes."""
    anycast: int = 0
    classes: frozenset[str] = frozenset()
    keyed: bool = False

    @property
    def hosts(self) -> int:
        """How many hosts were seen."""
        return self.all.hosts

    def tally(self, country: str | None) -> Tally:
        """Return the hosts that stand in a country, or all of them; disputed ones only where there is no other."""
        if country is None or not self.hosts:
            return self.all
        return self.there.get(country) or self.maybe.get(country) or Tally()

    def words(self, country: str | None = None) -> str:
        """Return the subject, or its part in a country, as a sentence names it."""
        return self.tally(country).words() if self.hosts else self.shown


def subjects(tables: Mapping[str, pa.Table], as_of: date) -> list[Subject]:
    """Return every subject of the case, assets first, then the operators of the hosts that were seen.

    Args:
        tables: legal_entity, interest, asset, place, holding, network, flow and endpoint.
        as_of: The day on which the facts must hold.
    """
    names = names_of(tables["legal_entity"])
    interests = [row for row in tables["interest"].to_pylist() if in_force(row, as_of)]
    return [*_assets(tables, interests, as_of), *_observed(tables, interests, names)]


def _assets(tables: Mapping[str, pa.Table], interests: list[dict[str, object]], as_of: date) -> Iterator[Subject]:
    assets = {str(r["asset_id"]): r for r in tables["asset"].to_pylist() if r["asset_id"] and in_force(r, as_of)}
    holds: dict[str, list[dict[str, object]]] = {}
    employers: dict[str, list[dict[str, object]]] = {}
    for row in interests:
        if row["kind"] in HOLDS:
            holds.setdefault(str(row["subject_id"]), []).append(row)
        elif row["kind"] == "employs":
            employers.setdefault(str(row["subject_id"]), []).append(row)
    places: dict[str, list[dict[str, object]]] = {}
    for row in tables["place"].to_pylist():
        if row["source_kind"] in _PLACES and row["country"] and in_force(row, as_of):
            places.setdefault(str(row["subject_id"]), []).append(row)
    classes: dict[str, set[str]] = {}
    keyed: set[str] = set()
    for row in tables["holding"].select(["asset_id", "data_class", "key_ids"]).to_pylist():
        classes.setdefault(str(row["asset_id"]), set()).add(str(row["data_class"]))
        if row["key_ids"]:
            keyed.add(str(row["asset_id"]))
    endpoints = {str(row["addr"]): row for row in tables["endpoint"].to_pylist()}
    for key, asset in sorted(assets.items()):
        shown = f"{asset['kind'] or 'asset'} {asset['name'] or key.removeprefix('est:')}"
        subject = Subject(key, shown, all=Tally(facts=[str(asset["fact_id"])]), keyed=key in keyed)
        subject.classes = frozenset(classes.get(key, ()))
        for layer in _layers(key, assets):
            beneath = (
                "" if layer == key else f" {assets[layer]['name'] or layer.removeprefix('est:')}, on which it stands"
            )
            for row in holds.get(layer, ()):
                subject.custody.extend(_holders(row, beneath, employers))
            for row in places.get(layer, ()):
                _stand(subject, row, beneath)
            _stand_by_address(subject, endpoints.get(str(assets[layer]["addr"])))
        yield subject


def _layers(key: str, assets: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Return an asset and all that it stands on; circles end."""
    found = [key]
    for one in found:
        below = assets[one]["runs_on"]
        if below in assets and below not in found:
            found.append(str(below))
    return found


def _holders(
    row: Mapping[str, object], beneath: str, employers: Mapping[str, list[dict[str, object]]]
) -> Iterator[Custody]:
    """Yield the holder of an interest, and whoever employs it."""
    words = f"{HOLDS[str(row['kind'])]}{beneath or ' it'}"
    holder, fact = str(row["holder_id"]), str(row["fact_id"])
    yield Custody(holder, words, status_of(row), str(row["stance"]), (fact,))
    for job in employers.get(holder, ()):
        stance = weakest_stance([str(row["stance"]), str(job["stance"])])
        yield Custody(
            str(job["holder_id"]),
            f"employs the staff that {words}",
            status_of(row),
            stance,
            (str(job["fact_id"]), fact),
        )


def _stand(subject: Subject, row: Mapping[str, object], beneath: str) -> None:
    country, confidence = str(row["country"]), str(row["confidence"] or "sure")
    words = f"it stands in {country} ({_PLACES[str(row['source_kind'])]}{beneath and ', through' + beneath})"
    known = subject.stands.get(country)
    if known is None or STANCE_RANK.get(str(row["stance"]), 3) < STANCE_RANK.get(known.stance, 3):
        subject.stands[country] = Stand(country, words, confidence, str(row["stance"]), (str(row["fact_id"]),))


def _stand_by_address(subject: Subject, endpoint: Mapping[str, object] | None) -> None:
    """Add where the address of an asset stands; an anycast address stands nowhere."""
    if endpoint is None or endpoint["special"] is not None:
        return
    if endpoint["anycast"]:
        subject.anycast += 1
        return
    for stand in _host_stands(endpoint):
        subject.stands.setdefault(stand.country, stand)


def _observed(
    tables: Mapping[str, pa.Table], interests: list[dict[str, object]], names: Mapping[str, str]
) -> list[Subject]:
    """Group the public hosts that are not ours by operator, and by the operator of the service behind their names.

    Where flows were read, only responders count: whoever merely called us is no holder of what we sent out.
    """
    responders = set(tables["flow"]["resp_h"].unique().to_pylist())
    traffic = _traffic(tables["flow"])
    reasons = _reasons(interests)
    services = _services(tables["flow"], reasons)
    own = [ipaddress.ip_network(str(cidr), strict=False) for cidr in own_ranges(tables["network"])]
    groups: dict[str, Subject] = {}
    for row in tables["endpoint"].to_pylist():
        addr = str(row["addr"])
        if row["special"] is not None or (responders and addr not in responders) or _inside(addr, own):
            continue
        operator = row["operator_id"]
        subject = _group(groups, operator or NO_OPERATOR, names)
        _count(subject, row, traffic.get(addr))
        if operator:
            _add_reason(subject, reasons, _reason_key(row))
        for domain, holder in services.get(addr, ()):
            service = _group(groups, holder, names)
            if holder != operator:
                _count(service, row, traffic.get(addr))
            _add_reason(service, reasons, f"domain:{domain}")
    return [groups[key] for key in sorted(groups)]


def _group(groups: dict[str, Subject], key: str, names: Mapping[str, str]) -> Subject:
    shown = "hosts without known operator" if key == NO_OPERATOR else names.get(key, key)
    return groups.setdefault(key, Subject(key, shown))


def _reasons(interests: list[dict[str, object]]) -> dict[str, list[dict[str, object]]]:
    """Return by network, feed and domain who operates it."""
    found: dict[str, list[dict[str, object]]] = {}
    for row in interests:
        subject = str(row["subject_id"])
        if row["kind"] == "operates" and subject.startswith(("net:", "feed:", "domain:")):
            found.setdefault(subject, []).append(row)
    return found


def _reason_key(row: Mapping[str, object]) -> str:
    by = row["operator_by"]
    return f"net:AS{row['asn']}" if by == "asn" else f"feed:{row['provider']}" if by == "feed" else "domain:"


def _add_reason(subject: Subject, reasons: Mapping[str, list[dict[str, object]]], key: str) -> None:
    kind, _, value = key.partition(":")
    words = {
        "net": f"operates the network {value} in which the host stands",
        "feed": f"operates the range that {value} publishes",
        "domain": f"answers for {value}",
    }[kind]
    for row in reasons.get(key, ()):
        holder = Custody(str(row["holder_id"]), words, status_of(row), str(row["stance"]), (str(row["fact_id"]),))
        if holder.entity_id == subject.subject_id and holder not in subject.custody:
            subject.custody.append(holder)


def _traffic(flow: pa.Table) -> dict[str, dict[str, object]]:
    seen = flow.filter(pc.equal(flow["stance"], "observed"))
    sums = ["conns", "failed_conns", "orig_bytes", "unsized_conns"]
    table = seen.group_by("resp_h").aggregate([*((name, "sum") for name in sums), ("fact_id", "min")])
    return {str(row["resp_h"]): row for row in table.to_pylist() if row["resp_h"] is not None}


def _services(flow: pa.Table, reasons: Mapping[str, list[dict[str, object]]]) -> dict[str, list[tuple[str, str]]]:
    """Return for each address the known domains of its names and who operates them; the longest domain wins."""
    named = {key: rows for key, rows in reasons.items() if key.startswith("domain:")}
    domains = {key.removeprefix("domain:"): str(rows[0]["holder_id"]) for key, rows in named.items()}
    found: dict[str, list[tuple[str, str]]] = {}
    pairs = flow.select(["resp_h", "server_name"]).group_by(["resp_h", "server_name"]).aggregate([])
    for addr, name in zip(pairs["resp_h"].to_pylist(), pairs["server_name"].to_pylist(), strict=True):
        labels = (name or "").rstrip(".").lower().split(".")
        hit = next((d for i in range(len(labels)) if (d := ".".join(labels[i:])) in domains), None)
        if addr is not None and hit is not None and (hit, domains[hit]) not in found.setdefault(str(addr), []):
            found[str(addr)].append((hit, domains[hit]))
    return found


def own_ranges(networks: pa.Table) -> list[str]:
    """Return the ranges that somebody calls its own; one that only an asset uses may be anybody's."""
    pairs = zip(networks["cidr"].to_pylist(), networks["own"].to_pylist(), strict=True)
    return [cidr for cidr, own in pairs if cidr and own is not False]


def _inside(addr: str, own: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    return any(ipaddress.ip_address(addr) in net for net in own)


def _count(subject: Subject, row: Mapping[str, object], traffic: Mapping[str, object] | None) -> None:
    """Add one host to a subject: what was sent to it, and where it stands."""
    addr = str(row["addr"])
    subject.all.add(addr, traffic)
    if row["anycast"]:
        subject.anycast += 1
        return
    for stand in _host_stands(row):
        parts = subject.maybe if stand.confidence == "disputed" else subject.there
        part = parts.setdefault(stand.country, Tally())
        part.add(addr, traffic)
        known = subject.stands.get(stand.country)
        firmer = known is not None and _PLACE_RANK[stand.confidence] < _PLACE_RANK[known.confidence]
        largest = part.largest[1] == addr and known is not None and stand.confidence == known.confidence
        if known is None or firmer or largest:
            subject.stands[stand.country] = stand


def _host_stands(row: Mapping[str, object]) -> Iterator[Stand]:
    """Yield where a host stands: the published region, else by geolocation; a dispute names both countries."""
    addr = row["addr"]
    if row["provider_country"]:
        region, country = row["provider_region"], str(row["provider_country"])
        words = f"host {addr} stands in {country} (the provider publishes region {region})"
        yield Stand(country, words, "sure", "recorded")
        return
    confidence = str(row["confidence"] or "none")
    listed = [row["host_country"], row["host_country_second"] if confidence == "disputed" else None]
    for country in [str(code) for code in listed if code]:
        words = f"host {addr} stands in {country} ({confidence}, by geolocation)"
        yield Stand(country, words, confidence, "recorded")


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
