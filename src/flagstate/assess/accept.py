"""Whether a government that the policy does not accept can reach what was sent or is held.

Declared facts may convict and never acquit; only complete coverage can say `no`; what could not be decided says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from flagstate import model
from flagstate.assess.custody import NO_OPERATOR, Subject, Tally, weakest_stance
from flagstate.assess.finding import bytes_in_words, finding
from flagstate.catalog.country_names import country_name, expand
from flagstate.model.codes import REACH_LEVELS

_HOW = {
    "direct_law": "whoever runs it is organised or based there",
    "direct_place": "it stands there",
    "via_parent": "an owner is organised or based there",
    "via_person": "staff with access are there",
}
_NAME_POLICY = "Write into estate.yaml which governments you accept, for example policy: {accept_reach: [EU]}."


@dataclass(frozen=True)
class Accepted:
    """What the policy accepts."""

    general: frozenset[str] | None
    """Governments accepted for everything; None: not said."""
    by_class: Mapping[str, frozenset[str]]
    """Governments accepted for one class of data."""
    strange: tuple[str, ...] = ()
    """Names that are neither a country nor a group."""

    @property
    def said(self) -> bool:
        """Whether the policy says anything."""
        return self.general is not None or bool(self.by_class)

    def of(self, subject: Subject) -> frozenset[str] | None:
        """Return what is accepted for a subject; None where it depends on classes that are not known there."""
        known = [self.by_class.get(name, self.general) for name in subject.classes]
        if subject.classes and all(found is not None for found in known):
            return frozenset.intersection(*(found for found in known if found is not None))
        return self.general


def read_policy(policy: pa.Table, as_of: date) -> Accepted:
    """Read `accept_reach` and `accept_reach:CLASS`; `none` accepts nobody."""
    named: dict[str, list[str]] = {}
    for row in policy.to_pylist():
        name, _, data_class = str(row["policy"]).partition(":")
        if name == "accept_reach":
            named.setdefault(data_class, []).append(str(row["value"]))
    sets: dict[str, frozenset[str]] = {}
    strange: list[str] = []
    for data_class, values in named.items():
        sets[data_class], odd = expand([v for v in values if v != "none"], on=as_of)
        strange.extend(odd)
    return Accepted(sets.pop("", None), sets, tuple(sorted(set(strange))))


def judge(listed: Iterable[Subject], found: pa.Table, policy: pa.Table, coverage: pa.Table, *, as_of: date) -> pa.Table:
    """Judge reach against the policy: one finding per government and subject, and one for what could not be decided.

    Args:
        listed: The subjects that `found` speaks of.
        found: Rows of `reach`.
        policy: Rows of `policy`.
        coverage: Rows of `coverage`; `no` needs flows that are known to be complete.
        as_of: The day on which groups such as EU are read.

    Returns:
        Rows of `finding` for the question reach; never none.
    """
    known = {subject.subject_id: subject for subject in listed}
    rows: dict[tuple[str, str], list[dict[str, object]]] = {}
    for row in found.to_pylist():
        if row["government"] is not None and row["subject_id"] in known:
            rows.setdefault((str(row["government"]), str(row["subject_id"])), []).append(row)
    accepted = read_policy(policy, as_of)
    if not known:
        return model.rows(model.FINDING, [_nothing()])
    if not accepted.said:
        return model.rows(model.FINDING, [_no_policy(rows, known), *_undecided(known)])
    made: list[dict[str, object]] = []
    tried: list[tuple[str, Subject, Tally]] = []
    for government, subject, levels in _grouped(rows, known):
        allowed = accepted.of(subject)
        if allowed is not None and government in allowed:
            continue
        part = _part(government, subject, levels)
        if part.attempted:
            tried.append((government, subject, part))
        else:
            made.append(_one(government, subject, levels, allowed))
    made += [_attempts(tried)] if tried else []
    made += _undecided(known)
    if not any(one["verdict"] == "yes" for one in made):
        made.append(_rest(made, found, coverage))
    return model.rows(model.FINDING, made)


def _grouped(
    rows: Mapping[tuple[str, str], list[dict[str, object]]], known: Mapping[str, Subject]
) -> Iterator[tuple[str, Subject, list[dict[str, object]]]]:
    """Yield reach by government and subject; assets in the same hands, of which no class is known, are one subject."""
    groups: dict[tuple[str, str], list[tuple[Subject, list[dict[str, object]]]]] = {}
    for (government, subject_id), levels in sorted(rows.items()):
        subject = known[subject_id]
        hands = sorted({custody.entity_id for custody in subject.custody})
        apart = subject.hosts or subject.classes or not hands
        key = subject_id if apart else f"assets:{'+'.join(hands)}"
        groups.setdefault((government, key), []).append((subject, levels))
    for (government, key), members in groups.items():
        subject, levels = members[0]
        if len(members) > 1:
            subject = Subject(key, f"{len(members):,} assets such as {subject.shown}", custody=subject.custody)
            levels = [row for _, listed in members for row in listed]
        yield government, subject, levels


def _part(government: str, subject: Subject, levels: Iterable[Mapping[str, object]]) -> Tally:
    """Return the hosts that a government reaches: those that stand there, or all where it reaches who runs them."""
    only_place = all(row["level"] == "direct_place" for row in levels)
    return subject.tally(government if only_place else None)


def _one(
    government: str, subject: Subject, levels: list[dict[str, object]], allowed: frozenset[str] | None
) -> dict[str, object]:
    """Return the finding for a government that is not accepted, and a subject."""
    firm = min(levels, key=lambda r: (bool(r["contested"]), REACH_LEVELS.index(str(r["level"]))))
    part = _part(government, subject, levels)
    verdict, missing, may = "yes", [], "can"
    if allowed is None:
        verdict, missing, may = "unknown", ["Which classes of data are there: the policy depends on them."], "may"
    elif firm["level"] == "direct_place" and firm["contested"]:
        missing = ["Where it stands: the sources differ. Collect the region or a latency probe."]
        verdict, may = "unknown", "may"
    confidence = _confidence(firm, subject, government)
    made = finding(
        "reach",
        "reach",
        subject.subject_id,
        verdict,
        f"{country_name(government)} {may} reach {_shown(subject, part)}: {_ways(levels, subject, government)}.",
        counterparty=government,
        outcome="conflict" if verdict == "yes" else None,
        confidence=confidence,
        values=_values(subject, part, levels),
        facts=sorted({fact for row in levels for fact in _texts(row["facts"])})[:50],
        missing=missing,
        rests_on=weakest_stance([str(row["stance"]) for row in levels]),
        innocent="The law may never be used so, a court may refuse it, or keys held elsewhere may protect the data.",
        proof=str(firm["proof"]),
    )
    return made | {"interpretive": firm["status"] == "interpretive"}


def _confidence(row: Mapping[str, object], subject: Subject, government: str) -> str:
    """Say how sure the facts are; the status of a law is shown beside an outcome and changes none."""
    if row["contested"]:
        return "low"
    stand = subject.stands.get(government)
    likely = row["level"] == "direct_place" and stand is not None and stand.confidence != "sure"
    return "medium" if likely or row["status"] in ("to verify", "declared", "fictitious") else "high"


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


def _ways(levels: Iterable[Mapping[str, object]], subject: Subject, government: str) -> str:
    contested: dict[str, bool] = {}
    for row in levels:
        level = str(row["level"])
        contested[level] = bool(row["contested"]) and contested.get(level, True)
    order = sorted(contested, key=REACH_LEVELS.index)
    words = dict(_HOW)
    there = subject.tally(government).hosts
    if subject.hosts > 1 and len(order) > 1:
        words["direct_place"] = f"{there:,} of them stand there" if there > 1 else "one of them stands there"
    elif there > 1:
        words["direct_place"] = "they stand there"
    return "; ".join(words[level] + (" (contested)" if contested[level] else "") for level in order)


def _shown(subject: Subject, part: Tally) -> str:
    if not subject.hosts:
        return subject.shown
    hosts = f"{part.hosts:,} host{'s' if part.hosts > 1 else ''}"
    sent = f", {bytes_in_words(part.orig_bytes)} sent" if part.seen else ""
    if part.unsized:
        sent += f" and {part.unsized:,} connection{'s' if part.unsized > 1 else ''} of unknown size"
    return f"{subject.shown} ({hosts}{sent})"


def _values(subject: Subject, part: Tally, levels: Iterable[Mapping[str, object]]) -> dict[str, object]:
    return {
        "hosts": part.hosts,
        "largest_host": part.largest[1] or None,
        "anycast_hosts": subject.anycast,
        "conns": part.conns,
        "failed_conns": part.failed,
        "orig_bytes": part.orig_bytes,
        "unsized_conns": part.unsized,
        "levels": {str(r["level"]): {"contested": r["contested"], "status": r["status"]} for r in levels},
    }


def _undecided(known: Mapping[str, Subject]) -> list[dict[str, object]]:
    """Return findings for what no government could be named for."""
    made = []
    unnamed = known.get(NO_OPERATOR)
    if unnamed is not None:
        made.append(
            finding(
                "reach",
                "reach-operator",
                NO_OPERATOR,
                "unknown",
                f"{_shown(unnamed, unnamed.all)}: who runs them, and who could compel that operator, is not known.",
                values=_values(unnamed, unnamed.all, ()),
                facts=unnamed.all.facts,
                missing=["Name the operators of these hosts in estate.yaml, or collect names (DNS, TLS) for them."],
                rests_on="observed",
            )
        )
    anycast = sum(subject.anycast for subject in known.values())
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
    return made


def _no_policy(
    rows: Mapping[tuple[str, str], list[dict[str, object]]], known: Mapping[str, Subject]
) -> dict[str, object]:
    governments = sorted({government for government, _ in rows})
    reached = {subject for _, subject in rows}
    tried = sum(known[subject].all.attempted for subject in reached)
    nothing = f"; nothing was sent to {tried:,} of these" if tried else ""
    listed = ", ".join(country_name(code) for code in governments[:12])
    more = f" and {len(governments) - 12} more" if len(governments) > 12 else ""
    message = (
        f"There is a path for {len(governments):,} government{'' if len(governments) == 1 else 's'} to what "
        f"{len(reached):,} operators and assets hold or were sent ({listed}{more}){nothing}; some paths are contested "
        "or rest on a disputed place, and which governments are accepted is not declared."
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


def _nothing() -> dict[str, object]:
    return finding(
        "reach",
        "reach-nothing",
        "all",
        "unknown",
        "Nothing was seen or declared that a government could reach.",
        missing=["Collect connection logs, an infrastructure description, or declare the assets in estate.yaml."],
    )


def _rest(made: list[dict[str, object]], found: pa.Table, coverage: pa.Table) -> dict[str, object]:
    """Return the reassuring finding: unknown unless coverage is complete and more than a declaration speaks."""
    missing: list[str] = []
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


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, list):
        yield from (str(v) for v in value)
