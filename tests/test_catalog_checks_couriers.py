"""Every test number of the couriers' sample set passes its check where it is valid, and fails where it is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flagstate.catalog.checks import CHECKS

FOLDER = Path(__file__).parent / "data" / "tracking-numbers"

CHECK_OF = {
    "Amazon Logistics": "amazon", "Amazon International": "amazon", "Canada Post (16)": "canada_post",
    "Canpar (22)": "regional", "DHL Express": "dhl", "DHL Express (Piece ID)": "dhl",
    "DHL E-Commerce": "dhl_ecommerce", "DHL E-Commerce (14)": "dhl_ecommerce", "DPD (28)": "dpd", "DPD (14)": "dpd",
    "FedEx Express (12)": "fedex", "FedEx Express (34)": "fedex", "FedEx ASTRA (32)": "fedex",
    "FedEx Ground": "fedex", "FedEx Ground (SSCC-18)": "fedex", "FedEx Ground 96 (22)": "fedex",
    "FedEx Ground GSN": "fedex", "GOFO Express (US)": "regional", "Landmark Global LTN": "regional",
    "LaserShip LX": "lasership", "LaserShip 1LS7 (15)": "lasership", "LaserShip 1LS7 (18)": "lasership",
    "LaserShip 1LSCX (15)": "lasership", "Old Dominion": "old_dominion",
    "Old Dominion Guaranteed Shipment": "old_dominion", "OnTrac": "ontrac", "OnTrac D": "ontrac",
    "Purolator (12)": "purolator", "Purolator (alpha + 9)": "purolator", "S10": "s10", "Spee-Dee (20)": "regional",
    "UPS": "ups_1z", "UPS Waybill": "ups_waybill", "USPS 20": "usps", "USPS IMpb N": "usps", "USPS Legacy": "usps",
    "USPS IMpb C": "usps", "Yodel": "regional", "YunExpress": "yunexpress",
}  # fmt: skip

OTHER_FORM = {"331426749957": "twelve digits are no alphabetic number of Purolator, but they are a numeric one"}
"""Invalid for one format of a courier, valid for another of the same."""


def formats() -> list[dict[str, Any]]:
    """All formats of the sample set."""
    return [made for path in sorted(FOLDER.glob("*.json")) for made in json.loads(path.read_text())["tracking_numbers"]]


def test_no_format_is_left_out() -> None:
    assert {made["name"] for made in formats()} == set(CHECK_OF)
    assert len(formats()) == 39


@pytest.mark.parametrize("made", formats(), ids=lambda made: made["name"])
def test_test_numbers(made: dict[str, Any]) -> None:
    check = CHECKS[CHECK_OF[made["name"]]]
    numbers = made["test_numbers"]
    assert numbers["valid"]
    for value in numbers["valid"]:
        assert check(value), value
    for value in numbers["invalid"]:
        assert check(value) == (value in OTHER_FORM), value


@pytest.mark.parametrize("made", formats(), ids=lambda made: made["name"])
def test_one_wrong_digit_where_there_is_a_check_digit(made: dict[str, Any]) -> None:
    """The last digit alone may not change; which other digits a rule is blind to is its own business."""
    check = CHECKS[CHECK_OF[made["name"]]]
    if "checksum" not in made["validation"] or made["name"] == "FedEx ASTRA (32)":
        return
    for value in made["test_numbers"]["valid"]:
        text = "".join(value.split())
        others = [text[:-1] + d for d in "0123456789" if d != text[-1]]
        if made["name"] != "S10":
            # Two sums are right for twenty digits: with and without a 91 in front.
            twenty = CHECK_OF[made["name"]] == "usps" and len(text) == 20
            assert sum(map(check, others)) == (1 if twenty else 0), value
