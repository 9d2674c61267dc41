"""The tools that ours is compared with: set up apart, asked about the same tables, their entities translated."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from corpus import Table

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent / ".bench"
SAMPLE = 25
"""Filled values of a column that a peer is given; a Presidio over all would take hours."""
SETS = {
    "peers": ("presidio-analyzer", "datafog", "datafog-core", "hyperscan", "numpy", "pyarrow"),
    "peers-profiler": ("dataprofiler[ml]",),
}
"""Environments and what is in them; apart, because their requirements clash."""
LICENCES = {"presidio": "MIT", "datafog": "Apache-2.0", "datafog-core": "MIT", "dataprofiler": "Apache-2.0"}
WHERE = {"presidio": "peers", "datafog-core": "peers", "datafog": "peers", "dataprofiler": "peers-profiler"}

NATIONAL_PASSPORTS = ("DE_PASSPORT", "ES_PASSPORT", "IN_PASSPORT", "IT_PASSPORT", "KR_PASSPORT", "PH_PASSPORT",
                      "UK_PASSPORT", "US_PASSPORT", "ZA_PASSPORT", "DE_PASSPORT_NUMBER")  # fmt: skip
LICENCES_TO_DRIVE = ("DE_FUEHRERSCHEIN", "IT_DRIVER_LICENSE", "KR_DRIVER_LICENSE", "UK_DRIVING_LICENCE",
                     "US_DRIVER_LICENSE", "ZA_DRIVER_LICENSE", "DRIVERS_LICENSE")  # fmt: skip

MEANS: dict[str, set[str]] = {
    "EMAIL_ADDRESS": {"email"}, "EMAIL": {"email"},
    "PHONE_NUMBER": {"phone"}, "PHONE": {"phone"},
    "CREDIT_CARD": {"card"},
    "IBAN_CODE": {"iban"}, "DE_IBAN": {"iban"},
    "IP_ADDRESS": {"ipv4", "ipv6"}, "IPV4": {"ipv4"}, "IPV6": {"ipv6"},
    "MAC_ADDRESS": {"mac_address"},
    "UUID": {"uuid"},
    "US_SSN": {"us_ssn"}, "SSN": {"us_ssn"},
    "US_ITIN": {"us_itin"},
    "US_BANK_NUMBER": {"account_number"}, "BAN": {"account_number"},
    "UK_NHS": {"gb_nhs"}, "UK_NINO": {"gb_nino"},
    "UK_POSTCODE": {"postcode"}, "CA_POSTAL_CODE": {"postcode"}, "DE_PLZ": {"postcode"}, "ZIP_CODE": {"postcode"},
    "DE_POSTAL_CODE": {"postcode"},
    "DE_TAX_ID": {"de_tax_id"},
    "DE_VAT_ID": {"vat_number"}, "IT_VAT_CODE": {"vat_number"},
    "ES_NIF": {"es_dni"}, "ES_NIE": {"es_dni"},
    "IT_FISCAL_CODE": {"it_codice_fiscale"},
    "PL_PESEL": {"pl_pesel"},
    "IN_AADHAAR": {"in_aadhaar"}, "IN_PAN": {"in_pan"},
    "PERSON": {"person_name"}, "ADDRESS": {"postal_address"},
    "JWT": {"jwt"}, "PRIVATE_KEY": {"private_key"}, "CREDENTIAL_URI": {"connection_string"},
    "API_KEY": {"generic_secret", "github_token", "slack_token", "google_key", "stripe_key", "aws_key"},
    "BEARER_TOKEN": {"jwt", "generic_secret"},
    "HASH_OR_KEY": {"password_hash", "generic_secret"},
}  # fmt: skip
MEANS |= {name: {"passport"} for name in NATIONAL_PASSPORTS} | {name: {"driving_licence"} for name in LICENCES_TO_DRIVE}
"""Entity of a peer → our classes; where it means any of several, the one that is true counts as named."""
NO_CLASS = {"DATE", "DATE_TIME", "DATETIME", "TIME", "INTEGER", "FLOAT", "ORDINAL", "QUANTITY", "URL", "UNKNOWN", "PAD",
            "US_STATE"}  # fmt: skip
"""Entities that say a form, not a class; never counted against a peer."""

NOTES = [
    f"Each was given up to {SAMPLE} filled values of every column of the test half; a column is of the class that most "
    "of its values were given, if that is at least half of them (a tenth in notes). Their entities are translated in "
    "`benchmarks/peers.py` as favourably as can be: an entity that means any of several classes counts as the true "
    "one; dates, numbers and links count neither for nor against; "
    "all entities without a counterpart (tax numbers of other states, and so on) "
    "count against them only on columns of no class.",
    "Presidio: all its pattern recognisers of all languages and the telephone one, results of at least 0.3; the "
    "named-entity model is not run (it needs a model of a language, and is slower by far). DataProfiler: its own model "
    "of structured data. datafog: regular expressions. They know no headers, ours was asked with and without.",
]


@dataclass(frozen=True)
class Told:
    """What a peer said."""

    named: list[list[set[str]]]
    """By table and column."""
    classes: set[str]
    """Our classes that it can name."""
    seconds: float
    """Processor time."""


def python(name: str) -> Path | None:
    """Return the interpreter of an environment, made when it is not there; null: it cannot be installed."""
    folder = ROOT / name
    ready, there = folder / ".ready", folder / "bin" / "python"
    if ready.exists():
        return there
    venv.create(folder, with_pip=True)
    done = subprocess.run(
        [there, "-m", "pip", "install", "-q", "--disable-pip-version-check", *SETS[name]], check=False, timeout=900
    )
    if done.returncode:
        return None
    ready.touch()
    return there


def said(kept: list[Table]) -> Iterator[tuple[str, Told | str]]:
    """Ask every peer about the tables; yield its name and what it said, or why it could not be asked."""
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "tables.jsonl"
        asked.write_text("".join(json.dumps(_shown(table)) + "\n" for table in kept))
        for peer, where in WHERE.items():
            there = python(where)
            title = f"{peer} ({LICENCES[peer]})"
            if there is None:
                yield title, "could not be installed"
                continue
            told = Path(folder) / f"{peer}.jsonl"
            done = subprocess.run(
                [there, HERE / "peer_worker.py", peer, asked, told],
                check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
            if done.returncode:
                print(done.stderr[-2000:], file=sys.stderr)
                yield title, "failed"
                continue
            yield title, _understood(kept, told)


def _shown(table: Table) -> dict[str, object]:
    columns = [[str(c) for c in column.cells if c is not None and str(c).strip()][:SAMPLE] for column in table.columns]
    return {"locale": table.locale, "headers": [c.header for c in table.columns], "columns": columns}


def _understood(kept: list[Table], told: Path) -> Told:
    lines = [json.loads(line) for line in told.read_text().splitlines()]
    named, classes = [], set()
    for table, answers in zip(kept, lines[:-1], strict=True):
        row = []
        for column, answer in zip(table.columns, answers, strict=True):
            counts = dict(answer["entities"])
            best = max(counts, key=lambda n: counts[n], default="")
            least = 0.1 if column.mess == "inside text" else 0.5
            enough = counts and counts[best] >= answer["values"] * least
            for name in counts:
                classes |= MEANS.get(name, set())
            row.append(_translated(best, set(column.truth) | column.may, hard=table.hard) if enough else set())
        named.append(row)
    return Told(named, classes, lines[-1]["seconds"])


def _translated(entity: str, true: set[str], *, hard: bool) -> set[str]:
    if entity in NO_CLASS:
        return set()
    means = MEANS.get(entity)
    if means is None:
        return {entity} if hard else set()
    return means & true or {sorted(means)[0]}
