"""What could not be decided about reach, said so: nobody named, nothing accepted, a key of which nobody is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa

from flagstate.assess.coalitions import World
from flagstate.assess.finding import bytes_in_words, finding
from flagstate.assess.grounds import is_country
from flagstate.assess.keys import circles
from flagstate.assess.proofs import Proof
from flagstate.assess.subject import NO_OPERATOR, Subject, Tally
from flagstate.catalog.country_names import country_name
from flagstate.model.stance import weakest_stance

_NAME_POLICY = "Write into estate.yaml which governments you accept, for example policy: {accept_reach: [EU]}."
_NAMED = 8


def shown(subject: Subject, part: Tally) -> str:
    """Return a subject with its hosts and what was sent to them, as a sentence names it."""
    if not subject.hosts:
        return subject.shown
    hosts = f"{part.hosts:,} host{'s' if part.hosts > 1 else ''}"
    sent = f", {bytes_in_words(part.orig_bytes)} sent" if part.seen else ""
    if part.unsized:
        sent += f" and {part.unsized:,} connection{'s' if part.unsized > 1 else ''} of unknown size"
    return f"{subject.shown} ({hosts}{sent})"


def values(subject: Subject, part: Tally, proofs: Iterable[Proof]) -> dict[str, object]:
    """Return the figures of a finding: hosts and bytes, the levels, and whom and which keys it takes."""
    levels: dict[str, dict[str, object]] = {}
    listed = sorted(proofs, key=lambda one: (one.contested, one.order))
    for one in listed:
        levels.setdefault(one.level, {"contested": one.contested, "status": one.status})
    found: dict[str, object] = {
        "hosts": part.hosts,
        "largest_host": part.largest[1] or None,
        "anycast_hosts": subject.anycast,
        "conns": part.conns,
        "failed_conns": part.failed,
        "orig_bytes": part.orig_bytes,
        "unsized_conns": part.unsized,
        "levels": levels,
    }
    if listed:
        found["entities"] = sorted({entity for one in listed for entity in one.entities})
        found["keys"] = sorted({key for one in listed for key in one.key_ids})
        found["presumed_keys"] = sorted({key for one in listed for key in one.presumed})
    return found


def undecided(known: World) -> list[dict[str, object]]:
    """Return findings for what no government could be named for, or whose key-holder is not known."""
    made = []
    unnamed = known.subjects.get(NO_OPERATOR)
    if unnamed is not None:
        made.append(
            finding(
                "reach",
                "reach-operator",
                NO_OPERATOR,
                "unknown",
                f"{shown(unnamed, unnamed.all)}: who runs them, and who could compel that operator, is not known.",
                values=values(unnamed, unnamed.all, ()),
                facts=unnamed.all.facts,
                missing=["Name the operators of these hosts in estate.yaml, or collect names (DNS, TLS) for them."],
                rests_on="observed",
            )
        )
    anycast = sum(subject.anycast for subject in known.subjects.values())
    if anycast:
        made.append(
            finding(
                "reach",
                "reach-anycast",
                "anycast hosts",
                "unknown",
                f"Anycast hosts: {anycast:,}. They are announced from many places, so where they stand is not known.",
                values={"hosts": anycast},
                missing=["The provider's log of which location answered."],
                rests_on="recorded",
            )
        )
    return [*made, *_keys(known), *_circles(known), *_countries(known)]


def _keys(known: World) -> list[dict[str, object]]:
    """A key of which nobody is known protects nothing for sure: whoever holds it may be anywhere."""
    open_keys = sorted(key.shown for key in known.keys.values() if not key.known)
    if not open_keys:
        return []
    return [
        finding(
            "reach",
            "reach-keys",
            "keys",
            "unknown",
            f"Who holds or can use {_some(open_keys, 'key')} is not known, so whether a government can reach what "
            "they protect is not decided.",
            values={"keys": open_keys[:50]},
            missing=["Say who holds the keys: key_held_by, key_used_by, operated_by and place of the key."],
        )
    ]


def _circles(known: World) -> list[dict[str, object]]:
    """Keys that protect each other in a circle: whoever set them up has another way in, and nobody says which."""
    found = [[known.keys[one].shown for one in circle] for circle in circles(known.keys)]
    if not found:
        return []
    said = "; ".join(_some(circle, "key") for circle in found[:_NAMED])
    return [
        finding(
            "reach",
            "reach-keys",
            "circles of keys",
            "unknown",
            f"Keys that are encrypted with each other in a circle, or with themselves ({said}): how they are opened is "
            "not known, so whether a government can reach what they protect is not decided.",
            values={"circles": found[:50]},
            missing=["Say who holds or can use one of them as it is: key_held_by, key_used_by."],
        )
    ]


def _countries(known: World) -> list[dict[str, object]]:
    strange = sorted({code for subject in known.subjects.values() for code in subject.stands if not is_country(code)})
    if not strange:
        return []
    return [
        finding(
            "reach",
            "reach-country",
            "places",
            "unknown",
            f"{_some(strange, 'code')} of places is no country that is known: whose territory it is is not decided.",
            values={"codes": strange[:50]},
            missing=["Write the places as ISO 3166-1 codes of two letters."],
        )
    ]


def _some(listed: list[str], noun: str, nouns: str | None = None) -> str:
    more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    return f"the {nouns or noun + 's' if len(listed) > 1 else noun} {', '.join(listed[:_NAMED])}{more}"


def instructed(
    listed: Mapping[tuple[str, str], list[Proof]], known: World, fine: frozenset[str]
) -> list[dict[str, object]]:
    """Return the finding for those who decide on data, or process it, and whose access nobody tells.

    A controller has no custody by that word alone, and yet it may be able to have the data handed out by whoever
    processes for it (GDPR art. 28(3)(a); 18 USC 2713: possession, custody, or control).

    Args:
        listed: The proofs, by government and subject.
        known: The case, as it was searched.
        fine: Governments that are accepted whatever is held.
    """
    pairs: list[tuple[str, str, str]] = []
    for subject in known.subjects.values():
        for row in known.estate.holds.get(subject.subject_id, ()):
            if row["kind"] in ("controller", "processor"):
                homes = known.grounds.whole.get(str(row["holder_id"]), {})
                reached = {g for g in homes if any(map(_orders, listed.get((g, subject.subject_id), ())))}
                shown = str(row["holder_id"]).removeprefix("est:")
                pairs += [(shown, subject.shown, g) for g in sorted(set(homes) - fine - reached)]
    if not pairs:
        return []
    told = [f"{holder} of {what} ({country_name(government)})" for holder, what, government in pairs[:_NAMED]]
    more = f" and {len(pairs) - _NAMED} more" if len(pairs) > _NAMED else ""
    return [
        finding(
            "reach",
            "reach-controller",
            "controllers",
            "unknown",
            "Whether a controller or processor can be made to have the data handed out is not decided, for what it can "
            f"get at is not told: {', '.join(told)}{more}.",
            values={"controllers": [list(pair) for pair in pairs[:50]]},
            missing=["Say what controllers and processors can get at: operated_by, administered_by, key_held_by."],
            rests_on="declared",
        )
    ]


def _orders(proof: Proof) -> bool:
    return proof.data == "clear" and proof.level != "covert_only"


def no_policy(listed: Mapping[tuple[str, str], list[Proof]], known: World) -> dict[str, object]:
    """Return the finding of a case whose policy says nothing of reach."""
    clear: set[tuple[str, str]] = set()
    firm: set[tuple[str, str]] = set()
    for key, proofs in listed.items():
        open_to = [o for o in proofs if o.data == "clear" and o.level != "covert_only" and o.answer != "declared"]
        clear |= {key for _ in open_to}
        firm |= {key for one in open_to if not (one.contested or one.disputed)}
    doubt = ", and some paths are contested or rest on disputed facts" if clear - firm else ""
    governments = sorted({government for government, _ in clear})
    reached = {subject for _, subject in clear}
    tried = sum(known.subjects[subject].all.attempted for subject in reached)
    nothing_sent = f"; nothing was sent to {tried:,} of these" if tried else ""
    named = ", ".join(country_name(code) for code in governments[:12])
    more = f" and {len(governments) - 12} more" if len(governments) > 12 else ""
    one = "operator or asset holds or was"
    message = (
        f"There is a path for {len(governments):,} government{'' if len(governments) == 1 else 's'} to what "
        f"{len(reached):,} {one if len(reached) == 1 else 'operators and assets hold or were'} sent ({named}{more})"
        f"{nothing_sent}; which governments are accepted is not declared{doubt}."
        if governments
        else "No government was found that can reach what was seen, and no policy says which would be accepted."
    )
    return finding(
        "reach",
        "reach-policy",
        "all",
        "unknown",
        message,
        values={"governments": governments, "subjects": len(reached)},
        missing=[_NAME_POLICY],
        rests_on="recorded",
    )


def nothing() -> dict[str, object]:
    """Return the finding of a case without anything that could be reached."""
    return finding(
        "reach",
        "reach-nothing",
        "all",
        "unknown",
        "Nothing was seen or declared that a government could reach.",
        missing=["Collect connection logs, an infrastructure description, or declare the assets in estate.yaml."],
    )


def _parties(known: World) -> Iterator[str]:
    """Yield what to say of parties: an asset that nobody runs, and whoever runs or opens something from nowhere."""
    own = [subject for subject in known.subjects.values() if subject.layers]
    idle = sorted(subject.shown for subject in own if not subject.custody)
    if idle:
        more = f" and {len(idle) - _NAMED} more" if len(idle) > _NAMED else ""
        yield f"Who runs {', '.join(idle[:_NAMED])}{more}: operated_by."
    opened = [one for key in known.keys.values() for one in (*key.users, *key.keepers)]
    named = {one.entity_id for one in (*(c for subject in own for c in subject.custody), *opened)}
    lost = sorted(one.removeprefix("est:") for one in named - known.grounds.whole.keys() - known.grounds.there.keys())
    if lost:
        yield f"Where {_some(lost, 'party', 'parties')} {'is' if len(lost) == 1 else 'are'} organised or based."


def rest(made: list[dict[str, object]], found: pa.Table, coverage: pa.Table, known: World) -> dict[str, object]:
    """Return the reassuring finding: unknown unless coverage is complete and more than a declaration speaks."""
    missing: list[str] = [*_parties(known)]
    if any(one["verdict"] == "unknown" for one in made) or None in found["government"].to_pylist():
        missing.append("Decide what is named as undecided.")
    said = [r for r in coverage.to_pylist() if r["noun"] == "flow" and r["evidence_id"] is None]
    if not any(r["complete"] == "yes" for r in said):
        missing.append("Say in coverage that the flows are complete, or collect logs of every way out.")
    rests_on = weakest_stance([str(s) for s in found["stance"].to_pylist() if s])
    if rests_on == "declared":
        missing.append("Evidence beside the declaration: logs, infrastructure descriptions or register extracts.")
    verdict = "unknown" if missing else "no"
    message = "No government outside the policy was found to reach what was seen, with complete coverage."
    if missing:
        message = "Whether a government outside the policy can reach what was seen or declared is not decided."
    return finding(
        "reach",
        "reach-rest",
        "all",
        verdict,
        message,
        missing=missing,
        rests_on=rests_on,
    )
