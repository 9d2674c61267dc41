"""The registry: every reader keeps the same contract, and every sample goes to the reader it is meant for."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flagstate import model
from flagstate.catalog.mask import mask
from flagstate.engine import connect
from flagstate.errors import FlagstateError
from flagstate.read import registry
from flagstate.read.part import Context, Facts, Head, Kind, Note, Opened, Part, Reader, Records, Reject, Stream, Tally
from flagstate.read.source import HEAD_BYTES, neutral, opened, spool
from flagstate.read.unfold import unfold
from flagstate.read.unknown import describe

DATA = Path(__file__).parent / "data"
GOLDEN = DATA / "recognised.json"
READERS = registry.readers()


def samples() -> list[str]:
    found = []
    for path in sorted(DATA.rglob("*")):
        name = path.relative_to(DATA).as_posix()
        if path.is_file() and not name.startswith("case_format_1/") and path.name not in ("LICENSE", "SOURCES.md"):
            found.append(name)
    return [name for name in found if name != GOLDEN.name]


def first_leaf(path: Path) -> Iterator[tuple[int, Head]]:
    with opened(str(path)) as descriptor:
        for leaf in unfold(descriptor, path.name, os.environ.get("TMPDIR", "/tmp"), None):
            if leaf.descriptor is not None:
                yield leaf.descriptor, Head(os.pread(leaf.descriptor, HEAD_BYTES, 0), leaf.size, leaf.suffix)


def claims(head: Head) -> tuple[str, str]:
    reader, kind = registry.identify(head)
    return (reader.name if reader else "", kind.name)


@pytest.mark.parametrize("name", registry.FORMATS)
def test_every_reader_keeps_the_contract(name: str) -> None:
    reader = READERS[name]
    assert isinstance(reader, Reader)
    assert re.fullmatch(r"[a-z]+", reader.name)
    assert reader.doc.endswith(".")
    assert len(reader.doc) > 20
    assert callable(reader.recognise)
    assert callable(reader.read)
    assert set(reader.streams) <= set(model.STREAMS)
    for empty in (Head(b"", 0, ""), Head(b"", 10, ".csv")):
        assert reader.recognise(empty) is None


def test_every_format_of_the_room_is_registered_once() -> None:
    room = Path(registry.__file__).parent
    with_reader = {path.stem for path in room.glob("*.py") if re.search(r"^READER\b", path.read_text(), re.M)}
    assert with_reader == set(registry.FORMATS)
    assert len({reader.name for reader in READERS.values()}) == len(READERS)


STARTS = [b"", b"PAR1",
          b"SQLite format 3\x00", b"PK\x03\x04", b"#separator \\x09\n#fields\ta\n", b'{"log":', b"{", b"[",
          b'{"version":4,', b'{"bomFormat":"CycloneDX",', b"entities:\n", b"a,b\n1,2\n", b"\xff\xfe", b"\xef\xbb\xbf",
          b"\x00" * 9, b'{"ts":1,"uid":"C","id.orig_h":"1.1.1.1"}\n', b"\xd0\xcf\x11\xe0"]  # fmt: skip


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(STARTS),
    st.one_of(st.binary(max_size=400), st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace"))),
    st.sampled_from(["", ".csv", ".json", ".yaml", ".xlsx", ".log", ".parquet", ".tfstate", ".har"]),
    st.integers(0, 1 << 40),
)
def test_recognition_never_raises(start: bytes, rest: bytes, suffix: str, more: int) -> None:
    data = start + rest
    for size in (len(data), len(data) + more):
        head = Head(data, size, suffix)
        for reader in READERS.values():
            kind = reader.recognise(head)
            assert kind is None or kind.name
        reader_, kind = registry.identify(head)
        assert reader_ is not None or kind.refused, "what nobody reads says why"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_recognition_never_raises_over_damaged_samples(more: st.DataObject) -> None:
    name = more.draw(st.sampled_from(samples()))
    data = bytearray((DATA / name).read_bytes()[:HEAD_BYTES])
    cut = more.draw(st.integers(0, len(data)))
    data = data[:cut]
    for _ in range(more.draw(st.integers(0, 3)) if data else 0):
        data[more.draw(st.integers(0, len(data) - 1))] = more.draw(st.sampled_from(b'\x00\xff"{}[]\n\t,:'))
    claims(Head(bytes(data), len(data), Path(name).suffix))
    claims(Head(bytes(data), len(data) + 5, ""))


def test_each_sample_goes_to_its_reader() -> None:
    """What is new is added with FLAGSTATE_GOLDEN=1; read the difference before it is kept."""
    found = {name: [list(claims(head)) for _, head in first_leaf(DATA / name)] for name in samples()}
    if os.environ.get("FLAGSTATE_GOLDEN"):
        GOLDEN.write_text(json.dumps(found, indent=0, sort_keys=True) + "\n")
    golden = json.loads(GOLDEN.read_text())
    assert {name: found.get(name) for name in golden} == golden
    wanted = {"har-": "har", "iac-": "terraform", "cyclonedx-": "cyclonedx", "estate/": "estate", "zeek-": "zeek"}
    wanted |= {"bods/": "bods", "gleif/": "gleif", "ftm/": "ftm"}
    for name, listed in found.items():
        for start, reader in wanted.items():
            if name.startswith(start) and "invalid" not in name and "empty" not in name and "corrupt" not in name:
                assert listed, name
                assert listed[0][0] in (reader, ""), name


@pytest.mark.parametrize("name", samples())
def test_reading_a_sample_raises_nothing_but_our_own(name: str) -> None:
    for descriptor, head in first_leaf(DATA / name):
        reader, kind = registry.identify(head)
        if reader is None or kind.refused:
            assert kind.refused
            continue
        parts = read(reader, descriptor, head, kind)
        for part in parts:
            assert isinstance(part, Stream | Records | Facts | Reject | Tally | Note)


def read(reader: Reader, descriptor: int, head: Head, kind: Kind) -> list[Part]:
    path = neutral(descriptor)
    con = connect(files=[path], threads=1)
    parts: list[Part] = []
    try:
        for part in reader.read(Opened(path, head, "sample", "ev"), kind, Context(con, mask)):
            if isinstance(part, Stream):
                assert part.noun in reader.streams
                part.relation.to_arrow_table()
            elif isinstance(part, Records):
                part.reader.read_all()
            elif isinstance(part, Facts):
                assert part.stance in ("declared", "configured", "observed", "recorded")
                model.conform(part.table, model.NOUNS[part.noun])
            parts.append(part)
    except FlagstateError:
        parts.append(Note("refused"))
    finally:
        con.close()
    return parts


SMALL = [name for name in samples() if (DATA / name).stat().st_size < 30_000]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_reading_a_damaged_sample_raises_nothing_but_our_own(more: st.DataObject) -> None:
    name = more.draw(st.sampled_from(SMALL))
    data = bytearray((DATA / name).read_bytes())
    data = data[: more.draw(st.integers(0, len(data)))]
    for _ in range(more.draw(st.integers(0, 4)) if data else 0):
        data[more.draw(st.integers(0, len(data) - 1))] = more.draw(st.integers(0, 255))
    head = Head(bytes(data[:HEAD_BYTES]), len(data), Path(name).suffix)
    reader, kind = registry.identify(head)
    if reader is None or kind.refused:
        return
    descriptor = spool(os.environ.get("TMPDIR", "/tmp"))
    try:
        os.write(descriptor, data)
        read(reader, descriptor, head, kind)
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "it is empty"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\xd4\xc3\xb2\xa1" + bytes(20), "a packet capture"),
        (b"\x0a\x0d\x0d\x0a" + bytes(20), "a packet capture"),
        (b"<?xml version='1.0'?><x/>", "an XML document"),
        (b"\xef\xbb\xbf<html></html>", "an HTML page"),
        (b"-- dump\nCREATE TABLE x (a int);\n", "an SQL dump"),
        (b"\x01\x02\x00\x03" * 50, "binary data of no known kind"),
        (b"hello", "text of no known kind"),
        (b"-----BEGIN RSA PRIVATE KEY-----\n", "in PEM form"),
    ],
)
def test_what_nobody_reads_says_what_it_is(data: bytes, words: str) -> None:
    kind = describe(Head(data, len(data), ""))
    assert words in kind.refused
    assert kind.todo


def test_spooled_bytes_are_recognised_as_the_file_itself() -> None:
    data = b"a,b\n1,2\n3,4\n"
    descriptor = spool(os.environ.get("TMPDIR", "/tmp"))
    os.write(descriptor, data)
    parts = read(READERS["delimited"], descriptor, Head(data, len(data), ".csv"), Kind("table comma-separated utf-8"))
    os.close(descriptor)
    assert any(isinstance(part, Records) for part in parts)
