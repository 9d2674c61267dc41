"""Who reaches clear data, told naively: every sentence of the definition tried on every row, sharing no code.

It takes whom each government can address as given, and tells how directly each government reaches each container at
best, in the evidenced or the declared answer. Facts that contradict each other are not its business.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cached_property, lru_cache
from typing import Any

import pyarrow as pa

LEVELS = ("direct_law", "direct_place", "via_parent", "via_person", "via_market", "covert_only")
CUSTODY = {"operates", "hosts", "administers", "manages", "updates"}
WITHIN = CUSTODY - {"hosts"}
USES = {"holds_key", "uses_key"}
ENDS = {"edge", "service"}

Row = dict[str, Any]
Key = tuple[str, str, str]


class Oracle:
    """One world, and what follows from it by trying everything."""

    def __init__(
        self,
        tables: Mapping[str, pa.Table],
        compelled: pa.Table,
        covert: set[str],
        as_of: date,
        *,
        declared: bool = False,
    ) -> None:
        """Read the rows that hold on the day; where `declared`, keys count that somebody only declares."""
        self.declared = declared

        def rows(noun: str) -> list[Row]:
            listed = tables[noun].to_pylist() if noun in tables else []
            return [
                row
                for row in listed
                if (row["valid_from"] is None or row["valid_from"].date() <= as_of)
                and (row["valid_to"] is None or row["valid_to"].date() > as_of)
            ]

        self.interests, self.holdings, self.places = rows("interest"), rows("holding"), rows("place")
        self.assets = {row["asset_id"]: row for row in rows("asset")}
        self.people = {row["entity_id"] for row in rows("legal_entity") if row["kind"] in ("group", "person")}
        self.controls = rows("control")
        self.on: dict[str, list[Row]] = {}
        for row in self.interests:
            self.on.setdefault(row["subject_id"], []).append(row)
        self.compelled, self.covert = compelled.to_pylist(), covert
        self.govs = {row["government"] for row in self.compelled} | {row["country"] for row in self.places} | covert

    def reached(self) -> dict[Key, int]:
        """Return by government, asset and container the place in `LEVELS` of the most direct way to clear data."""
        found: dict[Key, int] = {}
        held = self.forms()
        for gov in sorted(self.govs):
            for most in range(len(LEVELS)):
                power = Power(self, gov, most)
                for asset, container, forms in held:
                    if (gov, asset, str(container)) not in found and any(power.reads(asset, form) for form in forms):
                        found.setdefault((gov, asset, str(container)), most)
        return found

    def forms(self) -> list[tuple[str, str | None, list[Row]]]:
        """Return what is held: per asset and container its holdings, or one that nobody told."""
        found: list[tuple[str, str | None, list[Row]]] = []
        empty: Row = {"key_ids": None, "state": None, "marks": None, "split": None, "stance": "configured"}
        keys = {one for one, row in self.assets.items() if row["kind"] in ("key", "certificate")}
        carrying = {row["runs_on"] for one, row in self.assets.items() if one not in keys}
        for asset in self.assets:
            held = [one for one in self.holdings if one["asset_id"] == asset]
            if not held and asset not in carrying and asset not in keys:
                found.append((asset, None, [empty]))
            for name in {one["container"] for one in held}:
                found += [(asset, name, [one for one in held if one["container"] == name])]
        return found

    def layers(self, asset: str) -> list[str]:
        """Return an asset and what it stands on, in order."""
        found = [asset]
        while (below := self.assets.get(found[-1], {}).get("runs_on")) in self.assets and below not in found:
            found.append(below)
        return found

    def parties(self, subject: str, kinds: set[str]) -> set[str]:
        """Return who has such an interest in a subject, and who employs them."""
        direct = {row["holder_id"] for row in self.on.get(subject, ()) if row["kind"] in kinds}
        jobs = [row for staff in direct for row in self.on.get(staff, ()) if row["kind"] == "employs"]
        return direct | {row["holder_id"] for row in jobs}

    def stands(self, asset: str) -> set[str]:
        """Return the countries in which an asset stands by itself."""
        return {row["country"] for row in self.places if row["subject_id"] == asset}

    def protecting(self, asset: str) -> set[str]:
        """Return the keys that protect an asset by more than a declaration."""
        told = [row for row in self.on.get(asset, ()) if row["kind"] == "protects"]
        return {row["holder_id"] for row in told if self.declared or row["stance"] != "declared"} - self.unheld

    @cached_property
    def unheld(self) -> set[str]:
        """The keys of which nothing but declarations says who has them: they stop nobody for certain."""
        return set() if self.declared else {key for key in self.assets if self.only_said(key)}

    def only_said(self, key: str) -> bool:
        """Say whether somebody has a key, or it stands somewhere, and only declarations say so."""
        layers, known = self.layers(key), list[bool]()
        module = self.controlled(key, "hsm", declared=False)
        firm = [all(self.assets[one]["stance"] != "declared" for one in layers[:at]) for at in range(len(layers))]
        for depth, layer in enumerate(layers):
            kinds = USES | (WITHIN if module else CUSTODY) if depth == 0 else set() if module else CUSTODY
            rows = [row for row in self.on.get(layer, ()) if row["kind"] in kinds]
            known += [row["stance"] != "declared" and firm[depth] for row in rows]
        if not known:
            stood = [(row, at) for at, one in enumerate(layers) for row in self.places if row["subject_id"] == one]
            known = [row["stance"] != "declared" and firm[at] for row, at in stood]
        return bool(known) and not any(known)

    def controlled(self, asset: str, control: str, *, declared: bool) -> bool:
        """Say whether a control is in place, by more than a declaration unless told that one is enough."""
        told = [row for row in self.controls if row["subject_id"] == asset and row["control"] == control]
        return any(row["state"] == "yes" and (declared or row["stance"] != "declared") for row in told)


class Power:
    """What one government can do on grounds that are at least so direct."""

    def __init__(self, world: Oracle, gov: str, most: int) -> None:
        """Gather whom it can address, and whether its territory and covert collection count."""
        self.world, self.gov = world, gov
        # A branch puts within reach what is there, which territory does already.
        self.entities = {
            row["entity_id"]
            for row in world.compelled
            if row["government"] == gov
            and LEVELS.index(row["level"]) <= most
            and (row["basis"] != "located" or row["entity_id"] in world.people)
        }
        self.land = most >= LEVELS.index("direct_place")
        self.everywhere = gov in world.covert and most >= LEVELS.index("covert_only")
        self.usable = lru_cache(maxsize=None)(self._usable)

    def reads(self, asset: str, form: Row) -> bool:
        """Say whether it reads a holding in clear, alone or with the other shares that are needed."""
        if not self.opens(asset, form):
            return False
        if not form["split"] or not self.shown(form):
            return True
        shares = [row for row in self.world.holdings if row["split"] == form["split"]]
        return bool(sum(self.opens(row["asset_id"], row) for row in shares) >= form["split_needs"])

    def shown(self, form: Row) -> bool:
        """Say whether what a holding says counts: for the evidenced answer, more than a declaration must say it."""
        return self.world.declared or form["stance"] != "declared"

    def opens(self, asset: str, form: Row) -> bool:
        """Say whether it gets at one holding, or one share, and can read it."""
        world, layers = self.world, self.world.layers(asset)
        kind = world.assets[asset]["kind"] if asset in world.assets else None
        # That data merely rests or passes is believed of evidence; that it is in use, of anybody.
        believed = form["state"] if self.shown(form) or form["state"] == "used" else None
        state = believed or ("stored" if kind == "store" else "used")
        named = set(form["key_ids"] or ()) - world.unheld if self.shown(form) else set()
        # A declared attestation seals nothing, in either answer.
        attested = world.controlled(asset, "attestation", declared=False)
        sealed = state == "used" and "confidential" in (form["marks"] or ()) and attested
        for depth, layer in enumerate(layers):
            inside = bool(world.parties(layer, CUSTODY) & self.entities)
            outside = (self.land and self.gov in world.stands(layer)) or self.everywhere
            if not inside and not outside:
                continue
            # Who hosts a system runs the machines below it, which is where the seal keeps out.
            if state == "used" and (not sealed or (depth == 0 and self.entities & world.parties(asset, WITHIN))):
                return True
            keys = named | world.protecting(asset)
            if state == "stored":
                keys |= {key for above in layers[: depth + 1] for key in world.protecting(above)}
            if state == "moved" and kind in ENDS:
                keys = {key for key in keys if world.assets.get(key, {}).get("kind") != "certificate"}
            if all(self.usable(key) for key in keys) and (keys or not sealed):
                return True
        return False

    def _usable(self, key: str, seen: tuple[str, ...] = ()) -> bool:
        """Say whether it can decrypt with a key: as its holder, or by getting at it and at all that protects it."""
        world = self.world
        if world.parties(key, USES) & self.entities:
            return True
        # A module keeps out who runs the machines below it, and its host is one who does.
        module = world.controlled(key, "hsm", declared=world.declared)
        layers, kinds = (world.layers(key)[:1], WITHIN) if module else (world.layers(key), CUSTODY)
        at_hand = any(
            world.parties(layer, kinds) & self.entities or (self.land and self.gov in world.stands(layer))
            for layer in layers
        )
        return at_hand and all(
            wrap in (*seen, key) or self._usable(wrap, (*seen, key)) for wrap in world.protecting(key)
        )
