"""Promise 11: hostile evidence is data. It is read or refused, never obeyed, and every file of it is in the ledger."""

from __future__ import annotations

import csv
import html.parser
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from conftest import Run, once
from flagstate.errors import DeclarationError
from flagstate.pipeline.audit import Order, audit
from hostile_evidence import NAMES, OUTSIDE, build, cut, wide

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
"""What a terminal, an editor or a layout would obey; tab and line feed apart."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, flagstate: Run) -> Any:
    """Audit hostile evidence once, and make every report of it."""

    def make(folder: Path) -> dict[str, Any]:
        evidence = build(folder)
        for _ in cut(evidence, evidence / "cut"):
            pass
        made: dict[str, Any] = {"folder": folder, "evidence": evidence}
        made["audit"] = flagstate("audit", "evidence", cwd=folder, COLUMNS="200", FORCE_COLOR="1", **_keys(folder))
        for name, told in (
            ("json", ("audit", "evidence", "--json")),
            ("markdown", ("report", "--format", "markdown", "--out", "-")),
            ("csv", ("report", "--format", "csv", "--out", "sheets")),
            ("ocsf", ("report", "--format", "ocsf", "--out", "-")),
            ("sarif", ("report", "--format", "sarif", "--out", "-")),
            ("watch", ("watch", "evidence", "--once", "--alert", "file:alerts.jsonl", "--case", "watched", "--json")),
            ("init", ("init", "--out", "proposal.yaml")),
        ):
            made[name] = flagstate(*told, cwd=folder, **_keys(folder))
        return made

    return once(tmp_path_factory, "hostile", make)[1]


def _keys(folder: Path) -> dict[str, str]:
    return {"FLAGSTATE_KEYS": str(folder / "keys")}


def _rows(world: Any, noun: str) -> list[dict[str, Any]]:
    return pq.read_table(world["folder"] / f"flagstate-case/tables/{noun}.parquet").to_pylist()


def _ledger(world: Any) -> list[dict[str, Any]]:
    return [row for row in _rows(world, "evidence") if row["state"] not in ("recorded", "set")]


def test_it_ends_with_a_report_and_no_traceback(world: Any) -> None:
    for name in ("audit", "json", "markdown", "csv", "ocsf", "sarif", "watch", "init"):
        said = world[name].stderr.decode() + world[name].stdout.decode(errors="replace")
        assert "Traceback" not in said, name
        assert "A fault in flagstate" not in said, said
    assert world["audit"].returncode in (3, 10, 11, 12, 13, 14), world["audit"].stderr.decode()
    assert (world["folder"] / "flagstate-case/report.html").stat().st_size > 10_000


def test_every_file_is_in_the_ledger(world: Any) -> None:
    """As many rows without a member as there are entries that are no folders; no reading process died."""
    entries = [p for p in world["evidence"].rglob("*") if p.is_symlink() or not p.is_dir()]
    top = [row for row in _ledger(world) if "!" not in row["artefact"]]
    boxes = {row["artefact"].split("!")[0] for row in _ledger(world) if "!" in row["artefact"]}
    deep = [row for row in top if row["reason"] and "nested" in row["reason"] and row["artefact"].startswith("d/")]
    assert len(top) + len(boxes) == len(entries), "the file that is nested too deep stands for its folder"
    assert deep
    died = [row for row in _ledger(world) if row["state"] == "failed"]
    assert died == []


def test_every_row_says_why(world: Any) -> None:
    bare = [r["artefact"] for r in _ledger(world) if r["state"] != "read" and not r["reason"]]
    assert bare == []


def test_nothing_outside_was_read(world: Any) -> None:
    for path in (world["folder"] / "flagstate-case").rglob("*"):
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            assert OUTSIDE.encode() not in data, path
            assert b"root:x:0:0" not in data, path
    states = {row["artefact"]: row for row in _ledger(world)}
    for name in ("pipe.csv", "null.log", "leads out.csv", "leads up", "loop", "hosts.csv"):
        assert states[name]["state"] == "refused", name
        assert states[name]["sha256"] is None, name
    assert not list(world["folder"].rglob("escaped.csv"))
    assert not Path("/tmp/absolute.csv").exists()


def test_engines_get_no_names(world: Any) -> None:
    """`a[1].csv` is itself and not `a1.csv`; a folder `country=DE` makes no column."""
    rows = {row["artefact"]: row for row in _ledger(world)}
    assert rows["a[1].csv"]["rows_read"] == 3
    assert rows["a1.csv"]["rows_read"] == 500
    assert rows["country=DE/part.csv"]["rows_read"] == 2
    assert rows["country=DE/part.parquet"]["rows_read"] == 4
    assert not any("country" in str(row["reasons"]) for row in _rows(world, "holding"))


def test_archives_are_bounded(world: Any) -> None:
    rows = {row["artefact"]: row for row in _ledger(world)}
    bombs = [row for name, row in rows.items() if name.startswith("bomb")]
    assert {row["state"] for row in bombs} == {"refused"}
    assert all("--max-expand" in row["todo"] for row in bombs)
    assert rows["slip.zip!good.csv"]["state"] in ("read", "duplicate")
    slips = [row for name, row in rows.items() if name.startswith("slip.zip!") and "good" not in name]
    assert sum(row["state"] == "refused" for row in slips) >= 3
    assert any("nested" in str(row["reason"]) for name, row in rows.items() if name.startswith("nested.zip"))
    assert {row["state"] for name, row in rows.items() if name.startswith("links.tar!link")} == {"refused"}
    assert rows["device.tar!zero"]["state"] == "refused"


def test_the_terminal_shows_and_does_nothing(world: Any) -> None:
    for name in ("audit", "json", "csv", "ocsf", "sarif", "watch", "init"):
        for stream in (world[name].stdout, world[name].stderr):
            text = re.sub("\x1b\\[[0-9;]*m", "", stream.decode()) if name == "audit" else stream.decode()
            assert CONTROL.search(text) is None, (name, CONTROL.search(text))
    assert "evil.example/" not in world["audit"].stdout.decode()


def test_json_and_tables_hold_no_control(world: Any) -> None:
    document = json.loads(world["json"].stdout)
    for text in _texts(document):
        assert CONTROL.search(text) is None, repr(text)
    for noun in (
        "evidence",
        "flow",
        "asset",
        "holding",
        "finding",
        "coverage",
        "claim",
        "source",
        "claim_verdict",
        "provenance",
        "mutation",
        "reject",
        "reconciliation",
        "place",
        "behaviour",
        "tls_client",
        "activity",
    ):
        for text in _texts(_rows(world, noun)):
            assert CONTROL.search(text) is None, (noun, repr(text))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(key)
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


class _Page(html.parser.HTMLParser):
    """Counts elements, and notes every attribute that could act."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts = 0
        self.acting: list[str] = []
        self.outward: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        for name, value in attrs:
            if name.startswith("on"):
                self.acting.append(f"{tag} {name}={value}")
            if name in ("src", "href", "action", "srcset") and re.match("(https?:)?//|data:|javascript:", value or ""):
                self.outward.append(f"{tag} {name}={value}")


