"""A browser's archive of a visit: one page and one third party, both at addresses that belong to nobody."""

from __future__ import annotations

_ENTRY = {
    "startedDateTime": "2026-11-16T09:00:00Z",
    "time": 20,
    "request": {"method": "GET", "url": "https://shop.example/", "headersSize": 120, "bodySize": 0},
    "response": {"status": 200, "content": {"size": 900}, "headersSize": 90, "bodySize": 900},
    "serverIPAddress": "203.0.113.10",
}  # fmt: skip
_THIRD = _ENTRY | {
    "request": {"method": "POST", "url": "https://px.tally.example/c", "headersSize": 90, "bodySize": 700},
    "serverIPAddress": "203.0.113.20",
}  # fmt: skip
HAR = {"log": {"version": "1.2", "creator": {"name": "tests", "version": "1"}, "entries": [_ENTRY, _THIRD]}}
"""The archive."""
