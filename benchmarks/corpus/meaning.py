"""Which classes the values alone tell, and which need the column's name: the reasons are printed with the figures."""

from __future__ import annotations

NEEDS_HEADER = {
    "birth_date": "a date; of birth, of order or of delivery look alike",
    "age": "a small whole number",
    "postcode": "four to six digits in most states (in GB, NL, BR, PL and CA its form tells)",
    "city": "no closed list of towns; many are family names too",
    "residence_country": "the same words as origin, destination or nationality",
    "nationality": "the same words as a country",
    "driving_licence": "letters and digits without a check digit",
    "passport": "letters and digits without a check digit",
    "user_name": "a word with or without digits",
    "password": "any text",
    "ethnic_origin": "open words, many of them nationalities",
    "political_opinion": "open words",
    "trade_union": "open words",
    "criminal_record": "open words",
    "biometric_data": "opaque text or numbers",
    "customer_id": "any key",
    "merchant_reference": "letters and digits without a check digit",
    "call_detail": "a number of seconds, or a time",
    "icd_code": "a letter and digits without a check digit",
    "imsi": "fifteen digits without a check digit",
    "advertising_id": "a UUID like any other",
    "cookie_id": "opaque text",
    "latitude": "a decimal number",
    "longitude": "a decimal number",
    "account_number": "digits without a check digit",
    "salary": "an amount of money",
    "invoice_number": "letters and digits without a check digit",
    "purchase_history": "names of goods",
    "loan": "letters and digits without a check digit",
    "credit_score": "a number of three digits",
    "transaction_amount": "an amount of money",
    "customs_lrn": "free in form",
    "eori": "in several states the form of a VAT number",
    "parcel_number": "couriers without public rules",
    "gln": "the same thirteen digits and check as an article's GTIN",
    "scac": "two to four letters",
    "seal_number": "letters and digits without a check digit",
    "consignor": "a name; its part in the shipment is not in it",
    "consignee": "a name; its part in the shipment is not in it",
    "notify_party": "a name; its part in the shipment is not in it",
    "declared_value": "an amount of money",
    "weight": "a number",
    "goods_description": "open words",
    "quantity": "a whole number",
    "bill_of_lading": "letters and digits without a check digit",
    "generic_secret": "random text, as hashes and keys of rows are",
    "h7_declaration": "the record as a whole: told by what stands in its columns",
    "ens_declaration": "the record as a whole: told by what stands in its columns",
    "bill_of_lading_record": "the record as a whole: told by what stands in its columns",
}

NOT_COLUMNS = {
    "source_code": "a whole file by its content",
    "model_weights": "a whole file by its content",
    "drawing": "a whole file by its content",
}

COURIERS = {
    "parcel_s10",
    "parcel_ups",
    "parcel_cainiao",
    "parcel_fedex",
    "parcel_dhl",
    "parcel_dpd",
    "parcel_usps",
    "parcel_amazon",
}
PARTIES = {"consignor", "consignee", "notify_party"}

ALSO = {
    "given_name": {"person_name"},
    "family_name": {"person_name"},
    "consignor": {"person_name"},
    "consignee": {"person_name"},
    "notify_party": {"person_name"},
    "gln": {"gtin"},
    "customer_id": {"uuid"},
    "cookie_id": {"uuid"},
    "advertising_id": {"uuid"},
    "eori": {"vat_number"},
    "latitude": {"position"},
    "longitude": {"position"},
    "purchase_history": {"goods_description"},
    "salary": {"transaction_amount"},
    "azure_key": {"connection_string"},
    "icd_code": {"health_term"},
    "us_ssn": {"us_ssn_plain"},
    "hs_code": {"hs_heading"},
    "invoice_number": {"merchant_reference"},
    "es_dni": {"vat_number"},
    "pt_nif": {"vat_number"},
    "sscc": {"parcel_number"},
    "user_name": {"given_name"},
} | {courier: {"parcel_number"} for courier in COURIERS}
"""True as well, or of the same form: named beside the truth it is no fault; named instead the truth is missed."""

ALIKE = {
    "gtin": {"gln"},
    "vat_number": {"eori"},
    "person_name": PARTIES | {"given_name", "family_name"},
    "given_name": {"family_name"},
    "family_name": {"given_name"},
    "residence_country": {"nationality"},
    "nationality": {"residence_country"},
    "latitude": {"longitude"},
    "longitude": {"latitude"},
}
"""Without a header also these are no fault, because nothing in the values speaks against them."""


RECORDS = {
    "h7_declaration": {"consignor", "consignee", "goods_description", "declared_value"},
    "ens_declaration": {"consignor", "consignee", "goods_description", "weight"},
    "bill_of_lading_record": {"consignor", "consignee", "goods_description", "weight"},
}
"""What a table must have for its rows to be such a record too: then it is no fault, though made for another."""


def tells(name: str) -> bool:
    """Return whether the values alone tell the class."""
    return name not in NEEDS_HEADER
