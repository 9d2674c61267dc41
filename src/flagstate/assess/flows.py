"""Flows: does data leave, or try to, other than declared?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from flagstate import model
from flagstate.assess.custody import own_ranges
from flagstate.assess.finding import bytes_in_words, finding
from flagstate.model.counted import counted

MOST = 200
"""Findings of one kind beyond this are put together in one."""

DOORS = 3
"""Open ports that a sentence names."""

NAME_NETWORKS = "Name your own networks in estate.yaml (`networks:`), so that it is known which end is yours."
SENDER = (
    "Network logs of the border for the same time: these records name no sender that is yours (a HAR never does); "
    "or name its network under `networks:` in estate.yaml."
)
DECLARE = "Declare where data may go (`flows:` in estate.yaml), or run `flagstate init` for a proposal to edit."
COVER = "Give the logs in which the sensor says what it missed (Zeek capture_loss), so that an absence can be read."


def flows(tables: Mapping[str, pa.Table]) -> pa.Table:
    """Conclude on flows from the three-way ledger.

    Args:
        tables: reconciliation, flow, endpoint, place and coverage.

    Returns:
        Rows of `finding`. What was observed and not declared is adverse; what only tried and sent 0 bytes is said to
        be an attempt; `no` needs a declaration, something observed, and coverage that is known to be complete.
    """
    rows = tables["reconciliation"].to_pylist()
    found = list(_undeclared([r for r in rows if r["result"] == "undeclared"]))
    found += _contradicted([r for r in rows if r["result"] == "contradicted"], tables["place"])
    found += list(_open(rows, tables))
    return model.rows(model.FINDING, found)


def _undeclared(rows: list[dict[str, object]]) -> Iterable[dict[str, object]]:
    groups: dict[tuple[str, object], list[dict[str, object]]] = {}
    for row in rows:
        groups.setdefault((str(row["subject"]), row["resp_p"]), []).append(row)
    listed = sorted((_Left(name, port, group) for (name, port), group in groups.items()), key=_Left.rank)
    for left in listed[:MOST]:
        yield left.finding()
    for some in ([one for one in listed[MOST:] if one.left], [one for one in listed[MOST:] if not one.left]):
        if some:
            yield _rest(some)


class _Left:
    """What went to one name or address and port that nothing declares, over all protocols and addresses of it."""

    def __init__(self, subject: str, port: object, rows: list[dict[str, object]]) -> None:
        self.where = subject if port is None else f"{subject} port {port}"
        self.rows = rows
        self.sums = {
            name: sum(_number(r[name]) for r in rows)
            for name in ("orig_bytes", "resp_bytes", "conns", "failed_conns", "unsized_conns")
        }
        self.left = any(row["egress"] != "no" for row in rows)
        self.facts = [fact for row in rows for fact in _texts(row["observed"])][:50]

    def rank(self) -> tuple[object, ...]:
        """Most bytes first, attempts last."""
        return (not self.left, -self.sums["orig_bytes"], self.where)

    def finding(self) -> dict[str, object]:
        """Return the finding; the hosts' country and operator only where they are one."""
        countries, operators = ({str(r[c]) for r in self.rows if r[c]} for c in ("country", "operator_id"))
        whole = len(countries) == 1 and all(row["country"] for row in self.rows)
        country = f" (host in {', '.join(countries)})" if whole else ""
        gap = next(
            (
                str(r["remark"]).partition("It is declared ")[2]
                for r in self.rows
                if "It is declared " in str(r["remark"])
            ),
            "",
        )
        declared = f"it is declared {gap}" if gap else "nothing declares it."
        return finding(
            "flows",
            "flow-undeclared",
            self.where,
            "yes",
            f"{self._what(country)}; {declared}",
            counterparty=operators.pop() if len(operators) == 1 else None,
            outcome="assess",
            confidence="high" if self.left else "low",
            values={
                "sent_bytes": self.sums["orig_bytes"],
                **{name: self.sums[name] for name in ("conns", "failed_conns", "unsized_conns")},
            },
            facts=self.facts,
            rests_on="observed",
            innocent="An update, time or telemetry service that nobody thought to declare."
            if self.left
            else "A service that is switched off or blocked.",
        )

    def _what(self, country: str) -> str:
        sums, where = self.sums, f"{self.where}{country}"
        conns = counted(sums["conns"], "connection[|s]")
        if not self.left:
            if sums["failed_conns"] == sums["conns"]:
                return f"Attempted: {conns} to {where}, and 0 bytes were sent"
            return f"{conns} to {where} in which 0 bytes were sent and {bytes_in_words(sums['resp_bytes'])} came back"
        if not sums["orig_bytes"]:
            return f"Data of a size that the source does not give was sent to {where} in {conns}"
        least = "At least " if sums["unsized_conns"] else ""
        return f"{least}{bytes_in_words(sums['orig_bytes'])} sent to {where} in {conns}"


