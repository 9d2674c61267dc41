"""The invented hub: how large it is, when, who is in it and at which addresses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

import numpy as np

AS_OF = date(2026, 11, 21)
"""The day of which the demonstration judges."""
LAST_DAY = date(2026, 11, 15)
"""The last day of all that is recorded, a Sunday."""
SENSOR_DAYS = 14
"""So many days before the end the sensor at the border was listening, whatever the scale."""
A_DAY = 893_000
"""Parcels on a mean day of a hub that handles 326 million a year."""
YEAR = 326_000_000
"""The largest scale."""
_WEEK = np.array([1.08, 1.12, 1.10, 1.06, 1.04, 0.95, 0.65])
"""Monday to Sunday: flights arrive every day, and fewer on Sundays."""

# Addresses within, of networks for private use (RFC 1918).
NETWORK = "10.20.0.0/16"
RESOLVER = "10.20.0.53"
WMS, STORE, PORTAL = "10.20.1.10", "10.20.1.20", "10.20.1.30"
BACKUP = "10.20.8.10"
DESKS = tuple(f"10.20.3.{n}" for n in range(40, 60))
SCANNERS = tuple(f"10.20.7.{n}" for n in range(20, 44))
SORTERS = tuple(f"10.20.7.{n}" for n in range(100, 106))
BEACONING, TUNNELLING, FAILING = SCANNERS[5], DESKS[7], SORTERS[2]

# Addresses outside. Ranges for documentation (RFC 5737) belong to nobody; the others lie in public ranges: what tables
# say of them is public record, that this hub uses them is invented. None is of a company that the catalog knows:
# made evidence must not say anything of a real one.
CARRIER, CUSTOMS, UPDATES, OFFSITE = "198.51.100.20", "198.51.100.40", "198.51.100.60", "198.51.100.80"
MERCHANTS = tuple(f"198.51.100.{n}" for n in range(120, 160))
CRAWLER = "198.51.100.200"
NTP = "198.51.100.123"
SORTER_CLOUD, BEAT, SDK, TUNNEL_NS = "203.0.113.77", "203.0.113.90", "203.0.113.60", "203.0.113.53"
UPLOAD = "203.126.1.10"
"""In a public range that stands in Singapore."""
CLOUD = "88.64.1.10"
"""In a public range that stands in Germany: the cloud in which the parcels are stored."""
SUPPORT = "36.110.1.10"
"""In a public range that stands in China: the desk of the software house."""
SUPPORT_HOME = "81.241.1.1"
"""In a public range that stands in Belgium: the desk that was declared."""

NAMES = {
    CARRIER: "tracking.carrier-north.example",
    CUSTOMS: "declarations.customs-desk.example",
    UPDATES: "updates.scanwerk.example",
    OFFSITE: "vault.offsite-copy.example",
    NTP: "time.clock-pool.example",
    BEAT: "beat.pulse-metrics.example",
    SDK: "collect.tally-count.example",
    UPLOAD: "sync.grey-heron.example",
    CLOUD: "oss.fra.grey-heron-cloud.example",
    PORTAL: "portal.ourthe-hub.example",
    SORTER_CLOUD: "telemetry.sorterworks.example",
}
TUNNEL_DOMAIN = "wire-names.example"


@dataclass(frozen=True)
class Hub:
    """How large the hub is, and by which seed it is drawn."""

    scale: int
    """Parcels in all, 1,000 to 326 million."""
    seed: int
    """The same seed and scale give the same evidence."""

    @property
    def days(self) -> int:
        """How many days the stores tell of: 14, or as many as a hub of that size would need."""
        return min(365, max(SENSOR_DAYS, round(self.scale / A_DAY)))

    @property
    def first_day(self) -> date:
        """The first day that the stores tell of."""
        return LAST_DAY - timedelta(days=self.days - 1)

    @property
    def sensor_from(self) -> datetime:
        """When the sensor began to listen (UTC)."""
        first = LAST_DAY - timedelta(days=SENSOR_DAYS - 1)
        return datetime(first.year, first.month, first.day, tzinfo=UTC)

    def rng(self, *of: str | int) -> np.random.Generator:
        """Return chance of its own for a part, so that a change of one part leaves the others as they were."""
        words = [b for one in of for b in str(one).encode()]
        return np.random.default_rng([self.seed, self.scale, *words])

    @cached_property
    def parcels_by_day(self) -> np.ndarray:
        """Parcels that arrive on each day, from the first on; their sum is the scale."""
        weekday = self.first_day.weekday()
        share = _WEEK[(np.arange(self.days) + weekday) % 7]
        share = share * self.rng("days").normal(1, 0.04, self.days).clip(0.8, 1.2)
        counts: np.ndarray = self.rng("counts").multinomial(self.scale, share / share.sum())
        return counts

    def day(self, number: int) -> date:
        """Return the day of a number, 0 being the first."""
        return self.first_day + timedelta(days=number)
