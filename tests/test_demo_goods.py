"""What is sold in the demonstration: goods with codes that exist, merchants that do not."""

from __future__ import annotations

from flagstate.catalog import dictionaries, inference
from flagstate.catalog.checks import CHECKS
from flagstate.demo import goods
from flagstate.demo.hub import Hub
from flagstate.demo.parcels import TELLING


def test_codes_of_goods_exist_and_ranges_are_ranges() -> None:
    known = dictionaries.load("hs_codes")
    for kind in goods.kinds():
        assert kind.hs_code in known, kind.name
        assert 0 < kind.euros[0] < kind.euros[1] <= 150
        assert 0 < kind.grams[0] < kind.grams[1]


def test_goods_that_tell_something_are_the_last_and_are_marked() -> None:
    import re

    for number, kind in enumerate(goods.kinds()):
        told = {
            topic.id for topic in inference.load()
            if re.search(topic.pattern, kind.name.lower()) or kind.hs_code.startswith(topic.hs or ("none",))
        }  # fmt: skip
        assert told == ({kind.tells} if kind.tells else set()), kind.name
        assert bool(kind.tells) == (number >= len(goods.kinds()) - TELLING)


def test_each_merchant_has_an_address_of_its_own_that_leads_nowhere() -> None:
    shop = goods.open_shop(Hub(2_000_000, 1))
    merchants = shop.merchants.to_pylist()
    assert len({row["contact_email"] for row in merchants}) == len(merchants) == 5_000
    assert all(row["contact_email"].endswith(".example") for row in merchants)
    assert all(CHECKS["phone"](row["contact_phone"]) for row in merchants)
    # Kept for stories, or no number of a subscriber begins with 0.
    begins = {"CN": "+86 755 0", "HK": "+852 0", "TR": "+90 212 0", "GB": "+44 1632 960", "US": "+1 614 555 01",
              "KR": "+82 2 0"}  # fmt: skip
    assert all(row["contact_phone"].startswith(begins[row["country"]]) for row in merchants)
    assert all(CHECKS["ioss"](row["ioss_number"]) for row in merchants if row["ioss_number"])
    assert 0.6 < sum(row["country"] == "CN" for row in merchants) / len(merchants) < 0.85


def test_products_are_of_their_kind() -> None:
    shop = goods.open_shop(Hub(1_000, 1))
    rows = shop.products.to_pylist()
    for row, kind in zip(rows, shop.kind, strict=True):
        made = goods.kinds()[kind]
        assert row["product_name"].startswith(made.name)
        assert row["hs_code"] == made.hs_code
        assert made.euros[0] <= row["unit_price"] <= made.euros[1]
        assert made.grams[0] <= row["net_weight_g"] <= made.grams[1]
        assert CHECKS["gtin"](row["gtin"])
    assert len({row["sku"] for row in rows}) == len({row["gtin"] for row in rows}) == len(rows)
