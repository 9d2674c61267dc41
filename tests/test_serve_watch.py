"""Watching a folder: rotation counts nothing twice, each alert arrives once, and a kill loses nothing."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alert_servers import Hook, free_port, webhook
from conftest import Run
from flagstate.case import Case
from flagstate.cli.watch import span
from flagstate.errors import UsageError
from flagstate.pipeline.audit import Order
from flagstate.pipeline.judgements import Said, cover_of, make
from flagstate.serve.alerts import Message, target
from flagstate.serve.outbox import Outbox, Patience, settled
from flagstate.serve.watch import Round, Switch, Watching, watch
from ocsf_schema import faults
from pipeline_world import age, conns, header, lines, put

ESTATE = "networks: [10.0.0.0/8]\n"
SECRET = "t0ken-in-a-path"


def order(base: Path) -> Order:
    return Order((base / "logs",), base / "case", memory_bytes=1 << 30, threads=2, asked=("flows",), without=("laws",))


def rounds(base: Path, *where: str, **options: Any) -> Round:
    """Do one round, as a new process would, and return what it said."""
    said: list[Round] = []
    what = Watching(order(base), targets=tuple(target(one) for one in where), once=True, **options)
    watch(what, said.append)
    return said[0]


def world(base: Path, count: int = 6) -> Path:
    put(base / "logs" / "estate.yaml", ESTATE)
    return put(base / "logs" / "conn.log", header() + lines(conns(count)))


def grow(path: Path, since: int, count: int) -> None:
    with path.open("a") as file:
        file.write(lines(conns(count, since=since)))
    age(path)


def rows(base: Path, kind: str) -> list[dict[str, Any]]:
    return [row["body"] for row in Case.open(base / "case").ledger() if row["kind"] == kind]


def told(base: Path) -> list[str]:
    return [alert["uid"] for row in rows(base, "watch") for alert in row.get("alerts", [])]


def test_what_is_new_is_told_once_over_restarts(tmp_path: Path) -> None:
    path = world(tmp_path)
    with webhook() as hook:
        where = (f"webhook:http://127.0.0.1:{hook.port}/{SECRET}", f"file:{tmp_path / 'alerts.jsonl'}")
        first = rounds(tmp_path, *where)
        assert (first.state, first.version, first.waiting) == ("audited", 1, 0)
        assert first.new == len(hook.events) > 0
        assert first.sent == 2 * first.new
        assert rounds(tmp_path, *where).new == 0
        grow(path, 6, 5)
        third = rounds(tmp_path, *where)
        assert third.new > 0
        assert hook.uids == told(tmp_path)
        assert len(set(hook.uids)) == first.new + third.new
    assert all(faults(event) == [] for event in hook.events)
    written = [json.loads(line)["metadata"]["uid"] for line in (tmp_path / "alerts.jsonl").read_text().splitlines()]
    assert written == hook.uids
    connections = rows(tmp_path, "connection")
    assert len(connections) == hook.connections == 2
    assert {row["outcome"] for row in connections} == {"sent"}
    assert {row["to"] for row in connections} == {f"webhook http://127.0.0.1:{hook.port}/…"}
    assert SECRET.encode() not in (tmp_path / "case" / "ledger.jsonl").read_bytes()
    assert not Case.open(tmp_path / "case").check()


def test_a_case_that_is_known_is_not_told_and_what_outgrows_its_judgement_is(tmp_path: Path) -> None:
    path = world(tmp_path, 3)
    first = rounds(tmp_path)
    assert first.new > 0, "without a place to tell it is still noted"
    out = tmp_path / "alerts.jsonl"
    make(tmp_path / "case", "flows", Said("explained", "dpo", "cdn"), cover_of("192.0.2.0/24"))
    assert rounds(tmp_path, f"file:{out}").new == 0
    assert not out.exists()
    grow(path, 2_000, 11)
    events = rounds(tmp_path, f"file:{out}")
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert events.new == len(found) > 0
    whys = {event["unmapped"]["why_now"] for event in found}
    assert "reopened: what was judged grew" in whys


def totals(base: Path) -> int:
    with Case.open(base / "case").tables() as opened:
        return int(sum(opened["flow"]["conns"].to_pylist()))


def test_rotation_counts_nothing_twice_and_loses_nothing() -> None:
    rotated(["rename", "gzip beside", "copytruncate", "gzip"])


STEPS = st.lists(st.sampled_from(["grow", "rename", "copytruncate", "gzip", "gzip beside"]), min_size=2, max_size=6)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(STEPS)
def test_rotation_in_any_order_counts_nothing_twice_and_loses_nothing(steps: list[str]) -> None:
    rotated(steps)


def rotated(steps: list[str]) -> None:
    """Follow a log through steps of its rotation; after each, the case counts what was written, once."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        path, written = world(base), 6
        rounds(base)
        for number, step in enumerate(steps):
            if step == "grow":
                grow(path, written, 4)
                written += 4
            elif step == "rename":
                path.rename(path.with_name(f"conn.{number}.log"))
                put(path, header())
            elif step == "copytruncate":
                shutil.copyfile(path, path.with_name(f"conn.{number}.log"))
                put(path, header())
            else:
                for old in sorted(path.parent.glob("conn.[0-9]*.log"))[:1]:
                    put(old.with_name(f"{old.name}.gz"), gzip.compress(old.read_bytes()))
                    if step == "gzip":
                        old.unlink()
                grow(path, written, 2)
                written += 2
            done = rounds(base)
            assert done.state == "audited", done.problem
            assert totals(base) == written, (step, number)


