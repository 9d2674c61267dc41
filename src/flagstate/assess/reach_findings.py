"""Whether a government that the policy does not accept can reach what was sent or is held: one finding for each.

Declared facts may convict and never acquit: the verdict follows the answer without keys that are only declared, and
says so. Only complete coverage can say `no`; what could not be decided says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

import pyarrow as pa

from flagstate import model
from flagstate.assess.accept import Accepted, read_policy, unwanted, weigh
from flagstate.assess.coalitions import World
from flagstate.assess.finding import bytes_in_words, finding
from flagstate.assess.keys import Regime
from flagstate.assess.proofs import Proof
from flagstate.assess.reach_gaps import instructed, no_policy, nothing, rest, shown, undecided, values
from flagstate.assess.sentences import government_name
from flagstate.assess.subject import Subject, Tally
from flagstate.catalog.country_names import country_name
from flagstate.model.codes import REACH_LEVELS
from flagstate.model.stance import weakest_stance

_HOW = {
    "direct_law": "whoever runs it is organised or based there",
    "direct_place": "it stands there",
    "via_parent": "an owner is organised or based there",
    "via_person": "staff with access are there",
    "via_market": "whoever runs it serves its market",
    "covert_only": "by its own collection, without an order to anybody",
    "ciphertext_only": "without the keys",
}
_INNOCENT = "The law may never be used so, a court may refuse it, or keys held elsewhere may protect the data."
Group = tuple[str, Subject, list[Proof]]


def judge(
    known: World,
    found: Iterable[Proof],
    rows: pa.Table,
    *,
    policy: pa.Table,
    coverage: pa.Table,
    as_of: date,
    say: Callable[[Proof], str],
) -> pa.Table:
    """Judge reach against the policy: one finding per government and subject, and one for what could not be decided.

    Args:
        known: The case, as it was searched.
        found: The proofs.
        rows: Rows of `reach`.
        policy: Rows of `policy`.
        coverage: Rows of `coverage`; `no` needs flows that are known to be complete.
        as_of: The day on which groups such as EU are read.
        say: Writes a proof as a sentence.

    Returns:
        Rows of `finding` for the question reach; never none.
    """
    accepted = read_policy(policy, as_of)
    if not known.subjects:
        return model.rows(model.FINDING, [nothing()])
    listed: dict[tuple[str, str], list[Proof]] = {}
    for proof in found:
        listed.setdefault((proof.government, proof.subject_id), []).append(proof)
    gaps = undecided(known)
    if not accepted.said:
        return model.rows(model.FINDING, [no_policy(listed, known), *gaps])
    made: list[dict[str, object]] = []
    tried: list[tuple[str, Subject, Tally]] = []
    for government, subject, proofs in groups(listed, known):
        open_to = [one for one in proofs if weigh(one, accepted) != "accepted" and one.answer != "declared"]
        if not open_to:
            continue
        part = _part(government, subject, open_to)
        if part.attempted:
            tried.append((government, subject, part))
        else:
            made.append(_one(government, subject, proofs, open_to, accepted=accepted, known=known, say=say))
    made += [_attempts(tried)] if tried else []
    made += [*gaps, *instructed(listed, known, accepted.everywhere)]
    if not any(one["verdict"] == "yes" for one in made):
        made.append(rest(made, rows, coverage, known))
    return model.rows(model.FINDING, made)


def groups(listed: Mapping[tuple[str, str], list[Proof]], known: World) -> Iterator[Group]:
    """Yield proofs by government and subject; assets in the same hands, of which nothing is known, are one subject.

    Args:
        listed: Proofs by government and subject.
        known: The case, as it was searched.
    """
    found: dict[tuple[str, str], list[tuple[Subject, list[Proof]]]] = {}
    for (government, subject_id), proofs in sorted(listed.items()):
        found.setdefault((government, group_of(known, subject_id)), []).append((known.subjects[subject_id], proofs))
    for (government, key), members in found.items():
        subject, proofs = members[0]
        if len(members) > 1:
            subject = Subject(key, f"{len(members):,} assets such as {subject.shown}", custody=subject.custody)
            proofs = [row for _, group in members for row in group]
        yield government, subject, proofs


def group_of(known: World, subject_id: str) -> str:
    """Return under which subject a finding speaks of it: itself, or all assets in the same hands.

    Args:
        known: The case, as it was searched.
        subject_id: A subject.
    """
    subject = known.subjects[subject_id]
    hands = sorted({custody.entity_id for custody in subject.custody})
    keyed = any(part.form.keys for part in known.parts[subject_id])
    return subject_id if subject.hosts or subject.classes or keyed or not hands else f"assets:{'+'.join(hands)}"


def _part(government: str, subject: Subject, proofs: Iterable[Proof]) -> Tally:
    """Return the hosts that a government reaches: those that stand there, or all where it reaches who runs them."""
    only_place = all(one.level == "direct_place" for one in proofs)
    return subject.tally(government if only_place else None)


def _one(
    government: str,
    subject: Subject,
    proofs: Sequence[Proof],
    open_to: Sequence[Proof],
    *,
    accepted: Accepted,
    known: World,
    say: Callable[[Proof], str],
) -> dict[str, object]:
    """Return the finding for a government that is not accepted, and a subject."""
    stands = [one for one in open_to if unwanted(one, accepted)]
    firm = min(stands or open_to, key=_firmness)
    part = _part(government, subject, open_to)
    verdict, missing = "unknown", _doubts(open_to, accepted)
    if stands:
        verdict, missing = "yes", _tests(stands, proofs, accepted, known, subject.shown)
    can = "can reach" if stands else "may reach"
    data = "" if firm.data == "clear" else "metadata of "
    declared_only = verdict == "yes" and _only_declared(stands, proofs, accepted)
    made = finding(
        "reach",
        "reach",
        subject.subject_id,
        verdict,
        f"{government_name(government)} {can} {data}{shown(subject, part)}: {_ways(open_to, subject, government)}"
        f"{_stopping(stands) if declared_only else ''}.",
        counterparty=government,
        outcome="conflict" if verdict == "yes" else None,
        confidence="low" if declared_only else _confidence(firm, subject, government),
        values=values(subject, part, open_to) | {"answers": _answers(proofs, accepted)},
        facts=sorted({fact for one in open_to for fact in one.facts})[:50],
        missing=missing,
        rests_on=weakest_stance([one.stance for one in open_to]),
        innocent=_INNOCENT,
        proof=say(firm),
    )
    return made | {"interpretive": firm.status == "interpretive"}


def _firmness(one: Proof) -> tuple[object, ...]:
    return (one.data != "clear", one.disputed, one.contested, one.order)


def _only_declared(stands: Iterable[Proof], proofs: Iterable[Proof], accepted: Accepted) -> bool:
    """Say whether what is only declared would stop every way to clear data that is not wanted."""
    with_keys = [one for one in proofs if one.answer in ("both", "declared") and one.data == "clear"]
    return all(one.answer == "evidenced" for one in stands) and not any(
        weigh(one, accepted) == "unwanted" for one in with_keys
    )


def _answers(proofs: Iterable[Proof], accepted: Accepted) -> dict[str, str]:
    """Say how the question is answered without and with keys that are only declared."""
    found = {}
    for answer in ("evidenced", "declared"):
        weights = {(weigh(one, accepted), one.disputed) for one in proofs if one.answer in ("both", answer)}
        sure = ("unwanted", False) in weights
        found[answer] = "yes" if sure else "unknown" if weights & {("unwanted", True), ("unknown", False)} else "no"
    return found


def _tests(stands: Sequence[Proof], proofs: Sequence[Proof], accepted: Accepted, known: World, what: str) -> list[str]:
    """Return what would tell whether a way in is really open."""
    found: list[str] = []
    if _only_declared(stands, proofs, accepted):
        found += list(_proving(stands, proofs, known, what)) or [f"Evidence of what is declared to protect {what}."]
    if any(one.part.form.unproved for one in stands):
        found.append("Evidence that the confidential computing is attested, more than a declaration.")
    if any(one.part.pseudo and not one.part.seen for one in stands):
        found.append("What data is there and which keys protect it: scan it, or declare holdings with their keys.")
    elif any(one.part.form.presumed and one.part.form.keyed and not one.part.form.unshown for one in stands):
        found.append("Whether the data is used in clear there, or only stored: say `state` in holdings.")
    return found


def _stopping(stands: Iterable[Proof]) -> str:
    keys = all(one.presumed and not one.part.form.unshown for one in stands)
    return f"; only {'keys for which there is no evidence' if keys else 'what is merely declared'} would stop it"


def _proving(stands: Iterable[Proof], proofs: Iterable[Proof], known: World, what: str) -> Iterator[str]:
    """Yield what would prove that what is only declared protects: keys, who holds them, a split, a state, a module."""
    unshown = {one for proof in stands for one in proof.part.form.unshown}
    # Where the state is only declared, the keys that would then count need evidence as well.
    weak = {one for p in proofs if p.part.form.answer == "declared" for one in p.part.form.keys if not one.evidenced}
    weak |= {one for p in stands for one in p.part.form.keys if one.key_id in p.presumed}
    used = [known.keys[key_id] for p in stands for key_id in p.key_ids]
    weak |= {one for key in used for one in key.wraps if one.unheld}
    wraps = {(one.key_id, key.shown) for key in used for one in key.wraps if not (one.evidenced or one.unheld)}
    unheld = {one.key_id for one in weak if one.unheld}
    presumed = {one.key_id for one in weak}
    if presumed - unheld:
        yield (
            f"Evidence that {_keys(presumed - unheld)} protects {what}: the configuration of the store or of the key "
            "service, such as a Terraform state."
        )
    if presumed & unheld:
        yield (
            f"Evidence of who holds {_keys(presumed & unheld)}: the key policy, an export of the key module (HSM) or "
            "of the key service (KMS), or the register of key holders."
        )
    for key_id, shut in sorted(wraps):
        yield f"Evidence that {_keys([key_id])} protects the key {shut}: the configuration of the key service."
    for key in dict.fromkeys(key.shown for key in used if key.module and not key.sealed(Regime())):
        yield f"Evidence that the key {key} is in a key module (HSM): its attestation or certificate."
    if "split" in unshown:
        yield (
            f"Evidence that what {what} holds is one share of several: the storage configuration, or evidence of the "
            "application's architecture."
        )
    if unshown & {"stored", "moved"}:
        rests = " or ".join({"stored": "stored", "moved": "passed on"}[one] for one in sorted(unshown - {"split"}))
        yield (
            f"Evidence that data is only {rests} at {what}: the storage configuration, or evidence of the "
            "application's architecture."
        )


def _keys(listed: Iterable[str]) -> str:
    return " and ".join(f"the key {key}" for key in sorted(one.removeprefix("est:") for one in listed))


def _doubts(open_to: Iterable[Proof], accepted: Accepted) -> list[str]:
    """Return what keeps the verdict open."""
    found = []
    if any(weigh(one, accepted) == "unknown" for one in open_to):
        found.append("Which classes of data are there: the policy depends on them.")
    disputed = [one for one in open_to if one.disputed]
    if any(atom.ground.basis == "place" for one in disputed for atom in one.atoms):
        found.append("Where it stands: the sources differ. Collect the region or a latency probe.")
    if any(all(atom.ground.basis != "place" for atom in one.atoms) for one in disputed):
        found.append(
            "Which fact is right, where facts contradict each other (they are named under contradictions), and how big "
            "a stake is, where its share is told in bounds or not at all."
        )
    return found


def _confidence(one: Proof, subject: Subject, government: str) -> str:
    """Say how sure the facts are; the status of a law is shown beside an outcome and changes none."""
    if one.contested:
        return "low"
    stand = subject.stands.get(government)
    likely = one.level == "direct_place" and stand is not None and stand.confidence != "sure"
    return "medium" if likely or one.status in ("to verify", "declared", "fictitious") else "high"


def _attempts(tried: list[tuple[str, Subject, Tally]]) -> dict[str, object]:
    """Return one finding for all hosts at which there were only attempts."""
    hosts = sum(part.hosts for _, _, part in tried)
    governments = sorted({government for government, _, _ in tried})
    listed = ", ".join(country_name(code) for code in governments[:8]) + (" and more" if len(governments) > 8 else "")
    return finding(
        "reach",
        "reach-attempts",
        "attempts",
        "unknown",
        f"Nothing was sent to {hosts:,} host{'' if hosts == 1 else 's'} within reach of governments that are not "
        f"accepted ({listed}), as far as the sensor saw: only attempts, or connections without a byte.",
        values={"governments": governments, "hosts": hosts},
        facts=sorted({fact for _, _, part in tried for fact in part.facts})[:50],
        missing=["Whether the sensor saw both directions: one-sided captures look like failures."],
        rests_on="observed",
    )


def _ways(proofs: Iterable[Proof], subject: Subject, government: str) -> str:
    listed = list(proofs)
    doubts = {one.level: _doubted([other for other in listed if other.level == one.level]) for one in listed}
    order = sorted(doubts, key=REACH_LEVELS.index)
    words = dict(_HOW)
    if any(a.ground.basis == "nationality" for one in listed if one.level == "via_person" for a in one.atoms):
        words["via_person"] = "staff with access or a person in charge are within its reach"
    there = subject.tally(government).hosts
    if subject.hosts > 1 and len(order) > 1:
        words["direct_place"] = f"{there:,} of them stand there" if there > 1 else "one of them stands there"
    elif there > 1:
        words["direct_place"] = "they stand there"
    return "; ".join(words[level] + doubts[level] for level in order)


def _doubted(proofs: Sequence[Proof]) -> str:
    """Say whether sources dispute every way of a level: the law or the chain, or a fact that another contradicts."""
    said = ["contested"] if all(one.contested for one in proofs) else []
    said += ["contradicted"] if all(one.disputed for one in proofs) else []
    return f" ({', '.join(said)})" if said else ""


__all__ = ["bytes_in_words", "group_of", "groups", "judge"]
