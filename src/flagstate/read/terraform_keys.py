"""Which key protects which resource of an infrastructure description, and whose key it is as far as that shows.

A key that the same description makes is that asset. One that it only refers to is an asset of its own, without more
than its provider and region. Encryption that is switched on without a key of the customer's is done with a key of the
provider's: that key is an asset too, on the provider's side. A key in an external store stays with the provider's
service that uses it; that service then needs the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from flagstate import model
from flagstate.catalog import terraform_types
from flagstate.read.part import Context
from flagstate.read.terraform_state import Json, Resource, listing, mapping

Row = dict[str, object]
_DEEPEST = 5
_NAMED = ("id", "arn", "key_id", "self_link", "versionless_id", "resource_versionless_id", "name")
_LONGEST = 2048
_HSM = frozenset({"hsm", "rsa-hsm", "ec-hsm", "oct-hsm"})
_OUTSIDE = frozenset({"external", "external_vpc"})


@dataclass
class Keys:
    """Finds the keys of one description."""

    context: Context
    ids: Mapping[str, str]
    """Assets by the address of their resource."""
    by_id: Mapping[str, str | None]
    """Assets by what refers to them."""
    kinds: Mapping[str, str]
    """Kinds of assets."""
    place: Callable[[str, terraform_types.Provider, list[str]], str | None]
    """Notes where an asset stands, and returns its region."""
    rows: dict[str, list[Row]] = field(
        default_factory=lambda: {n: [] for n in ("asset", "interest", "control", "need")}
    )
    aliases: dict[str, str] = field(default_factory=dict)
    sets: dict[str, list[str]] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)

    def collect(self, resources: list[Resource]) -> None:
        """Fill the rows."""
        for resource in resources:
            self._learn(resource)
        for resource in resources:
            asset = self.ids.get(resource.address)
            if asset is not None and self.kinds[asset] == "key":
                self._key(resource, asset)
                continue
            target = asset if asset is not None else self._target(resource)
            if target is not None and self.kinds[target] != "key":
                self._protected(resource, target)
        self.rows["interest"] = list({(r["holder_id"], r["subject_id"]): r for r in self.rows["interest"]}.values())

    def _learn(self, resource: Resource) -> None:
        attributes = resource.attributes
        if resource.type == "aws_kms_alias":
            target = attributes.get("target_key_arn") or attributes.get("target_key_id")
            names = [attributes.get(name) for name in ("name", "arn", "id")]
            self.aliases |= {n: str(target) for n in names if isinstance(n, str) and n and target}
        elif resource.type == "azurerm_disk_encryption_set" and isinstance(attributes.get("id"), str):
            self.sets[str(attributes["id"])] = list(_references(attributes))
        asset = self.ids.get(resource.address)
        if asset is not None and self.kinds[asset] == "key":
            for name in _NAMED[4:6]:
                if isinstance(value := attributes.get(name), str) and value:
                    self.aliases.setdefault(value, str(attributes.get("id") or ""))

    def _target(self, resource: Resource) -> str | None:
        for name in terraform_types.protected_by(resource.type):
            if isinstance(value := resource.attributes.get(name), str) and (found := self.by_id.get(value)):
                return found
        return None

    def _protected(self, resource: Resource, asset: str) -> None:
        via = [resource.attributes.get(name) for name in terraform_types.attributes()["via"]]
        texts = [
            *_references(resource.attributes),
            *(t for v in via if isinstance(v, str) for t in self.sets.get(v, [])),
        ]
        for text in dict.fromkeys(texts):
            self._protects(self._find(text, resource, asset), asset, resource)
        if not texts and _switched_on(resource):
            self._protects(self._providers(resource, asset), asset, resource)

    def _find(self, text: str, resource: Resource, asset: str) -> str:
        """Return the asset of a key that is referred to."""
        bare = text.partition("/cryptoKeyVersions/")[0]
        for name in (text, bare, self.aliases.get(text, ""), self.aliases.get(bare, "")):
            found = self.by_id.get(name)
            if found is not None and self.kinds.get(found) == "key":
                return found
        if text.startswith("alias/aws/") or ":alias/aws/" in text:
            return self._providers(resource, asset)
        key = f"tf:key:{model.digest('key', bare)[:12]}"
        self._made(key, resource, self.context.mask(bare), [part for part in (bare, *bare.split("/")) if part])
        return key

    def _providers(self, resource: Resource, asset: str) -> str:
        """Return the provider's own key, of which a resource has one."""
        key = f"{asset}#provider-key"
        regions = [
            v for n in terraform_types.attributes()["region"] if isinstance(v := resource.attributes.get(n), str)
        ]
        self._made(key, resource, f"key of {terraform_types.provider(resource.type).name}", regions)
        return key

    def _made(self, key: str, resource: Resource, name: str, texts: list[str]) -> None:
        if key in self.made:
            return
        self.made.add(key)
        provider = terraform_types.provider(resource.type)
        region = self.place(key, provider, texts)
        self.rows["asset"].append(
            {"asset_id": key, "kind": "key", "name": name, "provider": provider.name, "region": region, "runs_on": None}
        )

    def _protects(self, key: str, asset: str, resource: Resource) -> None:
        self.rows["interest"].append(
            {
                "holder_id": key,
                "subject_id": asset,
                "kind": "protects",
                "contested": False,
                "status": "sourced",
                "source": f"encryption of {self.context.mask(resource.address)} as configured",
            }
        )

    def _key(self, resource: Resource, asset: str) -> None:
        """Note whether a key lies in a module of hardware, or in a store outside."""
        attributes = resource.attributes
        levels = {
            str(m.get("protection_level", "")).lower()
            for m in map(mapping, listing(attributes.get("version_template")))
        }
        levels |= {str(attributes.get(name, "")).lower() for name in ("protection_level", "key_type")}
        if levels & _HSM or resource.type in (
            "aws_cloudhsm_v2_cluster",
            "azurerm_key_vault_managed_hardware_security_module",
        ):
            self.rows["control"].append({"subject_id": asset, "control": "hsm", "state": "yes"})
        store = attributes.get("custom_key_store_id") or attributes.get("crypto_key_backend")
        if levels & _OUTSIDE or attributes.get("xks_key_id") or (isinstance(store, str) and store):
            self.rows["control"].append({"subject_id": asset, "control": "external_key_store", "state": "yes"})
            outside = f"{asset}#store"
            self.rows["asset"].append(
                {"asset_id": outside, "kind": "key", "name": "external key store", "runs_on": None}
            )
            self.rows["need"].append({"asset_id": asset, "need_group": 2, "needs_id": outside})


