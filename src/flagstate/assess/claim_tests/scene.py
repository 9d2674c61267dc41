"""The case as tests of claims see it: what an asset is, where it may stand, and how completely it was watched."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import duckdb
import pyarrow as pa

from flagstate.assess import far_end
from flagstate.assess.claim_tests.told import Said, Window
from flagstate.assess.compelled import names_of
from flagstate.catalog.country_names import country_name
from flagstate.model.stance import in_force

Row = Mapping[str, Any]
Tables = Mapping[str, pa.Table]

DEEPEST = 16
"""Layers below an asset that are followed."""
SENSORS = frozenset({"what this sensor saw", "what this capture saw"})
"""Scopes of what a sensor says of itself: its share counts, its word on completeness is of what passed it."""
NEARLY_ALL = 0.99
"""Least share that must have been seen where somebody says that nothing is missing."""
TIMED = frozenset({"flow", "activity"})
"""Nouns of what happens in time."""
SHORTEST = timedelta(days=1)
"""A shorter time, however completely watched, supports nothing."""


@dataclass(frozen=True)
class Spot:
    """Something that places may be told of, which belongs to an asset."""

    subject_id: str
    """As `place` names it: an asset, an address, or `host:` with a name or address."""
    asset_id: str
    """The asset that it is."""
    how: str
    """self, layer (it stands on it) or copy (it is replicated there)."""
    word: bool = False
    """Only somebody's word leads there: an address or a name that was declared and never seen."""
    other: bool = False
    """It is another thing at the same address."""


@dataclass(frozen=True)
class Subject:
    """An asset that a claim is about."""

    asset_id: str
    """Its id."""
    same: tuple[str, ...]
    """The ids under which sources know it, its own first."""
    spots: tuple[Spot, ...]
    """What its places are told of."""


