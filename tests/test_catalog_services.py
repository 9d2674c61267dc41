"""The catalog of services: every entry is well formed, sourced or honest about it, and told apart from others."""

from __future__ import annotations

from ipaddress import ip_address
from itertools import chain

import pytest

from flagstate.catalog import services


def test_every_entry_names_a_source_that_the_file_has() -> None:
    books = (
        (services.resolvers(), services.resolvers().resolvers),
        (services.tunnels(), services.tunnels().tunnels),
        (services.ports(), services.ports().protocols),
        (services.uses(), services.uses().uses),
    )
    for book, entries in books:
        for entry in entries:
            assert entry.source in book.sources
            assert (entry.status == "sourced") == bool(book.sources[entry.source].read_on)


def test_names_are_plain_and_said_once() -> None:
    listed = (
        [name for each in services.resolvers().resolvers for name in each.names],
        [name for each in services.tunnels().tunnels for name in each.names],
        [name for each in services.uses().uses for name in each.domains],
    )
    for names in listed:
        assert len(names) == len(set(names))
    for name in chain(*listed):
        assert name == name.lower().strip(".")
        assert "." in name
    addrs = [addr for each in services.resolvers().resolvers for addr in each.addrs]
    assert len({ip_address(addr) for addr in addrs}) == len(addrs)
    assert all(ip_address(addr).is_global for addr in addrs)


def test_ports_are_ports() -> None:
    said = (
        [port for each in services.ports().protocols for port in chain(each.ports, each.often, each.starts)]
        + [each.port for each in services.ports().reserved]
        + [p for each in services.tunnels().tunnels for p in each.ports]
    )
    for port in said:
        proto, span = services.spread(port)
        assert proto in ("tcp", "udp")
        assert 0 <= span.start < span.stop <= 65_536


@pytest.mark.parametrize("text", ["443", "tcp/", "/443", "tcp/x"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"port|invalid"):
        services.spread(text)


@pytest.mark.parametrize(
    ("service", "proto", "port", "fit"),
    [
        ("ssh", "tcp", 22, "own"),
        ("ssh", "tcp", 2222, "often"),
        ("ssh", "tcp", 443, "foreign"),
        ("ssl", "tcp", 25, "starts"),
        ("ssl", "tcp", 4444, "anywhere"),
        ("ssl", "tcp", 53, "foreign"),
        ("http", "tcp", 443, "foreign"),
        ("rfb", "tcp", 5901, "own"),
        ("bittorrent", "udp", 50_000, "own"),
        ("nothing known", "tcp", 1, None),
    ],
)
def test_places(service: str, proto: str, port: int, fit: str | None) -> None:
    assert services.place(service, proto, port) == fit


def test_the_longest_name_wins_and_likeness_gains_nothing() -> None:
    assert services.under({"a.b": 1, "x.a.b": 2}, "y.x.a.b") == 2
    assert services.under({"a.b": 1}, "xa.b") is None
    assert services.under(services.tunnel_names(), "abc.eu.ngrok.io.evil.example") is None
    assert services.under(services.resolver_names(), "DNS.google".lower()) is not None
    assert services.under(services.resolver_names(), "a." * 200) is None
