"""Word lists that data classes name: currencies, countries, tariff codes, religions, health terms.

One text file each in `dictionaries/`, UTF-8: entries separated by `;` or line ends. `#` begins a comment line: what the
list is, where it comes from and its licence. `= other` takes in another list. A list in several languages mixes them: a
column may mix them too.
"""

from __future__ import annotations

import gzip
import re
from functools import cache
from importlib import resources

from flagstate.catalog.names import fold
from flagstate.errors import CatalogError

SEPARATORS = re.compile(r"[ .\-/\u00a0\u202f]")


@cache
def names() -> tuple[str, ...]:
    """Return the names of the lists."""
    folder = resources.files("flagstate.catalog").joinpath("dictionaries")
    return tuple(sorted(file.name.split(".")[0] for file in folder.iterdir() if ".txt" in file.name))


@cache
def load(name: str) -> frozenset[str]:
    """Return the entries of a list, in lower case and without accents.

    Args:
        name: Its name, such as `currencies`.

    Raises:
        CatalogError: There is no such list.
    """
    if name not in names():
        raise CatalogError(f"There is no word list {name}", todo=f"Write one of {', '.join(names())}")
    folder = resources.files("flagstate.catalog").joinpath("dictionaries")
    packed = folder.joinpath(f"{name}.txt.gz")
    if packed.is_file():
        text = gzip.decompress(packed.read_bytes()).decode()
    else:
        text = folder.joinpath(f"{name}.txt").read_text(encoding="utf-8")
    lines = [line for line in text.split("\n") if not line.startswith("#")]
    others = [load(line[1:].strip()) for line in lines if line.startswith("=")]
    own = (entry for line in lines if not line.startswith("=") for entry in line.split(";"))
    return frozenset(fold(entry) for entry in own if entry.strip()).union(*others)


def key(name: str, value: str) -> str:
    """Return the value as its list holds it.

    Args:
        name: Name of the list.
        value: One trimmed value. A tariff code of 8 or 10 digits is known by its first six, which are the same in all
            countries; a place code may be split after its country.
    """
    if name == "hs_codes":
        digits = SEPARATORS.sub("", value)
        return digits[:6] if digits.isascii() and digits.isdigit() and len(digits) in (4, 6, 8, 10) else ""
    if name == "unlocode":
        return SEPARATORS.sub("", value).lower()
    return fold(value)


def has(name: str, value: str) -> bool:
    """Return whether a trimmed value is in a list.

    It cannot see misspellings, nor a language that the list lacks.
    """
    return key(name, value) in load(name)
