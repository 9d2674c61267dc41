"""Hidden single points: what evidence shows that our services lean on, and what it does not."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate import model
from flagstate.catalog import points
from flagstate.catalog.mask import mask, mask_host
from flagstate.catalog.providers import entity
from flagstate.engine import connect
from flagstate.enrich.dependencies import depend
from flagstate.enrich.dependencies_own import ours, own
from flagstate.enrich.dependencies_seen import seen
from flagstate.read import cyclonedx, har, terraform, zeek
from flagstate.read.part import Context, Facts, Head, Note, Opened, Part, Stream, Tally

AS_OF = date(2026, 11, 22)
NOUNS = ("asset", "need", "interest", "legal_entity", "network", "flow", "evidence", "reliance")
PORTAL = {"asset_id": "est:portal", "kind": "service", "server_name": "portal.hub.example", "addr": "10.0.0.5"}
Row = dict[str, Any]


def world(**rows: list[Row]) -> dict[str, pa.Table]:
    """A case: one declared service, and what the test adds."""
    rows = {"asset": [PORTAL], **rows}
    stances = {"reliance": "observed", "flow": "observed"}
    made = {}
    for noun in NOUNS:
        kind = model.NOUNS[noun]
        table = model.rows(kind, rows.get(noun, []))
        if noun in model.FACTS:
            table = model.stamp(table, kind, stance=stances.get(noun, "declared"), evidence_id=f"ev-{noun}")
        made[noun] = table
    return made


def found(tables: dict[str, pa.Table]) -> dict[str, list[Row]]:
    """What is found, with the promises that hold for every row."""
    made = {noun: table.to_pylist() for noun, table in depend(tables, AS_OF).items()}
    there = set(tables["evidence"]["evidence_id"].to_pylist()) | {row["evidence_id"] for row in made["evidence"]}
    there |= {f"ev-{noun}" for noun in NOUNS}
    for noun in ("asset", "need", "interest", "legal_entity"):
        ids = [row["fact_id"] for row in made[noun]]
        assert len(set(ids)) == len(ids)
        assert {row["evidence_id"] for row in made[noun]} <= there
        assert {row["stance"] for row in made[noun]} <= {"observed", "recorded"}
    groups = [(row["asset_id"], row["need_group"]) for row in tables["need"].to_pylist()]
    assert not set(groups) & {(row["asset_id"], row["need_group"]) for row in made["need"]}
    assert all(row["source"] for row in made["need"])
    return made


def leaned(role: str, to: str, page: str = "portal.hub.example", **more: object) -> Row:
    return {"from_name": page, "role": role, "to_name": to, "times": 1, **more}


def needs(made: dict[str, list[Row]]) -> set[tuple[str, str]]:
    return {(row["asset_id"], row["needs_id"]) for row in made["need"]}


def test_nothing_seen_nothing_claimed() -> None:
    assert not any(found(world()).values())


@pytest.mark.parametrize(
    ("role", "host", "point"),
    [
        ("script", "cdn.jsdelivr.net", "dep:script_cdn:jsdelivr"),
        ("script", "cdn.static-edge.example", "dep:web:cdn.static-edge.example"),
        ("login", "login.microsoftonline.com", "dep:identity:microsoft-entra-id"),
        ("login", "sso.partner.example", "dep:identity:sso.partner.example"),
        ("frame", "checkout.stripe.com", "dep:payment:stripe"),
        ("late_script", "js.stripe.com", "dep:payment:stripe"),
        ("fetch", "login.microsoftonline.com", "dep:identity:microsoft-entra-id"),
    ],
)
def test_what_a_page_is_taken_to_need(role: str, host: str, point: str) -> None:
    made = found(world(reliance=[leaned(role, host)]))
    assert needs(made) == {("est:portal", point)}
    assert host in made["need"][0]["source"]


@pytest.mark.parametrize(
    ("role", "host"),
    [
        ("script", "www.google-analytics.com"),
        ("script", "www.googletagmanager.com"),
        ("script", "connect.facebook.net"),
        ("beacon", "px.tally.example"),
        ("font", "fonts.static-edge.example"),
        ("style", "cdn.jsdelivr.net"),
        ("fetch", "api.weather.example"),
        ("late_script", "chat.widget.example"),
    ],
)
def test_what_a_page_is_taken_to_work_without(role: str, host: str) -> None:
    assert not needs(found(world(reliance=[leaned(role, host)])))


def test_the_operator_of_a_point_is_recorded_with_its_owners() -> None:
    made = found(world(reliance=[leaned("login", "acme.okta.com")]))
    kinds = {(row["holder_id"], row["kind"], row["stance"]) for row in made["interest"]}
    assert ("ent:okta-auth0", "operates", "recorded") in kinds
    assert ("ent:okta-auth0", "authenticates", "observed") in kinds
    assert any(kind == "owns" for _, kind, _ in kinds)
    assert "ent:okta-auth0" in {row["entity_id"] for row in made["legal_entity"]}


def test_what_is_declared_is_not_said_again() -> None:
    login = {"asset_id": "est:login", "kind": "service", "server_name": "sso.partner.example"}
    need = {"asset_id": "est:portal", "need_group": 1, "needs_id": "est:login"}
    tables = world(asset=[PORTAL, login], need=[need], reliance=[leaned("login", "sso.partner.example")])
    assert not found(tables)["need"]
    assert needs(found(tables | {"need": model.empty(model.NEED)})) == {("est:portal", "est:login")}


def test_one_dns_host_of_two_countries_is_a_point_that_both_share() -> None:
    mirror = {"asset_id": "est:mirror", "kind": "service", "server_name": "mirror.hub.example"}
    rows = [leaned("name_server", f"ns{n}.wire.example", "hub.example") for n in (1, 2)]
    made = found(world(asset=[PORTAL, mirror], reliance=rows))
    assert needs(made) == {("est:portal", "dep:dns:wire.example"), ("est:mirror", "dep:dns:wire.example")}


def test_two_dns_hosts_are_alternatives_and_own_ones_no_point() -> None:
    two = [leaned("name_server", server, "hub.example") for server in ("ns1.wire.example", "a.ns.cloudflare.com")]
    made = found(world(reliance=two))
    assert {row["need_group"] for row in made["need"]} == {1}
    assert len(made["need"]) == 2
    assert "resolves" not in {row["kind"] for row in made["interest"]}
    assert not needs(found(world(reliance=[leaned("name_server", "ns1.hub.example", "hub.example"), two[0]])))


def test_a_known_dns_host_answers_for_the_asset() -> None:
    made = found(world(reliance=[leaned("name_server", "ns-7.awsdns-31.co.uk", "hub.example")]))
    (row,) = [row for row in made["interest"] if row["kind"] == "resolves"]
    assert (row["holder_id"], row["subject_id"]) == ("ent:amazon-web-services", "est:portal")
    assert needs(found(world(reliance=[leaned("primary", "ns1.wire.example", "hub.example")])))
    assert not needs(found(world(reliance=[leaned("name_server", "ns1.wire.example", "other.example")])))


def test_certificates_hold_until_they_end() -> None:
    until = datetime(2026, 12, 2, tzinfo=UTC)
    issued = leaned("issuer", "Let's Encrypt", "*.hub.example", valid_to=until)
    made = found(world(reliance=[issued]))
    (need,) = made["need"]
    assert (need["needs_id"], need["buffer_h"]) == ("dep:ca:let-s-encrypt", 240.0)
    assert not found(world(reliance=[issued | {"valid_to": datetime(2026, 11, 1, tzinfo=UTC)}]))["need"]
    assert not found(world(reliance=[issued | {"from_name": "*.sub.hub.example"}]))["need"]
    assert found(world(reliance=[leaned("issuer", "Hub CA")]))["need"][0]["buffer_h"] == 720


def flow(server: str | None, port: int = 443, proto: str = "tcp", orig: str = "10.0.0.5", **more: object) -> Row:
    base = {"orig_h": orig, "resp_h": "192.0.2.9", "resp_p": port, "proto": proto, "server_name": server}
    return {**base, "conns": 3, "failed_conns": 0, "day": date(2026, 11, 16), **more}


def test_traffic_shows_clocks_registries_and_licences() -> None:
    flows = [
        flow("registry.npmjs.org"),
        flow("0.pool.ntp.org", 123, "udp"),
        flow(None, 123, "udp", resp_h="192.0.2.10"),
        flow(None, 27000),
    ]
    made = found(world(flow=flows))
    by_point = {row["needs_id"]: row for row in made["need"]}
    clocks = {"dep:time:ntp-pool", "dep:time:192.0.2.10"}
    assert set(by_point) == {"dep:registry:npm-registry", *clocks, "dep:licence:192.0.2.9"}
    assert len({by_point[clock]["need_group"] for clock in clocks}) == 1, "any one of them is enough"
    assert by_point["dep:registry:npm-registry"]["buffer_h"] == 720


def test_attempts_strangers_and_unknown_hosts_make_no_need() -> None:
    assert not any(found(world(flow=[flow("registry.npmjs.org", failed_conns=3)])).values())
    assert not any(found(world(flow=[flow("registry.npmjs.org", orig="8.209.64.10")])).values())
    assert not any(found(world(flow=[flow("shop.example")])).values())
    elsewhere = found(world(flow=[flow("registry.npmjs.org", orig="10.0.0.99")]))
    assert not elsewhere["need"]
    assert {row["asset_id"] for row in elsewhere["asset"]} == {"dep:registry:npm-registry"}
    network = [{"cidr": "198.51.100.0/24", "own": True}]
    assert not found(world(network=network, flow=[flow("registry.npmjs.org")]))["need"], "not in our networks"


def test_200_000_destinations_are_not_200_000_assets() -> None:
    flows = model.rows(
        model.FLOW,
        [flow(f"h{n}.example", 123, "udp", orig="10.0.0.99", resp_h=f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")
         for n in range(30_000)] + [flow(f"c{n}.example", 123, "udp") for n in range(300)],
    )  # fmt: skip
    tables = world() | {"flow": model.stamp(flows, model.FLOW, stance="observed", evidence_id="ev-flow")}
    made = found(tables)
    assert len(made["asset"]) <= 520
    assert len(made["need"]) == 20
    assert "280 more are not listed" in " ".join(row["source"] for row in made["need"])


def test_own_names_are_not_those_of_a_host_that_gives_names_to_customers() -> None:
    rows = [
        {"asset_id": "a", "server_name": "portal.hub.example", "stance": "declared"},
        {"asset_id": "b", "server_name": "db.abc.eu-west-1.rds.amazonaws.com", "stance": "configured"},
        {"asset_id": "c", "server_name": "www.seen.example", "stance": "observed"},
        {"asset_id": "d", "server_name": "www.dhl.com", "stance": "declared"},
    ]
    known = own(model.rows(model.ASSET, rows))
    assert known.zones == {"hub.example", "dhl.com"}
    assert known.within("db.abc.eu-west-1.rds.amazonaws.com")
    assert not known.within("x.eu-west-1.rds.amazonaws.com")


def test_of_what_logs_hold_only_ours_is_kept() -> None:
    rows = [
        leaned("script", "cdn.example", "shop.example"),
        leaned("script", "cdn2.example", "portal.hub.example"),
        leaned("name_server", "ns.wire.example", "stranger.example"),
        leaned("issuer", "Let's Encrypt", "stranger.example"),
        leaned("issuer", "Let's Encrypt", "*.hub.example"),
    ]
    tables = world(reliance=rows)
    kept = ours(tables["reliance"], tables["asset"])
    assert [(r["from_name"], r["role"]) for r in kept.to_pylist()] == [
        ("portal.hub.example", "script"),
        ("*.hub.example", "issuer"),
    ]
    first = ours(tables["reliance"], model.empty(model.ASSET)).to_pylist()
    assert [r["from_name"] for r in first] == ["shop.example"], "of no page of ours, the one that was asked for first"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["script", "login", "fetch", "name_server", "issuer", "package"]),
                          st.text(max_size=40)), max_size=6))  # fmt: skip
def test_hostile_names_break_nothing(names: list[tuple[str, str]]) -> None:
    rows = [leaned(role, name) for role, name in names] + [leaned(role, "x", name) for role, name in names]
    made = found(world(reliance=rows, flow=[flow(name, 123, "udp") for _, name in names]))
    assert {row["asset_id"] for row in made["need"]} <= {"est:portal"} | {row["asset_id"] for row in made["asset"]}


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_names_of_any_kind_are_looked_up(text: str) -> None:
    match = points.by_host(text)
    assert match is None or match.by.count(".") >= 1
    points.zone(text)
    points.organisation(text)
    assert points.by_host(f"{text.replace('.', '')}.registry.npmjs.org.evil.example") is None


# The catalog


def test_operators_of_points_are_in_the_catalog_of_operators() -> None:
    assert [p.name for p in points.points().points if p.operator and entity(p.operator) is None] == []


def test_no_name_leads_to_two_points() -> None:
    book = points.points()
    for column in ("domains", "issuers", "purl"):
        listed = [name.casefold() for point in book.points for name in getattr(point, column)]
        assert sorted(listed) == sorted(set(listed))
    assert {point.kind for point in book.points} <= book.kinds.keys()
    assert all(point.source in book.sources for point in book.points)
    assert all((point.source == "recall") == (point.status == "to verify") for point in book.points)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("CN=R11,O=Let's Encrypt,C=US", "Let's Encrypt"),
        ("CN=X,O=DigiCert\\, Inc.,C=US", "DigiCert, Inc."),
        ('CN=X,O="Sectigo Limited",C=GB', "Sectigo Limited"),
        ("CN=only", None),
        ("", None),
        (None, None),
    ],
)
def test_organisations_of_distinguished_names(name: str | None, wanted: str | None) -> None:
    assert points.organisation(name) == wanted


# From files


def parts_of(path: Path, reader: Any) -> tuple[list[Part], dict[str, pa.Table]]:
    head = Head(path.read_bytes()[:65536], path.stat().st_size, path.suffix)
    kind = reader.recognise(head)
    assert kind is not None
    context = Context(connect(files=[str(path)]), mask, mask_host=mask_host)
    parts, streams = [], {}
    for part in reader.read(Opened(str(path), head, mask(path.name), "e"), kind, context):
        if isinstance(part, Stream):
            streams[part.noun] = part.relation.to_arrow_table()
        else:
            parts.append(part)
    return parts, streams


def reliance(parts: list[Part]) -> set[tuple[str, str, str]]:
    rows = [r for p in parts if isinstance(p, Facts) and p.noun == "reliance" for r in p.table.to_pylist()]
    return {(row["from_name"], row["role"], row["to_name"]) for row in rows}


def entry(url: str, *, status: int = 200, mime: str = "", redirect: str = "", **more: object) -> Row:
    return {
        "startedDateTime": "2026-11-17T09:00:00Z",
        "pageref": "page_1",
        "request": {"method": "GET", "url": url, "headersSize": 100, "bodySize": 0},
        "response": {"status": status, "headersSize": 30, "bodySize": 70, "redirectURL": redirect,
                     "content": {"size": 5, "mimeType": mime}},
        **more,
    }  # fmt: skip


def archive(tmp_path: Path, entries: list[Row]) -> Path:
    path = tmp_path / "x.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "creator": {"name": "t"}, "entries": entries}}))
    return path


def test_what_an_archive_shows(tmp_path: Path) -> None:
    entries = [
        entry("https://portal.hub.example/", mime="text/html"),
        entry("https://static.hub.example/own.js", mime="text/javascript"),
        entry("https://cdn.a.example/a.js", _resourceType="script", _priority="High", _initiator={"type": "parser"}),
        entry("https://cdn.b.example/b.js", _resourceType="script", _priority="Low", _initiator={"type": "parser"}),
        entry("https://cdn.c.example/c.js", _resourceType="script", _priority="High", _initiator={"type": "script"}),
        entry("https://cdn.d.example/d.js?x=1", mime="application/octet-stream"),
        entry("https://cdn.e.example/e.js", status=404, mime="text/javascript"),
        entry("https://api.f.example/v1", mime="application/json; charset=utf-8"),
        entry("https://px.g.example/collect", mime="text/html"),
        entry("https://img.h.example/h.png", mime="image/png"),
        entry("https://cdn.i.example/i.js", mime="text/javascript", _fromCache="memory"),
        entry("https://portal.hub.example/in", status=302, redirect="https://sso.j.example/oauth2/authorize?client=1"),
        entry("https://portal.hub.example/out", status=302, redirect="https://k.example/news"),
        entry("https://sso.l.example/saml2/login", mime="text/html"),
    ]
    assert reliance(parts_of(archive(tmp_path, entries), har.READER)[0]) == {
        ("portal.hub.example", "page", "portal.hub.example"),
        ("portal.hub.example", "script", "cdn.a.example"),
        ("portal.hub.example", "late_script", "cdn.b.example"),
        ("portal.hub.example", "late_script", "cdn.c.example"),
        ("portal.hub.example", "script", "cdn.d.example"),
        ("portal.hub.example", "fetch", "api.f.example"),
        ("portal.hub.example", "beacon", "px.g.example"),
        ("portal.hub.example", "login", "sso.j.example"),
        ("portal.hub.example", "login", "sso.l.example"),
    }


WORDS = ("red", "green", "blue", "white", "black", "amber", "north", "south", "east", "west", "hill", "lake", "river",
         "stone", "wood", "field")  # fmt: skip


def test_hosts_of_a_page_are_bounded_and_that_is_said(tmp_path: Path) -> None:
    entries = [entry("https://portal.hub.example/", mime="text/html")]
    entries += [entry(f"https://{one}-{two}.example/a.js") for one in WORDS for two in WORDS]
    parts, _ = parts_of(archive(tmp_path, entries), har.READER)
    assert len(reliance(parts)) == 201
    assert any("56 uses of hosts beyond 200 per page" in p.reason for p in parts if isinstance(p, Note))


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=60))
def test_hostile_hosts_in_archives(tmp_path_factory: pytest.TempPathFactory, host: str) -> None:
    path = archive(
        tmp_path_factory.mktemp("har"), [entry("https://portal.hub.example/"), entry(f"https://{host}/a.js")]
    )
    for _, _, to in reliance(parts_of(path, har.READER)[0]):
        assert not any(ord(c) < 33 or ord(c) == 127 for c in to)
        assert mask_host(to) == to


X509 = """#separator \\x09
#set_separator	,
#empty_field	(empty)
#unset_field	-
#path	x509
#fields	ts	id	certificate.version	certificate.serial	certificate.subject	certificate.issuer	certificate.not_valid_after	san.dns
#types	time	string	count	string	string	string	time	vector[string]
1794787502.056505	F1	3	01	CN=x	CN=R11,O=Let's Encrypt,C=US	1801000000.000000	portal.hub.example,www.hub.example
1794787602.056505	F2	3	02	CN=jane.doe@hub.example	CN=CA,O=jane.doe@hub.example,C=BE	1801000000.000000	portal.hub.example
"""  # noqa: E501


def test_certificates_of_a_sensor(tmp_path: Path) -> None:
    path = tmp_path / "x509.log"
    path.write_text(X509)
    parts, streams = parts_of(path, zeek.READER)
    assert not streams
    assert sum(part.rows_read for part in parts if isinstance(part, Tally)) == 2
    assert reliance(parts) == {
        ("portal.hub.example", "issuer", "Let's Encrypt"),
        ("www.hub.example", "issuer", "Let's Encrypt"),
        ("portal.hub.example", "issuer", "‹email›"),
    }


def test_streams_show_name_servers_and_issuers() -> None:
    con = connect()
    con.execute(
        "CREATE TEMP TABLE stream AS SELECT * FROM (VALUES "
        "('Hub.example.', 'NS', 'NOERROR', ['ns1.wire.example.', 'ns2.wire.example.', 'x']), "
        "('hub.example', 'SOA', 'NOERROR', ['ns1.wire.example']), "
        "('gone.example', 'NS', 'NXDOMAIN', ['ns1.wire.example']), "
        "('www.hub.example', 'A', 'NOERROR', ['192.0.2.1'])) AS t(query, qtype_name, rcode_name, answers)"
    )
    rows = seen("query", con, mask_host=mask_host, mask=mask).reliance.to_pylist()
    assert {(r["from_name"], r["role"], r["to_name"]) for r in rows} == {
        ("hub.example", "name_server", "ns1.wire.example"),
        ("hub.example", "name_server", "ns2.wire.example"),
        ("hub.example", "primary", "ns1.wire.example"),
    }
    con.execute(
        "CREATE OR REPLACE TEMP TABLE stream AS SELECT * FROM (VALUES "
        "('portal.hub.example', 'CN=R3,O=Let''s Encrypt,C=US', true), ('no.hub.example', 'CN=x,O=Y', false), "
        "(NULL, 'CN=x,O=Y', true), ('none.hub.example', NULL, true)) AS t(server_name, issuer, established)"
    )
    rows = seen("handshake", con, mask_host=mask_host, mask=mask).reliance.to_pylist()
    assert [(r["from_name"], r["to_name"]) for r in rows] == [("portal.hub.example", "Let's Encrypt")]


def bill(tmp_path: Path, components: object) -> list[Part]:
    path = tmp_path / "bom.json"
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": {"bom-ref": "shop"}}}
    path.write_text(json.dumps(document | {"components": components}))
    return parts_of(path, cyclonedx.READER)[0]


def test_packages_of_a_bill_of_materials(tmp_path: Path) -> None:
    listed = [
        {"purl": "pkg:npm/%40a/b@1.0.0"},
        {"purl": "pkg:npm/c@2", "components": [{"purl": "pkg:pypi/d@3?repository_url=https://nexus.hub.example/pypi"}]},
        {"purl": "pkg:generic/e"},
        {"purl": 7},
        "f",
    ]
    parts = bill(tmp_path, listed)
    (facts,) = [p for p in parts if isinstance(p, Facts) and p.noun == "reliance"]
    rows = facts.table.to_pylist()
    assert {(r["from_asset"], r["to_name"], r["times"]) for r in rows} == {
        ("cdx:shop", "npm", 2), ("cdx:shop", "nexus.hub.example", 1), ("cdx:shop", "generic", 1)
    }  # fmt: skip
    table = model.stamp(facts.table, model.RELIANCE, stance="configured", evidence_id="ev-reliance")
    tables = world(asset=[{"asset_id": "cdx:shop", "kind": "system"}]) | {"reliance": table}
    made = {(row["needs_id"], row["buffer_h"], row["stance"]) for row in depend(tables, AS_OF)["need"].to_pylist()}
    points_of_it = {"dep:registry:npm-registry", "dep:registry:nexus.hub.example"}
    assert made == {(point, 720.0, "configured") for point in points_of_it}


@settings(max_examples=40, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=30),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                        st.sampled_from(["purl", "components"]), inner, max_size=3), max_leaves=12))  # fmt: skip
def test_hostile_components(tmp_path_factory: pytest.TempPathFactory, components: object) -> None:
    assert isinstance(bill(tmp_path_factory.mktemp("bom"), components)[-1], Tally)


def state(tmp_path: Path, *resources: tuple[str, str, Row]) -> dict[str, list[Row]]:
    """What a Terraform state of these resources says."""
    path = tmp_path / "terraform.tfstate"
    listed = [{"mode": "managed", "type": kind, "name": name, "instances": [{"attributes": {"id": name, **attributes}}]}
              for kind, name, attributes in resources]  # fmt: skip
    path.write_text(json.dumps({"version": 4, "terraform_version": "1.9.0", "resources": listed}))
    made: dict[str, list[Row]] = {}
    for part in parts_of(path, terraform.READER)[0]:
        if isinstance(part, Facts):
            made.setdefault(part.noun, []).extend(part.table.to_pylist())
    return made


def protected(made: dict[str, list[Row]]) -> set[tuple[str, str]]:
    return {(r["subject_id"], r["holder_id"]) for r in made.get("interest", []) if r["kind"] == "protects"}


KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
VAULT = "https://hub-kv.vault.azure.net/keys/data/0123456789abcdef0123456789abcdef"
GOOGLE = "projects/hub/locations/europe-west3/keyRings/ring/cryptoKeys/data"


@pytest.mark.parametrize(
    ("key", "resource", "setting"),
    [
        (("aws_kms_key", "k", {"arn": KEY}), ("aws_db_instance", "s", {"kms_key_id": KEY}), None),
        (
            ("aws_kms_key", "k", {"arn": KEY}),
            ("aws_s3_bucket", "s", {}),
            ("aws_s3_bucket_server_side_encryption_configuration", "e", {
                "bucket": "s",
                "rule": [{"apply_server_side_encryption_by_default": [
                    {"sse_algorithm": "aws:kms", "kms_master_key_id": "alias/hub"}]}],
            }),
        ),
        (
            ("google_kms_crypto_key", "k", {"id": GOOGLE}),
            ("google_storage_bucket", "s", {"encryption": [{"default_kms_key_name": f"{GOOGLE}/cryptoKeyVersions/2"}]}),
            None,
        ),
        (
            ("azurerm_key_vault_key", "k", {"id": VAULT, "versionless_id": VAULT.rpartition("/")[0]}),
            ("azurerm_storage_account", "s", {}),
            ("azurerm_storage_account_customer_managed_key", "e", {
                "storage_account_id": "s", "key_vault_key_id": VAULT.rpartition("/")[0]}),
        ),
        (
            ("azurerm_key_vault_key", "k", {"id": VAULT}),
            ("azurerm_managed_disk", "s", {"disk_encryption_set_id": "d"}),
            ("azurerm_disk_encryption_set", "d", {"key_vault_key_id": VAULT}),
        ),
    ],
)  # fmt: skip
def test_a_key_of_the_customer_protects(
    tmp_path: Path, key: tuple[str, str, Row], resource: tuple[str, str, Row], setting: tuple[str, str, Row] | None
) -> None:
    alias = (
        "aws_kms_alias",
        "a",
        {"id": "alias/hub", "name": "alias/hub", "target_key_id": "k", "target_key_arn": KEY},
    )
    made = state(tmp_path, key, resource, alias, *([setting] if setting else []))
    assert protected(made) == {(f"tf:{resource[0]}.s", f"tf:{key[0]}.k")}
    assert [row["asset_id"] for row in made["asset"] if row["kind"] == "key"] == [f"tf:{key[0]}.k"]


def test_a_key_that_is_only_referred_to_and_one_of_the_provider(tmp_path: Path) -> None:
    made = state(
        tmp_path,
        ("aws_db_instance", "elsewhere", {"kms_key_id": KEY, "storage_encrypted": True}),
        ("aws_ebs_volume", "plain", {"encrypted": True, "availability_zone": "eu-central-1a"}),
        ("aws_sqs_queue", "queue", {"kms_master_key_id": "alias/aws/sqs"}),
        ("aws_ebs_volume", "open", {"encrypted": False}),
    )
    found = dict(protected(made))
    assert set(found) == {"tf:aws_db_instance.elsewhere", "tf:aws_ebs_volume.plain", "tf:aws_sqs_queue.queue"}
    assert found["tf:aws_db_instance.elsewhere"].startswith("tf:key:")
    assert found["tf:aws_ebs_volume.plain"] == "tf:aws_ebs_volume.plain#provider-key"
    assert found["tf:aws_sqs_queue.queue"] == "tf:aws_sqs_queue.queue#provider-key"
    places = {row["subject_id"]: row["country"] for row in made["place"]}
    assert {places[key] for key in found.values() if key in places} == {"DE"}
    shown = json.dumps(made, default=str)
    assert "111122223333" not in shown
    keys = [row for row in made["asset"] if row["kind"] == "key"]
    assert {row["provider"] for row in keys} == {"Amazon Web Services"}


def test_keys_in_hardware_and_outside(tmp_path: Path) -> None:
    made = state(
        tmp_path,
        ("google_kms_crypto_key", "hsm", {"version_template": [{"protection_level": "HSM"}]}),
        ("google_kms_crypto_key", "ekm", {"version_template": [{"protection_level": "EXTERNAL"}]}),
        ("aws_kms_external_key", "imported", {}),
        ("aws_kms_key", "xks", {"custom_key_store_id": "cks-1", "xks_key_id": "x"}),
        ("azurerm_key_vault_key", "soft", {"key_type": "RSA"}),
    )
    said = {(row["subject_id"].rpartition(".")[2], row["control"]) for row in made["control"] if row["state"] == "yes"}
    assert said == {("hsm", "hsm"), ("ekm", "external_key_store"), ("xks", "external_key_store")}
    assert {row["asset_id"].rpartition(".")[2] for row in made["need"]} == {"ekm", "xks"}


def test_names_that_an_infrastructure_description_serves(tmp_path: Path) -> None:
    made = state(
        tmp_path,
        ("aws_route53_zone", "zone", {"name": "hub.example", "name_servers": ["a.awsdns-31.com", "b.awsdns-01.org"]}),
        ("aws_route53_zone", "inside", {"name": "in.example", "name_servers": ["ns-1.awsdns-00.com"], "vpc": [{}, 1]}),
        ("aws_acm_certificate", "cert", {"domain_name": "portal.hub.example", "type": "AMAZON_ISSUED",
                                         "subject_alternative_names": ["portal.hub.example", "*.hub.example"],
                                         "not_after": "2027-03-01T00:00:00Z"}),
        ("aws_acm_certificate", "imported", {"domain_name": "portal.hub.example", "type": "IMPORTED"}),
        ("aws_cloudfront_distribution", "cdn", {"aliases": ["portal.hub.example"], "viewer_certificate": [{"x": 1}]}),
        ("aws_cognito_user_pool_client", "login", {"callback_urls": ["https://portal.hub.example/cb", "http://localhost"]}),
        ("aws_lb", "lb", {"arn": "arn:lb"}),
        ("aws_lb_listener", "tls", {"protocol": "HTTPS", "load_balancer_arn": "arn:lb"}),
    )  # fmt: skip
    assert {row["subject_id"] for row in made["control"] if row["control"] == "ends_tls"} == {
        "tf:aws_cloudfront_distribution.cdn", "tf:aws_lb.lb"
    }  # fmt: skip
    table = model.stamp(
        model.rows(model.RELIANCE, [{k: v for k, v in row.items() if k != "fact_id"} for row in made["reliance"]]),
        model.RELIANCE, stance="configured", evidence_id="ev-reliance",
    )  # fmt: skip
    rows = depend(world() | {"reliance": table}, AS_OF)["need"].to_pylist()
    assert {(row["needs_id"], row["stance"]) for row in rows if row["asset_id"] == "est:portal"} == {
        ("dep:dns:amazon-route-53", "configured"),
        ("dep:ca:amazon-trust-services", "configured"),
        ("dep:identity:amazon-cognito", "configured"),
        ("tf:aws_cloudfront_distribution.cdn", "configured"),
    }
    assert len({row["need_group"] for row in rows}) == len(rows)


def test_issuers_in_logs_of_real_sensors() -> None:
    logs = Path(__file__).parent / "data/zeek-logs-zat"
    parts, _ = parts_of(logs / "x509.log", zeek.READER)
    found = {issuer for _, _, issuer in reliance(parts)}
    assert found == {"Microsoft Corporation", "Entrust, Inc."}
    assert {name for issuer in found for name in [points.by_issuer(issuer)] if name is None} == set()
    _, before = parts_of(logs / "ssl.log", zeek.READER)
    assert {points.organisation(name) for name in before["handshake"]["issuer"].to_pylist()} >= {
        "DigiCert Inc",
        "Google Inc",
    }
    _, streams = parts_of(logs / "json/ssl.log", zeek.READER)
    con = connect()
    con.register("held", streams["handshake"])
    con.execute("CREATE TEMP TABLE stream AS SELECT * FROM held")
    rows = seen("handshake", con, mask_host=mask_host, mask=mask).reliance.to_pylist()
    assert ("s0.2mdn.net", "Google Trust Services") in {(row["from_name"], row["to_name"]) for row in rows}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([d for point in points.points().points for d in point.domains] + ["awsdns-31.co.uk", "a.b.c"]),
       st.lists(st.text("abz0-", min_size=1, max_size=6), max_size=3), st.sampled_from(["", "."]))  # fmt: skip
def test_everything_below_a_domain_is_its_point(domain: str, labels: list[str], end: str) -> None:
    found = points.by_host(".".join([*labels, domain]).upper() + end)
    if domain == "a.b.c":
        assert found is None
    else:
        assert found is not None
        assert found.by.endswith(domain)
