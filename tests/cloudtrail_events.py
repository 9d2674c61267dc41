"""Events of CloudTrail for tests: those of a simulated attack, and made ones."""

from __future__ import annotations

import json
import tarfile
from functools import cache
from gzip import decompress
from typing import Any

from activity_runs import DATA, Told, read_bytes, read_sample
from flagstate.read.cloudtrail import READER

ATTACK = "cloudtrail-invictus/CloudTrail.tar"
CANARY = "ottokar.zwengel@kanari.example"
Event = dict[str, Any]


@cache
def attack() -> Told:
    return read_sample(READER, ATTACK)


@cache
def events() -> list[Event]:
    with tarfile.open(DATA / ATTACK) as archive:
        files = [archive.extractfile(member) for member in archive.getmembers()]
        return [event for file in files if file for event in json.loads(decompress(file.read()))["Records"]]


def event(verb: str = "GetObject", service: str = "s3", **more: Any) -> Event:
    base: Event = {
        "eventVersion": "1.08",
        "userIdentity": {"type": "IAMUser", "accountId": "111122223333", "userName": "ottokar"},
        "eventTime": "2026-03-01T10:00:00Z",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": verb,
        "awsRegion": "eu-central-1",
        "sourceIPAddress": "203.0.113.7",
        "requestParameters": {"bucketName": "shop-orders"},
        "recipientAccountId": "111122223333",
    }
    return base | more


def told(*listed: Event) -> Told:
    made = read_bytes(READER, json.dumps({"Records": list(listed)}).encode())
    assert made is not None
    return made
