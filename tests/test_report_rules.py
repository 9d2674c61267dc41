# ruff: noqa: E501 (rows of an invented case read best as rows)
"""The page of rules: by law and outcome, the gravest first; counts against bars; and no silence that looks like order."""

from __future__ import annotations

import json
import random
import re
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate import model
from flagstate.laws import pack, told
from flagstate.laws.judge import judge_here
from flagstate.pipeline.rules import own_laws, shipped_laws
from flagstate.report import meter, render, rulings
from flagstate.report.french import translated
from flagstate.report.pages import rules
from flagstate.report.view import View
from report_case import META
from report_rules_case import LAWS, ROWS, counted, finding, meta, ruled

Row = dict[str, Any]
TEA = Path(__file__).parent / "data" / "law_page" / "laws" / "tea_trade"


def page(rows: list[Row] | None = None, **more: Any) -> Row:
    return rules.build(View(ruled(rows), meta(**more)))


def section(rows: list[Row] | None = None, **more: Any) -> str:
    """Return the HTML of the page of rules alone."""
    html = render(ruled(rows), meta=meta(**more))
    return html[html.index('<section class="page" id="rules"') : html.index('<section class="page" id="claims"')]


def text(html: str) -> str:
    """Return what a reader sees, with one blank between words."""
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_data(self, data: str) -> None:
            found.append(data)

    reader = Reader()
    reader.feed(html)
    return " ".join(" ".join(found).split())


@pytest.mark.parametrize(
    ("verdict", "outcome", "status", "kind"),
    [
        ("yes", "prohibited", "sourced", "prohibited"),
        ("yes", "assess", "to verify", "assess"),
        ("yes", "something new", "sourced", "assess"),
        ("unknown", "restricted", "sourced", "unknown"),
        ("unknown", None, "sourced, stale", "unknown"),
        (None, "ok", "sourced", "unknown"),
        ("no", "ok", "sourced", "ok"),
        ("no", "not applicable", "interpretive", "not applicable"),
        ("no", "not applicable", "interpretive, not yet", "would be"),
        ("no", "not applicable", "sourced, lapsed", "would be"),
        ("no", "not applicable", "sourced, proposed", "would be"),
    ],
)
def test_a_finding_is_of_one_kind(verdict: str | None, outcome: str | None, status: str, kind: str) -> None:
    assert rulings.kind(verdict, outcome, rulings.status(status)[1]) == kind


def test_laws_stand_gravest_first_and_each_counts_what_it_found() -> None:
    made = page()
    assert [law["id"] for law in made["laws"]] == ["us_data", "MY-OWN", "eu_rule"]
    counts = {law["id"]: dict(law["counts"]) for law in made["laws"]}
    assert counts["us_data"] == {"prohibited": 1, "restricted": 1, "unknown": 2, "would be": 1, "ok": 2}
    assert counts["eu_rule"] == {"unknown": 1, "not applicable": 1}
    assert [name for name, _ in made["laws"][0]["parts"]] == ["prohibited", "restricted", "unknown", "would be", "ok"]
    assert made["open"] == ["us_data", "MY-OWN"]
    (row,) = made["refused"]
    assert row["subject"] == "broken_law"


def test_a_finding_is_shown_with_all_that_it_carries() -> None:
    shown = text(section())
    for row in ROWS:
        assert row["message"] in shown
        assert all(one in shown for one in row.get("missing") or ())
        assert row.get("citation") is None or row["citation"] in shown
    assert "broken_law" in shown
    assert "exemption refused" in shown
    assert "28 USX 9: purpose analytics" in shown
    assert "exemption applied" in shown
    assert "Take another vendor → ok" in shown
    assert "would be: breach" in shown
    assert "if so: restricted" in shown
    assert "proposed" in shown
    assert "our reading is too old" in shown
    assert "would verdict" not in shown


def test_facts_are_named_with_where_they_were_read() -> None:
    tables = ruled([finding("one", "US-DAT-02", "yes", "prohibited", "x", facts=[f"f{n}" for n in range(9)])])
    holding = model.rows(model.NOUNS["holding"], [{"fact_id": "f0", "evidence_id": "ev:3", "asset_id": "est:wms"}])
    tables["holding"] = holding
    made = rules.build(View(tables, meta()))
    (row,) = made["laws"][0]["parts"][0][1][0]["rows"]
    assert row["named"] == [("f0", "holding, northwind.sqlite"), ("f1", ""), ("f2", ""), ("f3", "")]
    assert row["facts_more"] == 5


