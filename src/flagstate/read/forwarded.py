"""What a request to a proxy says of both its ends: where it should go, and for whom it is.

Anybody can write these headers; so what they claim has a column of its own. Sources: RFC 7239, RFC 9110 (CONNECT).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

CLAIMS = ("forwarded", "x-forwarded-for", "x-real-ip", "true-client-ip", "client-ip", "x-forwarded-from")
"""Headers that name a client; those that come first win."""
_FOR = re.compile(r'(?:^|[;,\s])for\s{0,8}=\s{0,8}"?\[?([0-9a-fA-F:.]{2,45})', re.IGNORECASE)
_ADDRESS = re.compile(r'[\s"\[]{0,8}([0-9a-fA-F:.]{2,45})')
_TARGET = re.compile(r"(?:\[([0-9a-fA-F:.]{2,45})\]|([^\s:/@\[\]]{1,253})):(\d{1,5})")
_LONGEST = 4096


def claimed(headers: Iterable[tuple[str, str]]) -> str | None:
    """Return the client that headers name, the first where there are several; null: none names an address.

    Args:
        headers: Names in lower case, and values.
    """
    found: dict[str, str] = {}
    for name, value in headers:
        if name in CLAIMS and name not in found:
            match = (_FOR.search if name == "forwarded" else _ADDRESS.match)(value[:_LONGEST])
            address = _address(match[1]) if match else None
            if address:
                found[name] = address
    return next((found[name] for name in CLAIMS if name in found), None)


def _address(text: str) -> str | None:
    """Return an address, without its port."""
    if text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def target(text: str) -> str | None:
    """Return where CONNECT asks a proxy to go, as `host:port` in lower case; null: it does not say so.

    Args:
        text: What stands behind the method.
    """
    found = _TARGET.fullmatch(text.strip()[:300])
    if found is None or not 0 < int(found[3]) < 65536 or not text.isprintable():
        return None
    return f"[{found[1].lower()}]:{int(found[3])}" if found[1] else f"{found[2].lower().rstrip('.')}:{int(found[3])}"
