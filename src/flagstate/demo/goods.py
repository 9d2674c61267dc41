"""What is sold, and by whom: kinds of goods with their customs codes, merchants that do not exist, and their products.

Kinds are wares of everyday life, with the range of their value and weight; a product is a kind in one of its variants,
of one merchant. What goods tell of the person who orders them is not hidden here: two kinds do, and are marked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from flagstate.demo.digits import Numbers, gs1, mix, part, spread, text
from flagstate.demo.hub import Hub
from flagstate.demo.people import fold

_KINDS = """
Cotton T-shirt|610910|4|19|120|260
Knitted sweater|611020|9|39|280|620
Denim trousers|620342|12|45|450|800
Summer dress|620442|8|35|180|420
Rain jacket|620140|14|60|350|900
Sports shoes|640411|15|70|600|1200
Leather sandals|640399|12|50|400|900
Wool scarf|621420|5|25|90|250
Backpack|420292|12|55|500|1300
Handbag|420221|10|60|350|1100
Sunglasses|900410|4|25|60|160
Wrist watch|910211|9|80|80|250
Wireless earphones|851830|8|60|50|220
Phone case|392690|2|12|30|90
Charging cable|854442|2|15|40|160
Power bank|850760|9|40|180|450
Smart watch|851762|15|120|90|260
Bluetooth speaker|851821|9|70|250|1500
LED strip lights|940541|5|30|150|700
Desk lamp|940521|9|45|500|1600
Computer mouse|847160|5|35|80|200
Mechanical keyboard|847160|18|90|600|1300
Camera tripod|900691|10|60|500|1800
Kitchen knife|821192|5|40|120|450
Frying pan|732393|10|45|700|1900
Storage box|392310|4|25|300|1500
Shower curtain|630392|6|22|300|700
Bed linen|630221|12|60|900|2400
Floor cushion|940490|9|40|600|2200
Wall clock|910521|7|35|350|1100
Picture frame|441490|5|30|250|1200
Garden hose|391739|9|45|900|3500
Hand tool set|820600|12|80|800|4500
Cordless drill|846721|25|120|1200|3200
Bicycle light|851210|5|35|80|300
Fishing reel|950730|10|70|250|700
Yoga mat|950691|9|40|800|1700
Camping tent|630622|25|140|1500|4500
Building blocks|950300|6|60|250|1800
Plush toy|950300|4|30|150|900
Board game|950490|8|45|400|1400
Puzzle|950300|5|25|350|900
Dog collar|420100|4|22|80|260
Cat scratching post|940399|12|60|1500|4800
Hair dryer|851631|12|60|450|1000
Make-up brushes|960330|4|25|80|300
Notebook|482010|2|15|150|500
Ballpoint pens|960810|2|12|60|220
Pregnancy test kit|382219|3|15|30|120|inferred_health
Prayer rug|570242|9|45|500|1500|inferred_religion
"""
_VARIANTS = (
    "black", "white", "grey", "blue", "dark blue", "red", "green", "beige", "brown", "pink", "yellow", "orange",
    "purple", "turquoise", "assorted", "two-tone",
)  # fmt: skip
_SELLERS = (("CN", 72, "Shenzhen Yiwu Guangzhou Hangzhou Ningbo Xiamen"), ("HK", 12, "Kowloon Hong_Kong"),
            ("TR", 5, "Istanbul Bursa"), ("GB", 4, "London Leeds"), ("US", 4, "Columbus Reno"),
            ("KR", 3, "Seoul Busan"))  # fmt: skip
_CONTACTS = {
    "CN": "Li Wei,Wang Fang,Zhang Min,Liu Yang,Chen Jing,Yang Lei,Zhao Ting,Huang Jun,Zhou Na,Wu Qiang,Xu Li,Sun Hao",
    "HK": "Chan Ka Ming,Wong Mei Ling,Lee Chi Wai,Cheung Wing Yan,Lau Siu Fong,Ho Man Kit",
    "TR": "Ayşe Yılmaz,Mehmet Kaya,Fatma Demir,Mustafa Çelik,Elif Şahin,Emre Aydın",
    "GB": "Oliver Taylor,Amelia Brown,George Wilson,Isla Evans,Harry Thomas,Emily Roberts",
    "US": "James Anderson,Olivia Miller,Liam Davis,Emma Garcia,Noah Moore,Ava Jackson",
    "KR": "Kim Min Jun,Lee Seo Yeon,Park Ji Hoon,Choi Ha Eun,Jung Do Yun,Kang Ji Woo",
}
_FIRST = (
    "Bright", "Golden", "Lucky", "Swift", "Silver", "Sunny", "Happy", "Jade", "River", "Cloud", "Maple", "Star",
    "Ocean", "Forest", "Amber", "Crystal",
)  # fmt: skip
_SECOND = (
    "Leaf", "Bridge", "Harbour", "Lantern", "Orchid", "Panda", "Compass", "Garden", "Summit", "Feather", "Pebble",
    "Willow", "Comet", "Anchor",
)  # fmt: skip
_FORMS = {"CN": "Trading Co., Ltd.", "HK": "International Ltd.", "TR": "Ticaret A.Ş.", "GB": "Ltd", "US": "LLC",
          "KR": "Co."}  # fmt: skip
_DIALS = {
    "CN": "+86 755 0",
    "HK": "+852 0",
    "TR": "+90 212 0",
    "GB": "+44 1632 960",
    "US": "+1 614 555 01",
    "KR": "+82 2 0",
}
"""Ranges that are kept for stories (GB, US); elsewhere no number of a subscriber begins with 0."""
_OPEN = {"CN": 7, "HK": 7, "TR": 6, "GB": 3, "US": 2, "KR": 7}


@dataclass(frozen=True)
class Kind:
    """One kind of goods."""

    name: str
    """What it is."""
    hs_code: str
    """Heading of the Harmonized System, six digits."""
    euros: tuple[int, int]
    """Range of its value."""
    grams: tuple[int, int]
    """Range of its weight."""
    tells: str
    """What it tells of the person who orders it; empty: nothing."""


@cache
def kinds() -> tuple[Kind, ...]:
    """Return all kinds of goods."""
    rows = [[*line.split("|"), ""] for line in _KINDS.strip().splitlines()]
    return tuple(Kind(r[0], r[1], (int(r[2]), int(r[3])), (int(r[4]), int(r[5])), r[6]) for r in rows)


@dataclass(frozen=True)
class Shop:
    """All merchants and products of a hub."""

    merchants: pa.Table
    """One row per merchant."""
    products: pa.Table
    """One row per product."""
    kind: Numbers
    """Kind of each product."""
    described: Numbers
    """Place of each product's description in `descriptions`."""
    descriptions: pa.Array
    """All descriptions of goods."""
    codes: pa.Array
    """Customs code of each kind."""
    cents: Numbers
    """Value of each product, in cents of a euro."""
    grams: Numbers
    """Weight of each product."""
    seller: Numbers
    """Merchant of each product, from 0."""
    countries: pa.Array
    """Country of each merchant, of few different ones."""