def _rest(listed: list[_Left]) -> dict[str, object]:
    """Put what is beyond the bound together; attempts and what was sent stay apart."""
    left = listed[0].left
    total, count = sum(one.sums["orig_bytes"] for one in listed), counted(len(listed), "further destination[|s]")
    message = f"{bytes_in_words(total)} sent to {count}" if left else f"0 bytes sent, or only attempts, to {count}"
    return finding(
        "flows",
        "flow-undeclared",
        f"further destinations ({'sent' if left else 'attempted'})",
        "yes",
        f"{message}; nothing declares them.",
        outcome="assess",
        confidence="high" if left else "low",
        values={"destinations": len(listed), "sent_bytes": total},
        facts=[one.facts[0] for one in listed if one.facts][:50],
        rests_on="observed",
    )


def _contradicted(rows: list[dict[str, object]], place: pa.Table) -> list[dict[str, object]]:
    """Return a finding per declared place and other country; geolocation alone is never more than medium."""
    kinds = dict(zip(place["fact_id"].to_pylist(), place["source_kind"].to_pylist(), strict=True))
    made = []
    for row in rows:
        against = [fact for side in ("configured", "observed", "recorded") for fact in _texts(row[side])]
        firm = any(kinds.get(fact) in ("configured_region", "provider_region") for fact in against)
        rests_on = next((side for side in ("configured", "observed") if row[side]), "recorded")
        made.append(
            finding(
                "flows",
                "place-contradicted",
                str(row["subject"]),
                "yes",
                f"{str(row['subject']).removeprefix('est:')}: {row['remark']}",
                counterparty=_text(row["country"]),
                outcome="conflict",
                confidence="high" if firm else "medium",
                facts=[*_texts(row["declared"]), *against],
                rests_on=rests_on,
                innocent="A copy, a proxy or a front that answers under the same name or address.",
            )
        )
    return made


def _open(rows: list[dict[str, object]], tables: Mapping[str, pa.Table]) -> Iterable[dict[str, object]]:
    """Yield what stays unknown, or the one `no`."""
    seen = [r for r in rows if r["conns"] is not None]
    if not seen:
        yield finding(
            "flows",
            "flow-observed",
            "all flows",
            "unknown",
            "No traffic was observed in what was given, so nothing can be said about where data goes.",
            missing=["Network logs or captures: Zeek conn logs of the border, or a HAR of the application."],
        )
        return
    blind = [r for r in seen if r["own_end"] == "none"]
    if blind:
        conns = sum(_number(r["conns"]) for r in blind)
        again = ", nor whether other records show the same" if len(blind) < len(seen) else ""
        yield finding(
            "flows",
            "flow-ends",
            "destinations of unknown ends",
            "unknown",
            f"{counted(conns, 'connection[|s]')} to {counted(len(blind), 'destination[|s]')}: neither end is known to "
            f"be yours, so it is not known whether data left{again}.",
            values={"destinations": len(blind), "conns": conns},
            facts=_largest(blind),
            missing=[SENDER if own_ranges(tables["network"]) else NAME_NETWORKS, DECLARE],
            rests_on="observed",
        )
    doors = [r for r in seen if r["own_end"] == "resp" and r["result"] == "unknown"]
    if doors:
        back = sum(_number(r["resp_bytes"]) for r in doors)
        yield finding(
            "flows",
            "flow-callers",
            "open doors",
            "unknown",
            f"Callers from outside took {bytes_in_words(back)} from {counted(len(doors), 'open port[|s]')} of yours "
            f"({_doors(doors, tables)}); no declaration covers them.",
            values={"doors": len(doors), "answered_bytes": back},
            facts=_largest(doors),
            missing=["Declare who may call (`flows:` with `action: receive`)."],
            rests_on="observed",
        )
    maybe = [r for r in seen if r["own_end"] == "orig" and r["result"] == "unknown"]
    if maybe:
        yield _maybe(maybe)
    if not blind and not doors and not maybe and not any(r["result"] in ("undeclared", "contradicted") for r in rows):
        yield _clean(seen, tables["coverage"])


