"""Receivers of alerts for tests: a webhook, syslog over TCP and UDP, each on this machine and each really there."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Hook:
    """What a webhook was told, and how it answers."""

    port: int = 0
    status: list[int] = field(default_factory=list)
    """Answers to come; when none is left, 200."""
    location: str = ""
    delay_s: float = 0.0
    connections: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    keep_alive: bool = True

    @property
    def uids(self) -> list[str]:
        return [event["metadata"]["uid"] for event in self.events]

    def wait(self, count: int, seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while len(self.events) < count:
            assert time.monotonic() < end, f"{len(self.events)} of {count} events came"
            time.sleep(0.02)


@contextmanager
def webhook(context: ssl.SSLContext | None = None) -> Iterator[Hook]:
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5

        def setup(self) -> None:
            hook.connections += 1
            super().setup()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(hook.delay_s)
            status = hook.status.pop(0) if hook.status else 200
            if status == 200:
                hook.events.append(json.loads(body))
                hook.headers.append(dict(self.headers))
            self.send_response(status)
            if hook.location:
                self.send_header("Location", hook.location)
            self.send_header("Content-Length", "2")
            if not hook.keep_alive:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        hook.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield hook
        server.shutdown()


FRAME = re.compile(rb"([1-9][0-9]*) ")
RFC5424 = re.compile(r"<([0-9]{1,3})>1 (\S+Z) - flagstate - finding - (\{.*\})", re.DOTALL)


@contextmanager
def syslog_tcp(*, reset: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Yield a port, and the messages that come to it; with `reset` each connection is refused when it speaks."""
    found: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    if reset:
                        connection.recv(1)
                        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                        continue
                    data = b""
                    with suppress(ConnectionError):
                        while block := connection.recv(65536):
                            data += block
                    while frame := FRAME.match(data):
                        size = int(frame[1])
                        found.append(data[frame.end() : frame.end() + size].decode())
                        data = data[frame.end() + size :]

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], found


@contextmanager
def syslog_udp() -> Iterator[tuple[int, socket.socket]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        yield server.getsockname()[1], server


def free_port() -> int:
    """Return a port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Return how a server with a certificate of its own speaks, and the certificate, which nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, folder / "key.pem")
    return context, path
