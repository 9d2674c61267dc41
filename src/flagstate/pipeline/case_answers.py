"""Compares what was derived from a worked case with the answers that it must get, and says each difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from flagstate.catalog.strict import Node
from flagstate.model.codes import REACH_LEVELS
from flagstate.pipeline.case_rows import plain
from flagstate.pipeline.cases import Case, ident

Row = Mapping[str, Any]
Tables = Mapping[str, pa.Table]


def differences(case: Case, tables: Tables) -> list[str]:
    """Return what is not as the case says, one sentence each; empty: all is as it says.

    Args:
        case: The case.
        tables: What was derived from its facts, by noun.
    """
    return [
        f"{case.theme}.yaml:{node.line} {case.id}: {said}"
        for section, node in case.expect.pairs.items()
        for said in _CHECKS[section](node, tables)
    ]


def cut_of(name: str) -> str:
    """Return what is cut, without its kind, as the case names it: a government or an id."""
    return name if len(name) == 2 and name.isupper() else ident(name)


def _answers(row: Row, wanted: Row) -> bool:
    return row["answer"] in ("both", wanted.get("answer", "evidenced"))


def _reach_rows(wanted: Row, tables: Tables, data: str) -> list[Row]:
    """Return the rows of a government, subject and container in the answer that is meant, the most direct first."""
    rows = [
        row
        for row in tables["reach"].to_pylist()
        if row["government"] == wanted["gov"]
        and row["subject_id"] == ident(wanted["of"])
        and (data == "any" or row["data"] == data)
        and _answers(row, wanted)
        and ("container" not in wanted or row["container"] == wanted["container"])
    ]
    return sorted(rows, key=lambda row: (REACH_LEVELS.index(row["level"]), bool(row["contested"]), row["rank"] or 0))


def _ids(names: Sequence[str]) -> set[str]:
    return {ident(name) for name in names}


def _reach(node: Node, tables: Tables) -> Iterator[str]:
    for item in node.items:
        wanted = plain(item)
        level = wanted.get("level", wanted.get("way"))
        data = wanted.get("data", "metadata" if level == "ciphertext_only" else "clear")
        rows = _reach_rows(wanted, tables, data)
        shown = [_reach_words(row) for row in rows]
        if "level" in wanted and rows and rows[0]["level"] != wanted["level"]:
            yield f"{wanted}: the most direct is {rows[0]['level']}; found {shown}"
            continue
        if not any(_reach_fits(row, wanted, level) for row in rows):
            yield f"{wanted}: not found among {shown or 'nothing'}"


def _reach_fits(row: Row, wanted: Row, level: str | None) -> bool:
    return (
        (level is None or row["level"] == level)
        and all(bool(row[name]) == wanted[name] for name in ("contested", "disputed") if name in wanted)
        and ("entities" not in wanted or set(row["entities"] or ()) == _ids(wanted["entities"]))
        and ("keys" not in wanted or set(row["key_ids"] or ()) == _ids(wanted["keys"]))
        and ("classes" not in wanted or sorted(row["data_classes"] or ()) == sorted(wanted["classes"]))
        and wanted.get("law", "") in (row["law"] or "")
        and ("not_law" not in wanted or wanted["not_law"] not in (row["law"] or ""))
        and ("conflict" not in wanted or any(wanted["conflict"] in text for text in row["conflicts"] or ()))
    )


def _reach_words(row: Row) -> str:
    marks = [name for name in ("contested", "disputed") if row[name]]
    return f"{row['level']} {row['data']} {row['answer']} {row['entities']} {row['key_ids']} {marks} {row['law']}"


def _not_reached(node: Node, tables: Tables) -> Iterator[str]:
    for item in node.items:
        wanted = plain(item)
        rows = _reach_rows(wanted, tables, wanted.get("data", "clear"))
        rows = [row for row in rows if row["level"] not in wanted.get("but", ())]
        rows = [row for row in rows if wanted.get("class") in (None, *(row["data_classes"] or ()))]
        if rows:
            yield f"{wanted}: found {[_reach_words(row) for row in rows]}"


def _control(node: Node, tables: Tables) -> Iterator[str]:
    for item in node.items:
        wanted = plain(item)
        rows = _chains(wanted, tables)
        if not any(
            all(row[name] == wanted[name] for name in ("kind", "contested") if name in wanted)
            and row["verdict"] == wanted.get("verdict", "yes")
            for row in rows
        ):
            yield f"{wanted}: found {[(row['kind'], row['verdict'], row['contested']) for row in rows]}"


def _not_control(node: Node, tables: Tables) -> Iterator[str]:
    for item in node.items:
        wanted = plain(item)
        if rows := _chains(wanted, tables):
            yield f"{wanted}: found {[(row['kind'], row['verdict'], row['contested']) for row in rows]}"


def _chains(wanted: Row, tables: Tables) -> list[Row]:
    pair = (ident(wanted["holder"]), ident(wanted["of"]))
    return [row for row in tables["control_chain"].to_pylist() if (row["holder_id"], row["subject_id"]) == pair]


def _parents(node: Node, tables: Tables) -> Iterator[str]:
    for name, item in node.pairs.items():
        rows = [row for row in tables["ultimate_parent"].to_pylist() if row["entity_id"] == ident(name)]
        found = {row["parent_id"] for row in rows}
        if found != _ids(plain(item)):
            yield f"parents of {name}: {plain(item)} expected, found {sorted(map(str, found))}"


def _covered(node: Node, tables: Tables) -> Iterator[str]:
    rows = {(row["list"], row["entity_id"]): row["verdict"] for row in tables["covered"].to_pylist()}
    for listed, item in node.pairs.items():
        for name, verdict in plain(item).items():
            found = rows.get((listed, ident(name)))
            if found != verdict:
                yield f"covered by {listed}: {name} is {found}, not {verdict}"


def _owned(node: Node, tables: Tables) -> Iterator[str]:
    rows = {(row["holder_id"], row["subject_id"]): row for row in tables["owned_share"].to_pylist()}
    for item in node.items:
        wanted = plain(item)
        row = rows.get((ident(wanted["holder"]), ident(wanted["of"])))
        found = None if row is None else [row["share_lo_pct"], row["share_hi_pct"]]
        if found is None or any(abs(a - b) > 1e-6 for a, b in zip(found, wanted["share"], strict=True)):
            yield f"{wanted}: found {found}"


def _cutoff(node: Node, tables: Tables) -> Iterator[str]:
    for item in node.items:
        wanted = plain(item)
        cut = cut_of(wanted["cut"])
        rows = {
            row["asset_id"]: row for row in tables["cutoff"].to_pylist() if str(row["cut"]).partition(":")[2] == cut
        }
        for name, hours in wanted.get("stops", {}).items():
            row = rows.get(ident(name))
            if row is None or abs(row["at_h"] - hours) > 1e-9:
                yield f"cut {wanted['cut']}: {name} stops after {row and row['at_h']}, not {hours} hours"
                continue
            for column in ("contested", "verdict"):
                if column in wanted and row[column] != wanted[column]:
                    yield f"cut {wanted['cut']}: {name} is {column} {row[column]}"
        for name in wanted.get("survives", ()):
            if ident(name) in rows:
                yield f"cut {wanted['cut']}: {name} stops: {rows[ident(name)]['proof']}"


def _plan(node: Node, tables: Tables) -> Iterator[str]:
    wanted = plain(node)
    best = [row for row in tables["plan"].to_pylist() if row["rank"] == 1]
    found = {
        "state": best[0]["state"] if best else None,
        "total": best[0]["total"] if best else None,
        "measures": sorted(row["measure"] for row in best if row["measure"]),
    }
    for name, value in wanted.items():
        if found[name] != (sorted(value) if name == "measures" else value):
            yield f"plan: {name} is {found[name]}, not {value}: {[row['words'] or row['proof'] for row in best]}"


def _contradictions(node: Node, tables: Tables) -> Iterator[str]:
    found = {part for row in tables["contradiction"].to_pylist() for part in str(row["about_id"]).split(">")}
    for name in plain(node):
        if ident(name) not in found:
            yield f"no contradiction about {name}: found {sorted(found)}"


def _finding_rows(wanted: Row, tables: Tables) -> list[Row]:
    exact = {name: ident(wanted[name]) for name in ("subject",) if name in wanted and wanted[name] != "all"}
    exact |= {name: wanted[name] for name in ("question", "verdict", "confidence") if name in wanted}
    if wanted.get("subject") == "all":
        exact["subject"] = "all"
    rows = [row for row in tables["finding"].to_pylist() if all(row[name] == value for name, value in exact.items())]
    party = wanted.get("counterparty")
    if party is not None:
        kind, colon, rest = party.rpartition(":")
        meant = (party, f"{kind}{colon}{ident(rest)}")
        rows = [row for row in rows if row["counterparty"] in meant]
    return [row for row in rows if any(wanted.get("missing", "") in text for text in (*(row["missing"] or ()), ""))]


def _findings(node: Node, tables: Tables) -> Iterator[str]:
    for item in node.items:
        wanted = plain(item)
        if not _finding_rows(wanted, tables):
            listed = Counter(
                (row["rule_id"], row["subject"], row["counterparty"], row["verdict"], row["confidence"])
                for row in tables["finding"].to_pylist()
                if row["question"] == wanted["question"]
            )
            yield f"{wanted}: found {sorted(map(str, listed))}"


def _no_finding(node: Node, tables: Tables) -> Iterator[str]:
    for item in node.items:
        wanted = plain(item)
        if rows := _finding_rows(wanted, tables):
            yield f"{wanted}: found {[row['message'] for row in rows]}"


def _claims(node: Node, tables: Tables) -> Iterator[str]:
    for item in node.items:
        wanted = plain(item)
        rows = [row for row in tables["claim_verdict"].to_pylist() if row["claim_id"] == ident(wanted["claim"])]
        rows = [row for row in rows if wanted.get("verb") in (None, row["verb"])]
        if not any(_claim_fits(row, wanted) for row in rows):
            shown = [{k: row[k] for k in ("verb", "claim_verdict", "message", "confidence", "missing", "remainder")}
                     for row in rows]  # fmt: skip
            yield f"{wanted}: found {shown}"


def _claim_fits(row: Row, wanted: Row) -> bool:
    return (
        row["claim_verdict"] == wanted["verdict"]
        and all(row[name] == wanted[name] for name in ("confidence", "rows_for", "rows_against") if name in wanted)
        and wanted.get("says", "") in row["message"]
        and ("not_says" not in wanted or wanted["not_says"] not in row["message"])
        and all(
            any(wanted[name] in text for text in row[name] or ()) for name in ("missing", "remainder") if name in wanted
        )
    )


def _provenance(node: Node, tables: Tables) -> Iterator[str]:
    rows = {row["claim_id"]: row for row in tables["provenance"].to_pylist()}
    for item in node.items:
        wanted = plain(item)
        row = rows.get(ident(wanted["claim"]), {})
        for name in ("assertions", "independent", "circular"):
            if name in wanted and row.get(name) != wanted[name]:
                yield f"{wanted['claim']}: {name} is {row.get(name)}, not {wanted[name]}"
        for name in ("primaries", "absent", "denied_by"):
            found = set(row.get(name) or ())
            if name in wanted and found not in (set(wanted[name]), _ids(wanted[name])):
                yield f"{wanted['claim']}: {name} is {sorted(found)}, not {wanted[name]}"


def _mutations(node: Node, tables: Tables) -> Iterator[str]:
    for item in node.items:
        wanted = plain(item)
        rows = [row for row in tables["mutation"].to_pylist() if row["claim_id"] == ident(wanted["claim"])]
        if not any(
            row["mutation_kind"] == wanted["kind"]
            and ("parent" not in wanted or row["parent_id"] == ident(wanted["parent"]))
            and wanted.get("says", "") in row["message"]
            for row in rows
        ):
            yield f"{wanted}: found {[(row['mutation_kind'], row['parent_id'], row['message']) for row in rows]}"


def _says(node: Node, tables: Tables) -> Iterator[str]:
    texts = [
        str(row[column])
        for noun in _SPEAKING
        for column in ("proof", "words", "message")
        if column in tables[noun].column_names
        for row in tables[noun].to_pylist()
        if row[column]
    ]
    for words in plain(node):
        if not any(words in text for text in texts):
            yield f"nobody says: {words}"


_SPEAKING = ("compelled", "control_chain", "ultimate_parent", "covered", "reach", "cutoff", "plan", "finding")

_CHECKS: Mapping[str, Callable[[Node, Tables], Iterator[str]]] = {
    "reach": _reach,
    "not_reached": _not_reached,
    "control": _control,
    "not_control": _not_control,
    "parents": _parents,
    "covered": _covered,
    "owned": _owned,
    "cutoff": _cutoff,
    "plan": _plan,
    "contradictions": _contradictions,
    "findings": _findings,
    "no_finding": _no_finding,
    "claims": _claims,
    "provenance": _provenance,
    "mutations": _mutations,
    "says": _says,
}
