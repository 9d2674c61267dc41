"""Numbers of GS1: SSCC, GTIN, GLN, GSIN; all end in one check digit, which passes one random number in ten."""

from __future__ import annotations

from flagstate.catalog.checks.arithmetic import Text, gs10, is_digits, kinds


def gs1(text: Text, size: int) -> bool:
    """The GS1 check digit (weights 3 and 1 from the right) of a GTIN, GLN, GSIN or SSCC of any length.

    Source: GS1 General Specifications, section 7.9.
    """
    if size not in (8, 12, 13, 14, 17, 18) or not is_digits(text, 0, size):
        return False
    return gs10(text, 0, size) == 0


def gtin(text: Text, size: int) -> bool:
    """A trade item number of 8, 12, 13 or 14 digits. Source: GS1 General Specifications, section 7.9."""
    if size not in (8, 12, 13, 14) or not is_digits(text, 0, size):
        return False
    return gs10(text, 0, size) == 0 and kinds(text, 0, size) > 1


def gln(text: Text, size: int) -> bool:
    """A location number of 13 digits; a GTIN-13 has the same form. Source: GS1 General Specifications."""
    return size == 13 and is_digits(text, 0, 13) and gs10(text, 0, 13) == 0 and kinds(text, 0, 13) > 1


def gsin(text: Text, size: int) -> bool:
    """A shipment number of 17 digits. Source: GS1 General Specifications."""
    return size == 17 and is_digits(text, 0, 17) and gs10(text, 0, 17) == 0 and kinds(text, 0, 17) > 1


def sscc(text: Text, size: int) -> bool:
    """A logistic unit number of 18 digits, with or without its application identifier 00. Source: as above."""
    start = size - 18
    if start not in (0, 2, 4) or not is_digits(text, start, size):
        return False
    if start == 2 and (text[0] != 48 or text[1] != 48):
        return False
    if start == 4 and (text[0] != 40 or text[1] != 48 or text[2] != 48 or text[3] != 41):
        return False
    return gs10(text, start, size) == 0 and kinds(text, start, size) > 1
