"""CycloneDX: the services that a bill of materials names, who provides them, and which data goes between them."""

from __future__ import annotations

import ipaddress
import json
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flagstate import model
from flagstate.errors import EvidenceError
from flagstate.model.counted import counted
from flagstate.read.cyclonedx_packages import registries
from flagstate.read.json_head import top_keys
from flagstate.read.part import Context, Facts, Head, Kind, Note, Opened, Part, Reader, Tally

_VERSIONS = ("1.4", "1.5", "1.6", "1.7")
_XML = re.compile(rb"<bom\b[^>]{0,400}\bhttp://cyclonedx\.org/schema/bom/")
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+", re.ASCII)
_DEEPEST = 64
Row = dict[str, object]
Json = dict[str, object]


def recognise(head: Head) -> Kind | None:
    """Return the kind by `bomFormat`, or by the XML name space, which is recognised and not read."""
    if _XML.search(head.data[:4096]):
        return Kind(
            "cyclonedx xml",
            refused="CycloneDX in XML is not read",
            todo="Convert it: `cyclonedx convert --output-format json`",
        )
    keys = top_keys(head.data)
    if keys is None or keys.get("bomFormat") != "CycloneDX":
        return None
    version = keys.get("specVersion", "")
    if version in _VERSIONS:
        return Kind(f"cyclonedx {version}")
    return Kind(
        "cyclonedx",
        refused="Only the versions 1.4 to 1.7 of CycloneDX are read",
        todo="Convert it: `cyclonedx convert --output-version v1_6`",
    )


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield services, their providers, classes of data, flows and needs, all of stance configured.

    Of components (libraries) only the types of their package URLs are counted; contacts, owners and texts are not kept.

    Raises:
        EvidenceError: The file is no valid JSON.
    """
    document = _document(opened)
    services = list(_services(document))
    built = _Build(opened, context)
    built.collect(document, services)
    for noun, rows in built.rows.items():
        if rows:
            yield Facts(noun, model.rows(model.NOUNS[noun], rows), "configured")
    for why, count in sorted(built.counts.items()):
        yield Note(counted(count, why))
    if not services:
        yield Note(
            "the bill of materials names no services", "Add one that does (a SaaSBOM), or declare them in estate.yaml"
        )
    yield Tally(rows_read=len(services))


def _document(opened: Opened) -> Json:
    try:
        with open(opened.path, "rb") as file:
            found = json.loads(file.read().decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        todo = "Fetch it again: it may be cut off"
        raise EvidenceError("This is not valid JSON", where=f"{opened.name}:{error.lineno}", todo=todo) from None
    except (UnicodeDecodeError, RecursionError):
        raise EvidenceError("This is not valid JSON", where=opened.name, todo="Fetch it again") from None
    return _mapping(found)


def _mapping(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _services(document: Json) -> Iterator[Json]:
    """Yield every service, outer ones before those that stand in them."""
    waiting = deque((service, 0) for service in _list(document.get("services")))
    while waiting:
        found, depth = waiting.popleft()
        if not isinstance(found, dict):
            continue
        yield found
        if depth < _DEEPEST:
            waiting.extend((inner, depth + 1) for inner in _list(found.get("services")))


@dataclass
class _Build:
    """Turns the services of one document into rows."""

    opened: Opened
    context: Context
    rows: dict[str, list[Row]] = field(
        default_factory=lambda: {
            noun: [] for noun in ("legal_entity", "asset", "interest", "holding", "flow", "control", "need", "reliance")
        }
    )
    ids: dict[str, str] = field(default_factory=dict)
    made: dict[int, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    organisations: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def collect(self, document: Json, services: list[Json]) -> None:
        """Fill the rows."""
        subject = _mapping(_mapping(document.get("metadata")).get("component"))
        depends = {
            str(d.get("ref")): _list(d.get("dependsOn")) for d in map(_mapping, _list(document.get("dependencies")))
        }
        for service in services:
            self._name(service)
        packages = registries(document.get("components"), self.context.host)
        if (services or packages) and _text(subject.get("bom-ref")):
            self._name(subject)
            self.rows["asset"].append(self._base(subject, "system"))
            self.rows["reliance"] = [
                {"from_asset": self.made[id(subject)], "role": "package", "to_name": name, "times": count}
                for name, count in packages.items()
            ]
        for service in services:
            self._service(service)
        for service in services:
            for entry in map(_mapping, _list(service.get("data"))):
                self._data(self.made[id(service)], entry)
        for ref, wanted in depends.items():
            self._needs(ref, wanted)
        for noun in ("holding", "flow"):
            keys = model.NOUNS[noun].key
            self.rows[noun] = list({tuple(row.get(k) for k in keys): row for row in self.rows[noun]}.values())

    def _distinct(self, text: str, prefix: str) -> str:
        """Return an id; names that look alike once masked, also in two files, are kept apart by the evidence."""
        masked = self.context.mask(text)
        apart = "" if masked == text else f"~{model.digest(self.opened.evidence_id)[:6]}.{len(self.made)}"
        found = f"{prefix}{masked}{apart}"
        if found in self.taken:
            found += f"~{len(self.made)}"
        self.taken.add(found)
        return found

    def _name(self, thing: Json) -> None:
        ref = _text(thing.get("bom-ref"))
        asset = self._distinct(ref or _text(thing.get("name")) or "unnamed", "cdx:")
        self.made[id(thing)] = asset
        if ref:
            if ref in self.ids:
                self.counts["reference[ that stands|s that stand] twice; the first was taken"] += 1
            self.ids.setdefault(ref, asset)

    def _base(self, thing: Json, kind: str) -> Row:
        name = _text(thing.get("name"))
        return {"asset_id": self.made[id(thing)], "kind": kind, "name": self.context.mask(name) if name else None}

    def _service(self, service: Json) -> None:
        asset = self.made[id(service)]
        ends = list(dict.fromkeys(filter(None, (_endpoint(e) for e in _list(service.get("endpoints"))))))
        provider = _text(_mapping(service.get("provider")).get("name"))
        shown = self.context.mask(provider) if provider else None
        row = self._base(service, "service") | {"provider": shown}
        for number, (host, addr) in enumerate(ends):
            where: Row = {"server_name": self.context.host(host) if host else None, "addr": addr}
            if number == 0:
                row |= where
            else:
                front: Row = {"asset_id": f"{asset}#{number + 1}", "kind": "edge", "provider": shown, "runs_on": asset}
                self.rows["asset"].append(front | {"name": row["name"]} | where)
        self.rows["asset"].append(row)
        if provider:
            self.rows["interest"].append(
                {
                    "holder_id": self._organisation(provider),
                    "subject_id": asset,
                    "kind": "operates",
                    "status": "declared",
                    "source": f"provider in {self.opened.name}",
                }
            )
        for key, control in (("authenticated", "authentication"), ("x-trust-boundary", "crosses_trust_boundary")):
            said = service.get(key)
            if isinstance(said, bool):
                state = "yes" if said else "no"
                self.rows["control"].append({"subject_id": asset, "control": control, "state": state})

    def _organisation(self, name: str) -> str:
        found = self.organisations.get(name)
        if found is None:
            masked = self.context.mask(name)
            slug = re.sub(r"[^\w‹›]+", "-", masked.casefold()).strip("-")
            apart = "" if masked == name else f"~{model.digest(self.opened.evidence_id)[:6]}.{len(self.organisations)}"
            found = self.organisations[name] = f"cdx:org:{slug}{apart}"
            source = f"provider in {self.opened.name}"
            row: Row = {
                "entity_id": found,
                "kind": "organisation",
                "name": masked,
                "status": "declared",
                "source": source,
            }
            if found not in self.taken:
                self.rows["legal_entity"].append(row)
            self.taken.add(found)
        return found

    def _data(self, asset: str, entry: Json) -> None:
        label, name = _text(entry.get("classification")), _text(entry.get("name"))
        container = self.context.mask(name) if name else None
        if label:
            self.rows["holding"].append(
                {
                    "asset_id": asset,
                    "container": container,
                    "data_class": self.context.mask(label.strip().lower()),
                    "state": "moved",
                    "confidence": "low",
                    "reasons": ["the label that the bill of materials gives; its meaning is the writer's"],
                }
            )
        way = entry.get("flow")
        outward = _list(entry.get("destination")) if way in ("outbound", "bi-directional") else []
        inward = _list(entry.get("source")) if way in ("inbound", "bi-directional") else []
        if way == "unknown" or (way in ("outbound", "bi-directional") and not outward):
            self.counts["flow[|s] of data whose destination is not named"] += 1
        for text in filter(None, map(_text, outward)):
            target = self._target(text)
            if target is None:
                self.counts[
                    "end[ of a flow that is|s of flows that are] neither a service of the file nor an address"
                ] += 1
            elif target != f"asset:{asset}":
                self._flow(asset, target, container)
        for text in filter(None, map(_text, inward)):
            source = self._target(text)
            if source and source.startswith("asset:") and source != f"asset:{asset}":
                self._flow(source.removeprefix("asset:"), f"asset:{asset}", container)

    def _flow(self, start: str, target: str, container: str | None) -> None:
        end = target.removeprefix("asset:") if target.startswith("asset:") else None
        row: Row = {
            "from_asset": start,
            "to_asset": end,
            "to_pattern": target,
            "container": container,
            "action": "send",
        }
        self.rows["flow"].append(row)

    def _target(self, text: str) -> str | None:
        """Return the pattern of one end: a service of this file, an address, or a domain."""
        known = self.ids.get(text) or self.ids.get(text.rpartition("#")[2])
        if known:
            return f"asset:{known}"
        if text.startswith("urn:"):
            return None
        found = _endpoint(text)
        if found is None:
            return None
        host, addr = found
        if addr:
            return None if ipaddress.ip_address(addr).is_unspecified else f"cidr:{ipaddress.ip_network(addr)}"
        return f"domain:{self.context.mask(str(host))}"

    def _needs(self, ref: str, wanted: list[object]) -> None:
        asset = self.ids.get(ref)
        known = [self.ids[w] for w in wanted if isinstance(w, str) and w in self.ids]
        for number, member in enumerate(dict.fromkeys(known), 1):
            if asset and member != asset:
                self.rows["need"].append({"asset_id": asset, "need_group": number, "needs_id": member})


def _endpoint(value: object) -> tuple[str | None, str | None] | None:
    """Return host name or address of a URL or bare host, or None where there is none."""
    text = _text(value)
    if text is None:
        return None
    try:
        host = (urlsplit(text if "//" in text else f"//{text}").hostname or "").rstrip(".")
    except ValueError:
        return None
    try:
        return None, str(ipaddress.ip_address(host))
    except ValueError:
        return (host, None) if _HOST.fullmatch(host) else None


READER = Reader(
    name="cyclonedx",
    doc="CycloneDX 1.4 to 1.7 in JSON: services with their endpoints, providers, classes of data and dependencies.",
    recognise=recognise,
    read=read,
)
