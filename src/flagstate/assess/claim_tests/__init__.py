"""The words of a claim's test: each is one query over the nouns, and says what the claim does not say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from flagstate.assess.claim_tests import access_only_from, place_in
from flagstate.assess.claim_tests.scene import Scene
from flagstate.assess.claim_tests.told import Ask, Said, Verdict

Judge = Callable[[Sequence[Ask], Scene], Iterator[tuple[Ask, Verdict]]]

JUDGES: Mapping[str, Judge] = MappingProxyType({"place_in": place_in.judge, "access_only_from": access_only_from.judge})
"""Who judges each word."""

SILENT: Mapping[str, tuple[Said, ...]] = MappingProxyType(
    {"place_in": place_in.SILENT, "access_only_from": access_only_from.SILENT}
)
"""What a claim of each word does not say."""
