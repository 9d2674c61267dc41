"""BODS: what the standard draws becomes rows, history is kept, and what cannot be is named by its line."""

from __future__ import annotations

import copy
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canaries import Aviary
from flagstate import model
from flagstate.catalog.mask import mask
from flagstate.enrich.control import control
from flagstate.enrich.identity import identify, unify
from flagstate.errors import EvidenceError, FlagstateError
from flagstate.read import bods, json_values, owners, registry
from flagstate.read.json_values import values
from flagstate.read.part import Context, Facts, Head, Note, Opened, Part, Reject, Tally

DATA = Path(__file__).parent / "data" / "bods"
SAMPLES = sorted(path.name for path in DATA.iterdir() if path.suffix in (".json", ".jsonl"))


def head_of(data: bytes) -> Head:
    return Head(data[:65536], len(data), ".json")


def read(data: bytes | list[Any], folder: Path, evidence: str = "ev:1", max_rows: int | None = None) -> list[Part]:
    data = json.dumps(data).encode() if isinstance(data, list) else data
    path = folder / "given"
    path.write_bytes(data)
    kind = bods.recognise(head_of(data))
    assert kind is not None
    assert not kind.refused
    with duckdb.connect() as con:
        context = Context(con, mask, max_rows)
        return list(bods.read(Opened(str(path), head_of(data), "own.json", evidence), kind, context))


def rows(parts: list[Part], noun: str) -> list[dict[str, Any]]:
    found = [p for p in parts if isinstance(p, Facts) and p.noun == noun]
    assert all(p.stance == "recorded" and p.table.schema.equals(model.NOUNS[noun].schema) for p in found)
    made = [{k: v for k, v in row.items() if v is not None} for p in found for row in p.table.to_pylist()]
    ids = [i for p in found for i in model.stamp(p.table, model.NOUNS[noun], stance=p.stance)["fact_id"].to_pylist()]
    assert len(set(ids)) == len(ids), "every row has an id of its own"
    return made


def entities(parts: list[Part]) -> dict[str, dict[str, Any]]:
    return {row["entity_id"]: row for row in rows(parts, "legal_entity")}


def held(parts: list[Part]) -> set[tuple[Any, ...]]:
    keys = ("holder_id", "subject_id", "kind", "share_lo_pct", "share_hi_pct", "directness")
    return {tuple(row.get(key) for key in keys) for row in rows(parts, "interest")}


def told(parts: list[Part]) -> list[str]:
    return [p.reason for p in parts if isinstance(p, Reject | Note)]


def sample(name: str) -> bytes:
    return (DATA / name).read_bytes()


def day(year: int, month: int, of_month: int) -> datetime:
    return datetime(year, month, of_month, tzinfo=UTC)


def test_direct_ownership(tmp_path: Path) -> None:
    parts = read(sample("01-direct-ownership.json"), tmp_path)
    known = entities(parts)
    company = known["reg:GB-COH:10000001"]
    assert (company["name"], company["organised_in"], company["entity_type"]) == (
        "Acme Holdings Ltd",
        ["GB"],
        "registeredEntity",
    )
    (jane,) = (row for row in known.values() if row["kind"] == "person")
    assert jane["nationality"] == ["GB"]
    assert jane["name"] == "‹name›"
    assert "1975-06-20" not in str(parts)
    assert "Jane" not in str(parts)
    interests = rows(parts, "interest")
    assert [row["interest_type"] for row in interests] == ["shareholding", "votingRights"]
    assert [row["kind"] for row in interests] == ["owns", "votes"]
    for row in interests:
        assert (row["holder_id"], row["subject_id"]) == (jane["entity_id"], company["entity_id"])
        assert (row["share_lo_pct"], row["share_hi_pct"], row["beneficial"]) == (75, 75, True)
        assert row["valid_from"] == day(2010, 1, 1)
    assert [p for p in parts if not isinstance(p, Facts)] == [Tally(rows_read=3)]
    assert entities(read(sample("01-direct-ownership.json"), tmp_path)) == known, "ids are stable"