def _doors(rows: list[dict[str, object]], tables: Mapping[str, pa.Table]) -> str:
    """Name the doors from which most was taken, with the countries of the callers that are known."""
    ordered = sorted(rows, key=lambda r: (-_number(r["resp_bytes"]), str(r["subject"])))[:DOORS]
    facts = {fact for row in ordered for fact in _texts(row["observed"])}
    flow = tables["flow"]
    near = flow.filter(pc.is_in(flow["fact_id"], value_set=pa.array(sorted(facts), pa.string())))
    callers = dict(zip(near["fact_id"].to_pylist(), near["orig_h"].to_pylist(), strict=True))
    ends = tables["endpoint"].select(["addr", "host_country"]).to_pylist() if "endpoint" in tables else []
    places = {row["addr"]: row["host_country"] for row in ends}
    named = []
    for row in ordered:
        where = sorted({str(places[c]) for f in _texts(row["observed"]) if places.get(c := callers.get(f))})
        port = f" port {row['resp_p']}" if row["resp_p"] is not None else ""
        end = str(row["subject"]).removeprefix("callers of ")
        named.append(f"{end}{port}{', from ' + ', '.join(where) if where else ''}")
    return "; ".join(named) + ("; and more" if len(rows) > DOORS else "")


def _clean(seen: list[dict[str, object]], coverage: pa.Table) -> dict[str, object]:
    told = [r for r in coverage.to_pylist() if r["noun"] in ("flow", "evidence")]
    # Only a word on all of the traffic acquits; what one artefact lost, sampled or could not tell is doubt enough.
    said = [r for r in told if r["noun"] == "flow" and r["evidence_id"] is None]
    complete = bool(said) and all(r["complete"] == "yes" for r in told)
    message = f"All {len(seen):,} observed destinations are covered by the declaration"
    if complete:
        return finding(
            "flows",
            "flow-covered",
            "all flows",
            "no",
            f"{message}, and the capture is said to be complete by {said[0]['said_by']}.",
            facts=_largest(seen),
            rests_on="observed",
        )
    return finding(
        "flows",
        "flow-covered",
        "all flows",
        "unknown",
        f"{message}; but it is not known how much of the traffic the evidence shows.",
        facts=_largest(seen),
        missing=[COVER],
        rests_on="observed",
    )


def _maybe(rows: list[dict[str, object]]) -> dict[str, object]:
    sent = bytes_in_words(sum(_number(r["orig_bytes"]) for r in rows))
    first = max(rows, key=lambda r: _number(r["orig_bytes"]))
    return finding(
        "flows",
        "flow-maybe",
        "destinations that may be declared",
        "unknown",
        f"{sent} sent to {counted(len(rows), 'destination[|s]')} that may be declared, such as {first['subject']}. "
        f"{first['remark']}",
        values={"destinations": len(rows)},
        facts=_largest(rows),
        missing=["What the declaration asks for and the evidence does not say: the three-way ledger lists it."],
        rests_on="observed",
    )


def _largest(rows: list[dict[str, object]]) -> list[str]:
    """Return the facts of the rows with most bytes."""
    ordered = sorted(rows, key=lambda r: (-_number(r["orig_bytes"]) - _number(r["resp_bytes"]), str(r["subject"])))
    return [fact for row in ordered[:20] for fact in _texts(row["observed"])[:2]]


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _text(value: object) -> str | None:
    return str(value) if value is not None else None


def _texts(value: object) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else []
