"""The dossier of the origin articles: 45 claims, each with who said it first; and the sheet that is printed of it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from flagstate.assess.sources import SECOND_HAND, resting
from flagstate.catalog.mask import UNSAFE
from flagstate.cli.app import app
from flagstate.errors import DeclarationError, UsageError
from flagstate.pipeline import claims
from flagstate.read import estate
from flagstate.report import sheet
from flagstate.report.sheet import Sheet, short
from flagstate.report.sheet_words import SAY
from pipeline_world import run as audit

LIEGE, _ = claims.dossier("liege")
HELD = claims.hold(None, "liege").tables
SHEETS = {short(one.claim["claim_id"]): one for one in sheet.sheets(HELD)}
UNIDENTIFIED = {"c43_day", "c43_early"}
"""Claims of an outlet that is not known."""
ARTICLES = {"d_a1": "reu22", "d_a3": "ft23", "d_a5": "ft23"}


def run(*words: str, columns: int = 100) -> Result:
    return CliRunner().invoke(app, ["claims", *words], env={"COLUMNS": str(columns)})


def primaries(name: str) -> set[str]:
    return {short(one) for one in SHEETS[name].behind["primaries"]}


def changes(name: str) -> set[tuple[str, str | None]]:
    return {(row["mutation_kind"], row["figure"]) for row in SHEETS[name].changes}


def test_all_45_claims_are_there_and_the_others_are_variants() -> None:
    counted = {name for name in SHEETS if re.fullmatch(r"c\d\d", name)}
    assert counted == {f"c{number:02}" for number in range(1, 46)}
    assert all(re.fullmatch(r"c\d\d_[a-z0-9]+", name) for name in set(SHEETS) - counted)


def test_nothing_of_the_dossier_was_masked_or_cut_and_no_place_of_ours_is_named() -> None:
    shown = json.dumps([table.to_pylist() for table in LIEGE.values()], ensure_ascii=False, default=str)
    assert "‹" not in shown
    assert "…" not in shown
    assert "/work" not in claims.shipped()["liege"]


def test_every_claim_has_somebody_behind_it_and_every_source_is_reached() -> None:
    for name, one in SHEETS.items():
        nobody = name in UNIDENTIFIED
        assert (one.behind["independent"] == 0) is nobody, name
        assert (one.behind["absent"], one.behind["circular"]) == (["est:unknown25"] if nobody else [], False)
        assert one.claim["speaker"]
    rows = LIEGE["source"].to_pylist()
    behind = {row["source_id"]: set(row["derived_from"] or ()) for row in rows}
    reached: set[str] = set()
    waiting = {
        key for row in LIEGE["claim"].to_pylist() for key in (row["source_ids"] or []) + (row["derived_from"] or [])
    }
    while waiting:
        reached |= waiting
        waiting = {other for key in waiting for other in behind.get(key, ())} - reached
    assert set(behind) <= reached
    second = [row for row in rows if row["source_form"] in SECOND_HAND]
    assert [row["source_id"] for row in second if not row["derived_from"]] == ["est:unknown25"]


def test_no_claim_is_there_that_nobody_made() -> None:
    text = claims.shipped()["liege"]
    for said in ("this dossier", "_counter", "ma_plan"):
        assert said not in text
    speakers = {one.claim["speaker"] for one in SHEETS.values()}
    assert "Alibaba" in speakers
    assert not {who for who in speakers if "dossier" in who or who.startswith("another")}


def test_a_denial_stands_beside_what_was_denied_and_nothing_else() -> None:
    denied = {name for name, one in SHEETS.items() if one.behind["denied_by"]}
    assert denied == {"c20", "c23", "c24", "c39", "c40", "c41", "c45"}
    assert SHEETS["c20"].behind["denied_by"] == ["alibaba"]
    assert "operator_is" not in (SHEETS["c25"].claim["test"] or "")


def test_a_figure_stands_with_the_outlet_that_gave_it() -> None:
    given = {
        name: json.loads(SHEETS[name].claim["claim_figures"])["in_operation_since"] for name in ("c28", "c28_times")
    }
    assert given["c28"] == {"lo": 2021, "hi": 2022, "unit": "calendar_year"}
    assert (given["c28_times"]["lo"], given["c28_times"]["hi"]) == (2021, 2021)
    assert (primaries("c28"), primaries("c28_times")) == ({"ft23"}, {"times21"})


def test_articles_rest_on_their_primaries_and_two_from_one_are_one_source() -> None:
    told = resting(LIEGE["claim"], LIEGE["source"])
    for article, primary in ARTICLES.items():
        assert f"est:{article}" in told[f"est:{primary}"].sources
    assert {"est:d_a2", "est:vt_en21"} <= set(told["est:wsj21"].sources) & set(told["est:voa21"].sources)
    assert "est:d_a4" in told["est:ft25"].sources
    both = [one for one in SHEETS.values() if {"est:d_a3", "est:d_a5"} <= set(one.claim["source_ids"] or ())]
    assert len(both) >= 4
    assert all(one.behind["independent"] == 1 for one in both)
    assert all(one.behind["assertions"] >= 3 for one in both)
    assert primaries("c01") == primaries("c02") == {"reu22"}
    assert primaries("c20") == {"ft23"}
    assert primaries("c27") == {"cainiao23"}
    assert primaries("c10") == primaries("c12") == {"wsj21"}


@pytest.mark.parametrize("name", ["c20", "c23", "c24", "c39", "c40", "c41", "c45"])
def test_denials_are_shown_with_what_they_deny(name: str) -> None:
    assert SHEETS[name].behind["denied_by"]
    assert "denied by" in run(name, "--dossier", "liege").output


@pytest.mark.parametrize("name", ["c39", "c40", "c41"])
def test_what_its_publisher_could_not_verify_is_said(name: str) -> None:
    assert SHEETS[name].behind["unverified_by"] == ["Financial Times"]
    assert "not verified by its publisher: Financial Times" in " ".join(run(name, "--dossier", "liege").output.split())


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("c06_a1", ("hedging", None)), ("c06_copy", ("hedging", None)), ("c06_copy", ("number", "revenue")),
        ("c10", ("scope", None)), ("c12", ("scope", None)), ("c21", ("scope", None)), ("c29_a5", ("scope", None)),
        ("c28_a3", ("date", "in_operation_since")), ("c30_a5", ("unit", "area")), ("c32", ("plausibility", "mass")),
        ("c34_a5", ("scope", None)), ("c42_copy", ("speaker", None)),
    ],
)  # fmt: skip
def test_what_changed_on_the_way_is_found(name: str, change: tuple[str, str | None]) -> None:
    assert change in changes(name)


def test_the_hall_and_the_parcels_are_worked_out() -> None:
    assert changes("c30_a5") == {("unit", "area"), ("figure", "planned")}
    (hall,) = (row for row in SHEETS["c30_a5"].changes if row["mutation_kind"] == "unit")
    (weight,) = SHEETS["c32"].changes
    assert "2,787 m**2" in hall["message"]
    assert "3.37 kg" in weight["message"]
    assert changes("c30") == set()


def test_without_evidence_nothing_is_supported_or_contradicted() -> None:
    assert {one.found for one in SHEETS.values()} <= {"not_testable", "not_observed", "questionable", "supported"}
    assert {name for name, one in SHEETS.items() if one.found == "supported"} <= {"c30"}, "arithmetic alone decides it"
    assert SHEETS["c27"].found == "not_observed"
    assert all(part["missing"] for part in SHEETS["c27"].parts)
    assert SHEETS["c27"].claim["does_not_say"]
    assert "Low quality" in SHEETS["c38"].claim["remark"]


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_sheet_fits_the_screen_and_names_every_claim(lang: str) -> None:
    said = run("--dossier", "liege", "--lang", lang, columns=80)
    assert said.exit_code == 0
    assert max(map(len, said.output.splitlines())) <= 80
    heads = {line.split()[0] for line in said.output.splitlines() if line.startswith("c")}
    assert set(SHEETS) <= heads


def test_the_french_sheet_is_french() -> None:
    said = " ".join(run("--dossier", "liege", "--lang", "fr").output.split())
    for word in ("non vérifiables", "se trouve seulement en : non observée", "démentie par alibaba, chinese embassy"):
        assert word in said, word
    for word in ("place in", "figure consistent", "chinese_embassy", "A test (`test:`", "Evidence of the asset"):
        assert word not in said, word
    (part,) = SHEETS["c27"].parts
    one = replace(
        SHEETS["c27"],
        parts=({**part, "from_ts": datetime(2026, 3, 1), "to_ts": datetime(2026, 3, 9), "share_seen": 0.5}
               | {"rests_on": "configured", "confidence": "high"},),
        names={"alibaba": "Alibaba Group"}, behind=SHEETS["c20"].behind,
    )  # fmt: skip
    french, english = (" ".join(text for _, text in sheet.whole(one, lang)) for lang in ("fr", "en"))
    assert "vu du 2026-03-01 au 2026-03-09 ; part vue 50 %" in french
    assert "repose sur : configuré ; confiance élevée" in french
    assert "démentie par Alibaba Group" in french
    assert "seen from 2026-03-01 to 2026-03-09; share seen 50%" in english
    assert "rests on: configured; confidence high" in english
    assert "denied by Alibaba Group" in english


def test_counts_agree_with_their_number() -> None:
    three = [replace(SHEETS["c27"], found=found) for found in ("supported", "supported", "contradicted")]
    assert next(iter(sheet.every(three, "fr")))[1] == "3 affirmations : 1 contredite, 2 appuyées"
    assert next(iter(sheet.every(three, "en")))[1] == "3 claims: 1 contradicted, 2 supported"


def test_labels_say_the_same_in_both_languages() -> None:
    assert SAY["en"].keys() == SAY["fr"].keys()
    for key, text in SAY["en"].items():
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", SAY["fr"][key])) or "{s}" in text


def test_json_says_the_same(tmp_path: Path) -> None:
    told = json.loads(run("--dossier", "liege", "--json").output)
    assert not told["example"]
    assert {short(one["claim_id"]) for one in told["claims"]} == set(SHEETS)
    one = json.loads(run("c27", "--dossier", "liege", "--json").output)
    assert one["test"] == {"place_in": ["DE"], "of": "est:database"}
    assert any("the test asks for the place alone" in text for text in one["does_not_say"])
    assert one["rows"] == []


def test_wrong_words_are_named() -> None:
    assert run("c46", "--dossier", "liege").exception.todo.startswith("Did you mean c")
    assert isinstance(run("--dossier", "nothing").exception, UsageError)
    assert isinstance(run("--lang", "de", "--dossier", "liege").exception, UsageError)
    assert isinstance(run("c01", "--near", ".").exception, UsageError)


ESTATE = """\
networks: [10.0.0.0/8]
assets: {wms: {kind: system, place: DE}}
sources: {brochure: {form: statement, outlet: "Vendor\\u202E"}}
claims:
  first: {says: "It stands in Germany \\u202E=1", by: the vendor, sources: brochure, test: {place_in: [DE], of: wms}}
