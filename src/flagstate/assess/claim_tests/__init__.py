"""The words of a claim's test: each is one query over the nouns, and says what the claim does not say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from flagstate.assess.claim_tests import (
    access_only_from,
    class_absent,
    count_at_most,
    figure_consistent_with,
    keys_held_by,
    no_flow_to,
    operator_is,
    place_in,
)
from flagstate.assess.claim_tests.scene import Scene
from flagstate.assess.claim_tests.told import Ask, Said, Verdict

Judge = Callable[[Sequence[Ask], Scene], Iterator[tuple[Ask, Verdict]]]

JUDGES: Mapping[str, Judge] = MappingProxyType(
    {
        "place_in": place_in.judge,
        "operator_is": operator_is.judge,
        "keys_held_by": keys_held_by.judge,
        "access_only_from": access_only_from.judge,
        "no_flow_to": no_flow_to.judge,
        "class_absent": class_absent.judge,
        "count_at_most": count_at_most.judge,
        "figure_consistent_with": figure_consistent_with.judge,
    }
)
"""Who judges each word."""

SILENT: Mapping[str, tuple[Said, ...]] = MappingProxyType(
    {
        "place_in": place_in.SILENT,
        "operator_is": operator_is.SILENT,
        "keys_held_by": keys_held_by.SILENT,
        "access_only_from": access_only_from.SILENT,
        "no_flow_to": no_flow_to.SILENT,
        "class_absent": class_absent.SILENT,
        "count_at_most": count_at_most.SILENT,
        "figure_consistent_with": figure_consistent_with.SILENT,
    }
)
"""What a claim of each word does not say."""
