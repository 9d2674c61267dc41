"""Who touched what from where: a log of each of two clouds, with log-ins from where nobody declared any."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from flagstate.demo.hub import LAST_DAY, SENSOR_DAYS, SUPPORT, SUPPORT_HOME, WMS, Hub
from flagstate.demo.infrastructure import ACCOUNT, BUCKET, HOME

OTHER_ACCOUNT = "1111222233334444"
EXPORTS = "ourthe-exports"
"""A bucket of the other cloud, with the daily lists for carriers."""
SUPPORT_ROLE, SERVICE_ROLE = "sortgrid-support", "sortgrid-wms"
_HOURS_BE, _HOURS_CN = (7, 16), (0, 9)
"""Working hours of the two desks (UTC)."""

Counts = Counter[tuple[str, str, str]]
"""Accesses by group, action and address."""


def write(hub: Hub, folder: Path, said: Callable[[str], None]) -> dict[str, object]:
    """Write the logs of both clouds for the days of the sensor.

    Args:
        hub: By which seed; how many log in does not depend on the scale.
        folder: Of the evidence.
        said: Is told what is being done.

    Returns:
        Accesses by group, action and address; the days and the countries of those that nobody declared.
    """
    said("Writing who logged in from where")
    rng = hub.rng("access")
    counts: Counts = Counter()
    where = folder / "access"
    where.mkdir(parents=True, exist_ok=True)
    first = [_actiontrail(*event, number) for number, event in enumerate(_events(rng, counts, "aliyun"))]
    second = [_cloudtrail(*event, number) for number, event in enumerate(_events(rng, counts, "aws"))]
    (where / "actiontrail.json").write_text(json.dumps(first, indent=0) + "\n", encoding="utf-8")
    packed = json.dumps({"Records": second}, indent=0).encode()
    # No time in it: the same seed gives the same bytes.
    (where / "cloudtrail.json.gz").write_bytes(gzip.compress(packed, mtime=0))
    hidden = {key: count for key, count in counts.items() if key[2] == SUPPORT}
    return {
        "events": {"access/actiontrail.json": len(first), "access/cloudtrail.json.gz": len(second)},
        "accesses": [[*key, count] for key, count in sorted(counts.items())],
        "undeclared": {
            "from": SUPPORT,
            "country": "CN",
            "principals": sorted({who for who, *_ in hidden}),
            "accesses": sum(hidden.values()),
            "logins": sum(count for (_, action, _), count in hidden.items() if action == "login"),
            "reads": sum(count for (_, action, _), count in hidden.items() if action == "read"),
        },
    }


Event = tuple[datetime, str, str, str]
"""When, as whom, what, from where."""


def _events(rng: np.random.Generator, counts: Counts, cloud: str) -> list[Event]:
    """Return what happened in a cloud, in order: support by day, the system at all hours, the cloud itself at night."""
    made: list[Event] = []
    for back in range(SENSOR_DAYS):
        day = LAST_DAY - timedelta(days=SENSOR_DAYS - 1 - back)
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        few = day.weekday() >= 5
        for address, hours, most in ((SUPPORT_HOME, _HOURS_BE, 5), (SUPPORT, _HOURS_CN, 3)):
            for _ in range(int(rng.integers(1, 2 if few else most + 1))):
                at = midnight + timedelta(seconds=int(rng.integers(hours[0] * 3600, hours[1] * 3600)))
                made.append((at, SUPPORT_ROLE, "login", address))
                for _ in range(int(rng.integers(1, 6))):
                    at += timedelta(seconds=int(rng.integers(20, 400)))
                    made.append((at, SUPPORT_ROLE, "read", address))
        for hour in range(24):
            at = midnight + timedelta(hours=hour, seconds=int(rng.integers(0, 3600)))
            made.append((at, SERVICE_ROLE, "write", WMS))
        made.append((midnight + timedelta(hours=3, seconds=int(rng.integers(0, 600))), "service", "write", ""))
    made.sort()
    for _, who, done, address in made:
        group = f"{cloud}:role/{who}" if who != "service" else f"{cloud}:service/{_SERVICE[cloud]}"
        counts[group, done, address or _SERVICE_FROM[cloud]] += 1
    return made


_SERVICE = {"aliyun": "oss", "aws": "s3.amazonaws.com"}
_SERVICE_FROM = {"aliyun": "oss.aliyuncs.com", "aws": "s3.amazonaws.com"}


def _actiontrail(at: datetime, who: str, done: str, address: str, number: int) -> dict[str, object]:
    service, verb = ("Sts", "AssumeRole") if done == "login" else ("Oss", _VERBS[done])
    parameters: dict[str, object] = {"bucketName": EXPORTS, "objectName": f"daily/{at:%Y-%m-%d}.csv"}
    if done == "login":
        parameters = {"RoleArn": f"acs:ram::{OTHER_ACCOUNT}:role/{who}", "RoleSessionName": "desk"}
    identity = {"type": "system"} if who == "service" else {"type": "assumed-role", "userName": f"{who}:desk"}
    return {
        "eventId": f"demonstration-{number:06}",
        "eventVersion": "1",
        "eventSource": f"{service.lower()}.{HOME}.aliyuncs.com",
        "eventName": verb,
        "eventRW": "Read" if done == "read" else "Write",
        "eventType": "ApiCall",
        "eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "acsRegion": HOME,
        "isGlobal": False,
        "serviceName": service,
        "apiVersion": "2019-05-17",
        "requestId": f"{number:032X}",
        "requestParameters": parameters,
        "sourceIpAddress": address or _SERVICE_FROM["aliyun"],
        "userAgent": "demonstration (invented)",
        "userIdentity": identity | {"accountId": OTHER_ACCOUNT, "principalId": f"3000{number % 7:02}"},
        "recipientAccountId": OTHER_ACCOUNT,
    }


_VERBS = {"read": "GetObject", "write": "PutObject"}


def _cloudtrail(at: datetime, who: str, done: str, address: str, number: int) -> dict[str, object]:
    login = done == "login"
    parameters: dict[str, object] = {"bucketName": BUCKET, "key": f"parcels/{at:%Y/%m/%d}/{number}.parquet"}
    if login:
        parameters = {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/{who}", "roleSessionName": "desk"}
    return {
        "eventVersion": "1.11",
        "userIdentity": _identity(who),
        "eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "sts.amazonaws.com" if login else "s3.amazonaws.com",
        "eventName": "AssumeRole" if login else _VERBS[done],
        "awsRegion": HOME,
        "sourceIPAddress": address or _SERVICE_FROM["aws"],
        "userAgent": "demonstration (invented)",
        "requestParameters": parameters,
        "responseElements": None,
        "requestID": f"{number:016X}",
        "eventID": f"00000000-0000-4000-8000-{number:012x}",
        "readOnly": done != "write",
        "eventType": "AwsApiCall",
        "managementEvent": login,
        "eventCategory": "Management" if login else "Data",
        "recipientAccountId": ACCOUNT,
    }


def _identity(who: str) -> dict[str, object]:
    if who == "service":
        return {"type": "AWSService", "invokedBy": _SERVICE["aws"]}
    issuer = {"type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role/{who}", "accountId": ACCOUNT, "userName": who}
    return {
        "type": "AssumedRole",
        "accountId": ACCOUNT,
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{who}/desk",
        "sessionContext": {"sessionIssuer": issuer},
    }
