"""What the operator declares, and what is said of the hub: `estate.yaml`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flagstate.demo.held import TABLES
from flagstate.demo.hub import (
    BACKUP,
    CLOUD,
    LAST_DAY,
    NAMES,
    NETWORK,
    NTP,
    OFFSITE,
    PORTAL,
    SUPPORT_HOME,
    WMS,
    Hub,
)
from flagstate.demo.infrastructure import BUCKET, COPY, regional
from flagstate.demo.ownership import registration

_PARTIES = """\
# The declaration of an invented hub. Every company, person and parcel of this case is made up, and so is every use of
# an address; what the report says of an address itself (country, network, operator) is public record.
title: The hub at Liège (invented)
invented: true
as_of: {last_day}
confirmed_by: the demonstration
confirmed_on: {last_day}
networks: [{{cidr: {network}, asset: site}}]
entities:
  hub:        {{name: Ourthe Hub (invented), organised_in: [BE], principal_place: BE}}
  software:
    {{name: Sortgrid WMS GmbH (invented), organised_in: [DE], principal_place: DE, registration: ["{software}"]}}
  cloud:
    name: Grey Heron Cloud (Germany) GmbH (invented)
    organised_in: [DE]
    principal_place: DE
    registration: ["{cloud}"]
  desk:       {{kind: group, located_in: BE, head_count: 6, employed_by: software, administers: wms}}
  consignees: {{kind: group, located_in: BE}}
  authority:  {{kind: state, name: Authorities of a third country (invented), organised_in: [CN]}}
assets:
  site:     {{kind: region, place: BE, operated_by: hub}}
  fra:      {{kind: region, place: DE, operated_by: cloud}}
  wms:
    name: Warehouse system
    kind: system
    runs_on: fra
    addr: {wms}
    critical: true
    operated_by: software
    controller_by: hub
  database:
    name: Parcel database (Frankfurt)
    kind: store
    place: DE
    addr: {cloud_addr}
    server_name: {cloud_name}
    operated_by: cloud
    controller_by: hub
  bucket:
    name: Parcel archive (Frankfurt)
    kind: store
    place: DE
    server_name: {bucket}
    operated_by: cloud
    controller_by: hub
  dr_copy:
    name: Copy for disasters
    kind: store
    place: DE
    server_name: {copy}
    operated_by: cloud
    controller_by: hub
  portal:   {{kind: service, addr: {portal}, server_name: {portal_name}, operated_by: hub}}
  backup:   {{kind: store, place: BE, addr: {backup}, operated_by: hub}}
"""

HIDDEN_CLASSES = frozenset({"iban", "transaction_amount"})
"""Of refunds: held, and not declared."""
_IMPLIED = ("inferred_", "trade_flow")
"""What follows from other classes of a row: nobody declares that."""

_HELD = """\
holdings:
{tables}  - {{at: bucket, container: parcels, about: consignees, state: stored,
      classes: [consignee, person_name, email, postal_address]}}
  - {{at: wms, container: parcels, about: consignees, state: used,
      classes: [consignee, person_name, email, postal_address]}}
  - {{at: portal, classes: [user_agent], state: used}}
flows:
  tracking: {{to: carrier-north.example}}
  customs:  {{from: wms, to: customs-desk.example, port: 443}}
  storing:  {{from: wms, to: {cloud_name}}}
  updates:  {{to: scanwerk.example, port: 443}}
  offsite:  {{to: {offsite}/32}}
  clock:    {{to: {ntp}/32, port: 123, proto: udp}}
  visitors: {{to: portal, action: receive}}
  letters:  {{to: type-foundry.example}}
  support:  {{to: {support}/32, action: receive}}
accesses:
  - {{who: ["aws:role/sortgrid-support", "aliyun:role/sortgrid-support"], from: [BE]}}
  - {{who: ["aws:role/sortgrid-wms", "aliyun:role/sortgrid-wms"], from: [BE, DE]}}
needs: {{wms: [[fra], [database]]}}
policy: {{accept_reach: [EU, US], must_survive: [CN]}}
measures:
  keys:  {{measure: hold_own_keys, cost: 20, lead_days: 90}}
