"""Accesses: who touched what from where other than declared, to whom access was given, and when nobody could see."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase
from typing import Any

import pyarrow as pa

from flagstate import model
from flagstate.assess.finding import finding
from flagstate.catalog.country_names import expand
from flagstate.model.counted import counted
from flagstate.model.stance import in_force

Row = dict[str, Any]

MOST = 200
"""Findings of one kind beyond this are put together in one."""

INSIDE = ("inspect", "unshare", "start_logging")
"""Actions that give nobody anything; they are told in the table and make no finding of their own."""

PLACED = ["addr", "host_country", "host_country_second", "provider_country", "anycast", "confidence", "special"]
"""What is asked of an address that somebody came from."""

GROUPS = frozenset({"EU"})
"""Two letters that name several countries."""

SERVICES = (".amazonaws.com", ".amazonaws.com.cn", ".aliyuncs.com")
"""Under which names the services of providers call, as their own logs write them."""

FRONTS = ("cloudfront.", "cdn.", "dcdn.")
"""Services that pass on the calls of anybody in the world."""

DECLARE = "Declare who may touch what from where (`accesses:` in estate.yaml)."
DECLARE_SHARE = "Declare to whom access is given (`accesses:` with `do: [share]` and `to:` in estate.yaml)."
WHOSE = "Find out whose account it is: its number stands in the log, which `flagstate explain` finds."
OWN_NETWORKS = "Name your own networks in estate.yaml (`networks:`), so that accesses from there are known to be yours."


def activity(tables: Mapping[str, pa.Table]) -> pa.Table:
    """Conclude on accesses.

    Args:
        tables: activity, endpoint, coverage, network and asset.

    Returns:
        Rows of `finding`: shares and accesses that nothing declares (adverse where accesses are declared at all, else
        unknown), and the times in which a log was off, in which what happened is unknown.
    """
    rows = tables["activity"].to_pylist()
    seen = [row for row in rows if row["stance"] == "observed"]
    book = Book([row for row in rows if row["stance"] == "declared"], tables)
    found = [*_gaps(seen, tables["coverage"]), *_shares(seen, book), *_accesses(seen, book)]
    return model.rows(model.FINDING, found)


@dataclass(frozen=True)
class Origin:
    """Where an access came from."""

    country: str | None
    """Its country, where the sources agree."""
    address: str | None
    """Its address."""
    inside: bool
    """It came from within: a network of ours, a private address, or the provider itself."""
    likely: bool = False
    """Its country is likely and not sure."""
    service: bool = False
    """A service of the provider, by itself or in somebody's name."""

    @property
    def shown(self) -> str:
        """Return it as a person reads it."""
        return self.country or "a country that is not known"


class Book:
    """What is declared of accesses, and where addresses stand."""

    def __init__(self, declared: list[Row], tables: Mapping[str, pa.Table]) -> None:
        """Take the declared rows."""
        self.declared = declared
        self.ends = {row["addr"]: row for row in tables["endpoint"].select(PLACED).to_pylist()}
        self.own = [ipaddress.ip_network(text, strict=False) for text in _networks(tables["network"])]
        self.places: dict[object, Origin] = {}

    def origin(self, text: str | None) -> Origin:
        """Return where an access came from."""
        if text not in self.places:
            self.places[text] = self._origin(text)
        return self.places[text]

    def _origin(self, text: str | None) -> Origin:
        if text is None:
            return Origin(None, None, False)
        if len(text) == 2 and text.isalpha():
            code = next(iter(expand([text], on=date.max)[0]), None) if text.upper() not in GROUPS else None
            return Origin(code, None, False)
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            # A service of the provider acts by itself, or in somebody's name; any other name may be anywhere.
            service = _service(text)
            return Origin(None, None, service, service=service)
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        known = self.ends.get(text) or (self.ends.get(str(mapped)) if mapped else None)
        address = mapped or address
        if any(address in network for network in self.own):
            return Origin(None, text, True)
        country, likely = _stands(known) if known else (None, False)
        return Origin(country, text, bool(known["special"]) if known else address.is_private, likely)

    def covers(self, row: Row, origin: Origin) -> bool | None:
        """Say whether a declared access covers an observed one; null: its place does not decide."""
        maybe = False
        for told in self.declared:
            if not _fits(told["principal"], row["principal"]) or not _fits(told["asset_id"], row["asset_id"]):
                continue
            if told["action"] not in (None, row["action"]) or not in_force(told, row["day"]):
                continue
            if not _given(told, row):
                continue
            there = _there(told["from_place"], origin)
            if there:
                return True
            maybe |= there is None
        return None if maybe else False


