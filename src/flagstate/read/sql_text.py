"""SQL as it streams: tokens, values and lines out of a window of text, in the spellings of the usual databases."""

from __future__ import annotations

import re
from io import BufferedReader

CHUNK = 1 << 20
LONGEST = 16 << 20
"""Characters of a value; a longer one is taken for a quote that stays open."""
SPACE = re.compile(r"(?:\s++|--[^\n]*+|/\*(?:[^*]++|\*(?!/))*+\*/)*+")
MYSQL_SPACE = re.compile(r"(?:\s++|--[^\n]*+|#[^\n]*+|/\*(?:[^*]++|\*(?!/))*+\*/)*+")
WORD = re.compile(r"[^\W\d][\w$]*+")
NUMBER = re.compile(r"[-+]?\s*+(?:0x[0-9A-Fa-f]++|\d[\w.]*+(?:(?<=[eE])[-+]\d++)?|\.\d++)")
QUICK = re.compile(r"\s*+(?:'([^'\\]*+)'|(NULL\b)|([-+]?\d[\d.]*+))\s*+([,)])", re.IGNORECASE)
"""Nearly all values: a text without escapes, NULL, or a number; and the sign behind it."""
DOLLAR = re.compile(r"\$([^\W\d]\w{0,63})?\$")
ESCAPED = re.compile(r"'((?:[^'\\]++|''|\\.)*+)'", re.DOTALL)
PLAIN = re.compile(r"'((?:[^']++|'')*+)'")
DOUBLE = re.compile(r'"((?:[^"\\]++|""|\\.)*+)"', re.DOTALL)
PLAIN_DOUBLE = re.compile(r'"((?:[^"]++|"")*+)"')
GO = re.compile(r"^[ \t]*GO[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
NAME = re.compile(r'"((?:[^"]++|"")++)"|`((?:[^`]++|``)++)`|\[([^\]\n]{1,200})\]|([^\W\d][\w$#]*+)')
RESUME = re.compile(r"\n(?=(?:INSERT|REPLACE|COPY|CREATE|ALTER|DROP|LOCK|UNLOCK|SET|SELECT|--)[ \n])")
_MYSQL = {"n": "\n", "r": "\r", "t": "\t", "0": "", "b": "\b", "Z": "\x1a"}
_COPY = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v"}
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)", re.DOTALL)


class Damage(Exception):
    """A statement is not what it should be; the next one may be."""


