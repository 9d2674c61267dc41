"""What a newer file of a list would change, and whether it may take the place of the one in use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from flagstate.catalog import list_shelf
from flagstate.catalog.list_form import Entry, Listing, Ownership, parse
from flagstate.errors import CatalogError, UsageError

_LIST_WIDE = tuple(f.name for f in fields(Listing) if f.name not in ("code", "members"))
_OF_MEMBER = tuple(f.name for f in fields(Entry) if f.name not in ("member", "kind", "part"))
_WRITTEN = {"since": "from", "until": "to"}


@dataclass(frozen=True)
class Field:
    """A value that changes."""

    key: str
    """As the file writes it."""
    was: str
    """Before; empty: nothing."""
    now: str
    """After; empty: nothing."""


@dataclass(frozen=True)
class Update:
    """A newer version of a list, ready to be kept."""

    listing: Listing
    """The new version."""
    before: Listing | None
    """The version in use until now; null: there was none."""
    added: tuple[Entry, ...]
    """Members that come."""
    removed: tuple[Entry, ...]
    """Members that go."""
    changed: tuple[tuple[Entry, tuple[Field, ...]], ...]
    """Members of which something else is said, as they are then, with what changes."""
    fields: tuple[Field, ...]
    """What changes of the list as a whole."""
    kept: bytes
    """The file as it is to be kept; empty: the same is in use already."""

    @property
    def name(self) -> str:
        """Return the name under which it is kept."""
        return f"{self.listing.code}.yaml"


def prepare(path: Path, folder: Path, *, force: bool = False) -> Update:
    """Check a newer file of a list, and say what it changes; nothing is written.

    Args:
        path: The file.
        folder: The folder of the user's data.
        force: Take it also where it is older than the version in use, or differs from it under the same version.

    Raises:
        CatalogError: It does not fit the form: file, line and key.
        UsageError: There is no such file, or it is no newer and `force` was not given.
    """
    if not path.is_file():
        raise UsageError("There is no such file", where=str(path), todo="Name a file of one list")
    data = list_shelf.unforced(list_shelf.read_list(path))
    new = parse(data, name=path.name)
    listed, readable = _in_use(folder)
    before = listed.get(new.code)
    list_shelf.check_links({**listed, new.code: new})
    if before == new:
        # A damaged file that nobody can use gives way to the same text as the shipped one.
        return Update(new, before, (), (), (), (), b"" if readable else data)
    if before and new.rank <= before.rank and not force:
        other = "older than" if new.rank < before.rank else "another text under the same version as"
        raise UsageError(
            f"Version {new.version} of {new.code} is {other} the one in use ({before.version})",
            where=path.name,
            todo="Give it a newer `version`, or take it all the same with --force",
        )
    base = list_shelf.shipped(list_shelf.SOURCE).get(new.code)
    over = base.listing.version if base and new.rank <= base.listing.rank else None
    kept = list_shelf.forced(data, over) if over else data
    parse(kept, name=path.name)
    added, removed, changed = compare(before.members if before else (), new.members)
    told = tuple(_differences(before, new, _LIST_WIDE)) if before else ()
    return Update(new, before, added, removed, changed, told, kept)


def _in_use(folder: Path) -> tuple[dict[str, Listing], bool]:
    """Return the lists in use, and whether the user's could be read: one that is damaged can be taken in anew."""
    try:
        return {code: one.listing for code, one in list_shelf.load(*list_shelf.key(folder)).items()}, True
    except CatalogError:
        return {code: one.listing for code, one in list_shelf.shipped(list_shelf.SOURCE).items()}, False


def compare(
    before: Iterable[Entry], after: Iterable[Entry]
) -> tuple[tuple[Entry, ...], tuple[Entry, ...], tuple[tuple[Entry, tuple[Field, ...]], ...]]:
    """Return the members that come, those that go, and those of which something else is said.

    Args:
        before: Members of the version in use.
        after: Members of the new one. Who has several periods in either comes and goes by period.
    """
    old, new = _by_key(before), _by_key(after)
    added: list[Entry] = []
    removed: list[Entry] = []
    changed: list[tuple[Entry, tuple[Field, ...]]] = []
    for key in (*old, *(key for key in new if key not in old)):
        was, now = old.get(key, []), new.get(key, [])
        if len(was) == len(now) == 1:
            if was != now:
                changed.append((now[0], tuple(_differences(was[0], now[0], _OF_MEMBER))))
            continue
        removed += [one for one in was if one not in now]
        added += [one for one in now if one not in was]
    return tuple(added), tuple(removed), tuple(changed)


def _by_key(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for one in entries:
        found.setdefault(one.key, []).append(one)
    return found


def _differences(was: object, now: object, names: Iterable[str]) -> Iterable[Field]:
    for name in names:
        old, new = getattr(was, name), getattr(now, name)
        if old != new:
            yield Field(_WRITTEN.get(name, name), _said(old), _said(new))


def _said(value: object) -> str:
    if value is None or value == ():
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return f"{len(value)} corners"
    if isinstance(value, Ownership):
        excepted = f", never nationals of {' '.join(value.except_nationals)}" if value.except_nationals else ""
        return f"{value.threshold:g} % ({value.threshold_cite}), persons {value.persons}{excepted}"
    return str(value)
