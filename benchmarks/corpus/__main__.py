"""Write the corpus to a folder: CSV and Parquet by turns, and `labels.json` with the truth of every column."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pyarrow.csv as pc
import pyarrow.parquet as pq

from corpus import Table, tables


def labels(table: Table, name: str) -> dict[str, object]:
    """Return the truth of a table."""
    columns = [
        {
            "header": c.header,
            "classes": c.truth,
            "may": sorted(c.may),
            "without_header": sorted(c.blind),
            "mess": c.mess,
        }
        for c in table.columns
    ]
    return {"file": name, "half": table.half, "locale": table.locale, "rows": sorted(table.whole), "columns": columns}


def main() -> None:
    """Write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--half", choices=("train", "test"))
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    told = []
    for number, table in enumerate(tables(chosen.half)):
        name = f"{table.name}.{'csv' if number % 2 else 'parquet'}"
        if number % 2:
            pc.write_csv(table.arrow(), chosen.folder / name)
        else:
            pq.write_table(table.arrow(), chosen.folder / name)
        told.append(labels(table, name))
    (chosen.folder / "labels.json").write_text(json.dumps(told, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
