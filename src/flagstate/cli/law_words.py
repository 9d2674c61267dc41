"""Words that stand around the texts of a law, English and French side by side."""

from __future__ import annotations

from collections.abc import Mapping

PAIRS: Mapping[str, tuple[str, str]] = {
    "is": (": ", " : "),
    "rules": ("rules", "règles"),
    "checked": ("last checked", "vérifié le"),
    "lists": ("lists", "listes"),
    "yours": ("yours", "la vôtre"),
    "in force": ("in force", "en vigueur"),
    "not yet": ("not yet in force", "pas encore en vigueur"),
    "lapsed": ("lapsed", "abrogé"),
    "proposed": ("proposed: shown as would be", "proposé : montré au conditionnel"),
    "stale": ("read too long ago: unknown", "lecture trop ancienne : indéterminé"),
    "product rule": ("rule of this product", "règle de ce produit"),
    "list_foot": (
        "Laws on {on}: {n}. Counted are rules and values. `flagstate laws ID` prints a law or one of its rules.",
        "Lois au {on} : {n}. Règles et valeurs sont comptées. `flagstate laws ID` imprime une loi ou une règle.",
    ),
    "status": ("status", "statut"),
    "sourced": ("sourced", "sourcé"),
    "to verify": ("to verify", "à vérifier"),
    "interpretive": ("interpretive", "interprétatif"),
    "on": ("as of {on}", "au {on}"),
    "from": ("since", "depuis le"),
    "to": ("until", "jusqu’au"),
    "asks": ("What it asks", "Ce qu’elle demande"),
    "params": ("Parameters", "Paramètres"),
    "holds": ("holds on this day", "vaut ce jour"),
    "rules_title": ("Rules", "Règles"),
    "where": ("where", "où"),
    "when": ("when", "quand"),
    "outcomes": ("outcomes", "issues"),
    "says": ("says", "dit"),
    "measure": ("measure", "mesure"),
    "missing": ("may lack", "peut manquer"),
    "reads": ("reads", "lit"),
    "tables": ("tables", "tables"),
    "note": ("note", "note"),
    "cases": ("cases", "cas"),
    "unread": ("cannot be read", "illisible"),
    "valid_until": ("our reading ends on", "notre lecture s’arrête le"),
    "lists_title": ("Lists that it turns on", "Listes dont elle dépend"),
    "no_list": (
        "the catalog has no such list: nothing is on it, and a miss is unknown",
        "le catalogue n’a pas cette liste : rien n’y figure, et une absence est indéterminée",
    ),
    "complete": ("known to be whole", "réputée complète"),
    "incomplete": ("not known to be whole: a miss is unknown", "peut-être incomplète : une absence est indéterminée"),
    "members": ("members", "membres"),
    "controls": ("Controls that it asks for", "Mesures qu’elle demande"),
    "readings": ("Readings", "Lectures retenues"),
    "cannot_see": ("What it cannot see", "Ce qu’elle ne peut pas voir"),
    "sources": ("Sources", "Sources"),
    "worked": ("Worked cases", "Cas d’épreuve"),
}
"""Word id to English and French."""

LABELS: Mapping[str, Mapping[str, str]] = {
    tongue: {key: pair[at] for key, pair in PAIRS.items()} for at, tongue in enumerate(("en", "fr"))
}
"""The same by language."""