class Window:
    """A part of the text, and a place in it."""

    def __init__(self, stream: BufferedReader, *, mysql: bool) -> None:
        """Begin at the beginning.

        Args:
            stream: UTF-8 bytes.
            mysql: Whether a backslash escapes in every string, as in MySQL.
        """
        self._stream, self.mysql, self.batched = stream, mysql, False
        self._space = MYSQL_SPACE if mysql else SPACE
        self._rest = b""
        self.text, self.at, self.ended = "", 0, False
        self._lines, self._counted = 1, 0
        self.more()
        # SQL Server ends statements with a line GO and no semicolon.
        self.batched = bool(GO.search(self.text[:CHUNK]))

    @property
    def line(self) -> int:
        """Number of the line at the place."""
        if self._counted <= self.at:
            self._lines += self.text.count("\n", self._counted, self.at)
            self._counted = self.at
        return self._lines

    def more(self) -> bool:
        """Read on and forget what lies before the place; says whether there was more."""
        block = self._stream.read(CHUNK)
        if not block:
            self.ended = True
            return False
        data = self._rest + block
        # The bytes are valid UTF-8; only the last character may be cut.
        cut = len(data)
        while cut and len(data) - cut < 4 and data[cut - 1] & 0xC0 == 0x80:
            cut -= 1
        if cut and data[cut - 1] >= 0xC0:
            cut -= 1
        else:
            cut = len(data)
        self._rest = data[cut:]
        self._lines, self._counted = self.line, 0
        self.text = self.text[self.at :] + data[:cut].decode("utf-8", "replace")
        self.at = 0
        return True

    def _whole(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Match at the place; a match that touches the end of the window is tried again with more of the text."""
        while True:
            found = pattern.match(self.text, self.at)
            if self.ended or (found is not None and found.end() < len(self.text)):
                return found
            if found is None and len(self.text) - self.at > LONGEST:
                return None
            if found is not None and found.end() - self.at > LONGEST:
                return found
            if found is None and len(self.text) - self.at > CHUNK and not self._opens():
                return None
            if not self.more():
                return pattern.match(self.text, self.at)

    def _opens(self) -> bool:
        """Whether something begins here that may be longer than the window."""
        return self.text.startswith(("'", '"', "`", "$", "/*", "--"), self.at)

    def skip(self) -> None:
        """Go past blanks and comments.

        Raises:
            Damage: A comment stays open.
        """
        while True:
            found = self._space.match(self.text, self.at)
            stop = found.end() if found else self.at
            left = len(self.text) - self.at
            # What touches the end of the window may go on behind it.
            if self.ended or left > LONGEST or (len(self.text) - stop >= 2 and not self.text.startswith("/*", stop)):
                self.at = stop
                break
            self.at = stop if self.text.startswith("/*", stop) else self.at
            if not self.more():
                self.at = min(stop, len(self.text)) if found is None else self.at
        if self.text.startswith("/*", self.at):
            raise Damage("a comment stays open")

    def take(self, text: str) -> bool:
        """Go past a sign, if it stands here."""
        self.skip()
        if self.text.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def word(self) -> str:
        """Return the word that stands here, in upper case, and go past it; empty: none does."""
        self.skip()
        found = self._whole(WORD)
        if found is None:
            return ""
        self.at = found.end()
        return found[0].upper()

    def peek(self) -> str:
        """Return the word that stands here, in upper case, and stay before it."""
        self.skip()
        found = self._whole(WORD)
        return found[0].upper() if found else ""

    def name(self) -> str:
        """Return the name that stands here, without its schema and quotes, and go past it.

        Raises:
            Damage: None does.
        """
        self.skip()
        found = self._whole(NAME)
        if found is None:
            raise Damage("a name is missing")
        self.at = found.end()
        made = (found[1] or "").replace('""', '"') or (found[2] or "").replace("``", "`") or found[3] or found[4]
        return self.name() if self.take(".") else made

    def quick(self) -> tuple[str | None, str] | None:
        """Return a plain value and the sign behind it, and go past both; null: it is no plain one."""
        found = QUICK.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        text, null, number, sign = found.groups()
        return (None if null else number if text is None else text), sign

    def value(self) -> str | None:
        """Return the value that stands here, and go past it: a literal, or the first one within an expression.

        Raises:
            Damage: The value has no end.
        """
        parts: list[str] = []
        depth = count = 0
        null = False
        while True:
            self.skip()
            if self.at >= len(self.text):
                raise Damage("a value has no end")
            sign = self.text[self.at]
            if depth == 0 and sign in ",)":
                return None if null and not parts else "".join(parts)
            count += 1
            if sign == ";" or count > 10_000:
                raise Damage("a value has no end")
            known = bool(parts)
            if sign in "'\"$" or sign.isdigit() or sign in "-+.":
                literal = self._literal(sign, escapes=self.mysql)
                if not known or (depth == 0 and sign in "'\""):
                    parts.append(literal)
            elif sign.isalpha() or sign == "_":
                null = self._wordy(parts) or null
            else:
                depth += sign in "(["
                depth -= sign in ")]"
                self.at += 1

    def _wordy(self, parts: list[str]) -> bool:
        """Take a word within a value: NULL, a boolean, the mark of a string, or the name of a function or type."""
        found = self._whole(WORD)
        word = found[0] if found else self.text[self.at]
        self.at += len(word)
        quote = self.text[self.at : self.at + 1] == "'"
        if quote and word.upper() in ("E", "N", "B", "X", "U", "R"):
            literal = self._literal("'", escapes=word.upper() == "E" or self.mysql)
            parts.append(_unhexed(literal) if word.upper() == "X" else literal)
        elif word.upper() in ("TRUE", "FALSE"):
            parts.append(word.lower())
        return word.upper() == "NULL"

    def _literal(self, sign: str, *, escapes: bool) -> str:
        if sign in "'\"":
            forms = (ESCAPED, DOUBLE) if escapes else (PLAIN, PLAIN_DOUBLE)
            found = self._whole(forms[sign == '"'])
            if found is None or found.end() - found.start() > LONGEST:
                raise Damage("a quote stays open")
            self.at = found.end()
            text = found[1].replace(sign * 2, sign)
            return _ESCAPE.sub(_unescaped, text) if escapes and "\\" in text else text
        if sign == "$":
            return self._dollar()
        found = self._whole(NUMBER)
        if found is None:
            self.at += 1
            return ""
        self.at = found.end()
        return _unhexed(found[0][2:]) if found[0].startswith("0x") else found[0]

    def _dollar(self) -> str:
        opening = self._whole(DOLLAR)
        if opening is None:
            self.at += 1
            return ""
        mark = opening[0]
        while (stop := self.text.find(mark, self.at + len(mark))) < 0:
            if len(self.text) - self.at > LONGEST or not self.more():
                raise Damage("a quote stays open")
        made = self.text[self.at + len(mark) : stop]
        self.at = stop + len(mark)
        return made

    def statement(self) -> None:
        """Go past the end of the statement.

        Raises:
            Damage: It has none.
        """
        while True:
            self.skip()
            if self.at >= len(self.text):
                return
            sign = self.text[self.at]
            if sign == ";":
                self.at += 1
                return
            if sign in "'\"$":
                self._literal(sign, escapes=self.mysql)
            elif self.batched and sign in "Gg" and GO.match(self.text, self.at):
                self.at += 2
                return
            else:
                found = WORD.match(self.text, self.at)
                self.at = found.end() if found else self.at + 1

    def row(self) -> str | None:
        """Return the line that stands here, without its end, and go past it; null: the text ends."""
        while (stop := self.text.find("\n", self.at)) < 0:
            if len(self.text) - self.at > LONGEST:
                raise Damage("a line is too long")
            if not self.more():
                stop = len(self.text)
                if self.at >= stop:
                    return None
                break
        made = self.text[self.at : stop].removesuffix("\r")
        self.at = min(stop + 1, len(self.text))
        return made

    def resume(self) -> bool:
        """Go to the next line that begins a statement; says whether there is one."""
        self.at = min(self.at + 1, len(self.text))
        while True:
            found = RESUME.search(self.text, max(self.at - 1, 0))
            if found:
                self.at = found.end()
                return True
            self.at = max(len(self.text) - 20, 0) if self.text else 0
            if not self.more():
                return False


def _unescaped(found: re.Match[str]) -> str:
    return _MYSQL.get(found[1], found[1])


def _uncopied(found: re.Match[str]) -> str:
    code = found[1]
    if code in _COPY:
        return _COPY[code]
    if code[0] == "x" and len(code) > 1:
        return chr(int(code[1:], 16))
    return chr(int(code, 8) & 0xFF) if code[0] in "01234567" else code


def fields(line: str) -> list[str | None]:
    """Return the values of a line of COPY data."""
    return [
        None if field == "\\N" else _ESCAPE.sub(_uncopied, field) if "\\" in field else field
        for field in line.split("\t")
    ]


def _unhexed(text: str) -> str:
    """Return what hexadecimal digits spell, if that is text; else the digits."""
    try:
        made = bytes.fromhex(text).decode("utf-8")
    except ValueError:
        return text
    return made if made.isprintable() else ""