"""

_SAID = """\
sources:
  brochure:   {{form: statement, outlet: Sortgrid WMS (invented), date: 2026-02-10}}
  visit:      {{form: report, outlet: The Valley Courier (invented), date: 2026-09-03, anonymous: true}}
  evening:    {{form: rewrite, outlet: Evening Post of Liège (invented), date: 2026-09-04, derived_from: visit}}
  abroad:
    {{form: translation, outlet: Cargo Weekly (invented), date: 2026-09-06, derived_from: visit, verified: false}}
claims:
  only_eu:
    says: Only staff in the European Union can log in
    kind: promise
    by: the software house
    sources: brochure
    test: {{access_only_from: [EU], of: bucket}}
  germany:
    says: Parcel data are stored in Germany
    kind: promise
    by: the cloud
    sources: brochure
    does_not_say: [that they stay in Germany]
    test: {{place_in: [DE], of: bucket}}
  no_authority:
    says: No data goes to the authorities of a third country
    kind: promise
    by: the hub
    date: 2026-09-05
    test: {{no_flow_to: ["entity:authority"], of: wms}}
  copy_abroad:
    says: A copy of the parcels stands in Singapore
    kind: allegation
    by: The Valley Courier (invented)
    hedging: according to two employees
    sources: [visit, evening, abroad]
    stances: {{software: deny, authority: no_comment}}
    test: {{place_in: [SG], of: dr_copy}}
  hall:
    says: The hall measures about 30,000 square metres
    kind: number
    by: the hub
    hedging: about
    figures: {{area: {{value: 30000, unit: m**2}}}}
  hall_told:
    says: The hall measures 30,000 square feet
    kind: number
    by: Evening Post of Liège (invented)
    derived_from: hall
    figures: {{area: {{value: 30000, unit: ft**2}}}}
"""


def _tables() -> str:
    """Return what the database holds, a table a row."""
    lines = []
    for name, held in TABLES.items():
        kept = [one for one in held if one not in HIDDEN_CLASSES and not one.startswith(_IMPLIED)]
        about = "about: consignees, " if "consignee" in held or "iban" in held else ""
        listed = ", ".join(kept)
        lines.append(f"  - {{at: database, container: {name}, {about}state: stored,\n      classes: [{listed}]}}\n")
    return "".join(lines)


def write(hub: Hub, folder: Path, said: Callable[[str], None]) -> dict[str, object]:
    """Write the declaration.

    Args:
        hub: How large, and by which seed.
        folder: Of the evidence.
        said: Is told what is being done.

    Returns:
        What each claim must come to, and what is declared that is not so.
    """
    said("Writing what the operator declares")
    folder.mkdir(parents=True, exist_ok=True)
    text = (_PARTIES + _HELD + _SAID).format(
        last_day=LAST_DAY,
        network=NETWORK,
        software=registration("software"),
        cloud=registration("cloud"),
        wms=WMS,
        cloud_addr=CLOUD,
        cloud_name=NAMES[CLOUD],
        bucket=regional(BUCKET),
        copy=regional(COPY),
        portal=PORTAL,
        portal_name=NAMES[PORTAL],
        backup=BACKUP,
        offsite=OFFSITE,
        ntp=NTP,
        support=SUPPORT_HOME,
        tables=_tables(),
    )
    (folder / "estate.yaml").write_text(text, encoding="utf-8")
    return {
        "claims": {
            "only_eu": "contradicted",
            "germany": "supported",
            "no_authority": "not_observed",
            "copy_abroad": "supported",
            "hall": "not_testable",
            "hall_told": "not_testable",
        },
        "one_source": {"claim": "copy_abroad", "assertions": 3, "independent": 1},
        "denied_by": {"copy_abroad": ["software"]},
        "mutations": [["hall_told", "hall", "unit"], ["hall_told", "hall", "hedging"]],
        "declared_elsewhere": {"est:dr_copy": ["DE", "SG"]},
        "undeclared_classes": sorted(HIDDEN_CLASSES),
    }