def test_circular_ownership_keeps_both_sides(tmp_path: Path) -> None:
    parts = read(sample("10-circular-ownership.json"), tmp_path)
    alpha, beta = "reg:GB-COH:10000010", "reg:GB-COH:10000011"
    assert held(parts) == {(alpha, beta, "owns", 100, 100, "direct"), (beta, alpha, "owns", 100, 100, "direct")}
    assert all(row["kind"] == "organisation" for row in entities(parts).values())
    assert all(row["beneficial"] is False for row in rows(parts, "interest"))


def test_an_owner_that_is_not_told_is_no_person(tmp_path: Path) -> None:
    parts = read(sample("11-anonymous-person.json"), tmp_path)
    assert set(entities(parts)) == {"reg:PA-PUB:PA-1000011"}
    (row,) = rows(parts, "interest")
    assert "holder_id" not in row
    assert row["unknown_reason"] == "subjectUnableToConfirmOrIdentifyBeneficialOwner"
    assert row["subject_id"] == "reg:PA-PUB:PA-1000011"


def test_nominee_summaries_are_indirect(tmp_path: Path) -> None:
    parts = read(sample("nominee.json"), tmp_path)
    company = "reg:DE-CR:HRB 1001"
    assert held(parts) == {
        ("bods:p-nominator", "bods:a-nom", "nominates", None, None, "direct"),
        ("bods:p-nominee", "bods:a-nom", "nominee", None, None, "direct"),
        ("bods:a-nom", company, "owns", 60, 60, "direct"),
        ("bods:p-nominator", company, "owns", 60, 60, "indirect"),
    }
    nominee = entities(parts)["bods:p-nominee"]
    assert (nominee["located_in"], nominee["nationality"]) == (["DE"], ["DE"]), "of addresses only the residence"
    assert "1970" not in str(parts)
    assert "Example Street" not in str(parts)
    assert entities(parts)["bods:a-nom"]["entity_type"] == "arrangement"


def test_a_summary_that_calls_itself_direct_is_indirect(tmp_path: Path) -> None:
    tree = json.loads(sample("nominee.json"))
    tree[-1]["recordDetails"]["interests"][0]["directOrIndirect"] = "direct"
    assert ("bods:p-nominator", "reg:DE-CR:HRB 1001", "owns", 60, 60, "indirect") in held(read(tree, tmp_path))


def test_joint_holding_through_its_arrangement(tmp_path: Path) -> None:
    assert held(read(sample("joint.json"), tmp_path)) == {
        ("bods:a-joint", "reg:GB-COH:20000001", "owns", 100, 100, "direct"),
        ("bods:p-1", "bods:a-joint", "owns", 50, 50, "direct"),
        ("bods:p-2", "bods:a-joint", "owns", 50, 50, "direct"),
    }


def test_trust(tmp_path: Path) -> None:
    parts = read(sample("trust.json"), tmp_path)
    roles = {(row["holder_id"], row["kind"]) for row in rows(parts, "interest") if row["subject_id"] == "bods:t-1"}
    assert roles == {
        ("bods:p-s", "settles"),
        ("reg:JE-FSC:7001", "trusts"),
        ("bods:p-b", "benefits"),
        ("bods:p-p", "guards"),
    }
    beneficiary = entities(parts)["bods:p-b"]
    assert beneficiary["entity_type"] == "anonymousPerson"
    assert "name" not in beneficiary
    votes = next(row for row in rows(parts, "interest") if row["kind"] == "votes")
    assert 50 < votes["share_lo_pct"] < 50.001, "more than half is not half"
    assert votes["share_hi_pct"] == 75
    held_in_trust = entities(parts)["reg:LU-RCS:B300001"]
    assert (held_in_trust["organised_in"], held_in_trust["principal_place"]) == (["LU"], "CH")
    assert entities(parts)["reg:JE-FSC:7001"].get("principal_place") is None, "a registered office is no headquarters"


