"""A small judge of OCSF events, by a frozen excerpt of the schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

EXCERPT = json.loads((Path(__file__).parent / "data" / "ocsf" / "excerpt.json").read_text())
PLAIN = {"integer": int, "string": str, "boolean": bool, "array": list, "object": dict}


def faults(event: Mapping[str, Any]) -> list[str]:
    """Return what an event says that the schema does not allow, or leaves out that it requires."""
    own = {2004: "detection_finding", 2003: "compliance_finding"}[event["class_uid"]]
    wanted = EXCERPT["base_event"] | EXCERPT["finding"] | EXCERPT[own]
    found = _object("event", event, wanted)
    if event["type_uid"] != event["class_uid"] * 100 + event["activity_id"]:
        found.append("type_uid is not class_uid and activity_id")
    if event["category_uid"] != event["class_uid"] // 1000:
        found.append("the class is of another category")
    return found


def _object(name: str, value: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    found = [f"{name} lacks {key}" for key, (need, _) in wanted.items() if need == "required" and key not in value]
    for key, said in value.items():
        if key not in wanted:
            found.append(f"{name} has {key}, which the schema does not know")
            continue
        kind = wanted[key][1]
        if kind == "timestamp":
            # Milliseconds: a time in seconds would lie in 1970.
            if type(said) is not int or not 10**12 < said < 10**13:
                found.append(f"{name}.{key} is no time in milliseconds")
        elif kind in PLAIN:
            if type(said) is not PLAIN[kind]:
                found.append(f"{name}.{key} is not {kind}")
            allowed = EXCERPT["enums"].get(f"{name}.{key}", EXCERPT["enums"].get(key) if name == "event" else None)
            if allowed and said not in allowed:
                found.append(f"{name}.{key} is {said}")
        else:
            found += _object(kind, said, EXCERPT["objects"][kind])
    return found
