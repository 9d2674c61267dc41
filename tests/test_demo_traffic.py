"""The traffic of the invented hub: its truth is what its files say and what an audit finds."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from conftest import once
from flagstate.demo import leaks, traffic
from flagstate.demo.hub import (
    CLOUD,
    FAILING,
    LAST_DAY,
    NAMES,
    NTP,
    OFFSITE,
    PORTAL,
    SENSOR_DAYS,
    SORTER_CLOUD,
    TUNNEL_DOMAIN,
    TUNNELLING,
    WMS,
    Hub,
)
from flagstate.demo.ordinary import connections, parcels
from flagstate.model.codes import BEHAVIOURS
from pipeline_world import put, run

Truth = dict[str, Any]
Row = dict[str, Any]
SEEDS = (2, 7, 11)
ESTATE = f"""\
networks: [10.20.0.0/16]
assets:
  wms:    {{kind: system, addr: {WMS}}}
  portal: {{kind: service, addr: {PORTAL}, server_name: {NAMES[PORTAL]}}}
flows:
  tracking: {{from: wms, to: carrier-north.example}}
  customs:  {{from: wms, to: customs-desk.example, port: 443}}
  storing:  {{from: wms, to: {NAMES[CLOUD]}}}
  updates:  {{to: scanwerk.example, port: 443}}
  offsite:  {{to: {OFFSITE}/32}}
  clock:    {{to: {NTP}/32, port: 123, proto: udp}}
  visitors: {{to: portal, action: receive}}
