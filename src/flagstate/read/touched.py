"""Who touched what from where, added up while a log is read, and told as facts: groups, assets, days and counts.

Names are kept as the log has them only while it is read; what leaves here is masked. A principal is a group (the users
of an account, a role, a service), never a person. Of an identifier that is masked whole (an account number, a random
resource id) four letters of its hash stay, so that two of them can be told apart: they are too few to find it from.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache

from flagstate import model
from flagstate.catalog import regions
from flagstate.model.counted import counted
from flagstate.read.part import Context, Facts, Note, Part

MOST_ROWS = 200_000
"""Distinct accesses of one log; beyond, they are counted by service, without the place that they came from."""

MOST_ASSETS = 20_000
"""Distinct assets of one log; beyond, they are counted under their service."""

_RANDOM = re.compile(
    r"\d{12}|\d{16}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|(i|mi|vol|snap|ami|vpc|subnet|eni|sg|fl|fs|vpce|d|s|m|rm|pc)-[0-9a-z]{8,24}"
)
"""Account numbers, and identifiers that a provider makes up: nothing that a person would choose."""
_PARTS = re.compile(r"([:/ ])")
_LETTERS = str.maketrans("0123456789abcdef", "bcdfghjklmnpqrst")
Row = dict[str, object]


@dataclass(frozen=True)
class Asset:
    """What was touched."""

    id: str
    """Its id, not yet masked: parts that look random stand for themselves between `/`, `:` and the ends."""
    kind: str
    """Kind of asset."""
    name: str = ""
    """Its name, not yet masked; empty: none."""
    region: str = ""
    """Region that the log names; empty: none."""
    service: str = ""
    """Id under which it is counted when there are too many."""
    server_name: str = ""
    """Domain name under which it answers."""


@dataclass
class Sums:
    """What is counted of one kind of access."""

    count: int = 0
    failed: int = 0
    bytes: int | None = None


Key = tuple[str, str, str, str, str, date]


@dataclass
class Touched:
    """Accesses of one log."""

    context: Context
    """Masks."""
    said_by: str
    """Name of the log in the coverage ledger."""
    provider: str | None = None
    """Provider as the catalog names it."""
    regions: str | None = None
    """Short name in the list of regions; null: unknown regions all."""
    rows: dict[Key, Sums] = field(default_factory=dict)
    assets: dict[str, Asset] = field(default_factory=dict)
    gaps: list[Row] = field(default_factory=list)
    first: datetime | None = None
    last: datetime | None = None
    events: int = 0
    crowded: int = 0

    def saw(self, moment: datetime) -> None:
        """Count one event and widen the window."""
        self.events += 1
        self.first = moment if self.first is None or moment < self.first else self.first
        self.last = moment if self.last is None or moment > self.last else self.last

    def add(
        self,
        asset: Asset,
        action: str,
        day: date,
        *,
        principal: str,
        from_place: str = "",
        to_party: str = "",
        failed: bool = False,
        size: int | None = None,
        times: int = 1,
    ) -> None:
        """Count one access.

        Args:
            asset: What was touched.
            action: What was done.
            day: UTC day.
            principal: The group that did it.
            from_place: Address or other origin, as `place` gives it.
            to_party: Who was given access.
            failed: It was refused or went wrong.
            size: Bytes, if the log says.
            times: How often it is counted; 0: it was counted before, and only now known to have failed.
        """
        if asset.id not in self.assets:
            if len(self.assets) >= MOST_ASSETS:
                self.crowded += 1
                asset = Asset(asset.service or "unnamed assets", "service", region="")
            self.assets.setdefault(asset.id, asset)
        key = (principal, asset.id, action, from_place, to_party, day)
        if key not in self.rows and len(self.rows) >= MOST_ROWS:
            self.crowded += 1
            key = (principal, asset.service or asset.id, action, "", to_party, day)
        sums = self.rows.setdefault(key, Sums())
        sums.count += times
        sums.failed += failed
        if size is not None:
            sums.bytes = min((sums.bytes or 0) + size, 2**62)

    def gap(self, row: Row) -> None:
        """Keep one row of coverage; of more than a thousand the first ones."""
        if len(self.gaps) < 1000:
            self.gaps.append(row)

    def parts(self) -> Iterator[Part]:
        """Yield activity, assets, places and coverage, all observed and masked."""
        mask = self.context.mask
        seen: dict[tuple[object, ...], Sums] = {}
        for (who, what, action, place, party, day), sums in self.rows.items():
            key = (shown(who, mask), shown(what, mask), action, place or None, shown(party, mask) or None, day)
            into = seen.setdefault(key, Sums())
            into.count += sums.count
            into.failed += sums.failed
            if sums.bytes is not None:
                into.bytes = min((into.bytes or 0) + sums.bytes, 2**62)
        columns = ("principal", "asset_id", "action", "from_place", "to_party", "day")
        rows = [
            dict(zip(columns, key, strict=True)) | {"count": s.count, "failed": s.failed, "bytes": s.bytes}
            for key, s in sorted(seen.items(), key=lambda item: tuple(map(str, item[0])))
        ]
        if rows:
            yield Facts("activity", model.rows(model.ACTIVITY, rows), "observed")
        yield from self._assets()
        if gaps := list({tuple(map(str, row.values())): row for row in map(self._shown, self.gaps)}.values()):
            yield Facts("coverage", model.rows(model.COVERAGE, gaps), "observed")
        if self.crowded:
            yield Note(
                counted(
                    self.crowded,
                    f"access[|es] beyond {MOST_ASSETS:,} assets or {MOST_ROWS:,} kinds of access [is|are] counted by "
                    "service",
                ),
                "Give the log in smaller files.",
                lost=False,
            )

    def _assets(self) -> Iterator[Part]:
        mask = self.context.mask
        assets: dict[str, Row] = {}
        places: dict[str, Row] = {}
        for one in self.assets.values():
            region = one.region if len(one.region) <= 64 else ""
            row: Row = {
                "asset_id": shown(one.id, mask),
                "kind": one.kind,
                "name": shown(one.name, mask) if one.name else None,
                "provider": self.provider,
                "region": mask(region) if region else None,
                "server_name": self.context.host(one.server_name) if one.server_name else None,
            }
            assets.setdefault(str(row["asset_id"]), row)
            if region:
                places.setdefault(str(row["asset_id"]), self._place(str(row["asset_id"]), region))
        if assets:
            yield Facts("asset", model.rows(model.ASSET, list(assets.values())), "observed")
        if places:
            yield Facts("place", model.rows(model.PLACE, list(places.values())), "observed")

    def _place(self, asset_id: str, region: str) -> Row:
        country = regions.region_country(self.regions, region) if self.regions else None
        told = f"its country as {self.provider} publishes it" if country else "its country is not known here"
        return {
            "subject_id": asset_id,
            "country": country,
            "source_kind": "configured_region",
            "confidence": "sure" if country else "none",
            "region": self.context.mask(region),
            "source": f"region in the {self.said_by} log; {told}",
        }

    def _shown(self, row: Row) -> Row:
        made = dict(row)
        for name in ("scope", "said_by"):
            if isinstance(made.get(name), str) and made[name] != "all":
                made[name] = shown(str(made[name]), self.context.mask)
        return made


def shown(text: str, mask: Callable[[str], str]) -> str:
    """Return an id or name as it may be stored: each part masked, random ones with letters that tell them apart."""
    if not text:
        return ""
    # Part by part, and then the whole: what stands around a part may hide what it is, and two may be one name.
    made = "".join(_part(piece, mask) for piece in _PARTS.split(text))
    return mask(made)


def _part(piece: str, mask: Callable[[str], str]) -> str:
    masked = mask(piece) if len(piece) > 1 else piece
    return _apart(piece, masked) if _RANDOM.fullmatch(piece) else masked


def _apart(piece: str, masked: str) -> str:
    return piece if masked == piece else f"{masked}~{_hash(piece)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:4].translate(_LETTERS)


@lru_cache(maxsize=65536)
def place(text: str) -> str:
    """Return an origin as it may be stored: an address in its usual form, or empty where it is none."""
    bare = text.strip().strip("[]").split("%", 1)[0]
    try:
        found = ipaddress.ip_address(bare)
    except ValueError:
        return ""
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


@lru_cache(maxsize=65536)
def moment(text: str) -> datetime | None:
    """Return a time in ISO 8601 in UTC, or null: it is none. A time without zone counts as UTC."""
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
