"""MySQL and MariaDB: every table that our role may read, in transactions that cannot write.

Rows are streamed, and every value comes as the text that the server sends. Not seen: tables for which our role has no
privilege at all (the server does not list them), tables whose rows lie on another server, views.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from flagstate.catalog.mask import mask
from flagstate.errors import EvidenceError
from flagstate.model.counted import counted
from flagstate.read.header import unique
from flagstate.read.live.account import Account
from flagstate.read.live.arrays import texts
from flagstate.read.live.credentials import Credentials
from flagstate.read.live.faults import TableFaultError, of_number
from flagstate.read.live.mysql_tables import COLUMNS, SYSTEM, TABLES, Field, Table, fields, tables
from flagstate.read.live.sampling import CHEAP_BYTES, MOST_TABLES, SEED, Bounds, Sample, draw, slices
from flagstate.read.live.target import BUNDLES, Target
from flagstate.read.part import Note, Part, Records

BATCH = 4096
SETTINGS = (
    "SET SESSION TRANSACTION READ ONLY",
    "SET SESSION lock_wait_timeout = {lock_s}, innodb_lock_wait_timeout = {lock_s}",
    "SET SESSION net_write_timeout = 600, wait_timeout = 600, time_zone = '+00:00', sql_mode = ''",
)
"""What a session is told first; all of it is bound to it."""


def read(target: Target, credentials: Credentials, bounds: Bounds) -> Iterator[Part]:
    """Yield what the tables of a server, or of one database on it, hold, and what could not be seen.

    Args:
        target: The server, and the database.
        credentials: Who we are.
        bounds: How much is read.

    Raises:
        EvidenceError: It cannot be connected to, or its tables cannot be listed.
    """
    session = Session(target, credentials, bounds)
    try:
        session.open()
        yield from _said(session)
        where = "TABLE_SCHEMA = %s" if target.database else f"TABLE_SCHEMA NOT IN {SYSTEM}"
        rows = session.ask(TABLES.format(where=where), *([target.database] if target.database else []))
    except TableFaultError as problem:
        session.close()
        fault = problem.fault
        raise EvidenceError("The database was not read", why=fault.reason, todo=fault.todo) from None
    found = tables(rows)
    account = Account()
    try:
        yield from _tables(session, found.tables, account)
    finally:
        session.close()
    yield from account.losses()
    if found.beyond:
        account.tables_lost += found.beyond
        yield Note(
            f"{counted(found.beyond, 'table[|s]')} beyond the bound of {MOST_TABLES:,} not read", "Name one database."
        )
    if found.foreign:
        names = account.some(found.foreign)
        yield Note(
            f"{counted(len(found.foreign), 'table[ lies|s lie]')} on other servers: {names}",
            "Scan those servers themselves.",
        )
    if found.views:
        yield Note(counted(found.views, "view[ was|s were] not run; the tables under [it|them] were"), lost=False)
    yield Note("Tables for which the role has no privilege are not listed by the server", lost=False)
    yield from account.close(target, bounds)


def _said(session: Session) -> Iterator[Note]:
    target = session.target
    cipher = session.ask("SHOW SESSION STATUS LIKE 'Ssl_version'")
    version = cipher[0][1] if cipher else ""
    if version:
        mode = target.options.get("ssl-mode", "")
        checked = {
            "verify_identity": "the certificate of the server was checked, and its name",
            "verify_ca": "the certificate of the server was checked, but not its name",
        }.get(mode, "the certificate of the server was not checked")
        todo = "" if mode == "verify_identity" else "Add ssl-mode=verify_identity&ssl-ca=FILE to the address."
        yield Note(f"The connection was encrypted ({mask(str(version))}); {checked}", todo, lost=False)
    elif not target.local:
        yield Note("The connection was not encrypted", "Add ssl-mode=verify_identity to the address.", lost=False)


def _tables(session: Session, found: tuple[Table, ...], account: Account) -> Iterator[Part]:
    again = 2
    for number, table in enumerate(found):
        try:
            yield from _table(session, table, account)
        except TableFaultError as problem:
            account.lose(table.path, problem.fault)
            if not problem.fault.fatal:
                continue
            again -= 1
            if again < 0 or not session.reopen():
                left = len(found) - number - 1
                account.tables_lost += left
                if left:
                    yield Note(
                        f"{counted(left, 'table[ was|s were]')} not read, because {problem.fault.reason}",
                        problem.fault.todo,
                    )
                return


def _table(session: Session, table: Table, account: Account) -> Iterator[Part]:
    with session.reading():
        columns, barred, key = fields(session.ask(COLUMNS, table.space, table.name))
        if not columns:
            account.begin(Sample())
            return
        sample = _sample(session, table)
        statements = list(_statements(session, table, columns, key, sample))
    # Not in that transaction: it would stand idle while what came is searched, and keep the server from cleaning up.
    # Outside one, each statement of this session is a transaction that cannot write.
    account.begin(sample)
    names = unique([mask(field.name) for field in columns], len(columns))
    schema = pa.schema([pa.field(name, pa.string()) for name in names])
    batches = _batches(session, statements, columns, schema, account)
    yield Records(pa.RecordBatchReader.from_batches(schema, batches), mask(table.path), rows_total=sample.rows_total)
    for _ in batches:  # a consumer that stopped early must not make the counts wrong
        pass
    if account.fault is not None:
        raise TableFaultError(account.fault)
    if sample.blocks and not key:
        yield Note(f"Of {mask(table.path)} the first rows were read: it has no number as its key", lost=False)
    if barred:
        yield Note(
            f"{counted(barred, 'column[|s]')} of {mask(table.path)} not read: there are too many", "Export them."
        )


def _sample(session: Session, table: Table) -> Sample:
    if session.bounds.full:
        return Sample()
    if table.size <= CHEAP_BYTES:
        counted = int(session.ask(f"SELECT COUNT(*) FROM {table.source}")[0][0])
        return draw(session.bounds, rows=counted, exact=True, cheap=True)
    return draw(session.bounds, rows=max(table.rows, 1), exact=False, cheap=False)


def _statements(session: Session, table: Table, columns: list[Field], key: str, sample: Sample) -> Iterator[str]:
    base = f"SELECT {', '.join(field.sql for field in columns)} FROM {table.source}"
    if sample.most is None:
        yield base
    elif not sample.blocks:
        yield f"{base} WHERE RAND({SEED}) < {sample.percent / 100:.9f} LIMIT {sample.most}"
    elif not key:
        yield f"{base} LIMIT {sample.most}"
    else:
        ends = session.ask(f"SELECT MIN({key}), MAX({key}) FROM {table.source}")[0]
        if ends[0] is None:
            return
        for first, end, most in slices(int(ends[0]), int(ends[1]), sample.most):
            yield f"{base} WHERE {key} >= {first} AND {key} < {end} ORDER BY {key} LIMIT {most}"


def _batches(
    session: Session, statements: list[str], columns: list[Field], schema: pa.Schema, account: Account
) -> Iterator[pa.RecordBatch]:
    for statement in statements:
        for rows in _caught(session, statement, account):
            account.see(len(rows))
            arrays = [
                texts(pa.array(column, pa.large_binary()), replace=not field.binary)
                for field, column in zip(columns, zip(*rows, strict=True), strict=True)
            ]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)
        if account.fault is not None:
            return


def _caught(session: Session, statement: str, account: Account) -> Iterator[list[tuple[Any, ...]]]:
    """Yield rows until there is a fault, which is kept: what was read before it counts."""
    try:
        yield from session.stream(statement)
    except TableFaultError as problem:
        account.fault = problem.fault


def _tls(target: Target) -> dict[str, object]:
    mode = target.options.get("ssl-mode") or ("preferred" if target.local else "required")
    if mode == "disabled":
        return {"ssl_disabled": True}
    if mode == "preferred":
        return {}
    if mode == "required":
        return {"ssl": {"check_hostname": False, "verify_mode": False}}
    authorities = target.options.get("ssl-ca") or next((path for path in BUNDLES if Path(path).exists()), None)
    return {"ssl_ca": authorities, "ssl_verify_cert": True, "ssl_verify_identity": mode == "verify_identity"}


@dataclass
class Session:
    """A connection whose transactions cannot write."""

    target: Target
    """The server."""
    credentials: Credentials
    """Who we are."""
    bounds: Bounds
    """How long anything may take."""

    def open(self) -> None:
        """Connect.

        Raises:
            TableFaultError: It cannot be.
        """
        import pymysql
        from pymysql.cursors import SSCursor

        target, times = self.target, self.bounds.timeouts
        socket = target.options.get("socket") or ("" if target.host else "/run/mysqld/mysqld.sock")
        try:
            self._connection = pymysql.connect(
                host=target.host.strip("[]") or None,
                port=target.port or 3306,
                unix_socket=socket or None,
                user=self.credentials.user or target.user,
                # As bytes: the driver knows Latin letters only, and would quote the others in its error.
                password=self.credentials.secret.encode(),
                database=target.database or None,
                charset="utf8mb4",
                use_unicode=False,
                conv={},
                cursorclass=SSCursor,
                autocommit=True,
                local_infile=False,
                connect_timeout=times.connect_s,
                read_timeout=self.bounds.statement_s + 60,
                write_timeout=60,
                program_name="flagstate",
                **_tls(target),
            )
        except (pymysql.Error, OSError, RuntimeError, ValueError) as problem:
            raise TableFaultError(of_number(problem, connecting=True)) from None
        self._prepare()

    def _prepare(self) -> None:
        version = self.ask("SELECT VERSION()")[0][0]
        maria = "mariadb" in str(version).lower()
        for statement in SETTINGS:
            self.ask(statement.format(lock_s=self.bounds.timeouts.lock_s))
        seconds = self.bounds.statement_s
        self.ask(
            f"SET SESSION max_statement_time = {seconds}" if maria else f"SET max_execution_time = {seconds * 1000}"
        )
        try:
            held = self.ask("SELECT @@SESSION.tx_read_only")[0][0]
        except TableFaultError:
            held = self.ask("SELECT @@SESSION.transaction_read_only")[0][0]
        if held != "1":
            raise EvidenceError(
                "The database was not read", why="the server did not accept a session that cannot write"
            )

    def reopen(self) -> bool:
        """Connect again, and say whether that was possible."""
        self.close()
        try:
            self.open()
        except TableFaultError:
            return False
        return True

    def close(self) -> None:
        """Let go of the connection."""
        import pymysql

        held = self.__dict__.pop("_connection", None)
        if held is not None:
            with contextlib.suppress(pymysql.Error, OSError):
                held.close()

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Read within a transaction that cannot write; it never commits."""
        self.ask("START TRANSACTION READ ONLY")
        try:
            yield
        finally:
            with contextlib.suppress(TableFaultError):
                self.ask("ROLLBACK")

    def stream(self, statement: str, *values: object) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows of a statement as they come; every value is bytes or null.

        Raises:
            TableFaultError: It failed.
        """
        import pymysql

        try:
            with self._connection.cursor() as cursor:
                cursor.execute(statement, values or None)
                while rows := cursor.fetchmany(BATCH):
                    yield rows
        except (pymysql.Error, OSError, AttributeError) as problem:
            # A connection that is gone leaves the driver without its own parts.
            raise TableFaultError(of_number(problem)) from None

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the few rows of a statement as text.

        Raises:
            TableFaultError: It failed.
        """
        found = [row for rows in self.stream(statement, *values) for row in rows]
        return [tuple(None if v is None else bytes(v).decode("utf-8", "replace") for v in row) for row in found]
