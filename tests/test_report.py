"""The report: what it says, what it holds, and that nothing in it acts."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import re
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from flagstate import model
from flagstate.report import Meta, document, figures, page, render, summary
from flagstate.report.countries import names, points
from flagstate.report.destinations import destinations
from flagstate.report.exports import csv as sheets
from flagstate.report.exports import json as exported
from flagstate.report.exports import markdown
from flagstate.report.inert import HIDDEN, plain, prose
from report_case import META, case
from report_hostile import NAMES, hostile

QUESTIONS = ("holdings", "reach", "flows", "cutoff", "rules", "claims")


class Seen(HTMLParser):
    """What a browser would take from a page: its elements with attributes, and its text outside script and style."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.data: dict[str, str] = {}
        self._raw = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append((tag, found))
        self._raw = f"{tag}#{found.get('id', '')}" if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        self._raw = ""

    def handle_data(self, data: str) -> None:
        if self._raw:
            self.data[self._raw] = self.data.get(self._raw, "") + data
        else:
            self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        """Return the attributes of every element of the kind."""
        return [attrs for found, attrs in self.tags if found == tag]


@pytest.fixture(scope="module")
def html() -> str:
    return render(case(), meta=META)


@pytest.fixture(scope="module")
def ugly() -> str:
    return render(hostile(), meta=replace(META, case_id=NAMES[0], exit_reason=NAMES[8]))


def test_same_tables_give_the_same_bytes(html: str) -> None:
    assert render(case(), meta=META) == html


