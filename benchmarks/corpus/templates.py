"""The tables: which columns stand together, in two halves of templates.

A column is written as `field`; `a+b` is mixed; `field%` is nine tenths empty; `!field` holds near misses with a wrong
check digit; `field?` has no header; `other=field` has the header of another; `note:a,b` is prose with values in it;
`.noise` is of no class; `national` is the number that the locale gives to persons.
"""

# ruff: noqa: E501
from __future__ import annotations

from dataclasses import dataclass

NATIONAL = {"en-US": "us_ssn", "en-GB": "gb_nino", "de-DE": "de_tax_id", "fr-FR": "fr_nir", "fr-BE": "be_dotted",
            "nl-BE": "be_national_number", "nl-NL": "nl_bsn", "zh-CN": "cn_resident_id", "es-ES": "es_dni",
            "pt-BR": "br_cpf", "it-IT": "it_codice_fiscale", "pl-PL": "pl_pesel"}  # fmt: skip

TRAIN = """
parcel_hub: .row_no parcel_s10+parcel_cainiao parcel_ups? consignor consignee postal_address postcode city country_code phone weight declared_value currency hs_code goods_description ioss .status .stamp note:phone_plus,parcel_s10
customs_h7 [h7_declaration]: customs_mrn customs_lrn eori ioss parcel_s10 consignor consignee postal_address postcode city country_code hs_code goods_description declared_value currency weight quantity .stamp
air_manifest: air_waybill .flight unlocode consignor consignee quantity weight goods_description sscc !customs_mrn .stamp
ocean_booking [bill_of_lading_record]: bill_of_lading container_number seal_number unlocode unlocode consignor consignee notify_party weight quantity goods_description incoterm scac imo_ship .status
yard: container_number .slot seal_number scac imo_plain weight% .status .stamp .flag !container_number
warehouse: gtin13 gln sscc merchant_reference quantity weight .slot .date .percent gtin14?
orders: .order_id customer_id email given_name family_name postal_address postcode city country_code phone gtin13 quantity transaction_amount currency purchase_history .stamp
payments: .order_id iban bic transaction_amount currency card person_name .status .stamp !iban .epoch
accounts: account_number iban+account_number bic person_name birth_date lei% .date .status transaction_amount
loans: loan customer_id credit_score transaction_amount salary .percent .date national person_name .status
hr: .row_no given_name family_name birth_date sex national email phone salary iban marital_status nationality .date .flag
hr_works_council: customer_no person_name trade_union religion marital_status political_opinion salary .year
patients: customer_id national person_name birth_day sex health_term icd_code gb_nhs ethnic_origin sexual_life .date note:phone_plus
insurance: .order_id person_name birth_date age vehicle_vin driving_licence declared_value currency .date health_term% iban
crm: customer_id person_name email phone postal_address postcode city country_name vat_number .rating .stamp note:email,phone_plus
telecom_cdr: imsi imei phone_plus phone_plus call_detail position ipv4% .stamp .flag
weblogs: ipv4 user_name user_agent .url .http .bytes cookie_id .stamp
iot: uuid mac_address latitude longitude .temperature .percent .stamp ipv6
app_analytics: advertising_id customer_uuid user_agent coarse_position .version age country_code .stamp .flag
config: .key setting=jwt+aws_key+connection_string+.version .flag .stamp
vault: .key slack_token github_token google_key% stripe_key azure_key private_key .date password
users: user_name bcrypt email ipv4 uuid .stamp .flag generic_secret
survey: .row_no age sex ethnic_origin political_opinion sexual_life religion .rating .rating .percent country_name
police: person_name birth_date criminal_record driving_licence passport nationality biometric_data% .date .status
genomics: .sample genetic_data dna_sequence% age sex ethnic_origin health_term biometric_data .percent
suppliers: .order_id consignor vat_number eori iban bic lei% city country_code invoice_number transaction_amount .date
identities: person_name passport in_pan in_aadhaar us_itin lu_matricule pt_nif gb_nhs nhs_spaced nationality
identities_south: person_name br_cpf es_dni it_codice_fiscale pl_pesel pt_nif country_name
identities_north: person_name be_dotted nl_bsn de_tax_id fr_nir lu_matricule gb_nino us_ssn cn_resident_id
couriers: .row_no parcel_fedex parcel_dhl parcel_dpd parcel_usps parcel_yunexpress parcel_amazon parcel_asian parcel_number% .stamp
couriers_mixed: .row_no parcel_number=parcel_ups+parcel_dpd+parcel_s10 parcel_number postcode city weight .status
transit [ens_declaration]: customs_mrn customs_grn customs_lrn eori container_number consignor consignee notify_party hs_ten goods_description weight quantity seal_number unlocode .date
securities: isin lei transaction_amount currency quantity account_number .date .ticker
freight_units: gsin sscc_led gln gtin12 gtin8 weight incoterm declared_value
swapped: phone=transaction_amount email=.alnum_ref note=iban customer_id=parcel_ups .row_no .stamp iban=.order_id
bare: iban? card? email? ipv4? container_number? customs_mrn? phone_plus? gtin13? .row_no .stamp
near_misses: !iban !card !customs_mrn !sscc !parcel_s10 !container_number !be_national_number .row_no email
"""

