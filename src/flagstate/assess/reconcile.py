"""The three-way ledger: what was declared, what is configured and what was observed, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

import duckdb
import pyarrow as pa

from flagstate import model
from flagstate.assess import far_end
from flagstate.assess.destination import MEETS, OPEN, Book, Destination, Fit, Pattern, patterns
from flagstate.model.stance import in_force

Tables = Mapping[str, pa.Table]

TOP_FACTS = 8
"""How many of the largest flows an aggregate names; all of them are in `flow`."""

SUMS = ("conns", "failed_conns", "orig_bytes", "resp_bytes", "unsized_conns")

_SUBJECTS = """
WITH ends AS (
  -- What a proxy of ours was asked for is where it went: the proxy itself is only on the way.
  SELECT f.* REPLACE (
      CASE WHEN f.connect_to IS NULL THEN f.resp_h ELSE {asked_addr} END AS resp_h,
      CASE WHEN f.connect_to IS NULL THEN f.resp_p
        ELSE TRY_CAST(regexp_extract(f.connect_to, ':([0-9]+)$', 1) AS INTEGER) END AS resp_p,
      CASE WHEN f.connect_to IS NULL OR {asked_addr} IS NOT NULL THEN f.server_name
        ELSE regexp_replace(f.connect_to, ':[0-9]+$', '') END AS server_name),
    o.near, coalesce(o.ours, false) AS orig_ours, f.connect_to IS NULL AND coalesce(r.ours, false) AS resp_ours
  FROM observed f LEFT JOIN ours o ON f.orig_h = o.addr LEFT JOIN ours r ON f.resp_h = r.addr
), turned AS (
  SELECT *,
    CASE WHEN orig_ours AND resp_ours THEN 'both' WHEN orig_ours THEN 'orig' WHEN resp_ours THEN 'resp' ELSE 'none' END
      AS own_end
  FROM ends
)
SELECT own_end,
  CASE WHEN own_end = 'resp' THEN orig_h ELSE resp_h END AS addr,
  CASE WHEN own_end = 'resp' THEN NULL ELSE server_name END AS name,
  CASE WHEN own_end = 'resp' THEN resp_h WHEN own_end <> 'none' THEN near END AS own_addr,
  resp_p, proto, {service} AS service, {day} AS day,
  {sums},
  coalesce(bool_and(name_source = 'dns'), false) AS guessed,
  min(first_ts) AS first_ts, max(last_ts) AS last_ts,
  arg_max(fact_id, (coalesce(orig_bytes, 0) + coalesce(resp_bytes, 0), fact_id), {top}) AS facts
