"""Made traffic is what it says, and the detectors find what hides in it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from flagstate import model
from flagstate.enrich.behave import DETECTORS
from flagstate.model.codes import BEHAVIOURS
from traffic.match import alarmed, match, recall
from traffic.watch import found
from traffic.world import STRENGTHS, World, world
from traffic.write import write

SMALL = 0.02
JUDGED, DAYS = 7, 4
ALARMS = 30.0
"""Per 10,000 pairs a day: in a world this small every fleet is a handful of machines."""


@pytest.fixture(scope="module")
def made() -> World:
    return world(JUDGED, scale=SMALL, days=DAYS)


def test_the_same_seed_makes_the_same_world(made: World) -> None:
    again, other = world(JUDGED, scale=SMALL, days=DAYS), world(JUDGED + 2, scale=SMALL, days=DAYS)
    assert again.connection.equals(made.connection)
    assert again.query.equals(made.query)
    assert again.truth.equals(made.truth)
    assert not other.connection.equals(made.connection)


def test_tables_have_the_columns_of_their_nouns(made: World) -> None:
    talk, asked = model.conform(made.connection, model.CONNECTION), model.conform(made.query, model.QUERY)
    assert talk["ts"].null_count == asked["query"].null_count == 0
    assert pc.all(pc.is_in(asked["uid"], talk["uid"].combine_chunks())).as_py()
    assert pc.count_distinct(talk["uid"]).as_py() == talk.num_rows
    us = pc.cast(talk["ts"], pa.int64()).to_numpy()
    assert (np.diff(us) >= 0).all()
    assert us[-1] - us[0] < DAYS * 86_400_000_000
    failed = talk.filter(pc.and_(pc.equal(talk["conn_state"], "S0"), pc.equal(talk["proto"], "tcp")))
    assert pc.sum(failed["orig_bytes"]).as_py() == 0


def test_every_kind_hides_at_every_strength(made: World) -> None:
    rows = made.truth.to_pylist()
    assert {row["kind"] for row in rows} == set(BEHAVIOURS) - {"clear_text"}
    for kind in {row["kind"] for row in rows}:
        assert {row["strength"] for row in rows if row["kind"] == kind} == set(STRENGTHS)


def test_what_hides_is_in_the_traffic(made: World) -> None:
    talk, asked = made.connection, made.query
    for row in made.truth.to_pylist():
        if row["kind"] == "dns_tunnel":
            under = pc.and_(pc.equal(asked["orig_h"], row["orig_h"]), pc.ends_with(asked["query"], "." + row["far"]))
            assert pc.sum(under).as_py() >= 0.85 * json.loads(row["parameters"])["events"]
            continue
        mine = talk.filter(pc.equal(talk["orig_h"], row["orig_h"]))
        far = pc.or_kleene(
            pc.is_in(mine["resp_h"], pa.array(row["addresses"])), pc.equal(mine["server_name"], row["far"])
        )
        met = mine.filter(pc.and_(pc.fill_null(far, False), pc.equal(mine["resp_p"], row["resp_p"])))
        us = pc.cast(met["ts"], pa.int64()).to_numpy()
        assert ((us >= row["from_us"]) & (us <= row["to_us"])).sum() >= 0.85 * json.loads(row["parameters"])["events"]


def test_without_hidden_things_only_they_are_missing() -> None:
    plain = world(JUDGED, scale=SMALL, days=3, hidden=False)
    assert plain.truth.num_rows == 0
    assert plain.connection.num_rows > 1000


def test_an_ordinary_week_rests_at_the_weekend() -> None:
    talk = world(JUDGED, scale=SMALL, days=7, hidden=False).connection
    pages = talk.filter(pc.and_(pc.equal(talk["service"], "quic"), pc.equal(talk["resp_p"], 443)))
    day = pc.day_of_week(pages["ts"]).to_numpy()
    assert (day < 5).mean() > 0.75


def test_a_sensor_at_the_border_sees_nothing_of_the_inside_and_a_gap_is_empty() -> None:
    seen = {JUDGED + 2 * n: world(JUDGED + 2 * n, scale=SMALL, days=1, hidden=False) for n in range(12)}
    inside = {
        seed: pc.sum(
            pc.and_(pc.starts_with(one.connection["orig_h"], "10."), pc.starts_with(one.connection["resp_h"], "10."))
        ).as_py()
        for seed, one in seen.items()
    }
    assert {count == 0 for count in inside.values()} == {True, False}
    for seed, one in seen.items():
        if not inside[seed]:
            assert one.query.num_rows > 100


def test_answers_are_asked_for_again_only_when_they_have_died(made: World) -> None:
    named = made.connection.filter(pc.equal(made.connection["name_source"], "sni")).num_rows
    asked = made.query.filter(pc.equal(made.query["qtype_name"], "A")).num_rows
    assert asked < named


def test_written_logs_say_the_same_as_text_and_as_parquet(made: World, tmp_path: Path) -> None:
    text = {path.stem: path.read_text().splitlines() for path in write(made, tmp_path / "text")}
    tables = {path.stem: pq.read_table(path) for path in write(made, tmp_path / "parquet", text=False)}
    for name, lines in text.items():
        rows = [line for line in lines if not line.startswith("#")]
        assert len(rows) == tables[name].num_rows
        fields = next(line for line in lines if line.startswith("#fields")).split("\t")[1:]
        assert fields == tables[name].column_names
        assert all(line.count("\t") == len(fields) - 1 for line in rows)
    assert len(tables["conn"]) == made.connection.num_rows
    first = dict(
        zip(tables["conn"].column_names, next(r for r in text["conn"] if r[0] != "#").split("\t"), strict=True)
    )
    us = int(pc.cast(made.connection["ts"][0], pa.int64()).as_py())
    assert round(float(first["ts"]) * 1e6) == pytest.approx(us, abs=1)


def test_every_kind_has_its_detector() -> None:
    # Clear text is told by what was read in payloads, which made traffic has none of.
    assert set(BEHAVIOURS) - {"clear_text"} <= set(DETECTORS)


def test_detectors_find_what_hides_strongly() -> None:
    judged = world(JUDGED, scale=SMALL, days=11)
    matched = [match(judged, found(judged))]
    for kind in set(BEHAVIOURS) - {"clear_text"}:
        hit, all_ = recall(matched, kind=kind, strength="strong")
        assert hit >= max(1, all_ - 1), kind
    hit, all_ = recall(matched, strength="strong")
    assert hit / all_ >= 0.9
    assert alarmed(matched) <= ALARMS


def test_an_empty_answer_misses_everything_and_alarms_nobody(made: World) -> None:
    nothing = [match(made, model.empty(model.BEHAVIOUR))]
    assert recall(nothing) == (0, made.truth.num_rows)
    assert alarmed(nothing) == 0.0
    row = made.truth.to_pylist()[0]
    ends = {"behaviour_id": "b", "kind": row["kind"], "orig_h": row["orig_h"], "score": 0.9}
    right = [match(made, model.rows(model.BEHAVIOUR, [ends | {"far": row["far"]}]))]
    wrong = [match(made, model.rows(model.BEHAVIOUR, [ends | {"far": "nobody.example"}]))]
    assert (recall(right)[0], alarmed(right)) == (1, 0.0)
    assert recall(wrong)[0] == 0
    assert alarmed(wrong) == pytest.approx(10_000 / wrong[0].pair_days)
