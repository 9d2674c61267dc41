"""class_absent: is a class of data in it that the claim says is not?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from flagstate.assess.claim_tests.query import ask, kept
from flagstate.assess.claim_tests.scene import Scene
from flagstate.assess.claim_tests.told import Ask, Said, Verdict, listed, times
from flagstate.catalog.data_class import by_id
from flagstate.catalog.wider import covers
from flagstate.model.stance import weakest_stance

Row = Mapping[str, Any]

SILENT: tuple[Said, ...] = (
    ("that they are not elsewhere", "qu'elles ne sont pas ailleurs"),
    ("what masked or encrypted values hold", "ce que contiennent des valeurs masquées ou chiffrées"),
)
"""What such a claim does not say."""

HELD = """
-- Classes of data that stand in the asset of a claim, and whether the claim says that they do not.
SELECT a.claim_id, h.container, h.data_class, list_contains(a.said, h.data_class) AS excluded,
  a.about IS NULL OR h.about = a.about AS theirs, h.about, h.stance, coalesce(h.confidence, 'medium') AS confidence,
  h.records, h.fact_id
FROM asked AS a JOIN holding AS h ON h.asset_id = a.asset_id
WHERE (a.container IS NULL OR h.container = a.container) AND coalesce(h.records, 1) > 0
  AND (a.about IS NULL OR h.about IS NULL OR h.about = a.about)
