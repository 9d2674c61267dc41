"""Words of a declaration that stand for several classes of data: `name` covers given and family names."""

from __future__ import annotations

from functools import cache

from flagstate.catalog import inference
from flagstate.catalog.data_class import GROUPS, by_id, load

WIDER: dict[str, tuple[str, ...]] = {
    "name": ("person_name", "given_name", "family_name"),
    "person_name": ("given_name", "family_name"),
    "address": ("postal_address", "postcode", "city", "residence_country"),
    "postal_address": ("postcode", "city", "residence_country"),
    "contact": ("email", "phone", "postal_address", "postcode", "city", "residence_country"),
    "position": ("latitude", "longitude", "coarse_position"),
    "payment": ("card", "iban", "bic", "account_number", "transaction_amount", "currency"),
    "parcel_number": ("parcel_s10", "parcel_ups", "parcel_cainiao", "parcel_fedex", "parcel_dhl", "parcel_dpd",
                      "parcel_usps"),
    "consignee": ("person_name", "given_name", "family_name", "notify_party"),
    "declared_value": ("currency", "transaction_amount"),
    "health": ("health_term", "inferred_health"),
    "h7_declaration": ("consignor", "consignee", "goods_description", "declared_value", "hs_code", "ioss", "weight",
                       "currency", "customs_mrn", "customs_lrn", "postal_address", "postcode", "city",
                       "residence_country", "person_name", "quantity"),
}  # fmt: skip
"""Class or word of a declaration → the classes that it also declares."""


@cache
def covers(word: str) -> frozenset[str]:
    """Return the classes that a word of a declaration declares: itself, its parts, and all classes of a group.

    Args:
        word: A class, a word of WIDER, or a group of data classes such as `financial`.
    """
    members = {made.id for made in load() if made.group == word}
    return frozenset({word, *WIDER.get(word, ()), *members})


@cache
def categories(word: str) -> tuple[str, ...]:
    """Return law/category of a class, an inferred topic, or a word of a declaration; none where nobody knows it.

    Args:
        word: As for `covers`. A class falls under what the catalogue says of it, whatever else a declaration of it
            covers; a word that is no class falls under what any of its classes falls under.
    """
    own = _own(word)
    return own or tuple(sorted({category for name in covers(word) for category in _own(name)}))


def _own(name: str) -> tuple[str, ...]:
    made = by_id().get(name)
    return made.law if made else _topics().get(name, ())


@cache
def words() -> tuple[str, ...]:
    """Return every word that a declaration may use for data: classes, topics, words that stand for several, groups."""
    return tuple(sorted({*by_id(), *_topics(), *WIDER, *GROUPS}))


@cache
def _topics() -> dict[str, tuple[str, ...]]:
    return {topic.id: topic.law for topic in inference.load()}