def test_html_is_inert(world: Any, example: Any) -> None:
    text = (world["folder"] / "flagstate-case/report.html").read_text()
    page, other = _Page(), _Page()
    page.feed(text)
    other.feed((example.case / "report.html").read_text())
    assert page.acting == []
    assert page.scripts == other.scripts, "a name opened or closed a script"
    evil = [link for link in page.outward if "evil" in link]
    assert evil == []
    assert "<img src=https://evil" not in text


def test_sheets_are_inert(world: Any) -> None:
    """No cell of any sheet begins as a formula does; every sheet reads back with its own columns."""
    for path in sorted((world["folder"] / "sheets").glob("*.csv")):
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))
        assert {len(row) for row in rows} == {len(rows[0])}, path.name
        for row in rows[1:]:
            for cell in row:
                formula = cell.startswith(("=", "+", "@", "\t", "\r")) or re.match("-[^0-9]", cell)
                assert not formula, (path.name, cell)
                assert CONTROL.search(cell) is None, (path.name, cell)


def test_markdown_is_inert(world: Any) -> None:
    text = world["markdown"].stdout.decode()
    assert CONTROL.search(text) is None
    bare = re.sub(r"\\.", "", text)
    credits = {entry["url"] for entry in json.loads(world["json"].stdout)["attributions"]}
    assert set(re.findall(r"\]\((\S+?)\)", bare)) <= credits
    assert "<script" not in bare
    assert "<img" not in bare


