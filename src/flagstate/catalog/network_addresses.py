"""Text to address: strict IPv4 and IPv6, IPv4 carried inside IPv6 unwrapped, zone identifiers and brackets dropped.

An IPv4-mapped address (`::ffff:192.0.2.1`) and a NAT64 address (`64:ff9b::192.0.2.1`, RFC 6052) are answered as the IPv4
address that they carry, because that is the host which the traffic reaches. 6to4 and Teredo addresses are not unwrapped.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flagstate.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_PLAIN_IPV4 = rf"^{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}\z"
_NAT64 = 0x0064FF9B << 96
_MAPPED = 0xFFFF << 32
_LONGEST = 100  # no address text is longer, even with a zone; longer text is refused unread


@dataclass(frozen=True)
class Addresses:
    """Parsed addresses, row by row as they were given; an invalid one has version 0."""

    version: npt.NDArray[np.uint8]
    hi: npt.NDArray[np.uint64]
    lo: npt.NDArray[np.uint64]
    canonical: pa.Array


def parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Read one address as a person or a log writes it.

    Args:
        text: IPv4 in four decimals, or IPv6 with or without brackets and zone.

    Returns:
        The address; IPv4 where IPv6 only carries it.

    Raises:
        ValueError: The text is not an address, with the reason.
    """
    bare = text.strip()
    if len(bare) > _LONGEST:
        raise ValueError(f"it is longer than {_LONGEST} characters")
    if bare.startswith("[") and bare.endswith("]"):
        bare = bare[1:-1]
    if ":" not in bare:
        return ipaddress.IPv4Address(bare)
    address = ipaddress.IPv6Address(bare.partition("%")[0])
    number = int(address)
    if number >> 32 in (_MAPPED >> 32, _NAT64 >> 32):
        return ipaddress.IPv4Address(number & 0xFFFFFFFF)
    return address


def require_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Read one address that a person typed, or say what is wrong with it.

    Raises:
        UsageError: The text is not an address.
    """
    try:
        return parse_address(text)
    except ValueError as error:
        raise UsageError(
            f"{ascii(text[:_LONGEST])} is not an IP address",
            why=ascii(str(error))[1:-1],
            todo="Write an IPv4 address such as 8.209.64.10, or an IPv6 address such as 2001:4860:4860::8888",
        ) from error


def parse_addresses(texts: pa.Array) -> Addresses:
    """Read a column of addresses; what is not an address becomes an empty row, never an error.

    Plain IPv4 is parsed by vector operations; everything else, one by one (about 5 µs each).

    Args:
        texts: Strings, nulls allowed.

    Returns:
        As many rows as texts.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    count = len(texts)
    version = np.zeros(count, dtype=np.uint8)
    hi, lo = np.zeros(count, dtype=np.uint64), np.zeros(count, dtype=np.uint64)
    plain = pc.fill_null(pc.match_substring_regex(texts, _PLAIN_IPV4), False).to_numpy(zero_copy_only=False)
    if plain.any():
        octets = pc.split_pattern(texts.filter(pa.array(plain)), ".").flatten().cast(pa.uint64()).to_numpy()
        lo[plain] = octets.reshape(-1, 4) @ np.array([1 << 24, 1 << 16, 1 << 8, 1], dtype=np.uint64)
        version[plain] = 4
    others = np.flatnonzero(~plain)
    names: list[str | None] = []
    for row, text in zip(others.tolist(), texts.take(pa.array(others)).to_pylist(), strict=True):
        try:
            address = parse_address(text or "")
        except ValueError:
            names.append(None)
            continue
        number = int(address)
        version[row], hi[row], lo[row] = address.version, number >> 64, number & 0xFFFFFFFFFFFFFFFF
        names.append(str(address))
    canonical = pc.replace_with_mask(texts, pa.array(~plain), pa.array(names, pa.utf8())) if names else texts
    return Addresses(version, hi, lo, canonical)