"""


def quiet(_: str) -> None:
    """Hear what is being done, and say nothing."""


def lines(path: Path) -> Iterator[Row]:
    """Yield the records of a log, by nothing but its header."""
    raw = path.read_bytes()
    fields: list[str] = []
    for line in (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode().splitlines():
        if line.startswith("#fields"):
            fields = line.split("\t")[1:]
        elif not line.startswith("#"):
            yield dict(zip(fields, line.split("\t"), strict=True))


def logs(folder: Path, kind: str) -> list[Row]:
    """Return all records of one kind of log."""
    return [row for path in sorted(folder.glob(f"{kind}.*")) for row in lines(path)]


def sums(rows: list[Row]) -> dict[str, int]:
    """Count as the truth does."""
    return {
        "conns": len(rows),
        "failed_conns": sum(row["conn_state"] in ("S0", "REJ") for row in rows),
        **{name: sum(int(row[name].replace("-", "0")) for row in rows) for name in ("orig_bytes", "resp_bytes")},
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    """Return the folder of logs of a small hub, and the truth."""
    folder = tmp_path_factory.mktemp("made")
    return folder / "traffic", traffic.write(Hub(1_000, 3), folder, quiet)


# What the files say -------------------------------------------------------------------------------------------------


def test_the_truth_is_what_the_logs_say(made: tuple[Path, Truth]) -> None:
    folder, truth = made
    rows = logs(folder, "conn")
    by_end: dict[str, list[Row]] = {}
    for row in rows:
        by_end.setdefault(f"{row['id.resp_h']}:{row['id.resp_p']}", []).append(row)
    assert truth["destinations"] == {end: sums(found) for end, found in by_end.items()}
    assert truth["connections"] == len(rows)
    counted = {f"traffic/{path.name}": len(list(lines(path))) for path in folder.glob("*.log*")}
    assert truth["files"] == counted
    (crawler,) = (one for one in truth["decoys"] if one["id"] == "crawler")
    assert crawler["conns"] == sum(row["id.orig_h"] in crawler["orig_h"] for row in rows), "all that it did"
    for told in (*truth["hidden"], *truth["decoys"]):
        near = told["orig_h"] if isinstance(told["orig_h"], list) else [told["orig_h"]]
        ends = [f"{told['resp_h']}:{port}" for port in told.get("ports", [told["resp_p"]])]
        mine = [row for end in ends for row in by_end[end] if row["id.orig_h"] in near]
        if told["id"] == "dns_tunnel":
            carried = {row["uid"] for row in logs(folder, "dns") if row["query"].endswith(TUNNEL_DOMAIN)}
            mine = [row for row in mine if row["uid"] in carried]
        assert {name: told[name] for name in traffic.COUNTED} == sums(mine), told["id"]


def test_what_a_handshake_a_name_or_a_page_belongs_to_is_in_the_log_of_connections(made: tuple[Path, Truth]) -> None:
    folder, _ = made
    ends = ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p")
    conns = logs(folder, "conn")
    by_uid = {row["uid"]: row for row in conns}
    assert len(by_uid) == len(conns)
    for kind in ("ssl", "dns", "http"):
        rows = logs(folder, kind)
        for row in rows:
            conn = by_uid[row["uid"]]
            assert [row[name] for name in ends] == [conn[name] for name in ends]
            assert conn["service"] == kind
        assert {row["uid"] for row in rows} == {row["uid"] for row in conns if row["service"] == kind}


def test_times_lie_within_the_days_of_the_sensor(made: tuple[Path, Truth]) -> None:
    folder, _ = made
    first = Hub(1_000, 3).sensor_from.timestamp()
    times = [float(row["ts"]) for row in logs(folder, "conn")]
    assert first <= min(times)
    assert max(times) < first + SENSOR_DAYS * 86_400
    whole = sorted(folder.glob("conn.*"))
    for path, until in zip(whole, [*(one.name[5:15] for one in whole[1:]), "2026-11-16"], strict=True):
        found = [float(row["ts"]) for row in lines(path)]
        assert found == sorted(found)
        days = {date.fromordinal(719_163 + int(one // 86_400)).isoformat() for one in found}
        assert path.name[5:15] in days
        assert max(days) < until


def test_the_tunnel_carries_names_that_are_asked_once(made: tuple[Path, Truth]) -> None:
    folder, truth = made
    (told,) = (one for one in truth["hidden"] if one["id"] == "dns_tunnel")
    rows = [row for row in logs(folder, "dns") if row["query"].endswith(f".{TUNNEL_DOMAIN}")]
    assert told["queries"] == len(rows) == len({row["query"] for row in rows})
    assert {row["id.orig_h"] for row in rows} == {TUNNELLING}
    assert all(len(label) <= 63 for row in rows for label in row["query"].split("."))
    assert max(len(row["query"]) for row in rows) <= 253
    # Which night a question belongs to is where it began.
    nights = Counter(date.fromordinal(719_163 + int(float(row["ts"]) // 86_400)).isoformat() for row in rows)
    assert sorted(nights) == told["nights"]
    assert min(nights.values()) >= 180


def test_the_upload_is_the_parcels_of_the_day_before(made: tuple[Path, Truth]) -> None:
    _, truth = made
    (told,) = (one for one in truth["hidden"] if one["id"] == "bulk_upload")
    hub = Hub(1_000, 3)
    days = [date.fromisoformat(night).toordinal() - 1 for night in told["nights"]]
    assert told["parcels"] == [parcels(hub, date.fromordinal(day)) for day in days]
    rows = sum(told["parcels"]) * told["row_bytes"]
    assert 0 < told["orig_bytes"] - rows + told["conns"] <= told["conns"] * 601


def test_the_backup_is_as_large_as_the_upload(made: tuple[Path, Truth]) -> None:
    """So that it is not the size alone that gives a leak away."""
    folder, truth = made
    upload, backup = Counter[str](), Counter[str]()
    (told,) = (one for one in truth["hidden"] if one["id"] == "bulk_upload")
    for row in logs(folder, "conn"):
        for far, days in ((told["resp_h"], upload), (OFFSITE, backup)):
            if row["id.resp_h"] == far:
                days[str(int(float(row["ts"]) // 86_400))] += int(row["orig_bytes"])
    assert max(backup.values()) > 0.5 * max(upload.values())
    assert len(backup) == SENSOR_DAYS


def test_the_failing_sorter_sends_nothing(made: tuple[Path, Truth]) -> None:
    folder, _ = made
    rows = [row for row in logs(folder, "conn") if row["id.resp_h"] == SORTER_CLOUD]
    assert {row["conn_state"] for row in rows} == {"S0", "REJ"}
    assert {row["id.orig_h"] for row in rows} == {FAILING}
    assert {row["orig_bytes"] for row in rows} == {"0", "-"}


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others(made: tuple[Path, Truth], tmp_path: Path) -> None:
    folder, truth = made
    again: Truth = traffic.write(Hub(1_000, 3), tmp_path / "3", quiet)
    other: Truth = traffic.write(Hub(1_000, 4), tmp_path / "4", quiet)
    assert again == truth
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / "3/traffic" / path.name).read_bytes(), path.name
        if path.name.startswith(("conn", "dns", "ssl", "extract")):
            assert path.read_bytes() != (tmp_path / "4/traffic" / path.name).read_bytes(), path.name
    assert other["destinations"] != truth["destinations"]
    periods = [one["period_s"] for told in (truth, other) for one in told["hidden"] if "period_s" in one]
    assert len(set(periods)) == len(periods)


@pytest.mark.parametrize("scale", [1_000, 600_000])
def test_connections_grow_with_the_parcels(scale: int, tmp_path: Path) -> None:
    hub = Hub(scale, 5)
    said: list[str] = []
    truth = traffic.write(hub, tmp_path, said.append)
    assert truth["connections"] == pytest.approx(connections(hub), rel=0.1)
    assert len(said) >= 2
    # A log for each day where a week would be large.
    assert len(list((tmp_path / "traffic").glob("conn.*"))) == (2 if scale == 1_000 else SENSOR_DAYS)


def test_there_are_never_too_many_connections() -> None:
    assert connections(Hub(326_000_000, 1)) == 3_000_000


def test_what_is_hidden_and_what_only_looks_so_are_different_things() -> None:
    hub = Hub(1_000, 1)
    hidden, decoys = (
        {(one.told["resp_h"], one.told["resp_p"]) for one in stories}
        for stories in (leaks.hidden(hub), leaks.decoys(hub))
    )
    assert hidden.isdisjoint(decoys)
    kinds = [one.told["behaviours"] for one in leaks.hidden(hub)]
    assert all(isinstance(one, list) and set(one) <= BEHAVIOURS.keys() for one in kinds)


# What an audit finds ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=SEEDS)
def audited(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Truth, dict[str, Any]]:
    """Return the truth of a seed, and what an audit of its traffic found."""

    def make(folder: Path) -> tuple[Truth, dict[str, Any]]:
        truth = traffic.write(Hub(1_000, request.param), folder / "evidence", quiet)
        put(folder / "evidence/estate.yaml", ESTATE)
        outcome = run(folder / "evidence", case=folder / "case")
        nouns = ("flow", "finding", "behaviour", "reconciliation", "evidence", "coverage")
        return truth, {noun: outcome.tables[noun].to_pylist() for noun in nouns}

    return once(tmp_path_factory, f"demo-traffic-{request.param}", make)[1]


def test_figures_are_those_of_the_maker(audited: tuple[Truth, dict[str, Any]]) -> None:
    """Connections that the capture shows too count once."""
    truth, found = audited
    counted: dict[str, Counter[str]] = {}
    for row in found["flow"]:
        if row["stance"] == "observed":
            end = counted.setdefault(f"{row['resp_h']}:{row['resp_p']}", Counter())
            end.update({name: row[name] for name in traffic.COUNTED})
    assert {end: dict(all_of_it) for end, all_of_it in counted.items()} == truth["destinations"]
    states = {row["artefact"]: row for row in found["evidence"] if row["state"] not in ("recorded", "set")}
    assert {row["state"] for row in states.values()} == {"read"}
    assert {name: states[name]["rows_read"] for name in truth["files"]} == truth["files"]
    last = states[max(name for name in states if "/conn." in name)]
    assert states["traffic/extract.pcap"]["overlaps"] == [last["evidence_id"]]


def test_everything_hidden_is_found(audited: tuple[Truth, dict[str, Any]]) -> None:
    truth, found = audited
    flows = [row for row in found["finding"] if row["question"] == "flows"]
    for told in truth["hidden"]:
        for kind in told["behaviours"]:
            (mine,) = (
                row for row in flows
                if row["rule_id"] == f"behaviour-{kind}" and f"{told['orig_h']} to {told['name']}" in row["subject"]
            )  # fmt: skip
            assert mine["verdict"] == "yes"
            assert (mine["level"] == "info") == ("attempted" in told), told["id"]
    undeclared = {row["subject"]: row["level"] for row in flows if row["rule_id"] == "flow-undeclared"}
    names = {told["name"]: "attempted" in told for told in truth["hidden"] if told["id"] in _UNDECLARED}
    assert {subject.split()[0]: level == "info" for subject, level in undeclared.items()} == names
    (failed,) = (row for row in flows if SORTER_CLOUD in str(row["facts"]) or "telemetry." in row["subject"]
                 if row["rule_id"] == "flow-undeclared")  # fmt: skip
    assert failed["message"].startswith("Attempted")


_UNDECLARED = ("bulk_upload", "beacon", "failing_sorter")
"""What is hidden that goes to far ends of its own."""


def test_what_is_in_order_is_no_leak(audited: tuple[Truth, dict[str, Any]]) -> None:
    """All that is adverse is about something hidden; a decoy may be asked about, never accused."""
    truth, found = audited
    names = {told["name"] for told in truth["hidden"]} - {""}
    for row in found["finding"]:
        if row["question"] == "flows" and row["verdict"] == "yes":
            assert any(name in row["subject"] for name in names), row["message"]
    said = [row for row in found["behaviour"] if row["score"] >= 0.5 and row["standing"] == "no"]
    assert {row["far"] for row in said} <= names
    covered = {row["subject"] for row in found["reconciliation"] if row["result"] == "covered"}
    assert {told["name"] for told in truth["decoys"] if told["name"] and told["id"] != "crawler"} <= covered


def test_the_sensor_says_what_it_saw(audited: tuple[Truth, dict[str, Any]]) -> None:
    _, found = audited
    (row,) = (row for row in found["coverage"] if row["scope"] == "what this sensor saw")
    assert row["share_seen"] == 1.0
    assert row["to_ts"].date().toordinal() == LAST_DAY.toordinal() + 1
