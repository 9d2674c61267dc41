"""Bodies and parameters of messages as rows: forms, JSON, multipart, text; nothing of them is kept.

What it cannot see: encrypted or signed bodies, images, fonts and other binary data, and formats of an app's own such
as protocol buffers; they are counted, and that is said.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from flagstate.read.nested import Row, tables
from flagstate.read.sheets import Sheets

MOST = 16 << 20
"""Bytes of a body that are searched."""
MOST_PARTS = 1000
MOST_PARAMETERS = 5000
BINARY = re.compile(r"(?:image|font|video|audio)/|application/(?:wasm|octet-stream|font|x-font|pdf|zip|vnd\.ms-font)")
FORM = "x-www-form-urlencoded"
PAIR = re.compile(r"[\w.\-~%+\[\]$:]{1,200}=\S*")
WORTH = re.compile(
    r"(?:proxy-)?authorization|user-agent|x-[\w-]*(?:id|key|token|user|client|device|email|phone|ip|for|secret|session|auth)|"
    r"[\w-]*api[_-]?key|forwarded|(?:true|cf)-[\w-]*ip|from|referer|location|(?:x-)?[\w-]*token|cookie2?|set-cookie"
)
"""Headers whose values can say who or where somebody is, or open something."""
NAMED = re.compile(r'name\*?="?([^";\r\n]{0,200})', re.IGNORECASE)
FILE = re.compile(r"filename\*?=", re.IGNORECASE)
NO_CHARSET = re.compile(r"puny|idna|escape|undefined", re.IGNORECASE)
"""Codecs that are no charsets; some take a time that grows with the square of the text."""
ODD = re.compile("[\0-\x08\x0e-\x1f\ufffd]")
"""What text does not have."""
TEXTUAL = re.compile(r"text/|json|xml|javascript|graphql|csv|yaml|html", re.IGNORECASE)

BINARY_BODIES = (
    "bod[y is an image, a font or other binary data and was|ies are images, fonts or other binary data and were] "
    "not searched"
)
"""What is said of bodies that are no text, with their number before it."""

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Body:
    """One body."""

    text: str
    """As the archive has it."""
    kind: str = ""
    """Its media type."""
    encoding: str = ""
    """base64, or empty."""
    packing: str = ""
    """Its content encoding, where that was not undone."""


@dataclass(frozen=True)
class Message:
    """One request or answer."""

    url: str = ""
    """Its address with a query, or empty."""
    headers: Pairs = ()
    """Names and values."""
    parameters: Pairs = ()
    """Form parameters that were already parsed."""
    bodies: Sequence[Body] = ()
    """What was sent."""


class Payloads:
    """Searches messages, one after the other, and hands their rows to the sheets."""

    def __init__(self, sheets: Sheets) -> None:
        """Begin.

        Args:
            sheets: Where rows go.
        """
        self.sheets = sheets
        self.binary = 0
        """Bodies that are no text."""
        self.cut = 0
        """Bodies of which the end was not searched."""
        self.packed = 0
        """Bodies that stayed compressed."""

    def message(self, base: str, asset_id: str, sent: Message) -> None:
        """Search one request or answer: its parameters and headers are one row, its bodies what they hold.

        Args:
            base: Container; masked.
            asset_id: The server.
            sent: The message.
        """
        row = query(sent.url) + _headers(sent.headers) + list(sent.parameters[:MOST_PARAMETERS])
        for body in sent.bodies:
            row += self._body(base, asset_id, body)
        made: Row = []
        for name, value in row:
            shown = self.sheets.name(name)
            if value[:1] in ("{", "["):
                for path, inner in tables(value, self.sheets.name):
                    below = f"{shown}.{path}" if path else shown
                    made.extend((below if column == "value" else f"{below}.{column}", text) for column, text in inner)
            else:
                made.append((shown, value))
            if shown != name and "‹" in shown:
                made.append((f"{shown} (key)", name))
        if made:
            self.sheets.add(base, made, asset_id=asset_id, state="moved")

    def _body(self, base: str, asset_id: str, body: Body) -> list[tuple[str, str]]:
        """Hand rows and text of a body to the sheets; return parameters of a form."""
        text = self._text(body)
        if not text:
            return []
        kind = body.kind.lower()
        if "multipart/" in kind or text.startswith("--"):
            parts = list(self._parts(base, asset_id, text))
            if parts:
                return parts
        stripped = text.lstrip("\ufeff \t\r\n")
        if stripped[:1] in ("{", "[", '"') or stripped.startswith((")]}'", "for(;;);", "while(1);")):
            if self._json(base, asset_id, stripped):
                return []
        elif FORM in kind or (not TEXTUAL.search(kind) and PAIR.fullmatch(stripped)):
            return pairs(stripped)
        if "event-stream" in kind or stripped.startswith(("data:", "event:", "id:")):
            text = "\n".join(line.removeprefix("data:").lstrip() for line in text.splitlines())
            if self._json(base, asset_id, text):
                return []
        self.sheets.text(f"{base} › text", text, asset_id=asset_id, state="moved")
        return []

    def _json(self, base: str, asset_id: str, text: str) -> bool:
        """Search JSON, or lines of it; says whether it was."""
        values = list(_values(text))
        for value in values:
            for path, row in tables(value, self.sheets.name):
                below = f"{base} › {path}" if path and path != "[]" else base
                self.sheets.add(below, row, asset_id=asset_id, state="moved")
        return bool(values)

    def _parts(self, base: str, asset_id: str, text: str) -> Iterator[tuple[str, str]]:
        found = re.search(r"^--([^\r\n]{1,200}?)(?:--)?\r?$", text[:1000], re.MULTILINE)
        if not found:
            return
        for part in text.split(f"--{found[1]}")[1:MOST_PARTS]:
            head, _, content = part.lstrip("\r\n").partition("\r\n\r\n" if "\r\n\r\n" in part else "\n\n")
            name = NAMED.search(re.sub(r"filename\*?=[^;\r\n]*", "filename=", head))
            if not content or head.startswith("--"):
                continue
            content = content.removesuffix("\n").removesuffix("\r")
            if FILE.search(head) or len(content) > 4096:
                kind = re.search(r"content-type:\s*([^\r\n]+)", head, re.IGNORECASE)
                yield from self._body(base, asset_id, Body(content, kind[1] if kind else ""))
            elif name:
                yield name[1], content

    def _text(self, body: Body) -> str:
        data: bytes | None = None
        if body.encoding == "base64":
            try:
                data = base64.b64decode(re.sub(r"\s+", "", body.text)[: MOST * 4 // 3 // 4 * 4] + "==", validate=False)
            except (binascii.Error, ValueError):
                return body.text
        elif body.packing and any(ord(c) > 127 or c < "\t" for c in body.text[:64]):
            data = body.text.encode("latin-1", "replace")
        if data is not None:
            data = self._unpacked(data, body.packing)
            if data is None:
                return ""
            text = _decoded(data, body.kind)
        else:
            text = body.text
        if len(text) > MOST:
            self.cut += 1
            text = text[:MOST]
        if not text or (BINARY.match(body.kind.lower()) and "svg" not in body.kind) or _is_binary(text):
            self.binary += bool(text)
            return ""
        return text

    def _unpacked(self, data: bytes, packing: str) -> bytes | None:
        """Undo a compression that the archive kept; null: it cannot be undone."""
        how = packing.lower().strip()
        if data.startswith(b"\x1f\x8b"):
            return self._inflated(data, 31)
        if how == "deflate":
            return self._inflated(data, 15 if data[:1] == b"\x78" else -15)
        if data.startswith(b"\x28\xb5\x2f\xfd"):
            return self._zstd(data)
        if how == "br" and _is_binary(data[:1000].decode("latin-1")):
            self.packed += 1
            return None
        return data

    def _inflated(self, data: bytes, wbits: int) -> bytes | None:
        decoder = zlib.decompressobj(wbits=wbits)
        try:
            out = decoder.decompress(data, MOST)
        except zlib.error:
            self.packed += 1
            return None
        self.cut += bool(decoder.unconsumed_tail)
        return out

    def _zstd(self, data: bytes) -> bytes | None:
        import io

        import zstandard

        try:
            with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(io.BytesIO(data)) as stream:
                out: bytes = stream.read(MOST + 1)
        except zstandard.ZstdError:
            self.packed += 1
            return None
        self.cut += len(out) > MOST
        return out[:MOST]


def query(url: str) -> list[tuple[str, str]]:
    """Return the parameters of an address, its user name and password, and what stands behind `#` as parameters."""
    try:
        parts = urlsplit(url)
        found = pairs(parts.query)
        if "=" in parts.fragment:
            found += pairs(parts.fragment.lstrip("/?!"))
        if parts.username:
            found.append(("user name", parts.username))
        if parts.password:
            found.append(("password", parts.password))
    except ValueError:
        return []
    # A value in a path, such as /users/a@b.example, has no name of its own.
    if len(parts.path) > 1:
        found.append(("path", parts.path if "%" not in parts.path else _unquoted(parts.path)))
    return found


def _unquoted(text: str) -> str:
    from urllib.parse import unquote

    return unquote(text, errors="replace")


def pairs(text: str) -> list[tuple[str, str]]:
    """Return names and values of a text `a=1&b=2`; one without a name is called `query`."""
    if text and "=" not in text[:10_000]:
        return [("query", _unquoted(text))]
    try:
        return parse_qsl(text[:MOST], keep_blank_values=False, errors="replace", max_num_fields=MOST_PARAMETERS)
    except ValueError:
        return [("query", _unquoted(text))]


def _headers(headers: Pairs) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for raw, value in headers:
        name = raw.lower().strip()
        if not WORTH.fullmatch(name):
            continue
        if name in ("cookie", "set-cookie"):
            found += _cookies(value, several=name == "cookie")
        elif name.endswith("authorization"):
            found += _authorization(value)
        elif name in ("referer", "location"):
            found += [(f"{name}.{key}", text) for key, text in query(value)]
        else:
            found.append((name, value))
    return found


def _cookies(value: str, *, several: bool) -> Iterator[tuple[str, str]]:
    for line in value.split("\n"):
        for crumb in line.split(";")[: 500 if several else 1]:
            name, _, text = crumb.strip().partition("=")
            if text:
                yield f"cookie {name}", _unquoted(text)


def _authorization(value: str) -> Iterator[tuple[str, str]]:
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() == "basic":
        try:
            user, _, word = base64.b64decode(rest + "==").decode("utf-8", "replace").partition(":")
        except (binascii.Error, ValueError):
            user, word = "", rest
        yield "authorization user name", user
        yield "authorization password", word
    else:
        yield "authorization token", rest or value


def _values(text: str) -> Iterator[object]:
    """Values of a JSON text, of one per line, or behind a guard against inclusion."""
    text = re.sub(r"^(?:\)\]\}',?|for\s*\(;;\);|while\s*\(1\);)\s*", "", text)
    try:
        yield json.loads(text)
        return
    except (ValueError, RecursionError):
        pass
    for line in text.splitlines()[:100_000]:
        if line.lstrip()[:1] in ("{", "["):
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                continue


def _decoded(data: bytes, kind: str) -> str:
    found = re.search(r"charset=\"?([\w\-]+)", kind, re.IGNORECASE)
    name = found[1] if found and not NO_CHARSET.search(found[1]) else "utf-8"
    try:
        return data.decode(name, "replace")
    except (LookupError, ValueError):
        return data.decode("utf-8", "replace")


def _is_binary(text: str) -> bool:
    sample = text[:4096]
    odd = len(ODD.findall(sample))
    return odd * 10 > len(sample)
