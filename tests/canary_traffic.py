"""Captures with canaries wherever packets hold text: names, headers, parameters, bodies, logins, files."""

from __future__ import annotations

import base64
import json
import socket
import struct
import urllib.parse
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dpkt

from canaries import Aviary, Canary

START = 1_794_787_200
NEAR = "10.20.1.7"
Said = list[tuple[bool, bytes]]


def write(folder: Path, aviary: Aviary) -> None:
    """Write a pcap and a pcapng with the canaries, and one that is damaged and cut within them."""
    made = folder / "captures"
    made.mkdir()
    web = [*_web(aviary), *_proxies(aviary), *_mail(aviary), *_files(aviary), *_logins(aviary)]
    frames = sorted([*tcp(web), *_names(aviary), *_hellos(aviary), *_carried(aviary)])
    data = pcap(frames)
    (made / "gateway.pcap").write_bytes(data)
    damage = everything(aviary.plant("damaged capture")).encode()
    (made / "damaged.pcap").write_bytes(data[:4_000] + damage + data[4_500:20_000])
    (made / "notes.pcapng").write_bytes(_pcapng(frames[:60], aviary.plant("pcapng comment")))


def everything(one: Canary) -> str:
    """Return all secrets of a canary in one line."""
    return ", ".join(one.secrets.values())


