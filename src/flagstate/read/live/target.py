"""What the user named: the address of a live store, without a secret in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from flagstate.catalog.mask import mask, mask_host
from flagstate.errors import UsageError

SCHEMES = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
    "s3": "s3",
}
"""What may stand before `://`, and which reader it means."""

PORTS = {"postgresql": 5432, "mysql": 3306}

OPTIONS = {
    "postgresql": ("schema", "host", "sslmode", "sslrootcert", "sslcert", "sslkey"),
    "mysql": ("socket", "ssl-mode", "ssl-ca"),
    "s3": ("region", "endpoint"),
}
"""Query parameters that are understood, by reader. None of them can carry a secret."""

CHOICES = {
    "sslmode": ("disable", "prefer", "require", "verify-ca", "verify-full"),
    "ssl-mode": ("disabled", "preferred", "required", "verify_ca", "verify_identity"),
}

BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
"""Where systems keep the authorities that they trust."""

FORMS = "Write it as postgresql://host/database, mysql://host/database or s3://bucket/prefix."
ELSEWHERE = (
    "Take it out (and change it: it may be in your shell's history), and give it by PGPASSWORD, MYSQL_PWD or the AWS_ "
    "variables, a password file, --dsn-file, or at the prompt."
)
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://")
HOST = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_.\-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])?")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.\-_]{1,61}[a-z0-9]")
UNSAFE = re.compile(r"[\x00-\x1f\x7f\\]")
SPACE = re.compile(r"\s")


@dataclass(frozen=True)
class Target:
    """A live store, as the user named it; it never holds a secret."""

    scheme: str
    """postgresql, mysql or s3."""
    host: str = ""
    """Host name or address; empty: this machine, by a socket."""
    port: int | None = None
    """TCP port; null: the usual one."""
    database: str = ""
    """Database; empty: the one that has the user's name."""
    user: str = ""
    """Role to connect as; empty: from the environment, or this account's."""
    bucket: str = ""
    """Bucket of an object store."""
    prefix: str = ""
    """Objects whose key starts with it; empty: all."""
    options: dict[str, str] = field(default_factory=dict)
    """Further parameters, all of them from `OPTIONS`."""

    def show(self) -> str:
        """Return its name for the ledger, masked and without the user."""
        if self.scheme == "s3":
            return f"s3://{mask(self.bucket)}" + (f"/{mask(self.prefix)}" if self.prefix else "")
        port = f":{self.port}" if self.port and self.port != PORTS[self.scheme] else ""
        return f"{self.scheme}://{mask_host(self.host) if self.host else ''}{port}/{mask(self.database)}"

    @property
    def local(self) -> bool:
        """Whether it is reached without a network: by a socket or the loopback address."""
        return self.host in ("", "localhost", "127.0.0.1", "[::1]", "::1")


def is_address(text: str) -> bool:
    """Say whether an argument is the address of a store, and not a path."""
    return ADDRESS.match(text) is not None


def parse(text: str) -> Target:
    """Return the store that an address names.

    Args:
        text: Such as `postgresql://auditor@db.example/shop?sslmode=verify-full` or `s3://bucket/prefix`.

    Raises:
        UsageError: It is not understood or holds a secret; nothing of it is repeated.
    """
    made, secret = split(text)
    if secret is not None:
        raise UsageError("An address may not hold a password", todo=ELSEWHERE)
    return made


def split(text: str) -> tuple[Target, str | None]:
    """Return the store that an address names, and the password in it, if there is one.

    Raises:
        UsageError: It is not understood; nothing of it is repeated.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port if "@" in parts.netloc or ":" in parts.netloc else None
    except ValueError:
        raise UsageError("The address of a store is not understood", todo=FORMS) from None
    scheme = SCHEMES.get(parts.scheme.lower(), "")
    if not scheme:
        raise UsageError("Stores of this kind are not read", where=_scheme(parts.scheme), todo=FORMS)
    bare = unquote(parts.netloc + parts.path)
    # A space in the name of a server or database is a word of another notation, such as password=….
    if parts.fragment or UNSAFE.search(bare) or (scheme != "s3" and SPACE.search(bare)):
        raise UsageError("The address of a store is not understood", todo=FORMS)
    login, _, place = parts.netloc.rpartition("@")
    user, colon, secret = login.partition(":")
    user = unquote(user)
    if ":" in user:
        raise UsageError("An address may not hold a password", todo=ELSEWHERE)
    options = _options(scheme, parts.query)
    if scheme == "s3":
        made = Target("s3", user=user, bucket=place, prefix=unquote(parts.path[1:]), options=options)
        if not BUCKET.fullmatch(place):
            raise UsageError("The address names no bucket", where="s3", todo=FORMS)
    else:
        made = _server(scheme, place, port, unquote(parts.path[1:]), user, options)
    return made, unquote(secret) if colon else None


def _server(scheme: str, place: str, port: int | None, database: str, user: str, options: dict[str, str]) -> Target:
    host = place[: place.rindex(":")] if port is not None else place.removesuffix(":")
    # An at sign behind the host is what is left of a password with a slash in it.
    if not HOST.fullmatch(host) or "/" in database or "@" in database:
        raise UsageError("The address of a store is not understood", where=scheme, todo=FORMS)
    return Target(scheme, host, port, database, user, options=options)


def _options(scheme: str, query: str) -> dict[str, str]:
    if not query:
        return {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, max_num_fields=20)
    except ValueError:
        raise UsageError("The part of the address after ? is not understood", where=scheme, todo=FORMS) from None
    known = OPTIONS[scheme]
    for name, value in pairs:
        if name not in known:
            # The name is not repeated: it may be a piece of a secret.
            raise UsageError(
                "The address has a parameter that is not understood, or that would carry a secret",
                where=scheme,
                todo=f"Known are: {', '.join(known)}. {ELSEWHERE}",
            )
        if name in CHOICES and value.lower() not in CHOICES[name]:
            raise UsageError(f"{name} has an unknown value", where=scheme, todo=f"One of: {', '.join(CHOICES[name])}.")
        if name == "endpoint":
            endpoint_of(value)
    return {name: value.lower() if name in CHOICES else value for name, value in pairs}


def endpoint_of(value: str) -> str:
    """Return where an object store answers, if it is the address of a server and nothing else.

    Raises:
        UsageError: It is not; it is not repeated.
    """
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.query:
        raise UsageError("The endpoint is not understood", where="s3", todo="Write it as https://host:port.")
    return value


def _scheme(text: str) -> str:
    return f"{text}://" if re.fullmatch(r"[a-z][a-z0-9+.\-]{1,12}", text) else ""
