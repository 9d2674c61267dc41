# ruff: noqa: E501 (rows of an invented case read best as rows)
"""The page of claims: who said what, what the evidence says of it, who repeats whom; the same in every export."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from flagstate import model
from flagstate.model.codes import CLAIM_VERDICTS
from flagstate.report import asserted, document, lineage, render, summary
from flagstate.report.exports import markdown, ocsf, sarif
from flagstate.report.inert import HIDDEN
from flagstate.report.pages import claims as page
from flagstate.report.pages import overview
from flagstate.report.view import View
from report_case import META, case
from report_claims_case import CLAIMS, VERDICTS, claimed
from report_hostile import NAMES

FRENCH = replace(META, language="fr")


def _view(tables: Any = None, meta: Any = META) -> View:
    return View(claimed() if tables is None else tables, meta)


def _sheets(view: View) -> dict[str, dict[str, Any]]:
    return {sheet["id"]: sheet for _, sheets, _ in page.build(view)["groups"] for sheet in sheets}


class _Text(HTMLParser):
    """The text of one page of the report, without script and style."""

    def __init__(self, html: str, name: str) -> None:
        super().__init__(convert_charrefs=True)
        start = html.index(f'<section class="page" id="{name}"')
        end = html.find('<section class="page" id="', start + 10)
        self.parts: list[str] = []
        self.ids: list[str] = []
        self.feed(html[start : end if end > 0 else html.index("</main>")])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.parts))


# What a claim came to


@given(st.lists(st.sampled_from([*CLAIM_VERDICTS, None, "of a later version"]), max_size=6), st.booleans())
def test_a_claim_is_supported_only_where_every_part_is(words: list[str | None], tested: bool) -> None:
    found = asserted.found([{"claim_verdict": word} for word in words], tested=tested)
    assert (found == "supported") == (bool(words) and set(words) == {"supported"})
    assert (found == "contradicted") == ("contradicted" in words)
    assert found in asserted.ORDER


def test_a_claim_of_which_no_verdict_is_kept_is_not_tested_and_never_green() -> None:
    tables = claimed() | {"claim_verdict": model.empty(model.CLAIM_VERDICT)}
    found = {row["claim_id"]: row["found"] for row in asserted.claims(_view(tables))}
    assert found == {row["claim_id"]: "untested" if row.get("test") else "not_testable" for row in CLAIMS}
    shown = _Text(render(tables, meta=META), "claims").text
    assert "It has a test, and this case holds no verdict of it." in shown
    assert "Supported" not in shown


def test_claims_come_in_the_order_in_which_they_ask_for_attention() -> None:
    found = [row["found"] for row in asserted.claims(_view())]
    assert found == sorted(found, key=asserted.ORDER.index)
    assert dict(asserted.tally(asserted.claims(_view()))) == {
        "contradicted": 1, "questionable": 1, "not_observed": 1, "supported": 1, "untested": 1, "not_testable": 4,
    }  # fmt: skip


def test_the_first_page_shows_a_contradicted_a_supported_and_an_undecided_claim() -> None:
    cards = overview.build(_view())["claims"]
    assert [card["word"] for card in cards] == ["contradicted", "supported", "not_observed"]
    shown = _Text(render(claimed(), meta=META), "overview").text
    for said in (
        "“Nobody outside Belgium reaches the warehouse system.”",
        "denied by the union",
        "7 of 48 kinds of access to the warehouse system came from China, on 5 days.",
        "That nobody connects through a proxy in Belgium.",
        "“The hub’s data are stored in Germany.”",
        "a spokesperson of the logistics group · A financial daily · 2026-02-05",
        "That a copy does not stand elsewhere.",
        "alleged hedged: would be denied by the logistics group no comment: the ministry",
        "To decide, collect A log of at least 30 days from every way out.",
        "Of 9 claims one of each kind is shown.",
    ):
        assert said in shown, said


def test_of_what_there_is_none_no_card_is_made() -> None:
    tables = claimed()
    kept = [row for row in tables["claim_verdict"].to_pylist() if row["claim_verdict"] != "contradicted"]
    view = _view(tables | {"claim_verdict": model.rows(model.CLAIM_VERDICT, kept)})
    assert [card["word"] for card in overview.build(view)["claims"]] == ["supported", "not_observed"]


def test_links_of_cards_lead_to_a_sheet_and_a_finding() -> None:
    html = render(claimed(), meta=META)
    ids = _Text(html, "claims").ids
    assert len(ids) == len(set(ids))
    for card in overview.build(_view())["claims"]:
        assert {card["anchor"], card["finding"]} <= set(ids)
        assert f'href="#{card["finding"]}"' in html
    linked = set(re.findall(r'href="#((?:claim|finding)-[^"]*)"', html))
    assert linked <= set(ids)


def test_every_claim_says_wherever_it_is_shown_who_said_it_and_who_denies_it() -> None:
    html = render(claimed(), meta=META)
    shown = _Text(html, "claims").text
    grid = json.loads(html.split('id="data">')[1].split("</script>")[0])["grids"]["claim"]["rows"]
    cells = {row[0][1]: " ".join(map(str, row)) for row in grid}
    for row in CLAIMS:
        key = asserted.short(row["claim_id"])
        assert row.get("speaker", "") in cells[key]
        assert row.get("hedging", "") in cells[key]
        for who, stance in json.loads(row.get("stances") or "{}").items():
            assert who in cells[key], (key, stance)
    assert "alleged denied by the group, an embassy not verified by its publisher (A memo that a daily saw)" in shown
    assert shown.count("denied by the logistics group") == 2  # its sheet and the table


# Sheets


def test_a_sheet_says_what_was_seen_and_what_was_not() -> None:
    sheet = _sheets(_view())["c-beijing"]
    part = sheet["parts"][0]
    assert (part["verb"], part["asked"], part["asset"]) == ("nothing goes to", "China", "Warehouse system")
    assert (part["rows_for"], part["rows_against"], part["share"]) == (0, 0, "99.9%")
    assert part["window"] == ("2026-06-01 00:04", "2026-06-07 23:51")
    assert part["remainder"] == ["Traffic before 1 June and after 7 June.", "Other ways out than this border."]
    assert part["finding"] == "claim3"
    keys = _sheets(_view())["c-keys"]["parts"][0]
    assert keys["query"][1] == "FROM activity"
    assert (len(keys["facts"]), keys["facts_more"]) == (6, 3)
    assert [part["asked"] for part in _sheets(_view())["c-stored"]["parts"]] == ["Germany", "Alibaba Cloud"]


@pytest.mark.parametrize(
    ("test", "verb", "asked"),
    [
        ({"count_at_most": 1000}, "count_at_most", "1,000 persons"),
        ({"count_at_most": 1000, "unit": "records"}, "count_at_most", "1,000 records"),
        ({"figure_consistent_with": [9000, 11000]}, "figure_consistent_with", "9,000 – 11,000 persons"),
        ({"place_in": ["DE", "ZZ"]}, "place_in", "Germany, ZZ"),
        ({"operator_is": "ent:ovh"}, "operator_is", "OVH SAS"),
        (
            {"no_flow_to": ["domain:a.example", "entity:ent:ovh", "country:CN"]},
            "no_flow_to",
            "a.example, OVH SAS, China",
        ),
        ({"class_absent": ["card", "health_term"]}, "class_absent", "card, health_term"),
        ("no object", "place_in", ""),
    ],
)
def test_what_a_part_asks_is_said_in_words(test: Any, verb: str, asked: str) -> None:
    assert asserted.Sheets(_view()).asked({"test": json.dumps(test)}, verb) == asked


def test_figures_that_hardly_agree_are_a_little_calculation() -> None:
    sums = _sheets(_view())["c-parcels"]["sums"]
    assert sums == {
        "above": "1,100,000 t", "below": "326,000,000 parcel", "result": "3.37 kg", "likely": "0.1 – 2.5 kg",
        "because": "e-commerce parcels weigh less",
    }  # fmt: skip
    assert "1,100,000 t ÷divided by 326,000,000 parcel = 3.37 kg" in _Text(render(claimed(), meta=META), "claims").text
    assert _sheets(_view())["c-hall"]["sums"] is None


def test_changes_stand_on_the_sheet_with_what_they_were() -> None:
    (change,) = _sheets(_view())["c-hall"]["changes"]
    assert (change["kind"], change["before"], change["after"]) == ("unit", "30000 m²", "30000 ft²")
    assert change["anchor"] == "claim-c-hall-first"
    assert {change["kind"] for change in _sheets(_view())["c-beijing"]["changes"]} == {"scope", "kind"}


def test_texts_and_primaries_are_counted_apart() -> None:
    shown = _Text(render(claimed(), meta=META), "claims").text
    assert "Texts that carry it: 4; independent primary sources behind them: 2." in shown
    assert "Of these, resting on persons who are not named: 1." in shown


def test_french_speaks_french() -> None:
    tables = claimed()
    rows = tables["finding"].to_pylist()
    told = {"message": "Constat.", "missing": ["Un journal d’au moins 30 jours."]}
    rows = [row | ({"french": json.dumps(told)} if row["finding_id"] == "claim3" else {}) for row in rows]
    sheets = _sheets(_view(tables | {"finding": model.rows(model.FINDING, rows)}, FRENCH))
    assert sheets["c-keys"]["verdict"] == ("claim-contradicted", "Contredite")
    assert sheets["c-keys"]["why"].startswith("7 des 48 genres d’accès")
    assert sheets["c-beijing"]["missing"] == ["Un journal d’au moins 30 jours."]
    assert sheets["c-stored"]["parts"][1]["message"] == "Alibaba Cloud runs it.", "without a translation the English"
    shown = _Text(render(claimed(), meta=FRENCH), "claims").text
    assert "« The hub’s data are stored in Germany. »" in shown
    assert "démentie par the union" in shown


def test_what_is_no_json_is_shown_as_nothing() -> None:
    broken = {"stances": "[", "test": '{"place_in":', "claim_figures": "[1]"}
    rows: list[dict[str, Any]] = [
        {"claim_id": "c", "sentence": "It is so.", **broken},
        {"claim_id": None, "sentence": None},
        {"claim_id": "c", "sentence": "Again."},
    ]
    tables = {"claim": model.rows(model.CLAIM, rows), "claim_verdict": model.rows(model.CLAIM_VERDICT, [{"claim_id": "c", "verb": "place_in"}])}  # fmt: skip
    view = _view(tables)
    assert [(row["sentence"], row["found"]) for row in asserted.claims(view)] == [
        ("It is so.", "untested"),
        (None, "not_testable"),
    ]
    assert "It is so." in _Text(render(tables, meta=META), "claims").text


def test_a_case_without_claims_says_so() -> None:
    html = render(case(), meta=META)
    assert "No claim was given in this case, so none was tested." in _Text(html, "claims").text
    assert "What is claimed" not in _Text(html, "overview").text
    assert document(case(), META)["claims"] == []


# Bounds


def test_a_thousand_claims_stay_within_their_room() -> None:
    long = "word " * 100
    claims = [
        {"claim_id": f"est:k{n}", "sentence": f"{n} {long}", "speaker": long, "hedging": long, "source_ids": [f"est:s{n % 200}"],
         "stances": json.dumps({f"{who} {long}": "deny" for who in range(20)}), "derived_from": [f"est:k{n - 1}"] if n % 3 else None}
        for n in range(1000)
    ]  # fmt: skip
    verdicts = [
        {"claim_id": f"est:k{n}", "verb": "place_in", "claim_verdict": "contradicted" if n % 2 else "not_observed", "message": long,
         "query": f"{long}\n" * 300, "facts": [f"f{m}" for m in range(400)], "missing": [long] * 4, "remainder": [long] * 9}
        for n in range(1000)
    ]  # fmt: skip
    changes = [{"claim_id": f"est:k{n}", "parent_id": f"est:k{n - 1}", "mutation_kind": "scope", "message": long, "before": long, "after": long} for n in range(1000) if n % 3]  # fmt: skip
    sources = [{"source_id": f"est:s{n}", "source_form": "rewrite", "outlet": long, "derived_from": [f"est:s{n // 2}"] if n else None} for n in range(200)]  # fmt: skip
    tables = case() | {
        "claim": model.rows(model.CLAIM, claims),
        "claim_verdict": model.rows(model.CLAIM_VERDICT, verdicts),
        "mutation": model.rows(model.MUTATION, changes),
        "source": model.rows(model.SOURCE, sources),
    }
    html = render(tables, meta=META)
    assert len(html.encode()) < 1_500_000
    built = page.build(_view(tables))
    sheets = [sheet for _, listed, _ in built["groups"] for sheet in listed]
    assert 12 <= len(sheets) <= page.SHEETS
    assert built["left_out"] == 1000 - len(sheets)
    assert len(built["graph"]["boxes"]) == lineage.MOST
    assert built["graph"]["left_out"] == 200 - lineage.MOST
    shown = _Text(html, "claims").text
    assert [(word, count, len(listed)) for word, listed, count in built["groups"]] == [
        ("contradicted", 500, len(sheets) - 1),
        ("not_observed", 500, 1),
    ], "the claims of the first page have a sheet"
    assert f"In the table below, further claims: {501 - len(sheets)}" in shown
    assert "Sources not drawn: 166" in shown
    assert built["table"].total == 1000


# Other faces


def test_the_summary_counts_claims() -> None:
    buffer = io.StringIO()
    Console(file=buffer, width=80).print(summary(claimed(), META))
    line = next(line for line in buffer.getvalue().splitlines() if line.startswith("Claims       "))
    assert line.rstrip() == "Claims       1 contradicted, 1 questionable, 1 not observed, 1 supported, 1 not…"
    assert len(buffer.getvalue().splitlines()) <= 21


def test_the_document_has_every_claim_with_all_that_is_known_of_it() -> None:
    made = {row["id"]: row for row in document(claimed(), META)["claims"]}
    assert json.loads(json.dumps(made)) == made
    assert set(made) == {row["claim_id"] for row in CLAIMS}
    hall = made["est:c-hall"]
    assert (hall["verdict"], hall["mutations"][0]["after"]) == ("not_testable", "30000 ft**2")
    assert made["est:c-army"]["denied_by"] == ["the group", "an embassy"]
    assert made["est:c-army"]["unverified_by"] == ["est:memo"]
    assert made["est:c-beijing"]["test"][0]["share_seen"] == 0.9994
    assert made["est:c-beijing"]["provenance"]["independent"] == 2
    assert sum(len(row["test"]) for row in made.values()) == len(VERDICTS)


def test_findings_elsewhere_say_who_claims_and_who_denies() -> None:
    results = sarif.document(claimed(), META)["runs"][0]["results"]
    told = {row["partialFingerprints"]["finding/v1"]: row.get("properties") for row in results}
    assert told["claim1"]["claim"]["denied_by"] == ["the union"]
    assert told["claim3"]["claim"]["hedging"] == "would be"
    assert told["f1"] is None
    events = {row["finding_info"]["uid"]: row for row in map(json.loads, ocsf.text(claimed(), META).splitlines())}
    assert events["claim1"]["unmapped"]["claim"]["speaker"] == "the hub’s operator"
    assert "claim" not in events["f1"]["unmapped"]
    text = markdown.text(claimed(), META)
    assert "**Contradicted**" in text
    assert r"hedged\: would be; denied by the logistics group" in text


def test_what_is_invented_is_labelled_in_every_face() -> None:
    for meta, invented in ((META, True), (replace(META, example=False), False)):
        run = sarif.document(claimed(), meta)["runs"][0]
        events = [
            json.loads(line)["unmapped"].get("example", False) for line in ocsf.text(claimed(), meta).splitlines()
        ]
        assert set(events) == {invented}
        assert run.get("properties", {}).get("example", False) is invented
        assert document(claimed(), meta)["case"]["example"] is invented
        for text in (render(claimed(), meta=meta), markdown.text(claimed(), meta)):
            assert ("this case is invented" in text) is invented


def _hostile() -> dict[str, Any]:
    """Return claims and sources in which every text is hostile, with stances, tests and figures that are JSON of them."""
    claims = [
        {
            "claim_id": f"est:{name}", "sentence": name, "speaker": name, "outlet": name, "hedging": name, "claim_scope": name,
            "remark": name, "claim_kind": name, "does_not_say": [name], "source_ids": [f"est:{name}"], "quote_hash": name,
            "stances": json.dumps({name: "deny"}), "claim_figures": json.dumps({"a": {"lo": 1, "hi": 1, "unit": name}, "b": {"lo": 2, "hi": 2}}),
            "test": json.dumps({"of": name, "class_absent": [name], "figure_consistent_with": {"figure": "a", "per": "b", "between": [1, 2], "unit": name, "because": name}}),
            "derived_from": [f"est:{NAMES[at - 1]}"],
        }
        for at, name in enumerate(NAMES)
    ]  # fmt: skip
    text = {"message": None, "french": None, "query": None, "rests_on": None, "confidence": None}
    return {
        "claim": model.rows(model.CLAIM, claims),
        "source": model.rows(model.SOURCE, [
            {"source_id": f"est:{name}", "source_form": name, "outlet": name, "remark": name, "verified": "no", "derived_from": [f"est:{NAMES[at - 1]}"]}
            for at, name in enumerate(NAMES)
        ]),
        "claim_verdict": model.rows(model.CLAIM_VERDICT, [
            {"claim_id": f"est:{name}", "verb": verb, "claim_verdict": "contradicted", "asset_id": name, "facts": [name], "remainder": [name],
             "missing": [name], "does_not_say": [name], **dict.fromkeys(text, name)}
            for name in NAMES for verb in ("class_absent", "figure_consistent_with", name)
        ]),
        "mutation": model.rows(model.MUTATION, [
            {"claim_id": f"est:{name}", "parent_id": f"est:{NAMES[at - 1]}", "mutation_kind": name, **dict.fromkeys(("figure", "before", "after", "message", "french"), name)}
            for at, name in enumerate(NAMES)
        ]),
        "provenance": model.rows(model.PROVENANCE, [
            {"claim_id": f"est:{name}", "assertions": 1, "independent": 1, "circular": True, **{key: [name] for key in ("primaries", "absent", "confirmed_by", "denied_by", "unverified_by")}}
            for name in NAMES
        ]),
        "finding": model.rows(model.FINDING, [
            {"finding_id": name, "question": "claims", "rule_id": "claim-class_absent", "subject": f"est:{name}", "verdict": "yes", "level": "high", "message": name, "judged": name}
            for name in NAMES
        ]),
    }  # fmt: skip


@pytest.mark.parametrize("meta", [META, FRENCH], ids=["en", "fr"])
def test_hostile_claims_show_themselves_and_do_nothing(meta: Any) -> None:
    html = render(_hostile(), meta=meta)
    assert {c for c in html if unicodedata.category(c) in HIDDEN and c != "\n"} == set()
    assert html.count("<script") == 3
    for acting in ("<img", "<b>", "<svg onload"):
        assert acting not in html
    ids = _Text(html, "claims").ids
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", one) for one in ids)
    assert set(re.findall(r'href="#((?:claim|finding)-[^"]*)"', html)) <= set(ids)


def test_hostile_claims_do_nothing_in_other_faces() -> None:
    tables = _hostile()
    tokens = MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(markdown.text(tables, META))
    inner = [child for token in tokens for child in token.children or ()]
    assert {"image", "html_inline", "code_inline", "em_open", "s_open"}.isdisjoint(c.type for c in inner)
    assert {"html_block", "fence", "code_block"}.isdisjoint(token.type for token in tokens)
    for text in (ocsf.text(tables, META), sarif.text(tables, META)):
        assert all(c == "\n" or " " <= c <= "~" for c in text)
    assert len(document(tables, META)["claims"]) == len(NAMES)
