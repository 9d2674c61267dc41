"""A proposed declaration from what was observed: every entry commented out, so that nothing counts by itself."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import pyarrow as pa
from publicsuffixlist import PublicSuffixList

from flagstate.model.counted import counted

MOST = 200
"""Entries of one section; what is left out is counted."""

_HEAD = """\
# yaml-language-server: $schema=estate.schema.json
## A proposal from what was observed. It is not a declaration: every entry below is commented out, and nothing in this
## file counts until a person has set both keys, confirmed_by and confirmed_on (YYYY-MM-DD).
## Take `# ` away from what you confirm, correct it, and delete the rest: what was observed is not thereby right.
proposed: true
confirmed_by:
confirmed_on:
"""
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}", re.ASCII)
_DOMAIN = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+", re.ASCII)
_PRIVATE = tuple(
    ipaddress.ip_network(cidr)
    for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
_KINDS = frozenset({"host", "system", "store", "service", "function", "key", "edge", "region", "zone", "certificate"})

Tables = Mapping[str, pa.Table]


@dataclass
class _Seen:
    """What went to one destination."""

    conns: int = 0
    sent: int = 0
    countries: set[str] = field(default_factory=set)
    operators: set[str] = field(default_factory=set)

    def add(self, flow: Mapping[str, object], end: Mapping[str, object]) -> None:
        """Count one flow."""
        self.conns += _whole(flow.get("conns"))
        self.sent += _whole(flow.get("orig_bytes"))
        for into, value in ((self.countries, end.get("host_country")), (self.operators, end.get("operator_id"))):
            if isinstance(value, str):
                into.add(value)

    def reason(self) -> str:
        """Return what was seen, in words."""
        said = [counted(self.conns, "connection[|s]"), counted(self.sent, "byte[|s] sent")]
        if self.countries:
            said.append(f"hosts in {', '.join(sorted(self.countries))}")
        if self.operators:
            said.append(f"operated by {', '.join(sorted(self.operators))}")
        return "; ".join(said)


def propose(tables: Tables) -> str:
    """Return the text of an estate.yaml that a person can confirm entry by entry.

    Args:
        tables: The tables of a case; of `flow`, `endpoint`, `asset` and `holding` those that are there.

    Returns:
        YAML in which only `proposed: true` and two empty keys are not commented out. Who owns and runs what cannot be
        observed: those sections are named, not filled.
    """
    flows = [row for row in _rows(tables, "flow") if row["stance"] == "observed"]
    assets = [row for row in _rows(tables, "asset") if row["stance"] == "observed" and row["kind"] in _KINDS]
    keys = {str(row["asset_id"]): f"a{n}" for n, row in enumerate(assets[:MOST], 1)}
    lines = [*_networks(flows), *_assets(assets, keys), *_holdings(_rows(tables, "holding"), keys)]
    lines += _flows(flows, {str(row["addr"]): row for row in _rows(tables, "endpoint")})
    lines += [
        "",
        "## Not observable, and for you to write: entities (who organises, owns and runs it), agreements, controls,",
        "## needs, policy. docs/declaration.md shows the form of each.",
    ]
    return _HEAD + "\n".join(lines) + "\n"


def _rows(tables: Tables, noun: str) -> list[dict[str, object]]:
    table = tables.get(noun)
    found: list[dict[str, object]] = table.to_pylist() if table is not None else []
    return found


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _inert(text: object) -> str:
    """Return text on one line, without control and direction marks."""
    return "".join(c if c.isprintable() else "·" for c in str(text))


def quoted(text: object) -> str:
    """Return text as a YAML scalar that holds exactly it, whatever it is; unprintable characters become dots."""
    inner = _inert(text)[:400].replace("'", "''")
    return f"'{inner}'"


def _entry(text: str, reason: str = "") -> str:
    # In a comment a `#` or a quote can do nothing; only a line break could.
    return f"# {text}" + (f"  # {_inert(reason)}" if reason else "")


def _section(name: str, why: str, entries: list[str]) -> list[str]:
    if not entries:
        return []
    more = [f"## {len(entries) - MOST:,} smaller ones are not listed."] if len(entries) > MOST else []
    return ["", f"## {why}", f"# {name}:", *entries[:MOST], *more]


def _address(text: object) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(str(text))
    except ValueError:
        return None


def _inside(text: object) -> bool:
    """Return whether an address is of a range that anybody may use inside."""
    found = _address(text)
    return found is not None and any(found in network for network in _PRIVATE if network.version == found.version)


def _nowhere(text: object) -> bool:
    """Return whether an address stands for no other host: this one, all, or a group."""
    found = _address(text)
    return found is not None and (
        found.is_loopback or found.is_link_local or found.is_multicast or found.is_unspecified or found.is_reserved
    )


def _networks(flows: Iterable[Mapping[str, object]]) -> list[str]:
    ends: dict[str, set[str]] = {}
    for flow in flows:
        for text in (flow["orig_h"], flow["resp_h"]):
            found = _address(text)
            if found is not None and _inside(text):
                size = 24 if found.version == 4 else 64
                ends.setdefault(str(ipaddress.ip_network(f"{found}/{size}", strict=False)), set()).add(str(found))
    listed = sorted(ends, key=lambda cidr: (-len(ends[cidr]), cidr))
    entries = [_entry(f"  - {quoted(cidr)}", f"{len(ends[cidr])} private addresses seen") for cidr in listed]
    return _section("networks", "Your own address ranges: without them nobody knows what leaves.", entries)


def _assets(assets: list[dict[str, object]], keys: Mapping[str, str]) -> list[str]:
    entries = []
    for row in assets:
        key = keys.get(str(row["asset_id"]), "a")
        name = row["name"] or row["asset_id"]
        entries.append(_entry(f"  {key}: {{kind: {row['kind']}, name: {quoted(name)}}}", "add place: and operated_by:"))
    return _section("assets", "What holds or moves data.", entries)


def _holdings(holdings: Iterable[Mapping[str, object]], keys: Mapping[str, str]) -> list[str]:
    found: dict[tuple[str, str], set[str]] = {}
    for row in holdings:
        name = str(row["data_class"])
        if row["stance"] == "observed" and str(row["asset_id"]) in keys and _WORD.fullmatch(name):
            found.setdefault((keys[str(row["asset_id"])], str(row["container"] or "")), set()).add(name)
    entries = []
    for (key, container), classes in sorted(found.items()):
        within = f"container: {quoted(container)}, " if container.strip() else ""
        entries.append(_entry(f"  - {{at: {key}, {within}classes: [{', '.join(sorted(classes))}]}}", "as classified"))
    return _section("holdings", "What data is held where.", entries)


def _flows(flows: Iterable[Mapping[str, object]], ends: Mapping[str, Mapping[str, object]]) -> list[str]:
    seen: dict[str, _Seen] = {}
    calls = 0
    for flow in flows:
        end = ends.get(str(flow["resp_h"]), {})
        if _inside(flow["resp_h"]) or _nowhere(flow["resp_h"]) or end.get("special"):
            calls += not _inside(flow["orig_h"]) and flow["orig_h"] is not None
            continue
        target = _target(flow, end)
        if target:
            seen.setdefault(target, _Seen()).add(flow, end)
    listed = sorted(seen, key=lambda target: (-seen[target].sent, -seen[target].conns, target))
    entries = [
        _entry(f"  f{n}: {{to: {quoted(target)}, action: send}}", seen[target].reason())
        for n, target in enumerate(listed, 1)
    ]
    lines = _section("flows", "Where data goes, by domain, else by operator, else by address.", entries)
    if calls:
        came = counted(calls, "flow[|s] came from outside")
        lines.append(f"## {came}: declare those with `action: receive` and the asset they call.")
    return lines


def _target(flow: Mapping[str, object], end: Mapping[str, object]) -> str | None:
    """Return the widest destination that one decision can cover: domain, else operator, else address."""
    name = _registrable(str(flow["server_name"] or ""))
    if name:
        return name
    operator = end.get("operator_id")
    if isinstance(operator, str) and operator.startswith("ent:"):
        return f"provider:{operator.removeprefix('ent:')}"
    found = _address(flow["resp_h"])
    return str(found) if found else None


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _registrable(name: str) -> str | None:
    """Return the domain that somebody registered, or None where the name has none or it is masked."""
    found = _suffixes().privatesuffix(name.lower().rstrip("."))
    if not found or not _DOMAIN.fullmatch(found) or found.rsplit(".", 1)[-1].isdigit():
        return None
    return str(found)
