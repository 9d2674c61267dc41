"""Documents that people file: they read as they did, name their evidence, hide nothing and make nothing of nothing."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pytest
from markdown_it import MarkdownIt

import filings_worlds as worlds
from conftest import Audited, Run
from flagstate import model
from flagstate.report import filings
from flagstate.report.filings.document import MOST_ROWS, Document, Grid, Section, cell, cited, row
from flagstate.report.filings.render import markdown, marks
from flagstate.report.filings.words import catalogue, words
from report_hostile import NAMES, _rows

KINDS = tuple(filings.KINDS)
WORLDS = ("clinic", "shop", "tender", "bank", "nothing")
ROOM = Path(filings.__file__).parent
TAGS = {"html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "dl", "dt", "dd", "p", "sup", "a"}
TAGS |= {"table", "thead", "tbody", "tr", "th", "td", "ul", "li"}


class _Seen(HTMLParser):
    """Tags, attributes and anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id":
                self.ids.append(value or "")
            if name == "href":
                self.links.append(value or "")


def _grid(document: Document, name: str) -> Grid:
    return next(one.grid for one in document.sections if one.grid is not None and one.grid.name == name)


@pytest.mark.parametrize("file", worlds.GOLDENS)
def test_a_document_reads_as_it_did(file: str) -> None:
    """tools/write_filing_goldens.py writes them anew."""
    assert worlds.golden(file) == (worlds.FOLDER / file).read_bytes().decode("utf-8")


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", WORLDS)
def test_every_document_says_what_it_is_and_what_was_not_seen(name: str, kind: str, language: str) -> None:
    document, w = worlds.document(name, kind, language), words(language)
    told = dict(document.head)
    assert told[w("head.as_of")] == worlds.CASES[name].case.as_of.isoformat()
    assert "1" in told[w("head.case")]
    assert document.notes[0] == w("draft")
    titles = [one.title for one in document.sections]
    assert w("unseen") in titles
    assert w("missing") in titles
    facts, findings = cited(document)
    listed = {line[1].text for one in document.sections for line in (one.grid.rows if one.grid else ())
              if re.fullmatch(r"[FR]\d+", line[0].text)}  # fmt: skip
    assert set(facts) | set(findings) <= listed
    assert worlds.files(name, kind, "md", language) == filings.files(document, "md", language), "the same bytes twice"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", WORLDS)
def test_every_mark_of_a_page_leads_to_its_row(name: str, kind: str) -> None:
    page = worlds.files(name, kind, "html")[f"{kind}.html"]
    seen = _Seen(page)
    assert seen.tags <= TAGS
    assert {one.removeprefix("#") for one in seen.links} <= set(seen.ids)
    assert len(seen.ids) == len(set(seen.ids))
    assert "default-src 'none'" in page.replace("&#39;", "'")


def test_volumes_parties_and_controls_name_the_facts_under_them() -> None:
    document = worlds.document("clinic", "due-diligence")
    data = _grid(document, "data")
    at = data.columns.index("Volume: distinct")
    assert [line[at].text for line in data.rows] == ["9,000 to 11,000 persons"] * 2
    assert all(line[at].facts for line in data.rows)
    log = _grid(document, "transactions")
    line = dict(zip(log.columns, log.rows[0], strict=True))
    assert line["Class"].text == "vendor agreement"
    assert line["End use"].text == "hosting"
    assert line["From"].text == "2025-06-01"
    assert line["Until"].text == "unknown"
    assert line["Held by countries of concern"].text.startswith("yes")
    assert line["Held by countries of concern"].facts
    assert line["Adverse?"].text.startswith("US-DSP-")
    assert line["Adverse?"].findings
    controls = [(one[0].text, one[3].text, one[4].text) for one in _grid(document, "controls").rows]
    assert ("mfa", "yes", "2026-02-01") in controls
    assert ("logs_12m", "unknown", "unknown") in controls
    assert "10 years" in str([one.says for one in document.sections])


