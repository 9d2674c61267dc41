"""PostgreSQL server logs: stderr with the usual prefixes, csvlog and jsonlog; who came from where and touched what.

Of a statement only its verb and its tables are kept; its values are searched for classes of data, as those of any text,
for a log that holds them is a store of its own. A role is named where its name is made of words of our trade,
such as `app_reader`; all others are the users of the database.

What it cannot see: statements that `log_statement` leaves out; which server of several wrote the log; who is behind a
pooler or an application; tables behind views and functions.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from flagstate import model
from flagstate.catalog.role_words import impersonal
from flagstate.model.counted import counted
from flagstate.read import server_log
from flagstate.read.charset import opened as utf8
from flagstate.read.charset import sniff, text_head
from flagstate.read.json_head import top_keys
from flagstate.read.lines import Progress as Lines
from flagstate.read.lines import prose
from flagstate.read.objects import Objects
from flagstate.read.part import Context, Facts, Head, Kind, Note, Opened, Part, Reader, Tally
from flagstate.read.server_log import Entry, Progress
from flagstate.read.statement import Statement, statement
from flagstate.read.switched import ELSEWHERE
from flagstate.read.touched import Asset, Touched, place

MOST_SESSIONS = 50_000
"""Sessions whose host, role and database are remembered."""

LINE = 1 << 20
"""Bytes of a line that are read as one."""

_PLAIN = re.compile(rf"^.{{0,400}}?\b(?:{server_log.SEVERITIES}):  ", re.MULTILINE)
_TELLING = re.compile(
    r"(?:LOG|FATAL|ERROR):  (?:connection (?:received|authorized|authenticated)|disconnection: |statement: |execute "
    r"|duration: |starting PostgreSQL|database system |listening on |checkpoint |automatic (?:vacuum|analyze) |AUDIT: "
    r"|password authentication failed|no pg_hba\.conf|parameter \"|permission denied|relation \")"
)
_CSV = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [A-Z0-9+-]{2,6},[^,\n]*,[^,\n]*,\d+,"
    r'("[^"\n]*")?,[0-9a-f]+\.[0-9a-f]+,\d+,',
    re.MULTILINE,
)
_RECEIVED = re.compile(r"connection received: host=(\S{1,80})")
_AUTHORIZED = re.compile(r"(?:replication )?connection authorized: user=(\S{1,128})(?: database=(\S{1,128}))?")
_LEFT = re.compile(r"disconnection: session time: (\d{1,7}):(\d\d):(\d\d)")
_REFUSED = re.compile(
    r"\w{2,20} authentication failed for user|no pg_hba\.conf entry|pg_hba\.conf rejects|too many connections"
    r"|role \".{1,128}\" (?:does not exist|is not permitted)|database \".{1,128}\" does not exist"
    r"|permission denied for database"
)
_NAMED = re.compile(r'user "([^"]{1,128})"|role "([^"]{1,128})"')
_STATED = re.compile(r"(?:duration: [\d.]+ ms  )?(?:statement|execute [^:]{1,128}): (.*)", re.DOTALL)
_AUDIT = re.compile(r"AUDIT: (?:SESSION|OBJECT),\d+,\d+,(\w{2,12}),[^,]{0,64},[^,]{0,40},\"?([^,\"]{0,128})\"?,")
_CLASSES = {"READ": "read", "WRITE": "write", "DDL": "admin", "ROLE": "admin", "FUNCTION": "read"}
_RELOADED = re.compile(r'parameter "(log_\w+|logging_collector)" changed to "(\w*)"')


def recognise(head: Head) -> Kind | None:
    """Entries with a severity and two blanks, rows of a csvlog, or objects of a jsonlog."""
    keys = top_keys(head.data)
    if keys is not None:
        ours = {"timestamp", "error_severity", "pid", "message"} <= keys.keys()
        return Kind("postgresql log json") if ours else None
    if b":  " not in head.data and b",LOG," not in head.data:
        return None
    text = text_head(head.data)
    if not text:
        return None
    if _CSV.match(text):
        return Kind("postgresql log csv")
    lines = [line for line in text[:32768].splitlines() if line.strip() and not line.startswith("\t")]
    shaped = sum(bool(_PLAIN.match(line)) for line in lines)
    return Kind("postgresql log") if shaped * 2 >= len(lines) and _TELLING.search(text) else None


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield activity per database and table, and from when to when the log said less."""
    progress, log = Progress(), Log(Touched(context, "postgresql"))
    with utf8(opened.path, sniff(opened.head.data) or "utf-8") as stream:
        if kind.name == "postgresql log json":
            found = Objects(iter(lambda: stream.read(1 << 20), b""), 0, re.compile(rb'\{"timestamp"'))
            entries = server_log.objects(found, progress)
        else:
            found = None
            lines = (line.decode("utf-8", "replace") for line in iter(lambda: stream.readline(LINE), b""))
            if kind.name == "postgresql log csv":
                entries = server_log.table(lines, progress)
            else:
                entries = server_log.plain((line.rstrip("\r\n") for line in lines), progress)
        for entry in entries:
            log.take(entry)
            if context.max_rows and progress.entries >= context.max_rows:
                break
    yield from progress.rejects
    if found is not None:
        yield from found.rejects
    yield from log.touched.parts()
    yield from _coverage(log)
    unlisted = progress.unlisted + (found.unlisted if found is not None else 0)
    yield Tally(rows_rejected=unlisted, first_ts=log.touched.first, last_ts=log.touched.last)
    # Statements hold values: that they stand in a log is a holding of its own. Its lines are what is counted as read.
    yield from prose(opened, sniff(opened.head.data) or "utf-8", context.max_rows, Lines())
    yield from _notes(log, progress, cut=found is not None and found.cut)


