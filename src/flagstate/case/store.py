"""A case: one folder with tables, ledger and judgements, that a kill at any moment leaves whole."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa

from flagstate import model
from flagstate.case import index, judgements, keys, layout, ledger, lock, purge, versions
from flagstate.case.disk import replace, worded
from flagstate.case.judgements import Told
from flagstate.case.upgrades import steps
from flagstate.case.writer import VERSION, Writer
from flagstate.errors import CaseError


class Case:
    """A handle on a case folder. Reading needs no lock; whatever writes takes it, for one call or for `writing()`."""

    def __init__(self, path: Path, document: Mapping[str, object], keys_folder: Path) -> None:
        """Use `Case.open`."""
        self._path, self._document, self._keys = path, document, keys_folder
        self._secret = keys.load(keys_folder, self.id)
        self._writer: Writer | None = None
        self._guard = threading.RLock()
        self._index = index.Index(self.work / index.NAME)

    @staticmethod
    def open(path: Path, *, create: bool = False, keys: Path | None = None) -> Case:
        """Open a case folder.

        Args:
            path: The folder.
            create: Make it if it is not there.
            keys: Where keys lie; null: as the environment says.

        Raises:
            CaseError: It is not a case, is of a newer format, is a link, or cannot be used.
            LockedError: It has to be made, and somebody else is at it.
        """
        return _open(Path(path), create, keys)

    @property
    def path(self) -> Path:
        """The folder, as it was named."""
        return self._path

    @property
    def format(self) -> int:
        """The case format on disk."""
        return int(str(self._document["case_format"]))

    @property
    def id(self) -> str:
        """The id of the case; a copy of the folder has the same."""
        return str(self._document["id"])

    @property
    def work(self) -> Path:
        """The folder for summaries of single artefacts, from which a killed run goes on; `purge` removes all of it."""
        return self._path / layout.WORK

    @property
    def key(self) -> bytes:
        """The key of the case.

        Raises:
            CaseError: It is not on this account.
        """
        return self._held_secret().key

    @property
    def has_key(self) -> bool:
        """Whether the key of the case is on this account."""
        return self._secret is not None

    @property
    def key_id(self) -> str:
        """A name for the key that gives nothing of it away; it changes when the key was lost."""
        return self._held_secret().key_id

    def _held_secret(self) -> keys.Secret:
        if self._secret is None:
            raise CaseError(
                "the key of the case is not on this account",
                where=str(self._path),
                why="it lies outside the case, and was lost or belongs to another account",
                todo="Restore it, or audit again: then a new key is made and everything is read again.",
            )
        return self._secret

    def fingerprint(self, path: Path) -> str:
        """Return the keyed fingerprint of an artefact's absolute path.

        Raises:
            CaseError: The key is not on this account.
        """
        return self._held_secret().fingerprint(b"path", os.fsencode(os.path.abspath(path)))

    # -- writing ------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def writing(self) -> Iterator[Case]:
        """Be the only writer for the length of a `with` block; what a killed writer left is put right first.

        Raises:
            LockedError: Somebody else writes.
            CaseError: The folder cannot be written.
        """
        if self._writer is not None and self._writer.pid == os.getpid():
            raise CaseError("the case is already open for writing here", where=str(self._path))
        with lock.hold(self._path):
            writer = Writer(self._path, self._document, self._keys)
            self._writer, self._document = writer, writer.document
            self._index, self._secret = writer.index, writer.secret
            try:
                yield self
            finally:
                self._writer = None
                writer.close()
                self._secret = writer.secret

    @contextlib.contextmanager
    def _hold(self) -> Iterator[Writer]:
        # A forked child sees its parent's writer, but must not write: it is sent to the lock, which its parent holds.
        with self._guard, contextlib.ExitStack() as stack:
            if self._writer is None or self._writer.pid != os.getpid():
                stack.enter_context(self.writing())
            if self._writer is None:
                raise CaseError("the case is not open for writing", where=str(self._path))
            yield self._writer

    # -- tables -------------------------------------------------------------------------------------------------

    def publish(self, tables: Mapping[str, pa.Table]) -> int:
        """Write the tables as a new version and make it the current one.

        What `remember` was told since goes into the ledger first, then the version with the hash of its manifest.
        Tables that are byte for byte those of the current version are not written again.

        Args:
            tables: By noun, stored ones only; missing ones are empty, except `judgement`, which is taken from the
                ledger.

        Returns:
            The number of the version that holds them.

        Raises:
            CaseError: They cannot be written; the last good version stays the current one.
            ValueError: A table is not a stored noun, or does not conform to it.
        """
        if unknown := set(tables) - set(model.STORED):
            raise ValueError(f"not stored: {', '.join(sorted(unknown))}")
        with self._hold() as writer:
            whole = dict(tables)
            if model.JUDGEMENT.name not in whole:
                whole[model.JUDGEMENT.name] = self.judgements()
            writer.ledger_artefacts()
            now = self.version()
            if now is not None and now in writer.versions and versions.matches(self._path, now, whole):
                return now
            number = max(writer.versions | {0, now or 0, *versions.numbers(self._path)}) + 1
            digest = versions.write(self._path, number, whole)
            rows = {noun: table.num_rows for noun, table in sorted(whole.items()) if table.num_rows}
            writer.log.add(VERSION, [{"version": number, "manifest": digest, "rows": rows}])
            writer.versions.add(number)
            versions.point(self._path, number)
            versions.prune(self._path)
            return number

    def version(self) -> int | None:
        """Return the number of the current version; null: no audit was finished yet."""
        return versions.current(self._path)

    def tables(self, version: int | None = None) -> versions.Tables:
        """Open the tables of a version for reading; they stay as they are while a writer publishes.

        Args:
            version: Its number; null: the current one.

        Raises:
            CaseError: No audit was finished yet, or the version is no longer there.
        """
        for _ in range(20):
            number = self.version() if version is None else version
            if number is None:
                todo = "Run `flagstate audit` to its end."
                raise CaseError("no audit was finished in this case yet", where=str(self._path), todo=todo)
            try:
                return versions.Tables(self._path, number)
            except CaseError:
                # Five versions may have been finished between reading the link and following it.
                if version is not None or self.version() == number:
                    raise
        raise CaseError("the tables change faster than they can be opened", where=str(self._path), todo="Try again.")

    # -- artefacts ----------------------------------------------------------------------------------------------

    def remember(self, fingerprint: str, row: Mapping[str, object]) -> None:
        """Note that an artefact was read; it enters the ledger with the next `publish`.

        Args:
            fingerprint: As `fingerprint(path)` gives it.
            row: What `signature(path)` gave before reading, and artefact (its masked name), sha256, ranges,
                evidence_id, and `grows` for logs that are only added to; anything else in JSON that resuming needs.

        Raises:
            ValueError: A value is an absolute path.
            CaseError: It cannot be written.
        """
        with self._hold():
            self._index.put(fingerprint, row)

    def known(self, fingerprint: str) -> dict[str, object] | None:
        """Return what was remembered of an artefact; null: nothing."""
        return self._index.get(fingerprint)

    def unchanged(self, path: Path) -> dict[str, object] | None:
        """Return what was remembered of a file that is surely the same as then, without reading it; else null."""
        if self._secret is None:
            return None
        row = self.known(self.fingerprint(path))
        try:
            return row if row is not None and index.same(row, index.signature(path)) else None
        except OSError:
            return None

    def roots(self) -> list[Path]:
        """Return the places that were given to audit; none if the key file is not on this account."""
        if self._secret is None:
            return []
        return [Path(root) for root in self._secret.at(self._path, self.id).roots]

    def set_roots(self, roots: Sequence[Path]) -> None:
        """Keep the places that were given to audit, outside the case.

        Raises:
            CaseError: They cannot be written.
        """
        with self._hold() as writer:
            writer.set_roots(tuple(os.path.abspath(root) for root in roots))
            self._secret = writer.secret

    # -- ledger and judgements ----------------------------------------------------------------------------------

    def append(self, kind: str, body: Mapping[str, object]) -> str:
        """Add a row to the ledger and bring it to the disk.

        Returns:
            The head.

        Raises:
            CaseError: It cannot be written.
        """
        return self.append_all(kind, [body])

    def append_all(self, kind: str, bodies: Iterable[Mapping[str, object]]) -> str:
        """Add rows of one kind to the ledger at once: all of them or none; returns the head.

        Raises:
            CaseError: They cannot be written.
        """
        with self._hold() as writer:
            return writer.log.add(kind, bodies)

    def ledger(self) -> Iterator[ledger.Row]:
        """Yield the rows of the ledger in order; lines that are damaged are left to `check`.

        Raises:
            CaseError: It cannot be read.
        """
        with worded("the ledger cannot be read", str(self._path)):
            yield from ledger.rows(self._path / ledger.NAME)

    def head(self) -> str:
        """Return the hash of the last row of the ledger: see `CHAIN_PROVES`."""
        head = ledger.GENESIS
        for row in self.ledger():
            head = row["hash"]
        return head

    def check(self) -> list[str]:
        """Say what is wrong with the ledger; empty: nothing that can be seen from here."""
        kept = self._secret.at(self._path, self.id) if self._secret is not None else keys.Place()
        return ledger.check(self._path / ledger.NAME, kept_n=kept.n, kept=kept.head)

    def judge(
        self, kind: str, on_id: str, *, reason: str, author: str, until: date | None = None, assignee: str = "",
        basis: judgements.Basis | None = None,
    ) -> str:  # fmt: skip
        """Add a judgement to the ledger; the arguments are those of `judgements.body`.

        Returns:
            Its id.

        Raises:
            UsageError: Something is missing.
            CaseError: It cannot be written.
        """
        said = judgements.body(kind, on_id, reason=reason, author=author, until=until, assignee=assignee, basis=basis)
        return judgements.identify(self.append(judgements.KIND, said))

    def withdraw(self, judgement_id: str, *, reason: str, author: str) -> None:
        """Take a judgement back; both rows stay in the ledger.

        Raises:
            UsageError: Something is missing, or no such judgement stands.
            CaseError: It cannot be written.
        """
        said = judgements.withdrawal(judgement_id, reason=reason, author=author)
        judgements.must_stand(judgement_id, self.judgements())
        self.append(judgements.KIND, said)

    def judgements(self, as_of: date | None = None) -> pa.Table:
        """Return the judgements that stand on a day; without a day, also those that have expired."""
        return judgements.standing(self.ledger(), as_of)

    def told(self, as_of: date) -> list[Told]:
        """Return every judgement with what became of it until a day."""
        return judgements.told(self.ledger(), as_of)

    # -- the folder ---------------------------------------------------------------------------------------------

    def save(self, name: str, data: bytes) -> Path:
        """Write a page or an export into the case, in one step and readable by its owner only.

        Args:
            name: One of `layout.PAGES`, so that `purge` knows it.
            data: The bytes.

        Raises:
            CaseError: It cannot be written.
        """
        if name not in layout.PAGES:
            raise ValueError(f"{name} is not a page of a case")
        with self._hold(), worded(f"{name} cannot be written", str(self._path)):
            replace(self._path / name, data)
        return self._path / name

    def purge(self) -> list[str]:
        """Remove what flagstate keeps of this case, and say what it was.

        That is the folder's own files, the key and the places of the evidence. The evidence itself, `estate.yaml` and
        anything else of the user's stay. Data blocks are not overwritten: copies in backups, snapshots and on the
        medium remain, though fingerprints in them are worthless without the key.

        Raises:
            CaseError: The folder holds something that flagstate did not write; nothing was removed.
            LockedError: Somebody writes the case.
        """
        with lock.hold(self._path):
            found = purge.survey(self._path, self.id)
            gone = keys.forget(self._keys, self.id, self._path)
            said = purge.remove(self._path, found)
        self._secret = None
        kept = "a copy of the case elsewhere still needs its key, which stays"
        return [*said, "its key and the places of its evidence were removed" if gone else kept]


def _open(path: Path, make: bool, given: Path | None) -> Case:
    folder = keys.folder(given)
    # `case/` must be refused like `case` where that is a link.
    path = Path(os.path.normpath(path))
    keys.outside(folder, path)
    if make:
        with worded("the case cannot be made", str(path)):
            layout.prepare(path)
    with worded("the case cannot be opened", str(path)):
        layout.real_folder(path)
    document = layout.document(path)
    if document is None and make:
        document = layout.found(path)
    if document is None:
        raise CaseError(
            "this folder is not a case",
            where=str(path),
            why=f"it has no {layout.DOCUMENT}",
            todo="Name a folder that `flagstate audit` wrote.",
        )
    try:
        steps(document.get("case_format"))
        keys.location(folder, str(document.get("id")))
    except CaseError as error:
        raise CaseError(error.what, where=str(path), why=error.why, todo=error.todo) from None
    case = Case(path, document, folder)
    if make and not os.path.lexists(path / ledger.NAME):
        with case.writing():
            pass
    return case
