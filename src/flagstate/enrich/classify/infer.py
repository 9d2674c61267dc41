"""What texts of goods and categories, and codes of goods, tell of the persons beside them.

Only which topic a row tells leaves this module, and only as counts: never the row, never the text.

What it cannot see: goods whose description says nothing (`gift`, `accessories`), terms that are in no list, languages
other than English, French, German, Dutch and Chinese. A hit says that the text tells it, not that it is true.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flagstate.catalog import inference

Bits = npt.NDArray[np.uint64]

LONGEST = 400
"""Characters of a text that are looked at."""

SPELT = (("ß", "ss"), ("œ", "oe"), ("æ", "ae"), ("ø", "o"), ("ł", "l"), ("’", "'"))


def topics() -> tuple[str, ...]:
    """Return the ids of the topics, in the order of their bits."""
    return tuple(topic.id for topic in inference.load())


def texts(values: pa.Array) -> Bits:
    """Return which topics each text tells.

    Args:
        values: Texts (string, large string or dictionary of them); nulls tell nothing.

    Returns:
        One bit per topic, in the order of `topics`.
    """
    return _each(values, _texts)


def codes(values: pa.Array) -> Bits:
    """Return which topics each HS code tells, by its first digits; separators do not matter.

    Args:
        values: Codes as text.
    """
    return _each(values, _codes)


def _each(values: pa.Array, look: object) -> Bits:
    """Look at distinct values once: descriptions of goods repeat."""
    if not pa.types.is_dictionary(values.type):
        values = pc.dictionary_encode(values)
    found = look(values.dictionary) if callable(look) else None
    bits = np.append(np.asarray(found, np.uint64), np.uint64(0))
    places = pc.fill_null(values.indices, len(values.dictionary)).to_numpy(zero_copy_only=False)
    made: Bits = bits[places]
    return made


def fold(values: pa.Array) -> pa.Array:
    """Return texts in lower case, without accents, cut at LONGEST characters."""
    folded = pc.utf8_lower(pc.utf8_slice_codeunits(values.cast(pa.string()), 0, LONGEST))
    if pc.all(pc.string_is_ascii(folded)).as_py() is not False:
        return folded
    for before, after in SPELT:
        folded = pc.replace_substring(folded, before, after)
    return pc.replace_substring_regex(pc.utf8_normalize(folded, "NFKD"), r"\p{Mn}", "")


def _texts(values: pa.Array) -> Bits:
    made = np.zeros(len(values), np.uint64)
    folded = fold(values)
    patterns, any_ = _patterns()
    # Few texts tell anything: one pass finds them, and only they are looked at by topic.
    places = np.flatnonzero(pc.fill_null(pc.match_substring_regex(folded, any_), False).to_numpy(zero_copy_only=False))
    telling = folded.take(pa.array(places))
    for bit, (pattern, excuse) in enumerate(patterns):
        seen = pc.replace_substring_regex(telling, excuse, " ") if excuse else telling
        hits = pc.match_substring_regex(seen, pattern).to_numpy(zero_copy_only=False)
        made[places] |= hits.astype(np.uint64) << np.uint64(bit)
    return made


def _codes(values: pa.Array) -> Bits:
    made = np.zeros(len(values), np.uint64)
    digits = pc.replace_substring_regex(values.cast(pa.string()), r"[ .\-]", "")
    for bit, topic in enumerate(inference.load()):
        if topic.hs:
            pattern = f"^(?:{'|'.join(map(re.escape, topic.hs))})[0-9]*$"
            hits = pc.fill_null(pc.match_substring_regex(digits, pattern), False).to_numpy(zero_copy_only=False)
            made |= hits.astype(np.uint64) << np.uint64(bit)
    return made


@cache
def _patterns() -> tuple[tuple[tuple[str, str], ...], str]:
    """Pattern and excuse by topic, and one pattern for all."""
    found = tuple((topic.pattern, topic.excuse) for topic in inference.load())
    return found, "|".join(pattern for pattern, _ in found)
