"""What an HTTP archive says was sent and received: parameters, headers, cookies, bodies and web-socket messages.

Each server has two containers, what was sent to it and what came from it, with its tables and texts under them.
"""

from __future__ import annotations

import io
import ipaddress
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flagstate.model.counted import counted
from flagstate.read.charset import opened as utf8
from flagstate.read.charset import sniff
from flagstate.read.json_events import prefixed
from flagstate.read.json_short import Short
from flagstate.read.part import Context, Note, Opened, Part, Tally
from flagstate.read.payload import BINARY_BODIES, MOST, Body, Message, Payloads
from flagstate.read.sheets import Sheets

ENTRY = "log.entries.item."
LONGEST = 24 << 20
"""Bytes of one text that are read: base64 of MOST fits."""
MOST_LISTED = 1000
"""Headers, parameters or web-socket messages of one entry that are searched."""
SINGLE = {
    f"{ENTRY}request.url": "url",
    f"{ENTRY}request.postData.text": "posted",
    f"{ENTRY}request.postData.mimeType": "posted_kind",
    f"{ENTRY}request.postData.encoding": "posted_encoding",
    f"{ENTRY}request._postDataEncoding": "posted_encoding",
    f"{ENTRY}response.content.text": "content",
    f"{ENTRY}response.content.mimeType": "content_kind",
    f"{ENTRY}response.content.encoding": "content_encoding",
    f"{ENTRY}_fromCache": "cache",
    f"{ENTRY}serverIPAddress": "server",
    f"{ENTRY}_ip_addr": "server",
}
LISTS = {
    f"{ENTRY}request.headers.item": "sent_headers",
    f"{ENTRY}response.headers.item": "received_headers",
    f"{ENTRY}request.postData.params.item": "parameters",
    f"{ENTRY}_webSocketMessages.item": "messages",
}
STATUS = f"{ENTRY}response.status"
KEYS = {f"{at}.{key}": place for at in LISTS for key, place in (("name", 0), ("value", 1), ("type", 0), ("data", 1))}


@dataclass
class Entry:
    """What of one entry is searched."""

    single: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    unlisted: int = 0
    answered: bool = False

    def header(self, which: str, name: str) -> str:
        """Return a header's value, or an empty text."""
        return next((value for raw, value in self.lists.get(which, ()) if raw.lower() == name), "")


def payloads(opened: Opened, context: Context) -> Iterator[Part]:
    """Yield what went over the network as records, and notes on what was not searched."""
    import ijson

    sheets = Sheets(context.mask)
    kept: list[tuple[Payloads, int, int]] = []

    def feed(into: Sheets) -> Iterator[None]:
        found = Payloads(into)
        count = unlisted = 0
        with utf8(opened.path, sniff(opened.head.data) or "utf-8") as stream:
            short = Short(stream, LONGEST)
            # The reader of exchanges has met the same damage, and says so.
            with suppress(ijson.JSONError, UnicodeError, ValueError, RecursionError):
                for entry in _entries(io.BufferedReader(short)):
                    count += 1
                    unlisted += entry.unlisted
                    _search(entry, found, context)
                    yield
                    if context.max_rows and count >= context.max_rows:
                        break
        kept.append((found, short.cut, unlisted))

    yield from sheets.tell(feed)
    # These rows are other views of entries that are counted already.
    yield Tally(rows_read=-sheets.rows)
    yield from _notes(*kept[0])


def _notes(found: Payloads, shortened: int, unlisted: int) -> Iterator[Note]:
    if found.cut or shortened:
        reason = f"bod[y is|ies are] longer than {MOST >> 20} MB; what is beyond was not searched"
        yield Note(counted(max(found.cut, shortened), reason))
    if found.packed:
        yield Note(
            counted(found.packed, "bod[y is|ies are] compressed in the archive and [was|were] not searched"),
            "Save them decoded.",
        )
    if unlisted:
        yield Note(
            f"{counted(unlisted, 'header[ or message|s or messages]')} beyond {MOST_LISTED:,} of an entry not searched"
        )
    if found.binary:
        yield Note(counted(found.binary, BINARY_BODIES), lost=False)


def _entries(stream: io.BufferedReader) -> Iterator[Entry]:
    entry = Entry()
    pair = ["", ""]
    for prefix, event, value in prefixed(stream):
        if event == "string" and prefix.startswith(ENTRY):
            if prefix in SINGLE:
                entry.single.setdefault(SINGLE[prefix], value)
            elif prefix in KEYS:
                pair[KEYS[prefix]] = value
        elif event == "number" and prefix == STATUS:
            entry.answered = bool(value)
        elif event == "end_map":
            if prefix in LISTS:
                listed = entry.lists.setdefault(LISTS[prefix], [])
                if len(listed) < MOST_LISTED:
                    listed.append((pair[0], pair[1]))
                else:
                    entry.unlisted += 1
                pair = ["", ""]
            elif prefix == ENTRY[:-1]:
                yield entry
                entry = Entry()


def _search(entry: Entry, found: Payloads, context: Context) -> None:
    url = entry.single.get("url", "")
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return
    if parts.scheme.lower() not in ("http", "https", "ws", "wss") or not host:
        return
    if entry.single.get("cache") in ("memory", "disk") or not (entry.answered or entry.single.get("server")):
        # It came from the browser's own cache, or was blocked: nothing went over a network.
        return
    shown = server(host, context)
    messages = entry.lists.get("messages", [])
    sent = [Body(text) for way, text in messages if way == "send"]
    received = [Body(text) for way, text in messages if way == "receive"]
    parameters = entry.lists.get("parameters", [])
    if "posted" in entry.single and not parameters:
        kind = entry.single.get("posted_kind") or entry.header("sent_headers", "content-type")
        packing = entry.header("sent_headers", "content-encoding")
        sent.insert(0, Body(entry.single["posted"], kind, entry.single.get("posted_encoding", ""), packing))
    if "content" in entry.single:
        kind = entry.single.get("content_kind") or entry.header("received_headers", "content-type")
        packing = entry.header("received_headers", "content-encoding")
        received.insert(0, Body(entry.single["content"], kind, entry.single.get("content_encoding", ""), packing))
    headers = entry.lists.get("sent_headers", [])
    found.message(f"sent to {shown}", f"host:{shown}", Message(url, headers, parameters, sent))
    headers = entry.lists.get("received_headers", [])
    found.message(f"received from {shown}", f"host:{shown}", Message("", headers, (), received))


def server(host: str, context: Context) -> str:
    """Return a server as flows name it: its masked name in lower case, or its address."""
    try:
        return str(ipaddress.ip_address(host.strip("[]").partition("%")[0]))
    except ValueError:
        return context.host(host.lower())
