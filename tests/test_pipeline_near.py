"""Texts that may be copies: hostile files cost themselves only, and no word of a text is ever shown."""

from __future__ import annotations

import json
import random
import zlib
from pathlib import Path

import pytest
from pypdf import PdfWriter
from typer.testing import CliRunner

from flagstate.catalog import strict
from flagstate.catalog.mask import UNSAFE
from flagstate.cli.app import app
from flagstate.engine import Limits
from flagstate.errors import UsageError
from flagstate.pipeline import near
from made_texts import SMALL, article, edited, vocabulary

RNG = random.Random(11)
WORDS = vocabulary(RNG)
FIRST = article(RNG, WORDS, 500)
COPY = edited(RNG, FIRST, 0.25, WORDS)


def pdf(text: str, folder: Path, name: str, password: str = "") -> None:
    """Write a PDF with a text on one page."""
    lines = [text[at : at + 90] for at in range(0, len(text), 90)]
    drawn = "BT /F1 8 Tf 10 780 Td 9 TL " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        _stream(drawn.encode()),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    (folder / name).write_bytes(_file(objects))
    if password:
        writer = PdfWriter(clone_from=folder / name)
        writer.encrypt(password)
        writer.write(folder / name)


def _stream(data: bytes) -> bytes:
    packed = zlib.compress(data, 9)
    return b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(packed), packed)


def _file(objects: list[bytes]) -> bytes:
    out, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    return out + head + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(out))


def page(words: list[str], day: str = "") -> str:
    meta = f'<meta property="article:published_time" content="{day}T08:00:00Z">' if day else ""
    noise = "<script>" + "alert(1); " * 300 + "</script><nav>" + "menu " * 200 + "</nav>"
    return f"<!doctype html><html><head>{meta}</head><body>{noise}<p>{' '.join(words)}</p></body></html>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("texts")
    (made / "first.html").write_text(page(FIRST, "2023-10-05"))
    (made / "2023-10-09 copy.txt").write_text(" ".join(COPY), encoding="utf-16")
    pdf(" ".join(edited(RNG, FIRST, 0.1, WORDS)), made, "undated.pdf")
    (made / "same again.html").write_text(page(FIRST))
    (made / "other.txt").write_text(" ".join(article(RNG, WORDS, 500)))
    return made


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("hostile")
    (made / "fine.txt").write_text(" ".join(FIRST))
    (made / "fine too.txt").write_text(" ".join(COPY))
    (made / "empty.txt").write_bytes(b"")
    (made / "short.txt").write_text("two words")
    (made / "archive.txt").write_bytes(b"PK\x03\x04" + bytes(range(256)) * 20)
    (made / "broken.pdf").write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 50)
    (made / "cut.pdf").write_bytes(
        _file([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R] /Count 9 >>"])
    )
    pdf(" ".join(FIRST), made, "locked.pdf", password="secret")
    bomb = zlib.compress(zlib.compress(bytes(100 << 20), 9), 9)
    (made / "bomb.pdf").write_bytes(
        _file([
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>",
            b"<< /Filter [/FlateDecode /FlateDecode] /Length %d >>\nstream\n%s\nendstream" % (len(bomb), bomb),
        ])
    )  # fmt: skip
    (made / "deep.html").write_text("<html>" + "<div><b>" * 20_000 + "a few words only")
    (made / "john.doe@example.com.txt").write_bytes(b"")
    (made / "turn\u202etxt.txt").write_bytes(b"")
    (made / "link.txt").symlink_to("/etc/hostname")
    return made


def test_copies_are_proposed_with_bounds_and_which_is_older(folder: Path) -> None:
    told = near.near(folder).as_dict()
    pairs = {(one["from"], one["to"]): one for one in told["pairs"]}
    assert ("first.html", "2023-10-09 copy.txt") in pairs
    assert pairs["first.html", "2023-10-09 copy.txt"]["older_first"] is True
    assert {frozenset(key) for key in pairs} == {
        frozenset(("first.html", "2023-10-09 copy.txt")),
        frozenset(("first.html", "undated.pdf")),
        frozenset(("2023-10-09 copy.txt", "undated.pdf")),
    }
    assert told["equal"] == [["first.html", "same again.html"]]
    assert told["unread"] == []
    assert {one["form"] for one in told["texts"]} == {"html", "text", "pdf"}
    for one in pairs.values():
        assert 0 < one["alike"]["lo"] <= one["alike"]["estimate"] <= one["alike"]["hi"] <= 1


def test_what_is_printed_is_a_proposal_of_valid_lines_and_holds_no_word_of_a_text(folder: Path) -> None:
    before = sorted(path.name for path in folder.iterdir())
    said = CliRunner().invoke(app, ["claims", "--near", str(folder)])
    assert said.exit_code == 0
    shown = said.output.split("PROPOSED", 1)[1].split("\n", 1)[1].split("\n\n")[0]
    root = strict.load(f"dossier: true\n{shown.replace('  sources:', 'sources:', 1)}\n".encode(), name="proposed")
    listed = root.pairs["sources"].pairs
    assert listed["text_2023_10_09_copy"].text("form") == "rewrite"
    assert listed["same_again"].text("derived_from") == "first"
    assert listed["first"].text("form") == "report"
    assert "other" not in listed
    rare = {word for word in FIRST if word not in SMALL and len(word) > 5}
    printed = said.output + CliRunner().invoke(app, ["claims", "--near", str(folder), "--json"]).output
    assert rare
    assert not [word for word in rare if word in printed]
    assert sorted(path.name for path in folder.iterdir()) == before


def test_hostile_files_cost_themselves_only(hostile: Path) -> None:
    told = near.near(hostile)
    assert [one.name for one in told.texts] == ["fine too.txt", "fine.txt"]
    assert len(told.pairs) == 1
    why = {one.name: one.unread for one in told.unread}
    assert why["locked.pdf"] == "it is encrypted"
    assert why["empty.txt"] == "it is empty"
    assert why["archive.txt"] == "it is neither text nor HTML nor PDF"
    assert "too few" in why["short.txt"]
    assert "too few" in why["deep.html"]
    assert "a link" in why["link.txt"]
    for name in ("broken.pdf", "cut.pdf", "bomb.pdf"):
        assert why[name]
    shown = "\n".join(near.lines(told))
    assert "john.doe@example.com" not in shown
    assert not UNSAFE.search(shown.replace("\n", ""))


def test_a_reader_that_runs_out_of_its_bounds_is_a_row(hostile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near, "LIMITS", Limits(memory_bytes=1 << 20, cpu_s=5, wall_s=20))
    told = near.near(hostile / "fine.txt")
    assert [one.name for one in told.unread] == ["fine.txt"]
    assert "memory" in told.unread[0].unread or "process" in told.unread[0].unread


def test_equal_texts_are_no_pairs(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"{number}.txt").write_text(" ".join(FIRST))
    told = near.near(tmp_path)
    assert (len(told.equal), told.pairs) == (1, ())
    json.dumps(told.as_dict())


def test_no_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        near.near(tmp_path / "nothing")