def test_a_transfer_has_its_use_case_law_measures_and_conclusion() -> None:
    document = worlds.document("shop", "transfer-assessment")
    parts = {one.title: one for one in document.sections}
    assert "Shop (invented) → Helpdesk (invented) (IN)" in parts
    cases = parts["Which use case of annex 2 fits"].grid
    assert cases is not None
    named = {
        str(json.loads(one["values"])["use_case"])
        for one in worlds.tables("shop")["finding"].to_pylist()
        if one["rule_id"] in ("EU-GDPR-05", "EU-GDPR-06")
    }
    assert {line[0].text for line in cases.rows if line[3].text.startswith("fits")} == named != set()
    assert all(line[3].findings for line in cases.rows if line[3].text.startswith("fits"))
    law = parts["Law of the destination, and of others who can address the importer"].grid
    assert law is not None
    assert law.rows[0][0].text == "IN"
    assert all(line[6].text for line in law.rows), "each law has a status"
    measures = parts["Supplementary measures"].grid
    assert measures is not None
    assert {(line[0].text, line[1].text) for line in measures.rows} >= {
        ("contractual", "scc_2021"),
        ("technical", "encryption_at_rest"),
        ("organisational", "none known"),
    }
    concluded = {one.text.split(" ")[0] for one in parts["Conclusion, as the findings stand"].points}
    assert {"EU-GDPR-02", "EU-GDPR-04"} <= concluded


def test_declared_and_seen_stand_side_by_side(example: Audited) -> None:
    from flagstate.pipeline.again import load

    tables, meta = load(example.case)
    document = filings.build("processing-record", tables, meta)
    assert document.notes[0] == words("en")("draft")
    chapter = next(one.grid for one in document.sections if one.title.startswith("Warehouse system, for"))
    assert chapter is not None
    lines = {line[0].text: line for line in chapter.rows}
    assert "consignee" in lines["Categories of personal data"][1].text
    assert lines["Categories of personal data"][1].facts
    assert lines["Time limits for erasure"][1].text == "unknown"
    assert "China" not in lines["Countries (outside the EEA: third countries)"][1].text


def test_the_seal_sheet_shows_offer_ceiling_minimum_and_score() -> None:
    document = worlds.document("tender", "seal-sheet")
    lines = {one[1].text.split(" ")[0]: [c.text for c in one] for one in _grid(document, "seal").rows}
    assert len(lines) == 8
    assert lines["SOV-2"][2:7] == ["10 %", "1", "at most 2", "2", "below the minimum"]
    assert lines["SOV-8"][3] == "unknown"
    points = [one.text for part in document.sections for one in part.points]
    assert "Score: 58.0 to 63.0 of 100" in points, "0.05 × 0 to 100 for the objective without a score"
    assert "Rejected by a minimum: the score does not count." in points


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tables", [{}, {"finding": model.rows(model.FINDING, [])}], ids=["no tables", "no findings"])
def test_nothing_is_never_good_news(kind: str, tables: dict[str, pa.Table]) -> None:
    document = filings.build(kind, tables, worlds.meta("nothing"))
    text = filings.files(document, "md", "en")[f"{kind}.md"]
    assert "unknown" in text
    assert "in order" not in text
    assert not re.search(r"\| (yes|no)(:| \|)", text.split("## What could not be seen")[0])
    assert "name nothing that is missing" not in text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["clinic", "shop", "bank"])
def test_no_natural_person_is_named(name: str, kind: str) -> None:
    known = worlds.tables("clinic")["legal_entity"].to_pylist()
    assert "Wei Invented" in {one["name"] for one in known}, "the table names the owner"
    for format in filings.FORMATS:
        for language in ("en", "fr"):
            for file, text in worlds.files(name, kind, format, language).items():
                assert "Wei Invented" not in text, file
                assert not re.search(r"(?<![\w.])wei(?!\w)", text), file
    if (name, kind) == ("clinic", "due-diligence"):
        assert "natural person 1" in worlds.files(name, kind, "md")[f"{kind}.md"]


