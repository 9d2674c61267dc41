"""Rules: which legal bar is crossed, by which facts."""

from __future__ import annotations

from typing import Any

from flagstate.report.view import View

NAME = "rules"


def build(view: View) -> dict[str, Any]:
    """Return the answer with its findings; they also say what is not built or not known yet."""
    return {"answer": view.answer(NAME)}
