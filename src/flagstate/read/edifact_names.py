"""What the elements of EDIFACT and X12 segments are called, in words that data classes know.

Codes are those of the UN/EDIFACT directories (3035 parties, 1153 references, 2005 dates, 5025 amounts, 3227 places,
6063 quantities, 3155 communication) and of ASC X12 (98 entities, 128 references); only those that say who, what, where
or how much. Columns of any other element are called by their place.
"""

from __future__ import annotations

PARTIES = {
    "CN": "consignee", "CZ": "consignor", "N1": "notify party", "NI": "notify party", "UC": "ultimate consignee",
    "OS": "consignor", "SF": "ship from", "ST": "consignee", "DP": "consignee", "UD": "consignee", "BY": "buyer",
    "SE": "seller", "SU": "supplier", "IM": "importer", "EX": "exporter", "DT": "declarant", "AE": "declarant",
    "CB": "customs broker", "CA": "carrier", "FW": "freight forwarder", "IV": "invoicee", "BT": "bill to",
    "II": "invoice issuer", "PE": "payee", "PR": "payer", "MF": "manufacturer", "FL": "passenger", "FM": "crew member",
    "DDT": "passenger", "DDU": "passenger", "MS": "message issuer", "MR": "message addressee", "HI": "patient",
    "PAT": "patient", "WH": "warehouse", "TB": "submitter", "PW": "despatch party", "GM": "guarantor",
}  # fmt: skip
PERSONS = frozenset({"FL", "FM", "DDT", "DDU"})
"""Parties each of whom begins a row."""

CODES: dict[str, dict[str, str]] = {
    "RFF": {
        "AAS": "transport document number", "AWB": "air waybill number", "MWB": "air waybill number",
        "HWB": "house waybill number", "BM": "bill of lading number", "MB": "bill of lading number",
        "BH": "house bill of lading number", "ABT": "customs declaration number mrn", "AAE": "goods declaration number",
        "ABE": "declarant reference lrn", "MRN": "mrn", "VA": "vat number", "AHP": "eori", "GN": "eori",
        "XA": "company registration number", "ON": "order number", "IV": "invoice number", "AAQ": "container number",
        "SN": "seal number", "AVF": "booking reference", "BN": "booking number", "CU": "consignor reference",
        "CR": "customer reference", "IT": "customer number", "ABO": "originator reference",
        "ACD": "additional reference",
        "CT": "contract number", "SI": "shipment number", "AAO": "consignee reference", "ACW": "previous message",
        "AFM": "secondary customs reference", "LI": "line number", "PE": "plant number", "PD": "promotion number",
    },
    "DTM": {"137": "document date", "329": "birth date", "36": "expiry date", "35": "delivery date",
            "2": "delivery date",
            "132": "arrival date", "133": "departure date", "189": "departure date", "232": "arrival date",
            "17": "delivery date", "11": "despatch date", "140": "due date", "4": "order date", "3": "invoice date"},
    "LOC": {"5": "place of departure", "7": "place of delivery", "8": "place of destination", "9": "port of loading",
            "11": "port of discharge", "12": "port of discharge", "13": "place of transhipment", "18": "warehouse",
            "22": "customs office", "27": "country of origin", "28": "country of destination",
            "35": "country of export",
            "36": "country of destination", "41": "customs office of entry", "42": "customs office of exit",
            "14": "location of goods", "125": "airport of departure", "87": "airport of arrival",
            "88": "place of receipt",
            "91": "country of issue", "174": "country of birth", "178": "port of embarkation",
            "179": "port of debarkation", "180": "place of birth", "60": "place of arrival"},
    "FTX": {"AAA": "goods description", "ACB": "additional information", "AAI": "general information",
            "DIN": "delivery instructions", "DEL": "delivery information", "HAN": "handling instructions",
            "AAD": "dangerous goods", "CUS": "customs information", "BFD": "findings", "ERG": "findings",
            "ZZZ": "remarks", "INV": "invoice instruction", "PUR": "purchasing information", "CHG": "remarks"},
    "MOA": {"40": "customs value", "43": "declared value", "44": "declared value", "39": "invoice total amount",
            "77": "invoice amount", "38": "item amount", "203": "item amount", "64": "freight charge",
            "67": "insurance charge", "9": "amount due", "79": "total amount", "86": "total amount",
            "123": "statistical value", "124": "tax amount", "125": "taxable amount", "55": "duty amount",
            "63": "declared value", "66": "item amount", "128": "total amount", "146": "unit price"},
    "QTY": {"1": "quantity", "12": "despatch quantity", "21": "order quantity", "47": "invoiced quantity",
            "52": "quantity per pack", "46": "delivered quantity", "118": "booked quantity"},
    "CNT": {"7": "total gross weight", "5": "number of items", "11": "number of packages", "42": "number of passengers",
            "2": "number of lines", "16": "number of containers", "41": "number of crew members"},
    "COM": {"TE": "phone", "AL": "mobile phone", "EM": "email", "FX": "fax", "WWW": "website", "EI": "edi address",
            "MA": "mail address"},
    "PER": {"TE": "phone", "CP": "mobile phone", "EM": "email", "FX": "fax", "WP": "phone", "HP": "phone"},
    "GIN": {"BJ": "sscc", "BN": "serial number", "AW": "serial number", "EE": "sscc", "ML": "mark"},
    "EQD": {"CN": "container number", "TE": "trailer number", "BX": "box number", "PA": "pallet number",
            "RR": "wagon number", "UL": "unit load device number"},
    "DOC": {"P": "passport number", "I": "identity card number", "V": "visa number", "IP": "passport number",
            "39": "passport number", "380": "invoice number", "705": "bill of lading number",
            "740": "air waybill number", "730": "waybill number", "703": "waybill number", "9DB": "document number",
            "787": "declaration number", "862": "certificate number"},
    "ATT": {"2": "sex"},
    "NAT": {"2": "nationality"},
    "MEA": {"WT": "weight", "AAE": "weight", "VOL": "volume", "DIM": "dimension", "CT": "count", "PD": "weight",
            "AAI": "weight"},
    "PIA": {"1": "product code", "5": "product code", "4": "product code"},
    "ITEM": {"EN": "gtin", "SRV": "gtin", "UP": "gtin", "HS": "hs code", "CC": "hs code", "TSP": "hs code",
             "TARIC": "hs code", "IN": "buyer item number", "SA": "supplier item number",
             "MF": "manufacturer item number",
             "VN": "vendor item number", "BP": "buyer item number"},
}  # fmt: skip
"""Words for a code, by segment; of ITEM for the kind of an item number."""

