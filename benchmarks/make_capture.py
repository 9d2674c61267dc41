"""Makes a large capture out of small ones: each copy later, and with addresses of its own, so that nothing repeats."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

DATA = Path(__file__).resolve().parents[1] / "tests" / "data"
ETHERNET = 1
BULK = 800
"""Segments of the large download that goes with each copy of the samples: about three quarters of all bytes."""


def packets(path: Path) -> list[tuple[int, int, bytes, int]]:
    """Return the packets of a little-endian capture of Ethernet; of another kind of file none."""
    data = path.read_bytes()
    if data[:4] != b"\xd4\xc3\xb2\xa1" or struct.unpack_from("<I", data, 20)[0] != ETHERNET:
        return []
    at, found = 24, []
    while at + 16 <= len(data):
        sec, us, cap, wire = struct.unpack_from("<IIII", data, at)
        found.append((sec, us, data[at + 16 : at + 16 + cap], wire))
        at += 16 + cap
    return found


def moved(data: bytes, copy: int) -> bytes:
    """Return a packet with other addresses: the second and third byte of IPv4, two bytes of IPv6."""
    made = bytearray(data)
    kind = data[12:14]
    for at in (26, 30) if kind == b"\x08\x00" and len(data) >= 34 else ():
        made[at + 1] = (made[at + 1] + copy) & 255
        made[at + 2] = (made[at + 2] + (copy >> 8)) & 255
    for at in (22, 38) if kind == b"\x86\xdd" and len(data) >= 54 else ():
        made[at + 4 : at + 6] = ((int.from_bytes(made[at + 4 : at + 6]) + copy) & 0xFFFF).to_bytes(2)
    return bytes(made)


def transfer(copy: int, segments: int) -> list[bytes]:
    """Return the packets of one large download: most bytes of real traffic are in few connections."""
    ends = (bytes([10, 77, copy >> 8 & 255, copy & 255]), bytes([198, 18, copy & 255, 7]))
    numbers, made = [1000, 5_000_000], []

    def sent(side: int, flags: int, size: int) -> None:
        ports = (40_000 + copy % 20_000, 443) if side == 0 else (443, 40_000 + copy % 20_000)
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 40 + size, 0, 0, 64, 6, 0) + ends[side] + ends[1 - side]
        tcp = struct.pack(">HHIIBBHHH", *ports, numbers[side], numbers[1 - side], 0x50, flags, 65_535, 0, 0)
        made.append(bytes(12) + b"\x08\x00" + ip + tcp + bytes([23]) * size)
        numbers[side] = (numbers[side] + size + (flags & 3 > 0)) & 0xFFFFFFFF

    sent(0, 2, 0)
    sent(1, 18, 0)
    sent(0, 16, 0)
    sent(0, 24, 500)
    for number in range(segments):
        sent(1, 16, 1448)
        if number % 2:
            sent(0, 16, 0)
    sent(1, 17, 0)
    sent(0, 17, 0)
    sent(1, 16, 0)
    return made


def make(target: Path, size: int, sources: list[Path]) -> int:
    """Write a capture of about so many bytes; returns the number of packets."""
    samples = [found for path in sorted(sources) if (found := packets(path))]
    count, copy, clock = 0, 0, 1_700_000_000
    with target.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, ETHERNET))
        while out.tell() < size:
            for found in samples:
                first = found[0][0]
                for sec, us, data, wire in found:
                    again = moved(data, copy)
                    # A sample that spans years is squeezed into a minute.
                    out.write(struct.pack("<IIII", clock + min(max(sec - first, 0), 60), us, len(again), wire) + again)
                    count += 1
            for number, data in enumerate(transfer(copy, BULK)):
                out.write(struct.pack("<IIII", clock, number * 100, len(data), len(data)) + data)
                count += 1
            copy += 1
            clock += 2
    return count


if __name__ == "__main__":
    folders = sys.argv[3:] or [str(DATA / "pcaps-zeek-btest"), str(DATA / "pcaps-suricata-verify")]
    given = [path for folder in folders for path in Path(folder).rglob("*.pcap")]
    print(make(Path(sys.argv[1]), int(float(sys.argv[2]) * 2**20), given))
