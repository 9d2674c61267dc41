"""Judgements stand from the day they are made until they expire or are withdrawn; nothing is overwritten."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from case_world import again, lines, made, tables
from flagstate import model
from flagstate.case import Case
from flagstate.errors import UsageError
from flagstate.pipeline.judging import judged

TODAY = date(2026, 11, 21)


def standing(case: Case, as_of: date | None = TODAY) -> list[str]:
    return [str(reason) for reason in case.judgements(as_of).column("reason").to_pylist()]


def test_they_stand_until_they_expire_or_are_withdrawn(tmp_path: Path) -> None:
    case = made(tmp_path)
    case.judge("explained", "fnd:1", reason="the CDN of the shop", author="dpo")
    case.judge("muted", "fnd:2", reason="until the audit", author="dpo", until=date(2026, 11, 21))
    case.judge("muted", "fnd:3", reason="last month", author="dpo", until=date(2026, 10, 31))
    name = case.judge("assigned", "fnd:4", reason="look at it", author="dpo", assignee="ops")
    assert standing(case) == ["the CDN of the shop", "until the audit", "look at it"]
    assert standing(case, date(2026, 11, 22)) == ["the CDN of the shop", "look at it"]
    assert standing(case, date(2026, 10, 31))[2:] == ["last month", "look at it"]
    assert len(standing(case, None)) == 4
    case.withdraw(name, reason="done", author="ops")
    assert standing(again(case)) == ["the CDN of the shop", "until the audit"]
    assert sum(row["kind"] == "judgement" for row in lines(case)) == 5
    with pytest.raises(UsageError, match="no judgement with this id"):
        case.withdraw(name, reason="again", author="ops")


def test_they_conform_and_are_published(tmp_path: Path) -> None:
    case = made(tmp_path)
    name = case.judge("assigned", "fnd:4", reason="look", author="dpo", assignee="ops", until=TODAY)
    table = case.judgements(TODAY)
    assert table.schema.equals(model.JUDGEMENT.schema)
    row = table.to_pylist()[0]
    made_at = row.pop("made_at")
    assert made_at.utcoffset().total_seconds() == 0
    assert row == {
        "judgement_id": name,
        "on_id": "fnd:4",
        "kind": "assigned",
        "reason": "look",
        "author": "dpo",
        "assignee": "ops",
        "until": TODAY,
        "explained_by": None,
        "covers": None,
        "figures": None,
        "up_to_bytes": None,
    }
    case.publish(tables(1))
    assert case.tables()["judgement"].equals(table)


@pytest.mark.parametrize(
    ("kind", "reason", "author", "assignee"),
    [
        ("ignored", "r", "a", ""),
        ("muted", " ", "a", ""),
        ("muted", "r", "", ""),
        ("muted", "r", "a", "somebody"),
        ("assigned", "r", "a", ""),
        ("comment", "r" * 5000, "a", ""),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, kind: str, reason: str, author: str, assignee: str) -> None:
    case = made(tmp_path)
    with pytest.raises(UsageError):
        case.judge(kind, "fnd:1", reason=reason, author=author, assignee=assignee)
    assert [row["kind"] for row in lines(case)] == ["case", "key"]


def test_a_later_explanation_replaces_the_earlier_one_also_when_it_expires(tmp_path: Path) -> None:
    case = made(tmp_path)
    case.judge("explained", "fnd:1", reason="for ever", author="dpo")
    case.judge("muted", "fnd:1", reason="for a while", author="dpo", until=date(2199, 1, 31))
    case.judge("comment", "fnd:1", reason="a comment stays beside it", author="dpo")
    assert standing(case) == ["for a while", "a comment stays beside it"]
    assert standing(case, date(2199, 2, 1)) == ["a comment stays beside it"]
    assert len(standing(case, None)) == 3
    case.judge("explained", "fnd:1", reason="expired when made", author="dpo", until=date(2001, 1, 1))
    assert standing(case) == ["for a while", "a comment stays beside it"]


def test_a_comment_takes_no_explanation_back(tmp_path: Path) -> None:
    case = made(tmp_path)
    case.judge("explained", "fnd:1", reason="contract C-12", author="dpo")
    case.judge("comment", "fnd:1", reason="seen", author="ops")
    found = model.rows(model.FINDING, [{"finding_id": "fnd:1", "verdict": "yes"}, {"finding_id": "fnd:2"}])
    assert judged({"finding": found}, case, TODAY)["finding"].column("judged").to_pylist() == [
        "explained: contract C-12",
        None,
    ]
