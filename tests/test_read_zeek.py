"""Zeek logs: what is read, what is rejected, and that nothing else is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flagstate import model
from flagstate.read.part import Facts, Head, Note, Records, Reject, Tally
from flagstate.read.zeek import READER
from zeek_logs import ZAT, as_json, conn_log, head, read, table

GOLDEN = {
    "conn.log": ("zeek.conn tsv", 360),
    "conn_date_issue.log": ("zeek.conn tsv", 3),
    "dns.log": ("zeek.dns tsv", 54),
    "http.log": ("zeek.http tsv", 150),
    "ssl.log": ("zeek.ssl tsv", 37),
    "http_empty.log": ("zeek.http tsv", 0),
    "json/conn.log": ("zeek.conn json", 50),
    "json/dns.log": ("zeek.dns json", 50),
    "json/http.log": ("zeek.http json", 28),
    "json/ssl.log": ("zeek.ssl json", 50),
}
ROW = {"ts": 1.5, "uid": "C1", "id.orig_h": "10.0.0.1", "id.orig_p": 1024, "id.resp_h": "192.0.2.1", "id.resp_p": 443}
LINE = b"1.500000\tC1\t10.0.0.1\t1024\t192.0.2.1\t443\ttcp\tssl\t0.5\t10\t20\tSF\t0"
GOOD = conn_log([ROW])


def write(tmp_path: Path, data: bytes, name: str = "some.log") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def with_lines(*lines: bytes) -> bytes:
    begin, close = GOOD.split(b"1.500000")[0], b"#close\t2026-01-01-00-00-00\n"
    return begin + b"".join(line + b"\n" for line in lines) + close


@pytest.mark.parametrize("name", GOLDEN)
def test_every_record_of_the_samples_is_read(name: str) -> None:
    kind, count = GOLDEN[name]
    begun = READER.recognise(head(ZAT / name))
    assert begun is not None
    assert begun.name == kind
    rows, rest = table(ZAT / name)
    assert rows.num_rows == count
    assert rest == []


@pytest.mark.parametrize("name", [name for name, (_, count) in GOLDEN.items() if count])
def test_streams_have_the_columns_of_their_noun(name: str) -> None:
    seen = []
    read(ZAT / name, lambda part, _: seen.append((part.noun, part.relation.to_arrow_table())))
    for noun, rows in seen:
        known = model.NOUNS[noun]
        # What a format does not have it leaves out; what it has stands in the noun's order.
        assert rows.column_names == [name for name in known.names if name in rows.column_names]
        assert {"ts", "uid", "orig_h", "resp_h"} <= set(rows.column_names)
        for column in (column for column in known.columns if column.name in rows.column_names):
            assert str(rows.schema.field(column.name).type).replace("<l:", "<item:") == str(column.type)


def test_what_one_connection_says() -> None:
    rows, _ = table(ZAT / "conn.log")
    one = next(row for row in rows.to_pylist() if row["uid"] == "CoyZrY2g74UvMMgp4a")
    assert one["ts"].timestamp() == pytest.approx(1379288667.706265, abs=1e-6)
    assert (one["orig_h"], one["orig_p"], one["resp_h"], one["resp_p"]) == ("192.168.33.10", 1032, "54.245.228.191", 80)
    assert (one["duration_us"], one["orig_bytes"], one["resp_bytes"], one["conn_state"]) == (447460, 601, 38393, "RSTO")


def test_an_attempt_of_one_packet_sent_nothing() -> None:
    rows, _ = table(ZAT / "conn_date_issue.log")
    assert {row["conn_state"]: row["orig_bytes"] for row in rows.to_pylist()} == {"SH": 0, "S0": None, "SF": 6226}


def test_answers_are_lists_in_both_forms() -> None:
    for name in ("dns.log", "json/dns.log"):
        rows, _ = table(ZAT / name)
        given = [row["answers"] for row in rows.to_pylist() if row["answers"]]
        assert given
        assert all("," not in answer for answers in given for answer in answers)


@pytest.mark.parametrize("name", ["conn.log", "dns.log", "ssl.log", "http.log"])
def test_the_same_log_as_json_gives_the_same_rows(name: str, tmp_path: Path) -> None:
    data = (ZAT / name).read_bytes()
    assert table(write(tmp_path, as_json(data)))[0].equals(table(ZAT / name)[0])


@pytest.mark.parametrize("name", ["conn.log", "dns.log", "ssl.log", "http.log"])
def test_line_by_line_gives_the_same_rows_as_the_engine(name: str, tmp_path: Path) -> None:
    data = (ZAT / name).read_bytes().replace(b"\n", b"\r\n")
    rows, rest = table(write(tmp_path, data))
    assert rows.equals(table(ZAT / name)[0])
    assert rest == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (LINE[:30], "too few fields"),
        (LINE + b"\tmore", "too many fields"),
        (LINE.replace(b"C1", b"C\x001"), "a NUL byte in the line"),
        (LINE.replace(b"1.5", b"yesterday", 1), "a time, count, port or interval is not a number"),
        (LINE.replace(b"1.500000", b"nan", 1), "a time, count, port or interval is not a number"),
        (LINE.replace(b"1.500000", b"-", 1), "a time, count, port or interval is not a number"),
        (LINE.replace(b"1024", b"x"), "a time, count, port or interval is not a number"),
        (LINE.replace(b"C1", b"C\xff1"), "text that is not UTF-8"),
    ],
)
@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
def test_a_damaged_line_costs_itself_alone(line: bytes, reason: str, ends: bytes, tmp_path: Path) -> None:
    data = with_lines(LINE, line, LINE).replace(b"\n", ends)
    rows, rest = table(write(tmp_path, data))
    assert rows.num_rows == 2
    assert rest == [Reject(8, reason)]


def test_a_log_cut_in_its_last_line(tmp_path: Path) -> None:
    data = (ZAT / "conn.log").read_bytes()[:20_000]
    rows, rest = table(write(tmp_path, data))
    lines = data.count(b"\n") + 1
    assert rest == [Reject(lines, "too few fields")]
    assert rows.num_rows == lines - 1 - 8


def test_rotated_logs_in_one_file(tmp_path: Path) -> None:
    data = (ZAT / "conn.log").read_bytes()
    rows, rest = table(write(tmp_path, data + data))
    assert rows.num_rows == 720
    assert rest == []


def test_a_comment_behind_empty_lines_is_no_record(tmp_path: Path) -> None:
    rows, rest = table(write(tmp_path, with_lines(LINE, b"", b"", b"#close\t2026-03-02-09-00-00", LINE, b"1")))
    assert rows.num_rows == 2
    assert rest == [Reject(12, "too few fields")]


def test_a_header_that_changes_is_followed(tmp_path: Path) -> None:
    other = conn_log([{**ROW, "uid": "C2"}], fields=["uid", "ts", "id.resp_h", "id.orig_h"])
    rows, rest = table(write(tmp_path, GOOD + other))
    assert [(row["uid"], row["orig_h"], row["resp_p"]) for row in rows.to_pylist()] == [
        ("C1", "10.0.0.1", 443),
        ("C2", "10.0.0.1", None),
    ]
    assert rest == []


def test_another_log_behind_the_first_is_said(tmp_path: Path) -> None:
    rows, rest = table(write(tmp_path, GOOD + (ZAT / "dns.log").read_bytes()))
    assert rows.num_rows == 1
    assert Tally(rows_rejected=54) in rest
    assert any(isinstance(part, Note) and "54 rows" in part.reason for part in rest)


def test_headers_may_be_incomplete(tmp_path: Path) -> None:
    lines = [line for line in GOOD.split(b"\n") if not line.startswith((b"#sep", b"#path", b"#unset", b"#close"))]
    path = write(tmp_path, b"\n".join(lines))
    begun = READER.recognise(head(path))
    assert begun is not None
    assert begun.name == "zeek.conn tsv"
    assert table(path)[0].num_rows == 1


@pytest.mark.parametrize(
    "ts",
    ['"2019-12-03T23:04:56.052279Z"', "1575414296.052279", "1575414296052.279", '"2019-12-04T00:04:56.052279+01:00"'],
)
def test_times_in_json(ts: str, tmp_path: Path) -> None:
    data = f'{{"ts":{ts},"uid":"C1","id.orig_h":"10.0.0.1","id.resp_h":"192.0.2.1","conn_state":"SF"}}\n'
    rows, _ = table(write(tmp_path, data.encode()))
    assert [str(t) for t in rows["ts"].cast("timestamp[us]").to_pylist()] == ["2019-12-03 23:04:56.052279"]


def test_bad_lines_in_json_are_numbered(tmp_path: Path) -> None:
    data = (ZAT / "json" / "conn.log").read_bytes().splitlines(keepends=True)
    data[3:3] = [b'{"ts": 1,\n', b"not json\n", b'{"uid": "C9"}\n', b"[1]\n", b'{"ts": "\x00"}\n']
    rows, rest = table(write(tmp_path, b"".join(data)))
    assert rows.num_rows == 50
    assert [part.line for part in rest if isinstance(part, Reject)] == [4, 5, 6, 7, 8]


def test_logs_without_facts_are_counted() -> None:
    kind, rest = read(ZAT / "dhcp.log", lambda part, _: part)
    assert kind == "zeek.dhcp tsv"
    tally, note = rest
    assert isinstance(tally, Tally)
    assert tally.rows_read == 2
    assert str(tally.first_ts) == "2013-09-15 23:44:10.691137+00:00"
    assert note == Note("no facts are taken from dhcp logs yet")
    assert read(ZAT / "json" / "weird.log", lambda part, _: part)[0] == "zeek.weird json"


def test_capture_loss_is_coverage(tmp_path: Path) -> None:
    text = b'{"ts":1000.0,"ts_delta":900.0,"peer":"z","gaps":25,"acks":100,"percent_lost":25.0}\n'
    for data in (text, conn_log([{"ts": 1000, "ts_delta": 900, "gaps": 25, "acks": 100}], path="capture_loss",
                                fields=["ts", "ts_delta", "gaps", "acks"])):  # fmt: skip
        (facts,) = [p for p in read(write(tmp_path, data), lambda part, _: part)[1] if isinstance(p, Facts)]
        (row,) = facts.table.to_pylist()
        assert (row["share_seen"], row["complete"], row["from_ts"].timestamp()) == (0.75, "no", 100)


@pytest.mark.parametrize(
    "data", [b"", b"#", b"# a comment\n1,2\n", b"#fields\ta\tb\n1\t2\n", b'{"ts": 1}\n', b"[1, 2]", b"{"]
)
def test_other_files_are_left_to_others(data: bytes) -> None:
    assert READER.recognise(Head(data, len(data), ".log")) is None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_hostile_bytes_cost_only_their_lines(tmp_path: Path, data: st.DataObject) -> None:
    lines = [LINE] * 5
    hostile = data.draw(st.integers(0, 4))
    lines[hostile] = data.draw(st.binary(min_size=1, max_size=60).filter(lambda b: b"\n" not in b and b"#" not in b))
    rows, rest = table(write(tmp_path, with_lines(*lines)))
    rejects = [part for part in rest if isinstance(part, Reject)]
    blank = not lines[hostile].strip(b"\r")
    assert rows.num_rows == 4
    assert [part.line for part in rejects] == ([] if blank else [7 + hostile])


def test_what_requests_say_is_searched_by_parameter(tmp_path: Path) -> None:
    fields = ["ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "trans_depth", "method", "host", "uri",
              "referrer", "user_agent", "username", "password"]  # fmt: skip
    common = {**ROW, "trans_depth": 1, "method": "GET"}
    rows = [
        {**common, "host": "API.Shop.example:8080", "uri": "/u/7?email=a%40b.example&n=1", "user_agent": "curl/8",
         "referrer": "https://x.example/p?ref=q", "username": "alice", "password": "wonder"},
        {**common, "uri": "http://px.example/c?uid=7"},
        {**common, "host": "x.example", "uri": "odd uri"},
    ]  # fmt: skip
    lines = "\n".join(json.dumps(row) for row in rows)
    for data in (conn_log(rows, path="http", fields=fields), lines.encode()):
        _, parts = read(write(tmp_path, data), lambda part, _: part.relation.to_arrow_table().num_rows)
        given = [part for part in parts if isinstance(part, Records)]
        found = {(p.container, p.asset_id, p.state): p.reader.read_all().to_pylist() for p in given}
        assert found == {
            ("sent to api.shop.example", "host:api.shop.example", "moved"): [
                {"email": "a@b.example", "n": "1", "path": "/u/7", "user-agent": "curl/8", "referer.ref": "q",
                 "referer.path": "/p", "user name": "alice", "password": "wonder"}
            ],
            ("sent to 192.0.2.1", "host:192.0.2.1", "moved"): [{"uid": "7", "path": "/c"}],
            ("sent to x.example", "host:x.example", "moved"): [{"uri": "odd uri"}],
        }  # fmt: skip
        assert sum(part.rows_read for part in parts if isinstance(part, Tally)) == -3
        assert 3 in parts


def test_proxies_and_claimed_clients(tmp_path: Path) -> None:
    fields = ["ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "trans_depth", "method", "host", "uri",
              "proxied"]  # fmt: skip
    cases: list[tuple[str, str, list[str], str | None, str | None]] = [
        ("CONNECT", "Inner.example:443", [], "inner.example:443", None),
        ("CONNECT", "[2001:db8::1]:443", [], "[2001:db8::1]:443", None),
        ("CONNECT", "odd uri", [], None, None),
        ("GET", "inner.example:443", ["VIA -> 1.1 10.9.9.9"], None, None),
        ("GET", "/", ["X-FORWARDED-FOR -> 203.0.113.7"], None, "203.0.113.7"),
        ("GET", "/", ["VIA -> 1.1 x", "X-FORWARDED-FOR -> 203.0.113.7:4711\\x2c 10.0.0.1"], None, "203.0.113.7"),
        ("GET", "/", ["X-FORWARDED-FOR -> 1.2.3.4", 'FORWARDED -> by=9.9.9.9;for="[2001:DB8::1]:4711"'], None,
         "2001:db8::1"),
        ("GET", "/", ["CLIENT-IP -> unknown", "X-FORWARDED-FOR -> 999.1.1.1"], None, None),
    ]  # fmt: skip
    common = {**ROW, "trans_depth": 1, "host": "a.example"}
    given: list[dict[str, Any]] = [
        {**common, "ts": 1_700_000_000 + at, "method": method, "uri": uri, "proxied": proxied or None}
        for at, (method, uri, proxied, *_) in enumerate(cases)
    ]
    texts = [{**row, "proxied": ",".join(row["proxied"]) if row["proxied"] else "-"} for row in given]
    lines = "\n".join(json.dumps({k: v for k, v in row.items() if v is not None}) for row in given)
    for data in (conn_log(texts, path="http", fields=fields), lines.encode()):
        rows, _ = table(write(tmp_path, data))
        shown = list(zip(rows["connect_to"].to_pylist(), rows["claimed_orig_h"].to_pylist(), strict=True))
        assert shown == [case[3:] for case in cases]