TEST = """
delivery_round: .row_no person_name postal_address postcode city phone_plus parcel_dpd+parcel_s10 latitude longitude .flag .stamp note:phone_plus,email
sorting_centre: parcel_s10 parcel_cainiao+parcel_yunexpress parcel_fedex% consignee city country_code weight .slot .status .epoch_ms
customs_ens [ens_declaration]: customs_mrn customs_lrn consignor consignee notify_party hs_code goods_description weight quantity container_spaced seal_number unlocode unlocode eori .stamp
low_value [h7_declaration]: parcel_s10 consignor consignee postal_address country_code hs_ten goods_description quantity declared_value currency ioss customs_mrn weight .date
air_house: awb_plain .flight consignor consignee notify_party goods_description weight quantity hs_dotted currency declared_value
sea_manifest [bill_of_lading_record]: bill_of_lading container_spaced seal_number imo_ship unlocode consignor consignee notify_party goods_description quantity weight scac incoterm .date
gate_log: container_number scac .slot driving_licence person_name .stamp seal_number imo_plain% .flag
stock: gtin13 gtin8? gln merchant_reference quantity .price sscc_led weight .percent .date
marketplace: .order_id customer_uuid user_name email city postcode country_name purchase_history gtin12 transaction_amount currency ipv4 .stamp
card_payments: card_spaced transaction_amount currency .status email ipv4 .stamp !card .order_id person_name
bank: iban_spaced account_number bic listed_name postal_address birth_day transaction_amount .date note:iban,email
lending: loan person_name salary credit_score transaction_amount marital_status national .percent .year phone
payroll: customer_no national listed_name iban salary birth_date .year .date nationality trade_union religion
clinic: person_name birth_date sex health_term icd_code nhs_spaced phone religion sexual_life ethnic_origin .date .room
claims: .order_id given_name family_name vehicle_vin age declared_value health_term% note:email,phone_plus .status phone
newsletter: email given_name country_code sex_code .flag .date .percent ipv6 coarse_position
calls: imei imsi phone phone_plus coarse_position call_detail .stamp .epoch mac_address
access_log: ipv4+ipv6 user_agent .http .bytes .url .stamp user_name% jwt%
sensors: mac_address uuid position .temperature .temperature .version .epoch imei
ads: advertising_id cookie_id ipv4 user_agent latitude longitude .price .stamp customer_id
deploy: .key connection_string stripe_key slack_token google_key generic_secret .version private_key%
secrets_mixed: .key setting=github_token+aws_key+password+.url azure_key jwt .date
members: user_name password bcrypt hex_hash email customer_id .points .date
census: age sex marital_status ethnic_origin religion political_opinion nationality country_name .rating postcode
court: person_name birth_date criminal_record national passport political_opinion biometric_data .status .date
biobank: .sample genetic_data dna_sequence health_term age sex biometric_data .percent .date
vendors: vat_number eori iban+account_number bic lei invoice_number transaction_amount city consignor .date
travel: person_name passport nationality birth_date us_itin% in_pan in_aadhaar aadhaar_spaced pt_nif lu_matricule driving_licence
kyc: person_name es_dni it_codice_fiscale pl_pesel br_plain be_national_number fr_nir .status
staff_abroad: listed_name de_tax_id nl_bsn nino_spaced us_ssn cn_resident_id gb_nhs lu_matricule pt_nif us_itin
tracking: parcel_number=parcel_usps parcel_dhl dhl_piece% parcel_fedex fedex_ground parcel_ups parcel_dpd parcel_yunexpress parcel_cainiao parcel_amazon .stamp
tracking_other: .order_id parcel_number parcel_asian weight city parcel_ups+parcel_number .status
guarantees: customs_grn customs_mrn eori customs_lrn declared_value currency .date .status ioss
portfolio: isin quantity transaction_amount lei account_number loan credit_score .percent
edi_units: gsin sscc gln gtin14 incoterm unlocode hs_code weight
mislabelled: iban=.alnum_ref customer_id=iban_spaced email=user_name note=parcel_s10 phone=.stamp purchase_history?
headless_trade: container_number? parcel_s10? sscc? hs_code? incoterm? imo_ship? vat_number? air_waybill? .row_no .date
headless_people: person_name? email? national? phone_plus? postal_address? marital_status? sex? religion? .row_no
close_calls: !iban !card !imei !parcel_ups !lei !isin !gtin13 !nl_bsn phone .row_no
loyalty: customer_no card=.points given_name birth_date email city .points .year trade_union%
"""


@dataclass(frozen=True)
class Template:
    """One kind of table."""

    name: str
    half: str
    columns: tuple[str, ...]
    whole: frozenset[str]


def _read(text: str, half: str) -> list[Template]:
    found = []
    for line in text.strip().splitlines():
        head, columns = line.split(":", 1)
        name, _, whole = head.partition(" ")
        found.append(Template(name, half, tuple(columns.split()), frozenset(whole.strip("[] ").split())))
    return found


TEMPLATES = _read(TRAIN, "train") + _read(TEST, "test")
