"""Write the example case that ships with flagstate, and the truth about it, from a seed.

    python tools/build_example.py [--out FOLDER] [--truth FILE]

Everything is invented; the same seed gives the same content. The truth is counted while the evidence is made and not
from what an audit says of it: bytes and connections per destination, what is declared, what each file is.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
from collections.abc import Iterable
from pathlib import Path

import example_stores
import example_traffic as net

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "src/flagstate/catalog/data/example"
TRUTH = ROOT / "tests/data/example/truth.json"
SEED = 20_261_116

STATES = {
    "README.txt": "read",
    "estate.yaml": "read",
    "infrastructure/main.tf": "refused",
    "infrastructure/terraform.tfstate": "read",
    "portal.har": "read",
    "sorter/firmware.bin": "not_recognised",
    "stores/merchants.sqlite": "read",
    "stores/parcels (copy).csv": "read",
    "stores/parcels.csv": "duplicate",
    "traffic/conn.2026-11-16.log": "read",
    "traffic/conn.2026-11-17.log.gz": "read",
    "traffic/conn.2026-11-18.log": "read",
    "traffic/dns.log": "read",
    "traffic/http.2026-11-18.log.gz": "partly_read",
    "traffic/second-sensor.conn.json": "read",
    "traffic/ssl.log": "read",
}
"""What becomes of each file; of two equal ones the first in order of names is read."""

DECLARED = {net.CARRIER, net.CUSTOMS, net.SUPPORT, net.ANYCAST}
INSIDE = {net.STORE, net.RESOLVER}


def result(conn: net.Conn) -> str:
    """Return what the three-way ledger must say of a connection."""
    if conn.resp_h in INSIDE or conn.resp_h == net.PORTAL or conn.resp_h in DECLARED:
        return "covered"
    return "undeclared"


def truth(conns: Iterable[net.Conn]) -> dict[str, object]:
    """Return what an audit must find."""
    ends: dict[str, dict[str, object]] = {}
    for conn in conns:
        key = f"{conn.resp_h}:{conn.resp_p}"
        end = ends.setdefault(
            key, {"result": result(conn), "conns": 0, "failed_conns": 0, "orig_bytes": 0, "resp_bytes": 0}
        )
        for name, more in (
            ("conns", 1),
            ("failed_conns", int(conn.state in ("S0", "REJ"))),
            ("orig_bytes", conn.orig_bytes),
            ("resp_bytes", conn.resp_bytes),
        ):
            end[name] = int(str(end[name])) + more
    return {
        "seed": SEED,
        "destinations": dict(sorted(ends.items())),
        "undeclared": sorted({net.NAMES.get(c.resp_h, c.resp_h) for c in conns if result(c) == "undeclared"}),
        "attempted": [net.SORTER_CLOUD],
        "never_seen": ["payouts.paykit.example"],
        "contradicted": ["est:dr_copy"],
        "states": STATES,
        # The amounts and accounts of refunds, the merchants' countries, the addresses in the note that comes with the
        # evidence, and what all parcels tell together.
        "undeclared_classes": ["iban", "ipv4", "residence_country", "trade_flow", "transaction_amount"],
        "parcels": example_stores.PARCELS,
        "refunds": example_stores.RETURNS,
        "verdicts": {
            "holdings": "yes",
            "reach": "yes",
            "flows": "yes",
            "cutoff": "unknown",
            "rules": "yes",
            "claims": "unknown",
        },
    }


def build(out: Path, truth_file: Path) -> None:
    """Write the evidence into a folder, which is emptied first, and the truth into a file."""
    rng = random.Random(SEED)  # noqa: S311  the same content each time is the point
    if out.exists():
        shutil.rmtree(out)
    conns = net.write(out / "traffic", rng)
    example_stores.write(out, rng)
    truth_file.write_text(json.dumps(truth(conns), indent=1) + "\n")


def main() -> None:
    """Build where the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--truth", type=Path, default=TRUTH)
    told = parser.parse_args()
    build(told.out, told.truth)
    size = sum(path.stat().st_size for path in told.out.rglob("*") if path.is_file())
    print(f"{told.out}: {size:,} bytes")


if __name__ == "__main__":
    main()
