"""AWS CloudTrail: who called what in an account, from where, to whom access was given, and when the log was off.

Delivered files (`{"Records": […]}`), one event a line, lists of events, and what `aws cloudtrail lookup-events` prints.
Only group, target, verb, day, origin, outcome and bytes stay; parameters and answers are looked at for targets and for
parties that are given access, and never kept. Users count as the users of their account; the session name of a role,
which often is a person's address, is not looked at.

What it cannot see: reads of objects and rows, unless data events are in the trail; what another account's trail shows;
an event that was delivered twice counts twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flagstate import model
from flagstate.catalog.verbs import LOOKS, bare, verbs
from flagstate.read.audited import Call, count
from flagstate.read.charset import Utf8, sniff
from flagstate.read.json_head import top_keys
from flagstate.read.objects import Json, Objects, as_map, as_text, values
from flagstate.read.part import Context, Facts, Head, Kind, Note, Opened, Part, Reader, Tally
from flagstate.read.touched import Asset, Touched, moment, place

_SHAPE = re.compile(rb'"eventSource"\s*:\s*"[a-z0-9.-]{1,64}\.(amazonaws\.com|amazon\.com|aws)"')
_ESCAPED = re.compile(rb'\\"eventSource\\"\s*:\s*\\"[a-z0-9.-]{1,64}\.amazonaws\.com\\"')
_BEGINS = re.compile(rb'\{\s*"(eventVersion|EventId)"\s*:')
_ARN = re.compile(r"arn:aws[a-z-]*:([a-z0-9-]{1,40}):([a-z0-9-]{0,30}):(\d{12}|aws)?:(.{1,400})", re.DOTALL)
_ADDED = re.compile(r"-[A-Za-z0-9]{6}$")
_NAME = re.compile(r"[A-Za-z0-9_+=,.@/-]{1,128}")


def recognise(head: Head) -> Kind | None:
    """JSON events with CloudTrail's own names, in a list, in `Records`, one a line, or as lookup-events prints them."""
    data = head.data
    if b"eventSource" not in data or b"eventName" not in data:
        return None
    keys = top_keys(data)
    if keys is not None and keys.get("Events") == "[" and _ESCAPED.search(data):
        return Kind("cloudtrail lookup")
    if not _SHAPE.search(data) or (b'"userIdentity"' not in data and b'"awsRegion"' not in data):
        return None
    if keys is None:
        return Kind("cloudtrail list") if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[") else None
    if "Records" in keys:
        return Kind("cloudtrail")
    return Kind("cloudtrail lines") if {"eventSource", "eventName"} & keys.keys() or "userIdentity" in keys else None


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield activity, what was touched and where it stands, and from when to when the log was off."""
    log = Log(Touched(context, "cloudtrail", verbs("aws").provider, verbs("aws").regions))
    depth = {"cloudtrail list": 1, "cloudtrail lines": 0}.get(kind.name, 2)
    skipped = 0
    with Utf8(opened.path, sniff(opened.head.data) or "utf-8") as stream:
        objects = Objects(stream.blocks(), depth, _BEGINS)
        for found in objects:
            if not log.take(_inner(found) if kind.name == "cloudtrail lookup" else found):
                skipped += 1
            if context.max_rows and log.touched.events >= context.max_rows:
                break
    yield from objects.rejects
    yield from log.touched.parts()
    yield from log.coverage()
    yield Tally(log.touched.events, skipped + objects.unlisted, first_ts=log.touched.first, last_ts=log.touched.last)
    if objects.cut:
        yield Note(f"The file is cut off or damaged after event {objects.number}", "Download it again.")
    if log.touched.events and not log.data_events:
        yield Note(
            "The trail has no data events: who read objects, rows or queues is not in it",
            "Switch data events on, or give the access logs of the stores.",
            lost=False,
        )


def _inner(found: Json) -> Json:
    """Return the event that lookup-events prints as text."""
    import msgspec

    text = found.get("CloudTrailEvent")
    try:
        event = msgspec.json.decode(text) if isinstance(text, str) else None
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        event = None
    return event if isinstance(event, dict) else {}


class Log:
    """The events of one file, added up."""

    def __init__(self, touched: Touched) -> None:
        """Begin with nothing."""
        self.touched = touched
        self.verbs = verbs("aws")
        self.data_events = False

    def take(self, event: Json) -> bool:
        """Add one event; say whether it is one."""
        source, verb, when = (as_text(event.get(name)) for name in ("eventSource", "eventName", "eventTime"))
        at = moment(when) if when else None
        if not source or not verb or at is None:
            return False
        self.touched.saw(at)
        self.data_events |= event.get("eventCategory") == "Data"
        service, verb = source.split(".", 1)[0].lower()[:40], bare(verb)[:100]
        read_only = event.get("readOnly")
        action = self.verbs.action(service, verb, read_only=read_only if isinstance(read_only, bool) else None)
        parameters = event.get("requestParameters")
        if verb == "DescribeInstanceAttribute" and "userData" in values(parameters, ("attribute",)):
            action = "read"
        who, foreign = _principal(event)
        identity = as_map(event.get("userIdentity"))
        call = Call(
            service,
            verb,
            action,
            at,
            tuple(self._targets(event, service, parameters)),
            who,
            _origin(event),
            as_text(event.get("recipientAccountId")) or as_text(identity.get("accountId")),
            foreign,
            bool(event.get("errorCode")) or "Failure" in values(event, ("responseElements", "ConsoleLogin")),
            _bytes(event, action),
            parameters,
        )
        count(call, self.touched, self.verbs, source="aws", log="CloudTrail")
        return True

    def _targets(self, event: Json, service: str, parameters: object) -> list[Asset]:
        """Return what an event is about: what its parameters name, else its resources, else its service."""
        region = _region(event)
        home = "" if service in self.verbs.everywhere else region
        base = f"aws:{service}" + (f":{home}" if home else "")
        fallback = Asset(base, "service", service, home, base)
        own = as_text(event.get("recipientAccountId"))
        found: dict[str, Asset] = {}
        for thing in self.verbs.things.get(service, ()):
            for name in values(parameters, thing.path):
                made = _asset(name, service, thing.lead, thing.kind, region=region, own=own, base=base)
                found.setdefault(made.id, made)
            if found:
                break
        if not found and service in ("kms", "s3", "secretsmanager", "dynamodb", "sns", "sqs", "lambda", "iam"):
            for arn in values(event, ("resources", "ARN"), 5):
                if (match := _ARN.fullmatch(arn)) and match[1] == service and not match[4].startswith("user/"):
                    made = _asset(arn, service, "", _kind(service), region=region, own=own, base=base)
                    found.setdefault(made.id, made)
        return list(found.values()) or [fallback]

    def coverage(self) -> Iterator[Part]:
        """Yield the window that the file covers."""
        touched = self.touched
        if touched.first is None:
            return
        row = {
            "noun": "activity",
            "scope": "all",
            "from_ts": touched.first,
            "to_ts": touched.last,
            "complete": "unknown",
            "said_by": "cloudtrail",
            "remark": "Calls to AWS as one trail logged them; whether it logs all regions, it does not say.",
            "todo": "Give the settings of the trail (`aws cloudtrail get-event-selectors`).",
        }
        yield Facts("coverage", model.rows(model.COVERAGE, [row]), "observed")


def _asset(name: str, service: str, lead: str, kind: str, *, region: str, own: str, base: str) -> Asset:
    """Return an asset from a name or an ARN; an account stands in its id only where it is another one."""
    account, rest = "", name[:400]
    where = "" if service in ("iam", "sts", "s3") else region
    if match := _ARN.fullmatch(name):
        service, where, account, rest = match[1], match[2], match[3] or "", match[4]
        if service == "s3":
            rest = rest.split("/", 1)[0]
        # `secret:name` and `table/name` alike: what stands before is how the id goes on.
        rest = rest.removeprefix(lead).removeprefix(lead.replace("/", ":"))
        account = "" if account == own else account
        # Six letters that AWS adds to the name of a secret are in its ARN only.
        rest = _ADDED.sub("", rest) if service == "secretsmanager" else rest
    elif rest.startswith("https://"):
        rest = rest.rsplit("/", 1)[-1]
    service = "iam" if service == "sts" and lead == "role/" else service
    bucket = service == "s3"
    made = ":".join(["aws", service, where, *([account] if account else []), (lead + rest).replace("//", "/")])
    home = region if bucket else where
    host = f"{rest}.s3.{home}.amazonaws.com" if bucket and home and re.fullmatch(r"[a-z0-9.-]{3,63}", rest) else ""
    return Asset(made, kind, rest, home, base, host)


def _kind(service: str) -> str:
    return {"kms": "key", "lambda": "function", "sns": "service", "iam": "service"}.get(service, "store")


def _principal(event: Json) -> tuple[str, str]:
    """Return the group that acted, and its account if it is not the account that was acted on."""
    who = as_map(event.get("userIdentity"))
    kind, account = as_text(who.get("type")), as_text(who.get("accountId"))
    own = as_text(event.get("recipientAccountId"))
    foreign = account if own and account.isdigit() and account != own else ""
    lead = f"aws:{foreign}:" if foreign else "aws:"
    issuer = as_map(as_map(who.get("sessionContext")).get("sessionIssuer"))
    service = as_text(who.get("invokedBy"))
    if kind in ("AssumedRole", "Role"):
        role = as_text(issuer.get("userName")) or _role(as_text(who.get("arn")))
        group = f"role/{role}" if _NAME.fullmatch(role) else "roles"
    elif kind == "AWSService" or (not kind and service):
        group = f"service/{service or as_text(event.get('eventSource'))}"
    else:
        group = _GROUPS.get(kind, "others")
    return f"{lead}{group}"[:300], f"aws:account/{foreign}" if foreign else ""


_GROUPS = {
    "IAMUser": "users",
    "Root": "root",
    "FederatedUser": "federated users",
    "SAMLUser": "federated users",
    "WebIdentityUser": "web identities",
    "IdentityCenterUser": "identity centre users",
    "AWSAccount": "an account",
    "Directory": "directory",
    "Unknown": "unknown users",
}


def _role(arn: str) -> str:
    parts = arn.split("/")
    return parts[1] if len(parts) > 1 and ":assumed-role" in parts[0] else ""


def _origin(event: Json) -> str:
    """Return the address, or the service that called in somebody's name; anything else is not known."""
    text = as_text(event.get("sourceIPAddress"))
    if found := place(text):
        return found
    if text == "AWS Internal":
        return text
    return text if re.fullmatch(r"[a-z0-9.-]{1,64}\.amazonaws\.com", text) else ""


def _bytes(event: Json, action: str) -> int | None:
    name = "bytesTransferredOut" if action in LOOKS else "bytesTransferredIn"
    value = as_map(event.get("additionalEventData")).get(name)
    return int(value) if isinstance(value, int | float) and 0 <= value < 2**53 else None


def _region(event: Json) -> str:
    text = as_text(event.get("awsRegion")).lower()
    return text if re.fullmatch(r"[a-z0-9-]{1,32}", text) else ""


READER = Reader(
    "cloudtrail",
    "AWS CloudTrail: delivered files, one event a line, lists, and lookup-events; also when the log was off.",
    recognise,
    read,
)