def _service(text: str) -> bool:
    """Say whether a log names a service of the provider; one that passes on anybody's calls stands for anybody."""
    name = text.lower()
    return name in ("local", "aws internal") or (name.endswith(SERVICES) and not name.startswith(FRONTS))


def _stands(known: Row) -> tuple[str | None, bool]:
    """Return the country of an address, and whether it is likely only; null: anycast, disputed or not known."""
    if known["anycast"]:
        return None, False
    if known["provider_country"]:
        return known["provider_country"], False
    first, second, grade = known["host_country"], known["host_country_second"], known["confidence"]
    if grade == "sure" or (grade == "likely" and second in (None, first)):
        return first, grade == "likely"
    return None, False


def _given(told: Row, row: Row) -> bool:
    """Say whether a declaration speaks of whom access is given to: a leave to do anything is no leave to share."""
    if row["to_party"] is None:
        return told["to_party"] is None
    if told["to_party"] is None:
        return bool(told["action"] == row["action"])
    return _fits(told["to_party"], row["to_party"])


def _networks(network: pa.Table) -> list[str]:
    return [str(row["cidr"]) for row in network.to_pylist() if row.get("cidr")]


def _fits(pattern: str | None, value: str | None) -> bool:
    return pattern is None or (value is not None and fnmatchcase(value, pattern))


def _there(declared: str | None, origin: Origin) -> bool | None:
    if declared is None or origin.inside:
        return True
    if len(declared) == 2:
        return None if origin.country is None else origin.country == declared
    if origin.address is None:
        return None
    try:
        return ipaddress.ip_address(origin.address) in ipaddress.ip_network(declared, strict=False)
    except ValueError:
        return False


def _gaps(seen: list[Row], coverage: pa.Table) -> Iterator[Row]:
    """Yield a finding per log that was switched off; what happened meanwhile is unknown, never none."""
    stopped: dict[str, list[Row]] = {}
    for row in seen:
        if row["action"] == "stop_logging":
            stopped.setdefault(row["asset_id"], []).append(row)
    gaps: dict[tuple[str, str], list[Row]] = {}
    for row in coverage.to_pylist():
        said = str(row["said_by"] or "")
        if row["complete"] == "no" and (said in stopped or said == "postgresql") and row["remark"]:
            gaps.setdefault((said, row["noun"]), []).append(row)
    for (log, noun), listed in sorted(gaps.items())[:MOST]:
        listed.sort(key=lambda r: str(r["from_ts"] or ""))
        rows = stopped.get(log) or [r for r in seen if r["action"] == "stop_logging" and r["asset_id"].startswith(log)]
        what = "network flows" if noun == "flow" else "who touched what"
        times = "; ".join(map(_span, listed[:5]))
        yield finding(
            "flows",
            "logging-off",
            log,
            "unknown",
            f"A log of {what} ({log}) was switched off, narrowed or deleted: {times}. What happened then, and was not "
            "seen, is not known.",
            values={
                "gaps": len(listed),
                "attempts": sum(r["failed"] or 0 for r in rows),
                "from": sorted({str(r["from_place"]) for r in rows if r["from_place"]})[:5],
            },
            facts=[r["fact_id"] for r in rows][:20],
            missing=list(dict.fromkeys(str(r["todo"]) for r in listed if r["todo"])),
            rests_on="observed",
            innocent="Maintenance, a new log in the place of the old one, or a rule that saves cost.",
        )


def _span(row: Row) -> str:
    begin, end = _clock(row["from_ts"]), _clock(row["to_ts"])
    if begin and end:
        return f"from {begin} to {end} UTC"
    return f"from {begin} UTC on" if begin else f"up to {end} UTC"


