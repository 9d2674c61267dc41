"""Access logs of object stores: Amazon S3 server access logs and Alibaba Cloud OSS access logs, one request a line.

Of a request only who (as a group), which bucket, what was done, where it came from, the outcome and the bytes stay;
keys of objects, addresses with their parameters and user agents are not kept.

What it cannot see: requests that the store did not log (delivery is best effort); whose account a requester is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache

from flagstate import model
from flagstate.catalog.verbs import verbs
from flagstate.read.charset import opened as utf8
from flagstate.read.charset import sniff, text_head
from flagstate.read.part import Context, Facts, Head, Kind, Note, Opened, Part, Reader, Reject, Tally
from flagstate.read.touched import Asset, Touched, place

LINE = 256 << 10
"""Bytes of a line that are read as one."""

MOST_REJECTS = 1000
_TIME = r"\[(?P<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]"
_S3 = re.compile(
    rf"(?P<owner>\S{{1,128}}) (?P<bucket>[A-Za-z0-9._-]{{3,255}}) {_TIME} (?P<ip>\S{{1,64}}) "
    r"(?P<who>\S{1,512}) \S{1,64} "
    r"(?P<verb>[A-Z0-9]{2,12}\.[A-Z0-9_.]{2,60}) \S+ (?:\"(?:[^\"\\]|\\.)*\"|-) (?P<status>\d{3}|-) \S+ "
    r"(?P<sent>\d{1,18}|-) (?P<size>\d{1,18}|-)(?P<rest>.*)"
)
_OSS = re.compile(
    rf"(?P<ip>\S{{1,64}}) - - {_TIME} \"(?:[^\"\\]|\\.)*\" (?P<status>\d{{3}}|-) (?P<sent>\d{{1,18}}|-) \S+ "
    r"\"(?:[^\"\\]|\\.)*\" \"(?:[^\"\\]|\\.)*\" \"(?P<host>[^\"]*)\" \"[^\"]*\" \"(?:true|false|-)\" "
    r"\"(?P<who>[^\"]*)\" "
    r"\"(?P<verb>[A-Za-z]{2,40}|-)\" \"(?P<bucket>[^\"]{1,255})\" \"(?:[^\"\\]|\\.)*\" (?P<size>\d{1,18}|-) "
    r"\S+ \"[^\"]*\" (?P<length>\d{1,18}|-) \"(?P<owner>[^\"]*)\"(?P<rest>.*)"
)
_S3_HOST = re.compile(r"[ .]s3[.-](?:dualstack\.|accesspoint\.)?(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com")
_OSS_HOST = re.compile(r"(?:^|\.)oss-(?P<region>[a-z]{2}-[a-z0-9-]{2,24}?)(?:-internal)?\.aliyuncs\.com")
_ROLE = re.compile(r"arn:aws[a-z-]*:sts::\d{12}:assumed-role/([A-Za-z0-9_+=,.@-]{1,64})/")
_MONTHS = {
    name: n
    for n, name in enumerate(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1)
}


def recognise(head: Head) -> Kind | None:
    """Lines of one of the two forms; half of the first ones must be."""
    if b"] " not in head.data or b'"' not in head.data:
        return None
    text = text_head(head.data)
    if not text:
        return None
    lines = [line for line in text[:32768].split("\n")[:50] if line.strip()]
    lines = lines[:-1] if len(lines) > 1 and not head.whole else lines
    for name, form in (("s3 access log", _S3), ("oss access log", _OSS)):
        if lines and sum(bool(form.match(line)) for line in lines) * 2 >= len(lines):
            return Kind(name)
    return None


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield activity per bucket."""
    s3 = kind.name.startswith("s3")
    known = verbs("aws" if s3 else "aliyun")
    touched = Touched(context, kind.name, known.provider, known.regions)
    form, actions = (_S3 if s3 else _OSS), verbs("objects")
    rejects: list[Reject] = []
    unlisted = 0
    with utf8(opened.path, sniff(opened.head.data) or "utf-8") as stream:
        for number, raw in enumerate(iter(lambda: stream.readline(LINE), b""), 1):
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            if not line or line.startswith("#"):
                continue
            match = form.match(line)
            at = _moment(match["time"]) if match else None
            if match is None or at is None:
                if len(rejects) < MOST_REJECTS:
                    rejects.append(Reject(number, f"It is no line of an {kind.name}"))
                else:
                    unlisted += 1
                continue
            touched.saw(at)
            action = actions.action("", match["verb"])
            _count(touched, match, at, action, s3=s3)
            if context.max_rows and touched.events >= context.max_rows:
                break
    yield from rejects
    yield from touched.parts()
    yield from _coverage(touched)
    yield Tally(touched.events, unlisted, first_ts=touched.first, last_ts=touched.last)


