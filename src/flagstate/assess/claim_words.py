"""How a claim is told wherever it appears: who said it, how hedged, who denies it, and what the evidence says."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flagstate.assess.claim_tests.told import Said, Verdict, day, listed

Row = Mapping[str, Any]

LONGEST = 400
"""Signs of a sentence that a conclusion repeats; the table has all of it."""

NO_CLAIM: tuple[Said, Said] = (
    ("No claim was given, so none was tested.", "Aucune affirmation n'a été fournie : aucune n'a été vérifiée."),
    (
        "Write the claims to test into estate.yaml (`claims:`).",
        "Écrivez les affirmations à vérifier dans estate.yaml (`claims:`).",
    ),
)
UNTESTED: Said = (
    "It has no test, so nothing was asked of the evidence",
    "Sans test : rien n'a été demandé aux preuves",
)
NOT_FORMED = Verdict(
    "not_testable",
    ("The test is not of the form of its word", "Le test n'a pas la forme de son mot"),
    missing=(
        ("A test as docs/declaration.md describes it, read from estate.yaml or a dossier", "Un test tel que le décrit "
         "docs/declaration.md, lu d'estate.yaml ou d'un dossier"),
    ),
)  # fmt: skip
NO_ASSET = Verdict(
    "not_observed",
    ("There is no asset of that name in what was given", "Aucun actif de ce nom dans ce qui a été fourni"),
    missing=(
        (
            "Evidence of the asset that the claim is about, or its key in estate.yaml (`of:` names a key of `assets:`)",
            "Des preuves de l'actif visé, ou sa clé dans estate.yaml (`of:` nomme une clé de `assets:`)",
        ),
    ),
)
NO_SUBJECT = Verdict(
    "not_testable",
    ("The test does not say of which asset", "Le test ne dit pas de quel actif il s'agit"),
    missing=(("The asset that the claim is about (`of:` in its test)", "L'actif visé (`of:` dans son test)"),),
)

_SAYS: Mapping[str, Said] = {
    "allegation": ("alleges", "allègue"),
    "opinion": ("holds", "estime"),
    "promise": ("states", "déclare"),
}
_FOUND: Mapping[str, Said] = {
    "contradicted": ("Contradicted", "Contredit"),
    "supported": ("Supported", "Appuyé"),
    "not_observed": ("Not observed", "Non observé"),
    "questionable": ("Questionable", "Douteux"),
    "not_testable": ("Not testable", "Non vérifiable"),
}
_STANCES: Mapping[str, Said] = {
    "confirmed_by": ("Confirmed by {0}.", "Confirmé par {0}."),
    "denied_by": ("Denied by {0}.", "Démenti par {0}."),
    "no_comment_by": ("No comment from {0}.", "Sans commentaire de {0}."),
    "unverified_by": ("Not verified by its publisher {0}.", "Non vérifié par qui l'a publié : {0}."),
}
_DECIDE: Mapping[str, Said] = {
    "opinion": (
        "An opinion or forecast is decided by no evidence of a platform",
        "Une opinion ou une prévision n'est tranchée par aucune preuve issue d'une plateforme",
    ),
    "legal": (
        "What a law says is decided by the law: see the rules",
        "Ce que dit une loi se lit dans la loi : voir les règles",
    ),
    "number": (
        "A test of the figure (`count_at_most` or `figure_consistent_with`), and the records that it counts",
        "Un test du chiffre (`count_at_most` ou `figure_consistent_with`), et les enregistrements qu'il compte",
    ),
}
_ELSE: Said = (
    "A test (`test:` of the claim) that names an asset of the case and what would be seen there",
    "Un test (`test:` de l'affirmation) qui nomme un actif du dossier et ce qu'on y verrait",
)


@dataclass(frozen=True)
class Context:
    """Who says it, how, and who says otherwise."""

    said: Said
    """Speaker, sentence and hedging."""
    stances: Said
    """What others say of it."""
    values: Mapping[str, object]
    """The same as values."""


def context(claim: Row, behind: Row) -> Context:
    """Return who says a claim, how hedged, and what others say of it.

    Args:
        claim: A row of `claim`.
        behind: Its row of `provenance`; empty: none.
    """
    who = claim["speaker"] or claim["outlet"]
    sentence = str(claim["sentence"] or claim["claim_id"])
    short = sentence if len(sentence) <= LONGEST else f"{sentence[:LONGEST]}…"
    hedge = claim["hedging"]
    en, fr = _SAYS.get(str(claim["claim_kind"]), ("says", "dit"))
    said = (
        f"{_begin(who or 'Somebody')} {en}: “{short}”" + (f" ({hedge})" if hedge else ""),
        f"{_begin(who or 'Quelqu’un')} {fr} : « {short} »" + (f" ({hedge})" if hedge else ""),
    )
    told = [(key, text, behind.get(key) or ()) for key, text in _STANCES.items()]
    known = [(text, listed([(name, name) for name in names])) for _, text, names in told if names]
    stances = ["".join(f" {text[at].replace('{0}', names[at])}" for text, names in known) for at in (0, 1)]
    values = {
        "says": sentence,
        "by": who,
        "outlet": claim["outlet"],
        "hedging": hedge,
        "kind": claim["claim_kind"],
        "stances": _object(claim["stances"]),
        "independent": behind.get("independent"),
        "assertions": behind.get("assertions"),
    }
    return Context(said, (stances[0], stances[1]), {key: value for key, value in values.items() if value})


def _begin(who: str) -> str:
    """Return a speaker as a sentence begins with it; a name is written as it is."""
    return who[:1].upper() + who[1:] if who.partition(" ")[0] in ("the", "a", "an", "le", "la", "les", "un") else who


def sentence(said: Context, told: Verdict) -> Said:
    """Return a verdict as a conclusion says it."""
    found, seen = _FOUND[told.verdict], _seen(told) if told.verdict == "not_observed" else ("", "")
    return (
        f"{said.said[0]}. {found[0]}: {told.message[0]}{seen[0]}.{said.stances[0]}",
        f"{said.said[1]}. {found[1]} : {told.message[1]}{seen[1]}.{said.stances[1]}",
    )


def _seen(told: Verdict) -> Said:
    """Return the window of what was seen, and its share."""
    window = told.window
    if window.begin is None and window.end is None:
        return "", ""
    share = "" if window.share is None else f", {100 * window.share:.3g} %"
    return (
        f" (seen {day(window.begin)} to {day(window.end)}{share})",
        f" (vu du {day(window.begin)} au {day(window.end)}{share.replace('.', ',')})",
    )


def missing(told: Verdict) -> tuple[Said, ...]:
    """Return what to collect, with what the ledger of coverage proposes; nothing for what is decided."""
    if told.verdict in ("contradicted", "supported"):
        return ()
    return (*told.missing, *((todo, todo) for todo in told.window.todo))


def would_decide(claim: Row) -> Said:
    """Return what would decide a claim that has no test."""
    return _DECIDE.get(str(claim["claim_kind"]), _ELSE)


def untested(rows: Sequence[Row], who: Mapping[str, Row]) -> Said:
    """Return what is said of the claims that have no test, together."""
    if len(rows) == 1:
        said = context(rows[0], who.get(str(rows[0]["claim_id"]), {}))
        return sentence(said, Verdict("not_testable", UNTESTED))
    count, denied = len(rows), _with(rows, who, "denied_by")
    unverified = _with(rows, who, "unverified_by")
    return (
        f"{count:,} claims have no test, so nothing was asked of the evidence: they are neither supported nor "
        f"contradicted. {denied:,} of them are denied by somebody, {unverified:,} not verified by their publisher.",
        f"{count} affirmations sont sans test : rien n'a été demandé aux preuves, elles ne sont ni appuyées ni "
        f"contredites. {denied} sont démenties par quelqu'un, {unverified} n'ont pas été vérifiées par qui les a "
        "publiées.",
    )


def _with(rows: Iterable[Row], who: Mapping[str, Row], name: str) -> int:
    return sum(bool(who.get(str(row["claim_id"]), {}).get(name)) for row in rows)


def _object(text: str | None) -> object:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