@dataclass
class Scene:
    """Everything that a test may ask."""

    tables: Tables
    """The nouns."""
    con: duckdb.DuckDBPyConnection
    """A database in which the nouns stand under their names."""
    as_of: date
    """The day on which facts must hold."""
    subjects: dict[str, Subject] = field(default_factory=dict)
    far: far_end.Ends | None = None
    """Where far ends stand and who runs them; null: nobody asked what left."""

    @cached_property
    def names(self) -> dict[str, str]:
        """Return the name of each entity."""
        return names_of(self.tables["legal_entity"])

    @cached_property
    def assets(self) -> dict[str, list[Row]]:
        """Return what the sources say of each asset."""
        found: dict[str, list[Row]] = {}
        columns = ["asset_id", "kind", "name", "runs_on", "provider", "server_name", "addr", "fact_id", "stance"]
        table = self.tables["asset"].select([*columns, "valid_from", "valid_to"])
        for row in sorted(table.to_pylist(), key=lambda r: str(r["fact_id"])):
            if in_force(row, self.as_of):
                found.setdefault(str(row["asset_id"]), []).append(row)
        return found

    @cached_property
    def tunnels(self) -> list[Row]:
        """Return behaviours in which names that were asked of resolvers carried data."""
        rows = self.tables["behaviour"].to_pylist() if "behaviour" in self.tables else []
        return [row for row in rows if row["kind"] == "dns_tunnel" and row["far"]]

    def shown(self, asset_id: str) -> str:
        """Return an asset as a sentence names it."""
        name = next((str(row["name"]) for row in self.assets.get(asset_id, ()) if row["name"]), None)
        key = asset_id.removeprefix("est:")
        return key if asset_id.startswith("est:") or name is None else name

    def party(self, entity_id: str) -> str:
        """Return an entity as a sentence names it."""
        return self.names.get(entity_id, entity_id.removeprefix("est:"))

    def subject(self, asset_id: str) -> Subject:
        """Return an asset with all that belongs to it."""
        if asset_id not in self.subjects:
            same = self._same(asset_id)
            spots = [*self._spots(same, "self"), *self._spots(self._below(same), "layer")]
            copies = self._copies(same)
            spots += [*self._spots(copies, "copy"), *self._spots(self._below(copies), "copy")]
            # Of several leads to one place, that which is more than a word counts.
            once: dict[str, Spot] = {}
            for spot in sorted(spots, key=lambda spot: (spot.other, spot.word)):
                once.setdefault(spot.subject_id, spot)
            self.subjects[asset_id] = Subject(asset_id, tuple(same), tuple(once[key] for key in sorted(once)))
        return self.subjects[asset_id]

    def _same(self, asset_id: str) -> list[str]:
        """Return the ids of one asset: those that answer under its domain name, or have its provider, kind and name.

        A name is unique per account and region only: what is configured in another country is another thing, and where
        several of one name stand in several countries, none of them is known to be this one.
        """
        found, mine = {asset_id}, self._regions.get(asset_id, frozenset())
        for row in self.assets.get(asset_id, ()):
            for key in _marks(row):
                others = self._marked.get(key, set()) - {asset_id}
                placed = {one: where for one in others if (where := self._regions.get(one))}
                if mine:
                    others = {one for one in others if one not in placed or placed[one] & mine}
                elif placed and not frozenset.intersection(*placed.values()):
                    others = others - placed.keys()
                found |= others
        return [asset_id, *sorted(found - {asset_id})]

    @cached_property
    def _regions(self) -> dict[str, frozenset[str]]:
        """Return by asset the countries in which it is configured to stand."""
        found: dict[str, set[str]] = {}
        for row in self.tables["place"].to_pylist():
            sure = row["stance"] == "configured" or row["source_kind"] == "configured_region"
            if sure and row["stance"] != "declared" and row["country"] and in_force(row, self.as_of):
                found.setdefault(str(row["subject_id"]), set()).add(str(row["country"]))
        return {one: frozenset(where) for one, where in found.items()}

    @cached_property
    def _marked(self) -> dict[tuple[str, ...], set[str]]:
        found: dict[tuple[str, ...], set[str]] = {}
        for one, rows in self.assets.items():
            for row in rows:
                for key in _marks(row):
                    found.setdefault(key, set()).add(one)
        return found

    @cached_property
    def _at(self) -> dict[str, set[str]]:
        """Return by address the assets that answer there."""
        found: dict[str, set[str]] = {}
        for one, rows in self.assets.items():
            for row in rows:
                if row["addr"]:
                    found.setdefault(str(row["addr"]), set()).add(one)
        return found

    def _below(self, assets: Iterable[str]) -> list[str]:
        found = list(assets)
        start, level = set(found), set(found)
        for _ in range(DEEPEST):
            under = {str(row["runs_on"]) for one in level for row in self.assets.get(one, ()) if row["runs_on"]}
            level = {same for one in under for same in self._same(one)} - set(found)
            found += sorted(level)
        return [one for one in found if one not in start]

    def on(self, asset_id: str) -> set[str]:
        """Return an asset, under all its ids, with everything that runs on it."""
        found = set(self._same(asset_id))
        level = set(found)
        for _ in range(DEEPEST):
            level = {one for under in level for one in self._above.get(under, ())} - found
            found |= level
        return found

    @cached_property
    def _above(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for one, rows in self.assets.items():
            for row in rows:
                if row["runs_on"]:
                    found.setdefault(str(row["runs_on"]), set()).add(one)
        return found

    @cached_property
    def _unsteady(self) -> set[str]:
        """Return the addresses that are announced from many places, or are of no place by a registry."""
        rows = self.tables["endpoint"].select(["addr", "anycast", "special"]).to_pylist()
        return {str(row["addr"]) for row in rows if row["anycast"] or (row["special"] and not _examples(row["addr"]))}

    @cached_property
    def _witnessed(self) -> set[str]:
        """Return the addresses and names that traffic was seen with."""
        rows = self.con.sql(
            "SELECT DISTINCT unnest([orig_h, resp_h, server_name]) FROM flow WHERE stance = 'observed'"
        ).fetchall()
        return {str(text).lower().rstrip(".") for (text,) in rows if text}

    def witnessed(self, row: Row) -> bool:
        """Say whether more than somebody's word shows an asset, or that it has the address or name of a row."""
        if row["stance"] not in (None, "declared"):
            return True
        return any(str(row[key]).lower().rstrip(".") in self._witnessed for key in ("addr", "server_name") if row[key])

    def shown_by_more(self, same: Iterable[str]) -> bool:
        """Say whether more than declarations show an asset that has several ids."""
        return any(self.witnessed(row) for one in same for row in self.assets.get(one, ()))

    def _spots(self, assets: Iterable[str], how: str) -> list[Spot]:
        made = []
        for one in assets:
            made.append(Spot(one, one, how))
            for row in self.assets.get(one, ()):
                word = not self.witnessed(row)
                for where in (row["addr"], row["server_name"]):
                    if where:
                        made += [Spot(f"host:{where}", one, how, word), Spot(str(where), one, how, word)]
                # What answers at the same address stands at the same place, where an address is of one place.
                addr = str(row["addr"])
                others = self._at.get(addr, set()) - {one}
                if len(others) == 1 and not _private(addr) and addr not in self._unsteady and one not in self._regions:
                    made += [Spot(other, one, how, word, other=True) for other in others]
        return made

    def _copies(self, same: Iterable[str]) -> list[str]:
        """Return the stores to which an infrastructure description copies an asset, and their copies."""
        found = list(same)
        start, level = set(found), set(found)
        for _ in range(DEEPEST):
            under = {copy for one in level for copy in self._copied.get(one, ())}
            level = {other for one in under for other in self._same(one)} - set(found)
            found += sorted(level)
        return sorted(set(found) - start)

    @cached_property
    def _copied(self) -> dict[str, set[str]]:
        """Return by store the stores to which it is configured to send: what goes to a log or a partner is no copy."""
        rows = self.con.sql(
            "SELECT DISTINCT from_asset, substr(to_pattern, 7) AS copy FROM flow "
            "WHERE stance = 'configured' AND from_asset IS NOT NULL AND starts_with(to_pattern, 'asset:')"
        ).fetchall()
        found: dict[str, set[str]] = {}
        for start, copy in rows:
            if all(any(row["kind"] == "store" for row in self.assets.get(one, ())) for one in (start, copy)):
                found.setdefault(start, set()).add(copy)
        return found

    @cached_property
    def _ledger(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for row in self.tables["coverage"].to_pylist():
            found.setdefault(str(row["noun"]), []).append(row)
        return found

    def window(self, noun: str, same: Iterable[str]) -> Window:
        """Return when a noun was seen of an asset, and whether nothing of it is missing.

        Args:
            noun: flow, activity or holding.
            same: The ids of the asset.

        What is whole is somebody's word; one row that says that something was missed in that time takes it back.
        """
        mine = {"all", *same}
        ledger, other = self._ledger.get(noun, ()), self.assets.keys() - mine
        # A word on another asset is none on this one; a loss that a sensor tells of may have been anybody's.
        rows = [row for row in ledger if row["scope"] in mine or (_lossy(row) and row["scope"] not in other)]
        yes = _joined([row for row in rows if row["complete"] == "yes" and row["scope"] in mine])
        todo = tuple(dict.fromkeys(str(row["todo"]) for row in rows if row["todo"]))[:3]
        if yes is None:
            near = [row for row in rows if row["scope"] in mine]
            begins, ends = ([row[name] for row in near if row[name]] for name in ("from_ts", "to_ts"))
            heard = [row for row in ledger if row["scope"] in mine | SENSORS]
            shares = [row["share_seen"] for row in heard if row["share_seen"] is not None]
            share = min(shares, default=None)
            return Window(min(begins, default=None), max(ends, default=None), share, todo=todo)
        begin, end, share = yes
        holed = any(
            _lossy(row)
            and (row["from_ts"] is None or end is None or row["from_ts"] < end)
            and (row["to_ts"] is None or begin is None or row["to_ts"] > begin)
            for row in rows
        )
        # What happens in time is whole only over a time that is told, and moments show nothing.
        told = noun not in TIMED or (begin is not None and end is not None and end - begin >= SHORTEST)
        return Window(begin, end, share, told and not holed and (share is None or share >= NEARLY_ALL), todo)


def _lossy(row: Row) -> bool:
    """Say whether a row of the ledger says that something was missed."""
    return row["complete"] == "no" or (row["share_seen"] is not None and row["share_seen"] < NEARLY_ALL)


_INSIDE = [
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
                 "224.0.0.0/3", "0.0.0.0/8", "fc00::/7", "fe80::/10", "ff00::/8", "::1/128", "::/128")
]  # fmt: skip
_EXAMPLES = [
    ipaddress.ip_network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]


def _within(text: object, ranges: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        addr = ipaddress.ip_address(str(text))
    except ValueError:
        return False
    return any(addr in network for network in ranges)


def _private(text: object) -> bool:
    """Say whether an address is used in many places at once, so that it is of none."""
    return _within(text, _INSIDE)


def _examples(text: object) -> bool:
    return _within(text, _EXAMPLES)


def _marks(row: Row) -> list[tuple[str, ...]]:
    """Return what tells an asset: its domain name, or provider, kind and name; masked ones tell nothing."""
    made: list[tuple[str, ...]] = []
    if row["server_name"] and "‹" not in row["server_name"]:
        made.append(("domain", str(row["server_name"]).lower().rstrip(".")))
    if row["provider"] and row["name"] and "‹" not in row["name"]:
        made.append(("name", str(row["provider"]), str(row["kind"]), str(row["name"])))
    return made


def _joined(rows: list[Row]) -> tuple[datetime | None, datetime | None, float | None] | None:
    """Return the latest time that sources cover without a gap, and the least share that any of them saw."""
    first = datetime.min
    ordered = sorted(rows, key=lambda r: (_bare(r["from_ts"]) or first, _bare(r["to_ts"]) or datetime.max))
    spans: list[tuple[datetime | None, datetime | None, list[float]]] = []
    for row in ordered:
        begin, end, share = row["from_ts"], row["to_ts"], row["share_seen"]
        shares = [] if share is None else [float(share)]
        if spans and (spans[-1][1] is None or begin is None or begin <= spans[-1][1]):
            since, until, before = spans[-1]
            spans[-1] = (since, None if until is None or end is None else max(until, end), before + shares)
        else:
            spans.append((begin, end, shares))
    if not spans:
        return None
    begin, end, shares = spans[-1]
    return begin, end, min(shares, default=None)


def _bare(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=None) if moment else None


def countries(codes: Iterable[str]) -> Said:
    """Return countries as a sentence names them; EU and EEA are groups."""
    groups = {"EU": ("the European Union", "l'Union européenne"), "EEA": ("the EEA", "l'EEE")}
    found = list(dict.fromkeys(str(code) for code in codes))
    words = [groups.get(code) or (country_name(code), country_name(code, language="fr")) for code in found]
    shown, rest = words[:12], len(words) - 12
    more = (f" and {rest:,} more", f" et {rest} autres") if rest > 0 else ("", "")
    return ", ".join(one for one, _ in shown) + more[0], ", ".join(one for _, one in shown) + more[1]