def _count(touched: Touched, match: re.Match[str], at: datetime, action: str, *, s3: bool) -> None:
    bucket, status = match["bucket"], match["status"]
    region = _region(match["rest"] if s3 else match["host"], s3=s3)
    host = (f"{bucket}.s3.{region}.amazonaws.com" if s3 else f"{bucket}.oss-{region}.aliyuncs.com") if region else ""
    lead = "aws:s3::" if s3 else "aliyun:oss::"
    asset = Asset(f"{lead}{bucket}", "store", bucket, region, lead.rstrip(":"), host)
    # The first line of a bucket may not name its region.
    if region and asset.id in touched.assets and not touched.assets[asset.id].region:
        touched.assets[asset.id] = asset
    sent = match["sent"] if action in ("read", "inspect") else match["size" if s3 else "length"]
    touched.add(
        asset,
        action,
        at.date(),
        principal=_s3_group(match["who"], match["owner"]) if s3 else _oss_group(match["who"], match["owner"]),
        from_place=place(match["ip"]),
        failed=status.isdigit() and int(status) >= 400,
        size=int(sent) if sent.isdigit() else None,
    )


@lru_cache(maxsize=4096)
def _s3_group(who: str, owner: str) -> str:
    if who == "-":
        return "anyone"
    if role := _ROLE.match(who):
        return f"aws:role/{role[1]}"
    if ":user/" in who or ":federated-user/" in who:
        return "aws:users"
    if who == owner or who.endswith(":root"):
        return "aws:root"
    if who.startswith("svc:") or who.endswith(".amazonaws.com"):
        return f"aws:service/{who.removeprefix('svc:')[:64]}"
    return "aws:others"


@lru_cache(maxsize=4096)
def _oss_group(who: str, owner: str) -> str:
    if who in ("-", ""):
        return "anyone"
    if who == owner:
        return "aliyun:root"
    # Ids of users begin with 2, those of roles with 3; all others are accounts.
    return (
        {"2": "aliyun:users", "3": "aliyun:roles"}.get(who[:1], "aliyun:others") if len(who) > 16 else "aliyun:others"
    )


def _region(text: str, *, s3: bool) -> str:
    match = (_S3_HOST if s3 else _OSS_HOST).search(text[-600:] if s3 else text)
    return match["region"] if match else ""


@lru_cache(maxsize=4096)
def _moment(text: str) -> datetime | None:
    month = _MONTHS.get(text[3:6])
    try:
        found = datetime.fromisoformat(
            f"{text[7:11]}-{month or 0:02}-{text[:2]}T{text[12:20]}{text[21:24]}:{text[24:]}"
        )
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _coverage(touched: Touched) -> Iterator[Part]:
    from flagstate.read.touched import shown

    rows = [
        {
            "noun": "activity",
            "scope": shown(asset, touched.context.mask),
            "from_ts": touched.first,
            "to_ts": touched.last,
            "complete": "unknown",
            "said_by": touched.said_by,
            "remark": "Requests as the store logged them, which it does with best effort only.",
            "todo": "Data events of the account's trail (CloudTrail, ActionTrail) for the same time.",
        }
        for asset in list(touched.assets)[:1000]
        if touched.first
    ]
    if rows:
        yield Facts("coverage", model.rows(model.COVERAGE, rows), "observed")
    else:
        yield Note("No request is in it", "Give files of a time in which the store was used.", lost=False)


READER = Reader(
    "accesslog",
    "Access logs of object stores: Amazon S3 server access logs and Alibaba Cloud OSS access logs.",
    recognise,
    read,
)