def test_what_is_unknown_or_does_not_apply_is_folded() -> None:
    html = section()
    folded = re.findall(r'<details class="folded"><summary>([^<:]+)', html)
    assert sorted(set(folded)) == ["in order", "not applicable", "not known", "would be"]
    assert re.search(r'<details class="government law" id="law-us_data" open>', html)
    assert re.search(r'<details class="government law" id="law-eu_rule">', html)


def test_without_a_finding_nothing_is_in_order() -> None:
    nothing = {
        "question": "rules",
        "rule_id": "not-built",
        "verdict": "unknown",
        "message": "No step of this audit produced a finding on this question.",
    }
    for laws, rows in (({}, []), (LAWS, []), (LAWS, [nothing])):
        html = section(rows, laws=laws)
        shown = text(html)
        assert "Not known" in shown
        assert "No step of this audit produced a finding on this question." in shown
        assert "in order" not in shown.replace("never “in order”", "")
        assert 'class="r-ok"' not in html
        assert "No rule was judged in this case." in shown
    nobody = nothing | {"rule_id": "rules-no-subject"}
    silent = "Found nobody whom they speak of: not known Quiet Act · EU Rule · US Data Act"
    assert silent in text(section([nobody], laws=LAWS))


def test_a_law_that_found_nobody_is_never_counted_as_in_order() -> None:
    made = page()
    assert made["quiet"] == ["Quiet Act"]
    assert "Found nobody whom they speak of: not known Quiet Act" in text(section())


def test_the_french_page_speaks_french() -> None:
    html = section(language="fr")
    shown = text(html)
    assert "FR clinic sells data to broker" in shown
    assert not re.search(r"(?<!FR )clinic sells data to broker", shown)
    assert "FR Take another vendor → ok" in shown
    assert "FR An upper bound" in shown
    assert "Loi américaine sur les données" in shown
    assert "Contrat de prestation" in shown
    assert "exemption refusée" in shown
    assert "au moins 2 345 au-dessus" in shown
    for word in ("Yes", "finding", "restricted", "would be", "not known", "above", "below"):
        assert not re.search(rf"\b{word}\b", shown.replace("would be breach", "")), word


@pytest.mark.parametrize(
    "french", [None, "", "{", "[]", '"x"', '{"message": 3, "missing": "x", "measures": [1]}', "[" * 100_000]
)
def test_a_french_text_of_no_known_form_leaves_the_english_one(french: str | None) -> None:
    assert translated({"french": french}) == {}
    row = finding("a", "US-DAT-02", "yes", "prohibited", "clinic sells", missing=["collect"]) | {"french": french}
    assert "clinic sells" in text(section([row], language="fr"))


@pytest.mark.parametrize(
    ("low", "high", "state", "words"),
    [
        (10_001, 10_001, "above", "1 above"),
        (10_001, 20_000, "above", "at least 1 above"),
        (10_001, None, "above", "at least 1 above"),
        (10_000, 10_000, "at", "exactly at the bar"),
        (9_999, 10_000, "at", "at most exactly at the bar"),
        (10_000, 10_001, "open", "the bar lies between the bounds: from 0 below to 1 above"),
        (9_000, 10_001, "open", "the bar lies between the bounds: from 1,000 below to 1 above"),
        (9_999, 9_999, "below", "1 below"),
        (0, 9_999, "below", "at least 1 below"),
        (300, None, "open", "9,700 below at least known; how many more is not known"),
        (10_000, None, "open", "exactly at the bar at least; how many more is not known"),
    ],
)
def test_the_meter_says_how_far_a_count_is_from_its_bar(low: int, high: int | None, state: str, words: str) -> None:
    (one,) = page([counted("a", low, high, "unknown")])["meters"]
    assert (one["state"], one["words"]) == (state, words)
    assert one["of"] == "personal health"
    assert one["unit"] == "US persons"


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_a_place_on_the_meter_keeps_the_order_of_counts(number: int, limit: int) -> None:
    here = meter.place(number, limit)
    assert 0 <= here <= 100
    assert (here > 50) <= (number > limit)
    assert (here < 50) <= (number < limit)
    assert here <= meter.place(number + 1, limit)
    assert meter.place(limit, limit) == 50
    assert meter.place(2 * limit, limit) == 75


