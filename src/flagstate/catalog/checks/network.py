"""Addresses and numbers of devices and subscribers: IPv4, IPv6, MAC, IMEI, IMSI, telephone."""

from __future__ import annotations

import re

from flagstate.catalog.checks.arithmetic import Text, is_digits, kinds, luhn10, number, number_table

MOBILE_COUNTRIES = number_table("""
    001 202 204 206 208 212 213 214 216 218 219 220 221 222 226 228 230 231 232 234 235 238 240 242 244 246 247 248 250
    255 257 259 260 262 266 268 270 272 274 276 278 280 282 283 284 286 288 289 290 292 293 294 295 297 302 308 310 311
    312 313 314 315 316 330 332 334 338 340 342 344 346 348 350 352 354 356 358 360 362 363 364 365 366 368 370 372 374
    376 400 401 402 404 405 406 410 412 413 414 415 416 417 418 419 420 421 422 424 425 426 427 428 429 430 431 432 434
    436 437 438 440 441 450 452 454 455 456 457 460 461 466 467 470 472 502 505 510 514 515 520 525 528 530 536 537 539
    540 541 542 543 544 545 546 547 548 549 550 551 552 553 554 555 602 603 604 605 606 607 608 609 610 611 612 613 614
    615 616 617 618 619 620 621 622 623 624 625 626 627 628 629 630 631 632 633 634 635 636 637 638 639 640 641 642 643
    645 646 647 648 649 650 651 652 653 654 655 657 658 659 702 704 706 708 710 712 714 716 722 724 730 732 734 736 738
    740 742 744 746 748 750 901 902 991 995 999
""")
"""Mobile country codes of ITU-T E.212."""

CALLING = bytes(
    re.match(
        "1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|21[12368]|2[2-4][0-9]|25[0-8]|26[0-9]|29[01789]|"
        "35[0-9]|37[0-9]|38[0-35-79]|42[013]|50[0-9]|59[0-9]|67[02-9]|68[0-35-9]|69[0-2]|80[08]|85[02356]|87[0-48]|"
        "88[0-368]|96[0-8]|97[0-79]|99[2-68]", str(number).zfill(3)) is not None for number in range(1000)
)  # fmt: skip
"""Country codes of ITU-T E.164, as the first three digits of a number."""


def imei(text: Text, size: int) -> bool:
    """A mobile device: 15 digits, Luhn. Source: 3GPP TS 23.003, annex B."""
    return size == 15 and is_digits(text, 0, 15) and luhn10(text, 0, 15) == 0 and kinds(text, 0, 15) > 2


def imsi(text: Text, size: int) -> bool:
    """A mobile subscriber: 14 or 15 digits, a mobile country code in front; no check digit. Source: ITU-T E.212."""
    if (size != 14 and size != 15) or not is_digits(text, 0, size) or kinds(text, 0, size) < 3:
        return False
    return MOBILE_COUNTRIES[number(text, 0, 3)] == 1


def phone(text: Text, size: int) -> bool:
    """A telephone number by length: 8 to 15 digits, three of them different; it may be unassigned.

    Behind + or 00 an assigned country code stands, but 00 is also the begin of a national number with many digits.
    Source: ITU-T E.164.
    """
    count = 0
    seen = 0
    front = 0
    for place in range(size):
        code = text[place]
        if 48 <= code <= 57:
            count += 1
            seen |= 1 << (code - 48)
            if count <= 3:
                front = front * 10 + (code - 48)
    if count < 8 or count > 15:
        return False
    if text[0] == 43 and CALLING[front] == 0:
        return False
    different = 0
    for digit in range(10):
        different += seen >> digit & 1
    return different > 2


def ipv4(text: Text, size: int) -> bool:
    """An IPv4 address: four numbers up to 255, without leading zeros. Source: RFC 6943, section 3.1.1."""
    return is_quad(text, 0, size)


def is_quad(text: Text, start: int, stop: int) -> bool:
    """Whether a part is an IPv4 address."""
    if stop - start < 7 or stop - start > 15:
        return False
    numbers = 0
    value = -1
    digits = 0
    for place in range(start, stop):
        code = text[place]
        if code == 46:
            if digits == 0:
                return False
            numbers += 1
            digits = 0
        elif code < 48 or code > 57:
            return False
        else:
            if digits > 0 and value == 0:
                return False
            value = code - 48 if digits == 0 else value * 10 + (code - 48)
            digits += 1
            if value > 255:
                return False
    return numbers == 3 and digits > 0


def ipv6(text: Text, size: int) -> bool:
    """An IPv6 address, in brackets or with a zone too. Source: RFC 4291, section 2.2; RFC 4007 for the zone."""
    start, stop = 0, size
    if size > 2 and text[0] == 91 and text[size - 1] == 93:
        start, stop = 1, size - 1
    for place in range(start, stop):
        if text[place] == 37:
            stop = place
            break
    return stop - start >= 2 and is_groups(text, start, stop)


def is_groups(text: Text, start: int, stop: int) -> bool:
    """Whether a part is eight groups of hexadecimal digits, or fewer around one ::, the last two perhaps as IPv4."""
    groups = 0
    gap = False
    place = start
    if text[place] == 58:
        if text[place + 1] != 58:
            return False
        gap = True
        place += 2
    while place < stop:
        begun = place
        while place < stop and is_hex(text[place] - 0):
            place += 1
        if place < stop and text[place] == 46:
            groups += 2
            return is_quad(text, begun, stop) and (groups <= 7 if gap else groups == 8)
        if place == begun or place - begun > 4:
            return False
        groups += 1
        if place == stop:
            break
        if text[place] != 58:
            return False
        place += 1
        if place == stop:
            return False
        if text[place] == 58:
            if gap:
                return False
            gap = True
            place += 1
    return groups <= 7 if gap else groups == 8


def is_hex(code: int) -> bool:
    """Whether a character is a hexadecimal digit."""
    return 48 <= code <= 57 or 65 <= code <= 70 or 97 <= code <= 102


def mac(text: Text, size: int) -> bool:
    """A MAC address: six pairs split by : or -, or three fours split by dots; not all zeros or all ones.

    Source: IEEE 802.
    """
    if size != 17 and size != 14:
        return False
    group = 3 if size == 17 else 5
    split = text[group - 1]
    if split != (46 if size == 14 else 58) and not (size == 17 and split == 45):
        return False
    zeros = True
    ones = True
    for place in range(size):
        if place % group == group - 1:
            if text[place] != split:
                return False
        elif not is_hex(text[place] - 0):
            return False
        else:
            zeros = zeros and text[place] == 48
            ones = ones and (text[place] == 70 or text[place] == 102)
    return not zeros and not ones
