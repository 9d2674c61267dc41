"""Claims as sheets: who said what and how hedged, what the evidence says of it, and what others say."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from flagstate.model.codes import CLAIM_VERDICTS, CONFIDENCES
from flagstate.report import figures, reckoning
from flagstate.report.view import View

Row = dict[str, Any]

UNTESTED = "untested"
"""A claim that has a test of which this case holds no verdict."""
ORDER = ("contradicted", "questionable", "not_observed", "supported", UNTESTED, "not_testable")
"""Verdicts in the order in which they ask for attention."""
_GRAVEST = ("contradicted", "questionable", "not_observed", UNTESTED, "not_testable", "supported")
"""Of several parts of one test the first of these decides: a claim is supported only where each part is."""
STANCES = {
    "confirmed_by": "confirm",
    "denied_by": "deny",
    "unverified_by": "unverifiable",
    "no_comment_by": "no_comment",
}
"""Columns of provenance with the stance that they stand for, in the order in which they are shown."""
FACTS = 6
"""Facts of one part that are named."""
LINES, LETTERS = 60, 4000
"""Lines and letters of a query that are shown."""
LISTED = 8
"""Texts of one list that a sheet shows; how many more there are is said."""
PEOPLE, NAME = 12, 120
"""Of those who say something of a claim, so many are named, each with so many letters."""
GROUPS = ("EU", "EEA")
"""Groups of countries that a test may name."""
_SAFE = re.compile(r"[A-Za-z0-9_-]{1,60}")
_COUNTRY = re.compile(r"[A-Z]{2}")


def claims(view: View) -> list[Row]:
    """Return every claim with its verdict and the rows of its test, what asks for attention first.

    A claim without a row of `claim_verdict` is untested if it has a test, and not testable if it has none; it is never
    supported.
    """
    parts: dict[str, list[Row]] = {}
    for row in view.table("claim_verdict").to_pylist():
        parts.setdefault(row["claim_id"], []).append(row)
    seen: dict[str, Row] = {}
    for row in view.table("claim").to_pylist():
        mine = parts.get(row["claim_id"], [])
        made = row | {"parts": mine, "found": found(mine, tested=bool(row["test"]))}
        seen.setdefault(row["claim_id"] or "", made)
    return sorted(seen.values(), key=_order)


def _order(row: Row) -> tuple[object, ...]:
    sure = max((CONFIDENCES.index(p["confidence"]) for p in row["parts"] if p["confidence"] in CONFIDENCES), default=-1)
    return (ORDER.index(row["found"]), -sure, -_weight(row), str(row["on_date"] or "9999"), row["claim_id"] or "")


def _weight(row: Row) -> int:
    return sum((part["rows_against"] or 0) or (part["rows_for"] or 0) for part in row["parts"])


def briefs(view: View) -> dict[str, Row]:
    """Return, by claim, what must be said wherever it is told; what is empty is left out."""
    makes = Sheets(view)
    told = ((row["claim_id"], makes.brief(row)) for row in claims(view))
    return {key: {name: value for name, value in made.items() if value} for key, made in told}


def found(parts: Iterable[Row], *, tested: bool) -> str:
    """Return the verdict of a whole claim: the one of its parts that weighs most.

    Args:
        parts: Its rows of `claim_verdict`.
        tested: It has a test.
    """
    words = {part["claim_verdict"] if part["claim_verdict"] in CLAIM_VERDICTS else UNTESTED for part in parts}
    if not words:
        return UNTESTED if tested else "not_testable"
    return next(word for word in _GRAVEST if word in words)


def tally(rows: Iterable[Row]) -> list[tuple[str, int]]:
    """Return how many claims came to each verdict, in the order of `ORDER`, without those that none came to."""
    counts = Counter(row["found"] for row in rows)
    return [(word, counts[word]) for word in ORDER if counts[word]]


def three(rows: Iterable[Row]) -> list[Row]:
    """Return a contradicted, a supported and an undecided claim, as far as there are such."""
    listed = list(rows)
    wanted = (("contradicted",), ("supported",), ("not_observed", "questionable", UNTESTED, "not_testable"))
    chosen = []
    for words in wanted:
        mine = [row for row in listed if row["found"] in words]
        mine.sort(key=lambda row: (words.index(row["found"]), not _asks(row)))
        chosen += mine[:1]
    return chosen


def _asks(row: Row) -> bool:
    return any(part["missing"] for part in row["parts"])


def anchor(kind: str, key: str | None) -> str:
    """Return the id of a place on the page; what may not stand in one is replaced by a hash.

    Args:
        kind: claim or finding.
        key: Id of the claim or finding.
    """
    text = (key or "").removeprefix("est:")
    if _SAFE.fullmatch(text):
        return f"{kind}-{text}"
    return f"{kind}-{hashlib.sha256((key or '').encode('utf-8', 'replace')).hexdigest()[:12]}"


class Sheets:
    """Makes sheets of claims; what all of them need is looked up once."""

    def __init__(self, view: View) -> None:
        """Look up who stands behind claims, how they changed, and the findings of them."""
        self.view = view
        self._behind = {row["claim_id"]: row for row in view.table("provenance").to_pylist()}
        self._changes: dict[str, list[Row]] = {}
        for row in view.table("mutation").to_pylist():
            self._changes.setdefault(row["claim_id"], []).append(row)
        mine = [row for row in view.table("finding").to_pylist() if row["question"] == "claims"]
        self._findings = {(row["subject"], row["rule_id"]): row for row in mine}
        self._sources = {row["source_id"]: row for row in view.table("source").to_pylist()}
        self._french = _translations(mine) if view.meta.language == "fr" else {}

    def findings(self, row: Row) -> list[Row]:
        """Return the findings of a claim."""
        rules = [f"claim-{(part['verb'] or '').replace('_', '-')}" for part in row["parts"]]
        rules += [f"claim-{part['verb']}" for part in row["parts"]]
        told = [self._findings.get((row["claim_id"], rule)) for rule in dict.fromkeys(rules)]
        return [one for one in told if one]

    def stances(self, row: Row) -> dict[str, list[str]]:
        """Return who confirms a claim, denies it, could not verify it or gave no comment, by column of provenance."""
        behind = self._behind.get(row["claim_id"])
        if behind:
            return {name: list(behind[name] or ()) for name in STANCES}
        said = reckoning.told(row["stances"])
        made = {name: sorted(who for who, stance in said.items() if stance == word) for name, word in STANCES.items()}
        known = [self._sources[key] for key in row["source_ids"] or () if key in self._sources]
        unsure = [one["outlet"] or one["source_id"] for one in known if one["verified"] == "no"]
        made["unverified_by"] = list(dict.fromkeys((*made["unverified_by"], *unsure)))
        return made

    def badges(self, row: Row) -> list[tuple[str, str]]:
        """Return what must be said wherever a claim is shown, as chips: alleged, hedged, denied, not verified."""
        t = self.view.t
        made: list[tuple[str, str]] = []
        if row["claim_kind"]:
            made.append(
                (
                    "warn" if row["claim_kind"] == "allegation" else "plain",
                    self.view.code("claim_kind", row["claim_kind"]),
                )
            )
        if row["hedging"]:
            made.append(("plain", t("claims.hedged", how=row["hedging"])))
        for name, who in self.stances(row).items():
            if who:
                kind = "warn" if name in ("denied_by", "unverified_by") else "plain"
                made.append((kind, t(f"said.{name}", who=self._named(who))))
        return made

    def said(self, row: Row) -> list[str]:
        """Return how a claim is hedged, and what others say of it, as sentences."""
        hedged = [self.view.t("claims.hedged", how=row["hedging"])] if row["hedging"] else []
        named = {name: self._named(who) for name, who in self.stances(row).items() if who}
        return hedged + [self.view.t(f"said.{name}", who=who) for name, who in named.items()]

    def brief(self, row: Row) -> Row:
        """Return what must be said wherever a claim is told, for other tools: who says it, how, and who says else."""
        when = row["on_date"].isoformat() if row["on_date"] else None
        told = {"verdict": row["found"], "date": when} | self.stances(row)
        named = ("sentence", "speaker", "outlet", "hedging")
        return {"id": row["claim_id"], **{name: row[name] for name in named}, "kind": row["claim_kind"], **told}

    def counted(self, row: Row) -> str:
        """Return how many independent primary sources stand behind a claim, of how many texts that carry it."""
        behind = self._behind.get(row["claim_id"])
        if not behind or behind["independent"] is None:
            return "–"
        return self.view.t("claims.of_texts", n=behind["independent"], of=behind["assertions"] or 0)

    def _named(self, who: list[str]) -> str:
        names = [self._name(one) for one in who[:PEOPLE]]
        more = len(who) - PEOPLE
        return ", ".join(names) + (f" {self.view.t('rules.more', n=more)}" if more > 0 else "")

    def _name(self, key: str) -> str:
        source = self._sources.get(key)
        name = (source["outlet"] if source else None) or short(key).replace("_", " ")
        return name if len(name) <= NAME else f"{name[: NAME - 1]}…"

    def card(self, row: Row) -> Row:
        """Return a claim in short: its verdict, the sentence, who said it, the reason, what it does not say."""
        parts = [self._part(row, part) for part in row["parts"]]
        deciding = [part for part in parts if part["word"] == row["found"]]
        told = self.findings(row)
        missing = [text for part in deciding for text in part["missing"]]
        return {
            "id": short(row["claim_id"]),
            "anchor": anchor("claim", row["claim_id"]),
            "word": row["found"],
            "verdict": chip(self.view, row["found"]),
            "sentence": row["sentence"] or "–",
            "speaker": row["speaker"] or "",
            "outlet": row["outlet"] if row["outlet"] != row["speaker"] else "",
            "on_date": row["on_date"],
            "badges": self.badges(row),
            "why": next((part["message"] for part in deciding if part["message"]), ""),
            "says_not": list(dict.fromkeys([*(row["does_not_say"] or ()), *(t for p in parts for t in p["says_not"])])),
            "missing": list(dict.fromkeys(missing)),
            "finding": anchor("finding", told[0]["finding_id"]) if told else "",
            "parts": parts,
        }

    def sheet(self, row: Row) -> Row:
        """Return all of a claim that its sheet shows, but for where it comes from."""
        changes, behind = self._changes.get(row["claim_id"], []), self._behind.get(row["claim_id"])
        sums = reckoning.sums(self.view, row, [finding["values"] for finding in self.findings(row)])
        return self.card(row) | {
            "kind": row["claim_kind"],
            "scope": row["claim_scope"],
            "remark": row["remark"],
            "quoted": row["quote_hash"],
            "behind": behind,
            "marks": self._marks(changes, behind),
            "changes": [self._change(one) for one in changes if not (sums and one["mutation_kind"] == "plausibility")],
            "sums": sums,
        }

    def _marks(self, changes: list[Row], behind: Row | None) -> list[tuple[str, str]]:
        """Return as chips that copies carry a claim, and that it changed on the way."""
        t, made = self.view.t, list[tuple[str, str]]()
        if behind and (behind["assertions"] or 0) > (behind["independent"] or 0):
            made.append(("plain", t("claims.first_hand", n=behind["independent"] or 0, of=behind["assertions"])))
        kinds = dict.fromkeys(self.view.code("mutation", one["mutation_kind"]) for one in changes if one["parent_id"])
        if kinds:
            made.append(("warn", t("claims.changed", kinds=", ".join(kinds))))
        return made

    def _part(self, row: Row, part: Row) -> Row:
        """Return one part of a test as it is shown."""
        view = self.view
        rule = f"claim-{part['verb']}"
        finding = self._findings.get((row["claim_id"], rule)) or self._findings.get(
            (row["claim_id"], rule.replace("_", "-"))
        )
        facts = part["facts"] or []
        return {
            "verb": view.code("verb", part["verb"]) if part["verb"] else "",
            "asked": self.asked(row, part["verb"]),
            "asset": view.entity(part["asset_id"]) if part["asset_id"] else "",
            "word": part["claim_verdict"] or UNTESTED,
            "verdict": chip(view, part["claim_verdict"]),
            "message": _message(view, part),
            "rows_for": part["rows_for"],
            "rows_against": part["rows_against"],
            "window": figures.window(part["from_ts"], part["to_ts"]) if part["from_ts"] or part["to_ts"] else None,
            "share": figures.share(part["share_seen"], view.meta.language) if part["share_seen"] is not None else "",
            "remainder": self._spoken(part["remainder"]),
            "missing": self._spoken(part["missing"]),
            "says_not": self._spoken(part["does_not_say"]),
            "query": (part["query"] or "")[:LETTERS].splitlines()[:LINES],
            "rests_on": part["rests_on"],
            "confidence": part["confidence"],
            "facts": facts[:FACTS],
            "facts_more": max(0, len(facts) - FACTS),
            "finding": finding["finding_id"] if finding else "",
            "anchor": anchor("finding", finding["finding_id"]) if finding else "",
            "judged": finding["judged"] if finding else "",
            "level": finding["level"] if finding and finding["verdict"] == "yes" else "",
        }

    def asked(self, row: Row, verb: str | None) -> str:
        """Return what a part of the test asks for, as words: `Germany`, `at most 1,000 persons`."""
        test = reckoning.told(row["test"])
        said = test.get(verb or "")
        if said is None:
            return ""
        if isinstance(said, dict):
            return reckoning.question(self.view, said)
        words = [self._word(one) for one in (said if isinstance(said, list) else [said])]
        joint = " – " if verb == "figure_consistent_with" else ", "
        unit = self.view.code("unit", str(test.get("unit") or "persons")) if verb in reckoning.COUNTED else ""
        return " ".join(filter(None, (joint.join(words), unit)))

    def _word(self, value: object) -> str:
        if isinstance(value, bool) or value is None:
            return str(value)
        if isinstance(value, int | float):
            return reckoning.number(value, self.view.meta.language)
        text = str(value)
        kind, colon, rest = text.partition(":")
        if text in GROUPS:
            return self.view.code("union", text)
        if _COUNTRY.fullmatch(text):
            return self.view.country(text)
        if colon and kind in ("entity", "asset", "provider"):
            return self.view.entity(rest).removeprefix("ent:")
        if colon and kind == "country":
            return self.view.country(rest)
        return rest if colon and kind in ("domain", "cidr") else self.view.entity(text).removeprefix("ent:")

    def _spoken(self, texts: Iterable[str] | None) -> list[str]:
        listed = list(texts or ())
        said = [self._french.get(text, text) for text in listed[:LISTED]]
        return [*said, self.view.t("rules.more", n=len(listed) - LISTED)] if len(listed) > LISTED else said

    def _change(self, row: Row) -> Row:
        return {
            "kind": self.view.code("mutation", row["mutation_kind"]),
            "parent": short(row["parent_id"]),
            "anchor": anchor("claim", row["parent_id"]) if row["parent_id"] else "",
            "figure": (row["figure"] or "").replace("_", " "),
            "before": reckoning.raised(row["before"]),
            "after": reckoning.raised(row["after"]),
            "message": _message(self.view, row),
        }


def short(key: str | None) -> str:
    """Return the id of a claim as its declaration writes it."""
    return (key or "").removeprefix("est:")


def chip(view: View, word: str | None) -> tuple[str, str]:
    """Return a verdict as a chip."""
    kind, said = view.chip("claim", word or UNTESTED)
    return f"claim-{kind}", said


def _message(view: View, row: Row) -> str:
    """Return the sentence of a row in the language of the report, as far as it has it."""
    return str((row["french"] if view.meta.language == "fr" else None) or row["message"] or "")


def _translations(findings: Iterable[Row]) -> dict[str, str]:
    """Return French texts by their English ones, as findings of claims tell them.

    Only findings have all their texts in both languages; the rows of a test repeat the English ones.
    """
    found: dict[str, str] = {}
    for row in findings:
        french, values = reckoning.told(row["french"]), reckoning.told(row["values"])
        english = {"missing": row["missing"], "remainder": values.get("remainder")}
        for key, texts in (english | {"does_not_say": values.get("does_not_say")}).items():
            other = french.get(key)
            if isinstance(texts, list) and isinstance(other, list) and len(texts) == len(other):
                found |= {str(a): str(b) for a, b in zip(texts, other, strict=True)}
    return found
