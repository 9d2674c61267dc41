# ruff: noqa: E501 (rows of an invented case read best as rows)
"""Who repeats whom: primaries left, copies right, changes on the lines on which they happened."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flagstate import model
from flagstate.report import asserted, lineage
from flagstate.report.view import View
from report_case import META
from report_claims_case import claimed


def _view(tables: Any = None) -> View:
    return View(claimed() if tables is None else tables, META)


def test_primaries_stand_left_and_copies_right() -> None:
    drawn = lineage.draw(_view(), lineage.lineage(_view()))
    at = {box["name"]: box for box in drawn["boxes"]}
    assert len(drawn["boxes"]) == drawn["total"] == 8
    assert drawn["primaries"] == 5
    left = min(box["x"] for box in drawn["boxes"])
    for name in ("A security service", "Customs figures", "A news agency"):
        assert at[name]["x"] == left
    assert at["A trade blog"]["x"] > at["A financial daily"]["x"] > left, "for one claim the daily repeats others"
    assert {name for name, box in at.items() if box["mark"] == "primary"} == {
        "A financial daily", "A security service", "Customs figures", "A news agency", "A memo that a daily saw",
    }  # fmt: skip
    assert at["A copy of an unnamed text"]["mark"] == "origin-unknown"
    assert all(line["ends"][0] < line["ends"][2] for line in drawn["lines"])


def test_changes_are_marked_on_the_line_on_which_they_happened() -> None:
    drawn = lineage.draw(_view(), lineage.lineage(_view()))
    marked = {(line["parent"], line["key"]): line["kinds"] for line in drawn["lines"] if line["changes"]}
    assert marked == {("est:daily", "est:blog"): ["scope", "kind"], ("est:daily", "est:portal"): ["unit"]}
    assert {line["words"] for line in drawn["words"]} == {
        "A trade blog (rewrite, 2026-02-09) repeats A financial daily (report, 2026-02-05)",
        "A portal in another language (translation, 2026-02-07) repeats A financial daily (report, 2026-02-05)",
        "A portal in another language (translation, 2026-02-07) repeats Customs figures (data set, 2026-01-31)",
        "A financial daily (report, 2026-02-05) has single claims from Customs figures (data set, 2026-01-31)",
    }


def test_marks_do_not_hide_each_other() -> None:
    sources: list[dict[str, Any]] = [{"source_id": f"p{n}", "source_form": "report"} for n in range(6)]
    sources += [
        {"source_id": f"c{n}", "source_form": "copy", "derived_from": [f"p{m}" for m in range(6)]} for n in range(4)
    ]
    claims = [{"claim_id": f"k-{s['source_id']}", "source_ids": [s["source_id"]]} for s in sources]
    changes = [
        {"claim_id": f"k-c{n}", "parent_id": f"k-p{m}", "mutation_kind": "number"} for n in range(4) for m in range(6)
    ]
    tables = {
        "source": model.rows(model.SOURCE, sources),
        "claim": model.rows(model.CLAIM, claims),
        "mutation": model.rows(model.MUTATION, changes),
    }
    drawn = lineage.draw(_view(tables), lineage.lineage(_view(tables)))
    spots = [(line["x"], line["y"]) for line in drawn["lines"]]
    assert len(spots) == 24
    assert len(set(spots)) >= 20


def test_the_chain_of_a_claim_holds_its_own_sources_only() -> None:
    made = lineage.lineage(_view())

    def chain(key: str) -> list[list[str]]:
        return [[node.key for node in column] for column in made.chain(made.claims[f"est:{key}"])]

    assert chain("c-stored") == [["est:daily", "est:customs"], ["est:portal"]]
    assert chain("c-hall") == [["est:daily"], ["est:portal"]], "it repeats the daily, not the customs figures"
    assert chain("c-parcels") == [["est:customs"], ["est:daily"]]
    assert chain("c-beijing") == [["est:daily", "est:service"], ["est:blog"]]
    assert chain("c-later") == []


@given(
    st.lists(st.lists(st.integers(0, 9), max_size=4), min_size=1, max_size=10),
    st.lists(st.tuples(st.lists(st.integers(0, 12), max_size=3), st.lists(st.integers(0, 9), max_size=3)), max_size=6),
)
def test_any_graph_is_drawn_circles_included(
    sources: list[list[int]], claims: list[tuple[list[int], list[int]]]
) -> None:
    tables = {
        "source": model.rows(model.SOURCE, [{"source_id": f"s{n}", "derived_from": [f"s{m}" for m in behind]} for n, behind in enumerate(sources)]),
        "claim": model.rows(model.CLAIM, [
            {"claim_id": f"c{n}", "derived_from": [f"c{m}" if m < 6 else f"s{m}" for m in behind], "source_ids": [f"s{m}" for m in carriers]}
            for n, (behind, carriers) in enumerate(claims)
        ]),
    }  # fmt: skip
    view = _view(tables)
    made = lineage.lineage(view)
    drawn = lineage.draw(view, made)
    places = [(box["x"], box["y"]) for box in drawn["boxes"]]
    assert len(places) == len(set(places)) == drawn["total"] - drawn["left_out"]
    assert all(0 <= x <= drawn["width"] and 0 <= y <= drawn["height"] for x, y in places)
    for row in asserted.claims(view):
        keys = [node.key for column in made.chain(row) for node in column]
        assert len(keys) == len(set(keys)) <= lineage.CHAIN + 12
        assert set(row["source_ids"] or ()) <= set(keys)
