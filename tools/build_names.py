"""Build the dictionary of person's names and ordinary words that masking uses.

Usage: python tools/build_names.py POPULAR_NAMES_DIR FAKER_SITE CENSUS_DIR WORDLIST

- POPULAR_NAMES_DIR: a copy of github.com/sigpwned/popular-names-by-country-dataset (CC0-1.0), 2023-07.
- FAKER_SITE: a folder with PyPI Faker 40.54.0 (MIT), by `pip install --target`.
- CENSUS_DIR: dist.all.last, dist.female.first, dist.male.first of the US Census 1990 (public domain; PyPI names 0.3.0).
- WORDLIST: american-english-small of Debian wamerican-small 2020.12.07 (SCOWL, permissive; notice in NOTICE).
"""

from __future__ import annotations

import csv
import gzip
import importlib
import pkgutil
import sys
from collections import Counter
from pathlib import Path

from flagstate.catalog.names import fold

TARGET = Path(__file__).parent.parent / "src/flagstate/catalog/data/names.txt.gz"


def popular(folder: Path, kind: str) -> set[str]:
    """Names of one kind from the CC0 list, as written and romanised."""
    found: set[str] = set()
    with (folder / f"common-{kind}-by-country.csv").open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            found.update(fold(row[c]) for c in ("Localized Name", "Romanized Name") if row.get(c))
    return found


def faked(site: str) -> tuple[set[str], set[str]]:
    """Names of all locales of Faker."""
    sys.path.insert(0, site)
    package = importlib.import_module("faker.providers.person")
    given: Counter[str] = Counter()
    family: Counter[str] = Counter()
    for module in pkgutil.iter_modules(package.__path__):
        provider = importlib.import_module(f"faker.providers.person.{module.name}").Provider
        firsts: set[str] = set()
        lasts: set[str] = set()
        for name in dir(provider):
            value = getattr(provider, name)
            if isinstance(value, (list, tuple, dict)):
                texts = {fold(v) for v in value if isinstance(v, str)}
                if "first_name" in name:
                    firsts |= texts
                elif "last_name" in name:
                    lasts |= texts
        given.update(firsts)
        family.update(lasts)
    return {n for n in given if len(n) > 2 or not n.isascii()}, {n for n in family if len(n) > 2 or not n.isascii()}


def census(path: Path, top: int) -> set[str]:
    """The most frequent names of one list of the census."""
    return {line.split()[0].lower() for line in path.read_text().splitlines()[:top]}


def main(arguments: list[str]) -> None:
    """Write the dictionary: three sections of sorted lines."""
    names, site, counted, words = Path(arguments[0]), arguments[1], Path(arguments[2]), Path(arguments[3])
    given, family = faked(site)
    given |= popular(names, "forenames") | census(counted / "dist.female.first", 1000)
    given |= census(counted / "dist.male.first", 700)
    family |= popular(names, "surnames") | census(counted / "dist.all.last", 5000)
    plain = {w for w in words.read_text(encoding="utf-8").split() if w.isascii() and w.isalpha() and w.islower()}
    sections = {"given": given, "family": family, "word": {w for w in plain if len(w) > 2}}
    lines: list[str] = []
    for title, members in sections.items():
        lines.append(f"[{title}]")
        lines.extend(sorted(m for m in members if (len(m) > 1 or not m.isascii()) and "\n" not in m))
    with gzip.GzipFile(TARGET, "wb", mtime=0) as out:
        out.write("\n".join(lines).encode())
    print({title: len(members) for title, members in sections.items()}, TARGET.stat().st_size)


if __name__ == "__main__":
    main(sys.argv[1:])
