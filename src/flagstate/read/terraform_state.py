"""Terraform's JSON forms, brought to one: a list of resources with their address, type and attributes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

Json = Mapping[str, object]


@dataclass(frozen=True)
class Resource:
    """One managed resource."""

    address: str
    """Its address, such as `module.net.aws_vpc.main[0]`."""
    type: str
    """Its type, such as aws_vpc."""
    attributes: Json
    """Its attributes; those marked sensitive are taken out."""


@dataclass
class Inventory:
    """The resources of one document, and what was left out of it."""

    resources: list[Resource] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def drop(self, why: str, count: int = 1) -> None:
        """Count something that was left out."""
        self.left_out[why] += count


def mapping(value: object) -> Json:
    """Return a JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def listing(value: object) -> list[object]:
    """Return a JSON list, or an empty one for anything else."""
    return value if isinstance(value, list) else []


def from_state(document: Json) -> Inventory:
    """Return the resources of a state of version 4.

    Instances that wait for their destruction (deposed) and data sources, which only refer to something, are left out.
    """
    made = Inventory()
    for entry in map(mapping, listing(document.get("resources"))):
        kind, name = entry.get("type"), entry.get("name")
        if not isinstance(kind, str) or not isinstance(name, str):
            made.drop("resource[|s] without a type or name")
            continue
        instances = [mapping(i) for i in listing(entry.get("instances"))]
        if entry.get("mode") == "data":
            made.drop("data source[, which only refers|s, which only refer] to something", len(instances))
            continue
        module = entry.get("module")
        base = f"{module}.{kind}.{name}" if isinstance(module, str) and module else f"{kind}.{name}"
        for instance in instances:
            if instance.get("deposed"):
                made.drop("instance[ that waits for its|s that wait for their] destruction")
                continue
            kept = {**mapping(instance.get("attributes_flat")), **mapping(instance.get("attributes"))}
            _without(kept, _marked(instance.get("sensitive_attributes")), made)
            _add(made, base + _index(instance.get("index_key")), kind, kept)
    return made


def from_show(document: Json) -> Inventory:
    """Return the resources that `terraform show -json` describes: as they are, or, of a plan, as they will be."""
    planned = document.get("planned_values")
    values = mapping(planned if planned is not None else document.get("values"))
    made = Inventory()
    for entry in _modules(mapping(values.get("root_module"))):
        kind, address = entry.get("type"), entry.get("address")
        if not isinstance(kind, str) or not isinstance(address, str):
            made.drop("resource[|s] without a type or name")
        elif entry.get("mode") == "data":
            made.drop("data source[, which only refers|s, which only refer] to something")
        elif entry.get("deposed_key"):
            made.drop("instance[ that waits for its|s that wait for their] destruction")
        else:
            kept = dict(mapping(entry.get("values")))
            hidden = {k for k, v in mapping(entry.get("sensitive_values")).items() if v}
            _without(kept, hidden, made)
            _add(made, address, kind, kept)
    return made


def changes(document: Json) -> tuple[Counter[str], int]:
    """Return how many resources a plan would create, update, delete…, and how many values it does not know yet."""
    actions: Counter[str] = Counter()
    unknown = 0
    for entry in map(mapping, listing(document.get("resource_changes"))):
        change = mapping(entry.get("change"))
        words = [w for w in listing(change.get("actions")) if isinstance(w, str)]
        actions["replace" if len(words) > 1 else words[0] if words else "unknown"] += 1
        unknown += sum(bool(v) for v in mapping(change.get("after_unknown")).values())
    return actions, unknown


def _modules(root: Json) -> Iterator[Json]:
    waiting = [root]
    while waiting:
        module = waiting.pop()
        yield from map(mapping, listing(module.get("resources")))
        waiting += [mapping(child) for child in listing(module.get("child_modules"))]


def _index(key: object) -> str:
    if isinstance(key, bool) or key is None:
        return ""
    return f"[{key}]" if isinstance(key, int) else f'["{key}"]'


def _marked(paths: object) -> set[str]:
    """Return the attributes whose path, or a part of them, a state marks as sensitive."""
    found: set[str] = set()
    for path in listing(paths):
        first = listing(path)[0] if listing(path) else path
        value = mapping(first).get("value", first)
        if isinstance(value, str):
            found.add(value)
    return found


def _without(attributes: dict[str, object], hidden: set[str], made: Inventory) -> None:
    for name in hidden & attributes.keys():
        del attributes[name]
        made.drop("value[ marked sensitive, which is|s marked sensitive, which are] never looked at")


def _add(made: Inventory, address: str, kind: str, attributes: Json) -> None:
    if not attributes.get("id"):
        made.drop("instance[|s] without an id: planned, or damaged")
    made.resources.append(Resource(address, kind, attributes))
