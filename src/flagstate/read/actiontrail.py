"""Alibaba Cloud ActionTrail: who called what in an account, from where, to whom access was given, and when it was off.

Events as they are delivered to OSS (lists or one a line), to the log service, and as LookupEvents returns them. What is
kept and what is not is as for CloudTrail: groups, targets, days, origins and counts; no user, no session, no parameter.

What it cannot see: reads of objects and rows, unless data events are delivered; regions of Alibaba Cloud have no
country here, so where an asset stands stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flagstate import model
from flagstate.catalog.verbs import bare, verbs
from flagstate.read.audited import Call, count
from flagstate.read.charset import Utf8, sniff
from flagstate.read.json_head import top_keys
from flagstate.read.objects import Json, Objects, as_map, as_text, values
from flagstate.read.part import Context, Facts, Head, Kind, Note, Opened, Part, Reader, Tally
from flagstate.read.touched import Asset, Touched, moment, place

_BEGINS = re.compile(rb'\{\s*"(eventId|apiVersion|eventVersion|acsRegion|event|additionalEventData)"\s*:')
_ARN = re.compile(r"acs:([a-z0-9-]{1,40}):([a-z0-9*-]{0,40}):(\d{16}|\*)?:(.{1,400})", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_.@-]{1,128}")
_GROUPS = {
    "ram-user": "users",
    "root-account": "root",
    "saml-user": "federated users",
    "cloudsso-user": "federated users",
    "oidc-user": "web identities",
    "alibaba-cloud-account": "an account",
    "anonymous": "anyone",
}


def recognise(head: Head) -> Kind | None:
    """JSON events with ActionTrail's own names, in a list, one a line, within `event`, or in `Events`."""
    data = head.data
    if b"eventName" not in data or not (b"acsRegion" in data or (b".aliyuncs.com" in data and b"eventRW" in data)):
        return None
    keys = top_keys(data)
    if keys is None:
        return Kind("actiontrail list") if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[") else None
    if keys.get("Events") == "[" or keys.get("events") == "[":
        return Kind("actiontrail lookup")
    return Kind("actiontrail lines") if {"eventName", "eventId", "event"} & keys.keys() else None


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield activity, what was touched and in which region, and from when to when the log was off."""
    known = verbs("aliyun")
    touched = Touched(context, "actiontrail", known.provider, known.regions)
    depth = {"actiontrail list": 1, "actiontrail lines": 0}.get(kind.name, 2)
    skipped = 0
    with Utf8(opened.path, sniff(opened.head.data) or "utf-8") as stream:
        objects = Objects(stream.blocks(), depth, _BEGINS)
        for found in objects:
            inner = found.get("event")
            call = _call(inner if isinstance(inner, dict) else found)
            if call is None:
                skipped += 1
                continue
            touched.saw(call.at)
            count(call, touched, known, source="aliyun", log="ActionTrail")
            if context.max_rows and touched.events >= context.max_rows:
                break
    yield from objects.rejects
    yield from touched.parts()
    if touched.first is not None:
        row = {
            "noun": "activity",
            "scope": "all",
            "from_ts": touched.first,
            "to_ts": touched.last,
            "complete": "unknown",
            "said_by": "actiontrail",
            "remark": "Calls to Alibaba Cloud as one trail logged them; whether it logs all regions, it does not say.",
            "todo": "Give the settings of the trail (DescribeTrails).",
        }
        yield Facts("coverage", model.rows(model.COVERAGE, [row]), "observed")
    yield Tally(touched.events, skipped + objects.unlisted, first_ts=touched.first, last_ts=touched.last)
    if objects.cut:
        yield Note(f"The file is cut off or damaged after event {objects.number}", "Download it again.")


def _call(event: Json) -> Call | None:
    """Return what an event says, or null: it is none."""
    source, verb = as_text(event.get("eventSource")), as_text(event.get("eventName"))
    at = moment(as_text(event.get("eventTime")))
    service = (as_text(event.get("serviceName")) or source.split(".", 1)[0].split("-", 1)[0]).lower()[:40]
    if not verb or not service or at is None or not re.fullmatch(r"[a-z0-9-]+", service):
        return None
    verb = bare(verb)[:100]
    told = as_text(event.get("eventRW")).lower()
    parameters = event.get("requestParameters") or event.get("requestParameterJson")
    parameters = _decoded(parameters) if isinstance(parameters, str) else parameters
    own = as_text(event.get("recipientAccountId")) or as_text(as_map(event.get("userIdentity")).get("accountId"))
    who, foreign = _principal(event, own)
    read_only = True if told == "read" else False if told == "write" else None
    return Call(
        service,
        verb,
        verbs("aliyun").action(service, verb, read_only=read_only),
        at,
        tuple(_targets(event, service, parameters, own)),
        who,
        place(as_text(event.get("sourceIpAddress"))) or _service(event),
        own,
        foreign,
        bool(event.get("errorCode")),
        None,
        parameters,
    )


def _principal(event: Json, own: str) -> tuple[str, str]:
    """Return the group that called, and its account if it is another one."""
    who = as_map(event.get("userIdentity"))
    kind, account = as_text(who.get("type")), as_text(who.get("accountId"))
    foreign = account if own and account.isdigit() and account != own else ""
    lead = f"aliyun:{foreign}:" if foreign else "aliyun:"
    if kind == "assumed-role":
        # The session stands behind the name of the role, and is not looked at.
        role = as_text(who.get("userName")).split(":", 1)[0]
        group = f"role/{role}" if _NAME.fullmatch(role) else "roles"
    elif kind == "system":
        group = f"service/{as_text(event.get('serviceName')).lower()[:40] or 'aliyun'}"
    else:
        group = _GROUPS.get(kind, "others")
    return f"{lead}{group}", f"aliyun:account/{foreign}" if foreign else ""


def _service(event: Json) -> str:
    text = as_text(event.get("sourceIpAddress")).lower()
    return text if re.fullmatch(r"[a-z0-9.-]{1,64}\.(aliyuncs|aliyun)\.com", text) else ""


def _targets(event: Json, service: str, parameters: object, own: str) -> list[Asset]:
    known = verbs("aliyun")
    region = as_text(event.get("acsRegion")).lower()
    region = region if re.fullmatch(r"[a-z0-9-]{1,32}", region) else ""
    home = "" if service in known.everywhere or event.get("isGlobal") is True else region
    base = f"aliyun:{service}" + (f":{home}" if home else "")
    found: dict[str, Asset] = {}
    for thing in known.things.get(service, ()):
        for name in values(parameters, thing.path):
            made = _asset(name, service, thing.lead, thing.kind, home=home, own=own, base=base)
            found.setdefault(made.id, made)
        if found:
            break
    return list(found.values()) or [Asset(base, "service", service, home, base)]


def _asset(name: str, service: str, lead: str, kind: str, *, home: str, own: str, base: str) -> Asset:
    account, rest = "", name[:400]
    if match := _ARN.fullmatch(name):
        service, account, rest = match[1], match[3] or "", match[4]
        account = "" if account in (own, "*") else account
        rest = rest.removeprefix(lead)
    service = "ram" if service == "sts" else service
    where = "" if service in ("oss", "ram") else home
    made = ":".join(["aliyun", service, where, *([account] if account else []), (lead + rest).replace("//", "/")])
    bucket = service == "oss" and home and re.fullmatch(r"[a-z0-9-]{3,63}", rest)
    return Asset(made, kind, rest, home, base, f"{rest}.oss-{home.removeprefix('oss-')}.aliyuncs.com" if bucket else "")


def _decoded(text: str) -> object:
    import msgspec

    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None


READER = Reader(
    "actiontrail",
    "Alibaba Cloud ActionTrail: events as delivered to OSS or the log service, and as LookupEvents returns them.",
    recognise,
    read,
)
