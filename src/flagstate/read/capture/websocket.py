"""Texts of a web socket, behind the upgrade of HTTP that opened it.

What it cannot see: binary messages, and those that an extension compressed. Source: RFC 6455.
"""

from __future__ import annotations

from collections.abc import Iterator

MOST_FRAMES = 20_000
LONGEST = 4 << 20
TEXT, REST = 1, 0


def texts(data: bytes, at: int) -> Iterator[str]:
    """Yield the text messages of one end, as far as they were captured.

    Args:
        data: What it sent.
        at: Where the web socket begins in it.
    """
    pieces: list[bytes] = []
    texting = False
    for _ in range(MOST_FRAMES):
        if at + 2 > len(data):
            break
        first, size = data[at], data[at + 1] & 127
        masked, wide = data[at + 1] >= 128, {126: 2, 127: 8}.get(data[at + 1] & 127, 0)
        at += 2
        if wide:
            size = int.from_bytes(data[at : at + wide])
            at += wide
        key = data[at : at + 4] if masked else b""
        at += len(key)
        code = first & 15
        if code == TEXT:
            pieces, texting = [], not first & 0x70
        if code in (TEXT, REST) and texting:
            pieces.append(_opened(data[at : at + min(size, LONGEST)], key))
            if first & 0x80:
                yield b"".join(pieces).decode("utf-8", "replace")
                pieces, texting = [], False
        at += size


def _opened(data: bytes, key: bytes) -> bytes:
    """Undo the mask that clients put over what they send."""
    if len(key) < 4 or not data:
        return data
    cover = (key * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data) ^ int.from_bytes(cover)).to_bytes(len(data))
