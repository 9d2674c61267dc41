"""Why a live store could not be read, in our words: what a driver or a server says may hold values or secrets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """Why something could not be read."""

    reason: str
    """As a clause."""
    todo: str = ""
    """What to do about it."""
    fatal: bool = False
    """Whether the connection is gone."""


class TableFaultError(Exception):
    """A statement failed; the fault says why, in our words."""

    def __init__(self, fault: Fault) -> None:
        """Keep the fault and nothing of what was said."""
        super().__init__(fault.reason)
        self.fault = fault


LOGIN = "Check the user, and where its password comes from."
LONGER = "Allow more with --timeout, or read at a quieter time."
TLS = "Ask whoever runs the server for TLS, or write sslmode=disable into the address if the network is yours."

SQLSTATES = {
    "28P01": Fault("the server refused the password", LOGIN, fatal=True),
    "28000": Fault("the server refuses this user, or this way to connect", LOGIN, fatal=True),
    "3D000": Fault("there is no such database", "Check the address.", fatal=True),
    "42501": Fault("our role may not read it", "Grant SELECT on it."),
    "57014": Fault("it took longer than its time-out", LONGER),
    "55P03": Fault("somebody else holds a lock on it", "Read at a quieter time."),
    "40001": Fault("the standby stopped it, because it stood in the way of replication", "Read the primary instead."),
    "42P01": Fault("it is gone since it was listed", "Scan again."),
    "25006": Fault("it would have changed something, and nothing may be changed"),
    "25P03": Fault("nothing happened for too long", LONGER, fatal=True),
    "XX001": Fault("its data is damaged", "Have the server's administrator look at it."),
    "XX002": Fault("its index is damaged", "Have the server's administrator look at it."),
    "53300": Fault("the server has no connection left", "Read at a quieter time.", fatal=True),
    "57P01": Fault("the server ended the connection", "Scan again.", fatal=True),
    "57P02": Fault("the server crashed", "Scan again when it is up.", fatal=True),
    "57P03": Fault("the server is not ready", "Scan again when it is up.", fatal=True),
}
"""By the code of the SQL standard, as PostgreSQL uses it."""

CLASSES = {
    "08": Fault("the connection was lost", "Scan again.", fatal=True),
    "22": Fault("a value in it cannot be sent", "Export it, and give the file."),
    "42": Fault("the server does not understand what was asked", "Report it with the version of the server."),
    "53": Fault("the server has no room or memory left for it", "Read at a quieter time."),
    "58": Fault("the server's disk failed", "Have the server's administrator look at it."),
}
"""By the class of the code."""

PHRASES = (
    ("root certificate file", Fault("there is no file of trusted certificates", "Add sslrootcert=FILE.", fatal=True)),
    ("password authentication failed", SQLSTATES["28P01"]),
    ("no password supplied", Fault("the server wants a password, and there is none", LOGIN, fatal=True)),
    ("does not exist", Fault("there is no such user or database", "Check the address.", fatal=True)),
    ("no pg_hba.conf entry", SQLSTATES["28000"]),
    ("peer authentication failed", SQLSTATES["28000"]),
    ("Connection refused", Fault("nothing answers there", "Check host and port.", fatal=True)),
    ("No such file or directory", Fault("nothing answers there", "Check host and port.", fatal=True)),
    ("could not translate host name", Fault("there is no host of that name", "Check the address.", fatal=True)),
    ("timeout expired", Fault("nobody answered in time", "Check host, port and firewall.", fatal=True)),
    ("does not support SSL", Fault("the server offers no TLS", TLS, fatal=True)),
    ("certificate verify failed", Fault("the certificate of the server is not one that we trust", fatal=True)),
    ("does not match host name", Fault("the certificate of the server is for another host", fatal=True)),
    ("unsupported startup parameter", Fault(
        "a connection pooler refused the settings that keep us from changing anything",
        "Give the address of the server itself.", fatal=True)),
    ("too many clients", SQLSTATES["53300"]),
    ("too many connections", SQLSTATES["53300"]),
    ("shutting down", SQLSTATES["57P01"]),
    ("starting up", SQLSTATES["57P03"]),
)  # fmt: skip
"""What the client library itself says, where the server gave no code."""

GONE = CLASSES["08"]


def of_sql(state: str | None, said: str, *, connecting: bool = False) -> Fault:
    """Return our words for what a driver said.

    Args:
        state: Code of the SQL standard, if there is one.
        said: What the driver said: it is searched, and nothing of it is repeated.
        connecting: Whether the connection did not stand yet.
    """
    if state:
        known = SQLSTATES.get(state) or CLASSES.get(state[:2])
        return known or Fault("the server refused it")
    for phrase, fault in PHRASES if connecting else ():
        if phrase in said:
            return fault
    return Fault("the connection could not be made", "Check the address.", fatal=True) if connecting else GONE


NUMBERS = {
    1040: SQLSTATES["53300"],
    1044: SQLSTATES["28000"],
    1045: Fault("the server refused the user or the password", LOGIN, fatal=True),
    1049: SQLSTATES["3D000"],
    1130: SQLSTATES["28000"],
    1142: SQLSTATES["42501"],
    1143: SQLSTATES["42501"],
    1146: SQLSTATES["42P01"],
    1194: SQLSTATES["XX001"],
    1195: SQLSTATES["XX001"],
    1205: SQLSTATES["55P03"],
    1227: SQLSTATES["42501"],
    1251: Fault("the server wants a way to log in that is not known here", LOGIN, fatal=True),
    1698: SQLSTATES["28000"],
    1792: SQLSTATES["25006"],
    1969: SQLSTATES["57014"],
    2003: Fault("nothing answers there", "Check host and port.", fatal=True),
    2006: GONE,
    2013: GONE,
    2026: Fault("the server offers no TLS, or its certificate is not one that we trust", TLS, fatal=True),
    3024: SQLSTATES["57014"],
    3159: Fault("the server wants an encrypted connection", "Add ssl-mode=required to the address.", fatal=True),
    4031: SQLSTATES["25P03"],
}
"""By the number of the error, as MySQL and MariaDB use it."""


def of_number(problem: Exception, *, connecting: bool = False) -> Fault:
    """Return our words for an error of MySQL: its number says enough, its text may hold a value."""
    number = problem.args[0] if problem.args and isinstance(problem.args[0], int) else 0
    if known := NUMBERS.get(number):
        if number == 2003 and "certificate" in str(problem).lower():
            return NUMBERS[2026]
        return known
    if connecting:
        return Fault("the connection could not be made", "Check the address.", fatal=True)
    return Fault("the server refused it") if number else GONE
