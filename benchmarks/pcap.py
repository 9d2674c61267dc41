"""A large capture to connections and what their protocols say, beside tshark's export of the same fields.

Each run is a process of its own, so that the peak of its memory is its own too; ours and the peers take turns. dpkt
only takes headers apart in a loop; nfstream runs where its interpreter is given (`--nfstream PYTHON`).
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
from pathlib import Path

import make_capture

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


WAYS = {"ours": ours, "connections": connections, "tshark": tshark, "dpkt": loop}


def run(way: str, path: str, nfstream: str) -> tuple[float, float, int]:
    """Run one way in a process of its own; return wall time, peak of memory in MB, and its count."""
    command = [sys.executable, __file__, "--way", way, "--file", path]
    if way == "nfstream":
        command = [nfstream, "-c", NFSTREAM, path, "1"]
    start = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        told = child.stdout.read() if child.stdout else ""
        _, _, usage = os.wait4(child.pid, 0)
    return time.monotonic() - start, usage.ru_maxrss / 1024, int(told.split()[-1])


def main() -> None:
    """Print the section."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--way", choices=sorted(WAYS))
    parser.add_argument("--file", default="")
    parser.add_argument("--mb", type=float, default=float(os.environ.get("FLAGSTATE_PCAP_MB", "1024")))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--nfstream", default=os.environ.get("FLAGSTATE_NFSTREAM", ""))
    given = parser.parse_args()
    if given.way:
        print(WAYS[given.way](given.file))
        return
    ways = ["ours", "connections", "dpkt"]
    ways += ["tshark"] if shutil.which("tshark") else []
    ways += ["nfstream"] if given.nfstream else []
    with tempfile.TemporaryDirectory() as folder:
        path = given.file or str(Path(folder) / "capture.pcap")
        if not given.file:
            folders = ("pcaps-zeek-btest", "pcaps-suricata-verify")
            sources = [each for name in folders for each in (make_capture.DATA / name).rglob("*.pcap")]
            make_capture.make(Path(path), int(given.mb * 2**20), sources)
        size = os.path.getsize(path) / 2**20
        connections(path)
        found = {way: [] for way in ways}
        for _ in range(given.rounds):
            for way in ways:
                found[way].append(run(way, path, given.nfstream))
    table(found, size, given.rounds)


def table(found: dict[str, list[tuple[float, float, int]]], size: float, rounds: int) -> None:
    """Print the figures."""
    said = {
        "ours": "flagstate: connections, DNS, TLS, QUIC, HTTP, clear text searched",
        "connections": "flagstate: connections only",
        "tshark": "tshark -T fields, the same fields per packet",
        "dpkt": "dpkt, headers only",
        "nfstream": "nfstream, flows with nDPI",
    }
    median = {way: statistics.median(each[0] for each in runs) for way, runs in found.items()}
    print(f"## Captures of packets\n\n{size:,.0f} MB, a quarter of it small exchanges and the rest downloads;")
    print(f"medians of {rounds} interleaved rounds.\n")
    print("| | s | MB/s | against tshark | peak MB | rows |\n|---|---|---|---|---|---|")
    for way, runs in found.items():
        ratio = f"{median['tshark'] / median[way]:.1f} ×" if "tshark" in median else "tshark is not installed"
        peak = max(each[1] for each in runs)
        print(f"| {said[way]} | {median[way]:.1f} | {size / median[way]:.0f} | {ratio} | {peak:.0f} | {runs[0][2]:,} |")


if __name__ == "__main__":
    main()
