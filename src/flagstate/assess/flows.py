"""Flows: does data leave, or try to, other than declared?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

from flagstate import model
from flagstate.assess.finding import bytes_in_words, finding

MOST = 200
"""Findings of one kind beyond this are put together in one."""

NAME_NETWORKS = "Name your own networks in estate.yaml (`networks:`), so that it is known which end is yours."
DECLARE = "Declare where data may go (`flows:` in estate.yaml), or run `flagstate init` for a proposal to edit."
COVER = "Say in estate.yaml or with the sensor how complete the capture is, so that an absence can be read."


def flows(tables: Mapping[str, pa.Table]) -> pa.Table:
    """Conclude on flows from the three-way ledger.

    Args:
        tables: reconciliation, flow and coverage.

    Returns:
        Rows of `finding`. What was observed and not declared is adverse; what only tried and sent 0 bytes is said to
        be an attempt; `no` needs a declaration, something observed, and coverage that is known to be complete.
    """
    rows = tables["reconciliation"].to_pylist()
    found = list(_undeclared([r for r in rows if r["result"] == "undeclared"]))
    found += _contradicted([r for r in rows if r["result"] == "contradicted"])
    found += list(_open(rows, tables))
    return model.rows(model.FINDING, found)


def _undeclared(rows: list[dict[str, object]]) -> Iterable[dict[str, object]]:
    rows.sort(key=lambda r: (-_number(r["orig_bytes"]), str(r["subject"]), _number(r["resp_p"])))
    for row in rows[:MOST]:
        sent = _number(row["orig_bytes"])
        where = f"{row['subject']} port {row['resp_p']}" if row["resp_p"] is not None else str(row["subject"])
        country = f" in {row['country']}" if row["country"] else ""
        values = {"sent_bytes": sent, "conns": row["conns"], "failed_conns": row["failed_conns"]}
        if row["egress"] == "no":
            yield finding(
                "flows",
                "flow-undeclared",
                where,
                "yes",
                f"Attempted: {_number(row['conns']):,} connections to {where}{country}; 0 bytes were sent.",
                counterparty=_text(row["operator_id"]),
                outcome="assess",
                confidence="low",
                values=values,
                facts=_texts(row["observed"]),
                rests_on="observed",
                innocent="A service that is switched off or blocked.",
            )
            continue
        amount = bytes_in_words(sent) if sent else "an amount that the source does not give"
        yield finding(
            "flows",
            "flow-undeclared",
            where,
            "yes",
            f"{amount} left for {where}{country} in {_number(row['conns']):,} connections; nothing declares it.",
            counterparty=_text(row["operator_id"]),
            outcome="assess",
            confidence="high",
            values=values,
            facts=_texts(row["observed"]),
            rests_on="observed",
            innocent="An update, time or telemetry service that nobody thought to declare.",
        )
    if rest := rows[MOST:]:
        total = sum(_number(r["orig_bytes"]) for r in rest)
        yield finding(
            "flows",
            "flow-undeclared",
            f"{len(rest):,} further destinations",
            "yes",
            f"{bytes_in_words(total)} left for {len(rest):,} further destinations that nothing declares.",
            outcome="assess",
            confidence="high",
            values={"destinations": len(rest), "sent_bytes": total},
            rests_on="observed",
        )


def _contradicted(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [
        finding(
            "flows",
            "place-contradicted",
            str(row["subject"]),
            "yes",
            f"{row['subject']}: {row['remark']}",
            outcome="conflict",
            confidence="high",
            facts=[*_texts(row["declared"]), *_texts(row["configured"]), *_texts(row["observed"])],
            rests_on="configured" if row["configured"] else "observed",
        )
        for row in rows
    ]


def _open(rows: list[dict[str, object]], tables: Mapping[str, pa.Table]) -> Iterable[dict[str, object]]:
    """Yield what stays unknown, or the one `no`."""
    seen = [r for r in rows if r["observed"]]
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
        yield finding(
            "flows",
            "flow-ends",
            f"{len(blind):,} destinations",
            "unknown",
            f"{conns:,} connections to {len(blind):,} destinations: neither end is known to be yours, "
            "so it is not known whether data left.",
            values={"destinations": len(blind), "conns": conns},
            missing=[NAME_NETWORKS, DECLARE],
            rests_on="observed",
        )
    doors = [r for r in seen if r["own_end"] == "resp" and r["result"] == "unknown"]
    if doors:
        back = sum(_number(r["resp_bytes"]) for r in doors)
        yield finding(
            "flows",
            "flow-callers",
            f"{len(doors):,} open doors",
            "unknown",
            f"Callers from outside took {bytes_in_words(back)} from {len(doors):,} of your ports; who may call is not declared.",
            values={"doors": len(doors), "answered_bytes": back},
            missing=["Declare who may call (`flows:` with `action: receive`)."],
            rests_on="observed",
        )
    if not blind and not doors and not any(r["result"] in ("undeclared", "contradicted") for r in rows):
        yield _clean(seen, tables["coverage"])


def _clean(seen: list[dict[str, object]], coverage: pa.Table) -> dict[str, object]:
    said = [r for r in coverage.to_pylist() if r["noun"] == "flow" and r["evidence_id"] is None]
    complete = bool(said) and all(r["complete"] == "yes" for r in said)
    message = f"All {len(seen):,} observed destinations are covered by the declaration"
    if complete:
        return finding(
            "flows",
            "flow-covered",
            "all flows",
            "no",
            f"{message}, and the capture is said to be complete by {said[0]['said_by']}.",
            rests_on="observed",
        )
    return finding(
        "flows",
        "flow-covered",
        "all flows",
        "unknown",
        f"{message}; but it is not known how much of the traffic the evidence shows.",
        missing=[COVER],
        rests_on="observed",
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _text(value: object) -> str | None:
    return str(value) if value is not None else None


def _texts(value: object) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else []
