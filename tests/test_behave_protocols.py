"""Encrypted questions, exits of tunnels, protocols on wrong ports and carriers, and what is none of them."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from behave_made import MONDAY, Talk, chance, seen
from flagstate.enrich.behave import carrier, encrypted_dns, tunnel_exit, wrong_port
from flagstate.enrich.behave.seen import Seen

FEW = MONDAY + np.arange(1, 41, dtype=np.int64) * 600_000_000
Find = Callable[[Seen], pa.Table]


def said(find: Find, *talks: Talk) -> list[dict[str, object]]:
    with seen(talks) as made:
        return [one for one in find(made).to_pylist() if float(str(one["score"])) >= 0.5]


def web(count: int = 30) -> list[Talk]:
    """What any office does: pages over TLS."""
    rng = np.random.default_rng(count)
    return [
        Talk(
            chance(rng, 60, 3), orig_h=f"10.1.0.{n % 9 + 20}", resp_h=f"198.51.100.{n}", server_name=f"www.site{n}.com"
        )
        for n in range(count)
    ]


def figures(one: dict[str, object]) -> dict[str, object]:
    made: dict[str, object] = json.loads(str(one["figures"]))
    return made


@pytest.mark.parametrize(
    ("talk", "resolver", "over"),
    [
        (Talk(FEW, resp_h="203.0.113.9", resp_p=853), "unknown", "TLS"),
        (Talk(FEW, resp_h="203.0.113.9", resp_p=853, proto="udp", service="quic"), "unknown", "QUIC"),
        (Talk(FEW, resp_h="9.9.9.9", resp_p=853), "Quad9", "TLS"),
        (Talk(FEW, resp_h="104.16.248.249", server_name="cloudflare-dns.com"), "Cloudflare", "HTTPS"),
        (Talk(FEW, resp_h="203.0.113.9", server_name="abc123.dns.nextdns.io"), "NextDNS", "HTTPS"),
    ],
)
def test_encrypted_questions(talk: Talk, resolver: str, over: str) -> None:
    found = said(encrypted_dns.find, *web(), talk)
    assert [(figures(one)["resolver"], figures(one)["over"]) for one in found] == [(resolver, over)]


@pytest.mark.parametrize(
    "talk",
    [
        Talk(FEW, resp_h="10.0.0.53", resp_p=853),
        Talk(FEW, resp_h="203.0.113.9", server_name="cloudflare-dns.com.example"),
        Talk(FEW, resp_h="203.0.113.9", server_name="dnsmasq.example"),
        Talk(FEW, resp_h="8.8.8.8", server_name="www.example.com"),
    ],
)
def test_no_encrypted_questions(talk: Talk) -> None:
    assert said(encrypted_dns.find, *web(), talk) == []


def test_an_attempt_is_said_to_be_one() -> None:
    found = said(encrypted_dns.find, Talk(FEW, orig=0, resp=0, resp_h="203.0.113.9", resp_p=853, failed=True))
    assert [one["attempted"] for one in found] == [True]
    assert str(found[0]["message"]).startswith("Attempted:")


@pytest.mark.parametrize(
    ("talk", "tunnel", "by"),
    [
        (Talk(FEW, 90_000, 900_000, resp_p=1194, proto="udp", service="openvpn"), "OpenVPN", "service"),
        (Talk(FEW, 90_000, 900_000, resp_p=443, proto="udp", service="wireguard"), "WireGuard", "service"),
        (Talk(FEW, 90_000, 900_000, resp_p=51820, proto="udp", service=None), "WireGuard", "port"),
        (Talk(FEW, 9_000, 90_000, server_name="abc.tunnel.ngrok.com"), "ngrok", "name"),
        (Talk(FEW, 9_000, 90_000, server_name="region1.v2.argotunnel.com", resp_p=7844), "Cloudflare Tunnel", "name"),
        (Talk(FEW, 9_000, 90_000, server_name="router7.teamviewer.com", resp_p=5938), "TeamViewer", "name"),
        (Talk(FEW, 9_000, 90_000, resp_p=1080, service="socks"), "SOCKS proxy", "service"),
        (Talk(FEW, 9_000, 90_000, resp_p=9001, server_name="www.x3ojyszbyqbkked7kgb2.com"), "Tor", "port"),
    ],
)
def test_exits_of_tunnels(talk: Talk, tunnel: str, by: str) -> None:
    found = said(tunnel_exit.find, *web(), talk)
    assert [(figures(one)["tunnel"], figures(one)["told_by"]) for one in found] == [(tunnel, by)]


@pytest.mark.parametrize(
    "talk",
    [
        Talk(FEW, resp_h="10.9.0.1", resp_p=4789, proto="udp", service="vxlan"),
        Talk(FEW, resp_h="203.0.113.9", resp_p=1194, service="http"),
        Talk(FEW, server_name="ngrok.example.com"),
        Talk(FEW, server_name="www.x3ojyszbyqbkked7kgb2.com"),
        Talk(FEW, 0, 0, resp_p=9001, service=None, failed=True),
    ],
)
def test_no_exits(talk: Talk) -> None:
    assert said(tunnel_exit.find, *web(), talk) == []


@pytest.mark.parametrize(
    ("port", "proto", "service"),
    [
        (443, "tcp", "ssh"),
        (53, "tcp", "ssl"),
        (53, "udp", "quic"),
        (80, "tcp", "ssh"),
        (8443, "tcp", "rdp"),
        (123, "udp", "dns"),
    ],
)
def test_protocols_on_wrong_ports(port: int, proto: str, service: str) -> None:
    found = said(wrong_port.find, *web(), Talk(FEW, 9_000, 9_000, resp_p=port, proto=proto, service=service))
    assert [(figures(one)["service"], one["resp_p"]) for one in found] == [(service, port)]


@pytest.mark.parametrize(("port", "belongs"), [(21, "ftp"), (22, "ssh"), (47_123, "no listed protocol")])
def test_whom_a_wrong_port_belongs_to_is_said(port: int, belongs: str) -> None:
    (one,) = said(wrong_port.find, *web(), Talk(FEW, 9_000, 9_000, resp_p=port, proto="tcp", service="redis"))
    assert figures(one)["port_belongs_to"] == belongs
    assert f"which belongs to {belongs}" in str(one["message"])


@pytest.mark.parametrize(
    ("port", "proto", "service"),
    [
        (22, "tcp", "ssh"), (2222, "tcp", "ssh"), (8080, "tcp", "http"), (9999, "tcp", "http"), (4444, "tcp", "ssl"),
        (25, "tcp", "smtp,ssl"), (587, "tcp", "ssl"), (5432, "tcp", "ssl"), (443, "tcp", "ssl,http"),
        (5353, "udp", "dns"), (40_000, "tcp", "something new"), (51_000, "tcp", "bittorrent"),
    ],
)  # fmt: skip
def test_protocols_where_they_belong(port: int, proto: str, service: str) -> None:
    assert said(wrong_port.find, *web(), Talk(FEW, 9_000, 9_000, resp_p=port, proto=proto, service=service)) == []


def test_an_unknown_protocol_stands_out_only_where_others_are_recognised() -> None:
    raw = Talk(FEW, 9_000, 9_000, resp_h="203.0.113.9", service=None)
    found = said(wrong_port.find, *web(), raw)
    assert [one["far"] for one in found] == ["203.0.113.9"]
    blind = [Talk(talk.us, orig_h=talk.orig_h, resp_h=talk.resp_h, service=None) for talk in web()]
    assert said(wrong_port.find, *blind, raw) == []
    assert said(wrong_port.find, *web(), Talk(FEW, 0, 0, service=None, failed=True)) == []


def test_icmp_that_carries_data() -> None:
    rng = np.random.default_rng(1)
    sent, back = rng.integers(80, 1_400, 300), rng.integers(80, 1_400, 300)
    talk = Talk(chance(rng, 300, 2), sent, back, resp_p=0, proto="icmp", service=None)
    found = said(carrier.find, *web(), talk)
    assert [(one["kind"], one["proto"]) for one in found] == [("carrier", "icmp")]


@pytest.mark.parametrize(("size", "count"), [(56, 40), (56, 40_000), (1_400, 2_000)])
def test_pings_are_echoes_however_many(size: int, count: int) -> None:
    rng = np.random.default_rng(2)
    talk = Talk(chance(rng, count, 3), size, size, resp_p=0, proto="icmp", service=None)
    assert said(carrier.find, *web(), talk) == []


def test_pings_that_go_unanswered_are_no_carrier() -> None:
    rng = np.random.default_rng(2)
    back = np.where(rng.random(4_000) < 0.2, 0, 56)
    assert said(carrier.find, Talk(chance(rng, 4_000, 3), 56, back, resp_p=0, proto="icmp", service=None)) == []


@pytest.mark.parametrize(
    ("proto", "resp_h", "count"), [("unknown_transport", "203.0.113.9", 1), ("sctp", "10.0.0.9", 0)]
)
def test_other_transports(proto: str, resp_h: str, count: int) -> None:
    found = said(carrier.find, *web(), Talk(FEW, 9_000, 9_000, resp_h=resp_h, resp_p=0, proto=proto, service=None))
    assert len(found) == count


@pytest.mark.parametrize(("service", "shown"), [("gre", "GRE"), ("6in4", "6IN4"), ("igmp", None)])
def test_a_transport_that_a_capture_names_is_named(service: str, shown: str | None) -> None:
    talk = Talk(FEW, 9_000, 9_000, resp_p=0, proto="unknown_transport", service=service)
    found = said(carrier.find, *web(), talk)
    assert [(figures(one)["transport"], f"spoke {shown}," in str(one["message"])) for one in found] == (
        [(service, True)] if shown else []
    )


@pytest.mark.parametrize("find", [encrypted_dns.find, tunnel_exit.find, wrong_port.find, carrier.find])
def test_nothing_is_made_of_nothing_and_nothing_is_left_behind(find: Find) -> None:
    with seen([]) as made:
        assert find(made).num_rows == 0
    with seen(web()) as made:
        before = made.con.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1").fetchall()
        assert find(made).num_rows == 0
        after = made.con.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1").fetchall()
        assert before == after
