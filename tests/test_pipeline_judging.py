"""Explanations cover what goes the same way tomorrow, and count no longer when it expired, grew or became graver."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import Run
from flagstate import model
from flagstate.assess.explained import Cover, grown
from flagstate.assess.explained_flows import Went
from flagstate.case import Case
from flagstate.cli.judge import last_day
from flagstate.errors import UsageError
from flagstate.pipeline.again import load, render
from flagstate.pipeline.audit import Outcome
from flagstate.pipeline.judgements import Said, cover_of, listed, make
from pipeline_world import START, put, run, tsv

ESTATE = """
networks: [10.0.0.0/8]
entities: {shop: {organised_in: [US]}, host: {organised_in: [DE]}}
agreements: {C-12: {kind: vendor, from: shop, to: host, purpose: backup}}
"""
DAY = 86_400
TODAY = date.today()


def sent(to: str, size: int, *, day: int = 0, near: str = "10.0.0.1", port: int = 443, count: int = 4) -> list[Any]:
    return [
        {
            "ts": START + day * DAY + n * 600.5,
            "uid": f"C{to}{near}{day}{port}{n}".replace(".", "x"),
            "id.orig_h": near,
            "id.orig_p": 40_000 + n,
            "id.resp_h": to,
            "id.resp_p": port,
            "proto": "tcp",
            "service": "ssl",
            "duration": 0.5,
            "orig_bytes": size // count,
            "resp_bytes": 10,
            "conn_state": "SF",
            "missed_bytes": 0,
        }
        for n in range(count)
    ]


def audited(base: Path, *rows: list[Any]) -> Outcome:
    put(base / "given" / "estate.yaml", ESTATE)
    put(base / "given" / "conn.log", tsv(sorted((r for some in rows for r in some), key=lambda r: r["ts"])))
    return run(base / "given", case=base / "case")


def left(outcome: Outcome) -> dict[str, str | None]:
    """Return what each undeclared destination shows."""
    tables, _ = load(outcome.case.path)
    return {r["subject"]: r["judged"] for r in tables["finding"].to_pylist() if r["rule_id"] == "flow-undeclared"}


def counted(case: Path) -> dict[str, int]:
    """Return what the report counts, after comparing it with what the findings show."""
    tables, meta = load(case)
    shown = [str(row["judged"]).partition(":")[0] for row in tables["finding"].to_pylist() if row["verdict"] == "yes"]
    for state in ("explained", "expired", "reopened"):
        assert meta.judged[state] == shown.count(state)
    return dict(meta.judged)


def id_of(outcome: Outcome, subject: str) -> str:
    return next(r["finding_id"] for r in outcome.findings.to_pylist() if r["subject"] == subject)


BACKUP = "198.51.100.7"


@pytest.fixture(scope="module")
def day_one(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    base = tmp_path_factory.mktemp("one")
    return audited(base, sent(BACKUP, 2_000_000_000), sent("192.0.2.9", 400, near="10.0.0.2"), sent("192.0.2.8", 0))


def test_what_is_named_covers_other_days_and_hosts_but_not_other_ports(tmp_path: Path) -> None:
    first = [sent(BACKUP, 2_000_000_000), sent(BACKUP, 40_000, port=8443)]
    one = audited(tmp_path, *first)
    case = one.case.path
    said = Said("explained", "dpo", explained_by="contract:C-12", until=TODAY + timedelta(days=9))
    made = make(case, "flows", said, cover_of(f"{BACKUP}:443"))
    assert made.figures == {
        "day_bytes": 2_000_000_000,
        "day_conns": 4,
        "destinations": 1,
        "hosts": 1,
        "level": "medium",
    }
    shown = f"explained: by contract C-12 (until {TODAY + timedelta(days=9)})"
    assert left(one) == {f"{BACKUP} port 443": shown, f"{BACKUP} port 8443": None}
    # Three more days of the same, from another host too, are covered; nine gigabytes on one day are not.
    days = [sent(BACKUP, 2_000_000_000, day=d, near=f"10.0.0.{d}") for d in (2, 3)]
    two = audited(tmp_path, *first, *days)
    assert left(two)[f"{BACKUP} port 443"] == shown
    assert counted(case) == {"explained": 1, "judgements": 1, "expired": 0, "reopened": 0}
    three = audited(tmp_path, *first, *days, sent(BACKUP, 9_000_000_000, day=5))
    assert str(left(three)[f"{BACKUP} port 443"]).startswith(
        "reopened: explained, but grown since: 2.0 GB → 9.0 GB sent in one day (by contract C-12)"
    )
    # An upload out of all proportion, which went there too, may be told beside it.
    assert counted(case)["reopened"] >= 1
    assert counted(case)["explained"] == 0
    assert load(case)[1].exit_code == three.exit_code >= 10
    # A judgement with a bound of its own, made with what is known now, settles it again.
    make(case, "flows", Said("explained", "dpo", "restore", up_to_bytes=10_000_000_000), cover_of(f"{BACKUP}:443"))
    assert left(three)[f"{BACKUP} port 443"] == "explained: restore"
    assert listed(case).others == {"replaced": 1, "withdrawn": 0}


def test_a_flow_stands_for_its_way(day_one: Outcome, tmp_path: Path) -> None:
    rows = day_one.tables["flow"].to_pylist()
    fact = next(r["fact_id"] for r in rows if r["resp_h"] == "192.0.2.9")
    made = make(day_one.case.path, fact, Said("explained", "dpo", "time server"))
    assert made.covers == {"to": "cidr:192.0.2.9", "port": 443, "from": "10.0.0.2"}
    assert left(day_one)["192.0.2.9 port 443"] == "explained: time server"
    day_one.case.withdraw(made.id, reason="wrong", author="dpo")
    assert left(day_one)["192.0.2.9 port 443"] is None


def test_the_narrowest_decides_and_an_expired_one_is_shown(day_one: Outcome) -> None:
    case, undo = day_one.case, []
    for to, near, reason in (
        ("192.0.2.0/24", "", "range"),
        ("192.0.2.9", "", "address"),
        ("192.0.2.9:443", "10.0.0.2", "all of it"),
        ("192.0.2.9:443", "", "port"),
        ("192.0.2.9", "10.9.0.0/16", "of another host"),
    ):
        undo.append(make(case.path, "flows", Said("explained", "dpo", reason), cover_of(to, near)).id)
    shown = left(day_one)
    assert shown["192.0.2.9 port 443"] == "explained: all of it"
    assert shown["192.0.2.8 port 443"] == "explained: range"
    assert shown[f"{BACKUP} port 443"] is None
    on = id_of(day_one, "192.0.2.9 port 443")
    undo.append(make(case.path, on, Said("muted", "dpo", "this finding itself")).id)
    assert left(day_one)["192.0.2.9 port 443"] == "muted: this finding itself"
    assert listed(case.path).counts() == {"explained": 2, "judgements": 2, "expired": 0, "reopened": 0}
    for one in undo:
        case.withdraw(one, reason="done", author="dpo")
    make(case.path, on, Said("explained", "dpo", "last year", until=date(2025, 3, 31)))
    assert left(day_one)["192.0.2.9 port 443"] == "expired: explained until 2025-03-31: last year"
    assert listed(case.path).counts()["expired"] == 1


def test_an_attempt_that_became_a_loss_counts_again(tmp_path: Path) -> None:
    one = audited(tmp_path, sent("192.0.2.8", 0))
    make(one.case.path, id_of(one, "192.0.2.8 port 443"), Said("explained", "dpo", "a service that is off"))
    assert left(one)["192.0.2.8 port 443"] == "explained: a service that is off"
    two = audited(tmp_path, sent("192.0.2.8", 0), sent("192.0.2.8", 400, day=1))
    assert "0 bytes → 400 bytes sent in one day" in str(left(two)["192.0.2.8 port 443"])


def test_behind_a_proxy_the_destination_that_was_asked_for_counts() -> None:
    def flow(fact: str, asked: str | None, **more: Any) -> dict[str, Any]:
        return {
            "fact_id": fact, "stance": "observed", "orig_h": "10.0.0.1", "resp_h": "10.0.0.254", "resp_p": 3128,
            "server_name": "proxy.example", "connect_to": asked, "conns": 1, "orig_bytes": 5, "day": date(2026, 1, 1),
        } | more  # fmt: skip

    rows = [
        flow("a", "api.cdn.example:443"),
        flow("b", "192.0.2.7:8443"),
        flow("c", "[2001:db8::7]:443"),
        flow("d", None),
    ]
    went = Went({"flow": model.rows(model.FLOW, rows)}, TODAY)

    def has(to: str) -> int:
        return len(went.covered(cover_of(to)).rows)

    wanted = {"cdn.example:443": 1, "cdn.example:3128": 0, "192.0.2.0/24:8443": 1, "[2001:db8::7]:443": 1}
    assert {to: has(to) for to in wanted} == wanted
    assert has("10.0.0.254") == 1, "only what asked for nothing behind it"
    finding = {"finding_id": "f", "question": "flows", "rule_id": "flow-undeclared", "facts": [], "values": None}
    assert went.fits(cover_of("cdn.example"), finding | {"subject": "api.cdn.example port 443"})
    assert not went.fits(cover_of("cdn.example"), finding | {"finding_id": "g", "subject": "proxy.example port 3128"})


def behaviour(**said: Any) -> dict[str, Any]:
    return {
        "behaviour_id": "b1", "kind": "dns_tunnel", "orig_h": "10.0.0.3", "far": "t.example.com", "resp_h": None,
        "resp_p": 53, "proto": "udp", "score": 0.7, "conns": 100, "orig_bytes": 5_000, "facts": [],
    } | said  # fmt: skip


def test_a_behaviour_is_covered_by_its_kind_and_reopened_when_it_is_surer(tmp_path: Path) -> None:
    case = Case.open(tmp_path / "case", create=True)
    row = {
        "finding_id": "f1", "question": "flows", "rule_id": "behaviour-dns_tunnel", "subject": "t.example.com",
        "counterparty": None, "verdict": "yes", "level": "medium", "facts": [], "values": "{}",
    }  # fmt: skip

    def publish(score: float, level: str = "medium") -> None:
        found = [row | {"level": level}, row | {"finding_id": "f2", "rule_id": "behaviour-beacon"}]
        rows = [behaviour(score=score), behaviour(behaviour_id="b2", kind="beacon", score=score)]
        case.publish({"finding": model.rows(model.FINDING, found), "behaviour": model.rows(model.BEHAVIOUR, rows)})

    def shown() -> list[str | None]:
        return [r["judged"] for r in sorted(_judged(case), key=lambda r: r["finding_id"])]

    publish(0.6)
    make(case.path, "flows", Said("explained", "dpo", "anti-virus"), cover_of("example.com", behaviour="dns_tunnel"))
    assert shown() == ["explained: anti-virus", None]
    publish(0.7)
    assert shown() == ["explained: anti-virus", None]
    publish(0.9)
    assert shown()[0] == "reopened: explained, but grown since: 0.60 → 0.90 score (anti-virus)"
    publish(0.6, "high")
    assert shown()[0] == "reopened: explained, but grown since: medium → high (anti-virus)"
    assert listed(case.path).counts()["reopened"] == 1


def _judged(case: Case) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = listed(case.path).finding.to_pylist()
    return rows


@pytest.mark.parametrize(
    ("text", "pattern", "port"),
    [
        ("CDN.Example.com", "domain:cdn.example.com", None),
        ("*.example.com:8443", "domain:example.com", 8443),
        ("192.0.2.9", "cidr:192.0.2.9", None),
        ("192.0.2.0/24:443", "cidr:192.0.2.0/24", 443),
        ("2001:db8::1", "cidr:2001:db8::1", None),
        ("[2001:db8::1]:853", "cidr:2001:db8::1", 853),
        ("provider:Amazon Web Services:443", "provider:ent:amazon-web-services", 443),
    ],
)
def test_destinations_are_written_as_in_a_declaration(text: str, pattern: str, port: int | None) -> None:
    found = cover_of(text)
    assert (found.to, found.port) == (pattern, port)
    assert Cover(**{**found.__dict__}).key == found.key


@pytest.mark.parametrize(
    "text",
    ["com", "co.uk", "*.com", "", "0.0.0.0/0", "a b.com", "example.com:99999", "country:DE", "provider:no such firm"],
)
def test_what_covers_everything_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        cover_of(text)


counts = st.dictionaries(st.sampled_from(["day_bytes", "day_conns", "destinations", "hosts"]), st.integers(0, 1 << 40))


@given(counts, st.floats(1, 3))
def test_what_stays_within_three_times_never_reopens_and_what_passes_it_does(before: dict[str, int], by: float) -> None:
    assert grown(before, {name: int(n * by) for name, n in before.items()}) == []
    more = {name: 3 * n + 10_001 for name, n in before.items()}
    assert len(grown(before, more)) == len(before)
    assert grown(before, more, up_to_bytes=1 << 62) == [w for w in grown(before, more) if "sent in one day" not in w]


def test_the_command_speaks_for_itself(day_one: Outcome, flagstate: Run, tmp_path: Path) -> None:
    case = day_one.case.path

    def told(*words: str) -> tuple[int, str, str]:
        done = flagstate(*words, "--case", case, cwd=tmp_path)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    by = ("--author", "dpo", "--until", "2199-02")
    code, _, said = told("judge", "flows", "explained", "--to", BACKUP, "--explained-by", "contract:C-21", *by)
    assert (code, "Did you mean contract:C-12?" in said) == (2, True)
    assert told("judge", "flows", "explained", "--explained-by", "ticket:1", *by)[0] == 2, "without --to"
    code, out, said = told(
        "judge", "flows", "explained", "--to", BACKUP, "--explained-by", "contract:C-12", *by, "--json"
    )
    assert code == 0, said
    assert json.loads(out)["covers"] == {"to": f"cidr:{BACKUP}"}
    code, out, _ = told("judgements", "--json")
    rows = {row["state"]: row for row in json.loads(out)["judgements"]}
    assert rows["standing"]["until"] == "2199-02-28"
    assert rows["standing"]["findings"] == [id_of(day_one, f"{BACKUP} port 443")]
    code, out, _ = told("judgements")
    assert code == 0
    assert "standing: explained until 2199-02-28, flows to 198.51.100.7" in out
    assert "1 adverse finding explained or muted (by 1 judgement), " in out
    assert (
        "adverse findings explained: 1 (by 1 judgements)" in render(case, format="html", language="en")["report.html"]
    )
    assert json.loads(render(case, format="json", language="en")["report.json"])["judged"]["explained"] == 1


def test_what_is_missing_in_a_judgement_is_said(day_one: Outcome) -> None:
    case, to = day_one.case.path, cover_of(BACKUP)
    for said in (
        Said("explained", "dpo"),
        Said("explained", "dpo", explained_by="email:x"),
        Said("explained", "dpo", explained_by="ticket:"),
        Said("muted", "dpo", "x", explained_by="ticket:1"),
        Said("ignored", "dpo", "x"),
        Said("explained", "", "x"),
    ):
        with pytest.raises(UsageError):
            make(case, "flows", said, to)
    with pytest.raises(UsageError, match="Did you mean beacon"):
        cover_of(BACKUP, behaviour="becon")
    with pytest.raises(UsageError, match="is no finding and no flow"):
        make(case, "none", Said("explained", "dpo", "x"))


def test_a_month_stands_for_its_last_day() -> None:
    assert last_day("2027-02") == date(2027, 2, 28)
    assert last_day("2028-02") == date(2028, 2, 29)
    assert last_day("2027-02-01") == date(2027, 2, 1)
    for wrong in ("2027-13", "2027-00", "27-1", "soon", "2027-02-30"):
        with pytest.raises(UsageError):
            last_day(wrong)