def test_the_proposal_is_inert(world: Any) -> None:
    """All that observation put into the proposal is a comment or one plain value."""
    text = (world["folder"] / "proposal.yaml").read_text()
    assert CONTROL.search(text) is None
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert [line.split(":")[0] for line in lines] == ["proposed", "confirmed_by", "confirmed_on"]


@pytest.mark.parametrize(
    "text",
    [
        "networks: &a [10.0.0.0/8]\nassets: {}\nflows: *a\n",
        "networks: [10.0.0.0/8]\nassets: !!python/object/apply:os.system ['touch owned']\nflows: {}\n",
        "networks: [10.0.0.0/8]\nassets: " + "{a: " * 200 + "1" + "}" * 200 + "\nflows: {}\n",
        'networks: [10.0.0.0/8]\nassets: {"\\e]8;;https://evil.example/\\e\\\\": 1}\nflows: {}\n',
    ],
    ids=["alias", "tag", "depth", "hyperlink"],
)
def test_a_hostile_declaration_ends_the_run(tmp_path: Path, text: str) -> None:
    """Nothing may be concluded beside a declaration that cannot be trusted; its message is inert too."""
    (tmp_path / "estate.yaml").write_text(text)
    with pytest.raises(DeclarationError) as caught:
        audit(Order(paths=(tmp_path / "estate.yaml",), case=tmp_path / "case"))
    assert CONTROL.search(str(caught.value)) is None
    assert re.match(r"estate\.yaml:\d", caught.value.where)
    assert not Path("owned").exists()


@pytest.mark.slow
def test_ten_thousand_columns(tmp_path: Path) -> None:
    """All records are read, of the first columns; it takes seconds, not minutes."""
    (tmp_path / "wide.csv").write_text(wide(10_000))
    outcome = audit(Order(paths=(tmp_path / "wide.csv",), case=tmp_path / "case"))
    (row,) = [r for r in outcome.tables["evidence"].to_pylist() if r["artefact"] == "wide.csv"]
    assert (row["state"], row["rows_read"]) in (("read", 2), ("partly_read", 2))


def test_names_are_recognisable(world: Any) -> None:
    """Inert is not gone: a person can still find the file that the ledger speaks of."""
    shown = [row["artefact"] for row in _ledger(world)]
    for part in ("owned", "[red]r[", "document.title", "DROP TABLE", "gpj.exe", "line two"):
        assert any(part in name for name in shown), part
    assert len(NAMES) <= len(shown)


def test_hostile_traffic_was_read(world: Any) -> None:
    """The silence above is not that of captures and logs that nobody read; what they name came as far as behaviours."""
    rows = [row for row in _ledger(world) if row["artefact"].startswith("traffic/")]
    kinds = {str(row["kind"]).split()[0] for row in rows}
    assert {"pcap", "eve", "vpc_flow", "argus", "zeek.ssl", "cloudtrail", "actiontrail", "postgresql"} <= kinds, kinds
    lost = [
        row["artefact"] for row in _ledger(world) if row["artefact"].startswith("traffic/") and not row["rows_read"]
    ]
    assert lost == []
    shown = " ".join(str(row["far"]) for row in _rows(world, "behaviour") if row["kind"] == "beacon")
    for part in ("owned", "gpj.exe", "{b,c}", "+1+1"):
        assert part in shown, part
    assert any("onerror" in str(row["asset_id"]) for row in _rows(world, "activity"))
