"""Behaviours held against the declaration: adverse only where it is ours and nothing covers it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstate import model
from flagstate.assess.behaviours import KINDS, MOST, SAID, behaviours
from flagstate.enrich.behave import row
from flagstate.model.codes import BEHAVIOURS

AS_OF = date(2026, 11, 20)
US = int(datetime(2026, 11, 10, tzinfo=UTC).timestamp() * 1e6)


def shape(kind: str = "beacon", **more: object) -> dict[str, object]:
    """Return one behaviour."""
    base: dict[str, object] = {
        "orig_h": "10.0.0.5", "far": "calls.example", "resp_h": "198.18.5.5", "resp_p": 443, "proto": "tcp",
        "parts": {"regularity": 0.9}, "figures": {"period_s": 60}, "message": "It calls every minute.",
        "innocent": "An update server.", "benign": 0.1, "score": 0.9, "conns": 100, "orig_bytes": 5000,
        "resp_bytes": 100, "from_us": US, "to_us": US + 10**9, "facts": ["f1"],
    }  # fmt: skip
    return row.row(kind, **(base | more))  # type: ignore[arg-type]


def held(
    listed: list[dict[str, object]], said: tuple[str, ...] = (), *, networks: tuple[str, ...] = ("10.0.0.0/8",)
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Return behaviours and findings of a small world."""
    declared = [{"to_pattern": to, "action": "send", "stance": "declared", "evidence_id": "e2"} for to in said]
    tables = {noun: model.empty(model.NOUNS[noun]) for noun in ("endpoint", "interest", "asset", "place")}
    tables["flow"] = model.stamp(model.rows(model.FLOW, declared), model.FLOW)
    tables["network"] = model.rows(model.NETWORK, [{"cidr": cidr} for cidr in networks])
    tables["behaviour"] = row.table(listed)
    made = behaviours(tables, AS_OF)
    return made["behaviour"].to_pylist(), made["finding"].to_pylist()


def test_nothing_declares_it() -> None:
    rows, found = held([shape()])
    assert [one["standing"] for one in rows] == ["no"]
    assert [(one["verdict"], one["level"], one["rule_id"]) for one in found] == [("yes", "medium", "behaviour-beacon")]
    assert found[0]["innocent"] == "An update server."
    assert found[0]["facts"] == ["f1"]


def test_a_declared_destination_settles_a_rhythm_but_not_a_volume() -> None:
    rows, found = held([shape(), shape("bulk_upload")], ("domain:calls.example",))
    assert {one["standing"] for one in rows} == {"yes"}
    assert [(one["verdict"], one["rule_id"]) for one in found] == [("unknown", "behaviour-bulk_upload")]


def test_without_networks_nobody_knows_whose_end_it_is() -> None:
    rows, found = held([shape()], networks=())
    assert [one["standing"] for one in rows] == ["unknown"]
    assert [one["verdict"] for one in found] == ["unknown"]


def test_between_own_networks_nothing_leaves_but_a_domain_may_hide_behind_our_resolver() -> None:
    inside = {"resp_h": "10.0.0.53", "far": "10.0.0.53", "resp_p": 53}
    rows, found = held([shape(**inside), shape("dns_tunnel", **(inside | {"far": "carry.example"}))])
    assert {one["kind"]: one["standing"] for one in rows} == {"beacon": "inside", "dns_tunnel": "no"}
    assert [one["rule_id"] for one in found] == ["behaviour-dns_tunnel"]


def test_an_attempt_is_never_more_than_info() -> None:
    _, found = held([shape(orig_bytes=0, resp_bytes=0, score=1.0)])
    assert [(one["verdict"], one["level"]) for one in found] == [("yes", "info")]
    assert found[0]["message"].startswith("Attempted:")


def test_what_is_beyond_the_bound_is_counted() -> None:
    _, found = held([shape(far=f"n{at}.example", resp_h=None) for at in range(MOST + 7)])
    assert len(found) == MOST + 1
    assert found[-1]["message"].startswith("A steady rhythm, in 7 further pairs")


@given(st.sampled_from(sorted(BEHAVIOURS)), st.floats(0, 1), st.booleans(), st.booleans())
def test_weak_ones_are_never_said(kind: str, score: float, mine: bool, declared: bool) -> None:
    rows, found = held(
        [shape(kind, score=score)],
        ("domain:calls.example",) if declared else (),
        networks=("10.0.0.0/8",) if mine else (),
    )
    assert len(rows) == 1
    if rows[0]["score"] < SAID:
        assert found == []
    if not mine:
        assert all(one["verdict"] == "unknown" for one in found)


def test_every_kind_has_its_words() -> None:
    assert set(KINDS) == set(BEHAVIOURS)


def test_no_behaviour_changes_nothing() -> None:
    assert behaviours({"behaviour": model.empty(model.BEHAVIOUR)}, AS_OF) == {}


@pytest.mark.parametrize("noun", [model.BEHAVIOUR])
def test_rows_conform(noun: model.Noun) -> None:
    rows, _ = held([shape()])
    assert pa.Table.from_pylist(rows, schema=noun.schema).schema == noun.schema
