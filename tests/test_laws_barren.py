"""A step that does not run would have had no row: by the form of each query, and in the worlds of all laws."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from itertools import chain, combinations

import pytest

from flagstate.laws import barren, cage, ground, judge
from flagstate.laws.row import World
from law_worlds import LAWS, PACKS, Group, chosen, court, groups, largest, standing

TABLES = ("a", "b", "c", "d")
FORMS: dict[str, list[set[str]]] = {
    "SELECT x FROM a": [{"a"}],
    "SELECT 1 AS x": [set()],
    "FROM (VALUES (1)) AS v(x)": [set()],
    "SELECT x FROM a JOIN b USING (x)": [{"a", "b"}],
    "SELECT a.x FROM a, b": [{"a", "b"}],
    "SELECT a.x FROM a LEFT JOIN b USING (x)": [{"a"}],
    "SELECT b.x FROM a RIGHT JOIN b USING (x)": [set()],
    "SELECT x FROM a FULL JOIN b USING (x)": [set()],
    "SELECT x FROM a SEMI JOIN b USING (x)": [{"a", "b"}],
    "SELECT x FROM a ANTI JOIN b USING (x)": [{"a"}],
    "SELECT a.x, u.y FROM a, unnest([1, 2]) AS u(y)": [{"a"}],
    "SELECT x FROM a WHERE EXISTS (FROM b WHERE b.x = a.x)": [{"a", "b"}],
    "SELECT x FROM a WHERE x > 0 AND x IN (SELECT x FROM b)": [{"a", "b"}],
    "SELECT x FROM a WHERE NOT EXISTS (FROM b)": [{"a"}],
    "SELECT x FROM a WHERE x NOT IN (SELECT x FROM b)": [{"a"}],
    "SELECT x FROM a WHERE x <> ALL (SELECT x FROM b)": [{"a"}],
    "SELECT x FROM a WHERE x > 5 OR EXISTS (FROM b)": [{"a"}],
    "SELECT x FROM a WHERE EXISTS (SELECT count(*) FROM b)": [{"a"}],
    "SELECT x, (SELECT max(x) FROM b) AS y FROM a": [{"a"}],
    "SELECT count(*) AS x FROM a": [set()],
    "SELECT 1 AS x FROM a HAVING count(*) = 0": [set()],
    "SELECT 1 AS x FROM a ORDER BY count(*)": [set()],
    "SELECT any_yes(x > 0) AS x FROM a": [set()],
    "SELECT verdict(x > 0) AS x FROM a": [{"a"}],
    "SELECT x, count(*) AS n FROM a GROUP BY x": [{"a"}],
    "SELECT x, count(*) AS n FROM a GROUP BY ALL": [{"a"}],
    "SELECT count(*) AS n FROM a GROUP BY ALL": [set()],
    "SELECT 1 + 1 AS x, count(*) AS n FROM a GROUP BY ALL": [set()],
    "SELECT count(*) AS n FROM a GROUP BY ()": [set()],
    "SELECT x, count(*) AS n FROM a GROUP BY GROUPING SETS ((x), ())": [set()],
    "SELECT x, count(*) AS n FROM a GROUP BY ROLLUP (x)": [set()],
    "SELECT x, row_number() OVER (ORDER BY x) AS n FROM a": [{"a"}],
    "SELECT DISTINCT x FROM a ORDER BY x LIMIT 3": [{"a"}],
    "SELECT x FROM a UNION ALL SELECT x FROM b": [{"a"}, {"b"}],
    "SELECT x FROM a UNION SELECT x FROM a JOIN b USING (x)": [{"a"}],
    "SELECT x FROM a UNION ALL SELECT count(*) FROM b": [set()],
    "SELECT x FROM a EXCEPT SELECT x FROM b": [{"a"}],
    "SELECT x FROM a INTERSECT SELECT x FROM b": [{"a"}],
    "WITH w AS (SELECT x FROM a UNION ALL SELECT x FROM b) SELECT x FROM w JOIN c USING (x)": [{"a", "c"}, {"b", "c"}],
    "WITH w AS (SELECT count(*) AS x FROM a) SELECT x FROM w": [set()],
    "WITH w AS (SELECT x FROM a), v AS (SELECT w.x FROM w, b) SELECT x FROM v LEFT JOIN c USING (x)": [{"a", "b"}],
    "WITH RECURSIVE w AS (SELECT x FROM a UNION ALL SELECT w.x + 1 FROM w, b WHERE w.x < 4) FROM w": [{"a"}],
    "WITH RECURSIVE w AS (SELECT x FROM a UNION SELECT b.x FROM b LEFT JOIN w USING (x)) FROM w": [{"a"}, {"b"}],
    "SELECT x FROM (SELECT x FROM a WHERE x > 0) AS s, (SELECT x AS y FROM b UNION ALL SELECT x FROM c) AS t": [
        {"a", "b"},
        {"a", "c"},
    ],
}


def subsets() -> Iterator[tuple[str, ...]]:
    """Yield all choices among the tables."""
    return chain.from_iterable(combinations(TABLES, count) for count in range(len(TABLES) + 1))


@pytest.mark.parametrize("sql", FORMS)
def test_that_a_query_of_which_it_is_said_has_no_row(sql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said of a form is true whichever tables are empty."""
    found = barren.needs(sql, "t.sql", 1)
    assert sorted(map(sorted, found)) == sorted(map(sorted, FORMS[sql]))
    monkeypatch.setattr(barren, "kept", lambda _: found)
    with closing(cage.connect()) as con:
        for macro in ground.macros():
            con.execute(macro)
        for empty in subsets():
            for name in TABLES:
                con.execute(f"CREATE OR REPLACE TABLE {name} AS FROM (VALUES (1), (2)) AS v(x)")
            for name in empty:
                con.execute(f"DELETE FROM {name}")
            rows = con.execute(sql).fetchall()
            assert not (barren.idle(sql, empty) and rows), empty


