"""Which container of a declaration a found one is: by name, without format, date or part number.

What it cannot see: an export that was renamed. Then nothing matches, and the findings say so.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import lru_cache

FORMATS = re.compile(
    r"\.(?:csv|tsv|txt|json|jsonl|ndjson|parquet|sqlite3?|db|xlsx?|xlsb|ods|har|sql|xml|edi|log|gz|zst|bz2|xz|zip|dump)$"
)
PARTS = re.compile(r"(?:[\W_]+(?:part|p|v)?[\W_]*\d[\d\-_.t:z]*)+$")


@lru_cache(maxsize=65536)
def stem(name: str) -> str:
    """Return the name of a table as a person would say it: `Export/Orders_2026-01.csv.gz` → `orders`.

    Args:
        name: Table, file or path, masked.
    """
    last = re.split(r"[/\\!›]", name.strip().lower().replace("‹number›", "0").replace("‹date›", "0"))[-1].strip()
    while (shorter := FORMATS.sub("", last)) != last:
        last = shorter
    return re.sub(r"[\W_]+", "_", PARTS.sub("", last) or last).strip("_")


def same(declared: str, found: str) -> bool:
    """Whether a declared container is a found one.

    Args:
        declared: As the declaration names it; `*` and `?` stand for any characters.
        found: As it was found; a schema before it does not matter.
    """
    if any(sign in declared for sign in "*?"):
        return fnmatchcase(found.lower(), declared.lower())
    one, other = stem(declared), stem(found)
    return bool(one) and (one == other or stem(found.rsplit(".", 1)[-1]) == one)
