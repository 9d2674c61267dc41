"""What every row of a connection's protocols begins with, and how bytes of a stranger become text."""

from __future__ import annotations

from flagstate.read.capture.talk import Talk

LONGEST_NAME = 255


def ends(talk: Talk, us: int = 0) -> dict[str, object]:
    """Return time, id and both ends of a row.

    Args:
        talk: The connection.
        us: Time of the row in microseconds since 1970 (UTC); 0: that of the connection.
    """
    return {
        "us": us or talk.us,
        "uid": talk.uid,
        "orig_h": talk.orig_h,
        "orig_p": talk.orig_p,
        "resp_h": talk.resp_h,
        "resp_p": talk.resp_p,
        "proto": talk.proto,
    }


def named(raw: bytes) -> str | None:
    """Return a name as text, without controls and of at most 255 characters; null: it is empty."""
    text = raw[:LONGEST_NAME].decode("utf-8", "replace")
    if not text.isprintable():
        text = "".join(c if c.isprintable() else "\ufffd" for c in text)
    return text.strip() or None
