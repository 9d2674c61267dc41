"""Where the persons of a row live, as far as a column tells: a proxy for nationality, and marked as one.

What it cannot see: a country that is written in a language other than those of the list, or a column that holds the
country of a shop and not of a person.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flagstate.catalog.countries import CODES, meant
from flagstate.catalog.country_names import names
from flagstate.catalog.names import fold

Numbers = npt.NDArray[np.int32]

_ISO3 = {
    "AUT": "AT", "AUS": "AU", "BEL": "BE", "BGR": "BG", "BRA": "BR", "CAN": "CA", "CHE": "CH", "CHN": "CN", "CYP": "CY",
    "CZE": "CZ", "DEU": "DE", "DNK": "DK", "ESP": "ES", "EST": "EE", "FIN": "FI", "FRA": "FR", "GBR": "GB", "GRC": "GR",
    "HKG": "HK", "HRV": "HR", "HUN": "HU", "IND": "IN", "IRL": "IE", "ITA": "IT", "JPN": "JP", "KOR": "KR", "LTU": "LT",
    "LUX": "LU", "LVA": "LV", "MEX": "MX", "MLT": "MT", "NLD": "NL", "NOR": "NO", "POL": "PL", "PRT": "PT", "ROU": "RO",
    "RUS": "RU", "SGP": "SG", "SVK": "SK", "SVN": "SI", "SWE": "SE", "TUR": "TR", "TWN": "TW", "UKR": "UA", "USA": "US",
}  # fmt: skip
_WRITTEN = {
    "deutschland": "DE", "allemagne": "DE", "duitsland": "DE", "alemania": "DE", "德国": "DE", "belgie": "BE",
    "belgique": "BE", "belgien": "BE", "belgica": "BE", "比利时": "BE", "nederland": "NL", "pays-bas": "NL",
    "niederlande": "NL", "paises bajos": "NL", "the netherlands": "NL", "holland": "NL", "荷兰": "NL",
    "frankreich": "FR", "frankrijk": "FR", "francia": "FR", "法国": "FR",
    "espana": "ES", "spanien": "ES", "spanje": "ES", "espagne": "ES",
    "西班牙": "ES", "italia": "IT", "italien": "IT", "italie": "IT", "意大利": "IT", "polska": "PL", "polen": "PL",
    "pologne": "PL", "polonia": "PL", "波兰": "PL", "osterreich": "AT", "oostenrijk": "AT", "autriche": "AT",
    "suisse": "CH", "schweiz": "CH", "svizzera": "CH", "zwitserland": "CH", "luxemburg": "LU", "letzebuerg": "LU",
    "vereinigtes konigreich": "GB", "verenigd koninkrijk": "GB", "royaume-uni": "GB", "reino unido": "GB", "英国": "GB",
    "great britain": "GB", "united states of america": "US", "vereinigte staaten": "US", "etats-unis": "US",
    "estados unidos": "US", "verenigde staten": "US", "美国": "US", "china": "CN", "chine": "CN", "中国": "CN",
    "prc": "CN",
    "japon": "JP", "日本": "JP", "brasil": "BR", "bresil": "BR", "brasilien": "BR", "巴西": "BR", "印度": "IN",
    "russie": "RU", "russland": "RU", "俄罗斯": "RU", "czech republic": "CZ", "schweden": "SE", "suede": "SE",
    "danemark": "DK", "daenemark": "DK", "irlande": "IE", "irland": "IE", "ierland": "IE", "portogallo": "PT",
}  # fmt: skip


@cache
def _known() -> dict[str, str]:
    known = {code.lower(): code for code in CODES}
    for code, both in names().items():
        known.update(dict.fromkeys(map(fold, both), code))
    known.update({code.lower(): two for code, two in _ISO3.items()})
    return known | _WRITTEN


def country(text: str) -> str:
    """Return the country that a value names, as ISO 3166-1 alpha-2; empty: none that is known."""
    return _known().get(fold(text)) or meant(text) or ""


def homes(values: pa.Array) -> Numbers:
    """Return the country of each value: two letters as one number, -1: none."""
    coded = values if pa.types.is_dictionary(values.type) else pc.dictionary_encode(values)
    numbers = [-1]
    for text in coded.dictionary.cast(pa.large_binary()).to_pylist():
        code = country(text[:60].decode("utf-8", "replace").strip()) if text else ""
        numbers.append((ord(code[0]) << 8) + ord(code[1]) if code else -1)
    places = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64) + 1
    made: Numbers = np.asarray(numbers, np.int32)[places]
    return made
