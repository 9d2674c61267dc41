"""Data carried in names that are asked of DNS, told by registrable domain and client.

What makes a tunnel is what it needs: many names that were never asked before, with much information in them, under one
domain that few hosts ask for. Record types and answers say more where they do not look ordinary. What it cannot see:
data in the order or the time of ordinary questions, a few bytes a day, and what an encrypted resolver is asked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from flagstate.catalog import services
from flagstate.catalog.services import Use
from flagstate.enrich.behave import row
from flagstate.enrich.behave.lookup_names import SIZES
from flagstate.enrich.behave.lookup_rows import KEPT
from flagstate.enrich.behave.seen import Seen
from flagstate.enrich.behave.totals import ramp

LEAST_NAMES = 12
"""Distinct names below which nothing is carried that is worth the trouble."""
LEAST_BYTES = 200
"""Bytes that distinct names, or answers to them, must carry: less is noise of any program."""
LOCAL = ("local", "lan", "home", "internal", "localdomain", "corp", "intranet", "arpa", "test", "invalid", "localhost")
"""Ends of names that no server outside is asked for."""
ODD = ("txt", "null", "cname", "mx", "srv", "other")
"""Record types that carry much and that clients seldom ask for."""
FEW = 4
"""Clients below which nothing can be said of how many ask for a domain."""
SAID = 0.3
"""Scores below are not kept."""
WEIGHTS = {"volume": 0.22, "label_size": 0.2, "randomness": 0.18, "fresh_names": 0.15, "record_types": 0.1,
           "answers": 0.05, "rarity": 0.1}  # fmt: skip
"""How the sub-scores weigh; they add up to 1."""

NATURAL = (0.082, 0.127, 0.108, 0.07, 0.075, 0.028, 0.091, 0.067, 0.06, 0.063, 0.04, 0.124, 0.062, 0.005)
"""Shares of the classes of letters in English text, in the order of `SIZES` after the digits; host names are near."""
FLAT = tuple(size / 26 for size in SIZES[1:-1])
"""The same where all letters are equally frequent, as in base32 and base64."""
HEX = tuple({0: 1 / 6, 1: 1 / 6, 2: 4 / 6}.get(place, 0.002) for place in range(len(FLAT)))
"""The same in hexadecimal digits."""
CODED = (-0.15, 0.3)
"""Bits per letter by which a code must explain the letters better than words do: from perhaps to surely."""
WORDS = 0.3
"""Share of its letters' bits that a word carries: its letters follow from each other."""
LETTERS = 0.15
"""Share of letters below which they say nothing of a code."""

_ASKED = f"""
WITH spread AS (SELECT domain_key, count(DISTINCT orig_h) AS hosts FROM lookups GROUP BY 1),
    clients AS (SELECT count(DISTINCT orig_h) AS clients FROM lookups)
SELECT l.*, hosts, clients FROM lookups l JOIN spread USING (domain_key), clients
WHERE domain IS NOT NULL AND names >= {LEAST_NAMES} AND contains(domain, '.')
    AND split_part(domain, '.', -1) NOT IN {LOCAL}
ORDER BY orig_h, domain_key
"""


@dataclass(frozen=True)
class Carried:
    """What the names under one domain carried for one client."""

    names: int
    """Distinct names, about."""
    label_bytes: float
    """Mean bytes of a distinct name below the domain."""
    entropy_bits: float
    """Bits per character of what stands below the domain."""
    up: float
    """Bytes that distinct names carried: their information, not their length."""
    down: float
    """Bytes that the answers to distinct names carried."""
    odd: float
    """Share of questions of odd record types."""
    fresh: float
    """Share of questions that were asked for the first time."""
    digits: float
    """Share of digits among the characters."""
    random: float
    """How much the letters look like a code rather than words, 0 to 1."""


def find(seen: Seen) -> pa.Table:
    """Return the tunnels through names."""
    asked = seen.con.sql(_ASKED).to_arrow_table().to_pylist()
    facts = _flows(seen) if asked else {}
    for record in asked:
        ends = ((record["orig_h"], resolver) for resolver in record["resolvers"])
        record["facts"] = [fact for end in ends for fact in facts.get(end, ())]
    records = (_judged(record) for record in asked)
    return row.table(record for record in records if record is not None)


