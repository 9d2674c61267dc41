"""What an explanation covers: flows by where they go, on every day, and whether they grew since it was given."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass

from flagstate.assess.destination import MEETS, Destination, Pattern
from flagstate.assess.finding import bytes_in_words
from flagstate.model.codes import LEVELS

TIMES = 3
"""What was judged is reopened when a figure of it grows beyond this many times."""

SLACK = {"bytes": 10_000, "count": 10, "score": 0.1}
"""Growth that is never told: a tenfold of nearly nothing is nearly nothing."""

WORDS = {
    "day_bytes": "sent in one day",
    "day_conns": "connections in one day",
    "destinations": "destinations",
    "hosts": "hosts of yours",
    "score": "score",
}


@dataclass(frozen=True)
class Cover:
    """Flows to a destination, as a person names them; whatever is not said is free."""

    to: str
    """As in a declaration: `domain:`, `cidr:`, `entity:` or `provider:` and a value."""
    port: int | None = None
    """Port of the responder."""
    near: str = ""
    """Own host or range at the near end."""
    behaviour: str = ""
    """One of the codes of `BEHAVIOURS`."""

    @property
    def key(self) -> str:
        """The one text that stands for it."""
        kind, _, value = self.to.partition(":")
        words = [f"flows to {value if kind in ('domain', 'cidr') else self.to}"]
        words += [f"port {self.port}"] if self.port is not None else []
        words += [f"from {self.near}"] if self.near else []
        words += [f"as {self.behaviour}"] if self.behaviour else []
        return " ".join(words)

    @property
    def rank(self) -> tuple[int, ...]:
        """How narrow it is; the narrower of two is the greater."""
        kind, _, value = self.to.partition(":")
        names = {"domain": value.count(".") + 1, "cidr": _width(value)}.get(kind, 0)
        said = sum((self.port is not None, bool(self.near), bool(self.behaviour)))
        return (said, {"domain": 3, "cidr": 2, "provider": 1, "entity": 1}.get(kind, 0), names)

    @property
    def pattern(self) -> Pattern:
        """The same as a declaration would say it."""
        kind, _, value = self.to.partition(":")
        return Pattern("", "declared", kind, value, "both", port=self.port)

    def fits(self, far: Destination) -> bool:
        """Say whether a destination, with our address in `own_addr`, surely is one of these."""
        return self.near_fits(far.own_addr) and self.pattern.fit(far, inbound=False).state == MEETS

    def near_fits(self, addr: str | None) -> bool:
        """Say whether an own address is at its near end."""
        if not self.near:
            return True
        try:
            return ipaddress.ip_address(addr or "") in ipaddress.ip_network(self.near, strict=False)
        except ValueError:
            return False

    def document(self) -> dict[str, object]:
        """Return it as the ledger keeps it."""
        said: dict[str, object] = {"to": self.to, "port": self.port, "from": self.near, "behaviour": self.behaviour}
        return {name: value for name, value in said.items() if value not in (None, "")}


def _width(cidr: str) -> int:
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return 0
    return network.prefixlen + (0 if network.version == 6 else 96)


def cover(text: str | None) -> Cover | None:
    """Return what a row of the ledger says that it covers; null: nothing, or it was damaged."""
    try:
        said = json.loads(text or "null")
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or not isinstance(said.get("to"), str):
        return None
    port = said.get("port")
    return Cover(
        said["to"], port if isinstance(port, int) else None, str(said.get("from", "")), str(said.get("behaviour", ""))
    )


def figures_of(values: str | None) -> dict[str, object]:
    """Return the figures of a finding that is not about flows: the numbers that decided it."""
    try:
        said = json.loads(values or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(said, dict):
        return {}
    return {str(k): v for k, v in said.items() if isinstance(v, int | float) and not isinstance(v, bool)}


def grown(before: Mapping[str, object], now: Mapping[str, object], up_to_bytes: int | None = None) -> list[str]:
    """Say what grew beyond what was judged; empty: nothing did.

    Args:
        before: The figures when it was judged.
        now: The figures of today; a figure that either lacks is not compared.
        up_to_bytes: Most bytes in one UTC day that were judged to be in order; null: `TIMES` what they were.

    A share between 0 and 1 grows when the doubt that it leaves shrinks to one part in `TIMES`. Bytes where none were
    sent before always count: an attempt became a loss.
    """
    found = []
    if up_to_bytes is not None and _number(now.get("day_bytes")) > up_to_bytes:
        sent = bytes_in_words(int(_number(now.get("day_bytes"))))
        found.append(f"{sent} sent in one day, judged up to {bytes_in_words(up_to_bytes)}")
    for name, old in before.items():
        if name == "level" or not isinstance(old, int | float) or not isinstance(new := now.get(name), int | float):
            continue
        if name == "day_bytes" and up_to_bytes is not None:
            continue
        if _beyond(name, old, new):
            found.append(f"{_shown(name, old)} → {_shown(name, new)} {WORDS.get(name, name.replace('_', ' '))}".strip())
    was, level = (LEVELS.index(str(one)) if one in LEVELS else -1 for one in (before.get("level"), now.get("level")))
    if 0 <= was < level:
        found.append(f"{before['level']} → {now['level']}")
    return found


def _beyond(name: str, old: float, new: float) -> bool:
    if name == "score" or (isinstance(old, float) and 0 <= old <= 1 and 0 <= new <= 1):
        return new - old >= SLACK["score"] and (1 - new) * TIMES < 1 - old
    if "bytes" in name:
        return (old == 0 < new) or (new > TIMES * old and new - old > SLACK["bytes"])
    return new > TIMES * old and new - old > SLACK["count"]


def _shown(name: str, value: float) -> str:
    if "bytes" in name:
        return bytes_in_words(int(value))
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"


def _number(value: object) -> float:
    return value if isinstance(value, int | float) else 0
