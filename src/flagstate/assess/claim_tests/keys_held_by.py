"""keys_held_by: does the party that the claim names hold the keys?"""

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
    ("that nobody else can use them", "que personne d'autre ne peut s'en servir"),
    ("that what is used in clear is protected by them", "qu'elles protègent ce qui est utilisé en clair"),
)
"""What such a claim does not say."""

HOLDERS = f"""
-- The keys that protect the asset of a claim, with who holds or can use each.
WITH {parties.GROUP.strip()}, lock AS (
  SELECT a.claim_id, a.said, unnest(h.key_ids) AS key_id FROM asked AS a JOIN holding AS h ON h.asset_id = a.asset_id
  WHERE a.container IS NULL OR h.container IS NULL OR h.container = a.container
  UNION
  SELECT a.claim_id, a.said, i.holder_id FROM asked AS a JOIN interest AS i ON i.subject_id = a.asset_id
  WHERE i.kind = 'protects'
    AND coalesce(i.valid_from::DATE <= a.as_of, true) AND coalesce(i.valid_to::DATE > a.as_of, true)
)
SELECT k.claim_id, k.key_id, u.entity_id, u.kind, NULL::VARCHAR AS through, u.stance, u.facts,
  bool_or(t.entity_id IS NOT NULL) AS kin
FROM lock AS k LEFT JOIN key_use AS u ON u.key_id = k.key_id
LEFT JOIN tied AS t ON t.entity_id = u.entity_id AND t.other_id = k.said
GROUP BY ALL ORDER BY k.claim_id, k.key_id, u.entity_id, u.kind
"""

_KEYS: Said = (
    "Which keys protect it and who holds them: an infrastructure description (`terraform show -json`), or the key "
    "service's own list of who may use each",
    "Quelles clés le protègent et qui les détient : une description de l'infrastructure (`terraform show -json`), ou "
    "la liste du service de clés",
)
_FORM = pa.schema(
    [
        ("claim_id", pa.string()),
        ("asset_id", pa.string()),
        ("container", pa.string()),
        ("said", pa.string()),
        ("as_of", pa.date32()),
    ]
)


def judge(asks: Sequence[Ask], scene: Scene) -> Iterator[tuple[Ask, Verdict]]:
    """Yield what the evidence says of each claim of keys."""
    mine = {one.claim_id: list(_asked(one, scene)) for one in asks}
    asked = pa.Table.from_pylist([row for made in mine.values() for row in made], schema=_FORM)
    found = ask(scene.con, HOLDERS, asked)
    for one in asks:
        query = kept(HOLDERS, asked, mine[one.claim_id])
        yield one, _verdict(one, scene, found.get(one.claim_id, []), query)


def _asked(one: Ask, scene: Scene) -> Iterator[dict[str, Any]]:
    made = {"claim_id": one.claim_id, "container": one.container, "said": str(one.said), "as_of": scene.as_of}
    for asset in scene.subject(str(one.asset_id)).same:
        yield made | {"asset_id": asset}


def _verdict(one: Ask, scene: Scene, rows: list[Any], query: str) -> Verdict:
    subject, said = scene.subject(str(one.asset_id)), str(one.said)
    shown, name = scene.shown(subject.asset_id), scene.party(said)
    used = [row for row in rows if row["entity_id"] is not None]
    holding = parties.sort([row for row in used if row["kind"] == "holds_key"], said)
    using = parties.sort([row for row in used if row["kind"] != "holds_key"], said)
    clauses = list(parties.group_words(holding.kin, scene, said, ("holds one", "en détient une")))
    if using.others:
        who = listed(parties.names(using.others, scene))
        clauses.append((f"; {who[0]} can use them", f" ; {who[1]} peut s'en servir"))
    also = "".join(en for en, _ in clauses), "".join(fr for _, fr in clauses)
    rest: dict[str, Any] = {
        "remainder": tuple(_remainder(rows, scene)),
        "window": scene.window("interest", subject.same),
        "query": query,
        "values": {
            "claimed": said,
            "keys": sorted({row["key_id"] for row in rows}),
            "holders": sorted({row["entity_id"] for row in used if row["kind"] == "holds_key"}),
            "can_use": sorted({row["entity_id"] for row in used if row["kind"] != "holds_key"}),
        },
    }
    if holding.others and not parties.seen(holding.others) and parties.seen(holding.named):
        # Somebody's word does not contradict what was seen: it is told beside.
        who = listed(parties.names(holding.others, scene))
        also = also[0] + f"; {who[0]} is declared to hold one", also[1] + f" ; {who[1]} est déclaré en détenir une"
    elif holding.others:
        seen = parties.seen(holding.others)
        who = listed(parties.names(seen or holding.others, scene))
        how = ("holds", "détient") if seen else ("is declared to hold", "est déclaré détenir")
        return Verdict(
            "contradicted",
            (
                f"{who[0]} {how[0]} a key of {shown}, and no tie to {name} is known{also[0]}",
                f"{who[1]} {how[1]} une clé de {shown}, et aucun lien avec {name} n'est connu{also[1]}",
            ),
            against=parties.facts(holding.others),
            rows_for=parties.facts(holding.named),
            counts=(len(holding.others), len(holding.named)),
            rests_on="declared" if not seen else weakest_stance([row["stance"] for row in seen]),
            confidence="high" if seen else "low",
            **rest,
        )
    seen = parties.seen(holding.named)
    if seen:
        return Verdict(
            "supported",
            (
                f"{name} holds the keys of {shown} that were seen{also[0]}",
                f"{name} détient les clés de {shown} qui ont été observées{also[1]}",
            ),
            rows_for=parties.facts(seen),
            counts=(0, len(seen)),
            rests_on=weakest_stance([row["stance"] for row in seen]),
            confidence="high",
            **rest,
        )
    why = _nothing(rows, holding, shown, name)
    return Verdict("not_observed", (why[0] + also[0], why[1] + also[1]), missing=(_KEYS,), **rest)


def _nothing(rows: Sequence[Row], holding: parties.Parties, shown: str, name: str) -> Said:
    """Return why it is not known who holds the keys."""
    if not rows:
        return f"No key of {shown} was seen or declared", f"Aucune clé de {shown} n'a été observée ni déclarée"
    if holding.named:
        return (
            f"That {name} holds the keys of {shown} is only declared",
            f"Que {name} détient les clés de {shown} est seulement déclaré",
        )
    return f"Nothing shows who holds the keys of {shown}", f"Rien ne montre qui détient les clés de {shown}"


def _remainder(rows: Sequence[Row], scene: Scene) -> Iterator[Said]:
    held = {row["key_id"] for row in rows if row["kind"] == "holds_key"}
    for key in sorted({row["key_id"] for row in rows} - held)[:8]:
        name = scene.shown(str(key))
        yield f"who holds the key {name}", f"qui détient la clé {name}"
    yield "copies of the keys that nobody described", "des copies des clés que personne n'a décrites"
