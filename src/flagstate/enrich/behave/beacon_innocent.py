"""What a rhythm most probably is when it is innocent: by port, service, size, direction and spread over hosts."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import lru_cache

DAY_S = 86_400.0

_BY_PORT = {
    ("udp", 123): ("Setting the clock (NTP).", 0.95),
    ("udp", 67): ("Renewal of an address (DHCP).", 0.95),
    ("udp", 547): ("Renewal of an address (DHCP).", 0.95),
    ("udp", 53): ("Names that a program asks again and again.", 0.8),
    ("tcp", 53): ("Names that a program asks again and again.", 0.7),
    ("udp", 161): ("Monitoring of devices (SNMP).", 0.8),
    ("udp", 5060): ("A telephone that registers (SIP).", 0.85),
    ("tcp", 5060): ("A telephone that registers (SIP).", 0.85),
    ("tcp", 5061): ("A telephone that registers (SIP).", 0.85),
    ("udp", 3478): ("A telephone or meeting that keeps its way open (STUN).", 0.8),
    ("tcp", 110): ("A mail program that looks for mail.", 0.85),
    ("tcp", 143): ("A mail program that looks for mail.", 0.85),
    ("tcp", 993): ("A mail program that looks for mail.", 0.85),
    ("tcp", 995): ("A mail program that looks for mail.", 0.85),
    ("udp", 5353): ("Devices that announce themselves.", 0.95),
    ("udp", 1900): ("Devices that announce themselves.", 0.95),
    ("udp", 137): ("Devices that announce themselves.", 0.95),
    ("udp", 138): ("Devices that announce themselves.", 0.95),
    ("tcp", 179): ("Routers that keep in touch (BGP).", 0.9),
}
"""Protocols whose nature is a rhythm: what they are, and how well that explains one at their port."""

_CLOCK_BYTES = (40, 96)
"""Payload of one exchange of NTP, with and without extensions; what is larger is not the clock alone."""

ALIKE = 3
"""Hosts that call the same far end in the same rhythm, from which on it is a product that they share; a fleet of hosts
that were all infected looks the same, and is found by whose the far end is."""
SHARED = 5
"""Hosts that call the same far end in whatever rhythm, from which on it is a service that people use."""
VARIED_MUCH = 0.6
"""Share of the commonest size below which content is exchanged; a hidden beat among it has a size of its own."""
PRECISE = 0.05
"""Jitter of a daily rhythm below which no person comes: 5 % of a day is over an hour."""
DOWNLOAD = -0.8
"""Producer-consumer ratio below which it fetches: nine times more comes than goes."""
VARIED = 0.4
"""Share of the commonest size below which sizes vary as people's do, not a program's."""
LARGE_SHARE = 0.02
"""A connection among the largest so many by bytes sent is a job, not a signal."""


@dataclass(frozen=True)
class Beat:
    """What is known of a rhythm."""

    orig_h: str | None
    """Who calls; null: several."""
    resp_h: str | None
    """Who answers; of several one."""
    resp_p: int | None
    """The port; null: several."""
    proto: str | None
    """tcp, udp or icmp."""
    service: str | None
    """Protocol that the sensor recognised."""
    period_s: float
    """Median interval."""
    size_bytes: float
    """Bytes that a beat sends, commonly."""
    one_size: float
    """Share of beats of the commonest size."""
    pcr: float | None
    """Producer-consumer ratio."""
    hosts: int
    """Hosts that call the same far end."""
    failed: bool
    """Whether no connection came about."""
    alike: int
    """Hosts that call the same far end in the same rhythm."""
    jitter: float
    """Half width of the intervals by the period."""
    absences: int
    """Beats and runs of beats that are missing."""
    large: bool
    """Whether its connections are among the largest by bytes sent."""


def innocent(beat: Beat) -> tuple[str, float]:
    """Return the best innocent explanation of a rhythm and how well it fits, 0 to 1."""
    found = [("A program that looks for updates or reports its state; ask whose it is.", 0.0)]
    by_port = _BY_PORT.get((beat.proto or "", beat.resp_p or 0))
    if by_port and (beat.resp_p != 123 or _CLOCK_BYTES[0] <= beat.size_bytes <= _CLOCK_BYTES[1]):
        found.append(by_port)
    if beat.proto == "icmp":
        found.append(("Monitoring that asks whether a host is up.", 0.8))
    if inside(beat.orig_h) and inside(beat.resp_h):
        found.append(("Monitoring or a service within the own network.", 0.9))
    if beat.alike >= ALIKE:
        fetches = beat.pcr is not None and beat.pcr < DOWNLOAD
        what = "An update server or content network" if fetches else "Telemetry or the cloud of a product"
        found.append((f"{what}: {beat.alike} hosts call it in this rhythm.", 0.8))
    if beat.hosts >= SHARED and beat.failed:
        found.append((f"A service that is gone: {beat.hosts} hosts still call it.", 0.7))
    elif beat.hosts >= SHARED and beat.one_size < VARIED_MUCH:
        # Another host in the same rhythm shows a program that both have; one alone may hide behind the service.
        sure = 0.6 if beat.alike > 1 else 0.2
        found.append((f"A program that looks for news at a service that {beat.hosts} hosts use.", sure))
    if beat.large and beat.period_s > DAY_S / 8:
        found.append(("A backup or synchronisation in its window of time.", 0.8))
    daily = min(abs(beat.period_s / DAY_S - times) for times in (1, 2, 7)) < 0.2
    if daily and beat.one_size < VARIED and beat.absences:
        # Who stays away at week-ends is likelier a person.
        found.append(("A person's daily habit.", 0.75 if beat.jitter > PRECISE else 0.5))
    elif daily and beat.hosts >= SHARED and beat.absences:
        found.append((f"A program that is started on working days, at a service that {beat.hosts} hosts use.", 0.5))
    return max(found, key=lambda one: one[1])


_INSIDE = tuple(
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8",
        "224.0.0.0/4", "255.255.255.255/32", "fc00::/7", "fe80::/10", "::1/128", "ff00::/8",
    )
)  # fmt: skip
"""Private, shared, local and group addresses; those for documentation stand for others, as in examples and demos."""


@lru_cache(maxsize=65_536)
def inside(address: str | None) -> bool:
    """Return whether an address is private, local or of a group; names are not."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    return any(parsed in network for network in _INSIDE if network.version == parsed.version)