def test_state_owned(tmp_path: Path) -> None:
    parts = read(sample("state_owned.json"), tmp_path)
    kinds = {row["entity_id"]: (row["kind"], row["entity_type"]) for row in entities(parts).values()}
    assert kinds["bods:x-state"] == ("state", "state")
    assert kinds["bods:x-body"] == ("state", "stateBody")
    made = [(row.get("holder_id"), row["kind"], row.get("interest_type")) for row in rows(parts, "interest")]
    assert ("bods:x-body", "controls", "controlViaCompanyRulesOrArticles") in made
    assert ("bods:x-body", "controls", "controlByLegalFramework") in made
    assert ("bods:p-ceo", "directs", "seniorManagingOfficial") in made
    assert (None, "controls", None) in made


def test_unknown_and_anonymous(tmp_path: Path) -> None:
    parts = read(sample("unknown.json"), tmp_path)
    assert "must not be kept" not in str([p.table.to_pylist() for p in parts if isinstance(p, Facts)])
    reasons = {row.get("holder_id"): row["unknown_reason"] for row in rows(parts, "interest")}
    assert reasons == {
        "bods:p-u": "subjectUnableToConfirmOrIdentifyBeneficialOwner",
        "bods:e-a": "interestedPartyExemptFromDisclosure",
        None: "interestedPartyHasNotProvidedInformation",
    }
    assert entities(parts)["lei:5493001KJTIIGC8Y1R12"]["lei"] == "5493001KJTIIGC8Y1R12"


def test_history(tmp_path: Path) -> None:
    parts = read(sample("history.jsonl"), tmp_path)
    assert entities(parts)["reg:GB-COH:20000003"]["name"] == "After Ltd"
    spans = {
        (r["holder_id"], r["kind"], r["share_lo_pct"]): (r.get("valid_from"), r.get("valid_to"))
        for r in rows(parts, "interest")
    }
    start = day(2018, 5, 1)
    assert spans == {
        ("bods:p-1", "owns", 60): (start, day(2021, 6, 1)),
        ("bods:p-1", "owns", 75): (day(2021, 6, 1), None),
        ("bods:p-1", "votes", 60): (start, None),
        ("bods:p-2", "owns", 25): (start, day(2023, 3, 31)),
    }
    backwards = b"\n".join(reversed(sample("history.jsonl").splitlines()))
    again = read(backwards, tmp_path)
    assert held(again) == held(parts), "the order of the file does not matter where days differ"


def test_a_correction_of_the_same_day_was_always_so(tmp_path: Path) -> None:
    tree = [json.loads(line) for line in sample("history.jsonl").splitlines()[:4]]
    fixed = copy.deepcopy(tree[3])
    fixed["publicationDetails"]["publicationDate"] = "2020-01-01"
    fixed["recordDetails"]["interests"][0]["share"]["exact"] = 55
    parts = read([*tree, fixed], tmp_path)
    assert {(r["kind"], r["share_lo_pct"]) for r in rows(parts, "interest")} == {("owns", 55), ("votes", 60)}


def test_before_0_4(tmp_path: Path) -> None:
    parts = read(sample("before_0.4.json"), tmp_path)
    assert held(parts) == {
        ("bods:old-p-1", "reg:GB-COH:20000004", "votes", 50.000001, 75, "direct"),
        ("bods:old-p-1", "reg:GB-COH:20000004", "benefits", None, None, "unknown"),
        (None, "reg:GB-COH:20000004", "controls", None, None, "unknown"),
    }
    ended = {r.get("holder_id"): r.get("valid_to") for r in rows(parts, "interest")}
    assert ended == {"bods:old-p-1": day(2020, 2, 1), None: None}


def test_before_0_4_a_statement_goes_on_with_the_one_it_replaces(tmp_path: Path) -> None:
    tree = json.loads(sample("before_0.4.json"))[:3]
    renamed = {**tree[0], "statementID": "old-e-2", "statementDate": "2021-01-01", "name": "Renamed Ltd"}
    renamed["replacesStatements"] = ["old-e-1"]
    grown = copy.deepcopy({**tree[2], "statementID": "old-o-3", "statementDate": "2021-01-01"})
    grown |= {"replacesStatements": ["old-o-1"], "subject": {"describedByEntityStatement": "old-e-2"}}
    grown["interests"] = [{"type": "voting-rights", "interestLevel": "direct", "share": {"exact": 80}}]
    around = {**renamed, "statementID": "old-e-1", "replacesStatements": ["old-e-2"]}
    parts = read([*tree, renamed, grown], tmp_path)
    assert {row["name"] for row in entities(parts).values()} == {"Renamed Ltd", "‹name›"}
    spans = {r["share_lo_pct"]: r.get("valid_to") for r in rows(parts, "interest") if r["kind"] == "votes"}
    assert spans == {50.000001: day(2021, 1, 1), 80: None}
    assert rows(read([*tree, renamed, around], tmp_path), "interest"), "statements that replace each other end too"


