"""Tunnels through names, and what looks alike and is none."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pytest

from behave_made import DAY, MONDAY, S, seen
from flagstate import engine, model
from flagstate.catalog.mask import mask_host
from flagstate.enrich.behave import dns_tunnel, lookups

Asked = tuple[int, str, str, str]
"""When (us), client, name, record type."""


def stream(asked: Iterable[Asked], answers: list[str] | None = None) -> pa.Table:
    listed = list(asked)
    columns = {
        "ts": pa.array([us for us, *_ in listed], pa.timestamp("us", tz="UTC")),
        "orig_h": [client for _, client, *_ in listed],
        "query": [name for *_, name, _ in listed],
        "qtype_name": [kind for *_, kind in listed],
        "resp_h": ["10.0.0.1"] * len(listed),
        "rcode_name": ["NOERROR"] * len(listed),
        "answers": pa.array([answers] * len(listed), pa.list_(pa.string())),
    }
    return model.conform(pa.table(columns), model.QUERY)


def told(asked: Iterable[Asked], answers: list[str] | None = None) -> list[dict[str, object]]:
    con = engine.connect(threads=1)
    con.register("stream", stream(asked, answers))
    made = lookups.summarise(con, 4711, mask_host)
    with seen([]) as empty:
        empty.con.register("lookups", made)
        return dns_tunnel.find(empty).to_pylist()


def others(clients: int = 12) -> list[Asked]:
    """What any office asks for."""
    names = [f"{word}.site{n}.com" for n in range(40) for word in ("api", "img", "mail", "cdn2", "static-assets")]
    return [
        (MONDAY + (n * 37 + client) * 60 * S, f"10.1.0.{client + 20}", name, "A")
        for client in range(clients)
        for n, name in enumerate(names)
    ]


def encoded(count: int, size: int, code: str) -> list[str]:
    made = []
    for n in range(count):
        data = hashlib.shake_128(f"{n}{code}".encode()).digest(size)
        text = {"hex": data.hex(), "base32": base64.b32encode(data).decode().rstrip("=").lower()}.get(code)
        text = text or base64.urlsafe_b64encode(data).decode().rstrip("=")
        made.append(".".join(text[at : at + 60] for at in range(0, len(text), 60)))
    return made


@pytest.mark.parametrize("code", ["hex", "base32", "base64"])
@pytest.mark.parametrize("kind", ["A", "TXT", "NULL", "CNAME"])
def test_a_tunnel_in_any_code_and_type(code: str, kind: str) -> None:
    names = encoded(800, 40, code)
    asked = [(MONDAY + n * 30 * S, "10.1.0.5", f"{name}.t.example.net", kind) for n, name in enumerate(names)]
    found = [one for one in told([*others(), *asked]) if float(str(one["score"])) >= 0.5]
    assert [(one["kind"], one["orig_h"], one["far"]) for one in found] == [("dns_tunnel", "10.1.0.5", "example.net")]
    figures = json.loads(str(found[0]["figures"]))
    assert abs(figures["distinct_names"] / 800 - 1) < 0.4
    assert 0.6 < figures["bytes_up"] / (800 * 40) < 1.6, "what goes out is counted without its encoding"
    assert not found[0]["attempted"]


def test_a_slow_tunnel_over_days() -> None:
    names = encoded(14 * 60, 12, "base32")
    asked = [(MONDAY + n * DAY // 60, "10.1.0.5", f"{name}.example.org", "A") for n, name in enumerate(names)]
    found = told([*others(), *asked])
    assert [one["far"] for one in found] == ["example.org"]
    assert float(str(found[0]["score"])) >= 0.5


def test_a_crawl_of_many_domains_is_none() -> None:
    rng = np.random.default_rng(3)
    crawl = [
        (
            MONDAY + n * S,
            "10.1.0.9",
            f"{host}.{hashlib.md5(str(n).encode(), usedforsecurity=False).hexdigest()[:14]}.com",
            "A",
        )
        for n in range(4_000)
        for host in ("www", f"cdn-{rng.integers(1e9)}")
    ]
    assert told([*others(), *crawl]) == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("{n3}.{n2}.{n1}.10.in-addr.arpa", "PTR"),
        ("{n1}.{n2}.{n3}.10.zen.spamhaus.org", "A"),
        ("{hash}.avqs.mcafee.com", "A"),
        ("{hash}.cloudfront.net", "A"),
        ("_ipp._tcp.printer{n1}.local", "PTR"),
        ("selector{n2}._domainkey.customer{n1}.com", "TXT"),
        ("srv-brussels-prod-{n1}-{n2}.corp.example.com", "A"),
        ("{n1}-{n2}.static.broadband.provider.example", "A"),
        ("{hash}.hosts.internal", "A"),
    ],
)
def test_names_that_carry_something_by_design(name: str, kind: str) -> None:
    asked = []
    for n in range(600):
        digest = hashlib.sha256(str(n).encode()).hexdigest()[:32]
        text = name.format(n1=n % 251, n2=n % 13, n3=n % 241, hash=digest)
        asked.append((MONDAY + n * 60 * S, "10.1.0.5", text, kind))
    assert [one for one in told([*others(), *asked]) if float(str(one["score"])) >= 0.5] == []


def test_what_all_hosts_ask_for_is_telemetry_and_said_so() -> None:
    asked = [
        (
            MONDAY + n * 600 * S,
            f"10.1.0.{client + 20}",
            f"{hashlib.sha256(f'{n} {client}'.encode()).hexdigest()[:32]}.t.vendor.example",
            "A",
        )
        for client in range(12)
        for n in range(200)
    ]
    found = told([*others(), *asked])
    assert all(float(str(one["score"])) < 0.5 for one in found)
    assert all("many ask" in str(one["innocent"]) for one in found)


def test_the_same_name_again_and_again_carries_nothing() -> None:
    asked = [(MONDAY + n * S, "10.1.0.5", f"{encoded(8, 60, 'hex')[n % 8]}.example.net", "A") for n in range(800)]
    assert told([*others(), *asked]) == []


def test_answers_that_carry_data_are_counted() -> None:
    asked = [(MONDAY + n * 60 * S, "10.1.0.5", f"{n:06d}.c.example.net", "TXT") for n in range(500)]
    found = told([*others(), *asked], [base64.b64encode(bytes(range(180))).decode()])
    figures = json.loads(str(found[0]["figures"]))
    assert found[0]["far"] == "example.net"
    assert 0.6 < figures["bytes_down"] / (500 * 240) < 1.5
