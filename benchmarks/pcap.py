"""A large capture to connections and what their protocols say, beside tshark's export of the same fields.

Each run is a process of its own, so that its processor time and the peak of its memory are its own too; ours and tshark
take turns. dpkt, which only takes headers apart in a loop, and nfstream, in an environment of its own that is thrown
away, run once. The bound is on processor time: the machine is shared.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import make_capture

BOUND = 3.0
"""Processor time of tshark against ours, at least."""
SLOWEST_S = 600
"""Seconds after which a run of a peer is given up."""
FIELDS = (
    "frame.time_epoch", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "ip.proto", "tcp.srcport", "tcp.dstport",
    "udp.srcport", "udp.dstport", "tcp.flags", "tcp.seq", "tcp.len", "udp.length", "dns.qry.name", "dns.flags.rcode",
    "dns.a", "tls.handshake.extensions_server_name", "tls.handshake.extensions_alpn_str", "http.host",
    "http.request.method", "http.response.code",
)  # fmt: skip
NFSTREAM = """
import sys
from nfstream import NFStreamer
print(sum(1 for _ in NFStreamer(source=sys.argv[1], n_meters=int(sys.argv[2]))))
"""


def ours(path: str) -> int:
    """Read everything, as an audit does; return the number of connections."""
    from flagstate.catalog.mask import mask, mask_host
    from flagstate.engine import connect
    from flagstate.read.part import Context, Head, Opened, Records, Stream
    from flagstate.read.pcap import READER

    with open(path, "rb") as file:
        head = Head(file.read(65536), os.path.getsize(path), ".pcap")
    kind, count = READER.recognise(head), 0
    context = Context(connect(threads=1, files=[path]), mask, None, mask_host)
    if kind is None:
        raise SystemExit("the capture is not recognised")
    for part in READER.read(Opened(path, head, "capture", "id"), kind, context):
        if isinstance(part, Stream):
            rows = part.relation.to_arrow_table().num_rows
            count += rows if part.noun == "connection" else 0
        elif isinstance(part, Records):
            part.reader.read_all()
    return count


def connections(path: str) -> int:
    """Only the compiled pass: packets to connections."""
    from flagstate.read.capture.windows import Capture

    with open(path, "rb") as file:
        head = file.read(24)
    return sum(len(window.rows) for window in Capture(path, head).windows())


def tshark(path: str) -> int:
    """Export the fields; return the number of lines."""
    command = ["tshark", "-n", "-r", path, "-T", "fields", *[part for field in FIELDS for part in ("-e", field)]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
        return sum(1 for _ in running.stdout or ())


def loop(path: str) -> int:
    """Headers of Ethernet, IP and TCP or UDP in a loop of dpkt; return the number of pairs."""
    import dpkt

    pairs: dict[tuple[bytes, bytes, int, int], int] = {}
    with open(path, "rb") as file:
        for _, raw in dpkt.pcap.Reader(file):
            try:
                packet = dpkt.ethernet.Ethernet(raw).data
                if isinstance(packet, dpkt.ip.IP | dpkt.ip6.IP6) and isinstance(
                    packet.data, dpkt.tcp.TCP | dpkt.udp.UDP
                ):
                    key = (packet.src, packet.dst, packet.data.sport, packet.data.dport)
                    pairs[key] = pairs.get(key, 0) + len(packet.data.data)
            except (dpkt.UnpackError, AttributeError, IndexError, ValueError):
                continue
    return len(pairs)


WAYS: Mapping[str, Callable[[str], int]] = {"ours": ours, "connections": connections, "tshark": tshark, "dpkt": loop}


@dataclass(frozen=True)
class Run:
    """What one run took."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    rows: int


def run(way: str, path: str, nfstream: str) -> Run | None:
    """Run one way in a process of its own; null: it failed."""
    command = [sys.executable, __file__, "--way", way, "--file", path]
    if way == "nfstream":
        command = [nfstream, "-c", NFSTREAM, path, "1"]
    start = time.monotonic()
    with subprocess.Popen(["timeout", str(SLOWEST_S), *command], stdout=subprocess.PIPE, text=True) as child:
        told = child.stdout.read() if child.stdout else ""
        # Of the process and of those that it waited for, as tshark's.
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode or not told.strip():
        return None
    wall = time.monotonic() - start
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, int(told.split()[-1]))


