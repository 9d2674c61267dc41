"""Which measures can be taken in a world: each bound to what it would be applied to, as far as that is near a proof."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from flagstate.assess.accept import read_policy
from flagstate.assess.plan_bind import Params, bind
from flagstate.assess.plan_clauses import Instance, Violation, ids_in
from flagstate.assess.plan_edits import Tables, ids_of
from flagstate.assess.plan_rows import Book, Rows, shown
from flagstate.assess.subject import NO_OPERATOR
from flagstate.catalog.countries import CODES
from flagstate.catalog.country_names import expand
from flagstate.catalog.interest_kinds import interest_kinds, kinds_with
from flagstate.catalog.measures import measures

CUSTODY = tuple(sorted(kinds_with("custody")))
ACCESS = tuple(sorted(kinds_with("custody") | kinds_with("uses_key")))
SUPPLY = ("certifies", "registers", "resolves")
STAKES = tuple(sorted(code for code, kind in interest_kinds().items() if kind.control == "share"))
STEERING = tuple(sorted(code for code, kind in interest_kinds().items() if kind.control in ("full", "veto")))
BELOW_CONTROL_PCT = 9.0
_NOT_MOVED = frozenset({"key", "certificate", "region", "zone"})
_HANDS = ("holds_key", "uses_key", "operates")
"""What says in whose hands a key is, the plainest first."""
_KEEPS_ONLY = frozenset({"store", "edge"})


@dataclass
class Binder:
    """Binds the measures of the catalogue to a world."""

    tables: Tables
    as_of: date
    rows: Rows = field(init=False)
    book: Book = field(init=False)
    places: list[str] = field(default_factory=list)
    """Accepted countries, the most used first."""

    def __post_init__(self) -> None:
        """Index the world and choose the countries of hypothetical parties."""
        self.rows = Rows(self.tables)
        self.book = Book(self.tables)
        self.places = self._places()

    def near(self, violations: Iterable[Violation]) -> set[str]:
        """Return the ids of entities and assets that proofs speak of."""
        listed = list(violations)
        self.book.load(fact for violation in listed for fact in violation.facts)
        found: set[str] = set()
        for violation in listed:
            found |= {violation.subject, *ids_in(violation.guards)}
            rows = map(self.book.get, violation.facts)
            found.update(name for row in rows if row is not None for name in ids_of(row[1]))
        return found

    def bind(
        self, ids: Collection[str], controls: Iterable[tuple[str, str]] = (), *, among: Collection[str] = ()
    ) -> list[Instance]:
        """Return the measures of the catalogue that can be applied to some entities and assets.

        Args:
            ids: Entities and assets.
            controls: Subjects and controls that a rule asks for.
            among: Entities to which links count as well.
        """
        by_kind: dict[str, list[Params]] = {}
        for per, found in self.bindings(sorted(ids), sorted(controls), among=among):
            by_kind.setdefault(per, []).append(found)
        made = [
            bind(code, params, self.rows, self.as_of)
            for code, measure in measures().items()
            for params in by_kind.get(measure.per, ())
        ]
        return [one for one in made if one is not None]

    def _places(self) -> list[str]:
        policy = self.tables["policy"]
        accepted = read_policy(policy, self.as_of)
        sets = [*accepted.by_class.values(), *([accepted.general] if accepted.general is not None else [])]
        used = Counter(str(country) for country in self.tables["place"]["country"].to_pylist() if country)
        fine = frozenset.intersection(*sets) if sets else frozenset(used)
        survive = {str(r["value"]) for r in self.rows.of("policy") if r["policy"] == "must_survive"}
        cut, _ = expand(
            [v.removeprefix("government:") for v in survive if ":" not in v.removeprefix("government:")], on=self.as_of
        )
        listed = sorted((fine & CODES) - cut or fine & CODES, key=lambda code: (-used[code], code))
        return listed

    def bindings(
        self, ids: Sequence[str], controls: Iterable[tuple[str, str]] = (), *, among: Collection[str] = ()
    ) -> Iterator[tuple[str, Params]]:
        """Yield what measures can be bound to: the kind of binding with its parameters."""
        wanted = {*ids, *among}
        for key in ids:
            for asset in self.rows.at("asset", "asset_id", key)[:1]:
                yield from self._asset(key, asset)
            if self.rows.at("legal_entity", "entity_id", key) or self.rows.at("interest", "holder_id", key):
                yield from self._entity(key, wanted)
            elif key == NO_OPERATOR:
                yield from self._unnamed()
        for subject, control in controls:
            yield "clause", {"subject": subject, "subject_name": shown(subject), "control": control}

    def _base(self) -> dict[str, object]:
        return {"place": self.places[0]} if self.places else {}

    def name(self, key: object) -> str:
        """Return the name of an entity or asset, or its id."""
        for noun, column in (("asset", "asset_id"), ("legal_entity", "entity_id")):
            for row in self.rows.at(noun, column, key):
                if row["name"]:
                    return str(row["name"])
        return shown(key)

    def _asset(self, key: str, asset: Mapping[str, object]) -> Iterator[tuple[str, Params]]:
        base = self._base() | {"asset": key, "asset_name": self.name(key)}
        held = self.rows.at("holding", "asset_id", key)
        if asset["kind"] == "key":
            yield "key", self._base() | {"key": key, "key_name": self.name(key), "access": ACCESS}
            yield from self._users(key)
            protected = [str(row["subject_id"]) for row in self.rows.at("interest", "holder_id", key)]
            protected += [str(row["asset_id"]) for row in self.rows.at("holding", "key_ids", key)]
            yield from (pair for one in dict.fromkeys(protected) for pair in self._declared(key, one))
        else:
            yield "keyed", base
            holder = self._holder(key)
            if holder is not None:
                yield "data", base | {"holder": holder, "holder_name": self.name(holder)}
            yield from (pair for one in self._keys(key) for pair in self._declared(one, key))
        if asset["kind"] not in _NOT_MOVED:
            yield "movable", base
        if asset["kind"] in _KEEPS_ONLY:
            yield "opaque", base
        if held:
            yield "held", base
        yield from self._parties(key, base)
        yield from self._needs(key, base)
        if not (asset["critical"] and any(row["state"] != "stored" for row in held)):
            for row in held:
                container = str(row["container"] or "all that is held")
                more = {"container": row["container"], "data_class": row["data_class"], "container_name": container}
                yield "column", base | more
        closure = self._above(key)
        if closure is not None:
            yield "expendable", base | {"assets": tuple(closure)}

    def _holder(self, key: str) -> str | None:
        """Return who decides on an asset, who would hold its keys; where nobody says so, whoever decides on another."""
        for rows in (self.rows.at("interest", "subject_id", key), self.rows.at("interest", "kind", "controller")):
            found = sorted(str(row["holder_id"]) for row in rows if row["kind"] == "controller" and row["holder_id"])
            # With a holder of whom nobody knows where it is, a plan would prove nothing.
            if known := [one for one in found if self._home(one)]:
                return known[0]
        return None

    def _home(self, entity: str) -> bool:
        return any(r["organised_in"] or r["principal_place"] for r in self.rows.at("legal_entity", "entity_id", entity))

    def _keys(self, key: str) -> list[str]:
        found = [str(k) for row in self.rows.at("holding", "asset_id", key) for k in _texts(row["key_ids"])]
        found += [str(r["holder_id"]) for r in self.rows.at("interest", "subject_id", key) if r["kind"] == "protects"]
        return list(dict.fromkeys(found))

    def _declared(self, key: str, asset: str) -> Iterator[tuple[str, Params]]:
        """Yield a key that only declarations bind to an asset, or put into somebody's hands."""
        said = [
            r
            for r in self.rows.at("interest", "holder_id", key)
            if r["kind"] == "protects" and r["subject_id"] == asset
        ]
        said += [r for r in self.rows.at("holding", "asset_id", asset) if key in _texts(r["key_ids"])]
        held = self.rows.at("interest", "subject_id", key)
        hands = next((found for kind in _HANDS if (found := [row for row in held if row["kind"] == kind])), [])
        unsure = [rows for rows in (said, hands) if rows and all(row["stance"] == "declared" for row in rows)]
        if said and unsure:
            about = {"key": key, "asset": asset, "key_name": self.name(key), "asset_name": self.name(asset)}
            holders = tuple(sorted({str(row["holder_id"]) for row in hands if row["stance"] == "declared"}))
            yield "declared_key", {**about, "holders": holders} if hands in unsure else about

    def _users(self, key: str) -> Iterator[tuple[str, Params]]:
        rows = self.rows.at("interest", "subject_id", key)
        holders = sorted({str(row["holder_id"]) for row in rows if row["kind"] == "holds_key"})
        for user in sorted({str(row["holder_id"]) for row in rows if row["kind"] == "uses_key"}):
            other = [holder for holder in holders if holder != user]
            if other and self._persons(user):  # a machine that waits for approvals would not work
                names = {"entity_name": self.name(user), "key_name": self.name(key)}
                yield (
                    "key_user",
                    {"key": key, "entity": user, "approver": other[0], "approver_name": self.name(other[0])} | names,
                )

    def _parties(self, key: str, base: Params) -> Iterator[tuple[str, Params]]:
        """Yield the parties that run, update or supply an asset."""
        held = [r for r in self.rows.at("interest", "subject_id", key) if r["holder_id"] is not None]
        for row in sorted(held, key=lambda r: (str(r["holder_id"]), str(r["kind"]))):
            entity, kind = str(row["holder_id"]), str(row["kind"])
            named = dict(base) | {"entity": entity, "entity_name": self.name(entity)}
            if kind in CUSTODY and not self._persons(entity):
                yield "run_by", named | {"running": CUSTODY}
            if kind == "updates":
                yield "updater", named
            if kind in SUPPLY:
                yield "supplier", named | {"kind": kind, "kind_says": interest_kinds()[kind].says}
            if kind == "licenses":
                yield "licensor", named
                yield "tested", base
            if kind == "authenticates":
                yield "authenticator", named

    def _persons(self, entity: str) -> bool:
        return any(row["kind"] in ("group", "person") for row in self.rows.at("legal_entity", "entity_id", entity))

    def _needs(self, key: str, base: Params) -> Iterator[tuple[str, Params]]:
        groups: dict[int, list[str]] = {}
        for row in self.rows.at("need", "asset_id", key):
            group = row["need_group"]
            groups.setdefault(group if isinstance(group, int) else 0, []).append(str(row["needs_id"]))
        if groups:
            yield "tested", base
        for group, members in sorted(groups.items()):
            taken = {country for member in members for country in self.countries(member)}
            free = [place for place in self.places if place not in taken] or self.places
            if free:
                names = " and ".join(self.name(member) for member in sorted(members))
                yield "need_group", dict(base) | {"group": group, "members": names, "second_place": free[0]}

    def countries(self, key: str) -> Iterator[str]:
        """Yield where something stands, or where those who stop it are organised."""
        for row in self.rows.at("place", "subject_id", key):
            yield str(row["country"])
        holders = [str(r["holder_id"]) for r in self.rows.at("interest", "subject_id", key)]
        for entity in (key, *holders):
            for row in self.rows.at("legal_entity", "entity_id", entity):
                yield from (str(code) for code in (*_texts(row["organised_in"]), row["principal_place"]) if code)

    def _above(self, key: str) -> list[str] | None:
        """Return an asset and all that runs on it; None where something critical is among them."""
        found = [key]
        for one in found:
            if any(row["critical"] for row in self.rows.at("asset", "asset_id", one)):
                return None
            found += [a for r in self.rows.at("asset", "runs_on", one) if (a := str(r["asset_id"])) not in found]
        return sorted(found)

    def _entity(self, key: str, ids: set[str]) -> Iterator[tuple[str, Params]]:
        held = self.rows.at("interest", "holder_id", key)
        if self._persons(key) and any(row["kind"] in ACCESS for row in held):
            employers = sorted(
                {str(r["holder_id"]) for r in self.rows.at("interest", "subject_id", key) if r["kind"] == "employs"}
            )
            staff: dict[str, object] = {"staff": key, "staff_name": self.name(key), "access": ACCESS}
            yield "staff", self._base() | staff | {"employers": tuple(employers)}
        steers = [r for r in (*held, *self.rows.at("interest", "subject_id", key)) if r["kind"] in (*STAKES, *STEERING)]
        for owner, owned in sorted({(str(r["holder_id"]), str(r["subject_id"])) for r in steers}):
            # Nobody sells the owners of a company of the catalog for the sake of a plan: only declared companies.
            if {owner, owned} <= ids and owned.startswith("est:"):
                yield from self._link(owner, owned)
        addresses = [str(row["addr"]) for row in self.rows.at("endpoint", "operator_id", key)]
        if addresses and not self.rows.at("need", "needs_id", key):
            yield "destination", {"entity": key, "entity_name": self.name(key), "addresses": tuple(addresses)}

    def _unnamed(self) -> Iterator[tuple[str, Params]]:
        """Yield the hosts that somebody unknown runs: what goes there can be blocked all the same."""
        called = {str(row["resp_h"]) for row in self.rows.of("flow") if row["resp_h"]}
        silent = [row for row in self.rows.of("endpoint") if row["operator_id"] is None and row["special"] is None]
        operated = {str(row["subject_id"]) for row in self.rows.of("interest") if row["kind"] == "operates"}
        named = {str(row["addr"]) for row in self.rows.of("asset") if row["addr"] and row["asset_id"] in operated}
        addresses = tuple(sorted(addr for row in silent if (addr := str(row["addr"])) in called - named))
        if addresses:
            words = "hosts without known operator"
            yield "destination", {"entity": NO_OPERATOR, "entity_name": words, "addresses": addresses}

    def _link(self, owner: str, owned: str) -> Iterator[tuple[str, Params]]:
        held = self.rows.at("interest", "holder_id", owner)
        shares = [r["share_lo_pct"] for r in held if r["subject_id"] == owned and r["kind"] in STAKES]
        known = [float(share) for share in shares if isinstance(share, int | float)]
        rest = max(known, default=100.0) - BELOW_CONTROL_PCT
        params = self._base() | {"entity": owner, "to": owned, "stakes": STAKES, "steering": STEERING}
        params |= {"entity_name": self.name(owner), "to_name": self.name(owned), "rest_pct": max(rest, 0.0)}
        yield "owner", params


def _texts(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, list) else ()


def controls_asked(violations: Iterable[Violation]) -> set[tuple[str, str]]:
    """Return the subjects and controls that rules ask for: their guards `control:SUBJECT:CODE`."""
    found = set()
    for violation in violations:
        for guard in violation.guards if violation.kind == "rule" else ():
            kind, _, rest = guard.partition(":")
            subject, _, code = rest.rpartition(":")
            if kind == "control" and subject and code:
                found.add((subject, code))
    return found
