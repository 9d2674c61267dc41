"""What a column may hold: a maker of values, the truth about them, and how the truth can be known."""

# ruff: noqa: E501
from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from corpus import digits, freight, funds, nations, wires, words
from corpus.meaning import COURIERS, tells
from corpus.people import (
    Locale,
    email,
    listed_name,
    person_name,
    phone,
    phone_digits,
    postal_address,
    postcode,
    user_name,
)

Make = Callable[[Random, Locale], object]


@dataclass(frozen=True)
class Field:
    """One kind of column."""

    make: Make
    """One value."""
    of: str = ""
    """Its class; empty: none of those listed."""
    heading: str = ""
    """Whose headings it has."""
    tells: bool = True
    """Whether its values tell the class without a header."""
    check: bool = False
    """Whether a near miss can be made by a wrong digit."""


FIELDS: dict[str, Field] = {}


def _add(name: str, make: Make, of: str | None = None, *, told: bool | None = None, check: bool = False) -> None:
    of = name if of is None else of
    heading = "parcel_number" if of in COURIERS else of or name
    FIELDS[name] = Field(make, of, heading, tells(of) if told is None else told, check)


def _of(make: Callable[[Random], object]) -> Make:
    return lambda r, _place: make(r)


def _word(spoken: dict[str, list[str]]) -> Make:
    return lambda r, place: r.choice(spoken.get(place.language, spoken["en"]))


def party(r: Random, place: Locale) -> str:
    """Return a firm or, in a third of cases, a person."""
    if r.random() < 0.35:
        return person_name(r, place)
    form = r.choice(words.FORMS.get(place.language, ("Ltd",)))
    if r.random() < 0.5:
        return r.choice(words.PARTNERS).format(f=form)
    return f"{r.choice(place.family)} {r.choice(('Logistics', 'Trading', 'Import', 'Handel', 'Transport'))} {form}"


def _birth(r: Random, place: Locale) -> object:
    return nations.born(r).strftime({"en": "%m/%d/%Y", "de": "%d.%m.%Y", "fr": "%d/%m/%Y", "nl": "%d-%m-%Y"}
                                    .get(place.language, "%Y-%m-%d"))  # fmt: skip


def _basket(r: Random, place: Locale) -> str:
    goods = words.GOODS.get(place.language, words.GOODS["en"])
    return "; ".join(r.sample(goods, r.randrange(1, 4)))


def _cargo(r: Random, place: Locale) -> str:
    goods = words.GOODS.get(place.language, words.GOODS["en"])
    return f"{r.randrange(1, 60)} CTN {r.choice(goods).upper()}" if r.random() < 0.3 else r.choice(goods)


def _dna(r: Random, _place: Locale) -> str:
    return f"rs{r.randrange(10_000, 90_000_000)}"


def _sequence(r: Random, _place: Locale) -> str:
    return nations.some(r, r.randrange(40, 90), "ACGT")


def _degrees(limit: float, places: int) -> Make:
    return lambda r, _place: round(r.uniform(-limit, limit) * 0.8, places)


def _pair(places: int) -> Make:
    return lambda r, _place: f"{r.uniform(36, 59):.{places}f}{r.choice((',', ', '))}{r.uniform(-9, 24):.{places}f}"


def _article(r: Random, _place: Locale) -> str:
    upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return f"{nations.some(r, 2, upper)}-{nations.some(r, 4)}-{r.choice(('S', 'M', 'L', 'XL'))}"


def _icd(r: Random, _place: Locale) -> str:
    return r.choice("ABCDEFGHIJKLMN") + f"{r.randrange(100):02d}" + r.choice((f".{r.randrange(10)}", ""))


NATIONAL = ["be_national_number", "be_dotted", "fr_nir", "de_tax_id", "nl_bsn", "lu_matricule", "it_codice_fiscale", "es_dni", "pt_nif", "pl_pesel", "gb_nino", "nino_spaced", "gb_nhs", "nhs_spaced", "us_ssn", "us_itin", "cn_resident_id", "in_aadhaar", "aadhaar_spaced", "in_pan", "br_cpf", "br_plain", "passport", "driving_licence"]  # fmt: skip
VARIANTS = {"be_dotted": "be_national_number", "nino_spaced": "gb_nino", "nhs_spaced": "gb_nhs", "br_plain": "br_cpf",
            "aadhaar_spaced": "in_aadhaar", "awb_plain": "air_waybill", "fedex_ground": "parcel_fedex", "gtin13": "gtin",
            "dhl_piece": "parcel_dhl", "gtin12": "gtin", "gtin8": "gtin", "gtin14": "gtin", "sscc_led": "sscc",
            "container_spaced": "container_number", "imo_plain": "imo_ship", "iban_spaced": "iban", "card_spaced": "card",
            "bcrypt": "password_hash",
    "parcel_yunexpress": "parcel_cainiao", "parcel_asian": "parcel_cainiao"}  # fmt: skip
CHECKED = {"be_national_number", "fr_nir", "de_tax_id", "nl_bsn", "it_codice_fiscale", "es_dni", "pl_pesel", "gb_nhs", "cn_resident_id", "in_aadhaar", "br_plain", "customs_mrn", "parcel_s10", "parcel_ups", "parcel_usps", "gtin13", "sscc", "container_number", "iban", "card", "imei", "lei", "isin", "air_waybill", "vehicle_vin", "parcel_dpd", "imo_plain", "customs_grn"}  # fmt: skip