@dataclass
class Session:
    """What is known of one session."""

    host: str = ""
    user: str = ""
    database: str = ""
    last: tuple[int, Statement] | None = None


class Log:
    """The entries of one log, added up."""

    def __init__(self, touched: Touched) -> None:
        """Begin with nothing."""
        self.touched = touched
        self.sessions: OrderedDict[str, Session] = OrderedDict()
        self.statements = 0
        self.connections = 0
        self.ended = 0
        self.longest = timedelta()
        self.failing: dict[str, Entry] = {}

    def take(self, entry: Entry) -> None:
        """Add one entry."""
        self.touched.saw(entry.at)
        session = self._session(entry)
        text = entry.text
        if entry.severity == "STATEMENT":
            if self.failing.pop(entry.session, None) is not None:
                self._stated(entry, session, text, failed=True)
        elif entry.severity == "ERROR":
            self._failed(entry, session)
        elif entry.severity == "FATAL":
            if _REFUSED.search(text[:400]):
                self._login(entry, session, failed=True)
        elif match := _RECEIVED.match(text):
            # A socket on the machine itself; names of hosts are not looked at.
            session.host = "local" if match[1] == "[local]" else place(match[1]) or session.host
        elif match := _AUTHORIZED.match(text):
            session.user, session.database = match[1], match[2] or "replication"
            self._login(entry, session, failed=False)
        elif match := _LEFT.match(text):
            self.ended += 1
            lasted = timedelta(hours=int(match[1]), minutes=int(match[2]), seconds=int(match[3]))
            self.longest = max(self.longest, lasted)
            self.sessions.pop(entry.session, None)
        elif match := _STATED.match(text):
            self._stated(entry, session, match[1], failed=False)
        elif match := _AUDIT.match(text):
            self._audited(entry, session, match)
        elif match := _RELOADED.match(text):
            self._switched(entry, statement(f"SET {match[1]} = '{match[2]}'"), "")

    def _session(self, entry: Entry) -> Session:
        session = self.sessions.get(entry.session)
        if session is None:
            session = self.sessions[entry.session] = Session()
            if len(self.sessions) > MOST_SESSIONS:
                self.sessions.popitem(last=False)
        session.host = entry.host or session.host
        session.user = entry.user or session.user
        session.database = entry.database or session.database
        return session

    def _login(self, entry: Entry, session: Session, *, failed: bool) -> None:
        self.connections += 1
        # A database that somebody only tried to reach may be none.
        self.touched.add(
            _asset("" if failed else session.database),
            "login",
            entry.at.date(),
            principal=_group(session, entry.text if failed else ""),
            from_place=session.host,
            failed=failed,
        )

    def _failed(self, entry: Entry, session: Session) -> None:
        if entry.statement:
            self._stated(entry, session, entry.statement, failed=True)
        else:
            self.failing[entry.session] = entry
            if len(self.failing) > MOST_SESSIONS:
                self.failing.clear()

    def _stated(self, entry: Entry, session: Session, text: str, *, failed: bool) -> None:
        mark = hash(text)
        again = failed and session.last is not None and session.last[0] == mark
        made = session.last[1] if again and session.last else statement(text)
        session.last = (mark, made)
        self.statements += not again
        if made.logging is not None and not failed:
            self._switched(entry, made, session.database)
        if not made.action:
            return
        # An error repeats its statement: it was counted when it began.
        for asset in [_asset(session.database, table) for table in made.tables] or [_asset(session.database)]:
            self.touched.add(
                asset,
                made.action,
                entry.at.date(),
                principal=_group(session),
                from_place=session.host,
                failed=failed,
                times=0 if again else 1,
            )

    def _audited(self, entry: Entry, session: Session, match: re.Match[str]) -> None:
        """Add what the extension pgaudit says of a statement: its class and its table."""
        self.statements += 1
        asset, group = _asset(session.database, match[2]), _group(session)
        if action := _CLASSES.get(match[1]):
            self.touched.add(asset, action, entry.at.date(), principal=group, from_place=session.host)

    def _switched(self, entry: Entry, made: Statement, database: str) -> None:
        if made.logging is None:
            return
        action = "start_logging" if made.logging else "stop_logging"
        session = self.sessions.get(entry.session, Session())
        self.touched.add(_asset(database), action, entry.at.date(), principal=_group(session), from_place=session.host)
        said = "switched on" if made.logging else "switched off or narrowed"
        self.touched.gap(
            {
                "noun": "activity",
                "scope": _asset("").id,
                "from_ts": entry.at,
                "to_ts": None,
                "complete": "unknown" if made.logging else "no",
                "said_by": _asset("").id,
                "remark": f"The server's log was {said}"
                + (": what followed was not, or not wholly, logged." if not made.logging else "."),
                "todo": None if made.logging else ELSEWHERE,
            }
        )


