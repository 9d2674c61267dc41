"""The declaration: its facts, and errors that name line and remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate import model
from flagstate.catalog import form, strict
from flagstate.errors import DeclarationError
from flagstate.read import estate
from flagstate.read.part import Context, Facts, Head, Note, Opened, Part, Tally

EXAMPLE = Path(__file__).parent / "data" / "estate" / "estate.yaml"


def head_of(data: bytes, suffix: str = ".yaml") -> Head:
    return Head(data[:65536], len(data), suffix)


def read(text: str | bytes, folder: Path, mask: Any = str) -> list[Part]:
    data = text.encode() if isinstance(text, str) else text
    path = folder / "given"
    path.write_bytes(data)
    head = head_of(data)
    kind = estate.recognise(head)
    assert kind is not None
    with duckdb.connect() as con:
        return list(estate.read(Opened(str(path), head, "estate.yaml", "ev:1"), kind, Context(con, mask)))


def rows(parts: list[Part], noun: str) -> list[dict[str, Any]]:
    found = [p for p in parts if isinstance(p, Facts) and p.noun == noun]
    assert all(p.stance == "declared" for p in found)
    assert all(p.table.schema.equals(model.NOUNS[noun].schema) for p in found)
    return [{k: v for k, v in row.items() if v is not None} for p in found for row in p.table.to_pylist()]


def error(text: str, folder: Path) -> DeclarationError:
    with pytest.raises(DeclarationError) as caught:
        read(text, folder)
    assert caught.value.exit_code == 2
    return caught.value


def test_example(tmp_path: Path) -> None:
    parts = read(EXAMPLE.read_bytes(), tmp_path)
    assert {p.noun: p.table.num_rows for p in parts if isinstance(p, Facts)} == {
        "legal_entity": 5,
        "interest": 7,
        "asset": 4,
        "place": 2,
        "network": 1,
        "holding": 2,
        "agreement": 1,
        "flow": 1,
        "control": 3,
        "need": 2,
        "event": 1,
        "claim": 1,
        "policy": 2,
    }
    assert {(r["holder_id"], r["subject_id"], r["kind"]) for r in rows(parts, "interest")} == {
        ("est:cay", "est:gmbh", "owns"),
        ("est:gmbh", "est:ops", "employs"),
        ("est:ops", "est:wms", "administers"),
        ("est:gmbh", "est:fra", "operates"),
        ("est:shop", "est:hsm", "operates"),
        ("est:gmbh", "est:sso", "operates"),
        ("est:shop", "est:wms", "controller"),
    }
    assert rows(parts, "flow") == [
        {"from_asset": "est:wms", "to_pattern": "domain:analytics.example", "action": "send"}
    ]
    holding = rows(parts, "holding")[0]
    assert (holding["subjects_lo"], holding["subjects_hi"], holding["key_ids"]) == (9000, 11000, [])
    assert {(r["policy"], r["value"]) for r in rows(parts, "policy")} == {
        ("accept_reach:names", "EU"),
        ("min_seal:sov_3", "2"),
    }
    assert {(r["subject_id"], r["control"], r["state"]) for r in rows(parts, "control")} == {
        ("est:shop", "mfa", "yes"),
        ("est:shop", "logs_12m", "unknown"),
        ("est:host", "scc_2021", "yes"),
    }
    assert not [p for p in parts if isinstance(p, Note)]
    assert [p.rows_read for p in parts if isinstance(p, Tally)] == [32]


def test_norway_is_a_country(tmp_path: Path) -> None:
    parts = read("entities: {a: {organised_in: NO, located_in: [NO, SE]}}\n", tmp_path)
    assert rows(parts, "legal_entity")[0]["organised_in"] == ["NO"]


@pytest.mark.parametrize(
    ("said", "pattern"),
    [
        ("wms", "asset:est:wms"),
        ("shop", "entity:est:shop"),
        ("entity:shop", "entity:est:shop"),
        ("entity:alibaba-group-holding-limited", "entity:ent:alibaba-group-holding-limited"),
        ("ent:amazon-com-inc", "entity:ent:amazon-com-inc"),
        ("entity:Alibaba Group Holding Limited", "entity:ent:alibaba-group-holding-limited"),
        ("provider:amazon web services", "provider:ent:amazon-web-services"),
        ("provider:Nobody Known", "provider:Nobody Known"),
        ("country:DE", "country:DE"),
        ("Example.COM.", "domain:example.com"),
        ("'*.example.com'", "domain:example.com"),
        ("bücher.example", "domain:xn--bcher-kva.example"),
        ("8.8.8.8", "cidr:8.8.8.8/32"),
        ("8.8.8.1/24", "cidr:8.8.8.0/24"),
        ("'2001:db8::/32'", "cidr:2001:db8::/32"),
    ],
)
def test_destinations(said: str, pattern: str, tmp_path: Path) -> None:
    text = f"entities: {{shop: {{}}}}\nassets: {{wms: {{kind: system}}}}\nflows:\n  f: {{to: {said}}}\n"
    flow = rows(read(text, tmp_path), "flow")[0]
    assert flow["to_pattern"] == pattern
    assert flow["action"] == "send"


def test_forms_of_a_holder(tmp_path: Path) -> None:
    text = """
