"""The answer of `flagstate who` as frozen data, and its rendering as sentences."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from flagstate.catalog.country_names import country_name

_LEVEL_WORDS = {
    "direct_law": "directly, by law",
    "direct_place": "where it stands",
    "via_parent": "through an owner",
    "via_person": "through persons",
    "via_market": "through the market it serves",
    "covert_only": "covertly, without an order",
    "ciphertext_only": "ciphertext and metadata only",
}


@dataclass(frozen=True)
class Place:
    """One of the countries of an address: never merged with another."""

    meaning: str
    """What the country is the country of."""
    country: str | None
    """ISO 3166-1 alpha-2; None: not known."""
    words: str
    """How far it can be relied on."""


@dataclass(frozen=True)
class Party:
    """An operator or owner, as far as the catalog knows it."""

    entity_id: str
    name: str
    organised_in: tuple[str, ...]
    """Countries with the status of the fact, such as `KY (sourced)`."""
    principal_place: tuple[str, ...]
    """Countries with the status of the fact."""
    sources: tuple[str, ...]
    """Where these are said."""


@dataclass(frozen=True)
class Owner:
    """A link of the control chain, with its own status and source."""

    holder: Party
    subject: str
    """Name of what it owns."""
    share: str | None
    status: str
    contested: bool
    source: str


@dataclass(frozen=True)
class Government:
    """A government with a way in."""

    government: str
    level: str
    contested: bool
    status: str
    law: str
    proof: str


@dataclass(frozen=True)
class Who:
    """The whole answer."""

    query: str
    kind: str
    """address, host or entity."""
    as_of: str
    shown: str
    """The query as we read it."""
    special: str | None
    anycast: bool
    places: tuple[Place, ...]
    asn: int | None
    as_name: str | None
    operator: Party | None
    operator_by: str | None
    others: tuple[str, ...]
    """Other parties that the evidence names, in words."""
    owners: tuple[Owner, ...]
    controllers: tuple[Party, ...]
    governments: tuple[Government, ...]
    unknown: tuple[str, ...]
    sources: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """Return the answer as plain data, for JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Return the answer as sentences, one a line; headings have no indent."""
        return _lines(self)


def _lines(answer: Who) -> list[str]:
    lines = [f"{answer.shown}" + (f" ({answer.special})" if answer.special else "")]
    for place in answer.places:
        code = place.country
        lines.append(f"  {place.meaning}: {f'{code} {country_name(code)}' if code else 'not known'} – {place.words}")
    if answer.asn is not None:
        lines.append(f"  network: AS{answer.asn}, AS name “{answer.as_name}” – a name, never a jurisdiction")
    by = {"asn": "by its network", "feed": "by the published range", "domain": "by its domain"}
    if answer.operator:
        how = f", {by[answer.operator_by]}" if answer.operator_by else ""
        lines.append(f"operator: {_party_words(answer.operator)}{how}")
    elif answer.kind != "entity" and not answer.special:
        lines.append("operator: not known")
    lines += [f"  also: {other}" for other in answer.others]
    for owner in answer.owners:
        share = f" {owner.share}" if owner.share else ""
        flags = owner.status + (", contested" if owner.contested else "")
        lines.append(f"  {_party_words(owner.holder)} owns{share} → {owner.subject} ({flags}; {owner.source})")
    if answer.owners:
        lines.append("controller: " + "; ".join(_party_words(top) for top in answer.controllers))
    if answer.governments:
        lines.append(f"governments, by the law of {answer.as_of}:")
    for one in answer.governments:
        contested = ", contested" if one.contested else ""
        lines.append(f"  {one.government} {_LEVEL_WORDS[one.level]} ({one.status}{contested})")
        lines.append(f"    {one.proof}")
    lines.append("not known:")
    lines += [f"  {gap}" for gap in answer.unknown]
    if answer.sources:
        lines.append(
            f"tables: {answer.sources[0]}; `flagstate data` lists all {len(answer.sources)} with their licences"
        )
    return lines


def _party_words(party: Party) -> str:
    organised = f"organised in {', '.join(party.organised_in)}" if party.organised_in else ""
    place = f"principal place {', '.join(party.principal_place)}" if party.principal_place else ""
    known = "; ".join(part for part in (organised, place) if part)
    return f"{party.name} [{known}]" if known else party.name
