# ruff: noqa: E501 (rows of an invented case read best as rows)
"""The first page: what is gravest, what would cure it, and where data went."""

from __future__ import annotations

import re
from typing import Any

from flagstate import model
from flagstate.report import render
from flagstate.report.destinations import destinations
from flagstate.report.pages import overview
from report_case import META, case


def _first(tables: Any) -> str:
    """Return the text of the first page."""
    html = render(tables, meta=META)
    page = html[html.index('<section class="page" id="overview"') : html.index('<section class="page" id="holdings"')]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page))


def test_no_rule_hides_the_others_among_the_gravest() -> None:
    rows = [{"rule_id": rule, "level": level, "at": at} for at, (rule, level) in enumerate(
        [("a", "low"), ("a", "high"), ("a", "high"), ("a", "high"), ("b", "high"), ("c", "medium"), ("c", "medium"), ("d", "medium"), ("e", None)]
    )]  # fmt: skip
    assert [row["at"] for row in overview.varied(rows)] == [1, 4, 2, 3, 5, 7, 6, 0, 8]
    assert overview.varied([]) == []


def test_what_is_adverse_and_not_shown_is_counted() -> None:
    rows = [
        {
            "finding_id": f"x{n}",
            "question": "rules",
            "rule_id": f"R{n}",
            "verdict": "yes",
            "level": "low",
            "message": f"Bar {n}.",
        }
        for n in range(30)
    ]
    tables = {"finding": model.rows(model.FINDING, rows)}
    assert "Further adverse findings, on the pages of their questions: 18" in _first(tables)


def test_the_first_page_names_the_first_plan() -> None:
    rows: list[dict[str, Any]] = [
        {"rank": 1, "state": "optimal", "measure": f"m{n}", "words": f"Do {n}.", "total": 283} for n in range(6)
    ]
    rows.append({"rank": 2, "state": "next", "measure": "other", "words": "Do another.", "total": 300})
    plan = model.rows(model.PLAN, rows)
    shown = _first(case() | {"plan": plan})
    assert "What would cure it The cheapest plan, cost 283. The whole plan" in shown
    assert "Do 0.Do 1.Do 2.Do 3.and 2 more" in shown
    assert "Do another." not in shown
    ban = model.rows(model.PLAN, [{"rank": 1, "state": "ban", "proof": "Nothing breaks this."}])
    assert "Only a ban is left. The whole plan Nothing breaks this." in _first({"plan": ban})
    assert "What would cure it" not in _first(case())


def test_an_address_for_documentation_is_a_destination_without_a_place() -> None:
    """Invented evidence has such addresses in the place of public ones; private ranges stay inside."""
    flow = [{"resp_h": addr, "conns": 2, "orig_bytes": 9} for addr in ("203.0.113.9", "10.0.0.1", "127.0.0.1")]
    ranges = {"203.0.113.9": "documentation", "10.0.0.1": "private", "127.0.0.1": "loopback"}
    endpoint = [{"addr": addr, "special": kind, "confidence": "none"} for addr, kind in ranges.items()]
    tables = {
        "flow": model.stamp(model.rows(model.FLOW, flow), model.FLOW, stance="observed"),
        "endpoint": model.rows(model.ENDPOINT, endpoint),
    }
    found = destinations(tables)
    assert [row["resp_h"] for row in found.rows] == ["203.0.113.9"]
    assert (found.total, found.inside, found.unplaced["sent"], found.countries) == (1, 2, 9, ())
