"""Numbers of trade, carriage and customs."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from corpus import digits
from corpus.nations import some

UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ALNUM = "0123456789" + UPPER
STATES = ("BE", "NL", "DE", "FR", "LU", "IT", "ES", "PT", "PL", "AT", "IE", "DK", "SE", "FI", "CZ", "GR", "HU", "RO")
LINES = ("MSCU", "MAEU", "TEMU", "CMAU", "HLCU", "TCLU", "BMOU", "TGHU", "OOLU", "COSU", "EGHU", "SEGU", "FCIU", "GESU")
AIRLINES = ("020", "057", "074", "125", "157", "172", "176", "180", "205", "217", "235", "297", "501", "618", "695",
            "724", "784", "999", "006", "016", "023", "406")  # fmt: skip
CARRIERS = ("MAEU", "MSCU", "HLCU", "CMDU", "COSU", "ONEY", "EGLV", "OOLU", "YMLU", "HDMU", "ZIMU", "UPSN", "FDEG",
            "ABFS", "ODFL", "SAIA", "RDWY", "JBHT", "WERN", "SNLU", "KNGT", "CTII")  # fmt: skip
POSTS = ("CN", "BE", "NL", "DE", "GB", "US", "FR", "HK", "SG", "CH", "JP", "SE", "ES", "IT", "LV", "EE")


def customs_mrn(r: Random) -> str:
    """Return a movement reference number."""
    body = f"{r.randrange(22, 27)}{r.choice(STATES)}{some(r, 12, ALNUM)}{r.choice('ABCDEJKLMRSTUVW')}"
    return body + digits.iso6346(body)


def customs_lrn(r: Random) -> str:
    """Return a local reference number, free in form."""
    return r.choice((lambda: f"{r.choice(('EXP', 'IMP', 'H7', 'T1'))}{r.randrange(2022, 2027)}{some(r, 8)}",
                     lambda: f"LRN{some(r, 11, ALNUM)}",
                     lambda: f"{some(r, 3, UPPER)}-{some(r, 6)}-{some(r, 3)}"))()  # fmt: skip


def customs_grn(r: Random) -> str:
    """Return a guarantee reference number."""
    body = f"{r.randrange(15, 27)}{r.choice(STATES)}{some(r, 4, UPPER)}{some(r, 8)}"
    return body + digits.iso6346(body)


def eori(r: Random) -> str:
    """Return an economic operator's number."""
    siren = some(r, 8)
    return r.choice((lambda: "DE" + some(r, 7),
                     lambda: "DE" + some(r, 15),
                     lambda: _vat_be(r),
                     lambda: "FR" + _siret(siren + digits.luhn(siren), r),
                     lambda: "NL" + some(r, 9),
                     lambda: "GB" + some(r, 9) + "000"))()  # fmt: skip


def _siret(siren: str, r: Random) -> str:
    body = siren + f"{r.randrange(1, 90):04d}"
    return body + digits.luhn(body)


def ioss(r: Random) -> str:
    """Return an import one-stop-shop number: the state in ISO 3166 digits."""
    return "IM" + r.choice(("056", "276", "250", "372", "442", "528", "724", "380", "616", "428", "233")) + some(r, 7)


def air_waybill(r: Random) -> str:
    """Return an air waybill."""
    serial = r.randrange(1_000_000, 9_999_999)
    return f"{r.choice(AIRLINES)}-{serial}{serial % 7}"


def awb_plain(r: Random) -> str:
    """Return one without hyphen."""
    return air_waybill(r).replace("-", "")


def parcel_s10(r: Random) -> str:
    """Return a postal item's number."""
    serial = some(r, 8)
    return f"{r.choice('RCELUV')}{r.choice(UPPER)}{serial}{digits.s10(serial)}{r.choice(POSTS)}"


def parcel_ups(r: Random) -> str:
    """Return a UPS number."""
    body = some(r, 6, ALNUM) + r.choice(("03", "12", "68", "A8", "YW", "DK", "04", "20")) + some(r, 7)
    return f"1Z{body}{digits.ups(body)}"


def parcel_cainiao(r: Random) -> str:
    """Return a Cainiao number."""
    return f"LP00{some(r, 12)}"


def parcel_fedex(r: Random) -> str:
    """Return a FedEx Express number."""
    body = r.choice("24678") + some(r, 10)
    return body + digits.fedex12(body)


def fedex_ground(r: Random) -> str:
    """Return a FedEx Ground number of fifteen digits."""
    body = r.choice("567") + some(r, 13)
    return body + digits.gs1(body)


def parcel_dhl(r: Random) -> str:
    """Return a DHL Express waybill."""
    body = r.randrange(100_000_000, 999_999_999)
    return f"{body}{body % 7}"


def dhl_piece(r: Random) -> str:
    """Return a DHL piece number."""
    return r.choice(("JJD01", "JJD00", "JVGL0")) + some(r, 9)


def parcel_dpd(r: Random) -> str:
    """Return a DPD number of fourteen digits and its check."""
    body = "0" + r.choice(("5", "9", "1")) + some(r, 12)
    return body + digits.mod37_36(body)


def parcel_usps(r: Random) -> str:
    """Return a USPS label number."""
    body = r.choice(("9400", "9205", "9361", "9405")) + r.choice(("1", "5", "8")) + some(r, 16)
    return body + digits.gs1(body)


def parcel_yunexpress(r: Random) -> str:
    """Return a YunExpress number."""
    return f"YT{r.randrange(22, 27)}{some(r, 14)}"


