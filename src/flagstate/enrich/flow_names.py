"""Names of servers: as clients asked for them, cleaned and masked before they go anywhere."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable

import pyarrow as pa

_ESCAPED = re.compile(r"\\x([0-9a-fA-F]{2})")
_PORT = re.compile(r"^([^:]*|\[[^\]]*\]):\d{1,5}$")
_NAME = re.compile(r"[^\s\x00-\x1f\x7f/\\@]{1,253}")


def clean(text: str | None) -> str | None:
    """Return a server name in lower case without port and final dot; null: it is an address or no name at all."""
    if not text:
        return None
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text).strip().lower()
    if port := _PORT.match(text):
        text = port[1]
    text = text.removeprefix("[").removesuffix("]").rstrip(".")
    if not _NAME.fullmatch(text):
        return None
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return text
    return None


def masked(names: Iterable[str], mask: Callable[[str], str]) -> pa.Table:
    """Return (raw, name) for each distinct raw name; only `name` may leave this process."""
    raw = list(names)
    good = [clean(name) for name in raw]
    once = {name: mask(name) for name in {g for g in good if g is not None}}
    return pa.table(
        {
            "raw": pa.array(raw, pa.string()),
            "name": pa.array([None if name is None else once[name] for name in good], pa.string()),
        }
    )


def proxied(asked: Iterable[str], mask: Callable[[str], str]) -> pa.Table:
    """Return (raw, shown) for each distinct `host:port` that a proxy was asked for; only `shown` may leave.

    An address stays as it is, a name is masked as names are; null: it is neither.
    """
    raw = list(asked)
    shown = [_asked(text, mask) for text in raw]
    return pa.table({"raw": pa.array(raw, pa.string()), "shown": pa.array(shown, pa.string())})


def _asked(text: str, mask: Callable[[str], str]) -> str | None:
    host, _, port = text.rpartition(":")
    if not port.isascii() or not port.isdigit() or len(port) > 5:
        host, port = text, ""
    host = host.removeprefix("[").removesuffix("]")
    tail = f":{int(port)}" if port else ""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        name = clean(host)
        return f"{mask(name)}{tail}" if name else None
    return f"[{found}]{tail}" if found.version == 6 else f"{found}{tail}"