def open_shop(hub: Hub) -> Shop:
    """Return the merchants and products of a hub of that size."""
    merchants = _merchants(hub, min(40_000, max(12, hub.scale // 400)))
    count = min(200_000, max(240, hub.scale // 50))
    number = np.arange(count)
    chance, more = mix(number, hub.seed + 11), mix(number, hub.seed + 12)
    listed, variants = kinds(), len(_VARIANTS)
    kind = number % len(listed)
    variant = part(chance, 0, variants)
    low, high = (np.array([each.euros[n] for each in listed])[kind] for n in (0, 1))
    light, heavy = (np.array([each.grams[n] for each in listed])[kind] for n in (0, 1))
    cents = low * 100 + (part(chance, 16, 10_000) * (high - low)) // 100
    grams = light + part(chance, 32, 10_000) * (heavy - light) // 10_000
    seller = part(more, 0, merchants.num_rows)
    descriptions = pa.array([f"{each.name}, {variant}" for each in listed for variant in _VARIANTS])
    codes = pa.array([each.hs_code for each in listed])
    body = spread(number + 20_000_000_000 + hub.seed % 1000 * 1_000_000, 12)
    body[:, 0] = 2
    products = pa.table({
        "product_id": pa.array(number + 1, pa.int32()),
        "merchant_id": pa.array(seller + 1, pa.int32()),
        "sku": text(count, "SKU-", spread(number * 7 + 10_000, 8)),
        "gtin": text(count, body, gs1(body)),
        "product_name": descriptions.take(pa.array(kind * variants + variant)),
        "hs_code": codes.take(pa.array(kind)),
        "net_weight_g": pa.array(grams, pa.int32()),
        "unit_price": pa.array(cents / 100),
        "currency": pa.array(["EUR"]).take(pa.array(np.zeros(count, np.int8))),
    })  # fmt: skip
    return Shop(
        merchants, products, kind, kind * variants + variant, descriptions, codes, cents, grams, seller,
        merchants.column("country").combine_chunks(),
    )  # fmt: skip


def _merchants(hub: Hub, count: int) -> pa.Table:
    """A row per merchant; contacts of a country have few names, and each an address of its own."""
    rng = hub.rng("merchants")
    share = np.array([share for _, share, _ in _SELLERS]) / 100
    chosen = rng.choice(len(_SELLERS), count, p=share)
    rows: list[dict[str, object]] = []
    for number, (of, one, two, three) in enumerate(zip(chosen, *rng.integers(0, 2**20, (3, count)), strict=True)):
        country, _, towns = _SELLERS[of]
        contacts, cities = _CONTACTS[country].split(","), towns.split()
        contact = contacts[three % len(contacts)]
        name = f"{_FIRST[one % 16]} {_SECOND[two % 14]}"
        host = f"{name.replace(' ', '').lower()}{number + 1}"
        dial = f"{three * 7_919 % 10 ** _OPEN[country]:0{_OPEN[country]}d}"
        rows.append({
            "merchant_id": number + 1,
            "seller_name": f"{name} {number + 1} {_FORMS[country]}",
            "contact_name": contact,
            "contact_email": f"{'.'.join(fold(word) for word in contact.split())}@{host}.example",
            "contact_phone": f"{_DIALS[country]}{dial}",
            "city": cities[one % len(cities)].replace("_", " "),
            "country": country,
            "ioss_number": f"IM{('056', '372', '528')[two % 3]}{(number * 7_919 + 1_000_003) % 10**7:07d}"
            if (one + two) % 8 else None,
        })  # fmt: skip
    return pa.Table.from_pylist(rows, pa.schema([
        ("merchant_id", pa.int32()), *((name, pa.string()) for name in (
            "seller_name", "contact_name", "contact_email", "contact_phone", "city", "country", "ioss_number",
        )),
    ]))  # fmt: skip
