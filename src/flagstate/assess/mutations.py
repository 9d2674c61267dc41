"""How claims changed on the way from what they repeat, and which do not agree with themselves.

Each claim is held against each claim that it repeats, at once or through sources: figures and units, hedges, scope,
dates, who says it, and what kind of claim it is. What changed may be a correction: it is shown, and decides nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import date

import pyarrow as pa

from flagstate.assess import figures
from flagstate.assess.sources import DEEPEST, MOST, folded

CALENDAR = frozenset({"calendar_year", "calendar_month", "calendar_day"})
"""Units of figures that say when, not how much."""

_SOFT = frozenset({"allegation", "opinion", "promise", "legal"})
_KINDS = {
    "fact": ("a fact", "un fait"),
    "allegation": ("an allegation", "une allégation"),
    "opinion": ("an opinion", "une opinion"),
    "promise": ("a promise", "un engagement"),
    "legal": ("a legal assertion", "une assertion de droit"),
    "number": ("a number", "un chiffre"),
}

Row = dict[str, object]
Said = Mapping[str, object]


def mutations(claim: pa.Table, source: pa.Table) -> list[Row]:
    """Return each change between a claim and what it repeats, rows of `mutation`, sorted by claim.

    Args:
        claim: Rows of `claim`.
        source: Rows of `source`; a claim that repeats a source is held against the claim that the source repeats.
            Where a source repeats several claims, only figures of the same name are compared.

    What it cannot see: a change that no figure, unit, hedge, scope, date, speaker or kind of the dossier shows.
    """
    rows = sorted(claim.to_pylist(), key=lambda row: (str(row["claim_id"]), str(row.get("evidence_id") or "")))
    given = {str(row["claim_id"]): row for row in rows}
    through: dict[str, set[str]] = {}
    for said in source.to_pylist():
        through.setdefault(str(said["source_id"]), set()).update(said["derived_from"] or ())
    found: dict[tuple[object, ...], Row] = {}
    for row in rows:
        for parent_id, alone in sorted(_parents(row, given, through).items()):
            for made in _changes(given[parent_id], row, alone):
                _keep(found, row, parent_id, made)
        for made in implausible(row):
            _keep(found, row, None, made)
    return [found[key] for key in sorted(found, key=lambda key: tuple(str(part or "") for part in key))]


def _parents(row: Said, given: Mapping[str, Said], through: Mapping[str, set[str]]) -> dict[str, bool]:
    """Return the claims that a claim repeats, and whether each is all that is repeated on the way to it."""
    found: dict[str, bool] = {}
    for start in sorted(set(_ids(row, "derived_from") or _ids(row, "source_ids"))):
        ends = {start} & given.keys() if start not in through else _ends(start, given, through)
        ends.discard(str(row["claim_id"]))
        for one in ends:
            found[one] = found.get(one, False) or len(ends) == 1
    return found


def _ids(row: Said, column: str) -> list[str]:
    listed = row[column]
    return [str(one) for one in listed] if isinstance(listed, list) else []


def _ends(start: str, given: Mapping[str, Said], through: Mapping[str, set[str]]) -> set[str]:
    """Return the claims to which a source leads, through the sources that it repeats."""
    seen, found, waiting = {start}, set[str](), [(start, 0)]
    for key, steps in waiting:
        for other in sorted(through[key]) if steps < DEEPEST else ():
            if other in through and other not in seen and len(seen) < MOST:
                seen.add(other)
                waiting.append((other, steps + 1))
            elif other in given and other not in through:
                found.add(other)
    return found


def _keep(found: dict[tuple[object, ...], Row], row: Said, parent_id: str | None, made: Row) -> None:
    whole = {"claim_id": row["claim_id"], "parent_id": parent_id, **made}
    found.setdefault((row["claim_id"], parent_id, made["mutation_kind"], made["figure"]), whole)


def _made(kind: str, before: object, after: object, words: tuple[str, str], figure: str | None = None) -> Row:
    return {
        "mutation_kind": kind,
        "figure": figure,
        "before": None if before is None else str(before),
        "after": None if after is None else str(after),
        "message": words[0],
        "french": words[1],
    }


def _changes(was: Said, now: Said, alone: bool) -> Iterator[Row]:
    """Yield what changed; of one of several claims behind a source only figures that both have can be compared."""
    before, after = _numbers(was), _numbers(now)
    for name in sorted(set(before) & set(after)):
        yield from _figure(name, before[name], after[name])
    if not alone:
        return
    for name in sorted(set(before) ^ set(after)):
        yield _lost(name, before[name], True) if name in before else _lost(name, after[name], False)
    yield from _hedge(_text(was, "hedging"), _text(now, "hedging"))
    yield from _words(was, now)
    yield from _kind(_text(was, "claim_kind"), _text(now, "claim_kind"))
    first, then = was["on_date"], now["on_date"]
    if isinstance(first, date) and isinstance(then, date) and then < first:
        words = (
            f"It is dated {then}, which is before what it repeats ({first}).",
            f"Elle est datée du {then}, avant ce qu’elle reprend ({first}).",
        )
        yield _made("date", first, then, words)


def _text(row: Said, column: str) -> str | None:
    found = row[column]
    return str(found).strip() or None if found is not None else None


def _numbers(row: Said) -> dict[str, Mapping[str, object]]:
    """Return the figures of a claim that have a number."""
    said = figures.figures(_text(row, "claim_figures"))
    return {name: one for name, one in said.items() if figures.bounds(one) is not None}


def _lost(name: str, one: Said, gone: bool) -> Row:
    """Return that a figure disappeared, or appeared."""
    ends, unit = figures.bounds(one) or (0.0, 0.0), str(one.get("unit") or "")[: figures.MAX_UNIT]
    told, dit = (_dates(ends) if unit in CALENDAR else figures.span(ends, unit, tongue) for tongue in ("en", "fr"))
    if gone:
        words = (f"{name}: {told} was said, and is left out.", f"{name} : {dit} était dit, et ne l’est plus.")
        return _made("figure", told, None, words, name)
    words = (f"{name}: {told} is said, and was not before.", f"{name} : {dit} est dit, et ne l’était pas avant.")
    return _made("figure", None, told, words, name)


def _figure(name: str, was: Said, now: Said) -> Iterator[Row]:
    """Yield how one figure changed: its number, its unit, or the day that it names."""
    first, then = figures.bounds(was), figures.bounds(now)
    if first is None or then is None:
        return
    of, to = (str(one.get("unit") or "")[: figures.MAX_UNIT] for one in (was, now))
    if of in CALENDAR and to == of:
        if first != then:
            old, new = (_dates(one) for one in (first, then))
            yield _made("date", old, new, (f"{name}: {old} became {new}.", f"{name} : {old} est devenu {new}."), name)
        return
    times = figures.comparable(of, to)
    shown = [[figures.span(ends, unit, tongue) for ends, unit in ((first, of), (then, to))] for tongue in ("en", "fr")]
    (old, new), (vieux, neuf) = shown
    if times is None:
        words = (
            f"{name}: {old} became {new}, and these units cannot be compared.",
            f"{name} : {vieux} est devenu {neuf}, et ces unités ne se comparent pas.",
        )
        yield _made("unit", old, new, words, name)
        return
    turned = (first[0] * times, first[1] * times)
    if not all(map(math.isfinite, turned)) or figures.same(turned, then):
        return
    doubt, doute = (figures.doubts((of, to), tongue) if of != to else "" for tongue in ("en", "fr"))
    if of != to and figures.same(first, then):
        back = (then[0] / times, then[1] / times)
        words = (
            f"{name}: {old} became {new}, which is {figures.span(back, of)}{doubt}.",
            f"{name} : {vieux} est devenu {neuf}, soit {figures.span(back, of, 'fr')}{doute}.",
        )
        yield _made("unit", old, new, words, name)
        return
    also = [f" ({figures.span(turned, to, tongue)})" if of != to else "" for tongue in ("en", "fr")]
    words = (
        f"{name}: {old}{also[0]} became {new}{doubt}.",
        f"{name} : {vieux}{also[1]} est devenu {neuf}{doute}.",
    )
    yield _made("number", old, new, words, name)


def _dates(ends: tuple[float, float]) -> str:
    low, high = (f"{end:.0f}" for end in ends)
    return low if low == high else f"{low}–{high}"


def _hedge(was: str | None, now: str | None) -> Iterator[Row]:
    if was and not now:
        words = (f"It was said with a hedge ({was}), and the hedge disappeared.", f"La réserve « {was} » a disparu.")
        yield _made("hedging", was, None, words)
    if now and not was:
        words = (f"A hedge appeared ({now}).", f"Une réserve est apparue : « {now} ».")
        yield _made("hedging", None, now, words)
    if was and now and folded(was) != folded(now):
        words = (f"Its hedge was: {was}. Now it is: {now}.", f"Sa réserve était : {was}. Maintenant : {now}.")
        yield _made("hedging", was, now, words)


def _words(was: Said, now: Said) -> Iterator[Row]:
    """Yield where it speaks of something else, or is put into another mouth; words are compared by letter."""
    for column, kind, english, french in (
        (
            "claim_scope",
            "scope",
            "It spoke of: {0}. Now it speaks of: {1}.",
            "Elle parlait de : {0}. Maintenant : {1}.",
        ),
        (
            "speaker",
            "speaker",
            "It was said by: {0}. Now it is given to: {1}.",
            "Elle venait de : {0}. Maintenant : {1}.",
        ),
    ):
        first, then = _text(was, column), _text(now, column)
        if first and then and folded(first) != folded(then):
            yield _made(kind, first, then, (english.format(first, then), french.format(first, then)))


def _kind(was: str | None, now: str | None) -> Iterator[Row]:
    if was not in _KINDS or now not in _KINDS or was == now or not {was, now} & _SOFT:
        return
    (old, vieux), (new, neuf) = _KINDS[was], _KINDS[now]
    yield _made("kind", was, now, (f"What was {old} became {new}.", f"Ce qui était {vieux} est devenu {neuf}."))


def implausible(row: Said) -> Iterator[Row]:
    """Yield where two figures of a claim together lie outside what its test calls plausible.

    Args:
        row: A claim.
    """
    asked = _agreement(_text(row, "test"))
    if asked is None:
        return
    given = figures.figures(_text(row, "claim_figures"))
    name, per, unit = str(asked["figure"]), str(asked["per"]), asked.get("unit")
    between = asked.get("between")
    ends = figures.bounds(dict(zip(("lo", "hi"), between, strict=False))) if isinstance(between, list) else None
    made = figures.quotient(given, name, per, str(unit) if unit else None)
    if ends is None or made.lo is None or made.hi is None or (made.hi >= ends[0] and made.lo <= ends[1]):
        return
    fine, bien = (figures.span(ends, made.unit, tongue) for tongue in ("en", "fr"))
    because = f" {str(asked['because']).strip().rstrip('.')}." if asked.get("because") else ""
    words = (
        f"{made.words} for each of {per}, and {fine} would be plausible: do they count two populations?{because}",
        f"{made.french} par unité de {per}, et {bien} serait plausible : deux populations ?{because}",
    )
    yield _made("plausibility", fine, figures.span((made.lo, made.hi), made.unit), words, name)


def _agreement(text: str | None) -> Said | None:
    try:
        test = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return None
    asked = test.get("figure_consistent_with") if isinstance(test, dict) else None
    return asked if isinstance(asked, dict) and {"figure", "per"} <= set(asked) else None
