"""The nouns keep one language: same name, same type; every column says how it can be wrong."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import product

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstate import model
from flagstate.engine import connect
from flagstate.model import codes, verdict
from flagstate.model.noun import FACT_COLUMNS, Noun

ALL = [pytest.param(noun, id=noun.name) for noun in model.ALL]
FACTS = [pytest.param(model.NOUNS[name], id=name) for name in model.FACTS]
GROUPS = {"stream", "ledger", "fact", "derived", "conclusion"}


@pytest.mark.parametrize("noun", ALL)
def test_each_noun_is_documented(noun: Noun) -> None:
    assert noun.group in GROUPS
    assert noun.name.isidentifier()
    assert noun.name == noun.name.lower()
    assert noun.doc.endswith(".")
    assert len(set(noun.names)) == len(noun.names) > 0
    assert set(noun.key) <= set(noun.names)
    for column in noun.columns:
        assert column.name == column.name.lower()
        assert column.name.isidentifier()
        assert column.doc.rstrip("`").endswith((".", "…")), column.name
        assert column.wrong.rstrip("`").endswith("."), column.name
        assert column.doc != column.wrong


def test_the_same_name_has_the_same_type_everywhere() -> None:
    types: dict[str, set[str]] = {}
    for noun in model.ALL:
        for column in noun.columns:
            types.setdefault(column.name, set()).add(str(column.type))
    assert {name: found for name, found in types.items() if len(found) > 1} == {}


def test_units_stand_in_names_and_times_are_utc() -> None:
    for noun in model.ALL:
        for column in noun.columns:
            if pa.types.is_timestamp(column.type):
                assert (column.type.unit, column.type.tz) == ("us", "UTC")
            if column.name.endswith("_pct"):
                assert pa.types.is_float64(column.type)
            if column.name.endswith("_id") or column.name in ("orig_h", "resp_h"):
                assert pa.types.is_string(column.type)
            assert not pa.types.is_dictionary(column.type)


@pytest.mark.parametrize("noun", FACTS)
def test_each_fact_has_its_five_columns_last_and_a_key(noun: Noun) -> None:
    assert noun.columns[-5:] == FACT_COLUMNS
    assert noun.key
    assert not set(noun.key) & {"fact_id", "stance", "evidence_id"}


def test_the_groups_are_whole() -> None:
    assert {noun.name for noun in model.ALL} == set(model.NOUNS)
    assert set(model.STREAMS) == {"connection", "query", "handshake", "exchange", "record"}
    assert set(model.STORED) == set(model.NOUNS) - set(model.STREAMS)
    assert {"evidence", "coverage", "finding", "judgement", "reconciliation"} <= set(model.STORED)


@pytest.mark.parametrize(
    "words",
    [
        "STANCES",
        "VERDICTS",
        "QUESTIONS",
        "READ_STATES",
        "SOURCE_KINDS",
        "CONFIDENCE_OF_PLACE",
        "RECONCILED",
        "OWN_ENDS",
    ],
)
def test_each_code_has_its_sentence(words: str) -> None:
    listed: dict[str, str] = getattr(codes, words)
    assert listed
    for code, sentence in listed.items():
        assert code == code.lower().replace(" ", "_")
        assert sentence.endswith(".")
        assert sentence[0].isupper()
    assert len(set(listed.values())) == len(listed)


def test_a_noun_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        _ = model.NOTHING  # type: ignore[attr-defined]


def test_words_alone_do_not_load_the_tables() -> None:
    code = "import sys, flagstate.model.codes, flagstate.model.verdict; assert 'pyarrow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


# conform and rows -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noun", ALL)
def test_an_empty_table_conforms_to_itself(noun: Noun) -> None:
    assert model.conform(model.empty(noun), noun).schema == noun.schema
    assert model.rows(noun, []).schema == noun.schema
    assert model.rows(noun, [{}]).num_rows == 1
    assert model.conform(model.rows(noun, [{}]), noun).equals(model.rows(noun, [{}]))


def test_missing_columns_become_null_and_order_is_put_right() -> None:
    made = model.conform(
        pa.table({"cidr": ["10.0.0.0/8"], "fact_id": ["x"]}).select(["fact_id", "cidr"]), model.NETWORK
    )
    assert made.schema == model.NETWORK.schema
    assert made.to_pylist()[0] == {
        "cidr": "10.0.0.0/8", "own": None, "asset_id": None, "fact_id": "x", "stance": None, "evidence_id": None,
        "valid_from": None, "valid_to": None,
    }  # fmt: skip


def test_unknown_columns_are_refused_without_their_values() -> None:
    with pytest.raises(ValueError, match="network has no column email") as told:
        model.conform(pa.table({"email": ["canary@example.com"]}), model.NETWORK)
    assert "canary" not in str(told.value)
    with pytest.raises(ValueError, match="network has no column email"):
        model.rows(model.NETWORK, [{"cidr": "10.0.0.0/8"}, {"email": "x"}])


def test_a_cast_that_loses_something_is_refused() -> None:
    with pytest.raises(pa.ArrowInvalid):
        model.conform(pa.table({"resp_p": pa.array([1 << 40])}), model.FLOW)
    with pytest.raises(pa.ArrowInvalid):
        model.conform(pa.table({"conns": pa.array([1.5])}), model.FLOW)


def test_what_engines_do_to_types_is_put_right() -> None:
    moment = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
    table = pa.table(
        {
            "proto": pa.array(["tcp"]).dictionary_encode(),
            "first_ts": pa.array([moment.replace(tzinfo=None)], pa.timestamp("ns")),
            "last_ts": pa.array([moment], pa.timestamp("ms", tz="Asia/Tokyo")),
            "conns": pa.array([3], pa.int32()),
            "orig_h": pa.array(["192.0.2.1"], pa.large_string()),
        }
    )
    row = model.conform(table, model.FLOW).to_pylist()[0]
    assert row["proto"] == "tcp"
    assert row["first_ts"] == row["last_ts"] == moment
    assert row["conns"] == 3


def test_a_table_that_went_through_the_database_comes_back_the_same() -> None:
    moment = datetime(2026, 7, 1, 12, 30, 0, 123456, tzinfo=UTC)
    made = model.rows(model.FLOW, [{"orig_h": "192.0.2.1", "first_ts": moment, "day": date(2026, 7, 1), "conns": 1}])
    con = connect()
    con.register("made", made)
    assert model.conform(con.sql("SELECT * FROM made").to_arrow_table(), model.FLOW).equals(made)
    con.close()


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)),
    st.integers(-14 * 60, 14 * 60),
)
def test_times_keep_their_moment(moment: datetime, minutes: int) -> None:
    local = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    made = model.rows(model.COVERAGE, [{"from_ts": local}])
    assert made.column("from_ts")[0].as_py() == local
    naive = pa.table({"from_ts": pa.array([moment], pa.timestamp("us"))})
    assert model.conform(naive, model.COVERAGE).column("from_ts")[0].as_py() == moment.replace(tzinfo=UTC)


# Identifiers ----------------------------------------------------------------------------------------------------------


def test_a_digest_never_changes() -> None:
    # Cases on disk name their rows by it: a change breaks judgements, proofs and bundles.
    assert model.digest("flow", "192.0.2.1", None, 443) == "7a196342219947cab704"
    assert model.digest() == "e3b0c44298fc1c149afb"
    assert model.digest("é", "\ud800") == model.digest("é", "\ud800")


@given(st.lists(st.one_of(st.none(), st.text(alphabet="ab\x1e", max_size=3), st.integers(0, 9)), max_size=4))
def test_digests_tell_parts_apart(parts: list[object]) -> None:
    same = model.digest(*parts)
    assert len(same) == 20
    assert model.digest(*parts, "more") != same
    assert model.digest(*(("" if p is None else str(p)) for p in parts)) == same
    if len(parts) > 1:
        assert model.digest("".join("" if p is None else str(p) for p in parts)) != same


@pytest.mark.parametrize("noun", FACTS)
def test_the_id_of_a_fact_is_that_of_its_key_stance_and_evidence(noun: Noun) -> None:
    made = model.stamp(model.rows(noun, [{}, {}]), noun, stance="declared", evidence_id="ev")
    first, second = made.column("fact_id").to_pylist()
    assert first == second == model.digest(noun.name, *([None] * len(noun.key)), "declared", "ev")
    other = model.stamp(model.rows(noun, [{}]), noun, stance="observed", evidence_id="ev")
    assert other.column("fact_id")[0].as_py() != first
    # Columns outside of the key do not matter.
    outside = next((c for c in noun.columns[:-5] if c.name not in noun.key and pa.types.is_string(c.type)), None)
    if outside is not None:
        third = model.stamp(model.rows(noun, [{outside.name: "x"}]), noun, stance="declared", evidence_id="ev")
        assert third.column("fact_id")[0].as_py() == first


def test_a_stamp_fills_only_what_is_null_and_may_be_repeated() -> None:
    table = model.rows(model.NETWORK, [{"cidr": "10.0.0.0/8", "stance": "recorded"}, {"cidr": "10.0.0.0/8"}])
    once = model.stamp(table, model.NETWORK, stance="declared", evidence_id="a")
    assert once.column("stance").to_pylist() == ["recorded", "declared"]
    assert once.column("evidence_id").to_pylist() == ["a", "a"]
    assert model.stamp(once, model.NETWORK, stance="observed", evidence_id="b").equals(once)
    assert model.stamp(model.empty(model.NETWORK), model.NETWORK).equals(model.empty(model.NETWORK))


# Verdicts -------------------------------------------------------------------------------------------------------------


def test_conclusions_never_come_from_nothing() -> None:
    assert verdict.conclude([]) == "unknown"
    assert verdict.conclude(["no", "no"]) == "no"
    assert verdict.conclude(["no", "unknown"]) == "unknown"
    assert verdict.conclude(["no", "unknown", "yes"]) == "yes"
    assert verdict.conclude(["nonsense"]) == "unknown"


@given(st.lists(st.sampled_from(["yes", "no", "unknown"])), st.randoms())
def test_conclusions_do_not_depend_on_order_or_number(verdicts: list[str], rnd: object) -> None:
    assert verdict.conclude(verdicts) == verdict.conclude(sorted(set(verdicts)))


@pytest.mark.parametrize(
    ("verdicts", "levels", "fail_on", "code"),
    [
        (["no"], [], "info", 0),
        (["no", "no"], [], "info", 0),
        ([], [], "info", 3),
        (["no", "unknown"], [], "info", 3),
        (["yes"], ["info"], "info", 10),
        (["yes"], ["low"], "info", 11),
        (["yes"], ["low", "high", "medium"], "info", 13),
        (["yes", "unknown"], ["critical"], "critical", 14),
        (["yes"], ["high"], "critical", 0),
        (["yes", "unknown"], ["high"], "critical", 3),
        (["yes"], [], "info", 0),
    ],
)
def test_exit_codes(verdicts: list[str], levels: list[str], fail_on: str, code: int) -> None:
    assert verdict.exit_code(verdicts, levels, fail_on=fail_on) == code


@pytest.mark.parametrize(
    ("verdict_", "level", "settled", "fail_on", "says"),
    [
        ("yes", "high", False, "info", "yes"),
        ("yes", "high", True, "info", "settled"),
        ("yes", "high", False, "critical", "settled"),
        ("yes", "critical", False, "critical", "yes"),
        ("yes", None, False, "high", "yes"),
        ("unknown", "info", True, "critical", "unknown"),
        ("no", "info", True, "critical", "no"),
    ],
)
def test_what_a_finding_still_says(verdict_: str, level: str | None, settled: bool, fail_on: str, says: str) -> None:
    assert verdict.standing(verdict_, level=level, settled=settled, fail_on=fail_on) == says


def test_explaining_what_is_adverse_never_answers_what_is_unknown_beside_it() -> None:
    assert verdict.left_open(["settled", "unknown"]) == "unknown"
    assert verdict.left_open(["settled"]) == "no"
    assert verdict.left_open(["settled", "no"]) == "no"
    assert verdict.left_open(["settled", "yes", "unknown"]) == "yes"
    assert verdict.left_open([]) == "unknown"


def test_each_outcome_has_a_level_and_more_confidence_is_never_milder() -> None:
    for outcome, confidence in product([*codes.OUTCOMES, None, "nonsense"], [*codes.CONFIDENCES, None]):
        assert verdict.severity(outcome, confidence) in codes.LEVELS
    for outcome in codes.OUTCOMES:
        ranks = [codes.LEVELS.index(verdict.severity(outcome, c)) for c in codes.CONFIDENCES]
        assert ranks == sorted(ranks)
    assert {outcome for outcome, _ in verdict.SEVERITY} <= set(codes.OUTCOMES)
    assert verdict.severity("ok", "high") == "info"
