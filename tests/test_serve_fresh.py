"""What is told: each adverse finding once, and again only for a reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flagstate.report.exports.ocsf import Source
from flagstate.serve import fresh
from ocsf_schema import faults

T0 = datetime(2026, 11, 22, tzinfo=UTC)
SOURCE = Source("case", 3, "0.1.0")


def row(name: str, level: str = "medium", judged: str | None = None, verdict: str = "yes") -> dict[str, Any]:
    return {
        "finding_id": name, "question": "flows", "rule_id": "flow-undeclared", "subject": "cdn.example port 443",
        "counterparty": None, "verdict": verdict, "level": level, "confidence": "high", "outcome": "assess",
        "message": f"something about {name}", "missing": [], "rests_on": "observed", "innocent": None,
        "values": '{"sent_bytes": 5, "parts": {"x": "secret"}, "name": "secret"}', "judged": judged,
    }  # fmt: skip


class Watch:
    """Rounds over a ledger of its own, as a restart after each would see it."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, dict[str, object]]] = []
        self.now = T0

    def round(self, *rows: dict[str, Any], after: timedelta = timedelta(minutes=1), fail_on: str = "info") -> list[str]:
        self.now += after
        change = fresh.change(rows, fresh.known(self.rows), fail_on=fail_on, source=SOURCE, now=self.now)
        if change:
            self.rows.append((self.now.isoformat(), change.body(3, ["t"])))
        return [f"{one.finding_id}: {one.why}" for one in change.alerts]


def test_each_is_told_once_the_gravest_first() -> None:
    watch = Watch()
    assert watch.round(row("a"), row("b", "critical"), row("c", verdict="no")) == ["b: new", "a: new"]
    assert watch.round(row("a"), row("b", "critical"), row("c", verdict="unknown")) == []
    assert watch.round(row("a"), row("b", "critical"), row("c")) == ["c: new"]
    assert len(watch.rows) == 2, "a round that changes nothing is no row"


def test_what_became_graver_is_told_and_what_eased_is_not() -> None:
    watch = Watch()
    watch.round(row("a", "low"))
    assert watch.round(row("a", "high")) == ["a: level raised: low → high"]
    assert watch.round(row("a", "low")) == []
    assert watch.round(row("a", "high")) == []
    assert watch.round(row("a", "critical")) == ["a: level raised: high → critical"]


def test_what_was_away_while_logs_rotated_is_not_told_again_but_what_returns_is() -> None:
    watch = Watch()
    watch.round(row("a"))
    assert watch.round() == []
    assert watch.round(row("a"), after=timedelta(hours=23)) == []
    assert watch.round() == []
    assert watch.round(row("a"), after=timedelta(days=1)) == ["a: returned"]


def test_judgements_that_end_are_told() -> None:
    watch = Watch()
    watch.round(row("a"), row("b"), row("c", judged="explained: x"))
    assert (
        watch.round(row("a", judged="explained: x"), row("b", judged="muted: x"), row("c", judged="explained: x")) == []
    )
    assert watch.round(row("a", judged="reopened: grew"), row("b", judged="expired: x"), row("c")) == [
        "a: reopened: what was judged grew",
        "b: its judgement expired",
        "c: new",
    ]
    assert watch.round(row("a", judged="reopened: grew"), row("b", judged="expired: x"), row("c")) == []
    # Explained and grown while nobody watched.
    assert watch.round(row("c", judged="reopened: grew")) == ["c: reopened: what was judged grew"]
    assert watch.round(row("c", judged="comment: seen")) == []


def test_what_lies_below_the_bar_is_not_told() -> None:
    watch = Watch()
    assert watch.round(row("a", "low"), row("b", "high"), fail_on="medium") == ["b: new"]


def test_what_was_adverse_before_watching_is_known() -> None:
    watch = Watch()
    watch.rows.append((T0.isoformat(), fresh.base([row("a", "low")], 2)))
    assert watch.round(row("a", "low"), row("b")) == ["b: new"]


def test_an_alert_is_an_event_with_figures_and_no_values() -> None:
    change = fresh.change([row("a")], {}, fail_on="info", source=SOURCE, now=T0)
    event = dict(change.alerts[0].event)
    assert faults(event) == []
    assert event["activity_id"] == 1
    assert event["unmapped"]["figures"] == {"sent_bytes": 5}
    assert "secret" not in str(event)
    again = fresh.change([row("a", "high")], {"a": fresh.Known("low")}, fail_on="info", source=SOURCE, now=T0)
    assert again.alerts[0].event["activity_id"] == 2


states = st.lists(
    st.dictionaries(
        st.sampled_from("abc"),
        st.tuples(st.sampled_from(["info", "low", "high"]), st.sampled_from([None, "explained: x", "reopened: y"])),
    ),
    max_size=8,
)


@given(states)
def test_a_restart_after_every_round_tells_the_same_and_the_same_state_tells_nothing(rounds: list[Any]) -> None:
    watch = Watch()
    told: set[str] = set()
    for state in rounds:
        rows = [row(name, level, judged) for name, (level, judged) in state.items()]
        told |= {one.split(":")[0] for one in watch.round(*rows)}
        # Nothing that counts was ever untold.
        assert {r["finding_id"] for r in rows if not str(r["judged"]).startswith("explained")} <= told
        assert watch.round(*rows) == []
