"""Which of the texts in a folder may be copies of each other: read in bounded children, proposed, never decided."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from flagstate.catalog.mask import mask
from flagstate.engine import Limits, Workers, cores
from flagstate.errors import UsageError
from flagstate.model.counted import counted
from flagstate.read import copies
from flagstate.read.copies import Pair, Seen
from flagstate.read.source import Found, walk

MOST = 5_000
"""Texts that are compared in one run."""
LIMITS = Limits(memory_bytes=768 << 20, cpu_s=30, wall_s=60)
"""Bounds of the process that reads one text."""
BATCH_FILES, BATCH_BYTES = 16, 2 << 20
SHOWN = 100
"""Pairs that are printed; JSON has them all."""


@dataclass(frozen=True)
class Near:
    """What was found among the texts."""

    texts: tuple[Seen, ...]
    """Those that were compared; names are masked."""
    unread: tuple[Seen, ...]
    """Those that were not, each with the reason."""
    equal: tuple[tuple[int, ...], ...]
    """Places of texts that are equal word by word."""
    pairs: tuple[Pair, ...]
    """Pairs that may be derived, the most alike first."""

    def as_dict(self) -> dict[str, object]:
        """Return it as plain data, for JSON: names of files and figures, never a word of a text."""
        return {
            "texts": [_told(one) for one in self.texts],
            "unread": [{"name": one.name, "why": one.unread} for one in self.unread],
            "equal": [[self.texts[at].name for at in group] for group in self.equal],
            "pairs": [
                {
                    "from": self.texts[pair.first].name,
                    "to": self.texts[pair.second].name,
                    "alike": dict(zip(("lo", "estimate", "hi"), pair.alike, strict=True)),
                    "from_in_to": pair.first_in_second,
                    "to_in_from": pair.second_in_first,
                    "older_first": pair.older,
                }
                for pair in self.pairs
            ],
        }


def _told(one: Seen) -> dict[str, object]:
    return {"name": one.name, "form": one.form, "words": one.words, "dated": one.dated, "whole": one.whole}


def near(folder: Path, said: Callable[[str], None] = lambda _: None) -> Near:
    """Return which texts of a folder may be derived from each other.

    Args:
        folder: Articles as HTML, PDF or plain text.
        said: Is told how far it is.

    Raises:
        UsageError: There is no such folder, or it holds too many files.
    """
    found = list(walk([folder]))
    if len(found) > MOST:
        raise UsageError(f"More than {MOST:,} texts", todo="Compare fewer at a time.")
    with tempfile.TemporaryDirectory(prefix="flagstate-near-") as made:
        read = _read(found, Path(made), said)
        loaded = [copies.load(out) if not seen else (seen, None) for seen, out in read]
    texts = sorted(((seen, one) for seen, one in loaded if one is not None), key=lambda pair: pair[0].name)
    unread = [seen for seen, one in loaded if one is None]
    first: dict[str, int] = {}
    groups: dict[int, list[int]] = {}
    for at, (seen, _) in enumerate(texts):
        groups.setdefault(first.setdefault(seen.same, at), []).append(at)
    # Of texts that are equal one stands for all, so that a thousand of them are no million pairs.
    alone = list(groups)
    said(f"Comparing {len(alone):,} texts")
    pairs = copies.pairs([texts[at][0] for at in alone], [texts[at][1] for at in alone])
    return Near(
        tuple(_masked(seen) for seen, _ in texts),
        tuple(sorted(map(_masked, unread), key=lambda seen: seen.name)),
        tuple(tuple(group) for group in groups.values() if len(group) > 1),
        tuple(replace(pair, first=alone[pair.first], second=alone[pair.second]) for pair in pairs),
    )


def _masked(seen: Seen) -> Seen:
    return replace(seen, name=mask(seen.name))


def _read(found: list[Found], folder: Path, said: Callable[[str], None]) -> list[tuple[Seen | None, str]]:
    """Have every text read by children; what kills its reader is read again alone, and then costs itself only."""
    outs = [str(folder / str(at)) for at in range(len(found))]
    dead: dict[int, str] = {}
    queue = _batches(found)
    running: dict[str, list[int]] = {}
    with Workers("flagstate.read.copies:digest") as workers:
        number = 0
        while queue or running:
            while queue and workers.busy < cores():
                batch = queue.pop(0)
                files = [{"path": found[at].path, "name": found[at].name, "out": outs[at]} for at in batch]
                workers.submit(str(number), {"files": files}, LIMITS)
                running[str(number)] = batch
                number += 1
            for ended in workers.wait():
                batch = running.pop(ended.job)
                left = [at for at in batch if not Path(f"{outs[at]}.json").exists()] if ended.fault else []
                if len(batch) == 1 and left:
                    dead[left[0]] = ended.fault
                else:
                    queue += [[at] for at in left]
            said(f"Reading: {len(queue) + len(running):,} groups of texts to go")
    made: list[tuple[Seen | None, str]] = []
    for at, one in enumerate(found):
        why = one.refused or dead.get(at, "")
        made.append((Seen(one.name, unread=why) if why else None, outs[at]))
    return made


def _batches(found: list[Found]) -> list[list[int]]:
    """Return the places of the texts to read, small ones together."""
    batches: list[list[int]] = []
    room = 0
    for at, one in enumerate(found):
        if one.refused:
            continue
        room -= one.size
        if not batches or room < 0 or len(batches[-1]) >= BATCH_FILES:
            batches.append([])
            room = BATCH_BYTES - one.size
        batches[-1].append(at)
    return batches


def lines(told: Near) -> Iterator[str]:
    """Yield what was found as lines, with the lines of YAML that are proposed; headings have no indent."""
    yield f"{counted(len(told.texts), 'text[|s]')} compared, {counted(len(told.unread), 'text[|s]')} not read."
    for group in told.equal:
        yield f"  equal word by word: {', '.join(told.texts[at].name for at in group)}"
    if not told.pairs and not told.equal:
        yield "No two of them share so many runs of three words that one may be made from the other."
    for pair in told.pairs[:SHOWN]:
        yield ""
        yield from _pair(told, pair)
    if len(told.pairs) > SHOWN:
        yield f"… {len(told.pairs) - SHOWN:,} more pairs: use --json"
    if told.pairs or told.equal:
        yield from (
            "",
            "PROPOSED, for estate.yaml or a dossier, once you have read both (nothing was written):",
            *_yaml(told),
        )
    if told.unread:
        yield from ("", "NOT READ")
        yield from (f"  {one.name}: {one.unread}" for one in told.unread)
    cut = [one.name for one in told.texts if not one.whole]
    if cut:
        yield from ("", f"Only the beginning was compared of: {', '.join(cut)}")
    yield from ("", "Not seen: translations, the same told in other words, a few sentences quoted in a long text.")


def _pair(told: Near, pair: Pair) -> Iterator[str]:
    one, other = told.texts[pair.first], told.texts[pair.second]
    low, middle, high = (f"{part:.0%}" for part in pair.alike)
    yield f"  {other.name} may be derived from {one.name}"
    yield f"    alike: {middle} ({low} to {high}) of all runs of three words of both"
    inside = pair.second_in_first, pair.first_in_second
    yield f"    {inside[0]:.0%} of the first is in the second; {inside[1]:.0%} of the second is in the first"
    days = [seen.dated or "no day" for seen in (other, one)]
    which = "the second is older, by the days they give" if pair.older else "which was first is not known"
    yield f"    {other.words:,} words ({days[0]}), {one.words:,} words ({days[1]}): {which}"


def _yaml(told: Near) -> Iterator[str]:
    """Yield one origin for each text that may be derived: of the text most like it, and never in a circle."""
    keys = _keys(told)
    behind: dict[int, tuple[int, str, bool]] = {}
    proposed = [(at, group[0], "copy", False) for group in told.equal for at in group[1:]]
    proposed += [(pair.second, pair.first, "rewrite", pair.older) for pair in told.pairs[:SHOWN]]
    for at, origin, form, sure in proposed:
        if at not in behind and at not in _line(origin, behind):
            behind[at] = (origin, form, sure)
    yield "  sources:"
    for at in sorted({*behind, *(origin for origin, _, _ in behind.values())}):
        dated = told.texts[at].dated
        day = f", date: {dated}" if dated else ""
        if at in behind:
            origin, form, sure = behind[at]
            doubt = "" if sure else "  # or the reverse: which was first is not known"
            yield f"    {keys[at]}: {{form: {form}{day}, derived_from: {keys[origin]}}}{doubt}"
        else:
            yield f"    {keys[at]}: {{form: report{day}}}"


def _line(at: int, behind: Mapping[int, tuple[int, str, bool]]) -> list[int]:
    """Return a text and all from which it is proposed to come."""
    found = [at]
    while found[-1] in behind:
        found.append(behind[found[-1]][0])
    return found


def _keys(told: Near) -> list[str]:
    """Return a key for each text, made of its name, each once."""
    keys: dict[str, None] = {}
    for seen in told.texts:
        base = re.sub(r"[^a-z0-9]+", "_", seen.name.rsplit(".", 1)[0].lower()).strip("_")[:40]
        key = base = base if base[:1].isalpha() else f"text_{base}".strip("_")
        number = 2
        while key in keys:
            key, number = f"{base}_{number}", number + 1
        keys[key] = None
    return list(keys)
