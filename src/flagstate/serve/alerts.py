"""Where alerts go: a webhook, a syslog server or a file that the user named; nothing else is ever connected to."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import re
import socket
import ssl
import threading
import urllib.parse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flagstate import __version__
from flagstate.errors import UsageError

TIMEOUT_S = 10.0
"""Seconds for each step of a connection."""
WHOLE_S = 60.0
"""Seconds after which a connection is ended, however slowly the other side speaks."""
ANSWER_BYTES = 1 << 16
"""Bytes of an answer that are read."""
GRACE_S = 1.0
"""Seconds that a syslog server has to refuse what was sent."""
FACILITY = 13
"""Syslog's facility for log audits."""
SEVERITIES = {5: 2, 4: 3, 3: 4, 2: 5, 1: 6}
"""Severity of OCSF to that of syslog."""

TODO = "Write webhook:https://HOST/PATH, syslog:HOST:PORT/tcp (or /udp), or file:PATH."

_PORT = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:/\[\]\s]+):(?P<port>[0-9]{1,5})(?:/(?P<proto>tcp|udp))?")


@dataclass(frozen=True)
class Target:
    """One place for alerts."""

    kind: str
    """webhook, tcp, udp or file."""
    host: str
    """Host to connect to; of a file empty."""
    port: int
    """Its port."""
    rest: str
    """Path and query of a webhook, which may be a secret; path of a file."""
    plain: bool = False
    """Without encryption."""

    @property
    def shown(self) -> str:
        """How it is named in the ledger: without the path of a webhook, which often is a secret."""
        if self.kind == "file":
            return f"file {Path(self.rest).name}"
        if self.kind == "webhook":
            return f"webhook {'http' if self.plain else 'https'}://{self.host}:{self.port}/…"
        return f"syslog {self.host}:{self.port}/{self.kind}"

    @property
    def connects(self) -> bool:
        """Whether it is reached over a network."""
        return self.kind != "file"

    def mark(self, key: bytes) -> str:
        """Return a name for it under the key of a case, from which it cannot be guessed."""
        text = f"{self.kind} {self.host} {self.port} {self.rest} {self.plain}"
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=key[:64], digest_size=8).hexdigest()


@dataclass(frozen=True)
class Message:
    """One alert on its way."""

    uid: str
    """Its id; a receiver that gets it twice knows it by this."""
    severity: int
    """Severity of OCSF, 1 to 5."""
    at: datetime
    """When it was concluded."""
    text: str
    """The event as one line of JSON."""


@dataclass(frozen=True)
class Delivered:
    """What became of an attempt."""

    sent: tuple[str, ...]
    """Ids of the alerts that arrived, as far as the other side says so."""
    problem: str = ""
    """Why the others did not, as a clause; empty: all did, or the other side wants another connection."""


def target(text: str) -> Target:
    """Return the place that a person names.

    Args:
        text: `webhook:URL`, `syslog:HOST:PORT`, with `/tcp` (else so) or `/udp`, or `file:PATH`.

    Raises:
        UsageError: It is none of these.
    """
    kind, _, rest = text.partition(":")
    if kind == "webhook":
        return _webhook(rest)
    if kind == "syslog" and (found := _PORT.fullmatch(rest)) and 0 < int(found["port"]) < 65536:
        host = found["host"].removeprefix("[").removesuffix("]")
        return Target(found["proto"] or "tcp", host, int(found["port"]), "", plain=True)
    if kind == "file" and rest and "\0" not in rest:
        return Target("file", "", 0, os.path.abspath(rest))
    raise UsageError("an alert cannot go there", where=kind[:20], todo=TODO)


def _webhook(url: str) -> Target:
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}[parts.scheme]
        host = parts.hostname or ""
        host.encode("ascii")
    except (ValueError, KeyError) as problem:
        raise UsageError(
            "a webhook needs an address that begins with https://", where="webhook", todo=TODO
        ) from problem
    if not host or parts.username is not None or re.search(r"[^!-~]", url):
        why = "it has no host, holds a name or password, or characters that an address may not have"
        raise UsageError("this is not the address of a webhook", where="webhook", why=why, todo=TODO)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target("webhook", host, port, path, plain=parts.scheme == "http")


