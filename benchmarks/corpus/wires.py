"""Numbers of devices and networks, and secrets."""

# ruff: noqa: E501
from __future__ import annotations

import base64
import hashlib
import json
import uuid as uuids
from random import Random

from corpus import digits
from corpus.nations import some

LOWER = "abcdefghijklmnopqrstuvwxyz"
MIXED = LOWER + LOWER.upper() + "0123456789"
TAC = ("35391110", "35699209", "01332700", "86891304", "35824005", "49015420")
NETWORKS = ("20601", "20404", "26201", "20810", "21401", "22210", "31026", "310410", "46000", "72405", "26002", "23410")
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.{b}.{c} Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_{d} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.{d} Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:{v}.0) Gecko/20100101 Firefox/{v}.0",
    "Mozilla/5.0 (Linux; Android 14; SM-S91{d}B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Mobile Safari/537.36",
    "curl/8.{d}.0", "python-requests/2.{d}.0", "okhttp/4.{d}.0", "Dalvik/2.1.0 (Linux; U; Android 1{d}; Pixel 7 Build/TQ3A)",
)  # fmt: skip


def ipv4(r: Random) -> str:
    """Return an address, private in some cases."""
    if r.random() < 0.2:
        return f"192.168.{r.randrange(256)}.{r.randrange(1, 255)}"
    return f"{r.choice((18, 34, 52, 81, 91, 109, 185, 193, 203, 212))}.{r.randrange(256)}.{r.randrange(256)}.{r.randrange(1, 255)}"


def ipv6(r: Random) -> str:
    """Return an address, shortened as usual."""
    groups = ":".join(f"{r.randrange(1, 65536):x}" for _ in range(4))
    if r.random() < 0.2:
        return f"fe80::{groups}"
    lead, few = r.choice(("2a02:a03f", "2001:db8", "2a01:cb08", "240e:3b0")), ":".join(groups.split(":")[:2])
    return r.choice((f"{lead}:{few}::{r.randrange(1, 65536):x}", f"{lead}:{r.randrange(16, 65536):x}:0:{groups}"))


def mac_address(r: Random) -> str:
    """Return a hardware address."""
    sep = r.choice((":", ":", "-"))
    maker = r.choice(("00", "3c", "a4", "dc", "f0", "b8", "9c", "70", "44", "e4"))
    text = sep.join((maker, *(some(r, 2, "0123456789abcdef") for _ in range(5))))
    return text if sep == ":" else text.upper()


def uuid(r: Random) -> str:
    """Return a random UUID."""
    return str(uuids.UUID(int=r.getrandbits(128), version=4))


def imei(r: Random) -> str:
    """Return a handset's number."""
    body = r.choice(TAC) + some(r, 6)
    return body + digits.luhn(body)


def imsi(r: Random) -> str:
    """Return a subscriber's number of fifteen digits."""
    lead = r.choice(NETWORKS)
    return lead + some(r, 15 - len(lead))


def advertising_id(r: Random) -> str:
    """Return an advertising id; of Apple's in capitals."""
    n = uuid(r)
    return n.upper() if r.random() < 0.5 else n


def cookie_id(r: Random) -> str:
    """Return an analytics cookie."""
    return r.choice(
        (f"GA1.2.{some(r, 9)}.17{some(r, 8)}", f"fb.1.17{some(r, 11)}.{some(r, 10)}", some(r, 32, "0123456789abcdef"))
    )


def user_agent(r: Random) -> str:
    """Return a browser's name for itself."""
    return r.choice(AGENTS).format(
        v=r.randrange(110, 132), b=r.randrange(5000, 6500), c=r.randrange(10, 200), d=r.randrange(1, 7)
    )


def private_key(r: Random) -> str:
    """Return a PEM block."""
    kind = r.choice(("RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY"))
    body = base64.b64encode(r.randbytes(240)).decode()
    lines = "\n".join(body[i : i + 64] for i in range(0, len(body), 64))
    return f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----"


def jwt(r: Random) -> str:
    """Return a signed web token."""
    head = {"alg": r.choice(("HS256", "RS256", "ES256")), "typ": "JWT"}
    load = {"sub": some(r, 10), "iat": 1_700_000_000 + r.randrange(60_000_000), "role": r.choice(("admin", "user"))}
    parts = [
        base64.urlsafe_b64encode(json.dumps(p, separators=(",", ":")).encode()).rstrip(b"=").decode()
        for p in (head, load)
    ]
    return ".".join([*parts, base64.urlsafe_b64encode(r.randbytes(32)).rstrip(b"=").decode()])


def aws_key(r: Random) -> str:
    """Return an access key id."""
    return r.choice(("AKIA", "AKIA", "ASIA")) + some(r, 16, LOWER.upper() + "234567")


def github_token(r: Random) -> str:
    """Return a personal access token."""
    return r.choice(("ghp_", "gho_", "ghs_")) + some(r, 36, MIXED)


def slack_token(r: Random) -> str:
    """Return a bot's token."""
    return f"xox{r.choice('bp')}-{some(r, 12)}-{some(r, 12)}-{some(r, 24, MIXED)}"


def google_key(r: Random) -> str:
    """Return an API key."""
    return "AIza" + some(r, 35, MIXED + "-_")


def stripe_key(r: Random) -> str:
    """Return a secret key."""
    return r.choice(("sk_live_", "rk_live_", "sk_test_")) + some(r, 24, MIXED)


def azure_key(r: Random) -> str:
    """Return a storage account's key, as its connection string carries it."""
    key = base64.b64encode(r.randbytes(64)).decode()
    return f"DefaultEndpointsProtocol=https;AccountName=st{some(r, 8, LOWER)};AccountKey={key};EndpointSuffix=core.windows.net"


def connection_string(r: Random) -> str:
    """Return a database address with user and password."""
    kind, port = r.choice((("postgresql", 5432), ("mysql", 3306), ("mongodb", 27017), ("redis", 6379), ("amqp", 5672)))
    return f"{kind}://{some(r, 6, LOWER)}:{some(r, 12, MIXED)}@db{r.randrange(9)}.{some(r, 7, LOWER)}.internal:{port}/{some(r, 5, LOWER)}"


def generic_secret(r: Random) -> str:
    """Return a random token."""
    return r.choice((some(r, 40, MIXED), some(r, 32, "0123456789abcdef"), base64.b64encode(r.randbytes(32)).decode()))


def password(r: Random) -> str:
    """Return what people choose."""
    word = r.choice(
        ("Sommer", "winter", "Welkom", "dragon", "Bonjour", "qwerty", "letmein", "Passw0rd", "azerty", "Barca")
    )
    return word + r.choice(("", "!", "#", "$", "_")) + some(r, r.choice((2, 3, 4))) + r.choice(("", "!", "x"))


def bcrypt(r: Random) -> str:
    """Return a bcrypt, Argon2 or crypt hash."""
    return r.choice((f"$2b$12${some(r, 53, MIXED + './')}", f"$2y$10${some(r, 53, MIXED + './')}",
                     f"$argon2id$v=19$m=65536,t=3,p=4${some(r, 22, MIXED)}${some(r, 43, MIXED)}",
                     f"$6${some(r, 16, MIXED)}${some(r, 86, MIXED + './')}"))  # fmt: skip


def hex_hash(r: Random) -> str:
    """Return a bare hash: only its column's name says of what."""
    return hashlib.sha256(r.randbytes(8)).hexdigest()