def pcap(frames: list[tuple[int, bytes]]) -> bytes:
    """Return frames with their times in microseconds as a capture."""
    records = (struct.pack("<IIII", us // 10**6, us % 10**6, len(raw), len(raw)) + raw for us, raw in frames)
    return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1) + b"".join(records)


def frame(src: tuple[str, int], dst: tuple[str, int], layer: dpkt.Packet) -> bytes:
    """Return a layer within IP within Ethernet."""
    number = {dpkt.tcp.TCP: 6, dpkt.udp.UDP: 17, dpkt.icmp.ICMP: 1}[type(layer)]
    ip = dpkt.ip.IP(src=socket.inet_aton(src[0]), dst=socket.inet_aton(dst[0]), p=number, data=layer)
    ip.len = len(ip)
    return bytes(dpkt.ethernet.Ethernet(src=b"\x02" * 6, dst=b"\x04" * 6, data=ip))


def gram(at: int, dst: tuple[str, int], data: bytes, *, back: bool = False, port: int = 50_000) -> tuple[int, bytes]:
    """Return a datagram, `at` seconds after the start."""
    ends = ((NEAR, port), dst)
    src, to = ends[::-1] if back else ends
    layer = dpkt.udp.UDP(sport=src[1], dport=to[1], data=data, ulen=8 + len(data))
    return (START + at) * 10**6 + 900 * back, frame(src, to, layer)


def tcp(talks: list[tuple[str, int, Said]], *, step: int = 5, first: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield the packets of connections that begin, speak and end, one every `step` seconds."""
    for number, (far, port, said) in enumerate(talks):
        ends = {True: (NEAR, 41_000 + first + number), False: (far, port)}
        seq = {True: 1_000, False: 9_000}
        at = (START + first + number * step) * 10**6
        packets = [(True, 2, b""), (False, 18, b""), (True, 16, b"")]
        packets += [(mine, 24, data[n : n + 1_400]) for mine, data in said for n in range(0, len(data), 1_400)]
        for mine, flags, data in [*packets, (True, 17, b""), (False, 17, b""), (True, 16, b"")]:
            layer = dpkt.tcp.TCP(sport=ends[mine][1], dport=ends[not mine][1], seq=seq[mine], flags=flags, data=data,
                                 ack=seq[not mine] if flags & 16 else 0)  # fmt: skip
            yield at, frame(ends[mine], ends[not mine], layer)
            seq[mine] += len(data) + (1 if flags & 3 else 0)
            at += 1_000


def _http(lines: list[str], body: bytes = b"") -> bytes:
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


def _web(aviary: Aviary) -> Iterator[tuple[str, int, Said]]:
    url, head, body, back, host = (aviary.plant(f"packet {w}") for w in ("url", "header", "body", "answer", "host"))
    quoted = "&".join(f"{kind}={urllib.parse.quote(value)}" for kind, value in url.secrets.items())
    for name in (f"{host.slug}.shop.example", f"{host.email}", f"{host.card}.shop.example", host.parcel, host.name):
        user = base64.b64encode(f"{head.email}:{head.card}".encode()).decode()
        lines = [
            f"POST /u/{urllib.parse.quote(url.name)}/{url.email}?{quoted} HTTP/1.1", f"Host: {name}",
            f"User-Agent: {everything(head)}", f"Cookie: who={head.email}; pan={head.card}",
            f"X-{head.slug}: {head.parcel}",
            f"Referer: http://{host.slug}.shop.example/{head.email}", f"Authorization: Basic {user}",
            f"X-Forwarded-For: {head.email}, {head.card}", f"Forwarded: for={head.slug};by={head.card}",
            f"From: {head.email}", "Content-Type: application/json",
        ]  # fmt: skip
        asked = json.dumps(
            {"who": body.name, "mail": [body.email] * 3, body.email: {"pan": body.card}, "t": body.parcel}
        )
        told = f"<html><p>{everything(back)}</p></html>".encode()
        said = _http(lines, asked.encode())
        reply = _http([f"HTTP/1.1 302 {back.name}", f"Location: /{back.email}", f"Set-Cookie: a={back.card}"], told)
        yield "198.51.100.80", 80, [(True, said), (False, reply)]
    # A first line that is none, and a web socket that speaks in clear text.
    yield "198.51.100.80", 8_080, [(True, f"GET {everything(url)} HTTP/1.1\r\nHost: {host.email}\r\n\r\n".encode())]
    mask, text = b"\1\2\3\4", f'{{"mail": "{body.email}", "pan": "{body.card}"}}'.encode()
    sent = bytes(c ^ mask[n % 4] for n, c in enumerate(text))
    socket_ = bytes([0x81, 0x80 | len(text)]) + mask + sent
    lines = [f"GET /{url.email} HTTP/1.1", "Host: chat.example", "Upgrade: websocket", "Connection: Upgrade"]
    done = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    yield "198.51.100.81", 80, [(True, _http(lines)), (False, done), (True, socket_)]


def _proxies(aviary: Aviary) -> Iterator[tuple[str, int, Said]]:
    told, user = aviary.plant("connect target"), aviary.plant("socks user")
    for target in (f"{told.slug}.shop.example:443", f"{told.email}:{told.card}@hidden.example:443", f"{told.card}:443",
                   f"{told.email}:443", f"{told.parcel}.shop.example:443"):  # fmt: skip
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}", f"Proxy-Authorization: Basic {told.parcel}"]
        yield "198.51.100.82", 3_128, [(True, _http(lines)), (False, b"HTTP/1.1 200 OK\r\n\r\n")]
    login = bytes([1, len(user.email)]) + user.email.encode() + bytes([len(user.card)]) + user.card.encode()
    host = f"{user.slug}.shop.example".encode()
    ask = b"\5\1\0\3" + bytes([len(host)]) + host + b"\1\xbb"
    yield "198.51.100.83", 1_080, [(True, b"\5\1\2"), (False, b"\5\2"), (True, login), (False, b"\1\0"), (True, ask),
                                   (False, b"\5\0\0\1" + bytes(6)), (True, everything(user).encode())]  # fmt: skip


def _mail(aviary: Aviary) -> Iterator[tuple[str, int, Said]]:
    ends, body, login = (aviary.plant(f"smtp {w}") for w in ("envelope", "body", "login"))
    word = base64.b64encode(f"\0{login.email}\0{login.card}".encode()).decode()
    message = (
        f"From: {ends.name} <{ends.email}>\r\nTo: x@hub.example\r\nSubject: {everything(ends)}\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
        f"{everything(body)}\r\n--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; "
        f'filename="{body.name} {body.card}.csv"\r\n\r\nmail,pan\r\n{body.email},{body.card}\r\n--b--\r\n.\r\n'
    )
    said: Said = [(False, f"220 {ends.slug}.mail.example ESMTP {ends.name}\r\n".encode())]
    for line, reply in ((f"EHLO {login.slug}.mail.example", "250 ok"), (f"AUTH PLAIN {word}", "235 ok"),
                        (f"MAIL FROM:<{ends.email}>", "250 ok"), (f"RCPT TO:<{ends.email}>", "250 ok"),
                        (f"VRFY {login.parcel}", "252 ok"), ("DATA", "354 go")):  # fmt: skip
        said += [(True, f"{line}\r\n".encode()), (False, f"{reply} {login.email}\r\n".encode())]
    yield "198.51.100.84", 25, [*said, (True, message.encode()), (False, b"250 ok\r\n")]


def _files(aviary: Aviary) -> Iterator[tuple[str, int, Said]]:
    login, file = aviary.plant("ftp login"), aviary.plant("ftp file")
    said: Said = [(False, f"220 FTP of {login.name}\r\n".encode())]
    for line, reply in ((f"USER {login.email}", "331 pw"), (f"PASS {login.card}", "230 in"),
                        (f"CWD /{login.parcel}", "250 ok"), ("PASV", "227 Entering Passive Mode (198,51,100,85,200,1)"),
                        (f"STOR {file.name} {file.card}.csv", "150 ok")):  # fmt: skip
        said += [(True, f"{line}\r\n".encode()), (False, f"{reply}\r\n".encode())]
    yield "198.51.100.85", 21, [*said, (False, b"226 done\r\n")]
    rows = "mail,pan,name,parcel\n" + f"{file.email},{file.card},{file.name},{file.parcel}\n" * 5
    yield "198.51.100.85", 200 * 256 + 1, [(True, rows.encode())]


def _logins(aviary: Aviary) -> Iterator[tuple[str, int, Said]]:
    """Protocols that are recognised and no more."""
    one = aviary.plant("login in clear text")
    all_ = everything(one).encode()
    start = b"\0\3\0\0user\0" + one.email.encode() + b"\0database\0" + one.slug.encode() + b"\0\0"
    for port, asked, told in (
        (110, f"USER {one.email}\r\nPASS {one.card}\r\n".encode(), b"+OK " + all_ + b"\r\n"),
        (143, f'a1 LOGIN "{one.email}" "{one.card}"\r\n'.encode(), b"* OK " + all_ + b"\r\n"),
        (6667, f"NICK {one.slug}\r\nUSER {one.slug} 0 * :{one.name}\r\n".encode(), b":" + all_ + b"\r\n"),
        (6379, f"*2\r\n$4\r\nAUTH\r\n$16\r\n{one.card}\r\n".encode(), b"-" + all_ + b"\r\n"),
        (23, b"\xff\xfd\x01" + all_ + b"\r\n", b"\xff\xfb\x01login: "),
        (5432, struct.pack("!I", len(start) + 4) + start, b"E" + all_),
        (9_999, all_, all_),
    ):
        yield "198.51.100.86", port, [(True, asked), (False, told)]


def _names(aviary: Aviary) -> Iterator[tuple[int, bytes]]:
    """Data in names that are asked for, enough for a tunnel, and in answers of every kind."""
    asked, told, owned = (aviary.plant(f"dns {w}") for w in ("question", "answer", "registered name"))
    names = [f"{v}.leak.example" for v in (asked.slug, asked.card, asked.parcel, asked.email.replace("@", "."))]
    names += [f"{owned.slug}.at.example.com", f"www.{owned.parcel.lower()}.com", f"x.{owned.card}.com"]
    names += [f"{one.email.encode().hex()}.leak.example" for one in (asked, owned)]
    secret = everything(asked).encode()
    for n in range(60):
        coded = base64.b32encode(secret[n % 40 : n % 40 + 30]).decode().strip("=").lower()
        names += [f"{coded}.{n}.t.drain.example", f"{secret[n % 40 : n % 40 + 20].hex()}.{n}.t.drain.example"]
    for n, name in enumerate(names):
        q = dpkt.dns.DNS.Q(name=name, type=16)
        text = everything(told).encode()[:200]
        answers = [dpkt.dns.DNS.RR(name=name, type=16, ttl=1, rdata=bytes([len(text)]) + text, text=[text]),
                   dpkt.dns.DNS.RR(name=name, type=5, ttl=1, cname=f"{told.slug}.leak.example")]  # fmt: skip
        reply = dpkt.dns.DNS(id=n + 1, qr=1, qd=[q])
        reply.an = answers
        yield gram(2_000 + n, ("198.51.100.53", 53), bytes(dpkt.dns.DNS(id=n + 1, qd=[q])))
        yield gram(2_000 + n, ("198.51.100.53", 53), bytes(reply), back=True)


def _carried(aviary: Aviary) -> Iterator[tuple[int, bytes]]:
    one = aviary.plant("payload of a datagram")
    text = everything(one).encode()
    for n in range(30):
        echo = dpkt.icmp.ICMP(type=8, data=dpkt.icmp.ICMP.Echo(id=9, seq=n, data=text * 8))
        yield (START + 4_000 + n) * 10**6, frame((NEAR, 0), ("198.51.100.87", 0), echo)
    yield gram(4_100, ("198.51.100.88", 514), b"<13>Nov 16 09:00:00 host app: " + text)
    ends = ["", f"From: <sip:{one.email}>", f"To: <sip:{one.slug}@hub.example>", "", one.card]
    yield gram(4_101, ("198.51.100.88", 5060), "\r\n".join([f"INVITE sip:{one.email} SIP/2.0", *ends]).encode())


def hello(name: bytes, protocol: bytes) -> bytes:
    """Return a TLS client hello that asks for a server and a protocol."""
    entry = struct.pack("!BH", 0, len(name)) + name
    server = struct.pack("!HHH", 0, len(entry) + 2, len(entry)) + entry
    alpn = bytes([len(protocol)]) + protocol
    offers = struct.pack("!HHH", 16, len(alpn) + 2, len(alpn)) + alpn
    body = b"\3\3" + bytes(32) + b"\0" + struct.pack("!HH", 2, 0xC02F) + b"\1\0"
    return record(1, body + struct.pack("!H", len(server + offers)) + server + offers)


def record(kind: int, body: bytes) -> bytes:
    """Return a handshake message in a record of TLS 1.2."""
    return b"\x16\3\3" + struct.pack("!H", len(body) + 4) + bytes([kind]) + len(body).to_bytes(3) + body


def answer(protocol: bytes, der: bytes) -> bytes:
    """Return what a server of TLS 1.2 says: its choice and its certificate."""
    alpn = struct.pack("!HHHB", 16, len(protocol) + 3, len(protocol) + 1, len(protocol)) + protocol
    chosen = b"\3\3" + bytes(32) + b"\0\xc0\x2f\0" + struct.pack("!H", len(alpn)) + alpn
    return record(2, chosen) + record(11, (len(der) + 3).to_bytes(3) + len(der).to_bytes(3) + der)


def certificate(subject: list[tuple[str, str]], issuer: list[tuple[str, str]], hosts: list[str]) -> bytes:
    """Return a certificate; attributes by their dotted numbers."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding

    def name(attributes: list[tuple[str, str]]) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.ObjectIdentifier(kind), value) for kind, value in attributes])

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.fromtimestamp(START, UTC)
    made = x509.CertificateBuilder(name(issuer), name(subject), key.public_key(), 7, now, now + timedelta(90))
    listed = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
    return made.add_extension(listed, critical=False).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


