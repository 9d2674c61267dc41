"""The declaration of accesses: who may touch what from where, masked as logs are, and refused where it says nothing."""

from __future__ import annotations

import pytest

from activity_runs import Told, read_bytes
from flagstate.errors import DeclarationError
from flagstate.read.estate import READER

HEAD = "entities:\n  shop: {organised_in: [DE]}\nassets:\n  orders: {kind: store, owned_by: shop}\naccesses:\n"


def declared(*lines: str) -> Told:
    made = read_bytes(READER, (HEAD + "".join(f"  - {line}\n" for line in lines)).encode(), ".yaml")
    assert made is not None
    return made


def test_every_combination_is_a_row_and_keys_are_ids() -> None:
    made = declared(
        '{who: "aws:role/support*", at: [orders, "aws:s3::shop-*"], from: [DE, 203.0.113.7/24], do: [read, login]}'
    )
    rows = made.rows["activity"]
    assert len(rows) == 8
    assert {r["asset_id"] for r in rows} == {"est:orders", "aws:s3::shop-*"}
    assert {r["from_place"] for r in rows} == {"DE", "203.0.113.0/24"}
    assert {r["count"] for r in rows} == {None}


def test_what_is_left_out_may_be_anything() -> None:
    (row,) = declared("{from: BE}").rows["activity"]
    assert (row["principal"], row["asset_id"], row["action"], row["to_party"]) == (None, None, None, None)


def test_parties_are_masked_as_the_log_masks_them() -> None:
    (row,) = declared('{do: [share], to: "aws:account/193672423079", until: 2026-06-01}').rows["activity"]
    assert row["to_party"] == "aws:account/‹number›~tmjc"
    assert str(row["valid_to"]).startswith("2026-06-01")
    assert "193672423079" not in declared('{to: "aws:account/193672423079"}').words()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{from: Germany}", "neither a country nor a range"),
        ("{do: [steal]}", "steal"),
        ("{whom: x}", "whom"),
        (
            "{from: ["
            + ", ".join(f"10.0.{n}.0/24" for n in range(200))
            + "], do: [read, write, admin, login, share, decrypt]}",
            "1,000",
        ),
    ],
)
def test_what_says_nothing_is_refused_with_its_line(line: str, words: str) -> None:
    with pytest.raises(DeclarationError) as problem:
        declared(line)
    assert words in f"{problem.value.what} {problem.value.todo} {problem.value.why}"
    assert ":6" in str(problem.value.where)
