"""What values may not look like where only a column's name speaks for a class: a misleading name convicts nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from statistics import median

from flagstate.enrich.classify.features import NUMBERED, Sight

DOTTED = re.compile(r"[a-z0-9_]+(?:[.:/-][a-z0-9_]+)+")
NEWEST = 2024
"""A median year of birth after NEWEST - 12 is not that of persons who order, work or sign."""


def vetoed(made: str, sight: Sight) -> bool:
    """Return whether the values speak against a class that the name of their column speaks for."""
    if sight.column.kind == "flag":
        return made not in ("trade_union", "criminal_record", "health_term", "loan")
    check = _VETOES.get(made)
    return bool(check and sight.texts and check(sight))


def _name(sight: Sight) -> bool:
    if sight.lettered < 0.7 or sight.size > 45 or sight.dated > 0.3:
        return True
    if sight.share(DOTTED.fullmatch) > 0.5:
        return True
    found = sight.persons
    known = found.full + found.partly + found.given + found.family
    if len(sight.texts) >= 4 and found.ordinary > 0.55 and found.full < 0.2:
        return True
    return len(sight.texts) >= 8 and known < 0.1


def _party(sight: Sight) -> bool:
    return sight.lettered < 0.6 or sight.dated > 0.3 or (len(sight.texts) >= 4 and _plain(sight))


def _plain(sight: Sight) -> bool:
    """Few ordinary words, such as colours or states of an order."""
    found = sight.persons
    return found.single > 0.7 and found.ordinary > 0.5 and len(sight.texts) <= 40


def _text(sight: Sight) -> bool:
    return sight.lettered < 0.6 or sight.dated > 0.3


def _history(sight: Sight) -> bool:
    """Numbers of orders are none; what was bought is."""
    return sight.lettered < 0.5 or sight.dated > 0.3


def _city(sight: Sight) -> bool:
    return sight.lettered < 0.7 or sight.size > 45 or sight.dated > 0.3 or (len(sight.texts) >= 4 and _plain(sight))


def _address(sight: Sight) -> bool:
    return (
        sight.lettered < 0.5
        or sight.dated > 0.3
        or (sight.streets < 0.1 and sight.persons.full > 0.5 and sight.share(NUMBERED.search) < 0.3)
    )


def _postcode(sight: Sight) -> bool:
    if sight.dated > 0.5 or (sight.column.kind == "real" and any(n % 1 for n in sight.numbers)):
        return True
    numbers = sorted(sight.numbers)
    if len(numbers) < 8 or sight.numeric < 0.9:
        return sight.lettered > 0.6
    if all(1900 <= n <= 2100 for n in numbers) and sight.size <= 4:
        return True
    return sight.column.complete and numbers[-1] - numbers[0] < 1.2 * len(numbers)


def _birth(sight: Sight) -> bool:
    if sight.dated < 0.6:
        return True
    years = sorted(sight.years)
    if len(years) < 5:
        return False
    low, high = years[len(years) // 20], years[-1 - len(years) // 20]
    return median(years) > NEWEST - 12 or high - low < 8


def _age(sight: Sight) -> bool:
    numbers = sight.numbers
    if not numbers:
        return sight.numeric == 0 and sight.lettered > 0.5
    return max(numbers) > 125 or min(numbers) < 0 or (len(numbers) >= 5 and not 5 < sum(numbers) / len(numbers) < 95)


def _amount(sight: Sight) -> bool:
    return sight.dated > 0.5


def _secret(sight: Sight) -> bool:
    few = len(sight.texts) <= 3 and sight.column.filled >= 10
    return (
        few
        or sight.share(DOTTED.fullmatch) > 0.5
        or sight.dated > 0.5
        or sight.numeric > 0.95
        or (_plain(sight) and sight.unique < 0.5)
    )


def _identity(sight: Sight) -> bool:
    few = len(sight.texts) <= 3 and sight.column.filled >= 20
    return few or sight.dated > 0.5 or (_plain(sight) and len(sight.texts) >= 4)


_VETOES: dict[str, Callable[[Sight], bool]] = {
    "person_name": _name,
    "given_name": _name,
    "family_name": _name,
    "consignee": _party,
    "consignor": _party,
    "notify_party": _party,
    "goods_description": _text,
    "city": _city,
    "postal_address": _address,
    "postcode": _postcode,
    "birth_date": _birth,
    "age": _age,
    "salary": _amount,
    "transaction_amount": _amount,
    "declared_value": _amount,
    "weight": _amount,
    "quantity": _amount,
    "password": _secret,
    "user_name": _identity,
    "customer_id": _identity,
    "cookie_id": _identity,
    "account_number": _identity,
    "invoice_number": _identity,
    "parcel_number": _identity,
    "purchase_history": _history,
    "merchant_reference": _identity,
    "passport": _identity,
    "driving_licence": _identity,
    "seal_number": _identity,
    "bill_of_lading": _identity,
    "customs_lrn": _identity,
}
