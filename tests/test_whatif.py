"""What would change, what changed, and what stands under a finding: on a real case, through the commands."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from conftest import Run
from flagstate.errors import CaseError, UsageError
from flagstate.pipeline import again, compare, explain, naming, whatif
from flagstate.pipeline.derive import derive
from flagstate.pipeline.rules import Hearing
from pipeline_world import put, run

ESTATE = """
entities:
  shop:  {organised_in: [BE], principal_place: BE}
  cloud: {organised_in: [US], principal_place: US}
  host:  {organised_in: [DE], principal_place: DE, owned_by: {cloud: 100}}
assets:
  fra:   {kind: region, place: DE, operated_by: host}
  sso:   {kind: service, place: BE, operated_by: shop}
  wms:   {kind: system, runs_on: fra, critical: true, administered_by: shop}
holdings:
  - {at: wms, container: orders, classes: [email], state: used}
needs: {wms: [{any: [sso], buffer_h: 24}]}
policy: {accept_reach: [EU]}
"""


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a case of two versions: in the second, the cloud has sold the host."""
    folder = tmp_path_factory.mktemp("whatif")
    given = put(folder / "given" / "estate.yaml", ESTATE)
    run(given.parent, case=folder / "case")
    put(given, ESTATE.replace(", owned_by: {cloud: 100}", ""))
    run(given.parent, case=folder / "case")
    return folder / "case"


def tables(case: Path, number: int) -> dict[str, Any]:
    """Return the tables of a version."""
    from flagstate.pipeline.again import version

    return version(case, number)


def test_the_same_case_twice_has_no_changes(case: Path) -> None:
    state = tables(case, 1)
    assert not compare.compare(state, state).any
    assert compare.lines(compare.compare(state, state), {}) == [
        "Nothing changes: no finding, no way of a government, no service."
    ]


def test_deriving_again_gives_what_the_audit_gave(case: Path) -> None:
    state = tables(case, 1)
    again = derive(state, date.today(), rules=Hearing(off=True))
    assert not compare.compare(state, again).any


def test_diff_says_which_verdicts_flipped(case: Path) -> None:
    changes = compare.compare(tables(case, 1), tables(case, 2))
    ways = {(w.government, w.subject_id): (w.before, w.after) for w in changes.ways}
    assert ways["US", "est:wms"] == ("via_parent (clear, contested)", "covert_only (clear)")
    gone = [flip for flip in changes.flips if flip.question == "reach" and flip.after is None]
    assert any("United States" in flip.message for flip in gone)
    assert changes.rows["interest"] == (0, 1)


def test_without_an_asset_its_rows_are_gone(case: Path) -> None:
    state = whatif.remove(tables(case, 1), "est:fra")
    assert "est:fra" not in state["asset"]["asset_id"].to_pylist()
    assert state["asset"]["runs_on"].null_count == state["asset"].num_rows
    assert "est:fra" not in state["interest"]["subject_id"].to_pylist()
    assert "est:fra" not in state["place"]["subject_id"].to_pylist()


def test_a_cut_says_what_stops_and_when(case: Path) -> None:
    state = tables(case, 1)
    answer = whatif.whatif(state, whatif.Question(cut=("entity:shop",)), date.today())
    hours = {row["asset_id"]: row["at_h"] for row in answer.stops.to_pylist()}
    assert hours["est:sso"] == 0
    assert hours["est:wms"] == 24
    answer = whatif.whatif(state, whatif.Question(cut=("DE",)), date.today())
    assert {row["asset_id"]: row["at_h"] for row in answer.stops.to_pylist()}["est:wms"] == 0
    flips = [flip for flip in answer.changes.flips if flip.question == "cutoff"]
    assert any((flip.after or "").startswith("yes") for flip in flips)


def test_an_earlier_day_has_its_own_law(case: Path) -> None:
    answer = whatif.whatif(tables(case, 1), whatif.Question(as_of=date(2010, 1, 1)), date.today())
    laws = {row["law"] for row in answer.before["compelled"].to_pylist() if row["government"] == "US"}
    early = {row["law"] for row in answer.after["compelled"].to_pylist() if row["government"] == "US"}
    assert any("CLOUD Act" in law for law in laws)
    assert not any("CLOUD Act" in law for law in early)


def test_names_are_found_and_never_guessed(case: Path) -> None:
    state = tables(case, 1)
    assert naming.find(state, "wms", "asset") == "est:wms"
    assert naming.find(state, "est:wms", "asset") == "est:wms"
    with pytest.raises(UsageError, match="Did you mean wms"):
        naming.find(state, "wmss", "asset")
    with pytest.raises(UsageError, match="no entity"):
        naming.find(state, "\x1b[31mnobody", "entity")
    with pytest.raises(UsageError, match="is no government"):
        whatif.cuts_of(state, "Atlantis", date.today())
    with pytest.raises(UsageError, match="Nothing is asked"):
        whatif.whatif(state, whatif.Question(), date.today())


def test_every_finding_can_be_explained(case: Path) -> None:
    state = tables(case, 1)
    for row in state["finding"].to_pylist():
        found = explain.explain(state, row["finding_id"])
        assert not found.lost, row["rule_id"]
        lines = explain.lines(found)
        assert lines[0] == row["message"]
        if row["proof"]:
            assert row["proof"] in found.proofs


def test_an_explanation_leads_to_lines_of_the_evidence(case: Path) -> None:
    state = tables(case, 1)
    one = next(r for r in state["finding"].to_pylist() if r["question"] == "reach" and r["counterparty"] == "US")
    found = explain.explain(state, one["finding_id"][:8])
    owned = next(fact for fact in found.facts if fact.says.get("kind") == "owns")
    assert (owned.source or "").startswith("estate.yaml:")
    assert owned.artefact == "estate.yaml"
    assert owned.sha256
    assert "innocent" in " ".join(explain.lines(found))


def test_an_unknown_finding_is_refused_in_words(case: Path) -> None:
    state = tables(case, 1)
    for text in ("zzzz", "", "a"):
        with pytest.raises(UsageError, match="no finding"):
            explain.explain(state, text)


def test_the_commands_say_it_too(case: Path, flagstate: Run) -> None:
    here = case.parent
    done = flagstate("diff", "case@1", "case@2", cwd=here)
    assert done.returncode == 0, done.stderr
    assert b"US wms: via_parent (clear, contested)" in done.stdout
    done = flagstate("whatif", "--cut", "entity:shop", "--case", "case@1", cwd=here)
    assert done.returncode == 1
    done = flagstate("whatif", "--cut", "entity:shop", "--case", "case", "--json", cwd=here)
    stops = {row["asset_id"]: row["at_h"] for row in json.loads(done.stdout)["stops"]}
    assert stops["est:wms"] == 24
    done = flagstate("whatif", "--cut", "Atlantis", "--case", "case", cwd=here)
    assert done.returncode == 2
    assert b"is no government" in done.stderr
    finding = tables(case, 2)["finding"]["finding_id"][0].as_py()
    done = flagstate("explain", finding, "--case", "case", cwd=here)
    assert done.returncode == 0
    assert finding.encode() in done.stdout


def test_a_case_of_which_no_audit_was_finished_is_refused_in_words(tmp_path: Path) -> None:
    shutil.copytree(Path(__file__).parent / "data" / "case_format_1" / "case", tmp_path / "case", symlinks=True)
    with pytest.raises(CaseError, match="No audit"):
        again.load(tmp_path / "case")
