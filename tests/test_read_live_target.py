"""Addresses of live stores and the credentials for them: a secret is refused, found or asked for, and never shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstate.errors import UsageError
from flagstate.read.live.credentials import Credentials, addresses, gather, isolate, scrub
from flagstate.read.live.target import Target, is_address, parse, split

SECRET = "canary-5ecret-9a1"


def test_addresses_are_taken_apart() -> None:
    assert parse("postgres://me@db.example:6000/shop?sslmode=verify-full&schema=app") == Target(
        "postgresql", "db.example", 6000, "shop", "me", options={"sslmode": "verify-full", "schema": "app"}
    )
    assert parse("mariadb://[::1]/x") == Target("mysql", "[::1]", None, "x")
    assert parse("s3://bucket/a/b%20c") == Target("s3", bucket="bucket", prefix="a/b c")
    assert parse("postgresql:///shop") == Target("postgresql", "", None, "shop")
    assert is_address("s3://x")
    assert not is_address("./folder")
    assert not is_address("C:\\folder")


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://me:{SECRET}@db.example/shop",
        f"postgresql://me%3A{SECRET}@db.example/shop",
        f"postgresql://me:12/{SECRET}@db.example/shop",
        f"postgresql://me:{SECRET}#x@db.example/shop",
        f"postgresql://me@db.example/shop?password={SECRET}",
        f"postgresql://me@db.example/shop?sslmode={SECRET}",
        f"postgresql://me@db.example/shop?{SECRET}",
        f"postgresql://db.example/shop password={SECRET}",
        f"postgresql://me@db.example:{SECRET}/shop",
        f"mysql://me:{SECRET}@db.example/shop",
        f"s3://KEY:{SECRET}@bucket/prefix",
        f"s3://KEY:{SECRET}/more@bucket/prefix",
        f"s3://bucket/prefix?endpoint=https://me:{SECRET}@host",
        f"s3://bucket/prefix?secret_access_key={SECRET}",
        f"https://{SECRET}.example/x",
        f"{SECRET}://x",
    ],
)
def test_a_secret_in_an_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as problem:
        parse(text)
    assert SECRET not in f"{problem.value} {problem.value!r} {problem.value.__cause__!r}".replace(f"{SECRET}://", "")
    assert problem.value.__context__ is None or problem.value.__suppress_context__


@given(st.text(max_size=60))
def test_no_text_makes_it_fall_over_or_shows_itself(text: str) -> None:
    try:
        made, _ = split(f"postgresql://{text}")
    except UsageError as problem:
        said = str(problem)
    else:
        assert made.scheme == "postgresql"
        assert made.show().startswith("postgresql://")
        said = ""
    assert len(text) < 6 or text not in said


def test_names_are_masked_for_the_ledger() -> None:
    assert parse("postgresql://anna.smith@db.example/shop").show() == "postgresql://db.example/shop"
    shown = parse("s3://bucket/exports/anna.smith@example.com/").show()
    assert "anna" not in shown


def private(path: Path, text: str, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def test_where_a_password_of_postgresql_comes_from(tmp_path: Path) -> None:
    target = parse("postgresql://me@db.example/shop")
    private(tmp_path / ".pgpass", f"other:*:*:*:no\n# note\n*:5432:sh\\:op:me:no\ndb.example:*:shop:me:a\\:b{SECRET}\n")
    assert gather(target, {}, home=tmp_path)[1].secret == f"a:b{SECRET}"
    assert gather(target, {"PGPASSWORD": "env"}, home=tmp_path)[1].secret == "env"
    named = private(tmp_path / "elsewhere", f"*:*:*:*:{SECRET}")
    assert gather(target, {"PGPASSFILE": str(named)}, home=tmp_path / "none")[1].secret == SECRET
    assert gather(target, {"PGPASSWORD": "env"}, home=tmp_path, given="line")[1].secret == "line"
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return SECRET

    assert gather(target, {}, home=tmp_path / "none", ask=ask)[1].secret == SECRET
    assert asked == ["Password for postgresql://db.example/shop (empty: none): "]
    assert gather(parse("postgresql:///shop"), {}, home=tmp_path / "none", ask=ask)[1].secret == ""
    filled, _ = gather(parse("postgresql:///"), {"PGHOST": "h", "PGPORT": "99", "PGUSER": "u"}, home=tmp_path / "none")
    assert (filled.host, filled.port, filled.user, filled.database) == ("h", 99, "u", "u")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_file_that_others_can_read_is_not_used(tmp_path: Path, mode: int) -> None:
    private(tmp_path / ".pgpass", f"*:*:*:*:{SECRET}", mode)
    _, made = gather(parse("postgresql://me@db.example/shop"), {}, home=tmp_path)
    assert made.secret == ""
    assert made.remarks == ("~/.pgpass was not used: others can read or change it",)
    file = private(tmp_path / "dsn", f"postgresql://me:{SECRET}@db.example/shop", mode)
    with pytest.raises(UsageError, match="others can read"):
        addresses(file)


def test_a_file_of_addresses_may_hold_secrets(tmp_path: Path) -> None:
    file = private(tmp_path / "dsn", f"# ours\n\npostgresql://me:{SECRET}%40@db.example/shop\ns3://K:S%2F@bucket/p\n")
    (one, first), (two, second) = addresses(file)
    assert (one.show(), first) == ("postgresql://db.example/shop", f"{SECRET}@")
    assert (two.user, two.bucket, second) == ("K", "bucket", "S/")
    with pytest.raises(UsageError) as problem:
        addresses(private(tmp_path / "bad", f"s3://bucket\nnonsense {SECRET}"))
    assert "bad, line 2" in str(problem.value)
    assert SECRET not in str(problem.value)
    with pytest.raises(UsageError, match="no such file"):
        addresses(tmp_path / "absent")
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(UsageError, match="not a regular file"):
        addresses(tmp_path / "pipe")


def test_where_a_password_of_mysql_comes_from(tmp_path: Path) -> None:
    private(
        tmp_path / ".my.cnf", f'!includedir /x\n[client]\nuser = me\npassword="{SECRET}%"\nssl_ca=/ca\n[mysql]\nx\n'
    )
    target, made = gather(parse("mysql://db.example/shop"), {}, home=tmp_path)
    assert (made.user, made.secret, made.source) == ("me", f"{SECRET}%", "~/.my.cnf")
    assert target.options == {"ssl-ca": "/ca"}
    assert gather(parse("mysql://you@db.example/shop"), {}, home=tmp_path)[1].secret == ""
    assert gather(parse("mysql://you@db.example/shop"), {"MYSQL_PWD": "env"}, home=tmp_path)[1].secret == "env"


def test_where_keys_of_s3_come_from(tmp_path: Path) -> None:
    target = parse("s3://bucket/prefix")
    env = {
        "AWS_ACCESS_KEY_ID": "K",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": "T",
        "AWS_REGION": "eu-west-3",
    }
    filled, made = gather(target, env | {"AWS_ENDPOINT_URL": "http://h:1"}, home=tmp_path)
    assert (made.user, made.secret, made.token) == ("K", SECRET, "T")
    assert filled.options == {"endpoint": "http://h:1", "region": "eu-west-3"}
    text = "[default]\naws_access_key_id=A\naws_secret_access_key=B\n"
    text += f"[audit]\naws_access_key_id = C\naws_secret_access_key = {SECRET}\n"
    private(tmp_path / ".aws" / "credentials", text)
    private(tmp_path / ".aws" / "config", "[profile audit]\nregion = us-west-2\n", 0o644)
    filled, made = gather(target, {"AWS_PROFILE": "audit"}, home=tmp_path)
    assert (made.user, made.secret, filled.options) == ("C", SECRET, {"region": "us-west-2"})
    assert gather(target, {}, home=tmp_path)[1].user == "A"
    _, none = gather(target, {"AWS_PROFILE": "sso"}, home=tmp_path)
    assert none.secret == ""
    assert "not followed" in none.remarks[0]
    with pytest.raises(UsageError) as problem:
        gather(target, {"AWS_ENDPOINT_URL": f"https://u:{SECRET}@h"}, home=tmp_path)
    assert SECRET not in str(problem.value)


def test_secrets_stay_out_of_sight() -> None:
    made = Credentials("me", SECRET, SECRET, "PGPASSWORD")
    assert SECRET not in repr(made)
    assert Credentials.unpack(made.pack()) == made
    environ = {"PGPASSWORD": SECRET, "MYSQL_PWD": SECRET, "AWS_SECRET_ACCESS_KEY": SECRET, "PGHOST": "h", "HOME": "/"}
    scrub(environ)
    assert environ == {"PGHOST": "h", "HOME": "/"}
    isolate(environ)
    assert environ == {"HOME": "/"}
