"""Near-copies among 1,000 made texts against the exact reference in the same run, and the sheet of the dossier.

Texts are of invented words, with what makes them hard: every text ends with one of ten notices of 40 words, as those of
one outlet do, and one in three families quotes the same statement of 60 words. Of each text there are copies with 10 to
40 % of the words changed: in stretches of 1 to 12 words, and scattered over it. `FLAGSTATE_BENCH_SCALE` (1 by default)
sets how many texts there are.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from itertools import combinations
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from flagstate.pipeline import claims, near
from flagstate.read import copies
from flagstate.read.copies import Seen
from flagstate.report import sheet
from made_texts import article, edited, scattered, vocabulary

FAMILIES = int(112 * float(os.environ.get("FLAGSTATE_BENCH_SCALE", "1")))
EDITS = (0.1, 0.2, 0.3, 0.4)
ROUNDS = 5


Text = tuple[int, str, list[str]]
"""Number of the family, how it was made, words."""
WAYS = {"stretches": edited, "scattered": scattered}


def corpus(seed: int = 20) -> list[Text]:
    """Return the texts; the first of each family is an original."""
    rng = random.Random(seed)
    words = vocabulary(rng)
    notices = [article(rng, words, 40) for _ in range(10)]
    quoted = article(rng, words, 60)
    made: list[Text] = []
    for family in range(FAMILIES):
        length = rng.randint(6000, 9000) if family % 10 == 9 else rng.randint(250, 1200)
        first = article(rng, words, length) + (quoted if family % 3 == 0 else [])
        made.append((family, "", first + rng.choice(notices)))
        made += [
            (family, f"{way} {part:.0%}", change(rng, first, part, words) + rng.choice(notices))
            for way, change in WAYS.items()
            for part in EDITS
        ]
    return made


def main() -> None:
    """Print the section."""
    texts = corpus()
    many = len(texts) * (len(texts) - 1) // 2
    start = time.perf_counter()
    sketches = [copies.sketch(text) for *_, text in texts]
    sketched = time.perf_counter() - start
    pairs = copies.pairs([Seen(str(at), len(text)) for at, (*_, text) in enumerate(texts)], sketches)
    ours = time.perf_counter() - start
    start = time.perf_counter()
    exact = _exact([text for *_, text in texts])
    reference = time.perf_counter() - start
    print("## Claims\n")
    print(
        f"{len(texts):,} made texts ({sum(len(text) for *_, text in texts):,} words; one in ten has 6,000 or more): "
        f"{FAMILIES} families of a text and eight copies, with 10 to 40 % of the words changed, in stretches or "
        "scattered. Every text ends with one of ten notices, and one family in three quotes the same 60 words. "
        "A pair is right if both are of one family. "
        f"The reference compares all {many:,} pairs by their whole sets of runs of three words, with the same bounds.\n"
    )
    print(f"| | pairs | precision | {' | '.join(kind for kind in _kinds())} | seconds |")
    print(f"|---|---|---|{'---|' * len(_kinds())}---|")
    print(f"| sketches | {_row(texts, {_key(pair) for pair in pairs})} | {ours:.1f} |")
    print(f"| exact, all pairs | {_row(texts, set(exact))} | {reference:.1f} |")
    known = [(pair, exact[_key(pair)]) for pair in pairs if _key(pair) in exact]
    held = sum(pair.alike[0] - 1e-9 <= true <= pair.alike[2] + 1e-9 for pair, true in known)
    print(
        "\nColumns of copies: recall of the pair of copy and original. Estimates differ from the exact figure by "
        f"{max(abs(pair.alike[1] - true) for pair, true in known):.4f} at most; {held:,} of {len(known):,} bounds hold "
        f"it; {len({_key(pair) for pair in pairs} ^ set(exact)):,} pairs are proposed by only one of the two. Of the "
        f"{ours:.1f} s, {sketched:.1f} s went into the sketches; the reference took {reference / ours:.1f} times as "
        "long.\n"
    )
    _files([text for *_, text in texts])
    _sheet()


def _exact(texts: list[list[str]]) -> dict[tuple[int, int], float]:
    shingles = [copies.runs(text) for text in texts]
    found = {}
    for one, other in combinations(range(len(texts)), 2):
        shared = len(shingles[one] & shingles[other])
        alike = shared / (len(shingles[one]) + len(shingles[other]) - shared)
        if alike >= copies.ALIKE or shared / min(len(shingles[one]), len(shingles[other])) >= copies.INSIDE:
            found[one, other] = alike
    return found


def _kinds() -> list[str]:
    return [f"{way} {part:.0%}" for way in WAYS for part in EDITS]


def _key(pair: copies.Pair) -> tuple[int, int]:
    return min(pair.first, pair.second), max(pair.first, pair.second)


def _row(texts: list[Text], found: set[tuple[int, int]]) -> str:
    right = sum(texts[one][0] == texts[other][0] for one, other in found)
    width = len(_kinds()) + 1
    hits = Counter(
        texts[family * width + at][1]
        for family in range(FAMILIES)
        for at in range(1, width)
        if (family * width, family * width + at) in found
    )
    recall = " | ".join(f"{hits[kind] / FAMILIES:.2f}" for kind in _kinds())
    return f"{len(found):,} | {right / max(1, len(found)):.3f} | {recall}"


def _files(texts: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for at, text in enumerate(texts):
            words = " ".join(text)
            page = f"<!doctype html><html><body><nav>menu</nav><p>{words}</p></body></html>"
            (Path(folder) / f"{at}.{'html' if at % 2 else 'txt'}").write_text(page if at % 2 else words)
        start = time.perf_counter()
        told = near.near(Path(folder))
        took = time.perf_counter() - start
    print(
        f"As files (half HTML), read in bounded processes: {len(told.texts):,} texts and "
        f"{len(told.pairs):,} pairs in {took:.1f} s.\n"
    )


def _sheet() -> None:
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        held = claims.hold(None, "liege").tables
        made = sheet.sheets(held)
        lines = [*sheet.every(made, "en"), *sheet.sources(held, claims.resting(held), "en")]
        times.append(time.process_time() - start)
    print(
        f"The dossier of the origin articles ({len(made)} entries, {held['source'].num_rows} sources, "
        f"{held['mutation'].num_rows} changes found) is read, judged without a case and laid out in {len(lines)} lines "
        f"in {statistics.median(times[1:]):.2f} s of processor time (median of {ROUNDS - 1}; the first, with the table "
        f"of units, {times[0]:.2f} s)."
    )


if __name__ == "__main__":
    main()
