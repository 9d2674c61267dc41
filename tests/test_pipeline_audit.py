"""An audit: what becomes of each artefact, and that nothing but evidence changes a table."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from flagstate.errors import CaseError, DeclarationError
from flagstate.pipeline.audit import Outcome
from pipeline_world import (
    DATA,
    ESTATE,
    PACKED,
    age,
    as_json,
    conns,
    ledger,
    plain,
    put,
    run,
    states,
    totals,
    tsv,
    work,
)


def test_each_artefact_is_a_row_and_a_second_audit_reads_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "given"
    put(folder / "conn.log", tsv(conns(30)))
    put(folder / "again" / "conn.log", tsv(conns(30)))
    put(folder / "bare.json.gz", PACKED["gz"](as_json(conns(10, since=100)))[:-8])
    put(folder / "estate.yaml", ESTATE)
    put(folder / "table.csv", "id,email\n1,a@example.com\n2,b@example.com\n")
    put(folder / "unknown.bin", bytes(range(256)))
    put(folder / "empty.log", b"")
    put(folder / "page.html", "<html></html>")
    (folder / "link").symlink_to(folder / "conn.log")
    os.mkfifo(folder / "pipe")
    for name in ("har-mitmproxy/chrome.har", "iac-inframap-states/version_3_state.json"):
        put(folder / Path(name).name, (DATA / name).read_bytes())
    first = run(folder, case=tmp_path / "case")
    assert states(first) == {
        "again/conn.log": "read",
        "conn.log": "duplicate",
        "bare.json.gz": "partly_read",
        "chrome.har": "read",
        "empty.log": "not_recognised",
        "estate.yaml": "read",
        "link": "refused",
        "page.html": "read",
        "pipe": "refused",
        "table.csv": "read",
        "unknown.bin": "not_recognised",
        "version_3_state.json": "refused",
    }
    for row in first.tables["evidence"].to_pylist():
        assert row["state"] in ("read", "recorded", "set") or row["reason"], row["artefact"]
        assert row["sha256"] or row["state"] in ("refused", "set"), row["artefact"]
    ids = first.tables["evidence"].column("evidence_id").to_pylist()
    assert len(set(ids)) == len(ids)
    flow = first.tables["flow"]
    assert set(flow.column("evidence_id").to_pylist()) <= set(ids)
    before = work(tmp_path / "case")
    second = run(folder, case=tmp_path / "case")
    assert work(tmp_path / "case") == before
    for one, other in zip(plain(second.tables)["evidence"], plain(first.tables)["evidence"], strict=True):
        assert one == other
    assert plain(second.tables) == plain(first.tables)
    assert _kept_private(tmp_path / "case") == []


def _kept_private(case: Path) -> list[str]:
    wrong = []
    for path in [case, *case.rglob("*")]:
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and stat.S_IMODE(mode) != (0o700 if stat.S_ISDIR(mode) else 0o600):
            wrong.append(f"{path.relative_to(case)} {stat.S_IMODE(mode):o}")
    return wrong


def test_a_file_whose_content_changed_is_read_again_though_size_and_time_say_nothing(tmp_path: Path) -> None:
    path = put(tmp_path / "given" / "table.csv", "id,email\n1,a@example.com\n2,b@example.com\n")
    first = run(tmp_path / "given", case=tmp_path / "case")
    before = path.stat()
    path.write_text("id,phone\n1,+4915112345678\n2,+491511234567\n"[: before.st_size].ljust(before.st_size, "\n"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    second = run(tmp_path / "given", case=tmp_path / "case")
    assert ledger(first, "table.csv")[0]["sha256"] != ledger(second, "table.csv")[0]["sha256"]


def test_the_same_evidence_changes_no_total_in_any_form_number_or_order(tmp_path: Path) -> None:
    rows = conns(200)
    forms = {"a.log": tsv(rows), "b.json": as_json(rows), "c.log.gz": PACKED["gz"](tsv(rows))}
    forms |= {"d.json.zst": PACKED["zst"](as_json(rows)), "e.log.bz2": PACKED["bz2"](tsv(rows[:150]))}
    for name, data in forms.items():
        put(tmp_path / "all" / name, data)
    alone = totals(run(tmp_path / "all" / "a.log", case=tmp_path / "alone").tables)
    assert sum(row["conns"] for row in alone) == 200
    assert sum(row["orig_bytes"] for row in alone) == sum(row["orig_bytes"] for row in rows)
    together = run(tmp_path / "all", case=tmp_path / "together")
    assert totals(together.tables) == alone
    linked = {row["artefact"]: len(row["overlaps"] or ()) for row in together.tables["evidence"].to_pylist()}
    assert all(linked[name] for name in forms), "the ledger says which artefacts overlap"
    # One after the other into the same case, last first, each named for itself.
    first, second = tmp_path / "all" / "d.json.zst", tmp_path / "all" / "c.log.gz"
    assert totals(run(first, case=tmp_path / "steps").tables) == alone
    assert totals(run(first, second, case=tmp_path / "steps").tables) == alone


def test_the_same_file_by_two_ways_and_two_folders_with_the_same_names(tmp_path: Path) -> None:
    for year in ("2024", "2025"):
        put(tmp_path / year / "logs" / "conn.log", tsv(conns(20)))
        put(tmp_path / year / "logs" / "t.csv", "id,email\n1,a@example.com\n2,b@example.com\n")
    once = run(tmp_path / "2024" / "logs", case=tmp_path / "once")
    both = run(*(tmp_path / year / "logs" for year in ("2024", "2025")), tmp_path / "2024", case=tmp_path / "both")
    ids = both.tables["evidence"].column("evidence_id").to_pylist()
    assert len(set(ids)) == len(ids)
    assert totals(both.tables) == totals(once.tables)
    assert both.tables["holding"].num_rows == once.tables["holding"].num_rows
    own = [row for row in both.tables["evidence"].to_pylist() if row["state"] == "duplicate"]
    assert len(own) == 2
    assert all(row["evidence_id"] not in row["overlaps"] for row in own)


def test_memory_threads_and_a_case_inside_the_evidence_change_no_table(tmp_path: Path) -> None:
    folder = tmp_path / "given"
    put(folder / "conn.log", tsv(conns(500)))
    put(folder / "b.json.gz", PACKED["gz"](as_json(conns(300, since=400))))
    put(folder / "estate.yaml", ESTATE)
    put(folder / "t.csv", "id,email\n" + "".join(f"{n},p{n}@example.com\n" for n in range(500)))
    wide = run(folder, case=tmp_path / "wide", threads=2)
    narrow = run(folder, case=folder / "case", threads=1, memory_bytes=300 << 20)
    again = run(folder, case=folder / "case", threads=1)
    assert plain(narrow.tables) == plain(wide.tables)
    assert plain(again.tables) == plain(wide.tables)


def test_without_the_feeds_of_providers_no_place_rests_on_them(tmp_path: Path) -> None:
    rows = conns(3)
    for row in rows:
        row["id.resp_h"] = "8.209.64.10"
    put(tmp_path / "given" / "conn.log", tsv(rows))
    kinds = {}
    for name, without in (("with", ()), ("without", ("provider-feeds",))):
        outcome = run(tmp_path / "given", case=tmp_path / name, without=without)
        kinds[name] = set(outcome.tables["place"].column("source_kind").to_pylist())
        assert outcome.meta.without == without
    assert "provider_region" not in kinds["without"]
    assert "host" in kinds["without"]


# The declaration ------------------------------------------------------------------------------------------------------


def test_a_broken_declaration_stops_and_the_last_good_version_stays(tmp_path: Path) -> None:
    folder, case = tmp_path / "given", tmp_path / "case"
    put(folder / "conn.log", tsv(conns(5)))
    put(folder / "estate.yaml", ESTATE)
    first = run(folder, case=case)
    link = os.readlink(case / "tables")
    put(folder / "estate.yaml", ESTATE + "holdngs: []\n")
    for _ in range(2):
        with pytest.raises(DeclarationError) as told:
            run(folder, case=case)
        assert told.value.exit_code == 2
        assert "estate.yaml" in told.value.where
        assert "4" in told.value.where
        assert "holdngs" in told.value.what
        assert told.value.todo
    assert os.readlink(case / "tables") == link
    put(folder / "estate.yaml", ESTATE)
    assert plain(run(folder, case=case).tables) == plain(first.tables)


# What the machine does ------------------------------------------------------------------------------------------------


def test_a_case_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    put(tmp_path / "given" / "conn.log", tsv(conns(5)))
    (tmp_path / "file").write_text("x")
    for where in (tmp_path / "file", tmp_path / "file" / "case", Path("/proc/case"), Path("/dev/null/x")):
        with pytest.raises(CaseError) as told:
            run(tmp_path / "given", case=where)
        assert told.value.what


def _verdicts(outcome: Outcome) -> set[str]:
    return set(outcome.findings.column("verdict").to_pylist())


def test_nothing_readable_is_never_well(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    put(tmp_path / "odd" / "x.bin", bytes(range(256)))
    for name in ("empty", "odd"):
        outcome = run(tmp_path / name, case=tmp_path / f"{name}-case")
        assert outcome.exit_code == 3
        assert _verdicts(outcome) == {"unknown"}
        assert any(outcome.tables["coverage"].column("todo").to_pylist())


def test_a_file_that_is_removed_is_gone_from_the_next_version(tmp_path: Path) -> None:
    keep = put(tmp_path / "given" / "a.log", tsv(conns(5)))
    extra = put(tmp_path / "given" / "b.log", tsv(conns(5, since=50)))
    both = run(tmp_path / "given", case=tmp_path / "case")
    extra.unlink()
    one = run(tmp_path / "given", case=tmp_path / "case")
    assert set(states(both)) == {"a.log", "b.log"}
    assert set(states(one)) == {"a.log"}
    age(keep)
    assert sum(row["conns"] for row in totals(one.tables)) == 5


def test_what_says_that_it_is_made_up_is_shown_so_whoever_audits_it(tmp_path: Path) -> None:
    for name, text in (("made", "invented: true\n" + ESTATE), ("real", ESTATE)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "estate.yaml").write_text(f"title: A hub\n{text}")
        outcome = run(tmp_path / name, case=tmp_path / f"{name}-case", without=("laws",))
        assert outcome.meta.example == (name == "made")
        assert outcome.meta.title == "A hub"
        assert ('class="example"' in outcome.report.read_text()) == (name == "made")


def test_sizes_that_no_line_carries_end_no_audit(tmp_path: Path) -> None:
    rows = [row | {"orig_bytes": 9_000_000_000_000_000_000} for row in conns(40)]
    put(tmp_path / "given" / "conn.log", tsv(rows))
    put(tmp_path / "given" / "estate.yaml", ESTATE)
    outcome = run(tmp_path / "given", case=tmp_path / "case", without=("laws",))
    assert max(size or 0 for size in outcome.tables["reconciliation"]["orig_bytes"].to_pylist()) <= 40 * 2**50
    assert outcome.report.is_file()
