"""Arrays that the kernel looks up, made from the automata of the forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from flagstate.enrich.classify.automaton import Automaton, columns, union
from flagstate.errors import CatalogError

DIGIT, UPPER, LOWER, EQUALS, OTHER = 1, 2, 4, 8, 16
MIXES = 32
ALPHABETS = 56
"""Most classes that are no more than an alphabet; the bits above are kinds of characters."""
SIZES = 1024
"""Lengths in characters that are told apart; the last means longer."""
PLACES, BUCKETS = 5, 10
"""The filter looks at the byte before an edge and PLACES after it, for BUCKETS groups of classes."""
LANES = 3
"""Automata that the kernel steps at once: they wait for memory, not for each other."""
GROUPED = 8_000
"""States of a planned group."""
BOUND = 20_000
"""States of one union; more are split into two."""
STATES = 250_000
"""States altogether."""
WIDE = 60
"""A class whose first byte is one of so many or more, and that needs an @, is found around the @."""
U1, U64 = np.uint64(1), np.uint64
BYTES = np.arange(256)
ALNUM = np.array([chr(b).isalnum() and b < 128 for b in range(256)])
KINDS = np.array(
    [
        DIGIT if 48 <= b < 58 else UPPER if 65 <= b < 91 else LOWER if 97 <= b < 123 else EQUALS if b == 61 else OTHER
        for b in range(256)
    ]
)


class Tables(NamedTuple):
    """Automata side by side; a state is the place of its row, and the row at 0 is dead in all of them."""

    next: npt.NDArray[np.uint32]
    """[state + column of a byte]: next state; in the last column: the row of accepted classes, 0 none."""
    kinds: npt.NDArray[np.uint8]
    """By byte: its column."""
    last: np.uint64
    """The last column."""
    starts: npt.NDArray[np.uint64]
    """Where each automaton starts; LANES or a multiple of it, 0 where there is none."""
    direct: npt.NDArray[np.uint64]
    """[row, word]: accepted classes that need nothing more."""
    first: npt.NDArray[np.uint64]
    """Where the classes of a row begin that need more."""
    classes: npt.NDArray[np.uint64]
    """These classes."""
    able: npt.NDArray[np.uint64]
    """[automaton, kinds of characters, first byte's column]: lengths that some class has; bit 63: and longer."""


class Alphabets(NamedTuple):
    """Classes that are no more than characters of a set."""

    sets: npt.NDArray[np.uint64]
    """By byte: the classes that allow it; above ALPHABETS, kinds of characters that the byte is not."""
    sizes: npt.NDArray[np.uint64]
    """By number of characters (the last: or more): the classes that allow it."""
    words: npt.NDArray[np.uint64]
    """[byte of the set, its value, word]: the set as bits of classes."""
    blank: np.uint64
    """The classes that allow blanks beyond ASCII."""
    used: np.uint64
    """Bytes of the set that are in use."""


class Filter(NamedTuple):
    """What lets only promising edges of runs through to the find automata."""

    sets: npt.NDArray[np.uint64]
    """By byte: for each place and bucket, whether the byte may stand there."""
    end: np.uint64
    """The same for the end of the text."""
    fresh: np.uint64
    """All buckets at place 0."""
    top: np.uint64
    """All buckets at the last place."""
    around: np.uint64
    """The last place of the bucket of classes that are found around an @."""
    local: npt.NDArray[np.uint8]
    """By byte: whether it may stand before that @."""


def tables(
    parts: Sequence[tuple[int, Automaton]], groups: Sequence[Sequence[int]], more: set[int], words: int
) -> Tables:
    """Return automata as arrays.

    Args:
        parts: Bit of the class, and its form.
        groups: Places in `parts` that walk together; a group that needs too many states is split.
        more: Classes whose acceptance needs a check or a length.
        words: 64-bit words of a mask.

    Raises:
        CatalogError: All together need more than STATES states.
    """
    forms = [form for _, form in parts]
    kinds = columns(forms) if forms else np.zeros(256, np.uint8)
    width = int(kinds.max()) + 2
    blocks, starts, accepted, able = [np.zeros((1, width), np.int64)], [], [np.zeros((1, len(parts)), bool)], []
    total = 1
    waiting = [list(group) for group in groups]
    while waiting:
        group = waiting.pop(0)
        if not group:
            starts.append(0)
            able.append(np.zeros((MIXES, width), U64))
            continue
        made = union([forms[place] for place in group], kinds, BOUND if len(group) > 1 else STATES)
        if made is None:
            # Forms that are large alone multiply most: they go their own way.
            order = sorted(group, key=lambda place: (len(forms[place].next), place))
            waiting[:0] = [order[: len(order) // 2], order[len(order) // 2 :]]
            continue
        moves, accepts = made
        block = np.zeros((len(moves) - 1, width), np.int64)
        block[:, :-1] = np.where(moves[1:] > 0, moves[1:] + (total - 1), 0) * width
        wide = np.zeros((len(moves) - 1, len(parts)), bool)
        wide[:, group] = accepts[1:]
        blocks.append(block)
        accepted.append(wide)
        starts.append(total * width)
        able.append(_able([forms[place] for place in group], kinds, width))
        total += len(moves) - 1
    if total > STATES:
        raise CatalogError(f"The forms of the data classes need {total} states", todo="Bound repeats in new shapes")
    while len(starts) % LANES:
        starts.append(0)
        able.append(np.zeros((MIXES, width), U64))
    block = np.concatenate(blocks)
    rows, accept = np.unique(np.concatenate(accepted), axis=0, return_inverse=True)
    block[:, -1] = accept.reshape(-1)
    direct, first, classes = np.zeros((len(rows), words), U64), [0], []
    for number, row in enumerate(rows):
        for bit in (parts[place][0] for place in np.flatnonzero(row).tolist()):
            if bit in more:
                classes.append(bit)
            else:
                direct[number, bit // 64] |= U1 << U64(bit % 64)
        first.append(len(classes))
    return Tables(
        next=block.astype(np.uint32).reshape(-1), kinds=kinds, last=U64(width - 1), starts=np.array(starts, U64),
        direct=direct, first=np.array(first, U64), classes=np.array(classes or [0], U64),
        able=np.array(able, U64),
    )  # fmt: skip


def grouping(forms: Sequence[Automaton]) -> list[int]:
    """Return by form the automaton it should be part of, so that few of at most GROUPED states do; some minutes.

    Forms are taken in order of their own size, as many at a time as fit.
    """
    kinds = columns(forms)
    todo = sorted(range(len(forms)), key=lambda place: (len(forms[place].next), place))
    made, number = [0] * len(forms), 0
    while todo:
        group: list[int] = []
        late: list[int] = []
        chunks = [todo]
        while chunks:
            chunk = chunks.pop(0)
            if union([forms[place] for place in group + chunk], kinds, GROUPED) is not None or not group + chunk[1:]:
                group += chunk
            elif len(chunk) == 1:
                late += chunk
            else:
                chunks[:0] = [chunk[: len(chunk) // 2], chunk[len(chunk) // 2 :]]
        for place in group:
            made[place] = number
        todo, number = late, number + 1
    return made


def _able(forms: Sequence[Automaton], kinds: npt.NDArray[np.uint8], width: int) -> npt.NDArray[np.uint64]:
    """Return [kinds of characters, column of the first byte]: lengths of accepted values as bits."""
    made = np.zeros((MIXES, width), U64)
    top = U64(1 << 63)
    for form in forms:
        _, heads, inverse = np.unique(form.next, axis=1, return_index=True, return_inverse=True)
        for mix in range(1, MIXES):
            held = np.flatnonzero(KINDS & mix)
            heads = np.array(sorted({int(np.flatnonzero(inverse == k)[0]) for k in set(inverse[held].tolist())}))
            thin = form.next[:, heads]
            here = form.accepts.astype(U64)
            lengths = here
            while True:
                onward = np.bitwise_or.reduce(lengths[thin], axis=1)
                fresh = here | (onward << U1) | (onward & top)
                if np.array_equal(fresh, lengths):
                    break
                lengths = fresh
            begun = lengths[form.next[1, held]]
            np.bitwise_or.at(made[mix], kinds[held], (begun << U1) | (begun & top))
    return made


def alphabets(parts: Sequence[tuple[int, Automaton]], words: int) -> Alphabets:
    """Return the classes that are no more than characters of a set; there are at most ALPHABETS."""
    sets = np.zeros(256, U64)
    sizes = np.zeros(SIZES + 1, U64)
    spread, blank = np.zeros((8, 256, words), U64), U64(0)
    for bit, (number, form) in enumerate(parts):
        flag = U1 << U64(bit)
        allowed = np.array([form.alphabet >> min(int(b), 128) & 1 for b in BYTES], bool)
        sets[allowed] |= flag
        blank |= flag * U64(form.alphabet >> 129 & 1)
        most = form.most or SIZES
        sizes[form.least : most + 1] |= flag
        for value in BYTES[(BYTES >> (bit % 8)) & 1 == 1]:
            spread[bit // 8, value, number // 64] |= U1 << U64(number % 64)
    for place, kind in enumerate((DIGIT, UPPER, LOWER, EQUALS, OTHER)):
        sets[kind != KINDS] |= U1 << U64(ALPHABETS + place)
    sets[BYTES < 128] |= U1 << U64(ALPHABETS + 5)
    return Alphabets(sets, sizes, spread, blank, U64((len(parts) + 7) // 8))


def _places(form: Automaton) -> list[npt.NDArray[np.bool_]]:
    """Return [place, byte or end]: what may stand at the first places of a value and just after a short one.

    First bytes that lead to different states have each their own, and so has each length of a short value: what
    follows one does not follow the other.
    """
    found = []
    for opening in sorted(set(form.next[1].tolist()) - {0}):
        layers = [np.array([opening])]
        for _ in range(1, PLACES):
            going = layers[-1][~form.accepts[layers[-1]]]
            layers.append(np.setdiff1d(form.next[going], [0]))
        for length in range(1, PLACES + 1):
            goal = layers[length - 1]
            if length < PLACES:
                goal = goal[form.accepts[goal]]
            if not len(goal):
                continue
            made = np.zeros((PLACES, 257), bool)
            if length < PLACES:
                # A value ends before what is no letter or digit, unless it goes on.
                made[length, :256] = (form.next[goal] > 0).any(axis=0) | ~ALNUM
                made[length, 256] = made[length + 1 :] = True
            for place in range(length - 1, 0, -1):
                before = layers[place - 1][~form.accepts[layers[place - 1]]]
                leads = np.isin(form.next[before], goal)
                made[place, :256] = leads.any(axis=0)
                goal = before[leads.any(axis=1)]
            made[0, :256] = form.next[1] == opening
            found.append(made)
    return found


def around(form: Automaton) -> npt.NDArray[np.bool_] | None:
    """Return the bytes that may stand before the first @, when the form begins in many ways and needs an @."""
    if int((form.next[1] > 0).sum()) < WIDE:
        return None
    seen, waiting, local = {1}, [1], np.zeros(256, bool)
    while waiting:
        state = waiting.pop()
        if form.accepts[state]:
            return None
        moves = form.next[state].copy()
        moves[64] = 0
        local |= moves > 0
        for target in set(moves.tolist()) - seen - {0}:
            seen.add(target)
            waiting.append(target)
    return local


def _typical() -> npt.NDArray[np.float64]:
    """Return [byte or end, kind of text]: how common a byte is in words, in numbers and in codes.

    The product over all places of a word, say, is how often such a word comes.
    """
    lower, digit = (KINDS == LOWER) * 1.0, (KINDS == DIGIT) * 1.0
    hexes = np.isin(BYTES, [ord(c) for c in "abcdef"]) * 1.0
    made = np.zeros((257, 3))
    for kind, (share, weight) in enumerate((
        (0.6, lower * 3 + (KINDS == UPPER) * 0.2 + ~ALNUM * 0.07), (0.2, digit * 3 + ~ALNUM * 0.07),
        (0.2, digit * 3 + hexes * 3 + lower + (KINDS == UPPER) + ~ALNUM * 0.07),
    )):  # fmt: skip
        made[:256, kind] = weight / weight.sum() * share ** (1 / PLACES)
    return made


def _merged(groups: list[npt.NDArray[np.bool_]], weight: npt.NDArray[np.float64]) -> list[npt.NDArray[np.bool_]]:
    """Return BUCKETS - 1 groups at most, where merging lets least text through that is weighed by byte."""
    made = np.array(groups).reshape(-1, PLACES, 257)
    own = (made @ weight).prod(axis=1).sum(axis=1)
    extra = np.zeros((len(made), len(made)))
    for place in range(len(made)):
        extra[place] = _extra(made, own, place, weight)
    while len(made) > BUCKETS - 1:
        one, two = sorted(divmod(int(extra.argmin()), len(made)))
        made[one] |= made[two]
        made, own = np.delete(made, two, axis=0), np.delete(own, two)
        extra = np.delete(np.delete(extra, two, axis=0), two, axis=1)
        own[one] = (made[one] @ weight).prod(axis=0).sum()
        extra[one] = extra[:, one] = _extra(made, own, one, weight)
    return list(made)


def _extra(
    made: npt.NDArray[np.bool_], own: npt.NDArray[np.float64], place: int, weight: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    cost = ((made | made[place]) @ weight).prod(axis=1).sum(axis=1) - own - own[place]
    cost[place] = np.inf
    return np.asarray(cost)


def edges(forms: Sequence[Automaton]) -> Filter:
    """Return the filter of the forms that are looked for inside values."""
    local = np.zeros(256, bool)
    groups: list[npt.NDArray[np.bool_]] = []
    for form in forms:
        before = around(form)
        if before is None:
            groups += _places(form)
        else:
            local |= before
    groups = _merged(groups, _typical())
    sets = np.zeros(257, U64)
    for bucket, group in enumerate(groups):
        sets[np.append(~ALNUM, False)] |= U1 << U64(bucket)
        for place in range(PLACES):
            sets[group[place]] |= U1 << U64((place + 1) * BUCKETS + bucket)
    if local.any():
        last = BUCKETS - 1
        sets[:256] |= U1 << U64(last)
        sets[64] |= U1 << U64(BUCKETS + last)
        for place in range(1, PLACES):
            sets |= U1 << U64((place + 1) * BUCKETS + last)
    full = (1 << BUCKETS) - 1
    return Filter(
        sets[:256].copy(), sets[256], U64(full), U64(full << (PLACES * BUCKETS)),
        U64(1 << (PLACES * BUCKETS + BUCKETS - 1)), local.astype(np.uint8),
    )  # fmt: skip
