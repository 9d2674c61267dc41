"""Where a person's name stands inside another name: `maximilian.oberhuber`, `SmithJohn`, `parcels-of-garcia`.

Three strictnesses: `domain` finds only a known forename beside a known surname; `name` also a forename beside a word
that is neither ordinary nor known, and a single name that stands alone; `label` (sub-domains) also a name among words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from flagstate.catalog.names import Names, fold, load

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
CAMEL = re.compile(r"(?<=[a-zß-ÿ])(?=[A-ZÀ-Þ])")
BETWEEN = re.compile(r"[\s._+\-,~]{0,3}")
EDGES = frozenset("./\\:?&=;,|@#[](){}<>\"'‹›* \t")
PARTICLES = frozenset(
    re.findall("[a-z]+", "van von de der den del della di da dos do du la le el al bin ben ibn ten ter zu of y e st")
)
IDEOGRAPH = "[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
CJK = re.compile(f"(?<!{IDEOGRAPH}){IDEOGRAPH}{{2,6}}(?!{IDEOGRAPH})")
VOWEL = re.compile(r"[aeiouyà-ÿ]")

Span = tuple[int, int, str]


@dataclass(frozen=True)
class Word:
    """A run of letters, as camel case divides it."""

    start: int
    end: int
    text: str
    folded: str

    @property
    def titled(self) -> bool:
        """Whether it is written with one capital, as a name is."""
        return len(self.text) > 1 and self.text[0].isupper() and not self.text[1:].isupper()


def words(text: str) -> list[Word]:
    """Return the words of a name, in order."""
    found = []
    for run in WORD.finditer(text):
        cuts = [0, *(m.start() for m in CAMEL.finditer(run.group())), len(run.group())]
        for left, right in pairwise(cuts):
            part = run.group()[left:right]
            found.append(Word(run.start() + left, run.start() + right, part, fold(part)))
    return found


def person_spans(text: str, level: str) -> list[Span]:
    """Return where persons' names stand.

    Args:
        text: A name; up to some thousand characters.
        level: domain, name or label.
    """
    names = load()
    listed = words(text)
    spans: list[Span] = []
    for place, first in enumerate(listed):
        second = _next(text, listed, place)
        if second and (_pair(first, second, names) or (level != "domain" and _guess(text, first, second, names))):
            spans.append((first.start, second.end, "name"))
        elif level != "domain" and _alone(text, first, names, among=level == "label"):
            spans.append((first.start, first.end, "name"))
        elif level != "domain" and (joined := _joined(first, names)):
            spans.append((first.start + joined[0], first.end, "name"))
    spans.extend((m.start(), m.end(), "name") for m in CJK.finditer(text) if _cjk(m.group(), names))
    return _united(spans)


def _united(spans: list[Span]) -> list[Span]:
    """Names that overlap are one: of `link Anna Moreau` the first two words alone would leave the surname."""
    made: list[Span] = []
    for start, end, token in sorted(spans):
        if made and start < made[-1][1]:
            made[-1] = (made[-1][0], max(end, made[-1][1]), token)
        else:
            made.append((start, end, token))
    return made


def _next(text: str, listed: list[Word], place: int) -> Word | None:
    """The word that may be the other half of a name: initials and particles between them are skipped."""
    last = listed[place]
    for step, word in enumerate(listed[place + 1 : place + 5]):
        if not BETWEEN.fullmatch(text, last.end, word.start):
            return None
        if step == 3 or (len(word.folded) > 1 and word.folded not in PARTICLES):
            return word
        last = word
    return None


def _pair(first: Word, second: Word, names: Names) -> bool:
    a, b = first.folded, second.folded
    forwards = a in names.given and (b in names.family or b in names.given)
    if not forwards and not (a in names.family and b in names.given):
        return False
    if CJK.fullmatch(a + b):
        return True
    if len(a) < 3 and len(b) < 3:
        return False
    plain = (a in names.words or a in names.technical) + (b in names.words or b in names.technical)
    written = first.titled and second.titled and first.end < second.start
    if plain == 2:
        return written and {a, b}.isdisjoint(names.technical)
    if min(len(a), len(b)) < 4:
        return (plain == 0 and len(a) + len(b) >= 6) or (written and len(a) + len(b) >= 6)
    return plain == 0 or written or len(a) + len(b) >= 8


def _guess(text: str, first: Word, second: Word, names: Names) -> bool:
    """A strong forename beside a word that is not an ordinary one: the surname is in no dictionary."""
    apart = text[first.end : second.start].strip("-+") != ""
    for known, other in ((first, second), (second, first)):
        surname = known.folded in names.family and known.titled and other.titled and apart
        if known.folded in names.words or len(known.folded) < 4 or not (surname or known.folded in names.given):
            continue
        if other.folded in names.words or other.folded in names.technical or not other.folded.isalpha():
            continue
        stem = other.folded[:-1] if other.folded.endswith("s") else other.folded
        if stem in names.words or stem in names.technical:
            continue
        if known.titled and other.titled and len(other.folded) > 2:
            return True
        if len(other.folded) > 4 and VOWEL.search(other.folded) and first.end < second.start:
            return True
    return False


def _alone(text: str, word: Word, names: Names, *, among: bool) -> bool:
    """A name by itself: a whole label, stem, column or path segment; digits may follow it."""
    known = (word.folded in names.given and len(word.folded) >= 4) or (
        word.folded in names.family and len(word.folded) >= 5
    )
    if not known or word.folded in names.words or word.folded in names.technical:
        return False
    left, right = word.start, word.end
    while right < len(text) and (text[right].isdigit() or (text[right] in "_-" and text[right + 1 :].isdigit())):
        right += 1
    edges = EDGES | frozenset("-_")
    open_left = left == 0 or text[left - 1] in EDGES
    open_right = right == len(text) or text[right] in EDGES
    if open_left and open_right:
        return True
    if not among and not (word.folded in names.given and len(word.folded) >= 5):
        return False
    return (left == 0 or text[left - 1] in edges) and (right == len(text) or text[right] in edges)


def _joined(word: Word, names: Names) -> tuple[int] | None:
    """Both halves in one run of letters, such as `johnsmith`."""
    text = word.folded
    if not 8 <= len(text) <= 32 or len(text) != len(word.text) or text in names.words or text in names.family:
        return None
    for cut in range(4, len(text) - 3):
        a, b = text[:cut], text[cut:]
        if a in names.words and b in names.words:
            continue
        strong = (a in names.given and b in names.family) or (a in names.family and b in names.given)
        if strong and a not in names.technical and b not in names.technical and (a not in names.words or len(a) > 4):
            return (0,)
    return None


def _cjk(text: str, names: Names) -> bool:
    return any(text[:cut] in names.family and text[cut:] in names.given for cut in range(1, len(text)))
