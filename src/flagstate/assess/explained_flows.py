"""The traffic that an explanation looks at: what was observed by its ends, and which of it a finding is about."""

from __future__ import annotations

import ipaddress
import json
import re
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
    """What was observed, by its far end and its own host; worked out once, and only as far as it is asked for."""

    def __init__(self, tables: Mapping[str, pa.Table], as_of: date) -> None:
        """Look at the tables of a case."""
        self._tables, self._as_of = tables, as_of
        self._masks: dict[Cover, npt.NDArray[np.bool_]] = {}
        self._abouts: dict[str, About] = {}

    def _table(self, name: str) -> pa.Table:
        return self._tables.get(name, model.empty(model.NOUNS[name]))

    @cached_property
    def _flow(self) -> pa.Table:
        flow = self._table("flow")
        return _asked(flow.filter(pc.equal(flow["stance"], "observed")).combine_chunks())

    @cached_property
    def _behaviours(self) -> list[dict[str, object]]:
        rows: list[dict[str, object]] = self._table("behaviour").to_pylist()
        return rows

    # -- which rows a cover has ---------------------------------------------------------------------------------

    @cached_property
    def _fars(self) -> tuple[npt.NDArray[np.int64], list[tuple[str, str]]]:
        """Return for each row the place of its far end, and the far ends as name and address."""
        codes, found = _coded(_joined(self._flow["server_name"], self._flow["resp_h"]))
        return codes, [(name, addr) for name, _, addr in (text.partition(SEPARATOR) for text in found)]

    @cached_property
    def _nears(self) -> tuple[npt.NDArray[np.int64], list[str]]:
        return _coded(pc.fill_null(self._flow["orig_h"], ""))

    @cached_property
    def _ports(self) -> npt.NDArray[np.int64]:
        ports: npt.NDArray[np.int64] = pc.fill_null(self._flow["resp_p"].cast(pa.int64()), -1).to_numpy()
        return ports

    @cached_property
    def _ends(self) -> far_end.Ends:
        return far_end.known(self._tables, self._as_of)

    def _fits(self, cover: Cover, far: Destination) -> bool:
        if cover.to.startswith(("entity:", "provider:")):
            far = replace(far, operators=self._ends.operators(far.addr, far.name))
        return cover.fits(far)

    def _mask(self, cover: Cover) -> npt.NDArray[np.bool_]:
        """Return per row whether a cover has it."""
        if cover not in self._masks:
            codes, fars = self._fars
            anywhere = replace(cover, port=None, near="")
            likely = _likely(cover.to, fars)
            there = np.zeros(len(fars), bool)
            for at in np.flatnonzero(likely):
                name, addr = fars[at]
                there[at] = self._fits(anywhere, Destination(name or None, addr or None, None, (), None))
            found = there[codes]
            if cover.port is not None:
                found &= self._ports == cover.port
            if cover.near:
                found &= np.array([cover.near_fits(one) for one in self._nears[1]], bool)[self._nears[0]]
            self._masks[cover] = found
        return self._masks[cover]

    def covered(self, cover: Cover) -> About:
        """Return all that a cover has."""
        if cover.behaviour:
            listed = (row for row in self._behaviours if row["kind"] == cover.behaviour and _said(row))
            return About(behaviours=tuple(row for row in listed if self._fits(cover, _ends(row))))
        return About(np.flatnonzero(self._mask(cover))) if self._flow.num_rows else About()

    def fits(self, cover: Cover, finding: Row) -> bool:
        """Say whether a cover has all that a finding is about."""
        rule = str(finding["rule_id"])
        if cover.behaviour and rule != PREFIX + cover.behaviour and rule != PREFIX + cover.behaviour.replace("_", "-"):
            return False
        about = self.about(finding)
        if not about or (len(about.rows) and not self._mask(cover)[about.rows].all()):
            return False
        return all(self._fits(cover, _ends(row)) for row in about.behaviours)

    # -- which rows a finding is about --------------------------------------------------------------------------

    def about(self, finding: Row) -> About:
        """Return what an adverse finding about flows is about; nothing if that is not wholly known."""
        name = str(finding["finding_id"])
        if name not in self._abouts:
            self._abouts[name] = self._look(finding)
        return self._abouts[name]

    def _look(self, finding: Row) -> About:
        if finding["question"] != "flows":
            return About()
        rule = str(finding["rule_id"])
        if rule.startswith(PREFIX):
            return About(behaviours=tuple(self._behaving(finding, rule.removeprefix(PREFIX).replace("-", "_"))))
        if not self._flow.num_rows:
            return About()
        facts = finding["facts"]
        rows = self._rows([str(fact) for fact in facts] if isinstance(facts, list) else [])
        # The facts of a finding are bounded: they are all of it where their connections are all of them.
        if len(rows) and int(self._numbers["conns"][rows].sum()) == _values(finding).get("conns"):
            return About(rows)
        return About(self._where(str(finding["subject"])))

    @cached_property
    def _subjects(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], dict[str, int]]:
        """Return the rows in the order of the words in which a finding names their far end, and where each begins."""
        port = self._flow["resp_p"].cast(pa.string())
        name = pc.fill_null(pc.coalesce(self._flow["server_name"], self._flow["resp_h"]), "unknown destination")
        said = pc.binary_join_element_wise(name, port, " port ", null_handling="skip")
        codes, found = _coded(said)
        order = np.argsort(codes, kind="stable")
        return (
            order,
            np.searchsorted(codes[order], np.arange(len(found) + 1)),
            {one: at for at, one in enumerate(found)},
        )

    def _where(self, subject: str) -> npt.NDArray[np.int64]:
        order, begins, places = self._subjects
        at = places.get(subject)
        return order[begins[at] : begins[at + 1]] if at is not None else order[:0]

    @cached_property
    def _facts(self) -> dict[str, int]:
        return {fact: at for at, fact in enumerate(self._flow["fact_id"].to_pylist())}

    def _rows(self, facts: Iterable[str]) -> npt.NDArray[np.int64]:
        return np.array([self._facts[fact] for fact in facts if fact in self._facts], np.int64)

    def _behaving(self, finding: Row, kind: str) -> Iterable[dict[str, object]]:
        """Yield the behaviours of a kind whose far end, own host and port the finding names."""
        words = f"{finding['subject']} {finding['counterparty'] or ''}".split()
        port = words[words.index("port") + 1] if "port" in words[:-1] else None
        same = [row for row in self._behaviours if row["kind"] == kind and row["far"] in words]
        same = [row for row in same if port is None or str(row["resp_p"]) == port]
        return [row for row in same if row["orig_h"] in words] or same

    def flow(self, fact_id: str) -> dict[str, object] | None:
        """Return an observed flow; null: there is none with this id."""
        found: list[dict[str, object]] = self._flow.take(self._rows([fact_id])).to_pylist()
        return found[0] if found else None

    # -- figures ------------------------------------------------------------------------------------------------

    @cached_property
    def _numbers(self) -> dict[str, npt.NDArray[np.int64]]:
        listed = {name: self._flow[name] for name in ("orig_bytes", "conns")}
        return {name: pc.fill_null(column, 0).to_numpy().astype(np.int64) for name, column in listed.items()}

    def figures(self, about: About) -> dict[str, object]:
        """Return the figures of what went: the busiest day, how many destinations and own hosts, the best score."""
        if about.behaviours:
            return _behaved(about.behaviours)
        rows = about.rows
        if not len(rows):
            return {}
        days, at = np.unique(self._flow["day"].cast(pa.int32()).fill_null(0).to_numpy()[rows], return_inverse=True)
        made: dict[str, object] = {}
        for name, column in (("day_bytes", "orig_bytes"), ("day_conns", "conns")):
            sums = np.zeros(len(days), np.int64)
            np.add.at(sums, at, self._numbers[column][rows])
            made[name] = int(sums.max())
        fars = self._fars[1]
        shown = {code: fars[code][0] or fars[code][1] for code in np.unique(self._fars[0][rows]).tolist()}
        ways = np.unique(np.stack([self._fars[0][rows], self._ports[rows]]), axis=1)
        made["destinations"] = len({(shown[code], port) for code, port in ways.T.tolist()})
        made["hosts"] = len(np.unique(self._nears[0][rows]))
        return made


