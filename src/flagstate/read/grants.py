"""To whom an event gives access: parties outside the account, as policies and lists of accounts name them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flagstate.catalog.verbs import Share
from flagstate.read.objects import Json, values

ANYONE = "anyone"
ANY_ACCOUNT = "any account of the provider"
_ACCOUNT = re.compile(r"(?<!\d)(\d{12}|\d{16})(?!\d)")
_CANONICAL = re.compile(r"[0-9a-f]{64}")
_OPEN = frozenset({"*", "all", "public-read", "public-read-write", "AllUsers", "public"})
_OPEN_KINDS = ("AWS", "RAM", "*")
_OWN = frozenset(
    {"private", "bucket-owner-full-control", "bucket-owner-read", "log-delivery-write", "default", "aws-exec-read"}
)
MOST_STATEMENTS = 200


@dataclass(frozen=True)
class Grants:
    """What an event gives and takes back; parties are not yet masked."""

    given: tuple[str, ...] = ()
    """Who is given access."""
    taken: tuple[str, ...] = ()
    """From whom it is taken back."""


def grants(parameters: object, share: Share, own: str, source: str) -> Grants:
    """Return to whom outside the account an event gives access.

    Args:
        parameters: The parameters of the event.
        share: Where they say it.
        own: The account itself.
        source: Prefix of accounts, such as aws.

    It cannot see parties behind a group, an organisation or a federation, nor whether a condition of a policy keeps
    them out; a policy that was there before and gives more.
    """
    owners = {own, *(v for path in share.own for v in values(parameters, path))}
    given = [party for path in share.give for v in values(parameters, path) for party in _party(v, owners, source)]
    taken = [party for path in share.take for v in values(parameters, path) for party in _party(v, owners, source)]
    for path in share.policy:
        for document in _documents(parameters, path):
            given += [p for word in _principals(document) for p in _party(word, owners, source)]
    return Grants(tuple(dict.fromkeys(given))[:50], tuple(dict.fromkeys(taken))[:50])


def _party(word: str, owners: set[str], source: str) -> Iterator[str]:
    """Yield a party, unless it is the account itself, a service of the provider, or nobody new."""
    text = word.strip()
    if not text or text in owners or text in _OWN or text.endswith(".amazonaws.com"):
        return
    if text in _OPEN or text.endswith("/AllUsers"):
        yield ANYONE
    elif text.endswith("/AuthenticatedUsers") or text == "authenticated-read":
        yield ANY_ACCOUNT
    elif found := _ACCOUNT.search(text):
        if found.group(1) not in owners:
            yield f"{source}:account/{found.group(1)}"
    elif _CANONICAL.fullmatch(text) or text.startswith("id="):
        yield f"{source}:canonical user"
    elif ":organization" in text or text.startswith(("o-", "ou-")):
        yield f"{source}:organization"
    elif re.fullmatch(r"[a-z0-9.-]{4,253}\.[a-z]{2,}", text):
        yield text


def _documents(parameters: object, path: tuple[str, ...]) -> Iterator[Json]:
    """Yield the policies at a path, whether they are objects or JSON in a text."""
    import msgspec

    level: list[object] = [parameters]
    for key in path:
        level = [item[key] for item in level if isinstance(item, dict) and key in item]
    for found in level:
        if isinstance(found, dict):
            yield found
        elif isinstance(found, str) and found.lstrip().startswith("{"):
            try:
                decoded = msgspec.json.decode(found)
            except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
                continue
            if isinstance(decoded, dict):
                yield decoded


def _principals(policy: Json) -> Iterable[str]:
    """Yield whom the statements of a policy allow something."""
    listed = policy.get("Statement")
    for statement in (listed if isinstance(listed, list) else [listed])[:MOST_STATEMENTS]:
        if not isinstance(statement, dict) or statement.get("Effect") != "Allow":
            continue
        who = statement.get("Principal")
        for kind, names in who.items() if isinstance(who, dict) else [("*", who)]:
            if kind == "Service":
                continue
            for name in names if isinstance(names, list) else [names]:
                if isinstance(name, str):
                    yield name
