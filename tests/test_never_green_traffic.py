"""Promise 1 for traffic: what was lost, cut, sampled, switched off or not seen never ends in a no."""

from __future__ import annotations

import json
import struct
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from canary_traffic import NEAR, pcap, tcp
from flagstate.pipeline.audit import Order, Outcome, audit
from flow_logs import DATA

DECLARED = (
    "networks: [10.0.0.0/8]\nentities: {hub: {organised_in: [BE], principal_place: BE}}\n"
    "assets: {wms: {kind: system, place: BE, operated_by: hub}}\n"
    "flows: {f: {from: wms, to: 198.51.100.0/24}, g: {from: wms, to: 203.0.113.0/24}}\n"
    "policy: {accept_reach: [EU]}\n"
)
"""A declaration that covers all that is seen: nothing but what was missed stands against a no."""
FLOW = ("flow", "evidence", "activity")


def _talks(count: int, *, open_: bool = True) -> list[tuple[int, bytes]]:
    """Return packets of connections at a steady rhythm; not open: each is a SYN that nobody answered."""
    frames = sorted(tcp([("198.51.100.9", 443, [(True, b"hello"), (False, b"hello")])] * count, step=300))
    return frames if open_ else [each for each in frames if each[1][47] == 2]


def _whole(folder: Path) -> None:
    (folder / "gateway.pcap").write_bytes(pcap(_talks(3)))


def _header_only(folder: Path) -> None:
    (folder / "empty.pcap").write_bytes(pcap([]))


def _cut(folder: Path) -> None:
    (folder / "cut.pcap").write_bytes(pcap(_talks(3))[:-100])


def _noise(folder: Path) -> None:
    (folder / "noise.pcap").write_bytes(pcap([])[:24] + b"\xff" * 4_000)


def _unknown_link(folder: Path) -> None:
    data = bytearray(pcap(_talks(3)))
    data[20:24] = struct.pack("<I", 65_000)
    (folder / "odd.pcap").write_bytes(bytes(data))


def _lost(folder: Path) -> None:
    """Segments of a connection are missing, and acknowledged all the same."""
    frames = sorted(tcp([("198.51.100.9", 443, [(True, b"a" * 9_000), (False, b"b" * 9_000)])], step=300))
    (folder / "lossy.pcap").write_bytes(pcap([each for n, each in enumerate(frames) if n not in (5, 6, 12)]))


def _sampled(folder: Path) -> None:
    (folder / "entries.jsonl").write_bytes((DATA / "gcp_flow" / "entries.jsonl").read_bytes())


def _skipped(folder: Path) -> None:
    head = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
    good = f"2 1 eni-1 {NEAR} 198.51.100.9 4000 443 6 9 900 1794787200 1794787260 ACCEPT OK\n"
    gap = "2 1 eni-1 - - - - - - - 1794787260 1794787320 - SKIPDATA\n"
    (folder / "vpc.log").write_text(head + "log-status\n" + good + gap)


def _dropped(folder: Path) -> None:
    stats: dict[str, object] = {"uptime": 9, "capture": {"kernel_packets": 1_000, "kernel_drops": 400}}
    at = "2026-11-16T09:00:00.000000+0000"
    ends: dict[str, object] = {"timestamp": at, "src_ip": NEAR, "src_port": 1, "dest_ip": "198.51.100.9",
                               "dest_port": 443, "proto": "TCP", "flow_id": 1}  # fmt: skip
    flow: dict[str, object] = {"pkts_toserver": 9, "pkts_toclient": 9, "bytes_toserver": 900, "bytes_toclient": 900}
    flow["start"] = at
    events = [ends | {"event_type": "flow", "flow": flow}]
    events.append({"timestamp": at, "event_type": "stats", "stats": stats})
    (folder / "eve.json").write_text("".join(json.dumps(event) + "\n" for event in events))


def _switched_off(folder: Path) -> None:
    event = {"eventVersion": "1.08", "eventTime": "2026-11-16T10:00:00Z", "eventSource": "ec2.amazonaws.com",
             "eventName": "DeleteFlowLogs", "awsRegion": "eu-central-1", "sourceIPAddress": "198.51.100.1",
             "recipientAccountId": "111122223333", "userIdentity": {"type": "IAMUser", "userName": "ops"},
             "requestParameters": {"DeleteFlowLogsRequest": {"FlowLogId": {"content": "fl-1"}}}}  # fmt: skip
    stop = event | {"eventSource": "cloudtrail.amazonaws.com", "eventName": "StopLogging"}
    stop |= {"requestParameters": {"name": "t"}}
    (folder / "trail.json").write_text(json.dumps({"Records": [event, stop]}))
    _whole(folder)


def _no_events(folder: Path) -> None:
    (folder / "trail.json").write_text('{"Records": []}')
    (folder / "vpc.log").write_text("version srcaddr dstaddr start end\n")
    (folder / "eve.json").write_text('{"timestamp": "x", "event_type": "flow", "src_ip": "10.0.0.1"}\n')


def _attempts(folder: Path) -> None:
    (folder / "estate.yaml").write_text(DECLARED.replace("198.51.100.0/24", "192.0.2.0/24"))
    (folder / "silent.pcap").write_bytes(pcap(_talks(60, open_=False)))


def run(folder: Path, given: Any) -> Outcome:
    evidence = folder / "evidence"
    evidence.mkdir()
    (evidence / "estate.yaml").write_text(DECLARED)
    given(evidence)
    order = Order(paths=(evidence,), case=folder / "case", as_of=date(2026, 11, 21), asked=("flows",))
    return audit(order)


@pytest.mark.parametrize(
    "given",
    [_whole, _header_only, _cut, _noise, _unknown_link, _lost, _sampled, _skipped, _dropped, _switched_off, _no_events],
)
def test_what_was_missed_is_never_well(tmp_path: Path, given: Any) -> None:
    """Even where all that is seen was declared: the answer stays open, says why, and the exit code with it."""
    outcome = run(tmp_path, given)
    found = [row for row in outcome.findings.to_pylist() if row["question"] == "flows"]
    assert found
    assert {row["verdict"] for row in found} == {"unknown"}, [row["message"] for row in found]
    assert outcome.exit_code == 3
    document: Any = outcome.document()
    said = document["questions"]["flows"]
    assert said["why"]
    assert said["collect"]
    assert "no behaviour" not in (outcome.report.read_text() + json.dumps(outcome.document())).lower()
    if given is not _whole:
        doubts = [r for r in outcome.tables["coverage"].to_pylist() if r["noun"] in FLOW and r["complete"] != "yes"]
        assert len(doubts) > (1 if given in (_lost, _sampled, _skipped, _dropped, _switched_off) else 0), doubts


def test_a_beacon_that_nobody_answers_is_an_attempt(tmp_path: Path) -> None:
    """Sixty calls at one rhythm, not one answered: no byte left, so it is tried and not stolen; nor is it nothing."""
    outcome = run(tmp_path, _attempts)
    beacons = [row for row in outcome.tables["behaviour"].to_pylist() if row["kind"] == "beacon"]
    assert beacons
    assert all(row["attempted"] and row["message"].startswith("Attempted: ") for row in beacons)
    found = [row for row in outcome.findings.to_pylist() if row["question"] == "flows" and row["verdict"] == "yes"]
    assert found
    assert {row["level"] for row in found} == {"info"}
    assert all("ttempt" in row["message"] for row in found)
    assert "no" not in {row["verdict"] for row in outcome.findings.to_pylist() if row["question"] == "flows"}
