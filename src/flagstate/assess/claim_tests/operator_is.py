"""operator_is: does the party that the claim names run it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from flagstate.assess.claim_tests import parties
from flagstate.assess.claim_tests.query import ask, kept
from flagstate.assess.claim_tests.scene import Scene
from flagstate.assess.claim_tests.told import Ask, Said, Verdict, joined, listed
from flagstate.model.stance import weakest_stance

Row = Mapping[str, Any]

SILENT: tuple[Said, ...] = (
    ("that its owner, or a government above it, cannot compel it", "que son propriétaire, ou un État au-dessus, ne "
     "peut le contraindre"),
    ("that nobody else can get at it", "que personne d'autre n'y a accès"),
)  # fmt: skip
"""What such a claim does not say."""

OPERATORS = f"""
-- Who runs the asset of a claim, or has custody of it otherwise, and whether it is of the group of the party named.
WITH {parties.GROUP.strip()}
SELECT a.claim_id, c.entity_id, c.kind, c.through, c.layer_id, c.layer_id = c.asset_id AS here, c.stance, c.facts,
  bool_or(t.entity_id IS NOT NULL) AS kin, bool_or(o.entity_id IS NOT NULL) AS apart
FROM asked AS a JOIN custody AS c ON c.asset_id = a.asset_id
LEFT JOIN tied AS t ON t.entity_id = c.entity_id AND t.other_id = a.said
LEFT JOIN apart AS o ON o.entity_id = c.entity_id AND o.other_id = a.said
GROUP BY ALL ORDER BY a.claim_id, c.entity_id, c.kind, c.layer_id
"""

RUNS = frozenset({"operates", "manages"})
"""Kinds of interest of who runs a thing; others have custody of it."""

_WHO: Said = (
    "Who runs it, as seen: an infrastructure description, a contract on record, or who administers it in the logs",
    "Qui l'exploite, tel qu'observé : une description de l'infrastructure, un contrat consigné, ou qui l'administre "
    "d'après les journaux",
)
_FORM = pa.schema([("claim_id", pa.string()), ("asset_id", pa.string()), ("said", pa.string())])


def judge(asks: Sequence[Ask], scene: Scene) -> Iterator[tuple[Ask, Verdict]]:
    """Yield what the evidence says of each claim of an operator."""
    mine = {one.claim_id: list(_asked(one, scene)) for one in asks}
    asked = pa.Table.from_pylist([row for made in mine.values() for row in made], schema=_FORM)
    found = ask(scene.con, OPERATORS, asked)
    for one in asks:
        query = kept(OPERATORS, asked, mine[one.claim_id])
        yield one, _verdict(one, scene, found.get(one.claim_id, []), query)


def _asked(one: Ask, scene: Scene) -> Iterator[dict[str, Any]]:
    for asset in scene.subject(str(one.asset_id)).same:
        yield {"claim_id": one.claim_id, "asset_id": asset, "said": str(one.said)}


def _verdict(one: Ask, scene: Scene, rows: list[Any], query: str) -> Verdict:
    subject, said = scene.subject(str(one.asset_id)), str(one.said)
    shown, name = scene.shown(subject.asset_id), scene.party(said)
    rows = parties.weighed(rows, witnessed=scene.shown_by_more(subject.same))
    running = parties.sort([row for row in rows if row["kind"] in RUNS and row["here"]], said)
    below = parties.sort([row for row in rows if row["kind"] not in RUNS or not row["here"]], said)
    clauses = list(parties.group_words(running.kin, scene, said, ("runs it", "l'exploite")))
    if far := [*below.others, *below.open]:
        others = listed(parties.names(far, scene))
        clauses.append((f"; {others[0]} can get at it in another way", f" ; {others[1]} y a accès autrement"))
    also = joined(clauses)
    strange = [*running.others, *running.open]
    rest: dict[str, Any] = {
        "remainder": tuple(_remainder(rows, scene)),
        "query": query,
        "values": {
            "claimed": said,
            "runs": sorted({row["entity_id"] for row in (*running.named, *running.kin, *strange)}),
            "below": sorted({row["entity_id"] for row in far}),
        },
    }
    seen = parties.seen(running.named)
    if seen:
        # That another one runs it too is told beside: the claim does not say that nobody else does.
        beside = _beside(strange, scene)
        return Verdict(
            "supported",
            (
                f"{name} was seen to run {shown}{beside[0]}{also[0]}",
                f"{name} exploite {shown}, d'après ce qui a été observé{beside[1]}{also[1]}",
            ),
            rows_for=parties.facts(seen),
            counts=(0, len(seen)),
            rests_on=weakest_stance([row["stance"] for row in seen]),
            confidence="high",
            **rest,
        )
    if strange:
        return _another(strange, running, scene, (shown, name), also, rest)
    why = (f"Nothing that was seen shows who runs {shown}", f"Rien d'observé ne montre qui exploite {shown}")
    if running.named:
        why = (f"That {name} runs {shown} is only declared", f"Que {name} exploite {shown} est seulement déclaré")
    return Verdict("not_observed", (why[0] + also[0], why[1] + also[1]), missing=(_WHO,), **rest)


def _beside(strange: list[Row], scene: Scene) -> Said:
    seen = parties.seen(strange)
    said = [row for row in strange if row not in seen]
    parts = []
    if seen:
        who = listed(parties.names(seen, scene))
        parts.append((f"; {who[0]} was seen to run it too", f" ; {who[1]} l'exploite aussi"))
    if said:
        who = listed(parties.names(said, scene))
        parts.append((f"; {who[0]} is declared to run it", f" ; {who[1]} est déclaré l'exploiter"))
    return joined(parts)


def _another(
    strange: list[Row], running: parties.Parties, scene: Scene, words: Said, also: Said, rest: dict[str, Any]
) -> Verdict:
    """Return what it is that another party runs it: it contradicts where it is known to be of another group."""
    shown, name = words
    seen = parties.seen(strange)
    told = seen or strange
    who, how = listed(parties.names(told, scene)), ("runs", "exploite") if seen else _DECLARED
    apart = [row for row in told if row in running.others]
    # Beside a word that the named party runs it, another word is a difference between words.
    if not apart or (not seen and running.named):
        return Verdict(
            "not_observed",
            (
                f"{who[0]} {how[0]} {shown}, and whether it belongs with {name} is not known{also[0]}",
                f"{who[1]} {how[1]} {shown}, et l'on ignore si un lien existe avec {name}{also[1]}",
            ),
            missing=(parties.owners(who, name),),
            rests_on="declared" if not seen else weakest_stance([row["stance"] for row in seen]),
            **rest,
        )
    who = listed(parties.names(apart, scene))
    return Verdict(
        "contradicted",
        (
            f"{who[0]} {how[0]} {shown}, and belongs to another group than {name}{also[0]}",
            f"{who[1]} {how[1]} {shown} et appartient à un autre groupe que {name}{also[1]}",
        ),
        against=parties.facts(apart),
        rows_for=parties.facts(running.named),
        counts=(len(apart), len(running.named)),
        rests_on="declared" if not seen else weakest_stance([row["stance"] for row in apart]),
        confidence="high" if seen else "low",
        **rest,
    )


_DECLARED: Said = ("is declared to run", "est déclaré exploiter")


def _remainder(rows: Sequence[Row], scene: Scene) -> Iterator[Said]:
    layers = sorted({str(row["layer_id"]) for row in rows if not row["here"]})
    if not layers:
        yield "who runs what it stands on", "qui exploite ce sur quoi il repose"
    for layer in layers[:4]:
        name = scene.shown(layer)
        yield (
            f"who runs {name}, on which it stands, the claim does not say",
            f"qui exploite {name}, sur quoi il repose, l'affirmation ne le dit pas",
        )
    yield "contracts that were not given", "les contrats qui n'ont pas été fournis"
