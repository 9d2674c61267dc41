"""The frame of the kernel: what its functions need, numbers and addresses, in one array."""

from __future__ import annotations

import numpy as np

# fmt: off
FRAME = (
    "rows", "words", "shift", "weighed", "search", "k0", "k1", "text_size", "text", "offsets", "bits", "weights",
    "filled", "marks", "masks", "inside", "formed", "held", "sizes", "slots", "answers", "patterns", "counts",
    "buffer", "lanes", "ends", "touched", "sets", "by_size", "spread", "blanks", "used", "next", "kinds", "column",
    "starts", "groups", "direct", "first", "classes", "able", "find_next", "find_kinds", "find_column",
    "find_starts", "find_direct", "find_first", "find_classes", "gate", "gate_end", "gate_fresh", "gate_top",
    "gate_around", "gate_local", "check", "least", "most",
)
"""What stands where: numbers, then addresses and what goes with them."""
(
    ROWS, WORDS, SHIFT, WEIGHED, SEARCH, K0, K1, TEXT_SIZE, TEXT, OFFSETS, BITS, WEIGHTS, FILLED, MARKS, MASKS,
    INSIDE, FORMED, HELD, LENGTHS, SLOTS, ANSWERS, PATTERNS, COUNTS, BUFFER, LANE, ENDS, TOUCHED, SETS, BY_SIZE,
    SPREAD, BLANKS, USED, NEXT, KINDS, COLUMN, STARTS, GROUPS, DIRECT, FIRST, CLASSES, ABLE, FIND_NEXT, FIND_KINDS,
    FIND_COLUMN, FIND_STARTS, FIND_DIRECT, FIND_FIRST, FIND_CLASSES, GATE, GATE_END, GATE_FRESH, GATE_TOP,
    GATE_AROUND, GATE_LOCAL, CHECK, LEAST, MOST,
) = (np.uint64(place) for place in range(len(FRAME)))
# fmt: on
