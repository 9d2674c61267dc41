"""Fetch the report's JavaScript and map from npm at pinned versions, check them, and write them into the package.

Run it by hand when a pin below changes: `python tools/vendor_js.py`. It needs `npm` and the npm registry; the
product itself never does. Everything it writes is listed with its SHA-256 in `report/assets/VENDOR.json`.
"""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from world_map import centroids, shrink

ASSETS = Path(__file__).parents[1] / "src" / "flagstate" / "report" / "assets"

PINS = {
    "world-atlas@2.0.2": "032e7765f2ce00edaeafec23ff22bc3b77e42987c257da944cc585b452c05b97",
    "topojson-client@3.1.0": "889fadb422f6236d0f8337a236ce6499f258b75e44b81733b13bd971067322bf",
    "d3-geo@3.1.2": "e0ffa43f5a2134cf03d2797e985025250d8d3608b1d90336938c9dd4d4b97dc7",
    "d3-array@3.2.4": "6dbf3f2be39e48f86775be6e166a5d3e5a585ca7144453cd6ad1912f5ae4417f",
    "i18n-iso-countries@7.14.0": "bb418ebfb965789fcfbcce7dee59888d901ef64b03601da78b2e224cd6f5825c",
}
"""Package and the SHA-256 of its tarball."""

SCRIPTS = {
    "d3-array@3.2.4": "dist/d3-array.min.js",
    "d3-geo@3.1.2": "dist/d3-geo.min.js",
    "topojson-client@3.1.0": "dist/topojson-client.min.js",
}
"""What is taken over as it is, in the order in which the page needs it."""

LICENCES = {
    "world-atlas@2.0.2": "ISC (the shapes: Natural Earth, public domain)",
    "topojson-client@3.1.0": "ISC",
    "d3-geo@3.1.2": "ISC",
    "d3-array@3.2.4": "ISC",
    "i18n-iso-countries@7.14.0": "MIT",
}

SHORT = {
    "CI": ("Côte d’Ivoire", "Côte d’Ivoire"),
    "CD": ("DR Congo", "RD Congo"),
    "CG": ("Congo", "Congo"),
    "CN": ("China", "Chine"),
    "CZ": ("Czechia", "Tchéquie"),
    "FK": ("Falkland Islands", "Îles Malouines"),
    "FM": ("Micronesia", "Micronésie"),
    "GM": ("Gambia", "Gambie"),
    "HK": ("Hong Kong", "Hong Kong"),
    "IR": ("Iran", "Iran"),
    "LA": ("Laos", "Laos"),
    "MD": ("Moldova", "Moldavie"),
    "MF": ("Saint Martin", "Saint-Martin"),
    "MK": ("North Macedonia", "Macédoine du Nord"),
    "MO": ("Macao", "Macao"),
    "PS": ("Palestine", "Palestine"),
    "RU": ("Russia", "Russie"),
    "SX": ("Sint Maarten", "Sint Maarten"),
    "TW": ("Taiwan", "Taïwan"),
    "TZ": ("Tanzania", "Tanzanie"),
    "US": ("United States", "États-Unis"),
    "VA": ("Vatican City", "Vatican"),
    "VG": ("British Virgin Islands", "Îles Vierges britanniques"),
    "VI": ("US Virgin Islands", "Îles Vierges américaines"),
    "XK": ("Kosovo", "Kosovo"),
}
"""Short common names where the list has the long official one, so that a table cell holds them."""

PLACED = {
    "BQ": (-68.26, 12.18),
    "BV": (3.36, -54.42),
    "CC": (96.83, -12.17),
    "CX": (105.69, -10.49),
    "GF": (-53.1, 3.93),
    "GI": (-5.35, 36.14),
    "GP": (-61.55, 16.2),
    "MQ": (-61.02, 14.65),
    "RE": (55.53, -21.12),
    "SJ": (18.7, 78.5),
    "TK": (-171.8, -9.2),
    "TV": (179.2, -8.52),
    "UM": (166.65, 19.28),
    "VG": (-64.62, 18.42),
    "YT": (45.15, -12.82),
    # Where the middle of the largest part misleads: shown where most of its hosts can be.
    "FR": (2.5, 46.6),
    "NO": (9.0, 61.2),
    "US": (-98.6, 39.6),
    "CA": (-101.0, 56.0),
    "NZ": (172.5, -41.0),
    "KI": (172.98, 1.4),
    "FJ": (178.0, -17.8),
    "RU": (60.0, 58.0),
}
"""Longitude and latitude of dots that the map's own shapes do not give, or give in an odd spot."""


