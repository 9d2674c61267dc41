"""The kinds of interest and what each can do: custody, use of keys, switching off, control.

The source is `data/interest_kinds.yaml`; codes of ownership data are those of the Beneficial Ownership Data
Standard 0.4.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec

from flagstate.errors import CatalogError

SOURCE = Path(__file__).parent / "data" / "interest_kinds.yaml"


class InterestKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of interest."""

    says: str
    """How a proof says it, between holder and subject."""
    doc: str
    """What it is."""
    by: str | None = None
    """The key of a declaration that names the holder; null: it cannot be declared."""
    custody: bool = False
    """The holder can get at what the asset shows."""
    uses_key: bool = False
    """The holder can decrypt with the key."""
    stops: bool = False
    """What it holds stops when the holder is switched off."""
    control: Literal["share", "full", "veto", "party", "none"] = "none"
    """How it controls an entity."""
    owner: bool = False
    """A stake that counts where stakes are added up."""
    charge: bool = False
    """A person in charge of the entity."""
    bods: tuple[str, ...] = ()
    """Codes of interestType that are read as this kind."""


@lru_cache(maxsize=1)
def interest_kinds() -> dict[str, InterestKind]:
    """Return every kind of interest by its code.

    Raises:
        CatalogError: The file is missing or damaged.
    """
    try:
        return msgspec.yaml.decode(SOURCE.read_bytes(), type=dict[str, InterestKind])
    except (OSError, msgspec.DecodeError) as error:
        raise CatalogError(
            "the catalog of interests cannot be read",
            where=SOURCE.name,
            why=str(error),
            todo="Install the package again",
        ) from error


def kinds_with(flag: Literal["custody", "uses_key", "stops", "owner", "charge"]) -> frozenset[str]:
    """Return the kinds that have a flag."""
    return frozenset(code for code, kind in interest_kinds().items() if getattr(kind, flag))


@lru_cache(maxsize=1)
def bods_kinds() -> dict[str, str]:
    """Return our kind by the code of BODS 0.4."""
    return {code: kind for kind, known in interest_kinds().items() for code in known.bods}
