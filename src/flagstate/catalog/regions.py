"""Cloud regions and the country in which each provider says that they stand.

The list is data (`data/networks/cloud_regions.csv`, columns provider, region, match, country), taken from what the
providers publish. A region that is not on it stays unknown: nothing is inferred from how its name looks.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

_LIST = Path(__file__).parent / "data" / "networks" / "cloud_regions.csv"
# The operator's name in the provider feeds -> its short name in the list of regions.
PROVIDERS = {
    "Amazon Web Services": "aws",
    "Google Cloud": "gcp",
    "Microsoft Azure": "azure",
    "Oracle Cloud": "oci",
}


@lru_cache(maxsize=1)
def _rules() -> tuple[dict[tuple[str, str], str], list[tuple[str, str, str]]]:
    """Return exact rules by (provider, region), and prefix rules with the longest prefix first."""
    exact: dict[tuple[str, str], str] = {}
    prefixes: list[tuple[str, str, str]] = []
    with _LIST.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["match"] == "exact":
                exact[row["provider"], row["region"]] = row["country"]
            else:
                prefixes.append((row["provider"], row["region"], row["country"]))
    return exact, sorted(prefixes, key=lambda rule: -len(rule[1]))


def region_country(provider: str, region: str) -> str | None:
    """Return the country in which a provider says that a region stands, or None where that is not known.

    Args:
        provider: Short name (aws, gcp, azure, oci) or the operator's name in the feeds.
        region: The provider's own code, for example eu-central-1.

    Returns:
        ISO 3166-1 alpha-2 code; None for a region that is not on the list. It is what the provider declares, not proof.
    """
    short, code = PROVIDERS.get(provider, provider), region.strip().lower()
    exact, prefixes = _rules()
    if (short, code) in exact:
        return exact[short, code]
    return next((land for owner, start, land in prefixes if owner == short and code.startswith(start)), None)