def test_the_policy_names_exactly_this_script_and_this_style(html: str) -> None:
    seen = Seen(html)
    policy = next(m["content"] for m in seen.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy == page.policy(seen.data["script#"], seen.data["style#"])
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert html.index("Content-Security-Policy") < html.index("<style>")


def test_nothing_is_asked_of_anybody(html: str) -> None:
    seen = Seen(html)
    assert {"img", "link", "iframe", "object", "embed", "base", "form", "audio", "video"}.isdisjoint(
        tag for tag, _ in seen.tags
    )
    for tag, attrs in seen.tags:
        assert "src" not in attrs
        assert attrs.get("href", "#").startswith("#") or (tag == "a" and attrs["href"].startswith("https://"))
    assert "url(" not in seen.data["style#"]
    assert "@import" not in seen.data["style#"]
    assert "sourceMappingURL" not in html
    assert "https://db-ip.com" in [a.get("href") for a in seen.all("a")]


@pytest.mark.parametrize("which", ["html", "ugly"])
def test_no_inline_handler_and_no_style_attribute(which: str, request: pytest.FixtureRequest) -> None:
    seen = Seen(request.getfixturevalue(which))
    for _, attrs in seen.tags:
        assert not [name for name in attrs if name.startswith("on") or name == "style"]


def test_hostile_names_add_no_element(ugly: str) -> None:
    seen = Seen(ugly)
    assert [sorted(attrs) for attrs in seen.all("script")] == [["id", "type"], ["id", "type"], []]
    assert {"img", "b", "iframe"}.isdisjoint(tag for tag, _ in seen.tags)
    assert all(a["href"].startswith("#") or a["href"].startswith("https://") for a in seen.all("a"))
    assert not any("evil.example" in value for _, attrs in seen.tags for name, value in attrs.items() if name == "href")
    assert "{{ 7*7 }} {% raw %} ${7*7}" in "".join(seen.text)


def test_hostile_names_show_themselves_and_do_nothing_in_html(ugly: str) -> None:
    acting = {c for c in ugly if unicodedata.category(c) in HIDDEN and c != "\n"}
    assert acting == set()
    assert r"\u202egnp.exe" in ugly
    assert r"\x1b]8;;http://evil.example" in ugly


def test_hostile_names_do_not_end_the_data(ugly: str) -> None:
    data = Seen(ugly).data["script#data"]
    assert "<" not in data
    assert json.loads(data)["grids"]["flow"]["total"] == len(NAMES)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("tables", [case, hostile, dict], ids=["case", "hostile", "empty"])
def test_the_summary_fits_a_screen(language: str, tables: Any) -> None:
    buffer = io.StringIO()
    console = Console(file=buffer, width=80, force_terminal=True, color_system="truecolor", legacy_windows=False)
    console.print(summary(tables(), replace(META, language=language)))
    raw = buffer.getvalue()
    bare = re.sub(r"\x1b\[[0-9;]*m", "", raw)
    assert not {c for c in bare if unicodedata.category(c) in HIDDEN and c != "\n"}, "only colours may act"
    assert len(bare.splitlines()) <= 21
    assert all(len(line) <= 80 for line in bare.splitlines())


def test_the_summary_takes_no_markup() -> None:
    name = "[red]markup[/red] [/] :skull:"
    finding = model.rows(model.FINDING, [{"question": "flows", "verdict": "yes", "level": "high", "message": name}])
    buffer = io.StringIO()
    Console(file=buffer, width=120).print(summary({"finding": finding}, META))
    assert name in buffer.getvalue()


def test_the_summary_reads_without_colour() -> None:
    buffer = io.StringIO()
    Console(file=buffer, width=80, color_system=None).print(summary(case(), META))
    lines = buffer.getvalue().splitlines()
    assert "\x1b" not in buffer.getvalue()
    signs = [line[0] for line in lines if line[:1] in tuple("-?!") and line[1:3] == "  "]
    assert signs == ["-", "?", "!", "?", "?", "?"]


def test_no_cell_of_a_sheet_is_a_formula() -> None:
    for name, table in hostile().items():
        text = sheets.text(table)
        read = list(csv.reader(io.StringIO(text, newline="")))
        assert len(read) == table.num_rows + 1, name
        assert all(len(row) == table.num_columns for row in read)
        for row in read[1:]:
            for cell in row:
                assert not cell.lstrip(" \u3000").startswith(("=", "+", "@", "\t", "\r", "＝")), cell
                assert not cell.startswith("-") or re.fullmatch(r"-?[0-9.e+-]+", cell)
                assert not {c for c in cell if unicodedata.category(c) in HIDDEN}


def test_a_sheet_keeps_ordinary_values() -> None:
    table = model.rows(model.FLOW, [{"resp_h": "8.209.64.10", "orig_bytes": -5, "server_name": "a,b"}])
    row = dict(zip(*list(csv.reader(io.StringIO(sheets.text(table)))), strict=True))
    assert (row["resp_h"], row["orig_bytes"], row["server_name"], row["day"]) == ("8.209.64.10", "-5", "a,b", "")


def test_markdown_shows_hostile_names_literally() -> None:
    meta = replace(META, case_id=NAMES[-5], exit_reason=NAMES[-4])
    parser = MarkdownIt("commonmark").enable("table").enable("strikethrough")
    for name in NAMES:
        finding = model.rows(
            model.FINDING,
            [{"question": "flows", "verdict": "yes", "level": "high", "message": name, "missing": [name]}],
        )
        text = markdown.text({"finding": finding}, meta)
        tokens = parser.parse(text)
        inner = [child for token in tokens for child in token.children or ()]
        links = [str(child.attrs["href"]) for child in inner if child.type == "link_open"]
        assert links == [link for _, link in meta.credits()]
        assert {"image", "html_inline", "code_inline", "em_open", "s_open"}.isdisjoint(c.type for c in inner)
        assert {"html_block", "fence", "code_block"}.isdisjoint(token.type for token in tokens)
        assert [t.tag for t in tokens if t.type == "heading_open"] == ["h1", "h2", "h2"]
        assert sum(t.type == "tr_open" for t in tokens) == 7
        assert not {c for c in text if unicodedata.category(c) in HIDDEN and c != "\n"}


def test_the_document_says_why() -> None:
    made = json.loads(exported.dumps(case(), META))
    assert made == json.loads(json.dumps(document(case(), META)))
    assert made["exit"] == {"code": 13, "reason": META.exit_reason}
    assert {q: a["verdict"] for q, a in made["questions"].items()} == dict(
        zip(QUESTIONS, ("no", "unknown", "yes", "unknown", "unknown", "unknown"), strict=True)
    )
    assert made["questions"]["flows"]["why"].startswith("2.36 GB left")
    assert made["questions"]["cutoff"]["collect"]
    assert len(made["findings"]) == case()["finding"].num_rows
    assert made["findings"][0]["values"]["conns"] == 18422
    assert made["ledger"]["head"] == META.ledger_head
    assert made["ledger"]["states"]["refused"] == 1
    assert made["ledger"]["rows_rejected"] == 3
    assert made["ledger"]["rows_read"] == 2_737_862, "tables of the catalog are not what the user gave"
    assert "recorded" not in made["ledger"]["states"]
    assert len(made["coverage"]) == 3


def test_the_document_is_ascii_and_its_names_come_back() -> None:
    text = exported.dumps(hostile(), META)
    assert all(c == "\n" or " " <= c <= "~" for c in text)
    assert [f["message"] for f in json.loads(text)["findings"]] == list(NAMES)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_empty_case_is_never_good_news(language: str) -> None:
    meta = Meta(case_id="x", version=1, as_of=META.as_of, made_at=META.made_at, flagstate="0", ledger_head="",
                language=language)  # fmt: skip
    made = document({}, meta)
    assert {a["verdict"] for a in made["questions"].values()} == {"unknown"}
    text = render({}, meta=meta)
    assert "v-no" not in {name for t in Seen(text).tags for name in t[1].get("class", "").split()}


def test_a_question_that_was_not_asked_is_not_counted() -> None:
    meta = replace(META, asked=("holdings",))
    buffer = io.StringIO()
    Console(file=buffer, width=80).print(summary(case(), meta))
    assert "No adverse answer" in buffer.getvalue()
    assert document(case(), meta)["questions"]["flows"]["asked"] is False


def test_the_four_countries_stand_side_by_side(html: str) -> None:
    grid = json.loads(Seen(html).data["script#data"])["grids"]["flow"]
    row = next(r for r in grid["rows"] if r[0][0] == "8.209.64.10")
    assert row[1] == ["Alibaba Cloud", "AS45102 Alibaba (US) Technology Co., Ltd."]
    assert row[2] == "Alibaba Group Holding Limited"
    assert row[3:8] == ["DE", "SG", "SG", "CN", "CN"]
    assert row[8] == ["likely", "likely"]


def test_attempts_are_not_losses_and_places_are_not_invented() -> None:
    found = destinations(case())
    states = {row["resp_h"]: row["state"] for row in found.rows}
    assert states["114.114.114.114"] == "attempted"
    assert found.anycast["destinations"] == 1
    assert found.unplaced["sent"] == 3_118_204
    assert found.inside == 2
    assert found.total == 12
    by_country = {row["country"]: row for row in found.countries}
    assert by_country["BR"]["state"] == "attempted"
    assert "AU" not in by_country, "an anycast address is in no country"
    assert (
        sum(r["sent"] for r in found.countries) + found.anycast["sent"] + found.unplaced["sent"] == found.sums["sent"]
    )


def test_unknown_sizes_are_not_called_attempts() -> None:
    flow = [{"resp_h": "8.8.8.8", "conns": 2, "orig_bytes": None, "unsized_conns": 2}]
    table = model.stamp(model.rows(model.FLOW, flow), model.FLOW, stance="observed")
    assert [row["state"] for row in destinations({"flow": table}).rows] == ["unsized"]


def test_declared_flows_are_not_drawn() -> None:
    flow = model.rows(model.FLOW, [{"resp_h": "8.8.8.8", "conns": 1, "orig_bytes": 9}])
    assert destinations({"flow": model.stamp(flow, model.FLOW, stance="declared")}).total == 0


def test_long_tables_are_bounded_and_say_so() -> None:
    flow = model.rows(
        model.FLOW, [{"resp_h": f"8.{n >> 8}.{n & 255}.1", "conns": 1, "orig_bytes": n} for n in range(12_000)]
    )
    finding = [
        {"finding_id": f"{n}", "question": "flows", "verdict": "yes", "level": "low", "message": f"finding {n}"}
        for n in range(5000)
    ]
    reconciled = [{"subject": f"host{n}.example" * 3, "result": "undeclared", "remark": "x" * 90} for n in range(9000)]
    text = render(
        case()
        | {
            "flow": model.stamp(flow, model.FLOW, stance="observed"),
            "finding": model.rows(model.FINDING, finding),
            "reconciliation": model.rows(model.RECONCILIATION, reconciled),
        },
        meta=META,
    )
    assert len(text.encode()) < 1_500_000
    assert "10,000 more in tables/flow.parquet" in text
    assert "In tables/finding.parquet, further findings: 4,800" in text
    assert len(json.loads(Seen(text).data["script#data"])["grids"]["flow"]["rows"]) == 2000


def test_long_names_cost_rows_and_not_the_page() -> None:
    rows = [{"subject": "x" * 3000, "result": "undeclared"} for _ in range(3000)]
    assert len(render({"reconciliation": model.rows(model.RECONCILIATION, rows)}, meta=META)) < 1_500_000


def test_every_country_has_a_point_and_two_names() -> None:
    at = points()
    assert {"SG", "HK", "MO", "MT", "KY", "VG", "GI", "XK"} <= set(at)
    assert set(names("en")) == set(names("fr")) == set(at)
    assert (names("en")["TW"], names("fr")["DE"]) == ("Taiwan", "Allemagne")
    # Known points, to a degree: the table comes from shapes, and a wrong join would be far off.
    for code, (lon, lat) in {"SG": (103.8, 1.35), "MT": (14.4, 35.9), "KY": (-81.2, 19.3), "DE": (10.4, 51.1)}.items():
        assert abs(at[code][0] - lon) < 1
        assert abs(at[code][1] - lat) < 1


def test_the_map_knows_the_small_states() -> None:
    world = json.loads(page.asset("world.json"))
    shapes = {shape.get("id") for shape in world["objects"]["countries"]["geometries"]}
    assert {"SG", "HK", "MO", "MT", "KY", "BH", "MU"} <= shapes
    assert len(page.asset("world.json")) < 200_000


def test_vendored_files_are_what_was_pinned() -> None:
    assets = resources.files("flagstate.report").joinpath("assets")
    listed = json.loads(page.asset("VENDOR.json"))
    assert {row["package"] for row in listed} == {
        "world-atlas", "topojson-client", "d3-geo", "d3-array", "i18n-iso-countries",
    }  # fmt: skip
    for row in listed:
        assert hashlib.sha256(assets.joinpath(row["file"]).read_bytes()).hexdigest() == row["sha256"], row["file"]
        assert row["licence"]
        assert assets.joinpath(f"LICENSE.{row['package']}.txt").is_file()


def test_an_older_case_without_a_column_still_shows() -> None:
    tables = case()
    tables["endpoint"] = tables["endpoint"].drop_columns(["controller_country"])
    assert "8.209.64.10" in render(tables, meta=META)


@given(st.text())
def test_plain_never_acts(text: str) -> None:
    assert not {c for c in plain(text) if unicodedata.category(c) in HIDDEN}


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_embedded_data_come_back_as_they_went_in(text: str) -> None:
    made = page.embed([text])
    assert json.loads(made) == [text]
    assert not set("<>&\u2028\u2029") & set(made)


@given(st.integers(0, 10**15))
def test_figures_never_round_up_to_a_thousand(number: int) -> None:
    shown, unit = figures.size(number).split(" ")
    assert len(shown.replace(".", "")) <= 3
    assert float(shown) * 1000 ** ("B", "kB", "MB", "GB", "TB", "PB").index(unit) == pytest.approx(number, rel=0.006)


@pytest.mark.parametrize(
    ("part", "shown"), [(1.0, "100%"), (0.99999, "99.9%"), (0.9994, "99.9%"), (0.5, "50%"), (0, "0%"), (None, "–")]
)
def test_a_share_below_one_is_never_shown_as_all(part: float | None, shown: str) -> None:
    assert figures.share(part) == shown


def test_times_are_shown_as_utc_days_and_spans() -> None:
    late = dt.datetime(2026, 6, 1, 23, 30, tzinfo=dt.timezone(dt.timedelta(hours=-2)))
    early = dt.datetime(2026, 6, 1, 0, 4, tzinfo=dt.UTC)
    assert figures.days(early, late) == ("2026-06-01", "2026-06-02")
    assert figures.days(early, early) == ("2026-06-01", "")
    assert figures.days(None, None) == ("–", "")
    assert figures.window(early, late) == ("2026-06-01 00:04", "2026-06-02 01:30")
    assert figures.window(None, None) == ("–", "")


def test_backticks_become_code_and_nothing_else_does() -> None:
    assert prose("set `networks:` in <estate.yaml>") == "set <code>networks:</code> in &lt;estate.yaml&gt;"
    assert prose("`<b>`") == "<code>&lt;b&gt;</code>"
    assert "<img" not in prose("`<img src=x>`")


def test_no_path_is_not_a_government(html: str) -> None:
    seen = Seen(html)
    governments = [a["id"] for a in seen.all("details") if a.get("class") == "government"]
    assert governments == ["gov-CN", "gov-US", "gov-DE", "gov-FR"]
    assert "No path found to 203.0.113.77" in "".join(seen.text)