def test_who_does_not_answer_neither_blocks_nor_loses(tmp_path: Path) -> None:
    path = world(tmp_path)
    port = free_port()
    where = f"webhook:http://127.0.0.1:{port}/"
    first = rounds(tmp_path, where)
    assert first.new == first.waiting > 0
    assert {row["outcome"] for row in rows(tmp_path, "connection")} == {"failed: connection refused"}
    grow(path, 6, 2)
    assert rounds(tmp_path, where).waiting >= first.new
    # Given up after its time: a dead letter, which is not tried again.
    time.sleep(1.1)
    last = rounds(tmp_path, where, patience=Patience(give_up_s=1.0))
    assert last.dead >= first.new
    dead = {uid for row in rows(tmp_path, "dead_letter") for uid in row["alerts"]}
    assert dead == set(told(tmp_path))
    assert rounds(tmp_path, where).waiting == 0


def test_it_is_tried_again_and_later_each_time(tmp_path: Path) -> None:
    waits = [Patience(5, 900).wait(failures) for failures in range(12)]
    assert waits[:4] == [0, 5, 10, 20]
    assert max(waits) == waits[-1] == 900
    case = Case.open(tmp_path / "case", create=True)
    with webhook() as hook:
        hook.status = [503, 200, 500]
        to = target(f"webhook:http://127.0.0.1:{hook.port}/")
        outbox = Outbox(case, [to], Patience(first_s=0.05, longest_s=0.1))
        outbox.start()
        for number in range(3):
            outbox.give(outbox.marks[0], Message(f"u{number}", 3, datetime.now(UTC), json.dumps(_event(number))))
        hook.wait(3)
        outbox.stop(5)
    # What was not brought into the ledger before a kill is brought there by the next.
    after = Outbox(case, [to])
    after.recover(set())
    assert after.keep() == {"sent": 3, "dead": 0}
    found = [row["body"] for row in case.ledger() if row["kind"] == "connection"]
    assert {uid for _, uid in settled(found)} == {"u0", "u1", "u2"}
    assert len(found) == hook.connections >= 3
    again = Outbox(case, [to])
    again.recover({str(row["id"]) for row in found})
    assert again.keep() == {"sent": 0, "dead": 0}


def _event(number: int) -> dict[str, Any]:
    return {"metadata": {"uid": f"u{number}"}}


