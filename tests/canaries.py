"""Values that must not leak: made up, each planted in one place, and how they are searched in what came out."""

from __future__ import annotations

import base64
import io
import re
import urllib.parse
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

GIVEN = (
    "Wilhelmina", "Guadalupe", "Bartholomew", "Genevieve", "Cornelius", "Philippa", "Ferdinand", "Rosalind", "Leopold",
    "Octavia", "Reginald", "Henrietta",
)  # fmt: skip
FAMILY = (
    "Hutchinson", "Fernandez", "Schneider", "Kowalski", "Papadopoulos", "Lindqvist", "Montgomery", "Villanueva",
    "Abernathy", "Castellano", "Vandenberg", "Rasmussen",
)  # fmt: skip


@dataclass(frozen=True)
class Canary:
    """One secret of each class, planted together in one place."""

    place: str
    """Where it was planted."""
    email: str
    card: str
    name: str
    parcel: str

    @property
    def secrets(self) -> dict[str, str]:
        """Secret by class."""
        return {"email": self.email, "card": self.card, "name": self.name, "parcel": self.parcel}

    @property
    def given(self) -> str:
        """Forename."""
        return self.name.split()[0]

    @property
    def family(self) -> str:
        """Surname."""
        return self.name.split()[1]

    @property
    def slug(self) -> str:
        """The name as hosts, buckets and files write it."""
        return self.name.lower().replace(" ", "-")


class Aviary:
    """Makes canaries, no two alike, and remembers where each one was planted."""

    def __init__(self) -> None:
        """Begin with none."""
        self.canaries: list[Canary] = []

    def plant(self, place: str) -> Canary:
        """Return a new canary for a place."""
        at = len(self.canaries)
        name = f"{GIVEN[at % 12]} {FAMILY[(at // 12 + at) % 12]}"
        letters = "".join(chr(97 + int(digit)) for digit in f"{at:03d}")
        mail = f"kestrel.{letters}q@fernmail.example"
        made = Canary(place, mail, _card(at), name, _parcel(at))
        self.canaries.append(made)
        return made


def _card(number: int) -> str:
    digits = f"4929{number * 7_919 + 13_000_017:011d}"
    total = sum(sum(divmod(int(d) * 2, 10)) if at % 2 == 0 else int(d) for at, d in enumerate(digits))
    return f"{digits}{-total % 10}"


def _parcel(number: int) -> str:
    digits = f"{number * 3_571 + 21_460_089:08d}"
    rest = 11 - sum(int(d) * w for d, w in zip(digits, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    return f"RB{digits}{ {10: 0, 11: 5}.get(rest, rest) }GB"


def forms(secret: str) -> dict[str, bytes]:
    """Return how a secret may be written, in lower case where that loses nothing."""
    plain = secret.encode()
    found = {
        "plain": secret.lower().encode(),
        "url": urllib.parse.quote(secret, safe="").lower().encode(),
        "url+": urllib.parse.quote_plus(secret).lower().encode(),
        "hex": plain.hex().encode(),
        "utf-16": secret.lower().encode("utf-16-le"),
        "ascii escape": secret.encode("unicode_escape").lower(),
    }
    if " " in secret:
        for word, joint in (("_", "_"), ("-", "-"), (".", "."), ("joined", "")):
            found[word] = secret.lower().replace(" ", joint).encode()
    exact = {}
    for at in range(3):
        text = base64.b64encode(b"\0" * at + plain)
        # Cut what the neighbours on both sides have a part in.
        exact[f"base64 at {at}"] = text[4 if at else 0 : len(text) - 4]
        exact[f"base64url at {at}"] = base64.urlsafe_b64encode(b"\0" * at + plain)[4 if at else 0 : len(text) - 4]
    return found | exact


def search(canaries: Iterable[Canary], blobs: Iterable[tuple[str, bytes]]) -> list[str]:
    """Return a line per secret that stands in a blob: where it came out, where it was planted, and in which form.

    A surname or a forename alone counts too.
    """
    needles: dict[bytes, str] = {}
    exact: dict[bytes, str] = {}
    for canary in canaries:
        for kind, secret in canary.secrets.items():
            for form, needle in forms(secret).items():
                (exact if form.startswith("base64") else needles)[needle] = f"{canary.place}: {kind}, {form}"
    words = {word.lower().encode() for word in (*GIVEN, *FAMILY)}
    folded = re.compile(b"|".join(re.escape(n) for n in sorted({*needles, *words}, key=len, reverse=True)))
    cased = re.compile(b"|".join(re.escape(n) for n in exact))
    found = []
    for where, blob in blobs:
        lower = blob.lower()
        for match in folded.finditer(lower):
            said = needles.get(match.group(), "a name's part")
            around = lower[max(0, match.start() - 30) : match.end() + 20]
            found.append(f"{where} shows {said}: {match.group()!r} in {around!r}")
        found.extend(f"{where} shows {exact[match.group()]}" for match in cased.finditer(blob))
    return found


def below(folder: Path, label: str) -> Iterator[tuple[str, bytes]]:
    """Yield every name and every byte below a folder; tables are decoded as well."""
    for path in sorted(folder.rglob("*")):
        name = f"{label}/{path.relative_to(folder)}"
        yield f"the name {name}", path.name.encode()
        if path.is_symlink():
            yield f"the link {name}", str(path.readlink()).encode()
        elif path.is_file():
            yield name, path.read_bytes()
            if path.suffix == ".parquet":
                yield f"{name} (decoded)", decoded(path)
            if path.suffix in (".zip", ".xlsx"):
                yield from _unzipped(name, path.read_bytes())


def decoded(path: Path) -> bytes:
    """Return every value of a Parquet file as text, with its metadata."""
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError):
        return b""
    parts = [str(table.schema).encode(), str(table.schema.metadata).encode()]
    for column in table.columns:
        for value in column.to_pylist():
            parts.extend(_leaves(value))
    return b"\n".join(parts)


def _leaves(value: object) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield str(key).encode()
            yield from _leaves(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value).encode("utf-8", "surrogatepass")


def _unzipped(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as box:
            for member in box.namelist():
                yield f"{name}!{member}", member.encode() + b"\n" + box.read(member)
    except zipfile.BadZipFile:
        return
