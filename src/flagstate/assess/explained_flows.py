"""The traffic that an explanation looks at: what was observed by its ends, and which of it a finding is about."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model
from flagstate.assess import far_end
from flagstate.assess.destination import Destination
from flagstate.assess.explained import Cover
from flagstate.model.noun import SEPARATOR

PREFIX = "behaviour-"
"""How the rules of behaviours begin; what follows is the code."""

SAID = 0.5
"""Score from which a behaviour is told."""

Row = Mapping[str, object]


@dataclass(frozen=True)
class About:
    """What a finding, or a cover, is about."""

    rows: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """Rows of observed flows, by place."""
    behaviours: tuple[Row, ...] = ()
    """Rows of `behaviour`."""

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(len(self.rows) or self.behaviours)


class Went:
    """What was observed, by name, address and port of its far end and by its own host."""

    def __init__(self, tables: Mapping[str, pa.Table], as_of: date) -> None:
        """Look at the tables of a case; nothing is worked out before it is asked for."""
        self._tables, self._as_of = tables, as_of

    def table(self, name: str) -> pa.Table:
        """Return a table of the case; empty if it has none."""
        return self._tables.get(name, model.empty(model.NOUNS[name]))

    @cached_property
    def _flow(self) -> pa.Table:
        flow = self.table("flow")
        return flow.filter(pc.equal(flow["stance"], "observed")).combine_chunks()

    @cached_property
    def _coded(self) -> tuple[npt.NDArray[np.int64], list[Destination]]:
        """Return for each row the place of its ends, and the ends."""
        names = ("server_name", "resp_h", "resp_p", "orig_h")
        columns = [self._flow[name].cast(pa.string()) for name in names]
        joined = pc.binary_join_element_wise(*columns, SEPARATOR, null_handling="replace", null_replacement="")
        chunk = joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined
        coded = chunk.dictionary_encode()
        parts = (text.split(SEPARATOR) for text in coded.dictionary.to_pylist())
        ends = [Destination(n or None, a or None, None, (), int(p) if p else None, o or None) for n, a, p, o in parts]
        return coded.indices.to_numpy(zero_copy_only=False).astype(np.int64), ends

    @cached_property
    def _far(self) -> far_end.Ends:
        return far_end.known(self._tables, self._as_of)

    @cached_property
    def _where(self) -> dict[str, list[int]]:
        """Return the places of ends by the words in which a finding names them."""
        found: dict[str, list[int]] = {}
        for at, one in enumerate(self._coded[1]):
            found.setdefault(one.shown if one.port is None else f"{one.shown} port {one.port}", []).append(at)
        return found

    def _fits(self, cover: Cover, far: Destination) -> bool:
        if cover.to.startswith(("entity:", "provider:")):
            far = replace(far, operators=self._far.operators(far.addr, far.name))
        return cover.fits(far)

    def _matched(self, cover: Cover) -> npt.NDArray[np.bool_]:
        """Return per ends whether a cover has them."""
        if cover not in self._kept:
            self._kept[cover] = np.array([self._fits(cover, far) for far in self._coded[1]], bool)
        return self._kept[cover]

    @cached_property
    def _kept(self) -> dict[Cover, npt.NDArray[np.bool_]]:
        return {}

    def covered(self, cover: Cover) -> About:
        """Return all that a cover has."""
        if cover.behaviour:
            listed = (row for row in self._behaviours if row["kind"] == cover.behaviour and _said(row))
            return About(behaviours=tuple(row for row in listed if self._fits(cover, _ends(row))))
        if not self._flow.num_rows:
            return About()
        return About(np.flatnonzero(self._matched(cover)[self._coded[0]]))

    @cached_property
    def _behaviours(self) -> list[dict[str, object]]:
        rows: list[dict[str, object]] = self.table("behaviour").to_pylist()
        return rows

    def about(self, finding: Row) -> About:
        """Return what an adverse finding about flows is about; nothing if that is not wholly known."""
        if finding["question"] != "flows":
            return About()
        rule = str(finding["rule_id"])
        if rule.startswith(PREFIX):
            return About(behaviours=tuple(self._behaving(finding, rule.removeprefix(PREFIX).replace("-", "_"))))
        if not self._flow.num_rows:
            return About()
        rows = self._rows(finding["facts"])
        # The facts of a finding are bounded: they are all of it where their connections are all of them.
        if len(rows) and int(self._numbers("conns")[rows].sum()) == _values(finding).get("conns"):
            return About(rows)
        places = self._where.get(str(finding["subject"]), [])
        return About(np.flatnonzero(np.isin(self._coded[0], places))) if places else About()

    def _behaving(self, finding: Row, kind: str) -> Iterable[dict[str, object]]:
        """Yield the behaviours of a kind whose far end, own host and port the finding names."""
        words = f"{finding['subject']} {finding['counterparty'] or ''}".split()
        port = words[words.index("port") + 1] if "port" in words[:-1] else None
        same = [row for row in self._behaviours if row["kind"] == kind and row["far"] in words]
        same = [row for row in same if port is None or str(row["resp_p"]) == port]
        return [row for row in same if row["orig_h"] in words] or same

    def fits(self, cover: Cover, finding: Row) -> bool:
        """Say whether a cover has all that a finding is about."""
        rule = str(finding["rule_id"])
        if cover.behaviour and rule != PREFIX + cover.behaviour and rule != PREFIX + cover.behaviour.replace("_", "-"):
            return False
        about = self.about(finding)
        if not about:
            return False
        matched = self._matched(cover)[self._coded[0][about.rows]] if len(about.rows) else np.ones(0, bool)
        return bool(matched.all()) and all(self._fits(cover, _ends(row)) for row in about.behaviours)

    def _rows(self, facts: object) -> npt.NDArray[np.int64]:
        listed = [str(fact) for fact in facts] if isinstance(facts, list) else []
        found = pc.index_in(pa.array(listed, pa.string()), self._flow["fact_id"].combine_chunks())
        places: npt.NDArray[np.int64] = found.drop_null().to_numpy(zero_copy_only=False).astype(np.int64)
        return places

    def flow(self, fact_id: str) -> dict[str, object] | None:
        """Return an observed flow; null: there is none with this id."""
        rows = self._rows([fact_id])
        found: list[dict[str, object]] = self._flow.take(rows).to_pylist()
        return found[0] if found else None

    def _numbers(self, name: str) -> npt.NDArray[np.int64]:
        numbers: npt.NDArray[np.int64] = pc.fill_null(self._flow[name], 0).to_numpy().astype(np.int64)
        return numbers

    def figures(self, about: About) -> dict[str, object]:
        """Return the figures of what went: the busiest day, how many destinations and own hosts, the best score."""
        if about.behaviours:
            return _behaved(about.behaviours)
        if not len(about.rows):
            return {}
        days, at = np.unique(
            self._flow["day"].cast(pa.int32()).fill_null(0).to_numpy()[about.rows], return_inverse=True
        )
        ends = [self._coded[1][one] for one in np.unique(self._coded[0][about.rows])]
        made = {}
        for name, column in (("day_bytes", "orig_bytes"), ("day_conns", "conns")):
            sums = np.zeros(len(days), np.int64)
            np.add.at(sums, at, self._numbers(column)[about.rows])
            made[name] = int(sums.max())
        return made | _spread(ends)


def _said(row: Row) -> bool:
    """Say whether a behaviour is sure enough that a finding tells of it."""
    return isinstance(score := row["score"], int | float) and score >= SAID


def _spread(ends: list[Destination]) -> dict[str, object]:
    return {
        "destinations": len({(one.shown, one.port) for one in ends}),
        "hosts": len({one.own_addr for one in ends}),
    }


def _behaved(rows: Iterable[Row]) -> dict[str, object]:
    listed = list(rows)
    sent = conns = 0
    for row in listed:
        first, last = row["from_ts"], row["to_ts"]
        days = (
            (last.date() - first.date()).days + 1 if isinstance(first, datetime) and isinstance(last, datetime) else 1
        )
        sent += _whole(row["orig_bytes"]) // max(days, 1)
        conns += _whole(row["conns"]) // max(days, 1)
    scores = [float(one) for row in listed if isinstance(one := row["score"], int | float)]
    made: dict[str, object] = {"day_bytes": sent, "day_conns": conns} | _spread([_ends(row) for row in listed])
    return made | ({"score": round(max(scores), 4)} if scores else {})


def _ends(row: Row) -> Destination:
    """Return the ends of a behaviour."""
    far, addr, port = str(row["far"] or ""), row["resp_h"], row["resp_p"]
    try:
        ipaddress.ip_address(far)
        name = ""
    except ValueError:
        name = far
    return Destination(
        name or None,
        str(addr or "") or (far if not name else None),
        None,
        (),
        port if isinstance(port, int) else None,
        str(row["orig_h"]) if row["orig_h"] else None,
    )


def _values(finding: Row) -> dict[str, object]:
    try:
        found = json.loads(str(finding["values"] or "{}"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