def test_that_of_a_new_query_nothing_is_said() -> None:
    assert barren.kept("SELECT 7 FROM asset") == barren.ALWAYS
    assert not barren.idle("SELECT 7 FROM asset", {"asset"})


def test_that_of_most_steps_something_is_said() -> None:
    steps = [step for law in PACKS.laws for step in law.steps]
    assert sum(barren.kept(step.sql) != barren.ALWAYS for step in steps) > 0.9 * len(steps)


def test_that_a_query_that_would_have_many_sets_is_said_less_of() -> None:
    union = " UNION ALL ".join(f"SELECT x FROM {name}" for name in "abcdefghijklmnopqrst")
    found = barren.needs(f"SELECT 1 FROM ({union}) AS s, ({union}) AS t", "t.sql", 1)
    assert found == tuple(frozenset({name}) for name in "abcdefghijklmnopqrst")


def test_that_laws_say_the_same_of_nothing() -> None:
    day = date(2026, 11, 21)
    with closing(judge.open_world({}, PACKS.laws, day, threads=1)) as con:
        empty, known = judge.bare(con), World.of({}, day)
        assert len(empty) > 30
        for law in PACKS.laws:
            every = judge.run(con, replace(law, own=True), day, known)
            assert judge.run(con, law, day, known, empty=empty) == every


LARGEST = set(largest())


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(key, id="-".join(map(str, key)), marks=() if key in LARGEST and small else pytest.mark.slow)
        for key in groups()
        for small in [chosen(str(key), 3)]
    ],
)
def test_that_laws_say_the_same_as_when_every_step_runs(key: Group) -> None:
    """Over the worlds of each law; those of a case of its own lie beside, in `test_laws`."""
    law, day = LAWS[key[0]], key[1]
    tables = standing(key)
    with court(tables, law, day) as here:
        every = judge.run(here.con, replace(law, own=True), day, here.known)
        assert every
        assert judge.run(here.con, law, day, here.known, empty=judge.bare(here.con)) == every
        assert judge.run(here.con, law, day, here.known) == every