def installed(folder: str) -> str:
    """Return an interpreter with nfstream in a new environment; empty: it cannot be had."""
    place = Path(folder) / "nfstream"
    try:
        venv.create(place, with_pip=True)
        subprocess.run(
            [str(place / "bin" / "pip"), "install", "-q", "nfstream"], check=True, capture_output=True, timeout=300
        )
    except (subprocess.SubprocessError, OSError):
        return ""
    return str(place / "bin" / "python")


def main() -> int:
    """Print the section."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--way", choices=sorted(WAYS))
    parser.add_argument("--file", default="", help="a capture; without it one is made")
    parser.add_argument("--size", type=float, default=float(os.environ.get("FLAGSTATE_PCAP_MB", "1000")), help="MB")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--nfstream", default="", help="interpreter that has nfstream; without it one is made")
    given = parser.parse_args()
    if given.way:
        print(WAYS[given.way](given.file))
        return 0
    if not shutil.which("tshark"):
        print("tshark is not installed", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        path = given.file or str(Path(folder) / "capture.pcap")
        if not given.file:
            folders = ("pcaps-zeek-btest", "pcaps-suricata-verify")
            sources = [each for name in folders for each in (make_capture.DATA / name).rglob("*.pcap")]
            make_capture.make(Path(path), int(given.size * 2**20), sources)
        # Compiles where that was not done; in a process of its own, or its memory would count in every run.
        run("connections", path, "")
        found: dict[str, list[Run | None]] = {way: [] for way in ("ours", "connections", "tshark")}
        for _ in range(given.rounds):
            for way, runs in found.items():
                runs.append(run(way, path, ""))
        found["dpkt"] = [run("dpkt", path, "")]
        nfstream = given.nfstream or installed(folder)
        found["nfstream"] = [run("nfstream", path, nfstream) if nfstream else None]
        return table(found, os.path.getsize(path) / 2**20, given.rounds)


def table(found: Mapping[str, list[Run | None]], size: float, rounds: int) -> int:
    """Print the figures; return 1 where ours fall short."""
    said = {
        "ours": "flagstate: connections, DNS, TLS, QUIC, HTTP, certificates; clear text taken out to be searched",
        "connections": "flagstate: connections only",
        "tshark": "tshark `-T fields`, the same fields per packet",
        "dpkt": "dpkt, headers only (one run)",
        "nfstream": "nfstream, flows with nDPI (one run)",
    }
    done = {way: [each for each in runs if each] for way, runs in found.items()}
    if not done["ours"] or not done["tshark"]:
        print("a run failed", file=sys.stderr)
        return 1
    cpu = {way: statistics.median(each.cpu_s for each in runs) for way, runs in done.items() if runs}
    print(
        f"## Captures of packets\n\n{size:,.0f} MB: small exchanges of all kinds, and downloads; made of the samples."
    )
    print(f"Medians of {rounds} interleaved rounds; one process each, its processor time and its peak (with the pages")
    print("of the file that are mapped).\n")
    print("| | s | CPU s | MB per CPU s | tshark's CPU against it | peak MB | rows |\n|---|---|---|---|---|---|---|")
    for way, runs in done.items():
        if not runs:
            print(f"| {said[way]} | did not run | | | | | |")
            continue
        wall, peak = statistics.median(each.wall_s for each in runs), max(each.peak_mb for each in runs)
        ratio = f"{cpu['tshark'] / cpu[way]:.1f} ×"
        print(f"| {said[way]} | {wall:.1f} | {cpu[way]:.1f} | {size / cpu[way]:.0f} | {ratio} | {peak:.0f} |", end="")
        print(f" {runs[0].rows:,} |")
    ratio = cpu["tshark"] / cpu["ours"]
    print(f"\nBound: at least {BOUND:.0f} × tshark. {'Held' if ratio >= BOUND else 'Missed'}: {ratio:.1f} ×.")
    return 0 if ratio >= BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
