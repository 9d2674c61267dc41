"""What the pages of an HTTP archive were seen to lean on: hosts of scripts, styles, fonts, interfaces and sign-in.

A page is what the archive calls one (`pageref`); its host is that of its first request, the one that was asked for.
Only answers that arrived count. How a thing was loaded is as the browser notes it (`_resourceType`, `_initiator`,
`_priority`), else by media type and path. Nothing is told of addresses but the host: no path, no parameter.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from flagstate import model
from flagstate.catalog import points
from flagstate.model.counted import counted
from flagstate.read.part import Context, Facts, Note, Part

MOST = 200
"""Hosts per page that are listed."""
MOST_PAGES = 500
"""Pages per archive whose hosts are listed."""
_NAME = re.compile(r"[^\s\x00-\x1f\x7f/\\@]{1,253}")
_TYPES = {
    "script": "script",
    "stylesheet": "style",
    "font": "font",
    "xhr": "fetch",
    "fetch": "fetch",
    "websocket": "fetch",
    "eventsource": "fetch",
    "ping": "beacon",
    "beacon": "beacon",
    "csp-violation-report": "beacon",
    "document": "frame",
    "subdocument": "frame",
}
"""Types as browsers name them; images and media are left out, because a page works without them."""
_MEDIA = (
    (re.compile(r"javascript|ecmascript"), "script"),
    (re.compile(r"^text/css"), "style"),
    (re.compile(r"^font/|font-woff|x-font"), "font"),
    (re.compile(r"json|^text/event-stream|grpc|^application/xml"), "fetch"),
)
_SUFFIXES = ((".js", "script"), (".mjs", "script"), (".css", "style"), (".woff2", "font"), (".woff", "font"))
_LATE = {"low", "lowest", "verylow"}


@dataclass
class Load:
    """What of one entry says how it was loaded."""

    page: str = ""
    url: str = ""
    status: int = 0
    type: str = ""
    initiator: str = ""
    priority: str = ""
    media: str = ""
    redirect: str = ""


@dataclass
class Pages:
    """Hosts that pages lean on, counted while an archive passes."""

    context: Context
    hosts: dict[str, str] = field(default_factory=dict)
    names: dict[str, str | None] = field(default_factory=dict)
    seen: dict[tuple[str, str, str], int] = field(default_factory=dict)
    listed: dict[str, set[str]] = field(default_factory=dict)
    beyond: int = 0

    def add(self, load: Load, parts: SplitResult) -> None:
        """Count one entry that went over the network."""
        host = self._name(parts.hostname)
        if host is None:
            return
        if load.page not in self.hosts and len(self.hosts) >= MOST_PAGES:
            self.beyond += 1
            return
        page = self.hosts.setdefault(load.page, host)
        login = self._login(load, host, parts)
        if login is not None:
            self._count(page, login, "login")
        elif points.zone(host) != points.zone(page) and (role := _role(load, parts)):
            self._count(page, host, role)
        else:
            self.seen.setdefault((page, page, "page"), 0)
            self.seen[page, page, "page"] += 1

    def parts(self) -> list[Part]:
        """Return what was counted, and a note where a bound was hit."""
        rows = [
            {"from_name": page, "to_name": host, "role": role, "times": times}
            for (page, host, role), times in self.seen.items()
        ]
        told: list[Part] = [Facts("reliance", model.rows(model.RELIANCE, rows), "observed")] if rows else []
        if self.beyond:
            what = f"use[|s] of hosts beyond {MOST} per page, or beyond {MOST_PAGES} pages, [is|are] not listed"
            told.append(Note(counted(self.beyond, what)))
        return told

    def _count(self, page: str, host: str, role: str) -> None:
        listed = self.listed.setdefault(page, set())
        if host not in listed and len(listed) >= MOST:
            self.beyond += 1
            return
        listed.add(host)
        self.seen[page, host, role] = self.seen.get((page, host, role), 0) + 1

    def _login(self, load: Load, host: str, parts: SplitResult) -> str | None:
        """Return the host where somebody is sent to sign in: by a redirect, or as a page of its own."""
        if 300 <= load.status < 400 and load.redirect:
            try:
                target = urlsplit(load.redirect)
                name = self._name(target.hostname)
            except ValueError:
                return None
            if name and points.zone(name) != points.zone(host) and self._signs_in(name, target):
                return name
            return None
        away = points.zone(host) != points.zone(self.hosts[load.page])
        return host if away and _role(load, parts) in ("frame", "fetch") and self._signs_in(host, parts) else None

    def _signs_in(self, host: str, parts: SplitResult) -> bool:
        found = points.by_host(host)
        return points.signs_in(parts.path) or (found is not None and found.point.kind == "identity")

    def _name(self, raw: str | None) -> str | None:
        """Return a host as flows name it, masked, or its address; null: it is no name."""
        bare = (raw or "").lower().rstrip(".")
        if bare not in self.names:
            if len(self.names) > 50_000:
                self.names.clear()
            self.names[bare] = _host(bare, self.context.host)
        return self.names[bare]


def _host(bare: str, mask: Callable[[str], str]) -> str | None:
    try:
        return str(ipaddress.ip_address(bare.strip("[]").partition("%")[0]))
    except ValueError:
        return mask(bare) if _NAME.fullmatch(bare) else None


def _role(load: Load, parts: SplitResult) -> str:
    """Return how an entry was used: empty for what a page works without, and for what did not arrive."""
    if not (200 <= load.status < 300 or load.status in (101, 304)):
        return ""
    role = _TYPES.get(load.type.lower(), "") if load.type else _by_media(load, parts.path.lower())
    if role in ("fetch", "frame", "") and points.counts(parts.path):
        return "beacon"
    if role == "script" and (load.priority.lower() in _LATE or load.initiator == "script"):
        return "late_script"
    return role


def _by_media(load: Load, path: str) -> str:
    media = load.media.lower()
    found = next((role for pattern, role in _MEDIA if pattern.search(media)), "")
    found = found or next((role for suffix, role in _SUFFIXES if path.endswith(suffix)), "")
    return found or ("frame" if media.startswith("text/html") else "")
