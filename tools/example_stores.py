"""The invented stores, portal and infrastructure of the example: nobody in them exists."""

from __future__ import annotations

import csv
import io
import json
import random
import sqlite3
from pathlib import Path
from typing import Any

GIVEN = ("Anna", "Luc", "Marie", "Pieter", "Sofie", "Jonas", "Elena", "Karim", "Nora", "Tomas", "Ines", "Viktor")
FAMILY = ("Verhoeven", "Dubois", "Lambert", "Peeters", "Janssen", "Moreau", "Keller", "Rossi", "Novak", "Silva")
CITIES = (("4460", "Grace-Hollogne"), ("4000", "Liege"), ("5000", "Namur"), ("3500", "Hasselt"), ("6200", "Chatelet"))
STREETS = ("Rue du Tri", "Quai des Colis", "Chemin du Hangar", "Laan der Pakketten", "Rue de l'Entrepot")
GOODS = ("phone case", "garden lamp", "running shoes", "kitchen scale", "toy train", "usb cable")
PARCELS, RETURNS = 240, 90


def s10(number: int) -> str:
    """Return a postal parcel number (UPU S10) with its check digit."""
    digits = f"{number:08d}"
    rest = 11 - sum(int(d) * w for d, w in zip(digits, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    return f"LX{digits}{ {10: 0, 11: 5}.get(rest, rest) }BE"


def iban(rng: random.Random) -> str:
    """Return an account number with right check digits of a bank that does not exist."""
    bban = f"999{rng.randrange(10**7):07d}"
    bban += f"{int(bban) % 97 or 97:02d}"
    return f"BE{98 - int(bban + '111400') % 97:02d}{bban}"


def _person(rng: random.Random) -> tuple[str, str]:
    given, family = rng.choice(GIVEN), rng.choice(FAMILY)
    return f"{given} {family}", f"{given}.{family}{rng.randrange(100)}@mail.example".lower()


def parcels(rng: random.Random) -> str:
    """Return the parcels of three days as CSV."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(
        ["parcel_number", "scanned_on", "consignee", "email", "street", "postcode", "city", "goods", "declared_value"]
    )
    for number in range(PARCELS):
        name, mail = _person(rng)
        postcode, city = rng.choice(CITIES)
        street = f"{rng.choice(STREETS)} {rng.randrange(1, 180)}"
        day = f"2026-11-{16 + number % 3}"
        value = f"{rng.randrange(300, 14_900) / 100:.2f}"
        goods = rng.choice(GOODS)
        parcel = s10(40_118_000 + number * 7)
        rows.writerow((parcel, day, name, mail, street, postcode, city, goods, value))
    return out.getvalue()


def merchants(path: Path, rng: random.Random) -> None:
    """Write the merchants' database: refunds with bank accounts, which nobody declared."""
    con = sqlite3.connect(path)
    with con:
        con.execute("CREATE TABLE merchant (merchant_id INTEGER, company TEXT, country TEXT)")
        con.execute("CREATE TABLE refund (parcel_number TEXT, email TEXT, iban TEXT, amount TEXT)")
        shops = [(n, f"Invented Shop {n:02d}", rng.choice(("CN", "BE", "DE"))) for n in range(1, 25)]
        con.executemany("INSERT INTO merchant VALUES (?, ?, ?)", shops)
        refunds = [
            (s10(40_118_000 + n * 7), _person(rng)[1], iban(rng), f"{rng.randrange(300, 9_900) / 100:.2f}")
            for n in range(RETURNS)
        ]
        con.executemany("INSERT INTO refund VALUES (?, ?, ?, ?)", refunds)
    con.close()


def portal(rng: random.Random) -> str:
    """Return the visit of an invented merchant to the portal, as a browser saves it."""
    pages = (
        ("GET", "https://portal.ourthe-hub.example/parcels", "10.20.1.30", 0, 48_211),
        ("GET", "https://fonts.static-edge.example/hub.woff2", "1.1.1.1", 0, 22_104),
        ("POST", "https://px.tally-count.example/collect", "203.0.113.60", 1_902, 35),
        ("POST", "https://px.tally-count.example/collect", "203.0.113.60", 2_417, 35),
        ("POST", "https://portal.ourthe-hub.example/refund", "10.20.1.30", 640, 212),
    )
    entries: list[dict[str, Any]] = []
    for number, (method, url, addr, sent, got) in enumerate(pages):
        entries.append(
            {
                "startedDateTime": f"2026-11-17T09:1{number}:00.{rng.randrange(1000):03d}Z",
                "time": rng.randrange(20, 400),
                "request": {
                    "method": method, "url": url, "httpVersion": "HTTP/1.1", "cookies": [], "queryString": [],
                    "headers": [{"name": "User-Agent", "value": "Example/1.0"}], "headersSize": 180, "bodySize": sent,
                },
                "response": {
                    "status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
                    "content": {"size": got, "mimeType": "text/html"}, "redirectURL": "", "headersSize": 160,
                    "bodySize": got,
                },
                "cache": {}, "timings": {"send": 1, "wait": 9, "receive": 4}, "serverIPAddress": addr,
            }
        )  # fmt: skip
    entries.append(_script(entries[1]))
    creator = {"name": "flagstate example (all invented)", "version": "1"}
    return json.dumps({"log": {"version": "1.2", "creator": creator, "entries": entries}}, indent=1)


def _script(font: dict[str, Any]) -> dict[str, Any]:
    """Return the entry of a script that the page waits for, from the host that its fonts come from."""
    made: dict[str, Any] = json.loads(json.dumps(font))
    made["startedDateTime"] = "2026-11-17T09:10:01.000Z"
    made["request"]["url"] = "https://fonts.static-edge.example/menu.js"
    made["response"]["content"] = {"size": 18_400, "mimeType": "text/javascript"}
    made["response"]["bodySize"] = 18_400
    return made | {"_resourceType": "script", "_priority": "High", "_initiator": {"type": "parser"}}


def state() -> str:
    """Return a Terraform state: the archive stands in Frankfurt, its copy does not."""

    def store(name: str, region: str, addr: str) -> dict[str, object]:
        attributes = {
            "id": name, "name": name, "region": region, "private_ip_address": addr, "encryption_key_name": "",
            "database_version": "POSTGRES_16",
        }  # fmt: skip
        return {
            "mode": "managed", "type": "google_sql_database_instance", "name": name.replace("-", "_"),
            "provider": 'provider["registry.terraform.io/hashicorp/google"]',
            "instances": [{"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}],
        }  # fmt: skip

    document = {
        "version": 4, "terraform_version": "1.13.4", "serial": 7, "lineage": "00000000-0000-4000-8000-00000e0a3b1e",
        "outputs": {},
        "resources": [
            store("parcel-archive", "europe-west3", "10.20.8.10"),
            store("parcel-archive-copy", "asia-southeast1", "10.20.8.20"),
        ],
    }  # fmt: skip
    return json.dumps(document, indent=1)


ESTATE = """\
# The declaration of an invented hub. Every company, person and parcel of this case is made up, and so is every use of
# an address; what the report says of an address itself (country, network, operator) is public record.
title: Example case of flagstate (invented)
as_of: 2026-11-16
confirmed_by: example
confirmed_on: 2026-11-20
networks: [10.20.0.0/16]
entities:
  hub:        {name: Ourthe Hub (invented), organised_in: [BE], principal_place: BE}
  software:   {name: Sortgrid WMS (invented), organised_in: [DE], principal_place: DE, owned_by: {grey: 100}}
  grey:       {name: Grey Heron (invented), organised_in: [KY], principal_place: CN}
  desk:       {kind: group, located_in: CN, head_count: 6, employed_by: software, administers: wms}
  consignees: {kind: group, located_in: BE}
assets:
  fra:         {kind: region, place: DE}
  login:       {kind: service, operated_by: software}
  wms:         {kind: system, runs_on: fra, addr: 10.20.1.10, critical: true, operated_by: software, controller_by: hub}
  portal:      {kind: service, addr: 10.20.1.30, server_name: portal.ourthe-hub.example, operated_by: hub}
  archive:     {kind: store, place: DE, addr: 10.20.8.10, operated_by: software}
  dr_copy:     {kind: store, place: DE, addr: 10.20.8.20, operated_by: software}
holdings:
  - at: wms
    container: parcels
    about: consignees
    classes: [consignee, person_name, email, postal_address, postcode, city, parcel_s10, goods_description,
      declared_value]
    subjects: [200, 240]
    state: stored
flows:
  tracking: {from: wms, to: carrier-north.example}
  customs:  {from: wms, to: customs-desk.example, port: 443}
  support:  {to: sortgrid-wms.example}
  resolver: {to: 1.1.1.1/32, port: 853}
  payouts:  {from: wms, to: payouts.paykit.example}
  visitors: {to: portal, action: receive}
needs: {wms: [[fra], [login]]}
claims:
  germany: {says: All parcel data stays in Germany, by: the software house, test: {place_in: [DE], of: dr_copy}}
policy: {accept_reach: [EU]}
"""

MODULE = """\
# Source text: what it builds depends on variables, so flagstate asks for the state instead.
resource "google_sql_database_instance" "parcel_archive" {
  region = var.region
}
"""

README = """\
This folder is the example case of flagstate. All of it is invented: companies, persons, parcels, traffic. Addresses of
documentation ranges and names under .example belong to nobody. Three addresses are real (8.209.64.10, 36.110.1.10 and
1.1.1.1), so that the tables have something to say of them; that anybody of this case ever spoke to them is invented.
"""


def write(folder: Path, rng: random.Random) -> None:
    """Write everything but the traffic into a folder."""
    for name in ("stores", "infrastructure", "sorter"):
        (folder / name).mkdir(parents=True)
    text = parcels(rng)
    (folder / "estate.yaml").write_text(ESTATE)
    (folder / "README.txt").write_text(README)
    (folder / "stores/parcels.csv").write_text(text)
    (folder / "stores/parcels (copy).csv").write_text(text)
    merchants(folder / "stores/merchants.sqlite", rng)
    (folder / "portal.har").write_text(portal(rng))
    (folder / "infrastructure/terraform.tfstate").write_text(state())
    (folder / "infrastructure/main.tf").write_text(MODULE)
    (folder / "sorter/firmware.bin").write_bytes(b"SORT\x00\x01" + bytes(rng.randrange(256) for _ in range(2_000)))
