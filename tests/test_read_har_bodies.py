"""What went over the network in an HTTP archive: parameters, headers, cookies and bodies, in any wrapping."""

from __future__ import annotations

import base64
import gzip
import io
import json
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.catalog.mask import mask, mask_host
from flagstate.engine import connect
from flagstate.read import har
from flagstate.read.json_short import Short
from flagstate.read.part import Context, Head, Note, Opened, Records, Stream, Tally
from flagstate.read.payload import Body, Message, Payloads
from flagstate.read.sheets import MOST_COLUMNS, Sheets

DATA = Path(__file__).parent / "data"


def run(path: Path) -> tuple[dict[str, pa.Table], list[Note], int]:
    """Return the tables by container, the notes, and how many records were counted."""
    head = Head(path.read_bytes()[:65536], path.stat().st_size, path.suffix)
    kind = har.READER.recognise(head)
    assert kind
    tables: dict[str, pa.Table] = {}
    notes, rows = [], 0
    context = Context(connect(files=[str(path)]), mask, None, mask_host)
    for part in har.READER.read(Opened(str(path), head, "x.har", "e"), kind, context):
        if isinstance(part, Stream):
            rows += part.relation.to_arrow_table().num_rows
        elif isinstance(part, Records):
            assert part.state == "moved"
            assert part.prose == part.container.endswith("› text")
            table = part.reader.read_all()
            rows += table.num_rows
            tables[f"{part.container} @ {part.asset_id}"] = table
        elif isinstance(part, Note):
            notes.append(part)
        elif isinstance(part, Tally):
            rows += part.rows_read
    return tables, notes, rows


def archive(
    folder: Path, request: dict[str, object], response: dict[str, object] | None = None, **more: object
) -> Path:
    entry = {
        "startedDateTime": "2026-03-01T10:00:00Z",
        "request": {"method": "POST", "url": "https://api.shop.example/x", "headers": [], **request},
        "response": {"status": 200, "headers": [], **(response or {})},
        **more,
    }
    path = folder / "x.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "creator": {"name": "t"}, "entries": [entry]}}))
    return path


def sent(folder: Path, **request: object) -> list[dict[str, str]]:
    tables, _, rows = run(archive(folder, request))
    assert rows == 1, "rows of payloads are not counted as records a second time"
    (table,) = [t for name, t in tables.items() if name == "sent to api.shop.example @ host:api.shop.example"]
    rows_: list[dict[str, str]] = table.to_pylist()
    return rows_


def test_parameters_cookies_and_headers_are_one_row(tmp_path: Path) -> None:
    basic = base64.b64encode(b"alice:wonder").decode()
    (row,) = sent(
        tmp_path,
        url="https://u:p@api.shop.example/users/7?email=a%40b.example&n=1#access_token=t0k",
        headers=[
            {"name": "Cookie", "value": "uid=abc; lang=fr%2DBE"},
            {"name": "User-Agent", "value": "Mozilla/5.0"},
            {"name": "Authorization", "value": f"Basic {basic}"},
            {"name": "X-Device-Id", "value": "d-1"},
            {"name": "Accept", "value": "*/*"},
        ],
    )
    assert row == {
        "email": "a@b.example", "n": "1", "access_token": "t0k", "user name": "u", "password": "p", "path": "/users/7",
        "cookie uid": "abc", "cookie lang": "fr-BE", "user-agent": "Mozilla/5.0",
        "authorization user name": "alice", "authorization password": "wonder", "x-device-id": "d-1",
    }  # fmt: skip


def test_json_is_laid_out_by_path_and_its_lists_are_tables(tmp_path: Path) -> None:
    body = {"customer": {"name": "A", "tags": ["x", "y"]}, "items": [{"sku": 1}, {"sku": 2, "to": {"city": "Y"}}]}
    tables, _, _ = run(archive(tmp_path, {"postData": {"mimeType": "application/json", "text": json.dumps(body)}}))
    base = "sent to api.shop.example"
    assert tables[f"{base} › items[] @ host:api.shop.example"].to_pylist() == [
        {"sku": "1", "to.city": None},
        {"sku": "2", "to.city": "Y"},
    ]
    rows = tables[f"{base} @ host:api.shop.example"].to_pylist()
    assert rows[0]["customer name"] == "A"
    assert [row["customer.tags"] for row in rows[:2]] == ["x", "y"]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("application/x-www-form-urlencoded", "email=a%40b.example&city=Gent"),
        ("", "email=a%40b.example&city=Gent"),
        ("multipart/form-data; boundary=zz",
         '--zz\r\nContent-Disposition: form-data; name="email"\r\n\r\na@b.example\r\n'
         '--zz\r\nContent-Disposition: form-data; name="city"\r\n\r\nGent\r\n--zz--\r\n'),
        ("application/json", ')]}\'\n{"email": "a@b.example", "city": "Gent"}'),
        ("application/x-ndjson", '{"email": "a@b.example", "city": "Gent"}\n{"email": "a@b.example", "city": "Gent"}'),
        ("application/x-www-form-urlencoded", 'data={"email": "a@b.example", "city": "Gent"}'),
        ("application/json", '{"data": "{\\"email\\": \\"a@b.example\\", \\"city\\": \\"Gent\\"}"}'),
        ("application/json",
         '{"query": "mutation($email: String){x}", "variables": {"email": "a@b.example", "city": "Gent"}}'),
    ],
)  # fmt: skip
def test_every_form_of_body_gives_its_columns(tmp_path: Path, kind: str, text: str) -> None:
    rows = sent(tmp_path, postData={"mimeType": kind, "text": text})
    found = {name.rsplit(".", 1)[-1]: value for row in rows for name, value in row.items() if value}
    assert found["email"] == "a@b.example"
    assert found["city"] == "Gent"


