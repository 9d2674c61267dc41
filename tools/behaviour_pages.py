"""Writes the page of behaviours from the detectors themselves: what each looks for, and its thresholds with reasons."""

from __future__ import annotations

import ast
from pathlib import Path

from flagstate.catalog import services
from flagstate.model.codes import BEHAVIOURS

FOLDER = Path(__file__).resolve().parent.parent / "src" / "flagstate" / "enrich" / "behave"
LONGEST = 60
"""Characters of a value that are shown."""


def sections() -> str:
    """Return one section per kind of behaviour whose detector exists."""
    parts = []
    for kind, says in BEHAVIOURS.items():
        file = FOLDER / f"{kind}.py"
        if file.exists():
            tree = ast.parse(file.read_text("utf-8"))
            parts += [f"## {kind}", "", says, "", ast.get_docstring(tree) or "", "", *_thresholds(tree), ""]
    return "\n".join(parts)


def _thresholds(tree: ast.Module) -> list[str]:
    """Return a table of the constants of a module that say why they are what they are."""
    rows = []
    for here, after in zip(tree.body, tree.body[1:], strict=False):
        if not (isinstance(here, ast.Assign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)):
            continue
        names, value = _names(here.targets[0]), ast.unparse(here.value)
        reason = str(after.value.value).replace("\n", " ").replace("|", "\\|")
        if names and not names[0].startswith("_") and len(value) <= LONGEST and "f'" not in value:
            rows.append(f"| {', '.join(f'`{name}`' for name in names)} | `{value}` | {reason} |")
    return ["| threshold | value | reason |", "|---|---|---|", *rows] if rows else []


def _names(target: ast.expr) -> list[str]:
    listed = target.elts if isinstance(target, ast.Tuple) else [target]
    return [name.id for name in listed if isinstance(name, ast.Name)]


def catalog() -> str:
    """Return what the catalog of services holds, in numbers, and how much of it rests on a source that was read."""
    kinds = (
        ("Public resolvers", services.resolvers().resolvers),
        ("Tunnels, VPNs, relays, remote access", services.tunnels().tunnels),
        ("Protocols and their ports", services.ports().protocols),
        ("Uses of DNS whose names carry data", services.uses().uses),
    )
    rows = [f"| {name} | {len(all_)} | {sum(one.status == 'sourced' for one in all_)} |" for name, all_ in kinds]
    return "\n".join(["| catalog | entries | with a source that was read |", "|---|---|---|", *rows])
