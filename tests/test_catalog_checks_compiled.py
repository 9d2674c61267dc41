"""One source, two runs: each check compiled by numba says what it says interpreted, and what it says over text."""

from __future__ import annotations

import hashlib
import inspect
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from check_samples import VALID, WRONG
from flagstate.catalog.checks import CHECKS, FORMS, PARTS, RAW, compact

Compiled = Callable[[Any, int], bool]


def compiled(folder: Path) -> dict[str, Compiled]:
    """All checks, with bounds checked, so that a place outside the text raises.

    Machine code is kept in a folder named by the source, because making it takes half a minute.
    """
    source = "".join(inspect.getsource(part) for part in PARTS)
    numba.config.CACHE_DIR = str(folder / hashlib.sha256(source.encode()).hexdigest())
    for part in PARTS:
        numba.extending.register_jitable(boundscheck=True, error_model="numpy")(part)
    return {name: numba.njit(form, boundscheck=True, error_model="numpy", cache=True) for name, form in FORMS.items()}


def agree(name: str, run: Compiled, text: bytes) -> None:
    """Fail where both runs differ; the array is longer than the text, as in a buffer."""
    array = np.full(64, 57, np.uint8)
    array[: len(text)] = np.frombuffer(text, np.uint8)
    said = FORMS[name](text, len(text))
    assert bool(said) == run(array, len(text)), (name, text)
    if all(code < 128 for code in text) and not {*text} & {*b" -./_"} and text == text.upper().strip():
        assert bool(said) == CHECKS[name](text.decode()), (name, text)


def test_one_source_runs_twice_and_says_the_same() -> None:
    """One test, because a second worker would make the machine code again."""
    runs = compiled(Path(tempfile.gettempdir()) / "flagstate-checks-compiled")
    rng = np.random.default_rng(7)
    for name, run in runs.items():
        for value in (*VALID[name], *WRONG.get(name, ())):
            text = (value if name in RAW else compact(value)).encode()
            agree(name, run, text)
            for place in range(len(text)):
                for code in rng.choice(np.frombuffer(b"0123456789AKUXZ:.+-\x00\xff", np.uint8), 4):
                    agree(name, run, text[:place] + bytes([code]) + text[place + 1 :])
                agree(name, run, text[:place])

    @settings(max_examples=150, deadline=None)
    @given(
        st.text("0123456789", max_size=42).map(str.encode)
        | st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", max_size=36).map(str.encode)
        | st.from_regex("[A-Z]{2}[0-9]{6,20}[A-Z0-9]{0,2}", fullmatch=True).map(str.encode)
        | st.binary(max_size=64)
        | st.sampled_from([text.encode() for texts in VALID.values() for text in texts])
    )
    def any_text(text: bytes) -> None:
        for name, run in runs.items():
            agree(name, run, text)

    any_text()
