# ruff: noqa: E501 (events of logs read best as they are written)
"""Audit logs with canaries in every place: users, sessions, keys, parameters, answers, statements, names of assets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from canaries import Aviary, Canary


def write(folder: Path, aviary: Aviary) -> None:
    """Write one log of each format."""
    made = folder / "audit"
    made.mkdir()
    (made / "trail.json").write_text(json.dumps({"Records": _aws(*(aviary.plant(f"trail {n}") for n in range(4)))}))
    (made / "action.json").write_text(json.dumps(_aliyun(*(aviary.plant(f"action {n}") for n in range(3)))))
    (made / "s3.log").write_text(_s3(aviary.plant("bucket key"), aviary.plant("bucket requester")))
    (made / "oss.log").write_text(_oss(aviary.plant("oss key")))
    (made / "server.log").write_text(_server(*(aviary.plant(f"server {n}") for n in range(4))))


def _all(one: Canary) -> str:
    return f"{one.name}, {one.email}, {one.card}, {one.parcel}"


def _aws(user: Canary, session: Canary, thing: Canary, told: Canary) -> list[dict[str, Any]]:
    base = {
        "eventVersion": "1.08", "eventTime": "2026-06-01T10:00:00Z", "eventSource": "s3.amazonaws.com", "awsRegion": "eu-central-1",
        "sourceIPAddress": "198.51.100.1", "recipientAccountId": "111122223333", "eventName": "GetObject",
        "userAgent": _all(told), "errorMessage": _all(told), "responseElements": {"x": _all(told)},
    }  # fmt: skip
    person = {
        "type": "IAMUser",
        "userName": user.email,
        "arn": f"arn:aws:iam::111122223333:user/{user.slug}",
        "principalId": _all(user),
    }
    role = {
        "type": "AssumedRole",
        "principalId": _all(session),
        "arn": f"arn:aws:sts::111122223333:assumed-role/{session.slug}/{session.email}",
        "sessionContext": {"sessionIssuer": {"userName": session.slug}},
    }
    return [
        base | {"userIdentity": person, "requestParameters": {"bucketName": "orders", "key": _all(told)}},
        base | {"userIdentity": role, "requestParameters": {"bucketName": thing.slug, "key": thing.email}},
        base | {"userIdentity": role, "eventName": "StopLogging", "eventSource": "cloudtrail.amazonaws.com",
                "requestParameters": {"name": f"{thing.slug}-{thing.card}"}},
        base | {"userIdentity": person, "eventName": "CreateUser", "eventSource": "iam.amazonaws.com",
                "requestParameters": {"userName": thing.email, "tags": [{"key": thing.name, "value": _all(thing)}]}},
        base | {"userIdentity": person, "eventName": "PutBucketPolicy", "requestParameters": {"bucketName": "orders",
                "bucketPolicy": {"Statement": {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::999988887777:user/{told.slug}"},
                                               "Condition": {"StringLike": {"x": _all(told)}}}}}},
        base | {"userIdentity": person, "eventName": _all(told), "eventSource": f"{told.slug}.amazonaws.com", "awsRegion": told.card,
                "sourceIPAddress": told.email},
    ]  # fmt: skip


def _aliyun(user: Canary, session: Canary, thing: Canary) -> list[dict[str, Any]]:
    base = {
        "eventId": "e", "eventVersion": "1", "eventSource": "oss.aliyuncs.com", "serviceName": "Oss", "acsRegion": "cn-hangzhou",
        "eventName": "GetObject", "eventTime": "2026-06-01T10:00:00Z", "eventRW": "Read", "sourceIpAddress": "198.51.100.1",
        "userAgent": _all(thing), "requestParameters": {"bucketName": thing.slug, "objectName": _all(thing)},
        "userIdentity": {"type": "ram-user", "accountId": "1234567890123456", "userName": user.email, "principalId": _all(user)},
    }  # fmt: skip
    role = {
        "type": "assumed-role",
        "accountId": "1234567890123456",
        "userName": f"{session.slug}:{session.email}",
        "principalId": _all(session),
    }
    return [base, base | {"userIdentity": role}]


def _s3(key: Canary, who: Canary) -> str:
    line = (
        "79a59df900b949e5 {bucket} [06/Feb/2026:00:01:00 +0000] 198.51.100.7 arn:aws:iam::111122223333:user/{user} 3E57 "
        'REST.GET.OBJECT {key} "GET /{key} HTTP/1.1" 200 - 4406 4406 7 - "{name}" "{name}" - x SigV4 y AuthHeader '
        "{bucket}.s3.eu-central-1.amazonaws.com TLSv1.2 - -\n"
    )
    made = [
        line.format(bucket=b, user=who.email, key=key.email, name=f"{_all(key)}; {_all(who)}")
        for b in ("orders", key.slug)
    ]
    return "".join(made * 2)


def _oss(key: Canary) -> str:
    return (
        f'198.51.100.7 - - [06/Feb/2026:00:01:00 +0800] "GET /{key.email} HTTP/1.1" 200 90 21 "{_all(key)}" "{_all(key)}" '
        f'"{key.slug}.oss-cn-hangzhou.aliyuncs.com" "R" "true" "200012345678901234" "GetObject" "{key.slug}" "{key.email}" 90 18 '
        f'"-" 313 "1234567890123456" 0 "-" "standard" "-" "-" "{key.parcel}"\n'
    ) * 3


def _server(user: Canary, value: Canary, table: Canary, database: Canary) -> str:
    role, named, base = (one.slug.replace("-", "_") for one in (user, table, database))
    lead = "2026-06-01 10:00:00.000 UTC [77] "
    return "".join(
        f"{lead}{line}\n"
        for line in (
            "LOG:  connection received: host=198.51.100.9 port=5",
            f"LOG:  connection authorized: user={role} database={base} application_name={value.slug}",
            f"LOG:  statement: SELECT * FROM {named} WHERE a = '{value.email}' AND b = '{value.name}' -- {value.parcel}",
            f"LOG:  statement: SELECT '{_all(user)}', '{_all(value)}', '{_all(table)}', '{_all(database)}'",
            f"LOG:  statement: INSERT INTO \"{table.email}\" VALUES ('{value.card}')",
            f'ERROR:  relation "{table.email}" does not exist',
            f"STATEMENT:  SELECT '{value.card}' FROM \"{table.email}\"",
            f'FATAL:  password authentication failed for user "{user.email}"',
        )
    )