def derived(name: str, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """What is derived of a sample, as it is done for a case."""
    parts = read(sample(name), folder)
    tables = {
        p.noun: model.stamp(p.table, model.NOUNS[p.noun], stance=p.stance, evidence_id="ev")
        for p in parts
        if isinstance(p, Facts)
    }
    found = identify(tables)
    made = control(unify(tables, found["identity"]) | found, date(2026, 11, 22))
    return {noun: table.to_pylist() for noun, table in {**made, **found}.items()}


def tops(made: dict[str, list[dict[str, Any]]]) -> set[tuple[Any, ...]]:
    return {(r["entity_id"], r["parent_id"], r["kind"], r["verdict"]) for r in made["ultimate_parent"]}


def test_the_chain_of_direct_ownership(tmp_path: Path) -> None:
    made = derived("01-direct-ownership.json", tmp_path)
    (chain,) = made["control_chain"]
    assert (chain["subject_id"], chain["steps"], chain["verdict"]) == ("reg:GB-COH:10000001", 1, "yes")
    assert chain["holder_id"].startswith("bods:rec-")
    (share,) = made["owned_share"]
    assert (share["share_lo_pct"], share["share_hi_pct"]) == (75, 75)
    assert ("reg:GB-COH:10000001", chain["holder_id"], "person", "yes") in tops(made)


def test_the_chain_of_circular_ownership_ends(tmp_path: Path) -> None:
    made = derived("10-circular-ownership.json", tmp_path)
    assert {(r["holder_id"], r["subject_id"]) for r in made["control_chain"]} == {
        ("reg:GB-COH:10000010", "reg:GB-COH:10000011"),
        ("reg:GB-COH:10000011", "reg:GB-COH:10000010"),
    }
    assert {kind for _, _, kind, _ in tops(made)} == {"circle"}, "no owner is made out of a circle"
    assert all(row["share_hi_pct"] <= 100 for row in made["owned_share"])


def test_an_owner_that_is_not_told_makes_the_top_unknown(tmp_path: Path) -> None:
    made = derived("11-anonymous-person.json", tmp_path)
    assert not made["control_chain"]
    (top,) = made["ultimate_parent"]
    assert top["verdict"] == "unknown"
    assert "subjectUnableToConfirmOrIdentifyBeneficialOwner" in top["words"]


def test_chains_of_what_the_standard_draws(tmp_path: Path) -> None:
    nominee = derived("nominee.json", tmp_path)
    shares = {(r["holder_id"], r["subject_id"]): r["share_hi_pct"] for r in nominee["owned_share"]}
    assert shares["bods:p-nominator", "reg:DE-CR:HRB 1001"] == 60, "a summary is not counted beside its parts"
    assert ("reg:DE-CR:HRB 1001", "bods:p-nominator", "person", "yes") in tops(nominee)
    joint = derived("joint.json", tmp_path)
    shares = {(r["holder_id"], r["subject_id"]): r["share_hi_pct"] for r in joint["owned_share"]}
    assert shares["bods:p-1", "reg:GB-COH:20000001"] == 50
    assert shares["bods:p-2", "reg:GB-COH:20000001"] == 50
    state = derived("state_owned.json", tmp_path)
    assert ("reg:ZM-PACRA:400001", "bods:x-state", "state", "yes") in tops(state)
    assert not derived("history.jsonl", tmp_path)["contradiction"]


def statement(record: str, kind: str, details: dict[str, Any], **more: Any) -> dict[str, Any]:
    base = {"statementId": f"s-{record}", "declarationSubject": "a", "recordId": record, "recordType": kind}
    return {**base, "recordStatus": "new", "statementDate": "2024-01-01", "recordDetails": details, **more}


def company(record: str, **more: Any) -> dict[str, Any]:
    return statement(record, "entity", {"entityType": {"type": "registeredEntity"}, "name": record, **more})


def owner(record: str) -> dict[str, Any]:
    return statement(record, "person", {"personType": "knownPerson", "names": [{"fullName": "Q"}]})


def holds(holder: Any, subject: Any, *interests: Any, record: str = "r") -> dict[str, Any]:
    details = {"subject": subject, "interestedParty": holder, "interests": list(interests)}
    return statement(record, "relationship", details)


def stake(**more: Any) -> dict[str, Any]:
    return {"type": "shareholding", "directOrIndirect": "direct", **more}


BAD = [
    ("over 100 per cent", [holds("p", "a", stake(share={"exact": 130}))], "share cannot be", True),
    ("negative", [holds("p", "a", stake(share={"minimum": -1}))], "share cannot be", True),
    ("a text", [holds("p", "a", stake(share={"exact": "75"}))], "share cannot be", True),
    ("true", [holds("p", "a", stake(share={"exact": True}))], "share cannot be", True),
    ("reversed", [holds("p", "a", stake(share={"minimum": 60, "maximum": 40}))], "share cannot be", True),
    ("person owned", [holds("a", "p", stake())], "A person is said to be owned", None),
    ("owns itself", [holds("a", "a", stake())], "own or control itself", None),
    (
        "days",
        [holds("p", "a", stake(startDate="2024-02-01", endDate="2024-01-01"))],
        "interest with an end before the beginning",
        True,
    ),
    ("no day", [holds("p", "a", stake(startDate="2024-02-31"))], "day is no date", True),
    ("unknown type", [holds("p", "a", {"type": "sharesOfMoon"})], "a type that the standard does not know", False),
    ("no type", [holds("p", "a", {})], "interest has no type", False),
    ("missing record", [holds("nobody", "a", stake())], "records that are not in the file", False),
    ("no ends", [holds(None, "a", stake())], "does not say between whom", None),
    ("no reason", [holds({}, "a", stake())], "neither a holder nor why", None),
    ("subject unknown", [holds("p", {"reason": "unknown"}, stake())], "does not tell whom it concerns", None),
    ("interest", [holds("p", "a", 7)], "An interest is no JSON object", None),
    ("unknown country", [company("x", jurisdiction={"name": "Moon", "code": "ZZ"})], "none of ISO 3166-1", None),
    ("LEI", [company("x", identifiers=[{"scheme": "XI-LEI", "id": "5493001KJTIIGC8Y1R13"}])], "wrong check", None),
    ("number", [company("x", identifiers=[{"scheme": "GB-COH", "id": "a@b.example"}])], "as a register writes", None),
    ("life", [company("x", foundingDate="2020-01-01", dissolutionDate="2019-01-01")], "entity with an end", None),
    ("type", [statement("x", "vessel", {})], "none that the standard knows", None),
    ("no record", [{**company("x"), "recordId": 7}], "no id of its record", None),
    ("no details", [{**company("x"), "recordDetails": []}], "no details of its record", None),
    ("no object", [["x"]], "no JSON object", None),
    ("said twice", [company("x"), company("x", jurisdiction={"code": "FR"})], "something else of this record", None),
    ("other type", [owner("x"), {**company("x"), "statementDate": "2025-01-01"}], "of another type", None),
]


@pytest.mark.parametrize(("name", "bad", "words", "contested"), BAD, ids=[case[0] for case in BAD])
def test_what_cannot_be_is_named_by_its_line(
    name: str, bad: list[Any], words: str, contested: bool | None, tmp_path: Path
) -> None:
    sound = [company("a"), owner("p"), owner("q"), holds("q", "a", stake(share={"exact": 30}), record="sound")]
    whole = [*sound, *bad, company("z")]
    parts = read(b"\n".join(json.dumps(each).encode() for each in whole), tmp_path)
    last = len(sound) + len(bad)
    found: list[Part] = [p for p in parts if isinstance(p, Reject) and p.line == last and words in p.reason]
    found += [p for p in parts if isinstance(p, Note) and words in p.reason and f"(line {last})" in p.reason]
    assert found, told(parts)
    assert {"bods:a", "bods:p", "bods:z"} <= set(entities(parts)), "nothing else is lost"
    interests = rows(parts, "interest")
    assert [r for r in interests if r.get("share_lo_pct") == 30]
    others = [r for r in interests if r.get("share_lo_pct") != 30]
    if contested is not None:
        assert [bool(row.get("contested")) for row in others] == [contested]
    assert (
        sum(p.rows_read for p in parts if isinstance(p, Tally))
        + sum(isinstance(p, Reject) and "statement" in p.reason.lower() for p in parts)
        >= len(whole) - 1
    )


def test_records_of_one_entity_that_differ_are_kept_apart(tmp_path: Path) -> None:
    number = [{"scheme": "GB-COH", "id": "3"}]
    one, same, other = (company(r, identifiers=number) for r in ("a", "b", "c"))
    same["recordDetails"] = one["recordDetails"]
    other["recordDetails"]["jurisdiction"] = {"code": "FR"}
    parts = read([one, same, other, holds("c", "a", stake())], tmp_path)
    assert set(entities(parts)) == {"reg:GB-COH:3", "bods:c"}
    assert entities(parts)["bods:c"]["registration"] == ["GB-COH:3"], "so that they can be found to be one"
    assert any("kept apart" in reason for reason in told(parts))


def test_the_same_interest_twice(tmp_path: Path) -> None:
    twice = [holds("p", "a", stake(share={"exact": x}), record=f"r{x}") for x in (30, 40)]
    parts = read([company("a"), owner("p"), *twice], tmp_path)
    (row,) = rows(parts, "interest")
    assert (row["share_lo_pct"], row["share_hi_pct"], row["contested"]) == (30, 40, True)
    assert "1 interest stands twice" in told(parts)[0]
    same = [holds("p", "a", stake(share={"exact": 30}), record=f"r{x}") for x in (30, 40)]
    (row,) = rows(read([company("a"), owner("p"), *same], tmp_path), "interest")
    assert "contested" not in row


@pytest.mark.parametrize("name", SAMPLES)
def test_lists_and_lines_say_the_same(name: str, tmp_path: Path) -> None:
    text = sample(name).decode()
    tree = [json.loads(line) for line in text.splitlines()] if name.endswith("l") else json.loads(text)
    forms = [
        json.dumps(tree).encode(),
        json.dumps(tree, indent=4).encode("utf-16"),
        b"\xef\xbb\xbf" + b"\r\n".join(json.dumps(each).encode() for each in tree),
        "\n".join(json.dumps(each, indent=1) for each in tree).encode(),
    ]
    wanted = held(read(forms[0], tmp_path))
    assert all(held(read(form, tmp_path)) == wanted for form in forms)


def test_damage_costs_itself(tmp_path: Path) -> None:
    lines = sample("history.jsonl").splitlines()
    parts = read(b"\n".join([*lines[:3], lines[3][:60], *lines[4:]]), tmp_path)
    assert Reject(4, "The line is no JSON") in parts
    assert ("bods:p-2", "reg:GB-COH:20000003", "owns", 25, 25, "direct") in held(parts)
    text = sample("joint.json").decode()
    broken = text.replace('"statementDate": "2024-01-10"', '"statementDate" "2024-01-10"', 2).replace(
        '"statementDate" "2024-01-10"', '"statementDate": "2024-01-10"', 1
    )
    parts = read(broken.encode(), tmp_path)
    assert [p.line for p in parts if isinstance(p, Reject)] == [3]
    assert len(held(parts)) == 3
    parts = read(text[:-400].encode(), tmp_path)
    assert any("cut off" in reason for reason in told(parts))
    assert len(held(parts)) == 2


def test_numbers_that_json_does_not_know(tmp_path: Path) -> None:
    for number in ("NaN", "Infinity", "-Infinity", "9" * 5000, "1e999"):
        text = json.dumps([company("a"), owner("p"), holds("p", "a", stake(share={"exact": 12345}))])
        parts = read(text.replace("12345", number).encode(), tmp_path)
        (row,) = rows(parts, "interest")
        assert row["contested"]
        assert "share_lo_pct" not in row
        assert any("share cannot be" in reason for reason in told(parts))


def test_hostile_names_are_masked_and_no_value_is_told(tmp_path: Path) -> None:
    evil = "eve@evil.example \u202e\x1b[31m <script> \ud800"
    bad = [
        company("a", jurisdiction={"name": evil, "code": evil}, identifiers=[{"scheme": evil, "id": evil}]),
        company(evil),
        statement("t", "entity", {"entityType": {"type": evil}, "name": evil}),
        owner("p"),
        holds({"reason": evil}, "a", {"type": evil, "startDate": evil, "share": {"exact": evil}}, record="r1"),
        holds(evil, "a", stake(directOrIndirect=evil), record="r2"),
        holds("missing " + evil, "a", stake(), record="r3"),
        statement(evil, evil, {}),
    ]
    parts = read(bad, tmp_path)
    shown = str(parts) + str([p.table.to_pylist() for p in parts if isinstance(p, Facts)])
    for piece in ("eve@evil", "\u202e", "\x1b[31m", "\ud800"):
        assert piece not in shown
    assert len([i for i in entities(parts) if "‹email›" in i]) == 1


def test_what_is_planted_does_not_come_up(tmp_path: Path) -> None:
    aviary = Aviary()
    for name in SAMPLES:
        text = sample(name).decode()
        tree = [json.loads(line) for line in text.splitlines()] if name.endswith("l") else json.loads(text)
        secrets = list(aviary.plant(name).secrets.values())
        for number, (inside, key) in enumerate(places_of_texts(tree)):
            if key == "name":  # a firm may be called as a person is
                continue
            before, inside[key] = inside[key], secrets[number % len(secrets)]
            if bods.recognise(head_of(json.dumps(tree).encode())) is not None and number % 7 == 0:
                parts = read(tree, tmp_path)
                shown = str(parts) + str(rows(parts, "legal_entity") + rows(parts, "interest"))
                assert secrets[number % len(secrets)] not in shown, key
            inside[key] = before


def places_of_texts(tree: Any) -> list[tuple[Any, Any]]:
    return [(inside, key) for inside, key in paths(tree) if isinstance(inside[key], str)]


def test_names_that_look_alike_masked_stay_apart(tmp_path: Path) -> None:
    tree = [company("a"), owner("rec-jane-smith-1975"), owner("rec-john-smith-1975")]
    tree += [holds(p["recordId"], "a", stake(share={"exact": 50}), record=p["recordId"] + "r") for p in tree[1:]]
    assert len({row[0] for row in held(read(tree, tmp_path))}) == 2
    assert not {i for i in entities(read(tree, tmp_path, "ev:2")) if "~" in i} & set(entities(read(tree, tmp_path)))


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"[{}]", b'{"statementId": 1}', b'[["recordId"]]', b'{"a": {"recordId": "x"}}', b"a,b\n1,2\n", b"[1]"],
)
def test_not_recognised(data: bytes) -> None:
    assert bods.recognise(head_of(data)) is None


