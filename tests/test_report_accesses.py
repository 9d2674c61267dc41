"""The table of accesses: what asks for attention first, with country and operator where the sources agree."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pyarrow as pa

import report_case
from flagstate import model
from flagstate.report import render
from flagstate.report.accesses import accesses
from flagstate.report.view import View

DAY = dt.date(2026, 6, 3)


def row(principal: str, asset: str, action: str, place: str | None, count: int, **more: Any) -> dict[str, Any]:
    base = {
        "principal": principal,
        "asset_id": asset,
        "action": action,
        "from_place": place,
        "count": count,
        "failed": 0,
    }
    return base | {"day": DAY, "stance": "observed"} | more


def view(*rows: dict[str, Any], language: str = "en") -> View:
    tables: dict[str, pa.Table] = report_case.case() | {"activity": model.rows(model.ACTIVITY, rows)}
    return View(tables, replace(report_case.META, language=language))


def test_nothing_is_shown_where_nothing_was_observed() -> None:
    assert accesses(view()) is None
    assert accesses(view(row("*", "a", "read", "DE", 0, stance="declared"))) is None


def test_accesses_are_put_together_and_ordered() -> None:
    made = accesses(
        view(
            row("aws:users", "aws:s3::a", "inspect", "3.120.4.9", 90),
            row("aws:users", "aws:s3::a", "read", "3.120.4.9", 5, bytes=100),
            row("aws:users", "aws:s3::b", "read", "3.120.4.9", 7, bytes=11, failed=2, day=dt.date(2026, 6, 5)),
            row("aws:users", "aws:s3::a", "read", "47.91.64.7", 1),
            row("aws:role/x", "aws:ec2:eu-central-1:snapshot/s", "share", "3.120.4.9", 1, to_party="anyone"),
            row("aws:users", "aws:cloudtrail:x:trail/t", "stop_logging", "rds.amazonaws.com", 1),
        )
    )
    assert made is not None
    assert (made["times"], made["refused"], made["groups"], made["shares"], made["countries"]) == (105, 2, 2, 1, ["DE"])
    cells = made["table"].rows
    assert [cell[1][0] for cell in cells] == ["stop_logging", "share", "read", "read", "inspect"]
    read = cells[2]
    assert read[2] == ("aws:s3::b", "and 1 more")
    assert (read[5], read[6], read[7], read[8], read[9]) == ("DE", 12, 2, 111, ("2026-06-03", "2026-06-05"))
    # Two sources dispute where that host stands: it has no country here.
    assert cells[3][5] == ""
    assert cells[1][3] == "anyone"


def test_the_page_shows_it_in_both_languages_and_escapes_it() -> None:
    rows = [row("<script>x</script>", "<b>a", "share", "DE", 1, to_party="anyone")]
    tables = report_case.case() | {"activity": model.rows(model.ACTIVITY, rows)}
    for language, title in (("en", "Who touched what, from where"), ("fr", "Qui a touché à quoi, et d’où")):
        page = render(tables, meta=replace(report_case.META, language=language))
        assert title in page
        assert "<script>x" not in page
        assert "&lt;script&gt;x" in page