def _flows(seen: Seen) -> dict[tuple[str, str], list[str]]:
    """Return the flows by which each host asked each resolver, the largest first."""
    found = seen.con.sql(
        f"SELECT orig_h, resp_h, (list(fact_id ORDER BY orig_bytes DESC, fact_id))[1:{row.MANY_FACTS}] FROM flow "
        "WHERE orig_h IS NOT NULL AND resp_h IS NOT NULL AND (resp_p = 53 OR contains(service, 'dns')) GROUP BY ALL"
    ).fetchall()
    return {(near, far): facts for near, far, facts in found}


def carried(record: Mapping[str, Any]) -> Carried:
    """Return what one row of `lookups` carried."""
    # The estimate of many names may exceed what was asked.
    names, sample = min(int(record["names"]), max(int(record["queries"]), 1)), max(len(record["sketch"]), 1)
    label = sum(record["sketch_label"]) / sample
    counts = record["chars"]
    total = sum(counts)
    bits = 0.0
    if total:
        # Within a class all characters are taken as equally likely, which is right for what looks random.
        bits = sum(n / total * (math.log2(total / n) + math.log2(s)) for n, s in zip(counts, SIZES, strict=True) if n)
    high = record["high"] / total if total else 0.0
    bits += high * 3 + min(record["upper"] / total if total else 0.0, 0.5)
    queries = max(int(record["queries"]), 1)
    random = coded(counts, label)
    return Carried(
        names=names,
        label_bytes=label,
        entropy_bits=bits,
        up=names * label * bits * (WORDS + (1 - WORDS) * random) / 8,
        down=names * sum(record["sketch_answer"]) / sample,
        odd=sum(int(record[f"type_{kind}"]) for kind in ODD) / queries,
        fresh=min(names / queries, 1.0),
        digits=counts[0] / total if total else 0.0,
        random=random,
    )


def coded(counts: Sequence[int], label_bytes: float) -> float:
    """Return how much characters look like a code rather than words, 0 to 1.

    Args:
        counts: Characters by class.
        label_bytes: Mean bytes of a name: long runs of digits are a code, short ones numbers or addresses.
    """
    letters, total = counts[1:-1], sum(counts)
    if not total:
        return 0.0
    if sum(letters) < LETTERS * total:
        return 0.6 * ramp(label_bytes, 14, 40)
    shares = [count / sum(letters) for count in letters]

    def distance(model: Sequence[float]) -> float:
        return sum(share * math.log2(share / other) for share, other in zip(shares, model, strict=True) if share)

    return ramp(distance(NATURAL) - min(distance(FLAT), distance(HEX)), *CODED)


def _parts(record: Mapping[str, Any], made: Carried) -> dict[str, float]:
    hosts, clients = int(record["hosts"]), max(int(record["clients"]), 1)
    return {
        "volume": ramp(math.log10(max(made.up, 1)), math.log10(LEAST_BYTES), math.log10(5_000)),
        "label_size": ramp(made.label_bytes, 3, 18),
        "randomness": made.random,
        "fresh_names": ramp(made.fresh, 0.3, 0.8),
        "record_types": ramp(made.odd, 0.05, 0.5),
        "answers": ramp(made.down / made.names, 24, 100),
        "rarity": _rarity(hosts, clients),
    }


def _rarity(hosts: int, clients: int) -> float:
    """Return how rare a domain is among clients; one half where there are too few to compare."""
    if clients < FEW:
        return 0.5
    return 1.0 if hosts <= 1 else 1.0 - math.log(hosts) / math.log(clients)


