"""Which of the texts that were given may be copies of each other, by the runs of words that they share.

Of each text only a sketch is kept while the command runs: hashes of some of its runs of three words (a theta sketch,
which is a bottom-k MinHash), never a word. What is alike is proposed, and decided by a person.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flagstate.errors import EvidenceError
from flagstate.read.prose import prose
from flagstate.read.source import opened

if TYPE_CHECKING:
    from datasketches import compact_theta_sketch

RUN = 3
"""Words of a run."""
LG_K = 12
"""A sketch keeps up to about 2 to this power (4,096) runs; up to so many it is exact."""
FEWEST = 20
"""Runs below which a text is too short to be compared."""
ASKED = 256
"""Runs of each text, the lowest by hash, that are looked up in the others to find whom to compare it with."""
SHARED = 12
"""So many of them must be in another text, or every tenth of fewer."""
PAIRS = 20_000
"""Pairs that are compared; those that share most come first."""
ALIKE = 0.11
"""Shared part of all runs of both from which on a pair is proposed, by its lower bound."""
INSIDE = 0.4
"""Part of one text that is in the other from which on a pair is proposed, by its lower bound."""

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")


@dataclass(frozen=True)
class Seen:
    """What became of one text."""

    name: str
    """As it lies in the folder; to be masked before it is shown."""
    words: int = 0
    """Words that were read."""
    dated: str | None = None
    """The day that it gives itself."""
    form: str = ""
    """html, pdf or text."""
    same: str = ""
    """Equal texts share it."""
    whole: bool = True
    """Nothing was left out at a bound."""
    unread: str = ""
    """Why it was not read; empty: it was."""


@dataclass(frozen=True)
class Pair:
    """Two texts that share runs of words."""

    first: int
    """Place of the text that may be the origin: the older one, else one that gives a day, else the longer one."""
    second: int
    """Place of the other."""
    alike: tuple[float, float, float]
    """Part of all their runs that both have (Jaccard): lower bound, estimate, upper bound."""
    first_in_second: float
    """Part of the first that is in the second, 0 to 1."""
    second_in_first: float
    """Part of the second that is in the first, 0 to 1."""
    older: bool
    """Both give a day, and the first gives the earlier one."""


def words(text: str) -> list[str]:
    """Return the words of a text as they are compared: no case, no marks; each sign of Chinese or Japanese is one."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def sketch(listed: Sequence[str]) -> compact_theta_sketch:
    """Return the sketch of the runs of three words."""
    from datasketches import update_theta_sketch

    made = update_theta_sketch(LG_K)
    for run in runs(listed):
        made.update(run)
    return made.compact()


def runs(listed: Sequence[str]) -> set[str]:
    """Return the runs of three words of a text, each once."""
    return {" ".join(listed[at : at + RUN]) for at in range(len(listed) - RUN + 1)}


def prepare() -> None:
    """Load what every reading process needs; done once, before they are forked."""
    import bs4
    import datasketches
    import pypdf

    del bs4, datasketches, pypdf


def digest(order: Mapping[str, object]) -> None:
    """Read texts in a bounded child, and write of each its sketch and what became of it; never a word.

    Args:
        order: files, each with path, name, and out: where to write, without suffix.
    """
    files = order["files"]
    for file in files if isinstance(files, list) else ():
        _digest(str(file["path"]), str(file["name"]), str(file["out"]))


def _digest(path: str, name: str, out: str) -> None:
    try:
        with opened(path) as descriptor:
            found = prose(descriptor, os.path.basename(name))
    except EvidenceError as problem:
        what = problem.what[:1].lower() + problem.what[1:]
        seen, data = Seen(name, unread=f"{what} ({problem.why})" if problem.why else what), b""
    else:
        listed = words(found.text)
        made = sketch(listed)
        day = found.dated.isoformat() if found.dated else None
        short = made.get_estimate() < FEWEST
        unread = f"it has fewer than {FEWEST} runs of {RUN} words, too few to be compared" if short else ""
        data = made.serialize()
        seen = Seen(name, len(listed), day, found.form, _same(listed), found.whole, unread)
    Path(f"{out}.sketch").write_bytes(data)
    # Written last: what has it was read to its end.
    Path(f"{out}.json").write_text(json.dumps(asdict(seen)))


