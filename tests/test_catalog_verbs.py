"""Verbs of audit logs: each pattern has its rank, every share names where it says so, and unknown verbs stay honest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagstate.catalog.verbs import LOOKS, bare, verbs

SOURCES = ("aws", "aliyun", "objects")
ACTIONS = {"read", "inspect", "write", "admin", "login", "decrypt", "stop_logging", "start_logging"}
KINDS = {"host", "system", "store", "service", "function", "key", "edge", "region", "zone", "certificate"}


@pytest.mark.parametrize("source", SOURCES)
def test_the_table_uses_known_words_only(source: str) -> None:
    known = verbs(source)
    assert set(known.exact.values()) | {action for _, _, action in known.patterns} <= ACTIONS
    assert {thing.kind for things in known.things.values() for thing in things} <= KINDS
    for name, share in known.shares.items():
        assert ":" in name
        assert share.policy or share.give or share.take
        # To give access changes something.
        assert known.action(*name.split(":")) not in LOOKS


@pytest.mark.parametrize(
    ("service", "verb", "action"),
    [
        ("s3", "GetObject", "read"),
        ("s3", "GetBucketAcl", "inspect"),
        ("s3", "PutObject", "write"),
        ("s3", "PutBucketPolicy", "admin"),
        ("s3", "PutObjectAcl", "admin"),
        ("secretsmanager", "GetSecretValue", "read"),
        ("secretsmanager", "GetResourcePolicy", "inspect"),
        ("kms", "Decrypt", "decrypt"),
        ("kms", "DescribeKey", "inspect"),
        ("kms", "GenerateDataKeyWithoutPlaintext", "write"),
        ("iam", "CreateAccessKey", "admin"),
        ("iam", "ListUsers", "inspect"),
        ("iam", "PutRolePolicy", "admin"),
        ("ec2", "GetPasswordData", "read"),
        ("ec2", "DescribeInstances", "inspect"),
        ("sts", "AssumeRoleWithSAML", "login"),
        ("cloudtrail", "StopLogging", "stop_logging"),
        ("wafv2", "DeleteLoggingConfiguration", "stop_logging"),
        ("newservice", "GetThing", "read"),
        ("newservice", "DescribeThing", "inspect"),
        ("newservice", "CreateThing", "admin"),
        ("newservice", "Frobnicate", "unknown"),
    ],
)
def test_what_verbs_of_aws_do(service: str, verb: str, action: str) -> None:
    assert verbs("aws").action(service, verb) == action


def test_what_the_log_says_decides_only_where_nothing_else_does() -> None:
    known = verbs("aws")
    assert known.action("newservice", "Frobnicate", read_only=True) == "read"
    assert known.action("newservice", "Frobnicate", read_only=False) == "write"
    assert known.action("kms", "Decrypt", read_only=True) == "decrypt"


def test_dates_are_no_part_of_a_verb() -> None:
    dated = ("AddPermission20150331v2", "GetFunction20150331", "ListBuckets", "CreateDistribution2020_05_31")
    assert [bare(verb) for verb in dated] == ["AddPermission", "GetFunction", "ListBuckets", "CreateDistribution"]


@given(st.sampled_from(SOURCES), st.text(max_size=40), st.text(max_size=40))
def test_any_verb_has_one_of_the_known_actions(source: str, service: str, verb: str) -> None:
    assert verbs(source).action(service, verb) in ACTIONS | {"unknown"}
