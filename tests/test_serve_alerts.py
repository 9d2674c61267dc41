"""Alerts reach what was named and nothing else; what does not take them is told, and never blocks."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from alert_servers import RFC5424, certificate, free_port, syslog_tcp, syslog_udp, webhook
from flagstate.errors import UsageError
from flagstate.serve import alerts
from flagstate.serve.alerts import Message, Target, deliver, syslog, target

AT = datetime(2026, 11, 22, 10, 0, 0, 123_000, UTC)


def messages(count: int) -> list[Message]:
    events: list[dict[str, Any]] = [{"metadata": {"uid": f"u{n}"}, "severity_id": n % 5 + 1} for n in range(count)]
    return [Message(e["metadata"]["uid"], e["severity_id"], AT, json.dumps(e)) for e in events]


def hook_of(port: int, scheme: str = "http") -> Target:
    return target(f"webhook:{scheme}://127.0.0.1:{port}/in?token=s3cret")


def test_a_webhook_gets_all_over_one_connection() -> None:
    with webhook() as hook:
        done = deliver(hook_of(hook.port), messages(5))
        assert (done.sent, done.problem) == (("u0", "u1", "u2", "u3", "u4"), "")
        assert hook.uids == list(done.sent)
        assert hook.connections == 1
        assert hook.headers[0]["Content-Type"] == "application/json"


def test_a_webhook_that_ends_the_connection_gets_the_rest_over_another() -> None:
    with webhook() as hook:
        hook.keep_alive = False
        done = deliver(hook_of(hook.port), messages(3))
        assert (done.sent, done.problem) == (("u0",), "")
        assert hook.connections == 1, "no connection is opened that nobody tells of"


def test_what_refuses_takes_nothing_after_it() -> None:
    with webhook() as hook:
        hook.status = [200, 503]
        done = deliver(hook_of(hook.port), messages(3))
        assert (done.sent, done.problem) == (("u0",), "it answered with status 503")


def test_no_redirect_is_followed_and_no_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    with webhook() as hook, webhook() as other:
        assert deliver(hook_of(hook.port), messages(1)).problem == ""
        hook.status, hook.location = [307], f"http://127.0.0.1:{other.port}/"
        assert deliver(hook_of(hook.port), messages(1)).problem == "it answered with status 307"
        assert other.connections == 0


def test_only_a_trusted_certificate_is_spoken_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, own = certificate(tmp_path)
    with webhook(context) as hook:
        done = deliver(hook_of(hook.port, "https"), messages(1))
        assert done.sent == ()
        assert done.problem.startswith("its certificate is not trusted")
        assert hook.events == []
        monkeypatch.setenv("SSL_CERT_FILE", str(own))
        assert deliver(hook_of(hook.port, "https"), messages(1)).sent == ("u0",)
        wrong = target(f"webhook:https://localhost:{hook.port}/")
        assert deliver(wrong, messages(1)).problem.startswith("its certificate is not trusted"), "another name"


def test_what_does_not_answer_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "TIMEOUT_S", 0.3)
    with webhook() as hook:
        hook.delay_s = 1.0
        assert deliver(hook_of(hook.port), messages(1)).problem == "it did not answer in time"
    assert deliver(hook_of(free_port()), messages(1)).problem == "connection refused"
    with syslog_tcp() as (port, _):
        assert deliver(hook_of(port), messages(1)).sent == ()


def test_syslog_is_rfc_5424() -> None:
    sent = messages(5)
    with syslog_tcp() as (port, found):
        assert deliver(target(f"syslog:127.0.0.1:{port}"), sent).sent == tuple(m.uid for m in sent)
    with syslog_udp() as (port, server):
        assert deliver(target(f"syslog:127.0.0.1:{port}/udp"), sent).problem == ""
        datagrams = [server.recv(65536).decode() for _ in sent]
    assert found == datagrams == [syslog(m).decode() for m in sent]
    for text, message in zip(found, sent, strict=True):
        parts = RFC5424.fullmatch(text)
        assert parts is not None
        assert divmod(int(parts[1]), 8) == (13, {1: 6, 2: 5, 3: 4, 4: 3, 5: 2}[message.severity])
        assert parts[2] == "2026-11-22T10:00:00.123Z"
        assert json.loads(parts[3])["metadata"]["uid"] == message.uid


def test_a_syslog_server_that_resets_took_nothing() -> None:
    with syslog_tcp(reset=True) as (port, _):
        done = deliver(target(f"syslog:127.0.0.1:{port}/tcp"), messages(3))
    assert done.sent == ()
    assert done.problem


def test_a_file_is_only_added_to(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    to = target(f"file:{path}")
    path.write_text('{"half": ')
    assert deliver(to, messages(2)).sent == ("u0", "u1")
    assert deliver(to, messages(1)).sent == ("u0",)
    lines = path.read_text().splitlines()
    assert lines[0] == '{"half": '
    assert [json.loads(line)["metadata"]["uid"] for line in lines[1:]] == ["u0", "u1", "u0"]
    os.symlink(path, tmp_path / "link")
    assert deliver(target(f"file:{tmp_path / 'link'}"), messages(1)).sent == ()
    deliver(target(f"file:{tmp_path / 'new'}"), messages(1))
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text",
    [
        "", "webhook:", "webhook:ftp://h/", "webhook:https://", "webhook:https://u:p@h/", "webhook:https://h/a b",
        "webhook:https://h:99999/", "webhook:https://h/\r\nX: y", "syslog:h", "syslog:h:0", "syslog:h:514/sctp",
        "file:", "mail:a@b.c", "webhook:https://bücher.example/",
    ],
)  # fmt: skip
def test_what_is_no_place_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(UsageError) as told:
        target(text)
    assert "u:p" not in str(told.value)


def test_the_ledger_names_a_webhook_without_its_secret() -> None:
    one, other = (target(f"webhook:https://siem.example/{path}") for path in ("t0ken", "other"))
    assert one.shown == "webhook https://siem.example:443/…"
    assert one.mark(b"k" * 32) != other.mark(b"k" * 32) != other.mark(b"j" * 32)
    assert target("syslog:[2001:db8::1]:601").host == "2001:db8::1"