def test_parameters_that_the_archive_lists_and_a_file_in_a_form(tmp_path: Path) -> None:
    params = [{"name": "email", "value": "a@b.example"}]
    assert sent(tmp_path, postData={"mimeType": "x", "params": params})[0]["email"] == "a@b.example"
    text = (
        '--q\r\nContent-Disposition: form-data; name="f"; filename="c.json"\r\nContent-Type: application/json\r\n\r\n'
        '[{"phone": "1"}, {"phone": "2"}]\r\n--q--\r\n'
    )
    rows = sent(tmp_path, postData={"mimeType": "multipart/form-data; boundary=q", "text": text})
    assert [row["phone"] for row in rows if row.get("phone")] == ["1", "2"]


@pytest.mark.parametrize("packing", ["", "gzip", "deflate", "zstd"])
def test_answers_are_decoded(tmp_path: Path, packing: str) -> None:
    import zstandard

    data = json.dumps({"email": "ä@b.example"}, ensure_ascii=False).encode()
    packed = {
        "": bytes, "gzip": gzip.compress, "deflate": zlib.compress, "zstd": zstandard.ZstdCompressor().compress,
    }[packing](data)  # fmt: skip
    content = {"mimeType": "application/json", "encoding": "base64", "text": base64.b64encode(packed).decode()}
    headers = [{"name": "content-encoding", "value": packing}]
    tables, notes, _ = run(archive(tmp_path, {}, {"content": content, "headers": headers}))
    assert tables["received from api.shop.example @ host:api.shop.example"].to_pylist() == [{"email": "ä@b.example"}]
    assert not [note for note in notes if note.lost]


def test_texts_sockets_and_what_is_not_searched(tmp_path: Path) -> None:
    content = {"mimeType": "text/html", "text": "<p>call +32 2 555 01 01</p>"}
    messages = [{"type": "send", "data": '{"lat": 50.8}'}, {"type": "receive", "data": "hello there"}]
    tables, notes, _ = run(archive(tmp_path, {}, {"content": content}, _webSocketMessages=messages))
    assert tables["received from api.shop.example › text @ host:api.shop.example"].num_rows == 2
    assert {"lat": "50.8", "path": None} in tables["sent to api.shop.example @ host:api.shop.example"].to_pylist()
    image = {"mimeType": "image/png", "encoding": "base64", "text": base64.b64encode(bytes(range(256))).decode()}
    tables, notes, _ = run(archive(tmp_path, {}, {"content": image}))
    assert any("an image" in note.reason and not note.lost for note in notes)
    bad = {"mimeType": "text/html", "encoding": "base64", "text": base64.b64encode(b"\x1f\x8b\x08nonsense").decode()}
    assert any("compressed" in note.reason and note.lost for note in run(archive(tmp_path, {}, {"content": bad}))[1])


def test_a_body_beyond_the_bound_is_searched_in_part_and_a_bomb_does_not_grow(tmp_path: Path) -> None:
    bomb = base64.b64encode(gzip.compress(b"mail a@b.example " * 2_000_000, 1)).decode()
    content = {"mimeType": "text/plain", "encoding": "base64", "text": bomb}
    tables, notes, _ = run(archive(tmp_path, {}, {"content": content}))
    assert any("longer than 16 MB" in note.reason for note in notes)
    table = tables["received from api.shop.example › text @ host:api.shop.example"]
    assert 16_000_000 < sum(len(str(text)) for text in table["text"].to_pylist()) <= 16 << 20
    assert table.num_rows == 17


def test_names_are_masked_and_keys_that_are_values_are_values(tmp_path: Path) -> None:
    body = {"users": {"ottokar.zwengel@kanari.example": {"x": 1}, "b@kanari.example": {"x": 2}}}
    tables, notes, _ = run(archive(tmp_path, {"url": "https://h.example/?ottokar.zwengel%40kanari.example=1",
                                              "postData": {"text": json.dumps(body)}}))  # fmt: skip
    said = f"{[(name, table.column_names) for name, table in tables.items()]} {notes}"
    assert "kanari" not in said
    values = [str(value) for table in tables.values() for row in table.to_pylist() for value in row.values()]
    assert values.count("ottokar.zwengel@kanari.example") == 2
    assert {"1", "2"} <= set(values), "two that share a column after masking both stay"


