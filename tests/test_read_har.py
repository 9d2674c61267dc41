"""HTTP archives as ten tools save them, whole, cut off and damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate import model
from flagstate.catalog.mask import mask
from flagstate.engine import connect
from flagstate.read import har
from flagstate.read.part import Context, Head, Note, Opened, Part, Records, Reject, Stream, Tally

DATA = Path(__file__).parent / "data"
FILES = sorted(DATA.glob("har-*/*.har"))


def opened(path: Path) -> Opened:
    return Opened(str(path), Head(path.read_bytes()[:65536], path.stat().st_size, path.suffix), mask(path.name), "e")


def read(path: Path, max_rows: int | None = None) -> tuple[pa.Table, list[Part]]:
    """All exchanges of a file, and its other parts."""
    artefact = opened(path)
    kind = har.READER.recognise(artefact.head)
    assert kind is not None
    tables, others = [], []
    for part in har.READER.read(artefact, kind, Context(connect(files=[str(path)]), mask, max_rows)):
        if isinstance(part, Stream):
            assert part.noun == "exchange"
            tables.append(model.conform(part.relation.to_arrow_table(), model.EXCHANGE))
        elif isinstance(part, Records):
            assert part.state == "moved"
            assert part.asset_id.startswith("host:")
            others.append(Tally(part.reader.read_all().num_rows))
        else:
            others.append(part)
    return pa.concat_tables(tables), others


def one(tmp_path: Path, entries: list[object], **log: object) -> Path:
    path = tmp_path / "x.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "creator": {"name": "t"}, **log, "entries": entries}}))
    return path


def entry(**changes: object) -> dict[str, object]:
    made: dict[str, object] = {
        "startedDateTime": "2026-03-01T10:00:00.000+02:00",
        "request": {"method": "POST", "url": "https://api.example.com/x", "headersSize": 100, "bodySize": 50},
        "response": {"status": 200, "headersSize": 30, "bodySize": 70, "content": {"size": 500, "text": "secret"}},
        "serverIPAddress": "203.0.113.7",
    }
    made.update(changes)
    return made


GOLDEN = {
    "charles.har": (1, 1, 68, 23866),
    "chrome.har": (3, 2, 3868, 7385),
    "corrupted_gzip_body.har": (1, 1, 91, 257),
    "error_log.har": (2, 1, 169, 448),
    "event_stream.har": (2, 2, 440, 628),
    "incomplete_log.har": (4, 0, 0, 0),
    "insomnia.har": (1, 0, 0, 758),
    "successful_log.har": (2, 2, 230, 2367),
    "websocket.har": (3, 3, 2130, 815),
    "with-bom.har": (1, 1, 1972, 73),
    "capture-har_cnn.har": (2, 0, 210, 130861),
    "capture-har_redirect-loop.har": (11, 0, 1221, 2836),
    "firefox_www.nghttp2.org.har": (10, 9, 3009, 79597),
    "github.com.151226_X7_b43d35e592fab70e0ba012fe11a41020.har": (16, 0, 8130, 1637143),
}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_rows_addresses_and_bytes(path: Path) -> None:
    table, others = read(path)
    addressed = len(table) - table["resp_h"].null_count
    sums = [sum(table[c].to_pylist()) for c in ("request_bytes", "response_bytes")]
    assert (len(table), addressed, *sums) == GOLDEN[path.name]
    assert sum(p.rows_read for p in others if isinstance(p, Tally)) == 0
    assert any("server address" in p.reason for p in others if isinstance(p, Note)) == (addressed == 0)


def test_the_byte_order_mark_and_the_suffix_do_not_matter(tmp_path: Path) -> None:
    plain = DATA / "har-mitmproxy/with-bom.har"
    for encoding in ("utf-8", "utf-16", "utf-16-be"):
        copy = tmp_path / "archive.txt"
        copy.write_bytes(plain.read_text(encoding="utf-8-sig").encode(encoding))
        assert read(copy)[0].equals(read(plain)[0])


def test_sizes_addresses_and_ports(tmp_path: Path) -> None:
    unknown = {"headersSize": -1, "bodySize": -1}
    rows = [
        entry(),
        entry(serverIPAddress="[2001:db8::7]", request={"method": "GET", "url": "http://[::1]:8080/", **unknown}),
        entry(
            serverIPAddress="",
            request={
                "method": "POST",
                "url": "https://8.209.64.10/",
                **unknown,
                "headers": [{"name": "ab", "value": "cdef"}],
                "postData": {"text": "äb"},
                "httpVersion": "h3",
            },
        ),
        entry(
            response={"status": 200, "headersSize": -1, "bodySize": -1, "_transferSize": 990, "content": {"size": 5}}
        ),
        entry(response={"status": 200, "headersSize": -1, "bodySize": -1, "content": {"size": 500}}),
        entry(response={"status": 0}, serverIPAddress=""),
        entry(_webSocketMessages=[{"type": "send", "data": "12345"}, {"type": "receive", "data": "123"}]),
    ]
    table = read(one(tmp_path, rows))[0].to_pydict()
    assert table["resp_h"] == ["203.0.113.7", "2001:db8::7", "8.209.64.10", *["203.0.113.7"] * 2, None, "203.0.113.7"]
    assert table["resp_p"] == [443, 8080, 443, 443, 443, 443, 443]
    assert table["proto"][2] == "udp"
    assert table["request_bytes"] == [150, 0, 13, 150, 150, 0, 155]
    assert table["response_bytes"] == [100, 100, 100, 990, 500, 0, 103]
    assert table["status_code"][5] is None
    assert table["ts"][0].isoformat() == "2026-03-01T08:00:00+00:00"
    assert set(table["orig_h"]) == {None}


def test_what_used_no_network_is_no_exchange(tmp_path: Path) -> None:
    rows = [
        entry(_fromCache="memory"),
        entry(request={"method": "GET", "url": "data:text/plain,x"}),
        entry(request={"method": "GET", "url": "blob:https://a.example/1"}),
        entry(),
    ]
    table, others = read(one(tmp_path, rows))
    assert len(table) == 1
    assert sum(p.rows_read for p in others if isinstance(p, Tally)) == 3
    assert [p.rows_read for p in others if isinstance(p, Tally)] == [3, 1, 1, -2], "only the last one moved anything"


def test_bad_entries_are_rejected_by_number_and_without_their_text(tmp_path: Path) -> None:
    canary = "ottokar.zwengel@kanari.example"
    rows = [entry(), {}, entry(startedDateTime=canary), entry(request={"url": f"https://[{canary}"}), entry()]
    table, others = read(one(tmp_path, rows))
    assert len(table) == 2
    assert [p.line for p in others if isinstance(p, Reject)] == [2, 3, 4]
    assert canary not in str(others)


def test_a_cut_archive_is_read_up_to_the_cut(tmp_path: Path) -> None:
    whole = (DATA / "har-perfcascade/capture-har_redirect-loop.har").read_bytes()
    path = tmp_path / "cut.har"
    path.write_bytes(whole[: len(whole) * 6 // 10])
    table, others = read(path)
    assert 3 <= len(table) < 11
    assert any("cut off" in p.reason for p in others if isinstance(p, Note))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 9274), st.binary(max_size=4))
def test_no_damage_makes_it_crash(at: int, noise: bytes) -> None:
    whole = (DATA / "har-mitmproxy/successful_log.har").read_bytes()
    path = Path("/tmp") / f"flagstate-test-{at}.har"
    path.write_bytes(whole[:at] + noise + whole[at + 2 * len(noise) :])
    try:
        artefact = opened(path)
        kind = har.READER.recognise(artefact.head)
        if kind:
            table, others = read(path)
            assert len(table) <= 2
            assert len([part for part in others if not isinstance(part, Tally)]) <= 4
    finally:
        path.unlink()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"log": 5}',
        '{"log": {"level": "info", "message": "entry"}}',
        '{"ts":1.0,"uid":"C","id.orig_h":"10.0.0.1","log":"x"}',
        '{"Records": []}',
        "log,entries\n1,2\n",
    ],
)
def test_other_json_is_not_taken_for_an_archive(text: str) -> None:
    assert har.READER.recognise(Head(text.encode(), len(text), ".har")) is None


def test_it_stops_after_so_many_rows() -> None:
    table, _ = read(DATA / "har-perfcascade/capture-har_redirect-loop.har", max_rows=4)
    assert len(table) == 4


def test_proxies_and_claimed_clients(tmp_path: Path) -> None:
    asked = {"method": "CONNECT", "url": "https://Inner.example:8443", "headers": []}
    headers = [
        {"value": "203.0.113.9, 10.0.0.1", "name": "X-Forwarded-For"},
        {"name": "Via", "value": "1.1.1.1"},
    ]
    plain = {"method": "GET", "url": "http://api.example.com/", "headers": headers}
    rows, _ = read(one(tmp_path, [entry(request=asked), entry(request=plain), entry()]))
    assert rows["connect_to"].to_pylist() == ["inner.example:8443", None, None]
    assert rows["claimed_orig_h"].to_pylist() == [None, "203.0.113.9", None]
