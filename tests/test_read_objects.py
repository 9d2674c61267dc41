"""The objects of a JSON text one by one: damage costs what is damaged, and memory does not grow with the file."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activity_runs import read_bytes
from cloudtrail_events import Event, event, events, told
from flagstate.read.cloudtrail import READER
from flagstate.read.objects import Objects, values


def objects(data: bytes, step: int, depth: int = 2) -> Objects:
    blocks = (data[at : at + step] for at in range(0, len(data), step))
    return Objects(blocks, depth, re.compile(rb'\{\s*"a"'))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=9) | st.lists(st.integers(), max_size=3))),
    st.integers(1, 40),
)
def test_any_blocks_give_the_same_objects(listed: list[dict[str, object]], step: int) -> None:
    data = json.dumps({"Records": listed}).encode()
    made = objects(data, step)
    assert list(made) == listed
    assert not made.cut
    assert not made.rejects


def test_a_hostile_text_ends_soon() -> None:
    begun = time.process_time()
    for data in (b'{"Records":[' + b'{"a":' * 150_000, b'"' * 1_000_000, b"[" * 800_000, b'{"a":"\\' * 150_000):
        made = objects(data, 1 << 20)
        assert not list(made)
        assert made.cut or made.rejects or made.number == 0
    assert time.process_time() - begun < 30


def test_values_go_through_lists_and_are_bounded() -> None:
    assert values({"a": [{"b": 1}, {"b": "x"}, {"c": 2}]}, ("a", "b")) == ["1", "x"]
    assert values({"a": None}, ("a", "b")) == []
    assert len(values({"a": [[str(n) for n in range(500)]]}, ("a",))) <= 50


@settings(max_examples=35, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_damage_costs_what_is_damaged_and_nothing_else(more: st.DataObject) -> None:
    listed = events()[100:130]
    data = bytearray(json.dumps({"Records": listed}).encode())
    at = more.draw(st.integers(200, len(data) - 1))
    data[at] = more.draw(st.sampled_from(b'\x00\xff"{}[]\\\n,'))
    made = read_bytes(READER, bytes(data))
    assert made is not None
    # The damaged one, and at most the one beside it where the damage joins two.
    assert 28 <= made.read <= 30
    assert made.read + len(made.rejects) + made.rejected >= 29


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 1 << 20), st.binary(max_size=30))
def test_a_file_that_is_cut_is_read_to_the_cut(at: int, tail: bytes) -> None:
    data = json.dumps({"Records": events()[:20]}).encode()
    whole = data[: 3000 + at % (len(data) - 3000)]
    made = read_bytes(READER, whole + tail)
    assert made is not None
    assert made.read >= whole.count(b'"eventCategory"') - 1
    assert any("cut off" in note.reason for note in made.notes) or made.rejects or made.read == 20


@settings(max_examples=35, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["bucketName", "name", "items", "add", "Statement", "Principal", "AWS", "policy", "eventSelectors"]
                ),
                inner,
                max_size=3,
            )
        ),
        max_leaves=12,
    ),
    st.sampled_from(
        [
            "userIdentity",
            "requestParameters",
            "resources",
            "additionalEventData",
            "eventTime",
            "awsRegion",
            "sourceIPAddress",
            "responseElements",
            "recipientAccountId",
            "readOnly",
        ]
    ),
    st.sampled_from(
        [
            ("PutBucketPolicy", "s3"),
            ("PutEventSelectors", "cloudtrail"),
            ("ModifySnapshotAttribute", "ec2"),
            ("PutBucketLogging", "s3"),
            ("AssumeRole", "sts"),
            ("ModifyLoadBalancerAttributes", "elb"),
        ]
    ),
)
def test_fields_of_any_shape_are_borne(value: object, name: str, call: tuple[str, str]) -> None:
    more: Event = {name: value}
    made = told(event(*call, **more), event())
    assert made.read >= 1


def test_a_large_file_streams_in_bounded_memory(tmp_path: Path) -> None:
    """13 MB here; what is kept grows with what is distinct, not with the file."""
    path = tmp_path / "large.json"
    block = ",".join(json.dumps(one) for one in events()[:1000])
    with path.open("w") as file:
        file.write('{"Records":[')
        for number in range(11):
            file.write(("," if number else "") + block)
        file.write("]}")
    script = (
        "import resource,sys;sys.path.insert(0,sys.argv[2])\n"
        "from activity_runs import *;from flagstate.read.cloudtrail import READER\n"
        "from flagstate.read.part import Head\n"
        "con=connect(threads=1);b=open(sys.argv[1],'rb').read(65536);h=Head(b,1<<30,'.json')\n"
        "before=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "t=Told().take(READER.read(Opened(sys.argv[1],h,'x','e'),READER.recognise(h),Context(con,mask,None,mask_host)))\n"
        "print(t.read,(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss-before)>>10)"
    )
    begun = time.process_time()
    done = subprocess.run(
        [sys.executable, "-c", script, str(path), str(Path(__file__).parent)],
        capture_output=True,
        check=True,
        text=True,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        timeout=60,
    )
    read, grown = map(int, done.stdout.split())
    assert read == 11_000
    assert grown < 80, "MB beside what was there"
    assert time.process_time() - begun < 40
