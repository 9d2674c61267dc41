"""`flagstate data update` and `data lists`: a newer list is checked, shown, kept whole or not at all, and used."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from flagstate.catalog import lists
from flagstate.catalog.list_form import Entry
from flagstate.catalog.list_shelf import KEPT, SOURCE
from flagstate.catalog.list_updates import compare
from flagstate.cli import data
from flagstate.cli.app import app
from flagstate.errors import CaseError, CatalogError, FlagstateError, UsageError

RUN = CliRunner()
NOW = date(2026, 11, 22)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "own"
    monkeypatch.setenv("FLAGSTATE_DATA", str(folder))
    return folder


def changed(tmp_path: Path, code: str, *edits: tuple[str, str], name: str = "given.yaml") -> Path:
    """Write a shipped list with some text replaced."""
    text = (SOURCE / f"{code}.yaml").read_text(encoding="utf-8")
    for was, now in edits:
        assert was in text
        text = text.replace(was, now)
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def update(*arguments: object) -> Result:
    done = RUN.invoke(app, ["data", "update", *map(str, arguments)])
    assert isinstance(done.exception, FlagstateError | None), done.exception
    return done


def kept(own: Path) -> list[str]:
    return sorted(one.name for one in (own / KEPT).iterdir()) if (own / KEPT).exists() else []


NEWER = ("version: 2026-11-22", "version: 2026-12-01")
WHOLE = ("complete: no", "complete: yes")
BYD = ("{entity: byd, name: BYD, from: 2026-06-08}", "{entity: new-one, name: New One, from: 2026-12-01}")
BAIDU = ("name: Baidu, from: 2026-06-08", "name: Baidu, from: 2026-06-09")


def test_a_newer_list_is_shown_kept_and_used(own: Path, tmp_path: Path) -> None:
    assert lists.found("us_1260h", ["ent:nobody"], NOW).verdict == "unknown"
    path = changed(tmp_path, "us_1260h", NEWER, WHOLE, BYD, BAIDU)
    done = update(path)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "us_1260h: 2026-11-22 → 2026-12-01"
    assert "  complete no → yes" in lines
    assert "  + ent:new-one (New One), from 2026-12-01" in lines
    assert "  - ent:byd (BYD), from 2026-06-08" in lines
    assert "  ~ ent:baidu-inc (Baidu): from 2026-06-08 → 2026-06-09" in lines
    assert not [line for line in lines if "alibaba" in line]
    assert kept(own) == ["us_1260h.yaml"]
    assert (own / KEPT / "us_1260h.yaml").read_bytes() == path.read_bytes()
    assert stat.S_IMODE((own / KEPT / "us_1260h.yaml").stat().st_mode) == 0o600
    assert stat.S_IMODE((own / KEPT).stat().st_mode) == 0o700
    assert lists.found("us_1260h", ["ent:new-one"], date(2026, 12, 1)).verdict == "yes"
    assert lists.found("us_1260h", ["ent:new-one"], date(2026, 11, 30)).verdict == "no"
    assert lists.found("us_1260h", ["ent:nobody"], NOW).verdict == "no"
    told = next(one for one in lists.versions() if one["list"] == "us_1260h")
    assert (told["version"], told["origin"], told["complete"]) == ("2026-12-01", "yours", True)


def test_json_has_the_same_changes(own: Path, tmp_path: Path) -> None:
    done = json.loads(update(changed(tmp_path, "us_1260h", NEWER, WHOLE, BYD, BAIDU), "--json").stdout)
    assert (done["list"], done["before"], done["version"], done["changed"]) == (
        "us_1260h",
        "2026-11-22",
        "2026-12-01",
        True,
    )
    assert [one["member"] for one in done["members_added"]] == ["ent:new-one"]
    assert [one["member"] for one in done["members_removed"]] == ["ent:byd"]
    assert done["members_changed"][0]["changes"] == [{"key": "from", "was": "2026-06-08", "now": "2026-06-09"}]
    assert {"key": "complete", "was": "no", "now": "yes"} in done["fields"]


def test_the_same_again_changes_nothing(own: Path, tmp_path: Path) -> None:
    path = changed(tmp_path, "us_1260h", NEWER)
    update(path)
    before = (own / KEPT / "us_1260h.yaml").stat()
    done = update(path)
    assert done.exit_code == 0
    assert "nothing changes" in done.stdout
    assert (own / KEPT / "us_1260h.yaml").stat().st_mtime_ns == before.st_mtime_ns
    assert json.loads(update(path, "--json").stdout)["changed"] is False


@pytest.mark.parametrize("version", ["2026-11-21", "2026-11-22"])
def test_what_is_not_newer_is_refused_unless_forced(own: Path, tmp_path: Path, version: str) -> None:
    path = changed(tmp_path, "us_padfa", ("2026-11-22", version), ("[CN, IR", "[IR"))
    done = update(path)
    assert isinstance(done.exception, UsageError)
    assert f"Version {version} of us_padfa" in done.exception.what
    assert "--force" in done.exception.todo
    assert kept(own) == []
    assert "CN" in lists.on_list("us_padfa", NOW).countries
    assert update(path, "--force").exit_code == 0
    assert "CN" not in lists.on_list("us_padfa", NOW).countries
    assert update(changed(tmp_path, "us_padfa", NEWER)).exit_code == 0
    assert "CN" in lists.on_list("us_padfa", NOW).countries


def test_a_kept_file_can_be_taken_in_elsewhere(own: Path, tmp_path: Path) -> None:
    update(changed(tmp_path, "us_padfa", ("2026-11-22", "2026-01-01"), ("[CN, IR", "[IR")), "--force")
    forced = own / KEPT / "us_padfa.yaml"
    assert forced.read_text().startswith("# forced by flagstate data update over 2026-11-22\n")
    other = tmp_path / "other"
    assert update(forced, "--dir", other, "--force").exit_code == 0
    assert (other / KEPT / "us_padfa.yaml").read_bytes() == forced.read_bytes()


def test_a_byte_order_mark_does_no_harm(own: Path, tmp_path: Path) -> None:
    path = changed(tmp_path, "us_padfa", ("2026-11-22", "2026-01-01"), ("[CN, IR", "[IR"))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert update(path, "--force").exit_code == 0
    assert "CN" not in lists.on_list("us_padfa", NOW).countries


def test_a_list_of_the_users_own_is_taken_in_and_listed(own: Path, tmp_path: Path) -> None:
    path = changed(tmp_path, "us_1260h", ("list: us_1260h", "list: our_watch_list"))
    done = update(path)
    assert done.stdout.startswith("our_watch_list: a list of your own → 2026-11-22\n")
    assert done.stdout.count("\n  + ") == 3
    listed = json.loads(RUN.invoke(app, ["data", "lists", "--json"]).stdout)
    assert {one["list"]: one["origin"] for one in listed}["our_watch_list"] == "yours"


BROKEN = [
    (("complete: no", "complete: perhaps"), r"given\.yaml:\d+ complete$"),
    (("from: 2026-06-08", "from: 2026-06-31"), r"given\.yaml:\d+ members\[0\]\.from$"),
    (("entity: byd", "entity: baidu-inc"), r"given\.yaml:\d+ members\[2\]$"),
    (("status: sourced", "status: rumour"), r"given\.yaml:\d+ status$"),
    (("name: BYD", 'name: "B\\e[2JD"'), r"given\.yaml:\d+ members\[2\]\.name$"),
    (("members:", "members: ["), r"given\.yaml:\d+$"),
]


@pytest.mark.parametrize(("edit", "where"), BROKEN)
def test_a_damaged_file_is_refused_with_file_line_and_key_and_nothing_is_kept(
    own: Path, tmp_path: Path, edit: tuple[str, str], where: str
) -> None:
    done = update(changed(tmp_path, "us_1260h", NEWER, edit))
    assert isinstance(done.exception, CatalogError)
    assert re.search(where, done.exception.where)
    assert kept(own) == []
    assert lists.found("us_1260h", ["ent:byd"], NOW).verdict == "yes"


def test_a_bad_file_leaves_the_kept_version_as_it_is(own: Path, tmp_path: Path) -> None:
    update(changed(tmp_path, "us_1260h", NEWER, BYD))
    before = (own / KEPT / "us_1260h.yaml").read_bytes()
    update(changed(tmp_path, "us_1260h", ("2026-11-22", "2026-12-02"), ("complete: no", "complete: x")))
    assert (own / KEPT / "us_1260h.yaml").read_bytes() == before
    assert kept(own) == ["us_1260h.yaml"]


def test_a_kept_file_that_was_damaged_since_is_named_and_can_be_replaced(own: Path, tmp_path: Path) -> None:
    path = changed(tmp_path, "us_1260h", NEWER, BYD)
    update(path)
    stored = own / KEPT / "us_1260h.yaml"
    stored.write_bytes(stored.read_bytes()[:200])
    done = RUN.invoke(app, ["data", "lists"])
    assert isinstance(done.exception, CatalogError)
    assert done.exception.where.startswith("lists/us_1260h.yaml")
    assert update(path).exit_code == 0
    assert stored.read_bytes() == path.read_bytes()
    stored.write_bytes(b"[")
    assert update(SOURCE / "us_1260h.yaml").exit_code == 0
    assert RUN.invoke(app, ["data", "lists"]).exit_code == 0


@pytest.mark.parametrize("what", ["missing", "folder"])
def test_what_is_no_file_is_refused(own: Path, tmp_path: Path, what: str) -> None:
    done = update(tmp_path / "none.yaml" if what == "missing" else tmp_path)
    assert isinstance(done.exception, UsageError)
    assert "no such file" in done.exception.what


def test_a_folder_that_cannot_be_used_is_said(own: Path, tmp_path: Path) -> None:
    own.write_text("a file")
    done = update(changed(tmp_path, "us_1260h", NEWER))
    assert isinstance(done.exception, CaseError)
    assert done.exception.where == str(own)


def test_a_link_in_place_of_the_folder_is_not_followed(own: Path, tmp_path: Path) -> None:
    own.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (own / KEPT).symlink_to(tmp_path / "elsewhere")
    done = update(changed(tmp_path, "us_1260h", NEWER))
    assert isinstance(done.exception, CaseError)
    assert not list((tmp_path / "elsewhere").iterdir())


HOSTILE = ["[bold red]x[/]", "<img src=x onerror=alert(1)>", "a | b", "=HYPERLINK(1)", "‹e-mail›"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_shown_as_text(own: Path, tmp_path: Path, name: str) -> None:
    title = ("title: Chinese", f"title: '{name}'\n#")
    done = update(changed(tmp_path, "us_1260h", NEWER, title, ("name: BYD", f"name: '{name} b'")))
    assert f"  ~ ent:byd ({name} b): name BYD → {name} b\n" in done.stdout
    shown = RUN.invoke(app, ["data", "lists"]).stdout
    assert f"us_1260h: {name}\n" in shown
    assert all(line.isprintable() for line in shown.splitlines())


def test_many_changes_are_cut_and_json_has_them_all(own: Path, tmp_path: Path) -> None:
    rows = "".join(f"  - {{entity: e{at}, name: E{at}}}\n" for at in range(data.SHOWN + 7))
    path = changed(tmp_path, "us_1260h", NEWER, ("members:\n", f"members:\n{rows}"))
    done = json.loads(update(path, "--dir", tmp_path / "json", "--json").stdout)
    assert len(done["members_added"]) == data.SHOWN + 7
    shown = update(path).stdout
    assert shown.count("\n  + ent:") == data.SHOWN
    assert "\n  + and 7 more: see --json\n" in shown


def test_lists_are_told_with_dates_and_completeness(own: Path, tmp_path: Path) -> None:
    update(changed(tmp_path, "us_padfa", NEWER))
    shown = RUN.invoke(app, ["data", "lists"]).stdout
    rows: list[dict[str, Any]] = json.loads(RUN.invoke(app, ["data", "lists", "--json"]).stdout)
    assert [row["list"] for row in rows] == list(lists.book())
    for row in rows:
        head = f"\n{row['list']}: {row['title']}\n  version {row['version']}"
        whole = "known to be whole" if row["complete"] == "yes" else "not known to be whole: a miss says nothing"
        line = f"\n{shown}".split(head)[1].split("\n")[0]
        assert line.endswith(whole)
        assert f"{row['members']:,} member" in line
        assert (row["last_checked"] or "never checked") in line
        assert line.startswith(", yours" if row["list"] == "us_padfa" else " ·")
        assert len(row["sha256"]) == 64


def test_a_version_that_the_product_overtook_is_said(own: Path, tmp_path: Path) -> None:
    (own / KEPT).mkdir(parents=True)
    old = changed(tmp_path, "us_padfa", ("2026-11-22", "2026-01-01")).read_bytes()
    (own / KEPT / "us_padfa.yaml").write_bytes(old)
    assert "Yours of 2026-01-01 is not used" in RUN.invoke(app, ["data", "lists"]).stdout


PERIODS = st.lists(st.sampled_from([date(2020 + y, 1, 1) for y in range(6)]), min_size=1, max_size=4, unique=True)


@st.composite
def entries(draw: st.DrawFn) -> tuple[Entry, ...]:
    """Draw members with periods that do not overlap."""
    found = []
    for key in draw(st.lists(st.sampled_from(["CN", "BE", "ent:a"]), unique=True)):
        starts = sorted(draw(PERIODS))
        ends = [*starts[1:], draw(st.sampled_from([None, date(2030, 1, 1)]))]
        kind = "entity" if key.startswith("ent:") else "country"
        found += [
            Entry(key, kind, since=a, until=b, scope=draw(st.sampled_from([None, "x"])))
            for a, b in zip(starts, ends, strict=True)
        ]
    return tuple(found)


@given(entries(), entries())
def test_what_is_told_to_change_is_all_that_changes(before: tuple[Entry, ...], after: tuple[Entry, ...]) -> None:
    added, removed, changed = compare(before, after)
    anew = {one.key: one for one, _ in changed}
    assert {anew.get(one.key, one) for one in before if one not in removed} | set(added) == set(after)
    assert all(told for _, told in changed)
    assert not set(added) & set(before)
    assert not set(removed) & set(after)
    back = compare(after, before)
    assert (set(back[0]), set(back[1]), len(back[2])) == (set(removed), set(added), len(changed))
    assert compare(before, before) == ((), (), ())


def test_two_updates_at_once_leave_one_of_them_whole(own: Path, tmp_path: Path) -> None:
    paths = []
    for number in range(2, 6):
        rows = "".join(f"  - {{entity: e{number}-{at}, name: E{at}}}\n" for at in range(40))
        edit = ("version: 2026-11-22", f"version: 2026-12-0{number}")
        paths.append(changed(tmp_path, "us_1260h", edit, ("members:\n", f"members:\n{rows}"), name=f"{number}.yaml"))
    command = [sys.executable, "-m", "flagstate.cli", "data", "update", "--json"]
    runs = [subprocess.Popen([*command, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) for path in paths]
    codes = [run.wait() for run in runs if run.communicate()]
    assert set(codes) <= {0, 2}, "taken in, or no longer newer"
    assert codes[-1] == 0
    assert kept(own) == ["us_1260h.yaml"]
    assert (own / KEPT / "us_1260h.yaml").read_bytes() == paths[-1].read_bytes()
