"""Pages to points: which hosts that a page loads from, or sends people to, it is taken to need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from flagstate.catalog import points
from flagstate.enrich.dependencies_rows import Member, Rows, evidence, times

_LESSER = {
    "late_script": "a script that is loaded after the page",
    "style": "styles",
    "font": "fonts",
    "frame": "a frame",
    "fetch": "answers to requests of the page",
}
"""What was loaded, where that it was loaded is no sign that it is needed."""
_USED = frozenset({"script", "late_script", "frame", "fetch", "login"})


@dataclass
class _Host:
    """What one archive shows of one host that a page leans on."""

    page: str
    host: str
    evidence_id: str | None
    stance: str
    roles: dict[str, int] = field(default_factory=dict)


def pages(rows: Rows, seen: Iterable[dict[str, object]]) -> None:
    """Add the points that pages of ours lean on.

    Args:
        rows: Where they go.
        seen: Rows of `reliance` of our pages.

    It cannot see what a page needs only on other paths, nor whether it works without what it loads.
    """
    hosts: dict[tuple[str, str, str], _Host] = {}
    for row in seen:
        page, host, shown_by = str(row["from_name"]), str(row["to_name"]), evidence(row)
        found = hosts.setdefault((page, host, shown_by or ""), _Host(page, host, shown_by, str(row["stance"])))
        number = row["times"] if isinstance(row["times"], int) else 1
        found.roles[str(row["role"])] = found.roles.get(str(row["role"]), 0) + number
    for key in sorted(hosts):
        _host(rows, hosts[key])


def _host(rows: Rows, one: _Host) -> None:
    if set(one.roles) <= {"page", "beacon"}:
        return
    page = rows.page(one.page, one.evidence_id, one.stance)
    match = points.by_host(one.host)
    kind = match.point.kind if match else "web"
    if "login" in one.roles:
        asset, status = rows.point("identity", one.host, one.evidence_id, one.stance)
        said = f"{one.page} sent people to {one.host} to sign in, {times(one.roles['login'])}"
        if one.stance == "configured":
            said = f"{one.page} is registered at {one.host} as where people come back to after they signed in"
        member = Member(asset, said, one.evidence_id, status, stance=one.stance)
        rows.need(page, [member])
        if match and match.point.kind == "identity" and (holder := rows.operator(asset)):
            rows.interest(holder, "authenticates", member, page)
        return
    asset, status = rows.point(kind, one.host, one.evidence_id, one.stance)
    counted = points.dispensable(one.host)
    loaded = sum(number for role, number in one.roles.items() if role in _USED)
    if kind in ("identity", "payment") and loaded:
        what = points.points().kinds[kind].says
        said = f"{one.page} used {one.host} for {what}, {times(loaded)}; use is no proof of need"
        rows.need(page, [Member(asset, said, one.evidence_id, status)])
    elif "script" in one.roles and counted is None:
        said = f"{one.page} loaded a script from {one.host}, {times(one.roles['script'])}; use is no proof of need"
        rows.need(page, [Member(asset, said, one.evidence_id, status)])
    else:
        why = (
            f"listed as {counted}, so the page is taken to work without it" if counted else "the page may work without"
        )
        what = ", ".join(words for role, words in _LESSER.items() if role in one.roles) or "scripts"
        said = f"{one.page} loaded {what} from {one.host}; {why}"
        rows.interest(asset, "supplies", Member(asset, said, one.evidence_id, status), page)
