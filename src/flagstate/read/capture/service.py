"""Which protocol a connection speaks, told by its first bytes and never by its port alone; the names are Zeek's.

A port only decides between what its bytes leave open, such as mail and files, which greet alike. What it cannot see: a
protocol inside another, or one that was written so as to look like another.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from flagstate.read.capture import dns, http, quic, tls
from flagstate.read.capture.talk import Talk

LOOKED = 2048
"""Bytes of each end that are looked at."""
_SIP = re.compile(rb"(?:[A-Z]{3,12} sips?:[^\r\n ]{1,500} SIP/2\.0|SIP/2\.0 \d{3} )")
_SSDP = re.compile(rb"(?:M-SEARCH|NOTIFY) \* HTTP/1\.1\r\n")
_MAILED = re.compile(rb"(?:EHLO|HELO|LHLO|MAIL FROM:|NOOP|STARTTLS|QUIT|RSET|AUTH )[^\r\n]{0,500}\r?\n", re.IGNORECASE)
_FILED = re.compile(
    rb"(?:USER [^\r\n]{0,500}|AUTH (?:TLS|SSL|GSSAPI)|FEAT|SYST|OPTS [^\r\n]{0,100}|PORT [\d,]+|PASV|EPSV)\r?\n",
    re.IGNORECASE,
)
_POSTED = re.compile(rb"(?:USER|CAPA|APOP|STLS|AUTH|PASS|STAT|QUIT)\b[^\r\n]{0,200}\r?\n", re.IGNORECASE)
_TAGGED = re.compile(rb"\S{1,20} (?:CAPABILITY|LOGIN|STARTTLS|AUTHENTICATE|ID|LOGOUT|NOOP)\b", re.IGNORECASE)
_CHAT = re.compile(
    rb"(?:NICK [^\r\n]{1,60}|USER \S{1,60}(?: \S{1,60}){2} :?[^\r\n]{0,90}|PASS [^\r\n]{1,90}|CAP LS[^\r\n]{0,9})\r?\n"
)
_CHATTED = re.compile(rb":\S{1,200} (?:NOTICE|\d{3}|PING|MODE) |(?:NOTICE AUTH|PING) :")
_REDIS = re.compile(rb"\*\d{1,6}\r\n\$\d{1,9}\r\n|(?:PING|INFO|MONITOR|QUIT)\r\n")
_ANSWERED = re.compile(rb"[+\-:][^\r\n]{0,500}\r\n|[$*]-?\d{1,9}\r\n")
_STREAM = re.compile(rb"\s{0,8}(?:<\?xml[^>]{0,200}\?>\s{0,8})?<(?:stream:stream|open|stream)\b")
_SYSLOG = re.compile(rb"<\d{1,3}>[\x20-\x7e\t]")


def service(talk: Talk) -> str | None:
    """Return the protocol of a connection as Zeek names it; null: its bytes do not tell.

    Args:
        talk: The connection, or its beginning.
    """
    if talk.proto == "tcp":
        return stream(talk.orig.data[:LOOKED], talk.resp.data[:LOOKED], talk.resp_p)
    for way in (True, False):
        for gram in [each for each in talk.datagrams[:8] if each.from_orig == way][:3]:
            found = datagram(gram.data, talk.orig_p, talk.resp_p)
            if found:
                return found
    return None


def turned(talk: Talk) -> bool:
    """Tell whether the responder is the one who asks, so that the capture took the ends of the connection for another.

    Args:
        talk: A connection whose opening was not captured.
    """
    if talk.proto != "tcp":
        if talk.orig_p not in (53, 5355) or talk.resp_p <= 1023 or not talk.datagrams:
            return False
        first = talk.datagrams[0]
        found = dns.message(first.data) if first.from_orig else None
        return bool(found and found.answer)
    orig, resp = talk.orig.data[:LOOKED], talk.resp.data[:LOOKED]
    if http.begins(orig) == "response" or http.begins(resp) == "request":
        return http.begins(orig) != "request"
    for data, kind in ((orig, tls.SERVER), (resp, tls.CLIENT)):
        if tls.begins(data) and data[0] == tls.HANDSHAKE and data[5] == kind:
            return True
    if orig.startswith((b"220 ", b"220-", b"+OK ", b"* OK ")):
        return True
    answers = dns.message(orig[2:]) if _length_fits(orig) else None
    return bool(answers and answers.answer and talk.orig_p == 53)


def stream(orig: bytes, resp: bytes, port: int | None) -> str | None:
    """Return the protocol of a TCP connection.

    Args:
        orig: The first bytes of the originator.
        resp: The first bytes of the responder.
        port: Of the responder.
    """
    if tls.begins(orig) or tls.begins(resp):
        return "ssl"
    if http.begins(orig) in ("request", "response") or http.begins(resp) in ("request", "response"):
        return "http"
    if http.begins(orig) == "h2":
        return "http2"
    if orig.startswith(b"SSH-") or resp.startswith(b"SSH-"):
        return "ssh"
    for name, tells in _STREAMS:
        if tells(orig, resp):
            return name
    return _greeted(orig, resp, port) or _named(orig, resp, port)


def _greeted(orig: bytes, resp: bytes, port: int | None) -> str | None:
    """Tell apart what greets alike: mail and files."""
    greets = resp.startswith((b"220 ", b"220-", b"421 ", b"554 ", b"120 "))
    if not greets and resp:
        return None
    if _FILED.match(orig) and (greets or port == 21):
        return "ftp"
    if _MAILED.match(orig) and (greets or port in (25, 587, 465, 2525)):
        return "smtp"
    if not greets or (orig and not orig[:4].isalpha()):
        return None
    line = resp.partition(b"\n")[0].upper()
    if b"SMTP" in line or (port in (25, 587, 2525) and b"FTP" not in line):
        return "smtp"
    return "ftp" if b"FTP" in line or port == 21 else None


def _named(orig: bytes, resp: bytes, port: int | None) -> str | None:
    """Tell what begins with few fixed bytes, where its port agrees."""
    if port in (53, 5353, 5355):
        for data in (orig, resp):
            if _length_fits(data) and dns.message(data[2:]):
                return "dns"
    if port in (88, 464) and len(orig) > 5 and orig[4] in (0x6A, 0x6C, 0x6E):
        return "krb_tcp"
    if port == 502 and orig[2:4] == b"\0\0" and 8 < len(orig) <= 266:
        return "modbus"
    if port == 1194 and len(orig) > 2 and orig[2] in (0x38, 0x50):
        return "openvpn"
    if port in (23, 2323) and (orig[:1] == b"\xff" or resp[:1] == b"\xff"):
        return "telnet"
    return "imap" if port == 143 and resp.startswith(b"* ") else None


def _length_fits(data: bytes) -> bool:
    return len(data) >= 14 and 12 <= (data[0] << 8 | data[1]) <= 8192


def _is_mysql(orig: bytes, resp: bytes) -> bool:
    head = resp[:5]
    return len(head) == 5 and head[2:5] in (b"\0\0\x0a", b"\0\0\x09") and b"\0" in resp[5:64] and resp[5:6].isalnum()


def _is_postgresql(orig: bytes, resp: bytes) -> bool:
    size = int.from_bytes(orig[:4])
    code = orig[4:8]
    if code in (b"\x04\xd2\x16\x2f", b"\x04\xd2\x16\x30"):
        return size == 8
    return (code[:2] == b"\0\3" and 8 < size < 10_000 and b"user\0" in orig[8:300]) or (
        code == b"\x04\xd2\x16\x2e" and size == 16
    )


def _is_mqtt(orig: bytes, resp: bytes) -> bool:
    return orig[:1] == b"\x10" and any(
        orig[at : at + 8].startswith((b"\0\4MQTT", b"\0\6MQIsdp")) for at in (2, 3, 4, 5)
    )


def _is_smb(orig: bytes, resp: bytes) -> bool:
    return any(data[:1] == b"\0" and data[4:8] in (b"\xffSMB", b"\xfeSMB", b"\xfdSMB") for data in (orig, resp)) or (
        orig[:1] == b"\x81" and orig[4:5] == b"\x20"
    )


def _is_ldap(data: bytes) -> bool:
    """A sequence that begins with a small number and then an operation."""
    if data[:1] != b"\x30" or len(data) < 7:
        return False
    at = 2 + (data[1] & 127 if data[1] >= 128 else 0)
    if data[at : at + 1] != b"\x02" or at + 1 >= len(data):
        return False
    size = data[at + 1]
    return 1 <= size <= 4 and data[at + 2 + size : at + 3 + size] in (
        b"\x60", b"\x61", b"\x42", b"\x63", b"\x64", b"\x65", b"\x66", b"\x68", b"\x77", b"\x78", b"\x50",
    )  # fmt: skip


def _is_rdp(orig: bytes, resp: bytes) -> bool:
    return orig[:2] == b"\3\0" and orig[5:6] in (b"\xe0",) and 7 <= (orig[2] << 8 | orig[3]) <= 1024


def _is_socks(orig: bytes, resp: bytes) -> bool:
    if orig[:1] == b"\5" and len(orig) > 2 and orig[1] and len(orig) >= 2 + orig[1]:
        return len(resp) >= 2 and resp[0] == 5 and resp[1] in (*orig[2 : 2 + orig[1]], 255)
    return orig[:1] == b"\4" and orig[1:2] in (b"\1", b"\2") and len(orig) >= 9 and resp[:1] in (b"", b"\0")


_STREAMS: tuple[tuple[str, Callable[[bytes, bytes], bool]], ...] = (
    ("sip", lambda orig, resp: bool(_SIP.match(orig) or _SIP.match(resp))),
    ("rdp", _is_rdp),
    ("smb", _is_smb),
    ("mqtt", _is_mqtt),
    ("postgresql", _is_postgresql),
    ("mysql", _is_mysql),
    ("rfb", lambda orig, resp: resp.startswith(b"RFB 00")),
    ("bittorrent", lambda orig, resp: orig.startswith(b"\x13BitTorrent protocol")),
    ("xmpp", lambda orig, resp: bool(_STREAM.match(orig))),
    ("dce_rpc", lambda orig, resp: orig[:2] == b"\5\0" and orig[2:3] == b"\x0b" and orig[4:5] in (b"\x10", b"\0")),
    ("ldap_tcp", lambda orig, resp: _is_ldap(orig) or (not orig and _is_ldap(resp))),
    ("tds", lambda orig, resp: orig[:2] == b"\x12\1" and resp[:1] in (b"", b"\4")),
    ("dnp3_tcp", lambda orig, resp: orig[:2] == b"\5\x64" and len(orig) >= 10),
    ("pop3", lambda orig, resp: resp.startswith(b"+OK") and (not orig or bool(_POSTED.match(orig)))),
    ("imap", lambda orig, resp: resp.startswith((b"* OK", b"* PREAUTH")) and (not orig or bool(_TAGGED.match(orig)))),
    ("irc", lambda orig, resp: bool(_CHAT.match(orig)) and (not resp or bool(_CHATTED.match(resp)))),
    ("redis", lambda orig, resp: bool(_REDIS.match(orig)) and (not resp or bool(_ANSWERED.match(resp)))),
    ("socks", _is_socks),
    ("bgp", lambda orig, resp: orig.startswith(b"\xff" * 16) and orig[18:19] == b"\1"),
)


def datagram(data: bytes, orig_p: int | None, resp_p: int | None) -> str | None:
    """Return the protocol of a UDP payload.

    Args:
        data: The payload.
        orig_p: Port of the originator.
        resp_p: Port of the responder.
    """
    ports = (orig_p, resp_p)
    if quic.begins(data):
        return "quic"
    if len(data) >= 13 and 20 <= data[0] <= 24 and data[1:3] in (b"\xfe\xff", b"\xfe\xfd") and data[0] != 24:
        return "dtls"
    if any(port in (53, 137, 5353, 5355) for port in ports):
        return "dns" if dns.message(data, netbios=dns.NBNS in ports) else None
    if _SIP.match(data):
        return "sip"
    if _SSDP.match(data):
        return "ssdp"
    if len(data) >= 20 and data[4:8] == b"\x21\x12\xa4\x42" and data[0] < 64:
        return "stun"
    if len(data) in (148, 92) and data[:4] in (b"\1\0\0\0", b"\2\0\0\0"):
        return "wireguard"
    if data[236:240] == b"\x63\x82\x53\x63":
        return "dhcp"
    for named, at, tells in _DATAGRAMS:
        if any(port in at for port in ports) and tells(data):
            return named
    return "syslog" if _SYSLOG.match(data) else None


_DATAGRAMS: tuple[tuple[str, tuple[int, ...], Callable[[bytes], bool]], ...] = (
    ("ntp", (123,), lambda data: len(data) >= 48 and 1 <= data[0] >> 3 & 7 <= 4),
    ("ntp", (123,), lambda data: len(data) >= 8 and data[0] & 7 in (6, 7)),
    ("snmp", (161, 162), lambda data: data[:1] == b"\x30" and b"\x02\x01" in data[:6]),
    ("ldap_udp", (389,), _is_ldap),
    ("krb", (88, 464), lambda data: data[:1] in (b"\x6a", b"\x6b", b"\x6c", b"\x6d", b"\x7e")),
    ("radius", (1812, 1813, 1645, 1646), lambda data: len(data) >= 20 and data[2] << 8 | data[3] == len(data)),
    ("ipsec", (500,), lambda data: len(data) >= 28 and data[17] in (0x10, 0x20)),
    ("ipsec", (4500,), lambda data: len(data) >= 32 and (data[:4] != bytes(4) or data[21] in (0x10, 0x20))),
    ("openvpn", (1194,), lambda data: len(data) >= 14 and data[0] in (0x38, 0x40, 0x50)),
    ("teredo", (3544,), lambda data: data[:1] == b"\x60" or data[:2] in (b"\0\0", b"\0\1")),
    ("gtpv1", (2152, 2123), lambda data: len(data) >= 8 and data[0] >> 5 == 1),
    ("vxlan", (4789,), lambda data: data[:1] == b"\x08" and len(data) >= 22),
    ("geneve", (6081,), lambda data: len(data) >= 22 and data[0] >> 6 == 0),
    ("l2tp", (1701,), lambda data: len(data) >= 6 and data[1] & 15 == 2),
    ("tftp", (69,), lambda data: data[:1] == b"\0" and data[1:2] in (b"\1", b"\2")),
    ("mqttsn", (1883,), lambda data: data[1:2] == b"\4"),
)
