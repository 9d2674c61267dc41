"""Object stores that speak S3: objects are listed within a bound and fetched one by one into nameless files.

A sample takes a few objects of each kind of key, kinds being told apart by what is no number in a key. Of a large
object it reads the beginning, unless its format can only be read whole. Not seen: older versions of an object.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flagstate import model
from flagstate.catalog.mask import mask
from flagstate.errors import EvidenceError, FlagstateError
from flagstate.model.counted import counted
from flagstate.read.live.credentials import Credentials
from flagstate.read.live.faults import GONE, LOGIN, Fault
from flagstate.read.live.sampling import SEED, Bounds
from flagstate.read.live.target import Target
from flagstate.read.part import Facts, Note, Part
from flagstate.read.source import spool, write

if TYPE_CHECKING:
    from obstore.store import S3Store

PIECE = 8 << 20
"""Bytes that are asked for at a time."""
PAGE = 1000
NAMED = 5
TAIL = 1 << 20
"""Bytes before a cut that are searched for the end of a line."""
CHANGING = re.compile(r"[0-9a-fA-F]{8,}|[0-9]+")
"""What tells objects of one kind apart: numbers, dates, ids."""
WHOLE_ONLY = (b"PAR1", b"PK\x03\x04", b"SQLite format 3", b"\xd0\xcf\x11\xe0", b"ORC", b"7z\xbc\xaf")
"""Beginnings of formats whose end is needed to read them."""

REASONS = {
    "PermissionDeniedError": Fault("our keys may not read it", "Allow s3:ListBucket and s3:GetObject."),
    "UnauthenticatedError": Fault("the store refused our keys", LOGIN, fatal=True),
    "NotFoundError": Fault("there is no such bucket or object", "Check the address."),
    "PreconditionError": Fault("it changed while it was read", "Scan again."),
    "InvalidPathError": Fault("a key in it cannot be named", "Copy such objects elsewhere, and scan those."),
}

PHRASES = (
    ("InvalidAccessKeyId", REASONS["UnauthenticatedError"]),
    ("SignatureDoesNotMatch", REASONS["UnauthenticatedError"]),
    ("ExpiredToken", Fault("our keys have expired", "Get new ones.", fatal=True)),
    ("NoSuchBucket", REASONS["NotFoundError"]),
    ("InvalidObjectState", Fault("it lies in an archive", "Restore it first.")),
    ("PermanentRedirect", Fault("the bucket is in another region", "Add ?region=REGION.", fatal=True)),
    ("certificate", Fault("the certificate of the server is not one that we trust", fatal=True)),
    ("timed out", Fault("nobody answered in time", "Check the endpoint and the firewall.", fatal=True)),
    ("error sending request", Fault("nothing answers there", "Check the endpoint.", fatal=True)),
)
"""What the driver says beside its class."""


@dataclass(frozen=True)
class Fetched:
    """An object of a store, fetched into a nameless file: it is unfolded and recognised as a file would be."""

    name: str
    """Its key within the bucket; raw, to be masked before it is stored."""
    descriptor: int
    """Open until the next part is asked for."""
    size: int
    """Bytes that were fetched."""
    size_total: int
    """Bytes that the object has."""

    @property
    def whole(self) -> bool:
        """Whether all of it was fetched."""
        return self.size == self.size_total


@dataclass(frozen=True)
class Listed:
    """An object as the store lists it."""

    key: str
    """Its key; raw."""
    size: int
    """Bytes."""
    tag: str
    """Changes with its content."""


@dataclass
class Inventory:
    """What was listed of a bucket."""

    chosen: list[Listed] = field(default_factory=list)
    """To be fetched."""
    objects: int = 0
    """Objects that hold bytes."""
    bytes: int = 0
    """Bytes that they hold."""
    kinds: int = 0
    """Kinds of keys."""
    beyond: bool = False
    """Whether there are more than were listed."""


@dataclass
class Progress:
    """What was fetched."""

    objects: int = 0
    """Objects of which something was fetched."""
    bytes: int = 0
    """Bytes that were fetched."""
    cut: int = 0
    """Objects of which only the beginning was."""
    lost: dict[Fault, list[str]] = field(default_factory=dict)
    """Objects that were not, by why."""


TOO_LARGE = Fault("they are large, and their format can only be read whole", "Add --full.")


def read(target: Target, credentials: Credentials, bounds: Bounds, folder: str) -> Iterator[Part | Fetched]:
    """Yield objects of a bucket, and what could not be seen.

    Args:
        target: Bucket and prefix.
        credentials: Our keys; without them requests are not signed.
        bounds: How much is read.
        folder: Where nameless files may live.

    Raises:
        EvidenceError: The bucket cannot be listed.
    """
    store = _store(target, credentials, bounds)
    if not credentials.secret:
        yield Note(
            "No keys were found: requests were not signed", "Give keys, if the bucket is not public.", lost=False
        )
    if target.options.get("endpoint", "").startswith("http:"):
        yield Note("The connection was not encrypted: the endpoint says http", "Use https.", lost=False)
    found = _inventory(store, target.prefix, bounds)
    done = Progress()
    for number, listed in enumerate(found.chosen):
        try:
            fetched = _fetch(store, listed, bounds, folder)
        except ObjectFaultError as problem:
            done.lost.setdefault(problem.fault, []).append(listed.key)
            if problem.fault.fatal:
                rest = found.chosen[number + 1 :]
                done.lost[problem.fault] += [one.key for one in rest]
                break
            continue
        done.objects += 1
        done.bytes += fetched.size
        done.cut += not fetched.whole
        try:
            yield fetched
        finally:
            os.close(fetched.descriptor)
    yield from _account(target, bounds, found, done)


class ObjectFaultError(Exception):
    """A request failed; the fault says why, in our words."""

    def __init__(self, fault: Fault) -> None:
        """Keep the fault and nothing of what was said."""
        super().__init__(fault.reason)
        self.fault = fault


def _store(target: Target, credentials: Credentials, bounds: Bounds) -> S3Store:
    from obstore.store import S3Store

    endpoint = target.options.get("endpoint", "")
    config: Any = {"region": target.options.get("region") or "us-east-1"}
    if endpoint:
        config["endpoint"] = endpoint
    if credentials.secret:
        config |= {"access_key_id": credentials.user, "secret_access_key": credentials.secret}
        if credentials.token:
            config["session_token"] = credentials.token
    else:
        # Without this the driver would ask the machine's metadata service for keys.
        config["skip_signature"] = True
    times = bounds.timeouts
    client: Any = {
        "allow_http": endpoint.startswith("http:"),
        "connect_timeout": timedelta(seconds=times.connect_s),
        "timeout": timedelta(seconds=times.statement_s),
        "user_agent": "flagstate",
    }
    retry: Any = {"max_retries": 2, "retry_timeout": timedelta(seconds=times.statement_s)}
    try:
        return S3Store(target.bucket, config=config, client_options=client, retry_config=retry)
    except _driver_errors():
        raise EvidenceError("The bucket was not read", why="its address or the keys are not understood") from None


def _driver_errors() -> tuple[type[Exception], ...]:
    from obstore.exceptions import BaseError

    return (BaseError, OSError, ValueError)


def _fault(problem: Exception) -> Fault:
    # The text holds the answer of the server: it is searched, and nothing of it is repeated.
    said = str(problem)
    for phrase, fault in PHRASES:
        if phrase in said:
            return fault
    names = {kind.__name__ for kind in type(problem).__mro__}
    names |= {"NotFoundError"} if isinstance(problem, FileNotFoundError) else set()
    names |= {"PermissionDeniedError"} if isinstance(problem, PermissionError) else set()
    return next((fault for name, fault in REASONS.items() if name in names), GONE)


def _inventory(store: S3Store, prefix: str, bounds: Bounds) -> Inventory:
    import obstore

    made = Inventory()
    kinds: dict[str, tuple[int, list[Listed]]] = {}
    # Ever the same sample: the choice depends on the order of the listing alone.
    chance = random.Random(SEED)  # noqa: S311  a sample, not a secret
    # The driver takes whole folders only.
    folder = prefix.rpartition("/")[0]
    try:
        for page in obstore.list(store, folder or None, chunk_size=PAGE):
            for entry in page:
                key, size = str(entry["path"]), int(entry["size"])
                if not size or not key.startswith(prefix):
                    continue
                if made.objects >= bounds.most_objects and not bounds.full:
                    made.beyond = True
                    break
                made.objects += 1
                made.bytes += size
                listed = Listed(key, size, str(entry.get("e_tag") or ""))
                _choose(listed, kinds, bounds, chance)
            if made.beyond:
                break
    except _driver_errors() as problem:
        fault = _fault(problem)
        raise EvidenceError("The bucket was not read", why=fault.reason, todo=fault.todo) from None
    made.kinds = len(kinds)
    made.chosen = sorted((one for _, chosen in kinds.values() for one in chosen), key=lambda one: one.key)
    if not bounds.full and len(made.chosen) > bounds.most_fetched:
        made.chosen = sorted(chance.sample(made.chosen, bounds.most_fetched), key=lambda one: one.key)
    return made


def _choose(listed: Listed, kinds: dict[str, tuple[int, list[Listed]]], bounds: Bounds, chance: random.Random) -> None:
    kind = "" if bounds.full else CHANGING.sub("#", listed.key)
    seen, chosen = kinds.get(kind, (0, []))
    if bounds.full or len(chosen) < bounds.sample_objects:
        chosen.append(listed)
    elif (place := chance.randrange(seen + 1)) < bounds.sample_objects:
        chosen[place] = listed
    kinds[kind] = (seen + 1, chosen)


def _fetch(store: S3Store, listed: Listed, bounds: Bounds, folder: str) -> Fetched:
    want = listed.size if bounds.full else min(listed.size, bounds.object_bytes)
    descriptor = spool(folder)
    at = 0
    try:
        while at < want:
            block = _piece(store, listed, at, min(at + PIECE, want))
            if at == 0 and want < listed.size and block.startswith(WHOLE_ONLY):
                raise ObjectFaultError(TOO_LARGE)
            write(descriptor, block)
            at += len(block)
        if want < listed.size:
            at = _cut(descriptor, at)
    except (FlagstateError, ObjectFaultError):
        os.close(descriptor)
        raise
    return Fetched(listed.key, descriptor, at, listed.size)


def _piece(store: S3Store, listed: Listed, start: int, end: int) -> bytes:
    import obstore

    options: Any = {"range": (start, end)}
    if listed.tag:
        options["if_match"] = listed.tag
    try:
        block = bytes(obstore.get(store, listed.key, options=options).bytes())
    except _driver_errors() as problem:
        raise ObjectFaultError(_fault(problem)) from None
    if not block or len(block) > end - start:
        raise ObjectFaultError(GONE)
    return block


def _cut(descriptor: int, size: int) -> int:
    """Cut a beginning at the end of its last line, so that half a record is no damage; return its new size."""
    start = max(0, size - TAIL)
    place = os.pread(descriptor, size - start, start).rfind(b"\n")
    # Compressed data has no lines; a stray byte in it costs little.
    if place >= 0 and os.pread(descriptor, 2, 0) != b"\x1f\x8b":
        size = start + place + 1
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, size)
    return size


def _account(target: Target, bounds: Bounds, found: Inventory, done: Progress) -> Iterator[Part]:
    for fault, keys in done.lost.items():
        names = ", ".join(mask(key) for key in keys[:NAMED])
        more = f" and {len(keys) - NAMED:,} more" if len(keys) > NAMED else ""
        yield Note(
            f"{counted(len(keys), 'object[ was|s were]')} not read, because {fault.reason}: {names}{more}", fault.todo
        )
    if found.beyond:
        yield Note(
            f"Only the first {bounds.most_objects:,} objects were listed", "Add --full, or give a longer prefix."
        )
    whole = not done.lost and not found.beyond and done.bytes == found.bytes
    if not bounds.full and not whole:
        yield Note(
            f"A sample: of {found.objects:,} objects of {found.kinds:,} kinds {done.objects:,} were read "
            f"({done.bytes:,} of {found.bytes:,} bytes, seed {SEED}), of {done.cut:,} of these the beginning",
            "Add --full to read everything.",
            lost=False,
        )
    row = {
        "noun": "holding",
        "scope": f"store:{target.show()}",
        "to_ts": datetime.now(UTC),
        "complete": "yes" if whole else "no",
        "share_seen": None if found.beyond else done.bytes / found.bytes if found.bytes else 1.0,
        "said_by": "flagstate",
        "remark": (
            f"{done.objects:,} of {counted(found.objects, 'object[|s]')}, {done.bytes:,} of {found.bytes:,} bytes read"
        ),
        "todo": "" if whole else "Scan with --full and keys that may read everything.",
    }
    yield Facts("coverage", model.rows(model.COVERAGE, [row]), "observed")