FROM turned GROUP BY ALL
"""
ASKED_ADDR = (
    "coalesce(nullif(regexp_extract(f.connect_to, '^\\[([0-9a-f:.]+)\\]', 1), ''), "
    "nullif(regexp_extract(f.connect_to, '^([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)(:|$)', 1), ''))"
)
"""The address that a proxy was asked for; null: it was asked for a name."""
# Grouped no finer than the patterns ask: a declaration without times or services costs no row per day or service.


def reconcile(tables: Tables, con: duckdb.DuckDBPyConnection, as_of: date) -> pa.Table:
    """Compare what was declared and configured with what was observed.

    Args:
        tables: flow (of all stances), network, endpoint, interest, asset and place.
        con: A database to work in.
        as_of: The day on which places and ownership must hold.

    Returns:
        Rows of `reconciliation`: one per observed destination, port and way in which it is declared, and one per
        declared pattern that was not seen. Where neither end is known to be ours, egress and result are unknown.
    """
    declared = patterns(tables)
    ends = far_end.known(tables, as_of)
    seen: set[str] = set()
    rows: dict[tuple[object, ...], dict[str, object]] = {}
    book = Book(declared)
    for subject in _subjects(tables, declared, con):
        row, matched = _judge(subject, book, ends)
        seen.update(pattern.fact_id for pattern in matched)
        key = tuple(str(row[name]) for name in (*_KEY, "declared", "configured", "gap", "guessed"))
        if key in rows:
            _add(rows[key], row)
        else:
            rows[key] = row
    made = [_said(row) for row in rows.values()]
    made += [_absent(pattern) for pattern in declared if pattern.fact_id not in seen]
    made += _contradictions(tables, as_of)
    made.sort(key=lambda row: tuple(str(row.get(name)) for name in (*_KEY, "declared")))
    return model.rows(model.RECONCILIATION, made)


_FINE = ("own_end", "addr", "name", "own_addr", "resp_p", "proto", "service", "day")
_KEY = ("result", "subject", "far", "resp_p", "proto", "own_end")


def _subjects(
    tables: Tables, declared: Iterable[Pattern], con: duckdb.DuckDBPyConnection
) -> Iterable[dict[str, object]]:
    flow, listed = tables["flow"], list(declared)
    query = _SUBJECTS.format(
        service="service" if any(p.service for p in listed) else "NULL::VARCHAR",
        day="day" if any(p.since or p.until for p in listed) else "NULL::DATE",
        sums=", ".join(f"least(sum({name}), 9223372036854775807)::BIGINT AS {name}" for name in SUMS),
        top=TOP_FACTS,
        asked_addr=ASKED_ADDR,
    )
    con.register("flow_in", flow)
    con.register("ours", far_end.ours(flow, tables["network"], [p.own for p in listed if p.from_asset]))
    con.execute("CREATE OR REPLACE TEMP VIEW observed AS SELECT * FROM flow_in WHERE stance = 'observed'")
    found: list[dict[str, object]] = con.sql(query).to_arrow_table().to_pylist()
    con.execute("DROP VIEW observed")
    for name in ("flow_in", "ours"):
        con.unregister(name)
    # The same rows whatever the order in which threads gave them: which facts are named depends on it.
    return sorted(found, key=lambda r: tuple(str(r[c]) for c in _FINE))


def _judge(
    subject: Mapping[str, object], declared: Book, ends: far_end.Ends
) -> tuple[dict[str, object], list[Pattern]]:
    """Return the row of one observed destination, not yet in words, and the patterns that cover it."""
    far = _far(subject, ends)
    end = str(subject["own_end"])
    fits = [(pattern, pattern.fit(far, inbound=end == "resp")) for pattern in declared.about(far)]
    matched = [pattern for pattern, fit in fits if fit.state == MEETS]
    sides = {side: sorted(p.fact_id for p in matched if p.stance == side) for side in ("declared", "configured")}
    result, gap = _result(end, bool(sides["declared"]), [fit for p, fit in fits if p.stance == "declared"])
    row: dict[str, object] = {name: subject[name] for name in ("resp_p", "proto", "first_ts", "last_ts", *SUMS)}
    row |= sides | {
        "subject": f"callers of {far.own_addr}" if end == "resp" else far.shown,
        "far": None if end == "resp" else far.addr,
        "callers": {far.addr},
        "result": result,
        "gap": gap,
        "guessed": bool(subject["guessed"]) and any(p.kind in ("domain", "asset") for p in matched),
        "observed": subject["facts"],
        "own_end": end,
        "country": None if end == "resp" else far.country,
        "operator_id": None if end == "resp" else next(iter(far.operators), None),
    }
    return row, matched


def _far(subject: Mapping[str, object], ends: far_end.Ends) -> Destination:
    name, addr, own, port = (subject[c] for c in ("name", "addr", "own_addr", "resp_p"))
    place = ends.places.get(str(addr), far_end.NOWHERE)
    return Destination(
        str(name) if name else None,
        str(addr) if addr else None,
        place.country,
        ends.operators(addr, name),
        port if isinstance(port, int) else None,
        str(own) if own else None,
        disputed=place.disputed,
        proto=str(subject["proto"]) if subject["proto"] else None,
        service=str(subject["service"]) if subject["service"] else None,
        day=day if isinstance(day := subject["day"], date) else None,
    )


def _result(end: str, declared: bool, fits: list[Fit]) -> tuple[str, str]:
    """Return the result, and why a declaration of the same destination does not, or may not, cover it."""
    if end == "none":
        return "unknown", ""
    if end == "both" or declared:
        return "covered", ""
    if gap := next((fit.why for fit in fits if fit.state == OPEN), ""):
        return "unknown", f"It may be declared: {gap}."
    gap = next((fit.why for fit in fits if fit.why), "")
    return ("unknown" if end == "resp" else "undeclared"), f"It is declared {gap}." if gap else ""


def _add(into: dict[str, object], row: Mapping[str, object]) -> None:
    for name in SUMS:
        into[name] = _whole(into[name]) + _whole(row[name])
    into["first_ts"] = min((t for t in (into["first_ts"], row["first_ts"]) if isinstance(t, datetime)), default=None)
    into["last_ts"] = max((t for t in (into["last_ts"], row["last_ts"]) if isinstance(t, datetime)), default=None)
    into["observed"] = [*_texts(into["observed"]), *_texts(row["observed"])][:TOP_FACTS]
    if isinstance(callers := into["callers"], set) and isinstance(more := row["callers"], set):
        callers |= more


def _said(row: dict[str, object]) -> dict[str, object]:
    """Say in words how a row came to its result, and whether it left."""
    end, result, gap = row["own_end"], row["result"], str(row["gap"])
    egress = "yes"
    if end == "both":
        egress, remark = "no", "Both ends lie in networks that are declared as yours."
    elif end == "none":
        egress, remark = (
            "unknown",
            "Neither end is known to be ours: the source names no sender, or `networks:` in estate.yaml lacks it.",
        )
    elif end == "resp":
        callers = row["callers"]
        count = len(callers) if isinstance(callers, set) else 0
        who = f"{count:,} {'callers' if count != 1 else 'caller'} from outside"
        why = "declare a flow with `action: receive`, or find out who they are."
        remark = f"{who}, as declared." if result == "covered" else f"{who}: {why}"
    elif not _whole(row["orig_bytes"]) and not _whole(row["unsized_conns"]):
        failed = _whole(row["failed_conns"]) == _whole(row["conns"])
        said = "Attempted: 0 bytes were sent." if failed else "Connected, and 0 bytes were sent."
        egress, remark = "no", f"A declared pattern covers it. {said}" if result == "covered" else said
    else:
        remark = "A declared pattern covers it." if result == "covered" else "Nothing that was declared covers it."
    if row["guessed"] and result == "covered" and end == "orig":
        remark += " Its name is the last one that DNS gave for the address, which is no proof."
    if gap and result == "unknown":
        remark = f"{gap} {remark}" if end == "resp" or egress == "no" else gap
    elif gap:
        remark = f"{remark} {gap}"
    names = {column.name for column in model.RECONCILIATION.columns}
    return {name: value for name, value in row.items() if name in names} | {"egress": egress, "remark": remark}


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _texts(value: object) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else []


def _absent(pattern: Pattern) -> dict[str, object]:
    return {
        "subject": pattern.shown,
        "result": "never_seen",
        "declared": [pattern.fact_id] if pattern.stance == "declared" else [],
        "configured": [pattern.fact_id] if pattern.stance == "configured" else [],
        "observed": [],
        "own_end": "none",
        "egress": "unknown",
        "resp_p": pattern.port,
        "remark": "Not observed as declared, in the window and with the coverage that the evidence has.",
    }


def _contradictions(tables: Tables, as_of: date) -> list[dict[str, object]]:
    """Return the declared places that host-grade evidence or an infrastructure description contradicts.

    One row per declared place and other country: several sources that name the same country are one contradiction.
    """
    place = [r for r in tables["place"].to_pylist() if r["country"] and in_force(r, as_of)]
    said = [row for row in place if row["source_kind"] == "declared"]
    rows: dict[tuple[str, str, str], dict[str, object]] = {}
    for row in said:
        hosts = {row["subject_id"], *_names(tables, row["subject_id"])}
        for other in place:
            grade = other["source_kind"] in ("configured_region", "provider_region") or (
                other["source_kind"] == "host" and other["confidence"] == "sure"
            )
            if not grade or other["subject_id"] not in hosts or other["country"] == row["country"]:
                continue
            side = other["stance"] if other["stance"] in ("configured", "observed") else "recorded"
            made = rows.setdefault(
                (row["subject_id"], row["country"], other["country"]),
                {
                    "subject": row["subject_id"],
                    "result": "contradicted",
                    "declared": [row["fact_id"]],
                    "configured": [],
                    "observed": [],
                    "recorded": [],
                    "own_end": "none",
                    "egress": "unknown",
                    "country": other["country"],
                    "remark": f"Declared in {row['country']}",
                },
            )
            listed = made[side]
            if isinstance(listed, list) and other["fact_id"] not in listed:
                listed.append(other["fact_id"])
                made["remark"] = f"{made['remark']}, {side} in {other['country']} ({other['source']})"
    return [row | {"remark": f"{row['remark']}."} for row in rows.values()]


def _names(tables: Tables, asset_id: str) -> set[str]:
    """Return what else stands for an asset: its hosts, and the assets that answer under the same address or name."""
    rows = tables["asset"].select(["asset_id", "addr", "server_name"]).to_pylist()
    own = {row[c] for row in rows if row["asset_id"] == asset_id for c in ("addr", "server_name") if row[c]}
    same = {row["asset_id"] for row in rows if {row["addr"], row["server_name"]} & own}
    return {f"host:{name}" for name in own} | same
