"""Files of lists: what does not fit is refused with file, line and key, and a user's newer file goes first."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from flagstate.catalog import list_shelf, lists
from flagstate.catalog.list_form import parse
from flagstate.errors import CatalogError

NOW = date(2026, 11, 22)
HEAD = """list: some_list
version: 2026-12-01
title: Some list
citation: Some act
status: to verify
source: A page
complete: no
"""
"""Seven lines; members follow on line 8."""


def written(members: str = "members: []", head: str = HEAD) -> bytes:
    return f"{head}{members}\n".encode()


BAD = {
    "no YAML": (written("members: ["), "some.yaml:", "YAML"),
    "no mapping": (b"- a\n", "some.yaml:1", "cannot stand here"),
    "empty": (b"", "some.yaml:1", "no value"),
    "not UTF-8": (HEAD.encode() + b"members: [\xff]\n", "some.yaml:8", "UTF-8"),
    "unknown key": (written("members: []\nmember: [CN]"), "some.yaml:9 member", "not known"),
    "key twice": (written("members: []\nmembers: []"), "some.yaml:9 members", "twice"),
    "no members": (written(""), "some.yaml:1", "members"),
    "unknown status": (
        written(head=HEAD.replace("to verify", "certain")),
        "some.yaml:5 status",
        "not one of the words",
    ),
    "unknown status of a member": (
        written("members:\n  - {countries: [CN], status: sure}"),
        "some.yaml:9 members[0].status",
        "not one of the words",
    ),
    "unknown country": (written("members:\n  - CN\n  - UK"), "some.yaml:10 members[1]", "UK is no country"),
    "unknown country among several": (
        written("members:\n  - countries:\n      - CN\n      - QQ"),
        "some.yaml:11 members[0].countries[1]",
        "QQ is no country",
    ),
    "lower case": (written("members: [cn]"), "some.yaml:8 members[0]", "form"),
    "complete: maybe": (written(head=HEAD.replace("complete: no", "complete: maybe")), ":7 complete", "not one of"),
    "not a day": (written("members: []\nfrom: 2026-02-30"), "some.yaml:9 from", "not a date of the calendar"),
    "version of no day": (written(head=HEAD.replace("12-01", "13-01")), "some.yaml:2 version", "not a date"),
    "ends before it begins": (
        written("members:\n  - {countries: [CN], from: 2026-01-02, to: 2026-01-02}"),
        "some.yaml:9 members[0].to",
        "ends before it begins",
    ),
    "list ends before it begins": (written("members: []\nfrom: 2026-01-02\nto: 2026-01-01"), ":10 to", "ends before"),
    "overlapping days": (
        written("members:\n  - {countries: [CN], to: 2026-01-03}\n  - {countries: [CN], from: 2026-01-02}"),
        "some.yaml:10 members[1].countries[0]",
        "CN stands on line 9 already, for some of the same days",
    ),
    "the same country twice": (written("members: [CN, CN]"), "some.yaml:8 members[1]", "already"),
    "the same party twice": (
        written("members:\n  - {entity: a, name: A}\n  - {entity: a, name: A, from: 2026-01-01}"),
        "some.yaml:10 members[1]",
        "ent:a stands on line 9 already",
    ),
    "too many periods": (
        written(
            "members:\n"
            + "".join(f"  - {{countries: [CN], from: {2000 + y}-01-01, to: {2001 + y}-01-01}}\n" for y in range(201))
        ),
        "some.yaml:209 members[200]",
        "more than 200 times",
    ),
    "two kinds": (written("members:\n  - {entity: a, name: A, area: b}"), "some.yaml:9 members[0]", "is one of"),
    "no kind": (written("members:\n  - {name: A}"), "some.yaml:9 members[0]", "is one of"),
    "no name": (written("members:\n  - {entity: a}"), "some.yaml:9 members[0]", "no name"),
    "country with a name": (written("members:\n  - {countries: [CN], name: C}"), "members[0].name", "names already"),
    "LEI of goods": (written("members:\n  - {goods: a, name: A, lei: 5493001KJTIIGC8Y1R12}"), ".lei", "only a party"),
    "wrong LEI": (written("members:\n  - {entity: a, name: A, lei: 5493001KJTIIGC8Y1R13}"), ".lei", "check digits"),
    "polygon of a party": (
        written("members:\n  - {entity: a, name: A, polygon: [[1, 2], [1, 3], [2, 3]]}"),
        ".polygon",
        "only an area",
    ),
    "two corners": (written("members:\n  - {area: a, name: A, polygon: [[1, 2], [1, 3]]}"), ".polygon", "2 entries"),
    "beyond a pole": (
        written("members:\n  - {area: a, name: A, polygon: [[1, 2], [91, 3], [2, 3]]}"),
        ".polygon[1]",
        "pole",
    ),
    "beyond a turn": (
        written("members:\n  - {area: a, name: A, polygon: [[1, 2], [1, 181], [2, 3]]}"),
        "polygon[1][1]",
        "range",
    ),
    "dates of no date": (written("members:\n  - {countries: [CN], dates: to verify}"), "members[0].dates", "no date"),
    "leans on two": (
        written("members:\n  - {countries: [CN], only_with: eu, not_with: eea}"),
        ".not_with",
        "one other list",
    ),
    "half complete": (
        written("members: []\ncomplete_from: 2026-01-01"),
        "some.yaml:9 complete_from",
        "not to be whole",
    ),
    "threshold of nothing": (
        written("members: []\nownership: {threshold: 0, threshold_cite: c, persons: either}"),
        "ownership.threshold",
        "range",
    ),
    "ownership of no country": (
        written(
            "members: []\nownership: {threshold: 50, threshold_cite: c, persons: either, except_nationals: [EU]}",
            HEAD.replace("complete: no", "complete: yes"),
        ),
        "ownership.except_nationals[0]",
        "EU is no country",
    ),
    "held by half a list": (
        written("members: []\nownership: {threshold: 50, threshold_cite: c, persons: either}"),
        "some.yaml:9 ownership",
        "not whole",
    ),
    "escape in a title": (
        written(head=HEAD.replace("title: Some list", r'title: "a\e[31m"')),
        "some.yaml:3 title",
        "cannot be shown",
    ),
    "turned text in a name": (
        written('members:\n  - {entity: a, name: "a\\u202eb"}'),
        "some.yaml:9 members[0].name",
        "cannot be shown",
    ),
    "two lines in a remark": (
        written('members:\n  - {countries: [CN], remark: "a\\nb"}'),
        "members[0].remark",
        "cannot be shown",
    ),
    "path as a code": (written(head=HEAD.replace("some_list", "../some")), "some.yaml:1 list", "form"),
    "anchor": (written("members: &a [CN]"), "some.yaml:8 members", "Anchors"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_file_line_and_key(name: str) -> None:
    data, where, what = BAD[name]
    with pytest.raises(CatalogError) as caught:
        parse(data, name="some.yaml")
    assert where in caught.value.where
    assert caught.value.where.startswith("some.yaml:")
    assert what in f"{caught.value.what} {caught.value.why} {caught.value.todo}"
    assert caught.value.todo


def test_a_hostile_file_name_does_nothing_in_an_error() -> None:
    with pytest.raises(CatalogError) as caught:
        parse(b"[", name="a\x1b[31m\u202e.yaml")
    assert caught.value.where.isprintable()


@pytest.mark.parametrize("name", ["[bold red]x[/]", "a|b", "<script>alert(1)</script>", "=1+1", "‹x›", "名前"])
def test_a_name_that_means_something_elsewhere_is_only_a_name_here(name: str) -> None:
    one = parse(written(f"members:\n  - {{entity: a, name: '{name}'}}"), name="some.yaml")
    assert one.members[0].name == name


def test_an_area_is_given_by_its_corners() -> None:
    one = parse(
        written("members:\n  - {area: us-1, name: A, polygon: [[38.8, -77.1], [38.8, -77], [38.7, -77.0]]}"), name="x"
    )
    assert one.members[0].polygon == ((38.8, -77.1), (38.8, -77.0), (38.7, -77.0))


def keep(folder: Path, data: bytes, name: str = "some_list.yaml") -> None:
    (folder / list_shelf.KEPT).mkdir(exist_ok=True)
    (folder / list_shelf.KEPT / name).write_bytes(data)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FLAGSTATE_DATA", str(tmp_path))
    return tmp_path


def shipped(code: str) -> str:
    return (list_shelf.SOURCE / f"{code}.yaml").read_text(encoding="utf-8")


def test_a_list_of_the_users_own_is_read_by_all(own: Path) -> None:
    whole = HEAD.replace("complete: no", "complete: yes")
    keep(own, written("members: [CN]\nownership: {threshold: 10, threshold_cite: c, persons: either}", whole))
    assert lists.on_list("some_list", NOW).countries == {"CN"}
    assert lists.found("some_list", ["CN"], NOW).verdict == "yes"
    assert lists.found("some_list", ["DE"], NOW).verdict == "no"
    keep(own, written("members: [CN]"))
    assert lists.found("some_list", ["DE"], NOW).verdict == "unknown"
    assert "some_list" not in lists.ownership_lists()
    assert {row["origin"] for row in lists.states(NOW) if row["list"] == "some_list"} == {"yours"}
    keep(own, written("members: [CN, DE]\nownership: {threshold: 10, threshold_cite: c, persons: either}", whole))
    assert lists.on_list("some_list", NOW).countries == {"CN", "DE"}
    (own / list_shelf.KEPT / "some_list.yaml").unlink()
    assert "some_list" not in lists.book()


def test_who_is_a_member_for_something_only_does_not_hold_others_as_one(own: Path) -> None:
    whole = HEAD.replace("complete: no", "complete: yes")
    rule = "ownership: {threshold: 10, threshold_cite: c, persons: either}"
    members = "members: [CN, {countries: [FR], scope: Wine}, {countries: [US], only_with: eu_us_dpf}]"
    keep(own, written(f"{members}\n{rule}", whole))
    assert lists.on_list("some_list", NOW).countries == {"CN"}
    assert lists.found("some_list", ["FR"], NOW).scopes == ("Wine",)


def test_an_area_of_the_users_own_is_a_row(own: Path) -> None:
    text = shipped("us_28cfr202_listed_areas").replace("2026-11-22", "2026-12-01")
    area = "members:\n  - {area: us-1, name: A, polygon: [[38.8, -77.1], [38.8, -77], [38.7, -77.0]]}"
    keep(own, text.replace("members: []", area).encode(), "us_28cfr202_listed_areas.yaml")
    row = next(r for r in lists.entries(NOW) if r["kind"] == "area")
    assert row["fact_id"] == "list:us_28cfr202_listed_areas:area:us-1"
    assert row["polygon"] == "POLYGON ((-77.1 38.8, -77 38.8, -77 38.7, -77.1 38.8))"
    assert row["complete"] == "no"


@pytest.mark.parametrize(
    ("version", "used"), [("2026-11-21", False), ("2026-11-22", False), ("2026-11-22.2", True), ("2026-11-23", True)]
)
def test_the_newer_of_two_versions_is_used(own: Path, version: str, used: bool) -> None:
    text = shipped("us_padfa").replace("2026-11-22", version).replace("[CN, IR", "[IR")
    keep(own, text.encode(), "us_padfa.yaml")
    assert ("CN" in lists.on_list("us_padfa", NOW).countries) is not used
    told = next(one for one in lists.versions() if one["list"] == "us_padfa")
    assert told["origin"] == ("yours" if used else "shipped")
    assert told["unused"] == (None if used else version)


@pytest.mark.parametrize("over", ["2026-11-22", "2026-11-20"])
def test_an_older_version_is_used_only_over_the_shipped_one_over_which_it_was_forced(own: Path, over: str) -> None:
    text = shipped("us_padfa").replace("2026-11-22", "2020-01-01").replace("[CN, IR", "[IR")
    keep(own, list_shelf.forced(text.encode(), over), "us_padfa.yaml")
    assert ("CN" in lists.on_list("us_padfa", NOW).countries) is (over != "2026-11-22")


def test_an_added_dpf_importer_is_adequate_and_no_longer_under_problematic_law(own: Path) -> None:
    text = shipped("eu_us_dpf").replace("2026-11-22", "2026-12-01")
    entry = "members:\n  - {entity: importer, name: Importer Inc., lei: 5493001KJTIIGC8Y1R12, from: 2024-01-01}"
    keep(own, text.replace("members: []", entry).encode(), "eu_us_dpf.yaml")
    for who in ("ent:importer", "5493001KJTIIGC8Y1R12"):
        assert lists.found("gdpr_adequacy", ["US", who], NOW).verdict == "yes"
        assert lists.found("gdpr_problematic_law", ["US", who], NOW).verdict == "unknown"
        assert lists.found("gdpr_adequacy", ["US", who], date(2023, 12, 31)).verdict == "unknown"
    assert lists.found("gdpr_adequacy", ["US", "ent:other"], NOW).verdict == "unknown"
    assert lists.found("gdpr_adequacy", ["ent:importer"], NOW).verdict == "no"


@pytest.mark.parametrize(
    ("data", "name", "what"),
    [
        (written("members: [UK]"), "some_list.yaml", "UK is no country"),
        (written(), "other.yaml", "holds the list some_list"),
        (written("members:\n  - {countries: [CN], only_with: nowhere}"), "some_list.yaml", "leans on the list nowhere"),
        (
            written("members:\n  - {countries: [CN], only_with: gdpr_adequacy}"),
            "some_list.yaml",
            "leans on the list gdpr",
        ),
    ],
)
def test_a_damaged_kept_file_stops_every_answer_and_is_named(own: Path, data: bytes, name: str, what: str) -> None:
    keep(own, data, name)
    for asked in (lambda: lists.entries(NOW), lambda: lists.lists_on(NOW), lists.versions):
        with pytest.raises(CatalogError) as caught:
            asked()
        assert what in caught.value.what
        assert Path(name).stem in caught.value.where


def test_missing_lists_and_a_list_under_another_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="missing"):
        list_shelf.shipped(tmp_path)
    (tmp_path / "other.yaml").write_bytes(written())
    with pytest.raises(CatalogError, match="holds the list some_list"):
        list_shelf.shipped(tmp_path)


def test_every_shipped_file_is_in_the_form() -> None:
    for path in list_shelf.SOURCE.iterdir():
        assert parse(path.read_bytes(), name=path.name).code == path.stem
