"""Terraform: what an infrastructure description says is there, where, and where traffic may go."""

from __future__ import annotations

import ipaddress
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from flagstate import model
from flagstate.catalog import regions, terraform_types
from flagstate.errors import EvidenceError
from flagstate.model.counted import counted
from flagstate.read.json_head import top_keys
from flagstate.read.part import Context, Facts, Head, Kind, Note, Opened, Part, Reader, Tally
from flagstate.read.terraform_keys import Keys
from flagstate.read.terraform_points import leaned
from flagstate.read.terraform_state import Inventory, Json, Resource, changes, from_show, from_state, listing, mapping

_HCL = re.compile(
    rb'^(?:resource|data)\s+"[\w-]+"\s+"[\w-]+"\s*\{|^(?:module|provider|variable|output)\s+"[\w-]+"\s*\{'
    rb"|^(?:terraform|locals)\s*\{",
    re.MULTILINE,
)
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+\.?", re.ASCII)
_ANY = {"*", "any", "internet"}
_SHOW = "Run `terraform show -json > state.json` and add that file"
Row = dict[str, object]


def recognise(head: Head) -> Kind | None:
    """Return the kind by the outermost keys of the JSON, or by the blocks of the configuration language."""
    keys = top_keys(head.data)
    if keys is None:
        text = head.data.lstrip()
        if text[:1] in (b"{", b"[") or not _HCL.search(head.data):
            return None
        why = "Terraform configuration is source text: what it builds depends on variables and on the provider"
        return Kind("terraform configuration", refused=why, todo=_SHOW)
    if "format_version" in keys and {"values", "planned_values", "resource_changes", "terraform_version"} & keys.keys():
        return Kind("terraform plan" if {"planned_values", "resource_changes"} & keys.keys() else "terraform show")
    version = keys.get("version", "")
    ours = "terraform_version" in keys or "lineage" in keys
    if not ours and not (version.isdigit() and keys.get("resources") == "[" and b'"instances"' in head.data):
        return None
    if version == "4":
        return Kind("terraform state 4")
    if version in ("1", "2", "3"):
        why = f"Terraform state version {version} is older than Terraform 0.12"
        return Kind(f"terraform state {version}", refused=why, todo=f"Open it with Terraform 0.12 or newer. {_SHOW}")
    return Kind("terraform state", refused="This version of a Terraform state is not known", todo=_SHOW)


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield assets, their places, controls, needs and permitted destinations, all of stance configured.

    Of the attributes only those that the catalog lists are looked at; none is stored as it is but names, regions and
    addresses.

    Raises:
        EvidenceError: The file is no valid JSON.
    """
    document = _document(opened)
    plan = "planned_values" in document or "resource_changes" in document
    inventory = from_state(document) if kind.name == "terraform state 4" else from_show(document)
    built = _Build(opened, context, inventory)
    for noun, rows in built.facts().items():
        if rows:
            yield Facts(noun, model.rows(model.NOUNS[noun], rows), "configured")
    if plan:
        yield from _plan_notes(document)
    for why, count in sorted(built.left_out().items()):
        yield Note(counted(count, why))
    if not inventory.resources:
        yield Note("there are no resources in it", "Check that it is the state of the right workspace")
    yield Tally(rows_read=len(inventory.resources))


def _document(opened: Opened) -> Json:
    try:
        with open(opened.path, "rb") as file:
            found = json.loads(file.read().decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        todo = "Fetch it again: it may be cut off"
        raise EvidenceError("This is not valid JSON", where=f"{opened.name}:{error.lineno}", todo=todo) from None
    except (UnicodeDecodeError, RecursionError):
        raise EvidenceError("This is not valid JSON", where=opened.name, todo="Fetch it again") from None
    return mapping(found)


def _plan_notes(document: Json) -> Iterator[Note]:
    actions, unknown = changes(document)
    counted = ", ".join(
        f"{count} to {word}" for word, count in sorted(actions.items()) if word not in ("no-op", "read")
    )
    yield Note(
        f"a plan says what would be, not what is: {counted or 'nothing would change'}",
        "Add the state after it was applied",
    )
    if unknown:
        yield Note(f"{unknown} values are known only after the plan is applied", "Add the state after it was applied")


@dataclass
class _Build:
    """Turns the resources of one document into rows."""

    opened: Opened
    context: Context
    inventory: Inventory
    ids: dict[str, str] = field(default_factory=dict)
    by_id: dict[str, str | None] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    users: dict[str, list[str]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def facts(self) -> dict[str, list[Row]]:
        """Return the rows by noun."""
        self.rows = {noun: [] for noun in ("asset", "place", "control", "need", "flow", "interest", "reliance")}
        for resource in self.inventory.resources:
            self._identify(resource)
        for resource in self.inventory.resources:
            if resource.address in self.ids:
                self._asset(resource)
        for resource in self.inventory.resources:
            self._egress(resource)
        keys = Keys(self.context, self.ids, self.by_id, self.kinds, self._key_place)
        keys.collect(self.inventory.resources)
        for noun, rows in keys.rows.items():
            self.rows[noun] += rows
        for noun, row in leaned(self.inventory.resources, self.ids, self.context):
            self.rows[noun].append(row)
        _break_circles(self.rows["asset"])
        self.rows["flow"] = list({tuple(row.items()): row for row in self.rows["flow"]}.values())
        self.rows["control"] = list({(r["subject_id"], r["control"]): r for r in self.rows["control"]}.values())
        return self.rows

    def left_out(self) -> Counter[str]:
        """Return what was left out or not understood, counted."""
        return self.inventory.left_out + self.counts

    def _identify(self, resource: Resource) -> None:
        known = terraform_types.kind(resource.type)
        if known == "nothing":
            return
        if resource.address in self.ids:
            self.counts["resource[|s] with an address that stands twice; the first was read"] += 1
            return
        if known is None:
            self.counts["resource[|s] of a type that the catalog does not know, taken as [a system|systems]"] += 1
        masked = self.context.mask(resource.address)
        # Two names may look alike once masked, also in two files: the evidence keeps them apart.
        apart = "" if masked == resource.address else f"~{model.digest(self.opened.evidence_id)[:6]}.{len(self.ids)}"
        asset = f"tf:{masked}{apart}"
        self.ids[resource.address] = asset
        self.kinds[asset] = known or "system"
        for name in ("id", "arn", "key_id", "self_link"):
            value = resource.attributes.get(name)
            if isinstance(value, str) and value:
                taken = self.by_id.setdefault(value, asset)
                self.by_id[value] = asset if taken == asset else None
        for group in self._texts(resource, "groups"):
            self.users.setdefault(group, []).append(asset)

    def _texts(self, resource: Resource, what: str) -> list[str]:
        found: list[str] = []
        for name in terraform_types.attributes()[what]:
            value = resource.attributes.get(name)
            values = value if isinstance(value, list) else [value]
            found += [v for v in values if isinstance(v, str) and v]
        for text in found:
            if "${" in text:
                self.counts["value[ that is still a variable|s that are still variables]"] += 1
        return [text for text in found if "${" not in text]

    def _asset(self, resource: Resource) -> None:
        asset = self.ids[resource.address]
        provider = terraform_types.provider(resource.type)
        region = self._place(asset, provider, self._texts(resource, "region"))
        names = self._texts(resource, "name")
        row: Row = {
            "asset_id": asset,
            "kind": self.kinds[asset],
            "name": self.context.mask(names[0] if names else resource.address),
            "runs_on": self._below(resource, asset),
            "provider": provider.name,
            "region": region,
            "server_name": next(filter(None, map(self._host, self._texts(resource, "server_name"))), None),
            "addr": next(filter(None, map(_addr, self._texts(resource, "addr"))), None),
        }
        self.rows["asset"].append(row)
        if self.kinds[asset] == "store":
            self._controls(resource, asset)
        for wanted in self._texts(resource, "key"):
            key = self.by_id.get(wanted)
            if key and self.kinds[key] == "key" and key != asset:
                self.rows["need"].append({"asset_id": asset, "need_group": 1, "needs_id": key})
                break

    def _place(self, asset: str, provider: terraform_types.Provider, texts: list[str]) -> str | None:
        """Note the country of the region that texts name, and return the region."""
        region = _region(texts, provider.regions)
        if region is None:
            return None
        country = regions.region_country(provider.regions, region) if provider.regions else None
        shown = self.context.mask(region)
        self.rows["place"].append(
            {
                "subject_id": asset,
                "country": country,
                "source_kind": "configured_region",
                "confidence": "sure" if country else "none",
                "region": shown,
                "source": f"region in {self.opened.name}; its country as {provider.name} publishes it",
            }
        )
        return shown

    def _key_place(self, asset: str, provider: terraform_types.Provider, texts: list[str]) -> str | None:
        """Note the place of a key by the first text that names a region that its provider publishes."""
        known = [
            text
            for text in texts
            if provider.regions
            and _region([text], provider.regions)
            and regions.region_country(provider.regions, _region([text], provider.regions) or "")
        ]
        return self._place(asset, provider, known[:1])

    def _host(self, text: str) -> str | None:
        bare = re.sub(r"^[a-z]+://", "", text.lower()).split("/", 1)[0].rsplit(":", 1)[0]
        return self.context.host(bare.rstrip(".")) if _HOST.fullmatch(bare) and not _addr(bare) else None

    def _below(self, resource: Resource, asset: str) -> str | None:
        """Return the asset that this one runs on; only a network or system can be, and never in a circle."""
        for wanted in self._texts(resource, "below"):
            found = self.by_id.get(wanted)
            above = {"zone"} if self.kinds[asset] == "zone" else {"zone", "system"}
            if found and found != asset and self.kinds[found] in above:
                return found
        return None

    def _controls(self, resource: Resource, asset: str) -> None:
        listed = terraform_types.attributes()
        encrypted = _state([resource.attributes.get(n) for n in listed["encrypted"] if n in resource.attributes])
        opened = _state([resource.attributes.get(n) for n in listed["open"] if n in resource.attributes])
        closed = {"yes": "no", "no": "yes", "unknown": "unknown"}[opened]
        if closed == "unknown":
            shut = [resource.attributes.get(n) for n in listed["closed"] if n in resource.attributes]
            closed = _state(shut)
        for control, state in (("encryption_at_rest", encrypted), ("public_access_blocked", closed)):
            self.rows["control"].append({"subject_id": asset, "control": control, "state": state})

    def _egress(self, resource: Resource) -> None:
        says = terraform_types.egress(resource.type)
        if says is None:
            return
        listed = listing(resource.attributes.get(says.nested)) if says.nested else [resource.attributes]
        group = resource.attributes.get(says.group) if says.group else None
        users: list[str | None] = [*self.users.get(group, [])] if isinstance(group, str) else []
        for rule in map(mapping, listed):
            if says.unless and rule.get(says.unless):
                continue
            if any(str(rule.get(name, "")).lower() != value for name, value in says.when.items()):
                continue
            for name in says.cidrs:
                value = rule.get(name)
                for text in value if isinstance(value, list) else [value]:
                    if isinstance(text, str) and text:
                        self._permit(text, rule, says, users)

    def _permit(self, text: str, rule: Json, says: terraform_types.Egress, users: list[str | None]) -> None:
        """Add a permitted range; one that means everywhere is no pattern but the lack of a restriction."""
        try:
            network = ipaddress.ip_network("0.0.0.0/0" if text.lower() in _ANY else text, strict=False)
        except ValueError:
            self.counts["rule[ that lets|s that let] traffic out to something that is no address range"] += 1
            return
        if network.prefixlen < 8:
            self.counts["rule[ that lets|s that let] traffic out to any address"] += 1
            lifted: list[Row] = [
                {"subject_id": user, "control": "egress_restricted", "state": "no"} for user in users if user
            ]
            self.rows["control"] += lifted
            return
        ports = {str(rule.get(name)) for name in says.ports}
        port = ports.pop() if len(ports) == 1 else ""
        proto = str(rule.get(says.proto, "")).lower() if says.proto else ""
        base: Row = {
            "to_pattern": f"cidr:{network}",
            "action": "send",
            "resp_p": int(port) if port.isdecimal() and 0 < int(port) < 65536 else None,
            "proto": proto if proto in ("tcp", "udp", "icmp") else None,
        }
        self.rows["flow"] += [base | {"from_asset": user} for user in users or [None]]


def _break_circles(assets: list[Row]) -> None:
    """Take out `runs_on` where a damaged description makes assets run on themselves."""
    below = {row["asset_id"]: row["runs_on"] for row in assets}
    for row in assets:
        at, seen = row["runs_on"], {row["asset_id"]}
        while at is not None and at not in seen:
            seen.add(at)
            at = below.get(at)
        if at is not None:
            row["runs_on"] = below[row["asset_id"]] = None


def _state(values: list[object]) -> str:
    """Return yes, no or unknown for attributes that switch something on."""
    for value in values:
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return "yes" if value.lower() == "true" else "no"
        if isinstance(value, list | dict | str) and value:
            return "yes"
    return "unknown"


def _addr(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _region(texts: list[str], listed: str | None) -> str | None:
    """Return the region that the attributes name: a zone is cut to its region where the provider's list knows that."""
    candidates: list[str] = []
    for text in texts:
        if text.startswith("arn:"):
            parts = text.split(":")
            text = parts[3] if len(parts) > 3 else ""
        text = text.rsplit("/", 1)[-1].replace(" ", "").lower()
        if text and text not in candidates:
            candidates.append(text)
    if listed:
        for text in candidates:
            for shorter in (text, text[:-1], text.rpartition("-")[0]):
                if shorter and regions.region_country(listed, shorter):
                    return shorter
    return candidates[0] if candidates else None


READER = Reader(
    name="terraform",
    doc="Terraform: state version 4, and plans and states as `terraform show -json` writes them.",
    recognise=recognise,
    read=read,
)