def _same(listed: Sequence[str]) -> str:
    import hashlib

    return hashlib.blake2b(" ".join(listed).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def load(out: str) -> tuple[Seen, compact_theta_sketch | None]:
    """Return what a child wrote of a text, and its sketch if it can be compared.

    Args:
        out: As in the order.
    """
    from datasketches import compact_theta_sketch

    seen = Seen(**json.loads(Path(f"{out}.json").read_text()))
    data = b"" if seen.unread else Path(f"{out}.sketch").read_bytes()
    return seen, compact_theta_sketch.deserialize(data) if data else None


def pairs(seen: Sequence[Seen], sketches: Sequence[compact_theta_sketch]) -> list[Pair]:
    """Return the pairs that share so many runs of words that one may be made from the other, the most alike first.

    Args:
        seen: What is known of each text.
        sketches: Its sketch, in the same order.

    Not every pair is compared: only those that share some of 256 runs. Of texts that are equal one stands for all.

    What it cannot see: translations; texts that tell the same in other words; a few quoted sentences in a long text;
    which of two texts was first.
    """
    from datasketches import theta_intersection, theta_jaccard_similarity

    found = []
    for one, other in _candidates(sketches):
        low, middle, high = theta_jaccard_similarity.jaccard(sketches[one], sketches[other])
        both = theta_intersection()
        both.update(sketches[one])
        both.update(sketches[other])
        shared = both.get_result()
        sizes = [sketches[at].get_estimate() for at in (one, other)]
        least = shared.get_lower_bound(2) / min(sizes)
        if low < ALIKE and least < INSIDE:
            continue
        first, second, older = _order(seen, one, other)
        inside = {at: min(1.0, shared.get_estimate() / size) for at, size in zip((one, other), sizes, strict=True)}
        found.append(Pair(first, second, (low, middle, high), inside[first], inside[second], older))
    return sorted(found, key=lambda pair: (-max(pair.alike[1], pair.second_in_first / 2), pair.first, pair.second))


def _order(seen: Sequence[Seen], one: int, other: int) -> tuple[int, int, bool]:
    days = [date.fromisoformat(said) if (said := seen[at].dated) else None for at in (one, other)]
    if days[0] and days[1] and days[0] != days[1]:
        return (one, other, True) if days[0] < days[1] else (other, one, True)
    if bool(days[0]) != bool(days[1]):
        return (one, other, False) if days[0] else (other, one, False)
    return (one, other, False) if seen[one].words >= seen[other].words else (other, one, False)


def _candidates(sketches: Sequence[compact_theta_sketch]) -> Iterator[tuple[int, int]]:
    """Yield the pairs to compare, those that share most runs first."""
    hashes: list[NDArray[np.uint64]] = [np.sort(np.fromiter(one, np.uint64)) for one in sketches]
    if not hashes:
        return
    keys = np.concatenate(hashes)
    owners = np.repeat(np.arange(len(hashes)), [len(one) for one in hashes])
    order = np.argsort(keys, kind="stable")
    keys, owners = keys[order], owners[order]
    found: dict[tuple[int, int], int] = {}
    for at, mine in enumerate(hashes):
        asked = mine[:ASKED]
        begin, end = np.searchsorted(keys, asked), np.searchsorted(keys, asked, side="right")
        many = end - begin
        places = np.repeat(begin - np.concatenate(([0], np.cumsum(many)[:-1])), many) + np.arange(many.sum())
        shared = np.bincount(owners[places], minlength=len(hashes))
        shared[at] = 0
        for other in np.flatnonzero(shared >= min(SHARED, max(1, len(asked) // 10))):
            key = (min(at, int(other)), max(at, int(other)))
            found[key] = max(found.get(key, 0), int(shared[other]))
    yield from sorted(found, key=lambda key: (-found[key], key))[:PAIRS]
