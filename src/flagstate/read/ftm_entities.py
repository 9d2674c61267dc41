"""The entities of a FollowTheMoney file, put together from their pieces, with no more than what is used of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from flagstate.catalog.mask import mask_party
from flagstate.read.owners import Flaws, Ids, Row, country, day, lei, registration, text
from flagstate.read.part import Context, Opened

PARTIES = {
    "Company": "registeredEntity",
    "Organization": "legalEntity",
    "LegalEntity": "legalEntity",
    "PublicBody": "stateBody",
    "Person": "knownPerson",
}
"""Schemata of those who own and are owned, and their type in the words of BODS."""

LINKS = {
    "Ownership": ("owner", "asset"),
    "Directorship": ("director", "organization"),
    "Control": ("controller", "controlled"),
    "UnknownLink": ("subject", "object"),
}
"""Schemata of links: who holds, and what."""

NUMBERS = {
    "ogrnCode": "RU-OGRN",
    "innCode": "RU-INN",
    "uscCode": "CN-USCC",
    "uniqueEntityId": "US-UEI",
    "dunsCode": "XI-DUNS",
}
"""Properties that hold the number of one register."""

MOST = 64
"""Values of one property that are kept."""

DEEPEST = 4
HIDDEN = "‹name›"

_USED = frozenset(
    {
        *(
            "name",
            "leiCode",
            "registrationNumber",
            "jurisdiction",
            "country",
            "mainCountry",
            "nationality",
            "citizenship",
        ),
        *("incorporationDate", "dissolutionDate", "parent", *NUMBERS),
        *(end for ends in LINKS.values() for end in ends),
        *("percentage", "ownershipType", "controlType", "role", "startDate", "endDate"),
    }
)
_OF_PERSONS = frozenset({"name", "nationality", "citizenship", "country"})
_LATEST = {"Organization": 1, "Company": 2, "PublicBody": 2, "Person": 2}
"""Of two schemata for one id the more particular one counts."""


@dataclass(slots=True)
class Piece:
    """One entity, as far as it is used."""

    id: str
    schema: str
    line: int
    properties: dict[str, list[str]]

    def all(self, *names: str) -> list[str]:
        """Return the values of some properties, each once."""
        return list(dict.fromkeys(value for name in names for value in self.properties.get(name, ())))


@dataclass
class Entities:
    """The entities of one file."""

    context: Context
    flaws: Flaws
    opened: Opened
    parties: dict[str, Piece] = field(default_factory=dict)
    links: dict[str, Piece] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)
    things: set[str] = field(default_factory=set)
    """Ids of what neither owns nor is an entity, such as ships."""
    _ids: dict[str, str] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._made = Ids("ftm", self.context.mask, self.opened.evidence_id)

    def note(self, value: object, line: int, depth: int = 0) -> str:
        """Note an entity, and those inside it; return why it is none, or nothing."""
        if not isinstance(value, dict):
            return "This is no entity: it is no JSON object"
        name, schema, given = text(value.get("id")), value.get("schema"), value.get("properties")
        if name is None or not isinstance(schema, str) or not isinstance(given, dict):
            return "The entity has no id, schema or properties"
        if schema not in PARTIES and schema not in LINKS:
            self.others[self.context.mask(schema)] += 1
            self.things.add(name)
        piece = self._piece(name, schema, line)
        for key, listed in given.items():
            if piece is not None and not isinstance(listed, list):
                listed = [listed]
            for each in listed if isinstance(listed, list) else ():
                if isinstance(each, dict):
                    if depth < DEEPEST:
                        self.note(each, line, depth + 1)
                    each = each.get("id")
                if piece is None or key not in _USED or (schema == "Person" and key not in _OF_PERSONS):
                    continue
                if isinstance(each, bool) or not isinstance(each, str | int | float):
                    self.flaws.note(
                        line, "[value of a property is no text|values of properties are no texts]: left out"
                    )
                    continue
                kept = piece.properties.setdefault(key, [])
                if len(kept) < MOST and str(each) not in kept:
                    kept.append(str(each))
        return ""

    def _piece(self, name: str, schema: str, line: int) -> Piece | None:
        """The entity that a line is a piece of."""
        if schema not in PARTIES and schema not in LINKS:
            return None
        into, other = (self.parties, self.links) if schema in PARTIES else (self.links, self.parties)
        known = into.get(name)
        if known is None:
            if name in other:
                self.flaws.note(line, "[id stands|ids stand] for an entity and for a link: these are kept apart")
            known = into[name] = Piece(name, schema, line, {})
        elif known.schema != schema:
            if {known.schema, schema} >= {"Person", "Company"} or schema in LINKS:
                self.flaws.note(line, "[id stands|ids stand] for things of two kinds: the first was taken")
                return None
            if _LATEST.get(schema, 0) > _LATEST.get(known.schema, 0):
                known.schema = schema
                if schema == "Person":
                    known.properties = {k: v for k, v in known.properties.items() if k in _OF_PERSONS}
        return known

    def id(self, name: str) -> str:
        """Return the id of an entity: by its LEI, or its own."""
        found = self._ids.get(name)
        if found is None:
            piece = self.parties.get(name)
            known = next(filter(None, map(lei, piece.all("leiCode"))), None) if piece else None
            found = f"lei:{known}" if known and self._first(f"lei:{known}") else self._made.of(name)
            self._ids[name] = found
        return found

    def _first(self, entity_id: str) -> bool:
        """Whether no other entity of the file has this id already."""
        if entity_id in self._seen:
            return False
        self._seen.add(entity_id)
        return True

    def rows(self, holders: set[str]) -> Iterator[Row]:
        """Yield the rows; of persons only those who hold something."""
        numbers = Counter(number for piece in self.parties.values() for number in set(self._national(piece)))
        for name, piece in self.parties.items():
            entity_id = self.id(name)
            if piece.schema != "Person":
                yield self._party(piece, entity_id, numbers)
            elif entity_id in holders:
                yield self._person(piece, entity_id)

    def _places(self, piece: Piece, *names: str) -> list[str]:
        found: list[str] = []
        for value in piece.all(*names):
            code = country(value)
            if code is None:
                self.flaws.note(piece.line, "[country code is|country codes are] none of ISO 3166: left out")
            elif code not in found:
                found.append(code)
        return found

    def _national(self, piece: Piece) -> list[str]:
        """Registration numbers with the country of the entity, where it has just one."""
        places = {code for code in map(country, piece.all("jurisdiction")) if code}
        if len(places) != 1:
            return []
        (place,) = places
        return [made for number in piece.all("registrationNumber") if (made := registration(place, number))]

    def _party(self, piece: Piece, entity_id: str, numbers: Counter[str]) -> Row:
        row = self._base(piece, entity_id)
        name = next(iter(piece.all("name")), None)
        codes = [known for value in piece.all("leiCode") if (known := lei(value))]
        if len(codes) < len(piece.all("leiCode")):
            self.flaws.note(piece.line, "[LEI has|LEIs have] wrong check digits: left out")
        typed = [registration(scheme, value) for key, scheme in NUMBERS.items() for value in piece.all(key)]
        # A number that two entities of one country share comes from two registers, and identifies neither.
        own = [number for number in self._national(piece) if numbers[number] == 1]
        origin = self._places(piece, "mainCountry")
        organised = self._places(piece, "jurisdiction")
        row |= {
            "kind": "state" if piece.schema == "PublicBody" else "organisation",
            # Nothing tells whether a LegalEntity is a person: its name is masked as one.
            "name": name and (self.context.mask if piece.schema == "LegalEntity" else mask_party)(name),
            "lei": codes[0] if codes else None,
            "registration": [number for number in (*typed, *own) if number] or None,
            "organised_in": organised or None,
            "principal_place": origin[0] if len(origin) == 1 else None,
            "located_in": [code for code in self._places(piece, "country") if code not in organised] or None,
        }
        begun = [at for at in map(day, piece.all("incorporationDate")) if at]
        ended = [at for at in map(day, piece.all("dissolutionDate")) if at]
        if begun and ended and max(ended) < min(begun):
            self.flaws.note(piece.line, "[entity|entities] with an end before the beginning: both days were left out")
        else:
            row |= {"valid_from": min(begun, default=None), "valid_to": max(ended, default=None)}
        return row

    def _person(self, piece: Piece, entity_id: str) -> Row:
        return self._base(piece, entity_id) | {
            "kind": "person",
            "name": HIDDEN if piece.all("name") else None,
            "nationality": self._places(piece, "nationality", "citizenship") or None,
            "located_in": self._places(piece, "country") or None,
        }

    def _base(self, piece: Piece, entity_id: str) -> Row:
        return {
            "entity_id": entity_id,
            "entity_type": PARTIES[piece.schema],
            "status": "sourced",
            "source": f"{self.opened.name}:{piece.line}",
        }

    def party(self, name: str, line: int) -> Piece | None:
        """Return an entity that a link names; one that the file does not hold is noted."""
        found = self.parties.get(name)
        if found is None and name not in self.things:
            self.flaws.note(
                line,
                "[reference leads|references lead] to entities that are not in the file",
                "Give the file that holds them too",
                lost=False,
            )
        return found
