"""operator_is: does the party that the claim names run it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from flagstate.assess.claim_tests import parties
from flagstate.assess.claim_tests.query import ask, kept
from flagstate.assess.claim_tests.scene import Scene
from flagstate.assess.claim_tests.told import Ask, Said, Verdict, listed
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
  bool_or(t.entity_id IS NOT NULL) AS kin
FROM asked AS a JOIN custody AS c ON c.asset_id = a.asset_id
LEFT JOIN tied AS t ON t.entity_id = c.entity_id AND t.other_id = a.said
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
    running = parties.sort([row for row in rows if row["kind"] in RUNS and row["here"]], said)
    below = parties.sort([row for row in rows if row["kind"] not in RUNS or not row["here"]], said)
    of_it = list(parties.group_words(running.kin, scene, said, ("runs it", "l'exploite")))
    kin, kin_fr = "".join(en for en, _ in of_it), "".join(fr for _, fr in of_it)
    others = listed(parties.names(below.others, scene))
    if below.others:
        kin += f"; {others[0]} can get at it in another way"
        kin_fr += f" ; {others[1]} y a accès autrement"
    rest: dict[str, Any] = {
        "remainder": tuple(_remainder(rows, scene)),
        "window": scene.window("interest", subject.same),
        "query": query,
        "values": {
            "claimed": said,
            "runs": sorted({row["entity_id"] for row in (*running.named, *running.kin, *running.others)}),
            "below": sorted({row["entity_id"] for row in below.others}),
        },
    }
    if running.others and not parties.seen(running.others) and parties.seen(running.named):
        # Somebody's word does not contradict what was seen: it is told beside.
        who = listed(parties.names(running.others, scene))
        kin += f"; {who[0]} is declared to run it"
        kin_fr += f" ; {who[1]} est déclaré l'exploiter"
    elif running.others:
        seen = parties.seen(running.others)
        who = listed(parties.names(seen or running.others, scene))
        how = ("runs", "exploite") if seen else ("is declared to run", "est déclaré exploiter")
        also = (f", as {name} does", f", comme {name}") if parties.seen(running.named) else ("", "")
        return Verdict(
            "contradicted",
            (
                f"{who[0]} {how[0]} {shown}{also[0]}, and no tie to {name} is known{kin}",
                f"{who[1]} {how[1]} {shown}{also[1]}, et aucun lien avec {name} n'est connu{kin_fr}",
            ),
            against=parties.facts(running.others),
            rows_for=parties.facts(running.named),
            counts=(len(running.others), len(running.named)),
            rests_on="declared" if not seen else weakest_stance([row["stance"] for row in seen]),
            confidence="high" if seen else "low",
            **rest,
        )
    seen = parties.seen(running.named)
    if seen:
        return Verdict(
            "supported",
            (f"{name} was seen to run {shown}{kin}", f"{name} exploite {shown}, d'après ce qui a été observé{kin_fr}"),
            rows_for=parties.facts(seen),
            counts=(0, len(seen)),
            rests_on=weakest_stance([row["stance"] for row in seen]),
            confidence="high",
            **rest,
        )
    why = (f"Nothing that was seen shows who runs {shown}", f"Rien d'observé ne montre qui exploite {shown}")
    if running.named:
        why = (f"That {name} runs {shown} is only declared", f"Que {name} exploite {shown} est seulement déclaré")
    return Verdict("not_observed", (why[0] + kin, why[1] + kin_fr), missing=(_WHO,), **rest)


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
