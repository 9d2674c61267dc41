"""What passed in clear text: requests and answers of HTTP, mail, files; searched for data classes and never kept.

Its containers begin as those of archives and logs do: `sent to` and `received from` a server, as flows name it. What
it cannot see: encrypted payloads, HTTP/2, protocols other than these three, binary formats (they are counted).
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass

from flagstate.read.capture import ftp, http, smtp, socks, websocket
from flagstate.read.capture.service import service
from flagstate.read.capture.talk import Side, Talk
from flagstate.read.part import Context
from flagstate.read.payload import Body, Message, Payloads

MOST_WAITING = 16 << 20
"""Bytes of connections of no known protocol that wait for a dialogue that announces them as its files."""
MOST_ANNOUNCED = 20_000
"""Ends of connections that were announced and not seen yet."""
MOST_PENDING = 20
"""Connections to one end that were announced and not seen yet."""


@dataclass(frozen=True)
class Told:
    """What was read of a connection before, so that it is read once."""

    service: str | None
    """Its protocol."""
    pairs: Sequence[http.Exchange] | None = None
    """Requests and answers of HTTP."""
    files: tuple[list[tuple[str, str]], list[ftp.Transfer]] | None = None
    """Words and announcements of FTP."""


class Clear:
    """Searches the connections of a capture, one after the other."""

    def __init__(self, found: Payloads, context: Context) -> None:
        """Begin.

        Args:
            found: Where what was found goes.
            context: As readers get it.
        """
        self.found, self.context = found, context
        self._servers: dict[str, str] = {}
        self._announced: dict[tuple[str, int], deque[ftp.Transfer]] = {}
        self._waiting: OrderedDict[int, Talk] = OrderedDict()
        self._by_end: dict[tuple[str, int], list[int]] = {}
        """Numbers of those that wait, by responder."""
        self._count = 0
        self._size = 0

    def hear(self, talk: Talk, told: Told | None = None) -> bool:
        """Search one connection; tell whether it was a transfer of FTP, so that it can be called `ftp-data`.

        Args:
            talk: The connection.
            told: What is known of it.
        """
        if talk.proto != "tcp" or not (talk.orig.data or talk.resp.data):
            return False
        told = told or Told(service(talk))
        name = told.service
        if name == "http":
            pairs = http.pairs(talk) if told.pairs is None else told.pairs
            self._http(talk, pairs)
            self._inside(talk, http.tunnel(talk, pairs))
        elif name == "socks":
            found = socks.asked(talk)
            self._inside(talk, (found.orig_at, found.resp_at) if found else None)
        elif name == "smtp":
            shown = self._shown("", talk.resp_h)
            smtp.search(talk, self.found, f"sent to {shown}", f"host:{shown}")
        elif name == "ftp":
            self._dialogue(talk, *(told.files or ftp.dialogue(talk)))
        elif name is None:
            return self._other(talk)
        return False

    def _inside(self, talk: Talk, starts: tuple[int, int] | None) -> None:
        """Search what a proxy passed on in clear text; a proxy behind a proxy is not followed."""
        if starts is None:
            return
        inner = socks.inside(talk, *starts)
        name = service(inner)
        if name == "http":
            pairs = http.pairs(inner)
            if http.tunnel(inner, pairs) is None:
                self._http(inner, pairs)
        elif name == "smtp":
            self.hear(inner, Told(name))

    def _shown(self, raw: str, address: str) -> str:
        """Return a server as flows name it: its masked name, or its address."""
        key = raw or address
        shown = self._servers.get(key)
        if shown is None:
            if len(self._servers) > 50_000:
                self._servers.clear()
            try:
                shown = str(ipaddress.ip_address(key.partition("%")[0]))
            except ValueError:
                shown = self.context.host(key)
            self._servers[key] = shown
        return shown

    def _http(self, talk: Talk, pairs: Sequence[http.Exchange]) -> None:
        host = ""
        for each in pairs:
            request, response = each.request, each.response
            host = (http.host(request.head) or "") if request else host
            shown = self._shown(host, talk.resp_h)
            if request and request.head.method != "CONNECT":
                self._told(f"sent to {shown}", f"host:{shown}", request, talk.orig)
            if response:
                self._told(f"received from {shown}", f"host:{shown}", response, talk.resp)
            if request and response and response.head.status == 101:
                for way, message, side in (("sent to", request, talk.orig), ("received from", response, talk.resp)):
                    bodies = [Body(text) for text in websocket.texts(side.data, message.end)]
                    self.found.message(f"{way} {shown}", f"host:{shown}", Message(bodies=bodies))
                return

    def _told(self, base: str, asset_id: str, message: http.Message, side: Side) -> None:
        head = message.head
        url = (
            head.target
            if "://" in head.target[:12]
            else f"http://server{head.target}"
            if head.target[:1] == "/"
            else ""
        )
        raw = message.content(side)
        kind, packing = head.header("content-type"), head.header("content-encoding")
        bodies = (
            [Body(raw.decode("latin-1") if packing else raw.decode("utf-8", "replace"), kind, "", packing)]
            if raw
            else []
        )
        self.found.message(base, asset_id, Message(url, head.headers, (), bodies))

    def _dialogue(self, talk: Talk, words: list[tuple[str, str]], opened: list[ftp.Transfer]) -> None:
        shown = self._shown("", talk.resp_h)
        if words:
            self.found.message(f"sent to {shown}", f"host:{shown}", Message(parameters=words))
        fresh: dict[tuple[str, int], None] = {}
        for each in opened:
            # Behind a translation the server names an address that nobody sees.
            hosts = (each.resp_h,) if each.resp_h in (talk.orig_h, talk.resp_h) else (each.resp_h, talk.resp_h)
            for end in [(host, each.resp_p) for host in hosts]:
                if end in self._announced or len(self._announced) < MOST_ANNOUNCED:
                    self._announced.setdefault(end, deque(maxlen=MOST_PENDING)).append(each)
                    fresh[end] = None
        for end in fresh:
            for number in list(self._by_end.get(end, ())):
                if self._file(self._waiting[number]):
                    self._leave(number)

    def _other(self, talk: Talk) -> bool:
        if self._file(talk):
            return True
        self._count += 1
        self._waiting[self._count] = talk
        self._by_end.setdefault((talk.resp_h, talk.resp_p), []).append(self._count)
        self._size += len(talk.orig.data) + len(talk.resp.data)
        while self._size > MOST_WAITING or len(self._waiting) > 2000:
            self._leave(next(iter(self._waiting)))
        return False

    def _leave(self, number: int) -> None:
        """Let a connection wait no longer."""
        old = self._waiting.pop(number)
        self._size -= len(old.orig.data) + len(old.resp.data)
        end = (old.resp_h, old.resp_p)
        self._by_end[end].remove(number)
        if not self._by_end[end]:
            del self._by_end[end]

    def _file(self, talk: Talk) -> bool:
        """Search a connection that a dialogue announced; false: none did."""
        every = self._announced.get((talk.resp_h, talk.resp_p))
        if not every:
            return False
        announced = every.popleft()
        if not every:
            del self._announced[talk.resp_h, talk.resp_p]
        shown = self._shown("", announced.server)
        base = f"sent to {shown}" if announced.sent else f"received from {shown}"
        raw = talk.orig.data or talk.resp.data
        named = [("file name", announced.file)] if announced.file else []
        body = Body(raw.decode("utf-8", "replace"))
        self.found.message(f"{base} › files", f"host:{shown}", Message(parameters=named, bodies=[body]))
        return True
