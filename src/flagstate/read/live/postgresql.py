"""PostgreSQL: every table that our role may read, in a session that cannot write.

Rows come as Arrow batches by binary COPY. Each table has read-only transactions of its own, so that no old snapshot
keeps the server from cleaning up. Not seen: rows that row security hides, large objects, other databases, tables on
other servers, views.
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
from flagstate.read.live.faults import Fault, TableFaultError, of_sql
from flagstate.read.live.postgresql_tables import COLUMNS, RELATIONS, Field, Listing, Table, fields, listing
from flagstate.read.live.sampling import CHEAP_BYTES, SEED, Bounds, Sample, draw
from flagstate.read.live.target import BUNDLES, Target
from flagstate.read.part import Note, Part, Records

BATCH_BYTES = 4 << 20
PROBED_BLOCKS = 200
"""Blocks that are counted where the server has no estimate."""

ABOUT = """
SELECT pg_catalog.current_setting('server_version_num')::int AS version,
  pg_catalog.current_setting('default_transaction_read_only') AS read_only,
  pg_catalog.current_setting('server_encoding') AS encoding,
  pg_catalog.current_setting('block_size')::int AS block,
  (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS mighty,
  (SELECT version FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid() AND ssl) AS tls,
  (SELECT pg_catalog.count(*) FROM pg_catalog.pg_database
   WHERE datallowconn AND NOT datistemplate AND datname <> pg_catalog.current_database()) AS others"""


def read(target: Target, credentials: Credentials, bounds: Bounds) -> Iterator[Part]:
    """Yield what the tables of a database hold, and what could not be seen.

    Args:
        target: The database.
        credentials: Who we are.
        bounds: How much is read.

    Raises:
        EvidenceError: It cannot be connected to, or its tables cannot be listed.
    """
    session = Session(target, credentials, bounds)
    try:
        session.open()
        about = session.ask(ABOUT)[0]
        _trust(about)
        yield from _said(target, about)
        with session.reading():
            found = listing(session.ask(RELATIONS), target.options.get("schema", ""))
    except TableFaultError as problem:
        session.close()
        fault = problem.fault
        raise EvidenceError("The database was not read", why=fault.reason, todo=fault.todo) from None
    account = Account()
    try:
        yield from _tables(session, found, about, account)
    finally:
        session.close()
    yield from _unseen(found, account)
    yield from account.close(target, bounds)


def _trust(about: dict[str, object]) -> None:
    if about["read_only"] != "on":
        raise EvidenceError("The database was not read", why="the server did not accept a session that cannot write")
    version = about["version"]
    if not isinstance(version, int) or version < 100_000:
        raise EvidenceError("The database was not read", why="the server is older than PostgreSQL 10")


def _said(target: Target, about: dict[str, object]) -> Iterator[Note]:
    mode = target.options.get("sslmode", "")
    if about["tls"]:
        checked = {
            "verify-full": "the certificate of the server was checked, and its name",
            "verify-ca": "the certificate of the server was checked, but not its name",
        }.get(mode, "the certificate of the server was not checked")
        todo = "" if mode == "verify-full" else "Add sslmode=verify-full&sslrootcert=FILE to the address."
        yield Note(f"The connection was encrypted ({about['tls']}); {checked}", todo, lost=False)
    elif not target.local:
        yield Note("The connection was not encrypted", "Add sslmode=verify-full to the address.", lost=False)
    if about["mighty"]:
        yield Note("The role is a superuser, which this does not need", "Use a role that may only read.", lost=False)
    if about["others"]:
        yield Note(f"{about['others']} other databases of this server were not looked at", lost=False)


def _tables(session: Session, found: Listing, about: dict[str, object], account: Account) -> Iterator[Part]:
    again = 2
    for number, table in enumerate(found.tables):
        try:
            yield from _table(session, table, about, account)
        except TableFaultError as problem:
            account.lose(table.path, problem.fault)
            if not problem.fault.fatal:
                continue
            again -= 1
            if again < 0 or not session.reopen():
                left = len(found.tables) - number - 1
                account.tables_lost += left
                if left:
                    yield Note(
                        f"{counted(left, 'table[ was|s were]')} not read, because {problem.fault.reason}",
                        problem.fault.todo,
                    )
                return


def _table(session: Session, table: Table, about: dict[str, object], account: Account) -> Iterator[Part]:
    with session.reading():
        raw = about["encoding"] == "SQL_ASCII"
        columns, barred = fields(session.ask(COLUMNS.format(oid=table.oid)), raw=raw)
        if not columns:
            account.begin(Sample())
            return
        sample = _sample(session, table, about)
    # Not in that transaction: it would stand idle while what came is searched, and keep the server from cleaning up.
    # Outside one, each statement of this session is a transaction that cannot write.
    account.begin(sample)
    source = table.source + _clause(sample)
    listed = ", ".join(f"{field.sql} AS c{number}" for number, field in enumerate(columns))
    limit = "" if sample.most is None else f" LIMIT {sample.most}"
    stream = session.stream(f"SELECT {listed} FROM {source}{limit}")
    names = unique([mask(field.name) for field in columns], len(columns))
    schema = pa.schema([pa.field(n, _type(f)) for n, f in zip(names, stream.schema, strict=True)])
    batches = _batches(stream, columns, schema, account, replace=raw)
    yield Records(pa.RecordBatchReader.from_batches(schema, batches), mask(table.path), rows_total=sample.rows_total)
    for _ in batches:  # a consumer that stopped early must not make the counts wrong
        pass
    if account.fault is not None:
        raise TableFaultError(account.fault)
    if barred:
        shown = mask(table.path)
        yield Note(
            f"{counted(barred, 'column[|s]')} of {shown} not read: our role may not, or they are too many",
            "Grant SELECT.",
        )
    if table.hidden:
        account.hidden += 1


def _sample(session: Session, table: Table, about: dict[str, object]) -> Sample:
    block = about["block"] if isinstance(about["block"], int) else 8192
    sizes = " + ".join(f"pg_catalog.pg_relation_size({oid}::pg_catalog.oid)" for oid in table.parts) or "0"
    blocks = _number(session.ask(f"SELECT ({sizes})::bigint / {block} AS n"))
    cheap = blocks * block <= CHEAP_BYTES
    if session.bounds.full:
        return Sample()
    if cheap:
        counted = _number(session.ask(f"SELECT pg_catalog.count(*) AS n FROM {table.source}"))
        return draw(session.bounds, rows=counted, exact=True, cheap=True)
    if table.tuples >= 0 and table.pages > 0:
        rows = round(table.tuples / table.pages * blocks)
    else:
        share = min(100.0, 100.0 * PROBED_BLOCKS / blocks)
        probe = f"TABLESAMPLE SYSTEM ({share:.6f}) REPEATABLE ({SEED})"
        rows = round(_number(session.ask(f"SELECT pg_catalog.count(*) AS n FROM {table.source} {probe}")) * 100 / share)
    return draw(session.bounds, rows=max(rows, 1), exact=False, cheap=False)


def _clause(sample: Sample) -> str:
    if sample.whole:
        return ""
    method = "SYSTEM" if sample.blocks else "BERNOULLI"
    return f" TABLESAMPLE {method} ({sample.percent:.6f}) REPEATABLE ({SEED})"


def _number(rows: list[dict[str, object]]) -> int:
    value = rows[0]["n"]
    return value if isinstance(value, int) else 0


def _type(field: pa.Field) -> pa.DataType:
    kind = field.type.storage_type if isinstance(field.type, pa.BaseExtensionType) else field.type
    return pa.string() if pa.types.is_binary(kind) else kind


def _batches(
    stream: pa.RecordBatchReader, columns: list[Field], schema: pa.Schema, account: Account, *, replace: bool
) -> Iterator[pa.RecordBatch]:
    batches = _caught(stream, account)
    for batch in batches:
        account.see(batch.num_rows)
        arrays = []
        for column, field in zip(batch.columns, columns, strict=True):
            array = column.storage if isinstance(column, pa.ExtensionArray) else column
            arrays.append(texts(array, replace=replace) if field.binary else array)
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _caught(stream: pa.RecordBatchReader, account: Account) -> Iterator[pa.RecordBatch]:
    """Yield the batches until there is a fault, which is kept: what was read before it counts."""
    import adbc_driver_manager as adbc

    while True:
        try:
            batch = stream.read_next_batch()
        except StopIteration:
            return
        except (adbc.Error, pa.ArrowException, OSError) as problem:
            account.fault = _fault(problem)
            return
        yield batch


def _unseen(found: Listing, account: Account) -> Iterator[Note]:
    account.tables_lost += len(found.forbidden) + found.beyond
    yield from account.losses()
    if found.forbidden:
        names = account.some(found.forbidden)
        todo = "Grant USAGE on the schema and SELECT on the tables."
        yield Note(
            f"{counted(len(found.forbidden), 'table[ was|s were]')} not read, because our role may not: {names}", todo
        )
    if found.beyond:
        beyond = counted(found.beyond, "table[|s] beyond the bound [was|were] not read")
        yield Note(beyond, "Read schema by schema: ?schema=NAME.")
    if found.foreign:
        names = account.some(found.foreign)
        yield Note(
            f"{counted(len(found.foreign), 'table[ lies|s lie]')} on other servers: {names}",
            "Scan those servers themselves.",
        )
    if account.hidden:
        reason = f"Row security may hide rows of {counted(account.hidden, 'table[|s]')} from our role"
        yield Note(reason, "Use a role with BYPASSRLS to see all.")
    if found.views:
        yield Note(counted(found.views, "view[ was|s were] not run; the tables under [it|them] were"), lost=False)
    if found.empty_views:
        yield Note(counted(found.empty_views, "materialised view[ was|s were] never filled"), lost=False)


def _fault(problem: Exception, *, connecting: bool = False) -> Fault:
    state = getattr(problem, "sqlstate", None)
    return of_sql(state if isinstance(state, str) else None, str(problem), connecting=connecting)


def conninfo(target: Target, credentials: Credentials, bounds: Bounds) -> str:
    """Return what the client library is told; it holds the secret and is given to nobody else."""
    times = bounds.timeouts
    settings = {
        "default_transaction_read_only": "on",
        "statement_timeout": f"{bounds.statement_s * 1000}",
        "lock_timeout": f"{times.lock_s * 1000}",
        "idle_in_transaction_session_timeout": f"{times.idle_s * 1000}",
        "search_path": "pg_catalog",
        "client_min_messages": "error",
        "max_parallel_workers_per_gather": "0",
        "jit": "off",
        "DateStyle": "ISO",
        "TimeZone": "UTC",
    }
    mode = target.options.get("sslmode") or ("prefer" if target.local else "require")
    words = {
        "host": target.host.strip("[]") or target.options.get("host", "/var/run/postgresql"),
        "port": str(target.port or 5432),
        "dbname": target.database,
        "user": credentials.user or target.user,
        "password": credentials.secret,
        # Nothing else may be looked up: neither files of secrets nor servers of tickets.
        "passfile": "/dev/null/none",
        "gssencmode": "disable",
        "application_name": "flagstate",
        "client_encoding": "UTF8",
        "connect_timeout": str(times.connect_s),
        "keepalives_idle": "30",
        "tcp_user_timeout": "60000",
        "sslmode": mode,
        "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
    }
    for name in ("sslrootcert", "sslcert", "sslkey"):
        if name in target.options:
            words[name] = target.options[name]
    if mode.startswith("verify") and "sslrootcert" not in words:
        words["sslrootcert"] = next((path for path in BUNDLES if Path(path).exists()), "system")
    return " ".join(f"{name}={_word(value)}" for name, value in words.items() if value)


def _word(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


@dataclass
class Session:
    """A connection that cannot write."""

    target: Target
    """The database."""
    credentials: Credentials
    """Who we are."""
    bounds: Bounds
    """How long anything may take."""

    def open(self) -> None:
        """Connect.

        Raises:
            TableFaultError: It cannot be.
        """
        import adbc_driver_manager as adbc
        import adbc_driver_postgresql as driver

        try:
            self._database = driver.connect(conninfo(self.target, self.credentials, self.bounds))
            self._connection = adbc.AdbcConnection(self._database)
        except adbc.Error as problem:
            raise TableFaultError(_fault(problem, connecting=True)) from None

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
        self._release()
        _shut(self.__dict__, "_connection", "_database")

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Read within a transaction that cannot write; it never commits."""
        self.stream("BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED READ ONLY").close()
        try:
            yield
        finally:
            with contextlib.suppress(TableFaultError):
                self.stream("ROLLBACK").close()

    def stream(self, statement: str) -> pa.RecordBatchReader:
        """Return the rows of a statement as they come.

        Raises:
            TableFaultError: It failed.
        """
        import adbc_driver_manager as adbc
        from adbc_driver_manager._reader import AdbcRecordBatchReader

        self._release()
        made = self._statement = adbc.AdbcStatement(self._connection)
        try:
            made.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(BATCH_BYTES)})
            made.set_sql_query(statement)
            handle, _ = made.execute_query()
            # Its own reader, not Arrow's: Arrow's would lose the code of an error in the midst of the rows.
            self._rows = AdbcRecordBatchReader._import_from_c(handle.address)
            return self._rows
        except (adbc.Error, pa.ArrowException, OSError) as problem:
            raise TableFaultError(_fault(problem)) from None

    def _release(self) -> None:
        """Close the last statement: its rows need it until they were read."""
        _shut(self.__dict__, "_rows", "_statement")

    def ask(self, statement: str) -> list[dict[str, object]]:
        """Return the few rows of a statement; names in it may hold anything.

        Raises:
            TableFaultError: It failed.
        """
        import adbc_driver_manager as adbc

        try:
            table = self.stream(statement).read_all()
        except (adbc.Error, pa.ArrowException, OSError) as problem:
            raise TableFaultError(_fault(problem)) from None
        columns = [_plain(column) for column in table.columns]
        return [dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True)]


def _shut(held: dict[str, Any], *names: str) -> None:
    import adbc_driver_manager as adbc

    for name in names:
        with contextlib.suppress(adbc.Error, pa.ArrowException, OSError, KeyError):
            held.pop(name).close()


def _plain(column: pa.ChunkedArray) -> list[object]:
    if pa.types.is_string(column.type):
        return [None if v is None else v.decode("utf-8", "replace") for v in column.cast(pa.binary()).to_pylist()]
    return list(column.to_pylist())