def _asset(database: str, table: str = "") -> Asset:
    base = f"postgresql:{database}" if database else "postgresql"
    if not table:
        return Asset(base, "store", database or "PostgreSQL server", service="postgresql")
    return Asset(f"{base}/{table}", "store", table, service=base)


def _group(session: Session, refused: str = "") -> str:
    """Return the group of a role: its name where that is made of ordinary words, else the users of the database."""
    named = _NAMED.search(refused[:400]) if refused else None
    user = session.user or (next((g for g in named.groups() if g), "") if named else "")
    return f"postgresql:role/{user}" if impersonal(user) else "postgresql:users"


def _coverage(log: Log) -> Iterator[Part]:
    touched = log.touched
    if touched.first is None:
        return
    seen = [word for word, there in (("connections", log.connections), ("statements", log.statements)) if there]
    row = {
        "noun": "activity",
        "scope": _asset("").id,
        "from_ts": touched.first,
        "to_ts": touched.last,
        "complete": "unknown",
        "said_by": "postgresql",
        "remark": f"A server's log of {' and '.join(seen) if seen else 'its own running, without any connection'}; "
        "it does not say what its settings leave out.",
        "todo": "Give log_statement, log_connections and log_min_duration_statement of the server (`SHOW ALL`).",
    }
    yield Facts("coverage", model.rows(model.COVERAGE, [row]), "observed")


def _notes(log: Log, progress: Progress, *, cut: bool) -> Iterator[Note]:
    if cut:
        yield Note("The file is cut off or damaged at its end", "Fetch it again.")
    if progress.zones:
        listed = ", ".join(sorted(progress.zones)[:3])
        yield Note(f"Times stand in the zone {listed} and were taken as UTC", "Set log_timezone to UTC.", lost=False)
    if progress.entries and not log.statements:
        yield Note(
            "No statement is in it: who read or changed which table is not known",
            "Set log_statement, or give what pgaudit wrote.",
            lost=False,
        )
    if log.ended:
        yield Note(f"{counted(log.ended, 'session[|s]')} ended in it, the longest after {log.longest}", lost=False)


READER = Reader(
    "postgresql",
    "PostgreSQL server logs (stderr, csvlog, jsonlog): connections and statements, by verb and table.",
    recognise,
    read,
)
