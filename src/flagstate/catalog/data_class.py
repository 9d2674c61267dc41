"""Data classes: what counts as an e-mail address, a card number, a consignee, and under which law category.

One YAML entry each, in `data_classes/*.yaml` (the order of files and entries does not matter):

    - id: card                       # stable, snake case; unique
      says: A payment card number.   # the sentence that a report prints
      group: financial               # one of GROUPS
      unit: persons                  # what a distinct value counts: persons, devices; none: nobody
      identifies: yes                # one value stands for one of them, so distinct values are a lower bound; none
      subject: 6                     # how well a value names one person or device: 1 best, 9 worst; none
      sense: ordinary                # GDPR: ordinary, art9, art10; none: not about persons
      law: [us_28cfr202/personal_financial, eu_gdpr/personal]   # law/category, of LAWS
      dpv: pd:PaymentCardNumber      # term of the W3C Data Privacy Vocabulary 2.0, or none
      decide: check                  # what decides a column, one of DECIDES
      shape: '[0-9](?:[ -]?[0-9]){11,18}'    # RE2 without anchors, matches one whole trimmed value; none: any text
      check: card                    # a function of the checks; none
      dictionary: currencies         # a word list of `dictionaries`, of which a value is a member; none
      search: yes                    # is looked for inside longer texts too; none
      find: …                        # how it is searched there and inside names, where that differs from shape; none
      token: card                    # a name that contains one shows ‹card›; none: names are not searched for it
      beside: [iban]                 # a column beside one of these classes is more likely this one
      together: {of: [iban, bic, card], least: 2, needs: [iban]}  # a class of the row: at least so many of these
                                     # classes stand together, one of `needs` among them
      headers: {en: [card number], de: [kartennummer]}   # ends of column names: lower case, no accents, split by spaces
      reported_as: us_ssn            # the class that a report names where this one is found: a weaker form of it; none
      nameless: …                    # why no column name speaks for it; only where there are no headers
      examples: ["4111 1111 1111 1111"]      # these are the tests: each matches shape, check and dictionary
      counter_examples: ["4111 1111 1111 1112"]

Every scalar is text; `none` stands for nothing. Unknown keys are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources

import yaml

from flagstate.catalog import dictionaries
from flagstate.catalog.checks import CHECKS
from flagstate.errors import CatalogError

GROUPS = ("identity", "contact", "financial", "technical", "movement", "trade", "secrets", "intellectual")
DECIDES = {
    "shape": "The form alone is enough.",
    "check": "The form and a check digit or value range.",
    "dictionary": "The value is in a list.",
    "header": "The column's name says so, and the values do not speak against it.",
    "together": "Other classes stand together in one row.",
    "content": "The content of a whole artefact shows it.",
}
SENSES = ("ordinary", "art9", "art10", "")
LANGUAGES = ("en", "fr", "de", "nl", "zh", "es")
"""Languages in which every class has words for column names; an entry may add others."""

LAWS = {
    "us_28cfr202/listed_identifier_a": "Government identification or account number (28 CFR 202.234(a))",
    "us_28cfr202/listed_identifier_b": "Full financial account number or PIN (28 CFR 202.234(b))",
    "us_28cfr202/listed_identifier_c": "Device-based or hardware-based identifier (28 CFR 202.234(c))",
    "us_28cfr202/listed_identifier_d": "Demographic or contact data (28 CFR 202.234(d))",
    "us_28cfr202/listed_identifier_e": "Advertising identifier (28 CFR 202.234(e))",
    "us_28cfr202/listed_identifier_f": "Account-authentication data (28 CFR 202.234(f))",
    "us_28cfr202/listed_identifier_g": "Network-based identifier (28 CFR 202.234(g))",
    "us_28cfr202/listed_identifier_h": "Call-detail data (28 CFR 202.234(h))",
    "us_28cfr202/covered_personal_identifier": "Covered personal identifiers (28 CFR 202.212), a combination",
    "us_28cfr202/precise_geolocation": "Precise geolocation data, within 1,000 metres (28 CFR 202.242)",
    "us_28cfr202/biometric": "Biometric identifiers (28 CFR 202.204)",
    "us_28cfr202/human_omic": "Human 'omic data (28 CFR 202.224)",
    "us_28cfr202/human_genomic": "Human genomic data, a kind of 'omic data (28 CFR 202.224)",
    "us_28cfr202/personal_health": "Personal health data (28 CFR 202.241)",
    "us_28cfr202/personal_financial": "Personal financial data (28 CFR 202.240)",
    "eu_gdpr/personal": "Personal data (GDPR art. 4(1))",
    "eu_gdpr/national_id": "National identification number (GDPR art. 87)",
    "eu_gdpr/art9_health": "Data concerning health (GDPR art. 9(1))",
    "eu_gdpr/art9_genetic": "Genetic data (GDPR art. 9(1))",
    "eu_gdpr/art9_biometric": "Biometric data that identify (GDPR art. 9(1))",
    "eu_gdpr/art9_religion": "Religious or philosophical beliefs (GDPR art. 9(1))",
    "eu_gdpr/art9_political": "Political opinions (GDPR art. 9(1))",
    "eu_gdpr/art9_union": "Trade union membership (GDPR art. 9(1))",
    "eu_gdpr/art9_sex_life": "Sex life or sexual orientation (GDPR art. 9(1))",
    "eu_gdpr/art9_origin": "Racial or ethnic origin (GDPR art. 9(1))",
    "eu_gdpr/art10": "Criminal convictions and offences (GDPR art. 10)",
    "trade/party": "Who trades with whom",
    "trade/shipment": "What is under way, and where",
    "trade/goods": "What goods are, and what they are worth",
    "customs/identifier": "A number that customs gave",
    "customs/declaration": "What was declared to customs",
    "trade_secret/flow": "Who sells what to whom, in bulk (Directive (EU) 2016/943 art. 2)",
    "trade_secret/work": "Know-how: code, models, drawings (Directive (EU) 2016/943 art. 2)",
    "security/credential": "What opens a system",
}
"""Law categories that a class may name, with what each means."""

REQUIRED = ("id", "says", "group", "decide")


@dataclass(frozen=True)
class Together:
    """Classes that make a class of the row as a whole."""

    of: tuple[str, ...]
    """Their ids."""
    least: int
    """How many of them must stand in one table."""
    needs: tuple[str, ...] = ()
    """One of these must be among them: what tells this record from any other about the same things; empty: none."""

    def stands(self, classes: Iterable[str]) -> bool:
        """Whether these classes make it."""
        held = set(classes)
        return len(held & set(self.of)) >= self.least and (not self.needs or not held.isdisjoint(self.needs))


@dataclass(frozen=True)
class DataClass:
    """A class of data."""

    id: str
    """Stable name."""
    says: str
    """The sentence that a report prints."""
    group: str
    """One of GROUPS."""
    unit: str
    """persons, devices, or empty."""
    identifies: str
    """yes, or empty: whether one value stands for one person or device."""
    subject: int
    """How well one value names one person or device: 1 best, 9 worst, 0 not at all."""
    sense: str
    """ordinary, art9, art10, or empty: not about persons."""
    law: tuple[str, ...]
    """law/category, of LAWS."""
    dpv: str
    """Term of the Data Privacy Vocabulary, or empty."""
    decide: str
    """One of DECIDES."""
    shape: str
    """RE2 for one whole value; empty: any text."""
    check: str
    """Name in CHECKS, or empty."""
    dictionary: str
    """Name of a word list, or empty."""
    search: str
    """yes, or empty: whether it is looked for inside longer texts."""
    find: str
    """RE2 that finds it inside texts and names; empty: shape."""
    token: str
    """Shape token that stands for it inside names; empty: names are not searched for it."""
    beside: tuple[str, ...]
    """Classes of neighbour columns that speak for it."""
    together: Together | None
    """The classes that make it, where it is a class of the row."""
    headers: tuple[str, ...]
    """Ends of column names, in all languages."""
    words: tuple[tuple[str, tuple[str, ...]], ...]
    """The same by language."""
    reported_as: str
    """Id of the class that it is a weaker form of and is reported as, or empty."""
    nameless: str
    """Why no column name speaks for it, or empty."""
    examples: tuple[str, ...]
    """Values that are of the class."""
    counter_examples: tuple[str, ...]
    """Values that are not."""

    @property
    def verify(self) -> Callable[[str], bool] | None:
        """Its check, or null."""
        return CHECKS[self.check] if self.check else None

    def holds(self, value: str) -> bool:
        """Whether one trimmed value has the shape, passes the check and is in the list.

        For `header` classes that is weak evidence; `content` classes search the beginning of a whole artefact;
        a class of the row has no values.
        """
        if self.decide in ("together", "content"):
            return bool(self.find and re.search(self.find, value))
        if self.shape and not re.fullmatch(self.shape, value):
            return False
        if self.check and not CHECKS[self.check](value):
            return False
        return not self.dictionary or dictionaries.has(self.dictionary, value)


def parse(text: str, where: str, *, tested: bool = False) -> tuple[DataClass, ...]:
    """Return the classes of one YAML text.

    Args:
        text: A list of entries as the module describes.
        where: File name for errors.
        tested: The patterns are known to compile, as those that we ship are; saves a start-up of 50 ms.

    Raises:
        CatalogError: The text is not YAML, or an entry has an unknown or missing key or a wrong word.
    """
    try:
        entries = yaml.load(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506  only text
    except yaml.YAMLError as error:
        raise CatalogError("The data classes are not valid YAML", where=where) from error
    if not isinstance(entries, list):
        raise CatalogError("The data classes are not a list", where=where)
    made = tuple(_entry(entry, f"{where}, entry {number}") for number, entry in enumerate(entries, 1))
    if not tested:
        for number, one in enumerate(made, 1):
            _compile(one, f"{where}, entry {number}")
    return made


COMPOSED = {"law", "headers", "words", "examples", "counter_examples", "beside", "together", "subject"}


def _entry(entry: object, where: str) -> DataClass:
    if not isinstance(entry, dict):
        raise CatalogError("A data class is not a mapping", where=where)
    known = {field.name for field in fields(DataClass)}
    if unknown := set(entry) - (known - {"words"}):
        raise CatalogError(f"A data class has no key {', '.join(sorted(map(str, unknown)))}", where=where)
    needed = (*REQUIRED, *(("together",) if entry.get("decide") == "together" else ("examples", "counter_examples")))
    if missing := [key for key in needed if not entry.get(key)]:
        raise CatalogError(f"A data class lacks {', '.join(missing)}", where=where)
    words = _words(entry.get("headers"), where)
    made = DataClass(
        law=_texts(entry.get("law")),
        headers=tuple(dict.fromkeys(word for _, listed in words for word in listed)),
        words=words,
        examples=_texts(entry.get("examples")),
        counter_examples=_texts(entry.get("counter_examples")),
        beside=_texts(entry.get("beside")),
        together=_together(entry.get("together"), where),
        subject=_number(entry.get("subject"), where),
        **{k: _text(entry.get(k)) for k in known - COMPOSED},
    )
    _refuse_wrong_words(made, where)
    return made


def _refuse_wrong_words(made: DataClass, where: str) -> None:
    allowed: list[tuple[str, tuple[str, ...]]] = [
        (made.group, GROUPS),
        (made.decide, tuple(DECIDES)),
        (made.sense, SENSES),
        (made.search, ("", "yes")),
        (made.identifies, ("", "yes")),
        (made.unit, ("", "persons", "devices")),
        (made.check, ("", *CHECKS)),
        (made.dictionary, ("", *dictionaries.names())),
        *((law, tuple(LAWS)) for law in made.law),
    ]
    for value, words in allowed:
        if value not in words:
            raise CatalogError(f"A data class says {value}", where=where, todo=f"Write one of {', '.join(words)}")


def _compile(made: DataClass, where: str) -> None:
    for pattern in (made.shape, made.find):
        try:
            re.compile(pattern)
        except re.error as error:
            raise CatalogError("A data class has a pattern that does not compile", where=where) from error


def _words(value: object, where: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if value in (None, "none"):
        return ()
    if not isinstance(value, dict) or not all(isinstance(listed, list) for listed in value.values()):
        raise CatalogError("The headers of a data class are not lists by language", where=where)
    return tuple((str(language), _texts(listed)) for language, listed in value.items())


def _together(value: object, where: str) -> Together | None:
    if value in (None, "none"):
        return None
    if not isinstance(value, dict) or not {"of", "least"} <= set(value) <= {"of", "least", "needs"}:
        raise CatalogError("A class of the row says `of` and `least`, and perhaps `needs`", where=where)
    return Together(_texts(value["of"]), _number(value["least"], where), _texts(value.get("needs")))


def _number(value: object, where: str) -> int:
    text = _text(value) or "0"
    if not re.fullmatch("[0-9]{1,3}", text):
        raise CatalogError(f"A data class says {text} where a number belongs", where=where)
    return int(text)


def _text(value: object) -> str:
    return "" if value in (None, "none") else str(value)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


@cache
def load() -> tuple[DataClass, ...]:
    """Return the shipped data classes, sorted by id, read once.

    Raises:
        CatalogError: A shipped file is damaged, or two entries have one id.
    """
    folder = resources.files("flagstate.catalog").joinpath("data_classes")
    found: dict[str, DataClass] = {}
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".yaml"):
            continue
        for made in parse(file.read_text(encoding="utf-8"), file.name, tested=True):
            if made.id in found:
                raise CatalogError(f"Two data classes are called {made.id}", where=file.name)
            found[made.id] = made
    return tuple(found[name] for name in sorted(found))


@cache
def by_id() -> dict[str, DataClass]:
    """Return the shipped data classes by id."""
    return {made.id: made for made in load()}
