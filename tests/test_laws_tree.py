"""A text is one SELECT, at most 100 kB, that shows all that it holds; errors name the line."""

from __future__ import annotations

import unicodedata

import pytest

from flagstate.errors import LawError
from flagstate.laws.tree import MAX_BYTES, Place, parse


def refused(sql: str, first: int = 1) -> LawError:
    with pytest.raises(LawError) as told:
        parse(Place(sql, "rules.sql", first))
    return told.value


def test_a_select_becomes_a_tree() -> None:
    for sql in (
        "SELECT 1",
        "SELECT 1;",
        "FROM t -- ;",
        "(SELECT 1) UNION ALL VALUES (2);;\n",
        "\tSELECT 'é', '雪'\r\n",
    ):
        assert parse(Place(sql, "rules.sql", 1))["node"]["type"] in ("SELECT_NODE", "SET_OPERATION_NODE")


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("COPY t TO 'x'", "COPY"),
        ("INSERT INTO t VALUES (1)", "INSERT"),
        ("DELETE FROM t", "DELETE"),
        ("BEGIN", "TRANSACTION"),
        ("PREPARE p AS SELECT 1", "PREPARE"),
        ("EXECUTE p", "EXECUTE"),
        ("VACUUM", "VACUUM"),
        ("PIVOT t ON a USING count(*)", "PIVOT"),
        ("DETACH memory", "DETACH"),
    ],
)
def test_other_statements_are_named(sql: str, kind: str) -> None:
    assert refused(sql).what == f"A rule may not be of the kind {kind}"


def test_lines_are_counted_in_bytes_of_what_the_parser_saw() -> None:
    place = Place("é\n雪\nx", "rules.sql", 5)
    for offset, line in ((0, 5), (2, 5), (3, 6), (6, 6), (7, 7), (2**64 - 1, 5), (None, 5), (-1, 5)):
        with pytest.raises(LawError) as told:
            place.refuse(offset, "What", "Todo")
        assert told.value.where == f"rules.sql:{line}", offset


def test_a_text_may_be_of_its_greatest_length_and_no_longer() -> None:
    body = "SELECT '" + "é" * ((MAX_BYTES - 10) // 2) + "'"
    assert parse(Place(body + " " * (MAX_BYTES - len(body.encode())), "rules.sql", 1))
    assert "longer" in refused(body + " " * (MAX_BYTES - len(body.encode()) + 1)).what


def test_characters_that_do_not_show_are_refused_where_they_stand() -> None:
    hidden = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert {"\u202e", "\u200b", "\ufeff", "\u00ad", "\x00", "\ud800", "\U000e0041"} <= set(hidden)
    for char in (set(hidden[::7]) | {"\u202e", "\u200b", "\ufeff", "\x00"}) - set("\n\r\t"):
        error = refused(f"SELECT 1,\n'{char}'", 3)
        assert (error.where, f"U+{ord(char):04X}" in error.what) == ("rules.sql:4", True), ascii(char)


def test_what_the_parser_says_is_short_and_can_do_nothing_on_a_terminal() -> None:
    error = refused("SELECT FROM WHERE " + "x" * 500)
    assert error.why.isprintable()
    assert len(error.why) <= 60
