"""Numbers of money: accounts, cards, securities, amounts."""

from __future__ import annotations

from random import Random

from corpus import digits
from corpus.nations import some

UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
HEADS = (("DE", 18), ("NL", -1), ("BE", -2), ("FR", -3), ("ES", -4), ("PT", -5), ("GB", -6), ("PL", 24), ("AT", 16),
         ("CH", 17), ("LU", 16))  # fmt: skip
BANKS = ("INGB", "ABNA", "RABO", "TRIO", "KNAB")
SWIFT = ("KREDBEBB", "GKCCBEBB", "BBRUBEBB", "DEUTDEFF", "COBADEFF", "BNPAFRPP", "SOGEFRPP", "ABNANL2A", "INGBNL2A",
         "RABONL2U", "BSCHESMM", "CAIXESBB", "UNCRITMM", "BCITITMM", "CHASUS33", "BOFAUS3N", "CITIUS33", "BKCHCNBJ",
         "ICBKCNBJ", "HSBCHKHH", "BARCGB22", "LOYDGB2L", "PKOPPLPW", "BRASBRRJ", "CGDIPTPL", "BGLLLULL",
         "DEUTDEFF500", "BNPAFRPPXXX", "COBADEFFXXX", "KREDBEBBXXX", "UBSWCHZH80A")  # fmt: skip


def iban(r: Random) -> str:
    """Return an IBAN of one of eleven states, with the state's own keys where it has them."""
    country, size = r.choice(HEADS)
    return digits.iban(country, some(r, size) if size > 0 else INNER[country](r))


def iban_spaced(r: Random) -> str:
    """Return one in fours."""
    n = iban(r)
    return " ".join(n[i : i + 4] for i in range(0, len(n), 4))


def _nl(r: Random) -> str:
    return r.choice(BANKS) + "0" + some(r, 9)


def _gb(r: Random) -> str:
    return r.choice(("NWBK", "BARC", "LOYD", "MIDL")) + some(r, 14)


def _be(r: Random) -> str:
    body = r.choice("1234567") + some(r, 9)
    return f"{body}{int(body) % 97 or 97:02d}"


def _fr(r: Random) -> str:
    bank, branch, account = some(r, 5), some(r, 5), some(r, 11)
    return f"{bank}{branch}{account}{97 - (89 * int(bank) + 15 * int(branch) + 3 * int(account)) % 97:02d}"


def _es(r: Random) -> str:
    bank, account = some(r, 8), some(r, 10)
    return f"{bank}{_eleven('00' + bank)}{_eleven(account)}{account}"


def _eleven(number: str) -> str:
    rest = 11 - digits.weighed(number, (1, 2, 4, 8, 5, 10, 9, 7, 3, 6)) % 11
    return {11: "0", 10: "1"}.get(rest, str(rest))


def _pt(r: Random) -> str:
    body = some(r, 19)
    return f"{body}{98 - int(body + '00') % 97:02d}"


INNER = {"NL": _nl, "BE": _be, "FR": _fr, "ES": _es, "PT": _pt, "GB": _gb}


def bic(r: Random) -> str:
    """Return a bank's code."""
    return r.choice(SWIFT)


def card(r: Random) -> str:
    """Return a payment card's number of one of five schemes."""
    lead, size = r.choice((("4", 16), ("4", 16), (str(r.randrange(51, 56)), 16), (str(r.randrange(2221, 2721)), 16),
                           ("37", 15), ("34", 15), ("6011", 16), ("35" + str(r.randrange(28, 90)), 16)))  # fmt: skip
    body = lead + some(r, size - 1 - len(lead))
    return body + digits.luhn(body)


def card_spaced(r: Random) -> str:
    """Return one in groups."""
    n = card(r)
    return " ".join((n[:4], n[4:8], n[8:12], n[12:])) if len(n) == 16 else " ".join((n[:4], n[4:10], n[10:]))


def account_number(r: Random) -> str:
    """Return a bank's own account number."""
    return some(r, r.choice((8, 8, 10)))


def lei(r: Random) -> str:
    """Return a legal entity identifier."""
    return digits.lei(r.choice(("5299", "5493", "2138", "9695", "7245")) + "00" + some(r, 12, "0123456789" + UPPER))


def isin(r: Random) -> str:
    """Return a security's number."""
    body = r.choice(("US", "DE", "FR", "BE", "NL", "LU", "GB", "IE")) + some(r, 9)
    return body + digits.isin(body)


def amount(r: Random, low: float = 3, high: float = 2500) -> float:
    """Return an amount with two decimals, small ones more often."""
    return round(low * (high / low) ** r.random(), 2)


def salary(r: Random) -> float:
    """Return a year's salary."""
    return round(r.gauss(52_000, 14_000) / 50) * 50.0


def loan(r: Random) -> str:
    """Return a loan's number."""
    return f"{r.choice(('LN', 'LOAN-', 'KR'))}{some(r, 7)}"


def credit_score(r: Random) -> int:
    """Return a score from 300 to 850."""
    return min(850, max(300, int(r.gauss(680, 80))))


def invoice_number(r: Random) -> str:
    """Return an invoice's number."""
    return r.choice((f"INV-{r.randrange(2022, 2027)}-{some(r, 5)}", f"RE{r.randrange(22, 27)}{some(r, 6)}",
                     f"F{some(r, 8)}"))  # fmt: skip
