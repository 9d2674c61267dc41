"""keys_held_by: does the party that the claim names hold the keys?"""

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
  bool_or(t.entity_id IS NOT NULL) AS kin, bool_or(o.entity_id IS NOT NULL) AS apart
FROM lock AS k LEFT JOIN key_use AS u ON u.key_id = k.key_id
LEFT JOIN tied AS t ON t.entity_id = u.entity_id AND t.other_id = k.said
LEFT JOIN apart AS o ON o.entity_id = u.entity_id AND o.other_id = k.said
GROUP BY ALL ORDER BY k.claim_id, k.key_id, u.entity_id, u.kind
"""

CLEAR = """
-- Containers of the asset of a claim that are said or seen to need no key.
SELECT a.claim_id, h.container, h.stance, h.fact_id FROM asked AS a JOIN holding AS h ON h.asset_id = a.asset_id
WHERE (a.container IS NULL OR h.container = a.container) AND len(h.key_ids) = 0
ORDER BY a.claim_id, h.container, h.fact_id
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
    found, clear = ask(scene.con, HOLDERS, asked), ask(scene.con, CLEAR, asked)
    for one in asks:
        query = kept(HOLDERS, asked, mine[one.claim_id])
        yield one, _verdict(one, scene, found.get(one.claim_id, []), clear.get(one.claim_id, []), query)


def _asked(one: Ask, scene: Scene) -> Iterator[dict[str, Any]]:
    made = {"claim_id": one.claim_id, "container": one.container, "said": str(one.said), "as_of": scene.as_of}
    for asset in scene.subject(str(one.asset_id)).same:
        yield made | {"asset_id": asset}


def _verdict(one: Ask, scene: Scene, rows: list[Any], clear: list[Any], query: str) -> Verdict:
    subject, said = scene.subject(str(one.asset_id)), str(one.said)
    shown, name = scene.shown(subject.asset_id), scene.party(said)
    rows = parties.weighed(rows, witnessed=scene.shown_by_more(subject.same))
    used = [row for row in rows if row["entity_id"] is not None]
    holding = parties.sort([row for row in used if row["kind"] == "holds_key"], said)
    using = parties.sort([row for row in used if row["kind"] != "holds_key"], said)
    clauses = list(parties.group_words(holding.kin, scene, said, ("holds one", "en détient une")))
    if users := [*using.others, *using.open]:
        who = listed(parties.names(users, scene))
        clauses.append((f"; {who[0]} can use them", f" ; {who[1]} peut s'en servir"))
    bare = listed([(one, one) for one in dict.fromkeys(str(row["container"] or shown) for row in clear)])
    if clear:
        clauses.append((f"; no key protects {bare[0]}", f" ; aucune clé ne protège {bare[1]}"))
    also = joined(clauses)
    strange = [*holding.others, *holding.open]
    rest: dict[str, Any] = {
        "remainder": tuple(_remainder(rows, scene)),
        "query": query,
        "values": {
            "claimed": said,
            "keys": sorted({row["key_id"] for row in rows}),
            "holders": sorted({row["entity_id"] for row in used if row["kind"] == "holds_key"}),
            "can_use": sorted({row["entity_id"] for row in used if row["kind"] != "holds_key"}),
            "without_a_key": sorted({str(row["container"] or shown) for row in clear}),
        },
    }
    # A key that the named party holds as well is held by it; that others do too the claim does not deny.
    ours = {row["key_id"] for row in (parties.seen(holding.named) or holding.named)}
    alone = [row for row in strange if row["key_id"] not in ours]
    beside = [row for row in strange if row["key_id"] in ours]
    if beside:
        words = _which(beside, scene)
        also = also[0] + f"; {words[0]} too", also[1] + f" ; {words[1]} aussi"
    seen = parties.seen(holding.named)
    if not parties.seen(alone) and seen and alone:
        # Somebody's word does not contradict what was seen: it is told beside.
        words = _which(alone, scene, declared=True)
        also, alone = (also[0] + f"; {words[0]}", also[1] + f" ; {words[1]}"), []
    if alone:
        return _another(alone, holding, scene, (shown, name), also, rest)
    if seen and not clear:
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
    why = _nothing(rows, holding, scene, (shown, name))
    return Verdict("not_observed", (why[0] + also[0], why[1] + also[1]), missing=(_KEYS,), **rest)


def _another(
    alone: list[Row], holding: parties.Parties, scene: Scene, words: Said, also: Said, rest: dict[str, Any]
) -> Verdict:
    """Return what it is that another party holds a key: it contradicts where it is known to be of another group."""
    shown, name = words
    seen = parties.seen(alone)
    told = seen or alone
    apart = [row for row in told if row in holding.others]
    what = _which(apart or told, scene, declared=not seen)
    if not apart or (not seen and holding.named):
        who = listed(parties.names(told, scene))
        return Verdict(
            "not_observed",
            (
                f"Of {shown}: {what[0]}, and whether it belongs with {name} is not known{also[0]}",
                f"Pour {shown} : {what[1]}, et l'on ignore si un lien existe avec {name}{also[1]}",
            ),
            missing=(parties.owners(who, name),),
            rests_on="declared" if not seen else weakest_stance([row["stance"] for row in seen]),
            **rest,
        )
    mine = parties.seen(holding.named)
    own = _which(mine, scene) if mine else ("", "")
    return Verdict(
        "contradicted",
        (
            f"Of {shown}: {what[0]}, and belongs to another group than {name}"
            + (f"; {own[0]}" if mine else "")
            + also[0],
            f"Pour {shown} : {what[1]} et appartient à un autre groupe que {name}"
            + (f" ; {own[1]}" if mine else "")
            + also[1],
        ),
        against=parties.facts(apart),
        rows_for=parties.facts(holding.named),
        counts=(len(apart), len(holding.named)),
        rests_on="declared" if not seen else weakest_stance([row["stance"] for row in apart]),
        confidence="high" if seen else "low",
        **rest,
    )


def _which(rows: Sequence[Row], scene: Scene, *, declared: bool = False) -> Said:
    """Return who holds which key."""
    how = ("is declared to hold", "est déclaré détenir") if declared else ("holds", "détient")
    pairs = sorted({(scene.party(str(row["entity_id"])), scene.shown(str(row["key_id"]))) for row in rows})
    return listed([(f"{who} {how[0]} the key {key}", f"{who} {how[1]} la clé {key}") for who, key in pairs])


def _nothing(rows: Sequence[Row], holding: parties.Parties, scene: Scene, words: Said) -> Said:
    """Return why it is not known who holds the keys."""
    shown, name = words
    if not rows:
        return f"No key of {shown} was seen or declared", f"Aucune clé de {shown} n'a été observée ni déclarée"
    if seen := parties.seen(holding.named):
        what = _which(seen, scene)
        return f"Of {shown}: {what[0]}", f"Pour {shown} : {what[1]}"
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
