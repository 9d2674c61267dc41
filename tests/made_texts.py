"""Made texts: articles of invented words, and copies of them with a part of their words changed."""

from __future__ import annotations

import random

SMALL = (
    "the", "of", "and", "to", "in", "a", "is", "that", "for", "it", "as", "was", "with", "be", "by", "on", "not", "he",
    "his", "but", "at", "are", "this", "have", "from", "or", "had", "an",
)  # fmt: skip


def vocabulary(rng: random.Random, many: int = 4000) -> list[str]:
    """Return invented words; a few are frequent, as in any language."""
    made = {
        "".join(rng.choice("bdfklmnprstv") + rng.choice("aeiou") for _ in range(rng.randint(2, 4))) for _ in range(many)
    }
    return sorted(made)


def article(rng: random.Random, words: list[str], length: int) -> list[str]:
    """Return a text: half of it small words, the others as rare as their place in the list."""
    return [
        rng.choice(SMALL) if rng.random() < 0.5 else words[min(len(words) - 1, int(rng.expovariate(1 / 400)))]
        for _ in range(length)
    ]


def edited(rng: random.Random, text: list[str], part: float, words: list[str]) -> list[str]:
    """Return a copy with a part changed, in stretches of 1 to 12 words as people do: replaced, dropped, added."""
    made: list[str] = []
    at = 0
    mean = 6.5
    while at < len(text):
        if rng.random() < part / mean / (1 - part + part / mean):
            stretch = rng.randint(1, 12)
            kind = rng.random()
            if kind < 0.7:
                made += article(rng, words, stretch)
            if kind < 0.9:
                at += stretch
            else:
                made += article(rng, words, stretch)
        else:
            made.append(text[at])
            at += 1
    return made


def scattered(rng: random.Random, text: list[str], part: float, words: list[str]) -> list[str]:
    """Return a copy with a part of its words changed one by one, all over it: the hardest to find by runs of words."""
    made: list[str] = []
    for word in text:
        kind = rng.random() / part
        if kind < 0.7:
            made += article(rng, words, 1)
        elif kind >= 1:
            made.append(word)
        elif kind >= 0.85:
            made += [word, *article(rng, words, 1)]
    return made
