"""The one writer of a case: what it finds, puts right and notes before anything is added."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from flagstate.case import index, keys, layout, ledger, versions
from flagstate.case.disk import canonical, make_folder, worded

ARTEFACT = "artefact"
DAMAGE = "damage"
VERSION = "version"
_LEDGERED = ("artefact", "evidence_id", "sha256", "size", "size_bytes", "ranges", "grows", "state")


class Writer:
    """A case that is open for writing; made and used under its lock only."""

    def __init__(self, path: Path, document: Mapping[str, object], keys_folder: Path) -> None:
        """Open the ledger, upgrade an old case, put right what a killed writer left, and see to the key.

        Raises:
            CaseError: The folder cannot be written.
        """
        self.path, self.keys_folder = path, keys_folder
        self.case_id = str(document["id"])
        self.pid = os.getpid()
        self.versions: set[int] = set()
        self._ledgered: dict[str, str] = {}
        self._damage: object = []
        self._kept = ""
        with worded("the case cannot be written", str(path)):
            make_folder(path)
            layout.make_work(path / layout.WORK, self.case_id)
        self.document = layout.bring_up(path, document)
        # Another writer may have been here since the case was opened: everything is read anew.
        self._found_secret = keys.load(keys_folder, self.case_id)
        self._place = self._found_secret.at(path, self.case_id) if self._found_secret else keys.Place()
        self.index = index.Index(path / layout.WORK / index.NAME)
        self.log = ledger.Log(path / ledger.NAME, self._visit)
        try:
            self._note()
            self.secret = self._found_secret or self._new_key()
            if os.path.realpath(path) not in self.secret.places:
                self._keep(self._place)
            versions.recover(path, self.versions)
        except BaseException:
            self.log.close()
            raise

    def _visit(self, row: ledger.Row) -> None:
        body = row["body"]
        if row["n"] == self._place.n:
            self._kept = row["hash"]
        if row["kind"] == VERSION and isinstance(number := body.get("version"), int):
            self.versions.add(number)
        elif row["kind"] == ARTEFACT:
            self._ledgered[str(body.get("fingerprint"))] = _mark(body)
        elif row["kind"] == DAMAGE:
            self._damage = body.get("problems")
            self.versions.update(n for n in _listed(body.get("versions")) if isinstance(n, int))

    def _note(self) -> None:
        problems = list(self.log.problems)
        self.first = self.log.n == 0
        if self.first and (self._place.n or versions.numbers(self.path)):
            problems.append("the ledger was missing")
        elif self._place.n and self._kept != self._place.head:
            problems.append(f"row {self._place.n} is not the one that was written")
        if self.first:
            start = {name: self.document[name] for name in ("case_format", "id", "created_at")}
            self.log.add("case", [start])
        # Said once: the lines stay damaged, and every later run would say it again.
        if problems and problems != self._damage:
            # No finished version goes for the lack of a row that may have been lost: they are known from here on.
            there = versions.numbers(self.path)
            self.log.add(DAMAGE, [{"problems": problems, "versions": there}])
            self.versions.update(there)

    def _new_key(self) -> keys.Secret:
        # What was made with the old key can neither be found nor merged: it goes before the new key is there.
        with worded("summaries made with a lost key cannot be removed", str(self.path)):
            layout.empty_work(self.path / layout.WORK)
        secret = keys.fresh()
        body = {"key_id": secret.key_id}
        if not self.first:
            body["why"] = "the key was not on this account: fingerprints are new and every artefact is read again"
        self.log.add("key", [body])
        keys.save(self.keys_folder, self.case_id, secret)
        return secret

    def _keep(self, place: keys.Place) -> None:
        secret = self.secret.put(self.path, self.case_id, place)
        keys.save(self.keys_folder, self.case_id, secret)
        self.secret, self._place = secret, place

    def set_roots(self, roots: tuple[str, ...]) -> None:
        """Keep the places of the evidence outside the case.

        Raises:
            CaseError: They cannot be written.
        """
        self._keep(replace(self._place, roots=roots))

    def ledger_artefacts(self) -> None:
        """Bring what was remembered since the last time into the ledger.

        Raises:
            CaseError: It cannot be written.
        """
        news, marks = [], {}
        for fingerprint, row in sorted(self.index.all().items()):
            body = {name: row[name] for name in _LEDGERED if name in row}
            body |= {"fingerprint": fingerprint, "key_id": self.secret.key_id}
            if self._ledgered.get(fingerprint) != _mark(body):
                marks[fingerprint] = _mark(body)
                news.append(body)
        if news:
            self.log.add(ARTEFACT, news)
            self._ledgered |= marks

    def close(self) -> None:
        """Let go of the ledger and keep its head outside the case.

        Raises:
            CaseError: The head cannot be kept.
        """
        self.log.close()
        self.index.tidy()
        if (self.log.n, self.log.head) != (self._place.n, self._place.head):
            self._keep(replace(self._place, n=self.log.n, head=self.log.head))


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _mark(body: Mapping[str, object]) -> str:
    return hashlib.sha256(canonical(body)).hexdigest()