@pytest.fixture(scope="module")
def hostile() -> dict[str, pa.Table]:
    """Return tables in which every text is hostile, and ids lead from one to another."""
    return (
        {noun.name: _rows(noun) for noun in model.STORED.values()}
        if isinstance(model.STORED, dict)
        else {name: _rows(model.NOUNS[name]) for name in model.STORED}
    )


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_names_do_nothing(kind: str, hostile: dict[str, pa.Table]) -> None:
    found = hostile["finding"]
    rules = ("US-DSP-05", "EU-GDPR-01", "EU-GDPR-06", "EU-DORA-02", "EU-CSF-01")
    fixed = {
        "rule_id": [rules[at % len(rules)] for at in range(found.num_rows)],
        "question": ["rules"] * found.num_rows,
    }
    for column, values in fixed.items():
        found = found.set_column(found.column_names.index(column), column, pa.array(values, pa.string()))
    codes = {name: filings.Code("us_28cfr202", {"en": name, "fr": name}, name) for name in NAMES[:5]}
    document = filings.build(kind, {**hostile, "finding": found}, worlds.meta("nothing"), codes=codes)
    assert len(cited(document)[0]) + len(cited(document)[1]) > 5
    page = _Seen(filings.files(document, "html", "en")[f"{kind}.html"])
    assert page.tags <= TAGS
    assert page.attributes <= {"lang", "charset", "http-equiv", "content", "name", "scope", "class", "id", "href"}
    assert all(re.fullmatch(r"#[FR]\d+", one) for one in page.links)
    text = filings.files(document, "md", "en")[f"{kind}.md"]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]", text)
    parsed = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable(["table", "strikethrough"]).parse(text)
    inner = {child.type for token in parsed for child in token.children or ()}
    assert inner <= {"text", "strong_open", "strong_close", "text_special", "softbreak"}, inner
    assert not {token.type for token in parsed} & {"html_block", "fence", "code_block", "hr"}
    for name, sheet in filings.files(document, "csv", "en").items():
        if name.endswith(".csv"):
            for line in csv.reader(io.StringIO(sheet)):
                for value in line:
                    assert not value.lstrip(" \t'\"").startswith(("=", "+", "@")) or value.startswith("'"), (
                        name,
                        value,
                    )


def test_pipes_and_long_tables_keep_their_shape() -> None:
    w = words("en")
    lines = tuple(row(cell("a|b`c<d>", facts=[f"f{at}"]), cell("\n# x")) for at in range(MOST_ROWS + 7))
    document = Document("x", "t", (), (), (Section("s", (), Grid(("one", "two"), lines, "sheet")),))
    text = markdown(document, marks(document), w)
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len(table) == MOST_ROWS + 2
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {3}
    assert "7 more" in text
    assert len(list(csv.reader(io.StringIO(filings.files(document, "csv", "en")["sheet.csv"])))) == MOST_ROWS + 8


def test_an_invented_case_says_so() -> None:
    invented = replace(worlds.meta("nothing"), example=True)
    assert words("en")("example") in filings.build("seal-sheet", {}, invented).notes


def test_every_word_is_there_in_both_languages_and_used() -> None:
    texts = [path.read_text("utf-8") for path in ROOM.glob("*.py")]
    used = {one for text in texts for one in re.findall(r"""\bw\(\s*f?["']([a-zA-Z_.-]+)["'][,)\s]""", text)}
    heads = {one for text in texts for part in re.findall(r"columns\(\s*(?:record\.)?ground,([^)]*)\)", text)
             for one in re.findall(r'"(\w+)"', part)}  # fmt: skip
    assert used <= set(catalogue()), used - set(catalogue())
    assert {f"col.{one}" for one in heads} <= set(catalogue())
    whole = " ".join(texts)
    families = set(re.findall(r"""["']([a-z]+[._][a-z_.]*)\{""", whole)) - {"col."}
    for key, (english, french) in catalogue().items():
        assert english
        assert french
        assert set(re.findall(r"\{(\w+)\}", english)) == set(re.findall(r"\{(\w+)\}", french)), key
        name = key.removeprefix("col.")
        said = any(f"{mark}{one}{mark}" in whole for one in (key, name) for mark in "'\"")
        assert said or key.startswith(tuple(families)), f"{key} lies about"


def test_the_command_lists_makes_and_refuses(flagstate: Run, example: Audited, tmp_path: Path) -> None:
    listed = json.loads(flagstate("file", "--json", cwd=tmp_path).stdout)
    assert [one["kind"] for one in listed["documents"]] == list(KINDS)
    done = flagstate("file", "dora-register", "--case", example.case, "--out", "register", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["written"]) == 20
    assert (tmp_path / "register/reports/b_99.01.csv").read_text().startswith("c0010,")
    shown = flagstate("file", "due-diligence", "--case", example.case, "--out", "-", "--lang", "fr", cwd=tmp_path)
    assert shown.stdout.decode().startswith("# Dossier de diligence raisonnable")
    assert "Projet établi par un programme" in shown.stdout.decode()
    for told, word in (
        (("file", "nothing-such"), b"is no document"),
        (("file", "seal-sheet", "--format", "pdf"), b"is not a format"),
        (("file", "seal-sheet", "--lang", "de"), b"is not a language"),
        (("file", "dora-register", "--out", "-", "--case", str(example.case)), b"cannot be printed"),
    ):
        refused = flagstate(*told, cwd=tmp_path)
        assert refused.returncode == 2
        assert word in refused.stderr
