"""What real tables do to values: nulls, markers, blanks, typing errors, lost zeros, another case."""

from __future__ import annotations

from random import Random

MARKERS = ("n/a", "N/A", "NULL", "-", "unknown", "k.A.", "#N/A", "")
ANY_CASE = frozenset(
    [
        "person_name",
        "given_name",
        "family_name",
        "city",
        "email",
        "postal_address",
        "consignor",
        "consignee",
        "notify_party",
        "residence_country",
        "iban",
        "container_number",
        "mac_address",
        "vat_number",
        "es_dni",
        "it_codice_fiscale",
        "parcel_s10",
        "parcel_ups",
        "goods_description",
        "health_term",
        "religion",
        "currency",
    ]
)
CHECK_AT = {"vehicle_vin": 8, "parcel_s10": -3}
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def spoil(r: Random, value: object, of: str) -> str:
    """Return the number with another check digit, so that it is certainly wrong."""
    text = str(value)
    place = CHECK_AT.get(of, -1) % len(text)
    old = text[place]
    new = str((int(old) + r.randrange(1, 10)) % 10) if old.isdigit() else r.choice(UPPER.replace(old.upper(), ""))
    if of == "cn_resident_id" and not new.isdigit():
        new = str(r.randrange(10))
    return text[:place] + new + text[place + 1 :]


def plain(value: object, *, comma: bool) -> str:
    """Return a value as a CSV file has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and comma:
        return str(value).replace(".", ",")
    return str(value)


def empty(r: Random, cells: list[object], *, sparse: bool, typed: bool) -> tuple[list[object], str]:
    """Take values away: few, or nine tenths; in text also put markers in their place."""
    mess = ""
    if sparse:
        keep = set(r.sample(range(len(cells)), max(6, len(cells) // 10)))
        cells, mess = [c if i in keep else None for i, c in enumerate(cells)], "sparse"
    elif r.random() < 0.4:
        share = r.uniform(0.02, 0.2)
        cells = [None if r.random() < share else c for c in cells]
    if not typed and not sparse and r.random() < 0.15:
        share, mark = r.uniform(0.03, 0.15), r.choice(MARKERS)
        cells, mess = [mark if c is not None and r.random() < share else c for c in cells], "markers"
    return cells, mess


def rough(r: Random, cells: list[object], of: str, *, checked: bool) -> tuple[list[object], str]:
    """Write text as people do: other case, blanks around, one number in twenty with a typing error."""
    chance = r.random()
    if of in ANY_CASE and chance < 0.12:
        upper = of in {"email", "mac_address"} or chance < 0.06
        return [c if c is None else (str(c).upper() if upper else str(c).lower()) for c in cells], "case"
    if chance < 0.18:
        return [c if c is None else f"{c}{' ' * r.randrange(1, 4)}" for c in cells], "blanks"
    if checked and chance < 0.3 and len(cells) >= 40:
        return [c if c is None or r.random() > 0.05 else spoil(r, c, of) for c in cells], "typing errors"
    return cells, ""


def whole_numbers(cells: list[object]) -> list[object] | None:
    """Return text of digits as integers, which loses leading zeros; null: it is not all digits, or too long."""
    texts = [str(c) for c in cells if c is not None]
    if not texts or not all(t.isascii() and t.isdigit() and len(t) <= 18 for t in texts):
        return None
    return [None if c is None else int(str(c)) for c in cells]
