"""Flows: counted once whatever is given twice, in whatever order and in whatever pieces."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate import model
from flagstate.engine import connect
from flagstate.enrich import flows
from zeek_logs import ZAT, as_json, audit, conn_log, summarise

ROW: dict[str, Any] = {
    "ts": 1_790_000_000.25, "uid": "C1", "id.orig_h": "10.0.0.1", "id.orig_p": 1024, "id.resp_h": "192.0.2.1",
    "id.resp_p": 443, "proto": "tcp", "service": "ssl", "duration": 1.0, "orig_bytes": 10, "resp_bytes": 20,
    "conn_state": "SF", "missed_bytes": 0,
}  # fmt: skip
LOGS = ("conn.log", "dns.log", "http.log", "ssl.log")


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def logs(folder: Path, *groups: Sequence[dict[str, Any]]) -> list[Path]:
    return [write(folder, f"{at}.log", conn_log(rows)) for at, rows in enumerate(groups)]


def totals(merged: flows.Merged) -> tuple[int, int, int]:
    return tuple(sum(merged.flow[name].to_pylist()) for name in ("conns", "orig_bytes", "resp_bytes"))  # type: ignore[return-value]


def test_the_samples_together() -> None:
    merged = audit([ZAT / name for name in LOGS])
    assert merged.flow.schema.equals(model.FLOW.schema)
    # Counted with awk over the log: connections, sum of column 10, sum of column 11 ('-' as 0).
    assert totals(merged) == (360, 105_343, 5_342_835)
    assert merged.flow.num_rows == 275
    assert merged.overlaps == {}
    one = next(row for row in merged.flow.to_pylist() if row["server_name"] == "www.guyspy.com" and row["resp_p"] == 80)
    assert (one["name_source"], one["resp_h"], one["service"]) == ("host", "54.245.228.191", "http")
    assert one["hours"] == 1 << 23


def test_names_come_from_dns_where_nothing_better_is_known() -> None:
    merged = audit([ZAT / "conn.log", ZAT / "dns.log"])
    found = {row["resp_h"]: row["server_name"] for row in merged.flow.to_pylist() if row["name_source"] == "dns"}
    assert found["54.245.228.191"] == "www.guyspy.com"


def test_an_answer_of_the_own_machine_names_no_flow(tmp_path: Path) -> None:
    fields = ("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "query", "answers")
    asked = [
        ROW | {"uid": f"D{at}", "id.resp_p": 53, "proto": "udp", "query": f"n{at}.example", "answers": addr}
        for at, addr in enumerate(("127.0.0.1", "::1", "0.1.0.0", "192.0.2.1", "::10"))
    ]
    called = [
        ROW | {"uid": f"C{at}", "id.resp_h": addr} for at, addr in enumerate(("127.0.0.1", "::1", "192.0.2.1", "::10"))
    ]
    paths = [
        write(tmp_path, "dns.log", conn_log(asked, path="dns", fields=fields)),
        write(tmp_path, "conn.log", conn_log(called)),
    ]
    named = {row["resp_h"]: row["server_name"] for row in audit(paths).flow.to_pylist() if row["resp_p"] == 443}
    assert named == {"127.0.0.1": None, "::1": None, "192.0.2.1": "n3.example", "::10": "n4.example"}


def test_the_order_of_artefacts_changes_nothing() -> None:
    paths = [ZAT / name for name in (*LOGS, "json/conn.log", "json/http.log", "json/ssl.log", "json/dns.log")]
    first = audit(paths)
    for seed in range(3):
        random.Random(seed).shuffle(paths)
        again = audit(paths)
        assert again.flow.equals(first.flow)
        assert again.overlaps == first.overlaps


def test_the_same_logs_as_json_change_no_total(tmp_path: Path) -> None:
    paths = [ZAT / name for name in LOGS]
    twins = [write(tmp_path, f"twin-{p.name}", as_json(p.read_bytes())) for p in paths]
    both = audit([*paths, *twins])
    assert both.flow.equals(audit(paths).flow)
    assert audit(twins).flow.equals(both.flow)
    assert both.overlaps == {
        str(a): {str(b)} for left, right in ((paths, twins), (twins, paths)) for a, b in zip(left, right, strict=True)
    }


def test_protocol_logs_alone_as_json_too_change_no_total(tmp_path: Path) -> None:
    paths = [ZAT / name for name in LOGS[1:]]
    twins = [write(tmp_path, f"twin-{p.name}", as_json(p.read_bytes())) for p in paths]
    assert audit([*paths, *twins]).flow.equals(audit(paths).flow)


def test_a_log_that_holds_itself_twice(tmp_path: Path) -> None:
    data = (ZAT / "conn.log").read_bytes()
    assert audit([write(tmp_path, "twice.log", data + data)]).flow.equals(audit([ZAT / "conn.log"]).flow)


def test_a_connection_still_open_counts_once_and_the_finished_record_wins(tmp_path: Path) -> None:
    grown = [{**ROW, "duration": d, "orig_bytes": d * 10, "conn_state": "S1"} for d in (1.0, 2.0)]
    opened = write(
        tmp_path,
        "open_conn.log",
        conn_log([{**r, "orig_bytes": int(r["orig_bytes"])} for r in grown], path="open_conn"),
    )
    final = write(tmp_path, "conn.log", conn_log([{**ROW, "duration": 3.0, "orig_bytes": 500}]))
    for paths in ([opened, final], [final, opened]):
        assert totals(audit(paths)) == (1, 500, 20)
    assert totals(audit([opened])) == (1, 20, 20)


@pytest.mark.parametrize(
    ("other", "count"),
    [
        ({"uid": "C2"}, 1),  # a second sensor
        ({"uid": "C2", "ts": ROW["ts"] + 0.0009}, 1),
        ({"uid": "C2", "ts": ROW["ts"] - 0.001}, 1),
        ({"uid": "C2", "ts": ROW["ts"] + 0.0011}, 2),
        ({"uid": "C2", "id.orig_p": 1025}, 2),
        ({"uid": "C2", "proto": "udp"}, 2),
        ({"ts": ROW["ts"] + 5}, 1),  # the same id
        ({"ts": ROW["ts"] + 5, "id.resp_h": "192.0.2.2"}, 2),  # the same id on another connection: another sensor's
        ({"uid": None}, 1),
        ({"uid": None, "ts": ROW["ts"] + 1}, 2),
    ],
)
def test_what_counts_as_the_same_connection(other: dict[str, Any], count: int, tmp_path: Path) -> None:
    one, two = logs(tmp_path, [ROW], [{**ROW, **other}])
    merged = audit([one, two])
    assert totals(merged)[0] == count
    assert merged.overlaps == ({str(one): {str(two)}, str(two): {str(one)}} if count == 1 else {})
    assert totals(audit(logs(tmp_path, [ROW, {**ROW, **other}])))[0] == count


def test_requests_without_a_connection_record_become_flows() -> None:
    merged = audit([ZAT / "http.log"])
    rows = merged.flow.to_pylist()
    uids = {line.split("\t")[1] for line in (ZAT / "http.log").read_text().splitlines() if not line.startswith("#")}
    assert sum(row["conns"] for row in rows) == len(uids)
    assert {row["service"] for row in rows} == {"http"}
    assert sum(row["resp_bytes"] for row in rows) > 0


def test_requests_with_a_connection_record_are_not_counted_again(tmp_path: Path) -> None:
    alone, known = conn_log([ROW]), {**ROW, "uid": "C7"}
    ssl = conn_log([{**ROW, "server_name": "A.Example."}, {**known, "server_name": "b.example"}], path="ssl",
                   fields=["ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "server_name"])  # fmt: skip
    merged = audit([write(tmp_path, "conn.log", alone), write(tmp_path, "ssl.log", ssl)])
    assert [(row["server_name"], row["conns"], row["orig_bytes"]) for row in merged.flow.to_pylist()] == [
        ("a.example", 1, 10),
        ("b.example", 1, 0),
    ]


def test_names_are_cleaned_and_masked_once_each(tmp_path: Path) -> None:
    given = ["WWW.Example.", "www.example", "user@mail.example", "192.0.2.7", "x" * 300, "a\\x20b", "shop.example:8443"]
    rows = [{**ROW, "uid": f"C{at}", "server_name": name} for at, name in enumerate(given)]
    path = write(
        tmp_path, "ssl.log", conn_log(rows, path="ssl", fields=["ts", "uid", "id.orig_h", "id.resp_h", "server_name"])
    )
    asked: list[str] = []

    def mask(name: str) -> str:
        asked.append(name)
        return f"<{name}>"

    merged = audit([path], mask=mask)
    assert sorted(asked) == ["shop.example", "www.example"]
    assert {row["server_name"] for row in merged.flow.to_pylist()} == {"<shop.example>", "<www.example>", None}


def test_summaries_hold_no_paths_and_no_agents() -> None:
    summary = summarise(ZAT / "http.log")
    text = " ".join(
        str(table.to_pylist()) for table in (summary.flow, summary.rows, summary.sightings, summary.answers)
    )
    assert "www.guyspy.com" in text
    assert "Mozilla" not in text
    assert "/wp-content" not in text


def test_failures_misses_and_unknown_sizes(tmp_path: Path) -> None:
    rows = [
        {**ROW, "uid": "C1", "conn_state": "S0", "orig_bytes": None, "resp_bytes": None},
        {**ROW, "uid": "C2", "ts": ROW["ts"] + 1, "conn_state": "SF", "orig_bytes": None, "missed_bytes": 7},
        {**ROW, "uid": "C3", "ts": ROW["ts"] + 3600, "conn_state": "RSTRH"},
    ]
    (row,) = audit(logs(tmp_path, rows)).flow.to_pylist()
    assert (row["conns"], row["failed_conns"], row["unsized_conns"], row["missed_bytes"]) == (3, 1, 1, 7)
    assert bin(row["hours"]).count("1") == 2


def test_sums_that_no_counter_holds_stay_at_the_largest(tmp_path: Path) -> None:
    rows = [{**ROW, "uid": f"C{at}", "ts": ROW["ts"] + at, "orig_bytes": 2**62} for at in range(5)]
    (row,) = audit(logs(tmp_path, rows)).flow.to_pylist()
    assert row["orig_bytes"] == 2**50


def test_nothing_is_the_identity() -> None:
    con = connect(threads=1)
    assert flows.merge({}, con, salt=11).flow.num_rows == 0
    one = summarise(ZAT / "conn.log")
    assert flows.merge({"a": one, "b": flows.Summary()}, con, salt=11).flow.equals(
        flows.merge({"a": one}, con, salt=11).flow
    )
    together = flows.combine([flows.Summary(), one])
    assert (together.count, together.first_ts, together.misses) == (one.count, one.first_ts, one.misses)


def oracle(rows: Sequence[dict[str, Any]]) -> dict[tuple[Any, ...], list[int]]:
    """Count each connection once, the slow and plain way: by id, then by ends and chains of a millisecond."""

    def size(row: dict[str, Any]) -> tuple[Any, ...]:
        # Of two that are alike the one with the lower port counts, as in the product.
        return (row["duration"], row["orig_bytes"], row["resp_bytes"], -row["ts"], -row["id.orig_p"])

    by_id: dict[tuple[Any, ...], dict[str, Any]] = {}
    for at, row in enumerate(rows):
        key = (row["uid"] or at, row["id.orig_h"], row["id.resp_h"])
        by_id[key] = max(by_id.get(key, row), row, key=size)
    chains: list[list[dict[str, Any]]] = []
    ends = lambda row: (row["id.orig_h"], row["id.orig_p"], row["id.resp_h"], row["id.resp_p"])  # noqa: E731
    for row in sorted(by_id.values(), key=lambda row: (ends(row), row["ts"])):
        last = chains[-1][-1] if chains else None
        if last and ends(last) == ends(row) and round((row["ts"] - last["ts"]) * 1e6) <= 1000:
            chains[-1].append(row)
        else:
            chains.append([row])
    found: dict[tuple[Any, ...], list[int]] = {}
    for chain in chains:
        row = max(chain, key=size)
        total = found.setdefault((row["id.orig_h"], row["id.resp_h"], int(row["ts"] // 86400)), [0, 0, 0])
        total[0] += 1
        total[1] += row["orig_bytes"]
        total[2] += row["resp_bytes"]
    return found


RECORDS = st.lists(
    st.builds(
        lambda uid, orig, port, ms, size, length: {
            **ROW, "uid": uid, "id.orig_h": f"10.0.0.{orig}", "id.orig_p": port,
            "ts": 1_790_035_199.0 + ms / 2000, "orig_bytes": size, "duration": float(length),
        },
        st.sampled_from(["C1", "C2", "C3", "C4", None]), st.integers(1, 2), st.integers(1, 2), st.integers(0, 6000),
        st.integers(0, 9), st.integers(0, 3),
    ),
    min_size=1, max_size=14,
)  # fmt: skip


def count(groups: Sequence[Sequence[dict[str, Any]]], con: duckdb.DuckDBPyConnection) -> flows.Merged:
    """Go through the steps for connections that need no file."""
    streams = []
    for rows in groups:
        renamed = [{name.removeprefix("id."): value for name, value in row.items()} for row in rows]
        for row in renamed:
            row |= {"ts": round(row["ts"] * 1e6), "duration_us": round(row.pop("duration") * 1e6)}
        streams.append(con.from_arrow(model.rows(model.CONNECTION, renamed)))
    extract = partial(flows.extract, "connection", con=con, mask=str, salt=3)
    done = {str(at): extract(stream) for at, stream in enumerate(streams)}
    suspects = flows.suspects([each.keys for each in done.values()])
    for at, stream in enumerate(streams):
        if suspects.touches(done[str(at)].keys):
            done[str(at)] = extract(stream, suspects=suspects)
    return flows.merge(done, con, salt=3)


@settings(max_examples=15, deadline=None)
@given(RECORDS, st.randoms(use_true_random=False), st.integers(1, 4))
def test_any_split_in_any_order_counts_as_the_oracle_does(
    rows: list[dict[str, Any]], chance: random.Random, parts: int
) -> None:
    again = [dict(row) for row in rows if chance.random() < 0.4]
    near = [{**row, "uid": "N", "ts": row["ts"] + chance.choice([0, 0.0005, 0.001, 0.0015])} for row in rows[:3]]
    whole = [*rows, *again, *near]
    con = connect(threads=1)
    merged = count([whole], con)
    found: dict[tuple[Any, ...], list[int]] = {}
    for row in merged.flow.to_pylist():
        day = (row["day"] - date(1970, 1, 1)).days
        total = found.setdefault((row["orig_h"], row["resp_h"], day), [0] * 3)
        for at, name in enumerate(("conns", "orig_bytes", "resp_bytes")):
            total[at] += row[name]
    assert found == oracle(whole)
    groups: list[list[dict[str, Any]]] = [[] for _ in range(parts)]
    for row in whole:
        groups[chance.randrange(parts)].append(row)
    chance.shuffle(groups)
    assert count(groups, con).flow.equals(merged.flow)
    con.close()