COMMON, FIRM, UNIT, MAIL = "2.5.4.3", "2.5.4.10", "2.5.4.11", "1.2.840.113549.1.9.1"


def _hellos(aviary: Aviary) -> Iterator[tuple[int, bytes]]:
    """A beacon to a name with a canary, and certificates of persons."""
    asked, offer, owner, signer = (aviary.plant(f"tls {w}") for w in ("name", "protocol", "subject", "issuer"))
    names = [f"{v}.leak.example" for v in (asked.slug, asked.card, asked.parcel, asked.name.replace(" ", ".").lower())]
    names += [asked.email, asked.email.replace("@", ".at."), asked.name]
    told = certificate(
        [(COMMON, owner.name), (FIRM, owner.name), (MAIL, owner.email)],
        [(COMMON, signer.name), (FIRM, f"{signer.name} {signer.card}"), (MAIL, signer.email), (UNIT, signer.parcel)],
        [f"{owner.slug}.leak.example", f"{owner.card}.leak.example", f"{owner.parcel.lower()}.leak.example"],
    )
    protocols = [*(value.encode() for value in offer.secrets.values()), b"h2"]
    done = b"\x14\3\3\0\1\1\x17\3\3\0\x40" + bytes(64)
    talks: list[tuple[str, int, Said]] = []
    for n in range(60):
        name, protocol = names[n % len(names) if n < 20 else 0], protocols[n % 5]
        said = [(True, hello(name.encode(), protocol)), (False, answer(protocol, told)), (True, done), (False, done)]
        talks.append(("198.51.100.89", 443, said))
    yield from tcp(talks, step=300, first=10_000)


def _pcapng(frames: list[tuple[int, bytes]], one: Canary) -> bytes:
    """Return frames as pcapng with texts where such files have them."""
    text = everything(one).encode()

    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)

    def option(code: int, value: bytes) -> bytes:
        return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)

    told = b"".join(option(code, text) for code in (1, 2, 3, 4, 12)) + option(0, b"")
    made = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + told)
    made += block(1, struct.pack("<HHI", 1, 0, 0) + told)
    named = socket.inet_aton("198.51.100.80") + f"{one.slug}.example".encode() + b"\0" + one.email.encode() + b"\0"
    made += block(4, struct.pack("<HH", 1, len(named)) + named + bytes(-len(named) % 4) + bytes(4) + told)
    made += block(10, struct.pack("<II", 0x544C534B, len(text)) + text)
    made += block(0xBAD, struct.pack("<I", 1) + text) + block(0x7FFFFFF1, text)
    for us, raw in frames:
        head = struct.pack("<IIIII", 0, us >> 32, us & 0xFFFFFFFF, len(raw), len(raw))
        made += block(6, head + raw + bytes(-len(raw) % 4) + option(1, text) + option(0, b""))
    return made
