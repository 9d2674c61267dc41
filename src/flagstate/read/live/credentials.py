"""Who we connect as, and with what secret: taken from where the user keeps it, given to the driver, kept nowhere.

Secrets come from the environment, from password files that nobody else can read, from `--dsn-file`, or from a prompt.
They are never in an argument, a log, an error, a case or the environment of a process that we start.
"""

from __future__ import annotations

import configparser
import os
import stat
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from flagstate.errors import UsageError
from flagstate.read.live.target import Target, endpoint_of, split

SECRETS = ("PGPASSWORD", "MYSQL_PWD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
"""Variables that are taken out of the environment once they were read."""

FAMILIES = ("PG", "AWS_", "MYSQL_")
"""Beginnings of variables that would make a driver connect otherwise, or elsewhere, than was named."""

MOST = 1 << 20
"""Bytes of a password file that are read."""

MOST_TARGETS = 1_000

Ask = Callable[[str], str]


@dataclass(frozen=True)
class Credentials:
    """What a store is told about us."""

    user: str = ""
    """Role, or id of an access key."""
    secret: str = field(default="", repr=False)
    """Password or secret key."""
    token: str = field(default="", repr=False)
    """Session token of temporary keys."""
    source: str = ""
    """Where the secret came from, such as `PGPASSWORD`; empty: there is none."""
    remarks: tuple[str, ...] = ()
    """What a person should know, such as a password file that was not used."""

    def pack(self) -> dict[str, object]:
        """Return it as JSON knows it: for the pipe to the reading process, and for nothing else."""
        return asdict(self)

    @staticmethod
    def unpack(packed: Mapping[str, object]) -> Credentials:
        """Return what `pack` packed."""
        remarks = packed.get("remarks")
        listed = tuple(str(one) for one in remarks) if isinstance(remarks, list | tuple) else ()
        told = {name: str(packed.get(name) or "") for name in ("user", "secret", "token", "source")}
        return Credentials(**told, remarks=listed)


def gather(
    target: Target, environ: Mapping[str, str], *, home: Path, ask: Ask | None = None, given: str | None = None
) -> tuple[Target, Credentials]:
    """Return the target with what was left open filled in, and the credentials for it.

    Args:
        target: The store.
        environ: The environment.
        home: Where password files lie.
        ask: Asks a person at a terminal, without an echo; null: there is none.
        given: The secret that stood beside the address in a file of addresses.
    """
    if target.scheme == "s3":
        return _s3(target, environ, home, given)
    target = (_postgresql if target.scheme == "postgresql" else _mysql_place)(target, environ, home)
    made = _lookup(target, environ, home) if given is None else Credentials(target.user, given, "", "the file given")
    # A socket knows the account that connects; elsewhere a password is the rule.
    if not made.source and ask is not None and target.host:
        secret = ask(f"Password for {target.show()} (empty: none): ")
        made = replace(made, secret=secret, source="the prompt" if secret else "")
    return target, made


def scrub(environ: MutableMapping[str, str]) -> None:
    """Take secrets out of the environment: no process that is started later inherits them."""
    for name in SECRETS:
        environ.pop(name, None)


def isolate(environ: MutableMapping[str, str]) -> None:
    """Take out whatever would make a driver connect otherwise, or elsewhere, than was named."""
    for name in [name for name in environ if name.startswith(FAMILIES)]:
        del environ[name]


def addresses(path: Path) -> list[tuple[Target, str | None]]:
    """Return the stores that a file of addresses names, one a line, each with the password in it.

    Args:
        path: Lines such as `postgresql://user:password@host/database`; blank lines and those after `#` do not count.

    Raises:
        UsageError: Others can read the file, or a line is not understood; nothing of it is repeated.
    """
    text, why = _private(path)
    if text is None:
        todo = "Run `chmod 600` on it." if "others" in why else "Check the path."
        raise UsageError("The file of addresses is not used", where=path.name, why=why, todo=todo)
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            found.append(split(line))
        except UsageError as problem:
            raise UsageError(problem.what, where=f"{path.name}, line {number}", todo=problem.todo) from None
        if len(found) > MOST_TARGETS:
            raise UsageError(f"The file names more than {MOST_TARGETS:,} stores", where=path.name, todo="Split it.")
    if not found:
        raise UsageError("The file names no store", where=path.name, todo="Write one address a line.")
    return found


def _private(path: Path, *, shared: bool = False) -> tuple[str | None, str]:
    """Return the text of a file that only its owner can read; null, and why not.

    Args:
        path: The file.
        shared: Others may read it too: it holds settings, and we look for no secret in it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None, "there is no such file"
    except OSError as problem:
        return None, f"it cannot be opened ({problem.strerror})"
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            return None, "it is not a regular file"
        if info.st_uid not in (0, os.geteuid()):
            return None, "it belongs to others"
        if info.st_mode & (0o022 if shared else 0o077):
            return None, "others can read or change it"
        return os.read(descriptor, MOST).decode("utf-8", "replace"), ""
    except OSError as problem:
        return None, f"it cannot be read ({problem.strerror})"
    finally:
        os.close(descriptor)


def _kept(path: Path, shown: str) -> tuple[str, tuple[str, ...]]:
    """Return the text of a password file, or nothing and why it was not used; that there is none needs no word."""
    text, why = _private(path)
    if text is not None:
        return text, ()
    return "", () if why == "there is no such file" else (f"{shown} was not used: {why}",)


def _postgresql(target: Target, environ: Mapping[str, str], home: Path) -> Target:
    host, port, database = target.host, target.port, target.database or environ.get("PGDATABASE", "")
    options = dict(target.options)
    if not host and "host" not in options:
        named = environ.get("PGHOST", "")
        if named.startswith("/"):
            options["host"] = named
        else:
            host = named
        port = port or _port(environ.get("PGPORT", ""))
    user = target.user or environ.get("PGUSER", "") or _account()
    return replace(target, host=host, port=port, database=database or user, user=user, options=options)


def _mysql_place(target: Target, environ: Mapping[str, str], home: Path) -> Target:
    section, _ = _my_cnf(home)
    host = target.host
    options = dict(target.options)
    if not host and "socket" not in options:
        host = environ.get("MYSQL_HOST", "") or section.get("host", "")
        if not host and section.get("socket"):
            options["socket"] = section["socket"]
    if "ssl-ca" not in options and section.get("ssl-ca"):
        options["ssl-ca"] = section["ssl-ca"]
    port = target.port or _port(environ.get("MYSQL_TCP_PORT", "") or section.get("port", ""))
    user = target.user or section.get("user", "") or _account()
    return replace(target, host=host, port=port, user=user, options=options)


def _lookup(target: Target, environ: Mapping[str, str], home: Path) -> Credentials:
    if target.scheme == "mysql":
        if secret := environ.get("MYSQL_PWD", ""):
            return Credentials(target.user, secret, source="MYSQL_PWD")
        section, remarks = _my_cnf(home)
        mine = section.get("user", target.user) == target.user
        secret = section.get("password", "") if mine else ""
        return Credentials(target.user, secret, source="~/.my.cnf" if secret else "", remarks=remarks)
    if secret := environ.get("PGPASSWORD", ""):
        return Credentials(target.user, secret, source="PGPASSWORD")
    named = environ.get("PGPASSFILE", "")
    shown = "The file that PGPASSFILE names" if named else "~/.pgpass"
    text, remarks = _kept(Path(named) if named else home / ".pgpass", shown)
    secret = _pgpass(text, target)
    return Credentials(target.user, secret, source="the password file" if secret else "", remarks=remarks)


def _pgpass(text: str, target: Target) -> str:
    host = "localhost" if target.local and target.host in ("", "localhost") else target.host.strip("[]")
    wanted = (host, str(target.port or 5432), target.database, target.user)
    for line in text.splitlines():
        fields = _fields(line)
        if len(fields) != 5 or line.startswith("#"):
            continue
        if all(have in ("*", want) for have, want in zip(fields, wanted, strict=False)):
            return fields[4]
    return ""


def _fields(line: str) -> list[str]:
    fields, escaped = [""], False
    for letter in line:
        if escaped or (letter != "\\" and (letter != ":" or len(fields) == 5)):
            fields[-1] += letter
            escaped = False
        elif letter == "\\":
            escaped = True
        else:
            fields.append("")
    return fields


def _my_cnf(home: Path) -> tuple[dict[str, str], tuple[str, ...]]:
    text, remarks = _kept(home / ".my.cnf", "~/.my.cnf")
    return _section(text, "client", dashed=True), remarks


def _section(text: str, name: str, *, dashed: bool = False) -> dict[str, str]:
    """Return one section of an option file; what else stands in it is not looked at."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("!"))
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True, delimiters=("=",))
    try:
        parser.read_string(lines)
        items = dict(parser.items(name)) if parser.has_section(name) else {}
    except configparser.Error:
        return {}
    said = {key.replace("_", "-") if dashed else key: value or "" for key, value in items.items()}
    return {key: _unquoted(value) for key, value in said.items()}


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value