def test_it_goes_on_until_it_is_ended(tmp_path: Path) -> None:
    path = world(tmp_path)
    said: list[Round] = []
    switch = Switch()

    def grown(done: Round) -> None:
        said.append(done)
        if done.state == "audited" and len(said) == 1:
            grow(path, 6, 3)
        elif done.state == "unchanged":
            (tmp_path / "logs" / "estate.yaml").write_text("networks: [10.0.0.0/8]\nasets: {}\n")
        elif done.state == "failed":
            switch.end()

    ended = threading.Timer(60, switch.end)
    ended.start()
    assert watch(Watching(order(tmp_path), every_s=0.05), grown, switch) == 0
    ended.cancel()
    states = [one.state for one in said]
    assert states == ["audited", "audited", "unchanged", "failed"]
    assert "asets" in said[-1].problem
    assert said[1].files == {"new": 0, "changed": 1, "gone": 0}
    assert said[-1].version == said[1].version == 2


def test_alerts_into_the_folder_itself_are_refused(tmp_path: Path) -> None:
    world(tmp_path)
    with pytest.raises(UsageError, match="into the folder that is watched"):
        rounds(tmp_path, f"file:{tmp_path / 'logs' / 'alerts.jsonl'}")
    with pytest.raises(UsageError, match="not a folder"):
        watch(Watching(Order((tmp_path / "none",), tmp_path / "case")), lambda _: None)


# As a process ---------------------------------------------------------------------------------------------------------


def begin(base: Path, hook: Hook, *more: str) -> subprocess.Popen[bytes]:
    told = ["watch", "logs", "--case", "case", "--every", "1s", "--ask", "flows", "--without", "laws", "--json"]
    told += ["--alert", f"webhook:http://127.0.0.1:{hook.port}/", *more]
    command = [sys.executable, "-P", "-m", "flagstate", *told]
    return subprocess.Popen(command, cwd=base, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)


def test_a_kill_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    path, written = world(tmp_path, 4), 4
    dice = random.Random(7)
    with webhook() as hook:
        hook.delay_s = 0.05
        for _ in range(2):
            with begin(tmp_path, hook) as process:
                time.sleep(dice.uniform(1.0, 4.0))
                os.killpg(process.pid, signal.SIGKILL)
            grow(path, written, 3)
            written += 3
        with begin(tmp_path, hook, "--once") as process:
            out, err = process.communicate(timeout=90)
        assert b"Traceback" not in err, err
        (line,) = out.splitlines()
        said = json.loads(line)
        assert said["alerts"]["waiting"] == 0
        assert process.returncode == said["exit"] >= 10
    with Case.open(tmp_path / "case").tables() as opened:
        findings = opened["finding"].to_pylist()
    adverse = {row["finding_id"] for row in findings if row["verdict"] == "yes" and row["question"] == "flows"}
    assert {event["finding_info"]["uid"] for event in hook.events} >= adverse, "every adverse finding was told"
    assert set(hook.uids) == set(told(tmp_path)), "nothing was told that the case does not know, and nothing is left"
    assert len(hook.uids) - len(set(hook.uids)) <= 3, "a kill between an arrival and its row may tell one alert twice"
    assert totals(tmp_path) == written
    assert not Case.open(tmp_path / "case").check()


def test_a_signal_ends_it_cleanly(tmp_path: Path) -> None:
    world(tmp_path)
    with webhook() as hook, begin(tmp_path, hook) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        assert first["state"] == "audited"
        hook.wait(first["alerts"]["new"])
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert time.monotonic() - began < 10
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert {uid for row in rows(tmp_path, "connection") for uid in row["alerts"]} == set(told(tmp_path))


def test_lengths_of_time_are_read_as_written() -> None:
    assert [span(text) for text in ("60s", "5m", "2h", "1d", "90")] == [60, 300, 7_200, 86_400, 90]
    for wrong in ("", "0s", "-1s", "1w", "1.5h", "²s"):
        with pytest.raises(UsageError):
            span(wrong)


def test_the_command_refuses_what_is_not_meant(tmp_path: Path, flagstate: Run) -> None:
    world(tmp_path)
    for wrong in (
        ("none",),
        ("logs", "--every", "0s"),
        ("logs", "--alert", "mail:a@b.example"),
        ("logs", "--fail-on", "x"),
    ):
        done = flagstate("watch", *wrong, "--once", cwd=tmp_path)
        assert done.returncode == 2, wrong
        assert b"Do:" in done.stderr
    assert not (tmp_path / "flagstate-case").exists()