def parcel_amazon(r: Random) -> str:
    """Return an Amazon Logistics number."""
    return f"TB{r.choice('ACM')}{some(r, 12)}"


def parcel_number(r: Random) -> str:
    """Return a number of a courier without public rules."""
    return r.choice((some(r, 11), f"GLS{some(r, 10)}", f"{some(r, 3, UPPER)}{some(r, 9)}", f"PKT-{some(r, 8)}"))


def parcel_asian(r: Random) -> str:
    """Return a number of SF Express or 4PX."""
    return r.choice((f"SF{some(r, 13)}", f"4PX{some(r, 13)}CN"))


def gs1_of(size: int, leads: tuple[str, ...]) -> Callable[[Random], str]:
    """Return a maker of GS1 numbers of a size."""

    def make(r: Random) -> str:
        lead = r.choice(leads)
        body = lead + some(r, size - 1 - len(lead))
        return body + digits.gs1(body)

    return make


gtin13 = gs1_of(13, ("54", "40", "871", "30", "690", "84", "80", "789", "501", "400"))
gtin12 = gs1_of(12, ("0", "6", "7", "8"))
gtin8 = gs1_of(8, ("5", "4", "2", "9"))
gtin14 = gs1_of(14, ("1541", "1400", "2871", "1690"))
gln = gs1_of(13, ("541300", "400123", "871190", "300001"))
sscc = gs1_of(18, ("0541", "3400", "1871", "0690", "2843"))
gsin = gs1_of(17, ("5413", "4001", "8711"))


def sscc_led(r: Random) -> str:
    """Return an SSCC with its application identifier."""
    return "(00)" + sscc(r)


def container_number(r: Random) -> str:
    """Return a freight container's number."""
    body = r.choice(LINES) + some(r, 6)
    return body + digits.iso6346(body)


def container_spaced(r: Random) -> str:
    """Return one as painted on the box."""
    n = container_number(r)
    return f"{n[:4]} {n[4:10]}-{n[10]}"


def imo_ship(r: Random) -> str:
    """Return a ship's number."""
    body = r.choice("789") + some(r, 5)
    return f"IMO {body}{digits.weighed(body, (7, 6, 5, 4, 3, 2)) % 10}"


def imo_plain(r: Random) -> str:
    """Return one without letters."""
    return imo_ship(r)[4:]


def scac(r: Random) -> str:
    """Return a carrier's code."""
    return r.choice(CARRIERS)


def seal_number(r: Random) -> str:
    """Return a seal's number."""
    return r.choice((lambda: f"EU{some(r, 8)}", lambda: f"{r.choice(('ML', 'SL', 'CN', 'H'))}{some(r, 7)}",
                     lambda: some(r, 7)))()  # fmt: skip


def bill_of_lading(r: Random) -> str:
    """Return a bill of lading's number."""
    return r.choice((lambda: r.choice(CARRIERS[:11]) + some(r, 9), lambda: f"{some(r, 3, UPPER)}{some(r, 8)}",
                     lambda: r.choice(CARRIERS[:11]) + some(r, 2, UPPER) + some(r, 7)))()  # fmt: skip


def vat_number(r: Random) -> str:
    """Return a VAT number of one of twelve states, with its check."""
    return r.choice(VAT)(r)


def _vat_be(r: Random) -> str:
    body = "04" + some(r, 6)
    return f"BE{body}{97 - int(body) % 97:02d}"


def _vat_de(r: Random) -> str:
    body = r.choice("123456789") + some(r, 7)
    return f"DE{body}{digits.mod11_10(body)}"


def _vat_fr(r: Random) -> str:
    body = r.choice("345789") + some(r, 7)
    siren = body + digits.luhn(body)
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"


def _vat_it(r: Random) -> str:
    body = "0" + some(r, 6) + f"{r.randrange(1, 100):03d}"
    return f"IT{body}{digits.luhn(body)}"


def _vat_nl(r: Random) -> str:
    while True:
        body = "8" + some(r, 7)
        last = digits.weighed(body, (9, 8, 7, 6, 5, 4, 3, 2)) % 11
        if last < 10:
            return f"NL{body}{last}B0{r.randrange(1, 9)}"


def _vat_pl(r: Random) -> str:
    while True:
        body = r.choice("5678") + f"{r.randrange(1, 99):02d}" + some(r, 6)
        last = digits.weighed(body, (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11
        if last < 10:
            return f"PL{body}{last}"


def _vat_lu(r: Random) -> str:
    body = r.choice("12") + some(r, 5)
    return f"LU{body}{int(body) % 89:02d}"


def _vat_pt(r: Random) -> str:
    body = "50" + some(r, 6)
    return f"PT{body}{digits.nif(body)}"


def _vat_at(r: Random) -> str:
    body = some(r, 7)
    total = sum(int(d) if i % 2 == 0 else int(d) // 5 + int(d) * 2 % 10 for i, d in enumerate(body))
    return f"ATU{body}{(10 - (total + 4) % 10) % 10}"


def _vat_se(r: Random) -> str:
    body = "55" + some(r, 7)
    return f"SE{body}{digits.luhn(body)}01"


def _vat_fi(r: Random) -> str:
    while True:
        body = "2" + some(r, 6)
        rest = digits.weighed(body, (7, 9, 10, 5, 8, 4, 2)) % 11
        if rest != 1:
            return f"FI{body}{(11 - rest) % 11}"


VAT = (_vat_be, _vat_de, _vat_fr, _vat_it, _vat_nl, _vat_pl, _vat_lu, _vat_pt, _vat_at, _vat_se, _vat_fi)