def _s3(target: Target, environ: Mapping[str, str], home: Path, given: str | None) -> tuple[Target, Credentials]:
    profile = environ.get("AWS_PROFILE", "") or "default"
    settings = _private(Path(environ.get("AWS_CONFIG_FILE", "") or home / ".aws" / "config"), shared=True)[0] or ""
    config = _section(settings, profile if profile == "default" else f"profile {profile}")
    options = dict(target.options)
    endpoint = environ.get("AWS_ENDPOINT_URL_S3", "") or environ.get("AWS_ENDPOINT_URL", "")
    region = environ.get("AWS_REGION", "") or environ.get("AWS_DEFAULT_REGION", "") or config.get("region", "")
    for name, value in (("endpoint", endpoint or config.get("endpoint_url", "")), ("region", region)):
        if value and name not in options:
            options[name] = endpoint_of(value) if name == "endpoint" else value
    target = replace(target, options=options)
    if given is not None:
        return target, Credentials(target.user, given, "", "the file given")
    if (key := environ.get("AWS_ACCESS_KEY_ID", "")) and (secret := environ.get("AWS_SECRET_ACCESS_KEY", "")):
        return target, Credentials(key, secret, environ.get("AWS_SESSION_TOKEN", ""), "AWS_SECRET_ACCESS_KEY")
    named = environ.get("AWS_SHARED_CREDENTIALS_FILE", "")
    shown = "The file that AWS_SHARED_CREDENTIALS_FILE names" if named else "~/.aws/credentials"
    text, remarks = _kept(Path(named) if named else home / ".aws" / "credentials", shown)
    section = _section(text, profile)
    key, secret = section.get("aws_access_key_id", ""), section.get("aws_secret_access_key", "")
    if key and secret:
        token = section.get("aws_session_token", "")
        return target, Credentials(key, secret, token, "the shared credentials file", remarks)
    if environ.get("AWS_PROFILE", ""):
        # Roles, single sign-on and programs that make keys would connect, or run, what was not named.
        remarks += ("the profile that AWS_PROFILE names holds no keys; roles and programs in it are not followed",)
    return target, Credentials(remarks=remarks)


def _port(text: str) -> int | None:
    return int(text) if text.isdigit() and 0 < int(text) < 65536 else None


def _account() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
