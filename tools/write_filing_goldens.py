"""Write the goldens of the documents anew, and with --findings the findings that they are made of.

Read the difference before you commit it: a golden says how a document reads to somebody outside.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import filings_worlds as worlds

RULES = {"clinic": "US-DSP", "shop": "EU-GDPR", "bank": "EU-DORA", "tender": "EU-CSF"}


def main() -> None:
    """Write them."""
    if "--findings" in sys.argv:
        kept = {
            name: [one for one in worlds.tables(name)["finding"].to_pylist() if one["rule_id"].startswith(rules)]
            for name, rules in RULES.items()
        }
        text = json.dumps(kept, indent=1, ensure_ascii=False)
        (worlds.FOLDER / "findings.json").write_text(f"{text}\n", encoding="utf-8")
    for file in worlds.GOLDENS:
        (worlds.FOLDER / file).write_text(worlds.golden(file), encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