def _asked(flow: pa.Table) -> pa.Table:
    """Return flows with the destination that a proxy was asked for in the place of the proxy, as findings name it."""
    asked = flow["connect_to"]
    if asked.null_count == len(asked):
        return flow
    columns = {name: flow[name].to_pylist() for name in ("server_name", "resp_h", "resp_p")}
    for at, text in enumerate(asked.to_pylist()):
        if text is None:
            continue
        host, _, port = text.rpartition(":") if re.search(r":[0-9]+$", text) else (text, "", "")
        addr = _address(host.removeprefix("[").removesuffix("]"))
        columns["server_name"][at] = columns["server_name"][at] if addr else host
        columns["resp_h"][at], columns["resp_p"][at] = addr, int(port) if port else None
    for name, values in columns.items():
        flow = flow.set_column(
            flow.column_names.index(name), name, pa.array(values, model.FLOW.schema.field(name).type)
        )
    return flow


def _address(text: str) -> str | None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return None
    return text


def _joined(*columns: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(*columns, SEPARATOR, null_handling="replace", null_replacement="")


def _coded(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Return the texts of a column once each, and for each row the place of its own."""
    chunk = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(chunk, pa.ChunkedArray):
        chunk = pa.concat_arrays(chunk.chunks) if chunk.num_chunks else pa.array([], pa.string())
    coded = chunk.dictionary_encode()
    return coded.indices.to_numpy(zero_copy_only=False).astype(np.int64), coded.dictionary.to_pylist()


def _likely(to: str, fars: list[tuple[str, str]]) -> npt.NDArray[np.bool_]:
    """Return which far ends may be meant: a look at their text, so that few are looked at closely."""
    kind, _, value = to.partition(":")
    if kind == "domain":
        return np.array([name.endswith(value) for name, _ in fars], bool)
    if kind == "cidr":
        lead = _lead(value)
        return np.array([addr.startswith(lead) for _, addr in fars], bool)
    return np.ones(len(fars), bool)


def _lead(cidr: str) -> str:
    """Return how every IPv4 address of a range begins; of an IPv6 range nothing, for it is written in many ways."""
    network = ipaddress.ip_network(cidr, strict=False)
    if network.version == 6:
        return ""
    whole = network.prefixlen // 8
    text = ".".join(str(network.network_address).split(".")[:whole])
    return f"{text}." if 0 < whole < 4 else text


def _said(row: Row) -> bool:
    """Say whether a behaviour is sure enough that a finding tells of it."""
    return isinstance(score := row["score"], int | float) and score >= SAID


def _spread(ends: Iterable[Destination]) -> dict[str, object]:
    ends = list(ends)
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
    name = "" if _address(far) else far
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
