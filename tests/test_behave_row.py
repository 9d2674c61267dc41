"""Rows of behaviour say the same things alike, whatever detector made them."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstate import model
from flagstate.enrich.behave.row import MANY_FACTS, STEPS, moment, row, size, span, table, timeline, times


def made(**changed: object) -> dict[str, object]:
    given_: dict[str, object] = {
        "orig_h": "10.0.0.1", "far": "far.example", "resp_h": "192.0.2.1", "resp_p": 443, "proto": "tcp",
        "parts": {"regularity": 0.9}, "figures": {"period_s": 60.0}, "message": "It calls.", "innocent": "None.",
        "benign": 0.1, "score": 0.8, "conns": 3, "orig_bytes": 300, "resp_bytes": 100, "from_us": 0, "to_us": 5,
    } | changed  # fmt: skip
    return row("beacon", **given_)  # type: ignore[arg-type]


def test_ratio_attempt_and_id() -> None:
    record = made()
    assert record["pcr"] == 0.5
    assert record["attempted"] is False
    assert made(orig_bytes=0, resp_bytes=0)["pcr"] is None
    failed = made(orig_bytes=0)
    assert failed["attempted"] is True
    assert failed["message"] == "Attempted: It calls."
    assert made(orig_bytes=0, message="Attempted: it calls.")["message"] == "Attempted: it calls."
    assert made(orig_bytes=0, unsized=True)["attempted"] is False
    assert record["behaviour_id"] == made(score=0.1)["behaviour_id"] != made(resp_p=80)["behaviour_id"]


def test_a_kind_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="noise is not a kind of behaviour"):
        row("noise", **dict.fromkeys(("orig_h", "far", "resp_h", "resp_p", "proto", "from_us", "to_us")),
            parts={}, figures={}, message="", innocent="", benign=0, score=0, conns=0, orig_bytes=0,
            resp_bytes=0)  # fmt: skip


def test_the_table_is_the_noun_with_the_surest_first_and_once() -> None:
    found = table([made(score=0.4), made(score=0.7), made(resp_p=80, score=0.9)])
    assert found.schema == model.BEHAVIOUR.schema
    assert found.column("score").to_pylist() == [0.9, 0.7]
    assert table([]).num_rows == 0


@pytest.mark.parametrize("far", ["127.0.0.1", "127.8.0.1", "::1", "localhost", "x.localhost"])
def test_what_a_machine_says_to_itself_is_left_out(far: str) -> None:
    assert table([made(far=far)]).num_rows == 0
    assert table([made(far=f"a{far}.example")]).num_rows == 1, "the name decides, also behind a local proxy"


def test_figures_are_bounded_finite_and_short() -> None:
    record = made(
        parts={"jitter": 1.7, "sizes": -2, "pcr": math.nan},
        figures={"a_s": math.inf, "b_s": 1.23456789, "c": 2.0, "d": "x"},
        facts=[str(n) for n in range(99)],
    )
    assert json.loads(str(record["parts"])) == {"jitter": 1.0, "sizes": 0.0, "pcr": 0.0}
    assert json.loads(str(record["figures"])) == {"b_s": 1.234568, "c": 2, "d": "x"}
    assert len(record["facts"]) == MANY_FACTS  # type: ignore[arg-type]
    drawn = json.loads(timeline(7, 9, range(999), range(999)))
    assert (drawn["from_us"], drawn["step_us"], len(drawn["conns"]), len(drawn["bytes"])) == (7, 9, STEPS, STEPS)


@given(st.integers(-(2**63), 2**63 - 1))
def test_any_time_of_a_log_is_shown_or_null(us: int) -> None:
    shown = moment(us)
    assert shown is None or abs(shown.timestamp() * 1e6 - us) < 100


def test_people_read_sizes_and_spans() -> None:
    assert [size(n) for n in (0, 999, 1000, 1_500_000, 2e9, 3e15)] == [
        "0 bytes", "999 bytes", "1 kB", "1.5 MB", "2 GB", "3 PB",
    ]  # fmt: skip
    assert [span(s) for s in (5, 300, 7200, 86_400, 1_209_600)] == [
        "5 seconds", "5 minutes", "2 hours", "24 hours", "14 days",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ratio", "said"), [(0.674, "0.67 times"), (1.0, "1 times"), (13.84, "14 times"), (75_234.2, "75,234 times")]
)
def test_people_read_ratios(ratio: float, said: str) -> None:
    assert times(ratio) == said
