"""A rule may read documented tables with deterministic functions, and nothing else: every other thing is refused."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstate.errors import FlagstateError, LawError
from flagstate.laws import pack
from flagstate.laws.check import CLOCK_WORDS, allowed, check
from flagstate.laws.ground import macros

PACKS = Path(__file__).parent / "data" / "laws" / "malicious"
TABLES = frozenset({"asset", "holding", "party"})
MACROS = frozenset({"verdict", "united", "above"})
SECONDS_TO_LOAD = 5.0


def read(sql: str, line: int = 1) -> frozenset[str]:
    return check(sql, tables=TABLES, macros=MACROS, params={"as_of"}, where="rules.sql", line=line)


def refused(sql: str) -> LawError:
    with pytest.raises(LawError) as told:
        read(sql)
    return told.value


def marked(folder: Path, word: str) -> list[str]:
    """Return file and line of each line of a pack that says a word in a comment."""
    files = (folder / "law.yaml", folder / "rules.sql")
    listed = [(one, number, line) for one in files for number, line in enumerate(one.read_text().split("\n"), 1)]
    return [f"{folder.name}/{one.name}:{number}" for one, number, line in listed if word in line]


@pytest.mark.parametrize("folder", sorted(PACKS.iterdir()), ids=lambda folder: folder.name)
def test_malicious_packs_are_refused_with_file_and_line(folder: Path) -> None:
    # A newcomer adds a folder and writes `refused` in a comment on the line that is to be named, or `stopped` where
    # only running it shows what it is (test_laws_sitting.py).
    lines, stopped = marked(folder, "refused"), marked(folder, "stopped")
    assert bool(lines) != bool(stopped), "one of the two words must stand in it"
    if stopped:
        assert pack.load(folder).id == folder.name
        return
    with pytest.raises(FlagstateError) as told:
        pack.load(folder)
    assert told.value.where.split(" ")[0] in lines
    assert told.value.what
    assert told.value.todo


def test_there_are_enough_malicious_packs() -> None:
    assert sum(bool(marked(folder, "refused")) for folder in PACKS.iterdir()) >= 20


def test_a_refused_pack_costs_only_itself() -> None:
    told = pack.packs([PACKS])
    assert {one.name for one in told.refused} >= {"reads_a_file", "alias_bomb", "billion_laughs"}
    assert {"loops", "fills_memory"} <= {law.id for law in told.laws}


GOOD = {
    "SELECT asset_id FROM asset": {"asset"},
    "FROM asset": {"asset"},
    "SELECT * FROM Asset;": {"asset"},
    "WITH x AS (FROM asset) FROM x JOIN x AS y USING (asset_id)": {"asset"},
    "WITH RECURSIVE r(i) AS (SELECT 1 UNION SELECT i + 1 FROM r WHERE i < 3) FROM r": set(),
    "WITH RECURSIVE r(a, b) USING KEY (a) AS (SELECT 1, 2 UNION SELECT a, b FROM recurring.r) FROM r": set(),
    "WITH a AS (WITH b AS (FROM asset) FROM b), b AS (FROM holding) SELECT * FROM a, b": {"asset", "holding"},
    "SELECT * EXCLUDE (name) FROM asset ORDER BY asset_id NULLS LAST LIMIT 3": {"asset"},
    "SELECT x FROM asset WHERE x = $as_of AND d + INTERVAL 3 MONTH > '2026-01-01'::DATE": {"asset"},
    "SELECT list(x ORDER BY y DESC), sum(z) FILTER (WHERE q), count(*), date_trunc('month', d) FROM asset": {"asset"},
    "SELECT list_sort(list_distinct(list(x))), united(list(x)) FROM asset GROUP BY ALL": {"asset"},
    "SELECT row_number() OVER (PARTITION BY a ORDER BY b) FROM asset QUALIFY true": {"asset"},
    "SELECT [y.z FOR y IN l IF y.z > 1], list_transform(l, lambda q: q + 1), m['k'], s.t.u, l[1:2] FROM asset": {
        "asset"
    },
    "SELECT u FROM asset, unnest(names) AS t(u), LATERAL (SELECT u || 'x'), range(3)": {"asset"},
    "SELECT CASE WHEN a IN (FROM holding) THEN {'k': 1} END, 'a' LIKE 'b' ESCAPE '!', x IS NOT DISTINCT FROM y "
    "FROM asset": {"asset", "holding"},
    "SELECT EXISTS (FROM party), verdict(above(1, 2, $as_of)), 'x' IN names FROM asset SEMI JOIN holding USING (a)": {
        "asset",
        "holding",
        "party",
    },
    "SELECT 1 UNION ALL (VALUES (2)) EXCEPT SELECT x::DECIMAL(3, 2) FROM asset": {"asset"},
    "SELECT x::STRUCT(a INTEGER, b VARCHAR[]), TRY_CAST(y AS MAP(VARCHAR, DOUBLE)) FROM asset": {"asset"},
}


@pytest.mark.parametrize("sql", GOOD)
def test_what_rules_need_is_allowed_and_says_what_it_reads(sql: str) -> None:
    assert read(sql) == GOOD[sql]


@pytest.mark.parametrize(
    ("sql", "line", "word"),
    [
        ("SELECT 1,\n\n  now()", 12, "now"),
        ("SELECT 'é€\n', 'é',\nrandom()", 12, "random"),
        ("SELECT 1\nFROM asset, nowhere", 11, "nowhere"),
        ("SELECT 1;\n\nSELECT 2", 12, "2 statements"),
        ("SELECT 1\nFROM FROM", 11, "parsed"),
        ("SELECT\n\n$other", 12, "$other"),
        ("SELECT 1\n\x07", 11, "U+0007"),
        ("", 10, "no query"),
    ],
)
def test_the_line_of_the_offending_word_is_named(sql: str, line: int, word: str) -> None:
    with pytest.raises(LawError) as told:
        read(sql, 10)
    assert told.value.where == f"rules.sql:{line}"
    assert word in told.value.what


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT first(name) FROM asset",
        "SELECT verdict(first(name)) FROM asset",
        "SELECT list_sort((SELECT list(name) FROM asset))",
        "SELECT row_number() OVER () FROM asset",
        "SELECT list(name) OVER (PARTITION BY kind) FROM asset",
        "SELECT DISTINCT ON (kind) kind, name FROM asset",
        "SELECT name FROM asset LIMIT 1",
        "SELECT name FROM asset OFFSET 1",
    ],
)
def test_what_hangs_on_the_order_of_rows_needs_one(sql: str) -> None:
    assert "order" in refused(sql).what or "other rows each time" in refused(sql).what


def functions() -> dict[str, set[tuple[str, str | None]]]:
    found: dict[str, set[tuple[str, str | None]]] = {}
    rows = duckdb.execute("SELECT function_name, function_type, stability FROM duckdb_functions()").fetchall()
    for name, kind, stability in rows:
        found.setdefault(name, set()).add((kind, stability))
    return found


def test_every_allowed_function_exists_and_is_consistent() -> None:
    have, may = functions(), allowed()
    shared = {"joined", "united"}
    for name in may.scalars | may.ordered | may.windows | (may.sorting - shared):
        kinds = have[name]
        # `unnest` is part of the language: the database lists it as a table function only.
        assert name == "unnest" or {s for k, s in kinds if k not in ("table", "macro")} == {"CONSISTENT"}, name
    for name in may.macros:
        assert have[name] == {("macro", None)}, name
    for name in may.tables:
        assert any(kind == "table" for kind, _ in have[name]), name


def test_the_macros_of_the_database_say_only_what_a_rule_may_say() -> None:
    # Their aggregate by name is fixed, and is one that a rule may call, or the text of a list in its own order.
    may = allowed()
    rows = duckdb.execute(
        "SELECT function_name, macro_definition FROM duckdb_functions() WHERE function_type = 'macro'"
    ).fetchall()
    found = {name: text for name, text in rows if name in may.macros}
    assert found.keys() == may.macros
    for name, text in found.items():
        said = text
        for known in (*may.scalars, "string_agg"):
            said = said.replace(f", '{known}'", ", 'known'")
        said = said.replace("list_aggr(", "concat(") if ", 'known'" in said else said
        params = duckdb.execute(
            "SELECT parameters FROM duckdb_functions() WHERE function_name = ? AND function_type = 'macro'", [name]
        ).fetchall()
        columns = ", ".join(f'NULL AS "{one}"' for one in params[0][0])
        assert read(f"SELECT {said} FROM (SELECT {columns})") == frozenset(), name


def test_the_shared_macros_that_sort_do_so() -> None:
    texts = {text.split("(")[0].removeprefix("CREATE MACRO "): text.partition(" AS ")[2] for text in macros()}
    for name in ("joined", "united"):
        assert name in allowed().sorting
        assert texts[name].startswith("list_sort("), name


def test_every_other_function_is_refused() -> None:
    may = allowed()
    free = may.scalars | may.ordered | may.windows | may.macros | {"unnest"}
    names = {name for name in functions() if name.isidentifier()} - free
    assert len(names) > 500
    for name in names | {name.upper() for name in sorted(names)[:20]}:
        assert "may not call" in refused(f'SELECT "{name}"()').what, name
        assert "may not call" in refused(f'SELECT "{name}"(name, 1) OVER (ORDER BY name) FROM asset').what, name


def test_every_other_table_function_is_refused() -> None:
    names = {name for name, kinds in functions().items() if any("table" in kind for kind, _ in kinds)}
    names -= allowed().tables
    assert {"read_text", "query", "duckdb_settings", "glob"} <= names
    for name in names:
        assert "may not read from" in refused(f"SELECT * FROM {name}('x')").what, name


def test_no_other_word_than_the_listed_ones_means_the_clock_or_the_session() -> None:
    con = duckdb.connect()
    words = set()
    for name in functions().keys() | CLOCK_WORDS:
        if name.isidentifier():
            try:
                con.execute(f'SELECT "{name}"')
                words.add(name)
            except duckdb.Error:
                pass
    assert words <= CLOCK_WORDS
    assert words
    for word in words:
        assert word in refused(f"SELECT {word}").what
        assert word in refused(f'SELECT "{word.title()}" FROM asset').what


def test_every_other_type_is_refused() -> None:
    rows = duckdb.execute("SELECT DISTINCT type_name FROM duckdb_types()").fetchall()
    names = {name for (name,) in rows}
    odd = {name for name in names if name.lower() not in allowed().types}
    assert {"uuid", "json"} <= {name.lower() for name in odd}
    for name in allowed().types - {"list", "map", "struct"}:
        duckdb.execute(f"SELECT CAST(NULL AS {name})")
    for name in odd - {"enum"}:
        with pytest.raises(LawError):
            read(f'SELECT name::"{name}" FROM asset')


def test_bombs_of_names_are_counted_through_inner_names() -> None:
    few = "WITH a AS (FROM asset), b AS (FROM a, a AS x), c AS (FROM b, b AS y) FROM c"
    assert read(few) == {"asset"}
    inner = "FROM asset"
    for number in range(12):
        inner = f"FROM (WITH n{number} AS ({inner}) FROM n{number}, n{number} AS m{number})"
    assert "too many" in refused(inner).what


def test_it_is_fast_enough_for_every_rule() -> None:
    sql = "SELECT " + ", ".join(f"sum(a{i}) FILTER (WHERE b > {i})" for i in range(300)) + " FROM asset"
    since = time.process_time()
    for _ in range(5):
        read(sql)
    assert time.process_time() - since < SECONDS_TO_LOAD


TEXT = (
    "SELECT FROM WHERE WITH AS ( ) [ ] { } , ; . :: ' \" $as_of * asset holding x name 1 'a' -- /* */ \n UNION ALL "
    "ORDER BY LIMIT GROUP OVER count sum list now current_date lambda : -> RECURSIVE CASE WHEN THEN END CAST "
    "INTEGER INSERT INTO VALUES COPY TO JOIN ON USING PIVOT SHOW \x00 é \\ ? #1 $$ IS NULL NOT IN EXISTS"
)
WORDS = st.sampled_from(TEXT.split(" "))


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=25).map(" ".join)))
def test_any_text_is_read_or_refused(sql: str) -> None:
    told, names = None, frozenset[str]()
    try:
        names = read(sql)
    except LawError as error:
        told = error
    if told:
        assert told.where.startswith("rules.sql:")
        assert told.what
    else:
        assert names <= TABLES
        assert duckdb.extract_statements(sql)[0].type == duckdb.StatementType.SELECT


PLACES = """SELECT sum(x ORDER BY {}) FROM asset
SELECT sum(x) FILTER (WHERE {} IS NULL) FROM asset
SELECT sum(x) OVER (PARTITION BY {}) FROM asset
SELECT sum(x) OVER (ORDER BY x ROWS BETWEEN {} PRECEDING AND CURRENT ROW) FROM asset
SELECT lag(x, {}) OVER (ORDER BY x) FROM asset
SELECT * FROM range({})
SELECT * FROM unnest([{}]) AS t(u)
SELECT 1 FROM asset, LATERAL (SELECT {})
VALUES ({})
SELECT * FROM (VALUES ({})) AS v
SELECT DISTINCT ON ({}) x FROM asset ORDER BY x
SELECT x FROM asset ORDER BY {}
SELECT x FROM asset GROUP BY {}
SELECT x FROM asset GROUP BY GROUPING SETS ((x), ({}))
SELECT x FROM asset GROUP BY x HAVING {} IS NULL
SELECT x FROM asset QUALIFY {} IS NULL
SELECT x FROM asset ORDER BY x LIMIT {}
SELECT x FROM asset ORDER BY x LIMIT 1 OFFSET {}
SELECT 1 FROM asset AS a JOIN asset AS b ON {} IS NULL
WITH c AS (SELECT {}) SELECT 1
WITH RECURSIVE r AS (SELECT 1 AS a UNION SELECT a + {} FROM r) FROM r
WITH RECURSIVE r USING KEY (a) AS (SELECT 1 AS a, {} AS b UNION SELECT a, b FROM recurring.r) FROM r
SELECT list_transform(l, lambda q: {}) FROM asset
SELECT [{} FOR q IN l IF true] FROM asset
SELECT [q FOR q IN l IF {} IS NULL] FROM asset
SELECT CASE {} WHEN 1 THEN 2 END
SELECT CASE WHEN true THEN 1 ELSE {} END
SELECT x IN (1, {}) FROM asset
SELECT x IN (SELECT {}) FROM asset
SELECT EXISTS (SELECT {})
SELECT {{'a': {}}}
SELECT MAP {{'a': {}}}
SELECT x BETWEEN 1 AND {} FROM asset
SELECT l[1:{}] FROM asset
SELECT * REPLACE ({} AS x) FROM asset
SELECT INTERVAL ({}) DAY
SELECT COALESCE(x, {}) FROM asset
SELECT EXTRACT(year FROM {})
SELECT CAST({} AS VARCHAR)
SELECT {} IS DISTINCT FROM 1
SELECT {} AT TIME ZONE 'UTC'
SELECT verdict({})
SELECT 1 UNION ALL SELECT {}
(SELECT 1) EXCEPT (SELECT {})
FROM (FROM (SELECT {}))""".splitlines()


@pytest.mark.parametrize("place", PLACES)
def test_the_clock_and_the_die_are_found_wherever_they_stand(place: str) -> None:
    for call in ("now()", "random()", "current_date", "getvariable('x')", "(SELECT 1 FROM finding)"):
        error = refused(place.format(call))
        assert "parsed" not in error.what, "the database knows the form"
    if not any(word in place for word in ("LIMIT", "OFFSET", "REPLACE")):
        read(place.format("$as_of"))