@given(st.integers(0, 30), st.one_of(st.none(), st.integers(0, 30)), st.integers(1, 30))
def test_a_bar_is_drawn_inside_the_meter(low: int, more: int | None, limit: int) -> None:
    high = None if more is None else low + more
    one = meter._meter({"count_lo": low, "count_hi": high, "threshold": limit})
    assert one is not None
    assert one["at"] >= 0
    assert one["wide"] > 1
    assert one["at"] + one["wide"] <= 100.01
    assert one["state"] == meter.state(low, high, limit)


def test_one_count_with_several_parties_is_one_meter_and_the_nearest_come_first() -> None:
    rows = [counted(f"k{n}", 10_500, 11_000, "yes", subject="est:clinic", counterparty=f"est:c{n}") for n in range(7)]
    rows += [counted("near", 5, 9_000, "no"), counted("far", 5, 10, "no"), counted("open", 5, 99_999, "unknown")]
    made = page(rows)
    assert [one["subject"] for one in made["meters"]] == ["clinic", "clinic-open", "clinic-near", "clinic-far"]
    assert made["meters"][0]["others"] == ["c0", "c1", "c2", "c3"]
    assert made["meters"][0]["others_more"] == 3
    two = page(
        [
            counted("a", 1, 2, "no", subject="est:c"),
            counted("b", 1, 2, "no", subject="est:c") | {"rule_id": "US-DAT-02"},
        ]
    )
    assert [one["rules"] for one in two["meters"]] == [["US-DAT-01", "US-DAT-02"]]
    many = page([counted(f"k{n}", n, n, "no") for n in range(meter.SHOWN + 5)])
    assert (len(many["meters"]), many["meters_more"]) == (meter.SHOWN, 5)
    assert "Further counts, in the figures of tables/finding.parquet: 5" in text(
        section([counted(f"k{n}", n, n, "no") for n in range(meter.SHOWN + 5)])
    )


def test_the_trend_takes_the_largest_for_least_and_the_sum_for_most() -> None:
    (one,) = page([counted("a", 5, 9, "no")])["meters"]
    trend = one["trend"]
    # Two containers of that category; a third is of another, and a fourth has years alone.
    assert [bar["period"] for bar in trend["bars"]] == [f"2026-{n:02d}" for n in range(1, 13) if n != 7]
    assert trend["bars"][1]["bounds"] == (200, 2 * (200 + 60))
    assert trend["top"] == 12 * 260
    xs = [bar["x"] for bar in trend["bars"]]
    assert xs[6] - xs[5] == pytest.approx(2 * (xs[1] - xs[0]), abs=0.2), "a month of which nothing is known stays empty"
    assert all(0 <= bar["low"] <= bar["high"] <= meter.HIGH for bar in trend["bars"])
    (other,) = page([counted("a", 5, 9, "no", facts=["other"])])["meters"]
    assert other["trend"] is None


@pytest.mark.parametrize(
    "series", ["", "[", "{}", '{"2026-01": 3}', '{"2026-01": [5, 1], "2026-02": [0, "x"]}', '{"x": [1, 2]}']
)
def test_a_series_of_no_known_form_draws_nothing(series: str) -> None:
    counts = [{"kind": "category", "category": "us_28cfr202/personal_health", "facts": ["h1"], "series": series}]
    tables = ruled([counted("a", 5, 9, "no")]) | {"person_count": model.rows(model.NOUNS["person_count"], counts)}
    (one,) = rules.build(View(tables, meta()))["meters"]
    assert one["trend"] is None


@pytest.mark.parametrize(
    "values",
    ['{"threshold": 0, "count_lo": 1}', '{"threshold": 5}', '{"threshold": true, "count_lo": 1}', '{"threshold": "x", "count_lo": 1}',
     '{"threshold": NaN, "count_lo": 1}', '{"threshold": 1e400, "count_lo": 1}', '["threshold"]', '{"threshold": [[', '"threshold"',
     '{"threshold": ' + "[" * 50_000, '{"threshold": ' + "[" * 900 + "]" * 900 + "}"],
    ids=range(11),
)  # fmt: skip
def test_figures_of_no_known_form_give_no_meter_and_no_fault(values: str) -> None:
    row = finding("a", "US-DAT-02", "yes", "prohibited", "clinic sells") | {"values": values, "bounds": values}
    assert "clinic sells" in text(section([row]))
    assert not page([row])["meters"]