def _judged(record: Mapping[str, Any]) -> dict[str, object] | None:
    made = carried(record)
    if made.up < LEAST_BYTES and made.down < LEAST_BYTES:
        return None
    parts = _parts(record, made)
    raw = sum(WEIGHTS[name] * value for name, value in parts.items())
    # Short or plain labels, and names that come again, carry little whatever else looks odd.
    raw *= 0.3 + 0.7 * max(parts["label_size"], parts["record_types"]) ** 0.5
    raw *= 0.4 + 0.6 * parts["fresh_names"] ** 0.5
    # Names of words are names of hosts, unless what comes back is data.
    raw *= 0.4 + 0.6 * max(parts["randomness"], parts["answers"] * parts["record_types"]) ** 0.5
    use = services.under(services.use_domains(), record["domain"])
    innocent, benign = _innocent(record, made, use)
    score = raw * (1 - benign)
    if score < SAID:
        return None
    return _row(record, made, parts, (innocent, benign, score))


def _innocent(record: Mapping[str, Any], made: Carried, use: Use | None) -> tuple[str, float]:
    """Return the best innocent explanation and how well it fits."""
    if use is not None:
        return f"{use.name.capitalize()}: such names carry {use.carries} by design", 0.75
    hosts, clients = int(record["hosts"]), max(int(record["clients"]), 1)
    if hosts >= 4 and hosts / clients >= 0.1:
        said = (
            f"A service that many ask: {hosts} of {clients} hosts do; telemetry and content networks put ids in names"
        )
        return said, min(0.35 + 0.5 * hosts / clients, 0.7)
    if made.digits > 0.9 and made.label_bytes <= 14:
        return "A list of senders or addresses: the names are reversed addresses", 0.6
    if record["type_ptr"] > record["queries"] / 2:
        return "Reverse look-ups: the names are addresses", 0.6
    if made.down / max(made.names, 1) <= 32 and made.odd < 0.05:
        return "A content network or a service that puts ids, hashes or cache busters in its names", 0.1
    return "A security product that asks for hashes of files or addresses by DNS; ask its vendor for the domain", 0.05


def _row(
    record: Mapping[str, Any], made: Carried, parts: dict[str, float], said: tuple[str, float, float]
) -> dict[str, object]:
    innocent, benign, score = said
    figures: dict[str, float | int | str] = {
        "bytes_up": round(made.up),
        "bytes_down": round(made.down),
        "distinct_names": made.names,
        "mean_label_bytes": round(made.label_bytes, 1),
        "max_name_bytes": int(record["max_name"]),
        "entropy_bits": round(made.entropy_bits, 2),
        "share_odd_types": round(made.odd, 3),
        "share_txt": round(record["type_txt"] / max(record["queries"], 1), 3),
        "share_new_names": round(made.fresh, 3),
        "share_nxdomain": round(record["nxdomain"] / max(record["queries"], 1), 3),
        "queries": int(record["queries"]),
        "hosts": int(record["hosts"]),
        "days": len(record["days"]),
        "hours": sum(int(mask).bit_count() for mask in record["day_hours"]),
    }
    about = "" if made.names <= KEPT else "about "  # beyond that the number is an estimate
    message = (
        f"{record['orig_h'] or 'A host'} asked for {about}{made.names:,} distinct names under {record['domain']} in "
        f"{record['queries']:,} questions: about {row.size(made.up)} went out in names of {made.label_bytes:.0f} "
        f"characters on average, and {row.size(made.down)} came back in answers"
    )
    resolver = record["resolvers"][0] if len(record["resolvers"]) == 1 else None
    steady, bins = record["days"], record["day_bytes"]
    drawn = row.timeline(steady[0] * 86_400_000_000, 86_400_000_000, [0] * len(bins), bins) if _dense(steady) else None
    return row.row(
        "dns_tunnel", orig_h=record["orig_h"], far=record["domain"], resp_h=resolver,
        resp_p=53, proto=None, parts=parts, figures=figures, message=message, innocent=innocent, benign=benign,
        score=score, conns=int(record["queries"]), orig_bytes=round(made.up), resp_bytes=round(made.down),
        from_us=record["first_us"], to_us=record["last_us"], timeline=drawn, facts=record["facts"],
    )  # fmt: skip


def _dense(days: list[int]) -> bool:
    """Whether days follow each other, so that a drawing by equal steps is true."""
    return len(days) > 1 and days[-1] - days[0] + 1 == len(days)
