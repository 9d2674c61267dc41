"""Payload that is proved by counts which include the headers of packets.

Flow logs count whole packets, or whole frames. What a connection sent is less, by an amount that nobody wrote down: the
TCP header alone takes 20 to 60 bytes. Reported is what the counts prove, which is never more than was sent: for TCP the
longest header is taken off every packet; UDP and ICMP have headers of one size. Where that leaves nothing, the answer
is 0 only if the shortest headers leave nothing either, and unknown otherwise, so that nobody is told that nothing left.

What it cannot see: options of IP, extension headers of IPv6 and tags that a log does not mention would make it too low
to be exact and too high to be a bound; they are rare. Frames that were padded to the least size of Ethernet count
their padding.
"""

from __future__ import annotations

NOTE = (
    "Its bytes include the headers of packets; taken are the payload bytes that the counts prove, a lower bound "
    "(exact for UDP)"
)
"""What a person must know about such bytes."""

LARGEST = 9_223_372_036_854_775_807


def proved(*, octets: str, packets: str, proto: str, address: str, link: str = "0") -> str:
    """Return the expression of payload bytes that so many bytes in so many packets prove; null: they prove nothing.

    Args:
        octets: Expression of bytes, headers included.
        packets: Expression of packets.
        proto: Expression of tcp, udp, icmp or another name.
        address: Expression of one of the addresses, to tell IPv6.
        link: Expression of bytes before the header of IP, per packet.
    """
    ip = f"CASE WHEN contains({address}, ':') THEN 40 ELSE 20 END"
    least = f"CASE {proto} WHEN 'tcp' THEN 20 WHEN 'udp' THEN 8 WHEN 'icmp' THEN 8 ELSE 0 END"
    most = f"CASE {proto} WHEN 'tcp' THEN 60 WHEN 'udp' THEN 8 WHEN 'icmp' THEN 8 ELSE 0 END"
    # Counts may be as large as 64 bits: the product must not overflow.
    rest = f"(({octets})::HUGEINT - ({packets})::HUGEINT * ({link} + {ip} + {{}}))"
    return (
        f"CASE WHEN {octets} IS NULL OR {packets} IS NULL OR {octets} < 0 OR {packets} < 0 THEN NULL "
        f"WHEN {rest.format(most)} > 0 THEN least({rest.format(most)}, {LARGEST}) "
        f"WHEN {rest.format(least)} <= 0 THEN 0 END::BIGINT"
    )
