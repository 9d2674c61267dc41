"""The report's words: every id that is used exists in both languages, and none lies about."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest

from flagstate.catalog.interest_kinds import interest_kinds
from flagstate.model import codes
from flagstate.report import accesses, asserted, meter, rulings, stops
from flagstate.report.words import LANGUAGES, catalogue, words

ROOM = Path(str(resources.files("flagstate.report")))

FAMILIES = {
    "sentence": codes.QUESTIONS,
    "verdict": codes.VERDICTS,
    "verdict_short": codes.VERDICTS,
    "stance": codes.STANCES,
    "level": codes.LEVELS,
    "conf": codes.CONFIDENCES,
    "outcome": codes.OUTCOMES,
    "reach_level": codes.REACH_LEVELS,
    "result": codes.RECONCILED,
    "result_doc": codes.RECONCILED,
    "place": codes.CONFIDENCE_OF_PLACE,
    "link": [kind for kind, known in interest_kinds().items() if known.custody],
    "point": [
        *stops.POINTS.values(),
        "service",
        "edge",
        "zone",
        "host",
        "store",
        "system",
        "function",
        "region",
        "key",
    ],
    "cut": stops.KINDS,
    "ruling": rulings.KINDS,
    "stands": [*rulings.NOT_LAW, "stale"],
    "exempt": ["applied", "refused"],
    "distance": meter.STATES,
    "action": accesses.RANK,
    "behaviour": codes.BEHAVIOURS,
    "declared": ["yes", "no", "unknown", "inside"],
    "claim": asserted.ORDER,
    "claim_doc": asserted.ORDER,
    "claim_kind": codes.CLAIM_KINDS,
    "form": [*codes.SOURCE_FORMS, "claim", "absent"],
    "mutation": codes.MUTATIONS,
    "verb": [
        "place_in", "operator_is", "keys_held_by", "access_only_from", "no_flow_to", "class_absent", "count_at_most",
        "figure_consistent_with",
    ],
    "said": asserted.STANCES,
    "union": asserted.GROUPS,
    "unit": ["persons", "records", "devices"],
}  # fmt: skip
"""Ids that are made from a closed vocabulary: each of its codes must have a word."""

MADE = {
    "page", "lede", "headline", "exit_reason", "stand", "conf", "held", "status", "flow", "egress", "complete", "js",
    "place", "state", "group", "against", "by", "cut", "data", "link", "plan_state", "point", *FAMILIES,
}  # fmt: skip
"""First parts of ids that are put together where they are used."""


def _used() -> set[str]:
    texts = [path.read_text(encoding="utf-8") for path in ROOM.rglob("*") if path.suffix in (".py", ".j2")]
    return {found for text in texts for found in re.findall(r"""\bt\(\s*["']([a-z_.]+[a-z_])["']""", text)}


def test_every_id_that_is_used_is_there() -> None:
    assert _used() - set(catalogue()) == set()


def test_every_id_is_used() -> None:
    spare = {key for key in catalogue() if key.split(".")[0] not in MADE} - _used()
    # Ids behind a condition inside a call are found by their text.
    everything = "".join(p.read_text(encoding="utf-8") for p in ROOM.rglob("*") if p.suffix in (".py", ".j2"))
    spare = {key for key in spare if f'"{key}"' not in everything and f"'{key}'" not in everything}
    assert spare - {"flows.anycast", "flows.unplaced"} == set()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_code_has_a_word(family: str) -> None:
    assert {f"{family}.{code}" for code in FAMILIES[family]} <= set(catalogue())


def test_every_state_of_an_artefact_has_a_word() -> None:
    shown = set(codes.READ_STATES) - {"recorded", "set"}
    assert {f"state.{state}" for state in shown} <= set(catalogue())


def test_both_languages_fill_in_the_same_values() -> None:
    for key, texts in catalogue().items():
        first, second = (set(re.findall(r"\{(\w+)\}", texts[language])) for language in LANGUAGES)
        assert first == second, key
        assert all(texts.values()), key


def test_french_is_french() -> None:
    speak = words("fr")
    assert speak("page.reach") == "Portée"
    same = [key for key, texts in catalogue().items() if len(set(texts.values())) == 1 and len(texts["en"]) > 16]
    assert same == ["made_by"] or not same


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="en and fr"):
        words("de")


def test_an_unknown_id_is_an_error() -> None:
    with pytest.raises(KeyError):
        words("en")("no.such.id")