"""


def test_a_dossier_is_held_against_a_case(tmp_path: Path) -> None:
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    (evidence / "estate.yaml").write_text(ESTATE)
    case = tmp_path / "case"
    audit(evidence, case=case)
    said = run("--case", str(case))
    assert said.output.startswith("1 claim: 1 not observed")
    assert not UNSAFE.search(said.output.replace("\n", ""))
    more = tmp_path / "more.yaml"
    more.write_text("dossier: true\nclaims: {second: {says: It stands in France, test: {place_in: [FR], of: wms}}}\n")
    found = {short(one.claim["claim_id"]): one for one in sheet.sheets(claims.hold(case, str(more)).tables)}
    assert found["first"].found == "not_observed"
    assert found["second"].found == "contradicted", "declared may convict"
    assert found["second"].parts[0]["confidence"] == "low"
    assert run("second", "--case", str(case), "--dossier", str(more)).exit_code == 0
    more.write_text("dossier: true\nclaims: {first: {says: It stands in France}}\n")
    assert isinstance(run("--case", str(case), "--dossier", str(more)).exception, UsageError)


def test_a_dossier_replaces_no_claim_of_a_case_with_another_test(tmp_path: Path) -> None:
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    ours = "{says: It stands in Germany, by: the vendor, test: {place_in: [DE], of: wms}}"
    (evidence / "estate.yaml").write_text(f"assets: {{wms: {{kind: system, place: DE}}}}\nclaims: {{first: {ours}}}\n")
    audit(evidence, case=tmp_path / "case")
    same = tmp_path / "same.yaml"
    same.write_text(f"dossier: true\nclaims: {{first: {ours}}}\n")
    assert run("--case", str(tmp_path / "case"), "--dossier", str(same)).exit_code == 0
    for other in (ours.replace("DE]", "SG]"), ours.replace("the vendor", "somebody else")):
        same.write_text(f"dossier: true\nclaims: {{first: {other}}}\n")
        assert isinstance(run("--case", str(tmp_path / "case"), "--dossier", str(same)).exception, UsageError)


GOOD = "dossier: true\nclaims: {second: {says: It stands in France, test: {place_in: [FR], of: wms}}}\n"


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("dossier: true\nclaims: {third: {says: Somewhere, tset: {}}}\n", "press.yaml:2 claims.third.tset"),
        ("dossier: true\nclaims: {third: {says: Somewhere, derived_from: nothing}}\n", "press.yaml:2"),
        ("dossier: true\nclaims:\n  third: {says: [\n", "press.yaml:"),
    ],
)
def test_a_bad_dossier_is_rejected_and_the_audit_goes_on(tmp_path: Path, bad: str, says: str) -> None:
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    for name, text in (("estate.yaml", ESTATE), ("good.yaml", GOOD), ("press.yaml", bad)):
        (evidence / name).write_text(text)
    case = tmp_path / "case"
    audit(evidence, case=case)
    tables = claims.hold(case, None).tables
    assert {short(row["claim_id"]) for row in tables["claim"].to_pylist()} == {"first", "second"}
    (row,) = [row for row in tables["evidence"].to_pylist() if row["artefact"].endswith("press.yaml")]
    assert row["state"] == "partly_read"
    assert row["rows_read"] == 0
    assert row["reason"].startswith("a dossier that is not valid, of which nothing counts: ")
    assert says in row["reason"]
    assert row["todo"]


@pytest.mark.parametrize("name", ["estate.yaml", "press.yaml"])
def test_a_bad_declaration_still_ends_the_audit(tmp_path: Path, name: str) -> None:
    text = "dossier: true\n" if name == "estate.yaml" else ""
    (tmp_path / name).write_text(f"{text}claims: {{third: {{says: Somewhere, tset: {{}}}}}}\n")
    with pytest.raises(DeclarationError):
        audit(tmp_path, case=tmp_path / "case")
    mixed = b"dossier: true\nassets: {wms: {kind: system}}\nclaims: {a: {says: [\n"
    assert not estate.of_others(mixed, "press.yaml")


def test_a_sheet_without_verdicts_says_so() -> None:
    bare = HELD | {name: HELD[name].slice(0, 0) for name in ("provenance", "mutation", "claim_verdict", "finding")}
    made: list[Sheet] = sheet.sheets(bare)
    assert {one.found for one in made} == {"untested", "not_testable"}
    assert list(sheet.every(made, "en"))