entities:
  a: {}
  b: {owned_by: {a: [30, 60]}, controlled_by: {a: {contested: true, source: register}}}
  c: {owned_by: [a, b]}
  d: {owned_by: {a: {share: 20.5, since: 2020-01-01, until: 2024-01-01}, b: {share: 100, since: 2024-01-01}}}
"""
    found = {(r["holder_id"], r["subject_id"], r["kind"]): r for r in rows(read(text, tmp_path), "interest")}
    assert found["est:a", "est:b", "owns"]["share_lo_pct"] == 30
    assert found["est:a", "est:b", "owns"]["share_hi_pct"] == 60
    assert found["est:a", "est:b", "controls"]["contested"] is True
    assert found["est:a", "est:b", "controls"]["source"] == "register"
    assert "share_lo_pct" not in found["est:b", "est:c", "owns"]
    assert found["est:a", "est:d", "owns"]["valid_to"].isoformat() == "2024-01-01T00:00:00+00:00"


ERRORS = [
    ("entities: {a: {}}\nassts: {}\n", 2, "assts is not known", "Did you mean assets?"),
    ("entities:\n  a: {organized_in: DE}\n", 2, "organized_in is not known", "Did you mean organised_in?"),
    ("assets:\n  a: {kind: system, operatd_by: x}\n", 2, "operatd_by is not known", "Did you mean operated_by?"),
    ("entities:\n  a: {organised_in: UK}\n", 2, "not one of the words", "Write GB"),
    ("entities:\n  a: {organised_in: [DE, Germany]}\n", 2, "not one of the words", "Write DE"),
    ("entities:\n  a: {located_in: EU}\n", 2, "not one of the words", "country"),
    ("assets:\n  a: {kind: databse}\n", 2, "not one of the words", "Write one of"),
    ("assets:\n  a: {}\n", 2, "The key kind is missing", "Add kind"),
    ("assets:\n  a: {kind: host, runs_on: fre}\n  fra: {kind: region}\n", 2, "fre is not the key", "Did you mean fra?"),
    ("entities: {b: {}}\nassets:\n  a: {kind: system, runs_on: b}\n", 3, "b is an entity", ""),
    ("entities:\n  a: {owned_by: {zz: 100}}\n", 2, "zz is not the key of an entity", "entities:"),
    ("entities:\n  a: {}\n  b: {owned_by: {a: 101}}\n", 3, "out of range", "0 to 100"),
    ("entities:\n  a: {}\n  c: {}\n  b: {owned_by: {a: 60, c: 50}}\n", 4, "add up to at least 110", "100 or less"),
    ("entities:\n  a: {}\n  b: {owned_by: {a: [60, 30]}}\n", 3, "lower bound", "Exchange"),
    ("entities:\n  a: {}\n  b: {kind: person, owned_by: a}\n", 3, "person cannot be owned", "organisation"),
    ("entities:\n  a: {owned_by: a}\n", 2, "cannot hold itself", "another"),
    ("entities:\n  p: {kind: person, name: Somebody}\n", 2, "private persons", "Delete the name"),
    ("entities:\n  a: {head_count: 3}\n", 2, "cannot be said", "kind: group"),
    ("entities:\n  a: {since: 2024-01-01, until: 2023-01-01}\n", 2, "end is not after", "later"),
    ("entities:\n  a: {since: 2024-02-30}\n", 2, "not a date", "YYYY-MM-DD"),
    ("entities:\n  a: {since: 01.02.2024}\n", 2, "not a date", "YYYY-MM-DD"),
    ("entities:\n  a: {lei: abc}\n", 2, "does not have the form", "20 capital"),
    ("entities:\n  a: {name: 7}\n", 2, "read as a number", "quotes"),
    ("entities:\n  a: {kind: }\n", 2, "no value", "delete the line"),
    ("entities: [a]\n", 1, "A list ([a, b]) cannot stand here", "entries such as"),
    ("entities:\n  'a b': {}\n", 2, "cannot be used", "letters"),
    ("networks:\n  - 10.20.0.0/16\n  - 10.20.0.5/16\n", 3, "Bits are set", "10.20.0.0/16"),
    ("networks: [300.1.1.1]\n", 1, "not an address range", "CIDR"),
    ("networks: [0.0.0.0/0]\n", 1, "every address is yours", "only the ranges"),
    ("assets: {a: {kind: host}, b: {kind: host}}\n"
     "networks:\n  - {cidr: 10.0.0.0/8, asset: a}\n  - {cidr: 10.0.0.0/8, asset: b}\n",
     4, "contradicts line 3", "Keep one"),
    ("entities: {x: {}}\nassets:\n  x: {kind: host}\n", 3, "stands twice: first on line 1", "another key"),
    ("assets:\n  a: {kind: host, runs_on: b}\n  b: {kind: host, runs_on: a}\n", 2, "on itself", "really below"),
    ("assets: {a: {kind: store}}\nholdings:\n  - {at: a, classes: []}\n", 3, "list has 0 entries", "classes"),
    ("assets: {a: {kind: store}}\n"
     "holdings:\n  - {at: a, classes: [x], records: 1}\n  - {at: a, classes: [x], records: 2}\n",
     4, "contradicts line 3", ""),
    ("assets: {a: {kind: store}}\nholdings:\n  - {at: a, classes: [x], subjects: [2, 1]}\n", 3, "lower bound", ""),
    ("flows:\n  f: {to: analytics}\n", 2, "no destination", "a domain such as"),
    ("flows:\n  f: {to: '*'}\n", 2, "covers everything", ""),
    ("flows:\n  f: {to: '*.com'}\n", 2, "top-level domain", ""),
    ("flows:\n  f: {to: 'country:UK'}\n", 2, "not a country", "country:GB"),
    ("flows:\n  f: {action: send}\n", 2, "The key to is missing", "Add to:"),
    ("flows:\n  f: {to: a.example, port: 70000}\n", 2, "out of range", ""),
    ("entities: {a: {}}\nagreements:\n  g: {kind: vendor, from: a, to: a}\n", 3, "Both parties", ""),
    ("entities: {a: {}}\ncontrols:\n  a: {mfa: maybe}\n", 3, "not one of the words", ""),
    ("entities: {a: {}}\ncontrols:\n  aa: {mfa: true}\n", 3, "not the key", "Did you mean a?"),
    ("assets: {a: {kind: host}}\nneeds:\n  a: [[a]]\n", 3, "need itself", ""),
    ("claims:\n  c: {says: x, derived_from: d}\n", 2, "not the key of a source or a claim", "claims:"),
    ("policy: {min_seal: {sov_9: 1}}\n", 1, "sov_9 cannot stand", ""),
    ("policy: {min_seal: {sov_3: 5}}\n", 1, "out of range", "0 to 4"),
    ("policy: {accept_reach: [Europe]}\n", 1, "not one of the words", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "what", "todo"), ERRORS, ids=[e[2] for e in ERRORS])
def test_errors_name_line_and_remedy(text: str, line: int, what: str, todo: str, tmp_path: Path) -> None:
    found = error(text, tmp_path)
    assert found.where.startswith(f"estate.yaml:{line} ")
    assert what in found.what
    assert todo in found.todo


PROPOSED = "proposed: true\nconfirmed_by: {by}\nconfirmed_on: {on}\nnetworks: [10.0.0.0/8]\n"


@pytest.mark.parametrize(
    ("by", "on", "counts", "missing"),
    [
        ("", "", False, "Set confirmed_by and confirmed_on"),
        ("the officer", "", False, "Set confirmed_on"),
        ("' '", "2026-01-31", False, "Set confirmed_by"),
        ("the officer", "2026-01-31", True, ""),
    ],
)
def test_a_proposal_counts_only_confirmed(by: str, on: str, counts: bool, missing: str, tmp_path: Path) -> None:
    parts = read(PROPOSED.format(by=by, on=on), tmp_path)
    assert bool([p for p in parts if isinstance(p, Facts)]) is counts
    assert [p.todo for p in parts if isinstance(p, Note)] == ([missing] if missing else [])


def test_names_are_masked_and_ids_stay_distinct(tmp_path: Path) -> None:
    text = "assets:\n  p111: {kind: store, name: p111}\n  p222: {kind: store, runs_on: p111}\n"
    parts = read(
        text + "flows: {f: {from: p222, to: p111.example.com, container: p111}}\n",
        tmp_path,
        lambda t: t.replace("111", "000").replace("222", "000"),
    )
    assert [(r["asset_id"], r.get("runs_on")) for r in rows(parts, "asset")] == [
        ("est:p000", None),
        ("est:p000~2", "est:p000"),
    ]
    assert "111" not in str([p.table.to_pylist() for p in parts if isinstance(p, Facts)])


def test_wide_destinations_are_said(tmp_path: Path) -> None:
    parts = read("flows: {f: {to: 0.0.0.0/0}}\n", tmp_path)
    assert [p.reason for p in parts if isinstance(p, Note)] == [
        "1 declared destinations cover half of all addresses or more"
    ]


def test_unknown_providers_are_said(tmp_path: Path) -> None:
    parts = read("flows: {f: {to: 'provider:Nobody Known'}, g: {to: 'provider:Hetzner'}}\n", tmp_path)
    said = [p.reason for p in parts if isinstance(p, Note)]
    assert said == ["1 declared destinations name a provider or entity that the catalog does not know"]


@pytest.mark.parametrize(
    "data",
    [
        b"networks: [10.0.0.0/8]\n",
        b"---\n# ours\ntitle: x\nassets:\n  a: {kind: host}\n",
        b"proposed: true\nconfirmed_by:\nconfirmed_on:\n# assets:\n",
        b"entitys: {}\nassets: {}\n",
        b"\xef\xbb\xbfassets: {}\r\nnetworks: []\r\n",
        "assets: {}\n".encode("utf-16"),
        b"assets:\n  a: {kind: [\nnetworks: []\n",
    ],
)
def test_recognised(data: bytes) -> None:
    assert estate.recognise(head_of(data)) is not None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"services:\n  web: {image: x}\nnetworks:\n  front: {}\nvolumes: {}\n",
        b"openapi: 3.0.0\ninfo: {title: x}\npaths: {}\n",
        b"title: a page\ndate: 2024-01-01\n---\ntext\n",
        b'{"assets": [], "flows": []}',
        b"flows,events\n1,2\n",
        b"Dear all,\nthese are the\nevents: none today\n",
        b"\x00\x01\x02\xff",
        b"#separator \\x09\n#path\tconn\n",
    ],
)
def test_not_recognised(data: bytes) -> None:
    assert estate.recognise(head_of(data)) is None


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 1200))
def test_damage_never_surprises(noise: bytes, at: int) -> None:
    data = EXAMPLE.read_bytes()
    broken = data[:at] + noise + data[at + len(noise) :]
    estate.recognise(head_of(broken))
    try:
        root = strict.load(broken, name="f")
        form.check(root, estate.schema())
        estate.collect_facts(root, str)
    except DeclarationError as error:
        shown = str(error)
    else:
        shown = "valid"
    assert shown.isprintable()


def test_only_networks_says_whose_a_range_is(tmp_path: Path) -> None:
    text = "networks: [10.0.0.0/8, 192.0.2.0/24]\nassets: {a: {kind: service, networks: [52.81.0.0/24, 10.0.0.0/8]}}\n"
    found = {(row["cidr"], row["own"]) for row in rows(read(text, tmp_path), "network")}
    assert found == {("52.81.0.0/24", False), ("10.0.0.0/8", True), ("192.0.2.0/24", True)}
