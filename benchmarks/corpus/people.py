"""Names, addresses and telephone numbers by locale; names of persons and streets from Faker (MIT), seeded."""

# ruff: noqa: E501
from __future__ import annotations

import functools
from dataclasses import dataclass
from random import Random

from faker import Faker

from corpus.nations import some

FAKER = {"en-US": "en_US", "en-GB": "en_GB", "de-DE": "de_DE", "fr-FR": "fr_FR", "fr-BE": "fr_BE", "nl-BE": "nl_BE",
         "nl-NL": "nl_NL", "zh-CN": "zh_CN", "es-ES": "es_ES", "pt-BR": "pt_BR", "it-IT": "it_IT", "pl-PL": "pl_PL"}  # fmt: skip
CITIES = {
    "en-US": "New York,Los Angeles,Chicago,Houston,Phoenix,Philadelphia,San Antonio,San Diego,Dallas,Austin,Seattle,Denver,Boston,Portland",
    "en-GB": "London,Manchester,Birmingham,Leeds,Glasgow,Liverpool,Bristol,Sheffield,Edinburgh,Cardiff,Leicester,Nottingham",
    "de-DE": "Berlin,Hamburg,München,Köln,Frankfurt am Main,Stuttgart,Düsseldorf,Leipzig,Dortmund,Essen,Bremen,Dresden,Nürnberg",
    "fr-FR": "Paris,Marseille,Lyon,Toulouse,Nice,Nantes,Strasbourg,Montpellier,Bordeaux,Lille,Rennes,Reims",
    "fr-BE": "Liège,Namur,Charleroi,Mons,Bruxelles,Wavre,Verviers,Tournai,Arlon,Seraing,Herstal,Ans",
    "nl-BE": "Antwerpen,Gent,Brugge,Leuven,Mechelen,Hasselt,Kortrijk,Aalst,Oostende,Genk,Roeselare,Turnhout",
    "nl-NL": "Amsterdam,Rotterdam,Den Haag,Utrecht,Eindhoven,Groningen,Tilburg,Almere,Breda,Nijmegen,Venlo,Zwolle",
    "zh-CN": "上海市,北京市,深圳市,广州市,杭州市,苏州市,成都市,武汉市,宁波市,厦门市,义乌市,青岛市",
    "es-ES": "Madrid,Barcelona,Valencia,Sevilla,Zaragoza,Málaga,Murcia,Bilbao,Alicante,Córdoba,Valladolid,Vigo",
    "pt-BR": "São Paulo,Rio de Janeiro,Salvador,Fortaleza,Belo Horizonte,Manaus,Curitiba,Recife,Porto Alegre,Belém",
    "it-IT": "Roma,Milano,Napoli,Torino,Palermo,Genova,Bologna,Firenze,Bari,Catania,Verona,Padova",
    "pl-PL": "Warszawa,Kraków,Łódź,Wrocław,Poznań,Gdańsk,Szczecin,Bydgoszcz,Lublin,Katowice",
}
PHONES = {
    "en-US": ("+1 {a}-555-01{z}", "+1{a}{b}{d}", "({a}) {b}-{d}"), "en-GB": ("+44 7{x} {y}", "+447{x}{y}", "020 {d} {e}"),
    "de-DE": ("+49 151 {y}{z}", "+49151{y}{z}", "0171 {y}{z}", "030/{y}{z}"), "fr-FR": ("+33 6 {z} {w} {v} {u}", "+336{z}{w}{v}{u}", "06 {z} {w} {v} {u}"),
    "fr-BE": ("+32 47{k} {z} {w} {v}", "+3247{k}{z}{w}{v}", "047{k}/{z}.{w}.{v}", "04 2{z} {w} {v}"),
    "nl-BE": ("+32 48{k} {z} {w} {v}", "+3248{k}{z}{w}{v}", "048{k} {z} {w} {v}"), "nl-NL": ("+31 6 {y}{z}", "+316{y}{z}", "06-{y}{z}"),
    "zh-CN": ("+86 13{k} {d} {e}", "+8613{k}{d}{e}", "13{k}{d}{e}"), "es-ES": ("+34 6{z} {w} {v} {u}", "+346{z}{w}{v}{u}", "6{z} {w} {v} {u}"),
    "pt-BR": ("+55 11 9{d}-{e}", "+55119{d}{e}", "(11) 9{d}-{e}"), "it-IT": ("+39 34{k} {y}{k}", "+3934{k}{y}{k}", "34{k} {y}{k}"),
    "pl-PL": ("+48 6{z} {f} {g}", "+486{z}{f}{g}", "6{z} {f} {g}"),
}  # fmt: skip
MAIL = (
    "example.com",
    "example.org",
    "gmail.com",
    "outlook.com",
    "web.de",
    "orange.fr",
    "skynet.be",
    "qq.com",
    "163.com",
    "libero.it",
    "uol.com.br",
)


@dataclass(frozen=True)
class Locale:
    """Words of a place."""

    name: str
    language: str
    given: list[str]
    family: list[str]
    streets: list[str]
    cities: list[str]
    logins: list[str]