def _vin(r: Random) -> str:
    letters = "ABCDEFGHJKLMNPRSTVWXY"
    maker, model = r.choice(("1HG", "WBA", "1FT", "5YJ", "3VW", "JTD")), nations.some(r, 6, "0123456789" + letters)
    return digits.vin(maker + model + r.choice(letters + "123456789") + r.choice(letters) + nations.some(r, 6))


def _register() -> None:
    for name in NATIONAL:
        _add(name, _of(getattr(nations, name)), VARIANTS.get(name), check=name in CHECKED)
    for module, names in (
        (freight, "customs_mrn customs_lrn customs_grn eori ioss air_waybill awb_plain parcel_s10 parcel_ups parcel_cainiao"
                  " parcel_fedex fedex_ground parcel_dhl dhl_piece parcel_dpd parcel_usps parcel_yunexpress parcel_number parcel_amazon parcel_asian"
                  " gtin13 gtin12 gtin8 gtin14 gln sscc sscc_led gsin container_number container_spaced imo_ship imo_plain"
                  " scac seal_number bill_of_lading vat_number"),
        (funds, "iban iban_spaced bic card card_spaced account_number lei isin salary loan credit_score invoice_number"),
        (wires, "ipv4 ipv6 mac_address uuid imei imsi advertising_id cookie_id user_agent private_key jwt aws_key bcrypt"
                " github_token slack_token google_key stripe_key azure_key connection_string generic_secret password"),
    ):  # fmt: skip
        for name in names.split():
            _add(name, _of(getattr(module, name)), VARIANTS.get(name), check=name in CHECKED)
    _add("vehicle_vin", _of(_vin), check=True)
    _add("hex_hash", _of(wires.hex_hash), "password_hash", told=False)


def _register_people() -> None:
    _add("person_name", person_name)
    _add("listed_name", listed_name, "person_name")
    _add("given_name", lambda r, p: r.choice(p.given))
    _add("family_name", lambda r, p: r.choice(p.family))
    _add("birth_date", _birth)
    _add("birth_day", lambda r, p: nations.born(r), "birth_date")
    _add("age", lambda r, p: r.randrange(18, 90))
    _add("sex", _word(words.SEX))
    _add("sex_code", lambda r, p: r.choice((1, 2)), "sex", told=False)
    _add("postal_address", postal_address)
    _add("postcode", postcode)
    _add("city", lambda r, p: r.choice(p.cities))
    _add("country_name", _word(words.COUNTRY), "residence_country")
    _add("country_code", lambda r, p: r.choice(words.CODES), "residence_country")
    _add("email", email)
    _add("phone", phone)
    _add("phone_plus", lambda r, p: phone(r, p, 1), "phone")
    _add("phone_digits", phone_digits, "phone", told=False)
    _add("user_name", user_name)
    for name, spoken in (("nationality", words.NATION), ("religion", words.RELIGION), ("health_term", words.HEALTH),
                         ("ethnic_origin", words.ETHNIC), ("political_opinion", words.PARTY), ("trade_union", words.UNION),
                         ("sexual_life", words.SEXUAL), ("criminal_record", words.CRIME), ("marital_status", words.MARITAL)):  # fmt: skip
        _add(name, _word(spoken))
    _add("genetic_data", _dna)
    _add("dna_sequence", _sequence, "genetic_data")
    _add("biometric_data", lambda r, p: "Rk1SACAyMAAA" + nations.some(r, 60, wires.MIXED + "+/"))
    _add("icd_code", _icd)
    _add("merchant_reference", _article)
    _add("call_detail", lambda r, p: r.randrange(1, 3600))
    _add("customer_id", lambda r, p: f"C{nations.some(r, 7)}")
    _add("customer_no", lambda r, p: r.randrange(100_000, 999_999), "customer_id")
    _add("customer_uuid", lambda r, p: wires.uuid(r), "customer_id")


def _register_trade() -> None:
    _add("latitude", _degrees(90, 6))
    _add("longitude", _degrees(180, 6))
    _add("position", _pair(6))
    _add("coarse_position", _pair(1))
    _add("purchase_history", _basket)
    _add("transaction_amount", lambda r, p: funds.amount(r))
    _add("hs_code", lambda r, p: r.choice(words.HS6))
    _add("hs_ten", lambda r, p: r.choice(words.HS6) + r.choice(("0000", "0010", "9000", "1000")), "hs_code")
    _add("hs_dotted", lambda r, p: (lambda c: f"{c[:4]}.{c[4:]}")(r.choice(words.HS6)), "hs_code")
    _add("unlocode", lambda r, p: r.choice(words.UNLOCODES))
    _add("incoterm", lambda r, p: r.choice(words.INCOTERMS))
    for name in ("consignor", "consignee", "notify_party"):
        _add(name, party)
    _add("declared_value", lambda r, p: funds.amount(r, 2, 400))
    _add("currency", lambda r, p: r.choice(words.CURRENCIES))
    _add("weight", lambda r, p: round(r.uniform(0.05, 30), 3))
    _add("goods_description", _cargo)
    _add("quantity", lambda r, p: r.choice((1, 1, 1, 2, 2, 3, 4, 6, 12, 24)))


_register()
_register_people()
_register_trade()


def day(r: Random, first: int = 2023, last: int = 2026) -> dt.date:
    """Return a working day of business."""
    return dt.date(first, 1, 1) + dt.timedelta(days=r.randrange((last - first) * 365))
