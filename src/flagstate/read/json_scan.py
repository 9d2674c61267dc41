"""Walks JSON byte by byte, compiled: it learns which paths there are, and then where the values of a table stand.

The walk goes on with the next block: outside a row behind each token, inside a row by beginning that row again. Nothing
is built but numbers: a tree of paths, and for each cell its place, size and form in the block.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

DEEPEST = 256
"""Levels of nesting; a file that goes deeper is taken for damaged from there."""
MOST_NODES = 20_000
"""Distinct paths that are told apart."""
SLOTS, KEY_BYTES = 1 << 16, 4 << 20
LONGEST_KEY, LONGEST_NUMBER = 2_000, 4_096
MOST_PLACES = 2_000
"""Places of a row that is an array; each is a column."""

AT, DEPTH, EXPECT, NODE, ROWS, ROW_DEPTH, RAW_DEPTH, RAW_START, RAW_COLUMN = range(9)
SAFE_AT, SAFE_DEPTH, SAFE_EXPECT, LEARN, NODES, KEYS, TOPS, FIRST, OVER, OVER_KEY, LINES = range(9, 20)
STRICT, FAULT, STATE = 20, 21, 22
"""Numbers that one call of the walk hands to the next."""

VALUE, FIRST_VALUE, KEY, FIRST_KEY, COMMA = range(5)
"""What may come next."""

MORE, FULL, BAD, DEEP = range(4)
"""Why a walk ended: it wants more bytes, its rows are full, the text is no JSON, it nests too deeply."""

ITEM = -1
"""Size of a key that is no key: any element of an array; -2 and below: the element at a place."""
PLAIN, ESCAPED, RAW = range(3)
"""Form of a cell: bytes as they are, a string with escapes, JSON text."""

Ints = npt.NDArray[np.int32]

JIT: Any = numba.njit
"""It knows `_nrt=False`: nothing is allocated, and counting references would take most of the time."""

Array = Any
"""Arrays and numbers of types that the compiler finds out."""


class Tree(NamedTuple):
    """The paths of a file: node 0 is a value at the top."""

    slot_hash: npt.NDArray[np.uint64]
    slot_node: Ints
    item: Ints
    """The node of the elements of an array, or -1."""
    parent: Ints
    key_at: Ints
    """Where the key stands in `keys`."""
    key_size: Ints
    """Bytes of the key, or `ITEM`, or `-2 - place`."""
    keys: npt.NDArray[np.uint8]
    counts: npt.NDArray[np.int64]
    """Per node: how many scalars (without null), objects and arrays stand there."""


class Roles(NamedTuple):
    """What a node is in the table that is being read."""

    row: npt.NDArray[np.uint8]
    """A value here begins a row."""
    column: Ints
    """Column of values here, or -1: they are left out."""
    key_column: Ints
    """Column of the key itself, or -1."""
    open: npt.NDArray[np.uint8]
    """Objects (1), arrays (2) here are laid out in columns; else they stay JSON text."""


class Stack(NamedTuple):
    """The open objects and arrays."""

    kind: npt.NDArray[np.uint8]
    node: Ints
    place: Ints


def new_tree() -> Tree:
    """Return a tree with its top only."""
    ints = np.full((4, MOST_NODES), -1, np.int32)
    return Tree(
        np.zeros(SLOTS, np.uint64), np.full(SLOTS, -1, np.int32), ints[0], ints[1], ints[2], ints[3],
        np.zeros(KEY_BYTES, np.uint8), np.zeros((MOST_NODES, 3), np.int64),
    )  # fmt: skip


def new_roles() -> Roles:
    """Return roles of which none is given."""
    columns = np.full((2, MOST_NODES), -1, np.int32)
    marks = np.zeros((2, MOST_NODES), np.uint8)
    return Roles(marks[0], columns[0], columns[1], marks[1])


def new_stack() -> Stack:
    """Return an empty stack."""
    return Stack(np.zeros(DEEPEST + 2, np.uint8), np.full(DEEPEST + 2, -1, np.int32), np.zeros(DEEPEST + 2, np.int32))


def new_state(*, learn: bool, lines: bool, strict: bool = False) -> npt.NDArray[np.int64]:
    """Return the state before the first byte.

    Args:
        learn: Paths are learnt; else the cells of a table are given.
        lines: Values at the top are rows, also where they are arrays.
        strict: No value at the top goes on in a second line.
    """
    state = np.zeros(STATE, np.int64)
    state[[ROW_DEPTH, RAW_DEPTH, OVER, OVER_KEY, FIRST]] = -1
    state[NODES], state[LEARN], state[LINES], state[STRICT] = 1, learn, lines, strict
    return state


def _compiled(function: Array) -> Array:
    # Laid out within the walk itself: a call that passes arrays costs more than what it does.
    return JIT(inline="always", boundscheck=False, error_model="numpy", _nrt=False)(function)


def _key_end_(buf: Array, at: int, size: int) -> tuple[Array, Array]:
    """Where the string that begins at `at` ends (-1: not here, -2: never), and its hash."""
    mixed = np.uint64(14695981039346656037)
    while at < size:
        byte = buf[at]
        if byte == 34:
            return at, mixed
        if byte == 10:
            return -2, mixed
        mixed = (mixed ^ np.uint64(byte)) * np.uint64(1099511628211)
        at += 1
        if byte == 92:
            if at >= size:
                return -1, mixed
            mixed = (mixed ^ np.uint64(buf[at])) * np.uint64(1099511628211)
            at += 1
    return -1, mixed


def _text_end_(buf: Array, at: int, size: int) -> tuple[Array, Array]:
    """Where the string that begins at `at` ends (-1: not here, -2: never), and its form."""
    form = 0
    while at < size:
        byte = buf[at]
        if byte == 34:
            return at, form
        if byte == 92:
            form = 1
            at += 1
        elif byte == 10:
            return -2, form
        at += 1
    return -1, form


def _word_end_(buf: Array, at: int, size: int, final: bool) -> tuple[Array, Array]:
    """Where a number or word ends (-1: not here, -2: it is none), and whether it is a value (not null)."""
    begin = at
    number = True
    while at < size:
        byte = buf[at]
        if byte == 44 or byte == 93 or byte == 125 or byte <= 32:
            break
        number &= (48 <= byte <= 57) or byte == 45 or byte == 43 or byte == 46 or byte == 69 or byte == 101
        at += 1
        if at - begin > LONGEST_NUMBER:
            return -2, 0
    if at >= size and not final:
        return -1, 0
    first, long = buf[begin], at - begin
    if number and (48 <= first <= 57 or (first == 45 and long > 1)):
        return at, 1
    last = buf[at - 1]
    if (first == 116 and long == 4) or (first == 102 and long == 5):  # true, false
        return (at, 1) if last == 101 else (-2, 0)
    if first == 110 and long == 4 and last == 108:  # null
        return at, 0
    if (first == 78 and long == 3) or (first == 73 and long == 8) or (first == 45 and long == 9):  # NaN, Infinity
        return at, 0
    return -2, 0


def _child_(tree: Array, state: Array, parent: int, mixed: Array, buf: Array, at: int, size: int) -> Array:
    """Node of a key below its parent, or -1; `size` below 0 is the place of an element."""
    mixed = (np.uint64(mixed) ^ (np.uint64(parent + 1) * np.uint64(0x9E3779B97F4A7C15))) * np.uint64(0xD6E8FEB86659FD93)
    slot = np.int64(mixed >> np.uint64(48))
    while tree.slot_node[slot] >= 0:
        if tree.slot_hash[slot] == mixed:
            return np.int64(tree.slot_node[slot])
        slot = (slot + 1) & (SLOTS - 1)
    kept = max(0, min(size, LONGEST_KEY))
    node = state[NODES]
    if not state[LEARN] or node >= MOST_NODES or state[KEYS] + kept > KEY_BYTES:
        return -1
    tree.slot_hash[slot], tree.slot_node[slot] = mixed, node
    tree.parent[node], tree.key_at[node] = parent, state[KEYS]
    tree.key_size[node] = kept if size >= 0 else size
    for place in range(kept):
        tree.keys[state[KEYS] + place] = buf[at + place]
    state[KEYS] += kept
    state[NODES] = node + 1
    return np.int64(node)


def _element_(tree: Array, state: Array, parent: int, place: int, buf: Array) -> Array:
    """Node of an element of an array: one for all of them, or one per place where the array is a row itself."""
    if parent < 0:
        return -1
    if tree.key_size[parent] == ITEM if parent else state[LINES]:
        if place >= MOST_PLACES:
            return -1
        mixed = np.uint64(place) * np.uint64(0x2545F4914F6CDD1D)
        return np.int64(child(tree, state, parent, mixed, buf, 0, -2 - place))
    if tree.item[parent] < 0 and state[LEARN] and state[NODES] < MOST_NODES:
        node = state[NODES]
        tree.item[parent], tree.parent[node], tree.key_size[node] = node, parent, ITEM
        state[NODES] = node + 1
    return np.int64(tree.item[parent])


key_end = _compiled(_key_end_)
text_end = _compiled(_text_end_)
word_end = _compiled(_word_end_)
child = _compiled(_child_)
element = _compiled(_element_)


def _put_(cells: Array, state: Array, column: int, start: int, size: int, form: int) -> None:
    """Note a cell of the open row; the first of two that share a column stays."""
    if column >= 0 and cells[column, state[ROWS]] < 0:
        cells[column, state[ROWS]] = (np.int64(start) << 32) | (np.int64(size) << 2) | np.int64(form)


def _begin_row_(state: Array, at: int, depth: int, expect: int) -> None:
    state[SAFE_AT], state[SAFE_DEPTH], state[SAFE_EXPECT] = at, depth, expect
    state[ROW_DEPTH] = depth


put = _compiled(_put_)
begin_row = _compiled(_begin_row_)


def _done_(state: Array, stack: Array, cells: Array, at: int, depth: int) -> None:
    """A value ended before `at`, and the walk stands at `depth` again."""
    if state[RAW_DEPTH] == depth:
        put(cells, state, state[RAW_COLUMN], state[RAW_START], at - state[RAW_START], RAW)
        state[RAW_DEPTH] = -1
    if state[ROW_DEPTH] == depth:
        state[ROWS] += 1
        state[ROW_DEPTH] = -1
    state[TOPS] += depth == 0
    state[AT], state[DEPTH], state[EXPECT] = at, depth, COMMA if depth else VALUE


def _key_(buf: Array, size: int, state: Array, stack: Array, tree: Array, roles: Array, cells: Array) -> Array:
    """Take a key and its colon; returns MORE, FULL or BAD to end the walk, else -1."""
    at, depth = state[AT], state[DEPTH]
    if buf[at] != 34:
        return BAD
    end, mixed = key_end(buf, at + 1, size)
    if end < 0:
        return MORE if end == -1 else BAD
    colon = end + 1
    while colon < size and buf[colon] <= 32:
        colon += 1
    if colon >= size:
        return MORE
    if buf[colon] != 58:
        return BAD
    node = -1
    if state[RAW_DEPTH] < 0:
        parent = stack.node[depth]
        node = child(tree, state, parent, mixed, buf, at + 1, end - at - 1) if parent >= 0 else -1
        if not state[LEARN]:
            if node >= 0 and roles.row[node] and state[ROW_DEPTH] < 0:
                if state[ROWS] >= cells.shape[1]:
                    return FULL
                begin_row(state, at, depth, KEY)
            if state[ROW_DEPTH] >= 0:
                column = roles.key_column[node] if node >= 0 else state[OVER_KEY]
                put(cells, state, column, at + 1, end - at - 1, ESCAPED)
    state[NODE], state[AT], state[EXPECT] = node, colon + 1, VALUE
    return -1


done = _compiled(_done_)
key = _compiled(_key_)


def _value_(
    buf: Array,
    size: int,
    final: bool,
    state: Array,
    stack: Array,
    tree: Array,
    roles: Array,
    cells: Array
) -> Array:  # fmt: skip
    """Take a scalar, or the beginning of an object or array; returns as `key`."""
    at, depth = state[AT], state[DEPTH]
    node = 0 if depth == 0 else state[NODE]
    if state[RAW_DEPTH] >= 0:
        node = -1
    elif depth and stack.kind[depth] == 91:
        node = element(tree, state, stack.node[depth], stack.place[depth], buf)
    learn = state[LEARN]
    if not learn and node >= 0 and roles.row[node] and state[ROW_DEPTH] < 0:
        if state[ROWS] >= cells.shape[1]:
            return FULL
        begin_row(state, at, depth, VALUE)
    fills = state[ROW_DEPTH] >= 0 and state[RAW_DEPTH] < 0
    column = -1 if not fills else roles.column[node] if node >= 0 else state[OVER]
    byte = buf[at]
    if byte == 123 or byte == 91:
        if depth >= DEEPEST:
            return DEEP
        if learn and node >= 0:
            tree.counts[node, 1 if byte == 123 else 2] += 1
        if state[FIRST] < 0:
            state[FIRST] = byte
        if fills and (node < 0 or not roles.open[node] & (1 if byte == 123 else 2)):
            state[RAW_DEPTH], state[RAW_START], state[RAW_COLUMN] = depth, at, column
        depth += 1
        stack.kind[depth], stack.node[depth], stack.place[depth] = byte, node, 0
        state[AT], state[DEPTH], state[EXPECT] = at + 1, depth, FIRST_KEY if byte == 123 else FIRST_VALUE
        return -1
    if byte == 34:
        end, form = text_end(buf, at + 1, size)
        if end < 0:
            return MORE if end == -1 else BAD
        put_at, put_size, filled, after = at + 1, end - at - 1, 1, end + 1
    else:
        end, filled = word_end(buf, at, size, final)
        if end < 0:
            return MORE if end == -1 else BAD
        put_at, put_size, form, after = at, end - at, PLAIN, end
    if filled and fills:
        put(cells, state, column, put_at, put_size, form)
    if learn and filled and node >= 0:
        tree.counts[node, 0] += 1
    if state[FIRST] < 0:
        state[FIRST] = 0
    done(state, stack, cells, after, depth)
    return -1


value = _compiled(_value_)


def _walk_(
    buf: Array,
    size: int,
    final: bool,
    state: Array,
    stack: Array,
    tree: Array,
    roles: Array,
    cells: Array
) -> Array:  # fmt: skip
    """Walk to the end of a block; returns why it ended, with `state[AT]` where the next call must begin."""
    ended = -1
    while ended < 0:
        at, within = state[AT], state[STRICT] and state[DEPTH]
        while at < size and (buf[at] == 32 or (buf[at] == 10 and not within) or buf[at] == 13 or buf[at] == 9):
            at += 1
        state[AT] = at
        if at >= size:
            ended = MORE
            break
        byte, expect, depth = buf[at], state[EXPECT], state[DEPTH]
        closes = byte == 125 if depth and stack.kind[depth] == 123 else byte == 93
        if expect == COMMA and byte == 44:
            state[EXPECT] = KEY if stack.kind[depth] == 123 else VALUE
            stack.place[depth] += 1
            state[AT] = at + 1
        elif closes and depth and expect in (COMMA, FIRST_KEY, FIRST_VALUE):
            done(state, stack, cells, at + 1, depth - 1)
        elif expect == COMMA:
            ended = BAD
        elif expect in (KEY, FIRST_KEY):
            ended = key(buf, size, state, stack, tree, roles, cells)
        else:
            ended = value(buf, size, final, state, stack, tree, roles, cells)
    state[FAULT] = state[AT]
    if state[ROW_DEPTH] >= 0:
        # The open row begins again with the next call.
        state[AT], state[DEPTH], state[EXPECT] = state[SAFE_AT], state[SAFE_DEPTH], state[SAFE_EXPECT]
        state[ROW_DEPTH] = state[RAW_DEPTH] = -1
        cells[:, state[ROWS]] = -1
    return ended


walk = JIT(cache=True, nogil=True, boundscheck=False, error_model="numpy", _nrt=False)(_walk_)
