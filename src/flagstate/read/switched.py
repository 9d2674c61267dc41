"""When logging was switched off or on: what an event says of the logs themselves, as rows of coverage.

A log cannot show what happened while it was off. An attempt that failed switched nothing off.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flagstate.read.objects import Json, values

FLOWS = frozenset(
    {"DeleteFlowLogs", "DeleteFlowLog", "DeactiveFlowLog", "CreateFlowLogs", "CreateFlowLog", "ActiveFlowLog"}
)
PAST = frozenset({"DeleteLogGroup", "DeleteLogStream", "DeleteLogStore", "DeleteProject", "DeleteEventDataStore"})
TRAILS = frozenset({"cloudtrail", "actiontrail"})
ELSEWHERE = (
    "Logs of the same time from elsewhere: of the targets themselves, of the network, of the provider's support."
)
Row = Mapping[str, object]


def narrows(verb: str, parameters: object) -> bool | None:
    """Say whether an event makes a log see less, or no longer less; null: it does neither.

    Args:
        verb: The verb of the event, without its date.
        parameters: Its parameters.
    """
    told = parameters if isinstance(parameters, dict) else {}
    if verb == "PutEventSelectors":
        return _selectors(told)
    if verb == "UpdateTrail":
        flags = [told.get("isMultiRegionTrail"), told.get("includeGlobalServiceEvents")]
        if told.get("EventRW") in ("Write", "Read"):
            return True
        return True if False in flags else False if True in flags or told.get("EventRW") == "All" else None
    if verb == "PutBucketLogging":
        status = told.get("BucketLoggingStatus")
        return not (isinstance(status, dict) and isinstance(status.get("LoggingEnabled"), dict))
    if verb == "ModifyDBInstance":
        return True if values(told, ("cloudwatchLogsExportConfiguration", "disableLogTypes")) else None
    if verb == "ModifyLoadBalancerAttributes":
        return _balancer(told)
    return None


def _selectors(told: Json) -> bool | None:
    plain, advanced = told.get("eventSelectors"), told.get("advancedEventSelectors")
    if isinstance(plain, list):
        whole = [
            s
            for s in plain
            if isinstance(s, dict)
            and s.get("includeManagementEvents") is not False
            and s.get("readWriteType", "All") == "All"
            and not s.get("excludeManagementEventSources")
        ]
        return not whole
    if isinstance(advanced, list):
        for selector in advanced:
            fields = selector.get("fieldSelectors") if isinstance(selector, dict) else None
            if isinstance(fields, list) and len(fields) == 1 and "Management" in values(fields, ("equals",)):
                return False
        return True
    return None


def _balancer(told: Json) -> bool | None:
    for one in told.get("attributes") or ():
        if isinstance(one, dict) and one.get("key") == "access_logs.s3.enabled":
            return str(one.get("value")).lower() == "false"
    return None


def gap(service: str, verb: str, on: bool, moment: datetime, scope: str, provider: str) -> dict[str, object]:
    """Return a row of coverage: from when, or until when, something was not seen.

    Args:
        service: The service, such as cloudtrail.
        verb: The verb, without its date.
        on: Logging was switched on again: then `complete` is unknown and `from_ts` says since when.
        moment: When.
        scope: Id of the log or of the asset that it watched.
        provider: Who wrote the log that says so.

    `said_by` names the log itself, so that what was switched off can be paired with what was switched on.
    """
    flows = verb in FLOWS
    whole = service in TRAILS or flows
    row: dict[str, object] = {
        "noun": "flow" if flows else "activity",
        "scope": "all" if whole else scope,
        "from_ts": moment,
        "to_ts": None,
        "complete": "unknown" if on else "no",
        "said_by": scope,
    }
    what = "network flows" if flows else "who touched what"
    if on:
        return row | {"remark": f"The log of {what} was switched on by {verb} ({provider})."}
    if verb in PAST:
        row |= {"from_ts": None, "to_ts": moment}
        remark = f"What a log of {provider} held was deleted by {verb}: what it showed up to then is gone."
    else:
        remark = f"The log of {what} was switched off or narrowed by {verb} ({provider}): what followed was not seen."
    return row | {"remark": remark, "todo": ELSEWHERE}
