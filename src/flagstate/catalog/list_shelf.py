"""Where the lists are kept: the shipped files, and before them the newer ones that the user took in.

Files are read again when the folder of the user's lists changes, so that a long-lived process never answers by an older
version than a new one would.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from flagstate.catalog import user
from flagstate.catalog.countries import CODES
from flagstate.catalog.list_form import Listing, parse
from flagstate.catalog.strict import printable
from flagstate.errors import CatalogError

SOURCE = Path(__file__).parent / "data" / "lists"
KEPT = "lists"
"""Name of the folder, within that of the user's data, in which newer versions are kept."""

Origin = Literal["shipped", "yours"]
Stamp = tuple[tuple[str, int, int, int], ...]
Swap = tuple[str, str] | None
Key = tuple[Path, Stamp, Swap]

_OVER = re.compile(rb"\A# forced by flagstate data update over ([0-9.-]{10,15})\n")
_SWAP: ContextVar[Swap] = ContextVar("swapped countries of lists", default=None)


@dataclass(frozen=True)
class Version:
    """Which version of a list is used, and whose it is."""

    listing: Listing
    """The list."""
    origin: Origin
    """shipped, or yours: one that the user took in."""
    sha256: str
    """Of the file that was read."""
    unused: str | None = None
    """The user's version where the shipped one is newer and used instead."""


def key(folder: Path | None = None) -> Key:
    """Return what tells whether the lists are still those that were read; `load` takes it.

    Args:
        folder: The folder of the user's data; null: as the account has it.

    Raises:
        CatalogError: The folder cannot be read.
    """
    kept = (folder or user.folder()) / KEPT
    try:
        with os.scandir(kept) as found:
            files = [(one.name, one.stat()) for one in found if one.name.endswith(".yaml")]
    except (FileNotFoundError, NotADirectoryError):
        files = []
    except OSError as error:
        raise CatalogError(
            "the folder of your lists cannot be read", where=printable(str(kept)), why=str(error.strerror)
        ) from error
    stamp = tuple(sorted((name, seen.st_mtime_ns, seen.st_size, seen.st_ino) for name, seen in files))
    return kept, stamp, _SWAP.get()


@lru_cache(maxsize=8)
def load(folder: Path, stamp: Stamp, swap: Swap) -> Mapping[str, Version]:
    """Return every list by its code, with whose version it is.

    Args:
        folder: The folder with the user's lists.
        stamp: What is in it.
        swap: Two countries to exchange; null: none.

    Raises:
        CatalogError: A file is missing or damaged: file, line and key.
    """
    if swap:
        plain = load(folder, stamp, None)
        made = {code: replace(one, listing=_exchanged(one.listing, swap)) for code, one in plain.items()}
        return MappingProxyType(made)
    made = dict(shipped(SOURCE))
    for name, *_ in stamp:
        data = read_list(folder / name)
        own = parse(data, name=f"{KEPT}/{name}")
        if name != f"{own.code}.yaml":
            raise CatalogError(
                f"the file holds the list {own.code}",
                where=f"{KEPT}/{printable(name)}",
                todo="Take it in with: flagstate data update",
            )
        base = made.get(own.code)
        if base is None or goes_before(own, data, base.listing):
            made[own.code] = Version(own, "yours", hashlib.sha256(data).hexdigest())
        else:
            made[own.code] = replace(base, unused=own.version)
    check_links({code: one.listing for code, one in made.items()})
    return MappingProxyType(dict(sorted(made.items())))


def goes_before(own: Listing, data: bytes, base: Listing) -> bool:
    """Say whether the user's version of a list goes before the shipped one: it is newer, or was forced over just that.

    Args:
        own: The user's version.
        data: Its file as kept.
        base: The shipped version.
    """
    over = _OVER.match(data)
    return own.rank > base.rank or (over is not None and over[1].decode() == base.version)


def forced(data: bytes, over: str) -> bytes:
    """Return a file as it is kept where the user forced it: its first line says over which shipped version.

    Args:
        data: The file.
        over: That version.
    """
    return f"# forced by flagstate data update over {over}\n".encode() + unforced(data)


def unforced(data: bytes) -> bytes:
    """Return a file without that line and without a byte order mark."""
    return _OVER.sub(b"", data.removeprefix(codecs.BOM_UTF8), count=1)


@lru_cache(maxsize=2)
def shipped(folder: Path) -> Mapping[str, Version]:
    """Return the lists that the product brings along.

    Args:
        folder: Files `*.yaml`, one per list.

    Raises:
        CatalogError: A file is damaged, or there is none.
    """
    made: dict[str, Version] = {}
    for path in sorted(folder.glob("*.yaml")):
        data = read_list(path)
        one = parse(data, name=path.name)
        if path.stem != one.code:
            raise CatalogError(f"the file holds the list {one.code}", where=path.name, todo=f"Name it {one.code}.yaml")
        made[one.code] = Version(one, "shipped", hashlib.sha256(data).hexdigest())
    if not made:
        raise CatalogError("the lists are missing", where=folder.name, todo="Install the package again")
    check_links({code: one.listing for code, one in made.items()})
    return MappingProxyType(made)


def read_list(path: Path) -> bytes:
    """Return the bytes of a list file, at most a little more than can be read.

    Raises:
        CatalogError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(5_000_001)
    except OSError as error:
        raise CatalogError(
            "the list cannot be read", where=printable(path.name), why=str(error.strerror), todo="Check name and rights"
        ) from error


def check_links(listed: Mapping[str, Listing]) -> None:
    """Refuse members that lean on a list that there is not, or on one whose members lean on another.

    Raises:
        CatalogError: Such a member.
    """
    leaning = {code for code, one in listed.items() if any(e.only_with or e.not_with for e in one.members)}
    for code, one in listed.items():
        for entry in one.members:
            on = entry.only_with or entry.not_with
            if on is not None and (on not in listed or on in leaning):
                why = "there is no such list" if on not in listed else "its members lean on another list themselves"
                raise CatalogError(
                    f"{entry.key} leans on the list {printable(on)}", where=f"{code}.yaml", why=why, todo="Correct it"
                )


@contextmanager
def swapped(one: str, other: str) -> Iterator[None]:
    """Exchange two countries in every list for as long as this lasts, in this thread: for tests of even-handedness.

    Args:
        one: A country code.
        other: Another.
    """
    if {one, other} - CODES:
        raise ValueError(f"{one!a} or {other!a} is no country")
    token = _SWAP.set((one, other))
    try:
        yield
    finally:
        _SWAP.reset(token)


def _exchanged(one: Listing, swap: tuple[str, str]) -> Listing:
    change = {swap[0]: swap[1], swap[1]: swap[0]}
    rule = one.ownership
    return replace(
        one,
        members=tuple(replace(e, member=change.get(e.member, e.member)) for e in one.members),
        ownership=rule
        and replace(rule, except_nationals=tuple(change.get(code, code) for code in rule.except_nationals)),
    )
