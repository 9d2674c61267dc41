"""The files of compelled access: in step with what is compiled, refused by file and line; a new one needs no code."""

from __future__ import annotations

import ast
import importlib.util
import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flagstate import model
from flagstate.assess.compelled import compelled
from flagstate.catalog import compulsion
from flagstate.catalog.compulsion import EVERY, GROUPS, choose, conflicts, law_book
from flagstate.catalog.compulsion_files import FOLDER, read_laws
from flagstate.catalog.countries import CODES
from flagstate.errors import CatalogError

ROOT = Path(__file__).parent.parent
DAY = date(2026, 11, 22)
FILES = sorted(FOLDER.glob("*.yaml"))


def _tool() -> Any:
    spec = importlib.util.spec_from_file_location("build_compulsion", ROOT / "tools" / "build_compulsion.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_compiled_files_are_in_step_with_the_folder() -> None:
    for path, content in _tool().build().items():
        assert path.read_bytes() == content, f"run tools/build_compulsion.py: {path.name}"
    assert read_laws() == law_book()


def test_each_government_has_one_file_that_bears_its_name() -> None:
    found = {one.gov for one in law_book().governments}
    assert found == {path.stem.upper() for path in FILES if path.stem != "general"} | {EVERY}
    assert found >= {"CN", "HK", "RU", "US", "GB", "EU", "FR", "DE", "BE", "IN", "IR", "CU", "VE", "KP", "SG"}
    assert {law.gov for law in law_book().laws} == found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_fits_the_form_alone(path: Path, tmp_path: Path) -> None:
    shutil.copy(path, tmp_path)
    book = read_laws(tmp_path)
    assert book.laws
    assert all(law.citation and law.status and law.subjects for law in book.laws)


def test_the_page_has_every_law_and_what_is_not_known() -> None:
    text = (ROOT / "docs" / "compulsion.md").read_text(encoding="utf-8")
    book = law_book()
    for rule in (*book.laws, *book.blocking):
        assert rule.title() in text
    for one in book.governments:
        assert f"(`{one.gov}`)" in text
        for gap in one.unknown:
            assert gap in text


GOOD = """gov: TV
checked: "2026-11-22"
sources:
  read: {title: "A page"}
laws:
  - id: tv-one
    law: "One"
    citation: "s. 1"
    bases: [{basis: located}]
    subjects: [all]
    demands: [keys]
    from: "2020-01-01"
    to: "2030-01-01"
    status: sourced
    sources: [read]
blocking:
  - id: tv-two
    law: "Two"
    citation: "s. 2"
    protects: "data"
    where: [place]
    against: [NZ]
    status: to verify
"""


def _read(tmp_path: Path, text: str) -> compulsion.LawBook:
    (tmp_path / "tv.yaml").write_text(text, encoding="utf-8")
    return read_laws(tmp_path)


def test_the_good_file_is_good(tmp_path: Path) -> None:
    book = _read(tmp_path, GOOD)
    assert [law.gov for law in book.laws] == ["TV"]
    assert book.laws[0].since == date(2020, 1, 1)
    assert book.blocking[0].against == ("NZ",)


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("gov: TV", "gov: ZQ", 1, "no government"),
        ("gov: TV", "gov: tv", 1, "no government"),
        ("gov: TV\n", "", 1, "required field `gov`"),
        ('checked: "2026-11-22"', 'checked: "yesterday"', 2, "checked|date"),
        ("laws:", "lows:", 5, "unknown key lows"),
        ("    subjects: [all]", "    subject: [all]", 6, "unknown field `subject`"),
        ("    subjects: [all]", "    subjects: []", 10, "whom it addresses"),
        ("    subjects: [all]", "    subjects: all", 10, "array"),
        ('    citation: "s. 1"\n', "", 6, "required field `citation`"),
        ('    citation: "s. 1"', '    citation: " "', 8, "citation is empty"),
        ('    law: "One"', "    law: null", 7, "str"),
        ("    status: sourced\n", "", 6, "required field `status`"),
        ("    status: sourced", "    status: certain", 14, "Invalid enum value 'certain'"),
        ("    sources: [read]", "    remark: x", 14, "no source is named|no row uses"),
        ("    sources: [read]", "    sources: [read, other]", 15, "source other is not given"),
        ("sources:\n  read:", "sources:\n  unused: {title: A}\n  read:", 4, "no row uses source unused"),
        ('    from: "2020-01-01"', '    from: "2020-02-31"', 12, "date"),
        ('    from: "2020-01-01"', "    from: 2020", 12, "date"),
        ('    to: "2030-01-01"', '    to: "2020-01-01"', 13, "ends before it begins"),
        ("{basis: located}", "{basis: planet}", 9, "Invalid enum value 'planet'"),
        ("{basis: located}", "{basis: located, contested: true}", 9, "no remark says how"),
        ("{basis: located}", "{basis: located}, {basis: located}", 9, "twice"),
        ("[{basis: located}]", "[]", 6, "addresses nobody"),
        ("    demands: [keys]", "    demands: [souls]", 11, "Invalid enum value 'souls'"),
        ("    demands: [keys]", "    except: [{country: NZ}]", 11, "only a law of a group"),
        ("    demands: [keys]", "    gov: CN", 11, "once, at the top"),
        ("  - id: tv-one", "  - id: TV One", 6, "lower case"),
        ("  - id: tv-two", "  - id: tv-one", 17, "stands in tv.yaml"),
        ("    against: [NZ]", "    against: [NZ, XQ]", 22, "XQ is no country code"),
        ("    where: [place]", "    where: []", 17, "holds nowhere"),
        ("    where: [place]", "    where: [space]", 21, "Invalid enum value 'space'"),
        ('    law: "Two"', '    law: "Two"\n    law: "Three"', 19, "law"),
        ("    law: &a Two", "", 0, ""),
    ],
)
def test_what_does_not_fit_is_refused_by_file_and_line(
    tmp_path: Path, old: str, new: str, line: int, what: str
) -> None:
    if not line:
        old, new, line, what = '    law: "Two"', "    law: &a Two", 18, "anchor|alias"
    assert GOOD.count(old) == 1
    with pytest.raises(CatalogError) as error:
        _read(tmp_path, GOOD.replace(old, new))
    assert re.search(what, str(error.value)), str(error.value)
    assert str(error.value).startswith((f"tv.yaml:{line} ", f"tv.yaml:{line}: ")), str(error.value)