def test_columns_and_containers_are_bounded() -> None:
    sheets = Sheets(str)
    found = Payloads(sheets)
    for at in range(3):
        text = json.dumps({f"k{at}_{n}": "v" for n in range(1500)})
        found.message("sent to h", "host:h", Message(bodies=[Body(text)]))
    for at in range(2000):
        found.message(f"sent to h{at}", f"host:h{at}", Message(bodies=[Body('{"a": 1}')]))
    parts = list(sheets.rest())
    tables = [part for part in parts if isinstance(part, Records)]
    assert len(tables) <= 1001
    wide = next(part for part in tables if part.container == "sent to h").reader.read_all()
    assert wide.num_columns == MOST_COLUMNS + 1
    assert sum(len(wide) - wide[name].null_count for name in wide.column_names) == 4500
    assert any(isinstance(part, Note) and "columns" in part.reason for part in parts)


def test_each_container_is_told_as_one_whatever_its_size() -> None:
    passes = []

    def feed(sheets: Sheets) -> Iterator[None]:
        passes.append(sheets.first)
        for at in range(60):
            sheets.add("wide", [(f"c{at}", "v" * 900), ("all", str(at))])
            sheets.text("long", "word " * (1000 if at % 2 else 100))
            sheets.add("small", [("x", str(at))])
            yield
            assert sheets.size <= 60_000

    sheets = Sheets(str, room=50_000)
    told = {part.container: part.reader.read_all() for part in sheets.tell(feed) if isinstance(part, Records)}
    assert passes == [True, False, False], "what is large is read for again, and nothing else"
    assert {name: len(table) for name, table in told.items()} == {"wide": 60, "long": 60, "small": 60}
    assert told["wide"].num_columns == 61
    assert told["wide"]["all"].to_pylist() == [str(at) for at in range(60)]


def test_too_many_large_containers_are_told_in_parts_and_that_is_said() -> None:
    def feed(sheets: Sheets) -> Iterator[None]:
        for at in range(2000):
            sheets.add(f"t{at % 10}", [("x", "v" * 300)])
            yield

    parts = list(Sheets(str, room=9_000).tell(feed))
    tables = [(part.container, len(part.reader.read_all())) for part in parts if isinstance(part, Records)]
    rows = {name: sum(size for other, size in tables if other == name) for name, _ in tables}
    assert rows == {f"t{at}": 200 for at in range(10)}
    assert any(isinstance(part, Note) and "counted twice" in part.reason for part in parts)


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from('"\\u00e9aé{}:,[] \n'), max_size=300), st.integers(0, 40))
def test_shortening_leaves_json_json(text: str, most: int) -> None:
    whole = json.dumps([text, [text, 1]], ensure_ascii=bool(most % 2))
    short = Short(io.BytesIO(whole.encode()), most)
    made = json.loads(io.BufferedReader(short).read())
    for value in (made[0], made[1][0]):
        assert text.startswith(value.rstrip("\ufffd")) or "\\ud" in whole
        assert len(json.dumps(value, ensure_ascii=False).encode()) - 2 <= most + 3
    if len(json.dumps(text)) - 2 <= most:
        assert made == json.loads(whole)
        assert short.cut == 0


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(st.text(max_size=200), st.binary(max_size=200).map(lambda b: b.decode("latin-1"))),
    st.sampled_from(["", "application/json", "multipart/x; boundary=a", "x-www-form-urlencoded", "text/x;charset=bad",
                     "text/x;charset=undefined", "text/x; charset=punycode"]),
    st.sampled_from(["", "base64"]),
    st.sampled_from(["", "gzip", "br", "deflate", "zstd"]),
)  # fmt: skip
def test_no_body_makes_it_crash(text: str, kind: str, encoding: str, packing: str) -> None:
    sheets = Sheets(mask)
    url = f"https://h.example/{text}?{text}#{text}"
    headers = [("cookie", text), ("authorization", f"Basic {text}"), (text, text), ("location", url)]
    bodies = [Body(begin + text, kind, encoding, packing) for begin in ("", "{", "--a\r\n", "[1,", "data:", "a=")]
    Payloads(sheets).message("b", "host:h", Message(url, headers, [(text, text)], bodies))
    for part in sheets.rest():
        if isinstance(part, Records):
            assert part.reader.read_all().num_columns


@pytest.mark.parametrize("text", ["a=" + "&a=b" * 200_000 + " x", "[" * 100_000, '{"a":' * 50_000, "--" + "a" * 100_000,
                                  "a" * 300_000 + "=", "9" * 100_000, '{"n": ' + "9" * 50_000 + "}",
                                  json.dumps("x" * 100_000)])  # fmt: skip
def test_hostile_bodies_take_no_time(text: str) -> None:
    began = time.monotonic()
    sheets = Sheets(mask)
    Payloads(sheets).message("b", "host:h", Message(bodies=[Body(text)]))
    list(sheets.rest())
    assert time.monotonic() - began < 3


def test_an_archive_cut_anywhere_is_searched_up_to_the_cut(tmp_path: Path) -> None:
    whole = (DATA / "har-mitmproxy/with-bom.har").read_bytes()
    for part in range(5, 17):
        path = tmp_path / "cut.har"
        path.write_bytes(whole[: len(whole) * part // 16])
        tables, _, _ = run(path)
        assert part < 16 or len(tables) == 2
