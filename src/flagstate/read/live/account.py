"""The account of a store while it is read: what was seen of it, what was not, and the row of coverage that says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flagstate import model
from flagstate.catalog.mask import mask
from flagstate.model.counted import counted
from flagstate.read.live.faults import Fault
from flagstate.read.live.sampling import SEED, Bounds, Sample
from flagstate.read.live.target import Target
from flagstate.read.part import Facts, Note, Part

NAMED = 5
"""Tables that a note names; the others are counted."""


@dataclass
class Account:
    """What became of a store while it was read."""

    tables: int = 0
    """Tables that were begun."""
    sampled: int = 0
    """Of these, sampled."""
    tables_lost: int = 0
    """Tables of which something could not be read."""
    hidden: int = 0
    """Tables of which rows may be hidden from our role."""
    rows: int = 0
    """Rows that were read."""
    total: int = 0
    """Rows that the tables have that were begun."""
    counted: bool = True
    """Whether all totals were counted, not estimated."""
    sampling: bool = False
    """Whether the present table is sampled."""
    fault: Fault | None = None
    """Why the present table ended early."""
    reasons: dict[Fault, list[str]] = field(default_factory=dict)
    """Tables by why they were not read."""

    def begin(self, sample: Sample) -> None:
        """Begin with a table."""
        self.fault = None
        self.tables += 1
        self.sampling = sample.rows_total is not None
        if sample.rows_total is not None:
            self.sampled += 1
            self.total += sample.rows_total
            self.counted = self.counted and sample.exact

    def see(self, rows: int) -> None:
        """Note that rows of the present table were read."""
        self.rows += rows
        if not self.sampling:
            self.total += rows

    def lose(self, path: str, fault: Fault) -> None:
        """Note that a table could not be read, or not to its end."""
        self.fault = None
        self.tables_lost += 1
        self.reasons.setdefault(fault, []).append(path)

    def some(self, paths: Iterable[str]) -> str:
        """Return a few names, masked, and how many there are beside."""
        listed = list(paths)
        shown = ", ".join(mask(path) for path in listed[:NAMED])
        return shown if len(listed) <= NAMED else f"{shown} and {len(listed) - NAMED:,} more"

    def losses(self) -> Iterator[Note]:
        """Yield a note for each reason why tables were not read."""
        for fault, paths in self.reasons.items():
            many = f"{len(paths):,} tables were" if len(paths) > 1 else "One table was"
            yield Note(f"{many} not read to the end, because {fault.reason}: {self.some(paths)}", fault.todo)

    def close(self, target: Target, bounds: Bounds) -> Iterator[Part]:
        """Yield how much of the store was seen: a note if it was a sample, and its row of coverage."""
        if self.sampled:
            how = "counted" if self.counted else "estimated by the server"
            yield Note(
                f"A sample: of {self.sampled:,} of {counted(self.tables, 'table[|s]')} at most {bounds.sample_rows:,} "
                f"rows each were read (seed {SEED}), of {counted(self.total, 'row[|s]')} ({how})",
                "Add --full to read everything.",
                lost=False,
            )
        whole = not (self.sampled or self.tables_lost or self.hidden)
        row = {
            "noun": "holding",
            "scope": f"store:{target.show()}",
            "to_ts": datetime.now(UTC),
            "complete": "yes" if whole else "no",
            "share_seen": 1.0 if whole else self._share(),
            "said_by": "flagstate",
            "remark": self._remark(),
            "todo": "" if whole else "Scan with --full and a role that may read everything.",
        }
        yield Facts("coverage", model.rows(model.COVERAGE, [row]), "observed")

    def _share(self) -> float | None:
        """Return the share of rows that was seen; null where something unknown is missing."""
        if self.tables_lost or self.hidden or not self.total:
            return None
        return min(1.0, self.rows / self.total)

    def _remark(self) -> str:
        said = f"{counted(self.tables, 'table[|s]')}, {counted(self.rows, 'row[|s]')} read"
        if self.sampled:
            said += f"; {counted(self.sampled, 'table[|s]')} sampled"
        if self.tables_lost:
            said += f"; {counted(self.tables_lost, 'table[|s]')} not read, or not to the end"
        return said