def test_dates_cannot_be_firmer_than_their_row(tmp_path: Path) -> None:
    _read(tmp_path, GOOD.replace("    status: sourced", "    status: sourced\n    dates: to verify"))
    weak = GOOD.replace("    status: sourced", "    status: to verify\n    dates: sourced")
    with pytest.raises(CatalogError, match="firmer"):
        _read(tmp_path, weak)


def test_two_files_cannot_share_a_government_an_id_or_a_source_key(tmp_path: Path) -> None:
    (tmp_path / "nz.yaml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(CatalogError, match="government TV has a file already"):
        _read(tmp_path, GOOD)
    (tmp_path / "nz.yaml").write_text(GOOD.replace("gov: TV", "gov: NZ"), encoding="utf-8")
    with pytest.raises(CatalogError, match=r"tv-one stands in nz\.yaml"):
        _read(tmp_path, GOOD)
    (tmp_path / "nz.yaml").write_text(
        GOOD.replace("gov: TV", "gov: NZ").replace("tv-", "nz-").replace("A page", "Another"), encoding="utf-8"
    )
    with pytest.raises(CatalogError, match="another file gives this key"):
        _read(tmp_path, GOOD)


lines = st.lists(
    st.tuples(st.integers(0, 400), st.sampled_from(["drop", "twice", "indent", "junk", "swap"])), max_size=4
)


@given(st.sampled_from(FILES), lines, st.text(max_size=12))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_broken_file_is_read_or_refused_and_nothing_else(
    tmp_path: Path, path: Path, edits: list[tuple[int, str]], junk: str
) -> None:
    text = path.read_text(encoding="utf-8").splitlines()
    for at, how in edits:
        here = at % len(text)
        old = text[here]
        new = {"drop": [], "twice": [old, old], "indent": [f" {old}"], "junk": [old + junk], "swap": [old[::-1]]}[how]
        text[here : here + 1] = new
        text = text or [""]
    folder = tmp_path / "broken"
    folder.mkdir(exist_ok=True)
    (folder / "one.yaml").write_text("\n".join(text), encoding="utf-8", errors="surrogatepass")
    told = ""
    try:
        governments = len(read_laws(folder).governments)
    except CatalogError as error:
        governments, told = 0, str(error)
    assert governments == 1 or told.startswith("one.yaml")


def test_a_new_government_is_a_new_file(tmp_path: Path) -> None:
    for path in FILES:
        shutil.copy(path, tmp_path)
    book = _read(tmp_path, GOOD.replace("{basis: located}", "{basis: nationality}"))
    rows = [{"entity_id": "est:p", "kind": "person", "nationality": ["TV"], "stance": "declared"}]
    listed = model.stamp(model.rows(model.LEGAL_ENTITY, rows), model.LEGAL_ENTITY)
    nobody = model.empty(model.INTEREST)
    assert compelled(listed, nobody, as_of=DAY).num_rows == 0
    found = compelled(listed, nobody, as_of=DAY, laws=book.laws).to_pylist()
    assert [(row["government"], row["law"]) for row in found] == [("TV", "One, s. 1 (sourced)")]


@pytest.mark.parametrize(
    "path",
    [
        "assess/compelled.py",
        "assess/citation.py",
        "assess/owners.py",
        "catalog/compulsion.py",
        "catalog/compulsion_files.py",
    ],
)
def test_no_code_names_a_country(path: str) -> None:
    tree = ast.parse((ROOT / "src" / "flagstate" / path).read_text(encoding="utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert not texts & CODES


def test_a_group_has_its_own_laws_and_no_general_rule() -> None:
    assert choose(law_book().laws, gov="EU", basis="place", as_of=DAY) == []
    assert [law.id for law, _ in choose(law_book().laws, gov="EU", basis="market", as_of=DAY)] == ["eu-e-evidence"]
    assert choose(law_book().laws, gov="EU", basis="market", as_of=DAY, country="DK") == []
    assert set(GROUPS) == {"EU", "EEA"}


@pytest.mark.parametrize(
    ("government", "stands", "bound", "named"),
    [
        ("CN", ["DE"], [], {"eu-gdpr-48", "eu-data-act-32", "eu-dga-31"}),
        ("US", ["DK"], [], {"eu-gdpr-48", "eu-data-act-32", "eu-dga-31"}),
        ("CN", [], ["DE"], {"eu-gdpr-48"}),
        ("FR", ["DE"], [], set()),
        ("EU", ["FR"], ["FR"], set()),
        ("CN", [], ["US"], {"us-202-506"}),
        ("GB", [], ["US"], set()),
        ("US", ["CN"], [], {"cn-dsl-36", "cn-pipl-41"}),
        ("US", [], ["CN"], set()),
        ("CN", ["CN"], ["CN"], set()),
        ("US", [], ["FR"], {"eu-gdpr-48", "fr-68-678"}),
        ("US", ["TV"], ["TV"], set()),
    ],
)
def test_a_conflict_is_shown_where_a_rule_forbids_it(
    government: str, stands: list[str], bound: list[str], named: set[str]
) -> None:
    by_id = {rule.id: rule for rule in law_book().blocking}
    found = conflicts(government, DAY, stands=stands, bound=bound)
    assert {one for one, rule in by_id.items() if any(rule.title() in text for text in found)} == named
    assert len(found) == len(named)


def test_a_conflict_begins_with_its_rule() -> None:
    for day, there in ((date(2025, 9, 11), False), (date(2025, 9, 12), True)):
        texts = conflicts("US", day, stands=["DE"])
        assert any("Data Act" in text for text in texts) is there
