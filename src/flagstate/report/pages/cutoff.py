"""Cut-off: what stops working when somebody switches a part off."""

from __future__ import annotations

from typing import Any

from flagstate.report.view import View

NAME = "cutoff"


def build(view: View) -> dict[str, Any]:
    """Return the answer with its findings; they also say what is not built or not known yet."""
    return {"answer": view.answer(NAME)}
