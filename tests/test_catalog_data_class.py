"""Every data class keeps its promises: examples, words in six languages, forms over bytes, laws that exist."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from flagstate.catalog import dictionaries
from flagstate.catalog.checks import CHECKS
from flagstate.catalog.data_class import DECIDES, GROUPS, LANGUAGES, LAWS, DataClass, by_id, load, parse
from flagstate.catalog.names import fold
from flagstate.errors import CatalogError

CLASSES = load()
KIN = {
    frozenset({"vat_number", "eori"}): "An EORI of many states is the VAT number.",
}
"""Classes with a form of their own that share values, and why."""

TERMS = re.findall(
    "[A-Za-z]+",
    """Age Authenticating BankAccount Biometric BirthDate City Country CreditScore Criminal EmailAddress EthnicOrigin
    FinancialAccountNumber GPSCoordinate Gender Genetic HealthRecord IPAddress Identifier LoanRecord Location MACAddress
    MaritalStatus MedicalHealth Name Nationality OfficialID Passport Password PaymentCardNumber PhysicalAddress
    PoliticalOpinion PostalCode Purchase Religion Salary Sexual TelephoneNumber TradeUnionMembership Transaction UID
    UserAgent Username Vehicle CallLog""",
)
"""Terms of the extension pd of the W3C Data Privacy Vocabulary 2.0, as its file extended.csv has them."""

DPV = frozenset({"", "dpv:ConfidentialData", "dpv:IntellectualPropertyData", *(f"pd:{term}" for term in TERMS)})
ALLOWED = frozenset({"LITERAL", "NOT_LITERAL", "IN", "ANY", "BRANCH", "SUBPATTERN", "MAX_REPEAT", "RANGE", "NEGATE"})
LISTED = {f"us_28cfr202/listed_identifier_{letter}" for letter in "abcdefgh"}


def parts(tree: Any) -> list[tuple[str, Any]]:
    """Return every node of a parsed pattern, depth first."""
    found = []
    for code, value in tree:
        found.append((str(code), value))
        if str(code) == "BRANCH":
            for branch in value[1]:
                found += parts(branch)
        elif str(code) in ("SUBPATTERN", "MAX_REPEAT", "MIN_REPEAT"):
            found += parts(value[-1])
        elif str(code) == "IN":
            found += [(str(inner), what) for inner, what in value]
    return found


def outside(pattern: str) -> list[str]:
    """Return what a pattern holds that a byte automaton cannot: anchors, look-around, captures, lazy repeats."""
    import re._parser as parser  # type: ignore[import-not-found]

    odd = []
    for code, value in parts(parser.parse(pattern)):
        if code == "SUBPATTERN" and value[0] is not None:
            odd.append("a capturing group")
        elif code == "CATEGORY":
            odd += [] if str(value) in ("CATEGORY_SPACE", "CATEGORY_NOT_SPACE") else [str(value)]
        elif code not in ALLOWED:
            odd.append(code)
    return odd


@pytest.mark.parametrize("made", CLASSES, ids=lambda made: made.id)
def test_examples_are_of_the_class_and_counter_examples_are_not(made: DataClass) -> None:
    assert made.together or (made.examples and made.counter_examples)
    assert [value for value in made.examples if not made.holds(value)] == []
    assert [value for value in made.counter_examples if made.holds(value)] == []


@pytest.mark.parametrize("made", CLASSES, ids=lambda made: made.id)
def test_column_names_have_words_in_six_languages(made: DataClass) -> None:
    if made.nameless:
        assert made.decide in ("together", "content")
        assert not made.headers
        return
    words = dict(made.words)
    assert [language for language in LANGUAGES if not words.get(language)] == []
    assert [word for word in made.headers if fold(word) != word or re.search(r"[-_./]|\s\s", word)] == []
    for language, listed in made.words:
        assert len(set(listed)) == len(listed), (language, [w for w, n in Counter(listed).items() if n > 1])


@pytest.mark.parametrize("made", CLASSES, ids=lambda made: made.id)
def test_an_entry_says_what_it_must(made: DataClass) -> None:
    assert made.says.endswith(".")
    assert made.says[:1].isupper()
    assert re.fullmatch("[a-z][a-z0-9_]*", made.id)
    assert made.group in GROUPS
    assert made.decide in DECIDES
    assert set(made.law) <= set(LAWS)
    assert made.dpv in DPV
    assert made.check in ("", *CHECKS)
    assert (made.decide == "check") <= bool(made.check)
    assert (made.decide == "dictionary") <= bool(made.dictionary)
    assert (made.decide == "together") == bool(made.together)
    assert (made.decide == "content") <= bool(made.find)
    assert (made.decide in ("shape", "check")) <= bool(made.shape)
    assert bool(made.subject) == bool(made.unit and made.identifies)
    assert 0 <= made.subject <= 9


@pytest.mark.parametrize("made", CLASSES, ids=lambda made: made.id)
def test_persons_and_the_law_go_together(made: DataClass) -> None:
    special = {law for law in made.law if law.startswith("eu_gdpr/art9")}
    assert bool(special) == (made.sense == "art9")
    assert ("eu_gdpr/art10" in made.law) == (made.sense == "art10")
    assert ("eu_gdpr/personal" in made.law) == bool(made.sense)
    assert bool(made.unit) <= bool(made.sense)


@pytest.mark.parametrize("made", CLASSES, ids=lambda made: made.id)
def test_forms_compile_to_an_automaton_over_bytes(made: DataClass) -> None:
    assert re.compile(made.shape).groups == re.compile(made.find).groups == 0
    assert outside(made.shape) == []
    if made.search:
        assert outside(made.find) == []


def test_the_catalogue_is_as_wide_as_the_law_asks() -> None:
    ids = [made.id for made in CLASSES]
    assert len(ids) == len(set(ids))
    assert len(ids) >= 90
    named = {law for made in CLASSES for law in made.law}
    assert named >= LISTED
    assert set(LAWS) - named == {"us_28cfr202/covered_personal_identifier"}


def test_classes_point_to_classes_that_exist() -> None:
    for made in CLASSES:
        others = (*made.beside, *(made.together.of if made.together else ()), *filter(None, [made.reported_as]))
        assert [other for other in others if other not in by_id()] == [], made.id
        if made.together:
            assert 2 <= made.together.least < len(made.together.of)
            assert set(made.together.needs) <= set(made.together.of)


def test_classes_with_a_form_of_their_own_do_not_take_each_others_values() -> None:
    strong = [made for made in CLASSES if made.decide in ("shape", "check")]
    taken = {
        (one.id, other.id)
        for one in strong
        for other in strong
        if one is not other and any(one.holds(value) for value in other.examples)
    }
    assert {frozenset(pair) for pair in taken} == set(KIN)


@pytest.mark.parametrize("name", dictionaries.names())
def test_a_word_list_is_named_by_a_class_and_is_folded(name: str) -> None:
    words = dictionaries.load(name)
    assert len(words) >= 10
    assert all(word == fold(word) for word in words)
    users = [made for made in CLASSES if made.dictionary == name]
    assert users
    assert all(dictionaries.has(name, value) for made in users for value in made.examples)


def test_a_tariff_code_is_known_by_its_first_six_digits() -> None:
    assert dictionaries.has("hs_codes", "8517.13.00.00")
    assert dictionaries.has("hs_codes", "8517 13")
    assert not dictionaries.has("hs_codes", "8517.99.00.00")
    assert not dictionaries.has("hs_codes", "851713000")
    assert not dictionaries.has("hs_codes", "٨٥١٧١٣")


def test_a_list_that_is_not_there_says_which_are() -> None:
    with pytest.raises(CatalogError, match="no word list colours"):
        dictionaries.load("colours")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("decide: guess", "says guess"),
        ("decide: shape\n  check: none_such", "says none_such"),
        ("decide: dictionary\n  dictionary: colours", "says colours"),
        ("decide: shape\n  law: [us_28cfr202/anything]", "us_28cfr202/anything"),
        ("decide: shape\n  sense: art11", "says art11"),
        ("decide: shape\n  subject: first", "says first"),
        ("decide: together", "lacks together"),
        ("decide: together\n  together: {of: [email]}", "`of` and `least`, and perhaps `needs`"),
        ("decide: shape\n  headers: {en: word}", "lists by language"),
        ("decide: shape\n  shape: '['", "does not compile"),
    ],
)
def test_a_wrong_entry_is_refused_with_its_reason(line: str, says: str) -> None:
    text = f"- id: x\n  says: A thing.\n  group: trade\n  examples: [a]\n  counter_examples: [b]\n  {line}\n"
    with pytest.raises(CatalogError, match=re.escape(says)):
        parse(text, "mine.yaml")
