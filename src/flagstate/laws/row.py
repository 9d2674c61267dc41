"""Makes a finding of what a rule returned: sentences, what it rests on, and whether the rule is law on the day."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec
import pyarrow as pa

from flagstate import model
from flagstate.catalog.strict import printable
from flagstate.errors import LawError
from flagstate.laws.pack import Law, Rule
from flagstate.laws.steps import Step
from flagstate.model.stance import weakest_stance
from flagstate.model.verdict import severity

Row = dict[str, Any]
ADVERSE = ("prohibited", "breach", "restricted", "conflict", "notify", "assess")
CALM = ("ok", "not applicable")
KEPT = 50
"""fact_ids that a finding keeps."""
_PREFIX = re.compile(r"^(est|ent|lei|store|net):")
_HOLE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_WORDS = {
    "would": {"en": "Would be {outcome}: ", "fr": "Serait {outcome} : "},
    "maybe": {
        "en": "Would be {outcome} or not, which is open: ",
        "fr": "Serait {outcome} ou non, cela reste ouvert : ",
    },
    "unshown": {"en": "Not shown: ", "fr": "Non établi : "},
    "not_law": {"en": "Not law on this day: ", "fr": "Pas en vigueur à cette date : "},
    "declared": {
        "en": "Evidence of this beyond the declaration: a log, a configuration or a register.",
        "fr": "Une preuve au-delà de la déclaration : journal, configuration ou registre.",
    },
    "disputed": {
        "en": "Sources contradict each other about a fact that this rests on: settle which is right.",
        "fr": "Des sources se contredisent sur un fait qui fonde ceci : établir laquelle a raison.",
    },
    "nothing": {
        "en": "A fact that shows it: nothing that was given bears on it.",
        "fr": "Un fait qui le montre : rien de ce qui a été fourni ne s'y rapporte.",
    },
    "param": {
        "en": "The value of `{name}` on this day: none is known.",
        "fr": "La valeur de `{name}` à cette date : aucune n'est connue.",
    },
    "stale": {
        "en": "A newer reading of the law: what we know of this rule ends on {day}.",
        "fr": "Une lecture plus récente de la loi : ce que nous savons de cette règle s'arrête le {day}.",
    },
}
OUTCOMES_FR = {
    "prohibited": "interdit",
    "restricted": "restreint",
    "breach": "manquement",
    "notify": "à notifier",
    "conflict": "conflit de lois",
    "assess": "à évaluer",
    "ok": "en règle",
    "not applicable": "sans objet",
}


@dataclass(frozen=True)
class World:
    """What is known of the facts of a case beside the tables of the database."""

    as_of: date
    stances: Mapping[str, str]
    """fact_id to stance."""
    disputed: frozenset[str]
    """Facts that contradict each other."""
    names: Mapping[str, str]
    """Entities and assets by id, as sentences call them."""

    @staticmethod
    def of(tables: Mapping[str, pa.Table], as_of: date) -> World:
        """Read it off the tables of a case."""
        stances: dict[str, str] = {}
        for noun in model.ALL:
            table = tables.get(noun.name)
            if noun.group == "fact" and table is not None and table.num_rows:
                stances.update(zip(table["fact_id"].to_pylist(), table["stance"].to_pylist(), strict=True))
        disputed = tables.get("contradiction")
        facts = {one for row in disputed["facts"].to_pylist() for one in row or ()} if disputed is not None else set()
        names: dict[str, str] = {}
        for noun_name, column in (("legal_entity", "entity_id"), ("asset", "asset_id")):
            table = tables.get(noun_name)
            if table is not None:
                for key, name in zip(table[column].to_pylist(), table["name"].to_pylist(), strict=True):
                    if key is not None:
                        names[key] = name or names.get(key) or short(key)
        return World(as_of, stances, frozenset(facts), names)

    def call(self, ident: str | None) -> str:
        """Return what a sentence calls an entity, asset or group."""
        return "" if ident is None else self.names.get(ident, short(ident))


@lru_cache(maxsize=65536)
def short(ident: str) -> str:
    """Return an id as a person reads it."""
    return _PREFIX.sub("", ident)


def standing(rule: Rule, as_of: date) -> str:
    """Return whether a rule is law on a day: in force, not yet, lapsed, proposed, stale or product rule."""
    if rule.force in ("proposed", "lapsed"):
        return rule.force
    if rule.since and as_of < rule.since:
        return "not yet"
    if rule.until and as_of >= rule.until:
        return "lapsed"
    if rule.valid_until and as_of > rule.valid_until:
        return "stale"
    return rule.force


def make(law: Law, rule: Rule, step: Step, row: Row, known: World, unset: Sequence[str]) -> Row:
    """Return the finding of one row.

    Args:
        law: The law.
        rule: The rule.
        step: Where its query stands, for errors.
        row: What the query returned.
        known: What is known of the facts.
        unset: Parameters of the rule, or of a view below it, that have no value on the day: what a rule in force says
            without them decides nothing.

    Raises:
        LawError: The row is not one that the rule may return.
    """
    _check(law, rule, step, row)
    verdict, outcome = row["verdict"], row["outcome"]
    facts = sorted({one for one in row["facts"] or () if one})
    missing = [law.missing[word] for word in dict.fromkeys(row["missing"] or ())]
    stances = [known.stances[one] for one in facts if one in known.stances]
    rests_on = weakest_stance(stances) if stances else None
    disputed = not known.disputed.isdisjoint(facts)
    message = {tongue: fill(text, row, known, tongue) for tongue, text in rule.messages[row["message"]].items()}
    if verdict == "no" and (doubt := _doubt(facts, rests_on, disputed)):
        verdict, missing = "unknown", [*missing, _WORDS[doubt]]
        message = {tongue: _WORDS["unshown"][tongue] + text for tongue, text in message.items()}
    force = standing(rule, known.as_of)
    if unset and force in ("in force", "product rule", "stale"):
        if verdict != "unknown":
            message = {tongue: _WORDS["unshown"][tongue] + text for tongue, text in message.items()}
        verdict, missing = "unknown", [*missing, *(_filled("param", name=name) for name in unset)]
    values = dict(row["values"] or {})
    if force in ("not yet", "lapsed", "proposed"):
        values |= {"would_be": outcome, "would_verdict": verdict}
        message = {tongue: _would(tongue, verdict, outcome) + text for tongue, text in message.items()}
        verdict, outcome, missing = "no", "not applicable", []
    elif force == "stale":
        verdict, missing = "unknown", [*missing, _filled("stale", day=str(rule.valid_until))]
    confidence = None if verdict == "unknown" else _confidence(facts, rests_on, disputed)
    measures = _measures(law, rule, outcome) if verdict != "no" else []
    return {
        "finding_id": model.digest("finding", "rules", rule.id, row["subject"], row["counterparty"]),
        "question": "rules",
        "rule_id": rule.id,
        "subject": row["subject"],
        "counterparty": row["counterparty"],
        "verdict": verdict,
        "outcome": outcome,
        "level": severity(outcome, confidence) if verdict == "yes" else "info",
        "confidence": confidence,
        "interpretive": rule.status == "interpretive",
        "message": message["en"],
        "values": _json(values),
        "facts": facts[:KEPT],
        "missing": [text["en"] for text in missing],
        "exemption": row["exemption"],
        "bounds": _json(row["bounds"]),
        "rests_on": rests_on,
        "citation": f"{rule.citation}",
        "status": rule.status if force in ("in force", "product rule") else f"{rule.status}, {force}",
        "measures": [text["en"] for text in measures],
        "french": msgspec.json.encode(
            {
                "message": message["fr"],
                "missing": [text["fr"] for text in missing],
                "measures": [text["fr"] for text in measures],
                "title": rule.title["fr"],
            }
        ).decode(),
    }


def fill(text: str, row: Row, known: World, tongue: str) -> str:
    """Return a sentence with its holes filled: names of both sides, and what stands in `values`."""
    values = row["values"] or {}

    def filled(hole: re.Match[str]) -> str:
        name = hole[1]
        if name in ("subject", "counterparty"):
            return known.call(row[name])
        value = values.get(name)
        return _word(value, known, tongue)

    return _HOLE.sub(filled, text)


def _word(value: object, known: World, tongue: str) -> str:
    if value is None:
        return "?"
    if isinstance(value, bool):
        return {"en": ("no", "yes"), "fr": ("non", "oui")}[tongue][value]
    if isinstance(value, Decimal):
        value = float(value) if value % 1 else int(value)
    if isinstance(value, int | float):
        said = f"{value:,.10g}" if isinstance(value, float) and not value.is_integer() else f"{int(value):,}"
        return said if tongue == "en" else said.replace(",", " ").replace(".", ",")
    if isinstance(value, list):
        return ", ".join(_word(one, known, tongue) for one in value)
    return known.call(str(value))


def fold(rows: Iterable[Row]) -> list[Row]:
    """Return one row per rule, subject and counterparty: the gravest, with the facts of all."""
    rank = {"yes": 0, "unknown": 1, "no": 2}
    worst = {name: at for at, name in enumerate((*ADVERSE, *CALM, None))}

    def order(row: Row) -> tuple[int, int, str]:
        # Threads give rows in any order: everything that tells two rows apart is in the key.
        return rank[row["verdict"]], worst[row["outcome"]], repr(sorted(row.items(), key=lambda one: one[0]))

    by_id: dict[str, list[Row]] = {}
    for row in rows:
        by_id.setdefault(row["finding_id"], []).append(row)
    found = [listed[0] if len(listed) == 1 else _one(sorted(listed, key=order)) for listed in by_id.values()]
    return sorted(found, key=lambda row: (row["subject"], row["counterparty"] or ""))


def _one(rows: Sequence[Row]) -> Row:
    facts = sorted({fact for row in rows for fact in row["facts"]})[:KEPT]
    missing = list(dict.fromkeys(text for row in rows for text in row["missing"]))
    return {**rows[0], "facts": facts, "missing": missing}


def _check(law: Law, rule: Rule, step: Step, row: Row) -> None:
    verdict, outcome = row["verdict"], row["outcome"]
    wrong = ""
    if not row["subject"]:
        wrong = "a row without a subject"
    elif verdict not in ("yes", "no", "unknown"):
        wrong = "a verdict that is neither yes, no nor unknown"
    elif outcome not in rule.outcomes and outcome not in CALM and not (outcome is None and verdict == "unknown"):
        wrong = f"an outcome that it does not list: {printable(str(outcome))}"
    elif verdict == "yes" and outcome not in ADVERSE:
        wrong = f"yes with the outcome {outcome}"
    elif verdict == "no" and outcome not in CALM:
        wrong = f"no with the outcome {outcome}"
    elif row["message"] not in rule.messages:
        wrong = f"a message that it does not have: {printable(str(row['message']))}"
    elif odd := [one for one in row["missing"] or () if one not in law.missing]:
        wrong = f"something missing that law.yaml does not explain: {printable(str(odd[0]))}"
    if wrong:
        raise LawError(f"The rule {rule.id} gives {wrong}", where=f"{step.file}:{step.line}", todo="Correct the query")


def _confidence(facts: Sequence[str], rests_on: str | None, disputed: bool) -> str:
    if disputed or not facts:
        return "low"
    return "medium" if rests_on == "declared" else "high"


def _doubt(facts: Sequence[str], rests_on: str | None, disputed: bool) -> str:
    """Return why a reassuring answer cannot stand; empty: it can. An entry of a list is no fact of the case."""
    if not facts or rests_on is None:
        return "nothing"
    return "disputed" if disputed else "declared" if rests_on == "declared" else ""


def _filled(word: str, **values: str) -> dict[str, str]:
    return {tongue: _HOLE.sub(lambda hole: values[hole[1]], text) for tongue, text in _WORDS[word].items()}


def _would(tongue: str, verdict: str, outcome: str | None) -> str:
    if outcome is None or outcome in CALM:
        return _WORDS["not_law"][tongue]
    told = _WORDS["maybe" if verdict == "unknown" else "would"][tongue]
    return told.replace("{outcome}", outcome if tongue == "en" else OUTCOMES_FR.get(outcome, outcome))


def _measures(law: Law, rule: Rule, outcome: str | None) -> list[dict[str, str]]:
    return [
        {
            "en": f"{law.measures[one.measure]['en']} → {one.then}",
            "fr": f"{law.measures[one.measure]['fr']} → {OUTCOMES_FR[one.then]}",
        }
        for one in rule.measures
        if one.then != outcome
    ]


def _json(values: Mapping[str, Any] | None) -> str | None:
    return json.dumps(_plain(values), sort_keys=True, default=str, ensure_ascii=False) if values else None


def _plain(value: Any) -> Any:  # noqa: ANN401  whatever a query may give
    """Return a value as JSON has it: sums are numbers too, and what is no number is none."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, Decimal):
        return float(value) if value % 1 else int(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value
