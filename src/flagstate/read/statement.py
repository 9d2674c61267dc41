"""What a statement of SQL does and to which tables: its verb and their names, never a value.

Strings, numbers and comments are taken out before anything is looked at. A text that is cut is read as far as it goes.

What it cannot see: tables behind views and functions, and what dynamic SQL does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 64 << 10
"""Characters of a statement that are looked at."""

MOST_TABLES = 30

_BLANK = re.compile(
    r"--[^\n]*|/\*.*?(?:\*/|\Z)|\$(?P<tag>\w{0,40})\$.*?(?:\$(?P=tag)\$|\Z)|[eEnNbBxX]?'(?:[^'\\]|''|\\.)*(?:'|\Z)",
    re.DOTALL,
)
_TOKEN = re.compile(r'"(?:[^"]|"")*"|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|[(),.;]')
_READS = frozenset({"select", "table", "fetch", "values"})
_WRITES = frozenset({"insert", "update", "delete", "merge", "truncate", "replace", "lock"})
_ADMIN = frozenset(
    {"create", "alter", "drop", "grant", "revoke", "comment", "reindex", "vacuum", "analyze", "cluster", "refresh"}
    | {"reassign", "security", "import", "checkpoint", "load", "call", "do"}
)
_LOOKS = frozenset({"show", "explain"})
_LEADS = frozenset({"from", "join", "into", "update", "table", "copy", "truncate", "using", "only", "view"})
_ENDS = frozenset(
    {"where", "set", "values", "on", "using", "group", "order", "limit", "select", "left", "right", "inner", "outer"}
    | {"full", "cross", "natural", "join", "returning", "union", "except", "intersect", "having", "window", "for"}
    | {"fetch", "offset", "lateral", "default", "when", "as", "if", "exists", "not", "tablesample", "to", "with"}
    | {"concurrently", "restart", "cascade", "from", "stdin", "stdout", "null", "only", "and", "or", "is", "distinct"}
)


@dataclass(frozen=True)
class Statement:
    """What one statement does."""

    action: str
    """read, inspect, write, admin, or empty: it touches nothing, as BEGIN and SET do."""
    tables: tuple[str, ...]
    """Tables as written, in lower case where not quoted; not yet masked."""
    logging: bool | None = None
    """Whether it switches the server's log on (true) or off; null: it does neither."""


def statement(text: str) -> Statement:
    """Return what a statement does and to which tables.

    Args:
        text: One statement, or several of which the first decides what is done.
    """
    switched = _switches(text[:2000])
    tokens = _TOKEN.findall(_BLANK.sub(" '' ", text[:LONGEST]))
    words = [token.lower() if token[:1] != '"' else token for token in tokens]
    verb = next((word for word in words if word not in "(;,."), "")
    shared = _shared_names(words) if verb == "with" else set()
    if verb in ("with", "explain", "prepare", "declare"):
        inner = [w for w in words if w in _READS | _WRITES]
        writes = [w for w in inner if w in _WRITES]
        verb = "explain" if verb == "explain" else writes[0] if writes else inner[0] if inner else verb
    tables = tuple(dict.fromkeys(t for t in _tables(words) if t not in shared))[:MOST_TABLES]
    return Statement(_action(verb, words), tables, switched)


def _action(verb: str, words: list[str]) -> str:
    if verb == "copy":
        return "write" if _outside(words, "to", "from") == "from" else "read"
    if verb in _READS:
        return "write" if verb == "select" and "into" in words else "read"
    for action, verbs in (("write", _WRITES), ("admin", _ADMIN), ("inspect", _LOOKS)):
        if verb in verbs:
            return action
    return ""


def _outside(words: list[str], *wanted: str) -> str:
    """Return the first of the wanted words that stands outside of brackets."""
    depth = 0
    for word in words:
        depth += (word == "(") - (word == ")")
        if not depth and word in wanted:
            return word
    return ""


def _shared_names(words: list[str]) -> set[str]:
    """Return the names that WITH gives to parts of the statement itself."""
    found = set()
    for at, word in enumerate(words[:-2]):
        if words[at + 1] == "as" and words[at + 2] in ("(", "materialized", "not"):
            found.add(word.strip('"'))
        elif word == "recursive":
            found.add(words[at + 1].strip('"'))
    return found


def _tables(words: list[str]) -> list[str]:
    """Return the names behind FROM, JOIN, INTO and their like."""
    found: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        if (word == "on" and words and words[0] in ("grant", "revoke")) or word in _LEADS:
            at = _listed(words, at + 1, found)
        else:
            at += 1
    return found


def _listed(words: list[str], at: int, found: list[str]) -> int:
    """Read a list of names that begins here; return where it ends."""
    while at < len(words):
        while at < len(words) and words[at] in ("only", "table", "if", "exists", "not", "lateral", "concurrently"):
            at += 1
        name, after = _name(words, at)
        if not name:
            return at
        # A name before a bracket is a function, but for the columns of INTO and the like.
        called = after < len(words) and words[after] == "("
        if not called or (at and words[at - 1] in ("into", "copy", "table", "exists")):
            found.append(name)
        at = after
        # Past an alias, to the next of the list.
        if at < len(words) and words[at] == "as":
            at += 1
        if at < len(words) and words[at] not in _ENDS and words[at] not in _LEADS and words[at] not in "(),.;":
            at += 1
        if at >= len(words) or words[at] != ",":
            return at
        at += 1
    return at


def _name(words: list[str], at: int) -> tuple[str, int]:
    parts: list[str] = []
    while at < len(words) and words[at] not in "(),.;" and words[at] not in _ENDS and len(parts) < 4:
        parts.append(words[at].strip('"').replace('""', '"')[:128])
        at += 1
        if at + 1 < len(words) and words[at] == ".":
            at += 1
        else:
            break
    return ".".join(parts), at


_SWITCH = re.compile(
    r"\A\s*(?:ALTER\s+(?:SYSTEM|(?:DATABASE|ROLE|USER)\s+\S{1,64})\s+)?(?P<do>SET|RESET)\s+(?:SESSION\s+|LOCAL\s+)?"
    r"(?P<what>log_statement|log_connections|log_disconnections|logging_collector|log_min_duration_statement"
    r"|log_min_messages|log_min_error_statement|log_destination|pgaudit\.log)\s*(?:=|TO)?\s*'?(?P<value>[\w-]*)",
    re.IGNORECASE,
)
_OFF = {"none", "off", "false", "0", "-1", "no", "panic", "fatal", ""}


def _switches(text: str) -> bool | None:
    match = _SWITCH.match(text)
    if match is None or match["do"].upper() == "RESET":
        return None if match is None else True
    value = match["value"].lower()
    if match["what"].lower() == "log_min_duration_statement":
        return value != "-1"
    return value not in _OFF
