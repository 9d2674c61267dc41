"""What a cloud's audit log says of one call, the same for every cloud, and how it is counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flagstate.catalog.verbs import LOOKS, Verbs
from flagstate.read.grants import grants
from flagstate.read.switched import gap, narrows
from flagstate.read.touched import Asset, Touched


@dataclass(frozen=True)
class Call:
    """One call."""

    service: str
    """The service, such as s3."""
    verb: str
    """The verb, without its date."""
    action: str
    """What it does."""
    at: datetime
    """When."""
    targets: tuple[Asset, ...]
    """What it is about; the first counts where only one can."""
    principal: str
    """The group that called."""
    origin: str
    """Where from."""
    own: str
    """The account that was acted on."""
    foreign: str
    """The account of who called, if it is another one."""
    failed: bool
    """Whether it was refused or went wrong."""
    size: int | None
    """Bytes, if the log says."""
    parameters: object
    """Its parameters; never kept."""


def count(call: Call, touched: Touched, verbs: Verbs, *, source: str, log: str) -> None:
    """Count a call: what it touched, to whom it gives access, and whether it switched a log off.

    Args:
        call: The call.
        touched: Where it is added up.
        verbs: What verbs do.
        source: Prefix of accounts, such as aws.
        log: Name of the log, as a person reads it.
    """
    share = verbs.share(call.service, call.verb)
    made = grants(call.parameters, share, call.own, source) if share else None
    narrowed = narrows(call.verb, call.parameters)
    action = call.action
    if narrowed is not None and action not in LOOKS:
        action = "stop_logging" if narrowed else "start_logging"
    says = [("share", party) for party in made.given] + [("unshare", party) for party in made.taken] if made else []
    # A role that a foreign account takes on gives that account what the role may see.
    says = says or [(action, call.foreign if action == "login" else "")]
    for asset in call.targets:
        for done, party in says:
            touched.add(
                asset,
                done,
                call.at.date(),
                principal=call.principal,
                from_place=call.origin,
                to_party=party,
                failed=call.failed,
                size=call.size,
            )
    if not call.failed and action in ("stop_logging", "start_logging"):
        on = action == "start_logging"
        touched.gap(gap(call.service, call.verb, on, call.at, call.targets[0].id, log))