def _clock(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""


def _shares(seen: list[Row], book: Book) -> Iterator[Row]:
    """Yield a finding per asset and party that was given access."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in seen:
        if row["to_party"] and row["action"] in ("share", "login"):
            groups.setdefault((row["asset_id"], row["to_party"]), []).append(row)
    taken = {(row["asset_id"], row["to_party"]) for row in seen if row["action"] == "unshare" and not _failed(row)}
    listed = sorted(groups.items(), key=lambda item: (item[0][1] != "anyone", item[0]))
    for (asset, party), rows in listed[:MOST]:
        if any(book.covers(row, book.origin(row["from_place"])) for row in rows):
            continue
        given = any(not _failed(row) for row in rows)
        how = "took on a role of" if rows[0]["action"] == "login" else "was given access to"
        tried = "" if given else "Attempted: "
        back = " It was taken back later." if (asset, party) in taken else ""
        whom = party if rows[0]["action"] == "login" else _whom(party)
        yield finding(
            "flows",
            "share-undeclared",
            asset,
            "yes" if book.declared else "unknown",
            f"{tried}{whom} {how} {asset}; nothing declares it.{back}",
            counterparty=party,
            outcome="assess" if book.declared else None,
            confidence="high" if given else "low",
            values={"times": sum(map(_number, rows)), "refused": sum(r["failed"] or 0 for r in rows)},
            facts=[r["fact_id"] for r in rows][:20],
            missing=[DECLARE_SHARE, *([WHOSE] if "account" in party else [])],
            rests_on="observed",
            innocent="A second account of the same firm, a partner with a contract, or a public file.",
        )
    if len(listed) > MOST:
        yield _beyond("share-undeclared", len(listed) - MOST, "shares", book)


def _whom(party: str) -> str:
    return "Anyone" if party == "anyone" else f"{party[:1].upper()}{party[1:]}" if not party.startswith("a") else party


def _failed(row: Row) -> bool:
    return (row["failed"] or 0) >= _number(row)


def _number(row: Row) -> int:
    """Return how many times; a row without a number says that it was at least once."""
    return 1 if row["count"] is None else int(row["count"])


def _accesses(seen: list[Row], book: Book) -> Iterable[Row]:
    """Yield a finding per group and country from which it touched something that nothing declares."""
    groups: dict[tuple[str, str | None], list[Row]] = {}
    open_: list[Row] = []
    counted = [
        row for row in seen if row["action"] not in INSIDE and not (row["to_party"] and row["action"] == "share")
    ]
    outside = [(row, origin) for row in counted if not (origin := book.origin(row["from_place"])).inside]
    if not outside:
        return
    if not book.declared:
        yield _nothing_declared(outside)
        return
    for row, origin in outside:
        fit = book.covers(row, origin)
        if fit is None or (not fit and origin.country is None):
            open_.append(row)
        elif not fit:
            groups.setdefault((row["principal"], origin.country), []).append(row)
    listed = sorted(groups.items(), key=lambda item: (-sum(map(_number, item[1])), str(item[0])))
    for (who, country), rows in listed[:MOST]:
        yield _undeclared(who, country, rows)
    if len(listed) > MOST:
        yield _beyond("access-undeclared", len(listed) - MOST, "groups and countries", book)
    if open_:
        yield finding(
            "flows",
            "access-maybe",
            "accesses that may be declared",
            "unknown",
            f"{_times(open_)} came from addresses whose country is not known or disputed, so it is not known whether "
            "they are declared.",
            facts=[r["fact_id"] for r in open_][:20],
            missing=[OWN_NETWORKS, DECLARE],
            rests_on="observed",
        )


def _undeclared(who: str, country: str | None, rows: list[Row]) -> Row:
    done = ", ".join(sorted({str(r["action"]) for r in rows}))
    assets = sorted({str(r["asset_id"]) for r in rows})
    given = any(not _failed(row) for row in rows)
    things = assets[0] if len(assets) == 1 else f"{len(assets):,} assets, such as {assets[0]}"
    return finding(
        "flows",
        "access-undeclared",
        who,
        "yes",
        f"{'' if given else 'Attempted: '}{who} touched {things} from {country} ({done}; {_times(rows)}); no declared "
        "access covers it.",
        counterparty=country,
        outcome="assess",
        confidence="high" if given else "low",
        values={
            "times": sum(map(_number, rows)),
            "refused": sum(r["failed"] or 0 for r in rows),
            "assets": len(assets),
            "bytes": sum(r["bytes"] or 0 for r in rows),
        },
        facts=[r["fact_id"] for r in rows][:50],
        rests_on="observed",
        innocent="Travel, a proxy or VPN of the firm, or a service that runs there.",
    )


def _nothing_declared(outside: list[tuple[Row, Origin]]) -> Row:
    rows = [row for row, _ in outside]
    places = sorted({origin.shown for _, origin in outside})
    groups = sorted({str(row["principal"]) for row in rows})
    return finding(
        "flows",
        "access-undeclared",
        "all accesses",
        "unknown",
        f"{_times(rows)} by {counted(len(groups), 'group[|s]')} from {', '.join(places[:6])}; nothing declares who may "
        "touch what from where, so it is not known whether they should be.",
        values={"times": sum(map(_number, rows)), "groups": len(groups), "places": len(places)},
        facts=[r["fact_id"] for r in sorted(rows, key=lambda r: -_number(r))][:20],
        missing=[DECLARE],
        rests_on="observed",
    )


def _beyond(rule: str, count: int, what: str, book: Book) -> Row:
    return finding(
        "flows",
        rule,
        f"further {what}",
        "yes" if book.declared else "unknown",
        f"{count:,} further {what} that nothing declares; the table of accesses lists them.",
        outcome="assess" if book.declared else None,
        values={"further": count},
        rests_on="observed",
    )


def _times(rows: list[Row]) -> str:
    times = sum(map(_number, rows))
    return counted(times, "access[|es]")