def _references(attributes: Json, depth: int = 0) -> Iterator[str]:
    """Yield what an attribute of a key, at the top or in a block that the catalog lists, refers to."""
    names = terraform_types.attributes()
    for name in sorted(attributes):
        value = attributes[name]
        if name in names["nested_key"]:
            for text in value if isinstance(value, list) else [value]:
                if isinstance(text, str) and 0 < len(text) <= _LONGEST and "${" not in text and text != "null":
                    yield text
        elif name in names["blocks"] and depth < _DEEPEST:
            for block in value if isinstance(value, list) else [value]:
                yield from _references(mapping(block), depth + 1)


def _switched_on(resource: Resource) -> bool:
    """Whether encryption at rest is said to be on."""
    for name in terraform_types.attributes()["encrypted"]:
        value = resource.attributes.get(name)
        if value is True or (isinstance(value, str) and value.lower() == "true"):
            return True
        if isinstance(value, list | dict) and value and _algorithm(value):
            return True
    return resource.type.endswith("_server_side_encryption_configuration") and bool(
        _algorithm(resource.attributes.get("rule"))
    )


def _algorithm(value: object, depth: int = 0) -> bool:
    """Whether a block names an algorithm or says that it is enabled."""
    for block in map(mapping, value if isinstance(value, list) else [value]):
        if block.get("enabled") is True or any(isinstance(block.get(n), str) and block.get(n) for n in _ALGORITHMS):
            return True
        if depth < _DEEPEST and any(_algorithm(v, depth + 1) for v in block.values() if isinstance(v, list | dict)):
            return True
    return False


_ALGORITHMS = ("sse_algorithm", "encryption_type", "algorithm")
