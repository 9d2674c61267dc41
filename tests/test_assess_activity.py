"""Accesses: what is declared is covered, what is not is told, and what nobody could see is unknown."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from flagstate import model
from flagstate.assess.activity import activity

Row = dict[str, Any]
PLACES = {"203.0.113.7": "CN", "203.0.113.8": "DE", "203.0.113.9": None, "10.0.0.5": None}


def seen(action: str = "read", place: str | None = "203.0.113.7", **more: Any) -> Row:
    base: Row = {"principal": "aws:role/support", "asset_id": "aws:s3::orders", "action": action, "from_place": place}
    return base | {"day": date(2026, 3, 1), "count": 4, "failed": 0, "stance": "observed"} | more


def told(**more: Any) -> Row:
    return {"stance": "declared"} | more


def world(*rows: Row, coverage: list[Row] | None = None, networks: list[str] | None = None) -> dict[str, pa.Table]:
    ends = [
        {
            "addr": a,
            "host_country": c,
            "confidence": "sure" if c else "none",
            "special": "private" if a[:3] == "10." else None,
        }
        for a, c in PLACES.items()
    ]
    return {
        "activity": model.stamp(model.rows(model.ACTIVITY, rows), model.ACTIVITY, evidence_id="e"),
        "endpoint": model.rows(model.ENDPOINT, ends),
        "coverage": model.rows(model.COVERAGE, coverage or []),
        "network": model.rows(model.NETWORK, [{"cidr": c} for c in networks or []]),
        "asset": model.empty(model.ASSET),
    }


def found(*rows: Row, **more: Any) -> list[tuple[str, str, str]]:
    made = activity(world(*rows, **more)).to_pylist()
    assert all(r["question"] == "flows" and (r["verdict"] != "unknown" or r["missing"]) for r in made)
    return sorted((r["rule_id"], r["verdict"], r["subject"]) for r in made)


def test_without_a_declaration_accesses_are_unknown_and_it_says_what_to_declare() -> None:
    (row,) = activity(world(seen(), seen(place="203.0.113.8"))).to_pylist()
    assert (row["rule_id"], row["verdict"], row["outcome"]) == ("access-undeclared", "unknown", None)
    assert "8 accesses by 1 group from CN, DE" in row["message"]
    assert "accesses:" in row["missing"][0]


def test_accesses_from_within_are_nothing_to_declare() -> None:
    assert found(seen(place="10.0.0.5"), seen(place="rds.amazonaws.com"), seen(place="local")) == []
    assert found(seen(), networks=["203.0.113.0/24"]) == []


@pytest.mark.parametrize(
    ("declared", "verdict"),
    [
        (told(principal="aws:role/support", from_place="CN"), None),
        (told(principal="aws:role/*", from_place="CN", action="read"), None),
        (told(from_place="203.0.113.0/24"), None),
        (told(asset_id="aws:s3::ord*", from_place="203.0.113.7"), None),
        (told(principal="aws:role/support", from_place="DE"), "yes"),
        (told(principal="aws:users", from_place="CN"), "yes"),
        (told(from_place="CN", action="write"), "yes"),
        (told(from_place="198.51.100.0/24"), "yes"),
        (told(asset_id="aws:s3::other", from_place="CN"), "yes"),
    ],
)
def test_a_declared_access_covers_what_it_says(declared: Row, verdict: str | None) -> None:
    expected = [("access-undeclared", verdict, "aws:role/support")] if verdict else []
    assert found(seen(), declared) == expected


def test_a_country_that_is_not_known_decides_nothing() -> None:
    rule = told(from_place="DE")
    assert found(seen(place="203.0.113.9"), rule) == [("access-maybe", "unknown", "accesses that may be declared")]


def test_an_access_that_was_refused_is_an_attempt() -> None:
    (row,) = activity(world(seen(failed=4), told(from_place="DE"))).to_pylist()
    assert row["message"].startswith("Attempted: ")
    assert (row["verdict"], row["confidence"]) == ("yes", "low")


def test_looking_at_settings_makes_no_finding() -> None:
    assert found(seen("inspect"), told(from_place="DE")) == []


def test_shares_name_asset_and_party_and_say_when_they_were_taken_back() -> None:
    rows = [seen("share", to_party="aws:account/‹number›~bcdf"), seen("unshare", to_party="aws:account/‹number›~bcdf")]
    (share,) = (r for r in activity(world(*rows)).to_pylist() if r["rule_id"] == "share-undeclared")
    assert (share["verdict"], share["counterparty"]) == ("unknown", "aws:account/‹number›~bcdf")
    assert share["message"].endswith("It was taken back later.")
    (share,) = activity(world(rows[0], told(from_place="CN", action="read"))).to_pylist()
    assert (share["verdict"], share["outcome"]) == ("yes", "assess")
    assert found(rows[0], told(from_place="CN")) == [("share-undeclared", "yes", "aws:s3::orders")]
    assert found(rows[0], told(action="share", to_party="aws:account/*", from_place="CN")) == []
    (open_,) = activity(world(seen("share", to_party="anyone", failed=4), told(action="read"))).to_pylist()
    assert open_["message"].startswith("Attempted: Anyone was given access to aws:s3::orders")


def gap(**more: Any) -> Row:
    base: Row = {
        "noun": "activity",
        "scope": "all",
        "complete": "no",
        "said_by": "aws:cloudtrail:x:trail/main",
        "remark": "r",
    }
    return base | {"from_ts": datetime(2026, 3, 1, 10, tzinfo=UTC), "todo": "elsewhere"} | more


def test_a_log_that_was_off_makes_what_happened_unknown_never_none() -> None:
    stop = seen("stop_logging", "local", asset_id="aws:cloudtrail:x:trail/main")
    rows = [gap(to_ts=datetime(2026, 3, 1, 12, 30, tzinfo=UTC)), gap(noun="flow", said_by="another")]
    (row,) = (r for r in activity(world(stop, coverage=rows)).to_pylist() if r["rule_id"] == "logging-off")
    assert (row["verdict"], row["subject"]) == ("unknown", "aws:cloudtrail:x:trail/main")
    assert "from 2026-03-01 10:00:00 to 2026-03-01 12:30:00 UTC" in row["message"]
    assert row["missing"] == ["elsewhere"]
    assert row["facts"] == activity_ids(stop)


def activity_ids(*rows: Row) -> list[str]:
    return [str(one) for one in world(*rows)["activity"]["fact_id"].to_pylist()]


def test_an_attempt_to_switch_a_log_off_is_no_gap() -> None:
    stop = seen("stop_logging", "local", asset_id="aws:cloudtrail:x:trail/main", failed=4)
    assert found(stop) == []


def test_many_groups_are_put_together() -> None:
    rows = [seen(principal=f"aws:role/r{n}") for n in range(230)]
    made = found(*rows, told(from_place="DE"))
    assert len(made) == 201
    assert ("access-undeclared", "yes", "further groups and countries") in made