def main() -> int:
    """Fetch, check, write; the exit code is 0 or the traceback says what differs."""
    with tempfile.TemporaryDirectory() as folder:
        packages = {pin: fetch(pin, digest, Path(folder)) for pin, digest in PINS.items()}
        listed = []
        for pin, member in SCRIPTS.items():
            name = pin.split("@")[0]
            listed.append(_write(f"{name}.js", _plain(packages[pin][member]), pin))
        topology = json.loads(packages["world-atlas@2.0.2"]["countries-50m.json"])
        codes = _codes(packages["i18n-iso-countries@7.14.0"])
        world = shrink(topology, {numeric: alpha for numeric, (alpha, _, _) in codes.items()} | {"Kosovo": "XK"})
        text = json.dumps(world, ensure_ascii=False, separators=(",", ":"))
        listed.append(_write("world.json", text.encode(), "world-atlas@2.0.2"))
        listed.append(_write("countries.csv", _countries(codes, centroids(world)), "i18n-iso-countries@7.14.0"))
        listed += [_write(f"LICENSE.{pin.split('@')[0]}.txt", packages[pin]["LICENSE"], pin) for pin in PINS]
    (ASSETS / "VENDOR.json").write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
    return 0


def fetch(pin: str, digest: str, folder: Path) -> dict[str, bytes]:
    """Return the files of a package by their path, after its tarball's SHA-256 was found as pinned."""
    done = subprocess.run(
        ["npm", "pack", pin, "--silent", "--pack-destination", str(folder)], capture_output=True, check=True, text=True
    )
    tarball = folder / done.stdout.strip()
    found = hashlib.sha256(tarball.read_bytes()).hexdigest()
    if found != digest:
        raise SystemExit(f"{pin}: SHA-256 is {found}, pinned is {digest}. Look at what changed before you pin it.")
    files = {}
    with tarfile.open(tarball) as opened:
        for member in opened:
            handle = opened.extractfile(member)
            if handle is not None:
                files[member.name.split("/", 1)[1]] = handle.read()
    return files


def _plain(script: bytes) -> bytes:
    """Drop a pointer to a source map: a browser with open tools would ask for it."""
    lines = [line for line in script.splitlines() if not line.startswith(b"//# sourceMappingURL")]
    return b"\n".join(lines) + b"\n"


def _codes(files: Mapping[str, bytes]) -> dict[str, tuple[str, str, str]]:
    """Return numeric code → (alpha-2, English name, French name)."""
    english, french = (json.loads(files[f"langs/{lang}.json"])["countries"] for lang in ("en", "fr"))

    def name(names: Mapping[str, Any], alpha: str, place: int) -> str:
        if alpha in SHORT:
            return SHORT[alpha][place]
        found = names[alpha]
        return found if isinstance(found, str) else str(found[-1] if place else found[0])

    rows = {row[2]: row[0] for row in json.loads(files["codes.json"])}
    return {num: (alpha, name(english, alpha, 0), name(french, alpha, 1)) for num, alpha in rows.items()}


def _countries(codes: Mapping[str, tuple[str, str, str]], middles: Mapping[str, tuple[float, float]]) -> bytes:
    """Return the table of countries with a point for each, as CSV."""
    rows = {alpha: (english, french) for alpha, english, french in codes.values()}
    rows.setdefault("XK", SHORT["XK"])
    missing = sorted(set(rows) - set(middles) - set(PLACED))
    if missing:
        raise SystemExit(f"no point for {', '.join(missing)}: add them to PLACED")
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["code", "en", "fr", "lon", "lat"])
        for alpha in sorted(rows):
            lon, lat = PLACED.get(alpha) or middles[alpha]
            writer.writerow([alpha, *rows[alpha], f"{lon:.2f}", f"{lat:.2f}"])
        handle.seek(0)
        return handle.read().encode()


def _write(name: str, content: bytes, pin: str) -> dict[str, object]:
    """Write an asset and return its line for VENDOR.json."""
    (ASSETS / name).write_bytes(content)
    package, version = pin.split("@")
    return {
        "file": name,
        "package": package,
        "version": version,
        "licence": LICENCES[pin],
        "tarball_sha256": PINS[pin],
        "sha256": hashlib.sha256(content).hexdigest(),
    }


if __name__ == "__main__":
    sys.exit(main())