def test_wrapped_statements_are_refused_and_not_searched_as_a_table() -> None:
    data = b'{"statements": ' + sample("joint.json") + b"}"
    reader, kind = registry.identify(head_of(data))
    assert reader is not None
    assert reader.name == "bods"
    assert "inside another object" in kind.refused


@pytest.mark.parametrize("name", SAMPLES)
def test_the_reader_of_json_does_not_win(name: str) -> None:
    for data in (sample(name), sample(name)[:2000]):
        reader, _ = registry.identify(Head(data, len(sample(name)), ".json"))
        assert reader is not None
        assert reader.name == "bods"


def test_nothing_readable(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="Not one statement"):
        read(sample("joint.json")[:200], tmp_path)


def test_no_more_than_asked(tmp_path: Path) -> None:
    parts = read(sample("joint.json"), tmp_path, max_rows=2)
    assert [p.rows_read for p in parts if isinstance(p, Tally)] == [2]


def paths(tree: Any) -> list[tuple[Any, Any]]:
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [found for key, value in inner for found in ((tree, key), *paths(value))]


WRONG: list[Any] = [
    None,
    7,
    -1,
    1e300,
    "",
    "x",
    "\x00",
    "GB",
    "2024-13-01",
    [],
    {},
    [None],
    [[]],
    {"a": []},
    True,
    "new",
    "closed",
]
ODD = st.sampled_from(WRONG)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_mutation_surprises(tmp_path_factory: pytest.TempPathFactory, more: st.DataObject) -> None:
    name = more.draw(st.sampled_from(SAMPLES))
    text = sample(name).decode()
    tree = [json.loads(line) for line in text.splitlines()] if name.endswith("l") else json.loads(text)
    folder = tmp_path_factory.getbasetemp()
    before = len(tree)
    for _ in range(more.draw(st.integers(1, 3))):
        inside, key = more.draw(st.sampled_from(paths(tree)))
        inside[key] = copy.deepcopy(more.draw(ODD))
    data = json.dumps(tree).encode()
    if bods.recognise(head_of(data)) is None:
        return
    try:
        parts = read(data, folder)
    except FlagstateError:
        return
    rejected = [p for p in parts if isinstance(p, Reject)]
    read_ = sum(p.rows_read for p in parts if isinstance(p, Tally))
    assert read_ + sum("tatement" in p.reason for p in rejected) >= before, "no statement is lost without a word"
    assert rows(parts, "legal_entity") is not None
    assert rows(parts, "interest") is not None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_damage_surprises(tmp_path_factory: pytest.TempPathFactory, more: st.DataObject) -> None:
    data = bytearray(sample(more.draw(st.sampled_from(SAMPLES))))
    whole = len(data)
    data = data[: more.draw(st.integers(whole // 2, whole))]
    for _ in range(more.draw(st.integers(0, 4))):
        data[more.draw(st.integers(0, len(data) - 1))] = more.draw(st.sampled_from(b'\x00\xff"{}[]\n\t,:\\'))
    if bods.recognise(head_of(bytes(data))) is None:
        return
    try:
        parts = read(bytes(data), tmp_path_factory.getbasetemp())
    except FlagstateError:
        return
    assert [p for p in parts if isinstance(p, Tally)]
    if len(data) < whole - 3:
        assert told(parts), "a file that is cut off says so"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_blocks_of_any_size_are_the_same_values(more: st.DataObject) -> None:
    data = bytearray(sample(more.draw(st.sampled_from(SAMPLES))))
    data = data[: more.draw(st.integers(0, len(data)))]
    for _ in range(more.draw(st.integers(0, 3)) if data else 0):
        data[more.draw(st.integers(0, len(data) - 1))] = more.draw(st.sampled_from(b'\x00"{}[]\n,:\\e9'))
    whole = list(values(io.BufferedReader(io.BytesIO(bytes(data)))))
    before, json_values.BLOCK = json_values.BLOCK, more.draw(st.integers(1, 3000))
    try:
        assert list(values(io.BufferedReader(io.BytesIO(bytes(data))))) == whole
    finally:
        json_values.BLOCK = before
    lines = [value.line for value in whole]
    assert lines == sorted(lines)
    assert [value.number for value in whole] == list(range(1, len(whole) + 1))


def test_what_is_counted_agrees_with_its_number() -> None:
    reason = "[record was|records were] annulled: [it|they] went on"
    assert owners.counted(1, reason) == "1 record was annulled: it went on"
    assert owners.counted(12_345, reason) == "12,345 records were annulled: they went on"
    flaws = owners.Flaws()
    flaws.note(3, "[day is no date|days are no dates]: left out")
    assert [part.reason for part in flaws.parts(1) if isinstance(part, Note)] == ["1 day is no date: left out (line 3)"]
    flaws.note(9, "[day is no date|days are no dates]: left out")
    (note,) = (part for part in flaws.parts(1) if isinstance(part, Note))
    assert note.reason == "2 days are no dates: left out (lines 3, 9)"