@functools.cache
def locale(name: str) -> Locale:
    """Return the words of a locale; the same every time."""
    fake = Faker(FAKER[name], use_weighting=False)
    fake.seed_instance(sum(map(ord, name)))
    ways = Faker("fr_FR") if name == "fr-BE" else fake  # the Belgian list of French streets is in English
    ways.seed_instance(sum(map(ord, name)))
    names = range(260)
    street = ways.street_name if name != "zh-CN" else (lambda: fake.street_name() + "路"[: fake.random_int(0, 1)])
    ascii_fake = Faker("en_US", use_weighting=False)
    ascii_fake.seed_instance(7)
    return Locale(
        name, name[:2], sorted({fake.first_name() for _ in names}), sorted({fake.last_name() for _ in names}),
        sorted({street() for _ in names}), CITIES[name].split(","),
        sorted({ascii_fake.first_name().lower() for _ in names}),
    )  # fmt: skip


def person_name(r: Random, place: Locale) -> str:
    """Return a whole name, in the order of the place."""
    given, family = r.choice(place.given), r.choice(place.family)
    if place.language == "zh":
        return family + given
    return f"{given} {family}" if r.random() < 0.9 else f"{given} {r.choice('ABCDEFGHJKLMPRST')}. {family}"


def listed_name(r: Random, place: Locale) -> str:
    """Return a name as lists sort it."""
    return person_name(r, place) if place.language == "zh" else f"{r.choice(place.family)}, {r.choice(place.given)}"


def postal_address(r: Random, place: Locale) -> str:
    """Return street and house number, in the order of the place."""
    street, number = r.choice(place.streets), r.randrange(1, 240)
    if place.language == "zh":
        return f"{r.choice(place.cities)}{r.choice(('浦东新区', '朝阳区', '南山区', '江干区', '天河区'))}{street}{number}号"
    if place.name in {"en-US", "en-GB", "fr-FR"}:
        return f"{number} {street}"
    return f"{street}{',' if place.name in {'es-ES', 'pt-BR', 'it-IT'} else ''} {number}{r.choice(('', '', '', ' b', 'A'))}"


def postcode(r: Random, place: Locale) -> str:
    """Return a postcode of the place."""
    upper = "ABCDEFGHJLNPRSTUWXYZ"
    forms = {
        "en-GB": lambda: (
            f"{r.choice(('M', 'B', 'LS', 'G', 'L', 'BS', 'CF', 'SW', 'SE'))}{r.randrange(1, 20)} {r.randrange(1, 10)}{some(r, 2, 'ABDEFGHJLNPQRSTUWXYZ')}"
        ),
        "nl-NL": lambda: f"{r.randrange(1011, 9999)} {some(r, 2, upper)}",
        "pt-BR": lambda: f"{some(r, 5)}-{some(r, 3)}",
        "pl-PL": lambda: f"{some(r, 2)}-{some(r, 3)}",
        "fr-BE": lambda: str(r.randrange(1000, 9992)),
        "nl-BE": lambda: str(r.randrange(1000, 9992)),
        "zh-CN": lambda: f"{r.choice(('20', '10', '51', '31', '61'))}{some(r, 4)}",
        "en-US": lambda: f"{r.randrange(501, 99950):05d}" + (f"-{some(r, 4)}" if r.random() < 0.1 else ""),
    }
    return forms.get(place.name, lambda: f"{r.randrange(1001, 95999):05d}")()


def phone(r: Random, place: Locale, form: int | None = None) -> str:
    """Return a telephone number in one of the place's forms; form 0 is international with spaces, 1 without."""
    forms = PHONES[place.name]
    return r.choice(forms if form is None else forms[form : form + 1]).format(
        a=r.randrange(201, 990), b=r.randrange(200, 999), d=some(r, 4), e=some(r, 4), f=some(r, 3), g=some(r, 3),
        k=r.randrange(10), u=some(r, 2), v=some(r, 2), w=some(r, 2), x=some(r, 3), y=some(r, 6), z=some(r, 2))  # fmt: skip


def phone_digits(r: Random, place: Locale) -> str:
    """Return a national number without any sign of what it is."""
    return "".join(c for c in PHONES[place.name][-1].format(
        a=r.randrange(201, 990), b=r.randrange(200, 999), d=some(r, 4), e=some(r, 4), f=some(r, 3), g=some(r, 3),
        k=r.randrange(10), u=some(r, 2), v=some(r, 2), w=some(r, 2), x=some(r, 3), y=some(r, 6), z=some(r, 2),
    ) if c.isdigit())  # fmt: skip


def email(r: Random, place: Locale) -> str:
    """Return an address of a mailbox."""
    return f"{r.choice(place.logins)}.{r.choice(place.logins)}{r.choice(('', '', str(r.randrange(1, 99))))}@{r.choice(MAIL)}"


def user_name(r: Random, place: Locale) -> str:
    """Return a login."""
    first = r.choice(place.logins)
    return r.choice(
        (f"{first}{r.randrange(1, 999)}", f"{first[0]}{r.choice(place.logins)}", f"{first}_{r.choice(place.logins)}")
    )