def deliver(to: Target, messages: Sequence[Message]) -> Delivered:
    """Deliver alerts in their order over one connection.

    Args:
        to: Where.
        messages: What; at least one.

    Returns:
        What arrived. It never raises for what the other side or the network does.
    """
    way = {"webhook": _post, "tcp": _stream, "udp": _datagrams, "file": _file}[to.kind]
    sent: list[str] = []
    try:
        problem = way(to, messages, sent)
    except ssl.SSLCertVerificationError as fault:
        problem = f"its certificate is not trusted ({fault.verify_message})"
    except TimeoutError:
        problem = "it did not answer in time"
    except socket.gaierror:
        problem = "its name is not known"
    except OSError as fault:
        problem = (fault.strerror or type(fault).__name__).lower()
    except http.client.HTTPException as fault:
        problem = f"it does not speak HTTP ({type(fault).__name__})"
    return Delivered(tuple(sent), problem)


def _post(to: Target, messages: Sequence[Message], sent: list[str]) -> str:
    """Post each alert; no redirect is followed, and no proxy of the environment is asked."""
    if to.plain:
        speaker = http.client.HTTPConnection(to.host, to.port, timeout=TIMEOUT_S)
    else:
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        speaker = http.client.HTTPSConnection(to.host, to.port, timeout=TIMEOUT_S, context=context)
    headers = {"Content-Type": "application/json", "User-Agent": f"flagstate/{__version__}"}
    with contextlib.closing(speaker):
        speaker.connect()
        # A second connection would be one that no row of the ledger tells of.
        speaker.auto_open = 0
        with _bounded(speaker.sock):
            for one in messages:
                speaker.request("POST", to.rest, body=one.text.encode("ascii"), headers=headers)
                answer = speaker.getresponse()
                whole = len(answer.read(ANSWER_BYTES)) < ANSWER_BYTES
                if not 200 <= answer.status < 300:
                    return f"it answered with status {answer.status}"
                sent.append(one.uid)
                if answer.will_close or not whole:
                    break
    return ""


@contextlib.contextmanager
def _bounded(connection: socket.socket) -> Iterator[None]:
    """End a connection from outside when it takes too long."""

    def end() -> None:
        # It ended by itself at the same moment: nothing is left to end.
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(WHOLE_S, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def syslog(message: Message) -> bytes:
    """Return an alert as a message of RFC 5424; its text is ASCII, and the host that sends it is not named."""
    priority = FACILITY * 8 + SEVERITIES.get(message.severity, 5)
    at = message.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"<{priority}>1 {at} - flagstate - finding - {message.text}".encode("ascii")


def _stream(to: Target, messages: Sequence[Message], sent: list[str]) -> str:
    """Send each alert with its length before it (RFC 6587); a server that resets has taken none of them."""
    with socket.create_connection((to.host, to.port), TIMEOUT_S) as connection, _bounded(connection):
        for one in messages:
            data = syslog(one)
            connection.sendall(f"{len(data)} ".encode("ascii") + data)
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(GRACE_S)
        # Silence is assent: a server of syslog answers nothing, and only one that refuses ends the connection.
        with contextlib.suppress(TimeoutError):
            connection.recv(1)
    sent += [one.uid for one in messages]
    return ""


def _datagrams(to: Target, messages: Sequence[Message], sent: list[str]) -> str:
    """Send each alert as a datagram: nobody says whether it arrived."""
    family, kind, protocol, _, address = socket.getaddrinfo(to.host, to.port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as connection:
        connection.settimeout(TIMEOUT_S)
        for one in messages:
            connection.sendto(syslog(one), address)
            sent.append(one.uid)
    return ""


def _file(to: Target, messages: Sequence[Message], sent: list[str]) -> str:
    """Add each alert as a line; a line that a kill left unfinished is ended first."""
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    descriptor = os.open(to.rest, flags, 0o600)
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        size = os.fstat(descriptor).st_size
        torn = size and os.pread(descriptor, 1, size - 1) != b"\n"
        data = (b"\n" if torn else b"") + b"".join(one.text.encode("ascii") + b"\n" for one in messages)
        while data:
            data = data[file.write(data) :]
        os.fsync(descriptor)
    sent += [one.uid for one in messages]
    return ""
