"""The cards of behaviours: what people said of them stands beside them."""

from __future__ import annotations

from typing import Any

import report_case
from flagstate import model
from flagstate.report.shapes import shapes
from flagstate.report.view import View

ROW: dict[str, Any] = {
    "behaviour_id": "b1", "kind": "beacon", "orig_h": "10.0.0.1", "far": "a.example", "score": 0.9, "parts": "{}",
    "figures": "{}", "message": "It calls.", "innocent": "None.", "standing": "no", "facts": ["f1", "f2"], "conns": 3,
    "orig_bytes": 3, "resp_bytes": 3, "attempted": False,
}  # fmt: skip


def test_what_people_said_stands_beside_a_behaviour_and_only_there() -> None:
    other = ROW | {"behaviour_id": "b2", "kind": "slow_leak"}
    said = {
        "finding_id": "x", "question": "flows", "rule_id": "behaviour-beacon", "verdict": "yes", "facts": ["f2", "f1"],
        "judged": "explained: by ticket OPS-12", "message": "It calls. Nothing declares it.",
    }  # fmt: skip
    tables = report_case.case() | {
        "behaviour": model.rows(model.BEHAVIOUR, [ROW, other]),
        "finding": model.rows(model.FINDING, [said]),
    }
    made = shapes(View(tables, report_case.META))
    assert [(card["row"]["kind"], card["row"]["judged"]) for card in made["cards"]] == [
        ("beacon", "explained: by ticket OPS-12"),
        ("slow_leak", None),
    ]
    tables["finding"] = model.rows(model.FINDING, [said | {"judged": None}])
    unsaid = shapes(View(tables, report_case.META))
    assert len(unsaid["table"].fields) == len(made["table"].fields) - 1
