"""Writes what tshark says of the sample captures into tests/data/captures.json: packets and payload bytes per pair.

Run once, with tshark 4, whenever samples are added: .venv/bin/python tools/write_capture_goldens.py
"""

from __future__ import annotations

import collections
import json
import subprocess
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[1] / "tests" / "data"
FIELDS = (
    "frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport", "tcp.seq_raw",
    "tcp.len", "udp.srcport", "udp.dstport", "udp.length",
)  # fmt: skip
OPTIONS = ("-o", "tcp.desegment_tcp_streams:false", "-T", "fields", "-E", "occurrence=a", "-E", "separator=|")


def golden(path: Path) -> list[list[Any]]:
    """Return protocol, both ends, packets, and payload bytes from each end, of every pair."""
    command = ["tshark", "-r", str(path), *OPTIONS, "-E", "aggregator=,"]
    for field in FIELDS:
        command += ["-e", field]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    packets: collections.Counter[tuple[Any, ...]] = collections.Counter()
    seen: dict[tuple[Any, ...], set[int]] = collections.defaultdict(set)
    sizes: collections.Counter[tuple[Any, ...]] = collections.Counter()
    for line in told.splitlines():
        cells = line.split("|")
        if len(cells) == len(FIELDS):
            for proto, end, other, seq, size in _layers(cells):
                pair: tuple[Any, ...] = (proto, *sorted((end, other)))
                packets[pair] += 1
                way = (*pair, end)
                if proto == "tcp":
                    # What is sent again counts once.
                    seen[way].update(range(seq, seq + size))
                else:
                    sizes[way] += size
    made = []
    for pair, count in sorted(packets.items()):
        given = [len(seen[(*pair, end)]) + sizes[(*pair, end)] for end in pair[1:]]
        made.append([pair[0], *pair[1], *pair[2], count, *given])
    return made


def _layers(cells: list[str]) -> list[tuple[str, tuple[str, int], tuple[str, int], int, int]]:
    split = {name: iter(cell.split(",") if cell else []) for name, cell in zip(FIELDS, cells, strict=True)}
    found, ends = [], ("", "")
    try:
        for layer in cells[0].split(":"):
            if layer in ("ip", "ipv6"):
                ends = (next(split[f"{layer}.src"]), next(split[f"{layer}.dst"]))
            elif layer in ("icmp", "icmpv6"):
                break
            elif layer in ("tcp", "udp"):
                ports = int(next(split[f"{layer}.srcport"])), int(next(split[f"{layer}.dstport"]))
                tcp = layer == "tcp"
                seq = int(next(split["tcp.seq_raw"])) if tcp else 0
                size = int(next(split["tcp.len" if tcp else "udp.length"])) - (0 if tcp else 8)
                found.append((layer, (ends[0], ports[0]), (ends[1], ports[1]), seq, size))
    except StopIteration:
        pass
    return found


def main() -> None:
    """Write the goldens of all samples."""
    made = {}
    for folder in ("pcaps-zeek-btest", "pcaps-suricata-verify"):
        for path in sorted((DATA / folder).glob("*.pcap*")):
            made[f"{folder}/{path.name}"] = golden(path)
    text = ",\n".join(f"{json.dumps(name)}: {json.dumps(rows)}" for name, rows in made.items())
    (DATA / "captures.json").write_text(f"{{\n{text}\n}}\n")


if __name__ == "__main__":
    main()