@pytest.mark.parametrize(
    ("low", "high", "verdict", "state"),
    [
        (12_500, 12_500, "no", "at"),
        (12_501, 12_501, "yes", "above"),
        (400, 12_501, "unknown", "open"),
        (400, None, "unknown", "open"),
    ],
)
def test_what_a_law_finds_is_what_the_page_shows(low: int, high: int | None, verdict: str, state: str) -> None:
    law = pack.load(TEA, own=True)
    months = json.dumps({"2026-01": [low // 2, low], "2026-02": [low, low]})
    count = {
        "asset_id": "est:shop",
        "kind": "category",
        "category": "x/tea",
        "subjects_lo": low,
        "subjects_hi": high,
        "facts": ["h1"],
        "series": months,
    }
    holding = model.stamp(
        model.rows(model.NOUNS["holding"], [{"fact_id": "h1"}]),
        model.NOUNS["holding"],
        stance="observed",
        evidence_id="ev:3",
    )
    fact = holding["fact_id"][0].as_py()
    tables = {"holding": holding, "person_count": model.rows(model.NOUNS["person_count"], [count | {"facts": [fact]}])}
    (said,) = judge_here(tables, [law], META.as_of)
    assert said.error is None
    shown = ruled([]) | tables | {"finding": model.rows(model.FINDING, said.findings)}
    made = rules.build(View(shown, meta(laws=told.index([law]))))
    (one,) = made["meters"]
    assert (one["state"], one["limit"], one["low"], one["high"]) == (state, 12_500, low, high)
    assert [bar["bounds"] for bar in one["trend"]["bars"]] == [(low // 2, low), (low, low)]
    (kind, (group,)), *_ = made["laws"][0]["parts"]
    assert kind == {"yes": "notify", "no": "ok", "unknown": "unknown"}[verdict]
    assert (group["rule"], group["title"], group["citation"], group["status"]) == (
        "TEA-01",
        "Telling of much tea",
        "sec. 3 and 4",
        "sourced",
    )
    assert group["measures"] == ([] if verdict == "no" else ["Keep fewer rows → ok"])
    assert group["rows"][0]["missing"] == (["How many drink it"] if verdict == "unknown" else [])
    assert group["rows"][0]["named"] == [(fact, "holding, northwind.sqlite")]


def test_a_report_names_laws_that_are_shipped_and_the_users_own() -> None:
    assert set(shipped_laws()) == {law.id for law in pack.packs().laws}
    mine = own_laws([TEA.parent])
    assert set(mine) == {"tea_trade"}
    assert mine["tea_trade"]["rules"] == {
        "TEA-01": {"en": "Telling of much tea", "fr": "Déclarer beaucoup de thé"},
        "TEA-02": {"en": "Licence", "fr": "Licence"},
    }
    assert own_laws([]) == {}
    assert json.loads(json.dumps(mine)) == mine, "the ledger keeps it as JSON"


NASTY = '<script>alert(1)</script>\x1b[31m\u202e"><img src=x onerror=alert(2)>{{7*7}}`</code><b>'


@pytest.mark.parametrize("language", ["en", "fr"])
def test_texts_of_laws_and_evidence_cannot_act_on_the_page(language: str) -> None:
    nasty = json.dumps({"message": NASTY, "missing": [NASTY], "measures": [NASTY], "title": NASTY})
    columns = dict.fromkeys(
        ("message", "subject", "counterparty", "citation", "exemption", "status", "innocent", "judged"), NASTY
    )
    values = json.dumps(
        {
            NASTY: NASTY,
            "count_lo": 1,
            "count_hi": 9,
            "threshold": 5,
            "unit": NASTY,
            "category": NASTY,
            "would_be": NASTY,
            "many": [NASTY],
        }
    )
    row = {"question": "rules", "verdict": "yes", "outcome": NASTY, "level": "high", "missing": [NASTY], "measures": [NASTY],
           "facts": [NASTY], "values": values, "bounds": values, "french": nasty, "finding_id": NASTY, "rests_on": NASTY,
           "confidence": NASTY, **columns}  # fmt: skip
    rows = [row | {"rule_id": one} for one in ("US-DAT-01", NASTY, "rules-refused", "rules-no-subject")]
    rows += [row | {"rule_id": "US-DAT-01", "verdict": verdict} for verdict in ("no", "unknown", NASTY)]
    laws = {
        "us_data": {
            "title": {"en": NASTY, "fr": NASTY},
            "citation": NASTY,
            "rules": {"US-DAT-01": {"en": NASTY, "fr": NASTY}},
        }
    }
    html = section(rows, language=language, laws=laws)
    assert html.count("&lt;script&gt;alert(1)") >= 20
    assert "<script" not in html
    assert "<img" not in html
    assert "\u202e" not in html
    assert "\x1b" not in html
    assert "{{7*7}}" in html
    tags: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.add(tag)
            assert not any(name.startswith("on") or name == "style" for name, _ in attrs)

    Reader().feed(html)
    assert not tags & {"script", "img", "b", "iframe"}


def many(number: int) -> pa.Table:
    """Return findings of 80 rules of 20 laws, as large as real ones."""
    chance = random.Random(7)
    states = [
        ("yes", "prohibited"),
        ("yes", "restricted"),
        ("unknown", "restricted"),
        ("no", "ok"),
        ("no", "not applicable"),
    ]
    rows = []
    for at in range(number):
        verdict, outcome = states[chance.randrange(5)]
        law, rule = at % 20, at % 80
        rows.append(
            finding(f"f{at}", f"L{law}-R-{rule:02d}", verdict, outcome, f"party {at} lets party {at + 1} get at data", subject=f"est:p{at}",
                    missing=["Where the counterparty is organised and who owns it"] if verdict == "unknown" else [],
                    measures=["Take the service from another vendor → ok"], facts=[f"{at:032x}{n}" for n in range(20)],
                    values={"count_lo": at, "count_hi": at + 9, "threshold": 10_000, "unit": "persons"})
        )  # fmt: skip
    return model.rows(model.FINDING, rows)


def test_twenty_thousand_findings_give_a_page_that_is_small_and_soon_there() -> None:
    tables = ruled([]) | {"finding": many(20_000)}
    render(ruled(), meta=META)  # templates compiled
    laws = {
        f"law{n}": {
            "title": {"en": f"Law {n}", "fr": ""},
            "citation": "c",
            "rules": {f"L{n}-R-{r:02d}": {"en": "t", "fr": "t"} for r in range(n, 80, 20)},
        }
        for n in range(20)
    }
    begun = time.process_time()
    html = render(tables, meta=meta(laws=laws))
    spent = time.process_time() - begun
    base = len(render(ruled([]), meta=meta(laws=laws)))
    made = rules.build(View(tables, meta(laws=laws)))
    assert sum(law["total"] for law in made["laws"]) == 20_000
    shown = sum(len(group["rows"]) for law in made["laws"] for _, groups in law["parts"] for group in groups)
    assert shown <= rulings.ROOM + rulings.MOST
    assert len(html) - base < 1_300_000, len(html) - base
    assert spent < 6, spent
    assert re.search(r"and \d+ more of this rule, in tables/finding.parquet", text(html))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["A-B-1", "A-B-2", "C-1", "x", ""]), st.sampled_from(["yes", "no", "unknown", None]), st.sampled_from(["prohibited", "ok", "assess", "not applicable", None]), st.sampled_from(["sourced", "sourced, proposed", None])), max_size=40))  # fmt: skip
def test_no_finding_is_lost_or_told_twice(listed: list[tuple[str, str | None, str | None, str | None]]) -> None:
    rows = [
        {"finding_id": str(at), "question": "rules", "rule_id": rule, "verdict": verdict, "outcome": outcome, "status": said}
        for at, (rule, verdict, outcome, said) in enumerate(listed)
    ]  # fmt: skip
    book = rulings.book(model.rows(model.FINDING, rows), {})
    assert sum(book["counts"].values()) == len(rows)
    groups = [group for law in book["laws"] for group in law["groups"]]
    assert sum(group["total"] for group in groups) == len(rows)
    shown = [row["finding_id"] for group in groups for row in group["rows"]]
    assert len(shown) == len(set(shown))
    assert all(len(group["rows"]) + group["more"] == group["total"] for group in groups)
