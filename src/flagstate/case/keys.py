"""What must not lie in a case: its key and the places of its evidence, in a file of the user's own."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flagstate.case.disk import canonical, make_folder, read_small, replace, worded
from flagstate.errors import CaseError

KEY_BYTES = 32
CASE_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Place:
    """What is kept about one folder of a case: a copy of it is another one."""

    n: int = 0
    """Number of the last ledger row that we wrote there; 0: none."""
    head: str = ""
    """Its hash: with it, rewriting that ledger does not go unnoticed on this account."""
    roots: tuple[str, ...] = ()
    """Absolute paths of what was given to audit; they may contain names."""


@dataclass(frozen=True)
class Secret:
    """The file outside a case."""

    key: bytes
    """32 random bytes; every keyed fingerprint of the case is made with it."""
    places: Mapping[str, Place] = field(default_factory=dict)
    """By real path of the case folder."""

    def at(self, case: Path, case_id: str) -> Place:
        """Return what is kept about a folder; one that was moved brings it along, a copy brings the roots only."""
        here = os.path.realpath(case)
        if here in self.places:
            return self.places[here]
        moved = [place for path, place in self.places.items() if not _is_case(Path(path), case_id)]
        if len(moved) == 1:
            return moved[0]
        return Place(roots=next((place.roots for place in self.places.values()), ()))

    def put(self, case: Path, case_id: str, place: Place) -> Secret:
        """Return the same with one folder's place set; folders that are no longer there go."""
        there = {path: kept for path, kept in self.places.items() if _is_case(Path(path), case_id)}
        return Secret(self.key, {**there, os.path.realpath(case): place})

    @property
    def key_id(self) -> str:
        """A name for the key that gives nothing of it away."""
        return hmac.new(self.key, b"flagstate key id", hashlib.sha256).hexdigest()[:12]

    def fingerprint(self, *parts: bytes) -> str:
        """Return the keyed fingerprint (HMAC-SHA-256) of some bytes: without the key it cannot be guessed or joined."""
        return hmac.new(self.key, b"\x00".join(parts), hashlib.sha256).hexdigest()


def fresh() -> Secret:
    """Return a new key."""
    return Secret(secrets.token_bytes(KEY_BYTES))


def folder(given: Path | None = None) -> Path:
    """Return where keys lie: as given, or `$FLAGSTATE_KEYS`, or `$XDG_DATA_HOME/flagstate/keys`.

    Raises:
        CaseError: There is no home folder to put them in.
    """
    if given is not None:
        return given.absolute()
    if named := os.environ.get("FLAGSTATE_KEYS"):
        return Path(named).absolute()
    data = os.environ.get("XDG_DATA_HOME", "")
    if os.path.isabs(data):
        return Path(data) / "flagstate" / "keys"
    try:
        return Path.home() / ".local" / "share" / "flagstate" / "keys"
    except RuntimeError:
        raise CaseError(
            "there is no place for the key of the case",
            why="this account has no home folder",
            todo="Set FLAGSTATE_KEYS to a folder outside the case.",
        ) from None


def outside(keys: Path, case: Path) -> None:
    """Refuse a folder of keys that lies inside the case: who gets the case would get the key.

    Raises:
        CaseError: It does.
    """
    if Path(os.path.realpath(keys)).is_relative_to(os.path.realpath(case)):
        raise CaseError(
            "the key of a case cannot lie in the case itself",
            where=str(case),
            why="whoever gets a copy of the case would get the key with it",
            todo="Set FLAGSTATE_KEYS to a folder outside the case.",
        )


def location(keys: Path, case_id: str) -> Path:
    """Return the file of one case's key; the id is checked, because a case folder may come from a stranger."""
    if not CASE_ID.fullmatch(case_id):
        raise CaseError("the id of the case is not one that flagstate writes", todo="Restore case.json.")
    return keys / f"{case_id}.key"


def load(keys: Path, case_id: str) -> Secret | None:
    """Return the key of a case; null: there is none on this account.

    Raises:
        CaseError: The file is there but cannot be read or is damaged.
    """
    path = location(keys, case_id)
    try:
        with worded("the key of the case cannot be read", str(path)):
            data = read_small(path)
    except CaseError as error:
        if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
            return None
        raise
    try:
        held = json.loads(data)
        places = {
            str(path): Place(int(kept["n"]), str(kept["head"]), tuple(map(str, kept["roots"])))
            for path, kept in held["places"].items()
        }
        secret = Secret(bytes.fromhex(held["key"]), places)
    except (ValueError, KeyError, TypeError, AttributeError):
        secret = Secret(b"")
    if len(secret.key) != KEY_BYTES:
        raise CaseError(
            "the key of the case is damaged",
            where=str(path),
            todo="Restore it from a backup, or remove the file: then a new key is made and everything is read again.",
        )
    return secret


def save(keys: Path, case_id: str, secret: Secret) -> None:
    """Write the key of a case (file 0600, folder 0700).

    Raises:
        CaseError: It cannot be written.
    """
    path = location(keys, case_id)
    with worded("the key of the case cannot be written", str(path)):
        keys.parent.mkdir(parents=True, exist_ok=True)
        make_folder(keys)
        places = {path: {"n": p.n, "head": p.head, "roots": p.roots} for path, p in secret.places.items()}
        body = {"key": secret.key.hex(), "places": places}
        replace(path, canonical(body) + b"\n")


def forget(keys: Path, case_id: str, case: Path) -> bool:
    """Remove the key of a case, unless a copy of the case elsewhere still needs it.

    Returns:
        Whether it is gone.
    """
    path = location(keys, case_id)
    with contextlib.suppress(CaseError):
        secret = load(keys, case_id)
        if secret is None:
            return True
        here = os.path.realpath(case)
        others = {path: p for path, p in secret.places.items() if path != here and _is_case(Path(path), case_id)}
        # A stranger's folder that bears the id of another case must not cost that case its key.
        if others:
            save(keys, case_id, Secret(secret.key, others))
            return False
    with worded("the key of the case cannot be removed", str(path)):
        for name in (path, path.with_name(path.name + ".tmp")):
            with contextlib.suppress(FileNotFoundError):
                name.unlink()
    return True


def _is_case(path: Path, case_id: str) -> bool:
    try:
        return bool(json.loads(read_small(path / "case.json")).get("id") == case_id)
    except (OSError, ValueError, AttributeError):
        return False
