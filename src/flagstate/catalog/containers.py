"""Names of containers: what a person would call a table, and which files are named as parts of one.

What it cannot see: an export that was renamed. Then nothing matches, and the findings say so.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import lru_cache

FORMATS = re.compile(
    r"\.(?:csv|tsv|txt|json|jsonl|ndjson|parquet|snappy|avro|orc|sqlite3?|db|xlsx?|xlsb|ods|har|sql|xml|edi|eml|mbox|log"
    r"|gz|zst|bz2|xz|lz4|br|zip|dump)$"
)
PARTS = re.compile(r"(?:[\W_]+(?:part|p|v)?[\W_]*\d[\d\-_.t:z]*)+$")

_DAY = r"(?:19|20)\d\d(?:[-_.]?[01]\d(?:[-_.]?[0-3]\d)?)?"
PIECE = re.compile(
    r"(?<![^\W_])(?:(?:19|20)\d\d[qw]\d{1,2}|(?:part|p|v|c)?\d+(?:[.:]\d+)*(?:t\d+(?:[.:]\d+)*z?)?)(?![^\W_])"
    rf"|(?<=[^\W\d_]){_DAY}(?![^\W_])"
    r"|‹(?:date|number|id)›",
    re.IGNORECASE,
)
"""A date, a number or a random id in a name, alone between its separators; a date may follow a word at once."""
RUNS = re.compile(r"\*(?:[\W_]*\*)+")
DATED = re.compile(rf"{_DAY}|‹date›")
KEYED = re.compile(r"([A-Za-z_][\w\-]*=).*")
"""A folder such as `dt=2026-01-01`: a key of the table, and its value for the files below."""


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


@lru_cache(maxsize=65536)
def pattern(name: str) -> str:
    """Return the name that the parts of one table share: `export/orders_2026-01-31.csv` → `export/orders_*.csv`.

    Args:
        name: Path of a file, archive members after `!`; masked.

    Returns:
        The name with `*` for dates, numbers and random ids of the file and of archives around it, for folders that are
        a date (a month or day below it included), and for the values of folders such as `dt=2026-01-01`. A name
        without any of these comes back as it is. Numbers that a letter precedes stay, unless they are a date.
    """
    pieces = re.split(r"([/\\!])", name)
    made: list[str] = []
    for at, piece in enumerate(pieces):
        if at % 2:
            made.append(piece)
        elif at + 1 == len(pieces) or pieces[at + 1] == "!":
            made.append(_file(piece))
        else:
            dated = bool(DATED.fullmatch(piece)) or (re.fullmatch(r"\d\d?", piece) and made[-2:-1] == ["*"])
            made.append("*" if dated else KEYED.sub(r"\1*", piece))
    return "".join(made)


def _file(name: str) -> str:
    base, tail = name, ""
    while found := FORMATS.search(base.lower()):
        base, tail = base[: found.start()], base[found.start() :] + tail
    return RUNS.sub("*", PIECE.sub("*", base)) + tail