ELEMENTS: dict[str, tuple[str, ...]] = {
    "NAD": ("", "id|-|-", "address", "name|name|name|name|name", "street|street|street|street", "city", "region",
            "postcode", "country"),
    "UNB": ("syntax", "sender id", "recipient id", "date|time", "control reference", "password", "application"),
    "UNG": ("", "sender id", "recipient id"),
    "BGM": ("document name", "document number", "function"),
    "RFF": ("|*",),
    "DTM": ("|*|-",),
    "LOC": ("", "*|-|-|* name", "* place|-|-", "* place|-|-"),
    "MOA": ("|*|currency",),
    "MEA": ("", "", "unit|*"),
    "QTY": ("|*|unit",),
    "CNT": ("|*|unit",),
    "CTA": ("", "contact id|contact name"),
    "COM": ("*|-",),
    "CST": ("goods item number", "hs code", "customs procedure code", "customs code", "customs code", "customs code"),
    "GID": ("goods item number", "number of packages|type of packages||||packaging",
            "number of packages|type of packages"),
    "IMD": ("", "", "|||goods description|goods description"),
    "LIN": ("line number", "", "*|-|-|-"),
    "PIA": ("", "*|-|-|-", "*|-|-|-", "*|-|-|-", "*|-|-|-", "*|-|-|-"),
    "PAC": ("number of packages", "", "type of packages|||type of packages"),
    "PCI": ("", "shipping marks|shipping marks|shipping marks|shipping marks|shipping marks"),
    "EQD": ("", "*|-|-", "equipment type|-|-"),
    "SGP": ("container number", "number of packages"),
    "SEL": ("seal number", "sealing party"),
    "TDT": ("", "voyage number", "transport mode", "transport means", "carrier id|-|-|carrier name", "", "",
            "vessel imo|-|-|vessel name|vessel flag"),
    "TOD": ("", "", "incoterm|||delivery terms"),
    "CUX": ("|currency|", "|currency|"),
    "PRI": ("|price",),
    "TAX": ("", "tax type", "tax account", "tax base", "|||tax rate"),
    "DGS": ("", "hazard class", "un number", "flash point"),
    "GIN": ("", "*|*", "*|*", "*|*", "*|*", "*|*"),
    "NAT": ("", "*"),
    "ATT": ("", "", "*"),
    "DOC": ("document type|-|-", "*"),
    "FII": ("", "iban|account holder name|account holder name", "bic|||||bank name"),
    "EMP": ("", "", "", "", "occupation"),
    "PNA": ("", "person id", "", "", "", "|family name", "|given name"),
    "IFT": ("", "*"),
    "ADR": ("", "address|street", "city", "postcode", "country"),
    "N1": ("", "name", "-", "id"),
    "NM1": ("", "", "family name", "given name", "middle name", "", "", "id type", "id"),
    "N2": ("name", "name"),
    "N3": ("street", "street"),
    "N4": ("city", "region", "postcode", "country"),
    "PER": ("", "contact name", "-", "*", "-", "*", "-", "*"),
    "ISA": ("", "", "", "password", "", "sender id", "", "recipient id", "date", "time"),
    "GS": ("", "sender id", "recipient id"),
    "DMG": ("", "birth date", "sex", "marital status", "ethnic origin", "nationality"),
    "REF": ("", "*", "reference description"),
    "L5": ("line number", "goods description", "hs code"),
    "PID": ("", "", "", "", "goods description"),
    "PO1": ("line number", "quantity", "unit", "unit price", "", "", "product code", "", "product code"),
    "IT1": ("line number", "quantity", "unit", "unit price", "", "", "product code", "", "product code"),
    "N7": ("container initial", "container number", "weight"),
    "BIG": ("invoice date", "invoice number", "order date", "order number"),
    "BEG": ("", "", "order number", "", "order date"),
    "BSN": ("", "shipment number", "shipment date"),
    "B3": ("", "invoice number", "shipment number", "", "", "invoice date", "amount"),
    "TD5": ("", "", "carrier code", "", "routing"),
    "CLM": ("claim number", "amount"),
    "HI": ("|diagnosis", "|diagnosis", "|diagnosis"),
    "MAN": ("", "*"),
    "V1": ("vessel imo", "vessel name", "vessel flag", "voyage number", "scac"),
    "R4": ("", "", "port", "port name", "country"),
    "M7": ("seal number", "seal number", "seal number", "seal number"),
}  # fmt: skip
"""Elements of a segment behind its tag; `|` divides components, `*` stands for the words of the qualifier, `-` is a
code list or a kind, which says nothing."""

