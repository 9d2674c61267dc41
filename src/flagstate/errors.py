"""Errors that a person can act on: what happened, where, why, and what to do.

FlagstateError            every error that we raise on purpose; the command line prints it and exits 1
├── UsageError            the command or its arguments are wrong (exit 2)
├── EvidenceError         one artefact cannot be read; the run goes on and the ledger says so
│   └── LimitError        an artefact hit a bound (expansion, memory, time): read so far, then stopped
├── DeclarationError      estate.yaml is not valid: file, line, key and what to write instead
├── CatalogError          a shipped or added table of the catalog is missing, damaged or unusable
├── LawError              a pack of rules is not valid: that law does not run, the others do
├── RoomError             the disk is full: no artefact is to blame, and the audit stops
└── CaseError             the case folder cannot be used
    └── LockedError       another process is writing this case
"""

import errno


class FlagstateError(Exception):
    """Something went wrong that a person can act on.

    Args:
        what: What happened, as a sentence without a full stop.
        where: File, line, row or key; already masked for display.
        why: The cause, if known.
        todo: What the reader can do about it.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", why: str = "", todo: str = "") -> None:
        """Keep the four parts apart, so that any face can lay them out."""
        super().__init__(what)
        self.what, self.where, self.why, self.todo = what, where, why, todo

    def __str__(self) -> str:
        """Return the parts as one line."""
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.why:
            text += f", because {self.why}"
        return f"{text}. {self.todo}" if self.todo else text

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with all four parts: errors cross the border of the reading process."""
        return (_rebuild, (type(self), self.what, self.where, self.why, self.todo))


def _rebuild(kind: type[FlagstateError], what: str, where: str, why: str, todo: str) -> FlagstateError:
    return kind(what, where=where, why=why, todo=todo)


class UsageError(FlagstateError):
    """The command or its arguments are wrong."""

    exit_code = 2


class EvidenceError(FlagstateError):
    """One artefact cannot be read; the run goes on and the ledger says so."""


class LimitError(EvidenceError):
    """An artefact hit a bound; what was read before it is kept."""


class DeclarationError(FlagstateError):
    """The declaration is not valid."""

    exit_code = 2


class CatalogError(FlagstateError):
    """A table of the catalog is missing, damaged or unusable."""


class LawError(FlagstateError):
    """A pack of rules is not valid; that law does not run, the others do."""

    exit_code = 2


class RoomError(FlagstateError):
    """The disk is full: no artefact is to blame, and the audit stops."""


FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""How the system says that the disk is full."""


class CaseError(FlagstateError):
    """The case folder cannot be used."""


class LockedError(CaseError):
    """Another process is writing this case."""
