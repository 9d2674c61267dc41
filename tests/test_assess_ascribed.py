"""What was found in a given store counts for the asset that the declaration names for its containers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flagstate import model
from flagstate.assess.ascribed import ascribe
from pipeline_world import put, run

ESTATE = """
entities: {{hub: {{organised_in: [BE]}}}}
assets:
  db: {{kind: store, operated_by: hub}}
  other: {{kind: store, operated_by: hub}}
holdings:
  - {{at: db, container: orders, classes: [email]}}
  - {{at: {second}, container: {named}, classes: [email]}}
claims:
  none: {{says: No account numbers are kept, by: the hub, test: {{class_absent: [iban], of: db}}}}
"""


def account(number: int) -> str:
    """Return a Belgian account number with its check digits, of a bank that does not exist."""
    bban = f"999{number:07d}"
    bban += f"{int(bban) % 97 or 97:02d}"
    return f"BE{98 - int(bban + '111400') % 97:02d}{bban}"


ORDERS = "order_id,iban,email\n" + "".join(f"{n},{account(n)},user{n}@mail.example\n" for n in range(60))


def holding(asset: str, container: str, stance: str, **more: Any) -> dict[str, Any]:
    plain = {"asset_id": asset, "container": container, "data_class": "email", "state": "stored", "stance": stance}
    return plain | {"fact_id": f"{asset}/{container}"} | more


def ascribed(*rows: dict[str, Any]) -> set[tuple[str, str]]:
    tables = {noun: model.empty(model.NOUNS[noun]) for noun in ("population", "person_count")}
    made = ascribe(tables | {"holding": model.rows(model.HOLDING, rows)})
    found = made.get("holding", model.rows(model.HOLDING, rows)).to_pylist()
    return {(r["asset_id"], r["container"]) for r in found if r["stance"] == "observed"}


def test_the_asset_that_declares_most_of_its_containers_has_the_store() -> None:
    seen = [holding("store:x.sqlite", name, "observed") for name in ("orders", "returns", "notes")]
    more = [holding("est:db", name, "declared") for name in ("orders", "returns")]
    found = ascribed(*seen, *more, holding("est:copy", "orders", "declared"))
    assert {name for asset, name in found if asset == "est:db"} == {"orders", "returns", "notes"}
    assert not any(asset == "est:copy" for asset, _ in found)


def test_a_tie_and_a_stranger_are_put_nowhere() -> None:
    seen = holding("store:orders.csv", "orders", "observed")
    both = [holding(asset, "orders", "declared") for asset in ("est:db", "est:copy")]
    assert ascribed(seen, *both) == {("store:orders.csv", "orders")}
    assert ascribed(seen, holding("est:db", "visits", "declared")) == {("store:orders.csv", "orders")}
    assert ascribed(seen, holding("est:db", "orders", "declared", state="moved")) == {("store:orders.csv", "orders")}


def test_a_claim_meets_the_store_that_was_given(tmp_path: Path) -> None:
    for name, second, named, wanted in (
        ("one", "other", "visits", "contradicted"),
        ("two", "other", "orders", "not_observed"),
    ):
        put(tmp_path / name / "estate.yaml", ESTATE.format(second=second, named=named))
        put(tmp_path / name / "orders.csv", ORDERS)
        outcome = run(tmp_path / name, case=tmp_path / f"{name}-case", without=("laws",))
        (row,) = outcome.tables["claim_verdict"].to_pylist()
        assert row["claim_verdict"] == wanted, row["message"]