ORDER BY a.claim_id, h.container, h.data_class, h.fact_id
"""

_STORES: Said = (
    "Its stores themselves, or extracts of every table (CSV, Parquet, SQLite), with a word on whether they are all",
    "Ses entrepôts mêmes, ou des extraits de chaque table (CSV, Parquet, SQLite), avec mention de leur complétude",
)
_WHOLE: Said = ("Whether these are all stores of it", "Si ce sont là tous ses entrepôts")
_LOOK: Said = (
    "What these columns hold: look at them, or say it in estate.yaml (`holdings:`)",
    "Ce que contiennent ces colonnes : regardez-les, ou dites-le dans estate.yaml (`holdings:`)",
)
_FORM = pa.schema(
    [
        ("claim_id", pa.string()),
        ("asset_id", pa.string()),
        ("container", pa.string()),
        ("about", pa.string()),
        ("said", pa.list_(pa.string())),
    ]
)
_GRADES = ("high", "medium", "low")


def judge(asks: Sequence[Ask], scene: Scene) -> Iterator[tuple[Ask, Verdict]]:
    """Yield what the evidence says of each claim that classes are absent."""
    mine = {one.claim_id: list(_asked(one, scene)) for one in asks}
    asked = pa.Table.from_pylist([row for made in mine.values() for row in made], schema=_FORM)
    found = ask(scene.con, HELD, asked)
    for one in asks:
        query = kept(HELD, asked, mine[one.claim_id])
        yield one, _verdict(one, scene, found.get(one.claim_id, []), query)


def _classes(one: Ask) -> list[str]:
    return list(dict.fromkeys(map(str, one.said))) if isinstance(one.said, list) else []


def _asked(one: Ask, scene: Scene) -> Iterator[dict[str, Any]]:
    # A word that is no class of its own, such as a group, stands for its classes.
    said = sorted({part for name in _classes(one) for part in ({name} if name in by_id() else covers(name))})
    made = {"claim_id": one.claim_id, "container": one.container, "about": one.about, "said": said}
    for asset in scene.subject(str(one.asset_id)).same:
        yield made | {"asset_id": asset}


def _verdict(one: Ask, scene: Scene, rows: list[Any], query: str) -> Verdict:
    subject = scene.subject(str(one.asset_id))
    shown = scene.shown(subject.asset_id) + (f" ({one.container})" if one.container else "")
    said = listed([(name, name) for name in _classes(one)])
    strange = [name for name in _classes(one) if name not in by_id() and covers(name) == {name}]
    against = [row for row in rows if row["excluded"] and row["theirs"]]
    unsure = [row for row in rows if row["excluded"] and not row["theirs"]]
    others = [row for row in rows if not row["excluded"] and row["stance"] != "declared"]
    window = scene.window("holding", subject.same)
    rest: dict[str, Any] = {
        "remainder": tuple(_remainder(unsure, strange, whole=window.whole)),
        "window": window,
        "query": query,
        "values": {
            "claimed": _classes(one),
            "found": {f"{row['container']} {row['data_class']}": row["records"] for row in against[:20]},
            "other_classes": len({row["data_class"] for row in others}),
        },
    }
    # What was recognised with low confidence is a guess: it is told, and convicts nobody.
    guessed = [row for row in against if row["stance"] != "declared" and row["confidence"] == "low"]
    against = [row for row in against if row not in guessed]
    if guessed and not against:
        return _perhaps(guessed, shown, rest)
    if against:
        seen = [row for row in against if row["stance"] != "declared"]
        told = seen or against
        what = listed([_found(row) for row in sorted(told, key=lambda r: (-(r["records"] or 0), r["fact_id"]))])
        how = ("was found in", "a été trouvé dans") if seen else ("is declared in", "est déclaré dans")
        return Verdict(
            "contradicted",
            (f"{what[0]} {how[0]} {shown}", f"{what[1]} {how[1]} {shown}"),
            against=tuple(row["fact_id"] for row in [*seen, *(row for row in against if row not in seen)]),
            rows_for=(),
            rests_on="declared" if not seen else weakest_stance([row["stance"] for row in seen]),
            confidence="low" if not seen else min((row["confidence"] for row in seen), key=_GRADES.index),
            **rest,
        )
    rest["rows_for"] = tuple(row["fact_id"] for row in others)
    if not others:
        none: Said = (f"No data of {shown} was looked at", f"Aucune donnée de {shown} n'a été examinée")
        return Verdict("not_observed", none, missing=(_STORES,), **rest)
    count = len({row["data_class"] for row in others})
    none = (
        f"{said[0]} was not found in {shown}, in which {times(count, 'other class', 'other classes')} of data stood",
        f"{said[1]} : non trouvé dans {shown}, où {count} autres classes de données ont été trouvées",
    )
    rest["rests_on"] = weakest_stance([row["stance"] for row in others])
    if window.whole and not unsure and not strange:
        whole = (f"{none[0]}, and all of it is said to have been given", f"{none[1]}, et tout est dit avoir été fourni")
        return Verdict("supported", whole, confidence="medium", **rest)
    return Verdict("not_observed", none, missing=() if window.whole else (_WHOLE, _STORES), **rest)


def _perhaps(guessed: Sequence[Row], shown: str, rest: Mapping[str, Any]) -> Verdict:
    what = listed([_found(row) for row in sorted(guessed, key=lambda r: (-(r["records"] or 0), r["fact_id"]))])
    return Verdict(
        "not_observed",
        (
            f"Perhaps {what[0]}, recognised with low confidence only, in {shown}",
            f"Peut-être {what[1]}, reconnu avec une faible confiance seulement, dans {shown}",
        ),
        missing=(_LOOK,),
        rows_for=tuple(row["fact_id"] for row in guessed),
        rests_on=weakest_stance([row["stance"] for row in guessed]),
        **rest,
    )


def _found(row: Row) -> Said:
    where = (f" in {row['container']}", f" dans {row['container']}") if row["container"] else ("", "")
    if row["records"] is None:
        return f"{row['data_class']}{where[0]}", f"{row['data_class']}{where[1]}"
    return (
        f"{row['data_class']}{where[0]} ({times(row['records'], 'record')})",
        f"{row['data_class']}{where[1]} ({row['records']} enregistrements)",
    )


def _remainder(unsure: Sequence[Row], strange: Sequence[str], *, whole: bool) -> Iterator[Said]:
    if unsure:
        yield (
            "of whom some of the data found there is, is not known",
            "de qui sont certaines des données trouvées n'est pas connu",
        )
    for name in strange[:8]:
        yield f"{name} is no class that is looked for", f"{name} n'est pas une classe recherchée"
    if not whole:
        yield "stores and columns that were not given", "les entrepôts et colonnes qui n'ont pas été fournis"
    yield "values that were masked or encrypted", "les valeurs masquées ou chiffrées"