QUALIFIED = frozenset(
    ["NAD", "RFF", "DTM", "LOC", "FTX", "MOA", "MEA", "QTY", "CNT", "CTA", "PIA", "EQD", "TDT", "GIN", "DOC", "ATT",
    "NAT", "TAX", "PRI", "TOD", "CUX", "PAC", "FII", "IMD", "EMP", "PNA", "ADR"]
)  # fmt: skip
"""Segments whose first component says what they are about."""
QUALIFIED_X12 = frozenset(["N1", "NM1", "REF", "DTM", "MAN", "R4", "HI", "PER", "QTY", "AMT"])
SEVERAL = frozenset(["PIA", "GIN", "CST", "M7", "REF", "PER", "COM", "LOC", "EMP", "HI"])
"""Segments whose elements are values of their own although they are called alike; in others a value goes on."""
BELONGS = frozenset(
    ["CTA", "COM", "RFF", "FII", "N2", "N3", "N4", "PER", "DMG", "REF", "ADR", "ATT", "NAT", "DOC", "LOC"]
)
"""Segments that say more about the party before them."""
OF_PARTY = frozenset(["VA", "AHP", "GN", "XA", "IT", "FC", "CR", "EI", "SY", "TJ", "0F", "1L", "IG"])
"""References that are those of a party."""
ENDS_PARTY = frozenset(
    ["GID", "LIN", "CST", "CNI", "EQD", "TDT", "UNS", "UNT", "TOD", "MOA", "PAC", "FTX", "HL", "SE", "LX"]
)
"""Segments after which the party before them is no longer meant."""
REFERENCES_X12 = {
    "BM": "bill of lading number", "AW": "air waybill number", "CN": "waybill number", "2I": "tracking number",
    "IV": "invoice number", "PO": "order number", "SY": "us ssn", "EI": "tax number", "TJ": "tax number",
    "SN": "seal number",
    "IG": "insurance policy number", "1L": "group number", "0F": "customer number", "EQ": "container number",
    "OC": "bill of lading number", "MB": "bill of lading number",
}  # fmt: skip
PARTIES_X12 = PARTIES | {
    "SH": "consignor", "SF": "ship from", "BT": "bill to", "ST": "consignee", "NP": "notify party", "QC": "patient",
    "IL": "insured", "74": "insured", "85": "provider", "VN": "supplier", "BS": "bill to",
}  # fmt: skip
