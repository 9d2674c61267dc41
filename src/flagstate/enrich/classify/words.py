"""Words of column names: how they are split, and which classes they speak for.

Names come as `shipTo_Email2`, `Geb.-Datum`, `kundentelefon` or `收件人电话`. A class is spoken for where the name ends
in one of its phrases; the longest phrase of all classes wins, so that `company name` is not a person's. A name that
says nothing, such as `column_1`, is no name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flagstate.catalog.data_class import DataClass
from flagstate.catalog.names import fold

SPLIT = re.compile(r"(?<=[a-zß-ÿ0-9])(?=[A-ZÀ-Þ])|(?<=[A-Z])(?=[A-Z][a-z])|[^\w]+|_+")
NOTHING = re.compile(
    r"(?:(?:unnamed|column|columns|col|field|feld|champ|kolom|spalte|attr|attribute|var|variable|value|values|data|item"
    r"|x|c|f|v|a|b|k|r|unbenannt|colonne|campo|columna|字段|列"
    r"|text|string|str|raw|val|ext|extra|custom|misc|other)?[ ]?[0-9]*)"
    r"|[a-z]{1,2}|name|names|naam|nom|nombre|nome|nazwa|名称|名字|名|[0-9 ]+|line|message|body|content|payload|record"
    r"|_?c[0-9]+"
)
OTHER = tuple(
    """
    company name, file name, filename, host name, hostname, event name, store name, shop name, brand name,
    table name, column name, display name, domain name, server name, queue name, job name, project name,
    team name, department name, vessel name, ship type, carrier name, service name, campaign name, model name,
    device name, station name, bank name, branch name, school name, class name, category name, product id,
    item id, order id, order number, order no, order date, invoice date, customer type, created at, updated at,
    created, updated, timestamp, time stamp, event time, ship date, delivery date, status, state code, color,
    colour, farbe, couleur, kleur, size, currency rate, exchange rate, rate, score, rank, year, month, day, hour,
    version, row id, row number, seq, sequence, index, idx, count, total count, type, kind, category, flag,
    is active, enabled, url, uri, path, ip version, mail sent, batch, batch id, lot, lot number, sku,
    article number, serial, serial number, warehouse, zone, shelf, price, unit price, preis, prix, prijs, precio,
    tax, vat rate, discount, amount of items, duration, latency, bytes, checksum, temperature, humidity, pressure,
    height, width, length, volume, depth, distance, percentage, percent, ratio, probability,
    """.replace("\n", " ").split(",")
)
"""Phrases that speak for no class; they keep shorter ones from speaking."""


FILLERS = frozenset({
    "de", "del", "des", "du", "d", "l", "la", "le", "les", "el", "der", "die", "das", "den", "of", "the", "het",
    "van", "von", "zu", "di", "da", "do",
})  # fmt: skip
SHORT = {
    "naiss": "naissance", "nac": "nacimiento", "geb": "geburtsdatum", "nr": "number", "num": "number", "no": "number",
    "nbr": "number", "nummer": "number", "numero": "number", "n°": "number", "addr": "address", "tel": "telephone",
    "cntr": "container",
    "cust": "customer", "acct": "account", "dt": "date", "amt": "amount", "ctry": "country", "desc": "description",
    "wt": "weight", "qty": "quantity", "val": "value", "nm": "name", "ref": "reference",
}  # fmt: skip
"""Abbreviations, tried where the words as written are no phrase."""
UNITS = frozenset({
    "s", "sec", "secs", "second", "seconds", "ms", "min", "mins", "minutes", "kg", "kgs", "g", "gr", "lb", "lbs",
    "t", "eur", "usd", "gbp", "cny", "pln", "cm", "mm", "km", "pct", "utc", "iso",
})  # fmt: skip
SUFFIXES = ("代码", "号码", "编号", "标识", "码", "号")


@dataclass(frozen=True)
class Named:
    """What the name of a column says."""

    words: tuple[str, ...]
    """Folded; numbers at the end are dropped."""
    empty: bool
    """Whether it says nothing at all."""
    exact: frozenset[str] = frozenset()
    """Classes of which the whole name is a phrase."""
    tail: frozenset[str] = frozenset()
    """Classes in whose phrase it ends."""
    loose: frozenset[str] = frozenset()
    """Classes whose phrase stands elsewhere in it, or that a longer phrase of another class covers."""
    other: bool = False
    """Whether it speaks for something that is no class, or is readable and speaks for none."""

    def speaks(self, made: str) -> int:
        """Return how loud it speaks for a class: 3 exact, 2 at the end, 1 somewhere, 0 not."""
        return 3 if made in self.exact else 2 if made in self.tail else 1 if made in self.loose else 0


@dataclass(frozen=True)
class Phrases:
    """All phrases, by their words."""

    by: Mapping[tuple[str, ...], frozenset[str]] = field(default_factory=dict)
    """Classes by words."""
    joined: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Classes by words written as one."""
    script: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Phrases in scripts that write no spaces."""


def phrases(classes: Sequence[DataClass]) -> Phrases:
    """Return the phrases of the classes, and of what is no class."""
    by: dict[tuple[str, ...], set[str]] = {}
    short: dict[tuple[str, ...], set[str]] = {}
    for made in classes:
        for header in made.headers:
            listed = split(header)
            by.setdefault(tuple(listed), set()).add(made.id)
            short.setdefault(_bare_of(listed), set()).add(made.id)
    for text in OTHER:
        by.setdefault(tuple(split(text)), set())
    for full, ids in short.items():
        if full and full not in by:
            by[full] = ids
    joined: dict[str, set[str]] = {}
    for words, ids in by.items():
        joined.setdefault("".join(words), set()).update(ids)
    script = {name: frozenset(ids) for name, ids in joined.items() if not name.isascii()}
    return Phrases(
        {words: frozenset(ids) for words, ids in by.items() if words},
        {name: frozenset(ids) for name, ids in joined.items()},
        script,
    )


def _bare_of(words: Sequence[str]) -> tuple[str, ...]:
    """The words in full and without fillers: `date_naiss` is `date de naissance`."""
    return tuple(SHORT.get(word, word) for word in words if word not in FILLERS)


def split(name: str) -> list[str]:
    """Return the words of a name, folded."""
    return [word for word in fold(SPLIT.sub(" ", name)).replace("(key)", "").split() if word]


def read(name: str, known: Phrases) -> Named:
    """Return what the name of a column says.

    Args:
        name: Path of the column, masked: its last part speaks, or where that says nothing, the one before.
        known: From `phrases`.
    """
    parts = [split(part) for part in re.split(r"[.\[\]/]+(?=[^\d])", name)] or [[]]
    words = _bare(parts[-1])
    if NOTHING.fullmatch(" ".join(words)) and tuple(words) not in known.by and "".join(words) not in known.joined:
        return Named(tuple(words), True)
    if len(parts) > 1 and (tuple(words) not in known.by or len(words) == 1):
        longer = _bare([*parts[-2], *parts[-1]])
        made = _speak(longer, known)
        if made.exact or (made.tail and not _speak(words, known).exact):
            return made
    return _speak(words, known)


def _bare(words: Sequence[str]) -> list[str]:
    listed = list(words)
    while len(listed) > 1 and listed[-1].isdigit():
        listed.pop()
    if listed and len(listed[-1]) > 3 and listed[-1][-1].isdigit():
        listed[-1] = listed[-1].rstrip("0123456789")
    return listed


def _speak(words: Sequence[str], known: Phrases) -> Named:
    made = _spoken(words, known)
    if made.other and not made.tail:
        full = _bare_of(words)
        if full != tuple(words) and full:
            made = _spoken(full, known)
        if made.other and not made.tail and len(full) > 1 and full[-1] in UNITS:
            made = _spoken(full[:-1], known)
        last = words[-1] if words else ""
        suffix = next((s for s in SUFFIXES if last.endswith(s) and len(last) > len(s)), "")
        if suffix and made.other and not made.tail:
            made = _spoken([*words[:-1], last.removesuffix(suffix)], known)
    return made


def _spoken(words: Sequence[str], known: Phrases) -> Named:
    whole, joined = tuple(words), "".join(words)
    exact = known.by.get(whole) if whole in known.by else known.joined.get(joined)
    loose: set[str] = set()
    for begin in range(len(words)):
        for end in range(begin + 1, len(words) + 1):
            loose |= known.by.get(whole[begin:end], frozenset())
    if exact is not None:
        return Named(whole, False, exact, frozenset(), frozenset(loose) - exact, not exact)
    tail: frozenset[str] | None = None
    for begin in range(1, len(words)):
        tail = known.by.get(whole[begin:])
        if tail is None:
            tail = known.joined.get("".join(whole[begin:]))
        if tail is not None:
            break
    if tail is None:
        tail = _compound(joined if len(words) == 1 else words[-1], known)
    if tail is None and not joined.isascii():
        tail = _inside(joined, known)
    found = tail or frozenset()
    return Named(whole, False, frozenset(), found, frozenset(loose) - found, not found)


def _compound(word: str, known: Phrases) -> frozenset[str] | None:
    """`kundentelefon` ends in a phrase: German and Dutch write as one."""
    for cut in range(2, len(word) - 4):
        if (ids := known.joined.get(word[cut:])) is not None:
            return ids
    return None


def _inside(joined: str, known: Phrases) -> frozenset[str] | None:
    found = [name for name in known.script if name in joined]
    if not found:
        return None
    # The phrase at the end speaks; of several there, the longest.
    best = max(found, key=lambda name: (joined.rfind(name) + len(name), len(name)))
    return known.script[best]
