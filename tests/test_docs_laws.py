"""The pages of laws are made from the packs: nothing of a law is left out, and no text of a pack breaks a table."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from flagstate.catalog import strict
from flagstate.laws import ground, pack, told

ROOT = Path(__file__).resolve().parent.parent
TEA = Path(__file__).parent / "data" / "law_page" / "laws" / "tea_trade"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_laws", ROOT / "tools" / "build_laws.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def cells(line: str) -> int:
    """Return how many cells a line of a table has."""
    return len(re.findall(r"(?<!\\)\|", line)) - 1


def well_formed(page: str) -> None:
    """Fail where a table has a row that is wider or narrower than its head."""
    width = 0
    for line in page.split("\n"):
        if not line.startswith("|"):
            width = 0
            continue
        width = width or cells(line)
        assert cells(line) == width, line


def test_every_shipped_law_has_a_page_with_all_its_rules(tool: ModuleType) -> None:
    made = tool.build()
    laws = pack.packs().laws
    assert {path.stem for path in made} == {law.id for law in laws}
    for law in laws:
        page = made[tool.PAGES / f"{law.id}.md"].decode()
        well_formed(page)
        for rule in law.rules.values():
            assert f"\n## {rule.id}\n" in page
            assert all(tool.cell(one["en"]) in page for one in rule.messages.values())
            assert tool.cell(rule.citation) in page
        assert all(tool.cell(value.citation) in page for value in law.values)
        assert all(f"`{code}`" in page for code in law.controls)


def test_the_page_of_a_law_says_each_thing_once_it_has_it(tool: ModuleType) -> None:
    law = pack.load(TEA)
    cases = strict.load((TEA / "cases.yaml").read_bytes(), name="cases.yaml")
    page = tool.page(law, cases, told.worked(TEA))
    well_formed(page)
    for part in (
        "# Tea Trade Act",
        "| green | 12,500 | since 2025-01-01 | sec. 3 as amended | to verify | 2026-11-22 | `gazette` |",
        "[TEA-02](#tea-02) | Licence | breach | sec. 9 | interpretive, proposed |",
        "- When: since 2020-01-01 until 2030-01-01 (proposed); our reading ends on 2027-12-31",
        "- Says (`many`): {subject} holds {count\\_lo} to {count\\_hi} drinkers",
        "- Would change it: Keep fewer rows → ok",
        "- May be missing: How many drink it",
        "- Worked cases: 2",
        "| `no_such_list` | not in the catalog | no | – |",
        "| `tea_licence` | A licence to trade in tea | sec. 9 |",
        "- A drinker of two teas counts once.",
        "- Tea that is drunk in secret",
        "## Worked cases (2)",
    ):
        assert part in page, part


def test_texts_of_a_pack_do_not_break_a_page(tool: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "tea_trade"
    shutil.copytree(TEA, folder)
    file = folder / "law.yaml"
    nasty = r'en: "a | b <script>x</script> [l](http://e) *c* `d` \n# Head\n| e |", fr: x}'
    file.write_text(file.read_text().replace("en: How many drink it, fr: Combien en boivent}", nasty))
    page = tool.page(pack.load(folder), None, None)
    well_formed(page)
    assert r"a \| b \<script\>x\</script\> \[l\](http://e) \*c\* \`d\` # Head \| e \|" in page
    assert "\n# Head" not in page


def test_the_page_on_laws_names_everything_that_a_rule_may_read(tool: ModuleType) -> None:
    for made in (
        tool.index(),
        tool.result(),
        tool.shared(),
        tool.nouns(),
        tool.macros(),
        tool.functions(),
        tool.form(),
    ):
        well_formed(made)
    shown = tool.shared() + tool.nouns()
    assert all(f"`{name}`" in shown for name in (*ground.documented(), *ground.LAW_TABLES))
    assert all(f"`{name}(" in tool.macros() for name in ground.macro_names())
    assert all(f"`{name}`" in tool.result() for name in ground.RESULT)
    text = (ROOT / "docs" / "laws.md").read_text()
    for part in ("index", "result", "form", "shared", "nouns", "macros", "functions"):
        assert f"build_laws.{part}()" in text
