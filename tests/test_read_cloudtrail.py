"""CloudTrail: a simulated attack in full, shares, logs that are switched off, and what may never come out."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from activity_runs import read_bytes
from cloudtrail_events import CANARY, Event, attack, event, events, told
from flagstate.read.cloudtrail import READER


def test_every_event_of_the_attack_is_counted_once() -> None:
    made = attack()
    assert len(made.kinds) == 55
    assert set(made.kinds) == {"cloudtrail"}
    assert (made.read, made.rejected, made.rejects) == (2900, 0, [])
    # One event may name several things; none names none.
    assert sum(made.count("action").values()) >= 2900


def test_accesses_by_principal_and_action() -> None:
    by = attack().count("principal", "action")
    assert by[("aws:users", "decrypt")] == 198
    assert by[("aws:role/stratus-red-team-ec2-get-password-data-role", "read")] == 29
    assert by[("aws:role/stratus-red-team-get-usr-data-role", "read")] == 15
    assert by[("aws:service/rds.amazonaws.com", "login")] == 10
    assert by[("aws:users", "share")] == 6
    principals = {row["principal"] for row in attack().rows["activity"]}
    assert {p for p in principals if not p.startswith(("aws:role/", "aws:service/"))} == {"aws:users"}


def test_accesses_by_place_are_those_of_the_log() -> None:
    raw = Counter(one["sourceIPAddress"] for one in events())
    made = attack().count("from_place")
    assert set(made) == set(raw)
    assert made["3.225.16.109"] == raw["3.225.16.109"] == 13
    assert made["10.8.8.10"] == raw["10.8.8.10"]


def test_what_the_attack_tool_did_is_all_there() -> None:
    """The user agent of the tool marks what is attack; it is read here and nowhere else."""
    marked = [one for one in events() if "stratus" in str(one.get("userAgent"))]
    counts = Counter((one["eventSource"].split(".")[0], one["eventName"]) for one in marked)
    made = attack()

    def at(prefix: str, *actions: str) -> int:
        rows = made.rows["activity"]
        return sum(r["count"] for r in rows if r["asset_id"].startswith(prefix) and r["action"] in actions)

    assert at("aws:secretsmanager:", "read") >= counts["secretsmanager", "GetSecretValue"] == 40
    assert at("aws:ssm:us-east-1:parameter/", "read") >= counts["ssm", "GetParameter"] == 42
    assert at("aws:ec2:us-east-1:instance/", "read") >= counts["ec2", "GetPasswordData"] == 29
    assert at("aws:kms:us-east-1:key/", "decrypt") == 198
    changed = {
        "CreateUser",
        "CreateAccessKey",
        "CreateLoginProfile",
        "AttachUserPolicy",
        "AttachRolePolicy",
        "CreateRole",
    }
    assert at("aws:iam", "admin") >= sum(n for (s, v), n in counts.items() if s == "iam" and v in changed)
    assert (
        at("aws:cloudtrail:", "stop_logging")
        >= counts["cloudtrail", "StopLogging"] + counts["cloudtrail", "DeleteTrail"]
    )
    assert at("aws:organizations", "admin") == 1


def test_refused_calls_are_counted_as_such() -> None:
    rows = [r for r in attack().rows["activity"] if "get-password-data" in r["principal"]]
    assert sum(r["failed"] for r in rows) == sum(r["count"] for r in rows) == 29


def test_shares_with_other_accounts_name_asset_and_party() -> None:
    rows = [r for r in attack().rows["activity"] if r["action"] == "share"]
    targets = {(r["asset_id"].split("~")[0], r["to_party"].split("~")[0]) for r in rows}
    account = "aws:account/‹number›"
    assert targets == {
        ("aws:ec2:us-east-1:image/ami-‹id›", account),
        ("aws:ec2:us-east-1:snapshot/snap-‹id›", account),
        ("aws:rds:us-east-1:snapshot/exfiltration", account),
        ("aws:s3::stratus-red-team-bdbp-lhfzvgcamn", account),
        ("aws:iam::role/stratus-red-team-backdoor-r-role", account),
        ("aws:lambda:us-east-1:function/stratus-red-team-backdoor-f-func", "anyone"),
    }
    # The same account three times, and two others: they can be told apart without their numbers.
    assert sorted(Counter(r["to_party"] for r in rows if r["to_party"] != "anyone").values()) == [1, 1, 3]
    assert sum(r["count"] for r in attack().rows["activity"] if r["action"] == "unshare") == 3


def test_a_log_that_was_switched_off_is_a_gap_and_an_attempt_is_none() -> None:
    made = attack()
    gaps = [r for r in made.rows["coverage"] if r["complete"] == "no"]
    words = Counter((r["noun"], str(r["remark"]).split(" by ")[1].split(" ")[0].rstrip(":")) for r in gaps)
    assert words == {
        ("activity", "PutEventSelectors"): 1,
        ("activity", "DeleteTrail"): 2,
        ("activity", "DeleteLogGroup"): 1,
        ("flow", "DeleteFlowLogs"): 1,
    }
    assert all(r["todo"] for r in gaps)
    assert {str(r["from_ts"]) for r in gaps if r["noun"] == "flow"} == {"2023-07-10 12:02:26+00:00"}
    # StopLogging was tried three times on a trail that was not there.
    stopped = [r for r in made.rows["activity"] if "ct-stop-trail" in r["asset_id"] and r["action"] == "stop_logging"]
    assert sum(r["count"] for r in stopped) == sum(r["failed"] for r in stopped) == 3


def test_a_log_that_was_stopped_and_started_again_says_both_moments() -> None:
    name = {"requestParameters": {"name": "arn:aws:cloudtrail:eu-central-1:111122223333:trail/main"}}
    stop = event("StopLogging", "cloudtrail", eventTime="2026-03-01T10:00:00Z", **name)
    start = event(
        "StartLogging", "cloudtrail", eventTime="2026-03-01T12:30:00Z", **{"requestParameters": {"name": "main"}}
    )
    rows = [r for r in told(stop, start).rows["coverage"] if r["said_by"] != "cloudtrail"]
    assert [(r["complete"], str(r["from_ts"])[11:16], r["to_ts"]) for r in rows] == [
        ("no", "10:00", None),
        ("unknown", "12:30", None),
    ]
    assert {r["said_by"] for r in rows} == {"aws:cloudtrail:eu-central-1:trail/main"}


@pytest.mark.parametrize(
    ("verb", "service", "parameters", "on"),
    [
        ("PutBucketLogging", "s3", {"bucketName": "b", "BucketLoggingStatus": {}}, False),
        (
            "PutBucketLogging",
            "s3",
            {"bucketName": "b", "BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "l"}}},
            True,
        ),
        ("UpdateTrail", "cloudtrail", {"name": "t", "isMultiRegionTrail": False}, False),
        ("UpdateTrail", "cloudtrail", {"name": "t", "isMultiRegionTrail": True}, True),
        (
            "PutEventSelectors",
            "cloudtrail",
            {"trailName": "t", "eventSelectors": [{"readWriteType": "WriteOnly"}]},
            False,
        ),
        (
            "PutEventSelectors",
            "cloudtrail",
            {
                "trailName": "t",
                "advancedEventSelectors": [{"fieldSelectors": [{"field": "eventCategory", "equals": ["Data"]}]}],
            },
            False,
        ),
        ("UpdateTrail", "cloudtrail", {"name": "t", "s3BucketName": "x"}, None),
        ("StopConfigurationRecorder", "config", {"configurationRecorderName": "default"}, False),
    ],
)
def test_settings_of_logs_narrow_or_widen_them(verb: str, service: str, parameters: Event, on: bool | None) -> None:
    rows = told(event(verb, service, requestParameters=parameters)).rows["coverage"]
    found = [r["complete"] for r in rows if r["said_by"] != "cloudtrail"]
    assert found == ([] if on is None else ["unknown" if on else "no"])


@pytest.mark.parametrize(
    ("verb", "service", "parameters", "parties"),
    [
        ("PutBucketAcl", "s3", {"bucketName": "b", "x-amz-acl": "public-read"}, {"anyone"}),
        ("PutBucketAcl", "s3", {"bucketName": "b", "x-amz-acl": "private"}, set()),
        (
            "PutBucketPolicy",
            "s3",
            {"bucketName": "b", "bucketPolicy": {"Statement": {"Effect": "Allow", "Principal": "*"}}},
            {"anyone"},
        ),
        (
            "PutBucketPolicy",
            "s3",
            {"bucketName": "b", "bucketPolicy": {"Statement": {"Effect": "Deny", "Principal": "*"}}},
            set(),
        ),
        (
            "PutKeyPolicy",
            "kms",
            {
                "keyId": "k",
                "policy": '{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"}}]}',
            },
            set(),
        ),
        (
            "CreateGrant",
            "kms",
            {"keyId": "k", "granteePrincipal": "arn:aws:iam::999988887777:role/x"},
            {"aws:account/‹number›"},
        ),
        (
            "AddPermission20150331v2",
            "lambda",
            {"functionName": "f", "principal": "999988887777"},
            {"aws:account/‹number›"},
        ),
        ("AddPermission20150331v2", "lambda", {"functionName": "f", "principal": "s3.amazonaws.com"}, set()),
        ("ModifyDBSnapshotAttribute", "rds", {"dBSnapshotIdentifier": "s", "valuesToAdd": ["all"]}, {"anyone"}),
    ],
)
def test_who_is_given_access(verb: str, service: str, parameters: Event, parties: set[str]) -> None:
    rows = told(event(verb, service, requestParameters=parameters)).rows["activity"]
    found = {r["to_party"].split("~")[0] for r in rows if r["action"] == "share"}
    assert found == parties
    assert sum(r["count"] for r in rows) == max(1, len(parties))


def test_a_role_taken_on_by_another_account_is_a_login_of_that_account() -> None:
    who = {"type": "AWSAccount", "accountId": "999988887777"}
    parameters = {"roleArn": "arn:aws:iam::111122223333:role/readers"}
    (row,) = told(event("AssumeRole", "sts", userIdentity=who, requestParameters=parameters)).rows["activity"]
    assert row["action"] == "login"
    assert row["asset_id"] == "aws:iam::role/readers"
    assert row["to_party"].startswith("aws:account/‹number›~")
    assert row["principal"].endswith(":an account")


def test_known_regions_have_their_country_and_unknown_ones_none() -> None:
    made = told(
        event(), event(awsRegion="mars-north-1", requestParameters={"bucketName": "far"}), event("ListUsers", "iam")
    )
    places = {r["subject_id"]: (r["country"], r["confidence"]) for r in made.rows["place"]}
    assert places == {"aws:s3::shop-orders": ("DE", "sure"), "aws:s3::far": (None, "none")}
    assert attack().rows["place"]
    assert {(r["region"], r["country"]) for r in attack().rows["place"]} == {("us-east-1", "US")}


def test_bytes_are_those_that_went_the_way_of_the_action() -> None:
    size: Event = {"additionalEventData": {"bytesTransferredIn": 11, "bytesTransferredOut": 700.0}}
    made = told(event(**size), event("PutObject", **size), event("HeadBucket"))
    assert {(r["action"], r["bytes"]) for r in made.rows["activity"]} == {
        ("read", 700),
        ("write", 11),
        ("inspect", None),
    }


@pytest.mark.parametrize("form", ["lines", "list", "lookup", "records, spaced"])
def test_every_form_gives_the_same(form: str) -> None:
    listed = events()[:60]
    forms = {
        "lines": "\n".join(map(json.dumps, listed)),
        "list": json.dumps(listed, indent=1),
        "lookup": json.dumps({"Events": [{"EventId": "x", "CloudTrailEvent": json.dumps(one)} for one in listed]}),
        "records, spaced": json.dumps({"Records": listed}, indent=2),
    }
    made, plain = read_bytes(READER, forms[form].encode()), told(*listed)
    assert made is not None
    assert (made.read, made.rows) == (60, plain.rows)


def test_notifications_of_buckets_are_not_taken_for_trails() -> None:
    other = {
        "Records": [
            {"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "awsRegion": "x"}
        ]
    }
    assert read_bytes(READER, json.dumps(other).encode()) is None


def test_no_name_of_a_person_no_parameter_and_no_answer_comes_out() -> None:
    loud = event(
        userIdentity={
            "type": "AssumedRole",
            "arn": f"arn:aws:sts::111122223333:assumed-role/support/{CANARY}",
            "principalId": f"AROA:{CANARY}",
            "sessionContext": {"sessionIssuer": {"userName": "support", "arn": CANARY}},
        },
        userAgent=CANARY,
        errorMessage=CANARY,
        requestParameters={"bucketName": "shop-orders", "key": CANARY, "prefix": CANARY},
        responseElements={"secret": CANARY},
        resources=[{"ARN": f"arn:aws:s3:::shop-orders/{CANARY}"}],
    )
    user = event(
        "CreateUser", "iam", requestParameters={"userName": CANARY, "tags": [{"key": CANARY, "value": CANARY}]}
    )
    odd = event(CANARY, CANARY, awsRegion=CANARY, sourceIPAddress=CANARY)
    named = event(requestParameters={"bucketName": CANARY})
    words = told(loud, user, odd, named).words()
    for part in ("kanari", "zwengel", "ottokar"):
        assert part not in words
    assert "aws:role/support" in words
    for name in ("benjamin", "bert-jan", "123837392027", "193672423079", "GetSecretValue"):
        assert name not in attack().words()
